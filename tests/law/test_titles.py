"""Short names of laws: that they stand for their titles, and show a law to be named in a text."""

from __future__ import annotations

import re
from datetime import date

import pytest

from legalgen.law.citations import Authorities, name_tokens, parse
from legalgen.law.citations.europe import BY_NAME
from legalgen.law.citations.titles import ACTS, ALONE, EU_LAWS, EU_SHORT, full_title
from legalgen.quality.gate import Gate
from legalgen.quality.rules import TypeBounds
from legalgen.store.sample import Draft, DraftCitation

TODAY = date(2026, 11, 23)


def flags(answer: str, cited: str) -> set[str]:
    """The codes of the gate for an answer that cites one authority."""
    text = f"{answer} She may therefore bring her claim, and it is likely to succeed in full."
    draft = Draft("May she bring a claim against her employer?", (), text, (DraftCitation(cited),))
    verdict = Gate("full", TODAY).inspect(draft, None, None, TypeBounds((1, 99)))
    return {reason.code for reason in verdict.reasons}


NAMED = [
    ("TUPE protects her.", "Transfer of Undertakings (Protection of Employment) Regulations 2006"),
    ("The Transfer of Undertakings Regulations protect her.", "TUPE Regulations 2006"),
    ("The Civil Procedure Rules say so.", "CPR"),
    ("The CPR say so.", "Civil Procedure Rules 1998"),
    ("The General Data Protection Regulation applies.", "UK GDPR"),
    ("The GDPR applies.", "General Data Protection Regulation"),
    ("PACE was not kept to.", "Police and Criminal Evidence Act 1984"),
    ("The Police and Criminal Evidence Act was not kept to.", "PACE 1984"),
    ("The Police and Criminal Evidence Act was not kept to.", "PACE Code C"),
    ("The Employment Rights Act 1996 (ERA) applies.", "ERA 1996"),
    ("The ERA applies.", "Employment Rights Act 1996"),
    ("FSMA forbids it.", "Financial Services and Markets Act 2000"),
    ("The Financial Services and Markets Act forbids it.", "FSMA"),
    ("The ECHR protects it.", "European Convention on Human Rights"),
    ("The Convention on Human Rights protects it.", "ECHR"),
    ("The Market Abuse Regulation forbids it.", "MAR art 14"),
    ("MAR forbids it.", "Market Abuse Regulation"),
    ("Under the German Stock Corporation Act she is liable.", "AktG"),
    ("Under the Aktiengesetz she is liable.", "AktG"),
    ("Under TOLATA she may ask for a sale.", "Trusts of Land and Appointment of Trustees Act 1996"),
    ("The Uniform Commercial Code applies.", "UCC"),
    ("ERISA pre-empts it.", "Employee Retirement Income Security Act of 1974"),
    ("The Fair Labor Standards Act applies.", "FLSA"),
    ("The Treaty on the Functioning of the European Union forbids it.", "TFEU"),
    ("The CISG governs.",
     "United Nations Convention on Contracts for the International Sale of Goods"),
    ("The WTR limit her hours.", "Working Time Regulations 1998"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "cited"), NAMED)
def test_a_law_is_named_by_its_title_and_by_its_short_name(answer: str, cited: str) -> None:
    """What is cited under one name and named under the other is grounded."""
    assert parse(cited)
    assert "CITATION_UNGROUNDED" not in flags(answer, cited)


@pytest.mark.parametrize("cited", sorted({cited for _, cited in NAMED}))
def test_what_is_not_named_at_all_is_still_found(cited: str) -> None:
    """Other names of a law are no excuse for an answer that has none of them."""
    assert "CITATION_UNGROUNDED" in flags("The neighbour may cut the hedge.", cited)


def test_initials_are_no_names_of_cases() -> None:
    """``HUK`` is not Hirst v United Kingdom."""
    assert name_tokens("Hirst v United Kingdom") == {"hirst"}


@pytest.mark.parametrize(
    ("listed", "cited"),
    [
        ("Transfer of Undertakings (Protection of Employment) Regulations 2006", "TUPE 2006 reg 4"),
        ("TUPE", "Transfer of Undertakings (Protection of Employment) Regulations 2006"),
        ("Civil Procedure Rules 1998", "CPR 3.4"),
        ("Financial Services and Markets Act 2000", "FSMA s 19"),
        ("European Convention on Human Rights", "Article 8 ECHR"),
        ("Market Abuse Regulation", "Regulation (EU) No 596/2014"),
        ("MAR art 14", "Market Abuse Regulation art 15"),
        ("8 Del. C. \u00a7 102", "Del. Code Ann. tit. 8, \u00a7 144"),
        ("Aktiengesetz", "AktG \u00a7 93"),
    ],
)
def test_a_list_knows_a_law_under_both_names(listed: str, cited: str) -> None:
    """The status does not depend on which of its names the list or the model has chosen."""
    assert [Authorities.of([listed]).lists(item) for item in parse(cited)] == [True]


@pytest.mark.parametrize(
    ("short", "year", "title"),
    [
        ("MCA", "1973", "Matrimonial Causes Act 1973"),
        ("MCA", "2005", "Mental Capacity Act 2005"),
        ("MCA", "1999", None),
        ("MCA", None, None),
        ("TUPE", None, "Transfer of Undertakings (Protection of Employment) Regulations 2006"),
        ("TUPE", "1981", "Transfer of Undertakings (Protection of Employment) Regulations 1981"),
        ("FA", "2014", "Finance Act 2014"),
    ],
)
def test_an_abbreviation_that_several_laws_share_needs_its_year(
    short: str, year: str | None, title: str | None
) -> None:
    """Nothing is guessed: an unknown year leaves the abbreviation as it is."""
    assert full_title(short, year) == title


def test_the_tables_hold_what_the_grammar_expects() -> None:
    """Titles end with a year, numbers are CELEX numbers, and no EU law is passed over."""
    titles = [title for group in ACTS.values() for title in group]
    numbers = [*EU_LAWS.values(), *EU_SHORT.values()]

    assert [title for title in titles if not re.search(r" (?:1[89]|20)\d\d$", title)] == []
    assert [n for n in numbers if not re.fullmatch(r"3(?:19|20)\d\d[RL]\d{4}", n)] == []
    assert ALONE - ACTS.keys() == set()
    assert [name for name in EU_LAWS if not any(need in name for need in BY_NAME.needs)] == []
    assert [name for name in EU_LAWS if EU_LAWS[name] not in {i.key for i in parse(name)}] == []
