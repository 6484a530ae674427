"""Periods in figures and words, the days of a text, and when a period ends that begins on one."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from legalgen.quality.checks.amounts.days import any_days, month_and_day
from legalgen.quality.wordlists import DIGITS, TENS, UP_TO_TWENTY, numbered

_SMALL = (
    rf"(?:(?:{'|'.join(TENS)})(?:[ -](?:{'|'.join(DIGITS)}))?"
    rf"|{'|'.join(sorted(UP_TO_TWENTY, key=len, reverse=True))})"
)
_COUNT = rf"(?a:(?:(?:an?|{'|'.join(DIGITS)}) )?hundred(?: (?:and )?{_SMALL})?|{_SMALL}|an?)"
"""A number in words up to a thousand, or an article; its last word alone is another number."""
LENGTH = re.compile(
    rf"\b(?P<n>(?<!\d[.,])\d{{1,3}}|(?<!-){_COUNT})[ -]"
    r"(?P<kind>(?:(?:clear|working|business|court|full|calendar|further|more|whole) )*)"
    r"(?P<unit>day|week|month|year)s?\b",
    re.I,
)
_BACKWARDS = re.compile(
    r"\b(?:days?|weeks?|months?|years?)['\u2019]?"
    r" (?:(?!after|from|following|expired|elapsed|lapsed|ended|passed)\w+ )?"
    r"(?:before|prior|notice|ahead|earlier|in advance)\b",
    re.I,
)
"""A period that is counted back from its end: what is late then comes first."""
_DISTANT = re.compile(
    r"\b(?:more than|less than|almost|nearly|over|about|some|only|just|was|is|lies|lay)"
    r" (?:\w+[ -]){1,2}\Z"
)


def is_backwards(told: str) -> bool:
    """Whether a period is counted back; "almost a month before he sued" is a distance."""
    return any(
        not _DISTANT.search(told, max(0, match.start() - 40), match.start())
        for match in _BACKWARDS.finditer(told)
    )


_POSTED = re.compile(r"\b(?:post(?:ed|al)?|mail(?:ed)?|deemed|courier)\b", re.I)
RECEIVED = re.compile(r"receiv|receipt", re.I)
SHORT_PERIOD = 60
"""Days up to which the post, deemed service and working days weigh."""
PLAINLY = 7
"""Days beyond which nothing that was left room for explains it."""

FIXED = {(1, 1), (1, 31), (3, 31), (4, 5), (4, 6), (6, 30), (9, 30), (12, 31)}
"""Days that a law names, not a period."""
MOST_ROOM = 9
"""Days after the end of a period at which its last day may still lie."""


def days_of(text: str) -> set[date]:
    """The days of a text; one without a year is of the only year that the others have."""
    found = list(any_days(text))
    years = {int(year) for match in found if (year := match["y"] or match["ay"])}
    days: set[date] = set()
    for match in found:
        year = match["y"] or match["ay"]
        if year is None and len(years) != 1:
            continue
        day = calendar_day(int(year) if year else min(years), match)
        if day is not None:
            days.add(day)
    return days


def calendar_day(year: int, match: re.Match[str]) -> date | None:
    """The day of a match of ``ANY_DAY`` in a year, if a calendar has it."""
    month, number = month_and_day(match)
    last = monthrange(year, month)[1] if 1900 <= year <= 2200 else 0
    return date(year, month, number) if 1 <= number <= last else None


def count_of(length: re.Match[str]) -> int:
    """How many units a match of ``LENGTH`` has, in figures or in words."""
    number = length["n"].casefold()
    if number.isdecimal():
        return int(number)
    return 1 if number in ("a", "an") else numbered(number)


def end_of(start: date, length: re.Match[str], ways: int = 1) -> date | None:
    """The day on which a period ends that begins on another, working days stretched.

    Counted back, ``ways`` is -1.
    """
    count = count_of(length)
    unit = length["unit"].casefold()
    if unit in ("day", "week"):
        days = count * (7 if unit == "week" else 1)
        if is_stretched(length):
            days = days * 7 // 5 + 4
        return start + timedelta(days * ways)
    year, month = divmod(start.month - 1 + ways * count * (12 if unit == "year" else 1), 12)
    year += start.year
    if year > 2200:
        return None
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def room_of(end: date, told: str, start: date) -> timedelta:
    """How much later than its end a period may end: days off, the post, clear days."""
    off = end.weekday() not in (1, 2, 3) or (end.month, end.day) in _HOLIDAYS or end.month == 12
    room = 4 if off else 0
    if (end - start).days <= SHORT_PERIOD and _POSTED.search(told):
        room += 5
    return timedelta(room + ("clear" in told))


_HOLIDAYS = {(1, 1), (1, 2), (6, 19), (7, 4), (7, 14), (10, 2), (11, 11), (8, 15), (1, 26)}
"""Days off of one country or another that fall on any day of the week; other ones fall on
Mondays and Fridays, or around Christmas."""


STRETCHED = re.compile(r"\b(?:working|business|court)(?= (?:day|week))", re.I)


def is_stretched(length: re.Match[str]) -> bool:
    """Whether days off do not count in a period."""
    return re.search(r"working|business|court", length["kind"], re.I) is not None
