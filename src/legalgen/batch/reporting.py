"""Who hears what a run has to tell, and what time it is told at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from legalgen.errors import DiskError
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock


class Reporter:
    """Tells events to the one listener of a run, in the main thread."""

    def __init__(self, listener: events.Listener, clock: Clock) -> None:
        self._listener = listener
        self.clock = clock
        self._passed_by: set[Path] = set()

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
