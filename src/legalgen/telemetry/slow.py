"""What takes longer than people wait in silence is told while it goes on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final

SLOW_S: Final = 1.5
"""So long nobody asks what is waited for, in seconds."""
_TOLD_S: Final = 30.0
"""Telling takes no longer: see ``ui.console``, which waits for a terminal that takes nothing."""


@contextlib.contextmanager
def told_when_slow(
    tell: Callable[[str], object], sentence: str, after_s: float = SLOW_S
) -> Iterator[None]:
    """Tell a sentence if the block is not done after so many seconds.

    It is told from another thread, while this one waits in the block, and never after it. Where the
    system gives no thread, nothing is told.
    """
    timer = threading.Timer(after_s, tell, (sentence,))
    timer.daemon = True
    with contextlib.suppress(RuntimeError):  # a bound on processes or memory
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if timer.ident is not None:
            timer.join(_TOLD_S)
