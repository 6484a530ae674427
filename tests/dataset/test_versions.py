"""A dataset of schema version 1 goes on: written, read and brought to version 2, whatever dies.

``tests/data/version1`` was written by a program that knew version 1 only: a whole batch of six
rows, and a batch of nine that was killed with four in its journal.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from legalgen.dataset.compact import Limits, compact
from legalgen.dataset.foreign import Row, read_rows
from legalgen.dataset.verify import repair, verify
from legalgen.errors import UsageError
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, recover
from legalgen.store.ledger import Ledger
from legalgen.store.parts import dataset_version, iter_batches, parts, version_of_part
from legalgen.store.sample import ADDED, arrow_schema, from_table
from tests.crash.killer import Killer, intercept
from tests.crash.rows import make_sample
from tests.crash.test_journal import in_child
from tests.dataset.shelf import written
from tests.program import Program
from tests.vendors import VendorServer

VERSION_1 = Path(__file__).parent.parent / "data" / "version1"
WHOLE, KILLED = "20261128-222443-fq66", "20261128-222444-5r1g"
SEALED, JOURNALLED, KILLED_TARGET = 6, 4, 9
LINE = "legalgen dataset compact --to-schema 2"


@pytest.fixture
def old(program: Program) -> DataDir:
    """The data dir of a program that has one of version 1."""
    return copied(program.data_dir.root)


def copied(root: Path) -> DataDir:
    shutil.copytree(VERSION_1, root)
    data_dir = DataDir(root)
    data_dir.create()
    return data_dir


def versions(data_dir: DataDir) -> set[int | None]:
    return {version_of_part(path) for path in parts(data_dir)}


def to_2(data_dir: DataDir, **more: Any) -> Any:
    return compact(data_dir, note_part=Ledger(data_dir).note_part, to_schema=2, **more)


class Readers:
    """What others make of ``train/``: one process for many looks, for each is slow to start."""

    PROGRAM = """
import json, sys
import datasets, duckdb, pandas as pd, polars as pl
for line in sys.stdin:
    train = line.strip()
    data = train + "/data"
    loaded = datasets.load_dataset(train)["train"]
    found = {
        "datasets": sorted(loaded["question"]),
        "pandas": sorted(pd.read_parquet(data)["question"]),
        "polars": sorted(pl.read_parquet(data)["question"]),
        "duckdb": sorted(row[0] for row in duckdb.execute(
            "select question from read_parquet(?)", [data + "/*.parquet"]).fetchall()),
        "columns": len(loaded.features),
    }
    print(json.dumps(found), flush=True)
"""

    def __init__(self, home: Path) -> None:
        self.seen: dict[bytes, list[str]] = {}
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM],
            env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "HOME": str(home)}
            | {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self, data_dir: DataDir) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{data_dir.train}\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def agree(self, data_dir: DataDir) -> list[str]:
        """The questions, which all readers must find; what was looked at before is not again."""
        state = b"".join(path.name.encode() for path in parts(data_dir))
        state += (data_dir.train / "README.md").read_bytes()
        if state not in self.seen:
            self.seen[state] = self._agree(data_dir)
        return self.seen[state]

    def _agree(self, data_dir: DataDir) -> list[str]:
        found = self.read(data_dir)
        columns = found.pop("columns")
        assert columns == len(arrow_schema(dataset_version(data_dir) or 2))
        ours = sorted(
            name
            for batch in iter_batches(data_dir, ["question"])
            for name in batch.column("question").to_pylist()
        )
        assert found == dict.fromkeys(("datasets", "pandas", "polars", "duckdb"), ours)
        return ours


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    reading = Readers(tmp_path_factory.mktemp("hf"))
    yield reading
    reading.process.kill()
    reading.process.communicate()


def test_a_killed_batch_is_resumed_in_version_1(
    old: DataDir, program: Program, vendors: VendorServer, readers: Readers
) -> None:
    """Its segment is sealed in the version of its header, its other rows too; one line says so."""
    ended = program.run("batch", KILLED, "--resume", "--json")
    assert (ended.code, ended.batch["accepted"]) == (0, KILLED_TARGET)
    assert len(vendors.calls()) >= KILLED_TARGET - JOURNALLED
    assert ended.err.count(LINE) == 1
    assert versions(old) == {1}
    assert len(readers.agree(old)) == SEALED + KILLED_TARGET
    assert verify(old).findings == ()


def test_a_nightly_batch_writes_version_1_until_the_total(
    old: DataDir, program: Program, vendors: VendorServer, readers: Readers
) -> None:
    """Recovery, new rows, stats and exports, all of the old columns; after compaction the new."""
    assert program.run("batch", "-p", "groq", "--until-total", "13", "-q").code == 0
    assert (versions(old), len(vendors.calls()) >= 3) == ({1}, True)
    assert len(readers.agree(old)) == 13
    assert program.run("dataset", "stats", "--json").json["rows"] == 13
    assert program.run("dataset", "compact", "--to-schema", "2").code == 0
    assert (versions(old), len(readers.agree(old))) == ({2}, 13)
    ended = program.run("batch", "-p", "groq", "--until-total", "15", "--json")
    assert (ended.code, versions(old), LINE in ended.err) == (0, {2}, False)
    assert len(readers.agree(old)) == 15
    newest = [row for row in program.rows() if row["batch_id"] == ended.batch["id"]]
    assert all(one["proposition"] for row in newest for one in row["citations"])
    assert verify(old).findings == ()
    assert program.run("batch", KILLED, "--resume", "-q").code == 0
    assert (versions(old), len(readers.agree(old))) == ({2}, 15 + KILLED_TARGET - JOURNALLED)


def test_an_empty_data_dir_begins_in_version_2(program: Program, vendors: VendorServer) -> None:
    """Propositions are stored; nothing is said, and what there is none of is null."""
    ended = program.run("batch", "-p", "groq", "-n", "3", "--json")
    assert (ended.code, LINE in ended.err, len(vendors.calls())) == (0, False, 3)
    assert versions(program.data_dir) == {2}
    for row in program.rows():
        assert (row["schema_version"], row["grounded"]) == (2, False)
        assert [row[name] for name in ("sources", "marks", "remark")] == [None] * 3
        assert all(one["proposition"] for one in row["citations"])
        assert {one["quote"] for one in row["citations"]} <= {None}


@pytest.mark.parametrize(
    ("how", "first", "step"),
    [
        ("half", 1, 2),
        ("after", 2, 2),
        pytest.param("half", 1, 1, marks=pytest.mark.extended),
        pytest.param("after", 1, 1, marks=pytest.mark.extended),
    ],
)
def test_killed_at_every_step_of_the_way_to_version_2(
    tmp_path: Path, how: str, first: int, step: int, readers: Readers
) -> None:
    """At each instant all readers find every sealed row, and the next compaction ends it.

    Half way through every other file operation and after those between; both at each in the
    extended run.
    """
    template = copied(tmp_path / "template")
    recover(template, note_part=Ledger(template).note_part)
    whole = readers.agree(template)
    assert len(whole) == SEALED + JOURNALLED
    at, seen = first - step, set[int | None]()
    while True:
        at += step
        data_dir = DataDir(tmp_path / str(at))
        shutil.copytree(template.root, data_dir.root)

        def child(at: int = at, data_dir: DataDir = data_dir) -> None:
            with intercept(Killer(at, how)):
                to_2(data_dir)

        ended, _ = in_child(child)
        assert readers.agree(data_dir) == whole
        assert len(versions(data_dir)) == 1
        seen |= versions(data_dir)
        to_2(data_dir)
        assert versions(data_dir) == {2}
        assert verify(data_dir).findings == ()
        if ended == 0:
            break
        assert ended == signal.SIGKILL
        shutil.rmtree(data_dir.root)
    assert (seen, at > 30) == ({1, 2}, True)
    assert readers.agree(data_dir) == whole


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.extended)])
def test_rows_in_the_journal_survive_a_kill_on_the_way(
    tmp_path: Path, readers: Readers, step: int
) -> None:
    """Where the journal is recovered by the very compaction that dies, no row is lost.

    It dies at every third file operation, at each in the extended run.
    """
    at = 1 - step
    while True:
        at += step
        data_dir = copied(tmp_path / str(at))

        def child(at: int = at, data_dir: DataDir = data_dir) -> None:
            with intercept(Killer(at, "after")):
                to_2(data_dir)

        ended, _ = in_child(child)
        to_2(data_dir)
        found = {(row.batch_id, row.slot) for row in rows_of(data_dir)}
        assert found == {(WHOLE, n) for n in range(6)} | {(KILLED, n) for n in range(4)}
        if ended == 0:
            break
        shutil.rmtree(data_dir.root)
    assert len(readers.agree(data_dir)) == SEALED + JOURNALLED


def rows_of(data_dir: DataDir) -> list[Any]:
    return [row for path in parts(data_dir) for row in from_table(pq.ParquetFile(path).read())]


def test_nothing_of_a_row_changes_on_the_way(tmp_path: Path) -> None:
    """Version 2 less what it added is version 1, value for value, in order."""
    data_dir = copied(tmp_path / "data")
    recover(data_dir, note_part=Ledger(data_dir).note_part)
    before = [row for batch in iter_batches(data_dir) for row in batch.to_pylist()]
    done = to_2(data_dir)
    assert (done.rows, done.parts_after, done.generation) == (10, 1, 1)
    after = [row for batch in iter_batches(data_dir) for row in batch.to_pylist()]
    for row in after:
        assert [row.pop(name) for name in ADDED] == [False, None, None, None]
        assert row.pop("schema_version") == 2
        for one in row["citations"]:
            added = ("proposition", "source", "pinpoint", "quote", "start", "end")
            assert [one.pop(name) for name in added] == [None] * 6
    for row in before:
        assert row.pop("schema_version") == 1
    assert after == before
    assert to_2(data_dir).generation is None


def test_no_row_is_cut_to_an_older_version(tmp_path: Path) -> None:
    """The way back would lose what was paid for."""
    data_dir = written(tmp_path / "data", [make_sample(0)])
    with pytest.raises(UsageError, match="holds schema version 2: no row is cut to 1"):
        compact(data_dir, note_part=Ledger(data_dir).note_part, to_schema=1)


def test_a_compaction_alone_keeps_the_version(tmp_path: Path) -> None:
    """Nobody is moved to new columns who did not ask."""
    data_dir = copied(tmp_path / "data")
    compact(data_dir, note_part=Ledger(data_dir).note_part, limits=Limits(rows=100))
    assert (versions(data_dir), len(parts(data_dir))) == ({1}, 1)
    assert verify(data_dir).findings == ()


def test_where_folders_cannot_be_exchanged_it_is_done_too(tmp_path: Path, readers: Readers) -> None:
    """The parts are moved one by one, and the card names the new columns in the end."""
    data_dir = copied(tmp_path / "data")
    to_2(data_dir, exchange=lambda *_: False, offline=True)
    assert versions(data_dir) == {2}
    assert len(readers.agree(data_dir)) == SEALED + JOURNALLED
    assert verify(data_dir).findings == ()


def test_a_batch_that_goes_on_meanwhile_seals_in_the_new_version(tmp_path: Path) -> None:
    """Its segment has the old header; the dataset has become a new one since."""
    data_dir = copied(tmp_path / "data")
    ledger = Ledger(data_dir)
    recover(data_dir, note_part=ledger.note_part)
    with BatchWriter(data_dir, "20261129-090000-live", note_part=ledger.note_part) as writer:
        writer.append([make_sample(0, "20261129-090000-live")])
        segment = next(data_dir.journal.glob("*live*"))
        assert json.loads(segment.read_bytes().splitlines()[0])["schema_version"] == 1
        to_2(data_dir)
    assert versions(data_dir) == {2}


def test_a_segment_of_version_2_is_never_cut(tmp_path: Path) -> None:
    """Parts of version 1 that came beside it: verify says so, and compaction makes one of them."""
    data_dir = copied(tmp_path / "data")
    moved = tmp_path / "moved"
    shutil.move(data_dir.parts(), moved)
    ledger = Ledger(data_dir)
    recover(data_dir, note_part=ledger.note_part)
    for path in parts(data_dir):
        path.unlink()

    def die() -> None:
        writer = BatchWriter(data_dir, "20261129-090000-live", note_part=ledger.note_part)
        writer.append([make_sample(0, "20261129-090000-live", remark="kept")])
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(die)[0] == signal.SIGKILL
    for path in moved.iterdir():
        shutil.move(path, data_dir.parts())
    recover(data_dir, note_part=ledger.note_part)
    assert versions(data_dir) == {1, 2}
    found = [one for one in verify(data_dir).findings if one.kind == "mixed_versions"]
    assert [LINE in one.what for one in found] == [True]
    to_2(data_dir)
    assert versions(data_dir) == {2}
    assert [row.remark for row in rows_of(data_dir) if row.remark] == ["kept"]


def test_repair_casts_a_part_to_the_version_that_it_was_meant_to_have(tmp_path: Path) -> None:
    """A part of version 1 with another type in one column becomes version 1 again."""
    data_dir = copied(tmp_path / "data")
    path = parts(data_dir)[0]
    table = pq.read_table(path)
    at = table.schema.get_field_index("slot")
    pq.write_table(table.set_column(at, "slot", table["slot"].cast(pa.int32())), path)
    assert {one.kind for one in verify(data_dir).findings} == {"wrong_schema", "journal_waiting"}
    assert repair(data_dir).findings == ()
    assert versions(data_dir) == {1}


@pytest.mark.parametrize("form", ["schema", "messages"])
@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_exports_and_imports_read_both(
    old: DataDir, program: Program, tmp_path: Path, form: str, suffix: str
) -> None:
    """Out of version 1 in its own columns, out of a mixture in the newer; in again, into either."""
    out = tmp_path / f"out{suffix}"
    assert program.run("dataset", "export", str(out), "--format", form).code == 0
    if form != "schema":
        return
    assert len(list(rows_in(out))) == SEALED
    (tmp_path / "fresh").mkdir()
    fresh = Program(tmp_path / "fresh", None)
    assert fresh.run("dataset", "import", str(out)).code == 0
    assert versions(fresh.data_dir) == {2}
    back = tmp_path / f"back{suffix}"
    assert fresh.run("dataset", "export", str(back), "--format", "schema").code == 0
    ended = program.run("dataset", "import", str(back))
    assert (ended.code, ended.err.count(LINE)) == (0, 1)
    assert (versions(old), len(rows_of(old))) == ({1}, SEALED + JOURNALLED)


def rows_in(path: Path) -> list[Row]:
    return [row for row in read_rows(path) if isinstance(row, Row)]
