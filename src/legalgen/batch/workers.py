"""Worker threads: each runs one job after another, and puts what came of it into one inbox.

The threads are daemons: a run that is abandoned does not wait for a server that never answers.
"""

from __future__ import annotations

import contextlib
import functools
import math
import mmap
import queue
import resource
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

from legalgen.telemetry.clock import Clock

J = TypeVar("J")
O = TypeVar("O")  # noqa: E741 - an outcome
R = TypeVar("R")


SPARE_BYTES = 256 * 2**20
"""Memory that threads may not take where it is bounded: what they do needs some, too. A stack is
8 MiB of it, and what glibc sets aside for a thread 64 MiB."""
ARENAS = 2
_M_ARENA_MAX = -8
"""What ``malloc.h`` of glibc calls the greatest number of arenas."""
IDLE_S = 60.0
"""How long a thread without a job sleeps at a time: no wait of this program is without a bound."""
MANY_THREADS = 100
SWITCH_S = 0.001
"""How soon a thread that computes lets another one go on, where there are many.

A call needs the interpreter a dozen times for an instant each, and waits so long for it each time
while answers are judged. Of Python's 5 ms a model does not hear for a second when 256 replies come
together; with 1 ms that is half, for 4 % of CPU.
"""


def is_memory_bounded() -> bool:
    """Whether this process has a bound on its memory (``ulimit -v``), at which it fails."""
    bounds = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
    return any(resource.getrlimit(each)[0] != resource.RLIM_INFINITY for each in bounds)


def _is_spare() -> bool:
    """Whether there is memory left beside what one more thread takes."""
    if is_memory_bounded():
        try:
            mmap.mmap(-1, SPARE_BYTES).close()
        except OSError:
            return False
    return True


def _share_arenas() -> None:
    """Have all threads allocate from two arenas of glibc.

    It would make up to eight a core, and each keeps for itself what was freed in it: 2 MB of 130
    with 32 threads. Where another allocator is used nothing happens.
    """
    with contextlib.suppress(ImportError, AttributeError):  # of a Python, of a libc without it
        import ctypes  # 0.7 MB that one thread does not need

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


class Done(msgspec.Struct, Generic[J, O], frozen=True):
    """A worker finished its job."""

    job: J
    outcome: O


class Crashed(msgspec.Struct, frozen=True):
    """An error that nobody raised on purpose; the job of a worker that met it is lost."""

    error: BaseException


def attempted(act: Callable[[], R]) -> R | Crashed:
    """What comes of ``act``, or what it died of.

    The main thread raises that once the workers have brought what was paid for.
    """
    try:
        return act()
    except BaseException as error:  # noqa: BLE001 - the main thread raises it
        return Crashed(error)


class Inbox:
    """What workers report, for the main thread to receive.

    For messages of the types ``quiet`` nobody is woken: they come before what is told next.
    """

    def __init__(self, clock: Clock, quiet: tuple[type, ...] = ()) -> None:
        self._clock = clock
        self._quiet = quiet
        self._told = threading.Condition(threading.Lock())
        self._messages: deque[object] = deque()
        self._notes: deque[object] = deque()

    def tell(self, message: object) -> None:
        """Put something in; for workers."""
        # The ends of a deque may be used by several threads at once: no lock, as nobody is woken.
        if isinstance(message, self._quiet):
            self._notes.append(message)
            return
        with self._told:
            self._messages.append(message)
            self._told.notify()

    def receive(self, timeout_s: float) -> Iterator[object]:
        """Everything that is there; waits at most ``timeout_s`` for the first thing."""
        with self._told:
            if not self._messages:
                self._clock.wait(self._told, timeout_s)
        # Only this thread takes out, so that what was seen is there without the lock.
        while self._messages:
            message = self._messages.popleft()
            yield from self._noted()
            yield message
        yield from self._noted()

    def _noted(self) -> Iterator[object]:
        while self._notes:
            yield self._notes.popleft()


class Workers(Generic[J, O]):
    """As many threads as there ever were jobs at once; touched by the main thread alone."""

    def __init__(self, work: Callable[[J], O], inbox: Inbox) -> None:
        self._work = work
        self._inbox = inbox
        self._jobs: queue.SimpleQueue[J | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._crashed = 0
        self.most = math.inf
        """Threads that the system gives: known once it refuses one."""
        self.active = 0
        """Jobs that were started and whose end was not yet received."""

    def start(self, job: J) -> bool:
        """Run a job in a thread that is free, or in a new one; whether there is one.

        A job that waited for a thread would be begun by one whose last outcome nobody received.
        """
        if self.active == len(self._threads) and not self._begin_thread():
            return False
        self.active += 1
        self._jobs.put(job)
        return True

    def receive(self, timeout_s: float) -> Iterator[object]:
        """Everything that is in the inbox; waits at most ``timeout_s`` for the first thing."""
        silent = True
        for message in self._received(timeout_s):
            silent = False
            yield message
        if silent:
            yield from self._missing()

    def _received(self, timeout_s: float) -> Iterator[object]:
        for message in self._inbox.receive(timeout_s):
            if isinstance(message, Done | Crashed):
                self.active -= 1
                self._crashed += isinstance(message, Crashed)
            yield message

    def _missing(self) -> Iterator[object]:
        """What threads told that are gone; for each that had no memory left even to tell it, that
        it crashed."""
        gone = sum(not thread.is_alive() for thread in self._threads)
        yield from self._received(0.0)
        for _ in range(gone - self._crashed):
            self.active -= 1
            self._crashed += 1
            yield Crashed(MemoryError("a worker is gone"))

    def _begin_thread(self) -> bool:
        if self._threads and not _is_spare():
            self.most = len(self._threads)
            return False
        if len(self._threads) == 1:
            _share_arenas()
        name = f"worker-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # a bound on processes or memory
            if not self._threads:
                raise
            self.most = len(self._threads)
            return False
        self._threads.append(thread)
        if len(self._threads) == MANY_THREADS:
            sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
        return True

    def dismiss(self) -> None:
        """Let idle threads end."""
        for _ in self._threads:
            self._jobs.put(None)

    def _next(self) -> J | None:
        """The next job, or None when there will be no more."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._jobs.get(timeout=IDLE_S)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            died = attempted(functools.partial(self._do, job))
            if died is not None:
                self._inbox.tell(died)
                return

    def _do(self, job: J) -> None:
        self._inbox.tell(Done(job, self._work(job)))
