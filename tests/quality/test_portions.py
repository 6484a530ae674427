"""The share that an answer gives to somebody, against that of its steps."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

ASKED = "Tarn plc has 80,000 votes, of which Amara has 48,000 and Tomasz 32,000: may she decide?"
STEPS = ("Amara's 48,000 of 80,000 votes are 60 per cent.",)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Amara may decide, for she holds three quarters of the votes.", "reject"),
        ("Amara may decide, with her two thirds of the votes.", "reject"),
        ("Amara may decide, and Tomasz with his remaining quarter may not stop her.", "reject"),
        ("Amara may decide, for she has seven in ten of the votes.", "reject"),
        ("Amara may decide, for she holds 80 per cent of the votes.", "reject"),
        # the same in other words, or what is left of it
        ("Amara may decide, for she holds three fifths of the votes.", ""),
        ("Amara may decide, for she has six in ten of the votes.", ""),
        ("Amara may decide, and Tomasz with his two fifths may not stop her.", ""),
        # what a law asks for, or what would be
        ("Amara may not decide: the articles ask for two thirds of the votes.", ""),
        ("Amara may decide, as she has 60 per cent and needs no three quarters.", ""),
        ("Amara may decide, though with two thirds she would be safer.", ""),
        ("Amara may decide, for she has more than half of the votes.", ""),
    ],
)
def test_a_share_is_that_of_the_steps(said: str, expected: str) -> None:
    """Where the question's numbers have the ratio of the steps and not the answer's."""
    assert found(said, ASKED, STEPS).get("INCONSISTENT", "") == expected


def test_without_the_numbers_nothing_is_known() -> None:
    """The steps' share may be of another thing."""
    asked = "Amara holds most of the votes of Tarn plc and Tomasz the rest: may she decide?"
    said = "Amara may decide, for she holds three quarters of the votes."
    assert "INCONSISTENT" not in found(said, asked, ("A resolution needs 60 per cent.",))


BLAMED = "A judge values the injury at £40,000 and finds Hettie 25% to blame. What does she get?"
REDUCED = "The award is reduced by her share. A quarter of £40,000 is £10,000."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"Hettie gets £35,000. {REDUCED}", "reject"),
        (f"Hettie gets £30,000. {REDUCED}", ""),
        (f"Hettie gets less than £40,000. {REDUCED}", ""),
        ("Hettie gets £35,000. Costs are another matter, and may be reduced.", ""),
    ],
)
def test_what_a_share_leaves_is_awarded(said: str, expected: str) -> None:
    """Where the answer works the share out and awards another sum at its beginning."""
    assert found(said, BLAMED).get("INCONSISTENT", "") == expected
