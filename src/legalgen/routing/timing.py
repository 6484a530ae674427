"""Two stopwatches of the router: how long a batch has waited, and whether the machine slept."""

from __future__ import annotations

from legalgen.telemetry.clock import Clock

CLOCK_JUMP_S = 30.0
"""How far wall and monotonic clock may drift apart before that is taken for a sleep."""


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
    """Notices by the drift between wall and monotonic clock that the machine slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._drift = self.drift(clock.monotonic())

    def drift(self, now: float) -> float:
        """Wall time less the monotonic time ``now``."""
        return self._clock.wall() - now

    def slept(self, now: float) -> float:
        """Seconds of sleep since the last look; 0 where there was none."""
        drift = self.drift(now)
        slept = drift - self._drift
        if abs(slept) <= CLOCK_JUMP_S:
            return 0.0
        self._drift = drift
        return max(0.0, slept)

    def jumped_since(self, drift: float, now: float) -> bool:
        """Whether the clocks jumped since they stood ``drift`` apart."""
        return abs(self.drift(now) - drift) > CLOCK_JUMP_S
