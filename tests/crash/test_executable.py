"""The executable under SIGKILL: what was paid for and accepted is there once, whatever the moment.

The long form, with every passage of every point, is ``python -m tests.crash``.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.crash.trial import (
    BATCH,
    TARGET,
    ColdStart,
    ForkServer,
    Trial,
    Vendors,
)

NEW = (*BATCH, "-n", str(TARGET))
SEED = 20261123

POINTS = [
    ("mkdir folder state/locks", 1, "after"),
    ("replace holder", 1, "before"),
    ("replace coverage", 1, "after"),
    ("write ledger", 1, "half"),
    ("replace ledger", 1, "after"),
    ("open journal lock", 1, "after"),
    ("open journal", 1, "after"),
    ("write journal", 1, "half"),
    ("fsync journal", 2, "before"),
    ("fsync folder journal", 1, "after"),
    ("write rejected", 1, "half"),
    ("write part", 1, "half"),
    ("fsync part", 2, "before"),
    ("replace part", 1, "before"),
    ("replace part", 2, "after"),
    ("fsync folder train/data", 1, "after"),
    ("replace ledger", 2, "before"),
    ("replace duplicates", 1, "before"),
    ("replace corpus", 1, "after"),
    ("unlink journal", 1, "before"),
    ("unlink journal", 2, "after"),
    ("replace health", 1, "before"),
    ("unlink journal lock", 1, "before"),
    ("write index", 1, "half"),
    ("write card", 1, "half"),
    ("unlink holder", 1, "before"),
]
"""A point, which passage of it, and how to die there: each step of DESIGN's order is among them."""
KINDS = {
    "batch lock", "card", "card state", "corpus", "coverage", "data dir", "data lock",
    "duplicates", "health", "holder", "index", "journal", "journal lock", "ledger", "part",
    "rejected", "folder batches", "folder journal", "folder rejected", "folder state",
    "folder state/locks", "folder state/tmp", "folder train", "folder train/data",
}  # fmt: skip
"""All kinds of file that a batch writes or makes durable."""


def test_an_undisturbed_batch_passes_the_points_that_are_listed(
    tmp_path: Path, separate_vendors: Vendors, server: ForkServer
) -> None:
    """A new kind of file on the write path has to be listed here, and gets its crashes."""
    trial = Trial(tmp_path, separate_vendors, server)
    code, passed = trial.profiled(trial.order(*NEW))
    assert code == 0, trial.error()
    assert {point.partition(" ")[2] for point in passed} == KINDS
    assert {point for point, _, _ in POINTS} <= set(passed)
    trial.look()
    trial.judge()
    assert trial.problems == []
    bill = trial.bill()
    assert (bill.rows, bill.good, bill.bad) == (TARGET, TARGET + bill.late, bill.refused)


@pytest.mark.parametrize("death", POINTS, ids=lambda death: "-".join(map(str, death)))
def test_killed_at_a_named_point_it_loses_and_doubles_nothing(
    tmp_path: Path, separate_vendors: Vendors, server: ForkServer, death: tuple[str, int, str]
) -> None:
    """Whole parts right after; after one more command, every accepted sample once."""
    point, nth, how = death
    trial = Trial(tmp_path, separate_vendors, server)
    assert trial.run(*NEW, point=point, nth=nth, how=how) == -signal.SIGKILL, trial.error()
    trial.look()
    trial.recover()
    trial.judge()
    assert trial.problems == []


@pytest.mark.parametrize("number", range(6))
def test_killed_at_random_instants_it_loses_and_doubles_nothing(
    tmp_path: Path, separate_vendors: Vendors, server: ForkServer, number: int
) -> None:
    """Twice in a row: also the command that goes on is killed."""
    rng = random.Random(SEED + number)
    trial = Trial(tmp_path, separate_vendors, server)
    for _ in range(2):
        trial.run_killed_after(rng.uniform(0.0, 0.4), *trial.next_command(), begun=True)
        trial.look()
    trial.recover()
    trial.judge()
    assert trial.problems == []


def test_a_cold_start_behaves_as_the_fork_does(tmp_path: Path, separate_vendors: Vendors) -> None:
    """The same crash and recovery in interpreters of their own."""
    trial = Trial(tmp_path, separate_vendors, ColdStart())
    assert trial.run(*NEW, point="replace part", nth=1, how="after") == -signal.SIGKILL
    trial.look(readers=True)
    trial.recover()
    trial.judge()
    assert trial.problems == []
