"""Rows of files that others wrote: the old seven columns, or ours, in parquet or JSON lines.

A value tells what stood there and what was odd about it; judging it is left to others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from legalgen.errors import UsageError
from legalgen.samples import Sample, clean

if TYPE_CHECKING:
    import pyarrow as pa

Form = Literal["legalgen", "legacy"]
LEGACY_COLUMNS: Final = (
    "id", "question", "answer", "topic", "difficulty", "case_citation", "reasoning",
)  # fmt: skip
DIFFICULTIES: Final = ("basic", "intermediate", "advanced", "expert")

ODDITIES: Final = {
    "citations_null": "citations are null",
    "citations_empty": "citations are an empty text",
    "citations_placeholder": "citations are a placeholder such as n/a",
    "reasoning_empty": "no reasoning",
    "reasoning_without_steps": "reasoning without numbered steps",
    "step_gaps": "steps not numbered 1 to n",
    "unknown_difficulty": "a difficulty that is not one of basic to expert",
    "topic_without_area": "a topic without an area before it",
}
"""What can be odd about one row, and how it is said."""

_PARQUET_ROWS: Final = 2_000
_PLACEHOLDERS: Final = frozenset(
    {"n/a", "na", "none", "null", "nil", "-", "not applicable", "no case citation provided"}
)
_NO_REASONING: Final = frozenset({"", "n/a", "none", "no reasoning provided"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read: texts are cleaned, steps and citations are apart.

    ``number`` counts from 1 over the whole file. ``sample`` is the row itself where the file has
    our columns. ``oddities`` are keys of ``ODDITIES``.
    """

    number: int
    id: str
    question: str
    answer: str
    steps: tuple[str, ...]
    citations: tuple[str, ...]
    topic: str
    difficulty: str
    model: str = ""
    created_at: datetime | None = None
    sample: Sample | None = None
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is none, and why."""

    number: int
    why: str


def read_rows(path: Path) -> Iterator[Row | Unreadable]:
    """The rows of a parquet file, a JSON lines file, or a folder of parquet files.

    A bounded number of rows is in memory at a time.

    Raises:
        UsageError: the file cannot be read, or its columns are neither the old ones nor ours.
    """
    for number, found in enumerate(_records(path), 1):
        if isinstance(found, str):
            yield Unreadable(number, found)
            continue
        if number == 1:
            _check_columns(path, found)
        yield _row(number, found)


def _check_columns(path: Path, record: Mapping[str, Any]) -> None:
    missing = [name for name in ("question", "answer") if name not in record]
    if missing:
        known = ", ".join(map(str, list(record)[:12]))
        raise UsageError(f"{path} has no column {missing[0]!r} (it has: {known})")


# --- files -------------------------------------------------------------------------------------


def _records(path: Path) -> Iterator[Mapping[str, Any] | str]:
    """Each record, or what is wrong with it."""
    try:
        if path.is_dir():
            for part in _parquet_files(path):
                yield from _parquet_records(part)
        elif _is_parquet(path):
            yield from _parquet_records(path)
        else:
            yield from _json_records(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error


def _parquet_files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.parquet")) or sorted(folder.glob("data/*.parquet"))
    found = found or sorted(folder.glob("train/data/*.parquet"))
    if not found:
        raise UsageError(f"there is no parquet file in {folder}")
    return found


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _parquet_records(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only what touches parquet pays for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                yield from _in_microseconds(batch).to_pylist()
    except pa.ArrowException as error:
        raise UsageError(f"{path} is no readable parquet file: {error}") from error


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows without nanoseconds, for which pyarrow would need pandas."""
    for at, field in enumerate(batch.schema):
        if getattr(field.type, "unit", None) == "ns":
            column = batch.column(at).cast(_coarse(field.type), safe=False)
            batch = batch.set_column(at, field.name, column)
    return batch


def _coarse(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only what touches parquet pays for it

    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    return pa.time64("us") if pa.types.is_time64(kind) else pa.duration("us")


def _json_records(path: Path) -> Iterator[Mapping[str, Any] | str]:
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield _json_record(line)


def _json_record(line: bytes) -> Mapping[str, Any] | str:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return record if isinstance(record, dict) else "not a JSON object"


# --- one row -----------------------------------------------------------------------------------


def _row(number: int, record: Mapping[str, Any]) -> Row | Unreadable:
    if "reasoning_steps" in record and "sample_type" in record:
        return _own_row(number, record)
    return _legacy_row(number, record)


def _own_row(number: int, record: Mapping[str, Any]) -> Row | Unreadable:
    try:
        sample = msgspec.convert(record, Sample)
    except msgspec.ValidationError as error:
        return Unreadable(number, f"not a row of this schema: {error}")
    odd = () if sample.difficulty in DIFFICULTIES else ("unknown_difficulty",)
    return Row(
        number,
        sample.id,
        sample.question,
        sample.answer,
        sample.reasoning_steps,
        tuple(citation.text for citation in sample.citations),
        sample.topic,
        sample.difficulty,
        sample.model,
        sample.created_at,
        sample,
        odd,
    )


def _legacy_row(number: int, record: Mapping[str, Any]) -> Row | Unreadable:
    for name in ("question", "answer"):
        if not isinstance(record.get(name), str):
            return Unreadable(number, f"{name} is no text")
    steps, odd_steps = split_steps(record.get("reasoning"))
    citations, odd_citations = split_citations(record.get("case_citation"))
    topic, difficulty = _text(record.get("topic")), _text(record.get("difficulty")).casefold()
    odd = [*odd_citations, *odd_steps]
    if difficulty not in DIFFICULTIES:
        odd.append("unknown_difficulty")
    if " - " not in topic:
        odd.append("topic_without_area")
    return Row(
        number,
        _text(record.get("id")),
        clean(record["question"]),
        clean(record["answer"]),
        steps,
        citations,
        topic,
        difficulty,
        _text(record.get("model")),
        _moment(record.get("created_at", record.get("timestamp"))),
        None,
        tuple(odd),
    )


def _text(value: object) -> str:
    return " ".join(clean(str(value)).split()) if value is not None else ""


def _moment(value: object) -> datetime | None:
    """A time from a file; one without a zone is read as UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_STEP: Final = re.compile(r"(?<!\w)\**step\s*(\d{1,2})\**\s*(?:[:.)-]|\u2013)+\**\s*", re.I)


def split_steps(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Reasoning as steps without numbers, and what was odd about it.

    ``Step 1: ... Step 2: ...`` in one text is split there; what stands before the first number is
    a step of its own. Text without numbers is split at line ends.
    """
    if isinstance(value, list):
        return _lines(str(item) for item in value), ()
    text = clean(str(value)) if value is not None else ""
    if text.casefold().strip(" .") in _NO_REASONING:
        return (), ("reasoning_empty",)
    marks = list(_STEP.finditer(text))
    if not marks:
        return _lines(text.splitlines()), ("reasoning_without_steps",)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    lead = text[: marks[0].start()]
    bodies = [text[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
    numbers = [int(mark[1]) for mark in marks]
    gap = numbers != list(range(1, len(numbers) + 1))
    return _lines([lead, *bodies]), (("step_gaps",) if gap else ())


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    lines = (" ".join(clean(text).split()) for text in texts)
    return tuple(line for line in lines if line)


def split_citations(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Citations apart, and what was odd: three ways to say that there is none."""
    if value is None:
        return (), ("citations_null",)
    if isinstance(value, list):
        return _lines(str(item) for item in value), (() if value else ("citations_empty",))
    text = clean(str(value))
    if not text:
        return (), ("citations_empty",)
    if text.casefold().strip(" .") in _PLACEHOLDERS:
        return (), ("citations_placeholder",)
    return _lines(re.split(r"[;\n]", text)), ()
