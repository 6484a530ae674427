"""Whether a quotation stands in a text: word by word, and nothing else decides.

Only what printing changes is folded away: typography, white space, spaces beside punctuation, and
case. ``...`` splits a quotation into parts that stand in the text one after another, and
``[T]he`` opens one in the middle of a sentence. A similar text words the advice; it never passes.

A quotation begins and ends where a word or a number does, with its sign, its currency, its unit and
the subsection that is written to it: ``5`` does not stand in ``-5``, ``\u00a35``, ``5%``, ``1.5``,
``5-10`` or ``s 5(1)``, nor ``000`` in ``1 000``. An ellipsis may leave out neither a negation of
the sentence that it shortens nor more than 100 words.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import msgspec

_FOLDED: Final[Mapping[str, str]] = {
    # Single and double marks are alike: quoted within a quotation, one becomes the other.
    **dict.fromkeys(
        '\u2018\u2019\u201a\u201b\u2032\u00b4`"\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb', "'"
    ),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    # What nobody sees: where words may part, which way letters run, how a letter is drawn.
    **dict.fromkeys("\u00ad\u061c\u180e\ufeff", ""),
    **dict.fromkeys(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F))), ""),
    **dict.fromkeys(map(chr, (*range(0x2060, 0x2070), *range(0xFE00, 0xFE10))), ""),
    "\u2026": "...",
}
_JOINTS: Final = "-'_.,/:"
_PARTING: Final = '\u2014\u2015\u201c\u201d\u201e\u201f"'
_SIGNS: Final = frozenset("-+\u00b1~")
_COMPARISONS: Final = frozenset("<>=\u2264\u2265\u2248")
_UNITS: Final = frozenset("%\u2030\u00b0")
_ELLIPSIS: Final = re.compile(
    r"\s*(?:[\[(]\s*(?:\.\s?){3,4}[\])]|(?:\.\s?){3,4}|\*(?:\s?\*){2,}|[\[(]\s*\u2026\s*[\])]|\u2026)\s*"
)
_OPENED: Final = re.compile(r"\[([^\W\d_])\]")
_TURNS: Final = re.compile(
    r"\b(?:not|no|never|neither|nor|none|cannot|without|unless|except|only|provided|save|other than"
    r"|subject to|\w+n['\u2019]t)\b",
    re.IGNORECASE,
)
_NEGATES: Final = re.compile(
    r"\b(?:(?<!whether or )not|no(?!\.)|never|neither|nor|none|nobody|nothing|cannot"
    r"|\w+n['\u2019]t)\b"
    # of a number, or of what is added beside: "not more than 5 days", "not being a trust"
    r"(?!\s+(?:more|less|fewer|later|earlier|sooner|exceeding|only|being|including|limited)\b)",
    re.IGNORECASE,
)
_SENTENCE_ENDS: Final = re.compile(r"[.!?][\"'\u2019\u201d)]*(?:\n|\s+(?=[A-Z(\[\"\u201c]))")
_BELOW: Final = re.compile(r"\([0-9a-z]{1,4}\)")
_SPACED_NUMBER: Final = re.compile(r"\d{3}(?!\d)|\d+/\d|[\u00bc-\u00be\u2150-\u215e]")
"""What goes on with the number before a space: thousands, a fraction."""
MOST_LEFT_OUT: Final = 100
"""Words that an ellipsis may stand for; what leaves out more is two quotations."""
_BEGINS: Final = re.compile(r"(?:[,;: ]|\.(?!\d))+")
_ENDS: Final = re.compile(r"[.,;: ]+$")
"""Punctuation around a part, which a sentence of one's own may change; not that of ``.5``."""
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[.,:/](?=\d)")
_NUMBER_ALONE: Final = re.compile(r"\s*[0-9]{1,4}[A-Z]{0,3}(?:\([0-9a-z]{1,4}\))*")
_TURN_BEFORE: Final = re.compile(
    r"\b(?:not|no|never|nor|neither|unless|except|without)\s+$", re.IGNORECASE
)
_MOST_BEGINNINGS: Final = 20
"""Places where a quotation with an ellipsis is tried, until its parts leave out nothing amiss."""
LEAST_WORDS: Final = 5
"""A quotation of fewer proves nothing."""
_MOST_COMPARED: Final = 200
"""Words of a quotation that advice looks at: one word said thousands of times takes seconds."""


class Folded(msgspec.Struct, frozen=True):
    """A text as quotations are compared; ``origins[i]`` is where its character i was in ``plain``.

    ``gaps`` are the places before which white space was left out; ``parting`` those of marks that
    part words whatever stands beside them, such as long dashes. Other marks without a gap, like
    hyphens and apostrophes, join letters to one word and digits to one number.
    """

    text: str
    origins: tuple[int, ...]
    gaps: frozenset[int] = frozenset()
    parting: frozenset[int] = frozenset()
    plain: str = ""

    @classmethod
    def of(cls, text: str) -> Folded:
        """Fold a text."""
        folded: list[str] = []
        origins: list[int] = []
        for at, character in enumerate(text):
            for each in _folded(character):
                if each == " " and (not folded or folded[-1] == " "):
                    continue
                folded.append(each)
                origins.append(at)
        kept = _without_loose_spaces(folded)
        places = tuple(origins[at] for at in kept)
        return cls(
            "".join(folded[at] for at in kept),
            places,
            frozenset(at for at, (one, two) in enumerate(pairwise(kept), 1) if two > one + 1),
            frozenset(at for at, origin in enumerate(places) if text[origin] in _PARTING),
            text,
        )

    def is_loose(self, at: int) -> bool:
        """Whether a mark parts what stands beside it."""
        return at in self.gaps or at + 1 in self.gaps or at in self.parting


def _folded(character: str) -> str:
    if (plain := _FOLDED.get(character)) is not None:
        return plain
    if character.isspace():
        return " "
    if character.isascii():
        return character.lower()
    if unicodedata.category(character) == "No":
        return character  # "10\u00b2" is not 102, nor "1\u00bd" 11/2
    return " ".join(unicodedata.normalize("NFKC", character).casefold().split())


def _without_loose_spaces(folded: Sequence[str]) -> list[int]:
    """The characters but for spaces beside punctuation, which printing adds and leaves out."""
    last = len(folded) - 1
    return [
        at
        for at, character in enumerate(folded)
        if character != " "
        or (0 < at < last and folded[at - 1].isalnum() and folded[at + 1].isalnum())
    ]


class Found(msgspec.Struct, frozen=True):
    """Where a quotation stands: characters ``start`` up to ``end`` of the text, ellipses within.

    ``fault`` is what an ellipsis leaves out that it may not, in words. ``turns``: what it leaves
    out, or what stands right before the quotation, holds a word that may turn the sense (not,
    unless, except), or halves of two sentences are joined.
    """

    start: int
    end: int
    turns: bool = False
    fault: str = ""


@lru_cache(maxsize=512)
def folded(text: str) -> Folded:
    """A passage as quotations are compared with it; many are looked up in the same one."""
    return Folded.of(text)


def parts_of(quote: str) -> list[str]:
    """The parts of a quotation, between its ellipses; marks of quotation around it are no part."""
    # Its blanks folded: of a long run the expression would look at the rest from each.
    stripped = " ".join(quote.split()).strip("\"'\u2018\u2019\u201c\u201d\u00ab\u00bb ")
    opened = _OPENED.sub(r"\1", stripped)
    return [part for part in _ELLIPSIS.split(opened) if any(map(str.isalnum, part))]


def words_in(quote: str) -> int:
    """How many words a quotation has, ellipses not counted."""
    return sum(len(part.split()) for part in parts_of(quote))


def can_be_quoted(text: str) -> bool:
    """Whether a text is long enough that a quotation can be taken from it."""
    return words_in(text) >= LEAST_WORDS


def find(quote: str, text: Folded) -> Found | None:
    """Where a quotation stands in a text; None: it does not."""
    parts = [_trimmed(Folded.of(part)) for part in parts_of(_composed(quote))]
    parts = [part for part in parts if part.text]
    if not parts:
        return None
    found: Found | None = None
    begin = 0
    for _ in range(_MOST_BEGINNINGS):
        placed = _in_order(parts, text, begin)
        if placed is None:
            break
        now = _found(placed, text)
        found = found or now
        if not now.fault:
            return now
        begin = placed[0][0] + 1
    return found


def _composed(quote: str) -> str:
    """Each accent in its letter, as in chunks."""
    return quote if quote.isascii() else unicodedata.normalize("NFC", quote)


def _trimmed(part: Folded) -> Folded:
    """A part without the punctuation around it."""
    first, last = 0, len(part.text)
    if begins := _BEGINS.match(part.text):
        first = begins.end()
    if ends := _ENDS.search(part.text, first):
        last = ends.start()
    gaps = frozenset(at - first for at in part.gaps if first < at < last)
    return Folded(part.text[first:last], part.origins[first:last], gaps)


def _in_order(
    parts: Sequence[Folded], text: Folded, begin: int
) -> Sequence[tuple[int, int]] | None:
    """The first places from ``begin`` on where the parts stand one after another."""
    placed: list[tuple[int, int]] = []
    for part in parts:
        at = _standing(part, text, begin)
        if at < 0:
            return None
        begin = at + len(part.text)
        placed.append((at, begin))
    return placed


def _found(placed: Sequence[tuple[int, int]], text: Folded) -> Found:
    start, end = text.origins[placed[0][0]], text.origins[placed[-1][1] - 1] + 1
    turns, fault = _TURN_BEFORE.search(text.plain, max(0, start - 24), start) is not None, ""
    for (_, before), (after, _) in pairwise(placed):
        left_out = text.plain[text.origins[before - 1] + 1 : text.origins[after] + 1]
        pieces = _SENTENCE_ENDS.split(left_out)  # with the letter that may begin a sentence
        left_out, pieces[-1] = left_out[:-1], pieces[-1][:-1]
        shortened = [pieces[0], *pieces[-1:]]  # of the sentences that are quoted on either side
        if negation := next(filter(None, map(_NEGATES.search, shortened)), None):
            fault = fault or f'leaves out "{negation[0]}"'
        elif len(left_out.split()) > MOST_LEFT_OUT:
            fault = fault or f"leaves out more than {MOST_LEFT_OUT} words by one ellipsis"
        joins_halves = len(pieces) > 1 and pieces[0].strip() and pieces[-1].strip()
        turns = turns or bool(joins_halves) or _TURNS.search(left_out) is not None
    return Found(start, end, turns, fault)


def _standing(part: Folded, text: Folded, begin: int) -> int:
    """Where the words stand from ``begin`` on, as whole words and whole numbers; -1: nowhere."""
    at = text.text.find(part.text, begin)
    while at >= 0 and (
        _cut(text, at, begins=True)
        or _cut(text, at + len(part.text), begins=False)
        or _numbers_differ(part, text, at)
    ):
        at = text.text.find(part.text, at + 1)
    return at


def _numbers_differ(part: Folded, text: Folded, at: int) -> bool:
    """Whether digits stand on both sides of a mark in one number here, in two numbers there."""
    return any(
        (begin in part.gaps, begin + 1 in part.gaps)
        != (at + begin in text.gaps, at + begin + 1 in text.gaps)
        for begin in (joint.start() for joint in _BETWEEN_DIGITS.finditer(part.text))
    )


def _cut(text: Folded, at: int, *, begins: bool) -> bool:
    """Whether characters ``at - 1`` and ``at`` belong to one word, number or reference.

    ``non-`` belongs to the word after it, ``1.`` to ``1.5``, ``5-`` to ``5-10``, ``$`` to ``$5``.
    """
    if at < 1 or at >= len(text.text):
        return False
    before, after = text.text[at - 1], text.text[at]
    if before.isalnum() and after.isalnum():
        return True
    if before == " ":
        return text.text[at - 2].isdigit() and bool(_SPACED_NUMBER.match(text.text, at))
    if after == " ":
        return before.isdigit() and bool(_SPACED_NUMBER.match(text.text, at + 1))
    joint, left, right = (at - 1, at - 2, at) if after.isalnum() else (at, at - 1, at + 1)
    if left >= 0 and right < len(text.text) and _joins(text, left, joint, right):
        return True
    return _of_number(text, at) or _of_reference(text, at, begins=begins)


def _joins(text: Folded, left: int, joint: int, right: int) -> bool:
    """Whether a mark joins the characters beside it."""
    mark, sides = text.text[joint], text.text[left] + text.text[right]
    if not sides.isalnum():
        return False
    if sides.isdigit() and mark == "-":
        return True  # a range, also "5 - 10"
    if text.is_loose(joint):
        return False
    if mark == "." and sides.isalpha():  # "U.S.", but no full stop without its space
        return left == 0 or not text.text[left - 1].isalnum()
    return mark in "-'_/&" or (sides.isdigit() and mark in _JOINTS)


def _of_number(text: Folded, at: int) -> bool:
    """Whether a sign, a currency or a unit stands on one side and its number on the other."""
    before, after = text.text[at - 1], text.text[at]
    glued = at not in text.gaps
    if after.isdigit() or (after == "." and text.text[at + 1 : at + 2].isdigit()):
        if before in _COMPARISONS:
            return True
        if before in _SIGNS:
            return glued and at - 1 not in text.parting
        return glued and unicodedata.category(before) == "Sc"
    if before in _SIGNS and unicodedata.category(after) == "Sc":
        return glued and at - 1 not in text.parting  # "-\u00a35"
    if before.isdigit():
        return after in _UNITS or (glued and unicodedata.category(after) == "Sc")
    return False


def _of_reference(text: Folded, at: int, *, begins: bool) -> bool:
    """Whether what is enclosed belongs to what stands before it: ``s 5(1)``, ``person(s)``."""
    opening = at - 1 if text.text[at - 1] == "(" else at
    if text.text[at : at + 2] == ")(" and at + 1 not in text.gaps:
        return True  # "(a" of "(a)(7)"
    if text.text[at] == ")":  # "5(1": its end is missing
        opening = text.text.rfind("(", max(0, at - 5), at)
    if opening < 1 or opening in text.gaps or not _BELOW.match(text.text, opening):
        return False
    before = text.text[opening - 1]
    if not (before.isalnum() or before == ")"):
        return False
    # "5(1) A person ..." at the beginning of a line is the number of what follows.
    head = text.plain[: text.origins[opening]].rpartition("\n")[2]
    return not (begins and _NUMBER_ALONE.fullmatch(head))


def nearest(quote: str, text: str) -> tuple[float, str]:
    """How like a quotation the passage is that is most like it, 0 to 1, and that; for advice."""
    wanted = " ".join(parts_of(quote)).split()[:_MOST_COMPARED]
    words = text.split()
    if not wanted or not words:
        return 0.0, ""
    plain = [_bare(each) for each in words]
    sought = [_bare(each) for each in wanted]
    block = difflib.SequenceMatcher(None, plain, sought, autojunk=False).find_longest_match()
    begin = max(0, block.a - block.b)
    window = slice(begin, begin + len(sought))
    like = difflib.SequenceMatcher(None, plain[window], sought, autojunk=False).ratio()
    return like, " ".join(words[window])


def _bare(word: str) -> str:
    return word.casefold().strip(".,;:()\"'\u201c\u201d\u2018\u2019")
