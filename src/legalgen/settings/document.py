"""config.toml as it was read: the settings in it, and its tables of models, servers and weights.

Every complaint names the file, the table and the key, and says what would be right.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, cast

import msgspec

from legalgen.completion import LimitKind, LimitReading, LimitWindow, ModelRef, vendor_of
from legalgen.errors import ConfigurationError, UsageError
from legalgen.providers import PROVIDERS, own_variable
from legalgen.settings.declaration import Declaration, Origin, Resolved, T
from legalgen.settings.provider_tables import (
    OTHER_NAMES,
    PROVIDER_KEYS,
    SERVER_KEYS,
    ProviderSettings,
    TableReader,
    amount,
    prices,
)
from legalgen.settings.toml import read_toml
from legalgen.settings.types import HEAVIEST, LIMIT, Kind

WEIGHT_AXES = ("jurisdiction", "difficulty", "sample_type")
_LIMIT_KINDS: tuple[LimitKind, ...] = ("requests", "tokens", "input_tokens", "output_tokens")
_LIMIT_WINDOWS: tuple[LimitWindow, ...] = ("minute", "hour", "day")
LIMIT_KEYS: Mapping[str, tuple[LimitKind, LimitWindow]] = {
    f"{kind}_per_{window}": (kind, window) for kind in _LIMIT_KINDS for window in _LIMIT_WINDOWS
}
_MODEL_TABLES = ("limits", "prices")
"""Tables of a table for each model, whose name is ``provider/model``."""
_FREE_TABLES = ("providers", "servers", "limits", "prices", "gate", "weights")


class Document(msgspec.Struct, frozen=True):
    """config.toml as it was read; empty when there is none."""

    path: Path | None
    content: Mapping[str, object]
    settings: tuple[Declaration[Any], ...]

    @classmethod
    def read(cls, path: Path | None, settings: tuple[Declaration[Any], ...]) -> Document:
        """The file at ``path``, which may hold these settings and the tables of its own.

        Raises:
            ConfigurationError: it cannot be read, or is not TOML.
        """
        return cls(path, read_toml(path) if path else {}, settings)

    def table(self, name: str) -> Mapping[str, object]:
        """The table ``a.b``; empty when the file has none."""
        found: object = self.content
        for part in name.split(".") if name else ():
            found = cast("Mapping[str, object]", found).get(part, {})
            if not isinstance(found, dict):
                raise self._error(f"[{name}]", f"is a table: write [{name}] on a line of its own")
        return cast("Mapping[str, object]", found)

    def of(self, each: Declaration[Any]) -> Resolved | None:
        """What the file says of one setting; a path is taken from the file's own folder."""
        table = self.table(each.table)
        if each.key not in table:
            return None
        where = f"{self.path} {_in_table(each.table, each.key)}"
        value = parsed(each.kind, table[each.key], f"{where} =", ConfigurationError)
        if isinstance(value, Path) and self.path:  # cron's working folder is not the user's
            value = self.path.parent / value
        elif isinstance(value, tuple) and self.path:
            here = self.path.parent
            value = tuple(here / item if isinstance(item, Path) else item for item in value)
        return value, Origin("config", where)

    def check(self, known_providers: Collection[str] | None) -> None:
        """Refuse what no one would ever read."""
        tables = {each.table for each in self.settings if "." not in each.table}
        for table in sorted(tables):
            known = [each.key for each in self.settings if each.table == table]
            if not table:
                known += [*_FREE_TABLES, *sorted(filter(None, tables))]
            self._refuse_keys(f"[{table}]" if table else "", self.table(table), known)
        if known_providers is None:
            return
        for name in self.table("providers"):
            self._check_provider(name, f"[providers] {name}", known_providers)
        servers = tuple(self.table("servers"))
        for table in _MODEL_TABLES:
            for name in self.table(table):
                provider, slash, _ = name.partition("/")
                if slash:  # else it is told that it names no model
                    where = f'[{table}."{name}"]'
                    self._check_provider(
                        vendor_of(provider), where, (*known_providers, *servers), of_model=True
                    )

    def _check_provider(
        self, name: str, where: str, known: Collection[str], *, of_model: bool = False
    ) -> None:
        """Refuse a table that nobody would read, as there is no such provider. ``of_model``: it is
        of a model, which a preset may have.
        """
        if name in known:
            return
        from legalgen.errors.suggestions import did_you_mean  # most files have no mistake

        names = tuple(known)
        if of_model:
            from legalgen.providers.presets import presets  # most files state nothing of a model

            if name in presets():
                return
            names += tuple(presets())
        close = did_you_mean(name, names)
        hint = close or f"; a server of your own stands in [servers.{name}]"
        raise self._error(where, f"{f'the provider {name} ' * of_model}is not known{hint}")

    def unknown_models(self) -> Iterator[str]:
        """Models of ``[limits]`` and ``[prices]`` that no provider is known to have, each in a
        sentence: a list at run time may name them yet.
        """
        named = [(table, name) for table in _MODEL_TABLES for name in self.table(table)]
        if not named:
            return
        from legalgen.providers.catalog import Catalog  # most files state nothing of a model

        catalog, tables = Catalog.load(), self.providers()
        for table, name in named:
            ref = ModelRef.parse(name)
            spec = PROVIDERS.get(ref.vendor)
            own = tables.get(ref.vendor, ProviderSettings())
            listed = [each.id for each in catalog.models(ref.vendor)]
            if not listed or own.server or (spec is not None and spec.takes_files):
                continue  # such a provider has whatever models it has
            known = [*listed, *own.models]
            if ref.model not in known and catalog.retired(ref.vendor, ref.model) is None:
                from legalgen.errors.suggestions import did_you_mean  # most files have no mistake

                close = did_you_mean(ref.model, known)
                yield f'{self.path} [{table}."{name}"]: {ref.vendor} has no such model{close}'

    def providers(self) -> dict[str, ProviderSettings]:
        """The tables of providers and of servers, which share their names."""
        servers = {name: self._server(name) for name in self.table("servers")}
        return {**{name: self._provider(name) for name in self.table("providers")}, **servers}

    def limits(self) -> dict[ModelRef, tuple[LimitReading, ...]]:
        """``[limits."provider/model"]``: the limits that are stated, by model."""
        return dict(self._limits_of(name) for name in self.table("limits"))

    def prices(self) -> dict[ModelRef, Mapping[str, float]]:
        """US dollars a million tokens, by model and ``PRICE_KEYS``."""
        return dict(self._price_of(name) for name in self.table("prices"))

    def weights(self) -> dict[str, dict[str, float]]:
        """``[weights]``: how much of each is wanted, by axis and id."""
        for key in self.table("weights"):
            if key not in WEIGHT_AXES:  # which may be a setting, and belongs nowhere as a weight
                raise self._error(f"[weights] {key}", f"is not known{_closest(key, WEIGHT_AXES)}")
        return {axis: self._weights_of(axis) for axis in self.table("weights")}

    def warnings(self) -> list[str]:
        """Keys in a file that others can read."""
        holds_key = any(any(table.secrets()) for table in self.providers().values())
        if self.path is None or not holds_key:
            return []
        try:
            shared = self.path.stat().st_mode & 0o077
        except FileNotFoundError:  # it was taken away since it was read
            return []
        if not shared:
            return []
        cure = f"chmod 600 {shlex.quote(str(self.path))}"
        return [f"{self.path} holds keys and others can read it: {cure}"]

    def _provider(self, name: str) -> ProviderSettings:
        place, rows = f"providers.{name}", self._rows_of("providers", name)
        spec = PROVIDERS.get(name)
        options = [each.key for each in spec.options] if spec else []
        self._refuse_keys(f"[{place}]", rows, (*PROVIDER_KEYS, *options))
        folder_of_file = self.path.parent if self.path else None
        return TableReader(place, rows, self._error).provider(folder_of_file, options)

    def _server(self, name: str) -> ProviderSettings:
        place, rows = f"servers.{name}", self._rows_of("servers", name)
        self._refuse_keys(f"[{place}]", rows, SERVER_KEYS)
        return TableReader(place, rows, self._error).server(name, PROVIDERS)

    def _rows_of(self, kind: str, name: str) -> Mapping[str, object]:
        """The table of a provider or a server, whose name may hold dots."""
        rows = self.table(kind)[name]
        if not isinstance(rows, dict):
            place = f"{kind}.{name}"
            raise self._error(f"[{place}]", f"is a table: write [{place}] on a line of its own")
        return cast("Mapping[str, object]", rows)

    def unused_keys(self, environ: Mapping[str, str]) -> list[str]:
        """Several keys in the file that a variable takes the place of."""
        several = [name for name, table in self.providers().items() if table.keys]
        set_too = [(name, own_variable(name, "API_KEY")) for name in several]
        return [
            f"{variable} is set and takes the place of all keys of {name} in {self.path}"
            for name, variable in set_too
            if environ.get(variable, "").strip()
        ]

    def _limits_of(self, name: str) -> tuple[ModelRef, tuple[LimitReading, ...]]:
        rows = self._rows("limits", name)
        where = f'[limits."{name}"]'
        self._refuse_keys(where, rows, LIMIT_KEYS)
        try:
            ref = ModelRef.parse(name)
        except ValueError as problem:
            raise self._error(where, str(problem)) from problem
        numbers = {
            key: parsed(LIMIT, value, f"{self.path} {where} {key} =", ConfigurationError)
            for key, value in rows.items()
        }
        return ref, tuple(
            LimitReading(*LIMIT_KEYS[key], limit=number) for key, number in numbers.items()
        )

    def _price_of(self, name: str) -> tuple[ModelRef, Mapping[str, float]]:
        rows = self._rows("prices", name)
        where = f'[prices."{name}"]'
        try:
            ref = ModelRef.parse(name)
        except ValueError as problem:
            raise self._error(where, str(problem)) from problem
        return ref, prices(where, rows, self._error)

    def _weights_of(self, axis: str) -> dict[str, float]:
        return {
            name: amount(f"[weights.{axis}] {name}", value, self._error, HEAVIEST)
            for name, value in self._rows("weights", axis).items()
        }

    def _rows(self, table: str, name: str) -> Mapping[str, object]:
        """The rows of a table whose name may hold dots."""
        rows = self.table(table)[name]
        if not isinstance(rows, dict):
            raise self._error(f'[{table}."{name}"]', "is a table of its own")
        return cast("Mapping[str, object]", rows)

    def _refuse_keys(self, where: str, rows: Mapping[str, object], known: Collection[str]) -> None:
        for key in rows:
            if key not in known:
                raise self._error(
                    f"{where} {key}".strip(), f"is not known{self._place_of(key, known)}"
                )

    def _place_of(self, key: str, known: Collection[str]) -> str:
        """Where an unknown key belongs, or the closest known one, or all that are known."""
        if (meant := OTHER_NAMES.get(key)) in known:
            return f"; did you mean {meant}?"
        for each in self.settings:
            if key in (each.key, each.name):
                return f"; it belongs {f'in [{each.table}]' if each.table else 'at the top'}" + (
                    f" as {each.key}" if each.key != key else ""
                )
        return _closest(key, known)

    def _error(self, where: str, problem: str) -> ConfigurationError:
        return ConfigurationError(sentence(f"{self.path} {where}: {problem}"))


def _closest(key: str, known: Collection[str]) -> str:
    """The known key that may be meant, or all that are known."""
    from legalgen.errors.suggestions import did_you_mean  # most files contain no mistake

    return did_you_mean(key, known) or f"; known are {', '.join(known)}"


def _in_table(table: str, key: str) -> str:
    return f"[{table}] {key}" if table else key


def parsed(
    kind: Kind[T], value: object, where: str, error: type[UsageError | ConfigurationError]
) -> T:
    """The value as its kind reads it.

    Raises:
        error: it cannot be meant; the sentence names ``where`` it stands.
    """
    try:
        return kind.parse(value)
    except ValueError as problem:
        raise error(sentence(f"{where} {_quoted(value)}: {problem}")) from problem


def _quoted(value: object) -> str:
    """A value as an error may show it: short, on one line, without anything like a key."""
    is_day = isinstance(value, date | time)  # of TOML, which writes it without quotes
    text = str(value) if is_day else json.dumps(value, ensure_ascii=False, default=str)
    text = redacted(text)
    line = "".join(character if character.isprintable() else "�" for character in text)
    return f"{line[:60]}…" if len(line) > 60 else line


def redacted(text: str) -> str:
    """The text without anything like a key."""
    from legalgen.errors.redaction import redact  # its patterns; ``--help`` shows no value

    return redact(text)


def sentence(text: str) -> str:
    """With its full stop, unless it ends in a question."""
    return text if text.endswith("?") else f"{text}."
