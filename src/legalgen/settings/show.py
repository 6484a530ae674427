"""Every value as text, with where it came from; secrets are masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import msgspec

from legalgen.errors import ConfigurationError
from legalgen.providers.addresses import shown_address
from legalgen.settings.declaration import Declaration, Origin
from legalgen.settings.document import redacted
from legalgen.settings.layers import SETTINGS, Settings
from legalgen.settings.provider_tables import ModelSettings, is_credential
from legalgen.settings.types import (
    URL,
    Secret,
    comma_separated,
    show_number,
)


class Shown(msgspec.Struct, frozen=True):
    """One value as ``config show`` prints it; secrets are masked."""

    name: str
    value: str
    origin: Origin


def describe(settings: Settings, known_providers: Iterable[str] = ()) -> list[Shown]:
    """Every value, as text, with where it came from; keys are masked.

    ``known_providers`` are asked for their key and base URL beside those of the file.
    """
    rows = [
        Shown(each.name, shown(each, getattr(settings, each.name)), settings.origin(each.name))
        for each in SETTINGS
    ]
    for provider in dict.fromkeys([*known_providers, *settings.providers]):
        rows += _describe_provider(settings, provider)
    return [*rows, *_describe_tables(settings)]


def shown(each: Declaration[Any], value: object) -> str:
    """A setting's value as a person writes it, or in words what its absence means."""
    if value is None or value == ():
        return each.absent
    text = each.kind.show(value)
    return shown_address(text) if each.kind is URL else text


def _describe_provider(settings: Settings, provider: str) -> Iterator[Shown]:
    table = settings.table(provider)
    place = f"{'servers' if table.server else 'providers'}.{provider}"
    yield from _describe_access(settings, provider, place)
    for key in ("models", "model_path", "preset", "key_variable", "structured", "failover"):
        if value := getattr(table, key):
            text = comma_separated(value) if key == "models" else str(value)
            origin = Origin("config", f"{settings.config_file} [{place}] {key}")
            yield Shown(f"{place}.{key}", text, origin)
    for key, value in table.options.items():
        origin = Origin("config", f"{settings.config_file} [{place}] {key}")
        yield Shown(f"{place}.{key}", redacted(str(value)), origin)
    yield from _describe_stated(settings, place, table.calls)
    for model, stated in table.by_model.items():
        yield from _describe_stated(settings, f'{place}.models."{model}"', stated)


def _describe_stated(settings: Settings, table: str, stated: ModelSettings) -> Iterator[Shown]:
    """What is stated of a model or of a server's models; headers may hold keys and are masked."""
    origin = Origin("config", f"{settings.config_file} [{table}]")
    for each in fields(stated):
        value = getattr(stated, each.name)
        rows = value.items() if isinstance(value, dict) else ()
        for key, said in rows:
            text = redacted(str(_masked(said, named=is_credential(key))))
            yield Shown(f"{table}.{each.name}.{key}", text, origin)
        if value is not None and not isinstance(value, dict):
            yield Shown(f"{table}.{each.name}", str(value), origin)


def _masked(value: object, *, named: bool) -> object:
    """A value with the texts masked that stand under the name of a credential."""
    if isinstance(value, dict):
        return {
            name: _masked(inner, named=named or is_credential(name))
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_masked(inner, named=named) for inner in value]
    return str(Secret(value)) if named and isinstance(value, str) else value


def _describe_access(settings: Settings, provider: str, place: str) -> Iterator[Shown]:
    """The keys and the base URL; what is wrong with one is shown in its place."""
    name = "key" if settings.table(provider).server else "api_key"
    try:
        for number, found in enumerate(settings.keys(provider), 1):
            numbered = f"#{number}" if number > 1 else ""
            yield Shown(f"{place}.{name}{numbered}", str(found[0]), found[1])
        url = settings.base_url_of(provider)
        if url and url[1] != settings.origin("base_url"):
            yield Shown(f"{place}.base_url", shown_address(url[0]), url[1])
    except ConfigurationError as error:
        yield Shown(place, f"unusable: {error}", Origin("default"))


def _describe_tables(settings: Settings) -> Iterator[Shown]:
    def row(name: str, value: object) -> Shown:
        return Shown(name, str(value), Origin("config", f"{settings.config_file} [{table}]"))

    table = "limits"
    for ref, readings in settings.limits.items():
        for each in readings:
            yield row(f"limits.{ref}.{each.kind}_per_{each.window}", each.limit)
    table = "prices"
    for ref, price in settings.prices.items():
        for name, usd in price.items():
            yield row(f"prices.{ref}.{name}", show_number(usd))
    table = "gate"
    for name, value in settings.gate_overrides.items():
        yield row(f"gate.{name}", redacted(str(value)))
    table = "weights"
    for axis, weights in settings.weights.items():
        for name, weight in weights.items():
            yield row(f"weights.{axis}.{name}", show_number(weight))
