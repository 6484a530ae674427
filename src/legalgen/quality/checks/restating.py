"""Steps that tell the facts of the question in other words and announce what is to be asked."""

from __future__ import annotations

import re

from legalgen.quality.checks.again import meanings
from legalgen.quality.reading import Reading
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import words

_ASKING = word_list("asking_steps")
_HELPERS = word_list("asking_helpers")
_METHOD = word_list(
    "method", "examining", "announcing", "examined", "asking_steps", "asking_helpers"
)
_IF = re.compile(r"\b(?:whether|if)\b")
_DECIDES = frozenset({"depends", "depend", "turns", "not", "no", "because", "since"})
"""Before ``whether`` these make a rule of it."""
_POINTS = re.compile(
    r"(?:the|that|this|an?) (?:answer|question|issue|matter|point)\b"
    r"|(?:that|this|it) (?:has|will|must|needs|is)\b"
)
LONGEST_HEAD = 10
"""Words before ``whether``."""
LEAST_STEPS = 3
NEW_FACTS = 0.5
"""Share of the meanings of a step that the question has not, up to which it tells its facts."""
NEW_OF_ALL = 0.55
"""The same of all steps: with one that asks among them it is at least 0.67 in good answers."""


def tell_the_question(reading: Reading) -> bool:
    """Whether the steps tell facts of the question and ask, all of them or all but one."""
    steps = reading.draft.reasoning_steps
    if len(steps) < LEAST_STEPS:
        return False
    given = frozenset(reading.question)
    for word in reading.steps:
        if word[0].isdigit() and word not in given:
            return False  # a section, or a sum that was done
    if not any(map(_asks, steps)):
        return False
    asked, known = meanings(reading.draft.question), reading.question_stems
    new = told = idle = 0
    for step in steps:
        mine = meanings(step, but=_METHOD)
        others = len(mine - asked - known)
        idle += _asks(step) or others <= NEW_FACTS * len(mine)
        new, told = new + others, told + len(mine)
    return idle >= len(steps) - 1 and new <= NEW_OF_ALL * told


def _asks(step: str) -> bool:
    """Whether a step only says what is to be asked or answered."""
    low = step.lower()
    found = _IF.search(low)
    if found:
        head = words(low[: found.start()])
        if not head:
            return not _ASKING.isdisjoint(words(low))
        if len(head) <= LONGEST_HEAD and _DECIDES.isdisjoint(head):
            return not _ASKING.isdisjoint(head)
    if _POINTS.match(low) is None:
        return False
    said = words(low)
    return not _ASKING.isdisjoint(said) and not _HELPERS.isdisjoint(said)
