"""An executor that has a provider's batch service write.

One step of it

    plans what is missing and is with nobody -> sends it -> asks how it does -> reads what has ended

and each step is noted in the record before the next begins. What is on the disk decides what is
missing; what the provider lists decides what was sent: a run that died anywhere goes on from
these two and pays for nothing twice.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from legalgen.batch.bulk import steps
from legalgen.batch.bulk.reading import ChunkReader
from legalgen.batch.bulk.sending import ChunkSender
from legalgen.batch.bulk.work import BulkSite, BulkWork
from legalgen.batch.ending import COMPLETED, RETRY_MARKS_S, Ending, paused
from legalgen.batch.generation import ROLE, JudgeAwayError, Stop
from legalgen.batch.intent import BulkOrder
from legalgen.batch.jobs import Job
from legalgen.batch.online import OnlineExecutor
from legalgen.batch.reporting import Reporter
from legalgen.batch.schedule import Schedule
from legalgen.batch.troubles import RouterWatch
from legalgen.batch.work import Work
from legalgen.completion import ModelRef
from legalgen.errors import Failure, ProviderError, Trouble
from legalgen.errors.exit_codes import Exit
from legalgen.errors.plurals import plural
from legalgen.failover import NoneLeft, Pause
from legalgen.routing.router import Router
from legalgen.routing.targets import Spent
from legalgen.settings.writing import clear_beside
from legalgen.store.files import disk, make_folder
from legalgen.store.ledger import Bulk, Record
from legalgen.telemetry import events

TICK_S = 0.2
CANCEL_POLLS = 10
"""So often a cancelled job is asked for before its end is left to the next run."""


class BulkExecutor:
    """Goes step by step at a batch service; as :class:`legalgen.batch.work.Executor`.

    ``online`` asks for what is missing with ``--finish-online``; ``max_time_s`` ends ``--follow``;
    ``resumed`` is the record as the run found it.
    """

    def __init__(
        self,
        order: BulkOrder,
        site: BulkSite,
        sender: ChunkSender,
        reader: ChunkReader,
        online: OnlineExecutor,
        *,
        resumed: Record | None,
        max_time_s: float | None,
        stop: Stop,
        reporter: Reporter,
    ) -> None:
        self._order = order
        self._site = site
        self._sender = sender
        self._reader = reader
        self._online = online
        self._resumed = resumed
        self._max_time_s = max_time_s
        self._stop = stop
        self._reporter = reporter
        self._clock = reporter.clock
        self._started_at = self._clock.monotonic()
        self._cancel_polls = 0
        self._told = ""
        self._marks_are_unread = False
        """Whether a judge's answers cannot be read: asked at once it would say the same again."""

    @property
    def router(self) -> Router:
        """The router of the online executor."""
        return self._online.router

    def abandon(self) -> None:
        """End every call in flight."""
        self._online.abandon()
        self._site.service.abandon()

    def close(self) -> None:
        """Free sockets and models."""
        self._online.close()
        self._site.service.close()

    def is_agreed(self) -> bool:
        """Whether jobs that run may be cancelled, if that was asked for."""
        record = self._resumed
        if not self._order.cancel or record is None or record.bulk is None:
            return True
        count = sum(chunk.requests for chunk in steps.outstanding(record.bulk))
        return self._order.confirm(
            f"Stop {plural(count, 'request')} of batch {record.id} at {record.bulk.provider}? "
            "What was done by then is paid for and kept."
        )

    def outlook(self, schedule: Schedule) -> Ending | None:  # noqa: ARG002 - as of Executor
        """Budgets of the ordinary service do not bind this one."""
        return None

    def adopt(self, record: Record) -> None:
        """The record gets its bulk part, with what the user says of it now."""
        if record.bulk is None:
            calls = sum(each.calls for each in record.models.values())
            record.bulk = Bulk(provider=self._site.provider, calls_before=calls)
        record.bulk.cancelled = record.bulk.cancelled and not self._order.again
        record.bulk.finish_online = self._order.finish_online

    def execute(self, work: Work) -> Ending:
        """Go on until all is written, or until it is time to come back later."""
        assert work.record.bulk is not None  # adopted
        self._online.routers.take_in(work.record)
        work.announce((f"{self._site.provider} (batch service)",))
        jobs = {job.task.slot: job for job in _drained(work.schedule)}
        tasks = {slot: job.task for slot, job in jobs.items()}
        waiting = {slot: job for slot, job in jobs.items() if job.answer is not None}
        at_service = BulkWork(work, work.record.bulk, tasks, set(work.done), waiting)
        at_service.roll_back()
        make_folder(self._site.folder)
        with disk(self._site.folder, "clear"):
            clear_beside(self._site.folder)
        while True:
            ending = self._one_round(at_service)
            if ending is None:
                continue
            if ending.status != "paused" or not self._is_patient():
                return self._finished(ending, at_service)
            self._tell_wait(at_service, ending)
            if (early := self._rest(ending)) is not None:
                return early

    def _one_round(self, work: BulkWork) -> Ending | None:
        """One step at the provider; how things stand, or None when there is more to send."""
        try:
            self._step(work)
        except ProviderError as error:
            return self._troubled(work, error.failure)
        except JudgeAwayError as error:
            work.roll_back()
            return self._unmarked(error)
        if self._stop.requested and not work.is_written:
            return self._stopped()
        return self._standing(work)

    def _step(self, work: BulkWork) -> None:
        if self._order.cancel and not self._cancel_polls:
            self._sender.cancel(work)
        if not (work.bulk.cancelled or self._order.finish_online or work.failed is not None):
            self._sender.plan(work)
        for chunk in steps.unsent(work.bulk):
            if self._stop.requested:
                return
            if self._order.finish_online:
                self._sender.withdraw(work, chunk)
            else:
                self._sender.send(work, chunk)
        for chunk in [*steps.running(work.bulk), *steps.readable(work.bulk)]:
            self._sender.look(work, chunk, give_up=self._order.cancel)
        self._reader.tidy_all(work)
        for chunk in steps.readable(work.bulk):
            if not self._stop.requested:
                self._reader.collect(work, chunk)
        self._reader.mark_waiting(work)

    # ------------------------------------------------------------------ how things stand

    def _standing(self, work: BulkWork) -> Ending | None:
        """The ending as far as the provider goes; None when more can be sent at once."""
        if work.is_written:
            return COMPLETED
        if steps.outstanding(work.bulk):
            return self._paused(work)
        return self._shortfall(work)

    def _shortfall(self, work: BulkWork) -> Ending | None:
        """Why the rest is not asked for in bulk; None when it is."""
        remaining, target = work.work.schedule.remaining, work.record.target
        be = "is" if remaining == 1 else "are"
        missing = f"{remaining:,} of {plural(target, 'sample')} {be} missing"
        if work.failed is not None:
            why = work.failed.message or "no reason was given"
            reason = (
                f"{self._site.provider} refused chunk {work.failed.number}: {why}; {missing}. "
                "Nothing of it ran or costs. Try again with --resume, or with --finish-online"
            )
            return Ending("failed", Exit.FAILED, reason)
        if work.bulk.cancelled:
            return _short(f"cancelled; {missing}. Go on with --resume --bulk or --finish-online")
        if work.bound:
            reason = f"{work.bound} leaves no room for a further request; {missing}"
            return _short(f"{reason}. Go on with --resume and a larger one")
        if self._order.finish_online:
            return _short(missing)
        if not work.askable():
            return _short(
                f"{missing}, each was asked for {steps.ROUNDS} times in bulk. "
                "Go on with --resume --finish-online"
            )
        return None

    def _paused(self, work: BulkWork) -> Ending:
        wait_s = steps.come_back_s(work.bulk, self._reporter.now())
        return Ending("paused", Exit.PAUSED, steps.progress(work.bulk), wait_s)

    def _troubled(self, work: BulkWork, failure: Failure) -> Ending:
        """What a failed call of the service means for the run."""
        provider = self._site.provider
        if self._stop.abandoned:
            return self._stopped()
        if steps.is_passing(failure):
            reason = f"{provider} cannot be asked now: {failure.message}"
            wait_s = max(failure.retry_after_s or 0.0, steps.SOON_S)
            return Ending("paused", Exit.PAUSED, reason, wait_s)
        if work.bulk.chunks and not steps.is_of_service(failure):
            target = ModelRef.parse(work.bulk.chunks[-1].target)
            work.work.troubles.of_account(Trouble.of(target, failure))
        reason = steps.refusal(provider, self._site.terms, failure)
        return Ending("failed", Exit.NO_PROVIDER, reason)

    def _unmarked(self, away: JudgeAwayError) -> Ending:
        """Nobody marks now: the answers lie where they are, and are read again later."""
        match away.turn:
            case Pause(resume_in_s, why):
                return paused(why, resume_in_s, "--max-wait")
            case NoneLeft():
                reason = "no judge is left to mark what is written (--unjudged keep keeps it so)"
                return Ending("failed", Exit.NO_PROVIDER, reason, obstacles=away.troubles)
            case Spent(why, of_user):
                return _short(why) if of_user else Ending("failed", Exit.FAILED, why)
            case None if self._stop.requested:
                return self._stopped()
            case None:
                self._marks_are_unread = True
                why = (
                    "the marks of an answer cannot be read: --resume has it marked again, "
                    "--unjudged keep keeps it without"
                )
                return Ending("paused", Exit.PAUSED, why, RETRY_MARKS_S)

    def _stopped(self) -> Ending:
        reason = f"stopped here; what {self._site.provider} was given goes on there"
        return Ending("stopped", Exit.INTERRUPTED, reason)

    def _finished(self, ending: Ending, work: BulkWork) -> Ending:
        """The ending; with ``finish_online``, after what is with nobody was asked for at once."""
        if (judges := self._online.routers.judges) is not None:
            RouterWatch(work.work.troubles, judges, ROLE).look(ended=True)
        if not self._order.finish_online or ending.status == "completed" or self._stop.requested:
            return ending
        schedule = _online_schedule(work)
        if schedule.remaining:
            ended = self._online.execute(replace(work.work, schedule=schedule))
            if ended.status != "completed":
                return ended
        return self._paused(work) if steps.outstanding(work.bulk) else COMPLETED

    # ------------------------------------------------------------------ waiting and telling

    def _is_patient(self) -> bool:
        if self._order.cancel:
            self._cancel_polls += 1
            return self._cancel_polls <= CANCEL_POLLS
        return self._order.follow and not self._marks_are_unread

    def _rest(self, ending: Ending) -> Ending | None:
        """Wait until it is time to ask again; an ending when the run shall not go on."""
        until = self._clock.monotonic() + self._order.poll_s
        while (left := until - self._clock.monotonic()) > 0:
            if self._stop.requested:
                return self._stopped()
            if self._is_late():
                return ending
            self._clock.sleep(min(TICK_S, left))
        return None

    def _is_late(self) -> bool:
        bound = self._max_time_s
        return bound is not None and self._clock.monotonic() - self._started_at >= bound

    def _tell_wait(self, work: BulkWork, ending: Ending) -> None:
        """Say what is waited for, once as long as it stays the same."""
        if ending.reason == self._told:
            return
        self._told = ending.reason
        now, poll_s = self._reporter.now(), self._order.poll_s
        self._reporter.tell(
            events.Waiting(
                at=now,
                target=self._site.provider,
                seconds=poll_s,
                until=now + timedelta(seconds=poll_s),
                reason=ending.reason,
            )
        )
        work.work.sink.save()


def _drained(schedule: Schedule) -> list[Job]:
    """Every job that the schedule has; what is accepted later is counted in it all the same."""
    jobs: list[Job] = []
    while (job := schedule.next(len(jobs))) is not None:
        jobs.append(job)
    return jobs


def _online_schedule(work: BulkWork) -> Schedule:
    """What the ordinary loop has to write: everything but the slots at the provider."""
    times = steps.asked(work.bulk.chunks)
    at_provider = steps.slots_of_all(steps.outstanding(work.bulk))
    open_tasks = [
        replace(task, variation=times.get(slot, 0))
        for slot, task in sorted(work.tasks.items())
        if slot not in at_provider and slot not in work.waiting
    ]
    known = [work.record.target - 1, *work.done, *work.tasks, *times]
    # A chunk that came cut off is out although some of its samples are there.
    target = work.record.target - len(at_provider - work.done)
    accepted = work.work.schedule.accepted
    schedule = Schedule(work.work.planner, open_tasks, target, accepted, max(known) + 1)
    for job in work.waiting.values():
        schedule.back(job)
    return schedule


def _short(reason: str) -> Ending:
    return Ending("stopped", Exit.BOUND, reason)
