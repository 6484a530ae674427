"""Last days that are counted, and late or in time against the days that are given."""

from __future__ import annotations

import pytest

from legalgen.quality.checks.amounts.periods import in_numbers
from legalgen.quality.reading import Reading
from legalgen.quality.rules import TypeBounds
from legalgen.store.sample import Draft
from tests.quality.sayings import found

ASKED = "The lease of Amara to Tomasz was forfeited on 9 May 2022: by when may he ask for relief?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("He has six months, so the last day is 9 December 2022.", "flag"),
        ("He has six months: the deadline is therefore 9 December 2022.", "flag"),
        ("The limit of two years ends on 8 May 2025.", "reject"),
        ("Within three months of that, no later than 10 September 2022.", "reject"),
        ("He has six months, so the last day is 9 december 2022.", "flag"),
        ("HE HAS SIX MONTHS, SO THE LAST DAY IS 9 DECEMBER 2022.", "flag"),
        ("He has six months, so the last day is 8 November 2022.", ""),
        ("The limit of one year ends on 9 May 2023.", ""),
        ("Two months after the three months of notice, not later than 9 October 2022.", ""),
        ("He has 28 days, so the last day is 6 June 2022.", ""),
        ("Thirty days end on 8 June 2022; after a year nobody may ask.", ""),
        ("Twenty days end on 8 June 2022; after a year nobody may ask.", "flag"),
        ("He has six months; the return is due no later than 31 January 2023.", ""),
        ("The last day is 9 December 2022.", ""),
        ("One month of notice and eleven months: the last day is 9 April 2023.", ""),
        ("He has twenty-four months, so the last day is 9 May 2024.", ""),
        ("He has thirty-six months: the limit ends on 9 May 2025.", ""),
        ("He has thirty-six months: the limit ends on 9 May 2026.", "reject"),
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


SALE = "Amara sold Tomasz a boat on 30 September 2024 and he sued on 31 January 2025: in time?"
FOUR = ("The claim must be brought within four months of the sale.",)


@pytest.mark.parametrize(
    ("said", "asked", "steps", "expected"),
    [
        ("He sued in time, on the last day of the fourth month.", SALE, FOUR, "flag"),
        ("Yes.", SALE, FOUR, "flag"),
        ("He sued in time, as three months are long.", SALE, ("Three months run.",), "reject"),
        ("It is timely.", "He was served on June 3, 2025 and answered on June 25. In time?",
         ("He has twenty-one days after service in person.",), "flag"),
        ("He sued too late.",
         "Amara sold a boat on 3 May 2024 and he sued on 9 July 2024. Too late?",
         ("He has three months.",), "flag"),
        ("No.", SALE, FOUR, ""),
        ("He was out of time.", SALE, FOUR, ""),
        ("He sued in time, since the period was extended.", SALE, FOUR, ""),
        ("He sued in time, as he saw the fault on 3 November 2024.", SALE, FOUR, ""),
        ("He sued in time, since six months are allowed.", SALE, FOUR, ""),
        ("It is too late, as notice comes three months before the end.",
         "Notice was given on 10 April 2024 for 1 June 2024. Is it too late?",
         ("Three months before the end it is due.",), ""),
        ("He sued too late, for want of promptness.",
         "It was decided on 3 May 2024 and he sued on 9 July 2024. Too late?",
         ("He must sue promptly and within three months.",), ""),
        ("It was in time.", "It was sold on 1 March 2024 and posted on 3 April 2024. In time?",
         ("He has thirty days, and posting is enough.",), ""),
    ],
)  # fmt: skip
def test_late_and_in_time_follow_from_the_periods(
    said: str, asked: str, steps: tuple[str, ...], expected: str
) -> None:
    """Of the last date of the question, by every period and every other date; moved ends pass."""
    assert found(said, asked, steps).get("DEADLINE", "") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Six months from 9 May 2022 end on 9 December 2022, so he is safe.", "flag"),
        ("Counted from 9 May 2022 the two years lapse in May 2025.", "flag"),
        ("Four months after 30 September 2024 end on 31 January 2025.", "flag"),
        ("The last day is 20 June 2022, because he has thirty days.", "flag"),
        ("Six months from 9 May 2022 end on 9 November 2022, so he is safe.", ""),
        ("Six months counted back from 9 May 2022 lead to 9 November 2021.", ""),
        ("Six months counted back from 9 May 2022 lead to 9 December 2021.", "flag"),
        ("Six months from and including 9 May 2022 end on 8 November 2022.", ""),
        ("Thirty days from 6 May 2022 end on Tuesday, 7 June 2022, after a Sunday.", ""),
        ("Six months from 9 May 2022 had not expired on 2 June 2022.", ""),
        ("Counted from 9 May 2022 the two years lapse in May 2024.", ""),
        ("Six months from 9 May 2022 would end on 2 June 2023, had he been told.", ""),
        ("The last day is 8 June 2022, because he has thirty days.", ""),
        ("The last day is 5 April 2023, since the tax year and thirty days count.", ""),
        ("Forty-five days from 9 May 2022 end on 23 June 2022, so he is safe.", ""),
        ("Forty-five days from 9 May 2022 end on 16 May 2022, so he is safe.", "reject"),
        ("One hundred and twenty days from 9 May 2022 end on 6 September 2022.", ""),
        ("One hundred twenty days from 9 May 2022 end on 6 September 2022.", ""),
        ("One hundred and twenty days from 9 May 2022 end on 29 May 2022.", "reject"),
        ("Two hundred days from 9 May 2022 end on 25 November 2022, so he is safe.", ""),
        ("A hundred days from 9 May 2022 end on 17 August 2022, so he is safe.", ""),
        ("He is safe. The two years from 1 June 2022 ended in May 2024.", ""),
        ("He is safe. The two years from 1 June 2022 ended in April 2024.", "flag"),
        ("Seventy days from 9 May 2022 end on 18 July 2022, so he is safe.", ""),
        ("The 1,096 days from 9 May 2022 end on 9 May 2025, so he is safe.", ""),
    ],
)
def test_an_end_follows_from_its_period(said: str, expected: str) -> None:
    """In one sentence with the day from which it runs, or from a day of the question."""
    assert found(said, ASKED).get("DEADLINE", "") == expected


@pytest.mark.parametrize(
    ("said", "question", "expected"),
    [
        ("The order of 31 April 2023 stands.", ASKED, "reject"),
        ("The order of June 31 stands.", ASKED, "reject"),
        ("The order of 29 February 2023 stands.", ASKED, "reject"),
        ("The order of 29 February 2024 stands.", ASKED, ""),
        ("The order of 29 February stands.", ASKED, ""),
        ("There is no 31 April 2023, for no such day exists.", ASKED, ""),
        ("The lease of 31 April 2023 is void.", "Is a lease of 31 April 2023 to Amara void?", ""),
        ("Article 31 June Lee may rely on.", ASKED, ""),
        ("He owes 30 pounds for September and April.", ASKED, ""),
        ("In June 31 clerks were let go.", ASKED, ""),
        ("No one looks for June 31.", ASKED, ""),
        ("The order of 31 June 2024 does not alter it.", ASKED, "reject"),
        ("He must ask no later than 31 June.", ASKED, "reject"),
        ("It is due by 31 June of that year.", ASKED, "reject"),
        ("Between 1 June and 31 September he may ask.", ASKED, "reject"),
        ("From 30 February on the rent doubles.", ASKED, "reject"),
        ("The 31 June and all that follows is due.", ASKED, "reject"),
        ("All the 31 June claims were paid.", ASKED, ""),
        ("Until June 31 claims had been paid.", ASKED, ""),
        ("By clause 31 June is a month of rent.", ASKED, ""),
        ("A month from 31 May would end on 31 June, so it ends on 30 June.", ASKED, ""),
        ("The lease of 31 June is a slip for 30 June.", ASKED, ""),
        ("The lease of 31 June 2024 binds.", "Does the lease of June 31, 2024, bind Amara?", ""),
    ],
)
def test_a_day_stands_in_the_calendar(said: str, question: str, expected: str) -> None:
    """Unless the question has it, or the text says that there is none."""
    assert found(said, question).get("DEADLINE", "") == expected


SERVED = "Amara was served on 4 March 2025. By which day must she answer?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("She must answer by 1 April 2025. She has 21 days, not 21 days after notice.", "flag"),
        ("She must answer by 25 March 2025. She has 21 days.", ""),
        ("She must answer by 8 April 2025. She has 21 days and 14 days more.", ""),
        ("She must answer by 1 April 2025. She has 21 days of notice.", ""),
        ("She must answer by 1 April 2025. She has twenty working days.", ""),
    ],
)
def test_the_day_that_is_asked_for_is_the_end_of_a_period(said: str, expected: str) -> None:
    """The first sentence says it, as it was asked for."""
    assert found(said, SERVED).get("DEADLINE", "") == expected


@pytest.mark.parametrize(
    ("done", "expected"), [("17 September 2024", "reject"), ("17 May 2024", "")]
)
def test_what_is_received_is_underway_for_days(done: str, expected: str) -> None:
    """Not for months; so long a claim is not in time because the court received it."""
    question = f"The rent fell due on 3 May 2018 and Amara sued on {done}. Is she in time?"
    said = "She is in time. A claim is brought in six years when the court has received it."
    assert found(said, question).get("DEADLINE", "") == expected


def test_a_period_may_run_from_what_was_received_months_later() -> None:
    """Then it is no matter how long that was underway."""
    question = "The refusal is of 2 January 2024, and Amara appealed on 29 April. Is she in time?"
    said = "She is in time. The 28 days run from the day on which she received it, in April."
    assert "DEADLINE" not in found(said, question)


SOLD = "Amara received a lamp on 3 March and withdrew on 24 March. Is that effective?"
FOURTEEN = ("The period is fourteen days from the day on which she received it.",)


@pytest.mark.parametrize(
    ("said", "question", "steps", "expected"),
    [
        ("She withdrew on 24 March, which lies within the fourteen days.", SOLD, FOURTEEN,
         "reject"),
        ("She withdrew on 24 March, which is well within the three weeks.", SOLD, FOURTEEN, ""),
        ("She withdrew on 24 March, which lies outside the fourteen days.", SOLD, FOURTEEN, ""),
        ("She withdrew on 24 March, which lies outside the two months.", SOLD, FOURTEEN, "reject"),
        ("She withdrew on 24 March, which is within the fourteen days, as she was told late.",
         SOLD, ("The period is extended where no notice was given.",), ""),
        ("She has until 2 September, as fifteen business days run.",
         "Amara was sentenced on 2 June. By what date must she appeal?", STEPS_OF_15 := (
             "It has to be given within fifteen business days.",), "reject"),
        ("It is due on 1 March of the next year, almost five months later.",
         "Amara formed a firm on 9 October. By what date must she report?", STEPS_OF_15, ""),
        ("She has until 23 June, as fifteen business days run.",
         "Amara was sentenced on 2 June. By what date must she appeal?", STEPS_OF_15, ""),
        ("She has until 9 January, as fifteen business days run.",
         "Amara was sentenced on 19 December. By what date must she appeal?", STEPS_OF_15, ""),
        (("The floor was laid on 12 May 2018. Six years from that date ended on 12 May 2022, which"
          " is two years before the claim."), "Amara had a floor laid on 12 May 2018. Too late?",
         STEPS_OF_15, "reject"),
        (("The floor was laid on 12 May 2018. Six years from that date ended on 12 May 2024, which"
          " is two years before the claim."), "Amara had a floor laid on 12 May 2018. Too late?",
         STEPS_OF_15, ""),
        ("She is comfortably in time, and Tomasz has no defence.",
         "A roof was made on 3 May 2019, and she sued on 9 June 2025. Is Amara in time?",
         ("Six years end in May 2025, more than a month before the claim.",), "reject"),
        ("She is in time, and no rule ends it, unless it was settled.",
         "A roof was made on 3 May 2019, and she sued on 9 June 2025. Is Amara in time?",
         ("Six years end in May 2025, more than a month before the claim.",), ""),
    ],
)  # fmt: skip
def test_days_without_years_and_days_that_are_named_before(
    said: str, question: str, steps: tuple[str, ...], expected: str
) -> None:
    """A finding of days without years holds in whichever year they were."""
    assert found(said, question, steps).get("DEADLINE", "") == expected


FINED = "The court fined Tomasz on 6 May 2024 and gave him time to pay: when does it end?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("His fortnight began on 6 May 2024 and runs until 3 June 2024.", "reject"),
        ("A fortnight that started on 6 May 2024 lasts up to and including 3 June 2024.", "reject"),
        ("His time ends on 15 July 2024.", "reject"),
        ("His fortnight began on 6 May 2024 and runs until the end of 20 May 2024.", ""),
        ("His time ends on 20 May 2024; half a year more would end on 20 November 2024.", ""),
        ("His time ends on 20 May 2024, and the appeal runs until 17 June 2024.", ""),
        ("The fortnight runs from 6 May 2024 until the last day of June.", ""),
    ],
)  # fmt: skip
def test_an_end_is_that_of_the_steps(said: str, expected: str) -> None:
    """Periods with words of their own are counted too, and the steps' right end is another's."""
    steps = ("Fourteen days from 6 May 2024 end on 20 May 2024.",)
    assert found(said, FINED, steps).get("DEADLINE", "") == expected


LENT = (
    "Amara lent Tomasz money due on 4 May 2017. She issued a claim on 20 September 2024. May she?"
)
SIX = ("Six years are allowed from the day on which the debt fell due.",)


@pytest.mark.parametrize(
    ("said", "steps", "expected"),
    [
        ("She may recover it. She came to court comfortably inside it.", SIX, "reject"),
        ("She may recover it. She sued within that period, so nothing bars her.", SIX, "reject"),
        ("She may recover it. The Act gives her time, and the claim was brought inside the limit.",
         SIX, "reject"),
        ("She may not. Her claim came too late by more than a year.", SIX, ""),
        ("She may. Her claim was brought inside the period.", ("Twelve years for deeds.",), ""),
        ("She may. Tomasz acknowledged the debt in 2020, so her claim came within the period.",
         SIX, ""),
        ("She may if the claim was brought inside the period.", SIX, ""),
        ("She may not. Had the claim been brought within the period, she would.", SIX, ""),
    ],
)  # fmt: skip
def test_a_later_sentence_may_say_that_it_is_in_time(
    said: str, steps: tuple[str, ...], expected: str
) -> None:
    """Of the day on which a court was asked, which is the last one of the question."""
    assert found(said, LENT, steps).get("DEADLINE", "") == expected


def test_a_clock_that_stood_still_moves_an_end() -> None:
    """The ordinary end of the steps is then not the end."""
    asked = "Amara left on 10 January 2024 and presented a claim on 30 May 2024. Is she in time?"
    steps = ("Three months ended on 9 April 2024.", "Conciliation from 2 April stopped the clock.")
    assert "DEADLINE" not in found("She is in time.", asked, steps)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("two fortnights", "28 days"), ("half a year", "6 months"), ("a decade", "10 years"),
        ("a fortnight's notice", "14 days' notice"), ("a year and a half", "18 months"),
        ("three quarters of a year", "9 months"), ("the last day of April", "30 April"),
        ("the last day of February", "the last day of February"), ("half of it", "half of it"),
    ],
)  # fmt: skip
def test_periods_in_words_have_numbers(said: str, expected: str) -> None:
    """A quarter of a year, and not the quarter of a sum."""
    draft = Draft("Asked.", (), said, ())
    assert in_numbers(Reading(draft, None, TypeBounds((1, 900)), ())).draft.answer == expected


AWARD = "The award is dated 2 June and nobody asked to correct it. How does Amara challenge it?"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("As yours is dated 2 June, the claim form has to be issued by 8 July at the latest.",
         "reject"),
        ("Since it was made on 2 June, her claim is due on 8 July.", "reject"),
        ("The award bears the date of 2 June. She must sue no later than 8 July.", "flag"),
        ("As yours is dated 2 June, the claim form has to be issued by 1 July.", ""),
        ("She must sue by 24 June, so that it is heard before the summer.", ""),
        ("If the court extends time, she must sue by 8 July.", ""),
        ("She must serve it within two weeks more, and so by 14 July.", ""),
        ("The papers were sent by 8 July.", ""),
    ],
)  # fmt: skip
def test_a_day_by_which_something_must_be_done(said: str, expected: str) -> None:
    """After the end of the only period from the only day, or of all periods from all days."""
    told = f"Within 28 days of the date of the award she goes to court. {said}"
    assert found(told, AWARD).get("DEADLINE", "") == expected
