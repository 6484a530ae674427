"""Request and token budgets of one model: reserve, reconcile, seconds until a request fits.

A budget is a bucket that refills all the time at ``limit / window``. Both vendors reserve the
prompt plus ``max_completion_tokens`` when a request arrives; so does this page, a moment
earlier, and gives back what was not used once the reply says what was. Every reply that
carries limit headers pulls the level into the interval that the headers allow.

All times are seconds of one monotonic clock that the caller passes in as ``now``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from legalgen.completion import LimitKind, LimitReading, LimitWindow

WINDOW_S: Mapping[LimitWindow, float] = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
MARGIN = 0.005
"""Share of a limit that is never planned for: room for what a tokenizer counts differently."""
CHARACTERS_PER_TOKEN = 4.3
"""English prose, until a model's own replies say better."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request takes from the budgets, in requests and tokens."""

    input_tokens: int
    output_tokens: int
    requests: int = 1

    def of(self, kind: LimitKind) -> int:
        """The part that counts against limits of this kind."""
        return {
            "requests": self.requests,
            "tokens": self.input_tokens + self.output_tokens,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
        }[kind]


@dataclass(frozen=True, slots=True)
class Bucket:
    """One budget at one instant: ``level`` units are left of ``limit`` at time ``at``."""

    kind: LimitKind
    window: LimitWindow
    limit: float
    level: float
    at: float

    @property
    def rate(self) -> float:
        """Units that come back per second."""
        return self.limit / WINDOW_S[self.window]

    @property
    def reserve(self) -> float:
        """Units that stay unplanned; none for small counts, where one unit is much."""
        return self.limit * MARGIN if self.limit >= 1000 else 0.0

    def level_at(self, now: float) -> float:
        """Units left at ``now``; negative while reservations wait for their turn."""
        return min(self.limit, self.level + max(0.0, now - self.at) * self.rate)

    def seconds_until(self, amount: float, now: float) -> float:
        """Seconds until ``amount`` fits; ``inf`` when it is larger than the bucket."""
        if amount > self.limit:
            return math.inf
        missing = min(amount + self.reserve, self.limit) - self.level_at(now)
        return max(0.0, missing / self.rate) if self.rate else math.inf

    def take(self, amount: float, now: float) -> Bucket:
        """The bucket after ``amount`` was taken (or, negative, given back)."""
        return replace(self, level=min(self.limit, self.level_at(now) - amount), at=now)

    def corrected(self, low: float, high: float, now: float) -> Bucket:
        """The bucket with its level pulled into ``[low, high]``, what a reply allows."""
        level = min(max(self.level_at(now), low), high)
        return replace(self, level=min(level, self.limit), at=now)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A request's place in the budgets, from the choice of its target to its reply."""

    number: int
    cost: Cost
    made_at: float
    starts_at: float


@dataclass(slots=True)
class Budgets:
    """All budgets of one model, and the reservations that are out against them."""

    buckets: dict[tuple[LimitKind, LimitWindow], Bucket] = field(default_factory=dict)
    largest_request: int | None = None
    """Tokens (prompt plus completion) above which the server refused; learnt."""
    _out: dict[int, Reservation] = field(default_factory=dict)
    _numbers: int = 0

    def state_limit(
        self,
        kind: LimitKind,
        window: LimitWindow,
        limit: float,
        now: float,
        level: float = math.inf,
    ) -> None:
        """A limit that someone stated: config, a tier, a header, the text of a refusal.

        A new bucket starts full, less what is out; a changed limit keeps the share used.
        """
        known = self.buckets.get((kind, window))
        if known is None:
            start = min(level, limit) - self._out_amount(kind)
        else:
            start = known.level_at(now) + (limit - known.limit)
        self.buckets[kind, window] = Bucket(kind, window, limit, start, now)

    def seconds_until(self, cost: Cost, now: float) -> float:
        """Seconds until the whole cost fits every budget; ``inf`` when it never will."""
        return max((wait for _, wait in self._waits(cost, now)), default=0.0)

    def binding(self, cost: Cost, now: float) -> Bucket | None:
        """The budget that is waited for longest; None when nothing is waited for."""
        waits = [(wait, bucket) for bucket, wait in self._waits(cost, now) if wait > 0]
        return max(waits, key=lambda pair: pair[0], default=(0.0, None))[1]

    def fits_ever(self, cost: Cost) -> bool:
        """Whether the request is small enough for every bucket, however long one waits."""
        total = cost.of("tokens")
        if self.largest_request is not None and total > self.largest_request:
            return False
        return all(cost.of(b.kind) <= b.limit for b in self.buckets.values())

    def room_for_output(self, input_tokens: int) -> float:
        """The largest completion budget that could ever be granted beside this prompt."""
        rooms = [
            bucket.limit - (input_tokens if bucket.kind == "tokens" else 0)
            for bucket in self.buckets.values()
            if bucket.kind in ("tokens", "output_tokens")
        ]
        if self.largest_request is not None:
            rooms.append(self.largest_request - input_tokens)
        return min(rooms, default=math.inf)

    def reserve(self, cost: Cost, now: float) -> Reservation:
        """Take the cost now; ``starts_at`` says when the request may leave."""
        starts_at = now + self.seconds_until(cost, now)
        self._numbers += 1
        reservation = Reservation(self._numbers, cost, now, starts_at)
        self._out[reservation.number] = reservation
        self._take(cost, 1, now)
        return reservation

    def release(self, reservation: Reservation, now: float) -> None:
        """Give a reservation back whole: its request never left."""
        if self._out.pop(reservation.number, None) is not None:
            self._take(reservation.cost, -1, now)

    def settle(self, reservation: Reservation, used: Cost, now: float) -> None:
        """The reply is here: give back the difference between reserved and used."""
        if self._out.pop(reservation.number, None) is not None:
            self._take(reservation.cost, -1, now)
            self._take(used, 1, now)

    def learn(self, readings: Iterable[LimitReading], sent_at: float, now: float) -> None:
        """Take in what a reply said of the budgets; the request left at ``sent_at``.

        The server may have read its counter when the request arrived or when it replied, and
        may or may not have counted what else is out; the level is kept within both bounds.
        """
        for reading in readings:
            self._learn_one(reading, sent_at, now)

    def drain(self, kind: LimitKind, window: LimitWindow, level: float, now: float) -> None:
        """A refusal showed that no more than ``level`` units are left."""
        bucket = self.buckets.get((kind, window))
        if bucket is not None:
            self.buckets[kind, window] = bucket.corrected(-math.inf, level, now)

    def shift(self, seconds: float) -> None:
        """The machine slept for ``seconds``: the buckets refilled meanwhile."""
        for key, bucket in self.buckets.items():
            self.buckets[key] = replace(bucket, at=bucket.at - seconds)

    def _learn_one(self, reading: LimitReading, sent_at: float, now: float) -> None:
        key = (reading.kind, reading.window)
        if reading.limit is not None and reading.limit > 0:
            known = self.buckets.get(key)
            if known is None or known.limit != reading.limit:
                self.state_limit(reading.kind, reading.window, reading.limit, now)
        bucket = self.buckets.get(key)
        if bucket is None or reading.remaining is None:
            return
        low = reading.remaining - self._out_amount(reading.kind)
        high = reading.remaining + bucket.rate * max(0.0, now - sent_at)
        self.buckets[key] = bucket.corrected(low, high, now)

    def _waits(self, cost: Cost, now: float) -> Iterable[tuple[Bucket, float]]:
        for bucket in self.buckets.values():
            yield bucket, bucket.seconds_until(cost.of(bucket.kind), now)

    def _take(self, cost: Cost, sign: int, now: float) -> None:
        for key, bucket in self.buckets.items():
            self.buckets[key] = bucket.take(sign * cost.of(bucket.kind), now)

    def _out_amount(self, kind: LimitKind) -> int:
        return sum(reservation.cost.of(kind) for reservation in self._out.values())


@dataclass(frozen=True, slots=True)
class Demand:
    """The size of a request before a model is chosen.

    ``usual_output`` is what an answer within the asked bounds takes at most, in tokens without
    reasoning; ``least_output`` what the shortest acceptable answer takes. ``scale`` grows when
    an answer came back truncated.
    """

    prompt_characters: int
    usual_output: int
    least_output: int
    scale: float = 1.0


@dataclass(slots=True)
class Experience:
    """What requests of one model really took: tokens per character, output per demand."""

    reasoning_allowance: int = 0
    """Tokens a reasoning model thinks before it answers, until its own usage says better."""
    tokens_per_character: float = 1 / CHARACTERS_PER_TOKEN
    shares: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    """Output tokens of finished answers, as shares of their demand's ``usual_output``."""
    calibrated: bool = False

    def note(self, demand: Demand, input_tokens: int, output_tokens: int) -> None:
        """Learn from one finished answer."""
        if input_tokens and demand.prompt_characters:
            self.tokens_per_character = input_tokens / demand.prompt_characters
            self.calibrated = True
        if output_tokens and demand.usual_output:
            self.shares.append(output_tokens / demand.usual_output)

    def input_tokens(self, demand: Demand) -> int:
        """Tokens of the prompt, counted as this model counts."""
        return math.ceil(demand.prompt_characters * self.tokens_per_character)

    def output_budget(self, demand: Demand, cap: int, room: float) -> int:
        """``max_completion_tokens`` for this demand.

        The 95th percentile of what answers took plus 15 %, once five are known; before, the
        demand's own estimate plus the reasoning allowance. Never above the model's cap nor what
        its budgets can ever grant, never below the least that an answer needs.
        """
        if len(self.shares) >= 5:
            ordered = sorted(self.shares)
            usual = ordered[math.ceil(0.95 * len(ordered)) - 1] * 1.15 * demand.usual_output
        else:
            usual = demand.usual_output + self.reasoning_allowance
        wanted = max(usual * demand.scale, demand.least_output)
        return max(1, min(math.ceil(wanted), cap, math.floor(min(room, 10**9) * (1 - MARGIN))))

    def cost(self, demand: Demand, cap: int, budgets: Budgets) -> Cost:
        """The whole cost of a request of this size."""
        input_tokens = self.input_tokens(demand)
        room = budgets.room_for_output(input_tokens)
        return Cost(input_tokens, self.output_budget(demand, cap, room))
