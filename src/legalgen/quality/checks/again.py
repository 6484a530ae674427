"""Does an answer say one thing over and over, in words that stand for one another.

Paragraphs that each say the whole anew share few words and nearly all meanings. So words of one
meaning are made one (``same_meaning``), and then paragraphs and sentences are compared. An answer
that does so has many words for few meanings; no other is looked at closer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from legalgen.quality.reading import COMMON, Finding, Reading, stem
from legalgen.quality.wordlists import UP_TO_TWENTY, phrases
from legalgen.store.sample import words

_MEANING = {
    word: number for number, line in enumerate(phrases("same_meaning")) for word in line.split()
}
_MEANINGS = frozenset(_MEANING)

LEAST_WORDS = 10
"""Words that have others of their meaning, below which nothing is looked for."""
RICH = 1.55
"""Words for each meaning from which an answer is looked at, if it does not repeat its words anyway:
one of 40 good ones has as many, and most that say one thing over and over in other words."""
LEAST_PARAGRAPH = 18
"""Words; what is shorter is a heading, or an item."""
MOST_PARAGRAPHS = 12
ALIKE, VERY_ALIKE = 0.22, 0.25
"""Likeness (Jaccard) of the meanings of three paragraphs, each to each, from which that is flagged
or refused. In 350 good answers it is at most 0.14, in 2,057 older rows 0.23; in those that say one
thing over and over 0.28 or more."""
LEAST_SENTENCES = 4
MOST_SENTENCES = 40
LEAST_TOLD = 3
OFTEN, SO_OFTEN = 1.6, 1.75
"""How often a meaning comes in the mean, and"""
SHARED, MUCH_SHARED = 0.15, 0.17
"""the mean likeness of two sentences, from which that is flagged or refused. Good answers that have
one of them lack the other; of 2,057 older rows none is refused."""


def says_again(reading: Reading) -> Iterator[Finding]:
    """Three paragraphs or most sentences of one meaning."""
    told = _MEANINGS & reading.answer_vocabulary
    if len(told) < LEAST_WORDS or reading.is_dialogue:
        return
    if len(told) < RICH * len(set(map(_MEANING.__getitem__, told))) and not reading.is_repetitive:
        return
    text = reading.draft.answer
    if "\n" in text and (alike := _paragraphs(text)) >= ALIKE:
        what = f"three paragraphs share {alike:.0%} of their meanings, each with each"
        yield "PARAPHRASE", what, "answer", alike >= VERY_ALIKE
        return
    often, shared = _sentences(reading.sentences)
    if often >= OFTEN and shared >= SHARED:
        what = f"each meaning comes {often:.1f} times, and two sentences share {shared:.0%}"
        yield "PARAPHRASE", what, "answer", often >= SO_OFTEN and shared >= MUCH_SHARED


def _meanings(text: str) -> frozenset[int | str]:
    """What the telling words mean, one for all that mean the same; figures as they stand."""
    said = words(text)
    return frozenset(
        [_MEANING.get(word, stem(word)) for word in said if word in _MEANING or _tells(word)]
    )


def _tells(word: str) -> bool:
    return word[0].isdigit() or (len(word) > 3 and word not in COMMON and word.isalpha())


def _likeness(left: frozenset[int | str], right: frozenset[int | str]) -> float:
    shared = len(left & right)
    return shared / max(1, len(left) + len(right) - shared)


def _paragraphs(text: str) -> float:
    """How like three paragraphs are, each to each, at the most."""
    lines = [line for line in text.split("\n") if len(line.split()) >= LEAST_PARAGRAPH]
    told = list(map(_meanings, lines[:MOST_PARAGRAPHS]))
    like = {(a, b): _likeness(told[a], told[b]) for a, b in combinations(range(len(told)), 2)}
    triples = combinations(range(len(told)), 3)
    return max((min(like[a, b], like[b, c], like[a, c]) for a, b, c in triples), default=0.0)


_OWN = re.compile(r"\d[\d.,]*|[A-Z](?<=\w [A-Z])[a-z]\w+")
_NUMBERS = frozenset(UP_TO_TWENTY) - {"zero", "one"}


def _sentences(sentences: Sequence[str]) -> tuple[float, float]:
    """How often a meaning comes, and how like two sentences are in the mean.

    Two that have figures or names of their own are not alike: the items of a list have.
    """
    told = [
        (_meanings(each), _NUMBERS.intersection(words(each)).union(_OWN.findall(each)))
        for each in sentences
    ]
    told = [each for each in told if len(each[0]) >= LEAST_TOLD][:MOST_SENTENCES]
    if len(told) < LEAST_SENTENCES:
        return 0.0, 0.0
    every = frozenset[int | str]().union(*(meant for meant, _ in told))
    often = sum(len(meant) for meant, _ in told) / len(every)
    if often < OFTEN:
        return often, 0.0
    pairs = [
        0.0 if own - others and others - own else _likeness(mine, theirs)
        for (mine, own), (theirs, others) in combinations(told, 2)
    ]
    return often, sum(pairs) / len(pairs)
