"""The targets of a route as :func:`legalgen.failover.choose` sees them.

For each: seconds until its state, its budgets and its ramp let a call leave, and how long a reply
takes it. The ramp bounds the calls that hang where nobody answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from legalgen import failover
from legalgen.completion import ModelRef
from legalgen.errors import BUSY, Obstacle, Trouble, WaitReason
from legalgen.failover import Candidate, ProviderHealth, ProviderState, State, Trail
from legalgen.routing import spilling
from legalgen.routing.limiter import trickles
from legalgen.routing.rate_limits import Bucket, Demand
from legalgen.routing.registry import ProviderEntry, Registry, TargetEntry
from legalgen.routing.targets import MOST_IN_FLIGHT, QueuedWait, RoutingPolicy, Target

MANY_IN_FLIGHT = 16
"""Of so many calls at once a provider that has not answered yet may hold four; of fewer, two."""


def candidates(
    registry: Registry,
    policy: RoutingPolicy,
    trail: Trail,
    demand: Callable[[Target], Demand],
    now: float,
    *,
    hold: QueuedWait | None,
    full: bool,
    remaining: int,
) -> Iterator[Candidate]:
    """Every target that is not dropped, for one task at one moment.

    ``hold`` is the wait that just ended, whose place in the queue counts. ``full``: as many calls
    are in flight as there may be. ``remaining`` samples are still to be written.
    """
    latencies = _latencies(registry)
    spill_s = spilling.added_s(policy, registry.named(policy.named, now), trail)
    for entry in registry.in_use():
        ref = entry.target.ref
        entry.health = entry.health.at(now)
        provider = registry.provider_of(entry)
        provider.health = provider.health.at(now)
        limiter, size = entry.limiter, demand(entry.target)
        cost = limiter.cost(size)
        place = hold.place if hold is not None and hold.ref == ref else None
        fits = limiter.fits(size, cost)
        budget_s = limiter.budgets.seconds_until(cost, now, place) if fits else math.inf
        state_s, trouble = registry.state_wait(entry, now)
        open_ = not full and _ramp_open(entry, provider, policy.max_in_flight)
        ramp_s = 0.0 if open_ else _next_reply_s(entry, provider, latencies[ref], now)
        rest_s = trail.rest_until - now if ref == trail.failed_last else 0.0
        binding = limiter.budgets.binding(cost, now, place) if budget_s > state_s else None
        yield Candidate(
            ref=ref,
            rank=entry.rank,
            ready_in_s=max(0.0, budget_s, state_s, ramp_s, rest_s),
            latency_s=latencies[ref] / max(entry.health.usable_share, 0.05),
            poor=entry.health.poor,
            trickle=entry.health.trickle or trickles(binding, cost),
            resume_in_s=limiter.worth_resuming_s(cost, remaining, now),
            spill_s=0.0 if ref.vendor == policy.named else spill_s,
            why=_obstacle(binding, trouble),
        )


def _obstacle(binding: Bucket | None, trouble: Trouble | None) -> Obstacle:
    if binding is not None:
        return Obstacle(WaitReason.BUDGET, limit=(binding.kind, binding.window))
    return Obstacle(WaitReason.STATE, trouble=trouble) if trouble is not None else BUSY


def _latencies(registry: Registry) -> dict[ModelRef, float]:
    """Typical seconds of a reply; a guess must not draw calls away from the preferred model.

    So a target that never replied counts as no faster than the first of the route, and the
    first, until it replied, as no slower than any that did.
    """
    preferred, *others = registry
    measured = [e.health.latency_s for e in registry if e.health.latency_s is not None]
    first = preferred.health.latency_s or min([preferred.target.latency_s, *measured])
    found = {preferred.target.ref: first}
    for entry in others:
        guess = max(first, entry.target.latency_s)
        found[entry.target.ref] = entry.health.latency_s or guess
    return found


def _ramp_open(target: TargetEntry, provider: ProviderEntry, max_in_flight: int) -> bool:
    """Whether one more call may be in flight: two at first, doubling with each reply.

    A provider may have those of two models at once while none has answered, unless that is
    too large a share of all: where it is dead, the calls that hang there are missing
    elsewhere. Until its first reply of any kind it has two in all: its key may be refused;
    and one at a time once a connection to it was lost.
    """
    if target.health.state is State.PROBING and target.current:
        return False
    if provider.health.state is ProviderState.PROBING and provider.current:
        return False
    many = max_in_flight >= MANY_IN_FLIGHT
    return (
        target.current < _room(target, provider)
        and target.in_flight < target.target.max_in_flight
        and provider.current < _room_at(provider.health, many)
    )


def _next_reply_s(
    target: TargetEntry, provider: ProviderEntry, latency: float, now: float
) -> float:
    """Seconds until a call that is out has likely ended: calls that left together end together, a
    ``latency`` later; of others nobody knows, half of one is the mean. One that is overdue is
    likely out for as long again as it is late: a server that hangs is not waited for."""
    due = (target.left if target.in_flight else provider.left) + latency - now
    return max(latency / 2, abs(due) if provider.current else due, failover.LEAST_WAIT_S)


def _room(target: TargetEntry, provider: ProviderEntry) -> int:
    """Calls that a target may have in flight: what its own replies allow, or its provider's.

    Those of the provider's other models count once it has replied itself, until it goes out of
    use: then it begins anew.
    """
    answered = target.health.answered
    if not answered:
        return min(_ramp(0), max(1, failover.FAILURES_TO_OPEN - target.health.failures))
    return _ramp(answered if target.epoch else max(answered, provider.health.answered))


def _room_at(provider: ProviderHealth, many: bool) -> int:
    """Calls that a provider may have in flight; ``many``: the first calls of two models at once."""
    if not provider.heard:
        return 1 if provider.lost else _ramp(0)
    return _ramp(provider.answered + many)


def _ramp(answered: int) -> int:
    return min(MOST_IN_FLIGHT, 2 << min(answered, 6))
