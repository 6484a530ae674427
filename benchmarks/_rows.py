"""A dataset of many rows, written quickly: parts as batches leave them, texts that all differ.

The texts are prose, made from the sentences of the vendors' double with other names and figures, so
that rows share shingles as real ones do and each new one has candidates to be compared with.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from legalgen.store.files import DataDir
from legalgen.store.sample import Citation, Sample, arrow_schema
from tests.vendors import law
from tests.vendors.answers import Brief, good

PART_ROWS = 1_000
_SENTENCES = 30_000
_QUESTIONS = 20_000
_ANSWER_SENTENCES = 9


def fill(data: DataDir, rows: int, *, seed: int = 1) -> None:
    """Write ``rows`` rows in parts of a thousand; the folders are made."""
    data.create()
    rng = random.Random(seed)
    sentences, questions = _prose(rng)
    for part in range(-(-rows // PART_ROWS)):
        count = min(PART_ROWS, rows - part * PART_ROWS)
        name = f"train-20260101-000000-bench-{part:05}.parquet"
        pq.write_table(
            _table(rng, questions, sentences, part * PART_ROWS, count),
            data.parts() / name,
            compression="zstd",
        )


def write_answers(path: Path, count: int, *, seed: int = 2) -> None:
    """``count`` answers for the vendors' double, none like another: short ones of English law."""
    rng = random.Random(seed)
    sentences, questions = _prose(rng)
    cited = {"text": "Companies Act 2006, s 172", "proposition": "a director's duty of success"}
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            question = _question(rng, questions, number)
            # What was asked, without names: or the answer would be one to another question.
            asked = re.findall(r"\b[a-z]{5,}\b", question)
            point = f"What counts is {', '.join(rng.sample(asked, min(8, len(asked))))}."
            cites = "See section 172 of the Companies Act 2006."
            answer = [*rng.sample(sentences, 3), point, cites]
            value = {
                "question": question,
                "reasoning_steps": ["The papers of the file show what either side can prove."],
                "answer": " ".join(answer),
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


def _prose(rng: random.Random) -> tuple[list[str], list[str]]:
    """Sentences and questions, each with names and figures of its own."""
    sentences: list[str] = []
    questions: list[str] = []
    numbers = itertools.count()
    while len(sentences) < _SENTENCES or len(questions) < _QUESTIONS:
        one = good(next(numbers), rng.randrange(2**31), Brief(words=(150, 400), steps=(2, 3)))
        questions.append(str(one["question"]))
        found = re.split(r"(?<=[.?]) ", str(one["answer"]))
        sentences += [text for text in found if " Act " not in text and len(text.split()) > 8]
    return sentences, questions


def _question(rng: random.Random, questions: Sequence[str], number: int) -> str:
    """A question of its own: another one's words with a story of its own before them."""
    day, year = rng.randint(1, 28), rng.randint(1990, 2024)
    who, other = rng.sample(law.LAST_NAMES, 2)
    trade = rng.choice(law.TRADES)
    date = f"{day} {rng.choice(law.MONTHS)} {year}"
    return f"File {number}: {who} {trade} and {other} fell out on {date}. {rng.choice(questions)}"


def _table(
    rng: random.Random,
    questions: Sequence[str],
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
        "question": [_question(rng, questions, number) for number in numbers],
        "answer": [" ".join(rng.sample(sentences, _ANSWER_SENTENCES)) for _ in numbers],
        "slot": list(numbers),
    }
    columns = {name: varying.get(name) or [value] * count for name, value in row.items()}
    return pa.table(columns, schema=arrow_schema())
