"""The last section or article of the most cited Acts, with the page that shows it."""

from __future__ import annotations

from functools import cache

import msgspec

from legalgen.settings import compile_cache


class Act(msgspec.Struct, frozen=True, eq=False):
    """An Act, a treaty or a title of a code: its last section, and where that can be seen.

    ``names`` are all it is called by; ``unit`` is ``section``, ``article``, ``rule`` or
    ``regulation``. Without a
    ``source`` the number is believed but was not looked up; what is ``closed`` (a treaty, a
    regulation of the Union) is never longer than it was made, and its number is common knowledge.
    """

    names: tuple[str, ...]
    last: int
    unit: str = "section"
    source: str = ""
    closed: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether nothing explains a number beyond the last one."""
        return self.closed or bool(self.source)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    act: list[Act]


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(_File)


@cache
def acts() -> tuple[Act, ...]:
    """The Acts whose last section is known, as the file lists them."""
    tables = compile_cache.table("legalgen.law.citations", "last_sections.toml")
    return tuple(msgspec.convert(tables, _File).act)
