"""Asks :func:`legalgen.failover.choose` with what is known of the targets at one moment.

Nothing is reserved, and nothing here locks: the router calls it under its own lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from legalgen import failover
from legalgen.errors import WaitReason
from legalgen.failover import Call, Candidate, Choice, Trail, Wait
from legalgen.routing.candidates import candidates
from legalgen.routing.in_flight import CallsInFlight
from legalgen.routing.limiter import WORTH_RESUMING_FOR
from legalgen.routing.rate_limits import Demand
from legalgen.routing.registry import Registry
from legalgen.routing.targets import Exchange, QueuedWait, RoutingPolicy, Target

_FRESH = Trail()
"""A task that nothing has happened to yet."""


class TargetSelector:
    """Chooses where a task goes now."""

    def __init__(
        self,
        registry: Registry,
        policy: RoutingPolicy,
        calls: CallsInFlight,
        exchange: Exchange,
    ) -> None:
        self._registry = registry
        self._policy = policy
        self._calls = calls
        self._exchange = exchange
        self._budgets = {e.target.ref: e.limiter.budgets for e in registry}
        self.remaining = WORTH_RESUMING_FOR
        """Samples still to write; a pause ends when this many (or twenty) fit."""

    def choose(
        self,
        trail: Trail,
        demand: Callable[[Target], Demand],
        now: float,
        waited: QueuedWait | None = None,
    ) -> Choice:
        """Where a task goes; ``waited`` is the wait that just ended, whose place counts."""
        offered = self._candidates(trail, demand, now, waited)
        first = next(offered, None)
        if first is not None and trail == _FRESH and waited is None and self._settles(first):
            return Call(first.ref)
        return failover.choose(
            [first, *offered] if first is not None else [],
            trail,
            stickiness_s=self._policy.stickiness_s,
            patience_s=max(0.0, self._policy.max_wait_s - self._calls.waited_s(now)),
            trickle_waits=self._policy.trickle_waits,
        )

    def fresh(self, demand: Callable[[Target], Demand], now: float) -> Choice:
        """Where a new task would go."""
        return self.choose(_FRESH, demand, now)

    def serves_another(self, demand: Callable[[Target], Demand], now: float) -> bool:
        """Whether one more new task would leave at once, or queue at the named provider while
        another has room, so that its turn comes when the queue is long."""
        choice = self.fresh(demand, now)
        if isinstance(choice, Call):
            return True
        if not isinstance(choice, Wait) or choice.why.reason is WaitReason.IN_FLIGHT:
            return False
        return any(each.ready for each in self._candidates(_FRESH, demand, now))

    def _candidates(
        self,
        trail: Trail,
        demand: Callable[[Target], Demand],
        now: float,
        waited: QueuedWait | None = None,
    ) -> Iterator[Candidate]:
        self._exchange.freshen(self._budgets, now)
        return candidates(
            self._registry,
            self._policy,
            trail,
            demand,
            now,
            waited=waited,
            full=self._calls.is_full(),
            remaining=self.remaining,
        )

    def _settles(self, first: Candidate) -> bool:
        """Whether the first of the route is what :func:`failover.choose` would take, whatever the
        others are: it is ready, and none of them replies in under half of its time. Most calls
        leave so, and nobody looks at the others' budgets."""
        least = failover.SAME_LATENCY * first.latency_s
        return (
            first.ready
            and not (first.poor or first.spill_s)
            and all((e.health.latency_s or least) >= least for e in self._registry)
        )
