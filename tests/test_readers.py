"""The promise to those who read the dataset: it loads as it is, everywhere, with the same rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from legalgen.store.card import render_card, write_card
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter
from legalgen.store.parts import Part, summarise
from legalgen.store.sample import Citation, GroundingText, Marks, Sample, from_table
from tests.crash.rows import BATCH, make_sample

SAMPLES = [
    make_sample(0, latency_s=None, citations=(), reasoning_steps=(), reasoning_tokens=None),
    make_sample(1, thinking="hm", score=4.5, judge="m", flags=("MARKUP",)),
    make_sample(
        2,
        jurisdiction="no",
        question="¿Qué? 「条」 \\ \" '",
        citations=(Citation("CPR 55", "uk_rules", "k", "grounded", "p", "S1", "r 3", "a", 4, 5),),
        grounded=True,
        sources=(GroundingText("S1", "CPR", "r 3", "OGL", "2026-01", "ab"), GroundingText("S2")),
        marks=Marks(1, 2, 3, 4, safe=5),
        remark="weak",
    ),
]
TEXTS = [sample.question for sample in SAMPLES]


def noted(_batch_id: str, _part: Part) -> None:
    """Nobody keeps a ledger here."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """Three parts, of which the first holds nulls and empty lists only, and a card."""
    data_dir = DataDir(tmp_path_factory.mktemp("data"))
    data_dir.create()
    with BatchWriter(data_dir, BATCH, note_part=noted, part_rows=1) as writer:
        writer.append(SAMPLES)
    write_card(data_dir)
    return data_dir


@pytest.fixture(scope="module")
def loaded(data_dir: DataDir, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What ``datasets`` makes of it, in a process of its own that has no network and no home."""
    cache = tmp_path_factory.mktemp("hf")
    program = """
import json, sys
from datasets import load_dataset
found = load_dataset(sys.argv[1])
rows = [dict(row, created_at=row["created_at"].isoformat()) for row in found["train"]]
types = {name: str(kind) for name, kind in found["train"].features.items()}
json.dump({"splits": list(found), "rows": rows, "types": types}, sys.stdout)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(data_dir.train)],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(cache), "HOME": str(cache)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_load_dataset_just_works(loaded: Any) -> None:
    """load_dataset("<data dir>/train"): one split named train, every row, every value."""
    assert loaded["splits"] == ["train"]
    expected = [json.loads(_as_json(sample)) for sample in SAMPLES]
    assert loaded["rows"] == expected


def _as_json(sample: Sample) -> str:
    row: dict[str, Any] = msgspec.to_builtins(sample)
    return json.dumps(row | {"created_at": sample.created_at.isoformat()})


def test_the_card_fixes_the_types(loaded: Any) -> None:
    """The features of the card are those of the columns."""
    types = loaded["types"]
    assert types["reasoning_steps"] == "List(Value('string'))"
    assert types["citations"] == (
        "List({'text': Value('string'), 'kind': Value('string'), "
        "'key': Value('string'), 'status': Value('string'), 'proposition': Value('string'), "
        "'source': Value('string'), 'pinpoint': Value('string'), 'quote': Value('string'), "
        "'start': Value('int64'), 'end': Value('int64')})"
    )
    assert types["grounded"] == "Value('bool')"
    assert types["marks"].startswith("{'correctness': Value('int64'), ")
    assert types["created_at"] == "Value('timestamp[us, tz=UTC]')"
    assert (types["slot"], types["cost_usd"]) == ("Value('int64')", "Value('float64')")


def test_pandas_reads_the_folder(data_dir: DataDir) -> None:
    """pandas.read_parquet of data/: every row, in the order of the parts."""
    import pandas as pd

    frame = pd.read_parquet(data_dir.parts())
    assert frame["question"].tolist() == TEXTS
    assert frame["slot"].tolist() == [0, 1, 2]


def test_polars_reads_the_folder(data_dir: DataDir) -> None:
    """polars.read_parquet of data/: every row, lists of structs as they were."""
    import polars as pl

    frame = pl.read_parquet(data_dir.parts())
    assert frame["question"].to_list() == TEXTS
    assert [len(one) for one in frame["citations"].to_list()] == [0, 1, 1]


def test_duckdb_reads_the_glob(data_dir: DataDir) -> None:
    """DuckDB over data/*.parquet: every row, and time stamps that are UTC."""
    import duckdb

    query = "select question, epoch_us(created_at) from read_parquet(?) order by slot"
    rows = duckdb.execute(query, [str(data_dir.parts() / "*.parquet")]).fetchall()
    stamps = [round(sample.created_at.timestamp() * 10**6) for sample in SAMPLES]
    assert rows == list(zip(TEXTS, stamps, strict=True))


def test_pyarrow_reads_the_folder(data_dir: DataDir) -> None:
    """The rows come back as the values they were."""
    assert from_table(pq.read_table(data_dir.parts())) == SAMPLES


def test_nothing_but_parts_is_in_the_folder(data_dir: DataDir) -> None:
    """A reader that lists data/ sees parts and nothing else."""
    assert {path.suffix for path in data_dir.parts().iterdir()} == {".parquet"}
    assert {path.name for path in data_dir.train.iterdir()} == {"README.md", "data"}


# --- the card ----------------------------------------------------------------------------------


def front_matter(text: str) -> Any:
    import yaml  # type: ignore[import-untyped]  # comes with datasets, without types

    return yaml.safe_load(text.split("---\n")[1])


def test_the_front_matter_is_what_the_hub_expects(data_dir: DataDir) -> None:
    """Whole front matter but the features, which load_dataset proves. No counts, no splits."""
    found = front_matter((data_dir.train / "README.md").read_text())
    features = found["dataset_info"].pop("features")
    assert [one["name"] for one in features] == list(Sample.__struct_fields__)
    assert found == {
        "license": "other",
        "license_name": "licences-of-the-generating-models",
        "language": ["en"],
        "pretty_name": "Synthetic legal Q&A (legalgen)",
        "task_categories": ["question-answering", "text-generation"],
        "size_categories": ["n<1K"],
        "tags": ["legal", "synthetic", "no-law", "uk-law"],
        "dataset_info": {"config_name": "default"},
    }


def test_the_card_names_the_models_and_gives_no_advice(data_dir: DataDir) -> None:
    """Which models wrote it, by share, and that it is not legal advice."""
    text = render_card(summarise(data_dir))
    assert "- `groq/openai/gpt-oss-120b`: 67 % of the rows\n" in text
    assert "- `groq/openai/gpt-oss-20b`: 33 % of the rows\n" in text
    assert "not legal advice" in text


def test_a_rehearsal_says_what_it_is(tmp_path: Path) -> None:
    """The card of rehearsal/ warns against training on it; without rows there is no card."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.create()
    assert write_card(data_dir, rehearsal=True) is None
    with BatchWriter(data_dir, BATCH, note_part=noted, rehearsal=True) as writer:
        writer.append(SAMPLES[:1])
    path = write_card(data_dir, rehearsal=True)
    assert path == data_dir.rehearsal / "README.md"
    text = path.read_text()
    assert "Do not train on it" in text
    assert front_matter(text)["tags"] == ["legal", "synthetic", "rehearsal", "uk-law"]
    assert list(data_dir.tmp.iterdir()) == []


def test_a_dataset_that_grew_is_read_anew(tmp_path: Path) -> None:
    """load_dataset shows the rows that are there, not those that its cache saw first."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.create()
    program = "import sys, datasets; print(datasets.load_dataset(sys.argv[1])['train'].num_rows)"
    seen = []
    for number in (1, 2):
        with BatchWriter(data_dir, f"2026112{number}-161500-bcdf", note_part=noted) as writer:
            writer.append([make_sample(10 * number + at) for at in range(number)])
        write_card(data_dir)
        done = subprocess.run(
            [sys.executable, "-c", program, str(data_dir.train)],
            capture_output=True,
            text=True,
            check=True,
            env={"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "HOME": str(tmp_path)},
            timeout=120,
        )
        seen.append(int(done.stdout))
    assert seen == [1, 3]
