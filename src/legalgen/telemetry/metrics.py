"""Metrics: what a batch has counted, when that is alarming, and a Prometheus textfile of it.

Used from one thread; a batch counts where it writes. The textfile holds one batch, the last one
that wrote it: its counters start anew with each batch, which ``rate()`` and ``increase()`` take for
the restart it is. The two timestamps of success outlive a batch without one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from legalgen.completion import ModelRef, Usage
from legalgen.errors import DiskError, ErrorCategory
from legalgen.settings.reading import read_whole

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

RECORDED_STATUSES = ("running", "completed", "stopped", "paused", "failed")
"""A batch's states, as its ledger names them."""
_LAST_SAMPLE = "legalgen_last_sample_timestamp_seconds"
_LAST_SUCCESS = "legalgen_last_success_timestamp_seconds"
_LIMITED = frozenset({ErrorCategory.RATE_LIMIT, ErrorCategory.QUOTA_EXHAUSTED})


class ThresholdAlert(msgspec.Struct, frozen=True):
    """More of something than a batch should see; raised once per kind and batch."""

    kind: Literal["switches", "timeouts"]
    threshold: int

    @property
    def message(self) -> str:
        """A sentence for stderr and the ledger."""
        remedy = {
            "switches": "the first models of the route are often not ready",
            "timeouts": "raise --timeout, or leave out the slow model with --route",
        }[self.kind]
        return f"More than {self.threshold} {self.kind} in this batch: {remedy}."


class Metrics(msgspec.Struct):
    """The counters of one batch.

    An alert is returned by the count that first exceeds its threshold, and kept in ``alerts``.
    ``calls`` counts by model and outcome: ``ok``, or the category of the failure.
    ``waited_s`` is the time that nothing was ready, in seconds; ``cost_usd`` is in dollars.
    ``last_sample`` and ``last_success`` are Unix times. ``troubles`` are kinds and targets.
    """

    alert_switches: int = 10
    alert_timeouts: int = 20
    accepted: Counter[ModelRef] = msgspec.field(default_factory=Counter)
    flagged: Counter[str] = msgspec.field(default_factory=Counter)
    rejected: Counter[str] = msgspec.field(default_factory=Counter)
    given_up: int = 0
    calls: Counter[tuple[ModelRef, str]] = msgspec.field(default_factory=Counter)
    model_switches: Counter[tuple[ModelRef, str]] = msgspec.field(default_factory=Counter)
    provider_switches: Counter[tuple[ModelRef, str]] = msgspec.field(default_factory=Counter)
    rate_limit_hits: Counter[ModelRef] = msgspec.field(default_factory=Counter)
    timeouts: Counter[ModelRef] = msgspec.field(default_factory=Counter)
    tokens: Counter[tuple[ModelRef, str]] = msgspec.field(default_factory=Counter)
    cost_usd: dict[ModelRef, float] = msgspec.field(default_factory=dict)
    call_s: dict[ModelRef, float] = msgspec.field(default_factory=dict)
    waited_s: float = 0.0
    last_sample: float | None = None
    last_success: float | None = None
    status: str = "running"
    exit_code: int | None = None
    troubles: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    alerts: list[ThresholdAlert] = msgspec.field(default_factory=list)

    @property
    def switches(self) -> int:
        """All moves that a failure caused, within a provider and between two."""
        return self.model_switches.total() + self.provider_switches.total()

    def answered(
        self,
        ref: ModelRef,
        usage: Usage,
        *,
        cost_usd: float | None,
        latency_s: float,
        refused: ErrorCategory | None = None,
    ) -> None:
        """A call came back and was paid for; ``refused``: its answer is not a sample."""
        self.calls[ref, refused.value if refused else "ok"] += 1
        self._paid(ref, usage, cost_usd)
        self.call_s[ref] = self.call_s.get(ref, 0.0) + latency_s

    def failed(
        self,
        ref: ModelRef,
        category: ErrorCategory,
        usage: Usage | None = None,
        *,
        cost_usd: float | None = None,
    ) -> ThresholdAlert | None:
        """A call failed: no answer came back whole. ``usage`` is what one took that may have
        run."""
        self.calls[ref, category.value] += 1
        if usage is not None and usage != Usage():
            self._paid(ref, usage, cost_usd)
        if category in _LIMITED:
            self.rate_limit_hits[ref] += 1
        if category is not ErrorCategory.TIMEOUT:
            return None
        self.timeouts[ref] += 1
        return self._alert("timeouts", self.timeouts.total(), self.alert_timeouts)

    def abandoned(self, ref: ModelRef, usage: Usage, *, cost_usd: float | None) -> None:
        """A call that nobody waited for, and what it may have used."""
        if usage != Usage():
            self._paid(ref, usage, cost_usd)

    def switched(
        self, old: ModelRef, new: ModelRef, category: ErrorCategory
    ) -> ThresholdAlert | None:
        """A failure of ``category`` moved a task from one model to another."""
        moves = self.model_switches if old.provider == new.provider else self.provider_switches
        moves[old, category.value] += 1
        return self._alert("switches", self.switches, self.alert_switches)

    def accept(self, ref: ModelRef, now: float, flags: Iterable[str] = ()) -> None:
        """A sample is on disk. ``now`` is the Unix time."""
        self.accepted[ref] += 1
        self.flagged.update(flags)
        self.last_sample = now

    def reject(self, codes: Iterable[str]) -> None:
        """An answer was refused, for all of these reasons."""
        self.rejected.update(dict.fromkeys(codes, 1))

    def waited(self, seconds: float) -> None:
        """Nothing was ready for so long."""
        self.waited_s += seconds

    def trouble(self, kind: str, target: str) -> None:
        """Something is wrong with an account, or rows lack marks."""
        self.troubles[kind, target] += 1

    def finish(self, status: str, exit_code: int, now: float) -> None:
        """The batch has ended. ``now`` is the Unix time."""
        self.status, self.exit_code = status, exit_code
        if exit_code == 0:
            self.last_success = now

    def _paid(self, ref: ModelRef, usage: Usage, cost_usd: float | None) -> None:
        self.tokens[ref, "input"] += usage.input_tokens
        self.tokens[ref, "output"] += usage.output_tokens
        self.tokens[ref, "reasoning"] += usage.reasoning_tokens or 0
        self.tokens[ref, "cached"] += usage.cached_tokens or 0
        if cost_usd is not None:  # no price is not a price of nothing
            self.cost_usd[ref] = self.cost_usd.get(ref, 0.0) + cost_usd

    def _alert(
        self, kind: Literal["switches", "timeouts"], count: int, threshold: int
    ) -> ThresholdAlert | None:
        if count <= threshold or any(alert.kind == kind for alert in self.alerts):
            return None
        alert = ThresholdAlert(kind, threshold)
        self.alerts.append(alert)
        return alert


def write_textfile(path: Path, metrics: Metrics) -> None:
    """Write the counters for node_exporter's textfile collector, replacing the file in one step.

    Raises:
        DiskError: the file cannot be written.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile

    registry = CollectorRegistry()
    try:
        # A pipe would be waited for, and a device replaced.
        if path.exists() and not path.is_file():
            raise DiskError(f"The metrics {path} cannot be written: it is no regular file.", path)
        registry.register(_Families(metrics, _timestamps_in(path)))
        write_to_textfile(os.path.realpath(path), registry)  # through a symbolic link
    except OSError as error:
        raise DiskError(f"The metrics {path} cannot be written: {error.strerror}.", path) from error


class _Families(msgspec.Struct, eq=False):
    """A collector, hashable as its registry wants; ``before``: the old file's timestamps."""

    metrics: Metrics
    before: Mapping[str, float]

    def collect(self) -> Iterator[Metric]:
        yield from _counters(self.metrics)
        yield from _gauges(self.metrics, self.before)


LabelledValues = Mapping[tuple[str, ...], float]


def _counters(metrics: Metrics) -> Iterator[Metric]:
    model, call = ("provider", "model"), ("provider", "model", "category")
    moved = ("provider", "model", "category")
    yield _counter("samples_accepted", "Samples on disk.", model, _by_model(metrics.accepted))
    yield _counter("samples_flagged", "Flags on samples on disk.", ("code",), _by(metrics.flagged))
    yield _counter("answers_rejected", "Reasons to refuse.", ("code",), _by(metrics.rejected))
    yield _counter("tasks_given_up", "Tasks given up.", (), {(): metrics.given_up})
    yield _counter("calls", "Calls, by ok or failure.", call, _by_pair(metrics.calls))
    yield _counter("call_seconds", "Time in answered calls.", model, _by_model(metrics.call_s))
    yield _counter(
        "model_switches", "Moves to another model of a provider, by the model left.",
        moved, _by_pair(metrics.model_switches),
    )  # fmt: skip
    yield _counter(
        "provider_switches", "Moves to another provider, by the model left.",
        moved, _by_pair(metrics.provider_switches),
    )  # fmt: skip
    yield _counter("rate_limit_hits", "Limits hit.", model, _by_model(metrics.rate_limit_hits))
    yield _counter("timeouts", "Calls out of time.", model, _by_model(metrics.timeouts))
    yield _counter(
        "tokens", "Tokens; output holds reasoning, input holds cached.",
        ("provider", "model", "kind"), _by_pair(metrics.tokens),
    )  # fmt: skip
    yield _counter("cost_usd", "Dollars by list price.", model, _by_model(metrics.cost_usd))
    yield _counter("wait_seconds", "Time nothing was ready.", (), {(): metrics.waited_s})


def _gauges(metrics: Metrics, before: Mapping[str, float]) -> Iterator[Metric]:
    raised: dict[tuple[str, ...], float] = {(kind,): 0.0 for kind in ("switches", "timeouts")}
    raised |= {(alert.kind,): 1.0 for alert in metrics.alerts}
    wrong: LabelledValues = dict.fromkeys(sorted(metrics.troubles), 1.0)
    text = "1 for what is wrong with an account, or missing in rows."
    yield _gauge("legalgen_trouble", text, ("kind", "target"), wrong)
    yield _gauge("legalgen_alert", "1 if the alert was raised.", ("kind",), raised)
    states: LabelledValues = {
        (status,): float(status == metrics.status) for status in RECORDED_STATUSES
    }
    yield _gauge("legalgen_batch_status", "1 for the state of the batch.", ("status",), states)
    if metrics.exit_code is not None:
        code: LabelledValues = {(): float(metrics.exit_code)}
        yield _gauge("legalgen_batch_exit_code", "Exit code of the batch.", (), code)
    times = {_LAST_SAMPLE: metrics.last_sample, _LAST_SUCCESS: metrics.last_success}
    for name, moment in times.items():
        known = moment if moment is not None else before.get(name)
        if known is not None:
            yield _gauge(name, "Unix time, whichever batch it was.", (), {(): known})


def _counter(name: str, text: str, labels: tuple[str, ...], values: LabelledValues) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"legalgen_{name}", text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(name: str, text: str, labels: tuple[str, ...], values: LabelledValues) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _by_model(values: Mapping[ModelRef, float]) -> LabelledValues:
    return {(ref.provider, ref.model): value for ref, value in sorted(values.items())}


def _by_pair(values: Mapping[tuple[ModelRef, str], float]) -> LabelledValues:
    return {(ref.provider, ref.model, word): n for (ref, word), n in sorted(values.items())}


def _by(values: Mapping[str, int]) -> LabelledValues:
    return {(word,): value for word, value in sorted(values.items())}


def _timestamps_in(path: Path) -> dict[str, float]:
    """When an earlier batch last succeeded, from the file it wrote; empty if that says nothing."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(read_whole(path).decode("utf-8")))
    except (OSError, ValueError):  # none yet, or not ours: it is about to be replaced
        return {}
    return {
        sample.name: sample.value
        for family in families
        for sample in family.samples
        if sample.name in (_LAST_SAMPLE, _LAST_SUCCESS)
    }
