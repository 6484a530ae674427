"""The dataset on disk: a journal that loses nothing, sealed parquet parts, and recovery.

    accepted sample -> journal/<batch>-00003.jsonl   one write, one fsync: now it counts
    seal            -> train/data/train-<batch>-00003.parquet, and the segment goes
    recover         -> what a dead process left in its journal becomes its part

A segment becomes exactly the part of its number. The part is written aside, made durable and
swapped in before the segment goes, so that at every instant each row is in one of the two; where
both stand, recovery drops the segment. Three locks, all released by the kernel with the process:

    state/locks/<batch>.lock   held by whoever writes that journal, for as long as it does
    state/locks/data.lock      shared while sealing, exclusive while parts are rewritten
    state/locks/batch.lock     one batch at a time

Any I/O error breaks the writer: after a failed fsync nobody knows what is on the disk, so nothing
is tried again; what was durable before stays, and the next writing command recovers it.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import re
import secrets
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

import filelock
import msgspec

from legalgen.errors import BatchRunning, DiskError, Reason, UsageError
from legalgen.samples import SCHEMA_VERSION, Sample, from_json, to_json, to_table

if TYPE_CHECKING:
    import pyarrow as pa

Cell = tuple[str, str, str, str, str]
"""A coverage cell, as ``Task.cell``: jurisdiction, practice area, topic, difficulty, type."""

CELL_COLUMNS: Final = ("jurisdiction", "practice_area", "topic", "difficulty", "sample_type")
PART_ROWS: Final = 1000
REJECTED_TEXT_BYTES: Final = 16 * 1024
_LOCK_WAIT_S: Final = 10.0
_LOCK_STEP_S: Final = 0.05


# --- the folders -------------------------------------------------------------------------------


class DataDir(msgspec.Struct, frozen=True):
    """Where everything of one dataset lies; the value alone touches no disk."""

    root: Path

    @property
    def batches(self) -> Path:
        """One JSON record per batch."""
        return self.root / "batches"

    @property
    def journal(self) -> Path:
        """Accepted rows that are not sealed yet."""
        return self.root / "journal"

    @property
    def rejected(self) -> Path:
        """Answers that were paid for and not kept."""
        return self.root / "rejected"

    @property
    def state(self) -> Path:
        """What can be made again: locks, files on their way, the index."""
        return self.root / "state"

    @property
    def tmp(self) -> Path:
        """Files on their way into another folder; never inside a dataset."""
        return self.state / "tmp"

    @property
    def locks(self) -> Path:
        """Lock files."""
        return self.state / "locks"

    @property
    def train(self) -> Path:
        """The dataset."""
        return self.root / "train"

    @property
    def rehearsal(self) -> Path:
        """The dataset of the bundled toy model."""
        return self.root / "rehearsal"

    def dataset(self, *, rehearsal: bool = False) -> Path:
        """The folder that ``load_dataset`` is pointed at."""
        return self.rehearsal if rehearsal else self.train

    def parts(self, *, rehearsal: bool = False) -> Path:
        """The folder that holds sealed parts and nothing else, ever."""
        return self.dataset(rehearsal=rehearsal) / "data"

    def index(self, *, rehearsal: bool = False) -> Path:
        """The folder of the near-duplicate index."""
        return self.state / "duplicates" / self.dataset(rehearsal=rehearsal).name

    def create(self) -> None:
        """Make the folders that are missing, durably. Costs a few ``stat`` when none is.

        Raises:
            DiskError: a folder cannot be made.
        """
        folders = (self.batches, self.journal, self.rejected, self.tmp, self.locks)
        for folder in (*folders, self.parts(rehearsal=False)):
            _make_folder(folder)


def check_batch_id(batch_id: str) -> str:
    """The id itself, if it can name files.

    Raises:
        UsageError: it holds anything but letters, digits, ``-`` and ``_``, or is reserved.
    """
    if not _BATCH_ID.fullmatch(batch_id):
        raise UsageError(f"{batch_id!r} is not a batch id")
    return batch_id


# In the name of a compacted part "g<digits>" stands where a batch id does; "batch" and "data" name
# the two other locks.
_BATCH_ID: Final = re.compile(r"(?!(?:g\d+|batch|data)\Z)[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_SEGMENT_NAME: Final = re.compile(r"(?P<batch>.+)-(?P<part>\d{5,})\.jsonl")
_PART_NAME: Final = re.compile(r"train-(?P<batch>.+)-(?P<part>\d{5,})\.parquet")


@contextlib.contextmanager
def _disk(path: Path, verb: str) -> Iterator[None]:
    """Say which file it was, and end with the exit code of a failed disk."""
    try:
        yield
    except OSError as error:
        raise DiskError(f"cannot {verb} {path}: {error.strerror or error}", path) from error


def _make_folder(folder: Path) -> None:
    with _disk(folder, "make the folder"):
        if folder.is_dir():
            return
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: what was created, replaced or unlinked in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, payload: bytes) -> None:
    rest = memoryview(payload)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def replace_file(data_dir: DataDir, target: Path, payload: bytes) -> None:
    """Write ``payload`` aside, then swap it in: whoever reads sees the old file or the new one.

    Durable when it returns.

    Raises:
        DiskError: it could not be written; the old file stands, if there was one.
    """
    with _disk(target, "write"):
        descriptor, aside = open_aside(data_dir.tmp, target.name)
        try:
            _write_all(descriptor, payload)
            os.fsync(descriptor)
            os.replace(aside, target)  # noqa: PTH105 - named os calls are what the crash tests count
        except BaseException:  # leaves no torn state, whatever happened, and raises it again
            # A leftover does no harm, recovery clears it; the first error is the one to tell.
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        sync_folder(target.parent)
        sync_folder(data_dir.tmp)


def open_aside(folder: Path, name: str) -> tuple[int, Path]:
    """A new file ``<name>.<token>``, locked for as long as it is open: its writer is alive.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        aside = folder / f"{name}.{secrets.token_hex(4)}"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        if _try_lock(descriptor) and os.fstat(descriptor).st_nlink:
            return descriptor, aside
        os.close(descriptor)  # cleared by a recovery between the two calls


# --- locks -------------------------------------------------------------------------------------


def _try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _JournalLock(msgspec.Struct, frozen=True):
    """The right to write one batch's journal; the kernel takes it back from a dead process."""

    path: Path
    descriptor: int

    @classmethod
    def try_acquire(cls, data_dir: DataDir, batch_id: str) -> Self | None:
        """The lock, or None when another process holds it."""
        path = _lock_path(data_dir, batch_id)
        with _disk(path, "lock"):
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
                if not _try_lock(descriptor):
                    os.close(descriptor)
                    return None
                if os.fstat(descriptor).st_nlink:
                    return cls(path, descriptor)
                os.close(descriptor)  # the last holder unlinked it: this one guards no name

    @classmethod
    def acquire(cls, data_dir: DataDir, batch_id: str, sleep: Callable[[float], None]) -> Self:
        """The lock, after a bounded wait: a recovery or a look at it passes in that time."""
        for _ in range(round(_LOCK_WAIT_S / _LOCK_STEP_S)):
            if lock := cls.try_acquire(data_dir, batch_id):
                return lock
            sleep(_LOCK_STEP_S)
        raise BatchRunning(f"another process writes batch {batch_id}", {"id": batch_id})

    def release(self) -> None:
        """Unlink the file while it is still held, so that no batch leaves one behind."""
        with _disk(self.path, "unlock"):
            try:
                self.path.unlink(missing_ok=True)
            finally:
                os.close(self.descriptor)


def _lock_path(data_dir: DataDir, batch_id: str) -> Path:
    return data_dir.locks / f"{batch_id}.lock"


def is_writing(data_dir: DataDir, batch_id: str) -> bool:
    """Whether a process, on this machine or in a container of it, holds the batch's journal.

    Raises:
        DiskError: the lock cannot be looked at.
    """
    path = _lock_path(data_dir, batch_id)
    with _disk(path, "look at"):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return not _try_lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def data_lock(data_dir: DataDir, *, exclusive: bool = False) -> Iterator[None]:
    """Hold the set of parts: shared to add one, exclusive to rewrite them all.

    Whoever rewrites must recover first, under the exclusive lock: a part whose segment still
    stands would otherwise be sealed a second time after the rewrite.
    """
    path = data_dir.locks / "data.lock"
    with _disk(path, "lock"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with _disk(path, "lock"):
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


class Holder(msgspec.Struct, frozen=True):
    """Who holds the batch lock, for the one who does not get it. ``started`` is UTC."""

    id: str
    pid: int
    started: datetime


class BatchLock:
    """One batch at a time per data dir; a dead process is no obstacle."""

    def __init__(self, data_dir: DataDir, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._data_dir = data_dir
        self._sleep = sleep
        self._path = data_dir.locks / "batch.lock"
        self._holder_path = data_dir.locks / "batch.json"
        self._lock = filelock.FileLock(self._path, thread_local=False)

    def acquire(self, holder: Holder, *, max_wait_s: float = 0.0) -> None:
        """Take the lock, waiting at most ``max_wait_s`` seconds, and say who has it.

        Raises:
            BatchRunning: another batch holds it still; ``holder`` is its id, pid and start.
            DiskError: the lock cannot be taken at all.
        """
        waited = 0.0
        while not self._try():
            if waited >= max_wait_s:
                raise self._running()
            step = min(0.2, max_wait_s - waited)
            self._sleep(step)
            waited += step
        replace_file(self._data_dir, self._holder_path, msgspec.json.encode(holder))

    def _try(self) -> bool:
        with _disk(self._path, "lock"):
            try:
                self._lock.acquire(timeout=0)
            except filelock.Timeout:
                return False
            return True

    def _running(self) -> BatchRunning:
        try:
            holder = msgspec.json.decode(self._holder_path.read_bytes(), type=Holder)
        except (OSError, msgspec.DecodeError):
            # It has the lock and has not written its name yet, or is just leaving.
            return BatchRunning("another batch is running in this data dir")
        return BatchRunning(
            f"batch {holder.id} is running (pid {holder.pid}, since {holder.started:%F %T} UTC)",
            msgspec.to_builtins(holder),
        )

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if not self._lock.is_locked:
            return
        with _disk(self._holder_path, "unlink"):
            try:
                self._holder_path.unlink(missing_ok=True)
            finally:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


# --- a segment of the journal ------------------------------------------------------------------


class _Header(msgspec.Struct, frozen=True):
    """The first line of a segment; ``journal`` is the version of this format."""

    journal: int
    batch: str
    part: int
    dataset: Literal["train", "rehearsal"]
    schema_version: int


class _Line(msgspec.Struct, frozen=True):
    """Every other line: a row, and the CRC-32 of its bytes as they stand."""

    crc: str
    row: msgspec.Raw


_HEADER: Final = msgspec.json.Decoder(_Header)
_LINE: Final = msgspec.json.Decoder(_Line)


def _frame(row: bytes) -> bytes:
    return b'{"crc":"%08x","row":%b}\n' % (zlib.crc32(row), row)


def _unframe(line: bytes) -> bytes | None:
    """The bytes of the row, or None when the line is not what was written."""
    try:
        framed = _LINE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    row = bytes(framed.row)
    return row if framed.crc == f"{zlib.crc32(row):08x}" else None


def _read_sample(line: bytes) -> Sample | None:
    row = _unframe(line)
    if row is None:
        return None
    try:
        return from_json(row)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class _Segment(msgspec.Struct, frozen=True):
    """What stands in one file of the journal. ``torn``: lines nobody can read, as they are."""

    path: Path
    header: _Header | None
    samples: tuple[Sample, ...] = ()
    torn: bytes = b""

    @property
    def newer(self) -> bool:
        """Written by a later version of this program, whose rows this one would cut short."""
        return self.header is not None and (
            self.header.journal > 1 or self.header.schema_version > SCHEMA_VERSION
        )


def _parse_segment(path: Path, raw: bytes) -> _Segment:
    first, _, rest = raw.partition(b"\n")
    header = _read_header(path, first)
    if header is None:
        return _Segment(path, None, torn=raw)
    samples, torn = [], []
    for line in rest.splitlines(keepends=True):
        sample = _read_sample(line)
        if sample is None:
            torn.append(line)
        else:
            samples.append(sample)
    return _Segment(path, header, tuple(samples), b"".join(torn))


def _read_header(path: Path, line: bytes) -> _Header | None:
    """The header, if it is one and is this file's: a copied or damaged one must not decide."""
    try:
        header = _HEADER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return header if path.name == _segment_name(header.batch, header.part) else None


def _segment_name(batch_id: str, part: int) -> str:
    return f"{batch_id}-{part:05}.jsonl"


def _part_name(batch_id: str, part: int) -> str:
    return f"train-{batch_id}-{part:05}.parquet"


def _next_part(data_dir: DataDir, batch_id: str, noted: Iterable[str] = ()) -> int:
    """The first number that no part and no segment of the batch bears, nor bore a higher one.

    ``noted`` are names of parts that the batch had, and that compaction may have renamed.
    """
    taken = [part for _, part in _batch_parts(data_dir, batch_id)]
    taken += [int(m["part"]) for m in map(_PART_NAME.fullmatch, noted) if m]
    # Also what was kept aside (".jsonl.torn-0"): its name must not be used for other rows.
    for path in data_dir.journal.glob(f"{batch_id}-*.jsonl*"):
        match = _SEGMENT_NAME.match(path.name)
        if match and match["batch"] == batch_id:
            taken.append(int(match["part"]))
    return max(taken, default=-1) + 1


def _batch_parts(data_dir: DataDir, batch_id: str) -> list[tuple[Path, int]]:
    """The sealed parts of one batch, in either dataset, with their numbers."""
    folders = (data_dir.parts(rehearsal=False), data_dir.parts(rehearsal=True))
    paths = (path for folder in folders for path in folder.glob(f"train-{batch_id}-*.parquet"))
    matches = ((path, _PART_NAME.fullmatch(path.name)) for path in sorted(paths))
    return [(path, int(m["part"])) for path, m in matches if m and m["batch"] == batch_id]


# --- sealing -----------------------------------------------------------------------------------


class Part(msgspec.Struct, frozen=True):
    """One sealed part, as the ledger notes it."""

    name: str
    rows: int


NotePart = Callable[[str, Part], None]
"""Told (batch id, part) after a part became durable and before its segment goes; more than once
for the same part when a crash fell between the two."""


class _Sealed(msgspec.Struct, frozen=True):
    part: Part | None
    kept_aside: Path | None
    stood: bool


def _seal_segment(data_dir: DataDir, segment: _Segment, note_part: NotePart) -> _Sealed:
    """Turn a segment into its part; safe to begin again after a crash at any point of it."""
    assert segment.header is not None
    aside = _keep_aside(data_dir, segment.path, segment.torn)
    part, stood = _stand_part(data_dir, segment.header, segment.samples)
    if part is not None:
        note_part(segment.header.batch, part)
    _unlink(segment.path)
    return _Sealed(part, aside, stood)


def _stand_part(
    data_dir: DataDir, header: _Header, samples: Sequence[Sample]
) -> tuple[Part | None, bool]:
    """Make the part stand, and say whether it stood already."""
    if not samples:
        return None, False  # an empty part breaks load_dataset
    folder = data_dir.parts(rehearsal=header.dataset == "rehearsal")
    target = folder / _part_name(header.batch, header.part)
    if target.exists():
        held = _held_rows(data_dir, header.batch, target)
        samples = [sample for sample in samples if (sample.slot, sample.id) not in held]
        if not samples:
            return Part(target.name, _footer_rows(target)), True
        if target.exists():  # a part of this name with other rows: never overwritten
            target = folder / _part_name(header.batch, _next_part(data_dir, header.batch))
    _make_folder(folder)
    replace_file(data_dir, target, _parquet_bytes(samples))
    return Part(target.name, len(samples)), False


def _held_rows(data_dir: DataDir, batch_id: str, target: Path) -> set[tuple[int, str]]:
    """(slot, id) of every sealed row of the batch; a damaged ``target`` is moved out of the way."""
    held: set[tuple[int, str]] = set()
    for path, _ in _batch_parts(data_dir, batch_id):
        try:
            table = _read_columns(path, ("slot", "id"))
        except _UnreadablePartError:
            if path == target:
                _move_aside(path, data_dir.journal)
        else:
            held.update(zip(table["slot"].to_pylist(), table["id"].to_pylist(), strict=True))
    return held


def _move_aside(path: Path, folder: Path) -> None:
    target = _free_name(folder / f"{path.name}.damaged")
    with _disk(path, "move aside"):
        os.replace(path, target)  # noqa: PTH105 - named os calls are what the crash tests count
        sync_folder(folder)
        sync_folder(path.parent)


def _free_name(stem: Path) -> Path:
    paths = (stem.with_name(f"{stem.name}-{number}") for number in itertools.count())
    return next(path for path in paths if not path.exists())


def _keep_aside(data_dir: DataDir, path: Path, content: bytes) -> Path | None:
    """Write what cannot be read beside the journal, once however often recovery is begun."""
    if not content:
        return None
    with _disk(path, "look for lines kept aside of"):
        known = sorted(path.parent.glob(f"{path.name}.torn-*"))
        if found := next((one for one in known if one.read_bytes() == content), None):
            return found
    target = _free_name(path.with_name(f"{path.name}.torn"))
    replace_file(data_dir, target, content)
    return target


def _unlink(path: Path) -> None:
    with _disk(path, "unlink"):
        path.unlink()
        sync_folder(path.parent)


def _parquet_bytes(samples: Sequence[Sample]) -> bytes:
    """One part, in memory: a few megabytes, so that every byte passes through our own writes."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(to_table(samples), sink, compression="zstd")
    return bytes(sink.getvalue())


# --- writing -----------------------------------------------------------------------------------


class Rejected(msgspec.Struct, frozen=True):
    """An answer that was paid for and not kept; one line of ``rejected/<batch>.jsonl``.

    ``text`` is cut at 16 KiB; ``characters`` is its whole length. ``at`` is UTC.
    """

    at: datetime
    slot: int
    provider: str
    model: str
    reasons: tuple[Reason, ...]
    text: str
    characters: int
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    latency_s: float | None = None
    finish_reason: str = ""
    attempt: int = 0


def bounded(text: str) -> str:
    """At most ``REJECTED_TEXT_BYTES`` of a text, cut between characters."""
    raw = text.encode("utf-8", "replace")[:REJECTED_TEXT_BYTES]
    return raw.decode("utf-8", "ignore")


class _AppendFile:
    """A file that grows by whole lines: a write that fails leaves it as it was, where it can."""

    def __init__(self, path: Path, *, lead: bytes = b"", new: bool = False) -> None:
        """Open ``path``; ``lead`` goes before the first line. ``new``: it must not exist."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | (os.O_EXCL if new else 0)
        self.path = path
        self._descriptor: int | None = os.open(path, flags, 0o644)
        self._good = os.fstat(self._descriptor).st_size
        self._lead = lead
        self._named = False
        if self._good and os.pread(self._descriptor, 1, self._good - 1) != b"\n":
            self._lead = b"\n"  # the last writer died inside a line; the next is not glued to it

    def append(self, payload: bytes) -> None:
        """One write, not yet durable."""
        assert self._descriptor is not None
        try:
            _write_all(self._descriptor, self._lead + payload)
        except BaseException:  # leaves no torn state, whatever happened, and raises it again
            # Where even this fails the torn line stays, and recovery keeps it aside.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._good)
            raise
        self._good += len(self._lead) + len(payload)
        self._lead = b""

    def sync(self) -> None:
        """Make everything appended durable, and the file's name with it."""
        assert self._descriptor is not None
        os.fsync(self._descriptor)
        if not self._named:
            sync_folder(self.path.parent)
            self._named = True

    def close(self) -> None:
        """Close it; harmless when it is closed."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


class BatchWriter:
    """The only way into the dataset: one batch's journal, held until ``close``.

    Not for several threads. After a ``DiskError`` it is broken and refuses everything; what
    ``append`` had returned for is durable, and the next recovery seals it.
    """

    def __init__(
        self,
        data_dir: DataDir,
        batch_id: str,
        *,
        note_part: NotePart,
        rehearsal: bool = False,
        part_rows: int = PART_ROWS,
        noted: Iterable[str] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the journal of a batch; its folders must exist (``DataDir.create``).

        ``noted`` are the parts that its record names: their numbers are not given again.

        Raises:
            BatchRunning: another process writes this very batch.
            DiskError: the lock or the journal cannot be opened.
        """
        self.batch_id = check_batch_id(batch_id)
        self.durable = 0
        """Rows of this writer that are on the disk, sealed or not."""
        self._data_dir = data_dir
        self._rehearsal = rehearsal
        self._part_rows = part_rows
        self._note_part = note_part
        self._lock = _JournalLock.acquire(data_dir, batch_id, sleep)
        self._noted = tuple(noted)
        self._number = _next_part(data_dir, batch_id, self._noted)
        self._file: _AppendFile | None = None
        self._rows = 0
        self._rejects: _AppendFile | None = None
        self._broken: DiskError | None = None
        self._interrupted = False
        self._closed = False

    def append(self, samples: Sequence[Sample]) -> None:
        """Journal the samples: durable when it returns, with one fsync for all of them.

        Every ``part_rows`` rows the segment is sealed.

        Raises:
            DiskError: the disk failed. ``durable`` says how many rows are safe.
        """
        rest = list(samples)
        while rest:
            room = self._part_rows - self._rows
            self._journal(rest[:room])
            del rest[:room]
            if self._rows >= self._part_rows:
                self.seal()

    def _journal(self, samples: Sequence[Sample]) -> None:
        payload = b"".join(_frame(to_json(sample)) for sample in samples)
        with self._breaking():
            if self._file is None:
                path = self._data_dir.journal / _segment_name(self.batch_id, self._number)
                self._file = _AppendFile(path, lead=self._header(), new=True)
            self._file.append(payload)
            self._file.sync()
            self._rows += len(samples)
            self.durable += len(samples)

    def _header(self) -> bytes:
        dataset: Literal["train", "rehearsal"] = "rehearsal" if self._rehearsal else "train"
        header = _Header(1, self.batch_id, self._number, dataset, SCHEMA_VERSION)
        return msgspec.json.encode(header) + b"\n"

    def seal(self) -> Path | None:
        """Turn what is journalled into a part; its path, or None when there was nothing.

        Raises:
            DiskError: the disk failed; the rows stay in the journal or in the part.
        """
        with self._breaking():
            part = self._seal() if self._rows else None
            if self._rejects is not None:
                self._rejects.sync()
        return part

    def _seal(self) -> Path:
        assert self._file is not None
        self._file.close()
        segment = _read_segment(self._file.path)
        if len(segment.samples) != self._rows:
            found = f"{len(segment.samples)} of {self._rows} rows can be read back"
            raise DiskError(f"{segment.path}: {found}", segment.path)
        with data_lock(self._data_dir):
            sealed = _seal_segment(self._data_dir, segment, self._note_part)
        assert sealed.part is not None
        self._file, self._rows, self._number = None, 0, self._number + 1
        return self._data_dir.parts(rehearsal=self._rehearsal) / sealed.part.name

    def reject(self, record: Rejected) -> None:
        """Keep an answer that is no sample. Durable at the next ``seal`` or ``close`` only.

        Raises:
            DiskError: the disk failed.
        """
        bound = msgspec.structs.replace(record, text=bounded(record.text))
        with self._breaking():
            if self._rejects is None:
                path = self._data_dir.rejected / f"{self.batch_id}.jsonl"
                self._rejects = _AppendFile(path)
            self._rejects.append(to_json(bound) + b"\n")

    @contextlib.contextmanager
    def _breaking(self) -> Iterator[None]:
        """Refuse once broken, and break when the disk fails."""
        if self._broken is not None:
            raise DiskError(f"not written after an earlier failure: {self._broken}", self._path())
        if self._closed:
            raise ValueError(f"the writer of batch {self.batch_id} is closed")
        try:
            with _disk(self._path(), "write"):
                self._mend()
                yield
        except DiskError as error:
            self._broken = error
            raise
        except BaseException:  # leaves no torn state, whatever happened, and raises it again
            self._interrupted = True
            raise

    def _mend(self) -> None:
        """After an interrupt (Ctrl-C inside a call) do with our own segment what recovery does."""
        if not self._interrupted:
            return
        if self._file is not None:
            self._file.close()
            if self._file.path.exists():
                _recover_segment(self._data_dir, self._file.path, self._note_part)
        self._file, self._rows = None, 0
        self._number = _next_part(self._data_dir, self.batch_id, self._noted)
        self._interrupted = False

    def _path(self) -> Path:
        return self._file.path if self._file else self._data_dir.journal

    def close(self) -> None:
        """Seal what is left, unless broken, and give the journal back. May be called twice.

        Raises:
            DiskError: the last seal failed; the rows are in the journal.
        """
        if self._closed:
            return
        try:
            if self._broken is None:
                self.seal()
        finally:
            self._closed = True
            for file in (self._file, self._rejects):
                if file is not None:
                    file.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --- recovery ----------------------------------------------------------------------------------


Outcome = Literal["sealed", "stood", "empty", "unreadable", "newer"]


class Recovery(msgspec.Struct, frozen=True):
    """What became of one segment that a dead process left.

    ``sealed``: it became ``part``. ``stood``: the part stood already. ``empty``: it held no row.
    ``unreadable``: its header tells nothing, all of it was kept aside. ``newer``: a later version
    of this program wrote it, it was left alone. ``kept_aside`` holds lines that nobody can read.
    """

    batch_id: str
    segment: str
    outcome: Outcome
    part: Part | None = None
    kept_aside: Path | None = None


def recover(data_dir: DataDir, *, note_part: NotePart, data_locked: bool = False) -> list[Recovery]:
    """Seal what dead processes left in their journals. Journals of the living are not touched.

    Whatever the files hold, it does not fail; nothing is thrown away but what is in a part.
    ``data_locked``: the caller holds ``data_lock`` already.

    Raises:
        DiskError: the disk failed. It can be begun again.
    """
    found = []
    for batch_id in sorted(_left_behind(data_dir)):
        lock = _JournalLock.try_acquire(data_dir, batch_id)
        if lock is None:
            continue
        try:
            found += _recover_batch(data_dir, batch_id, note_part, data_locked=data_locked)
        finally:
            lock.release()
    with _disk(data_dir.tmp, "clear"):
        clear_asides(data_dir.tmp, "*")
    return found


def _left_behind(data_dir: DataDir) -> set[str]:
    """The batches that have a segment or a lock file, of the living and of the dead."""
    locked = {path.stem for path in data_dir.locks.glob("*.lock")}
    journalled = {batch_id for batch_id, _ in _segments(data_dir)}
    return journalled | {stem for stem in locked if _BATCH_ID.fullmatch(stem)}


def _segments(data_dir: DataDir) -> list[tuple[str, Path]]:
    matches = (
        (_SEGMENT_NAME.fullmatch(path.name), path) for path in sorted(data_dir.journal.glob("*"))
    )
    return [(m["batch"], path) for m, path in matches if m and _BATCH_ID.fullmatch(m["batch"])]


def _recover_batch(
    data_dir: DataDir, batch_id: str, note_part: NotePart, *, data_locked: bool
) -> list[Recovery]:
    # Listed again under the lock: another recovery may have been here between the two.
    paths = [path for owner, path in _segments(data_dir) if owner == batch_id]
    return [_recover_segment(data_dir, path, note_part, data_locked=data_locked) for path in paths]


def _recover_segment(
    data_dir: DataDir, path: Path, note_part: NotePart, *, data_locked: bool = False
) -> Recovery:
    segment = _read_segment(path)
    batch_id = path.stem.rpartition("-")[0]
    if segment.newer:
        return Recovery(batch_id, path.name, "newer")
    if segment.header is None:
        aside = _keep_aside(data_dir, path, segment.torn)
        _unlink(path)
        return Recovery(batch_id, path.name, "unreadable" if aside else "empty", None, aside)
    with contextlib.nullcontext() if data_locked else data_lock(data_dir):
        sealed = _seal_segment(data_dir, segment, note_part)
    outcome: Outcome = "stood" if sealed.stood else "sealed" if sealed.part else "empty"
    return Recovery(batch_id, path.name, outcome, sealed.part, sealed.kept_aside)


def _read_segment(path: Path) -> _Segment:
    with _disk(path, "read"):
        return _parse_segment(path, path.read_bytes())


def clear_asides(folder: Path, pattern: str) -> None:
    """Unlink what dead writers left of ``open_aside``; the living hold a lock on theirs.

    Raises:
        OSError: the folder cannot be read, or a file not be unlinked.
    """
    for path in folder.glob(pattern):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # swapped in, or cleared by another recovery
        try:
            if _try_lock(descriptor):
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


# --- reading -----------------------------------------------------------------------------------


class _UnreadablePartError(DiskError):
    """A part that is there and is no parquet file of ours."""


@contextlib.contextmanager
def _parquet(path: Path) -> Iterator[None]:
    """Tell a damaged part from a failing disk: Arrow gives only the latter an errno."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    try:
        yield
    except OSError as error:
        kind = _UnreadablePartError if error.errno is None else DiskError
        raise kind(f"cannot read {path}: {error}", path) from error
    except (pa.ArrowException, KeyError) as error:
        raise _UnreadablePartError(f"cannot read {path}: {error}", path) from error


def _read_columns(path: Path, columns: Sequence[str]) -> pa.Table:
    import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

    with _parquet(path), pq.ParquetFile(path) as file:
        return file.read(columns=list(columns)).select(list(columns))


def _footer_rows(path: Path) -> int:
    import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

    with _parquet(path):
        return int(pq.read_metadata(path).num_rows)


def parts(data_dir: DataDir, *, rehearsal: bool = False) -> list[Path]:
    """The sealed parts of a dataset, by name; none when there is no dataset yet."""
    return sorted(data_dir.parts(rehearsal=rehearsal).glob("train-*.parquet"))


def iter_batches(
    data_dir: DataDir,
    columns: Sequence[str] | None = None,
    *,
    rehearsal: bool = False,
    batch_rows: int = 10_000,
) -> Iterator[pa.RecordBatch]:
    """The sealed rows, a bounded number at a time, in the order of the parts' names.

    Raises:
        DiskError: a part cannot be read, or went while the dataset was being compacted.
    """
    import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

    for path in parts(data_dir, rehearsal=rehearsal):
        with _parquet(path), pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=batch_rows, columns=columns and list(columns))


def slots_of(data_dir: DataDir, batch_id: str) -> set[int]:
    """The slots of a batch's plan that have a sealed sample, in either dataset.

    Raises:
        DiskError: a part cannot be read.
    """
    slots: set[int] = set()
    for path, _ in _batch_parts(data_dir, batch_id):
        slots.update(_read_columns(path, ("slot",))["slot"].to_pylist())
    for rehearsal in (False, True):
        for path in data_dir.parts(rehearsal=rehearsal).glob("train-g*.parquet"):
            slots |= _slots_in_compacted(path, batch_id)
    return slots


def _slots_in_compacted(path: Path, batch_id: str) -> set[int]:
    table = _read_columns(path, ("slot", "batch_id"))
    pairs = zip(table["slot"].to_pylist(), table["batch_id"].to_pylist(), strict=True)
    return {slot for slot, owner in pairs if owner == batch_id}


def read_rejected(data_dir: DataDir, batch_id: str) -> Iterator[Rejected]:
    """What a batch paid for and did not keep; a line torn by a crash is passed over.

    Raises:
        DiskError: the file is there and cannot be read.
    """
    path = data_dir.rejected / f"{check_batch_id(batch_id)}.jsonl"
    with _disk(path, "read"):
        lines = path.read_bytes().splitlines() if path.exists() else []
    for line in lines:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            yield msgspec.json.decode(line, type=Rejected)


# --- what is there, counted --------------------------------------------------------------------


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
        row = _unframe(path.read_bytes())
        index = msgspec.json.decode(row or b"", type=_Index)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return _Index()
    fits = index.version == 1 and all(
        name in stats and (stats[name].st_size, stats[name].st_mtime_ns) == (size, mtime)
        for name, (size, mtime, _) in index.parts.items()
    )
    return index if fits else _Index()


def summarise(data_dir: DataDir, *, rehearsal: bool = False, save: bool = False) -> Summary:
    """Count the sealed rows; only parts that the index does not know are opened.

    ``save`` writes the index for the next one: writing commands do, reading ones do not.

    Raises:
        DiskError: a part cannot be read, or the index not be saved.
    """
    path = _index_path(data_dir, rehearsal=rehearsal)
    stats = _stat_parts(data_dir, rehearsal=rehearsal)
    index = _load_index(path, stats)
    cells = Counter({(a, b, c, d, e): n for a, b, c, d, e, n in index.cells})
    models = Counter(index.models)
    folder = data_dir.parts(rehearsal=rehearsal)
    new = [name for name in stats if name not in index.parts]
    for name in new:
        rows = _count_part(folder / name, cells, models)
        index.parts[name] = (stats[name].st_size, stats[name].st_mtime_ns, rows)
    if save and (new or not path.exists()):
        index.cells = [(*cell, count) for cell, count in cells.items()]
        index.models = dict(models)
        replace_file(data_dir, path, _frame(msgspec.json.encode(index)))
    return Summary(sum(rows for *_, rows in index.parts.values()), cells, models)


def _stat_parts(data_dir: DataDir, *, rehearsal: bool) -> dict[str, os.stat_result]:
    folder = data_dir.parts(rehearsal=rehearsal)
    with _disk(folder, "list"):
        return {path.name: path.stat() for path in parts(data_dir, rehearsal=rehearsal)}


def _count_part(path: Path, cells: Counter[Cell], models: Counter[str]) -> int:
    """Add the rows of one part to the counts; how many there were."""
    table = _read_columns(path, (*CELL_COLUMNS, "provider", "model"))
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
    return sum(known[name][2] if name in known else _footer_rows(folder / name) for name in stats)


def coverage_counts(
    data_dir: DataDir, *, rehearsal: bool = False, save: bool = False
) -> Counter[Cell]:
    """How many sealed rows each coverage cell has; see ``summarise``."""
    return summarise(data_dir, rehearsal=rehearsal, save=save).cells
