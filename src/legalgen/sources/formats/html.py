"""HTML: headings, paragraphs and lists; what frames a page is left out, and what it hides.

Scripts, menus, forms, dialogs and the foot of a page frame it, and so does all outside ``main``
where that element holds more than half of the words. An element hides its text by the attribute
``hidden`` or by its own style; sheets of styles are not read.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from lxml import etree

from legalgen.errors import UsageError
from legalgen.sources.formats.markup import INLINE
from legalgen.sources.formats.text import paragraphs
from legalgen.sources.numbering import Line, outline_of
from legalgen.sources.outline import Outline

_CHARSET: Final = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"
}  # fmt: skip
_MEANT: Final = {
    "iso8859-1": "cp1252", "ascii": "cp1252",
    "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8",
}  # fmt: skip
_LEFT_OUT: Final = frozenset(
    {"script", "style", "nav", "noscript", "template", "svg", "button", "form", "select", "dialog",
     "iframe", "textarea"}
)  # fmt: skip
_ROLES_LEFT_OUT: Final = frozenset(
    {"navigation", "search", "menu", "menubar", "dialog", "alertdialog", "contentinfo"}
)
_CONTENT: Final = frozenset({"main", "article", "section", "blockquote"})
"""Within these, ``footer`` is that of a text, as where a judgment is signed."""
_HIDES: Final = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.I)
_LABEL: Final = re.compile(r"\(?[0-9A-Za-z]{1,5}[.)]|\[\d{1,4}\]|[\u2014\u2013\u2022-]")
"""A number alone in a cell; what it counts stands in the next, as in EUR-Lex."""
_NOTES: Final = frozenset({"note", "footnote"})
"""What is below a text, with numbers of its own."""
_FILE_NAME: Final = re.compile(r"\S+\.(?:xml|html?|docx?|pdf|fmx)", re.IGNORECASE)
_BEGUN: Final = re.compile(
    r"\s*(?:(?:part|chapter|schedule|annex|article|section|regulation)\s+)?"
    r"(?:\d{1,4}[A-Z]{0,3}[.)]?|\((?:\d{1,4}[A-Z]?|[A-Za-z]{1,5})\)|[IVXLC]{1,7}\.?)",
    re.IGNORECASE,
)
"""A number that an element sets off, as legislation.gov.uk does, with a sheet of styles."""
_LONGEST_NUMBER: Final = 9
"""Digits of what a list begins with."""
_FEW_PIECES: Final = 8
_CASE: Final = re.compile(r"[\[(]\d{4}[\])]\s+(?:\d+\s+)?[A-Z]|\b\d{4}\s+[A-Z]{2,6}\s+\d")
"""How a case is cited."""
_HEADINGS: Final = {f"h{depth}": depth for depth in range(1, 7)}
_VOID: Final = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "col", "source"})


def read(path: Path) -> Outline:
    """The structure of an HTML file.

    Raises:
        UsageError: it holds no text.
    """
    collector = _Lines()
    parser = cast(
        Any,
        etree.HTMLParser(
            target=collector,
            encoding="utf-8",
            no_network=True,
            huge_tree=False,
            recover=True,
        ),
    )
    page = path.open(encoding=_encoding(path), errors="replace", newline="")
    with contextlib.suppress(etree.XMLSyntaxError), page:  # empty: no lines
        for piece in iter(lambda: page.read(1 << 16), ""):
            parser.feed(piece.encode("utf-8", "replace"))
        parser.close()
    lines = collector.main_lines()
    if not lines:
        raise UsageError(f"{path} holds no text")
    return outline_of(lines, title=_title(lines, collector))


def _title(lines: Sequence[Line], collector: _Lines) -> str:
    """The title of a page: its highest heading, but for that of a court above its many cases."""
    first = next((line.text for line in lines if line.heading == 1), "")
    if _CASE.search(collector.title) and not _CASE.search(first):
        return collector.title
    named = "" if _FILE_NAME.fullmatch(collector.title) else collector.title
    return first or named or collector.called


def _encoding(path: Path) -> str:
    """What a page is written in, as browsers take it: its mark goes before what it says.

    What says that it is Latin-1 is in Windows' Western alphabet, whose quotation marks it has; and
    what can be read to say UTF-16 is not.

    Raises:
        UsageError: it is in letters of two bytes, and has no mark.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    if head.count(0) > len(head) // 4:
        raise UsageError(f"{path} holds null bytes; if it is UTF-16, save it as UTF-8")
    declared = _CHARSET.search(head[:4096])
    with contextlib.suppress(LookupError, UnicodeError):
        if declared is not None:
            found = codecs.lookup(declared[1].decode("ascii")).name
            "".encode(found)  # of Python's codecs some are for no text
            return _MEANT.get(found, found)
    try:
        head[: head.rfind(b">") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


class _Lines:
    """Collects the lines of a page while it is parsed."""

    def __init__(self) -> None:
        self.title = ""
        self.called = ""
        """What the Official Journal calls the text, in no heading."""
        self.lines: list[Line] = []
        self._of_main: list[Line] = []
        self._text: list[str] = []
        self._title: list[str] | None = None
        self._left_out = 0
        self._content: list[str] = []
        """Elements that are open of those that hold a text rather than frame it."""
        self._heading = 0
        self._set_off = False
        """A number has just ended with which the line begins."""
        self._verbatim = 0
        """How many elements are open in which the ends of lines are written."""
        self._row = False
        """A row has begun of which no line was taken."""
        self._names = self._is_note = False
        self._lists: list[int | None] = []
        """Of each list that is open, the number of its last item; None where it has no numbers."""
        self._number = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        tag = tag.rpartition("}")[2].casefold()
        if tag == "title" and not self.title:
            self._title = []
        if self._left_out or self._frames(tag, attributes):
            self._left_out += tag not in _VOID
            return
        if tag in _CONTENT:
            self._content.append(tag)
        self._verbatim += tag == "pre"
        if tag in ("td", "th"):
            self._text.append(" ")
        elif tag not in INLINE:
            self._flush()
            self._row = self._row or tag == "tr"
            self._names = self._is_note = False
            if "class" in attributes:
                self._look_at(attributes["class"])
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        else:
            self._count(tag, attributes)

    def _count(self, tag: str, attributes: dict[str, str]) -> None:
        """Count the items of lists, which a page shows with numbers that it does not write."""
        if tag in ("ol", "ul"):
            begin = attributes.get("start", "1")
            counted = tag == "ol" and attributes.get("type", "1") == "1"
            counted = counted and begin.isdecimal() and len(begin) <= _LONGEST_NUMBER
            self._lists.append(int(begin) - 1 if counted else None)
        elif tag == "li" and self._lists:
            last = self._lists[-1]
            if last is not None:
                self._lists[-1] = last + 1
                self._number = str(last + 1)

    def _frames(self, tag: str, attributes: dict[str, str]) -> bool:
        """Whether an element is no part of the text that a reader of the page sees."""
        return (
            tag in _LEFT_OUT
            or (tag == "footer" and not self._content)
            or ("role" in attributes and attributes["role"].casefold() in _ROLES_LEFT_OUT)
            or ("hidden" in attributes and attributes["hidden"].casefold() != "until-found")
            or ("style" in attributes and _HIDES.search(attributes["style"]) is not None)
        )

    def _look_at(self, classes: str) -> None:
        """What the Official Journal tells by its styles, with a word before them or without."""
        styles = {each.removeprefix("oj-") for each in classes.split()}
        self._row = self._row or "grid-list" in styles
        self._names = not self.called and "doc-ti" in styles
        self._is_note = not styles.isdisjoint(_NOTES)

    def main_lines(self) -> list[Line]:
        """The lines of the text: those of ``main``, if most of the words stand there."""
        words, within = (
            sum(len(line.text.split()) for line in each) for each in (self.lines, self._of_main)
        )
        return self._of_main if within > words / 2 else self.lines

    def data(self, text: str) -> None:
        """Text, in pieces of any size."""
        if self._title is not None:
            self._title.append(text)
        elif not self._left_out:
            if self._set_off and (text[:1].isalpha() or text[:1] == "("):
                self._text.append(" ")
            self._set_off = False
            self._text.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        tag = tag.rpartition("}")[2].casefold()
        if tag == "title" and self._title is not None:
            self.title = " ".join("".join(self._title).split())
            self._title = None
            return
        if self._left_out:
            self._left_out -= tag not in _VOID
            return
        if tag == "tr":
            self._row = False
        if tag not in INLINE and tag not in ("td", "th"):
            self._flush()
        elif tag == "span" and len(self._text) <= _FEW_PIECES:
            self._set_off = _BEGUN.fullmatch("".join(self._text)) is not None
        self._verbatim -= tag == "pre" and self._verbatim > 0
        if tag in _CONTENT and self._content:
            self._content.pop()
        if tag in _HEADINGS:
            self._heading = 0
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()

    def close(self) -> None:
        """The page has ended."""
        self._row = False
        self._flush()

    def _take(self, line: Line) -> None:
        self.lines.append(line)
        if "main" in self._content:
            self._of_main.append(line)

    def _flush(self) -> None:
        if self._verbatim:
            written = "".join(self._text).splitlines()
            self._text = []
            for paragraph in paragraphs(written):
                self._take(Line(paragraph, self._heading))
            return
        text = " ".join("".join(self._text).split())
        if self._row and _LABEL.fullmatch(text):
            self._text = [text, " "]
            return
        self._text = []
        if text:
            self._row = False
            place = (self._heading, len(self._lists), self._number)
            self._take(Line(text, *place, quoted=self._is_note))
            self.called = text if self._names else self.called
            self._number, self._names, self._is_note = "", False, False
