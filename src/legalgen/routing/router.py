"""The state that :mod:`legalgen.failover` decides about, shared by all workers under one lock.

A worker asks for its turn, is told to call, to wait or to stop, and reports what came of it.
The router never calls a provider and never sleeps. It keeps what there is of the route in a
:class:`Registry` (states, and a rate limiter each), and counts what is out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from random import Random

from msgspec.structs import replace

from legalgen import failover
from legalgen.completion import Completion, ModelRef, Usage
from legalgen.errors import BUSY, ErrorCategory, Failure, WaitReason
from legalgen.failover import (
    Call,
    Candidate,
    Decision,
    NoneLeft,
    Pause,
    Surroundings,
    Trail,
    Wait,
)
from legalgen.routing import spilling
from legalgen.routing.candidates import candidates
from legalgen.routing.limiter import WORTH_RESUMING_FOR
from legalgen.routing.rate_limits import Cost, Demand, Reservation
from legalgen.routing.registry import Registry, TargetEntry
from legalgen.routing.spending import SpendTracker, may_have_run
from legalgen.routing.targets import (
    MOST_IN_FLIGHT,
    Exchange,
    Lease,
    NoExchange,
    QueuedWait,
    RoutingPolicy,
    Spent,
    Target,
)
from legalgen.routing.timing import WaitTimer
from legalgen.routing.unsupported import Unsupported
from legalgen.telemetry.clock import Clock

RECHECK_S = 1.0
"""A worker that waits looks again at least this often."""

C = ErrorCategory
_OF_THE_WAY = frozenset({C.TIMEOUT, C.CONNECTION_ERROR, C.SERVER_ERROR, C.GENERAL})
"""Failures that a sleep of the machine explains."""


_FRESH = Trail()
"""A task that nothing has happened to yet."""

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
        exchange: Exchange | None = None,
    ) -> None:
        self._policy = policy or RoutingPolicy()
        self._clock = clock or Clock()
        self._random = random or Random()
        self._changed = threading.Condition()
        self.registry = Registry(targets, self._clock, self._changed)
        self.tracker = tracker or SpendTracker()
        self.unsupported = Unsupported()
        self._exchange = exchange or NoExchange()
        self._budgets = {e.target.ref: e.limiter.budgets for e in self.registry}
        self._in_flight = 0
        self._waiting = WaitTimer()
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
            if self._in_flight >= self.most_in_flight:
                return self._full(hold)
            now = self.registry.now()
            choice = self._choose(trail, demand, now, hold)
            match choice:
                case Call(ref):
                    size = demand(self.registry[ref].target)
                    lease = self._depart(ref, size, trail, now, _place_at(ref, hold))
                    if lease is None:  # another process took the room: by now that is known
                        return self.turn(trail, demand, hold)
                    self._leave_queue(hold)
                    return lease
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
        until = self.registry.now() + RECHECK_S
        if hold is not None:
            return replace(hold, seconds=RECHECK_S, until=until, why=BUSY)
        return QueuedWait(self.targets[0].ref, RECHECK_S, until, BUSY, None)

    def ready(self, demand: Callable[[Target], Demand]) -> bool:
        """Whether another call of this size is worth a worker: it would leave at once, or queue at
        the named provider while another has room, so that its turn comes when the queue is long."""
        with self._changed:
            now = self.registry.now()
            choice = self._choose(_FRESH, demand, now, None)
            if isinstance(choice, Call):
                return True
            if not isinstance(choice, Wait) or choice.why.reason is WaitReason.IN_FLIGHT:
                return False
            return any(each.ready for each in self._candidates(_FRESH, demand, now, None))

    def outlook(self, demand: Callable[[Target], Demand]) -> failover.Choice:
        """What a new task would be told now; nothing is reserved."""
        with self._changed:
            return self._choose(Trail(), demand, self.registry.now(), None)

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
            now = self.registry.now()
            entry = self._landed(lease, now)
            used = Cost(completion.usage.input_tokens, completion.usage.output_tokens)
            self.tracker.settle(entry.target, lease.cost, used)
            with self._exchange.exclusive(lease.ref, entry.limiter.budgets):
                entry.limiter.replied(lease, completion, now)
            self.registry.succeed(lease, completion.latency_s)
            # Where all calls were out there is room for one now; else it may matter to anyone.
            was_full = self._in_flight >= self.most_in_flight - 1
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
            now = self.registry.now()
            entry, ran = self._landed(lease, now), may_have_run(failure)
            if not ran:
                self.tracker.settle(entry.target, lease.cost, None)
            with self._exchange.exclusive(lease.ref, entry.limiter.budgets):
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
            typical = self.registry[lease.ref].limiter.experience.typical(lease.demand)
        return Usage(lease.cost.input_tokens, min(round(typical), lease.cost.output_tokens))

    def refused(
        self, lease: Lease, failure: Failure, trail: Trail, *, prompt_key: str = ""
    ) -> Decision:
        """A completion came back (and was reported) whose answer is not a sample."""
        with self._changed:
            now = self.registry.now()
            around = self._around(lease, trail, now, False, prompt_key)
            return self._decide(lease, failure, trail, around, now)

    def kept(self, ref: ModelRef) -> None:
        """An answer of this model passed the gate."""
        with self._changed:
            entry = self.registry[ref]
            entry.health = failover.answered(entry.health, usable=True)

    def accepted(self) -> None:
        """A sample is on disk: the waiting since the last one is forgotten."""
        with self._changed:
            self._waiting.forget(self._clock.monotonic())

    # ---------------------------------------------------------------- what others ask

    @property
    def in_flight(self) -> int:
        """Calls that are out now."""
        return self._in_flight

    @property
    def most_in_flight(self) -> int:
        """Calls that may be out at once, as far as is known now."""
        return self.registry.most_in_flight(self._policy)

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
        return tuple(entry.target for entry in self.registry)

    def close(self) -> None:
        """Share budgets with nobody any more."""
        with self._changed:
            self._exchange.close()

    def wait_for_wall(self, monotonic: float) -> float:
        """A monotonic time as seconds since the epoch."""
        return monotonic + self._clock.wall() - self._clock.monotonic()

    # ---------------------------------------------------------------- inside the lock

    def _candidates(
        self, trail: Trail, demand: Callable[[Target], Demand], now: float, hold: QueuedWait | None
    ) -> Iterator[Candidate]:
        full = self._in_flight >= self.most_in_flight
        self._exchange.freshen(self._budgets, now)
        return candidates(
            self.registry,
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
        offered = self._candidates(trail, demand, now, hold)
        first = next(offered, None)
        if first is not None and trail == _FRESH and hold is None and self._settles(first):
            return Call(first.ref)
        return failover.choose(
            [first, *offered] if first is not None else [],
            trail,
            stickiness_s=self._policy.stickiness_s,
            patience_s=max(0.0, self._policy.max_wait_s - self._waiting.at(now)),
            trickle_waits=self._policy.trickle_waits,
        )

    def _settles(self, first: Candidate) -> bool:
        """Whether the first of the route is what :func:`failover.choose` would take, whatever the
        others are: it is ready, and none of them replies in under half of its time. Most calls
        leave so, and nobody looks at the others' budgets."""
        least = failover.SAME_LATENCY * first.latency_s
        return (
            first.ready
            and not (first.poor or first.spill_s)
            and all((e.health.latency_s or least) >= least for e in self.registry)
        )

    def _depart(
        self, ref: ModelRef, demand: Demand, trail: Trail, now: float, place: Reservation | None
    ) -> Lease | Spent | None:
        """Let a call leave, unless a bound of the batch forbids it.

        None where another process has reserved the room meanwhile.
        """
        entry = self.registry[ref]
        budgets = entry.limiter.budgets
        with self._exchange.exclusive(ref, budgets):
            cost = entry.limiter.cost(demand)
            if budgets.seconds_until(cost, now, place) > 0:
                return None
            bound = self.tracker.bound(self._policy, entry.target, cost)
            if bound:
                return bound
            reservation = budgets.reserve(cost, now)
        named = self._policy.named
        away = named is not None and ref.vendor != named
        others = self.registry.named(named, now) if away else []
        self._waiting.end(now)
        self._in_flight += 1
        self.tracker.depart(entry.target, cost)
        self.registry.depart(entry, now)
        return Lease(
            ref,
            demand,
            cost,
            reservation,
            now,
            self.registry.sleep.drift(now),
            entry.epoch,
            self.registry.provider_of(entry).epoch,
            spilling.reason(self._policy, others, trail) if away else "",
        )

    def _landed(self, lease: Lease, now: float) -> TargetEntry:
        self._in_flight -= 1
        return self.registry.land(lease, now)

    def _hold(
        self,
        demand: Callable[[Target], Demand],
        wait: Wait,
        now: float,
        before: QueuedWait | None,
    ) -> QueuedWait:
        """A wait; who goes on waiting for the same target keeps the place in the queue."""
        ref = wait.ref
        place = _place_at(ref, before)
        if place is None:
            self._leave_queue(before)
        if not self._in_flight:
            self._waiting.begin(now)
        entry = self.registry[ref]
        cost = entry.limiter.cost(demand(entry.target))
        place = entry.limiter.budgets.queue(cost, now, place)
        return QueuedWait(ref, wait.seconds, now + wait.seconds, wait.why, place)

    def _leave_queue(self, hold: QueuedWait | None) -> None:
        if hold is not None and hold.place is not None:
            self.registry[hold.ref].limiter.budgets.leave(hold.place)

    def _decide(
        self, lease: Lease, failure: Failure, trail: Trail, around: Surroundings, now: float
    ) -> Decision:
        entry = self.registry[lease.ref]
        provider = self.registry.provider_of(entry)
        if failure.category in _OF_THE_WAY and self.registry.sleep.jumped_since(lease.drift, now):
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
        return self.registry.adopt(lease, decision, now)

    def _around(
        self, lease: Lease, trail: Trail, now: float, can_downgrade: bool, prompt_key: str
    ) -> Surroundings:
        return Surroundings(
            others=self.registry.others(lease, trail, now, self._policy.max_wait_s),
            can_shrink=self.registry[lease.ref].limiter.can_shrink(lease),
            can_downgrade=can_downgrade,
            prompt_key=prompt_key,
            left=lease.at,
        )


def _place_at(ref: ModelRef, hold: QueuedWait | None) -> Reservation | None:
    """The place in the queue of a target that a wait holds."""
    return hold.place if hold is not None and hold.ref == ref else None


def _was_for_room(hold: QueuedWait | None) -> bool:
    return hold is not None and hold.why.reason is WaitReason.IN_FLIGHT
