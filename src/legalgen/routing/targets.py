"""What the router takes and gives, as values: targets, demands on them, leases, waits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import msgspec

from legalgen.completion import LimitReading, ModelRef
from legalgen.errors import Obstacle, Trouble, WaitReason
from legalgen.failover import Health
from legalgen.routing.rate_limits import Bucket, Budgets, Cost, Demand, Experience, Reservation

MOST_IN_FLIGHT = 1024
"""Calls that may be in flight at all."""
MOST_UNDER_LIMITS = 64
"""Calls that ``auto`` keeps in flight at a model whose limits bind; a number is obeyed."""

RECHECK_S = 1.0
"""A worker that waits looks again at least this often."""


class Exchange(Protocol):
    """Where a router shares the budgets of its targets with the routers of other processes.

    ``freshen`` takes in what they reserved. Within ``exclusive`` nobody else changes the budgets of
    a target: what others changed is there when it begins, and they see the change when it ends.
    """

    def freshen(self, budgets: Mapping[ModelRef, Budgets], now: float) -> None:
        """Take in what others did since the last look; cheap, and called often."""

    def exclusive(self, ref: ModelRef, budgets: Budgets) -> AbstractContextManager[None]:
        """Change the budgets of a target."""

    def close(self) -> None:
        """Share no longer."""


class NoExchange:
    """The budgets of a router that shares them with nobody."""

    def freshen(self, budgets: Mapping[ModelRef, Budgets], now: float) -> None:
        """Nobody did anything."""

    def exclusive(self, ref: ModelRef, budgets: Budgets) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nobody else changes them."""
        return _NOTHING

    def close(self) -> None:
        """There is nothing to end."""


_NOTHING = nullcontext()


class Target(msgspec.Struct, frozen=True):
    """One model of the route, as far as routing needs to know it.

    ``latency_s`` and ``reasoning_allowance`` (tokens) are guesses that the first replies replace.
    ``tiers`` are the limits that the vendor's plans have; a reply that states one limit of
    exactly one of them tells which plan it is, and so the limits that no header carries.
    ``input_usd`` and ``output_usd`` are prices per token, as far as it is ``priced`` at all.
    ``quota_share`` is the part of every limit that is used here.
    """

    ref: ModelRef
    max_completion_tokens: int = 32_768
    context_window: int = 131_072
    latency_s: float = 2.0
    reasoning_allowance: int = 0
    max_in_flight: int = MOST_IN_FLIGHT
    tiers: tuple[tuple[LimitReading, ...], ...] = ()
    priced: bool = True
    input_usd: float = 0.0
    output_usd: float = 0.0
    quota_share: float = 1.0


class Cap(msgspec.Struct, frozen=True):
    """A bound on what all batches spend in a time, of which some is spent already (US dollars).

    ``flag`` sets it; ``frees`` says when the next such time begins.
    """

    flag: str
    limit_usd: float
    spent_usd: float
    frees: str


class RoutingPolicy(msgspec.Struct, frozen=True):
    """What the user set: seconds of patience, preference, and bounds on the whole batch.

    ``trickle_waits`` lets a wait for a daily window count as any other. The bounds count what
    calls in flight may still take, so that they cannot be overshot; ``usual_calls``: nobody set
    ``max_calls``. ``obeyed``: the user set ``max_in_flight``; otherwise it is used where no limit
    binds and replies stay fast. ``spill_after_s`` is how much later the provider ``named`` by the
    user may deliver before another is paid.
    """

    stickiness_s: float = 0.05
    max_wait_s: float = 900.0
    trickle_waits: bool = False
    max_calls: int = 10**9
    usual_calls: bool = False
    max_in_flight: int = MOST_IN_FLIGHT
    obeyed: bool = False
    max_tokens: int | None = None
    max_cost_usd: float | None = None
    caps: tuple[Cap, ...] = ()
    named: str | None = None
    spill_after_s: float = 0.0


class Lease(msgspec.Struct, frozen=True):
    """One call's place: its target, its budget, and the moment it left.

    ``spilled`` says why it goes to another provider than the named one, if it does for its pace or
    its limits.
    """

    ref: ModelRef
    demand: Demand
    cost: Cost
    reservation: Reservation
    at: float
    drift: float
    epoch: int
    provider_epoch: int
    spilled: str = ""

    @property
    def max_completion_tokens(self) -> int:
        """The completion budget that was reserved."""
        return self.cost.output_tokens


class QueuedWait(msgspec.Struct, frozen=True):
    """A wait: ask again after ``seconds`` at the latest, and hand this back.

    ``until`` is when it ends (monotonic): a while may pass before it is told. ``place`` is the
    worker's place in the queue for the target's budgets; None where it only waits for what comes of
    the calls that are out.
    """

    ref: ModelRef
    seconds: float
    until: float
    why: Obstacle
    place: Reservation | None

    @property
    def for_room(self) -> bool:
        """Whether it only waits for what comes of the calls that are out."""
        return self.why.reason is WaitReason.IN_FLIGHT


def place_at(ref: ModelRef, waited: QueuedWait | None) -> Reservation | None:
    """The place in the queue of a target that a wait holds."""
    return waited.place if waited is not None and waited.ref == ref else None


class Spent(msgspec.Struct, frozen=True):
    """The batch has used up one of its bounds; ``why`` is a sentence. ``of_user``: the user set it,
    rather than the usual bound on calls."""

    why: str
    of_user: bool = True


class View(msgspec.Struct, frozen=True):
    """One line of the route for people: its state, until when (monotonic), and why.

    ``budgets`` and ``experience`` are copies of what the router works with. ``seen`` is the
    monotonic time of its last reply or failure in this process. ``first_wait`` is that of the first
    call in its queue, as :meth:`Budgets.first_wait`; None when no call waits for it.
    """

    ref: ModelRef
    state: str
    until: float | None
    trouble: Trouble | None
    in_flight: int
    health: Health
    budgets: Budgets
    experience: Experience
    seen: float | None
    first_wait: tuple[float, Bucket | None] | None = None

    @property
    def why(self) -> str:
        """The reason in words; empty where there is none."""
        return str(self.trouble or "")


def usd(target: Target, cost: Cost) -> float:
    """What a request of this size costs at most, in US dollars; 0 where no price is known."""
    return cost.input_tokens * target.input_usd + cost.output_tokens * target.output_usd
