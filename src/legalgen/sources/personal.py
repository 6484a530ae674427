"""Personal data in a text: what looks like an address, a number or an account of somebody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "e-mail address": re.compile(r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"),
    "telephone number": re.compile(
        r"(?<![\w.])(?:\+\d{1,3}[ .-]?(?:\(0\))?|\(?0)\d{2,4}\)?[ .-]?\d{3,4}[ .-]?\d{3,4}(?![\w-])"
        r"|(?<![\w.-])\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"
    ),
    "national insurance number": re.compile(
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"
    ),
    "social security number": re.compile(r"\b(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b"),
    "IBAN": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
    "card number": re.compile(r"\b(?:\d[ -]?){13,19}\b"),
    "date of birth": re.compile(
        r"\b(?:date of birth|d\.?o\.?b\.?|born on)\b:?\s*[^.\n]{0,12}\d{2,4}", re.IGNORECASE
    ),
}


def found_in(text: str) -> Counter[str]:
    """How often each kind of personal data stands in a text."""
    found: Counter[str] = Counter()
    for kind, pattern in _PATTERNS.items():
        holds = _CHECKS.get(kind, _always)
        count = sum(1 for match in pattern.finditer(text) if holds(match[0]))
        if count:
            found[kind] = count
    return found


def _always(_: str) -> bool:
    return True


def _is_card(number: str) -> bool:
    """Luhn's check digit: every other digit doubled, the sum a multiple of ten."""
    digits = [int(each) for each in number if each.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def _is_iban(number: str) -> bool:
    """The check of ISO 13616: letters as numbers, country and check at the end, 1 modulo 97."""
    bare = number.replace(" ", "")
    turned = bare[4:] + bare[:4]
    return len(bare) >= 15 and int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {"card number": _is_card, "IBAN": _is_iban}
