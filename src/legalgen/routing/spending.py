"""The bounds on a whole batch, shared by the routers that spend from it."""

from __future__ import annotations

import threading

from legalgen.errors import ErrorCategory, Failure
from legalgen.errors.plurals import plural
from legalgen.routing.rate_limits import Cost
from legalgen.routing.targets import RoutingPolicy, Spent, Target, usd

_UNANSWERED = frozenset(
    {ErrorCategory.TIMEOUT, ErrorCategory.CONNECTION_ERROR, ErrorCategory.OUTPUT_INVALID}
)
_FOR_NOW = frozenset(
    {ErrorCategory.RATE_LIMIT, ErrorCategory.QUOTA_EXHAUSTED, ErrorCategory.OVERLOADED}
)


def may_have_run(failure: Failure) -> bool:
    """Whether a call that ended without a completion may be charged all the same.

    The request left whole, and what came back is no refusal to run it: nothing in time, a broken
    connection, a reply under 2xx that cannot be read, or an answer that the vendor held back or
    broke off. A web page came from something that stands before the model.
    """
    if failure.usage is not None or failure.answer:
        return True
    unread = failure.status is not None and failure.status < 300 and not failure.wrong_url
    return failure.reached and (unread or failure.category in _UNANSWERED)


class SpendTracker:
    """What a run has spent, and what its calls in flight may still spend.

    Two routers may share one (a batch's and its judge's): it has a lock of its own.
    ``earlier_tokens`` and ``earlier_usd`` are what the batch had spent before, or spends elsewhere:
    the bounds on tokens and cost are the batch's, however often it is resumed. Of these a cap knows
    ``capped_usd`` from the ledger.
    ``put_off`` are calls that were refused for now: patience bounds these, not the usual bound.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.put_off = 0
        self.tokens = 0
        self.usd = 0.0
        self.earlier_tokens = 0
        self.earlier_usd = 0.0
        self.capped_usd: float | None = None
        self._lock = threading.Lock()

    def go_on(self, tokens: int, usd: float) -> None:
        """The batch has spent so much in all, with what was spent here, and goes on.

        What is more than the first time was spent by the run, at a provider's batch service.
        """
        with self._lock:
            self.earlier_tokens = max(0, tokens - self.tokens)
            self.earlier_usd = max(0.0, usd - self.usd)
            if self.capped_usd is None:
                self.capped_usd = self.earlier_usd

    def depart(self, target: Target, cost: Cost) -> None:
        """A call leaves, and may take this much."""
        with self._lock:
            self.calls += 1
            self._add(target, cost, 1)

    def settle(self, target: Target, reserved: Cost, used: Cost | None) -> None:
        """It took this much of what it might have taken; None: nothing."""
        with self._lock:
            self._add(target, reserved, -1)
            if used is not None:
                self._add(target, used, 1)

    def fail(self, target: Target, reserved: Cost, used: Cost | None, failure: Failure) -> None:
        """It failed, and took this much; None: it never ran."""
        self.settle(target, reserved, used)
        with self._lock:
            self.put_off += used is None and failure.category in _FOR_NOW

    def bound(self, policy: RoutingPolicy, target: Target, cost: Cost) -> Spent | None:
        """Which bound one more call would break; None for none."""
        with self._lock:
            calls = self.calls - (self.put_off if policy.usual_calls else 0)
            if calls >= policy.max_calls:
                set_by = "usually makes; --max-calls allows more" if policy.usual_calls else ""
                be = "is" if calls == 1 else "are"
                said = f"{plural(calls, 'call')} {be} the most that this batch "
                return Spent(said + (set_by or "may make (--max-calls)"), not policy.usual_calls)
            more = cost.of("tokens")
            most, used = policy.max_tokens, self.earlier_tokens + self.tokens
            if most is not None and used + more > most:
                return Spent(
                    f"{used} of {most} tokens are used, "
                    f"the next call may take {more} (--max-tokens)"
                )
            elsewhere = self.earlier_usd - (self.capped_usd or 0.0)
            for cap in policy.caps:
                spent, price = cap.spent_usd + elsewhere + self.usd, usd(target, cost)
                if spent + price > cap.limit_usd:
                    return Spent(
                        f"${spent:.4f} of ${cap.limit_usd:g} are spent, the next call may cost "
                        f"${price:.4f} ({cap.flag}); it frees at {cap.frees}"
                    )
            price, limit = usd(target, cost), policy.max_cost_usd
            paid = self.earlier_usd + self.usd
            if limit is not None and paid + price > limit:
                return Spent(
                    f"${paid:.4f} of ${limit:g} are spent, "
                    f"the next call may cost ${price:.4f} (--max-cost)"
                )
            return None

    def _add(self, target: Target, cost: Cost, sign: int) -> None:
        self.tokens += sign * cost.of("tokens")
        self.usd += sign * usd(target, cost)
