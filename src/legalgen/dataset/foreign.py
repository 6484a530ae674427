"""Rows of files that others wrote: ours, the old seven columns, or what trainers read.

A value tells what stood there and what was odd about it; judging it is left to others. Which form
a row has is read from its columns (:mod:`legalgen.dataset.shapes`), and ours may be incomplete:
what a row does not say is filled in as an import would, and named; so is what is not taken.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from legalgen.dataset.bounds import beyond
from legalgen.dataset.cells import UnreadableCellError, unpacked
from legalgen.dataset.foreign_files import records
from legalgen.dataset.shapes import Form, Shaped, missing_columns, shaped
from legalgen.errors import UsageError
from legalgen.store.sample import Citation, Sample, clean, in_utf8, one_line

LEGACY_COLUMNS: Final = (
    "id", "question", "answer", "topic", "difficulty", "case_citation", "reasoning",
)  # fmt: skip
_OURS: Final = frozenset(
    {"reasoning_steps", "citations", "sample_type", "sub_jurisdiction", "practice_area", "subtopic"}
)
_OLD: Final = frozenset({"reasoning", "case_citation"})
"""Columns that only one of the two forms has."""
DIFFICULTIES: Final = ("basic", "intermediate", "advanced", "expert")
UNKNOWN: Final = "unknown"
SAMPLE_TYPE: Final = "imported"
"""Not a type of any taxonomy: an imported row fills no cell of a plan."""
_UNSAID: Final[Mapping[str, object]] = {
    "id": "", "reasoning_steps": (), "citations": (), "jurisdiction": UNKNOWN,
    "sub_jurisdiction": "", "practice_area": UNKNOWN, "topic": UNKNOWN, "subtopic": "",
    "difficulty": "", "sample_type": SAMPLE_TYPE, "seed_json": "{}",
    "provider": SAMPLE_TYPE, "model": UNKNOWN, "prompt_version": "", "batch_id": "", "slot": 0,
    "attempts": 1, "input_tokens": 0, "output_tokens": 0, "flags": (),
    "created_at": datetime.fromtimestamp(0, UTC),
}  # fmt: skip
"""What is put where a row of ours lacks a column; question and answer it cannot lack."""
_MAY_BE_NULL: Final[Mapping[str, None]] = dict.fromkeys(
    ("as_of", "score", "judge", "thinking", "latency_s", "cost_usd", "reasoning_tokens")
)

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

_PLACEHOLDERS: Final = frozenset(
    {"n/a", "na", "none", "null", "nil", "-", "not applicable", "no case citation provided"}
)
_NO_REASONING: Final = frozenset({"", "n/a", "none", "no reasoning provided"})


class Row(msgspec.Struct, frozen=True):
    """One row as it was read: texts are cleaned, steps and citations are apart.

    ``number`` counts from 1 over the whole file. ``sample`` is the row itself where the file has
    our columns; ``missing`` are those it lacks, which ``sample`` has filled in. ``oddities`` are
    keys of ``ODDITIES``, ``not_taken`` the columns that hold something and have no place in a row.
    ``thinking`` is what a model thought in its own words, ``source`` the id of a chunk.
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
    missing: tuple[str, ...] = ()
    form: Form = "legacy"
    thinking: str | None = None
    source: str = ""
    not_taken: tuple[str, ...] = ()


class UnreadableRow(msgspec.Struct, frozen=True):
    """A row that is none, and why."""

    number: int
    why: str


def read_rows(
    path: Path, mapping: Mapping[str, str] | None = None
) -> Iterator[Row | UnreadableRow]:
    """The rows of a file, or of a folder of files, in any of the forms.

    A bounded number of rows is in memory at a time. ``mapping`` names the column of the file for a
    name of ours (``question``: ``Frage``).

    Raises:
        UsageError: the file cannot be read, or its columns hold no question and answer.
    """
    names = mapping or {}

    def check(part: Path, columns: Iterable[str]) -> None:
        if missing := missing_columns(columns, names):
            raise UsageError(f"{part} {missing}")

    for number, record in enumerate(records(path, check), 1):
        found = record if isinstance(record, str) else shaped(record, names)
        if isinstance(found, str):
            yield UnreadableRow(number, found)
        else:
            yield _row(number, found)


# --- one row -----------------------------------------------------------------------------------


def _row(number: int, found: Shaped) -> Row | UnreadableRow:
    try:
        record = _read_cells(found.record)
    except _UnreadableColumnError as error:
        return UnreadableRow(number, str(error))
    for name in ("question", "answer"):
        if not isinstance(value := record.get(name), str):
            said = "is bytes that are no UTF-8 text" if isinstance(value, bytes) else "is no text"
            return UnreadableRow(number, f"{name} {said}")
    form = found.form or ("question-answer" if _BESIDE.isdisjoint(record) else None)
    if form is not None:
        row: Row | UnreadableRow = _trainers_row(number, record, form)
    elif len(_OURS & record.keys()) > len(_OLD & record.keys()):
        row = _own_row(number, record)
    else:
        row = _legacy_row(number, record)
    if isinstance(row, UnreadableRow):
        return row
    taken = _taken(record, row.sample is not None)
    left = [name for name, value in record.items() if name not in taken and not _is_nothing(value)]
    if row.sample is not None:
        left += sorted(set(_left_of_citations(record.get("citations"))))
    return msgspec.structs.replace(row, not_taken=(*found.left, *map(str, left)))


_LISTS: Final = (
    "reasoning_steps", "reasoning", "citations", "case_citation", "flags", "sources", "marks",
)  # fmt: skip
"""Columns whose texts may hold a list or an object."""


class _UnreadableColumnError(ValueError):
    """A cell that begins as a list or an object and is none."""


def _read_cells(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with the lists and objects that its texts hold, and null for NaN."""
    held: dict[str, Any] = {}
    for name in _LISTS:
        if isinstance(value := record.get(name), str):
            try:
                held[name] = unpacked(value)
            except UnreadableCellError as error:
                raise _UnreadableColumnError(f"{name} {error}") from error
    cells = {**record, **{name: value for name, value in held.items() if value is not None}}
    return {name: None if _is_nan(value) else value for name, value in cells.items()}


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


_BESIDE: Final = _OURS | _OLD | {"topic", "difficulty"}
_SAMPLE: Final = frozenset(Sample.__struct_fields__)
_OF_OTHERS: Final = frozenset(
    {*LEGACY_COLUMNS, "reasoning_steps", "citations", "model", "created_at", "timestamp",
     "thinking", "source"}
)  # fmt: skip


def _taken(record: Mapping[str, Any], ours: bool) -> frozenset[str]:
    """The columns of a record that a row takes; of two for one thing it takes the first."""
    pairs = [("reasoning_steps", "reasoning"), ("citations", "case_citation")]
    if not ours:
        pairs = [(second, first) for first, second in pairs]
        pairs.append(("created_at", "timestamp"))
    passed = {second for first, second in pairs if first in record}
    known = _SAMPLE | {"reasoning", "case_citation"} if ours else _OF_OTHERS
    return frozenset(known - passed)


def _is_nothing(value: object) -> bool:
    return value is None or value in ("", [], {}) or _is_nan(value)


def _trainers_row(number: int, record: Mapping[str, Any], form: Form) -> Row:
    """A row of a form that has no columns for steps and citations, but may have others beside."""
    row = _legacy_row(number, record)
    absent = {
        "citations_null": not {"case_citation", "citations"} & record.keys(),
        "reasoning_empty": not {"reasoning", "reasoning_steps"} & record.keys(),
        "unknown_difficulty": "difficulty" not in record,
        "topic_without_area": "topic" not in record,
    }
    odd = tuple(each for each in row.oddities if not absent.get(each, False))
    return msgspec.structs.replace(row, form=form, oddities=odd)


def _own_row(number: int, record: Mapping[str, Any]) -> Row | UnreadableRow:
    said = {
        name: _of_text(name, value)
        for name, value in record.items()
        if value is not None and not (value == "" and name not in _TEXTS)
    }
    steps, odd_steps = _steps_of(_first_of(record, "reasoning_steps", "reasoning"))
    citations, odd_citations = _citations_of(_first_of(record, "citations", "case_citation"))
    if "created_at" in said:
        written, said["created_at"] = said["created_at"], _moment(said["created_at"])
        if said["created_at"] is None:
            return UnreadableRow(number, f"not a row of this schema: {_NO_MOMENT.format(written)}")
    filled = {**_UNSAID, **_MAY_BE_NULL, **said}
    try:
        sample = msgspec.convert(
            filled | {"reasoning_steps": steps, "citations": citations}, Sample, strict=False
        )
    except msgspec.ValidationError as error:
        return UnreadableRow(number, f"not a row of this schema: {error}")
    if (wrong := beyond(sample)) is not None:
        return UnreadableRow(number, f"not a row of this schema: {wrong}")
    odd = [*odd_citations, *odd_steps]
    if sample.difficulty not in DIFFICULTIES:
        odd.append("unknown_difficulty")
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
        tuple(odd),
        tuple(name for name in _UNSAID if name not in said),
        "legalgen",
    )


_TEXTS: Final = frozenset(
    {"question", "answer", "sub_jurisdiction", "subtopic", "prompt_version", "id"}
)
"""Columns in which an empty text is a value: in a table, others are empty where there is none."""


def _of_text(name: str, value: object) -> object:
    """What a cell holds as it will be kept, by which a row has its id; flags also as words."""
    if not isinstance(value, str):
        return value
    return value.replace(",", " ").split() if name == "flags" else in_utf8(value)


def _steps_of(value: object) -> tuple[list[str], tuple[str, ...]]:
    """Steps as our column holds them; a text is taken apart. Without the column none are odd.

    Each is one line, as those of a batch are: an export numbers them by line.
    """
    if value is None:
        return [], ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(_lines(value)), ()
    steps, odd = split_steps(_unwrapped(value))
    return list(steps), odd


def _citations_of(value: object) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Citations as our column holds them: texts, and JSON in a text, become objects."""
    if isinstance(value, list) and not value:
        return [], ()
    if isinstance(value, str) and _unwrapped(value) is value:
        texts, odd = split_citations(value)
        return [{"text": text} for text in texts], odd
    if value is None:
        return [], ("citations_null",)
    found = list(_cited(value))
    kept = [item for item in found if not _is_placeholder(item["text"])]
    return kept, () if kept or not found else ("citations_placeholder",)


def _cited(value: object) -> Iterator[dict[str, Any]]:
    value = _unwrapped(value)
    if isinstance(value, list):
        for item in value:
            yield from _cited(item)
    elif isinstance(value, dict):
        named = {name: text for name, text in value.items() if isinstance(text, str)}
        if "text" not in named and isinstance(named.get("citation"), str):
            named["text"] = named["citation"]
        if "text" in named:
            yield _citation_of(value | {"text": named["text"]})
    elif value is not None:
        text = _text(value)
        if text:
            yield {"text": text}


_PLACES: Final = ("start", "end")


def _citation_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a citation's fields that are there and are of their type.

    A place may be a whole float: pandas has no other number for a column with nulls in it.
    """
    held = {name: _place(found[name]) for name in _PLACES if _place(found.get(name)) is not None}
    texts = (name for name in Citation.__struct_fields__ if name not in _PLACES)
    return {name: found[name] for name in texts if isinstance(found.get(name), str)} | held


def _place(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _left_of_citations(value: object) -> Iterator[str]:
    """The fields of citations, in a column of ours, that hold something and are not taken."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            taken = {"citation", *_citation_of(each)}
            left = {name for name in each.keys() - taken if not _is_nothing(each[name])}
            yield from (f"citations.{name}" for name in left)


def _unwrapped(value: object) -> object:
    """What a text within a list holds (objects are often written so), else the value."""
    if not isinstance(value, str):
        return value
    try:
        found = unpacked(value)
    except UnreadableCellError:
        return value
    return value if found is None else found


def _is_placeholder(text: str) -> bool:
    return text.casefold().strip(" .") in _PLACEHOLDERS


def _legacy_row(number: int, record: Mapping[str, Any]) -> Row:
    steps, odd_steps = split_steps(_first_of(record, "reasoning", "reasoning_steps"))
    citations, odd_citations = split_citations(_first_of(record, "case_citation", "citations"))
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
        thinking=thinking if isinstance(thinking := record.get("thinking"), str) else None,
        source=_text(record.get("source")),
    )


def _first_of(record: Mapping[str, Any], *names: str) -> object:
    """The value of the first column that is there."""
    return next((record[name] for name in names if name in record), None)


def _text(value: object) -> str:
    return one_line(str(value)) if value is not None else ""


_NO_MOMENT: Final = (
    "created_at is {!r}, and it takes a moment of UTC: 2026-11-23T16:15:00Z, or a number of "
    "seconds, ms, us or ns since 1970"
)
_NUMBER: Final = re.compile(r"-?\d{9,}(\.\d*)?")
"""More digits than a date has: those of 1711121512345 would be read as one of 1711."""
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_UNITS: Final = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0))
"""Below which number it counts seconds, ms or us, and the microseconds of one; from the last on it
counts ns. So it is for moments from 1973 to 5138."""


def _moment(value: object) -> datetime | None:
    """A time from a file: ISO 8601, without a zone UTC, or what passed since 1970."""
    try:
        if isinstance(value, str):
            text = value.strip()
            value = float(text) if _NUMBER.fullmatch(text) else datetime.fromisoformat(text)
        if isinstance(value, int | float) and not isinstance(value, bool):
            micro = next((size for below, size in _UNITS if abs(value) < below), 1e-3)
            value = _EPOCH + timedelta(microseconds=round(value * micro))
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):  # no date, or one that no clock of UTC shows
        return None


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
    return tuple(line for line in map(one_line, texts) if line)


def split_citations(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Citations apart, and what was odd: three ways to say that there is none."""
    if value is None:
        return (), ("citations_null",)
    value = _unwrapped(value)
    if isinstance(value, list | dict):
        found, odd = _citations_of(value)
        return _lines(item["text"] for item in found), odd if value else ("citations_empty",)
    text = clean(str(value))
    if not text:
        return (), ("citations_empty",)
    if _is_placeholder(text):
        return (), ("citations_placeholder",)
    return _lines(re.split(r"[;\n]", text)), ()
