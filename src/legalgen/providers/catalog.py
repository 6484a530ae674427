"""What is known about models beforehand: size, price, limits, structured output, shutdowns.

The numbers lie in ``catalog.toml``; what the config file states of a model goes before.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from legalgen.completion import ResponseFormat, vendor_of

FAMILIES: Mapping[str, str] = {
    "gpt-oss": r"gpt[-_]?oss",
    "llama": r"(?<!o)llama",  # not every model that Ollama serves
    "qwen": r"qwen|qwq",
    "glm": r"glm",
    "kimi": r"kimi",
    "deepseek": r"deepseek",
    "mistral": r"mi[sx]tral|ministral|magistral|devstral|codestral|pixtral",
    "gemma": r"gemma",
}
"""Families of models by what the names of their members hold; others go by how they begin."""

Count = Annotated[int, msgspec.Meta(gt=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Month = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Dollars = Annotated[float, msgspec.Meta(ge=0)]


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars per million tokens; ``cached`` is None where cached input costs no less."""

    input: Dollars
    output: Dollars
    cached: Dollars | None = None


class ReasoningSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a model reasons before it answers.

    ``efforts`` are the values of ``reasoning_effort`` that it accepts, least first. ``format`` is
    the ``reasoning_format`` to send so that the reasoning stands in a field of its own; None
    where it does so by itself, or where sending one is refused.
    """

    efforts: tuple[str, ...] = ()
    format: Literal["parsed", "hidden"] | None = None


class TierLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The quotas of one tier; None where it has none."""

    requests_per_minute: Count | None = None
    requests_per_day: Count | None = None
    tokens_per_minute: Count | None = None
    tokens_per_hour: Count | None = None
    tokens_per_day: Count | None = None
    input_tokens_per_minute: Count | None = None
    output_tokens_per_minute: Count | None = None


class _Features(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of one model, or of a family of models."""

    context_window: Count
    max_completion_tokens: Count
    structured: ResponseFormat
    weights: str | None = None
    license: str | None = None
    price: Price | None = None
    reasoning: ReasoningSpec = ReasoningSpec()
    limits: dict[str, TierLimits] = {}
    latency_s: Seconds = 10.0
    timeout_s: Seconds = 120.0
    writer: bool = True
    preview: bool = False
    toy: bool = False
    prompt: Literal["full", "toy"] = "full"
    knowledge: Month | None = None
    knowledge_source: str | None = None


class BulkTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vendor's batch service: what it costs, and how large a file of requests may be.

    ``price_factor`` is what the usual price of a token is multiplied by; cached input costs no
    less. ``needs`` names what an account must have for it.
    """

    price_factor: Annotated[float, msgspec.Meta(gt=0, le=1)]
    max_requests: Count
    max_bytes: Count
    window: str = "24h"
    needs: str = ""


class ModelSpec(_Features, frozen=True, kw_only=True):
    """One model at one provider.

    ``context_window`` and ``max_completion_tokens`` are tokens. ``structured`` is the strictest
    ``response_format`` it takes. ``weights`` is the same for the same model elsewhere. ``limits``
    go by tier. ``latency_s`` is a guess for one sample, until calls are measured; ``timeout_s``
    the deadline of a call. ``writer`` is False for models that are no writers (classifiers).
    ``license`` is None where it was not established, ``price`` None where it is not known.
    ``knowledge`` is the month up to which its maker says that it knows, ``knowledge_source`` where;
    None where the maker does not say. ``listed`` is False for a model of which only its family is
    known.
    """

    provider: str
    id: str
    listed: bool = True

    def cost_usd(
        self, input_tokens: int, output_tokens: int, cached_tokens: int = 0
    ) -> float | None:
        """US dollars for one call; ``input_tokens`` includes ``cached_tokens``. None: no price."""
        if self.price is None:
            return None
        cached_price = self.price.input if self.price.cached is None else self.price.cached
        return (
            (input_tokens - cached_tokens) * self.price.input
            + cached_tokens * cached_price
            + output_tokens * self.price.output
        ) / 1e6

    @property
    def families(self) -> frozenset[str]:
        """The families it is of, as far as its name tells: of two, if it was made from both.

        A name that holds none of ``FAMILIES`` is a family up to its first digit.
        """
        name = (self.weights or self.id).rpartition("/")[2].lower()
        known = {family for family, pattern in FAMILIES.items() if re.search(pattern, name)}
        return frozenset(known or {re.split(r"\d", name)[0].rstrip("-_.:") or name})

    def is_kin(self, other: ModelSpec) -> bool:
        """Whether both are of one family: models like what is written as they would write it."""
        return bool(self.families & other.families)

    def accepted_effort(self, effort: str | None) -> str | None:
        """``effort`` as this model takes it; None where nothing is to be sent.

        A model that cannot do without reasoning is asked for its least; "default" is what it does
        when nothing is said. An effort that is not known to be accepted is not sent: servers
        refuse the call for it.
        """
        efforts = self.reasoning.efforts
        if effort == "none" and efforts:
            return efforts[0]
        return effort if effort in efforts else None


class _Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of one provider."""

    models: dict[str, _Features] = {}
    families: dict[str, _Features] = {}
    retired: dict[str, date] = {}
    bulk: BulkTerms | None = None


class Catalog:
    """All models known beforehand; read with ``load``, never changed afterwards."""

    def __init__(self, tables: Mapping[str, _Provider]) -> None:
        self._tables = dict(tables)
        self._specs = {
            (provider, model): _spec(provider, model, features)
            for provider, table in tables.items()
            for model, features in table.models.items()
        }

    @classmethod
    def load(cls) -> Catalog:
        """The catalog of this package, read once."""
        return _builtin()

    def models(self, provider: str) -> tuple[ModelSpec, ...]:
        """The provider's models in catalog order; empty for one that is not listed."""
        vendor = vendor_of(provider)
        return tuple(spec for spec in self._specs.values() if spec.provider == vendor)

    def find(self, provider: str, model: str) -> ModelSpec | None:
        """The entry of a model; None where it is not listed (see ``default_spec``)."""
        found = self._specs.get((vendor_of(provider), model))
        return found if found is None or "#" not in provider else replace(found, provider=provider)

    def default_spec(self, provider: str, model: str) -> ModelSpec:
        """What to assume of a model that is not listed: its family's features, conservatively.

        A provider that has no table is a server of the user's own, as ``openai`` is.
        """
        table = self._table(provider) or self._tables.get("openai", _Provider())
        for pattern, features in table.families.items():
            if fnmatchcase(model, pattern):
                return _spec(provider, model, features, listed=False)
        return _spec(provider, model, _UNKNOWN, listed=False)

    def spec(self, provider: str, model: str) -> ModelSpec:
        """The model's entry, or else what to assume of it."""
        return self.find(provider, model) or self.default_spec(provider, model)

    def retired(self, provider: str, model: str) -> date | None:
        """The day the vendor shut the model down; None while it is up or was never known."""
        return self.shutdowns(provider).get(model)

    def shutdowns(self, provider: str) -> Mapping[str, date]:
        """The models that the vendor has shut down or will, by id, each with its last day."""
        table = self._table(provider)
        return {} if table is None else table.retired

    def bulk(self, provider: str) -> BulkTerms | None:
        """The terms of the provider's batch service; None where it has none."""
        table = self._table(provider)
        return None if table is None else table.bulk

    @property
    def latest_knowledge(self) -> Month:
        """The last month that a model is known to know."""
        return max(spec.knowledge or "" for spec in self._specs.values())

    def _table(self, provider: str) -> _Provider | None:
        return self._tables.get(vendor_of(provider))

    def same_weights(self, spec: ModelSpec) -> tuple[ModelSpec, ...]:
        """The same model at other providers, in catalog order."""
        if spec.weights is None:
            return ()
        return tuple(
            other
            for other in self._specs.values()
            if other.weights == spec.weights and other.provider != spec.provider
        )


_UNKNOWN = _Features(context_window=32_768, max_completion_tokens=8_192, structured="strict")


def _spec(provider: str, model: str, features: _Features, *, listed: bool = True) -> ModelSpec:
    fields = {name: getattr(features, name) for name in features.__struct_fields__}
    return ModelSpec(provider=provider, id=model, listed=listed, **fields)


@cache
def _builtin() -> Catalog:
    text = files("legalgen.providers").joinpath("catalog.toml").read_text(encoding="utf-8")
    return Catalog(msgspec.convert(tomllib.loads(text), dict[str, _Provider]))
