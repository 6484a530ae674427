"""The productions in order, what is surest first, and the reading of a text by them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace

from legalgen.law.citations import america, europe, legislation, treaties, us_states
from legalgen.law.citations.names import with_name
from legalgen.law.citations.numbered import STRONG, Productions, apply
from legalgen.law.citations.parsed import Parsed, Rule, normalise

NAMED: tuple[Rule, ...] = (
    legislation.ABBREVIATED, legislation.RULES_OF_COURT, legislation.INSTRUMENT,
    legislation.OLD_STATUTE, legislation.STATUTE, europe.GDPR, europe.BY_NAME, europe.BY_INITIALS,
    europe.TREATY_ARTICLE, europe.CHARTER, america.NAMED_CODE, america.STATE_CODE,
    america.NUMBERED, america.RULE, america.PUBLIC_LAW, america.RESTATEMENT, america.CONSTITUTION,
    legislation.IMMIGRATION_RULES, legislation.RULEBOOK, treaties.TREATY, legislation.WITHOUT_YEAR,
)  # fmt: skip
"""Productions that read a name."""
_ALL = Productions(STRONG + NAMED)
LONGEST = 2_000
"""Characters of a citation, or of a few in one text, that are looked at."""


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Parsed, ...]:
    """The citations in a text, in the order in which they stand in it.

    Meant for a citation as a model or an old file gives it: a short text, one authority or a few
    (``;`` separates them). Weak kinds are read only in a piece where nothing stronger stands.
    A bare case name, a section without its Act and guidance by name count as read. What stands
    behind ``LONGEST`` characters is not looked at: a model in a loop wrote it.
    """
    clean = normalise(text[:LONGEST])
    found: list[Parsed] = []
    for start, end in _pieces(clean):
        piece = _parse_piece(clean, start, end)
        if found and piece and _heard_together(found[-1], piece[0], clean):
            piece[0] = replace(piece[0], name=f"{found.pop().key}, {piece[0].name}")
        found += piece
    return tuple(found)


def find_all(text: str) -> tuple[Parsed, ...]:
    """Every citation of prose, where it stands; of parties and weak kinds nothing is read."""
    return tuple(apply(_ALL, normalise(text)))


def _heard_together(one: Parsed, other: Parsed, text: str) -> bool:
    """Whether a bare name stands before the next one's number, as of appeals with one judgment.

    ``R v Rimmington; R v Goldstein [2005] UKHL 63`` is one case, whose number stands at the end.
    """
    if one.kind != "case_name" or not other.kind.endswith("_neutral") or not other.name:
        return False
    return text[one.end : other.start].strip("; ").startswith(other.name)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for piece in text.split(";"):
        if piece.strip():
            yield start, start + len(piece)
        start += len(piece) + 1


def _parse_piece(text: str, start: int, end: int) -> list[Parsed]:
    piece = text[start:end]
    found = apply(_ALL, piece)
    found = [item for item in found if item.kind != "treaty"] or found
    found = found or _rare(piece)
    found = us_states.more(piece, found)
    found = _named(found, piece)
    if not found:
        found = _weak(piece)
    if start == 0:
        return found
    return [replace(item, start=item.start + start, end=item.end + start) for item in found]


def _named(found: list[Parsed], piece: str) -> list[Parsed]:
    """With the parties before each case; what was read of a party (``IRC v Vestey``) is no law."""
    named = [with_name(item, piece) if item.is_case else item for item in found]
    names = []
    for item in named:
        if item.is_case and item.name:
            start = piece.rfind(item.name, 0, item.start)
            names.append((start, start + len(item.name)))
    return [
        item
        for item in named
        if item.is_case
        or item.year is not None
        or item.pinpoint
        or not any(start <= item.start < end for start, end in names)
    ]


def _rare(piece: str) -> list[Parsed]:
    from legalgen.law.citations import rare  # few texts need it, and it takes time

    return apply(rare.RULES, piece)


def _weak(piece: str) -> list[Parsed]:
    from legalgen.law.citations.weak import weak  # few texts need it, and it takes time

    return weak(piece)
