"""export.py: what trainers read: the right shape, the right rows, one whole file or none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from legalgen.dataset.export import (
    FORMATS,
    Exported,
    Format,
    ReasoningForm,
    export,
    shape_of,
)
from legalgen.dataset.splitting import Split, in_test
from legalgen.dataset.wanted import Wanted
from legalgen.errors import DiskError, UsageError
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.files import DataDir
from legalgen.store.parts import parts
from legalgen.store.sample import arrow_schema
from tests.crash.rows import make_sample
from tests.dataset.shelf import filled, rows_of, written

TAXONOMY = Taxonomy.builtin()
TWO = [
    make_sample(
        0,
        id="lg_0",
        question="Q0",
        answer="A0",
        reasoning_steps=("find", "weigh"),
        thinking="Hm. A0.",
    ),
    make_sample(1, id="lg_1", question="Q1", answer="A1", reasoning_steps=(), citations=()),
]


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return written(tmp_path / "data", TWO)


def exported(
    data_dir: DataDir,
    out: Path,
    form: Format = "prompt-completion",
    reasoning: ReasoningForm = "none",
    **options: Any,
) -> Exported:
    shape = shape_of(form, reasoning, TAXONOMY, system=options.pop("system", ""))
    options.setdefault("thinking", reasoning == "thinking")
    return export(data_dir, out, shape, form=form, **options)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


SHAPES: list[tuple[Format, ReasoningForm, list[object]]] = [
    ("prompt-completion", "none", [
        {"id": "lg_0", "prompt": [{"role": "user", "content": "Q0"}],
         "completion": [{"role": "assistant", "content": "A0"}]},
        {"id": "lg_1", "prompt": [{"role": "user", "content": "Q1"}],
         "completion": [{"role": "assistant", "content": "A1"}]},
    ]),
    ("messages", "inline", [
        {"id": "lg_0", "messages": [{"role": "user", "content": "Q0"},
                                    {"role": "assistant", "content": "1. find\n2. weigh\n\nA0"}]},
        {"id": "lg_1", "messages": [{"role": "user", "content": "Q1"},
                                    {"role": "assistant", "content": "A1"}]},
    ]),
    ("messages", "reasoning_content", [
        {"id": "lg_0", "messages": [
            {"role": "user", "content": "Q0", "reasoning_content": ""},
            {"role": "assistant", "content": "A0", "reasoning_content": "1. find\n2. weigh"}]},
        {"id": "lg_1", "messages": [
            {"role": "user", "content": "Q1", "reasoning_content": ""},
            {"role": "assistant", "content": "A1", "reasoning_content": ""}]},
    ]),
    ("prompt-completion", "thinking", [
        {"id": "lg_0", "prompt": [{"role": "user", "content": "Q0", "thinking": ""}],
         "completion": [{"role": "assistant", "content": "A0", "thinking": "Hm. A0."}]},
        {"id": "lg_1", "prompt": [{"role": "user", "content": "Q1", "thinking": ""}],
         "completion": [{"role": "assistant", "content": "A1", "thinking": ""}]},
    ]),
    ("alpaca", "think", [
        {"id": "lg_0", "instruction": "Q0", "input": "",
         "output": "<think>\n1. find\n2. weigh\n</think>\n\nA0"},
        {"id": "lg_1", "instruction": "Q1", "input": "", "output": "A1"},
    ]),
    ("sharegpt", "none", [
        {"id": "lg_0", "conversations": [{"from": "human", "value": "Q0"},
                                         {"from": "gpt", "value": "A0"}]},
        {"id": "lg_1", "conversations": [{"from": "human", "value": "Q1"},
                                         {"from": "gpt", "value": "A1"}]},
    ]),
    ("legacy", "none", [
        {"id": "lg_0", "question": "Q0", "answer": "A0",
         "topic": "Contract Law - Formation of Contracts", "difficulty": "basic",
         "case_citation": "[1893] 1 QB 256", "reasoning": "Step 1: find Step 2: weigh"},
        {"id": "lg_1", "question": "Q1", "answer": "A1",
         "topic": "Contract Law - Formation of Contracts", "difficulty": "expert",
         "case_citation": "", "reasoning": ""},
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("form", "reasoning", "rows"), SHAPES)
def test_each_format_has_its_rows(
    data_dir: DataDir, tmp_path: Path, form: Format, reasoning: ReasoningForm, rows: list[object]
) -> None:
    """Whole rows, in JSON lines and in parquet alike; every message has the same keys."""
    for suffix in (".jsonl", ".parquet"):
        out = tmp_path / f"out{suffix}"
        without = 1 if reasoning == "thinking" else 0
        done = exported(data_dir, out, form, reasoning)
    whole = Exported({str(out): 2}, 0, without, longest_bytes=done.longest_bytes)
    assert done == whole
    assert lines(tmp_path / "out.jsonl") == rows
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == rows


def test_all_columns_are_the_dataset_itself(data_dir: DataDir, tmp_path: Path) -> None:
    """One file with the frozen schema, readable as a part."""
    exported(data_dir, tmp_path / "all.parquet", "schema")
    found = pq.read_table(tmp_path / "all.parquet")
    assert found.schema.equals(arrow_schema())
    assert found.to_pylist() == pq.read_table(parts(data_dir)[0]).to_pylist()


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_has_a_name_that_a_trainer_takes_for_something_else(form: Format) -> None:
    """`prompt` wins wherever it is: only the format that means it may have it."""
    reserved = {"prompt", "completion", "messages", "chosen", "rejected", "text", "input_ids",
                "labels"}  # fmt: skip
    pair = {"prompt", "completion"}
    meant = {"prompt-completion": pair, "kto": pair, "messages": {"messages"}}
    row = {
        "id": "i", "question": "q", "answer": "a", "reasoning_steps": [], "citations": [],
        "jurisdiction": "uk", "practice_area": "x", "topic": "y", "difficulty": "basic",
    }  # fmt: skip
    columns = arrow_schema().names if form == "schema" else shape_of(form, "none", TAXONOMY)(row)
    assert set(columns) & reserved == meant.get(form, set())


@pytest.mark.parametrize(
    ("form", "reasoning"),
    [("kto", "thinking"), ("alpaca", "thinking"), ("sharegpt", "reasoning_content"),
     ("legacy", "inline"), ("schema", "think")],
)  # fmt: skip
def test_reasoning_goes_only_where_there_is_a_place_for_it(
    form: Format, reasoning: ReasoningForm
) -> None:
    """Otherwise it would be lost without a word."""
    with pytest.raises(UsageError):
        shape_of(form, reasoning, TAXONOMY)


SYSTEM = "You answer questions of law."


@pytest.mark.parametrize(
    ("form", "row"),
    [
        ("prompt-completion", {
            "id": "lg_1", "completion": [{"role": "assistant", "content": "A1"}],
            "prompt": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Q1"}]}),
        ("messages", {"id": "lg_1", "messages": [
            {"role": "system", "content": SYSTEM}, {"role": "user", "content": "Q1"},
            {"role": "assistant", "content": "A1"}]}),
        ("alpaca", {"id": "lg_1", "instruction": "Q1", "input": "", "output": "A1",
                    "system": SYSTEM}),
        ("sharegpt", {"id": "lg_1", "conversations": [
            {"from": "system", "value": SYSTEM}, {"from": "human", "value": "Q1"},
            {"from": "gpt", "value": "A1"}]}),
    ],
)  # fmt: skip
def test_a_system_message_stands_before_each_dialogue(
    data_dir: DataDir, tmp_path: Path, form: Format, row: object
) -> None:
    """Where each format has it; legacy and all columns have no place for one."""
    exported(data_dir, tmp_path / "x.jsonl", form, system=SYSTEM)
    assert lines(tmp_path / "x.jsonl")[1] == row
    others: tuple[Format, ...] = ("legacy", "schema")
    for other in others:
        with pytest.raises(UsageError, match="no place for --system"):
            exported(data_dir, tmp_path / "y.jsonl", other, system=SYSTEM)


def test_every_message_has_the_same_keys(data_dir: DataDir, tmp_path: Path) -> None:
    """The system's and the user's too: loaders make one type of them."""
    exported(data_dir, tmp_path / "x.parquet", "messages", "thinking", system=SYSTEM)
    first, second = pq.read_table(tmp_path / "x.parquet")["messages"].to_pylist()
    assert [turn["thinking"] for turn in first] == ["", "", "Hm. A0."]
    assert [turn["thinking"] for turn in second] == ["", "", ""]


def test_the_vendors_reasoning_must_have_been_kept(tmp_path: Path) -> None:
    """Where no row has any, the numbered steps do not take its place without a word."""
    data_dir = filled(tmp_path / "data")
    with pytest.raises(UsageError, match="--keep-thinking"):
        exported(data_dir, tmp_path / "x.jsonl", "messages", "thinking")
    assert not (tmp_path / "x.jsonl").exists()


# --- which rows --------------------------------------------------------------------------------

MIXED = [
    make_sample(0, id="lg_a", flags=("DUP_SOFT", "MARKUP")),
    make_sample(1, id="lg_b", batch_id="20261201-other", jurisdiction="us"),
    make_sample(2, id="lg_c", practice_area="tort", flags=("TELEGRAPHIC",)),
    make_sample(3, id="lg_d", provider="cerebras", model="qwen-3"),
]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), "abcd"),
        (Wanted(flags=("MARKUP",)), "a"),
        (Wanted(flags=("MARKUP", "TELE*")), "ac"),
        (Wanted(without_flags=("DUP_*",)), "bcd"),
        (Wanted(without_flags=("*",)), "bd"),
        (Wanted(batches=("20261201",)), "b"),
        (Wanted(jurisdictions=("us", "eu")), "b"),
        (Wanted(practice_areas=("tort",)), "c"),
        (Wanted(difficulties=("expert",)), "bd"),
        (Wanted(models=("cerebras/*",)), "d"),
        (Wanted(models=("qwen-3", "openai/gpt-oss-120b")), "acd"),
        (Wanted(difficulties=("basic",), without_flags=("MARKUP",)), "c"),
    ],
)
def test_only_the_wanted_rows_are_written(tmp_path: Path, wanted: Wanted, ids: str) -> None:
    """Each filter by itself, and all of them together; the rest is counted."""
    data_dir = written(tmp_path / "data", MIXED, part_rows=1)
    done = exported(data_dir, tmp_path / "out.jsonl", wanted=wanted)
    assert [row["id"] for row in lines(tmp_path / "out.jsonl")] == [f"lg_{each}" for each in ids]
    assert done.left_out == 4 - len(ids)


def test_a_split_takes_every_row_once_and_is_the_same_again(tmp_path: Path) -> None:
    """By the id alone: other parts, another order or more rows move no row to the other side."""
    data_dir = filled(tmp_path / "data", rows=60, part_rows=7)
    done = exported(data_dir, tmp_path / "x.jsonl", split=Split(0.25))
    sides = {side: {row["id"] for row in lines(tmp_path / f"x-{side}.jsonl")}
             for side in ("train", "test")}  # fmt: skip
    assert sides["train"].isdisjoint(sides["test"])
    assert sides["train"] | sides["test"] == {sample.id for sample in rows_of(data_dir)}
    assert sorted(done.files.values()) == sorted(len(each) for each in sides.values())
    assert 5 <= len(sides["test"]) <= 25
    filled(tmp_path / "data", rows=61, part_rows=61, batch_id="more")
    exported(data_dir, tmp_path / "y.parquet", split=Split(0.25))
    later = set(pq.read_table(tmp_path / "y-test.parquet")["id"].to_pylist())
    assert sides["test"] <= later
    assert later.isdisjoint(sides["train"])


# --- where it goes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (lambda root: root / "data" / "train" / "x.jsonl", "inside the data dir"),
        (lambda root: root / "data" / "x.parquet", "inside the data dir"),
        (lambda root: root / "data" / ".." / "data" / "x.parquet", "inside the data dir"),
        (lambda root: root / "x.csv", "must end in .parquet or .jsonl"),
        (lambda root: root / "gone" / "x.jsonl", "there is no folder"),
        (lambda root: root / "folder.jsonl", "is a folder"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(
    data_dir: DataDir, tmp_path: Path, out: Callable[[Path], Path], message: str
) -> None:
    """Above all among the dataset's own files, where every reader would take it in."""
    (tmp_path / "folder.jsonl").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=message):
        exported(data_dir, out(tmp_path))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_an_export_that_fails_leaves_the_old_file(
    data_dir: DataDir, tmp_path: Path, suffix: str
) -> None:
    """No row wanted, a split with an empty side, a part that is damaged: nothing is replaced."""
    out = tmp_path / f"x{suffix}"
    out.write_text("old")
    with pytest.raises(UsageError, match="no row of the dataset is wanted"):
        exported(data_dir, out, wanted=Wanted(jurisdictions=("eu",)))
    with pytest.raises(UsageError, match="leaves no row for test"):
        exported(data_dir, out, split=Split(1e-9))
    part = parts(data_dir)[0]
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(DiskError, match="is not what was written"):
        exported(data_dir, out)
    assert out.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"data", out.name}


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0])
def test_a_share_is_between_none_and_all(data_dir: DataDir, tmp_path: Path, share: float) -> None:
    """0.1 is a share, 10 is none."""
    with pytest.raises(UsageError, match="between 0 and 1"):
        exported(data_dir, tmp_path / "x.jsonl", split=Split(share))


def test_datasets_loads_what_was_exported(tmp_path: Path) -> None:
    """Every chat format, split, with reasoning in one row and none in the first."""
    samples = [TWO[1], TWO[0], *(make_sample(slot) for slot in range(2, 40))]
    data_dir = written(tmp_path / "data", samples)
    for form in ("prompt-completion", "messages"):
        for suffix in ("jsonl", "parquet"):
            out = tmp_path / f"{form}.{suffix}"
            exported(data_dir, out, form, "thinking", split=Split(0.3))
    program = """
import json, sys
from datasets import load_dataset
found = {}
for form in ("prompt-completion", "messages"):
    for kind, suffix in (("json", "jsonl"), ("parquet", "parquet")):
        files = {side: f"{sys.argv[1]}/{form}-{side}.{suffix}" for side in ("train", "test")}
        loaded = load_dataset(kind, data_files=files)
        found[f"{form} {kind}"] = [sorted(loaded["train"].column_names), len(loaded["train"]),
                                   len(loaded["test"])]
json.dump(found, sys.stdout)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    test = sum(in_test(sample.id, 0.3, 0) for sample in samples)
    columns = {"prompt-completion": ["completion", "id", "prompt"], "messages": ["id", "messages"]}
    assert found == {
        f"{form} {kind}": [columns[form], 40 - test, test]
        for form in columns
        for kind in ("json", "parquet")
    }


@pytest.mark.parametrize("form", ["messages", "schema"])
def test_a_line_is_one_line_to_every_reader(tmp_path: Path, form: Format) -> None:
    """Letters at which ``str.splitlines`` parts a line are escaped, and come back as they were."""
    answer = "It\u2028binds\u2029him\x85now."
    data_dir = written(tmp_path / "data", [make_sample(0, answer=answer)])
    out = tmp_path / "rows.jsonl"
    exported(data_dir, out, form)
    (row,) = lines(out)
    assert (row["answer"] if form == "schema" else row["messages"][1]["content"]) == answer
