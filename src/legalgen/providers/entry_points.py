"""Providers that other packages bring, by the entry point group ``legalgen.providers``.

An entry point is called as the provider is, and names a ``ProviderSpec``::

    [project.entry-points."legalgen.providers"]
    acme = "legalgen_acme:SPEC"

The module of the spec is imported whenever the program starts, so it should import nothing heavy;
``implementation`` names the one with ``open_provider``, the spec's own where it is empty.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from legalgen.errors import ConfigurationError
from legalgen.providers.presets import presets
from legalgen.providers.spec import ProviderSpec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "legalgen.providers"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class Brought(msgspec.Struct, frozen=True):
    """What packages bring: providers, and by name a sentence on each that cannot be used."""

    specs: tuple[ProviderSpec, ...] = ()
    faults: Mapping[str, str] = {}


def brought(taken: Collection[str]) -> Brought:
    """The providers of other packages; none of the names ``taken`` may be one.

    A package that cannot be used stops neither the others nor this program.
    """
    if not any(_mention_group(sys.path)):
        return Brought()
    from importlib.metadata import entry_points  # 55 ms, and few have such a package

    taken = {*taken, *presets()}
    specs: dict[str, ProviderSpec] = {}
    faults: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda each: (each.name, _package(each))):
        try:
            specs[entry.name] = _spec(entry, {*taken, *specs})
        except ConfigurationError as error:
            faults[entry.name] = "; ".join(filter(None, (faults.get(entry.name), str(error))))
    return Brought(tuple(specs.values()), faults)


def _mention_group(folders: Iterable[str]) -> Iterator[bool]:
    """Whether each installed package's entry points may be of our group, by their text alone.

    2 ms for a hundred packages, of which ``importlib.metadata`` takes 60.
    """
    for folder in folders:
        with suppress(OSError), os.scandir(folder or ".") as found:  # a path need not exist
            for each in found:
                if each.name.endswith((".dist-info", ".egg-info")):
                    yield _mentions_group(f"{each.path}/entry_points.txt")


def _mentions_group(path: str) -> bool:
    with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - counts at every start
        return GROUP.encode() in file.read()
    return False


def _spec(entry: EntryPoint, taken: Collection[str]) -> ProviderSpec:
    package = _package(entry)
    said = f"the provider {entry.name} of the package {package}"
    if not _NAME.fullmatch(entry.name):
        raise ConfigurationError(
            f"{said} cannot be used: its name is not of small letters, digits, dots and dashes"
        )
    if entry.name in taken:
        raise ConfigurationError(f"{said} cannot be used: there is a provider of that name already")
    spec = _loaded(entry, said)
    if not isinstance(spec, ProviderSpec):
        raise ConfigurationError(
            f"{said} cannot be used: {entry.value} is no ProviderSpec, but {type(spec).__name__}"
        )
    if spec.name != entry.name:
        raise ConfigurationError(f"{said} cannot be used: its spec is called {spec.name!r}")
    implementation = spec.implementation or entry.module
    return replace(spec, package=package, implementation=implementation)


def _loaded(entry: EntryPoint, said: str) -> object:
    try:
        return entry.load()
    except Exception as error:  # foreign code may raise anything
        raise ConfigurationError(
            f"{said} cannot be used: {entry.value} fails ({in_words(error)})"
        ) from error


def in_words(error: Exception) -> str:
    """What the code of another package raised, in at most 200 characters."""
    return f"{type(error).__name__}: {error}"[:200]


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
