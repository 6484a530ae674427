"""What vendors' headers and messages say about limits and about when to come back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.completion import LimitReading
from legalgen.errors import LONGEST_HINT_S
from legalgen.errors.durations import duration_s
from legalgen.errors.retry_after import (
    LimitHit,
    limit_in,
    readings,
    retry_after_s,
)

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("134ms", 0.134),
        ("1m26.4s", 86.4),
        ("269.999999ms", 0.269999999),
        ("9m38.016s", 578.016),
        ("1h34m52.896s", 5692.896),
        ("17h57m7.2s", 64627.2),
        ("15us", 15e-6),
        ("15µs", 15e-6),
        (".5s", 0.5),
        ("5 minutes", 300.0),
        ("20 seconds", 20.0),
        ("2 hours and 5 minutes", 7500.0),
        ("", None),
        ("5", None),
        ("-5s", None),
        ("5 parsecs", None),
        ("1m2", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    """Go's durations and people's are read to the microsecond; anything else is no duration."""
    read = duration_s(text)
    assert read == (seconds if seconds is None else pytest.approx(seconds))


def go_duration(nanoseconds: int) -> str:
    """What Go's ``time.Duration.String`` prints."""
    if nanoseconds < 1_000_000_000:
        for unit, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if nanoseconds >= size:
                return f"{_decimal(nanoseconds, size)}{unit}"
        return "0s"
    minutes, rest = divmod(nanoseconds, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    front = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{front}{_decimal(rest, 10**9)}s"


def _decimal(number: int, size: int) -> str:
    whole, part = divmod(number, size)
    digits = f"{part:0{len(str(size)) - 1}d}".rstrip("0") if size > 1 else ""
    return f"{whole}.{digits}" if digits else str(whole)


@given(st.integers(min_value=0, max_value=200 * 3600 * 10**9))
def test_every_go_duration_is_read_back(nanoseconds: int) -> None:
    """Formatting any duration as Go does and reading it gives the same number of seconds."""
    assert duration_s(go_duration(nanoseconds)) == pytest.approx(nanoseconds / 1e9)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"Retry-After": "2.5"}, 2.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Mon, 23 Nov 2026 16:01:30 GMT"}, 90.0),
        ({"retry-after": "2026-11-23T16:01:30Z"}, 90.0),
        ({"retry-after": "2026-11-23T17:01:30+01:00"}, 90.0),
        ({"retry-after": "2m59.56s"}, 179.56),
        ({"retry-after": str(int(NOW.timestamp()) + 60)}, 60.0),
        ({"retry-after": "Mon, 23 Nov 2026 15:00:00 GMT"}, 0.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "172800"}, LONGEST_HINT_S),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
        (None, None),
    ],
)
def test_retry_after_headers(headers: Mapping[str, str] | None, seconds: float | None) -> None:
    """Every form of the header is seconds from now, up to a day; what cannot be read is nothing."""
    read = retry_after_s(headers, now=NOW)
    assert read == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 9m38.016s. Need more tokens?", 578.016),
        ("Please try again in 269.999999ms.", 0.269999999),
        ("Please retry in 1.58s", 1.58),
        ("Please retry after 20 seconds.", 20.0),
        ("Limit reached, try again in 5 minutes", 300.0),
        ('{"@type": "RetryInfo", "retryDelay": "34s"}', 34.0),
        ("{'retry_after': 120, 'retryable': True}", 120.0),
        ("retry_after_ms=1500", 1.5),
        ('{"error": "Model m is currently loading", "estimated_time": 150.5}', 150.5),
        ("usage resets in 2h", 7200.0),
        ("try again at 2026-11-23T17:00:00Z", 3600.0),
        ("wait 3 months", None),
        ("the deadline of 600.023 seconds passed", None),
        ("Limit 8000, Used 5289, Requested 5229", None),
    ],
)
def test_waits_in_messages(text: str, seconds: float | None) -> None:
    """A message's wait is read in every vendor's form, and a number that is no wait is not."""
    read = retry_after_s({}, text, now=NOW)
    assert read == (seconds if seconds is None else pytest.approx(seconds))


LATER = int(NOW.timestamp()) + 600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('{"resets_in_seconds": 13872}', 13872.0),
        ('{"resetsInSeconds":"90"}', 90.0),
        ('{"reset_after_seconds": 42.5}', 42.5),
        ('{"resets_in": "3h 52m"}', 13920.0),
        ('{"retryAfterMs":1500}', 1.5),
        ('{"retry_after_minutes": 5}', 300.0),
        ('{"waitSeconds": 12, "max_wait_seconds": 300}', 12.0),
        ('{"wait_time": 8, "cooldownSeconds": 20}', 20.0),
        ('{"message": "{\\"queueType\\":\\"slow\\",\\"retryAfterSeconds\\":30}"}', 30.0),
        (f'{{"resets_at": {LATER}}}', 600.0),
        (f'{{"nextResetTime":{LATER}000}}', 600.0),
        (f"{{'reset_time': '{LATER}'}}", 600.0),
        (f'{{"resetsAt":{LATER}, "resets_in_seconds": 700}}', 700.0),
        (f'{{"retry_after": {LATER}}}', 600.0),
        ('{"resetAt": "2026-11-23T16:02:00.000Z"}', 120.0),
        ('{"resets_at": 1700000000}', 0.0),
        ('{"resetSeconds": 8776, "retry_ms": 500}', 8776.0),
        # numbers of something else
        ('{"x-ratelimit-reset-seconds": 40}', None),
        ('{"resets": 4, "retries_in_total": 3, "await": 7}', None),
        ('{"preset_at": 3, "request_time": 1790000000}', None),
        ('{"awaiting": 5, "wait": false, "reset_count": 1790000000}', None),
    ],
)
def test_waits_in_fields(text: str, seconds: float | None) -> None:
    """A field's name says the unit, and whether its number is a wait or a point in time."""
    read = retry_after_s(None, text, now=NOW)
    assert read == (seconds if seconds is None else pytest.approx(seconds))


def test_the_longer_wait_counts() -> None:
    """Where header and message disagree, coming back too early is the dearer mistake."""
    text = "Please try again in 6m25s"
    assert retry_after_s({"retry-after": "30"}, text, now=NOW) == 385.0
    assert retry_after_s({"retry-after": "500"}, text, now=NOW) == 500.0


def test_a_spent_budget_is_a_hint_only_without_a_better_one() -> None:
    """A reset header counts when its budget is used up and nothing else says when to return."""
    headers = {
        "x-ratelimit-remaining-tokens-minute": "0",
        "x-ratelimit-reset-tokens-minute": "11.382867097854614",
        "x-ratelimit-remaining-requests-day": "99",
        "x-ratelimit-reset-requests-day": "33011.38",
    }
    alone = retry_after_s(headers, now=NOW, provider="cerebras")
    better = retry_after_s({**headers, "retry-after": "3"}, now=NOW, provider="cerebras")
    assert (alone, better) == (11.382867097854614, 3.0)


def test_a_gateways_bare_reset_is_a_point_in_time() -> None:
    """``x-ratelimit-reset`` in milliseconds since 1970 is read as one."""
    reset = int((NOW + timedelta(seconds=45)).timestamp() * 1000)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    assert retry_after_s(headers, now=NOW) == 45.0


@pytest.mark.parametrize("wrong", [timedelta(days=-3), timedelta(hours=5)])
def test_dates_count_from_the_clock_of_who_states_them(wrong: timedelta) -> None:
    """A clock that is wrong here makes no day of 40 seconds, nor nothing of them."""
    then = NOW + timedelta(seconds=40)
    said = {"date": format_datetime(NOW, usegmt=True)}
    by_date = {**said, "retry-after": format_datetime(then, usegmt=True)}
    by_epoch = {**said, "retry-after": str(int(then.timestamp()))}
    text = f"try again at {then:%Y-%m-%dT%H:%M:%SZ}"
    waits = [retry_after_s(by_date, now=NOW + wrong), retry_after_s(by_epoch, now=NOW + wrong)]
    assert [*waits, retry_after_s(said, text, now=NOW + wrong)] == [40.0] * 3


@pytest.mark.parametrize("date", ["", "today", "Mon, 99 Foo 2026 99:99:99 GMT", "1"])
def test_a_date_that_is_none_leaves_our_own_clock(date: str) -> None:
    """What cannot be read is as good as not sent."""
    stated = format_datetime(NOW + timedelta(seconds=40), usegmt=True)
    assert retry_after_s({"date": date, "retry-after": stated}, now=NOW) == 40.0


@given(
    st.dictionaries(
        st.sampled_from(["date", "retry-after", "retry-after-ms", "x-ratelimit-reset-tokens"]),
        st.text(),
    ),
    st.text() | st.from_regex(r"(try again in|retry after) [0-9.e+-]{1,400} ?(s|h|ms)?"),
)
def test_a_wait_is_always_a_sane_number(headers: dict[str, str], text: str) -> None:
    """Whatever a server sends, the wait is None or finite, not negative and at most a day."""
    wait = retry_after_s(headers, text, now=NOW)
    assert wait is None or (math.isfinite(wait) and 0 <= wait <= LONGEST_HINT_S)


def test_groq_means_requests_per_day_and_tokens_per_minute() -> None:
    """Groq's headers carry no window: requests are of the day, tokens of the minute."""
    headers = {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-remaining-requests": "14370",
        "x-ratelimit-reset-requests": "2m59.56s",
        "X-RateLimit-Limit-Tokens": "18000",
        "x-ratelimit-remaining-tokens": "17997",
        "x-ratelimit-reset-tokens": "7.66s",
    }
    assert readings(headers, provider="groq") == (
        LimitReading("requests", "day", 14400, 14370, 179.56),
        LimitReading("tokens", "minute", 18000, 17997, 7.66),
    )


def test_elsewhere_both_are_per_minute() -> None:
    """At OpenAI and its likes the same headers mean the minute."""
    headers = {"x-ratelimit-limit-requests": "60", "x-ratelimit-limit-tokens": "150000"}
    assert readings(headers, provider="openai") == (
        LimitReading("requests", "minute", 60),
        LimitReading("tokens", "minute", 150000),
    )


def test_cerebras_names_the_window() -> None:
    """Cerebras writes the window into the name and resets as float seconds."""
    headers = {
        "x-ratelimit-limit-requests-day": "14400",
        "x-ratelimit-remaining-requests-day": "14399",
        "x-ratelimit-reset-requests-day": "33011.382867097855",
        "x-ratelimit-remaining-tokens-hour": "999000",
        "x-ratelimit-limit-tokens-minute": "60000",
        "x-ratelimit-reset-tokens-minute": "11.382867097854614",
    }
    assert readings(headers, provider="cerebras") == (
        LimitReading("requests", "day", 14400, 14399, 33011.382867097855),
        LimitReading("tokens", "minute", 60000, None, 11.382867097854614),
        LimitReading("tokens", "hour", None, 999000, None),
    )


@pytest.mark.parametrize(
    "names",
    [
        ("x-ratelimit-limit-project-tokens", "x-ratelimit-remaining-project-tokens"),
        ("x-ratelimit-api_key-limit-tokens", "x-ratelimit-api_key-remaining-tokens"),
    ],
)
def test_whose_budget_a_header_names_all_models_share(names: tuple[str, str]) -> None:
    """A project's or a key's budget is the provider's, beside the model's own."""
    headers = {"x-ratelimit-limit-tokens": "100", names[0]: "3000", names[1]: "2900"}
    assert readings(headers) == (
        LimitReading("tokens", "minute", 100),
        LimitReading("tokens", "minute", 3000, 2900, scope="provider"),
    )


def test_torn_values_are_left_out_one_by_one() -> None:
    """A value that cannot be read costs itself alone, a budget without any value is left out."""
    headers = {
        "x-ratelimit-limit-tokens": "8,000",
        "x-ratelimit-remaining-tokens": "-5",
        "x-ratelimit-reset-tokens": "NaN",
        "x-ratelimit-limit-requests": "many",
        "x-ratelimit-reset-requests": "99999999999",
    }
    assert readings(headers, provider="groq") == (LimitReading("tokens", "minute", 8000),)


@given(st.dictionaries(st.text(), st.text()), st.sampled_from(["groq", "cerebras", "openai"]))
def test_readings_take_any_headers(headers: dict[str, str], provider: str) -> None:
    """No header can make the reading of headers fail."""
    assert isinstance(readings(headers, provider=provider), tuple)


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        (
            "on tokens per minute (TPM): Limit 8000, Used 5289, Requested 5229. Please try again",
            LimitHit("tokens", "minute", 8000, 5229),
        ),
        (
            "on requests per day (RPD): Limit 1000, Used 1000, Requested 1.",
            LimitHit("requests", "day", 1000, 1),
        ),
        (
            "on output tokens per minute (OTPM): Limit 1000, Requested 1240",
            LimitHit("output_tokens", "minute", 1000, 1240),
        ),
        ("on input tokens per minute (ITPM): Limit 7000", LimitHit("input_tokens", "minute", 7000)),
        (
            "on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903.",
            LimitHit("tokens", "minute", 7000, 12903),
        ),
        ("Requests per minute limit exceeded - too many", LimitHit("requests", "minute")),
        ("Tokens per day limit exceeded - too many tokens", LimitHit("tokens", "day")),
        ("Tokens per hour limit exceeded", LimitHit("tokens", "hour")),
        ("1,000,000 tokens/hour exceeded", LimitHit("tokens", "hour")),
        (
            "Token limit (500,000 per day) exceeded. Used: 508,311 tokens.",
            LimitHit("tokens", "day", 500_000),
        ),
        (
            "your organization's rate limit of 40,000 input tokens per minute",
            LimitHit("input_tokens", "minute", 40_000),
        ),
        ("The model does not exist", None),
    ],
)
def test_limits_in_messages(text: str, hit: LimitHit | None) -> None:
    """A message's limit is read with its kind, window and numbers."""
    assert limit_in(text) == hit
