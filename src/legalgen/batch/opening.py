"""From settings and an intent to a session: each part is made by name and handed on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from legalgen.batch import parking
from legalgen.batch.composing import Composer
from legalgen.batch.endpoints import Endpoint, open_endpoints, providers_of
from legalgen.batch.generation import Stop, Tell
from legalgen.batch.grounding import Ground, open_ground
from legalgen.batch.intent import Intent
from legalgen.batch.jobs import JobPrompts
from legalgen.batch.loop import BatchBounds
from legalgen.batch.online import OnlineExecutor, allow_sockets
from legalgen.batch.panel import JudgePanel
from legalgen.batch.pointing import Pointing, PointShelf
from legalgen.batch.prompting import TaxonomyPrompts
from legalgen.batch.queueing import LockWaits
from legalgen.batch.reporting import Reporter
from legalgen.batch.routers import Routers
from legalgen.batch.session import Session
from legalgen.batch.work import Executor
from legalgen.completion import ModelRef
from legalgen.errors import DiskError, UsageError
from legalgen.errors.plurals import plural
from legalgen.law import from_settings as law
from legalgen.law.planner import TaskSpace
from legalgen.law.prompts.prompter import Prompter
from legalgen.providers.catalog import Catalog
from legalgen.quality.from_settings import embedder_of, excluded_files, rules_of
from legalgen.quality.inspection import Inspector, Reviewer
from legalgen.routing import from_settings as routing
from legalgen.routing.route import Route
from legalgen.routing.router import Router
from legalgen.routing.stating import asked_route
from legalgen.routing.targets import MOST_IN_FLIGHT, MOST_UNDER_LIMITS, Cap, RoutingPolicy
from legalgen.settings.layers import Settings
from legalgen.store import outlays, parts
from legalgen.store.files import DataDir, disk
from legalgen.store.ledger import Ledger, Record, UnreadableRecord
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock
from legalgen.telemetry.metrics import Metrics

if TYPE_CHECKING:  # of texts, which few batches have
    from legalgen.sources.passages import Passages


class RunParts(msgspec.Struct, frozen=True):
    """What a run is made of, opened; no call is made. ``judges`` is the route of the judge."""

    settings: Settings
    intent: Intent
    reporter: Reporter
    stop: Stop
    route: Route
    judges: Route | None
    space: TaskSpace
    prompter: Prompter
    source: TaxonomyPrompts
    endpoints: dict[ModelRef, Endpoint]
    prompts: JobPrompts
    policy: RoutingPolicy
    routers: Routers
    panel: JudgePanel
    data_dir: DataDir
    ledger: Ledger
    bounds: BatchBounds
    waits: LockWaits
    notices: tuple[str, ...]
    passages: Passages | None = None
    shelf: PointShelf | None = None
    """Lists of points; None where none are asked for."""

    def close(self) -> None:
        """Free sockets and models of a run that is not begun."""
        for provider in providers_of(self.endpoints):
            provider.close()


def open_run(
    settings: Settings,
    intent: Intent,
    *,
    listener: events.Listener,
    stop: Stop,
) -> Session:
    """A session that calls models itself; no call is made yet, but servers of one's own are asked
    what their models are.

    Raises:
        UsageError: something in the settings cannot be meant.
        ConfigurationError: a key, an address or a package cannot be used.
    """
    run = open_parts(settings, intent, listener=listener, stop=stop, ask=True)
    return session_of(run, online(run))


def open_parts(
    settings: Settings,
    intent: Intent,
    *,
    listener: events.Listener,
    stop: Stop,
    clock: Clock | None = None,
    ask: bool = False,
) -> RunParts:
    """The parts of a run; raises as ``open_run``. ``ask``: servers tell models and contexts.

    In this order: which models there are, what is asked for, who answers, within which bounds, what
    is told first. So what cannot be meant is said before a provider is opened.
    """
    clock = clock or Clock()
    reporter = Reporter(listener, clock)
    _check_judging(settings)
    _check_points(settings)
    catalog = Catalog.load()
    _check_clock(reporter.now().date(), catalog)
    planned = routing.plan_route(settings, catalog, ask=reporter.notice if ask else None)
    data_dir = DataDir(settings.data_dir)
    asked = _what_is_asked(settings, intent, planned, data_dir, reporter)
    intent, ground = asked.intent, asked.ground
    answering = _who_answers(settings, planned, reporter, ask=ask)
    route, endpoints = answering.route, answering.endpoints
    ledger = Ledger(data_dir)
    bounds = _bounds_of(settings, intent)
    policy = _policy_of(
        settings,
        intent,
        route,
        bounds=bounds,
        caps=_caps_of(settings, ledger, reporter),
        data_dir=data_dir,
        space=ground.space,
    )
    routers = Routers(settings, route, policy, clock=clock, notice=reporter.notice)
    shelf = _shelf_of(settings, asked, endpoints, data_dir, rehearsal=route.rehearsal)
    inspector = Inspector(
        settings,
        ground.space.taxonomy,
        reporter.now().date(),
        rehearsal=route.rehearsal,
        passages=ground.passages.of if ground.passages is not None else None,
    )
    return RunParts(
        settings=settings,
        intent=intent,
        reporter=reporter,
        stop=stop,
        route=route,
        judges=answering.judges,
        space=ground.space,
        prompter=ground.prompter,
        source=ground.source,
        endpoints=endpoints,
        prompts=JobPrompts(ground.source, endpoints),
        policy=policy,
        routers=routers,
        panel=JudgePanel(
            settings,
            inspector,
            answering.judges,
            routers,
            ground.prompter,
            stop=stop,
            clock=clock,
        ),
        data_dir=data_dir,
        ledger=ledger,
        bounds=bounds,
        waits=LockWaits(stop, reporter, _max_wait(settings, intent), bounds.wait_bound),
        notices=tuple(_told_first(settings, route, asked, shelf, bounds)),
        passages=ground.passages,
        shelf=shelf,
    )


class _Asked(NamedTuple):
    """What is to be written and from what; ``months`` is what is to be said of ``--as-of``."""

    intent: Intent
    ground: Ground
    months: tuple[str, ...]


class _Answering(NamedTuple):
    """Who writes, who judges where a judge is asked for, and how those who write are spoken to."""

    route: Route
    judges: Route | None
    endpoints: dict[ModelRef, Endpoint]


def _what_is_asked(
    settings: Settings, intent: Intent, route: Route, data_dir: DataDir, reporter: Reporter
) -> _Asked:
    """Read what the settings name; with ``--per-chunk`` the texts say how many are wanted."""
    models = [(place.ref, place.spec.knowledge) for place in route.entries]
    months = law.month_warnings(settings, models, f"{reporter.now():%Y-%m}")
    ground = open_ground(settings, data_dir, rehearsal=route.rehearsal)
    if ground.missing is not None and intent.resume is None:
        intent = replace(intent, count=ground.missing, until_total=None)
    excluded_files(settings)  # what cannot be read is told before anything is asked
    embedder_of(settings)
    return _Asked(intent, ground, months)


def _who_answers(settings: Settings, route: Route, reporter: Reporter, *, ask: bool) -> _Answering:
    """Open the providers of those who write; ``ask``: servers are asked for their contexts."""
    judges = routing.plan_judges(settings, Catalog.load()) if settings.judge else None
    routing.check_prices(settings, route, *([judges] if judges else ()))
    endpoints = open_endpoints(settings, route)
    if ask:
        providers = {ref: endpoint.provider for ref, endpoint in endpoints.items()}
        route = asked_route(settings, route, providers.__getitem__, reporter.notice)
    return _Answering(route, judges, endpoints)


def _shelf_of(
    settings: Settings,
    asked: _Asked,
    endpoints: Mapping[ModelRef, Endpoint],
    data_dir: DataDir,
    *,
    rehearsal: bool,
) -> PointShelf | None:
    """Where lists of points are kept; a sample that is not saved leaves none behind."""
    if not settings.points or rehearsal:
        return None
    kept = data_dir if asked.intent.save else None
    return PointShelf(asked.ground.space.taxonomy.digest, endpoints, kept)


def _told_first(
    settings: Settings,
    route: Route,
    asked: _Asked,
    shelf: PointShelf | None,
    bounds: BatchBounds,
) -> Iterator[str]:
    """What is told before the first call."""
    space = asked.ground.space
    yield from (*settings.warnings, *route.warnings, *space.taxonomy.warnings, *asked.months)
    rehearsed = "a rehearsal asks for no points" if settings.points and shelf is None else None
    yield from filter(None, (space.unsuited, rehearsed, _few_files(settings, bounds)))


def _check_points(settings: Settings) -> None:
    """Refuse two things that would each decide what a sample is about."""
    if settings.points and settings.grounded:
        raise UsageError(
            f"{settings.written('points')}: with --grounded the passage of a text decides what "
            "a sample is about; leave out one of the two"
        )


def _check_clock(today: date, catalog: Catalog) -> None:
    """Refuse a clock that was never set: what models write would be of the future by it."""
    if f"{today:%Y-%m}" < catalog.latest_knowledge:
        raise UsageError(
            f"the clock of this machine says {today}, and there are models that know the law up "
            f"to {catalog.latest_knowledge}: set the clock"
        )


def _check_judging(settings: Settings) -> None:
    """Refuse what asks for marks and names nobody who gives them, or needs more than are given."""
    for name in ("min_score", "judge_share"):
        if getattr(settings, name) is not None and not settings.judge:
            raise UsageError(
                f"{settings.written(name)} {getattr(settings, name):g} needs a judge: name one "
                "with --judge provider/model"
            )
    # The file and a variable may hold it for batches that have a least mark.
    if settings.origin("unjudged").source == "flag" and settings.min_score is None:
        raise UsageError("--unjudged is for --min-score: add it, or leave --unjudged out")
    share = settings.judge_share or 1.0
    if share == 1.0:
        return
    rules = rules_of(settings)
    refusing = [
        (f"{settings.written('min_score')} {settings.min_score or 0:g}", bool(settings.min_score)),
        ("[gate] min_score", rules.thresholds.min_score > 0),
        ("[gate] LOW_SCORE reject", rules.severities["LOW_SCORE"] == "reject"),
    ]
    for condition, is_set in refusing:
        if is_set:
            raise UsageError(
                f"{settings.written('judge_share')} {100 * share:g}%: with {condition} "
                "every row needs a mark; leave out one of the two"
            )


def online(run: RunParts) -> OnlineExecutor:
    """The executor that calls the models of the route."""
    return OnlineExecutor(
        run.routers,
        run.endpoints,
        run.prompts,
        run.panel,
        bounds=run.bounds,
        stop=run.stop,
        notice=run.reporter.notice,
        pointing=None if run.shelf is None else partial(_pointing, run, run.shelf),
    )


def _pointing(run: RunParts, shelf: PointShelf, router: Router, tell: Tell) -> Pointing:
    return Pointing(
        router,
        run.endpoints,
        run.prompter,
        run.space.taxonomy,
        shelf,
        stop=run.stop,
        tell=tell,
        clock=run.reporter.clock,
    )


def session_of(run: RunParts, executor: Executor) -> Session:
    """A session that has an executor write."""
    settings, rehearsal = run.settings, run.route.rehearsal
    return Session(
        settings,
        run.intent,
        executor,
        space=run.space,
        data_dir=run.data_dir,
        ledger=run.ledger,
        rehearsal=rehearsal,
        composer=Composer(
            run.prompter.seed_json,
            keep_thinking=settings.keep_thinking,
            now=run.reporter.now,
            passages=run.passages,
            rehearsal=rehearsal,
        ),
        reviewer=Reviewer(
            settings,
            run.data_dir,
            rehearsal=rehearsal,
            skip=run.reporter.pass_by,
            goes_on=partial(_reads_on, run),
        ),
        metrics=Metrics(settings.alert_switches, settings.alert_timeouts),
        reporter=run.reporter,
        waits=run.waits,
        notices=run.notices,
        basis=parking.basis_of(run.space.taxonomy, run.prompter),
    )


def _reads_on(run: RunParts, done: int, of: int) -> bool:
    """Say once that rows are read for their meaning, where that takes a while; heed a signal."""
    if done == 0 and of >= 100:
        run.reporter.notice(
            f"reading {plural(of, 'row')} for their meaning, once; a signal ends it"
        )
    return not run.stop.requested


def _bounds_of(settings: Settings, intent: Intent) -> BatchBounds:
    asked = settings.concurrency if isinstance(settings.concurrency, int) else None
    room = allow_sockets(asked or MOST_IN_FLIGHT)
    return BatchBounds(
        concurrency=asked and room,
        most=room,
        max_time_s=settings.max_time,
        max_wait_s=_max_wait(settings, intent),
        usual_wait=settings.max_wait is None,
    )


def _few_files(settings: Settings, bounds: BatchBounds) -> str | None:
    """That fewer calls leave at once than were asked for, or than are usual."""
    asked = settings.concurrency if isinstance(settings.concurrency, int) else MOST_UNDER_LIMITS
    if bounds.most >= asked:
        return None
    return (
        f"the limit on open files leaves room for {plural(bounds.most, 'call')} at once, not "
        f"{asked}: raise it (ulimit -n) for more"
    )


def _max_wait(settings: Settings, intent: Intent) -> float:
    return intent.default_max_wait_s if settings.max_wait is None else settings.max_wait


def _policy_of(
    settings: Settings,
    intent: Intent,
    route: Route,
    *,
    bounds: BatchBounds,
    caps: tuple[Cap, ...],
    data_dir: DataDir,
    space: TaskSpace,
) -> RoutingPolicy:
    return RoutingPolicy(
        max_in_flight=bounds.concurrency or bounds.most,
        obeyed=bounds.concurrency is not None,
        stickiness_s=settings.stickiness,
        max_wait_s=_max_wait(settings, intent),
        trickle_waits=settings.max_wait is not None,
        max_calls=settings.max_calls or _usual_calls(settings, intent, route, data_dir, space),
        usual_calls=settings.max_calls is None,
        max_tokens=settings.max_tokens,
        max_cost_usd=settings.max_cost,
        caps=caps,
        named=route.named,
        spill_after_s=settings.spill_after,
    )


def _usual_calls(
    settings: Settings, intent: Intent, route: Route, data_dir: DataDir, space: TaskSpace
) -> int:
    """Six calls a sample, at least fifty; a judge makes one for each that passes the gate, and a
    topic's points may take six."""
    rows = 0
    if intent.until_total is not None:
        rows = parts.row_count(data_dir, rehearsal=route.rehearsal)
    marked = (settings.judge_share or 1.0) if settings.judge else 0.0
    target = intent.target(rows)
    listed = min(target, space.topics) if settings.points else 0
    return math.ceil(max(50, 6 * target) * (1 + marked)) + 6 * listed


def _check_readable(unreadable: Sequence[UnreadableRecord], first: date, cap: str) -> None:
    """Refuse a cap of which nobody can tell what is left; what was spent is in a record that was
    written since. ``cap`` is where the user wrote it.

    Raises:
        DiskError: a record that cannot be read was written on the ``first`` day or later.
    """
    for each in unreadable:
        with disk(each.path, "read"):
            written = datetime.fromtimestamp(each.path.stat().st_mtime, UTC).date()
        if written >= first:
            raise DiskError(
                f"{each.path}: {each.error}; nobody can tell what is left of {cap}: move the file "
                f"away to count what it spent as nothing, or leave out {cap}",
                each.path,
            )


def _caps_of(settings: Settings, ledger: Ledger, reporter: Reporter) -> tuple[Cap, ...]:
    """What the ledger of this data dir leaves of a day's and a month's cap.

    Raises:
        DiskError: a record that may count cannot be read.
    """
    bounds = [
        ("max_cost_per_day", settings.max_cost_per_day, outlays.day_of),
        ("max_cost_per_month", settings.max_cost_per_month, outlays.month_of),
    ]
    if all(limit is None for _, limit, _ in bounds):
        return ()  # no record need be read
    entries = ledger.all()
    records = [each for each in entries if isinstance(each, Record)]
    unreadable = [each for each in entries if isinstance(each, UnreadableRecord)]
    found = []
    for name, limit, period in bounds:
        first, frees = period(reporter.now())
        if limit is not None:
            _check_readable(unreadable, first, settings.origin(name).where)
            spent = outlays.spent_in(records, first, frees.date())
            flag = f"--{name.replace('_', '-')}"
            found.append(Cap(flag, limit, spent, f"{frees:%Y-%m-%d %H:%M} UTC"))
    return tuple(found)
