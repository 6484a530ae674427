"""The Code of Federal Regulations as govinfo and eCFR give it: ``DIV1`` to ``DIV9`` with a type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from legalgen.sources.formats.markup import INLINE, Element, Markup, names
from legalgen.sources.numbering import nested
from legalgen.sources.outline import Division, walk

_TYPES: Final = {
    "title": "title", "subtitle": "subtitle", "chapter": "chapter", "subchap": "subchapter",
    "part": "part", "subpart": "subpart", "subjgrp": "crossheading", "section": "section",
    "appendix": "appendix",
}  # fmt: skip
_OLDER: Final = {"TITLE": "title", "CHAPTER": "chapter", "SUBCHAP": "subchapter", "PART": "part",
                 "SUBPART": "subpart", "SUBJGRP": "crossheading", "SECTION": "section",
                 "APPENDIX": "appendix"}  # fmt: skip


class _Ecfr(Markup, frozen=True):
    def level_of(self, element: Element, _opened: Sequence[Division]) -> str | None:
        if element.name.startswith("DIV") and element.name[3:].isdigit():
            return _TYPES.get(element.attributes.get("TYPE", "").casefold(), "group")
        return _OLDER.get(element.name)

    def finish(self, body: Division) -> None:
        """The paragraphs of a section bear their numbers in their text alone."""
        walk(body, _nest)


def _nest(division: Division) -> None:
    if division.level in ("section", "appendix"):
        division.items = nested(division.items)


MARKUP: Final = _Ecfr(
    roots=names("ECFR DLPSTEXTCLASS CFRGRANULE CFRDOC DIV1 DIV5"),
    numbers=names("SECTNO"),
    headings=names("HEAD SUBJECT HD"),
    titles=names("TITLEPROPER"),
    skipped=names("HEADER FMTR FDSYS TOC CONTENTS"),
    inline=INLINE | names("I B E SU FR AC"),
    cells=names("TD TH ENT"),
    asides=names("FTNT"),
    number_attributes=("N",),
    kind="instrument",
    jurisdiction="us",
)
