"""The clock that is passed in: no module asks the system for the time or sleeps by itself."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime

import msgspec


def time_asleep() -> float:
    """Seconds that the machine has slept since it was started; 0 where that cannot be told.

    One clock of the system stands still in a sleep and another does not (Linux calls it boot time;
    macOS's CLOCK_MONOTONIC is one). The time of day tells nothing: somebody may set it.
    """
    if sys.platform == "win32":
        return 0.0
    ticking = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(ticking) - time.monotonic()


def local_time(moment: datetime) -> datetime:
    """An aware moment in the time of this place; in UTC where that cannot be told.

    Python knows no zone a day away from UTC, as ``TZ=UTC+24`` asks for, and no year 10000.
    """
    try:
        return moment.astimezone()
    except (ValueError, OverflowError, OSError):
        return moment


class Clock(msgspec.Struct, frozen=True):
    """The two clocks of a machine, in seconds, and how one waits by them.

    ``monotonic`` never jumps and is the same in every process, ``wall`` knows the time of day.
    ``wait`` is given a condition that the caller holds: it lets go of it until it is notified
    (True) or so many seconds have passed (False), and holds it again when it returns. Like any
    condition it may wake early, so callers look again at what they wait for. ``asleep`` is how
    long the machine has slept, while ``monotonic`` stood still.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    wait: Callable[[threading.Condition, float], bool] = threading.Condition.wait
    asleep: Callable[[], float] = time_asleep

    def wall_at(self, monotonic: float) -> float:
        """A monotonic time as seconds since the epoch, by what the clocks say now."""
        return monotonic + self.wall() - self.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass: a wait for what nobody notifies."""
        nobody = threading.Condition()
        with nobody:
            self.wait(nobody, seconds)
