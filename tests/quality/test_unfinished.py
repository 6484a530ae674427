"""Answers that stop before they have told what they announced."""

from __future__ import annotations

import pytest

from tests.quality.sayings import ANSWER, found

THREE = "Three issues arise: whether she may re-enter, whether rent was waived, and {third}."


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("Five reasons weighed with the court. The first of them was this.", True),
        ("The court will grant relief in the following way.", True),
        ("The exceptions to it will be set out in turn below.", True),
        ("Two more points should be mentioned.", True),
        ("There are three exceptions to the rule.", True),
        ("There are two ways to do it. One is the notice, which is in writing.", True),
        ("Let us look at each of them.", True),
        ("Here is how the judge put it.", True),
        ("Now we shall turn to the notice.", True),
        ("The decisive fact here is the date of the demand.", False),
        ("What matters here is what the deed says of rent.", False),
        ("Here is the rule: rent is apart.", False),
        ("The court said that, as we shall see from the deed, she may.", False),
        ("Several decisions need to be looked at before any view is formed.", True),
        ("Several tenants have to be looked at before rent is fixed, and so she may not.", False),
        ("To waive it three things are needed. The second is a demand of rent.", True),
        ("There are two ways to do it. One is the notice, and the other is re-entry.", False),
        ("The test is this: would a landlord who knew of it ask for rent?", False),
        ("There are three exceptions: waiver, relief and a bad clause.", False),
        ("She does so on the following day.", False),
        ("The first demand of rent after the breach is the end of it.", False),
        ("Both points have been considered by the court.", False),
    ],
)
def test_an_end_that_leads_on(end: str, expected: bool) -> None:
    """What should follow is not there; an end that has it, or leads nowhere, is one."""
    assert ("TRUNCATED" in found(f"{ANSWER} {end}")) is expected


@pytest.mark.parametrize(
    ("third", "rest", "expected"),
    [
        (
            "whether the court grants an injunction or damages",
            "The first issue is easy, for the deed says so.\nThe second is not: rent was waived.",
            "reject",
        ),
        (
            "whether he is a subtenant",
            "First, the deed lets her enter.\nSecond, the rent was waived.\nSo she may not.",
            "flag",
        ),
        (
            "whether the subtenant is protected",
            "First, the deed lets her enter.\nSecond, the rent was waived.\nThird, he is safe.",
            "",
        ),
        (
            "whether the subtenant is protected",
            "First, the deed lets her enter.\nSecond, rent was waived; a subtenant has relief.",
            "",
        ),
        (
            "whether he is protected",
            "The deed lets her enter.\nThe rent was waived.\nThe mesne tenant has an equity.",
            "",
        ),
    ],
)
def test_a_question_that_is_never_come_to(third: str, rest: str, expected: str) -> None:
    """By its words and its number; fewer paragraphs than questions make it certain."""
    answer = f"{THREE.format(third=third)}\n{rest}"
    asked = "May Amara forfeit for late rent, and will the court grant an injunction or damages?"
    assert found(answer, asked).get("NO_ANSWER", "") == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [("That leaves waiver, on which much depends and to which we have not yet come.", "flag"),
     ("A third matter, the subtenant, has not been touched on yet.", "flag"),
     ("The demand of rent in March is what one has to look at now.", "flag"),
     ("That leaves costs, for which the lease and the offer both have to be considered.", "flag"),
     ("But what of the eleven weeks in which he paid nothing at all?", "flag"),
     ("Whether waiver reaches so far has not yet been settled.", ""),
     ("The Court of Appeal has not yet come to the point.", ""),
     ("The rent of June is not due, for the day has not yet come.", ""),
     ("Time has not yet begun to run, and the two have not yet reached a settlement.", ""),
     ("What remains to be looked at is waiver, and there is none.", ""),
     ("He must still answer for the arrears, and the costs have to be considered.", ""),
     ("Does this help you to see what she may do?", "")],
)  # fmt: skip
def test_an_end_that_leaves_something(end: str, expected: str) -> None:
    """What the writer has not come to is missing; what the law has not settled is an answer."""
    assert found(f"{ANSWER} {end}").get("NO_ANSWER", "") == expected


def test_a_talk_may_end_as_people_do() -> None:
    """In a dialogue nobody announces for the reader."""
    assert "TRUNCATED" not in found(f"{ANSWER} Let us see.", kind="dialogue")
