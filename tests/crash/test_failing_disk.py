"""The executable on a disk that fails: it stops, says where, and goes on when there is room."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from legalgen.store.journal import waiting_rows
from legalgen.store.ledger import Ledger, Record
from tests.crash.trial import BATCH, CONCURRENCY, TARGET, ForkServer, Trial, Vendors

NEW = (*BATCH, "-n", str(TARGET))
DISK_FAILED = 74

FULL = [
    ("write holder", 1),
    ("open coverage", 1),
    ("write ledger", 1),
    ("open journal", 1),
    ("write journal", 1),
    ("write journal", 3),
    ("fsync journal", 2),
    ("write rejected", 1),
    ("open part", 1),
    ("write part", 1),
    ("fsync part", 2),
    ("replace part", 1),
    ("write corpus", 1),
    ("write ledger", 3),
    ("write card", 1),
]


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    """The double of the vendors, in a process of its own; some answers are refused."""
    log = tmp_path_factory.mktemp("vendors") / "calls.jsonl"
    with Vendors.started(log, '{"name": "wrong_schema", "after": 1, "every": 3}') as vendors:
        yield vendors


@pytest.fixture
def trial(tmp_path: Path, vendors: Vendors, server: ForkServer) -> Trial:
    """A home on a disk that has not failed yet."""
    return Trial(tmp_path, vendors, server)


def assert_goes_on(trial: Trial) -> None:
    """Whole parts now; every accepted sample, once, after the next command."""
    trial.failures += 1
    trial.look()
    trial.recover()
    trial.judge()
    assert trial.problems == []


@pytest.mark.parametrize("failure", FULL, ids=lambda failure: "-".join(map(str, failure)))
def test_a_disk_that_is_full_from_some_write_on(trial: Trial, failure: tuple[str, int]) -> None:
    """Exit 74 with the path and the reason, no traceback; with room the next command goes on."""
    point, nth = failure
    code = trial.run(*NEW, point=point, nth=nth, errno=errno.ENOSPC, lasting=True)
    assert (code, trial.error().count("Traceback")) == (DISK_FAILED, 0), trial.error()
    assert str(trial.data_dir.root) in trial.error()
    assert "No space left on device" in trial.error()
    assert_goes_on(trial)


@pytest.mark.parametrize("point", ["open journal", "write journal", "fsync journal"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_journal_that_cannot_be_made_is_known_before_the_first_call(
    trial: Trial, point: str, number: int
) -> None:
    """Nobody is paid, and nothing of it is left in its folder where something can be taken away."""
    since = trial.vendors.size
    code = trial.run(*NEW, point=point, nth=1, errno=number, lasting=number == errno.EROFS)
    assert (code, trial.vendors.size) == (DISK_FAILED, since), trial.error()
    assert number == errno.EROFS or list(trial.data_dir.journal.iterdir()) == []
    assert_goes_on(trial)


@pytest.mark.parametrize("nth", [1, 3], ids=["first part", "last part"])
def test_what_a_full_disk_leaves_in_the_journal_is_told(trial: Trial, nth: int) -> None:
    """How many samples are safe there, and the command that seals them, which does."""
    order = trial.order(*NEW, point="write part", nth=nth, errno=errno.ENOSPC, lasting=True)
    assert trial.profiled(order)[0] == DISK_FAILED, trial.error()
    found = re.search(
        r"No space left on device; (\d+) samples? (?:is|are) safe in the journal: "
        r"`legalgen batch (\S+) --resume` seals (?:it|them) when the disk has room and goes on",
        trial.error(),
    )
    assert found is not None, trial.error()
    (segment,) = trial.data_dir.journal.glob("*.jsonl")
    waiting = len(segment.read_bytes().splitlines()) - 1
    # The append that made the part full had not returned for those that it brought.
    assert waiting - CONCURRENCY < int(found[1]) <= waiting
    assert trial.run("batch", found[2], "--resume", "-q") == 0, trial.error()
    trial.failures += 1
    trial.judge()
    assert trial.problems == []


def test_only_what_can_be_read_back_is_called_safe(trial: Trial) -> None:
    """After another failure than a full disk it is not room that is missing; of a journal that was
    emptied nothing is safe."""
    code = trial.run(*NEW, point="write part", nth=1, errno=errno.EIO)
    assert (code, "safe in the journal" in trial.error()) == (DISK_FAILED, True), trial.error()
    assert "seals them once that is mended and goes on" in trial.error()
    (segment,) = trial.data_dir.journal.glob("*.jsonl")
    batch_id = segment.stem.rpartition("-")[0]
    whole = segment.read_bytes()
    assert waiting_rows(trial.data_dir, batch_id) == len(whole.splitlines()) - 1
    segment.write_bytes(whole[:100])
    assert waiting_rows(trial.data_dir, batch_id) == 0
    segment.write_bytes(whole)
    assert_goes_on(trial)


def test_what_was_learnt_about_models_may_be_lost(trial: Trial) -> None:
    """A state folder that is full is told, and ends no batch."""
    code = trial.run(*NEW, point="replace health", nth=1, errno=errno.ENOSPC)
    assert code == 0, trial.error()
    trial.judge()
    assert trial.problems == []


@pytest.mark.parametrize("kind", ["journal", "part", "folder train/data"])
def test_a_failed_fsync_is_never_tried_again(trial: Trial, kind: str) -> None:
    """The kernel may have thrown the pages away: after EIO nothing of its kind is synced."""
    order = trial.order(*NEW, point=f"fsync {kind}", nth=1, errno=errno.EIO)
    code, passed = trial.profiled(order)
    assert code == DISK_FAILED, trial.error()
    assert "Input/output error" in trial.error()
    assert passed[f"fsync {kind}"] == 1
    (record,) = Ledger(trial.data_dir).all()
    assert isinstance(record, Record)
    assert (record.status, "Input/output error" in record.reason) == ("stopped", True)
    assert_goes_on(trial)


def test_a_file_system_that_became_read_only(trial: Trial) -> None:
    """From the first write: exit 74, and nothing was asked of a vendor."""
    since = trial.vendors.size
    code = trial.run(*NEW, point="mkdir folder batches", nth=1, errno=errno.EROFS, lasting=True)
    assert (code, trial.vendors.size) == (DISK_FAILED, since)
    assert "Read-only file system" in trial.error()


@pytest.mark.parametrize("point", ["write journal", "write ledger"])
def test_a_file_system_that_becomes_read_only_under_way(trial: Trial, point: str) -> None:
    """What failed first is told, not the locks that cannot be taken away afterwards."""
    code = trial.run(*NEW, point=point, nth=3, errno=errno.EROFS, lasting=True)
    assert (code, trial.error().count("Traceback")) == (DISK_FAILED, 0), trial.error()
    folder = {"write journal": "journal", "write ledger": "batches"}[point]
    said = rf"cannot write {trial.data_dir.root}/{folder}/\S+: Read-only file system"
    assert re.search(said, trial.error()), trial.error()
    assert_goes_on(trial)


@pytest.mark.parametrize("limit", [2_000, 9_000, 20_000])
def test_a_quota_on_the_size_of_files(trial: Trial, limit: int) -> None:
    """A real limit of the system (RLIMIT_FSIZE) stops it; without the limit it goes on."""
    code = trial.run(*NEW, file_bytes=limit)
    assert code == DISK_FAILED, trial.error()
    assert re.search(r"cannot write .*/data/.*: File too large", trial.error())
    assert_goes_on(trial)


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system of a few kilobytes at ``folder``; only root can have one."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "legalgen-test", str(folder)]
    if os.geteuid() or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("cannot mount a file system here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("kilobytes", [36, 52, 68, 84, 108])
def test_a_small_file_system_that_runs_full(trial: Trial, kilobytes: int) -> None:
    """No room left, for real and at whichever write comes last; a larger disk completes it."""
    with small_disk(trial.data_dir.root, kilobytes):
        code = trial.run(*NEW)
        assert code == DISK_FAILED, trial.error()
        assert "No space left on device" in trial.error()
        larger = f"remount,size={2**20}k"
        subprocess.run(["mount", "-o", larger, str(trial.data_dir.root)], check=True)
        assert_goes_on(trial)


def test_a_disk_mounted_read_only(trial: Trial) -> None:
    """A real read-only file system: exit 74 and the path; mounted for writing it goes on."""
    root = trial.data_dir.root
    with small_disk(root, 2**20):
        assert trial.run(*NEW) == 0
        subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
        assert trial.run(*NEW) == DISK_FAILED
        assert "Read-only file system" in trial.error()
        assert str(root) in trial.error()
        subprocess.run(["mount", "-o", "remount,rw", str(root)], check=True)
        assert_goes_on(trial)


def test_a_data_dir_that_vanishes(trial: Trial) -> None:
    """Removed under a running batch (a disk unplugged): exit 74, not a loop and no traceback."""
    trial.starter.start(trial.order(*BATCH, "-n", "5000"))
    told = trial.home / "told-1.jsonl"
    end = time.monotonic() + 60
    while "SampleAccepted" not in _text(told):
        assert time.monotonic() < end, trial.error()
        time.sleep(0.01)
    # In one step: what the batch still writes would be in the way of a removal piece by piece.
    shutil.rmtree(trial.data_dir.root.rename(trial.home / "unplugged"))
    assert trial.starter.end() == DISK_FAILED, trial.error()
    assert "Traceback" not in trial.error()
    assert str(trial.data_dir.root) in trial.error()
    story = [json.loads(line) for line in _text(told).splitlines()]
    ends = [event["exit_code"] for event in story if event["type"] == "BatchFinished"]
    assert ends in ([], [DISK_FAILED])  # the record could no longer be closed, or says why
    assert sum(event["type"] == "SampleAccepted" for event in story) < 5000


def _text(path: Path) -> str:
    """What it holds; a file that is being written may end within a letter."""
    return path.read_text("utf-8", "replace") if path.exists() else ""
