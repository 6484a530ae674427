"""The state that :mod:`legalgen.failover` decides about, shared by all workers under one lock.

A worker asks for its turn, is told to call, to wait or to stop, and reports what came of it.
The router never calls a provider and never sleeps. It keeps what there is of the route in a
:class:`Registry` (states, and a rate limiter each), and counts what is out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from msgspec.structs import replace

from legalgen import failover
from legalgen.completion import Completion, LimitReading, ModelRef, Usage
from legalgen.errors import BUSY, ErrorCategory, Failure, Trouble, WaitReason
from legalgen.failover import (
    Call,
    Candidate,
    Decision,
    Health,
    NoneLeft,
    Pause,
    ProviderHealth,
    Surroundings,
    Trail,
    Wait,
)
from legalgen.routing import spilling
from legalgen.routing.candidates import candidates
from legalgen.routing.limiter import WORTH_RESUMING_FOR
from legalgen.routing.rate_limits import Bucket, Cost, Demand
from legalgen.routing.registry import Registry, TargetEntry
from legalgen.routing.spending import SpendTracker, may_have_run
from legalgen.routing.targets import (
    MOST_IN_FLIGHT,
    Lease,
    QueuedWait,
    RoutingPolicy,
    Spent,
    Target,
    View,
)
from legalgen.routing.timing import SleepDetector, WaitTimer
from legalgen.routing.unsupported import Unsupported
from legalgen.telemetry.clock import Clock

RECHECK_S = 1.0
"""A worker that waits looks again at least this often."""

C = ErrorCategory
_OF_THE_WAY = frozenset({C.TIMEOUT, C.CONNECTION_ERROR, C.SERVER_ERROR, C.GENERAL})
"""Failures that a sleep of the machine explains."""


Turn = Lease | QueuedWait | Pause | NoneLeft | Spent


class Router:
    """Health, budgets and turns of all targets of a route; every method is thread-safe."""

    def __init__(
        self,
        targets: Sequence[Target],
        policy: RoutingPolicy | None = None,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        tracker: SpendTracker | None = None,
    ) -> None:
        self._policy = policy or RoutingPolicy()
        self._clock = clock or Clock()
        self._random = random or Random()
        self._changed = threading.Condition()
        self._registry = Registry(targets)
        self.tracker = tracker or SpendTracker()
        self.unsupported = Unsupported()
        self._in_flight = 0
        self._waiting = WaitTimer()
        self._sleep = SleepDetector(self._clock)
        self.remaining = WORTH_RESUMING_FOR
        """Samples still to write; a pause ends when this many (or twenty) fit."""

    # ---------------------------------------------------------------- what a worker asks

    def turn(
        self,
        trail: Trail,
        demand: Callable[[Target], Demand],
        hold: QueuedWait | None = None,
    ) -> Turn:
        """Where this task goes now. ``hold`` is the wait that just ended."""
        with self._changed:
            if self._in_flight >= self._policy.max_in_flight:
                return self._full(hold)
            now = self._now()
            choice = self._choose(trail, demand, now, hold)
            match choice:
                case Call(ref):
                    self._leave_queue(hold)
                    return self._depart(ref, demand(self._registry[ref].target), trail, now)
                case Wait():
                    if _was_for_room(hold) and choice.why.reason is not WaitReason.IN_FLIGHT:
                        self._changed.notify()  # it cannot take the free place: perhaps another
                    return self._hold(demand, choice, now, hold)
                case Pause() if self._in_flight:
                    self._leave_queue(hold)
                    return self._full(None)
                case _:
                    self._leave_queue(hold)
                    return choice

    def _full(self, hold: QueuedWait | None) -> QueuedWait:
        """A wait for what comes of the calls that are out; a place in a queue is kept."""
        if hold is not None:
            return replace(hold, seconds=RECHECK_S, why=BUSY)
        return QueuedWait(self.targets[0].ref, RECHECK_S, BUSY, None)

    def ready(self, demand: Callable[[Target], Demand]) -> bool:
        """Whether another call of this size is worth a worker: it would leave at once, or queue at
        the named provider while another has room, so that its turn comes when the queue is long."""
        with self._changed:
            now = self._now()
            offered = self._candidates(Trail(), demand, now, None)
            if not any(candidate.ready for candidate in offered):
                return False
            choice = self._choose(Trail(), demand, now, None)
            return isinstance(choice, Call) or (
                isinstance(choice, Wait) and choice.why.reason is not WaitReason.IN_FLIGHT
            )

    def outlook(self, demand: Callable[[Target], Demand]) -> failover.Choice:
        """What a new task would be told now; nothing is reserved."""
        with self._changed:
            return self._choose(Trail(), demand, self._now(), None)

    def rest(self, seconds: float) -> None:
        """Sleep at most ``seconds``; ends early when something changed that may matter."""
        with self._changed:
            self._clock.wait(self._changed, min(seconds, RECHECK_S))

    def wake(self) -> None:
        """End every rest now."""
        with self._changed:
            self._changed.notify_all()

    def give_back(self, hold: QueuedWait) -> None:
        """A worker stops waiting for good."""
        with self._changed:
            self._leave_queue(hold)
            self._changed.notify_all()

    # ---------------------------------------------------------------- what a worker reports

    def replied(self, lease: Lease, completion: Completion) -> None:
        """A completion came back: settle its budget, learn from it, count it as alive."""
        with self._changed:
            now = self._now()
            entry = self._landed(lease, now)
            used = Cost(completion.usage.input_tokens, completion.usage.output_tokens)
            self.tracker.settle(entry.target, lease.cost, used)
            entry.limiter.replied(lease, completion, now)
            self._registry.succeed(lease, completion.latency_s)
            # Where all calls were out there is room for one now; else it may matter to anyone.
            was_full = self._in_flight == self._policy.max_in_flight - 1
            self._changed.notify(1 if was_full else MOST_IN_FLIGHT)

    def failed(
        self,
        lease: Lease,
        failure: Failure,
        trail: Trail,
        *,
        can_downgrade: bool = False,
        prompt_key: str = "",
    ) -> Decision:
        """A call failed without a completion: settle what it cost and decide what it means."""
        with self._changed:
            now = self._now()
            entry, ran = self._landed(lease, now), may_have_run(failure)
            if not ran:
                self.tracker.settle(entry.target, lease.cost, None)
            entry.limiter.failed(lease, failure, now, ran=ran)
            entry.failed = failure.category.blame not in ("request", "answer")
            around = self._around(lease, trail, now, can_downgrade, prompt_key)
            decision = self._decide(lease, failure, trail, around, now)
            self._changed.notify_all()
            return decision

    def likely_usage(self, lease: Lease, failure: Failure) -> Usage:
        """What a failed call is taken to have used, where it may have run: what calls of its size
        usually take, since no reply says."""
        if not may_have_run(failure):
            return Usage()
        with self._changed:
            typical = self._registry[lease.ref].limiter.experience.typical(lease.demand)
        return Usage(lease.cost.input_tokens, min(round(typical), lease.cost.output_tokens))

    def refused(
        self, lease: Lease, failure: Failure, trail: Trail, *, prompt_key: str = ""
    ) -> Decision:
        """A completion came back (and was reported) whose answer is not a sample."""
        with self._changed:
            now = self._now()
            around = self._around(lease, trail, now, False, prompt_key)
            return self._decide(lease, failure, trail, around, now)

    def kept(self, ref: ModelRef) -> None:
        """An answer of this model passed the gate."""
        with self._changed:
            entry = self._registry[ref]
            entry.health = failover.answered(entry.health, usable=True)

    def accepted(self) -> None:
        """A sample is on disk: the waiting since the last one is forgotten."""
        with self._changed:
            self._waiting.forget(self._clock.monotonic())

    # ---------------------------------------------------------------- what others ask

    @property
    def calls(self) -> int:
        """Calls that left so far."""
        return self.tracker.calls

    @property
    def in_flight(self) -> int:
        """Calls that are out now."""
        return self._in_flight

    @property
    def waited_s(self) -> float:
        """Seconds of waiting, with nothing in flight, since the last accepted sample."""
        with self._changed:
            return self._waiting.at(self._clock.monotonic())

    @property
    def named(self) -> str | None:
        """The provider that the user named, if any."""
        return self._policy.named

    @property
    def targets(self) -> tuple[Target, ...]:
        """The route, in order."""
        return tuple(entry.target for entry in self._registry)

    def view(self) -> tuple[View, ...]:
        """The route as people see it, in order: a snapshot, which no worker changes any more."""
        with self._changed:
            now = self._now()
            return tuple(self._registry.view(entry, now) for entry in self._registry)

    def usable(self) -> bool:
        """Whether any target is not dropped."""
        with self._changed:
            return bool(self._registry.usable())

    def usable_refs(self) -> frozenset[ModelRef]:
        """The targets that are not dropped."""
        with self._changed:
            return frozenset(entry.target.ref for entry in self._registry.usable())

    def troubles(self, *, refused: bool = False) -> tuple[Trouble, ...]:
        """For each dropped target of the route: what it was dropped for; with ``refused`` also for
        those whose provider refuses the key for now."""
        with self._changed:
            return tuple(self._registry.troubles(refused=refused))

    def wait_for_wall(self, monotonic: float) -> float:
        """A monotonic time as seconds since the epoch."""
        return monotonic + self._clock.wall() - self._clock.monotonic()

    def state_limits(self, ref: ModelRef, readings: Iterable[LimitReading]) -> None:
        """Limits that config or a tier states for a target."""
        with self._changed:
            self._registry[ref].limiter.budgets.learn(readings, self._now())

    def restore(
        self,
        ref: ModelRef,
        *,
        health: Health,
        buckets: Iterable[Bucket] = (),
        largest_request: int | None = None,
        largest_output: int | None = None,
        tokens_per_character: float | None = None,
        shares: Iterable[float] = (),
    ) -> None:
        """Take in what was known of a target before this process began."""
        with self._changed:
            entry = self._registry[ref]
            entry.health = health
            entry.limiter.restore(
                buckets,
                largest_request=largest_request,
                largest_output=largest_output,
                tokens_per_character=tokens_per_character,
                shares=shares,
            )

    def restore_provider(self, provider: str, health: ProviderHealth) -> None:
        """Take in what was known of a provider before."""
        with self._changed:
            self._registry.providers[provider].health = health

    def provider_health(self) -> Mapping[str, ProviderHealth]:
        """The health of each provider of the route."""
        with self._changed:
            return {name: entry.health for name, entry in self._registry.providers.items()}

    # ---------------------------------------------------------------- inside the lock

    def _now(self) -> float:
        """The monotonic time; notices a machine that slept and moves all waits with it."""
        now = self._clock.monotonic()
        if slept := self._sleep.slept(now):
            self._registry.shift(slept)
        return now

    def _candidates(
        self, trail: Trail, demand: Callable[[Target], Demand], now: float, hold: QueuedWait | None
    ) -> Iterable[Candidate]:
        full = self._in_flight >= self._policy.max_in_flight
        return candidates(
            self._registry,
            self._policy,
            trail,
            demand,
            now,
            hold=hold,
            full=full,
            remaining=self.remaining,
        )

    def _choose(
        self, trail: Trail, demand: Callable[[Target], Demand], now: float, hold: QueuedWait | None
    ) -> failover.Choice:
        return failover.choose(
            list(self._candidates(trail, demand, now, hold)),
            trail,
            stickiness_s=self._policy.stickiness_s,
            patience_s=max(0.0, self._policy.max_wait_s - self._waiting.at(now)),
            trickle_waits=self._policy.trickle_waits,
        )

    def _depart(self, ref: ModelRef, demand: Demand, trail: Trail, now: float) -> Lease | Spent:
        """Let a call leave, unless a bound of the batch forbids it."""
        entry = self._registry[ref]
        cost = entry.limiter.cost(demand)
        bound = self.tracker.bound(self._policy, entry.target, cost)
        if bound:
            return bound
        named = self._policy.named
        away = named is not None and ref.provider != named
        others = self._registry.named(named, now) if away else []
        self._waiting.end(now)
        self._in_flight += 1
        self.tracker.depart(entry.target, cost)
        self._registry.depart(entry, now)
        return Lease(
            ref,
            demand,
            cost,
            entry.limiter.budgets.reserve(cost, now),
            now,
            self._sleep.drift(now),
            entry.epoch,
            self._registry.provider_of(entry).epoch,
            spilling.reason(self._policy, others, trail) if away else "",
        )

    def _landed(self, lease: Lease, now: float) -> TargetEntry:
        self._in_flight -= 1
        return self._registry.land(lease, now)

    def _hold(
        self,
        demand: Callable[[Target], Demand],
        wait: Wait,
        now: float,
        before: QueuedWait | None,
    ) -> QueuedWait:
        """A wait; who goes on waiting for the same target keeps the place in the queue."""
        ref = wait.ref
        place = before.place if before is not None and before.ref == ref else None
        if place is None:
            self._leave_queue(before)
        if not self._in_flight:
            self._waiting.begin(now)
        entry = self._registry[ref]
        cost = entry.limiter.cost(demand(entry.target))
        place = entry.limiter.budgets.queue(cost, now, place)
        return QueuedWait(ref, wait.seconds, wait.why, place)

    def _leave_queue(self, hold: QueuedWait | None) -> None:
        if hold is not None and hold.place is not None:
            self._registry[hold.ref].limiter.budgets.leave(hold.place)

    def _decide(
        self, lease: Lease, failure: Failure, trail: Trail, around: Surroundings, now: float
    ) -> Decision:
        entry = self._registry[lease.ref]
        provider = self._registry.provider_of(entry)
        if failure.category in _OF_THE_WAY and self._sleep.jumped_since(lease.drift, now):
            rule = "the clock jumped (the machine slept): forgotten"
            return Decision(entry.health, provider.health, trail, failover.Then.NEXT, rule)
        decision = failover.decide(
            lease.ref,
            failure,
            health=entry.health.at(now),
            provider=provider.health.at(now),
            trail=trail,
            around=around,
            now=now,
            jitter=self._random.random(),
        )
        return self._registry.adopt(lease, decision, now)

    def _around(
        self, lease: Lease, trail: Trail, now: float, can_downgrade: bool, prompt_key: str
    ) -> Surroundings:
        return Surroundings(
            others=self._registry.others(lease, trail, now, self._policy.max_wait_s),
            can_shrink=self._registry[lease.ref].limiter.can_shrink(lease),
            can_downgrade=can_downgrade,
            prompt_key=prompt_key,
            left=lease.at,
        )


def _was_for_room(hold: QueuedWait | None) -> bool:
    return hold is not None and hold.why.reason is WaitReason.IN_FLIGHT
