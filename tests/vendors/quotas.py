"""Token buckets: the quotas of one model, refilling all the time as the vendors' do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["requests", "tokens", "total", "input", "output"]
Window = Literal["minute", "hour", "day"]
Clock = Callable[[], float]

SECONDS: dict[Window, float] = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one model allows; None is no limit.

    ``tpm``, ``tph`` and ``tpd`` count uncached input plus output; ``total_tpm`` counts cached
    input as well; ``itpm`` counts uncached input, ``otpm`` expected output.
    """

    rpm: int | None = None
    rpd: int | None = None
    tpm: int | None = None
    tph: int | None = None
    tpd: int | None = None
    total_tpm: int | None = None
    itpm: int | None = None
    otpm: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of limit: what it counts, over which window, and its name in Groq's texts."""

    field: str
    kind: Kind
    window: Window
    label: str

    @property
    def seconds(self) -> float:
        """Length of the window in seconds."""
        return SECONDS[self.window]


RULES = (
    Rule("rpm", "requests", "minute", "requests per minute (RPM)"),
    Rule("rpd", "requests", "day", "requests per day (RPD)"),
    Rule("otpm", "output", "minute", "output tokens per minute (OTPM)"),
    Rule("itpm", "input", "minute", "input tokens per minute (ITPM)"),
    Rule("tpm", "tokens", "minute", "tokens per minute (TPM)"),
    Rule("total_tpm", "total", "minute", "total tokens per minute (TPM)"),
    Rule("tph", "tokens", "hour", "tokens per hour (TPH)"),
    Rule("tpd", "tokens", "day", "tokens per day (TPD)"),
)
"""In the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request takes, in tokens.

    ``expected_output`` is what the output limit counts before the run (None: ``output``).
    """

    input: int
    output: int
    cached: int = 0
    expected_output: int | None = None

    def of(self, kind: Kind) -> int:
        """The amount that a limit of this kind counts."""
        match kind:
            case "requests":
                return 1
            case "tokens":
                return self.input - self.cached + self.output
            case "total":
                return self.input + self.output
            case "input":
                return self.input - self.cached
            case "output":
                return self.output if self.expected_output is None else self.expected_output


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request does not fit; ``wait_s`` (on the quota's clock) is None if it never will."""

    rule: Rule
    limit: int
    used: int
    requested: int
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of one limit; ``reset_s`` is the time until its bucket is full again."""

    rule: Rule
    limit: int
    remaining: int
    reset_s: float


class Bucket:
    """One limit's bucket: full at ``start``, refilled continuously, not thread-safe."""

    def __init__(self, rule: Rule, limit: int, start: float) -> None:
        self.rule = rule
        self.limit = limit
        self._rate = limit / rule.seconds
        self._level = float(limit)
        self._at = start

    def refill(self, now: float) -> None:
        """Bring the level up to ``now``."""
        self._level = min(self.limit, self._level + (now - self._at) * self._rate)
        self._at = now

    def refusal(self, amount: int) -> Refusal | None:
        """Why ``amount`` does not fit now, or None when it does."""
        if amount <= self._level + 1e-6:  # a wait of exactly the missing time must suffice
            return None
        wait = None if amount > self.limit else (amount - self._level) / self._rate
        used = self.limit - int(self._level)
        return Refusal(self.rule, self.limit, used, amount, wait)

    def take(self, amount: int) -> None:
        """Remove ``amount`` (negative: give back, never above the limit)."""
        self._level = min(self.limit, self._level - amount)

    def reading(self) -> Reading:
        """What the headers say now."""
        missing = self.limit - self._level
        return Reading(self.rule, self.limit, max(0, int(self._level)), missing / self._rate)


class Quota:
    """All limits of one model: reserve before the run, settle after it. Thread-safe."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        now = clock()
        values = ((rule, getattr(limits, rule.field)) for rule in RULES)
        self._buckets = [Bucket(rule, value, now) for rule, value in values if value is not None]

    def reserve(self, charge: Charge) -> Refusal | None:
        """Take ``charge`` from every bucket, or from none and say which one refused."""
        with self._lock:
            self._refill()
            for bucket in self._buckets:
                if refusal := bucket.refusal(charge.of(bucket.rule.kind)):
                    return refusal
            for bucket in self._buckets:
                bucket.take(charge.of(bucket.rule.kind))
        return None

    def settle(self, reserved: Charge, used: Charge) -> None:
        """Give back what was reserved and not used."""
        with self._lock:
            self._refill()
            for bucket in self._buckets:
                kind = bucket.rule.kind
                bucket.take(used.of(kind) - reserved.of(kind))

    def readings(self) -> tuple[Reading, ...]:
        """The state of every limit now."""
        with self._lock:
            self._refill()
            return tuple(bucket.reading() for bucket in self._buckets)

    def _refill(self) -> None:
        now = self._clock()
        for bucket in self._buckets:
            bucket.refill(now)
