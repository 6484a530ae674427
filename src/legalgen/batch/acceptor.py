"""Answers that came from elsewhere: judged, counted and put on the disk like any other.

A batch service's answers were asked for by nobody in this process. What becomes of them is what
becomes of a worker's, in the same code: :class:`legalgen.batch.loop.Batch` without its calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from legalgen.batch import bulk
from legalgen.batch.generation import (
    Departed,
    Job,
    Judge,
    Refusal,
    Spending,
    Written,
    unkept,
    with_reasons,
)
from legalgen.batch.loop import Batch
from legalgen.completion import Completion, ModelRef, Usage
from legalgen.errors import AnswerRefused, Failure, Reason
from legalgen.law.planner import Task, dated
from legalgen.providers.base import BulkAnswer
from legalgen.quality.rules import Verdict
from legalgen.routing.rate_limits import Cost, Demand, Reservation
from legalgen.routing.targets import Lease
from legalgen.store.ledger import BulkChunk
from legalgen.store.sample import read


class Acceptor(Batch):
    """The half of a batch that takes answers in; nobody is called."""

    def hear(self, *messages: object) -> None:
        """What came of one call, as a worker would tell it."""
        for message in messages:
            self._take(message)

    def offer(self, written: Written) -> bool:
        """Judge it against all that was accepted; whether it will be on the disk."""
        before = self._schedule.accepted
        self._consider(written)
        return self._schedule.accepted > before

    def flush(self) -> None:
        """Put what was accepted on the disk, all at once."""
        self._accept()

    def count_again(self, written: Written) -> None:
        """A sample that a reading which was broken off put on the disk: counted, not written."""
        stats = self.record.model(written.lease.ref)
        stats.samples += 1
        stats.sample_seconds += written.completion.latency_s
        stats.reasoning_steps += len(written.verdict.draft.reasoning_steps)
        self.record.flagged += bool(written.verdict.flags)

    def _refuse_late(self, written: Written, reasons: Sequence[Reason]) -> None:
        """A duplicate: its slot is asked for again with the others that are missing."""
        job, ref, completion = written.job, written.lease.ref, written.completion
        self._take(Refusal(job, ref, tuple(reasons), completion, written.cost_usd, job.attempts))


class SampleMaking(msgspec.Struct, frozen=True):
    """What it takes to make a sample of an answer; ``price`` gives US dollars (None: unknown)."""

    task_of: Callable[[int], Task]
    judge: Judge
    price: Callable[[Usage], float | None]
    prompt_version: str
    as_of: str | None = None


class AnswerReader:
    """Reads the answers of one chunk into an intake, once each.

    ``on_disk`` are the slots that have a sample: of this chunk's, those that a reading which was
    broken off has accepted.
    """

    def __init__(
        self, chunk: BulkChunk, intake: Acceptor, means: SampleMaking, on_disk: Iterable[int]
    ) -> None:
        self.found = bulk.ResultReading()
        self._ref = ModelRef.parse(chunk.target)
        self._open = set(bulk.slots_of(chunk))
        self._on_disk = self._open.intersection(on_disk)
        self._intake = intake
        self._means = means
        self._kept: list[int] = []

    def take(self, answers: Iterable[BulkAnswer | None]) -> list[int]:
        """A group of lines; the slots whose samples are on the disk when it returns."""
        self._kept = []
        for answer in answers:
            self._take(answer)
        self._intake.flush()
        return self._kept

    def _take(self, answer: BulkAnswer | None) -> None:
        if answer is None:
            self.found.torn += 1
            return
        name = bulk.parse_custom_id(answer.custom_id)
        if name is None or name[0] not in self._open:
            self.found.strays += 1
            return
        self._open.discard(name[0])
        task = replace(self._means.task_of(name[0]), variation=name[1])
        task = dated(task, self._means.as_of)
        job = Job(task, attempts=name[1] + 1)
        if answer.completion is not None:
            self._weigh(job, answer.completion)
        elif answer.failure is not None:
            self._broke(job, with_reasons(answer.failure))

    def _broke(self, job: Job, failure: Failure) -> None:
        self.found.broken += 1
        self.found.codes[failure.code or failure.category.value] += 1
        if failure.reached:
            category = failure.category
            spending = Spending(self._ref, Usage(), 0.0, None, failed=category, answered=False)
            self._intake.hear(Departed(self._ref), spending)
        if failure.answer:
            self._intake.hear(unkept(job, self._ref, failure, 0.0))

    def _weigh(self, job: Job, completion: Completion) -> None:
        cost = self._means.price(completion.usage)
        spending = Spending(self._ref, completion.usage, completion.latency_s, cost)
        self._intake.hear(Departed(self._ref))
        try:
            verdict = self._verdict(job.task, completion)
        except AnswerRefused as error:
            refusal = Refusal(job, self._ref, error.reasons, completion, cost, job.attempts)
            self._intake.hear(replace(spending, failed=error.category), refusal)
            self.found.refused += 1
            return
        self._intake.hear(spending)
        version = self._means.prompt_version
        self._keep(
            Written(job, _lease(self._ref), verdict, completion, cost, version, self._means.as_of)
        )

    def _verdict(self, task: Task, completion: Completion) -> Verdict:
        verdict = self._means.judge(read(completion), task, completion)
        hard = [reason for reason in verdict.reasons if reason.reject]
        if hard:
            raise AnswerRefused(hard, category=verdict.category, truncated=verdict.truncated)
        return verdict

    def _keep(self, written: Written) -> None:
        slot = written.job.task.slot
        if slot in self._on_disk:
            self._intake.count_again(written)
        elif self._intake.offer(written):
            self._kept.append(slot)
        else:
            self.found.refused += 1
            return
        self.found.accepted += 1


def _lease(ref: ModelRef) -> Lease:
    """The place of a call that the provider made: nothing was reserved for it here."""
    nothing = Cost(0, 0)
    return Lease(ref, Demand(0, 0, 0), nothing, Reservation(0, nothing, 0.0), 0.0, 0.0, 0, 0)
