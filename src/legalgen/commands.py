"""What each command does once its flags are read: one run or one look, and an exit code."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from legalgen.console import Console, history_row
from legalgen.errors import DiskError, NoUsableProvider, UsageError
from legalgen.errors.redaction import redact
from legalgen.settings.layers import Settings
from legalgen.settings.types import did_you_mean, parse_duration
from legalgen.signals import heeded
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record, Unreadable
from legalgen.telemetry import events, log

if TYPE_CHECKING:
    from legalgen.bulk_run import BulkOrder
    from legalgen.run import Intent, Result

TERMINAL_PATIENCE_S = 120.0
UNATTENDED_PATIENCE_S = 900.0
EXIT_PIPE = 128 + 13
"""As if by SIGPIPE, which Python programs do not die of."""
LONGEST_QUEUE_S = 365 * 86400.0
RESUMABLE = ("paused", "stopped", "interrupted", "failed")
STATUSES = ("running", "completed", *RESUMABLE, "unreadable")


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


def generate(settings: Settings, console: Console, *, save: bool) -> int:
    """One sample, shown and kept."""
    from legalgen.run import Intent  # history and models need none of it

    result = _go(settings, console, Intent(kind="generate", count=1, command=_command(), save=save))
    for sample in result.samples:
        console.sample(sample, saved=save, where=str(result.dataset))
    if not result.samples:
        console.result(result, _again(settings))
    return result.exit_code


def show_prompt(settings: Settings, console: Console) -> int:
    """The prompt that a sample would be asked with; nobody is called."""
    from legalgen import wiring  # history and models need none of it

    prompt = wiring.example_prompt(settings)
    if console.json:
        console.data([{"role": m.role, "content": m.content} for m in prompt.messages])
    else:
        console.text("\n\n".join(f"[{m.role}]\n{m.content}" for m in prompt.messages))
    return 0


def batch(
    flags: dict[str, object],
    order: BatchOrder,
    load: Callable[[dict[str, object]], Settings],
    talk: Callable[[Settings], Console],
) -> int:
    """Many samples: a new batch, or one that goes on."""
    from legalgen.run import (  # history and models need none of it
        Intent,
        resumed_flags,
        resumed_settings,
    )

    settings = load(flags)
    record = None
    if flags.get("count") and order.until_total:
        raise UsageError("--count and --until-total say different things: leave one out")
    if flags.get("route") and (flags.get("provider") or flags.get("model")):
        raise UsageError("--route names every model: leave out --provider and --model")
    if order.resume or order.cancel:
        if flags.get("count") or order.until_total:
            raise UsageError("--resume goes on to the original count: leave out --count")
        record = _resumable(settings, order.batch_id)
        settings = resumed_settings(record, load(resumed_flags(record, flags)))
    console = talk(settings)
    intent = Intent(
        count=settings.count,
        command=_command(),
        resume=record,
        until_total=order.until_total,
        default_max_wait_s=TERMINAL_PATIENCE_S if sys.stdout.isatty() else UNATTENDED_PATIENCE_S,
        lock_wait_s=_queue_s(order),
    )
    result = _go(settings, console, intent, _bulk_order(order, record))
    console.result(result, _again(settings))
    return result.exit_code


def _bulk_order(order: BatchOrder, record: Record | None) -> BulkOrder | None:
    """What is asked of a batch service; None for a batch of calls of its own."""
    from legalgen.bulk_run import BulkOrder  # history and models need none of it

    if not order.bulk and (record is None or record.bulk is None):
        if order.follow or order.finish_online or order.cancel:
            raise UsageError("--follow, --finish-online and --cancel are for batches with --bulk")
        return None
    return BulkOrder(
        again=order.bulk,
        follow=order.follow,
        finish_online=order.finish_online,
        cancel=order.cancel,
        confirm=(lambda _: True) if order.yes else _confirmed,
    )


def _confirmed(question: str) -> bool:
    """Whether the user says yes."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody can be asked here: say so with --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _again(settings: Settings) -> str:
    """The flags that the next command needs, to find the same data dir."""
    given = settings.origin("data_dir").source == "flag"
    return f" --data-dir {shlex.quote(str(settings.data_dir))}" if given else ""


def plan(
    flags: dict[str, object],
    until_total: int | None,
    load: Callable[[dict[str, object]], Settings],
    talk: Callable[[Settings], Console],
) -> int:
    """What a batch would write, how it spreads, and whether it fits; nobody is called."""
    from legalgen.generation import Stop  # history and models need none of it
    from legalgen.preview import preview  # few ask for it
    from legalgen.run import Intent, Run  # history and models need none of it

    settings = load(flags)
    console = talk(settings)
    _warn(settings, console)
    intent = Intent(count=settings.count, until_total=until_total)
    run = Run(settings, intent, listener=lambda _: None, stop=Stop())
    with contextlib.closing(run):
        found = preview(run)
    if console.json:
        console.data(found.as_json())
    else:
        console.text("\n".join(found.lines()))
    return 0


def _warn(settings: Settings, console: Console) -> None:
    """What is amiss with the settings; a run tells it among its own notices."""
    for warning in settings.warnings:
        console.talk(warning)


def _queue_s(order: BatchOrder) -> float:
    if order.wait_max is not None:
        try:
            return parse_duration(order.wait_max)
        except ValueError as error:
            raise UsageError(f"--wait-max {order.wait_max}: {error}") from error
    return LONGEST_QUEUE_S if order.wait else 0.0


def _resumable(settings: Settings, batch_id: str | None) -> Record:
    """The batch to go on with: the one named, or the newest that is unfinished."""
    ledger = Ledger(DataDir(settings.data_dir))
    if batch_id is not None:
        record = ledger.find(batch_id)
        status = ledger.status_of(record)
        if status not in RESUMABLE or record.kind != "batch":
            raise UsageError(f"batch {record.id} is {status}: there is nothing to resume")
        return record
    for entry in ledger.newest():
        if isinstance(entry, Unreadable) or entry.kind != "batch":
            continue
        if ledger.status_of(entry) in RESUMABLE:
            return entry
    raise UsageError(f"there is nothing to resume in {settings.data_dir}")


class Look(msgspec.Struct, frozen=True):
    """What ``models`` was asked to do beyond showing what is known."""

    check: bool = False
    refresh: bool = False
    compare: bool = False
    everything: bool = False


def models(settings: Settings, console: Console, look: Look) -> int:
    """Which models there are, and what is known of them; 3 when none of those checked answers."""
    from legalgen.routing import inventory  # history and models need none of it

    _warn(settings, console)
    ledger, now = Ledger(DataDir(settings.data_dir)), datetime.now(UTC)
    rows = inventory.model_rows(settings, ledger.newest(), now, everything=look.everything)
    rows = inventory.check(settings, rows) if look.check else rows
    console.models(
        rows,
        now,
        listings=inventory.refresh(settings) if look.refresh else None,
        compared=inventory.compared(settings, ledger.newest()) if look.compare else None,
        checked=look.check,
    )
    checks = [row.check for row in rows if row.check is not None]
    silent = look.check and not any(check.ok for check in checks)
    return NoUsableProvider.exit_code if silent else 0


class Asked(msgspec.Struct, frozen=True):
    """Which batches ``history`` was asked for. ``since`` is a date or a duration ago."""

    batch_id: str | None = None
    limit: int = 20
    status: str | None = None
    provider: str | None = None
    since: str | None = None
    why: bool = False


def history(settings: Settings, console: Console, asked: Asked) -> int:
    """What was done: a table, or one batch in full."""
    ledger = Ledger(DataDir(settings.data_dir))
    if asked.batch_id is not None or asked.why:
        record = ledger.find(asked.batch_id) if asked.batch_id else _newest(ledger, settings)
        console.record(record, ledger.status_of(record), _again(settings), why=asked.why)
        return 0
    if asked.status is not None and asked.status not in STATUSES:
        raise UsageError(
            f"--status {asked.status}: there is no such status"
            f"{did_you_mean(asked.status, STATUSES)}; there are: {', '.join(STATUSES)}"
        )
    _check_provider(ledger, asked.provider)
    console.history(islice(_matching(ledger, asked), asked.limit))
    return 0


def _check_provider(ledger: Ledger, name: str | None) -> None:
    """Refuse a provider that there is none of, and that no batch here has ever used."""
    from legalgen.providers import PROVIDERS  # few ask for one
    from legalgen.routing.route import unknown_provider  # few ask for one

    if name is None or name in PROVIDERS:
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


def _matching(ledger: Ledger, asked: Asked) -> Iterator[dict[str, Any]]:
    """The rows of the batches asked for, newest first; no more are read than are taken."""
    since = _moment(asked.since) if asked.since else None
    for entry in ledger.newest():
        if isinstance(entry, Unreadable):
            if asked.status in (None, "unreadable") and not (asked.provider or since):
                yield history_row(entry, "unreadable")
            continue
        if since is not None and entry.started < since:
            return
        status = ledger.status_of(entry)
        if asked.status in (None, status) and _has_provider(entry, asked.provider):
            yield history_row(entry, status)


def _has_provider(record: Record, provider: str | None) -> bool:
    return provider is None or any(name.startswith(f"{provider}/") for name in record.models)


def _moment(text: str) -> datetime:
    """The moment of a date (``2026-11-20``, in local time) or of so long ago (``36h``)."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:  # not a date: then a duration
        pass
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise UsageError(f"--since {text}: write a date (2026-11-20) or 36h, 7d") from error


def _go(
    settings: Settings, console: Console, intent: Intent, bulk: BulkOrder | None = None
) -> Result:
    """One run, with its log, its event stream and its signals."""
    from legalgen.bulk_run import BulkRun  # history and models need none of it
    from legalgen.generation import Stop  # history and models need none of it
    from legalgen.run import Run, with_exit_code  # history and models need none of it

    # Read when pyarrow is loaded: its own pool keeps 15 MB that this program has no use for.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    stop = Stop()
    broken: list[OSError] = []
    opened = log.open_log(
        settings.log_dir,
        warn=console.talk,
        secrets=settings.secrets(),
        level=settings.log_level,
        format=settings.log_format,
    )
    with contextlib.closing(opened), _streamed(settings) as stream, console.watching():

        def listen(event: events.Event) -> None:
            log.write(event)
            if broken:
                return
            try:
                stream(event)
                console.hear(event)
            except OSError as error:  # nobody reads any more (| head), or the terminal is gone
                broken.append(error)
                stop.request()

        run = (
            Run(settings, intent, listener=listen, stop=stop)
            if bulk is None
            else BulkRun(settings, intent, bulk, listener=listen, stop=stop)
        )
        console.follow(run.router.view, lambda: stop.requested)

        def abandon() -> None:
            stop.abandon()
            run.abandon()

        with contextlib.closing(run), heeded(stop.request, abandon) as caught:
            result = run.go()
    if broken:
        _hang_up()
        if caught.number is None and result.status == "stopped":
            return with_exit_code(result, EXIT_PIPE)
    if result.status == "stopped" and stop.requested and caught.number is not None:
        return with_exit_code(result, caught.exit_code(result.exit_code))
    return result


@contextlib.contextmanager
def _streamed(settings: Settings) -> Iterator[events.Listener]:
    """Where ``--events`` goes: a file, stdout, or nowhere."""
    secrets = settings.secrets()

    def line(event: events.Event) -> str:
        return redact(events.encode(event).decode(), secrets) + "\n"

    if settings.events is None:
        yield lambda _: None
    elif settings.events == "-":
        yield lambda event: _write(sys.stdout, line(event))
    else:
        path = Path(settings.events).expanduser()
        try:
            stream = path.open("a", encoding="utf-8")
        except OSError as error:
            raise DiskError(f"--events {path}: {error.strerror}", path) from error
        with stream:
            yield lambda event: _append(stream, line(event), path)


def _append(stream: Any, text: str, path: Path) -> None:
    try:
        _write(stream, text)
    except OSError as error:
        raise DiskError(f"--events {path}: {error.strerror}", path) from error


def _hang_up() -> None:
    """Lead streams that nobody reads any more nowhere, so that nothing fails on them again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(stream: Any, text: str) -> None:
    stream.write(text)
    stream.flush()


def _command() -> tuple[str, ...]:
    return ("legalgen", *(redact(word) for word in sys.argv[1:]))
