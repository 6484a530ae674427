"""The structure of a legal text: divisions within divisions, and how a place in it is cited."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

import msgspec

LawKind = Literal["statute", "instrument", "judgment", "contract", "text"]
"""What sort of text it is; it decides how a numbered division is called."""


class Division(msgspec.Struct, gc=False):
    """One division of a text: a part, a section, a numbered paragraph.

    ``level`` is what the division is (``"section"``), ``number`` its number without punctuation
    (``"5A"``), empty where it has none, ``heading`` its heading. ``items`` is its text in reading
    order, line by line, with the divisions within it where they stand; number and heading are part
    of the text.
    """

    level: str
    number: str = ""
    heading: str = ""
    items: list[str | Division] = []

    def divisions(self) -> Iterator[Division]:
        """The divisions directly within this one."""
        return (item for item in self.items if isinstance(item, Division))


class Outline(msgspec.Struct):
    """A whole text: its title, what sort it is, where it is law (if the format tells), its body."""

    body: Division
    title: str = ""
    kind: LawKind = "text"
    jurisdiction: str | None = None
    characters: int = 0
    """Characters of the text that are not white space, counted while it was read."""
    left_out: str = ""
    """What of the file could not be read, in words."""


GROUPING: Final = frozenset(
    {
        "text", "preface", "preamble", "title", "subtitle", "book", "part", "subpart", "chapter",
        "subchapter", "division", "subdivision", "crossheading", "schedule", "annex", "appendix",
        "amendment", "heading", "group", "recitals",
    }
)  # fmt: skip
"""Levels that hold the units of a text; such a division is never one chunk with several units."""

UNITS: Final = frozenset(
    {"article", "section", "regulation", "rule", "clause", "numbered", "recital", "row"}
)
"""Levels that are cited by themselves: what a chunk is made of."""

ANCHORS: Final = frozenset({"schedule", "annex", "appendix", "amendment", "article", "clause"})
"""Levels whose units are cited with the number above them: ``"Sch 1, para 3"``."""

_FULL_LABELS: Final[Mapping[str, str]] = {
    "title": "title ", "subtitle": "subtitle ", "book": "book ", "part": "pt ",
    "subpart": "subpt ", "chapter": "ch ", "subchapter": "subch ", "division": "div ",
    "schedule": "Sch ", "annex": "annex ", "appendix": "app ", "amendment": "amend ",
    "article": "art ", "section": "s ", "regulation": "reg ", "rule": "r ", "clause": "clause ",
    "recital": "recital ", "row": "no ", "paragraph": "para ", "numbered": "para ",
}  # fmt: skip
_AMERICAN: Final[Mapping[str, str]] = {
    "section": "§ ", "article": "art. ", "amendment": "amend. ", "title": "tit. ",
    "part": "pt. ", "chapter": "ch. ", "schedule": "sched. ", "appendix": "app. ",
}  # fmt: skip
_LEADING_WORD: Final = re.compile(
    r"^(?:sub)?(?:art(?:icle|\.)|sec(?:tion|\.|t\.)?|part|chapter|title|book|schedule|annex|"
    r"appendix|amendment|reg(?:ulation|\.)|rule|clause|para(?:graph|\.)?|division|exhibit|"
    r"recital|no\.?|§+)\s*",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[0-9A-Za-z]+(?:[.\-\u2013][0-9A-Za-z]+)*")


_HALF_LETTERS: Final = re.compile("[\ud800-\udfff]")
_OF_PRINTING: Final = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""Where a word may be parted and where not, and marks of an encoding: nobody sees them."""


def composed(text: str) -> str:
    """A text as chunks have it: each accent in its letter, no half of a pair of surrogates."""
    if text.isascii():
        return text
    text = _OF_PRINTING.sub("", text)
    return _HALF_LETTERS.sub("\ufffd", unicodedata.normalize("NFC", text))


def visible(text: str) -> int:
    """How many characters of a text are not white space, each accent in its letter."""
    return sum(map(len, composed(text).split()))


_LONGEST_HEADING: Final = 200
"""Characters; what is longer is no heading, and every chunk below it would carry it."""


def shortened(heading: str) -> str:
    """A heading or a title, cut between words where it is too long for one."""
    heading = composed(heading)
    if len(heading) <= _LONGEST_HEADING:
        return heading
    return heading[:_LONGEST_HEADING].rpartition(" ")[0] or heading[:_LONGEST_HEADING]


def bare_number(text: str) -> str:
    """The number alone: ``"Section 5A.—"`` is ``"5A"``, ``"(a) "`` is ``"a"``."""
    stripped = _LEADING_WORD.sub("", text.strip().lstrip("[("))
    found = _NUMBER.search(stripped)
    return found[0] if found else ""


def label(division: Division, *, kind: LawKind, jurisdiction: str) -> str:
    """A division as the beginning of a place: ``"s 5"``, ``"§ 5"``, ``"[45]"``."""
    if division.level == "numbered" and kind == "judgment":
        return f"[{division.number}]"
    american = _AMERICAN.get(division.level) if jurisdiction == "us" else None
    return (american or _FULL_LABELS.get(division.level, "para ")) + division.number


def deeper(pinpoint: str, division: Division) -> str:
    """The place of a division within one that is cited by ``pinpoint``: ``"s 5"`` to ``"s 5(2)"``.

    A decimal number says the numbers above it again and replaces them: ``"clause 1"`` to
    ``"clause 1.2"``.
    """
    before, _, last = pinpoint.rpartition(" ")
    if division.number.startswith(f"{last}.") and last:
        return f"{before} {division.number}".strip()
    return f"{pinpoint}({division.number})"


def walk(division: Division, enter: Callable[[Division], None]) -> None:
    """Visit a division and all within it, in reading order."""
    waiting = [division]
    while waiting:
        visited = waiting.pop()
        enter(visited)
        waiting.extend(reversed(list(visited.divisions())))
