"""What a judge and people found in rows, as shares with their intervals.

A judge's mark is the opinion of a model: the share of rows that it marks low is no share of wrong
rows. How far it says anything of them shows where people have read rows that it marked too.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from legalgen.store.files import DataDir
from legalgen.store.reviews import ReviewMark, read_reviews

LOW_MARK: Final = 3.5
"""A row is marked low where the lowest of its marks is below this."""
_UNNAMED: Final = "an unnamed judge"
_Z95: Final = 1.959963984540054
"""Standard deviations of 95 %."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Between which shares the true one is, with 95 % confidence (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z95**2
    centre = share + square / (2 * of)
    around = _Z95 * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    scale = 1 + square / of
    low, high = (centre - around) / scale, (centre + around) / scale
    return max(0.0, min(share, low)), min(1.0, max(share, high))  # of 0 of 295 a hair would be left


# --- a judge -----------------------------------------------------------------------------------


class JudgedShare(msgspec.Struct, frozen=True):
    """How many of the rows that a judge marked it marked low.

    ``low`` and ``high`` are Wilson's interval of ``share``, with 95 % confidence.
    """

    judge: str
    rows: int
    marked_low: int
    share: float
    low: float
    high: float


def judged(row: Mapping[str, Any]) -> tuple[str, bool] | None:
    """Who marked a row and whether low, by its ``judge``, ``score``, ``marks`` and ``flags``.

    None where nobody did. Rows of version 1 have a mean and no marks: of those the flag says
    whether one was low.
    """
    if row["score"] is None:
        return None
    return row["judge"] or _UNNAMED, _is_low(row)


def _is_low(row: Mapping[str, Any]) -> bool:
    marks = [mark for mark in (row.get("marks") or {}).values() if mark is not None]
    if not marks:
        return bool(row["score"] < LOW_MARK) or "LOW_SCORE" in row["flags"]
    return bool(min(marks) < LOW_MARK)


def judged_shares(rows: Mapping[str, int], low: Mapping[str, int]) -> tuple[JudgedShare, ...]:
    """Of each judge, the one with the most rows first; ``low`` of its ``rows`` were marked low."""
    return tuple(
        JudgedShare(judge, count, low.get(judge, 0), *_share(low.get(judge, 0), count))
        for judge, count in sorted(rows.items(), key=lambda one: (-one[1], one[0]))
    )


# --- people ------------------------------------------------------------------------------------


class Agreement(msgspec.Struct, frozen=True):
    """Rows that a judge marked and a person found right or wrong.

    They agree where the judge marked low what the person found wrong (``both_wrong``), and neither
    found a fault (``both_right``): ``share`` of the rows, between ``low`` and ``high``. ``kappa``
    is Cohen's: 1 for agreement throughout, 0 for what chance would give; None where chance would
    give all of it, because neither ever found a fault or both did always.
    """

    judge: str
    rows: int
    both_wrong: int
    both_right: int
    judge_alone: int
    person_alone: int
    share: float
    low: float
    high: float
    kappa: float | None


class Reviewed(msgspec.Struct, frozen=True):
    """What people found in rows drawn from the whole dataset.

    ``share`` of them was found wrong; the true share of the dataset is between ``low`` and ``high``
    with 95 % confidence (Wilson's interval, which holds for small numbers too). ``citations`` were
    looked at in so many rows, and wrong in ``citations_wrong``. ``elsewhere`` were drawn by a
    filter or from one batch, and say nothing of the whole. ``agreements`` tell of each judge how
    often it said the same.
    """

    rows: int
    wrong: int
    share: float
    low: float
    high: float
    citations: int = 0
    citations_wrong: int = 0
    remarks: int = 0
    elsewhere: int = 0
    agreements: tuple[Agreement, ...] = ()


def reviewed(
    data_dir: DataDir, *, batch: str | None = None, rehearsal: bool = False
) -> Reviewed | None:
    """The sum of the marks, or of those of one batch's rows; None where nobody has read any.

    Raises:
        DiskError: the marks cannot be read.
    """
    every = read_reviews(data_dir, rehearsal=rehearsal).values()
    marks = [mark for mark in every if batch in (None, mark.batch_id) and mark.verdict]
    if not marks:
        return None
    # A sample of all rows is one of each batch's, and a sample of one batch is one of that alone.
    scopes = {""} if batch is None else {"", f"batch {batch}"}
    fair = [mark for mark in marks if mark.scope in scopes]
    wrong = sum(mark.verdict == "wrong" for mark in fair)
    cited = [mark.citations_ok for mark in fair if mark.citations_ok is not None]
    return Reviewed(
        len(fair),
        wrong,
        *_share(wrong, len(fair)),
        citations=len(cited),
        citations_wrong=cited.count(False),
        remarks=sum(bool(mark.remark) for mark in marks),
        elsewhere=len(marks) - len(fair),
        agreements=_agreements(fair),
    )


def _agreements(marks: Iterable[ReviewMark]) -> tuple[Agreement, ...]:
    found: dict[str, Counter[tuple[bool, bool]]] = defaultdict(Counter)
    for mark in marks:
        if mark.marked_low is not None:
            found[mark.judge][mark.marked_low, mark.verdict == "wrong"] += 1
    ordered = sorted(found.items(), key=lambda one: (-one[1].total(), one[0]))
    return tuple(_agreement(judge, counts) for judge, counts in ordered)


def _agreement(judge: str, counts: Counter[tuple[bool, bool]]) -> Agreement:
    """``counts`` are of rows that (the judge marked low, the person found wrong)."""
    rows, both = counts.total(), counts[True, True]
    alike = both + counts[False, False]
    low, wrong = both + counts[True, False], both + counts[False, True]
    by_chance = (low * wrong + (rows - low) * (rows - wrong)) / rows**2
    return Agreement(
        judge,
        rows,
        both,
        counts[False, False],
        counts[True, False],
        counts[False, True],
        *_share(alike, rows),
        kappa=round((alike / rows - by_chance) / (1 - by_chance), 3) if by_chance < 1 else None,
    )


def _share(hits: int, of: int) -> tuple[float, float, float]:
    """A share and its interval, as they are reported."""
    low, high = wilson(hits, of)
    return round(hits / of, 4) if of else 0.0, round(low, 4), round(high, 4)
