"""Waiting for what no event tells: a fact about a process of somebody else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LONGEST_S = 60.0
"""Nothing here takes this long: what does, hangs."""


def eventually(is_so: Callable[[], object], within_s: float = LONGEST_S) -> float:
    """Seconds until it is so.

    Raises:
        AssertionError: it took longer.
    """
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() < began + within_s, "it never was"
        time.sleep(0.02)
    return time.monotonic() - began


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and whose exit code nobody asked for does not."""
    try:
        state = (
            Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
        )
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
