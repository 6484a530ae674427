"""The values that a shell offers after an option: fixed words, or names that are looked up.

Only what the values themselves need is imported, by the function that needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from legalgen.law.taxonomy import Taxonomy
    from legalgen.settings.layers import Settings

Given = Mapping[str, str]
"""The options before the cursor with their values, by the first of their names: ``--provider``."""


class Offer:
    """What may follow an option: ``words``, or what the name ``of`` in ``FINDERS`` finds.

    Typer calls it in shells that it answers itself. No msgspec struct, because loading msgspec
    takes longer than all that words alone need.
    """

    __slots__ = ("of", "words")
    of: str  # Typer asks what it calls for annotations
    words: tuple[str, ...]

    def __init__(self, of: str = "", words: Iterable[str] = ()) -> None:
        self.of = of
        self.words = tuple(words)

    def __call__(self, incomplete: str) -> list[str]:
        """What may be written in place of ``incomplete``, with nothing before it."""
        return self.beginning(incomplete, {})

    def beginning(self, incomplete: str, given: Given) -> list[str]:
        """What may be written in place of ``incomplete``; the last of several names is completed.

        Nothing where the settings cannot be read: a shell has no place to complain in.
        """
        if not self.of:
            return [word for word in self.words if word.startswith(incomplete)]
        before, comma, last = incomplete.rpartition(",")
        found = FINDERS[self.of](given)
        return [f"{before}{comma}{word}" for word in found if word.startswith(last)]


def among(words: Iterable[str]) -> Offer:
    """One of some words."""
    return Offer(words=words)


# ----------------------------------------------------------------- what is looked up


Lookup = Callable[[Given], Iterable[str]]
Find = Callable[["Settings", Given], Iterable[str]]


def _with_settings(find: Find, otherwise: Lookup = lambda _: ()) -> Lookup:
    """``find`` with the settings of the line; ``otherwise`` where they cannot be read."""

    def found(given: Given) -> Iterable[str]:
        from legalgen.errors import LegalgenError

        try:
            return list(find(_settings(given), given))
        except (LegalgenError, OSError):
            return otherwise(given)

    return found


def _settings(given: Given) -> Settings:
    from legalgen.settings.layers import Settings, find_config

    flags = {name: given[f] for name, f in _DECIDING.items() if given.get(f)}
    return Settings.load(flags, os.environ, find_config(os.environ, flag=given.get("--config")))


_DECIDING = {"data_dir": "--data-dir", "taxonomy": "--taxonomy"}
"""The settings that decide what there is to offer, with their flags."""


def _built_in(_: Given) -> Iterable[str]:
    from legalgen.providers import PROVIDERS

    return PROVIDERS


def _models(settings: Settings, given: Given) -> Iterator[str]:
    provider = given.get("--provider")
    for ref in _targets(settings, given):
        of, _, model = ref.partition("/")
        if provider in (None, of):
            yield model


def _targets(settings: Settings, _: Given) -> Iterator[str]:
    from legalgen.providers.catalog import Catalog

    catalog = Catalog.load()
    for name in settings.specs():
        own = settings.table(name).models
        listed = [spec.id for spec in catalog.models(name)]
        yield from (f"{name}/{model}" for model in dict.fromkeys([*own, *listed]))


def _of_taxonomy(ids: Callable[[Taxonomy], Iterable[str]]) -> Lookup:
    def find(settings: Settings, _: Given) -> Iterable[str]:
        from legalgen.law.taxonomy import Taxonomy

        return dict.fromkeys(ids(Taxonomy.load(settings.taxonomy)))

    return _with_settings(find)


def _batches(settings: Settings, _: Given) -> list[str]:
    """The ids by the names of their records, newest first; no record is read."""
    from legalgen.store.files import DataDir, listed

    return [path.stem for path in listed(DataDir(settings.data_dir).batches, "*.json")][::-1]


FINDERS: Mapping[str, Lookup] = {
    "providers": _with_settings(lambda settings, _: settings.specs(), otherwise=_built_in),
    "built_in": _built_in,
    "models": _with_settings(_models),
    "targets": _with_settings(_targets),
    "jurisdictions": _of_taxonomy(lambda all_: (each.id for each in all_.jurisdictions)),
    "areas": _of_taxonomy(lambda all_: (each.id for each in all_.areas)),
    "topics": _of_taxonomy(lambda all_: (each.id for each in all_.leaves())),
    "difficulties": _of_taxonomy(lambda all_: (each.id for each in all_.difficulties)),
    "sample_types": _of_taxonomy(lambda all_: (each.id for each in all_.sample_types)),
    "batches": _with_settings(_batches),
}
"""By name, what there is."""

OF_SETTINGS: Mapping[str, Offer] = {
    "provider": Offer("providers"),
    "model": Offer("models"),
    "route": Offer("targets"),
    "judge": Offer("targets"),
    "jurisdiction": Offer("jurisdictions"),
    "practice_area": Offer("areas"),
    "topic": Offer("topics"),
    "difficulty": Offer("difficulties"),
    "sample_type": Offer("sample_types"),
}
"""By the name of a setting, where its kind does not list all the words."""
