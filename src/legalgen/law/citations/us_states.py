"""US citations that our own grammar does not know, as eyecite reads them, where it is installed.

eyecite (the extra ``us``) knows the reporters and codes of every state. It is asked for little:
for pieces of which our grammar read nothing that could be looked up, or which it read as American
and left something over, and only where that looks like a volume and a page or a code and a section.

It is believed in less. What it calls unknown, journals and looseleaf services are left out, so is
every series that a British or Commonwealth court is reported in too (its ``ALR``, ``S.C.``), and
every abbreviation that it had to guess. What remains has the form of a citation, no more: it takes
the same road as any other, and what cannot exist is refused there.

Keys are those of our own grammar. Importing eyecite takes 0.2 s: it waits for the first such piece.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from legalgen.law.citations.america import state_key, state_work
from legalgen.law.citations.numbered import find_numbered
from legalgen.law.citations.parsed import Parsed

if TYPE_CHECKING:
    from eyecite.models import CitationBase, FullCaseCitation, FullLawCitation

_PLAUSIBLE = re.compile(
    r"\b\d{1,4}[ -](?![A-Z][a-z]+ (?:19|20)\d\d\b)"  # no date
    r"[A-Z][\w.&' ]{0,40}?[ -](?:\(\d{1,2} [A-Z]\w+\.?\) )?\d(?!\d*[./-]\d)"  # 45 Haw. 123
    r"|(?:\b(?:Code|Stat|Laws?|Reg|Ann|Comp)\b|\b[A-Z]\.)[^§]{0,20}§"  # Mo. Rev. Stat. § 407
)
_COURTS = frozenset(
    {"federal", "state", "state_regional", "neutral", "scotus_early"}
    | {"specialty_west", "specialty_lexis"}
)
"""Kinds of reporter, in eyecite's words, that report decisions of courts and nothing else."""
_BY_YEAR = frozenset({"neutral", "specialty_west", "specialty_lexis"})
_ABBREVIATED = re.compile(r"\.|[A-Z]{2}")
"""Not a plain word: ``12 Day 30`` need be no reporter. States (``15 Idaho 33``) are words, too."""
_SECTION = re.compile(r"\d[\w.:-]*")
_BEFORE_SECTION = re.compile(r"§|\b[Ss]ec")
_REGISTERS = {"FR": "Fed. Reg."}
_BRITISH = frozenset({"phil", "lawrep"})
"""Series that our grammar does not read: Phillips' Chancery reports, the Law Reports in full."""

_Find = Callable[[str], "Iterable[CitationBase]"]


def more(piece: str, read: list[Parsed]) -> list[Parsed]:
    """What was ``read`` of a piece, and what eyecite finds in the rest of it, in order."""
    if read and not any("us" in item.jurisdictions for item in read):
        return read
    rest = _unread(piece, read)
    find = _eyecite() if _PLAUSIBLE.search(rest) else None
    if find is None:
        return read
    return sorted([*read, *_trusted(find(rest))], key=lambda item: item.start)


@cache
def _eyecite() -> _Find | None:
    try:
        from eyecite import get_citations  # an extra, and heavy
    except ImportError:
        return None
    # It warns of citations that overlap; a log file is no place for what a model wrote.
    logging.getLogger("eyecite").setLevel(logging.CRITICAL)
    find: _Find = get_citations
    return find


def _unread(piece: str, read: Iterable[Parsed]) -> str:
    """The piece with ``;``, where citations end, in the place of what was read."""
    for item in read:
        piece = piece[: item.start] + ";" * (item.end - item.start) + piece[item.end :]
    return piece


def _trusted(found: Iterable[CitationBase]) -> Iterator[Parsed]:
    builders = {"FullCaseCitation": _case, "FullLawCitation": _law}
    for citation in found:
        build = builders.get(type(citation).__name__)
        parsed = build(citation) if build is not None else None
        if parsed is not None:
            yield parsed


# --- cases -----------------------------------------------------------------------------------


def _case(found: FullCaseCitation) -> Parsed | None:
    groups, reporter = found.groups, found.corrected_reporter()
    volume, page = groups.get("volume") or "", groups.get("page") or ""
    numbered = _is_number(volume, 4) and _is_number(page, 8)
    if not numbered or not _is_american(found, groups["reporter"], reporter):
        return None
    year = _year(found.metadata.year or (volume if _types(found) <= _BY_YEAR else None))
    name = _our_name(reporter)
    key = f"{int(volume)} {name} {page}"
    start, end = found.span()
    return Parsed(
        "us_reporter", key, start, end, year, ("us",), work=key, court=name,
        volume=int(volume), number=int(page),
    )  # fmt: skip


def _is_number(text: str, digits: int) -> bool:
    """Whether it is a number and no blank to be filled in later (``598 U.S. ___``)."""
    return text.isascii() and text.isdecimal() and len(text) <= digits


def _year(text: str | None) -> int | None:
    """The year, the first one of ``1993-94``."""
    return int(text[:4]) if text and text[:4].isdecimal() else None


def _types(found: FullCaseCitation) -> frozenset[str]:
    return frozenset(edition.reporter.cite_type for edition in found.all_editions)


def _is_american(found: FullCaseCitation, written: str, reporter: str) -> bool:
    """Whether only American courts are reported under what is written, and no guess was made."""
    guessed = _squash(written) != _squash(reporter)
    if guessed or not _types(found) <= _COURTS or _is_ours_elsewhere(written):
        return False
    names = {edition.reporter.name for edition in found.all_editions}
    return bool(_ABBREVIATED.search(written)) or f"{written} Reports" in names


def _is_ours_elsewhere(series: str) -> bool:
    return _squash(series) in _BRITISH or any(
        item.kind == "uk_report" for item in _known(f"[1990] 1 {series} 1")
    )


def _our_name(reporter: str) -> str:
    """The reporter as our own grammar writes it, where it knows it."""
    known = [item.court for item in _known(f"1 {reporter} 1") if item.kind == "us_reporter"]
    return known[0] if known else reporter


def _known(text: str) -> Iterator[Parsed]:
    """What our grammar reads, unless it guessed at a series that it does not know."""
    return (item for item in find_numbered(text) if item.jurisdictions)


def _squash(reporter: str) -> str:
    return re.sub(r"[\s.]", "", reporter).casefold()


# --- codes, session laws, registers ----------------------------------------------------------


def _law(found: FullLawCitation) -> Parsed | None:
    groups, reporter = found.groups, found.corrected_reporter()
    place = _SECTION.match(groups.get("section") or groups.get("page") or "")
    if place is None or reporter == "Pub. L.":
        return None  # of a public law eyecite takes what follows for its section
    number = place[0].rstrip(".:-")
    start, end = found.span()
    work, year = _work(found, reporter)
    return Parsed(
        "us_code", state_key(work, number), start, end, year, ("us",),
        name="" if work[0].isdigit() else work, work=work, pinpoint=f"s {number}",
    )  # fmt: skip


def _work(found: FullLawCitation, reporter: str) -> tuple[str, int | None]:
    """The code or volume, and the year of a session law."""
    groups = found.groups
    if reporter in {"U.S.C.", "C.F.R."}:
        return f"{int(groups.get('title') or groups.get('chapter') or 0)} {reporter}", None
    if groups.get("section"):
        # From the text: which of eyecite's patterns names the groups is chance in each process.
        return state_work(_BEFORE_SECTION.split(found.matched_text())[0]), None
    before, year = groups.get("volume") or groups.get("year") or "", groups.get("year")
    return f"{before} {_REGISTERS.get(reporter, reporter)}".strip(), _year(year)
