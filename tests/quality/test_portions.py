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


WILL = "Amara left £360,000 to three nieces of Tomasz in equal shares. What does each of them take?"
THIRD = ("A third of £360,000 is £120,000.",)
LOADING = "The charter gave 72 hours to load, and loading took 102 hours. By how much was it late?"
EXCESS = ("The excess over 72 hours is 30 hours.",)


@pytest.mark.parametrize(
    ("said", "asked", "steps", "expected"),
    [
        ("The will is plain. Each niece has £140,000 of it.", WILL, THIRD, "reject"),
        ("The ship was kept for 42 hours beyond that, and must be paid for.", LOADING, EXCESS,
         "flag"),
        # the same sum, one that follows from it, another case's, a law's, or about as much
        ("The will is plain. Each niece has £120,000 of it.", WILL, THIRD, ""),
        ("The will is plain. Two of them have £240,000, one having lost her gift.", WILL, THIRD,
         ""),
        ("The will is plain. Had one died before, each would take £180,000.", WILL, THIRD, ""),
        ("The will is plain. The band of £140,000 is not used up by that.", WILL, THIRD, ""),
        ("The will is plain. Each niece has £119,900 after the fee.", WILL, THIRD, ""),
        ("The will is plain. Each niece may spend £7,000 at once.", WILL, THIRD, ""),
        ("The ship was kept for 30 hours beyond that, 4 hours of them in rain.", LOADING, EXCESS,
         ""),
    ],
)  # fmt: skip
def test_a_sum_of_the_steps_is_not_exchanged(
    said: str, asked: str, steps: tuple[str, ...], expected: str
) -> None:
    """Where the answer leaves it out and has one that no amounts of the sample lead to."""
    assert found(said, asked, steps).get("INCONSISTENT", "") == expected


@pytest.mark.parametrize(
    ("said", "asked", "steps"),
    [
        ("£12,400 is due from him.", "Tomasz owes Amara £10,000 at 8 per cent for three years.",
         "Interest for three years comes to £2,400."),
        ("Amara has £18,000 to come.", "Profit is £50,000 and Amara has drawn £12,000 of hers.",
         "Three fifths of £50,000 are £30,000."),
    ],
)  # fmt: skip
def test_what_the_steps_did_not_use_may_be_reckoned_with(said: str, asked: str, steps: str) -> None:
    """An amount of the question is added to what the steps reach, or taken from it."""
    assert "INCONSISTENT" not in found(said, f"{asked} What is due now?", (steps,))


def test_a_period_may_be_counted_and_not_named() -> None:
    """The day on which it ends stands for it, beside the period of a later law."""
    asked = "Tomasz finished a shed without leave on 3 June 2022. From when is Amara too late?"
    steps = ("The former period of four years applies.",)
    ends = "From 3 June 2026. The law now has ten years, for what is finished later."
    other = "From 3 June 2032. The law has ten years, whatever was finished."
    assert "INCONSISTENT" not in found(ends, asked, steps)
    assert found(other, asked, steps).get("INCONSISTENT") == "flag"
