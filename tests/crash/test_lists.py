"""A list of points under SIGKILL: it is whole, or it is asked for again, and no sample is lost."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from legalgen.law.taxonomy import Taxonomy
from legalgen.store.points import kept_points
from tests.crash.trial import BATCH, TARGET, ForkServer, Trial, Vendors

LEAF = ("uk", "contract", "formation")
POINTED = (
    *BATCH, "--points", "--jurisdiction", "uk", "--topic", "formation", "--sample-type", "concept",
)  # fmt: skip
DEATHS = [
    ("open list of points", "before", 1),
    ("open list of points", "after", 1),
    ("write list of points", "half", 1),
    ("write list of points", "after", 0),
    ("fsync list of points", "after", 0),
]
"""A point, how to die there, and how many lists that were paid for may be gone with it."""


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    with Vendors.started(tmp_path_factory.mktemp("vendors") / "calls.jsonl") as vendors:
        yield vendors


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: "-".join(map(str, death)))
def test_killed_while_a_list_is_kept_the_batch_goes_on_with_a_whole_one(
    tmp_path: Path, vendors: Vendors, server: ForkServer, death: tuple[str, str, int]
) -> None:
    """The one that is there, or another; each sample has a point of it, and none has another's."""
    point, how, lost = death
    trial = Trial(tmp_path, vendors, server)
    code = trial.run(*POINTED, "-n", str(TARGET), point=point, how=how)
    assert code == -signal.SIGKILL, trial.error()
    assert trial.run(*BATCH, "--resume") == 0, trial.error()
    [listed] = kept_points(trial.data_dir, Taxonomy.builtin().digest, LEAF)
    rows = trial.rows()
    given = [json.loads(row["seed_json"])["point"] for row in rows]
    assert len(set(given)) == len(rows) == TARGET
    assert set(given) <= {each.text for each in listed.points}
    assert len(trial.vendors.paid(trial._since)) == TARGET + 1 + lost
    assert trial.promised() <= {row["id"] for row in rows}
