"""The forecast: how long so many samples take, who writes them, and which limit they meet."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.completion import LimitKind, LimitWindow, ModelRef
from legalgen.routing.forecast import Supply, forecast
from legalgen.routing.rate_limits import Bucket, Cost

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
