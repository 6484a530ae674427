"""The executable while another process holds a lock: it waits, says so, and pays for nothing twice.

The other process is the test itself, which lets go once the program has told that it waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from legalgen.store.files import DataDir
from legalgen.store.locks import journal_lock
from legalgen.store.parts import slots_of
from tests.program import Program
from tests.vendors import VendorServer

MODEL = "openai/gpt-oss-120b"
ONE = ("--route", f"groq/{MODEL}")


@contextlib.contextmanager
def held(path: Path, kind: int) -> Iterator[None]:
    """A flock on a file, as ``flock`` of the shell or a stopped command holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def data_lock_of(data_dir: DataDir) -> Path:
    return data_dir.locks / "data.lock"


def killed(program: Program, vendors: VendorServer) -> str:
    """A batch of twelve that died with some rows in its journal; its id."""
    program.kill_after(4, vendors, "batch", *ONE, "-n", "12", "-c", "1")
    vendors.wait_for_no_connection()
    return program.record().id


class TestTheJournalOfTheBatch:
    """Somebody holds the lock of a dead batch's journal for a moment."""

    @pytest.mark.parametrize("kind", [fcntl.LOCK_SH, fcntl.LOCK_EX])
    def test_resume_waits_and_pays_for_nothing_twice(
        self, program: Program, vendors: VendorServer, kind: int
    ) -> None:
        """``flock -s`` on the journal's lock: told, waited for, then recovered and counted."""
        batch_id = killed(program, vendors)
        segment = program.data_dir.journal / f"{batch_id}-00000.jsonl"
        journalled = segment.read_bytes().splitlines()[1:]
        before = len(vendors.answered())
        left = 12 - len(journalled)
        with contextlib.ExitStack() as stack:
            holding = stack.enter_context(contextlib.ExitStack())
            holding.enter_context(held(journal_lock(program.data_dir, batch_id), kind))
            running = stack.enter_context(program.start("batch", "--resume"))
            running.wait_for("WaitingForLock")
            (told,) = running.events
            assert (told["lock"], batch_id in told["reason"]) == ("journal", True)
            assert f"(pid {os.getpid()})" in told["holder"]
            assert len(vendors.answered()) == before
            holding.close()
            ended = running.end()
        assert ended.code == 0, ended.err
        assert f"the journal of batch {batch_id}" in ended.err
        slots = [row["slot"] for row in program.rows()]
        assert slots == list(range(12))
        assert len(vendors.answered()) - before == left

    def test_the_status_does_not_come_from_a_lock(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """A reader's lock makes no dead batch run, and resume never says there is nothing to do."""
        batch_id = killed(program, vendors)
        lock = journal_lock(program.data_dir, batch_id)
        with held(lock, fcntl.LOCK_SH):
            (row,) = program.run("history", "--json").json
            assert row["status"] == "interrupted"
            ended = program.run("batch", "--resume", "--max-wait", "1s")
        assert (ended.code, "held by" in ended.err) == (5, True), ended.err
        assert program.run("batch", "--resume").code == 0

    def test_looking_takes_no_lock(self, program: Program, vendors: VendorServer) -> None:
        """History and verify end while every lock is held by somebody else, and change nothing."""
        batch_id = killed(program, vendors)
        with (
            held(journal_lock(program.data_dir, batch_id), fcntl.LOCK_EX),
            held(data_lock_of(program.data_dir), fcntl.LOCK_EX),
        ):
            assert program.run("history", batch_id).code == 0
            found = program.run("dataset", "verify", "--json")
        assert found.code == 1
        assert [one["kind"] for one in found.json["findings"]] == ["journal_waiting"]


def test_a_batch_that_runs_is_no_mistake_of_the_command_line(
    program: Program, vendors: VendorServer
) -> None:
    """``--resume`` beside the batch itself: exit 5, with or without its id; never 2."""
    with vendors.hold() as calls, program.start("batch", *ONE, "-n", "900", "-c", "1") as first:
        calls.wait_for(1)
        batch_id = program.record().id
        for words in (("--resume",), (batch_id, "--resume")):
            ended = program.run("batch", *words)
            assert (ended.code, f"batch {batch_id} is running" in ended.err) == (5, True), ended.err
        first.signal(signal.SIGINT)
        first.wait_for("StopRequested")
        calls.release()
        assert first.end().code == 130


class TestTheDataset:
    """Somebody rewrites the dataset and never ends, like a compaction that was stopped."""

    def test_nothing_is_paid_for_that_could_not_be_sealed(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """``--max-wait`` bounds the wait; it is told who holds what, and that ends with exit 5."""
        program.run("generate", *ONE)
        before = len(vendors.calls())
        with held(data_lock_of(program.data_dir), fcntl.LOCK_EX):
            ended = program.run("generate", *ONE, "--max-wait", "2s")
            assert program.run("dataset", "verify").code == 0
        assert ended.code == 5, ended.err
        assert "the dataset in" in ended.err
        assert f"(pid {os.getpid()})" in ended.err
        assert "waited 2 s for it (--max-wait)" in ended.err
        assert len(vendors.calls()) == before

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_the_wait(
        self, program: Program, vendors: VendorServer, number: signal.Signals
    ) -> None:
        """One Ctrl-C or SIGTERM suffices where there is nothing to seal yet."""
        program.run("generate", *ONE)
        with (
            held(data_lock_of(program.data_dir), fcntl.LOCK_EX),
            program.start("batch", *ONE, "-n", "2") as running,
        ):
            running.wait_for("WaitingForLock")
            running.signal(number)
            assert running.end().code == 128 + number

    @pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
    def test_rows_that_cannot_be_sealed_stay_in_the_journal(
        self, program: Program, vendors: VendorServer, signals: list[signal.Signals]
    ) -> None:
        """Held while a batch wants to seal: a signal ends the wait; no row is lost or doubled."""
        program.run("generate", *ONE)
        with contextlib.ExitStack() as stack:
            calls = vendors.hold()
            running = stack.enter_context(program.start("batch", *ONE, "-n", "9", "-c", "1"))
            calls.wait_for(1)  # it has begun
            holding = stack.enter_context(contextlib.ExitStack())
            holding.enter_context(held(data_lock_of(program.data_dir), fcntl.LOCK_EX))
            calls.release()
            running.wait_for("WaitingForLock")
            for number in signals:
                running.signal(number)
            ended = running.end()
            holding.close()
        assert ended.code == 128 + signals[0], ended.err
        record = program.record()
        assert (record.status, record.accepted) == ("stopped", 9)
        assert "is in the journal" in record.reason
        before = len(vendors.calls())
        assert program.run("batch", "--resume").code == 0
        assert slots_of(program.data_dir, record.id) == set(range(9))
        assert len(vendors.calls()) == before

    def test_compact_and_repair_wait_no_longer_than_they_are_told(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """They tell for whom they wait, and end with exit 5."""
        program.run("generate", *ONE)
        with held(data_lock_of(program.data_dir), fcntl.LOCK_SH):
            for words in (("compact",), ("verify", "--repair")):
                ended = program.run("dataset", *words, environ={"LEGALGEN_MAX_WAIT": "1500ms"})
                assert ended.code == 5, ended.err
                assert "the dataset in" in ended.err
        assert program.run("dataset", "verify", "--repair").code == 0
