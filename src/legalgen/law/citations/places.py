"""Words that show whose law a name belongs to."""

from __future__ import annotations

import re

from legalgen.law.citations.pieces import by_letter

FOREIGN = re.compile(
    by_letter((
        "Indian?", r"Austral\w+", r"Canad\w+", "Irish(?<!Northern Irish)",
        "Ireland(?<!Northern Ireland)(?<!Government of Ireland)", "New Zealand", r"Singapore\w*",
        "Hong Kong", "Malaysian?", r"South Africa\w*", "Nigerian?", "Kenyan?", r"German\w*",
        "French", "France", "Italian?", "Italy", "Spanish", "Spain", "Dutch", "Danish", "Swedish",
        "Finnish", "Norwegian", "Polish", "Greek", r"Portug\w+", "Belgian", "Austrian?", "Swiss",
        r"Japan\w*", "Chinese", "China", r"Brazil\w*", r"Mexic\w+", "Cth", "NSW", r"Vic(?!\.?,? c)",
        "Qld", "Ont", "Israeli?", "Turkish", "Korean?", "UAE", "DIFC", "ADGM", "Czech", "Hungarian",
        "Romanian", "Bulgarian", "Croatian", "Slovak", "Slovenian", "Estonian", "Latvian",
        "Lithuanian", "Maltese", r"Cypr\w+", r"Luxembourg\w*", "Icelandic", "IRPA", "IRPR",
        "PIPEDA", "LGPD", "DPDP",
    )) + r"\b"
)  # fmt: skip
AMERICAN = re.compile(
    by_letter((
        "US", r"U\.S\.", "USA", "American", "Federal", "California", "Delaware", "New York",
        "Texas", "Florida", "Illinois", "Colorado", "Massachusetts", "Washington", "Virginia",
        "Utah", "Connecticut",
    )) + r"\b"
)  # fmt: skip
BRITISH_ACTS = re.compile(
    r"British Nationality \(|Hong Kong (?:\([\w ]+\) )?Act|Government of (?:Ireland|India) Act"
    r"|Indian Independence Act|Ireland Act|Irish (?:Church|Free State)"
    r"|(?:Australia|Canada|South Africa|Cyprus|Kenya Independence|Malta Independence) Act"
)
"""Acts of Parliament that begin with the name of another place."""
AMERICAN_ACTS = re.compile(
    by_letter((
        "Sarbanes", "Dodd-Frank", "Sherman", "Clayton", "Lanham", "Robinson-Patman",
        "Glass-Steagall", "Uniform", "Civil Rights Act", "Americans with", "Fair Labor",
        "National Labor", "Defend Trade", "Stored Communications", "Immigration and Nationality",
        "Inflation Reduction", "Bank Secrecy", "Securities", "Exchange Act", "Investment Company",
        "Administrative Procedure", "Clean (?:Air|Water)", "Endangered", "HIPAA", "CHIPS",
    )) + r"\b"
)  # fmt: skip


def named_place(name: str) -> tuple[str, ...]:
    """Whose law a name says that it is, if it does."""
    if AMERICAN.search(name):
        return ("us",)
    if "Northern Ireland" in name or "Northern Irish" in name:
        return ("uk",)
    return ("other",) if FOREIGN.search(name) else ()
