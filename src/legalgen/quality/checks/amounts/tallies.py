"""Are shares, ages, distances and days of the week what the numbers beside them make them.

Each rule works out again what one sentence says of numbers that stand in it, or of a birthday of
the question: ``40 of 100 shares are 60 per cent``, ``born in 2010, he was fifteen in 2019``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import product

from legalgen.quality.checks.amounts.days import ANY_DAY, any_days, day_of
from legalgen.quality.checks.amounts.portions import shares
from legalgen.quality.checks.amounts.sums import COUNT_WORD, MONEY, amount_of, number_of
from legalgen.quality.reading import Finding, Reading
from legalgen.quality.wordlists import MONEY_SIGNS, MONTH

_PERCENT_HINTS = frozenset({"percent", "cent"})
_PERCENT = rf"(?P<percent>\d{{1,3}}(?:\.\d+)?|{COUNT_WORD}(?:-{COUNT_WORD})?)(?: ?%| per ?cent\b)"
_EACH_PERCENT = re.compile(_PERCENT, re.I)
_COUNT = r"\d{1,3}(?:,\d{3})+|\d{1,9}"
_IS = r"(?:is|are|was|were|makes?|gives?|equals?|amounts? to|comes? to)(?: (?:only|just|exactly))?"
_OF_ALL = re.compile(
    rf"(?<![\w.,/{MONEY_SIGNS}-])(?P<part>{_COUNT}) (?:out )?of "
    rf"(?:the |its |his |her |their |all )*(?P<whole>{_COUNT}) (?:[a-z]+ ){{0,3}}?"
    rf"{_IS} {_PERCENT}(?! (?:more|less)\b)",
)
_MONEY_OF = re.compile(
    rf"(?P<part>{MONEY})(?: (?:paid|claimed|owed|due))? {_IS} {_PERCENT} of "
    rf"(?:the |a |his |her |its |their )?(?:(?!(?:and|or|plus|less)\b)[a-z]+ ){{0,4}}?"
    rf"(?P<whole>{MONEY})",
)
_POINT = Fraction(1, 100)
_REST = re.compile(r"\bthe (?:remaining|other) \Z")
_OF_REST = re.compile(
    r"\bof (?:(?:the (?:rest|remain\w+|other|first|balance))|that|which|what|this|those|it)\b"
    r"|\b(?:then|each|every|interest|rate|instead|until)\b"
)


def tallies(reading: Reading) -> Iterator[Finding]:
    """A share, an age, a distance or a day of the week that is not what its numbers make it."""
    found = _shared_wrong(reading) or _aged_wrong(reading) or _named_wrong(reading)
    found = found or _distant_wrong(reading)
    if found:
        yield found


def _shared_wrong(reading: Reading) -> Finding | None:
    """A percentage of two numbers, or parts of one whole that are more or less than all of it."""
    if _PERCENT_HINTS.isdisjoint(reading.vocabulary) and "%" not in reading.whole:
        return None
    asked = reading.draft.question
    for name, text in reading.texts[1:]:
        pieces = text.replace("\n", ". ").split(". ")
        pieces = [piece for piece in pieces if "%" in piece or "cent" in piece]
        for piece, pattern in product(pieces, (_OF_ALL, _MONEY_OF)):
            for said in pattern.finditer(piece):
                part, whole = (_value(said[side]) for side in ("part", "whole"))
                share = number_of(said["percent"]) / 100
                if whole and part <= whole and abs(part / whole - share) >= _POINT:
                    what = f'"{said[0]}" in {name}: it is {float(part / whole):.0%}'
                    return "ARITHMETIC", what, name, True
        for sentence in pieces:
            if (more := _more_than_all(sentence, asked)) is not None:
                what = f'"{sentence.strip()[:60]}" in {name}: the shares are {float(more):.0%}'
                return "ARITHMETIC", what, name, False
            parts = list(_EACH_PERCENT.finditer(sentence))
            if len(parts) < 2 or not _REST.search(sentence, 0, parts[-1].start()):
                continue
            total = sum(number_of(each["percent"]) for each in parts)
            if total > 100 and not _OF_REST.search(sentence):
                what = f'"{parts[-1][0]}" in {name}: with the others it is {float(total):g} percent'
                return "ARITHMETIC", what, name, True
    return None


MOST_SHARES = Fraction(5, 4)
"""Of one whole; what is more than that was never meant to be all of it."""
_NO_PARTS = re.compile(
    r"\b(?:than|from|between|at (?:least|most)|up to|threshold|majority|tax|interest|rates?|if"
    r"|unless|would|both|also|together|combined|joint\w*|either|or|again|reduc\w+|rais\w+|likel\w+|chance"
    r"|against|compar\w+|instead)\b|[-\u2013<>]\s?\d",
    re.I,
)
"""What stands in a sentence whose shares are not the parts of one whole."""
_WHOLES = re.compile(
    r"(?:%|cent|half|third|quarter|fifth|tenth)s? of (?:(?:the|its|her|his|their) )?(\w+)"
)


def _more_than_all(sentence: str, asked: str) -> Fraction | None:
    """What three shares or more come to that are listed as parts of a whole, but exceed it."""
    if sentence.count("%") + sentence.count("cent") < 2:
        return None
    found = list(shares(sentence))
    parts = [share for share, _, _ in found]
    total = sum(parts, Fraction())
    if len(parts) < 3 or not 1 < total <= MOST_SHARES:
        return None
    if any(total - part == part or total - part == 1 for part in parts):
        return None  # two and what they are together, or all and a share of it
    listed = sentence[: found[-1][2]] + sentence[found[-1][2] :].partition(",")[0]
    if _NO_PARTS.search(listed) or _OF_REST.search(listed):
        return None
    given = {share for share, _, _ in shares(asked)}
    return None if len(set(_WHOLES.findall(listed))) > 1 or given.issuperset(parts) else total


def _value(text: str) -> Fraction:
    return amount_of(text)[0] if text[0] in MONEY_SIGNS else Fraction(text.replace(",", ""))


_BORN = re.compile(rf"\bborn (?:on {ANY_DAY.pattern}|in (?P<year>(?:19|20)\d\d)\b)")
_AGED = re.compile(
    rf"\b(?:was|is|aged|only|just|still) (?P<n>\d{{1,2}}|{COUNT_WORD}(?:-{COUNT_WORD})?)"
    r"(?: years (?:old|of age))?,? (?:when|on|in|at the time)\b(?P<rest>[^.;:]{0,60}?)"
    rf"\b(?:on {ANY_DAY.pattern}|in (?P<year>(?:19|20)\d\d)\b)"
)


def _aged_wrong(reading: Reading) -> Finding | None:
    """An age on a day, or in a year, that the only birthday of the question does not lead to."""
    born = list(_BORN.finditer(reading.draft.question)) if _has_birth(reading) else []
    if len(born) != 1:
        return None
    first = _span(born[0])
    for name, text in reading.texts[1:]:
        for said in _AGED.finditer(text) if first else ():
            last = _span(said)
            if last is None or first is None:
                continue
            least, most = _years(first[1], last[0]), _years(first[0], last[1])
            told = number_of(said["n"])
            if not least <= told <= most and " or " not in said["rest"]:
                what = f'"{said[0]}" in {name}: it is {most}'
                return "ARITHMETIC", what, name, True
    return None


def _has_birth(reading: Reading) -> bool:
    return " born " in reading.draft.question


def _span(said: re.Match[str]) -> tuple[date, date] | None:
    """The day that a match has, or the first and last one of its year."""
    if said["year"]:
        year = int(said["year"])
        return date(year, 1, 1), date(year, 12, 31)
    day = day_of(said)
    return (day, day) if day else None


def _years(first: date, last: date) -> int:
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAY_WORDS = frozenset(map(str.casefold, _WEEKDAYS))
_NAMED = re.compile(rf"(?P<week>{'|'.join(_WEEKDAYS)}),? (?:the )?{ANY_DAY.pattern}")


def _named_wrong(reading: Reading) -> Finding | None:
    """A day of the week that a date has not; the question may have a calendar of its own."""
    if _WEEKDAY_WORDS.isdisjoint(reading.vocabulary) or _is_odd(reading.draft.question):
        return None
    asked = {day_of(match) for match in any_days(reading.draft.question)}
    for name, text in reading.texts[1:]:
        for said in _NAMED.finditer(text):
            day = day_of(said)
            if day and day not in asked and said["week"] != _WEEKDAYS[day.weekday()]:
                what = f'"{said[0]}" in {name}: it is a {_WEEKDAYS[day.weekday()]}'
                return "ARITHMETIC", what, name, False
    return None


def _is_odd(question: str) -> bool:
    named = ((said["week"], day_of(said)) for said in _NAMED.finditer(question))
    return any(day and week != _WEEKDAYS[day.weekday()] for week, day in named)


_TWO_DAYS = re.compile(
    rf"\b(?:[Ff]rom|[Bb]etween) (?P<one>{re.sub('[?]P<[a-z]+>', '?:', ANY_DAY.pattern)})"
    rf" (?:to|and|until) {ANY_DAY.pattern},? (?:[A-Za-z]+ ){{0,4}}?"
    r"(?P<more>more than|over|less than|under|nearly|almost|fewer than)? ?"
    rf"(?P<n>\d{{1,3}}|{COUNT_WORD}(?:-{COUNT_WORD})?) (?P<unit>year|month|week|day)s?"
    r" (?:of (?:service|employment|work|time)|went by|passed|elapsed|lie|lay|had passed|later)\b"
)
_DAYS = {
    "year": Fraction(36525, 100),
    "month": Fraction(3044, 100),
    "week": Fraction(7),
    "day": Fraction(1),
}
_SLACK = 5
"""Days that months and leap years may make of a distance."""


_BEGINS_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{MONTH})|(?:{MONTH}) \d)"
_FROM_DAY, _BETWEEN_DAY = (re.compile(f"{word} {_BEGINS_DAY}") for word in ("rom", "etween"))
"""How the two days begin, found like a substring: hardly any answer has them."""


def _distant_wrong(reading: Reading) -> Finding | None:
    """A distance of two days that is told beside them."""
    for name, text in reading.texts[1:]:
        if not (_FROM_DAY.search(text) or _BETWEEN_DAY.search(text)):
            continue
        for said in _TWO_DAYS.finditer(text):
            one = next((day_of(match) for match in any_days(said["one"])), None)
            other = day_of(said)
            if one is None or other is None or " not " in said[0]:
                continue
            apart, told = (other - one).days, number_of(said["n"]) * _DAYS[said["unit"]]
            unit, more = _DAYS[said["unit"]], said["more"]
            if more in ("more than", "over"):
                wrong = apart < told - _SLACK
            elif more:
                wrong = apart > told + _SLACK
            else:
                wrong = not told - unit - 2 < apart < told + unit + 2
            if wrong:
                return "ARITHMETIC", f'"{said[0]}" in {name}: it is {apart} days', name, True
    return None
