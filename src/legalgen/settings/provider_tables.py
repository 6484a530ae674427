"""``[providers.<name>]`` and ``[servers.<name>]`` of the file: where models are, how asked.

A server's table may hold whatever a model's may; what is stated of a model goes before it:

    [servers.gpu1]
    base_url = "http://gpu1:8000/v1"
    temperature = 0.6
    [servers.gpu1.models."qwen3:32b"]
    context = 40960
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

from legalgen.completion import CAPS, ResponseFormat
from legalgen.errors import ConfigurationError
from legalgen.providers import ProviderSpec, own_variable
from legalgen.settings.types import (
    COUNT,
    MONTH,
    NAMES,
    PATH,
    SWITCH,
    TEMPERATURE,
    TEXT,
    TOP_P,
    URL,
    Kind,
    Secret,
)

PRICE_KEYS = ("input", "output", "cached")
"""The keys of a model's price; the last may be left out where cached input costs no less."""
HIGHEST_PRICE = 1e6
"""A dollar a token. Of larger ones sums may have no end, and the ledger holds no such number."""
OURS = ("model", "messages", "stream", "n")
"""What a request is made of: ``extra_body`` cannot change it."""
_FRAMING = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "transfer-encoding"}
)
"""Headers that say how a request is framed; another value of one makes it unreadable."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Problem = Callable[[str, str], ConfigurationError]
"""The error of the file for a place in it and what is wrong there."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What is stated of a model, or of all models of a server; None or empty: nothing.

    ``context`` and ``max_output`` are tokens, ``prices`` US dollars a million tokens by
    ``PRICE_KEYS``. ``extra_body`` goes into every request as it is.
    """

    context: int | None = None
    max_output: int | None = None
    reasoning_effort: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    knowledge: str | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    extra_body: Mapping[str, object] = field(default_factory=dict, repr=False)
    headers: Mapping[str, Secret] = field(default_factory=dict)

    def over(self, server: ModelSettings) -> ModelSettings:
        """With what its server states beside it; of bodies and headers key by key."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        given = {name: value for name, value in own.items() if value not in (None, {})}
        given["extra_body"] = {**server.extra_body, **self.extra_body}
        given["headers"] = {**server.headers, **self.headers}
        return replace(server, **given)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The table of a provider or a server; ``models`` in the order of preference.

    ``calls`` are stated of all its models, ``by_model`` of one. ``keys`` are further keys, each an
    account of its own. Of a ``server`` of the user's own: ``preset`` is what kind it is,
    ``key_variable`` where its key stands, ``structured`` the strictest form of answers it takes;
    ``failover`` lets it stand in a default route that names it not. ``options`` are a provider's
    own, as the file has them; its module checks them.
    """

    api_key: Secret | None = None
    keys: tuple[Secret, ...] = ()
    base_url: str | None = field(default=None, repr=False)
    models: tuple[str, ...] = ()
    model_path: Path | None = None
    calls: ModelSettings = ModelSettings()
    by_model: Mapping[str, ModelSettings] = field(default_factory=dict)
    server: bool = False
    preset: str | None = None
    key_variable: str | None = None
    structured: ResponseFormat | None = None
    failover: bool = False
    options: Mapping[str, object] = field(default_factory=dict)

    def of(self, model: str) -> ModelSettings:
        """All that is stated of one model."""
        return self.by_model.get(model, ModelSettings()).over(self.calls)

    def secrets(self) -> Iterator[str]:
        """What must never be written anywhere."""
        for key in (self.api_key, *self.keys):
            if key:
                yield key.reveal().strip()
        for stated in (self.calls, *self.by_model.values()):
            for name, value in stated.headers.items():
                if is_credential(name):
                    yield value.reveal().rpartition(" ")[2]  # Bearer, Basic
            yield from _credentials_in(stated.extra_body)


def is_credential(name: str) -> bool:
    """Whether a header, or a key of ``extra_body``, usually holds what must not be shown."""
    return _CREDENTIAL.search(name) is not None


def _credentials_in(value: object, *, named: bool = False) -> Iterator[str]:
    """The texts, however deep, that stand under the name of a credential."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _credentials_in(inner, named=named or is_credential(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _credentials_in(inner, named=named)
    elif named and isinstance(value, str):
        yield value


_CREDENTIAL = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
_MODEL_KINDS: Mapping[str, Kind[Any]] = {
    "context": COUNT,
    "max_output": COUNT,
    "reasoning_effort": TEXT,
    "temperature": TEMPERATURE,
    "top_p": TOP_P,
    "knowledge": MONTH,
}
MODEL_KEYS = (*_MODEL_KINDS, "prices", "extra_body", "headers")
"""What can be stated of a model, and of a server for all its models."""
_PROVIDER_KINDS: Mapping[str, Kind[Any]] = {
    "api_key": TEXT,
    "base_url": URL,
    "model_path": PATH,
}
PROVIDER_KEYS = (*_PROVIDER_KINDS, "keys", "models", *MODEL_KEYS)
OTHER_NAMES = {
    "model": "models",
    "max_tokens": "max_output",
    "max_completion_tokens": "max_output",
    "max_model_len": "context",
    "num_ctx": "context",
    "n_ctx": "context",
    "context_length": "context",
    "context_window": "context",
    "api_base": "base_url",
    "url": "base_url",
}
"""What servers and their clients call a key; some are settings of a batch here, and others."""
STRUCTURED: tuple[ResponseFormat, ...] = ("strict", "json_schema", "json_object", "text")
_SERVER_KINDS: Mapping[str, Kind[Any]] = {
    "preset": TEXT,
    "base_url": URL,
    "key": TEXT,
    "key_variable": TEXT,
    "structured": TEXT,
    "failover": SWITCH,
}
SERVER_KEYS = (*_SERVER_KINDS, "keys", "models", *MODEL_KEYS)
_SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class TableReader:
    """Reads one table; ``problem`` makes the error of the file, ``place`` is the table's name."""

    def __init__(self, place: str, rows: Mapping[str, object], problem: Problem) -> None:
        self.place = place
        self.rows = rows
        self._problem = problem

    def provider(self, folder: Path | None, options: Collection[str]) -> ProviderSettings:
        """``[providers.<name>]``; a path is relative to ``folder``."""
        values = {key: self.value(key, kind) for key, kind in _PROVIDER_KINDS.items()}
        path = values["model_path"]
        models, by_model = self.models()
        return ProviderSettings(
            api_key=Secret(values["api_key"]) if values["api_key"] else None,
            base_url=values["base_url"],
            keys=self.keys(),
            models=models,
            model_path=folder / path if path and folder else None,
            calls=self.stated(),
            by_model=by_model,
            options={key: self.rows[key] for key in options if self.rows.get(key, "") != ""},
        )

    def keys(self) -> tuple[Secret, ...]:
        """Several keys, each once."""
        given = self.rows.get("keys", [])
        if not isinstance(given, list) or not all(isinstance(key, str) for key in given):
            raise self.problem("keys", 'is a list of keys: write ["...", "..."]')
        if not all(key.strip() for key in given):
            raise self.problem("keys", "holds an empty key; leave it out")
        return tuple(Secret(key) for key in dict.fromkeys(key.strip() for key in given))

    def server(self, name: str, taken: Collection[str]) -> ProviderSettings:
        """``[servers.<name>]``; no provider of the names that are ``taken`` is one."""
        from legalgen.providers.presets import presets  # most files name no server

        if not _SERVER_NAME.fullmatch(name):
            raise self._problem(
                f"[{self.place}]", "is no name: letters, digits, dots and dashes, at most 40"
            )
        if name in taken:
            raise self._problem(
                f"[{self.place}]",
                f"{name} is a provider already: give the server another name, or write "
                f"[providers.{name}]",
            )
        values = {key: self.value(key, kind) for key, kind in _SERVER_KINDS.items()}
        preset = values["preset"] or (name if name in presets() else None)
        self._check_word("preset", preset, presets())
        self._check_word("structured", values["structured"], STRUCTURED)
        known = presets().get(preset or "")
        base_url = values["base_url"] or (known.base_url if known else None)
        if base_url is None:
            raise self.problem(
                "base_url",
                'is missing: the server\'s address, such as "http://gpu1:8000/v1", or a preset: '
                f"{', '.join(presets())}",
            )
        if not _VARIABLE.fullmatch(values["key_variable"] or "_"):  # it may be the key itself
            raise self.problem(
                "key_variable",
                "is no name of a variable: letters, digits and _, without $; the key itself goes "
                "into key",
            )
        models, by_model = self.models()
        return ProviderSettings(
            api_key=Secret(values["key"]) if values["key"] else None,
            keys=self.keys(),
            base_url=base_url,
            models=models,
            calls=self.stated(),
            by_model=by_model,
            server=True,
            preset=preset,
            key_variable=values["key_variable"],
            structured=values["structured"],
            failover=bool(values["failover"]),
        )

    def _check_word(self, key: str, word: str | None, known: Collection[str]) -> None:
        if word is not None and word not in known:
            from legalgen.errors.suggestions import did_you_mean  # most files have no mistake

            there_are = f"there are: {', '.join(known)}{did_you_mean(word, known)}"
            raise self.problem(f'{key} = "{word}"', f"is not known; {there_are}")

    def models(self) -> tuple[tuple[str, ...], Mapping[str, ModelSettings]]:
        """Names of models, and what is stated of each: a list, or a table of a table each."""
        given = self.rows.get("models", ())
        if not isinstance(given, dict):
            return self.value("models", NAMES) or (), {}
        return tuple(given), {name: self._model(name, rows) for name, rows in given.items()}

    def _model(self, name: str, rows: object) -> ModelSettings:
        place = f"{self.place}.models.{json.dumps(name, ensure_ascii=False)}"
        if not isinstance(rows, dict):
            raise self._problem(
                f"[{place}]", "is a table of its own: write it on a line of its own"
            )
        reader = TableReader(place, rows, self._problem)
        reader.refuse_unknown(MODEL_KEYS)
        return reader.stated()

    def stated(self) -> ModelSettings:
        """What the table says of models."""
        values = {key: self.value(key, kind) for key, kind in _MODEL_KINDS.items()}
        return ModelSettings(
            **values,
            prices=self._prices(),
            extra_body=self._extra_body(),
            headers=self._headers(),
        )

    def value(self, key: str, kind: Kind[Any]) -> Any:
        """One value; an empty text stands for none, as the commented file invites to leave it."""
        value = self.rows.get(key, "")
        if value == "":
            return None
        try:
            return kind.parse(value)
        except ValueError as problem:
            # any other value may be a key, or hold one, and is not shown
            shown = f" = {json.dumps(value, default=str)[:60]}" if key in _MODEL_KINDS else ""
            raise self.problem(f"{key}{shown}", str(problem)) from problem

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Refuse a key that nobody would read."""
        for key in self.rows:
            if key not in known:
                from legalgen.errors.suggestions import did_you_mean  # most files have no mistake

                close = did_you_mean(OTHER_NAMES.get(key, key), known)
                hint = close or f"; known are {', '.join(known)}"
                raise self.problem(key, f"is not known{hint}")

    def problem(self, key: str, what: str) -> ConfigurationError:
        """The error for one key."""
        return self._problem(f"[{self.place}] {key}", what)

    def _table(self, key: str, example: str) -> Mapping[str, object]:
        given = self.rows.get(key, {})
        if not isinstance(given, dict):
            raise self.problem(key, f"is a table: write {key} = {example}")
        return cast("Mapping[str, object]", given)

    def _prices(self) -> Mapping[str, float]:
        given = self._table("prices", "{ input = 0.2, output = 0.6 }")
        return prices(f"[{self.place}] prices", given, self._problem) if given else {}

    def _extra_body(self) -> Mapping[str, object]:
        given = self._table("extra_body", "{ top_k = 20 }")
        for key in given:
            if key in OURS:
                raise self.problem(
                    f"extra_body.{key}", "is what legalgen itself says; leave it out"
                )
            if key in CAPS:  # an answer that was cut off could not be given more room
                raise self.problem(
                    f"extra_body.{key}", "is worked out for each call; max_output is its bound"
                )
        try:
            json.dumps(given, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise self.problem(
                "extra_body", "holds what JSON cannot: write texts, numbers, true, false and tables"
            ) from error
        return given

    def _headers(self) -> Mapping[str, Secret]:
        given = self._table("headers", '{ "X-Team" = "law" }')
        for name, value in given.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise self.problem(f"headers.{name}", "cannot be the name of a header")
            if name.lower() in _FRAMING:
                raise self.problem(f"headers.{name}", "is what legalgen itself says; leave it out")
            if not (isinstance(value, str) and value.isascii() and value.isprintable() and value):
                raise self.problem(f"headers.{name}", "is no text of printable ASCII")
        return {name: Secret(str(value)) for name, value in given.items()}


def server_spec(name: str, table: ProviderSettings) -> ProviderSpec:
    """A server of the user's own, as a provider."""
    from legalgen.providers.presets import presets  # most files name no server

    preset = presets().get(table.preset or "")
    return ProviderSpec(
        name,
        table.base_url,
        needs_key=preset is not None and not preset.local and preset.owns(table.base_url or ""),
        extra="openai",
        speaks="openai",
        key_variable=table.key_variable
        or (preset.key_variable if preset and preset.key_variable else "")
        or own_variable(name, "API_KEY"),
        by_default=table.failover,
    )


def borrowed_variable(table: ProviderSettings) -> str | None:
    """The variable that the vendor's own tools read, if the server is the vendor's."""
    from legalgen.providers.presets import presets  # most files name no server

    preset = presets().get(table.preset or "") if table.server else None
    return preset.key_variable if preset and preset.owns(table.base_url or "") else None


def preset_table(name: str) -> ProviderSettings | None:
    """A server that is named as a preset is, and of which the file says nothing."""
    from legalgen.providers.presets import presets  # most commands name no server

    preset = presets().get(name)
    if preset is None or preset.base_url is None:
        return None
    return ProviderSettings(base_url=preset.base_url, server=True, preset=name)


def prices(where: str, rows: Mapping[str, object], problem: Problem) -> Mapping[str, float]:
    """US dollars a million tokens, by ``PRICE_KEYS``.

    Raises:
        ConfigurationError: a key is missing or not known, or a price cannot be one.
    """
    for key in rows:
        if key not in PRICE_KEYS:
            raise problem(f"{where} {key}", f"is not known; known are {', '.join(PRICE_KEYS)}")
    for key in PRICE_KEYS[:2]:
        if key not in rows:
            raise problem(f"{where} {key}", "is missing: US dollars a million tokens")
    return {
        key: amount(f"{where} {key}", value, problem, HIGHEST_PRICE) for key, value in rows.items()
    }


def amount(where: str, value: object, problem: Problem, most: float) -> float:
    """A number from 0 to ``most``.

    Raises:
        ConfigurationError: it is none.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= cast("float", value) <= most):
        shown = json.dumps(value, default=str, ensure_ascii=False)[:60]
        raise problem(f"{where} = {shown}", f"not a number from 0 to {most:.0f}")
    return float(cast("float", value))
