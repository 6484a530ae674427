"""European Union law, its courts, and the Convention on Human Rights."""

from __future__ import annotations

import re
from re import Match

from legalgen.law.citations.parsed import Parsed, Rule, parsed_at
from legalgen.law.citations.pieces import (
    DIGITS_AROUND_SLASH,
    PINS,
    any_of,
    by_letter,
    full_year,
    pinpoint_near,
)
from legalgen.law.citations.titles import EU_LAWS, EU_SHORT

_EU_CASE = re.compile(
    r"(?P<court>[CTFc])(?<!\w.)(?:(?<!c)\s?-\s?"
    r"|(?<=[Cc])ases?\s(?:[Nn]os?\.?\s)?(?:(?P<first>\d{1,4})\s(?:and|&)\s)?)"
    r"(?P<n>\d{1,4})/(?P<yy>\d{2}|\d{4})\b"
)
_EU_JOINED = re.compile(
    r"(?P<n>\d(?:(?<=/\d\d,\s.)|(?<=/\d\d\sto\s.)|(?<=/\d\d\s&\s.)|(?<=/\d\d\sand\s.))\d{0,3})"
    r"/(?P<yy>\d{2}|\d{4})\b"
)
_CASES = re.compile(r"\b[Cc]ases\b|\b[CTF]\s?-\s?\d")
_ECLI = re.compile(
    r"(?:\b(?P<opinion>Opinion\s\d{1,2}/\d\d)\b[^;:]{0,80}?)?"
    r"\b(?:ECLI:(?P<country>[A-Z]{2})|EU):(?P<court>[A-Z0-9.]{1,7}):(?P<year>\d{4}):(?P<n>[\w.]+)"
)
_EU_TYPES = by_letter(
    (
        *("Regulations?", "Directives?", "Decisions?", "Framework Decisions?"),
        *("Council Decisions?", "Commission Decisions?"),
    )
)
_EU_NUMBER = re.compile(
    rf"(?P<type>{_EU_TYPES})\s*"
    r"(?P<body>\((?:EU|EC|EEC|EAEC|Euratom)(?:,\s*Euratom)?\))?\s*(?P<no>No\.?\s*|Nos?\.?\s*)?"
    r"(?P<a>\d{1,4})/(?P<b>\d{1,4})(?:/(?P<suffix>EU|EC|EEC|JHA|CFSP|Euratom)\b)?"
)
_EU_BARE = re.compile(
    r"[(E](?<![\d/].)(?:(?<=\()E[UC]\)|(?<=E)(?<!\wE)U)\s(?:No\.?\s*)?"
    r"(?P<a>\d{1,4})/(?P<b>\d{1,4})\b"
)
_EU_SUFFIXED = re.compile(
    r"(?P<a>\d(?<![\d/].)\d(?:\d\d)?)/(?P<b>\d{1,4})/(?:EU|EC|EEC|EG|EWG|CE|CEE)\b"
)
"""Both begin with the sign that they are found by and look back from there."""
_EU_TREATY = r"Treaty on (?:the Functioning of the )?European Union(?: \((?:TFEU|TEU)\))?"
_EU_CHARTER = r"EU Charter(?: of Fundamental Rights)?"
_CONVENTION = (
    r"European Convention (?:on|of|for) Human Rights(?: \(ECHR\))?"
    r"|(?:European )?Convention for the Protection of Human Rights and Fundamental Freedoms"
)
_TREATY_ARTICLE = re.compile(
    rf"\b(?:(?:arts?\.?|articles?)\s*(?P<before>{PINS})\s*,?\s*(?:of\s+)?(?:the\s+)?"
    rf"(?P<t1>TFEU|TEU|ECHR|EC Treaty|EEA Agreement|CFR(?!\s*\d)|{_EU_CHARTER}|{_EU_TREATY}"
    rf"|{_CONVENTION})"
    rf"|(?P<t2>TFEU|TEU|ECHR|EC Treaty|EEA Agreement|{_EU_CHARTER}|{_EU_TREATY}|{_CONVENTION})"
    rf"(?!\w)[,\s]*(?:(?:arts?\.?|articles?)\s*(?P<after>{PINS}))?)",
    re.I,
)
_CHARTER = re.compile(
    r"\bCharter of Fundamental Rights(?: of the (?:European Union|EU))?|\bEU Charter\b"
    r"|\bCharter (?=arts?\b)",
    re.I,
)
_GDPR = re.compile(
    r"\b(?P<uk>UK\s)?(?P<name>GDPR|General Data Protection Regulation)\b(?: \(GDPR\))?", re.I
)
_ECHR_REPORT = r",?\s+ECHR\s(?:19|20)\d\d(?:-[IVX]+)?"
_ECHR_APP = re.compile(
    r"(?:\bApp(?:lication|l)?\.?\s+|(?<=\[GC\],\s)|(?<=\[GC\]\s)"
    rf"|(?=\b[Nn]os?\.?\s*\d{{2,5}}/\d\d{_ECHR_REPORT}))\b[Nn]os?\.?\s*"
    rf"(?P<n>\d{{2,5}}/\d{{2}})\b(?:(?:,|\sand)\s\d{{2,5}}/\d\d\b)*(?:{_ECHR_REPORT})?"
)
_EU_TREATIES = {"tfeu", "teu", "ec treaty", "eea agreement", "cfr", "eu charter"}
_BY_NAME = re.compile(rf"{any_of(EU_LAWS)}(?!\w)")
_NUMBERED = re.compile(r"\d/(?:E[A-Z]+)?\d*\s\((?:the\s)?(?:EU\s)?$")
_BY_INITIALS = re.compile(
    rf"(?:\b[Aa]rt(?:icle|s|icles)?\.?\s*(?P<before>{PINS})\s(?:of\s)?(?:the\s)?(?:EU\s)?(?P<uk>UK\s)?"
    rf"(?P<a>{any_of(EU_SHORT)})\b"
    rf"|\b(?P<uk2>UK\s)?(?P<b>{any_of(EU_SHORT)}),?\s[Aa]rt(?:icle|s|icles)?\.?\s*(?P<after>{PINS}))"
)


def _eu_case(m: Match[str]) -> Parsed:
    """A case by its number; of those joined in one (``56 and 58/64``) the first gives the key."""
    return _decided(m, m["court"].upper(), int(m["first"] or m["n"]))


def _eu_joined(m: Match[str]) -> Parsed | None:
    """A case joined to the one before it; ``12/13 and 13/14`` alone are no cases."""
    cases = _CASES.search(m.string, max(0, m.start() - 60), m.start())
    return _decided(m, "C", int(m["n"])) if cases else None


def _decided(m: Match[str], court: str, number: int) -> Parsed:
    year = full_year(m["yy"])
    key = f"6{year}{court}J{number:04d}"
    return parsed_at(m, "eu_case", key, year, ("eu",), court=f"{court}-", number=number)


def _ecli(m: Match[str]) -> Parsed:
    country, court, year = m["country"] or "EU", m["court"], int(m["year"])
    where = ("eu",) if country == "EU" else ("uk",) if country == "GB" else ("other",)
    key = f"ECLI:{country}:{court}:{year}:{m['n'].rstrip('.')}"
    return parsed_at(m, "ecli", key, year, where, court=court, name=m["opinion"] or "")


def _eu_number(m: Match[str]) -> Parsed | None:
    letter = {"R": "R", "D": "L"}[m["type"][0]] if m["type"][:3] in {"Reg", "Dir"} else "D"
    order = _year_and_number(m["a"], m["b"], letter, numbered=bool(m["no"]))
    return _celex(m, letter, order)


def _eu_bare(m: Match[str]) -> Parsed | None:
    return _celex(m, "R", _year_and_number(m["a"], m["b"], "R", numbered=False))


def _eu_suffixed(m: Match[str]) -> Parsed | None:
    return _celex(m, "L", _year_and_number(m["a"], m["b"], "L", numbered=False))


def _celex(m: Match[str], letter: str, order: tuple[int, int] | None) -> Parsed | None:
    if order is None:
        return None
    year, number = order
    key = f"3{year}{letter}{number:04d}"
    return parsed_at(m, "eu_legislation", key, year, ("eu",), number=number)


def _year_and_number(a: str, b: str, letter: str, *, numbered: bool) -> tuple[int, int] | None:
    """Which of the two is the year.

    Directives and decisions are year/number. Regulations were number/year (``No 44/2001``) until
    2014 and are year/number since 1 January 2015 (Interinstitutional style guide 2.3).
    """
    first, second = _as_year(a), _as_year(b)
    if letter != "R":
        return (first, int(b)) if first else (second, int(a)) if second else None
    if first and len(a) == 4 and not (numbered and second) and (first >= 2015 or not second):
        return first, int(b)
    if second:
        return second, int(a)
    return (first, int(b)) if first else None


def _as_year(digits: str) -> int | None:
    if len(digits) not in {2, 4}:
        return None
    year = full_year(digits)
    return year if 1952 <= year <= 2099 else None


def _treaty_article(m: Match[str]) -> Parsed:
    name = " ".join((m["t1"] or m["t2"]).split())
    label = name.upper() if name.lower() in {"tfeu", "teu", "echr", "cfr"} else name
    if name.lower().startswith("treaty on"):
        label = "TFEU" if "unctioning" in name.lower() else "TEU"
    elif "human rights" in name.lower():
        label = "ECHR"
    elif label == "CFR" or name.lower().startswith("eu charter"):
        label = "EU Charter"
    number = m["before"] or m["after"]
    pin = f"art {re.sub(chr(32), '', number)}" if number else ""
    key = f"{label} {pin}".strip()
    if label.lower() in _EU_TREATIES:
        name = name if name.lower().startswith("treaty on") else label
        return parsed_at(m, "eu_treaty", key, None, ("eu",), name=name, work=label, pinpoint=pin)
    where = ("international", "uk", "eu")
    name = name if "human" in name.lower() else label
    return parsed_at(m, "echr", key, None, where, name=name, work=label, pinpoint=pin)


def _charter(m: Match[str]) -> Parsed:
    work, pin = "EU Charter", pinpoint_near(m)
    key = f"{work} {pin}".strip()
    return parsed_at(m, "eu_treaty", key, None, ("eu",), name="Charter", work=work, pinpoint=pin)


def _gdpr(m: Match[str]) -> Parsed:
    pin, key = pinpoint_near(m), "32016R0679"
    where: tuple[str, ...] = ("eu", "uk")
    name = "GDPR" if len(m["name"]) == len("GDPR") else m["name"]
    if m["uk"]:
        name, key, where = f"UK {name}", "UK GDPR", ("uk",)
    return parsed_at(m, "eu_legislation", key, 2016, where, name=name, pinpoint=pin)


def _by_name(m: Match[str]) -> Parsed | None:
    if _NUMBERED.search(m.string, max(0, m.start() - 12), m.start()):
        return None  # the number before it says already which law it is
    british = m.string.endswith("UK ", 0, m.start())
    return _named(m, m[0], EU_LAWS[m[0]], pinpoint_near(m), british=british)


def _by_initials(m: Match[str]) -> Parsed:
    name = m["a"] or m["b"]
    british = bool(m["uk"] or m["uk2"])
    number = re.sub(r"\s", "", m["before"] or m["after"])
    return _named(m, name, EU_SHORT[name], f"art {number}", british=british)


def _named(m: Match[str], name: str, celex: str, pin: str, *, british: bool) -> Parsed:
    """A law by name; what the United Kingdom keeps of it is a law of its own."""
    if british:
        name, year = f"UK {name}", int(celex[1:5])
        return parsed_at(m, "eu_legislation", name, year, ("uk",), name=name, pinpoint=pin)
    return parsed_at(m, "eu_legislation", celex, int(celex[1:5]), ("eu",), name=name, pinpoint=pin)


def _echr_app(m: Match[str]) -> Parsed:
    """Without a year: that of the application is not that of the decision."""
    where = ("international", "uk", "eu")
    return parsed_at(m, "echr_case", f"ECtHR {m['n']}", None, where, court="ECtHR")


# --- the productions ---------------------------------------------------------------------

ECLI = Rule(_ECLI, _ecli, ("ECLI:", "EU:"))
CASE = Rule(_EU_CASE, _eu_case, ("/",), bare_hints=(DIGITS_AROUND_SLASH,))
JOINED = Rule(_EU_JOINED, _eu_joined, ("/",), bare_hints=(DIGITS_AROUND_SLASH,))
NUMBERED = Rule(
    _EU_NUMBER,
    _eu_number,
    ("Regulation", "Directive", "Decision"),
    bare_hints=(DIGITS_AROUND_SLASH,),
)
BARE_NUMBER = Rule(_EU_BARE, _eu_bare, ("EU", "(EC)"), bare_hints=(DIGITS_AROUND_SLASH,))
SUFFIXED = Rule(_EU_SUFFIXED, _eu_suffixed, ("/E", "/C"), bare_hints=(DIGITS_AROUND_SLASH,))
_APPLICATION_NUMBER = re.compile(r"[Nn]os?\.?\s*\d{2,5}/\d\d")
APPLICATION = Rule(
    _ECHR_APP,
    _echr_app,
    ("App", "[GC]", "ECHR"),
    hints=(_APPLICATION_NUMBER,),
    bare_hints=(DIGITS_AROUND_SLASH,),
)
GDPR = Rule(_GDPR, _gdpr, ("GDPR", "General Data"))
BY_NAME = Rule(
    _BY_NAME,
    _by_name,
    (
        *("Directive", "Regulation", "Rome ", "Brussels ", "Dublin ", "MiF", "MiCA", "AI Act"),
        *("Intelligence Act", "Governance Act", "Markets Act", "Resilience Act", "Services Act"),
        *("Borders Code", "Customs Code", "Visa Code"),
        *("EMIR", "SFDR", "CSRD", "CSDDD", "CRD", "PSD2", "DAC6", "ATAD", "AIFMD", "SRD", "BER"),
        "Solvency",
    ),
)
BY_INITIALS = Rule(_BY_INITIALS, _by_initials, tuple(EU_SHORT))
TREATY_ARTICLE = Rule(
    _TREATY_ARTICLE,
    _treaty_article,
    ("TFEU", "TEU", "ECHR", "EC T", "EEA", "CFR", "Chart", "Treaty on", "Human Ri"),
)
CHARTER = Rule(_CHARTER, _charter, ("Charter",))
