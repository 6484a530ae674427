"""What others wrote, made fit for one line of a terminal or a log."""

from __future__ import annotations


def printable(text: str) -> str:
    """Control characters escaped: what a vendor answers must not forge a line, move the cursor or
    set a colour."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
