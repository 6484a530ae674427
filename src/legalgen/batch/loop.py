"""The online loop: start jobs in workers, take in what they bring, and see when to end.

The main thread alone touches the journal, the duplicate index and the ledger. Workers run
:meth:`legalgen.batch.generation.Generation.run` and put what happens into one inbox.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence

import msgspec

from legalgen.batch.ending import COMPLETED, RETRY_MARKS_S, Ending, paused
from legalgen.batch.fitting import Fitting
from legalgen.batch.generation import (
    NO_MODEL,
    Departed,
    Generation,
    GivenUp,
    Halted,
    Outcome,
    Refusal,
    Spending,
    Stop,
    Stuck,
    WaitsForMarks,
    Written,
    unread,
)
from legalgen.batch.jobs import Job, JobPrompts
from legalgen.batch.routers import Routers
from legalgen.batch.troubles import TroubleWatch
from legalgen.batch.watchdog import Watchdog, is_too_large
from legalgen.batch.work import Work
from legalgen.batch.workers import Crashed, Done, Inbox, Workers, attempted
from legalgen.errors import AnswerRefused, DiskError, LegalgenError, Reason
from legalgen.errors.exit_codes import Exit
from legalgen.errors.plurals import plural
from legalgen.failover import NoneLeft, Pause
from legalgen.routing.targets import MOST_IN_FLIGHT, MOST_UNDER_LIMITS, Spent
from legalgen.settings.types import format_duration
from legalgen.telemetry import events

TICK_S = 0.25
GROWING_TICK_S = 0.02
"""How soon the main thread looks again while more calls could be in flight."""
KEPT_AT_ONCE = 16
"""Answers that are put on the disk together, where more came meanwhile: one fsync takes as long."""
PARTING_S = 0.2
"""How long abandoned workers may be silent before the run leaves without them."""


class BatchBounds(msgspec.Struct, frozen=True):
    """What limits a batch; ``concurrency`` None is auto, which begins ``most`` calls at once at
    most. Times are seconds.

    ``usual_wait``: nobody set ``max_wait_s``.
    """

    concurrency: int | None = None
    most: int = MOST_IN_FLIGHT
    max_time_s: float | None = None
    max_wait_s: float = math.inf
    usual_wait: bool = False

    @property
    def patience(self) -> str:
        """How long a model is waited for, and who said so."""
        return f"{format_duration(self.max_wait_s)} ({self.wait_bound})"

    @property
    def wait_bound(self) -> str:
        """What bounds a wait: the user's word, or nobody's."""
        return "the usual patience; --max-wait allows more" if self.usual_wait else "--max-wait"


class Loop:
    """One run of the loop over a batch; ``run`` returns how it ended."""

    def __init__(
        self,
        work: Work,
        routers: Routers,
        generation: Generation,
        prompts: JobPrompts,
        inbox: Inbox,
        *,
        stop: Stop,
        bounds: BatchBounds,
        fitting: Fitting | None = None,
    ) -> None:
        self._fitting = fitting
        self._acceptor = work.acceptor()
        self._schedule = work.schedule
        self._routers = routers
        self._router = routers.writers
        self._generation = generation
        self._prompts = prompts
        self._workers = Workers[Job, Outcome](generation.run, inbox)
        self._stop = stop
        self._bounds = bounds
        self._reporter = work.reporter
        self._clock = work.reporter.clock
        self._verdict: Ending | None = None
        """A decision that the run ends."""
        self._shortage: Ending | None = None
        """What the last stuck worker saw; over once another call is accepted after all."""
        self._crash: BaseException | None = None
        self._told_stop = False
        self._held = 0
        """Answers that wait for their marks: each is as good as under way."""
        now = self._clock.monotonic()
        self._watchdog = Watchdog(now, bounds.max_time_s)
        self._learnt = now
        self._troubles = TroubleWatch(work.troubles, routers)
        self._resumed = work.resumed
        self._router.set_remaining(work.schedule.remaining)

    def run(self, meanwhile: Callable[[], None] | None) -> Ending:
        """Work until the target is reached or there is a reason to end.

        ``meanwhile`` is done once, when the first calls have been started.

        Raises:
            DiskError: the disk failed; what was accepted before is on it, and what was in flight
                is counted, and kept where the disk takes it.
            BaseException: whatever a worker, a look at an answer or ``meanwhile`` died of (a bug);
                the same holds, and what was in flight is kept.
        """
        self._troubles.look()
        try:
            with self._deferred():
                self._dispatch()
            if meanwhile is not None and isinstance(died := attempted(meanwhile), Crashed):
                self._die(died)
            ending = self._work_off()
        finally:
            self._workers.dismiss()
            self._acceptor.part()
        self._troubles.look(ended=True)
        if self._fitting is not None:
            self._fitting.left_out()
        return ending

    def _work_off(self) -> Ending:
        while not self._stop.abandoned:
            with self._deferred():
                self._dispatch()
            if not self._workers.active and (ending := self._end()) is not None:
                return ending
            self._receive(self._tick())
            with self._deferred():
                self._look_around()
        return self._part()

    @contextlib.contextmanager
    def _deferred(self) -> Iterator[None]:
        """Let a failure, as of the disk, wait until what is in flight is here: it is paid for."""
        try:
            yield
        except LegalgenError as error:
            is_first = self._crash is None
            self._die(Crashed(error))
            if is_first and (out := self._router.in_flight):
                with contextlib.suppress(DiskError):  # it may be the one that notices go to
                    self._reporter.notice(f"{error}; waiting for {plural(out, 'call')} in flight")

    def _receive(self, timeout_s: float) -> bool:
        """Take what came in, or some of it, accept what is worth it; whether anything came."""
        came = False
        for message in self._workers.receive(timeout_s):
            came = True
            with self._deferred():
                self._take(message)
            # Their workers are free, and hundreds may be in the inbox. None of them calls again
            # before its answer is on the disk: of what was paid for no more is lost than is out.
            if self._acceptor.queued >= KEPT_AT_ONCE:
                break
        with self._deferred():
            self._accept()
        return came

    def _part(self) -> Ending:
        """Take what abandoned workers still bring, and wait for none that is silent."""
        while self._workers.active and self._receive(PARTING_S):
            pass
        if self._crash is not None:
            raise self._crash
        if self._schedule.remaining == 0:
            return COMPLETED
        stopped = Ending(
            "stopped", Exit.INTERRUPTED, "stopped at once, calls in flight were abandoned"
        )
        return self._verdict or stopped

    # ------------------------------------------------------------------ dispatching

    def _dispatch(self) -> None:
        while self._may_start():
            job = self._schedule.next(self._workers.active + self._held)
            if job is None:
                return
            if self._workers.active and not self._is_worth(job):
                self._schedule.back(job)
                return
            if not self._workers.start(job):
                self._schedule.back(job)
                calls = plural(int(self._workers.most), "call")
                self._reporter.notice(f"the system has no more threads or memory: {calls} at once")
                return

    def _may_start(self) -> bool:
        if self._stop.requested or self._verdict is not None or self._shortage is not None:
            return False
        if self._workers.active >= self._workers.most:
            return False
        calls = self._bounds.concurrency
        if calls is None:
            return self._workers.active < self._router.most_in_flight
        if self._generation.resting >= MOST_UNDER_LIMITS:
            return False  # so many wait already, and each is woken by every reply
        return self._workers.active < calls + calls // 4  # some read and judge while as many call

    def _is_worth(self, job: Job) -> bool:
        """Whether one more worker would find room: with a fixed number, always."""
        if self._bounds.concurrency is not None:
            return True
        in_flight = self._router.in_flight
        # Of answers that are judged no more are left waiting than calls are out.
        weighing = min(self._generation.weighing, max(in_flight, MOST_UNDER_LIMITS))
        choosing = self._workers.active - in_flight - self._generation.resting - weighing
        # One may be about to leave: nobody is woken when it does, and where it is back before the
        # next look at the inbox there would never be two out.
        return choosing <= max(1, in_flight // 8) and self._router.ready(self._prompts.demand(job))

    def _tick(self) -> float:
        calls = self._bounds.concurrency
        growing = (calls is None or calls > MOST_UNDER_LIMITS) and (
            self._schedule.remaining > self._workers.active
        )
        return GROWING_TICK_S if growing and self._may_start() else TICK_S

    # ------------------------------------------------------------------ what comes in

    def _take(self, message: object) -> None:
        match message:
            case Done(_, Written() as written):
                self._consider(written)
            case Done(_, WaitsForMarks() as waiting):
                self._hold(waiting)
            case Done(_, GivenUp(job, reason)):
                self._give_up(job, reason)
            case Done(_, Halted(job)):
                self._schedule.back(job)
            case Done(_, Stuck(job, turn)):
                self._schedule.back(job)
                self._run_short(self._stuck(turn))
            case Crashed():
                self._die(message)
            case events.CallFailed():
                self._watchdog.failed(message)
                self._acceptor.take(message)
                self._troubles.hear(message)
            case Departed():
                self._acceptor.take(message)
                self._troubles.hear(message)
            case Spending() | Refusal() | WaitsForMarks() | events.Event():
                self._acceptor.take(message)
            case _:
                raise TypeError(f"nobody sends {message!r}")

    def _hold(self, waiting: WaitsForMarks) -> None:
        """Keep an answer aside until a judge can be had; nothing is written in its place."""
        self._held += 1
        self._acceptor.hold(waiting)
        match waiting.turn:
            case Pause(resume_in_s, why):
                self._run_short(paused(why, resume_in_s, self._bounds.patience))
            case Spent():
                self._run_short(self._stuck(waiting.turn))
            case NoneLeft():
                reason = "no judge is left to mark what is written (--unjudged keep keeps it so)"
                gone = Ending("failed", Exit.NO_PROVIDER, reason, obstacles=waiting.troubles)
                self._run_short(gone)
            case None:
                pass

    def _consider(self, written: Written) -> None:
        """Offer it to the dataset; a duplicate begins anew."""
        reasons = attempted(lambda: self._acceptor.offer(written))
        if isinstance(reasons, Crashed):
            self._die(reasons)
            if not written.again:  # else it is on the disk, and waits there
                paid = (written.completion, written.cost_usd)
                self._acceptor.take(unread(written.job, written.lease.ref, *paid, reasons.error))
        elif reasons:
            self._refuse_late(written, reasons)

    def _die(self, of: Crashed) -> None:
        """Raise it once what others have in flight is here: that is paid for."""
        self._crash = self._crash or of.error
        self._stop.request()

    def _refuse_late(self, written: Written, reasons: Sequence[Reason]) -> None:
        """A duplicate is not repaired: the task begins anew, told what it came too close to."""
        if written.again:  # nothing is to be said of the model that wrote it, in an earlier run
            job, paid = written.job, (written.completion, written.cost_usd, written.job.attempts)
            self._acceptor.take(Refusal(job, written.lease.ref, tuple(reasons), *paid))
            self._prompts.renew(job, [written.verdict.draft.question])
            self._schedule.back(job)
            return
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
        self._prompts.renew(written.job, [written.verdict.draft.question])
        self._schedule.back(written.job)

    def _give_up(self, job: Job, reason: str) -> None:
        if self._fitting is not None and (reason == NO_MODEL or is_too_large(job)):
            none = self._fitting.nothing_fits()
            if none is not None:  # no other task fits either: it is not the task's fault
                self._schedule.back(job)
                troubles = self._router.registry.troubles()
                self._shortage = Ending("failed", Exit.NO_PROVIDER, none, obstacles=troubles)
                return
        self._watchdog.gave_up(job, reason)
        self._acceptor.give_up(job, reason)

    def _accept(self) -> None:
        """Put everything that was queued on the disk at once; only then does it count."""
        accepted = self._acceptor.flush()
        if not accepted:
            return
        # All at once: for the router's lock a hundred workers wait, too.
        self._router.kept(*(written.lease.ref for written in accepted if not written.again))
        self._router.accepted()
        self._router.set_remaining(self._schedule.remaining)
        self._watchdog.accepted(accepted, self._clock.monotonic())
        self._shortage = None

    # ------------------------------------------------------------------ how it ends

    def _stuck(self, turn: Pause | NoneLeft | Spent) -> Ending:
        match turn:
            case Pause(resume_in_s, why):
                return paused(why, resume_in_s, self._bounds.patience)
            case Spent(why, of_user):
                if of_user:
                    return Ending("stopped", Exit.BOUND, why)
                return Ending("failed", Exit.FAILED, why)
            case NoneLeft():
                reason, troubles = "no model is left to call", self._router.registry.troubles()
                return Ending("failed", Exit.NO_PROVIDER, reason, obstacles=troubles)

    def _run_short(self, ending: Ending) -> None:
        """A worker is stuck; of several pauses the shortest is true for the batch."""
        known = self._shortage
        if known is not None and known.resume_in_s is not None and ending.resume_in_s is not None:
            ending = min(known, ending, key=lambda each: each.resume_in_s or 0.0)
        self._shortage = ending

    def _look_around(self) -> None:
        """The bounds that no worker sees: time, the watchdog, a prompt that is at fault."""
        now, waited_s = self._clock.monotonic(), self._routers.waited_s
        if not self._stop.requested:
            self._verdict = self._watchdog.overdue(now, waited_s) or self._watchdog.hopeless(
                self._router.registry.usable, went_on=self._resumed
            )
            if self._verdict is not None:
                self._stop.request()
        elif self._watchdog.is_past_saving(now, waited_s):
            self._stop.abandon()  # calls that outlive their deadline: do not wait for them
        if self._stop.requested:
            self._tell_stop()
            self._router.wake()
        if now - self._learnt >= 1.0:
            self._learnt = now
            self._routers.learn()
            self._acceptor.save()
            if self._fitting is not None:
                self._fitting.left_out()

    def _tell_stop(self) -> None:
        """Say once that somebody asked for the end; a verdict of our own is told as the reason."""
        if not self._told_stop and self._verdict is None and self._crash is None:
            in_flight = self._router.in_flight
            self._reporter.tell(events.StopRequested(at=self._reporter.now(), in_flight=in_flight))
        self._told_stop = True

    def _end(self) -> Ending | None:
        """The ending, now that nothing is under way; None when there is more to do."""
        if self._crash is not None:
            raise self._crash
        if self._schedule.remaining == 0:
            return COMPLETED
        if self._verdict is not None:
            return self._verdict
        if self._stop.requested:
            return Ending(
                "stopped", Exit.INTERRUPTED, "asked to stop; what was in flight was finished"
            )
        if self._shortage is not None:
            return self._shortage
        return self._unfinished()

    def _unfinished(self) -> Ending | None:
        """The ending of a batch that has nothing left to begin; None where it has."""
        if self._held:
            wait = f"{plural(self._held, 'answer')} {'waits' if self._held == 1 else 'wait'}"
            why = f"{wait} for marks in rejected/: --resume has them marked"
            return Ending("paused", Exit.PAUSED, why, RETRY_MARKS_S)
        job = self._schedule.next(0)
        if job is None:
            return self._watchdog.fruitless("every cell of the plan failed too often and is parked")
        self._schedule.back(job)
        return None
