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
