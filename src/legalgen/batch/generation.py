"""One sample, synchronously: prompt, call, reading, judgement, and what a failure makes of it.

tenacity drives the attempts of a task; the router says what each attempt may do. Nothing here
sleeps on its own and nothing retries beside it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_never

from legalgen.batch.endpoints import Endpoint
from legalgen.batch.jobs import Job, JobPrompts, PaidAnswer
from legalgen.completion import Completion, ModelRef, Request, ResponseFormat, Usage
from legalgen.errors import (
    AnswerRefused,
    ErrorCategory,
    Failure,
    LegalgenError,
    ProviderError,
    Reason,
    Trouble,
    WaitReason,
)
from legalgen.failover import Call, Decision, NoneLeft, Pause, State, Then
from legalgen.law.planner import Task, dated
from legalgen.routing.rate_limits import Cost, Demand, Reservation
from legalgen.routing.router import Router, Turn
from legalgen.routing.targets import Lease, QueuedWait, Spent
from legalgen.routing.unsupported import form
from legalgen.store.ledger import ROLES
from legalgen.store.sample import Draft
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock

if TYPE_CHECKING:  # its grammar takes time to compile, and is not needed to look at models
    from legalgen.quality.rules import Verdict

ENLARGED = 1.6
"""How much larger the completion budget is after an answer was cut off."""
NO_MODEL = "no model of the route can take this task"
ROLE, POINTS_ROLE = ROLES
"""What is added to a model's name where its calls were a judge's, or listed points."""
LISTING_S = 10.0
"""Deadline of the list of models that tells a wrong base URL from a model that is gone."""
TOLD_WAIT_S = 1.0
"""Shorter waits are not worth a line."""
LONGEST_LONE_WAIT_S = 30.0
"""A task does not wait longer for what is left to it while another task could be called at once."""


Late = Callable[[], None]
"""Called where something takes longer than one call does; may be called again and again."""
Assess = Callable[[Draft, Task, Completion, Late], "Verdict"]
"""Gives the verdict on a draft: the gate, with the judge behind it where one is asked for. It says
where that is late, so that what was paid for is on the disk meanwhile."""
Read = Callable[[Completion], Draft]


class Written(msgspec.Struct, frozen=True):
    """An answer that passed the gate; the batch still looks for duplicates.

    ``as_of`` is the month that was sent with its prompt, if one was. ``again``: it was paid for
    earlier, and waited for its marks.
    """

    job: Job
    lease: Lease
    verdict: Verdict
    completion: Completion
    cost_usd: float | None
    prompt_version: str
    as_of: str | None = None
    again: bool = False


class WaitsForMarks(msgspec.Struct, frozen=True):
    """An answer that passed the gate, and that no judge could mark: it becomes no row yet.

    ``turn`` is what the judge's route says of when one can be had, ``troubles`` why not; None: this
    answer's marks could not be read. ``again``: it waited before, and is on the disk.
    """

    job: Job
    answer: PaidAnswer
    turn: Pause | NoneLeft | Spent | None
    troubles: tuple[Trouble, ...] = ()
    again: bool = False


class JudgeAwayError(LegalgenError):
    """No judge could be had, and without marks an answer is not kept.

    ``unasked``: a bound or a stop of the user's ended the marking, and no judge is away.
    """

    def __init__(
        self,
        turn: Pause | NoneLeft | Spent | None,
        troubles: tuple[Trouble, ...] = (),
        *,
        unasked: bool = False,
    ) -> None:
        super().__init__("no judge could be had")
        self.turn = turn
        self.troubles = troubles
        self.unasked = unasked


class GivenUp(msgspec.Struct, frozen=True):
    """The task will not be written; ``reason`` is the rule that ended it."""

    job: Job
    reason: str


class Halted(msgspec.Struct, frozen=True):
    """The run was asked to stop before the task was done."""

    job: Job


class Stuck(msgspec.Struct, frozen=True):
    """No target can be had for the task: ``turn`` says for how long."""

    job: Job
    turn: Pause | NoneLeft | Spent


Outcome = Written | WaitsForMarks | GivenUp | Halted | Stuck


class Refusal(msgspec.Struct, frozen=True):
    """An answer that was paid for and not kept, for ``rejected/``."""

    job: Job
    ref: ModelRef
    reasons: tuple[Reason, ...]
    completion: Completion
    cost_usd: float | None
    attempt: int


class Departed(msgspec.Struct, frozen=True):
    """A call leaves; from here on it counts, whatever comes back.

    ``usage`` and ``cost_usd`` are what it is taken to have used where nobody hears of it again.
    """

    ref: ModelRef
    usage: Usage = Usage()
    cost_usd: float | None = None


class Spending(msgspec.Struct, frozen=True):
    """What one call took. ``failed`` is how it failed, if only by an answer that was not kept; None
    also where it was abandoned. ``answered``: a completion came back. Usage and cost are
    ``assumed`` of a call that may have run and whose reply says nothing of them."""

    ref: ModelRef
    usage: Usage
    latency_s: float
    cost_usd: float | None
    failed: ErrorCategory | None = None
    answered: bool = True
    assumed: bool = False


WorkerMessage = events.Event | Refusal | Departed | Spending | WaitsForMarks
Tell = Callable[[WorkerMessage], None]


class Stop:
    """Whether the run shall end: not at all, after what is in flight, or at once.

    Set by signal handlers, so it holds no lock that the interrupted thread could own.
    """

    def __init__(self) -> None:
        self.requested = False
        """Whether nothing new shall begin."""
        self.abandoned = False
        """Whether what is in flight is abandoned."""

    def request(self) -> None:
        """Finish what is in flight and begin nothing new."""
        self.requested = True

    def abandon(self) -> None:
        """Do not even wait for what is in flight."""
        self.requested = self.abandoned = True


class _Again(LegalgenError):  # noqa: N818 - a signal to tenacity, not an error
    """The attempt did not end the task; the next one may begin after ``seconds``."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(f"again in {seconds:.2f} s")
        self.seconds = seconds


class Generation:
    """Runs tasks one attempt after another; one object serves all workers."""

    def __init__(
        self,
        router: Router,
        endpoints: Mapping[ModelRef, Endpoint],
        prompts: JobPrompts,
        *,
        read: Read,
        assess: Assess,
        stop: Stop,
        tell: Tell,
        clock: Clock | None = None,
        before: Callable[[Job], float] = lambda _: 0.0,
    ) -> None:
        """``before`` is done with a job ahead of each attempt, and gives its task what it lacks;
        where that is not there yet, it says after how many seconds to come again."""
        self._before = before
        self._router = router
        self._endpoints = endpoints
        self._prompts = prompts
        self._read = read
        self._assess = assess
        self._stop = stop
        self._tell = tell
        self._clock = clock or Clock()
        self._listing: dict[str, bool] = {}
        self._counting = threading.Lock()
        self._spill_told = False
        self._others_told = set[ModelRef]()
        self.resting = 0
        """Workers that wait for a target now."""
        self.weighing = 0
        """Workers that read and judge an answer now."""
        self._retrying = Retrying(  # what it remembers of an attempt is each thread's own
            retry=retry_if_exception_type(_Again),
            wait=_asked_wait,
            stop=stop_never,  # every way to go on is bounded by the trail and the router
            sleep=self._rest,
            reraise=True,
        )

    def run(self, job: Job) -> Outcome:
        """Attempt the task until it is written, given up, stuck or the run stops."""
        outcome: Outcome = self._retrying(self._attempt, job)
        return outcome

    # ------------------------------------------------------------------ one attempt

    def _attempt(self, job: Job) -> Outcome:
        if job.answer is None and not self._stop.requested and (later := self._before(job)):
            raise _Again(later)
        if self._stop.requested:
            self._give_back(job)
            return Halted(job)
        if job.answer is not None:
            return _ended(self._weigh_again(job, job.answer))
        turn = self._router.turn(job.trail, self._prompts.demand(job), job.wait)
        job.wait = turn if isinstance(turn, QueuedWait) else None
        if self._is_left_behind(job, turn):
            return _ended(self._join_again(job))
        match turn:
            case Lease():
                return _ended(self._call(job, turn))
            case QueuedWait():
                self._tell_wait(job, turn)
                raise _Again(turn.seconds)
            case NoneLeft() if self._router.registry.usable():
                return GivenUp(job, NO_MODEL)
            case _:
                return Stuck(job, turn)

    def _is_left_behind(self, job: Job, turn: Turn) -> bool:
        """Whether what the task went through makes it wait while others need not."""
        if not (job.trail.used_up or job.trail.shunned):
            return False
        match turn:
            case Pause():
                late = True
            case QueuedWait(seconds=seconds, why=why):
                late = why.reason is not WaitReason.IN_FLIGHT and seconds > LONGEST_LONE_WAIT_S
            case _:
                late = False
        return late and isinstance(self._router.outlook(self._prompts.demand(job)), Call)

    def _join_again(self, job: Job) -> GivenUp | None:
        """No target with room is left idle: a task that was refused is given up, one that was
        only unlucky is offered what any new task is offered."""
        self._give_back(job)
        if job.trail.used_up:
            return GivenUp(job, "the models left for this task come back too late")
        job.trail = replace(job.trail, shunned=frozenset(), shunned_providers=frozenset())
        return None

    def _call(self, job: Job, lease: Lease) -> Outcome | None:
        self._tell_switch(job, lease.ref)
        endpoint = self._endpoints[lease.ref]
        request = self._request(job, lease, endpoint)
        job.attempts += 1
        usual = self._router.registry.usual(lease)
        self._tell(Departed(lease.ref, usual, endpoint.price(usual)))
        self._tell_spill(job, lease)
        try:
            completion = endpoint.provider.complete(request)
        except ProviderError as error:
            spending = self._spent(lease, error.failure)
            if self._stop.abandoned:  # ended by us: it tells nothing of the target
                self._tell(replace(spending, failed=None))
                return Halted(job)
            self._tell(spending)
            return self._failed(job, lease, request, error.failure, spending)
        self._tell_other(lease.ref, completion.model)
        completion = self._router.registry.counted(lease, completion)
        self._router.replied(lease, completion)
        self._router.unsupported.answered(lease.ref, request.without, self._clock.wall())
        cost = endpoint.price(completion.usage)
        with self._counting:
            self.weighing += 1
        try:
            return self._weigh(job, lease, completion, cost)
        finally:
            with self._counting:
                self.weighing -= 1

    def _request(self, job: Job, lease: Lease, endpoint: Endpoint) -> Request:
        without = self._router.unsupported.of(lease.ref)
        for name in self._router.unsupported.untold(lease.ref, endpoint.wanted):
            text = f"{lease.ref}: {name} is not taken there, and is left out"
            self._tell(events.Notice(at=self._wall(), text=text))
        return Request(
            model=lease.ref.model,
            prompt=self._prompts.prompt(job, endpoint.voice),
            max_completion_tokens=lease.max_completion_tokens,
            timeout_s=endpoint.timeout_s,
            response_format=endpoint.format(without),
            reasoning_effort=endpoint.reasoning_effort,
            without=without,
            options=endpoint.options,
        )

    def _weigh(
        self, job: Job, lease: Lease, completion: Completion, cost: float | None
    ) -> Outcome | None:
        """Read the answer and judge it; a wrong answer is a failure like any other."""
        held: list[WaitsForMarks] = []

        def hold() -> None:
            """Have it kept now, as a judge is late: a process that is killed loses it no more."""
            if not held:
                paid = PaidAnswer(lease.ref, completion, cost, *self._voiced(job, lease.ref))
                # Of its own: this job may be begun again before the main thread looks at it.
                held.append(WaitsForMarks(Job(job.task, attempts=job.attempts), paid, None))
                spend(None)
                self._tell(held[0])

        def spend(failed: ErrorCategory | None) -> None:
            self._tell(_spending(lease.ref, completion, cost, failed))

        try:
            task = dated(job.task, self._endpoints[lease.ref].as_of)
            verdict = self._assess(self._read(completion), task, completion, hold)
            raise_if_rejected(verdict)
        except AnswerRefused as refusal:
            if not held:
                spend(refusal.category)
            return self.refuse(job, lease, completion, refusal, cost)
        except JudgeAwayError as away:
            hold()
            return replace(held[0], job=job, turn=away.turn, troubles=away.troubles, again=True)
        except BaseException as error:  # no memory, or a bug: keeps what was paid for, raises again
            if not held:
                spend(None)
            self._tell(unread(job, lease.ref, completion, cost, error))
            raise
        if not held:
            spend(None)
        return Written(job, lease, verdict, completion, cost, *self._voiced(job, lease.ref))

    def _voiced(self, job: Job, ref: ModelRef) -> tuple[str, str | None]:
        """The version of the prompt that a job was asked with, and the month in it."""
        voice = self._endpoints[ref].voice
        return self._prompts.prompt(job, voice).version, voice[1]

    def _weigh_again(self, job: Job, paid: PaidAnswer) -> Outcome | None:
        """Have an answer marked that waited for it; one that does not suffice is written anew."""
        job.answer = None
        task = dated(job.task, paid.as_of)
        try:
            verdict = self._assess(self._read(paid.completion), task, paid.completion, on_time)
            raise_if_rejected(verdict)
        except AnswerRefused as refusal:
            spent = (paid.completion, paid.cost_usd, job.attempts)
            self._tell(Refusal(job, paid.ref, refusal.reasons, *spent))
            self._prompts.renew(job)
            return None
        except JudgeAwayError as away:
            return WaitsForMarks(job, paid, away.turn, away.troubles, again=True)
        return Written(
            job,
            paid_lease(paid.ref),
            verdict,
            paid.completion,
            paid.cost_usd,
            paid.prompt_version,
            paid.as_of,
            again=True,
        )

    # ------------------------------------------------------------------ what failed

    def refuse(
        self,
        job: Job,
        lease: Lease,
        completion: Completion,
        refusal: AnswerRefused,
        cost: float | None,
    ) -> Outcome | None:
        """Keep the refused answer aside, decide, and prepare what the decision asks for.

        None means that the job may go on; it is ready for its next attempt.
        """
        self._tell(Refusal(job, lease.ref, refusal.reasons, completion, cost, job.attempts))
        failure = Failure(
            refusal.category,
            str(refusal)[:200],
            truncated=refusal.truncated,
            reasons=refusal.reasons,
        )
        decision = self._router.refused(lease, failure, job.trail, prompt_key=_prompt_key(job))
        return self._go_on(job, lease, failure, decision, completion.text)

    def _spent(self, lease: Lease, failure: Failure) -> Spending:
        """What a call took that broke off or was refused."""
        seconds = max(0.0, self._clock.monotonic() - lease.at)
        usage, assumed = self._router.registry.usage_of(lease, failure), failure.usage is None
        cost = self._endpoints[lease.ref].price(usage) if usage != Usage() else None
        took = (lease.ref, usage, seconds, cost, failure.category)
        return Spending(*took, answered=False, assumed=assumed)

    def _failed(
        self, job: Job, lease: Lease, request: Request, failure: Failure, spending: Spending
    ) -> Outcome | None:
        failure = with_reasons(failure)
        if failure.wrong_url and failure.status == 404 and self._lists(lease.ref):
            failure = replace(failure, wrong_url=False)  # one model is gone; the API is there
        if failure.answer:
            cost = None if spending.assumed else spending.cost_usd
            self._tell(unkept(job, lease.ref, failure, spending.latency_s, cost))
        refused = self._refused(lease.ref, request, failure)
        decision = self._router.failed(
            lease,
            failure,
            job.trail,
            can_downgrade=bool(refused) or self._supposes(lease.ref, request, failure),
            prompt_key=_prompt_key(job),
        )
        if decision.then is Then.PLAIN:
            self._router.unsupported.add(lease.ref, refused, self._clock.wall())
        return self._go_on(job, lease, failure, decision, "")

    def _lists(self, ref: ModelRef) -> bool:
        """Whether the server's list of models answers; it is asked once."""
        known = self._listing.get(ref.provider)
        if known is None:
            try:
                self._endpoints[ref].provider.list_models(LISTING_S)
                known = True
            except ProviderError:
                known = False
            self._listing[ref.provider] = known
        return known

    def _refused(self, ref: ModelRef, request: Request, failure: Failure) -> frozenset[str]:
        """What of this request the server refuses and can be asked without.

        Counted from what was sent, because other calls that left with the same are refused too.
        """
        formats = self._endpoints[ref].formats
        left = _weaker(formats, request)
        names = frozenset(failure.parameters) - request.without
        if not failure.structured_output or not left:
            return names
        taken = failure.format_types
        # a server that says what it takes is not asked for what it does not
        kept = next((at for at in left if taken is None or _TYPE[at] in taken), left[-1])
        return names | {form(weak) for weak in formats[: formats.index(kept)]}

    def _supposes(self, ref: ModelRef, request: Request, failure: Failure) -> bool:
        """Whether a refusal that names nothing may be one of the response format.

        So it is with servers that say no more than "Bad Request". Each weaker format is tried once,
        and only at a model of which nothing is known: neither by the catalog nor by an answer. One
        that left before the answer did with what the answer showed to be refused.
        """
        endpoint, category = self._endpoints[ref], failure.category
        names_it = failure.structured_output or failure.parameters or failure.wrong_url
        if category is not ErrorCategory.BAD_REQUEST or failure.status not in _UNREAD or names_it:
            return False
        if self._router.unsupported.of(ref) - request.without:
            return True
        if endpoint.listed or self._router.registry.has_answered(ref):
            return False
        left = _weaker(endpoint.formats, request)
        tried = endpoint.formats[: len(endpoint.formats) - len(left)] if left else ()
        return self._router.unsupported.suppose(ref, frozenset(map(form, tried)))

    def _go_on(
        self, job: Job, lease: Lease, failure: Failure, decision: Decision, answer: str
    ) -> Outcome | None:
        job.trail = decision.trail
        # Only the last: calls that broken targets fail are not counted against a task.
        job.refused = (*job.refused, _refusal(lease.ref, failure))[-6:]
        leaves = decision.then in (Then.NEXT, Then.ANEW)
        out = decision.health.state not in (State.READY, State.PROBING)
        job.failed = (lease.ref, failure.category, decision.rule, out) if leaves else None
        self._tell_failure(job, lease, failure, decision)
        if decision.then is Then.GIVE_UP:
            return GivenUp(job, decision.rule)
        self._prepare(job, lease, failure, decision, answer)
        return None

    def _prepare(
        self, job: Job, lease: Lease, failure: Failure, decision: Decision, answer: str
    ) -> None:
        """Make the job ready for its next attempt."""
        match decision.then:
            case Then.ENLARGE if self._can_enlarge(job, lease):
                job.scale *= ENLARGED
            case Then.REPAIR | Then.ENLARGE if failure.reasons:
                self._prompts.repair(job, answer, failure.reasons)
            case Then.ENLARGE:
                job.scale *= ENLARGED
            case Then.ANEW:
                self._prompts.renew(job)
            case _:
                pass

    def _can_enlarge(self, job: Job, lease: Lease) -> bool:
        targets = {target.ref: target for target in self._router.registry.targets}
        larger = lease.max_completion_tokens * ENLARGED
        return larger <= targets[lease.ref].max_completion_tokens and job.trail.here < 2

    # ------------------------------------------------------------------ what is told

    def _tell_switch(self, job: Job, ref: ModelRef) -> None:
        """A move that a failure caused is a switch; spreading over budgets is none."""
        if job.failed is not None and ref != job.failed[0]:
            source, category, rule, out = job.failed
            self._tell(
                events.Switched(
                    at=self._wall(),
                    slot=job.task.slot,
                    source=str(source),
                    target=str(ref),
                    category=category,
                    reason=rule,
                    out=out,
                )
            )
        job.failed = job.told = None

    def _tell_spill(self, job: Job, lease: Lease) -> None:
        """Once: that another provider is paid for the pace or the limits of the named one."""
        named = self._router.policy.named
        if not lease.spilled or named is None or self._spill_told:
            return
        self._spill_told = True
        self._tell(
            events.Spilled(
                at=self._wall(),
                slot=job.task.slot,
                provider=named,
                target=str(lease.ref),
                reason=f"{lease.spilled} (--spill-after, --only-provider)",
            )
        )

    def _tell_other(self, ref: ModelRef, answered: str) -> None:
        """Once a model: that replies name another one, which its rows do not say."""
        if is_named_alike(ref.model, answered):
            return
        with self._counting:
            is_told = ref in self._others_told
            self._others_told.add(ref)
        if not is_told:
            text = f"{ref}: its replies say that {answered} writes them; rows name {ref.model}"
            self._tell(events.Notice(at=self._wall(), text=text))

    def _tell_wait(self, job: Job, wait: QueuedWait) -> None:
        at, until = self._wall(), self._clock.wall_at(wait.until)
        left = until - at.timestamp()  # what another worker heard may have let time pass
        if wait.for_room or left < TOLD_WAIT_S or job.told == (wait.ref, wait.why):
            return
        job.told = (wait.ref, wait.why)
        self._tell(
            events.Waiting(
                at=at,
                target=str(wait.ref),
                seconds=left,
                until=datetime.fromtimestamp(until, UTC),
                reason=str(wait.why),
            )
        )

    def _tell_failure(self, job: Job, lease: Lease, failure: Failure, decision: Decision) -> None:
        until = None
        if decision.until is not None:
            until = datetime.fromtimestamp(self._clock.wall_at(decision.until), UTC)
        self._tell(
            events.CallFailed(
                at=self._wall(),
                slot=job.task.slot,
                provider=lease.ref.provider,
                model=lease.ref.model,
                category=failure.category,
                status=failure.status,
                message=failure.message[:200],
                decided=decision.rule,
                until=until,
                hint_s=failure.retry_after_s,
                codes=tuple(reason.code for reason in failure.reasons),
                wrong_url=failure.wrong_url,
                credit=failure.credit,
                address=failure.address,
            )
        )

    # ------------------------------------------------------------------ waiting

    def _rest(self, seconds: float) -> None:
        if seconds <= 0 or self._stop.requested:
            return
        with self._counting:
            self.resting += 1
        try:
            self._router.rest(seconds)
        finally:
            with self._counting:
                self.resting -= 1

    def _give_back(self, job: Job) -> None:
        if job.wait is not None:
            self._router.give_back(job.wait)
            job.wait = None

    def _wall(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)


def is_named_alike(asked: str, answered: str) -> bool:
    """Whether two names may be one model's: a date, a size or a maker's name may stand beside."""
    return asked == answered or not _words_of(asked).isdisjoint(_words_of(answered))


def _words_of(name: str) -> set[str]:
    """The parts of a model's name that tell it from others, and the words in these."""
    parts = re.findall(r"[a-z0-9]*[a-z][a-z0-9]*", name.lower())
    told = {part for part in parts if not re.fullmatch(r"\d+[a-z]", part)}
    return told.union(*(re.findall(r"[a-z]{2,}", part) for part in told))


def on_time() -> None:
    """What is late has nothing to lose."""


def _asked_wait(state: RetryCallState) -> float:
    """The seconds that the failed attempt asked for."""
    error = state.outcome.exception() if state.outcome is not None else None
    return error.seconds if isinstance(error, _Again) else 0.0


_UNREAD = (400, 404, 422)
"""The statuses of a request that was refused before it ran: it was paid for by nobody."""


def _weaker(formats: tuple[ResponseFormat, ...], request: Request) -> tuple[ResponseFormat, ...]:
    """The formats of a model behind the one that it was asked for."""
    return formats[formats.index(request.response_format) + 1 :]


_TYPE = {"strict": "json_schema"} | {name: name for name in ("json_schema", "json_object", "text")}


def _refusal(ref: ModelRef, failure: Failure) -> str:
    """Where a call failed and why: what the gate found, or the vendor's own words."""
    found = "; ".join(reason.message for reason in failure.reasons) or failure.message
    what = " ".join(found.split())[:120]
    return f"{ref}: {failure.category}{f': {what}' if what else ''}"


def _prompt_key(job: Job) -> str:
    return f"{job.task.slot}.{job.task.variation}"


def _spending(
    ref: ModelRef, completion: Completion, cost: float | None, failed: ErrorCategory | None
) -> Spending:
    return Spending(ref, completion.usage, completion.latency_s, cost, failed)


def _ended(outcome: Outcome | None) -> Outcome:
    if outcome is None:
        raise _Again
    return outcome


def raise_if_rejected(verdict: Verdict) -> None:
    """Take what the gate rejects for a failure like any other.

    Raises:
        AnswerRefused: the verdict rejects the answer.
    """
    if verdict.rejected:
        hard = [reason for reason in verdict.reasons if reason.reject]
        raise AnswerRefused(hard, category=verdict.category, truncated=verdict.truncated)


def with_reasons(failure: Failure) -> Failure:
    """A vendor that refuses the answer itself gives its own words."""
    if failure.category is not ErrorCategory.OUTPUT_INVALID or failure.reasons:
        return failure
    code = "TRUNCATED" if failure.truncated else "BAD_JSON"
    return replace(failure, reasons=(Reason(code, failure.message),))


def paid_lease(ref: ModelRef) -> Lease:
    """The place of a call that nothing is reserved for here: it was made by others, or earlier."""
    nothing = Cost(0, 0)
    return Lease(ref, Demand(0, 0, 0), nothing, Reservation(0, nothing, 0.0), 0.0, 0.0, 0, 0)


def unread(
    job: Job, ref: ModelRef, completion: Completion, cost: float | None, error: BaseException
) -> Refusal:
    """An answer that was paid for, and that no check came to the end of."""
    why = Reason("UNREAD", f"it was not looked at to the end: {type(error).__name__}")
    return Refusal(job, ref, (why,), completion, cost, job.attempts)


def unkept(
    job: Job, ref: ModelRef, failure: Failure, latency_s: float, cost: float | None = None
) -> Refusal:
    """An answer that the vendor itself refused and shows or broke off, or a reply that cannot be
    read: it was paid for, so it is kept aside like any other, with the ``cost`` that it states."""
    reasons = failure.reasons or (Reason("BAD_JSON", failure.message),)
    finish_reason = "length" if failure.truncated else "other"
    usage = failure.usage or Usage()
    completion = Completion(failure.answer, finish_reason, usage, ref.model, latency_s)
    return Refusal(job, ref, reasons, completion, cost, job.attempts)
