"""The executable with 256 calls in flight: nothing is lost, doubled or stuck."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.program import EXECUTABLE, LONGEST_S, Program
from tests.vendors import VendorServer
from tests.vendors.gates import Gate
from tests.waiting import eventually

MANY, COUNT = 256, 400
BATCH = (
    "batch", "--route", "groq/openai/gpt-oss-120b", "-c", str(MANY), "-n", str(COUNT), "--json",
)  # fmt: skip
MOST_MB = 300


@pytest.fixture
def held(vendors: VendorServer) -> Gate:
    """A gate that a few calls pass, so that the model has answered; the others stand before it."""
    gate = vendors.hold()
    gate.release(20)
    return gate


@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel knows of a process")
def test_so_many_calls_are_in_flight_in_little_memory(program: Program, held: Gate) -> None:
    """Each has a thread and a connection."""
    with program.start(*BATCH) as running:
        held.wait_for(MANY)
        status = Path(f"/proc/{running.process.pid}/status").read_text("utf-8")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    assert int(peak[1]) / 1024 < MOST_MB


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_a_signal_finishes_all_that_is_in_flight(
    number: signal.Signals, program: Program, vendors: VendorServer, held: Gate
) -> None:
    """Every call that left is a sealed row, or counted as a failure."""
    with program.start(*BATCH) as running:
        held.wait_for(MANY)
        running.signal(number)
        running.wait_for("StopRequested")
        held.release()
        ended = running.end()
    assert (ended.code, ended.json["status"]) == (128 + number, "stopped")
    rows, stats = len(program.rows()), ended.batch["models"]["groq/openai/gpt-oss-120b"]
    assert MANY <= len(vendors.calls()) == stats["calls"] < COUNT
    assert stats["calls"] == rows + sum(stats["failures"].values()), stats
    assert ended.batch["accepted"] == rows


def test_what_was_in_flight_when_it_was_killed_is_written_again(
    program: Program, held: Gate
) -> None:
    """kill -9 costs the calls that were out, and doubles nothing."""
    with program.start(*BATCH) as running:
        running.wait_for("SampleAccepted", 20)
        held.wait_for(MANY)
        running.signal(signal.SIGKILL)
        assert running.end().code == -signal.SIGKILL
    held.release()
    resumed = program.run("batch", "--resume", "-c", str(MANY), "--json", timeout_s=4 * LONGEST_S)
    assert (resumed.code, resumed.batch["accepted"]) == (0, COUNT)
    rows = program.rows()
    assert (len(rows), len({row["id"] for row in rows})) == (COUNT, COUNT)
    assert len({row["question"] for row in rows}) == COUNT


def test_who_is_stopped_past_the_timeout_loses_no_answer(
    program: Program, vendors: VendorServer
) -> None:
    """Ctrl-Z, and fg later: the replies that came meanwhile are read."""
    held = vendors.hold()
    with program.start("batch", "-n", "1", "--timeout", "4", "--json") as running:
        held.wait_for(1)
        running.signal(signal.SIGSTOP)
        held.release()
        eventually(vendors.answered)
        time.sleep(5.0)  # on the clock of that process, which nobody can set
        running.signal(signal.SIGCONT)
        ended = running.end()
    assert (ended.code, ended.batch["accepted"], len(vendors.calls())) == (0, 1, 1)


def bounded(program: Program, limit: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A batch in a shell that has set a limit of ``ulimit``."""
    batch = shlex.join([str(EXECUTABLE), "batch", "--gate", "structure", *arguments])
    return subprocess.run(
        ["/bin/bash", "-c", f"ulimit {limit}; exec {batch}"],
        env=program.environ,
        capture_output=True,
        check=False,
        timeout=LONGEST_S,
    )


@pytest.mark.parametrize("files", [24, 64])
@pytest.mark.parametrize("calls", ["48", "auto"])
def test_few_open_files_bound_the_calls_in_flight(
    program: Program, vendors: VendorServer, files: int, calls: str
) -> None:
    """``ulimit -n 24``: fewer calls at once, said in a line; every answer is a row."""
    ended = bounded(program, f"-n {files}", "-n", "60", "-c", calls)
    assert ended.returncode == 0, ended.stderr.decode()
    assert b"the limit on open files leaves room for" in ended.stderr
    assert len(program.rows()) == len(vendors.answered()) == 60


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has no bound on a process's memory")
@pytest.mark.parametrize("kib", [150_000, 600_000])
def test_a_bound_on_memory_bounds_the_calls_in_flight(
    program: Program, vendors: VendorServer, kib: int
) -> None:
    """``ulimit -v``: fewer calls at once, or, where not even the gate fits, none that is paid."""
    ended = bounded(program, f"-v {kib}", "-n", "12", "-c", "32")
    if kib < 200_000:
        assert (ended.returncode, vendors.answered()) == (70, []), ended.stderr.decode()
        assert b"ulimit -v" in ended.stderr
        return
    assert ended.returncode == 0, ended.stderr.decode()
    assert b"the system has no more threads or memory" in ended.stderr
    assert len(program.rows()) == len(vendors.answered()) == 12


def test_the_bound_on_open_files_is_raised() -> None:
    """A shell often allows fewer than so many connections need."""
    code = (
        "import resource\n"
        "from legalgen.batch.online import SPARE_FILES, allow_sockets\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))\n"
        "allow_sockets(400)\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 500 + SPARE_FILES)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "True", done.stderr
