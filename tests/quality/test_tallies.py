"""Shares, ages, distances and days of the week, worked out again from what stands beside them."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

ASKED = "Amara was born on 3 May 2008 and signed a deed with Tomasz: is she bound by it?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Her 40 of 100 shares are 60 per cent, so she is bound.", "reject"),
        ("Her 40 of 100 shares are 40 per cent, so she is bound.", ""),
        ("Her 1,000 of the 3,000 votes make 33 per cent.", ""),
        ("The \u00a330,000 paid is 20 per cent of the price of \u00a3300,000.", "reject"),
        ("The \u00a330,000 paid is 10 per cent of the price of \u00a3300,000.", ""),
        ("She bears 40 per cent of the blame and Tomasz bears the other 70 per cent.", "reject"),
        ("She bears 30 per cent of the blame and Tomasz bears the other 70 per cent.", ""),
        ("She takes 50 per cent at first, and then 80 per cent of the remaining 60 per cent.", ""),
        ("She bears 60 per cent, Tomasz 35 per cent and the bank 10 per cent.", "flag"),
        ("The deed gives her half, Tomasz thirty per cent and Ida twenty-five per cent.", "flag"),
        ("She bears 60 per cent, Tomasz 30 per cent and the bank 10 per cent.", ""),
        ("She has 35 per cent and Tomasz 20 per cent, with Ida they have 75 per cent.", ""),
        ("She has 55 per cent of the shares, 30 per cent of votes, 20 per cent of profits.", ""),
        ("She has 35 per cent, he 20 per cent, and 55 per cent are pledged.", ""),
        ("She has 60 per cent, he 30 per cent, and more than 25 per cent may object.", ""),
        ("She was 17 when she signed it on 10 June 2024.", "reject"),
        ("She was sixteen when she signed it on 10 June 2024.", ""),
        ("She was only 15 when she signed it on 2 May 2024.", ""),
        ("She was fifteen or 16 when she signed it in 2024.", ""),
        ("She was twelve when she signed it in 2024.", "reject"),
        ("It was signed on Wednesday 17 June 2024.", "flag"),
        ("It was signed on Monday 17 June 2024.", ""),
        ("From 4 March 2021 to 10 January 2023 she had more than two years of service.", "reject"),
        ("From 4 March 2021 to 10 January 2023 she had less than two years of service.", ""),
        ("Between 1 March 2020 and 1 March 2024 seven years went by.", "reject"),
        ("Between 1 March 2020 and 30 March 2024 four years went by.", ""),
        ("Between 1 March 2020 and 1 March 2024 the six years did not run out.", ""),
    ],
)
def test_numbers_beside_each_other_are_worked_out(said: str, expected: str) -> None:
    """What is certain refuses; of the day of the week the calendar may be another."""
    assert found(said, ASKED).get("ARITHMETIC", "") == expected


def test_a_question_may_have_a_calendar_of_its_own() -> None:
    """Its Monday is one by its own reckoning, and what follows is too."""
    asked = "The form was served on Tuesday 3 June 2024: when does the time of Tomasz end?"
    assert "ARITHMETIC" not in found("It ends on Tuesday 17 June 2024.", asked)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The deed is valid, as all five directors signed it.", "flag"),
        ("The deed is valid, as all three directors signed it.", ""),
        ("The deed is valid, as two of its directors would have been enough.", ""),
        ("The deed is valid, as all two directors who had to sign it did.", ""),
        ("The deed is valid for all five years.", ""),
    ],
)
def test_so_many_people_as_the_question_has(said: str, expected: str) -> None:
    """All of a kind are no more in the answer; some of them may be fewer."""
    asked = "Three directors of Tarn plc, led by Amara, signed a deed: is the deed valid?"
    assert found(said, asked).get("FACTS_CHANGED", "") == expected
