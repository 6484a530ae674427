"""What each command does once its flags are read: one run or one look, and an exit code."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legalgen import console as shown
from legalgen import events, log, wiring
from legalgen.console import Console
from legalgen.errors import DiskError, UsageError
from legalgen.generation import Stop
from legalgen.kinds import parse_duration
from legalgen.ledger import Ledger, Record, Unreadable
from legalgen.redaction import redact
from legalgen.run import Intent, Result, Run, resumed_flags, with_exit_code
from legalgen.settings import Settings
from legalgen.signals import heeded
from legalgen.store import DataDir

TERMINAL_PATIENCE_S = 120.0
UNATTENDED_PATIENCE_S = 900.0
LONGEST_QUEUE_S = 365 * 86400.0
RESUMABLE = ("paused", "stopped", "interrupted", "failed")


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What ``batch`` was asked beyond settings."""

    batch_id: str | None = None
    resume: bool = False
    until_total: int | None = None
    wait: bool = False
    wait_max: str | None = None


def generate(settings: Settings, console: Console, *, save: bool) -> int:
    """One sample, shown and kept."""
    result = _go(settings, console, Intent(kind="generate", count=1, command=_command(), save=save))
    for sample in result.samples:
        console.sample(sample, saved=save)
    if not result.samples:
        console.result(result)
    return result.exit_code


def show_prompt(settings: Settings, console: Console) -> int:
    """The prompt that a sample would be asked with; nobody is called."""
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
    settings = load(flags)
    record = None
    if order.resume:
        if flags.get("count") or order.until_total:
            raise UsageError("--resume goes on to the original count: leave out --count")
        record = _resumable(settings, order.batch_id)
        settings = load(resumed_flags(record, flags))
    console = talk(settings)
    intent = Intent(
        count=settings.count,
        command=_command(),
        resume=record,
        until_total=order.until_total,
        default_max_wait_s=TERMINAL_PATIENCE_S if sys.stdout.isatty() else UNATTENDED_PATIENCE_S,
        lock_wait_s=_queue_s(order),
    )
    result = _go(settings, console, intent)
    console.result(result)
    return result.exit_code


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
    for entry in ledger.all():
        if isinstance(entry, Unreadable) or entry.kind != "batch":
            continue
        if ledger.status_of(entry) in RESUMABLE:
            return entry
    raise UsageError(f"there is nothing to resume in {settings.data_dir}")


def models(settings: Settings, console: Console) -> int:
    """Which models there are, and what is known of them."""
    console.models(wiring.model_rows(settings))
    return 0


def history(
    settings: Settings,
    console: Console,
    batch_id: str | None,
    *,
    limit: int,
    status: str | None,
) -> int:
    """What was done: a table, or one batch in full."""
    ledger = Ledger(DataDir(settings.data_dir))
    if batch_id is not None:
        record = ledger.find(batch_id)
        console.record(shown.history_row(record, ledger.status_of(record)))
        return 0
    rows: list[Mapping[str, Any]] = []
    for entry in ledger.all():
        state = "unreadable" if isinstance(entry, Unreadable) else ledger.status_of(entry)
        if status in (None, state):
            rows.append(shown.history_row(entry, state))
        if len(rows) >= limit:
            break
    console.history(rows)
    return 0


def _go(settings: Settings, console: Console, intent: Intent) -> Result:
    """One run, with its log, its event stream and its signals."""
    stop = Stop()
    opened = log.open_log(
        settings.log_dir,
        warn=console.talk,
        secrets=settings.secrets(),
        level=settings.log_level,
        format=settings.log_format,
    )
    with contextlib.closing(opened), _streamed(settings) as stream:

        def listen(event: events.Event) -> None:
            stream(event)
            log.write(event)
            console.hear(event)

        run = Run(settings, intent, listener=listen, stop=stop)

        def abandon() -> None:
            stop.abandon()
            run.abandon()

        with contextlib.closing(run), heeded(stop.request, abandon) as caught:
            result = run.go()
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
            yield lambda event: _write(stream, line(event))


def _write(stream: Any, text: str) -> None:
    stream.write(text)
    stream.flush()


def _command() -> tuple[str, ...]:
    return ("legalgen", *(redact(word) for word in sys.argv[1:]))
