"""Whether the system gave this process too little, for which no file is to blame."""

from __future__ import annotations

import os
import re
from typing import Final

_WORDS: Final = (
    "failed to map segment",
    "cannot allocate memory",
    "can't start new thread",
    "failed to launch worker thread",
)
"""Those of the loader, of the system, of Python and of Arrow."""


def is_starved(error: BaseException) -> bool:
    """Whether memory or threads ran out.

    Not where more was asked for than the machine has at all: Arrow does so by the sizes that a
    damaged file states.
    """
    if isinstance(error, MemoryError):
        asked = re.search(r"alloc of size (\d+)", str(error))
        return asked is None or int(asked[1]) <= _memory_bytes()
    return any(each in str(error).lower() for each in _WORDS)


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
