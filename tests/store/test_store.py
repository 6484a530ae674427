"""store.py: locks, segments and parts, recovery of what is damaged, and what is counted."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import multiprocessing
import os
import resource
import shutil
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.errors import BatchRunning, DiskError, Reason, UsageError
from legalgen.store.files import DataDir, check_batch_id, frame, replace_file, unframe
from legalgen.store.journal import BatchWriter, Recovery, Rejected, bounded, read_rejected, recover
from legalgen.store.ledger import Ledger, Process, Record
from legalgen.store.locks import BatchLock, Holder, Patience, data_lock, folder_lock, is_writing
from legalgen.store.parts import (
    Part,
    iter_batches,
    parts,
    row_count,
    slots_of,
    summarise,
)
from legalgen.store.reviews import ReviewMark, append_reviews, read_reviews
from legalgen.store.sample import Sample, arrow_schema, from_table
from tests.crash.rows import BATCH, make_sample

SEGMENT = f"{BATCH}-00000.jsonl"
PART = f"train-{BATCH}-00000.parquet"
NOW = datetime(2026, 11, 23, 16, 15, tzinfo=UTC)


class Notes(list[tuple[str, Part]]):
    """The parts that were noted, in order."""

    def __call__(self, batch_id: str, part: Part) -> None:
        self.append((batch_id, part))


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.create()
    return made


@contextlib.contextmanager
def writing(data_dir: DataDir, **options: object) -> Iterator[BatchWriter]:
    options = {"batch_id": BATCH, "note_part": Notes()} | options
    with BatchWriter(data_dir, **options) as writer:  # type: ignore[arg-type]  # options of a test
        yield writer


def rows_on_disk(data_dir: DataDir, *, rehearsal: bool = False) -> list[Sample]:
    found = [
        from_table(pq.ParquetFile(path).read()) for path in parts(data_dir, rehearsal=rehearsal)
    ]
    return [sample for rows in found for sample in rows]


def abandoned(data_dir: DataDir, samples: list[Sample]) -> Path:
    """A segment whose writer died: written by one, and put back after it had sealed."""
    writer = BatchWriter(data_dir, BATCH, note_part=Notes())
    writer.append(samples)
    path = data_dir.journal / SEGMENT
    raw = path.read_bytes()
    writer.close()
    (data_dir.parts() / PART).unlink()
    path.write_bytes(raw)
    return path


def record_of(batch_id: str, *, rehearsal: bool = False) -> Record:
    return Record(
        id=batch_id,
        kind="batch",
        status="stopped",
        command=(),
        process=Process(0, "unknown"),
        version="0",
        started=NOW,
        updated=NOW,
        rehearsal=rehearsal,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- folders and names -------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder of another file system than the tests' own files."""
    for place in (Path("/dev/shm"), Path("/var/tmp")):
        if place.is_dir() and place.stat().st_dev != tmp_path.stat().st_dev:
            with TemporaryDirectory(dir=place) as folder:
                yield Path(folder)
                return
    pytest.skip("all folders here are of one file system")


@pytest.mark.parametrize("name", ["train", "train/data", "batches", "state/tmp"])
def test_a_folder_of_another_file_system_is_refused_at_once(
    data_dir: DataDir, elsewhere: Path, name: str
) -> None:
    """Before anything is paid for: a part could not be put there. Both folders are named."""
    folder = data_dir.root / name
    shutil.rmtree(folder)
    folder.symlink_to(elsewhere)
    with pytest.raises(DiskError, match="not on one file system") as told:
        data_dir.create()
    for named in (data_dir.tmp, folder, data_dir.root):
        assert str(named) in str(told.value)


def test_a_data_dir_on_another_disk_is_as_good_as_any(tmp_path: Path, elsewhere: Path) -> None:
    """A link to the whole of it parts nothing; refused answers need no move."""
    (tmp_path / "linked").symlink_to(elsewhere)
    data_dir = DataDir(tmp_path / "linked")
    data_dir.create()
    data_dir.rejected.rmdir()
    data_dir.rejected.symlink_to(tmp_path)
    data_dir.create()


def test_the_folders_are_those_of_the_design(data_dir: DataDir) -> None:
    """A new data dir has the folders everything else counts on, and creating it twice is fine."""
    data_dir.create()
    root = data_dir.root
    assert {str(path.relative_to(root)) for path in root.rglob("*")} == {
        "train",
        "train/data",
        "batches",
        "journal",
        "rejected",
        "state",
        "state/tmp",
        "state/locks",
    }


def test_a_folder_that_cannot_be_made_is_a_disk_error(tmp_path: Path) -> None:
    """A file where the data dir shall be: a sentence and exit code 74."""
    (tmp_path / "file").touch()
    with pytest.raises(DiskError, match="cannot make the folder") as caught:
        DataDir(tmp_path / "file" / "data").create()
    assert caught.value.exit_code == 74


@pytest.mark.parametrize("bad", ["", "../x", "a/b", "a.b", "-a", "g12", "batch", "data", "a\n"])
def test_a_batch_id_cannot_leave_its_folder(data_dir: DataDir, bad: str) -> None:
    """Ids that would name other files, or files of another meaning, are refused."""
    with pytest.raises(UsageError):
        check_batch_id(bad)
    with pytest.raises(UsageError):
        BatchWriter(data_dir, bad, note_part=Notes())


# --- writing and sealing -----------------------------------------------------------------------


def test_what_is_appended_is_sealed_in_parts_of_the_right_size(data_dir: DataDir) -> None:
    """Appends of any size become parts of exactly ``part_rows`` rows, the rest at the end."""
    samples = [make_sample(slot) for slot in range(7)]
    notes = Notes()
    with writing(data_dir, part_rows=3, note_part=notes) as writer:
        writer.append(samples[:1])
        writer.append(samples[1:])
        assert (row_count(data_dir), writer.durable) == (6, 7)
    names = [f"train-{BATCH}-{number:05}.parquet" for number in range(3)]
    assert rows_on_disk(data_dir) == samples
    assert [path.name for path in parts(data_dir)] == names
    assert notes == [(BATCH, Part(name, rows)) for name, rows in zip(names, (3, 3, 1), strict=True)]
    assert files(data_dir.journal) == files(data_dir.tmp) == {}
    assert {path.name for path in data_dir.locks.iterdir()} == {"data.lock"}


def test_every_part_has_the_frozen_schema(data_dir: DataDir) -> None:
    """Types do not depend on what the rows hold."""
    with writing(data_dir) as writer:
        writer.append([make_sample(0, latency_s=None, citations=(), reasoning_steps=())])
    assert pq.read_schema(data_dir.parts() / PART).equals(arrow_schema())


def test_nothing_appended_leaves_nothing(data_dir: DataDir) -> None:
    """A batch without a sample writes no part, no segment and no lock file."""
    with writing(data_dir) as writer:
        writer.append([])
        assert writer.seal() is None
    assert [path for path in data_dir.root.rglob("*") if path.is_file()] == []


def test_a_rehearsal_never_touches_train(data_dir: DataDir) -> None:
    """Rows of a rehearsal go to rehearsal/, also through recovery."""
    with writing(data_dir, rehearsal=True) as writer:
        writer.append([make_sample(0)])
    assert rows_on_disk(data_dir) == []
    assert rows_on_disk(data_dir, rehearsal=True) == [make_sample(0)]
    assert slots_of(data_dir, BATCH) == {0}


def test_a_resumed_batch_goes_on_with_the_next_part(data_dir: DataDir) -> None:
    """Part numbers are never used twice, not even those of segments kept aside."""
    (data_dir.journal / f"{BATCH}-00004.jsonl.torn-0").touch()
    for slot in range(2):
        with writing(data_dir) as writer:
            writer.append([make_sample(slot)])
    assert [path.name for path in parts(data_dir)] == [
        f"train-{BATCH}-{number:05}.parquet" for number in (5, 6)
    ]


def test_a_batch_whose_id_begins_like_another_is_another(data_dir: DataDir) -> None:
    """``a`` and ``a-b`` share neither numbers nor slots."""
    for slot, batch_id in enumerate(("a", "a-b")):
        with writing(data_dir, batch_id=batch_id) as writer:
            writer.append([make_sample(slot, batch_id)])
    assert [path.name for path in parts(data_dir)] == [
        "train-a-00000.parquet",
        "train-a-b-00000.parquet",
    ]
    assert (slots_of(data_dir, "a"), slots_of(data_dir, "a-b")) == ({0}, {1})


def test_slots_are_found_in_compacted_parts_too(data_dir: DataDir) -> None:
    """After a compaction the rows of a batch are in parts that do not bear its name."""
    for slot, batch_id in enumerate((BATCH, "other")):
        with writing(data_dir, batch_id=batch_id) as writer:
            writer.append([make_sample(slot, batch_id)])
    table = pq.read_table(data_dir.parts())
    for path in parts(data_dir):
        path.unlink()
    pq.write_table(table, data_dir.parts() / "train-g1-00000.parquet")
    assert slots_of(data_dir, BATCH) == {0}


class Interrupt(BaseException):
    """A Ctrl-C in the middle of a call."""


def test_a_segment_that_is_opened_holds_a_header_until_its_first_row(data_dir: DataDir) -> None:
    """It is gone where no row comes, and else the segment that the row stands in."""
    with writing(data_dir) as writer:
        writer.open()
        writer.open()
        assert (data_dir.journal / SEGMENT).read_bytes().count(b"\n") == 1
    assert files(data_dir.journal) == {}
    with writing(data_dir) as writer:
        writer.open()
        writer.append([make_sample(0)])
    assert (files(data_dir.journal), rows_on_disk(data_dir)) == ({}, [make_sample(0)])


def test_a_segment_whose_first_row_the_disk_failed_at_is_left_to_recovery(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed fsync nobody knows whether the row is there."""
    writer = BatchWriter(data_dir, BATCH, note_part=Notes())
    writer.open()

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr("os.fsync", fail)
        with pytest.raises(DiskError, match="Input/output error"):
            writer.append([make_sample(0)])
    writer.close()
    (found,) = recover(data_dir, note_part=Notes())
    assert (found.outcome, rows_on_disk(data_dir)) == ("sealed", [make_sample(0)])


def test_an_interrupt_inside_a_call_does_not_break_the_writer(data_dir: DataDir) -> None:
    """After a Ctrl-C in the middle of sealing, what follows is written and nothing is doubled."""
    calls = []

    def interrupted_once(batch_id: str, part: Part) -> None:
        calls.append((batch_id, part))
        if len(calls) == 1:
            raise Interrupt

    with writing(data_dir, note_part=interrupted_once) as writer:
        writer.append([make_sample(0)])
        with pytest.raises(Interrupt):
            writer.seal()
        writer.append([make_sample(1)])
    assert rows_on_disk(data_dir) == [make_sample(0), make_sample(1)]
    assert [part.name[-13:] for _, part in calls] == ["00000.parquet"] * 2 + ["00001.parquet"]


def test_a_closed_writer_refuses(data_dir: DataDir) -> None:
    """Using a writer after close is a bug, and closing twice is not."""
    with writing(data_dir) as writer:
        pass
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.append([make_sample(0)])


def test_a_journal_that_cannot_be_read_back_is_not_sealed(data_dir: DataDir) -> None:
    """Rows that were fsynced and are not there any more stop the seal instead of shrinking it."""
    writer = BatchWriter(data_dir, BATCH, note_part=Notes())
    writer.append([make_sample(0), make_sample(1)])
    path = data_dir.journal / SEGMENT
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DiskError, match="1 of 2 rows can be read back"):
        writer.seal()
    writer.close()
    assert parts(data_dir) == []
    assert path.exists()


# --- recovery ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain_parts")
@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.extended)])
def test_a_segment_torn_at_any_byte_keeps_every_line_before_it(
    data_dir: DataDir, step: int
) -> None:
    """Cut the last line at each offset: the rows before it are sealed, the torn end is kept.

    Within the row at every ninth byte, unless it is the extended run.
    """
    short = dict.fromkeys(("answer", "subtopic", "seed_json", "sub_jurisdiction"), "")
    samples = [make_sample(slot, citations=(), reasoning_steps=(), **short) for slot in range(2)]
    path = abandoned(data_dir, samples)
    raw = path.read_bytes()
    start = raw.rindex(b"\n", 0, len(raw) - 1) + 1
    near = {*range(start, start + 25), *range(len(raw) - 10, len(raw))}
    for cut in sorted(near | set(range(start, len(raw), step))):
        path.write_bytes(raw[:cut])
        notes = Notes()
        (found,) = recover(data_dir, note_part=notes)
        whole = cut == len(raw) - 1  # only the newline is missing
        assert rows_on_disk(data_dir) == samples[: 1 + whole]
        torn = {} if cut == start or whole else {f"{SEGMENT}.torn-0": raw[start:cut]}
        assert files(data_dir.journal) == torn
        assert (found.kept_aside is not None) == bool(torn)
        assert notes == [(BATCH, Part(PART, 1 + whole))]
        (data_dir.parts() / PART).unlink()
        for name in torn:
            (data_dir.journal / name).unlink()


@pytest.mark.usefixtures("plain_parts")
def test_a_flipped_bit_anywhere_in_a_row_is_noticed(data_dir: DataDir) -> None:
    """A damaged line in the middle is kept aside; the lines around it are sealed."""
    path = abandoned(data_dir, [make_sample(slot) for slot in range(3)])
    lines = path.read_bytes().splitlines(keepends=True)
    for place in range(0, len(lines[2]) - 1, 29):
        damaged = bytearray(lines[2])
        damaged[place] ^= 4
        path.write_bytes(b"".join([*lines[:2], bytes(damaged), lines[3]]))
        (found,) = recover(data_dir, note_part=Notes())
        assert rows_on_disk(data_dir) == [make_sample(0), make_sample(2)]
        assert found.kept_aside is not None
        assert found.kept_aside.read_bytes() == damaged
        found.kept_aside.unlink()
        (data_dir.parts() / PART).unlink()


@given(st.binary(max_size=200), st.booleans())
def test_no_garbage_makes_recovery_fail_or_vanishes(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, headed: bool
) -> None:
    """Any bytes in a segment, behind a header or without: recovered, and kept to the last one."""
    data_dir = DataDir(tmp_path_factory.mktemp("data"))
    data_dir.create()
    path = data_dir.journal / SEGMENT
    header = b'{"journal":1,"batch":"%s","part":0,"dataset":"train","schema_version":1}\n'
    path.write_bytes((header % BATCH.encode() if headed else b"") + garbage)
    (found,) = recover(data_dir, note_part=Notes())
    assert parts(data_dir) == []
    expected = {f"{SEGMENT}.torn-0": garbage} if garbage else {}
    assert files(data_dir.journal) == expected
    assert found.outcome == ("unreadable" if garbage and not headed else "empty")
    assert recover(data_dir, note_part=Notes()) == []


def test_a_header_of_another_file_decides_nothing(data_dir: DataDir) -> None:
    """A segment that was copied under another name is kept aside, not sealed a second time."""
    path = abandoned(data_dir, [make_sample(0)])
    copy = path.with_name(f"{BATCH}-00001.jsonl")
    copy.write_bytes(path.read_bytes())
    assert [one.outcome for one in recover(data_dir, note_part=Notes())] == ["sealed", "unreadable"]
    assert rows_on_disk(data_dir) == [make_sample(0)]


@pytest.mark.parametrize("damage", ["zeroed", "gone"])
@pytest.mark.parametrize("rehearsal", [False, True])
def test_the_rows_behind_a_damaged_header_are_sealed(
    data_dir: DataDir, damage: str, rehearsal: bool
) -> None:
    """The name of the file and the record of the batch tell what it did; what it was is kept."""
    Ledger(data_dir).create(record_of(BATCH, rehearsal=rehearsal))
    path = abandoned(data_dir, [make_sample(0), make_sample(1)])
    header, *rows = path.read_bytes().splitlines(keepends=True)
    first = b"\0" * 10 + header[10:] if damage == "zeroed" else b""
    path.write_bytes(first + b"".join(rows))
    (found,) = recover(data_dir, note_part=Notes())
    assert (found.outcome, found.part) == ("sealed", Part(PART, 2))
    assert from_table(pq.read_table(data_dir.parts(rehearsal=rehearsal) / PART)) == [
        make_sample(0),
        make_sample(1),
    ]
    assert files(data_dir.journal) == ({f"{SEGMENT}.torn-0": first} if first else {})


@pytest.mark.parametrize("record", [None, b"", "another batch's rows", "not readable"])
def test_rows_of_which_nothing_tells_what_they_are_are_kept(
    data_dir: DataDir, record: bytes | str | None
) -> None:
    """Aside where nothing ever will; where they stand while the record cannot be looked at."""
    path = abandoned(data_dir, [make_sample(0)])
    raw = b"".join(path.read_bytes().splitlines(keepends=True)[1:])
    path.write_bytes(raw)
    of_record = data_dir.batches / f"{BATCH}.json"
    if isinstance(record, bytes):
        of_record.write_bytes(record)
    elif record == "not readable":
        of_record.symlink_to(of_record)
        with pytest.raises(DiskError, match=r"cannot be read: Too many levels"):
            recover(data_dir, note_part=Notes())
        assert files(data_dir.journal) == {SEGMENT: raw}
        return
    elif record is not None:
        path = path.rename(path.with_name("another-00000.jsonl"))
        Ledger(data_dir).create(record_of("another"))
    assert [one.outcome for one in recover(data_dir, note_part=Notes())] == ["unreadable"]
    assert files(data_dir.journal) == {f"{path.name}.torn-0": raw}


def test_a_segment_of_a_later_version_is_left_alone(data_dir: DataDir) -> None:
    """A row with columns this program does not know is not cut short by it."""
    path = abandoned(data_dir, [make_sample(0)])
    path.write_bytes(
        path.read_bytes().replace(b'"schema_version":2}\n', b'"schema_version":3}\n', 1)
    )
    before = files(data_dir.journal)
    assert recover(data_dir, note_part=Notes()) == [Recovery(BATCH, SEGMENT, "newer")]
    assert files(data_dir.journal) == before


def test_where_the_part_stands_the_segment_is_dropped_and_noted(data_dir: DataDir) -> None:
    """A crash between the swap and the unlink: nothing is doubled, and the ledger hears of it."""
    path = abandoned(data_dir, [make_sample(0)])
    raw = path.read_bytes()
    recover(data_dir, note_part=Notes())
    path.write_bytes(raw)
    notes = Notes()
    expected = Recovery(BATCH, SEGMENT, "stood", Part(PART, 1))
    assert recover(data_dir, note_part=notes) == [expected]
    assert notes == [(BATCH, Part(PART, 1))]
    assert rows_on_disk(data_dir) == [make_sample(0)]


def test_a_part_with_other_rows_is_neither_trusted_nor_overwritten(data_dir: DataDir) -> None:
    """Rows that the standing part does not hold get a part of their own, however often asked."""
    with writing(data_dir) as writer:
        writer.append([make_sample(9)])
    other = (data_dir.parts() / PART).read_bytes()
    (data_dir.parts() / PART).unlink()
    path = abandoned(data_dir, [make_sample(0)])
    raw = path.read_bytes()
    (data_dir.parts() / PART).write_bytes(other)
    for _ in range(2):
        path.write_bytes(raw)
        recover(data_dir, note_part=Notes())
        assert rows_on_disk(data_dir) == [make_sample(9), make_sample(0)]


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"\0" * 5000])
def test_a_damaged_part_is_made_again_from_its_segment(data_dir: DataDir, damage: bytes) -> None:
    """A part that cannot be read does not count as standing; it is kept aside, not destroyed."""
    abandoned(data_dir, [make_sample(0)])
    (data_dir.parts() / PART).write_bytes(damage)
    (found,) = recover(data_dir, note_part=Notes())
    assert found == Recovery(BATCH, SEGMENT, "sealed", Part(PART, 1))
    assert rows_on_disk(data_dir) == [make_sample(0)]
    assert files(data_dir.journal) == {f"{PART}.damaged-0": damage}


def poisoned(line: bytes, **changes: object) -> bytes:
    """A line of the journal whose row says something else; its checksum fits."""
    row = unframe(line)
    assert row is not None
    return frame(msgspec.json.encode(msgspec.json.decode(row) | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"input_tokens": 2**63},
        {"output_tokens": 2**64 - 1},
        {"reasoning_tokens": -(2**63) - 1},
        {"slot": 2**63},
        {"input_tokens": "many"},
        {"answer": None},
        {"citations": "none"},
        {"created_at": "yesterday"},
    ],
    ids=str,
)
def test_a_row_that_the_schema_refuses_is_put_aside_and_those_behind_it_are_sealed(
    data_dir: DataDir, changes: dict[str, object]
) -> None:
    """One absurd number or type in the middle of a segment keeps nothing else out for ever."""
    path = abandoned(data_dir, [make_sample(slot) for slot in range(3)])
    header, first, second, third = path.read_bytes().splitlines(keepends=True)
    bad = poisoned(second, **changes)
    path.write_bytes(b"".join([header, first, bad, third]))
    (found,) = recover(data_dir, note_part=Notes())
    assert rows_on_disk(data_dir) == [make_sample(0), make_sample(2)]
    assert found.kept_aside is not None
    assert found.kept_aside.read_bytes() == bad
    assert f"in {found.kept_aside}" in str(found)
    assert recover(data_dir, note_part=Notes()) == []


def test_rows_beyond_64_bits_and_torn_lines_are_kept_aside_together(data_dir: DataDir) -> None:
    """Also a number with 400 digits; where every row is refused no part is made."""
    path = abandoned(data_dir, [make_sample(slot) for slot in range(2)])
    header, first, second = path.read_bytes().splitlines(keepends=True)
    row = unframe(first)
    assert row is not None
    huge = frame(row.replace(b'"input_tokens":500', b'"input_tokens":' + b"9" * 400))
    deep = frame(row.replace(b'"score":null', b'"score":' + b"[" * 100_000 + b"]" * 100_000))
    path.write_bytes(b"".join([header, huge, deep, second[:9]]))
    (found,) = recover(data_dir, note_part=Notes())
    assert (found.outcome, parts(data_dir)) == ("empty", [])
    assert found.kept_aside is not None
    assert sorted(found.kept_aside.read_bytes().splitlines(keepends=True)) == sorted(
        [huge, deep, second[:9]]
    )


def test_a_living_writer_puts_aside_what_the_schema_refuses(data_dir: DataDir) -> None:
    """Also without a crash: the batch is told in a sentence, and its other rows are sealed."""
    told: list[str] = []
    with writing(data_dir, notice=told.append) as writer:
        writer.append([make_sample(0), make_sample(1, input_tokens=2**63), make_sample(2)])
    assert rows_on_disk(data_dir) == [make_sample(0), make_sample(2)]
    aside = data_dir.journal / f"{SEGMENT}.torn-0"
    assert told == [f"1 row was put aside, as the schema refuses what it holds, in {aside}"]


def test_two_copies_of_a_line_are_one_row(data_dir: DataDir) -> None:
    """A line that stands twice in a segment, or in a second segment too, is sealed once."""
    path = abandoned(data_dir, [make_sample(slot) for slot in range(2)])
    header, first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([header, first, second, first]))
    other = header.replace(b'"part":0', b'"part":1')
    path.with_name(f"{BATCH}-00001.jsonl").write_bytes(other + second)
    recover(data_dir, note_part=Notes())
    assert rows_on_disk(data_dir) == [make_sample(0), make_sample(1)]


def test_a_segment_left_over_from_before_a_compaction_is_not_sealed_again(
    data_dir: DataDir,
) -> None:
    """Its rows stand in a part of another name by then."""
    path = abandoned(data_dir, [make_sample(0)])
    raw = path.read_bytes()
    recover(data_dir, note_part=Notes())
    (data_dir.parts() / PART).rename(data_dir.parts() / "train-g1-00000.parquet")
    path.write_bytes(raw)
    (found,) = recover(data_dir, note_part=Notes())
    assert (found.outcome, found.part) == ("stood", None)
    assert rows_on_disk(data_dir) == [make_sample(0)]


def test_recovery_clears_what_dead_writers_left_and_nothing_else(data_dir: DataDir) -> None:
    """Files in state/tmp go when their writer is dead, foreign files in journal/ stay."""
    (data_dir.tmp / "train-x-00000.parquet.0000").write_bytes(b"half")
    (data_dir.locks / "20260101-000000-dead.lock").touch()
    (data_dir.journal / "notes.txt").touch()
    (data_dir.journal / "not a batch-00000.jsonl").touch()
    assert recover(data_dir, note_part=Notes()) == []
    assert files(data_dir.tmp) == {}
    assert {path.name for path in data_dir.locks.iterdir()} == set()
    assert set(files(data_dir.journal)) == {"notes.txt", "not a batch-00000.jsonl"}


def test_recovery_leaves_the_files_of_the_living(data_dir: DataDir) -> None:
    """What another process is writing in state/tmp at this moment is not taken from it."""
    path = data_dir.tmp / "train-x-00000.parquet.0000"
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        recover(data_dir, note_part=Notes())
        assert path.exists()
    recover(data_dir, note_part=Notes())
    assert not path.exists()


# --- a disk that is full -----------------------------------------------------------------------


def _fill(data_dir: DataDir, limit: int, answers: Connection) -> None:
    """Write samples of 100 kB with a real limit on the size of files, until it hurts."""
    writer = BatchWriter(data_dir, BATCH, note_part=Notes())
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        for slot in range(20):
            writer.append([make_sample(slot, thinking="x" * 100_000)])
    except DiskError as error:
        answers.send((writer.durable, error.exit_code, (data_dir.journal / SEGMENT).stat().st_size))
    answers.send("survived")


@pytest.mark.parametrize("limit", [1, 50_000, 250_000, 1_000_000])
def test_a_journal_that_cannot_grow_keeps_what_it_promised(data_dir: DataDir, limit: int) -> None:
    """A real EFBIG in a real process: a DiskError, the torn line taken back, the rest recovered."""
    (durable, exit_code, size), *_ = child_answers(_fill, data_dir, limit)
    assert (exit_code, durable) == (74, limit // 101_000)
    assert size <= limit
    recover(data_dir, note_part=Notes())
    assert sorted(slots_of(data_dir, BATCH)) == list(range(durable))
    assert [name for name in files(data_dir.journal) if ".torn-" in name] == []


def child_answers(target: object, *args: object) -> list[tuple[int, int, int]]:
    """What a child process sends until it ends."""
    reading, writing = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=target, args=(*args, writing))  # type: ignore[arg-type]  # any function
    child.start()
    writing.close()
    answers = []
    with contextlib.suppress(EOFError):
        while reading.poll(30):
            answers.append(reading.recv())
    child.join(30)
    return answers


# --- locks -------------------------------------------------------------------------------------


def _hold_journal(data_dir: DataDir, told: Connection) -> None:
    writer = BatchWriter(data_dir, BATCH, note_part=Notes())
    writer.append([make_sample(0)])
    told.send("ready")
    told.recv()
    os._exit(1)  # no close, no seal


def _hold_batch_lock(data_dir: DataDir, told: Connection) -> None:
    lock = BatchLock(data_dir)
    lock.acquire(Holder(BATCH, os.getpid(), NOW))
    told.send("ready")
    told.recv()
    os._exit(1)  # no release


@contextlib.contextmanager
def held_elsewhere(target: object, data_dir: DataDir) -> Iterator[tuple[int, Connection]]:
    """Another process that holds a lock, until it is told to die."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=target, args=(data_dir, theirs))  # type: ignore[arg-type]  # any function
    child.start()
    assert child.pid is not None
    assert ours.poll(30)
    ours.recv()
    try:
        yield child.pid, ours
    finally:
        ours.send("die")
        child.join(30)


def test_a_living_journal_is_not_touched_and_a_dead_one_is_recovered(data_dir: DataDir) -> None:
    """Two processes: recovery passes the journal by while its writer lives, and only then."""
    with held_elsewhere(_hold_journal, data_dir):
        assert is_writing(data_dir, BATCH)
        assert recover(data_dir, note_part=Notes()) == []
        with pytest.raises(BatchRunning, match=BATCH):
            BatchWriter(data_dir, BATCH, note_part=Notes())
    assert not is_writing(data_dir, BATCH)
    assert recover(data_dir, note_part=Notes()) == [
        Recovery(BATCH, SEGMENT, "sealed", Part(PART, 1))
    ]
    assert rows_on_disk(data_dir) == [make_sample(0)]


def test_a_second_batch_is_told_who_the_first_is(data_dir: DataDir) -> None:
    """Two processes: the second gets exit code 5 and the first one's id, pid and start."""
    lock = BatchLock(data_dir, sleep=lambda _: None)
    with held_elsewhere(_hold_batch_lock, data_dir) as (pid, _):
        with pytest.raises(BatchRunning) as caught:
            lock.acquire(Holder("second", os.getpid(), NOW), max_wait_s=5)
        assert caught.value.exit_code == 5
        assert caught.value.holder == {"id": BATCH, "pid": pid, "started": "2026-11-23T16:15:00Z"}
        assert str(caught.value) == (
            f"batch {BATCH} is running (pid {pid}, since 2026-11-23 16:15:00 UTC)"
        )
    with lock:
        lock.acquire(Holder("second", os.getpid(), NOW))
    assert {path.name for path in data_dir.locks.iterdir()} <= {"batch.lock"}


def test_who_waits_gets_the_lock_when_the_first_dies(data_dir: DataDir) -> None:
    """A dead process is no obstacle, also in the middle of a wait."""
    with held_elsewhere(_hold_batch_lock, data_dir) as (_, told):
        naps: list[float] = []

        def nap(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 2:
                told.send("die")
            if len(naps) >= 2:
                told.poll(1)

        with BatchLock(data_dir, sleep=nap) as lock:
            lock.acquire(Holder("second", os.getpid(), NOW), max_wait_s=600)
        assert set(naps) == {0.2}
        with contextlib.suppress(BrokenPipeError):
            told.send("die")


def test_generate_may_write_beside_a_running_batch(data_dir: DataDir) -> None:
    """Two writers of two batches at once, one recovery in between: each row once."""
    with writing(data_dir) as first, writing(data_dir, batch_id="other") as second:
        first.append([make_sample(0)])
        second.append([make_sample(1, "other")])
        assert recover(data_dir, note_part=Notes()) == []
    assert {sample.slot for sample in rows_on_disk(data_dir)} == {0, 1}


def test_a_folder_of_the_users_is_held_by_one_and_waited_for(tmp_path: Path) -> None:
    """The folder itself is locked: nothing is left in it."""
    first = contextlib.ExitStack()
    first.enter_context(folder_lock(tmp_path, Patience()))
    with (
        pytest.raises(BatchRunning, match=f"the folder {tmp_path} is held by"),
        folder_lock(tmp_path, Patience(0.0)),
    ):
        pass
    with folder_lock(tmp_path, Patience(sleep=lambda _: first.close())):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EBADF, errno.ENOLCK])
def test_a_folder_that_cannot_be_locked_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As NFS answers, which no test has; any other error is the disk's."""

    def refuse(_descriptor: int, _kind: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with folder_lock(tmp_path, Patience(0.0)):
        pass
    number = errno.EIO
    with pytest.raises(DiskError, match="cannot lock"), folder_lock(tmp_path, Patience(0.0)):
        pass


def test_the_exclusive_data_lock_lets_recovery_through(data_dir: DataDir) -> None:
    """Whoever rewrites the parts recovers first, under its own lock, without waiting for itself."""
    abandoned(data_dir, [make_sample(0)])
    with data_lock(data_dir, exclusive=True):
        (found,) = recover(data_dir, note_part=Notes(), data_locked=True)
    assert found.outcome == "sealed"


# --- files that are replaced, answers that are refused -----------------------------------------


def test_a_replaced_file_is_whole_or_old(data_dir: DataDir) -> None:
    """replace_file leaves the new content and nothing aside; a failure leaves the old."""
    target = data_dir.state / "x.json"
    replace_file(data_dir, target, b"one")
    replace_file(data_dir, target, b"two")
    with pytest.raises(DiskError) as caught:
        replace_file(data_dir, data_dir.state / "none" / "x.json", b"three")
    assert caught.value.path == data_dir.state / "none" / "x.json"
    assert (target.read_bytes(), files(data_dir.tmp)) == (b"two", {})


def rejected(text: str) -> Rejected:
    reason = Reason("ANSWER_LENGTH", "71 words, need 250-750", "answer")
    return Rejected(NOW, 3, "groq", "m", (reason,), text, len(text), 10, 20, 0.1, 1.5, "stop", 2)


def test_refused_answers_are_kept_with_their_reasons(data_dir: DataDir) -> None:
    """What was paid for comes back as it was, also behind a line torn by a crash."""
    with writing(data_dir) as writer:
        writer.reject(rejected("one"))
    path = data_dir.rejected / f"{BATCH}.jsonl"
    with path.open("ab") as file:
        file.write(b'{"at":"2026')
    with writing(data_dir) as writer:
        writer.reject(rejected("two \ud800"))
    kept = list(read_rejected(data_dir, BATCH))
    assert kept == [rejected("one"), msgspec.structs.replace(rejected("two ?"))]
    assert list(read_rejected(data_dir, "other")) == []


def test_refused_answers_and_marks_are_read_one_at_a_time(data_dir: DataDir) -> None:
    """Of a file that grew over months one line is in memory, not the file."""
    with writing(data_dir) as writer:
        for number in range(500):
            writer.reject(rejected(f"{number} {'long ' * 2000}"))
    marks = [ReviewMark("row", "right", NOW, remark="long " * 2000) for _ in range(500)]
    append_reviews(data_dir, marks)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rejected(data_dir, BATCH)) == 500
        assert len(read_reviews(data_dir)) == 1
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("made", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nothing")])
def test_what_is_no_file_of_refused_answers_is_told(
    data_dir: DataDir, made: Callable[[Path], None]
) -> None:
    """A folder, a pipe that nobody writes, a link to nothing: none is read as if it were empty."""
    made(data_dir.rejected / f"{BATCH}.jsonl")
    with pytest.raises(DiskError, match="move it away"):
        list(read_rejected(data_dir, BATCH))


@given(st.text(), st.integers(min_value=1, max_value=9000))
def test_a_refused_text_is_bounded_between_characters(text: str, times: int) -> None:
    """At most 16 KiB of valid text, a beginning of the whole."""
    whole = (text * times)[:20_000]
    cut = bounded(whole)
    assert len(cut.encode()) <= 16 * 1024
    assert whole.encode("utf-8", "replace").decode().startswith(cut)


# --- counting ----------------------------------------------------------------------------------


def cell(slot: int) -> tuple[str, str, str, str, str]:
    return ("uk", "contract", "formation", ("basic", "expert")[slot % 2], "short_qa")


def test_sealed_rows_are_counted_by_cell_and_model(data_dir: DataDir) -> None:
    """Counts are the same without an index, with one, and with one that lags behind."""
    for first in (0, 3):
        with writing(data_dir) as writer:
            writer.append([make_sample(slot) for slot in range(first, first + 3)])
        expected = Counter(cell(slot) for slot in range(first + 3))
        for save in (False, True, False):
            assert summarise(data_dir, save=save).cells == expected
            assert row_count(data_dir) == first + 3
    assert summarise(data_dir).models == {
        "groq/openai/gpt-oss-120b": 3,
        "groq/openai/gpt-oss-20b": 3,
    }


def test_an_index_spares_opening_the_parts_it_knows(data_dir: DataDir) -> None:
    """With the index saved, known parts are not read: one may even be unreadable inside."""
    with writing(data_dir) as writer:
        writer.append([make_sample(0)])
    known = summarise(data_dir, save=True).cells
    path = data_dir.parts() / PART
    stat = path.stat()
    path.write_bytes(b"\0" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert summarise(data_dir).cells == known
    assert row_count(data_dir) == 1


@pytest.mark.parametrize("damage", ["torn", "flipped", "foreign", "gone", "exchanged"])
def test_an_index_that_does_not_fit_is_not_believed(data_dir: DataDir, damage: str) -> None:
    """A torn, damaged or stale index costs time and nothing else."""
    for slot in range(2):
        with writing(data_dir) as writer:
            writer.append([make_sample(slot)])
    summarise(data_dir, save=True)
    index = data_dir.state / "index-train.json"
    raw = index.read_bytes()
    first, second = parts(data_dir)
    if damage == "gone":
        first.unlink()
    elif damage == "exchanged":
        first.write_bytes(second.read_bytes())
    else:
        wrong = {
            "torn": raw[:-9],
            "flipped": raw.replace(b'"expert",', b'"exqert",'),
            "foreign": b"[]",
        }
        index.write_bytes(wrong[damage])
    expected = {"gone": [1], "exchanged": [1, 1]}.get(damage, [0, 1])
    for save in (True, False):
        assert summarise(data_dir, save=save).cells == Counter(map(cell, expected))
    assert row_count(data_dir) == len(expected)


def test_a_reader_changes_nothing(data_dir: DataDir) -> None:
    """Counting and reading leave the data dir exactly as it was."""
    abandoned(data_dir, [make_sample(0)])
    with writing(data_dir, batch_id="other") as writer:
        writer.append([make_sample(1, "other")])
    before = {path: path.stat().st_mtime_ns for path in data_dir.root.rglob("*")}
    assert sum(batch.num_rows for batch in iter_batches(data_dir)) == 1
    assert (row_count(data_dir), summarise(data_dir).rows) == (1, 1)
    assert not is_writing(data_dir, BATCH)
    assert {path: path.stat().st_mtime_ns for path in data_dir.root.rglob("*")} == before


def test_a_dataset_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Reading before the first batch finds nothing and fails at nothing."""
    data_dir = DataDir(tmp_path / "none")
    assert parts(data_dir) == list(iter_batches(data_dir)) == []
    assert (row_count(data_dir), summarise(data_dir).cells, slots_of(data_dir, BATCH)) == (
        0,
        Counter(),
        set(),
    )


def test_a_part_that_cannot_be_read_is_named(data_dir: DataDir) -> None:
    """A foreign file among the parts stops a count with its name, never with a wrong number."""
    path = data_dir.parts() / "train-x-00000.parquet"
    path.write_bytes(b"not parquet")
    for read in (row_count, summarise, lambda d: list(iter_batches(d))):
        with pytest.raises(DiskError, match="train-x-00000") as caught:
            read(data_dir)
        assert caught.value.path == path


def test_a_lock_that_cannot_be_given_back_is_told_as_a_failed_disk(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the server of locks of a network file system is gone, which no test can have."""
    real = fcntl.flock

    def refusing(descriptor: int, kind: int) -> None:
        if kind == fcntl.LOCK_UN:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        real(descriptor, kind)

    lock = BatchLock(data_dir)
    lock.acquire(Holder(BATCH, os.getpid(), NOW))
    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", refusing)
        with pytest.raises(DiskError, match=r"cannot unlock .*batch\.lock: No locks available"):
            lock.release()
