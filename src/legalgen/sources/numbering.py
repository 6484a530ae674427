"""The structure of a text that has only lines: found in the numbers that its lines begin with.

A number counts where it goes on from the one before it or begins a new row of them (``1``, ``a``,
``i``), so that a year or a sum at the beginning of a line is no section: a place that is given is
right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from legalgen.sources.outline import Division, LawKind, Outline, visible


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a text: a paragraph, a heading or an item of a list.

    ``heading`` is the depth of a heading, 1 the highest; 0: it is none. ``nesting`` is how deep a
    list item stands in others, 0 outside lists; ``number`` what the list gives it. The numbers of
    what is ``quoted`` are those of another text.
    """

    text: str
    heading: int = 0
    nesting: int = 0
    number: str = ""
    quoted: bool = False


_KEYWORDS: Final[Mapping[str, tuple[str, int]]] = {
    "schedule": ("schedule", 10), "annex": ("annex", 10), "appendix": ("appendix", 10),
    "exhibit": ("appendix", 10), "title": ("title", 11), "book": ("book", 11),
    "part": ("part", 12), "chapter": ("chapter", 13), "subchapter": ("subchapter", 14),
    "division": ("division", 14), "amendment": ("amendment", 14), "article": ("article", 20),
    "section": ("section", 21), "sec.": ("section", 21), "regulation": ("regulation", 21),
    "rule": ("rule", 21), "clause": ("clause", 21), "§": ("section", 21), "§§": ("section", 21),
}  # fmt: skip
_KEYWORD: Final = re.compile(
    r"((?a:schedule|annex|appendix|exhibit|title|book|part|chapter|subchapter|division|amendment|"
    r"article|section|sec\.|regulation|rule|clause|§§?))\s*"
    r"(\d+[A-Za-z]{0,3}(?:[.-]\d+[A-Za-z]?)*|[IVXLC]+|[A-Z])"
    r"(?:\u1d49\u02b3|[\u00ba\u1d52])?(?![A-Za-z0-9])\s*([.:\u2014\u2013-]*)\s*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_DECIMAL: Final = re.compile(r"(\d{1,3}[A-Z]{0,3}(?:\.\d{1,3}[A-Z]?)+)[.)]?\s+(?=\S)")
_DOTTED: Final = re.compile(
    r"(?:(\d{1,4}[A-Z]{0,3})[.)](?!\d)[\u2014\u2013-]?|\[(\d{1,4})\])\s*(?=\S)"
)
_BARE: Final = re.compile(r"(\d{1,4}[A-Z]{0,3})\s+(?=[A-Z][^.;:]{2,110}$|\(1\)\s)")
_BARE_SENTENCE: Final = re.compile(r"(\d{1,3})\s+(?=[A-Z])")
_ENCLOSED: Final = re.compile(r"\(([0-9]{1,3}[A-Z]?|[a-z]{1,5}|[A-Z]{1,5})\)\s*(?=\S)")
_LETTER: Final = re.compile(r"([a-z]|[ivx]{1,5})[.)]\s+(?=\S)")
_ROMAN: Final = re.compile(r"[ivxlc]+", re.IGNORECASE)
_ROMAN_VALUES: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_FREE_NUMBERS: Final = 21
"""The rank of numbers without a word before them; those within others rank below."""
_LONGEST_HEADING: Final = 16
"""Words."""
_MOST_SKIPPED: Final = 12
"""Numbers that may be missing between two of a row: what was repealed leaves a gap."""


_DEEPEST: Final = 64
"""Divisions within one another; what would stand deeper is text of the last."""


class _Mark(msgspec.Struct, frozen=True, gc=False):
    """How a line begins: its number, in which style, and what is left of the line."""

    style: str
    number: str
    level: str
    rank: int
    rest: str


class _Opened(msgspec.Struct, gc=False):
    division: Division
    style: str
    rank: float
    small: bool = False
    """What follows its number begins in small letters."""


def outline_of(lines: Iterable[Line], *, title: str = "") -> Outline:
    """The structure of a text from its lines."""
    listed = [line for line in lines if line.text.strip()]
    title = title or next((line.text for line in listed if line.heading == 1), "")
    kind = kind_of(title, [line.text for line in listed])
    nester = _Nester(kind)
    quoted = _quoted([line.text for line in listed])
    for at, line in enumerate(listed):
        nester.take(line, quoted=line.quoted or at in quoted)
    return Outline(nester.body, title, kind, characters=nester.characters)


_QUOTED_LINES: Final = 80
"""A quotation that is not closed within so many lines is a slip, and swallows nothing."""
_CLOSES: Final = re.compile(r"[\"\u201d][.;,)]*$")


def _quoted(lines: list[str]) -> set[int]:
    """The lines that go on with a quotation, such as of what an Act inserts into another."""
    found: set[int] = set()
    for begin, text in enumerate(lines):
        if begin in found:
            continue
        if _opens_quotation(text):
            closes = _CLOSES
        elif _opens_single(lines[max(0, begin - 1)], text):
            closes = _CLOSES_SINGLE
        else:
            continue
        following = range(begin + 1, min(len(lines), begin + _QUOTED_LINES))
        end = next((at for at in following if closes.search(lines[at].rstrip())), None)
        if end is not None:
            found.update(range(begin + 1, end + 1))
    return found


_CLOSES_SINGLE: Final = re.compile(r"['\u2019][.;,)]*$")
_OPENS_SINGLE: Final = re.compile(r"(?<![^\s\u2014\u2013(-])['\u2018](?=[\w(\[])")
_CLOSED_SINGLE: Final = re.compile(r"(?<=[\w.,;:)\]])['\u2019](?!\w)")
_AMENDS: Final = re.compile(
    r"\b(?:insert|substitut|replac|amend|add(?:ed|s|ing)?\b|follow|read(?:s|ing)?\b|omit)",
    re.IGNORECASE,
)


def _opens_quotation(text: str) -> bool:
    """Whether a quotation that begins in a line goes on after it."""
    return text.count("\u201c") > text.count("\u201d") or text.count('"') % 2 == 1


def _opens_single(before: str, text: str) -> bool:
    """Whether single marks open a quotation that goes on after a line.

    Such marks are apostrophes too: it is one where the line, or the one before it, tells of a text
    that is put into another, and the last mark that opens is not closed.
    """
    if "\u2018" not in text and "'" not in text:
        return False
    opened = [found.start() for found in _OPENS_SINGLE.finditer(text)]
    if not opened or not _AMENDS.search(f"{before[-200:]} {text[: opened[-1]]}"):
        return False
    return not _CLOSED_SINGLE.search(text, opened[-1] + 1)


def nested(items: Iterable[str | Division]) -> list[str | Division]:
    """The items of a division whose lines begin with enclosed numbers, as divisions within it."""
    nester = _Nester("statute")
    for item in items:
        if isinstance(item, Division):
            nester.opened[-1].division.items.append(item)
        else:
            nester.take_enclosed(item)
    return nester.body.items


_CONTRACT: Final = re.compile(
    r"\b(?:agreement|contract|terms (?:and|of|&)|deed|lease|licen[cs]e|addendum|policy|"
    r"order form|nda)\b",
    re.IGNORECASE,
)
_ACT: Final = re.compile(r"\bbe it enacted\b|\bact\s+(?:of\s+)?\d{4}\b|\ban act\b", re.IGNORECASE)
_INSTRUMENT: Final = re.compile(
    r"\b(?:statutory instrument|regulation|directive|regulations|order)\b.*\b\d{4}\b|^directive|"
    r"^regulation",
    re.IGNORECASE,
)
_JUDGMENT: Final = re.compile(
    r"\[\d{4}\]\s+(?:UK|EW|NI|CS|HC)[A-Z]*|\bneutral citation\b|\bv\.?\s+[A-Z]|\bjudgment\b|"
    r"\b(?:lord|lady) justice\b",
)


def kind_of(title: str, lines: Iterable[str]) -> LawKind:
    """What sort of text it is, by its title and its beginning."""
    head = "\n".join([title, *list(lines)[:12]])
    if _JUDGMENT.search(title) or _JUDGMENT.search(head[:1500]):
        return "judgment"
    if _ACT.search(title) or _ACT.search(head[:1500]):
        return "statute"
    if _INSTRUMENT.search(title):
        return "instrument"
    return "contract" if _CONTRACT.search(head[:1500]) else "text"


class _Nester:
    """Puts each line where its number, its heading or its place in lists says that it belongs."""

    def __init__(self, kind: LawKind) -> None:
        self.kind = kind
        self.body = Division("text")
        self.opened = [_Opened(self.body, "", -1)]
        self.characters = 0
        self.reciting = False
        """What comes is numbered as the reasons of an instrument are, until a word begins more."""

    def take(self, line: Line, *, quoted: bool = False) -> None:
        """Put the next line in its place; numbers in a quotation are those of another text."""
        self.characters += visible(line.text) + (len(line.number) + 1 if line.number else 0)
        if quoted:
            shown = f"{line.number}. {line.text}" if line.number else line.text
            self.opened[-1].division.items.append(shown)
        elif line.heading:
            self._head(line)
        elif line.nesting:
            self._list_item(line)
        elif not self._keyword(line.text, line.text):
            self._numbered(line.text)

    def take_enclosed(self, text: str) -> None:
        """Put a line in its place by an enclosed number alone."""
        mark = _enclosed(text)
        if mark is None or not self._enter(mark, text):
            self.opened[-1].division.items.append(text)

    def _head(self, line: Line) -> None:
        text = line.text.strip()
        if self._keyword(text, text):
            return
        # A heading may bear a number ("3. Fees"): then it is a clause, and those below go on.
        rank: float = 1 + line.heading
        mark = _decimal(text) or _dotted(text)
        if mark is None and self.kind in ("statute", "instrument"):
            mark = _bare(text)
        opened = Division("heading", "", text, [text])
        if mark is not None:
            opened = Division(self._counted(), mark.number, mark.rest, [text])
            rank = _FREE_NUMBERS + line.heading / 10  # whatever its depth, lists stand below it
        self._open(opened, f"heading{line.heading}", rank)

    def _keyword(self, text: str, whole: str) -> bool:
        found = _KEYWORD.match(text)
        if found is None:
            return False
        word, number, separator, rest = found.groups()
        if not separator and len(rest.split()) > 12:
            return False  # "Section 5 of the Act says that ..." is a sentence
        if not separator and rest and (rest[0].islower() or rest.rstrip().endswith(".")):
            return False
        level, rank = _KEYWORDS[word.casefold()]
        self.reciting = False
        heading = rest.strip() if len(rest.split()) <= _LONGEST_HEADING else ""
        self._open(Division(level, number, heading, [whole]), f"word:{level}", rank)
        return True

    def _numbered(self, text: str) -> None:
        for mark in (_decimal(text), _dotted(text), _bare(text), _enclosed(text), _lettered(text)):
            if mark is not None and not self._is_small(mark) and self._enter(mark, text):
                return
        mark = self._next_sentence(text)
        if mark is None or not self._enter(mark, text):
            self.reciting = self.reciting or text.casefold().strip(" :,") == "whereas"
            begun = self.opened[-1]
            begun.division.items.append(text)  # it goes on with what was begun
            if begun.style.startswith("word:") and _heads(text, begun.division):
                begun.division.heading = text

    def _next_sentence(self, text: str) -> _Mark | None:
        """A bare number before a whole sentence: only where it is exactly the next one."""
        found = _BARE_SENTENCE.match(text)
        if found is None:
            return None
        before = next((o.division.number for o in reversed(self.opened) if o.style == "bare"), "")
        follows = before.isdigit() and int(found[1]) == int(before) + 1
        return _Mark("bare", found[1], "", 0, text[found.end() :]) if follows else None

    def _list_item(self, line: Line) -> None:
        """An item of a list: within the item that the list stands in."""
        style = f"list{line.nesting}"
        rank = _FREE_NUMBERS + line.nesting
        if not line.number:
            while self.opened[-1].rank >= rank and self.opened[-1].style.startswith("list"):
                self.opened.pop()
            self.opened[-1].division.items.append(line.text)
            return
        above = next((o for o in reversed(self.opened) if o.rank < rank), self.opened[0])
        number = line.number
        below = self._within_unit() and self._counted() != "clause"
        if above.division.number and number.isdigit() and above.style.startswith("list"):
            number = number if below else f"{above.division.number}.{number}"
        level = self._counted() if number[0].isdigit() and not below else "paragraph"
        text = f"{line.number}. {line.text}"
        heading = _heading_of(line.text)
        self._open(Division(level, number, heading, [text]), style, rank)

    def _counted(self) -> str:
        """What a division with a bare number is, in a text of this sort."""
        return {"contract": "clause", "judgment": "numbered", "statute": "section",
                "instrument": "regulation"}.get(self.kind, "numbered")  # fmt: skip

    def _enter(self, mark: _Mark, text: str) -> bool:
        """Begin the division of a line's number, if that goes on from those before it.

        ``5.—(1) A person ...``: one line begins two divisions, or more.
        """
        entered = False
        while style := self._placed(mark):
            entered = True
            behind = self._push(mark, style, text)
            if behind is None:
                break
            mark, text = behind, mark.rest
        return entered

    def _placed(self, mark: _Mark) -> str:
        """The style in which a number goes on or begins a row, what it ends closed; empty: none."""
        for at in range(len(self.opened) - 1, 0, -1):
            opened = self.opened[at]
            for style in mark.style.split("|"):
                if opened.style == style and _follows(style, opened.division.number, mark.number):
                    del self.opened[at:]
                    return style
        extract = mark.style == "bare" and self.kind in ("statute", "instrument")
        style = "bare" if extract else _begins(mark)
        open_styles = {opened.style for opened in self.opened}
        if style and style in open_styles:
            if style == "dotted":
                return ""  # a second row of plain numbers is a list within the text
            while self.opened[-1].style != style:
                self.opened.pop()
            self.opened.pop()
        elif style in ("dotted", "decimal", "bare"):
            # Plain numbers stand below words and headings, never below enclosed ones.
            while self.opened[-1].style in ("enclosed:1", "enclosed:a", "enclosed:i", "letter:a"):
                self.opened.pop()
        return style

    def _is_small(self, mark: _Mark) -> bool:
        """Whether a line goes on in small letters where units begin with capitals.

        It is of a list within a unit, or was wrapped.
        """
        if mark.style != "dotted" or not mark.rest[:1].islower():
            return False
        row = next((each for each in self.opened if each.style == "dotted"), None)
        return row is not None and not row.small

    def _push(self, mark: _Mark, style: str, text: str) -> _Mark | None:
        """Begin a division with a line; a number that begins one right behind its own."""
        if len(self.opened) > _DEEPEST:
            self.opened[-1].division.items.append(text)
            return None
        level = mark.level or self._counted()
        if level in ("section", "regulation") and any(
            opened.division.level in ("schedule", "annex") for opened in self.opened
        ):
            level = "numbered"  # a paragraph of a schedule
        if (
            self._within_unit()
            and level in (self._counted(), "numbered")
            and style in ("dotted", "bare")
        ):
            level = "paragraph"
        if self.reciting and style == "enclosed:1" and len(self.opened) == 1:
            level = "recital"
        heading = _heading_of(mark.rest) if mark.level == "" else ""
        rank = max(self.opened[-1].rank + 0.01, _FREE_NUMBERS + 0.5)
        opened = Division(level, mark.number, heading, [])
        self.opened[-1].division.items.append(opened)
        self.opened.append(_Opened(opened, style, rank, mark.rest[:1].islower()))
        behind = _enclosed(mark.rest)
        if behind is None or not _begins(behind) or not text.endswith(mark.rest):
            opened.items.append(text)
            return None
        opened.items.append(text[: len(text) - len(mark.rest)].strip())
        return behind

    def _within_unit(self) -> bool:
        return any(o.division.level in ("article", "section", "regulation") for o in self.opened)

    def _open(self, division: Division, style: str, rank: float) -> None:
        """Begin a division below all that rank above it."""
        while self.opened[-1].rank >= rank:
            self.opened.pop()
        above = self.opened[-1].division.items
        if len(self.opened) > _DEEPEST:
            above.extend(division.items)
            return
        above.append(division)
        self.opened.append(_Opened(division, style, rank))


def _decimal(text: str) -> _Mark | None:
    found = _DECIMAL.match(text)
    return found and _Mark("decimal", found[1], "", 0, text[found.end() :])


def _dotted(text: str) -> _Mark | None:
    found = _DOTTED.match(text)
    return found and _Mark("dotted", found[1] or found[2], "", 0, text[found.end() :])


def _bare(text: str) -> _Mark | None:
    found = _BARE.match(text)
    return found and _Mark("bare", found[1], "", 0, text[found.end() :])


def _enclosed(text: str) -> _Mark | None:
    found = _ENCLOSED.match(text)
    if found is None:
        return None
    number = found[1]
    return _Mark(_style(number, "enclosed"), number, "paragraph", 0, text[found.end() :])


def _lettered(text: str) -> _Mark | None:
    found = _LETTER.match(text)
    if found is None:
        return None
    return _Mark(_style(found[1], "letter"), found[1], "paragraph", 0, text[found.end() :])


def _style(number: str, shape: str) -> str:
    """The styles that a number may be of: ``(i)`` is a letter or a roman number."""
    if number[0].isdigit():
        return f"{shape}:1"
    letter, roman = ("A", "I") if number.isupper() else ("a", "i")
    if not _ROMAN.fullmatch(number):
        return f"{shape}:{letter}"
    return f"{shape}:{letter}|{shape}:{roman}"


def _begins(mark: _Mark) -> str:
    """The style in which a number begins a row of them; empty where it cannot."""
    for style in reversed(mark.style.split("|")):  # roman first: "(i)" begins as one
        if style == "dotted":  # an extract may begin anywhere, but no section has a year's number
            return style if _counted_value(mark.number)[0] < 1000 else ""
        if style == "bare":
            return style if mark.number == "1" else ""
        if style == "decimal" or mark.number in ("1", "a", "A", "i", "I"):
            first = style[-1] not in "iIaA" or style[-1] == mark.number
            if style == "decimal" or first:
                return style
    return ""


def _follows(style: str, before: str, number: str) -> bool:
    """Whether a number goes on from the one before it in its row."""
    if style == "decimal":
        return _decimals(before) < _decimals(number)
    if style.endswith(("i", "I")):
        return 0 < _roman(number) - _roman(before) <= 3
    if style.endswith(("a", "A")):
        return _letters_follow(before, number)
    old, new = _counted_value(before), _counted_value(number)
    return old < new and new[0] - old[0] <= _MOST_SKIPPED


def _decimals(number: str) -> tuple[tuple[int, str], ...]:
    return tuple(_counted_value(each) for each in number.split("."))


def _counted_value(number: str) -> tuple[int, str]:
    digits = re.match(r"\d+", number)
    return (int(digits[0]), number[digits.end() :]) if digits else (0, number)


def _roman(number: str) -> int:
    values = [_ROMAN_VALUES.get(each, 0) for each in number.casefold()]
    after = [*values[1:], 0]
    return sum(-one if one < two else one for one, two in zip(values, after, strict=True))


def _letters_follow(before: str, number: str) -> bool:
    """``b`` after ``a``, ``aa`` after ``a`` or ``z``, ``ab`` after ``aa``; up to two left out."""
    if len(before) == len(number):
        same = before[:-1] == number[:-1]
        return same and 0 < ord(number[-1]) - ord(before[-1]) <= 3
    return (len(number) > len(before) and number.startswith(before)) or (
        len(number) < len(before) and 0 < ord(number[0]) - ord(before[0]) <= 2
    )


def _heads(text: str, division: Division) -> bool:
    """Whether a line is the heading of a division that stands above it by its number alone."""
    short = len(text.split()) <= _LONGEST_HEADING and text[:1].isupper()
    alone = len(division.items) == 2 and not division.heading
    return alone and short and not text.rstrip().endswith((".", ";", ",", ":"))


def _heading_of(text: str) -> str:
    """The heading that a numbered line begins with: ``"Access and Use."``; empty without one."""
    first, dot, _ = text.partition(".")
    if dot and 0 < len(first.split()) <= 8 and first[:1].isupper() and len(first) < 80:
        return first.strip()
    short = len(text.split()) <= 12 and not text.rstrip().endswith((".", ";", ","))
    return text.strip() if short and text[:1].isupper() else ""
