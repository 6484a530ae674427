"""Phrases that are looked for by their words are found wherever their patterns find them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from legalgen.law.citations import folded
from legalgen.quality.checks import usable
from legalgen.quality.checks.amounts import days, figures
from legalgen.quality.checks.law.sections import _ACT, _acts
from legalgen.quality.checks.voice import plain
from legalgen.quality.checks.voice.phrases import Phrases
from legalgen.quality.reading import KnownRuns, Reading
from legalgen.quality.rules import TypeBounds
from legalgen.quality.wordlists import MONTH, NAMES_DAY, guarded
from legalgen.store.sample import Draft, words

LISTS = ("advertising", "advertised")
EACH = [(name, at) for name in LISTS for at in range(len(guarded(name)))]
SIGNS = "abcdefghijklmnopqrstuvwxyzABCXYZ 0123456789-'.,:;!?/%$"
SAID = [
    "our", "us", "we", "upgrade to", "Lexo pro", "brought to you by", "free", "trial", "now",
    "for a", "trusted by", "over", "lawyers", "As Lexo, your", "makes it simple and", ",", ".",
    "click here", "the court", "your trusted", "assistant", "limited-time offer", "available 24/7",
    "contact us",
]  # fmt: skip


@pytest.mark.parametrize(("name", "at"), EACH)
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_each_phrase_is_looked_for_in_what_its_pattern_makes(
    name: str, at: int, data: st.DataObject
) -> None:
    """One of its words is in whatever it matches, however that is written."""
    pattern = re.compile(guarded(name)[at][1], re.I)
    made = data.draw(st.from_regex(pattern, alphabet=SIGNS))
    text = f"Note that {made} and no more."
    if found := pattern.search(text):
        first = Phrases.named(name).search(text, frozenset(words(text)))
        assert first is not None
        assert first.start() <= found.start()


@pytest.mark.parametrize("name", LISTS)
@given(pieces=st.lists(st.sampled_from(SAID), max_size=12))
def test_phrases_are_found_as_one_pattern_of_all_finds_them(name: str, pieces: list[str]) -> None:
    """The same pieces in the same order, each once."""
    text = " ".join(pieces)
    whole = re.compile("|".join(pattern for _, pattern in guarded(name)), re.I)
    found = Phrases.named(name).finditer(text, frozenset(words(text)))
    assert [one.span() for one in found] == [one.span() for one in whole.finditer(text)]


# --- what is looked for before other patterns --------------------------------------------------


def has_bounds_hint(low: str) -> bool:
    counted = any(each.search(low) for each in plain._NUMBER_OF)
    return counted or any(hint in low for hint in plain._BOUNDS_HINTS)


def has_musing(low: str) -> bool:
    return any(hint in low for hint in usable._MUSING_HINTS)


def has_day(text: str) -> bool:
    return NAMES_DAY.search(text) is not None


def has_dialling(low: str) -> bool:
    return not plain._DIALLING.isdisjoint(words(low)) and bool(plain._LONG_NUMBER.search(low))


def has_address(low: str) -> bool:
    said = "@" in low or not plain._CALLING.isdisjoint(words(low))
    return said or has_dialling(low)


GUARDED: list[tuple[re.Pattern[str], Callable[[str], bool]]] = [
    (plain._BOUNDS_TOLD, has_bounds_hint),
    (plain._CONTACT, has_address),
    (usable._MUSING, has_musing),
    (days.ANY_DAY, has_day),
]


@pytest.mark.parametrize(("pattern", "guard"), GUARDED)
@settings(max_examples=3 * settings().max_examples, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_what_is_looked_for_first_is_in_what_the_pattern_makes(
    pattern: re.Pattern[str], guard: Callable[[str], bool], data: st.DataObject
) -> None:
    """A cheap look never passes by a text in which the pattern finds something."""
    text = f"It is said, {data.draw(st.from_regex(pattern, alphabet=SIGNS))} or so."
    looked_at = text if guard is has_day else folded(text)
    if pattern.search(text):
        assert guard(looked_at)


DAY_PIECES = [
    "1", "5", "12", "31", "1998", "5th", "21st", "of", "March", "May", "June", "march", "the", "-",
    "Marching", "5March", ".", "\n",
]  # fmt: skip
DAY = re.compile(
    rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m>{MONTH})\b"
    rf"|\b(?P<n>{MONTH}) (?P<e>\d{{1,2}})\b"
)


@given(st.lists(st.sampled_from(DAY_PIECES), max_size=14))
@example(["5th", "of", "March", "1998", "May", "12", "-", "31", "June", "Marching"])
def test_days_are_found_as_the_whole_pattern_finds_them(pieces: list[str]) -> None:
    """Looked for beside each month, and found all the same."""
    text = " ".join(pieces)
    whole = [(m["d"] or m["e"], m["m"] or m["n"]) for m in DAY.finditer(text)]
    assert list(figures._dates(text)) == whole


@given(st.lists(st.sampled_from(["12", ".", "5", "%", " ", "per cent", "x", "1.25"]), max_size=12))
@example(["12", "%", " ", "1.25", " ", "%", "x", "5", " ", "per cent"])
def test_percentages_are_found_as_the_whole_pattern_finds_them(pieces: list[str]) -> None:
    """Looked for before each sign, and found all the same."""
    text = "".join(pieces)
    found = [
        m[1:] for m in figures.measures(text) if m.kind == "percent" and text[m.end - 1] == "%"
    ]
    assert found == [(m[1], *m.span()) for m in re.finditer(r"\b(\d+(?:\.\d+)?) ?%", text)]


ACTS = [
    "the", "Theft", "Health and Safety at Work etc. Act 1974", "Theft Act 1968", "Act 1999", "of",
    "Housing (Scotland)", "and", "see", ".", "; ", "Finance Act, 2004", "Bail", "(Pensions", "\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(ACTS), max_size=14))
def test_acts_are_found_as_the_whole_pattern_finds_them(pieces: list[str]) -> None:
    """Looked for between what stands in no name and an Act's year, and found all the same."""
    text = " ".join(pieces)
    assert [m.span() for m in _acts(text)] == [m.span() for m in _ACT.finditer(text)]


@given(*[st.lists(st.sampled_from("abcdefgh"), max_size=40)] * 2, st.floats(0, 1))
def test_copied_runs_are_those_of_both_texts(
    steps: list[str], answer: list[str], least: float
) -> None:
    """However the runs are looked for, their share is that of all runs of the steps."""
    draft = Draft("a?", (" ".join(steps),), " ".join(answer), ())
    reading = Reading(draft, None, TypeBounds((1, 99)), ())
    ours = {tuple(steps[at : at + 6]) for at in range(len(steps) - 5)}
    theirs = {tuple(answer[at : at + 6]) for at in range(len(answer) - 5)}
    share = len(ours & theirs) / len(ours) if ours else 0.0
    assert reading.copied(reading.steps) == share
    assert reading.copied(reading.steps, least) == share or share < least


@given(st.lists(st.sampled_from("abcdefgh"), max_size=30))
def test_the_first_run_of_the_instructions_is_found(tokens: list[str]) -> None:
    """Six words in a row of the instructions, wherever they stand."""
    known = KnownRuns.of(["a b c d e f g h", "h g f e d c"])
    at = next((n for n in range(len(tokens) - 5) if tuple(tokens[n : n + 6]) in known.runs), None)
    assert known.first_in(tokens) == (None if at is None else tuple(tokens[at : at + 6]))
