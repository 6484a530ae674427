"""A claim that is made and denied, and an end under what was found void."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

QUESTION = "Did Ines Falk break section 177 when she sold a yacht, or is the sale good?"
BETWEEN = "Much has been written on such things. It is well settled now."


@pytest.mark.parametrize(
    ("step", "first", "expected"),
    [
        ("So Falk has broken section 177.", "Ines Falk has not contravened section 177.", "reject"),
        ("Falk does not qualify.", "Ines Falk qualifies for relief.", "reject"),
        ("So the sale did not breach section 177.", "Falk breached section 177.", "reject"),
        ("So Falk has broken section 177.", "Ines Falk has not contravened section 175.", ""),
        ("So Falk has not broken section 177.",
         "The company says that she has broken section 177.", ""),
        ("Falk does not qualify.", "If Falk qualifies, the sale stands.", ""),
        ("Falk avoids the sale under section 177.", "The sale is not under section 177.", ""),
    ],
)  # fmt: skip
def test_a_step_and_the_beginning(step: str, first: str, expected: str) -> None:
    """The same words, or words of one verdict, with and without a negation."""
    said = found(f"{first} {BETWEEN}", QUESTION, ("A director declares an interest.", step))
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        ("A promise after the act binds, because past consideration is good consideration.",
         "The court refused, since past consideration is no consideration.", "reject"),
        ("A buyer cannot avoid the contract for a breach that is not fundamental.",
         "Defects are no fundamental breach, and the buyer can avoid the contract for them.",
         "reject"),
        ("Past consideration is no consideration.",
         "Where the act was asked for, past consideration is good consideration.", ""),
        ("Past consideration is no consideration.",
         "The first edition of the book said that past consideration is good consideration.", ""),
    ],
)  # fmt: skip
def test_the_beginning_and_what_follows(first: str, later: str, expected: str) -> None:
    """Without conditions, and not in the mouth of somebody else."""
    asked = "Is past consideration good, and can a buyer avoid the contract for a small breach?"
    said = found(f"{first} {BETWEEN} {later}", asked, ())
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("first", "later", "ends", "expected"),
    [
        ("The premium is capital.", "Marlin Ltd cannot therefore pay a dividend from it.",
         "Since it is money like any other, Marlin Ltd can pay a dividend whenever it likes.",
         "flag"),
        ("It is a measure of equivalent effect, which Article 34 prohibits unless it is justified.",
         "A clear label would do.", "Since the rule is no measure of equivalent effect, it stays.",
         "reject"),
        ("The premium is capital.", "Marlin Ltd cannot therefore pay a dividend from it.",
         "Once a court has reduced it, Marlin Ltd can pay a dividend.", ""),
        ("The premium is capital.", "Marlin Ltd cannot pay a dividend of eight pounds in 2019.",
         "Marlin Ltd can pay a dividend of two pounds in 2021.", ""),
        ("The premium is capital.", "The bank said that Marlin Ltd cannot pay a dividend from it.",
         "Marlin Ltd can pay a dividend.", ""),
        ("It is a measure of equivalent effect if it hinders trade, which it does not.",
         "A clear label would do.", "So the rule is not a measure of equivalent effect.", ""),
    ],
)  # fmt: skip
def test_what_the_end_denies(first: str, later: str, ends: str, expected: str) -> None:
    """Of a sentence between it is a flag: that may be of something that only a reader sees."""
    asked = "May Marlin Ltd pay a dividend out of its share premium, or is the rule a measure?"
    assert found(f"{first} {later} {ends}", asked, ()).get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("void", "ends", "expected"),
    [
        ("The marriage revoked the will.", "So Beryl takes the house under the will.", "reject"),
        ("Her letter rescinded the contract.",
         "Under the contract Drew is entitled to the price.", "reject"),
        ("He looked at the will. The marriage revoked it.",
         "As the will of 2015 is his last wish, Beryl takes the house as heir in the will.",
         "reject"),
        ("That is all.", "A later promise has no legal force, and the promisee can sue on it.",
         "reject"),
        ("The will is void.", "If the will were good, Beryl would take under the will.", ""),
        ("The second will is void.", "So Beryl takes the house under the first will.", ""),
        ("The will is void.", "So Beryl takes nothing under the will.", ""),
        ("The will is void if no witness saw it.", "So Beryl takes the house under the will.", ""),
        ("A later codicil revoked it.", "So Beryl takes the house under the will.", ""),
    ],
)  # fmt: skip
def test_nobody_takes_under_what_is_void(void: str, ends: str, expected: str) -> None:
    """Unless it is another one, or nothing is taken."""
    asked = "Harold signed a will and a contract, and then he married. Who takes the house?"
    said = found(f"There are two issues. {void} {BETWEEN} {ends}", asked, ())
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        ("Una takes all under the 2015 will.", "reject"),
        ("Una takes nothing under the 2015 will.", ""),
        ("Una would take all under the 2015 will.", ""),
    ],
)
def test_nobody_is_first_said_to_take_under_what_is_void(begins: str, expected: str) -> None:
    """The first word decides as the last does."""
    asked = "Fergus made a will in 2015 for Una and then married Bettina. Who takes?"
    ends = "His will was accordingly revoked by the marriage, and he died without one."
    said = found(f"{begins} {BETWEEN} {ends}", asked, ())
    assert said.get("CONTRADICTION", "") == expected
