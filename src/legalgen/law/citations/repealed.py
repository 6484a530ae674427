"""Enactments and cases that are no longer law, since when, and what took their place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from legalgen.settings import compile_cache


class Repealed(msgspec.Struct, frozen=True):
    """One of them: ``key`` is its name with the year, or its CELEX number; ``ended`` a month.

    Of a case ``key`` is its reference and ``name`` what it is called. Of ``numbers`` of an Act no
    more is in force than of the whole of another.
    """

    ended: str
    by: str
    key: str = ""
    name: str = ""
    act: str = ""
    numbers: tuple[str, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    act: list[Repealed]
    section: list[Repealed]
    case: list[Repealed]


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(_File)


@cache
def repealed() -> Mapping[str, Repealed]:
    """Those that are known: Acts and cases by their key, sections by ``Act s number``."""
    tables = compile_cache.table("legalgen.law.citations", "repealed.toml")
    file = msgspec.convert(tables, _File)
    sections = {f"{one.act} s {number}": one for one in file.section for number in one.numbers}
    return {one.key: one for one in (*file.act, *file.case)} | sections
