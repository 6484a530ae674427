"""The journal of accepted samples; how a segment becomes a part; what recovery does.

    accepted sample -> journal/<batch>-00003.jsonl   one write, one fsync: now it counts
    seal            -> train/data/train-<batch>-00003.parquet, and the segment goes
    recover         -> what a dead process left in its journal becomes its part

A segment becomes exactly the part of its number. The part is written aside, made durable and
swapped in before the segment goes, so that at every instant each row is in one of the two; where
both stand, recovery drops the segment.

Any I/O error breaks the writer: after a failed fsync nobody knows what is on the disk, so nothing
is tried again; what was durable before stays, and the next writing command recovers it.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import repeat
from pathlib import Path
from typing import Final, Literal, Self

import msgspec

from legalgen.errors import DiskError, LegalgenError, Reason
from legalgen.errors.plurals import plural
from legalgen.settings.reading import read_lines, read_whole
from legalgen.settings.writing import clear_asides
from legalgen.store.appending import AppendFile
from legalgen.store.balances import Balance
from legalgen.store.files import (
    BATCH_ID,
    NOT_OURS,
    SEGMENT_NAME,
    DataDir,
    check_batch_id,
    disk,
    frame,
    is_there,
    keep_aside,
    listed,
    make_folder,
    move_aside,
    replace_file,
    unframe,
    unlink,
)
from legalgen.store.ledger import Ledger, Record
from legalgen.store.locks import JournalLock, Patience, data_lock, is_writing, journal_lock
from legalgen.store.parts import (
    PART_ROWS,
    NotePart,
    Part,
    UnreadablePartError,
    batch_parts,
    compacted_parts,
    dataset_version,
    footer_rows,
    next_part,
    parquet_bytes,
    part_name,
    read_columns,
)
from legalgen.store.sample import (
    SCHEMA_VERSION,
    Sample,
    from_json,
    in_version,
    table_of,
    to_json,
)

REJECTED_TEXT_BYTES: Final = 16 * 1024

# --- a segment of the journal ------------------------------------------------------------------


class _Header(msgspec.Struct, frozen=True):
    """The first line of a segment; ``journal`` is the version of this format."""

    journal: int
    batch: str
    part: int
    dataset: Literal["train", "rehearsal"]
    schema_version: int


_HEADER: Final = msgspec.json.Decoder(_Header)


class _Row(msgspec.Struct, frozen=True):
    """A row that can be read: its JSON, which takes a third of the memory of the sample, and what
    tells it from others."""

    slot: int
    id: str
    batch: str
    version: int
    json: bytes

    def in_version(self, version: int) -> bytes:
        """Its JSON as a row of a dataset of this version."""
        if self.version == version:
            return self.json
        return to_json(in_version(from_json(self.json), version))


def _read_row(line: bytes) -> _Row | None:
    row = unframe(line)
    if row is None:
        return None
    try:
        sample = from_json(row)
    except NOT_OURS:
        return None
    return _Row(sample.slot, sample.id, sample.batch_id, sample.schema_version, row)


class _Segment(msgspec.Struct, frozen=True):
    """What stands in one file of the journal.

    ``torn`` are lines nobody can read, as they are, and rows that the schema refuses.
    """

    path: Path
    header: _Header | None
    rows: tuple[_Row, ...] = ()
    torn: bytes = b""
    refused: int = 0
    """How many of ``torn`` are rows that the schema refuses."""

    @property
    def unique(self) -> tuple[_Row, ...]:
        """The rows, each once: a line that was copied (a backup put back, an editor) is one row."""
        return tuple({(row.slot, row.id): row for row in self.rows}.values())

    @property
    def newer(self) -> bool:
        """Written by a later version of this program, whose rows this one would cut short."""
        return self.header is not None and (
            self.header.journal > 1 or self.header.schema_version > SCHEMA_VERSION
        )


def _parse_segment(data_dir: DataDir, path: Path, raw: bytes) -> _Segment:
    lines = io.BytesIO(raw)  # one at a time: a list of them, or what is left, would be a copy
    try:
        header = _HEADER.decode(lines.readline())
    except NOT_OURS:
        return _headless_segment(data_dir, path, raw)
    if path.name != _segment_name(header.batch, header.part):
        return _Segment(path, None, torn=raw)  # a copied one must not decide
    rows, torn = _parse_rows(lines)
    return _Segment(path, header, tuple(rows), b"".join(torn))


def _headless_segment(data_dir: DataDir, path: Path, raw: bytes) -> _Segment:
    """A segment whose first line is damaged or gone: its name, the record of its batch and its rows
    tell the same.

    Raises:
        DiskError: the record cannot be read now.
    """
    named = SEGMENT_NAME.fullmatch(path.name)
    assert named is not None
    rows, torn = _parse_rows(io.BytesIO(raw))
    rehearsal = _is_rehearsal(data_dir, named["batch"]) if rows else None
    if rehearsal is None or any(row.batch != named["batch"] for row in rows):
        return _Segment(path, None, torn=raw)
    version = max(row.version for row in rows)
    header = _Header(1, named["batch"], int(named["part"]), _dataset_name(rehearsal), version)
    return _Segment(path, header, tuple(rows), b"".join(torn))


def _is_rehearsal(data_dir: DataDir, batch_id: str) -> bool | None:
    """Whether a batch writes to the rehearsal, by its record; None where no record tells."""
    entry = next((each for each in Ledger(data_dir).all() if each.id == batch_id), None)
    if isinstance(entry, Record):
        return entry.rehearsal
    if entry is not None and not entry.damaged:
        raise DiskError(f"{entry.path}: {entry.error}", entry.path)
    return None


def _dataset_name(rehearsal: bool) -> Literal["train", "rehearsal"]:
    return "rehearsal" if rehearsal else "train"


def _parse_rows(lines: Iterable[bytes]) -> tuple[list[_Row], list[bytes]]:
    """The rows, and the lines that nobody can read."""
    rows, torn = [], []
    for line in lines:
        row = _read_row(line)
        if row is None:
            torn.append(line)
        else:
            rows.append(row)
    return rows, torn


def _storable(segment: _Segment) -> _Segment:
    """The segment without the rows that the schema refuses: a number beyond 64 bits, say.

    Only the schema itself knows what it refuses, so it is asked, row by row.
    """
    fits = [_fits(row) for row in segment.rows]
    kept = tuple(row for row, fit in zip(segment.rows, fits, strict=True) if fit)
    refused = [frame(row.json) for row, fit in zip(segment.rows, fits, strict=True) if not fit]
    torn = b"".join(refused) + segment.torn  # the torn one may lack its newline
    return _Segment(segment.path, segment.header, kept, torn, len(refused))


def _fits(row: _Row) -> bool:
    try:
        table_of((row.in_version(SCHEMA_VERSION),))
    except _refusals():
        return False
    return True


def _refusals() -> tuple[type[Exception], ...]:
    """What making a table of rows raises where one is not of the schema."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    return pa.ArrowException, OverflowError


def _segment_name(batch_id: str, part: int) -> str:
    return f"{batch_id}-{part:05}.jsonl"


# --- sealing -----------------------------------------------------------------------------------


class _Sealed(msgspec.Struct, frozen=True):
    part: Part | None
    kept_aside: Path | None
    stood: bool
    refused: int = 0


def _seal_segment(
    data_dir: DataDir, segment: _Segment, note_part: NotePart, *, recovering: bool = False
) -> _Sealed:
    """Turn a segment into its part; safe to begin again after a crash at any point of it.

    A row that the schema refuses is put aside: it must not keep those behind it out for ever.
    """
    header = segment.header
    assert header is not None
    try:
        part, stood = _stand_part(data_dir, header, segment.unique, recovering=recovering)
    except _refusals():
        segment = _storable(segment)
        part, stood = _stand_part(data_dir, header, segment.unique, recovering=recovering)
    # In this order: the segment goes last, so that whatever is cut short is done again from it.
    aside = keep_aside(data_dir, segment.path, segment.torn)
    if part is not None:
        note_part(header.batch, part)
    unlink(segment.path)
    return _Sealed(part, aside, stood, segment.refused)


def _stand_part(
    data_dir: DataDir, header: _Header, rows: Sequence[_Row], *, recovering: bool
) -> tuple[Part | None, bool]:
    """Make the part stand, and say whether it stood already.

    ``recovering``: a row may be in another part of the batch, where its line or its segment was
    copied or a compaction came between; who seals what it has just written need not look.
    """
    if not rows:
        return None, False  # an empty part breaks load_dataset
    folder = data_dir.parts(rehearsal=header.dataset == "rehearsal")
    target = folder / part_name(header.batch, header.part)
    if recovering or is_there(target):
        held = _held_rows(data_dir, header.batch, target)
        rows = [row for row in rows if (row.slot, row.id) not in held]
        if not rows:
            return (Part(target.name, footer_rows(target)) if is_there(target) else None), True
        if is_there(target):  # a part of this name with other rows: never overwritten
            target = folder / part_name(header.batch, next_part(data_dir, header.batch))
    make_folder(folder)
    version = _sealed_version(data_dir, header)
    content = parquet_bytes((row.in_version(version) for row in rows), version)
    replace_file(data_dir, target, content)
    return Part(target.name, len(rows)), False


def _sealed_version(data_dir: DataDir, header: _Header) -> int:
    """The version of the header; a newer one where the dataset has been brought to that since."""
    # `compact --to-schema` may run while a batch does: its next part must not be of the old kind.
    now = dataset_version(data_dir, rehearsal=header.dataset == "rehearsal")
    return max(header.schema_version, now or header.schema_version)


def _held_rows(data_dir: DataDir, batch_id: str, target: Path) -> set[tuple[int, str]]:
    """(slot, id) of every sealed row of the batch; a damaged ``target`` is moved out of the way."""
    held: set[tuple[int, str]] = set()
    compacted = [
        path for each in (False, True) for path in compacted_parts(data_dir, rehearsal=each)
    ]
    for path in [*(path for path, _ in batch_parts(data_dir, batch_id)), *compacted]:
        try:
            table = read_columns(path, ("slot", "id", "batch_id"))
        except DiskError as error:
            if path != target:
                continue  # what it held stays unknown; the rows of this segment are not lost for it
            if not isinstance(error, UnreadablePartError):
                raise
            move_aside(path, data_dir.journal)
        else:
            rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
            held.update((slot, name) for slot, name, owner in rows if owner == batch_id)
    return held


# --- writing -----------------------------------------------------------------------------------


class Unmarked(msgspec.Struct, frozen=True):
    """What an answer that waits for its marks needs to become a row, beside what is kept of each.

    ``task`` is its task as it was put to the model.
    """

    task: dict[str, str | int]
    prompt_version: str
    as_of: str | None = None
    thinking: str | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class Rejected(msgspec.Struct, frozen=True):
    """An answer that was paid for and not kept; one line of ``rejected/<batch>.jsonl``.

    ``text`` is cut at 16 KiB; ``characters`` is its whole length. ``at`` is UTC. ``unmarked``: it
    waits for a judge, and is kept whole. ``balance`` tells how the counts of the batch stand.
    ``thinking`` is what was thought where that is all that came, cut as the text is.
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
    unmarked: Unmarked | None = None
    balance: Balance | None = None
    thinking: str | None = None


def bounded(text: str) -> str:
    """At most ``REJECTED_TEXT_BYTES`` of a text, cut between characters."""
    raw = text.encode("utf-8", "replace")[:REJECTED_TEXT_BYTES]
    return raw.decode("utf-8", "ignore")


def _cut(record: Rejected) -> Rejected:
    thinking = record.thinking and bounded(record.thinking)
    return msgspec.structs.replace(record, text=bounded(record.text), thinking=thinking)


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
        patience: Patience | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take the journal of a batch; its folders must exist (``DataDir.create``).

        ``noted`` are the parts that its record names: their numbers are not given again.
        ``patience`` is for the locks, of the journal and while sealing. ``notice`` is told, in a
        sentence, of rows that could not be sealed.

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
        self._patience = patience or Patience()
        self._notice = notice
        self._lock = JournalLock.acquire(data_dir, batch_id, self._patience)
        self._noted = tuple(noted)
        self._number = next_part(data_dir, batch_id, self._noted)
        self._file: AppendFile | None = None
        self._rows = 0
        self._version = SCHEMA_VERSION
        self._rejects: AppendFile | None = None
        self._broken: LegalgenError | None = None
        self._interrupted = False
        self._closed = False

    def open(self) -> None:
        """Make the segment that the next rows go to, before they are paid for. One without a row
        is gone when the writer closes.

        Raises:
            DiskError: it cannot be made.
        """
        with self._breaking():
            if self._file is None:
                file = self._open_segment()
                try:
                    file.append(b"")
                    file.sync()
                except OSError:  # a segment without rows is nothing to recover
                    with contextlib.suppress(OSError):
                        file.path.unlink()
                    raise

    def append(
        self,
        samples: Sequence[Sample],
        balances: Sequence[bytes] = (),
        landed: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Journal the samples: durable when it returns, with one fsync for all of them.

        Every ``part_rows`` rows the segment is sealed. Each of ``balances``, if there are any,
        goes into the line of its sample. ``landed`` is told how many of them have just become
        durable, before they are sealed.

        Raises:
            DiskError: the disk failed. ``durable`` says how many rows are safe.
        """
        rest = list(zip(samples, balances or repeat(b""), strict=False))
        while rest:
            room = self._part_rows - self._rows
            self._journal(rest[:room])
            landed(len(rest[:room]))
            del rest[:room]
            if self._rows >= self._part_rows:
                self.seal()

    def _journal(self, samples: Sequence[tuple[Sample, bytes]]) -> None:
        with self._breaking():
            file = self._file or self._open_segment()
            payload = b"".join(
                frame(to_json(in_version(sample, self._version)), balance)
                for sample, balance in samples
            )
            file.append(payload)
            file.sync()
            self._rows += len(samples)
            self.durable += len(samples)

    def _open_segment(self) -> AppendFile:
        path = self._data_dir.journal / _segment_name(self.batch_id, self._number)
        held = dataset_version(self._data_dir, rehearsal=self._rehearsal)
        self._version = held or SCHEMA_VERSION
        self._file = AppendFile(path, lead=self._header(), new=True)
        return self._file

    def _header(self) -> bytes:
        dataset = _dataset_name(self._rehearsal)
        header = _Header(1, self.batch_id, self._number, dataset, self._version)
        return msgspec.json.encode(header) + b"\n"

    def seal(self) -> Path | None:
        """Turn what is journalled into a part; its path, or None when there was nothing.

        Raises:
            DiskError: the disk failed; the rows stay in the journal or in the part.
            BatchRunning: another process rewrites the parts; the rows stay in the journal.
        """
        with self._breaking():
            part = self._seal() if self._rows else None
            if self._rejects is not None:
                self._rejects.sync()
        return part

    def _seal(self) -> Path | None:
        assert self._file is not None
        self._file.close()
        # From the disk and not from memory: the part holds what recovery would have found.
        segment = _read_segment(self._data_dir, self._file.path)
        if len(segment.rows) != self._rows:
            found = f"{len(segment.rows)} of {plural(self._rows, 'row')} can be read back"
            raise DiskError(f"{segment.path}: {found}", segment.path)
        with data_lock(self._data_dir, patience=self._patience):
            sealed = _seal_segment(self._data_dir, segment, self._note_part)
        self._file, self._rows, self._number = None, 0, self._number + 1
        if sealed.refused:
            self._notice(refused_words(sealed.refused, sealed.kept_aside))
        if sealed.part is None:
            return None
        return self._data_dir.parts(rehearsal=self._rehearsal) / sealed.part.name

    def reject(self, record: Rejected) -> None:
        """Keep an answer that is no sample. Durable at the next ``seal`` or ``close`` only.

        Raises:
            DiskError: the disk failed.
        """
        whole = record.unmarked is not None
        bound = record if whole else _cut(record)
        with self._breaking():
            if self._rejects is None:
                path = self._data_dir.rejected / f"{self.batch_id}.jsonl"
                self._rejects = AppendFile(path)
            self._rejects.append(to_json(bound) + b"\n")
            if whole:  # it will be a row: it is kept as durably as one
                self._rejects.sync()

    @contextlib.contextmanager
    def _breaking(self) -> Iterator[None]:
        """Refuse once broken, and break when the disk fails."""
        if self._broken is not None:
            raise DiskError(f"not written after an earlier failure: {self._broken}", self._path())
        if self._closed:
            raise ValueError(f"the writer of batch {self.batch_id} is closed")
        try:
            with disk(self._path(), "write"):
                self._mend()
                yield
        except LegalgenError as error:  # the disk failed, or a wait for a lock was in vain
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
            if is_there(self._file.path):
                _recover_segment(
                    self._data_dir, self._file.path, self._note_part, patience=self._patience
                )
        self._file, self._rows = None, 0
        self._number = next_part(self._data_dir, self.batch_id, self._noted)
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
            try:
                # After a failed fsync nobody knows whether rows are in it: recovery looks.
                if self._file is not None and not self._rows and self._broken is None:
                    unlink(self._file.path)
            finally:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --- recovery ----------------------------------------------------------------------------------


RecoveryOutcome = Literal["sealed", "stood", "empty", "unreadable", "newer"]


class Recovery(msgspec.Struct, frozen=True):
    """What became of one segment that a dead process left.

    ``sealed``: it became ``part``. ``stood``: the part stood already. ``empty``: it held no row.
    ``unreadable``: neither its header nor a record tells what it is, all of it was kept aside.
    ``newer``: a later version of this program wrote it, it was left alone. ``kept_aside`` holds
    lines that nobody can read and ``refused`` rows that the schema refuses.
    """

    batch_id: str
    segment: str
    outcome: RecoveryOutcome
    part: Part | None = None
    kept_aside: Path | None = None
    refused: int = 0

    def __str__(self) -> str:
        """What became of it, in a sentence."""
        rows = self.part.rows if self.part else 0
        text = f"recovered batch {self.batch_id}: {plural(rows, 'row')}, {self.outcome}"
        if self.refused:
            return f"{text}; {refused_words(self.refused, self.kept_aside)}"
        if self.kept_aside:
            return f"{text}; unreadable lines were kept in {self.kept_aside}"
        return text


def refused_words(rows: int, kept_aside: Path | None) -> str:
    """What is said of rows that the schema refuses."""
    put = f"{plural(rows, 'row')} {'was' if rows == 1 else 'were'} put aside"
    return f"{put}, as the schema refuses what it holds, in {kept_aside}"


def recover(
    data_dir: DataDir,
    *,
    note_part: NotePart,
    data_locked: bool = False,
    patience: Patience | None = None,
    whole: bool = False,
) -> list[Recovery]:
    """Seal what dead processes left in their journals. Journals of the living are not touched.

    Whatever the files hold, it does not fail; nothing is thrown away but what is in a part.
    ``data_locked``: the caller holds ``data_lock`` already. ``whole``: a journal that somebody
    holds without writing it (another recovery) is waited for, not passed by: for who counts what
    is there before paying for what is not.

    Raises:
        DiskError: the disk failed. It can be begun again.
        BatchRunning: a lock was not had in time.
    """
    found = []
    patience = patience or Patience()
    for batch_id in sorted(_left_behind(data_dir)):
        lock = _lock_of_the_dead(data_dir, batch_id, patience if whole else None)
        if lock is None:
            continue
        try:
            found += _recover_batch(
                data_dir, batch_id, note_part, data_locked=data_locked, patience=patience
            )
        finally:
            lock.release()
    with disk(data_dir.tmp, "clear"):
        clear_asides(data_dir.tmp, "*")
    return found


def _lock_of_the_dead(
    data_dir: DataDir, batch_id: str, patience: Patience | None
) -> JournalLock | None:
    """The lock of a journal; None where a living process writes it, or nobody waits for it."""
    if patience is None:
        return JournalLock.try_acquire(data_dir, batch_id)

    def attempt() -> tuple[JournalLock | None] | None:
        lock = JournalLock.try_acquire(data_dir, batch_id)
        return (lock,) if lock is not None or is_writing(data_dir, batch_id) else None

    path = journal_lock(data_dir, batch_id)
    return patience.wait(attempt, "journal", f"the journal of batch {batch_id}", path)[0]


def _left_behind(data_dir: DataDir) -> set[str]:
    """The batches that have a segment or a lock file, of the living and of the dead."""
    locked = {path.stem for path in listed(data_dir.locks, "*.lock")}
    journalled = {batch_id for batch_id, _ in _segments(data_dir)}
    return journalled | {stem for stem in locked if BATCH_ID.fullmatch(stem)}


def _segments(data_dir: DataDir) -> list[tuple[str, Path]]:
    matches = (
        (SEGMENT_NAME.fullmatch(path.name), path) for path in listed(data_dir.journal, "*.jsonl")
    )
    return [(m["batch"], path) for m, path in matches if m and BATCH_ID.fullmatch(m["batch"])]


def waiting_rows(data_dir: DataDir, batch_id: str) -> int:
    """How many rows of a batch stand in its journal as they were written.

    Raises:
        DiskError: it cannot be read.
    """
    found = 0
    for owner, path in _segments(data_dir):
        if owner == batch_id:
            with disk(path, "read"):
                found += sum(unframe(line) is not None for line in read_lines(path))
    return found


def _recover_batch(
    data_dir: DataDir, batch_id: str, note_part: NotePart, *, data_locked: bool, patience: Patience
) -> list[Recovery]:
    # While the lines are there: what they tell is in the record before the first of them goes.
    Ledger(data_dir).settle(batch_id)
    # Listed again under the lock: another recovery may have been here between the two.
    paths = [path for owner, path in _segments(data_dir) if owner == batch_id]
    return [
        _recover_segment(data_dir, path, note_part, data_locked=data_locked, patience=patience)
        for path in paths
    ]


def _recover_segment(
    data_dir: DataDir,
    path: Path,
    note_part: NotePart,
    *,
    data_locked: bool = False,
    patience: Patience,
) -> Recovery:
    segment = _read_segment(data_dir, path)
    batch_id = path.stem.rpartition("-")[0]
    if segment.newer:
        return Recovery(batch_id, path.name, "newer")
    if segment.header is None:
        aside = keep_aside(data_dir, path, segment.torn)
        unlink(path)
        return Recovery(batch_id, path.name, "unreadable" if aside else "empty", None, aside)
    with contextlib.nullcontext() if data_locked else data_lock(data_dir, patience=patience):
        sealed = _seal_segment(data_dir, segment, note_part, recovering=True)
    outcome: RecoveryOutcome = "stood" if sealed.stood else "sealed" if sealed.part else "empty"
    return Recovery(batch_id, path.name, outcome, sealed.part, sealed.kept_aside, sealed.refused)


def _read_segment(data_dir: DataDir, path: Path) -> _Segment:
    with disk(path, "read"):
        raw = read_whole(path)
    return _parse_segment(data_dir, path, raw)


# --- reading -----------------------------------------------------------------------------------


def read_rejected(data_dir: DataDir, batch_id: str) -> Iterator[Rejected]:
    """What a batch paid for and did not keep; a line torn by a crash is passed over.

    Raises:
        DiskError: the file is there and cannot be read.
    """
    path = data_dir.rejected / f"{check_batch_id(batch_id)}.jsonl"
    if not os.path.lexists(path):
        return
    decoder = msgspec.json.Decoder(Rejected)
    with disk(path, "read"):
        for line in read_lines(path):
            with contextlib.suppress(*NOT_OURS):
                yield decoder.decode(line)
