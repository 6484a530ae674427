"""Does an answer keep to what was asked, or answer another question of the same field.

Another question of the field shares the words of the field: court, claim, notice. What it lacks are
the words of this question. So words of one meaning are taken for one (``again``), and three things
are asked: how much of what question and steps mean is in the answer, how much of what the steps
alone bring up, and whether what both are about is named in it at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from legalgen.quality.checks.again import meanings
from legalgen.quality.reading import Reading

LEAST_STEPPED = 7
LEAST_STEPPED_SURELY = 8
"""Meanings of the steps, below which nothing is said of them,"""
LEAST_WITH_NONE, NOT_SHORT = 4, 60
"""but where an answer of so many words has none of theirs, these are enough for a flag."""
LITTLE, LITTLE_OF_STEPS = 0.25, 0.23
"""Share of the meanings of question and steps, and of those that the steps alone have, up to which
an answer that has both so low is flagged. Of 500 good answers one is."""
NEXT_TO_NONE = 0.12
"""The same of both, from which it is refused; in good answers whose steps have so many meanings
the first is at least 0.19."""
LONG = 100
"""Words of an answer that would name what it is about."""
OFTEN, OFTEN_IN_STEPS = 4, 2
"""Times that question and steps name what they are about, and steps that do."""
MISSED = 2
"""Meanings of question and steps, or of two steps, that a long answer lacks, from which it is
refused where what they are about is one of them. One is enough where it has only ``FEW`` of all."""
FEW = 0.3


def answers_another(reading: Reading, names: Set[str]) -> tuple[str, bool] | None:
    """What an answer lacks of its question, and whether that is sure."""
    answered = meanings(reading.draft.answer)
    steps = [meanings(step) - names for step in reading.draft.reasoning_steps]
    asked, stepped = meanings(reading.draft.question) - names, frozenset[int | str]().union(*steps)
    every = asked | stepped
    if not every:
        return None
    share = len(every & answered) / len(every)
    own = stepped - asked
    of_steps = len(own & answered) / len(own) if own else 1.0
    times = Counter(each for step in steps for each in step)
    missing = [
        each
        for each, count in times.items()
        if (count >= OFTEN_IN_STEPS or each in asked) and each not in answered
    ]
    if len(reading.answer) >= LONG and (len(missing) >= MISSED or share <= FEW):
        often = [each for each in missing if times[each] >= OFTEN_IN_STEPS and each in asked]
        if named := _named_often(reading, often):
            return f'"{named}" stands in question and steps, and not in the answer', True
    none = of_steps == 0 and share <= NEXT_TO_NONE and len(reading.answer) >= NOT_SHORT
    if len(stepped) < (LEAST_WITH_NONE if none else LEAST_STEPPED):
        return None
    if share > LITTLE or of_steps > LITTLE_OF_STEPS:
        return None
    far = len(stepped) >= LEAST_STEPPED_SURELY and max(share, of_steps) <= NEXT_TO_NONE
    return f"{share:.0%} of what question and steps mean is in the answer", far


def _named_often(reading: Reading, meant: Sequence[int | str]) -> str:
    """A word for the first of these meanings that question and steps have often enough."""
    told = [*reading.question, *reading.steps] if meant else ()
    for each in meant:
        same = [word for word in told if meanings(word) == {each}]
        if len(same) >= OFTEN:
            return same[0]
    return ""
