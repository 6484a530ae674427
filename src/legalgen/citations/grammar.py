"""The productions in order, what is surest first, and the reading of a text by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from re import Match

from msgspec.structs import replace

from legalgen.citations import america, europe, legislation, reports, treaties
from legalgen.citations.names import with_name
from legalgen.citations.parsed import Parsed, Rule, normalise

STRONG: tuple[Rule, ...] = (
    reports.NEUTRAL, reports.UKEAT, reports.LAW_REPORTS, reports.REPORT, reports.SCOTS,
    europe.ECLI, europe.CASE, europe.NUMBERED, legislation.SI, europe.BARE_NUMBER,
    europe.APPLICATION, treaties.ICJ, treaties.WTO, treaties.ICSID, america.REPORTER, america.CODE,
    reports.OTHER_NEUTRAL, reports.UNKNOWN,
)  # fmt: skip
"""Productions with a number that can be checked; cheap enough to run over whole answers."""
TELLING = tuple(rule for rule in STRONG if rule is not america.CODE)
"""Those of which a citation may turn out to be impossible."""
NAMED: tuple[Rule, ...] = (
    legislation.ABBREVIATED, legislation.RULES_OF_COURT, legislation.INSTRUMENT,
    legislation.OLD_STATUTE, legislation.STATUTE, europe.GDPR, europe.BY_NAME, europe.BY_INITIALS,
    europe.TREATY_ARTICLE, europe.CHARTER, america.NAMED_CODE, america.STATE_CODE,
    america.NUMBERED, america.RULE, america.PUBLIC_LAW, america.RESTATEMENT, america.CONSTITUTION,
    legislation.IMMIGRATION_RULES, legislation.RULEBOOK, treaties.TREATY, legislation.WITHOUT_YEAR,
)  # fmt: skip
"""Productions that read a name."""
_ALL = STRONG + NAMED


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Parsed, ...]:
    """The citations in a text, in the order in which they stand in it.

    Meant for a citation as a model or an old file gives it: a short text, one authority or a few
    (``;`` separates them). Weak kinds are read only in a piece where nothing stronger stands.
    A bare case name, a section without its Act and guidance by name count as read.
    """
    clean = normalise(text)
    found: list[Parsed] = []
    for start, end in _pieces(clean):
        found += _parse_piece(clean, start, end)
    return tuple(found)


def find_numbered(text: str) -> tuple[Parsed, ...]:
    """The citations of prose that ``impossible`` can judge: cases, SIs and EU law by number.

    Cheaper than ``parse`` and without the kinds that prose resembles by accident.
    """
    clean = normalise(text)
    found = _apply(TELLING, clean)
    return tuple(with_name(item, clean, 0) if item.is_case else item for item in found)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for piece in text.split(";"):
        if piece.strip():
            yield start, start + len(piece)
        start += len(piece) + 1


def _parse_piece(text: str, start: int, end: int) -> list[Parsed]:
    from legalgen import us_citations  # it builds on what is defined here

    piece = text[start:end]
    found = _apply(_ALL, piece)
    found = [item for item in found if item.kind != "treaty"] or found
    found = found or _rare(piece)
    found = us_citations.more(piece, found)
    found = [with_name(item, piece, 0) if item.is_case else item for item in found]
    if not found:
        found = _weak(piece)
    if start == 0:
        return found
    return [replace(item, start=item.start + start, end=item.end + start) for item in found]


def _rare(piece: str) -> list[Parsed]:
    from legalgen.citations import rare  # few texts need it, and it takes time

    return _apply(rare.RULES, piece)


def _weak(piece: str) -> list[Parsed]:
    from legalgen.citations.weak import weak  # few texts need it, and it takes time

    return weak(piece)


def _apply(rules: Iterable[Rule], text: str) -> list[Parsed]:
    taken: list[Parsed] = []
    for rule in rules:
        for need in rule.needs:
            if need in text:
                break
        else:
            if rule.needs or (rule.hint is not None and rule.hint.search(text) is None):
                continue
        for match in rule.pattern.finditer(text):
            parsed = None if _overlaps(match, taken) else rule.build(match)
            if parsed is not None:
                taken.append(parsed)
    taken.sort(key=lambda item: item.start)
    return taken


def _overlaps(match: Match[str], taken: list[Parsed]) -> bool:
    return any(match.start() < item.end and item.start < match.end() for item in taken)
