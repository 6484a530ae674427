"""Mistyped words: what they may have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.errors.suggestions import close_matches, did_you_mean, meant_or_allowed

NAMES = ("groq", "cerebras", "openai", "local")


@pytest.mark.parametrize(
    ("word", "said"), [("grok", "; did you mean groq?"), ("xyzzy", ""), ("", "")]
)
def test_the_end_of_a_sentence(word: str, said: str) -> None:
    """A close word is asked for; where none is close, nothing is said."""
    assert did_you_mean(word, NAMES) == said


def test_what_is_allowed_is_named_where_nothing_is_close() -> None:
    """One of the two is always there to go on with."""
    assert meant_or_allowed("cerebra", NAMES) == 'did you mean "cerebras"?'
    assert meant_or_allowed("xyzzy", iter(NAMES)) == "allowed: groq, cerebras, openai, local"


@given(st.text(), st.lists(st.text()), st.integers(1, 5))
def test_only_known_words_are_suggested(word: str, known: list[str], most: int) -> None:
    """Whatever was typed, at most so many, and each is one of the known."""
    close = close_matches(word, known, most)
    assert len(close) <= most
    assert set(close) <= set(known)
