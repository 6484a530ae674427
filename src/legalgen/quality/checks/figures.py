"""The amounts, periods, shares and dates of a text, and an answer with others than its steps."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Set
from decimal import Decimal
from string import digits
from typing import TypeAlias

from legalgen.law.citations import folded
from legalgen.law.citations.pieces import by_letter
from legalgen.quality.reading import Finding, Reading, places
from legalgen.quality.wordlists import MONEY_SIGNS, MONTH, MONTHS, NAMES_DAY, UP_TO_TWENTY

NUMBERS = UP_TO_TWENTY | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100,
}  # fmt: skip

_SCALES = {
    "": 0, "thousand": 3, "k": 3, "lakhs": 5, "lakh": 5, "million": 6, "mn": 6, "m": 6, "crores": 7,
    "crore": 7, "cr": 7, "billion": 9, "bn": 9, "trillion": 12,
}  # fmt: skip
_AMOUNT = re.compile(
    rf"(?P<c>[{MONEY_SIGNS}])\s?(?P<n>\d[\d,]*(?:\.\d+)?)"
    rf"(?:[ -]?(?P<m>{'|'.join(filter(None, _SCALES))})\b)?",
    re.I,
)
_COUNTED = by_letter((*(rf"{digit}\d{{0,3}}" for digit in digits), *NUMBERS), r"(?<![-\w]{0})")
_NUMBER_BEFORE = re.compile(
    rf"(?P<n>{_COUNTED})[ -](?:(?:clear|working|business|calendar|full) )?\Z"
)
_LONGEST_NUMBER = 24
_UNIT_ENDS = re.compile(r"s?\b")
"""What stands before a unit, and the end of it, in folded text: units are few, and found fast."""
_PERCENT = re.compile(r"\b(\d+(?:\.\d+)?) ?%")
_DATE = re.compile(
    rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m>{MONTH})\b"
    rf"|\b(?P<n>{MONTH}) (?P<e>\d{{1,2}})\b"
)

_UNITS = ("day", "week", "month", "year", "hour", "percent", "per cent")

Figure: TypeAlias = tuple[str, str]
"""Its kind (a currency, a unit, ``date``) and its value: only like is compared with like."""


def figures(text: str) -> frozenset[Figure]:
    """The amounts, periods, shares and dates of a text."""
    found: set[Figure] = set()
    if any(sign in text for sign in MONEY_SIGNS):
        for m in _AMOUNT.finditer(text):
            scale = _SCALES[(m["m"] or "").casefold()]
            amount = Decimal(m["n"].replace(",", "")).scaleb(scale)
            found.add((m["c"], f"{amount:f}".removesuffix(".00")))
    if "%" in text:
        found.update(("percent", share) for share in _PERCENT.findall(text))
    if not any(map(text.__contains__, (*_UNITS, *MONTHS))):
        return frozenset(found)
    found.update(_periods(folded(text)))
    for m in _DATE.finditer(text) if NAMES_DAY.search(text) else ():
        month, number = m["m"] or m["n"], m["d"] or m["e"]
        if int(number) <= monthrange(2000, MONTHS.index(month) + 1)[1]:  # not "31 September"
            found.add(("date", f"{number} {month}"))
    return frozenset(found)


def _periods(text: str) -> Iterator[Figure]:
    """The numbers of days, weeks and so on, and of per cent, in folded text."""
    for unit in _UNITS:
        for at in places(unit, text):
            if text[at - 1 : at] in " -" and _UNIT_ENDS.match(text, at + len(unit)):
                found = _NUMBER_BEFORE.search(text, max(0, at - _LONGEST_NUMBER), at)
                if found:
                    yield unit.replace(" ", ""), str(NUMBERS.get(found["n"], found["n"]))


def inconsistent(reading: Reading) -> Iterator[Finding]:
    """A figure that the steps reach, and another of its kind in the answer in its stead."""
    if not reading.draft.reasoning_steps:
        return
    first, reached = figures(reading.first_sentence), figures(reading.draft.reasoning_steps[-1])
    if not first and not reached:
        return
    stepped = figures(reading.steps_text)
    asked = figures(reading.draft.question)
    if stepped <= asked:
        return
    answered = figures(reading.draft.answer)
    for kind in sorted({kind for kind, _ in stepped - asked}):
        told = {value for k, value in answered if k == kind}
        strange = {value for value in told if (kind, value) not in asked | stepped}
        if not strange:
            continue
        ours, sure = _reached(reading, kind, reached - asked, stepped, asked, told=told)
        begins = {value for value in strange if (kind, value) in first}
        if kind in MONEY_SIGNS:
            begins -= _left_over(kind, asked, ours)
        swapped = {v for v in strange if any(_swapped(v, value) for value in ours)}
        if ours and ours.isdisjoint(told) and (len(begins) == 1 or swapped):
            shown = min(begins or swapped)
            what = f"the steps reach {_shown(kind, min(ours))}, the answer {_shown(kind, shown)}"
            yield "INCONSISTENT", what, "answer", sure or bool(swapped)
            return


def _left_over(sign: str, asked: Set[Figure], taken: Set[str]) -> set[str]:
    """What is left of the amounts of the question, as figures have it."""
    whole = [value for kind, value in asked if kind == sign and value.isdigit()]
    return {str(int(total) - int(part)) for total in whole for part in taken if part.isdigit()}


def _reached(
    reading: Reading,
    kind: str,
    reached: Set[Figure],
    stepped: Set[Figure],
    asked: Set[Figure],
    *,
    told: Set[str],
) -> tuple[set[str], bool]:
    """What the steps reach of a kind, and whether an answer with another is surely wrong.

    The last step tells it, and of amounts of which the answer has one, the last one; of a kind
    that is not in it, all steps do if they have one value, and the question none.
    """
    ours = {value for k, value in reached if k == kind}
    if not ours:
        ours = {value for k, value in stepped if k == kind}
        return (set() if len(ours) > 1 or any(k == kind for k, _ in asked) else ours), False
    if ours & told and kind in MONEY_SIGNS:
        return ours & {_last_amount(reading.draft.reasoning_steps[-1], kind)}, False
    return ours, kind in MONEY_SIGNS or kind == "date"


def _last_amount(text: str, sign: str) -> str:
    """The amount that a text comes to in a currency."""
    amounts = [match for match in _AMOUNT.finditer(text) if match["c"] == sign]
    return next((value for _, value in figures(amounts[-1][0])), "") if amounts else ""


def _swapped(left: str, right: str) -> bool:
    """Whether two numbers have the same figures in another order."""
    return left != right and len(left) >= 3 and sorted(left) == sorted(right)


def _shown(kind: str, value: str) -> str:
    if kind in MONEY_SIGNS:
        return f"{kind}{value}"
    return value if kind == "date" else f"{value} {kind}"
