"""Who hears what a run has to tell, and what time it is told at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from legalgen.errors import DiskError
from legalgen.routing.timing import CLOCK_JUMP_S
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock


class Reporter:
    """Tells events to the one listener of a run, in the main thread."""

    def __init__(self, listener: events.Listener, clock: Clock) -> None:
        self._listener = listener
        self.clock = clock
        self._passed_by: set[Path] = set()
        self._drift = self._drifted()

    def tell(self, event: events.Event) -> None:
        """Tell an event."""
        self._listener(event)

    def notice(self, text: str) -> None:
        """Tell a sentence for people."""
        self._listener(events.Notice(at=self.now(), text=text))

    def pass_by(self, error: DiskError) -> None:
        """A part that cannot be read stops no batch from writing others; it is told once."""
        if error.path not in self._passed_by:
            self._passed_by.add(error.path)
            self.notice(f"{error}; it is passed by: its rows are not counted, repeats not seen")

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    def clock_set(self) -> timedelta:
        """By how much somebody set the time of day since the last look; a sleep is no such thing,
        nor is what a clock gains by itself."""
        drift = self._drifted()
        moved = drift - self._drift
        if abs(moved) <= CLOCK_JUMP_S:
            return timedelta(0)
        self._drift = drift
        return timedelta(seconds=moved)

    def _drifted(self) -> float:
        return self.clock.wall() - self.clock.monotonic() - self.clock.asleep()
