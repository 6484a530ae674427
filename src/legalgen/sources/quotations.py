"""Whether a quotation stands in a text: word by word, and nothing else decides.

Only what printing changes is folded away: typography, white space, spaces beside punctuation, and
case. ``...`` splits a quotation into parts that stand in the text one after another, and
``[T]he`` opens one in the middle of a sentence. A similar text words the advice; it never passes.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

_FOLDED: Final[Mapping[str, str]] = {
    # Single and double marks are alike: quoted within a quotation, one becomes the other.
    **dict.fromkeys(
        '\u2018\u2019\u201a\u201b\u2032\u00b4`"\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb', "'"
    ),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
    "\u2026": "...",
}
_JOINTS: Final = "-'_.,/:"
_PARTING: Final = '\u2014\u2015\u201c\u201d\u201e\u201f"'
_ELLIPSIS: Final = re.compile(
    r"\s*(?:[\[(]\s*(?:\.\s?){3,4}[\])]|(?:\.\s?){3,4}|\*(?:\s?\*){2,}|[\[(]\s*\u2026\s*[\])]|\u2026)\s*"
)
_OPENED: Final = re.compile(r"\[([^\W\d_])\]")
_TURNS: Final = re.compile(r"\b(?:not|no|never|neither|nor|without|unless|except|only)\b")
_EDGES: Final = re.compile(r"^(?:[,;: ]|\.(?!\d))+|[.,;: ]+$")
"""Punctuation around a part, which a sentence of one's own may change; not that of ``.5``."""
LEAST_WORDS: Final = 5
"""A quotation of fewer proves nothing."""
_MOST_COMPARED: Final = 200
"""Words of a quotation that advice looks at: one word said thousands of times takes seconds."""


class Folded(msgspec.Struct, frozen=True):
    """A text as quotations are compared; ``origins[i]`` is where its character i stood.

    ``loose`` are the places of marks that part words, such as dashes; the others, like hyphens and
    apostrophes, join letters to one word and digits to one number.
    """

    text: str
    origins: tuple[int, ...]
    loose: frozenset[int] = frozenset()

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
        plain = "".join(folded[at] for at in kept)
        places = tuple(origins[at] for at in kept)
        loose = {
            at
            for at, origin in enumerate(places)
            if plain[at] in _JOINTS and (text[origin] in _PARTING or _is_loose(text, origin))
        }
        return cls(plain, places, frozenset(loose))


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


def _is_loose(text: str, at: int) -> bool:
    """Whether there is white space on a side of a character."""
    return text[at - 1 : at].isspace() or text[at + 1 : at + 2].isspace()


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

    ``turns``: what an ellipsis leaves out holds a word that turns the sense (not, unless, except).
    """

    start: int
    end: int
    turns: bool = False


@lru_cache(maxsize=512)
def folded(text: str) -> Folded:
    """A passage as quotations are compared with it; many are looked up in the same one."""
    return Folded.of(text)


def parts_of(quote: str) -> list[str]:
    """The parts of a quotation, between its ellipses; marks of quotation around it are no part."""
    stripped = quote.strip().strip("\"'\u2018\u2019\u201c\u201d\u00ab\u00bb ")
    opened = _OPENED.sub(r"\1", stripped)
    return [part for part in _ELLIPSIS.split(opened) if any(map(str.isalnum, part))]


def words_in(quote: str) -> int:
    """How many words a quotation has, ellipses not counted."""
    return sum(len(part.split()) for part in parts_of(quote))


def find(quote: str, text: Folded) -> Found | None:
    """Where a quotation stands in a text; None: it does not."""
    parts = [_EDGES.sub("", Folded.of(part).text) for part in parts_of(_composed(quote))]
    parts = [part for part in parts if part]
    if not parts:
        return None
    return _in_order(parts, text)


def _composed(quote: str) -> str:
    """Each accent in its letter, as in chunks."""
    return quote if quote.isascii() else unicodedata.normalize("NFC", quote)


def _in_order(parts: Sequence[str], text: Folded) -> Found | None:
    """The first place where the parts stand one after another."""
    first = begin = _standing(parts[0], text, 0)
    if begin < 0:
        return None
    end = begin + len(parts[0])
    turns = False
    for part in parts[1:]:
        begin = _standing(part, text, end)
        if begin < 0:
            return None
        turns = turns or _TURNS.search(text.text, end, begin) is not None
        end = begin + len(part)
    return Found(text.origins[first], text.origins[end - 1] + 1, turns)


def _standing(part: str, text: Folded, begin: int) -> int:
    """Where the words stand from ``begin`` on, as whole words and whole numbers; -1: nowhere."""
    at = text.text.find(part, begin)
    while at >= 0 and (_within_word(text, at) or _within_word(text, at + len(part))):
        at = text.text.find(part, at + 1)
    return at


def _within_word(text: Folded, at: int) -> bool:
    """Whether characters ``at - 1`` and ``at`` belong to one word or one number.

    ``non-`` belongs to the word after it, ``1.`` to ``1.5``, ``5-`` to ``5-10``.
    """
    if at < 1 or at >= len(text.text):
        return False
    before, after = text.text[at - 1], text.text[at]
    if before.isalnum() and after.isalnum():
        return True
    joint, left, right = (at - 1, at - 2, at) if after.isalnum() else (at, at - 1, at + 1)
    if left < 0 or right >= len(text.text) or joint in text.loose:
        return False
    sides = text.text[left] + text.text[right]
    return sides.isalnum() and (
        text.text[joint] in "-'_" or (sides.isdigit() and text.text[joint] in _JOINTS)
    )


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
