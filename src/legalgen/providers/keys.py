"""What an API key can be: whatever an HTTP header can carry, and no more."""

from __future__ import annotations

import re

LONGEST_KEY = 8192
"""Characters: a server takes no longer line of a header, and a token of a cloud has 4,000."""


def key_problem(key: str) -> str:
    """What is wrong with a key, as the end of a sentence that does not show it; blanks around
    it are none of it.

    An empty key, or one with a newline, otherwise comes back from an SDK as "Connection error.",
    and one with a letter that is not ASCII as a ``UnicodeEncodeError``.
    """
    stripped = key.strip()
    if not stripped:
        return "is empty"
    if len(stripped) > LONGEST_KEY:
        return f"is longer than any key, of which the longest have {LONGEST_KEY} characters"
    if re.search(r"[\r\n]", stripped):
        return "holds a line break"
    if not stripped.isascii():
        return "holds a character outside ASCII"
    if not stripped.isprintable() or " " in stripped:
        return "holds a blank or a control character"
    return "is in quotes" if {stripped[0], stripped[-1]} & set("\"'") else ""
