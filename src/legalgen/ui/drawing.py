"""The frame at the bottom of a terminal, carried by rich.live; lines scroll by above it.

What it costs, measured on two cores against control sequences written by hand: rich.live takes
40 ms to load, and 0.7 ms more for a frame of eight lines, of which there are at most four a second
(0.3 % of a core). So it is loaded by the view's own thread once the first call is out, and that
call leaves as soon as before.

Two things rich.live does not know, and they are mended here: a terminal that becomes narrower
wraps the frame's lines, and one that becomes lower pushes them into its scrollback and, grown
again, pulls them back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console, ConsoleDimensions, ConsoleRenderable
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType, Segment, Segments
from rich.style import Style
from rich.text import Text

from legalgen.ui.frame import SGR, StyledLine

_STYLES = {name: Style.parse(name) for name in SGR}


class Drawing:
    """A frame on a terminal; every ``draw`` is one write.

    ``reflows``: the terminal wraps lines that are wider than it has become.
    """

    def __init__(self, write: Callable[[str], None], *, colour: bool, reflows: bool) -> None:
        self._console = _Steady(
            file=_Paper(write),  # type: ignore[arg-type]  # all that rich uses of a file
            force_terminal=True,
            force_interactive=True,
            color_system="standard" if colour else None,
            no_color=not colour,
            legacy_windows=False,
            _environ={},
        )
        self._reflows = reflows
        self._shown: Sequence[StyledLine] = ()
        self._size = (0, 0)
        self._lost = 0
        """Rows of former frames that are in the scrollback, right above the screen."""
        self._rows_up = 0
        self._live = _Frame(self._back, self._console)

    def draw(self, said: Sequence[str], lines: Sequence[StyledLine], size: tuple[int, int]) -> None:
        """Print what was said, then the lines of the frame, over the former one."""
        self._console.size = ConsoleDimensions(*size)
        self._moved(size)
        self._live.update(Segments(list(_segments(lines))))
        self._live.start()
        if said:
            self._lost = 0  # what was said stands between them and the screen
        self._live.refresh_below(said)
        self._shown, self._rows_up = lines, len(lines)

    def close(self, said: Sequence[str], size: tuple[int, int]) -> None:
        """Take the frame away; what was said stays."""
        self.draw(said, (), size)
        self._live.stop()

    def _moved(self, size: tuple[int, int]) -> None:
        """Take in a new size: rows that the terminal has pushed out, or pulled back."""
        (_, before), self._size = self._size, size
        columns, rows = size
        self._rows_up = self._rows(columns)
        if rows > before:
            back = min(self._lost, rows - before)
            self._lost -= back
            self._rows_up += back
        elif rows <= self._rows_up:
            self._lost += self._rows_up + 1 - rows

    def _rows(self, columns: int) -> int:
        """Rows that the former frame takes now."""
        if not self._reflows:
            return len(self._shown)
        return sum(max(1, math.ceil(line.width / columns)) for line in self._shown)

    def _back(self) -> Control:
        """From the empty line below the former frame back to its first row, which is erased."""
        up = ((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2))
        begin = (ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
        return Control(*begin, *up * self._rows_up)


class _Frame(Live):
    """rich's live display, which goes back as far as it is told."""

    def __init__(self, back: Callable[[], Control], console: Console) -> None:
        super().__init__(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._back_to_top = back
        self._said: list[ConsoleRenderable] = []

    def refresh_below(self, said: Sequence[str]) -> None:
        """Refresh, with new lines above the frame, in one write."""
        text = Text("\n".join(said), no_wrap=True, overflow="ignore")
        self._said = [text] if said else []
        self.refresh()
        self._said = []

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """As rich's own, but for the way back and what was said."""
        _, *rest = super().process_renderables(renderables)
        return [self._back_to_top(), *self._said, *rest]


class _Steady(Console):
    """A console that never hides the cursor: there is nothing to restore, whatever ends us."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002 - as rich's
        """Leave it as it is."""
        return False


class _Paper:
    """What rich writes to."""

    encoding = "utf-8"

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write

    def flush(self) -> None:
        """Every write is flushed."""


def _segments(lines: Sequence[StyledLine]) -> Iterator[Segment]:
    """The lines, each ended; the cursor rests below them."""
    for line in lines:
        yield from (Segment(text, _STYLES.get(style)) for text, style in line.spans)
        yield Segment.line()
    if lines:
        yield Segment("")
