"""Records of files that others wrote: parquet, Arrow, JSON lines, one JSON array, CSV, TSV.

Arrow is a file (Feather 2, as pandas and polars write) or a stream (as ``datasets`` saves). All but
parquet and Arrow may be gzipped. What is another kind of file (a spreadsheet, an archive, a pointer
of Git LFS) is told by its first bytes, in a sentence, before a line of it is taken for a row.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

from legalgen.dataset.cells import JsonReader
from legalgen.errors import UsageError
from legalgen.errors.plurals import plural
from legalgen.errors.starvation import is_starved
from legalgen.settings.reading import is_folder, listed, reason_of

if TYPE_CHECKING:
    import pyarrow as pa

ForeignRecord = Mapping[str, Any]
_PARQUET_ROWS: Final = 2_000
_LOOKED_AT: Final = 65_536
_LONGEST_CELL: Final = 16 * 1024 * 1024
"""Characters of a cell or of one object in an array, bytes of a line: longer is no row of texts."""
_MOST_HELD: Final = 8
"""So many times that is read at most, to find where a longer one ends and pass over it alone."""
_SHOWN: Final = 40
_ARROW_FILE: Final = b"ARROW1"
_ARROW_STREAM: Final = b"\xff\xff\xff\xff"


CheckColumns = Callable[[Path, Iterable[str]], None]
"""Told a file's columns before its first record; raises where they cannot be meant."""


def records(path: Path, check: CheckColumns) -> Iterator[ForeignRecord | str]:
    """Each record of a file, or of the files of a folder, or what is wrong with it.

    A folder may be one that ``datasets`` has saved. A bounded number of records is in memory.

    Raises:
        UsageError: it cannot be read, or holds no records.
    """
    part, looked = path, False
    try:
        for part in _files(path) if is_folder(path) else [path]:
            partition = _partition(part.relative_to(path))
            for found in _records_of(part, check):
                if not looked and not isinstance(found, str):
                    check(part, found)
                    looked = True
                yield found if isinstance(found, str) else {**partition, **found}
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"cannot read {part}: {_why(error)}") from error


def _why(error: OSError | EOFError | zlib.error) -> str:
    return (reason_of(error) if isinstance(error, OSError) else str(error)).strip()


def _partition(part: Path) -> dict[str, str]:
    """The columns that a file's folders hold in Hive's way: ``year=2025/lang=en/a.parquet``."""
    said = (name.partition("=") for name in part.parts[:-1] if "=" in name)
    return {name: unquote(value) for name, _, value in said if value != _NULL_PARTITION}


_NULL_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"
_LINES: Final = ("*.jsonl", "*.ndjson", "*.jsonl.gz", "*.ndjson.gz")
_TABLES: Final = ("*.csv", "*.tsv", "*.csv.gz", "*.tsv.gz")
_PLACES: Final = (
    ("*.parquet",), ("data/*.parquet",), ("train/data/*.parquet",), ("*/*.parquet",),
    ("*/*/*.parquet",), ("*/*/*/*.parquet",),
    *(tuple(f"{at}{each}" for each in kind) for at in ("", "data/") for kind in (_LINES, _TABLES)),
    ("data-*.arrow",), ("*/data-*.arrow",), ("*.json",),
)  # fmt: skip
"""Where the files of a folder are looked for, of one kind each: the first that has any is taken.

The others may be the same rows in another form.
"""
_NO_ROWS: Final = frozenset({"dataset_info.json", "dataset_infos.json", "state.json"})


def _files(folder: Path) -> list[Path]:
    for patterns in _PLACES:
        there = sorted(path for each in patterns for path in _matching(folder, each.split("/")))
        found = [path for path in there if path.name[0] not in "._"]
        if found := [path for path in found if path.name not in _NO_ROWS]:
            return found
    raise UsageError(
        f"there is no parquet, JSON lines, CSV or TSV file in {folder}; parquet is looked for down "
        "to three folders deep"
    )


def _matching(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """As ``Path.glob``, which passes by folders that cannot be read as if they were empty."""
    first, *rest = patterns
    for path in listed(folder, first):
        if not rest:
            yield path
        elif is_folder(path):
            yield from _matching(path, rest)


def _records_of(path: Path, check: CheckColumns) -> Iterator[ForeignRecord | str]:
    if path.is_fifo():
        raise UsageError(f"{path} is a pipe, and it has to be read twice: write it to a file")
    with path.open("rb") as file:
        begins = file.read(_LOOKED_AT)
    if begins.startswith(b"PAR1"):
        yield from _parquet_records(path, check)
    elif begins.startswith((_ARROW_FILE, _ARROW_STREAM)) or path.suffix == ".arrow":
        yield from _arrow_records(path, check, is_file=begins.startswith(_ARROW_FILE))
    elif begins.startswith(b"\x1f\x8b"):
        with gzip.open(path, "rb") as file:
            begins = file.read(_LOOKED_AT)
            file.seek(0)
            if begins.startswith(b"PAR1"):
                raise UsageError(f"{path} is a gzipped parquet file: unpack it first")
            packed = cast("IO[bytes]", file)
            yield from _text_records(path, Path(path.stem), packed, begins, check)
    else:
        with path.open("rb") as file:
            yield from _text_records(path, path, file, begins, check)


def _refuse_repeated(path: Path, columns: Sequence[str]) -> None:
    """Of two columns of one name a record would hold the last alone."""
    if twice := {column for column in columns if columns.count(column) > 1}:
        raise UsageError(f"{path} has two columns {min(twice)!r}: rename one")


# --- binary ------------------------------------------------------------------------------------


def _parquet_records(path: Path, check: CheckColumns) -> Iterator[ForeignRecord | str]:
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _refuse_repeated(path, file.schema_arrow.names)
            check(path, file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                yield from _rows_of(batch)
    except (pa.ArrowException, UnicodeDecodeError) as error:  # of the columns' names
        if is_starved(error):
            raise
        raise UsageError(f"{path} is no readable parquet file: {error}") from error


def _arrow_records(
    path: Path, check: CheckColumns, *, is_file: bool
) -> Iterator[ForeignRecord | str]:
    """The rows of an Arrow file or stream."""
    import pyarrow as pa  # heavy; only what touches Arrow pays for it

    try:
        with pa.OSFile(str(path), "rb") as file:
            opened = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
            _refuse_repeated(path, opened.schema.names)
            check(path, opened.schema.names)
            batches = map(opened.get_batch, range(opened.num_record_batches)) if is_file else opened
            for batch in batches:
                batch.validate(full=True)  # offsets of a damaged file lead anywhere in memory
                for begin in range(0, batch.num_rows, _PARQUET_ROWS):
                    yield from _rows_of(batch.slice(begin, _PARQUET_ROWS))
    except (pa.ArrowException, UnicodeDecodeError) as error:  # of the columns' names
        if is_starved(error):
            raise
        raise UsageError(f"{path} is no readable Arrow file: {error}") from error


def _rows_of(batch: pa.RecordBatch) -> list[ForeignRecord | str]:
    """The rows of a batch; of a value that Python has none for, what is wrong with its row."""
    batch = _in_microseconds(batch)
    try:
        rows = cast("list[ForeignRecord | str]", batch.to_pylist())
    except _NO_VALUE:
        rows = [_row_of(batch.slice(at, 1)) for at in range(batch.num_rows)]
    if any("binary" in str(kind) for kind in batch.schema.types):
        return [row if isinstance(row, str) else _decoded(row) for row in rows]
    return rows


def _decoded(value: Any) -> Any:
    """A value with the texts that some programs write as bytes; what is no UTF-8 stays bytes."""
    match value:
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value
        case list():
            return [_decoded(each) for each in value]
        case dict():
            return {name: _decoded(each) for name, each in value.items()}
        case _:
            return value


def _row_of(batch: pa.RecordBatch) -> ForeignRecord | str:
    row: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            row[name] = column[0].as_py()
        except _NO_VALUE as error:
            return f"{name} cannot be read: {error}"
    return row


_NO_VALUE: Final = (OverflowError, ValueError, LookupError)
"""Raised of a year beyond 9999, bytes that are no UTF-8, a time zone that is not known."""


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


# --- text --------------------------------------------------------------------------------------


def _text_records(
    path: Path, name: Path, file: IO[bytes], begins: bytes, check: CheckColumns
) -> Iterator[ForeignRecord | str]:
    """The records of a text; ``name`` is its own where the file is packed."""
    _refuse_other_kinds(path, begins)
    text = begins.removeprefix(codecs.BOM_UTF8).lstrip()
    opens = text[:1] in (b"{", b"[")
    if text.startswith(b"[") and text[1:].lstrip()[:1] in (b"{", b"]"):
        with io.TextIOWrapper(file, encoding="utf-8-sig") as reader:
            yield from _array_records(path, reader)
    elif text and not opens and (name.suffix.lower() in _DELIMITED or _is_table(text)):
        with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as reader:
            yield from _table_records(path, name, reader, check)
    elif not text or _is_json(text):
        if text.splitlines()[:1] == [b"{"]:
            raise UsageError(
                f"{path} is one JSON object over several lines: write its rows as JSON lines, or "
                "as one array"
            )
        values = JsonReader()
        yield from (_json_record(line, values) for line in _lines(file) if line.strip())
    else:
        shown = text[:_SHOWN].decode(errors="replace").splitlines()[0]
        raise UsageError(
            f"{path} is neither parquet, JSON nor a table of question and answer: it begins with "
            f"{shown!r}"
        )


_SEPARATED: Final = re.compile(r'sep=([^"\r\n]?)\r?\n', re.IGNORECASE)
_DELIMITED: Final = (".csv", ".tsv", ".tab")


def _is_json(text: bytes) -> bool:
    return any(line.lstrip()[:1] in (b"{", b"[") for line in text.splitlines())


def _is_table(text: bytes) -> bool:
    """Whether its first line names two columns of a question and an answer."""
    names = {word.strip(b' "').lower() for word in re.split(rb"[,;\t|]", text.splitlines()[0])}
    return any(pair <= names for pair in _PAIRS)


_PAIRS: Final = (
    {b"question", b"answer"}, {b"instruction", b"output"}, {b"prompt", b"completion"},
    {b"prompt", b"response"},
)  # fmt: skip

_KINDS: Final[Mapping[bytes, str]] = {
    b"version https://git-lfs": "is a Git LFS pointer, not the file: `git lfs pull` fetches it",
    b"\xd0\xcf\x11\xe0": "is an old Excel or Word file: save it as CSV (UTF-8)",
    b"PARE": "is an encrypted parquet file: write it without encryption",
    b"\xff\xfe\0\0": "is UTF-32: save it as UTF-8",
    b"\0\0\xfe\xff": "is UTF-32: save it as UTF-8",
    b"\xff\xfe": "is UTF-16: save it as UTF-8",
    b"\xfe\xff": "is UTF-16: save it as UTF-8",
    b"\x28\xb5\x2f\xfd": "is packed with zstd: unpack it first (unzstd)",
    b"BZh": "is packed with bzip2: unpack it first (bunzip2)",
    b"\xfd7zXZ": "is packed with xz: unpack it first (unxz)",
    b"7z\xbc\xaf": "is a 7z archive: unpack it first",
    b"%PDF": "is a PDF; texts to write from are for `legalgen sources add`",
    b"SQLite format 3": "is an SQLite database: export its table as CSV",
}
"""Files of other kinds by their first bytes, the longer before those that they begin with."""
_HEAD: Final = 64
"""Bytes of which UTF-16 has every other one zero, where a file begins in English."""
_OFFICE: Final = {"xl/": "an Excel file", "word/": "a Word file", "content.xml": "a spreadsheet"}


def _refuse_other_kinds(path: Path, begins: bytes) -> None:
    """Refuse a file whose first bytes say that it holds no rows, rather than each line of it."""
    for magic, what in _KINDS.items():
        if begins.startswith(magic):
            raise UsageError(f"{path} {what}")
    head = begins[:_HEAD]
    if len(head) == _HEAD and not (any(head[::2]) and any(head[1::2])):
        raise UsageError(f"{path} is UTF-16 without a mark: save it as UTF-8")
    if begins.startswith(b"PK\x03\x04"):
        raise UsageError(f"{path} is {_in_zip(path)}")


def _in_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        names = []
    for begin, what in _OFFICE.items():
        if any(name.startswith(begin) for name in names):
            return f"{what}: save the sheet as CSV (UTF-8)"
    return "a zip archive: unpack it first"


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file; one that is too long is passed over but for its beginning."""
    while line := file.readline(_LONGEST_CELL + 1):
        yield line
        while len(line) > _LONGEST_CELL and not line.endswith(b"\n"):
            line = file.readline(_LONGEST_CELL + 1)


def _json_record(line: bytes, reader: JsonReader) -> ForeignRecord | str:
    if len(line) > _LONGEST_CELL:
        return f"its line has more than {_LONGEST_CELL:,} bytes"
    try:
        record = reader.whole(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {line[error.start]:#04x} at {error.start + 1}"
    except (ValueError, RecursionError) as error:
        return f"not JSON: {_without_advice(error)}"
    return _record(record, reader)


def _record(value: object, reader: JsonReader) -> ForeignRecord | str:
    """The record that was read, or why it is none."""
    if not isinstance(value, dict):
        return "not a JSON object"
    return reader.fault or value


def _array_records(path: Path, file: io.TextIOWrapper) -> Iterator[ForeignRecord | str]:
    """The objects of one array, read as they come: no more than one of them is in memory."""
    reader = JsonReader()
    text, at, opened = _more(path, file), 0, False
    while True:
        at = _behind(text, at, " \t\r\n," if opened else " \t\r\n[")
        opened = opened or at > 0
        if at >= len(text):
            if not (more := _more(path, file)):
                yield "the array is not closed: the file is cut off"
                return
            text, at = more, 0
        elif text[at] == "]":
            if rest := _rest(path, text[at + 1 :], file):
                yield f"behind the end of the array something follows and is not read: {rest!r}"
            return
        else:
            try:
                value, end = reader.read(text, at)
            except (ValueError, RecursionError) as error:
                # As much again as there is: a long object is not tried a hundred times.
                deep = isinstance(error, RecursionError)
                more = "" if deep else _more(path, file, len(text) - at)
                if not more or len(text) - at > _MOST_HELD * _LONGEST_CELL:
                    yield f"not JSON, and what follows cannot be read: {_without_advice(error)}"
                    return
                text, at = text[at:] + more, 0
                continue
            if end - at > _LONGEST_CELL:
                yield f"it has more than {_LONGEST_CELL:,} characters"
            else:
                yield _record(value, reader)
            at = end


def _rest(path: Path, text: str, file: io.TextIOWrapper) -> str:
    """How what is left of a file begins; empty: there is nothing but blanks."""
    while not text.strip():
        if not (text := _more(path, file)):
            return ""
    return text.strip()[:_SHOWN]


def _behind(text: str, at: int, passed: str) -> int:
    """The first place from ``at`` on where none of these characters stands."""
    while at < len(text) and text[at] in passed:
        at += 1
    return at


def _more(path: Path, file: io.TextIOWrapper, least: int = 0) -> str:
    try:
        return file.read(max(least, _LOOKED_AT * 16))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: save it as UTF-8") from error


def _without_advice(error: Exception) -> str:
    """What is wrong with a file; Python's advice is for who reads it, not for who has it."""
    return re.split(r" - do you need to open|; use sys\.", str(error))[0]


def _check_head(path: Path, columns: Sequence[str], check: CheckColumns) -> None:
    """Look at the names of a table's columns, which are a row where the table names none."""
    try:
        check(path, columns)
    except UsageError as error:
        said = "its first line was taken for their names: put one before it where it is a row"
        raise UsageError(f"{error}; {said}") from error


def _table_records(
    path: Path, name: Path, text: io.TextIOWrapper, check: CheckColumns
) -> Iterator[ForeignRecord | str]:
    """The rows of a table by the names in its first line; one of another length is none."""
    csv.field_size_limit(_MOST_HELD * _LONGEST_CELL)
    number, every = 0, _bounded_lines(text)
    try:
        head = next((line for line in every if line.strip()), "")
        delimiters = "\t,;|" if name.suffix.lower() != ".csv" else ",;\t|"
        if said := _SEPARATED.match(head):  # Excel's word for its delimiter, in a line of its own
            head = next(every, "")
        delimiter = (said and said[1]) or max(delimiters, key=head.count)
        lines = csv.reader(chain([head], every), delimiter=delimiter, strict=True)
        columns = [column.strip() or f"column {at}" for at, column in enumerate(next(lines, []), 1)]
        _refuse_repeated(path, columns)
        _check_head(path, columns, check)
        for number, cells in enumerate(lines, 1):  # noqa: B007 - where an error stands
            if not cells:
                continue
            if len(cells) != len(columns):
                yield f"{plural(len(cells), 'cell')}, and the first line has {len(columns)}"
            elif max(map(len, cells)) > _LONGEST_CELL:
                yield f"a cell has more than {_LONGEST_CELL:,} characters"
            else:
                yield dict(zip(columns, cells, strict=True))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: save it as CSV UTF-8") from error
    except csv.Error as error:
        raise UsageError(
            f"{path} is no readable table: {_without_advice(error)} (row {number + 1})"
        ) from error


def _bounded_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a table, whose cells are bounded only once a line is in memory.

    Raises:
        csv.Error: a line is longer than any of texts is.
    """
    most = _MOST_HELD * _LONGEST_CELL
    while line := text.readline(most):
        if len(line) == most and line[-1] not in "\r\n":
            raise csv.Error(f"a line has more than {most:,} characters")
        yield line
