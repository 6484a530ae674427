"""``batch --plan``: what a batch would write, how it spreads, and whether it fits tonight's quotas.

Nothing is called and nothing is written.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from legalgen.batch import parking
from legalgen.batch.fitting import PlannedSizes, left_out, unfit
from legalgen.batch.grounding import open_ground
from legalgen.batch.jobs import Job
from legalgen.batch.judging import MARK_TOKENS, is_drawn
from legalgen.batch.opening import RunParts
from legalgen.batch.pointing import PointPrompts, takes_point
from legalgen.batch.records import new_record
from legalgen.completion import DAY_S, ModelRef, Prompt
from legalgen.errors import NoUsableProvider, UsageError
from legalgen.law import from_settings as law
from legalgen.law.planner import Task, dated
from legalgen.providers.catalog import Catalog
from legalgen.routing.forecast import (
    UNKNOWN_YIELD,
    USED_SHARE,
    Forecast,
    ModelShare,
    Supply,
    forecast,
    supply_of,
)
from legalgen.routing.from_settings import plan_route
from legalgen.routing.limiter import RateLimiter, Shortfall, smallest_shortfall
from legalgen.routing.rate_limits import CHARACTERS_PER_TOKEN, Budgets, Cost, Demand
from legalgen.routing.route import Route
from legalgen.routing.router import Router
from legalgen.routing.targets import RoutingPolicy, Target, View, usd
from legalgen.settings.layers import Settings
from legalgen.store import parts
from legalgen.store.files import DataDir
from legalgen.store.sample import Draft

BOUNDS: Final = (
    "max_calls", "max_tokens", "max_cost", "max_cost_per_day", "max_cost_per_month"
)  # fmt: skip
"""Settings that bound a batch by what its calls take."""
MOST_PLANNED: Final = 1_000_000
"""Samples of a plan: some 45 s of CPU, by 4.3 s for 100,000."""


class Reach(msgspec.Struct, frozen=True):
    """How far a bound that the user set lets a batch come: to about so many ``samples``.

    ``name`` is the setting's, ``most`` its value as people read it.
    """

    name: str
    most: str
    samples: int

    @property
    def flag(self) -> str:
        """The flag that sets it."""
        return f"--{self.name.replace('_', '-')}"


class Preview(msgspec.Struct, frozen=True):
    """A batch that was not begun: its tasks, the rows there are, and the forecast.

    ``judging`` is the forecast of the judge's marks; None where no judge is asked for. ``listing``
    is that of the lists of points which are not there yet, one a topic; None where none is missing.
    ``at`` is now, ``most_s`` the time that the batch may take. ``reaches`` are those of the bounds
    on calls, tokens and money that are set; ``spent`` is why not one call may be made, and empty
    where one may.
    """

    tasks: tuple[Task, ...]
    rows: int
    cells: int
    dataset: Path
    at: datetime
    forecast: Forecast
    judging: Forecast | None = None
    listing: Forecast | None = None
    most_s: float | None = None
    quota_share: float = 1.0
    left_out: tuple[str, ...] = ()
    reaches: tuple[Reach, ...] = ()
    spent: str = ""

    @property
    def cut(self) -> tuple[Reach, ...]:
        """The bounds that end the batch before it has all its samples."""
        return tuple(each for each in self.reaches if each.samples < len(self.tasks))

    @property
    def seconds(self) -> float:
        """How long it takes until every sample is written, and marked; ``inf`` as a forecast's."""
        lists = self.listing.seconds if self.listing is not None else 0.0
        return lists + max(outlook.seconds for outlook in self._outlooks)

    @property
    def fits_today(self) -> bool:
        """Whether it would be done within 24 hours."""
        return self.seconds <= DAY_S

    @property
    def within(self) -> int | None:
        """How many samples are written and marked after ``most_s``; None without a bound."""
        return min((o.within for o in self._outlooks if o.within is not None), default=None)

    @property
    def shares(self) -> tuple[ModelShare, ...]:
        """What each model does, judges last but for who lists points."""
        lists = () if self.listing is None else self.listing.shares
        return (*(share for outlook in self._outlooks for share in outlook.shares), *lists)

    @property
    def _outlooks(self) -> tuple[Forecast, ...]:
        return (self.forecast,) if self.judging is None else (self.forecast, self.judging)

    def spread(self) -> dict[str, Counter[str]]:
        """How many tasks each value of each axis has."""
        return {
            axis: Counter(getattr(task, axis) for task in self.tasks)
            for axis in ("jurisdiction", "practice_area", "topic", "difficulty", "sample_type")
        }

    def as_json(self) -> dict[str, Any]:
        """All of it as one JSON object; times are seconds, costs US dollars."""
        return {
            "samples": len(self.tasks),
            "rows_before": self.rows,
            "cells": self.cells,
            "spread": {axis: dict(counts) for axis, counts in self.spread().items()},
            "seconds": _finite(self.seconds),
            "fits_today": self.fits_today,
            "quota_share": self.quota_share,
            "left_out": list(self.left_out),
            "samples_by_max_time": self.within,
            **dict.fromkeys(f"samples_by_{name}" for name in BOUNDS),
            **{f"samples_by_{each.name}": each.samples for each in self.reaches},
            "cost_usd": _sum(share.usd for share in self.shares),
            "cost_usd_low": _sum(share.usd_low for share in self.shares),
            "cost_usd_high": _sum(share.usd_high for share in self.shares),
            "tokens": sum(share.input_tokens + share.output_tokens for share in self.shares),
            "price_unknown_tokens": sum(map(price_unknown_tokens, self.shares)),
            "models": [_share_json(share) for share in self.forecast.shares],
            "judge": self.judging and _beside_json(self.judging),
            "points": self.listing and _beside_json(self.listing),
        }


def preview(run: RunParts) -> Preview:
    """What this run would do, from what is on the disk and what is known of its models.

    Raises:
        DiskError: the dataset cannot be read.
        NoUsableProvider: no model of the route can take any of its samples.
        UsageError: they are too many to be drawn one by one.
    """
    rehearsal = run.route.rehearsal
    summary = parts.summarise(run.data_dir, rehearsal=rehearsal)
    now = run.reporter.now()
    record = new_record(run.settings, run.intent, rows=summary.rows, rehearsal=rehearsal, now=now)
    if record.target > MOST_PLANNED:
        raise UsageError(
            f"a plan draws each of its samples, and {record.target:,} are more than "
            f"{MOST_PLANNED:,}: plan fewer, and multiply"
        )
    counts = run.space.counts(summary, run.data_dir, rehearsal=rehearsal)
    planner = run.space.planner(counts, record.seed)
    basis = parking.basis_of(run.space.taxonomy, run.prompter)
    earlier = parking.remembered(run.ledger.newest(), basis, now, rehearsal=rehearsal)
    planner.avoid(each.cell for each in earlier)
    planned = planner.plan(max(0, record.target))
    out = _left_out(run, planned)
    share = run.settings.judge_share or 1.0
    marked = [task for task in planned if is_drawn(task, share)]
    first = _first_call(run, planned, frozenset(out))
    found = Preview(
        tuple(planned),
        summary.rows,
        run.space.cells,
        run.data_dir.dataset(rehearsal=rehearsal),
        now,
        _writing(run, planned, frozenset(out)),
        _judging(run, marked, run.judges) if run.judges and marked else None,
        _listing(run, planned, frozenset(out)),
        run.settings.max_time,
        run.settings.quota_share,
        tuple(out.values()),
    )
    if first is None:
        return found
    spent = run.routers.writers.tracker.bound(run.policy, *first)
    reaches = tuple(_reaches(run.policy, found, *first))
    return replace(found, reaches=reaches, spent=spent.why if spent is not None else "")


def _first_call(
    run: RunParts, planned: Sequence[Task], out: frozenset[ModelRef]
) -> tuple[Target, Cost] | None:
    """Who is asked first, and what is reserved for it; None where nobody is asked."""
    registry = run.routers.writers.registry
    for target, view in zip(registry.targets, registry.view(), strict=True):
        if planned and target.ref not in out and view.state != "dropped":
            limiter = RateLimiter.of(target, _budgets(run, target, view)[0], view.experience)
            return target, limiter.cost(run.prompts.demand(Job(planned[0]))(target))
    return None


def _reaches(policy: RoutingPolicy, found: Preview, target: Target, cost: Cost) -> Iterator[Reach]:
    """How far each bound lets the batch come, whose calls reserve ``cost`` and take the usual.

    As the run counts: a call leaves while what was taken and what it reserves is within the bound.
    """
    written = sum(share.samples for share in found.forecast.shares)
    calls = sum(share.calls for share in found.shares)
    if not written or not calls:
        return

    def samples(most: float, taken: float, reserved: float) -> int:
        if reserved > most:
            return 0
        allowed = (most - reserved) / taken * calls + 1 if taken else math.inf
        return min(len(found.tasks), round(min(allowed, calls) * written / calls))

    tokens = sum(share.input_tokens + share.output_tokens for share in found.shares)
    dollars, price = sum(share.usd or 0.0 for share in found.shares), usd(target, cost)
    if not policy.usual_calls:
        yield Reach("max_calls", f"{policy.max_calls:,}", samples(policy.max_calls, calls, 1))
    if (most := policy.max_tokens) is not None:
        yield Reach("max_tokens", f"{most:,}", samples(most, tokens, cost.of("tokens")))
    if (limit := policy.max_cost_usd) is not None:
        yield Reach("max_cost", f"${limit:g}", samples(limit, dollars, price))
    for cap in policy.caps:
        left = max(0.0, cap.limit_usd - cap.spent_usd)
        name = cap.flag.removeprefix("--").replace("-", "_")
        told = f"${cap.limit_usd:g}, ${left:.4f} of it left"
        yield Reach(name, told, samples(left, dollars, price))


def _left_out(run: RunParts, planned: Sequence[Task]) -> dict[ModelRef, str]:
    """The models that can take none of the samples, with why: as the run would find.

    Raises:
        NoUsableProvider: that leaves none.
    """
    router, sizes = run.routers.writers, PlannedSizes(run.prompts, planned)
    views = [view for view in router.registry.view() if view.state != "dropped"]
    targets = {target.ref: target for target in router.registry.targets}
    short, said = dict[ModelRef, Shortfall](), dict[ModelRef, str]()
    for view in views if planned else ():
        target = targets[view.ref]
        budgets, assumed = _budgets(run, target, view)
        limiter = RateLimiter.of(target, budgets, view.experience)
        if (found := smallest_shortfall(limiter, sizes.of(target))) is not None:
            short[view.ref] = found
            given = f" ({assumed} is assumed until one call tells more)" if assumed else ""
            said[view.ref] = left_out(view.ref, found, target.quota_share) + given
    if views and len(short) == len(views):
        raise NoUsableProvider(unfit(short, targets), router.registry.troubles())
    return said


def _writing(run: RunParts, planned: Sequence[Task], out: frozenset[ModelRef]) -> Forecast:
    def demand(target: Target, task: Task) -> Demand:
        return run.prompts.demand(Job(task))(target)

    def kept(view: View) -> float:
        return max(0.05, view.health.usable_share) if view.health.usable else UNKNOWN_YIELD

    return _outlook(run, run.routers.writers, planned, demand, kept, out=out)


def _judging(run: RunParts, planned: Sequence[Task], judges: Route) -> Forecast:
    """The marks of the plan; some are given to answers that are not kept, or cannot be read."""
    writer = run.routers.writers.registry.targets[0]

    def demand(_: Target, task: Task) -> Demand:
        written = (
            run.prompts.demand(Job(task))(writer).usual_output * USED_SHARE * CHARACTERS_PER_TOKEN
        )
        draft = Draft(question="", reasoning_steps=(), answer="x" * round(written), citations=())
        characters = run.prompter.judge(task, draft).characters()
        return Demand(characters, MARK_TOKENS, MARK_TOKENS // 2)

    router = run.routers.open_judges(judges)
    return _outlook(run, router, planned, demand)


def _listing(run: RunParts, planned: Sequence[Task], out: frozenset[ModelRef]) -> Forecast | None:
    """The lists of points that are still to be asked for, by one task of each topic."""
    shelf = run.shelf
    if shelf is None:
        return None
    taxonomy, today = run.space.taxonomy, run.reporter.now().date()
    topics = {task.cell[:3]: task for task in planned if takes_point(taxonomy, task)}
    lacking = [
        task for leaf, task in topics.items() if shelf.find(taxonomy.leaf(*leaf), today) is None
    ]
    if not lacking:
        return None
    prompts = PointPrompts(run.prompter, shelf.as_of)

    def demand(_: Target, task: Task) -> Demand:
        return prompts.demand(task, prompts.build(task, style="full"), style="full")

    return _outlook(run, run.routers.writers, lacking, demand, out=out)


def _outlook(
    run: RunParts,
    router: Router,
    planned: Sequence[Task],
    demand: Callable[[Target, Task], Demand],
    kept: Callable[[View], float] = lambda _: UNKNOWN_YIELD,
    *,
    out: frozenset[ModelRef] = frozenset(),
) -> Forecast:
    """The forecast of a route's models but those left ``out``, asked for the mean of the plan."""
    some = planned[:: max(1, len(planned) // 50)]
    pairs = zip(router.registry.targets, router.registry.view(), strict=True)
    supplies = [
        _supply(run, target, view, _mean([demand(target, task) for task in some]), kept(view))
        for target, view in pairs
        if some and target.ref not in out
    ]
    return forecast(
        len(planned),
        supplies,
        run.reporter.clock.monotonic(),
        run.settings.max_time,
        most_in_flight=run.policy.max_in_flight,
    )


def _supply(run: RunParts, target: Target, view: View, demand: Demand, kept: float) -> Supply:
    budgets, assumed = _budgets(run, target, view)
    now = run.reporter.clock.monotonic()
    return supply_of(target, view, demand, budgets, now, kept=kept, assumed=assumed)


def _mean(sizes: Sequence[Demand]) -> Demand:
    """The mean size of so many requests."""
    return Demand(
        round(sum(size.prompt_characters for size in sizes) / len(sizes)),
        round(sum(size.usual_output for size in sizes) / len(sizes)),
        round(sum(size.least_output for size in sizes) / len(sizes)),
    )


def _budgets(run: RunParts, target: Target, view: View) -> tuple[Budgets, str | None]:
    """What is known of its limits; where nothing is, those of the vendor's smallest plan."""
    if view.budgets.buckets or not target.tiers:
        return view.budgets, None
    assumed = Budgets(share=target.quota_share)
    now = run.reporter.clock.monotonic()
    assumed.learn(target.tiers[0], now)
    return assumed, "the smallest plan"


def _beside_json(outlook: Forecast) -> dict[str, Any]:
    return {
        "calls": sum(share.calls for share in outlook.shares),
        "seconds": _finite(outlook.seconds),
        "models": [_share_json(share) for share in outlook.shares],
    }


def _finite(seconds: float) -> float | None:
    return None if math.isinf(seconds) else round(seconds, 1)


def _share_json(share: ModelShare) -> dict[str, Any]:
    return {
        "provider": share.ref.provider,
        "model": share.ref.model,
        "samples": share.samples,
        "calls": share.calls,
        "input_tokens": share.input_tokens,
        "output_tokens": share.output_tokens,
        "cost_usd": share.usd,
        "cost_usd_low": share.usd_low,
        "cost_usd_high": share.usd_high,
        "price_unknown_tokens": price_unknown_tokens(share),
        "bound_by": " per ".join(share.limit) if share.limit else "latency",
        "seconds": None if math.isinf(share.seconds) else round(share.seconds),
        "daily_limit_hit_in_s": share.exhausted_in_s and round(share.exhausted_in_s),
        "daily_limit": share.exhausted_kind and f"{share.exhausted_kind} per day",
        "samples_until_daily_limit": share.samples_until,
        "limits_assumed": share.assumed,
    }


def price_unknown_tokens(share: ModelShare) -> int:
    """Tokens of a model whose price is not known."""
    return share.input_tokens + share.output_tokens if share.usd_low is None else 0


def _sum(costs: Iterable[float | None]) -> float | None:
    """The costs that are known; None where none is."""
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), 6) if known else None


def example_prompt(settings: Settings) -> Prompt:
    """The prompt of the first task that these settings would plan; nobody is called."""
    catalog = Catalog.load()
    ground = open_ground(settings, DataDir(settings.data_dir), rehearsal=False)
    today = f"{datetime.now(UTC):%Y-%m}"
    seed = settings.seed if settings.seed is not None else random.randrange(2**31)
    task = ground.space.planner({}, seed).plan(1)[0]
    style, as_of = "full", settings.as_of
    if settings.provider or settings.model or settings.route:
        spec = plan_route(settings, catalog, called=False).entries[0].spec
        style, as_of = spec.prompt, law.law_month(settings, spec.knowledge, today)
    return ground.source.build(dated(task, as_of), style=style)
