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
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, Final

from legalgen.dataset.check import AnyRow, Looked, RowGate

ROWS_AT_ONCE: Final = 50
AHEAD: Final = 4
"""Pieces of work that each worker has waiting, and that are in memory."""


class GatePool:
    """``count`` processes with a gate each, made by ``opened``; a context that ends them.

    ``opened`` is called in each of them, and here where they are lost: it can be pickled. Each has
    a pipe of its own, and a thread here that asks it: one that is killed in the middle of a reply
    ends its pipe. (A pool of the standard library has one pipe for all, which it holds open itself:
    it would wait for the other half for ever.)
    """

    def __init__(
        self, count: int, opened: Callable[[], RowGate], say: Callable[[str], None]
    ) -> None:
        self._count = count
        self._opened = opened
        self._say = say
        self._here: RowGate | None = None
        self._idle: SimpleQueue[Connection[Any, Any]] = SimpleQueue()
        self._askers = ThreadPoolExecutor(count)
        self._ending = contextlib.ExitStack()

    def __enter__(self) -> GatePool:
        with self._ending:
            self._ending.callback(self._askers.shutdown, cancel_futures=True)
            with _signals_held():  # a process that is started now inherits what is held
                for _ in range(self._count):
                    self._start()
            self._ending = self._ending.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # threads of ours survive no fork
        ours, theirs = context.Pipe()
        self._ending.callback(ours.close)
        with theirs:
            worker = context.Process(target=_serve, args=(theirs, self._opened), daemon=True)
            worker.start()
        self._ending.callback(worker.join)
        self._ending.callback(worker.kill)  # it has nothing to lose, and its asker hears of it
        self._idle.put(ours)

    def looked(self, rows: Iterable[AnyRow]) -> Iterator[tuple[AnyRow, Looked | None]]:
        """As :meth:`RowGate.looked`, some rows ahead.

        What ``rows`` or the gate raises passes through.
        """
        left = iter(rows)
        waiting: deque[tuple[list[AnyRow], Future[list[Looked | None] | None] | None]] = deque()
        while some := list(islice(left, ROWS_AT_ONCE)):
            waiting.append((some, self._sent(some)))
            if len(waiting) >= self._count * AHEAD:
                yield from self._taken(*waiting.popleft())
        while waiting:
            yield from self._taken(*waiting.popleft())

    def _sent(self, rows: list[AnyRow]) -> Future[list[Looked | None] | None] | None:
        return self._askers.submit(self._asked, rows) if self._here is None else None

    def _asked(self, rows: list[AnyRow]) -> list[Looked | None] | None:
        """What a worker says of some rows; None where it is lost. In a thread of the askers."""
        try:
            pipe = self._idle.get_nowait()
            pipe.send(rows)
            found, error = pipe.recv()
        except (Empty, EOFError, OSError):  # none: as many askers as there were workers
            return None
        self._idle.put(pipe)
        if error is not None:
            raise error
        reply: list[Looked | None] = found
        return reply

    def _taken(
        self, rows: list[AnyRow], sent: Future[list[Looked | None] | None] | None
    ) -> Iterator[tuple[AnyRow, Looked | None]]:
        found = sent.result() if sent is not None else None
        return zip(rows, found if found is not None else self._look_here(rows), strict=True)

    def _look_here(self, rows: list[AnyRow]) -> list[Looked | None]:
        if self._here is None:
            self._here = self._opened()
            self._say("a worker ended before its time: the rest is checked by one process")
        return [found for _, found in self._here.looked(rows)]


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl-C comes after this; a process that is started within never hears it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It would be started with the first process, and unblocks SIGINT when it is.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in a worker -------------------------------------------------------------------------------

_LOOK_AT_PARENT_S: Final = 60.0


def _serve(pipe: Connection[Any, Any], opened: Callable[[], RowGate]) -> None:
    """Look at rows until the pipe ends; what the gate raises is sent, too."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gate = opened()
    with contextlib.suppress(EOFError), pipe:
        while True:
            rows: list[AnyRow] = pipe.recv()
            try:
                found = [each for _, each in gate.looked(rows)]
            except Exception as error:  # a bug: the caller raises it, and ends all workers
                pipe.send((None, error))
                raise SystemExit(1) from error
            pipe.send((found, None))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        parent.join(_LOOK_AT_PARENT_S)
    os._exit(1)
