"""One task on its way, the prompts that it is asked with, and the size of its next request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from legalgen.batch.endpoints import Endpoint, Voice
from legalgen.completion import Completion, ModelRef, Prompt
from legalgen.errors import ErrorCategory, Obstacle, Reason
from legalgen.failover import Trail
from legalgen.law.planner import Task, dated
from legalgen.law.planner import renew as reseeded
from legalgen.routing.rate_limits import Demand
from legalgen.routing.targets import QueuedWait, Target


class PromptSource(Protocol):
    """Makes prompts; :mod:`legalgen.law.prompts` does."""

    def build(self, task: Task, *, style: str, avoid: Sequence[str] = ()) -> Prompt:
        """The first prompt of a task."""

    def repair(self, prompt: Prompt, answer: str, reasons: Sequence[Reason]) -> Prompt:
        """The same prompt, with a refused answer and what was wrong with it."""

    def demand(self, task: Task, prompt: Prompt, *, style: str) -> Demand:
        """How large the request and its answer are."""


class PaidAnswer(msgspec.Struct, frozen=True):
    """An answer that was paid for and waits for its marks."""

    ref: ModelRef
    completion: Completion
    cost_usd: float | None
    prompt_version: str
    as_of: str | None = None


class Job(msgspec.Struct):
    """One task on its way: what it has been through and what it will be asked next."""

    task: Task
    trail: Trail = msgspec.field(default_factory=Trail)
    prompts: dict[Voice, Prompt] = msgspec.field(default_factory=dict)
    avoid: tuple[str, ...] = ()
    scale: float = 1.0
    attempts: int = 0
    refused: tuple[str, ...] = ()
    """Where its last calls failed and why: ``provider/model: category: what``."""
    answer: PaidAnswer | None = None
    """What only has to be marked: it is not asked for again before that."""
    wait: QueuedWait | None = None
    told: tuple[ModelRef, Obstacle] | None = None
    failed: tuple[ModelRef, ErrorCategory, str, bool] | None = None
    """Where, how and by which rule the last call failed, and whether that put the model out of use,
    until the next call shows whether it moved the task."""


class JobPrompts:
    """The prompts of jobs, by the voice of whom they are sent to; one object serves all workers.

    ``renew`` gives a task that begins again its new seed.
    """

    def __init__(
        self,
        source: PromptSource,
        endpoints: Mapping[ModelRef, Endpoint],
        *,
        renew: Callable[[Task], Task] = reseeded,
    ) -> None:
        self._source = source
        self._endpoints = endpoints
        self._renew = renew

    def prompt(self, job: Job, voice: Voice) -> Prompt:
        """What the job is asked with next."""
        if voice not in job.prompts:
            job.prompts[voice] = self._first(job, voice)
        return job.prompts[voice]

    def demand(self, job: Job) -> Callable[[Target], Demand]:
        """The size of the job's next request, by the target's own style of prompt."""

        known: dict[Voice, Demand] = {}

        def of(target: Target) -> Demand:
            voice = self._endpoints[target.ref].voice
            if voice not in known:
                demand = self._source.demand(job.task, self.prompt(job, voice), style=voice[0])
                known[voice] = replace(demand, scale=job.scale)
            return known[voice]

        return of

    def repair(self, job: Job, answer: str, reasons: Sequence[Reason]) -> None:
        """Let the job be asked with a refused answer and what was wrong with it."""
        job.prompts = {
            voice: self._source.repair(self._first(job, voice), answer, reasons)
            for voice in job.prompts
        }

    def renew(self, job: Job, avoid: Sequence[str] = ()) -> None:
        """Begin the job's task again with a new seed."""
        job.task = self._renew(job.task)
        job.prompts, job.scale = {}, 1.0
        job.avoid = (*job.avoid, *avoid)[-3:]

    def _first(self, job: Job, voice: Voice) -> Prompt:
        style, as_of = voice
        return self._source.build(dated(job.task, as_of), style=style, avoid=job.avoid)
