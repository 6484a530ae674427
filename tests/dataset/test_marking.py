"""The present gate over rows that are there: taken out or flagged, and final by compaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from legalgen.dataset.check import Linter
from legalgen.dataset.compact import Limits, compact
from legalgen.dataset.dropping import drop
from legalgen.dataset.foreign import Row, UnreadableRow, read_rows
from legalgen.dataset.marking import mark
from legalgen.dataset.verify import verify
from legalgen.dataset.wanted import Wanted
from legalgen.errors import BatchRunning, DiskError
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from legalgen.store.card import write_card
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger
from legalgen.store.locks import Patience, data_lock
from legalgen.store.notes import RowNotes, Tombstone, load_notes, save_notes, with_notes
from legalgen.store.parts import iter_batches, parts, row_count, summarise
from legalgen.store.sample import Sample, sample_id
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import filled, killed_at_each_step, rows_of, written
from tests.program import Program
from tests.vendors import VendorServer

ONE = ("--route", "groq/openai/gpt-oss-120b")


def stone(sample: Sample) -> Tombstone:
    cell = (
        sample.jurisdiction, sample.practice_area, sample.topic, sample.difficulty,
        sample.sample_type,
    )  # fmt: skip
    model = f"{sample.provider}/{sample.model}"
    return Tombstone(("META_TALK",), sample.batch_id, cell, model, sample.slot)


@pytest.fixture
def marked(tmp_path: Path) -> DataDir:
    """Seven rows in four parts, of which the third is taken out and the fifth has a later flag."""
    data_dir = filled(tmp_path / "data")
    rows = rows_of(data_dir)
    notes = with_notes(RowNotes(), {rows[2].id: stone(rows[2])}, {rows[4].id: ["MARKUP"]})
    save_notes(data_dir, notes)
    return data_dir


def shown(data_dir: DataDir) -> list[tuple[int, tuple[str, ...]]]:
    """Slot and flags of the rows as they are handed on."""
    return [
        (row["slot"], tuple(row["flags"]))
        for batch in iter_batches(data_dir, ["slot", "flags"])
        for row in batch.to_pylist()
    ]


MARKED = [(0, ()), (1, ()), (3, ()), (4, ("MARKUP",)), (5, ()), (6, ())]


def test_a_row_that_was_taken_out_is_counted_and_handed_on_by_nobody(marked: DataDir) -> None:
    """Counts of rows, cells and models, exports' rows; the parts stay as they were sealed."""
    assert shown(marked) == MARKED
    assert row_count(marked) == summarise(marked).rows == 6
    assert summarise(marked).cells.total() == 6
    assert summarise(marked).models.total() == 6
    assert [row.slot for row in rows_of(marked)] == list(range(7))
    found = verify(marked)
    assert (found.rows, found.findings) == (6, ())
    assert "1 row taken out and 1 row flagged later" in found.notes[-1]


def test_compaction_makes_it_final(marked: DataDir) -> None:
    """The row is gone, the flag is the row's own, the ledger still agrees; and no note is left."""
    done = compact(marked, note_part=Ledger(marked).note_part)
    assert (done.rows, done.generation) == (6, 1)
    assert [(row.slot, row.flags) for row in rows_of(marked)] == MARKED
    assert (shown(marked), row_count(marked)) == (MARKED, 6)
    assert load_notes(marked) == RowNotes(gone={BATCH: 1}, gone_slots={BATCH: (2,)})
    assert verify(marked).findings == ()
    assert compact(marked, note_part=Ledger(marked).note_part).generation is None


@pytest.mark.parametrize("offline", [False, pytest.param(True, marks=pytest.mark.extended)])
def test_killed_at_every_step_the_counts_are_right(
    tmp_path: Path, marked: DataDir, *, offline: bool
) -> None:
    """At each instant one row is out, in the notes or for good, and is subtracted once."""

    def work(data_dir: DataDir) -> None:
        exchange = (lambda *_: False) if offline else None
        compact(
            data_dir,
            note_part=Ledger(data_dir).note_part,
            limits=Limits(rows=100),
            exchange=exchange,
            offline=offline,
        )

    for data_dir in killed_at_each_step(tmp_path, marked, work):
        if not offline:  # else rows are there twice for a moment, and nobody reads
            assert shown(data_dir) == MARKED
            assert summarise(data_dir).rows == 6
        work(data_dir)
        assert (shown(data_dir), row_count(data_dir)) == (MARKED, 6)
        assert verify(data_dir).findings == ()


def test_a_dataset_of_which_no_row_is_left_is_empty(marked: DataDir) -> None:
    """No empty part, and what is written next is counted from nought."""
    notes = load_notes(marked)
    every = {row.id: stone(row) for row in rows_of(marked)}
    save_notes(marked, with_notes(notes, every, {}))
    done = compact(marked, note_part=Ledger(marked).note_part)
    assert (done.rows, parts(marked), row_count(marked)) == (0, [], 0)
    assert write_card(marked) is None
    filled(marked.root, rows=2, batch_id="20261129-100000-next")
    assert row_count(marked) == 2


def test_notes_that_cannot_be_read_are_an_error(marked: DataDir) -> None:
    """Rows that were taken out do not come back without a word."""
    (marked.marks / "train.json").write_text("{}")
    with pytest.raises(DiskError, match="cannot read"):
        row_count(marked)


def test_a_row_that_went_while_rows_were_looked_at_is_noted_nowhere(tmp_path: Path) -> None:
    """A compaction in between leaves out for good what another command has taken out."""
    talk = "As an AI language model, I cannot know. It is binding once the letter is posted."
    samples = [make_sample(slot) for slot in range(4)]
    for at in (1, 2):
        name = sample_id(samples[at].question, f"{talk} {at}")
        samples[at] = replace(samples[at], id=name, answer=f"{talk} {at}")
    data_dir = written(tmp_path / "data", samples)
    rows = list(read_rows(data_dir.parts()))

    def meanwhile() -> Iterator[Row | UnreadableRow]:
        yield from rows
        drop(data_dir, [samples[2].id], Wanted())
        compact(data_dir, note_part=lambda *_: None)
        Ledger(data_dir).forget_parts({path.name for path in parts(data_dir)})

    linter = Linter(Taxonomy.builtin(), Gate("full", date(2026, 11, 23)))
    done = mark(data_dir, meanwhile(), linter, drop=["META_TALK"], write_flags=True)

    assert done.dropped == 1
    assert load_notes(data_dir).dropped.keys() == {samples[1].id}
    assert load_notes(data_dir).flags.keys() <= {sample.id for sample in rows_of(data_dir)}
    compact(data_dir, note_part=lambda *_: None)
    assert (row_count(data_dir), verify(data_dir).findings) == (2, ())


def test_who_marks_waits_no_longer_than_is_patient(marked: DataDir) -> None:
    """The wait for who rewrites the parts is bounded and told like every other one."""
    linter = Linter(Taxonomy.builtin(), Gate("full", date(2026, 11, 23)))
    rows = read_rows(marked.parts())
    with data_lock(marked, exclusive=True), pytest.raises(BatchRunning, match="waited 0 s for it"):
        mark(marked, rows, linter, write_flags=True, patience=Patience(0.0))


# --- by command --------------------------------------------------------------------------------


def spoil(program: Program, slot: int) -> str:
    """Give one sealed row an answer that an older gate let through; its id."""
    path = parts(program.data_dir)[0]
    table = pq.read_table(path)
    answers = table["answer"].to_pylist()
    answers[slot] = f"As an AI language model, I cannot know. {answers[slot]}"
    ids = table["id"].to_pylist()
    ids[slot] = sample_id(table["question"][slot].as_py(), answers[slot])
    for name, values in (("answer", answers), ("id", ids)):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(values))
    pq.write_table(table, path)
    return str(ids[slot])


def test_what_the_present_gate_refuses_is_taken_out_and_written_anew(
    program: Program, vendors: VendorServer, tmp_path: Path
) -> None:
    """Counted first, then noted; exports and stats follow, until-total fills, compact ends it."""
    assert program.run("batch", *ONE, "-n", "6", "-q").code == 0
    gone = spoil(program, 3)
    drop = ("dataset", "check", "--drop", "META_TALK", "--json")
    counted = program.run(*drop, "--dry-run").json
    assert (counted["rows"], counted["dropped"], counted["dry_run"]) == (6, 1, True)
    assert not program.data_dir.marks.exists()
    done = program.run(*drop).json
    assert (done["dropped"], done["drops"]) == (1, {"META_TALK": 1})
    assert program.run(*drop).json["dropped"] == 0
    assert program.run("dataset", "stats", "--json").json["rows"] == 5
    out = tmp_path / "out.jsonl"
    assert program.run("dataset", "export", str(out), "--format", "schema").code == 0
    assert gone not in {json.loads(line)["id"] for line in out.read_text().splitlines()}
    before = len(vendors.calls())
    assert program.run("batch", *ONE, "--until-total", "6", "-q").code == 0
    assert len(vendors.calls()) > before
    assert row_count(program.data_dir) == 6
    assert program.run("dataset", "verify").code == 0
    assert program.run("dataset", "compact").code == 0
    assert program.run("dataset", "verify").code == 0
    assert gone not in {row["id"] for row in program.rows()}
    assert len(rows_of(program.data_dir)) == 6


def test_flags_are_added_to_those_that_there_are(program: Program, vendors: VendorServer) -> None:
    """All that the gate finds, also what it would refuse; a second time there is nothing new."""
    assert program.run("batch", *ONE, "-n", "4", "-q").code == 0
    name = spoil(program, 1)
    flags = ("dataset", "check", "--write-flags", "--json")
    assert program.run(*flags).json["flags"]["META_TALK"] == 1
    row = next(row for row in program.rows() if row["id"] == name)
    assert "META_TALK" in row["flags"]
    assert program.run(*flags).json["flagged"] == 0
    assert len(vendors.calls()) >= 4


def test_what_cannot_be_meant_is_refused(program: Program, vendors: VendorServer) -> None:
    """A code that is none, a file beside a mark, a dry run of nothing: exit 2."""
    assert program.run("batch", *ONE, "-n", "1", "-q").code == 0
    file = str(parts(program.data_dir)[0])
    assert program.run("dataset", "check", "--drop", "NO_SUCH").code == 2
    assert program.run("dataset", "check", file, "--drop", "META_TALK").code == 2
    assert program.run("dataset", "check", "--dry-run").code == 2
    assert program.run("dataset", "check").code in (0, 1)
    assert vendors.calls()
