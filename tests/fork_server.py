"""A fork server: commands start as forks of a process that has imported the program.

Most of what a command costs is its imports; a fork has them. All else is as after a start from
a shell: a process of its own with its own environment and streams, which runs ``main`` and ends
as an interpreter does. What Python itself reads from the environment at its start (locale,
``PYTHON*``, ``COLUMNS``) is not read again: such commands need a cold start.

The server has a socket: on it comes a message with the command, and with it the command's stdin,
stdout and stderr, and a pipe that gets the pid and, later, the exit code, a line each. Scripts
connect to another with ``executable``. It has one thread of Python; that of jemalloc, which pyarrow
brings, is started anew in a fork.
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
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, Final, NamedTuple, NoReturn

import msgspec

import legalgen

LAZY: Final = (
    "cerebras.cloud.sdk.resources.chat", "cerebras.cloud.sdk.types.chat", "certifi",
    "encodings.idna", "groq", "groq.resources.chat", "groq.types.chat", "h2.connection",
    "httpcore", "openai", "openai.resources.chat.chat", "openai.types.chat", "pyarrow.compute",
    "pyarrow.dataset", "pyarrow.json", "pyarrow.parquet", "rich._emoji_codes", "rich.markdown",
    "stringprep", "typer._adapters", "typer._click.decorators", "typer.rich_utils",
)  # fmt: skip
"""What the program imports of others only when a run needs it."""
LEFT_OUT: Final = (
    "legalgen.providers._ray_pool", "legalgen.providers._ray_replica",
    "legalgen.quality.meaning.comparison", "legalgen.quality.meaning.embedding",
    "legalgen.quality.meaning.vectors",
)  # fmt: skip
"""What imports a package that few machines have and that starts threads, and numpy, which the
program hides until it is wanted."""
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
            socket.send_fds(_server().orders, [msgspec.json.encode(command)], streams)
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


class _Server(NamedTuple):
    """A fork server, which ends with this process."""

    orders: socket.socket
    address: str
    """Where others than this process may connect to send orders."""


@cache
def _server() -> _Server:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
    folder = tempfile.TemporaryDirectory(prefix="legalgen-forks-")
    address = f"{folder.name}/orders"
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(address)
        door.listen()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(theirs.fileno()), str(door.fileno())],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno(), door.fileno()],
        )

    def end() -> None:
        ours.close()
        process.wait()
        folder.cleanup()

    atexit.register(end)
    return _Server(ours, address)


SCRIPT: Final = """#!{python} -IS
import json, os, signal, socket, sys
handed_on = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
signal.pthread_sigmask(signal.SIG_BLOCK, handed_on)  # until it is known to whom
order = {{"argv": sys.argv, "environ": dict(os.environ), "cwd": os.getcwd()}}
reading, writing = os.pipe()
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {largest})
    server.connect({address!r})
    socket.send_fds(server, [json.dumps(order).encode()], [0, 1, 2, writing])
os.close(writing)
with open(reading) as told:
    pid = int(told.readline())
    for number in handed_on:
        signal.signal(number, lambda number, frame: os.kill(pid, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handed_on)
    code = int(told.readline())
if code < 0:
    if -code in handed_on:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def executable(folder: Path) -> Path:
    """``legalgen`` for scripts, in ``folder``: hands its command to the fork server.

    The command has the script's arguments, environment, folder and streams; signals are handed on,
    and how it ended is how the script ends. Its process is no child of the shell's.
    """
    path = folder / "legalgen"
    address = _server().address
    path.write_text(SCRIPT.format(python=sys.executable, address=address, largest=LARGEST))
    path.chmod(0o755)
    return path


# --- in the server -----------------------------------------------------------------------------


def serve(orders: socket.socket, door: socket.socket) -> Command:
    """Fork for each command that comes, until nobody can send any more on ``orders``.

    Returns in the forks alone, with what shall run; the streams are the command's own.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(door, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                sock = key.fileobj
                if not isinstance(sock, socket.socket):
                    _ended(selector, key)
                elif sock is door:
                    selector.register(door.accept()[0], selectors.EVENT_READ)
                elif (command := _begin(selector, sock)) is not None:
                    return command
                elif orders.fileno() < 0:
                    sys.exit()


def _ended(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Tell how a command ended."""
    pid, told = key.data
    _tell(told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    selector.unregister(key.fd)
    os.close(key.fd)
    os.close(told)


def _begin(selector: selectors.BaseSelector, sock: socket.socket) -> Command | None:
    """Fork for the command that comes on a socket; what shall run, in the fork.

    A socket on which nothing more can come is closed.
    """
    message, streams, *_ = socket.recv_fds(sock, LARGEST, 4)
    if not message:
        selector.unregister(sock)
        sock.close()
        return None
    *of_command, told = streams
    pid = os.fork()
    if pid == 0:
        for number, stream in enumerate(of_command):
            os.dup2(stream, number)
        _close(selector, streams)
        return msgspec.json.decode(message, type=Command)
    _tell(told, pid)
    for stream in of_command:
        os.close(stream)
    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))
    return None


def _close(selector: selectors.BaseSelector, streams: Sequence[int]) -> None:
    """In a fork: close what is the server's."""
    for key in selector.get_map().values():
        if isinstance(key.fileobj, socket.socket):
            key.fileobj.close()
        else:
            os.close(key.fd)
            os.close(key.data[1])
    for stream in streams:
        os.close(stream)


def _tell(told: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody may listen any more
        os.write(told, b"%d\n" % number)


def main() -> None:
    """Serve; and in each fork, run the program as its executable does."""
    from legalgen.cli import main as run

    preload()
    orders, door = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    command = serve(orders, door)
    os.environ.clear()
    os.environ.update(command.environ)
    time.tzset()
    os.chdir(command.cwd)
    sys.argv = list(command.argv)
    try:
        run()
    except SystemExit as ended:
        if isinstance(ended.code, str):  # a sentence, which the interpreter prints
            raise
        _end(ended.code or 0)


def _end(code: int) -> NoReturn:
    """Do what an interpreter does at its end and others see; then be gone.

    It would also destroy every module, and so copy all the memory that a fork shares: twice the
    time of a short command.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # the one way to wait for all threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # as Python says of a stream that it cannot flush
            code = 120
    os._exit(code)
