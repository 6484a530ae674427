"""What each vendor says: error bodies, rate-limit headers, durations, completion objects.

Wordings are the vendors' own, as their users reported them; where no report shows a body, the
docstring says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal

from .config import Dialect, Model
from .quotas import Reading, Refusal
from .wire import Reply

Hint = Literal["vendor", "none", "header", "text", "ms", "date"]
"""Where a wait is stated: as the vendor does it, nowhere, or in one place alone."""

_BILLING = (
    "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
)
_ORG = "in organization `org_test` service tier `on_demand`"


def go_duration(seconds: float) -> str:
    """A duration as Go prints it: ``7.66s``, ``134ms``, ``1m26.4s``, ``1h34m52.896s``."""
    nanoseconds = round(seconds * 1e9)
    if nanoseconds == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if nanoseconds < size * 1_000:
            return _decimal(nanoseconds, size) + unit
    minutes, rest = divmod(nanoseconds, 60_000_000_000)
    text = _decimal(rest, 1_000_000_000) + "s"
    if minutes >= 60:
        return f"{minutes // 60}h{minutes % 60}m{text}"
    return f"{minutes}m{text}" if minutes else text


def _decimal(nanoseconds: int, size: int) -> str:
    whole, part = divmod(nanoseconds, size)
    digits = str(part).zfill(len(str(size)) - 1).rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)


def json_reply(status: int, value: object, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    """A JSON response."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), tuple(headers))


def error(  # noqa: PLR0917 - the body's fields in their order
    dialect: Dialect,
    status: int,
    message: str,
    type_: str | None = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    **more: object,
) -> Reply:
    """An error in the vendor's shape: nested and without nulls, or flat with all four fields."""
    fields: dict[str, object] = {"message": message, "type": type_, "param": param, "code": code}
    if dialect == "groq":
        present = {name: value for name, value in fields.items() if value is not None}
        return json_reply(status, {"error": present | more}, headers)
    if dialect == "cerebras":
        return json_reply(status, fields | more, headers)
    return json_reply(status, {"error": fields | more}, headers)


def wrong_key(dialect: Dialect) -> Reply:
    """401."""
    if dialect == "cerebras":
        return error(dialect, 401, "Wrong API Key", code="wrong_api_key", param="api_key")
    if dialect == "groq":
        return error(dialect, 401, "Invalid API Key", code="invalid_api_key")
    return error(dialect, 401, "Incorrect API key provided.", code="invalid_api_key")


def model_not_found(dialect: Dialect, model: str) -> Reply:
    """404: retired, misspelt, or no access; the vendors do not tell which."""
    if dialect == "cerebras":
        message = f"Model {model} does not exist or you do not have access to it."
        return error(dialect, 404, message, "not_found_error", "model_not_found", "model")
    message = f"The model `{model}` does not exist or you do not have access to it."
    return error(dialect, 404, message, code="model_not_found")


def unknown_url(dialect: Dialect, method: str, path: str) -> Reply:
    """404 of a wrong base URL. No report shows Cerebras' body."""
    if dialect == "cerebras":
        return error(dialect, 404, "Not Found", "not_found_error")
    message = (
        f"Unknown request URL: {method} {path}. Please check the URL for typos, "
        "or see the docs at https://console.groq.com/docs/"
    )
    return error(dialect, 404, message, code="unknown_url")


def context_length(dialect: Dialect, current: int, limit: int) -> Reply:
    """400: the prompt and the completion do not fit the context window."""
    message = "Please reduce the length of the messages or completion."
    if dialect == "cerebras":
        message += f" Current length is {current} while limit is {limit}"
    if dialect == "openai":
        message = f"request ({current} tokens) exceeds the available context size ({limit} tokens)"
        return error(dialect, 400, message, "exceed_context_size_error")
    return error(dialect, 400, message, code="context_length_exceeded", param="messages")


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait as the reply states it: seconds, and whether the header may hold a fraction."""

    seconds: float | None
    hint: Hint = "vendor"
    whole_seconds: bool = True

    def sentence(self) -> str:
        """`` Please try again in 7.66s.``, or nothing."""
        if self.seconds is None or self.hint not in ("vendor", "text"):
            return ""
        return f" Please try again in {go_duration(self.seconds)}."

    def headers(self, now: float, *, vendor_sends: bool) -> list[tuple[str, str]]:
        """The header that states it; ``now`` is the Unix time."""
        if self.seconds is None:
            return []
        if self.hint == "header" or (self.hint == "vendor" and vendor_sends):
            whole = str(max(1, math.ceil(self.seconds)))
            return [("retry-after", whole if self.whole_seconds else f"{self.seconds:.3f}")]
        if self.hint == "ms":
            return [("retry-after-ms", str(math.ceil(self.seconds * 1000)))]
        if self.hint == "date":
            moments = (("date", now), ("retry-after", now + self.seconds))
            return [(name, formatdate(moment, usegmt=True)) for name, moment in moments]
        return []


def too_many(
    dialect: Dialect,
    model: str,
    refusal: Refusal,
    wait: Wait,
    headers: Sequence[tuple[str, str]] = (),
) -> Reply:
    """429: a limit is used up for now."""
    rule = refusal.rule
    if dialect == "cerebras":
        verb = "requests sent" if rule.kind == "requests" else "tokens processed"
        noun = "Requests" if rule.kind == "requests" else "Tokens"
        message = f"{noun} per {rule.window} limit exceeded - too many {verb}.{wait.sentence()}"
        if wait.hint == "vendor":
            message = message.partition(" Please try")[0]
        code = "request_quota_exceeded" if rule.kind == "requests" else "token_quota_exceeded"
        return error(dialect, 429, message, "too_many_requests_error", code, "quota", headers)
    message = (
        f"Rate limit reached for model `{model}` {_ORG} on {rule.label}: Limit {refusal.limit}, "
        f"Used {refusal.used}, Requested {refusal.requested}.{wait.sentence()} {_BILLING}"
    )
    type_ = "requests" if rule.kind == "requests" else "tokens"
    return error(dialect, 429, message, type_, "rate_limit_exceeded", headers=headers)


def too_large(
    dialect: Dialect, model: Model, refusal: Refusal, headers: Sequence[tuple[str, str]] = ()
) -> Reply:
    """A request above the limit itself, which no wait can help.

    Cerebras documents no such answer; it gets the same 429 as a request that came too early.
    """
    rule = refusal.rule
    if dialect == "cerebras":
        return too_many(dialect, model.id, refusal, Wait(None), headers)
    message = (
        f"Request too large for model `{model.id}` {_ORG} on {rule.label}: "
        f"Limit {refusal.limit}, Requested {refusal.requested}"
    )
    if rule.kind == "output":
        message += (
            ". The request's expected output tokens exceed the enforced limit; reduce max_tokens "
            "(or the request's expected output) and try again."
        )
        return _output_too_large(dialect, model, message, headers)
    message += f", please reduce your message size and try again. {_BILLING}"
    return error(dialect, 413, message, "tokens", "rate_limit_exceeded", headers=headers)


def _output_too_large(
    dialect: Dialect, model: Model, message: str, headers: Sequence[tuple[str, str]]
) -> Reply:
    if model.output_status == 400:
        return error(dialect, 400, message, headers=headers)
    status = model.output_status
    return error(dialect, status, message, "tokens", "rate_limit_exceeded", headers=headers)


def rate_headers(
    dialect: Dialect, readings: Sequence[Reading], scale: float
) -> list[tuple[str, str]]:
    """The x-ratelimit headers; ``scale`` divides the resets.

    Groq names neither its requests per minute nor its tokens per day.
    """
    if dialect == "cerebras":
        return [pair for reading in readings for pair in _cerebras_headers(reading, scale)]
    windows = {"rpd": "requests", "tpm": "tokens"}
    if dialect == "openai":
        windows = {"rpm": "requests", "tpm": "tokens"}
    headers = []
    for reading in readings:
        if name := windows.get(reading.rule.field):
            reset = go_duration(reading.reset_s / scale)
            headers += _triple(f"{name}", reading, reset)
    return headers


def _cerebras_headers(reading: Reading, scale: float) -> list[tuple[str, str]]:
    rule = reading.rule
    if rule.kind not in ("requests", "tokens"):
        return []
    return _triple(f"{rule.kind}-{rule.window}", reading, repr(reading.reset_s / scale))


def _triple(name: str, reading: Reading, reset: str) -> list[tuple[str, str]]:
    return [
        (f"x-ratelimit-limit-{name}", str(reading.limit)),
        (f"x-ratelimit-remaining-{name}", str(reading.remaining)),
        (f"x-ratelimit-reset-{name}", reset),
    ]


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of one completion; ``completion`` includes ``reasoning``, ``prompt`` ``cached``."""

    prompt: int
    completion: int
    reasoning: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """One completion before it takes a vendor's shape; ``seconds`` is its latency."""

    id: str
    created: int
    model: str
    content: str | None
    reasoning: str | None
    finish_reason: str
    spent: Spent
    seconds: float


def completion(dialect: Dialect, said: Said) -> dict[str, object]:
    """The chat.completion object."""
    message: dict[str, object] = {"role": "assistant", "content": said.content}
    if said.reasoning is not None:
        message["reasoning"] = said.reasoning
    choice = {"index": 0, "message": message, "finish_reason": said.finish_reason}
    if dialect != "cerebras":
        choice["logprobs"] = None
    return {
        "id": f"chatcmpl-{said.id}",
        "object": "chat.completion",
        "created": said.created,
        "model": said.model,
        "choices": [choice],
        "usage": _usage(dialect, said),
        "system_fingerprint": "fp_0123456789",
        **_extras(dialect, said),
    }


def _usage(dialect: Dialect, said: Said) -> dict[str, object]:
    spent = said.spent
    usage: dict[str, object] = {
        "prompt_tokens": spent.prompt,
        "completion_tokens": spent.completion,
        "total_tokens": spent.prompt + spent.completion,
    }
    if dialect == "groq":
        usage |= _times(said)
    if spent.reasoning or dialect == "cerebras":
        usage["completion_tokens_details"] = {"reasoning_tokens": spent.reasoning}
    if spent.cached or dialect == "cerebras":
        usage["prompt_tokens_details"] = {"cached_tokens": spent.cached}
    return usage


def _extras(dialect: Dialect, said: Said) -> Mapping[str, object]:
    if dialect == "groq":
        return {
            "service_tier": "on_demand",
            "x_groq": {"id": f"req_{said.id}", "seed": 0},
            "usage_breakdown": None,
        }
    if dialect == "cerebras":
        return {"time_info": _times(said) | {"created": float(said.created)}}
    return {}


def _times(said: Said) -> dict[str, float]:
    prompt, generation = said.seconds * 0.1, said.seconds * 0.8
    return {
        "queue_time": said.seconds * 0.1,
        "prompt_time": prompt,
        "completion_time": generation,
        "total_time": prompt + generation,
    }


def model_row(dialect: Dialect, model: Model, *, whole: bool = False) -> dict[str, object]:
    """One row of the vendor's model list; Cerebras tells sizes and prices if it is asked to."""
    row: dict[str, object] = {"id": model.id, "object": "model", "created": 1_754_408_224}
    if model.price and (whole or dialect == "groq"):
        row["pricing"] = dict(zip(("prompt", "completion"), model.price, strict=True))
    if whole and dialect == "cerebras":
        row["context_length"] = model.context_window
        row["max_output_length"] = model.max_completion_tokens
    if dialect == "groq":
        return row | {
            "owned_by": model.id.partition("/")[0],
            "active": True,
            "context_window": model.context_window,
            "max_completion_tokens": model.max_completion_tokens,
        }
    return row | {"owned_by": "Cerebras" if dialect == "cerebras" else "local"}
