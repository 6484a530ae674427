"""Commands that start as forks behave as those that a shell starts."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.program import Program
from tests.vendors import VendorServer

ONE = ("--route", "groq/openai/gpt-oss-120b")


@pytest.mark.parametrize(
    "command",
    ["--version", "batch --help", "history --json", "bacth", "config show", "models --json"],
)
def test_a_fork_says_what_a_cold_start_says(tmp_path: Path, command: str) -> None:
    """The same exit code, and the same bytes on stdout and stderr."""
    cold, warm = (
        Program(tmp_path, None, cold=cold).run(*command.split()) for cold in (True, False)
    )
    assert cold == warm


@pytest.mark.parametrize("cold", [True, False], ids=["cold", "fork"])
def test_a_batch_is_a_process_of_its_own(tmp_path: Path, vendors: VendorServer, cold: bool) -> None:
    """Its record has its pid and its command; a signal reaches it, and it alone."""
    program = Program(tmp_path, vendors, cold=cold)
    held = vendors.hold()
    with program.start("batch", *ONE, "-n", "4", "-c", "1") as running:
        held.wait_for(1)
        record = program.record()
        with program.start("batch", *ONE, "-n", "4", "--wait") as other:
            other.wait_for("WaitingForLock")
            running.signal(signal.SIGKILL)
            assert running.end().code == -signal.SIGKILL
            held.release()
            assert other.end().code == 0
    assert record.process.pid == running.process.pid != other.process.pid
    assert record.command[:2] == ("legalgen", "batch")
    assert program.status(record.id) == "interrupted"
