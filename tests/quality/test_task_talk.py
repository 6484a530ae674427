"""Sentences about the task in ever other words, and law in the same words."""

from __future__ import annotations

import pytest

from tests.quality.sayings import ANSWER, QUESTION, found


def spoken(said: str, **changes: str) -> str | None:
    return found(f"{ANSWER} {said}", **changes).get("META_TALK")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("Both citations come from the catalogue provided, and the reply stops short of its "
          "ceiling of ninety words."), "reject"),
        (("The steps hold a single inference apiece, and the proposition below is one sentence "
          "long."), "reject"),
        (("The perspective of a landlord's agent in the hotel sector is reflected in the tone. The "
          "point named in the list is the only issue covered here."), "reject"),
        ("As befits an intermediate item, one exception is mentioned and the views are two.",
         "flag"),
        (("In keeping with the level set for this item, the explanation remains under the upper "
          "limit of words and leaves out what is listed above."), "reject"),
        (("In keeping with the level set for this item, the explanation assumes a reader who knows "
          "the basics and remains under the upper limit of words."), "flag"),
        ("That makes 64 words. (64 words, as asked)", "reject"),
        ("So it is. [about 70 words; the limit was 90]", "reject"),
        (("Better scripts will distinguish waiver, and markers should reward any candidate who "
          "names the section."), "reject"),
        (("The parties differ from those of the previous entries, since near copies are dropped "
          "from the batch."), "reject"),
        (("As the template for this type demands two named parties, an agent has been introduced."),
         "reject"),
        ("Answers that open like their predecessors are filtered, so this one begins otherwise.",
         "reject"),
        ("The record will be checked against the schema, so there are four steps and one source.",
         "reject"),
        (("Your tutor will look for three headings in the essay, so underline the name of the "
          "statute."), "reject"),
    ],
)  # fmt: skip
def test_talk_of_the_task(said: str, expected: str) -> None:
    """An order, a text and what was done about it; an examination."""
    assert spoken(said) == expected
    assert spoken(said, kind="concept") == expected


@pytest.mark.parametrize(
    "said",
    [
        "The order names a sum, and the list of chattels in the schedule sets the limit.",
        "The instructions of the client were followed, and the solicitor kept within them.",
        "The notice has to keep to the prescribed form, with the name of the tenant.",
        "A target of six weeks is set by the protocol, and the court may extend it on request.",
        "The maximum term is fixed by the section, and the tenancy agreement stays below it.",
        "The named landlord's title resembles those of the others.",
        "Keep the tone of the letter friendly, and name the sum.",
        "A second answer lies in section 146, which requires a notice in a specified form.",
        "Her claim passed the threshold; the candidate for the office of receiver was hers.",
        "The examiner of the trade mark thought the mark weaker than the earlier one.",
        "The sector's code of practice says that the text of a notice must be plain.",
        ("Everything turns on the exchange, for goods supplied in the course of a business must be "
         "of satisfactory quality and fit for a purpose made known to the seller."),
        "The figures supplied by the seller did not meet the contract, so he is held to them.",
        "The laboratory discarded the earlier samples, so nobody can compare the labels on them.",
        "Earlier entries in the register are not repeated, and an entry made by mistake may go.",
        "The sample of employees was too small, and the tribunal rejected the survey.",
        "A batch of leases in the same form may be registered with a list of the parties.",
        "The assignment of the lease is void, as its wording leaves the licence out.",
    ],
)  # fmt: skip
def test_law_has_the_same_words(said: str) -> None:
    """Court orders, forms, targets, limits, candidates and marks."""
    assert spoken(said) is None


def test_what_the_question_asks_is_its_subject() -> None:
    """A question about an examination may be answered in its words."""
    said = "The examiner must mark the scripts of all candidates by one scheme and give credit."
    asked = f"{QUESTION} The tenants are candidates whose scripts an examiner marks for credit."
    assert spoken(said) == "reject"
    assert spoken(said, question=asked) is None


@pytest.mark.parametrize(
    "said",
    [
        "Then comes the exception, for an intermediate sample should treat one of each.",
        "The brief for this type wants the source of the rule, so that comes next.",
        "As the difficulty is set to basic, waiver is left out.",
        "A word on waiver would be too much for an intermediate learner.",
        "What the guidelines for case notes want next is the ratio.",
    ],
)
def test_the_kind_of_text_that_was_ordered(said: str) -> None:
    """For whom, of what kind and how long: nobody is told so by law."""
    assert spoken(said) == "reject"


@pytest.mark.parametrize(
    "said",
    [
        "The guidelines for this type of injury give a range of 5,000 to 12,000 pounds.",
        "The basic answer is that she may stay, and an advanced payment does not alter it.",
        "The expert's answer must be served within 28 days.",
        "If you put on it the date on which the keys were handed over, it is her word against his.",
        "It was seriously meant and clearly worded, yet Amara asked for nothing in exchange.",
        "The wording of the covenant was chosen with care and repeats that of the earlier lease.",
        "I am sorry to hear how abruptly this ended.",
    ],
)
def test_law_of_levels_words_and_keys(said: str) -> None:
    """A word counts once, parties and their papers are the case, and an adviser may be sorry."""
    assert spoken(said, kind="advice") is None


def test_samples_of_the_question_are_its_subject() -> None:
    """Where the case is about them."""
    said = "An intermediate sample should be taken from each hold."
    assert spoken(said) == "reject"
    assert spoken(said, question=f"{QUESTION} What if a sample of the grain is wet?") is None
