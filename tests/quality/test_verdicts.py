"""Opposite verdicts in one answer, and a winner who loses."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("The notice is valid.", "For that reason the landlord's notice is void."),
        ("The guarantee binds.", "For want of consideration the guarantee is unenforceable."),
        ("Tomasz is liable.", "Tomasz is therefore not liable, and pays nothing."),
        ("The seizure was unlawful.", "It follows that the seizure was lawful."),
        ("Amara has committed perjury.", "Amara has not committed perjury in law."),
        ("The appeal was out of time.", "The appeal was thus in time."),
        ("The promise does not bind.", "The promise is enforceable against Tomasz all the same."),
        ("The rule is compatible with Article 34.", "The rule is incompatible with Article 34."),
        ("Tomasz is entitled to notice.", "Tomasz is therefore not entitled to notice."),
        ("The letter is inadmissible.", "It follows that the letter is admissible."),
    ],
)
def test_one_subject_with_two_verdicts_is_refused(first: str, later: str) -> None:
    """In whichever order, with whatever between them."""
    said = f"{first} Much has been written on such things in the textbooks. {later}"
    assert found(said).get("CONTRADICTION") == "reject"


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("The notice is valid.", "If it had been sent late, the notice is void."),
        ("The notice is valid.", "A notice is void that names nobody."),
        ("The first notice is valid.", "The second notice is void."),
        ("The decisions bind lower courts.", "County Court decisions do not bind anybody."),
        ("Tomasz is liable for the rent.", "Tomasz is not liable for the rates."),
        ("The contract binds Amara.", "The contract does not bind Tomasz."),
        ("The clause is valid.", "The clause is void so far as death is concerned."),
        ("Amara is liable.", "She may argue that Amara is not liable."),
        ("The notice is valid.", "The lease is void."),
        ("The rule is incompatible with Article 34.", "The rule is compatible with Article 56."),
        ("Tomasz is entitled to notice.", "Tomasz is not entitled to damages."),
        ("The use is permitted.", "The use is prohibited on Sundays."),
        ("Amara's claim is in time.", "Tomasz's claim is out of time."),
        ("His claim succeeds.", "Her claim fails."),
        ("Tomasz is entitled to sick pay.", "Tomasz is not entitled to sick leave."),
        ("She is entitled to damages for repair.", "She is not entitled to damages for distress."),
        ("The term is valid unless it is harsh.", "The term is void unless it is fair."),
        ("The claim succeeds.", "The claim fails to mention the rent, which is no matter."),
        ("In England the clause is valid.", "In Germany the clause is void."),
        ("On negligence, the claim fails.", "On nuisance, the claim succeeds."),
        ("Against the council, the claim fails.", "Against the builder, the claim succeeds."),
        ("At first instance the claim fails.", "On appeal the claim succeeds."),
        ("Under the 1995 Act the notice is valid.", "Under the 2002 Act the notice is void."),
        ("Before completion the deal is binding.", "Afterwards the deal is not binding."),
        ("Negligence: the claim fails.", "Nuisance: the claim succeeds."),
        ("The claim is in time as to one debt.", "As to the other, the claim is out of time."),
        ("The notice is valid.", "So far the tenant. The notice is void. He errs. It is valid."),
    ],
)
def test_two_subjects_and_conditions_are_no_contradiction(first: str, later: str) -> None:
    """Of another thing, of a kind of thing, of a part, or of what somebody says."""
    assert "CONTRADICTION" not in found(f"{first} {later}")


SUIT = "Amara let a shop to Tomasz, who left it a ruin. Amara sues Tomasz. Who wins?"


@pytest.mark.parametrize(
    ("step", "first", "expected"),
    [
        ("Tomasz broke the covenant and is liable to Amara.", "Tomasz wins.", "reject"),
        ("So Amara need not pay.", "The loss falls on Amara.", "reject"),
        ("Tomasz is liable in nuisance.", "Tomasz is not liable in negligence.", ""),
        ("On the first claim Tomasz is liable.", "Tomasz wins.", ""),
        ("Tomasz is liable, but only for the rent.", "Tomasz wins.", ""),
        ("It follows that Amara loses.", "Amara succeeds.", "reject"),
        ("Tomasz is in breach of his covenant.", "The suit of Tomasz ends here.", ""),
        ("Tomasz broke the covenant and is liable to Amara.", "Amara wins.", ""),
        ("Tomasz broke the covenant and is liable to Amara.", "Tomasz must pay her.", ""),
        ("He broke the covenant, so the claim of Amara succeeds.", "Tomasz wins.", "reject"),
        ("He broke the covenant, so the claim of Amara succeeds.", "Amara wins.", ""),
        ("He broke the covenant, so Amara succeeds.", "Tomasz succeeds in part.", ""),
        ("If he knew of it, Tomasz is liable.", "Tomasz wins.", ""),
        ("Amara says that Tomasz is liable.", "Tomasz wins.", ""),
    ],
)
def test_who_wins_by_the_last_step_wins_in_the_answer(step: str, first: str, expected: str) -> None:
    """Only of parties of the question, and of verbs that decide the whole."""
    said = found(f"{first} That is what the law of landlord and tenant says.", SUIT, (step,))
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("step", "first", "expected"),
    [
        ("Rent is apart, so no notice is required.", "She must.", "reject"),
        ("Rent is apart, so no deed is required.", "She must.", ""),
        ("No notice is required of rent that is late.", "She must.", "reject"),
        ("No notice is required unless the lease says so.", "She must.", ""),
        ("Rent is apart, so no notice is required.", "She need not.", ""),
    ],
)
def test_what_is_not_required_need_not_be_done(step: str, first: str, expected: str) -> None:
    """Where the question asks whether it must."""
    said = found(f"{first} The rent is late.", "Must Amara give a notice to Tomasz first?", (step,))
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("step", "first", "expected"),
    [
        ("The consent is invalid.", "Such consent is valid.", "reject"),
        ("No deed is needed.", "A deed is needed.", "reject"),
        ("A written contract is required.", "No contract is required.", "reject"),
        ("Nobody need be deceived.", "The victim must have been deceived.", "reject"),
        ("The seller need not be warned.", "The seller must be warned.", "reject"),
        ("The consent is invalid.", "A consent of that kind is valid.", ""),
        ("The consent is invalid.", "The licence is valid.", ""),
        ("No deed is needed.", "A deed is needed for more than three years.", ""),
        ("No deed is needed unless the term is long.", "A deed is needed.", ""),
        ("No deed is needed.", "A form is needed.", ""),
        ("No deed is needed.", "No deed is needed.", ""),
        ("Nobody need be deceived.", "The victim must be told.", ""),
        ("The guarantor need not be warned.", "The debtor must be warned.", ""),
        ("No specific intent is required.", "Basic intent is required.", ""),
        ("No further consent is needed.", "Written consent is needed.", ""),
        ("No further consent is needed.", "A further consent is needed.", "reject"),
        ("No consent is needed from the bank.", "Consent is needed.", ""),
        ("Her claim fails.", "Amara's claim succeeds.", "reject"),
        ("Tomasz's claim fails.", "Amara's claim succeeds.", ""),
    ],
)
def test_the_last_step_decides_as_the_answer_does(step: str, first: str, expected: str) -> None:
    """Of the same thing, without a condition."""
    said = found(
        f"{first} More is to be told of that below.", steps=("Rent is treated apart.", step)
    )
    assert said.get("CONTRADICTION", "") == expected
