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
