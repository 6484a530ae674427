"""Is the last day right that an answer counts, and does in time or late follow from it.

Counting in months and years keeps the day of the month, give or take one. A last day with such a
day, at a distance that no period of the text has, was counted wrong. Days and weeks are not looked
at: working days, service and holidays move them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import TypeAlias

from legalgen.quality.reading import Finding, Reading
from legalgen.quality.wordlists import MONTH, MONTHS, UP_TO_TWENTY

_MONTH = f"(?a:{MONTH})"
"""Of ASCII alone: with ``re.I`` a dotless i would be an i, too, and be no month."""
_ON = (
    rf"(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m>{_MONTH}),? (?P<y>\d{{4}})"
    rf"|(?P<am>{_MONTH}) (?P<ad>\d{{1,2}}), (?P<ay>\d{{4}}))\b"
)
"""A whole date, as the British and the Americans write it."""
_DATE = re.compile(_ON)
_YEAR = re.compile(r"(?:19|20)\d\d")
"""Without it there is no whole date; found in a tenth of the time."""

_NUMBERS = UP_TO_TWENTY | {"a": 1}
_PERIOD = re.compile(
    rf"\b(?P<n>\d{{1,3}}|(?a:{'|'.join(_NUMBERS)}))[ -](?:(?:full|calendar|further|more) )?"
    r"(?P<unit>month|year)s?\b",
    re.I,
)

_LAST_DAY = (
    r"(?:(?:last|final|latest) day(?: [a-z]+){0,5}? (?:is|was)(?: [a-z]+)?"
    r"|(?:deadline|time limit|period|limit)"
    r"(?: [a-z]+){0,5}? (?:is|was|ends|ended|expires|expired|ran out|runs out)(?: [a-z]+)?(?: on)?"
    r"|expire[sd]? on|end(?:s|ed)? on|(?:ran|runs) out on|no later than|at the latest (?:on|by)"
    r"|not later than) (?:midnight on |the end of )?"
)

_BEGUN = re.compile(
    r"\b(?:sued|sues|issued?|issues|filed|files|brought|brings|lodged|presented|claimed|applied"
    r"|started|began|commenced|appealed)\b(?: [\w']+){0,8}? on\s*\Z"
)
_ENDED = re.compile(
    r"\b(?:ends?|ended|expire[sd]?|ran out|runs out|up|elapsed|lapsed)(?: [a-z]+){0,2}?"
    r"(?: on| at the end of)?\s*\Z"
)
_VERDICT = re.compile(
    r"\b(?P<not>not )?(?:(?P<late>out of time|too late|(?:time-|statute-)?barred)"
    r"|(?:in|within|in good) time)\b",
    re.I,
)
_UNDECIDED = re.compile(
    r"\b(?:not|never|neither|nor|no|cannot|if|unless|whether|or|would|may|might|only|before|until)\b"
    r"|n't",
    re.I,
)
"""What may turn a verdict, or make it one of something else."""

_BEFORE = 90
"""Characters before a date in which the words that say what it is are looked for."""

Day: TypeAlias = tuple[int, int, int]
"""Year, month and day."""


def deadline(reading: Reading) -> Iterator[Finding]:
    """A last day that is counted wrong, and late or in time against the days that are given."""
    question = reading.draft.question
    if not _YEAR.search(question) or not _DATE.search(question):
        return
    yield from _counted_wrong(reading)
    yield from _judged_wrong(reading)


def _day(match: re.Match[str]) -> Day:
    month = MONTHS.index((match["m"] or match["am"]).capitalize()) + 1
    return int(match["y"] or match["ay"]), month, int(match["d"] or match["ad"])


def _counted_wrong(reading: Reading) -> Iterator[Finding]:
    """A last day with the day of the month of another date, so many months away as none says."""
    given = {_day(match) for match in _DATE.finditer(reading.draft.question)}
    periods = {_months(match) for _, text in reading.texts for match in _PERIOD.finditer(text)}
    if not periods:
        return
    sums = periods | {left + right for left, right in product(periods, periods)}
    for name, text in (("reasoning_steps", reading.steps_text), ("answer", reading.draft.answer)):
        for match in re.finditer(_LAST_DAY + _ON, text, re.I):
            last = _day(match)
            apart = {months for one in given if (months := _apart(one, last)) is not None}
            if last not in given and apart and apart.isdisjoint(sums):
                shown = " or ".join(map(str, sorted(periods)))
                what = f'"{match[0]}" in {name} is {min(apart)} months away, not {shown}'
                yield "DEADLINE", what, name, False
                return


def _months(match: re.Match[str]) -> int:
    number = match["n"].casefold()
    count = int(_NUMBERS.get(number, number))
    return count * 12 if match["unit"].casefold() == "year" else count


def _apart(first: Day, last: Day) -> int | None:
    """Months between two days with the same day of the month, give or take one."""
    months = (last[0] - first[0]) * 12 + last[1] - first[1]
    return months if abs(last[2] - first[2]) <= 1 and months > 0 else None


def _judged_wrong(reading: Reading) -> Iterator[Finding]:
    """Late or in time, as the first sentence has it, against when time ended and what was done."""
    said = _VERDICT.search(reading.first_sentence)
    if said is None or _UNDECIDED.search(_VERDICT.sub("", reading.first_sentence)):
        return
    ended, begun = _told(_ENDED, reading.steps_text), _told(_BEGUN, reading.draft.question)
    if len(ended) != 1 or len(begun) != 1:
        return
    (end,), (start,) = ended, begun
    if (start > end) != (bool(said["late"]) != bool(said["not"])):
        what = f'"{said[0]}" of {_shown(start)}, though time ended on {_shown(end)}'
        yield "DEADLINE", what, "answer", True


def _told(what: re.Pattern[str], text: str) -> set[Day]:
    """The dates of a text before which such words stand."""
    return {
        _day(match)
        for match in _DATE.finditer(text)
        if what.search(text, max(0, match.start() - _BEFORE), match.start())
    }


def _shown(day: Day) -> str:
    return f"{day[2]} {MONTHS[day[1] - 1]} {day[0]}"
