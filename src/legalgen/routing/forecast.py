"""Will it fit? What a batch would take: calls, tokens, time and cost per model, and which limits
it would meet, before anything is called.

A fluid picture: each model serves what its budgets let through, the fastest first when there is
more than is needed. It knows nothing of outages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from legalgen.completion import DAY_S, LimitKind, LimitWindow, ModelRef
from legalgen.routing.limiter import RateLimiter
from legalgen.routing.rate_limits import Bucket, Budgets, Cost, Demand
from legalgen.routing.targets import Target, View

LONGEST_S = 30 * DAY_S
USED_SHARE = 0.75
"""What an answer usually takes of the completion budget reserved for it, until it is measured."""
UNKNOWN_YIELD = 0.9
"""Share of answers that are kept, until a model's own are known."""


class Supply(msgspec.Struct, frozen=True):
    """What one model can give.

    ``reserved`` is what a call takes from the budgets, ``used`` what it really takes, as far as
    is known. ``kept`` is the share of its answers that become samples. ``ready_in_s`` is when it
    can be called again. ``most_in_flight`` bounds its calls at once. ``assumed`` names the tier
    whose limits were taken because none are known yet.
    """

    ref: ModelRef
    buckets: tuple[Bucket, ...]
    reserved: Cost
    used: Cost
    latency_s: float
    kept: float = UNKNOWN_YIELD
    ready_in_s: float = 0.0
    most_in_flight: float = 64
    input_usd: float = 0.0
    output_usd: float = 0.0
    priced: bool = True
    assumed: str | None = None


def supply_of(
    target: Target,
    view: View,
    demand: Demand,
    budgets: Budgets,
    now: float,
    *,
    kept: float = UNKNOWN_YIELD,
    assumed: str | None = None,
) -> Supply:
    """What a model can give, asked for requests of this size, within these budgets."""
    limiter = RateLimiter.of(target, budgets, view.experience)
    reserved = limiter.cost(demand)
    usual = reserved.output_tokens * USED_SHARE
    if view.experience.shares:
        usual = min(float(reserved.output_tokens), view.experience.typical(demand))
    ready_in_s = max(0.0, view.until - now) if view.until is not None else 0.0
    return Supply(
        ref=view.ref,
        buckets=tuple(budgets.every()),
        reserved=reserved,
        used=Cost(math.ceil(view.experience.typical_input(demand)), math.ceil(usual)),
        latency_s=view.health.latency_s or target.latency_s,
        kept=kept,
        ready_in_s=math.inf if view.state == "dropped" else ready_in_s,
        most_in_flight=target.max_in_flight,
        input_usd=target.input_usd,
        output_usd=target.output_usd,
        priced=target.priced,
        assumed=assumed,
    )


class ModelShare(msgspec.Struct, frozen=True):
    """What one model would write of the batch.

    ``seconds`` is what they take it. ``limit`` is the budget that binds it. ``exhausted_in_s`` is
    when its daily budget of ``exhausted_kind`` is used up and ``samples_until`` how many samples
    come before (None: it is not used up within this batch). ``usd_low`` and ``usd_high`` are the
    cost if every answer is kept at its usual length, and if calls take all they reserve; ``usd`` is
    what is to be expected.
    """

    ref: ModelRef
    samples: int
    calls: int
    input_tokens: int
    output_tokens: int
    usd_low: float | None
    usd_high: float | None
    usd: float | None
    limit: tuple[LimitKind, LimitWindow] | None
    seconds: float
    exhausted_in_s: float | None
    exhausted_kind: LimitKind | None
    samples_until: int | None
    assumed: str | None


class Forecast(msgspec.Struct, frozen=True):
    """What a batch would take. ``seconds`` is ``inf`` when it does not fit into thirty days.

    ``within`` is how many samples are there after the time that it may take; None without one.
    """

    samples: int
    seconds: float
    shares: tuple[ModelShare, ...]
    within: int | None = None

    @property
    def fits_today(self) -> bool:
        """Whether it would be done within 24 hours."""
        return self.seconds <= DAY_S


def forecast(
    samples: int,
    supplies: Sequence[Supply],
    now: float,
    most_s: float | None = None,
    *,
    most_in_flight: float = math.inf,
) -> Forecast:
    """How long ``samples`` take over these models together, and what each would do.

    ``now`` is the monotonic time that the buckets are read at, ``most_s`` a bound on the time, and
    ``most_in_flight`` one on the calls to all of them at once.
    """
    seconds = _soonest(samples, supplies, now, most_in_flight)
    horizon = min(seconds, LONGEST_S)
    shares = _shared(samples, _capacities(supplies, horizon, now, most_in_flight))
    within = None
    if most_s is not None:
        within = min(samples, math.floor(_capacity(supplies, most_s, now, most_in_flight)))
    return Forecast(
        samples,
        seconds,
        tuple(
            _share(_bounded(s, most_in_flight), shares[s.ref], horizon, now)
            for s in supplies
            if shares[s.ref]
        ),
        within,
    )


def _capacity(
    supplies: Sequence[Supply], seconds: float, now: float, most_in_flight: float
) -> float:
    """Samples that all models together can give within so many seconds."""
    return sum(_capacities(supplies, seconds, now, most_in_flight).values())


def _soonest(
    samples: int, supplies: Sequence[Supply], now: float, most_in_flight: float = math.inf
) -> float:
    """The shortest time in which all models together can give so many samples."""

    def enough(seconds: float) -> bool:
        return _capacity(supplies, seconds, now, most_in_flight) >= samples

    if not enough(LONGEST_S):
        return math.inf
    low, high = 0.0, LONGEST_S
    while high - low > max(0.5, 0.001 * high):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _capacities(
    supplies: Sequence[Supply], seconds: float, now: float, most_in_flight: float
) -> dict[ModelRef, float]:
    """Samples that each model can give within so many seconds, if the fastest is called first, and
    the others with what it leaves of the calls at once."""
    found = {}
    for supply in sorted(supplies, key=lambda each: each.latency_s):
        calls = _calls(_bounded(supply, most_in_flight), seconds, now)
        found[supply.ref] = calls * supply.kept
        most_in_flight -= calls * supply.latency_s / seconds if calls else 0.0
    return found


def _bounded(supply: Supply, most_in_flight: float) -> Supply:
    return replace(supply, most_in_flight=max(0.0, min(supply.most_in_flight, most_in_flight)))


def _calls(supply: Supply, seconds: float, now: float) -> float:
    time = seconds - supply.ready_in_s
    if time <= 0:
        return 0.0
    flow = max(0.0, time / max(supply.latency_s, 0.01)) * supply.most_in_flight
    return min([flow, *(_through(b, supply, seconds, now) for b in supply.buckets)])


def _through(bucket: Bucket, supply: Supply, seconds: float, now: float) -> float:
    """Calls that one budget lets through: what is left, and what comes back meanwhile."""
    if supply.reserved.of(bucket.kind) > bucket.limit:
        return 0.0
    each = max(1, supply.used.of(bucket.kind))
    return (max(0.0, bucket.level_at(now)) + bucket.rate * seconds) / each


def _shared(samples: int, capacity: Mapping[ModelRef, float]) -> dict[ModelRef, int]:
    """The samples of each model, in proportion to what it can give; they sum to ``samples``."""
    whole = sum(capacity.values())
    if not whole:
        return dict.fromkeys(capacity, 0)
    wanted = min(float(samples), whole)
    shares = {ref: int(wanted * each / whole) for ref, each in capacity.items()}
    rest = round(wanted) - sum(shares.values())
    for ref in sorted(capacity, key=lambda r: -capacity[r])[:rest]:
        shares[ref] += 1
    return shares


def _share(supply: Supply, samples: int, horizon: float, now: float) -> ModelShare:
    calls = math.ceil(samples / max(supply.kept, 0.01))
    low, high = _usd(supply, samples, supply.used), _usd(supply, calls, supply.reserved)
    dry_in_s, dry = _exhausted(supply, horizon, now)
    until = None if dry is None else int(_through(dry, supply, dry_in_s, now) * supply.kept)
    return ModelShare(
        ref=supply.ref,
        samples=samples,
        calls=calls,
        input_tokens=calls * supply.used.input_tokens,
        output_tokens=calls * supply.used.output_tokens,
        usd_low=low if supply.priced else None,
        usd_high=high if supply.priced else None,
        usd=_usd(supply, calls, supply.used) if supply.priced else None,
        limit=_binding(supply, horizon, now),
        seconds=_soonest(samples, [supply], now),
        exhausted_in_s=None if dry is None else dry_in_s,
        exhausted_kind=None if dry is None else dry.kind,
        samples_until=None if until is None else min(until, samples),
        assumed=supply.assumed,
    )


def _usd(supply: Supply, calls: int, cost: Cost) -> float:
    each = cost.input_tokens * supply.input_usd + cost.output_tokens * supply.output_usd
    return round(calls * each, 6)


def _binding(supply: Supply, seconds: float, now: float) -> tuple[LimitKind, LimitWindow] | None:
    """The budget that lets the fewest calls through; None where latency is what binds."""
    through = [(_through(b, supply, seconds, now), b) for b in supply.buckets]
    if not through:
        return None
    fewest, bucket = min(through, key=lambda pair: pair[0])
    return (bucket.kind, bucket.window) if fewest <= _calls(supply, seconds, now) else None


def _exhausted(supply: Supply, horizon: float, now: float) -> tuple[float, Bucket | None]:
    """When the first daily budget runs dry, at the pace that all other limits allow; which it is.

    (inf, None) where none does within the horizon.
    """
    found = ((_dry_in_s(bucket, supply, now), bucket) for bucket in supply.buckets)
    daily = [(seconds, bucket) for seconds, bucket in found if bucket.window == "day"]
    seconds, dry = min(daily, key=lambda pair: pair[0], default=(math.inf, None))
    return (seconds, dry) if seconds < horizon else (math.inf, None)


def _dry_in_s(day: Bucket, supply: Supply, now: float) -> float:
    """When the calls that the other limits let through overtake those of the day's budget.

    Each is a line over time: what it lets through at once, and what it adds a second. The day's
    runs dry when the lowest of the others has reached it.
    """
    if supply.reserved.of(day.kind) > day.limit:
        return math.inf  # no call fits: nothing is ever used of it
    begins, grows = _line(day, supply, now)
    flow = supply.most_in_flight / max(supply.latency_s, 0.01)
    others = [(-supply.ready_in_s * flow, flow)]
    others += [_line(bucket, supply, now) for bucket in supply.buckets if bucket.window != "day"]
    waits = [
        (begins - begin) / (grow - grows) if grow > grows else math.inf
        for begin, grow in others
        if begin < begins
    ]
    return max(waits, default=0.0)


def _line(bucket: Bucket, supply: Supply, now: float) -> tuple[float, float]:
    """Calls that a budget lets through at once, and those it adds each second."""
    each = max(1, supply.used.of(bucket.kind))
    return max(0.0, bucket.level_at(now)) / each, bucket.rate / each
