"""Grounded batches as a user runs them: the program, the double, the files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from legalgen.sources.chunk import Chunk
from legalgen.sources.collection import SourceCollection, SourceDetails, SourceText, read_text
from legalgen.store.parts import table_bytes
from tests.program import Program
from tests.vendors import VendorServer

DATA = Path(__file__).parents[1] / "data" / "sources"


@pytest.fixture(scope="session")
def texts() -> Sequence[tuple[SourceText, list[Chunk]]]:
    """All texts of the tests, read once."""
    details = SourceDetails("own", jurisdiction="uk", as_of="2025-03")
    added = datetime(2026, 1, 1, tzinfo=UTC)
    return [read_text(path, details, added) for path in sorted(DATA.iterdir())]


@pytest.fixture
def sources(program: Program, texts: Sequence[tuple[SourceText, list[Chunk]]]) -> dict[str, Chunk]:
    """The texts, added to the program's data dir; their chunks by id."""
    collection = SourceCollection(program.data_dir)
    for source, chunks in texts:
        collection.add(source, chunks)
    return {chunk.id: chunk for _, chunks in texts for chunk in chunks}


def first_chunks(program: Program) -> Counter[str]:
    return Counter(row["sources"][0]["id"] for row in program.rows())


def test_every_passage_gets_its_sample(program: Program, sources: dict[str, Chunk]) -> None:
    """Rows say what they rest on, and where in it; a second run has nothing to do."""
    batch = ("batch", "--provider", "groq", "--grounded", "--per-chunk", "1")
    done = program.run(*batch)
    assert done.code == 0, done.err
    assert first_chunks(program) == Counter(list(sources))
    for row in program.rows():
        assert row["grounded"]
        assert row["as_of"] == "2025-03"
        assert row["citations"]
        for cited in row["citations"]:
            assert cited["status"] == "grounded"
            assert cited["source"] in {source["id"] for source in row["sources"]}
            assert cited["quote"]
    again = program.run(*batch)
    assert again.code == 0
    assert first_chunks(program) == Counter(list(sources))


def test_a_batch_is_written_from_the_texts_that_are_named(
    program: Program, sources: dict[str, Chunk]
) -> None:
    """Their own name is the topic where the user gave none."""
    done = program.run(
        "batch", "--provider", "groq", "--grounded", "--count", "4", "--gate", "structure",
        "--source", "widgets-act*",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert {row["topic"] for row in program.rows()} == {"widgets-act-clml"}


def test_a_batch_service_writes_grounded_rows_too(program: Program, sources: list[str]) -> None:
    """At half the price, looked up as any others."""
    done = program.run(
        "batch", "--provider", "groq", "--grounded", "--per-chunk", "1", "--bulk",
        "--source", "widgets-act*",
    )  # fmt: skip
    assert done.code == 0, done.err
    wanted = [each for each in sources if each.startswith("widgets-act")]
    assert first_chunks(program) == Counter(wanted)
    assert all(row["grounded"] for row in program.rows())


def test_a_killed_batch_covers_what_it_would_have_covered(
    program: Program, vendors: VendorServer, sources: dict[str, Chunk]
) -> None:
    """Killed in the middle, resumed: each passage has its sample, none has two."""
    held = vendors.hold()
    held.release(5)
    with program.start(
        "batch", "--provider", "groq", "--grounded", "--per-chunk", "1", "-c", "1"
    ) as running:
        running.wait_for("SampleAccepted", 5)
        held.wait_for(1)
        running.signal(9)
        running.end()
    held.release()
    done = program.run("batch", "--resume")
    assert done.code == 0, done.err
    assert first_chunks(program) == Counter(list(sources))


def test_a_removed_source_keeps_what_rows_rest_on(
    program: Program, sources: dict[str, Chunk]
) -> None:
    """And is drawn from no more."""
    program.run("batch", "--provider", "groq", "--grounded", "--count", "2", "--source", "toys*")
    used = set(first_chunks(program))
    name = next(iter(used)).partition("#")[0]
    done = program.run("sources", "remove", name, "--json")
    assert done.json["kept_chunks"] >= 1
    assert SourceCollection(program.data_dir).find(name).removed
    refused = program.run("batch", "--provider", "groq", "--grounded", "--source", name)
    assert refused.code == 2


def test_what_rows_of_a_killed_batch_rest_on_is_kept_too(
    program: Program, vendors: VendorServer, sources: dict[str, Chunk]
) -> None:
    """They are in the journal alone; while the batch still runs nothing is removed."""
    held = vendors.hold()
    held.release(2)
    batch = ("batch", "--provider", "groq", "--grounded", "--source", "toys*", "-n", "9", "-c", "1")
    with program.start(*batch) as running:
        running.wait_for("SampleAccepted", 2)
        held.wait_for(1)
        assert program.run("sources", "remove", "toys-c0").code == 5
        running.signal(9)
        running.end()
    held.release()
    for name in {chunk.source for chunk in sources.values() if chunk.source.startswith("toys")}:
        assert program.run("sources", "remove", name).code == 0
    assert len(program.rows()) == 2
    found = program.run("dataset", "verify", "--json").json["findings"]
    assert {each["kind"] for each in found} <= {"card"}  # which the next batch writes


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--grounded"], "legalgen sources add"),
        (["--per-chunk", "1"], "--grounded"),
        (["--source", "x"], "--grounded"),
        (["--grounded", "--chunks-per-sample", "4"], "1 to 3"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(program: Program, flags: list[str], said: str) -> None:
    """Before anybody is called."""
    done = program.run("batch", "--provider", "groq", *flags)
    assert done.code == 2
    assert said in done.err


def test_the_toy_rehearses_the_chain(program: Program, sources: dict[str, Chunk]) -> None:
    """Its rows are not called grounded, and go to the rehearsal."""
    pytest.importorskip("xllamacpp")
    done = program.run("batch", "--provider", "local", "--grounded", "-n", "1", timeout_s=300)
    assert done.code == 0, done.err
    [row] = program.rows(rehearsal=True)
    assert not row["grounded"]


def test_a_plan_counts_passages(program: Program, sources: dict[str, Chunk]) -> None:
    """Nobody is called."""
    done = program.run(
        "batch", "--provider", "groq", "--grounded", "--per-chunk", "2", "--plan", "--json"
    )
    assert done.json["samples"] == 2 * len(sources)


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the first row of a part, which stays whole in every other way."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows[0])
    path.write_bytes(table_bytes(pa.Table.from_pylist(rows, table.schema)))


def alter_quotation(row: dict[str, Any]) -> None:
    cited = row["citations"][0]
    cited["quote"] = cited["quote"].replace(" ", " not ", 1)


def shift_place(row: dict[str, Any]) -> None:
    row["citations"][0]["start"] += 1


def test_verify_looks_every_quotation_up_again(program: Program, sources: dict[str, Chunk]) -> None:
    """One altered word in a row is found, and one byte of a passage."""
    program.run("batch", "--provider", "groq", "--grounded", "--count", "4", "--source", "supply*")
    assert program.run("dataset", "verify").code == 0
    [part] = (program.data_dir.root / "train" / "data").glob("*.parquet")
    sealed = part.read_bytes()
    for change in (alter_quotation, shift_place):
        rewritten(part, change)
        done = program.run("dataset", "verify", "--json")
        assert done.code == 1
        assert [each["kind"] for each in done.json["findings"]] == ["quotation"]
        part.write_bytes(sealed)
    [passages] = (program.data_dir.root / "sources").glob("supply*.parquet")
    rewritten(passages, lambda row: row.update(text=row["text"].replace("Buyer", "Seller")))
    done = program.run("dataset", "verify", "--json")
    assert done.code == 1
    assert {each["kind"] for each in done.json["findings"]} == {"quotation"}
    passages.unlink()
    assert "is not there" in program.run("dataset", "verify").out


def test_verify_says_which_file_has_changed(program: Program, tmp_path: Path) -> None:
    """Rows rest on what was added, so that is a note and no fault."""
    path = tmp_path / "rules.md"
    path.write_bytes((DATA / "supply.md").read_bytes())
    program.run("sources", "add", str(path), "--licence", "own", "--jurisdiction", "uk")
    program.run("batch", "--provider", "groq", "--grounded", "--count", "1")
    path.write_text("# Another agreement")
    done = program.run("dataset", "verify")
    assert done.code == 0
    assert "has changed since it was added" in done.out + done.err


def test_exports_name_the_passage_and_may_hold_it(
    program: Program, tmp_path: Path, sources: dict[str, Chunk]
) -> None:
    """Closed-book unless asked; with distractors the passage is one of several."""
    program.run("batch", "--provider", "groq", "--grounded", "--count", "6")
    for form in ("prompt-completion", "messages", "alpaca", "sharegpt"):
        out = tmp_path / f"{form}.jsonl"
        assert program.run("dataset", "export", str(out), "--format", form).code == 0
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert {row["source"] for row in rows} <= set(sources)
        assert "[Supply" not in out.read_text()
    out = tmp_path / "open.jsonl"
    done = program.run("dataset", "export", str(out), "--context", "source", "--distractors", "2")
    assert done.code == 0, done.err
    for line in out.read_text().splitlines():
        row = json.loads(line)
        shown = sources[row["source"]].text
        asked = row["prompt"][0]["content"]
        assert shown in asked
        assert asked.count("\n\n[") + asked.startswith("[") == 3
    assert "rest on no passage" not in done.err
    program.run("batch", "--provider", "groq", "--count", "2")
    done = program.run("dataset", "export", str(out), "--context", "source")
    assert "2 rows that rest on no passage" in done.err
    assert "--status grounded leaves them out" in done.err
    words = ("--context", "source", "--status", "grounded", "--json")
    assert program.run("dataset", "export", str(out), *words).json["without_context"] == 0


@pytest.mark.parametrize("by", ["chunk", "source", "topic"])
def test_a_split_keeps_what_belongs_together(
    program: Program, tmp_path: Path, sources: dict[str, Chunk], by: str
) -> None:
    """No chunk, no source or no topic is on both sides."""
    program.run("batch", "--provider", "groq", "--grounded", "--count", "40")
    done = program.run(
        "dataset", "export", str(tmp_path / "x.jsonl"), "--format", "alpaca",
        "--split", "0.4", "--split-by", by,
    )  # fmt: skip
    assert done.code == 0, done.err
    sides = [
        {
            json.loads(line)["source"]
            for line in (tmp_path / f"x-{side}.jsonl").read_text().splitlines()
        }
        for side in ("train", "test")
    ]
    if by != "chunk":
        sides = [{each.partition("#")[0] for each in side} for side in sides]
    assert sides[0].isdisjoint(sides[1])


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--context", "book"], "--context book"),
        (["--distractors", "2"], "--context source"),
        (["--context", "source", "--format", "schema"], "no place"),
        (["--split", "0.5", "--split-by", "court"], "--split-by court"),
    ],
)
def test_an_export_that_cannot_be_meant_is_a_sentence(
    program: Program, tmp_path: Path, sources: dict[str, Chunk], flags: list[str], said: str
) -> None:
    done = program.run("dataset", "export", str(tmp_path / "x.jsonl"), *flags)
    assert done.code == 2
    assert said in done.err
