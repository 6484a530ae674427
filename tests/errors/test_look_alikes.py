"""Failures in another's words: a rate beside offers to pay, a parameter beside keys and models.

Taken for what they resemble they would cost the batch a provider or a model.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from legalgen.errors import ErrorCategory, classify

C = ErrorCategory

MOMENTARY = """
Rate limit exceeded. Add a payment method to increase your rate limits.
Too many requests. Please upgrade your account or try again in 20 seconds.
Rate limit exceeded. Please upgrade to continue or wait 30 seconds.
Free tier quota exceeded. Please retry in 21s.
Account limit reached, retry in 5 seconds
Free limit reached, please try again in 60 seconds
You have used all your requests for this minute. Retry in 30 seconds.
no quota remaining, retry after 12s
Your account limit exceeded, please slow down
Rate limit exceeded: 10 requests per minute on the free plan. Please upgrade.
Account limit reached: 60 requests per minute
Slow down! Free accounts may send 5 requests per minute; please upgrade for more.
Too many concurrent requests on the free plan. Please upgrade to raise the limit.
Requests are throttled for accounts without a payment method. Add a payment method.
Plan limit reached. Please wait 15 seconds.
You have used up your tokens. Try again in 45s.
Usage cap hit for this account, retry after 90 seconds
Limit reached on requests per min. Please try again in 20s. Add a payment method.
Quota: 0. Retry in 8s.
You are sending requests too quickly. Update your billing details to get higher limits.
TPM limit reached for your plan. Please upgrade.
Rate limit exceeded: free-models-per-min. Add 10 credits to unlock higher limits.
Too many requests. Purchase more credits to raise your rate limit.
Free plan quota reached, available again in 30s
Your plan's limit was reached. Resets in 12 seconds.
You have no quota left for this minute
Rate limited. Upgrade to a monthly plan for higher limits, or retry in 10 seconds.
You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s.
You hit the concurrency limit of the free tier. Upgrade to continue.
Trial accounts are limited to 20 requests/minute. Please upgrade to a production key.
Please reduce your request rate, or upgrade to continue at this speed.
""".strip().splitlines()
LASTING = """
Please upgrade your plan
Please add a payment method
Free quota exhausted
Plan limit has been reached
You have used up all your free credits
Quota: 0
You have no quota
Upgrade to continue
Your account limit was exceeded
usage cap reached
You have used all your free requests for today
Insufficient balance, please recharge
""".strip().splitlines()


@pytest.mark.parametrize("sentence", MOMENTARY)
def test_a_limit_of_a_moment_is_one_of_a_rate_whatever_is_offered_beside_it(sentence: str) -> None:
    for code, headers in ((None, {}), ("rate_limit_exceeded", {"Retry-After": "5"})):
        body = {"error": {"message": sentence, "code": code}}
        failure = classify(sentence, status=429, body=body, headers=headers)
        assert (failure.category, failure.credit) == (C.RATE_LIMIT, False)


@pytest.mark.parametrize("sentence", MOMENTARY)
def test_a_limit_of_a_moment_is_no_credit_in_a_logged_line_either(sentence: str) -> None:
    assert not classify(sentence).credit
    assert not classify(f"Error code: 429 - {sentence}").credit


@pytest.mark.parametrize("sentence", LASTING)
def test_the_same_offers_alone_say_that_nothing_is_left(sentence: str) -> None:
    failure = classify(sentence, status=429, body={"error": {"message": sentence}})
    assert failure.category is C.QUOTA_EXHAUSTED


@pytest.mark.parametrize(
    ("wait", "category"),
    [
        ("5", C.RATE_LIMIT),
        ("120", C.RATE_LIMIT),
        ("Mon, 23 Nov 2026 16:01:00 GMT", C.RATE_LIMIT),
        ("121", C.QUOTA_EXHAUSTED),
        ("86400", C.QUOTA_EXHAUSTED),
    ],
)
def test_a_short_wait_in_a_header_makes_a_rate_of_a_limit_of_the_plan(
    wait: str, category: ErrorCategory
) -> None:
    for sentence in ("Plan limit reached", "Please upgrade your plan", "Free quota exhausted"):
        failure = classify(
            sentence,
            status=429,
            body={"error": {"message": sentence}},
            headers={"Retry-After": wait},
            now=datetime(2026, 11, 23, 16, 0, tzinfo=UTC),
        )
        assert failure.category is category


def test_no_wait_brings_money_back() -> None:
    for sentence in ("Insufficient balance, please recharge", "You have used up all your credits"):
        failure = classify(
            sentence,
            status=429,
            body={"error": {"message": sentence}},
            headers={"Retry-After": "5"},
        )
        assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, True)
