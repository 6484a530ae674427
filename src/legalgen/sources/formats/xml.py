"""Legal XML: the dialect is known by its root element; the structure is read as it streams by.

Entities and the network are off: a file that declares entities of its own is refused, and so is one
that uses a name which only a DTD elsewhere would explain. The names that HTML has (``&pound;``) are
read as what they mean. Elements nest at most 256 deep, and libxml2 bounds how long one text is (10
million bytes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from pathlib import Path
from typing import IO, Any, Final, cast

from lxml import etree

from legalgen.errors import UsageError
from legalgen.sources.formats import akoma_ntoso, clml, ecfr, formex, html, plain_xml, uslm
from legalgen.sources.formats.markup import Element, Markup
from legalgen.sources.outline import Division, Outline, visible, walk

_MARKUPS: Final = (akoma_ntoso.MARKUP, clml.MARKUP, uslm.MARKUP, ecfr.MARKUP, formex.MARKUP)
_INSTRUMENTS: Final = {"Regulations": "regulation", "Rules": "rule", "Order": "article"}
_CHUNK: Final = 1 << 16
_DEEPEST: Final = 256
_ENTITY: Final = re.compile(rb"<!\s*ENTITY", re.IGNORECASE)
_NAMED: Final = re.compile(rb"&([A-Za-z][A-Za-z0-9.]*);")
_LONGEST_NAME: Final = 64
"""Bytes of a name or a beginning that may go over the end of a block."""
_OF_XML: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_UNDECLARED: Final = "WAR_UNDECLARED_ENTITY"


def read(path: Path) -> Outline:
    """The structure of an XML file.

    Raises:
        UsageError: it is no XML, has entities that are not known, nests too deep, or holds no text.
    """
    builder = OutlineBuilder()
    # lxml calls the builder while it parses: no tree of the whole file stands in memory.
    parser = cast(
        Any,
        etree.XMLParser(
            target=builder,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        ),
    )
    try:
        with path.open("rb") as file:
            before = b""
            for block in _blocks(file):
                begins = before + block.replace(b"\0", b"")
                if not builder.begun and _ENTITY.search(begins):
                    raise UsageError(f"{path} declares entities, which are not read: expand them")
                before = begins[-_LONGEST_NAME:]
                parser.feed(block)
                # Where a DTD is named, libxml2 leaves out what the DTD would explain, and goes on.
                for said in parser.feed_error_log:
                    if said.type_name == _UNDECLARED:
                        raise UsageError(f"{path}:{said.line} {said.message}: expand it; "
                                         "no DTD is read")  # fmt: skip
        outline = cast(Outline, parser.close())
    except etree.XMLSyntaxError as error:
        raise UsageError(f"{path} cannot be read as XML: {error.msg}") from error
    except _PageError:
        return html.read(path)
    except _TooDeepError as error:
        raise UsageError(f"{path} nests elements more than {_DEEPEST} deep") from error
    if not any(outline.body.items):
        raise UsageError(f"{path} holds no text")
    return outline


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The blocks of a file, HTML's names in them as the numbers of their characters."""
    left = b""
    while read := file.read(_CHUNK):
        block = left + read
        begun = block.rfind(b"&", max(0, len(block) - _LONGEST_NAME))
        end = begun if begun >= 0 and b";" not in block[begun:] else len(block)
        left = block[end:]
        yield _NAMED.sub(_by_number, block[:end])
    if left:
        yield left


def _by_number(found: re.Match[bytes]) -> bytes:
    name = found[1].decode("ascii")
    meant = "" if name in _OF_XML else html5.get(f"{name};", "")
    return "".join(f"&#{ord(each)};" for each in meant).encode("ascii") or found[0]


class _PageError(ValueError):
    """It is a page of XHTML, whatever its name says."""


class _TooDeepError(ValueError):
    """Elements in elements, beyond what any law needs."""


class OutlineBuilder:
    """Told of elements and text in document order, it builds the outline: a parser's target."""

    def __init__(self, markup: Markup | None = None) -> None:
        self.begun = markup is not None
        self._markup = markup or plain_xml.MARKUP
        self._body = Division("text")
        self._open: list[Division] = [self._body]
        self._elements: list[Element] = []
        self._skipped = 0
        """How many elements whose text is left out are open; likewise below."""
        self._quoted = 0
        self._line: list[str] = []
        self._aside: list[list[str]] = []
        """Lines begun outside the notes that are open."""
        self._notes: list[str] = []
        self._only_label = False
        self._capture: list[tuple[int, str, list[str]]] = []
        """Elements that are a number or a heading: their depth, which, the text so far."""
        self._title: tuple[int, list[str]] | None = None
        self._outline = Outline(self._body)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        element = Element.of(tag, attributes)
        if not self.begun:
            self._begin(element)
        self._elements.append(element)
        if len(self._elements) > _DEEPEST:
            raise _TooDeepError
        markup = self._markup
        if not self._outline.title and self._title is None and element.name in markup.titles:
            self._title = (len(self._elements), [])
        if self._skipped or element.name in markup.skipped:
            self._skipped += 1
            return
        self._outline.kind = markup.kinds.get(element.name, self._outline.kind)
        self._quoted += element.name in markup.quoted
        if self._quoted or not self._divides(element):
            self._lay(element)

    def _begin(self, root: Element) -> None:
        """The first element tells which dialect the file is written in."""
        self.begun = True
        if root.name == "html":
            raise _PageError
        self._markup = next((d for d in _MARKUPS if d.is_root(root)), plain_xml.MARKUP)
        self._outline.kind = self._markup.kind
        self._outline.jurisdiction = self._markup.jurisdiction

    def _divides(self, element: Element) -> bool:
        """Whether an element is structure: a division, or the number or heading of one."""
        markup = self._markup
        level = markup.level_of(element, self._open)
        if level is not None:
            if self._title is not None and self._title[0] == len(self._elements):
                self._title = None  # a title of a code is a division, and holds the whole text
            self._flush()
            opened = Division(level, markup.number_in(element), markup.heading_in(element))
            self._open[-1].items.append(opened)
            self._open.append(opened)
            element.opens = True
            return True
        for which, known in (("number", markup.numbers), ("heading", markup.headings)):
            if element.name in known:
                self._capture.append((len(self._elements), which, []))
                return True
        return False

    def _lay(self, element: Element) -> None:
        """Begin a note or a line, as the element wants it."""
        if element.name in self._markup.asides:
            self._aside.append(self._line)
            self._line = []
        elif element.name not in self._markup.inline and not (self._only_label and self._line):
            self._flush()

    def data(self, text: str) -> None:
        """Text, in pieces of any size."""
        if self._title is not None:
            self._title[1].append(text)
        if self._skipped:
            return
        self._line.append(text)
        for _, _, captured in self._capture:
            captured.append(text)
        if self._only_label and not self._capture and text.strip():
            self._only_label = False

    def end(self, _tag: str) -> None:
        """An element ends."""
        depth, element = len(self._elements), self._elements.pop()
        if self._title is not None and self._title[0] == depth:
            self._outline.title = " ".join("".join(self._title[1]).split())
            self._title = None
        if self._skipped:
            self._skipped -= 1
            return
        markup = self._markup
        if self._capture and self._capture[-1][0] == depth:
            self._captured(*self._capture.pop()[1:])
        elif element.opens:
            self._flush()
            self._open.pop()
        elif element.name in markup.asides and self._aside:
            note = " ".join("".join(self._line).split())
            self._line = self._aside.pop()
            if note:
                self._notes.append(note)
        elif element.name in markup.cells:
            self._line.append(" ")
        elif element.name not in markup.inline and not (self._only_label and self._line):
            self._flush()
        if element.name in markup.quoted:
            self._quoted -= 1

    def close(self) -> Outline:
        """The outline, when the text has ended."""
        self._flush()
        self._markup.finish(self._body)
        if self._outline.kind == "instrument" and self._outline.jurisdiction == "uk":
            walk(self._body, self._name_unit)
        return self._outline

    def _name_unit(self, division: Division) -> None:
        """The sections of a statutory instrument are called after what its title says it is."""
        if division.level == "section":
            words = self._outline.title.split()
            called = (level for word, level in _INSTRUMENTS.items() if word in words)
            division.level = next(called, "regulation")

    def _captured(self, which: str, parts: list[str]) -> None:
        text = " ".join("".join(parts).split())
        division = self._open[-1]
        if which == "number":
            if not division.number and division.level not in ("text", "preface", "preamble"):
                division.number = self._markup.bare(text)
                word = text.partition(" ")[0].casefold()
                if division.level == "section" and word in ("article", "regulation", "rule"):
                    division.level = word
            self._line.append(" ")
            self._only_label = True
        else:
            if not division.heading:
                division.heading = text
            self._flush()

    def _flush(self) -> None:
        """End a line: what was collected becomes an item of the innermost open division."""
        line = " ".join("".join(self._line).split())
        self._line = []
        self._only_label = False
        if line:
            self._outline.characters += visible(line)
            self._open[-1].items.append(line)
        if self._notes and not self._aside:
            self._outline.characters += sum(map(visible, self._notes))
            self._open[-1].items.extend(self._notes)
            self._notes = []
