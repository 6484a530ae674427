"""Pieces that many patterns share: years, sections and other pinpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from re import Match

from legalgen.law.citations.parsed import folded

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
    rf"(?P<w>{PIN_WORD})\s*(?P<n>{PINS}|[ivx]+)\s*,?\s*(?:of\s+)?(?:the\s+)?(?:uk\s+)?$"
)
"""In folded text."""
_PIN_ABBREVIATION = {
    "s": "s", "§": "s", "a": "art", "reg": "reg", "rul": "r", "r": "r", "pa": "Pt", "pt": "Pt",
    "sc": "Sch", "para": "para", "ch": "ch", "reci": "recital", "clau": "cl",
}  # fmt: skip


YEAR_IN_BRACKETS = re.compile(r"[\[(](?:1\d|20)\d\d")
NUMBER_THEN_NAME = re.compile(r"\d\]?\s+[A-Z]")
DIGITS_AROUND_SLASH = re.compile(r"\d/\d")
"""What several productions begin with; looked for once in a text."""


def any_of(names: Iterable[str]) -> str:
    """A pattern for any of the names, the longest first, where a word begins.

    It begins with the first letters themselves, and looks back from there: a search for a letter
    skips what is none in a tenth of the time in which a pattern with ``\\b`` is tried there.
    """
    ordered = sorted(dict.fromkeys(names), key=len, reverse=True)
    return by_letter(map(re.escape, ordered))


def by_letter(patterns: Iterable[str], unless: str = r"(?<!\w{0})") -> str:
    """The alternatives grouped by their first letters, where ``unless`` does not stand before.

    ``{0}`` in it is the letter, which has been read when it is looked at. A set such as ``[A-Z]``
    is a letter of its own.
    """
    groups: dict[str, list[str]] = {}
    for pattern in patterns:
        first = first_sign(pattern)
        groups.setdefault(first, []).append(pattern[len(first) :])
    branches = (
        f"{first}{unless.replace('{0}', first)}(?:{'|'.join(rest)})"
        for first, rest in groups.items()
    )
    return f"(?:{'|'.join(branches)})"


def first_sign(pattern: str) -> str:
    """The letter or the set with which a pattern begins; nothing, where that is an escape."""
    return _ONE_SIGN.match(pattern)[0]  # type: ignore[index] # it may be empty


_ONE_SIGN = re.compile(r"\[[^\]]+\]|[^\\]|")


def by_beginning(patterns: Iterable[str]) -> str:
    """As ``by_letter``, of patterns that may begin with ``[Aa]`` or ``(?:a|b)`` as well."""
    return by_letter(each for pattern in patterns for each in begun(pattern))


_EITHER = re.compile(r"\[(\w+)\]")
_PART = re.compile(r"\\.|\[[^\]]*\]|(?P<sign>[(|)])")


def begun(pattern: str) -> Iterator[str]:
    """The same pattern as alternatives of which each begins with a letter.

    Nothing is said of how often a group comes that the pattern begins with: it comes once.
    """
    if letters := _EITHER.match(pattern):
        yield from (letter + pattern[letters.end() :] for letter in letters[1])
    elif pattern.startswith("(?:"):
        *ends, close = _ends_of_choices(pattern)
        starts = (3, *(end + 1 for end in ends))
        for start, end in zip(starts, (*ends, close), strict=True):
            yield from begun(pattern[start:end] + pattern[close + 1 :])
    else:
        yield pattern


def _ends_of_choices(pattern: str) -> Iterator[int]:
    """Where the alternatives end of the group with which a pattern begins."""
    depth = 0
    for part in _PART.finditer(pattern):
        if depth == 1 and part["sign"] in ("|", ")"):
            yield part.start()
        depth += {"(": 1, ")": -1}.get(part["sign"] or "", 0)
        if depth == 0:
            return


def pinpoint_of(word: str, number: str) -> str:
    """The pinpoint as keys have it, from its word and its numbers: ``s 172``."""
    folded_word = word.lower()
    for length in (4, 3, 2, 1):
        short = _PIN_ABBREVIATION.get(folded_word[:length])
        if short:
            break
    if "," in number or "-" in number or number[0] in "LRD":
        number = _LOOSE.sub(r"\1", number).replace(",", ", ")
    return f"{short} {number}"


_LOOSE = re.compile(r"\s*(,|-)\s*|(?<=^[LRD])[.\s]+")
"""What stands around the signs of a pinpoint, and after the letter of a French article."""


def pinpoint_near(m: Match[str]) -> str:
    """The pinpoint that stands after a match, or before it."""
    after = _PINPOINT_AFTER.match(m.string, m.end())
    if after is not None:
        return pinpoint_of(after["w"], after["n"])
    text = m.string[max(0, m.start() - 60) : m.start()]
    before = _PINPOINT_BEFORE.search(folded(text))
    return pinpoint_of(before["w"], text[slice(*before.span("n"))]) if before else ""


def full_year(digits: str) -> int:
    """The year of two digits or four."""
    number = int(digits)
    return number if len(digits) == 4 else number + (1900 if number >= 52 else 2000)


def last_year(text: str) -> int | None:
    """The last year that a text names."""
    found = re.findall(r"\b(?:19|20)\d\d\b", text)
    return int(found[-1]) if found else None
