"""Which models a run may use, in which order: what was asked for, the catalog, who has a key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from legalgen.completion import ModelRef, vendor_of
from legalgen.errors import (
    ConfigurationError,
    ErrorCategory,
    ProviderError,
    UsageError,
)
from legalgen.errors.suggestions import close_matches, did_you_mean
from legalgen.providers import PROVIDERS, ProviderSpec
from legalgen.providers.catalog import Catalog, ModelSpec
from legalgen.providers.installing import install_command, missing


class RouteEntry(msgspec.Struct, frozen=True):
    """One place of a route. ``explicit``: the user named this model; ``sized``: its context is
    known."""

    ref: ModelRef
    spec: ModelSpec
    explicit: bool = False
    model_path: Path | None = None
    sized: bool = True


class Route(msgspec.Struct, frozen=True):
    """The models to use, in order, and what the user should know about them."""

    entries: tuple[RouteEntry, ...]
    warnings: tuple[str, ...] = ()
    named: str | None = None
    """The provider that the user named, where no model was: the others are paid after it."""

    @property
    def rehearsal(self) -> bool:
        """Whether a toy is among them: then nothing goes to the training data."""
        return any(entry.spec.toy for entry in self.entries)

    def without(self, refs: Sequence[ModelRef], written: str = "--judge") -> Route:
        """The route less the models that shall not write, because they judge.

        Raises:
            UsageError: nothing would be left.
        """
        left = tuple(entry for entry in self.entries if entry.ref not in refs)
        if not left:
            names = ", ".join(map(str, refs))
            raise UsageError(
                f"{written} {names}: no other model is left to write; a judge only marks"
            )
        return replace(self, entries=left)


class WrittenAs(msgspec.Struct, frozen=True):
    """Where each part of a request stands: a flag, a variable, or a line of the config file."""

    provider: str = "--provider"
    model: str = "--model"
    route: str = "--route"


class RouteRequest(msgspec.Struct, frozen=True):
    """What the user asked for; all of it may be missing. Mistakes are told by ``written``."""

    provider: str | None = None
    model: str | None = None
    route: tuple[ModelRef, ...] = ()
    failover: bool = True
    only: bool = False
    """Whether no other provider may be used than the one the route begins with."""
    written: WrittenAs = WrittenAs()


class RoutePlanner:
    """Plans routes.

    ``has_key`` says whether a provider can be reached with what is configured; ``own_models``
    are the ids that the user's config lists for a provider. ``providers`` are those that may be
    meant by a model alone, ``spec_of`` finds one that was named, ``keys_of`` counts its keys.
    ``offers`` asks a server of the user's own what it has, where nobody names a model of it; None:
    no server is asked.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        has_key: Callable[[str], bool],
        own_models: Callable[[str], Sequence[str]] = lambda _: (),
        providers: Mapping[str, ProviderSpec] = PROVIDERS,
        spec_of: Callable[[str], ProviderSpec | None] = PROVIDERS.get,
        keys_of: Callable[[str], int] = lambda _: 1,
        offers: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self._catalog = catalog
        self._providers = providers
        self._spec_of = spec_of
        self._keys_of = keys_of
        self._offers = offers
        self._has_key = has_key
        self._own_models = own_models

    def plan(self, request: RouteRequest) -> Route:
        """The route for a request.

        The default: the requested provider's models in catalog order, then the other providers
        that have a key, models with the same weights first. A local model only when asked for.

        Raises:
            UsageError: a provider or a model that there is none of; names close matches.
            ConfigurationError: nothing can be used without a key, and there is none.
        """
        if request.route:
            entries = [self._entry(ref, f"{request.written.route} {ref}") for ref in request.route]
            return self._finish(entries, request)
        provider, model = self._beginning(request)
        own = self._own(provider, model, request)
        others = [] if request.only else self._elsewhere(provider, own)
        named = request.provider if request.model is None else None
        return replace(self._finish([*own, *others], request), named=named)

    def _beginning(self, request: RouteRequest) -> tuple[str, str | None]:
        if request.provider is not None:
            if self._spec_of(request.provider) is None:
                said = f"{request.written.provider} {request.provider}"
                raise UsageError(unknown_provider(said, request.provider, self._providers))
            return request.provider, request.model
        if request.model is not None:
            return self._provider_of(request.model, f"{request.written.model} {request.model}")
        for name, spec in self._providers.items():
            if (spec.needs_key or spec.speaks) and spec.by_default and self._has_key(name):
                return name, None
        servers = [name for name, spec in self._providers.items() if spec.speaks]
        raise ConfigurationError(no_key_sentence(servers))

    def _provider_of(self, model: str, said: str) -> tuple[str, str]:
        if _is_gguf(model):
            return "local", model
        provider, _, rest = model.partition("/")
        if provider in self._providers and rest and self._catalog.find("groq", model) is None:
            return provider, rest
        holders = [name for name in self._providers if self._may_hold(name, model)]
        if not holders:
            raise UsageError(self._unknown_model(said, list(self._providers), model))
        return next((name for name in holders if self._has_key(name)), holders[0]), model

    def _own(self, provider: str, model: str | None, request: RouteRequest) -> list[RouteEntry]:
        listed = [
            self._entry(ModelRef(provider, id_))
            for id_ in (*self._own_models(provider), *self._listed(provider))
        ]
        if model is None:
            return listed or [self._only_one(provider, request)]
        model = model.removeprefix(f"{provider}/") if self._is_prefixed(provider, model) else model
        first = self._entry(ModelRef(provider, model), f"{request.written.model} {request.model}")
        rest = [] if self._takes_files(provider) else [s for s in listed if s.ref != first.ref]
        return [first, *rest]

    def _only_one(self, provider: str, request: RouteRequest) -> RouteEntry:
        """The one model that a server has; which of several is meant, nobody can know.

        Raises:
            UsageError: it has several, or does not say.
        """
        has = ""
        if self._offers is None:
            look = f"legalgen models --provider {provider}"
            has = f" (no server is asked here: `{look}` shows what it has)"
        try:
            offered = [] if self._offers is None else list(self._offers(provider))
        except ProviderError as error:
            if error.failure.category is ErrorCategory.AUTHENTICATION:
                from legalgen.routing.remedies import listing_remedy  # few refuse to list

                cure = listing_remedy(provider, error.failure, self._catalog)
                raise UsageError(f"{request.written.provider} {provider}: {cure}") from error
            offered, has = [], f" (its list of models does not answer: {error})"
        if len(offered) == 1:
            return self._entry(ModelRef(provider, offered[0]))
        if offered:
            more = f" and {len(offered) - 5} more" if len(offered) > 5 else ""
            has = f" (it has {', '.join(offered[:5])}{more})"
        raise UsageError(
            f"{request.written.provider} {provider} needs a model{has}: name one with --model, "
            f"or list some in config.toml, {self._table(provider)} models"
        )

    def _is_prefixed(self, provider: str, model: str) -> bool:
        return model.startswith(f"{provider}/") and self._catalog.find(provider, model) is None

    def _listed(self, provider: str) -> list[str]:
        own = set(self._own_models(provider))
        specs = self._catalog.models(provider)
        return [spec.id for spec in specs if spec.writer and spec.id not in own]

    def _elsewhere(self, provider: str, own: Sequence[RouteEntry]) -> list[RouteEntry]:
        """The other providers' models that can be reached, those with the same weights first."""
        if provider == "local" or any(entry.spec.toy for entry in own):
            return []
        weights = [entry.spec.weights for entry in own if entry.spec.weights]
        others = [
            self._entry(ModelRef(name, id_))
            for name, spec in self._providers.items()
            if name != vendor_of(provider) and spec.remote and spec.by_default
            if self._has_key(name)
            for id_ in (*self._own_models(name), *self._listed(name))
        ]
        return sorted(others, key=lambda entry: _weight_rank(entry.spec, weights))

    def _entry(self, ref: ModelRef, said: str = "") -> RouteEntry:
        """One place; ``said`` is how the user named it, the beginning of a sentence about it."""
        if self._spec_of(ref.provider) is None:
            raise UsageError(unknown_provider(said, ref.provider, self._providers))
        if self._takes_files(ref.provider):
            return self._file_entry(ref, said)
        if said and not self._knows(ref.provider, ref.model):
            whole = said.endswith(f" {ref}")
            raise UsageError(self._unknown_model(said, [ref.provider], ref.model, whole=whole))
        spec = self._catalog.spec(ref.provider, ref.model)
        return RouteEntry(ref, spec, bool(said), sized=spec.listed)

    def _takes_files(self, provider: str) -> bool:
        spec = self._spec_of(provider)
        return spec is not None and spec.takes_files

    def _file_entry(self, ref: ModelRef, said: str) -> RouteEntry:
        """A place whose model is a file, the bundled toy, or what the table of a provider names."""
        toys = [spec.id for spec in self._catalog.models("local")]
        if _is_gguf(ref.model):
            path = Path(ref.model).expanduser()
            named = ModelRef(ref.provider, path.stem)
            spec = self._catalog.default_spec(ref.provider, path.stem)
            return RouteEntry(named, spec, bool(said), path)
        if ref.model not in toys and not self._own_models(ref.provider):
            raise UsageError(
                f"{said}: a {ref.provider} model is {', '.join(toys)}, or the path of a .gguf file"
            )
        return RouteEntry(ref, self._catalog.spec(ref.provider, ref.model), bool(said))

    def _knows(self, provider: str, model: str) -> bool:
        return (
            self._catalog.find(provider, model) is not None
            or self._catalog.retired(provider, model) is not None
            or model in self._own_models(provider)
            or not self._catalog.models(provider)
        )

    def _may_hold(self, provider: str, model: str) -> bool:
        """Whether a model without a provider may be meant; a server of one's own has any model."""
        spec = self._providers[provider]
        listed = bool(self._catalog.models(provider)) or model in self._own_models(provider)
        if spec.speaks and not listed:
            return False  # a server of several is meant by its name alone
        return self._knows(provider, model) and (listed or self._has_key(provider))

    def _unknown_model(
        self, said: str, providers: Sequence[str], model: str, *, whole: bool = False
    ) -> str:
        """A sentence that names those there are, close ones first; ``whole``: as a route does."""
        known = {
            id_: f"{name}/{id_}" if whole else id_
            for name in providers
            for id_ in (*self._own_models(name), *self._listed(name))
        }
        close = close_matches(model, known, most=3, cutoff=0.4)
        where = f" of {providers[0]}" if len(providers) == 1 else ""
        names = ", ".join(known[id_] for id_ in dict.fromkeys([*close, *known]))
        served = ", or name its server with --provider openai --base-url URL" * (len(providers) > 1)
        return (
            f"{said}: no such model{where} is known; there are: {names}. "
            f"To use one that is not in the catalog, list it in config.toml, "
            f"{self._table(providers[0])} models{served}"
        )

    def _table(self, provider: str) -> str:
        spec = self._spec_of(provider)
        return f"[{'servers' if spec and spec.speaks else 'providers'}.{provider}]"

    def _finish(self, entries: Sequence[RouteEntry], request: RouteRequest) -> Route:
        unique = list({entry.ref: entry for entry in reversed(entries)}.values())[::-1]
        kept = unique if request.failover else unique[:1]
        for entry in kept:
            self._check_key(entry)
        return Route(tuple(self._with_all_keys(kept)), tuple(self._warnings(kept)))

    def _with_all_keys(self, entries: Sequence[RouteEntry]) -> Iterable[RouteEntry]:
        """Each place once for each key of its provider, unless keys were named by their numbers."""
        named = any("#" in entry.ref.provider for entry in entries)
        for entry in entries:
            yield entry
            for number in range(2, 1 if named else self._keys_of(entry.ref.provider) + 1):
                ref = ModelRef(f"{entry.ref.provider}#{number}", entry.ref.model)
                yield replace(entry, ref=ref)

    def _check_key(self, entry: RouteEntry) -> None:
        spec = self._spec_of(entry.ref.provider)
        if spec is not None and spec.needs_key and not self._has_key(spec.name):
            where = f" (make one at {spec.key_url})" if spec.key_url else ""
            instead = (
                f"write key in [servers.{spec.name}]"
                if spec.speaks
                else f"run `legalgen config set-key {spec.name}`"
            )
            raise ConfigurationError(
                f"{spec.name} needs a key: set {spec.env_var}{where}, or {instead}. "
                f"Without a key: `{rehearsal_command()}`."
            )

    def _warnings(self, entries: Sequence[RouteEntry]) -> Iterable[str]:
        for entry in entries:
            gone = self._catalog.retired(entry.ref.provider, entry.ref.model)
            if gone is not None:
                yield _retired_sentence(entry.ref, gone, alone=len(entries) == 1)


def _retired_sentence(ref: ModelRef, gone: date, *, alone: bool) -> str:
    then = "and there is no other model to use" if alone else "then the next model is used"
    return f"{ref} was shut down on {gone}; it gets one try, {then}."


def _weight_rank(spec: ModelSpec, weights: Sequence[str]) -> int:
    return weights.index(spec.weights) if spec.weights in weights else len(weights)


def _is_gguf(model: str) -> bool:
    return model.lower().endswith(".gguf")


def known_provider(name: str, written: str = "--provider", known: Iterable[str] = PROVIDERS) -> str:
    """The name, if there is such a provider; ``written`` is where it stands.

    Raises:
        UsageError: there is none; names those there are.
    """
    if name in known:
        return name
    raise UsageError(unknown_provider(f"{written} {name}", name, known))


def unknown_provider(said: str, name: str, known: Iterable[str] = PROVIDERS) -> str:
    """What is wrong with ``name``, as a sentence that begins with what the user said."""
    if name in PROVIDERS.faults:
        return f"{said}: {PROVIDERS.faults[name]}"
    from legalgen.providers.presets import presets  # most names are known

    if name in presets() and presets()[name].base_url is None:
        return (
            f"{said}: the address of {presets()[name].title} is each customer's own: write it into "
            f"config.toml, [servers.{name}] base_url"
        )
    names = list(known)
    there_are = f"there are: {', '.join(names)}{did_you_mean(name, [*names, *presets()])}"
    return f"{said}: there is no provider {name}; {there_are}"


NO_KEY: Final = "No provider can be used yet: there is no API key."


def no_key_sentence(servers: Sequence[str] = ()) -> str:
    """What to do when there is no key at all; ``servers`` are the user's own."""
    lines = [
        f"  {spec.env_var}   for {spec.name}; make a key at {spec.key_url}"
        for spec in PROVIDERS.values()
        if spec.needs_key
    ]
    return "\n".join(
        (
            f"{NO_KEY} Set one of",
            *lines,
            *(f"or use your server: --provider {name}" for name in servers[:1]),
            "or try it without a key, with a small model in this process:",
            f"  {rehearsal_command()}",
        )
    )


def rehearsal_command() -> str:
    """One line for a shell that writes three samples here without a key, as this machine is."""
    batch = "legalgen batch --provider local --count 3"
    needed = missing("local")
    return f"{install_command(needed)} && {batch}" if needed else batch
