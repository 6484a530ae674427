"""The one way into the dataset: look for duplicates, make the row, put it on the disk, count it.

Whoever has calls made, the online loop or a provider's batch service, hands over what came of
them here. The main thread alone does so.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from legalgen.batch.bookkeeping import Bookkeeper
from legalgen.batch.composing import Composer
from legalgen.batch.generation import (
    Departed,
    Refusal,
    Spending,
    WaitsForMarks,
    WorkerMessage,
    Written,
)
from legalgen.batch.jobs import Job
from legalgen.batch.reporting import Reporter
from legalgen.batch.schedule import Schedule
from legalgen.batch.sink import SampleSink
from legalgen.batch.troubles import TroubleBook
from legalgen.errors import Reason
from legalgen.law.planner import PARK_AFTER
from legalgen.store.journal import Rejected, Unmarked
from legalgen.store.ledger import GivenUpNote, Record
from legalgen.store.sample import Sample
from legalgen.telemetry import events
from legalgen.telemetry.metrics import Metrics


class Acceptor:
    """Takes in what came of calls: ``take``, ``offer`` and ``flush``, or ``give_up``."""

    def __init__(
        self,
        record: Record,
        schedule: Schedule,
        sink: SampleSink,
        composer: Composer,
        *,
        metrics: Metrics,
        reporter: Reporter,
        troubles: TroubleBook,
    ) -> None:
        self._record = record
        self._schedule = schedule
        self._sink = sink
        self._composer = composer
        self._metrics = metrics
        self._reporter = reporter
        self._troubles = troubles
        self._books = Bookkeeper(record, metrics, reporter)
        self._accepting: list[tuple[Written, Sample]] = []
        self._unsaved = False
        """Whether something was paid for since the record was replaced."""

    def take(self, *messages: WorkerMessage) -> None:
        """Note what was told of a call: that it left, what it took, what was refused or waits, an
        event."""
        for message in messages:
            match message:
                case Departed():
                    self._books.depart(message)
                case Spending():
                    self._books.spend(message)
                    self._unsaved = True
                case Refusal():
                    self._reject(message)
                case WaitsForMarks():
                    self.hold(message)
                case events.Event():
                    self._books.hear(message)

    def part(self) -> None:
        """Nobody tells any more of the calls that are out; they may be charged all the same."""
        self._books.part()

    def save(self) -> None:
        """Replace the record where it lacks what was paid for meanwhile, accepted or not."""
        self._unsaved = self._unsaved and not self._sink.save()

    @property
    def queued(self) -> int:
        """Answers that the next ``flush`` puts on the disk."""
        return len(self._accepting)

    def offer(self, written: Written) -> Sequence[Reason]:
        """Judge it against all that was accepted so far, and queue it for the journal.

        Returns why it is refused, as a duplicate is; nothing where it was queued.
        """
        verdict = self._sink.review(written.verdict)
        if verdict.rejected:
            return [reason for reason in verdict.reasons if reason.reject]
        sample = self._composer.compose(replace(written, verdict=verdict), self._record.id)
        self._sink.note(sample, verdict)
        self._accepting.append((written, sample))
        self._schedule.accept(written.job.task)
        return ()

    def flush(self) -> Sequence[Written]:
        """Put everything that was queued on the disk at once; only then does it count.

        Raises:
            DiskError: the disk failed; what was counted is on it.
        """
        if not self._accepting:
            return ()
        accepting, self._accepting = self._accepting, []
        coming = iter(accepting)
        self._sink.append(
            [(str(written.lease.ref), sample) for written, sample in accepting],
            lambda: self._count(*next(coming)),
        )
        self._unsaved = not self._sink.save()
        kept = [written for written, _ in accepting]
        self._troubles.accepted(kept)
        return kept

    def _count(self, written: Written, sample: Sample) -> None:
        record, stats = self._record, self._record.model(written.lease.ref)
        record.accepted += 1
        record.flagged += bool(sample.flags)
        record.unjudged += "UNJUDGED" in sample.flags
        stats.count(sample)
        self._metrics.accept(written.lease.ref, self._reporter.clock.wall(), sample.flags)
        self._reporter.tell(
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

    def count_again(self, written: Written) -> None:
        """A sample that a reading which was broken off put on the disk: counted, not written."""
        stats = self._record.model(written.lease.ref)
        stats.samples += 1
        stats.sample_seconds += written.completion.latency_s
        stats.reasoning_steps += len(written.verdict.draft.reasoning_steps)
        self._record.flagged += bool(written.verdict.flags)
        self._record.unjudged += "UNJUDGED" in written.verdict.flags

    def give_up(self, job: Job, reason: str) -> None:
        """A task that will not be written."""
        self._schedule.give_up(job)
        self._metrics.given_up += 1
        failures = job.refused or job.trail.failures[-6:]
        self._record.note(GivenUpNote(job.task.slot, job.task.cell, (*failures, reason)))
        earlier = {each.cell for each in self._record.avoided}
        parked = [cell for cell in self._schedule.parked if cell not in earlier]
        self._record.note_parked(parked, PARK_AFTER, self._reporter.now())
        self._reporter.tell(
            events.TaskGivenUp(
                at=self._reporter.now(),
                slot=job.task.slot,
                topic=job.task.topic,
                failures=failures,
                reason=reason,
            )
        )

    def hold(self, waiting: WaitsForMarks) -> None:
        """Keep an answer aside that waits for its marks, with all that a row of it takes."""
        if waiting.again:
            return
        paid, job = waiting.answer, waiting.job
        why = Reason("UNJUDGED", "UNJUDGED: it waits for a judge; --resume marks it")
        answer = Refusal(job, paid.ref, (why,), paid.completion, paid.cost_usd, job.attempts)
        unmarked = Unmarked(
            task=msgspec.to_builtins(job.task),
            prompt_version=paid.prompt_version,
            as_of=paid.as_of,
            thinking=paid.completion.thinking,
            reasoning_tokens=paid.completion.usage.reasoning_tokens,
            cached_tokens=paid.completion.usage.cached_tokens,
        )
        self._sink.reject(replace(self._aside(answer), unmarked=unmarked))

    def _aside(self, answer: Refusal) -> Rejected:
        """An answer that was paid for and is no row, as ``rejected/`` keeps it."""
        completion = answer.completion
        return Rejected(
            at=self._reporter.now(),
            slot=answer.job.task.slot,
            provider=answer.ref.provider,
            model=answer.ref.model,
            reasons=answer.reasons,
            text=completion.text,
            characters=len(completion.text),
            input_tokens=completion.usage.input_tokens,
            output_tokens=completion.usage.output_tokens,
            cost_usd=answer.cost_usd,
            latency_s=round(completion.latency_s, 3),
            finish_reason=completion.finish_reason,
            attempt=answer.attempt,
            thinking=None if completion.text.strip() else completion.thinking,
        )

    def _reject(self, refusal: Refusal) -> None:
        """An answer that was paid for and is not kept."""
        completion = refusal.completion
        codes = tuple(dict.fromkeys(reason.code for reason in refusal.reasons))
        self._metrics.reject(codes)
        for code in codes:
            self._record.rejected[code] = self._record.rejected.get(code, 0) + 1
        self._sink.reject(self._aside(refusal))
        self._reporter.tell(
            events.AnswerRejected(
                at=self._reporter.now(),
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
