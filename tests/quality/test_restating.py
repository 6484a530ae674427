"""Steps that tell the facts again and say what is to be asked, and steps that infer."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            (
                "There is a shop that Amara let, and the rent of Tomasz is late.",
                "What must be determined is whether she may bring the lease to its end.",
                "The answer to that will show where Amara and Tomasz stand.",
            ),
            "flag",
        ),
        (
            (
                "Amara let the shop and the rent is late.",
                "Whether she may forfeit depends on a clause for re-entry in the deed.",
                "Rent is treated apart, so that no notice is owed before she goes in.",
            ),
            "",
        ),
    ],
)
def test_steps_that_tell_the_question(steps: tuple[str, ...], expected: str) -> None:
    """What is to be asked is no inference, in whatever words."""
    assert found(steps=steps).get("STEPS_RESTATE", "") == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            (
                "The client wants advice on the rent of the shop.",
                "The advice should begin with the lease.",
                "It ought to deal with forfeiture next.",
            ),
            "flag",
        ),
        (
            (
                "In the note, the lease comes first.",
                "Then the note turns to the rent.",
                "The note closes with what Amara may do.",
            ),
            "flag",
        ),
        (
            (
                "A comparison of rent and other breaches is asked for.",
                "The differences between them are to be pointed out.",
            ),
            "flag",
        ),
        (
            (
                "Summarise the lease between Amara and Tomasz.",
                "Say whether Amara may forfeit now.",
                "Give the reasons.",
            ),
            "flag",
        ),
        (
            (
                "The question concerns Amara and her tenant.",
                "This is a question of land law and has to be solved.",
                "The answer is that she may, as is said in the answer.",
            ),
            "flag",
        ),
        (
            (
                "Somebody wants to know whether Amara may forfeit.",
                "It belongs to landlord and tenant law.",
                "That is decided in the answer in her favour.",
            ),
            "flag",
        ),
        (
            (
                "The question is whether rent needs a notice, and it turns on the statute.",
                "This is a question of the deed and not of the statute.",
                "The answer follows from the proviso, which dispenses with a demand.",
            ),
            "",
        ),
        (
            (
                "The lease should state a right of re-entry.",
                "It should give her that right for rent, which needs no notice.",
                "The note of the agent should be read as a demand that waives it.",
            ),
            "",
        ),
        (
            (
                "Identify the proviso for re-entry that the deed needs.",
                "Apply the exception for rent, for which no notice is served.",
                "Conclude that a later demand would waive the breach.",
            ),
            "",
        ),
    ],
)
def test_steps_that_tell_the_task(steps: tuple[str, ...], expected: str) -> None:
    """What a piece of writing should say, and in which order, is no inference either."""
    assert found(steps=steps).get("STEPS_RESTATE", "") == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(("The place to begin is the statute that speaks to people in this position.",
       "Next, what she did will be measured against what that statute demands.",
       "Any answer open to him will be looked at after that.",
       "A result can then be given for both."), "flag"),
     (("One must begin by asking what protects a tenant.",
       "Then one must turn to Amara and to what she did.",
       "In the end one must bring the two together and decide."), "flag"),
     (("The first question is whether a notice is owed, and for rent none is.",
       "Next, re-entry must be peaceful, as breaking in is a crime.",
       "Last, a later demand would waive the breach."), ""),
     (("The first point is the clause of re-entry.", "Rent is treated apart in section 146(11).",
       "Then nothing else is owed."), "")],
)  # fmt: skip
def test_steps_that_only_order_the_work(steps: tuple[str, ...], expected: str) -> None:
    """They have words of order, and none of what the answer then says."""
    assert found(steps=steps).get("STEPS_RESTATE", "") == expected
