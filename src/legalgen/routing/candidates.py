"""The targets of a route as :func:`legalgen.failover.choose` sees them.

For each: seconds until its state, its budgets and its ramp let a call leave, and how long a reply
takes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache

from legalgen.completion import ModelRef
from legalgen.errors import BUSY, Obstacle, Trouble, WaitReason
from legalgen.failover import Candidate, Trail
from legalgen.routing import spilling
from legalgen.routing.limiter import trickles
from legalgen.routing.ramp import Ramp
from legalgen.routing.rate_limits import Bucket, Demand
from legalgen.routing.registry import Registry
from legalgen.routing.targets import QueuedWait, RoutingPolicy, Target, place_at


def candidates(
    registry: Registry,
    policy: RoutingPolicy,
    trail: Trail,
    demand: Callable[[Target], Demand],
    now: float,
    *,
    waited: QueuedWait | None,
    full: bool,
    remaining: int,
) -> Iterator[Candidate]:
    """Every target that is not dropped, for one task at one moment.

    ``waited`` is the wait that just ended, whose place in the queue counts. ``full``: as many calls
    are in flight as there may be. ``remaining`` samples are still to be written.
    """
    latencies = _latencies(registry)
    # Most calls leave for the first of the route, and nobody asks for the others.
    others_s = (
        cache(lambda: spilling.added_s(policy, registry.named(policy.named, now), trail))
        if policy.named is not None
        else None
    )
    in_use = registry.in_use()
    alone = len(in_use) == 1
    for entry in in_use:
        ref = entry.target.ref
        entry.health = entry.health.at(now)
        provider = entry.provider
        provider.health = provider.health.at(now)
        limiter, size = entry.limiter, demand(entry.target)
        cost = limiter.cost(size)
        place = place_at(ref, waited)
        fits = limiter.fits(size, cost)
        longest_s, awaited = limiter.budgets.longest_wait(cost, now, place)
        budget_s = longest_s if fits else math.inf
        state_s, trouble = registry.state_wait(entry, now)
        ramp = Ramp(policy, entry, provider, alone=alone, now=now)
        open_ = not full and ramp.is_open()
        ramp_s = 0.0 if open_ else ramp.opens_in_s(latencies[ref])
        rest_s = trail.rest_until - now if ref == trail.failed_last else 0.0
        binding = awaited if budget_s > state_s else None
        ready_in_s = max(0.0, budget_s, state_s, ramp_s, rest_s)
        yield Candidate(
            ref=ref,
            rank=entry.rank,
            ready_in_s=ready_in_s,
            # Seconds a usable answer; bounded, so that a model without any is tried again.
            latency_s=latencies[ref] / max(entry.health.usable_share, 0.05),
            poor=entry.health.poor,
            trickle=entry.health.trickle or trickles(binding, cost),
            resume_in_s=limiter.worth_resuming_s(cost, remaining, now) if ready_in_s else None,
            spill_s=0.0 if others_s is None or ref.vendor == policy.named else others_s(),
            why=_obstacle(binding, trouble, trail if rest_s > 0 else None),
        )


def _obstacle(binding: Bucket | None, trouble: Trouble | None, resting: Trail | None) -> Obstacle:
    if binding is not None:
        return Obstacle(WaitReason.BUDGET, limit=(binding.kind, binding.window))
    if trouble is not None:
        return Obstacle(WaitReason.STATE, trouble=trouble)
    # Only this task leaves it alone: for all others it takes calls, as one that is busy will.
    return BUSY if resting is None else Obstacle(trouble=resting.trouble)


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
