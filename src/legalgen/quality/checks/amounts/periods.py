"""Periods and days that have words of their own, as numbers: ``a fortnight`` is fourteen days."""

from __future__ import annotations

import re
from calendar import monthrange

from msgspec.structs import replace

from legalgen.quality.checks.amounts.sums import COUNT_WORD, number_of
from legalgen.quality.reading import Reading
from legalgen.quality.wordlists import MONTH, MONTHS

_TOLD_BY = frozenset({
    "fortnight", "fortnights", "decade", "decades", "half", "quarter", "quarters", "last", "first",
})  # fmt: skip
"""Without one of these words, in small letters, there is nothing to put in numbers."""
_UNITS = {"fortnight": (14, "days"), "decade": (10, "years")}
_UNIT = re.compile(
    rf"(?:\b(?P<n>an?|\d{{1,2}}|{COUNT_WORD}) )?\b(?P<unit>fortnight|decade)"
    r"(?P<own>s?['\u2019]?s?)\b",
    re.I | re.A,
)
_PART = re.compile(
    r"\b(?:(?P<half>half a|half-)|(?P<quarter>a|one|three) quarters? of a) ?year(?:['\u2019]s)?\b",
    re.I | re.A,
)
_AND_A_HALF = re.compile(
    rf"\b(?:(?P<one>an?|one) year and a half|(?P<n>{COUNT_WORD}) and a half years|"
    rf"(?P<m>{COUNT_WORD}) years and a half)\b",
    re.I | re.A,
)
_DAY_OF = re.compile(rf"\bthe (?P<which>last|first) day (?:of|in) (?P<month>{MONTH})\b")


def in_numbers(reading: Reading) -> Reading:
    """The same text with such periods and days in numbers."""
    if _TOLD_BY.isdisjoint(reading.vocabulary):
        return reading
    draft = reading.draft
    told = replace(
        draft,
        question=_in_numbers(draft.question),
        answer=_in_numbers(draft.answer),
        reasoning_steps=tuple(map(_in_numbers, draft.reasoning_steps)),
    )
    return reading if told == draft else replace(reading, draft=told)


def _in_numbers(text: str) -> str:
    text = _AND_A_HALF.sub(_of_half_years, text)
    text = _PART.sub(_of_year, text)
    text = _UNIT.sub(_of_unit, text)
    return _DAY_OF.sub(_of_month, text)


def _of_half_years(found: re.Match[str]) -> str:
    count = 1 if found["one"] else int(number_of(found["n"] or found["m"]))
    return f"{12 * count + 6} months"


def _of_year(found: re.Match[str]) -> str:
    quarter = found["quarter"]
    return "6 months" if found["half"] else f"{9 if quarter.casefold() == 'three' else 3} months"


def _of_unit(found: re.Match[str]) -> str:
    each, unit = _UNITS[found["unit"].casefold()]
    n = (found["n"] or "a").casefold()
    count = 1 if n in ("a", "an") else int(number_of(n))
    return f"{each * count} {unit}" + ("'" if found["own"][-2:-1] in ("'", "\u2019") else "")


def _of_month(found: re.Match[str]) -> str:
    month = MONTHS.index(found["month"]) + 1
    if found["which"] == "first":
        return f"1 {found['month']}"
    return found[0] if month == 2 else f"{monthrange(2001, month)[1]} {found['month']}"
