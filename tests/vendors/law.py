"""The vocabulary of the good answers, from ``law.toml``: leading authorities and plain prose."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Authority:
    """``text`` as it is cited, ``name`` as prose refers to it, ``rule`` what it stands for."""

    text: str
    name: str
    rule: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One subject: what people ask about, the disputes, and its authorities, a statute first."""

    jurisdiction: str
    subject: str
    disputes: tuple[str, ...]
    authorities: tuple[Authority, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a jurisdiction's stories are furnished with."""

    suffixes: tuple[str, ...]
    places: tuple[str, ...]
    money: str


with (Path(__file__).parent / "law.toml").open("rb") as _file:
    _LAW = tomllib.load(_file)

FIRST_NAMES: tuple[str, ...] = tuple(_LAW["first_names"].split())
LAST_NAMES: tuple[str, ...] = tuple(_LAW["last_names"].split())
TRADES: tuple[str, ...] = tuple(_LAW["trades"].split())
MONTHS: tuple[str, ...] = tuple(_LAW["months"].split())
PROSE: dict[str, tuple[str, ...]] = {
    name: tuple(_LAW[name])
    for name in (
        "questions",
        "openings",
        "authorities",
        "body",
        "conduct",
        "closings",
        "steps",
        "turns",
    )
}
SETTINGS = {
    name: Setting(tuple(one["suffixes"]), tuple(one["places"].split()), one["money"])
    for name, one in _LAW["jurisdiction"].items()
}
TOPICS = tuple(
    Topic(
        one["jurisdiction"],
        one["subject"],
        tuple(one["dispute"]),
        tuple(Authority(*authority) for authority in one["authorities"]),
    )
    for one in _LAW["topic"]
)
