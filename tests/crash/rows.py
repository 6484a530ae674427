"""Samples to write, each told apart by its slot."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from legalgen.store.sample import (
    SCHEMA_VERSION,
    Citation,
    Sample,
    in_version,
    sample_id,
    table_of,
    to_json,
)

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = "20261123-161500-ab12"


def make_sample(slot: int, batch_id: str = BATCH, **changes: object) -> Sample:
    """A sample whose every column is filled, of a cell that its slot decides."""
    question, answer = f"Is offer number {slot} binding?", f"Yes, “{slot}” is.\nIn the UK."
    fields: dict[str, object] = {
        "id": sample_id(question, answer),
        "question": question,
        "answer": answer,
        "reasoning_steps": ("Find the offer", f"Weigh {slot}"),
        "citations": (Citation("[1893] 1 QB 256", "uk_report", "[1893] 1 QB 256", "parsed"),),
        "jurisdiction": "uk",
        "sub_jurisdiction": "england-wales",
        "practice_area": "contract",
        "topic": "formation",
        "subtopic": "postal rule",
        "difficulty": ("basic", "expert")[slot % 2],
        "sample_type": "short_qa",
        "as_of": "2026-11",
        "seed_json": '{"stage":"appeal"}',
        "provider": "groq",
        "model": ("openai/gpt-oss-120b", "openai/gpt-oss-20b")[slot % 2],
        "prompt_version": "v1",
        "batch_id": batch_id,
        "slot": slot,
        "attempts": 1,
        "input_tokens": 500,
        "output_tokens": 900,
        "flags": (),
        "score": None,
        "judge": None,
        "thinking": None,
        "latency_s": 1.25,
        "cost_usd": 0.0003,
        "reasoning_tokens": None,
        "created_at": datetime(2026, 11, 23, 16, 15, 0, 123456, tzinfo=UTC),
    }
    return Sample(**(fields | changes))  # type: ignore[arg-type]  # the fields are Sample's own


def to_table(samples: Iterable[Sample], version: int = SCHEMA_VERSION) -> pa.Table:
    """The samples as the rows of a part, without what ``version`` has no place for."""
    return table_of((to_json(in_version(sample, version)) for sample in samples), version)
