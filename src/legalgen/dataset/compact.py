"""Many parts into few: built aside, made durable, exchanged with ``data/`` in one step.

    recover -> state/compact/train/new/train-g1-00000.parquet ...   written, fsynced, read back
            -> renameat2(new, data, RENAME_EXCHANGE)                fsync both parents
            -> the old parts, now aside, are unlinked

All of it under the exclusive data lock, so that nothing is sealed meanwhile. Until the exchange
the dataset is untouched; after it the new parts are whole; what a crash leaves aside is never
needed, and the next compaction removes it. A reader between listing and opening finds a name gone,
never half of the rows: the names of two generations are never alike.

``to_schema`` writes the rows of an older version with the columns of a newer one. The card, which
names the columns, cannot change in the same step: it names none from before the exchange until
after it, so that ``load_dataset`` reads either folder at every instant.

Where the file system cannot exchange folders, the parts are moved one by one, by a list of moves
that is made durable first and gone on with after a crash. A reader would then see rows twice for
a moment, so it is done only when the caller says that nobody reads.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from legalgen.errors import DiskError, UsageError
from legalgen.errors.plurals import plural
from legalgen.quality.rules import default_thresholds
from legalgen.settings.reading import read_whole
from legalgen.settings.writing import make_folder, sync_folder, write_all
from legalgen.store import checksum
from legalgen.store.card import card_fault, write_card
from legalgen.store.files import (
    NOT_OURS,
    DataDir,
    generation_of,
    is_folder,
    is_there,
    listed,
    replace_file,
)
from legalgen.store.journal import Recovery, recover
from legalgen.store.locks import Patience, data_lock
from legalgen.store.notes import RowNotes, load_notes, save_notes
from legalgen.store.parts import (
    PARQUET,
    NotePart,
    footer,
    part_batches,
    parts,
    summarise,
)
from legalgen.store.sample import SCHEMA_VERSION, arrow_schema, upgraded, version_of

if TYPE_CHECKING:
    import pyarrow as pa

PART_ROWS: Final = 100_000
PART_BYTES: Final = 128 * 1024 * 1024
GROUP_ROWS: Final = 10_000
"""Rows in a row group: what a reader has in memory at least, and what it can skip."""

_WRITE_BYTES: Final = 1024 * 1024
_PART: Final = re.compile(r"train-.+-\d{5,}\.parquet")


class Limits(msgspec.Struct, frozen=True):
    """How large a part may become; a row group is ended where either is reached."""

    rows: int = PART_ROWS
    bytes: int = PART_BYTES
    group_rows: int = GROUP_ROWS


class Compacted(msgspec.Struct, frozen=True):
    """What came of it; sizes in bytes. ``generation`` is None when there was nothing to do."""

    rows: int
    parts_before: int
    parts_after: int
    bytes_before: int
    bytes_after: int
    generation: int | None
    recovered: tuple[Recovery, ...]


SwapFolders = Callable[[Path, Path], bool]
"""Exchanges two folders in one step; False where the file system cannot."""


def compact(
    data_dir: DataDir,
    *,
    note_part: NotePart,
    rehearsal: bool = False,
    offline: bool = False,
    to_schema: int | None = None,
    limits: Limits | None = None,
    exchange: SwapFolders | None = None,
    patience: Patience | None = None,
) -> Compacted:
    """Rewrite the parts of a dataset into as few as ``limits`` allow; rows keep their order.

    Rows that were taken out are left out for good, and later flags become the row's own.

    Can be killed at any instant and begun again. ``offline``: nobody reads, so that parts may be
    moved one by one where folders cannot be exchanged. ``to_schema``: the version that they shall
    have; otherwise the newest that any of them has.

    Raises:
        UsageError: the folder is a link, holds something that is no part of a schema of ours, or
            rows of a newer one than ``to_schema``, or folders cannot be exchanged here and
            ``offline`` was not given.
        DiskError: the disk failed; the old parts stand, or the new ones.
        BatchRunning: another process rewrites or seals, for longer than ``patience`` allows.
    """
    data_dir.create()
    with data_lock(data_dir, exclusive=True, patience=patience):
        recovered = tuple(recover(data_dir, note_part=note_part, data_locked=True))
        work = _Work(data_dir, rehearsal=rehearsal, limits=limits or Limits())
        with _telling(work.folder):
            work.go_on()
            done = work.run(exchange or exchange_folders, offline=offline, to_schema=to_schema)
        summarise(data_dir, rehearsal=rehearsal, save=True)
        if done[0] and card_fault(data_dir, rehearsal=rehearsal):
            write_card(data_dir, rehearsal=rehearsal, thresholds=default_thresholds())
    return Compacted(*done, recovered)


def leftovers(data_dir: DataDir) -> list[Path]:
    """What a compaction that died left aside; the next one removes it or goes on with it."""
    found = []
    waiting = [each for each in listed(data_dir.state / "compact", "*") if is_folder(each)]
    while waiting:
        for path in listed(waiting.pop(), "*"):
            # A link is never followed: it may lead round in a circle.
            if is_folder(path) and not path.is_symlink():
                waiting.append(path)
            elif is_there(path):
                found.append(path)
    return sorted(found)


def finish(data_dir: DataDir, *, rehearsal: bool = False) -> None:
    """End what a compaction that died had begun; the caller holds the data lock exclusively.

    Raises:
        DiskError: the disk failed; it can be begun again.
    """
    work = _Work(data_dir, rehearsal=rehearsal, limits=Limits())
    with _telling(work.folder):
        work.go_on()


@contextlib.contextmanager
def _telling(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        path = Path(error.filename) if isinstance(error.filename, str) else folder
        raise DiskError(f"cannot compact {path}: {error.strerror or error}", path) from error


class _Moves(msgspec.Struct, frozen=True):
    """What is left to do where folders cannot be exchanged: names of parts, new and old."""

    new: tuple[str, ...]
    old: tuple[str, ...]


_Done = tuple[int, int, int, int, int, "int | None"]


class _Work:
    """One dataset's folder and what is built aside for it; under the exclusive lock only."""

    def __init__(self, data_dir: DataDir, *, rehearsal: bool, limits: Limits) -> None:
        self._data_dir = data_dir
        self._rehearsal = rehearsal
        self._limits = limits
        self.folder = data_dir.parts(rehearsal=rehearsal)
        self._aside = data_dir.state / "compact" / data_dir.dataset(rehearsal=rehearsal).name
        self._new = self._aside / "new"
        self._moves = self._aside / "moves.json"

    def go_on(self) -> None:
        """Finish the moves that a dead process had begun, and clear what it left aside.

        Raises:
            DiskError: the list of moves is damaged; what is to be done by hand is said.
        """
        if is_there(self._moves):
            try:
                moves = msgspec.json.decode(read_whole(self._moves), type=_Moves)
            except NOT_OURS as error:
                told = f"cannot read {self._moves}: {error}; {self._by_hand()}"
                raise DiskError(told, self._moves) from error
            self._move(moves)
        self._clear()

    def _by_hand(self) -> str:
        """What to do where nobody can tell which parts are old: some may have been sealed since.

        The list is written when each new part is whole aside, and old parts go when all are in.
        """
        aside = listed(self._new, "*")
        if generation := max((generation_of(path.name) for path in aside), default=0):
            return (
                f"no part of before is gone yet: remove train-g{generation}-* from {self.folder}, "
                "if any is there, then this file, and compact again"
            )
        standing = listed(self.folder, "*")
        if generation := max((generation_of(path.name) for path in standing), default=0):
            return (
                f"each new part is in {self.folder}, as train-g{generation}-*: remove the older "
                "ones there whose rows stand twice (`legalgen dataset verify` names some), then "
                "this file"
            )
        return "no part was moved: remove this file"

    def run(self, exchange: SwapFolders, *, offline: bool, to_schema: int | None) -> _Done:
        if self.folder.is_symlink():  # the link would be exchanged, and the parts leave their disk
            raise UsageError(
                f"{self.folder} is a link to {self.folder.readlink()}, which a compaction would "
                "replace by a folder: link the data dir as a whole (--data-dir) and move the parts "
                "there"
            )
        old, versions = self._parts()
        version = _target(versions, to_schema)
        stale = any(each != version for each in versions)
        sizes = [path.stat().st_size for path in old]
        rows = [footer(path).num_rows for path in old]
        notes = load_notes(self._data_dir, rehearsal=self._rehearsal)
        if _fewest(rows, sizes, self._limits) >= len(old) and not stale and not notes:
            return sum(rows), len(old), len(old), sum(sizes), sum(sizes), None
        generation = 1 + max((generation_of(path.name) for path in old), default=0)
        new, left = self._build(old, generation, version, notes)
        after = sum(path.stat().st_size for path in new)
        if stale:
            write_card(self._data_dir, rehearsal=self._rehearsal, typed=False)
        if notes:
            self._save(replace(notes, final_in=generation))
        self._swap([path.name for path in old], [path.name for path in new], exchange, offline)
        if notes:
            self._save(notes.carried_out())
        return left, len(old), len(new), sum(sizes), after, generation

    def _save(self, notes: RowNotes) -> None:
        save_notes(self._data_dir, notes, rehearsal=self._rehearsal)

    def _parts(self) -> tuple[list[Path], list[int]]:
        """The parts, when they are all there is, and the version of each."""
        found = parts(self._data_dir, rehearsal=self._rehearsal)
        known = {path.name for path in found if _PART.fullmatch(path.name)}
        names = [path.name for path in listed(self.folder, "*")]
        strays = sorted(name for name in names if name not in known)
        if strays:
            raise UsageError(
                f"{self.folder / strays[0]} is no part; see `legalgen dataset verify --repair`"
            )
        versions = []
        for path in found:
            version = version_of(footer(path).schema.to_arrow_schema())
            if version is None:
                raise UsageError(
                    f"{path} has other columns; see `legalgen dataset verify --repair`"
                )
            versions.append(version)
        return found, versions

    # --- building ---

    def _build(
        self, old: Sequence[Path], generation: int, version: int, notes: RowNotes
    ) -> tuple[list[Path], int]:
        """The new parts, and how many rows are in them."""
        make_folder(self._new)
        builder = _Builder(self._new, generation, self._limits, version)
        try:
            for path in old:
                for batch in part_batches(path, batch_rows=self._limits.group_rows):
                    builder.write(upgraded(notes.apply(batch) if notes else batch, version))
        finally:
            builder.close()
        sync_folder(self._new)
        _check(builder.paths, builder.written, builder.digest)
        return builder.paths, builder.written

    # --- swapping ---

    def _swap(
        self, old: Sequence[str], new: Sequence[str], exchange: SwapFolders, offline: bool
    ) -> None:
        if exchange(self._new, self.folder):
            sync_folder(self.folder.parent)
            sync_folder(self._aside)
            self._clear()
            return
        if not offline:
            self._clear()
            raise UsageError(
                "folders cannot be exchanged in one step here: run `legalgen dataset compact "
                "--offline` while nobody reads the dataset"
            )
        moves = _Moves(tuple(new), tuple(old))
        replace_file(self._data_dir, self._moves, msgspec.json.encode(moves))
        self._move(moves)
        self._clear()

    def _move(self, moves: _Moves) -> None:
        """Move the new parts in, then unlink the old; each step may have been done already."""
        for name in moves.new:
            with contextlib.suppress(FileNotFoundError):
                os.replace(self._new / name, self.folder / name)  # noqa: PTH105 - os calls are counted
        sync_folder(self.folder)
        for name in moves.old:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.folder / name)  # noqa: PTH108 - os calls are counted
        sync_folder(self.folder)
        os.unlink(self._moves)  # noqa: PTH108 - os calls are counted
        sync_folder(self._aside)

    def _clear(self) -> None:
        """Remove what stands aside: parts that are not needed. Anything else is left there."""
        if not is_folder(self._new):
            return
        for path in listed(self._new, "*"):
            if _PART.fullmatch(path.name):
                os.unlink(path)  # noqa: PTH108 - os calls are counted
        with contextlib.suppress(OSError):  # somebody put a file of his own there: it is his
            self._new.rmdir()
        sync_folder(self._aside)


def _target(versions: Sequence[int], wanted: int | None) -> int:
    newest = max(versions, default=SCHEMA_VERSION)
    if wanted is not None and wanted < newest:
        raise UsageError(f"the dataset holds schema version {newest}: no row is cut to {wanted}")
    return wanted or newest


def _fewest(rows: Sequence[int], sizes: Sequence[int], limits: Limits) -> int:
    """How many parts there would be, at most, by the sizes of those that are there."""
    by_rows = -(-sum(rows) // limits.rows)
    by_bytes = -(-sum(sizes) // limits.bytes)
    return max(by_rows, by_bytes)


# --- parquet -----------------------------------------------------------------------------------


class PartSink:
    """A new part as parquet writers want it; every byte passes through ``os.write``.

    They write a column's page at a time, hundreds of small pieces a row group: kept back here.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._kept = bytearray()
        self._digest = checksum.new_digest()
        self._position = 0
        self._ending = False
        self.closed = False

    def write(self, payload: Any) -> int:
        """Take bytes; they are written in larger pieces."""
        self._kept += payload
        self._position += len(payload)
        if len(self._kept) >= _WRITE_BYTES and not self._ending:
            kept, self._kept = bytes(self._kept), bytearray()
            self._digest.update(kept)
            write_all(self._descriptor, kept)
        return len(payload)

    def end(self) -> None:
        """From now on the footer comes, which is kept back until it is whole."""
        self._ending = True

    def tell(self) -> int:
        """How many bytes were taken."""
        return self._position

    def writable(self) -> bool:
        """What parquet writers ask."""
        return True

    def flush(self) -> None:
        """Does nothing: parquet writers ask for it, and ``sync`` makes the whole file durable."""

    def sync(self) -> None:
        """Write the rest with the checksum, durably."""
        kept, self._kept = bytes(self._kept), bytearray()
        write_all(self._descriptor, checksum.marked(kept, self._digest))
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; may be called twice."""
        if not self.closed:
            self.closed = True
            os.close(self._descriptor)


class _Builder:
    """Writes rows into parts of bounded size, in the order in which they come."""

    def __init__(self, folder: Path, generation: int, limits: Limits, version: int) -> None:
        self._folder = folder
        self._generation = generation
        self._limits = limits
        self._schema = arrow_schema(version)
        self.paths: list[Path] = []
        self._sink: PartSink | None = None
        self._writer: Any = None
        self._rows = 0
        self.written = 0
        self._ids = blake2b()

    @property
    def digest(self) -> bytes:
        """A digest of the ids of all rows, in order."""
        return self._ids.digest()

    def write(self, batch: pa.RecordBatch) -> None:
        import pyarrow as pa  # heavy; only what touches parquet pays for it

        _note_ids(self._ids, batch)
        self.written += batch.num_rows
        while batch.num_rows:
            self._begin()
            piece = batch.slice(0, self._limits.rows - self._rows)
            table = pa.Table.from_batches([piece], schema=self._schema)
            self._writer.write_table(table, row_group_size=self._limits.group_rows)
            self._rows += piece.num_rows
            batch = batch.slice(piece.num_rows)
            assert self._sink is not None
            if self._rows >= self._limits.rows or self._sink.tell() >= self._limits.bytes:
                self.close()

    def _begin(self) -> None:
        import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

        if self._sink is not None:
            return
        path = self._folder / f"train-g{self._generation}-{len(self.paths):05}.parquet"
        self._sink = PartSink(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        self.paths.append(path)
        self._writer = pq.ParquetWriter(self._sink, self._schema, **PARQUET)
        self._rows = 0

    def close(self) -> None:
        """End the part that is open, if one is, and make it durable."""
        sink, self._sink = self._sink, None
        if sink is None:
            return
        try:
            sink.end()
            self._writer.close()
            sink.sync()
        finally:
            sink.close()


def _note_ids(digest: Any, batch: pa.RecordBatch) -> None:
    for name in batch.column("id").to_pylist():
        digest.update(f"{name}\n".encode())


def _check(paths: Sequence[Path], rows: int, digest: bytes) -> None:
    """Read the new parts back before the old ones go."""
    ids, found = blake2b(), 0
    for path in paths:
        for batch in part_batches(path, ("id",), GROUP_ROWS):
            found += batch.num_rows
            _note_ids(ids, batch)
    if (found, ids.digest()) != (rows, digest):
        where = paths[0].parent if paths else Path()
        raise DiskError(f"{where}: {found} of {plural(rows, 'row')} can be read back", where)


# --- exchanging folders ------------------------------------------------------------------------

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_RENAMEAT2: Final = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "ppc64le": 357, "s390x": 347}
"""Numbers of the system call (kernel syscall tables), for a libc without a function for it."""
_UNSUPPORTED: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV})


def exchange_folders(left: Path, right: Path) -> bool:
    """Exchange two folders in one step; False where system or file system cannot.

    Raises:
        OSError: it could be done and failed.
    """
    call = _exchange_call()
    if call is None:
        return False
    ctypes.set_errno(0)
    if call(os.fsencode(left), os.fsencode(right)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(right))


def _exchange_call() -> Callable[[bytes, bytes], int] | None:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        swap = libc.renamex_np  # RENAME_SWAP is 2 as well
        return lambda left, right: int(swap(left, right, ctypes.c_uint(_RENAME_EXCHANGE)))
    if not sys.platform.startswith("linux"):
        return None
    flags = ctypes.c_uint(_RENAME_EXCHANGE)
    if hasattr(libc, "renameat2"):
        rename = libc.renameat2
        return lambda left, right: int(rename(_AT_FDCWD, left, _AT_FDCWD, right, flags))
    number = _RENAMEAT2.get(platform.machine())
    if number is None:
        return None
    system = libc.syscall
    return lambda left, right: int(system(number, _AT_FDCWD, left, _AT_FDCWD, right, flags))
