"""Last days that are counted, and late or in time against the days that are given."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

ASKED = "The lease of Amara to Tomasz was forfeited on 9 May 2022: by when may he ask for relief?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("He has six months, so the last day is 9 December 2022.", "flag"),
        ("He has six months: the deadline is therefore 9 December 2022.", "flag"),
        ("The limit of two years ends on 8 May 2025.", "flag"),
        ("Within three months of that, no later than 10 September 2022.", "flag"),
        ("He has six months, so the last day is 9 december 2022.", "flag"),
        ("HE HAS SIX MONTHS, SO THE LAST DAY IS 9 DECEMBER 2022.", "flag"),
        ("He has six months, so the last day is 8 November 2022.", ""),
        ("The limit of one year ends on 9 May 2023.", ""),
        ("Two months after the three months of notice, not later than 9 October 2022.", ""),
        ("He has 28 days, so the last day is 6 June 2022.", ""),
        ("He has six months; the return is due no later than 31 January 2023.", ""),
        ("The last day is 9 December 2022.", ""),
        ("One month of notice and eleven months: the last day is 9 April 2023.", ""),
        ("Within f\u0131ve months the last day is 9 Apr\u0131l 2023, not 8 April 2022.", ""),
    ],
)
def test_a_last_day_lies_at_a_distance_that_is_stated(said: str, expected: str) -> None:
    """Counted in months and years, also in two periods one after the other."""
    assert found(said, ASKED).get("DEADLINE", "") == expected


SUED = "Amara let the rent of 2014 stand over and sued Tomasz on 4 July 2020. Is she too late?"
AMERICAN = "Amara let the rent of 2014 stand and filed suit on July 4, 2020. Is she too late?"
ENDED = ("Six years from 11 August 2014 ended on 11 August 2020.",)
BEFORE = ("The six years expired on 1 July 2020, as they began in 2014.",)


@pytest.mark.parametrize("question", [SUED, AMERICAN])
@pytest.mark.parametrize(
    ("said", "steps", "expected"),
    [
        ("The claim is statute-barred.", ENDED, "reject"),
        ("She is too late, because rent is recoverable for six years.", ENDED, "reject"),
        ("She sued in time.", BEFORE, "reject"),
        ("The claim is not time-barred.", BEFORE, "reject"),
        ("She sued in time.", ENDED, ""),
        ("The claim is not out of time.", ENDED, ""),
        ("The claim is out of time.", BEFORE, ""),
        ("The claim was not brought in time.", BEFORE, ""),
        ("The claim is out of time unless the debt was acknowledged.", ENDED, ""),
        ("The claim is out of time.", (*ENDED, *BEFORE), ""),
    ],
)
def test_late_and_in_time_follow_from_the_days(
    question: str, said: str, steps: tuple[str, ...], expected: str
) -> None:
    """Only where one end and one beginning are told, and the first sentence decides."""
    assert found(said, question, steps).get("DEADLINE", "") == expected
