"""What happens to a batch from outside: sleep, a lost terminal, company, and readers."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

import msgspec

from legalgen.dataset.verify import verify
from legalgen.store import parts
from legalgen.store.sample import arrow_schema
from tests.crash.trial import LONGEST_S, ForkServer, Trial, Vendors
from tests.program import EXECUTABLE, Program, whole_lines
from tests.vendors import VendorServer
from tests.waiting import eventually

ONE = ("--route", "groq/openai/gpt-oss-120b")


def assert_whole(program: Program, server: VendorServer) -> None:
    """Every answer is a row, once, and ``dataset verify`` finds nothing."""
    rows = program.rows()
    assert len(rows) == len(server.answered())
    assert len({row["id"] for row in rows}) == len(rows)
    assert verify(program.data_dir).findings == ()


def test_a_laptop_that_sleeps(tmp_path: Path, vendors: VendorServer) -> None:
    """Stopped with calls in flight, answered meanwhile, and continued: as if nothing had been."""
    program = Program(tmp_path, vendors, cold=True)  # a child of ours, for ``waitid``
    held = vendors.hold()
    with program.start("batch", *ONE, "-n", "12", "-c", "3", "--json") as running:
        held.release(3)
        running.wait_for("SampleAccepted", 3)
        held.wait_for(2)
        running.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, running.process.pid, os.WSTOPPED | os.WNOWAIT)
        told = len(running.events)
        held.release()
        vendors.wait_for(5)
        assert len(running.events) == told
        running.signal(signal.SIGCONT)
        ended = running.end()
    assert (ended.code, ended.batch["accepted"]) == (0, 12)
    assert_whole(program, vendors)


def test_a_terminal_that_is_closed(program: Program, vendors: VendorServer) -> None:
    """The window goes, the shell with it: what is in flight is finished and sealed."""
    held = vendors.hold()
    held.release(3)
    told = program.home / "told.jsonl"
    command = [str(EXECUTABLE), "batch", *ONE, "-n", "900", "-c", "3", "--events", str(told)]
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], command, {**program.environ, "TERM": "xterm"})
    os.set_blocking(terminal, False)

    def is_going() -> bool:
        with contextlib.suppress(BlockingIOError):
            os.read(terminal, 65536)  # else it would wait for a screen that takes nothing
        return told_of(told)["SampleAccepted"] >= 3

    eventually(is_going)
    held.wait_for(2)
    os.close(terminal)  # the kernel sends SIGHUP, and every write to the terminal fails
    held.release()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert program.status() == "stopped"
    assert_whole(program, vendors)
    left = program.record().accepted
    assert left == len(program.rows())
    ended = program.run("batch", "--resume", "--max-calls", "5", "--json")
    assert (ended.code, ended.batch["accepted"]) == (4, left + 5)


def told_of(path: Path) -> Counter[str]:
    """How often each kind of event was told."""
    return Counter(msgspec.json.decode(line)["type"] for line in whole_lines(path))


def test_batches_that_start_at_once(program: Program, vendors: VendorServer) -> None:
    """Of three, one runs and two leave with exit 5 and its name; nothing is mixed up."""
    held = vendors.hold()
    command = ("batch", *ONE, "-n", "12", "-c", "2", "-q", "--json")
    with ExitStack() as stack:
        runs = [stack.enter_context(program.start(*command)) for _ in range(3)]
        pool = stack.enter_context(ThreadPoolExecutor(3))
        ends = as_completed([pool.submit(one.end) for one in runs])
        refused = [next(ends).result() for _ in range(2)]  # before the first can have ended
        held.release()
        ended = next(ends).result()
    assert [one.code for one in (*refused, ended)] == [5, 5, 0]
    for one in refused:
        assert "running" in one.err + one.out
    assert len(program.rows()) == 12
    assert_whole(program, vendors)


def test_samples_written_beside_a_batch(program: Program, vendors: VendorServer) -> None:
    """``generate`` four times while a batch runs: every row once, both keep what they know."""
    held = vendors.hold()
    command = ("batch", *ONE, "-n", "24", "-c", "2", "-q", "--json")
    with program.start(*command) as running, ExitStack() as stack:
        held.release(1)
        running.wait_for("SampleAccepted")
        beside = [stack.enter_context(program.start("generate", *ONE, "--json")) for _ in range(4)]
        held.wait_for(6)  # two of the batch and these: all are answered at once
        held.release()
        assert [one.end().code for one in beside] == [0] * 4
        assert running.end().code == 0
    assert len(program.rows()) == 28
    assert_whole(program, vendors)


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
        print(len(rows), flush=True)
assert seen == sorted(seen), seen
"""
LOOKS = 4
PARTS = 6
"""So often the reader looks at least, and so many different sets of parts are seen."""


def test_readers_see_whole_parts_only(tmp_path: Path) -> None:
    """While a batch seals every four samples, whoever reads sees whole parts, and never fewer."""
    done, looks = tmp_path / "done", tmp_path / "looks"
    with (
        Vendors.started(tmp_path / "calls.jsonl", latency_s=0.05) as vendors,
        ForkServer.started() as server,
    ):
        trial = Trial(tmp_path / "home", vendors, server)
        reader = [sys.executable, "-c", READER, str(trial.data_dir.train)]
        with (
            looks.open("w") as out,
            subprocess.Popen([*reader, str(tmp_path / "hub"), str(done)], stdout=out) as process,
        ):
            eventually(lambda: looks.read_text() == "ready\n")
            batch = server.start(trial.order("batch", *ONE, "-c", "2", "-q", "-n", "5000"))
            counts: list[int] = []
            while len(set(counts)) < PARTS or len(looks.read_text().split()) <= LOOKS:
                assert process.poll() is None
                counts += counted(trial)
            os.kill(batch, signal.SIGTERM)
            assert server.end() == 128 + signal.SIGTERM, trial.error()
            done.touch()
            assert process.wait(LONGEST_S) == 0
    assert trial.problems == []
    assert counts == sorted(counts)
    assert {count % 4 for count in counts} <= {0}
    assert int(looks.read_text().split()[-1]) <= len(trial.rows())


def counted(trial: Trial) -> Iterator[int]:
    """How many rows pyarrow sees, ten times over while the batch runs."""
    import pyarrow.dataset as ds  # which takes a second, for pandas

    folder = trial.data_dir.parts()
    for _ in range(10):
        assert not told_of(trial.home / "told-1.jsonl")["BatchFinished"], trial.error()
        if folder.is_dir():
            trial.look()
            paths = parts.parts(trial.data_dir)
            yield ds.dataset([str(path) for path in paths], schema=arrow_schema()).count_rows()
