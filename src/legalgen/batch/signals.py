"""Signals of a run: the first asks it to end, the second ends it at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Caught:
    """Which signal asked the run to end; None while none did."""

    def __init__(self) -> None:
        self.number: int | None = None

    def exit_code(self, otherwise: int) -> int:
        """128 + the signal's number, as shells know it."""
        return otherwise if self.number is None else 128 + self.number


@contextlib.contextmanager
def heeded(request: Callable[[], None], abandon: Callable[[], None]) -> Iterator[Caught]:
    """Call ``request`` at the first signal and ``abandon`` at each further one.

    A signal that was ignored when the program began (``nohup``) stays ignored.
    """
    caught = Caught()

    def handle(number: int, _: FrameType | None) -> None:
        if caught.number is None:
            caught.number = number
            request()
        else:
            abandon()

    found = {number: signal.getsignal(number) for number in STOPPING}
    # None: a handler that was not set from Python and could not be put back
    before = {n: was for n, was in found.items() if was not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, handle)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def fatal() -> Iterator[None]:
    """Let a signal end the process at once, as the kernel does: nothing of it runs any more.

    For what may be killed at any instant, and whose libraries neither look for a signal while they
    wait nor leave alone what is half done when they are let go of. Shells see 128 + n all the same.
    """
    found = {number: signal.getsignal(number) for number in STOPPING}
    before = {n: was for n, was in found.items() if was not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
