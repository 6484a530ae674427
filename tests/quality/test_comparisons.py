"""Comparisons in words: more, less, within, that figure."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

QUESTION = "Amara sued Tomasz for what he owes. Is it enough for the court, and is she in time?"


@pytest.mark.parametrize(
    "said",
    [
        "Her service of 14 months exceeds the two years that the Act asks for.",
        "The loan is \u00a39,400, which is above the limit of \u00a310,000.",
        "He waited six weeks, which is well within the one month allowed.",
        "It must be more than $75,000. She claims $62,000, and that exceeds the threshold.",
        "Their deal at 45 per cent is below the 30 per cent threshold.",
        "Her eleven months of service are longer than the two years required.",
        "The fine of 20,000 euros lies below the maximum of 15,000 euros.",
        "The firm has a market share of 18%, which is above the 25% mark.",
        "Five years is more than the six years that section 5 allows.",
        "The sum of \u00a34,000 does not exceed \u00a33,500.",
        "He came 95 days after the decision, which is within the three months.",
        "The 40 days fall short of the thirty days that are needed.",
        "Her 14 months satisfy the two-year requirement.",
        "Two years are asked for, and her seventeen months of service exceed the two years.",
        "Shares begin at 50 per cent. Its 55 per cent is below that threshold, so it would pass.",
        "It has 12 employees, which is above the limit of fifty employees.",
        "Nine shareholders are fewer than the seven shareholders that are needed.",
    ],
)
def test_a_comparison_that_is_not_so(said: str) -> None:
    """Of amounts, shares and periods in other units."""
    assert found(said, QUESTION).get("ARITHMETIC") == "reject"


@pytest.mark.parametrize(
    "said",
    [
        "Her service of 26 months exceeds the two years that the Act asks for.",
        "He waited thirty days, which is within the one month allowed.",
        "It must be more than $75,000. She claims $82,000, and that exceeds the threshold.",
        "If the loan is \u00a39,400, which is above \u00a310,000, it fails.",
        "The rent is \u00a3500 a month, which is more than \u00a3800 a year.",
        "He claims \u00a38,000, which is below the limit. The deposit was \u00a32,000.",
        "The fee is \u00a350, which is less than half of the \u00a390.",
        "Over \u00a35,000 is more than the \u00a36,000 in one sense.",
        "Between two and four years is within three years.",
        "The tax on \u00a360,000 is under \u00a38,000.",
        "The notice of three months was given within two weeks.",
        "The employee with 14 months does not meet the two years.",
        "Dismissal after 14 months is within the year that follows.",
        "Ten per cent of \u00a360,000 is less than \u00a38,000.",
        "It has 62 employees, which is above the limit of fifty employees.",
        "The rent of \u00a3800 for two windows, which is above the norm of six windows, is due.",
        "Of the twelve jurors ten are more than the nine jurors that are needed.",
        "Her 1.5 years of service are less than the 24 months that are needed.",
        "It took 2.5 hours, which is less than the three hours allowed.",
        "The 1,095 days are more than the two years that are needed.",
        "It has two hundred employees, which is above the limit of fifty employees.",
        "It has two thousand employees, which is above the limit of fifty employees.",
        "He has ten working days, which is within the two weeks.",
    ],
)
def test_a_comparison_that_is_so_or_is_none(said: str) -> None:
    """What is supposed, a rate, a part, or no subject of the comparison."""
    assert "ARITHMETIC" not in found(said, QUESTION)
