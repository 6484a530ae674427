"""The sealed parts of a dataset: their names, their rows, and how many of each cell there are."""

from __future__ import annotations

import contextlib
import functools
import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from legalgen.errors import DiskError
from legalgen.errors.starvation import is_starved
from legalgen.settings.reading import check_regular, read_whole, reason_of
from legalgen.store import checksum
from legalgen.store.files import (
    NOT_OURS,
    PART_NAME,
    SEGMENT_NAME,
    DataDir,
    frame,
    is_there,
    listed,
    listed_parts,
    replace_file,
    unframe,
)
from legalgen.store.notes import RowNotes, load_notes
from legalgen.store.sample import ADDED, SCHEMA_VERSION, table_of, version_of

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


Cell = tuple[str, str, str, str, str]
"""A coverage cell: jurisdiction, practice area, topic, difficulty, sample type."""

CELL_COLUMNS: Final = ("jurisdiction", "practice_area", "topic", "difficulty", "sample_type")

cell_of = cast("Callable[[object], Cell]", attrgetter(*CELL_COLUMNS))
"""The cell that a task lies in, or whatever else has the attributes ``CELL_COLUMNS``."""

PART_ROWS: Final = 1000

PARQUET: Final[Mapping[str, Any]] = {"compression": "zstd", "write_page_checksum": True}
"""How every part is written."""


def part_name(batch_id: str, part: int) -> str:
    """The name of a part, such as ``train-20261128-215718-rgg0-00003.parquet``."""
    return f"train-{batch_id}-{part:05}.parquet"


def next_part(data_dir: DataDir, batch_id: str, noted: Iterable[str] = ()) -> int:
    """The first number that no part and no segment of the batch bears, nor bore a higher one.

    ``noted`` are names of parts that the batch had, and that compaction may have renamed.
    """
    taken = [part for _, part in batch_parts(data_dir, batch_id)]
    taken += [int(m["part"]) for m in map(PART_NAME.fullmatch, noted) if m]
    # Also what was kept aside (".jsonl.torn-0"): its name must not be used for other rows.
    for path in listed(data_dir.journal, f"{batch_id}-*.jsonl*"):
        match = SEGMENT_NAME.match(path.name)
        if match and match["batch"] == batch_id:
            taken.append(int(match["part"]))
    return max(taken, default=-1) + 1


def batch_parts(data_dir: DataDir, batch_id: str) -> list[tuple[Path, int]]:
    """The sealed parts of one batch, in either dataset, with their numbers."""
    pattern = f"train-{batch_id}-*.parquet"
    paths = [
        path for toy in (False, True) for path in listed_parts(data_dir, pattern, rehearsal=toy)
    ]
    matches = ((path, PART_NAME.fullmatch(path.name)) for path in sorted(paths))
    return [(path, int(m["part"])) for path, m in matches if m and m["batch"] == batch_id]


def compacted_parts(data_dir: DataDir, *, rehearsal: bool = False) -> list[Path]:
    """The parts that a compaction made, each of rows of several batches."""
    return listed_parts(data_dir, "train-g*.parquet", rehearsal=rehearsal)


class Part(msgspec.Struct, frozen=True):
    """One sealed part, as the ledger notes it."""

    name: str
    rows: int


NotePart = Callable[[str, Part], None]
"""Told (batch id, part) after a part became durable and before its segment goes; more than once
for the same part when a crash fell between the two."""


def parquet_bytes(rows: Iterable[bytes], version: int = SCHEMA_VERSION) -> bytes:
    """One part of rows as ``to_json`` gives them, in memory: a few megabytes, so that every byte
    passes through our own writes."""
    return table_bytes(table_of(rows, version))


def table_bytes(table: pa.Table) -> bytes:
    """A table of our columns as the bytes of a part, with checksums."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **PARQUET)
    return checksum.marked(bytes(sink.getvalue()), checksum.new_digest())


class UnreadablePartError(DiskError):
    """A part that is there and is no parquet file of ours."""


_CURE: Final = "see `legalgen dataset verify --repair`"

Skip = Callable[[DiskError], None]
"""Told of a part that cannot be read, where it is passed by."""


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Tell a damaged part from a failing disk: Arrow gives only the latter an errno.

    What too little memory or too few threads raise goes through: it says nothing of the part.

    Raises:
        DiskError: it cannot be read; ``UnreadablePartError`` where it is damaged.
    """
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    try:
        check_regular(path)
        yield
    except (OSError, pa.ArrowException, *DAMAGES) as error:
        if is_starved(error):
            raise
        if isinstance(error, OSError) and error.errno is not None:
            raise DiskError(_cannot_read(error, path), path) from error
        raise UnreadablePartError(f"cannot read {path}: {error}; {_CURE}", path) from error


def _cannot_read(error: OSError, path: Path) -> str:
    return f"cannot read {path}: {reason_of(error, path)}"


DAMAGES: Final = (KeyError, TypeError, OverflowError, *NOT_OURS)
"""What pyarrow raises of damaged files beside its own errors: a column that is gone, a text that
is no UTF-8, a number that is too large."""


def open_part(path: Path) -> pq.ParquetFile:
    """A part, once its bytes are those that were written; within ``readable``.

    The pages of older parts, which have no checksum, are read as they are.

    Raises:
        UnreadablePartError: its checksum differs.
    """
    import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

    if checksum.state(path) == "damaged":
        raise UnreadablePartError(f"{path} is not what was written; {_CURE}", path)
    return pq.ParquetFile(path, page_checksum_verification=True)


def read_columns(path: Path, columns: Sequence[str], *, newer: Sequence[str] = ()) -> pa.Table:
    """Some columns of one part; of ``newer`` ones those that it has.

    Raises:
        DiskError: it cannot be read; ``UnreadablePartError`` where it is damaged.
    """
    with readable(path), open_part(path) as file:
        there = set(newer).intersection(file.schema_arrow.names) if newer else ()
        wanted = [*columns, *sorted(there)]
        table = file.read(columns=wanted, use_threads=False).select(wanted)
        table.validate(full=True)  # a flipped bit may leave a text that is no UTF-8
        return table


TEXT_COLUMNS: Final = ("id", "question", "answer")

Text = tuple[str, str, str]
"""Id, question and answer of a row."""


def text_rows(table: pa.Table) -> Iterator[Text]:
    """The rows of a table of ``TEXT_COLUMNS``, as Python objects for a moment only."""
    for batch in table.to_batches(max_chunksize=PART_ROWS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


class TextReader:
    """Single rows of sealed parts; the row groups that were last read are kept.

    The checksum of a part is compared once. Measured: 3 ms for a row of a part of a thousand rows,
    20 ms for one of a compacted part, whose groups have ten thousand.
    """

    def __init__(self) -> None:
        self._starts = functools.cache(self._read_starts)
        self._group = functools.lru_cache(maxsize=4)(self._read_group)

    def row(self, path: Path, number: int) -> Text:
        """The row of a number from 0 on.

        Raises:
            DiskError: the part cannot be read, is gone, or has no such row.
        """
        with readable(path):
            starts = self._starts(path)
            group = bisect_right(starts, number) - 1
            [row] = self._group(path, group).slice(number - starts[group], 1).to_pylist()
            return row["id"], row["question"], row["answer"]

    @staticmethod
    def _read_starts(path: Path) -> list[int]:
        """The numbers of the first rows of all groups."""
        with open_part(path) as file:
            told = file.metadata
            sizes = (told.row_group(at).num_rows for at in range(told.num_row_groups))
            return list(accumulate(sizes, initial=0))[:-1]

    @staticmethod
    def _read_group(path: Path, group: int) -> pa.Table:
        import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read_row_group(group, columns=list(TEXT_COLUMNS), use_threads=False)
            return table.select(list(TEXT_COLUMNS))


def footer_rows(path: Path) -> int:
    """The number of rows that a part's footer states.

    Raises:
        DiskError: it cannot be read; ``UnreadablePartError`` where it is damaged.
    """
    return int(footer(path).num_rows)


def footer(path: Path) -> Any:
    """The footer of a part, as pyarrow's ``FileMetaData``.

    Raises:
        DiskError: it cannot be read; ``UnreadablePartError`` where it is damaged.
    """
    with readable(path), open_part(path) as file:
        return file.metadata


def version_of_part(path: Path) -> int | None:
    """The version of a part's columns, by its footer; None: they are not ours.

    Raises:
        DiskError: it cannot be read; ``UnreadablePartError`` where it is damaged.
    """
    import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

    # Not by way of `open_part`: asked at each seal, it must not cost more where parts are large.
    with readable(path):
        return version_of(pq.read_schema(path))


def dataset_version(data_dir: DataDir, *, rehearsal: bool = False) -> int | None:
    """The version of a dataset's parts, in which it is written on; None: it has none of ours.

    Two footers are read, however many parts there are: all are of one version, unless files were
    put there by hand. Where these two differ it is the newer, which loses nothing.
    """
    found = parts(data_dir, rehearsal=rehearsal)
    versions = (_first_version(found), _first_version(reversed(found[1:])))
    return max((version for version in versions if version is not None), default=None)


def older_version(data_dir: DataDir, *, rehearsal: bool = False) -> str | None:
    """What to say of a dataset of an older version before it is written on; None: nothing."""
    version = dataset_version(data_dir, rehearsal=rehearsal)
    if version is None or version == SCHEMA_VERSION:
        return None
    return (
        f"the dataset has schema version {version}: new rows get its columns, without what version "
        f"{SCHEMA_VERSION} adds; `legalgen dataset compact --to-schema {SCHEMA_VERSION}"
        f"{' --rehearsal' if rehearsal else ''}` brings all of it to version {SCHEMA_VERSION}"
    )


def _first_version(paths: Iterable[Path]) -> int | None:
    """The version of the first part that can be read and is ours."""
    for path in paths:
        with contextlib.suppress(DiskError):
            if (version := version_of_part(path)) is not None:
                return version
    return None


def parts(data_dir: DataDir, *, rehearsal: bool = False) -> list[Path]:
    """The sealed parts of a dataset, by name; none when there is no dataset yet."""
    return listed_parts(data_dir, "train-*.parquet", rehearsal=rehearsal)


def iter_batches(
    data_dir: DataDir,
    columns: Sequence[str] | None = None,
    *,
    rehearsal: bool = False,
    batch_rows: int = 10_000,
    as_sealed: bool = False,
) -> Iterator[pa.RecordBatch]:
    """The sealed rows, a bounded number at a time, in the order of the parts' names.

    Rows that were taken out are passed over and later flags are with the row's own, unless
    ``as_sealed``.

    Raises:
        DiskError: a part cannot be read, or went while the dataset was being compacted.
    """
    notes = RowNotes() if as_sealed else load_notes(data_dir, rehearsal=rehearsal)
    wanted = list(columns) if columns else None
    # Without its id nobody knows whether a row was taken out.
    read = [*wanted, "id"] if notes and wanted and "id" not in wanted else wanted
    for path in parts(data_dir, rehearsal=rehearsal):
        for batch in part_batches(path, read, batch_rows):
            found = notes.apply(batch) if notes else batch
            yield found.select(wanted) if read != wanted and wanted else found


def known_ids(data_dir: DataDir, *, rehearsal: bool = False, as_sealed: bool = True) -> set[str]:
    """The ids of all sealed rows, ``as_sealed`` also of those taken out: about 100 bytes a row.

    Raises:
        DiskError: a part cannot be read.
    """
    batches = iter_batches(data_dir, ["id"], rehearsal=rehearsal, as_sealed=as_sealed)
    return {name for batch in batches for name in batch.column("id").to_pylist()}


def part_batches(
    path: Path, columns: Sequence[str] | None = None, batch_rows: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """The rows of one part, a bounded number at a time.

    Raises:
        DiskError: it cannot be read; ``UnreadablePartError`` where it is damaged, or lacks one of
            ``columns`` that was there in every version.
    """
    with readable(path):
        file = open_part(path)
    with file:
        # pyarrow passes by a column that is not there, and whoever reads would look for it.
        lacking = set(columns or ()).difference(file.schema_arrow.names, ADDED)
        if lacking:
            told = f"cannot read {path}: there is no column {min(lacking)!r}; {_CURE}"
            raise UnreadablePartError(told, path)
        # Threads of Arrow's own would take up to twice the CPU for it, and more to begin with.
        batches = file.iter_batches(
            batch_rows, columns=columns and list(columns), use_threads=False
        )
        while (batch := _next_batch(path, batches)) is not None:
            yield batch


def _next_batch(path: Path, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    """One batch, so that what its consumer raises is not taken for a fault of the part."""
    with readable(path):
        batch = next(batches, None)
        if batch is not None:
            batch.validate(full=True)
        return batch


def slots_of(data_dir: DataDir, batch_id: str) -> set[int]:
    """The slots of a batch's plan that have a sealed sample, in either dataset.

    Also those whose row was taken out, and left out by a compaction: it was written and paid for.

    Raises:
        DiskError: a part cannot be read.
    """
    slots: set[int] = set()
    for path, _ in batch_parts(data_dir, batch_id):
        slots.update(read_columns(path, ("slot",))["slot"].to_pylist())
    for rehearsal in (False, True):
        for path in compacted_parts(data_dir, rehearsal=rehearsal):
            slots |= _slots_in_compacted(path, batch_id)
        slots.update(load_notes(data_dir, rehearsal=rehearsal).gone_slots.get(batch_id, ()))
    return slots


def _slots_in_compacted(path: Path, batch_id: str) -> set[int]:
    table = read_columns(path, ("slot", "batch_id"))
    pairs = zip(table["slot"].to_pylist(), table["batch_id"].to_pylist(), strict=True)
    return {slot for slot, owner in pairs if owner == batch_id}


class Summary(msgspec.Struct, frozen=True):
    """The sealed rows of a dataset, counted: in all, by coverage cell, by ``provider/model``."""

    rows: int
    cells: Counter[Cell]
    models: Counter[str]


class _Index(msgspec.Struct):
    """The counts of all parts seen so far, and which those were: (size, mtime in ns, rows).

    Only a saving of time: whatever does not fit what is on the disk is counted afresh.
    """

    version: int = 1
    parts: dict[str, tuple[int, int, int]] = msgspec.field(default_factory=dict)
    cells: list[tuple[str, str, str, str, str, int]] = msgspec.field(default_factory=list)
    models: dict[str, int] = msgspec.field(default_factory=dict)


def _index_path(data_dir: DataDir, *, rehearsal: bool) -> Path:
    return data_dir.state / f"index-{data_dir.dataset(rehearsal=rehearsal).name}.json"


def _load_index(path: Path, stats: dict[str, os.stat_result]) -> _Index:
    """The index, if every part it counted stands unchanged; otherwise an empty one."""
    try:
        row = unframe(read_whole(path))
        index = msgspec.json.decode(row or b"", type=_Index)
    except (OSError, *NOT_OURS):
        return _Index()
    fits = index.version == 1 and all(
        name in stats and (stats[name].st_size, stats[name].st_mtime_ns) == (size, mtime)
        for name, (size, mtime, _) in index.parts.items()
    )
    return index if fits else _Index()


def summarise(
    data_dir: DataDir, *, rehearsal: bool = False, save: bool = False, skip: Skip | None = None
) -> Summary:
    """Count the sealed rows that were not taken out; only parts that the index does not know are
    opened.

    ``save`` writes the index for the next one: writing commands do, reading ones do not. With
    ``skip`` a part that cannot be read is told and left out.

    Raises:
        DiskError: a part cannot be read, or the index not be saved.
    """
    path = _index_path(data_dir, rehearsal=rehearsal)
    stats = _stat_parts(data_dir, rehearsal=rehearsal, skip=skip)
    index = _load_index(path, stats)
    cells = Counter({(a, b, c, d, e): n for a, b, c, d, e, n in index.cells})
    models = Counter(index.models)
    folder = data_dir.parts(rehearsal=rehearsal)
    new = [name for name in stats if name not in index.parts]
    for name in new:
        try:
            rows = _count_part(folder / name, cells, models)
        except DiskError as error:
            if skip is None:
                raise
            skip(error)
            continue
        index.parts[name] = (stats[name].st_size, stats[name].st_mtime_ns, rows)
    if save and (new or not is_there(path)):
        index.cells = [(*cell, count) for cell, count in cells.items()]
        index.models = dict(models)
        replace_file(data_dir, path, frame(msgspec.json.encode(index)))
    stones = load_notes(data_dir, rehearsal=rehearsal).dropped.values()
    cells.subtract(stone.cell for stone in stones)
    models.subtract(stone.model for stone in stones)
    rows = sum(rows for *_, rows in index.parts.values()) - len(stones)
    return Summary(rows, +cells, +models)


def stat_part(path: Path) -> os.stat_result:
    """The size and times of a part; it is not opened.

    Raises:
        DiskError: it cannot be looked at, or is no regular file.
    """
    try:
        return check_regular(path)
    except OSError as error:
        raise DiskError(_cannot_read(error, path), path) from error


def part_size(path: Path) -> int:
    """The bytes of a part; 0 of one that cannot be looked at, which who reads it will find."""
    with contextlib.suppress(DiskError):
        return stat_part(path).st_size
    return 0


def _stat_parts(
    data_dir: DataDir, *, rehearsal: bool, skip: Skip | None = None
) -> dict[str, os.stat_result]:
    found = {}
    for path in parts(data_dir, rehearsal=rehearsal):
        try:
            found[path.name] = stat_part(path)
        except DiskError as error:
            if skip is None:
                raise
            skip(error)
    return found


def _count_part(path: Path, cells: Counter[Cell], models: Counter[str]) -> int:
    """Add the rows of one part to the counts; how many there were."""
    table = read_columns(path, (*CELL_COLUMNS, "provider", "model"))
    columns = [table[name].to_pylist() for name in table.column_names]
    cells.update(zip(*columns[:5], strict=True))
    models.update(f"{a}/{b}" for a, b in zip(*columns[5:], strict=True))
    return int(table.num_rows)


def row_count(data_dir: DataDir, *, rehearsal: bool = False) -> int:
    """The number of sealed rows, from the index and the footers of the parts it does not know.

    Raises:
        DiskError: a part cannot be read.
    """
    stats = _stat_parts(data_dir, rehearsal=rehearsal)
    known = _load_index(_index_path(data_dir, rehearsal=rehearsal), stats).parts
    folder = data_dir.parts(rehearsal=rehearsal)
    rows = sum(known[name][2] if name in known else footer_rows(folder / name) for name in stats)
    return rows - len(load_notes(data_dir, rehearsal=rehearsal).dropped)
