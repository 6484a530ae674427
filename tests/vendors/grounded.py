"""Answers to prompts with passages: quoted word for word, or changed in the ways that models do."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Literal, get_args

Way = Literal[
    "verbatim", "typographic", "ellipsis", "opened",
    "word", "modal", "number", "dropped", "elsewhere", "unknown", "invented", "short",
]  # fmt: skip
"""How a passage is quoted; the first four quote it right."""
RIGHT: tuple[Way, ...] = get_args(Way)[:4]
_PASSAGE = re.compile(r"^S\d+ \[[^\n]*\]\n(.*?)(?=\n\nS\d+ \[|\Z)", re.MULTILINE | re.DOTALL)
_TYPOGRAPHY = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2019": "'", "\u2014": "\u2013"})
_NEGATIONS = {"not", "no", "never", "neither", "nor", "none", "nothing", "nobody", "cannot"}
_MODALS = {"shall": "may", "may": "must", "must": "may", "should": "shall", "not": "indeed"}


def passages_in(prompt: str) -> list[str]:
    """The texts of the passages that a prompt gives, S1 first."""
    return [found.strip() for found in _PASSAGE.findall(prompt)]


def citation(rng: random.Random, passages: Sequence[str], way: Way) -> dict[str, str]:
    """A quotation from the first passage, as a model would give it."""
    number = 2 if way == "elsewhere" and len(passages) > 1 else 1
    label = {"unknown": "S9", "elsewhere": f"S{3 - number}"}.get(way, f"S{number}")
    words = passages[number - 1].split()
    size = min(len(words), rng.randint(8, 24))
    begin = rng.randrange(len(words) - size + 1)
    return {"source": label, "quote": _quoted(rng, words[begin : begin + size], way)}


def _quoted(rng: random.Random, words: list[str], way: Way) -> str:  # noqa: PLR0911 - one way each
    match way:
        case "typographic":
            return " ".join(words).translate(_TYPOGRAPHY).upper()
        case "ellipsis":
            return _shortened(words)
        case "opened" if words[0][:1].isalpha():
            return f"[{words[0][:1].swapcase()}]{words[0][1:]} {' '.join(words[1:])}"
        case "word":
            at = rng.randrange(len(words))
            return " ".join([*words[:at], "gladly", *words[at + 1 :]])
        case "modal" if any(word in _MODALS for word in words):
            return " ".join(_MODALS.get(word, word) for word in words)
        case "number" if any(map(str.isdigit, "".join(words))):
            return re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), " ".join(words))
        case "dropped":
            return " ".join([*words[:3], *words[5:]])
        case "invented" | "modal" | "number":
            return "Every court in the land has always held that such a duty is owed to all."
        case "short":
            return " ".join(words[:3])
        case _:
            return " ".join(words)


def _shortened(words: list[str]) -> str:
    """With two words in the middle left out, unless they turn the sense."""
    middle = len(words) // 2
    left_out = {each.casefold().strip(",;") for each in words[middle - 1 : middle + 1]}
    if left_out & _NEGATIONS:
        return " ".join(words)
    return " ".join([*words[: middle - 1], "...", *words[middle + 1 :]])
