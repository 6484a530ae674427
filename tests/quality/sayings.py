"""What the gate says of one short answer, by code."""

from __future__ import annotations

from datetime import date
from functools import cache

from legalgen.law.planner import Task
from legalgen.quality.gate import Gate
from legalgen.quality.rules import TypeBounds
from legalgen.store.sample import Draft, DraftCitation

QUESTION = "Amara let a shop to Tomasz and the rent is three months late: may she forfeit now?"
STEPS = ("Find the clause that reserves a right of re-entry to her.",)
ANSWER = "She may forfeit, since rent is treated apart and no notice is owed before re-entry."


@cache
def _gate() -> Gate:
    return Gate("full", date(2026, 11, 23))


def found(
    answer: str = ANSWER,
    question: str = QUESTION,
    steps: tuple[str, ...] = STEPS,
    cited: tuple[str, ...] = (),
    *,
    place: str = "uk",
    law: str = "law",
    area: str = "land",
    kind: str = "short_qa",
    topic: frozenset[str] = frozenset(),
    parts: tuple[str, ...] = (),
    as_of: str = "2026-11",
) -> dict[str, str]:
    """Each code with ``reject`` or ``flag``; lengths are not asked for."""
    task = Task(0, place, law, area, "leases", "forfeiture", "intermediate", kind, as_of, 7)
    gate = _gate()
    if topic:
        key = (place, area, "leases")
        gate = Gate("full", gate.today, topics={key: topic}, subtopics={key: parts})
    draft = Draft(question, steps, answer, tuple(DraftCitation(text, "") for text in cited))
    verdict = gate.inspect(draft, task, None, TypeBounds((1, 900)))
    said: dict[str, str] = {}
    for reason in verdict.reasons:
        if reason.reject or reason.code not in said:
            said[reason.code] = "reject" if reason.reject else "flag"
    return said
