"""What people see while a run goes: a live view on a terminal, plain lines elsewhere.

A watcher hears events in the main thread and refreshes itself in a thread of its own, so that a
view never stands still while the run is busy, and costs at most four refreshes a second.

The cursor is never hidden: there is nothing to restore, whatever ends the program.
"""

from __future__ import annotations

import math
import os
import textwrap
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from legalgen.errors.escaping import printable
from legalgen.routing.targets import View
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock, local_time
from legalgen.ui.changes import Changes, Saying
from legalgen.ui.frame import (
    ASCII,
    UNICODE,
    Glyphs,
    Moment,
    StyledLine,
    calls,
    frame,
    progress_words,
)
from legalgen.ui.progress import Progress

if TYPE_CHECKING:
    from legalgen.ui.drawing import Drawing

REFRESH_S = 0.25
REPORT_S = 30.0
"""How often a run without a terminal says how far it is, at most."""
PARTING_S = 2.0
"""How long the end waits for a refresh that hangs in a terminal which takes nothing."""
INDENT = " " * 10
"""As wide as the time of day before each line."""

Views = Callable[[], Sequence[View]]


class Screen(Protocol):
    """Where a watcher writes; see :class:`legalgen.ui.console.Talk`."""

    def write(self, text: str) -> None:
        """Write at once; never raises for a reader that is gone."""

    def size(self) -> tuple[int, int]:
        """Columns and rows now."""


class Watcher:
    """Follows a run; subclasses say what happens. Use as a context manager."""

    period_s = math.inf
    """How often ``refresh`` is called; never, if infinite."""

    def __init__(self, screen: Screen, *, clock: Clock | None = None) -> None:
        self._screen = screen
        self._clock = clock or Clock()
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._progress = Progress(self._clock.monotonic())
        self._changes = Changes()
        self._repeated: dict[object, list[Any]] = {}
        self._folded = self._clock.monotonic()
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._views: Views = lambda: ()
        self._stopping: Callable[[], bool] = lambda: False
        self._thread: threading.Thread | None = None

    def follow(self, views: Views, stopping: Callable[[], bool]) -> None:
        """Where the route's state is seen, and whether the run was asked to end."""
        self._views, self._stopping = views, stopping

    def hear(self, event: events.Event) -> None:
        """Take in one event."""
        with self._lock:
            self._progress.hear(event, self._clock.monotonic())
            said = self._changes.hear(event)
            if said is not None:
                self.say_event(event, said)

    def say(self, text: str) -> None:
        """A line that is not an event's."""
        with self._lock:
            self.put(text)

    def prepare(self) -> None:
        """What ``refresh`` needs and takes time; called in the view's own thread."""

    def refresh(self) -> None:
        """Show how far the run is."""

    def say_event(self, event: events.Event, said: Saying) -> None:
        """Say it; what says the same again is counted until :meth:`_tell_repeated`."""
        text = printable(said.text)
        # A worker's event is a moment older than what was made of it and told before: no line
        # is to show an earlier time than the one above it.
        self._latest = max(self._latest, event.at)
        if said.key is None or said.key not in self._repeated:
            self.put(f"{local_time(self._latest):%H:%M:%S}  {text}")
        else:
            self._repeated[said.key][0] += 1
        if said.key is not None:
            self._repeated.setdefault(said.key, [0, text])[1] = text

    def _tell_repeated(self) -> None:
        """How often the same was said since, at most every 30 s."""
        now = self._clock.monotonic()
        if now - self._folded < REPORT_S and not self._ended.is_set():
            return
        self._folded = now
        for times, text in self._repeated.values():
            if times:
                self.put(f"{self._time_of_day()}  {text} ({times} more of these)")
        self._repeated.clear()

    def put(self, text: str) -> None:
        """Show a line; the caller holds the lock."""
        self._screen.write(text + "\n")

    def _time_of_day(self) -> str:
        return f"{local_time(datetime.fromtimestamp(self._clock.wall(), UTC)):%H:%M:%S}"

    def moment(self) -> Moment:
        """Everything there is to show now."""
        return Moment(
            self._progress,
            self._views(),
            self._clock.monotonic(),
            datetime.fromtimestamp(self._clock.wall(), UTC),
            self._stopping(),
        )

    def __enter__(self) -> Self:
        if math.isfinite(self.period_s):
            self._thread = threading.Thread(target=self._keep_on, name="live", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(PARTING_S)
            if self._thread.is_alive():
                return
        with self._lock:
            self._tell_repeated()
            self.finish()

    def _keep_on(self) -> None:
        while not self._ended.wait(self.period_s):
            self.prepare()
            self.refresh()

    def finish(self) -> None:
        """Say what is left to say, when the run has ended."""


class Quiet(Watcher):
    """Says only what went wrong."""

    def say_event(self, event: events.Event, said: Saying) -> None:
        """What went well is not said."""
        if isinstance(event, events.Alert | events.TaskGivenUp | events.TroubleFound):
            super().say_event(event, said)


class Plain(Watcher):
    """One line when something changes, one every 30 s; what repeats itself is counted."""

    period_s = 1.0

    def __init__(self, screen: Screen, *, clock: Clock | None = None) -> None:
        super().__init__(screen, clock=clock)
        self._reported = self._clock.monotonic()
        self._told_stop = False

    def refresh(self) -> None:
        """The line of every 30 s, and once that the run ends soon."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        now = self._clock.monotonic()
        if self._stopping() and not self._told_stop:
            self._told_stop = True
            if out := self.moment().in_flight:
                self.put(f"stopping: {calls(out)} in flight to finish")
        self._tell_repeated()
        if now - self._reported >= REPORT_S and self._progress.started:
            self._reported = now
            self.put(f"{self._time_of_day()}  {progress_words(self.moment())}")


class Live(Watcher):
    """A frame at the bottom of the terminal; lines scroll by above it.

    Every refresh is one write: the lines that came in, then the frame over the former one.
    """

    period_s = REFRESH_S

    def __init__(
        self,
        screen: Screen,
        *,
        colour: bool = True,
        glyphs: Glyphs = UNICODE,
        reflows: bool = True,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(screen, clock=clock)
        self._colour = colour
        self._glyphs = glyphs
        self._reflows = reflows
        self._pending: list[str] = []
        self._shown: tuple[list[StyledLine], tuple[int, int]] = ([], (0, 0))
        self._drawing: Drawing | None = None

    def say_event(self, event: events.Event, said: Saying) -> None:
        """The frame counts the seconds of a wait down: it is not said."""
        if not isinstance(event, events.Waiting):
            super().say_event(event, said)

    def put(self, text: str) -> None:
        """Until the next refresh."""
        self._pending.append(text)

    def prepare(self) -> None:
        """Load rich, once there is a frame to draw: by then the first call is out."""
        if self._progress.started:
            import legalgen.ui.drawing  # noqa: F401 - it loads rich.live

    def refresh(self) -> None:
        """Draw what changed.

        Without the lock: a terminal that was stopped (Ctrl-S) holds who writes to it, and the run
        would wait for the lock.
        """
        with self._lock:
            if self._drawing is None and self._progress.started:
                from legalgen.ui.drawing import Drawing

                write = self._screen.write
                self._drawing = Drawing(write, colour=self._colour, reflows=self._reflows)
            self._tell_repeated()
            columns, rows = size = self._screen.size()
            lines = frame(self.moment(), columns - 1, rows - 1, self._glyphs)
            if (lines, size) == self._shown and not self._pending:
                return
            said = self._said(columns)
            self._shown = lines, size
        if self._drawing is not None:
            self._drawing.draw(said, lines, size)
        else:
            self._write(said)

    def _said(self, columns: int) -> list[str]:
        """The lines that came in, as they fit; each is handed out once."""
        pending, self._pending = self._pending, []
        return [line for text in pending for line in folded(text, columns - 1)]

    def _write(self, said: list[str]) -> None:
        if said:
            self._screen.write("".join(f"{line}\n" for line in said))

    def finish(self) -> None:
        """Take the frame away; what was said stays."""
        size = self._screen.size()
        said = self._said(size[0])
        if self._drawing is not None:
            self._drawing.close(said, size)
        else:
            self._write(said)


def folded(text: str, columns: int) -> list[str]:
    """A text as lines that fit, broken between words, the later ones indented below the first."""
    lines = text.split("\n")
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, columns, subsequent_indent=INDENT) or [""]
    ]


def watcher(
    screen: Screen,
    *,
    quiet: bool,
    terminal: bool,
    colour: bool,
    unicode: bool,
    environ: Mapping[str, str] = os.environ,
) -> Watcher:
    """The watcher that suits what people look at: ``terminal`` can move its cursor."""
    if quiet:
        return Quiet(screen)
    if not terminal:
        return Plain(screen)
    glyphs = UNICODE if unicode else ASCII
    # xterm itself cuts lines when it becomes narrower; all the others wrap them
    return Live(screen, colour=colour, glyphs=glyphs, reflows="XTERM_VERSION" not in environ)
