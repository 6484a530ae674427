"""What a batch is restricted to: the names people give, and the topics that are left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

import msgspec

from legalgen.errors import UsageError
from legalgen.errors.suggestions import close_matches
from legalgen.law.axes import (
    Difficulty,
    Filter,
    Jurisdiction,
    Topic,
)

MOST_NAMED = 8
"""How many areas or topics a sentence names beside the close ones; of short axes it names all."""


class _Narrowing(msgspec.Struct, frozen=True):
    """One axis of a filter: its values, what it makes of a leaf, and what a leaf offers."""

    axis: str
    values: tuple[str, ...]
    narrow: Callable[[Topic], Topic | None]
    offers: Callable[[Topic], Sequence[str]]


def narrowings(chosen: Filter) -> tuple[_Narrowing, ...]:
    """The axes of a resolved filter, widest first."""
    return (
        _keeping("jurisdiction", chosen.jurisdictions, lambda leaf: leaf.jurisdiction),
        _keeping("practice area", chosen.practice_areas, lambda leaf: "/".join(leaf.key[:2])),
        _keeping("topic", chosen.topics, lambda leaf: "/".join(leaf.key)),
        _Narrowing(
            "difficulty",
            chosen.difficulties,
            lambda leaf: _narrowed(leaf, "difficulties", chosen.difficulties),
            lambda leaf: leaf.difficulties,
        ),
        _Narrowing(
            "sample type",
            chosen.sample_types,
            lambda leaf: _narrowed(leaf, "sample_types", chosen.sample_types),
            lambda leaf: leaf.sample_types,
        ),
    )


def _keeping(axis: str, values: tuple[str, ...], value: Callable[[Topic], str]) -> _Narrowing:
    """An axis that keeps a leaf or drops it."""
    return _Narrowing(
        axis,
        values,
        lambda leaf: leaf if value(leaf) in values else None,
        lambda leaf: [value(leaf)],
    )


def _narrowed(leaf: Topic, field: str, wanted: Sequence[str]) -> Topic | None:
    """The leaf with only the wanted of its difficulties or sample types."""
    kept = tuple(value for value in getattr(leaf, field) if value in wanted)
    return msgspec.structs.replace(leaf, **{field: kept}) if kept else None


def nothing_left(step: _Narrowing, asked: Sequence[str], leaves: Sequence[Topic]) -> str:
    """The sentence for the first axis that emptied the filter."""
    offered = list(dict.fromkeys(chain.from_iterable(map(step.offers, leaves))))
    before = f" in {', '.join(asked)}" if asked else ""
    there = ", ".join(map(_short, offered[:20])) + (", ..." if len(offered) > 20 else "")
    wanted = f"no {step.axis} {listed(step.values)}"
    return f"the filter leaves nothing: {wanted}{before} (there: {there})"


def listed(values: Sequence[str]) -> str:
    """Ids for a sentence: ``formation or remedies``."""
    return " or ".join(dict.fromkeys(map(_short, values)))


def names(values: Iterable[Jurisdiction | Difficulty]) -> dict[str, list[str]]:
    """The names that people may use for each id."""
    return {each.id: [each.name] for each in values}


def _fold(text: str) -> str:
    """What stays of a name when case, spaces and dashes do not count."""
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())


def choose(
    axis: str,
    asked: Sequence[str],
    named: Callable[[], Mapping[str, list[str]]],
    where: Callable[[], str] = lambda: "",
) -> tuple[str, ...]:
    """The ids that were asked for, in the taxonomy's order; ``named`` gives all, with their names.

    Not called where nothing is asked for: a text of the user's has 100,000 topics. ``where`` says
    where the user wrote them (``--topic``).

    Raises:
        UsageError: one of them names nothing; what is allowed is listed, close matches first.
    """
    if not asked:
        return ()
    names = named()
    meanings: dict[str, list[str]] = {}
    for id_, others in names.items():
        for word in dict.fromkeys(map(_fold, [id_, *others])):
            meanings.setdefault(word, []).append(id_)
    chosen: set[str] = set()
    for value in asked:
        found = meanings.get(_fold(value))
        if found is None:
            said = f"{where()}: " if where() else ""
            raise UsageError(f"{said}{_unknown(axis, value, names, meanings)}")
        chosen.update(found)
    return tuple(id_ for id_ in names if id_ in chosen)


def _unknown(
    axis: str, value: str, names: Mapping[str, list[str]], meanings: Mapping[str, list[str]]
) -> str:
    """The sentence for a value that names nothing: what is allowed, close matches first."""
    from legalgen.errors.escaping import cut  # few values are mistaken

    close = close_matches(_fold(value), meanings, most=5)
    first = [_short(id_) for word in close for id_ in meanings[word]]
    allowed = list(dict.fromkeys([*first, *map(_short, names)]))
    in_tree = axis in ("practice area", "topic")
    shown = allowed[: len(dict.fromkeys(first)) + MOST_NAMED] if in_tree else allowed
    more = "" if len(shown) == len(allowed) else ", ...; `legalgen config taxonomy` lists all"
    hint = f" (did you mean {allowed[0]!r}?)" if first else ""
    return f"unknown {axis} {cut(value)!r}{hint}; allowed: {', '.join(shown)}{more}"


def _short(id_: str) -> str:
    """The last step of a path: what people type."""
    return id_.rpartition("/")[2]
