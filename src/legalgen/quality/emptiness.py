"""Does an answer say anything: how many of its words fit any question, and how many are new.

Hedges, announcements, praise of the law and referrals to a lawyer come in ever new phrases. What
they have in common is what they are made of: words that would fit any question. And who says the
question or the same thing again finds other phrases for it, but hardly a new word.
"""

from __future__ import annotations

from collections.abc import Iterator

from legalgen.quality.reading import COMMON, Finding, Reading
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import words

_EMPTY = word_list("hedging", "announcing", "praising")
_SMALL = word_list("small_english") - _EMPTY
_RESTATING = word_list("restating")
_METHOD = _EMPTY | word_list("method")

EMPTY_SHARE = 0.44
HOLLOW_SHARE = 0.36
"""Share of empty words that the question has not, small ones aside, from which an answer is none or
hardly one. It is at most 0.29 in 420 good answers; of 2,057 older rows 19 have more than 0.36, most
of them talk of an assistant or of how one would go about a case."""
LEAST_ANSWER = 40
"""Words, below which a share says little."""

NEW_SHARE = 0.1
FEW_NEW = 0.16
"""Different telling words that the question has not, a word of the answer, below which it says
nothing new or little. Good answers have 0.18 or more, the middle of them 0.28."""
LEAST_TOLD = 60
"""Words, below which a right answer may be nearly as short of new words."""
SLOW_NEW = 0.22
SLOW_LENGTH = 100
RESTATED = 0.35
"""The same share in longer answers of which so many sentences only draw on the one before. Of 2,057
older rows one is such."""
ECHOED = 0.5
"""Share of the telling words that are the question's, from which the answer says that again."""


def empty(reading: Reading) -> Iterator[Finding]:
    """An answer of words that fit any question."""
    count = len(reading.answer)
    if count < LEAST_ANSWER:
        return
    small = sum(map(_SMALL.__contains__, reading.answer))
    least = HOLLOW_SHARE * (count - small)
    said = sum(map(_EMPTY.__contains__, reading.answer))
    if said < least:
        return
    said = sum(map(_EMPTY.difference(reading.question).__contains__, reading.answer))
    share = said / max(1, count - small)
    if share >= HOLLOW_SHARE:
        what = f"{share:.0%} of its words would fit any question"
        yield "NO_ANSWER", what, "answer", share >= EMPTY_SHARE


EMPTY_STEPS = 0.6
"""The same of all steps together, with the words of any method. In good answers it is at most 0.43;
the older rows that have more only define, explain and describe."""
LEAST_STEPPED = 6
"""Words of the steps, small ones aside, below which nothing is said of them."""


def empty_steps(reading: Reading) -> Iterator[Finding]:
    """Steps that would lead to any answer."""
    said = [word for word in reading.steps if word not in _SMALL]
    if len(said) < LEAST_STEPPED or len(reading.draft.reasoning_steps) < 2:
        return
    method = _METHOD.difference(reading.question)
    share = sum(map(method.__contains__, said)) / len(said)
    if share >= EMPTY_STEPS:
        what = f"{share:.0%} of the words of the steps would fit any question"
        yield "STEPS_OFF_TOPIC", what, "reasoning_steps", True


def question_again(reading: Reading) -> Iterator[Finding]:
    """An answer that has hardly a word beyond the question's."""
    what, far = _few_new(reading)
    if what and _echoes(reading):
        yield "NO_ANSWER", f"{what}, most are the question's", "answer", far


def same_again(reading: Reading) -> Iterator[Finding]:
    """An answer that says something of its own, again and again."""
    what, far = _few_new(reading)
    if what and not _echoes(reading):
        yield "PARAPHRASE", what, "answer", far


def _echoes(reading: Reading) -> bool:
    shared = len(reading.answer_stems & reading.question_stems)
    return shared > 0 and shared >= ECHOED * len(reading.answer_stems)


def _few_new(reading: Reading) -> tuple[str, bool]:
    """How few words an answer has that are new, if they are few, and whether it is next to none."""
    count = len(reading.answer)
    if count < LEAST_ANSWER:
        return "", False
    few = FEW_NEW if count >= LEAST_TOLD else NEW_SHARE
    most = count * (SLOW_NEW if count >= SLOW_LENGTH else few)
    strange = reading.answer_vocabulary.difference(reading.question) - COMMON
    if len(strange) > most and sum(len(word) > 3 for word in strange) > 2 * most:
        return "", False  # no two of them in a row have one stem
    figures = sum(word[0].isdigit() for word in strange)
    new = len(reading.answer_stems - reading.question_stems) + figures
    far = new < NEW_SHARE * count and count >= LEAST_TOLD
    if new < few * count or (new < most and _restates(reading)):
        return f"{new} new words in {count}", far
    return "", False


def _restates(reading: Reading) -> bool:
    said = [not _RESTATING.isdisjoint(words(sentence)) for sentence in reading.sentences]
    return sum(said) >= RESTATED * len(said)
