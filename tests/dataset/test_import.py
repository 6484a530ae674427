"""imports.py and foreign.py: the old columns mapped, flagged, and never written twice."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from legalgen.dataset.check import Linter
from legalgen.dataset.foreign import (
    Row,
    UnreadableRow,
    read_rows,
    split_citations,
    split_steps,
)
from legalgen.dataset.imports import Imported, Mapper, Place, Source, import_rows
from legalgen.dataset.verify import verify
from legalgen.errors import DiskError, UsageError
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from legalgen.store.files import DataDir
from legalgen.store.journal import recover
from legalgen.store.ledger import Ledger
from legalgen.store.sample import Citation, Sample, sample_id
from tests.crash.killer import Failer, intercept
from tests.crash.rows import make_sample
from tests.dataset.shelf import LEGACY, NOW, filled, rows_of
from tests.program import environment

TAXONOMY = Taxonomy.builtin()


def imported(
    data_dir: DataDir,
    path: Path,
    batch_id: str = "20261123-imp1",
    is_stopped: Callable[[], bool] = lambda: False,
) -> Imported:
    data_dir.create()
    recover(data_dir, note_part=Ledger(data_dir).note_part)
    return import_rows(
        read_rows(path),
        Source(path, ("legalgen", "dataset", "import")),
        data_dir,
        batch_id=batch_id,
        taxonomy=TAXONOMY,
        linter=Linter(TAXONOMY, Gate("full", date(2026, 11, 23))),
        now=lambda: NOW,
        is_stopped=is_stopped,
    )


def jsonl(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in records))
    return path


OLD = {
    "id": "contract_1",
    "question": "Is a shop display an offer to sell the goods shown in it?",
    "answer": "No. Under English law it is an invitation to treat, as decided in Fisher v Bell.",
    "topic": "Contract Law - Formation of Contracts",
    "difficulty": "Foundational",
    "case_citation": "Fisher v Bell [1961] 1 QB 394; Contracts Act",
    "reasoning": "Step 1: Ask what an offer is. Step 3: Apply the rule to the display.",
    "created_at": "2025-10-09T12:00:00+02:00",
}


def test_an_old_row_becomes_a_sample(tmp_path: Path) -> None:
    """Every column: from the file, from the taxonomy, or openly unknown."""
    data_dir = DataDir(tmp_path / "data")
    imported(data_dir, jsonl(tmp_path / "old.jsonl", OLD))
    question, answer = OLD["question"], OLD["answer"]
    assert rows_of(data_dir) == [
        Sample(
            id=sample_id(question, answer),
            question=question,
            answer=answer,
            reasoning_steps=("Ask what an offer is.", "Apply the rule to the display."),
            citations=(
                Citation("Fisher v Bell [1961] 1 QB 394", "uk_report", "[1961] 1 QB 394", "parsed"),
                Citation("Contracts Act", "statute", "Contracts Act", "parsed"),
            ),
            jurisdiction="uk",
            sub_jurisdiction="england-wales",
            practice_area="contract",
            topic="formation",
            subtopic="Contract Law - Formation of Contracts",
            difficulty="basic",
            sample_type="imported",
            as_of=None,
            seed_json="{}",
            provider="imported",
            model="unknown",
            prompt_version="",
            batch_id="20261123-imp1",
            slot=0,
            attempts=1,
            input_tokens=0,
            output_tokens=0,
            flags=("IMPORT_DIFFICULTY", "IMPORT_STEP_GAPS", "ANSWER_LENGTH", "CITATION_UNGROUNDED"),
            score=None,
            judge=None,
            thinking=None,
            latency_s=None,
            cost_usd=None,
            reasoning_tokens=None,
            created_at=datetime(2025, 10, 9, 10, 0, tzinfo=UTC),
        )
    ]


def test_the_same_file_twice_adds_nothing(tmp_path: Path) -> None:
    """Nor does it leave a record; what was odd is reported with its numbers."""
    data_dir = DataDir(tmp_path / "data")
    first = imported(data_dir, LEGACY)
    again = imported(data_dir, LEGACY, "20261123-imp2")
    assert (first.read, first.added, first.present) == (56, 54, 2)
    assert (again.read, again.added, again.present) == (56, 0, 56)
    assert first.odd == {
        "citations_null": 14,
        "citations_empty": 7,
        "citations_placeholder": 4,
        "reasoning_empty": 15,
        "reasoning_without_steps": 10,
        "step_gaps": 6,
        "unknown_difficulty": 4,
        "topic_without_area": 11,
    }
    assert first.flags["IMPORT_DIFFICULTY"] == 4
    assert [record.id for record in Ledger(data_dir).all()] == ["20261123-imp1"]
    assert verify(data_dir).findings == ()


def test_the_ledger_says_what_was_imported(tmp_path: Path) -> None:
    """A record of its own, which `batch --resume` does not take for a batch of its."""
    data_dir = DataDir(tmp_path / "data")
    imported(data_dir, LEGACY)
    record = Ledger(data_dir).load("20261123-imp1")
    assert (record.kind, record.status, record.accepted) == ("generate", "completed", 54)
    assert record.parameters == {"import": str(LEGACY)}
    assert record.models["imported/unknown"].samples == 54


@pytest.mark.parametrize("at", [3, 12, 20, 30])
def test_an_import_that_failed_is_gone_on_with(tmp_path: Path, at: int) -> None:
    """The disk fails in the middle; the next import adds what is missing, once."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.create()
    with intercept(Failer(at, 28, lasting=True)), pytest.raises(DiskError):
        imported(data_dir, LEGACY)
    imported(data_dir, LEGACY, "20261123-imp2")
    ids = [sample.id for sample in rows_of(data_dir)]
    assert (len(ids), len(set(ids))) == (54, 54)


def test_an_import_that_is_stopped_is_whole(tmp_path: Path) -> None:
    """What was read is sealed, with its card; the same file again adds the rest."""
    data_dir, asked = DataDir(tmp_path / "data"), itertools.count(1)
    done = imported(data_dir, LEGACY, is_stopped=lambda: next(asked) > 10)
    assert (done.stopped, done.read, done.added) == (True, 10, 10)
    assert Ledger(data_dir).load(done.batch).status == "stopped"
    assert verify(data_dir).findings == ()
    assert imported(data_dir, LEGACY, "20261123-imp2").added == 44


SIGNALLED = """
import os, sys
from legalgen.commands import dataset
number, *sys.argv = int(sys.argv[1]), "legalgen", *sys.argv[2:]
read = dataset.read_rows

def signalled(*of):
    for row in read(*of):
        if row.number == 10:
            os.kill(os.getpid(), number)
        yield row

dataset.read_rows = signalled
from legalgen.cli import main
main()
"""
"""Runs the program; the signal arrives when the tenth row is read."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_import_with_a_word(tmp_path: Path, number: signal.Signals) -> None:
    """How many rows are there, and how to go on, beside the exit code of the signal."""
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(number.value), "dataset", "import", str(LEGACY)],
        env=environment(tmp_path, None), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 128 + number
    assert "9 rows added of 9 read" in ended.stdout
    assert "stopped: what was read is in the dataset, and the same command" in ended.stderr
    assert verify(DataDir(tmp_path / "data")).findings == ()


def test_a_file_that_breaks_off_says_what_came_in(tmp_path: Path) -> None:
    """The rows before the fault are a whole dataset."""
    folder = tmp_path / "rows"
    folder.mkdir()
    jsonl(folder / "a.jsonl", *(msgspec.to_builtins(make_sample(slot)) for slot in range(600)))
    (folder / "b.jsonl").write_bytes(b"%PDF-1.7")
    data_dir = DataDir(tmp_path / "data")
    with pytest.raises(UsageError, match=r"is a PDF; .*; 500 rows before it came in"):
        imported(data_dir, folder)
    assert (len(rows_of(data_dir)), verify(data_dir).findings) == (500, ())


def test_a_card_that_a_killed_import_has_not_written_is(tmp_path: Path) -> None:
    """All its rows are there when the import is run again."""
    data_dir = DataDir(tmp_path / "data")
    imported(data_dir, LEGACY)
    (data_dir.train / "README.md").unlink()
    assert imported(data_dir, LEGACY, "20261123-imp2").added == 0
    assert verify(data_dir).findings == ()


def test_parquet_and_json_lines_of_the_same_rows_are_the_same(tmp_path: Path) -> None:
    """The form of the file does not matter, ids least of all."""
    records = pq.read_table(LEGACY).to_pylist()
    one, other = DataDir(tmp_path / "one"), DataDir(tmp_path / "other")
    imported(one, LEGACY)
    imported(other, jsonl(tmp_path / "same.jsonl", *records))
    assert rows_of(one) == rows_of(other)


def test_rows_of_another_dataset_keep_what_they_know(tmp_path: Path) -> None:
    """Our own columns come in as they are, with batch and slot of the import."""
    theirs = filled(tmp_path / "theirs")
    ours = DataDir(tmp_path / "ours")
    done = imported(ours, theirs.train)
    expected = [
        {"slot": slot, "model": sample.model, "thinking": sample.thinking, "id": sample.id}
        for slot, sample in enumerate(rows_of(theirs))
    ]
    found = [
        {"slot": one.slot, "model": one.model, "thinking": one.thinking, "id": one.id}
        for one in rows_of(ours)
    ]
    assert (done.added, found) == (7, expected)
    assert {one.batch_id for one in rows_of(ours)} == {"20261123-imp1"}


def test_an_edited_row_gets_the_id_of_its_text(tmp_path: Path) -> None:
    """Beside the row that it was made from, with the flags of its text now; and it is told."""
    data_dir = filled(tmp_path / "data", rows=2)
    old, other = rows_of(data_dir)
    edited = replace(old, answer=f"{old.answer} The court decides that as a matter of fact.")
    same_id = [
        {**msgspec.to_builtins(other), "id": "lg_zzz", "answer": a} for a in ("A b.", "B c.")
    ]
    done = imported(data_dir, jsonl(tmp_path / "a.jsonl", msgspec.to_builtins(edited), *same_id))
    assert (done.added, done.other_ids, done.present) == (3, 3, 0)
    added = rows_of(data_dir)[2:]
    assert [row.id for row in added] == [sample_id(row.question, row.answer) for row in added]
    assert {*old.flags, "ANSWER_LENGTH"} <= set(added[0].flags)
    assert verify(data_dir).findings == ()


def test_a_row_of_ours_gets_the_id_of_the_text_that_is_kept(tmp_path: Path) -> None:
    """Not of one that the gate would have mended: such an id is called damage later."""
    row = {
        "question": "Question: Is a shop display an offer to sell the goods?",
        "answer": "No, it is an invitation to treat. Would you like me to explain more?",
        "reasoning_steps": ["Ask what an offer is."],
    }
    data_dir = DataDir(tmp_path / "data")
    assert imported(data_dir, jsonl(tmp_path / "ours.jsonl", row)).other_ids == 0
    assert verify(data_dir).findings == ()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"input_tokens": -1}, "input_tokens is -1, and it takes a whole number from 0 on"),
        ({"output_tokens": 10**19}, "output_tokens is 10000000000000000000, and it takes a whole"),
        ({"cost_usd": -3.5}, "cost_usd is -3.5, and it takes a number from 0 on"),
        ({"score": 1e9}, "score is 1000000000.0, and it takes a mean of marks from 1 to 5"),
        ({"as_of": "2024-13"}, "as_of is '2024-13', and it takes a month as 2024-06"),
        ({"flags": ["<b>"]}, "flags is ('<b>',), and it takes codes in capitals as DUP_NEAR"),
        ({"marks": {"safe": 9}}, "marks.safe is 9, and it takes a mark from 1 to 5"),
        ({"citations": [{"text": "A", "status": "valid"}]},
         "citations[0].status is 'valid', and it takes one of unparsed, named, parsed, conflict"),
        ({"citations": [{"text": "A", "status": "grounded"}]},
         "citations has the status grounded, and no source and quote for it"),
        ({"grounded": True}, "grounded is true, and sources names no text"),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_costs_its_row(
    tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    """No sum, mean or claim of the dataset may rest on it; the row beside it comes in."""
    ours = msgspec.to_builtins(make_sample(0))
    whole, other = read_rows(jsonl(tmp_path / "rows.jsonl", ours, {**ours, **changed}))
    assert isinstance(whole, Row)
    assert isinstance(other, UnreadableRow)
    assert other.why.startswith(f"not a row of this schema: {why}")


def test_half_a_surrogate_pair_is_no_part_of_an_id(tmp_path: Path) -> None:
    """JSON may hold one and no file can: the row had the id of another text than was kept."""
    question = "May she \ud800 sublet the room without asking the landlord first?"
    row = msgspec.to_builtins(make_sample(0)) | {"question": question, "id": ""}
    data_dir = DataDir(tmp_path / "data")
    assert imported(data_dir, jsonl(tmp_path / "rows.jsonl", row)).added == 1
    assert rows_of(data_dir)[0].question == question.replace("\ud800", "\ufffd")
    assert verify(data_dir).findings == ()


def test_rows_that_are_none_are_counted_and_told(tmp_path: Path) -> None:
    """Not JSON, no object, no text, blank: each with its number, and the rest comes in."""
    path = tmp_path / "odd.jsonl"
    blank = {**OLD, "answer": " \u200b "}
    lines = [json.dumps(OLD), "{", "[1]", json.dumps({**OLD, "question": 7}), json.dumps(blank)]
    path.write_text("\n".join(lines))
    done = imported(DataDir(tmp_path / "data"), path)
    assert (done.read, done.added, done.unreadable, done.empty) == (5, 1, 3, 1)
    assert [example.split(":")[0] for example in done.examples] == [
        "row 2", "row 3", "row 4", "row 5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [(b'{"text": "x"}\n', "no column 'question'"), (b"PAR1 and no more", "no readable parquet")],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """With a sentence that names the file, and nothing written."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        imported(DataDir(tmp_path / "data"), path)
    assert rows_of(DataDir(tmp_path / "data")) == []


def test_large_strings_and_columns_too_many_are_read(tmp_path: Path) -> None:
    """The old files were written by another library, with its own types."""
    path = tmp_path / "large.parquet"
    columns = {name: pa.array([value], pa.large_string()) for name, value in OLD.items()}
    pq.write_table(pa.table({**columns, "extra": [1]}), path)
    (row,) = read_rows(path)
    assert isinstance(row, Row)
    assert (row.question, row.oddities) == (OLD["question"], ("step_gaps", "unknown_difficulty"))


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A row of ours with a wrong type is unreadable, not an exception."""
    bad = {"reasoning_steps": [], "slot": "first", "question": "q", "answer": "a"}
    (row,) = read_rows(jsonl(tmp_path / "bad.jsonl", bad))
    assert isinstance(row, UnreadableRow)
    assert row.why == "not a row of this schema: Expected `int`, got `str` - at `$.slot`"


def test_what_a_row_of_ours_lacks_is_found_out(tmp_path: Path) -> None:
    """Its own columns stay; id, time, difficulty, flags and what a citation is are made."""
    question = "Can a landlord evict her without an order of the court?"
    answer = (
        "No. Under section 3 of the Protection from Eviction Act 1977 he needs an order of the "
        "court before he may take the house back, and to do without one is an offence."
    )
    lacking = {
        "question": question,
        "answer": answer,
        "reasoning_steps": ["Find the Act that protects occupiers.", "Apply its third section."],
        "citations": ["Protection from Eviction Act 1977 s 3"],
        "jurisdiction": "uk",
        "practice_area": "housing",
        "topic": "residential-tenancies",
    }
    path = jsonl(tmp_path / "ours.jsonl", lacking)
    done = imported(DataDir(tmp_path / "data"), path)
    (sample,) = rows_of(DataDir(tmp_path / "data"))
    assert (done.added, done.unknown_jurisdiction) == (1, 0)
    assert sample.id == sample_id(question, answer)
    assert sample.created_at == NOW
    assert (sample.jurisdiction, sample.topic) == ("uk", "residential-tenancies")
    assert (sample.difficulty, sample.sample_type) == ("intermediate", "imported")
    assert sample.flags == ("IMPORT_DIFFICULTY",)
    assert sample.citations == (
        Citation(
            "Protection from Eviction Act 1977 s 3",
            "statute",
            "Protection from Eviction Act 1977 s 3",
            "parsed",
        ),
    )


@pytest.mark.parametrize(
    ("text", "steps", "odd"),
    [
        ("Step 1: Find it. Step 2: Weigh it.", ("Find it.", "Weigh it."), ()),
        ("**Step 1:** Find\n**Step 2** - Weigh", ("Find", "Weigh"), ()),
        ("First look. Step 1: Find it.", ("First look.", "Find it."), ()),
        ("Step 1: A. Step 4: B.", ("A.", "B."), ("step_gaps",)),
        ("Step 4: B.", ("B.",), ("step_gaps",)),
        ("Misstep 1: no step", ("Misstep 1: no step",), ("reasoning_without_steps",)),
        ("one\n\ntwo", ("one", "two"), ("reasoning_without_steps",)),
        ("", (), ("reasoning_empty",)),
        (None, (), ("reasoning_empty",)),
        ("No reasoning provided.", (), ("reasoning_empty",)),
        (["a", " ", "b"], ("a", "b"), ()),
    ],
)
def test_steps_are_split_at_their_numbers(
    text: object, steps: tuple[str, ...], odd: tuple[str, ...]
) -> None:
    """Numbers go, gaps are noticed, text without numbers goes by lines."""
    assert split_steps(text) == (steps, odd)


@pytest.mark.parametrize(
    ("value", "texts", "odd"),
    [
        ("A v B [2001] UKHL 1; C Act 1990", ("A v B [2001] UKHL 1", "C Act 1990"), ()),
        ("[1893] 1 QB 256, CA", ("[1893] 1 QB 256, CA",), ()),
        (None, (), ("citations_null",)),
        ("  ", (), ("citations_empty",)),
        ("N/A", (), ("citations_placeholder",)),
        ("No case citation provided", (), ("citations_placeholder",)),
        ([], (), ("citations_empty",)),
        (["A", "B"], ("A", "B"), ()),
    ],
)
def test_three_ways_to_say_none_become_one(
    value: object, texts: tuple[str, ...], odd: tuple[str, ...]
) -> None:
    """Null, blank and n/a are an empty list; a comma separates nothing."""
    assert split_citations(value) == (texts, odd)


@pytest.mark.parametrize(
    ("topic", "cited", "place"),
    [
        ("Tort Law - Occupiers Liability", set(),
         Place("uk", "england-wales", "tort", "occupiers-liability")),
        ("tort - OCCUPIERS\u2019 LIABILITY", set(),
         Place("uk", "england-wales", "tort", "occupiers-liability")),
        ("Tort Law - Occupiers Liability", {"us"}, Place("us", "", "tort", "occupiers-liability")),
        ("Immigration Law - Canadian Immigration - Work Permits", {"other"},
         Place("unknown", "", "immigration", "canadian-immigration-work-permits")),
        ("Immigration Law - Work Permits", set(),
         Place("unknown", "", "immigration", "work-permits")),
        ("Company Law - Groups", {"uk"}, Place("uk", "", "company", "groups")),
        ("Company Law - Groups", {"uk", "eu"}, Place("unknown", "", "company", "groups")),
        ("LGPD: Legitimate Interest", set(),
         Place("unknown", "", "lgpd-legitimate-interest", "lgpd-legitimate-interest")),
        ("", set(), Place("unknown", "", "unknown", "unknown")),
    ],
)  # fmt: skip
def test_topics_find_their_place(topic: str, cited: set[str], place: Place) -> None:
    """By ids where both names match; an area's name alone decides no jurisdiction."""
    assert Mapper(TAXONOMY).place(topic, frozenset(cited)) == place
