"""Segments of the duplicate index: immutable sets of rows in Arrow files that are mapped.

Of each row a segment keeps its id, 64 bits of its question's words, its signature, 16 bits of each
shingle of its question, and its band keys: about 550 bytes. Those of unsealed samples keep their
shingles and the head of the question too, which of a sealed one are in its part.

The keys of all rows stand band by band, sorted, in 32 bits each: with R bits for the row, the low
``32 - R`` bits of the key and the row. A directory says for the bits above these where in its band
they begin, so that nothing of a key is lost and a look-up searches some tens of entries. ::

    band 0                         | band 1 ...
    bucket 0 | bucket 1 | ...      |
    (low bits of the key, row) ... |

Imports pyarrow: import it lazily.
"""

from __future__ import annotations

import importlib.metadata
import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from legalgen.quality.candidates import Probes, few_differ, sharing
from legalgen.quality.sketches import (
    ANSWER_BANDS,
    ANSWER_ROWS,
    KEY_BITS,
    KEYS_PER_ROW,
    QUESTION_BANDS,
    QUESTION_ROWS,
    SIGNATURE_BYTES,
    SketchRows,
    differing,
    numbers,
    packed,
    uint32,
    uint64,
)
from legalgen.settings.writing import make_folder, swapped_in

FORMAT_VERSION: Final = 3
FEW_ROWS: Final = 4_000
"""So many rows are sorted without ``pyarrow.compute``, which takes 25 ms to load."""
MANY_CANDIDATES: Final = 150
"""So many rows are compared by Arrow, which begins later and takes a tenth of the time for each."""
_PAIRS_AT_ONCE: Final = 50_000
"""Pairs of signatures, of some 200 bytes, that are compared together."""
_LEAST_ROW_BITS: Final = 32 - KEY_BITS
_COMMON: Final = ("id", "exact", "signature", "question", "entries", "directory")
_SHINGLES: Final = ("head", "question_shingles", "answer_shingles")


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
    """What is compared exactly of rows, in a table with such columns."""

    def __init__(self, table: Any) -> None:
        self._heads = table.column("head")
        asked, told = (table.column(name).chunk(0) for name in _SHINGLES[1:])
        self._asked = numbers(asked.offsets, "i"), numbers(asked.values, "I")
        self._told = numbers(told.offsets, "i"), numbers(told.values, "I")

    def row(self, number: int) -> ShingledRow:
        """The row of a number from 0 on."""
        (asked, questions), (told, answers) = self._asked, self._told
        return ShingledRow(
            str(self._heads[number].as_py()),
            questions[asked[number] : asked[number + 1]],
            answers[told[number] : told[number + 1]],
        )


class Segment:
    """An immutable set of rows, in a file or in memory; ``parts`` none: of unsealed samples."""

    def __init__(self, table: Any, parts: Parts, path: Path | None) -> None:
        self.table, self.parts, self.path = table, parts, path
        self.rows = int(table.num_rows)
        self._row_bits = _row_bits(self.rows)
        self._low_bits = 32 - self._row_bits
        self._buckets = 1 << (KEY_BITS - self._low_bits)
        self._entries = numbers(table.column("entries").chunk(0).values, "I")
        self._directory = numbers(table.column("directory").chunk(0).values, "I")
        self.exact = numbers(table.column("exact").chunk(0), "Q")
        self._signatures = _raw(table.column("signature").chunk(0))
        asked = table.column("question").chunk(0)
        self._questions = numbers(asked.offsets, "i"), numbers(asked.values, "H")
        if len(self._directory) != KEYS_PER_ROW * self._buckets + 1:
            raise ValueError("a segment whose directory is not that of its rows")
        self._shingles = Shingles(table) if "head" in table.column_names else None

    @property
    def has_shingles(self) -> bool:
        """Whether it can be compared exactly without the texts of its rows."""
        return self._shingles is not None

    def ids(self) -> list[str]:
        """The samples of its rows, in order."""
        return [str(one) for one in self.table.column("id").to_pylist()]

    def id_of(self, row: int) -> str:
        """The sample of one row."""
        return str(self.table.column("id")[row].as_py())

    def is_unsealed(self, among: set[str]) -> bool:
        """Whether it was packed in this process, of these samples and no other."""
        return self.path is None and not self.parts and among.issuperset(self.ids())

    def signature(self, row: int) -> int:
        """What similarities are estimated from."""
        return int.from_bytes(self._signatures[row * SIGNATURE_BYTES : (row + 1) * SIGNATURE_BYTES])

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
        for part in self.parts:
            if row < part.rows:
                return part.name, row
            row -= part.rows
        raise IndexError(row)

    def candidates(self, keys: Sequence[int]) -> set[int]:
        """Rows that share one of the keys, the first of which is that of band 0."""
        found = set[int]()
        entries, directory = self._entries, self._directory
        low_bits, row_bits, buckets = self._low_bits, self._row_bits, self._buckets
        low, row_of = (1 << low_bits) - 1, ((1 << row_bits) - 1).__and__
        for band, key in enumerate(keys):
            bucket = band * buckets + (key >> low_bits)
            end, wanted = directory[bucket + 1], (key & low) << row_bits
            first = bisect_left(entries, wanted, directory[bucket], end)
            if first < end and entries[first] < wanted + (1 << row_bits):
                last = bisect_left(entries, wanted + (1 << row_bits), first, end)
                found.update(map(row_of, entries[first:last]))
        return found

    def near(
        self, rows: Sequence[int], signature: int, most: tuple[int, int]
    ) -> Iterable[tuple[int, int, int]]:
        """Those of the rows of whose question or answer so few numbers differ, and how many do."""
        if len(rows) >= MANY_CANDIDATES:
            left = self._signatures_of(packed("I", rows))
            right = array("Q", signature.to_bytes(SIGNATURE_BYTES) * len(rows))
            places, asked, told = few_differ(left, right, most)
            return [(rows[at], asked[at], told[at]) for at in places]
        found = ((row, *differing(signature, self.signature(row))) for row in rows)
        return [one for one in found if one[1] <= most[0] or one[2] <= most[1]]

    def near_many(
        self, probes: Probes, most: tuple[int, int]
    ) -> dict[int, list[tuple[int, int, int]]]:
        """``candidates`` and ``near`` of many samples, by their numbers; of most there is none."""
        import pyarrow.compute as pc  # 25 ms that few starts need

        entries = self.table.column("entries").chunk(0).values
        directory = self.table.column("directory").chunk(0).values
        pairs = sharing(entries, directory, self._row_bits, probes)
        found: dict[int, list[tuple[int, int, int]]] = {}
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            some = pairs.slice(start, _PAIRS_AT_ONCE)
            rows = pc.bit_wise_and(some, uint64(0xFFFF_FFFF)).cast(pa.uint32())
            of = pc.shift_right(some, uint64(32)).cast(pa.uint32())
            right = array("Q", _raw(probes.signatures.take(of)).tobytes())
            places, asked, told = few_differ(self._signatures_of(rows), right, most)
            row, sample = numbers(rows, "I"), numbers(of, "I")
            for at in places:
                found.setdefault(sample[at], []).append((row[at], asked[at], told[at]))
        for each in found.values():
            each.sort()
        return found

    def _signatures_of(self, rows: Any) -> array[int]:
        """Those of some rows, in words of 64 bits."""
        column = self.table.column("signature").chunk(0)
        return array("Q", _raw(column.take(rows)).tobytes())

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
        runs = pa.RunEndEncodedArray.from_arrays(
            packed("I", ends).cast(pa.int32()), packed("I", buckets)
        )
        high = pc.run_end_decode(runs).cast(pa.uint64())
        values = self.table.column("entries").chunk(0).values
        entries = values.slice(bounds[0], self.rows).cast(pa.uint64())

        low = pc.shift_right(entries, uint64(self._row_bits))
        key = pc.bit_wise_or(pc.shift_left(high, uint64(self._low_bits)), low)
        row = pc.bit_wise_and(entries, uint64((1 << self._row_bits) - 1))
        return pc.bit_wise_or(pc.shift_left(key, uint64(32)), pc.add(row, uint64(base)))


def _row_bits(rows: int) -> int:
    return max(_LEAST_ROW_BITS, (rows - 1).bit_length())


def _raw(column: Any) -> memoryview:
    width = column.type.byte_width
    start = column.offset * width
    return memoryview(column.buffers()[1])[start : start + len(column) * width]


# --- making them -------------------------------------------------------------------------------


def table_of(rows: SketchRows, shingled: Sequence[ShingledRow] = ()) -> Any:
    """The table of a segment; with ``shingled`` of each row, what these say is in it, too."""
    in_band = _few if len(rows) <= FEW_ROWS else _many
    entries, directory = _banded(len(rows), map(in_band, rows.bands))
    columns = {
        "id": _texts(rows.ids),
        "exact": packed("Q", rows.exact),
        "signature": _bytes(rows.signatures, SIGNATURE_BYTES),
        "question": pa.ListArray.from_buffers(
            pa.list_(pa.uint16()),
            len(rows),
            [None, pa.py_buffer(rows.ends)],
            children=[packed("H", rows.questions)],
        ),
        **_keys(entries, directory),
    }
    if shingled:
        columns["head"] = _texts([one.head for one in shingled])
        columns["question_shingles"] = _lists([one.question for one in shingled])
        columns["answer_shingles"] = _lists([one.answer for one in shingled])
    return pa.table(columns)


def merged(segments: Sequence[Segment]) -> Any:
    """One table of all rows, in order; with shingles where each of them has them."""
    names = [*_COMMON[:4], *(_SHINGLES if all(one.has_shingles for one in segments) else ())]
    tables = [one.table.select(names) for one in segments]
    rest = pa.concat_tables(tables).replace_schema_metadata(None).combine_chunks()
    bases = list(accumulate((one.rows for one in segments), initial=0))

    def band(number: int) -> Sequence[int]:
        found = [one.band(number, base) for one, base in zip(segments, bases, strict=False)]
        return by_key(pa.concat_arrays(found))

    entries, directory = _banded(bases[-1], map(band, range(KEYS_PER_ROW)))
    for name, column in _keys(entries, directory).items():
        rest = rest.append_column(name, column)
    return rest


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


def _banded(rows: int, bands: Iterable[Sequence[int]]) -> tuple[array[int], array[int]]:
    """Entries and directory of the keys, given band by band as sorted ``key << 32 | row``."""
    row_bits = _row_bits(rows)
    low_bits = 32 - row_bits
    buckets = 1 << (KEY_BITS - low_bits)
    entries, directory = array("I"), array("I", [0])
    for band in bands:
        base, at = len(entries), 0
        for bucket in range(1, buckets + 1):
            at = bisect_left(band, bucket << (32 + low_bits), at)
            directory.append(base + at)
        entries.extend(_entries(band, row_bits))
    return entries, directory


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


def _keys(entries: array[int], directory: array[int]) -> dict[str, Any]:
    """Both as columns, in which their places mean nothing."""
    rows = len(entries) // KEYS_PER_ROW
    ends = array("i", [0, *[len(directory)] * rows])
    return {
        "entries": pa.FixedSizeListArray.from_arrays(packed("I", entries), KEYS_PER_ROW),
        "directory": pa.ListArray.from_buffers(
            pa.list_(pa.uint32()), rows, [None, pa.py_buffer(ends)],
            children=[packed("I", directory)],
        ),
    }  # fmt: skip


def _offsets(lengths: Iterable[int]) -> Any:
    return pa.py_buffer(array("i", accumulate(lengths, initial=0)))


def _texts(values: Sequence[str]) -> Any:
    raw = [value.encode() for value in values]
    joined = pa.py_buffer(b"".join(raw))
    return pa.StringArray.from_buffers(len(raw), _offsets(map(len, raw)), joined)


def _bytes(raw: bytearray, width: int) -> Any:
    buffers = [None, pa.py_buffer(raw)]
    return pa.Array.from_buffers(pa.binary(width), len(raw) // width, buffers)


def _lists(lists: Sequence[Sequence[int]]) -> Any:
    flat = array("I")
    for values in lists:
        flat.extend(values)  # from an array: a copy of memory
    offsets = _offsets(map(len, lists))
    return pa.Array.from_buffers(
        pa.list_(pa.uint32()), len(lists), [None, offsets], children=[packed("I", flat)]
    )


# --- on disk -----------------------------------------------------------------------------------


def _version() -> str:
    """What a segment's keys depend on; rensa's sketches differ between its versions."""
    shape = f"{QUESTION_BANDS}x{QUESTION_ROWS}+{ANSWER_BANDS}x{ANSWER_ROWS}x{KEY_BITS}"
    return f"{FORMAT_VERSION}/{shape}/rensa {importlib.metadata.version('rensa')}"


def write(table: Any, parts: Parts, path: Path) -> None:
    """Write beside, flush, swap: a reader never sees half a segment."""
    make_folder(path.parent)
    told = {"version": _version(), "parts": json.dumps([msgspec.structs.astuple(p) for p in parts])}
    _written(table.select(_COMMON).replace_schema_metadata(told), path)


def write_shingles(table: Any, path: Path) -> None:
    """What a segment leaves out of a table that has it."""
    _written(table.select(_SHINGLES), path)


def _written(table: Any, path: Path) -> None:
    with swapped_in(path) as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(1, table.num_rows))


def read_shingles(path: Path) -> Shingles:
    """What ``write_shingles`` wrote, mapped."""
    with pa.memory_map(str(path)) as source:
        return Shingles(pa.ipc.open_file(source).read_all())


def read(path: Path) -> Segment:
    """The segment in a file, mapped."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    if table.schema.metadata[b"version"].decode() != _version():
        raise ValueError("a segment of another version")
    found = json.loads(table.schema.metadata[b"parts"])
    return Segment(table, tuple(SegmentPart(*each) for each in found), path)


def valid(path: Path) -> Segment | None:
    """The segment at ``path``, or None where it is torn, foreign, of another version, or gone."""
    try:
        segment = read(path)
    except (pa.ArrowInvalid, KeyError, ValueError, IndexError, TypeError, FileNotFoundError):
        return None
    return segment if segment.rows else None


def together(segments: Iterable[Segment], band: int) -> Iterator[tuple[int, list[int]]]:
    """The keys of a band that several rows have, and these, numbered through all segments."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    found, base = [], 0
    for one in segments:
        found.append(one.band(band, base))
        base += one.rows
    if base < 2:
        return
    entries = by_key(pa.concat_arrays(found))
    keys = pc.shift_right(packed("Q", entries), uint64(32))
    alike = pc.indices_nonzero(pc.equal(keys[:-1], keys[1:])).to_pylist()
    rows: list[int] = []
    for at, after in pairwise([*alike, None] if alike else ()):
        rows.append(entries[at] & 0xFFFF_FFFF)
        if after != at + 1:
            yield entries[at] >> 32, [*rows, entries[at + 1] & 0xFFFF_FFFF]
            rows = []
