"""The state that :mod:`legalgen.failover` decides about, shared by all workers under one lock.

A worker asks for its turn, is told to call, to wait or to stop, and reports what came of it.
The router never calls a provider and never sleeps. What there is of the route is kept by a
:class:`Registry` (states, and a rate limiter each), what is out by :class:`CallsInFlight`, who
waits by a :class:`WaitQueue`; a :class:`TargetSelector` chooses.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from random import Random

from legalgen import failover
from legalgen.completion import Completion, ModelRef
from legalgen.errors import Failure, WaitReason
from legalgen.failover import Call, Choice, Decision, NoneLeft, Pause, Trail, Wait
from legalgen.routing import spilling
from legalgen.routing.in_flight import CallsInFlight
from legalgen.routing.queue import WaitQueue
from legalgen.routing.rate_limits import Cost, Demand, Reservation
from legalgen.routing.registry import Registry, TargetEntry
from legalgen.routing.selector import TargetSelector
from legalgen.routing.spending import SpendTracker, may_have_run
from legalgen.routing.targets import (
    MOST_IN_FLIGHT,
    RECHECK_S,
    Exchange,
    Lease,
    NoExchange,
    QueuedWait,
    RoutingPolicy,
    Spent,
    Target,
    place_at,
)
from legalgen.routing.unsupported import Unsupported
from legalgen.telemetry.clock import Clock

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
        self.policy = policy or RoutingPolicy()
        self._clock = clock or Clock()
        self._random = random or Random()
        self._changed = threading.Condition()
        self._exchange = exchange or NoExchange()
        self.registry = Registry(targets, self._clock, self._changed)
        self.tracker = tracker or SpendTracker()
        self.unsupported = Unsupported()
        self._calls = CallsInFlight(self.registry, self.policy)
        self._queue = WaitQueue(self.registry, self._calls)
        self._selector = TargetSelector(self.registry, self.policy, self._calls, self._exchange)

    # ---------------------------------------------------------------- what a worker asks

    def turn(
        self,
        trail: Trail,
        demand: Callable[[Target], Demand],
        waited: QueuedWait | None = None,
    ) -> Turn:
        """Where this task goes now. ``waited`` is the wait that just ended."""
        with self._changed:
            now = self.registry.now()
            if self._calls.is_full():
                return self._queue.await_room(now, waited)
            choice = self._selector.choose(trail, demand, now, waited)
            match choice:
                case Call(ref):
                    size = demand(self.registry[ref].target)
                    lease = self._depart(ref, size, trail, now, place_at(ref, waited))
                    if lease is None:  # another process took the room: by now that is known
                        return self.turn(trail, demand, waited)
                    self._queue.leave(waited)
                    return lease
                case Wait():
                    for_room = waited is not None and waited.for_room
                    if for_room and choice.why.reason is not WaitReason.IN_FLIGHT:
                        self._changed.notify()  # it cannot take the free place: perhaps another
                    return self._queue.join(demand, choice, now, waited)
                case Pause() if self._calls.count:
                    self._queue.leave(waited)
                    return self._queue.await_room(now, None)
                case _:
                    self._queue.leave(waited)
                    return choice

    def ready(self, demand: Callable[[Target], Demand]) -> bool:
        """Whether another call of this size is worth a worker."""
        with self._changed:
            return self._selector.serves_another(demand, self.registry.now())

    def outlook(self, demand: Callable[[Target], Demand]) -> Choice:
        """What a new task would be told now; nothing is reserved."""
        with self._changed:
            return self._selector.fresh(demand, self.registry.now())

    def rest(self, seconds: float) -> None:
        """Sleep at most ``seconds``; ends early when something changed that may matter."""
        with self._changed:
            self._clock.wait(self._changed, min(seconds, RECHECK_S))

    def wake(self) -> None:
        """End every rest now."""
        with self._changed:
            self._changed.notify_all()

    def give_back(self, waited: QueuedWait) -> None:
        """A worker stops waiting for good."""
        with self._changed:
            self._queue.leave(waited)
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
            self.registry.succeed(lease, completion.latency_s, now)
            # Where all calls were out there is room for one now; else it may matter to anyone.
            was_full = self._calls.is_full(1)
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
            entry, used = self._landed(lease, now), self._used(lease, failure)
            self.tracker.fail(entry.target, lease.cost, used, failure)
            with self._exchange.exclusive(lease.ref, entry.limiter.budgets):
                entry.limiter.failed(lease, failure, now, used)
            entry.failed = failure.category.blame not in ("request", "answer")
            decision = self._decide(
                lease, failure, trail, now, can_downgrade=can_downgrade, prompt_key=prompt_key
            )
            self._changed.notify_all()
            return decision

    def refused(
        self, lease: Lease, failure: Failure, trail: Trail, *, prompt_key: str = ""
    ) -> Decision:
        """A completion came back (and was reported) whose answer is not a sample."""
        with self._changed:
            return self._decide(lease, failure, trail, self.registry.now(), prompt_key=prompt_key)

    def kept(self, *refs: ModelRef) -> None:
        """An answer of each of these models passed the gate."""
        with self._changed:
            for ref in refs:
                entry = self.registry[ref]
                entry.health = failover.answered(entry.health, usable=True)

    def accepted(self) -> None:
        """A sample is on disk: the waiting since the last one is forgotten."""
        with self._changed:
            self._calls.accept(self._clock.monotonic())

    def set_remaining(self, samples: int) -> None:
        """So many are still to write: a pause ends when they (or twenty) fit."""
        self._selector.remaining = samples

    # ---------------------------------------------------------------- what others ask

    @property
    def in_flight(self) -> int:
        """Calls that are out now."""
        return self._calls.count

    @property
    def most_in_flight(self) -> int:
        """Calls that may be out at once, as far as is known now."""
        return self._calls.most

    @property
    def waited_s(self) -> float:
        """Seconds of waiting, with nothing in flight, since the last accepted sample."""
        with self._changed:
            return self._calls.waited_s(self._clock.monotonic())

    def close(self) -> None:
        """Share budgets with nobody any more."""
        with self._changed:
            self._exchange.close()

    # ---------------------------------------------------------------- inside the lock

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
            bound = self.tracker.bound(self.policy, entry.target, cost)
            if bound:
                return bound
            reservation = budgets.reserve(cost, now)
        named = self.policy.named
        away = named is not None and ref.vendor != named
        others = self.registry.named(named, now) if away else []
        self._calls.depart(now)
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
            entry.provider.epoch,
            spilling.reason(self.policy, others, trail) if away else "",
        )

    def _used(self, lease: Lease, failure: Failure) -> Cost | None:
        """What a failed call took: all that was reserved where it may have run and its reply says
        nothing of it; None: nothing."""
        if failure.usage is None:
            return lease.cost if may_have_run(failure) else None
        usage = self.registry.usage_of(lease, failure)
        return Cost(usage.input_tokens, usage.output_tokens)

    def _landed(self, lease: Lease, now: float) -> TargetEntry:
        self._calls.land()
        return self.registry.land(lease, now)

    def _decide(
        self,
        lease: Lease,
        failure: Failure,
        trail: Trail,
        now: float,
        *,
        prompt_key: str,
        can_downgrade: bool = False,
    ) -> Decision:
        return self.registry.decide(
            lease,
            failure,
            trail,
            now,
            max_wait_s=self.policy.max_wait_s,
            random=self._random,
            can_downgrade=can_downgrade,
            prompt_key=prompt_key,
        )
