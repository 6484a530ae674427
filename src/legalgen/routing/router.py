"""The state that :mod:`legalgen.failover` decides about, shared by all workers under one lock.

A worker asks for its turn, is told to call, to wait or to stop, and reports what came of it.
The router never calls a provider and never sleeps: it keeps health, budgets and reservations.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random

from msgspec.structs import replace

from legalgen import failover
from legalgen.completion import Completion, LimitReading, ModelRef, Usage
from legalgen.errors import ErrorCategory, Failure
from legalgen.failover import (
    Call,
    Candidate,
    Decision,
    Health,
    NoneLeft,
    Pause,
    ProviderHealth,
    ProviderState,
    State,
    Surroundings,
    Trail,
    Wait,
)
from legalgen.routing import spilling
from legalgen.routing.rate_limits import Bucket, Budgets, Cost, Demand, Experience, Reservation
from legalgen.routing.registry import (
    ProviderEntry,
    TargetEntry,
    is_out,
    is_out_of_use,
    next_reply_s,
    room,
    room_at,
    trickles,
)
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
from legalgen.routing.unsupported import Unsupported
from legalgen.telemetry.clock import Clock

MANY_IN_FLIGHT = 16
"""Of so many calls at once a provider that has not answered yet may hold four; of fewer, two."""
CLOCK_JUMP_S = 30.0
RECHECK_S = 1.0
"""A worker that waits looks again at least this often."""
WORTH_RESUMING_FOR = 20
"""Samples that should fit before a batch that ran into a daily limit is resumed."""


C = ErrorCategory
_LIMITS = frozenset({C.RATE_LIMIT, C.QUOTA_EXHAUSTED})
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
        self._targets_by_ref = {
            t.ref: TargetEntry(t, rank, Budgets(), Experience(t.reasoning_allowance))
            for rank, t in enumerate(targets)
        }
        self._providers = {t.ref.provider: ProviderEntry() for t in targets}
        self.tracker = tracker or SpendTracker()
        self.unsupported = Unsupported()
        self._in_flight = 0
        self._waited_s = 0.0
        self._waiting_since: float | None = None
        self._drift = self._clock.wall() - self._clock.monotonic()
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
                    return self._depart(ref, demand(self._targets_by_ref[ref].target), trail, now)
                case Wait():
                    if hold is not None and hold.why == failover.BUSY != choice.why:
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
            return replace(hold, seconds=RECHECK_S, why=failover.BUSY)
        return QueuedWait(next(iter(self._targets_by_ref)), RECHECK_S, failover.BUSY, None)

    def ready(self, demand: Callable[[Target], Demand]) -> bool:
        """Whether another call of this size is worth a worker: it would leave at once, or queue at
        the named provider while another has room, so that its turn comes when the queue is long."""
        with self._changed:
            now = self._now()
            if not any(c.ready for c in self._candidates(Trail(), demand, now, None)):
                return False
            choice = self._choose(Trail(), demand, now, None)
            return isinstance(choice, Call) or (
                isinstance(choice, Wait) and choice.why != failover.BUSY
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
            now, target_entry, provider_entry = self._landed(lease)
            usage = completion.usage
            uncached = max(0, usage.input_tokens - (usage.cached_tokens or 0))
            used = Cost(uncached, usage.output_tokens)
            used_in_all = Cost(usage.input_tokens, usage.output_tokens)
            self.tracker.settle(target_entry.target, lease.cost, used_in_all)
            target_entry.budgets.settle(lease.reservation, used, now)
            self._learn(target_entry, completion.readings, lease, now)
            cut = completion.finish_reason == "length"
            target_entry.experience.note(
                lease.demand, usage.input_tokens, usage.output_tokens, cut=cut
            )
            if cut and not completion.text.strip():
                target_entry.experience.note_thinking(lease.max_completion_tokens)
            target_entry.failed = False
            if lease.epoch == target_entry.epoch:
                target_entry.health = failover.succeed(target_entry.health, completion.latency_s)
            if lease.provider_epoch == provider_entry.epoch:
                provider_entry.health = failover.provider_succeed(provider_entry.health)
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
            now, target_entry, _ = self._landed(lease)
            self._settle_failed(target_entry, lease, failure, now)
            target_entry.failed = failure.category.blame not in ("request", "answer")
            self._learn_failure(target_entry, lease, failure, now)
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
            typical = self._targets_by_ref[lease.ref].experience.typical(lease.demand)
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
            target_entry = self._targets_by_ref[ref]
            target_entry.health = failover.answered(target_entry.health, usable=True)

    def accepted(self) -> None:
        """A sample is on disk: the waiting since the last one is forgotten."""
        with self._changed:
            self._waited_s = 0.0
            if self._waiting_since is not None:
                self._waiting_since = self._clock.monotonic()

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
            return self._waited_until(self._clock.monotonic())

    @property
    def named(self) -> str | None:
        """The provider that the user named, if any."""
        return self._policy.named

    @property
    def targets(self) -> tuple[Target, ...]:
        """The route, in order."""
        return tuple(target_entry.target for target_entry in self._targets_by_ref.values())

    def view(self) -> tuple[View, ...]:
        """The route as people see it, in order: a snapshot, which no worker changes any more."""
        with self._changed:
            now = self._now()
            return tuple(
                self._view(target_entry, now) for target_entry in self._targets_by_ref.values()
            )

    def usable(self) -> bool:
        """Whether any target is not dropped."""
        with self._changed:
            return any(
                not self._is_dropped(target_entry) for target_entry in self._targets_by_ref.values()
            )

    def dropped_reasons(self) -> tuple[str, ...]:
        """For each dropped target of the route: what it was dropped for."""
        with self._changed:
            dropped = filter(self._is_dropped, self._targets_by_ref.values())
            return tuple(
                f"{entry.target.ref}: {self._provider_entry(entry).health.why or entry.health.why}"
                for entry in dropped
            )

    def wait_for_wall(self, monotonic: float) -> float:
        """A monotonic time as seconds since the epoch."""
        return monotonic + self._clock.wall() - self._clock.monotonic()

    def state_limits(self, ref: ModelRef, readings: Iterable[LimitReading]) -> None:
        """Limits that config or a tier states for a target."""
        with self._changed:
            now = self._now()
            self._targets_by_ref[ref].budgets.learn(readings, now)

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
            target_entry = self._targets_by_ref[ref]
            target_entry.health = health
            target_entry.budgets.buckets.update({(b.kind, b.window): b for b in buckets})
            target_entry.budgets.largest_request = largest_request
            target_entry.budgets.largest_output = largest_output
            target_entry.experience.shares.extend(shares)
            if tokens_per_character is not None:
                target_entry.experience.ratios.append(tokens_per_character)

    def restore_provider(self, provider: str, health: ProviderHealth) -> None:
        """Take in what was known of a provider before."""
        with self._changed:
            self._providers[provider].health = health

    def provider_health(self) -> Mapping[str, ProviderHealth]:
        """The health of each provider of the route."""
        with self._changed:
            return {name: provider_entry.health for name, provider_entry in self._providers.items()}

    # ---------------------------------------------------------------- inside the lock

    def _now(self) -> float:
        """The monotonic time; notices a machine that slept and moves all waits with it."""
        now = self._clock.monotonic()
        drift = self._clock.wall() - now
        slept = drift - self._drift
        if abs(slept) > CLOCK_JUMP_S:
            self._drift = drift
            if slept > 0:
                self._shift(slept)
        return now

    def _shift(self, seconds: float) -> None:
        for target_entry in self._targets_by_ref.values():
            target_entry.budgets.shift(seconds)
            target_entry.health = target_entry.health.shifted(seconds)
        for provider_entry in self._providers.values():
            provider_entry.health = provider_entry.health.shifted(seconds)

    def _choose(
        self, trail: Trail, demand: Callable[[Target], Demand], now: float, hold: QueuedWait | None
    ) -> failover.Choice:
        return failover.choose(
            list(self._candidates(trail, demand, now, hold)),
            trail,
            stickiness_s=self._policy.stickiness_s,
            patience_s=max(0.0, self._policy.max_wait_s - self._waited_until(now)),
            trickle_waits=self._policy.trickle_waits,
        )

    def _depart(self, ref: ModelRef, demand: Demand, trail: Trail, now: float) -> Lease | Spent:
        target_entry = self._targets_by_ref[ref]
        cost = self._cost(target_entry, demand)
        bound = self.tracker.bound(self._policy, target_entry.target, cost)
        if bound:
            return bound
        named = self._policy.named
        away = named is not None and ref.provider != named
        why = spilling.reason(self._policy, self._named(now), trail) if away else ""
        return replace(self._lease(target_entry, demand, cost, now), spilled=why)

    def _named(self, now: float) -> list[spilling.Named]:
        """The models of the provider that the user named, as far as they are in use."""
        return [
            spilling.Named(
                target_entry.health.at(now),
                self._provider_entry(target_entry).health.at(now),
                target_entry.failed,
            )
            for ref, target_entry in self._targets_by_ref.items()
            if ref.provider == self._policy.named and not self._is_dropped(target_entry)
        ]

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
        if not self._in_flight and self._waiting_since is None:
            self._waiting_since = now
        target_entry = self._targets_by_ref[ref]
        cost = self._cost(target_entry, demand(target_entry.target))
        return QueuedWait(ref, wait.seconds, wait.why, target_entry.budgets.queue(cost, now, place))

    def _leave_queue(self, hold: QueuedWait | None) -> None:
        if hold is not None and hold.place is not None:
            self._targets_by_ref[hold.ref].budgets.leave(hold.place)

    def _cost(self, target_entry: TargetEntry, demand: Demand) -> Cost:
        window = target_entry.target.context_window - target_entry.experience.input_tokens(demand)
        cap = min(target_entry.target.max_completion_tokens, window)
        return target_entry.experience.cost(demand, max(1, cap), target_entry.budgets)

    def _candidates(
        self, trail: Trail, demand: Callable[[Target], Demand], now: float, hold: QueuedWait | None
    ) -> Iterator[Candidate]:
        latencies = self._latencies()
        spill_s = spilling.added_s(self._policy, self._named(now), trail)
        return (
            self._candidate(
                target_entry,
                trail,
                demand(target_entry.target),
                now,
                latency=latencies[ref],
                spill_s=0.0 if ref.provider == self._policy.named else spill_s,
                place=hold.place if hold is not None and hold.ref == ref else None,
            )
            for ref, target_entry in self._targets_by_ref.items()
            if not self._is_dropped(target_entry)
        )

    def _latencies(self) -> dict[ModelRef, float]:
        """Typical seconds of a reply; a guess must not draw calls away from the preferred model.

        So a target that never replied counts as no faster than the first of the route, and the
        first, until it replied, as no slower than any that did.
        """
        target_entries = list(self._targets_by_ref.values())
        measured = [
            target_entry.health.latency_s
            for target_entry in target_entries
            if target_entry.health.latency_s is not None
        ]
        first = target_entries[0].health.latency_s or min(
            [target_entries[0].target.latency_s, *measured]
        )
        found = {target_entries[0].target.ref: first}
        for target_entry in target_entries[1:]:
            guess = max(first, target_entry.target.latency_s)
            found[target_entry.target.ref] = target_entry.health.latency_s or guess
        return found

    def _candidate(
        self,
        target_entry: TargetEntry,
        trail: Trail,
        demand: Demand,
        now: float,
        *,
        latency: float,
        spill_s: float,
        place: Reservation | None,
    ) -> Candidate:
        ref = target_entry.target.ref
        target_entry.health = target_entry.health.at(now)
        provider_entry = self._provider_entry(target_entry)
        provider_entry.health = provider_entry.health.at(now)
        cost = self._cost(target_entry, demand)
        fits = self._fits(target_entry, demand, cost)
        budget_s = target_entry.budgets.seconds_until(cost, now, place) if fits else math.inf
        state_s, why = self._state_wait(target_entry, provider_entry, now)
        ramp_s = (
            0.0
            if self._ramp_open(target_entry, provider_entry)
            else next_reply_s(target_entry, provider_entry, latency, now)
        )
        rest_s = trail.rest_until - now if ref == trail.failed_last else 0.0
        binding = target_entry.budgets.binding(cost, now, place) if budget_s > state_s else None
        if binding is not None:
            why = f"{binding.kind} per {binding.window}"
        return Candidate(
            ref=ref,
            rank=target_entry.rank,
            ready_in_s=max(0.0, budget_s, state_s, ramp_s, rest_s),
            latency_s=latency / max(target_entry.health.usable_share, 0.05),
            poor=target_entry.health.poor,
            trickle=target_entry.health.trickle or trickles(binding, cost),
            resume_in_s=self._worth_resuming(target_entry, cost, now),
            spill_s=spill_s,
            why=why or failover.BUSY,
        )

    def _fits(self, target_entry: TargetEntry, demand: Demand, cost: Cost) -> bool:
        """Whether the request, cut to what the model can ever grant, is worth making."""
        return cost.output_tokens >= target_entry.experience.needed(
            demand
        ) and target_entry.budgets.fits_ever(cost)

    def _state_wait(
        self, target_entry: TargetEntry, provider_entry: ProviderEntry, now: float
    ) -> tuple[float, str]:
        waits = [(0.0, "")]
        if target_entry.health.state in (State.LIMITED, State.OPEN, State.EXHAUSTED):
            waits.append((target_entry.health.until - now, target_entry.health.why))
        if provider_entry.health.state is ProviderState.OPEN:
            waits.append((provider_entry.health.until - now, provider_entry.health.why))
        return max(waits)

    def _ramp_open(self, target_entry: TargetEntry, provider_entry: ProviderEntry) -> bool:
        """Whether one more call may be in flight: two at first, doubling with each reply.

        A provider may have those of two models at once while none has answered, unless that is
        too large a share of all: where it is dead, the calls that hang there are missing
        elsewhere. Until its first reply of any kind it has two in all: its key may be refused;
        and one at a time once a connection to it was lost.
        """
        if self._in_flight >= self._policy.max_in_flight:
            return False
        if target_entry.health.state is State.PROBING and target_entry.current:
            return False
        if provider_entry.health.state is ProviderState.PROBING and provider_entry.current:
            return False
        many = self._policy.max_in_flight >= MANY_IN_FLIGHT
        return (
            target_entry.current < room(target_entry, provider_entry)
            and target_entry.in_flight < target_entry.target.max_in_flight
            and provider_entry.current < room_at(provider_entry.health, many)
        )

    def _worth_resuming(self, target_entry: TargetEntry, cost: Cost, now: float) -> float | None:
        """Seconds until the smaller of what remains and twenty samples fit the day's budgets."""
        count = max(1, min(self.remaining, WORTH_RESUMING_FOR))
        waits = [0.0]
        for bucket in target_entry.budgets.buckets.values():
            if bucket.window == "day":
                amount = min(count * cost.of(bucket.kind), bucket.limit)
                waits.append(bucket.seconds_until(amount, now))
        return max(waits)

    def _lease(self, target_entry: TargetEntry, demand: Demand, cost: Cost, now: float) -> Lease:
        provider_entry = self._provider_entry(target_entry)
        reservation = target_entry.budgets.reserve(cost, now)
        self._waited_s, self._waiting_since = self._waited_until(now), None
        self.tracker.depart(target_entry.target, cost)
        self._in_flight += 1
        target_entry.in_flight += 1
        target_entry.left = provider_entry.left = now
        target_entry.current += 1
        provider_entry.current += 1
        drift = self._clock.wall() - now
        return Lease(
            target_entry.target.ref,
            demand,
            cost,
            reservation,
            now,
            drift,
            target_entry.epoch,
            provider_entry.epoch,
        )

    def _landed(self, lease: Lease) -> tuple[float, TargetEntry, ProviderEntry]:
        now = self._now()
        target_entry, provider_entry = (
            self._targets_by_ref[lease.ref],
            self._providers[lease.ref.provider],
        )
        self._in_flight -= 1
        target_entry.in_flight -= 1
        target_entry.seen = now
        if lease.epoch == target_entry.epoch:
            target_entry.current -= 1
        if lease.provider_epoch == provider_entry.epoch:
            provider_entry.current -= 1
        return now, target_entry, provider_entry

    def _settle_failed(
        self, target_entry: TargetEntry, lease: Lease, failure: Failure, now: float
    ) -> None:
        """A call that may have run is taken as if it used all it reserved."""
        if may_have_run(failure):
            target_entry.budgets.settle(lease.reservation, lease.cost, now)
        else:
            self.tracker.settle(target_entry.target, lease.cost, None)
            target_entry.budgets.release(lease.reservation, now)

    def _learn(
        self, target_entry: TargetEntry, readings: Iterable[LimitReading], lease: Lease, now: float
    ) -> None:
        """What a reply states, and what the plan implies that only fits one of its limits."""
        readings = tuple(readings)
        for reading in readings:
            plans = [
                tier
                for tier in target_entry.target.tiers
                if any(_same_limit(reading, stated) for stated in tier)
            ]
            if len(plans) == 1:
                known = target_entry.budgets.buckets
                implied = [r for r in plans[0] if (r.kind, r.window) not in known]
                target_entry.budgets.learn(implied, now)
        target_entry.budgets.learn(readings, now, lease.reservation)

    def _learn_failure(
        self, target_entry: TargetEntry, lease: Lease, failure: Failure, now: float
    ) -> None:
        self._learn(target_entry, failure.readings, lease, now)
        known = (failure.kind, failure.window) in target_entry.budgets.buckets
        if failure.kind and failure.window and failure.limit:
            target_entry.budgets.state_limit(
                failure.kind, failure.window, float(failure.limit), now
            )
        if failure.category is ErrorCategory.CONTEXT_LENGTH:
            target_entry.budgets.learn_largest(
                lease.cost, failure.kind or "tokens", failure.limit, failure.requested
            )
        elif failure.category in _LIMITS and failure.kind and failure.window:
            bucket = target_entry.budgets.buckets.get((failure.kind, failure.window))
            if bucket is not None and failure.retry_after_s is not None:
                needed = failure.requested or lease.cost.of(failure.kind)
                level = needed - bucket.rate * failure.retry_after_s
                target_entry.budgets.drain(failure.kind, failure.window, level, now, known=known)

    def _decide(
        self, lease: Lease, failure: Failure, trail: Trail, around: Surroundings, now: float
    ) -> Decision:
        target_entry, provider_entry = (
            self._targets_by_ref[lease.ref],
            self._providers[lease.ref.provider],
        )
        if failure.category in _OF_THE_WAY and self._slept_since(lease, now):
            rule = "the clock jumped (the machine slept): forgotten"
            return Decision(
                target_entry.health, provider_entry.health, trail, failover.Then.NEXT, rule
            )
        decision = failover.decide(
            lease.ref,
            failure,
            health=target_entry.health.at(now),
            provider=provider_entry.health.at(now),
            trail=trail,
            around=around,
            now=now,
            jitter=self._random.random(),
        )
        return self._adopt(lease, target_entry, provider_entry, decision, now)

    def _slept_since(self, lease: Lease, now: float) -> bool:
        return abs(self._clock.wall() - now - lease.drift) > CLOCK_JUMP_S

    def _adopt(
        self,
        lease: Lease,
        target_entry: TargetEntry,
        provider_entry: ProviderEntry,
        decision: Decision,
        now: float,
    ) -> Decision:
        """Make the decision true, as far as the call is not outdated: what left before its
        target went out of use tells little that is new."""
        health, provider = decision.health, decision.provider
        if lease.epoch != target_entry.epoch:
            health = failover.outdated(decision, target_entry.health, now)
        if lease.provider_epoch != provider_entry.epoch:
            provider = failover.outdated_provider(decision, provider_entry.health)
        if is_out(health) and health.state is not target_entry.health.state:
            target_entry.epoch, target_entry.current = target_entry.epoch + 1, 0
        if is_out_of_use(provider) and provider.state is not provider_entry.health.state:
            provider_entry.epoch, provider_entry.current = provider_entry.epoch + 1, 0
        target_entry.health, provider_entry.health = health, provider
        if not any(self._is_usable(other, now) for other in self._targets_by_ref.values()):
            self._relent(now)
        until = decision.until and self._out_until(target_entry, provider_entry)
        return replace(
            decision, health=target_entry.health, provider=provider_entry.health, until=until
        )

    def _relent(self, now: float) -> None:
        """The panic rule: nothing can be used, so nothing is left alone for long."""
        for target_entry in self._targets_by_ref.values():
            target_entry.health = target_entry.health.relented(now)
        for provider_entry in self._providers.values():
            provider_entry.health = provider_entry.health.relented(now)

    def _out_until(self, target_entry: TargetEntry, provider_entry: ProviderEntry) -> float | None:
        """When the target may be used again; None where it is in use, or never."""
        waits = [target_entry.health.until] if is_out(target_entry.health) else []
        waits += [provider_entry.health.until] if is_out_of_use(provider_entry.health) else []
        until = max(waits, default=math.inf)
        return until if until < math.inf else None

    def _around(
        self, lease: Lease, trail: Trail, now: float, can_downgrade: bool, prompt_key: str
    ) -> Surroundings:
        others = [
            target_entry
            for other, target_entry in self._targets_by_ref.items()
            if other != lease.ref
            and other not in trail.used_up
            and not self._is_dropped(target_entry)
        ]
        return Surroundings(
            others=sum(
                self._would_fit(target_entry, lease.demand)
                and self._comes_in_time(target_entry, now)
                for target_entry in others
            ),
            can_shrink=self._can_shrink(lease),
            can_downgrade=can_downgrade,
            prompt_key=prompt_key,
            left=lease.at,
        )

    def _comes_in_time(self, target_entry: TargetEntry, now: float) -> bool:
        """Whether the target is back before the batch would rather pause."""
        wait_s, _ = self._state_wait(target_entry, self._provider_entry(target_entry), now)
        return wait_s <= self._policy.max_wait_s

    def _would_fit(self, target_entry: TargetEntry, demand: Demand) -> bool:
        return self._fits(target_entry, demand, self._cost(target_entry, demand))

    def _can_shrink(self, lease: Lease) -> bool:
        """Whether what was learnt leaves room for a smaller request that is still long enough."""
        target_entry = self._targets_by_ref[lease.ref]
        cost = self._cost(target_entry, lease.demand)
        return cost.output_tokens < lease.cost.output_tokens and self._fits(
            target_entry, lease.demand, cost
        )

    def _provider_entry(self, target_entry: TargetEntry) -> ProviderEntry:
        return self._providers[target_entry.target.ref.provider]

    def _is_dropped(self, target_entry: TargetEntry) -> bool:
        provider_entry = self._provider_entry(target_entry)
        return (
            State.DROPPED is target_entry.health.state
            or ProviderState.DROPPED is provider_entry.health.state
        )

    def _is_usable(self, target_entry: TargetEntry, now: float) -> bool:
        health = target_entry.health.at(now)
        provider_entry = self._provider_entry(target_entry).health.at(now)
        return health.state not in (State.OPEN, State.EXHAUSTED, State.DROPPED) and (
            provider_entry.state not in (ProviderState.OPEN, ProviderState.DROPPED)
        )

    def _waited_until(self, now: float) -> float:
        """Seconds that were spent waiting since the last accepted sample."""
        since = self._waiting_since
        return self._waited_s + (now - since if since is not None else 0.0)

    def _view(self, target_entry: TargetEntry, now: float) -> View:
        health = target_entry.health.at(now)
        provider_entry = self._provider_entry(target_entry).health.at(now)
        state, until, why = health.state.value, health.until, health.why
        if provider_entry.state in (ProviderState.OPEN, ProviderState.DROPPED):
            state, until, why = provider_entry.state.value, provider_entry.until, provider_entry.why
        waits = state in (State.LIMITED, State.OPEN, State.EXHAUSTED)
        return View(
            target_entry.target.ref,
            state,
            until if waits else None,
            why,
            target_entry.in_flight,
            health,
            # The caller reads these without the lock, while workers change the router's own.
            target_entry.budgets.snapshot(),
            target_entry.experience.snapshot(),
            target_entry.seen,
        )


def _same_limit(reading: LimitReading, stated: LimitReading) -> bool:
    return (reading.kind, reading.window, reading.limit) == (
        stated.kind,
        stated.window,
        stated.limit,
    )
