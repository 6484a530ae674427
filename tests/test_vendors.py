"""The vendors' double is what the vendors are: driven here by their own SDKs over real sockets.

What each test holds against it is what Groq and Cerebras document, or were seen to answer.
"""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Protocol

import cerebras.cloud.sdk as cerebras_sdk
import groq as groq_sdk
import httpx
import pytest
from groq.types.chat import ChatCompletion
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation import LONGEST_S, Time
from tests.vendors import (
    CATALOGUE,
    GROQ,
    Config,
    Fault,
    Latency,
    Limits,
    VendorServer,
)
from tests.vendors.__main__ import read as read_command_line
from tests.vendors.answers import SPOILT, Brief, good, read_brief
from tests.vendors.config import AnswerRequest
from tests.vendors.dialects import go_duration
from tests.vendors.faults import DELIVERIES, REPLIES
from tests.vendors.quotas import RULES, Bucket, Charge, Quota

GPT = "openai/gpt-oss-120b"
QWEN = "qwen/qwen3.8-27b"
CEREBRAS_GPT = "gpt-oss-120b"
REPO = Path(__file__).parent.parent
SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}
STRICT = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
}


@pytest.fixture
def server() -> Iterator[VendorServer]:
    with VendorServer() as running:
        yield running


class RawResponse(Protocol):
    """What both SDKs' raw responses have."""

    @property
    def http_response(self) -> httpx.Response: ...


Create = Callable[..., RawResponse]


class Groq:
    """The real Groq SDK at a server; ``ask`` is one call."""

    def __init__(
        self, server: VendorServer, key: str | None = None, timeout: float = LONGEST_S
    ) -> None:
        self.sdk = groq_sdk.Groq(
            base_url=server.base_url("groq"),
            api_key=key or server.key("groq"),
            max_retries=0,
            timeout=timeout,
        )

    def ask(self, text: str = "Write JSON.", model: str = GPT, **more: object) -> httpx.Response:
        """One call; gives the response as it came."""
        create: Create = self.sdk.chat.completions.with_raw_response.create
        body = {"max_completion_tokens": 2_000, "reasoning_effort": "low"} | more
        return create(
            model=model, messages=[{"role": "user", "content": text}], **body
        ).http_response


class Cerebras:
    """The real Cerebras SDK at a server; ``ask`` is one call."""

    def __init__(
        self, server: VendorServer, key: str | None = None, timeout: float = LONGEST_S
    ) -> None:
        self.sdk = cerebras_sdk.Cerebras(
            base_url=server.base_url("cerebras"),
            api_key=key or server.key("cerebras"),
            max_retries=0,
            timeout=timeout,
            warm_tcp_connection=False,
            http_client=cerebras_sdk.DefaultHttpxClient(http2=False),
        )

    def ask(
        self, text: str = "Write JSON.", model: str = CEREBRAS_GPT, **more: object
    ) -> httpx.Response:
        """One call; gives the response as it came."""
        create: Create = self.sdk.chat.completions.with_raw_response.create
        body = {"max_completion_tokens": 2_000, "reasoning_effort": "low"} | more
        return create(
            model=model, messages=[{"role": "user", "content": text}], **body
        ).http_response


@pytest.fixture
def groq(server: VendorServer) -> Iterator[Groq]:
    client = Groq(server)
    with closing(client.sdk):
        yield client


@pytest.fixture
def cerebras(server: VendorServer) -> Iterator[Cerebras]:
    client = Cerebras(server)
    with closing(client.sdk):
        yield client


def content_of(response: httpx.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


def groq_error(call: Callable[[], object]) -> tuple[int, dict[str, object]]:
    """Status and body of the error that a Groq call raises."""
    with pytest.raises(groq_sdk.APIStatusError) as caught:
        call()
    body = caught.value.body
    assert isinstance(body, dict)
    return caught.value.status_code, body["error"]


def until_limited(call: Callable[[], object]) -> tuple[int, groq_sdk.RateLimitError]:
    """How many calls passed before the first 429, and that error."""
    for passed in range(100):
        try:
            call()
        except groq_sdk.RateLimitError as error:
            return passed, error
    raise AssertionError("100 calls passed")


def cerebras_error(call: Callable[[], object]) -> tuple[int, object]:
    """Status and body of the error that a Cerebras call raises."""
    with pytest.raises(cerebras_sdk.APIStatusError) as caught:
        call()
    return caught.value.status_code, caught.value.body


# ------------------------------------------------------------------------------ durations


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.000000007, "7ns"),
        (0.0000015, "1.5µs"),
        (0.134, "134ms"),
        (0.269999999, "269.999999ms"),
        (2, "2s"),
        (7.66, "7.66s"),
        (86.4, "1m26.4s"),
        (578.016, "9m38.016s"),
        (5692.896, "1h34m52.896s"),
        (64627.2, "17h57m7.2s"),
        (3600, "1h0m0s"),
    ],
)
def test_durations_are_printed_as_go_prints_them(seconds: float, text: str) -> None:
    """The wordings that Groq's users reported come out letter by letter."""
    assert go_duration(seconds) == text


# ------------------------------------------------------------------------------ quotas


@given(
    limit=st.integers(1, 10_000),
    steps=st.lists(st.tuples(st.floats(0, 100), st.integers(0, 12_000)), max_size=30),
)
def test_a_bucket_never_gives_more_than_its_limit_and_its_refill(
    limit: int, steps: list[tuple[float, int]]
) -> None:
    """Over any run of requests: taken <= limit + rate x time, and the stated wait suffices."""
    rule = next(rule for rule in RULES if rule.field == "tpm")
    bucket, now, taken = Bucket(rule, limit, 0.0), 0.0, 0
    for pause, amount in steps:
        now += pause
        bucket.refill(now)
        refusal = bucket.refusal(amount)
        if refusal and refusal.wait_s is not None:
            now += refusal.wait_s
            bucket.refill(now)
            refusal = bucket.refusal(amount)
        assert (refusal is not None) == (amount > limit)
        if not refusal:
            bucket.take(amount)
            taken += amount
    assert taken <= limit + limit / 60 * now + 0.001 * (len(steps) + 1)


def test_a_refused_request_takes_nothing_from_any_bucket() -> None:
    """All buckets are asked before one is charged."""
    quota = Quota(Limits(rpm=2, tpm=1_000), lambda: 0.0)
    assert quota.reserve(Charge(100, 800)) is None
    before = quota.readings()
    refusal = quota.reserve(Charge(100, 800))
    assert refusal is not None
    assert (refusal.rule.field, refusal.used, refusal.requested) == ("tpm", 900, 900)
    assert refusal.wait_s == pytest.approx(48.0)
    assert quota.readings() == before


def test_cached_tokens_are_given_back_to_all_but_the_total_limit() -> None:
    """Cached prompt tokens count against no limit but Cerebras' total one."""
    quota = Quota(Limits(tpm=10_000, total_tpm=30_000), lambda: 0.0)
    quota.reserve(Charge(1_000, 500))
    quota.settle(Charge(1_000, 500), Charge(1_000, 200, cached=768))
    assert {r.rule.field: r.limit - r.remaining for r in quota.readings()} == {
        "tpm": 432,
        "total_tpm": 1_200,
    }


def test_groq_states_requests_per_day_and_tokens_per_minute() -> None:
    """The headers of the free tier after one call; nothing names RPM or TPD."""
    with VendorServer(Config.of("groq-free")) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            response = groq.ask()
        used = response.json()["usage"]["total_tokens"]
    headers = {k: v for k, v in response.headers.items() if k.startswith(("x-rate", "retry"))}
    resets = [headers.pop(f"x-ratelimit-reset-{kind}") for kind in ("requests", "tokens")]
    remaining = int(headers.pop("x-ratelimit-remaining-tokens"))
    assert headers == {
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-remaining-requests": "999",
        "x-ratelimit-limit-tokens": "8000",
    }
    assert 0 <= remaining - (8_000 - used) < 800
    assert re.fullmatch(r"1m2[0-9.]+s", resets[0])
    assert re.fullmatch(r"[0-9.]+m?s", resets[1])


def test_cerebras_states_its_windows_by_name_in_bare_seconds() -> None:
    """Reset values are floats; the names hold minute, hour and day."""
    with VendorServer(Config.of("cerebras-trial")) as server:
        cerebras = Cerebras(server)
        with closing(cerebras.sdk):
            headers = cerebras.ask().headers
    limits = {k: v for k, v in headers.items() if k.startswith("x-ratelimit-limit")}
    assert limits == {
        "x-ratelimit-limit-requests-minute": "5",
        "x-ratelimit-limit-tokens-minute": "30000",
        "x-ratelimit-limit-tokens-hour": "1000000",
        "x-ratelimit-limit-tokens-day": "1000000",
    }
    assert 0 < float(headers["x-ratelimit-reset-requests-minute"]) <= 12
    assert headers["x-ratelimit-remaining-requests-minute"] == "4"


def test_headers_and_retry_after_can_be_left_out() -> None:
    """Cerebras no longer documents its headers: the double can be silent too."""
    config = Config.of("cerebras-trial").with_vendor("cerebras", rate_headers=False)
    with VendorServer(config) as server:
        cerebras = Cerebras(server)
        with closing(cerebras.sdk):
            headers = cerebras.ask(max_completion_tokens=1_500).headers
            for _ in range(4):
                cerebras.ask(max_completion_tokens=1_500)
            status, body = cerebras_error(cerebras.ask)
    assert not [name for name in headers if name.startswith("x-ratelimit")]
    assert (status, body) == (
        429,
        {
            "message": "Requests per minute limit exceeded - too many requests sent.",
            "type": "too_many_requests_error",
            "param": "quota",
            "code": "request_quota_exceeded",
        },
    )


def test_groq_says_429_with_its_text_and_the_seconds_until_it_fits() -> None:
    """Waiting as long as the reply says, on a fast clock, lets the same request through."""
    config, time = Config.of("groq-free", time_scale=60.0), Time()
    with VendorServer(config, time.clock) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            error = until_limited(lambda: groq.ask(max_completion_tokens=7_900))[1]
        assert isinstance(error.body, dict)
        message = error.body["error"]["message"]
        assert error.body["error"] == {
            "message": message,
            "type": "tokens",
            "code": "rate_limit_exceeded",
        }
        found = re.fullmatch(
            rf"Rate limit reached for model `{GPT}` in organization `org_test` service tier "
            r"`on_demand` on tokens per minute \(TPM\): Limit 8000, Used (\d+), Requested 7910\. "
            r"Please try again in ([0-9.]+)ms\. Need more tokens\? Upgrade to Dev Tier today at "
            r"https://console\.groq\.com/settings/billing",
            message,
        )
        assert found
        wait_s = float(found[2]) / 1000
        assert float(error.response.headers["retry-after"]) == pytest.approx(wait_s, abs=0.001)
        assert "x-ratelimit-remaining-tokens" in error.response.headers
        time.advance(wait_s + 0.002)
        groq = Groq(server)
        with closing(groq.sdk):
            assert groq.ask(max_completion_tokens=7_900).status_code == 200


def test_scaled_hints_are_in_the_quota_clocks_seconds() -> None:
    """With ``hints="scaled"`` a client on the same fast clock reads the vendor's own numbers."""
    config = Config.of("groq-free", time_scale=1_000.0, hints="scaled")
    with VendorServer(config, Time().clock) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            reset = groq.ask().headers["x-ratelimit-reset-requests"]
    assert reset.startswith("1m"), reset


def test_requests_per_minute_refill_one_by_one() -> None:
    """Groq's own text of the 31st request in a burst: two seconds to the next slot."""
    limits = Limits(rpm=30)
    config = Config().with_model("groq", GPT, limits=limits)
    with VendorServer(config, Time().clock) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            passed, error = until_limited(groq.ask)
    assert passed == 30
    assert "requests per minute (RPM): Limit 30, Used 30, Requested 1." in str(error)
    assert error.response.headers["retry-after"] == "2"


def test_what_was_reserved_and_not_used_is_given_back() -> None:
    """With refunds a large ``max_completion_tokens`` costs only what was generated."""
    charged = {}
    for refund in (True, False):
        config = Config().with_model("groq", GPT, limits=Limits(tpm=100_000))
        with VendorServer(config.with_vendor("groq", refund=refund)) as server:
            groq = Groq(server)
            with closing(groq.sdk):
                used = groq.ask(max_completion_tokens=30_000).json()["usage"]["total_tokens"]
            reading = server.readings("groq", GPT)[0]
            charged[refund] = (used, reading.limit - reading.remaining)
    assert charged[True][1] <= charged[True][0]
    assert charged[False][1] > 29_000


def test_a_request_above_the_limit_is_413_and_no_rate_limit_error() -> None:
    """Groq reserves prompt plus ``max_completion_tokens``; 413 has no class of its own."""
    with VendorServer(Config.of("groq-free")) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            status, error = groq_error(lambda: groq.ask(max_completion_tokens=10_000))
            assert groq.ask(max_completion_tokens=7_000).status_code == 200
    assert (status, error["type"], error["code"]) == (413, "tokens", "rate_limit_exceeded")
    assert str(error["message"]).startswith(
        f"Request too large for model `{GPT}` in organization `org_test` service tier `on_demand` "
        "on tokens per minute (TPM): Limit 8000, Requested 10010, please reduce your message size"
    )


@pytest.mark.parametrize("status", [429, 413, 400])
def test_the_output_limit_counts_expected_tokens(status: int) -> None:
    """600 tokens asked of a reasoning qwen are 1,296 expected ones: too many, whatever the wait."""
    config = Config.of("groq-free").with_model("groq", QWEN, output_status=status)
    with VendorServer(config) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            seen, error = groq_error(
                lambda: groq.ask(model=QWEN, max_completion_tokens=600, reasoning_effort="high")
            )
            fits = groq.ask(model=QWEN, max_completion_tokens=600, reasoning_effort="none")
    assert seen == status
    assert "on output tokens per minute (OTPM): Limit 1000, Requested 1296." in str(
        error["message"]
    )
    assert fits.status_code == 200


def test_cerebras_uses_one_code_for_minute_and_day_and_another_text() -> None:
    """Only the message tells the minute from the day."""
    seen = []
    for limits in (Limits(tpm=2_500), Limits(tpd=2_500)):
        with VendorServer(Config().with_model("cerebras", None, limits=limits)) as server:
            cerebras = Cerebras(server)
            with closing(cerebras.sdk):
                cerebras.ask()
                seen.append(cerebras_error(lambda: cerebras.ask(max_completion_tokens=2_400)))  # noqa: B023 - called at once
    wordings = ["Tokens per minute limit exceeded", "Tokens per day limit exceeded"]
    assert seen == [
        (
            429,
            {
                "message": f"{wording} - too many tokens processed.",
                "type": "too_many_requests_error",
                "param": "quota",
                "code": "token_quota_exceeded",
            },
        )
        for wording in wordings
    ]


# ------------------------------------------------------------------------------ completions


def test_groq_completes_in_its_own_shape(server: VendorServer, groq: Groq) -> None:
    """The SDK reads usage, reasoning and ``x_groq``; the record holds the same numbers."""
    answer = ChatCompletion.model_validate(groq.ask().json())
    assert answer.usage is not None
    assert answer.usage.completion_tokens_details is not None
    assert answer.x_groq is not None
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.reasoning
    sample = json.loads(answer.choices[0].message.content or "")
    assert list(sample) == ["question", "reasoning_steps", "answer", "citations"]
    (call,) = server.calls("groq", GPT)
    assert (call.status, call.paid, call.question) == (200, True, sample["question"])
    assert (call.prompt_tokens, call.completion_tokens, call.reasoning_tokens) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.usage.completion_tokens_details.reasoning_tokens,
    )


def test_cerebras_completes_in_its_own_shape(server: VendorServer, cerebras: Cerebras) -> None:
    """``time_info`` and token details are there, and the constructor warmed nothing."""
    body = cerebras.ask().json()
    assert set(body["time_info"]) == {
        "queue_time",
        "prompt_time",
        "completion_time",
        "total_time",
        "created",
    }
    assert body["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}
    assert "x_groq" not in body
    assert server.stats()["tcp_warming"] == 0


def test_a_warming_call_is_counted(server: VendorServer) -> None:
    """The Cerebras constructor's own network call does not go unseen."""
    cerebras_sdk.Cerebras(
        base_url=server.base_url("cerebras"), api_key=server.key("cerebras"), max_retries=0
    ).close()
    assert server.stats()["tcp_warming"] == 1


def test_any_openai_client_is_served(server: VendorServer) -> None:
    """The generic dialect takes any model and any key under ``/compat/v1``."""
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=server.base_url("compat"), api_key="x", max_retries=0) as client:
        answer = client.chat.completions.create(
            model="anything", messages=[{"role": "user", "content": "Write JSON."}]
        )
        models = [model.id for model in client.models.list()]
    assert (answer.model, answer.choices[0].finish_reason) == ("anything", "stop")
    assert models == ["local-model"]


def test_the_models_of_a_vendor_are_listed(server: VendorServer, groq: Groq) -> None:
    """The list holds what Groq's really holds beyond its SDK's types."""
    models = {model.id: model.model_dump() for model in groq.sdk.models.list().data}
    assert list(models) == [model.id for model in GROQ.models]
    assert models[QWEN]["context_window"] == 131_042
    assert models[QWEN]["max_completion_tokens"] == 16_384
    assert groq.sdk.models.retrieve(GPT).id == GPT


def test_the_server_itself_is_a_base_url_for_both_sdks(server: VendorServer) -> None:
    """Without a prefix ``/openai/v1`` is Groq's and ``/v1`` is Cerebras'."""
    found = {}
    for path in ("/openai/v1/models", "/v1/models"):
        request = urllib.request.Request(
            server.url + path, headers={"authorization": f"Bearer {server.key('groq')}"}
        )
        try:
            with urllib.request.urlopen(request) as reply:
                found[path] = reply.status
        except urllib.error.HTTPError as error:
            with error:
                found[path] = error.code
    assert found == {"/openai/v1/models": 200, "/v1/models": 401}


def test_a_known_first_message_is_cached(server: VendorServer, groq: Groq) -> None:
    """The second call with the same beginning reports cached tokens, in steps of 128."""
    first, second = (groq.ask("json " * 400).json()["usage"] for _ in range(2))
    assert "prompt_tokens_details" not in first
    assert second["prompt_tokens_details"] == {"cached_tokens": 384}


def test_a_small_budget_truncates(server: VendorServer, groq: Groq) -> None:
    """Too few tokens: half an answer; fewer than the reasoning takes: none at all."""
    cut = groq.ask(max_completion_tokens=300).json()["choices"][0]
    bare = groq.ask(max_completion_tokens=20).json()["choices"][0]
    assert cut["finish_reason"] == bare["finish_reason"] == "length"
    assert cut["message"]["content"].startswith('{"question"')
    assert bare["message"]["content"] == ""


def test_a_truncated_strict_answer_is_an_error_at_groq(groq: Groq) -> None:
    """Groq refuses what does not fit the schema, and says that the cap was reached."""
    status, error = groq_error(lambda: groq.ask(max_completion_tokens=300, response_format=STRICT))
    assert (status, error["code"], error["failed_generation"]) == (
        400,
        "json_validate_failed",
        "max completion tokens reached before generating a valid document",
    )


def test_a_truncated_strict_answer_can_be_a_length_instead(cerebras: Cerebras) -> None:
    """The other manner, which is Cerebras' default here."""
    choice = cerebras.ask(max_completion_tokens=300, response_format=STRICT).json()["choices"][0]
    assert choice["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("asked", "content", "parsed"),
    [
        ({}, r"<think>\n.*</think>\n\n\{.*", False),
        ({"reasoning_format": "parsed"}, r"\{.*", True),
        ({"reasoning_format": "hidden"}, r"\{.*", False),
        ({"reasoning_effort": "none"}, r"\{.*", False),
        ({"response_format": {"type": "json_object"}}, r"\{.*", False),
    ],
)
def test_qwen_puts_its_reasoning_where_it_is_asked_to(
    groq: Groq, asked: dict[str, object], content: str, *, parsed: bool
) -> None:
    """Groq's default for qwen is raw; with JSON it is never in the content."""
    body: dict[str, object] = {"model": QWEN, "reasoning_effort": "default"} | asked
    message = groq.ask(**body).json()["choices"][0]["message"]  # type: ignore[arg-type]
    assert re.fullmatch(content, message["content"], re.DOTALL)
    assert ("reasoning" in message) == parsed


def test_cerebras_raw_reasoning_of_gpt_oss_has_no_separator(cerebras: Cerebras) -> None:
    """The reasoning runs straight into the answer."""
    content = content_of(cerebras.ask(reasoning_format="raw"))
    assert re.match(r'The user wants .*\{"question"', content, re.DOTALL)
    assert "<think>" not in content


# ------------------------------------------------------------------------------ refusals


def test_a_wrong_key_is_each_vendors_401(server: VendorServer) -> None:
    """The bodies differ: nested and without nulls, flat with a param."""
    groq, cerebras = Groq(server, "gsk_live_x"), Cerebras(server, "nonsense")
    with closing(groq.sdk), closing(cerebras.sdk):
        assert groq_error(groq.ask) == (
            401,
            {
                "message": "Invalid API Key",
                "type": "invalid_request_error",
                "code": "invalid_api_key",
            },
        )
        assert cerebras_error(cerebras.ask) == (
            401,
            {
                "message": "Wrong API Key",
                "type": "invalid_request_error",
                "param": "api_key",
                "code": "wrong_api_key",
            },
        )


def test_only_the_configured_keys_are_accepted() -> None:
    """A list of keys replaces the default prefix."""
    config = Config().with_vendor("groq", keys=("one",), key_prefix="")
    with VendorServer(config) as server:
        other, right = Groq(server, "gsk_test_x"), Groq(server)
        with closing(other.sdk), closing(right.sdk):
            assert groq_error(other.ask)[0] == 401
            assert right.ask().status_code == 200


GROQ_REFUSALS: list[tuple[dict[str, object], int, str | None, str]] = [
    ({"model": "llama-3.1-8b-instant"}, 404, "model_not_found", "The model `llama-3.1-8b-instant`"),
    ({"reasoning_effort": "none"}, 400, None, "`reasoning_effort` must be one of `low`, `medium`"),
    ({"reasoning_format": "parsed"}, 400, None, "`reasoning_format` is not supported with this"),
    ({"max_completion_tokens": 200_000}, 400, None, "`max_completion_tokens` must be less than"),
    ({"n": 2}, 400, None, "'n' : number must be at most 1"),
    ({"logprobs": True}, 400, None, "`logprobs` is not supported with this model"),
    ({"extra_body": {"foo": 1}}, 400, None, "property 'foo' is unsupported"),
    ({"text": "Write.", "response_format": {"type": "json_object"}}, 400, None, "'messages' must"),
    (
        {"model": "openai/gpt-oss-safeguard-20b", "response_format": STRICT},
        400,
        None,
        "This model does not support response format `json_schema`.",
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "strict": True, "schema": SCHEMA | {"required": []}},
            }
        },
        400,
        None,
        "invalid JSON schema for response_format: 'a': /required: The following properties must",
    ),
    (
        {"text": "json " * 150_000, "max_completion_tokens": 60_000},
        400,
        "context_length_exceeded",
        "Please reduce the length of the messages or completion",
    ),
]


@pytest.mark.parametrize(("asked", "status", "code", "message"), GROQ_REFUSALS)
def test_groq_refuses_what_it_refuses(
    groq: Groq, asked: dict[str, object], status: int, code: str | None, message: str
) -> None:
    """Each wrong request gets the documented status, code and words."""
    seen, error = groq_error(lambda: groq.ask(**asked))  # type: ignore[arg-type]
    assert (seen, error.get("code")) == (status, code)
    assert str(error["message"]).startswith(message)


CEREBRAS_REFUSALS: list[tuple[dict[str, object], int, str, str]] = [
    ({"model": "glm-4-9b"}, 404, "model_not_found", "Model glm-4-9b does not exist or you do"),
    ({"max_tokens": 5}, 400, "wrong_api_format", "max_tokens and max_completion_tokens"),
    (
        {"extra_body": {"store": True}},
        400,
        "wrong_api_format",
        "body.store: property 'body.store' is unsupported",
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "a",
                    "strict": True,
                    "schema": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                },
            }
        },
        400,
        "wrong_api_format",
        "Unsupported JSON schema fields: {'minItems'}",
    ),
    (
        {"text": "json " * 125_000, "max_completion_tokens": 2_000},
        400,
        "context_length_exceeded",
        "Please reduce the length of the messages or completion. Current length is 137",
    ),
]


@pytest.mark.parametrize(("asked", "status", "code", "message"), CEREBRAS_REFUSALS)
def test_cerebras_refuses_what_it_refuses(
    cerebras: Cerebras, asked: dict[str, object], status: int, code: str, message: str
) -> None:
    """Each wrong request gets the documented status, code and words."""
    seen, error = cerebras_error(lambda: cerebras.ask(**asked))  # type: ignore[arg-type]
    assert isinstance(error, dict)
    assert (seen, error["code"]) == (status, code)
    assert str(error["message"]).startswith(message)


def test_a_base_url_with_the_path_in_it_ends_in_unknown_url(server: VendorServer) -> None:
    """The doubled path of an OpenAI-style base URL is a 404 without a model code."""
    client = groq_sdk.Groq(
        base_url=f"{server.base_url('groq')}/openai/v1", api_key=server.key("groq"), max_retries=0
    )
    with closing(client):
        status, error = groq_error(client.models.list)
    assert (status, error["code"]) == (404, "unknown_url")


# ------------------------------------------------------------------------------ faults

GROQ_RAISES: dict[str, tuple[type[Exception], int | None]] = {
    "bad_request": (groq_sdk.BadRequestError, 400),
    "json_validate_failed": (groq_sdk.BadRequestError, 400),
    "json_truncated": (groq_sdk.BadRequestError, 400),
    "schema_mismatch": (groq_sdk.BadRequestError, 400),
    "incomplete_json": (groq_sdk.BadRequestError, 400),
    "no_json_schema": (groq_sdk.BadRequestError, 400),
    "decommissioned": (groq_sdk.BadRequestError, 400),
    "context_length": (groq_sdk.BadRequestError, 400),
    "organization_restricted": (groq_sdk.BadRequestError, 400),
    "expired_key": (groq_sdk.BadRequestError, 400),
    "spend_cap": (groq_sdk.BadRequestError, 400),
    "unauthorized": (groq_sdk.AuthenticationError, 401),
    "key_echo": (groq_sdk.AuthenticationError, 401),
    "payment_required": (groq_sdk.APIStatusError, 402),
    "network_block": (groq_sdk.PermissionDeniedError, 403),
    "cloudflare_block": (groq_sdk.PermissionDeniedError, 403),
    "cloudflare_1010": (groq_sdk.PermissionDeniedError, 403),
    "model_blocked": (groq_sdk.PermissionDeniedError, 403),
    "model_not_found": (groq_sdk.NotFoundError, 404),
    "unknown_url": (groq_sdk.NotFoundError, 404),
    "nginx_404": (groq_sdk.NotFoundError, 404),
    "request_timeout": (groq_sdk.APIStatusError, 408),
    "too_large": (groq_sdk.APIStatusError, 413),
    "entity_too_large": (groq_sdk.APIStatusError, 413),
    "unprocessable": (groq_sdk.UnprocessableEntityError, 422),
    "unprocessable_empty": (groq_sdk.UnprocessableEntityError, 422),
    "rpm": (groq_sdk.RateLimitError, 429),
    "rpd": (groq_sdk.RateLimitError, 429),
    "tpm": (groq_sdk.RateLimitError, 429),
    "itpm": (groq_sdk.RateLimitError, 429),
    "tph": (groq_sdk.RateLimitError, 429),
    "tpd": (groq_sdk.RateLimitError, 429),
    "otpm": (groq_sdk.RateLimitError, 429),
    "queue": (groq_sdk.RateLimitError, 429),
    "flex_capacity": (groq_sdk.APIStatusError, 498),
    "status": (groq_sdk.InternalServerError, 500),
    "server_error": (groq_sdk.InternalServerError, 500),
    "bad_gateway": (groq_sdk.InternalServerError, 502),
    "over_capacity": (groq_sdk.InternalServerError, 503),
    "service_unavailable": (groq_sdk.InternalServerError, 503),
    "envoy_overflow": (groq_sdk.InternalServerError, 503),
    "loading_model": (groq_sdk.InternalServerError, 503),
    "gateway_timeout": (groq_sdk.InternalServerError, 504),
    "cloudflare_524": (groq_sdk.InternalServerError, 524),
    "status_in_body": (groq_sdk.BadRequestError, 400),
    "redirect_loop": (groq_sdk.APIConnectionError, None),
    "redirect": (groq_sdk.NotFoundError, 404),
}
"""What the SDK makes of each reply; the exact class, because 402, 408, 413 and 498 have none."""


@pytest.mark.parametrize("name", GROQ_RAISES)
def test_a_failing_status_raises_what_the_sdk_has_for_it(
    server: VendorServer, groq: Groq, name: str
) -> None:
    """Class and status for every reply of the catalogue that is an error; nothing is charged."""
    server.fail("groq", name, count=30)
    expected, status = GROQ_RAISES[name]
    with pytest.raises(groq_sdk.APIError) as caught:
        groq.ask()
    assert type(caught.value) is expected
    assert getattr(caught.value, "status_code", None) == status
    assert not [call for call in server.calls("groq") if call.paid]
    assert server.calls("groq")[0].fault == name


def test_every_reply_of_the_catalogue_is_held_to_something() -> None:
    """A new fault cannot be added without saying what an SDK makes of it."""
    odd = {"html_200", "truncated_json_200", "empty_200", "error_200"}
    odd |= {"no_choices_200", "wrong_types_200"}
    assert set(GROQ_RAISES) | odd == set(REPLIES)
    assert set(CATALOGUE) == set(REPLIES) | DELIVERIES | set(SPOILT)


def test_the_bodies_are_the_vendors_own(server: VendorServer, groq: Groq) -> None:
    """Those that a client must tell apart by code or words, as users reported them."""
    seen: dict[str, object] = {}
    names = ["decommissioned", "network_block", "over_capacity", "tpd", "bad_gateway"]
    for name in names:
        server.fail("groq", name, count=1)
        with pytest.raises(groq_sdk.APIStatusError) as caught:
            groq.ask()
        assert isinstance(caught.value.body, dict)
        seen[name] = caught.value.body["error"]
    assert seen == {
        "decommissioned": {
            "message": f"The model `{GPT}` has been decommissioned and is no longer supported. "
            "Please refer to https://console.groq.com/docs/deprecations for a recommendation on "
            "which model to use instead.",
            "type": "invalid_request_error",
            "code": "model_decommissioned",
        },
        "network_block": {"message": "Access denied. Please check your network settings."},
        "over_capacity": {
            "message": f"{GPT} is currently over capacity. Please try again and back off "
            "exponentially. Visit https://groqstatus.com to see if there is an active incident.",
            "type": "internal_server_error",
        },
        "tpd": {
            "message": f"Rate limit reached for model `{GPT}` in organization `org_test` service "
            "tier `on_demand` on tokens per day (TPD): Limit 200000, Used 199552, Requested 1533. "
            "Please try again in 9m38.016s. Need more tokens? Upgrade to Dev Tier today at "
            "https://console.groq.com/settings/billing",
            "type": "tokens",
            "code": "rate_limit_exceeded",
        },
        "bad_gateway": {"type": "internal_server_error", "code": "service_unavailable"},
    }


def test_cerebras_faults_come_in_its_flat_shape(server: VendorServer, cerebras: Cerebras) -> None:
    """A busy queue, and a credit that is gone with its header."""
    server.fail("cerebras", "queue", count=1)
    assert cerebras_error(cerebras.ask) == (
        429,
        {
            "message": "We're experiencing high traffic right now! Please try again soon.",
            "type": "too_many_requests_error",
            "param": "queue",
            "code": "queue_exceeded",
        },
    )
    server.fail("cerebras", "payment_required", count=1)
    with pytest.raises(cerebras_sdk.APIStatusError) as caught:
        cerebras.ask()
    assert caught.value.response.headers["x-should-retry"] == "false"


def test_cerebras_takes_the_status_from_the_body(server: VendorServer, cerebras: Cerebras) -> None:
    """HTTP 400 with ``status_code`` 429 inside is a ``RateLimitError``."""
    server.fail("cerebras", "status_in_body")
    with pytest.raises(cerebras_sdk.RateLimitError) as caught:
        cerebras.ask()
    assert (caught.value.status_code, caught.value.response.status_code) == (429, 400)


@pytest.mark.parametrize(
    ("hint", "header", "in_text"),
    [
        ("vendor", ("retry-after", "600"), True),
        ("none", None, False),
        ("header", ("retry-after", "600"), False),
        ("text", None, True),
        ("ms", ("retry-after-ms", "600000"), False),
    ],
)
def test_a_wait_is_stated_in_the_form_asked_for(
    server: VendorServer, groq: Groq, hint: str, header: tuple[str, str] | None, *, in_text: bool
) -> None:
    """600 s as a header, in milliseconds, in the words, everywhere or nowhere."""
    server.fail("groq", "tpm", retry_after_s=600.0, hint=hint)
    with pytest.raises(groq_sdk.RateLimitError) as caught:
        groq.ask()
    found = [
        (name, value)
        for name, value in caught.value.response.headers.items()
        if name.startswith("retry-after")
    ]
    assert found == ([header] if header else [])
    assert ("Please try again in 10m0s." in str(caught.value)) == in_text


def test_a_wait_can_be_a_date(server: VendorServer, groq: Groq) -> None:
    """The HTTP date form of ``retry-after``."""
    server.fail("groq", "tpm", retry_after_s=600.0, hint="date")
    with pytest.raises(groq_sdk.RateLimitError) as caught:
        groq.ask()
    assert caught.value.response.headers["retry-after"].endswith(" GMT")


def test_the_key_is_echoed(server: VendorServer, groq: Groq) -> None:
    """What a client must redact is really there."""
    server.fail("groq", "key_echo")
    assert server.key("groq") in str(groq_error(groq.ask)[1]["message"])


def test_odd_replies_under_200_do_what_they_do_to_the_sdk(server: VendorServer, groq: Groq) -> None:
    """HTML becomes a ``str``, cut JSON a ``JSONDecodeError``, an error a completion of None."""

    def create() -> object:
        return groq.sdk.chat.completions.create(
            model=GPT, messages=[{"role": "user", "content": "json"}]
        )

    server.fail("groq", "html_200", count=1)
    assert isinstance(create(), str)
    for name in ("truncated_json_200", "empty_200"):
        server.fail("groq", name, count=1)
        with pytest.raises(json.JSONDecodeError):
            create()
    server.fail("groq", "error_200", count=1)
    assert getattr(create(), "choices", 0) is None
    server.fail("groq", "no_choices_200", count=1)
    assert getattr(create(), "choices", 0) == []
    server.fail("groq", "wrong_types_200", count=1)
    assert getattr(create(), "choices", 0) == "none"


@pytest.mark.parametrize("name", ["hang", "stall"])
def test_a_silent_server_is_a_timeout(server: VendorServer, name: str) -> None:
    """Before or after the headers: the SDK's read timeout ends it."""
    server.fail("groq", name)
    client = Groq(server, timeout=0.15)
    with closing(client.sdk), pytest.raises(groq_sdk.APITimeoutError):
        client.ask()
    server.wait_for(1, "groq")
    assert [call.status for call in server.calls("groq")] == [None if name == "hang" else 200]


@pytest.mark.parametrize("name", ["dribble_headers", "dribble_body", "interim"])
def test_a_dribble_outlasts_every_timeout_of_the_sdk(server: VendorServer, name: str) -> None:
    """Bytes that keep coming never trip a read timeout: the call is alive long after it.

    At this pace the reply takes a quarter of a minute, and no pause comes near the timeout.
    """
    server.fail("groq", name, pace_s=0.1)
    client = Groq(server, timeout=2.0)
    ended = threading.Event()

    def ask() -> None:
        with pytest.raises(groq_sdk.APIConnectionError):
            client.ask()
        ended.set()

    thread = threading.Thread(target=ask)
    thread.start()
    assert not ended.wait(2.3)
    server.close()
    thread.join(LONGEST_S)
    assert ended.is_set()
    client.sdk.close()


def test_a_dribbled_reply_arrives_whole_in_the_end(server: VendorServer, groq: Groq) -> None:
    """A dribble is slow, not wrong."""
    server.fail("groq", "dribble_headers", pace_s=0.0, count=1)
    server.fail("groq", "dribble_body", pace_s=0.0)
    assert [groq.ask().json()["object"] for _ in range(2)] == ["chat.completion"] * 2


@pytest.mark.parametrize(
    ("name", "cause", "paid"),
    [
        ("reset", httpx.ReadError, False),
        ("reset_after_headers", httpx.ReadError, True),
        ("close", httpx.RemoteProtocolError, False),
        ("long_content_length", httpx.RemoteProtocolError, True),
        ("cut_chunked", httpx.RemoteProtocolError, True),
    ],
)
def test_a_broken_connection_is_a_connection_error(
    server: VendorServer, groq: Groq, name: str, cause: type[Exception], *, paid: bool
) -> None:
    """Each way to break has its cause; what broke after the run was still paid for."""
    server.fail("groq", name)
    with pytest.raises(groq_sdk.APIConnectionError) as caught:
        groq.ask()
    assert type(caught.value.__cause__) is cause
    assert [call.paid for call in server.calls("groq")] == [paid]


def test_a_short_content_length_cuts_the_json(server: VendorServer, groq: Groq) -> None:
    """The client reads half a body and believes it whole."""
    server.fail("groq", "short_content_length")
    with pytest.raises(json.JSONDecodeError):
        groq.ask().json()


def test_a_connection_closed_after_its_reply_is_replaced(server: VendorServer, groq: Groq) -> None:
    """The next call of the same client opens another connection and succeeds."""
    server.fail("groq", "close_after_reply", count=2)
    for _ in range(2):
        assert groq.ask().status_code == 200
        server.wait_for_no_connection()  # a request that crosses the close would be reset
    assert groq.ask().status_code == 200
    assert server.stats()["connections"] == 3


def test_bad_answers_are_bad_in_their_way_and_paid_for(server: VendorServer, groq: Groq) -> None:
    """Each spoilt answer of the catalogue, inside a correct and charged completion."""
    expected: dict[str, Callable[[str | None, str], bool]] = {
        "empty_content": lambda text, finish: text == "" and finish == "stop",
        "null_content": lambda text, finish: text is None and finish == "stop",
        "truncated": lambda text, finish: not (text or "").endswith("}") and finish == "length",
        "truncated_stop": lambda text, finish: not (text or "").endswith("}") and finish == "stop",
        "reasoning_only": lambda text, finish: text == "" and finish == "length",
        "wrong_schema": lambda text, _: set(json.loads(text or "")) == {"question", "response"},
        "prose": lambda text, _: (text or "").startswith("Question: "),
        "fenced": lambda text, _: "```json\n{" in (text or ""),
        "think": lambda text, _: (text or "").startswith("<think>"),
        "refusal": lambda text, _: (text or "").startswith("I'm sorry"),
        "refusal_in_json": lambda text, _: "As an AI" in json.loads(text or "")["answer"],
        "content_filter": lambda text, finish: text == "" and finish == "content_filter",
        "huge": lambda text, _: len(text or "") > 40_000,
        "short": lambda text, _: len(json.loads(text or "")["answer"]) < 30,
        "non_english": lambda text, _: not json.loads(text or "")["answer"].isascii(),
        "placeholder": lambda text, _: "[insert" in (text or ""),
        "no_steps": lambda text, _: json.loads(text or "")["reasoning_steps"] == [],
        "array": lambda text, _: isinstance(json.loads(text or ""), list),
    }
    assert set(expected) | {"duplicate"} == set(SPOILT)
    wrong = []
    for name, check in expected.items():
        server.fail("groq", name, count=1)
        choice = groq.ask(max_completion_tokens=30_000).json()["choices"][0]
        if not check(choice["message"]["content"], choice["finish_reason"]):
            wrong.append((name, choice))
    assert wrong == []
    assert all(call.paid for call in server.calls("groq"))


@pytest.mark.parametrize("fault", sorted(SPOILT))
def test_the_marks_of_a_judge_are_spoilt_too(fault: str) -> None:
    """A fault may meet any call of a batch, of which some are a judge's."""
    marks = json.dumps({"remark": "one step is thin", "correctness": 4})
    assert fault == "duplicate" or SPOILT[fault](marks).content != marks


def test_a_duplicate_repeats_the_last_good_answer(server: VendorServer, groq: Groq) -> None:
    """Word by word, of the same model."""
    first = content_of(groq.ask())
    server.fail("groq", "duplicate", count=1)
    assert content_of(groq.ask()) == first
    assert content_of(groq.ask()) != first


# ------------------------------------------------------------------------------ the schedule


def test_faults_strike_by_vendor_model_and_number() -> None:
    """After two good calls, every second one, three times; another model is left alone."""
    fault = Fault("over_capacity", "groq", GPT, after=2, every=2, count=3)
    with VendorServer(Config(faults=(fault,))) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            for _ in range(10):
                try:
                    groq.ask()
                except groq_sdk.InternalServerError:
                    continue
            groq.ask(model="openai/gpt-oss-20b")
        statuses = [call.status for call in server.calls("groq", GPT)]
        others = [call.status for call in server.calls("groq", "openai/gpt-oss-20b")]
    assert statuses == [200, 200, 503, 200, 503, 200, 503, 200, 200, 200]
    assert others == [200]


@given(
    start=st.floats(0, 10), length=st.floats(0.1, 10), now=st.floats(0, 30), number=st.integers(0)
)
def test_a_window_of_time_bounds_a_fault(
    start: float, length: float, now: float, number: int
) -> None:
    """It strikes from its start up to its end, and not at the end."""
    fault = Fault("hang", start_s=start, end_s=start + length)
    assert fault.strikes(number, 0, now) == (start <= now < start + length)


def test_faults_are_set_read_and_cleared_over_http(server: VendorServer, groq: Groq) -> None:
    """The controls: faults in, log and stats out, reset; a wrong fault is refused."""
    controls = httpx.Client(base_url=f"{server.url}/_control")
    with controls:
        wrong = controls.post("/faults", json={"name": "no_such"})
        unknown = controls.post("/faults", json={"name": "hang", "modell": "x"})
        ok = controls.post("/faults", json=[{"name": "unauthorized", "count": 1}, "rpm"])
        seen = [groq_error(groq.ask)[0] for _ in range(2)]
        log = [json.loads(line) for line in controls.get("/log").text.splitlines()]
        later = controls.get("/log", params={"since": 1}).text.splitlines()
        stats = controls.get("/stats").json()
        healed = controls.request("DELETE", "/faults").json()
        controls.post("/reset")
    assert (wrong.status_code, unknown.status_code, ok.json()) == (400, 400, {"faults": 2})
    assert seen == [401, 429]
    assert [(one["vendor"], one["model"], one["fault"]) for one in log] == [
        ("groq", GPT, "unauthorized"),
        ("groq", GPT, "rpm"),
    ]
    assert len(later) == 1
    assert stats["models"][f"groq/{GPT}"]["by_status"] == {"401": 1, "429": 1}
    assert healed == {"faults": 0}
    assert server.calls() == []


def test_the_log_file_grows_as_calls_are_answered(tmp_path: Path) -> None:
    """One line a call, on disk before the client has the answer, with its marker."""
    log = tmp_path / "calls.jsonl"
    with VendorServer(Config(log=log)) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            question = json.loads(content_of(groq.ask(extra_headers={"x-marker": "slot 7"})))[
                "question"
            ]
            line = json.loads(log.read_text("utf-8"))
    assert (line["question"], line["marker"], line["status"]) == (question, "slot 7", 200)


# ------------------------------------------------------------------------------ answers


@pytest.mark.parametrize("answers", [800, pytest.param(3_000, marks=pytest.mark.extended)])
def test_hundreds_of_answers_are_varied_and_long_enough(answers: int) -> None:
    """Among so many none is a near-duplicate of another of its topic, all within their bounds.

    The bounds are a gate's: question 2-word Jaccard under 0.6, answer 3-word under 0.5.
    """
    topics: defaultdict[str, list[tuple[set[str], set[str]]]] = defaultdict(list)
    for number in range(answers):
        sample = good(number, 0, Brief())
        question, answer = str(sample["question"]), str(sample["answer"])
        steps, citations = sample["reasoning_steps"], sample["citations"]
        assert isinstance(steps, list)
        assert isinstance(citations, list)
        assert 6 <= len(question.split()) <= 220
        assert 150 <= len(answer.split()) <= 260
        assert len(steps) in (4, 5)
        assert len(citations) == 2
        topics[citations[0]["text"]].append((shingles(question, 2), shingles(answer, 3)))
    pairs = [pair for group in topics.values() for pair in combinations(group, 2)]
    assert max(jaccard(a[0], b[0]) for a, b in pairs) < 0.6
    assert max(jaccard(a[1], b[1]) for a, b in pairs) < 0.5


def shingles(text: str, size: int) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[at : at + size]) for at in range(len(words) - size + 1)}


def jaccard(a: set[str], b: set[str]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


@pytest.mark.parametrize(
    ("prompt", "brief"),
    [
        ("Write one sample.", Brief()),
        (
            "Law: England and Wales\nField: EU law, retained\n"  # noqa: ISC004 - one prompt
            "Length: answer 200 to 650 words (aim for 400); 3 to 7 reasoning steps",
            Brief((200, 650), (3, 7), 2, ("uk",)),
        ),
        (
            "Law: New York (United States)\nForm: Dialogue. 200-800 words; at most 6 steps.",
            Brief((200, 800), (2, 6), 2, ("us",), dialogue=True),
        ),
        (
            "Law: European Union\nForm: Comparison. 250 to 750 words; no steps",
            Brief((250, 750), (0, 0), 2, ("eu", "uk")),
        ),
    ],
)
def test_answers_honour_the_bounds_that_the_prompt_names(prompt: str, brief: Brief) -> None:
    """What can be read in the prompt is read, and kept to by every answer."""
    assert read_brief(prompt) == brief
    for number in range(50):
        sample = good(number, 1, brief)
        steps, answer = sample["reasoning_steps"], str(sample["answer"])
        assert isinstance(steps, list)
        assert brief.steps[0] <= len(steps) <= brief.steps[1]
        assert brief.words[0] <= len(answer.split()) <= brief.words[1]


def test_the_same_seed_gives_the_same_answers() -> None:
    """Two servers of one seed agree, another seed differs."""
    found = []
    for seed in (5, 5, 6):
        with VendorServer(Config(seed=seed)) as server:
            groq = Groq(server)
            with closing(groq.sdk):
                found.append([content_of(groq.ask()) for _ in range(2)])
    assert found[0] == found[1] != found[2]


def test_answers_come_from_a_file_or_a_function(tmp_path: Path) -> None:
    """Lines are taken in turn; a function sees the prompt and the number."""
    file = tmp_path / "answers.jsonl"
    file.write_text('{"content": "one"}\n{"question": "two"}\n', "utf-8")

    def say(request: AnswerRequest) -> str:
        return f"{request.vendor} {request.number} {request.prompt}"

    found = []
    for answers in (file, say):
        with VendorServer(Config(answers=answers)) as server:
            groq = Groq(server)
            with closing(groq.sdk):
                found.append([content_of(groq.ask("json")) for _ in range(3)])
    assert found == [
        ["one", '{"question": "two"}', "one"],
        ["groq 0 json", "groq 1 json", "groq 2 json"],
    ]


# ------------------------------------------------------------------------------ order


def test_a_gate_holds_calls_until_they_are_released(server: VendorServer) -> None:
    """Three stand and nothing came of them; one goes on, then all, and others never stood."""
    held, client = server.hold(GPT), Groq(server)
    with closing(client.sdk), ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(client.ask) for _ in range(3)]
        held.wait_for(3)
        assert client.ask(model=QWEN).status_code == 200
        assert (server.calls("groq", GPT), held.standing) == ([], 3)
        held.release(1)
        server.wait_for(1, "groq", GPT)
        assert held.standing == 2
        held.release()
        assert [call.result().status_code for call in asked] == [200] * 3
        assert client.ask().status_code == 200
    assert [call.in_flight for call in server.calls("groq", GPT)][-1] == 1
    assert max(call.in_flight for call in server.calls("groq", GPT)) == 3


def test_what_is_set_while_a_call_stands_at_a_gate_strikes_it(server: VendorServer) -> None:
    """A call that is held has met no fault yet, and is not counted by one."""
    client = Groq(server)
    with closing(client.sdk), ThreadPoolExecutor(1) as pool:
        with server.hold(vendor="groq") as held:
            asked = pool.submit(client.ask)
            held.wait_for(1)
            server.fail("groq", "server_error", count=1)
        assert isinstance(asked.exception(), groq_sdk.InternalServerError)
        assert client.ask().status_code == 200


def test_a_server_that_closes_ends_the_calls_it_holds() -> None:
    """They end with their connections, unanswered, and no thread outlives the server."""
    before = threading.active_count()
    server = VendorServer()
    client = Groq(server)
    with closing(client.sdk), ThreadPoolExecutor(1) as pool:
        held = server.hold()
        asked = pool.submit(client.ask)
        held.wait_for(1)
        server.close()
        assert isinstance(asked.exception(LONGEST_S), groq_sdk.APIConnectionError)
    assert threading.active_count() == before


def test_a_fault_can_strike_one_task_whichever_call_comes_first(
    server: VendorServer, groq: Groq
) -> None:
    """Tasks are told by their first message, at any model; ``prompt`` by any text of theirs."""
    server.fail("groq", "server_error", task=1)
    server.fail("groq", "over_capacity", prompt="of pears", count=1)
    story = [("Write of pears.", GPT), ("Write of apples.", GPT), ("Write of apples.", QWEN),
             ("Write of pears.", QWEN), ("Write of plums.", GPT)]  # fmt: skip
    seen = []
    for text, model in story:
        try:
            seen.append(groq.ask(text, model).status_code)
        except groq_sdk.APIStatusError as error:
            seen.append(error.status_code)
    assert seen == [503, 500, 500, 200, 200]
    assert [call.task for call in server.calls()] == [0, 1, 1, 0, 2]


def test_replies_take_their_time_on_the_clock_that_was_given() -> None:
    """Ten minutes of latency pass on a simulated clock, and no second of anybody's day."""
    with VendorServer(Config.of(latency=600.0), Time().clock) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            assert groq.ask().status_code == 200
        [call] = server.calls()
    assert call.answered_s - call.arrived_s == 600.0


# ------------------------------------------------------------------------------ the machine


def test_forty_clients_wait_side_by_side() -> None:
    """40 clients are in the server at once, not one after another."""
    with VendorServer() as server:
        held = server.hold()

        def ask() -> None:
            client = httpx.Client(base_url=server.base_url("compat"), timeout=LONGEST_S)
            body = {"model": "m", "messages": [{"role": "user", "content": "json"}]}
            with client:
                client.post("/chat/completions", json=body).raise_for_status()

        threads = [threading.Thread(target=ask) for _ in range(40)]
        for thread in threads:
            thread.start()
        held.wait_for(40)
        held.release()
        for thread in threads:
            thread.join()
        stats = server.stats()["total"]
    assert isinstance(stats, dict)
    assert (stats["calls"], stats["by_status"]) == (40, {"200": 40})
    assert stats["most_in_flight"] == 40


def test_latency_is_seeded_and_lognormal() -> None:
    """A fixed latency is exact; a spread one has its median and only positive values."""
    rng = random.Random(1)
    assert Latency.parse("0.2").draw(rng) == 0.2
    drawn = sorted(Latency.parse("0.2~0.5").draw(rng) for _ in range(2_001))
    assert drawn[0] > 0
    assert drawn[1_000] == pytest.approx(0.2, rel=0.1)


def test_closing_ends_every_connection_at_once() -> None:
    """Hung, stalled, dribbling and idle clients do not keep the server, nor its threads, alive."""
    before = threading.active_count()
    server = VendorServer()
    sockets = []
    for fault in ("hang", "stall", "dribble_headers", "interim", None):
        if fault:
            server.fail("compat", fault, count=1)
        sock = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        body = b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}'
        sock.sendall(
            b"POST /compat/v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(body), body)
        )
        sockets.append(sock)
        server.wait_for(len(sockets), "compat")
    server.close()
    server.close()
    assert threading.active_count() == before
    for sock in sockets:
        sock.close()


def test_a_request_in_pieces_and_in_chunks_is_read_whole(server: VendorServer) -> None:
    """The parser waits for what is missing and keeps what came early."""
    body = b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}'
    head = b"POST /compat/v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
    plain = head + b"content-length: %d\r\n\r\n%b" % (len(body), body)
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
    chunked = head + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n" + chunks
    whole = plain + chunked
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as sock:
        for at in range(0, len(whole), 7):
            sock.sendall(whole[at : at + 7])
        answer = b""
        while data := sock.recv(65_536):
            answer += data
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_the_command_line_makes_the_configuration(tmp_path: Path) -> None:
    """Every option ends where the Python API has it."""
    faults = tmp_path / "faults.json"
    faults.write_text('[{"name": "rpm", "vendor": "groq"}]', "utf-8")
    config = read_command_line(
        [
            "--preset=groq-free",
            "--latency=0.2~0.5",
            "--time-scale=60",
            "--fault=hang",
            '--fault={"name": "tpd", "count": 2}',
            f"--faults={faults}",
            f"--log={tmp_path / 'log'}",
            '--limits=groq/openai/gpt-oss-20b:{"rpm": 7}',
            "--seed=3",
        ]
    )
    expected = Config.of(
        "groq-free",
        latency="0.2~0.5",
        time_scale=60.0,
        seed=3,
        log=tmp_path / "log",
        keep_requests=False,
    ).with_model("groq", "openai/gpt-oss-20b", limits=Limits(rpm=7))
    assert config == replace(
        expected, faults=(Fault("hang"), Fault("tpd", count=2), Fault("rpm", "groq"))
    )


def test_it_runs_by_hand_and_prints_what_a_shell_needs() -> None:
    """The variables it prints are enough for a client; SIGTERM ends it with 0."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.vendors", "--preset", "groq-free"],
        cwd=REPO,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        variables = dict(re.findall(r"export (\w+)=(\S+)", "".join(lines)))
        client = groq_sdk.Groq(
            base_url=variables["GROQ_BASE_URL"], api_key=variables["GROQ_API_KEY"], max_retries=0
        )
        with closing(client):
            models = [model.id for model in client.models.list().data]
        process.terminate()
    assert process.returncode == 0
    assert models == [model.id for model in GROQ.models]
    assert set(variables) == {
        f"{name}_{what}"
        for name in ("GROQ", "CEREBRAS", "OPENAI")
        for what in ("BASE_URL", "API_KEY")
    }


# ------------------------------------------------------------------------------ batches


def batch_line(custom_id: str, model: str = GPT) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Write JSON."}]}
    return json.dumps(
        {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
    )


def start_batch(groq: Groq, *lines: str) -> str:
    data = "\n".join(lines).encode()
    file = groq.sdk.files.create(file=("in.jsonl", data), purpose="batch")
    assert file.id is not None
    assert groq.sdk.files.content(file.id).read() == data
    return groq.sdk.batches.create(
        completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file.id
    ).id


def results(groq: Groq, file_id: str | None) -> dict[str, dict[str, object]]:
    assert file_id is not None
    text = groq.sdk.files.content(file_id).read().decode()
    return {row["custom_id"]: row for row in map(json.loads, text.splitlines())}


def test_a_batch_runs_its_lines_and_splits_good_from_bad() -> None:
    """Failed lines stand in the error file; ids match, order does not."""
    config = Config.of("groq-free", batch_failing=frozenset({"b"}))
    with VendorServer(config) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            lines = [batch_line("a"), batch_line("b"), batch_line("c"), batch_line("d", "gone")]
            batch = groq.sdk.batches.retrieve(start_batch(groq, *lines))
            good_rows = results(groq, batch.output_file_id)
            bad_rows = results(groq, batch.error_file_id)
        recorded = server.calls("groq", endpoint="batch_line")
    assert batch.status == "completed"
    assert batch.request_counts is not None
    assert batch.request_counts.model_dump() == {"total": 4, "completed": 2, "failed": 2}
    assert (list(good_rows), set(bad_rows)) == (["c", "a"], {"b", "d"})
    response = bad_rows["d"]["response"]
    assert isinstance(response, dict)
    assert response["status_code"] == 404
    assert [call.paid for call in recorded] == [True, True]


def test_a_batch_passes_through_its_states() -> None:
    """From validating to completed, in the vendor's words."""
    seen, time = [], Time()
    with VendorServer(Config(batch_s=10.0), time.clock) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            batch_id = start_batch(groq, batch_line("a"))
            for seconds in (0, 5, 4, 1):
                time.advance(seconds)
                seen.append(groq.sdk.batches.retrieve(batch_id).status)
    assert seen == ["validating", "in_progress", "finalizing", "completed"]


def test_a_batch_can_fail_expire_and_be_cancelled() -> None:
    """A bad line fails it as a whole; an expired one keeps what was done; a cancelled one ends."""
    with VendorServer(Config(batch_outcome="expired")) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            failed = groq.sdk.batches.retrieve(start_batch(groq, batch_line("a"), "{nonsense"))
            expired = groq.sdk.batches.retrieve(start_batch(groq, batch_line("a"), batch_line("b")))
            done = results(groq, expired.output_file_id)
            late = results(groq, expired.error_file_id)
    with VendorServer(Config(batch_s=60)) as server:
        groq = Groq(server)
        with closing(groq.sdk):
            batch_id = start_batch(groq, batch_line("a"))
            cancelling = groq.sdk.batches.cancel(batch_id)
            cancelled = groq.sdk.batches.retrieve(batch_id)
            again = groq_error(lambda: groq.sdk.batches.cancel(batch_id))
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert [(one.code, one.line) for one in failed.errors.data] == [("invalid_json_line", 2)]
    assert (failed.status, expired.status) == ("failed", "expired")
    assert (list(done), list(late)) == (["a"], ["b"])
    assert (cancelling.status, cancelled.status, again[0]) == ("cancelling", "cancelled", 400)
