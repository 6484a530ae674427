"""Forms that are seldom written: laws of other nations, file numbers, laws by initials alone.

They are tried only where no other production has read anything, and compiled when that first
happens.
"""

from __future__ import annotations

import re
from re import Match

from legalgen.law.citations.america import squash, state_code
from legalgen.law.citations.legislation import titled
from legalgen.law.citations.numbered import Productions
from legalgen.law.citations.parsed import Parsed, Rule, parsed_at
from legalgen.law.citations.pieces import YEAR, any_of, pinpoint_near
from legalgen.law.citations.titles import ALONE, full_title

_OTHER = ("other",)

# --- codes and laws ------------------------------------------------------------------------

_GERMAN = (
    "AGG", "AktG", "ArbZG", "AsylG", "AufenthG", "BDSG", "BGB", "BUrlG", "BetrVG", "EStG", "GG",
    "GWB", "GeschGehG", "GmbHG", "HGB", "InsO", "KSchG", "KStG", "LkSG", "MarkenG", "NetzDG",
    "PatG", "StAG", "StGB", "StPO", "TKG", "TzBfG", "UStG", "UWG", "UmwG", "UrhG", "VwGO", "VwVfG",
    "WpHG", "ZPO",
)  # fmt: skip
_GERMAN_TITLES = {
    "Aktiengesetz": "AktG", "Betriebsverfassungsgesetz": "BetrVG",
    "B\u00fcrgerliches Gesetzbuch": "BGB", "Grundgesetz": "GG", "Handelsgesetzbuch": "HGB",
    "Insolvenzordnung": "InsO", "Strafgesetzbuch": "StGB", "Zivilprozessordnung": "ZPO",
}  # fmt: skip
_GERMAN_CODE = re.compile(
    rf"(?P<c>{any_of((*_GERMAN, *_GERMAN_TITLES))})\b(?: \((?:{any_of(_GERMAN)})\))?"
)
_FRENCH_CODES = (
    r"Code\s(?:civil|p\u00e9nal|de commerce|du travail|de proc\u00e9dure (?:civile|p\u00e9nale)"
    r"|mon\u00e9taire et financier|de la (?:consommation|[Ss]\u00e9curit\u00e9 [Ss]ociale"
    r"|sant\u00e9 publique|propri\u00e9t\u00e9 intellectuelle))"
    r"|C\.\s?(?:civ|com|trav|p\u00e9n|consom)\.|CESEDA"
)
_FRENCH_ARTICLE = r"[Aa]rt(?:icle|s|icles)?\.?\s(?:[LRDA]\.?\s?)?\d+(?:-\d+)*"
_FRENCH_CODE = re.compile(
    rf"\b(?:(?P<before>{_FRENCH_ARTICLE}),?\s(?:du\s|of the\s)?)?(?P<c>{_FRENCH_CODES})"
    rf"(?:,?\s(?P<after>{_FRENCH_ARTICLE}))?"
)
_FRENCH_SHORT = {
    "C.civ.": "Code civil", "C.com.": "Code de commerce", "C.trav.": "Code du travail",
    "C.p\u00e9n.": "Code p\u00e9nal", "C.consom.": "Code de la consommation",
}  # fmt: skip
_NUMBERED_LAW = re.compile(
    r"\b(?P<t>(?:(?:Royal|Legislative|Presidential|Federal|Ministerial|Real)\s)*"
    r"(?:Decree(?:[- ]Law)?|Decreto(?:[- ](?:Lei|Ley|Legislativo))?|Law|Loi|Lei|Ley|Legge"
    r"|Ordonnance|Ordinance|Ord[eo]n|Portaria|D\.\s?Lgs\.?))"
    r"\s(?:(?:[Nn]os?\.?|n\.?\s?[\u00b0\u00ba]|[Nn]r\.?)\s?)?"
    r"(?P<n>(?:[A-Z]{2,4}/)?\d[\d.,]*(?:[/-](?:19|20)?\d\d\b|-\d{1,4}\b|\sof\s(?:\d{1,2}\s[A-Z][a-z]+\s)?"
    r"(?:19|20)\d\d\b))"
)
_DECREE = re.compile(
    rf"\b(?P<name>(?:[A-Z][\w'-]+\s){{0,5}}Decree)\s(?:of\s(?:\d{{1,2}}\s[A-Z][a-z]+\s)?)?{YEAR}\b"
)
_CANADIAN = re.compile(
    r"\b(?P<t>R\.?S\.?[COQ]\.?|R\.?S\.?B\.?C\.?|S\.?[COQ]\.?)\s(?P<y>(?:18|19|20)\d\d),?\sc\.?\s"
    r"(?P<n>[A-Z]?[\d.-]*\d)"
)
_CONSTITUTION = re.compile(
    r"\bConstitution of (?:the )?(?P<of>(?:[A-Z][a-z]+\s(?:and\s|of\s)?){0,3}[A-Z][a-z]+)"
)
_INITIALS = re.compile(
    rf"^\s*(?:[A-Z]\w+\s)?(?!(?:E[BDPS]A|ESMA|CMA|FCA|FDA|NCA|PRA|SRA|IBA)\b)"  # authorities
    rf"(?P<name>[A-Z][A-Z&]{{1,5}}A)\s{YEAR}(?=\s*$|,?\s(?:s|ss|sections?|reg)\.?\s?\d)"
)


def _german_code(m: Match[str]) -> Parsed:
    return _law(m, _GERMAN_TITLES.get(m["c"], m["c"]), pinpoint_near(m))


def _french_code(m: Match[str]) -> Parsed:
    work = _FRENCH_SHORT.get(m["c"].replace(" ", ""), " ".join(m["c"].split()))
    article = m["before"] or m["after"] or ""
    pin = re.sub(r"^[Aa]rt\w*\.?\s|\.|\s", "", article)
    return _law(m, work, f"art {pin}" if pin else "")


def _law(m: Match[str], work: str, pin: str, year: int | None = None) -> Parsed:
    key = f"{work} {pin}".strip()
    return parsed_at(m, "statute", key, year, _OTHER, name=work, work=work, pinpoint=pin)


def _numbered_law(m: Match[str]) -> Parsed:
    work, pin = f"{' '.join(m['t'].split())} {m['n']}", pinpoint_near(m)
    key, year = f"{work} {pin}".strip(), _four_digits(m["n"])
    return parsed_at(m, "statute", key, year, _OTHER, work=work, pinpoint=pin)


def _four_digits(number: str) -> int | None:
    found = re.search(r"(?:19|20)\d\d$", number)
    return int(found[0]) if found else None


def _decree(m: Match[str]) -> Parsed:
    year = int(m["year"])
    return _law(m, f"{m['name']} {year}", pinpoint_near(m), year)


def _canadian(m: Match[str]) -> Parsed:
    series = m["t"].replace(".", "")
    return parsed_at(m, "statute", f"{series} {m['y']}, c {m['n']}", int(m["y"]), _OTHER)


def _constitution(m: Match[str]) -> Parsed:
    kind, where = (
        ("us_constitution", ("us",)) if "United States" in m["of"] else ("statute", _OTHER)
    )
    work, pin = f"Constitution of {m['of']}", pinpoint_near(m)
    key = f"{work} {pin}".strip()
    return parsed_at(m, kind, key, None, where, name=work, work=work, pinpoint=pin)


def _initials(m: Match[str]) -> Parsed:
    work, pin = f"{m['name']} {m['year']}", pinpoint_near(m)
    key, year = f"{work} {pin}".strip(), int(m["year"])
    return parsed_at(m, "statute", key, year, (), name=m["name"], work=work, pinpoint=pin)


# --- file numbers --------------------------------------------------------------------------

_GERMAN_FILE = re.compile(
    r"\b(?P<c>BGH|BVerfG|BVerwG|BAG|BFH|BSG|BPatG"
    r"|(?:OLG|LG|AG|VG|OVG|VGH|LAG|ArbG|FG|LSG|KG)(?:\s[A-Z][\w-]+){1,2}?)[,:]?\s[^;]{0,50}?"
    r"(?P<n>\b(?:[IVX]{1,5}[a-z]?|\d{1,3})\s[A-Z][A-Za-z]{0,5}(?:\s\([A-Za-z]{1,8}\))?\s\d{1,5}[/.]\d\d)\b"
)
_FRENCH_FILE = re.compile(
    r"\b(?P<c>Cass\.?\s(?:com|soc|crim|civ|ass|req|pl\u00e9n|mixte)\b\.?"
    r"|Conseil d'\u00c9tat|CE|CAA\s[A-Z]\w+|Conseil constitutionnel|Cons\. const\.)[^;]{0,45}?"
    r"\bn(?:o\.?|\s?[\u00b0\u00ba]s?)\s?(?P<n>\d\d-\d\d[.]?\d{3}|\d{5,6}|\d{2,4}-\d{1,4}(?:\sQPC|\sDC)?)\b"
)
_COMMISSION_FILE = re.compile(
    r"\b(?:COMP/)?(?P<n>(?:AT|SA)\.\d{5}|M\.\d{3,5})\b|\bCOMP/(?P<old>[A-Z]?[\d./-]*\d)\b"
)
_COMMITTEE_FILE = re.compile(
    r"\b(?P<n>(?:CCPR|CAT|CEDAW|CRC|CERD|CRPD)/C/\d{1,3}/D/\d{1,4}/\d{4})\b"
)


def _german_file(m: Match[str]) -> Parsed:
    return _file(m, f"{m['c']} {m['n']}", _OTHER, m["c"])


def _french_file(m: Match[str]) -> Parsed:
    court = {"Conseil d'\u00c9tat": "CE"}.get(m["c"], m["c"].replace("Cass ", "Cass. "))
    return _file(m, f"{court} {m['n']}", _OTHER, court)


def _commission_file(m: Match[str]) -> Parsed:
    return _file(m, m["n"] or f"COMP/{m['old']}", ("eu",), "Commission")


def _committee_file(m: Match[str]) -> Parsed:
    return _file(m, m["n"], ("international",), m["n"].partition("/")[0])


def _file(m: Match[str], key: str, where: tuple[str, ...], court: str) -> Parsed:
    """A decision by its file number, whose year is that of the file and not of the decision."""
    return parsed_at(m, "docket", " ".join(key.split()), None, where, court=court)


# --- Britain and the United States ---------------------------------------------------------

_ALONE = re.compile(rf"{any_of(sorted(ALONE))}\b")
_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii"
    "|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan"
    "|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)"
    "|North (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island"
    "|South (?:Carolina|Dakota)|Tennessee|Texas|Utah|Vermont|Virginia|Washington|Wisconsin|Wyoming"
)
_STATES_BY_INITIALS = {
    "ars": "Ariz. Rev. Stat.", "crs": "Colo. Rev. Stat.", "hrs": "Haw. Rev. Stat.",
    "krs": "Ky. Rev. Stat.", "mcl": "Mich. Comp. Laws", "mgl": "Mass. Gen. Laws",
    "njsa": "N.J. Stat. Ann.", "nrs": "Nev. Rev. Stat.", "ocga": "Ga. Code Ann.",
    "ors": "Or. Rev. Stat.", "rcw": "Wash. Rev. Code", "rsmo": "Mo. Rev. Stat.",
}  # fmt: skip
"""Codes of the states by the initials under which their own lawyers cite them."""
_US_INITIALS = re.compile(
    r"\b(?P<c>A\.?R\.?S|C\.?R\.?S|H\.?R\.?S|KRS|M\.?C\.?L|M\.?G\.?L|N\.?J\.?S\.?A|N\.?R\.?S|O\.?C\.?G\.?A"
    r"|O\.?R\.?S|R\.?C\.?W|RSMo)\.?\s(?:[Cc]h?\.\s?(?P<ch>\d+[A-Z]?),?\s)?"
    r"(?:(?:§§?|[Ss]ections?|ss?\.)\s?|(?=\d+[A-Za-z]?[.:-]\d))"  # no score: "CRS 450"
    r"(?P<n>\d+[A-Za-z]?(?:[.:-]\d[\w.:-]*)?)(?!\w)"
)
_US_REGULATION = re.compile(
    r"\b(?:(?:D?FAR|DFARS|DFAR)\s(?P<far>\d{2,3}\.\d[\d-]*)|(?:Executive Order|E\.O\.)\s(?:No\.\s)?"
    r"(?P<eo>\d{4,5})|Reg(?:ulation|\.)\s(?P<reg>S-[KXTP]|FD|SHO|NMS|BI|AB)"
    r"|(?P<t>\d{1,2})\s(?P<c>NYCRR|N\.Y\.C\.R\.R\.|FAM)\s(?:§\s?)?(?P<n>\d+[\d.-]*))(?!\w)"
)
_US_BILL = re.compile(
    rf"\b(?P<state>{_STATES})\s(?P<house>S\.?B\.?|A\.?B\.?|H\.?B\.?)\s?(?P<n>\d{{1,2}}-\d{{2,4}}|\d{{1,5}})\b"
    r"(?:\s\((?P<year>20\d\d|19\d\d)\))?"
)


def _alone(m: Match[str]) -> Parsed | None:
    title = full_title(m[0], None)
    return titled(m, title, int(title[-4:])) if title else None


def _us_initials(m: Match[str]) -> Parsed:
    chapter = f" ch. {m['ch']}" if m["ch"] else ""
    return state_code(m, _STATES_BY_INITIALS[squash(m["c"])] + chapter, m["n"])


def _us_regulation(m: Match[str]) -> Parsed:
    if m["far"]:
        return state_code(m, "48 C.F.R.", m["far"])
    if m["eo"]:
        return parsed_at(m, "us_code", f"E.O. {m['eo']}", None, ("us",), name="Executive Order")
    if m["reg"]:
        key = f"Regulation {m['reg']}"
        return parsed_at(m, "us_code", key, None, ("us",), name=key)
    work = f"{m['t']} {'N.Y.C.R.R.' if m['c'][0] == 'N' else m['c']}"
    return state_code(m, work, m["n"])


def _us_bill(m: Match[str]) -> Parsed:
    key = f"{m['state']} {m['house'].replace('.', '')} {m['n']}"
    year = int(m["year"]) if m["year"] else None
    return parsed_at(m, "statute", key, year, ("us",), name=key)


# --- the productions ---------------------------------------------------------------------

RULES = Productions(
    (
        Rule(_GERMAN_FILE, _german_file, ("G ", "BGH", "BVer", "BFH", "VGH", "G,", "G:")),
        Rule(_FRENCH_FILE, _french_file, ("Cass", "CE", "Conseil", "Cons. const", "CAA")),
        Rule(_COMMISSION_FILE, _commission_file, ("AT.", "SA.", "M.", "COMP/")),
        Rule(_COMMITTEE_FILE, _committee_file, ("/D/",)),
        Rule(_US_INITIALS, _us_initials),
        Rule(_US_REGULATION, _us_regulation),
        Rule(_US_BILL, _us_bill, ("SB", "AB", "HB", "S.B", "A.B", "H.B")),
        Rule(_ALONE, _alone),
        Rule(_GERMAN_CODE, _german_code),
        Rule(_FRENCH_CODE, _french_code, ("Code ", "C.", "CESEDA")),
        Rule(
            _NUMBERED_LAW,
            _numbered_law,
            (
                *("ecre", "Law", "Loi", "Lei", "Ley", "Legge", "rdonnance", "rdinance"),
                *("Orden", "Ordon", "Portaria", "Lgs"),
            ),
        ),
        Rule(_DECREE, _decree, ("Decree",)),
        Rule(_CANADIAN, _canadian, (" c ", " c. ")),
        Rule(_CONSTITUTION, _constitution, ("Constitution of",)),
        Rule(_INITIALS, _initials, ("A 19", "A 20")),
    )
)
