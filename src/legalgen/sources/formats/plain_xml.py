"""XML of no known kind: elements that bear the names of divisions are taken for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from legalgen.sources.formats.markup import INLINE, Element, Markup, names
from legalgen.sources.outline import Division

_LEVELS = {
    **{name: name for name in (
        "title", "subtitle", "book", "part", "subpart", "chapter", "subchapter", "division",
        "article", "section", "subsection", "paragraph", "subparagraph", "clause", "regulation",
        "rule", "schedule", "annex", "appendix", "amendment", "recital", "preamble",
    )},
    "sec": "section", "art": "article", "para": "paragraph", "subsec": "subsection",
}  # fmt: skip

_COUNTED: Final = re.compile(r"\d+[A-Za-z]*(?:[.-]\d+[A-Za-z]*)*|[IVXLC]+|[A-Za-z]")


class _PlainXml(Markup, frozen=True):
    def level_of(self, element: Element, _opened: Sequence[Division]) -> str | None:
        return self.levels.get(element.name.casefold())

    def number_in(self, element: Element) -> str:
        """An attribute is a number where it is one with its word before it: ``Article I``."""
        found = super().number_in(element)
        return found if _COUNTED.fullmatch(found) else ""


MARKUP: Final = _PlainXml(
    levels=_LEVELS,
    numbers=names("num number no enum"),
    headings=names("heading head header caption"),
    titles=names("doctitle shorttitle"),
    skipped=names("meta metadata toc"),
    quoted=names("quotedContent quotedStructure"),
    asides=names("footnote"),
    inline=INLINE,
    cells=names("td th"),
    number_attributes=("num", "number", "n", "name"),
    heading_attributes=("heading", "title", "description"),
    kind="text",
)
