"""compact.py: few parts, the same rows in the same order, whatever kills it and whoever reads."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from legalgen.dataset import compact as room
from legalgen.dataset.compact import Compacted, Limits, compact, exchange_folders, leftovers
from legalgen.dataset.verify import repair, verify
from legalgen.errors import DiskError, UsageError
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter
from legalgen.store.ledger import Ledger
from legalgen.store.parts import iter_batches, parts, row_count, slots_of
from tests.crash.killer import Failer, Killer, intercept
from tests.crash.rows import BATCH, make_sample
from tests.crash.test_journal import in_child
from tests.dataset.shelf import filled, names_of, rows_of, written
from tests.waiting import eventually

SMALL = Limits(rows=4, group_rows=3)


def compacted(
    data_dir: DataDir,
    *,
    limits: Limits = SMALL,
    exchange: room.SwapFolders | None = None,
    offline: bool = False,
) -> Compacted:
    return compact(
        data_dir,
        note_part=Ledger(data_dir).note_part,
        limits=limits,
        exchange=exchange,
        offline=offline,
    )


def never(_left: Path, _right: Path) -> bool:
    """A file system that cannot exchange folders."""
    return False


def test_many_parts_become_few_and_the_rows_stay_as_they_were(tmp_path: Path) -> None:
    """Names carry a generation, order and values are kept, and the batch still knows its slots."""
    data_dir = filled(tmp_path / "data")
    before = rows_of(data_dir)
    done = compacted(data_dir)
    assert (done.rows, done.parts_before, done.parts_after, done.generation) == (7, 4, 2, 1)
    assert names_of(data_dir) == ["train-g1-00000.parquet", "train-g1-00001.parquet"]
    assert rows_of(data_dir) == before
    assert [pq.read_metadata(path).num_rows for path in parts(data_dir)] == [4, 3]
    assert pq.read_metadata(parts(data_dir)[0]).num_row_groups == 2
    assert slots_of(data_dir, BATCH) == set(range(7))
    assert row_count(data_dir) == 7
    assert verify(data_dir).findings == ()


def test_a_part_ends_at_its_size_too(tmp_path: Path) -> None:
    """Parts are bounded in bytes as well as in rows, row group by row group."""
    noise = random.Random(7)
    samples = [make_sample(slot, answer=noise.randbytes(30_000).hex()) for slot in range(9)]
    data_dir = written(tmp_path / "data", samples, part_rows=1)
    done = compacted(data_dir, limits=Limits(rows=100, bytes=100_000, group_rows=1))
    assert (done.parts_before, done.parts_after) == (9, 3)
    assert [sample.slot for sample in rows_of(data_dir)] == list(range(9))


def test_what_is_few_already_is_left_alone(tmp_path: Path) -> None:
    """A second compaction does nothing; after more rows the next generation follows."""
    data_dir = filled(tmp_path / "data")
    compacted(data_dir)
    assert compacted(data_dir).generation is None
    filled(tmp_path / "data", rows=2, part_rows=1, batch_id="20261124-090000-next")
    done = compacted(data_dir, limits=Limits(rows=100))
    assert (done.generation, done.parts_before, done.parts_after) == (2, 4, 1)
    assert names_of(data_dir) == ["train-g2-00000.parquet"]
    assert done.rows == 9


def test_rows_of_a_dead_writer_are_recovered_first(tmp_path: Path) -> None:
    """A part whose segment still stands would be sealed again after the rewrite."""
    data_dir = filled(tmp_path / "data", rows=3, part_rows=1)

    def work() -> None:
        writer = BatchWriter(data_dir, BATCH, note_part=lambda *_: None)
        writer.append([make_sample(3)])
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(work)[0] == signal.SIGKILL
    done = compacted(data_dir)
    assert [each.outcome for each in done.recovered] == ["sealed"]
    assert [sample.slot for sample in rows_of(data_dir)] == [0, 1, 2, 3]
    assert verify(data_dir).findings == ()


@pytest.mark.parametrize("name", ["notes.txt", "half.parquet.tmp", ".hidden.parquet"])
def test_a_file_that_is_no_part_is_not_swept_away(tmp_path: Path, name: str) -> None:
    """Whatever else stands in the folder would go with the old one: it refuses instead."""
    data_dir = filled(tmp_path / "data")
    (data_dir.parts() / name).write_bytes(b"mine")
    before = names_of(data_dir)
    with pytest.raises(UsageError, match=r"no part; see `legalgen dataset verify --repair`"):
        compacted(data_dir)
    assert names_of(data_dir) == before


def test_a_link_to_the_parts_is_not_exchanged_for_a_folder(tmp_path: Path) -> None:
    """The parts stay on the disk where somebody has put them."""
    data_dir = filled(tmp_path / "data")
    disk = tmp_path / "disk"
    data_dir.parts().rename(disk)
    data_dir.parts().symlink_to(disk)
    before = names_of(data_dir)
    with pytest.raises(UsageError, match=r"is a link to \S+, .*: link the data dir as a whole"):
        compacted(data_dir)
    assert (data_dir.parts().is_symlink(), names_of(data_dir)) == (True, before)


def test_a_part_with_other_columns_is_refused(tmp_path: Path) -> None:
    """Nothing is cast on the way."""
    data_dir = filled(tmp_path / "data")
    path = parts(data_dir)[0]
    pq.write_table(pq.read_table(path).drop_columns(["judge"]), path)
    with pytest.raises(UsageError, match="other columns"):
        compacted(data_dir)


# --- killed --------------------------------------------------------------------------------------


def kill_at_every_operation(
    root: Path, how: str, work: Callable[[DataDir], object], check: Callable[[DataDir], None]
) -> int:
    """Kill ``work`` at its first, second, ... file operation; ``check`` what each one left."""
    template = filled(root / "template", rows=3, part_rows=1)
    at = 0
    while True:
        at += 1
        data_dir = copied(template, root / str(at))

        def child(at: int = at, data_dir: DataDir = data_dir) -> None:
            with intercept(Killer(at, how)):
                work(data_dir)

        ended, _ = in_child(child)
        check(data_dir)
        if ended == 0:
            return at
        assert ended == signal.SIGKILL


def test_a_list_of_moves_that_is_damaged_is_told_with_what_to_do(tmp_path: Path) -> None:
    """Nothing is guessed: whatever was moved when it died, what is said brings each row back."""
    told = set[str]()

    def work(data_dir: DataDir) -> None:
        compacted(data_dir, exchange=never, offline=True)

    def check(data_dir: DataDir) -> None:
        moves = data_dir.state / "compact" / "train" / "moves.json"
        if moves.exists():
            moves.write_bytes(moves.read_bytes()[:-9])
            before = names_of(data_dir)
            for mend in (work, repair):
                with pytest.raises(DiskError, match=r"cannot read .*moves\.json: ") as raised:
                    mend(data_dir)
                assert names_of(data_dir) == before
            told.add(by_hand(str(raised.value), data_dir))
            moves.unlink()
        work(data_dir)
        assert slots(data_dir) == [0, 1, 2]
        assert leftovers(data_dir) == []

    def by_hand(said: str, data_dir: DataDir) -> str:
        new = [path for path in parts(data_dir) if path.name.startswith("train-g1-")]
        if "no part of before is gone yet: remove train-g1-*" in said:
            way, gone = "back", new
        else:
            assert "each new part is in" in said
            way, gone = "on", [path for path in parts(data_dir) if path not in new]
        for path in gone:
            path.unlink()
        return way

    assert kill_at_every_operation(tmp_path, "after", work, check) > 20
    assert told == {"back", "on"}


def test_a_list_of_moves_of_no_compaction_is_only_to_be_removed(tmp_path: Path) -> None:
    """Where nothing was built there is nothing to undo."""
    data_dir = filled(tmp_path / "data")
    moves = data_dir.state / "compact" / "train" / "moves.json"
    moves.parent.mkdir(parents=True)
    moves.write_text('{"new": [')
    with pytest.raises(DiskError, match="no part was moved: remove this file"):
        compacted(data_dir)


def copied(template: DataDir, root: Path) -> DataDir:
    shutil.copytree(template.root, root)
    return DataDir(root)


def slots(data_dir: DataDir) -> list[int]:
    return [sample.slot for sample in rows_of(data_dir)]


@pytest.mark.parametrize("how", ["half", "after"])
def test_killed_at_every_operation_the_rows_are_there_once(tmp_path: Path, how: str) -> None:
    """At once, without any recovery, and still after the next compaction, which leaves no trace."""

    def check(data_dir: DataDir) -> None:
        assert slots(data_dir) == [0, 1, 2]
        assert len({name[:8] == "train-g1" for name in names_of(data_dir)}) == 1
        compacted(data_dir)
        assert slots(data_dir) == [0, 1, 2]
        assert names_of(data_dir) == ["train-g1-00000.parquet"]
        assert leftovers(data_dir) == []

    assert kill_at_every_operation(tmp_path, how, compacted, check) > 20


def test_killed_while_parts_are_moved_one_by_one_it_goes_on(tmp_path: Path) -> None:
    """Where folders cannot be exchanged, no row is ever missing, and the next one ends it."""

    def work(data_dir: DataDir) -> None:
        compacted(data_dir, exchange=never, offline=True)

    def check(data_dir: DataDir) -> None:
        assert set(slots(data_dir)) == {0, 1, 2}
        work(data_dir)
        assert slots(data_dir) == [0, 1, 2]
        assert leftovers(data_dir) == []

    assert kill_at_every_operation(tmp_path, "after", work, check) > 20


@pytest.mark.usefixtures("plain_parts")
@pytest.mark.parametrize("step", [2, pytest.param(1, marks=pytest.mark.extended)])
def test_a_disk_that_fails_anywhere_leaves_the_rows(tmp_path: Path, step: int) -> None:
    """An error at every other operation, or each, is a DiskError; the dataset is the old one or
    the new one."""
    template = filled(tmp_path / "template", rows=3, part_rows=1)
    for at in range(1, 200, step):
        data_dir = copied(template, tmp_path / str(at))
        failer = Failer(at, (errno.ENOSPC, errno.EIO)[at // step % 2], lasting=True)
        with intercept(failer), contextlib.suppress(DiskError):
            compacted(data_dir)
            assert failer.count < at
            return
        assert slots(data_dir) == [0, 1, 2]
        compacted(data_dir)
        assert slots(data_dir) == [0, 1, 2]
    pytest.fail("it never ended")


# --- read meanwhile ------------------------------------------------------------------------------


def test_a_reader_before_and_after_the_exchange_sees_all_rows(tmp_path: Path) -> None:
    """Up to the exchange the old parts, from then on the new; names listed before are gone."""
    data_dir = filled(tmp_path / "data")
    seen: list[list[int]] = []

    def watched(left: Path, right: Path) -> bool:
        listed = parts(data_dir)
        seen.append(slots(data_dir))
        done = exchange_folders(left, right)
        seen.append(slots(data_dir))
        assert not any(path.exists() for path in listed)
        return done

    compacted(data_dir, exchange=watched)
    assert seen == [list(range(7)), list(range(7))]


def test_a_folder_that_is_emptied_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever had opened the old one finds nothing in it, and would tell of no rows."""
    data_dir = filled(tmp_path / "data")
    listdir, opened = os.listdir, list[Path]()

    def emptied(folder: Path) -> list[str]:
        if folder == data_dir.parts() and not opened:
            opened.append(folder)
            compacted(data_dir)
            return []
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", emptied)
    assert slots(data_dir) == list(range(7))
    assert opened == [data_dir.parts()]


def test_readers_all_the_while_get_every_row_or_an_error(tmp_path: Path) -> None:
    """Readers in other threads, over several compactions: never a wrong count."""
    data_dir = filled(tmp_path / "data", rows=8, part_rows=1)
    counts: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                counts.append(sum(batch.num_rows for batch in iter_batches(data_dir, ["id"])))
            except DiskError:
                continue

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for rows in (2, 4, 8):
        assert compacted(data_dir, limits=Limits(rows=rows)).generation is not None
    eventually(lambda: counts)  # now that nothing is exchanged any more
    stop.set()
    for reader in readers:
        reader.join(timeout=60)
    assert set(counts) == {8}


# --- where folders cannot be exchanged ---------------------------------------------------------


def test_without_the_system_call_it_asks_first(tmp_path: Path) -> None:
    """It says what to do and changes nothing; told that nobody reads, it moves the parts."""
    data_dir = filled(tmp_path / "data")
    before = names_of(data_dir)
    with pytest.raises(UsageError, match="--offline"):
        compacted(data_dir, exchange=never)
    assert (names_of(data_dir), leftovers(data_dir)) == (before, [])
    assert compacted(data_dir, exchange=never, offline=True).generation == 1
    assert slots(data_dir) == list(range(7))
    assert names_of(data_dir) == ["train-g1-00000.parquet", "train-g1-00001.parquet"]


def test_folders_are_exchanged_in_one_step(tmp_path: Path) -> None:
    """The real call of this system, on this file system; a folder that is gone is an error."""
    left, right = tmp_path / "left", tmp_path / "right"
    left.mkdir()
    right.mkdir()
    (left / "a").touch()
    assert exchange_folders(left, right)
    assert [path.name for path in right.iterdir()] == ["a"]
    assert list(left.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        exchange_folders(left, tmp_path / "gone")
