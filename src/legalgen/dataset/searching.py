"""A search for an expression of the user's that ends, whatever the expression is.

Some take longer than anybody waits: ``(a+)+$`` doubles its time with each letter. While ``re``
searches, nothing but a signal is heeded, so one breaks it off, by the processor's time: a search
is not to blame for a busy machine, nor for a program that was stopped meanwhile.
"""

from __future__ import annotations

import functools
import re
import signal
import threading
import warnings
from collections.abc import Iterable
from typing import Final

LONGEST_S: Final = 1.0
"""Seconds of the processor's time for one row, which needs some thousandths of one."""


@functools.lru_cache(maxsize=8)
def compiled(text: str) -> re.Pattern[str]:
    """The expression, in either case.

    Raises:
        re.error, OverflowError, RecursionError: it is none.
    """
    with warnings.catch_warnings():
        # "[[]2019" means today what it says; what it may mean one day is no matter of the user's.
        warnings.simplefilter("ignore")
        return re.compile(text, re.IGNORECASE)


def found(text: str, texts: Iterable[str], longest_s: float = LONGEST_S) -> bool:
    """Whether an expression stands in one of the texts of a row.

    Raises:
        TimeoutError: nobody knows after ``longest_s`` seconds of the processor's time. It is only
            watched in the main thread, which alone heeds signals.
    """
    pattern = compiled(text)
    if threading.current_thread() is not threading.main_thread():
        return any(pattern.search(each) for each in texts)
    with _watch().for_(longest_s):
        return any(pattern.search(each) for each in texts)


class _Watch:
    """Raises in a block that takes too long.

    Its handler stays for good, and does nothing outside of a block: were the default one back, a
    signal that comes late would end the process.
    """

    def __init__(self) -> None:
        self._on = False
        self._seconds = 0.0
        signal.signal(signal.SIGVTALRM, self._expired)

    def for_(self, seconds: float) -> _Watch:
        self._seconds = seconds
        return self

    def __enter__(self) -> None:
        self._on = True
        signal.setitimer(signal.ITIMER_VIRTUAL, self._seconds)

    def __exit__(self, *_: object) -> None:
        self._on = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def _expired(self, *_: object) -> None:
        if self._on:
            self._on = False
            raise TimeoutError


@functools.cache
def _watch() -> _Watch:
    return _Watch()
