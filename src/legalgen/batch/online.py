"""An executor that writes a batch with calls of its own."""

from __future__ import annotations

import contextlib
import functools
import gc
import math
import resource
from collections.abc import Callable, Iterable, Mapping

from legalgen.batch.ending import Ending, paused
from legalgen.batch.endpoints import Endpoint, providers_of
from legalgen.batch.fitting import LOOKED_AT, Fitting, PlannedSizes
from legalgen.batch.generation import Departed, Generation, Spending, Stop, Tell
from legalgen.batch.jobs import Job, JobPrompts
from legalgen.batch.loop import BatchBounds, Loop
from legalgen.batch.panel import JudgePanel
from legalgen.batch.pointing import Pointing
from legalgen.batch.routers import Routers
from legalgen.batch.schedule import Schedule
from legalgen.batch.sink import SampleSink
from legalgen.batch.work import Work
from legalgen.batch.workers import Inbox, is_memory_bounded
from legalgen.completion import ModelRef
from legalgen.errors import NoUsableProvider
from legalgen.failover import Choice, NoneLeft, Pause
from legalgen.quality.inspection import read_answer
from legalgen.routing.router import Router
from legalgen.store.ledger import Record

SPARE_FILES = 256
"""Open files beside the connections of calls: those of the store, the log, idle connections."""
LEAST_SPARE_FILES = 20
"""What the store and the log need, with a part that is sealed and a module that is read."""


class OnlineExecutor:
    """Runs the loop over the models of a route; as :class:`legalgen.batch.work.Executor`."""

    def __init__(
        self,
        routers: Routers,
        endpoints: Mapping[ModelRef, Endpoint],
        prompts: JobPrompts,
        panel: JudgePanel,
        *,
        bounds: BatchBounds,
        stop: Stop,
        notice: Callable[[str], None] = lambda _: None,
        pointing: Callable[[Router, Tell], Pointing] | None = None,
    ) -> None:
        """``pointing`` makes who gives tasks their points; None where none are asked for."""
        self._pointing = pointing
        self._notice = notice
        self._fitting: Fitting | None = None
        self._routers = routers
        self._endpoints = endpoints
        self._prompts = prompts
        self._panel = panel
        self._bounds = bounds
        self._stop = stop

    @property
    def router(self) -> Router:
        """The router over the models that write."""
        return self._routers.writers

    @property
    def routers(self) -> Routers:
        """Those over the models that write and, once they were asked, over the judges."""
        return self._routers

    def is_agreed(self) -> bool:
        """Calls are what was asked for."""
        return True

    def outlook(self, schedule: Schedule) -> Ending | None:
        """Whether one call can be made at all: for any of the tasks, not for the first alone."""
        tasks = schedule.ahead(LOOKED_AT)
        if not tasks:
            return None
        registry = self.router.registry
        sizes = PlannedSizes(self._prompts, tasks)
        self._fitting = Fitting(self.router, sizes, self._notice)
        if (reason := self._fitting.nothing_fits()) is not None:
            raise NoUsableProvider(reason, registry.troubles())
        match _soonest(map(self.router.outlook, sizes.demands)):
            case Pause(resume_in_s, why):
                return paused(why, resume_in_s, self._bounds.patience)
            case NoneLeft():
                raise NoUsableProvider("no model of the route can be used", registry.troubles())
            case _:
                return None

    def adopt(self, record: Record) -> None:
        """It keeps nothing of its own in a record."""

    def execute(self, work: Work) -> Ending:
        """Call until the batch is written or there is a reason to end."""
        self._routers.take_in(work.record)
        work.announce(tuple(str(ref) for ref in self._endpoints))
        # Both come with every call, and before something that wakes the main thread anyway.
        inbox = Inbox(work.reporter.clock, quiet=(Departed, Spending))
        given = self._pointing(self.router, inbox.tell) if self._pointing is not None else None
        generation = Generation(
            self.router,
            self._endpoints,
            self._prompts,
            read=read_answer,
            assess=self._panel.assess(inbox.tell, waits=True),
            stop=self._stop,
            tell=inbox.tell,
            clock=work.reporter.clock,
            before=given.point if given is not None else _as_it_is,
        )
        loop = Loop(
            work,
            self._routers,
            generation,
            self._prompts,
            inbox,
            stop=self._stop,
            bounds=self._bounds,
            fitting=self._fitting,
        )
        prepare = functools.partial(self._prepare, work.sink)
        if early := is_memory_bounded():
            prepare()  # before anybody is paid: there may be no room for it
        work.sink.open()  # so, too
        ending = loop.run(meanwhile=None if early else prepare)
        # Whatever the interval: the next batch of the night begins with what this one ends with.
        self._routers.learn(force=True)
        return ending

    def _prepare(self, sink: SampleSink) -> None:
        """What only an answer needs, made while the first calls are in flight."""
        self._panel.inspector.open()
        sink.prepare()
        gc.freeze()  # what is imported by now stays: no collection need look at it again
        gc.set_threshold(50_000)

    def abandon(self) -> None:
        """End every call in flight."""
        for provider in providers_of(self._endpoints, self._panel.endpoints):
            provider.abandon()

    def close(self) -> None:
        """Free sockets and models."""
        self._routers.close()
        for provider in providers_of(self._endpoints, self._panel.endpoints):
            provider.close()


def _as_it_is(_: Job) -> float:
    """A job that lacks nothing."""
    return 0.0


def _soonest(choices: Iterable[Choice]) -> Choice:
    """The first that is least late; behind one that can be made at once no other is looked at."""
    looked_at = list[Choice]()
    for choice in choices:
        looked_at.append(choice)
        if not _lateness(choice):
            break
    return min(looked_at, key=_lateness)


def _lateness(choice: Choice) -> float:
    """How late a first call would be: none can be made, seconds until one can, or none at all."""
    match choice:
        case NoneLeft():
            return math.inf
        case Pause(resume_in_s, _):
            return resume_in_s
        case _:
            return 0.0


def allow_sockets(calls: int) -> int:
    """Let the process have as many files open as calls in flight need; usual is room for 1,024.

    How many calls there is room for: a limit that is met later looks like a dead server, or like
    a disk that fails.
    """
    # The loop starts a quarter more workers than calls: some read and judge while others call.
    least = calls + calls // 4 + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= least:
        return calls
    most = least if hard == resource.RLIM_INFINITY else min(least, hard)
    with contextlib.suppress(ValueError, OSError):  # the system may have bounds of its own
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft >= least:
        return calls
    spare = min(SPARE_FILES, max(LEAST_SPARE_FILES, soft // 2))
    return max(1, min(calls, (soft - spare) * 4 // 5))
