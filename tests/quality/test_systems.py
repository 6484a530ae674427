"""Terms of other legal systems: a cheap look for their words hides none of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legalgen.law.citations import bare
from legalgen.quality.checks.systems import _system
from legalgen.quality.wordlists import phrases
from legalgen.store.sample import words

TERMS = (*phrases("commonwealth_certain"), *phrases("commonwealth_likely"))


@pytest.mark.parametrize("term", TERMS)
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_each_term_of_the_commonwealth_is_looked_for(term: str, data: st.DataObject) -> None:
    """A text with a term, as its pattern makes it, has a word or a hint of it."""
    text = f"By the {data.draw(st.from_regex(term, fullmatch=True))}, it is so."
    assert _system("commonwealth").hinted(text, frozenset(words(text)), bare(text))
