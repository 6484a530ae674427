"""Enactments that are no longer in force, since when, and what took their place."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec


class Repealed(msgspec.Struct, frozen=True):
    """One of them: ``key`` is its name with the year, or its CELEX number; ``ended`` a month."""

    key: str
    ended: str
    by: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    act: list[Repealed]


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(_File)


@cache
def repealed() -> Mapping[str, Repealed]:
    """Those that are known, by their key."""
    text = resources.files(__package__).joinpath("repealed.toml").read_text(encoding="utf-8")
    acts = msgspec.convert(tomllib.loads(text), _File).act
    return {act.key: act for act in acts}
