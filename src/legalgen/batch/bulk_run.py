"""A run whose answers come from a provider's batch service instead of calls of its own.

Everything but the calls is the ordinary run's: lock, recovery, plan, gate, duplicates, journal,
seal, record, card and metrics. One step of it

    plans what is missing and is with nobody -> sends it -> asks how it does -> reads what has ended

and each step is noted in the record before the next begins. What is on the disk decides what is
missing; what the provider lists decides what was sent: a run that died anywhere goes on from
these two and pays for nothing twice.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from legalgen.batch import bulk
from legalgen.batch.acceptor import Acceptor, AnswerReader, SampleMaking
from legalgen.batch.generation import ENLARGED, Job, Stop
from legalgen.batch.loop import Ending, SampleSink, Schedule
from legalgen.batch.prompting import TaxonomyPrompts
from legalgen.batch.run import Intent, Result, Run
from legalgen.completion import ModelRef, Request, Usage
from legalgen.errors import (
    Failure,
    ProviderError,
    UsageError,
)
from legalgen.errors.exit_codes import Exit
from legalgen.law.planner import Task, TaskPlanner, dated
from legalgen.providers.base import BulkJob, BulkProvider
from legalgen.providers.catalog import BulkTerms, Catalog, ModelSpec
from legalgen.routing import opening
from legalgen.routing.rate_limits import Experience
from legalgen.routing.route import RouteEntry
from legalgen.routing.router import Router
from legalgen.routing.targets import RoutingPolicy
from legalgen.settings.layers import Settings
from legalgen.store import journal, parts
from legalgen.store.ledger import Bulk, BulkChunk, BulkTally, Record
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock

CALL_S = 60.0
TRANSFER_S = 1800.0
"""Deadlines of a small call and of a file, in seconds."""
POLL_S = 30.0
TICK_S = 0.2
GROUP = 200
"""Answers that are put on the disk together."""
CANCEL_POLLS = 10
"""So often a cancelled job is asked for before its end is left to the next run."""


class BulkOrder(msgspec.Struct, frozen=True):
    """What a bulk run was asked beyond settings.

    ``again``: ask in bulk even after a cancellation or ``finish_online``, which otherwise holds
    for all later runs of the batch (``--bulk`` was given). ``confirm`` is asked before jobs are
    cancelled. ``poll_s`` is how often ``follow`` asks, in seconds.
    """

    again: bool = False
    follow: bool = False
    finish_online: bool = False
    cancel: bool = False
    confirm: Callable[[str], bool] = lambda _: True
    poll_s: float = POLL_S


class BulkWork(msgspec.Struct, frozen=True):
    """What one run works on: the record with its bulk part, what is missing, where samples go."""

    record: Record
    bulk: Bulk
    schedule: Schedule
    sink: SampleSink
    save: Callable[[Record], None]


# --------------------------------------------------------------------------- the run


class BulkRun(Run):
    """One batch at a batch service, from opening to closing or to the next look; see ``go``."""

    def __init__(
        self,
        settings: Settings,
        intent: Intent,
        order: BulkOrder,
        *,
        listener: events.Listener,
        stop: Stop,
        clock: Clock | None = None,
        terms: BulkTerms | None = None,
        service: BulkProvider | None = None,
    ) -> None:
        """Open it; no call is made. ``terms`` None: the catalog's; ``service``: the settings'.

        Raises:
            UsageError: the provider has no batch service, or there is nothing to cancel.
        """
        super().__init__(settings, intent, listener=listener, stop=stop, clock=clock)
        known = intent.resume.bulk if intent.resume is not None else None
        online = order.finish_online or (
            known is not None and known.finish_online and not order.again
        )
        self.order = replace(order, finish_online=online)
        if order.cancel and (known is None or not bulk.outstanding(known)):
            raise UsageError("there is nothing to cancel: no provider works on this batch")
        self._provider_name = known.provider if known else self.route.stops[0].ref.provider
        self._catalog = Catalog.load()
        self._terms = terms or _terms(self._catalog, self._provider_name)
        self._service = service or _service(settings, self._provider_name)
        self._started_at = self.clock.monotonic()
        self._cancel_polls = 0
        self._failed: BulkChunk | None = None
        self._full = False
        self._told = ""
        self._tasks: dict[int, Task] = {}
        self._whole: dict[int, Task] = {}
        self._done: set[int] = set()

    def abandon(self) -> None:
        """As :meth:`legalgen.batch.run.Run.abandon`."""
        super().abandon()
        self._service.abandon()

    def close(self) -> None:
        """As :meth:`legalgen.batch.run.Run.close`."""
        super().close()
        self._service.close()

    def go(self) -> Result:
        """As :meth:`legalgen.batch.run.Run.go`; before anything is cancelled, the user is asked."""
        record = self.intent.resume
        if self.order.cancel and record is not None and record.bulk is not None:
            count = sum(chunk.requests for chunk in bulk.outstanding(record.bulk))
            question = (
                f"Stop {count:,} requests of batch {record.id} at {record.bulk.provider}? "
                "What was done by then is paid for and kept."
            )
            if not self.order.confirm(question):
                return Result(0, record.status, "left as it is", record, record.resume_after)
        return super().go()

    # ------------------------------------------------------------------ what differs from a run

    def _outlook(self, schedule: Schedule) -> Result | None:
        """Budgets of the ordinary service do not bind this one."""
        del schedule
        return None

    def _schedule(self, planner: TaskPlanner, record: Record, done: set[int]) -> Schedule:
        self._planner, self._done = planner, set(done)
        return super()._schedule(planner, record, done)

    def _begin(self, record: Record, counts: Mapping[parts.Cell, int]) -> None:
        if record.bulk is None:
            record.bulk = Bulk(provider=self._provider_name)
        record.bulk.cancelled = record.bulk.cancelled and not self.order.again
        record.bulk.finish_online = self.order.finish_online
        super()._begin(record, counts)

    def _work(
        self,
        record: Record,
        schedule: Schedule,
        sink: SampleSink,
        *,
        save: Callable[[Record], None],
    ) -> Ending:
        assert record.bulk is not None
        work = BulkWork(record, record.bulk, schedule, sink, save)
        self._announce(record)
        self._roll_back(work)
        self._tasks = {job.task.slot: job.task for job in _drained(schedule)}
        with bulk.disk(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            ending = self._one_round(work)
            if ending is None:
                continue
            if ending.status != "paused" or not self._is_patient():
                return self._finished(ending, work)
            self._tell_wait(work, ending)
            if (early := self._rest(ending)) is not None:
                return early

    def _one_round(self, work: BulkWork) -> Ending | None:
        """One step at the provider; how things stand, or None when there is more to send."""
        try:
            self._step(work)
        except ProviderError as error:
            return self._troubled(error.failure)
        if self._stop.requested and work.schedule.remaining:
            return _stopped(self._provider_name)
        return self._standing(work)

    def _step(self, work: BulkWork) -> None:
        if self.order.cancel and not self._cancel_polls:
            self._cancel(work)
        self._plan(work)
        for chunk in bulk.unsent(work.bulk):
            if self._stop.requested:
                return
            if self.order.finish_online:
                self._withdraw(work, chunk)
            else:
                self._send(work, chunk)
        for chunk in [*bulk.running(work.bulk), *bulk.readable(work.bulk)]:
            self._look(work, chunk)
        for chunk in bulk.readable(work.bulk):
            if not self._stop.requested:
                self._collect(work, chunk)

    # ------------------------------------------------------------------ sending

    def _open_slots(self, work: BulkWork) -> list[int]:
        """Planned slots that have no sample and are with nobody.

        Substitutes for tasks that were given up are left to the ordinary loop: only what was
        planned from the start can be planned again after a crash.
        """
        out = _slots(bulk.outstanding(work.bulk))
        return sorted(slot for slot in self._tasks if slot not in out and slot < work.record.target)

    def _askable(self, work: BulkWork) -> list[int]:
        """Those of them that are worth asking for in bulk once more."""
        worn = bulk.worn_out(work.bulk)
        return [slot for slot in self._open_slots(work) if slot not in worn]

    def _plan(self, work: BulkWork) -> None:
        """Write what is missing into files of requests, each noted before the next is begun."""
        if work.bulk.cancelled or self.order.finish_online or self._failed is not None:
            return
        slots, room = self._askable(work), self._room(work)
        as_of = self.endpoints[self._place().ref].as_of if slots else None
        line_of = self._lines(bulk.asked(work.bulk.chunks), as_of) if slots else None
        while slots and line_of is not None and not self._stop.requested:
            number = len(work.bulk.chunks) + 1
            filled = bulk.fill(
                self._request_path(work.record.id, number),
                slots,
                line_of,
                room.for_file(self._terms),
            )
            self._full = not filled.slots
            if self._full:
                return
            chunk = BulkChunk(
                number=number,
                target=str(self._place().ref),
                slots=bulk.ranges(filled.slots),
                requests=len(filled.slots),
                most_tokens=filled.tokens,
                most_usd=filled.usd,
                as_of=as_of or "",
            )
            work.bulk.chunks.append(chunk)
            self._save(work.record, force=True)
            slots, room = slots[len(filled.slots) :], filled.room

    def _send(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Upload and start a chunk, unless that was done by a run that could not note it."""
        found = self._service.started(bulk.metadata(work.record.id, chunk.number), CALL_S)
        if found is None:
            found = self._start(work, chunk)
        chunk.submitted = chunk.submitted or self._now()
        chunk.input_file_id = found.input_file_id or chunk.input_file_id
        self._clear([self._request_path(work.record.id, chunk.number)])
        self._note(work, chunk, found)
        self._notice(
            f"chunk {chunk.number}: {chunk.requests:,} requests for {chunk.target} "
            f"are with {self._provider_name} as {found.id}"
        )

    def _start(self, work: BulkWork, chunk: BulkChunk) -> BulkJob:
        if chunk.input_file_id is None:
            chunk.input_file_id = self._uploaded(work, chunk)
            chunk.state = "uploaded"
            self._save(work.record, force=True)
        metadata = bulk.metadata(work.record.id, chunk.number)
        return self._service.start(chunk.input_file_id, self._terms.window, metadata, CALL_S)

    def _uploaded(self, work: BulkWork, chunk: BulkChunk) -> str:
        name = bulk.file_name(work.record.id, chunk.number)
        known = self._service.uploaded(name, CALL_S)
        if known is not None:
            return known
        path = self._request_path(work.record.id, chunk.number)
        self._write_again(work, chunk, path)
        return self._service.upload(path, name, TRANSFER_S)

    def _write_again(self, work: BulkWork, chunk: BulkChunk, path: Path) -> None:
        """The file of a chunk that an earlier run planned; what is new was just written."""
        if path.exists() and not self._is_inherited(chunk):
            return
        earlier = [known for known in work.bulk.chunks if known.number < chunk.number]
        line_of = self._lines(bulk.asked(earlier), self._as_of(chunk))
        room = bulk.Room(self._terms.max_requests, self._terms.max_bytes)
        filled = bulk.fill(path, list(bulk.slots_of(chunk)), line_of, room)
        chunk.slots, chunk.requests = bulk.ranges(filled.slots), len(filled.slots)

    def _is_inherited(self, chunk: BulkChunk) -> bool:
        resumed = self.intent.resume
        return (
            resumed is not None
            and resumed.bulk is not None
            and any(known.number == chunk.number for known in resumed.bulk.chunks)
        )

    def _place(self) -> RouteEntry:
        """The model that is asked: the first of the route at this provider."""
        stops = (s for s in self.route.stops if s.ref.provider == self._provider_name)
        place = next(stops, None)
        if place is None:
            raise UsageError(
                f"the batch runs at {self._provider_name}, which is not in the route: "
                f"leave out --provider and --route, or add --finish-online"
            )
        return place

    def _as_of(self, chunk: BulkChunk) -> str | None:
        """The month that the prompts of a chunk name."""
        if chunk.as_of is not None or self.intent.resume is None:
            return chunk.as_of or None
        # Earlier versions named the month in which the batch began to every model.
        return str(self.intent.resume.parameters.get("as_of", "")) or None

    def _lines(
        self, times: Mapping[int, int], as_of: str | None
    ) -> Callable[[int], bulk.RequestLine]:
        """Makes the request of a slot; ``times`` says how often it was asked for before."""
        place = self._place()
        endpoint, target = self.endpoints[place.ref], opening.target_of(self.settings, place)
        words = TaxonomyPrompts(self.prompter, self.taxonomy)
        usual = Experience(target.reasoning_allowance)

        def line_of(slot: int) -> bulk.RequestLine:
            variation = times.get(slot, 0)
            task = dated(replace(self._tasks[slot], variation=variation), as_of)
            prompt = words.build(task, style=endpoint.style)
            demand = words.demand(task, prompt, style=endpoint.style)
            demand = replace(demand, scale=ENLARGED**variation)
            budget = usual.output_budget(demand, target.max_completion_tokens, math.inf)
            request = Request(
                place.ref.model,
                prompt,
                budget,
                endpoint.timeout_s,
                endpoint.formats[0],
                endpoint.reasoning_effort,
            )
            usage = Usage(usual.input_tokens(demand), budget)
            return bulk.RequestLine(
                self._service.bulk_line(bulk.custom_id(slot, variation), request),
                usage.input_tokens + usage.output_tokens,
                self._price(place.spec)(usage) or 0.0,
            )

        return line_of

    def _price(self, spec: ModelSpec) -> Callable[[Usage], float | None]:
        """US dollars at the service's price; its discount knows no cached input."""

        def price(usage: Usage) -> float | None:
            usual = spec.cost_usd(usage.input_tokens, usage.output_tokens)
            return None if usual is None else usual * self._terms.price_factor

        return price

    def _room(self, work: BulkWork) -> bulk.Room:
        """What the user's bounds leave for further requests."""
        calls, tokens, usd = bulk.committed(work.record)
        settings = self.settings
        return bulk.Room(
            requests=self._terms.max_requests,
            bytes=self._terms.max_bytes,
            calls=math.inf if settings.max_calls is None else settings.max_calls - calls,
            tokens=math.inf if settings.max_tokens is None else settings.max_tokens - tokens,
            usd=self._dollars_left(work, usd),
        )

    # ------------------------------------------------------------------ asking and cancelling

    def _note(self, work: BulkWork, chunk: BulkChunk, job: BulkJob) -> None:
        bulk.note_job(chunk, job)
        self._save(work.record, force=True)

    def _cancel(self, work: BulkWork) -> None:
        """Take everything back that the provider has; what was never started is dropped."""
        for chunk in bulk.unsent(work.bulk):
            self._withdraw(work, chunk)
        for chunk in bulk.running(work.bulk):
            try:
                self._note(work, chunk, self._service.cancel(str(chunk.batch_id), CALL_S))
            except ProviderError as error:
                if bulk.is_passing(error.failure):
                    raise
                self._notice(f"chunk {chunk.number} was not cancelled: {error}")
        work.bulk.cancelled = True
        self._save(work.record, force=True)

    def _withdraw(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Drop a chunk that was planned, unless an earlier run has started it after all."""
        try:
            found = self._service.started(bulk.metadata(work.record.id, chunk.number), CALL_S)
        except ProviderError as error:
            if bulk.is_passing(error.failure):
                raise
            found = None  # an account without the service has started nothing there
        if found is not None:
            self._note(work, chunk, found)
            return
        _drop(chunk)
        self._save(work.record, force=True)

    def _dollars_left(self, work: BulkWork, committed: float) -> float:
        """What may still be asked for, by every cap on money; ``committed`` is this batch's own."""
        most = self.settings.max_cost
        left = [] if most is None else [most - committed]
        waiting = sum(chunk.most_usd for chunk in bulk.outstanding(work.bulk))
        left += [cap.limit_usd - cap.spent_usd - waiting for cap in self._caps]
        return min(left, default=math.inf)

    def _look(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Ask how a job does. One that the provider no longer knows is given up by ``cancel``."""
        try:
            self._note(work, chunk, self._service.job(str(chunk.batch_id), CALL_S))
        except ProviderError as error:
            if error.failure.status != 404 or not self.order.cancel:
                raise
            self._notice(f"chunk {chunk.number} is given up: {error}")
            _drop(chunk)
            self._save(work.record, force=True)

    # ------------------------------------------------------------------ reading back

    def _collect(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Fetch a chunk's files and take in what they hold."""
        paths = [self._fetched(work, chunk, kind, id_) for kind, id_ in _files(chunk)]
        self._take_stock(work, chunk)
        reader = self._reader(work, chunk)
        if not self._read(reader, paths):
            return
        if bulk.is_cut(chunk, reader.found) and chunk.fetches < bulk.FETCHES:
            self._notice(_cut(chunk, reader.found))
            self._roll_back(work)
        else:
            bulk.close(chunk, reader.found)
            work.bulk.reading = None
            self._notice(bulk.summary(chunk, reader.found, len(work.bulk.chunks)))
            self._failed = chunk if chunk.state == "failed" else self._failed
        self._clear(paths)
        self._save(work.record, force=True)

    def _fetched(self, work: BulkWork, chunk: BulkChunk, kind: str, id_: str) -> Path:
        """One of the two files of an ended job, brought here unless it is."""
        path = self._folder / f"{work.record.id}-{chunk.number:03}-{kind}.jsonl"
        if path.exists():
            return path
        return bulk.fetched(path, lambda write: self._service.fetch(id_, write, TRANSFER_S))

    def _clear(self, paths: Sequence[Path]) -> None:
        with bulk.disk(self._folder, "clear"):
            for path in paths:
                path.unlink(missing_ok=True)

    def _take_stock(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Note what is counted so far, so that a reading that is broken off can be undone."""
        record = work.record
        chunk.fetches += 1
        work.bulk.reading = BulkTally(
            chunk=chunk.number,
            models=copy.deepcopy(record.models),
            rejected=dict(record.rejected),
            flagged=record.flagged,
        )
        self._save(record, force=True)

    def _roll_back(self, work: BulkWork) -> None:
        """Forget what a reading that was broken off has counted: it is read again from the start.

        What it put on the disk stays there, and is only counted the next time.
        """
        record, known = work.record, work.bulk.reading
        if known is not None:
            record.models = copy.deepcopy(known.models)
            record.rejected, record.flagged = dict(known.rejected), known.flagged
            work.bulk.reading = None

    def _second(self, work: BulkWork) -> SampleSink:
        """The sink of a second reading: it keeps no refused answer that the first one kept."""
        known = {
            (one.slot, one.attempt) for one in journal.read_rejected(self.data_dir, work.record.id)
        }

        def reject(refused: journal.Rejected) -> None:
            if (refused.slot, refused.attempt) not in known:
                sink.reject(refused)

        sink = work.sink
        return SampleSink(
            append=sink.append,
            reject=reject,
            review=sink.review,
            note=sink.note,
            seed_json=sink.seed_json,
            keep_thinking=sink.keep_thinking,
        )

    def _reader(self, work: BulkWork, chunk: BulkChunk) -> AnswerReader:
        ref = ModelRef.parse(chunk.target)
        place = RouteEntry(ref, self._catalog.spec(ref.provider, ref.model))
        intake = Acceptor(
            work.record,
            work.schedule,
            Router([opening.target_of(self.settings, place)], RoutingPolicy(), clock=self.clock),
            work.sink if chunk.fetches == 1 else self._second(work),
            stop=self._stop,
            bounds=self._bounds(),
            counters=self.metrics,
            listener=self._listener,
            save=work.save,
            learn=lambda: None,
            clock=self.clock,
        )
        reading = SampleMaking(
            task_of=lambda slot: self._task(work, slot),
            judge=self._judged(intake.hear),
            price=self._price(place.spec),
            prompt_version=self.prompter.version(place.spec.prompt),
            as_of=self._as_of(chunk),
        )
        return AnswerReader(chunk, intake, reading, self._done)

    def _read(self, reader: AnswerReader, paths: Sequence[Path]) -> bool:
        """Take the lines in, a group at a time; False when the run was asked to stop."""
        answers = map(self._service.bulk_answer, bulk.lines(paths))
        while group := list(itertools.islice(answers, GROUP)):
            for slot in reader.take(group):
                self._tasks.pop(slot, None)
                self._done.add(slot)
            if self._stop.requested:
                return False
        return True

    def _task(self, work: BulkWork, slot: int) -> Task:
        """The task of a planned slot, also of one that is written already."""
        if slot not in self._tasks and not self._whole:
            planner = self.planner(self.ledger.coverage(work.record), work.record)
            self._whole = {task.slot: task for task in planner.plan(work.record.target)}
        return self._tasks.get(slot) or self._whole[slot]

    # ------------------------------------------------------------------ how things stand

    def _standing(self, work: BulkWork) -> Ending | None:
        """The ending as far as the provider goes; None when more can be sent at once."""
        if work.schedule.remaining == 0:
            return Ending("completed", Exit.DONE, "")
        if bulk.outstanding(work.bulk):
            return self._paused(work)
        return self._shortfall(work)

    def _shortfall(self, work: BulkWork) -> Ending | None:
        """Why the rest is not asked for in bulk; None when it is."""
        missing = f"{work.schedule.remaining:,} of {work.record.target:,} samples are missing"
        if self._failed is not None:
            why = self._failed.message or "no reason was given"
            return _short(
                f"{self._provider_name} refused chunk {self._failed.number}: {why}; {missing}. "
                "Nothing of it ran or costs. Try again with --resume, or with --finish-online",
                failed=True,
            )
        if work.bulk.cancelled:
            return _short(f"cancelled; {missing}. Go on with --resume --bulk or --finish-online")
        if self._full:
            return _short(f"--max-cost, --max-tokens or --max-calls is reached; {missing}")
        if self.order.finish_online:
            return _short(missing)
        if not self._askable(work):
            return _short(
                f"{missing}, each was asked for {bulk.ROUNDS} times in bulk. "
                "Go on with --resume --finish-online"
            )
        return None

    def _paused(self, work: BulkWork) -> Ending:
        wait_s = bulk.come_back_s(work.bulk, self._now())
        return Ending("paused", Exit.PAUSED, bulk.progress(work.bulk), wait_s)

    def _troubled(self, failure: Failure) -> Ending:
        """What a failed call of the service means for the run."""
        if self._stop.abandoned:
            return _stopped(self._provider_name)
        if bulk.is_passing(failure):
            reason = f"{self._provider_name} cannot be asked now: {failure.message}"
            wait_s = max(failure.retry_after_s or 0.0, bulk.SOON_S)
            return Ending("paused", Exit.PAUSED, reason, wait_s)
        return Ending(
            "failed",
            Exit.NO_PROVIDER,
            bulk.refusal(self._provider_name, self._terms, failure),
        )

    def _finished(self, ending: Ending, work: BulkWork) -> Ending:
        """The ending; with ``finish_online``, after what is with nobody was asked for at once."""
        if not self.order.finish_online or ending.status == "completed" or self._stop.requested:
            return ending
        out = bulk.outstanding(work.bulk)
        online = self._online(work, sum(chunk.requests for chunk in out))
        if online.remaining:
            ended = super()._work(work.record, online, work.sink, save=work.save)
            if ended.status != "completed":
                return ended
        return self._paused(work) if out else Ending("completed", Exit.DONE, "")

    def _online(self, work: BulkWork, out: int) -> Schedule:
        """What the ordinary loop has to write: everything but the ``out`` slots at the provider."""
        times = bulk.asked(work.bulk.chunks)
        at_provider = _slots(bulk.outstanding(work.bulk))
        open_tasks = [
            replace(task, variation=times.get(slot, 0))
            for slot, task in sorted(self._tasks.items())
            if slot not in at_provider
        ]
        known = [work.record.target - 1, *self._done, *self._tasks, *times]
        target = work.record.target - out
        return Schedule(self._planner, open_tasks, target, work.schedule.accepted, max(known) + 1)

    # ------------------------------------------------------------------ waiting and telling

    def _is_patient(self) -> bool:
        if self.order.cancel:
            self._cancel_polls += 1
            return self._cancel_polls <= CANCEL_POLLS
        return self.order.follow

    def _rest(self, ending: Ending) -> Ending | None:
        """Wait until it is time to ask again; an ending when the run shall not go on."""
        until = self.clock.monotonic() + self.order.poll_s
        while (left := until - self.clock.monotonic()) > 0:
            if self._stop.requested:
                return _stopped(self._provider_name)
            if self._is_late():
                return ending
            self.clock.sleep(min(TICK_S, left))
        return None

    def _is_late(self) -> bool:
        bound = self.settings.max_time
        return bound is not None and self.clock.monotonic() - self._started_at >= bound

    def _tell_wait(self, work: BulkWork, ending: Ending) -> None:
        """Say what is waited for, once as long as it stays the same."""
        if ending.reason == self._told:
            return
        self._told = ending.reason
        self._listener(
            events.Waiting(
                at=self._now(),
                target=str(self._provider_name),
                seconds=self.order.poll_s,
                until=self._now() + timedelta(seconds=self.order.poll_s),
                reason=ending.reason,
            )
        )
        self._save(work.record)

    def _announce(self, record: Record) -> None:
        self._listener(
            events.BatchStarted(
                at=self._now(),
                batch=record.id,
                target=record.target,
                accepted=record.accepted,
                route=(f"{self._provider_name} (batch service)",),
                dataset="train",
                resumed=self.intent.resume is not None,
            )
        )

    @property
    def _folder(self) -> Path:
        """Files on their way to and from the provider."""
        return self.data_dir.state / "bulk"

    def _request_path(self, batch_id: str, number: int) -> Path:
        return self._folder / bulk.file_name(batch_id, number)


def _terms(catalog: Catalog, provider: str) -> BulkTerms:
    terms = catalog.bulk(provider)
    if terms is None:
        raise UsageError(
            f"{provider} has no batch service that legalgen knows: leave out --bulk "
            "to write the batch with calls of its own, or use --provider groq"
        )
    return terms


def _service(settings: Settings, name: str) -> BulkProvider:
    provider = opening.open_one(settings, name)
    if not isinstance(provider, BulkProvider):
        raise UsageError(f"{name} has no batch service: leave out --bulk")
    return provider


def _drained(schedule: Schedule) -> list[Job]:
    """Every job that the schedule has; what is accepted later is counted in it all the same."""
    jobs: list[Job] = []
    while (job := schedule.next(len(jobs))) is not None:
        jobs.append(job)
    return jobs


def _drop(chunk: BulkChunk) -> None:
    chunk.state, chunk.collected, chunk.missing = "cancelled", True, chunk.requests


def _files(chunk: BulkChunk) -> list[tuple[str, str]]:
    found = [("output", chunk.output_file_id), ("error", chunk.error_file_id)]
    return [(kind, id_) for kind, id_ in found if id_]


def _slots(chunks: Sequence[BulkChunk]) -> set[int]:
    return set(itertools.chain.from_iterable(map(bulk.slots_of, chunks)))


def _short(reason: str, *, failed: bool = False) -> Ending:
    if failed:
        return Ending("failed", Exit.FAILED, reason)
    return Ending("stopped", Exit.BOUND, reason)


def _stopped(provider: str) -> Ending:
    return Ending(
        "stopped", Exit.INTERRUPTED, f"stopped here; what {provider} was given goes on there"
    )


def _cut(chunk: BulkChunk, reading: bulk.ResultReading) -> str:
    torn = f", {reading.torn:,} lines cannot be read" if reading.torn else ""
    return (
        f"the files of chunk {chunk.number} are cut off: {reading.answers:,} answers of "
        f"{chunk.completed + chunk.failed:,}{torn}; they are fetched again next time"
    )
