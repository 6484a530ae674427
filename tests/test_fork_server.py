"""Commands that start as forks behave as those that a shell starts."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.program import EXECUTABLE, LONGEST_S, Program, Running, executable
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


@pytest.mark.parametrize(
    "script",
    [
        "legalgen --version",
        "legalgen history || echo $? >&2",
        "legalgen config show --json | head -c 20",
        "cd ..; printf 'count = x' >job.toml; legalgen batch --config job.toml --plan",
        "LEGALGEN_COUNT=zork legalgen batch",
        "echo the-key-of-nobody | legalgen config set-key groq; echo $?",
        "exec legalgen models 2>&1 >/dev/null",
    ],
)
def test_a_script_finds_a_fork_as_it_finds_the_program(tmp_path: Path, script: str) -> None:
    """Arguments, environment, folder, streams and exit code are those of a cold start."""
    told = []
    for name, path in (("cold", EXECUTABLE), ("fork", executable(tmp_path))):
        work = tmp_path / name / "work"
        work.mkdir(parents=True)
        environ = Program(tmp_path / name, None).environ
        environ["PATH"] = f"{path.parent}:{environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", script], env=environ, cwd=work, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LONGEST_S, check=False,
        )  # fmt: skip
        texts = (text.replace(str(work.parent), "") for text in (done.stdout, done.stderr))
        told.append((done.returncode, *texts))
    assert told[0] == told[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_script_ends_as_its_fork_ends(
    tmp_path: Path, vendors: VendorServer, number: signal.Signals
) -> None:
    """A signal that can be handed on is; a batch that is killed looks killed."""
    program = Program(tmp_path, vendors)
    told = tmp_path / "told.jsonl"
    held = vendors.hold()
    batch = ("batch", *ONE, "-n", "4", "-c", "1", "--events", str(told))
    with (
        tempfile.TemporaryFile() as out,
        subprocess.Popen(
            [executable(tmp_path), *batch], env=program.environ, stdout=out, stderr=out
        ) as process,
    ):
        running = Running(process, told, out, out)
        held.wait_for(1)
        if number == signal.SIGKILL:
            os.kill(program.record().process.pid, number)
            assert running.end().code == -signal.SIGKILL
        else:
            running.signal(number)
            running.wait_for("StopRequested")
            held.release()
            assert running.end().code == 143
