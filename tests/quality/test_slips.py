"""Shorthand, circles, denials and lost pages, and prose that looks like them."""

from __future__ import annotations

import pytest

from tests.quality.sayings import ANSWER, STEPS, found


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Rent late -> forfeit; waiver = election + knowledge. NB relief.", "TELEGRAPHIC"),
        ("s 146 => no notice (rent), cf other breaches -> notice + time.", "TELEGRAPHIC"),
        ("Interest = rent x 8% x days / 365, as the lease says -> see the clause.", ""),
        (
            (
                "The right is waived, and it is also not waived. The notice is needed, and at the "
                "same time it is not needed."
            ),
            "CONTRADICTION",
        ),
        ("A demand is a waiver and is not a mere offer, and the clerk's is not one.", ""),
        ("The law says what is and what is not a waiver, and what is not is open.", ""),
        (
            "The factors are set out in box 4 and are shown in the table overleaf.",
            "META_TALK",
        ),
        (
            "The rule was described in the previous chapter; see note 12 for its limits.",
            "META_TALK",
        ),
        ("The first page of the lease names her, and the second page the rent.", ""),
        ("The annex to the lease lists the fixtures, and chapter 2 of the Act applies.", ""),
    ],
)
def test_what_a_careless_writer_leaves(said: str, code: str) -> None:
    """Signs for words, a thing and its denial, pages that nobody has."""
    codes = found(f"{ANSWER} {said}").keys() & {"TELEGRAPHIC", "CONTRADICTION", "META_TALK"}
    assert codes == ({code} if code else set())


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            (
                "The tenant is a licensee because she lacks exclusive possession.",
                "She lacks exclusive possession since the tenant is a licensee.",
            ),
            True,
        ),
        (
            (
                "The tenant is a licensee because she lacks exclusive possession.",
                "She lacks exclusive possession since the owner may move her at will.",
            ),
            False,
        ),
    ],
)
def test_two_steps_that_rest_on_each_other(steps: tuple[str, ...], expected: bool) -> None:
    """Each is the reason of the other, and neither has one."""
    assert ("STEPS_RESTATE" in found(steps=(*STEPS, *steps))) is expected
