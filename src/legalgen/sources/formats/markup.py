"""What is to be known of a kind of legal XML: which elements are structure, which are text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from legalgen.sources.outline import Division, LawKind, bare_number

INLINE: Final = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdo", "big", "cite", "code", "date", "def", "del", "dfn",
        "docdate", "docketnumber", "docnumber", "doctitle", "doctype", "documentref",
        "em", "entity", "event", "expanded", "fillin", "font", "i", "inline", "ins", "judge",
        "kbd", "lawyer", "location", "mark", "mref", "neutralcitation", "noteref", "object",
        "omissis", "organization", "party", "person", "placeholder", "process", "q", "quantity",
        "ref", "referencesto", "remark", "role", "rref", "s", "samp", "shorttitle", "small",
        "span", "strong", "sub", "sup", "term", "time", "tt", "u", "var", "wbr",
    }
)  # fmt: skip
"""Elements within a line, in small letters; every other element begins a line of its own."""


class Element(msgspec.Struct, gc=False):
    """An element: its name without namespace, the namespace, its attributes without theirs."""

    name: str
    namespace: str
    attributes: Mapping[str, str]
    opens: bool = False
    """It began a division."""

    @classmethod
    def of(cls, tag: str, attributes: Mapping[str, str]) -> Element:
        """From lxml's ``{namespace}name``."""
        namespace, _, name = tag.rpartition("}")
        bare = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        return cls(name, namespace.lstrip("{"), bare)


class Markup(msgspec.Struct, frozen=True):
    """One kind of legal XML; the names are those of its elements, without namespace.

    ``levels`` are elements that are divisions, and the level of each; ``numbers`` and ``headings``
    hold a division's number and heading; ``titles`` the title of the work; what is within
    ``skipped`` is no text of the law; within ``quoted`` the structure is another law's; ``asides``
    are notes inside a sentence, put after its line; ``cells`` stand beside each other in a line.
    """

    roots: frozenset[str] = frozenset()
    namespaces: tuple[str, ...] = ()
    levels: Mapping[str, str] = {}
    numbers: frozenset[str] = frozenset()
    headings: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    quoted: frozenset[str] = frozenset()
    asides: frozenset[str] = frozenset()
    inline: frozenset[str] = frozenset()
    cells: frozenset[str] = frozenset()
    number_attributes: tuple[str, ...] = ()
    heading_attributes: tuple[str, ...] = ()
    kinds: Mapping[str, LawKind] = {}
    """Elements that tell what sort of text it is."""
    kind: LawKind = "statute"
    jurisdiction: str | None = None

    def is_root(self, element: Element) -> bool:
        """Whether a file that begins so is of this kind."""
        within = any(each in element.namespace for each in self.namespaces)
        return within or element.name in self.roots

    def level_of(self, element: Element, _opened: Sequence[Division]) -> str | None:
        """The level of the division that an element begins within others; None: it begins none."""
        return self.levels.get(element.name)

    def number_in(self, element: Element) -> str:
        """The number that a division's attributes give."""
        values = map(element.attributes.get, self.number_attributes)
        return next((self.bare(value) for value in values if value and value.strip()), "")

    def heading_in(self, element: Element) -> str:
        """The heading that a division's attributes give."""
        values = map(element.attributes.get, self.heading_attributes)
        return next((value.strip() for value in values if value and value.strip()), "")

    def finish(self, body: Division) -> None:
        """What can only be told when the whole text was read."""

    def bare(self, number: str) -> str:
        """A number without words and punctuation around it."""
        return bare_number(number)


def names(text: str) -> frozenset[str]:
    """A set of names, written as one line."""
    return frozenset(text.split())
