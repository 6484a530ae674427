"""The share of a whole that an answer gives to somebody, against that of its steps.

``55 percent`` in the steps and ``her two thirds`` in the answer are of one thing where two numbers
of the question have the steps' ratio, and none has the answer's. Shares that a law or a contract
asks for belong to nobody and are left alone.

And what is left of the question's only amount when its only share is taken off, which is one sum,
and what ``results`` says of the other sums.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from fractions import Fraction
from itertools import permutations

from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.amounts.figures import amounts
from legalgen.quality.checks.amounts.results import other_result
from legalgen.quality.checks.amounts.sums import COUNT_WORD, number_of
from legalgen.quality.reading import Finding, Reading

_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6,
    "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "twelfth": 12, "hundredth": 100,
}  # fmt: skip
_HINTS = frozenset({*_PARTS, *(f"{part}s" for part in _PARTS), "cent", "percent", "ten", "five"})
_HINTS_OF_STEPS = ("cent", "%", "hal", "third", "quarter", "fth", "tenth", " ten", " five", "ixth")
_SHARE = re.compile(
    rf"(?<![\w.,])(?:(?P<percent>\d{{1,3}}(?:\.\d{{1,3}})?|{COUNT_WORD}(?:-{COUNT_WORD})?)"
    r"(?: ?%| ?per ?cent\b)"
    rf"|(?:(?P<n>an?|{COUNT_WORD})[ -])?(?P<part>{'|'.join(_PARTS)})s?\b"
    rf"|(?P<some>{COUNT_WORD}) (?:in|out of)(?: every)? (?P<all>{COUNT_WORD})\b)",
    re.I | re.A,
)
_HINTS_OF_SHARES = ("%", "cent", *_PARTS)
_OF_SO_MANY = tuple(re.compile(rf" {of} (?:every )?{COUNT_WORD}\b") for of in ("in", "out of"))
"""Without one of these, no share is named; in small letters."""
_OWNED = re.compile(
    r"\b(?:his|her|its|their|your|remaining|other|holds?|held|has|have|had|owns?|owned|owning"
    r"|holding|controls?|controlling|with)\b(?: (?:only|just|some|about|the|a|other|own))*[ -]\Z",
    re.I,
)
_OF_LAW = re.compile(
    r"\b(?:needs?|needed|requir\w+|asks?|calls? for|majority of|threshold|at least|at most|minimum"
    r"|more than|less than|over|under|must|if|unless|would|had (?:s?he|it|they)|maximum|cap|limit"
    r"|than|each|every|month|year|interest|rate|fault|blame|reduc\w+|cut|discount|tax)\b",
    re.I,
)
_NUMBER = re.compile(r"\d(?<![\w.,/-]\d)(?:\d{0,2}(?:,\d{3})+(?![.,]?\d)|\d{0,8}(?!\d|[\w/.,-]\d))")
_CLAUSE = re.compile(r"[,;:]| (?:and|but|while|whereas|although) ")
_CLOSE = Fraction(1, 50)
"""How far a share in words may lie from what it is: two thirds for 66 percent."""
_MOST_NUMBERS = 6


def share_otherwise(reading: Reading) -> Iterator[Finding]:
    """A share or a sum of the answer's that is not the steps', or not what a share leaves."""
    yield from _of_steps(reading)
    yield from _taken_off(reading)
    if found := other_result(reading):
        yield found


def _of_steps(reading: Reading) -> Iterator[Finding]:
    """A share of the answer's that is not the steps', which the question's numbers have."""
    if _HINTS.isdisjoint(reading.answer_vocabulary) and "%" not in reading.draft.answer:
        return
    hinted = any(map(reading.folded_steps.__contains__, _HINTS_OF_STEPS))
    numbers = _numbers(reading.draft.question) if hinted else frozenset()
    if not 1 < len(numbers) <= _MOST_NUMBERS:
        return
    ours = {share for share, _, _ in shares(reading.steps_text)} - {Fraction(1)}
    asked = {share for share, _, _ in shares(reading.draft.question)}
    if len(ours) != 1 or ours & asked:
        return
    (own,) = ours
    ratios = _ratios(numbers)
    known = {own, 1 - own}
    if not _has(ratios, own) and not _has(ratios, 1 - own):
        return
    told = list(shares(reading.draft.answer))
    if any(_has(known, share) for share, _, _ in told):
        return
    for share, start, end in told:
        if _has(ratios | asked, share) or _has(ratios, 1 - share):
            continue
        text = reading.draft.answer
        before, after = _CLAUSE.split(text[:start])[-1], _CLAUSE.split(text[end:], maxsplit=1)[0]
        before = before.rpartition(". ")[2]
        if _OWNED.search(before) and not _OF_LAW.search(f"{before} {after.partition('. ')[0]}"):
            what = f'"{text[start:end]}" in the answer, where the steps have {float(own):.0%}'
            yield "INCONSISTENT", what, "answer", True
            return


_TAKEN_OFF = word_set("reduced reduces reduction deducted deduction discounted less lower")
"""Words of an answer in which a share is taken off."""


def _taken_off(reading: Reading) -> Iterator[Finding]:
    """An award that begins the answer and is not what the share leaves, which it works out too."""
    if _TAKEN_OFF.isdisjoint(reading.vocabulary):
        return
    asked = {(each.kind, each.value) for each in amounts(reading.draft.question)}
    taken = {share for share, _, _ in shares(reading.draft.question)}
    begun = {(each.kind, each.value) for each in amounts(reading.first_sentence)}
    if not len(asked) == len(taken) == len(begun) == 1:
        return
    ((sign, whole),), (share,), ((unit, award),) = asked, taken, begun
    parts = {Fraction(whole) * share, Fraction(whole) * (1 - share)}
    told = {Fraction(each.value) for each in amounts(reading.draft.answer)}
    if unit != sign or Fraction(award) in {*parts, Fraction(whole)} or told.isdisjoint(parts):
        return
    left = int(Fraction(whole) * (1 - share))
    what = f"{sign}{award} is awarded, where {float(share):.0%} off {sign}{whole} leave {left:,}"
    yield "INCONSISTENT", what, "answer", True


def shares(text: str) -> Iterator[tuple[Fraction, int, int]]:
    """Shares of a whole, with their places."""
    for found, begin in _named_shares(text):
        if found["percent"]:
            share = number_of(found["percent"]) / 100
        elif found["part"]:
            n = (found["n"] or "a").casefold()
            count = Fraction(1) if n in ("a", "an") else number_of(n)
            share = count / _PARTS[found["part"].casefold()]
        else:
            share = number_of(found["some"]) / (number_of(found["all"]) or 1)
        if 0 < share < 1:
            yield share, begin + found.start(), begin + found.end()


def _named_shares(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """The matches of ``_SHARE``, which are looked for in few sentences, and where those begin."""
    low, begin = text.lower(), 0
    hints = [hint for hint in _HINTS_OF_SHARES if hint in low]
    any_may = any(pattern.search(low) for pattern in _OF_SO_MANY)
    if not hints and not any_may:
        return
    for piece, small in zip(text.split(". "), low.split(". "), strict=True):
        if any_may or any(map(small.__contains__, hints)):
            for found in _SHARE.finditer(piece):
                yield found, begin
        begin += len(piece) + 2


def _numbers(text: str) -> frozenset[Fraction]:
    """The numbers of a text that are no years."""
    found = {int(each.replace(",", "")) for each in _NUMBER.findall(text)}
    return frozenset([Fraction(each) for each in found if each and not 1900 <= each < 2100])


def _ratios(numbers: Set[Fraction]) -> set[Fraction]:
    """What each number is of the greatest one, of which two others may be the parts.

    Where they are not, of any other and of the two together.
    """
    whole = max(numbers)
    if any(left + right == whole for left, right in permutations(numbers, 2)):
        return {part / whole for part in numbers if part < whole}
    ratios = {left / right for left, right in permutations(numbers, 2) if left < right}
    return ratios | {left / (left + right) for left, right in permutations(numbers, 2)}


def _has(known: Set[Fraction], share: Fraction) -> bool:
    return any(abs(each - share) <= _CLOSE for each in known)
