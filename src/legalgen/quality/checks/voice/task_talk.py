"""Sentences that speak of the task: what was ordered, what is written, what was done about it.

A prompt comes back in ever other words: the names are those supplied, the tone is meant for
trainees, each step has one inference. Law has all of these words. It has few of them in one
sentence, and hardly ever all three kinds of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from legalgen.quality.checks.voice.plain import unquoted
from legalgen.quality.reading import Finding, Reading, excerpt, stem
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import words

_ORDERED, _ORDERED_OFTEN = word_list("ordered"), word_list("ordered_often")
_ORDERED_TOO = word_list("ordered_too")
_WRITTEN = word_list("written")
_WRITTEN_ALONE = _WRITTEN - _ORDERED - _ORDERED_OFTEN - _ORDERED_TOO
"""Those that are no words of orders too: each word counts once."""
_DONE = word_list("done_about_it") - _ORDERED - _ORDERED_OFTEN - _ORDERED_TOO
ORDERED = 1.5
"""Weight of a word of orders that law seldom has; other words have 1."""
OFTEN = 2
MOST_WRITTEN = 3
"""So many words for texts count: law may be about one."""
LENGTH = 0.05
"""What each word of a sentence takes away."""
LIKELY, SURE = 3.8, 4.3
"""Weight from which a sentence is flagged, and from which it is refused. Of 350 good answers and
2,057 older rows none has one of 3.6."""
HALF_SURE = 3.0
"""Two sentences of this weight are as sure as one."""


def task_talk(reading: Reading) -> Iterator[Finding]:
    """Sentences of so many words of an order, of a text and of its making, and marks for it."""
    vocabulary = reading.answer_vocabulary
    if there := _OF_A_BATCH & vocabulary:
        yield from _batch(reading, there)
    if not _MARKING_ALONE.isdisjoint(vocabulary):
        yield from _marks(reading)
    if not (_LEVELS.isdisjoint(vocabulary) or _OF_A_LEVEL.isdisjoint(vocabulary)):
        yield from _of_its_kind(reading)
    rare = ((_ORDERED | _ORDERED_OFTEN) & vocabulary).difference(reading.question)
    found = _rarely_said(reading, rare) if rare else None
    if found := found or _often_said(reading):
        yield found


def _rarely_said(reading: Reading, rare: frozenset[str]) -> Finding | None:
    """Sentences with words of orders that law seldom has."""
    known = frozenset(reading.question)
    told = [
        (weight, sentence)
        for sentence in reading.sentences
        if any(map(sentence.lower().__contains__, rare))
        and (weight := _weight(sentence, known)) >= HALF_SURE
    ]
    if not told:
        return None
    most, sentence = max(told)
    rest = (each for each in reading.sentences if each != sentence)
    also = any(_weight(each, known, strong=False) >= LIKELY for each in rest)
    sure = most >= SURE or len(told) > 1 or also
    if not sure and most < LIKELY:
        return None
    return "META_TALK", f'"{excerpt(sentence, 0)}" in answer', "answer", sure


LEAST_OFTEN, LIKELY_OFTEN, SURE_OFTEN = 2, 4.6, 5.5
"""How many words of orders that law has often there are, and weights of a sentence as above. Of 720
good answers and 2,057 older rows none has one above 3.8."""


def _often_said(reading: Reading) -> Finding | None:
    """A sentence so full of words of an order and of a text that no single one need be rare."""
    ordered = (_ORDERED_TOO & reading.answer_vocabulary).difference(reading.question)
    if len(ordered) < LEAST_OFTEN or len(_WRITTEN_ALONE & reading.answer_vocabulary) < LEAST_OFTEN:
        return None
    known, most = frozenset(reading.question), (0.0, "")
    for sentence in reading.sentences:
        if sum(map(sentence.lower().__contains__, ordered)) >= LEAST_OFTEN:
            most = max(most, (_weight(sentence, known, strong=False), sentence))
    weight, sentence = most
    if weight < LIKELY_OFTEN:
        return None
    return "META_TALK", f'"{excerpt(sentence, 0)}" in answer', "answer", weight >= SURE_OFTEN


def _weight(sentence: str, known: Set[str], *, strong: bool = True) -> float:
    """What a sentence weighs that has words of an order and of a text.

    ``strong``: one of the former that law seldom has, or two of those that it has often.
    """
    tokens = frozenset(words(unquoted(sentence))) - known
    if tokens >= _KEYS_OF_A_HOUSE:
        tokens -= _KEYS_OF_A_HOUSE
    written, often = len(_WRITTEN_ALONE & tokens), len(_ORDERED_OFTEN & tokens)
    alone = len(_ORDERED & tokens)
    ordered, others = alone + often, len(_ORDERED_TOO & tokens)
    if (strong and not alone and often < OFTEN) or not written or not (ordered or others):
        return 0.0
    done = len(_DONE & tokens)
    written = min(written, MOST_WRITTEN)
    return written + ORDERED * ordered + others + done - LENGTH * len(sentence.split())


_LEVELS, _OF_A_LEVEL = word_list("levels"), word_list("of_a_level")
_LEVEL = r"(?:basic|introductory|elementary|intermediate|advanced|expert)(?:-level)?"
_ABOVE = r"(?:intermediate|advanced|expert)(?:-level)?"
_PIECE = r"(?:samples?|entry|entries|items?)"
_TEXT = r"(?:samples?|entry|entries|items?|answers?|treatment|explanation|exposition)"
_TEACHES = r"(?:learners?|readers?|students?|trainees?|audience)"
_ORDER = (
    r"(?:brief|instructions?|guidelines?|guidance|template|format|policy|rubric|outline|prompt"
    r"|specification|checklist)"
)
_KIND = r"(?:types?|kinds?|items?|samples?|entry|entries|format|difficulty|level|answers?)"
_HAS_TO = (
    r"(?:may|should|must|can|has to|have to|ought|needs?|requires?|treats?|stays?|keeps?|calls? for"
    r"|deals?|wants?|is (?:allowed|meant|supposed|expected|limited|confined)|gets?)"
)
_OF_ITS_KIND = re.compile(
    rf"\b(?:(?:(?:an?|the|this) {_LEVEL} {_PIECE}|an? {_ABOVE} {_TEXT}) {_HAS_TO}\b"
    rf"|for an? {_LEVEL} (?:{_TEACHES}|{_TEXT})\b"
    rf"|{_ORDER} (?:given )?(?:for|of) (?:this|the|such an?|these) {_KIND}(?! of| in|\w)"
    rf"|{_ORDER} for (?:case notes|hypotheticals|short answers|dialogues|concepts|comparisons)\b"
    r"|difficulty (?:\w+ )?(?:is |was )?(?:set|given|assigned|chosen)\b"
    r"|(?:type|level|jurisdiction|difficulty|subtopic) (?:that was )?(?:asked for|given|set|chosen)"
    rf" (?:for (?:this|the) {_TEXT}|is an?\b)"
    r"|(?:required|prescribed|wanted|demanded|requested) (?:opening|tone)\b"
    r"|(?:permitted|allowed|prescribed|given) length in (?:view|mind)\b"
    r"|(?:other|earlier|previous) (?:answers|samples|entries|items) (?:in|of) (?:the|this) (?:set"
    r"|batch|series|collection)\b)"
)
"""What somebody says who was told for whom, of what kind and how long to write, in small letters:
law has levels, samples and guidelines, but no sample of a level that has to do something."""


def _of_its_kind(reading: Reading) -> Iterator[Finding]:
    """A sentence about the kind of text that was ordered."""
    hints = _LEVELS & reading.answer_vocabulary
    for sentence in reading.sentences:
        low = sentence.lower()
        found = _OF_ITS_KIND.search(low) if any(map(low.__contains__, hints)) else None
        if found and _PIECES.isdisjoint(frozenset(words(found[0])).intersection(reading.question)):
            yield "META_TALK", f'"{excerpt(sentence, found.start())}" in answer', "answer", True
            return


_PIECES = frozenset({"sample", "samples", "entry", "entries", "item", "items", "students"})
"""What a question may be about."""

_KEYS_OF_A_HOUSE = frozenset({"keys", "handed"})
"""Each is a word of orders, and together they are none."""

_OF_A_BATCH, _OF_A_BATCH_TOO = word_list("of_a_batch"), word_list("of_a_batch_too")
_TOLD_APART = word_list("told_apart")
_IN_EACH = _WRITTEN | word_list("in_each")
MOST_OF_A_BATCH, MOST_OF_EACH = 2, 3
"""So many words of each of three kinds count."""
LIKELY_ONE, SURELY_ONE = 3.8, 4.2
"""Weight from which a sentence is flagged or refused that speaks of others of its batch; in 520
good answers none has one of 2.5, in 2,057 older rows one has 2.9."""


def _batch(reading: Reading, there: frozenset[str]) -> Iterator[Finding]:
    """A sentence that sets its text apart from others that were made beside it."""
    if not (there := there.difference(reading.question)):
        return
    known, most = frozenset(reading.question), (0.0, "")
    for sentence in reading.sentences:
        if any(map(sentence.lower().__contains__, there)):
            most = max(most, (_apart(sentence, known), sentence))
    weight, sentence = most
    if weight >= LIKELY_ONE:
        yield "META_TALK", f'"{excerpt(sentence, 0)}" in answer', "answer", weight >= SURELY_ONE


def _apart(sentence: str, known: Set[str]) -> float:
    """What a sentence weighs that has words of a batch, of what is in each, and of likeness."""
    tokens = frozenset(words(unquoted(sentence))) - known
    if _OF_A_BATCH.isdisjoint(tokens):
        return 0.0
    batch = len({stem(word) for word in (_OF_A_BATCH | _OF_A_BATCH_TOO) & tokens})
    apart, each = len(_TOLD_APART & tokens), len(_IN_EACH & tokens)
    if not (apart and each):
        return 0.0
    weight = min(MOST_OF_A_BATCH, batch) + min(MOST_OF_EACH, apart) + min(MOST_OF_EACH, each)
    return weight - LENGTH * len(sentence.split())


_MARKING, _MARKING_ALONE = word_list("of_marking"), word_list("of_marking_alone")
LEAST_MARKING = 4
"""So many different words of an examination, two of which hardly anybody else has, are no law."""


def _marks(reading: Reading) -> Iterator[Finding]:
    """What examiners tell each other, or students."""
    known = reading.question_stems
    said = {stem(word): word for word in _MARKING_ALONE & reading.answer_vocabulary}
    alone = said.keys() - known
    also = {stem(word) for word in _MARKING & reading.answer_vocabulary} - known
    if len(alone) > 1 and len(alone | also) >= LEAST_MARKING:
        at = reading.folded_answer.find(said[min(alone)])
        yield "META_TALK", f'"{excerpt(reading.draft.answer, at)}" in answer', "answer", True
