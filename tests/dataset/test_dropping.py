"""dropping.py: rows taken out by hand, put back, and left out for good by a compaction."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from legalgen.dataset.compact import compact
from legalgen.dataset.dropping import drop
from legalgen.dataset.verify import verify
from legalgen.dataset.wanted import Wanted
from legalgen.errors import BatchRunning, UsageError
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger
from legalgen.store.locks import BatchLock, Holder
from legalgen.store.notes import RowNotes, Tombstone, load_notes, save_notes, with_notes
from legalgen.store.parts import iter_batches, row_count, slots_of, summarise
from tests.commands.test_dataset import _folders, data, failure, run
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import NOW, filled, killed_at_each_step, rows_of, written
from tests.program import Program
from tests.vendors import VendorServer

__all__ = ["_folders"]

CELL = ("uk", "contract", "formation", "expert", "short_qa")


def slots(data_dir: DataDir) -> list[int]:
    """Those of the rows that are handed on."""
    return [s for batch in iter_batches(data_dir, ["slot"]) for s in batch["slot"].to_pylist()]


@pytest.fixture
def shelf(tmp_path: Path) -> DataDir:
    """Six rows in three parts; those with odd slots are of the cell ``CELL``."""
    return filled(tmp_path / "data", rows=6)


def test_rows_are_taken_out_and_put_back(shelf: DataDir) -> None:
    """By ids, by a filter, by both; what is noted says why, and what each counted as."""
    ids = [row.id for row in rows_of(shelf)]
    done = drop(shelf, ids[1:4], Wanted(difficulties=("expert",)))
    assert (done.rows, done.ids, done.batches) == (2, [ids[1], ids[3]], {BATCH: 2})
    stone = Tombstone(("BY_HAND",), BATCH, CELL, "groq/openai/gpt-oss-20b", 3)
    assert load_notes(shelf).dropped[ids[3]] == stone
    assert (slots(shelf), row_count(shelf), summarise(shelf).cells[CELL]) == ([0, 2, 4, 5], 4, 1)
    again = drop(shelf, ids, Wanted(difficulties=("expert",)))
    assert (again.dropped, again.already) == (1, 2)
    back = drop(shelf, (), Wanted(flags=("BY_HAND",)), undo=True)
    assert (back.dropped, back.already, slots(shelf)) == (3, 0, list(range(6)))
    assert drop(shelf, ids[:1], Wanted(), undo=True).already == 1
    assert verify(shelf).findings == ()


def test_all_rows_of_an_id_are_counted(tmp_path: Path) -> None:
    """An id that stands in two rows takes both, and the count says so, also of the way back."""
    first, other = make_sample(0), make_sample(1)
    shelf = written(tmp_path / "data", [first, replace(other, id=first.id)])
    done = drop(shelf, [first.id], Wanted())
    assert (done.rows, done.dropped, done.batches, slots(shelf)) == (2, 2, {BATCH: 2}, [])
    assert drop(shelf, [first.id], Wanted(), undo=True).dropped == 2


def test_a_row_that_comes_back_has_its_later_flags(shelf: DataDir) -> None:
    """What was found about it was found."""
    name = rows_of(shelf)[0].id
    save_notes(shelf, with_notes(RowNotes(), {}, {name: ["MARKUP"]}))
    assert drop(shelf, (), Wanted(flags=("MARKUP",))).dropped == 1
    drop(shelf, [name], Wanted(), undo=True)
    rows = [row for batch in iter_batches(shelf, ["id", "flags"]) for row in batch.to_pylist()]
    assert rows[0] == {"id": name, "flags": ["MARKUP"]}


def test_its_batch_keeps_its_count_before_compaction_and_after(shelf: DataDir) -> None:
    """The ledger says what was accepted; the slot counts as written, so none is written twice."""
    drop(shelf, [rows_of(shelf)[2].id], Wanted())
    for _ in range(2):
        assert slots_of(shelf, BATCH) == set(range(6))
        assert Ledger(shelf).load(BATCH).accepted == 6
        assert (verify(shelf).findings, row_count(shelf)) == ((), 5)
        compact(shelf, note_part=Ledger(shelf).note_part)
    assert load_notes(shelf) == RowNotes(gone={BATCH: 1}, gone_slots={BATCH: (2,)})
    drop(shelf, [rows_of(shelf)[2].id], Wanted())
    compact(shelf, note_part=Ledger(shelf).note_part)
    assert load_notes(shelf) == RowNotes(gone={BATCH: 2}, gone_slots={BATCH: (2, 3)})
    assert slots_of(shelf, BATCH) == set(range(6))
    assert verify(shelf).findings == ()


def test_killed_at_every_step_a_row_is_in_or_out(tmp_path: Path, shelf: DataDir) -> None:
    """The notes are those before or those after, and doing it again ends it."""
    name, steps = rows_of(shelf)[1].id, 0
    for data_dir in killed_at_each_step(
        tmp_path, shelf, lambda data_dir: drop(data_dir, [name], Wanted())
    ):
        steps += 1
        assert row_count(data_dir) == len(slots(data_dir)) in (5, 6)
        assert verify(data_dir).findings == ()
        drop(data_dir, [name], Wanted())
        assert slots(data_dir) == [0, 2, 3, 4, 5]
    assert steps > 3


def test_by_command_it_is_counted_first_and_can_be_undone(shelf: DataDir) -> None:
    """A dry run writes nothing; the numbers are those of the filter."""
    name = rows_of(shelf)[0].id
    dry = data("drop", "--difficulty", "expert", "--dry-run")
    assert (dry["rows"], dry["dropped"], dry["dry_run"]) == (3, 3, True)
    assert not shelf.marks.exists()
    done = run("drop", name[:9])
    assert done.stdout == "1 row taken out\n"
    assert "until `legalgen dataset compact` makes it final" in done.stderr
    assert run("show", name[:9]).stdout.count("Taken out\n  BY_HAND\n") == 1
    assert (data("list")["matched"], data("check")["rows"]) == (5, 5)
    assert run("drop", "--undrop", name).stdout == "1 row put back\n"
    assert data("list")["matched"] == 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name rows by their ids or by a filter"),
        (("--undrop",), "name rows by their ids or by a filter"),
        (("zz",), "there is no row zz"),
        (("--jurisdiction", "us"), "there is no row by --jurisdiction us"),
        (("--grep", "("), "no regular expression"),
    ],
)
def test_what_cannot_be_meant_takes_nothing_out(
    shelf: DataDir, words: tuple[str, ...], message: str
) -> None:
    """Above all not the whole dataset."""
    error = failure("drop", *words)
    assert isinstance(error, UsageError)
    assert message in str(error)
    assert row_count(shelf) == 6


def test_beside_a_running_batch_it_is_refused(shelf: DataDir) -> None:
    """Exit 5, naming it; counting alone is allowed."""
    with BatchLock(shelf) as lock:
        lock.acquire(Holder("20261123-other", 1, NOW))
        error = failure("drop", "--difficulty", "expert")
        assert data("drop", "--difficulty", "expert", "--dry-run")["dropped"] == 3
    assert isinstance(error, BatchRunning)
    assert row_count(shelf) == 6


def test_a_batch_that_goes_on_does_not_write_the_row_again(
    program: Program, vendors: VendorServer
) -> None:
    """Nor after a compaction; the next batch fills the hole that the planner sees."""
    route = ("--route", "groq/openai/gpt-oss-120b", "-q")
    assert program.run("batch", *route, "-n", "6", "--max-calls", "4").code == 4
    gone = program.rows()[0]["id"]
    assert program.run("dataset", "drop", gone).code == 0
    assert program.run("dataset", "compact").code == 0
    assert program.run("batch", "--resume", "-q").code == 0
    rows = program.rows()
    assert len(rows) == 5
    assert gone not in {row["id"] for row in rows}
    assert program.run("dataset", "verify").code == 0
    assert program.run("batch", *route, "--until-total", "6").code == 0
    assert len(program.rows()) == 6
    assert vendors.calls()
