"""Workers that wait: each with a place in the queue of the budgets that it waits for.

Nothing here locks: the router calls it under its own lock.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from legalgen.errors import BUSY
from legalgen.failover import Wait
from legalgen.routing.in_flight import CallsInFlight
from legalgen.routing.rate_limits import Demand
from legalgen.routing.registry import Registry
from legalgen.routing.targets import RECHECK_S, QueuedWait, Target, place_at


class WaitQueue:
    """Hands out waits, keeps the place of who goes on waiting, and frees that of who leaves."""

    def __init__(self, registry: Registry, calls: CallsInFlight) -> None:
        self._registry = registry
        self._calls = calls

    def join(
        self,
        demand: Callable[[Target], Demand],
        wait: Wait,
        now: float,
        before: QueuedWait | None,
    ) -> QueuedWait:
        """A wait for a target; who goes on waiting for the same one keeps the place."""
        ref = wait.ref
        place = place_at(ref, before)
        if place is None:
            self.leave(before)
        self._calls.wait(now)
        entry = self._registry[ref]
        cost = entry.limiter.cost(demand(entry.target))
        place = entry.limiter.budgets.queue(cost, now, place)
        return QueuedWait(ref, wait.seconds, now + wait.seconds, wait.why, place)

    def await_room(self, now: float, before: QueuedWait | None) -> QueuedWait:
        """A wait for what comes of the calls that are out; a place in a queue is kept."""
        until = now + RECHECK_S
        if before is not None:
            return replace(before, seconds=RECHECK_S, until=until, why=BUSY)
        return QueuedWait(self._registry.targets[0].ref, RECHECK_S, until, BUSY, None)

    def leave(self, waited: QueuedWait | None) -> None:
        """Free the place of a wait that is over."""
        if waited is not None and waited.place is not None:
            self._registry[waited.ref].limiter.budgets.leave(waited.place)
