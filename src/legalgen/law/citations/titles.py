"""Laws by their well-known short names, and the words by which a text may name one.

The tables are data: titles, numbers and abbreviations as practitioners use them. An abbreviation
that several laws share stands for one only with its year (``MCA 1973`` is no ``MCA 2005``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

ACTS: Mapping[str, tuple[str, ...]] = {
    "BNA": ("British Nationality Act 1981",),
    "CA": (
        "Companies Act 1948", "Companies Act 1985", "Children Act 1989", "Children Act 2004",
        "Competition Act 1998", "Companies Act 2006",
    ),
    "CAA": ("Capital Allowances Act 2001",),
    "CDDA": ("Company Directors Disqualification Act 1986",),
    "CDPA": ("Copyright, Designs and Patents Act 1988",),
    "CIGA": ("Corporate Insolvency and Governance Act 2020",),
    "CJA": ("Criminal Justice Act 1988", "Criminal Justice Act 2003"),
    "CRA": ("Constitutional Reform Act 2005", "Consumer Rights Act 2015"),
    "CTA": ("Corporation Tax Act 2009", "Corporation Tax Act 2010"),
    "DPA": ("Data Protection Act 1998", "Data Protection Act 2018"),
    "ECCTA": ("Economic Crime and Corporate Transparency Act 2023",),
    "ERA": ("Employment Rights Act 1996",),
    "EqA": ("Equality Act 2010",),
    "FA": ("Finance Act 2004",),
    "FLA": ("Family Law Act 1996",),
    "FOIA": ("Freedom of Information Act 2000",),
    "FSMA": ("Financial Services and Markets Act 2000", "Financial Services and Markets Act 2023"),
    "HRA": ("Human Rights Act 1998",),
    "HSWA": ("Health and Safety at Work etc. Act 1974",),
    "IA": ("Insolvency Act 1986", "Immigration and Asylum Act 1999", "Immigration Act 2014",
           "Immigration Act 2016"),
    "IANA": ("Immigration, Asylum and Nationality Act 2006",),
    "IHTA": ("Inheritance Tax Act 1984",),
    "ITA": ("Income Tax Act 2007",),
    "ITEPA": ("Income Tax (Earnings and Pensions) Act 2003",),
    "ITTOIA": ("Income Tax (Trading and Other Income) Act 2005",),
    "LASPO": ("Legal Aid, Sentencing and Punishment of Offenders Act 2012",),
    "LPA": ("Law of Property Act 1925",),
    "LRA": ("Land Registration Act 2002",),
    "LTA": ("Landlord and Tenant Act 1954", "Landlord and Tenant Act 1985"),
    "MCA": ("Matrimonial Causes Act 1973", "Magistrates' Courts Act 1980",
            "Mental Capacity Act 2005"),
    "MHA": ("Mental Health Act 1983",),
    "NIAA": ("Nationality, Immigration and Asylum Act 2002",),
    "OAPA": ("Offences against the Person Act 1861",),
    "OLA": ("Occupiers' Liability Act 1957", "Occupiers' Liability Act 1984"),
    "PACE": ("Police and Criminal Evidence Act 1984",),
    "PECR": ("Privacy and Electronic Communications (EC Directive) Regulations 2003",),
    "POCA": ("Proceeds of Crime Act 2002",),
    "RIPA": ("Regulation of Investigatory Powers Act 2000",),
    "SGA": ("Sale of Goods Act 1979",),
    "SIAC": ("Special Immigration Appeals Commission Act 1997",),
    "SOGA": ("Sale of Goods Act 1979",),
    "TCEA": ("Tribunals, Courts and Enforcement Act 2007",),
    "TCGA": ("Taxation of Chargeable Gains Act 1992",),
    "TLATA": ("Trusts of Land and Appointment of Trustees Act 1996",),
    "TMA": ("Taxes Management Act 1970",),
    "TOLATA": ("Trusts of Land and Appointment of Trustees Act 1996",),
    "TULRCA": ("Trade Union and Labour Relations (Consolidation) Act 1992",),
    "TUPE": (
        "Transfer of Undertakings (Protection of Employment) Regulations 2006",
        "Transfer of Undertakings (Protection of Employment) Regulations 1981",
    ),
    "UCTA": ("Unfair Contract Terms Act 1977",),
    "VATA": ("Value Added Tax Act 1994",),
    "WTR": ("Working Time Regulations 1998",),
}  # fmt: skip
"""British Acts and regulations; where one is meant without its year, it is the first."""
ALONE = frozenset(
    {"CDDA", "CDPA", "FSMA", "ITEPA", "ITTOIA", "LASPO", "PACE", "PECR", "POCA", "RIPA", "TCGA"}
    | {"TLATA", "TOLATA", "TULRCA", "TUPE", "UCTA", "VATA", "IHTA"}
)
"""Those that name one law without a year, and nothing else that a lawyer writes about."""

EU_LAWS: Mapping[str, str] = {
    "AIFMD": "32011L0061", "ATAD 2": "32017L0952", "ATAD": "32016L1164",
    "Acquired Rights Directive": "32001L0023", "AI Act": "32024R1689",
    "Artificial Intelligence Act": "32024R1689", "Asylum Procedures Directive": "32013L0032",
    "Birds Directive": "32009L0147", "Blue Card Directive": "32021L1883",
    "Brussels I Recast": "32012R1215", "Brussels I Regulation": "32001R0044",
    "Brussels IIa": "32003R2201", "Brussels IIb": "32019R1111", "Brussels II bis": "32003R2201",
    "Brussels Ia": "32012R1215", "CRD IV": "32013L0036", "CSDDD": "32024L1760",
    "CSRD": "32022L2464", "Capital Requirements Regulation": "32013R0575",
    "Citizens' Rights Directive": "32004L0038", "Collective Redundancies Directive": "31998L0059",
    "Consumer Rights Directive": "32011L0083", "Consumer Sales Directive": "31999L0044",
    "Corporate Sustainability Due Diligence Directive": "32024L1760",
    "Corporate Sustainability Reporting Directive": "32022L2464", "DAC6": "32018L0822",
    "Damages Directive": "32014L0104", "Data Governance Act": "32022R0868",
    "Data Protection Directive": "31995L0046", "Database Directive": "31996L0009",
    "Digital Content Directive": "32019L0770", "Digital Markets Act": "32022R1925",
    "Digital Operational Resilience Act": "32022R2554", "Digital Services Act": "32022R2065",
    "Dublin III Regulation": "32013R0604", "Dublin III": "32013R0604", "EMIR": "32012R0648",
    "EU AI Act": "32024R1689", "EU Insolvency Regulation": "32015R0848",
    "EU Merger Regulation": "32004R0139", "GBER": "32014R0651", "TTBER": "32014R0316",
    "VBER": "32022R0720", "Employment Equality Directive": "32000L0078",
    "Family Reunification Directive": "32003L0086", "Foreign Subsidies Regulation": "32022R2560",
    "Framework Employment Directive": "32000L0078", "Habitats Directive": "31992L0043",
    "InfoSoc Directive": "32001L0029", "Insolvency Regulation": "32015R0848",
    "Law Enforcement Directive": "32016L0680", "MiCA": "32023R1114", "MiFID II": "32014L0065",
    "MiFIR": "32014R0600", "Market Abuse Regulation": "32014R0596",
    "NIS2 Directive": "32022L2555", "PSD2": "32015L2366", "Package Travel Directive": "32015L2302",
    "Pay Transparency Directive": "32023L0970", "Platform Work Directive": "32024L2831",
    "Posted Workers Directive": "31996L0071", "Pregnant Workers Directive": "31992L0085",
    "Prospectus Regulation": "32017R1129", "Qualification Directive": "32011L0095",
    "REACH Regulation": "32006R1907", "Race Equality Directive": "32000L0043",
    "Racial Equality Directive": "32000L0043", "Reception Conditions Directive": "32013L0033",
    "Return Directive": "32008L0115", "Returns Directive": "32008L0115", "Rome I": "32008R0593",
    "Rome I Regulation": "32008R0593", "Rome II": "32007R0864", "Rome II Regulation": "32007R0864",
    "SFDR": "32019R2088", "SRD II": "32017L0828", "Sale of Goods Directive": "32019L0771",
    "Schengen Borders Code": "32016R0399", "Services Directive": "32006L0123",
    "Shareholder Rights Directive": "32007L0036", "Software Directive": "32009L0024",
    "Solvency II": "32009L0138", "Solvency II Directive": "32009L0138",
    "Takeover Directive": "32004L0025", "Takeover Bids Directive": "32004L0025",
    "Taxonomy Regulation": "32020R0852", "Temporary Agency Work Directive": "32008L0104",
    "Temporary Protection Directive": "32001L0055", "Trade Secrets Directive": "32016L0943",
    "Transparency Directive": "32004L0109", "UCITS Directive": "32009L0065",
    "Unfair Commercial Practices Directive": "32005L0029",
    "Unfair Contract Terms Directive": "31993L0013", "Union Customs Code": "32013R0952",
    "VAT Directive": "32006L0112", "Visa Code": "32009R0810", "Water Framework Directive":
    "32000L0060", "Whistleblower Directive": "32019L1937", "Working Time Directive": "32003L0088",
    "e-Commerce Directive": "32000L0031", "eIDAS Regulation": "32014R0910",
    "ePrivacy Directive": "32002L0058",
}  # fmt: skip
"""Regulations and directives of the Union by name, with their CELEX numbers (EUR-Lex)."""
EU_SHORT: Mapping[str, str] = {
    "AIA": "32024R1689", "CRR": "32013R0575", "DMA": "32022R1925", "DORA": "32022R2554",
    "DSA": "32022R2065", "EUMR": "32004R0139", "FSR": "32022R2560", "MAR": "32014R0596",
    "NIS2": "32022L2555", "TUD": "32001L0023", "UCPD": "32005L0029",
}  # fmt: skip
"""Initials that are read as such a law only beside one of its articles."""

_MORE_NAMES: tuple[tuple[str, ...], ...] = (
    # Union and Convention
    ("GDPR", "General Data Protection Regulation"),
    ("TFEU", "Treaty on the Functioning of the European Union"),
    ("TEU", "Treaty on European Union"),
    ("EU Charter", "Charter", "CFR", "CFREU", "Charter of Fundamental Rights"),
    ("ECHR", "European Convention on Human Rights", "Human Rights Convention",
     "Convention for the Protection of Human Rights and Fundamental Freedoms"),
    # rules of court and conduct
    ("CPR", "Civil Procedure Rules"),
    ("FPR", "Family Procedure Rules"),
    ("CrimPR", "Criminal Procedure Rules"),
    ("PD", "Practice Direction"),
    ("COBS", "Conduct of Business Sourcebook"),
    ("DTR", "DTRs", "Disclosure Guidance and Transparency Rules"),
    ("City Code", "Takeover Code"),
    # United States
    ("ADA", "Americans with Disabilities Act"),
    ("ADEA", "Age Discrimination in Employment Act"),
    ("APA", "Administrative Procedure Act"),
    ("CCPA", "California Consumer Privacy Act"),
    ("CERCLA", "Comprehensive Environmental Response, Compensation, and Liability Act"),
    ("CFAA", "Computer Fraud and Abuse Act"),
    ("COPPA", "Children's Online Privacy Protection Act"),
    ("CPRA", "California Privacy Rights Act"),
    ("DGCL", "Delaware General Corporation Law", "8 Del. C."),
    ("DMCA", "Digital Millennium Copyright Act"),
    ("DTSA", "Defend Trade Secrets Act"),
    ("ERISA", "Employee Retirement Income Security Act"),
    ("Exchange Act", "Securities Exchange Act"),
    ("FAA", "Federal Arbitration Act"),
    ("FCPA", "Foreign Corrupt Practices Act"),
    ("FCRA", "Fair Credit Reporting Act"),
    ("FLSA", "Fair Labor Standards Act"),
    ("FMLA", "Family and Medical Leave Act"),
    ("FTC Act", "Federal Trade Commission Act"),
    ("HIPAA", "Health Insurance Portability and Accountability Act"),
    ("INA", "Immigration and Nationality Act"),
    ("IRC", "I.R.C.", "Internal Revenue Code"),
    ("MBCA", "Model Business Corporation Act"),
    ("NLRA", "National Labor Relations Act"),
    ("RICO", "Racketeer Influenced and Corrupt Organizations Act"),
    ("SOX", "Sarbanes-Oxley Act", "Sarbanes"),
    ("Title VII", "Civil Rights Act"),
    ("UCC", "U.C.C.", "Uniform Commercial Code"),
    ("Lanham Act", "Trademark Act"),
    # treaties
    ("CEDAW", "Convention on the Elimination of All Forms of Discrimination against Women"),
    ("CISG", "Vienna Sales Convention",
     "United Nations Convention on Contracts for the International Sale of Goods"),
    ("ICCPR", "International Covenant on Civil and Political Rights"),
    ("ICESCR", "International Covenant on Economic, Social and Cultural Rights"),
    ("ICSID", "ICSID Convention", "Washington Convention"),
    ("GATT", "General Agreement on Tariffs and Trade"),
    ("TRIPS", "Agreement on Trade-Related Aspects of Intellectual Property Rights"),
    ("UN Charter", "Charter of the United Nations"),
    ("UNCLOS", "Law of the Sea Convention", "Convention on the Law of the Sea"),
    ("UNCRC", "Convention on the Rights of the Child"),
    ("VCLT", "Vienna Convention on the Law of Treaties"),
    ("Refugee Convention", "Convention relating to the Status of Refugees", "Geneva Convention"),
    # Germany and France
    ("AktG", "Aktiengesetz", "Stock Corporation Act"),
    ("AufenthG", "Aufenthaltsgesetz", "Residence Act"),
    ("BDSG", "Bundesdatenschutzgesetz", "Federal Data Protection Act"),
    ("BGB", "B\u00fcrgerliches Gesetzbuch", "German Civil Code"),
    ("BetrVG", "Betriebsverfassungsgesetz", "Works Constitution Act"),
    ("GG", "Grundgesetz", "Basic Law"),
    ("GWB", "Wettbewerbsbeschr\u00e4nkungen", "Competition Act"),
    ("GmbHG", "Limited Liability Companies Act"),
    ("HGB", "Handelsgesetzbuch", "Commercial Code"),
    ("InsO", "Insolvenzordnung", "Insolvency Code"),
    ("KSchG", "K\u00fcndigungsschutzgesetz", "Dismissal Protection Act"),
    ("StGB", "Strafgesetzbuch", "Criminal Code"),
    ("UWG", "Unfair Competition Act"),
    ("ZPO", "Zivilprozessordnung", "Code of Civil Procedure"),
    ("CESEDA", "Code de l'entr\u00e9e et du s\u00e9jour des \u00e9trangers"),
    ("Code civil", "French Civil Code"),
    ("Code de commerce", "French Commercial Code"),
    ("Code du travail", "French Labour Code"),
)  # fmt: skip
"""Names of one law each, as texts alternate between them."""

_YEAR_AFTER = re.compile(r"\s(?:of\s)?\d{4}$")
_MADE_UNDER_ACTS = frozenset({"Regulations", "Rules", "Order"})
_SMALL = frozenset({"of", "and", "the", "for", "in", "to", "on", "etc", "by", "with", "or"})


def full_title(short: str, year: str | None) -> str | None:
    """The title with its year that an abbreviation of ``ACTS`` stands for, if one is known.

    Other years are those of older laws of the same title, where there is but one title.
    """
    titles = ACTS[short]
    if year is None:
        return titles[0] if short in ALONE else None
    bare = {title[:-5] for title in titles}
    same = f"{bare.pop()} {year}" if len(bare) == 1 else None
    return next((title for title in titles if title.endswith(year)), same)


def other_names(name: str) -> tuple[str, ...]:
    """What else the law of this name is called; empty for a law that has no other names.

    Of a part by its initials (``PACE Code C``) those of the whole.
    """
    known, folded = _names(), _folded(name)
    first = name.partition(" ")[0]
    return known.get(folded) or (known.get(_folded(first), ()) if first.isupper() else ())


@cache
def abbreviations() -> frozenset[str]:
    """Capitals that stand for one law wherever they stand alone: ``UCTA``, ``TUPE``, ``ERISA``."""
    short = {*ALONE, *(name for group in _MORE_NAMES for name in group)}
    return frozenset(name for name in short if len(name) > 2 and name.isalpha() and name.isupper())


def names_of(celex: str) -> tuple[str, ...]:
    """The names of a law of the Union that is cited by its number."""
    return _by_celex().get(celex, ())


@cache
def _by_celex() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {"32016R0679": ["GDPR", "General Data Protection Regulation"]}
    for name, number in (*EU_LAWS.items(), *EU_SHORT.items()):
        found.setdefault(number, []).append(name)
    return {number: tuple(names) for number, names in found.items()}


def initials(name: str) -> Iterator[str]:
    """The initials that a text may put for a title, in lower case; three letters or more.

    With and without small words (``TOLATA``), and without ``Regulations`` at the end (``TUPE``).
    """
    words = [word for word in re.findall(r"[^\W\d_]+", name) if len(word) > 1]
    telling = [word for word in words if word.casefold() not in _SMALL]
    shorter = telling[:-1] if telling and telling[-1] in _MADE_UNDER_ACTS else []
    for letters in (words, telling, shorter):
        if len(letters) > 2:
            yield "".join(word[0] for word in letters).casefold()


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    groups = [*_MORE_NAMES]
    groups += [
        (short, *dict.fromkeys(_YEAR_AFTER.sub("", title) for title in titles))
        for short, titles in ACTS.items()
        if len({_YEAR_AFTER.sub("", title) for title in titles}) == 1
    ]
    by_number: dict[str, list[str]] = {}
    for name, number in (*EU_LAWS.items(), *EU_SHORT.items()):
        by_number.setdefault(number, []).append(name)
    groups += [tuple(names) for names in by_number.values()]
    known: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for name in group:
            folded = _folded(name)
            others = tuple(other for other in group if _folded(other) != folded)
            known[folded] = known.get(folded, ()) + others
    return known


def _folded(name: str) -> str:
    """A name as names are compared: its case, year, article and the kingdom do not count."""
    bare = _YEAR_AFTER.sub("", " ".join(name.split())).casefold()
    for prefix in ("the ", "uk ", "eu "):
        bare = bare.removeprefix(prefix)
    return bare
