"""Opposite verdicts in other words, of the last step and the answer, or within the answer."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

BETWEEN = "Much has been written on such things in the textbooks. It is well settled now."
QUESTION = "Amara told an officer of a fire and sued Tomasz in May. What follows for the trial?"


LENT = "Amara lent Tomasz money years ago and sued him last spring. May she recover it?"


@pytest.mark.parametrize(
    ("step", "said", "expected"),
    [
        ("So the claim is statute-barred.",
         "She may recover it. She sued well inside the period, and nothing stands in her way.",
         "reject"),
        ("The six years expired before she sued.",
         "She may recover it. Her claim was brought within the limitation period.", "reject"),
        ("The claim was brought within the period.",
         "She may not recover it. Her claim is out of time.", "reject"),
        ("The claim was brought within the period.",
         "She may recover it. Her claim is in time.", ""),
        ("The six years expired before she sued.",
         "She may not recover it. Her claim is out of time.", ""),
        ("The claim was brought within that period.",
         "She may recover it. Only a claim for interest of the years before would be too late.",
         ""),
    ],
)  # fmt: skip
def test_in_time_and_late_have_many_words(step: str, said: str, expected: str) -> None:
    """A period may be over, and a claim inside it."""
    assert found(said, LENT, (step,)).get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("step", "first", "expected"),
    [
        ("So the prosecution may not use the confession.", "The State may put it to the jury.",
         "reject"),
        ("The lack of a warning does not keep the admission out of evidence.",
         "The admission has to be suppressed.", "reject"),
        ("No exception applies, so the plates must be suppressed.",
         "The jury may hear of the plates and see them.", "reject"),
        ("He knew of it and did nothing, so he is liable in nuisance.",
         "He is not liable in nuisance.", "reject"),
        ("His application will be refused.", "His application will be granted.", "reject"),
        ("His application will be refused.", "Her application will be granted.", ""),
        ("He is liable in nuisance.", "He is not liable in trespass.", ""),
        ("The will is therefore invalid.", "The will is good.", "reject"),
        ("The will is therefore invalid.", "An earlier will is valid.", ""),
        ("The photographs may be used, the letter may not.", "The letter is inadmissible.", ""),
        ("No ground fits, so it is incompatible with Article 34 TFEU.",
         "The trial is compatible with Article 34 TFEU.", "reject"),
        ("He is liable.", "The maker of the fire is not liable.", ""),
        ("On nuisance the claim fails.", "The claim succeeds on negligence.", ""),
        ("The recording was lawfully obtained.", "The recording must be excluded.", "reject"),
        ("The claim in contract is therefore statute-barred.",
         "Amara is comfortably in time, and Tomasz has no defence.", "reject"),
        ("The rule falls within Article 34 TFEU.", "Article 34 TFEU does not apply to the rule.",
         "reject"),
        ("A rule on closing days falls outside Article 34 TFEU.",
         "Article 34 TFEU catches the rule on closing days.", "reject"),
        ("So Amara has no claim against Tomasz.", "Amara may recover from Tomasz.", "reject"),
        ("The officer must compensate her.", "He escapes liability.", "flag"),
        ("So no easement has arisen.", "Amara owns an easement over the yard.", "reject"),
        ("So no easement has arisen.", "Amara has an easement by implication.", ""),
        ("So no contract was made in May.", "There is a contract.", "reject"),
        ("So no duty is owed.", "He owes the duty of an occupier under the Act.", ""),
        ("Amara has lost every remedy.", "Amara keeps her full claim.", "reject"),
        ("Amara has lost her right to reject.", "Amara keeps her claim for damages.", ""),
        ("So the prosecution may not use the confession.", "The State may not put it to the jury.",
         ""),
        ("So the confession may not be used in chief.", "It may be used to impeach her.", ""),
        ("So the confession is inadmissible.", "The recording may be put before the jury.", ""),
        ("If it was late, the claim is barred.", "Amara is in time.", ""),
        ("The claim in contract is barred.", "The claim in negligence is in time.", ""),
        ("The first claim is barred.", "The second claim is in time.", ""),
        ("A clause that infringes it and is not exempted is void.", "The clause is void.", ""),
        ("The penalty clause is void.", "The contract is binding without it.", ""),
        ("The claim therefore fails.", "Tomasz wins.", ""),
        ("Only a written promise is binding.", "The promise is not binding.", ""),
        ("The rule falls outside Article 34 TFEU.", "Article 56 TFEU applies to the rule.", ""),
        ("The buyer must pay the price.", "The seller owes nothing.", ""),
    ],
)  # fmt: skip
def test_the_last_step_and_the_first_sentence(step: str, first: str, expected: str) -> None:
    """Of one thing and one respect, without conditions."""
    said = found(f"{first} {BETWEEN}", QUESTION, ("The officer gave no warning at all.", step))
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        ("The prosecution may not use the words in its case in chief.",
         "The words are nevertheless properly received in the case in chief.", "flag"),
        ("The prosecution may not use the words in its case in chief.",
         "The words are therefore properly received in the case in chief.", "reject"),
        ("The council can be fined.",
         "The Commission cannot therefore impose a fine on the council here.", "reject"),
        ("Amara may apply, but only once the court has given her leave.",
         "It follows that she can issue at once without asking anybody.", "reject"),
        ("Amara needs the permission of the court.",
         "She therefore needs no permission, as a parent has none to ask for.", "reject"),
        ("The promise does not bind, because nothing was paid for it.",
         "Since half was paid, the promise is enforceable and the balance is gone.", "flag"),
        ("Amara has a remedy.", "Amara accordingly bears the loss herself.", "reject"),
        ("A trustee cannot keep it.",
         "It follows that the trustee may keep it, as the broker has paid it.", "flag"),
        ("Amara cannot keep it.", "A professional trustee therefore often may keep it.", ""),
        ("The letter may be put before the jury.",
         "What the officers saw in the house is however inadmissible.", ""),
        ("The claim is not valid where the deposit was returned.",
         "Since nobody was forced, the claim is valid.", ""),
        ("The claim is not valid where the rent is late.",
         "Since nobody was forced, the claim is valid.", "flag"),
        ("Amara can be dismissed.",
         "During pregnancy she cannot therefore be dismissed without the consent of the court.",
         ""),
        ("Amara can be dismissed.",
         "An opinion, however, is free, and a clerk cannot be dismissed for that.", ""),
        ("Amara may not withhold rent.",
         "The tenant may therefore withhold rent until the roof is mended, and he waits.", ""),
        ("Amara may not withhold rent.", "Amara may therefore withhold rent until it is mended.",
         "flag"),
        ("The lease is enforceable.",
         "For these reasons the lease is unenforceable in May.", "flag"),
        ("Amara may not withhold rent.", "Somebody in Ohio may therefore withhold rent.", ""),
        ("Article 34 does not apply to it.",
         "Article 34 therefore applies to the part of the statute that prescribes the label.", ""),
        ("The confession is admissible.", "The notes of the guard cannot therefore be used.", ""),
        ("The council can be fined.", "It therefore cannot be fined twice for one cartel.", ""),
        ("The council can be fined.",
         "The Commission cannot therefore impose a fine on the council above a tenth of it.", ""),
        ("The council can be fined.", "Its members, however, cannot be fined.", ""),
        ("The council can be fined.", "If it was asleep, it therefore cannot be fined.", ""),
        ("The prosecution may not use the words in its case in chief.",
         "The words may however be used to impeach her.", ""),
        ("Amara may apply, but only once the court has given her leave.",
         "A parent, however, may apply without leave.", ""),
        ("Amara may apply, but only once the court has given her leave.",
         "If she were his guardian, she could therefore apply without leave.", ""),
        ("The clause is void.", "The rest of the contract therefore remains binding.", ""),
        ("Amara is in time.", "A claim against the surveyor is however out of time.", ""),
        ("Tomasz is liable.", "His employer is therefore not liable.", ""),
        ("The notice is valid.", "Tomasz argues that the notice is therefore void.", ""),
        ("Amara has a claim against Tomasz.", "She therefore has no claim against the bank.", ""),
        ("The use is lawful.", "At night, however, the use is unlawful.", ""),
    ],
)  # fmt: skip
def test_the_first_sentence_and_a_conclusion(first: str, later: str, expected: str) -> None:
    """Another person, another thing, a condition or a party's argument is no contradiction."""
    said = found(f"{first} {BETWEEN} {later} That is all that the courts have said of it so far.")
    assert said.get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("first", "ends", "expected"),
    [
        ("Tomasz may not file yet.", "As eight months have passed, Tomasz is free to file today.",
         "flag"),
        ("Tomasz may not file yet.", "As to the costs, Tomasz is free to file a note today.", ""),
        ("Tomasz may not file yet.", "In four months Tomasz is free to file.", ""),
        ("The declaration is valid without writing.",
         "For want of writing the declaration is void, and the shares remain his own.", "flag"),
        ("The declaration is valid without writing.",
         "With the shares in mind, the declaration is valid, and they are hers.", ""),
    ],
)  # fmt: skip
def test_the_first_sentence_and_a_reason_at_the_end(first: str, ends: str, expected: str) -> None:
    """Who gives a reason and then a result concludes, without a word that says so."""
    asked = "May Tomasz file after eight months, and does a declaration of shares need writing?"
    assert found(f"{first} {BETWEEN} {ends}", asked, ()).get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Yes and no. It is charitable, and it is at the same time not charitable.", "reject"),
        ("It is met as well as unmet. It is valid and it is at the same time not valid.", "reject"),
        ("Yes and no. The lease is charged, and the sublease is at the same time free.", ""),
        ("It is valid in France and at the same time not valid in Spain.", ""),
    ],
)
def test_yes_and_no_at_once(said: str, expected: str) -> None:
    """Of the same word, and more than once."""
    assert found(f"{said} {BETWEEN}").get("CONTRADICTION", "") == expected


@pytest.mark.parametrize(
    ("step", "first", "expected"),
    [
        ("Because rain is no such purpose, entering to keep dry is not burglary.",
         "He has committed burglary.", "reject"),
        ("Entering to steal is burglary.", "He has not committed burglary.", "reject"),
        ("Entering to steal amounts to burglary.", "He is not guilty of burglary.", "reject"),
        ("Entering to keep dry is not burglary.", "He has not committed burglary.", ""),
        ("Entering alone is not burglary.", "He has committed burglary, for he stole.", ""),
        ("Entering is not burglary unless he stole.", "He has committed burglary.", ""),
        ("Entering to keep dry is not trespass.", "He has committed burglary.", ""),
    ],
)  # fmt: skip
def test_whether_somebody_did_what_is_asked(step: str, first: str, expected: str) -> None:
    """By the name of the offence in question, last step and first sentence."""
    asked = "A man climbs into an empty barn to keep dry. Has he committed burglary?"
    said = found(f"{first} {BETWEEN}", asked, ("He entered as a trespasser at night.", step))
    assert said.get("CONTRADICTION", "") == expected
