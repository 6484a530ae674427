"""Amounts that follow from the question's: shares, times, and the sum that is asked for."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

LENT = "Amara lent Tomasz £8,000 at 6 per cent a year. What is owed after nine months?"
CRASH = "A car of £24,000 was lost, with an excess of £500; 90 per cent is paid. How much is it?"
RENT = "A tenant owes £1,200 a month from January to April and paid £2,000. What must he pay?"
DUTY = "A house was bought for £400,000. How much duty is due?"


@pytest.mark.parametrize(
    ("said", "asked", "expected"),
    [
        ("He pays £22,300, because 90 per cent is due less the excess.", CRASH, "flag"),
        ("He must pay £3,450, as four months are due less what he paid.", RENT, "flag"),
        ("The sum follows. A share of ten per cent, which is £2,900, is kept back.", CRASH, "flag"),
        ("Four months were due. The rent less his payment leaves £3,150.", RENT, "flag"),
        ("Of the price he kept back the excess. What is deducted, less a tenth, is £870.", CRASH,
         "flag"),
        ("The yearly rent is £14,400, and for a year and a half it comes to £20,600.", RENT,
         "flag"),
        ("He is owed 1,004 dollars. It is 720 dollars for forty hours, plus 324 dollars.",
         "A man worked 52 hours in a week at 18 dollars an hour. How much is he owed?", "flag"),
        ("The yearly interest is \u20b960,000, and for eighteen months it is \u20b975,000.",
         "A bond of \u20b95,00,000 bears 12 per cent a year. How much is owed?", "flag"),
    ],
)  # fmt: skip
def test_an_amount_that_does_not_follow_is_told(said: str, asked: str, expected: str) -> None:
    """However the steps between are worded."""
    assert found(said, asked).get("ARITHMETIC") == expected


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Tomasz owes £8,360. The interest of 6 per cent for nine months is £360.", LENT),
        ("It is £21,100, because 90 per cent of £24,000 is £21,600, less the excess.", CRASH),
        ("He must pay £2,800, as four months come to £4,800 less what he paid.", RENT),
        ("The yearly rent is £14,400, and for a year and a half it comes to £21,600.", RENT),
        (("It is £10,000: nothing on £125,000, 2 per cent on £125,000, which is £2,500, and 5 per"
         " cent on the remaining £150,000, which is £7,500."), DUTY),
        ("Duty is £7,500: nothing on the first £250,000 and 5 per cent on the balance.", DUTY),
        ("At most £50,000 is due, less what was paid.", DUTY),
        ("The cap on awards is £115,115, less interest. Nothing else is due.", DUTY),
        ("Four months were due. The rent less his payment leaves £2,800.", RENT),
        ("The yearly rent is £14,400, in addition to rates.", RENT),
        ("It may be about £9,700, less what was paid.", DUTY),
        ("He must pay £2,650: the balance of £2,800 less £150 for repairs.", RENT),
    ],
)  # fmt: skip
def test_what_can_be_reached_passes(said: str, asked: str) -> None:
    """By shares, times and differences, with amounts that a law or a further fact brings in."""
    assert "ARITHMETIC" not in found(said, asked)


YARN = "Yarn would be worth £40,000 if sound and is worth £28,000. What does Amara recover?"
HALL = "Amara paid £24,000 before the hall burned down; Tomasz had spent £9,000. What is returned?"
OWED = "Tomasz owes Amara £1,840 in wages and £620 in holiday pay. What can she claim?"


@pytest.mark.parametrize(
    ("said", "asked", "expected"),
    [
        # a difference, a total and a rest in one sentence
        ("Sound it was worth £60,000 and now it is worth £28,000, which leaves £22,000.", YARN,
         "reject"),
        ("It comes to £1,840 and a further £620, which makes £2,560 in all.", OWED, "reject"),
        ("Of the £24,000, Tomasz takes £9,000 and the remaining £17,000 is hers.", HALL, "reject"),
        ("Tomasz keeps £9,000, and she is to have £17,000 of her £24,000 back.", HALL, "reject"),
        # told over several, or the only amount that is new
        ("Sound yarn is worth £40,000. Hers is worth £28,000. The loss is thus £15,000.", YARN,
         "flag"),
        ("The wages are £1,840. There is £620 besides. Together that is £2,560.", OWED, "flag"),
        ("He must give her £17,000 back, as £9,000 of it was spent.", HALL, "flag"),
        # what follows, in a step or two, with other amounts, or by what is no sum
        ("Sound it was worth £40,000 and now it is worth £28,000, which leaves £12,000.", YARN, ""),
        ("He keeps £7,000, and she is to have £17,000 of her £24,000 back.", HALL, ""),
        ("With £150 for the van that makes £2,610 in all.", OWED, ""),
        ("Together that is £2,460, and costs of £300 bring it to a total of £2,760.", OWED, ""),
        ("He keeps a quarter, which leaves her £18,000.", HALL, ""),
        ("A limit of £10,000 is set for small claims by the rules.", OWED, ""),
        ("The court is likely to let him have about £5,000 and her the remaining £19,500.", HALL,
         ""),
    ],
)  # fmt: skip
def test_what_is_left_and_what_makes_a_whole(said: str, asked: str, expected: str) -> None:
    """By adding and taking away alone, unless a share or a rate may have changed it."""
    assert found(said, asked).get("ARITHMETIC", "") == expected


BUILT = "Amara built for £90,000 and paid £22,000, £9,000 and £4,000. What has she laid out?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("She paid £22,000, then £9,000 and at last £4,000, which together make up the £90,000.",
         "reject"),
        ("She paid £22,000, £9,000 and £4,000 for it. Those three items make £38,000.",
         "reject"),
        ("She paid £22,000, then £9,000 and at last £4,000, which together make up £35,000.", ""),
        ("She paid £22,000, £9,000 and £4,000 for it. Those three items make £35,000.",
         ""),
        ("She paid £22,000 and £9,000, which make up the £90,000 with what he lent.", ""),
        ("She paid £22,000, £9,000 and £4,000. The loss she asks for comes to £17,500, a half.",
         ""),
        ("She paid £9,000, another £9,000 and £4,000, together £22,000, and no more.", ""),
        ("She paid £22,000, £9,000 and £4,000 for it. The f\u0131ve make up £90,000.", ""),
    ],
)  # fmt: skip
def test_parts_make_up_their_whole(said: str, expected: str) -> None:
    """Also a whole that the question has, and parts of the sentence before, by their number."""
    assert found(said, BUILT).get("ARITHMETIC", "") == expected


LEFT = "Tomasz died and left £722,000, of which £322,000 go to Amara first. What else has she?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("That leaves £400,000, of which her half comes to £230,000.", "reject"),
        ("That leaves £400,000, of which one quarter is £90,000.", "reject"),
        ("She has the rest as well. Half of the residue is £230,000 for her.", "flag"),
        ("That leaves £400,000, of which her half comes to £200,000.", ""),
        ("That leaves £400,000, of which one third is £133,000, as nearly as may be.", ""),
        ("She has the rest as well. Half of the residue is £200,000 for her.", ""),
        ("She shares the rest. Half of the residue, which is £400,000, is hers.", ""),
    ],
)
def test_a_share_is_of_what_stands_before_it(said: str, expected: str) -> None:
    """Else it is one of what some amounts leave or add up to."""
    assert found(said, LEFT).get("ARITHMETIC", "") == expected
