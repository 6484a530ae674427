"""gating.py: the gate in several processes finds what it finds in one, and leaves none behind."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from benchmarks._rows import fill
from legalgen.dataset.check import Linter, Looked, RowGate, check
from legalgen.dataset.foreign import Row, UnreadableRow, read_rows
from legalgen.dataset.gating import GatePool
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from tests.dataset.shelf import LEGACY
from tests.program import Program, environment
from tests.waiting import eventually, lives

GATE = Gate("full", date(2026, 11, 23))


def opened() -> RowGate:
    return RowGate(Taxonomy.builtin(), GATE)


class _Stumbling(RowGate):
    def look(self, row: Row) -> Looked:
        raise RuntimeError(f"a bug at row {row.number}")


def stumbling() -> RowGate:
    return _Stumbling(Taxonomy.builtin(), GATE)


def rows() -> list[Row | UnreadableRow]:
    """More than a piece of work, one of them no row."""
    some = [row for row in read_rows(LEGACY) if isinstance(row, Row)]
    return [*some, UnreadableRow(0, "it is torn"), *some, *some]


def is_deaf_to_interruptions(pid: int | None) -> bool:
    """Whether a process has SIGINT held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition("SigBlk:")[2].split()[0], 16) & 1 << (signal.SIGINT - 1))


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What is told of lost workers; that there is no process left at the end."""
    yield []
    assert multiprocessing.active_children() == []


def test_the_report_is_the_same_byte_for_byte(program: Program) -> None:
    """With one process and with two, of a file and of an own dataset whose rows get marks."""
    found = [program.run("dataset", "check", str(LEGACY), "--json", "--workers", n) for n in "12"]
    assert [each.code for each in found] == [1, 1]
    assert found[0].out == found[1].out
    assert json.loads(found[0].out)["rows"] == 56
    assert program.run("dataset", "import", str(LEGACY)).code == 0
    flags = ("dataset", "check", "--write-flags", "--drop", "DUP_*", "--dry-run", "--json")
    marked = [program.run(*flags, "--workers", n) for n in "12"]
    assert [each.code for each in marked] == [0, 0], marked[1].err
    assert marked[0].out == marked[1].out


@pytest.mark.parametrize(("value", "why"), [("0", "1"), ("65", "64"), ("two", "a whole number")])
def test_a_number_of_workers_that_is_none_is_told(program: Program, value: str, why: str) -> None:
    ended = program.run("dataset", "check", str(LEGACY), "--workers", value)
    assert ended.code == 2
    assert "--workers" in ended.err
    assert why in ended.err


def test_a_worker_that_is_killed_takes_no_row_with_it(said: list[str]) -> None:
    """The rest is looked at here, and it is told once."""

    def killed_between() -> Iterator[Row | UnreadableRow]:
        yield from rows()
        for child in multiprocessing.active_children():
            child.kill()
        yield from rows()

    wanted = [opened().look(row) if isinstance(row, Row) else None for row in rows()]
    with GatePool(2, opened, said.append) as workers:
        assert [each for _, each in workers.looked(killed_between())] == wanted * 2
    assert said == ["a worker ended before its time: the rest is checked by one process"]


def torn() -> RowGate:
    """In a worker: it is killed in the middle of what it says first."""

    def half(self: Connection[object, object], buf: memoryview, *_: object) -> None:
        os.write(self.fileno(), bytes(buf)[: len(buf) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    if multiprocessing.parent_process() is not None:
        Connection._send = half  # type: ignore[attr-defined]
    return opened()


def test_a_worker_that_is_killed_in_the_middle_of_a_reply_is_not_waited_for(
    said: list[str],
) -> None:
    """The other half never comes."""
    wanted = [opened().look(row) if isinstance(row, Row) else None for row in rows()]
    with GatePool(2, torn, said.append) as workers:
        assert [each for _, each in workers.looked(rows())] == wanted
    assert said == ["a worker ended before its time: the rest is checked by one process"]


def test_what_the_gate_raises_passes_through(said: list[str]) -> None:
    """A bug is one in a worker as it is here, and ends them all."""
    with (
        pytest.raises(RuntimeError, match="a bug at row 1"),
        GatePool(2, stumbling, said.append) as workers,
    ):
        list(workers.looked(rows()))
    assert said == []


def test_an_interruption_ends_the_workers(said: list[str]) -> None:
    """Ctrl-C is heard here and by none of them, who have their signal held from their start."""

    def interrupted() -> Iterator[Row | UnreadableRow]:
        yield from rows()
        raise KeyboardInterrupt

    with GatePool(2, opened, said.append) as workers:
        linter = Linter(Taxonomy.builtin(), GATE, looks=workers.looked)
        next(linter.looked(iter(rows())))
        for child in multiprocessing.active_children():
            assert is_deaf_to_interruptions(child.pid)
        with pytest.raises(KeyboardInterrupt):
            check(interrupted(), linter)
    assert said == []


HOLDING = """
import multiprocessing, sys
from tests.dataset.test_gating import opened, rows
from legalgen.dataset.gating import GatePool
with GatePool(2, opened, print) as workers:
    next(workers.looked(rows()))
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    sys.stdin.read()
"""


def test_workers_end_with_one_that_is_killed() -> None:
    """Nobody can end them by then, and they do not stay."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDING], env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        assert child.stdout is not None
        workers = [int(word) for word in child.stdout.readline().split()]
        deaf = [is_deaf_to_interruptions(pid) for pid in workers]
        child.kill()
    assert deaf == [True, True]  # also where these are the first processes that it starts
    for pid in workers:
        eventually(lambda pid=pid: not lives(pid))  # type: ignore[misc]  # bound as a default


CHECKING = """
import sys
from pathlib import Path
from legalgen.commands.dataset import _linter
from legalgen.settings.layers import Settings
from legalgen.ui.console import Console
folder = Path("unused")
settings = Settings(data_dir=folder, state_dir=folder, log_dir=folder)
with _linter(settings, Console(), 1):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_check_that_is_stopped_leaves_no_folder_behind(
    number: signal.Signals, program: Program, tmp_path: Path
) -> None:
    """Its index, which may be large, goes with it."""
    room = tmp_path / "room"
    room.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", CHECKING],
        env=environment(program.home, None) | {"TMPDIR": str(room)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        begun = list(room.iterdir())
        child.send_signal(number)
        _, said = child.communicate(timeout=60)
    ended = -number if number == signal.SIGINT else 128 + number  # Python's own end at Ctrl-C
    assert (len(begun), list(room.iterdir()), child.returncode) == (1, [], ended), said


CHECK = """
import json, resource, sys, time
from legalgen.cli import main
began = time.monotonic()
try:
    main()
except SystemExit:
    pass
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = [round(each.ru_utime + each.ru_stime, 1) for each in used]
print(json.dumps([round(time.monotonic() - began, 1), *cpu, used[0].ru_maxrss // 1024]),
      file=sys.stderr)
"""


@pytest.mark.extended
def test_a_hundred_thousand_rows_are_checked_alike(
    program: Program, record_property: Callable[[str, object], None]
) -> None:
    """By one process and by two, byte for byte; how long, by whom, and in what memory is noted."""
    fill(program.data_dir, 100_000)
    out = []
    for count in ("1", "2"):
        command = [sys.executable, "-c", CHECK, "dataset", "check", "--json", "--workers", count]
        done = subprocess.run(
            command, env=environment(program.home, None), capture_output=True, check=True
        )
        figures = json.loads(done.stderr.splitlines()[-1])
        record_property(f"{count}: s, CPU s here, CPU s of workers, MB here", figures)
        out.append(done.stdout)
    assert out[0] == out[1]
    assert json.loads(out[0])["rows"] == 100_000
