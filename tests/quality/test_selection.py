"""The last look: duplicates and contradictions against everything accepted, over batches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from legalgen.law.citations import parse
from legalgen.quality.rules import Rules, Verdict
from legalgen.quality.selection import Selection
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter
from legalgen.store.notes import load_notes
from legalgen.store.parts import NotePart, iter_batches
from legalgen.store.sample import Citation, Draft, Sample
from tests.crash.rows import make_sample as make

CITED = "Caparo Industries plc v Dickman [1990] 2 AC 605"
OTHER = "Donoghue v Stevenson [1990] 2 AC 605"


def verdict(sample: Sample, cited: str = "") -> Verdict:
    draft = Draft(sample.question, sample.reasoning_steps, sample.answer, ())
    parsed = parse(cited) if cited else ()
    shown = tuple(Citation(cited, one.kind, one.key, "parsed") for one in parsed)
    return Verdict(draft, (), shown, parsed)


def selection(data_dir: DataDir, *, structure_only: bool = False) -> Selection:
    return Selection(Rules(), data_dir, rehearsal=False, structure_only=structure_only)


def written(tmp_path: Path, sample: Sample, cited: str) -> DataDir:
    """A data dir in which one batch accepted one sample through a selection."""
    data_dir = DataDir(tmp_path)
    data_dir.create()
    chosen = selection(data_dir)
    with BatchWriter(data_dir, "b1", note_part=noting(chosen, data_dir)) as writer:
        chosen.add(sample, verdict(sample, cited))
        writer.append([sample])
    return data_dir


def noting(chosen: Selection, data_dir: DataDir) -> NotePart:
    """Tells a selection of each part."""
    return lambda _, part: chosen.sealed(data_dir.parts() / part.name, part.rows)


def test_an_exact_repeat_is_refused_in_the_same_batch_and_in_the_next(tmp_path: Path) -> None:
    """What one batch accepted, the next one does not accept again."""
    sample = make(1)
    data_dir = written(tmp_path, sample, "")
    for structure_only in (False, True):
        again = selection(data_dir, structure_only=structure_only).review(verdict(sample))
        assert [reason.code for reason in again.reasons] == ["DUP_EXACT"]
        assert again.rejected


def test_a_citation_that_contradicts_an_earlier_batch_is_flagged(tmp_path: Path) -> None:
    """The same report under another name is a conflict, also when nothing is in memory."""
    data_dir = written(tmp_path, make(1), CITED)
    found = selection(data_dir).review(verdict(make(2), OTHER))
    assert "CITATION_CONFLICT" in found.flags
    assert not found.rejected
    assert [citation.status for citation in found.citations] == ["conflict"]


def test_a_conflict_marks_the_earlier_row_too(tmp_path: Path) -> None:
    """Its part stays as it is; the flag stands beside it, and every reader of rows sees it."""
    first, second = make(1), make(2)
    data_dir = written(tmp_path, first, CITED)
    chosen = selection(data_dir)
    with BatchWriter(data_dir, "b2", note_part=noting(chosen, data_dir)) as writer:
        chosen.add(second, verdict(second, OTHER))
        writer.append([second])

    assert load_notes(data_dir).flags == {first.id: ("CITATION_CONFLICT",)}
    rows = [row for batch in iter_batches(data_dir, ["id", "flags"]) for row in batch.to_pylist()]
    flags = {row["id"]: row["flags"] for row in rows}
    assert "CITATION_CONFLICT" in flags[first.id]


def test_structure_only_looks_for_exact_repeats_and_keeps_nothing(tmp_path: Path) -> None:
    """A repeat of this batch or of a part is refused; what only resembles one passes."""
    data_dir = written(tmp_path, make(1), "")
    chosen = selection(data_dir, structure_only=True)
    chosen.add(make(2), verdict(make(2)))
    codes = [[r.code for r in chosen.review(verdict(make(n))).reasons] for n in (1, 2, 3)]
    assert codes == [["DUP_EXACT"], ["DUP_EXACT"], []]
    for path in (data_dir.state / "duplicates" / "train").glob("*.segment"):
        path.unlink()
    again = selection(data_dir, structure_only=True).review(verdict(make(1)))
    assert [reason.code for reason in again.reasons] == ["DUP_EXACT"]


def test_rows_that_came_in_one_go_are_counted_once(tmp_path: Path) -> None:
    """Also where a part is full before all of them are written."""
    data_dir = DataDir(tmp_path)
    data_dir.create()
    for batch, samples in (("b1", list(map(make, range(1, 4)))), ("b2", [make(4)])):
        chosen = selection(data_dir)
        with BatchWriter(
            data_dir, batch, note_part=noting(chosen, data_dir), part_rows=2
        ) as writer:
            for sample in samples:
                chosen.add(sample, verdict(sample))
            writer.append(samples)
    kept = json.loads((data_dir.state / "corpus-train.json").read_text("utf-8"))
    assert kept["corpus"]["samples"] == 4
    assert len(kept["parts"]) == 3


@pytest.mark.parametrize("damage", [None, b"", b"{", b'{"version": 9}', b"\xff"])
def test_the_memory_may_be_lost(tmp_path: Path, damage: bytes | None) -> None:
    """A missing, torn or foreign corpus file is no error; the parts are read instead."""
    data_dir = written(tmp_path, make(1), "")
    path = data_dir.state / "corpus-train.json"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert selection(data_dir).review(verdict(make(1))).rejected
