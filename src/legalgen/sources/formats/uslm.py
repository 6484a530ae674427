"""United States Legislative Markup: the US Code, public laws, compilations, and the CFR in USLM.

Bills of Congress are in the markup before it, whose divisions have the same names, and which says
``enum``, ``header`` and ``quoted-block``.
"""

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
    numbers=names("num enum"),
    headings=names("heading header"),
    titles=names("citableAs title official-title"),
    skipped=names("meta metadata toc"),
    quoted=names("quotedContent quoted-block"),
    asides=names("footnote editorialNote sidenote"),
    inline=INLINE | names("headingText shortTitle quotedText citableAs "
                          "currentThroughPublicLaw elided external-xref internal-xref quote "
                          "short-title header-in-text"),
    cells=names("td th column"),
    jurisdiction="us",
)  # fmt: skip
