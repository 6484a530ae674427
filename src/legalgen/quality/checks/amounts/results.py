"""A sum that the steps work out, and another in the answer in its stead, which nothing leads to.

What the steps have of the question's amounts is expected in the answer, or a sum that follows from
it. Where it is left out, and one amount of the answer is had from no others of the sample by
adding, taking away, sharing or multiplying, that one was put in its place. So it is with hours and
days that the steps add up or take from each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from fractions import Fraction
from itertools import product

from legalgen.quality.checks.amounts.figures import Figure, figures, measures
from legalgen.quality.checks.amounts.reckoning import OF_A_YEAR, joined, scalars
from legalgen.quality.checks.amounts.remainders import UNSURE, is_reached
from legalgen.quality.checks.amounts.sums import told_as
from legalgen.quality.reading import Finding, Reading
from legalgen.quality.wordlists import MONEY_SIGNS

_UNITS = frozenset({"hour", "day", "week", "month", "year"})
_OF_A_CASE = re.compile(
    r"\b(?:if|unless|had|would|could|might|may|suppos\w+|example|instance|v|fees?|fines?|band|per"
    r"|sections?|Act|rules?|articles?|regulations?|requir\w+|jurisdiction\w*|above|below|over"
    r"|under|beyond|pass(?:es)?)\b|\u00a7",
    re.I,
)
"""What stands in the sentence of an amount that is another case's, or a law's."""
MOST_APART = 2
"""How many times one amount may be the other in whose place it stands."""
_PARTS = ("month", "week", "quarter", "day", "daily")
_ROUNDED = Fraction(1, 100)
"""How far apart two amounts are that may be one, rounded."""


def other_result(reading: Reading) -> Finding | None:
    """The amount of the answer that stands where the steps have another."""
    if not reading.draft.reasoning_steps:
        return None
    stepped = figures(reading.steps_text)
    if not stepped:
        return None
    asked = figures(reading.draft.question)
    kinds = {kind for kind, _ in asked} & {kind for kind, _ in stepped - asked}
    reckoned = [kind for kind in sorted(kinds) if kind in MONEY_SIGNS or kind in _UNITS]
    found = (
        _of_kind(reading, kind, _values(asked, kind), _values(stepped, kind)) for kind in reckoned
    )
    return next(filter(None, found), None)


def _values(found: Set[Figure], kind: str) -> set[Fraction]:
    return {Fraction(value) for each, value in found if each == kind}


def _of_kind(
    reading: Reading, kind: str, asked: Set[Fraction], stepped: Set[Fraction]
) -> Finding | None:
    told = _values(figures(reading.draft.answer), kind)
    lost = {one for one in stepped - asked if not _is_near(one, told)}
    strange = {one for one in told if not _is_near(one, asked | stepped)}
    if not lost or not strange:
        return None
    factors = _factors(reading, kind)
    ours = {one for one in lost if _follows(one, (asked | stepped) - {one}, factors, lost)}
    known = asked | stepped | told
    if kind in _UNITS:
        known -= lost
    put = {one for one in strange if not _follows(one, known - {one}, factors, lost)}
    put &= set(_plainly_told(reading.draft.answer, kind))
    if len(put) != 1:
        return None
    (other,) = put
    ours = {one for one in ours if one <= other * MOST_APART and other <= one * MOST_APART}
    if not ours:
        return None
    own = min(ours, key=lambda one: abs(one - other))
    what = f"the steps reach {_shown(kind, own)}, the answer {_shown(kind, other)}"
    return "INCONSISTENT", f"{what}, to which nothing leads", "answer", kind in MONEY_SIGNS


def _shown(kind: str, value: Fraction) -> str:
    return told_as(kind, value) if kind in MONEY_SIGNS else f"{value} {kind}"


def _factors(reading: Reading, kind: str) -> set[Fraction]:
    """What an amount may be multiplied by; parts of a year only where the text counts in such."""
    if kind not in MONEY_SIGNS:
        return set()
    found = scalars(reading.whole)
    return found if any(unit in reading.whole for unit in _PARTS) else found - OF_A_YEAR


def _is_near(one: Fraction, others: Set[Fraction]) -> bool:
    return any(abs(one - other) <= max(Fraction(1), one * _ROUNDED) for other in others)


def _follows(
    one: Fraction, known: Set[Fraction], factors: Set[Fraction], lost: Set[Fraction]
) -> bool:
    """Whether an amount is had from others: added, taken away, or multiplied or divided once."""
    if is_reached(one, known):
        return True
    wholes = joined(known - lost) | known
    return any(
        _is_same(whole * by, one) or (by and _is_same(whole / by, one))
        for whole, by in product(wholes, factors)
    )


def _is_same(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) < max(Fraction(1), other / 1000)


def _plainly_told(text: str, kind: str) -> Iterator[Fraction]:
    """The values of a kind in sentences that suppose nothing."""
    for measure in measures(text):
        if measure.kind == kind:
            begin = max(text.rfind(". ", 0, measure.start), text.rfind("\n", 0, measure.start)) + 1
            sentence = text[begin : text.find(". ", measure.end) + 1 or None].partition("\n")[0]
            if not _OF_A_CASE.search(sentence) and not UNSURE.search(sentence):
                yield Fraction(measure.value)
