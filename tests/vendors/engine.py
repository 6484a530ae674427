"""One vendor at work: quotas, latency, the answer, its tokens and its shape."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from legalgen.telemetry.clock import Clock

from . import dialects
from .answers import SPOILT, Spoilt
from .chat import CHARS_PER_TOKEN, ChatRequest, tokens
from .config import AnswerRequest, AnswerSource, Config, Vendor
from .dialects import Said, Spent, Wait
from .quotas import Charge, Quota, Refusal
from .wire import Reply

Sleep = Callable[[float], object]

_EFFORT = {"none": 0, "low": 90, "medium": 320, "default": 480, "high": 900}
"""Reasoning tokens by effort, on average."""
_MUSING = (
    "The user wants one sample. First the issue, then the rule, and whether the authority is one "
    "that I am sure of; the answer must stay within the bounds. "
)
_EXPECTED_OUTPUT = 2.16
"""What Groq's output limit counts per token asked for when reasoning is on: 600 became 1,296."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of one run: the reply, and what the record holds of it."""

    reply: Reply
    spent: Spent | None = None
    finish_reason: str | None = None
    question: str | None = None


class Note(Protocol):
    """Numbers and records the runs that no HTTP request of their own asked for."""

    def number(self) -> int:
        """The next answer's number."""

    def record(self, engine: Engine, model: str, answered: Answered) -> None:
        """Keep what became of it."""


class Engine:
    """One vendor's models."""

    def __init__(self, vendor: Vendor, config: Config, source: AnswerSource, clock: Clock) -> None:
        self._clock = clock
        self.vendor = vendor
        self._config = config
        self._source = source
        self._lock = threading.Lock()
        self._in_flight: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Full quotas, an empty prompt cache, and the clock at zero."""
        start = self._clock.monotonic()
        scale = self._config.time_scale

        def clock() -> float:
            return (self._clock.monotonic() - start) * scale

        self.quotas = {model.id: Quota(model.limits, clock) for model in self.vendor.models}
        self._cached: set[tuple[str, int]] = set()
        self._last_good: dict[str, str] = {}

    @contextmanager
    def running(self, model: str) -> Iterator[int]:
        """Counts a call as in flight; gives how many are, with it."""
        with self._lock:
            self._in_flight[model] += 1
            count = self._in_flight[model]
        try:
            yield count
        finally:
            with self._lock:
                self._in_flight[model] -= 1

    def run(self, request: ChatRequest, number: int, sleep: Sleep, fault: str | None) -> Answered:
        """Reserve, run, settle. ``fault`` names the answer's spoiling, if any."""
        quota = self.quotas[request.model.id]
        reserved = self._charge(request)
        if refusal := quota.reserve(reserved):
            return Answered(self._refused(request, quota, refusal))
        latency = request.model.latency
        draw = random.Random(self._config.seed * 7_919 + number)
        seconds = latency.draw(draw)
        if seconds:
            sleep(seconds)
        said = self._say(request, number, seconds, draw, fault)
        if self.vendor.refund:
            quota.settle(reserved, _used(said.spent))
        headers = self.headers(request.model.id)
        reply = self._reply(request, said, headers)
        return Answered(reply, said.spent, said.finish_reason, _question(said.content))

    def complete(self, request: ChatRequest, note: Note) -> Answered:
        """Run outside the quotas, at once, as a batch does; ``note`` records it."""
        number = note.number()
        draw = random.Random(self._config.seed * 7_919 + number)
        said = self._say(request, number, 0.0, draw, None)
        reply = self._reply(request, said, [])
        answered = Answered(reply, said.spent, said.finish_reason, _question(said.content))
        note.record(self, request.name, answered)
        return answered

    def headers(self, model: str) -> list[tuple[str, str]]:
        """The rate-limit headers of this moment."""
        quota = self.quotas.get(model)
        if not (quota and self.vendor.rate_headers):
            return []
        shown = dialects.rate_headers(self.vendor.dialect, quota.readings(), self._scale)
        return [*shown, *self.vendor.more_headers]

    @property
    def _scale(self) -> float:
        """By what a duration on the quota clock is divided before it is stated."""
        return self._config.time_scale if self._config.hints == "wall" else 1.0

    def _charge(self, request: ChatRequest) -> Charge:
        expected = request.max_tokens
        if request.effort != "none":
            expected = round(expected * _EXPECTED_OUTPUT)
        return Charge(request.input_tokens, request.max_tokens, 0, expected)

    def _refused(self, request: ChatRequest, quota: Quota, refusal: Refusal) -> Reply:
        dialect = self.vendor.dialect
        headers = self.headers(request.model.id)
        named = replace(request.model, id=request.name)
        if refusal.wait_s is None:
            return dialects.too_large(dialect, named, refusal, headers)
        seconds = max(refusal.wait_s / self._scale, 1e-6)
        wait = Wait(seconds, whole_seconds=self._scale == 1.0)
        headers += wait.headers(self._clock.wall(), vendor_sends=self.vendor.retry_after)
        return dialects.too_many(dialect, named.id, refusal, wait, headers)

    def _say(
        self,
        request: ChatRequest,
        number: int,
        seconds: float,
        draw: random.Random,
        fault: str | None,
    ) -> Said:
        spoilt = self._content(request, number, fault)
        reasoning = round(_EFFORT.get(request.effort, 0) * (0.5 + draw.random()))
        room = request.max_tokens - tokens(spoilt.content)
        if fault is None and room >= 0:  # an answer that fits is cut only by a fault that is asked
            reasoning = min(reasoning, room)
        if fault == "reasoning_only":
            reasoning = request.max_tokens
        if request.effort == "none":
            reasoning = 0
        content, finish, reasoning = _cut(spoilt, reasoning, request.max_tokens)
        thinking = (_MUSING * (reasoning // 30 + 1))[: round(reasoning * CHARS_PER_TOKEN)]
        completion = reasoning + tokens(content)
        spent = Spent(request.input_tokens, completion, reasoning, self._cache(request))
        body, parsed = _place_reasoning(self.vendor, request, content, thinking)
        return Said(
            f"{number:024x}", int(self._clock.wall()), request.name,
            None if body == "\0" else body, parsed, finish, spent, seconds,
        )  # fmt: skip

    def _content(self, request: ChatRequest, number: int, fault: str | None) -> Spoilt:
        spoil = SPOILT.get(fault or "")
        asked = AnswerRequest(
            self.vendor.name, request.name, number, self._config.seed, request.user
        )
        if fault == "duplicate" and (last := self._last_good.get(request.name)):
            return Spoilt(last)
        text = self._source(asked)
        if spoil is None:
            self._last_good[request.name] = text
            return Spoilt(text)
        return spoil(text)

    def _cache(self, request: ChatRequest) -> int:
        """Tokens of the first message that an earlier request has already brought."""
        key = (request.name, hash(request.first))
        if key in self._cached:
            return tokens(request.first) // 128 * 128
        self._cached.add(key)
        return 0

    def _reply(self, request: ChatRequest, said: Said, headers: list[tuple[str, str]]) -> Reply:
        dialect = self.vendor.dialect
        unfinished = said.finish_reason == "length" and request.format == "strict"
        if unfinished and self.vendor.truncation == "error":
            return _unfinished(self.vendor, headers)
        if dialect == "groq":
            headers = [*headers, ("x-request-id", f"req_{said.id}")]
        completion = dialects.completion(dialect, said)
        if not self.vendor.tells_usage:
            del completion["usage"]
        return dialects.json_reply(200, completion, headers)


def _unfinished(vendor: Vendor, headers: list[tuple[str, str]]) -> Reply:
    if vendor.dialect == "cerebras":
        message = "Failed to generate JSON (likely too verbose)"
        return dialects.error(
            "cerebras", 400, message, code="incomplete_json_output", headers=headers
        )
    return dialects.error(
        vendor.dialect,
        400,
        "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more "
        "details.",
        code="json_validate_failed",
        headers=headers,
        failed_generation="max completion tokens reached before generating a valid document",
    )


def _cut(spoilt: Spoilt, reasoning: int, budget: int) -> tuple[str, str, int]:
    """Content, finish reason and reasoning tokens within ``budget`` completion tokens."""
    if reasoning >= budget:
        return "", "length", budget
    room = budget - reasoning
    if tokens(spoilt.content) <= room:
        return spoilt.content, spoilt.finish_reason, reasoning
    return spoilt.content[: int(room * CHARS_PER_TOKEN)], "length", reasoning


def _place_reasoning(
    vendor: Vendor, request: ChatRequest, content: str, thinking: str
) -> tuple[str, str | None]:
    """Content and ``message.reasoning`` as the reasoning format has them."""
    if not thinking or request.reasoning_format in ("hidden", "none"):
        return content, None
    if request.reasoning_format == "parsed":
        return content, thinking
    if vendor.dialect == "cerebras" and request.model.family == "gpt-oss":
        return thinking + content, None  # raw: no separator at all
    return f"<think>\n{thinking}\n</think>\n\n{content}", None


def _used(spent: Spent) -> Charge:
    return Charge(spent.prompt, spent.completion, spent.cached)


def _question(content: str | None) -> str | None:
    """The question of a content that is an answer object."""
    if not content or not content.startswith("{"):
        return None
    try:
        question = json.loads(content).get("question")
    except ValueError:
        return None
    return question if isinstance(question, str) else None
