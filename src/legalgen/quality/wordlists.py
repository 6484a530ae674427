"""The word lists of the gate and names of places, read from ``words.toml`` once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import msgspec


@cache
def _lists() -> dict[str, str | list[str]]:
    text = resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, str | list[str]])


def word_list(*names: str) -> frozenset[str]:
    """The words of the lists of these names.

    Raises:
        KeyError: there is no such list.
    """
    found = [_lists()[name] for name in names]
    return frozenset(word for text in found if isinstance(text, str) for word in text.split())


def phrases(name: str) -> tuple[str, ...]:
    """The phrases of a list, in its order.

    Raises:
        KeyError: there is no such list.
    """
    found = _lists()[name]
    return tuple(found) if isinstance(found, list) else (found,)


def alternatives(name: str) -> str:
    """The phrases of a list as alternatives of a regular expression; each is a pattern."""
    return "|".join(phrases(name))
