"""Rows that a person reads, one after another: which come next, and what is said of them.

The rows are drawn by lot, so that the share found wrong says something of all rows. The draw is by
each row's id: it goes on where it was left, on another day too, and rows that have come since take
their places in it.
"""

from __future__ import annotations

import csv
import heapq
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from legalgen.dataset.dropping import IN_REVIEW, drop
from legalgen.dataset.rows import FoundRow, fetched, ids_of, lot
from legalgen.dataset.wanted import Wanted
from legalgen.errors import UsageError
from legalgen.settings.reading import read_bounded
from legalgen.store.files import DataDir
from legalgen.store.findings import judged
from legalgen.store.locks import Patience
from legalgen.store.parts import iter_batches
from legalgen.store.reviews import FoundRight, ReviewMark, append_reviews, read_reviews

_AHEAD: Final = 20
LARGEST_SHEET_MIB: Final = 1024
"""Of a sheet that is read whole: some 300,000 rows."""
ALL_ROWS: Final = "all rows"
SHEET: Final = (
    "id", "question", "reasoning", "answer", "citations", "correct", "citations_ok", "remark",
    "drawn_from",
)  # fmt: skip
"""The columns of a sheet to mark: ``drawn_from`` is what its rows are a sample of."""


# --- row by row --------------------------------------------------------------------------------


class Said(msgspec.Struct, frozen=True):
    """What a person says of a row: a verdict, a remark beside it, or that it is enough."""

    verdict: FoundRight = ""
    remark: str = ""
    quits: bool = False


AskVerdict = Callable[[FoundRow, int, int], Said]
"""Shows a row, which is the so manieth of so many, and waits for what is said of it."""


class Walked(msgspec.Struct, frozen=True):
    """What came of it: rows of the draw that have a verdict, of how many; and found now."""

    read: int
    of: int
    kept: int
    dropped: int


def walk(
    data_dir: DataDir,
    wanted: Wanted,
    ask: AskVerdict,
    *,
    rows: int,
    seed: int,
    now: Callable[[], datetime],
    rehearsal: bool = False,
    patience: Patience | None = None,
) -> Walked:
    """Ask about each row of the draw that has no verdict yet; what is said is kept at once.

    A row that is found wrong is taken out. One that was, and was put back, is asked about again.

    Raises:
        UsageError: there is no row to read.
        DiskError: the disk failed; what was said before is kept.
    """
    scope = str(wanted)
    present = set(ids_of(data_dir, wanted, rehearsal=rehearsal))
    marks = read_reviews(data_dir, rehearsal=rehearsal)
    gone = {
        mark.id for mark in marks.values() if mark.verdict == "wrong" and mark.scope == scope
    } - present
    draw = heapq.nsmallest(rows, present | gone, key=lambda name: lot(name, seed))
    if not draw:
        raise UsageError(f"there is no row to read{f' by {scope}' if scope else ''}")
    left = [name for name in draw if name in present and not _is_done(marks.get(name))]
    found = {"right": 0, "wrong": 0, "": 0}
    begun = len(draw) - len(left)
    for row in _read_ahead(data_dir, left, rehearsal=rehearsal):
        said = ask(row, begun + sum(found.values()) + 1, len(draw))
        name, batch = row.sample.id, row.sample.batch_id
        if said.verdict or said.remark:
            judge, low = judged(msgspec.to_builtins(row.sample)) or ("", None)
            mark = ReviewMark(
                name, said.verdict, now(), batch, scope, said.remark, judge=judge, marked_low=low
            )
            append_reviews(data_dir, [mark], rehearsal=rehearsal)
        if said.verdict == "wrong":
            take_out(data_dir, [name], rehearsal=rehearsal, patience=patience)
        if said.quits:
            break
        found[said.verdict] += 1
    done = begun + found["right"] + found["wrong"]
    return Walked(done, len(draw), found["right"], found["wrong"])


def _read_ahead(data_dir: DataDir, names: Sequence[str], *, rehearsal: bool) -> Iterator[FoundRow]:
    """The rows of these ids, some at a time: a large dataset is searched once for all of them."""
    for at in range(0, len(names), _AHEAD):
        yield from fetched(data_dir, names[at : at + _AHEAD], rehearsal=rehearsal)


def _is_done(mark: ReviewMark | None) -> bool:
    """Whether a row that is there need not be asked about."""
    if mark is None or not mark.verdict:
        return False
    return mark.verdict == "right" or mark.by_sheet


# --- by sheet ----------------------------------------------------------------------------------


class SheetRead(msgspec.Struct, frozen=True):
    """What came of a sheet, in rows: marked ones, those that say nothing, and those of no row of
    this dataset (``unknown``). ``wrong`` are the ids of those found wrong, of which some may have
    been ``taken_out``."""

    marked: int
    unmarked: int
    unknown: int
    wrong: list[str]
    taken_out: int = 0


_YES: Final = frozenset({"y", "yes", "1", "true", "ok", "right", "correct", "x"})
_NO: Final = frozenset({"n", "no", "0", "false", "wrong", "incorrect"})
_NAMED: Final = 5


def read_sheet(
    data_dir: DataDir, path: Path, *, now: datetime, rehearsal: bool = False
) -> SheetRead:
    """Take in the marks of a CSV file that ``stats --review`` wrote and a person has filled in.

    As spreadsheets save it: with a byte order mark, and semicolons or tabs for commas. All of it is
    taken in or nothing; reading it twice changes nothing.

    Raises:
        UsageError: it cannot be read, a mark is neither yes nor no, or one row has both; nothing
            was taken in.
    """
    rows = _rows_of(data_dir, rehearsal=rehearsal)
    known = read_reviews(data_dir, rehearsal=rehearsal)
    marks: dict[str, ReviewMark] = {}
    at: dict[str, int] = {}
    unmarked, strange = 0, set[str]()
    faults: list[str] = []
    for number, line in enumerate(_lines(path), 1):
        name = line["id"]
        try:
            mark = _mark(line, rows.get(name, _Row()), now)
        except ValueError as error:
            faults.append(f"row {number} ({name}): {error}")
            continue
        if mark is None:
            unmarked += 1
        elif name not in rows:
            strange.add(name)
        elif _contradict(mark, marks.get(name)):
            faults.append(f"row {number} ({name}): row {at[name]} marks it otherwise")
        else:
            marks[name], at[name] = mark, number
    if faults:
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise UsageError(f"{path}: {'; '.join(faults[:_NAMED])}{more}: nothing was taken in")
    new = [mark for mark in marks.values() if _is_news(mark, known.get(mark.id))]
    if new:
        append_reviews(data_dir, new, rehearsal=rehearsal)
    wrong = [mark.id for mark in marks.values() if mark.verdict == "wrong"]
    return SheetRead(len(marks), unmarked, len(strange), wrong)


class _Row(msgspec.Struct, frozen=True):
    """What a mark keeps of its row."""

    batch_id: str = ""
    judge: str = ""
    marked_low: bool | None = None


_COLUMNS: Final = ("id", "batch_id", "judge", "score", "marks", "flags")


def _rows_of(data_dir: DataDir, *, rehearsal: bool) -> dict[str, _Row]:
    """All rows by id, also those taken out."""
    found = iter_batches(data_dir, _COLUMNS, rehearsal=rehearsal, as_sealed=True)
    return {
        row["id"]: _Row(row["batch_id"], *(judged(row) or ("", None)))
        for batch in found
        for row in batch.to_pylist()
    }


def _lines(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        text = read_bounded(path, LARGEST_SHEET_MIB).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: save it as CSV UTF-8") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    csv.field_size_limit(LARGEST_SHEET_MIB * 2**20)  # an answer may be longer than csv's own bound
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=None), delimiter=delimiter, restval="")
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        missing = [name for name in ("id", "correct") if name not in names]
        if missing:
            raise UsageError(
                f"{path} has no column {missing[0]!r}: give the file that `legalgen dataset stats "
                "--review` wrote"
            )
        for line in reader:
            yield {str(name).strip(): str(value or "").strip() for name, value in line.items()}
    except csv.Error as error:
        raise UsageError(f"{path} is no readable CSV: {error}") from error


def _mark(line: Mapping[str, str], row: _Row, now: datetime) -> ReviewMark | None:
    """The mark of a line; None where it says nothing."""
    correct = _yes_or_no(line, "correct")
    citations_ok = _yes_or_no(line, "citations_ok")
    remark = line.get("remark", "")
    if correct is None and citations_ok is None and not remark:
        return None
    verdict: FoundRight = "" if correct is None else "right" if correct else "wrong"
    drawn = line.get("drawn_from", "") or ALL_ROWS
    scope = "" if drawn == ALL_ROWS else drawn
    return ReviewMark(
        line["id"],
        verdict,
        now,
        row.batch_id,
        scope,
        remark,
        citations_ok,
        by_sheet=True,
        judge=row.judge,
        marked_low=row.marked_low,
    )


def _yes_or_no(line: Mapping[str, str], column: str) -> bool | None:
    word = line.get(column, "").casefold()
    if not word:
        return None
    if word not in _YES | _NO:
        raise ValueError(f"{column} is {line[column]!r}: write yes or no")
    return word in _YES


def _contradict(one: ReviewMark, other: ReviewMark | None) -> bool:
    """Whether two lines of a sheet answer the same question about one row differently."""
    if other is None:
        return False
    verdicts = {one.verdict, other.verdict} - {""}
    citations = {one.citations_ok, other.citations_ok} - {None}
    return len(verdicts) > 1 or len(citations) > 1


def _is_news(mark: ReviewMark, known: ReviewMark | None) -> bool:
    return known is None or msgspec.structs.replace(known, at=mark.at) != mark


def take_out(
    data_dir: DataDir,
    names: Sequence[str],
    *,
    rehearsal: bool = False,
    patience: Patience | None = None,
) -> int:
    """Take out rows that were found wrong; how many still were in.

    Raises:
        DiskError: the notes cannot be read or written.
    """
    if not names:
        return 0
    return drop(
        data_dir, names, Wanted(), code=IN_REVIEW, rehearsal=rehearsal, patience=patience
    ).dropped
