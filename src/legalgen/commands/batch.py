"""batch: many samples, a new batch or one that goes on, and the plan of one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from legalgen.commands.ending import failure_json, stop_batch, tell_end
from legalgen.commands.running import again, check_outputs, command, default_max_wait_s, go
from legalgen.commands.shell_completion import RESUMABLE
from legalgen.completion import DAY_S
from legalgen.errors import BatchRunning, LegalgenError, UsageError
from legalgen.errors.exit_codes import Exit
from legalgen.settings.layers import Settings
from legalgen.settings.types import parse_duration
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record, UnreadableRecord
from legalgen.ui.console import Console, confirmed, result_json

if TYPE_CHECKING:
    from legalgen.batch.intent import BulkOrder, Intent
    from legalgen.batch.opening import RunParts

LONGEST_QUEUE_S = 365 * DAY_S


class BatchOrder(msgspec.Struct, frozen=True):
    """What ``batch`` was asked beyond settings."""

    batch_id: str | None = None
    resume: bool = False
    until_total: int | None = None
    wait: bool = False
    wait_max: str | None = None
    bulk: bool = False
    follow: bool = False
    finish_online: bool = False
    cancel: bool = False
    yes: bool = False
    strict: bool = False
    stop: bool = False


def run_batch(
    flags: dict[str, object],
    order: BatchOrder,
    load: Callable[[dict[str, object]], Settings],
    talk: Callable[[Settings], Console],
) -> int:
    """Many samples: a new batch, or one that goes on."""
    if order.stop:
        settings = load(flags)
        return stop_batch(settings, talk(settings), order.batch_id)
    settings, intent = _intended(flags, order, load)
    bulk = _bulk_order(flags, order, intent.resume)
    console = talk(settings)
    try:
        result = go(settings, console, intent, bulk)
    except LegalgenError as error:
        tell_end(settings, console, failure_json(error))
        raise
    troubled = result.record is not None and bool(result.record.troubles)
    if order.strict and result.exit_code == Exit.DONE and troubled:
        result = replace(result, exit_code=Exit.FOUND)
    console.result(result, again(settings))
    tell_end(settings, console, result_json(result, again(settings)))
    return result.exit_code


def _intended(
    flags: dict[str, object], order: BatchOrder, load: Callable[[dict[str, object]], Settings]
) -> tuple[Settings, Intent]:
    """The settings of a run and what is wanted of it, of one that is only planned, too.

    Raises:
        UsageError: flags say different things, or there is nothing to resume.
    """
    from legalgen.batch.intent import Intent  # history and models need none of it
    from legalgen.batch.records import check_address, resumed_flags, resumed_settings
    from legalgen.routing.from_settings import check_failover  # nor of this

    settings, record = load(flags), None
    check_failover(settings)
    if flags.get("count") and order.until_total:
        raise UsageError("--count and --until-total say different things: leave one out")
    if flags.get("route") and (flags.get("provider") or flags.get("model")):
        raise UsageError("--route names every model: leave out --provider and --model")
    if order.resume or order.cancel:
        if flags.get("count") or order.until_total:
            given = "--count" if flags.get("count") else "--until-total"
            why = "--resume goes on to the original count"
            if order.cancel:
                why = "--cancel ends what a batch has at a provider (--bulk)"
            raise UsageError(f"{why}: leave out {given}")
        record = _resumable(settings, order)
        asked = settings
        settings = resumed_settings(record, load(resumed_flags(record, flags)))
        check_address(record, asked, settings)
    if flags.get("chunks_per_sample") and not settings.grounded:  # the file may hold it for others
        raise UsageError("--chunks-per-sample is for --grounded: add it")
    if settings.per_chunk and not record and (flags.get("count") or order.until_total):
        given = "--count" if flags.get("count") else "--until-total"
        raise UsageError(
            f"{settings.written('per_chunk')} {settings.per_chunk} decides how many samples are "
            f"written: leave out {given}"
        )
    intent = Intent(
        count=settings.count,
        command=command(settings),
        resume=record,
        until_total=order.until_total,
        default_max_wait_s=default_max_wait_s(),
        lock_wait_s=_queue_s(order),
    )
    return settings, intent


def _bulk_order(
    flags: dict[str, object], order: BatchOrder, record: Record | None
) -> BulkOrder | None:
    """What is asked of a batch service; None for a batch of calls of its own."""
    from legalgen.batch.intent import BulkOrder  # history and models need none of it

    if not order.bulk and (record is None or record.bulk is None):
        if order.follow or order.finish_online or order.cancel:
            raise UsageError("--follow, --finish-online and --cancel are for batches with --bulk")
        if order.yes or flags.get("keep_remote"):
            given = "--yes" if order.yes else "--keep-remote"
            raise UsageError(f"{given} is for --bulk: add it, or leave {given} out")
        return None
    return BulkOrder(
        again=order.bulk,
        follow=order.follow,
        finish_online=order.finish_online,
        cancel=order.cancel,
        confirm=(lambda _: True) if order.yes else confirmed,
    )


def show_plan(
    flags: dict[str, object],
    order: BatchOrder,
    load: Callable[[dict[str, object]], Settings],
    talk: Callable[[Settings], Console],
) -> int:
    """What a batch would write, how it spreads, and whether it fits; nobody is called."""
    from legalgen.batch.preview import preview  # few ask for it

    settings, intent = _intended(flags, order, load)
    if _bulk_order(flags, order, None) is not None:
        raise UsageError("--plan foretells a batch with calls of its own: leave out --bulk")
    check_outputs(settings)
    console = talk(settings)
    with _only_opened(settings, intent) as run:
        for notice in run.notices:  # as the batch itself would tell them
            console.talk(notice)
        found = preview(run)
    console.plan(found)
    return 0


def check_batch(settings: Settings) -> str:
    """Begin a batch with these settings as far as that is free, and leave it.

    Servers of one's own are asked which models they have. Returns which bound forbids its first
    call, in a sentence; empty where none does.

    Raises:
        LegalgenError: it would end with this before its first call.
    """
    from legalgen.batch.preview import preview  # few ask for it

    _, intent = _intended({}, BatchOrder(), lambda _: settings)
    check_outputs(settings)
    with _only_opened(settings, intent, ask=True) as run:
        # One task shows whether any model can take one; a plan of all would take its time.
        return preview(replace(run, intent=replace(run.intent, count=1, until_total=None))).spent


@contextlib.contextmanager
def _only_opened(settings: Settings, intent: Intent, *, ask: bool = False) -> Iterator[RunParts]:
    """A run that is not begun; raises as the run itself would."""
    from legalgen.batch.generation import Stop  # history and models need none of it
    from legalgen.batch.opening import open_parts  # history and models need none of it

    run = open_parts(settings, intent, listener=lambda _: None, stop=Stop(), ask=ask)
    run.data_dir.check()  # as the batch itself would
    with contextlib.closing(run):
        yield run


def _queue_s(order: BatchOrder) -> float:
    if order.wait_max is not None:
        try:
            return parse_duration(order.wait_max)
        except ValueError as error:
            raise UsageError(f"--wait-max {order.wait_max}: {error}") from error
    return LONGEST_QUEUE_S if order.wait else 0.0


def _resumable(settings: Settings, order: BatchOrder) -> Record:
    """The batch to go on with: the one named, or the newest that is unfinished.

    With ``--wait`` also one that is running: it may end early before it is this one's turn.

    Raises:
        UsageError: there is none.
        BatchRunning: there is none but one that is running.
    """
    ledger = Ledger(DataDir(settings.data_dir))
    if order.batch_id is not None:
        record = ledger.find(order.batch_id)
        status = ledger.status_of(record)
        if record.kind == "batch" and status == "running":
            return _running(record, order)
        if status not in RESUMABLE or record.kind != "batch":
            raise UsageError(f"batch {record.id} is {status}: there is nothing to resume")
        return record
    running = None
    for entry in ledger.newest():
        if isinstance(entry, UnreadableRecord) or entry.kind != "batch":
            continue
        status = ledger.status_of(entry)
        if status in RESUMABLE:
            return entry
        running = running or (entry if status == "running" else None)
    if running is not None:
        return _running(running, order)
    raise UsageError(f"there is nothing to resume in {settings.data_dir}")


def _running(record: Record, order: BatchOrder) -> Record:
    """A batch that runs: to be waited for, or another time."""
    if order.wait or order.wait_max is not None:
        return record
    raise BatchRunning(
        f"batch {record.id} is running (pid {record.process.pid}, "
        f"since {record.started:%F %T} UTC); --wait queues behind it",
        {"id": record.id, "pid": record.process.pid, "started": record.started.isoformat()},
    )
