"""Is what is compared in words so: ``$62,000, which is above the $75,000 that are needed``.

Two measures of one kind with nothing but a comparison between them are weighed against each
other; the second may be ``that figure`` or ``the threshold``, which is then what the text calls
more than, at least, a limit. Periods are compared as days, each unit as long as it may be, so that
six weeks and a month are told apart and thirty days and a month are not. What is supposed, said by
somebody, or measured by the month is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from legalgen.law.citations import folded
from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.amounts.figures import measures
from legalgen.quality.checks.amounts.sums import COUNT_WORD, number_of
from legalgen.quality.reading import Finding, Reading, places
from legalgen.quality.wordlists import MONEY_SIGNS

_GREATER = (
    "exceed", "exceeds", "exceeded", "exceeding", "above", "beyond", "more than", "greater than",
    "higher than", "longer than", "larger than", "older than", "in excess of", "over", "outside",
)  # fmt: skip
_SMALLER = (
    "below", "under", "less than", "lower than", "fewer than", "shorter than", "smaller than",
    "younger than", "short of",
)  # fmt: skip
_UP_TO = ("within", "inside", "at most")
_FROM = ("at least", "reach", "reaches", "reached", "satisfy", "satisfies", "meets", "meet")
_RELATIONS = {
    **dict.fromkeys(_GREATER, ">"), **dict.fromkeys(_SMALLER, "<"),
    **dict.fromkeys(_UP_TO, "<="), **dict.fromkeys(_FROM, ">="),
}  # fmt: skip
_DENIED = {">": "<=", "<": ">=", "<=": ">", ">=": "<"}
_VERBS = frozenset({*_GREATER[:4], *_FROM[1:]})
_TOLD_BY = {
    next(word for word in words.split() if word not in ("in", "at")): words for words in _RELATIONS
}
"""Each comparison by the word of it without which it is nowhere."""
_TELLING = frozenset(_TOLD_BY)
_LINKS = word_set(
    "is are was were lies lie lay falls fall fell comes come came stands stand stood stays stay"
    " remains remain makes does do did"
)
_BETWEEN = _LINKS | word_set(
    "which that this these it they and so but therefore thus also clearly plainly comfortably well"
    " far just easily still not even considerably slightly safely squarely hence accordingly"
    " obviously certainly somewhat much many in itself"
)
"""What may stand between a measure and what it is said to be more or less than."""
_ENDS = word_set(
    "hours days weeks months years hour day week month year cent percent euros pounds dollars"
    " rupees million thousand crore lakh billion"
)
"""How a measure ends that is not in figures alone."""
_NAMES_OF = word_set(
    "the that this a an its his her their threshold limit ceiling cap minimum maximum figure sum"
    " amount of required statutory usual allowed permitted bar mark rate floor full whole all even"
    " necessary needed prescribed lawful jurisdictional monetary"
)
"""What may stand between a comparison and the measure that it is with."""
_IT = re.compile(
    r" (?:the|that|this) (?:\w+ )?(?:figure|sum|amount|threshold|limit|ceiling|cap|minimum|maximum"
    r"|bar|mark|level|floor|number|period|allowance)\b(?! of\b)"
)
_BOUNDS = re.compile(
    r"\b(?:exceed\w*|more than|less than|fewer than|at least|at most|limit\w*|threshold|minimum"
    r"|maximum|up to|cap|ceiling|over|under|above|below|within|floor|longer than|not less than"
    r"|(?:begins?|starts?) (?:at|with|from))(?: \w+){0,3}? \Z"
)
_BOUND_AFTER = re.compile(r" (?:or|and) (?:more|less|above|below|over|under|fewer|longer|higher)\b")
"""What stands before or after a measure that others are held against."""
_OPEN = re.compile(
    r"\b(?:if|unless|would|whether|suppos\w+|otherwise|argu\w+|contend\w*|could|might|say|says"
    r"|claims? that|alleg\w+|should)\b"
)
_VAGUE_BEFORE = re.compile(
    r"\b(?:over|under|than|about|around|nearly|almost|roughly|approximately|some|least|most|up to"
    r"|between|less|minus|per|further|another|first|next|last|each|every|by|from|on"
    r"|after|until|before|during|within|more|balance|remainder"
    r"|(?:cent|percent|%|half|thirds?|quarters?|fifths?|tenth|portion|rest) of)"
    r"(?: (?:the|an?|his|her|its|their))? \Z|\b(?:plus|and|or) \Z"
)
_RATE_AFTER = re.compile(
    r",? (?:(?:an?|per|each|every)\b|plus\b|times\b|to [\d\u00a3$\u20ac\u20b9])"
)
_ASIDE = re.compile(
    r"['\u2019]? (?:of|in|after|from|for|since) "
    rf"(?:(?!(?:and|or|but|which|{'|'.join(sorted(_LINKS))})\b)[a-z'\u2019]+ ?){{1,4}}?"
    rf"(?=,| (?:{'|'.join(sorted(_LINKS | _VERBS))}) | ?\Z)"
)
"""What a measure is of: ``14 months of service are``, ``£600 in wages exceeds``."""
_LETTERS = re.compile(r"[^\W\d_]+")
_WINDOW = 110
"""Characters around a comparison in which its two sides stand."""


class _Measure(NamedTuple):
    """What is measured, and between what it lies; where it stands in its text."""

    kind: str
    least: Fraction
    most: Fraction
    start: int
    end: int


def comparisons(reading: Reading) -> Iterator[Finding]:
    """A measure that is said to be more or less than another and is not."""
    there = _TELLING & reading.vocabulary
    if not there:
        return
    texts = (
        ("answer", reading.folded_answer, reading.answer_vocabulary),
        ("reasoning_steps", reading.folded_steps, reading.steps_vocabulary),
    )
    for name, text, vocabulary in texts:
        for said in map(_TOLD_BY.__getitem__, there & vocabulary):
            for at in places(f" {said} ", text):
                if not _may_relate(said, text, at + 1):
                    continue
                if what := _untrue(reading, text, at + 1, said):
                    yield "ARITHMETIC", f'"{what}" in {name}: it is not', name, True
                    return


def _may_relate(said: str, text: str, at: int) -> bool:
    """Whether the word before a comparison is one that leads to it, or may end a measure."""
    last = text[max(0, at - 24) : at - 1].rpartition(" ")[2]
    if last in _BETWEEN:
        return True
    if said not in _VERBS:
        return False
    near = text[max(0, at - 50) : at].split()
    return last[-1:].isdigit() or not _ENDS.isdisjoint(near)


def _untrue(reading: Reading, text: str, at: int, said: str) -> str | None:
    """The words of a comparison that stands here and is wrong."""
    begin = max(0, at - _WINDOW, text.rfind(". ", 0, at) + 1, text.rfind("\n", 0, at) + 1)
    left = max(_measures(text[begin:at]), key=lambda one: one.end, default=None)
    if left is None or (not left.start and begin == at - _WINDOW):
        return None
    start, end = begin + left.start, begin + left.end
    between = _LETTERS.findall(_ASIDE.sub("", text[end:at], count=1))
    if not _BETWEEN.issuperset(between) or _VAGUE_BEFORE.search(text, begin, start):
        return None
    if said not in _VERBS and _LINKS.isdisjoint(between):
        return None
    after = text[at + len(said) : at + _WINDOW].partition("\n")[0].partition(". ")[0]
    rights = _held_against(reading, text[:start], left, after)
    if not rights or _is_supposed(text, at):
        return None
    relation = _RELATIONS[said]
    if "not" in between:
        relation = _DENIED[relation]
    if all(_is_false(left, relation, right) for right in rights):
        shown = _IT.match(after) or (after[: rights[0].end],)
        return text[start : at + len(said)] + shown[0]
    return None


def _is_supposed(text: str, at: int) -> bool:
    """Whether a comparison is one of a case that is not this one, or is what somebody says."""
    begin = max(text.rfind(". ", 0, at) + 1, text.rfind("\n", 0, at) + 1)
    end = text.find(". ", at)
    before, after = text[begin:at], text[at : end if end > 0 else None]
    clause = _NEXT.split(before)[-1] + _NEXT.split(after, maxsplit=1)[0]
    return bool(_OPEN.search(clause) or _BEGINS_SUPPOSED.match(before) or _IF.search(after))


_NEXT = re.compile(r"; |, (?:so|and|but|because|since|which means)\b")
_BEGINS_SUPPOSED = re.compile(r"\W*(?:if|unless|had|were|should|where|when|suppose|even)\b")
_IF = re.compile(r"\b(?:if|unless)\b")


def _held_against(reading: Reading, earlier: str, left: _Measure, after: str) -> Sequence[_Measure]:
    """What a measure is compared with: what stands there, or the bounds that the text has told."""
    right = min(_measures(after), key=lambda one: one.start, default=None)
    if right is not None and _NAMES_OF.issuperset(_LETTERS.findall(after[: right.start])):
        same = right.kind == left.kind and not _RATE_AFTER.match(after, right.end)
        return (right,) if same else ()
    if not _IT.match(after):
        return ()
    found: list[_Measure] = []
    for text in (earlier, reading.folded_steps, folded(reading.draft.question)):
        for one in _measures(text):
            near = text[max(0, one.start - 50) : one.start]
            if one.kind != left.kind or one[1:3] == left[1:3]:
                continue
            if _BOUNDS.search(near) or _BOUND_AFTER.match(text, one.end):
                found.append(one._replace(start=0, end=0))
    return found


def _is_false(left: _Measure, relation: str, right: _Measure) -> bool:
    if relation in (">", ">="):
        return left.most < right.least
    return left.least > right.most


_DAYS = {
    "hour": (Fraction(1, 24), Fraction(1, 24)), "day": (Fraction(1), Fraction(1)),
    "week": (Fraction(7), Fraction(7)), "month": (Fraction(28), Fraction(31)),
    "year": (Fraction(365), Fraction(366)),
}  # fmt: skip
"""How many days each unit has at the least and the most."""


def _measures(text: str) -> Iterator[_Measure]:
    """The amounts, periods and shares of a folded text, kind by kind."""
    for kind, value, start, end in measures(text):
        number = Fraction(Decimal(value))
        if kind not in _DAYS:
            yield _Measure(kind, number, number, start, end)
            continue
        shortest, longest = _DAYS[kind]
        stretched = _WORKING.search(text, start, end) is not None
        most = 2 * number + 4 if stretched else number * longest
        yield _Measure("time", number * shortest, most, start, end)
    for found in _THINGS.finditer(text):
        if found["noun"] not in _ENDS and (number := number_of(found["n"])) > 1:
            yield _Measure(found["noun"], number, number, *found.span())


_THINGS = re.compile(
    rf"(?<![\w.,{MONEY_SIGNS}-])(?P<n>\d{{1,3}}(?:,\d{{3}}){{0,3}}|{COUNT_WORD}(?:-{COUNT_WORD})?)"
    r" (?:(?!hundred|thousand|million|billion|dozen)[a-z]+ )??(?P<noun>[a-z]{3,}s)\b"
)
"""So many things of a kind, ``twelve employees``; of ``two hundred employees`` nothing is read."""
_WORKING = re.compile(r"working|business")
