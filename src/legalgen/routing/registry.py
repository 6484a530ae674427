"""What is known of each target and provider of a route, and how calls and decisions change it.

The router and its registry share one lock, which may be taken twice by one thread. What workers
report comes through the router, which holds it; what others ask stands first, and takes it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from random import Random

import msgspec
from msgspec.structs import replace

from legalgen import failover
from legalgen.completion import Completion, LimitReading, ModelRef, Usage
from legalgen.errors import ErrorCategory, Failure, Trouble
from legalgen.failover import (
    Decision,
    Health,
    ProviderHealth,
    ProviderState,
    State,
    Surroundings,
    Trail,
)
from legalgen.routing import spilling
from legalgen.routing.adaptive import AdaptiveLimit
from legalgen.routing.limiter import RateLimiter, Shortfall, smallest_shortfall
from legalgen.routing.outdated import outdated, outdated_provider
from legalgen.routing.rate_limits import Bucket, Budgets, Demand, counted
from legalgen.routing.spending import may_have_run
from legalgen.routing.targets import Lease, Target, View
from legalgen.routing.timing import SleepDetector
from legalgen.telemetry.clock import Clock

C = ErrorCategory
_OF_THE_WAY = frozenset({C.TIMEOUT, C.CONNECTION_ERROR, C.SERVER_ERROR, C.GENERAL})
"""Failures that a sleep of the machine explains."""


class ProviderEntry(msgspec.Struct):
    """Everything the router keeps of one provider."""

    health: ProviderHealth = msgspec.field(default_factory=ProviderHealth)
    budgets: Budgets = msgspec.field(default_factory=Budgets)
    """What all its models share, where it says that they do."""
    current: int = 0
    epoch: int = 0
    left: float = -math.inf
    """When the newest call to any of its models left, monotonic."""


class TargetEntry(msgspec.Struct):
    """Everything the router keeps of one target."""

    target: Target
    rank: int
    provider: ProviderEntry
    limiter: RateLimiter
    health: Health = msgspec.field(default_factory=Health)
    in_flight: int = 0
    current: int = 0
    """Calls in flight that left since the target last went out of use."""
    epoch: int = 0
    left: float = -math.inf
    """When its newest call left, monotonic."""
    before: int = 0
    """Calls in flight that left before its last failure was known."""
    began: float = -math.inf
    """When the first of its ``current`` calls left."""
    adaptive: AdaptiveLimit = msgspec.field(default_factory=AdaptiveLimit)
    """Calls that ``auto`` may keep in flight while no limit binds."""
    seen: float | None = None
    failed: bool = False
    """Whether its latest call failed by its own fault or its provider's."""


class Registry:
    """The targets of a route and their providers."""

    def __init__(self, targets: Sequence[Target], clock: Clock, lock: threading.Condition) -> None:
        self._clock = clock
        self._lock = lock
        self.sleep = SleepDetector(clock)
        self.providers = {
            t.ref.provider: ProviderEntry(budgets=Budgets(share=t.quota_share)) for t in targets
        }
        self._targets = {t.ref: self._entry(t, rank) for rank, t in enumerate(targets)}

    def _entry(self, target: Target, rank: int) -> TargetEntry:
        provider = self.providers[target.ref.provider]
        return TargetEntry(target, rank, provider, RateLimiter(target, provider.budgets))

    def __iter__(self) -> Iterator[TargetEntry]:
        """The targets in the order of the route."""
        return iter(self._targets.values())

    def __getitem__(self, ref: ModelRef) -> TargetEntry:
        return self._targets[ref]

    def now(self) -> float:
        """The monotonic time; notices a machine that slept and moves all waits with it."""
        now = self._clock.monotonic()
        if slept := self.sleep.slept():
            self._shift(slept)
        return now

    # ---------------------------------------------------------------- what others ask, and restore

    def view(self) -> tuple[View, ...]:
        """The route as people see it, in order: a snapshot, which no worker changes any more."""
        with self._lock:
            now = self.now()
            return tuple(self._view(entry, now) for entry in self)

    def usable(self) -> frozenset[ModelRef]:
        """The targets that are not dropped."""
        with self._lock:
            return frozenset(entry.target.ref for entry in self.in_use())

    @property
    def targets(self) -> tuple[Target, ...]:
        """The route, in order."""
        return tuple(entry.target for entry in self)

    def has_answered(self, ref: ModelRef) -> bool:
        """Whether a target ever answered, in this process or before."""
        with self._lock:
            return self[ref].health.latency_s is not None

    def counted(self, lease: Lease, completion: Completion) -> Completion:
        """A completion with the tokens it took, estimated where its reply does not say."""
        text = completion.text + (completion.thinking or "")
        usage = self._counted(lease, completion.usage, text)
        return completion if usage is completion.usage else replace(completion, usage=usage)

    def usage_of(self, lease: Lease, failure: Failure) -> Usage:
        """What a failed call is taken to have used, where it may have run: what its reply says,
        else what calls of its size usually take."""
        if failure.usage is not None:
            return self._counted(lease, failure.usage, failure.answer)
        return self.usual(lease) if may_have_run(failure) else Usage()

    def usual(self, lease: Lease) -> Usage:
        """What calls of this size usually take."""
        with self._lock:
            typical = self[lease.ref].limiter.experience.typical(lease.demand)
        return Usage(lease.cost.input_tokens, min(round(typical), lease.cost.output_tokens))

    def _counted(self, lease: Lease, usage: Usage, text: str) -> Usage:
        """The tokens of a call that made ``text``, estimated where its reply does not say."""
        context = self[lease.ref].target.context_window
        most = min(lease.demand.most_input, context), context
        return counted(usage, text, lambda: lease.cost.input_tokens, most)

    def troubles(self, *, refused: bool = False) -> tuple[Trouble, ...]:
        """For each dropped target: what it, or its provider, was dropped for.

        With ``refused`` also for those whose provider refuses the key for now, after it worked.
        """
        with self._lock:
            return tuple(self._troubles(refused=refused))

    def provider_health(self) -> Mapping[str, ProviderHealth]:
        """The health of each provider of the route."""
        with self._lock:
            return {name: entry.health for name, entry in self.providers.items()}

    def shortfalls(
        self, demands: Callable[[Target], Iterable[Demand]]
    ) -> dict[ModelRef, Shortfall]:
        """The targets in use that can take none of these requests, and what the smallest of them
        is too large for."""
        with self._lock:
            found = {}
            for entry in self.in_use():
                short = smallest_shortfall(entry.limiter, demands(entry.target))
                if short is not None:
                    found[entry.target.ref] = short
            return found

    def state_limits(self, ref: ModelRef, readings: Iterable[LimitReading]) -> None:
        """Limits that config states for a target."""
        with self._lock:
            self[ref].limiter.budgets.state(readings, self.now())

    def restore(
        self,
        ref: ModelRef,
        *,
        health: Health,
        buckets: Iterable[Bucket] = (),
        common: Iterable[Bucket] = (),
        largest_request: int | None = None,
        largest_output: int | None = None,
        tokens_per_character: float | None = None,
        shares: Iterable[float] = (),
    ) -> None:
        """Take in what was known of a target before this process began."""
        with self._lock:
            entry = self[ref]
            entry.health = health
            entry.limiter.restore(
                buckets,
                common,
                largest_request=largest_request,
                largest_output=largest_output,
                tokens_per_character=tokens_per_character,
                shares=shares,
            )

    def restore_provider(self, provider: str, health: ProviderHealth) -> None:
        """Take in what was known of a provider before."""
        with self._lock:
            self.providers[provider].health = health

    # ---------------------------------------------------------------- what the router reads off

    def is_dropped(self, entry: TargetEntry) -> bool:
        """Whether the target, or its provider, is out for the batch."""
        return (
            State.DROPPED is entry.health.state
            or ProviderState.DROPPED is entry.provider.health.state
        )

    def is_usable(self, entry: TargetEntry, now: float) -> bool:
        """Whether the target is in use, if only once a limit is over."""
        health, provider = entry.health.at(now), entry.provider.health.at(now)
        in_use = health.state not in (State.OPEN, State.EXHAUSTED, State.DROPPED)
        return in_use and provider.state not in (ProviderState.OPEN, ProviderState.DROPPED)

    def in_use(self) -> list[TargetEntry]:
        """The targets that are not dropped, in the order of the route."""
        return [entry for entry in self if not self.is_dropped(entry)]

    def state_wait(self, entry: TargetEntry, now: float) -> tuple[float, Trouble | None]:
        """Seconds that state and provider ask to leave a target alone, and why."""
        provider = entry.provider
        wait: tuple[float, Trouble | None] = (0.0, None)
        if entry.health.state in (State.LIMITED, State.OPEN, State.EXHAUSTED):
            wait = max(wait, (entry.health.until - now, entry.health.trouble), key=itemgetter(0))
        if provider.health.state is ProviderState.OPEN:
            own = (provider.health.until - now, provider.health.trouble)
            wait = max(wait, own, key=itemgetter(0))
        return wait

    def named(self, provider: str | None, now: float) -> list[spilling.Named]:
        """The models of the provider that the user named, as far as they are in use."""
        if provider is None:
            return []
        return [
            spilling.Named(entry.health.at(now), entry.provider.health.at(now), entry.failed)
            for entry in self.in_use()
            if entry.target.ref.vendor == provider
        ]

    def _troubles(self, *, refused: bool) -> Iterator[Trouble]:
        for entry in self:
            provider = entry.provider.health
            trouble = provider.trouble or entry.health.trouble
            barred = provider.refusals > 0 and provider.state is not ProviderState.UP
            if trouble is not None and (self.is_dropped(entry) or (refused and barred)):
                yield replace(trouble, target=entry.target.ref)

    def _view(self, entry: TargetEntry, now: float) -> View:
        health, provider = entry.health.at(now), entry.provider.health.at(now)
        state, until, trouble = health.state.value, health.until, health.trouble
        if provider.state in (ProviderState.OPEN, ProviderState.DROPPED):
            state, until, trouble = provider.state.value, provider.until, provider.trouble
        waits = state in (State.LIMITED, State.OPEN, State.EXHAUSTED)
        return View(
            entry.target.ref,
            state,
            until if waits else None,
            trouble,
            entry.in_flight,
            health,
            entry.limiter.budgets.snapshot(),
            entry.limiter.experience.snapshot(),
            entry.seen,
            entry.limiter.budgets.first_wait(now),
        )

    # ---------------------------------------------------------------- what calls change

    def depart(self, entry: TargetEntry, now: float) -> None:
        """A call leaves for a target."""
        provider = entry.provider
        if not entry.current:
            entry.began = now
        entry.in_flight += 1
        entry.left = provider.left = now
        entry.current += 1
        provider.current += 1

    def land(self, lease: Lease, now: float) -> TargetEntry:
        """A call is over; its target."""
        entry = self[lease.ref]
        provider = entry.provider
        entry.in_flight -= 1
        entry.seen = now
        if entry.before and lease.at <= entry.health.broke_at:
            entry.before -= 1
        # Calls of an earlier epoch were taken off when it ended.
        if lease.epoch == entry.epoch:
            entry.current -= 1
        if lease.provider_epoch == provider.epoch:
            provider.current -= 1
        return entry

    def succeed(self, lease: Lease, latency_s: float, now: float) -> None:
        """A reply came: its target and provider are up, unless they went out of use meanwhile."""
        entry = self[lease.ref]
        provider = entry.provider
        entry.failed = False
        if lease.epoch == entry.epoch:
            entry.health = failover.succeed(entry.health, latency_s)
            entry.adaptive.reply(lease.at, latency_s, entry.in_flight, now)
        if lease.provider_epoch == provider.epoch:
            provider.health = failover.provider_succeed(provider.health)

    def decide(
        self,
        lease: Lease,
        failure: Failure,
        trail: Trail,
        now: float,
        *,
        max_wait_s: float,
        random: Random,
        can_downgrade: bool = False,
        prompt_key: str = "",
    ) -> Decision:
        """What a failure means by :func:`legalgen.failover.decide`, made true of its target and
        provider.

        ``max_wait_s`` is how soon another target must come back to count as one that is left.
        """
        entry = self[lease.ref]
        provider = entry.provider
        if failure.category in _OF_THE_WAY and self.sleep.jumped_since(lease.drift, now):
            rule = "the clock jumped (the machine slept): forgotten"
            return Decision(entry.health, provider.health, trail, failover.Then.NEXT, rule)
        others = self._others(lease, trail, now, max_wait_s)
        around = Surroundings(
            others=len(others),
            siblings=frozenset(ref for ref in others if ref.provider == lease.ref.provider),
            can_shrink=entry.limiter.can_shrink(lease),
            can_downgrade=can_downgrade,
            prompt_key=prompt_key,
            left=lease.at,
        )
        decision = failover.decide(
            lease.ref,
            failure,
            health=entry.health.at(now),
            provider=provider.health.at(now),
            trail=trail,
            around=around,
            now=now,
            jitter=random.random(),
        )
        return self._adopt(lease, decision, now)

    def _others(self, lease: Lease, trail: Trail, now: float, max_wait_s: float) -> list[ModelRef]:
        """The other targets that a task can still be offered and that come back in time."""
        return [
            entry.target.ref
            for entry in self.in_use()
            if entry.target.ref != lease.ref
            and entry.target.ref not in trail.used_up
            and entry.limiter.fits(lease.demand, entry.limiter.cost(lease.demand))
            and self.state_wait(entry, now)[0] <= max_wait_s
        ]

    def _adopt(self, lease: Lease, decision: Decision, now: float) -> Decision:
        """Make the decision true, as far as the call is not outdated: what left before its
        target went out of use tells little that is new."""
        entry = self[lease.ref]
        kept = entry.provider
        health, provider = decision.health, decision.provider
        if lease.epoch != entry.epoch:
            health = outdated(decision, entry.health, now)
        if lease.provider_epoch != kept.epoch:
            provider = outdated_provider(decision, kept.health)
        # The ramp begins anew: calls that are still out take none of its room, and what comes of
        # them is of the epoch before.
        if _is_out(health) and health.state is not entry.health.state:
            entry.epoch, entry.current = entry.epoch + 1, 0
            entry.adaptive.fall(now)
        if _is_out_of_use(provider) and provider.state is not kept.health.state:
            kept.epoch, kept.current = kept.epoch + 1, 0
        if health.broke_at != entry.health.broke_at:
            entry.before = entry.in_flight
        entry.health, kept.health = health, provider
        if not any(self.is_usable(other, now) for other in self):
            self._relent(now)
        until = decision.until and self._out_until(entry)
        return replace(decision, health=entry.health, provider=kept.health, until=until)

    def _relent(self, now: float) -> None:
        """The panic rule: nothing can be used, so nothing is left alone for long."""
        for entry in self:
            entry.health = entry.health.relented(now)
        for provider in self.providers.values():
            provider.health = provider.health.relented(now)

    def _out_until(self, entry: TargetEntry) -> float | None:
        """When the target may be used again; None where it is in use, or never."""
        provider = entry.provider
        waits = [entry.health.until] if _is_out(entry.health) else []
        waits += [provider.health.until] if _is_out_of_use(provider.health) else []
        until = max(waits, default=math.inf)
        return until if until < math.inf else None

    def _shift(self, seconds: float) -> None:
        """The machine slept: waits went by, and budgets refilled meanwhile."""
        for entry in self:
            entry.limiter.budgets.shift(seconds)
            entry.health = entry.health.shifted(seconds)
        for provider in self.providers.values():
            provider.budgets.shift(seconds)
            provider.health = provider.health.shifted(seconds)


def _is_out(health: Health) -> bool:
    """Whether a target is out of use for a time or for good."""
    return health.state in (State.LIMITED, State.OPEN, State.EXHAUSTED, State.DROPPED)


def _is_out_of_use(provider: ProviderHealth) -> bool:
    """Whether a provider is out of use for a time or for good."""
    return provider.state in (ProviderState.OPEN, ProviderState.DROPPED)
