"""The gate over many rows in several processes, in the order of the rows.

What a row is by itself is looked at in workers, some rows at a time; what it is among the others is
the caller's. A worker that is killed takes nothing with it: the rows are looked at here instead.
Workers hear no Ctrl-C, which is the caller's too, and end with it however it ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Final

from legalgen.dataset.check import AnyRow, Looked, RowGate
from legalgen.dataset.foreign import Row

ROWS_AT_ONCE: Final = 50
AHEAD: Final = 4
"""Pieces of work that each worker has waiting, and that are in memory."""

Said = Callable[[str], None]
"""Told once, in words, that workers were lost."""


class GatePool:
    """``count`` processes with a gate each, made by ``opened``; a context that ends them.

    ``opened`` is called in each of them, and here where they are lost: it can be pickled.
    """

    def __init__(self, count: int, opened: Callable[[], RowGate], say: Said) -> None:
        self._count = count
        self._opened = opened
        self._say = say
        self._here: RowGate | None = None
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=multiprocessing.get_context("spawn"),  # threads of ours survive no fork
            initializer=_begin,
            initargs=(opened,),
        )

    def __enter__(self) -> GatePool:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def looked(self, rows: Iterable[AnyRow]) -> Iterator[tuple[AnyRow, Looked | None]]:
        """Each row with what was looked up; None of one that cannot be read.

        What ``rows`` or the gate raises passes through.
        """
        left = iter(rows)
        waiting: deque[tuple[list[AnyRow], Future[list[Looked | None]] | None]] = deque()
        while some := list(islice(left, ROWS_AT_ONCE)):
            waiting.append((some, self._sent(some)))
            if len(waiting) >= self._count * AHEAD:
                yield from self._taken(*waiting.popleft())
        while waiting:
            yield from self._taken(*waiting.popleft())

    def _sent(self, rows: list[AnyRow]) -> Future[list[Looked | None]] | None:
        if self._here is not None:
            return None
        try:
            with _signals_held():  # a process may be started now, and inherits what is held
                return self._pool.submit(_look, rows)
        except BrokenProcessPool:
            return None

    def _taken(
        self, rows: list[AnyRow], sent: Future[list[Looked | None]] | None
    ) -> Iterator[tuple[AnyRow, Looked | None]]:
        found = None
        if sent is not None:
            with contextlib.suppress(BrokenProcessPool):
                found = sent.result()
        return zip(rows, found if found is not None else self._look_here(rows), strict=True)

    def _look_here(self, rows: list[AnyRow]) -> list[Looked | None]:
        if self._here is None:
            self._here = self._opened()
            self._say("a worker ended before its time: the rest is checked by one process")
        return [_looked(self._here, row) for row in rows]


def _looked(gate: RowGate, row: AnyRow) -> Looked | None:
    return gate.look(row) if isinstance(row, Row) else None


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl-C comes after this; a process that is started within never hears it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in a worker -------------------------------------------------------------------------------

_GATES: list[RowGate] = []
"""The one of this process."""
_LOOK_AT_PARENT_S: Final = 60.0


def _begin(opened: Callable[[], RowGate]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _GATES.append(opened())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        parent.join(_LOOK_AT_PARENT_S)
    os._exit(1)


def _look(rows: list[AnyRow]) -> list[Looked | None]:
    return [_looked(_GATES[0], row) for row in rows]
