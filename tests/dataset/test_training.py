"""kto.py, trainers.py: refused answers with their label, and what stands beside an export."""

from __future__ import annotations

import ast
import fcntl
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with datasets, without types
from typer.testing import CliRunner, Result

from legalgen.commands.dataset_cli import app
from legalgen.dataset.kto import CITED, SAID
from legalgen.errors import Reason, UsageError
from legalgen.quality.codes import CODES, GROUNDING
from legalgen.store.files import DataDir
from legalgen.store.journal import Rejected
from legalgen.store.sample import sample_id, to_json
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import filled, use_folders, written


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_folders(tmp_path, monkeypatch)


def export(*words: str) -> Result:
    return CliRunner().invoke(app, ["export", *words])


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def refused(
    codes: str, question: str = "Q", answer: str = "The rule is plain.", **more: Any
) -> Rejected:
    """An answer that was refused for some codes, and the text that it came in."""
    cited = [{"text": "Smith v Jones [2001] UKHL 1", "proposition": "p"}]
    text = json.dumps({
        "question": question, "reasoning_steps": ["find it"], "answer": answer, "citations": cited,
    })  # fmt: skip
    reasons = tuple(Reason(code, f"{code}: told") for code in codes.split())
    values = {
        "at": datetime(2026, 11, 23, tzinfo=UTC), "slot": 0, "provider": "groq", "model": "m",
        "reasons": reasons, "text": text, "characters": len(text), "finish_reason": "stop",
    }  # fmt: skip
    return Rejected(**{**values, **more})


def refuse(data_dir: DataDir, *answers: Rejected, batch: str = BATCH) -> None:
    path = data_dir.rejected / f"{batch}.jsonl"
    path.write_bytes(b"".join(to_json(one) + b"\n" for one in answers))


# --- refused answers ---------------------------------------------------------------------------


def test_the_codes_are_those_of_the_gate_and_say_nothing_of_form() -> None:
    """A code that the gate drops or renames must not stay here."""
    assert CODES.keys() >= SAID | CITED
    form = {
        "BAD_JSON",
        "SCHEMA",
        "TRUNCATED",
        "EMPTY_FIELD",
        "ANSWER_LENGTH",
        "MARKUP",
        "LIST_ONLY",
    }
    assert not (SAID | CITED) & (form | GROUNDING)
    assert not [code for code in SAID | CITED if code.startswith(("DUP_", "STEP", "QUESTION_"))]


def test_refused_answers_stand_under_their_own_questions_with_their_label(tmp_path: Path) -> None:
    """In TRL's format; rows of the dataset are true; what is not taken is counted by why."""
    data_dir = written(tmp_path / "data", [make_sample(0, id="lg_0", question="Q0", answer="A0")])
    cut = refused("REFUSAL", "Qcut")
    refuse(
        data_dir,
        refused("CONTRADICTION LAW_JURISDICTION", "Q1", "No."),
        refused("META_TALK", "Q2", "As an AI."),
        refused("CONTRADICTION ANSWER_LENGTH", "Q3"),
        refused("BAD_JSON", "Q4"),
        refused("DUP_NEAR", "Q5"),
        refused("REFUSAL", "Q6", finish_reason="length"),
        refused("REFUSAL", "Q7", text=cut.text[:40], characters=cut.characters),
        refused("REFUSAL", "Q8", text="I cannot help.", characters=14),
        refused("META_TALK", "Q2", "As an AI."),
        refused("CITATION_IMPOSSIBLE", "Q9", "See Smith v Jones, which settles it."),
        refused("CITATION_IMPOSSIBLE", "Q10", "The rule is plain."),
        refused("META_TALK", "Q11", reasons=(Reason("META_TALK", "told", "question"),)),
    )
    done = export(str(tmp_path / "x.jsonl"), "--format", "kto", "--system", "S", "--json")
    assert done.exception is None, done.exception
    rows = lines(tmp_path / "x.jsonl")
    before = {"role": "system", "content": "S"}
    assert [(row["prompt"], row["completion"][0]["content"], row["label"]) for row in rows] == [
        ([before, {"role": "user", "content": question}], answer, label)
        for question, answer, label in (
            ("Q0", "A0", True), ("Q1", "No.", False), ("Q2", "As an AI.", False),
            ("Q9", "See Smith v Jones, which settles it.", False),
        )
    ]  # fmt: skip
    assert len({row["id"] for row in rows}) == 4
    assert json.loads(done.stdout)["labels"] == {
        "desirable": 1, "undesirable": 3,
        "passed_over": {"form": 4, "repeat": 2, "truncated": 1, "unreadable": 2},
        "in_training": [1, 3],
    }  # fmt: skip
    shown = export(str(tmp_path / "x.parquet"), "--format", "kto").stdout
    assert "label true: 1 row of the dataset; false: 3 answers refused for what they say" in shown


def test_an_answer_that_the_dataset_has_is_not_exported_as_refused(tmp_path: Path) -> None:
    """One gate refused it, and another kept it: it has one label, or none where it is left out."""
    flags = ((), ("MARKUP",))
    kept = [
        make_sample(n, id=sample_id(f"Q{n}", "No."), question=f"Q{n}", answer="No.", flags=flags[n])
        for n in range(2)
    ]
    data_dir = written(tmp_path / "data", kept)
    refuse(data_dir, *(refused("REFUSAL", f"Q{n}", "No.", slot=n) for n in range(3)))
    out = tmp_path / "x.jsonl"
    for words, labels in (((), [True, True, False]), (("--without-flag", "*"), [True, False])):
        done = export(str(out), "--format", "kto", "--json", *words)
        assert [row["label"] for row in lines(out)] == labels
        assert json.loads(done.stdout)["labels"]["passed_over"] == {"kept": 2}
    refuse(data_dir, refused("REFUSAL", "Q0", "No."))
    error = export(str(out), "--format", "kto").exception
    assert "the dataset has each answer that was refused for what it says" in str(error)


@pytest.mark.parametrize(("rows", "others"), [(10, 10), (13, 10), (14, 10), (4, 50), (50, 4)])
@pytest.mark.parametrize("split", [(), ("--split", "0.4")])
def test_the_weights_of_a_kto_page_are_what_trl_asks_for(
    tmp_path: Path, rows: int, others: int, split: tuple[str, ...]
) -> None:
    """By the formula of its own warning, from the rows of the training file alone."""
    samples = [make_sample(n, question=f"Why is clause {n} void {n * 77}?") for n in range(rows)]
    data_dir = written(tmp_path / "data", samples)
    refuse(
        data_dir, *(refused("REFUSAL", f"Q{n}", f"No {n}.", slot=900 + n) for n in range(others))
    )
    assert export(str(tmp_path / "x.jsonl"), "--format", "kto", *split).exit_code == 0
    labels = [row["label"] for row in lines(tmp_path / f"x{'-train' if split else ''}.jsonl")]
    good, bad = labels.count(True), labels.count(False)
    page = (tmp_path / "x.trainers.md").read_text()
    told = dict(re.findall(r"\b(desirable|undesirable)_weight=([\d.]+)", page))
    of_good, of_bad = (float(told.get(name, 1)) for name in ("desirable", "undesirable"))
    for_good = [round(bad * of_bad / good * bound, 2) for bound in (1, 1.33)]
    for_bad = [round(good * of_good / bad / bound, 2) for bound in (1.33, 1)]
    assert good == bad or (
        for_good[0] <= of_good <= for_good[1] or for_bad[0] <= of_bad <= for_bad[1]
    ), (good, bad, told)


def test_a_refused_answer_is_on_the_side_of_the_row_in_its_place(tmp_path: Path) -> None:
    """Its question is nearly that row's: on the other side it would give the test away."""
    data_dir = filled(tmp_path / "data", rows=40, part_rows=40)
    refuse(data_dir, *(refused("REFUSAL", f"Q{n}", f"No {n}.", slot=n) for n in range(40)))
    assert export(str(tmp_path / "x.jsonl"), "--format", "kto", "--split", "0.3").exit_code == 0
    sides = [lines(tmp_path / f"x-{side}.jsonl") for side in ("train", "test")]
    assert [len(side) % 2 for side in sides] == [0, 0]
    for side in sides:
        labels = [row["label"] for row in side]
        assert labels.count(True) == labels.count(False)


def test_a_kto_export_takes_batches_and_models_of_both_labels(tmp_path: Path) -> None:
    """By what both know of themselves; a topic is refused: refused answers do not say theirs."""
    data_dir = filled(tmp_path / "data", rows=2)
    filled(tmp_path / "data", rows=1, batch_id="20261124-010101-cd34")
    refuse(data_dir, refused("REFUSAL", "Q1"), refused("REFUSAL", "Q2", model="other"))
    refuse(data_dir, refused("REFUSAL", "Q3"), batch="20261124-010101-cd34")
    out = tmp_path / "x.jsonl"
    export(str(out), "--format", "kto", "--batch", BATCH, "--model", "groq/*")
    assert [row["label"] for row in lines(out)] == [True, True, False, False]
    export(str(out), "--format", "kto", "--batch", "20261124")
    assert [row["label"] for row in lines(out)] == [True, False]
    for words in (("--jurisdiction", "uk"), ("--context", "source"), ("--reasoning", "thinking")):
        assert isinstance(export(str(out), "--format", "kto", *words).exception, UsageError)


def test_without_a_refused_answer_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    """The file that is there stands."""
    filled(tmp_path / "data")
    (tmp_path / "x.jsonl").write_text("old")
    error = export(str(tmp_path / "x.jsonl"), "--format", "kto").exception
    assert "KTO has nothing to learn from" in str(error)
    assert (tmp_path / "x.jsonl").read_text() == "old"


# --- beside the export -------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["prompt-completion", "messages", "alpaca", "sharegpt"])
def test_each_form_comes_with_what_trainers_need(tmp_path: Path, form: str) -> None:
    """Snippets that compile and name the files; an entry in the registry where it is read."""
    filled(tmp_path / "data", rows=30, part_rows=30)
    told = export(str(tmp_path / "x.jsonl"), "--format", form, "--split", "0.3", "--system", "S")
    assert told.exit_code == 0
    page = (tmp_path / "x.trainers.md").read_text()
    for block in page.split("```python\n")[1:]:
        compile(block.partition("```")[0], form, "exec")
    assert page.count("x-train.jsonl") >= 2
    assert [name in page for name in ("TRL", "Unsloth", "Axolotl", "LLaMA-Factory")] == [True] * 4
    registry = tmp_path / "dataset_info.json"
    assert registry.exists() == (form != "prompt-completion")
    if registry.exists():
        entries = json.loads(registry.read_text())
        files = {name: entry["file_name"] for name, entry in entries.items()}
        assert files == {"x-train": "x-train.jsonl", "x-test": "x-test.jsonl"}
        row = lines(tmp_path / "x-train.jsonl")[0]
        assert set(entries["x-train"]["columns"].values()) <= row.keys()


@pytest.mark.parametrize("form", ["prompt-completion", "messages", "alpaca", "sharegpt", "kto"])
def test_trainers_are_told_a_length_that_holds_the_longest_row(tmp_path: Path, form: str) -> None:
    """They cut what is longer without a word; of ``é`` each has two bytes, and is a token."""
    long = make_sample(1, question=f"Q {'é' * 3_000}?", answer="A.")
    data_dir = written(tmp_path / "data", [make_sample(0), long])
    refuse(data_dir, refused("REFUSAL", "Q1", "I will not say."))
    done = export(str(tmp_path / "x.jsonl"), "--format", form, "--json")
    assert 6_000 < json.loads(done.stdout)["longest_bytes"] < 6_100
    page = (tmp_path / "x.trainers.md").read_text()
    told = {
        "TRL": ["max_length=4096"],
        "Unsloth": ["LENGTH = 4096", "max_length=LENGTH"],
        "Axolotl": ["sequence_len: 4096"],
        "LLaMA-Factory": ["cutoff_len: 4096"],
    }
    if form in ("prompt-completion", "kto"):
        told = {"TRL": told["TRL"], "Unsloth": ["max_seq_length=4096"]}
    for name, words in told.items():
        section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert [word for word in words if word not in section] == []
    assert "depends on the tokenizer" in page


def section(page: Path, name: str) -> str:
    return page.read_text().partition(f"## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("system", [(), ("--system", "S")])
def test_a_system_text_of_alpaca_is_trained_on(tmp_path: Path, system: tuple[str, ...]) -> None:
    """Unsloth gets it in the text, Axolotl by the strategy that reads it, in the same style."""
    filled(tmp_path / "data")
    export(str(tmp_path / "x.jsonl"), "--format", "alpaca", *system)
    page = tmp_path / "x.trainers.md"
    assert ('row["system"]' in section(page, "Unsloth")) == bool(system)
    strategy = re.search(r" type: (.+)", section(page, "Axolotl"))
    assert strategy is not None
    assert strategy[1] == ("alpaca_w_system.load_instruct" if system else "alpaca")


@pytest.mark.parametrize("reasoning", ["reasoning_content", "thinking", "think"])
def test_who_does_not_read_a_key_of_a_message_is_named(tmp_path: Path, reasoning: str) -> None:
    """LLaMA-Factory never does, and for the others the template may not."""
    written(tmp_path / "data", [make_sample(0, thinking="Hm.")])
    export(str(tmp_path / "x.jsonl"), "--format", "messages", "--reasoning", reasoning)
    page = tmp_path / "x.trainers.md"
    for name in ("TRL", "LLaMA-Factory"):
        assert (f"`{reasoning}`" in section(page, name)) == (reasoning != "think")
        assert ("`--reasoning think`" in section(page, name)) == (reasoning != "think")


@pytest.mark.parametrize("name", ["set[1]", 'a"b', "law, uk: v#1", "yes", "2026", "plain_a-b.c"])
@pytest.mark.parametrize("form", ["messages", "alpaca"])
def test_snippets_find_a_file_of_any_name(tmp_path: Path, name: str, form: str) -> None:
    """Python and YAML read back what is there; datasets takes the name for a pattern."""
    filled(tmp_path / "data")
    assert export(str(tmp_path / f"{name}.jsonl"), "--format", form).exit_code == 0
    page = tmp_path / f"{name}.trainers.md"
    for trainer in ("TRL", "Unsloth"):
        block = section(page, trainer).partition("```python\n")[2].partition("```")[0]
        texts = {
            node.value
            for node in ast.walk(ast.parse(block))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        found = [text for text in texts if text.endswith(".jsonl")]
        assert list(tmp_path.glob(found[0])) == [tmp_path / f"{name}.jsonl"]
    read: dict[str, Any] = {}
    for trainer in ("Axolotl", "LLaMA-Factory"):
        text = section(page, trainer)
        read |= yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
        assert ("rename the file first" in text) == ("[" in name)
    assert read["datasets"][0]["path"] == f"{name}.jsonl"
    entries = json.loads((tmp_path / "dataset_info.json").read_text())
    assert entries[read["dataset"]]["file_name"] == f"{name}.jsonl"
    assert "," not in read["dataset"], "it would be two names"


def test_files_of_one_stem_have_an_entry_and_a_page_each(tmp_path: Path) -> None:
    """``m.parquet`` beside ``m.jsonl``, split or not; each again finds its own."""
    filled(tmp_path / "data", rows=30, part_rows=30)
    registry = tmp_path / "dataset_info.json"
    for _ in range(2):
        for name, form in (("m.jsonl", "messages"), ("m.parquet", "alpaca")):
            for split in ((), ("--split", "0.3")):
                assert export(str(tmp_path / name), "--format", form, *split).exit_code == 0
        entries = json.loads(registry.read_text())
        assert {name: entry["file_name"] for name, entry in entries.items()} == {
            "m": "m.jsonl", "m-train": "m-train.jsonl", "m-test": "m-test.jsonl",
            **{name: name for name in ("m.parquet", "m-train.parquet", "m-test.parquet")},
        }  # fmt: skip
        pages = {each.name: each.read_text() for each in tmp_path.glob("*.md")}
        assert sorted(pages) == ["m.parquet.trainers.md", "m.trainers.md"]
        assert "dataset: m-train\n" in pages["m.trainers.md"]
        assert "dataset: m-train.parquet\n" in pages["m.parquet.trainers.md"]


def test_the_registry_keeps_what_others_wrote(tmp_path: Path) -> None:
    """An entry of one's own stays; where the file is another program's, nothing is written."""
    filled(tmp_path / "data")
    registry = tmp_path / "dataset_info.json"
    registry.write_text('{"mine": {"file_name": "mine.json"}, "x": {"file_name": "old.json"}}')
    export(str(tmp_path / "x.jsonl"), "--format", "alpaca")
    entries = json.loads(registry.read_text())
    assert (entries["mine"], entries["x"]["file_name"]) == ({"file_name": "mine.json"}, "x.jsonl")
    registry.write_text('{"x": {"file_name": "sub/old.json"}}')
    assert export(str(tmp_path / "x.jsonl"), "--format", "alpaca").exit_code == 0
    registry.write_text('{"builder_name": "parquet", "features": {}}')
    error = export(str(tmp_path / "y.jsonl"), "--format", "alpaca").exception
    assert "is not LLaMA-Factory's" in str(error)
    assert not (tmp_path / "y.jsonl").exists()
    assert export(str(tmp_path / "y.jsonl")).exit_code == 0  # which it does not read


def test_all_columns_as_json_lines_keep_their_types(tmp_path: Path) -> None:
    """Beside the lines stand the types that JSON lacks, in a file that is not taken for rows."""
    data_dir = filled(tmp_path / "data")
    folder = tmp_path / "out"
    folder.mkdir()
    export(str(folder / "x.jsonl"), "--format", "schema")
    assert sorted(each.name for each in folder.iterdir()) == ["x.features", "x.jsonl"]
    assert "_type" not in json.loads((folder / "x.features").read_text())["citations"]  # before 4
    program = f"""
import json
from datasets import Features, load_dataset
features = Features.from_dict(json.load(open({str(folder / "x.features")!r})))
found = load_dataset("json", data_files={str(folder / "x.jsonl")!r}, split="train",
                     features=features)
own = load_dataset({str(data_dir.train)!r}, split="train")
assert found.features == own.features, (found.features, own.features)
assert found.to_list() == own.to_list()
whole = load_dataset({str(folder)!r}, split="train")
assert whole["id"] == own["id"]
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_what_told_of_an_older_export_goes_with_it(tmp_path: Path) -> None:
    """Its page, its types and its entry, by which trainers fail; what is another's stays."""
    filled(tmp_path / "data", rows=30, part_rows=30)
    folder = tmp_path / "out"
    folder.mkdir()
    registry = folder / "dataset_info.json"
    mine = {"mine": {"file_name": "x.jsonl"}, "y": {"file_name": "y.json"}}
    registry.write_text(json.dumps(mine))
    out, page = folder / "x.jsonl", folder / "x.trainers.md"

    def entries() -> set[str]:
        return set(json.loads(registry.read_text()))

    export(str(out), "--format", "messages", "--split", "0.3")
    export(str(out), "--format", "messages")
    assert entries() == {"mine", "y", "x", "x-train", "x-test"}
    done = export(str(out), "--format", "schema", "--json")
    assert json.loads(done.stdout)["removed"] == [str(page)]
    assert (entries(), page.exists()) == ({"mine", "y", "x-train", "x-test"}, False)
    export(str(out), "--format", "prompt-completion", "--split", "0.3")
    assert (entries(), page.exists()) == ({"mine", "y"}, True)
    for name in ("x-train.jsonl", "x-test.jsonl"):
        (folder / name).unlink()
    export(str(folder / "x.parquet"), "--format", "legacy")
    assert page.exists()
    assert (folder / "x.features").exists()
    done = export(str(out), "--format", "legacy")
    assert "removed, as it told of what was there before" in done.stderr
    assert sorted(each.name for each in folder.iterdir()) == [
        "dataset_info.json", "x.jsonl", "x.parquet", "x.trainers.md",
    ]  # fmt: skip


@pytest.mark.parametrize(("form", "name"), [
    ("messages", "x.trainers.md"), ("alpaca", "dataset_info.json"), ("schema", "x.features"),
])  # fmt: skip
def test_what_cannot_stand_beside_is_said_before_anything_is_written(
    tmp_path: Path, form: str, name: str
) -> None:
    """A folder has the name of a file of ours."""
    filled(tmp_path / "data")
    (tmp_path / name).mkdir()
    out = tmp_path / "x.jsonl"
    error = export(str(out), "--format", form).exception
    assert isinstance(error, UsageError)
    assert str(error) == (
        f"{tmp_path / name} goes beside {out}, and it is a folder: move it, or take another name"
    )
    assert not out.exists()


def test_exports_into_one_folder_add_to_the_registry_one_after_another(tmp_path: Path) -> None:
    """Who comes second waits, and finds the entry of who was first."""
    filled(tmp_path / "data")
    registry = tmp_path / "out" / "dataset_info.json"
    registry.parent.mkdir()
    descriptor = os.open(registry.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    second = subprocess.Popen(
        [sys.executable, "-c", "from legalgen.cli import main; main()", "dataset", "export",
         str(registry.parent / "x.jsonl"), "--format", "messages"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert second.stderr is not None
    told = second.stderr.readline()
    assert f"the folder {registry.parent} is held by" in told
    registry.write_text('{"first": {"file_name": "first.jsonl"}}')
    os.close(descriptor)
    second.communicate(timeout=60)
    assert second.returncode == 0
    assert list(json.loads(registry.read_text())) == ["first", "x"]
