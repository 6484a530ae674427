"""Two stopwatches of the router: how long a batch has waited, and whether the machine slept."""

from __future__ import annotations

from legalgen.telemetry.clock import Clock

CLOCK_JUMP_S = 30.0
"""How long a sleep must be, and how far wall and monotonic clock may drift apart, to matter."""


class WaitTimer:
    """Seconds of waiting, with nothing in flight, since the last accepted sample."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = None

    def begin(self, now: float) -> None:
        """A wait begins, unless one is under way."""
        if self._since is None:
            self._since = now

    def end(self, now: float) -> None:
        """A call leaves: what was waited is kept."""
        self._before, self._since = self.at(now), None

    def forget(self, now: float) -> None:
        """A sample was accepted: counting begins at zero; a wait that is under way goes on."""
        self._before = 0.0
        if self._since is not None:
            self._since = now

    def at(self, now: float) -> float:
        """The seconds until ``now``."""
        return self._before + (now - self._since if self._since is not None else 0.0)


class SleepDetector:
    """Notices that the machine slept, and that its clocks jumped against each other.

    A time of day that somebody sets is no sleep: no budget refilled meanwhile.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asleep = clock.asleep()

    def drift(self, now: float) -> float:
        """Wall time less the monotonic time ``now``."""
        return self._clock.wall() - now

    def slept(self) -> float:
        """Seconds of sleep since the last look; 0 where there was none."""
        asleep = self._clock.asleep()
        slept = asleep - self._asleep
        if slept <= CLOCK_JUMP_S:
            return 0.0
        self._asleep = asleep
        return slept

    def jumped_since(self, drift: float, now: float) -> bool:
        """Whether the clocks jumped since they stood ``drift`` apart."""
        return abs(self.drift(now) - drift) > CLOCK_JUMP_S
