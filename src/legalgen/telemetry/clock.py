"""The clock that is passed in: no room asks the system for the time or sleeps by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec


class Clock(msgspec.Struct, frozen=True):
    """The two clocks of a machine, in seconds: one never jumps, one knows the time of day."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
