"""Answers that announce that they say the same again, or tell the same figures throughout."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

LOCKS = "My landlord changed the locks while I was at work. What can I do?"
ANNOUNCED = (
    "Your landlord was not allowed to do that. He needed a court order before he could put you "
    "out, and without one it is a crime. You can ask for an injunction to be let back in.\n\n"
    "To say it another way, a tenant may only be removed after a judge has ordered it, and an "
    "owner who acts by himself commits an offence. The court may tell him to give your home back."
    "\n\nWhat all this means is that somebody who locks out the person renting from him, with no "
    "order from a judge, breaks the criminal law, and that he can be told to let you in."
)
SUMMED_UP = (
    "Your landlord was not allowed to do that. He needed a court order before he could put you "
    "out, and without one it is a crime. You can ask for an injunction to be let back in.\n\n"
    "Ring the council first. Its officer for tenancies can speak to the landlord on the same day, "
    "and often that is enough to have the door opened and the keys handed over.\n\n"
    "In short, he broke the law, and both the council and the court can put you back in the flat, "
    "for which you need your tenancy agreement and some proof of who you are."
)
FIGURES = (
    "Your position. You have one month to comply and cannot charge, unless the request is plainly "
    "unfounded or excessive. In that case you may ask for a reasonable fee or refuse.\n\n"
    "Time and money. A month begins on the day on which the request arrives. There is nothing to "
    "pay for her, save where what she asks goes plainly too far and a reasonable fee is due.\n\n"
    "Your duties. You have to hand over the copies before a month has gone by, and for free. Only "
    "with a request that is plainly baseless or out of proportion may you charge or refuse.\n\n"
    "Her rights. She may expect her data within one month of asking and without a fee. If she "
    "asks for plainly too much or without any ground, she can be made to pay, or be refused."
)
NEW_FIGURES = (
    "Your position. You have one month to comply and cannot charge, unless the request is plainly "
    "unfounded or excessive. In that case you may ask for a reasonable fee or refuse.\n\n"
    "Identity. If you doubt who is asking, you may call for a passport, and time runs from the day "
    "on which it comes. Tell her so within a few days, since silence is held against you.\n\n"
    "More time. For 40 files or more you may take two further months, if you say so, with reasons, "
    "in the first one. An extension that is announced on the last day is usually accepted.\n\n"
    "Others. Take out the names of her colleagues under Schedule 2, unless they agree, or unless "
    "the mail shows nothing about them that she has not seen already."
)


ONE_CASE = (
    "A neighbour may be told to stop it. Crowing that would drive an ordinary person out of bed "
    "day after day is a nuisance, and {0}.\n\n"
    "The law helps here. Where birds disturb sleep beyond what normal people put up with, their "
    "keeper can be made to silence them; {1}.\n\n"
    "Nobody has to bear this. Racket before dawn that no person of average patience could stand "
    "gives way to an order, {2}."
)
OF_ONE_CASE = (
    "The neighbour principle asks whom one should have in mind. In Donoghue v Stevenson it was the "
    "consumer, who drinks what the maker bottled without a chance to look into it.\n\n"
    "The principle states when a duty may be expected. Donoghue v Stevenson did not say that all "
    "foreseeable harm gives a claim, and pure omissions stayed outside it.\n\n"
    "Its chief limit concerns money. Somebody whose profits fall because another's goods were lost "
    "has no claim, although Donoghue v Stevenson read alone might suggest one."
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(ONE_CASE.format("Leeman v Montagu said so", "that is Leeman v Montagu",
                      "as Leeman v Montagu shows"), "reject"),
     (ONE_CASE.format("Leeman v Montagu said so", "that is Coventry v Lawrence",
                      "as Hollywood Silver Fox Farm shows"), ""),
     (ONE_CASE.format("Leeman v Montagu said so", "that is Leeman v Montagu",
                      "as Leeman v Montagu and later Lawrence show"), ""),
     (OF_ONE_CASE, "")],
)  # fmt: skip
def test_paragraphs_that_add_no_name(answer: str, expected: str) -> None:
    """Each names the same authority, and says the same of it; another name makes it another."""
    assert found(answer, LOCKS).get("PARAPHRASE", "") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(ANNOUNCED, "reject"), (SUMMED_UP, ""), (FIGURES, "reject"), (NEW_FIGURES, "")],
)
def test_paragraphs_that_say_the_same(answer: str, expected: str) -> None:
    """One that sums up is none, nor is a period that one paragraph has."""
    assert found(answer, LOCKS).get("PARAPHRASE", "") == expected


FRUSTRATED = (
    "A contract is frustrated when, through the fault of neither party, an event after its "
    "conclusion makes performance something radically different from what was undertaken. "
)


TO_SAY = (
    "That is to say, if something happens later for which nobody is to blame and which turns the "
    "obligation into another thing altogether, the bargain comes to an end."
)
IN_OTHER_WORDS = (
    "The bargain, in other words, comes to its end if something which nobody can be blamed for "
    "turns the obligation later on into an altogether different thing."
)
GOES_ON = (
    "In other words, hardship is not enough. The Act of 1943 then lets the court order money that "
    "was paid to be returned, and give an allowance for expenses and for a benefit that was "
    "conferred before the event."
)
WITH_A_CASE = (
    "In simpler terms, the parties are free of it, as in Krell v Henry [1903] 2 KB 740, where a "
    "room was hired to see a procession that was put off when the King fell ill."
)


@pytest.mark.parametrize(
    ("more", "expected"),
    [(TO_SAY, "reject"), (IN_OTHER_WORDS, "reject"), (GOES_ON, ""), (WITH_A_CASE, "")],
)
def test_most_of_it_said_in_other_words(more: str, expected: str) -> None:
    """With nothing new in it; what goes on after a word of explanation is no repetition."""
    assert found(FRUSTRATED + more).get("PARAPHRASE", "") == expected
