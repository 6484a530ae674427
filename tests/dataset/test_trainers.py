"""TRL trains on what is exported, by the snippet that stands beside it: two steps of each form."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from legalgen.commands.dataset_cli import app
from tests.crash.rows import make_sample
from tests.dataset.shelf import use_folders, written
from tests.dataset.test_training import refuse, refused
from tests.trainers import two_steps
from tests.venvs import python_with

pytestmark = pytest.mark.extended
TRL = ("torch==2.13.0", "trl==1.16.0")
"""What the snippets were tried with."""


def sums(seed: int) -> str:
    """Some 2,000 tokens that are near to those of no other seed."""
    return " ".join(f"and {(seed + 101) * number:,} pounds" for number in range(1, 501))


def a_data_dir(root: Path) -> None:
    """Twelve long rows, with the vendor's reasoning in some, and six refused answers."""
    samples = [
        make_sample(n, question=f"{sums(n)} Q{n}?", thinking=f"Hm {n}." if n % 2 else None)
        for n in range(12)
    ]
    data_dir = written(root, samples)
    refuse(data_dir, *(refused("REFUSAL", f"Q{n}", f"No {n}.", slot=n) for n in range(6)))


@pytest.mark.parametrize(
    "words",
    [
        "rows.parquet --format prompt-completion --system Law. --split 0.3",
        "rows.jsonl --format prompt-completion --reasoning thinking",
        "rows.jsonl --format messages --reasoning think --system Law.",
        "rows.jsonl --format alpaca --system Law.",
        "rows.parquet --format sharegpt --system Law.",
        "rows.jsonl --format kto --system Law.",
        "rows.parquet --format kto --reasoning inline",
    ],
)
def test_trl_takes_two_steps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    words: str,
) -> None:
    """Nothing but the model, which is tiny and random, and the number of steps is changed."""
    python = python_with(*TRL)
    a_data_dir(tmp_path / "data")
    use_folders(tmp_path, monkeypatch)
    name, *flags = words.split()
    done = CliRunner().invoke(app, ["export", str(tmp_path / name), *flags, "--json"])
    assert done.exception is None, done.exception
    exported: dict[str, Any] = json.loads(done.stdout)
    trained = subprocess.run(
        [python, two_steps.__file__, tmp_path / "rows.trainers.md"],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    found = json.loads(trained.stdout.splitlines()[-1])
    assert (found["steps"], len(found["losses"])) == (2, 2)
    assert found["rows"] == next(iter(exported["files"].values()))
    assert 1_024 < found["longest"] <= found["max_length"], "TRL's own bound, and that of the page"
    record_property("losses", found["losses"])
