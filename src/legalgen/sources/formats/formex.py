"""Formex 4: the XML of the Official Journal of the European Union."""

from __future__ import annotations

from typing import Final

from legalgen.sources.formats.markup import INLINE, Markup, names

_LEVELS = {
    "PREAMBLE": "preamble", "GR.CONSID": "recitals", "CONSID": "recital", "ARTICLE": "article",
    "PARAG": "paragraph", "DIVISION": "group", "ANNEX": "annex", "SUBDIV": "group",
    "GR.SEQ": "group", "FINAL": "heading", "ITEM": "item",
}  # fmt: skip

MARKUP: Final = Markup(
    roots=names("ACT CONS.ACT CONS.DOC GENERAL AGR DOC DECISION REG"),
    levels=_LEVELS,
    numbers=names("NO.P NO.PARAG TI.ART NO.SEQ"),
    headings=names("STI.ART STI TI"),
    titles=names("TITLE"),
    skipped=names("BIB.INSTANCE BIB.DATA BIB.DOC TOC INFO.CONSLEG FAM.COMP"),
    quoted=names("QUOT.S"),
    asides=names("NOTE"),
    inline=INLINE | names("HT DATE FT IE REF.DOC.OJ QUOT.START QUOT.END REF.DOC ADDR KEYWORD"),
    cells=names("CELL"),
    jurisdiction="eu",
)
