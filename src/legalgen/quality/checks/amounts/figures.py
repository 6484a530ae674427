"""The amounts, periods, shares and dates of a text, and an answer with others than its steps."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Set
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import product, repeat
from string import digits
from typing import NamedTuple, TypeAlias

from legalgen.law.citations import folded
from legalgen.law.citations.pieces import by_letter
from legalgen.quality.checks.amounts.lengths import LENGTH, days_of, end_of
from legalgen.quality.currencies import CURRENCIES, CURRENCY_HINTS
from legalgen.quality.reading import Finding, Reading, places
from legalgen.quality.wordlists import (
    DIGITS,
    MONEY_SIGNS,
    MONTH,
    MONTHS,
    NAMES_DAY,
    TENS,
    UP_TO_TWENTY,
    numbered,
)

NUMBERS = UP_TO_TWENTY | TENS | {"hundred": 100}

_SCALES = {
    "": 0, "thousand": 3, "k": 3, "lakhs": 5, "lakh": 5, "million": 6, "mn": 6, "m": 6, "crores": 7,
    "crore": 7, "cr": 7, "billion": 9, "bn": 9, "trillion": 12,
}  # fmt: skip
_AMOUNT = re.compile(
    rf"(?P<c>[{MONEY_SIGNS}])\s?(?P<n>\d[\d,]*(?:\.\d+)?)"
    rf"(?:[ -]?(?P<m>(?a:{'|'.join(filter(None, _SCALES))}))\b)?",
    re.I,
)
"""The scale of ASCII alone: with ``re.I`` a dotless i would be an i, too, and be in no table."""
_SMALL = UP_TO_TWENTY | TENS
_IN_WORDS = rf"(?:(?:{'|'.join((*_SMALL, 'hundred', 'thousand', 'million', 'and', 'a'))})[ -])+"
_WORDED_BEFORE = re.compile(
    rf"(?<![\w.,{MONEY_SIGNS}-])(?:(?P<n>\d[\d,]*(?:\.\d+)?) "
    rf"(?:(?P<m>{'|'.join(filter(None, _SCALES))}) )?|(?P<words>{_IN_WORDS}))\Z"
)
_CODE_AFTER = re.compile(
    rf" ?(?P<n>\d[\d,]*(?:\.\d+)?)(?: (?P<m>{'|'.join(filter(None, _SCALES))})\b)?", re.I
)
_CURRENCY = re.compile(
    r"(?:(?P<word>euro|pound|dollar|rupee)s?|(?P<code>eur|gbp|usd|inr|rs)\.?)(?![a-z])"
)
_CURRENCY_BEGINS = tuple(re.compile(rf"{name}(?<![a-z]{name})") for name in CURRENCIES)
_LONGEST_AMOUNT = 60

_NUMBERS = {
    f"{ten}-{one}": tens + ones
    for ten, tens in TENS.items()
    for one, ones in UP_TO_TWENTY.items()
    if one in DIGITS
} | NUMBERS
_HUNDREDS = re.compile(
    rf"(?<![-\w])(?:(?:an?|{'|'.join(DIGITS)}) )?hundred(?: (?:and )?(?:{'|'.join(_NUMBERS)}))?\Z"
)
"""A number from a hundred on, at its end: ``one hundred and twenty``."""
_FIGURES = r"(?:\d{0,2}(?:,\d{3})+|\d{0,3})"
_COUNTED = by_letter(
    (*(f"{digit}{_FIGURES}" for digit in digits), *_NUMBERS), r"(?<![-\w]{0})(?<!\d[.,]{0})"
)
"""A whole number, in figures or in words: no decimals of one, nor what follows a comma in it."""
_KINDS_OF_DAYS = ("clear", "working", "business", "calendar", "full")
_NUMBER_BEFORE = re.compile(rf"(?P<n>{_COUNTED})[ -](?:(?:{'|'.join(_KINDS_OF_DAYS)}) )?\Z")
_BEFORE_UNIT = frozenset([word[-3:] for word in (*_KINDS_OF_DAYS, *_NUMBERS)])
"""The last three letters of what stands before a unit that is counted in words."""
_LONGEST_NUMBER, _LONGEST_HUNDREDS = 24, 36
_UNIT_ENDS = re.compile(r"s?\b")
"""What stands before a unit, and the end of it, in folded text: units are few, and found fast."""
_PERCENT_BEFORE = re.compile(r"\b(\d+(?:\.\d+)?) ?\Z")
_DAY_BEFORE = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?\Z")
_DAY_AFTER = re.compile(rf"\b(?:{MONTH}) (\d{{1,2}})\b")
_LONGEST_DAY = 10
"""What stands before a month, at the most: ``21st of``."""

_UNITS = ("day", "week", "month", "year", "hour", "percent", "per cent")

Figure: TypeAlias = tuple[str, str]
"""Its kind (a currency, a unit, ``date``) and its value: only like is compared with like."""


@lru_cache(maxsize=16)  # of question, steps and answer, each asked for by several
def figures(text: str) -> frozenset[Figure]:
    """The amounts, periods, shares and dates of a text."""
    found = {(measure.kind, measure.value) for measure in measures(text)}
    if any(map(text.__contains__, MONTHS)):
        for number, month in _dates(text):
            if int(number) <= monthrange(2000, MONTHS.index(month) + 1)[1]:  # not "31 September"
                found.add(("date", f"{number} {month}"))
    return frozenset(found)


def _dates(text: str) -> Iterator[tuple[str, str]]:
    """Days and months that stand beside each other: few months have a day, and are found first."""
    end = 0
    for month in NAMES_DAY.finditer(text):
        begin = month.start()
        day = _DAY_BEFORE.search(text, max(end, begin - _LONGEST_DAY), begin)
        if day is not None:
            end = month.end()
        elif day := _DAY_AFTER.match(text, begin):
            end = day.end()
        if day is not None:
            yield day[1], month[0]


class Measure(NamedTuple):
    """A figure, and where it stands in its text."""

    kind: str
    value: str
    start: int
    end: int


def measures(text: str) -> Iterator[Measure]:
    """The amounts, periods and shares of a text, kind by kind."""
    yield from amounts(text)
    if "%" in text:
        for at in places("%", text):
            if number := _PERCENT_BEFORE.search(text, max(0, at - _LONGEST_NUMBER), at):
                yield Measure("percent", number[1], number.start(), at + 1)
    if any(map(text.__contains__, _UNITS)):
        yield from _periods(folded(text))


def amounts(text: str) -> Iterator[Measure]:
    """The amounts of a text, with signs and in words."""
    if any(map(text.__contains__, MONEY_SIGNS)):
        for m in _signed(text):
            yield Measure(m["c"], _amount(m["n"], m["m"]), *m.span())
    if any(map(text.__contains__, CURRENCY_HINTS)):
        yield from _worded(folded(text))


def _signed(text: str) -> Iterator[re.Match[str]]:
    """The matches of ``_AMOUNT``, which are found by their signs."""
    at = sorted(at for sign in MONEY_SIGNS for at in places(sign, text))
    return filter(None, map(_AMOUNT.match, repeat(text), at))


_MOST_DIGITS = 20
"""Of an amount that is written as it stands."""


def _amount(number: str, scale: str | None) -> str:
    number = number.replace(",", "")
    if not scale and len(number) < _MOST_DIGITS and number.isdecimal():
        return str(int(number))
    amount = Decimal(number).scaleb(_SCALES[(scale or "").casefold()])
    return f"{amount:f}".removesuffix(".00")


def _worded(text: str) -> Iterator[Measure]:
    """The amounts whose currency is a word or a code, in folded text: ``400 euros``."""
    there = (found.start() for name in _CURRENCY_BEGINS for found in name.finditer(text))
    starts = sorted({at for at in there if not text[at - 1 : at].isalpha()})
    for currency in filter(None, map(_CURRENCY.match, repeat(text), starts)):
        start, end = currency.span()
        sign = CURRENCIES[currency["word"] or currency["code"]]
        if found := _WORDED_BEFORE.search(text, max(0, start - _LONGEST_AMOUNT), start):
            if number := numbered(found["words"]) if found["words"] else 0:
                yield Measure(sign, str(number), found.start(), end)
            elif found["n"]:
                yield Measure(sign, _amount(found["n"], found["m"]), found.start(), end)
        elif currency["code"] and (found := _CODE_AFTER.match(text, end)):
            yield Measure(sign, _amount(found["n"], found["m"]), start, found.end())


def _periods(text: str) -> Iterator[Measure]:
    """The numbers of days, weeks and so on, and of per cent, in folded text."""
    hundreds = "hundred" in text
    for unit in _UNITS:
        for at in places(unit, text):
            if text[at - 1 : at] not in " -" or not _may_be_counted(text, at):
                continue
            if ends := _UNIT_ENDS.match(text, at + len(unit)):
                found = _NUMBER_BEFORE.search(text, max(0, at - _LONGEST_NUMBER), at)
                if found:
                    number, begin = found["n"].replace(",", ""), found.start()
                    value = str(_NUMBERS.get(number, number))
                    if hundreds and (more := _hundreds_at(text, found)):
                        value, begin = str(numbered(more[0])), more.start()
                    yield Measure(unit.replace(" ", ""), value, begin, ends.end())


def _hundreds_at(text: str, found: re.Match[str]) -> re.Match[str] | None:
    """The whole of a number in words of which the end was found."""
    end = found.end("n")
    return _HUNDREDS.search(text, max(0, end - _LONGEST_HUNDREDS), end)


def _may_be_counted(text: str, at: int) -> bool:
    """Whether the word before a unit may end a number, or stand between the two."""
    return text[at - 4 : at - 1] in _BEFORE_UNIT or text[at - 2 : at - 1].isdigit()


def inconsistent(reading: Reading) -> Iterator[Finding]:
    """A figure that the steps reach, and another of its kind in the answer in its stead."""
    if not reading.draft.reasoning_steps:
        return
    stepped = figures(reading.steps_text)
    if not stepped:
        return
    asked = figures(reading.draft.question)
    if found := _given_otherwise(asked, stepped, reading):
        yield "INCONSISTENT", found, "answer", False
        return
    if stepped <= asked:
        return
    first = figures(reading.first_sentence)
    reached = figures(reading.draft.reasoning_steps[-1])
    answered = figures(reading.draft.answer)
    for kind in sorted({kind for kind, _ in stepped - asked}):
        told = {value for k, value in answered if k == kind}
        strange = {value for value in told if (kind, value) not in asked | stepped}
        if not strange or (kind in _UNITS and _WENT_BY.search(reading.folded_answer)):
            continue  # a distance of two days is no period of the law
        ours, sure = _reached(reading, kind, reached - asked, stepped, asked, told=told)
        begins = {value for value in strange if (kind, value) in first}
        if kind in MONEY_SIGNS:
            begins -= _left_over(kind, asked, ours, stepped)
        swapped = {v for v in strange if any(_swapped(v, value) for value in ours)}
        if (
            ours
            and ours.isdisjoint(told)
            and not (kind in _CALENDAR and _is_counted(reading, kind, ours))
            and (len(begins) == 1 or swapped or _stands_for(kind, ours, told, stepped | asked))
        ):
            shown = min(begins or swapped or told)
            what = f"the steps reach {_shown(kind, min(ours))}, the answer {_shown(kind, shown)}"
            yield "INCONSISTENT", what, "answer", sure or bool(swapped)
            return


_CALENDAR = frozenset({"day", "week", "month", "year"})


def _is_counted(reading: Reading, unit: str, numbers: Set[str]) -> bool:
    """Whether the answer has the day on which such a period ends that begins on the question's."""
    lengths = filter(None, (LENGTH.match(f"{number} {unit}s") for number in numbers))
    starts, told = days_of(reading.draft.question), days_of(reading.draft.answer)
    return any(end_of(start, one) in told for one in lengths for start in starts)


_WENT_BY = re.compile(r"went by|gone by|elapsed|ha[sd] passed|have passed")


def _given_otherwise(asked: Set[Figure], stepped: Set[Figure], reading: Reading) -> str | None:
    """The only period of question and steps, and another, the answer's only, in its beginning."""
    for kind, value in sorted([each for each in asked & stepped if each[0] in _UNITS]):
        if {v for k, v in asked | stepped if k == kind} != {value} or value == "1":
            continue
        begins = {v for k, v in figures(reading.first_sentence) if k == kind}
        if len(begins) != 1 or "1" in begins:
            continue
        told = {v for k, v in figures(reading.draft.answer) if k == kind}
        if told == begins != {value}:
            said = _shown(kind, min(told))
            return f"question and steps have {_shown(kind, value)}, the answer {said}"
    return None


def _stands_for(kind: str, ours: Set[str], told: Set[str], known: Set[Figure]) -> bool:
    """Whether steps and question have one period, and the answer one other; ``1`` is an article."""
    if kind in MONEY_SIGNS or kind == "date" or len(told) != 1 or "1" in ours | told:
        return False
    return {value for k, value in known if k == kind} == ours


def _left_over(sign: str, asked: Set[Figure], taken: Set[str], stepped: Set[Figure]) -> set[str]:
    """What is left of the amounts of the question, as figures have it.

    What the steps have not used yet may also be added, or be taken from what they reach.
    """
    parts = [int(part) for part in taken if part.isdigit()]
    whole = [int(value) for kind, value in asked if kind == sign and value.isdigit()]
    new = [int(value) for kind, value in asked - stepped if kind == sign and value.isdigit()]
    left = [total - part for total, part in product(whole, parts)]
    more = [each for total, part in product(new, parts) for each in (part - total, part + total)]
    return set(map(str, left + more))


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
    if ours <= {"1"}:
        ours = {value for k, value in stepped if k == kind}
        if ours == {"1"} and _EACH.search(reading.folded_steps):
            return set(), False  # a week for each year
        if len(ours) != 1 or any(k == kind for k, _ in asked):
            return set(), False
        return ours, kind in MONEY_SIGNS and len(told) == 1 and not _is_part(ours, told)
    if ours & told and kind in MONEY_SIGNS:
        return ours & {_last_amount(reading.draft.reasoning_steps[-1], kind)}, False
    return ours, kind in MONEY_SIGNS or kind == "date"


def _is_part(left: Set[str], right: Set[str]) -> bool:
    """Whether one amount may be a plain part of the other: its half, three quarters, threefold."""
    small, big = sorted(map(Fraction, left | right))
    ratio = small / (big or 1)
    return ratio.numerator <= 1 or ratio.denominator <= MOST_PARTS


_EACH = re.compile(
    r"\b(?:one|1|a) (?:day|week|month|year|hour)['\u2019]?s? (?:\w+ )?"
    r"(?:for (?:each|every)|per|a|each)\b"
)
MOST_PARTS = 5
"""Parts of a whole that an amount may be cut into without anybody saying so."""


def _last_amount(text: str, sign: str) -> str:
    """The amount that a text comes to in a currency."""
    amounts = [match for match in _signed(text) if match["c"] == sign]
    return next((value for _, value in figures(amounts[-1][0])), "") if amounts else ""


def _swapped(left: str, right: str) -> bool:
    """Whether two numbers have the same figures in another order."""
    return left != right and len(left) >= 3 and sorted(left) == sorted(right)


def _shown(kind: str, value: str) -> str:
    if kind in MONEY_SIGNS:
        return f"{kind}{value}"
    return value if kind == "date" else f"{value} {kind}"
