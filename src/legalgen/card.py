"""The dataset card: the README.md that makes a folder of parts a Hugging Face dataset.

It fixes the columns' types and says what the rows are. It holds no row counts and no splits: a
stale count makes ``load_dataset`` fail.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from legalgen.samples import SCHEMA_VERSION, arrow_schema
from legalgen.store import DataDir, Summary, replace_file, summarise

if TYPE_CHECKING:
    import pyarrow as pa

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def write_card(data_dir: DataDir, *, rehearsal: bool = False) -> Path | None:
    """Write the card of a dataset anew; its path, or None while the dataset has no rows.

    Raises:
        DiskError: a part cannot be read, or the card not be written.
    """
    summary = summarise(data_dir, rehearsal=rehearsal, save=True)
    if not summary.rows:
        return None
    path = data_dir.dataset(rehearsal=rehearsal) / "README.md"
    replace_file(data_dir, path, render_card(summary, rehearsal=rehearsal).encode())
    return path


def render_card(summary: Summary, *, rehearsal: bool = False) -> str:
    """The card as text."""
    body = _REHEARSAL if rehearsal else _BODY
    return "\n".join(
        [
            "---",
            *_front_matter(summary, rehearsal=rehearsal),
            "---",
            "",
            body.format(models=_models(summary.models), version=SCHEMA_VERSION),
        ]
    )


def _front_matter(summary: Summary, *, rehearsal: bool) -> list[str]:
    jurisdictions = sorted({cell[0] for cell in summary.cells})
    tags = ["legal", "synthetic", *(["rehearsal"] if rehearsal else [])]
    return [
        "license: other",
        "license_name: licences-of-the-generating-models",
        "language:\n- en",
        f"pretty_name: {'legalgen rehearsal' if rehearsal else 'Synthetic legal Q&A (legalgen)'}",
        "task_categories:\n- question-answering\n- text-generation",
        f"size_categories:\n- {_size(summary.rows)}",
        "tags:",
        *(f"- {_quoted(tag)}" for tag in [*tags, *(f"{one}-law" for one in jurisdictions)]),
        "configs:",
        "- config_name: default",
        "  data_files:\n  - split: train\n    path: data/train-*.parquet",
        "dataset_info:",
        "  config_name: default",
        "  features:",
        *(line for field in arrow_schema() for line in _feature(field, "  ")),
    ]


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "10M<n<100M")


def _quoted(text: str) -> str:
    """A YAML scalar that stays a string whatever a taxonomy calls its jurisdictions."""
    return "'" + text.replace("'", "''") + "'"


def _feature(field: pa.Field, indent: str) -> list[str]:
    """One column in the words of ``datasets.Features``."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only what touches parquet pays for it

    lines = [f"{indent}- name: {field.name}"]
    if not pa.types.is_list(field.type):
        return [*lines, f"{indent}  dtype: {_dtype(field.type)}"]
    if not pa.types.is_struct(field.type.value_type):
        return [*lines, f"{indent}  list: {_dtype(field.type.value_type)}"]
    inner = [line for one in field.type.value_type for line in _feature(one, indent + "  ")]
    return [*lines, f"{indent}  list:", *inner]


def _dtype(kind: pa.DataType) -> str:
    return {"double": "float64"}.get(str(kind), str(kind))


def _models(models: Counter[str]) -> str:
    """The models by share, in whole per cent."""
    total = models.total()
    return "\n".join(
        f"- `{name}`: {_share(count, total)} of the rows" for name, count in models.most_common()
    )


def _share(count: int, total: int) -> str:
    percent = round(100 * count / total)
    return f"{percent} %" if percent else "under 1 %"


_BODY = """\
# Synthetic legal questions and answers

Written by language models through legalgen, for fine-tuning. **This is not legal advice.** Nobody
has checked the law in it. A citation whose `status` is `parsed` has the form of a citation and
nothing more: it may name a case that does not exist, or the wrong one. `as_of` is the month whose
law the model was asked for.

The planner sets `jurisdiction`, `practice_area`, `topic`, `difficulty` and `sample_type`; the model
writes `question`, `reasoning_steps`, `answer` and `citations`. `flags` names the soft checks that a
row did not pass. The columns are schema version {version}.

## Models

The licences of the models apply to what they wrote.

{models}

## Loading

```python
from datasets import load_dataset

rows = load_dataset("<this folder>", split="train")
```

pandas, polars and DuckDB read the folder `data/`.
"""

_REHEARSAL = """\
# Rehearsal

Text of no value, written by a toy model to try a chain of batches. **Do not train on it.** The
files and columns (schema version {version}) are those of the real dataset.

## Models

{models}
"""
