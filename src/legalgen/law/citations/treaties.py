"""Treaties, and the international courts and tribunals."""

from __future__ import annotations

import re
from re import Match

from legalgen.law.citations.parsed import Parsed, Rule, parsed_at
from legalgen.law.citations.pieces import YEAR, last_year, pinpoint_near

_ICJ_REPORT = re.compile(
    r"(?:[\[(](?P<before>19\d\d|20\d\d)[\])]\s*)?\bI\.?C\.?J\.?\sRep(?:orts|\.)?\s"
    rf"(?:\(?{YEAR}\)?(?:\s\(\w+\))?,?\s*(?:pp?\.?|at|paras?)?\s*)?"
    r"(?P<n>(?!(?:19|20)\d\d\b)\d{1,4})\b"
)
_ICJ_DAY = re.compile(
    r"\bI\.?C\.?J\.?,?\s\(?(?P<day>\d{1,2}\s[A-Z][a-z]{2,8}\s(?P<year>19\d\d|20\d\d))\b"
)
"""A decision that the reports do not hold yet, by its day."""
_ITLOS_CASE = re.compile(r"\bITLOS,?\s(?:Case|Reports)\sNo\.?\s(?P<n>\d{1,3})\b")
_WTO_REPORT = re.compile(r"\bWT/DS(?P<n>\d{1,3})/(?P<body>AB/)?R\b")
_ICSID_CASE = re.compile(
    r"ICSID(?<!\wICSID)\sCase\sNo\.?\s(?P<n>(?:ARB|CONC)(?:\(AF\))?/\d\d/\d{1,3})\b"
)
_TREATY = re.compile(
    r"\b(?=[A-Z])(?:(?:[A-Z][\w-]+\s(?:(?:of|on|for|the|and|to|in)\s)*){0,6}"
    r"(?:Conventions?|Covenant|Treaty|Protocol|Agreement|Accords|Declaration|Pact)\b"
    r"(?:\s(?:on|for|against|relating to|of)(?:\sthe)?(?:\s[A-Z][\w-]+"
    r"|\s(?:of|and|the|for|in|to)){1,10})?(?:,?\s(?:(?:19|20)\d\d))?|UNCLOS|CISG|ICCPR|ICESCR|UNCAC"
    r"|UNCRC|CEDAW|UDHR|MARPOL|SOLAS|TRIPS|GATT|GATS|UNFCCC|UCP ?600|ICSID"
    r"|VCLT|VCDR|Vienna Convention|UN Charter"
    r"|Articles on (?:the )?(?:State Responsibility|Responsibility of States)"
    r"(?: for Internationally Wrongful Acts)?(?:,? (?:19|20)\d\d)?|ARSIWA"
    r"|Charter of the United Nations|Statute of the International Court of Justice|Rome Statute"
    r"|Hague-Visby(?: Rules)?|Incoterms(?: 20\d\d)?|York-Antwerp Rules(?: \d{4})?"
    r"|UNCITRAL [A-Z][\w ]{0,30}|UNIDROIT Principles)(?!\w)"
)


def _icsid_case(m: Match[str]) -> Parsed:
    return parsed_at(m, "icsid_case", f"ICSID {m['n']}", None, ("international",), court="ICSID")


def _icj_report(m: Match[str]) -> Parsed | None:
    year = m["before"] or m["year"]
    if year is None:
        return None
    key, where = f"ICJ Reports {year} p {m['n']}", ("international",)
    return parsed_at(m, "icj_report", key, int(year), where, court="ICJ", number=int(m["n"]))


def _icj_day(m: Match[str]) -> Parsed:
    key, where = f"ICJ {' '.join(m['day'].split())}", ("international",)
    return parsed_at(m, "icj_report", key, int(m["year"]), where, court="ICJ")


def _itlos_case(m: Match[str]) -> Parsed:
    key, where = f"ITLOS Case No {m['n']}", ("international",)
    return parsed_at(m, "itlos_case", key, None, where, court="ITLOS", number=int(m["n"]))


def _wto_report(m: Match[str]) -> Parsed:
    key = f"WT/DS{m['n']}/{m['body'] or ''}R"
    return parsed_at(
        m, "wto_report", key, None, ("international",), court="WTO", number=int(m["n"])
    )


def _treaty(m: Match[str]) -> Parsed:
    name = " ".join(m[0].split())
    pin = pinpoint_near(m)
    return parsed_at(
        m, "treaty", f"{name} {pin}".strip(), last_year(name), ("international",),
        name=name, work=name, pinpoint=pin,
    )  # fmt: skip


# --- the productions ---------------------------------------------------------------------

_COURT = ("ICJ", "I.C.J", "IC.J", "I.CJ")
ICJ = Rule(_ICJ_REPORT, _icj_report, _COURT)
ICJ_DAY = Rule(_ICJ_DAY, _icj_day, _COURT)
ITLOS = Rule(_ITLOS_CASE, _itlos_case, ("ITLOS",))
WTO = Rule(_WTO_REPORT, _wto_report, ("WT/DS",))
ICSID = Rule(_ICSID_CASE, _icsid_case, ("ICSID",))
TREATY = Rule(
    _TREATY,
    _treaty,
    (
        *("Convention", "Covenant", "Treaty", "Protocol", "Agreement", "Accords", "Declaration"),
        "Pact",
        *("UN", "IC", "VC", "CISG", "CEDAW", "TRIPS", "GAT", "UCP", "UDHR", "Statute", "Charter"),
        *("Articles on", "ARSIWA", "Hague-V", "Incoterms", "York-", "MARPOL", "SOLAS"),
    ),
)
