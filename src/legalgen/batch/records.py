"""From settings to the record of a batch, and back to the settings of one that is resumed."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from legalgen import __version__
from legalgen.batch.intent import Intent
from legalgen.completion import vendor_of
from legalgen.errors import UsageError
from legalgen.providers.addresses import shown_address
from legalgen.providers.catalog import Catalog
from legalgen.quality.from_settings import excluded_files, rules_of
from legalgen.routing import from_settings as routing
from legalgen.settings.layers import SETTINGS, Settings, of_flag
from legalgen.store.ledger import Record, new_batch_id, this_process

KEPT = tuple(each.name for each in SETTINGS if each.resumed == "kept")
"""Settings that make a batch what it is: a resumed one keeps them."""
AS_OF = "law_as_of"
"""The month that the user set, in a record's parameters. Records of earlier versions have the month
in which they began as ``as_of``: a resumed batch takes the rule instead."""
FILES = tuple(each.name for each in SETTINGS if each.resumed == "file")
"""Settings that name a file a batch is made from: a resumed one reads them again."""
CHANGEABLE = tuple(each.name for each in SETTINGS if each.resumed == "changeable")
"""Settings that a resumed batch keeps unless new ones are given."""
BOUNDS = ("max_cost", "max_tokens")
"""Bounds on the whole batch: kept where the command set them, as its variables and its file do so
again themselves."""


def new_record(
    settings: Settings,
    intent: Intent,
    *,
    rows: int,
    rehearsal: bool,
    now: datetime,
    batch_id: str | None = None,
) -> Record:
    """The record of a batch that begins now over a dataset of ``rows`` rows."""
    return Record(
        id=batch_id or new_batch_id(now, random.Random()),
        kind="batch" if intent.kind == "batch" else "generate",
        status="running",
        command=intent.command,
        process=this_process(),
        version=__version__,
        started=now,
        updated=now,
        parameters=_parameters(settings),
        seed=settings.seed if settings.seed is not None else random.randrange(2**31),
        rehearsal=rehearsal,
        target=intent.target(rows),
    )


def _parameters(settings: Settings) -> dict[str, object]:
    chosen = {name: _plain(getattr(settings, name)) for name in (*KEPT, *CHANGEABLE)}
    if settings.origin("reasoning_effort").source == "default":
        chosen["reasoning_effort"] = None  # a resumed batch was not asked for it either
    chosen["base_url"] = _kept_address(settings)
    chosen |= _writers(settings) | dict.fromkeys(BOUNDS) | _bounds(settings)
    excluded = excluded_files(settings)
    return {
        **{name: value for name, value in chosen.items() if value not in (None, [], "")},
        **({AS_OF: settings.as_of} if settings.as_of else {}),
        **{name: _named(getattr(settings, name)) for name in FILES},
        "gate_digest": rules_of(settings).digest(),
        **({"excluded": [each.words for each in excluded]} if excluded else {}),
    }


def _bounds(settings: Settings) -> dict[str, object]:
    return {
        name: getattr(settings, name) for name in BOUNDS if settings.origin(name).source == "flag"
    }


def note_bounds(record: Record, settings: Settings) -> None:
    """Write down the bounds that a resuming command set: they hold until others are given."""
    record.parameters = {**record.parameters, **_bounds(settings)}


def _writers(settings: Settings) -> dict[str, object]:
    """Who writes, as a record names it: what of the layers came to count."""
    request = routing.route_request(settings, Catalog.load())
    return {
        "route": _plain(request.route),
        "provider": None if request.route else request.provider,
        "model": None if request.route else request.model,
    }


def _kept_address(settings: Settings) -> str | None:
    """The address that the command named, if there is no key in it: no variable and no file tells
    it to whoever resumes the batch."""
    address = settings.base_url
    if address is None or settings.origin("base_url").source != "flag":
        return None
    return address if shown_address(address) == address else None


def note_address(record: Record, settings: Settings) -> None:
    """Write down the server that a resuming command named: the batch goes on there from now on.

    Not where the command named other models too: those are for this once, and the batch's own may
    have no use for the address.
    """
    if settings.origin("base_url").source != "flag":
        return
    kept = record.parameters
    if any(value and kept.get(name) != value for name, value in _writers(settings).items()):
        return
    address = _kept_address(settings)
    kept = {name: value for name, value in kept.items() if name != "base_url"}
    record.parameters = kept if address is None else {**kept, "base_url": address}


def resumed_flags(record: Record, flags: Mapping[str, object]) -> dict[str, object]:
    """The flags of a resumed batch: its own, and of the new ones those that may change."""
    kept = {
        name: value for name, value in record.parameters.items() if name in (*KEPT, *CHANGEABLE)
    }
    if record.parameters.get(AS_OF):
        kept["as_of"] = record.parameters[AS_OF]
    seed = flags.get("seed")
    if seed is not None and str(seed) != str(record.seed):
        raise UsageError(f"--seed cannot change on --resume: batch {record.id} keeps its own")
    for each in SETTINGS:
        given = flags.get(each.name) if each.name in (*KEPT, "as_of") else None
        if given and _plain(of_flag(each, given)) != kept.get(each.name):
            raise UsageError(
                f"{each.flag} cannot change on --resume: batch {record.id} keeps its own"
            )
    dropped = {"provider", "model"} if kept.get("route") else set()
    if any(flags.get(name) for name in ("provider", "model", "route")):
        dropped = {"provider", "model", "route"}
        dropped |= set() if "openai" in _named_providers(flags) else {"base_url"}
    kept = {name: value for name, value in kept.items() if name not in dropped}
    kept |= {name: path for name in FILES if (path := record.parameters.get(name))}
    given_flags = {name: value for name, value in flags.items() if value not in (None, [], ())}
    return {**kept, **given_flags}


def _named_providers(flags: Mapping[str, object]) -> set[str]:
    """The providers that a command line names: ``groq`` of ``groq#2/openai/gpt-oss-120b``."""
    route: Any = flags.get("route") or ()
    targets = route if isinstance(route, str) else ",".join(map(str, route))
    named = f"{flags.get('provider') or ''},{targets}".split(",")
    return {vendor_of(each.strip().partition("/")[0]) for each in named} - {""}


def resumed_settings(record: Record, settings: Settings) -> Settings:
    """The settings of a resumed batch, without what the environment or the file added since.

    What makes a batch what it is was written into its record; what is not there was not set.
    """
    unset: dict[str, Any] = {
        each.name: each.default
        for each in SETTINGS
        if (each.name in KEPT and each.name not in record.parameters)
        or (each.name in FILES and _is_added(each.name, record, settings))
        or (each.name == "as_of" and AS_OF not in record.parameters)
    }
    return dataclasses.replace(settings, **unset)


def check_address(record: Record, asked: Settings, resumed: Settings) -> None:
    """That no key goes to an address that only the record names: who wrote the file would get it.

    ``asked`` are the settings of the resuming command alone.

    Raises:
        UsageError: one would.
    """
    address = resumed.base_url
    if address != asked.base_url and asked.keys("openai") and resumed.keys("openai"):
        raise UsageError(
            f"batch {record.id} was begun with --base-url {address}, and there is a key for it "
            "now: give --base-url again, so that the key goes where you say"
        )


def _is_added(name: str, record: Record, settings: Settings) -> bool:
    """Whether the environment or the config file names a file that the batch began without."""
    without = name in record.parameters and record.parameters[name] is None
    return without and settings.origin(name).source != "flag"


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return [str(item) for item in value]
    return value


def _named(files: Path | tuple[Path, ...] | None) -> object:
    """A file as a record names it; of several that may be named, each."""
    if isinstance(files, tuple):
        return [str(file) for file in files] or None
    return None if files is None else str(files)
