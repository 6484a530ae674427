"""From the structure of a text to chunks: cut along its divisions, join the small, split the large.

A unit (section, article, regulation, clause, numbered paragraph) is one chunk where it has between
40 and 900 words. What is longer is cut at the next level down, and where there is none between
lines, sentences or words; what is shorter is joined with its neighbour. Every character of the
text stands in exactly one chunk, but for white space.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from legalgen.sources.chunk import Chunk, Pinpoint, sha256_of
from legalgen.sources.outline import (
    ANCHORS,
    GROUPING,
    UNITS,
    Division,
    Outline,
    composed,
    deeper,
    label,
    shortened,
    walk,
)

LEAST_WORDS: Final = 40
MOST_WORDS: Final = 900
_SENTENCE_END: Final = re.compile(r"(?<=[.;:!?])\s+")


class _Piece(msgspec.Struct, gc=False):
    """Lines that belong together, with the places in them by line numbers."""

    lines: list[str]
    words: int
    pinpoints: list[str]
    """Of the outermost divisions in it, in order; empty for text that has no place."""
    slug: str
    heading: str
    path: tuple[str, ...]
    places: list[tuple[int, int, str]]
    """First line, line after the last, pinpoint."""
    leads: bool = False
    """It is what stands before the units of a division: their heading, not a place of its own."""


def chunks_of(
    outline: Outline, *, source: str, citation: str, jurisdiction: str, as_of: str | None
) -> Iterator[Chunk]:
    """The chunks of a text, in reading order; their ids repeat nowhere in it.

    The outline is used up as chunks are taken, and no more than some are there at a time: of a
    large file the text stands in memory once.
    """
    seen: Counter[str] = Counter()
    for piece in _Cutter(outline, jurisdiction).pieces():
        text, places = _laid_out(piece)
        if not text.strip():  # signs that nobody sees, and nothing else
            continue
        slug = piece.slug or "text"
        seen[slug] += 1
        ordinal = f"~{seen[slug]}" if seen[slug] > 1 else ""
        yield Chunk(
            id=f"{source}#{slug}{ordinal}",
            source=source,
            sha256=sha256_of(text),
            pinpoint=_span(piece.pinpoints),
            citation=citation,
            heading=piece.heading,
            path=piece.path,
            text=text,
            jurisdiction=jurisdiction,
            as_of=as_of,
            places=places,
        )


def _laid_out(piece: _Piece) -> tuple[str, tuple[Pinpoint, ...]]:
    """The text of a piece, and its places by characters."""
    lines = list(map(composed, piece.lines))
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    ends = [start - 1 for start in starts[1:]] + [at - 1]
    places = tuple(
        Pinpoint(starts[first], ends[after - 1], pinpoint)
        for first, after, pinpoint in piece.places
        if after > first and pinpoint
    )
    return "\n".join(lines), places


def _span(pinpoints: Sequence[str]) -> str:
    """The place of several divisions: from the first to the last of them."""
    named = [each for each in dict.fromkeys(pinpoints) if each]
    if len(named) < 2:
        return "".join(named)
    first, last = named[0], named[-1]
    shared = first.rpartition(", ")[0]
    return f"{first} to {last.removeprefix(f'{shared}, ')}" if shared else f"{first} to {last}"


class _Cutter:
    def __init__(self, outline: Outline, jurisdiction: str) -> None:
        self._outline = outline
        self._jurisdiction = jurisdiction
        self._units: Counter[tuple[str, str]] = Counter()
        walk(outline.body, self._count)

    def _count(self, division: Division) -> None:
        if division.level in UNITS and division.number:
            self._units[division.level, division.number] += 1

    def pieces(self) -> Iterator[_Piece]:
        return _joined(self._cut(self._outline.body, _Way()))

    def _cut(self, division: Division, way: _Way) -> Iterator[_Piece]:
        """The pieces of a division, those that are too small joined with their neighbours."""
        within = way.into(division, self._pinpoint(division, way))
        if not _holds_units(division):
            whole = self._whole(division, within)
            if whole.words <= MOST_WORDS:
                division.items = []
                return iter([whole] if whole.lines else [])
        return _joined(self._parts(division, within))

    def _parts(self, division: Division, within: _Way) -> Iterator[_Piece]:
        """The pieces of what stands in a division, which is taken out of it."""
        left: list[str | Division | None] = [None, *reversed(division.items)]
        division.items = []
        lines: list[str] = []
        while left:
            item = left.pop()
            if isinstance(item, str):
                lines.append(item)
                continue
            for piece in _of_lines(lines, within):
                piece.leads = item is not None
                yield piece
            lines = []
            if item is not None:
                yield from self._cut(item, within)

    def _pinpoint(self, division: Division, way: _Way) -> str:
        """How the division is cited; empty where nothing with a number leads to it."""
        if division.level == "note" and way.pinpoint:
            return f"{way.pinpoint} note"
        if not division.number:
            return way.pinpoint
        if division.level in UNITS and not way.unit:
            own = label(division, kind=self._outline.kind, jurisdiction=self._jurisdiction)
            return self._told_apart(division, way, own)
        return self._below(way.pinpoint, division)

    def _whole(self, division: Division, way: _Way) -> _Piece:
        """A division with all that is within it as one piece."""
        lines: list[str] = []
        places: list[tuple[int, int, str]] = []

        def lay(inner: Division, pinpoint: str) -> None:
            first = len(lines)
            numbers = Counter(each.number for each in inner.divisions())
            for item in inner.items:
                if isinstance(item, str):
                    lines.append(item)
                    continue
                # A number that comes twice names no place: what is there is cited by the one above.
                known = item.level == "note" or (item.number and numbers[item.number] == 1)
                lay(item, self._below(pinpoint, item) if known else pinpoint)
            if pinpoint and not (places and places[-1] == (first, len(lines), pinpoint)):
                places.append((first, len(lines), pinpoint))

        lay(division, way.pinpoint)
        words = sum(len(line.split()) for line in lines)
        return _piece(lines, words, way, places[::-1])

    def _below(self, pinpoint: str, division: Division) -> str:
        if division.level == "note":
            return pinpoint and f"{pinpoint} note"  # editors' words, not the section's
        if pinpoint and division.level not in GROUPING:
            return deeper(pinpoint, division)
        own = label(division, kind=self._outline.kind, jurisdiction=self._jurisdiction)
        return f"{pinpoint}, {own}" if pinpoint else own

    def _told_apart(self, division: Division, way: _Way, own: str) -> str:
        """A unit by its own number; with those above it where the number comes twice."""
        if division.number.startswith(f"{way.number}.") and way.number:
            return own  # "1.2" says the clause above it by itself
        if way.pinpoint and (
            ANCHORS & {*way.levels} or self._units[division.level, division.number] > 1
        ):
            return f"{way.pinpoint}, {own}"
        return own


class _Way(msgspec.Struct, frozen=True, gc=False):
    """The way down to a division: the places, slugs and headings above it."""

    pinpoint: str = ""
    slug: str = ""
    anchor: str = ""
    """The slug of the innermost division above whose number its units are always cited with."""
    headings: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    number: str = ""
    unit: bool = False
    """A unit was passed: what comes below is cited within it."""

    def into(self, division: Division, pinpoint: str) -> _Way:
        """The way one division further down."""
        begins = (division.level in UNITS or division.level in ANCHORS) and not self.unit
        above = self.anchor if begins else self.slug
        if self.number and division.number.startswith(f"{self.number}."):
            above = ""  # its number says that of the division above again
        slug = ".".join(filter(None, (above, _slug(division))))
        heading = shortened(division.heading)
        if not heading and division.level in GROUPING and division.number:
            heading = f"{division.level} {division.number}"
        return _Way(
            pinpoint,
            slug,
            slug if division.level in ANCHORS else self.anchor,
            (*self.headings, heading) if heading else self.headings,
            (*self.levels, division.level),
            division.number,
            self.unit or (division.level in UNITS and not _holds_units(division)),
        )


_SLUGS: Final = {
    "amendment": "amend", "annex": "annex", "appendix": "app", "article": "art", "chapter": "ch",
    "clause": "cl", "numbered": "para", "part": "pt", "recital": "rec", "regulation": "reg",
    "row": "row", "schedule": "sch", "section": "s", "title": "tit",
}  # fmt: skip


def _slug(division: Division) -> str:
    """A division in an id: ``"s5a"``, ``"2"``, ``"a"``; made of its number, else of its heading."""
    short = _SLUGS.get(division.level, division.level if division.level in GROUPING else "")
    if division.level in ("text", "group"):
        return ""
    if division.number:
        return short + re.sub(r"[^0-9a-zA-Z]+", "-", division.number).strip("-")
    words = re.findall(r"[0-9a-z]+", division.heading.casefold())[:6]
    return "-".join(words) or short


def _holds_units(division: Division) -> bool:
    """Whether units are anywhere within it."""
    waiting = list(division.divisions())
    if division.level == "heading" and waiting and any(d.level == "heading" for d in waiting):
        return True
    while waiting:
        inner = waiting.pop()
        if inner.level in UNITS:
            return True
        waiting.extend(inner.divisions())
    return False


def _of_lines(lines: Sequence[str], way: _Way) -> Iterator[_Piece]:
    """Lines without a division of their own, in pieces of at most 900 words."""
    kept: list[str] = []
    words = 0
    for line in _short_lines(lines):
        count = len(line.split())
        if kept and words + count > MOST_WORDS:
            yield _piece(kept, words, way, [(0, len(kept), way.pinpoint)])
            kept, words = [], 0
        kept.append(line)
        words += count
    if kept:
        yield _piece(kept, words, way, [(0, len(kept), way.pinpoint)])


def _piece(lines: list[str], words: int, way: _Way, places: list[tuple[int, int, str]]) -> _Piece:
    heading = way.headings[-1] if way.headings else ""
    return _Piece(lines, words, [way.pinpoint], way.slug, heading, way.headings[:-1], places)


def _short_lines(lines: Sequence[str]) -> Iterator[str]:
    """The lines; one of over 900 words is cut after sentences, else between words."""
    for line in lines:
        if len(line.split()) <= MOST_WORDS:
            yield line
            continue
        kept: list[str] = []
        for sentence in _SENTENCE_END.split(line):
            words = sentence.split()
            for begin in range(0, len(words), MOST_WORDS):
                part = words[begin : begin + MOST_WORDS]
                if kept and len(kept) + len(part) > MOST_WORDS:
                    yield " ".join(kept)
                    kept = []
                kept.extend(part)
        yield " ".join(kept)


def _joined(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Pieces of which none is under 40 words where a neighbour has room for it.

    A small piece goes to the one after it (a heading belongs to what it heads), the last one to
    the one before.
    """
    done: list[_Piece] = []
    for piece in pieces:
        before = done[-1] if done else None
        if before is not None and before.words < LEAST_WORDS and _fit(before, piece):
            done[-1] = _merged(before, piece)
            continue
        done.append(piece)
        if len(done) > 2:
            yield done.pop(0)
    if len(done) > 1 and done[-1].words < LEAST_WORDS and _fit(done[-2], done[-1]):
        last = done.pop()
        done[-1] = _merged(done[-1], last)
    yield from done


def _fit(first: _Piece, second: _Piece) -> bool:
    return first.words + second.words <= MOST_WORDS


def _merged(first: _Piece, second: _Piece) -> _Piece:
    shift = len(first.lines)
    main = second if first.words < LEAST_WORDS else first
    return _Piece(
        first.lines + second.lines,
        first.words + second.words,
        second.pinpoints if first.leads else first.pinpoints + second.pinpoints,
        main.slug,
        main.heading,
        main.path,
        first.places + [(a + shift, b + shift, pinpoint) for a, b, pinpoint in second.places],
        first.leads and second.leads,
    )
