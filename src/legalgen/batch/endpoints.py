"""How each model of a route is spoken to: its provider, formats, deadline, price and month."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from legalgen.completion import CallOptions, ModelRef, ResponseFormat, Usage
from legalgen.law.from_settings import law_month
from legalgen.providers.base import Provider
from legalgen.providers.catalog import ModelSpec
from legalgen.routing.from_settings import Deferred, open_one
from legalgen.routing.route import Route, RouteEntry
from legalgen.routing.stating import effort_of, options_of
from legalgen.routing.unsupported import form
from legalgen.settings.layers import Settings

FORMATS: tuple[ResponseFormat, ...] = ("strict", "json_schema", "json_object", "text")
"""Strictest first: what a model refuses, the next one replaces for the rest of the batch."""

Pricing = Callable[[Usage], float | None]
"""Turns usage into US dollars; None where no price is known."""

Voice = tuple[str, str | None]
"""A style of prompt and the month as at which it asks for the law."""


def unpriced(_: Usage) -> float | None:
    """The price of a model of which none is known."""
    return None


class Endpoint(msgspec.Struct, frozen=True):
    """How one target is spoken to.

    ``formats`` are the response formats it takes, strictest first; ``style`` names the prompt
    that suits it. ``as_of`` is the month as at which it is asked for the law, ``YYYY-MM``; None:
    no month is named to it. ``listed`` is False where what it takes is only assumed.
    """

    provider: Provider
    formats: tuple[ResponseFormat, ...]
    timeout_s: float
    style: str = "full"
    reasoning_effort: str | None = None
    options: CallOptions = CallOptions()
    price: Pricing = unpriced
    as_of: str | None = None
    listed: bool = True

    @property
    def wanted(self) -> tuple[str, ...]:
        """Parameters that it is sent because somebody wants them so, by their names."""
        sent = {
            "reasoning_effort": self.reasoning_effort,
            "temperature": self.options.temperature,
            "top_p": self.options.top_p,
        }
        return tuple(name for name, value in sent.items() if value is not None)

    def format(self, without: frozenset[str]) -> ResponseFormat:
        """The strictest response format that is not known to be refused."""
        taken = (at for at in self.formats if form(at) not in without)
        return next(taken, self.formats[-1])

    @property
    def voice(self) -> Voice:
        """What its prompts differ in from those of other targets."""
        return self.style, self.as_of


class CatalogPrice(msgspec.Struct, frozen=True):
    """The price of a model by the catalog, or as the user states it."""

    spec: ModelSpec

    def of(self, usage: Usage) -> float | None:
        """US dollars of a call; None where no price is known."""
        cached = usage.cached_tokens or 0
        return self.spec.cost_usd(usage.input_tokens, usage.output_tokens, cached)


def open_endpoints(
    settings: Settings, route: Route, *, judging: bool = False
) -> dict[ModelRef, Endpoint]:
    """How each place of the route is spoken to; one provider object serves all its models.

    ``judging``: a judge gives its likeliest marks, whatever is stated of how models write.
    """
    opened: dict[tuple[str, Path | None], Provider] = {}
    endpoints = {}
    for place in route.entries:
        slot = (place.ref.provider, place.model_path)
        if slot not in opened:
            opened[slot] = _provider(settings, place, first=not opened)
        endpoint = _endpoint(settings, place, opened[slot])
        if judging:
            options = replace(endpoint.options, temperature=None, top_p=None)
            endpoint = replace(endpoint, options=options)
        endpoints[place.ref] = endpoint
    return endpoints


def providers_of(*routes: Mapping[ModelRef, Endpoint]) -> Iterable[Provider]:
    """The providers behind endpoints, each once."""
    spoken_to = (endpoint.provider for endpoints in routes for endpoint in endpoints.values())
    return {id(provider): provider for provider in spoken_to}.values()


def _provider(settings: Settings, place: RouteEntry, *, first: bool) -> Provider:
    name, path = place.ref.provider, place.model_path
    spec = settings.spec(name)
    if first or (spec is not None and spec.extra):
        return open_one(settings, name, path)
    return Deferred(name, lambda: open_one(settings, name, path))


def _endpoint(settings: Settings, place: RouteEntry, provider: Provider) -> Endpoint:
    spec = place.spec
    return Endpoint(
        provider=provider,
        formats=FORMATS[FORMATS.index(spec.structured) :],
        timeout_s=settings.timeout or spec.timeout_s,
        style=spec.prompt,
        reasoning_effort=effort_of(settings, place),
        options=options_of(settings, place.ref),
        price=CatalogPrice(spec).of,
        as_of=law_month(settings, spec.knowledge, f"{datetime.now(UTC):%Y-%m}"),
        listed=spec.listed,
    )
