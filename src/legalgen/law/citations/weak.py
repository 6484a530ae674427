"""What is read where nothing stronger stands: a bare section, a case name, guidance by name."""

from __future__ import annotations

import re
from re import Match

from msgspec.structs import replace

from legalgen.law.citations.parsed import Parsed, parsed_at
from legalgen.law.citations.pieces import PINS, last_year, pinpoint_of
from legalgen.law.citations.places import named_place

_GUIDANCE = re.compile(
    r"(?i:\b(?:guidance|guidelines?|handbook|code of (?:practice|conduct)|principles?|policy|polic"
    r"ies|standards?|practice note|recommendations?|communication|manual|rules|regulations|code)\b)"
    r"|\b(?:COM|SWD|C)\s?\W\d{4}\W|\bISO(?:/IEC)?\s?\d+|\bIFRS \d+|\bIAS \d+|\bESRS\b|\bISA \d"
    r"|\b(?:FG|PS|CP|DP|FS|TR|SS|SIP)\s?\d\d?(?:/\d+|\b)"  # papers of FCA and PRA
    r"|\bNIST (?:SP|CSF|AI|Privacy|Special Pub)|\bPCI DSS\b|\bCMMC \d|\bCOSO\b|\bBasel I{1,3}\b"
    r"|\b(?:FIDIC|JCT|NEC\d|ISDA|NVCA|AIPLA|ISBP|ASTM|AIA|3GPP TS|ICAO Doc)\b|\bGPL\s?v\d"
    r"|\bKing IV\b|\b(?:Apache|MIT|Creative Commons) Licen[cs]e\b"
    r"|\bFrameworks?\b|\bRulebook\b|\bFAQs?\b|Q&A\b"
    r"|\b(?:Clauses?|Form|Model (?:Term|IP|Clauses)|Working Instructions?|Practical Guide|Guide)\b"
    r"|\b(?:White|Green|Consultation|Position|Discussion) Paper\b|\bExplanatory (?:Note|Memorandum)"
    r"|\bProgram(?:me)? Delivery Instructions\b|\bMinisterial (?:Instructions|Directions)\b"
    r"|\bHalsbury's\b|\bCoke's Institutes\b"
    r"|\b[A-Z][a-z]+ on (?:Evidence|Contracts?|Torts?|Agency|Trusts|Damages|Wills|Bills|Sale)\b"
)
_ISSUED = re.compile(
    r"\b(?:Opinions?|Bulletin|Circular|Notices?|Notification|Advisory|Releases?|Resolution|Letter"
    r"|Deliberation|Memorandum|Statement|Report|Instructions?|Instru\u00e7\u00e3o Normativa"
    r"|Decision|Technical Note|Roadmap|Reprimand|Findings)\b(?=.*\d)|\bESMA\d\d-|\bEBA/"
)
"""What an authority issues under a number or a date; without one it names no document."""
_SECTION = re.compile(
    rf"(?:\b(?P<name>[A-Z][\w.&-]*(?:\s[A-Z][\w.&-]*){{0,5}})[,\s]*)?(?<![A-Za-z])"
    rf"(?P<w>§§?|ss?\.|ss?(?=\s?\d)|[Ss]ections?|[Aa]rts?\.?|[Aa]rticles?|[Rr]egs?\.?(?=\s?\d)"
    rf"|[Rr]ules?(?=\s\d)|rr?\.|[Pp]aras?\.?|[Ss]ch(?:edule)?\.?(?=\s\d)|[Cc]lauses?(?=\s\d\d?\b)"
    rf"|[Rr]ecitals?(?=\s\d))\s*(?P<n>(?:[LRD]\.?\s?)?{PINS})"
)
_CASE_V = re.compile(r"(?<=\s)(?:v|vs)\.?(?=\s)")
_RE_CASE = re.compile(r"^(?:In re|Re|Matter of|Ex parte|In the matter of|In the Estate of)\s+[A-Z]")
_TRAILING_YEAR = re.compile(r"\s*[\[(](?:[A-Za-z. ]*\s)?(?P<year>1[6-9]\d\d|20\d\d)[\])]\s*$")


def weak(piece: str) -> list[Parsed]:
    """The one weak citation of a piece that holds nothing stronger."""
    stripped = piece.strip(" .,")
    offset = piece.find(stripped)
    case = _case_by_name(stripped)
    if case is not None:
        return [replace(case, start=offset, end=offset + len(stripped))]
    section = _SECTION.search(piece)
    if section is not None:
        return [_section(section)]
    if _GUIDANCE.search(stripped) or (_ISSUED.search(stripped) and "XXX" not in stripped):
        key = " ".join(stripped.split())
        where = named_place(key)
        return [
            Parsed("guidance", key, offset, offset + len(stripped), last_year(key), where, key, key)
        ]
    return []


def _case_by_name(text: str) -> Parsed | None:
    year = _TRAILING_YEAR.search(text)
    name = (text[: year.start()] if year else text).strip(" ,")
    if len(name) > 150 or not (_CASE_V.search(name) or _RE_CASE.match(name)):
        return None
    number = int(year["year"]) if year else None
    key = f"{name} ({number})" if number else name
    return Parsed("case_name", key, 0, len(text), number, (), name, key)


def _section(m: Match[str]) -> Parsed:
    pin = pinpoint_of(m["w"], m["n"])
    name = " ".join((m["name"] or "").split())
    return parsed_at(
        m, "section", f"{name} {pin}".strip(), None, named_place(name), name=name, work=name,
        pinpoint=pin,
    )  # fmt: skip
