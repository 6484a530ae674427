"""Words that show whose law a name belongs to."""

from __future__ import annotations

import re

FOREIGN = re.compile(
    r"\b(?:Indian?|Austral\w+|Canad\w+|(?<!Northern )Irish|(?<!Northern )(?<!Government of )Ireland"
    r"|New Zealand|Singapore\w*|Hong Kong|Malaysian?"
    r"|South Africa\w*|Nigerian?|Kenyan?|German\w*|French|France|Italian?|Italy|Spanish|Spain|Dutch"
    r"|Danish|Swedish|Finnish|Norwegian|Polish|Greek|Portug\w+|Belgian|Austrian?|Swiss|Japan\w*"
    r"|Chinese|China|Brazil\w*|Mexic\w+|Cth|NSW|Vic(?!\.?,? c)|Qld|Ont"
    r"|Israeli?|Turkish|Korean?|UAE|DIFC|ADGM"
    r"|Czech|Hungarian|Romanian|Bulgarian|Croatian|Slovak|Slovenian|Estonian|Latvian|Lithuanian"
    r"|Maltese|Cypr\w+|Luxembourg\w*|Icelandic|IRPA|IRPR|PIPEDA|LGPD|DPDP)\b"
)
AMERICAN = re.compile(
    r"\b(?:US|U\.S\.|USA|American|Federal|California|Delaware|New York|Texas|Florida|Illinois"
    r"|Colorado|Massachusetts|Washington|Virginia|Utah|Connecticut)\b"
)
BRITISH_ACTS = re.compile(
    r"British Nationality \(|Hong Kong (?:\([\w ]+\) )?Act|Government of (?:Ireland|India) Act"
    r"|Indian Independence Act|Ireland Act|Irish (?:Church|Free State)"
    r"|(?:Australia|Canada|South Africa|Cyprus|Kenya Independence|Malta Independence) Act"
)
"""Acts of Parliament that begin with the name of another place."""
AMERICAN_ACTS = re.compile(
    r"\b(?:Sarbanes|Dodd-Frank|Sherman|Clayton|Lanham|Robinson-Patman|Glass-Steagall|Uniform"
    r"|Civil Rights Act|Americans with|Fair Labor|National Labor|Defend Trade|Stored Communications"
    r"|Immigration and Nationality|Inflation Reduction|Bank Secrecy|Securities|Exchange Act"
    r"|Investment Company|Administrative Procedure|Clean (?:Air|Water)|Endangered|HIPAA|CHIPS)\b"
)


def named_place(name: str) -> tuple[str, ...]:
    """Whose law a name says that it is, if it does."""
    if AMERICAN.search(name):
        return ("us",)
    if "Northern Ireland" in name or "Northern Irish" in name:
        return ("uk",)
    return ("other",) if FOREIGN.search(name) else ()
