"""Faults on schedule: what goes wrong, for whom, and when.

``CATALOGUE`` names them; a name means the right body for the vendor that it strikes. Three kinds:
a reply instead of the completion, a way to deliver that misbehaves on the wire, and a bad answer
inside a correct completion (``answers.SPOILT``). The last two run the model first: their tokens
are charged, as the vendors do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from . import dialects
from .answers import SPOILT
from .config import Dialect
from .dialects import Hint, Wait, error, json_reply
from .gates import Incoming, Whom
from .quotas import RULES, Refusal
from .wire import Delivery, DeliveryKind, Reply

Endpoint = Literal["chat", "models", "files", "batches", "any"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    It strikes calls of ``vendor`` and ``model`` (None: of any) at ``endpoint``, of those with
    ``prompt`` only calls whose prompt has this text in it, and with ``task`` only those of one
    task (see ``gates.Incoming``), whichever call happens to come first: the first
    ``after`` of them pass, then every ``every``-th is struck, at most ``count`` (None: for ever),
    and only between ``start_s`` and ``end_s`` seconds of the server's life (since it started or
    was reset). The first fault that strikes wins, in the order in which they were set.

    ``retry_after_s`` and ``hint`` shape the wait of a 429 or 503 (None: the catalogue's).
    ``pace_s`` is the pause between the bytes of a dribble. ``status``, ``body``, ``headers`` and
    ``content_type`` make the reply of the fault named ``status``. ``latency_s`` passes before
    the fault shows (None: the model's latency).
    """

    name: str
    vendor: str | None = None
    model: str | None = None
    endpoint: Endpoint = "chat"
    after: int = 0
    every: int = 1
    count: int | None = None
    start_s: float = 0.0
    end_s: float | None = None
    retry_after_s: float | None = None
    hint: Hint = "vendor"
    pace_s: float = 1.0
    latency_s: float | None = None
    status: int = 500
    body: object = ""
    headers: Mapping[str, str] | None = None
    content_type: str | None = None
    prompt: str | None = None
    task: int | None = None

    def __post_init__(self) -> None:
        if self.name not in CATALOGUE:
            raise ValueError(f"no fault is named {self.name!r}; there are: {', '.join(CATALOGUE)}")

    @classmethod
    def parse(cls, value: object) -> Fault:
        """Read a fault from parsed JSON; a bare string is its name.

        Raises:
            ValueError: it is no object, has an unknown field, or names no fault.
        """
        if isinstance(value, str):
            return cls(value)
        if not isinstance(value, dict):
            raise ValueError(f"a fault is an object or a name, not {value!r}")  # noqa: TRY004 - input
        known = {field.name for field in fields(cls)}
        if unknown := set(value) - known:
            raise ValueError(f"a fault has no {', '.join(sorted(map(str, unknown)))}")
        return cls(**value)

    @property
    def whom(self) -> Whom:
        """Which calls are counted by this fault."""
        return Whom(self.vendor, self.model, self.endpoint, self.prompt, self.task)

    def strikes(self, number: int, struck: int, now_s: float) -> bool:
        """Whether the ``number``-th concerned call (from 0) is hit, ``struck`` having been."""
        if now_s < self.start_s or (self.end_s is not None and now_s >= self.end_s):
            return False
        if number < self.after or (self.count is not None and struck >= self.count):
            return False
        return (number - self.after) % self.every == 0


class Schedule:
    """The faults that are set, and how often each has been met. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        """Set one more."""
        with self._lock:
            self._faults.append((fault, [0, 0]))

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._faults.clear()

    def faults(self) -> list[Fault]:
        """What is set, in order."""
        with self._lock:
            return [fault for fault, _ in self._faults]

    def next(self, call: Incoming, now_s: float) -> Fault | None:
        """The fault that strikes this call, if any; every concerned one counts it."""
        if not self._faults:
            return None
        chosen = None
        with self._lock:
            for fault, counts in self._faults:
                if not fault.whom.concerns(call):
                    continue
                if chosen is None and fault.strikes(counts[0], counts[1], now_s):
                    chosen = fault
                    counts[1] += 1
                counts[0] += 1
        return chosen


@dataclass(frozen=True, slots=True)
class Victim:
    """The call that a fault strikes; ``now`` is the Unix time."""

    dialect: Dialect
    model: str
    key: str
    path: str
    now: float
    fault: Fault

    def wait(self, default_s: float | None) -> Wait:
        """The wait that the reply states."""
        seconds = self.fault.retry_after_s
        return Wait(default_s if seconds is None else seconds, self.fault.hint)

    def error(self, *args: object, **more: object) -> Reply:
        """An error in this vendor's shape; arguments as of ``dialects.error``."""
        return error(self.dialect, *args, **more)  # type: ignore[arg-type]


Say = Callable[[Victim], Reply]

_CLOUDFLARE = """<!DOCTYPE html>
<!--[if lt IE 7]> <html class="no-js ie6 oldie" lang="en-US"> <![endif]-->
<html class="no-js" lang="en-US"> <head>
<title>{title}</title></head>
<body><h1>{heading}</h1><p>{text}</p><p>Cloudflare Ray ID: <strong>a10396995fba11ca</strong></p>
</body></html>"""
_NGINX = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def _html(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), content_type="text/html; charset=UTF-8")


def _text(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), content_type="text/plain")


def _always(reply: Reply) -> Say:
    return lambda _: reply


def _error(status: int, message: str, *args: str | None, **more: object) -> Say:
    return lambda victim: victim.error(
        status, message.replace("$model", victim.model), *args, **more
    )


def _limit(field: str, limit: int, used: int, requested: int, default_s: float) -> Say:
    rule = next(rule for rule in RULES if rule.field == field)

    def say(victim: Victim) -> Reply:
        wait = victim.wait(default_s)
        headers = wait.headers(victim.now, vendor_sends=victim.dialect != "cerebras")
        refusal = Refusal(rule, limit, used, requested, wait.seconds)
        return dialects.too_many(victim.dialect, victim.model, refusal, wait, headers)

    return say


def _too_large(victim: Victim) -> Reply:
    message = (
        f"Request too large for model `{victim.model}` in organization `org_test` service tier "
        "`on_demand` on tokens per minute (TPM): Limit 8000, Requested 10013, please reduce your "
        "message size and try again."
    )
    return victim.error(413, message, "tokens", "rate_limit_exceeded")


def _output_limit(victim: Victim) -> Reply:
    message = (
        f"Request too large for model `{victim.model}` in organization `org_test` service tier "
        "`on_demand` on output tokens per minute (OTPM): Limit 1000, Requested 1240. The "
        "request's expected output tokens exceed the enforced limit; reduce max_tokens (or the "
        "request's expected output) and try again."
    )
    return victim.error(429, message, "tokens", "rate_limit_exceeded")


def _queue(victim: Victim) -> Reply:
    wait = victim.wait(None)
    return victim.error(
        429,
        "We're experiencing high traffic right now! Please try again soon.",
        "too_many_requests_error",
        "queue_exceeded",
        "queue",
        wait.headers(victim.now, vendor_sends=True),
    )


def _over_capacity(victim: Victim) -> Reply:
    wait = victim.wait(None)
    message = (
        f"{victim.model} is currently over capacity. Please try again and back off exponentially. "
        "Visit https://groqstatus.com to see if there is an active incident."
    )
    headers = wait.headers(victim.now, vendor_sends=True)
    return victim.error(503, message, "internal_server_error", headers=headers)


def _bad_request(victim: Victim) -> Reply:
    if victim.dialect != "cerebras":
        return victim.error(400, "'messages.0.content' : value must be a string")
    message = "body.thinking: property 'body.thinking' is unsupported"
    return victim.error(
        400, message, "invalid_request_error", "wrong_api_format", "validation_error"
    )


def _key_echo(victim: Victim) -> Reply:
    return victim.error(401, f"Incorrect API key provided: {victim.key}.", code="invalid_api_key")


def _network_block(victim: Victim) -> Reply:
    return victim.error(403, "Access denied. Please check your network settings.", None)


def _payment(victim: Victim) -> Reply:
    reply = victim.error(
        402,
        "Payment required to access this resource. Visit your billing tab.",
        "payment_required_error",
        "payment_required",
    )
    return replace(reply, headers=(("x-should-retry", "false"),))


def _redirect(victim: Victim) -> Reply:
    return Reply(307, b"", (("location", victim.path),))


def _custom(victim: Victim) -> Reply:
    fault = victim.fault
    headers = tuple((fault.headers or {}).items())
    if isinstance(fault.body, str):
        kind = fault.content_type or "text/plain"
        return Reply(fault.status, fault.body.encode(), headers, kind)
    reply = json_reply(fault.status, fault.body, headers)
    return replace(reply, content_type=fault.content_type or reply.content_type)


_GENERATION = '{"question": "A tenant\'s rate limit was exceeded, 429, unauthorized", "reas'
_INVALID = "invalid_request_error"

REPLIES: dict[str, Say] = {
    "status": _custom,
    # 400
    "bad_request": _bad_request,
    "json_validate_failed": _error(
        400,
        "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more "
        "details.",
        _INVALID,
        "json_validate_failed",
        failed_generation=_GENERATION,
    ),
    "json_truncated": _error(
        400,
        "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more "
        "details.",
        _INVALID,
        "json_validate_failed",
        failed_generation="max completion tokens reached before generating a valid document",
    ),
    "schema_mismatch": _error(
        400,
        "Generated JSON does not match the expected schema. Please adjust your prompt. See "
        "'failed_generation' for more details. Error: jsonschema: missing properties: 'answer'",
        _INVALID,
        "json_validate_failed",
        failed_generation=_GENERATION,
    ),
    "incomplete_json": _error(
        400, "Failed to generate JSON (likely too verbose)", _INVALID, "incomplete_json_output"
    ),
    "no_json_schema": _error(
        400,
        "This model does not support response format `json_schema`. See supported models at "
        "https://console.groq.com/docs/structured-outputs#supported-models",
        _INVALID,
        None,
        "response_format",
    ),
    "decommissioned": _error(
        400,
        "The model `$model` has been decommissioned and is no longer supported. Please refer to "
        "https://console.groq.com/docs/deprecations for a recommendation on which model to use "
        "instead.",
        _INVALID,
        "model_decommissioned",
    ),
    "context_length": lambda victim: dialects.context_length(victim.dialect, 31_905, 8_192),
    "organization_restricted": _error(
        400,
        "Organization has been restricted. Please reach out to support if you believe this was in "
        "error.",
        _INVALID,
        "organization_restricted",
    ),
    "expired_key": _error(400, "Invalid API Key", _INVALID, "expired_api_key"),
    "spend_cap": _error(
        400,
        "API access has been blocked because your organization reached its spend limit.",
        _INVALID,
        "blocked_api_access",
    ),
    # 401 to 404
    "unauthorized": lambda victim: dialects.wrong_key(victim.dialect),
    "key_echo": _key_echo,
    "payment_required": _payment,
    "network_block": _network_block,
    "cloudflare_block": _always(
        _html(
            403,
            _CLOUDFLARE.format(
                title="Attention Required! | Cloudflare",
                heading="Sorry, you have been blocked",
                text="You are unable to access this site. Error code: 1010",
            ),
        )
    ),
    "cloudflare_1010": _always(
        replace(
            json_reply(
                403,
                {
                    "type": "https://developers.cloudflare.com/support/troubleshooting/"
                    "http-status-codes/cloudflare-1xxx-errors/error-1010/",
                    "title": "Error 1010: Access denied",
                    "status": 403,
                    "detail": "The site owner has blocked access based on your browser's "
                    "signature.",
                    "error_code": 1010,
                    "error_name": "browser_signature_banned",
                    "cloudflare_error": True,
                    "retryable": False,
                },
            ),
            content_type="application/problem+json",
        )
    ),
    "model_blocked": _error(
        403,
        "The model `$model` is blocked at the project level. Please have a project admin enable "
        "this model in the project settings.",
        "permissions_error",
        "model_permission_blocked_project",
    ),
    "model_not_found": lambda victim: dialects.model_not_found(victim.dialect, victim.model),
    "unknown_url": lambda victim: dialects.unknown_url(victim.dialect, "POST", victim.path),
    "nginx_404": _always(_html(404, _NGINX.format("404 Not Found"))),
    # 408 to 422
    "request_timeout": _error(408, "Request timed out", "request_timeout_error"),
    "too_large": _too_large,
    "entity_too_large": _always(_text(413, "Request Entity Too Large")),
    "unprocessable": _error(422, "Unprocessable entity", _INVALID, "wrong_api_format"),
    "unprocessable_empty": _always(Reply(422, b"")),
    # 429
    "rpm": _limit("rpm", 30, 30, 1, 2.0),
    "rpd": _limit("rpd", 1_000, 1_000, 1, 86.4),
    "tpm": _limit("tpm", 8_000, 6_000, 3_021, 7.66),
    "itpm": _limit("itpm", 7_000, 3_911, 4_415, 11.365714285),
    "tph": _limit("tph", 1_000_000, 999_000, 2_000, 600.0),
    "tpd": _limit("tpd", 200_000, 199_552, 1_533, 578.016),
    "otpm": _output_limit,
    "queue": _queue,
    # 498 and above
    "flex_capacity": _error(498, "Flex tier capacity exceeded", _INVALID, "capacity_exceeded"),
    "server_error": _error(500, "Internal Server Error", "internal_server_error"),
    "bad_gateway": _always(
        json_reply(502, {"error": {"type": "internal_server_error", "code": "service_unavailable"}})
    ),
    "over_capacity": _over_capacity,
    "service_unavailable": _error(503, "Service Unavailable", "internal_server_error"),
    "envoy_overflow": _always(
        _text(
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: overflow",
        )
    ),
    "loading_model": _always(
        json_reply(
            503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
        )
    ),
    "gateway_timeout": _always(json_reply(504, {"message": "The upstream server is timing out"})),
    "cloudflare_524": _always(
        _html(
            524,
            _CLOUDFLARE.format(
                title="api.groq.com | 524: A timeout occurred",
                heading="A timeout occurred",
                text="Error code 524",
            ),
        )
    ),
    # 200 and 300, and yet no answer
    "html_200": _always(_html(200, _NGINX.format("Welcome to the captive portal"))),
    "truncated_json_200": _always(Reply(200, b'{"id": "chatcmpl-1", "choices": [{"index": 0, "me')),
    "empty_200": _always(Reply(200, b"")),
    "error_200": lambda victim: replace(
        json_reply(200, {"error": {"message": "Service Unavailable", "type": "server_error"}})
    ),
    "no_choices_200": _always(
        json_reply(200, {"id": "chatcmpl-1", "object": "chat.completion", "choices": []})
    ),
    "wrong_types_200": _always(json_reply(200, {"id": 7, "choices": "none", "usage": [1]})),
    "redirect": lambda victim: Reply(307, b"", (("location", f"{victim.path}/moved"),)),
    "redirect_loop": _redirect,
    "status_in_body": _always(
        json_reply(
            400,
            {
                "status_code": 429,
                "message": "Tokens per minute limit exceeded - too many tokens processed.",
                "type": "too_many_requests_error",
                "param": "quota",
                "code": "token_quota_exceeded",
            },
        )
    ),
}
"""Replies in place of the completion; nothing is charged for them."""

BEFORE: frozenset[DeliveryKind] = frozenset({"hang", "close", "reset", "interim"})
"""Deliveries that show nothing of the answer: no model is run for them."""
DELIVERIES: frozenset[DeliveryKind] = frozenset(get_args(DeliveryKind)) - {"whole"}
CATALOGUE: tuple[str, ...] = (*REPLIES, *sorted(DELIVERIES), *SPOILT)
"""The names of all faults."""


def reply_to(victim: Victim) -> Reply | None:
    """The reply in place of the completion, or None when the model runs first."""
    name = victim.fault.name
    if say := REPLIES.get(name):
        return say(victim)
    if name in BEFORE:
        return Reply(200, b"", delivery=delivery(victim.fault))
    return None


def delivery(fault: Fault) -> Delivery:
    """How the fault has a reply delivered."""
    for kind in DELIVERIES:
        if kind == fault.name:
            return Delivery(kind, fault.pace_s)
    return Delivery()
