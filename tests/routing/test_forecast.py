"""The forecast: how long so many samples take, who writes them, and which limit they meet."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.completion import LimitKind, LimitReading, LimitWindow, ModelRef
from legalgen.routing.forecast import Supply, forecast, supply_of
from legalgen.routing.rate_limits import Bucket, Cost
from legalgen.routing.targets import RoutingPolicy, Target
from tests.simulation import Quota, Server, World

NOW = 1000.0
GROQ = ModelRef("groq", "gpt-oss")
CEREBRAS = ModelRef("cerebras", "gpt-oss")


def bucket(
    kind: LimitKind, window: LimitWindow, limit: float, level: float | None = None
) -> Bucket:
    return Bucket(kind, window, limit, limit if level is None else level, NOW)


def supply(ref: ModelRef = GROQ, *buckets: Bucket, **fields: object) -> Supply:
    values: dict[str, object] = {
        "reserved": Cost(500, 1500),
        "used": Cost(500, 1500),
        "latency_s": 2.0,
        "kept": 1.0,
        "input_usd": 1e-6,
        "output_usd": 2e-6,
    }
    return Supply(ref, tuple(buckets), **{**values, **fields})  # type: ignore[arg-type]


def test_tokens_per_minute_bind() -> None:
    """8,000 tokens a minute let four calls of 2,000 through at once, then four a minute."""
    found = forecast(16, [supply(GROQ, bucket("tokens", "minute", 8000))], NOW)
    share = found.shares[0]
    assert found.seconds == pytest.approx(180, rel=0.02)
    assert (share.samples, share.calls, share.limit) == (16, 16, ("tokens", "minute"))
    assert (share.usd_low, share.usd_high) == (0.056, 0.056)
    assert share.exhausted_in_s is None


def test_a_daily_limit_is_met_and_said() -> None:
    """40 samples of 2,000 tokens against 50,000 left of a day: it runs dry on the way."""
    day = bucket("tokens", "day", 86_400, level=50_000)
    found = forecast(40, [supply(GROQ, day)], NOW)
    share = found.shares[0]
    assert found.seconds == pytest.approx(30_000, rel=0.02)
    assert found.fits_today
    assert share.exhausted_in_s is not None
    assert share.exhausted_in_s < 60
    assert (share.exhausted_kind, share.samples_until) == ("tokens", 25)
    assert share.limit == ("tokens", "day")


def test_a_day_is_used_up_at_the_pace_of_the_minute() -> None:
    """8,000 tokens a minute use up 200,000 of a day in 25 minutes, however long the batch is."""
    day = bucket("tokens", "day", 200_000)
    found = forecast(500, [supply(GROQ, bucket("tokens", "minute", 8000), day)], NOW)
    share = found.shares[0]
    assert share.exhausted_in_s == pytest.approx(24 * 60 * 1.02, rel=0.02)
    assert share.samples_until == pytest.approx(101, abs=2)
    assert share.seconds == pytest.approx(found.seconds, rel=0.01)
    small = forecast(50, [supply(GROQ, bucket("tokens", "minute", 8000), day)], NOW)
    assert small.shares[0].exhausted_in_s is None


def test_two_models_share_by_what_they_can_give() -> None:
    """A model with three times the budget writes three times as much."""
    slow = supply(GROQ, bucket("requests", "minute", 30, level=0))
    fast = supply(CEREBRAS, bucket("requests", "minute", 90, level=0))
    found = forecast(120, [slow, fast], NOW)
    assert {share.ref: share.samples for share in found.shares} == {GROQ: 30, CEREBRAS: 90}
    assert found.seconds == pytest.approx(60, rel=0.02)


def test_all_models_share_the_calls_that_may_be_out() -> None:
    """Of two calls at once the faster model has both, and the slower one what it leaves of them."""
    slow, fast = supply(GROQ, latency_s=4.0), supply(CEREBRAS, latency_s=2.0)
    assert forecast(60, [slow, fast], NOW, most_in_flight=2).seconds == pytest.approx(60, rel=0.02)
    half = supply(CEREBRAS, bucket("requests", "minute", 30, level=0), latency_s=2.0)
    found = forecast(45, [slow, half], NOW, 120.0, most_in_flight=2)
    assert {share.ref: share.samples for share in found.shares} == {GROQ: 15, CEREBRAS: 30}
    assert found.seconds == pytest.approx(60, rel=0.02)
    assert found.within == 45


def test_what_never_fits_is_infinite() -> None:
    """A request larger than its bucket gives nothing, however long one waits."""
    found = forecast(5, [supply(GROQ, bucket("output_tokens", "minute", 1000))], NOW)
    assert (found.seconds, found.shares, found.fits_today) == (math.inf, (), False)


def test_a_model_that_comes_back_later_is_waited_for() -> None:
    """Nothing is written before the only model is ready again."""
    found = forecast(1, [supply(GROQ, ready_in_s=600.0)], NOW)
    assert 600 <= found.seconds <= 610


@given(
    samples=st.integers(1, 5000),
    limits=st.lists(st.integers(2000, 10**6), min_size=1, max_size=4),
    kept=st.floats(0.1, 1.0),
)
def test_shares_sum_to_what_is_asked(samples: int, limits: list[int], kept: float) -> None:
    """Whatever the limits: finite means every sample has its model, and calls cover refusals."""
    supplies = [
        supply(ModelRef("p", str(at)), bucket("tokens", "minute", limit), kept=kept)
        for at, limit in enumerate(limits)
    ]
    found = forecast(samples, supplies, NOW)
    assert sum(share.samples for share in found.shares) == samples or math.isinf(found.seconds)
    assert all(share.calls >= share.samples for share in found.shares)


ACCURATE_TIME, ACCURATE_COST = 0.15, 0.10
TIERS = {
    "groq free": (
        Quota("requests", "minute", 30),
        Quota("requests", "day", 1_000, told=True),
        Quota("tokens", "minute", 8_000, told=True),
        Quota("tokens", "day", 200_000),
    ),
    "groq developer": (
        Quota("requests", "minute", 1_000),
        Quota("requests", "day", 500_000, told=True),
        Quota("tokens", "minute", 250_000, told=True),
    ),
    "cerebras trial": (
        Quota("requests", "minute", 5, told=True),
        Quota("tokens", "minute", 30_000, told=True),
        Quota("tokens", "hour", 1_000_000, told=True),
        Quota("tokens", "day", 1_000_000, told=True),
    ),
    "cerebras developer": (
        Quota("requests", "minute", 1_000, told=True),
        Quota("tokens", "minute", 1_000_000, told=True),
    ),
}
"""The vendors' limits, and which of them headers tell."""
PLANS = tuple(
    tuple(LimitReading(q.kind, q.window, int(q.limit)) for q in TIERS[name])
    for name in ("groq free", "groq developer")
)
RUNS: list[tuple[tuple[str, ...], int]] = [
    (("groq free",), 20),
    (("groq free",), 50),
    (("groq free", "groq free"), 100),
    (("groq developer",), 500),
    (("groq developer",), 2_000),
    (("groq developer", "groq developer"), 1_500),
    (("cerebras trial",), 60),
    (("cerebras trial",), 200),
    (("cerebras developer",), 1_200),
    (("groq free", "cerebras trial"), 100),
]
QUICK = (RUNS[0], RUNS[3], RUNS[8])
"""What the usual suite runs; all ten take half a minute."""


def world_of(tiers: tuple[str, ...]) -> World:
    """Models with the limits of these tiers."""
    servers = []
    for number, tier in enumerate(tiers):
        vendor = tier.split()[0]
        target = Target(
            ModelRef(vendor, f"model-{number}"),
            tiers=PLANS if vendor == "groq" else (),
            input_usd=0.15e-6,
            output_usd=0.60e-6,
        )
        quotas = [dataclasses.replace(quota) for quota in TIERS[tier]]
        servers.append(Server(target, quotas, latency_s=2.0 if vendor == "groq" else 1.2))
    patient = RoutingPolicy(max_wait_s=1e9, trickle_waits=True)
    return World(servers, workers=32, samples=20, policy=patient)


@pytest.mark.parametrize(
    ("tiers", "samples"),
    [run if run in QUICK else pytest.param(*run, marks=pytest.mark.extended) for run in RUNS],
)
def test_what_is_foretold_comes_true(
    tiers: tuple[str, ...], samples: int, record_property: Callable[[str, object], None]
) -> None:
    """After twenty samples the time of a batch is foretold within 15 % and its cost within 10."""
    world = world_of(tiers).run(3600)
    router, now, before = world.router, world.time.now, world.kept
    supplies = [
        supply_of(target, view, world.demand, view.budgets, now, kept=view.health.usable_share)
        for target, view in zip(router.registry.targets, router.registry.view(), strict=True)
    ]
    foretold = forecast(samples, supplies, now)
    paid = world.usd
    world.samples = before + samples
    world.run(10 * 86_400)
    took = world.order[before + samples - 1][0] - now
    cost = (world.usd - paid) * samples / (world.kept - before)  # some were in flight at the end
    expected = sum(share.usd or 0.0 for share in foretold.shares)
    record_property("seconds", [round(foretold.seconds), round(took)])
    record_property("usd", [round(expected, 4), round(cost, 4)])
    assert foretold.seconds == pytest.approx(took, rel=ACCURATE_TIME)
    assert expected == pytest.approx(cost, rel=ACCURATE_COST)
