"""A real Ray cluster on loopback: a head and two workers, with little of everything."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = pytest.mark.skipif(find_spec("ray") is None, reason="needs pip install 'legalgen[ray]'")
LONGEST_S = 120.0
"""Nothing that is waited for here takes so long, on a machine that others use too."""
CPUS = 2
"""Of a worker, whatever the machine has; the head has none, so that no replica is placed there."""


class Cluster:
    """Its processes are known by the folder that all of them are started with."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # sockets: short paths
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        head = ("--head", f"--port={self.port}", "--num-cpus=0", "--include-dashboard=false")
        self._start(*head, f"--temp-dir={self.folder}")
        for _ in range(2):
            self._start(f"--address={self.address}", f"--num-cpus={CPUS}")

    def _start(self, *args: str) -> None:
        command = [str(Path(sys.executable).with_name("ray")), "start", *args]
        subprocess.run(
            [*command, "--node-ip-address=127.0.0.1", "--object-store-memory=80000000",
             "--disable-usage-stats"],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(self.folder)},
            check=True,
            capture_output=True,
            timeout=LONGEST_S,
        )  # fmt: skip

    def replicas(self) -> list[int]:
        """The processes of actors, on whichever node."""
        return [pid for node in self.nodes() for pid in self._children(node)]

    def nodes(self) -> list[int]:
        """The processes of the workers' nodes; the head's is not among them."""
        return self._named("sockets/raylet.1 ") + self._named("sockets/raylet.2 ")

    def kill_replica(self) -> None:
        """One actor dies."""
        os.kill(self.replicas()[0], signal.SIGKILL)

    def kill_node(self) -> int:
        """A worker dies as a machine does: all of its processes; returns how many actors."""
        node = self.nodes()[0]
        actors = self._children(node)
        for pid in (node, *[pid for pid, _ in _processes() if _parent(pid) == node]):
            _kill(pid)
        return len(actors)

    def kill(self) -> None:
        """All nodes die, the head's too; twice does no harm."""
        end_all_of(self.folder)

    def _named(self, words: str) -> list[int]:
        ours = [(pid, line) for pid, line in _processes() if str(self.folder) in line]
        return [pid for pid, line in ours if words in line and pid != os.getpid()]

    def _children(self, node: int) -> list[int]:
        return [pid for pid, line in _processes() if line.startswith("ray::Replica")
                and _parent(pid) == node]  # fmt: skip


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster that is gone afterwards."""
    made = Cluster()
    try:
        yield made
    finally:
        made.kill()


def end_all_of(folder: Path) -> None:
    """Kill what was started with a folder, and what that has started; remove the folder."""
    while pids := [pid for pid, line in _processes() if str(folder) in line]:
        children = [pid for pid, _ in _processes() if _parent(pid) in pids]
        for pid in (*pids, *children):  # the names of some hold no folder
            _kill(pid)
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def processes_named(words: str) -> list[int]:
    """Those whose command line begins so."""
    return [pid for pid, line in _processes() if line.startswith(words)]


def _processes() -> Iterator[tuple[int, str]]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            yield int(path.name), (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):  # it is gone, or none of ours
            continue


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
