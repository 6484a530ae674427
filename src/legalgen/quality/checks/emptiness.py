"""Does an answer say anything: how many of its words fit any question, and how many are new.

Hedges, announcements, praise of the law and referrals to a lawyer come in ever new phrases. What
they have in common is what they are made of: words that would fit any question. And who says the
question again finds other phrases for it, but hardly a new word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from legalgen.quality.checks.declining import only_declines
from legalgen.quality.reading import COMMON, Finding, Reading, stems
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import words

_EMPTY = word_list("hedging", "announcing", "praising")
_SMALL = word_list("small_english") - _EMPTY
_EXAMINING, _TURNS = word_list("examining"), word_list("by_turns")
_REFERRING = word_list("referring")
_METHOD = _EMPTY | word_list("method")
_PRAISING_TOPICS = word_list("praising_topics") - _EMPTY
_OPERATIVE = word_list("operative")

EMPTY_SHARE = 0.44
HOLLOW_SHARE = 0.36
"""Share of empty words that the question has not, small ones aside, from which an answer is none or
hardly one. It is at most 0.29 in 420 good answers; of 2,057 older rows 19 have more than 0.36, most
of them talk of an assistant or of how one would go about a case."""
SPECIFIC_SHARE = 0.2
"""Different telling words that are neither empty nor the question's, a word of the answer, from
which one with fewer than ``EMPTY_SHARE`` says something: so do answers on what a court considers
and weighs, which have up to 0.42 of empty words; such as say nothing have at most 0.18."""
RATHER_EMPTY = 0.25
LEAST_EMPTY = 0.12
"""Share of the different words below which so large a share of all is not looked for."""
ANNOUNCED = 0.6
"""Share of sentences that say what is going to be said, from which an answer with so many empty
words is flagged. In good answers it is at most 0.5; of the older rows two chats are such."""
LAWLESS = 0.14
"""Words that say law for each that would fit any question, praise of the topic among them, up to
which an answer with as many of these as ``LEAST_DWELLING`` is flagged. In 270 good answers it is at
least 0.22; of the older rows 1.4 % have less, most of them talk of an assistant."""
LEAST_DWELLING = 0.2
MOST_TOLD = 4
"""Times that a word of praise may come, before they are counted."""
LEAST_MIXED = 1.5
"""Times ``LEAST_EMPTY``, of both kinds of words together."""
LEAST_ANSWER = 40
"""Words, below which a share says little."""

LEAST_SENTENCE = 5
"""Different words."""

NEW_SHARE = 0.1
FEW_NEW = 0.16
"""Different telling words that the question has not, a word of the answer, below which it says
nothing new or little. Good answers have 0.18 or more, the middle of them 0.28."""
NEXT_TO_NONE = 0.08
"""The same below which one that decides is flagged: who applies a term of the question to its facts
needs no more new words than 0.08 to 0.09 of the answer. One that decides nothing is refused."""
LEAST_TOLD = 60
"""Words, below which a right answer may be nearly as short of new words."""
LEAST_STEMS = 0.66
"""Stems are at least so many of the different words; in 2,600 answers they were 0.67 or more."""
ECHOED = 0.5
"""Share of the telling words that are the question's, from which the answer says that again."""


def empty(reading: Reading) -> Iterator[Finding]:
    """An answer of words that fit any question."""
    count = len(reading.answer)
    if count < LEAST_ANSWER:
        return
    vocabulary = reading.answer_vocabulary
    known = _EMPTY & vocabulary
    least = LEAST_EMPTY * len(vocabulary)
    if len(known) < least and len(known) + len(_PRAISING_TOPICS & vocabulary) < LEAST_MIXED * least:
        return
    said = count - sum(map(_SMALL.__contains__, reading.answer))
    empty = known.difference(reading.question)
    share = sum(map(empty.__contains__, reading.answer)) / max(1, said)
    deferred = 0.0
    if LEAST_DEFERRING <= share < EMPTY_SHARE:
        deferred = _deferring(reading, least=DEFERRED - share)
    if share + deferred >= DEFERRED:
        what = f"{deferred:.0%} of it only weighs, declines to say or sends to others"
        yield "NO_ANSWER", what, "answer", share + deferred >= ALL_DEFERRED
    elif share >= EMPTY_SHARE or (share >= HOLLOW_SHARE and not _is_specific(reading)):
        what = f"{share:.0%} of its words would fit any question"
        yield "NO_ANSWER", what, "answer", share >= EMPTY_SHARE or only_declines(reading)
    elif share >= RATHER_EMPTY and _announces(reading):
        yield "NO_ANSWER", "its sentences only say what is going to be said", "answer", False
    elif share >= LEAST_DWELLING / 2 and _is_lawless(reading, share, said):
        yield "NO_ANSWER", "hardly a word of it says what the law is", "answer", False


def _is_lawless(reading: Reading, share: float, said: int) -> bool:
    """Whether hardly a word says what must, may or cannot be, for so many that fit any question."""
    praise = _PRAISING_TOPICS & reading.answer_vocabulary
    if share * said + MOST_TOLD * len(praise) < LEAST_DWELLING * said:
        return False
    praise = praise.difference(reading.question)
    dwelling = share + sum(map(praise.__contains__, reading.answer)) / said
    if dwelling < LEAST_DWELLING:
        return False
    told = sum(map(_OPERATIVE.__contains__, reading.answer))
    most = LAWLESS * dwelling * len(reading.answer)
    if told > most or told + sum(word[0].isdigit() for word in reading.answer) > most:
        return False
    return " v " not in reading.draft.answer and " v. " not in reading.draft.answer


def _is_specific(reading: Reading) -> bool:
    """Whether it has words of its own subject, and sends nobody to a lawyer."""
    if len(_REFERRING.intersection(reading.answer_vocabulary).difference(reading.question)) > 1:
        return False
    own = stems(reading.answer_vocabulary - _EMPTY) - reading.question_stems
    return len(own) >= SPECIFIC_SHARE * len(reading.answer)


def _announces(reading: Reading) -> bool:
    said = [frozenset(words(sentence)) for sentence in reading.sentences]
    said = [each for each in said if len(each) >= LEAST_SENTENCE]
    told = sum(not _EXAMINING.isdisjoint(each) and len(_TURNS & each) >= 2 for each in said)
    return len(said) >= 3 and told >= ANNOUNCED * len(said)


LEAST_DEFERRING = 0.25
"""Share of empty words below which sentences that say nothing are not looked for."""
DEFERRED, ALL_DEFERRED = 0.95, 1.05
"""This share and that of the answer in such sentences, together, from which it is flagged or
refused; in 350 good answers they are at most 0.86, in 24 that say nothing 1.06 to 1.8."""
LEAST_DEFERRED = 0.2
"""Share of an answer in sentences that evade or send away, without which it may weigh."""
SAID_FIRST = 2
"""So many sentences that say something make it an answer, if they come first."""
HEDGED = 0.35
"""Share of empty words of a sentence that hedges."""
_HEDGING = word_list("hedging") - word_list("small_english")
_EVADING, _RULING = word_list("evading"), word_list("ruling")
_TO_BE = frozenset({"would", "have", "need", "needs"})
_EXAMINED = word_list("examined")
_SENT_TO, _SENT_FOR = word_list("sent_to"), word_list("sent_for")


def _deferring(reading: Reading, least: float) -> float:
    """The share of an answer in sentences that hedge, evade the question or send to somebody.

    0 where it is less than ``least``, where two sentences say something first, and where few do one
    of the latter two: to weigh is an answer, too.
    """
    known = frozenset(reading.question)
    idle = rest = count = len(reading.answer)
    defers, most_said = 0, (1 - least) * count
    for number, sentence in enumerate(reading.sentences, 1):
        said = words(sentence)
        rest -= len(said)
        kind = _idle(said, known)
        idle -= 0 if kind else len(said)
        defers += len(said) if kind > 1 else 0
        if count - idle > most_said or (number == SAID_FIRST and idle == rest):
            return 0.0
    enough = defers >= LEAST_DEFERRED * count and len(reading.sentences) > 1
    return idle / count if enough else 0.0


def _idle(said: Sequence[str], known: Set[str]) -> int:
    """What a sentence does instead of saying something: 1 hedge, 2 evade or send away; 0: none."""
    tokens = frozenset(said) - known
    telling = [word for word in said if word not in _SMALL]
    share = sum(word in _EMPTY and word not in known for word in telling) / max(1, len(telling))
    hedges = len(_HEDGING & tokens)
    if hedges and not _EVADING.isdisjoint(tokens):
        return 2
    if share < HEDGED and not _RULING.isdisjoint(said):
        return 0
    if not (_TO_BE.isdisjoint(said) or _EXAMINED.isdisjoint(tokens)) and "be" in said:
        return 1
    figures = any(word[0].isdigit() for word in tokens)
    if not (figures or _SENT_TO.isdisjoint(tokens) or _SENT_FOR.isdisjoint(tokens)):
        return 2
    return int(share >= HEDGED and hedges > 1)


EMPTY_STEPS = 0.6
"""The same of all steps together, with the words of any method. In good answers it is at most 0.43;
the older rows that have more only define, explain and describe."""
LEAST_STEPPED = 6
"""Words of the steps, small ones aside, below which nothing is said of them."""


def empty_steps(reading: Reading) -> Iterator[Finding]:
    """Steps that would lead to any answer."""
    if len(reading.draft.reasoning_steps) < 2:
        return
    said = [word for word in reading.steps if word not in _SMALL]
    if len(said) < LEAST_STEPPED:
        return
    empty = list(filter(_METHOD.__contains__, said))
    if len(empty) < EMPTY_STEPS * len(said):
        return
    share = len([word for word in empty if word not in reading.question]) / len(said)
    if share >= EMPTY_STEPS:
        what = f"{share:.0%} of the words of the steps would fit any question"
        yield "STEPS_OFF_TOPIC", what, "reasoning_steps", True


def question_again(reading: Reading) -> Iterator[Finding]:
    """An answer that has hardly a word beyond the question's."""
    what, share = _few_new(reading)
    if not what or not _echoes(reading):
        return
    decides = _decides(reading)
    if not decides or share < NEXT_TO_NONE:
        far = share < NEW_SHARE and len(reading.answer) >= LEAST_TOLD and not decides
        yield "NO_ANSWER", f"{what}, most are the question's", "answer", far


_DECIDING = word_list("ruling", "deciding")
_NOT_DECIDED = word_list("hedging") - word_list("deciding")


def _decides(reading: Reading) -> bool:
    """Whether a sentence rules in words that the question has not, and without a hedge."""
    known = frozenset(reading.question)
    for sentence in reading.sentences:
        tokens = frozenset(words(sentence)) - known
        if len(_DECIDING & tokens) > 1 and len(_NOT_DECIDED & tokens) < 3:
            return True
    return False


def _echoes(reading: Reading) -> bool:
    shared = len(reading.answer_stems & reading.question_stems)
    return shared > 0 and shared >= ECHOED * len(reading.answer_stems)


def _few_new(reading: Reading) -> tuple[str, float]:
    """How few words an answer has that are new, if they are few, and their share of it."""
    count = len(reading.answer)
    if count < LEAST_ANSWER:
        return "", 0.0
    few = FEW_NEW if count >= LEAST_TOLD else NEW_SHARE
    if len(reading.telling.difference(reading.question)) > few / LEAST_STEMS * count:
        return "", 0.0
    strange = reading.answer_vocabulary.difference(reading.question) - COMMON
    figures = sum(word[0].isdigit() for word in strange)
    new = len(reading.answer_stems - reading.question_stems) + figures
    if new >= few * count:
        return "", 0.0
    return f"{new} new words in {count}", new / count
