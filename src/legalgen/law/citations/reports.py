"""Decisions of British and Commonwealth courts: neutral citations and law reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from re import Match

from legalgen.law.citations.parsed import Parsed, Rule, parsed_at
from legalgen.law.citations.pieces import (
    NUMBER_THEN_NAME,
    YEAR,
    YEAR_IN_BRACKETS,
    by_letter,
    full_year,
)

UK_COURTS = {
    "UKSC": (2009, None), "UKPC": (None, None), "UKHL": (None, 2009), "EWCA": (None, None),
    "EWHC": (None, None), "EWCOP": (2007, None), "EWFC": (2014, None), "EWCC": (None, None),
    "EWCR": (None, None), "UKUT": (2008, None), "UKFTT": (2008, None), "UKEAT": (None, 2022),
    "EAT": (2021, None), "UKAIT": (None, 2010), "UKIAT": (None, 2005), "UKIPTrib": (None, None),
    "UKVAT": (None, 2010), "UKSPC": (None, 2010), "CAT": (2000, None), "CSIH": (None, None),
    "CSOH": (None, None), "ScotCS": (None, None), "ScotHC": (None, None), "HCJAC": (None, None),
    "HCJT": (None, None), "SAC": (2015, None), "NICA": (None, None), "NIQB": (None, 2023),
    "NIKB": (2022, None), "NICh": (None, None), "NIFam": (None, None), "NICC": (None, None),
    "NIIT": (None, None), "UKMSPC": (None, None), "UKET": (None, None),
}  # fmt: skip
"""Neutral citation courts and the years in which they sat; None where older decisions carry
retrospective numbers. Years: the courts' founding statutes (Constitutional Reform Act 2005,
Tribunals, Courts and Enforcement Act 2007, Crime and Courts Act 2013)."""

OTHER_COURTS = {
    "SCC": (2000, None), "CSC": (2000, None), "ONCA": (2007, None), "ONSC": (2010, None),
    "BCCA": (1998, None), "BCSC": (1998, None), "ABQB": (None, 2022), "ABKB": (2022, None),
    "NZSC": (2004, None), "HKCFA": (1997, None), "ZACC": (1995, None), "IECA": (2014, None),
    "FCAFC": (2002, None), "FedCFamC1F": (2021, None), "FedCFamC2F": (2021, None),
    "HCA": (1903, None),
}  # fmt: skip
"""Courts elsewhere and the years that their own numbers can have: from when the court sat or, in
Canada, numbered its decisions. Others have retrospective numbers, as the Courts of Appeal of
Alberta (1985 ABCA 218) and Nova Scotia have from CanLII, or none is certain."""

_OTHER_COURTS = (
    "HCA|FCAFC|FCA|FedCFamC[12]F|FMCA|NSWCA|NSWSC|NSWCCA|VSCA|VSC|QCA|QSC|WASCA|WASC|SASC|SASCFC"
    "|TASSC|ACTSC|NZSC|NZCA|NZHC|SGCA|SGHC|SGHCR|SGDC|HKCFA|HKCA|HKCFI|IESC|IECA|IEHC|INSC|ZASCA"
    "|ZACC|KESC|NGSC|JCA|JRC|GRC|SCC|CSC|ONCA|ONSC|BCCA|BCSC|ABCA|ABKB|ABQB|QCCA|NSCA|NBCA|MBCA"
    "|SKCA|CAF|FC|TCC|CHRT|HRTO"
)
_UK_NEUTRAL = re.compile(
    rf"[\[(]{YEAR}[\])]\s*(?P<court>(?a:{'|'.join(sorted(UK_COURTS, key=len, reverse=True))}))\b"
    r"\s*(?P<d1>\(?(?:Civ|Crim|Admin|Ch|Pat|QB|KB|Comm|Admlty|TCC|Fam|IPEC|Costs|Mercantile|AAC"
    r"|IAC|LC|TC|GRC|HESC|PC|B|Exch|CP)\)?\s+)?(?P<letter>[BJ](?=\d))?(?P<n>\d+)"
    r"(?:\s*\((?P<d2>[A-Za-z]{1,12})(?:\s*Court)?\))?",
    re.I,
)
_COURT_NAMES = {name.casefold(): name for name in UK_COURTS}
_OTHER_NEUTRAL = re.compile(
    rf"(?P<year>(?:1(?<!\w1)9|2(?<!\w2)0)\d\d)\]?\s+(?P<court>{_OTHER_COURTS})\s+(?P<n>\d+)\b"
)
_UKEAT = re.compile(r"\bUKEAT/(?:PA/)?(?P<n>\d{4})/(?P<yy>\d\d)(?:/[A-Z]{2,4})?\b")


def _ukeat(m: Match[str]) -> Parsed:
    """An appeal by its number, with the key that it has as a neutral citation."""
    year, number = full_year(m["yy"]), int(m["n"])
    key = f"ukeat/{year}/{number}"
    return parsed_at(m, "uk_neutral", key, year, ("uk",), court="UKEAT", number=number)


def _uk_neutral(m: Match[str]) -> Parsed:
    court, year, number = _COURT_NAMES[m["court"].casefold()], int(m["year"]), int(m["n"])
    division = (m["d1"] or m["d2"] or "").strip(" ()").lower()
    shown = f"{(m['letter'] or '').lower()}{number}"
    key = "/".join(part for part in (court.lower(), division, str(year), shown) if part)
    label = " ".join(part for part in (court, division.upper()) if part)
    return parsed_at(m, "uk_neutral", key, year, ("uk",), court=label, number=number)


def _other_neutral(m: Match[str]) -> Parsed:
    year, court = int(m["year"]), m["court"]
    key = f"{court.lower()}/{year}/{m['n']}"
    return parsed_at(m, "other_neutral", key, year, ("other",), court=court, number=int(m["n"]))


# --- law reports ---------------------------------------------------------------------------

SERIES_YEARS: Mapping[str, tuple[int, int | None]] = {
    "AC": (1891, None), "Ch": (1891, None), "P": (1891, 1971), "Fam": (1972, None),
    "WLR": (1953, None), "All ER": (1936, None), "All ER (Comm)": (1998, None),
    "BCLC": (1983, None), "BCC": (1983, None), "ICR": (1972, None), "IRLR": (1972, None),
    "FLR": (1980, None), "Bus LR": (2006, None), "CMLR": (1962, None), "STC": (1973, None),
    "EMLR": (1990, None), "Lloyd's Rep": (1919, None), "FSR": (1963, None), "ECR": (1954, 2012),
    "HLR": (1976, None), "BPIR": (1996, None), "EGLR": (1975, None),
}  # fmt: skip
"""First and last year of well-known series, with slack where a volume looks back. Incorporated
Council of Law Reporting: AC, Ch, QB and P under the year from 1891, WLR from 1953. EHRR is not
among them: its first volumes hold judgments of the years before, and are cited by their year."""

_SQUARE = (
    "AC", "QB", "KB", "Ch", "Fam", "P", "WLR", "All ER (Comm)", "All ER (EC)", "All ER (D)",
    "All ER", "Lloyd's Rep IR", "Lloyd's Rep FC", "Lloyd's Rep Med", "Lloyd's Rep PN",
    "Lloyd's Rep", "BCLC", "BCC", "ICR", "IRLR", "FLR", "FCR", "Fam Law", "Cr App R (S)",
    "Cr App R", "Crim LR", "EGLR", "EGCS", "EG", "P & CR", "HLR", "LGR", "RPC", "FSR", "EMLR",
    "CMLR", "ECR", "EHRR", "BHRC", "UKHRR", "HRLR", "PIQR", "Med LR", "BMLR", "TCLR", "BLR",
    "Con LR", "CILL", "STC", "STI", "SFTD", "BTC", "SC (HL)", "SC (UKSC)", "SC", "SLT", "SCCR",
    "SCLR", "NI", "NIJB", "IR", "ILRM", "INLR", "Imm AR", "Costs LR", "CLR", "WTLR", "Env LR",
    "JPL", "PLR", "RTR", "RVR", "RA", "Bus LR", "CLC", "BPIR", "PNLR", "LS Gaz R", "NPC", "ELR",
    "ITR", "IRLB", "OJ", "CPL", "NZLR", "SCR", "SGLR", "SLR", "HKLRD", "MLJ", "AIR", "WWR", "ITLR",
    "ETMR", "ECDR", "L & TR", "PTSR", "WLUK", "TLR", "AER", "EuLR", "Eu LR", "ECC", "IPPT", "UKCLR",
    "CompAR", "Comp AR", "LLR", "Lloyd's List Rep", "ECR-SC",
)  # fmt: skip
_ROUND = (
    "App Cas", "QBD", "KBD", "Ch D", "PD", "CPD", "Ex D", "QB", "KB", "ER", "EHRR",
    "EHRR SE", "Cr App R (S)", "Cr App R", "P & CR", "LGR", "HLR", "Con LR", "BLR", "CLR", "ALR",
    "ALJR", "Imm AR", "TC", "BMLR", "TLR", "LT", "JP", "Sol Jo", "SJ", "Lloyd's Rep", "LlL Rep",
    "Ll L Rep", "BHRC", "R", "Ex", "Exch", "Beav", "B & S", "E & B", "El & Bl", "El & El", "E & E",
    "H & C", "H & N", "Hare", "M & W", "M & S", "Cl & Fin", "Cl & F", "HL Cas", "HLC", "Bing NC",
    "Bing (NC)", "Bing", "Burr", "Ld Raym", "Salk", "Swans", "Ves Jr", "Ves Sen", "Ves Jun",
    "Ves", "De GM & G", "De G M & G", "De G & J", "De G & Sm", "De GJ & S", "De G F & J",
    "My & Cr", "My & K", "Mood & R",
    "CB (NS)", "CBNS", "CB", "C & P", "TR", "Term Rep", "Co Rep", "Co Inst", "Cox CC", "Cox",
    "Camp", "Taunt", "B & Ad", "B & Ald", "B & A", "A & E", "Ad & El", "Ad & E", "Stark", "Atk",
    "East", "P Wms", "Mod", "Cowp", "Dowl", "Russ", "Sim", "Ph", "Hob", "Str", "Wils", "Bl",
    "Macq", "Mer", "Moo PC", "Moo PCC", "Dr & Sm", "K & J", "J & H", "Johns", "Den", "F & F",
    "Car & P", "Comb", "Cro Eliz", "Doug", "Leon", "Moore KB", "Plowd", "Vent", "LR Ir",
    "LJ Ch", "LJQB", "LJ QB", "LJ Ex", "LJ Bcy", "WR", "DLR", "DLR (2d)", "DLR (3d)", "DLR (4th)",
    "OR (3d)", "NSWLR", "VR", "FCR", "FLR", "SASR", "Qd R", "SC (HL)", "SLT", "R (HL)", "D", "M",
    "F", "S", "HKCFAR", "SCC", "BTR", "ITELR", "Ch Rep",
)  # fmt: skip
_LR_COURTS: Mapping[str, str] = {
    name: name
    for name in (
        "HL Sc", "E & I App", "Sc & Div", "Ch App", "P & D", "A & E", "CCR", "CP", "Ch", "Eq", "Ex",
        "HL", "Ir", "PC", "QB", "Ind App",
    )
} | {
    "PD": "P & D", "Prob & Div": "P & D", "P & M": "P & D", "Adm & Ecc": "A & E",
    "Adm & Eccl": "A & E", "Exch": "Ex", "CC": "CCR", "E & I": "E & I App", "Sc App": "HL Sc",
    "HL Sc App": "HL Sc", "Sc & Div App": "Sc & Div",
}  # fmt: skip
"""Series of the Law Reports of 1865 to 1875, as they are written, with the name in the key."""
_SCOTS = ("SC (HL)", "SC (UKSC)", "SC (PC)", "SC", "SLT", "SCCR", "SCLR", "JC")
"""Cited by the bare year: ``1932 SC (HL) 31``."""


def _spaced(series: str) -> str:
    """A pattern for a series as people write it: with dots, without, ``and`` for ``&``."""
    pieces = []
    for word in series.split(" "):
        if word == "&":
            pieces.append(r"(?:&|and)")
        elif word.isupper() and word.isalpha():
            pieces.append(r"\.?\s?".join(word) + r"\.?")
        else:
            pieces.append(re.escape(word) + (r"\.?" if word.isalpha() else ""))
    return r"\s?".join(pieces)


def _any_series(names: Iterable[str]) -> str:
    return "|".join(_spaced(name) for name in sorted(dict.fromkeys(names), key=len, reverse=True))


def _squash(text: str) -> str:
    return re.sub(r"[\s.]", "", text).replace("and", "&")


_LR_CANONICAL = {_squash(name): kept for name, kept in _LR_COURTS.items()}
_CANONICAL = {_squash(name): name for name in (*_SQUARE, *_ROUND, *_SCOTS)} | {"AER": "All ER"}
_REPORT = re.compile(  # one pattern for both brackets: it takes 5 ms to compile
    rf"(?:(?P<bracket>\[)|\(){YEAR}(?:[-/]\d{{2,4}})?(?(bracket)\]|\))\s*(?:(?P<v>\d{{1,3}})\s+)?"
    rf"(?P<series>{_any_series((*_SQUARE, *_ROUND))})\s*"
    r"(?P<part>II?-(?:[AB]-)?)?(?P<n>\d+[a-zA-Z]?)\b"
)
_LOWER_CASE = {
    name.casefold(): name
    for name in (
        "AC",
        "WLR",
        "QB",
        "KB",
        "All ER",
        "BCLC",
        "BCC",
        "ICR",
        "IRLR",
        "FLR",
        "RPC",
        "FSR",
    )
}
_REPORT_LOWER = re.compile(
    rf"\[{YEAR}\]\s*(?:(?P<v>\d)\s+)?(?P<series>(?i:{'|'.join(_LOWER_CASE)}))\s+(?P<part>)(?P<n>\d+)\b"
    r"(?P<bracket>(?<=\d))"
)
"""Series in small letters, where square brackets leave no doubt that one is meant."""
_YEARS = (r"1[0-9]\d\d", r"20\d\d")
_ALONE = r"(?<![\[(\d/]{0})(?<!\b(?:AIR|PLD|ILR|the)\s{0})(?<!\bin\s{0})"  # AIR 1973 SC is Indian
_REPORT_SCOTS = re.compile(
    rf"(?P<year>{by_letter(_YEARS, _ALONE)})"
    rf"\s(?P<series>{_any_series(_SCOTS)})\s(?P<n>\d{{1,4}})\b(?!\.\d)"
)
_REPORT_LR = re.compile(
    rf"(?:[\[(]{YEAR}(?:-\d{{2,4}})?[\])]\s*)?(?:LR|L\.R\.)\s*(?P<v>\d{{1,2}})\s+"
    rf"(?P<series>{_any_series(_LR_COURTS)})\.?\s*(?P<n>\d+)\b"
)
_REPORT_UNKNOWN = re.compile(
    rf"\[{YEAR}\]\s*(?:(?P<v>\d{{1,3}})\s+)?"
    r"(?P<series>[A-Z][A-Za-z.&']*(?:\s[A-Z(][A-Za-z.&')]*){0,3})\s+(?P<n>\d+)\b"
)
_FOREIGN_SERIES = frozenset(
    {"IR", "ILRM", "CLR", "ALR", "ALJR", "NZLR", "SCR", "SGLR", "SLR", "HKLRD", "MLJ", "AIR", "WWR"}
    | {"DLR", "DLR (2d)", "DLR (3d)", "DLR (4th)", "OR (3d)", "NSWLR", "VR", "SASR", "Qd R"}
    | {"HKCFAR", "SCC"}
)
_YEAR_IS_VOLUME = frozenset(
    {"AC", "QB", "KB", "Ch", "Fam", "P", "WLR", "All ER", "All ER (Comm)", "BCLC", "ICR"}
    | {"IRLR", "FLR", "Lloyd's Rep", "EGLR", "RPC", "CMLR", "STC", "Bus LR"}
)
"""Series found by their year: [yyyy]. The others are found by their volume: (yyyy)."""
_VOLUME_SERIES = frozenset(_ROUND) - frozenset(_SQUARE)


def _report(m: Match[str]) -> Parsed:
    series = _CANONICAL.get(_squash(m["series"]), m["series"].strip())
    series = _LOWER_CASE.get(series.casefold(), series)
    year, volume = int(m["year"]), m["v"]
    by_year = series in _YEAR_IS_VOLUME and year >= 1891 and (volume is None or int(volume) <= 4)
    square = by_year or (m["bracket"] and not (series in _VOLUME_SERIES and volume))
    shown = f"[{year}]" if square else f"({year})"
    page = f"{m['part'] or ''}{m['n'].lower()}"
    key = " ".join(part for part in (shown, volume, series, page) if part)
    where = _series_jurisdictions(series)
    return parsed_at(
        m, "uk_report", key, year, where, court=series,
        volume=int(volume) if volume else None, number=_leading_int(m["n"]),
    )  # fmt: skip


def _report_scots(m: Match[str]) -> Parsed:
    """With the key of the same report when its year is put in brackets."""
    series, year = _CANONICAL[_squash(m["series"])], int(m["year"])
    key = f"[{year}] {series} {m['n']}"
    return parsed_at(m, "uk_report", key, year, ("uk",), court=series, number=int(m["n"]))


def _series_jurisdictions(series: str) -> tuple[str, ...]:
    if series in _FOREIGN_SERIES:
        return ("other",)
    if series == "ECR-SC":
        return ("eu",)
    if series in {"ECR", "CMLR"}:
        return ("eu", "uk")
    if series in {"EHRR", "EHRR SE", "BHRC"}:
        return ("international", "uk", "eu")
    return ("uk",)


def _report_lr(m: Match[str]) -> Parsed:
    year = int(m["year"]) if m["year"] else None
    key = f"LR {m['v']} {_LR_CANONICAL[_squash(m['series'])]} {m['n']}"
    key = f"({year}) {key}" if year else key
    return parsed_at(
        m, "uk_report", key, year, ("uk",), court="LR", volume=int(m["v"]), number=int(m["n"])
    )


def _report_unknown(m: Match[str]) -> Parsed:
    series = m["series"].strip()
    key = " ".join(part for part in (f"[{m['year']}]", m["v"], series, m["n"]) if part)
    return parsed_at(m, "uk_report", key, int(m["year"]), (), court=series, number=int(m["n"]))


def _leading_int(text: str) -> int:
    return int(re.match(r"\d+", text)[0])  # type: ignore[index] # the grammar begins with a digit


# --- the productions ---------------------------------------------------------------------

NEUTRAL = Rule(_UK_NEUTRAL, _uk_neutral, ("[1", "[2", "(1", "(2"), bare_hints=(YEAR_IN_BRACKETS,))
UKEAT = Rule(_UKEAT, _ukeat, ("UKEAT/",))
_VOLUME_OF_LR = re.compile(r"L(?:R|\.R\.)\s*\d{1,2}\s+[A-Z]")
LAW_REPORTS = Rule(_REPORT_LR, _report_lr, ("LR", "L.R."), hints=(_VOLUME_OF_LR,))
REPORT = Rule(_REPORT, _report, ("[1", "[2", "(1", "(2"), bare_hints=(YEAR_IN_BRACKETS,))
LOWER_CASE = Rule(_REPORT_LOWER, _report, ("[1", "[2"))
SCOTS = Rule(
    _REPORT_SCOTS,
    _report_scots,
    ("SC", "S.C", "SL", "S.L", "JC", "J.C"),
    bare_hints=(re.compile(r"\d\s*[SJ]\.?\s*[CL]"),),
)
_YEAR_COURT_NUMBER = re.compile(r"(?:19|20)\d\d\]?\s*[A-Z]{2,6}\s*\d")
OTHER_NEUTRAL = Rule(
    _OTHER_NEUTRAL, _other_neutral, hints=(NUMBER_THEN_NAME,), bare_hints=(_YEAR_COURT_NUMBER,)
)
UNKNOWN = Rule(_REPORT_UNKNOWN, _report_unknown, ("[1", "[2"))
