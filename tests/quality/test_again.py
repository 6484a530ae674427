"""Answers that say one thing over and over in other words, and answers that go on."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

ASKED = "Must a shop take back a kettle that leaks a week after it was bought?"
PARAGRAPHS = (
    "It must. The seller has to refund the price where goods are defective and the consumer sends "
    "them back within thirty days, and a kettle that leaks is defective.\n\n"
    "Put simply, a retailer is obliged to reimburse the customer for a faulty product that is "
    "returned in that period, and an article from which water drips is faulty.\n\n"
    "So the vendor cannot refuse: money is to be repaid to the buyer of an item with a flaw who "
    "gives it back before the thirty days are over, and a leak is such a flaw."
)
SENTENCES = (
    "It must, since the seller has to refund the price of defective goods which the consumer sends "
    "back. A retailer is obliged to reimburse a customer who returns a faulty product. Where the "
    "item has a flaw, the vendor owes the buyer his money once the article is returned. Defective "
    "goods that a shopper gives back have to be refunded by the shop. The trader is bound to repay "
    "what the purchaser paid for a broken thing, once that product is back with the vendor."
)
GOES_ON = (
    "It must. Goods have to be of satisfactory quality, and a kettle that leaks is not, so the "
    "consumer may reject it under section 20 of the Consumer Rights Act 2015.\n\n"
    "The right lasts thirty days from delivery. A customer who waits longer has to let the "
    "retailer repair or replace the product once, and only if that fails may he return it.\n\n"
    "Within six months a fault is presumed to have been there at the start, so the buyer need not "
    "prove it; the vendor may show that the article was dropped. Money is owed within fourteen "
    "days after the trader agrees that a refund is due."
)
LISTED = (
    "Each claim has a period of its own. A claim in contract must be brought within six years of "
    "the breach. A claim in tort must be brought within six years of the damage. A claim for "
    "injury must be brought within three years of the accident, or of the day on which the "
    "claimant knew. A claim for land must be brought within twelve years, and one for libel within "
    "one year of publication. A claim on a deed may be brought within twelve years as well."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(PARAGRAPHS, "reject"), (SENTENCES, "reject"), (GOES_ON, ""), (LISTED, "")],
)
def test_one_thing_in_other_words(answer: str, expected: str) -> None:
    """Sellers, retailers and vendors are one; what goes on has other meanings."""
    assert found(answer, ASKED).get("PARAPHRASE", "") == expected


TALK = (
    "Ana: My kettle leaks. What can I do?\n"
    "Bo: You may give the defective article back to the shop and have the price refunded to you.\n"
    "Ana: What does that mean?\n"
    "Bo: It means that a customer can return a faulty product to the seller and be reimbursed.\n"
    "Ana: How would you say it to them?\n"
    "Bo: I would say that the item has a flaw, so the retailer must repay the buyer who hands it "
    "back.\n"
)


@pytest.mark.parametrize(("answer", "expected"), [(TALK, "reject"), (GOES_ON, "")])
def test_turns_of_one_speaker(answer: str, expected: str) -> None:
    """Who is asked again and again says something new each time."""
    assert found(answer, ASKED, kind="dialogue").get("PARAPHRASE", "") == expected


def test_many_words_for_few_meanings() -> None:
    """An answer that has two words for each meaning says one thing."""
    answer = (
        "A city may not refuse the marchers because the mayor dislikes their message. A permit "
        "cannot be withheld on account of an aversion to a view. Officials who disapprove of an "
        "opinion have no ground on which to bar a procession. Nor may a town deny leave to parade "
        "since its leadership is hostile to an idea. Those who frown on a thought do not thereby "
        "gain authority to stop a rally."
    )
    asked = "May a licence for a carnival be turned down?"
    assert found(answer, asked).get("PARAPHRASE") == "reject"
