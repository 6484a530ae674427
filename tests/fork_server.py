"""A fork server: commands start as forks of a process that has imported the program.

Most of what a command costs is its imports; a fork has them. All else is as after a start from
a shell: a process of its own with its own environment and streams, which runs ``main`` and ends
as an interpreter does. What Python itself reads from the environment at its start (locale,
``PYTHON*``, ``COLUMNS``) is not read again: such commands need a cold start.

The server has a socket: on it comes a message with the command, and with it the command's stdin,
stdout and stderr, and a pipe that gets the pid and, later, the exit code, a line each. It has one
thread of Python; that of jemalloc, which pyarrow brings, is started anew in a fork.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import pkgutil
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, Final

import msgspec

import legalgen

LAZY: Final = (
    "cerebras.cloud.sdk.resources.chat", "cerebras.cloud.sdk.types.chat", "certifi", "groq",
    "groq.resources.chat", "groq.types.chat", "h2.connection", "httpcore", "openai",
    "openai.resources.chat", "openai.types.chat", "pyarrow.compute", "pyarrow.json",
    "pyarrow.parquet", "stringprep",
)  # fmt: skip
"""What the program imports of others only when a run needs it."""
LEFT_OUT: Final = ("legalgen.providers._ray_pool", "legalgen.providers._ray_replica")
"""What imports a package that few machines have, and that starts threads."""
PROGRAM: Final = "from tests.fork_server import main; main()"
"""Not ``-m tests.fork_server``, by which Typer would call the program in its messages."""
LONGEST_S: Final = 120.0
"""Nothing here takes this long, however busy the machine: what does, hangs."""
LARGEST: Final = 2**17
"""Bytes of a command with its environment."""


def preload() -> None:
    """Import the whole program, and read what it reads once in a process."""
    from legalgen import cli
    from legalgen.law.citations import leading_cases
    from legalgen.law.taxonomy import Taxonomy
    from legalgen.providers._environment import tls_context

    cli._be_quick()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # as a run has it
    for module in pkgutil.walk_packages(legalgen.__path__, "legalgen."):
        if module.name not in LEFT_OUT:
            importlib.import_module(module.name)
    for name in LAZY:
        importlib.import_module(name)
    leading_cases()
    Taxonomy.builtin()
    tls_context()
    gc.collect()
    gc.freeze()  # else the collector of each fork would copy all of it


class Command(msgspec.Struct, frozen=True):
    """What shall run."""

    argv: tuple[str, ...]
    environ: dict[str, str]
    cwd: str = msgspec.field(default_factory=os.getcwd)


class ForkedProcess:
    """A command that runs in a fork; the methods are those of ``subprocess.Popen``."""

    def __init__(self, command: Command, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        reading, writing = os.pipe()
        with Path(os.devnull).open("rb") as stdin, os.fdopen(writing, "wb") as told:
            streams = [stdin.fileno(), stdout.fileno(), stderr.fileno(), told.fileno()]
            socket.send_fds(_server(), [msgspec.json.encode(command)], streams)
        self._told = os.fdopen(reading, "rb", buffering=0)
        self.returncode: int | None = None
        pid = self._number(LONGEST_S)
        assert pid is not None, "the fork server hangs"
        self.pid = pid

    def _number(self, timeout: float) -> int | None:
        """The next line of the server; None when it does not come in time."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._told, selectors.EVENT_READ)
            if not selector.select(timeout):
                return None
        line = b""
        while not line.endswith(b"\n"):
            more = self._told.read(1)
            assert more, "the fork server is gone"
            line += more
        return int(line)

    def poll(self) -> int | None:
        """The exit code, minus the signal that ended it; None while it runs."""
        return self.returncode if self._has_ended(0.0) else None

    def wait(self, timeout: float) -> int:
        """Wait for the end.

        Raises:
            subprocess.TimeoutExpired: it did not come.
        """
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired("a forked command", timeout)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended just now
                os.kill(self.pid, number)

    def _has_ended(self, timeout: float) -> bool:
        if self.returncode is None:
            self.returncode = self._number(timeout)
            if self.returncode is not None:
                self._told.close()
        return self.returncode is not None


@cache
def _server() -> socket.socket:
    """The socket of a fork server, which ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(theirs.fileno())],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


# --- in the server -----------------------------------------------------------------------------


def serve(orders: socket.socket) -> Command:
    """Fork for each command until nobody can send any more.

    Returns in the forks alone, with what shall run; the streams are the command's own.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not orders:
                    pid, told = key.data
                    _tell(told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    os.close(told)
                    continue
                message, streams, *_ = socket.recv_fds(orders, LARGEST, 4)
                if not message:
                    sys.exit()
                *of_command, told = streams
                pid = os.fork()
                if pid == 0:
                    for number, stream in enumerate(of_command):
                        os.dup2(stream, number)
                    _close(orders, selector, streams)
                    return msgspec.json.decode(message, type=Command)
                _tell(told, pid)
                for stream in of_command:
                    os.close(stream)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))


def _close(orders: socket.socket, selector: selectors.BaseSelector, streams: Sequence[int]) -> None:
    """In a fork: close what is the server's."""
    for key in selector.get_map().values():
        if key.fileobj is not orders:
            os.close(key.fd)
            os.close(key.data[1])
    for stream in streams:
        os.close(stream)
    orders.close()


def _tell(told: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody may listen any more
        os.write(told, b"%d\n" % number)


def main() -> None:
    """Serve; and in each fork, run the program as its executable does."""
    from legalgen.__main__ import main as run

    preload()
    command = serve(socket.socket(fileno=int(sys.argv[1])))
    os.environ.clear()
    os.environ.update(command.environ)
    time.tzset()
    os.chdir(command.cwd)
    sys.argv = list(command.argv)
    run()
