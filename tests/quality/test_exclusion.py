"""Questions of a benchmark: in which forms they are read, what comes too near, what stays away."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.errors import UsageError
from legalgen.quality.exclusion import RUN, Exclusion, read_exclusion
from legalgen.quality.rules import Rules
from tests.program import Program
from tests.vendors import VendorServer

LIMITS = Rules().duplicate_thresholds()
EXAM = (
    "A tenant of a shop in Leeds pays her rent three weeks late for the second year running. May "
    "the landlord forfeit the lease without serving any notice on her first?"
)
OTHER = "Which court hears an appeal from the Upper Tribunal on a point of law, by whose leave?"


def exclusion(path: Path) -> Exclusion:
    return read_exclusion([path], LIMITS)[0]


def file_of(folder: Path, name: str, *records: object) -> Path:
    path = folder / name
    text = "".join(f"{json.dumps(record)}\n" for record in records).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


@pytest.mark.parametrize(
    "record",
    [
        {"question": EXAM, "answer": "No."},
        {"Prompt": EXAM, "label": 3},
        {"question": {"stem": EXAM, "choices": [{"text": "Yes"}, {"text": "No"}]}},
        {"messages": [{"role": "user", "content": EXAM}, {"role": "assistant", "content": "No."}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": EXAM}]}]},
        {"conversations": [{"from": "human", "value": EXAM}, {"from": "gpt", "value": "No."}]},
        {"sentence": EXAM, "gold": "no"},
    ],
)
def test_a_question_is_found_in_the_forms_that_benchmarks_have(
    tmp_path: Path, record: object
) -> None:
    """Whatever its key, nested or not; what the answers say is not looked at where a key asks."""
    found = exclusion(file_of(tmp_path, "bench.jsonl", record))
    assert found.near(EXAM, "") is not None
    assert found.near(OTHER, "The Court of Appeal, with its own leave or the tribunal's.") is None


def test_the_same_from_parquet_and_gzip(tmp_path: Path) -> None:
    """And with a byte order mark and blank lines between the records."""
    parquet = tmp_path / "bench.parquet"
    pq.write_table(pa.table({"question": [OTHER, EXAM], "choices": [["a"], None]}), parquet)
    marked = tmp_path / "marked.jsonl"
    marked.write_bytes(b"\xef\xbb\xbf" + json.dumps({"question": EXAM}).encode() + b"\n\n \n")
    packed = file_of(tmp_path, "bench.jsonl.gz", {"question": EXAM})
    for path in (parquet, marked, packed):
        assert exclusion(path).near(EXAM, "") is not None, path.name


def test_only_columns_that_may_hold_a_question_are_looked_at(tmp_path: Path) -> None:
    """A date that Python has none for is no question; one within a record is told."""
    path = tmp_path / "exam.parquet"
    far = pa.array([2**62], pa.timestamp("us"))
    asked = pa.array([EXAM]).dictionary_encode()
    pq.write_table(pa.table({"question": asked, "set": far, "picture": [b"\xff"]}), path)
    assert exclusion(path).near(EXAM, "") is not None
    pq.write_table(
        pa.table({"question": pa.StructArray.from_arrays([asked, far], ["a", "b"])}), path
    )
    with pytest.raises(UsageError, match="is no readable parquet file: date value out of range"):
        exclusion(path)


def test_what_comes_too_near(tmp_path: Path) -> None:
    """The question itself, nearly it, or thirteen of its words in a row anywhere in the row."""
    found = exclusion(file_of(tmp_path, "bench.jsonl", {"question": EXAM}))
    nearly = EXAM.replace("shop", "café").replace("three", "two")
    run = " ".join(EXAM.split()[: RUN + 1])
    shorter = " ".join(EXAM.split()[: RUN - 1])
    told = {
        "itself": found.near(EXAM, "No."),
        "nearly": found.near(nearly, "No."),
        "answer": found.near(OTHER, f"It was said that {run.lower()} as before."),
        "steps": found.near(OTHER, "No.", ["One.", f"Two: {run}."]),
        "less": found.near(OTHER, f"It was said that {shorter} as before."),
    }
    assert {name for name, reason in told.items() if reason is None} == {"less"}
    assert {reason.code for reason in told.values() if reason} == {"EXCLUDED"}
    # The words of an exam stand in no log: the reason names the file.
    assert all("bench.jsonl" in r.message and "Leeds" not in r.message for r in told.values() if r)


def test_files_of_one_name_are_each_read(tmp_path: Path) -> None:
    """Benchmarks call their files alike: ``test.jsonl`` in a folder each."""
    paths = []
    for folder, asked in (("bar", EXAM), ("appeals", OTHER)):
        (tmp_path / folder).mkdir()
        paths.append(file_of(tmp_path / folder, "test.jsonl", {"question": asked}))
    found, files = read_exclusion(paths, LIMITS)
    assert found.near(EXAM, "") is not None
    assert found.near(OTHER, "") is not None
    assert [(each.name, each.questions) for each in files] == [("test.jsonl", 1)] * 2


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"]), max_size=40),
    st.integers(0, 30),
)
def test_thirteen_words_in_a_row_and_no_fewer(tokens: list[str], at: int) -> None:
    """Wherever they stand, and whatever is around them."""
    exam = " ".join(f"w{n}" for n in range(30))
    found = Exclusion([("x", exam)], LIMITS)
    start = at % 18
    for length, near in ((RUN, True), (RUN - 1, False)):
        run = [f"w{n}" for n in range(start, start + length)]
        text = " ".join([*tokens[:at], *run, *tokens[at:]])
        assert (found.near("Who?", text) is not None) is near


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"question": "Who?"}\n[1]\n', "line 2 is no JSON object"),
        (b"question,answer\nWho?,He\n", "line 1 is no JSON object"),
        (b'{"question": ' + b"[" * 5_000, "line 1 is no JSON object"),
        (b"PAR1 and no more", "no readable parquet file"),
        (b'{"label": 3}\n', "no text is in it"),
        (b"", "no text is in it"),
        (b"\x1f\x8b broken", "no whole gzip file"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """It names the file and what is wrong."""
    path = tmp_path / "bench.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        exclusion(path)
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(path))
    with pytest.raises(UsageError, match="No such file"):
        exclusion(tmp_path / "none.jsonl")


@pytest.mark.server
@pytest.mark.process
def test_a_batch_keeps_away_from_the_exam_and_says_so(
    program: Program, vendors: VendorServer, tmp_path: Path
) -> None:
    """What the first batch wrote, a second with its questions excluded does not write again."""
    assert program.run("batch", "-p", "groq", "-n", "3", "--seed", "7", "-c", "1").code == 0
    exam = {row["question"] for row in program.rows()}
    path = file_of(tmp_path, "exam.jsonl", *({"question": question} for question in exam))
    away = ("--data-dir", str(tmp_path / "away"))
    asked = ("batch", "-p", "groq", "-n", "3", "--seed", "7", "-c", "1", "--exclude", str(path))
    for gate in ("full", "structure"):
        folder = f"{tmp_path}/{gate}"
        vendors.reset()  # it gives the answers of the first batch again
        assert program.run(*asked, "--gate", gate, "--data-dir", folder).code == 0
        [record] = Path(folder, "batches").glob("*.json")
        assert json.loads(record.read_text())["rejected"]["EXCLUDED"] >= 1
        card = Path(folder, "train", "README.md").read_text()
        assert "kept away from exam.jsonl (3 questions, " in card
    refused = program.run("batch", *away, "--exclude", str(tmp_path / "no.jsonl"), "-n", "1")
    assert (refused.code, f"--exclude {tmp_path / 'no.jsonl'}: No such" in refused.err) == (2, True)
    assert not Path(away[1]).exists()
    out = tmp_path / "train.jsonl"
    [first, *_] = sorted(exam)
    one = file_of(tmp_path, "one.jsonl", {"question": first})
    exported = program.run("dataset", "export", str(out), "--exclude", str(one))
    assert (exported.code, "1 row too near to a question" in exported.err) == (0, True)
    assert first not in out.read_text()
    checked = program.run("dataset", "check", "--exclude", str(path))
    assert (checked.code, "EXCLUDED" in checked.out) == (1, True)


@pytest.mark.server
@pytest.mark.process
def test_gate_settings_travel_in_a_file(program: Program, tmp_path: Path) -> None:
    """Codes and numbers of a file lie over the configuration; their digest is kept, and repeats."""
    shared = tmp_path / "gate.toml"
    shared.write_text('QUESTION_LEAK = "off"\nmin_citations = 1\n[gate]\nMARKUP = "flag"\n')
    said = []
    for name in ("one", "two"):
        folder = str(tmp_path / name)
        asked = ("batch", "-p", "groq", "-n", "1", "--data-dir", folder, "--gate-file", str(shared))
        assert program.run(*asked).code == 0
        [record] = Path(folder, "batches").glob("*.json")
        said.append(json.loads(record.read_text())["parameters"]["gate_digest"])
        assert f"with settings {said[-1]}" in Path(folder, "train", "README.md").read_text()
    assert said[0] == said[1] != Rules().digest()
    shared.write_text("QUESTION_LEEK = 'off'\n")
    refused = program.run("batch", "-p", "groq", "-n", "1", "--gate-file", str(shared))
    assert refused.code == 2
    assert "did you mean QUESTION_LEAK" in refused.err
