"""United States: reporters, codes, rules and the constitution."""

from __future__ import annotations

import re
from re import Match

from legalgen.law.citations.parsed import Parsed, Rule, parsed_at
from legalgen.law.citations.pieces import by_letter

_US_REPORTERS = (
    "U.S.", "S. Ct.", "L. Ed. 2d", "L. Ed.", "F. Supp. 3d", "F. Supp. 2d", "F. Supp.", "F. App'x",
    "F. Appx.", "F.4th", "F.3d", "F.2d", "F.", "F.R.D.", "B.R.", "Fed. Cl.", "Ct. Cl.", "T.C.",
    "A.3d", "A.2d", "A.", "N.E.3d", "N.E.2d", "N.E.", "N.W.2d", "N.W.", "P.3d", "P.2d", "P.",
    "S.E.2d", "S.E.", "So. 3d", "So. 2d", "So.", "S.W.3d", "S.W.2d", "S.W.", "Cal. App. 5th",
    "Cal. App. 4th", "Cal. App. 3d", "Cal. App. 2d", "Cal. App.", "Cal. Rptr. 3d",
    "Cal. Rptr. 2d", "Cal. Rptr.", "Cal. 5th", "Cal. 4th", "Cal. 3d", "Cal. 2d", "Cal.",
    "N.Y.S.3d", "N.Y.S.2d", "N.Y.S.", "N.Y.3d", "N.Y.2d", "N.Y.", "A.D.3d", "A.D.2d", "A.D.",
    "Misc. 2d", "Misc. 3d", "Ill. 2d", "Ill. App. 3d", "Ill. App. 2d", "Ill. App.", "Ill.",
    "Ala. App.", "Cai. R.", "N.H.", "Neb.", "Mass. App. Ct.", "Mass.",
    "Ohio St. 3d", "Ohio St. 2d", "Ohio St.", "Pa.", "Tex.", "Va. App.", "Va.", "Wash. 2d",
    "Wash. App.", "Wash.", "Wis. 2d", "Wis.", "Mich. App.", "Mich.", "N.J. Super.", "N.J.",
    "Del. Ch.", "Del.", "Ga. App.", "Ga.", "N.C. App.", "N.C.", "Conn.", "Minn.", "Kan.", "Md.",
    "I. & N. Dec.", "I&N Dec.", "F.C.C.", "F.T.C.", "S.E.C.", "N.L.R.B.", "U.S.P.Q.2d", "U.S.P.Q.",
    "U.S. App. D.C.", "U.S. LEXIS", "Bankr. LEXIS", "U.S. Dist. LEXIS", "WL",
)  # fmt: skip


_DELAWARE = re.compile(
    r"(?:(\d{1,2}) )?Del(?:aware)?\.? (?:Code|C\.)(?: Ann\.?)?(?: tit\. (\d{1,2}))?"
)
_DIVIDED = re.compile(r"\b(?:tit|ch)\. \w+$")


def _us_pattern(reporter: str) -> str:
    return re.escape(reporter).replace(r"\.", r"\.?\s?").replace(r"\ ", r"\s?")


def squash(text: str) -> str:
    """Initials without dots, spaces and case."""
    return re.sub(r"[\s.]", "", text).casefold()


_US_CANONICAL = {squash(name): name for name in _US_REPORTERS} | {"i&ndec": "I. & N. Dec."}
_US_CANONICAL["fappx"] = "F. App'x"
_US_REPORTER = re.compile(
    r"(?P<v>\d(?<!\w\d)\d{0,3})\s+(?P<r>"
    + "|".join(_us_pattern(name) for name in sorted(_US_REPORTERS, key=len, reverse=True))
    + r")(?:\s?\(\d{1,2}\s(?:Dall|Cranch|Wheat|Pet|How|Black|Wall)\.?\))?"
    r"\s?(?P<n>\d{1,8})\b(?!\s*(?:U\.?S\.?C|C\.?F\.?R))"
    r"(?:,\s*(?:at\s*)?\d+(?:-\d+)?\b(?!\s[A-Z]))*"
    r"(?:\s*\((?P<court>[^()]{0,40}?)\b(?P<year>1[789]\d\d|20\d\d)\))?"
)
_US_CODE = re.compile(
    r"\b(?P<t>\d{1,2})\s+(?P<c>U\.?\s?S\.?\s?C\.?(?:A\.?)?|C\.?\s?F\.?\s?R\.?)\s*"
    r"(?P<w>§§?|ss?\.?|[Pp]arts?|[Pp]ts?\.?|[Ss]ections?|[Cc]h(?:apter)?s?\.?)?\s*"
    r"(?P<n>\d+[a-zA-Z]{0,3}(?:[.-]\d+[a-zA-Z0-9-]*)?)"
)
_NAMED_CODES = by_letter(
    (
        r"I\.?R\.?C\.?", "Internal Revenue Code", r"U\.C\.C\.", "UCC", "FAA", "Bankruptcy Code",
        "Uniform Commercial Code", r"Del(?:aware)?\.? G(?:eneral )?C(?:orporation )?L(?:aw)?",
        "DGCL", "MBCA", "Model Business Corporation Act", "ERISA", "FLSA", "INA", "CCPA", "CPRA",
        "HIPAA", "CERCLA", "FCPA", "COPPA", "DMCA", "Sherman(?: Antitrust)? Act", "Clayton Act",
        "Lanham Act", "FTC Act", "Securities Act", "Exchange Act", "Bank Secrecy Act", "Title VII",
        "Federal Arbitration Act",
    ),
    unless=r"(?<!\w{0})(?<!\bv\s{0})(?<!\bv\.\s{0})",
)  # fmt: skip
_US_NAMED_CODE = re.compile(
    rf"(?P<c>{_NAMED_CODES})(?!\w)"
    r"(?!(?:\s(?:and|&)\s\w+|\sCommissioners?)?,?\sv(?:s?\.?)\s)[.,\s]*"  # a party: "IRC v Duke"
    r"(?:(?P<w>§§?|[Ss]ections?|ss?\.?|[Rr]ule|[Aa]rt(?:icle)?s?\.?|[Tt]itle)\s*"
    r"(?P<n>[\dIVX]+[\w.:-]*(?:\([0-9a-zA-Z]{1,5}\))*))?"
)
_US_TITLES = {
    "irc": "26 U.S.C.", "internalrevenuecode": "26 U.S.C.", "bankruptcycode": "11 U.S.C.",
    "ucc": "UCC", "uniformcommercialcode": "UCC",
    "delawaregeneralcorporationlaw": "DGCL", "delgcl": "DGCL", "delawaregcl": "DGCL",
}  # fmt: skip
"""One name for a code that has several."""
_US_STATE_CODE = re.compile(
    r"\b(?P<c>(?:\d{1,3}\s)?(?:Cal(?:ifornia)?|N\.?Y\.?|New York|Tex(?:as)?|Fla|Florida"
    r"|Del(?:aware)?|Mass|Ill|Pa|Ohio|Va|Wash|Colo|Ariz|Nev|Conn|Minn|Mich|Ga|N\.J|N\.C|Or|Md|Wis|Utah)\.?\s"
    r"(?:[A-Z][A-Za-z.&']+\s){0,5}?(?:Code|Law|Stat\.?|Statutes|Laws|Ann\.?|Comp\. Stat\.)"
    r"(?:\sAnn\.?)?(?:,?\s(?:tit|ch)\.\s*\w+){0,2})[,\s]*(?:§§?|[Ss]ections?|ss?\.)\s*"
    r"(?P<n>\d[\w.:-]*)"
)
_US_NUMBERED = re.compile(
    r"\b(?:(?P<work>\d{1,2} Del\. ?C\.) ?(?:§§?|[Ss]ections?|s\.) ?(?P<n>\d+\w*(?:-\d+)?)"
    r"|(?P<ilcs>\d{1,3} ILCS \d+)/(?P<s>\d[\w.-]*)|Rev\. (?P<r>Rul|Proc)\. (?P<rn>\d{2,4}-\d+))"
)
_US_RULE = re.compile(
    r"\b(?:(?P<c>Fed(?:eral)?\.?\s?R(?:ules?)?\.?\s?(?:of\s)?(?P<t>Civ|Crim|App|Bankr|Evid)[a-z]*\.?"
    r"\s?(?:P(?:rocedure)?\.?)?|FRCP|FRE)\s*(?:Rules?\s*)?(?P<n>\d+[\w.]*(?:\([0-9a-zA-Z]{1,3}\))*)"
    r"|(?:SEC )?Rule (?P<sec>10b-5|10b5-1|144A?|14a-8|506|415)(?:\([a-z]\))*)"
)
_US_CONSTITUTION = re.compile(
    r"\bU\.?S\.?\sConst(?:itution|\.)?(?:[,\s]*(?:amend\.?|art\.?|Article|Amendment)\s*[IVX\d]+)?"
    r"|\b(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Eleventh|Thirteenth"
    r"|Fourteenth|Fifteenth)\sAmendment\b"
)
_US_PUBLIC_LAW = re.compile(
    r"P(?<!\wP)ub(?:lic|\.)\s?L(?:aw|\.)\s?(?:No\.?\s?)?(?P<n>\d{2,3}-\d{1,3})\b"
)
_US_RESTATEMENT = re.compile(
    r"\bRestatement\s*\((?:First|Second|Third|Fourth)\)\s*(?:of\s)?[A-Z][A-Za-z& ]{2,40}"
    r"(?:[,\s]*§§?\s*\d+\w*)?"
)


def _us_reporter(m: Match[str]) -> Parsed | None:
    reporter = _US_CANONICAL.get(squash(m["r"]))
    if reporter is None or ("." not in m["r"] and reporter.count(".") <= 1 and reporter != "WL"):
        return None  # "5 A 3": one bare capital or word between numbers is not a reporter
    key = f"{int(m['v'])} {reporter} {m['n']}"
    year = int(m["year"]) if m["year"] else int(m["v"]) if _by_year(reporter) else None
    return parsed_at(
        m, "us_reporter", key, year, ("us",), court=reporter, volume=int(m["v"]),
        number=int(m["n"]),
    )  # fmt: skip


def _by_year(reporter: str) -> bool:
    return reporter == "WL" or reporter.endswith("LEXIS")


def _us_code(m: Match[str]) -> Parsed:
    code = "U.S.C." if "S" in m["c"].upper() else "C.F.R."
    work = f"{int(m['t'])} {code}"
    key = f"{work} {m['n'].rstrip('-.')}"
    return parsed_at(m, "us_code", key, None, ("us",), work=work, pinpoint=m["n"])


def _us_named_code(m: Match[str]) -> Parsed:
    name = re.sub(r"\s+", " ", m["c"])
    work = _US_TITLES.get(re.sub(r"[\s.]", "", name).lower(), name)
    pin = (m["n"] or "").rstrip(".,:-")
    key = f"{work} {pin}".strip()
    return parsed_at(
        m, "us_code", key, None, ("us",), name=name, work=work, pinpoint=f"s {pin}" if pin else ""
    )


def _us_state_code(m: Match[str]) -> Parsed:
    return state_code(m, state_work(m["c"]), m["n"])


def state_code(m: Match[str], work: str, section: str) -> Parsed:
    """A section of a state's code."""
    pin = section.rstrip(".:-,")
    return parsed_at(
        m, "us_code", state_key(work, pin), None, ("us",), work=work, pinpoint=f"s {pin}", name=work
    )


def state_work(code: str) -> str:
    """A state's code as keys have it, with the title or chapter that a section is counted in."""
    words = " ".join(code.replace(",", " ").split())
    delaware = _DELAWARE.fullmatch(words)
    title = delaware and (delaware[1] or delaware[2])
    return f"{title} Del. C." if title else words


def state_key(work: str, section: str) -> str:
    """Work and section, apart where the work ends with a number."""
    return f"{work} {'§ ' if _DIVIDED.search(work) else ''}{section}"


def _us_numbered(m: Match[str]) -> Parsed:
    if m["r"]:
        work = f"Rev. {m['r']}. {m['rn']}"
        return parsed_at(m, "us_code", work, None, ("us",), name=f"Rev. {m['r']}.")
    work, pin = m["work"] or m["ilcs"], (m["n"] or m["s"]).rstrip(".-")
    work = work.replace("Del.C", "Del. C")
    key = f"{work}{'/' if m['ilcs'] else ' '}{pin}"
    return parsed_at(m, "us_code", key, None, ("us",), name=work, work=work, pinpoint=f"s {pin}")


def _us_rule(m: Match[str]) -> Parsed:
    if m["sec"]:
        return parsed_at(m, "us_code", f"SEC Rule {m['sec']}", None, ("us",), name="SEC Rule")
    work = f"Fed. R. {m['t'] or 'Civ'}. P." if m["t"] != "Evid" else "Fed. R. Evid."
    return parsed_at(
        m, "us_code", f"{work} {m['n']}", None, ("us",), work=work, pinpoint=f"r {m['n']}"
    )


def _us_constitution(m: Match[str]) -> Parsed:
    return parsed_at(m, "us_constitution", " ".join(m[0].split()), None, ("us",))


def _us_public_law(m: Match[str]) -> Parsed:
    return parsed_at(m, "statute", f"Pub. L. {m['n']}", None, ("us",))


def _us_restatement(m: Match[str]) -> Parsed:
    return parsed_at(m, "guidance", " ".join(m[0].split()), None, ("us",))


# --- the productions ---------------------------------------------------------------------

_VOLUME_AND_PAGE = re.compile(r"[A-Z](?<=[\d\s]\s.)[A-Za-z.&'\s(]{0,40}\d")
_BARE_VOLUME_AND_PAGE = re.compile(r"\d\s*[A-Z][A-Z.&'\s(]{0,40}\d")
REPORTER = Rule(
    _US_REPORTER,
    _us_reporter,
    hints=(_VOLUME_AND_PAGE,),
    bare_hints=(_BARE_VOLUME_AND_PAGE,),
)
CODE = Rule(_US_CODE, _us_code, ("U.S", "USC", "US.C", "CFR", "C.F", "CF.R"))
NAMED_CODE = Rule(
    _US_NAMED_CODE,
    _us_named_code,
    (
        *("RC", "R.C", "UCC", "U.C.C", "FAA", "Del", "DGCL", "MBCA", "ERISA", "FLSA", "INA", "CP"),
        *("HIPAA", "CERCLA", "COPPA", "DMCA", "Title VII", "FTC", "Sherman", "Clayton", "Lanham"),
        *("Revenue Code", "Bankruptcy Code", "Commercial Code", "Corporation Act"),
        *("Securities Act", "Exchange Act", "Secrecy Act", "Arbitration Act"),
    ),
)
_SECTION_OF_CODE = re.compile(
    r"(?:Code|Laws?|Stat(?:utes|\.)?|Ann\.?)(?:\sAnn\.?)?(?:,?\s(?:tit|ch)\.\s*\w+){0,2}[,\s]*"
    r"(?:§|[Ss]ection|ss?\.)"
)
STATE_CODE = Rule(_US_STATE_CODE, _us_state_code, ("§", "ection", "s."), hints=(_SECTION_OF_CODE,))
NUMBERED = Rule(_US_NUMBERED, _us_numbered, ("Del.", "ILCS", "Rev. "))
RULE = Rule(_US_RULE, _us_rule, ("Fed", "FRCP", "FRE", "Rule "))
PUBLIC_LAW = Rule(_US_PUBLIC_LAW, _us_public_law, ("Pub",))
RESTATEMENT = Rule(_US_RESTATEMENT, _us_restatement, ("Restatement",))
CONSTITUTION = Rule(_US_CONSTITUTION, _us_constitution, ("Const", "Amendment"))
