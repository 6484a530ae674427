"""What happens to a batch from outside: sleep, a lost terminal, company, and readers."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pyarrow.dataset as ds
import pytest

from legalgen.dataset.verify import verify
from legalgen.store import parts
from legalgen.store.sample import arrow_schema
from tests.crash.trial import ForkServer, Trial, Vendors
from tests.program import EXECUTABLE, Program
from tests.vendors import Config, VendorServer

ONE = ("--route", "groq/openai/gpt-oss-120b")


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[VendorServer, Program]]:
    """Vendors that take a while, so that there is always something in flight."""
    with VendorServer(Config.of(latency=0.1)) as server:
        yield server, Program(tmp_path, server)


def assert_whole(program: Program, server: VendorServer) -> None:
    """Every call is a row, once, and ``dataset verify`` finds nothing."""
    rows = program.rows()
    assert len(rows) == len(server.calls())
    assert len({row["id"] for row in rows}) == len(rows)
    assert verify(program.data_dir).findings == ()


def test_a_laptop_that_sleeps(slow: tuple[VendorServer, Program]) -> None:
    """Stopped with calls in flight and continued: it goes on as if nothing had been."""
    server, program = slow
    with program.start("batch", *ONE, "-n", "12", "-c", "3", "--json") as running:
        running.wait_for("SampleAccepted", 3)
        running.signal(signal.SIGSTOP)
        time.sleep(1.5)
        told = len(running.events)
        time.sleep(0.3)
        assert len(running.events) == told
        running.signal(signal.SIGCONT)
        ended = running.end()
    assert (ended.code, ended.batch["accepted"]) == (0, 12)
    assert_whole(program, server)


def test_a_terminal_that_is_closed(slow: tuple[VendorServer, Program]) -> None:
    """The window goes, the shell with it: what is in flight is finished and sealed."""
    server, program = slow
    told = program.home / "told.jsonl"
    command = [str(EXECUTABLE), "batch", *ONE, "-n", "900", "-c", "3", "--events", str(told)]
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], command, {**program.environ, "TERM": "xterm"})
    end = time.monotonic() + 60
    while time.monotonic() < end and told_of(told)["SampleAccepted"] < 3:
        os.set_blocking(terminal, False)
        try:
            os.read(terminal, 65536)  # else it would wait for a screen that takes nothing
        except BlockingIOError:
            time.sleep(0.01)
    os.close(terminal)  # the kernel sends SIGHUP, and every write to the terminal fails
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert program.status() == "stopped"
    assert_whole(program, server)
    left = program.record().accepted
    assert left == len(program.rows())
    ended = program.run("batch", "--resume", "--max-time", "0.5s", "--json")
    assert ended.code in (0, 4)
    assert ended.batch["accepted"] > left


def told_of(path: Path) -> Counter[str]:
    """How often each kind of event was told."""
    if not path.exists():
        return Counter()
    lines = path.read_text("utf-8").rpartition("\n")[0].splitlines()
    return Counter(msgspec.json.decode(line)["type"] for line in lines)


def test_batches_that_start_at_once(slow: tuple[VendorServer, Program]) -> None:
    """Of three, one runs and two leave with exit 5 and its name; nothing is mixed up."""
    server, program = slow
    command = ("batch", *ONE, "-n", "12", "-c", "2", "-q", "--json")
    with ExitStack() as stack:
        runs = [stack.enter_context(program.start(*command)) for _ in range(3)]
        ended = sorted((one.end() for one in runs), key=lambda one: one.code)
    assert [one.code for one in ended] == [0, 5, 5]
    for one in ended[1:]:
        assert "running" in one.err + one.out
    assert len(program.rows()) == 12
    assert_whole(program, server)


def test_samples_written_beside_a_batch(slow: tuple[VendorServer, Program]) -> None:
    """``generate`` four times while a batch runs: every row once, both keep what they know."""
    server, program = slow
    command = ("batch", *ONE, "-n", "60", "-c", "2", "-q", "--json")
    with program.start(*command) as running, ExitStack() as stack:
        running.wait_for("SampleAccepted")
        beside = [stack.enter_context(program.start("generate", *ONE, "--json")) for _ in range(4)]
        assert [one.end().code for one in beside] == [0] * 4
        assert running.end().code == 0
    assert len(program.rows()) == 64
    assert_whole(program, server)


READER = """
import os, sys, time
from pathlib import Path
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": sys.argv[2]}
from datasets import load_dataset
from datasets.utils.logging import disable_progress_bar
disable_progress_bar()
train, seen = Path(sys.argv[1]), [0]
print("ready", flush=True)
while not Path(sys.argv[3]).exists():
    if list(train.glob("data/*.parquet")):
        rows = load_dataset(str(train), cache_dir=sys.argv[2])["train"]
        assert len(set(rows["id"])) == len(rows) > 0
        seen.append(len(rows))
assert seen == sorted(seen), seen
print(len(seen), seen[-1])
"""


def test_readers_see_whole_parts_only(tmp_path: Path) -> None:
    """While a batch seals every four samples, whoever reads sees whole parts, and never fewer."""
    done = tmp_path / "done"
    with (
        Vendors.started(tmp_path / "calls.jsonl", latency_s=0.05) as vendors,
        ForkServer.started() as server,
    ):
        trial = Trial(tmp_path / "home", vendors, server)
        reader = [sys.executable, "-c", READER, str(trial.data_dir.train)]
        with subprocess.Popen(
            [*reader, str(tmp_path / "hub"), str(done)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            server.start(trial.order("batch", *ONE, "-c", "2", "-q", "-n", "80"))
            counts = list(counted(trial))
            assert server.end() == 0, trial.error()
            done.touch()
            looks, last = map(int, process.stdout.read().split())
            assert process.wait() == 0
    assert trial.problems == []
    assert counts == sorted(counts)
    assert len(set(counts)) > 5
    assert {count % 4 for count in counts} <= {0}
    assert (looks > 3, last <= 80) == (True, True)


def counted(trial: Trial) -> Iterator[int]:
    """How many rows pyarrow sees, again and again, for as long as the batch runs."""
    folder = trial.data_dir.parts()
    while not told_of(trial.home / "told-1.jsonl")["BatchFinished"]:
        if folder.is_dir():
            trial.look()
            paths = parts.parts(trial.data_dir)
            yield ds.dataset([str(path) for path in paths], schema=arrow_schema()).count_rows()
