"""The word lists of the gate and names of places, read from ``words.toml`` once.

And what the checks of figures look for: words for numbers, months, signs of money.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Final

import msgspec

from legalgen.settings import compile_cache

UP_TO_TWENTY: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
}  # fmt: skip
"""Numbers by their words."""
TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
DIGITS: Final = tuple(word for word, value in UP_TO_TWENTY.items() if 0 < value < 10)
"""The words for one to nine."""
_BIG: Final = {"thousand": 1_000, "million": 1_000_000}


def numbered(text: str) -> int:
    """A number of several words in small letters: ``two hundred and fifty thousand``."""
    total = part = 0
    for word in re.findall(r"[a-z]+", text):
        if word == "hundred":
            part = max(1, part) * 100
        elif word in _BIG:
            total += max(1, part) * _BIG[word]
            part = 0
        else:
            part += UP_TO_TWENTY.get(word, TENS.get(word, 0))
    return total + part


MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
MONTH: Final = "|".join(MONTHS)
"""The months as alternatives of a regular expression."""
NAMES_DAY: Final = re.compile(
    r"[ADFJMNOS](?:(?<=\d .)|(?<=\d of .)|(?<=(?:st|nd|rd|th) .)|(?<=(?:st|nd|rd|th) of .)"
    r"|(?=\w+ \d\d?(?!\d)))"
    rf"(?:{'|'.join(month[1:] for month in MONTHS)})\b"
)
"""A month beside its day, found by the capital letter in a tenth of the time of the whole date."""
MONEY_SIGNS: Final = "\u00a3$\u20ac\u20b9"


@cache
def _lists() -> dict[str, str | list[str | list[str]]]:
    tables = compile_cache.table("legalgen.quality", "words.toml")
    return msgspec.convert(tables, dict[str, str | list[str | list[str]]])


def word_list(*names: str) -> frozenset[str]:
    """The words of the lists of these names.

    Raises:
        KeyError: there is no such list.
    """
    found = [_lists()[name] for name in names]
    listed = (word for text in found if isinstance(text, str) for word in text.split())
    return frozenset(map(sys.intern, listed))  # many words are in several lists


def phrases(name: str) -> tuple[str, ...]:
    """The phrases of a list, in its order.

    Raises:
        KeyError: there is no such list.
    """
    found = _lists()[name]
    listed = found if isinstance(found, list) else [found]
    return tuple(each for each in listed if isinstance(each, str))


def guarded(name: str) -> tuple[tuple[str, str], ...]:
    """The phrases of a list, each after the words of which one stands in it, in their order.

    Raises:
        KeyError: there is no such list.
    """
    found = _lists()[name]
    return tuple((each[0], each[1]) for each in found if isinstance(each, list))


def weighted(name: str) -> dict[str, float]:
    """The words of a list, each phrase of which begins with the weight of its words.

    Raises:
        KeyError: there is no such list.
    """
    weights: dict[str, float] = {}
    for line in phrases(name):
        weight, *listed = line.split()
        weights |= dict.fromkeys(listed, float(weight))
    return weights


def alternatives(name: str) -> str:
    """The phrases of a list as alternatives of a regular expression; each is a pattern."""
    return "|".join(phrases(name))
