"""Segments of the duplicate index: immutable sets of rows in files that are mapped.

Of each row a segment keeps its id, 64 bits of its question's words, its signature, 16 bits of each
shingle of its question, and its band keys: about 590 bytes. Those of unsealed samples keep their
shingles and the head of the question too, which of a sealed one are in its part.

The keys of all rows stand band by band, sorted, in 32 bits each: with R bits for the row, the low
``32 - R`` bits of the key and the row. A directory says for the bits above these where in its band
they begin, so that nothing of a key is lost and a look-up searches some tens of entries. ::

    band 0                         | band 1 ...
    bucket 0 | bucket 1 | ...      |
    (low bits of the key, row) ... |

A segment is made column by column and band by band, in a file of rows that are not sorted yet or of
other segments: the memory that it takes is that of one band, 60 bytes a row.

Imports pyarrow: import it lazily.
"""

from __future__ import annotations

import importlib.metadata
import json
import tempfile
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby, pairwise
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa

from legalgen.quality.duplicates import columns as filed
from legalgen.quality.duplicates.candidates import (
    Probes,
    Signatures,
    few_differ,
    fixed,
    near_by_question,
    sharing,
    words_of,
)
from legalgen.quality.duplicates.columns import Columns, HeldColumns, MappedColumns, Piece, Pieces
from legalgen.quality.duplicates.sketches import (
    ANSWER_BANDS,
    ANSWER_BYTES,
    ANSWER_KEYS,
    ANSWER_ROWS,
    KEY_BITS,
    KEYS_PER_ROW,
    QUESTION_BANDS,
    QUESTION_BYTES,
    QUESTION_ROWS,
    SIGNATURE_BYTES,
    SketchRows,
    asked_differ,
    halves,
    numbers,
    packed,
    told_differ,
    uint32,
    uint64,
)
from legalgen.settings.writing import make_folder, swapped_in

FORMAT_VERSION: Final = 4
SUFFIX: Final = ".segment"
OUTDATED: Final = ("*.arrow", "*.arrow.*")
"""What earlier versions left in the folder of an index: nothing that could be read."""
FEW_ROWS: Final = 4_000
"""So many rows are sorted without ``pyarrow.compute``, which takes 25 ms to load."""
FEW_TOGETHER: Final = 512
"""So many rows of segments are put in order as Python numbers: measured, a merge of 64 takes 3 ms
and not 50, one of 512 takes 18, and from 1,500 on Arrow is faster."""
CROWD: Final = 16
"""So many rows with the same key of the answer are alike only if they share a second one.

What that costs: of answers alike by 0.6 one pair in 8,000 has fewer than two keys in common; of
those alike by 0.3, which earn a flag, 0.73 have one and 0.37 have two."""
MANY_CANDIDATES: Final = 150
"""So many rows are compared by Arrow, which begins later and takes a tenth of the time for each."""
MANY_ENTRIES: Final = 2_000
"""So many entries of crowded keys are counted by Arrow."""
CHECKED_AT_START: Final = 8 << 20
"""Bytes of a segment whose CRCs are looked at when it is opened, 2 ms of CPU: all of 14,000 rows,
and of a million where their lists end. Damage elsewhere is looked for where a look-up fails, and
before segments are merged."""
_PAIRS_AT_ONCE: Final = 50_000
"""Pairs of signatures, of some 200 bytes, that are compared together."""
_LEAST_ROW_BITS: Final = 32 - KEY_BITS
_LISTS: Final = ("ids", "questions")
_SHINGLES: Final = ("heads", "asked", "told")
_WIDTHS: Final = {"ids": 1, "questions": 2, "heads": 1, "asked": 4, "told": 4}
"""Columns of lists, with the bytes of an item. Beside each stands where its lists end, after a 0,
in items: 32 bits each."""


class SegmentPart(msgspec.Struct, frozen=True):
    """A sealed part that a segment covers: its file name, its bytes, and its rows in there."""

    name: str
    size: int
    rows: int


Parts = tuple[SegmentPart, ...]


class ShingledRow(msgspec.Struct, frozen=True):
    """What the exact comparison needs of one row; the hashes are 4 bytes each, thirty in a set."""

    head: str
    question: Sequence[int]
    answer: Sequence[int]


class Shingles:
    """What is compared exactly of rows, in such columns."""

    def __init__(self, columns: Columns) -> None:
        self._heads, self._head_ends = columns["heads"], _ends(columns, "heads")
        self._asked = _ends(columns, "asked"), columns["asked"].cast("I")
        self._told = _ends(columns, "told"), columns["told"].cast("I")

    def row(self, number: int) -> ShingledRow:
        """The row of a number from 0 on."""
        (asked, questions), (told, answers) = self._asked, self._told
        head = self._heads[self._head_ends[number] : self._head_ends[number + 1]]
        return ShingledRow(
            str(head, "utf-8", "surrogatepass"),
            questions[asked[number] : asked[number + 1]],
            answers[told[number] : told[number + 1]],
        )


class Segment:
    """An immutable set of rows, in a file or in memory; ``parts`` none: of unsealed samples."""

    def __init__(self, columns: Columns, parts: Parts, path: Path | None) -> None:
        self.columns, self.parts, self.path = columns, parts, path
        self.exact = columns["exact"].cast("Q")
        self.rows = len(self.exact)
        self._part_ends = list(accumulate(part.rows for part in parts))
        self._row_bits = _row_bits(self.rows)
        self._low_bits = 32 - self._row_bits
        self._buckets = 1 << (KEY_BITS - self._low_bits)
        self._entries = columns["entries"].cast("I")
        self._directory = columns["directory"].cast("I")
        self._signatures = columns["asked_signatures"], columns["told_signatures"]
        self._asked = fixed(self._signatures[0], QUESTION_BYTES)
        self._told = fixed(self._signatures[1], ANSWER_BYTES)
        self._ids, self._id_ends = columns["ids"], _ends(columns, "ids")
        self._questions = _ends(columns, "questions"), columns["questions"].cast("H")
        if len(self._directory) != KEYS_PER_ROW * self._buckets + 1 or not (
            KEYS_PER_ROW * self.rows == self._directory[-1] == len(self._entries)
        ):
            raise ValueError("a segment whose directory is not that of its rows")
        self._shingles = Shingles(columns) if "heads" in columns else None

    @property
    def has_shingles(self) -> bool:
        """Whether it can be compared exactly without the texts of its rows."""
        return self._shingles is not None

    def ids(self) -> list[str]:
        """The samples of its rows, in order."""
        return list(map(self.id_of, range(self.rows)))

    def id_of(self, row: int) -> str:
        """The sample of one row."""
        ends = self._id_ends
        return str(self._ids[ends[row] : ends[row + 1]], "utf-8", "surrogatepass")

    def is_unsealed(self, among: set[str]) -> bool:
        """Whether it was packed in this process, of these samples and no other."""
        return self.path is None and not self.parts and among.issuperset(self.ids())

    def is_whole(self) -> bool:
        """Whether its file is as it was written; all of it is read."""
        return not isinstance(self.columns, MappedColumns) or self.columns.is_whole()

    def signature(self, row: int) -> int:
        """What similarities are estimated from."""
        asked, told = self._signatures
        question = asked[row * QUESTION_BYTES : (row + 1) * QUESTION_BYTES].tobytes()
        return int.from_bytes(question + told[row * ANSWER_BYTES : (row + 1) * ANSWER_BYTES])

    def short(self, row: int) -> memoryview:
        """16 bits of each shingle of the question."""
        ends, values = self._questions
        return values[ends[row] : ends[row + 1]]

    def shingled(self, row: int) -> ShingledRow:
        """What it keeps for an exact comparison; only where it ``has_shingles``."""
        assert self._shingles is not None
        return self._shingles.row(row)

    def place(self, row: int) -> tuple[str, int]:
        """The name of the part that a row is in, and its number there; only with ``parts``."""
        at = bisect_right(self._part_ends, row)
        return self.parts[at].name, row - (self._part_ends[at - 1] if at else 0)

    def candidates(self, keys: Sequence[int]) -> set[int]:
        """Rows that share one of the keys, the first of which is that of band 0."""
        row_of = ((1 << self._row_bits) - 1).__and__
        return {row for _, entries in self._sharing(keys) for row in map(row_of, entries)}

    def _sharing(self, keys: Sequence[int]) -> Iterator[tuple[int, memoryview]]:
        """Of each key that rows have its band, and their entries."""
        entries, directory = self._entries, self._directory
        low_bits, row_bits, buckets = self._low_bits, self._row_bits, self._buckets
        low, step = (1 << low_bits) - 1, 1 << row_bits
        for band, key in enumerate(keys):
            bucket = band * buckets + (key >> low_bits)
            end, wanted = directory[bucket + 1], (key & low) << row_bits
            first = bisect_left(entries, wanted, directory[bucket], end)
            if first < end and entries[first] < wanted + step:
                yield band, entries[first : bisect_left(entries, wanted + step, first, end)]

    def alike(
        self, keys: Sequence[int], signature: int, most: tuple[int, int]
    ) -> Iterable[tuple[int, int, int]]:
        """Rows that share a key and are ``near``, but for those that a crowd's key alone brings.

        Where many share keys of the question, these are compared by that half of the signature: one
        whose answer is near has a key of the answer. Of these a key that very many rows have, as
        formulae bring it, is no sign that answers are alike: a second one must be shared. Of a
        crowd that is left it is those that seem nearest (``candidates.NEAREST``).
        """
        asked, told, rows = array("I"), list[memoryview](), set[int]()
        row_of = ((1 << self._row_bits) - 1).__and__
        for band, entries in self._sharing(keys):
            if band < ANSWER_KEYS:
                asked.frombytes(entries.cast("B"))
            elif len(entries) < CROWD:
                rows.update(map(row_of, entries))
            else:
                told.append(entries)
        if len(asked) < MANY_CANDIDATES:
            rows.update(map(row_of, asked))
        else:
            crowd = _rows_of(asked, self._row_bits)
            probe = signature.to_bytes(SIGNATURE_BYTES)[:QUESTION_BYTES]
            rows.update(numbers(near_by_question(crowd, self._asked, probe, most[0]), "I"))
        if sum(map(len, told)) >= MANY_ENTRIES:
            rows.update(_in_several(told, self._row_bits))
            told.clear()
        told.sort(key=len)
        seen = set[int]()
        for entries in told[:-1]:
            crowded = set(map(row_of, entries))
            rows |= seen & crowded
            seen |= crowded
        if seen:  # the longest is only looked through
            rows |= seen.intersection(map(row_of, told[-1]))
        return self.near(sorted(rows), signature, most, nearest=True)

    def near(
        self,
        rows: Sequence[int],
        signature: int,
        most: tuple[int, int],
        *,
        nearest: bool = False,
    ) -> Iterable[tuple[int, int, int]]:
        """Those of the rows of whose question or answer so few numbers differ, and how many do.

        ``nearest``: of a crowd no more than ``candidates.NEAREST``.
        """
        if len(rows) >= MANY_CANDIDATES:
            left = self._signatures_of(packed("I", rows))
            raw = signature.to_bytes(SIGNATURE_BYTES)
            right = (
                array("Q", raw[:QUESTION_BYTES] * len(rows)),
                array("Q", raw[QUESTION_BYTES:] * len(rows)),
            )
            places, asked, told = few_differ(left, right, most, nearest=nearest)
            return [(rows[at], asked[at], told[at]) for at in places]
        # A third less than by way of `signature` and `differing`: most candidates end here.
        found, (question, answer) = [], halves(signature)
        asked, told = self._signatures
        for row in rows:
            half = asked[row * QUESTION_BYTES : (row + 1) * QUESTION_BYTES]
            other = told[row * ANSWER_BYTES : (row + 1) * ANSWER_BYTES]
            questions = asked_differ(int.from_bytes(half) ^ question)
            answers = told_differ(int.from_bytes(other) ^ answer)
            if questions <= most[0] or answers <= most[1]:
                found.append((row, questions, answers))
        return found

    def near_many(
        self, probes: Probes, most: tuple[int, int]
    ) -> dict[int, list[tuple[int, int, int]]]:
        """``candidates`` and ``near`` of many samples, by their numbers; of most there is none."""
        import pyarrow.compute as pc  # 25 ms that few starts need

        entries, directory = packed("I", self._entries), packed("I", self._directory)
        pairs = sharing(entries, directory, self._row_bits, probes)
        found: dict[int, list[tuple[int, int, int]]] = {}
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            some = pairs.slice(start, _PAIRS_AT_ONCE)
            rows = pc.bit_wise_and(some, uint64(0xFFFF_FFFF)).cast(pa.uint32())
            of = pc.shift_right(some, uint64(32)).cast(pa.uint32())
            right = words_of(probes.signatures[0].take(of)), words_of(probes.signatures[1].take(of))
            places, asked, told = few_differ(self._signatures_of(rows), right, most)
            row, sample = numbers(rows, "I"), numbers(of, "I")
            for at in places:
                found.setdefault(sample[at], []).append((row[at], asked[at], told[at]))
        for each in found.values():
            each.sort()
        return found

    def _signatures_of(self, rows: Any) -> Signatures:
        """Those of some rows."""
        return words_of(self._asked.take(rows)), words_of(self._told.take(rows))

    def band(self, band: int, base: int = 0) -> Any:
        """Key and number of each row by one band, ``key << 32 | base + row``, as an Arrow array."""
        import pyarrow.compute as pc  # 25 ms that few starts need

        first = band * self._buckets
        bounds = self._directory[first : first + self._buckets + 1]
        ends = array("I")
        buckets = array("I")
        for bucket in range(self._buckets):
            if bounds[bucket + 1] > bounds[bucket]:
                ends.append(bounds[bucket + 1] - bounds[0])
                buckets.append(bucket)
        values = self._entries[bounds[0] : bounds[0] + self.rows]
        # Arrow believes where runs end, and writes there.
        if list(ends) != sorted(ends) or (ends[-1] if ends else 0) != len(values):
            raise ValueError("a segment whose directory is damaged")
        # Not by `from_arrays`, which imports pandas where it is installed: 0.25 s.
        runs = pa.Array.from_buffers(
            pa.run_end_encoded(pa.int32(), pa.uint32()),
            len(values),
            [None],
            children=[packed("I", ends).cast(pa.int32()), packed("I", buckets)],
        )
        high = pc.run_end_decode(runs).cast(pa.uint64())
        entries = packed("I", values).cast(pa.uint64())
        low = pc.shift_right(entries, uint64(self._row_bits))
        key = pc.bit_wise_or(pc.shift_left(high, uint64(self._low_bits)), low)
        row = pc.bit_wise_and(entries, uint64((1 << self._row_bits) - 1))
        return pc.bit_wise_or(pc.shift_left(key, uint64(32)), pc.add(row, uint64(base)))

    def few(self, band: int, base: int = 0) -> list[int]:
        """As ``band``, as Python numbers."""
        first = band * self._buckets
        bounds = self._directory[first : first + self._buckets + 1]
        mask, found = (1 << self._row_bits) - 1, list[int]()
        for bucket, (start, end) in enumerate(pairwise(bounds)):
            high = bucket << self._low_bits
            for entry in self._entries[start:end]:
                found.append((high | entry >> self._row_bits) << 32 | base + (entry & mask))
        if len(found) != self.rows or bounds[-1] - bounds[0] != self.rows:
            raise ValueError("a segment whose directory is damaged")
        return found


def _row_bits(rows: int) -> int:
    return max(_LEAST_ROW_BITS, (rows - 1).bit_length())


def _rows_of(entries: array[int], row_bits: int) -> Any:
    """The rows of entries, as an Arrow array."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    return pc.bit_wise_and(packed("I", entries), uint32((1 << row_bits) - 1))


def _in_several(crowds: Iterable[memoryview], row_bits: int) -> Sequence[int]:
    """The rows that more than one of these has entries of; each has one of a row at most."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    entries = array("I")
    for crowd in crowds:
        entries.frombytes(crowd.cast("B"))
    counted = pc.value_counts(_rows_of(entries, row_bits))
    several = pc.greater(counted.field("counts"), 1)
    return numbers(counted.field("values").filter(several), "I")


def _ends(columns: Columns, name: str) -> memoryview:
    """Where in a column the list of each row begins, and at last where the last one ends."""
    return columns[f"{name}_ends"].cast("I")


# --- making them -------------------------------------------------------------------------------


class Block(Protocol):
    """Rows that become a part of a segment."""

    @property
    def columns(self) -> Columns:
        """What is the same in the segment, but for where lists end."""

    @property
    def rows(self) -> int:
        """How many."""


class Unsorted(msgspec.Struct, frozen=True):
    """Rows whose keys stand as they were read, band by band."""

    columns: Columns
    rows: int

    def keys(self, band: int) -> memoryview:
        """The keys of a band, in the order of the rows."""
        size = 4 * self.rows
        return self.columns["keys"][band * size : (band + 1) * size]


Blocks = Sequence[Unsorted] | Sequence[Segment]


def unsorted(rows: SketchRows, shingled: Sequence[ShingledRow] = ()) -> Unsorted:
    """What was read, in memory; with ``shingled`` of each row, what these say is in it, too."""
    return Unsorted(HeldColumns(_read_columns(rows, shingled)), len(rows))


def spooled(rows: SketchRows, folder: Path) -> Unsorted:
    """What was read, in a file of this folder that has no name and is gone with this object."""
    make_folder(folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        filed.write(file, _read_columns(rows, ()), {})
        file.flush()
        return Unsorted(MappedColumns(file), len(rows))


def _read_columns(rows: SketchRows, shingled: Sequence[ShingledRow]) -> Pieces:
    yield "exact", (rows.exact.tobytes(),)
    yield "asked_signatures", (rows.asked,)
    yield "told_signatures", (rows.told,)
    yield from _texts("ids", rows.ids)
    yield "questions", (rows.questions.tobytes(),)
    yield "questions_ends", (rows.ends.tobytes(),)
    yield "keys", (band.tobytes() for band in rows.bands)
    if shingled:
        yield from _texts("heads", [one.head for one in shingled])
        yield from _lists("asked", [one.question for one in shingled])
        yield from _lists("told", [one.answer for one in shingled])


def _texts(name: str, values: Sequence[str]) -> Pieces:
    raw = [value.encode("utf-8", "surrogatepass") for value in values]
    yield name, raw
    yield f"{name}_ends", (array("I", accumulate(map(len, raw), initial=0)).tobytes(),)


def _lists(name: str, lists: Sequence[Sequence[int]]) -> Pieces:
    yield name, (memoryview(array("I", values)) for values in lists)
    yield f"{name}_ends", (array("I", accumulate(map(len, lists), initial=0)).tobytes(),)


def in_memory(blocks: Blocks, parts: Parts) -> Segment:
    """A segment of these rows that is in no file."""
    first = blocks[0]
    if len(blocks) == 1 and isinstance(first, Segment):
        return Segment(first.columns, parts, None)
    return Segment(HeldColumns(joined(blocks)), parts, None)


def joined(blocks: Blocks, *, shingles: bool = True) -> Pieces:
    """The columns of a segment of all these rows, in their order, none of which is held whole.

    With ``shingles`` where each of the blocks has them.
    """
    rows = sum(one.rows for one in blocks)
    for name in ("exact", "asked_signatures", "told_signatures"):
        yield name, (one.columns[name] for one in blocks)
    has_shingles = shingles and all("heads" in one.columns for one in blocks)
    for name in (*_LISTS, *(_SHINGLES if has_shingles else ())):
        yield name, (one.columns[name] for one in blocks)
        yield f"{name}_ends", _shifted(blocks, name)
        _forget(blocks)
    if len(blocks) == 1 and isinstance(blocks[0], Segment):
        for name in ("entries", "directory"):
            yield name, (blocks[0].columns[name],)
        return
    directory = array("I", [0])
    yield "entries", _banded(blocks, rows, directory)
    yield "directory", (directory.tobytes(),)


def _forget(blocks: Iterable[Block]) -> None:
    for one in blocks:
        one.columns.forget()


def _shifted(blocks: Sequence[Block], name: str) -> Iterator[Piece]:
    """Where the lists of all blocks end, after a 0."""
    base = 0
    yield array("I", [0]).tobytes()
    for one in blocks:
        ends = _ends(one.columns, name)[1:]
        yield array("I", [base + end for end in ends]).tobytes() if base else ends
        base += len(one.columns[name]) // _WIDTHS[name]


def _banded(blocks: Blocks, rows: int, directory: array[int]) -> Iterator[Piece]:
    """The entries of each band; where their buckets end is added to the directory."""
    row_bits = _row_bits(rows)
    buckets = 1 << (KEY_BITS - 32 + row_bits)
    for band in range(KEYS_PER_ROW):
        found = _in_order(blocks, band, rows)
        directory.extend(_bucket_ends(found, 64 - row_bits, buckets, directory[-1]))
        yield _entries(found, row_bits).tobytes()
        _forget(blocks)


def _in_order(blocks: Blocks, band: int, rows: int) -> Sequence[int]:
    """``key << 32 | row`` of all blocks, in order."""
    keys, parts, few, base = array("I"), [], list[int](), 0
    for one in blocks:
        if not isinstance(one, Segment):
            keys.frombytes(one.keys(band))
        elif rows <= FEW_TOGETHER:
            few += one.few(band, base)
        else:
            parts.append(one.band(band, base))
        base += one.rows
    if few:
        return sorted(few)
    if parts:
        return by_key(pa.concat_arrays(parts))
    return _few(keys) if rows <= FEW_ROWS else _many(keys)


def by_key(values: Any) -> memoryview:
    """Arrow's numbers ``key << 32 | row`` in the order of their keys, equal ones as they stand."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    keys = pc.shift_right(values, uint64(32)).cast(pa.uint32())
    return numbers(values.take(_order_of(keys)), "Q")


def _order_of(keys: Any) -> Any:
    """The places of Arrow's keys in the order of these, equal ones as they stand.

    By 10 bits of them after another, the lowest first: so few values Arrow counts, and compares
    none, in a quarter of the time.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    order = None
    for low in range(0, KEY_BITS, _COUNTED_BITS):
        digits = pc.bit_wise_and(pc.shift_right(keys, uint32(low)), uint32(_COUNTED))
        if order is None:
            order = pc.array_sort_indices(digits)
        else:
            order = order.take(pc.array_sort_indices(digits.take(order)))
    return order


_COUNTED_BITS: Final = 10
_COUNTED: Final = (1 << _COUNTED_BITS) - 1


def _few(band: array[int]) -> Sequence[int]:
    return sorted([key << 32 | row for row, key in enumerate(band)])


def _many(band: array[int]) -> Sequence[int]:
    import pyarrow.compute as pc  # 25 ms that few starts need

    keys = packed("I", band)
    rows = _order_of(keys)
    high = pc.shift_left(keys.take(rows).cast(pa.uint64()), uint64(32))
    return numbers(pc.bit_wise_or(high, rows), "Q")


def _bucket_ends(band: Sequence[int], shift: int, buckets: int, base: int) -> Iterable[int]:
    """Where in a band that is in order each bucket ends, counted from ``base`` on.

    The bucket of ``key << 32 | row`` stands above the low ``shift`` bits.
    """
    if not isinstance(band, memoryview):
        return [base + bisect_left(band, bucket << shift) for bucket in range(1, buckets + 1)]
    import pyarrow.compute as pc  # 25 ms that few starts need

    runs = pc.run_end_encode(pc.shift_right(packed("Q", band), uint64(shift)).cast(pa.uint32()))
    found = zip(numbers(runs.values, "I"), numbers(runs.run_ends, "i"), strict=True)
    if len(runs.values) == buckets:
        return [base + end for _, end in found]
    ends, last = array("I"), base
    for bucket, end in found:  # a bucket without keys ends where the one before it does
        ends.extend([last] * (bucket - len(ends)))
        last = base + end
        ends.append(last)
    ends.extend([last] * (buckets - len(ends)))
    return ends


def _entries(band: Sequence[int], row_bits: int) -> array[int]:
    """Of ``key << 32 | row`` the low bits of the key, then the row, in 32 bits."""
    row_mask, mask = (1 << row_bits) - 1, 0xFFFF_FFFF
    if not isinstance(band, memoryview):
        return array("I", [(one >> 32 << row_bits | one & row_mask) & mask for one in band])
    import pyarrow.compute as pc  # 25 ms that few starts need

    values = packed("Q", band)
    key = pc.shift_left(pc.shift_right(values, uint64(32)), uint64(row_bits))
    entry = pc.bit_wise_or(key, pc.bit_wise_and(values, uint64(row_mask)))
    low = pc.bit_wise_and(entry, uint64(mask)).cast(pa.uint32())
    return array("I", numbers(low, "I").tobytes())


# --- on disk -----------------------------------------------------------------------------------


def _version() -> str:
    """What a segment's keys depend on; rensa's sketches differ between its versions."""
    shape = f"{QUESTION_BANDS}x{QUESTION_ROWS}+{ANSWER_BANDS}x{ANSWER_ROWS}x{KEY_BITS}"
    return f"{FORMAT_VERSION}/{shape}/rensa {importlib.metadata.version('rensa')}"


def write(blocks: Blocks, parts: Parts, path: Path) -> None:
    """Write beside, flush, swap: a reader never sees half a segment."""
    make_folder(path.parent)
    told = {"version": _version(), "parts": json.dumps([msgspec.structs.astuple(p) for p in parts])}
    with swapped_in(path) as file:
        filed.write(file, joined(blocks, shingles=False), told)


def write_shingles(segment: Segment, path: Path) -> None:
    """What a segment in a file leaves out, of one that has it."""
    names = [part for name in _SHINGLES for part in (name, f"{name}_ends")]
    with swapped_in(path) as file:
        filed.write(file, ((name, (segment.columns[name],)) for name in names), {})


def read_shingles(path: Path) -> Shingles:
    """What ``write_shingles`` wrote, mapped."""
    return Shingles(filed.read(path))


def read(path: Path) -> Segment:
    """The segment in a file, mapped."""
    return _segment(filed.read(path), path)


def _segment(columns: MappedColumns, path: Path) -> Segment:
    if columns.told["version"] != _version():
        raise ValueError("a segment of another version")
    found = json.loads(columns.told["parts"])
    return Segment(columns, tuple(SegmentPart(*each) for each in found), path)


def valid(path: Path) -> Segment | None:
    """The segment at ``path``, or None where it is torn, foreign, of another version, or gone.

    Damage inside is noticed in its small columns; see ``CHECKED_AT_START``.
    """
    try:
        columns = filed.read(path)
        if not columns.is_whole(CHECKED_AT_START):
            return None
        segment = _segment(columns, path)
    except (KeyError, ValueError, IndexError, TypeError, FileNotFoundError):
        return None
    return segment if segment.rows else None


def together(segments: Iterable[Segment], band: int) -> Iterator[tuple[int, list[int]]]:
    """The keys of a band that several rows have, and these, numbered through all segments."""
    segments = list(segments)
    bases = [0, *accumulate(one.rows for one in segments)]
    if bases[-1] < 2:
        return
    if bases[-1] <= FEW_TOGETHER:
        few = (one.few(band, base) for one, base in zip(segments, bases, strict=False))
        for key, group in groupby(sorted(chain.from_iterable(few)), lambda entry: entry >> 32):
            numbered = [entry & 0xFFFF_FFFF for entry in group]
            if len(numbered) > 1:
                yield key, numbered
        return
    import pyarrow.compute as pc  # 25 ms that few starts need

    found = [one.band(band, base) for one, base in zip(segments, bases, strict=False)]
    entries = by_key(pa.concat_arrays(found))
    keys = pc.shift_right(packed("Q", entries), uint64(32))
    alike = pc.indices_nonzero(pc.equal(keys[:-1], keys[1:])).to_pylist()
    rows: list[int] = []
    for at, after in pairwise([*alike, None] if alike else ()):
        rows.append(entries[at] & 0xFFFF_FFFF)
        if after != at + 1:
            yield entries[at] >> 32, [*rows, entries[at + 1] & 0xFFFF_FFFF]
            rows = []
