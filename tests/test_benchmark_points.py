"""The benchmark of points: its double has the habits that it is said to have, and no others."""

from __future__ import annotations

import json

import pytest

from benchmarks.points import Habitual, distinct
from tests.vendors import AnswerRequest

CELL = (
    "Law: England and Wales\nField: Contract Law, Formation. Point: offer\n{}"
    "Length: answer 150 to 500 words (aim for 310); at most 6 reasoning steps."
)
NAMED = "Decided by: Of offer: where it was refused, it ends. Facts raise it and so on.\n"


def answers(habit: float, point: str, count: int = 12) -> tuple[Habitual, list[str]]:
    source = Habitual(habit)
    asked = [AnswerRequest("groq", "m", n, 0, CELL.format(point)) for n in range(count)]
    return source, [json.loads(source(each))["answer"] for each in asked]


def test_a_named_point_is_the_law_of_the_answer() -> None:
    """Without one the first laws of the subtopic come most often."""
    named, _ = answers(0.8, NAMED)
    free, _ = answers(0.8, "", 200)
    assert set(named.law_of.values()) == {"Of offer: where it was refused, it ends."}
    laws = list(free.law_of.values())
    assert laws.count("offer 0") > laws.count("offer 10")


@pytest.mark.parametrize("point", ["", NAMED])
def test_the_stronger_the_habit_the_more_alike(point: str) -> None:
    """Of answers on one law and of those on whichever comes to mind."""
    shares = [distinct(answers(habit, point)[1]) for habit in (0.0, 0.5, 0.9)]
    assert shares == sorted(shares, reverse=True)


def test_runs_that_come_twice_are_counted() -> None:
    """Different ones for each that there is."""
    assert distinct(["one two three four"]) == 1.0
    assert distinct(["one two three", "one two three"]) == 0.5
    assert distinct([]) == 0.0
