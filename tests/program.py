"""The program as its users meet it: a child process, its streams, its exit code, its files."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record
from legalgen.store.parts import iter_batches
from tests import fork_server
from tests.fork_server import Command, ForkedProcess
from tests.vendors import VendorServer

EXECUTABLE = Path(sys.executable).with_name("legalgen")
LONGEST_S = 60.0
"""Nothing here takes this long: what does, hangs."""
CAN_FORK = hasattr(os, "pidfd_open")
"""Whether there can be a fork server here; else every start is a cold one."""
POWERLESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
"""What starts a command of root's to whom modes of files apply, as they do to everybody else."""
MODES_BIND = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None,
    reason="root may read everything, and there is no setpriv to take that from it",
)
OURS = ("LEGALGEN_", "GROQ_", "CEREBRAS_", "OPENAI_", "HF_", "AWS_")
"""Variables that the program reads when a command runs; others may be Python's or a library's."""


def environment(home: Path, server: VendorServer | None) -> dict[str, str]:
    """All that a run may know of its world: folders below ``home``, and the server with keys.

    What does not name loopback is sent to a proxy that is not there.
    """
    config = home / "config.toml"
    config.touch()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "LEGALGEN_DATA_DIR": str(home / "data"),
        "LEGALGEN_STATE_DIR": str(home / "state"),
        "LEGALGEN_LOG_DIR": str(home / "log"),
        "LEGALGEN_CONFIG": str(config),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
        **(server.environment() if server is not None else {}),
    }


def executable(folder: Path) -> Path:
    """``legalgen`` for scripts that start it many times: from ``folder``, each time a fork."""
    return fork_server.executable(folder) if CAN_FORK else EXECUTABLE


def next_day(home: Path) -> None:
    """What was learnt of limits is over; nothing of it is remembered."""
    for path in (home / "state").iterdir():
        path.unlink()


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port of loopback to which no connection comes, nor a refusal."""
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # a full backlog: the kernel drops what else arrives
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        yield silent.getsockname()[1]


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port of loopback at which nobody listens, nor can anybody else begin to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a file that somebody may be writing; none where it is not there yet."""
    return path.read_bytes().rpartition(b"\n")[0].splitlines() if path.exists() else []


@dataclass(frozen=True, slots=True)
class Ended:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What ``--json`` printed."""
        return json.loads(self.out)

    @property
    def batch(self) -> dict[str, Any]:
        """The record of the batch, as ``--json`` printed it."""
        record: dict[str, Any] = self.json["batch"]
        return record

    @property
    def events(self) -> list[dict[str, Any]]:
        """What ``--events -`` printed."""
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A command that is not done yet."""

    def __init__(
        self,
        process: subprocess.Popen[bytes] | ForkedProcess,
        events: Path,
        out: IO[bytes],
        err: IO[bytes],
    ) -> None:
        self.process = process
        self._events = events
        self._out = out
        self._err = err

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it told so far."""
        return [json.loads(line) for line in whole_lines(self._events)]

    def wait_for(self, kind: str, count: int = 1) -> None:
        """Until it has told ``count`` events of a kind.

        Raises:
            AssertionError: it ended, or took too long, before.
        """
        end = time.monotonic() + LONGEST_S
        while True:
            has_ended = self.process.poll() is not None  # before what it told is read, not after
            if sum(event["type"] == kind for event in self.events) >= count:
                return
            assert not has_ended, self.end()
            assert time.monotonic() < end, self.events
            time.sleep(0.02)

    def said(self) -> str:
        """What it said on stderr so far."""
        return os.pread(self._err.fileno(), 1 << 20, 0).decode()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, timeout_s: float = LONGEST_S) -> Ended:
        """Wait for the end."""
        code = self.process.wait(timeout_s)
        return Ended(code, *(_text(stream) for stream in (self._out, self._err)))


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


class Program:
    """``legalgen`` with folders below ``home`` and a server of vendors for the world.

    Its commands are forks of a process that has imported the program, or ``cold``: interpreters
    of their own, as a shell starts them. ``powerless``: cold, and modes of files apply to root.
    """

    def __init__(
        self,
        home: Path,
        server: VendorServer | None,
        *,
        cold: bool = False,
        powerless: bool = False,
    ) -> None:
        self.home = home
        self._started = 0
        self._cold = cold or powerless or not CAN_FORK
        self._before = POWERLESS if powerless and os.geteuid() == 0 else ()
        self.environ = environment(home, server)
        self.data_dir = DataDir(Path(self.environ["LEGALGEN_DATA_DIR"]))

    def run(
        self, *args: str, environ: Mapping[str, str] | None = None, timeout_s: float = LONGEST_S
    ) -> Ended:
        """Run a command to its end."""
        with self.start(*args, environ=environ) as running:
            return running.end(timeout_s)

    @contextlib.contextmanager
    def start(self, *args: str, environ: Mapping[str, str] | None = None) -> Iterator[Running]:
        """Start a command; it is killed when the block ends before it.

        A batch tells its events to a file of its own, unless ``args`` say where. What Python or
        a library may read at its start (``environ`` beyond ``OURS``) gets a cold start.
        """
        self._started += 1
        events = self.home / f"events-{self._started}.jsonl"
        listens = args[0] == "batch" and "--events" not in args
        argv = (
            *self._before,
            str(EXECUTABLE),
            *args,
            *(("--events", str(events)) if listens else ()),
        )
        cold = self._cold or not all(name.startswith(OURS) for name in environ or {})
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            begin = _start_cold if cold else ForkedProcess
            process = begin(Command(argv, {**self.environ, **(environ or {})}), out, err)
            try:
                yield Running(process, events, out, err)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait(LONGEST_S)

    def kill_after(self, accepted: int, server: VendorServer, *args: str) -> Running:
        """Start a batch and kill it when it has accepted so many samples.

        What it asks for next is held meanwhile, so that it accepts no more, however late the kill.
        """
        with server.hold() as held, self.start(*args) as running:
            held.release(accepted)
            running.wait_for("SampleAccepted", accepted)
            held.wait_for(1)
            running.signal(signal.SIGKILL)
            assert running.end().code == -signal.SIGKILL
        return running

    # -- what it left behind ------------------------------------------------------------------

    def record(self, batch_id: str | None = None) -> Record:
        """The ledger's record of a batch; of the newest one when none is named."""
        ledger = Ledger(self.data_dir)
        found = ledger.load(batch_id) if batch_id else ledger.all()[0]
        assert isinstance(found, Record)
        return found

    def status(self, batch_id: str | None = None) -> str:
        """The status of a batch as ``history`` shows it."""
        return Ledger(self.data_dir).status_of(self.record(batch_id))

    def rows(self, *, rehearsal: bool = False) -> list[dict[str, Any]]:
        """All sealed rows, in the order of their batches and slots."""
        found = [
            row
            for batch in iter_batches(self.data_dir, rehearsal=rehearsal)
            for row in batch.to_pylist()
        ]
        return sorted(found, key=lambda row: (row["batch_id"], row["slot"]))


def _start_cold(
    command: Command, out: IO[bytes], err: IO[bytes]
) -> subprocess.Popen[bytes] | ForkedProcess:
    return subprocess.Popen(
        command.argv, env=command.environ, stdin=subprocess.DEVNULL, stdout=out, stderr=err
    )
