"""A session at a provider's batch service, from settings, an intent and an order."""

from __future__ import annotations

from msgspec.structs import replace

from legalgen.batch.bulk import steps
from legalgen.batch.bulk.executor import BulkExecutor
from legalgen.batch.bulk.reading import ChunkReader
from legalgen.batch.bulk.sending import ChunkSender
from legalgen.batch.bulk.work import open_site
from legalgen.batch.generation import Stop
from legalgen.batch.intent import BulkOrder, Intent
from legalgen.batch.opening import online, open_parts, session_of
from legalgen.batch.session import Session
from legalgen.errors import UsageError
from legalgen.providers.base import BulkProvider
from legalgen.providers.catalog import BulkTerms
from legalgen.settings.layers import Settings
from legalgen.telemetry import events


def open_bulk_run(
    settings: Settings,
    intent: Intent,
    order: BulkOrder,
    *,
    listener: events.Listener,
    stop: Stop,
    terms: BulkTerms | None = None,
    service: BulkProvider | None = None,
) -> Session:
    """Open it; no call is made. ``terms`` None: the catalog's; ``service``: the settings'.

    Raises:
        UsageError: the provider has no batch service, or there is nothing to cancel.
        ConfigurationError: a key, an address or a package cannot be used.
    """
    if settings.points:
        raise UsageError(
            f"{settings.written('points')}: a topic's points are asked for while its samples are "
            "written, which --bulk has done elsewhere; leave out one of the two"
        )
    run = open_parts(settings, intent, listener=listener, stop=stop)
    known = intent.resume.bulk if intent.resume is not None else None
    goes_online = known is not None and known.finish_online and not order.again
    order = replace(order, finish_online=order.finish_online or goes_online)
    if order.cancel and (known is None or not steps.outstanding(known)):
        raise UsageError("there is nothing to cancel: no provider works on this batch")
    name = known.provider if known else run.route.entries[0].ref.provider
    site = open_site(settings, name, run.data_dir, terms=terms, service=service)
    sender = ChunkSender(
        site,
        settings,
        run.route,
        run.endpoints,
        run.source,
        caps=run.policy.caps,
        unsupported=run.routers.writers.unsupported,
        resumed=intent.resume,
        stop=stop,
        reporter=run.reporter,
    )
    reader = ChunkReader(
        site,
        run.panel,
        run.prompter,
        run.source,
        run.space,
        settings=settings,
        routers=run.routers,
        data_dir=run.data_dir,
        ledger=run.ledger,
        resumed=intent.resume,
        stop=stop,
        reporter=run.reporter,
    )
    executor = BulkExecutor(
        order,
        site,
        sender,
        reader,
        online(run),
        resumed=intent.resume,
        max_time_s=settings.max_time,
        stop=stop,
        reporter=run.reporter,
    )
    return session_of(run, executor)
