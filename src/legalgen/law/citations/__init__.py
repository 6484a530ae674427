"""Citations: the grammar that reads them, their canonical keys, and what cannot exist.

A citation that parses has the shape of one; nothing here says that it is right. Only a list of
known authorities (``Authorities``) can, as far as the list is right.

Keys by kind:
    uk_neutral      ``uksc/2013/34``, ``ewca/civ/2005/226``, ``ewhc/ch/2010/123``
    other_neutral   ``hca/1992/23``
    uk_report       ``[1893] 1 QB 256``, ``(1889) 14 App Cas 337``, ``(1868) LR 3 HL 330``
    statute         ``Companies Act 2006 s 174``; without a year ``Solicitors Act``
    uk_si           ``uksi/2003/1660``
    instrument      ``Working Time Regulations 1998 reg 4``
    eu_case         ``62012CJ0131`` (CELEX), ``ecli`` with its prefix
    eu_legislation  ``32016R0679`` (CELEX)
    eu_treaty, echr ``TFEU art 101``, ``ECHR art 8``
    us_reporter     ``347 U.S. 483``
    us_code         ``17 U.S.C. 201``, ``8 Del. C. 144``, ``Mass. Gen. Laws ch. 93A § 2``
    docket          ``BGH IX ZR 5/14``, ``AT.39740``: a decision by its file number
    and, weaker, ``uk_rules``, ``treaty``, ``guidance``, ``section``, ``case_name``.
"""

from __future__ import annotations

from legalgen.law.citations.authorities import (
    Authorities,
    called,
    comparable,
    leading_cases,
    leading_names,
    shipped,
)
from legalgen.law.citations.cases import case_names, same_case
from legalgen.law.citations.conflicts import Case, CitationLedger
from legalgen.law.citations.faults import (
    apex,
    fix_brackets,
    form_fault,
    highest,
    impossible,
    suspect,
)
from legalgen.law.citations.grammar import find_all, parse
from legalgen.law.citations.names import name_tokens, party_name, same_name
from legalgen.law.citations.numbered import find_numbered
from legalgen.law.citations.parsed import (
    CASE_KINDS,
    LEGISLATION_KINDS,
    NAMED_KINDS,
    PARTING,
    WEAK_KINDS,
    Parsed,
    bare,
    folded,
    normalise,
)
from legalgen.law.citations.reports import SERIES_YEARS
from legalgen.law.citations.titles import abbreviations, names_of, other_names

__all__ = [
    "CASE_KINDS", "LEGISLATION_KINDS", "NAMED_KINDS", "PARTING", "SERIES_YEARS", "WEAK_KINDS",
    "Authorities", "Case", "CitationLedger", "Parsed", "abbreviations", "apex", "bare", "called",
    "case_names",
    "comparable", "find_all", "find_numbered", "fix_brackets", "folded", "form_fault", "highest",
    "impossible", "leading_cases", "leading_names", "name_tokens", "names_of", "normalise",
    "other_names", "parse", "party_name", "same_case", "same_name", "shipped",
    "suspect",
]  # fmt: skip
