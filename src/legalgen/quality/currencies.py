"""Currencies that are written as words or codes, which are put as signs."""

from __future__ import annotations

import re

from msgspec.structs import replace

from legalgen.quality.wordlists import MONEY_SIGNS
from legalgen.store.sample import Draft

CURRENCIES = {
    "euro": "\u20ac", "eur": "\u20ac", "pound": "\u00a3", "gbp": "\u00a3", "dollar": "$",
    "usd": "$", "rupee": "\u20b9", "inr": "\u20b9", "rs": "\u20b9",
}  # fmt: skip
"""The signs of currencies that are written as words or codes."""
CURRENCY_HINTS = ("euro", "pound", "dollar", "rupee", "EUR", "GBP", "USD", "INR", "Rs")
CURRENCY_WORDS = frozenset(CURRENCIES) | {"euros", "pounds", "dollars", "rupees"}
_WORD_AFTER = re.compile(
    rf"(?<![\w.,{MONEY_SIGNS}-])(?P<n>\d[\d,]*(?:\.\d+)?(?: (?:million|billion))?)"
    r" (?P<word>euro|pound|dollar|rupee)s?\b"
)
_CODE_BEFORE = re.compile(r"\b(?P<code>EUR|GBP|USD|INR|Rs)\.? ?(?=\d)")


def with_signs(draft: Draft) -> Draft:
    """The draft with signs for the currencies that are written as words or codes."""
    return replace(
        draft,
        question=_with_signs(draft.question),
        answer=_with_signs(draft.answer),
        reasoning_steps=tuple(map(_with_signs, draft.reasoning_steps)),
    )


def _with_signs(text: str) -> str:
    if any(map(text.__contains__, CURRENCY_HINTS[:4])):
        text = _WORD_AFTER.sub(lambda found: CURRENCIES[found["word"]] + found["n"], text)
    if any(map(text.__contains__, CURRENCY_HINTS[4:])):
        text = _CODE_BEFORE.sub(lambda found: CURRENCIES[found["code"].casefold()], text)
    return text
