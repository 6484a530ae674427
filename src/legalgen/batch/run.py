"""One run from opening to closing: recover, plan, write, seal, note; a new batch or one resumed."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from legalgen import __version__
from legalgen.batch import loop
from legalgen.batch.endpoints import Endpoint, open_endpoints, providers_of
from legalgen.batch.generation import Generation, Job, Judge, Stop
from legalgen.batch.loop import Batch, BatchBounds, Ending, SampleSink, Schedule
from legalgen.batch.prompting import TaxonomyPrompts, prompter_of
from legalgen.completion import ModelRef
from legalgen.errors import (
    BatchRunning,
    DiskError,
    LegalgenError,
    NoUsableProvider,
    Trouble,
    UsageError,
)
from legalgen.errors.exit_codes import Exit
from legalgen.failover import NoneLeft, Pause
from legalgen.law import opening as law
from legalgen.law.planner import Task, TaskPlanner, renew
from legalgen.providers.base import Provider
from legalgen.providers.catalog import Catalog
from legalgen.quality.opening import Inspector, read_answer, rules_of
from legalgen.quality.rules import default_thresholds
from legalgen.routing import opening
from legalgen.routing.rate_limits import Demand
from legalgen.routing.route import Route
from legalgen.routing.router import Router
from legalgen.routing.targets import MOST_IN_FLIGHT, Cap, RoutingPolicy, Target
from legalgen.settings.layers import SETTINGS, Settings
from legalgen.store import card, journal, ledger, outlays, parts
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter
from legalgen.store.ledger import Ledger, Record, new_batch_id, this_process
from legalgen.store.locks import BatchLock, Holder, Patience, data_lock
from legalgen.store.sample import Sample
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock
from legalgen.telemetry.metrics import Metrics, write_textfile

if TYPE_CHECKING:
    from legalgen.quality.selection import Selection

PLANNED = ("jurisdiction", "practice_area", "topic", "difficulty", "sample_type")
KEPT = (
    *PLANNED, "reasoning_instruction", "citation_policy", "gate", "keep_thinking", "judge",
    "min_score",
)  # fmt: skip
"""Settings that make a batch what it is: a resumed one keeps them."""
AS_OF = "law_as_of"
"""The month that the user set, in a record's parameters. Records of earlier versions have the month
in which they began as ``as_of``: a resumed batch takes the rule instead."""
FILES = ("taxonomy", "authorities")
"""Settings that name a file a batch is made from: a resumed one reads them again."""
ROUTING = (
    "provider", "model", "route", "no_failover", "only_provider", "spill_after", "reasoning_effort",
)  # fmt: skip
"""Settings that a resumed batch keeps unless new ones are given."""


class Intent(msgspec.Struct, frozen=True):
    """What one command wants of a run.

    ``resume`` is a record to go on with; ``until_total`` the rows that the dataset shall hold;
    ``max_wait_s`` the default patience; ``lock_wait_s`` how long to wait for a running batch.
    """

    kind: str = "batch"
    count: int = 1
    command: tuple[str, ...] = ()
    resume: Record | None = None
    until_total: int | None = None
    save: bool = True
    default_max_wait_s: float = 900.0
    lock_wait_s: float = 0.0


class Result(msgspec.Struct, frozen=True):
    """How a run ended. ``record`` is None when nothing was begun; ``samples`` only for one."""

    exit_code: int
    status: str
    reason: str
    record: Record | None = None
    resume_after: datetime | None = None
    samples: tuple[Sample, ...] = ()
    dataset: Path | None = None
    obstacles: tuple[Trouble, ...] = ()
    """What kept the targets of the route out of use when it ended."""


# --------------------------------------------------------------------------- an open run


GRACE_S = 5.0
"""How long a run that was asked to stop still waits for the lock that its last part needs."""


class _LeftQueueError(LegalgenError):
    """The run was asked to stop while it waited for what another process holds."""

    exit_code = 130


class Run:
    """One batch or one sample, from opening to closing; see ``go``."""

    def __init__(
        self,
        settings: Settings,
        intent: Intent,
        *,
        listener: events.Listener,
        stop: Stop,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.intent = intent
        self._listener = listener
        self._stop = stop
        self.clock = clock or Clock()
        if settings.min_score is not None and not settings.judge:
            raise UsageError("--min-score needs a judge: name one with --judge provider/model")
        self.route = opening.plan_route(settings, Catalog.load())
        whole = law.taxonomy_of(settings)
        models = [(place.ref, place.spec.knowledge) for place in self.route.stops]
        self._months = law.month_warnings(settings, models, f"{self._now():%Y-%m}")
        self.filter = whole.resolve(law.filter_of(settings))
        self.taxonomy = law.citable(settings, whole, self.filter)
        self.prompter = prompter_of(settings, self.taxonomy)
        self.judges = opening.plan_judges(settings, Catalog.load()) if settings.judge else None
        opening.check_prices(settings, self.route, *([self.judges] if self.judges else ()))
        self._judge_endpoints: dict[ModelRef, Endpoint] = {}
        self.taxonomy.leaves(self.filter)
        self.data_dir = DataDir(settings.data_dir)
        self.ledger = Ledger(self.data_dir)
        self.endpoints = open_endpoints(settings, self.route)
        book = opening.open_book(settings, self.route, self.clock, self._notice)
        self.router = opening.open_router(settings, self.route, self._policy(), book, self.clock)
        self._learning = [(book, self.router)]
        self.metrics = Metrics(settings.alert_switches, settings.alert_timeouts)
        self._kept: list[Sample] = []
        self._grace_s = GRACE_S
        self._passed_by: set[Path] = set()

    @property
    def _dataset(self) -> Path:
        return self.data_dir.dataset(rehearsal=self.rehearsal)

    @property
    def rehearsal(self) -> bool:
        """Whether the samples go to ``rehearsal/``."""
        return self.route.rehearsal

    @cached_property
    def inspector(self) -> Inspector:
        """Judges answers by the gate."""
        today = self._now().date()
        return Inspector(self.settings, self.taxonomy, today, rehearsal=self.rehearsal)

    def abandon(self) -> None:
        """End every call in flight."""
        for provider in self._providers():
            provider.abandon()

    def go(self) -> Result:
        """Recover, plan, write, seal, note. Gives everything back whatever happens.

        Raises:
            BatchRunning: another batch holds the data dir.
            DiskError: the disk failed.
            NoUsableProvider: nothing can be called at all.
        """
        for warning in (*self.settings.warnings, *self.route.warnings, *self.taxonomy.warnings):
            self._notice(warning)
        for said in (*self._months, self.taxonomy.unsuited(self.filter)):
            if said:
                self._notice(said)
        if not self.intent.save:
            return self._unsaved()
        with _disk_of(self.data_dir):
            self.data_dir.create()
        try:
            return self._saved() if self.intent.kind != "batch" else self._alone()
        except _LeftQueueError as error:
            return Result(error.exit_code, "stopped", str(error))

    def _alone(self) -> Result:
        """A batch, once no other one runs in this data dir."""
        batch_id = self.intent.resume.id if self.intent.resume else self._new_id()
        lock = BatchLock(self.data_dir, sleep=self._queue)
        self._take_turn(lock, Holder(batch_id, this_process().pid, self._now()))
        try:
            return self._saved(batch_id)
        finally:
            lock.release()

    def _take_turn(self, lock: BatchLock, holder: Holder) -> None:
        """Take the lock, at once or, where that was asked for, behind the batch that has it."""
        seconds = self.intent.lock_wait_s
        try:
            lock.acquire(holder)
        except BatchRunning as running:
            if not seconds:
                raise
            first = running.holder.get("id")
            self._listener(
                events.WaitingForLock(
                    at=self._now(),
                    lock="batch",
                    holder=None if first is None else str(first),
                    seconds=seconds,
                    reason=str(running),
                )
            )
            lock.acquire(holder, max_wait_s=seconds)

    def _queue(self, seconds: float) -> None:
        """One step of waiting for what another process holds; a signal ends it."""
        if self._stop.requested:
            raise _LeftQueueError("stopped while waiting for another process")
        self.clock.sleep(seconds)

    def _patience(self, sleep: Callable[[float], None]) -> Patience:
        return Patience(self._max_wait(), sleep, self._listener, "--max-wait")

    def _queue_to_seal(self, seconds: float) -> None:
        """As ``_queue``, with rows to seal: these are worth some seconds after the first signal."""
        if self._stop.requested:
            self._grace_s -= seconds
        if self._stop.abandoned or self._grace_s < 0:
            raise _LeftQueueError("stopped while another process held the dataset")
        self.clock.sleep(seconds)

    def close(self) -> None:
        """Free sockets and models."""
        for provider in self._providers():
            provider.close()

    # ------------------------------------------------------------------ the ways to run

    def _unsaved(self) -> Result:
        """A sample that is shown and kept nowhere."""
        record = self._record(self._new_id(), 0)
        planner = self.planner({}, record)
        sink = SampleSink(
            append=self._kept.extend,
            reject=lambda _: None,
            review=lambda verdict: verdict,
            note=lambda *_: None,
            seed_json=self.prompter.seed_json,
            keep_thinking=self.settings.keep_thinking,
        )
        schedule = self._schedule(planner, record, set())
        ending = self._work(record, schedule, sink, save=lambda _: None)
        return self._result(ending, record)

    def _saved(self, batch_id: str | None = None) -> Result:
        self._recover(whole=batch_id is not None)
        summary = parts.summarise(
            self.data_dir, rehearsal=self.rehearsal, save=True, skip=self._pass_by
        )
        counts, done = summary.cells, set[int]()
        if self.intent.resume is None:
            record = self._record(batch_id or self._new_id(), summary.rows)
        else:
            record = self.ledger.load(self.intent.resume.id)  # recovery may have noted parts
            counts = self.ledger.coverage(record)
            done = parts.slots_of(self.data_dir, record.id)
            record.accepted = len(done)
        if record.target <= 0:
            reason = f"the dataset holds {summary.rows} rows already"
            self._write_metrics("completed", 0)
            return Result(0, "completed", reason, dataset=self._dataset)
        schedule = self._schedule(self.planner(counts, record), record, done)
        if (early := self._outlook(schedule)) is not None:
            return early
        self._begin(record, counts)
        if summary.rows or self.data_dir.index(rehearsal=self.rehearsal).parent.exists():
            _ = self.selection  # reading what is there may fail: done before anybody is paid
        if summary.rows and (
            notice := parts.older_version(self.data_dir, rehearsal=self.rehearsal)
        ):
            self._notice(notice)
        with self._writer(record) as writer:
            sink = self._sink(writer)
            ending = self._guarded(record, schedule, sink, writer)
        return self._seal_off(ending, record)

    def _begin(self, record: Record, counts: Mapping[parts.Cell, int]) -> None:
        if self.intent.resume is None:
            self.ledger.create(record, counts)
            return
        record.status, record.process = "running", this_process()
        record.resumed.append(self._now())
        record.finished = record.resume_after = None
        self.ledger.save(record, force=True)

    def _guarded(
        self, record: Record, schedule: Schedule, sink: SampleSink, writer: BatchWriter
    ) -> Ending:
        """Work; when the disk fails, say so in the record if it can still be written.

        After a bug, what was accepted is sealed all the same.
        """
        try:
            ending = self._work(record, schedule, sink, save=self._save)
            if writer.seal() is not None:
                self._listener(events.Sealed(at=self._now(), part=record.parts[-1].name))
        except DiskError as error:
            with contextlib.suppress(DiskError):
                self._close_record(record, Ending("stopped", error.exit_code, str(error)))
            raise
        except (BatchRunning, _LeftQueueError) as error:  # nothing is lost, and nothing is sealed
            reason = f"{error}; what was accepted is in the journal: the next command seals it"
            return Ending("stopped", error.exit_code, reason)
        except BaseException as error:  # a bug: seals what was paid for, raises again
            with contextlib.suppress(DiskError):
                writer.seal()
                reason = f"a bug ended it: {type(error).__name__} (see the log)"
                self._close_record(record, Ending("failed", LegalgenError.exit_code, reason))
            raise
        return ending

    def _work(
        self,
        record: Record,
        schedule: Schedule,
        sink: SampleSink,
        *,
        save: Callable[[Record], None],
    ) -> Ending:
        running = Batch(
            record,
            schedule,
            self.router,
            sink,
            stop=self._stop,
            bounds=self._bounds(),
            counters=self.metrics,
            listener=self._listener,
            save=save,
            learn=self._learn,
            clock=self.clock,
        )
        self._listener(
            events.BatchStarted(
                at=self._now(),
                batch=record.id,
                target=record.target,
                accepted=record.accepted,
                route=tuple(str(place.ref) for place in self.route.stops),
                dataset="rehearsal" if self.rehearsal else "train",
                resumed=self.intent.resume is not None,
            )
        )
        generation = self._generation(running.tell, self._judged(running.tell))
        ending = running.run(generation, meanwhile=self._prepare)
        self._learn(force=True)
        return ending

    def _prepare(self) -> None:
        """What only an answer needs, made while the first calls are in flight."""
        _ = self.inspector.gate
        if self.intent.save:
            _ = self.selection
        gc.freeze()  # what is imported by now stays: no collection need look at it again
        gc.set_threshold(50_000)

    def _seal_off(self, ending: Ending, record: Record) -> Result:
        """Note how it ended, and leave card and metrics behind."""
        resume_after = self._close_record(record, ending)
        card.write_card(
            self.data_dir,
            rehearsal=self.rehearsal,
            thresholds=default_thresholds(),
            skip=self._pass_by,
        )
        self._write_metrics(ending.status, ending.exit_code)
        return self._result(ending, record, resume_after)

    def _write_metrics(self, status: str, exit_code: int) -> None:
        """A metrics file that cannot be written is no reason to call the batch a failure."""
        if self.settings.metrics_file is None:
            return
        self.metrics.finish(status, exit_code, self.clock.wall())
        try:
            write_textfile(self.settings.metrics_file, self.metrics)
        except DiskError as error:
            self._notice(str(error))

    def _close_record(self, record: Record, ending: Ending) -> datetime | None:
        now = self._now()
        record.status, record.reason = ending.status, ending.reason
        record.obstacles = list(ending.obstacles)
        record.finished = now
        record.resume_after = loop.resume_after(ending, now)
        self._save(record, force=True)
        self._listener(
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

    def _result(
        self, ending: Ending, record: Record | None, resume_after: datetime | None = None
    ) -> Result:
        return Result(
            ending.exit_code,
            ending.status,
            ending.reason,
            record,
            resume_after,
            tuple(self._kept),
            self._dataset if record is not None else None,
            ending.obstacles,
        )

    # ------------------------------------------------------------------ its parts

    def _policy(self) -> RoutingPolicy:
        settings = self.settings
        return RoutingPolicy(
            max_in_flight=self._bounds().concurrency or MOST_IN_FLIGHT,
            stickiness_s=settings.stickiness,
            max_wait_s=self._max_wait(),
            trickle_waits=settings.max_wait is not None,
            max_calls=settings.max_calls or self._usual_calls(),
            usual_calls=settings.max_calls is None,
            max_tokens=settings.max_tokens,
            max_cost_usd=settings.max_cost,
            caps=self._caps,
            named=self.route.named,
            spill_after_s=settings.spill_after,
        )

    @cached_property
    def _caps(self) -> tuple[Cap, ...]:
        """What the ledger of this data dir leaves of a day's and a month's cap."""
        bounds = [
            ("--max-cost-per-day", self.settings.max_cost_per_day, outlays.day_of),
            ("--max-cost-per-month", self.settings.max_cost_per_month, outlays.month_of),
        ]
        if all(limit is None for _, limit, _ in bounds):
            return ()  # no record need be read
        records = [each for each in self.ledger.newest() if isinstance(each, Record)]
        found = []
        for flag, limit, period in bounds:
            first, frees = period(self._now())
            if limit is not None:
                spent = outlays.spent_since(records, first)
                found.append(Cap(flag, limit, spent, f"{frees:%Y-%m-%d %H:%M} UTC"))
        return tuple(found)

    def _usual_calls(self) -> int:
        """Six calls a sample, at least fifty; a judge makes one for each that passes the gate."""
        rows = 0
        if self.intent.until_total is not None:
            rows = parts.row_count(self.data_dir, rehearsal=self.rehearsal)
        return max(50, 6 * self._target_count(rows)) * (2 if self.settings.judge else 1)

    def _max_wait(self) -> float:
        given = self.settings.max_wait
        return self.intent.default_max_wait_s if given is None else given

    def _generation(self, tell: Callable[[object], None], judge: Judge) -> Generation:
        return Generation(
            self.router,
            self.endpoints,
            TaxonomyPrompts(self.prompter, self.taxonomy),
            read=read_answer,
            judge=judge,
            renew=renew,
            stop=self._stop,
            tell=tell,
            clock=self.clock,
        )

    def _judged(self, tell: Callable[[object], None]) -> Judge:
        """The gate, with the judge behind it where one is asked for."""
        if self.judges is None:
            return self.inspector.judge
        from legalgen.batch.judging import Judging, judged  # few ask for it

        self._judge_endpoints = open_endpoints(self.settings, self.judges)
        judging = Judging(
            self.judge_router(self.judges),
            self._judge_endpoints,
            self.prompter,
            stop=self._stop,
            tell=tell,
            clock=self.clock,
        )
        return judged(self.inspector.judge, judging, self.inspector.score)

    def judge_router(self, judges: Route) -> Router:
        """A router over the judges, which shares its spending with the batch's own."""
        book = opening.open_book(self.settings, judges, self.clock, self._notice)
        policy = replace(self._policy(), trickle_waits=False, named=None)
        router = opening.open_router(
            self.settings, judges, policy, book, self.clock, tracker=self.router.tracker
        )
        self._learning.append((book, router))
        return router

    @cached_property
    def selection(self) -> Selection:
        """What was accepted so far; where nothing was written yet it is opened with the gate."""
        from legalgen.quality.selection import Selection  # loads pyarrow

        return Selection(
            rules_of(self.settings),
            self.data_dir,
            rehearsal=self.rehearsal,
            structure_only=self.rehearsal or self.settings.gate == "structure",
            skip=self._pass_by,
        )

    def _pass_by(self, error: DiskError) -> None:
        """A part that cannot be read stops no batch from writing others; it is told once."""
        if error.path not in self._passed_by:
            self._passed_by.add(error.path)
            self._notice(f"{error}; it is passed by: its rows are not counted, repeats not seen")

    def _sink(self, writer: BatchWriter) -> SampleSink:
        def append(samples: list[Sample]) -> None:
            writer.append(samples)
            if self.intent.kind != "batch":
                self._kept.extend(samples)

        return SampleSink(
            append=append,
            reject=writer.reject,
            review=lambda verdict: self.selection.review(verdict),  # noqa: PLW0108 - not yet open
            note=lambda sample, verdict: self.selection.add(sample, verdict),  # noqa: PLW0108
            seed_json=self.prompter.seed_json,
            keep_thinking=self.settings.keep_thinking,
        )

    def _writer(self, record: Record) -> BatchWriter:
        folder = self.data_dir.parts(rehearsal=self.rehearsal)

        def note_part(_: str, part: parts.Part) -> None:
            record.note_part(part)
            # What recovery would count: the newest rows of the part are counted here when their
            # append has returned.
            self.ledger.save(record.recounted(), force=True)
            self.selection.sealed(folder / part.name, part.rows)

        return BatchWriter(
            self.data_dir,
            record.id,
            note_part=note_part,
            rehearsal=self.rehearsal,
            noted=[part.name for part in record.parts],
            patience=self._patience(self._queue_to_seal),
            notice=self._notice,
        )

    def _recover(self, *, whole: bool) -> None:
        """Seal what dead processes left; ``whole``: this batch counts what there is and buys the
        rest, so that nothing may be left in a journal that somebody else holds for a moment."""
        patience = self._patience(self._queue)
        with data_lock(self.data_dir, patience=patience):
            pass  # who rewrites the parts is waited for before anything is paid for
        note_part = self.ledger.note_part
        recovered = journal.recover(
            self.data_dir, note_part=note_part, patience=patience, whole=whole
        )
        for found in recovered:
            self._notice(str(found))

    def new_record(self, rows: int) -> Record:
        """The record of a batch that begins now over a dataset of ``rows`` rows."""
        return self._record(self._new_id(), rows)

    def planner(self, counts: Mapping[parts.Cell, int], record: Record) -> TaskPlanner:
        """The plan of a record over what is on the disk."""
        return TaskPlanner(self.taxonomy, self.filter, counts, seed=record.seed)

    def _schedule(self, planner: TaskPlanner, record: Record, done: set[int]) -> Schedule:
        """What a batch still has to write: its plan, less what is done or given up."""
        planned: Iterable[Task] = planner.planned(record.target)
        if record.given_up:
            planned = list(planned)  # what is planned does not depend on what was given up
        for note in record.given_up:
            planner.give_up(_task_of(note))
        ended = done | {note.slot for note in record.given_up}
        rest = (task for task in planned if task.slot not in ended)
        next_slot = max([record.target - 1, *ended]) + 1
        return Schedule(planner, rest, record.target, len(done), next_slot)

    def _outlook(self, schedule: Schedule) -> Result | None:
        """Whether one call can be made at all; a batch that cannot leaves no record."""
        job = schedule.next(0)
        if job is None:
            return None
        schedule.back(job)
        choice = self.router.outlook(self.demand(job))
        match choice:
            case Pause(resume_in_s, why):
                ending = loop.paused(why, resume_in_s)
                self._write_metrics(ending.status, ending.exit_code)
                moment = loop.resume_after(ending, self._now())
                return self._result(ending, None, moment)
            case NoneLeft():
                self._write_metrics("failed", Exit.NO_PROVIDER)
                tried = self.router.troubles()
                raise NoUsableProvider("no model of the route can be used", tried)
            case _:
                return None

    def demand(self, job: Job) -> Callable[[Target], Demand]:
        """The size of a job's first request, by target."""
        return self._generation(lambda _: None, self.inspector.judge).demand(job)

    def _record(self, batch_id: str, rows: int) -> Record:
        now = self._now()
        seed = self.settings.seed
        return Record(
            id=batch_id,
            kind="batch" if self.intent.kind == "batch" else "generate",
            status="running",
            command=self.intent.command,
            process=this_process(),
            version=__version__,
            started=now,
            updated=now,
            parameters=self._parameters(),
            seed=seed if seed is not None else random.randrange(2**31),
            rehearsal=self.rehearsal,
            target=self._target_count(rows),
        )

    def _parameters(self) -> dict[str, object]:
        chosen = {name: _plain(getattr(self.settings, name)) for name in (*KEPT, *ROUTING)}
        wish = opening.wish_of(self.settings, Catalog.load())  # what of the layers came to count
        chosen["route"] = _plain(wish.route)
        chosen["provider"] = None if wish.route else wish.provider
        chosen["model"] = None if wish.route else wish.model
        return {
            **{name: value for name, value in chosen.items() if value not in (None, [], "")},
            **({AS_OF: self.settings.as_of} if self.settings.as_of else {}),
            **{name: _named(getattr(self.settings, name)) for name in FILES},
        }

    def _target_count(self, rows: int = 0) -> int:
        if self.intent.resume is not None:
            return self.intent.resume.target
        if self.intent.until_total is not None:
            return self.intent.until_total - rows
        return self.intent.count

    def _bounds(self) -> BatchBounds:
        concurrency = self.settings.concurrency
        return BatchBounds(
            concurrency=concurrency if isinstance(concurrency, int) else None,
            max_time_s=self.settings.max_time,
        )

    def _save(self, record: Record, *, force: bool = False) -> None:
        record.updated = self._now()
        self.ledger.save(record, force=force)

    def _learn(self, *, force: bool = False) -> None:
        for book, router in self._learning:
            book.learn(router, force=force)

    def _new_id(self) -> str:
        return new_batch_id(self._now(), random.Random())

    def _providers(self) -> list[Provider]:
        return list(providers_of(self.endpoints, self._judge_endpoints))

    def _notice(self, text: str) -> None:
        self._listener(events.Notice(at=self._now(), text=text))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)


def resumed_flags(record: Record, flags: Mapping[str, object]) -> dict[str, object]:
    """The flags of a resumed batch: its own, and of the new ones those that may change."""
    kept = {name: value for name, value in record.parameters.items() if name in (*KEPT, *ROUTING)}
    if record.parameters.get(AS_OF):
        kept["as_of"] = record.parameters[AS_OF]
    seed = flags.get("seed")
    if seed is not None and str(seed) != str(record.seed):
        raise UsageError(f"--seed cannot change on --resume: batch {record.id} keeps its own")
    for name in (*KEPT, "as_of"):
        given = flags.get(name)
        if given and _plain(given) != kept.get(name):
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"{flag} cannot change on --resume: batch {record.id} keeps its own")
    dropped = {"provider", "model"} if kept.get("route") else set()
    if any(flags.get(name) for name in ("provider", "model", "route")):
        dropped = {"provider", "model", "route"}
    kept = {name: value for name, value in kept.items() if name not in dropped}
    kept |= {name: path for name in FILES if (path := record.parameters.get(name))}
    given_flags = {name: value for name, value in flags.items() if value not in (None, [], ())}
    return {**kept, **given_flags}


def resumed_settings(record: Record, settings: Settings) -> Settings:
    """The settings of a resumed batch, without what the environment or the file added since.

    What makes a batch what it is was written into its record; what is not there was not set.
    """
    unset: dict[str, Any] = {
        each.name: each.default
        for each in SETTINGS
        if (each.name in KEPT and each.name not in record.parameters)
        or (each.name in FILES and _is_added(each.name, record, settings))
        or (each.name == "as_of" and AS_OF not in record.parameters)
    }
    return dataclasses.replace(settings, **unset)


def _is_added(name: str, record: Record, settings: Settings) -> bool:
    """Whether the environment or the config file names a file that the batch began without."""
    without = name in record.parameters and record.parameters[name] is None
    return without and settings.origin(name).source != "flag"


def with_exit_code(result: Result, exit_code: int) -> Result:
    """The same ending under another exit code: the shell's word for a signal."""
    return replace(result, exit_code=exit_code)


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return [str(item) for item in value]
    return value


def _named(file: Path | None) -> str | None:
    return None if file is None else str(file)


def _task_of(note: ledger.GivenUpTask) -> Task:
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


@contextlib.contextmanager
def _disk_of(data_dir: DataDir) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"{data_dir.root}: {error.strerror}", data_dir.root) from error
