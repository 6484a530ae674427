"""models: what can be used, live, and how healthy it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from legalgen.commands.running import warn
from legalgen.errors import NoUsableProvider
from legalgen.providers import PROVIDERS
from legalgen.settings.layers import Settings
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger
from legalgen.telemetry.slow import told_when_slow
from legalgen.ui.console import Console


def _brought(settings: Settings) -> Iterator[str]:
    """The providers that other packages bring, and those of them that cannot be used."""
    for name, spec in PROVIDERS.items():
        if spec.package and settings.provider in (None, name):
            yield f"{name} comes from the package {spec.package}"
    yield from PROVIDERS.faults.values()


class ModelsQuery(msgspec.Struct, frozen=True):
    """What ``models`` was asked to do beyond showing what is known."""

    check: bool = False
    refresh: bool = False
    compare: bool = False
    everything: bool = False


def show_models(settings: Settings, console: Console, query: ModelsQuery) -> int:
    """Which models there are, and what is known of them; 3 when none of those checked answers."""
    from legalgen.routing import inventory  # history and models need none of it
    from legalgen.routing.from_settings import check_base_url  # nor of this

    warn(settings, console)
    check_base_url(settings, [settings.provider or "openai"])
    for said in _brought(settings):
        console.talk(said)
    ledger, now = Ledger(DataDir(settings.data_dir)), datetime.now(UTC)
    rows = inventory.model_rows(settings, ledger.newest(), now, everything=query.everything)
    most_s = inventory.CHECK_TIMEOUT_S
    asking = f"Asking the models, {most_s:.0f} s at most for each."
    with told_when_slow(console.hint, asking):
        rows = inventory.check(settings, rows) if query.check else rows
    # of a server of the user's own nothing is known but what it lists itself
    listed = query.refresh or (settings.provider is not None and not rows)
    asking = f"Asking for the lists of models, {most_s:.0f} s at most."
    with told_when_slow(console.hint, asking):
        listings = inventory.refresh(settings) if listed else []
    if settings.provider is not None and not rows and not listings:
        from legalgen.routing.doctor import without_access  # it looks at much else

        lacks = without_access(settings, settings.provider)
        console.talk(f"{lacks.name}: {lacks.found}: {lacks.remedy}")
    console.models(
        rows,
        now,
        listings=listings if query.refresh or listings else None,
        compared=inventory.compared(settings, ledger.newest()) if query.compare else None,
        checked=query.check,
        share=settings.quota_share,
    )
    checks = [row.check for row in rows if row.check is not None]
    silent = query.check and not any(check.ok for check in checks)
    return NoUsableProvider.exit_code if silent else 0
