"""Whether an answer is as hard as it was asked to be: a flag, and no more."""

from __future__ import annotations

from datetime import date

import pytest

from legalgen.dataset.check import widest_bounds
from legalgen.law.axes import Filter
from legalgen.law.planner import TaskPlanner
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from legalgen.store.sample import Draft

TAXONOMY = Taxonomy.builtin()
STEPS = ("The term is implied in fact.", "It is excluded by the entire agreement clause.")
ONE = "The term is implied, so the claim succeeds and the seller pays."
BOTH = "On one view the clause excludes the term; the narrower reading keeps it."
SURE = f"{BOTH} The narrower reading is preferable, with moderate confidence."


@pytest.mark.parametrize(
    ("difficulty", "steps", "answer", "said"),
    [
        ("expert", STEPS, ONE, "one view only, both are asked for"),
        ("expert", STEPS, BOTH, "it does not say how confident it is"),
        ("expert", STEPS, SURE, None),
        ("expert", STEPS, f"{BOTH} The narrower one seems to me the better.", None),
        ("expert", STEPS, f"{BOTH} I put the narrower one at three to one.", None),
        ("advanced", STEPS, ONE, "fewer than three issues, and nothing weighed"),
        ("advanced", STEPS, BOTH, None),
        ("advanced", STEPS, "Much depends on the sums, and the court weighs both.", None),
        ("expert", STEPS, "The court weighs both.", "one view only, both are asked for"),
        (
            "expert",
            STEPS,
            f"{ONE} Whether it binds a buyer is open, and I think it unlikely.",
            None,
        ),
        ("advanced", (*STEPS, "The loss was foreseeable."), ONE, None),
        ("basic", STEPS, ONE, None),
        ("intermediate", STEPS, ONE, None),
    ],
)
def test_what_can_be_seen_of_the_difficulty(
    difficulty: str, steps: tuple[str, ...], answer: str, said: str | None
) -> None:
    """Two views and a stated confidence, or several issues; nothing is refused for it."""
    [task] = TaskPlanner(TAXONOMY, Filter(difficulties=(difficulty,)), {}, 1).plan(1)
    draft = Draft("Is the term implied into the contract of sale?", steps, answer, ())
    verdict = Gate("full", date(2026, 11, 23)).inspect(draft, task, None, widest_bounds(TAXONOMY))
    found = [reason for reason in verdict.reasons if reason.code == "DIFFICULTY"]
    assert [reason.message for reason in found] == ([f"DIFFICULTY: {said}"] if said else [])
    assert not any(reason.reject for reason in found)
