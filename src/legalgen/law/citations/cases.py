"""Names of cases: when two are one case, and where they stand in prose."""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache

import msgspec

from legalgen.law.citations.names import GENERIC, NAME_TOKEN, party_name
from legalgen.law.citations.parsed import normalise, word_set

# --- one case or two -------------------------------------------------------------------------

_BODIES = GENERIC | word_set(
    "urban district rural metropolitan london royal udc lbc dc bc cc rdc mbc hmrc irc sshd dpp ssd "
    "sos inland excise nhs foundation commission application cpr child children minor minors"
)
"""Words that tell no party from another: kinds of bodies, by name and by initials."""
_NUMBER_OF_CASE = re.compile(r"\(No\.? ?(\d+)\)", re.I)


class _Party(msgspec.Struct, frozen=True):
    """The telling words of a party, and the same run together: ``Hong Kong`` is ``Hongkong``."""

    words: frozenset[str]
    joined: str


@lru_cache(maxsize=1024)  # a name is compared with many others
def _sides(name: str) -> tuple[_Party, ...]:
    """The parties of a name; of ``Re Duomatic`` the one."""
    folded = unicodedata.normalize("NFD", normalise(name).casefold())
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark))
    sides = _VERSUS.split(_NUMBER_OF_CASE.sub("", bare))
    return tuple(map(_party, sides))


def _party(side: str) -> _Party:
    telling = [w for w in NAME_TOKEN.findall(side) if len(w) > 2 and w not in _BODIES]
    return _Party(frozenset(telling), "".join(telling))


_VERSUS = re.compile(r"\sv(?:s?\.?)\s")


def same_case(left: str, right: str) -> bool:
    """Whether two names are of one case: each party of the one is a party of the other.

    A party may be named in full or in part (``Carlill``, ``Salomon & Co``), never by a word that
    the other name does not have: ``Entores v Far Eastern Shipping`` is not ``Entores v Miles Far
    East``. On appeal the parties may have changed places. Where only one of the names has two
    parties, one shared word is enough (``Schrems II``).
    """
    a, b = _sides(left), _sides(right)
    if len(a) == len(b) == 2 and not (_may_be(a[0], b[0]) or _may_be(a[0], b[1])):
        return False  # most pairs: no party of the one is any of the other
    if _number_of(left) != _number_of(right) and _number_of(left) and _number_of(right):
        return False
    if not any(side.words for side in (*a, *b)):
        return _letters(left) == _letters(right)  # "R v R", "B (A Minor) v DPP"
    if len(a) != len(b):
        return any(not x.words.isdisjoint(y.words) for x in a for y in b)
    orders = (b, b[::-1]) if len(b) == 2 else (b,)
    return any(
        all(map(_same_party, a, order))
        and any(x.words and y.words for x, y in zip(a, order, strict=True))
        for order in orders
    )


def turned(known: str, name: str) -> bool:
    """Whether a name is a known one with its parties the wrong way round."""
    left, right = _sides(known), _sides(name)
    if len(left) != 2 or len(right) != 2 or not all(side.words for side in (*left, *right)):
        return False
    return all(map(_same_party, left, right[::-1])) and not any(map(_same_party, left, right))


def _may_be(left: _Party, right: _Party) -> bool:
    return not (left.words and right.words) or _same_party(left, right)


def _letters(name: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"\([^()]*\)", "", name.casefold()))


def tells(name: str) -> bool:
    """Whether a name tells its case from all others, by two parties who are no bodies."""
    sides = _sides(name)
    return len(sides) == 2 and all(side.words for side in sides)


def _number_of(name: str) -> str:
    found = _NUMBER_OF_CASE.search(name)
    return found[1] if found else ""


def _same_party(left: _Party, right: _Party) -> bool:
    return _within(left, right) or _within(right, left)


def _within(few: _Party, many: _Party) -> bool:
    """Whether each word is among the others, as it is, in the plural, or as part of one."""
    for word in few.words:  # loops, not all() and any(): this is asked for each pair of names
        if word in many.words or (len(word) > 3 and word in many.joined):
            continue
        for other in many.words:
            if _variant(word, other):
                break
        else:
            return False
    return True


def _variant(left: str, right: str) -> bool:
    """``Gallagher`` and ``Gallaghers``."""
    return min(len(left), len(right)) > 4 and left.rstrip("s") == right.rstrip("s")


# --- names in prose --------------------------------------------------------------------------

_V = re.compile(r"v(?<=\sv)s?\.?\s(?=\(?[A-Z\u00c0-\u00de]|the\s[A-Z])")
"""Begins with the letter and not with the space before it, of which there are ten times as many."""
_WORD = r"[A-Z\u00c0-\u00de][\w'&/-]*"
_STOP = (
    r"(?:(?:(?<=\bCo)|(?<=Inc)|(?<=Ltd)|(?<=Corp)|(?<=Bros)|(?<=\bSt)|(?<=\b[A-Z]))\."
    r"(?!\s(?:The|A|An|In|It|This|That|There|But|So|However|Under|If|As|Here)\b))?"
)
_SECOND_PARTY = re.compile(
    rf"(?:the\s)?(?:\([A-Z][\w .]{{1,40}}\)\s)?{_WORD}{_STOP}"
    r"(?:(?:,(?=\s(?:Inc|Ltd|Co|Corp|L\.?L|N\.?A)))?"
    r"\s(?:(?:of|the|for|and|de|du|&|la|on|in|og|und)\s){0,2}"
    rf"(?:&|plc|llp|\(No\.? ?\d+\)|\([A-Z][\w .]{{1,30}}\)|{_WORD}{_STOP}))*"
)
_RE = re.compile(
    rf"\b(?:Re|In re|Ex parte)\s(?:a\s)?{_WORD}{_STOP}"
    rf"(?:\s(?:(?:of|and|the)\s)*(?:&|{_WORD}{_STOP}))*"
)
_RE_BEGINS = tuple(re.compile(rf"{each}\s") for each in ("Re", "In re", "Ex parte"))
"""Each found as fast as a substring; one pattern of all takes three times as long."""
_LAST_BETWEEN = re.compile(
    r"(?s:.*)(?P<between>[.;,]\s|\s\]\s|(?<![.;,])(?<!\sand)(?<!\sor)\s(?:and|or)\s)"
)
"""What parts the second party of one case from the first of the next, at its last place; texts
that are read as one are parted by a bracket between spaces."""


def case_names(text: str) -> tuple[tuple[int, int, str], ...]:
    """Where cases stand by name in prose: start, end and name; ``X v Y`` and ``Re X``."""
    found = []
    # looked at afterwards: a pattern that begins with what stands before is run at each letter
    matches = [m for m in _V.finditer(text) if m.start() > 1 and not text[m.start() - 2].isspace()]
    floor = 0
    for match, following in itertools.zip_longest(matches, matches[1:]):
        end = match.start() - 1  # of the first party
        if following is None:
            ceiling = len(text)
        else:
            ceiling = _parted(text, match.end(), following.start() - 1)
        left = party_name(f"{text[max(floor, end - 120) : end]} v X")
        right = _SECOND_PARTY.match(text, match.end(), ceiling)
        floor = ceiling
        if left and right is not None:
            first = left.removesuffix(" v X")
            start = text.rfind(first, 0, end)
            if start < 0:  # more than one space stands between its words
                start = text.rfind(first.split()[0], 0, end)
            found.append((start, right.end(), text[start : right.end()].rstrip(" .,")))
    for match in _RE.finditer(text) if any(each.search(text) for each in _RE_BEGINS) else ():
        if not any(start <= match.start() < end for start, end, _ in found):
            found.append((match.start(), match.end(), match[0].rstrip(" .,")))
    return tuple(sorted(found))


def _parted(text: str, start: int, end: int) -> int:
    """Where one case ends at the latest: before the last word that can part it from the next."""
    found = _LAST_BETWEEN.match(text, start, end)
    return found.start("between") if found else end
