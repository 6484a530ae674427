"""Does an answer say one thing over and over, in words that stand for one another.

Paragraphs that each say the whole anew share few words and nearly all meanings. So words of one
meaning are made one (``same_meaning``), and then paragraphs and sentences are compared. An answer
that does so has many words for few meanings; no other is looked at closer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from itertools import combinations
from typing import TypeAlias

from legalgen.quality.reading import COMMON, Finding, Reading, likeness, stem
from legalgen.quality.wordlists import UP_TO_TWENTY, phrases
from legalgen.store.sample import words

_MEANING = {
    word: number for number, line in enumerate(phrases("same_meaning")) for word in line.split()
}
_MEANINGS = frozenset(_MEANING)
Meanings: TypeAlias = frozenset[int | str]
"""Numbers of meanings, and stems and figures that have no other word."""

LEAST_WORDS = 10
"""Words that have others of their meaning, below which nothing is looked for."""
RICH = 1.45
RICH_PARAGRAPHS = 1.4
RICH_REPEATED = 1.2
"""Words for each meaning from which an answer, one of several paragraphs, or one that repeats its
words anyway is looked at: one of 25 good ones has as many, and most that say one thing over and
over in other words."""
VERY_RICH, RICHEST = 1.72, 1.85
"""The same from which an answer is flagged or refused without a closer look: in 390 good answers it
is at most 1.62, in 2,057 older rows 1.67."""
RICH_TALK, TURNS_ALIKE = 1.35, 0.15
"""The same of a talk, and the mean likeness of the turns of one speaker, from which it is refused;
in good ones the latter is at most 0.08."""
LEAST_PARAGRAPH = 12
"""Words; what is shorter is a heading, or an item."""
MOST_PARAGRAPHS = 12
ALIKE, VERY_ALIKE = 0.17, 0.22
"""Likeness (Jaccard) of the meanings of two paragraphs of three or more, in the mean of all pairs,
from which that is flagged or refused; what the question means is left out, for all may be about it.
In 350 good answers it is at most 0.14, in 2,057 older rows 0.16, and in one 0.21."""
ALL_ALIKE = 0.3
"""The same with what the question means; in good answers 0.14, in older rows 0.22."""
LEAST_SENTENCES = 4
MOST_SENTENCES = 14
"""More are no answer of one thing."""
LEAST_TOLD = 3
OFTEN, SO_OFTEN = 1.45, 1.6
"""How often a meaning that is not the question's comes in the mean, and"""
SHARED, MUCH_SHARED = 0.15, 0.16
"""the mean likeness of two sentences, from which that is flagged or refused. In 350 good answers
they are at most 1.31 and 0.13, where both are high."""


def says_again(reading: Reading) -> Iterator[Finding]:
    """Three paragraphs or turns, or most sentences, of one meaning."""
    told = _MEANINGS & reading.answer_vocabulary
    if len(told) < LEAST_WORDS:
        return
    text = reading.draft.answer
    rich = RICH_PARAGRAPHS if "\n" in text else RICH
    richness = len(told) / len(set(map(_MEANING.__getitem__, told)))
    if richness >= RICHEST:
        yield "PARAPHRASE", f"it has {richness:.1f} words for each meaning", "answer", True
        return
    if reading.is_dialogue:
        if richness >= RICH_TALK and (alike := _turns(text)) >= TURNS_ALIKE:
            yield "PARAPHRASE", f"turns share {alike:.0%} of their meanings", "answer", True
        return
    found = None
    if richness >= rich or (richness >= RICH_REPEATED and reading.is_repetitive):
        found = _compared(reading, text)
    if found or richness >= VERY_RICH:
        what, far = found or (f"it has {richness:.1f} words for each meaning", False)
        yield "PARAPHRASE", what, "answer", far


def _compared(reading: Reading, text: str) -> tuple[str, bool] | None:
    """What paragraphs or sentences share, and whether that is far too much."""
    asked = meanings(reading.draft.question)
    if "\n" in text:
        alike, own = _paragraphs(text, asked)
        if alike >= ALL_ALIKE or own >= ALIKE:
            what = f"its paragraphs share {max(alike, own):.0%} of their meanings"
            return what, alike >= ALL_ALIKE or own >= VERY_ALIKE
    if len(reading.sentences) > MOST_SENTENCES:
        return None
    often, shared = _sentences(reading.sentences, asked)
    if often < OFTEN or shared < SHARED:
        return None
    what = f"each meaning comes {often:.1f} times, and two sentences share {shared:.0%}"
    return what, often >= SO_OFTEN and shared >= MUCH_SHARED


def meanings(text: str, but: Set[str] = frozenset()) -> Meanings:
    """What the telling words mean, one for all that mean the same; figures as they stand."""
    said = [word for word in words(text) if word not in but] if but else words(text)
    return frozenset(map(_meaning, said)) - _NONE


_NONE = frozenset([""])
_PART = " _ "
"""A word that no text has, between texts that are read as one."""


def _meanings_of(texts: Sequence[str]) -> list[Meanings]:
    """The meanings of each text, whose words are found in one go."""
    whole = _PART.join(texts)
    parts = " ".join(words(whole)).split(_PART) if whole.count("_") == len(texts) - 1 else []
    if len(parts) != len(texts):
        return list(map(meanings, texts))
    return [frozenset(map(_meaning, part.split())) - _NONE for part in parts]


@lru_cache(maxsize=20_000)  # most words of an answer were in others
def _meaning(word: str) -> int | str:
    """The number of its meaning, or its stem; nothing for a word that tells nothing."""
    if word in _MEANING:
        return _MEANING[word]
    tells = word[0].isdigit() or (len(word) > 3 and word not in COMMON and word.isalpha())
    return stem(word) if tells else ""


def _paragraphs(text: str, asked: Meanings) -> tuple[float, float]:
    """How like two of three paragraphs or more are in the mean, with what is asked and without."""
    lines = [line for line in text.split("\n") if len(line.split()) >= LEAST_PARAGRAPH]
    told = _meanings_of(lines[:MOST_PARAGRAPHS])
    if len(told) < LEAST_TOLD:
        return 0.0, 0.0
    return _mean(told), _mean([meant - asked for meant in told])


def alike(texts: Sequence[str]) -> float:
    """The mean likeness of the meanings of two of several texts."""
    return _mean(_meanings_of(texts))


def _turns(text: str) -> float:
    """How like three turns or more of one speaker are in the mean, of who is most like himself."""
    lines = [line.partition(":") for line in text.split("\n")]
    lines = [line for line in lines if len(line[2].split()) >= LEAST_PARAGRAPH]
    turns: dict[str, list[Meanings]] = {}
    for (speaker, _, _), told in zip(lines, _meanings_of([line[2] for line in lines]), strict=True):
        turns.setdefault(speaker, []).append(told)
    return max([_mean(each) for each in turns.values() if len(each) >= LEAST_TOLD], default=0.0)


def _mean(told: Sequence[Meanings]) -> float:
    like = [likeness(left, right) for left, right in combinations(told, 2)]
    return sum(like) / len(like)


_OWN = re.compile(r"\d[\d.,]*|[A-Z](?<=\w [A-Z])[a-z]\w+")
_NUMBERS = frozenset(UP_TO_TWENTY) - {"zero", "one"}


def _sentences(sentences: Sequence[str], asked: Meanings) -> tuple[float, float]:
    """How often a meaning comes, and how like two sentences are in the mean.

    Two that have figures or names of their own are not alike: the items of a list have.
    """
    told = [
        (meant - asked, each)
        for meant, each in zip(_meanings_of(sentences), sentences, strict=True)
    ]
    told = [each for each in told if len(each[0]) >= LEAST_TOLD]
    if len(told) < LEAST_SENTENCES:
        return 0.0, 0.0
    every = frozenset[int | str]().union(*[meant for meant, _ in told])
    often = sum([len(meant) for meant, _ in told]) / len(every)
    if often < OFTEN:
        return often, 0.0
    with_own = [
        (meant, _NUMBERS.intersection(words(each)).union(_OWN.findall(each)))
        for meant, each in told
    ]
    pairs = [
        0.0 if own - others and others - own else likeness(mine, theirs)
        for (mine, own), (theirs, others) in combinations(with_own, 2)
    ]
    return often, sum(pairs) / len(pairs)
