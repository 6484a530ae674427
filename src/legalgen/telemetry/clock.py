"""The clock that is passed in: no room asks the system for the time or sleeps by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec


class Clock(msgspec.Struct, frozen=True):
    """The two clocks of a machine, in seconds, and how one waits by them.

    ``monotonic`` never jumps, ``wall`` knows the time of day. ``wait`` is given a condition that
    the caller holds: it lets go of it until it is notified (True) or so many seconds have passed
    (False), and holds it again when it returns. Like any condition it may wake early, so callers
    look again at what they wait for.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    wait: Callable[[threading.Condition, float], bool] = threading.Condition.wait

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass: a wait for what nobody notifies."""
        nobody = threading.Condition()
        with nobody:
            self.wait(nobody, seconds)
