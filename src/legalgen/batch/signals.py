"""Signals: of a run the first asks it to end, the second ends it at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

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

    with _handled(handle):
        yield caught


@contextlib.contextmanager
def fatal() -> Iterator[None]:
    """Let a signal end the process at once, as the kernel does: nothing of it runs any more.

    For what may be killed at any instant, and whose libraries neither look for a signal while they
    wait nor leave alone what is half done when they are let go of. Shells see 128 + n all the same.
    """
    with _handled(signal.SIG_DFL):
        yield


@contextlib.contextmanager
def closing() -> Iterator[None]:
    """Let a signal leave by way of all that is open: a temporary folder would stay behind else."""

    def handle(number: int, _: FrameType | None) -> None:
        leave(number)

    with _handled(handle):
        yield


def leave(number: int) -> NoReturn:
    """End as a signal asks, by way of all that is open.

    Raises:
        KeyboardInterrupt: it is SIGINT.
        SystemExit: any other, with 128 + its number.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    """Handle what asks a run to end, but for what was ignored when the program began."""
    found = {number: signal.getsignal(number) for number in STOPPING}
    # None: a handler that was not set from Python and could not be put back
    before = {n: was for n, was in found.items() if was not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
