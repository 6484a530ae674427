"""What a call that failed still tells of a target which went out of use after it had left.

The decision about its failure was made from what was known when it failed; of that the registry
takes in what is new.
"""

from __future__ import annotations

from msgspec.structs import replace

from legalgen.errors import ErrorCategory
from legalgen.failover import Decision, Health, ProviderHealth, ProviderState, State


def outdated(decision: Decision, health: Health, now: float) -> Health:
    """The health of such a model, once the decision is taken in.

    The decision neither doubles the open time nor revives the model; but a server's hint that
    reaches further counts, and so does that the model is gone.
    """
    told = decision.health
    health = replace(health.at(now), usable=told.usable)
    if told.state is State.DROPPED:
        return replace(told, usable=told.usable)
    held = health.until if health.state is not State.READY else now
    if told.hinted <= max(held, now):
        return health
    return replace(
        health,
        state=State.OPEN if health.state is State.OPEN else told.state,
        until=told.hinted,
        hinted=told.hinted,
        trouble=told.trouble,
        trickle=told.trickle,
        answered=0,
    )


def outdated_provider(decision: Decision, provider: ProviderHealth) -> ProviderHealth:
    """The health of such a provider: only what no later reply can mend counts."""
    told = decision.provider
    mends = told.trouble is not None and told.trouble.category is ErrorCategory.AUTHENTICATION
    return told if told.state is ProviderState.DROPPED and not mends else provider
