"""What passages name: the works that they are of, those that they cite, and the places of each.

An answer may name these and no others. A work is looked up by the grammar of citations, a place by
its first number (``172`` of ``s 172(1)``), and for the source's own places by what follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final

import msgspec

from legalgen.law.citations import (
    Parsed,
    abbreviations,
    called,
    case_names,
    find_all,
    leading_names,
    other_names,
    parse,
    same_case,
)
from legalgen.law.citations.parsed import normalise
from legalgen.law.taxonomy import Taxonomy
from legalgen.sources.passages import Passage
from legalgen.sources.quotations import Folded

_KINDS: Final[Mapping[str, str]] = {
    "s": "section", "ss": "section", "sec": "section", "secs": "section", "sect": "section",
    "section": "section", "sections": "section", "§": "section", "§§": "section",
    "clause": "clause", "clauses": "clause", "cl": "clause",
    "art": "article", "arts": "article", "article": "article", "articles": "article",
    "reg": "regulation", "regs": "regulation", "regulation": "regulation",
    "regulations": "regulation", "r": "rule", "rule": "rule", "rules": "rule",
    "part": "part", "pt": "part", "schedule": "schedule", "sch": "schedule",
    "chapter": "chapter", "ch": "chapter", "amend": "amendment", "amendment": "amendment",
    "para": "paragraph", "paras": "paragraph", "paragraph": "paragraph",
    "paragraphs": "paragraph", "recital": "recital", "recitals": "recital",
}  # fmt: skip
"""What words before a number say that it is of."""
_NUMBER: Final = (
    r"(?:\d+[A-Za-z]{0,3}(?![A-Za-z0-9/])(?:[.-]\d+[A-Za-z]?(?![A-Za-z0-9/]))*"
    r"|[IVXLC]+(?![A-Za-z]))"
)
_BELOW: Final = r"(?:\s?\([0-9A-Za-z]{1,5}\))*"
_JOIN: Final = r"\s?(?:[,;\u2013-]|\b(?:to|and|or)\b|&)(?:\s?(?:and|or)\b)?\s?"
_LONGEST_FIRST: Final = sorted(_KINDS, key=len, reverse=True)
_WORDS: Final = "|".join([each for each in _LONGEST_FIRST if "§" not in each])
_PLURALS: Final = "|".join([each for each in _LONGEST_FIRST if each.endswith("s") and each != "s"])
_PLACE: Final = re.compile(
    rf"(?:(?<![A-Za-z])(?P<many>(?a:{_PLURALS})|§§)\.?\s*(?P<list>{_NUMBER}{_BELOW}"
    rf"(?:{_JOIN}(?:{_NUMBER}{_BELOW}|\([0-9A-Za-z]{{1,5}}\){_BELOW}))*)"
    rf"|(?:(?<![A-Za-z])(?P<word>(?a:{_WORDS}))(?![A-Za-z])\.?|(?P<sign>§))\s*"
    rf"(?P<one>{_NUMBER}{_BELOW}))",
    re.IGNORECASE,
)
_IN_LIST: Final = re.compile(
    rf"(?P<to>-|\u2013|\bto\b)?\s*(?<!\()(?P<number>{_NUMBER})(?!\))(?P<below>{_BELOW})"
)
_ENCLOSED: Final = re.compile(r"\(([0-9A-Za-z]{1,5})\)")
_MARKED: Final = re.compile(r"\(([0-9A-Za-z]{1,5})\)|(?<![\w.])([0-9A-Za-z]{1,5})[.)](?=\s)")
_PRIVATE: Final = re.compile(
    r"\s?,?\s(?:of|to|in|under)\s(?:the\s|an?\s|their\s|his\s|her\s|its\s|that\s)?"
    r"(?:(?!the\s|this\s)[\w'&-]+\s){1,4}?"
    r"(?:agreement|articles|bylaws|contract|deed|handbook|lease|licen[cs]e|memorandum|policy|terms"
    r"|will)\b",
    re.IGNORECASE,
)
"""What follows a place of a paper that a question makes up: ``of the shareholders' agreement``."""
_LABEL: Final = re.compile(r"S[1-9](?!\d)")
_LED_BY: Final = re.compile(r"^(?:the|in|under|see|by|of|and|to|both|while|since|as)\s+")
_RUN: Final = re.compile(r"[\s,]*(?:(?:of|to|in)\s)?(?:the\s)?")
_PARAGRAPH: Final = re.compile(
    r"[\s,;:]{0,3}(?:(?:at|in)\s)?(?:(?:paras?\.?|paragraphs?)\s?\[?|\[)(\d{1,3})\b"
)
"""The numbered paragraph behind a case; four digits in brackets are a year."""
_ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip
_ROMAN: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_MOST_BETWEEN: Final = 500


class _Place(msgspec.Struct, frozen=True):
    """A place as prose names it: the sort of division, its number, the numbers below it."""

    kind: str
    number: str
    below: tuple[str, ...]
    start: int
    end: int
    upto: bool = False
    """It ends a range that the place before it begins."""


def _places(text: str) -> Iterator[_Place]:
    """Every place that a text names, in order."""
    for found in _PLACE.finditer(text):
        word = (found["many"] or found["word"] or found["sign"]).casefold()
        written = found["list"] or found["one"]
        if len(word) < 3 and word.isalpha() and not written[:1].isdigit():
            continue  # "s I" is none
        if _LABEL.fullmatch(found[0]):
            continue  # a passage
        for each in _IN_LIST.finditer(written):
            below = tuple(_ENCLOSED.findall(each["below"]))
            number, upto = _plain(each["number"]), bool(each["to"])
            yield _Place(_KINDS[word], number, below, found.start(), found.end(), upto)


def _plain(number: str) -> str:
    """A number in digits and small letters: ``IV`` is ``4``, ``172A`` is ``172a``."""
    if number and not set(number) - set(_ROMAN):
        values = [_ROMAN[each] for each in number]
        after = [*values[1:], 0]
        return str(sum(-a if a < b else a for a, b in zip(values, after, strict=True)))
    return number.casefold()


def _with_between(places: Sequence[_Place]) -> Iterator[str]:
    """The numbers of places, with those between the ends of a range."""
    before = ""
    for place in places:
        yield place.number
        if place.upto and before.isdigit() and place.number.isdigit():
            first, last = int(before), int(place.number)
            yield from map(str, range(first + 1, min(last, first + _MOST_BETWEEN)))
        before = place.number


class NamedWorks(msgspec.Struct, frozen=True):
    """What passages name.

    ``own`` are the works that they are of, ``kinds`` how their places are called, ``numbers`` the
    first numbers of their places and of those they refer to, ``below`` all numbers under these.
    ``others`` are the works that they cite, each with the places named of it. ``text`` is all of
    them, folded; ``names`` are cases.
    """

    own: frozenset[str]
    kinds: frozenset[str]
    numbers: frozenset[str]
    below: frozenset[str]
    others: Mapping[str, frozenset[str]]
    text: str
    titles: str
    names: tuple[str, ...]

    @property
    def amends(self) -> bool:
        """Whether they are amendments of a constitution, or speak of one."""
        return "amendment" in self.kinds or "amendment" in self.text

    def outside(self, text: str) -> Iterator[str]:
        """What a text names that the passages do not."""
        plain = normalise(text)
        items = find_all(text)
        places = list(_places(plain))
        taken: list[tuple[int, int]] = []
        for item in items:
            around = _places_of(item, places, plain)
            taken += [(item.start, item.end), *((p.start, p.end) for p in around)]
            if not self._holds(item, around, plain):
                yield _shown(plain, item, around)
        for start, end, name in case_names(plain):
            # "X v Y [2019] UKSC 41" is one authority, and looked up by its number.
            apart = not any(item.start <= end + 2 and start < item.end for item in items)
            if apart and not self._holds_case(name):
                yield name
        taken += [(start, end) for start, end, _ in case_names(plain)]
        for start, end in _short_names(plain):
            apart = not any(first < end and start < last for first, last in taken)
            if apart and not self._holds_short(plain[start:end]):
                yield plain[start:end]
        yield from self._outside_places(plain, places, taken)

    def _outside_places(
        self, plain: str, places: Sequence[_Place], taken: Sequence[tuple[int, int]]
    ) -> Iterator[str]:
        """Places of the passages' own works that they do not have."""
        for place in places:
            if place.kind not in self.kinds and not self._holds_of(place, plain):
                yield plain[place.start : place.end]
                continue
            apart = not any(start < place.end and place.start < end for start, end in taken)
            if place.kind not in self.kinds or not apart:
                continue
            if not _PRIVATE.match(plain, place.end) and not self._has(place):
                yield plain[place.start : place.end]

    def _holds_of(self, place: _Place, plain: str) -> bool:
        """Whether the passages have a place of a kind that their own places are not of.

        ``Schedule 3 to the Act`` of which sections are given, ``Rule 1 of the Rules of Procedure``.
        """
        if _OF_OWN.match(plain, place.end):
            return self._has(place)
        other = _OF_OTHER.match(plain, place.end)
        return other is None or Folded.of(other["title"]).text in self.text

    def _has(self, place: _Place) -> bool:
        """Whether the passages have a place of their own, or refer to it."""
        of_division = place.kind == "paragraph" and place.number in self.below
        if place.number not in self.numbers and not of_division:
            return False
        return all(each.casefold() in self.below for each in place.below)

    def _holds(self, item: Parsed, around: Sequence[_Place], text: str) -> bool:
        written = Folded.of(text[item.start : item.end]).text.strip(".,;: ")
        keys = _keys(item.work, item.key)
        numbers = [*around] or _pins(item)
        if ("const" in written and "constitution" in self.titles) or written.endswith(" amendment"):
            return self._holds_constitution(written, around)
        if keys & self.own or any(key in self.titles for key in keys):
            after = _PARAGRAPH.match(text, item.end)
            if item.is_case and after is not None:
                return after[1] in self.numbers or f"[{after[1]}]" in self.text
            return all(map(self._has, numbers))
        cited_at = [self.others[key] for key in keys if key in self.others]
        if not cited_at:
            return written in self.text and not numbers
        found = frozenset[str]().union(*cited_at)
        return item.is_case or all(place.number in found for place in numbers)

    def _holds_constitution(self, written: str, around: Sequence[_Place]) -> bool:
        ordinals = {str(at) for at, word in enumerate(_ORDINALS, 1) if word in written.split()}
        if ordinals:
            return ordinals <= self.numbers and self.amends
        known = self.numbers | self.below
        return all(
            place.number in (self.numbers if place.kind in ("article", "amendment") else known)
            for place in around
            if place.kind != "clause"
        )

    def _holds_short(self, name: str) -> bool:
        """Whether a passage has a short name, or the whole one that it stands for."""
        first = name.split(maxsplit=1)[0].strip("(") if not name.isupper() else name
        whole = other_names(name)
        return re.search(rf"\b{re.escape(first.casefold())}\b", self.text) is not None or any(
            Folded.of(each).text in self.text for each in whole
        )

    def _holds_case(self, name: str) -> bool:
        return Folded.of(name).text in self.text or any(
            same_case(name, each) for each in self.names
        )


_OF_OWN: Final = re.compile(
    r"\s(?:of|to|in)\s(?:the|this|that)\s(?:Act|Regulations?|Directive|Order|Rules|Code"
    r"|Constitution|Treaty|Convention)\b"
)
"""What follows a place of the work that the passages are of."""
_OF_OTHER: Final = re.compile(
    r"\s(?:of|to|in)\sthe\s(?P<title>(?:[A-Z][\w'-]+\s(?:(?:of|on|and|for)\s)?){1,6}?"
    r"(?:Rules|Procedure|Code|Ordinance|Convention|Treaty|Charter|Decree|Statute|Law))\b"
)
"""What follows a place of a work that the grammar does not know."""
_CAPITALS: Final = re.compile(r"\b[A-Z]{3,8}\b")
_CALLED_FOR_SHORT: Final = re.compile(
    r"(?<!Mr )(?<!Ms )(?<!Mrs )(?<!Dr )\b(?P<before>[A-Z][a-z]{4,})\s(?:test|rule|principle"
    r"|doctrine|deference|unreasonableness|reasonableness|warnings?|factors|exception)\b"
    r"|\b(?:decision|ruling|rule|principle|test|doctrine)\s(?:of|in|from)\s"
    r"(?P<after>[A-Z][a-z]{4,})\b|\b(?P<dated>[A-Z][a-z]{4,})\s[\[(](?:1[6-9]|20)\d\d[\])]"
)


def _short_names(text: str) -> Iterator[tuple[int, int]]:
    """Where laws are named by their initials, and leading cases by one party."""
    for found in _CAPITALS.finditer(text):
        if found[0] in abbreviations():
            yield found.span()
    for found in _CALLED_FOR_SHORT.finditer(text):
        which = next(name for name in ("before", "after", "dated") if found[name])
        if found[which] in _case_words():
            yield found.span(which)


@cache
def _case_words() -> frozenset[str]:
    """The words by which well-known cases are called for short."""
    return leading_names() | called(Taxonomy.builtin().authorities())


_UP_TO_WORK: Final = re.compile(
    r"[\s,]*(?:(?:of|to|in|under)\s)?(?:the\s)?(?:[\w().-]{1,12}\s){0,2}"
)
_AFTER_WORK: Final = re.compile(r"[\s,(]*(?:\(\w[\w ]{0,12}\)[\s,]*)?(?:(?:under|in|at)\s)?")


def _belongs(place: _Place, item: Parsed, text: str) -> bool:
    """Whether a place is one of a work: ``section 5 of the X Act``, ``the X Act, s 5``."""
    if item.start < place.end and place.start < item.end:
        return True
    if place.end <= item.start:
        return _UP_TO_WORK.fullmatch(text, place.end, item.start) is not None
    return place.start >= item.end and bool(_AFTER_WORK.fullmatch(text, item.end, place.start))


def _places_of(item: Parsed, places: Sequence[_Place], text: str) -> list[_Place]:
    """The places of a work, with those in a row with one (``para 3 of Sch 1 to the X Act``)."""
    runs: list[list[_Place]] = []
    for place in places:
        last = runs[-1][-1] if runs else None
        if last is not None and (
            last.start == place.start or _RUN.fullmatch(text, last.end, place.start)
        ):
            runs[-1].append(place)
        else:
            runs.append([place])
    title = (item.start, item.end) if not item.kind.startswith("us_") else (0, 0)
    return [
        place
        for run in runs
        if any(_belongs(each, item, text) for each in run)
        for place in run
        if not title[0] <= place.start < title[1]  # "Regulations 2012" is a title, no place
    ]


def _keys(*names: str) -> frozenset[str]:
    """Names of works as they are compared: without the words that lead to them."""
    folded_names = (Folded.of(name).text for name in names if name)
    return frozenset(_LED_BY.sub("", name) for name in folded_names)


def _pins(item: Parsed) -> list[_Place]:
    """The places that the grammar read with a work."""
    pin = item.pinpoint
    if not pin:
        return []
    found = list(_places(pin))
    if found:
        return found
    number = re.match(_NUMBER, pin)
    return [_Place("", _plain(number[0]), (), 0, 0)] if number else []


def _shown(text: str, item: Parsed, around: Sequence[_Place]) -> str:
    start = min([item.start, *(place.start for place in around)])
    end = max([item.end, *(place.end for place in around)])
    return text[start:end]


@lru_cache(maxsize=512)
def named_in(passages: tuple[Passage, ...]) -> NamedWorks:
    """What passages name."""
    own: set[str] = set()
    numbers: set[str] = set()
    below: set[str] = set()
    kinds: set[str] = set()
    others: dict[str, set[str]] = {}
    texts: list[str] = []
    titles: list[str] = []
    for passage in passages:
        chunk = passage.chunk
        for title in (chunk.citation, passage.title):
            titles.append(title)
            for item in (*find_all(title), *parse(title)):
                own |= _keys(item.work, item.key, item.name)
        pinpoints = [chunk.pinpoint, *(each.pinpoint for each in chunk.places)]
        for pinpoint in pinpoints:
            found = list(_places(pinpoint))
            kinds |= {each.kind for each in found}
            numbers |= set(_with_between(found)) | {*re.findall(r"\[(\w+)\]", pinpoint)}
            below |= {each.casefold() for each in re.findall(r"\w+", pinpoint)}
        texts += [*chunk.path, chunk.heading, chunk.text]
        for text in (*chunk.path, chunk.heading, chunk.text):
            plain = normalise(text)
            places = list(_places(plain))
            of_others = set()
            for item in find_all(text):
                around = _places_of(item, places, plain)
                of_others |= {(p.start, p.end) for p in around}
                for key in _keys(item.work, item.key, item.name):
                    others.setdefault(key, set()).update(_with_between(around or _pins(item)))
            mine = [p for p in places if (p.start, p.end) not in of_others]
            numbers |= set(_with_between(mine))
            below |= {each.casefold() for place in mine for each in place.below}
            below |= {(a or b).casefold() for a, b in _MARKED.findall(plain)}
    if "clause" in kinds:
        kinds.add("section")  # a contract's clauses are called sections too
    whole = "\n".join([*texts, *titles])
    return NamedWorks(
        frozenset(own),
        frozenset(kinds),
        frozenset(numbers),
        frozenset(below),
        {key: frozenset(found) for key, found in others.items()},
        Folded.of(whole).text,
        Folded.of("\n".join(titles)).text,
        tuple(name for text in (*texts, *titles) for _, _, name in case_names(normalise(text))),
    )
