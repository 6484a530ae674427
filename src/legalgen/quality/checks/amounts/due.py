"""Is the day right by which something must be done, of a period and the day from which it runs."""

from __future__ import annotations

import re
from datetime import date

from legalgen.quality.checks.amounts.days import any_days, month_and_day
from legalgen.quality.checks.amounts.lengths import (
    FIXED,
    LENGTH,
    MOST_ROOM,
    PLAINLY,
    RECEIVED,
    STRETCHED,
    calendar_day,
    days_of,
    end_of,
    is_backwards,
    room_of,
)
from legalgen.quality.reading import Finding, Reading

_DUE_BEFORE = re.compile(
    r"\b(?:(?:must|needs? to|ha(?:s|ve|d) (?:to|until)|is to|are to) (?:[\w'\u2019-]+ ){0,9}?"
    r"(?:by|before the end of|on or before|no later than|not later than)"
    r"|(?:has|have|had) (?:until|till|up to)"
    r"|(?:is|are|was|were|falls?|fell) due (?:on|by)|(?:no|not) later than|at the latest (?:on|by))"
    r" (?:\w+day,? )?\Z"
)
"""What stands before a day by which something must be done."""
_DUE_WORDS = frozenset({"by", "until", "till", "due", "later", "latest", "before", "up"})
_LONGEST_BEFORE = 110
_OF_A_CASE = re.compile(
    r"\b(?:if (?!no)|(?:would|had|extend\w*|extension|suspend\w*|conciliation|hearing)\b)", re.I
)
"""What stands in the sentence of a day that is another case's, or that something else decides."""


def due_wrong(reading: Reading) -> Finding | None:
    """A day by which something must be done, after every end of a period from any other day."""
    answer = reading.draft.answer
    if _DUE_WORDS.isdisjoint(reading.answer_vocabulary):
        return None
    asked = set(map(month_and_day, any_days(reading.draft.question)))
    for found in any_days(answer):
        if month_and_day(found) in asked:
            continue
        before = _DUE_BEFORE.search(answer, max(0, found.start() - _LONGEST_BEFORE), found.start())
        last = _day_of(found, reading)
        if before is None or last is None or (last.month, last.day) in FIXED:
            continue
        begin = answer.rfind(". ", 0, found.start()) + 1
        sentence = answer[begin : answer.find(". ", found.end()) + 1 or None]
        if not _OF_A_CASE.search(sentence[: found.end() - begin]) and (
            what := _after_every_end(last, sentence, reading)
        ):
            end, sure = what
            shown = f'"{before[0]}{found[0]}" in answer: the end is {end}'
            return "DEADLINE", shown, "answer", sure
    return None


def _day_of(found: re.Match[str], reading: Reading) -> date | None:
    """The day of a match; without a year, of the only one of the question."""
    year = int(found["y"] or found["ay"] or 0)
    years = {day.year for day in days_of(reading.draft.question)}
    if not year and len(years) == 1:
        (year,) = years
    return calendar_day(year, found) if year else None


def _after_every_end(last: date, sentence: str, reading: Reading) -> tuple[date, bool] | None:
    """The last end of a period of the text before a day, and whether that is plainly the one."""
    told = f"{reading.steps_text}\n{reading.draft.answer}"
    if is_backwards(told) or RECEIVED.search(told) or STRETCHED.search(told):
        return None
    starts = {day for day in days_of(f"{reading.draft.question}\n{told}") if day < last}
    lengths = [*LENGTH.finditer(told), *LENGTH.finditer(reading.draft.question)]
    units = {(one["n"].casefold(), one["unit"].casefold()): one for one in lengths}.values()
    ends = {end: start for start in starts for one in units if (end := end_of(start, one))}
    if not ends or any(last <= end + room_of(end, told, start) for end, start in ends.items()):
        return None
    again = {end for each in ends for one in units if (end := end_of(each, one))}
    if len(units) > 1 and any(abs((last - end).days) <= MOST_ROOM for end in again):
        return None
    end = max(ends)
    sure = len(units) == 1 and not starts.isdisjoint(days_of(sentence))
    return end, sure and (last - end).days >= PLAINLY
