"""From settings to providers, targets and a router: only here are keys revealed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from legalgen.completion import (
    Completion,
    LimitReading,
    ModelRef,
    Request,
    vendor_of,
)
from legalgen.errors import ConfigurationError, UsageError
from legalgen.providers import is_remote
from legalgen.providers.addresses import query_secrets
from legalgen.providers.base import Provider, RemoteModel, SizedProvider
from legalgen.providers.catalog import Catalog, TierLimits
from legalgen.providers.loading import open_provider
from legalgen.providers.presets import presets
from legalgen.routing.health import Account, HealthBook
from legalgen.routing.route import Route, RouteEntry, RoutePlanner, RouteRequest, WrittenAs
from legalgen.routing.router import Router
from legalgen.routing.shared import SharedBudgets
from legalgen.routing.spending import SpendTracker
from legalgen.routing.stating import effort_of, refused_by, stated_route
from legalgen.routing.targets import MOST_IN_FLIGHT, RoutingPolicy, Target
from legalgen.settings.layers import Settings
from legalgen.telemetry.clock import Clock
from legalgen.telemetry.slow import told_when_slow

_NEARNESS = ("flag", "environment", "config", "default")
"""Where settings come from, the nearest to the command first."""

MONEY = ("max_cost", "max_cost_per_day", "max_cost_per_month")
"""Settings that bound what is spent."""
REASONING_ALLOWANCE: Mapping[str, int] = {"none": 0, "low": 500, "medium": 1500, "high": 4000}
"""Tokens that a reasoning model is given to think, by effort, until its usage is known."""


def plan_route(
    settings: Settings,
    catalog: Catalog,
    *,
    called: bool = True,
    ask: Callable[[str], object] | None = None,
) -> Route:
    """The models that these settings allow, in order; no key is needed where none is ``called``.

    ``ask``: a server of the user's own of which nobody names a model is asked which it has, and
    this hears it where that takes long.

    Raises:
        UsageError: a provider or model that there is none of, or an address that nobody uses.
        ConfigurationError: a key is missing.
    """
    planner = _planner(settings, catalog, called=called, ask=ask)
    request = route_request(settings, catalog)
    try:
        route = stated_route(settings, planner.plan(request))
    except ConfigurationError:
        if not (request.provider or request.model or request.route):
            check_base_url(settings, ())  # a server is named, and a key of Groq's is not what lacks
        raise
    check_base_url(settings, (place.ref.provider for place in route.entries))
    return _unjudging(settings, catalog, route) if settings.judge else route


def check_base_url(settings: Settings, providers: Iterable[str]) -> None:
    """That an address given on the command line is used by one of these providers.

    Raises:
        UsageError: it is that of ``openai`` alone, which is none of them.
    """
    if settings.origin("base_url").source == "flag" and "openai" not in set(providers):
        raise UsageError(
            "--base-url is the address of the provider openai, which nothing asks here: "
            "add --provider openai and --model, or leave it out"
        )


def _planner(
    settings: Settings,
    catalog: Catalog,
    *,
    called: bool = True,
    ask: Callable[[str], object] | None = None,
) -> RoutePlanner:
    return RoutePlanner(
        catalog,
        has_key=lambda name: not called or can_reach(settings, name),
        own_models=lambda name: own_models(settings, name),
        providers=settings.specs(),
        spec_of=settings.spec,
        keys_of=lambda name: len(settings.keys(name)),
        offers=None if ask is None else lambda name: _offered(settings, name, ask),
    )


def own_models(settings: Settings, provider: str) -> tuple[str, ...]:
    """The models that the config lists for a provider, or else what it has by itself."""
    table, spec = settings.table(provider), settings.spec(provider)
    named = table.options.get("callable")
    alone = (named,) if isinstance(named, str) else ()
    return table.models or (spec.models if spec else ()) or alone


OFFER_S = 10.0
"""Deadline of the list of models of a server of which nobody names one."""


def _offered(settings: Settings, name: str, tell: Callable[[str], object]) -> Sequence[str]:
    """The models that a server of the user's own lists; none where there is no such server.

    Raises:
        ProviderError: it does not answer.
    """
    spec = settings.spec(name)
    own = spec is not None and (spec.speaks or (spec.remote and not spec.needs_key))
    if not own or not can_reach(settings, name):
        return ()
    provider = open_one(settings, name)
    waiting = f"waiting for the list of models of {name}, {OFFER_S:.0f} s at most"
    try:
        with told_when_slow(tell, waiting):
            return [model.id for model in provider.list_models(OFFER_S)]
    finally:
        provider.close()


def check_prices(settings: Settings, *routes: Route) -> None:
    """That a cap on money can bind: a model without a price would be counted as free.

    Raises:
        UsageError: the price of a model in a route is not known; names what to write.
    """
    capped = next((name for name in MONEY if getattr(settings, name) is not None), None)
    places = (place for route in routes for place in route.entries)
    unknown = dict.fromkeys(str(place.ref) for place in places if not has_price(place))
    if capped is None or not unknown:
        return
    lines = "\n".join(f'[prices."{ref}"]\ninput = 0.2\noutput = 0.6' for ref in unknown)
    raise UsageError(
        f"{settings.written(capped)}: no price is known of {', '.join(unknown)}, so a cap on money "
        "could not bind. Write it into the config file, in US dollars a million tokens "
        f"(0 for your own hardware):\n{lines}"
    )


def has_price(place: RouteEntry) -> bool:
    """Whether it is known what a token costs there."""
    return place.spec.price is not None


def _unjudging(settings: Settings, catalog: Catalog, route: Route) -> Route:
    """The route less the judges' families: models are mild with their own kind.

    Raises:
        UsageError: nobody else is in it; names a judge that could mark it.
    """
    judges = [catalog.spec(ref.provider, ref.model) for ref in settings.judge]
    kin = [place for place in route.entries if any(map(place.spec.is_kin, judges))]
    said = f"{settings.written('judge')} {', '.join(map(str, settings.judge))}"
    if len(kin) == len(route.entries):
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
    return replace(left, warnings=(*left.warnings, *warnings))


def _other(settings: Settings, catalog: Catalog, writers: Sequence[RouteEntry]) -> str:
    """A model that could mark these writers, as a part of a sentence; empty if there is none."""
    for name in settings.specs():
        for spec in catalog.models(name) if can_reach(settings, name) else ():
            if spec.writer and not any(spec.is_kin(place.spec) for place in writers):
                return f", such as {name}/{spec.id}"
    return ""


def route_request(settings: Settings, catalog: Catalog) -> RouteRequest:
    """What is asked for; what was said nearer to the command goes before a route said earlier.

    Raises:
        UsageError: the command line says both where to begin and the whole route.
    """
    names = ("provider", "model", "route")
    said = {name: _nearness(settings, name) for name in names}
    provider, route = settings.provider, _asked_models(settings)
    if settings.only_provider and (route or not (provider or settings.model)):
        raise UsageError(
            f"{settings.written('only_provider')} keeps to the provider that --provider names: "
            + ("leave out --route" if route else "name one")
        )
    for name in ("provider", "model"):
        if route and said[name] == said["route"] == 0:
            also = settings.written(name)
            raise UsageError(f"--route names every model in order: leave out {also}")
    if said["model"] < said["provider"] and _is_elsewhere(settings, catalog):
        provider = None  # --model cerebras/... where the config file says groq
    written = WrittenAs(*map(settings.written, names))
    failover, only = not settings.no_failover, settings.only_provider
    return RouteRequest(provider, settings.model, route, failover, only, written)


def _nearness(settings: Settings, name: str) -> int:
    """How near to the command a setting was said: 0 on it."""
    return _NEARNESS.index(settings.origin(name).source)


def _asked_models(settings: Settings) -> tuple[ModelRef, ...]:
    """The models of ``--route``, unless where to begin was said nearer to the command."""
    begin = min(_nearness(settings, name) for name in ("provider", "model"))
    return () if begin < _nearness(settings, "route") else settings.route


def check_failover(settings: Settings) -> None:
    """That a route of several models is not one where the first alone is used.

    Where ``--no-failover`` was said nearer to the command it is meant to leave out the others. A
    resumed batch has both as they were, and may: it is asked of what was said now.

    Raises:
        UsageError: the others would be passed by in silence.
    """
    route = _asked_models(settings)
    nearer = _nearness(settings, "no_failover") < _nearness(settings, "route")
    if settings.no_failover and len(route) > 1 and not nearer:
        raise UsageError(
            f"{settings.origin('no_failover').where} uses one model, and "
            f"{settings.origin('route').where} names {len(route)}: leave out one of the two, or "
            "name one model"
        )


def _is_elsewhere(settings: Settings, catalog: Catalog) -> bool:
    """Whether the model names another provider than the one set, which has none of that name."""
    provider, model = settings.provider, settings.model or ""
    other = model.partition("/")[0]
    if provider is None or other not in settings.specs() or other == provider:
        return False
    known = [spec.id for spec in catalog.models(provider)]
    return bool(known) and model not in (*known, *own_models(settings, provider))


def plan_judges(settings: Settings, catalog: Catalog) -> Route:
    """The models that mark samples: those named, and the same weights elsewhere.

    Raises:
        UsageError: a model that there is none of.
        ConfigurationError: a key is missing.
    """
    planner = _planner(settings, catalog)
    twins = (
        ModelRef(twin.provider, twin.id)
        for ref in settings.judge
        for twin in catalog.same_weights(catalog.spec(ref.provider, ref.model))
        if can_reach(settings, twin.provider)
    )
    written = WrittenAs(route=settings.written("judge"))
    route = planner.plan(RouteRequest(route=(*settings.judge, *twins), written=written))
    return stated_route(settings, route)


def can_reach(settings: Settings, provider: str) -> bool:
    """Whether what a provider needs is configured: a key, or an address of one's own."""
    spec = settings.spec(provider)
    if spec is None:
        return False
    if spec.needs_key:
        return settings.key(provider) is not None
    return settings.base_url_of(provider) is not None


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

    def size(self, model: str, timeout_s: float) -> RemoteModel | None:
        """As :meth:`legalgen.providers.base.SizedProvider.size`."""
        opened = self._opened()
        return opened.size(model, timeout_s) if isinstance(opened, SizedProvider) else None

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
    table = settings.table(name)
    options: dict[str, object] = dict(table.options)
    path = model_path or table.model_path
    if path is not None:
        options["model_path"] = path
    preset = presets().get(table.preset) if table.preset else None
    if preset is not None and not preset.local:
        options["pages"] = False  # a vendor's API has none beside it
    return open_provider(
        name,
        spec=settings.spec(name),
        api_key=key[0].reveal() if key else None,
        base_url=base_url[0] if base_url else None,
        options=options,
        connect_timeout_s=settings.connect_timeout,
        secrets=(*table.secrets(), *query_secrets(base_url[0] if base_url else "")),
    )


def account_of(settings: Settings, name: str) -> Account:
    """Whom calls to a provider are made as: its address, and a fingerprint of the key."""
    key, base_url = settings.key(name), settings.base_url_of(name)
    spec = settings.spec(name)
    return Account.of(
        vendor_of(name),  # what is known of a key holds whatever its number is
        base_url[0] if base_url else (spec.default_base_url if spec else None),
        key[0].reveal() if key else None,
    )


def target_of(settings: Settings, place: RouteEntry) -> Target:
    """A place of the route as the router knows it."""
    spec = place.spec
    price = spec.price
    effort = effort_of(settings, place)
    reasons = bool(spec.reasoning.efforts or effort)
    return Target(
        ref=place.ref,
        max_completion_tokens=spec.max_completion_tokens,
        context_window=spec.context_window,
        latency_s=spec.latency_s,
        reasoning_allowance=REASONING_ALLOWANCE.get(effort or "medium", 0) if reasons else 0,
        max_in_flight=_seats(settings, place.ref.provider),
        tiers=tuple(tuple(readings_of(tier)) for tier in spec.limits.values()),
        priced=has_price(place),
        input_usd=price.input / 1e6 if price else 0.0,
        output_usd=price.output / 1e6 if price else 0.0,
        quota_share=settings.quota_share,
    )


def _seats(settings: Settings, provider: str) -> int:
    """How many calls a provider takes at once: as many as there are copies of its model."""
    if is_remote(provider):
        return MOST_IN_FLIGHT
    replicas = settings.table(provider).options.get("replicas", 1)
    return max(1, min(replicas, MOST_IN_FLIGHT)) if isinstance(replicas, int) else 1


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


def open_router(
    settings: Settings,
    route: Route,
    policy: RoutingPolicy,
    book: HealthBook,
    clock: Clock,
    *,
    tracker: SpendTracker | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Router:
    """A router that knows what earlier runs learnt and what the config states.

    ``tracker`` is another router's, with which it shares the bounds on the whole batch.
    """
    targets = [target_of(settings, place) for place in route.entries]
    keys = {
        target.ref: account_of(settings, target.ref.provider).key(target.ref.model)
        for target in targets
    }
    exchange = SharedBudgets(settings.state_dir, keys, clock=clock, notice=notice)
    router = Router(targets, policy, clock=clock, tracker=tracker, exchange=exchange)
    # what the user can mend here, a file or a cluster, may be mended by now
    tried = (s.ref for s in route.entries if s.explicit or not is_remote(s.ref.provider))
    book.teach(router, explicit=frozenset(tried))
    for target in targets:
        router.registry.state_limits(target.ref, settings.limits_of(target.ref))
        router.unsupported.add(target.ref, refused_by(settings, target.ref), clock.wall())
    return router


def open_book(
    settings: Settings, route: Route, clock: Clock, notice: Callable[[str], None]
) -> HealthBook:
    """What was learnt about the accounts of this route, and will be."""
    names = dict.fromkeys(place.ref.provider for place in route.entries)
    accounts = {name: account_of(settings, name) for name in names}
    return HealthBook(settings.state_dir / "health.json", accounts, clock=clock, notice=notice)
