"""How many calls a target may have in flight: few until it has answered, then more and more.

The ramp bounds the calls that hang where nobody answers.
"""

from __future__ import annotations

import msgspec

from legalgen import failover
from legalgen.failover import ProviderState, State
from legalgen.routing.registry import ProviderEntry, TargetEntry
from legalgen.routing.targets import MOST_IN_FLIGHT, MOST_UNDER_LIMITS, RoutingPolicy

MANY_IN_FLIGHT = 16
"""Of so many calls at once a provider that has not answered yet may hold four; of fewer, two."""
FIRST_CALLS = 2
"""Calls in flight at a target that has not answered yet."""
WIDENING_S = 0.05
"""How soon the only target of a route is sent twice as many calls, if none has failed."""
REMEMBERED_STEP = 4
"""So many doublings at once where an earlier run had replies of it, with this key."""


class Ramp(msgspec.Struct, frozen=True):
    """The room of one target at one moment; ``alone``: no other target of the route is in use."""

    policy: RoutingPolicy
    target: TargetEntry
    provider: ProviderEntry
    alone: bool
    now: float

    def is_open(self) -> bool:
        """Whether one more call may be in flight: two at first, doubling with each reply.

        A provider may have those of two models at once while none has answered, unless that is
        too large a share of all: where it is dead, the calls that hang there are missing
        elsewhere. Until its first reply of any kind it has two in all: its key may be refused;
        and one at a time once a connection to it was lost.
        """
        target, provider = self.target, self.provider
        if target.health.state is State.PROBING and target.current:
            return False
        if provider.health.state is ProviderState.PROBING and provider.current:
            return False
        return target.in_flight < self._most() and (
            target.current < self._room() and provider.current < self._room_at_provider()
        )

    def opens_in_s(self, latency_s: float) -> float:
        """Seconds until it is likely open: until a call that is out has ended, or more may leave.

        Calls that left together end together, a ``latency_s`` later; of others nobody knows, half
        of one is the mean. One that is overdue is likely out for as long again as it is late: a
        server that hangs is not waited for.
        """
        target, provider = self.target, self.provider
        if self._widens() and target.in_flight < self._most():
            return WIDENING_S - (self.now - target.began) % WIDENING_S
        due = (target.left if target.in_flight else provider.left) + latency_s - self.now
        late = abs(due) if provider.current else due
        return max(latency_s / 2, late, failover.LEAST_WAIT_S)

    def _most(self) -> float:
        """What the target may have in flight whatever it answered."""
        most = min(self.target.target.max_in_flight, self.policy.max_in_flight)
        if self.policy.obeyed:
            return most
        if self.target.limiter.binds:
            return min(most, MOST_UNDER_LIMITS)
        return min(most, self.target.adaptive.calls)

    def _room(self) -> int:
        """What its own replies allow, or its provider's.

        Those of the provider's other models count once it has replied itself, until it goes out of
        use: then it begins anew.
        """
        target, failures = self.target, self.target.health.failures
        answered = target.health.answered
        if answered and failures:  # few try it until one is answered, beside those that were out
            return target.before + max(1, failover.FAILURES_TO_OPEN - failures)
        if answered:
            return self._after(
                answered if target.epoch else max(answered, self.provider.health.answered)
            )
        if self._widens():
            return self._widened()
        if target.health.limited:  # one shows as well as two whether the limit is over
            return 1
        return min(FIRST_CALLS, max(1, failover.FAILURES_TO_OPEN - target.health.failures))

    def _room_at_provider(self) -> int:
        health = self.provider.health
        if self._widens():
            return self._widened()
        if not health.heard:
            return 1 if health.lost else FIRST_CALLS
        return self._after(health.answered + (self.policy.max_in_flight >= MANY_IN_FLIGHT))

    def _after(self, answered: int) -> int:
        """What so many replies allow; all that the user asked for after one reply of a target that
        never failed."""
        if answered and self.policy.obeyed and not (self.target.epoch or self.provider.epoch):
            return self.policy.max_in_flight
        return min(MOST_IN_FLIGHT, FIRST_CALLS << min(answered, 10))

    def _hastens(self) -> bool:
        """Whether the user asked for more than ``auto`` would ever try where limits bind."""
        many = self.policy.obeyed and self.policy.max_in_flight > MOST_UNDER_LIMITS
        return many and not self.target.epoch and not self.provider.epoch

    def _widens(self) -> bool:
        """Whether time alone makes room, before the first reply: the calls that hang are missing
        nowhere else, and whoever asks for hundreds does not want to wait for two."""
        health, provider = self.target.health, self.provider.health
        unheard = not (health.answered or health.failures or provider.lost or provider.refusals)
        return (
            self.alone
            and self._hastens()
            and unheard
            and self.target.current > 0
            and health.state is State.READY
            and provider.state is ProviderState.UP
        )

    def _widened(self) -> int:
        doublings = int((self.now - self.target.began) / WIDENING_S)
        if self.target.health.latency_s is not None:  # from the health file: nothing replied yet
            doublings *= REMEMBERED_STEP
        return min(MOST_IN_FLIGHT, FIRST_CALLS << min(doublings, 10))
