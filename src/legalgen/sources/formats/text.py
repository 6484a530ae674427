"""Plain text: paragraphs between blank lines; a line that begins with a number begins one too."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from legalgen.errors import UsageError
from legalgen.sources.numbering import Line, outline_of
from legalgen.sources.outline import Outline

_BEGINS: Final = re.compile(
    r"\s*(?:[0-9]{1,4}[A-Z]{0,3}\s+\(1\)\s|\(?[0-9]{1,4}[A-Z]?(?:\.[0-9]+)*[.)\]]|\[[0-9]{1,4}\]|\([A-Za-z]{1,5}\)|[a-z][.)]|"
    r"(?:PART|CHAPTER|SCHEDULE|ANNEX|ARTICLE|SECTION|Part|Chapter|Schedule|Annex|Article|Section|"
    r"Regulation|Rule|Clause|§)\s*[0-9IVXLC]|[-*•]\s)"
)
_BARE: Final = re.compile(r"\s*\d{1,4}[A-Z]{0,3}\s+[A-Z][^.;:]{2,110}$")
_TITLED: Final = re.compile(
    r"\s*(?:ARTICLE|SECTION|REGULATION|RULE|Article|Section|Regulation|Rule|Clause|§)\s*"
    r"[0-9]{1,4}[^\W\d_]{0,3}\.?(?:\s+[^\W\d_a-z][^.;:,]{2,80})?\s*$"
)
"""A unit by its word and number, alone or with its heading; its text begins in the next line."""
_AFTER_SENTENCE: Final = re.compile(r"\s*\d{1,3}\s+[A-Z]")
"""A number that begins a paragraph where the line before ended a sentence."""
_BLOCK: Final = 1 << 20
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f\ufffd]")
_ALONE: Final = re.compile(
    r"\s*(?:PART|CHAPTER|SCHEDULE|ANNEX|APPENDIX|TITLE)\s+[0-9IVXLC]+[A-Z]?\s*$", re.IGNORECASE
)
"""A heading that is a number alone; what it is about stands in the next line."""


_NUMBERED: Final = re.compile(
    r"\s*(?:\[?\d{1,4}[A-Z]?(?:[.)\]]|(?=\s))|(?P<enclosed>\([0-9A-Za-z]{1,5}\)))"
)
_ENDS: Final = (".", ";", ":", "!", "?", "\u2014", "\u2013", "-")
_AWAITS_NUMBER: Final = re.compile(
    r"\b(?:paragraphs?|paras?|sections?|subsections?|articles?|regulations?|rules?|clauses?|parts?"
    r"|schedules?|chapters?|recitals?|pages?|numbers?|nos?|at|of|by|within|the|than|over|about|from"
    r"|between|exceeding|\d+[A-Z]?\)?\s(?:and|or|to))$",
    re.IGNORECASE,
)
"""How a line ends that goes on with a number."""
_LISTS: Final = re.compile(r"\b(?:and|or)$")
_OF_REFERENCE: Final = re.compile(r"(?:of|to|or|and|above|below|applies|apply)\b|[,.;)]")
_LINES_COMPARED: Final = 100
LONGEST_PARAGRAPH: Final = 1 << 20
"""Characters; what is longer goes on in another, for each is taken apart into its words."""
_LEAST_WIDTH: Final = 40


def read(path: Path) -> Outline:
    """The structure of a text file, UTF-8 or else Windows' Western alphabet.

    Raises:
        UsageError: it is no text.
    """
    lines = paragraphs(each for line in decoded_lines(path) for each in line.splitlines())
    listed = [Line(line) for line in lines]
    if not listed:
        raise UsageError(f"{path} holds no text")
    first = listed[0].text
    title = first if len(first.split()) <= 20 else ""
    return outline_of(listed, title=title)


def decoded_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, as it is read.

    Raises:
        UsageError: it holds bytes that no text has.
    """
    encoding = encoding_of(path)
    with path.open(encoding=encoding, errors="replace") as file:
        yield from file


def encoding_of(path: Path) -> str:
    """What a text file is written in: by its mark, else UTF-8, else Windows' Western alphabet.

    A file of UTF-8 with a few broken bytes is still that: the letters beyond ASCII that can be read
    outnumber them.

    Raises:
        UsageError: it holds bytes that no text has.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    read = broken = 0
    with path.open("rb") as file:
        mark = file.read(4)
        if mark.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            return "utf-32"
        if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        while block := file.read(_BLOCK):
            if b"\0" in block:
                raise UsageError(
                    f"{path} is no text: it holds null bytes; if it is UTF-16, save it as UTF-8"
                )
            if not block.isascii():
                text = decoder.decode(block)
                broken += text.count("\ufffd")
                read += sum(1 for _ in _BEYOND_ASCII.finditer(text))
    return "utf-8-sig" if not broken or read > 10 * broken else "cp1252"


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Lines that were wrapped, joined again: up to a blank line, or one that begins something."""
    kept: list[str] = []
    widths: deque[int] = deque(maxlen=_LINES_COMPARED)
    size = 0
    for line in chain.from_iterable(map(pieces_of, lines)):
        if len(kept) == 2 and _ALONE.match(kept[0]) and len(kept[1].split()) <= 12:
            yield " ".join(" ".join(kept).split())
            kept = []
        ended = not kept or kept[-1].rstrip().endswith((".", ";", ":"))
        begins = _BEGINS.match(line) or _BARE.match(line) or (ended and _AFTER_SENTENCE.match(line))
        if begins and kept and _goes_on(kept, line, max(widths)):
            begins = None
        if kept and (not line.strip() or begins or size + len(line) > LONGEST_PARAGRAPH):
            yield " ".join(" ".join(kept).split())
            kept = []
        if line.strip():
            going_on = bool(kept)
            size = size + len(line) + 1 if kept else len(line)
            kept.append(line)
            widths.append(len(line.rstrip()))
            headed = _BARE.match(line) or (ended and _TITLED.match(line))
            if headed and not going_on:  # number and heading are a line by themselves
                yield " ".join(line.split())
                kept = []
    if kept:
        yield " ".join(" ".join(kept).split())


def pieces_of(line: str) -> Iterator[str]:
    """A line in pieces as long as a paragraph may be, cut after sentences, else between words."""
    begin = 0
    while len(line) - begin > LONGEST_PARAGRAPH:
        end = begin + LONGEST_PARAGRAPH
        sentence = line.rfind(". ", begin, end)
        cut = sentence + 1 if sentence > begin else line.rfind(" ", begin, end)
        end = cut if cut > begin else end
        yield line[begin:end]
        begin = end
    yield line[begin:]


def _goes_on(kept: Sequence[str], line: str, width: int) -> bool:
    """Whether a line that begins with a number was wrapped within a sentence.

    The line before ends in a word that a number follows (``paragraph``), or it has no end: then the
    sentence goes on in small letters, or that line is as long as wrapped lines of this text are.
    """
    before = kept[-1].rstrip()
    numbered = _NUMBERED.match(line)
    if numbered is None or before.endswith(_ENDS):
        return False
    if _AWAITS_NUMBER.search(before):
        return True
    if before.endswith(",") or _LISTS.search(before):
        return False  # the next of a list
    rest = line[numbered.end() :].lstrip()
    if numbered["enclosed"]:
        return _OF_REFERENCE.match(rest) is not None
    if rest[:1].islower():
        return True
    return len(kept) > 1 and width >= _LEAST_WIDTH and len(before) >= 0.8 * width
