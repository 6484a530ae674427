"""A dataset of many rows, written quickly: parts as batches leave them, texts that all differ."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from legalgen.store.files import DataDir
from legalgen.store.sample import Citation, Sample, arrow_schema

PART_ROWS = 1_000
_SENTENCES = 30_000
_SENTENCE_WORDS = 17
_ANSWER_SENTENCES = 13

_SYLLABLES = [a + b for a in "bcdfghlmnprst" for b in ("a", "e", "i", "o", "u", "ar", "en", "is")]


def fill(data: DataDir, rows: int, *, seed: int = 1) -> None:
    """Write ``rows`` rows in parts of a thousand; the folders are made."""
    data.create()
    rng = random.Random(seed)
    words = _words(rng)
    sentences = _sentences(rng, words)
    for part in range(-(-rows // PART_ROWS)):
        count = min(PART_ROWS, rows - part * PART_ROWS)
        name = f"train-20260101-000000-bench-{part:05}.parquet"
        pq.write_table(
            _table(rng, words, sentences, part * PART_ROWS, count),
            data.parts() / name,
            compression="zstd",
        )


def write_answers(path: Path, count: int, *, seed: int = 2) -> None:
    """``count`` answers for the vendors' double, none like another: short ones of English law."""
    rng = random.Random(seed)
    words = _words(rng)
    sentences = _sentences(rng, words)
    cited = {"text": "Companies Act 2006, s 172", "proposition": "a director's duty of success"}
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            answer = [*rng.sample(sentences, 6), "See section 172 of the Companies Act 2006."]
            value = {
                "question": _question(rng, words, number),
                "reasoning_steps": [rng.choice(sentences).capitalize()],
                "answer": " ".join(sentence.capitalize() for sentence in answer),
                "citations": [cited],
            }
            file.write(json.dumps(value) + "\n")


def sample(number: int) -> Sample:
    """One row; ``number`` makes it differ from all others."""
    return Sample(
        id=f"lg_{number:016x}",
        question=f"Can the landlord of unit {number} forfeit the lease for arrears of rent?",
        answer=f"In the case of unit {number} " + "the landlord must follow the Act. " * 35,
        reasoning_steps=("The lease has a proviso for re-entry.",) * 4,
        citations=(Citation("Law of Property Act 1925, s 146", "statute", "lpa1925", "parsed"),),
        jurisdiction="uk",
        sub_jurisdiction="england-wales",
        practice_area="real-property",
        topic="leases",
        subtopic="forfeiture",
        difficulty="intermediate",
        sample_type="short_qa",
        as_of="2026-01",
        seed_json="{}",
        provider="groq",
        model="openai/gpt-oss-120b",
        prompt_version="2026-01",
        batch_id="20260101-000000-bench",
        slot=number,
        attempts=1,
        input_tokens=500,
        output_tokens=800,
        flags=(),
        score=None,
        judge=None,
        thinking=None,
        latency_s=1.0,
        cost_usd=0.001,
        reasoning_tokens=80,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        schema_version=1,
    )


def _words(rng: random.Random) -> list[str]:
    words = ("".join(rng.choices(_SYLLABLES, k=rng.randint(1, 3))) for _ in range(8_000))
    return [word for word in words if word != "todo"]  # which is a placeholder, and refused


def _question(rng: random.Random, words: Sequence[str], number: int) -> str:
    return " ".join([*rng.choices(words, k=_SENTENCE_WORDS), f"{number}?"]).capitalize()


def _sentences(rng: random.Random, words: Sequence[str]) -> list[str]:
    return [" ".join(rng.choices(words, k=_SENTENCE_WORDS)) + "." for _ in range(_SENTENCES)]


def _table(
    rng: random.Random,
    words: Sequence[str],
    sentences: Sequence[str],
    first: int,
    count: int,
) -> pa.Table:
    """The constant columns once, the others row by row."""
    row = msgspec.structs.asdict(sample(0))
    row["citations"] = [msgspec.structs.asdict(one) for one in row["citations"]]
    numbers = range(first, first + count)
    varying = {
        "id": [f"lg_{number:016x}" for number in numbers],
        "question": [_question(rng, words, number) for number in numbers],
        "answer": [" ".join(rng.sample(sentences, _ANSWER_SENTENCES)) for _ in numbers],
        "slot": list(numbers),
    }
    columns = {name: varying.get(name) or [value] * count for name, value in row.items()}
    return pa.table(columns, schema=arrow_schema())
