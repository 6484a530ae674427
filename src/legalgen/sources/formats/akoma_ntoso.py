"""Akoma Ntoso (OASIS LegalDocML): Acts, bills, judgments and other documents of many countries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from legalgen.sources.formats.markup import INLINE, Element, Markup, names
from legalgen.sources.outline import Division, walk

_LEVELS = {
    **{name: name for name in (
        "article", "book", "chapter", "clause", "division", "part", "rule", "section",
        "subchapter", "subdivision", "subpart", "subtitle", "title", "preface", "preamble",
        "paragraph", "subsection", "subparagraph", "subclause", "subrule", "point", "indent",
    )},
    "crossHeading": "crossheading", "attachment": "annex", "recital": "recital",
    "recitals": "recitals", "item": "item", "level": "level", "tome": "book",
    "conclusions": "heading",
}  # fmt: skip
_SCHEDULES = {"schedule": "schedule", "annex": "annex", "appendix": "appendix",
              "crossheading": "crossheading", "regulation": "regulation"}  # fmt: skip


class _AkomaNtoso(Markup, frozen=True):
    def level_of(self, element: Element, opened: Sequence[Division]) -> str | None:
        if element.name == "hcontainer":
            name = element.attributes.get("name", "").casefold()
            return _SCHEDULES.get(name, "group")
        level = self.levels.get(element.name)
        above = {division.level for division in opened}
        if level in ("paragraph", "level") and not above & _CITED:
            return "numbered"  # as in a judgment, or in a schedule: cited by itself
        return level

    def finish(self, body: Division) -> None:
        """What has no number is no numbered paragraph; those within it may be."""
        walk(body, _demote)


def _demote(division: Division) -> None:
    if division.level == "numbered" and not division.number:
        division.level = "group"
        for inner in division.divisions():
            if inner.level in ("paragraph", "level"):
                inner.level = "numbered"


_CITED = frozenset({"article", "section", "regulation", "rule", "clause", "numbered"})

MARKUP: Final = _AkomaNtoso(
    roots=names("akomaNtoso akomantoso"),
    namespaces=("akn", "akomantoso.org"),
    levels=_LEVELS,
    numbers=names("num"),
    headings=names("heading subheading"),
    titles=names("docTitle shortTitle neutralCitation"),
    skipped=names("meta toc"),
    quoted=names("quotedStructure quotedText embeddedStructure"),
    asides=names("authorialNote"),
    inline=INLINE | names(
        "docTitle docNumber docType docDate docProponent docketNumber shortTitle neutralCitation "
        "courtType embeddedText quotedText decoration eop noteRef mod rmod"
    ),
    cells=names("td th"),
    kinds={"judgment": "judgment", "judgmentBody": "judgment"},
)  # fmt: skip
