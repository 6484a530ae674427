"""A batch from start to end: dispatch, accept, count, seal; stop, pause, resume.

The main thread alone touches the journal, the duplicate index and the ledger. Workers run
:meth:`legalgen.batch.generation.Generation.run` and put what happens into one inbox.
"""

from __future__ import annotations

import statistics
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

import msgspec
from msgspec.structs import replace

from legalgen.batch.generation import (
    NO_MODEL,
    Departed,
    Generation,
    GivenUp,
    Halted,
    Job,
    Outcome,
    Refusal,
    Spending,
    Stop,
    Stuck,
    Written,
)
from legalgen.batch.workers import Crashed, Done, Workers
from legalgen.completion import ModelRef
from legalgen.errors import AnswerRefused, ErrorCategory, Obstacle, Reason, Trouble
from legalgen.errors.exit_codes import Exit
from legalgen.failover import NoneLeft, Pause
from legalgen.law.planner import PARK_AFTER, Task, dated
from legalgen.quality.rules import Verdict
from legalgen.routing.remedies import sentence
from legalgen.routing.router import Router
from legalgen.routing.targets import MOST_IN_FLIGHT, Spent
from legalgen.store.journal import Rejected
from legalgen.store.ledger import AlertRecord, Failed, Record, Spill, Status, Switch, WaitNote
from legalgen.store.ledger import GivenUpTask as GivenUpNote
from legalgen.store.parts import Cell
from legalgen.store.sample import Sample, sample_id
from legalgen.telemetry import events, metrics
from legalgen.telemetry.clock import Clock

TICK_S = 0.25
GROWING_TICK_S = 0.02
"""How soon the main thread looks again while more calls could be in flight."""
WATCHDOG_LEAST_S = 600.0
WATCHDOG_MEDIANS = 20
FAULTY_PROMPT_CALLS = 9
FRUITLESS_TASKS = 50
"""So many tasks given up with nothing accepted between: the next one will not do better."""
PARTING_S = 0.2
"""How long abandoned workers may be silent before the run leaves without them."""

_ANSWERS = frozenset({ErrorCategory.OUTPUT_INVALID, ErrorCategory.CONTENT_FILTER})
_REQUESTS = frozenset({ErrorCategory.BAD_REQUEST, ErrorCategory.CONTEXT_LENGTH})
UNFIT = "no model of the route can take any sample"


class BatchBounds(msgspec.Struct, frozen=True):
    """What limits a batch; ``concurrency`` None is auto. Times are seconds."""

    concurrency: int | None = None
    max_time_s: float | None = None


class Ending(msgspec.Struct, frozen=True):
    """Why a batch ends, and how."""

    status: Status
    exit_code: int
    reason: str
    resume_in_s: float | None = None
    obstacles: tuple[Trouble, ...] = ()
    """What keeps the targets of the route out of use."""

    def __str__(self) -> str:
        """The reason with the obstacles, as one sentence."""
        return sentence(self.reason, self.obstacles)


_COMPLETED = Ending("completed", Exit.DONE, "")


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
        self._planned.extend(self._coming)
        self._plan.give_up(job.task)

    @property
    def parked(self) -> tuple[Cell, ...]:
        """Cells that are not asked for again."""
        return self._plan.parked

    @property
    def remaining(self) -> int:
        """Samples still to be accepted."""
        return max(0, self.target - self.accepted)


class SampleSink:
    """Where accepted samples go; the store, the duplicate index and their order."""

    def __init__(
        self,
        *,
        append: Callable[[list[Sample]], None],
        reject: Callable[[Rejected], None],
        review: Callable[[Verdict], Verdict],
        note: Callable[[Sample, Verdict], None],
        seed_json: Callable[[Task], str],
        keep_thinking: bool = False,
    ) -> None:
        self.append = append
        self.reject = reject
        self.review = review
        self.note = note
        self.seed_json = seed_json
        self.keep_thinking = keep_thinking


class _Watch(msgspec.Struct):
    """What the watchdog and the search for a faulty prompt look at. Times are monotonic.

    ``fruitless`` counts tasks given up since the last accepted sample, ``unfit`` those of them
    that no model could take for their size.
    """

    started: float
    accepted_at: float
    accepted: bool = False
    fruitless: int = 0
    unfit: int = 0
    latencies: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=50))
    refusals: Counter[str] = msgspec.field(default_factory=Counter)
    refused_calls: int = 0

    def patience_s(self) -> float:
        median = statistics.median(self.latencies) if self.latencies else 0.0
        return max(WATCHDOG_LEAST_S, WATCHDOG_MEDIANS * median)

    def faulty_code(self) -> str | None:
        """The one code that every call was refused with, once there are enough."""
        if self.accepted or self.refused_calls < FAULTY_PROMPT_CALLS:
            return None
        code, times = self.refusals.most_common(1)[0]
        return code if times == self.refused_calls else None


class Batch:
    """One run of a batch; ``run`` returns how it ended."""

    def __init__(
        self,
        record: Record,
        schedule: Schedule,
        router: Router,
        sink: SampleSink,
        *,
        stop: Stop,
        bounds: BatchBounds,
        counters: metrics.Metrics,
        listener: events.Listener,
        save: Callable[[Record], None],
        learn: Callable[[], None],
        clock: Clock | None = None,
    ) -> None:
        self.record = record
        self._schedule = schedule
        self._router = router
        self._sink = sink
        self._stop = stop
        self._bounds = bounds
        self._metrics = counters
        self._listen = listener
        self._save = save
        self._learn = learn
        self._clock = clock or Clock()
        self._workers: Workers[Job, Outcome] | None = None
        self._generation: Generation | None = None
        self._verdict: Ending | None = None
        """A decision that the run ends."""
        self._shortage: Ending | None = None
        """What the last stuck worker saw; over once another call is accepted after all."""
        self._crash: BaseException | None = None
        self._told_stop = False
        self._accepting: list[tuple[Written, Sample]] = []
        self._waits: dict[tuple[str, str], datetime] = {}
        now = self._clock.monotonic()
        self._watch = _Watch(now, now)
        self._learnt = now
        router.remaining = schedule.remaining

    def tell(self, message: object) -> None:
        """Where workers report; see :class:`legalgen.batch.generation.Generation`."""
        if self._workers is None:
            return
        if isinstance(message, Departed | Spending):
            self._workers.note(message)  # counted with what comes next, or at the next tick
        else:
            self._workers.tell(message)

    def run(self, generation: Generation, meanwhile: Callable[[], None]) -> Ending:
        """Work until the target is reached or there is a reason to end.

        ``meanwhile`` is done once, when the first calls have been started.

        Raises:
            DiskError: the disk failed; what was accepted before is on it.
            BaseException: whatever a worker died of (a bug); the same holds.
        """
        self._generation = generation
        self._workers = workers = Workers[Job, Outcome](generation.run, self._clock)
        try:
            self._dispatch(workers)
            meanwhile()
            while not self._stop.abandoned:
                self._dispatch(workers)
                if not workers.active and (ending := self._end()) is not None:
                    return ending
                self._receive(workers, self._tick(workers))
                self._look_around()
            return self._part(workers)
        finally:
            workers.dismiss()

    def _receive(self, workers: Workers[Job, Outcome], timeout_s: float) -> bool:
        """Take what came in, accept what is worth it; whether anything came."""
        came = False
        for message in workers.receive(timeout_s):
            came = True
            self._take(message)
        self._accept()
        if self._crash is not None:
            raise self._crash
        return came

    def _part(self, workers: Workers[Job, Outcome]) -> Ending:
        """Take what abandoned workers still bring, and wait for none that is silent."""
        while workers.active and self._receive(workers, PARTING_S):
            pass
        if self._schedule.remaining == 0:
            return _COMPLETED
        stopped = Ending(
            "stopped", Exit.INTERRUPTED, "stopped at once, calls in flight were abandoned"
        )
        return self._verdict or stopped

    # ------------------------------------------------------------------ dispatching

    def _dispatch(self, workers: Workers[Job, Outcome]) -> None:
        while self._may_start(workers):
            job = self._schedule.next(workers.active)
            if job is None:
                return
            if workers.active and not self._is_worth(job, workers):
                self._schedule.back(job)
                return
            workers.start(job)

    def _may_start(self, workers: Workers[Job, Outcome]) -> bool:
        if self._stop.requested or self._verdict is not None or self._shortage is not None:
            return False
        calls = self._bounds.concurrency
        if calls is None:
            return workers.active < MOST_IN_FLIGHT
        return workers.active < calls + calls // 4  # some read and judge while as many call

    def _is_worth(self, job: Job, workers: Workers[Job, Outcome]) -> bool:
        """Whether one more worker would find room: with a fixed number, always."""
        if self._bounds.concurrency is not None:
            return True
        assert self._generation is not None
        choosing = workers.active - self._router.in_flight - self._generation.resting
        return choosing <= self._router.in_flight // 8 and self._router.ready(
            self._generation.demand(job)
        )

    def _tick(self, workers: Workers[Job, Outcome]) -> float:
        growing = self._bounds.concurrency is None and self._schedule.remaining > workers.active
        return GROWING_TICK_S if growing and self._may_start(workers) else TICK_S

    # ------------------------------------------------------------------ what comes in

    def _take(self, message: object) -> None:
        match message:
            case Done(_, Written() as written):
                self._consider(written)
            case Done(_, GivenUp(job, reason)):
                self._give_up(job, reason)
            case Done(_, Halted(job)):
                self._schedule.back(job)
            case Done(_, Stuck(job, turn)):
                self._schedule.back(job)
                self._run_short(self._stuck(turn))
            case Crashed(error):
                self._crash = error
            case Departed(ref):
                self.record.model(ref).calls += 1
            case Spending():
                self._spend(message)
            case Refusal():
                self._reject(message)
            case events.Event():
                self._hear(message)
            case _:
                raise TypeError(f"nobody sends {message!r}")

    def _consider(self, written: Written) -> None:
        """Judge it against all that was accepted so far, then queue it for the journal."""
        verdict = self._sink.review(written.verdict)
        if verdict.rejected:
            self._refuse_late(written, [r for r in verdict.reasons if r.reject])
            return
        self._router.kept(written.lease.ref)
        sample = self._compose(replace(written, verdict=verdict))
        self._sink.note(sample, verdict)
        self._accepting.append((written, sample))
        self._schedule.accept(written.job.task)

    def _refuse_late(self, written: Written, reasons: Sequence[Reason]) -> None:
        """A duplicate is not repaired: the task begins anew, told what it came too close to."""
        assert self._generation is not None
        outcome = self._generation.refuse(
            written.job,
            written.lease,
            written.completion,
            AnswerRefused(reasons),
            written.cost_usd,
        )
        if isinstance(outcome, GivenUp):
            self._give_up(outcome.job, outcome.reason)
            return
        self._generation.renew(written.job, [written.verdict.draft.question])
        self._schedule.back(written.job)

    def _compose(self, written: Written) -> Sample:
        task = dated(written.job.task, written.as_of)
        draft, completion = written.verdict.draft, written.completion
        return Sample(
            id=sample_id(draft.question, draft.answer),
            question=draft.question,
            answer=draft.answer,
            reasoning_steps=draft.reasoning_steps,
            citations=written.verdict.citations,
            jurisdiction=task.jurisdiction,
            sub_jurisdiction=task.sub_jurisdiction,
            practice_area=task.practice_area,
            topic=task.topic,
            subtopic=task.subtopic,
            difficulty=task.difficulty,
            sample_type=task.sample_type,
            as_of=written.as_of,
            seed_json=self._sink.seed_json(task),
            provider=written.lease.ref.provider,
            model=written.lease.ref.model,
            prompt_version=written.prompt_version,
            batch_id=self.record.id,
            slot=task.slot,
            attempts=written.job.attempts,
            input_tokens=completion.usage.input_tokens,
            output_tokens=completion.usage.output_tokens,
            flags=written.verdict.flags,
            score=written.verdict.score,
            judge=written.verdict.judge,
            thinking=completion.thinking if self._sink.keep_thinking else None,
            latency_s=round(completion.latency_s, 3),
            cost_usd=written.cost_usd,
            reasoning_tokens=completion.usage.reasoning_tokens,
            created_at=self._now(),
            marks=written.verdict.marks,
            remark=written.verdict.remark,
        )

    def _accept(self) -> None:
        """Put everything that was queued on the disk at once; only then does it count."""
        if not self._accepting:
            return
        accepting, self._accepting = self._accepting, []
        self._sink.append([sample for _, sample in accepting])
        for written, sample in accepting:
            self._count(written, sample)
        self._router.accepted()
        self._router.remaining = self._schedule.remaining
        self._watch.accepted_at = self._clock.monotonic()
        self._watch.accepted, self._watch.fruitless, self._watch.unfit = True, 0, 0
        self._shortage = None
        self._save(self.record)

    def _count(self, written: Written, sample: Sample) -> None:
        record, stats = self.record, self.record.model(written.lease.ref)
        record.accepted += 1
        record.flagged += bool(sample.flags)
        record.unjudged += "UNJUDGED" in sample.flags
        stats.samples += 1
        stats.sample_seconds += written.completion.latency_s
        stats.reasoning_steps += len(sample.reasoning_steps)
        self._metrics.accept(written.lease.ref, self._clock.wall(), sample.flags)
        self._watch.latencies.append(written.completion.latency_s)
        self._listen(
            events.SampleAccepted(
                at=sample.created_at,
                slot=sample.slot,
                sample=sample.id,
                provider=sample.provider,
                model=sample.model,
                accepted=record.accepted,
                flags=sample.flags,
                latency_s=written.completion.latency_s,
                input_tokens=sample.input_tokens,
                output_tokens=sample.output_tokens,
                cost_usd=sample.cost_usd,
            )
        )

    # ------------------------------------------------------------------ what went wrong

    def _give_up(self, job: Job, reason: str) -> None:
        self._schedule.give_up(job)
        self._metrics.given_up += 1
        self._watch.fruitless += 1
        self._watch.unfit += reason == NO_MODEL or _too_large(job)
        failures = job.trail.failures[-6:]
        self.record.note(GivenUpNote(job.task.slot, job.task.cell, (*failures, reason)))
        self.record.note_parked(self._schedule.parked, PARK_AFTER)
        self._listen(
            events.TaskGivenUp(
                at=self._now(),
                slot=job.task.slot,
                topic=job.task.topic,
                failures=failures,
                reason=reason,
            )
        )

    def _reject(self, refusal: Refusal) -> None:
        completion = refusal.completion
        codes = tuple(dict.fromkeys(reason.code for reason in refusal.reasons))
        self._metrics.reject(codes)
        for code in codes:
            self.record.rejected[code] = self.record.rejected.get(code, 0) + 1
        self._sink.reject(
            Rejected(
                at=self._now(),
                slot=refusal.job.task.slot,
                provider=refusal.ref.provider,
                model=refusal.ref.model,
                reasons=refusal.reasons,
                text=completion.text,
                characters=len(completion.text),
                input_tokens=completion.usage.input_tokens,
                output_tokens=completion.usage.output_tokens,
                cost_usd=refusal.cost_usd,
                latency_s=round(completion.latency_s, 3),
                finish_reason=completion.finish_reason,
                attempt=refusal.attempt,
            )
        )
        self._listen(
            events.AnswerRejected(
                at=self._now(),
                slot=refusal.job.task.slot,
                provider=refusal.ref.provider,
                model=refusal.ref.model,
                codes=codes,
                message="; ".join(reason.message for reason in refusal.reasons)[:200],
                input_tokens=completion.usage.input_tokens,
                output_tokens=completion.usage.output_tokens,
                cost_usd=refusal.cost_usd,
            )
        )

    def _spend(self, spending: Spending) -> None:
        stats, usage = self.record.model(spending.ref), spending.usage
        stats.input_tokens += usage.input_tokens
        stats.output_tokens += usage.output_tokens
        stats.reasoning_tokens += usage.reasoning_tokens or 0
        stats.cached_tokens += usage.cached_tokens or 0
        stats.seconds += spending.latency_s
        if spending.cost_usd is not None:
            stats.cost_usd = (stats.cost_usd or 0.0) + spending.cost_usd
            today = f"{self._now():%Y-%m-%d}"
            self.record.days[today] = self.record.days.get(today, 0.0) + spending.cost_usd
            stats.assumed_usd += 0.0 if spending.answered else spending.cost_usd
        if spending.failed is not None:
            stats.failures[spending.failed] = stats.failures.get(spending.failed, 0) + 1
        self._measure(spending)

    def _measure(self, spending: Spending) -> None:
        if spending.answered:
            self._metrics.answered(
                spending.ref,
                spending.usage,
                cost_usd=spending.cost_usd,
                latency_s=spending.latency_s,
                refused=spending.failed,
            )
        elif spending.failed is not None:
            self._alert(
                self._metrics.failed(
                    spending.ref, spending.failed, spending.usage, cost_usd=spending.cost_usd
                )
            )

    def _hear(self, event: events.Event) -> None:
        match event:
            case events.Waiting() if self._is_known(event):
                return
            case events.Spilled() if self.record.spill is not None:
                return
            case events.Spilled():
                self.record.spill = Spill(event.at, event.provider, event.target, event.reason)
            case events.CallFailed():
                self.record.note(_failed(event))
                self._count_failure(event)
            case events.Switched():
                self.record.note(Switch(event.at, event.source, event.target, event.reason))
                old, new = ModelRef.parse(event.source), ModelRef.parse(event.target)
                self._alert(self._metrics.switched(old, new, ErrorCategory(event.category)))
            case events.Waiting():
                self._metrics.waited(event.seconds)
                self.record.note(WaitNote(event.at, event.seconds, (event.target,), event.reason))
            case _:
                pass
        self._listen(event)

    def _is_known(self, event: events.Waiting) -> bool:
        """Whether another worker already waits as long for the same; else it is noted."""
        key = event.target, event.reason
        known = self._waits.get(key)
        if known is not None and event.until <= known + timedelta(seconds=1):
            return True
        self._waits[key] = event.until
        return False

    def _count_failure(self, event: events.CallFailed) -> None:
        category = ErrorCategory(event.category)
        if category in _ANSWERS | _REQUESTS:
            self._watch.refused_calls += 1
            self._watch.refusals.update({*event.codes} or {category})

    def _alert(self, alert: metrics.ThresholdAlert | None) -> None:
        if alert is not None:
            at = self._now()
            self.record.note(AlertRecord(at, alert.kind, alert.message))
            self._listen(events.Alert(at=at, kind=alert.kind, message=alert.message))

    # ------------------------------------------------------------------ how it ends

    def _stuck(self, turn: Pause | NoneLeft | Spent) -> Ending:
        match turn:
            case Pause(resume_in_s, why):
                return paused(why, resume_in_s)
            case Spent(why, of_user):
                if of_user:
                    return Ending("stopped", Exit.BOUND, why)
                return Ending("failed", Exit.FAILED, why)
            case NoneLeft():
                reason, troubles = "no model is left to call", self._router.troubles()
                return Ending("failed", Exit.NO_PROVIDER, reason, obstacles=troubles)

    def _run_short(self, ending: Ending) -> None:
        """A worker is stuck; of several pauses the shortest is true for the batch."""
        known = self._shortage
        if known is not None and known.resume_in_s is not None and ending.resume_in_s is not None:
            ending = min(known, ending, key=lambda each: each.resume_in_s or 0.0)
        self._shortage = ending

    def _look_around(self) -> None:
        """The bounds that no worker sees: time, the watchdog, a prompt that is at fault."""
        now = self._clock.monotonic()
        if not self._stop.requested:
            self._verdict = self._overdue(now) or self._hopeless()
            if self._verdict is not None:
                self._stop.request()
        elif self._stalled_s(now) >= 2 * self._watch.patience_s():
            self._stop.abandon()  # calls that outlive their deadline: do not wait for them
        if self._stop.requested:
            self._tell_stop()
            self._router.wake()
        if now - self._learnt >= 1.0:
            self._learnt = now
            self._learn()

    def _tell_stop(self) -> None:
        """Say once that somebody asked for the end; a verdict of our own is told as the reason."""
        if not self._told_stop and self._verdict is None:
            self._listen(events.StopRequested(at=self._now(), in_flight=self._router.in_flight))
        self._told_stop = True

    def _stalled_s(self, now: float) -> float:
        return now - self._watch.accepted_at - self._router.waited_s

    def _overdue(self, now: float) -> Ending | None:
        bound = self._bounds.max_time_s
        if bound is not None and now - self._watch.started >= bound:
            return Ending("stopped", Exit.BOUND, f"--max-time: {bound:g} s are over")
        stalled = self._stalled_s(now)
        if stalled >= WATCHDOG_LEAST_S and stalled >= self._watch.patience_s():
            reason = f"nothing was accepted for {stalled / 60:.0f} min of calls (watchdog)"
            return Ending("failed", Exit.FAILED, reason)
        return None

    def _hopeless(self) -> Ending | None:
        if self._watch.fruitless >= FRUITLESS_TASKS:
            return self._fruitless(
                f"the last {self._watch.fruitless} tasks were all given up (see rejected/)"
            )
        code = self._watch.faulty_code()
        if code is None:
            return None
        what = "request" if code in _REQUESTS else "answer"
        since = "since it went on" if self.record.accepted else "so far"
        reason = (
            f"every {what} {since} was refused with {code}: the prompt is at fault "
            "(see rejected/, or try another --sample-type, --reasoning-instruction or model)"
        )
        return Ending("failed", Exit.FAILED, reason)

    def _fruitless(self, reason: str) -> Ending:
        """Tasks were given up until none is worth trying: none fits a model, or none passes."""
        if not self._watch.accepted and self._watch.unfit == self._watch.fruitless:
            return Ending("failed", Exit.NO_PROVIDER, f"{UNFIT}: {reason}")
        return Ending("failed", Exit.FAILED, reason)

    def _end(self) -> Ending | None:
        """The ending, now that nothing is under way; None when there is more to do."""
        if self._schedule.remaining == 0:
            return _COMPLETED
        if self._verdict is not None:
            return self._verdict
        if self._stop.requested:
            return Ending(
                "stopped", Exit.INTERRUPTED, "asked to stop; what was in flight was finished"
            )
        if self._shortage is not None:
            return self._shortage
        job = self._schedule.next(0)
        if job is None:
            return self._fruitless("every cell of the plan failed too often and is parked")
        self._schedule.back(job)
        return None

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)


def paused(why: Obstacle, resume_in_s: float) -> Ending:
    """Nothing comes back in time; ``why`` is what is waited for."""
    obstacles = (why.trouble,) if why.trouble is not None else ()
    return Ending("paused", Exit.PAUSED, str(why), resume_in_s, obstacles)


def resume_after(ending: Ending, now: datetime) -> datetime | None:
    """When a paused batch is worth resuming, rounded up to the second; UTC."""
    if ending.resume_in_s is None:
        return None
    moment = now + timedelta(seconds=ending.resume_in_s)
    return moment.replace(microsecond=0) + timedelta(seconds=1)


def _too_large(job: Job) -> bool:
    """Whether all that a task met was that it is too large."""
    failures = job.trail.failures
    return bool(failures) and all(each.endswith(ErrorCategory.CONTEXT_LENGTH) for each in failures)


def _failed(event: events.CallFailed) -> Failed:
    return Failed(
        at=event.at,
        target=f"{event.provider}/{event.model}",
        category=event.category,
        status=event.status,
        message=event.message,
        rule=event.decided,
        hint_s=event.hint_s,
        until=event.until,
        codes=event.codes,
        wrong_url=event.wrong_url,
        credit=event.credit,
    )
