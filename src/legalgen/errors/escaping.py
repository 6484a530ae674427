"""What others wrote, made fit for one line of a terminal or a log."""

from __future__ import annotations

import re
from typing import Final

MOST_SHOWN: Final = 60
"""Characters of a value that a sentence about it repeats."""
_LONGEST_WORD: Final = 400
"""Characters without a blank that are shown whole: paths and addresses are seldom longer."""
_KEPT: Final = 120


def cut(value: str, most: int = MOST_SHOWN) -> str:
    """A value as a sentence may repeat it: its beginning, where it is long."""
    return value if len(value) <= most else f"{value[:most]}…"


def without_long_words(text: str) -> str:
    """A sentence in which a value, name or address of many characters is cut in its middle."""

    def shortened(found: re.Match[str]) -> str:
        word = found[0]
        return f"{word[:_KEPT]}… ({len(word):,} characters) …{word[-_KEPT // 2 :]}"

    return re.sub(rf"\S{{{_LONGEST_WORD + 1},}}", shortened, text)


def printable(text: str) -> str:
    """Control characters escaped: what a vendor answers must not forge a line, move the cursor or
    set a colour."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
