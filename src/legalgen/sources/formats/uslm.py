"""United States Legislative Markup: the US Code, public laws, compilations, and the CFR in USLM."""

from __future__ import annotations

from typing import Final

from legalgen.sources.formats.markup import INLINE, Markup, names

MARKUP: Final = Markup(
    roots=names("uscDoc pLaw statuteCompilation bill resolution lawDoc cfrDoc statutesAtLarge"),
    namespaces=("schemas.gpo.gov/xml/uslm", "xml.house.gov/schemas/uslm"),
    levels={
        **{name: name for name in (
            "title", "subtitle", "chapter", "subchapter", "part", "subpart", "division",
            "subdivision", "section", "subsection", "paragraph", "subparagraph", "clause",
            "subclause", "item", "subitem", "article", "appendix", "preface", "preamble",
        )},
        "clause": "paragraph", "schedule": "schedule", "level": "paragraph",
        "notes": "note",
    },
    numbers=names("num"),
    headings=names("heading"),
    titles=names("citableAs title"),
    skipped=names("meta toc"),
    quoted=names("quotedContent"),
    asides=names("footnote editorialNote sidenote"),
    inline=INLINE | names("headingText shortTitle quotedText citableAs "
                          "currentThroughPublicLaw elided"),
    cells=names("td th column"),
    jurisdiction="us",
)  # fmt: skip
