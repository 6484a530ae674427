"""Environments of their own for what is too heavy for ours: trainers, proxies, routers.

Made on first use from the package index that pip knows, kept between runs; a test is skipped with
the reason where one cannot be had.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest

LONGEST_S = 600.0
"""For an installation; one that takes longer is not waited for."""


def python_with(*requirements: str) -> Path:
    """The interpreter of an environment that has these; its scripts lie beside it."""
    digest = sha256(" ".join((sys.version, *requirements)).encode()).hexdigest()[:12]
    base = os.environ.get("TEST_VENVS") or Path(tempfile.gettempdir()) / "legalgen-venvs"
    folder = Path(base) / digest
    python = folder / "bin" / "python"
    done = folder / ".done"
    if done.exists():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, "HOME": str(folder.parent), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", *requirements],
    ):
        try:
            subprocess.run(
                command, env=environ, capture_output=True, check=True, timeout=LONGEST_S, text=True
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"installing {', '.join(requirements)} takes over {LONGEST_S:.0f} s")
        except subprocess.CalledProcessError as error:
            last = (error.stderr.strip().splitlines() or ["no word"])[-1]
            pytest.skip(f"{', '.join(requirements)} cannot be installed: {last[:200]}")
    done.touch()
    return python
