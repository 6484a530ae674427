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
        "\u200fthe Sec\u00adretary\u200e shall not \u2066have\u2069 any author\ufe0fity",
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


_BORDERS = [
    ("a temperature of -5 degrees or less is required", "5 degrees or less is required"),
    ("a temperature of \u22125 degrees or less is required", "5 degrees or less is required"),
    ("a shift (+5 points) of the index is needed", "5 points) of the index is needed"),
    ("an error of \u00b15 per cent is allowed here", "5 per cent is allowed here"),
    ("where it is >5 mg the dose is unsafe", "5 mg the dose is unsafe"),
    ("where it is \u2264 5 mg the dose is safe", "5 mg the dose is safe"),
    ("a fine of \u00a35 a day is to be paid", "5 a day is to be paid"),
    ("a fine of \u20ac5 000 a day is to be paid", "000 a day is to be paid"),
    ("a fine of 5 000 euro a day is to be paid", "000 euro a day is to be paid"),
    ("a fine of 5 000 000 euro is to be paid", "000 euro is to be paid"),
    ("a sum that is to be paid is 5\u20ac and no more", "a sum that is to be paid is 5"),
    ("the interest to be paid is 5% of the sum", "the interest to be paid is 5"),
    ("the interest to be paid is 5 % of the sum", "the interest to be paid is 5"),
    ("the interest to be paid is 5.5 of the sum", "the interest to be paid is 5"),
    ("the fee to be paid is 1,000 pounds a year", "000 pounds a year"),
    ("the fee to be paid is 1,000 pounds a year", "the fee to be paid is 1"),
    ("the fee to be paid is -\u00a31,000 in each year", "\u00a31,000 in each year"),
    ("it is due within 5-10 days of the notice", "10 days of the notice"),
    ("it is due within 5 \u2013 10 days of the notice", "10 days of the notice"),
    ("it is due within 5 \u2013 10 days of the notice", "it is due within 5"),
    ("it is due within 1 1/2 years of the notice", "1/2 years of the notice"),
    ("it is due within 1 \u00bd years of the notice", "\u00bd years of the notice"),
    ("it is due after 1 1/2 years of the notice", "it is due after 1"),
    ("a notice is given under section 5(1) of this Act", "a notice is given under section 5"),
    ("a notice is given under section 5(1)(a) of it", "a notice is given under section 5(1)"),
    ("a notice under section 5(1) of this Act is given", "(1) of this Act is given"),
    ("a notice under section 5(1) of this Act is given", "1) of this Act is given"),
    ("a notice is given under section 5(1)(a) of it", "a notice is given under section 5(1"),
    ("services are due under subsections (a)(7) here", "services are due under subsections (a"),
    ("the person(s) who signed it must pay", "the person"),
    ("goods and/or services that are to be supplied", "or services that are to be supplied"),
    ("goods of the U.S. government must be marked", "S. government must be marked"),
    ("the A&B company has to pay them", "B company has to pay them"),
    ("the list has item 1. 5 litres of oil are in it", "item 1.5 litres of oil"),
    ("the list has item 1.5 litres of oil are in it", "item 1. 5 litres of oil"),
    ("see sections 5, 600 and 7 of this Act here", "5,600 and 7 of this Act"),
]


@pytest.mark.parametrize(("text", "quote"), _BORDERS)
def test_a_quotation_begins_and_ends_where_a_number_or_word_does(text: str, quote: str) -> None:
    """Its sign, currency, unit, decimals, range and subsection come along."""
    assert find(quote, Folded.of(text)) is None
    assert find(text, Folded.of(text)) is not None


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("a temperature of -5 degrees or less", "-5 degrees or less"),
        ("a fine of \u00a35 a day is to be paid", "\u00a35 a day is to be paid"),
        ("the fee \u2014 5 pounds a year \u2014 is due", "5 pounds a year"),
        ("the fee is due\u20145 pounds a year", "5 pounds a year"),
        ("- 5 pounds a year are due to him", "5 pounds a year are due"),
        ("1(1) A master must keep a lookout.", "(1) A master must keep a lookout"),
        ("Old.\n5A(2)(b) A raft is no boat at all.", "(b) A raft is no boat at all"),
        ("see section 5. The master must keep a lookout.", "The master must keep a lookout"),
        ("see section 5. 12 masters kept a lookout.", "12 masters kept a lookout"),
        ("the tenants\u2019 rights under this Act remain", "rights under this Act remain"),
        ("it costs 5 per cent of the price agreed", "it costs 5 per cent of the price"),
        ("the parties (a) pay and (b) deliver it all", "(b) deliver it all"),
        ("interest under 12 U.S.C. 5 is to be paid", "5 is to be paid"),
        ("see \u00a7 5 of this title for the fees", "5 of this title for the fees"),
        ("the Agreement (the \u201cDeed\u201d) is to be kept", '(the "Deed") is to be kept'),
        ("in the years 2010, 2011 and 2012 only", "2010, 2011 and 2012"),
    ],
)
def test_what_stands_apart_may_begin_a_quotation(text: str, quote: str) -> None:
    assert find(quote, Folded.of(text)) is not None


_LONG = "A master " + "who has a boat " * 30 + "must keep a lookout."


@pytest.mark.parametrize(
    ("text", "quote", "fault"),
    [
        (TEXT, "the Secretary shall ... have any authority given", 'leaves out "not"'),
        ("A master can\u2019t, by day or night, sleep aboard.", "A master ... sleep aboard", "can"),
        ("He pays, whether or not he signed, the fee.", "He pays ... the fee", ""),
        ("Any person or no master may be a tenant.", "Any person ... may be a tenant", '"no"'),
        (_LONG, "A master ... must keep a lookout", "more than 100 words"),
        ("He must pay. It is late. No tenant may sue.", "He must pay ... may sue", '"No"'),
        ("He must not, under s. 5 or s. 6, sue or pay.", "He must ... sue or pay", '"not"'),
        ("He must pay. It is not late. He may sue at once.", "He must pay ... He may sue", ""),
        ("He must pay not more than 5 pounds to her.", "He must pay ... to her", ""),
        ("He must, see No. 5 of the list, pay all.", "He must ... pay all", ""),
        ("It may not. It may be so. It may be late.", "It may ... be late", ""),
    ],
)
def test_an_ellipsis_may_not_turn_the_sense(text: str, quote: str, fault: str) -> None:
    """What it leaves out of the sentences that it shortens holds no negation, and is not all."""
    found = find(quote, Folded.of(text))
    assert found is not None
    assert fault in found.fault
    assert bool(fault) == bool(found.fault)


def test_what_may_turn_the_sense_is_told() -> None:
    """A condition left out, two halves of sentences joined, a negation right before it."""
    text = Folded.of("No tenant may sue. A tenant must pay, unless he is ill, on Monday at noon.")
    assert find("tenant may sue", text).turns  # type: ignore[union-attr]
    assert find("A tenant must pay ... on Monday at noon", text).turns  # type: ignore[union-attr]
    assert find("tenant may ... must pay", text).turns  # type: ignore[union-attr]
    assert not find("No tenant may sue", text).turns  # type: ignore[union-attr]
    assert not find("A tenant must ... unless he is ill", text).turns  # type: ignore[union-attr]


def test_advice_on_one_word_said_thousands_of_times_looks_at_its_beginning() -> None:
    """It compares no more than a few hundred words, however long the quotation is."""
    text = "the " * 900
    assert nearest("the " * 5000, text) == nearest("the " * 200, text)


def test_a_quotation_of_blanks_is_looked_through_at_once() -> None:
    """Some models go on with blanks up to the end of an answer."""
    quote = f"it shall{' ' * 50_000}be{chr(10) * 50_000}done"
    assert parts_of(quote) == ["it shall be done"]
    assert find(quote, Folded.of("And it shall be done.")) is not None


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
