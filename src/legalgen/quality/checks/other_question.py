"""Does an answer keep to what was asked, or answer another question of the same field.

Another question of the field shares the words of the field: court, claim, notice. What it lacks are
the words of this question. So words of one meaning are taken for one (``again``), and three things
are asked: how much of what question and steps mean is in the answer, how much of what the steps
alone bring up, and whether what both are about is named in it at all.

A topic has parts (standing, time limits, remedies), and each has words of its own. An answer that
has none of the parts that were asked for, and the words of another one, answers another question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache

from legalgen.quality.checks.again import meanings
from legalgen.quality.reading import Reading, stem, stems
from legalgen.store.sample import words

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


# --- another part of the topic -------------------------------------------------------------------

LEAST_ALIKE = 0.32
"""Share of the telling words of question and steps, up to which the parts of a topic are compared.
Of 440 good answers that have none of a part that was asked for and words of another, none has as
few and at most ``MOST_SHARED`` words as they stand."""
HARDLY_ALIKE, FEW_SHARED = 0.25, 3
"""The same, and such words, where what question and steps both name is not in the answer."""
LEAST_OWN, LEAST_TIMES = 2, 3
"""Words of another part that an answer has, and how often, from which it is of that part."""


@lru_cache(maxsize=64)  # of the topics that a batch has lately
def own_stems(parts: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    """The stems of each part of a topic that no other part has."""
    all_of = [stems(words(part)) for part in parts]
    times = Counter(each for part in all_of for each in part)
    return tuple(frozenset([each for each in part if times[each] == 1]) for part in all_of)


def answers_another_part(reading: Reading) -> tuple[str, bool] | None:
    """What of its topic an answer is of and was not asked for, and whether that is sure."""
    told, answered = reading.question_stems | reading.step_stems, reading.answer_stems
    share = len(told & answered) / max(1, len(told))
    if share > LEAST_ALIKE:
        return None
    parts = own_stems(reading.subtopics)
    wanted = frozenset[str]().union(*(part & told for part in parts))
    if not wanted or any(part & told and part & answered for part in parts):
        return None
    others = [part & answered for part in parts if part & answered]
    times = Counter(map(stem, reading.answer))
    lacks = f'"{min(wanted)}..." of question and steps is not in the answer'
    for part in others:
        if len(part) >= LEAST_OWN and sum(times[each] for each in part) >= LEAST_TIMES:
            return f'{lacks}, which has "{min(part)}..." instead', True
    both = wanted & reading.question_stems & reading.step_stems
    if not both or share > HARDLY_ALIKE or reading.shares_words > FEW_SHARED:
        return None
    named = " ".join([word for word in reading.question if stem(word) in wanted])
    if not meanings(named).isdisjoint(meanings(reading.draft.answer)):
        return None  # by another word
    return lacks, bool(others)
