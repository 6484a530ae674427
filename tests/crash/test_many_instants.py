"""The long form of the crash tests: many random instants, drawn anew at each run."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

INSTANTS = 100


@pytest.mark.extended
def test_many_random_instants(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Killed at any instant, a batch loses calls in flight at most, and doubles nothing."""
    seed = random.SystemRandom().randrange(10**6)
    harness = [sys.executable, "-m", "tests.crash", "--only", "random", "--seed", str(seed)]
    done = subprocess.run(
        [*harness, "--instants", str(INSTANTS), "--folder", str(tmp_path)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    record_property("seed", seed)
    for name in ("kills", "accepted and told, then lost", "rows doubled"):
        figure = re.search(rf"^{name}\s+(\d+)$", done.stdout, re.MULTILINE)
        assert figure is not None, done.stdout
        record_property(name, int(figure[1]))
