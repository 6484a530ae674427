"""How long reading an error takes: as long as its text, and for a long one no longer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

import pytest

from legalgen.errors import ErrorCategory, classify, hints, pages, parameters, patterns, quotas
from legalgen.errors import classifier as reading
from legalgen.errors.extent import BODY, SENTENCES, ends, shortened
from legalgen.errors.patterns import bounded

C = ErrorCategory
TIMES_AS_LONG = 3
"""For a text twice as long; with one repeat without a bound it is four times."""
LEAST_S = 0.003
"""Shorter times are those of the clock, and of what any error takes."""
SHAPES = (
    "z", "a ", " ", "\n", ".", "a.", "a_", "1", "1,", "\\", "'", "aA", "[", "{", '{"a":', "<h1",
    "http://", "contexte", "concurren", "exceed", "reset", "retry ", "upgrade ", "fail", "flag",
    "support", "model ", "authenticat", "The model has said a thing, and then 12 more of them. ",
)  # fmt: skip
FORMS: dict[str, Callable[[str], object]] = {
    "parsed": lambda text: {"error": {"message": text}},
    "as_text": lambda text: json.dumps({"error": {"message": text}}),
    "plain": lambda text: text,
    "page": lambda text: f"<html><title>{text}",
    "deep": lambda text: {"error": {"message": json.dumps({"detail": [{"msg": text}]})}},
    "many": lambda text: {"errors": [{"message": text[:50], "code": "x"}] * (len(text) // 50)},
}


def cpu_s(body: object, readings: int = 1) -> float:
    """The least CPU time of some readings of a refusal with this body."""

    def once() -> float:
        start = time.process_time()
        classify("refused", status=400, body=body)
        return time.process_time() - start

    return min(once() for _ in range(readings))


def slower(
    form: str, shapes: Iterable[str], length: int, times: int = 2
) -> list[tuple[str, str, str]]:
    """The shapes of which a text that is some times as long takes far longer to read."""
    found = []
    for shape in shapes:
        bodies = [FORMS[form]((shape * size)[:size]) for size in (length, times * length)]
        for readings in (1, 5):  # what was slow by chance is not so again
            short, long = (cpu_s(body, readings) for body in bodies)
            if is_slow := long > TIMES_AS_LONG * max(short, LEAST_S):
                continue
            break
        if is_slow:
            found.append((shape, f"{short:.4f} s", f"{long:.4f} s"))
    return found


@pytest.mark.parametrize("form", ["parsed", "plain"])
def test_a_text_twice_as_long_takes_about_twice_as_long(form: str) -> None:
    """Whatever it repeats: nobody else runs while a server's words are searched."""
    assert slower(form, SHAPES, 550) == []
    assert slower(form, SHAPES, 4_000) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_body_of_megabytes_takes_no_longer_than_one_of_some_pages(form: str) -> None:
    """What is behind the part that is looked at costs next to nothing, wherever it stands."""
    assert slower(form, ("z", "a.", "the model has said a thing. "), 10_000, times=20) == []


Searched = re.Pattern[str] | patterns._Uncompiled


def vocabularies() -> Iterator[tuple[str, Searched]]:
    """Every expression that the words of an error are searched with, by its module."""
    for module in (patterns, quotas, hints, parameters, pages, reading):
        yield from ((module.__name__, found) for found in _expressions(module))


def _expressions(value: object) -> Iterator[Searched]:
    if isinstance(value, re.Pattern | patterns._Uncompiled):
        yield value
    elif isinstance(value, ModuleType):
        for name, held in vars(value).items():
            if not name.startswith("__") and name not in {"_REPEAT"}:
                yield from () if isinstance(held, ModuleType) else _expressions(held)
    elif isinstance(value, dict):
        yield from (found for held in value.values() for found in _expressions(held))
    elif isinstance(value, tuple | list):
        yield from (found for held in value for found in _expressions(held))


def test_no_expression_repeats_without_a_bound() -> None:
    """A run of signs is looked at from each of them: the rest of it must not be."""
    unbounded = [
        (name, p.pattern) for name, p in vocabularies() if bounded(str(p.pattern)) != p.pattern
    ]
    assert len(list(vocabularies())) > 100
    assert unbounded == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\w*b", r"a\w{0,40}b"),
        (r"\S+x+?", r"\S{1,120}x{1,40}?"),
        (r"[\]*+]*\*", r"[\]*+]{0,120}\*"),
        (r"(?:a|b)+c{2,3}", r"(?:a|b){1,40}c{2,3}"),
    ],
)
def test_repeats_are_bounded_where_they_are_repeats(text: str, expected: str) -> None:
    """A sign that is escaped, or stands in a class, is itself."""
    assert bounded(text) == expected
    assert bounded(expected) == expected


LONG = "z " * 10**6


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ({"message": LONG, "code": "insufficient_quota"}, C.QUOTA_EXHAUSTED),
        ({"trace": [LONG] * 9, "message": "out of credit"}, C.QUOTA_EXHAUSTED),
        ({"message": f"{LONG}\nmaximum context length is 8192 tokens"}, C.CONTEXT_LENGTH),
        ({"message": f"maximum context length is 8192 tokens. {LONG}"}, C.CONTEXT_LENGTH),
    ],
)
def test_what_stands_beside_a_long_text_is_read(body: object, category: ErrorCategory) -> None:
    """Its code, its beginning and its end tell what it is."""
    assert classify("refused", status=400, body={"error": body}).category is category


def test_both_ends_of_a_text() -> None:
    """Two thirds from its beginning; one that is short enough stays."""
    assert ends("a" * SENTENCES) == "a" * SENTENCES
    assert ends("abcdefghij", 6) == "abcd; ij"


def test_a_body_without_end_has_a_short_copy() -> None:
    """Strings, fields, items and levels are bounded, and all of them together."""
    deep: object = "x"
    for _ in range(500):
        deep = [deep] * 500
    wide = {f"k{n}": {"message": "m" * 10**4} for n in range(10**4)}
    for body in (deep, wide, [wide] * 10**3):
        assert len(json.dumps(shortened(body))) < 2 * BODY
    assert shortened({"a": [1, None, True, 2.5, "b"]}) == {"a": [1, None, True, 2.5, "b"]}
