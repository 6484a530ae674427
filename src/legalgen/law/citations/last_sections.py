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
    ``inserted`` are all sections with letters that it ever had, or had between the numbers of
    ``inserted_within``; None where nobody has listed them.
    """

    names: tuple[str, ...]
    last: int
    unit: str = "section"
    source: str = ""
    closed: bool = False
    inserted: tuple[str, ...] | None = None
    inserted_within: tuple[tuple[int, int], ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether nothing explains a number beyond the last one."""
        return self.closed or bool(self.source)

    def never_had(self, number: int, letters: str) -> bool:
        """Whether a section with letters, such as 3C, is none of those that were inserted."""
        if self.inserted is None or number > self.last or f"{number}{letters}" in self.inserted:
            return False
        within = self.inserted_within or ((1, self.last),)
        return any(first <= number <= last for first, last in within)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    act: list[Act]


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(_File)


@cache
def acts() -> tuple[Act, ...]:
    """The Acts whose last section is known, as the file lists them."""
    tables = compile_cache.table("legalgen.law.citations", "last_sections.toml")
    return tuple(msgspec.convert(tables, _File).act)
