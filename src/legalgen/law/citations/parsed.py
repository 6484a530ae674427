"""A citation as it was read, and a production of the grammar that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from re import Match, Pattern
from string import ascii_lowercase, whitespace

import msgspec

_SAME_LENGTH: Mapping[str, str] = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\u00ad", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t\r\n", " "),
    **dict.fromkeys("\u2018\u2019\u201b\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
}
"""Typography that stands in the way of the grammar; one character each, so that places stay."""

CASE_KINDS = frozenset(
    {"uk_neutral", "other_neutral", "uk_report", "eu_case", "ecli", "echr_case", "us_reporter"}
    | {"icj_report", "itlos_case", "wto_report", "icsid_case", "docket"}
)
"""Kinds that cite one decision of a court, by a number that names no other."""
LEGISLATION_KINDS = frozenset(
    {"statute", "uk_si", "instrument", "eu_legislation", "eu_treaty", "us_code", "us_constitution"}
)
"""Kinds that cite law made by a legislature or under its power."""
WEAK_KINDS = frozenset({"guidance", "section", "case_name", "treaty"})
"""Kinds that are a name or a bare section, with nothing in them that could be looked up."""
NAMED_KINDS = frozenset({"guidance", "section", "case_name"})
"""Kinds that nobody could look up: a document or a case by its name alone, a section of no Act."""


class Parsed(msgspec.Struct, frozen=True):
    """One citation found in a text.

    ``start`` and ``end`` are offsets into the text that was parsed. ``work`` is the key without
    the pinpoint (the Act without the section). ``year`` is the year of the citation, or None.
    ``jurisdictions`` are taxonomy ids (``uk``, ``us``, ``eu``, ``international``) or ``other``;
    empty where the words do not say. ``name`` is the parties or the Act, ``court`` the court or
    series, ``number`` the running number, page or case number, ``volume`` the volume.
    """

    kind: str
    key: str
    start: int
    end: int
    year: int | None = None
    jurisdictions: tuple[str, ...] = ()
    name: str = ""
    work: str = ""
    pinpoint: str = ""
    court: str = ""
    volume: int | None = None
    number: int | None = None

    @property
    def is_case(self) -> bool:
        """Whether one decision of a court is meant."""
        return self.kind in CASE_KINDS

    @property
    def strong(self) -> bool:
        """Whether it could be looked up: more than a name or a bare section."""
        return self.kind not in WEAK_KINDS


Build = Callable[[Match[str]], Parsed | None]


_ASCII = bytes(range(128))
_NOT_BARE = f"{ascii_lowercase}{whitespace}".encode()


def bare(text: str) -> str:
    """The text without small letters and white space (those of ASCII): a tenth of prose.

    A substring that has none of them is looked for here in a tenth of the time. It may be found
    here and not be in the text, never the reverse.
    """
    kept = text.encode("utf-8", "surrogatepass").translate(None, _NOT_BARE)
    return kept.decode("utf-8", "surrogatepass")


class Rule(msgspec.Struct, frozen=True):
    """One production, and what has to be in a text for it to match: it is run only then.

    ``needs`` are substrings of which one is there, ``hints`` cheaper patterns that all match,
    ``bare_hints`` such that match what ``bare`` leaves of the text. A hint that several
    productions share is looked for once in a text.
    """

    pattern: Pattern[str]
    build: Build
    needs: tuple[str, ...] = ()
    hints: tuple[Pattern[str], ...] = ()
    bare_hints: tuple[Pattern[str], ...] = ()


def parsed_at(
    m: Match[str],
    kind: str,
    key: str,
    year: int | None = None,
    jurisdictions: tuple[str, ...] = (),
    **more: object,
) -> Parsed:
    """The citation that a match is; without ``work`` it has no pinpoint."""
    more.setdefault("work", key)
    return Parsed(kind, key, m.start(), m.end(), year, jurisdictions, **more)  # type: ignore[arg-type] # the builders' own keywords, each typed at its field


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


PARTING = " ] "
"""Stands between texts that are read as one: no citation and no name reaches across it."""


_FOLDED_LATER: Mapping[str, str] = {"\u017f": "s", "\u0130": "i", "\u0131": "i"}
"""Letters that ``re.I`` takes for English ones, and ``str.lower`` does not."""


def folded(text: str) -> str:
    """The text in small letters, each in its place: what ``re.I`` takes for one letter is one.

    A pattern of small letters is looked for here in a third of the time that it takes with
    ``re.I``: of that, ``re`` compares each letter by its cases, and skips none.
    """
    if text.isascii():
        return text.lower()
    raw = text.encode("utf-8", "surrogatepass")
    odd = raw.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    if odd == odd.lower() and _FOLDED_LATER.keys().isdisjoint(odd):
        return raw.lower().decode("utf-8", "surrogatepass")  # ASCII, in a third of the time
    for letter, small in _FOLDED_LATER.items():
        text = text.replace(letter, small)
    return text.lower()


def normalise(text: str) -> str:
    """The text with one kind of hyphen, space and quote; its length does not change."""
    if text.isascii():
        return text
    for odd, plain in _SAME_LENGTH.items():
        if odd in text:
            text = text.replace(odd, plain)
    return text
