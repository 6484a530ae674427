"""What is written for the owner alone, and what a spreadsheet must not run."""

from __future__ import annotations

import stat

import pytest

from legalgen.commands.dataset import _plain_cell
from tests.program import Program


def test_the_state_dir_is_its_owners_alone(program: Program) -> None:
    """What was learnt about accounts can be read and written by nobody else."""
    assert program.run("generate", "--provider", "groq").code == 0
    state = program.home / "state"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
    assert set(modes.values()) == {0o600}
    kinds = sorted((name.partition("-")[0], name.rpartition(".")[2]) for name in modes)
    assert kinds == [
        ("budgets", "lock"),
        ("budgets", "sqlite3"),
        ("health.json", "json"),
        ("health.lock", "lock"),
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1+1", "\n=1"])
def test_no_cell_of_the_review_is_a_formula(text: str) -> None:
    """A text that a spreadsheet would run begins with an apostrophe; others stay as they are."""
    assert _plain_cell(text) == f"'{text}"
    assert _plain_cell("No. It is not.") == "No. It is not."
