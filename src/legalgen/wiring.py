"""From settings to the parts of a run: the only room that opens providers and touches keys."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from legalgen.completion import (
    Completion,
    LimitReading,
    ModelRef,
    Prompt,
    Request,
    ResponseFormat,
    Usage,
)
from legalgen.errors import AnswerRefused, ErrorCategory, Reason, UsageError
from legalgen.generation import Endpoint, Judge
from legalgen.health import Account, HealthBook
from legalgen.law.axes import Bounds, Filter, Topic
from legalgen.law.planner import Planner as TaskPlanner
from legalgen.law.planner import Task
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.limits import Demand
from legalgen.providers import PROVIDERS, open_provider
from legalgen.providers.base import Provider, RemoteModel
from legalgen.providers.catalog import Catalog, ModelSpec, TierLimits
from legalgen.route import Planner, Route, Wish, Written
from legalgen.route import Stop as Place
from legalgen.router import Clock, Purse, Router, Target
from legalgen.router import Policy as RoutingPolicy
from legalgen.rules import Rules, TypeBounds, Verdict
from legalgen.settings.layers import Settings
from legalgen.store.sample import Draft, read

if TYPE_CHECKING:  # its grammar takes time to compile, and is not needed to look at models
    from legalgen.law.citations import Authorities
    from legalgen.law.prompts.menu import Menu
    from legalgen.quality import Gate

_NEARNESS = ("flag", "environment", "config", "default")
"""Where settings come from, the nearest to the command first."""
REASONING_ALLOWANCE: Mapping[str, int] = {"none": 0, "low": 500, "medium": 1500, "high": 4000}
"""Tokens that a reasoning model is given to think, by effort, until its usage is known."""
_POLICIES: Mapping[str, Literal["menu", "statute_first", "apex_only", "free"]] = {
    "statute-first": "statute_first",
    "apex-only": "apex_only",
    "menu": "menu",
    "free": "free",
}
FORMATS: tuple[ResponseFormat, ...] = ("strict", "json_schema", "json_object", "text")
"""Strictest first: what a model refuses, the next one replaces for the rest of the batch."""


def plan_route(settings: Settings, catalog: Catalog) -> Route:
    """The models that these settings allow, in order.

    Raises:
        UsageError: a provider or model that there is none of.
        ConfigurationError: a key is missing.
    """
    planner = Planner(
        catalog,
        has_key=lambda name: can_reach(settings, name),
        own_models=lambda name: _own_models(settings, name),
    )
    route = planner.plan(wish_of(settings, catalog))
    return _unjudging(settings, catalog, route) if settings.judge else route


def _unjudging(settings: Settings, catalog: Catalog, route: Route) -> Route:
    """The route less the judges' families: models are mild with their own kind.

    Raises:
        UsageError: nobody else is in it; names a judge that could mark it.
    """
    judges = [catalog.spec(ref.provider, ref.model) for ref in settings.judge]
    kin = [place for place in route.stops if any(map(place.spec.is_kin, judges))]
    said = f"{settings.written('judge')} {', '.join(map(str, settings.judge))}"
    if len(kin) == len(route.stops):
        families = " and ".join(sorted({name for place in kin for name in place.spec.families}))
        raise UsageError(
            f"{said}: a judge marks no model of its own family, and the route holds {families} "
            f"alone; name a judge of another family{_other(settings, catalog, kin)}, "
            "or a model of another to write"
        )
    warnings = (
        f"{place.ref} does not write: it is of one family with {said}"
        for place in kin
        if place.explicit
    )
    left = route.without([place.ref for place in kin])
    return Route(left.stops, (*left.warnings, *warnings))


def _other(settings: Settings, catalog: Catalog, writers: Sequence[Place]) -> str:
    """A model that could mark these writers, as a part of a sentence; empty if there is none."""
    for name in PROVIDERS:
        for spec in catalog.models(name) if can_reach(settings, name) else ():
            if spec.writer and not any(spec.is_kin(place.spec) for place in writers):
                return f", such as {name}/{spec.id}"
    return ""


def wish_of(settings: Settings, catalog: Catalog) -> Wish:
    """What is asked for; what was said nearer to the command goes before a route said earlier.

    Raises:
        UsageError: the command line says both where to begin and the whole route.
    """
    names = ("provider", "model", "route")
    said = {name: _NEARNESS.index(settings.origin(name).source) for name in names}
    provider, route = settings.provider, settings.route
    if route and min(said["provider"], said["model"]) < said["route"]:
        route = ()
    for name in ("provider", "model"):
        if route and said[name] == said["route"] == 0:
            also = settings.written(name)
            raise UsageError(f"--route names every model in order: leave out {also}")
    if said["model"] < said["provider"] and _is_elsewhere(settings, catalog):
        provider = None  # --model cerebras/... where the config file says groq
    written = Written(*map(settings.written, names))
    return Wish(provider, settings.model, route, not settings.no_failover, written)


def _is_elsewhere(settings: Settings, catalog: Catalog) -> bool:
    """Whether the model names another provider than the one set, which has none of that name."""
    provider, model = settings.provider, settings.model or ""
    other = model.partition("/")[0]
    if provider is None or other not in PROVIDERS or other == provider:
        return False
    known = [spec.id for spec in catalog.models(provider)]
    return bool(known) and model not in (*known, *_own_models(settings, provider))


def plan_judges(settings: Settings, catalog: Catalog) -> Route:
    """The models that mark samples: those named, and the same weights elsewhere.

    Raises:
        UsageError: a model that there is none of.
        ConfigurationError: a key is missing.
    """
    planner = Planner(
        catalog,
        has_key=lambda name: can_reach(settings, name),
        own_models=lambda name: _own_models(settings, name),
    )
    twins = (
        ModelRef(twin.provider, twin.id)
        for ref in settings.judge
        for twin in catalog.same_weights(catalog.spec(ref.provider, ref.model))
        if can_reach(settings, twin.provider)
    )
    return planner.plan(
        Wish(route=(*settings.judge, *twins), written=Written(route=settings.written("judge")))
    )


def can_reach(settings: Settings, provider: str) -> bool:
    """Whether what a provider needs is configured: a key, or an address of one's own."""
    spec = PROVIDERS[provider]
    if spec.needs_key:
        return settings.key(provider) is not None
    return settings.base_url_of(provider) is not None


def _own_models(settings: Settings, provider: str) -> tuple[str, ...]:
    table = settings.providers.get(provider)
    return table.models if table is not None else ()


def taxonomy_of(settings: Settings) -> Taxonomy:
    """The user's taxonomy, or the built-in one."""
    return Taxonomy.load(settings.taxonomy) if settings.taxonomy else Taxonomy.builtin()


def filter_of(settings: Settings) -> Filter:
    """What the flags restrict a batch to."""
    return Filter(
        jurisdictions=settings.jurisdiction,
        practice_areas=settings.practice_area,
        topics=settings.topic,
        difficulties=settings.difficulty,
        sample_types=settings.sample_type,
    )


class Deferred:
    """A provider that loads its SDK at its first call; the fallback of a route often has none."""

    def __init__(self, name: str, open_it: Callable[[], Provider]) -> None:
        self.name = name
        self._open = open_it
        self._opening = threading.Lock()
        self._provider: Provider | None = None

    def _opened(self) -> Provider:
        with self._opening:
            if self._provider is None:
                self._provider = self._open()
            return self._provider

    def complete(self, request: Request) -> Completion:
        """As :meth:`legalgen.providers.base.Provider.complete`."""
        return self._opened().complete(request)

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:
        """As :meth:`legalgen.providers.base.Provider.list_models`."""
        return self._opened().list_models(timeout_s)

    def abandon(self) -> None:
        """As :meth:`legalgen.providers.base.Provider.abandon`."""
        if self._provider is not None:
            self._provider.abandon()

    def close(self) -> None:
        """As :meth:`legalgen.providers.base.Provider.close`."""
        if self._provider is not None:
            self._provider.close()


def open_one(settings: Settings, name: str, model_path: Path | None = None) -> Provider:
    """Open one provider with what is configured for it; no call is made.

    Raises:
        ConfigurationError: its key, address or package cannot be used.
    """
    key, base_url = settings.key(name), settings.base_url_of(name)
    table = settings.providers.get(name)
    options: dict[str, object] = {}
    path = model_path or (table.model_path if table is not None else None)
    if path is not None:
        options["model_path"] = path
    return open_provider(
        name,
        api_key=key[0].reveal() if key else None,
        base_url=base_url[0] if base_url else None,
        options=options,
    )


def account_of(settings: Settings, name: str) -> Account:
    """Whom calls to a provider are made as: its address, and a fingerprint of the key."""
    key, base_url = settings.key(name), settings.base_url_of(name)
    return Account.of(
        name,
        base_url[0] if base_url else PROVIDERS[name].default_base_url,
        key[0].reveal() if key else None,
    )


def open_endpoints(settings: Settings, route: Route) -> dict[ModelRef, Endpoint]:
    """How each place of the route is spoken to; one provider object serves all its models."""
    opened: dict[tuple[str, Path | None], Provider] = {}
    endpoints = {}
    for place in route.stops:
        name = place.ref.provider
        slot = (name, place.model_path)
        if slot not in opened:
            opened[slot] = _provider(settings, place, first=not opened)
        endpoints[place.ref] = _endpoint(settings, place, opened[slot])
    return endpoints


def _provider(settings: Settings, place: Place, *, first: bool) -> Provider:
    name, path = place.ref.provider, place.model_path
    if first or PROVIDERS[name].extra:
        return open_one(settings, name, path)
    return Deferred(name, lambda: open_one(settings, name, path))


def _endpoint(settings: Settings, place: Place, provider: Provider) -> Endpoint:
    spec = place.spec
    return Endpoint(
        provider=provider,
        formats=FORMATS[FORMATS.index(spec.structured) :],
        timeout_s=settings.timeout or spec.timeout_s,
        style=spec.prompt,
        reasoning_effort=spec.accepted_effort(settings.reasoning_effort),
        price=lambda usage: _price(spec, usage),
    )


def _price(spec: ModelSpec, usage: Usage) -> float | None:
    return spec.cost_usd(usage.input_tokens, usage.output_tokens, usage.cached_tokens or 0)


def target_of(settings: Settings, place: Place) -> Target:
    """A place of the route as the router knows it."""
    spec = place.spec
    price = spec.price
    effort = spec.accepted_effort(settings.reasoning_effort)
    reasons = bool(spec.reasoning.efforts)
    return Target(
        ref=place.ref,
        max_completion_tokens=spec.max_completion_tokens,
        context_window=spec.context_window,
        latency_s=spec.latency_s,
        reasoning_allowance=REASONING_ALLOWANCE.get(effort or "medium", 0) if reasons else 0,
        max_in_flight=1 if place.ref.provider == "local" else 64,
        tiers=tuple(tuple(readings_of(tier)) for tier in spec.limits.values()),
        input_usd=price.input / 1e6 if price else 0.0,
        output_usd=price.output / 1e6 if price else 0.0,
    )


def readings_of(tier: TierLimits) -> Iterator[LimitReading]:
    """The limits of a tier as a reply would state them."""
    for kind, window, limit in (
        ("requests", "minute", tier.requests_per_minute),
        ("requests", "day", tier.requests_per_day),
        ("tokens", "minute", tier.tokens_per_minute),
        ("tokens", "hour", tier.tokens_per_hour),
        ("tokens", "day", tier.tokens_per_day),
        ("input_tokens", "minute", tier.input_tokens_per_minute),
        ("output_tokens", "minute", tier.output_tokens_per_minute),
    ):
        if limit is not None:
            yield LimitReading(kind, window, limit)  # type: ignore[arg-type]  # literals above


class Words:
    """Prompts and their sizes: what :mod:`legalgen.generation` asks of the law's side."""

    def __init__(self, prompter: Prompter, taxonomy: Taxonomy) -> None:
        self._prompter = prompter
        self._taxonomy = taxonomy

    def build(self, task: Task, *, style: str, avoid: Sequence[str] = ()) -> Prompt:
        """The first prompt of a task."""
        return self._prompter.build(task, style="toy" if style == "toy" else "full", avoid=avoid)

    def repair(self, prompt: Prompt, answer: str, reasons: Sequence[Reason]) -> Prompt:
        """The same prompt, with a refused answer and what was wrong with it."""
        return self._prompter.repair(prompt, answer, reasons)

    def demand(self, task: Task, prompt: Prompt, *, style: str) -> Demand:
        """How large the request is, and its answer, from the bounds of its sample type."""
        if style == "toy":
            return Demand(prompt.characters(), usual_output=600, least_output=120)
        bounds = self._taxonomy.bounds(task.sample_type, task.difficulty)
        return demand_of(prompt, bounds)


def demand_of(prompt: Prompt, bounds: Bounds) -> Demand:
    """Tokens by words: 1.43 a word was measured on legal answers; JSON and citations beside."""
    least, most = bounds.answer_words
    fewest, steps = bounds.reasoning_steps
    return Demand(
        prompt_characters=prompt.characters(),
        usual_output=round(most * 1.45) + steps * 45 + 260,
        least_output=round(least * 1.45) + fewest * 20 + 90,
    )


def prompter_of(settings: Settings, taxonomy: Taxonomy, as_of: str) -> Prompter:
    """Makes the prompts of a run; ``as_of`` (``YYYY-MM``) dates the law.

    A bound that the gate holds an answer to is told to the model, and so is the user's own list
    of authorities.
    """
    limits = rules_of(settings).thresholds
    return Prompter(
        taxonomy,
        citation_policy=settings.citation_policy,
        reasoning_instruction=settings.reasoning_instruction,
        as_of=as_of,
        menu=menu_of(settings) if settings.authorities is not None else None,
        question_words=(limits.question_min_words, limits.question_max_words),
        min_citations=limits.min_citations,
    )


def menu_of(settings: Settings) -> Menu:
    """What may be offered for citation beside what the topics list: the user's own list.

    Raises:
        UsageError: the list cannot be read.
    """
    from legalgen.law.prompts.menu import Menu  # only a run needs its grammar

    return Menu(_own_authorities(settings).texts)


def _own_authorities(settings: Settings) -> Authorities:
    """The user's own list; empty where none is named."""
    from legalgen.law.citations import Authorities  # only a run needs its grammar

    path = settings.authorities
    if path is None:
        return Authorities({})
    with contextlib.suppress(OSError):  # reading it says why
        return _authorities_in(path, path.stat().st_mtime_ns)
    return Authorities.load(path)


@lru_cache(maxsize=1)  # prompt and gate both ask for it, and a long one takes a quarter of a second
def _authorities_in(path: Path, _changed_ns: int) -> Authorities:
    from legalgen.law.citations import Authorities  # only a run needs its grammar

    return Authorities.load(path)


def citable(settings: Settings, taxonomy: Taxonomy, chosen: Filter) -> Taxonomy:
    """The taxonomy less what ``--citation-policy menu`` makes impossible under a filter.

    A sample type that must cite a case is left out of topics for which none is listed.

    Raises:
        UsageError: nothing is left to write.
    """
    if settings.citation_policy != "menu":
        return taxonomy
    menu = menu_of(settings)
    of_cases = {kind.id for kind in taxonomy.sample_types if kind.requires == "apex_case"}

    def kept(leaf: Topic) -> tuple[str, ...]:
        barred = frozenset[str]() if menu.has_case(leaf) else of_cases
        return tuple(kind for kind in leaf.sample_types if kind not in barred)

    if not any(map(kept, taxonomy.leaves(chosen))):
        raise UsageError(
            f"{settings.written('citation_policy')} menu: no case is listed that sample type "
            f"{' or '.join(sorted(of_cases))} could cite here; list some with --authorities FILE "
            "or in the taxonomy, or take another sample type"
        )
    areas = [
        replace(area, topics=tuple(replace(leaf, sample_types=kept(leaf)) for leaf in area.topics))
        for area in taxonomy.areas
    ]
    return replace(taxonomy, areas=tuple(areas))


def rules_of(settings: Settings) -> Rules:
    """The gate's table, with the user's ``[gate]`` and ``--min-score`` over it.

    Raises:
        UsageError: a name or a value in it cannot be meant, or no question could pass.
    """
    least = {} if settings.min_score is None else {"min_score": settings.min_score}
    rules = Rules.of({**settings.gate_overrides, **least})
    fewest, most = rules.thresholds.question_min_words, rules.thresholds.question_max_words
    if fewest > most:
        raise UsageError(
            f"[gate] question_min_words {fewest} is more than question_max_words {most}: "
            "no question could pass"
        )
    return rules


def gate_of(settings: Settings, taxonomy: Taxonomy, today: date, *, rehearsal: bool) -> Gate:
    """The gate of a run; the authorities it knows are the taxonomy's and the user's own."""
    from legalgen.law.citations import Authorities  # only a run needs the gate
    from legalgen.quality import Gate  # only a run needs the gate

    known = Authorities.of(taxonomy.authorities(), "taxonomy", strict=False)
    known |= _own_authorities(settings)
    mode = "structure" if rehearsal else settings.gate
    return Gate(mode, today, rules_of(settings), known, _POLICIES[settings.citation_policy])


def judge_of(gate: Callable[[], Gate], taxonomy: Taxonomy) -> Judge:
    """The gate as a function of an answer and its task; it may be opened when it is asked for."""

    def judge(draft: Draft, task: Task, completion: Completion) -> Verdict:
        return gate().inspect(draft, task, completion, bounds_of(taxonomy, task))

    return judge


def read_answer(completion: Completion) -> Draft:
    """The draft in a completion; prose that refuses is a refusal, not broken JSON.

    Raises:
        AnswerRefused: it is no sample; repairing a refusal would only be refused again.
    """
    from legalgen.quality import is_refusal  # only a run needs the gate

    try:
        return read(completion)
    except AnswerRefused as refused:
        if refused.reasons[0].code != "BAD_JSON" or not is_refusal(completion.text):
            raise
        reason = Reason("REFUSAL", f"REFUSAL: the answer begins {completion.text[:60]!r}")
        raise AnswerRefused([reason], category=ErrorCategory.CONTENT_FILTER) from refused


def bounds_of(taxonomy: Taxonomy, task: Task) -> TypeBounds:
    """What the task's type and difficulty demand of its answer."""
    kind = taxonomy.sample_type(task.sample_type)
    lengths = taxonomy.bounds(task.sample_type, task.difficulty)
    requires = (kind.requires,) if kind.requires else ()
    return TypeBounds(
        lengths.answer_words, lengths.reasoning_steps, lengths.min_citations, requires
    )


def open_router(
    settings: Settings,
    route: Route,
    policy: RoutingPolicy,
    book: HealthBook,
    clock: Clock,
    *,
    purse: Purse | None = None,
) -> Router:
    """A router that knows what earlier runs learnt and what the config states.

    ``purse`` is another router's, with which it shares the bounds on the whole batch.
    """
    targets = [target_of(settings, place) for place in route.stops]
    router = Router(targets, policy, clock=clock, purse=purse)
    book.teach(router, explicit=frozenset(s.ref for s in route.stops if s.explicit))
    for target in targets:
        router.state_limits(target.ref, settings.limits.get(target.ref, ()))
    return router


def open_book(
    settings: Settings, route: Route, clock: Clock, notice: Callable[[str], None]
) -> HealthBook:
    """What was learnt about the accounts of this route, and will be."""
    names = dict.fromkeys(place.ref.provider for place in route.stops)
    accounts = {name: account_of(settings, name) for name in names}
    return HealthBook(settings.state_dir / "health.json", accounts, clock=clock, notice=notice)


def example_prompt(settings: Settings) -> Prompt:
    """The prompt of the first task that these settings would plan; nobody is called."""
    catalog, taxonomy = Catalog.load(), taxonomy_of(settings)
    chosen = taxonomy.resolve(filter_of(settings))
    taxonomy = citable(settings, taxonomy, chosen)
    as_of = f"{datetime.now(UTC):%Y-%m}"
    seed = settings.seed if settings.seed is not None else random.randrange(2**31)
    task = TaskPlanner(taxonomy, chosen, {}, seed=seed, as_of=as_of).plan(1)[0]
    prompter = prompter_of(settings, taxonomy, as_of)
    style = "full"
    if settings.provider or settings.model or settings.route:
        style = plan_route(settings, catalog).stops[0].spec.prompt
    return prompter.build(task, style=style)
