"""What is looked for before a pattern is run never hides what the pattern would find."""

from __future__ import annotations

import re
from string import printable, whitespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from legalgen.law.citations import folded, normalise
from legalgen.law.citations.cases import case_names
from legalgen.law.citations.grammar import NAMED
from legalgen.law.citations.numbered import STRONG, Productions
from legalgen.law.citations.parsed import Rule, bare
from legalgen.law.citations.pieces import any_of, by_beginning, by_letter
from legalgen.law.citations.places import FOREIGN
from legalgen.law.citations.rare import RULES

EVERY = (*STRONG, *NAMED, *RULES.rules)
SIGNS = (
    "".join(sorted({*printable} - {*whitespace})) + " \u00a3\u00a7\u2013\u2019\u201c\u00e9\u00fc"
)
"""What a citation is written with; needs with a space in them are met by no line break."""


def is_run(rule: Rule, text: str) -> bool:
    """Whether a production is run over a text."""
    signs = bare(text)
    hinted = all(hint.search(text) for hint in rule.hints)
    bare_hinted = all(hint.search(signs) for hint in rule.bare_hints)
    return rule in Productions([rule]).of(text, signs) and hinted and bare_hinted


@pytest.mark.parametrize("place", range(len(EVERY)), ids=lambda at: EVERY[at].build.__name__)
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_each_production_is_run_over_what_its_pattern_makes(
    place: int, data: st.DataObject
) -> None:
    """A text that the pattern itself makes, between other words, passes its needs and hints."""
    rule = EVERY[place]
    flags = rule.pattern.flags & ~re.I  # needs have their case
    written = re.compile(rule.pattern.pattern, flags)
    made = data.draw(st.from_regex(written, alphabet=SIGNS))
    text = normalise(f"As to the law, {made} is enough.")
    if rule.pattern.search(text):
        assert is_run(rule, text)


def test_every_word_that_a_pattern_begins_with_is_among_its_needs() -> None:
    """What new examples have found."""
    [rule] = [each for each in EVERY if each.build.__name__ == "_numbered_law"]
    for text in ("As to the law, Ordon 1-0 is enough.", "Orden 12/2005 is enough."):
        assert rule.pattern.search(text)
        assert is_run(rule, text)


@given(st.text("aAiIsSkK\u017f\u0130\u0131\u212a\u00e9\u00c9\u00df \u03a3", max_size=12))
def test_folded_text_is_what_patterns_find_whatever_the_case(text: str) -> None:
    """In it a pattern finds without ``re.I``, in the same places, what it finds with it."""
    assert len(folded(text)) == len(text)
    for pattern in (r"\bis\b", r"sk|ai", r"[a-k]+", r"a\w+k", r"i(?!s)"):
        with_case = [found.span() for found in re.finditer(pattern, text, re.I)]
        assert [found.span() for found in re.finditer(pattern, folded(text))] == with_case


@given(st.lists(st.sampled_from(["AI", "A", "Act", "Acts", " ", "B", "-", "1", "v ", "."])))
@example(["Acts", " ", "B", "-", "v ", "B", ".", "AI"])
def test_alternatives_by_letter_are_what_they_are_after_a_boundary(pieces: list[str]) -> None:
    """The same as ``\\b(?:...)`` with the longest first, in the same places."""
    text, names = "".join(pieces), ("A", "AI", "Act", "B", "Acts")
    plain = re.compile(rf"\b(?:{'|'.join(sorted(names, key=len, reverse=True))})")
    spans = [found.span() for found in plain.finditer(text)]
    assert [found.span() for found in re.finditer(any_of(names), text)] == spans
    no_party = re.compile(by_letter(names[3:4], unless=r"(?<!\w{0})(?<!v\s{0})"))
    same = re.compile(r"\b(?<!v\s)B")
    assert [m.span() for m in no_party.finditer(text)] == [m.span() for m in same.finditer(text)]


@given(st.lists(st.sampled_from(["a", "A", "b", "bd", "c", "d", "e", " ", "(", "B", "_"])))
def test_patterns_that_begin_with_a_choice_are_taken_apart(pieces: list[str]) -> None:
    """The same as ``\\b(?:...)`` in the order of the patterns, in the same places."""
    text = "".join(pieces)
    patterns = ("[Aa]b", r"(?:[Bb](?:d|\(|[)|(])?|c) e", "[A-Z]d", "(?:b|(?:c|d))e?", "a")
    plain = re.compile(rf"\b(?:{'|'.join(patterns)})")
    spans = [found.span() for found in plain.finditer(text)]
    assert [found.span() for found in re.finditer(by_beginning(patterns), text)] == spans


NEEDS = sorted({need for rule in (*STRONG, *NAMED) for need in rule.needs})


@given(st.lists(st.sampled_from([*NEEDS, *(need[1:] for need in NEEDS), " ", "A", "1"])))
def test_needs_are_found_at_once_as_one_by_one(pieces: list[str]) -> None:
    """Also where one begins within another."""
    text, rules = "".join(pieces), (*STRONG, *NAMED)
    signs = bare(text)
    wanted = [
        rule
        for rule in rules
        if not rule.needs
        or any(need in (signs if bare(need) == need else text) for need in rule.needs)
    ]
    assert list(Productions(rules).of(text, signs)) == wanted


@pytest.mark.parametrize(
    ("written", "is_foreign"),
    [
        ("the Irish Act", True),
        ("Northern Irish law", False),
        ("Ireland Act", True),
        ("Northern Ireland Act", False),
        ("Government of Ireland Act", False),
        ("a Swissair Act", False),
        ("unIndian", False),
    ],
)
def test_a_foreign_place_is_a_whole_word_and_not_of_the_kingdom(
    written: str, *, is_foreign: bool
) -> None:
    """What stands before a name is looked at from its first letter."""
    assert bool(FOREIGN.search(written)) is is_foreign


def test_the_second_party_of_a_case_ends_where_the_next_begins() -> None:
    """The last word that parts two names does so, however many there are."""
    text = "See Smith v Jones and Co, Hill v Dale, and in Re Fox; Moss v Reed or Ash v Elm."
    found = [name for _, _, name in case_names(text)]
    assert found == ["Smith v Jones and Co", "Hill v Dale", "Re Fox", "Moss v Reed", "Ash v Elm"]
