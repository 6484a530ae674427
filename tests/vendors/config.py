"""What the server pretends to be: vendors, their models, limits and manners; presets by name."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .quotas import Limits

if TYPE_CHECKING:
    from .faults import Fault

Dialect = Literal["groq", "cerebras", "openai"]
Structured = Literal["strict", "json_schema", "json_object"]
Family = Literal["gpt-oss", "qwen", "plain"]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from request to answer: ``median_s`` exactly, or lognormal around it.

    ``sigma`` is the standard deviation of the logarithm (0.5: 95 % within a factor of 2.7).
    """

    median_s: float = 0.0
    sigma: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Latency:
        """Read ``0.2`` (fixed) or ``0.2~0.5`` (median~sigma).

        Raises:
            ValueError: a part is not a number.
        """
        median, _, sigma = text.partition("~")
        return cls(float(median), float(sigma or 0))

    def draw(self, rng: random.Random) -> float:
        """Seconds of the next answer."""
        if not self.sigma:
            return self.median_s
        return self.median_s * math.exp(rng.gauss(0.0, self.sigma))


NO_LIMITS = Limits()
AT_ONCE = Latency()


@dataclass(frozen=True, slots=True)
class Model:
    """One model as a vendor serves it.

    ``structured`` is the best response format it has. ``output_status`` is the status with which
    Groq refuses a request above the output limit: 429, 413 and 400 were all seen. ``price`` is
    that of an input and of an output token in US dollars, as its list of models states it.
    """

    id: str
    limits: Limits = NO_LIMITS
    latency: Latency = AT_ONCE
    context_window: int = 131_072
    max_completion_tokens: int = 65_536
    structured: Structured = "strict"
    family: Family = "plain"
    output_status: int = 429
    price: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor, served under ``/<name>``.

    ``key_prefix``: keys beginning so are accepted, besides ``keys`` (empty: any key, or none).
    ``rate_headers``: whether x-ratelimit headers are sent. ``retry_after``: whether a 429 says
    ``retry-after``. ``refund``: give back what was reserved and not used. ``truncation``: what a
    strict schema that does not fit ends in: an error, or ``finish_reason`` ``length``.
    ``more_headers`` are sent with each completion.
    ``tells_usage``: whether a completion says how many tokens it took.
    ``any_model``: serve a model that is not listed as ``models[0]`` under the asked name.
    """

    name: str
    dialect: Dialect
    models: tuple[Model, ...]
    key_prefix: str = ""
    keys: tuple[str, ...] = ()
    rate_headers: bool = True
    more_headers: tuple[tuple[str, str], ...] = ()
    retry_after: bool = True
    refund: bool = True
    truncation: Literal["error", "length"] = "length"
    tells_usage: bool = True
    any_model: bool = False

    def with_models(self, change: Callable[[Model], Model]) -> Vendor:
        """The same vendor with every model changed."""
        return replace(self, models=tuple(change(model) for model in self.models))


_GPT_OSS = Model("openai/gpt-oss-120b", family="gpt-oss")
_QWEN = Model(
    "qwen/qwen3.8-27b", context_window=131_042, max_completion_tokens=16_384, family="qwen"
)

GROQ = Vendor(
    "groq",
    "groq",
    (
        _GPT_OSS,
        replace(_GPT_OSS, id="openai/gpt-oss-20b"),
        _QWEN,
        replace(_GPT_OSS, id="openai/gpt-oss-safeguard-20b", structured="json_schema"),
    ),
    key_prefix="gsk_test",
    truncation="error",
)
CEREBRAS = Vendor(
    "cerebras",
    "cerebras",
    (
        replace(_GPT_OSS, id="gpt-oss-120b", max_completion_tokens=40_960),
        replace(_QWEN, id="qwen-3.8-27b", context_window=131_072, max_completion_tokens=40_960),
    ),
    key_prefix="csk-test",
    retry_after=False,
)
COMPAT = Vendor("compat", "openai", (Model("local-model"),), any_model=True, rate_headers=False)

_GROQ_FREE = Limits(rpm=30, rpd=1_000, tpm=8_000, tpd=200_000)
_GROQ_DEV = Limits(rpm=1_000, rpd=500_000, tpm=250_000)
_QWEN_GROQ = {"itpm": 7_000, "otpm": 1_000}
_TRIAL = Limits(rpm=5, tpm=30_000, total_tpm=90_000, tph=1_000_000, tpd=1_000_000)


def _groq_free(model: Model) -> Model:
    extra = _QWEN_GROQ if model.family == "qwen" else {}
    return replace(model, limits=replace(_GROQ_FREE, **extra))


def _groq_dev(model: Model) -> Model:
    limits = _GROQ_DEV
    if model.family == "qwen":
        limits = replace(limits, **_QWEN_GROQ)
    if "safeguard" in model.id:
        limits = replace(limits, tpm=150_000)
    return replace(model, limits=limits)


def _cerebras_trial(model: Model) -> Model:
    context = 64_000 if model.family == "qwen" else 65_536
    return replace(model, limits=_TRIAL, context_window=context, max_completion_tokens=32_768)


def _cerebras_dev(model: Model) -> Model:
    limits = Limits(rpm=1_000, tpm=1_000_000, total_tpm=3_000_000)
    if model.family == "qwen":
        limits = Limits(rpm=300, tpm=150_000, total_tpm=750_000)
    return replace(model, limits=limits)


PRESETS: dict[str, Vendor] = {
    "groq-free": GROQ.with_models(_groq_free),
    "groq-dev": GROQ.with_models(_groq_dev),
    "cerebras-trial": CEREBRAS.with_models(_cerebras_trial),
    "cerebras-dev": CEREBRAS.with_models(_cerebras_dev),
}
"""The tiers as the vendors published them in late 2026; ``unlimited`` is the default of all."""


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """What an answer is made from: whom it is asked of, how many came before, and the prompt."""

    vendor: str
    model: str
    number: int
    seed: int
    prompt: str


AnswerSource = Callable[[AnswerRequest], str]
BatchOutcome = Literal["completed", "failed", "expired"]


@dataclass(frozen=True, slots=True)
class Config:
    """All that one server process pretends to be.

    ``time_scale``: the quota clock runs so many times faster than the wall, while every duration
    that the server states (``retry-after``, resets, "try again in") is in wall seconds, so that a
    client needs no knowledge of the scale. A client that *knows* that 8,000 tokens a minute
    refill in 60 s would now be wrong: give it a clock that runs ``time_scale`` times faster too
    (``server.config.time_scale``, ``/_control/stats``) and set ``hints="scaled"``, so that the
    durations are in that clock's seconds.

    ``answers``: ``good`` (a seeded bank), a JSON lines file (each line an answer object, or
    ``{"content": "..."}``), or a function. ``log``: every call is appended to this file.
    ``keep_requests``: keep the request bodies in memory, for tests that read them. ``faults``
    are set from the start, and again after each reset. ``port`` 0 is any free one.

    ``batch_s``: how long a batch of Groq's takes, in wall seconds; ``batch_outcome``: how it
    ends, and with which ``batch_message`` when it failed; ``batch_failing``: the custom ids whose
    requests fail in it.
    """

    vendors: tuple[Vendor, ...] = (GROQ, CEREBRAS, COMPAT)
    time_scale: float = 1.0
    hints: Literal["wall", "scaled"] = "wall"
    seed: int = 0
    answers: Literal["good"] | Path | AnswerSource = "good"
    log: Path | None = None
    keep_requests: bool = True
    port: int = 0
    faults: tuple[Fault, ...] = ()
    batch_s: float = 0.0
    batch_outcome: BatchOutcome = "completed"
    batch_message: str = "The batch failed."
    batch_failing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *presets: str, latency: str | float = 0.0, **rest: object) -> Config:
        """The default vendors, some with a preset's limits, all with one latency.

        Raises:
            KeyError: there is no such preset.
        """
        vendors = {vendor.name: vendor for vendor in (GROQ, CEREBRAS, COMPAT)}
        for name in presets:
            if name != "unlimited":
                vendors[PRESETS[name].name] = PRESETS[name]
        draw = Latency.parse(str(latency))
        changed = (v.with_models(lambda m: replace(m, latency=draw)) for v in vendors.values())
        return replace(cls(vendors=tuple(changed)), **rest)  # type: ignore[arg-type] # fields

    def with_vendor(self, name: str, **changes: object) -> Config:
        """The same with some fields of one vendor changed."""
        return replace(
            self,
            vendors=tuple(
                replace(vendor, **changes) if vendor.name == name else vendor  # type: ignore[arg-type]
                for vendor in self.vendors
            ),
        )

    def with_model(self, vendor: str, model: str | None, **changes: object) -> Config:
        """The same with some fields of one model (None: of all models) of one vendor changed."""

        def change(one: Model) -> Model:
            if model not in (None, one.id):
                return one
            return replace(one, **changes)  # type: ignore[arg-type]

        return self.with_vendor(vendor, models=tuple(map(change, self._vendor(vendor).models)))

    def _vendor(self, name: str) -> Vendor:
        return next(vendor for vendor in self.vendors if vendor.name == name)
