"""The calls of a router that are out, how many may be, and the time in which none was.

Nothing here locks: the router calls it under its own lock.
"""

from __future__ import annotations

from legalgen.routing.registry import Registry
from legalgen.routing.targets import MOST_UNDER_LIMITS, RoutingPolicy
from legalgen.routing.timing import WaitTimer


class CallsInFlight:
    """Counts the calls at all targets together, and times the waits with none of them out."""

    def __init__(self, registry: Registry, policy: RoutingPolicy) -> None:
        self._registry = registry
        self._policy = policy
        self._waiting = WaitTimer()
        self.count = 0

    @property
    def most(self) -> int:
        """Calls that may be out at once, as far as is known now: fewer where limits bind them
        all."""
        policy = self._policy
        if policy.obeyed or not all(
            entry.limiter.binds or self._registry.is_dropped(entry) for entry in self._registry
        ):
            return policy.max_in_flight
        return min(policy.max_in_flight, MOST_UNDER_LIMITS)

    def is_full(self, more: int = 0) -> bool:
        """Whether no more may leave now, once so many ``more`` have left."""
        out = self.count + more
        if out < min(self._policy.max_in_flight, MOST_UNDER_LIMITS):
            return False  # whether or not limits bind
        return out >= self.most

    def depart(self, now: float) -> None:
        """A call leaves, which ends the wait."""
        self.count += 1
        self._waiting.end(now)

    def land(self) -> None:
        """A call is over."""
        self.count -= 1

    def wait(self, now: float) -> None:
        """A worker waits; the time counts where no call is out."""
        if not self.count:
            self._waiting.begin(now)

    def accept(self, now: float) -> None:
        """A sample is on disk: the waiting since the last one is forgotten."""
        self._waiting.forget(now)

    def waited_s(self, now: float) -> float:
        """Seconds of waiting, with nothing in flight, since the last accepted sample."""
        return self._waiting.at(now)
