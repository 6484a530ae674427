"""Accepted samples that no segment holds yet: rows as Python objects, found by their keys.

Imports pyarrow: import it lazily.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from legalgen.quality.duplicates import segments as storage
from legalgen.quality.duplicates.rows import RecentRow
from legalgen.quality.duplicates.segments import Segment, ShingledRow
from legalgen.quality.duplicates.sketches import (
    KEY_BITS,
    KEYS_PER_ROW,
    Sketch,
    SketchRows,
    differing,
)

FEW_SHARE: Final = 8
"""So many rows that share a key are a tuple, which takes less than an array and is copied for each
further one."""


class RecentRows:
    """Such rows in the order in which they came, some 12 kB each."""

    def __init__(self) -> None:
        self._rows: list[RecentRow] = []
        self._by_key: dict[int, tuple[int, ...] | array[int]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def ids(self) -> list[str]:
        """The samples, in order."""
        return [one.id for one in self._rows]

    def add(self, item: Sketch) -> None:
        """One more."""
        asked, told = array("I", list(item.question)), array("I", list(item.answer))
        keys, short = array("I", item.keys), array("H", list(item.short))
        texts = ShingledRow(item.head, asked, told)
        self._note(RecentRow(item.id, item.exact, item.signature, keys, texts, short))

    def _note(self, row: RecentRow) -> None:
        number = len(self._rows)
        self._rows.append(row)
        known, alone = self._by_key, (number,)  # one for all keys: few have another row
        for key in _by_band(row.keys):
            found = known.get(key)
            if found is None:
                known[key] = alone
            elif isinstance(found, array):
                found.append(number)
            elif len(found) < FEW_SHARE:
                known[key] = (*found, number)
            else:
                known[key] = array("I", (*found, number))

    def sharing(self, keys: Sequence[int]) -> list[RecentRow]:
        """Those that share a key, the first of which is that of band 0."""
        shared = filter(None, map(self._by_key.get, _by_band(keys)))
        return [self._rows[number] for number in sorted({*chain.from_iterable(shared)})]

    def alike(
        self, keys: Sequence[int], signature: int, most: tuple[int, int]
    ) -> Iterator[tuple[RecentRow, int, int]]:
        """Those that share a key of whose question or answer so few numbers differ, and how many
        do."""
        for one in self.sharing(keys):
            asked, told = differing(signature, one.signature)
            if asked <= most[0] or told <= most[1]:
                yield one, asked, told

    def packed(self, among: set[str] | None = None) -> Segment | None:
        """A segment of all, or of these samples; None where there is none."""
        rows, texts = SketchRows(), list[ShingledRow]()
        for one in self._rows:
            if among is None or one.id in among:
                rows.add(one.id, one.exact, one.short, one.signature, one.keys)
                texts.append(one.texts)
        return storage.in_memory([storage.unsorted(rows, texts)], ()) if texts else None

    def without(self, gone: set[str]) -> RecentRows:
        """The others, in their order."""
        left = RecentRows()
        for one in self._rows:
            if one.id not in gone:
                left._note(one)
        return left


def _by_band(keys: Iterable[int]) -> Iterator[int]:
    """The keys as numbers that differ by band, too."""
    return map(int.__or__, _BANDS, keys)


_BANDS: Final = tuple(band << KEY_BITS for band in range(KEYS_PER_ROW))
