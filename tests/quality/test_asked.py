"""Whether an answer gives the sum that is asked for, or only asks, or only counts."""

from __future__ import annotations

import pytest

from tests.quality.sayings import found

OWED = "What sum does Tomasz owe Amara for the quarter in which he kept the shop?"


@pytest.mark.parametrize(
    ("answer", "question", "expected"),
    [
        ("Tomasz owes rent for the quarter, since he kept the shop, and must pay it at once.", OWED,
         "flag"),
        ("He has to pay for two months in which the shop was his.", OWED, "flag"),
        ("All is owed that is reasonable in law.", "How much rent does he owe for it?", "flag"),
        ("He owes \u00a3900 for the quarter.", OWED, ""),
        ("He owes nine hundred pounds.", OWED, ""),
        ("Nothing, since the shop was let without a rent.", OWED, ""),
        ("He owes half of the rent, and the rest falls on her.", OWED, ""),
        ("A reasonable rent for the time in which he kept it.", OWED, ""),
        ("What is just, says the Act, and a judge fixes it.", OWED, ""),
        ("Six weeks' rent, as she kept the deposit.", OWED, ""),
        ("Three months' wages, as that was her notice.", OWED, ""),
        ("A week's pay for each of the years.", OWED, ""),
        ("One month's rent, as she kept the shop.", OWED, ""),
        ("Her salary for the time of notice.", "How much does Tomasz owe to Amara?", ""),
        ("She has her deposit back.", "How much does Tomasz owe to Amara?", ""),
        ("There is no upper limit, and a jury fixes it.", OWED, ""),
        ("Enough that he directs the work.", "How much control makes him an employer?", ""),
        ("A good deal, for the words decide.", "How much does it matter what was meant?", ""),
        ("Reasonable notice has to be given.", "How much notice does Tomasz have to give?", ""),
    ],
)  # fmt: skip
def test_who_asks_for_a_sum_is_told_one(answer: str, question: str, expected: str) -> None:
    """In figures or in words; how much control there is, is no sum."""
    assert found(answer, question).get("NO_ANSWER", "") == expected


WHERE = "Amara of Graz was not paid by Tomasz of Bologna. In which courts may she sue him?"
GOVERNED = (
    "The contract is governed by Austrian law, since the seller of a service lives there and "
    "nothing else was chosen by them. That law therefore decides whether the price is owed, when "
    "it fell due and what interest there is, as Article 12 of the Regulation confirms."
)


@pytest.mark.parametrize(
    ("answer", "question", "step", "expected"),
    [
        (GOVERNED, WHERE, "A defendant may be sued where he lives.", "reject"),
        (f"{GOVERNED} She may sue in Bologna.", WHERE, "A defendant may be sued where he lives.",
         ""),
        (f"In Bologna. {GOVERNED}", WHERE, "A defendant may be sued where he lives.", ""),
        (GOVERNED, WHERE, "The law of the seller governs it.", ""),
        (GOVERNED, "Which law governs the price?", "A defendant may be sued where he lives.", ""),
    ],
)  # fmt: skip
def test_who_asks_for_a_court_is_told_one(
    answer: str, question: str, step: str, expected: str
) -> None:
    """Or where somebody may be sued; a place at the beginning is an answer."""
    assert found(answer, question, (step,)).get("NO_ANSWER", "") == expected


ASKS = "Did she reserve a right of re-entry? Has rent been taken since? Was notice given to him?"


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        (f"{ASKS} And would a court relieve him?", "short_qa", "flag"),
        (f"{ASKS} She should look into all of it.", "short_qa", "flag"),
        (f"{ASKS} If so, she may forfeit. Rent need not be demanded. He has six months.",
         "short_qa", ""),
        (f"Three points decide. {ASKS} Then she may forfeit.", "short_qa", ""),
        ("Is she bound? No. The rent is late.", "short_qa", ""),
        (f"Amara: {ASKS}\nTomasz: Did she? Who knows? Was it so?", "dialogue", ""),
    ],
)  # fmt: skip
def test_questions_are_no_answer(answer: str, kind: str, expected: str) -> None:
    """Where most sentences ask, and the first does."""
    assert found(answer, kind=kind).get("NO_ANSWER", "") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (f"Sections {', '.join(map(str, range(140, 170)))} of the Act deal with it.", "flag"),
        ("Part 2: " + " ".join(f"({number})" for number in range(30)), "flag"),
        ("Sections 138 to 140 and 146 do, with 147 on repairs and 196 on how notices are served.",
         ""),
        ("1, 2, 3, 4, 5, 6.", ""),
    ],
)  # fmt: skip
def test_bare_figures_are_no_answer(answer: str, expected: str) -> None:
    """A quarter of twenty words or more."""
    assert found(answer).get("NO_ANSWER", "") == expected
