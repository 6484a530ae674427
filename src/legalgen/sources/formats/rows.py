"""JSON lines and parquet with a column ``text``: one division a row.

Of other columns ``id``, ``number``, ``section`` or ``pinpoint`` number a row, and ``title`` or
``heading`` head it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

from legalgen.errors import UsageError
from legalgen.errors.starvation import is_starved
from legalgen.sources.formats.text import decoded_lines
from legalgen.sources.outline import Division, Outline, shortened, visible

_NUMBERS: Final = ("pinpoint", "section", "number")
_HEADINGS: Final = ("heading", "title")


def read(path: Path) -> Outline:
    """One division for each row of a file.

    Raises:
        UsageError: a row is no object, or has no text in a column ``text``.
    """
    rows = _parquet(path) if path.suffix.casefold() == ".parquet" else _lines(path)
    body, characters = Division("text"), 0
    for place, row in rows:
        text = row.get("text")
        if text is None and "text" in row:
            continue  # a row without a text
        if not isinstance(text, str):
            held = f" (it holds {type(text).__name__})" if "text" in row else ""
            raise UsageError(f"{place}: no text in a column `text`{held}; its columns: "
                             f"{', '.join(map(str, row)) or 'none'}")  # fmt: skip
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        if lines:
            characters += visible(text)
            number = _first(row, _NUMBERS)
            body.items.append(Division("row", number, _first(row, _HEADINGS), [*lines]))
    if not body.items:
        raise UsageError(f"{path} holds no text")
    return Outline(body, path.stem, characters=characters)


def _first(row: Mapping[str, object], names: tuple[str, ...]) -> str:
    found = (row.get(name) for name in names)
    return next(
        (shortened(str(value)).strip() for value in found if isinstance(value, str | int)), ""
    )


def _lines(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    # Lines end at line breaks alone: a string may hold any other separator as it is.
    for number, line in enumerate(decoded_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}:{number} is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise UsageError(f"{path}:{number} is no JSON object")
        yield f"{path}:{number}", row


def _parquet(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = {"text", *_NUMBERS, *_HEADINGS} & set(file.schema_arrow.names)
            if "text" not in wanted:
                raise UsageError(f"{path} has no column `text`; its columns: "
                                 f"{', '.join(file.schema_arrow.names)}")  # fmt: skip
            batches = file.iter_batches(1000, columns=sorted(wanted))
            rows = chain.from_iterable(batch.to_pylist() for batch in batches)
            for number, row in enumerate(rows, 1):
                yield f"{path}, row {number}", row
    except (pa.ArrowException, OSError, OverflowError, ValueError) as error:  # of a date
        if is_starved(error):
            raise
        raise UsageError(f"{path} cannot be read as parquet: {error}") from error
