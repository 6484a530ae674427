"""merging.py: shards of several machines become one dataset, with where each row came from."""

from __future__ import annotations

import itertools
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from msgspec import structs

from legalgen.dataset.check import Linter
from legalgen.dataset.dropping import drop
from legalgen.dataset.merging import merge
from legalgen.dataset.verify import verify
from legalgen.dataset.wanted import Wanted
from legalgen.errors import DiskError, UsageError
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected, recover
from legalgen.store.ledger import Ledger, Process
from legalgen.store.parts import parts, row_count
from legalgen.store.sample import Sample, sample_id
from tests.commands.test_dataset import _folders, data, failure, run
from tests.crash.killer import Killer, intercept
from tests.crash.rows import make_sample
from tests.crash.test_journal import in_child
from tests.dataset.shelf import NOW, filled, rows_of, written

__all__ = ["_folders"]

EAST, WEST = "20261201-220000-bcdf", "20261201-220000-ghjk"
TAXONOMY = Taxonomy.builtin()
LONG = (
    "A tenant of a flat in Leeds has lived there under a weekly tenancy for nine years when the "
    "landlord, who wants to sell, changes the locks while she is at work and puts her things into "
    "the yard. {} What can she ask of the county court?"
)


def told(slot: int, batch: str, question: str) -> Sample:
    answer = f"She may be let in again at once, and may ask for damages of the tort number {slot}."
    return make_sample(
        slot, batch, id=sample_id(question, answer), question=question, answer=answer
    )


def shard(root: Path, batch: str, host: str, samples: list[Sample]) -> DataDir:
    """A data dir as the machine ``host`` has it, with a record and a refused answer."""
    data_dir = written(root, samples, batch_id=batch, part_rows=2)
    ledger = Ledger(data_dir)
    record = ledger.load(batch)
    record.process = Process(77, host)
    record.models = {"groq/m": ModelStats(calls=9, samples=len(samples), cost_usd=0.5)}
    ledger.save(record, force=True)
    with BatchWriter(data_dir, batch, note_part=lambda *_: None) as writer:
        writer.reject(Rejected(NOW, 0, "groq", "m", (), "text", 4))
    return data_dir


def merged(source: DataDir, into: DataDir, is_stopped: Callable[[], bool] = lambda: False) -> Any:
    into.create()
    recover(into, note_part=Ledger(into).note_part)
    linter = Linter(TAXONOMY, Gate("full", date(2026, 12, 1)))
    now = datetime(2026, 12, 2, tzinfo=UTC)
    return merge(source, into, linter=linter, now=lambda: now, is_stopped=is_stopped)


def test_a_merge_that_is_stopped_is_whole(tmp_path: Path) -> None:
    """What was read is sealed, with its card and its record; the same command brings the rest."""
    samples = [told(slot, EAST, f"Question {slot}: what may she ask?") for slot in range(5)]
    source = shard(tmp_path / "east", EAST, "east", samples)
    into, asked = DataDir(tmp_path / "into"), itertools.count(1)
    done = merged(source, into, lambda: next(asked) > 3)
    assert (done.stopped, done.read, done.added) == (True, 3, 3)
    assert verify(into).findings == ()
    assert merged(source, into).added == 2


@pytest.fixture
def east(tmp_path: Path) -> DataDir:
    return shard(
        tmp_path / "east",
        EAST,
        "node-east",
        [told(0, EAST, LONG.format("She is 70.")), *(make_sample(n, EAST) for n in (1, 2))],
    )


@pytest.fixture
def west(tmp_path: Path) -> DataDir:
    """One row is nearly one of the other shard's, one is the very same."""
    near = told(0, WEST, LONG.format("She is 71."))
    same = structs.replace(make_sample(1), batch_id=WEST)
    return shard(tmp_path / "west", WEST, "node-west", [near, same, make_sample(5, WEST)])


def test_shards_come_together_with_where_their_rows_are_from(
    tmp_path: Path, east: DataDir, west: DataDir
) -> None:
    """By the command: batches, slots, records, costs and refused answers; nothing twice."""
    filled(tmp_path / "data", rows=2)
    own = len(rows_of(DataDir(tmp_path / "data")))
    first = data("import", "--keep-batch", str(east.root))
    assert (first["read"], first["added"], first["present"]) == (3, 2, 1)
    assert first["batches"] == [{"id": EAST, "host": "node-east", "added": 2, "present": 1}]
    shown = run("import", "--keep-batch", str(west.root / "train")).stdout
    assert "2 rows added of 3 read; 1 were here already" in shown
    assert "DUP_" in shown
    here = DataDir(tmp_path / "data")
    rows = {row.id: row for row in rows_of(here)}
    assert len(rows) == own + 4
    near = next(row for row in rows.values() if "She is 71." in row.question)
    assert (near.batch_id, near.slot) == (WEST, 0)
    assert any(flag.startswith("DUP_") for flag in near.flags)
    record = Ledger(here).load(EAST)
    assert record.finished == NOW
    assert (record.process.host, record.status, record.kind) == (
        "node-east", "completed", "generate",
    )  # fmt: skip
    assert (record.accepted, record.parameters["accepted_there"]) == (2, 3)
    assert record.models["groq/m"].cost_usd == 0.5
    assert verify(here).findings == ()
    assert (here.rejected / f"{WEST}.jsonl").read_bytes() == (
        west.rejected / f"{WEST}.jsonl"
    ).read_bytes()


def test_what_has_come_since_is_added(tmp_path: Path, east: DataDir) -> None:
    """Every morning the same command: a batch goes on there, and its parts here.

    What is alike within the shard was looked at when it was written there.
    """
    here = DataDir(tmp_path / "here")
    first = merged(east, here)
    assert (first.added, first.near) == (3, {})
    with BatchWriter(east, EAST, note_part=lambda _, part: _noted(east, part), noted=()) as writer:
        writer.append([make_sample(n, EAST) for n in (7, 8)])
    again = merged(east, here)
    assert (again.added, again.present) == (2, 3)
    assert Ledger(here).load(EAST).accepted == 5
    assert verify(here).findings == ()
    assert merged(east, here).added == 0


def _noted(data_dir: DataDir, part: Any) -> None:
    Ledger(data_dir).note_part(EAST, part)


def test_what_was_taken_out_stays_out(tmp_path: Path, east: DataDir) -> None:
    """There, so that it does not come; or here, so that it does not come again."""
    here = DataDir(tmp_path / "here")
    there_gone, here_gone, kept = (row.id for row in rows_of(east))
    drop(east, [there_gone], Wanted())
    assert merged(east, here).added == 2
    drop(here, [here_gone], Wanted())
    assert merged(east, here).added == 0
    assert [row.id for row in rows_of(here)] == [here_gone, kept]
    assert (row_count(here), verify(here).findings) == (1, ())


def test_killed_at_many_steps_a_merge_is_gone_on_with(tmp_path: Path, east: DataDir) -> None:
    """Nothing twice, nothing lost, and the ledger agrees."""
    at, ended = 0, int(signal.SIGKILL)
    while ended:
        at += 3
        here = DataDir(tmp_path / f"here{at}")

        def child(at: int = at, here: DataDir = here) -> None:
            with intercept(Killer(at, "after")):
                merged(east, here)

        ended = in_child(child)[0]
        merged(east, here)
        assert sorted(row.slot for row in rows_of(here)) == [0, 1, 2]
        assert verify(here).findings == ()
        record = Ledger(here).load(EAST)
        assert (record.process.host, record.status) == ("node-east", "completed")
        shutil.rmtree(here.root)
    assert at > 20


def test_what_is_no_shard_is_refused(tmp_path: Path, east: DataDir) -> None:
    """Another folder, the dataset itself, and a copy of it that knows rows which it has not."""
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "is no data dir of legalgen" in str(failure("import", "--keep-batch", str(empty)))
    assert "there is no folder" in str(failure("import", "--keep-batch", str(tmp_path / "gone")))
    with pytest.raises(UsageError, match="is the dataset itself"):
        merged(east, east)
    copy = DataDir(tmp_path / "copy")
    shutil.copytree(east.root, copy.root)
    with BatchWriter(copy, EAST, note_part=lambda *_: None) as writer:
        writer.append([make_sample(9, EAST)])
    with pytest.raises(UsageError, match="which was written here"):
        merged(copy, east)
    assert len(rows_of(east)) == 3


def test_refused_answers_that_cannot_be_read_are_brought_by_the_next_merge(
    tmp_path: Path, east: DataDir
) -> None:
    """They ended in a traceback, and were not brought by running it again."""
    into, refused = DataDir(tmp_path / "into"), east.rejected / f"{EAST}.jsonl"
    content = refused.read_bytes()
    refused.unlink()
    refused.mkdir()
    with pytest.raises(DiskError, match=rf"cannot read .*rejected/{EAST}.jsonl: it is a folder"):
        merged(east, into)
    refused.rmdir()
    refused.write_bytes(content)
    assert merged(east, into).added == 0
    assert (into.rejected / refused.name).read_bytes() == content
    assert Ledger(into).load(EAST).status == "completed"


def test_a_shard_with_other_columns_is_told(tmp_path: Path, east: DataDir) -> None:
    """With what looks after it there; it ended in a traceback."""
    path = parts(east)[-1]
    pq.write_table(pq.read_table(path).drop_columns(["attempts"]), path)
    with pytest.raises(DiskError, match=r"a part has other columns: .*`attempts`; see `legalgen"):
        merged(east, DataDir(tmp_path / "into"))


def test_a_folder_of_rows_alone_has_no_record_to_bring(tmp_path: Path, east: DataDir) -> None:
    """Only ``train`` was copied: the batches are known by their rows."""
    bare = tmp_path / "bare"
    shutil.copytree(east.train, bare / "train")
    here = DataDir(tmp_path / "here")
    assert merged(DataDir(bare), here).added == 3
    assert Ledger(here).load(EAST).process.host == "unknown"
    assert verify(here).findings == ()
