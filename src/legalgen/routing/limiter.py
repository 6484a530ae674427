"""The rate limiter of one target: what a request takes, when it fits, and who waits for it.

:class:`Budgets` counts and :class:`Experience` sizes; here they meet the target's own bounds and
what its replies and refusals state. Nothing here knows states, and nothing locks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import msgspec

from legalgen.completion import Completion, LimitReading
from legalgen.errors import ErrorCategory, Failure
from legalgen.routing.rate_limits import Bucket, Budgets, Cost, Demand, Experience
from legalgen.routing.targets import Lease, Target

TRICKLE_S = 30.0
"""A daily window that frees a request no sooner than this is not waited for."""
WORTH_RESUMING_FOR = 20
"""Samples that should fit before a batch that ran into a daily limit is resumed."""
_LIMITS = frozenset({ErrorCategory.RATE_LIMIT, ErrorCategory.QUOTA_EXHAUSTED})
_TOO_MANY = _LIMITS | {ErrorCategory.OVERLOADED}


Bound = Literal["context", "answer", "request", "rate"]
"""What a request can be too large for: each has a remedy of its own."""


class Shortfall(msgspec.Struct, frozen=True):
    """A limit that no request of a size fits: ``most`` of ``what`` there is, not ``needed``."""

    what: str
    most: int
    needed: int
    bound: Bound

    def __str__(self) -> str:
        return f"{self.most:,} {self.what}, and {self.needed:,} are needed"


class RateLimiter:
    """What one target may still be asked. Times are the monotonic ``now`` that is passed in."""

    def __init__(self, target: Target, common: Budgets | None = None) -> None:
        self._target = target
        self.budgets = Budgets(share=target.quota_share, common=common)
        self._refused = False
        self.experience = Experience(target.reasoning_allowance)

    @classmethod
    def of(cls, target: Target, budgets: Budgets, experience: Experience) -> RateLimiter:
        """One that is only asked what fits: for a plan, in which nobody is called."""
        made = cls(target)
        made.budgets, made.experience = budgets, experience
        return made

    @property
    def binds(self) -> bool:
        """Whether a limit is known, or a refusal in this process showed that there is one."""
        return self._refused or self.budgets.binds

    # ---------------------------------------------------------------- before a call

    def cost(self, demand: Demand) -> Cost:
        """What a request of this size takes, within the model's bounds and its budgets."""
        target = self._target
        return self.experience.cost(
            demand, target.max_completion_tokens, self.budgets, target.context_window
        )

    def fits(self, demand: Demand, cost: Cost) -> bool:
        """Whether the request, cut to what the model can ever grant, is worth making."""
        enough = cost.output_tokens >= self.experience.needed(demand)
        return enough and self.budgets.fits_ever(cost)

    def shortfall(self, demand: Demand) -> Shortfall | None:
        """Which limit a request is too large for, where it does not ``fit``."""
        if self.fits(demand, self.cost(demand)):
            return None
        experience, budgets, target = self.experience, self.budgets, self._target
        given = experience.input_tokens(demand)
        needed = Cost(given, math.ceil(experience.needed(demand)))
        total = needed.of("tokens")
        short = [Shortfall("tokens of context", target.context_window, total, "context")]
        for most in (target.max_completion_tokens, budgets.largest_output):
            if most is not None:
                made = needed.output_tokens
                short.append(Shortfall("tokens an answer", most, made, "answer"))
        if budgets.largest_request is not None:
            short.append(Shortfall("tokens a request", budgets.largest_request, total, "request"))
        for bucket in budgets.every():
            what = f"{bucket.kind.replace('_', ' ')} a {bucket.window}"
            # beside what stays unplanned, so that the limit is told as it was stated
            beside = 0 if bucket.kind == "input_tokens" else math.ceil(bucket.reserve)
            taken = needed.of(bucket.kind) + beside
            short.append(Shortfall(what, math.floor(bucket.limit), taken, "rate"))
        return max(short, key=lambda each: each.needed / max(1, each.most))

    def can_shrink(self, lease: Lease) -> bool:
        """Whether what was learnt leaves room for a smaller request that is still long enough."""
        cost = self.cost(lease.demand)
        return cost.output_tokens < lease.cost.output_tokens and self.fits(lease.demand, cost)

    def worth_resuming_s(self, cost: Cost, remaining: int, now: float) -> float:
        """Seconds until the smaller of what remains and twenty samples fit the day's budgets."""
        count = max(1, min(remaining, WORTH_RESUMING_FOR))
        longest_s = 0.0
        for bucket in self.budgets.every():
            # Shorter windows refill while the batch runs; a day's is what it comes back for.
            if bucket.window == "day":
                amount = min(count * cost.of(bucket.kind), bucket.limit)
                longest_s = max(longest_s, bucket.seconds_until(amount, now))
        return longest_s

    # ---------------------------------------------------------------- after a call

    def replied(self, lease: Lease, completion: Completion, now: float) -> None:
        """Settle what a completion says it used, and learn from it."""
        usage = completion.usage
        # Cached input counts against no limit that binds first: not at Groq, and Cerebras has
        # three times the room for it.
        uncached = max(0, usage.input_tokens - (usage.cached_tokens or 0))
        self.budgets.settle(lease.reservation, Cost(uncached, usage.output_tokens), now)
        self._learn(completion.readings, lease, now)
        cut = completion.finish_reason == "length"
        if not usage.estimated:
            self.experience.note(lease.demand, usage.input_tokens, usage.output_tokens, cut=cut)
        # All of it went into reasoning; the text had not begun.
        if cut and not completion.text.strip():
            self.experience.note_thinking(lease.max_completion_tokens)

    def failed(self, lease: Lease, failure: Failure, now: float, used: Cost | None) -> None:
        """Settle a call without a completion that took ``used`` (None: it never ran), and learn
        what its refusal states."""
        if used is not None:
            self.budgets.settle(lease.reservation, used, now)
        else:
            self.budgets.release(lease.reservation, now)
        self._refused |= failure.category in _TOO_MANY
        self._learn_failure(lease, failure, now)

    def _learn(self, readings: Iterable[LimitReading], lease: Lease, now: float) -> None:
        """What a reply states, and what the plan implies that only fits one of its limits."""
        readings = tuple(readings)
        for reading in readings:
            plans = [
                tier
                for tier in self._target.tiers
                if any(_same_limit(reading, stated) for stated in tier)
            ]
            # Several plans share some figures: what only one of them has tells which it is, and
            # with it the limits that no header names.
            if len(plans) == 1:
                known = self.budgets.buckets
                implied = [r for r in plans[0] if (r.kind, r.window) not in known]
                self.budgets.learn(implied, now)
        self.budgets.learn(readings, now, lease.reservation)

    def _learn_failure(self, lease: Lease, failure: Failure, now: float) -> None:
        self._learn(failure.readings, lease, now)
        budgets = self.budgets
        # Asked before the next lines make a bucket of it: a limit that nobody knew is no surprise.
        known = (failure.kind, failure.window) in budgets.buckets
        if failure.kind and failure.window and failure.limit:
            budgets.state_limit(failure.kind, failure.window, float(failure.limit), now)
        if failure.category is ErrorCategory.CONTEXT_LENGTH:
            kind = failure.kind or "tokens"
            budgets.learn_largest(lease.cost, kind, failure.limit, failure.requested)
        elif failure.category in _LIMITS and failure.kind and failure.window:
            bucket = budgets.buckets.get((failure.kind, failure.window))
            if bucket is not None and failure.retry_after_s is not None:
                # The wait is until this request fits: what is in the bucket now is its size
                # less what refills by then.
                needed = failure.requested or lease.cost.of(failure.kind)
                level = needed - bucket.rate * failure.retry_after_s
                budgets.drain(failure.kind, failure.window, level, now, known=known)

    # ---------------------------------------------------------------- before this process

    def restore(
        self,
        buckets: Iterable[Bucket],
        common: Iterable[Bucket],
        *,
        largest_request: int | None,
        largest_output: int | None,
        tokens_per_character: float | None,
        shares: Iterable[float],
    ) -> None:
        """Take in what was known before this process began, of the whole account; ``common`` are
        the budgets that all models of the provider share."""
        self.budgets.restore(buckets)
        if self.budgets.common is not None:
            self.budgets.common.restore(common)
        self.budgets.largest_request = largest_request
        self.budgets.largest_output = largest_output
        self.experience.recall(shares)
        if tokens_per_character is not None:
            self.experience.recall_ratio(tokens_per_character)


def smallest_shortfall(limiter: RateLimiter, demands: Iterable[Demand]) -> Shortfall | None:
    """What the smallest of these requests is too large for; None where any of them fits."""
    short = list[Shortfall]()
    for demand in demands:
        if (found := limiter.shortfall(demand)) is None:
            return None
        short.append(found)
    return min(short, key=lambda each: each.needed, default=None)


def trickles(binding: Bucket | None, cost: Cost) -> bool:
    """Whether the budget is a day's that frees one request at a time, minutes apart."""
    if binding is None or binding.window != "day":
        return False
    # A window of a day refills all the time: 1,000 requests a day is one in 86 s.
    return cost.of(binding.kind) / binding.rate >= TRICKLE_S


def _same_limit(reading: LimitReading, stated: LimitReading) -> bool:
    return (reading.kind, reading.window, reading.limit) == (
        stated.kind,
        stated.window,
        stated.limit,
    )
