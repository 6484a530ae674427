"""Ray Serve with two replicas of an OpenAI-like endpoint behind one URL, of which one is killed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.program import Program
from tests.ray_cluster import ROOT, end_all_of, processes_named

pytestmark = pytest.mark.extended
PACKAGES = ("ray[serve]==2.60.0", "msgspec==0.22.0")
VENV = Path(tempfile.gettempdir()) / "legalgen-extended" / "ray-serve-2.60.0"
"""Made once: it is no package that this program needs, and takes minutes to install."""


def venv() -> Path:
    """The Python of an environment with Ray Serve."""
    python = VENV / "bin" / "python"
    if not (VENV / "whole").exists():
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, timeout=300)
        pip = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        if subprocess.run(pip, check=False, timeout=900, capture_output=True).returncode:
            pytest.skip(f"cannot be installed here: {' '.join(PACKAGES)}")
        (VENV / "whole").touch()
    return python


class Serve:
    """Ray Serve; its address and its replicas."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._folder = folder

    def kill_replica(self) -> None:
        """One of the two dies."""
        os.kill(processes_named("ray::ServeReplica")[0], signal.SIGKILL)


@contextmanager
def serving() -> Iterator[Serve]:
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = subprocess.Popen(
        [str(venv()), str(ROOT / "tests" / "serve_app.py"), str(port), str(folder)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
            "HOME": str(folder),
            "RAY_USAGE_STATS_ENABLED": "0",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert app.stdin is not None
    assert app.stdout is not None
    try:
        assert app.stdout.readline() == b"ready\n"
        yield Serve(port, folder)
    finally:
        app.stdin.close()
        app.stdout.close()
        app.terminate()
        app.wait(60)
        end_all_of(folder)


def test_a_replica_dies_behind_the_url(
    program: Program, record_property: Callable[[str, object], None]
) -> None:
    """200 rows are written whole by the other and the one that Serve starts in its place."""
    with serving() as serve:
        Path(program.environ["LEGALGEN_CONFIG"]).write_text(
            f'[servers.pool]\nbase_url = "{serve.url}"\nmodels = ["own"]\n', "utf-8"
        )
        named = ("--provider", "pool", "--count", "200", "--no-failover", "-c", "8")
        with program.start("batch", *named) as batch:
            batch.wait_for("SampleAccepted", 50)
            serve.kill_replica()
            ended = batch.end(300.0)
    assert ended.code == 0, ended.err
    rows = program.rows()
    assert len(rows) == len({row["id"] for row in rows}) == len({row["slot"] for row in rows})
    assert len(rows) == 200
    assert program.run("dataset", "verify").code == 0
    failures = [stats.failures for stats in program.record().models.values()]
    lost = sum(n for each in failures for name, n in each.items() if name != "output_invalid")
    record_property("failed calls", lost)
    assert lost <= 8
