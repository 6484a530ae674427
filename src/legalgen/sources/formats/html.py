"""HTML: headings, paragraphs and lists; what frames a page (scripts, menus) is left out."""

from __future__ import annotations

import codecs
import contextlib
import re
from pathlib import Path
from typing import Any, Final, cast

from lxml import etree

from legalgen.errors import UsageError
from legalgen.sources.formats.markup import INLINE
from legalgen.sources.numbering import Line, outline_of
from legalgen.sources.outline import Outline

_CHARSET: Final = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_LEFT_OUT: Final = frozenset(
    {"script", "style", "nav", "noscript", "template", "svg", "button", "form", "select"}
)
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
            encoding=_encoding(path),
            no_network=True,
            huge_tree=False,
            recover=True,
        ),
    )
    with contextlib.suppress(etree.XMLSyntaxError), path.open("rb") as file:  # empty: no lines
        for piece in iter(lambda: file.read(1 << 16), b""):
            parser.feed(piece)
        parser.close()
    lines = collector.lines
    if not lines:
        raise UsageError(f"{path} holds no text")
    first = next((line.text for line in lines if line.heading == 1), "")
    return outline_of(lines, title=first or collector.title)


def _encoding(path: Path) -> str:
    """What the page says that it is written in; else UTF-8 where it is that."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    declared = _CHARSET.search(head[:4096])
    with contextlib.suppress(LookupError):
        if declared is not None:
            return codecs.lookup(declared[1].decode("ascii")).name
    try:
        head[: head.rfind(b">") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


class _Lines:
    """Collects the lines of a page while it is parsed."""

    def __init__(self) -> None:
        self.title = ""
        self.lines: list[Line] = []
        self._text: list[str] = []
        self._title: list[str] | None = None
        self._left_out = 0
        self._heading = 0
        self._lists: list[int | None] = []
        """Of each list that is open, the number of its last item; None where it has no numbers."""
        self._number = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        tag = tag.rpartition("}")[2].casefold()
        if tag == "title" and not self.title:
            self._title = []
        if tag in _LEFT_OUT or self._left_out:
            self._left_out += tag not in _VOID
            return
        if tag in ("td", "th"):
            self._text.append(" ")
        elif tag not in INLINE:
            self._flush()
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in ("ol", "ul"):
            begin = attributes.get("start", "1")
            counted = tag == "ol" and attributes.get("type", "1") == "1"
            self._lists.append(int(begin) - 1 if counted and begin.isdigit() else None)
        elif tag == "li" and self._lists:
            last = self._lists[-1]
            if last is not None:
                self._lists[-1] = last + 1
                self._number = str(last + 1)

    def data(self, text: str) -> None:
        """Text, in pieces of any size."""
        if self._title is not None:
            self._title.append(text)
        elif not self._left_out:
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
        if tag not in INLINE and tag not in ("td", "th"):
            self._flush()
        if tag in _HEADINGS:
            self._heading = 0
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()

    def close(self) -> None:
        """The page has ended."""
        self._flush()

    def _flush(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text = []
        if text:
            self.lines.append(Line(text, self._heading, len(self._lists), self._number))
            self._number = ""
