"""What the router keeps of each target and provider, and what can be read off it."""

from __future__ import annotations

import math

import msgspec

from legalgen import failover
from legalgen.failover import (
    Health,
    ProviderHealth,
    ProviderState,
    State,
)
from legalgen.routing.rate_limits import Bucket, Budgets, Cost, Experience
from legalgen.routing.targets import (
    MOST_IN_FLIGHT,
    Target,
)

TRICKLE_S = 30.0
"""A daily window that frees a request no sooner than this is not waited for."""


class TargetEntry(msgspec.Struct):
    """Everything the router keeps of one target."""

    target: Target
    rank: int
    budgets: Budgets
    experience: Experience
    health: Health = msgspec.field(default_factory=Health)
    in_flight: int = 0
    current: int = 0
    """Calls in flight that left since the target last went out of use."""
    epoch: int = 0
    left: float = -math.inf
    """When its newest call left, monotonic."""
    seen: float | None = None
    failed: bool = False
    """Whether its latest call failed by its own fault or its provider's."""


class ProviderEntry(msgspec.Struct):
    """Everything the router keeps of one provider."""

    health: ProviderHealth = msgspec.field(default_factory=ProviderHealth)
    current: int = 0
    epoch: int = 0
    left: float = -math.inf
    """When the newest call to any of its models left, monotonic."""


def next_reply_s(
    target_entry: TargetEntry, provider_entry: ProviderEntry, latency: float, now: float
) -> float:
    """Seconds until a call that is out has likely ended: calls that left together end together, a
    ``latency`` later; of others nobody knows, half of one is the mean. One that is overdue is
    likely out for as long again as it is late: a server that hangs is not waited for."""
    due = (target_entry.left if target_entry.in_flight else provider_entry.left) + latency - now
    return max(latency / 2, abs(due) if provider_entry.current else due, failover.LEAST_WAIT_S)


def room(target_entry: TargetEntry, provider_entry: ProviderEntry) -> int:
    """Calls that a target may have in flight: what its own replies allow, or its provider's.

    Those of the provider's other models count once it has replied itself, until it goes out of
    use: then it begins anew.
    """
    answered = target_entry.health.answered
    if not answered:
        return min(_ramp(0), max(1, failover.FAILURES_TO_OPEN - target_entry.health.failures))
    return _ramp(answered if target_entry.epoch else max(answered, provider_entry.health.answered))


def room_at(provider: ProviderHealth, many: bool) -> int:
    """Calls that a provider may have in flight; ``many``: the first calls of two models at once."""
    if not provider.heard:
        return 1 if provider.lost else _ramp(0)
    return _ramp(provider.answered + many)


def _ramp(answered: int) -> int:
    return min(MOST_IN_FLIGHT, 2 << min(answered, 6))


def is_out(health: Health) -> bool:
    """Whether a target is out of use for a time."""
    return health.state in (State.LIMITED, State.OPEN, State.EXHAUSTED, State.DROPPED)


def is_out_of_use(provider: ProviderHealth) -> bool:
    """Whether a provider is out of use for a time or for good."""
    return provider.state in (ProviderState.OPEN, ProviderState.DROPPED)


def trickles(binding: Bucket | None, cost: Cost) -> bool:
    """Whether the budget is a day's that frees one request at a time, minutes apart."""
    if binding is None or binding.window != "day":
        return False
    return cost.of(binding.kind) / binding.rate >= TRICKLE_S
