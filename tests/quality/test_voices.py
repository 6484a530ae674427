"""Tellers of tales and writers who tell of themselves, and lawyers who say ``I`` once."""

from __future__ import annotations

import pytest

from tests.quality.sayings import QUESTION, found

TALE = (
    "Hush now, dearies, and let your grandpa tell of a lass who let a shop. The rent came not, so "
    "she locked the door, and the lad cried for mercy. That she may do, my darlings, for rent "
    "wants no notice, and now off to bed."
)
PIRATE = (
    "Arr, matey, ye may bar the shop, aye, for rent be owed and no notice is needed before ye take "
    "it back from him."
)
ANECDOTE = (
    "My first client was a baker, and I still have his letter on my wall. I won it for him, though "
    "my boss had told me not to try, and my husband laughed when I came home with a cake. She may "
    "forfeit, as I tell my pupils, because rent is apart."
)
OPINION = (
    "She may forfeit, because rent is apart from other breaches. I would hold that a demand for "
    "the next quarter waives her right, and in my view the clerk's lack of authority changes "
    "nothing. I think that the Court of Appeal would say so too, although Part I of the Act is "
    "silent."
)
ADVICE = (
    "She may forfeit, since rent is apart. I have not seen the lease, so please send me a copy, "
    "and I will check the clause. Until then she should accept no rent from him, and should tell "
    "the clerk to send no demand."
)


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        (TALE, "short_qa", "reject"),
        (PIRATE, "concept", "reject"),
        (ANECDOTE, "short_qa", "reject"),
        (ANECDOTE, "conversational", "reject"),
        (ANECDOTE, "dialogue", ""),
        (OPINION, "short_qa", ""),
        (ADVICE, "advice", ""),
        (ADVICE, "short_qa", "flag"),
    ],
)
def test_who_speaks(answer: str, kind: str, expected: str) -> None:
    """A character, or a writer whose life it is about; opinions and advisers are neither."""
    assert found(answer, kind=kind).get("ROLE_PLAY", "") == expected


@pytest.mark.parametrize(
    "said",
    [
        "Article I reserves it, Title I repeats it, and Charles I knew neither me nor mine.",
        'He wrote: "I know my rent is late, and I will pay you when my aunt pays me."',
        "The tenant's words were 'I owe my landlord three months and I cannot pay, I fear'.",
        "The sheriff may hear it, and the old lady of the inn is a witness for the lord.",
    ],
)
def test_what_others_say_is_theirs(said: str) -> None:
    """Quotations, numbers and facts."""
    assert "ROLE_PLAY" not in found(f"{OPINION} {said}")


def test_a_question_may_ask_for_a_letter() -> None:
    """In which somebody speaks of himself."""
    assert "ROLE_PLAY" not in found(ADVICE, f"{QUESTION} Write a letter for her solicitor.")


LAW = "She may forfeit, because rent is apart from other breaches and no notice is owed. " * 12


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("In thirty years at the Bar I have lost this point once, and my clerk still laughs. ",
         "reject"),
        ("When I sat in the County Court at Leeds, a young advocate tried the opposite. ", "flag"),
        ("A bailiff once asked me this in the canteen. ", "flag"),
        ("My late father, a magistrate in Kerry, would tell us so at supper. ", "flag"),
        ("I told the court that you would be abroad, and my colleague will send the draft. ", ""),
        ("I am sorry for the delay, and I have assumed that I was sent the whole lease. ", ""),
        ("The widow said: 'I still remember what my husband told me over tea.' ", ""),
        ("An old hand who had been there for four decades told the court of it. ", ""),
    ],
)  # fmt: skip
def test_a_life_in_a_long_answer(said: str, expected: str) -> None:
    """A career, a memory and people of his own need be told but once."""
    assert found(said + LAW).get("ROLE_PLAY", "") == expected
