"""A router whose clock and calls a test moves one by one."""

from __future__ import annotations

from random import Random

from legalgen.completion import Completion, LimitReading, ModelRef, Usage
from legalgen.errors import ErrorCategory, Failure
from legalgen.failover import Decision, Trail
from legalgen.routing.rate_limits import Demand
from legalgen.routing.router import Router
from legalgen.routing.targets import Lease, QueuedWait, RoutingPolicy, Target
from tests.simulation import Time

A, B, D = ModelRef("groq", "a"), ModelRef("groq", "b"), ModelRef("cerebras", "d")
DEMAND = Demand(4300, 1000, 300)
TRAIL = Trail()


class Bench:
    """A router on a clock that only moves when told."""

    def __init__(self, *targets: Target, policy: RoutingPolicy | None = None) -> None:
        self.time = Time()
        self.router = Router(targets, policy, clock=self.time.clock, random=Random(1))

    def lease(self, trail: Trail = TRAIL) -> Lease:
        turn = self.router.turn(trail, lambda _: DEMAND)
        assert isinstance(turn, Lease)
        return turn

    def fail(self, lease: Lease, category: ErrorCategory, **known: object) -> Decision:
        failure = Failure(category, "words", **known)  # type: ignore[arg-type]
        return self.router.failed(lease, failure, TRAIL)

    def reply(self, lease: Lease, *readings: LimitReading, latency_s: float = 1.0) -> None:
        usage = Usage(1000, 700)
        done = Completion("{}", "stop", usage, lease.ref.model, latency_s, readings=readings)
        self.router.replied(lease, done)
        self.router.kept(lease.ref)

    def state(self, ref: ModelRef = A) -> str:
        return next(view.state for view in self.router.registry.view() if view.ref == ref)

    def leases(self) -> list[Lease]:
        """As many calls as may leave now."""
        left = []
        while isinstance(turn := self.router.turn(TRAIL, lambda _: DEMAND), Lease):
            left.append(turn)
        if isinstance(turn, QueuedWait):
            self.router.give_back(turn)
        return left
