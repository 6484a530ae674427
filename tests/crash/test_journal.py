"""The journal under crashes: whatever was accepted is there once after recovery, never twice."""

from __future__ import annotations

import errno
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from legalgen.errors import DiskError
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, recover
from legalgen.store.parts import Part, iter_batches
from tests.crash.killer import Failer, Killer, intercept
from tests.crash.power import Disk
from tests.crash.rows import BATCH, make_sample
from tests.crash.writer import write

HERE = Path(__file__).parent
PART_ROWS = 2
SIZES = [1, 3, 1]
EXTENDED = pytest.mark.extended


def noted(_batch_id: str, _part: Part) -> None:
    """Nobody keeps a ledger here."""


def made(path: Path) -> DataDir:
    data_dir = DataDir(path)
    data_dir.create()
    return data_dir


def slots(data_dir: DataDir) -> list[int]:
    batches = iter_batches(data_dir, ["slot"])
    return sorted(slot for batch in batches for slot in batch["slot"].to_pylist())


def assert_whole(data_dir: DataDir, accepted: int, tried: int) -> None:
    """Nothing accepted is missing, nothing is there twice, no leftover stays."""
    recover(data_dir, note_part=noted)
    found = slots(data_dir)
    assert set(range(accepted)) <= set(found) <= set(range(tried))
    assert len(found) == len(set(found))
    assert not list(data_dir.journal.glob("*.jsonl"))
    assert not list(data_dir.tmp.iterdir())
    assert not [path for path in data_dir.locks.iterdir() if path.name.startswith(BATCH)]
    assert recover(data_dir, note_part=noted) == []


def in_child(work: Callable[[], None]) -> tuple[int, str]:
    """Run ``work`` in a forked child; the signal that ended it, and what it wrote to stdout."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.dup2(writing, 1)
            sys.stdout = os.fdopen(1, "w")
            work()
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)), text


def operations(data_dir: DataDir) -> int:
    """How many file operations the writer makes when nothing goes wrong."""
    counter = Killer(0, "before")
    with intercept(counter):
        write(data_dir, PART_ROWS, SIZES)
    return counter.count


@pytest.mark.parametrize("how", ["before", "half", "after"])
def test_killed_at_every_file_operation_it_loses_and_doubles_nothing(
    tmp_path: Path, how: str
) -> None:
    """SIGKILL around, and in the middle of, each file operation of a writer, one after another."""
    total = operations(DataDir(tmp_path / "whole"))
    assert slots(DataDir(tmp_path / "whole")) == list(range(sum(SIZES)))
    for at in range(1, total + 1):
        data_dir = DataDir(tmp_path / str(at))

        def work(at: int = at, data_dir: DataDir = data_dir) -> None:
            with intercept(Killer(at, how)):
                write(data_dir, PART_ROWS, SIZES)

        ended, text = in_child(work)
        assert ended == signal.SIGKILL
        data_dir.create()
        assert_whole(data_dir, int((["0", *text.split()])[-1]), sum(SIZES))


def test_recovery_killed_at_every_file_operation_can_be_begun_again(tmp_path: Path) -> None:
    """Recovery that dies is recovered from, with torn lines kept aside once."""
    at = 0
    while True:
        at += 1
        data_dir = made(tmp_path / str(at))
        left_behind(data_dir)

        def work(at: int = at, data_dir: DataDir = data_dir) -> None:
            with intercept(Killer(at, "half")):
                recover(data_dir, note_part=noted)

        ended, _ = in_child(work)
        assert_whole(data_dir, 3, 3)
        aside = [path.read_bytes() for path in data_dir.journal.glob("*.torn-*")]
        assert aside == [b'{"crc":"torn']
        if ended == 0:
            break
    assert at > 10


def left_behind(data_dir: DataDir) -> None:
    """A segment of three rows and a torn line, as a killed writer leaves it."""

    def work() -> None:
        writer = BatchWriter(data_dir, BATCH, note_part=noted)
        writer.append([make_sample(slot) for slot in range(3)])
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(work)[0] == signal.SIGKILL
    with (data_dir.journal / f"{BATCH}-00000.jsonl").open("ab") as file:
        file.write(b'{"crc":"torn')


@pytest.mark.usefixtures("plain_parts")
@pytest.mark.parametrize("names", [False, True], ids=["nothing-unasked", "names-unasked"])
def test_a_power_cut_after_any_operation_loses_and_doubles_nothing(
    tmp_path: Path, names: bool
) -> None:
    """Only what was fsynced survives, and that is enough: the order of the fsyncs is right."""
    data_dir = made(tmp_path / "disk")
    accepted = 0

    def cut(disk: Disk) -> None:
        left = DataDir(tmp_path / f"{disk.operations}")
        disk.leave(left.root, names=names)
        cuts.append((left, accepted))

    cuts: list[tuple[DataDir, int]] = []
    disk = Disk(data_dir.root, cut)
    with intercept(disk), BatchWriter(data_dir, BATCH, note_part=noted, part_rows=2) as writer:
        for size in SIZES:
            writer.append([make_sample(accepted + n) for n in range(size)])
            accepted += size
    disk.close()
    assert len(cuts) > 50
    for left, promised in cuts:
        assert_whole(left, promised, sum(SIZES))


@pytest.mark.parametrize("names", [False, True], ids=["nothing-unasked", "names-unasked"])
def test_a_power_cut_during_recovery_loses_and_doubles_nothing(tmp_path: Path, names: bool) -> None:
    """Rows and torn lines survive a power cut after any operation of the recovery itself."""
    data_dir = made(tmp_path / "disk")
    left_behind(data_dir)
    cuts: list[DataDir] = []

    def cut(disk: Disk) -> None:
        left = DataDir(tmp_path / f"{disk.operations}")
        disk.leave(left.root, names=names)
        cuts.append(left)

    disk = Disk(data_dir.root, cut)
    with intercept(disk):
        recover(data_dir, note_part=noted)
    disk.close()
    assert len(cuts) > 20
    for left in cuts:
        assert_whole(left, 3, 3)
        aside = [path.read_bytes() for path in left.journal.glob("*.torn-*")]
        assert b'{"crc":"torn' in aside
        assert set(aside) <= {b'{"crc":"torn', b""}


@pytest.mark.usefixtures("plain_parts")
@pytest.mark.parametrize(
    ("number", "lasting", "places"),
    [
        pytest.param(errno.ENOSPC, True, slice(0, None, 2), id="full"),
        pytest.param(errno.EIO, False, slice(1, None, 2), id="broken-once"),
        pytest.param(errno.ENOSPC, True, slice(None), id="full-all", marks=EXTENDED),
        pytest.param(errno.ENOSPC, False, slice(None), id="full-once-all", marks=EXTENDED),
        pytest.param(errno.EIO, True, slice(None), id="broken-all", marks=EXTENDED),
        pytest.param(errno.EIO, False, slice(None), id="broken-once-all", marks=EXTENDED),
    ],
)
def test_a_disk_that_fails_at_any_operation_breaks_the_writer_and_loses_nothing(
    tmp_path: Path, number: int, lasting: bool, places: slice
) -> None:
    """An error at each operation: DiskError, then a writer that refuses, then a whole recovery.

    At every other operation the disk is full, at those between it fails once; the extended run has
    each way at each.
    """
    total = operations(DataDir(tmp_path / "whole"))
    for at in range(1, total + 1)[places]:
        data_dir = made(tmp_path / str(at))
        accepted, broken = fail_at(data_dir, Failer(at, number, lasting=lasting))
        if broken is not None:
            with pytest.raises(DiskError):
                broken.append([make_sample(9)])
            with pytest.raises(DiskError):
                broken.seal()
            broken.close()
        assert_whole(data_dir, accepted, sum(SIZES))


def fail_at(data_dir: DataDir, failer: Failer) -> tuple[int, BatchWriter | None]:
    """How many samples were accepted, and the writer if it broke."""
    writer: BatchWriter | None = None
    accepted = 0
    with intercept(failer):
        try:
            writer = BatchWriter(data_dir, BATCH, note_part=noted, part_rows=PART_ROWS)
            for size in SIZES:
                writer.append([make_sample(accepted + n) for n in range(size)])
                accepted += size
            writer.seal()
        except DiskError:
            return (writer.durable if writer else 0), writer
    writer.close()
    return accepted, None


def test_a_real_program_killed_at_random_operations_goes_on_where_it_was(tmp_path: Path) -> None:
    """A child process, killed a few times at random, each time recovered by its successor."""
    rng = random.Random(20261123)
    for _ in range(3):
        data_dir = DataDir(tmp_path / str(rng.randrange(10**6)))
        done = run_writer(data_dir, rng.randrange(1, 60))
        data_dir.create()
        assert done.returncode in (-signal.SIGKILL, 0)
        assert_whole(data_dir, int((["0", *done.stdout.split()])[-1]), sum(SIZES))
        assert run_writer(data_dir, 0).returncode == 0
        counted = re.fullmatch(r"operations: (\d+)\n", run_writer(data_dir, 0).stderr)
        assert counted is not None
        assert int(counted[1]) > 30


def run_writer(data_dir: DataDir, at: int) -> subprocess.CompletedProcess[str]:
    program = [str(HERE / "killer.py"), str(at), "after", "-m", "crash.writer"]
    arguments = [str(data_dir.root), str(PART_ROWS), *map(str, SIZES)]
    path = os.pathsep.join([str(HERE.parent), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, *program, *arguments],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
