"""Quotations: what printing changes passes, what changes the words does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.sources.chunking import chunks_of
from legalgen.sources.formats import reader_of
from legalgen.sources.quotations import Folded, find, nearest, parts_of, words_in

DATA = Path(__file__).parents[1] / "data" / "sources"
TEXT = (
    "Notwithstanding any other provision of law and except as provided in this section, the "
    "Secretary shall not have any authority given \u201cexpressly\u201d to non-diplomatic officers"
    "\u2014or, within 5 to 10 days, to an agent\u2019s agent\u2014of more than 1.5 million dollars "
    "(or \u00a31,500,000), unless unable to pay."
)


@pytest.mark.parametrize(
    "quote",
    [
        "the Secretary shall not have any authority",
        "THE SECRETARY SHALL NOT HAVE ANY AUTHORITY",
        'any authority given "expressly" to non-diplomatic officers',
        "any authority given 'expressly' to non\u2011diplomatic officers",
        "\u201cthe Secretary shall not have any authority\u201d",
        "[T]he Secretary shall not have any authority.",
        "the Secretary  shall\nnot have any authority",
        "as provided in this section , the Secretary",
        "officers - or, within 5 to 10 days, to an agent's agent",
        "except as provided ... the Secretary shall not have any authority",
        "except as provided \u2026 the Secretary shall not have any authority",
        "except as provided [...] the Secretary shall not have any authority",
        "or, within 5 to 10 days, to an agent\u2019s agent",
    ],
)
def test_what_printing_changes_is_found(quote: str) -> None:
    """Typography, white space, punctuation's spaces, case, ellipses, an opening bracket."""
    found = find(quote, Folded.of(TEXT))
    assert found is not None
    assert 0 <= found.start < found.end <= len(TEXT)


@pytest.mark.parametrize(
    "quote",
    [
        "the Secretary may not have any authority",
        "the Secretary shall have any authority",
        "the Secretary shall not have an authority",
        "diplomatic officers\u2014or, within 5 to 10 days",
        "unless able to pay",
        ".5 million dollars or",
        "5 million dollars (or",
        "of more than 1.6 million dollars",
        "(or \u00a31,500,00",
        "(or \u00a31,500,000,000)",
        "s agent\u2014of more than",
        "shall not have any authority ... except as provided in this section",
        "the Minister shall not have any authority",
        "the [Minister] shall not have any authority",
        "",
        "...",
    ],
)
def test_changed_words_are_not_found(quote: str) -> None:
    """Nor half a word, half a number, nor parts in another order."""
    assert find(quote, Folded.of(TEXT)) is None


@pytest.mark.parametrize(
    ("text", "quote", "stands"),
    [
        ("the caf\u00e9 shall be shut by ten", "the cafe\u0301 shall be shut by ten", True),
        ("an area of 10\u00b2 feet is needed", "an area of 102 feet is needed", False),
        ("the sum of 1\u00bd times the rent", "the sum of 11/2 times the rent", False),
        ("5 per cent of the price is due", ".5 per cent of the price is due", False),
        (".5 per cent of the price is due", ".5 per cent of the price is due", True),
        ("the \ufb01rst of\ufb01ce of the day", "the first office of the day", True),
    ],
)
def test_signs_that_are_not_typography_stay(text: str, quote: str, stands: bool) -> None:
    """Raised digits, fractions and a point before a number change what is said."""
    assert (find(quote, Folded.of(text)) is not None) is stands


def test_advice_on_one_word_said_thousands_of_times_looks_at_its_beginning() -> None:
    """It compares no more than a few hundred words, however long the quotation is."""
    text = "the " * 900
    assert nearest("the " * 5000, text) == nearest("the " * 200, text)


def test_an_ellipsis_that_turns_the_sense_is_told() -> None:
    """The words stand there, but a "not" between them does not come along."""
    folded = Folded.of(TEXT)
    turned = find("the Secretary shall ... have any authority given", folded)
    plain = find("any other provision ... as provided in this section", folded)
    assert turned is not None
    assert turned.turns
    assert plain is not None
    assert find("the Secretary shall not have ... given", folded).turns is False  # type: ignore[union-attr]


def test_the_place_found_is_that_of_the_words() -> None:
    """In the text as it stands, not as it is folded."""
    found = find("given 'expressly' to non-diplomatic", Folded.of(TEXT))
    assert found is not None
    assert TEXT[found.start : found.end] == "given \u201cexpressly\u201d to non-diplomatic"


def test_words_are_counted_without_ellipses() -> None:
    assert words_in("the Secretary ... shall [...] not") == 4
    assert parts_of("\u201cone two ... three\u201d") == ["one two", "three"]


def test_the_nearest_passage_is_advice() -> None:
    like, passage = nearest("the Secretary may not have any authority", TEXT)
    assert like > 0.8
    assert passage.startswith("the Secretary shall not")
    assert find("the Secretary may not have any authority", Folded.of(TEXT)) is None


def _texts() -> list[str]:
    found = []
    for path in sorted(DATA.iterdir()):
        outline = reader_of(path).read(path)
        cut = chunks_of(outline, source="s", citation="c", jurisdiction="uk", as_of=None)
        found += [each.text for each in cut]
    return found


TEXTS = _texts()


@given(data=st.data(), text=st.sampled_from(TEXTS))
def test_every_run_of_words_is_found_and_no_changed_one(data: st.DataObject, text: str) -> None:
    """In all texts that the tests have, wherever it begins and ends."""
    words = text.split()
    begin = data.draw(st.integers(0, len(words) - 6))
    end = data.draw(st.integers(begin + 5, min(len(words), begin + 40)))
    run = words[begin:end]
    folded = Folded.of(text)
    assert find(" ".join(run), folded) is not None
    at = data.draw(st.integers(0, len(run) - 1))
    changed = [*run[:at], "zebra", *run[at + 1 :]]
    assert find(" ".join(changed), folded) is None


@given(text=st.text(max_size=300), quote=st.text(max_size=60))
def test_any_text_can_be_looked_through(text: str, quote: str) -> None:
    """Whatever characters come from outside."""
    found = find(quote, Folded.of(text))
    if found is not None:
        assert 0 <= found.start < found.end <= len(text)
    nearest(quote, text)
