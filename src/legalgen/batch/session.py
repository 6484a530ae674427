"""One session of a batch: lock, recover, plan, have it written, seal, note.

Who writes is an executor's matter: calls of our own, or a provider's batch service. What is on the
disk decides what is missing, for a new batch and for one that is resumed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from legalgen.batch import parking
from legalgen.batch.composing import Composer
from legalgen.batch.ending import Ending
from legalgen.batch.intent import Intent, Result
from legalgen.batch.jobs import Job
from legalgen.batch.queueing import LeftQueueError, LockWaits
from legalgen.batch.records import new_record, note_address, note_bounds
from legalgen.batch.reporting import Reporter
from legalgen.batch.schedule import Schedule, open_schedule, waiting_jobs
from legalgen.batch.sink import DatasetSink, SampleSink, UnsavedSink
from legalgen.batch.troubles import TroubleBook
from legalgen.batch.work import Executor, Work
from legalgen.errors import BatchRunning, DiskError, LegalgenError, NoUsableProvider
from legalgen.errors.exit_codes import Exit
from legalgen.errors.plurals import plural
from legalgen.law.planner import TaskPlanner, TaskSpace
from legalgen.quality.inspection import Reviewer
from legalgen.quality.rules import default_thresholds
from legalgen.settings.layers import Settings
from legalgen.store import card, journal, parts
from legalgen.store.files import DataDir, is_there, listed
from legalgen.store.ledger import Ledger, Record, new_batch_id, this_process
from legalgen.store.locks import BatchLock, Holder, data_lock
from legalgen.store.sample import Sample
from legalgen.telemetry import events, log
from legalgen.telemetry.metrics import Metrics, write_textfile


class _Begun(NamedTuple):
    """What a saved batch begins with, be it new or taken up: ``note`` puts it into the ledger.

    ``counts`` are the rows of each cell that its plan starts from, ``done`` its slots that are
    there, ``waiting`` the jobs whose answers wait for marks.
    """

    record: Record
    counts: Mapping[parts.Cell, int]
    note: Callable[[], None]
    done: frozenset[int] = frozenset()
    waiting: Sequence[Job] = ()


class Session:
    """One batch or one sample, from opening to closing; see ``go``.

    ``notices`` are told before anything else; ``basis`` names what cells are asked with;
    ``rehearsal``: samples go to ``rehearsal/``.
    """

    def __init__(
        self,
        settings: Settings,
        intent: Intent,
        executor: Executor,
        *,
        space: TaskSpace,
        data_dir: DataDir,
        ledger: Ledger,
        rehearsal: bool,
        composer: Composer,
        reviewer: Reviewer,
        metrics: Metrics,
        reporter: Reporter,
        waits: LockWaits,
        notices: tuple[str, ...] = (),
        basis: str = "",
    ) -> None:
        self._basis = basis
        self.executor = executor
        self.data_dir = data_dir
        self.ledger = ledger
        self._settings = settings
        self._intent = intent
        self._space = space
        self._rehearsal = rehearsal
        self._composer = composer
        self._reviewer = reviewer
        self._metrics = metrics
        self._reporter = reporter
        self._waits = waits
        self._notices = notices
        self._dataset = data_dir.dataset(rehearsal=rehearsal)
        self.unsealed: tuple[Record, int] | None = None
        """After a failure of the disk: the record, and how many samples wait in the journal."""

    def abandon(self) -> None:
        """End every call in flight."""
        self.executor.abandon()

    def close(self) -> None:
        """Free sockets and models."""
        self.executor.close()

    def go(self) -> Result:
        """Recover, plan, write, seal, note. Gives everything back whatever happens.

        Raises:
            BatchRunning: another batch holds the data dir.
            DiskError: the disk failed.
            NoUsableProvider: nothing can be called at all.
        """
        if not self.executor.is_agreed():
            return self._left_alone()
        for notice in self._notices:
            self._reporter.notice(notice)
        if not self._intent.save:
            return self._unsaved()
        with _disk_of(self.data_dir):
            self.data_dir.create()
        try:
            return self._saved() if self._intent.kind != "batch" else self._alone()
        except LeftQueueError as error:
            return Result(error.exit_code, "stopped", str(error))

    def _left_alone(self) -> Result:
        record = self._intent.resume
        assert record is not None  # only what is there already can be refused
        return Result(Exit.DONE, record.status, "left as it is", record, record.resume_after)

    def _alone(self) -> Result:
        """A batch, once no other one runs in this data dir."""
        resumed, now = self._intent.resume, self._reporter.now()
        batch_id = resumed.id if resumed else new_batch_id(now, Random())
        lock = BatchLock(self.data_dir, sleep=self._waits.sleep)
        holder = Holder(batch_id, this_process().pid, now)
        self._waits.take_turn(lock, holder, self._intent.lock_wait_s)
        try:
            return self._saved(batch_id)
        finally:
            lock.release()

    # ------------------------------------------------------------------ the ways to work

    def _unsaved(self) -> Result:
        """A sample that is shown and kept nowhere."""
        record, sink = self._new_record(0), UnsavedSink()
        planner = self._space.planner({}, record.seed)
        schedule = open_schedule(planner, record, frozenset())
        ending = self.executor.execute(self._work(record, planner, schedule, frozenset(), sink))
        return self._result(ending, record, samples=sink.kept)

    def _saved(self, batch_id: str | None = None) -> Result:
        self._recover(whole=batch_id is not None)
        # What decides how much is bought is counted whole: a part is passed by for its cells alone.
        skip = None if self._intent.until_total is not None else self._reporter.pass_by
        summary = parts.summarise(self.data_dir, rehearsal=self._rehearsal, save=True, skip=skip)
        resumed = self._intent.resume
        begun = self._begin_new(summary, batch_id) if resumed is None else self._take_up(resumed)
        record = begun.record
        if record.target <= 0:
            reason = f"the dataset holds {plural(summary.rows, 'row')} already"
            self._write_metrics("completed", Exit.DONE)
            return Result(Exit.DONE, "completed", reason, dataset=self._dataset)
        planner = self._space.planner(begun.counts, record.seed)
        planner.avoid(each.cell for each in record.avoided)
        if record.avoided:
            self._reporter.notice(parking.told(tuple(record.avoided)))
        schedule = open_schedule(planner, record, begun.done, begun.waiting)
        if (early := self._outlook(schedule)) is not None:
            return early
        self.executor.adopt(record)
        begun.note()
        if summary.rows or is_there(self.data_dir.index(rehearsal=self._rehearsal).parent):
            self._reviewer.open()  # reading what is there may fail: done before anybody is paid
        if summary.rows and (
            notice := parts.older_version(self.data_dir, rehearsal=self._rehearsal)
        ):
            self._reporter.notice(notice)
        with self._sink(record) as sink:
            ending = self._guarded(self._work(record, planner, schedule, begun.done, sink), sink)
        return self._seal_off(ending, record, sink)

    def _begin_new(self, summary: parts.Summary, batch_id: str | None) -> _Begun:
        """A batch of its own, which leaves alone what earlier ones have given up on."""
        record = self._new_record(summary.rows, batch_id)
        if record.target > 0:
            given_up = parking.remembered(
                self.ledger.newest(), self._basis, record.started, rehearsal=self._rehearsal
            )
            record.basis, record.avoided = self._basis, list(given_up)
        counts = self._space.counts(summary, self.data_dir, rehearsal=self._rehearsal)
        return _Begun(record, counts, note=partial(self.ledger.create, record, counts))

    def _take_up(self, resumed: Record) -> _Begun:
        """A batch from where it was left: its slots that are there already stay as they are."""
        self.ledger.forget_parts({path.name for path in self._parts()}, resumed.id)
        record = self.ledger.load(resumed.id)  # recovery may have noted parts
        counts = self.ledger.coverage(record)
        done = frozenset(parts.slots_of(self.data_dir, record.id))
        waiting = waiting_jobs(journal.read_rejected(self.data_dir, record.id), record, done)
        record.accepted = len(done)
        return _Begun(record, counts, partial(self._note_again, record), done, waiting)

    def _outlook(self, schedule: Schedule) -> Result | None:
        """The result of a batch that cannot make one call now; it leaves no record."""
        try:
            ending = self.executor.outlook(schedule)
        except NoUsableProvider:
            self._write_metrics("failed", Exit.NO_PROVIDER)
            raise
        if ending is None:
            return None
        self._write_metrics(ending.status, ending.exit_code)
        moment = ending.resume_after(self._reporter.now())
        return self._result(ending, None, moment)

    def _note_again(self, record: Record) -> None:
        """Note that a batch is gone on with."""
        record.status, record.process = "running", this_process()
        record.resumed.append(self._reporter.now())
        record.finished = record.resume_after = None
        note_address(record, self._settings)
        note_bounds(record, self._settings)
        self.ledger.save(record, force=True)

    def _guarded(self, work: Work, sink: DatasetSink) -> Ending:
        """Work; when the disk fails, say so in the record if it can still be written.

        After a bug, what was accepted is sealed all the same.
        """
        record = work.record
        try:
            ending = self.executor.execute(work)
            if sink.seal() is not None:
                part = record.parts[-1].name
                self._reporter.tell(events.Sealed(at=self._reporter.now(), part=part))
        except DiskError as error:
            self.unsealed = record, self._waiting(record)
            with contextlib.suppress(DiskError):
                self._close(record, Ending("stopped", error.exit_code, str(error)), sink)
            raise
        except (BatchRunning, LeftQueueError) as error:  # nothing is lost, and nothing is sealed
            reason = f"{error}; what was accepted is in the journal: the next command seals it"
            return Ending("stopped", error.exit_code, reason)
        except BaseException as error:  # a bug: seals what was paid for, raises again
            log.write_bug(error)  # here: the log is closed when the error has left the run
            with contextlib.suppress(DiskError):
                sink.seal()
                reason = f"a bug ended it: {type(error).__name__} (see the log)"
                self._close(record, Ending("failed", LegalgenError.exit_code, reason), sink)
            raise
        return ending

    def _waiting(self, record: Record) -> int:
        """How many accepted samples stand in the journal alone; 0 where it is gone, too."""
        with contextlib.suppress(DiskError):
            if listed(self.data_dir.journal, f"{record.id}-*.jsonl"):
                return record.accepted - sum(part.rows for part in record.parts)
        return 0

    # ------------------------------------------------------------------ how it ends

    def _seal_off(self, ending: Ending, record: Record, sink: DatasetSink) -> Result:
        """Note how it ended, and leave card and metrics behind."""
        resume_after = self._close(record, ending, sink)
        card.write_card(
            self.data_dir,
            rehearsal=self._rehearsal,
            thresholds=default_thresholds(),
            skip=self._reporter.pass_by,
        )
        self._write_metrics(ending.status, ending.exit_code)
        return self._result(ending, record, resume_after, sink.kept)

    def _close(self, record: Record, ending: Ending, sink: SampleSink) -> datetime | None:
        """Note in the record how it ended, and tell it; when it is worth resuming."""
        now = self._reporter.now()
        record.status, record.reason = ending.status, ending.reason
        record.obstacles = list(ending.obstacles)
        record.finished = now
        record.resume_after = ending.resume_after(now)
        sink.save(force=True)
        self._reporter.tell(
            events.BatchFinished(
                at=now,
                batch=record.id,
                status=ending.status,
                reason=str(ending),
                accepted=record.accepted,
                target=record.target,
                exit_code=ending.exit_code,
                resume_after=record.resume_after,
            )
        )
        return record.resume_after

    def _write_metrics(self, status: str, exit_code: int) -> None:
        """Write the metrics file; where that fails, a notice says so and nothing else changes."""
        if self._settings.metrics_file is None:
            return
        self._metrics.finish(status, exit_code, self._reporter.clock.wall())
        try:
            write_textfile(self._settings.metrics_file, self._metrics)
        except DiskError as error:
            self._reporter.notice(str(error))

    def _result(
        self,
        ending: Ending,
        record: Record | None,
        resume_after: datetime | None = None,
        samples: Sequence[Sample] = (),
    ) -> Result:
        return Result(
            ending.exit_code,
            ending.status,
            ending.reason,
            record,
            resume_after,
            tuple(samples),
            self._dataset if record is not None else None,
            ending.obstacles,
        )

    # ------------------------------------------------------------------ its parts

    def _new_record(self, rows: int, batch_id: str | None = None) -> Record:
        return new_record(
            self._settings,
            self._intent,
            rows=rows,
            rehearsal=self._rehearsal,
            now=self._reporter.now(),
            batch_id=batch_id,
        )

    def _parts(self) -> list[Path]:
        return parts.parts(self.data_dir, rehearsal=self._rehearsal)

    def _sink(self, record: Record) -> DatasetSink:
        return DatasetSink(
            self.data_dir,
            self.ledger,
            record,
            self._reviewer,
            now=self._reporter.now,
            clock_set=self._reporter.clock_set,
            patience=self._waits.to_seal,
            notice=self._reporter.notice,
        )

    def _work(
        self,
        record: Record,
        planner: TaskPlanner,
        schedule: Schedule,
        done: frozenset[int],
        sink: SampleSink,
    ) -> Work:
        return Work(
            record,
            planner,
            schedule,
            done,
            sink,
            self._composer,
            self._metrics,
            self._reporter,
            TroubleBook(record, self._metrics, self._reporter),
            resumed=self._intent.resume is not None,
        )

    def _recover(self, *, whole: bool) -> None:
        """Seal what dead processes left; ``whole``: this batch counts what there is and buys the
        rest, so that nothing may be left in a journal that somebody else holds for a moment."""
        patience = self._waits.before_work
        with data_lock(self.data_dir, patience=patience):
            pass  # who rewrites the parts is waited for before anything is paid for
        recovered = journal.recover(
            self.data_dir, note_part=self.ledger.note_part, patience=patience, whole=whole
        )
        for found in recovered:
            if found.outcome != "empty" or found.kept_aside:  # else it died before its first row
                self._reporter.notice(str(found))


@contextlib.contextmanager
def _disk_of(data_dir: DataDir) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"{data_dir.root}: {error.strerror}", data_dir.root) from error
