"""Lists of points: what is read out of an answer, what is refused, and who gets which."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from legalgen.completion import Completion, Usage
from legalgen.errors import AnswerRefused
from legalgen.law.axes import Filter
from legalgen.law.planner import Task, TaskPlanner, renew
from legalgen.law.points import (
    CHARACTERS,
    FEWEST,
    MOST,
    POINTS_SCHEMA,
    WORDS,
    point_of,
    read_points,
    usable_points,
)
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.points import Point

TODAY = date(2026, 11, 29)
LEAF = Taxonomy.builtin().leaf("uk", "contract", "formation")
NOUNS = [
    "notice",
    "silence",
    "delay",
    "writing",
    "price",
    "reliance",
    "custom",
    "mistake",
    "agency",
    "title",
    "payment",
    "delivery",
    "insurance",
    "receipt",
    "signature",
    "witness",
    "deposit",
    "revocation",
    "counter-offer",
    "acceptance",
]


def sentences(count: int) -> list[str]:
    return [
        f"Where {NOUNS[n % 20]} was {NOUNS[(n * 7 + 3) % 20]} number {n}, the offer lapses at once "
        f"unless {NOUNS[(n * 3 + 1) % 20]} shows case {n * n}."
        for n in range(count)
    ]


def listed(points: Sequence[object]) -> str:
    return json.dumps({"points": points})


def usual(count: int) -> list[dict[str, object]]:
    return [
        {"subtopic": n % len(LEAF.subtopics) + 1, "point": one}
        for n, one in enumerate(sentences(count))
    ]


def read(text: str, finish_reason: str = "stop") -> tuple[Point, ...]:
    return read_points(Completion(text, finish_reason, Usage(), "m", 1.0), LEAF, TODAY)


def tasks(count: int, seed: int = 1) -> list[Task]:
    chosen = Filter(topics=("uk/contract/formation",), sample_types=("concept",))
    return TaskPlanner(Taxonomy.builtin(), chosen, {}, seed).plan(count)


@pytest.mark.parametrize(
    "frame", ["{}", "Here it is:\n```json\n{}\n```", "<think>{{a list}}</think>\n{}", " {}\n"]
)
def test_a_list_is_read_out_of_its_wrapping(frame: str) -> None:
    """As an answer is: behind fences, prose and thoughts."""
    found = read(frame.replace("{}", listed(usual(20)), 1).replace("{{", "{").replace("}}", "}"))
    assert [each.text for each in found] == sentences(20)
    assert [each.subtopic for each in found[:3]] == list(LEAF.subtopics[:3])


def test_a_subtopic_goes_by_its_number_or_its_name() -> None:
    """A model without a strict schema may say either."""
    value = usual(12)
    value[0]["subtopic"] = "2"
    value[1]["subtopic"] = LEAF.subtopics[3].upper()
    assert [each.subtopic for each in read(listed(value))[:2]] == [
        LEAF.subtopics[1], LEAF.subtopics[3],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spoilt",
    [
        {"subtopic": 1, "point": "Too short."},
        {"subtopic": 1, "point": "word " * (WORDS[1] + 1) + "."},
        {"subtopic": 1, "point": " ".join(["a" * 50] * 9) + "."},
        {"subtopic": 1, "point": "This sentence has no end and so it was cut off"},
        {"subtopic": 0, "point": "An offer may be revoked before it is accepted by anybody."},
        {"subtopic": 99, "point": "An offer may be revoked before it is accepted by anybody."},
        {"subtopic": True, "point": "An offer may be revoked before it is accepted by anybody."},
        {"subtopic": 1.5, "point": "An offer may be revoked before it is accepted by anybody."},
        {"subtopic": "cheese", "point": "An offer may be revoked before it is accepted by anyone."},
        {"subtopic": 1, "point": None},
        {"point": "An offer may be revoked before it is accepted by anybody at all."},
        {"subtopic": 1, "point": sentences(1)[0].upper()},
        {
            "subtopic": 1,
            "point": "An offer is open as was held in Roe v Wade, 410 U.S. 113 (1973).",
        },
        {"subtopic": 1, "point": "An offer is open as was held in Doe v Roe [2031] UKSC 4 there."},
        "a bare sentence that stands where an object should stand.",
        None,
    ],
)
def test_what_is_wrong_with_a_point_costs_that_point(spoilt: object) -> None:
    """A fragment, a repeat, another law, a citation that cannot be: it is left out."""
    found = read(listed([*usual(14), spoilt]))
    assert [each.text for each in found] == sentences(14)


def test_numbers_and_hidden_signs_are_taken_off() -> None:
    """What is shown in a prompt is one printable line."""
    value = usual(12)
    value[0]["point"] = "1. An offer\u200b ends\n\twith\x07 its  refusal by the offeree."
    assert read(listed(value))[0].text == "An offer ends with its refusal by the offeree."


def test_own_law_may_be_cited_and_international_topics_cite_any() -> None:
    """A citation of the topic's own law is no fault, and of another none in a topic of all laws."""
    own = "An offer binds as was said in Carlill v Carbolic Smoke Ball Co [1893] 1 QB 256 there."
    american = "An offer binds as was said in Roe v Wade, 410 U.S. 113 (1973) by that court."
    subtopic = LEAF.subtopics[0]
    others = [Point(subtopic, one) for one in sentences(12)]
    kept = usable_points([*others, Point(subtopic, own), Point(subtopic, american)], LEAF, TODAY)
    assert [each.text for each in kept[12:]] == [own]
    world = replace(LEAF, jurisdiction="international")
    kept = usable_points([*others, Point(subtopic, own), Point(subtopic, american)], world, TODAY)
    assert [each.text for each in kept[12:]] == [own, american]


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_are_refused_with_the_reason(count: int) -> None:
    """The model hears how many there were, how many are needed, and what was wrong."""
    with pytest.raises(AnswerRefused) as caught:
        read(listed([*usual(count), {"subtopic": 1, "point": "No."}]))
    said = str(caught.value)
    assert f"{count} points can be used, need {FEWEST} to {MOST}" in said
    assert f"1: not a sentence of {WORDS[0]} to {WORDS[1]} words" in said


def test_of_too_many_the_first_are_taken() -> None:
    """They were paid for, and the first decide most cases."""
    assert len(read(listed(usual(45)))) == MOST


def test_a_list_that_was_cut_off_is_refused() -> None:
    """Before it is mended: half of a list looks like a whole one."""
    with pytest.raises(AnswerRefused) as caught:
        read(listed(usual(20))[:-40], "length")
    assert caught.value.truncated


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(
        st.sampled_from(["points", "subtopic", "point", "x"]), inner, max_size=4
    ),
    max_leaves=40,
)  # fmt: skip
HOSTILE = st.one_of(
    st.text(max_size=400),
    JSON.map(lambda value: json.dumps({"points": value})),
    st.lists(JSON, max_size=40).map(listed),
    st.integers(1, 5_000).map(lambda n: '{"points": ' + "[" * n),
    st.integers(1, 5_000).map(lambda n: '{"points": ' + '{"points": ' * n),
    st.lists(
        st.fixed_dictionaries({"subtopic": st.integers() | st.text(), "point": st.text()}),
        min_size=12, max_size=40,
    ).map(listed),
)  # fmt: skip


@given(HOSTILE, st.sampled_from(["stop", "length", "content_filter", "other", ""]))
@example(listed(usual(20)), "stop")
def test_whatever_comes_is_a_list_within_bounds_or_a_refusal(text: str, finish: str) -> None:
    """Nothing else is raised, and nothing that is kept breaks a prompt."""
    found: tuple[Point, ...] = ()
    with contextlib.suppress(AnswerRefused):
        found = read(text, finish)
    assert not found or FEWEST <= len(found) <= MOST
    for point in found:
        assert point.subtopic in LEAF.subtopics
        assert point.text.isprintable()
        assert len(point.text) <= CHARACTERS
        assert WORDS[0] <= len(point.text.split()) <= WORDS[1]


# --- who gets which ------------------------------------------------------------------------------


def dealt(points: Sequence[Point], planned: Sequence[Task]) -> list[str]:
    """The points of tasks, one after another."""
    used: set[str] = set()
    found = []
    for task in planned:
        found.append(point_of(points, task, LEAF, used))
        used.add(found[-1])
    return found


def test_each_point_is_given_once() -> None:
    """Of each subtopic in turn; what is planned after the last of them is written without one."""
    points = read(listed(usual(2 * len(LEAF.subtopics))))
    planned = tasks(4 * len(LEAF.subtopics))
    found = dealt(points, planned)
    assert sorted(found[: len(points)]) == sorted(each.text for each in points)
    assert found[len(points) :] == [""] * len(points)
    by_text = {each.text: each.subtopic for each in points}
    assert [by_text[text] for text in found if text] == [
        task.subtopic for task in planned[: len(points)]
    ]


def test_who_goes_on_gives_the_points_that_are_left_to_the_same_tasks() -> None:
    """A resumed batch knows which are used by its rows; each task that is left gets its own."""
    points = read(listed(usual(14)))
    planned = tasks(14)
    whole = dealt(points, planned)
    used = {point for at, point in enumerate(whole) if at % 3}
    assert [point_of(points, planned[at], LEAF, used) for at in range(0, 14, 3)] == whole[::3]


def test_a_task_that_is_begun_anew_gets_another_point() -> None:
    """What came too close to a row is not written on the same point again."""
    points = read(listed(usual(14)))
    task = replace(tasks(1)[0], point="what decided before")
    again = renew(task)
    first = point_of(points, task, LEAF, ())
    assert again.point == ""
    assert point_of(points, again, LEAF, {first}) not in ("", first)


def test_a_subtopic_without_points_has_none() -> None:
    """Nothing is invented for it, and none of another is taken."""
    task = tasks(1)[0]
    points = [each for each in read(listed(usual(20))) if each.subtopic != task.subtopic]
    assert point_of(points, task, LEAF, ()) == ""


def test_two_batches_of_one_seed_agree_and_another_seed_begins_elsewhere() -> None:
    """The order of subtopics is the seed's, so which points come first is, too."""
    points = read(listed(usual(20)))
    assert dealt(points, tasks(5)) == dealt(points, tasks(5))
    assert dealt(points, tasks(5)) != dealt(points, tasks(5, seed=2))


# --- prompts -------------------------------------------------------------------------------------


def test_the_prompt_for_points_names_what_the_topic_is() -> None:
    """The same of every task of it: law, month, subtopics by number, what may be known by then."""
    prompter = Prompter(Taxonomy.builtin())
    one, other = (replace(task, as_of="2024-06") for task in tasks(2))
    prompt = prompter.points(one)
    assert prompt.messages == prompter.points(other).messages
    assert (prompt.schema, prompt.schema_name) == (POINTS_SCHEMA, "points")
    cell = prompt.messages[1].content
    assert "List 20 points as JSON.\nLaw: England and Wales\nState the law as at 2024-06" in cell
    for number, subtopic in enumerate(LEAF.subtopics, 1):
        assert f"\n{number}. {subtopic}\n" in cell
    assert prompt.characters() < 2_600


def test_what_is_newer_than_the_month_is_not_offered_with_it() -> None:
    """As in a sample's own prompt."""
    prompter, taxonomy = Prompter(Taxonomy.builtin()), Taxonomy.builtin()
    newer = [
        (area, leaf, each)
        for area in taxonomy.areas
        for leaf in area.topics
        for each in leaf.authorities
        if each.since > "2024-06"
    ]
    assert newer
    for _, leaf, authority in newer:
        task = replace(
            tasks(1)[0], jurisdiction=leaf.jurisdiction, practice_area=leaf.practice_area,
            topic=leaf.id, sub_jurisdiction=leaf.sub_jurisdiction,
        )  # fmt: skip
        early = prompter.points(replace(task, as_of="2024-06")).messages[1].content
        late = prompter.points(replace(task, as_of="2026-11")).messages[1].content
        assert authority.cite not in early
        assert authority.cite in late


def test_a_sample_is_asked_for_on_its_point() -> None:
    """One line of the cell says what decides; without a point there is none."""
    prompter, task = Prompter(Taxonomy.builtin()), tasks(1)[0]
    point = "An offer ends when it is refused."
    plain = prompter.build(task).messages[1].content
    pointed = prompter.build(replace(task, point=point)).messages[1].content
    assert f"Decided by: {point} Facts raise it" in pointed
    assert pointed.replace(
        next(line for line in pointed.splitlines() if line.startswith("Decided by")) + "\n", ""
    ) == plain  # fmt: skip
    seeds: dict[str, Any] = json.loads(prompter.seed_json(replace(task, point=point)))
    assert seeds.pop("point") == point
    assert seeds == json.loads(prompter.seed_json(task))
