"""Acts, instruments and rules of court and conduct: British, and what is named like them."""

from __future__ import annotations

import re
from re import Match

from msgspec.structs import replace

from legalgen.law.citations.parsed import Parsed, Rule, parsed_at
from legalgen.law.citations.pieces import YEAR, any_of, by_letter, pinpoint_near
from legalgen.law.citations.places import AMERICAN, AMERICAN_ACTS, BRITISH_ACTS, FOREIGN
from legalgen.law.citations.titles import ACTS, full_title

_NAME_WORD = r"(?:[A-Z][\w'&/-]*|of|and|the|for|in|to|on|etc\.?|by|with|from|or|a|against|at)"
# no word boundary before the capital: a pattern that begins with one is tried at every letter
_NAME = (
    rf"(?P<name>[A-Z](?<!\w[A-Z])[\w'&/-]*,?"
    rf"(?:\s(?:\((?!\d)(?:[^()]{{1,60}})\)|{_NAME_WORD}),?){{0,13}}?)"
)
_STATUTE = re.compile(
    rf"{_NAME}\s(?P<k>Act|Ordinance|Measure|Statute)s?"
    rf"(?P<q>\s\([A-Z][A-Za-z .,&]{{1,40}}\))?,?\s(?P<of>of\s)?{YEAR}\b"
    r"(?P<place>\s\([A-Z][A-Za-z. ]{1,20}\))?"
)
_ABBREVIATED = re.compile(
    rf"(?P<name>{any_of(ACTS)})(?:\s(?:Act|Regulations|Regs))?\s(?P<year>(?:1[89]|20)\d\d)\b"
    r"(?P<under>(?:\s\([A-Z][^()]{1,90}\)){1,2}\s(?:Order|Regulations|Rules)\s\d{4}\b)?"
)
_DEFINED = re.compile(r"\d{4}\s\($")
_STATUTE_NO_YEAR = re.compile(
    rf"{_NAME}\s(?P<k>Act|Ordinance|Statute|Code|Law|Constitution)\b(?!\s(?:of\sConduct|on\b))"
)
_INSTRUMENT = re.compile(
    rf"{_NAME}(?P<act>\sAct\s(?:1[89]|20)\d\d(?:\s\([^()]{{1,90}}\)){{1,3}})?"
    rf"\s(?P<k>Regulations|Rules|Order|Scheme|Regs)\s(?P<of>of\s)?{YEAR}\b"
)
_SI = re.compile(
    r"\b(?P<t>S\.?\s?I\.?|S\.?S\.?I\.?|W\.?S\.?I\.?|NISR|S\.?R\.?(?:\s?&\s?O)?)\s*"
    r"(?:\(?N\.?I\.?\)?\s*)?(?:No\.?\s*)?"
    rf"{YEAR}\s?(?:/|No\.?\s?|,\s?No\.?\s?)\s?(?P<n>\d{{1,5}})\b"
)
_CPR = re.compile(
    r"\b(?P<t>CPR|Civil Procedure Rules?(?:\s1998)?|FPR|Family Procedure Rules(?:\s2010)?|CrimPR"
    r"|Criminal Procedure Rules(?:\s20\d\d)?|Practice Directions?"
    r"|(?<!LR \d )(?<!LR \d\d )PD)\b[\s,]*"
    r"(?:(?:19|20)\d\d\b[\s,]*)?(?:(?:[Pp]arts?|rules?|rr?\.?|paras?\.?|PD)\s*)?"
    r"(?P<n>\d{1,2}[A-Z]{0,2}(?:\.\d+[A-Z]?)?(?:\(\w{1,4}\))*)?"
)
_APPENDIX = r"(?:FM|EU|V)(?![\w-])|[A-Z][\w-]+(?:\s[A-Z][\w-]+){0,3}"
_IMMIGRATION = re.compile(
    rf"\bImmigration Rules\b(?:[,\s]*(?P<n>Appendix\s(?:{_APPENDIX})"
    r"|(?:Part|[Pp]aras?\.?|[Pp]aragraphs?|Appendix)\s[\w.-]+))?"
    rf"|\bAppendix (?P<app>{_APPENDIX})"
)
_RULEBOOKS = by_letter((
    "SRA (?:Code|Principles?|Standards|Accounts Rules|Transparency Rules)[A-Za-z ]{0,40}?",
    "BSB Handbook", "Model Rules? of Professional Conduct", "ABA Model Rules?", "Listing Rules?",
    "UKLR", "LPDT", "FCA Handbook", "COBS", "SYSC", "Takeover Code", "City Code",
    "UK Corporate Governance Code", "DTRs?", "Model Articles", "Table A", "PRIN",
))  # fmt: skip
_SRA = re.compile(
    rf"(?P<t>{_RULEBOOKS})\b"
    r"(?:[,\s]*(?:[Rr]ules?|paras?\.?|arts?\.?|[Cc]h(?:apter)?\.?)?\s*(?P<n>\d[\w.]*))?"
)


_LEADING = frozenset(
    [
        "the",
        "under",
        "see",
        "and",
        "of",
        "in",
        "by",
        "for",
        "section",
        "sections",
        "act",
        "acts",
        "part",
        "cf",
        "per",
        "both",
        "uk",
        "article",
    ]
)


_OLD_STATUTE = re.compile(
    rf"\b(?P<name>Statute of [A-Z][a-z]+|Bill of Rights|Magna Carta),?\s\(?{YEAR}\b\)?"
)


def _old_statute(m: Match[str]) -> Parsed:
    return _act(m, f"{m['name']} {m['year']}", int(m["year"]), "uk", m["name"])


def _statute(m: Match[str]) -> Parsed:
    name = _clean_name(m["name"])
    qualifier = (m["q"] or "").strip()
    title = " ".join(part for part in (name, m["k"], qualifier) if part)
    year = int(m["year"])
    work = f"{title} of {year}" if m["of"] else f"{title} {year}"
    return _act(m, work, year, "us" if m["of"] or AMERICAN_ACTS.search(title) else "uk", title)


def _act(m: Match[str], work: str, year: int | None, default: str, name: str) -> Parsed:
    window = m.string[max(0, m.start() - 30) : m.end() + 25]
    where: tuple[str, ...] = (default,) if default else ()
    if FOREIGN.search(window) and not BRITISH_ACTS.match(name):
        where = ("other",)
    elif AMERICAN.search(m[0]):
        where = ("us",)
    pin = pinpoint_near(m)
    key = f"{work} {pin}".strip()
    return parsed_at(m, "statute", key, year, where, name=name, work=work, pinpoint=pin)


def _clean_name(name: str) -> str:
    words = name.split()
    while len(words) > 1 and words[0].lower().rstrip(",.") in _LEADING:
        words.pop(0)
    return " ".join(words)


def _abbreviated(m: Match[str]) -> Parsed | None:
    if _DEFINED.search(m.string, max(0, m.start() - 7), m.start()):
        return None  # what the Act before it is called from here on
    short, year = m["name"], m["year"]
    title = full_title(short, year) or f"{short} {year}"
    if m["under"]:
        title, year = f"{title}{m['under']}", m["under"][-4:]
    return titled(m, title, int(year))


def titled(m: Match[str], title: str, year: int) -> Parsed:
    """The Act or instrument of a title that ends with its year."""
    parsed = _act(m, title, year, "uk", title[:-5])
    made_under = title[:-5].endswith(("Regulations", "Order", "Rules"))
    return replace(parsed, kind="instrument") if made_under else parsed


def _statute_no_year(m: Match[str]) -> Parsed | None:
    name = _clean_name(m["name"])
    if name.lower() in _LEADING or len(m[0]) < 6:
        return None
    title = f"{name} {m['k']}"
    default = "us" if AMERICAN_ACTS.search(title) else ""
    return _act(m, title, None, default, title)


def _instrument(m: Match[str]) -> Parsed:
    title = f"{_clean_name(m['name'])}{m['act'] or ''} {m['k']}"
    parsed = _act(m, f"{title} {m['year']}", int(m["year"]), "uk", title)
    return replace(parsed, kind="instrument")


_SI_SERIES = {
    "SI": "uksi",
    "SSI": "ssi",
    "WSI": "wsi",
    "SR": "nisr",
    "NISR": "nisr",
    "SR&O": "uksro",
}


def _si(m: Match[str]) -> Parsed:
    series = _SI_SERIES[re.sub(r"[\s.]", "", m["t"])]
    year = int(m["year"])
    key = f"{series}/{year}/{int(m['n'])}"
    return parsed_at(m, "uk_si", key, year, ("uk",), number=int(m["n"]))


def _cpr(m: Match[str]) -> Parsed:
    word = m["t"]
    work = "PD" if word[0] == "P" else "FPR" if word[0] == "F" else word[:6]
    work = "CrimPR" if work == "Crimin" else work
    work = "CPR" if work.startswith("C") and work != "CrimPR" else work
    work = "PD" if " PD" in m[0] else work
    pin = m["n"] or ""
    return parsed_at(
        m, "uk_rules", f"{work} {pin}".strip(), None, ("uk",), work=work, pinpoint=pin, name=work
    )


def _immigration(m: Match[str]) -> Parsed:
    pin = m["n"] or (f"Appendix {m['app']}" if m["app"] else "")
    key = f"Immigration Rules {pin}".strip()
    return parsed_at(
        m, "uk_rules", key, None, ("uk",), name="Immigration Rules", work="Immigration Rules",
        pinpoint=pin,
    )  # fmt: skip


def _sra(m: Match[str]) -> Parsed:
    work, pin = " ".join(m["t"].split()), m["n"] or ""
    where = ("us",) if work.startswith(("ABA", "Model Rule")) else ("uk",)
    return parsed_at(
        m, "uk_rules" if where == ("uk",) else "guidance", f"{work} {pin}".strip(), None, where,
        name=work, work=work, pinpoint=pin,
    )  # fmt: skip


# --- the productions ---------------------------------------------------------------------

_YEAR_AND_NUMBER = re.compile(r"\d\d\s?(?:/|,?\s?N\.?)\s*\d")
SI = Rule(_SI, _si, ("SI", "S.I", "SR", "S.R", "S I"), bare_hints=(_YEAR_AND_NUMBER,))
INSTRUMENT = Rule(_INSTRUMENT, _instrument, ("Regulations", "Rules", "Order", "Scheme", "Regs"))
OLD_STATUTE = Rule(_OLD_STATUTE, _old_statute, ("Statute of", "Bill of Rights", "Magna Carta"))
STATUTE = Rule(_STATUTE, _statute, ("Act", "Ordinance", "Measure", "Statute"))
ABBREVIATED = Rule(
    _ABBREVIATED, _abbreviated, (" 18", " 19", " 20"),
    (re.compile(r"[A-Z]\w*[A-Z]\w*(?:\s(?:Act|Reg\w*))?\s(?:1[89]|20)\d\d"),),
)  # fmt: skip
IMMIGRATION_RULES = Rule(_IMMIGRATION, _immigration, ("Immigration Rules", "Appendix"))
RULES_OF_COURT = Rule(
    _CPR, _cpr, ("CPR", "FPR", "Procedure Rule", "CrimPR", "PD", "Practice Direction")
)
RULEBOOK = Rule(
    _SRA,
    _sra,
    (
        *("SRA", "Takeover Code", "City Code", "Governance Code", "Model R", "Model A", "BSB"),
        *("Listing", "UKLR", "LPDT", "FCA Handbook", "COBS", "SYSC", "DTR", "Table A", "PRIN"),
    ),
)
WITHOUT_YEAR = Rule(
    _STATUTE_NO_YEAR, _statute_no_year, ("Act", "Ord", "Stat", "Code", "Law", "Const")
)
