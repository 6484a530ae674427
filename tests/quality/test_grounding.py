"""Grounded answers: what is quoted right is kept, what is changed never is."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from legalgen.errors import UsageError
from legalgen.law.planner import Task
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from legalgen.quality.grounding import Grounded, grounded
from legalgen.quality.rules import Rules, TypeBounds
from legalgen.sources.collection import SourceDetails, read_text
from legalgen.sources.passages import Passage
from legalgen.store.sample import Draft, DraftCitation
from tests.vendors.grounded import RIGHT, Way, citation

DATA = Path(__file__).parents[1] / "data" / "sources"


def passages() -> list[Passage]:
    found = []
    for path in sorted(DATA.iterdir()):
        details = SourceDetails("own", jurisdiction="uk")
        source, chunks = read_text(path, details, datetime(2026, 1, 1, tzinfo=UTC))
        found += [Passage(chunk, source.title, source.licence) for chunk in chunks]
    return found


PASSAGES = passages()
TASK = Task(0, "uk", "england-wales", "own-texts", "x", "", "basic", "short_qa", "", 0)
LISTED = Task(0, "uk", "england-wales", "contract", "formation", "x", "basic", "short_qa", "", 0)
ANSWER = (
    "It depends on what the provision says of the facts, and here it says enough: the duty is owed "
    "from the day on which the promise was made, and whoever breaks it must make good the loss."
)


def draft(*cited: DraftCitation, answer: str = ANSWER) -> Draft:
    question = "A maker sold goods that were not as they were said to be. What must he now do?"
    return Draft(question, ("The provision decides what is owed here.",), answer, cited)


def codes(found: Grounded, *, soft: bool = False) -> list[str]:
    return [code for code, _, _, far in found.findings if far or soft]


@pytest.mark.parametrize("way", RIGHT)
def test_what_is_quoted_right_is_grounded(way: Way) -> None:
    """Two hundred quotations from all texts; places are those of the words."""
    for number in range(200):
        rng = random.Random(f"{way}:{number}")
        passage = rng.choice(PASSAGES)
        given = citation(rng, [passage.chunk.text], way)
        found = grounded(draft(DraftCitation(**given)), [passage])
        assert codes(found) == [], given
        [cited] = found.citations
        assert cited.status == "grounded"
        assert cited.source == passage.chunk.id
        assert cited.text.startswith(passage.chunk.citation)
        assert cited.start is not None
        assert cited.end is not None
        assert passage.chunk.text[cited.start : cited.end].strip()


@pytest.mark.parametrize("way", ["word", "modal", "number", "dropped", "invented", "short"])
def test_what_is_changed_is_refused(way: Way) -> None:
    """Four hundred a way, none kept."""
    kept = []
    for number in range(400):
        rng = random.Random(f"{way}:{number}")
        passage = rng.choice(PASSAGES)
        given = citation(rng, [passage.chunk.text], way)
        if given["quote"] in " ".join(passage.chunk.text.split()):
            continue  # "dropped" from a text that repeats itself
        found = grounded(draft(DraftCitation(**given)), [passage])
        if not codes(found):
            kept.append(given)
    assert kept == []


def test_a_changed_quotation_is_told_what_the_passage_says() -> None:
    """So that the next answer can copy it."""
    passage = next(each for each in PASSAGES if "A maker of widgets must" in each.chunk.text)
    quote = "A maker of widgets may take reasonable care that each widget is sound"
    found = grounded(draft(DraftCitation(source="S1", quote=quote)), [passage])
    [(code, what, _, _)] = found.findings
    assert code == "QUOTE_ALTERED"
    assert "A maker of widgets must take reasonable care" in what


def test_a_quotation_of_another_passage_names_the_right_one() -> None:
    first, second = PASSAGES[0], PASSAGES[3]
    quote = " ".join(second.chunk.text.split()[:9])
    found = grounded(draft(DraftCitation(source="S1", quote=quote)), [first, second])
    [(code, what, _, _)] = found.findings
    assert code == "QUOTE_MISATTRIBUTED"
    assert "stands in S2" in what


@pytest.mark.parametrize("label", ["S3", "", "S0", "Widgets Act", "S99", "1a"])
def test_a_label_that_is_none_is_unknown(label: str) -> None:
    found = grounded(
        draft(DraftCitation(source=label, quote="one two three four five")), PASSAGES[:2]
    )
    assert codes(found) == ["GROUND_UNKNOWN"]


@pytest.mark.parametrize("label", ["S1", "s1", "[S1]", " S1 ", "1", "source S1"])
def test_a_label_is_read_as_models_write_it(label: str) -> None:
    quote = " ".join(PASSAGES[0].chunk.text.split()[:9])
    assert codes(grounded(draft(DraftCitation(source=label, quote=quote)), PASSAGES[:1])) == []


def test_an_answer_without_a_quotation_is_refused() -> None:
    assert codes(grounded(draft(), PASSAGES[:2])) == ["GROUND_MISSING"]


@pytest.mark.parametrize(
    "outside",
    [
        "In Donoghue v Stevenson [1932] AC 562 the House of Lords held the same.",
        "Section 14 of the Sale of Goods Act 1979 says the same.",
        "See 17 U.S.C. § 201 for the rest.",
    ],
)
def test_an_authority_that_no_passage_holds_is_refused(outside: str) -> None:
    """Wherever it stands in the prose."""
    passage = next(each for each in PASSAGES if "A maker of widgets must" in each.chunk.text)
    quote = "A maker of widgets must take reasonable care"
    given = DraftCitation(source="S1", quote=quote)
    assert codes(grounded(draft(given, answer=f"{ANSWER} {outside}"), [passage])) == [
        "OUTSIDE_SOURCE"
    ]


@pytest.mark.parametrize(
    "inside",
    [
        "Section 1(2) of the Widgets Act 2011 says what is looked at.",
        "Under the Widgets Act 2011, s 1, care is owed.",
        "The Widgets Act 2011 says so.",
        "Section 1 says so.",
        "Sect\u0131on 9 says so.",
    ],
)
def test_the_source_itself_may_be_named(inside: str) -> None:
    passage = next(each for each in PASSAGES if "A maker of widgets must" in each.chunk.text)
    given = DraftCitation(source="S1", quote="A maker of widgets must take reasonable care")
    found = grounded(draft(given, answer=f"{ANSWER} {inside}"), [passage])
    assert codes(found) == [], found.findings


def test_numbers_from_nowhere_and_copied_answers_are_flagged() -> None:
    """They refuse nothing: a question may be about other figures than the text."""
    passage = PASSAGES[0]
    given = DraftCitation(source="S1", quote=" ".join(passage.chunk.text.split()[:8]))
    loose = grounded(draft(given, answer=f"{ANSWER} The fee is 4,711 a year."), [passage])
    assert codes(loose, soft=True) == ["NUMBER_UNGROUNDED"]
    echo = grounded(draft(given, answer=passage.chunk.text), [passage])
    assert "SOURCE_ECHO" in codes(echo, soft=True)
    assert codes(echo) == []


@pytest.mark.parametrize("mode", ["full", "structure"])
def test_no_gate_lets_an_ungrounded_answer_through(mode: str) -> None:
    """These codes are what grounded means."""
    gate = Gate(mode, date(2026, 1, 1), passages=lambda _: PASSAGES[:1])  # type: ignore[arg-type]
    given = DraftCitation(source="S1", quote="words that stand nowhere at all in this text")
    verdict = gate.inspect(draft(given), TASK, None, TypeBounds((10, 400), (0, 9), 1))
    assert verdict.rejected
    assert {reason.code for reason in verdict.reasons} <= {"QUOTE_ALTERED", "QUOTE_NOT_FOUND"}


@pytest.mark.parametrize("figures", ["7" * 5_000, "1," * 5_000])
def test_of_a_number_without_end_nothing_is_looked_up(figures: str) -> None:
    """Python reads no number of so many figures."""
    gate = Gate("full", date(2026, 1, 1), passages=lambda _: PASSAGES[:1])
    verdict = gate.inspect(
        draft(answer=f"{ANSWER} [2019] UKSC {figures}"), TASK, None, TypeBounds((10, 400), (0, 9))
    )
    assert [reason.code for reason in verdict.reasons] == ["ENDLESS"]


def test_no_setting_turns_grounding_off() -> None:
    with pytest.raises(UsageError, match="QUOTE_ALTERED always rejects"):
        Rules.of({"QUOTE_ALTERED": "off"})
    assert Rules.of({"SOURCE_ECHO": "off"}).severities["SOURCE_ECHO"] == "off"


@pytest.mark.parametrize(("mark", "flags"), [(1, ["UNSUPPORTED"]), (2, ["UNSUPPORTED"]), (3, [])])
def test_a_judge_says_whether_a_quotation_carries_the_point(mark: int, flags: list[str]) -> None:
    """A flag, of answers that quote; the place and the words are right all the same."""
    gate = Gate("full", date(2026, 1, 1), passages=lambda _: PASSAGES[:1])
    quote = " ".join(PASSAGES[0].chunk.text.split()[:9])
    given = DraftCitation(source="S1", quote=quote, proposition="a duty is owed")
    verdict = gate.inspect(draft(given), TASK, None, TypeBounds((10, 400), (0, 9), 1))
    reason = gate.support(verdict.draft, mark)
    assert ([reason.code] if reason else []) == flags
    assert gate.support(draft(), mark) is None
    asked = Prompter(Taxonomy.builtin()).judge(LISTED, verdict.draft).messages[-1].content
    assert f'"{quote}" (quoted for: a duty is owed)' in asked
