"""Rows of files that others wrote: the old seven columns, or ours, in parquet or JSON lines.

A value tells what stood there and what was odd about it; judging it is left to others. Which of
the two forms a row has is read from its columns, and ours may be incomplete: what a row does not
say is filled in as an import would, and named.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal, cast

import msgspec

from legalgen.errors import UsageError
from legalgen.store.sample import Citation, Sample, clean

if TYPE_CHECKING:
    import pyarrow as pa

Form = Literal["legalgen", "legacy"]
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

_PARQUET_ROWS: Final = 2_000
_LOOKED_AT: Final = 65_536
_PLACEHOLDERS: Final = frozenset(
    {"n/a", "na", "none", "null", "nil", "-", "not applicable", "no case citation provided"}
)
_NO_REASONING: Final = frozenset({"", "n/a", "none", "no reasoning provided"})


class Row(msgspec.Struct, frozen=True):
    """One row as it was read: texts are cleaned, steps and citations are apart.

    ``number`` counts from 1 over the whole file. ``sample`` is the row itself where the file has
    our columns; ``missing`` are those it lacks, which ``sample`` has filled in. ``oddities`` are
    keys of ``ODDITIES``.
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

    @property
    def form(self) -> Form:
        """Which columns it was read from."""
        return "legacy" if self.sample is None else "legalgen"


class UnreadableRow(msgspec.Struct, frozen=True):
    """A row that is none, and why."""

    number: int
    why: str


def read_rows(path: Path) -> Iterator[Row | UnreadableRow]:
    """The rows of a parquet or JSON lines file (also gzipped), or of a folder of either.

    A folder may be one that ``datasets`` has saved. A bounded number of rows is in memory at a
    time.

    Raises:
        UsageError: the file cannot be read, or its columns are neither the old ones nor ours.
    """
    looked = False
    for number, found in enumerate(_records(path), 1):
        if isinstance(found, str):
            yield UnreadableRow(number, found)
            continue
        if not looked:
            _check_columns(path, found)
            looked = True
        yield _row(number, found)


def _check_columns(path: Path, record: Mapping[str, Any]) -> None:
    missing = [name for name in ("question", "answer") if name not in record]
    if missing:
        known = ", ".join(map(str, list(record)[:12]))
        raise UsageError(f"{path} has no column {missing[0]!r} (it has: {known or 'none'})")


# --- files -------------------------------------------------------------------------------------


def _records(path: Path) -> Iterator[Mapping[str, Any] | str]:
    """Each record, or what is wrong with it."""
    try:
        if path.is_dir():
            for part in _files(path):
                yield from _records_of(part)
        else:
            yield from _records_of(path)
    except (OSError, EOFError) as error:
        raise UsageError(f"cannot read {path}: {_why(error)}") from error


def _why(error: OSError | EOFError) -> str:
    return getattr(error, "strerror", None) or str(error)


_PLACES: Final = ("*.parquet", "data/*.parquet", "train/data/*.parquet", "*/*.parquet",
                  "*.jsonl", "data/*.jsonl", "data-*.arrow", "*/data-*.arrow")  # fmt: skip
"""Where the files of a folder are looked for; the first place that has any is taken."""


def _files(folder: Path) -> list[Path]:
    for place in _PLACES:
        found = [path for path in sorted(folder.glob(place)) if path.name[0] not in "._"]
        if found:
            return found
    raise UsageError(f"there is no parquet or JSON lines file in {folder}")


def _records_of(path: Path) -> Iterator[Mapping[str, Any] | str]:
    if path.is_fifo():
        raise UsageError(f"{path} is a pipe, and it has to be read twice: write it to a file")
    with path.open("rb") as file:
        begins = file.read(4)
    if begins == b"PAR1":
        yield from _parquet_records(path)
    elif path.suffix == ".arrow":
        yield from _arrow_records(path)
    elif begins[:2] == b"\x1f\x8b":
        yield from _gzip_records(path)
    else:
        with path.open("rb") as file:
            yield from _json_records(path, file)


def _gzip_records(path: Path) -> Iterator[Mapping[str, Any] | str]:
    with gzip.open(path, "rb") as file:
        if file.read(4) == b"PAR1":
            raise UsageError(f"{path} is a gzipped parquet file: unpack it first")
        file.seek(0)
        yield from _json_records(path, cast("IO[bytes]", file))


def _parquet_records(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _check_columns(path, dict.fromkeys(file.schema_arrow.names))
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                yield from _in_microseconds(batch).to_pylist()
    except pa.ArrowException as error:
        raise UsageError(f"{path} is no readable parquet file: {error}") from error


def _arrow_records(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a file that ``datasets`` has saved."""
    import pyarrow as pa  # heavy; only what touches Arrow pays for it

    try:
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                yield from _in_microseconds(batch).to_pylist()
    except pa.ArrowException as error:
        raise UsageError(f"{path} is no readable Arrow file: {error}") from error


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows without nanoseconds, for which pyarrow would need pandas."""
    for at, field in enumerate(batch.schema):
        if getattr(field.type, "unit", None) == "ns":
            column = batch.column(at).cast(_coarse(field.type), safe=False)
            batch = batch.set_column(at, field.name, column)
    return batch


def _coarse(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    return pa.time64("us") if pa.types.is_time64(kind) else pa.duration("us")


def _json_records(path: Path, file: IO[bytes]) -> Iterator[Mapping[str, Any] | str]:
    begins = file.read(_LOOKED_AT)
    file.seek(0)
    _refuse_other_kinds(path, begins)
    for line in file:
        if line.strip():
            yield _json_record(line)


def _refuse_other_kinds(path: Path, begins: bytes) -> None:
    """Refuse a file whose first bytes say that it is not JSON lines, rather than each line."""
    if begins[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UsageError(f"{path} is UTF-16: save it as UTF-8")
    text = begins.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"[") and text[1:].lstrip()[:1] in (b"{", b"]"):
        raise UsageError(f"{path} is one JSON array: write one object a line (jq -c '.[]')")
    if text and not any(line.lstrip()[:1] in (b"{", b"[") for line in text.splitlines()):
        shown = text[:40].decode(errors="replace").splitlines()[0]
        raise UsageError(f"{path} is neither parquet nor JSON lines: it begins with {shown!r}")


def _json_record(line: bytes) -> Mapping[str, Any] | str:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {line[error.start]:#04x} at {error.start + 1}"
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return record if isinstance(record, dict) else "not a JSON object"


# --- one row -----------------------------------------------------------------------------------


def _row(number: int, record: Mapping[str, Any]) -> Row | UnreadableRow:
    for name in ("question", "answer"):
        if not isinstance(record.get(name), str):
            return UnreadableRow(number, f"{name} is no text")
    ours = len(_OURS & record.keys()) > len(_OLD & record.keys())
    return _own_row(number, record) if ours else _legacy_row(number, record)


def _own_row(number: int, record: Mapping[str, Any]) -> Row | UnreadableRow:
    said = {name: value for name, value in record.items() if value is not None}
    steps, odd_steps = _steps_of(_first_of(record, "reasoning_steps", "reasoning"))
    citations, odd_citations = _citations_of(_first_of(record, "citations", "case_citation"))
    filled = {**_UNSAID, **_MAY_BE_NULL, **said}
    try:
        sample = msgspec.convert(
            filled | {"reasoning_steps": steps, "citations": citations}, Sample
        )
    except msgspec.ValidationError as error:
        return UnreadableRow(number, f"not a row of this schema: {error}")
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
    )


def _steps_of(value: object) -> tuple[list[str], tuple[str, ...]]:
    """Steps as our column holds them; a text is taken apart. Without the column none are odd."""
    if value is None:
        return [], ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value, ()
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


_CITATION_FIELDS: Final = {
    field.name: int if field.name in ("start", "end") else str
    for field in msgspec.structs.fields(Citation)
}


def _citation_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a citation's fields that are there and are of their type."""
    return {
        name: found[name]
        for name, kind in _CITATION_FIELDS.items()
        if type(found.get(name)) is kind
    }


def _unwrapped(value: object) -> object:
    """What a text of JSON holds (lists and objects are often written so), else the value."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    year = isinstance(found, list) and all(isinstance(item, int) for item in found)  # [2019]
    return found if isinstance(found, list | dict) and not year else value


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
    )


def _first_of(record: Mapping[str, Any], *names: str) -> object:
    """The value of the first column that is there."""
    return next((record[name] for name in names if name in record), None)


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
