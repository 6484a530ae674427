"""Pieces that many patterns share: years, sections and other pinpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import Match

YEAR = r"(?P<year>1[0-9]\d\d|20\d\d)"
PIN = r"\d+[A-Za-z]{0,3}(?:\.\d+)*(?:\([0-9a-zA-Z]{1,5}\))*"
PINS = rf"{PIN}(?:\s*(?:-|,|&|and|to|or)\s*{PIN}|\s*-\s*\([0-9a-zA-Z]{{1,5}}\))*"
PIN_WORD = (
    r"(?:ss?\.|ss?(?=\s?\d)|sections?|§§?|arts?\.?|articles?|regs?\.?(?=\s?\d)|regulations?(?=\s\d)"
    r"|rules?(?=\s\d)|rr?\.?(?=\s?\d)|parts?(?=\s\d)|pts?\.?(?=\s?\d)|sched(?:ule)?s?\.?(?=\s?\d)"
    r"|sch\.?(?=\s?\d)|paras?\.?|chapters?(?=\s\d)|ch\.?(?=\s?\d))"
)
_PINPOINT_AFTER = re.compile(
    r"(?:,?\s\(?(?:S\.?S?\.?I\.?\s\d{4}/\d+|(?:asp|anaw|asc)\s\d+)\)?"  # its number
    r"|\s\([A-Z][A-Za-z]{1,9}(?:\s\d{4})?\))?"  # or what it is called from here on
    rf"[\s,:(]*(?P<w>{PIN_WORD})\s*(?P<n>{PINS}|[IVX]+\b)",
    re.I,
)
_PINPOINT_BEFORE = re.compile(
    rf"(?P<w>{PIN_WORD})\s*(?P<n>{PINS}|[IVX]+)\s*,?\s*(?:of\s+)?(?:the\s+)?(?:UK\s+)?$", re.I
)
_PIN_ABBREVIATION = {
    "s": "s", "§": "s", "a": "art", "reg": "reg", "rul": "r", "r": "r", "pa": "Pt", "pt": "Pt",
    "sc": "Sch", "para": "para", "ch": "ch", "reci": "recital", "clau": "cl",
}  # fmt: skip


YEAR_IN_BRACKETS = re.compile(r"[\[(](?:1\d|20)\d\d")
NUMBER_THEN_NAME = re.compile(r"\d\]?\s+[A-Z]")
DIGITS_AROUND_SLASH = re.compile(r"\d/\d")
"""What several productions begin with; looked for once in a text."""


def any_of(names: Iterable[str]) -> str:
    """A pattern for any of the names, the longest first, grouped by first letter: faster so."""
    groups: dict[str, list[str]] = {}
    for name in sorted(dict.fromkeys(names), key=len, reverse=True):
        groups.setdefault(name[0], []).append(re.escape(name[1:]))
    branches = (f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items())
    return f"(?=[{''.join(map(re.escape, groups))}])(?:{'|'.join(branches)})"


def pinpoint_of(match: Match[str] | None) -> str:
    """The pinpoint as keys have it: ``s 172``; empty for no match."""
    if match is None:
        return ""
    word = match["w"].lower()
    for length in (4, 3, 2, 1):
        short = _PIN_ABBREVIATION.get(word[:length])
        if short:
            break
    number = re.sub(r"\s*(,|-)\s*|(?<=^[LRD])[.\s]+", r"\1", match["n"]).replace(",", ", ")
    return f"{short} {number}"


def pinpoint_near(m: Match[str]) -> str:
    """The pinpoint that stands after a match, or before it."""
    after = _PINPOINT_AFTER.match(m.string, m.end())
    if after is not None:
        return pinpoint_of(after)
    return pinpoint_of(_PINPOINT_BEFORE.search(m.string[max(0, m.start() - 60) : m.start()]))


def full_year(digits: str) -> int:
    """The year of two digits or four."""
    number = int(digits)
    return number if len(digits) == 4 else number + (1900 if number >= 52 else 2000)


def last_year(text: str) -> int | None:
    """The last year that a text names."""
    found = re.findall(r"\b(?:19|20)\d\d\b", text)
    return int(found[-1]) if found else None
