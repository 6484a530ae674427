"""How close the rows of a set are to each other: exact similarities, for some thousand rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from legalgen.quality.duplicates.sketches import shingles
from legalgen.store.sample import words


def nearest(texts: Sequence[str], size: int) -> list[tuple[float, int]]:
    """For each text the Jaccard similarity of its nearest other, and which that is.

    Over shingles of ``size`` words; (0.0, itself) where nothing is shared. Measured: 0.3 s for
    2,000 answers of 80 words, growing with the square of their number.
    """
    best = [(0.0, number) for number in range(len(texts))]
    for left, right, similarity in _pairs([shingles(words(text), size) for text in texts]):
        best[left] = max(best[left], (similarity, right))
        best[right] = max(best[right], (similarity, left))
    return best


def _pairs(sets: Sequence[frozenset[int]]) -> Iterator[tuple[int, int, float]]:
    """Every pair that shares a shingle, the later one first, with its similarity."""
    holders: dict[int, list[int]] = {}
    for number, own in enumerate(sets):
        common: Counter[int] = Counter()
        for shingle in own:
            known = holders.setdefault(shingle, [])
            common.update(known)
            known.append(number)
        for other, count in common.items():
            yield number, other, count / (len(own) + len(sets[other]) - count)
