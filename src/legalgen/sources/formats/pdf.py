"""PDF with text in it, by pypdf; pages that are only pictures have none, and are told.

A page is read in the order in which its file writes it: columns one after another where the file
has them so, as word processors do; lines that are written across two columns stay so. What runs
along on the pages (heads, feet, page numbers) is left out where it repeats; a word that was parted
at the end of a line is joined.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pypdf
from pypdf.errors import DependencyError, PyPdfError

from legalgen.errors import UsageError
from legalgen.sources.formats.text import paragraphs
from legalgen.sources.numbering import Line, outline_of
from legalgen.sources.outline import Outline

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it talks of each oddity of a file
_DAMAGE: Final = (
    PyPdfError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
    AssertionError, RecursionError, zlib.error,
)  # fmt: skip
"""What pypdf raises on files that are not what they should be."""
_EDGE_LINES: Final = 3
"""At the top and the bottom of a page, among which heads and feet are."""
_LEAST_PAGES: Final = 3
_SHARE: Final = 0.3
"""Of the pages that a head or foot stands on; those of left and right pages may differ."""
_MOST_WORDS: Final = 14
_NUMBERED: Final = re.compile(r"\s*(?:\(?[0-9a-z]{1,4}[.)]\s|\[\d|\d+[A-Z]*\s+[A-Z])")
_PAGE_NUMBER: Final = re.compile(
    r"\W*(?:page|p\.|pg\.?|seite)?\W*(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/|von)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"\d+")
_PARTED: Final = re.compile(r"([^\W\d_]+)-$")
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_KEPT_APART: Final = frozenset(
    {
        "anti", "co", "cross", "ex", "inter", "multi", "non", "over", "post", "pre", "pro", "quasi",
        "re", "self", "semi", "sub", "under", "vice", "well",
    }
)  # fmt: skip
"""Beginnings that keep their hyphen where the text does not show the word elsewhere."""


def read(path: Path) -> Outline:
    """The structure of the text of a PDF.

    Raises:
        UsageError: it is damaged, closed by a password, or has no text.
    """
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UsageError(f"{path} is closed by a password: save it without one")
        pages = [page.extract_text().splitlines() for page in reader.pages]
        pictures = [
            number
            for number, (page, lines) in enumerate(zip(reader.pages, pages, strict=True), 1)
            if not any(map(str.strip, lines)) and len(page.images)
        ]
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except (DependencyError, NotImplementedError) as error:
        raise UsageError(
            f"{path} is encrypted or packed in a way that is not read ({error}): save it plain"
        ) from error
    except _DAMAGE as error:
        raise UsageError(f"{path} cannot be read as PDF: {error}") from error
    lines = [Line(each) for each in paragraphs(_rejoined(list(_without_running_lines(pages))))]
    if not lines:
        raise UsageError(f"{path} has no text: its pages are pictures; run OCR over it first")
    first = lines[0].text if len(lines[0].text.split()) <= 20 else ""
    outline = outline_of(lines, title=title.strip() or first)
    if pictures:
        where = f"{'page' if len(pictures) == 1 else 'pages'} {_spans(pictures)}"
        outline.left_out = f"{path} has pictures and no text on {where}: run OCR over it first"
    return outline


def _spans(numbers: Sequence[int]) -> str:
    """Numbers in their order, those that follow each other as one: ``2, 5-7``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{each[0]}-{each[-1]}" if each[1:] else f"{each[0]}" for each in spans)


# --- what runs along on the pages --------------------------------------------------------------


def _without_running_lines(pages: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of all pages but their heads and feet; what begins the first page is its title."""
    full = [[line for line in page if line.strip()] for page in pages]
    least = max(_LEAST_PAGES, _SHARE * len(full))
    heads = [_running([page[at : at + 1] for page in full], least) for at in range(_EDGE_LINES)]
    feet = [
        _running([page[::-1][at : at + 1] for page in full], least) for at in range(_EDGE_LINES)
    ]
    for number, page in enumerate(full, 1):
        first = _count(page, heads, number)
        last = len(page) - _count(page[first:][::-1], feet, number)
        # What stands first of all is a title, whatever repeats it.
        yield from page[:last] if number == 1 else page[first:last]


def _running(lines: Iterable[Sequence[str]], least: float) -> set[str]:
    """What stands at one place of so many pages that it is no text of the law."""
    counts = Counter(_key(line) for found in lines for line in found if _may_run(line))
    return {key for key, count in counts.items() if count >= least}


def _may_run(line: str) -> bool:
    """Whether a line may be a head: short, no numbered rule, no part of a sentence."""
    return (
        len(line.split()) <= _MOST_WORDS
        and not _NUMBERED.match(line)
        and not line.rstrip().endswith((",", ";", ":", "-", "."))
    )


def _count(lines: Sequence[str], known: Sequence[set[str]], page: int) -> int:
    """How many lines from the edge of a page on are a head, a foot or the number of the page."""
    for at, running in enumerate(known):
        if at >= len(lines) or not (_key(lines[at]) in running or _numbers(lines[at], page)):
            return at
    return len(known)


def _key(line: str) -> str:
    """A line without its numbers, which count the pages."""
    return _DIGITS.sub("#", " ".join(line.casefold().split()))


def _numbers(line: str, page: int) -> bool:
    return _PAGE_NUMBER.fullmatch(line) is not None and str(page) in _DIGITS.findall(line)[:1]


# --- words that were parted --------------------------------------------------------------------


def _rejoined(lines: Sequence[str]) -> Iterator[str]:
    """The lines, each word that was parted at the end of one whole again."""
    known = Counter(word.casefold() for line in lines for word in _WORD.findall(line))
    waiting = ""
    for line in lines:
        now = line.strip()
        if waiting:
            now = _joined(waiting, now, known)
        parted = _PARTED.search(now)
        waiting = now if parted else ""
        if not parted:
            yield now
    if waiting:
        yield waiting


def _joined(line: str, following: str, known: Counter[str]) -> str:
    """Two lines of which the first ends in a hyphen."""
    parted, goes_on = _PARTED.search(line), _WORD.match(following)
    if parted is None or goes_on is None or goes_on[0] in ("and", "or", "to"):
        return f"{line} {following}"  # "short- and long-term"
    begun, whole = parted[1].casefold(), f"{parted[1]}{goes_on[0]}".casefold()
    hyphened = f"{begun}-{goes_on[0]}".casefold()
    keeps = known[hyphened] > known[whole] or (
        not known[whole] and (begun in _KEPT_APART or not goes_on[0][0].islower())
    )
    return f"{line}{following}" if keeps else f"{line[:-1]}{following}"
