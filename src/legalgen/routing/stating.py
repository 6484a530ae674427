"""What the user states of models and servers, laid over what the catalog knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeGuard

from msgspec.structs import replace

from legalgen.completion import CallOptions, ModelRef
from legalgen.providers import is_remote
from legalgen.providers.base import Provider, RemoteModel, SizedProvider
from legalgen.providers.catalog import ModelSpec, Price
from legalgen.providers.presets import presets
from legalgen.routing.remedies import LARGER_CONTEXT
from legalgen.routing.route import Route, RouteEntry
from legalgen.settings.layers import Settings
from legalgen.telemetry.slow import told_when_slow

SIZE_S: Final = 5.0
"""So long a server may take to say how large a context is, in seconds."""

SMALL_CONTEXT: Final = 4_096
"""Tokens. A prompt takes some 1,000 of them, a long answer up to 3,000."""


def stated_route(settings: Settings, route: Route) -> Route:
    """The route with sizes, prices and months as stated, and what of the statements is not done."""
    places = tuple(_stated(settings, place) for place in route.entries)
    unsent = (said for place in places for said in _unsent_effort(settings, place))
    return replace(route, entries=places, warnings=(*route.warnings, *unsent))


def _stated(settings: Settings, place: RouteEntry) -> RouteEntry:
    sized = place.sized or settings.stated(place.ref).context is not None
    return replace(place, spec=stated_spec(settings, place.ref, place.spec), sized=sized)


def stated_spec(settings: Settings, ref: ModelRef, spec: ModelSpec) -> ModelSpec:
    """What is known of a model, with the sizes, the price and the month that the user states."""
    said, table = settings.stated(ref), settings.table(ref.provider)
    preset = presets().get(table.preset) if table.preset else None
    structured = table.structured or (preset.structured if preset else None)
    if structured is not None:
        spec = replace(spec, structured=structured)
    if said.context is not None:
        most = min(spec.max_completion_tokens, said.context)
        spec = replace(spec, context_window=said.context, max_completion_tokens=most)
    if said.max_output is not None:
        spec = replace(spec, max_completion_tokens=said.max_output)
    if said.knowledge is not None:
        spec = replace(spec, knowledge=said.knowledge, knowledge_source=None)
    if said.prices:
        spec = replace(spec, price=Price(**said.prices))
    return spec


def refused_by(settings: Settings, ref: ModelRef) -> tuple[str, ...]:
    """What the kind of a server is known to refuse of a request."""
    preset = settings.table(ref.provider).preset
    return presets()[preset].refuses if preset else ()


def asked_route(
    settings: Settings,
    route: Route,
    provider_of: Callable[[ModelRef], Provider],
    tell: Callable[[str], object],
) -> Route:
    """The route with the contexts that servers tell of models which nobody knows.

    Where none is told it is said what is assumed; a server that cannot be reached is left to the
    first call. ``tell`` hears of a wait that takes long.
    """
    places, said = [], list[str]()
    for place in route.entries:
        provider = provider_of(place.ref) if not place.sized else None
        told = None
        if _is_sized(provider):
            waiting = f"waiting for the context of {place.ref}, {SIZE_S:.0f} s at most"
            with told_when_slow(tell, waiting):
                told = provider.size(place.ref.model, SIZE_S)
        if told is not None and told.context_window is None:
            said.append(_assumed(settings, place))
        places.append(place if told is None else _sized(settings, place, told))
        if places[-1].sized and _is_own(places[-1]):
            said.extend(_small(places[-1]))
    return replace(route, entries=tuple(places), warnings=(*route.warnings, *said))


def _is_sized(provider: Provider | None) -> TypeGuard[SizedProvider]:
    return isinstance(provider, SizedProvider)


def _sized(settings: Settings, place: RouteEntry, told: RemoteModel) -> RouteEntry:
    context = told.context_window or place.spec.context_window
    most = told.max_completion_tokens or place.spec.max_completion_tokens
    if settings.stated(place.ref).max_output is not None:
        most = place.spec.max_completion_tokens
    spec = replace(place.spec, context_window=context, max_completion_tokens=min(most, context))
    return replace(place, spec=spec, sized=told.context_window is not None)


def _is_own(place: RouteEntry) -> bool:
    """Whether the model is one of which only its server knows anything."""
    return not place.spec.listed and is_remote(place.ref.provider)


def _small(place: RouteEntry) -> Iterator[str]:
    """That few samples fit a context, before they are all given up for it."""
    context = place.spec.context_window
    if context < SMALL_CONTEXT:
        yield (
            f"{place.ref} has a context of {context:,} tokens, into which few samples fit: start "
            f"the server with a larger one {LARGER_CONTEXT}"
        )


def _assumed(settings: Settings, place: RouteEntry) -> str:
    where = settings.config_file or "config.toml"
    kind = "servers" if settings.table(place.ref.provider).server else "providers"
    return (
        f"{place.ref}: the server does not say how large its context is; "
        f"{place.spec.context_window:,} tokens are assumed. State it in {where}: "
        f'[{kind}.{place.ref.vendor}.models."{place.ref.model}"] context = ...'
    )


def options_of(settings: Settings, ref: ModelRef) -> CallOptions:
    """What is sent with every call of a model.

    A flag or a variable goes before what the file states of the model, and that before what the
    file states of all.
    """
    said = settings.stated(ref)
    return CallOptions(
        temperature=_nearest(settings, "temperature", said.temperature),
        top_p=_nearest(settings, "top_p", said.top_p),
        extra_body=said.extra_body,
        headers={name: value.reveal() for name, value in said.headers.items()},
    )


def _nearest(settings: Settings, name: str, stated: float | None) -> float | None:
    usual: float | None = getattr(settings, name)
    near = settings.origin(name).source in ("flag", "environment")
    return usual if near or stated is None else stated


def effort_of(settings: Settings, place: RouteEntry) -> str | None:
    """The ``reasoning_effort`` that a model is sent; None: none.

    Of a model that is not listed nobody knows which it takes: what the user asks for is sent, and
    left out once it is refused.
    """
    effort, asked = _wanted_effort(settings, place.ref)
    unlisted = asked and not place.spec.listed and is_remote(place.ref.provider)
    return place.spec.accepted_effort(effort) or (effort if unlisted else None)


def _wanted_effort(settings: Settings, ref: ModelRef) -> tuple[str, bool]:
    """The effort that holds for a model, and whether the user asked for it."""
    source = settings.origin("reasoning_effort").source
    stated = settings.stated(ref).reasoning_effort
    if stated is not None and source not in ("flag", "environment"):
        return stated, True
    return settings.reasoning_effort, source != "default"


def _unsent_effort(settings: Settings, place: RouteEntry) -> Iterator[str]:
    """That a model is not asked to think as the user wants it to."""
    effort, asked = _wanted_effort(settings, place.ref)
    sent = effort_of(settings, place)
    if asked and sent != effort and place.spec.writer:
        instead = f"{sent} is sent" if sent else "it is not sent"
        takes = ", ".join(place.spec.reasoning.efforts)
        known = f"takes {takes} as its reasoning effort" if takes else "takes no reasoning effort"
        yield f"{place.ref} {known}: in place of {effort}, {instead}."
