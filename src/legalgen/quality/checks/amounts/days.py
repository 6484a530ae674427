"""The days that a text names, and one that no calendar has."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from legalgen.quality.reading import Finding, Reading
from legalgen.quality.wordlists import MONTH, MONTHS, NAMES_DAY

ONE_MONTH = f"(?a:{MONTH})"
"""Of ASCII alone: with ``re.I`` a dotless i would be an i, too, and be no month."""
ANY_DAY = re.compile(
    rf"\b(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m>{ONE_MONTH})(?:,? (?P<y>\d{{4}}))?"
    rf"|(?P<am>{ONE_MONTH}) (?P<ad>\d{{1,2}})(?:st|nd|rd|th)?(?:, (?P<ay>\d{{4}}))?)\b"
)
"""A date that may lack its year, which is then that of the others."""


def any_days(text: str) -> Iterator[re.Match[str]]:
    """The days of a text, in its order."""
    return ANY_DAY.finditer(text) if NAMES_DAY.search(text) else iter(())


def month_and_day(match: re.Match[str]) -> tuple[int, int]:
    """Month and day of a match of ``ANY_DAY``."""
    month = MONTHS.index((match["m"] or match["am"]).capitalize()) + 1
    return month, int(match["d"] or match["ad"])


def day_of(match: re.Match[str]) -> date | None:
    """The day of a match of ``ANY_DAY`` that has a year, if a calendar has it."""
    year, (month, number) = (
        int(match["y"] or match["ay"] or 0),
        (month_and_day(match) if match["m"] or match["am"] else (0, 0)),
    )
    if not 1900 <= year <= 2200 or not 1 <= number <= monthrange(year, month)[1]:
        return None
    return date(year, month, number)


_SHORT_MONTHS = frozenset({"february", "april", "june", "september", "november"})
_LAST_DAYS = frozenset({"29", "30", "31", "29th", "30th", "31st"})
_NUMBERED = re.compile(
    r"\b(?:sections?|articles?|rules?|regulations?|orders?|clauses?|items?|schedules?|parts?|lots?"
    r"|paragraphs?|paras?\.?|ss?\.?|arts?\.?|cl\.?|regs?\.?|nos?\.?) \Z",
    re.I,
)
_COUNTS = re.compile(r"\b(?:in|by|during|since|until|from|between|the|these|those|all) \Z", re.I)
"""What stands before a month and a number of things: "in June 31 clerks were dismissed"."""
_COUNTED_OF = re.compile(r"\b(?:the|these|those|all) \Z", re.I)
"""And before a number of things of a month: "the 31 June claims"."""
_NO_THING = re.compile(r"\s*(?:of|and|or|at|in|as|to|is|was|for|on|when|unless|if|which|that)\b")
_KNOWS = re.compile(r"exist|leap|no such|no (?:\w+ )?(?:29|30|31)|correspond|last day of", re.I)
"""What an answer has that knows of such a day, or counts one month after another."""
_DOUBTS = re.compile(
    r"\b(?:would|short|lacks?\b|has no\b|slip"
    r"|mistake|misprint|misdat|typing|typo|clerical|error|impossible)",
    re.I,
)
"""What stands in the sentence of a day that is not meant."""
_NOT = re.compile(r"\b(?:not|no(?! (?:later|more)\b)|nobody|never)\b[^.]{0,25}\Z", re.I)


def in_no_calendar(reading: Reading) -> Finding | None:
    """A day that its month has not; the question may have it, or the text may say that it is none.

    The 29th of February is a day of leap years only, and of any where no year is told. Without a
    year or the ``st`` of ``31st`` the number may be one of things.
    """
    vocabulary = reading.vocabulary
    if _SHORT_MONTHS.isdisjoint(vocabulary) or _LAST_DAYS.isdisjoint(vocabulary):
        return None
    asked = set(map(month_and_day, any_days(reading.draft.question)))
    for name, text in reading.texts[1:]:
        for match in any_days(text):
            month, number = month_and_day(match)
            year = int(match["y"] or match["ay"] or 2000)
            if not 1900 <= year <= 2200 or not monthrange(year, month)[1] < number <= 31:
                continue
            start, end = match.span()
            before = text[max(0, start - _NEAR) : start].rpartition(". ")[2]
            near = before + text[start : end + _NEAR].partition(". ")[0]
            if (month, number) in asked or _DOUBTS.search(near) or _NOT.search(before):
                continue
            if _NUMBERED.search(before) or _is_number_of_things(match, before):
                continue
            if not any(_KNOWS.search(other) for _, other in reading.texts[1:]):
                return "DEADLINE", f'"{match[0]}" in {name}: no month has it', name, True
            return None
    return None


def _is_number_of_things(match: re.Match[str], before: str) -> bool:
    """Whether a month and a number are no day: "in June 31 clerks", "the 31 June claims"."""
    text, end = match.string, match.end()
    if match["y"] or match["ay"] or not text[end : end + 2].strip().isalpha():
        return False
    if match["am"]:
        return _COUNTS.search(before) is not None
    return _COUNTED_OF.search(before) is not None and not _NO_THING.match(text, end)


_NEAR = 120
"""Characters around a day, of its sentence, in which it may be doubted."""
