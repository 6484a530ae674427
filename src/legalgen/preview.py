"""``batch --plan``: what a batch would write, how it spreads, and whether it fits tonight's quotas.

Nothing is called and nothing is written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from legalgen import store
from legalgen.forecast import Forecast, Share, Supply, forecast
from legalgen.generation import Job
from legalgen.kinds import format_duration
from legalgen.limits import Budgets, Cost, Demand
from legalgen.router import Target, View
from legalgen.run import Run
from legalgen.tasks import Task

USED_SHARE = 0.75
"""What an answer usually takes of the completion budget reserved for it, until it is measured."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A batch that was not begun: its tasks, the rows there are, and the forecast."""

    tasks: tuple[Task, ...]
    rows: int
    cells: int
    forecast: Forecast

    def spread(self) -> dict[str, Counter[str]]:
        """How many tasks each value of each axis has."""
        return {
            axis: Counter(getattr(task, axis) for task in self.tasks)
            for axis in ("jurisdiction", "practice_area", "topic", "difficulty", "sample_type")
        }

    def as_json(self) -> dict[str, Any]:
        """All of it as one JSON object; times are seconds, costs US dollars."""
        outlook = self.forecast
        return {
            "samples": len(self.tasks),
            "rows_before": self.rows,
            "cells": self.cells,
            "spread": {axis: dict(counts) for axis, counts in self.spread().items()},
            "seconds": None if math.isinf(outlook.seconds) else round(outlook.seconds, 1),
            "fits_today": outlook.fits_today,
            "models": [_share_json(share) for share in outlook.shares],
        }

    def lines(self) -> Iterator[str]:
        """The same in people's words."""
        spread = self.spread()
        topics = spread["topic"].values()
        yield f"{len(self.tasks)} samples over {self.cells} cells; {self.rows} rows are there"
        if topics:
            yield f"  topics         {len(topics)}, {min(topics)} to {max(topics)} samples each"
        for axis in ("jurisdiction", "difficulty", "sample_type"):
            counts = ", ".join(f"{name} {count}" for name, count in sorted(spread[axis].items()))
            yield f"  {axis:<14} {counts}"
        yield from _outlook_lines(self.forecast)


def preview(run: Run) -> Preview:
    """What this run would do, from what is on the disk and what is known of its models.

    Raises:
        DiskError: the dataset cannot be read.
    """
    summary = store.summarise(run.data_dir, rehearsal=run.rehearsal)
    record = run.new_record(summary.rows)
    planned = run.planner(summary.cells, record).plan(max(0, record.target))
    supplies = [_supply(run, planned, view) for view in run.router.view()] if planned else []
    outlook = forecast(len(planned), supplies, run.clock.monotonic())
    return Preview(tuple(planned), summary.rows, run.taxonomy.cells(run.filter), outlook)


def _supply(run: Run, planned: Sequence[Task], view: View) -> Supply:
    target = next(t for t in run.router.targets if t.ref == view.ref)
    demand = _mean_demand(run, planned, target)
    budgets, assumed = _budgets(run, target, view)
    reserved = view.experience.cost(demand, target.max_completion_tokens, budgets)
    usual = reserved.output_tokens * USED_SHARE
    if view.experience.shares:
        mean = sum(view.experience.shares) / len(view.experience.shares)
        usual = min(float(reserved.output_tokens), mean * demand.usual_output)
    now = run.clock.monotonic()
    return Supply(
        ref=view.ref,
        buckets=tuple(budgets.buckets.values()),
        reserved=reserved,
        used=Cost(reserved.input_tokens, math.ceil(usual)),
        latency_s=view.health.latency_s or target.latency_s,
        kept=max(0.05, view.health.usable_share if view.health.usable else 0.9),
        ready_in_s=_ready_in(view, now),
        most_in_flight=target.max_in_flight,
        input_usd=target.input_usd,
        output_usd=target.output_usd,
        priced=bool(target.input_usd or target.output_usd) or target.ref.provider == "local",
        assumed=assumed,
    )


def _ready_in(view: View, now: float) -> float:
    if view.state == "dropped":
        return math.inf
    return max(0.0, view.until - now) if view.until is not None else 0.0


def _mean_demand(run: Run, planned: Sequence[Task], target: Target) -> Demand:
    """The mean size of a request over a sample of the plan."""
    some = planned[:: max(1, len(planned) // 50)]
    sizes = [run.demand(Job(task))(target) for task in some]
    return Demand(
        round(sum(size.prompt_characters for size in sizes) / len(sizes)),
        round(sum(size.usual_output for size in sizes) / len(sizes)),
        round(sum(size.least_output for size in sizes) / len(sizes)),
    )


def _budgets(run: Run, target: Target, view: View) -> tuple[Budgets, str | None]:
    """What is known of its limits; where nothing is, those of the vendor's smallest plan."""
    if view.budgets.buckets or not target.tiers:
        return view.budgets, None
    assumed = Budgets()
    now = run.clock.monotonic()
    assumed.learn(target.tiers[0], now)
    return assumed, "the smallest plan"


def _share_json(share: Share) -> dict[str, Any]:
    return {
        "provider": share.ref.provider,
        "model": share.ref.model,
        "samples": share.samples,
        "calls": share.calls,
        "input_tokens": share.input_tokens,
        "output_tokens": share.output_tokens,
        "cost_usd_low": share.usd_low,
        "cost_usd_high": share.usd_high,
        "bound_by": " per ".join(share.limit) if share.limit else "latency",
        "seconds": None if math.isinf(share.seconds) else round(share.seconds),
        "daily_limit_hit_in_s": share.exhausted_in_s and round(share.exhausted_in_s),
        "daily_limit": share.exhausted_kind and f"{share.exhausted_kind} per day",
        "samples_until_daily_limit": share.samples_until,
        "limits_assumed": share.assumed,
    }


def _outlook_lines(outlook: Forecast) -> Iterator[str]:
    if math.isinf(outlook.seconds):
        yield "It does not fit: these models cannot give so many samples within 30 days."
    else:
        today = "fits today" if outlook.fits_today else "does not fit into one day"
        yield f"about {format_duration(round(outlook.seconds))}: {today}"
    for share in outlook.shares:
        yield f"  {share.ref}: {_share_words(share)}"
    if any(share.assumed for share in outlook.shares):
        yield "Limits of the smallest plan were assumed where none are known; one call tells more."


def _share_words(share: Share) -> str:
    words = [
        f"{share.samples} samples in {share.calls} calls",
        *([] if math.isinf(share.seconds) else [format_duration(round(share.seconds))]),
        f"{share.input_tokens + share.output_tokens:,} tokens",
    ]
    if share.usd_low is not None and share.usd_high is not None:
        words.append(f"${share.usd_low:.2f} to ${share.usd_high:.2f}")
    words.append("bound by " + (" per ".join(share.limit) if share.limit else "latency"))
    if share.exhausted_in_s is not None:
        after = format_duration(round(share.exhausted_in_s))
        kind = f"{share.exhausted_kind} per day".replace("_", " ")
        words.append(f"{kind} used up after {after} and {share.samples_until} samples")
    return ", ".join(words)
