"""The points of a topic: read out of a model's list, checked, and dealt out to tasks.

A point is a sentence that names the rule, the exception or the fact that decides a case. What is
wrong with one point costs that point; a list of which too little is left is refused, and the model
hears why.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from legalgen.completion import Completion
from legalgen.errors import AnswerRefused, Reason
from legalgen.law.axes import Topic
from legalgen.law.planner import Task
from legalgen.store.points import Point
from legalgen.store.sample import clean, read_object, words

POINTS_SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "properties": {
        "points": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"subtopic": {"type": "integer"}, "point": {"type": "string"}},
                "required": ["subtopic", "point"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["points"],
    "additionalProperties": False,
}
"""The JSON schema of a list of points; subtopics are numbered from 1."""
FEWEST: Final = 12
MOST: Final = 30
USUAL: Final = 20
WORDS: Final = (6, 60)
CHARACTERS: Final = 400
SAME: Final = 0.8
"""Share of their words in common from which two points are one."""

_NUMBER: Final = re.compile(r"\A(?:\(?\d{1,2}[.):]|[-\u2022*])\s+")
_ENDS: Final = (".", "!", "?", ")", '"', "\u201d", "\u2019")


def read_points(completion: Completion, leaf: Topic, today: date) -> tuple[Point, ...]:
    """The points in a model's answer; ``today`` tells which citations cannot be yet.

    Raises:
        AnswerRefused: it is no list of points, or fewer than ``FEWEST`` of them can be used.
    """
    found, _ = read_object(completion, "points")
    listed = found.get("points")
    if not isinstance(listed, list):
        raise _refused("it is no list")
    kept, faults = _sifted(_as_points(listed, leaf.subtopics), leaf, today)
    if len(kept) < FEWEST:
        why = "".join(f"; {many}: {fault}" for fault, many in faults.items())
        raise _refused(f"{len(kept)} points can be used, need {FEWEST} to {MOST}{why}")
    return kept


def usable_points(points: Iterable[Point], leaf: Topic, today: date) -> tuple[Point, ...]:
    """The points that can be used of a list that somebody may have edited."""
    return _sifted(points, leaf, today)[0]


def _sifted(
    points: Iterable[Point], leaf: Topic, today: date
) -> tuple[tuple[Point, ...], Mapping[str, int]]:
    """The points that can be used, ``MOST`` at most, and how many have which fault."""
    kept: list[Point] = []
    faults: dict[str, int] = {}
    for point in points:
        tidy = replace(point, text=_NUMBER.sub("", " ".join(clean(point.text).split())))
        if (fault := _fault(tidy, leaf, today, kept)) is None:
            kept.append(tidy)
        else:
            faults[fault] = faults.get(fault, 0) + 1
        if len(kept) == MOST:
            break
    return tuple(kept), faults


def point_of(points: Sequence[Point], task: Task, leaf: Topic, used: Container[str]) -> str:
    """The point of a task: of those of its subtopic the next that is not ``used``.

    Empty where none is left: twenty points are less law than a model knows, so that what comes
    after them is written as freely as without any.
    """
    suited = [each.text for each in points if each.subtopic == task.subtopic]
    first = task.turn // max(1, len(leaf.subtopics)) + task.variation
    turned = (suited[(first + n) % len(suited)] for n in range(len(suited)))
    return next((each for each in turned if each not in used), "")


def _as_points(listed: Sequence[object], subtopics: Sequence[str]) -> Iterator[Point]:
    """The entries that have the form of a point; a subtopic is named by number or by name."""
    called: dict[int | str, str] = dict(enumerate(subtopics, 1))
    called |= {str(number): each for number, each in called.items()}
    called |= {each.casefold(): each for each in subtopics}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(text := one.get("point"), str):
            continue
        said = one.get("subtopic")
        if isinstance(said, str):
            said = said.strip().casefold()
        elif type(said) is not int:  # True and 1.0 would be found as 1
            continue
        if said in called:
            yield Point(called[said], text)


def _fault(point: Point, leaf: Topic, today: date, earlier: Sequence[Point]) -> str | None:
    """Why a point cannot be used; None where it can."""
    least, most = WORDS
    count = len(point.text.split())
    if not least <= count <= most or len(point.text) > CHARACTERS:
        return f"not a sentence of {least} to {most} words"
    if not point.text.endswith(_ENDS):
        return "not a whole sentence"
    if point.subtopic not in leaf.subtopics:
        return "of no subtopic that was given"
    if _is_foreign(point.text, leaf.jurisdiction, today):
        return f"law that is not of {leaf.jurisdiction}, or a citation that cannot be"
    own = frozenset(words(point.text))
    if any(_alike(own, frozenset(words(each.text))) >= SAME for each in earlier):
        return "says what another says"
    return None


def _is_foreign(text: str, jurisdiction: str, today: date) -> bool:
    """Whether what it cites by number is all of another law, or cannot exist.

    As in the gate: in an international topic any law may be cited, and of a jurisdiction of the
    user's own nothing is known.
    """
    from legalgen.law.citations import find_numbered, impossible  # its grammar takes time to load

    found = find_numbered(text)
    if any(impossible(each, today) for each in found):
        return True
    if jurisdiction not in ("uk", "us", "eu"):
        return False
    national = [each for each in found if "international" not in each.jurisdictions]
    places = [each.jurisdictions for each in national if each.jurisdictions]
    return bool(places) and all(jurisdiction not in each for each in places)


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _refused(what: str) -> AnswerRefused:
    return AnswerRefused([Reason("SCHEMA", f"field 'points': {what}", "points")])
