"""history: what was done, by batch, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, cast, get_args

import msgspec

from legalgen.commands.running import again, existing
from legalgen.commands.shell_completion import BATCH_STATUSES
from legalgen.errors import UsageError
from legalgen.errors.durations import duration_s
from legalgen.errors.plurals import plural
from legalgen.errors.suggestions import did_you_mean
from legalgen.settings.layers import Settings
from legalgen.settings.types import parse_duration
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record, UnreadableRecord
from legalgen.store.outlays import By, Outlay, in_all, outlays
from legalgen.ui.console import Console, history_row

LONGEST_AGO_S = 1e9
"""Over thirty years; a duration of more is none that ``parse_duration`` reads."""


class HistoryQuery(msgspec.Struct, frozen=True):
    """Which batches ``history`` was asked for. ``since`` is a date or a duration ago."""

    batch_id: str | None = None
    limit: int = 20
    status: str | None = None
    provider: str | None = None
    since: str | None = None
    why: bool = False
    spend: bool = False
    by: str = "day"


def show_history(settings: Settings, console: Console, query: HistoryQuery) -> int:
    """What was done: a table, or one batch in full."""
    named = settings.origin("data_dir").source == "flag"  # else there is none before a first batch
    ledger = Ledger(existing(settings) if named else DataDir(settings.data_dir))
    since = None if query.since is None else _moment(query.since)
    if query.batch_id is not None or query.why:
        record = ledger.find(query.batch_id) if query.batch_id else _newest(ledger, settings)
        console.record(record, ledger.status_of(record), again(settings), why=query.why)
        return 0
    if query.status is not None and query.status not in BATCH_STATUSES:
        raise UsageError(
            f"--status {query.status}: there is no such status"
            f"{did_you_mean(query.status, BATCH_STATUSES)}; there are: {', '.join(BATCH_STATUSES)}"
        )
    _check_provider(ledger, query.provider)
    if query.spend:
        unread = sum(isinstance(entry, UnreadableRecord) for entry in ledger.newest())
        if unread:
            told = f"{plural(unread, 'record')} cannot be read: what they spent is not counted"
            console.talk(f"{told}; `legalgen dataset verify` names them")
        rows = _spent(ledger, query, since)
        console.spend(rows, in_all(rows), query.by)
        return 0
    none = ""
    if query.status is None and query.provider is None and since is None:
        none = f"There is no batch yet. A first one: legalgen batch --count 3{again(settings)}"
    console.history(islice(_matching(ledger, query, since), query.limit), none=none)
    return 0


def _spent(ledger: Ledger, query: HistoryQuery, since: datetime | None) -> list[Outlay]:
    """What the batches asked for have cost; the caps of a day and a month go by the same."""
    if query.by not in get_args(By):
        raise UsageError(f"--by {query.by}: there are: {', '.join(get_args(By))}")
    records = [
        entry
        for entry in ledger.newest()
        if isinstance(entry, Record)
        and _has_provider(entry, query.provider)
        and (query.status is None or ledger.status_of(entry) == query.status)
    ]
    first_day = None if since is None else since.astimezone(UTC).date()
    return outlays(records, cast("By", query.by), first_day)


def _check_provider(ledger: Ledger, name: str | None) -> None:
    """Refuse a provider that there is none of, and that no batch here has ever used."""
    from legalgen.completion import vendor_of  # few ask for one
    from legalgen.providers import PROVIDERS  # few ask for one
    from legalgen.providers.presets import presets  # few ask for one
    from legalgen.routing.route import unknown_provider  # few ask for one

    if name is None or vendor_of(name) in PROVIDERS or vendor_of(name) in presets():
        return
    records = (entry for entry in ledger.newest() if isinstance(entry, Record))
    used = {model.partition("/")[0] for record in records for model in record.models}
    if name not in used:
        known = dict.fromkeys([*PROVIDERS, *sorted(used)])
        raise UsageError(unknown_provider(f"--provider {name}", name, known))


def _newest(ledger: Ledger, settings: Settings) -> Record:
    for entry in ledger.newest():
        if isinstance(entry, Record):
            return entry
    raise UsageError(f"there is no batch in {settings.data_dir}")


def _matching(
    ledger: Ledger, query: HistoryQuery, since: datetime | None
) -> Iterator[dict[str, Any]]:
    """The rows of the batches asked for, newest first; no more are read than are taken.

    One that began before ``since`` does not end them: an id tells when a batch began by a clock
    that may have been set since, and the record tells it by the clock as it is now.
    """
    for entry in ledger.newest():
        if isinstance(entry, UnreadableRecord):
            if query.status in (None, "unreadable") and not (query.provider or since):
                yield history_row(entry, "unreadable")
            continue
        if since is not None and entry.started < since:
            continue
        status = ledger.status_of(entry)
        if query.status in (None, status) and _has_provider(entry, query.provider):
            yield history_row(entry, status)


def _has_provider(record: Record, provider: str | None) -> bool:
    return provider is None or any(name.startswith(f"{provider}/") for name in record.models)


def _moment(text: str) -> datetime:
    """The moment of a date (``2026-11-20``, in local time) or of so long ago (``36h``).

    A number alone is neither: ``2026`` may be meant as a year, ``5`` as days.
    """
    told = f"--since {text}: write a date (2026-11-20) or 36h, 7d"
    try:
        return datetime.fromisoformat(text).astimezone()
    except OverflowError as error:  # the first day that there is, in another time zone
        raise UsageError(told) from error
    except ValueError:  # not a date: then a duration
        pass
    if re.fullmatch(r"[\d.]+", text.strip()):
        raise UsageError(told)
    if (duration_s(text) or 0.0) > LONGEST_AGO_S:
        raise UsageError(f"--since {text}: no batch is so old; for all leave --since out")
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise UsageError(told) from error
