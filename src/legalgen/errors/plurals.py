"""How sentences count: 1 row, 2,057 rows."""

from __future__ import annotations


def plural(number: int, one: str, many: str = "") -> str:
    """``1 wait``, ``3 waits``; ``many`` where that is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
