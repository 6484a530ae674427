"""Plain text: paragraphs between blank lines; a line that begins with a number begins one too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
_AFTER_SENTENCE: Final = re.compile(r"\s*\d{1,3}\s+[A-Z]")
"""A number that begins a paragraph where the line before ended a sentence."""
_ALONE: Final = re.compile(
    r"\s*(?:PART|CHAPTER|SCHEDULE|ANNEX|APPENDIX|TITLE)\s+[0-9IVXLC]+[A-Z]?\s*$", re.IGNORECASE
)
"""A heading that is a number alone; what it is about stands in the next line."""


def read(path: Path) -> Outline:
    """The structure of a text file, UTF-8 or else Windows' Western alphabet.

    Raises:
        UsageError: it is no text.
    """
    lines = list(paragraphs(decoded(path).splitlines()))
    if not lines:
        raise UsageError(f"{path} holds no text")
    first = lines[0]
    title = first if len(first.split()) <= 20 else ""
    return outline_of(map(Line, lines), title=title)


def decoded(path: Path) -> str:
    """The text of a file.

    Raises:
        UsageError: it holds bytes that no text has.
    """
    payload = path.read_bytes()
    if payload.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in payload:
        raise UsageError(f"{path} is no text: it holds null bytes")
    else:
        encoding = "utf-8-sig"
    try:
        return payload.decode(encoding)
    except UnicodeDecodeError:
        return payload.decode("cp1252", errors="replace")


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Lines that were wrapped, joined again: up to a blank line, or one that begins something."""
    kept: list[str] = []
    for line in lines:
        if len(kept) == 2 and _ALONE.match(kept[0]) and len(kept[1].split()) <= 12:
            yield " ".join(" ".join(kept).split())
            kept = []
        ended = bool(kept) and kept[-1].rstrip().endswith((".", ";", ":"))
        begins = _BEGINS.match(line) or _BARE.match(line)
        if kept and (not line.strip() or begins or (ended and _AFTER_SENTENCE.match(line))):
            yield " ".join(" ".join(kept).split())
            kept = []
        if line.strip():
            kept.append(line)
            if _BARE.match(line):  # a section's number and heading are a line by themselves
                yield " ".join(line.split())
                kept = []
    if kept:
        yield " ".join(" ".join(kept).split())
