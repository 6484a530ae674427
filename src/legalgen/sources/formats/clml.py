"""Crown Legislation Markup Language: the XML of legislation.gov.uk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from legalgen.sources.formats.markup import INLINE, Element, Markup, names
from legalgen.sources.outline import Division

_LEVELS = {
    "Part": "part", "Chapter": "chapter", "Group": "group", "Pblock": "crossheading",
    "PsubBlock": "crossheading", "P1group": "group", "EUPart": "part", "EUTitle": "title",
    "EUChapter": "chapter", "EUSection": "division", "Schedule": "schedule",
    "Appendix": "appendix", "P1": "section", "P2": "paragraph", "P3": "paragraph",
    "P4": "paragraph", "P5": "paragraph", "P6": "paragraph", "P7": "paragraph",
    "PrimaryPrelims": "preface", "SecondaryPrelims": "preface",
}  # fmt: skip


class _Clml(Markup, frozen=True):
    def level_of(self, element: Element, opened: Sequence[Division]) -> str | None:
        level = self.levels.get(element.name)
        if level == "section" and any(each.level == "schedule" for each in opened):
            return "numbered"  # a paragraph of a schedule
        return level


MARKUP: Final = _Clml(
    roots=names("Legislation"),
    namespaces=("legislation.gov.uk/namespaces/legislation",),
    levels=_LEVELS,
    numbers=names("Number Pnumber"),
    headings=names("Title Subtitle"),
    titles=names("title"),  # Dublin Core's, in the metadata
    skipped=names("Metadata Contents Commentaries Versions Resources"),
    quoted=names("BlockAmendment BlockExtract"),
    asides=names("Footnote"),
    inline=INLINE | names(
        "Abbreviation Acronym Addition Character Citation CitationSubRef CommentaryRef Definition "
        "Emphasis Expanded Foreign FootnoteRef InlineAmendment Inferior InternalLink ExternalLink "
        "MarginNoteRef Proviso Repeal SmallCaps Span Strong Substitution Superior Term Underline "
        "Uppercase Acronym"
    ),
    cells=names("td th"),
    kinds={"Secondary": "instrument"},
    jurisdiction="uk",
)  # fmt: skip
