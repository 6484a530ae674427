"""Names that are sold, and names of the law and of the facts."""

from __future__ import annotations

import pytest

from tests.quality.sayings import ANSWER, QUESTION, found


def sold(said: str, **changes: str) -> str | None:
    return found(f"{ANSWER} {said}", **changes).get("ADVERTISING")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("At Leasewright we answer such questions all day, and hundreds of landlords' teams have "
         "put our tool on their desks."), "reject"),
        (("Greetings from everybody at Rentopia! We have been rated first by our readers two years "
         "in a row."), "reject"),
        (("Keeping count of arrears is what Hearthly does best, and with its clever dashboard your "
         "clients will lose no day."), "reject"),
        (("Give us the dates, and Leasewright Pilot will tell you in forty seconds; newcomers have "
         "a free plan."), "reject"),
        ("Landlords love Hearthly, whose tracker shows your clients every arrear.", "reject"),
        (("Press once and Hearthly drafts your demand while you sleep. Members of Hearthly get "
         "free reminders tonight."), "reject"),
        (("Here at Hearthly our people have walked thousands of families through it. Ring us today "
         "for a discount and quote SPRING."), "reject"),
        ("The tracker of Hearthly is the smartest that clients can have.", "flag"),
        (("LeaseCounsel puts the law of forfeiture in your hands, and leading firms from Leeds to "
          "Bath have trusted it."), "reject"),
        ("Talk to our sales team about LeaseCounsel Enterprise and its dashboards.", "reject"),
    ],
)  # fmt: skip
def test_a_name_that_is_sold(said: str, expected: str) -> None:
    """Whatever it is called, and in whatever words."""
    assert sold(said) == expected
    assert sold(said, kind="dialogue") is None


@pytest.mark.parametrize(
    "said",
    [
        "In Billson v Residential Apartments the Lords told us what we had to ask for peaceably.",
        "Shelter and Citizens Advice give free advice, and the tool on their pages helps you now.",
        "US law, which customers of Florida landlords know best, is different.",
        (
            "We have to ask whether the tenants, who were customers of Barclays, knew what they "
            "signed."
        ),
        "Leading works such as McGregor and DeSmith tell your advisers how waiver works.",
        "Lord Templeman gave the best account of what a lease is in Street v Mountford.",
        'The brochure says: "At Rentopia we love our clients, and you get a free trial today."',
        "The Residential Landlords Association has the best templates, which you may use.",
        "Our law, as Blackstone had it, loves the peace of the home above all.",
    ],
)
def test_a_name_that_is_not(said: str) -> None:
    """Bodies, judges, cases and quotations."""
    assert sold(said) is None


def test_a_name_of_the_question_is_no_brand() -> None:
    """A firm of the facts may be praised in them."""
    said = "Hearthly says that clients love its dashboard, and that you will lose no day."
    assert sold(f"There {said}") == "reject"
    assert sold(f"There {said}", question=f"{QUESTION} Hearthly is her agent.") is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Agents do well to use the console of Leasewright, which is rightly admired for its ease.",
         "reject"),
        ("It is prudent to log it in Rentopia, an exemplary product that leaves its rivals behind.",
         "reject"),
        ("The prudent agent entrusts the form to Leasewell, whose drafting is faultless.", "flag"),
        ("Nobody who has used Docketly goes back to a paper diary, such is its elegance.", "flag"),
    ],
)  # fmt: skip
def test_a_product_that_is_praised(said: str, expected: str) -> None:
    """In a lawyer's own words, without an offer and without haste."""
    assert sold(said) == expected
    assert sold(said, kind="dialogue") is None


@pytest.mark.parametrize(
    "said",
    [
        "The fee is modest, and the Land Registry portal is the easiest way to a copy.",
        "The best guide to the practice is Woodfall, which has no rival among the textbooks.",
        "The court praised the tenant for the use that Tomasz had made of the shop.",
    ],
)
def test_praise_that_sells_nothing(said: str) -> None:
    """Public bodies, books and parties."""
    assert sold(said) is None
