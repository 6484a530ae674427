"""Calls that write no sample: marks of one, or a list to write on.

They go through the same loop, failover and budgets as any other; what they cost is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from legalgen.batch.endpoints import Endpoint
from legalgen.batch.generation import (
    Assess,
    Departed,
    Generation,
    Late,
    Outcome,
    Read,
    Refusal,
    Spending,
    Stop,
    Tell,
    Written,
    on_time,
)
from legalgen.batch.jobs import Job, JobPrompts, PromptSource
from legalgen.completion import Completion, ModelRef
from legalgen.law.planner import Task
from legalgen.routing.router import Router
from legalgen.store.sample import Draft
from legalgen.telemetry.clock import Clock
from legalgen.telemetry.events import CallFailed, Event

LATE_S = 1.0
"""How long the first call for an answer may be waited for before that is late."""


class AuxiliaryCalls:
    """Asks, with what failures lead to; one object serves all workers.

    What is told of a call names its model with ``role`` behind it, one of
    :data:`~legalgen.batch.generation.ROLES`. Its other events are none of the sample's, but for
    those of the types ``alike``, which are told as they are.
    """

    def __init__(
        self,
        router: Router,
        endpoints: Mapping[ModelRef, Endpoint],
        role: str,
        *,
        stop: Stop,
        tell: Tell,
        clock: Clock,
        alike: tuple[type[Event], ...] = (),
    ) -> None:
        self._router = router
        self._endpoints = endpoints
        self._role = role
        self._stop = stop
        self._tell = tell
        self._clock = clock
        self._alike = alike

    def ask(
        self,
        task: Task,
        source: PromptSource,
        *,
        read: Read,
        assess: Assess,
        late: Late = on_time,
    ) -> Outcome:
        """Ask for a task until an answer can be read and is good, or nobody is left.

        ``late`` is called where that takes more than the first call, or that is waited for.
        """
        begun = self._clock.monotonic()

        def before(job: Job) -> float:
            if job.attempts or self._clock.monotonic() - begun >= LATE_S:
                late()
            return 0.0

        generation = Generation(
            self._router,
            self._endpoints,
            JobPrompts(source, self._endpoints, renew=_the_same),
            read=read,
            assess=assess,
            stop=self._stop,
            tell=self._tell_apart,
            clock=self._clock,
            before=before,
        )
        outcome = generation.run(Job(task))
        if isinstance(outcome, Written):
            self._router.kept(outcome.lease.ref)
        return outcome

    def _tell_apart(self, message: object) -> None:
        match message:
            case Departed() | Spending() | Refusal():
                ref = ModelRef(message.ref.provider, message.ref.model + self._role)
                self._tell(replace(message, ref=ref))
            case CallFailed():
                self._tell(replace(message, model=message.model + self._role))
            case _ if isinstance(message, self._alike):
                self._tell(message)


def as_text(completion: Completion) -> Draft:
    """An answer that is no sample, as the one field that a draft of it has."""
    return Draft(question="", reasoning_steps=(), answer=completion.text, citations=())


def _the_same(task: Task) -> Task:
    """The task begun again: it has no seed that would change."""
    return task
