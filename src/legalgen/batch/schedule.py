"""Which tasks of a batch are still to be written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import count, islice
from typing import Protocol

import msgspec

from legalgen.batch.jobs import Job, PaidAnswer
from legalgen.completion import Completion, ModelRef, Usage
from legalgen.law.planner import Task, TaskPlanner
from legalgen.store.journal import Rejected, Unmarked
from legalgen.store.ledger import GivenUpNote, Record
from legalgen.store.parts import Cell


class Plan(Protocol):
    """Which tasks there are; :class:`legalgen.law.planner.Planner` is one."""

    @property
    def parked(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """Cells that failed too often."""

    def take(self, slot: int) -> Task | None:
        """One more task; None when every cell is parked."""

    def give_up(self, task: Task) -> None:
        """A task that could not be written."""

    def accept(self, task: Task) -> None:
        """A task that was written."""


class Schedule:
    """Which slots are still to be written: those planned, then substitutes for those given up.

    ``tasks`` are the planned ones that are neither written nor given up, drawn when their turn
    comes; substitutes get slots from ``next_slot`` on. ``accepted`` samples of ``target`` are
    there already.
    """

    def __init__(
        self, plan: Plan, tasks: Iterable[Task], target: int, accepted: int, next_slot: int
    ) -> None:
        self._plan = plan
        self._coming = iter(tasks)
        self._planned = deque[Task]()
        self._back = deque[Job]()
        self._slots = count(next_slot)
        self.target = target
        self.accepted = accepted

    def next(self, active: int) -> Job | None:
        """The next job, if what is accepted and under way does not suffice."""
        if self.accepted + active >= self.target:
            return None
        while (job := self._first()) is not None:
            if job.task.cell not in self._plan.parked:
                return job
            self.give_up(job)
        task = self._plan.take(next(self._slots))
        return Job(task) if task is not None else None

    def ahead(self, most: int) -> tuple[Task, ...]:
        """The next tasks, as far as they are known before others are given up."""
        self._planned.extend(islice(self._coming, max(0, most - len(self._planned))))
        coming = (*(job.task for job in self._back), *self._planned)
        return coming[:most]

    def _first(self) -> Job | None:
        """The first of those that came back or are planned."""
        if self._back:
            return self._back.popleft()
        task = self._planned.popleft() if self._planned else next(self._coming, None)
        return Job(task) if task is not None else None

    def back(self, job: Job) -> None:
        """A job that goes on later, before all others."""
        self._back.appendleft(job)

    def accept(self, task: Task) -> None:
        """A sample that will be on the disk in a moment."""
        self.accepted += 1
        self._plan.accept(task)

    def give_up(self, job: Job) -> None:
        """A job that will not be written; what is planned does not depend on it."""
        self._plan.give_up(job.task)

    @property
    def parked(self) -> tuple[Cell, ...]:
        """Cells that are not asked for again."""
        return self._plan.parked

    @property
    def remaining(self) -> int:
        """Samples still to be accepted."""
        return max(0, self.target - self.accepted)


def open_schedule(
    planner: TaskPlanner, record: Record, done: frozenset[int], waiting: Sequence[Job] = ()
) -> Schedule:
    """What a batch still has to write: its plan, less what is done or given up; first what only
    waits for its marks."""
    planned = planner.planned(record.target)
    for note in record.given_up:
        planner.give_up(_task_of(note))
    ended = done | {note.slot for note in record.given_up} | {job.task.slot for job in waiting}
    rest = (task for task in planned if task.slot not in ended)
    next_slot = max([record.target - 1, *ended]) + 1
    schedule = Schedule(planner, rest, record.target, len(done), next_slot)
    for job in reversed(waiting):
        schedule.back(job)
    return schedule


def waiting_jobs(rejected: Iterable[Rejected], record: Record, done: frozenset[int]) -> list[Job]:
    """Answers of a batch that wait for their marks, and have become neither rows nor been refused
    since."""
    ended = done | {note.slot for note in record.given_up}
    waiting: dict[tuple[int, int], tuple[Rejected, Unmarked]] = {}
    # No other of all that were refused is held: they may be many.
    for each in rejected:
        if each.unmarked is None or each.slot in ended:
            waiting.pop((each.slot, each.attempt), None)
        else:
            waiting[each.slot, each.attempt] = each, each.unmarked
    jobs = {}
    for each, said in waiting.values():
        usage = Usage(
            each.input_tokens, each.output_tokens, said.reasoning_tokens, said.cached_tokens
        )
        completion = Completion(
            each.text,
            each.finish_reason,
            usage,
            each.model,
            each.latency_s or 0.0,
            thinking=said.thinking,
        )
        ref = ModelRef(each.provider, each.model)
        paid = PaidAnswer(ref, completion, each.cost_usd, said.prompt_version, said.as_of)
        task = msgspec.convert(said.task, Task)
        jobs[each.slot] = Job(task, attempts=each.attempt, answer=paid)
    return list(jobs.values())


def _task_of(note: GivenUpNote) -> Task:
    """A task that was given up, as far as the plan needs to know it."""
    jurisdiction, practice_area, topic, difficulty, sample_type = note.cell
    return Task(
        slot=note.slot,
        jurisdiction=jurisdiction,
        sub_jurisdiction="",
        practice_area=practice_area,
        topic=topic,
        subtopic="",
        difficulty=difficulty,
        sample_type=sample_type,
        as_of="",
        seed=0,
    )
