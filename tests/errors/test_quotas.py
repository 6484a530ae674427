"""Limits that pass by themselves, told from money that is missing, in the words of many vendors."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from legalgen.errors import ErrorCategory, classify

C = ErrorCategory
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def said(message: str, code: str = "") -> dict[str, object]:
    """A reply's body in OpenAI's form."""
    return {"error": {"message": message, "code": code} if code else {"message": message}}


RATES_CALLED_QUOTAS = [
    ("Allocated quota exceeded. See https://acme.example/codes#token-limit", "insufficient_quota"),
    ("You exceeded your current quota: https://acme.example/a/b#rate-limit", "insufficient_quota"),
    ("You exceeded your current quota. Limit: 30000 TPM", "insufficient_quota"),
    ("Insufficient quota: the rate limit of this key is 60 RPM", "insufficient_quota"),
    ("Not enough quota left for tokens per minute, slow down", "quota_exceeded"),
    ("You exceeded your current quota, check your plan and billing details", "tpm_limit"),
    ("Request rate quota exceeded, check your plan and billing", "insufficient_quota"),
    ("Out of quota, 5 requests per second are allowed", "insufficient_quota"),
]


@pytest.mark.parametrize(("message", "code"), RATES_CALLED_QUOTAS)
def test_a_rate_is_no_missing_money_whatever_its_code(message: str, code: str) -> None:
    """The code says quota, and an anchor, the code or the words name a limit of seconds."""
    body = said(message, code)
    for status, text in ((429, ""), (403, ""), (None, f"Error code: 429 - {body}")):
        failure = classify(text, status=status, body=body if status else None, now=NOW)
        assert (failure.category, failure.credit) == (C.RATE_LIMIT, False), (status, message)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("You exceeded your current quota, check your plan and billing", "insufficient_quota"),
        ("See https://acme.example/codes#overdue-payment", "insufficient_quota"),
        ("Too many requests", "insufficient_balance"),
        ("Rate limited: your credit balance is too low", "insufficient_quota"),
        ("No credits left. Higher rate limits come with a payment", "insufficient_quota"),
    ],
)
def test_money_is_missing_though_a_rate_is_named(message: str, code: str) -> None:
    """What says that money itself is missing outweighs the rate beside it."""
    failure = classify("", status=429, body=said(message, code))
    assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, True)


def test_a_load_outweighs_the_code_of_who_stands_behind() -> None:
    """Gateways put their own sentence beside the code of the account that they could not use."""
    for code in ("insufficient_quota", "billing_not_active", "quota_exceeded"):
        for words in (
            "The upstream group is overloaded, try again later",
            "上游负载已饱和,请稍后再试",
        ):
            body = said(words, code)
            assert classify("", status=429, body=body).category in (C.OVERLOADED, C.RATE_LIMIT)
            assert not classify(str(body)).credit


COMES_BACK = """
you have reached your session usage limit, please wait or upgrade to continue
You have reached your weekly usage limit, upgrade to continue
[1310][Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-07-14 07:49:08]
Monthly limit reached. Upgrade to continue, or come back when it resets on the 1st
5-hour limit reached. Purchase more credits or wait until the next window
You've used all your requests for this rolling window; please upgrade
Your free usage is used up for today. Add credits to go on, or try again in 6 hours
Daily credits exhausted; they refresh at 00:00 UTC. Please upgrade
Usage limit reached for 5 hour. Please upgrade your plan
Quota exhausted, renews every 24 hours. Check your plan and billing details
"""


@pytest.mark.parametrize("message", COMES_BACK.strip().splitlines())
def test_what_comes_back_by_itself_is_no_missing_money(message: str) -> None:
    """A window or the time of a reset outweighs each offer to pay, in all codes."""
    for code in ("", "insufficient_quota", "rate_limit_error"):
        body = said(message, code)
        for failure in (
            classify("", status=429, body=body, now=NOW),
            classify(f"Error code: 429 - {body}", now=NOW),
        ):
            assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, False), code


STAYS_AWAY = """
Your credit balance is too low. Please upgrade to continue
Account suspended: monthly spending limit reached, pay past invoices
Key limit exceeded (monthly limit)
You have used all your monthly included credits. Please upgrade
Budget has been exceeded! Current cost: 14.5, max budget: 100
Insufficient balance (reset after 30s)
Your subscription has expired, please upgrade to continue
账户余额不足,请充值
"""


@pytest.mark.parametrize("message", STAYS_AWAY.strip().splitlines())
def test_what_stays_away_is_missing_money(message: str) -> None:
    """Nothing but a payment brings it back within the time of a batch."""
    failure = classify("", status=429, body=said(message), now=NOW)
    assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, True)


def test_a_wait_in_a_field_beats_an_offer_to_pay() -> None:
    """The reply's own number says that it comes back."""
    error = {"type": "insufficient_quota", "message": "Please upgrade", "resets_in_seconds": 13872}
    failure = classify("", status=429, body={"error": error}, now=NOW)
    assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, False)
    assert failure.retry_after_s == 13872


OWNED = """
Free allocated quota exceeded.
Subscription quota exceeded. You can continue using free models.
Your plan's monthly usage has been exhausted
The trial allowance of this key is used up
You have exceeded your free tier quota
You've run out of your included requests
The resource pack allowance has been exhausted, please check your resource pack.
Membership token quota is depleted
"""


@pytest.mark.parametrize("message", OWNED.strip().splitlines())
def test_what_a_plan_holds_is_used_up(message: str) -> None:
    """The allowance of a plan, a trial or a pack lasts longer than a minute."""
    for status in (429, 403):
        assert classify("", status=status, body=said(message)).category is C.QUOTA_EXHAUSTED
    assert classify(f"429 {message}").category is C.QUOTA_EXHAUSTED


@pytest.mark.parametrize(
    "code",
    [
        "AllocationQuota.FreeExceeded",
        "UnsupportedOperation.PkgExhausted",
        "subscription_quota_exceeded",
        "TRIAL_LIMIT_REACHED",
        "FreeTierExhausted",
    ],
)
def test_codes_of_a_plan_that_is_used_up(code: str) -> None:
    """What is exhausted outweighs what else the code speaks of."""
    for status in (200, 429):
        body = {"Response": {"Error": {"Code": code, "Message": "See your console."}}}
        assert classify("", status=status, body=body).category is C.QUOTA_EXHAUSTED
        assert classify(str(body)).category is C.QUOTA_EXHAUSTED


@pytest.mark.parametrize(
    "message",
    [
        "Free tier rate limit exceeded: 10 RPM",
        "The rate limit of your plan is exceeded: 20 requests per minute",
        "Your plan's quota of 5 requests per second is exceeded",
        "Request quota exceeded",
    ],
)
def test_the_rate_of_a_plan_is_a_rate(message: str) -> None:
    """A minute later it is there again."""
    assert classify("", status=429, body=said(message)).category is C.RATE_LIMIT


@pytest.mark.parametrize(
    "message",
    [
        "Either out of resource quota or reaching rate limiting.",
        "Purchase more credits or try again at Jun 18th, 2026 8:41 AM",
        "You have used all your requests for this week. Buy more credits.",
    ],
)
def test_mixed_evidence_drops_no_provider(message: str) -> None:
    """What may as well come back by itself is asked again later."""
    for code in ("", "quota_exceeded", "insufficient_quota"):
        assert not classify("", status=429, body=said(message, code), now=NOW).credit


def test_a_concurrency_is_a_rate() -> None:
    """A place is free again as soon as a call ends."""
    for words in ("Concurrency quota exceeded: 5 of 5", "Not enough quota for parallel requests"):
        failure = classify("", status=429, body=said(words, "insufficient_quota"))
        assert (failure.category, failure.credit) == (C.RATE_LIMIT, False)


def test_a_code_under_another_key() -> None:
    """``errCode`` and ``errMsg`` are read like ``code`` and ``message``."""
    body = {"errCode": "PACKAGE_EXHAUSTED", "errMsg": "No tokens left in the package"}
    failure = classify("", status=200, body=body)
    assert (failure.category, failure.message) == (C.QUOTA_EXHAUSTED, body["errMsg"])


@pytest.mark.parametrize(
    "code",
    ["GenerateRequestsPerDayPerProjectPerModel-FreeTier", "daily_limit", "WeeklyQuotaReached"],
)
def test_a_code_that_names_a_window_beats_the_advice_to_pay(code: str) -> None:
    """Google says "check your plan and billing" of a model's day as well."""
    words = "You exceeded your current quota, please check your plan and billing details."
    error = {"message": words, "status": "RESOURCE_EXHAUSTED", "details": [{"quotaId": code}]}
    failure = classify("", status=429, body={"error": error})
    assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, False)
