"""When another provider than the one that the user named is paid, and why.

``--provider groq`` says whose money is spent. Another provider is not paid merely because the
named one has a pace: ``spill_after_s`` is added to what its targets cost in :func:`choose`, as
long as the named provider can deliver. Where it cannot, nothing is added.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from legalgen.failover import Health, ProviderHealth, ProviderState, State, Trail
from legalgen.routing.targets import RoutingPolicy

_LIMITED = (State.LIMITED, State.EXHAUSTED)


class Named(msgspec.Struct, frozen=True):
    """One model of the named provider; ``failed``: its latest call did, by its own fault."""

    health: Health
    provider: ProviderHealth
    failed: bool

    @property
    def delivers(self) -> bool:
        """Whether only its pace, or its first reply, is waited for."""
        up = self.provider.state is ProviderState.UP
        return up and self.health.state is State.READY and not self.failed


def added_s(policy: RoutingPolicy, named: Sequence[Named], trail: Trail) -> float:
    """Seconds added to the cost of every target of another provider.

    Nothing for a task that a timeout sends away from the named provider.
    """
    away = policy.named in trail.shunned_providers
    return policy.spill_after_s if not away and any(each.delivers for each in named) else 0.0


def reason(policy: RoutingPolicy, named: Sequence[Named], trail: Trail) -> str:
    """Why a call leaves for another provider, as part of a sentence; empty where a failure sends
    it there, or where the named provider is gone."""
    if trail.failed_last is not None:
        return ""
    if any(each.delivers for each in named):
        return f"its next call is over {policy.spill_after_s:g} s away"
    up = (each.health.state for each in named if each.provider.state is ProviderState.UP)
    return "its limits are used up for now" if any(state in _LIMITED for state in up) else ""
