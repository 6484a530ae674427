"""Which model next, and what a failure means.

Two pure functions decide: :func:`choose` picks the target that delivers soonest,
:func:`decide` turns a failure into the new health of its target and provider and into what
becomes of the task. :mod:`legalgen.routing.router` holds the state and acts on what they say.

There is no "current model". A model leaves by what it did (its state), a task leaves a model
by what the model did to that task (its :class:`Trail`), and both come back by time alone.

All times are seconds of one monotonic clock that the caller passes in as ``now``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from legalgen.completion import ModelRef
from legalgen.errors import BUSY, LONGEST_HINT_S, ErrorCategory, Failure, Obstacle, Trouble

C = ErrorCategory
_SHOWS_NOTHING: Final = {C.CONNECTION_ERROR, C.AUTHENTICATION, C.TIMEOUT, C.GENERAL}
_SHOWS_MODEL_UP: Final = {C.BAD_REQUEST, C.CONTEXT_LENGTH, C.OUTPUT_INVALID, C.CONTENT_FILTER}
LEFT_OUT: Final = "a parameter refused, or so it seems: left out or exchanged for the batch"
_ELSEWHERE: Final = "not this vendor's API: the base URL is wrong"

LEAST_WAIT_S: Final = 0.05
PANIC_OPEN_S: Final = 60.0
"""The last usable target or provider is never left alone for longer than this."""
FAILURES_TO_OPEN: Final = 3
LOST_TO_OPEN: Final = 2
"""Models whose connections broke, or attempts to connect, that open a provider."""
SAME_INSTANT_S: Final = 0.25
"""Connections that were in flight together and break within so long of one another are one event:
a blip of the network takes all of them."""
MOST_BLAMED_CALLS: Final = 6
MOST_BLAMED_MODELS: Final = 3
MOST_ANSWERS_HERE: Final = 3
"""One answer and at most two repairs, then another model."""
MOST_PROMPTS_REFUSED: Final = 3
SAME_LATENCY: Final = 0.5
"""Typical latencies that differ by less than this share of the preferred one's are a tie: what is
measured under changing load differs by as much, and the place in the route breaks ties."""
PINNED_PATIENCE_S: Final = 5.0
"""How much later than the soonest a model may be that is to mend its own answer."""
SWITCH_PATIENCE_S: Final = 30.0
"""How much later than the soonest a target may be that a failed call goes to because it is ready:
a wait of three seconds is better than a model that takes sixty."""


class State(StrEnum):
    """What a target can do now."""

    READY = "ready"
    LIMITED = "limited"
    OPEN = "open"
    PROBING = "probing"
    EXHAUSTED = "exhausted"
    DROPPED = "dropped"


class ProviderState(StrEnum):
    """What a provider can do now."""

    UP = "up"
    OPEN = "open"
    PROBING = "probing"
    DROPPED = "dropped"


class Health(msgspec.Struct, frozen=True):
    """What is known of one model: a value, replaced whenever something happens.

    ``failures`` is the weight of breaker-feeding failures in a row, ``recent`` the last ten
    outcomes that feed the breaker, ``opened`` how often it opened lately (it doubles the open
    time and decays with successes), ``limited`` the same for refusals by a limit,
    ``answered`` successes since it last left READY, which widen the ramp of calls in flight.
    ``hinted`` is the time before which the server itself asked not to come back; ``broke_at``
    that of the last failure that the breaker counted. ``refusals`` are prompts refused in a row,
    ``filtered`` content refusals since an answer was kept, ``usable`` the last twenty answers.
    """

    state: State = State.READY
    until: float = 0.0
    trouble: Trouble | None = None
    failures: int = 0
    recent: tuple[bool, ...] = ()
    opened: int = 0
    limited: int = 0
    answered: int = 0
    refusals: tuple[str, ...] = ()
    filtered: int = 0
    usable: tuple[bool, ...] = ()
    latency_s: float | None = None
    trickle: bool = False
    hinted: float = 0.0
    broke_at: float = -math.inf

    def at(self, now: float) -> Health:
        """The health once time has passed: a cooled target is ready, an open one is probed."""
        if self.state is State.READY:  # as nearly always
            return self
        if self.state in (State.LIMITED, State.EXHAUSTED) and now >= self.until:
            return replace(self, state=State.READY, trickle=False)
        if self.state is State.OPEN and now >= self.until:
            return replace(self, state=State.PROBING)
        return self

    def shifted(self, seconds: float) -> Health:
        """The health after a sleep of the machine that the monotonic clock did not see."""
        return replace(self, until=self.until - seconds, hinted=self.hinted - seconds)

    def relented(self, now: float) -> Health:
        """The panic rule, once nothing else can be used: no long rest but what was asked for."""
        if self.state is not State.OPEN:
            return self
        return replace(self, until=min(self.until, max(now + PANIC_OPEN_S, self.hinted)))

    @property
    def usable_share(self) -> float:
        """Share of the last twenty answers that could be kept; 1.0 until there are four."""
        return self.usable.count(True) / len(self.usable) if len(self.usable) >= 4 else 1.0

    @property
    def poor(self) -> bool:
        """Under half of its last answers could be kept: ranked behind all others."""
        return self.usable_share < 0.5


class ProviderHealth(msgspec.Struct, frozen=True):
    """What is known of one provider, whatever its model.

    ``lost`` holds its models whose connections broke since its last reply, and "" for each attempt
    that led to no connection at all. ``refusals`` counts authentication failures in a row;
    ``proven`` that the key once worked, ``heard`` that a reply of any kind has come. ``answered``
    counts replies since it last left UP, which widen the ramp of calls in flight.
    """

    state: ProviderState = ProviderState.UP
    until: float = 0.0
    trouble: Trouble | None = None
    lost: tuple[str, ...] = ()
    refusals: int = 0
    opened: int = 0
    answered: int = 0
    proven: bool = False
    heard: bool = False

    def at(self, now: float) -> ProviderHealth:
        """The health once time has passed: an open provider is probed."""
        if self.state is ProviderState.OPEN and now >= self.until:
            return replace(self, state=ProviderState.PROBING)
        return self

    def shifted(self, seconds: float) -> ProviderHealth:
        """As :meth:`Health.shifted`."""
        return replace(self, until=self.until - seconds)

    def relented(self, now: float) -> ProviderHealth:
        """As :meth:`Health.relented`."""
        if self.state is not ProviderState.OPEN:
            return self
        return replace(self, until=min(self.until, now + PANIC_OPEN_S))


class Trail(msgspec.Struct, frozen=True):
    """What one task has been through: which models it can still be offered.

    ``blamed`` counts calls whose failure was the request's or the answer's; ``here`` counts
    answers refused from one model since the task last began anew. ``used_up`` models are never
    offered again; ``shunned`` ones only when nothing else can come in time (after a timeout);
    ``refused`` counts models that refused the request or its content. ``failed_last`` is where the
    last call failed, passed over while another target is ready, and left alone by this task until
    ``rest_until`` for that ``trouble``. ``pinned`` is a model that shall mend its own answer, asked
    again unless another delivers much sooner.
    """

    blamed: int = 0
    models: tuple[ModelRef, ...] = ()
    here: int = 0
    refused: int = 0
    used_up: frozenset[ModelRef] = frozenset()
    shunned: frozenset[ModelRef] = frozenset()
    shunned_providers: frozenset[str] = frozenset()
    failed_last: ModelRef | None = None
    rest_until: float = 0.0
    trouble: Trouble | None = None
    pinned: ModelRef | None = None
    failures: tuple[str, ...] = ()


class Then(StrEnum):
    """What becomes of a task after a failed call."""

    NEXT = "next"
    """Choose again; the trail says what is out."""
    REPAIR = "repair"
    """Ask the same model again, with the reasons quoted."""
    ENLARGE = "enlarge"
    """Ask the same model again with a larger completion budget."""
    SHRINK = "shrink"
    """Ask the same model again with a smaller completion budget."""
    PLAIN = "plain"
    """Ask the same model again without what of the request it refuses."""
    ANEW = "anew"
    """Start the task again with a new seed, elsewhere where there is an elsewhere."""
    GIVE_UP = "give_up"
    """The task is given up; the batch plans another in its place."""


_SAME_MODEL: Final = frozenset({Then.REPAIR, Then.ENLARGE, Then.SHRINK, Then.PLAIN})


class Surroundings(msgspec.Struct, frozen=True):
    """What a decision needs to know beyond the target itself.

    ``others`` counts the other targets that come in time and that this task can still be offered,
    ``siblings`` are those of the same provider. ``can_shrink`` and ``can_downgrade``: a smaller
    completion budget, or a weaker response format or fewer parameters, is left to try here.
    ``prompt_key`` tells one prompt from another. ``left`` is when the call left.
    """

    others: int = 0
    siblings: frozenset[ModelRef] = frozenset()
    can_shrink: bool = False
    can_downgrade: bool = False
    prompt_key: str = ""
    left: float = math.inf


class Decision(msgspec.Struct, frozen=True):
    """What a failure means: the new health of target and provider, and the task's way on.

    ``pause_s`` is how long this task leaves this target alone. ``rule`` names the rule that
    decided, in words for people. ``until`` is the monotonic time at which the target (or its
    provider) may be used again, None where it was not taken out for a time.
    """

    health: Health
    provider: ProviderHealth
    trail: Trail
    then: Then
    rule: str
    pause_s: float = 0.0
    until: float | None = None


class Candidate(msgspec.Struct, frozen=True):
    """One target as :func:`choose` sees it.

    ``ready_in_s`` is seconds until state, budget and ramp let a call leave; ``inf`` for never.
    ``trickle`` marks a wait for a daily (or hourly) window that frees one request at a time:
    used when it is ready, never waited for. ``resume_in_s`` is when it is worth coming back.
    ``spill_s`` is added to its cost: how much later the provider may be that the user named.
    """

    ref: ModelRef
    rank: int
    ready_in_s: float
    latency_s: float
    poor: bool = False
    trickle: bool = False
    resume_in_s: float | None = None
    spill_s: float = 0.0
    why: Obstacle = BUSY

    @property
    def ready(self) -> bool:
        """Whether a call may leave now."""
        return self.ready_in_s <= 0


class Call(msgspec.Struct, frozen=True):
    """Call this target now."""

    ref: ModelRef


class Wait(msgspec.Struct, frozen=True):
    """Nothing is ready; this target comes first, in ``seconds`` (at least 50 ms)."""

    ref: ModelRef
    seconds: float
    why: Obstacle


class Pause(msgspec.Struct, frozen=True):
    """Nothing comes back within the bound; worth trying again in ``resume_in_s`` seconds."""

    resume_in_s: float
    why: Obstacle


class NoneLeft(msgspec.Struct, frozen=True):
    """No target can take this task, now or later."""


Choice = Call | Wait | Pause | NoneLeft


def choose(
    candidates: Sequence[Candidate],
    trail: Trail,
    *,
    stickiness_s: float = 0.05,
    patience_s: float = math.inf,
    trickle_waits: bool = False,
) -> Choice:
    """The target that is expected to deliver soonest, or what to do when there is none.

    ``candidates`` are the targets that are not dropped. ``patience_s`` bounds a wait from now.
    A target with room is never passed over for one that has to be waited for, except by what
    it would take longer to deliver; among ready ones the place in the route breaks ties.
    """
    offered = [c for c in candidates if c.ref not in trail.used_up and c.ready_in_s < math.inf]
    if not offered:
        return NoneLeft()
    preferred = min(offered, key=lambda c: c.rank).latency_s

    def delivery(candidate: Candidate) -> float:
        rank = candidate.rank + candidate.poor * len(candidates)
        same = abs(candidate.latency_s - preferred) <= SAME_LATENCY * preferred
        latency = preferred if same else candidate.latency_s
        return candidate.ready_in_s + latency + rank * stickiness_s + candidate.spill_s

    def in_time(candidate: Candidate) -> bool:
        # A wait is never shorter than this, so one that the patience allows may end so much later.
        in_patience = candidate.ready_in_s <= patience_s + LEAST_WAIT_S
        return candidate.ready or (in_patience and (trickle_waits or not candidate.trickle))

    ordered = sorted(offered, key=delivery)
    waitable = [c for c in ordered if in_time(c)]
    if not waitable:
        # a task that has used up the only models that can be had must not halt all others
        spared = any(in_time(c) for c in candidates if c.ref in trail.used_up)
        return NoneLeft() if spared else _pause(ordered)
    best = _pinned(waitable, trail, delivery) or _preferred(waitable, trail, delivery)
    if best.ready:
        return Call(best.ref)
    return Wait(best.ref, max(LEAST_WAIT_S, best.ready_in_s), best.why)


def _pinned(
    ordered: Sequence[Candidate], trail: Trail, delivery: Callable[[Candidate], float]
) -> Candidate | None:
    """The model that shall mend its own answer, unless another is sooner by far."""
    pinned = next((c for c in ordered if c.ref == trail.pinned), None)
    if pinned is None or delivery(pinned) > delivery(ordered[0]) + PINNED_PATIENCE_S:
        return None
    return pinned


def _preferred(
    ordered: Sequence[Candidate], trail: Trail, delivery: Callable[[Candidate], float]
) -> Candidate:
    """The soonest that the task has no reason to avoid; else the soonest of all.

    After a failure another target that is ready is asked at once, unless it takes far longer.
    """

    def unshunned(candidate: Candidate) -> bool:
        return candidate.ref not in trail.shunned

    def elsewhere(candidate: Candidate) -> bool:
        return unshunned(candidate) and candidate.ref.provider not in trail.shunned_providers

    soonest = next(filter(unshunned, ordered), ordered[0])
    if not (trail.shunned or trail.failed_last):
        return soonest
    latest = delivery(soonest) + SWITCH_PATIENCE_S
    for fits in (elsewhere, unshunned):
        for candidate in filter(fits, ordered):
            another = candidate.ready and candidate.ref != trail.failed_last
            if another and delivery(candidate) <= latest:
                return candidate
    return soonest


def _pause(ordered: Sequence[Candidate]) -> Pause:
    def resume(candidate: Candidate) -> float:
        return max(candidate.ready_in_s, candidate.resume_in_s or 0.0)

    soonest = min(ordered, key=resume)
    return Pause(max(LEAST_WAIT_S, resume(soonest)), soonest.why)


def decide(
    ref: ModelRef,
    failure: Failure,
    *,
    health: Health,
    provider: ProviderHealth,
    trail: Trail,
    around: Surroundings,
    now: float,
    jitter: float = 0.5,
) -> Decision:
    """What one failed call means; the table is in ``docs/explanation/failover.md``.

    ``jitter`` is a random number of [0, 1) that the caller drew.
    """
    failures = (*trail.failures, f"{ref}: {failure.category}")
    trail = replace(trail, failed_last=ref, failures=failures)
    if failure.status is not None:
        provider = replace(provider, heard=True)
    if failure.category not in _SHOWS_NOTHING:  # so the provider is up
        provider = _seen_up(provider)
    if failure.category in _SHOWS_MODEL_UP and health.state is State.PROBING:
        health = replace(health, state=State.READY, until=0.0)
    case = _Case(ref, failure, health, provider, trail, around, now, jitter)
    misplaced = failure.wrong_url and not provider.proven
    decision = _provider_dropped(case, _ELSEWHERE) if misplaced else _RULES[failure.category](case)
    decision = _bounded(decision, around)
    broke = failure.category is C.CONNECTION_ERROR and failure.connected
    if decision.provider.state is ProviderState.PROBING and not broke:  # nothing good of it
        decision = replace(decision, provider=_provider_open(case, "").provider)
    again = decision.then in _SAME_MODEL
    trail = replace(
        decision.trail,
        pinned=ref if again else None,
        failed_last=None if again else ref,
        rest_until=now + decision.pause_s,
        trouble=case.trouble,
    )
    return replace(decision, trail=trail)


def _seen_up(provider: ProviderHealth) -> ProviderHealth:
    """The provider answered, if only to refuse: its connections are not the trouble."""
    if provider.state is ProviderState.DROPPED:
        return provider
    return replace(provider, state=ProviderState.UP, until=0.0, lost=(), heard=True)


def succeed(health: Health, latency_s: float) -> Health:
    """The health after a reply came back, whatever the answer in it was worth."""
    previous = health.latency_s
    return replace(
        health,
        state=State.READY,
        until=0.0,
        trouble=None,
        failures=0,
        # A probe that succeeds closes the breaker: the failures that opened it are spent.
        recent=(*health.recent, True)[-10:] if health.state is State.READY else (True,),
        opened=max(0, health.opened - 1),
        limited=max(0, health.limited - 1),
        answered=health.answered + 1,
        refusals=(),
        latency_s=latency_s if previous is None else 0.8 * previous + 0.2 * latency_s,
        trickle=False,
        hinted=0.0,
    )


def provider_succeed(provider: ProviderHealth) -> ProviderHealth:
    """The provider's health after any reply of its API that shows it is up."""
    return replace(
        provider,
        state=ProviderState.UP,
        until=0.0,
        trouble=None,
        lost=(),
        refusals=0,
        opened=max(0, provider.opened - 1),
        answered=provider.answered + 1,
        proven=True,
        heard=True,
    )


def answered(health: Health, *, usable: bool) -> Health:
    """The health after an answer was kept or refused; never feeds the breaker."""
    filtered = 0 if usable else health.filtered
    return replace(health, usable=(*health.usable, usable)[-20:], filtered=filtered)


class _Case(msgspec.Struct, frozen=True):
    """The arguments of :func:`decide`, as one value for its rules."""

    ref: ModelRef
    failure: Failure
    health: Health
    provider: ProviderHealth
    trail: Trail
    around: Surroundings
    now: float
    jitter: float

    @property
    def trouble(self) -> Trouble:
        return Trouble.of(self.ref, self.failure)

    def hint(self) -> float | None:
        hint = self.failure.retry_after_s
        if hint is None or not math.isfinite(hint):
            return None
        return min(max(hint, LEAST_WAIT_S), LONGEST_HINT_S)


def _doubling(base: float, times: int, most: float) -> float:
    # Bounded before it is multiplied: a float overflows at the 1,024th doubling.
    return float(min(most, base * 2 ** min(times, 20)))


def _away(case: _Case, state: State, seconds: float, rule: str, **changes: object) -> Decision:
    """The target is out for ``seconds``; the task goes on elsewhere."""
    until = case.now + max(LEAST_WAIT_S, seconds)
    hint = case.hint()
    health = replace(
        case.health,
        state=state,
        until=until,
        trouble=case.trouble,
        answered=0,
        hinted=max(case.health.hinted, case.now + hint if hint is not None else 0.0),
        **{"trickle": False, **changes},
    )
    if case.health.hinted > until and case.health.state is not State.READY:
        held = case.health  # a longer hint holds already
        health = replace(health, state=held.state, until=held.hinted, trickle=held.trickle)
    return Decision(health, case.provider, case.trail, Then.NEXT, rule, until=health.until)


def _dropped(case: _Case, rule: str) -> Decision:
    health = replace(case.health, state=State.DROPPED, until=math.inf, trouble=case.trouble)
    return Decision(health, case.provider, case.trail, Then.NEXT, rule)


def _provider_dropped(case: _Case, rule: str) -> Decision:
    provider = replace(
        case.provider, state=ProviderState.DROPPED, until=math.inf, trouble=case.trouble
    )
    return Decision(case.health, provider, case.trail, Then.NEXT, rule)


def _provider_open(case: _Case, rule: str) -> Decision:
    until = case.now + _doubling(15, case.provider.opened, 300)
    provider = replace(
        case.provider,
        state=ProviderState.OPEN,
        until=until,
        trouble=case.trouble,
        opened=case.provider.opened + 1,
        answered=0,
        lost=(),
    )
    return Decision(case.health, provider, case.trail, Then.NEXT, rule, until=until)


def _rate_limit(case: _Case) -> Decision:
    seconds, limited = _limit(case, _doubling(10, case.health.limited, 60))
    hint = case.hint()
    rule = "limited until the server's hint" if hint is not None else "limited, no hint given"
    if hint is not None and seconds > hint:
        rule = "limited again and again: longer than the server's hint"
    return _away(case, State.LIMITED, seconds, rule, limited=limited)


def _limit(case: _Case, unhinted_s: float) -> tuple[float, int]:
    """Seconds that a limit lasts, and what ``limited`` counts after it.

    A short hint ("Retry-After: 0" or 1, a date that has passed) says how soon one may ask, not
    when there is room: a server that goes on so would be asked without end. So each refusal in a
    row doubles the least wait.
    """
    hint, limited = case.hint(), case.health.limited
    if hint is None:
        return unhinted_s, limited + 1
    return max(hint, _doubling(LEAST_WAIT_S, limited, 60)), limited + 1


def _quota(case: _Case) -> Decision:
    if case.failure.credit:
        return _provider_dropped(case, "out of credit: the provider is dropped for the batch")
    seconds, limited = _limit(case, 3600.0)
    hinted = case.hint() is not None
    rule = "quota used up until the server's hint" if hinted else "quota used up, no hint: one hour"
    day = case.failure.window == "day"
    return _away(case, State.EXHAUSTED, seconds, rule, limited=limited, trickle=day)


def _overloaded(case: _Case) -> Decision:
    rule = "over capacity: no calls for a while"
    bare = (case.failure.status, case.failure.code, case.hint()) == (503, None, None)  # a proxy's
    return _breaker(case, 2, rule) if bare and case.health.answered else _opened(case, rule)


def _opened(case: _Case, rule: str, weight: int = 1) -> Decision:
    """Left alone; ``weight`` counts failures, of which each doubles the time."""
    opened = case.health.opened + weight
    seconds = max(_doubling(5, opened - 1, 120), case.hint() or 0.0)
    return _away(case, State.OPEN, seconds, rule, failures=0, recent=(), opened=opened)


def _model_unavailable(case: _Case) -> Decision:
    return _dropped(case, "gone or no access: dropped for the batch, remembered for a day")


def _breaker(case: _Case, weight: int, rule: str, *, rest: int = 0) -> Decision:
    """A failure that counts against the model: three in a row, or half of the last ten, open it.

    ``rest`` is how many doublings of the open time it adds (0: as many as it weighs).
    """
    if _failed_together(case):
        return _once(case)
    failures = case.health.failures + weight
    recent = (*case.health.recent, False)[-10:]
    half = len(recent) >= 4 and recent.count(False) * 2 >= len(recent)
    health = replace(case.health, broke_at=case.now)
    case = replace(case, health=health)
    if case.health.state is State.PROBING or failures >= FAILURES_TO_OPEN or half:
        return _opened(case, "failed again and again: no calls for a while", rest or weight)
    hint = case.hint()
    if hint is not None:
        rule = "no calls until the server's hint is over"
        return _away(case, State.OPEN, hint, rule, failures=failures, recent=recent)
    health = replace(case.health, failures=failures, recent=recent)
    return Decision(health, case.provider, case.trail, Then.NEXT, rule, pause_s=0.5 + case.jitter)


def _failed_together(case: _Case) -> bool:
    """Whether the call left before the last failure of a model that answers was known.

    Behind one address there may be many servers: one that dies takes all its calls with it, and
    those say no more than the first of them. A model that has not answered has no such credit.
    """
    answers = case.health.answered > 0 and case.hint() is None
    return answers and case.around.left <= case.health.broke_at


def _once(case: _Case) -> Decision:
    rule, pause_s = "failed together with another call: counted once", 0.5 + case.jitter
    return Decision(case.health, case.provider, case.trail, Then.NEXT, rule, pause_s=pause_s)


def _timeout(case: _Case) -> Decision:
    trail = replace(
        case.trail,
        shunned=case.trail.shunned | {case.ref},
        shunned_providers=case.trail.shunned_providers | {case.ref.provider},
    )
    rule = "no answer in time: another provider where there is one, never this model"
    return _breaker(replace(case, trail=trail), 2, rule)


def _server_error(case: _Case) -> Decision:
    return _breaker(case, 1, "another target if one is ready, else once more here after a pause")


def _general(case: _Case) -> Decision:
    return _breaker(case, 1, "not understood: treated as a server error")


def _connection(case: _Case) -> Decision:
    """One that broke after it stood is the model's fault first; that none stands, the provider's.

    What broke may have been paid for: it weighs two, and a model that goes on so is probed seldom.
    """
    stood, provider = case.failure.connected, case.provider
    blip = case.now <= case.health.broke_at + SAME_INSTANT_S
    if _failed_together(case) or (blip and case.around.left <= case.health.broke_at):
        return _once(case)
    model = case.ref.model if stood else ""
    lost = provider.lost if model and model in provider.lost else (*provider.lost, model)
    provider = replace(provider, lost=lost)
    case = replace(case, provider=provider)
    rule = "no connection: another target if one is ready, else once more here"
    decision = _breaker(case, 2 if stood else 1, rule, rest=3 if stood else 1)
    probe_failed = provider.state is ProviderState.PROBING and not stood
    if len(lost) < LOST_TO_OPEN and not probe_failed:
        return decision
    if case.failure.nobody_listens and provider.opened >= (3 if provider.heard else 1):
        return _provider_dropped(case, "nobody listens on this machine: the provider is dropped")
    opened = _provider_open(case, "no connection twice: no calls to the provider for a while")
    return replace(opened, health=decision.health)


def _authentication(case: _Case) -> Decision:
    if case.provider.proven and case.provider.refusals == 0:
        opened = _provider_open(case, "refused after earlier successes: no calls for a while")
        return replace(opened, provider=replace(opened.provider, refusals=1))
    return _provider_dropped(case, "key or network refused: the provider is dropped for the batch")


def _blamed(case: _Case) -> _Case:
    """The case with one more failure on the task's own account."""
    models = tuple(dict.fromkeys((*case.trail.models, case.ref)))
    return replace(case, trail=replace(case.trail, blamed=case.trail.blamed + 1, models=models))


def _elsewhere(case: _Case, rule: str, then: Then = Then.NEXT) -> Decision:
    """This model is used up for this task."""
    trail = replace(case.trail, used_up=case.trail.used_up | {case.ref}, here=0)
    return Decision(case.health, case.provider, trail, then, rule)


def _refused(case: _Case) -> Decision:
    """One other model; two that refuse are enough, unless another provider is left to ask."""
    times, siblings = case.trail.refused + 1, case.around.siblings
    case = replace(case, trail=replace(case.trail, refused=times))
    if times < 2:
        return _elsewhere(case, "refused: one other model")
    strangers = any(ref.provider != case.ref.provider for ref in case.trail.models)
    if strangers or case.around.others == len(siblings):
        return _elsewhere(case, "two models refuse: the task is given up", Then.GIVE_UP)
    case = replace(case, trail=replace(case.trail, used_up=case.trail.used_up | siblings))
    return _elsewhere(case, "two models of one provider refuse: another provider")


def _bad_request(case: _Case) -> Decision:
    if case.around.can_downgrade:
        return Decision(case.health, case.provider, case.trail, Then.PLAIN, LEFT_OUT)
    case = _blamed(case)
    key = case.around.prompt_key
    refusals = (*(k for k in case.health.refusals if k != key), key)
    case = replace(case, health=replace(case.health, refusals=refusals))
    decision = _refused(case)
    if len(refusals) < MOST_PROMPTS_REFUSED:
        return decision
    dropped = _dropped(case, "three different prompts refused: model dropped")
    return replace(decision, health=dropped.health, rule=dropped.rule)


def _context(case: _Case) -> Decision:
    case = _blamed(case)
    if case.around.can_shrink:
        rule = "too large for the limit: a smaller completion budget"
        return Decision(case.health, case.provider, case.trail, Then.SHRINK, rule)
    return _elsewhere(case, "too large for this model: one that it fits")


def _output(case: _Case) -> Decision:
    elsewhere_before = case.trail.pinned not in (None, case.ref)
    here = 1 if elsewhere_before else case.trail.here + 1
    case = _blamed(case)
    trail = replace(case.trail, here=here)
    case = replace(case, health=answered(case.health, usable=False), trail=trail)
    if here < MOST_ANSWERS_HERE:
        if case.failure.truncated:
            then, rule = Then.ENLARGE, "answer cut off: again with a larger budget"
        else:
            then, rule = Then.REPAIR, "answer refused: again with the reasons quoted"
        return Decision(case.health, case.provider, case.trail, then, rule)
    if case.around.others:
        return _elsewhere(case, "answer refused three times: one other model", Then.ANEW)
    trail = replace(case.trail, here=0)
    rule = "answer refused three times, no other model: a new seed"
    return Decision(case.health, case.provider, trail, Then.ANEW, rule)


def _filtered(case: _Case) -> Decision:
    """A filter may be one model's or one provider's: where others answer, it is left alone."""
    case = _blamed(case)
    # such a reply makes no room for more calls
    filtered, replies = case.health.filtered + 1, max(0, case.health.answered - 1)
    health = replace(answered(case.health, usable=False), filtered=filtered, answered=replies)
    case = replace(case, health=health)
    decision = _refused(case)
    if filtered < MOST_PROMPTS_REFUSED or not case.around.others:
        return decision
    seconds = _doubling(10, filtered - MOST_PROMPTS_REFUSED, 300)
    rested = _away(case, State.OPEN, seconds, "refuses prompt after prompt: no calls for a while")
    return replace(decision, health=rested.health, rule=rested.rule, until=rested.until)


_RULES: Final = {
    C.RATE_LIMIT: _rate_limit, C.QUOTA_EXHAUSTED: _quota, C.OVERLOADED: _overloaded,
    C.MODEL_UNAVAILABLE: _model_unavailable, C.TIMEOUT: _timeout, C.CONNECTION_ERROR: _connection,
    C.SERVER_ERROR: _server_error, C.AUTHENTICATION: _authentication, C.BAD_REQUEST: _bad_request,
    C.CONTEXT_LENGTH: _context, C.OUTPUT_INVALID: _output, C.CONTENT_FILTER: _filtered,
    C.GENERAL: _general,
}  # fmt: skip


def _bounded(decision: Decision, around: Surroundings) -> Decision:
    """A task ends: after six failures of its own, three models, or when no model is left for it."""
    trail = decision.trail
    if decision.then is Then.GIVE_UP:
        return decision
    if trail.blamed >= MOST_BLAMED_CALLS:
        return replace(decision, then=Then.GIVE_UP, rule="six refusals: the task is given up")
    leaving = decision.then in (Then.NEXT, Then.ANEW) and trail.used_up
    if leaving and len(trail.models) >= MOST_BLAMED_MODELS and trail.failed_last in trail.used_up:
        return replace(decision, then=Then.GIVE_UP, rule="three models refused: given up")
    if leaving and trail.failed_last in trail.used_up and not around.others:
        return replace(decision, then=Then.GIVE_UP, rule="no other model for it: given up")
    return decision
