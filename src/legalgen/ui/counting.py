"""How far a command is that looks at many rows: their number, in a line that is written over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from legalgen.errors.plurals import plural

FIRST_S = 1.0
"""Most commands end before this, and say nothing of how far they are."""
STEP_S = 0.5

T = TypeVar("T")


class Counting:
    """Counts rows while something is done with them; ``doing`` says what, as "checking".

    ``show`` puts a line in the place of the one before; an empty one takes it away. ``clock`` is
    monotonic, in seconds.
    """

    def __init__(
        self,
        doing: str,
        show: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doing = doing
        self._show = show
        self._clock = clock
        self._begun = clock()
        self._due = self._begun + FIRST_S
        self._rows = 0
        self._ended = False

    def each(self, rows: Iterable[T]) -> Iterator[T]:
        """The rows as they are, counted when the next one is asked for."""
        for row in rows:
            yield row
            self.add(1)

    def add(self, rows: int) -> None:
        """So many rows are done."""
        self._rows += rows
        now = self._clock()
        if now < self._due or self._ended:
            return
        self._due = now + STEP_S
        pace = self._rows / max(now - self._begun, 1e-3)
        self._show(f"{self._doing}: {plural(self._rows, 'row')}, {pace:,.0f} a second")

    def say(self) -> None:
        """Show at once what is done, where no row tells how far that is."""
        self._show(f"{self._doing} ...")

    def end(self) -> None:
        """Take the line away; rows that are still read, of a damaged index say, show none."""
        self._ended = True
        self._show("")
