"""From a job that has ended to rows: its files are fetched, and their answers judged and kept.

An answer of a batch service was asked for by nobody in this process. What becomes of it is what
becomes of a worker's: it goes through the same acceptor.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from legalgen.batch.acceptor import Acceptor
from legalgen.batch.bulk import steps
from legalgen.batch.bulk.sending import month_of
from legalgen.batch.bulk.work import TRANSFER_S, BulkPrice, BulkSite, BulkWork
from legalgen.batch.generation import (
    ROLE,
    Assess,
    Departed,
    Late,
    Refusal,
    Spending,
    Stop,
    WorkerMessage,
    Written,
    on_time,
    paid_lease,
    raise_if_rejected,
    unkept,
    with_reasons,
)
from legalgen.batch.jobs import Job, PaidAnswer, PromptSource
from legalgen.batch.panel import JudgePanel
from legalgen.batch.reporting import Reporter
from legalgen.batch.routers import Routers
from legalgen.batch.sink import SecondReadingSink
from legalgen.batch.troubles import RouterWatch, TroubleBook
from legalgen.completion import Completion, ModelRef, Usage
from legalgen.errors import AnswerRefused, Failure, ProviderError, Trouble, classify
from legalgen.law.planner import Task, TaskSpace, dated
from legalgen.law.prompts.prompter import Prompter
from legalgen.providers.base import BulkAnswer
from legalgen.providers.catalog import Catalog, ModelSpec
from legalgen.quality.rules import Verdict
from legalgen.routing.rate_limits import Experience, counted
from legalgen.routing.stating import stated_spec
from legalgen.settings.layers import Settings
from legalgen.store import journal
from legalgen.store.files import DataDir, is_there
from legalgen.store.ledger import BulkChunk, Ledger, Record
from legalgen.store.sample import Draft, read
from legalgen.telemetry import events

GROUP = 200
"""Answers that are put on the disk together."""


class PlannedTasks:
    """The task of each planned slot, also of one that is written already."""

    def __init__(self, work: BulkWork, ledger: Ledger, space: TaskSpace) -> None:
        self._work = work
        self._ledger = ledger
        self._space = space
        self._whole: dict[int, Task] = {}

    def of(self, slot: int) -> Task:
        """The task of a slot; the whole plan is made again where it is one that is written."""
        if slot not in self._work.tasks and not self._whole:
            record = self._work.record
            planner = self._space.planner(self._ledger.coverage(record), record.seed)
            planner.avoid(each.cell for each in record.avoided)
            self._whole = {task.slot: task for task in planner.plan(record.target)}
        return self._work.tasks.get(slot) or self._whole[slot]


class SampleMaking(msgspec.Struct, frozen=True):
    """What it takes to make a sample of an answer."""

    tasks: PlannedTasks
    assess: Assess
    price: BulkPrice
    source: PromptSource
    spec: ModelSpec
    prompt_version: str
    as_of: str | None = None

    def input_tokens(self, task: Task) -> int:
        """An estimate of what the request of a task took."""
        prompt = self.source.build(task, style=self.spec.prompt)
        demand = self.source.demand(task, prompt, style=self.spec.prompt)
        return Experience().input_tokens(demand)


class ChunkReader:
    """Fetches and reads the chunks of one run; ``resumed`` is the record as the run found it."""

    def __init__(
        self,
        site: BulkSite,
        panel: JudgePanel,
        prompter: Prompter,
        source: PromptSource,
        space: TaskSpace,
        *,
        settings: Settings,
        routers: Routers,
        data_dir: DataDir,
        ledger: Ledger,
        resumed: Record | None,
        stop: Stop,
        reporter: Reporter,
    ) -> None:
        self._site = site
        self._settings = settings
        self._routers = routers
        self._panel = panel
        self._prompter = prompter
        self._source = source
        self._space = space
        self._data_dir = data_dir
        self._ledger = ledger
        self._resumed = resumed
        self._stop = stop
        self._reporter = reporter
        self._tasks: PlannedTasks | None = None

    def collect(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Fetch a chunk's files and take in what they hold.

        Raises:
            JudgeAwayError: marks are a condition, and nobody marks now; the chunk is read again.
        """
        paths = [self._fetched(work, chunk, kind, id_) for kind, id_ in steps.files_of(chunk)]
        work.take_stock(chunk)
        reader = self._reader(work, chunk)
        if not self._read(work, reader, paths):
            return
        if steps.is_cut(chunk, reader.found) and chunk.fetches < steps.FETCHES:
            self._reporter.notice(steps.cut_words(chunk, reader.found))
            work.roll_back()
        else:
            steps.close(chunk, reader.found)
            work.bulk.reading = None
            work.bound = ""  # it took less than it might have
            self._reporter.notice(steps.summary(chunk, reader.found, len(work.bulk.chunks)))
            if chunk.state == "failed":
                work.failed = chunk
                # The service says in words alone what a call says by status and code.
                failure = classify(chunk.message, provider=self._site.provider)
                work.work.troubles.of_account(Trouble.of(ModelRef.parse(chunk.target), failure))
        steps.clear(self._site.folder, paths)
        work.save()
        if chunk.collected:
            self.tidy(work, chunk)

    def mark_waiting(self, work: BulkWork) -> None:
        """Take in answers that calls of our own brought, and that wait for their marks; one that
        does not suffice is asked for anew.

        Raises:
            JudgeAwayError: nobody marks now; what is left goes on waiting.
        """
        if not work.waiting:
            return
        acceptor = work.work.acceptor()
        assess = self._assess(work, acceptor)
        kept: list[int] = []
        try:
            for slot, job in list(work.waiting.items()):
                if self._stop.requested:
                    return
                if job.answer is not None and _is_kept(job, job.answer, acceptor, assess):
                    kept.append(slot)
                del work.waiting[slot]
        finally:
            acceptor.flush()
            work.note_done(kept)

    def tidy_all(self, work: BulkWork) -> None:
        """Delete what could not be deleted when it was read."""
        for chunk in work.bulk.chunks:
            if chunk.collected:
                self.tidy(work, chunk)

    def tidy(self, work: BulkWork, chunk: BulkChunk) -> None:
        """Delete a chunk's files at the provider, once what they held is sealed.

        What cannot be deleted now is tried again when the batch goes on, and said.
        """
        ids = [chunk.input_file_id, *(id_ for _, id_ in steps.files_of(chunk))]
        if self._settings.keep_remote or chunk.removed:
            return
        part = work.work.sink.seal()
        if part is not None:
            self._reporter.tell(events.Sealed(at=self._reporter.now(), part=part.name))
        try:
            for id_ in filter(None, ids):
                self._site.service.remove(id_, TRANSFER_S)
        except ProviderError as error:
            self._reporter.notice(
                f"files of chunk {chunk.number} stay at {self._site.provider}: "
                f"{error.failure.message}"
            )
            return
        chunk.removed = True
        work.save()

    def _fetched(self, work: BulkWork, chunk: BulkChunk, kind: str, id_: str) -> Path:
        """One of the two files of an ended job, brought here unless it is."""
        path = self._site.folder / f"{work.record.id}-{chunk.number:03}-{kind}.jsonl"
        if is_there(path):
            return path
        return steps.fetched(path, lambda write: self._site.service.fetch(id_, write, TRANSFER_S))

    def _reader(self, work: BulkWork, chunk: BulkChunk) -> AnswerReader:
        ref = ModelRef.parse(chunk.target)
        spec = stated_spec(self._settings, ref, Catalog.load().spec(ref.provider, ref.model))
        self._tasks = self._tasks or PlannedTasks(work, self._ledger, self._space)
        acceptor = self._acceptor(work, chunk)
        making = SampleMaking(
            tasks=self._tasks,
            assess=self._assess(work, acceptor),
            price=self._site.price(spec),
            source=self._source,
            spec=spec,
            prompt_version=self._prompter.version(spec.prompt),
            as_of=month_of(chunk, self._resumed),
        )
        return AnswerReader(chunk, acceptor, making, work.done, work.work.troubles)

    def _assess(self, work: BulkWork, acceptor: Acceptor) -> Assess:
        """The gate and the judge; what the judge's calls cost, and how they failed, is noted."""
        watch: RouterWatch | None = None

        def tell(message: WorkerMessage) -> None:
            acceptor.take(message)
            if watch is not None:
                watch.hear(message)

        assess = self._panel.assess(tell, waits=True)
        if self._panel.router is None:
            return assess
        watch = RouterWatch(work.work.troubles, self._panel.router, ROLE)

        def within_bounds(draft: Draft, task: Task, completion: Completion, late: Late) -> Verdict:
            self._routers.take_in(work.record)  # what was read so far and marks have one bound
            return assess(draft, task, completion, late)

        return within_bounds

    def _acceptor(self, work: BulkWork, chunk: BulkChunk) -> Acceptor:
        """The way into the dataset; a second reading keeps no refused answer anew."""
        if chunk.fetches == 1:
            return work.work.acceptor()
        known = journal.read_rejected(self._data_dir, work.record.id)
        second = SecondReadingSink(work.work.sink, known)
        return replace(work.work, sink=second).acceptor()

    def _read(self, work: BulkWork, reader: AnswerReader, paths: Sequence[Path]) -> bool:
        """Take the lines in, a group at a time; False when the run was asked to stop."""
        answers = map(self._site.service.bulk_answer, steps.lines(paths))
        while group := list(itertools.islice(answers, GROUP)):
            if self._stop.requested:
                return False
            try:
                reader.take(group)
            finally:  # a judge that goes away leaves what it has marked before
                work.note_done(reader.kept)
        return True


def _is_kept(job: Job, paid: PaidAnswer, acceptor: Acceptor, assess: Assess) -> bool:
    """Whether an answer that waited becomes a row, now that it is marked."""
    spent = paid.completion, paid.cost_usd
    try:
        task = dated(job.task, paid.as_of)
        verdict = assess(read(paid.completion), task, paid.completion, on_time)
        raise_if_rejected(verdict)
    except AnswerRefused as refusal:
        reasons = refusal.reasons
    else:
        of = paid.prompt_version, paid.as_of
        written = Written(job, paid_lease(paid.ref), verdict, *spent, *of, again=True)
        reasons = tuple(acceptor.offer(written))
    if reasons:
        acceptor.take(Refusal(job, paid.ref, reasons, *spent, job.attempts))
    return not reasons


class AnswerReader:
    """Reads the answers of one chunk into an acceptor, once each.

    ``on_disk`` are the slots that have a sample: of this chunk's, those that a reading which was
    broken off has accepted.
    """

    def __init__(
        self,
        chunk: BulkChunk,
        acceptor: Acceptor,
        making: SampleMaking,
        on_disk: Iterable[int],
        troubles: TroubleBook,
    ) -> None:
        self.found = steps.ResultReading()
        self._ref = ModelRef.parse(chunk.target)
        self._asked = frozenset(steps.slots_of(chunk))
        self._open = set(self._asked)
        self._on_disk = self._open.intersection(on_disk)
        self._acceptor = acceptor
        self._making = making
        self._troubles = troubles
        self.kept: list[int] = []
        """The slots of the last group whose samples are on the disk."""

    def take(self, answers: Iterable[BulkAnswer | None]) -> None:
        """Take in a group of lines; ``kept`` says which samples are on the disk then.

        Raises:
            JudgeAwayError: nobody can mark an answer now, and without marks none is kept.
        """
        self.kept = []
        try:
            for answer in answers:
                self._take(answer)
        finally:
            self._acceptor.flush()

    def _take(self, answer: BulkAnswer | None) -> None:
        if answer is None:
            self.found.torn += 1
            return
        name = steps.parse_custom_id(answer.custom_id)
        if name is None or name[0] not in self._asked:
            self.found.strays += 1
            return
        if name[0] not in self._open:
            self.found.repeated += 1
            return
        self._open.discard(name[0])
        task = replace(self._making.tasks.of(name[0]), variation=name[1])
        task = dated(task, self._making.as_of)
        job = Job(task, attempts=name[1] + 1)
        if answer.completion is not None:
            self._weigh(job, answer.completion)
        elif answer.failure is not None:
            self._broke(job, with_reasons(answer.failure))

    def _broke(self, job: Job, failure: Failure) -> None:
        self.found.broken += 1
        self._troubles.of_account(Trouble.of(self._ref, failure))
        code = failure.code or failure.category.value
        self.found.codes[code] += 1
        self.found.words.setdefault(code, failure.message)
        usage, cost = Usage(), None
        if failure.usage is not None:
            usage = self._counted(job, failure.usage, failure.answer)
            cost = self._making.price.of(usage)
            failure = replace(failure, usage=usage)
        if failure.reached or failure.usage is not None:
            took = (self._ref, usage, 0.0, cost, failure.category)
            self._acceptor.take(Departed(self._ref), Spending(*took, answered=False))
        if failure.answer:
            self._acceptor.take(unkept(job, self._ref, failure, 0.0, cost))

    def _counted(self, job: Job, usage: Usage, text: str) -> Usage:
        context = self._making.spec.context_window
        estimate = functools.partial(self._making.input_tokens, job.task)
        return counted(usage, text, estimate, (context, context))

    def _weigh(self, job: Job, completion: Completion) -> None:
        text = completion.text + (completion.thinking or "")
        completion = replace(completion, usage=self._counted(job, completion.usage, text))
        cost = self._making.price.of(completion.usage)
        spending = Spending(self._ref, completion.usage, completion.latency_s, cost)
        self._acceptor.take(Departed(self._ref))
        try:
            verdict = self._verdict(job.task, completion)
        except AnswerRefused as error:
            refusal = Refusal(job, self._ref, error.reasons, completion, cost, job.attempts)
            self._acceptor.take(replace(spending, failed=error.category), refusal)
            self.found.refused += 1
            return
        self._acceptor.take(spending)
        version, as_of = self._making.prompt_version, self._making.as_of
        self._keep(Written(job, paid_lease(self._ref), verdict, completion, cost, version, as_of))

    def _verdict(self, task: Task, completion: Completion) -> Verdict:
        verdict = self._making.assess(read(completion), task, completion, on_time)
        raise_if_rejected(verdict)
        return verdict

    def _keep(self, written: Written) -> None:
        slot = written.job.task.slot
        if slot in self._on_disk:
            self._acceptor.count_again(written)
        elif reasons := self._acceptor.offer(written):
            # A duplicate: its slot is asked for again with the others that are missing.
            job, completion = written.job, written.completion
            refusal = Refusal(
                job, self._ref, tuple(reasons), completion, written.cost_usd, job.attempts
            )
            self._acceptor.take(refusal)
            self.found.refused += 1
            return
        else:
            self.kept.append(slot)
        self.found.accepted += 1
