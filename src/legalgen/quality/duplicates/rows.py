"""Rows of the duplicate index, and where what is compared of them is.

That of samples that are not packed yet is at hand, that of a sealed one is made of its text in a
part, and that of a list that nobody seals lies in files of its own.

Imports pyarrow: import it lazily.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from legalgen.errors import DiskError
from legalgen.quality.duplicates import segments as storage
from legalgen.quality.duplicates.segments import Segment, ShingledRow
from legalgen.quality.duplicates.sketches import ANSWER_WORDS, QUESTION_WORDS, head_of, shingles
from legalgen.store.parts import Text, TextReader, part_size
from legalgen.store.sample import words


class IndexedPart(msgspec.Struct, frozen=True):
    """A sealed part of the dataset: its file name, its size in bytes, and how to read it.

    ``rows`` yields (id, question, answer) and is called only when no segment covers the part; None
    where the part cannot be read, which stays uncovered. ``row`` reads the one of a number from 0
    on, for a comparison; None where it cannot be read any more.
    """

    name: str
    size: int
    rows: Callable[[], Iterable[Text] | None]
    row: Callable[[int], Text | None]

    def shingled(self, sample_id: str, number: int) -> ShingledRow | None:
        """What is compared exactly of a row; None where its text cannot be read any more."""
        found = self.row(number)
        return _shingled(*found[1:]) if found is not None and found[0] == sample_id else None


class SpiltPart(msgspec.Struct, frozen=True):
    """Rows of which no part has the text: what is compared of them is in a file of their own."""

    path: Path
    size: int = 0

    def shingled(self, _: str, number: int) -> ShingledRow:
        """What is compared exactly of a row."""
        return _spilt(self.path).row(number)


@lru_cache(maxsize=16)
def _spilt(path: Path) -> storage.Shingles:
    return storage.read_shingles(path)


def indexed_part(
    path: Path, rows: Callable[[], Iterable[Text] | None], texts: TextReader
) -> IndexedPart:
    """A part in a file, with ``rows`` for all of it; a row that cannot be read is told by None."""

    def row(number: int) -> Text | None:
        try:
            return texts.row(path, number)
        except DiskError:
            return None

    return IndexedPart(path.name, part_size(path), rows, row)


class RecentRow(msgspec.Struct, frozen=True):
    """An accepted sample that is not packed yet."""

    id: str
    exact: int
    signature: int
    keys: Sequence[int]
    texts: ShingledRow
    short: Collection[int]
    is_at_hand: bool = True

    def shingled(self) -> ShingledRow:
        """What is compared exactly."""
        return self.texts


class StoredRow(msgspec.Struct, frozen=True):
    """A row of a segment, read as it is asked for: most candidates are let go after a look."""

    segment: Segment
    row: int
    parts: Mapping[str, IndexedPart | SpiltPart]

    @property
    def id(self) -> str:
        """The sample."""
        return self.segment.id_of(self.row)

    @property
    def exact(self) -> int:
        """64 bits of the question's words."""
        return self.segment.exact[self.row]

    @property
    def short(self) -> Collection[int]:
        """16 bits of each shingle of the question."""
        return self.segment.short(self.row)

    @property
    def is_at_hand(self) -> bool:
        """Whether its shingles are in memory, and nothing has to be read for them."""
        return self.segment.has_shingles

    def shingled(self) -> ShingledRow | None:
        """What is compared exactly; None where the text cannot be read any more."""
        if self.segment.has_shingles:
            return self.segment.shingled(self.row)
        name, number = self.segment.place(self.row)
        return self.parts[name].shingled(self.id, number)


def _shingled(question: str, answer: str) -> ShingledRow:
    asked = shingles(words(question), QUESTION_WORDS)
    told = shingles(words(answer), ANSWER_WORDS)
    return ShingledRow(head_of(question), array("I", asked), array("I", told))
