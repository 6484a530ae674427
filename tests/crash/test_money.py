"""What a batch has spent is in the ledger, whoever was killed before it was written there."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from legalgen.store import journal
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record
from legalgen.store.outlays import cost_of
from tests.crash.trial import BATCH, CONCURRENCY, TARGET, ForkServer, Trial, Vendors

NEW = (*BATCH, "-n", str(TARGET))
JUDGE = "groq/qwen/qwen3.8-27b"
RECOVERING = {
    "compact": ("dataset", "compact"),
    "check": ("dataset", "check", "--write-flags", "-q"),
    "repair": ("dataset", "verify", "--repair"),
    "sample": ("generate", "--provider", "groq", "-q"),
    "batch": (*BATCH, "-n", "1"),
}
"""Commands that write, and so seal what the dead have left."""
DEATHS = [
    ("write journal", 2, "half"),
    ("fsync journal", 2, "before"),
    ("fsync journal", 3, "after"),
    ("write rejected", 1, "half"),
    ("write rejected", 1, "after"),
    ("replace part", 1, "before"),
    ("replace part", 1, "after"),
    ("replace ledger", 2, "before"),
    ("replace ledger", 2, "after"),
    ("unlink journal", 1, "before"),
    ("unlink journal", 1, "after"),
]


def record_in(data_dir: DataDir, nth: int = -1) -> Record:
    """A batch of a data dir, the oldest last."""
    found = Ledger(data_dir).all()[nth]
    assert isinstance(found, Record)
    return found


def kept_usd(trial: Trial, batch: str) -> float:
    """What the rows and the refused answers of a batch say that they cost."""
    rows: float = sum(row["cost_usd"] for row in trial.rows() if row["batch_id"] == batch)
    refused = journal.read_rejected(trial.data_dir, batch)
    return rows + sum(each.cost_usd or 0.0 for each in refused)


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: "-".join(map(str, death)))
def test_a_resume_killed_anywhere_counts_each_answer_once(
    tmp_path: Path, separate_vendors: Vendors, server: ForkServer, death: tuple[str, int, str]
) -> None:
    """The batch dies, its resume dies, and the next resume ends it."""
    trial = Trial(tmp_path, separate_vendors, server)
    assert trial.run(*NEW, point="fsync journal", nth=3, how="after") == -signal.SIGKILL
    trial.judge_money(recovered=False)
    point, nth, how = death
    trial.run(*BATCH, "--resume", point=point, nth=nth, how=how)
    trial.judge_money(recovered=False)
    trial.recover()
    trial.judge()
    assert trial.problems == []


@pytest.mark.parametrize("command", RECOVERING)
@pytest.mark.parametrize("death", DEATHS[1:10:4], ids=lambda death: "-".join(map(str, death)))
def test_whoever_seals_a_dead_batch_counts_what_it_paid_for(
    tmp_path: Path,
    separate_vendors: Vendors,
    server: ForkServer,
    command: str,
    death: tuple[str, int, str],
) -> None:
    """The record has it before anybody resumes the batch, and before anybody seals it."""
    trial = Trial(tmp_path, separate_vendors, server)
    point, nth, how = death
    assert trial.run(*NEW, point=point, nth=nth, how=how) == -signal.SIGKILL
    found = record_in(trial.data_dir)
    before = cost_of(found)
    assert found.accepted == sum(stats.samples for stats in found.models.values())
    code = trial.run(*RECOVERING[command])
    assert code == 0, trial.error()
    after = record_in(trial.data_dir)
    raw = json.loads((trial.data_dir.batches / f"{after.id}.json").read_bytes())
    assert raw["accepted"] == sum(stats["samples"] for stats in raw["models"].values())
    assert sum(stats["cost_usd"] for stats in raw["models"].values()) == before == cost_of(after)
    trial.judge_money(recovered=True)
    assert trial.problems == []


def test_a_recovery_killed_at_any_replacement_counts_once(
    tmp_path: Path, separate_vendors: Vendors, server: ForkServer
) -> None:
    """The command that seals dies around each record that it replaces, one after another."""
    trial = Trial(tmp_path, separate_vendors, server)
    assert trial.run(*NEW, point="fsync journal", nth=4, how="after") == -signal.SIGKILL
    for point in ("replace ledger", "replace part", "unlink journal"):
        for how in ("before", "after"):
            trial.run("dataset", "compact", point=point, nth=1, how=how)
            trial.judge_money(recovered=False)
    trial.recover()
    trial.judge()
    assert trial.problems == []


def test_a_days_cap_counts_what_nobody_has_sealed_yet(
    tmp_path: Path, separate_vendors: Vendors, server: ForkServer
) -> None:
    """The next batch is told what the dead one spent before it makes a call.

    The server's own list says nothing of that: it may note calls of the dead one meanwhile.
    """
    trial = Trial(tmp_path, separate_vendors, server)
    assert trial.run(*NEW, point="fsync journal", nth=4, how="after") == -signal.SIGKILL
    spent = cost_of(record_in(trial.data_dir))
    assert spent > 0
    code = trial.run(*BATCH, "-n", "1", "--max-cost-per-day", f"{spent:.9f}")
    assert code == 4, trial.error()
    assert sum(stats.calls for stats in record_in(trial.data_dir, 0).models.values()) == 0
    assert kept_usd(trial, record_in(trial.data_dir).id) <= spent + 1e-9


@pytest.mark.parametrize("number", range(3))
def test_what_the_judge_took_is_counted_too(
    tmp_path: Path, separate_vendors: Vendors, server: ForkServer, number: int
) -> None:
    """Rows tell who marked them and not what that cost; their lines in the journal do."""
    rng = random.Random(number)
    trial = Trial(tmp_path, separate_vendors, server)
    judged = (*NEW, "--judge", JUDGE)
    assert trial.run(*judged, point="fsync journal", nth=3, how="after") == -signal.SIGKILL
    assert trial.run(*BATCH, "--resume", point="fsync journal", nth=rng.choice((1, 2, 3)),
                     how="after") == -signal.SIGKILL  # fmt: skip
    trial.recover()
    record = record_in(trial.data_dir)
    marked = sum(row["judge"] is not None for row in trial.rows())
    stats = record.models[f"{JUDGE} (judge)"]
    assert stats.calls >= marked > 0
    paid: Counter[str] = Counter()
    dearest = 0
    for call in trial.paid():
        paid[call["model"]] += call["prompt_tokens"] + call["completion_tokens"]
        dearest = max(dearest, call["prompt_tokens"] + call["completion_tokens"])
    for name, each in record.models.items():
        model = name.removeprefix("groq/").removesuffix(" (judge)")
        lost = paid[model] - each.input_tokens - each.output_tokens
        assert 0 <= lost <= 3 * trial.kills * CONCURRENCY * dearest
    assert trial.problems == []
