"""Answers to another question of the same field, by the meanings that they lack."""

from __future__ import annotations

import pytest

from legalgen.quality.checks.other_question import own_stems
from tests.quality.sayings import found

PENSION = "My husband has a big pension from the fire service. Can I get part of it on divorce?"
SHARED = (
    "The court can make a pension sharing order on divorce.",
    "The pension is valued as a capital sum before it is split.",
    "A percentage is moved into a pension of her own.",
)
TOPIC = frozenset({"divorc", "spous", "maintenanc", "asset"})
ALONE = (
    "You can apply alone, or the two of you can do it together. Since April 2022 nobody needs to "
    "blame anyone: the applicant simply states that the marriage has broken down, and that "
    "statement is conclusive. You must have been married for a year. Once the application is "
    "issued there is a wait of twenty weeks, after which you ask for the first order. Six weeks "
    "and a day later you can ask for the final one, and the marriage ends with it. All of it is "
    "done online and the fee is 612 pounds, though people on low incomes can get help with that, "
    "and nobody has to come to a hearing unless the other side disputes that you are married."
)
ANSWERED = (
    "You can. A judge may order that a share of what he has built up, told in percent, becomes "
    "yours, and the scheme of his employer then keeps a pension in your name or lets you take the "
    "value elsewhere. Ask an actuary what it is worth, as the figure on the statement is often "
    "too low for those who may retire early. It is also possible to leave it all with him and to "
    "take more of the house instead, which people do who need a home now. Whatever you do, let "
    "nothing be final before this is settled, since a widow would have had rights that a divorced "
    "wife has lost."
)


@pytest.mark.parametrize(("answer", "expected"), [(ALONE, "reject"), (ANSWERED, "")])
def test_what_question_and_steps_are_about_is_named(answer: str, expected: str) -> None:
    """A long answer has some word for it."""
    assert found(answer, PENSION, SHARED, topic=TOPIC).get("OFF_TOPIC", "") == expected


OBVIOUS = "When is an invention obvious in patent law?"
SKILLED = (
    "Pozzoli structures the inquiry in four stages.",
    "The notional person skilled in the art has the common general knowledge but no spark.",
)


NOVEL = (
    "Whatever was made available anywhere before the priority date, by use or in print, belongs to "
    "what the law calls the prior state, and an invention in it is not new. One document must "
    "contain everything that is claimed and enable a reader to carry it out; documents may not be "
    "added up, and disclosure in breach of confidence is left out."
)
VERSED = (
    "An invention is obvious where somebody versed in the trade, with the knowledge common to it "
    "and without any spark of his own, would have arrived at it. The court identifies him, then "
    "the concept of the claim, and asks at the last stage whether the difference from what was "
    "known would have taken more than routine."
)


@pytest.mark.parametrize(("answer", "expected"), [(NOVEL, "flag"), (VERSED, "")])
def test_what_the_steps_bring_up_comes_back(answer: str, expected: str) -> None:
    """In whatever words; next to nothing of it is in an answer to another question."""
    topic = frozenset({"patent", "invent", "nov"})
    assert found(answer, OBVIOUS, SKILLED, topic=topic).get("OFF_TOPIC", "") == expected


STANDING = "When has a rambling club that owns nothing standing to challenge a council's licence?"
INTEREST = (
    "Standing turns on a sufficient interest.",
    "A licence may be challenged in time alone.",
)
PARTS = ("amenability and standing", "deadlines and late filing", "bias and apparent bias")
LATE = (
    "The papers are filed promptly and never after the three months have run out. Late filing is "
    "forgiven where a good explanation is put forward and nobody is prejudiced by it, but the "
    "parties cannot agree on deadlines of their own, and six weeks replace the three months in "
    "planning. Even when the filing was prompt the judge may refuse relief for delay."
)
LET_IN = (
    "A club need not own anything. If its members walk the path every week it has a sufficient "
    "interest, since otherwise no licence of the council could be challenged there, and a body "
    "with knowledge of rambling is let in sooner than a busybody. How strong the case is weighs as "
    "well, so that the point is looked at with the merits and not apart from them."
)


@pytest.mark.parametrize(("answer", "expected"), [(LATE, "reject"), (LET_IN, "")])
def test_an_answer_is_of_the_part_that_was_asked_for(answer: str, expected: str) -> None:
    """It has the words of another part of the topic, and none of the question's part."""
    topic = frozenset[str]().union(*own_stems(PARTS))
    said = found(answer, STANDING, INTEREST, topic=topic, parts=PARTS)
    assert said.get("OFF_TOPIC", "") == expected


def test_words_of_two_parts_are_of_neither() -> None:
    """Each part keeps the stems that no other has."""
    assert own_stems(("market power", "market abuse")) == (
        frozenset({"power"}),
        frozenset({"abus"}),
    )
