"""Sums that a sentence works out: wrong ones are refused, and what is none is left alone."""

from __future__ import annotations

import pytest

from tests.quality.sayings import ANSWER, found


@pytest.mark.parametrize(
    "said",
    [
        "The price of £9,000 less the deposit of £1,500 leaves £7,000.",
        "Eight and a half weeks at £400 come to £3,600.",
        "Rent of $1,250 a month for nine months is $11,520.",
        "A third of €60,000 is €30,000.",
        "12.5 per cent of £8,000 gives £1,200.",
        "Forty percent of $90,000 is $35,000.",
        "The rent of $9,000 less ten percent makes $8,000.",
        "The bid of £70,000 exceeds the reserve of £52,000 by £16,000.",
        "The difference between £640 and £475 is £175.",
        "£300 plus £450 plus £75 makes £815.",
        "£2,400 and £600 together make £3,200.",
        "Deducting £2,000 from £11,000 leaves £8,000.",
        "£40,000 reduced by a fifth leaves £30,000.",
        "$1.5 million minus $200,000 is $1.2 million.",
        "That leaves £55,000, £27,000 and £8,000, a total of £91,000.",
        "$1.5M minus $200,000 is $1.2M.",
        "The carrier owes €400 to each of the five passengers, which comes to €1,600.",
        "Each of her three sons takes £20,000, in all £50,000.",
        "He owes rent of £50 for each of the 12 weeks, a total of £700.",
        f"\u00a3{'9' * 400} less \u00a35 leaves \u00a33.",
    ],
)
def test_a_wrong_sum_is_refused(said: str) -> None:
    """Whatever it is worked out with."""
    assert found(f"{ANSWER} {said}").get("ARITHMETIC") == "reject"
    assert found(steps=(said,)).get("ARITHMETIC") == "reject"


@pytest.mark.parametrize(
    "said",
    [
        "The price of £9,000 less the deposit of £1,500 leaves £7,500.",
        "That leaves £55,000, £27,000 and £8,000, a total of £90,000.",
        "As a check, £522,000, £100,000 and twice £50,000 make £722,000.",
        "Of the £500, £100 and £200 together make £300.",
        "5% of £125,000 and 10% of the last £150,000, that is £6,250 and £15,000.",
        "Eight and a half weeks at £400 come to £3,400.",
        "Rent of $1,250 a month for nine months is $11,250.",
        "A third of €50,000 is €16,667.",
        "17.5 per cent of £8,040 gives £1,407.",
        "Forty percent of $90,000 is $36,000.",
        "He bears 35 percent of $90,000, which comes to $31,500.",
        "Two Percent of the price of $8,000 is $160.",
        "Three sevenths of $70,000 is $30,000.",
        "$1.55 million minus $200,000 is $1.4 million.",
        "£9,000 less the costs of £1,500 leaves about £7,000.",
        "Three months at £500 a week is £6,500.",
        "Two hundred planks at £35 make £7,000.",
        "40 to 60 hours at £20 is £900 more or less.",
        "The carrier owes €400 to each of the five passengers, which comes to €2,000.",
        "Each of her three sons takes £20,000, in all £60,000.",
        "He owes rent of £50 for each of the 12 weeks, a total of £600.",
        "Each of the two daughters gets £5,000, which is £1,000 more than was planned.",
        "He paid £500 and £300, which is £200 too little.",
        "Half of £40,000 is £5,000 more than she asked for.",
        "What she lost, £800 less than £5,000, is £4,200.",
        "Five payments of £500 a year make £5,000.",
        "Between £500 and £700 was paid, and £300 is owed.",
        "One hundred and twenty weeks at £5 are £600.",
        "$1.5 Million minus $200,000 is $1.3M, and £5K plus £500 is £5.5K.",
        "The price of £\u00a09,000 less the deposit of £\u00a01,500 leaves £\u00a07,500.",
        "F\u0131ve days at £5 are £30, and one th\u0131rd of £30 is £20.",
    ],
)
def test_a_right_sum_and_what_is_none_pass(said: str) -> None:
    """Rounded results, ranges, other units, amounts that are only named together."""
    assert "ARITHMETIC" not in found(f"{ANSWER} {said}")
