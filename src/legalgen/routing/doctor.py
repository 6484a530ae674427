"""What on this machine could keep a batch from working, and what to do about it.

It changes nothing and costs nothing: of the vendors it asks their free lists of models alone.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import msgspec

from legalgen import __version__
from legalgen.completion import vendor_of
from legalgen.errors import ConfigurationError, DiskError
from legalgen.errors.plurals import plural
from legalgen.providers import PROVIDERS, ProviderSpec
from legalgen.providers._environment import usable_proxies
from legalgen.providers.installing import install_command, missing
from legalgen.providers.server_time import seconds_ahead
from legalgen.routing import inventory
from legalgen.routing.route import rehearsal_command
from legalgen.settings.layers import Settings
from legalgen.settings.reading import is_folder, is_there, reason_of
from legalgen.store.files import DataDir, listed
from legalgen.store.ledger import Ledger, Record

Condition = Literal["ok", "note", "bad"]
PACKAGES = (
    "groq",
    "cerebras-cloud-sdk",
    "httpx",
    "pyarrow",
    "msgspec",
    "typer",
    "rich",
    "tenacity",
)
LEAST_FREE_BYTES = 1 << 30
"""A hundred thousand rows with their journal and a compaction need less."""
NO_PROVIDER = "providers"
"""The name of the finding that no vendor or server answers."""
CLOCK_TOLERANCE_S = 60.0
"""Quotas that refill by the clock are misjudged by this much at the most."""


class Diagnosis(msgspec.Struct, frozen=True):
    """One thing that was looked at. ``bad``: no batch works so; ``note``: one may."""

    name: str
    state: Condition
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Diagnosis]:
    """Look at everything; the vendors are asked for their lists of models at once."""
    return list(_findings(settings))


def _findings(settings: Settings) -> Iterator[Diagnosis]:
    yield _python()
    yield from _packages()
    yield from _config(settings)
    yield from _providers(settings)
    yield _proxy()
    yield _clock(settings)
    for name, folder in (
        ("data dir", settings.data_dir),
        ("state dir", settings.state_dir),
        ("log dir", settings.log_dir),
    ):
        found = _folder(name, folder)
        yield found
        if name == "data dir" and found.state != "bad":
            yield from _data_dir(settings)


def _python() -> Diagnosis:
    at = f"Python {platform.python_version()} in {sys.prefix}, {platform.platform(terse=True)}"
    return Diagnosis("legalgen", "ok", f"{__version__}, {at}")


def _packages() -> Iterator[Diagnosis]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Diagnosis(name, "bad", "not installed", install_command([name]))
    yield Diagnosis("packages", "ok", ", ".join(found))
    for spec in PROVIDERS.values():
        if spec.extra and (needed := missing(spec.name)):
            yield Diagnosis(
                f"extra [{spec.extra}]",
                "note",
                f"not installed; only --provider {spec.name} needs it",
                install_command(needed),
            )
        elif spec.extra:
            yield Diagnosis(f"extra [{spec.extra}]", "ok", "installed")
        if spec.package:
            yield Diagnosis(f"provider {spec.name}", "ok", f"from the package {spec.package}")
    for name, fault in PROVIDERS.faults.items():
        yield Diagnosis(f"provider {name}", "note", fault, "mend the package, or uninstall it")


def _config(settings: Settings) -> Iterator[Diagnosis]:
    yield Diagnosis("config file", "ok", str(settings.config_file or "none"))
    for warning in settings.warnings:
        yield Diagnosis("config file", "note", warning)


def _providers(settings: Settings) -> Iterator[Diagnosis]:
    """The keys, by what each vendor's list of models says to them."""
    listings = {each.provider: each for each in inventory.refresh(settings, every=True)}
    specs = settings.specs()
    for name in dict.fromkeys([*specs, *listings]):  # a further key has a number beside its name
        if name in specs and not specs[name].remote:
            continue
        listing = listings.get(name)
        if listing is None:
            yield without_access(settings, name)
        elif listing.error and (needed := _packages_of(specs, name)):
            yield Diagnosis(name, "note", "its package is not installed", install_command(needed))
        elif listing.error:
            look = listing.remedy or f"legalgen models -p {name} --check"
            yield Diagnosis(name, "bad", listing.error, look)
        else:
            gone = f"; not on its list: {', '.join(listing.gone)}" if listing.gone else ""
            yield Diagnosis(name, "ok", f"answers, {plural(listing.models, 'model')}{gone}")
    if not any(not each.error for each in listings.values()):
        yield Diagnosis(
            NO_PROVIDER, "bad", "none can be used", f"without a key: {rehearsal_command()}"
        )


def _packages_of(specs: Mapping[str, ProviderSpec], name: str) -> tuple[str, ...]:
    """What a provider or a server cannot be used without, and is not installed."""
    spec = specs.get(vendor_of(name))
    extra = spec.extra if spec is not None else None
    return missing(extra) if extra is not None and extra in PROVIDERS else ()


def without_access(settings: Settings, name: str) -> Diagnosis:
    """What a provider or a server lacks that cannot be asked."""
    spec = settings.spec(name) or settings.specs()[name]
    try:
        settings.key(name)
    except ConfigurationError as error:
        return Diagnosis(name, "bad", str(error))
    if spec.needs_key and spec.speaks:
        return Diagnosis(name, "note", "no key", f"set {spec.env_var}, or key in [servers.{name}]")
    if spec.needs_key:
        return Diagnosis(name, "note", "no key", f"legalgen config set-key {name}")
    return Diagnosis(name, "note", "no server is named", "--base-url http://host:port/v1")


def _proxy() -> Diagnosis:
    try:
        proxies = usable_proxies()
    except ConfigurationError as error:
        return Diagnosis("proxy", "bad", str(error))
    named = [pattern.removesuffix("://") for pattern, url in proxies.items() if url is not None]
    return Diagnosis("proxy", "ok", f"for {', '.join(named)}" if named else "none")


def _clock(settings: Settings) -> Diagnosis:
    """This machine's clock against the one of the first server that says its time."""
    for name, spec in PROVIDERS.items():
        try:
            set_by_user = settings.base_url_of(name)
        except ConfigurationError:  # told as the provider's own finding
            continue
        url = set_by_user[0] if set_by_user else spec.default_base_url
        ahead = seconds_ahead(url, time.time()) if url else None
        if ahead is None:
            continue
        if abs(ahead) <= CLOCK_TOLERANCE_S:
            return Diagnosis("clock", "ok", f"as {name}'s, to {max(1, round(abs(ahead)))} s")
        way = "ahead of" if ahead > 0 else "behind"
        return Diagnosis(
            "clock", "bad", f"{abs(ahead):,.0f} s {way} {name}'s", "set the clock (timedatectl)"
        )
    return Diagnosis("clock", "note", "no server said its time")


def _folder(name: str, folder: Path) -> Diagnosis:
    """Whether it can be written to, and how much room there is."""
    try:
        there = next(each for each in (folder, *folder.parents) if is_there(each))
    except OSError as error:
        return Diagnosis(name, "bad", f"{folder} cannot be looked at", reason_of(error, folder))
    usable = os.R_OK | os.W_OK | os.X_OK if there == folder else os.W_OK | os.X_OK
    if not is_folder(there) or not os.access(there, usable):
        return _unusable(name, folder, there)
    free = shutil.disk_usage(there).free
    made = "" if there == folder else " (made when it is needed)"
    found = f"{folder}{made}, {free / 1e9:,.1f} GB free"
    if free < LEAST_FREE_BYTES:
        return Diagnosis(name, "bad", found, "make room, or name another folder")
    return Diagnosis(name, "ok", found)


def _unusable(name: str, folder: Path, there: Path) -> Diagnosis:
    """Why a folder cannot be used; ``there`` is it, or what there is of its path."""
    flag = f"--{name.replace(' ', '-')} or LEGALGEN_{name.replace(' ', '_').upper()}"
    if not is_folder(there):
        return Diagnosis(name, "bad", f"{there} is no folder", f"name another place: {flag}")
    found = f"{folder} cannot be written to"
    if there == folder:
        return Diagnosis(name, "bad", found, f"chown or chmod {there}")
    return Diagnosis(
        name, "bad", found, f"have it made for your user, or name another place: {flag}"
    )


def _data_dir(settings: Settings) -> Iterator[Diagnosis]:
    """What stands in the data dir, as far as it can be looked at."""
    data_dir = DataDir(settings.data_dir)
    try:
        data_dir.check()
        found = list(_running(data_dir))
    except DiskError as error:
        yield Diagnosis("data dir", "bad", str(error))
    else:
        yield from found


def _running(data_dir: DataDir) -> Iterator[Diagnosis]:
    """Who holds the data dir, and whose rows wait to be sealed."""
    ledger = Ledger(data_dir)
    statuses = [
        (each, ledger.status_of(each)) for each in ledger.newest() if isinstance(each, Record)
    ]
    running = [each for each, status in statuses if status == "running"]
    for each in running:
        at = f"pid {each.process.pid} on {each.process.host}"
        yield Diagnosis(
            "running", "note", f"batch {each.id}, {at}", f"legalgen batch --stop {each.id}"
        )
    if not running:
        yield Diagnosis("running", "ok", "no batch")
    waiting = listed(data_dir.journal, "*.jsonl")
    if waiting and not running:
        yield Diagnosis(
            "journal",
            "note",
            f"{plural(len(waiting), 'segment')} of a batch that was killed; the next one seals it",
            "legalgen batch --resume",
        )
