"""From what is missing to jobs at a provider: files of requests, uploads, starts, cancellations.

Each step is noted in the record before the next begins. What the provider lists decides what was
sent, so that a run that died anywhere sends nothing twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from legalgen.batch.bulk import steps
from legalgen.batch.bulk.work import CALL_S, TRANSFER_S, BulkSite, BulkWork
from legalgen.batch.endpoints import Endpoint
from legalgen.batch.generation import ENLARGED, Stop
from legalgen.batch.jobs import PromptSource
from legalgen.batch.reporting import Reporter
from legalgen.completion import ModelRef, Request, Usage
from legalgen.errors import ProviderError, UsageError
from legalgen.errors.plurals import plural
from legalgen.law.planner import Task, dated
from legalgen.providers.base import BulkJob
from legalgen.routing import from_settings as routing
from legalgen.routing.rate_limits import Experience
from legalgen.routing.route import Route, RouteEntry
from legalgen.routing.targets import Cap, Target
from legalgen.routing.unsupported import Unsupported
from legalgen.settings.layers import Settings
from legalgen.store.files import is_there
from legalgen.store.ledger import Bulk, BulkChunk, Record
from legalgen.store.outlays import cost_of


class RequestLines:
    """Makes the lines of a file; ``times`` says how often each slot was asked for before.

    ``without`` is what the server is known to refuse of a request.
    """

    def __init__(
        self,
        site: BulkSite,
        place: RouteEntry,
        endpoint: Endpoint,
        target: Target,
        source: PromptSource,
        *,
        tasks: Mapping[int, Task],
        times: Mapping[int, int],
        as_of: str | None,
        without: frozenset[str],
    ) -> None:
        self._site = site
        self._without = without
        self._model = place.ref.model
        self._price = site.price(place.spec)
        self._endpoint = endpoint
        self._target = target
        self._source = source
        self._tasks = tasks
        self._times = times
        self._as_of = as_of
        self._usual = Experience(target.reasoning_allowance)

    def line(self, slot: int) -> steps.RequestLine:
        """The request of a slot, and what it takes at most."""
        variation = self._times.get(slot, 0)
        task = dated(replace(self._tasks[slot], variation=variation), self._as_of)
        prompt = self._source.build(task, style=self._endpoint.style)
        demand = self._source.demand(task, prompt, style=self._endpoint.style)
        demand = replace(demand, scale=ENLARGED**variation)
        most = self._target.max_completion_tokens
        budget = self._usual.output_budget(demand, most, math.inf)
        request = Request(
            self._model,
            prompt,
            budget,
            self._endpoint.timeout_s,
            self._endpoint.format(self._without),
            self._endpoint.reasoning_effort,
            self._without,
            options=self._endpoint.options,
        )
        usage = Usage(self._usual.input_tokens(demand), budget)
        return steps.RequestLine(
            self._site.service.bulk_line(steps.custom_id(slot, variation), request),
            usage.input_tokens + usage.output_tokens,
            self._price.of(usage) or 0.0,
        )


class ChunkSender:
    """Plans, sends, looks at and takes back the chunks of one batch.

    ``resumed`` is the record as it was when the run began; ``caps`` bound the data dir's spending.
    """

    def __init__(
        self,
        site: BulkSite,
        settings: Settings,
        route: Route,
        endpoints: Mapping[ModelRef, Endpoint],
        source: PromptSource,
        *,
        caps: tuple[Cap, ...],
        unsupported: Unsupported,
        resumed: Record | None,
        stop: Stop,
        reporter: Reporter,
    ) -> None:
        self._site = site
        self._unsupported = unsupported
        self._settings = settings
        self._route = route
        self._endpoints = endpoints
        self._source = source
        self._caps = caps
        self._resumed = resumed
        self._spent_before = cost_of(resumed) if resumed is not None else 0.0
        self._stop = stop
        self._reporter = reporter

    def plan(self, work: BulkWork) -> None:
        """Write what is missing into files of requests, each noted before the next is begun."""
        slots, room = work.askable(), self._room(work)
        if not slots:
            return
        place = self._place()
        as_of = self._endpoints[place.ref].as_of
        lines = self._lines(work, steps.asked(work.bulk.chunks), as_of)
        while slots and not self._stop.requested:
            number = len(work.bulk.chunks) + 1
            path = self._site.request_path(work.record.id, number)
            filled = steps.fill(path, slots, lines.line, room.for_file(self._site.terms))
            if not filled.slots:
                steps.clear(self._site.folder, [path])
                work.bound = self._bound(work, room.lacks(lines.line(slots[0])))
                return
            chunk = BulkChunk(
                number=number,
                target=str(place.ref),
                slots=steps.ranges(filled.slots),
                requests=len(filled.slots),
                most_tokens=filled.tokens,
                most_usd=filled.usd,
                as_of=as_of or "",
            )
            work.bulk.chunks.append(chunk)
            work.save()
            slots, room = slots[len(filled.slots) :], filled.room

    def send(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Upload and start a chunk, unless that was done by a run that could not note it."""
        metadata = steps.metadata(work.record.id, chunk.number)
        found = self._site.service.started(metadata, CALL_S) or self._start(work, chunk)
        chunk.submitted = chunk.submitted or self._reporter.now()
        chunk.input_file_id = found.input_file_id or chunk.input_file_id
        steps.clear(self._site.folder, [self._site.request_path(work.record.id, chunk.number)])
        _note(work, chunk, found)
        self._reporter.notice(
            f"chunk {chunk.number}: {plural(chunk.requests, 'request')} for {chunk.target} "
            f"are with {self._site.provider} as {found.id}"
        )

    def _start(self, work: BulkWork, chunk: BulkChunk) -> BulkJob:
        if chunk.input_file_id is None:
            chunk.input_file_id = self._uploaded(work, chunk)
            chunk.state = "uploaded"
            work.save()
        metadata = steps.metadata(work.record.id, chunk.number)
        window = self._site.terms.window
        return self._site.service.start(chunk.input_file_id, window, metadata, CALL_S)

    def _uploaded(self, work: BulkWork, chunk: BulkChunk) -> str:
        name = steps.file_name(work.record.id, chunk.number)
        known = self._site.service.uploaded(name, CALL_S)
        if known is not None:
            return known
        path = self._site.request_path(work.record.id, chunk.number)
        self._write_again(work, chunk, path)
        return self._site.service.upload(path, name, TRANSFER_S)

    def _write_again(self, work: BulkWork, chunk: BulkChunk, path: Path) -> None:
        """The file of a chunk that an earlier run planned; what is new was just written."""
        if is_there(path) and not self._is_inherited(chunk):
            return
        earlier = [known for known in work.bulk.chunks if known.number < chunk.number]
        lines = self._lines(work, steps.asked(earlier), month_of(chunk, self._resumed))
        terms = self._site.terms
        room = steps.Room(terms.max_requests, terms.max_bytes)
        filled = steps.fill(path, list(steps.slots_of(chunk)), lines.line, room)
        chunk.slots, chunk.requests = steps.ranges(filled.slots), len(filled.slots)

    def _is_inherited(self, chunk: BulkChunk) -> bool:
        known: Bulk | None = self._resumed.bulk if self._resumed is not None else None
        return known is not None and any(one.number == chunk.number for one in known.chunks)

    def _place(self) -> RouteEntry:
        """The model that is asked: the first of the route at this provider."""
        entries = (s for s in self._route.entries if s.ref.provider == self._site.provider)
        place = next(entries, None)
        if place is None:
            raise UsageError(
                f"the batch runs at {self._site.provider}, which is not in the route: "
                f"leave out --provider and --route, or add --finish-online"
            )
        return place

    def _lines(self, work: BulkWork, times: Mapping[int, int], as_of: str | None) -> RequestLines:
        place = self._place()
        return RequestLines(
            self._site,
            place,
            self._endpoints[place.ref],
            routing.target_of(self._settings, place),
            self._source,
            tasks=work.tasks,
            times=times,
            as_of=as_of,
            without=self._unsupported.of(place.ref),
        )

    def _room(self, work: BulkWork) -> steps.Room:
        """What the user's bounds leave for further requests."""
        calls, tokens, usd = steps.committed(work.record)
        settings, terms = self._settings, self._site.terms
        return steps.Room(
            requests=terms.max_requests,
            bytes=terms.max_bytes,
            calls=math.inf if settings.max_calls is None else settings.max_calls - calls,
            tokens=math.inf if settings.max_tokens is None else settings.max_tokens - tokens,
            usd=min((left for left, _ in self._dollars_left(usd)), default=math.inf),
        )

    def _dollars_left(self, committed: float) -> list[tuple[float, str]]:
        """What each cap on money leaves, and its name; ``committed`` is this batch's own."""
        most = self._settings.max_cost
        left = [] if most is None else [(most - committed, f"--max-cost {most:g}")]
        # Caps know from the ledger what the batch had spent before this run.
        new = committed - self._spent_before
        left += [
            (
                cap.limit_usd - cap.spent_usd - new,
                f"{cap.flag} {cap.limit_usd:g} (it frees at {cap.frees})",
            )
            for cap in self._caps
        ]
        return left

    def _bound(self, work: BulkWork, lacking: str) -> str:
        """The bound that leaves too little of what is ``lacking``."""
        match lacking:
            case "calls":
                return f"--max-calls {self._settings.max_calls}"
            case "tokens":
                return f"--max-tokens {self._settings.max_tokens}"
            case "usd":
                _, _, usd = steps.committed(work.record)
                return min(self._dollars_left(usd))[1]
            case _:
                return f"a file at {self._site.provider} ({self._site.terms.max_bytes:,} bytes)"

    # ------------------------------------------------------------------ looking and taking back

    def look(self, work: BulkWork, chunk: BulkChunk, *, give_up: bool) -> None:
        """Ask how a job does. One that the provider no longer knows is dropped with ``give_up``."""
        try:
            _note(work, chunk, self._site.service.job(str(chunk.batch_id), CALL_S))
        except ProviderError as error:
            if error.failure.status != 404 or not give_up:
                raise
            self._reporter.notice(f"chunk {chunk.number} is given up: {error}")
            steps.drop(chunk)
            work.save()

    def cancel(self, work: BulkWork) -> None:
        """Take everything back that the provider has; what was never started is dropped."""
        for chunk in steps.unsent(work.bulk):
            self.withdraw(work, chunk)
        for chunk in steps.running(work.bulk):
            try:
                _note(work, chunk, self._site.service.cancel(str(chunk.batch_id), CALL_S))
            except ProviderError as error:
                if steps.is_passing(error.failure):
                    raise
                self._reporter.notice(f"chunk {chunk.number} was not cancelled: {error}")
        work.bulk.cancelled = True
        work.save()

    def withdraw(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Drop a chunk that was planned, unless an earlier run has started it after all."""
        metadata = steps.metadata(work.record.id, chunk.number)
        try:
            found = self._site.service.started(metadata, CALL_S)
        except ProviderError as error:
            if steps.is_passing(error.failure):
                raise
            found = None  # an account without the service has started nothing there
        if found is not None:
            _note(work, chunk, found)
            return
        steps.drop(chunk)
        work.save()


def month_of(chunk: BulkChunk, resumed: Record | None) -> str | None:
    """The month that the prompts of a chunk name."""
    if chunk.as_of is not None or resumed is None:
        return chunk.as_of or None
    # Earlier versions named the month in which the batch began to every model.
    return str(resumed.parameters.get("as_of", "")) or None


def _note(work: BulkWork, chunk: BulkChunk, job: BulkJob) -> None:
    steps.note_job(chunk, job)
    work.save()
