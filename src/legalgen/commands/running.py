"""What the commands share: one run under signals, its events streamed, how to go on afterwards."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shlex
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from legalgen.batch.signals import Caught, heeded
from legalgen.errors import DiskError, UsageError
from legalgen.errors.exit_codes import Exit
from legalgen.errors.plurals import plural
from legalgen.errors.redaction import redact
from legalgen.settings.layers import Settings
from legalgen.settings.reading import reason_of
from legalgen.settings.writing import clear_beside, no_file, swapped_in
from legalgen.store.files import DataDir, is_folder, is_there
from legalgen.store.locks import Patience
from legalgen.telemetry import events, log
from legalgen.ui.console import Console, is_reader_gone
from legalgen.ui.streams import lead_nowhere, let_go, number_of, sayable_json

if TYPE_CHECKING:
    from legalgen.batch.generation import Stop
    from legalgen.batch.intent import BulkOrder, Intent, Result
    from legalgen.batch.session import Session


TERMINAL_PATIENCE_S = 120.0
UNATTENDED_PATIENCE_S = 900.0
STEP_S = 0.5
"""How often it is looked whether a run shall end, while nobody reads its events."""
PARTING_S = 5.0
"""How long a run that shall end still waits for who reads its events."""
PIECE = 1000
"""Characters, of four bytes at most: a pipe that has room takes so many at once."""


def again(settings: Settings) -> str:
    """The flags that the next command needs, to find the same data dir and the same job file."""
    flags = ""
    if settings.config_file is not None and "config" in settings.origins:
        flags += f" --config {shlex.quote(str(settings.config_file))}"
    if settings.origin("data_dir").source == "flag":
        flags += f" --data-dir {shlex.quote(str(settings.data_dir))}"
    return flags


def existing(settings: Settings) -> DataDir:
    """The data dir, if it is there: looking must not make one.

    Raises:
        UsageError: there is none.
        DiskError: nobody can tell.
    """
    data_dir = DataDir(settings.data_dir)
    if not is_folder(data_dir.root):
        raise UsageError(f"there is no dataset in {data_dir.root}")
    return data_dir


def write_beside(data_dir: DataDir, path: Path, text: str) -> None:
    """A file of the user's, written beside and swapped in; never among the dataset's own.

    Raises:
        UsageError: it would be among them, or its name is that of a folder, a device or a pipe.
        DiskError: it cannot be written.
    """
    if why := no_file(path):
        raise UsageError(f"{path}: {why}; name a file to write")
    folder = path.resolve().parent
    if not is_folder(folder):
        raise UsageError(f"there is no folder {path.parent}")
    for rehearsal in (False, True):
        if folder.is_relative_to(data_dir.dataset(rehearsal=rehearsal).resolve()):
            raise UsageError(f"{path} is inside the dataset: its readers would take it in")
    try:
        clear_beside(path.parent)
        with swapped_in(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise DiskError(f"cannot write {path}: {reason_of(error, path)}", path) from error


def remove_beside(path: Path) -> None:
    """Take away what ``write_beside`` wrote, where it is no longer true.

    Raises:
        DiskError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DiskError(f"cannot remove {path}: {reason_of(error, path)}", path) from error


def check_outputs(settings: Settings) -> None:
    """Refuse files of a run that cannot be written, before anybody is asked.

    Raises:
        UsageError: the name is that of a folder, or its folder is not there or closed.
    """
    for name in ("events", "metrics_file"):
        value = getattr(settings, name)
        if value is None or value == "-":
            continue
        path = Path(value).expanduser()
        swapped = name == "metrics_file"  # written beside, as nothing but a file can be
        why = no_file(path) if swapped or is_folder(path) else None
        if why := why or ("" if _will_be_there(path, settings) else _closed(path, swapped)):
            raise UsageError(f"{settings.written(name)} {path}: {why}; name a file to write")


def _will_be_there(path: Path, settings: Settings) -> bool:
    """Whether the run itself makes the folder that the file is to be in."""
    folder = path.absolute().parent
    made = (settings.data_dir, settings.state_dir, settings.log_dir)
    return not is_there(folder) and any(each.absolute().is_relative_to(folder) for each in made)


def _closed(path: Path, swapped: bool) -> str:
    """Why no file of this name can be written, or beside it where it is ``swapped`` in."""
    folder = path.resolve().parent
    if not is_folder(folder):
        return f"there is no folder {path.parent}"
    written = folder if swapped or not is_there(path) else path
    return "" if os.access(written, os.W_OK) else f"{written} may not be written by you"


def patience_of(settings: Settings, console: Console) -> Patience:
    """How a command that is no run waits for what another process holds; waits are told."""
    most_s = settings.max_wait if settings.max_wait is not None else Patience().most_s
    return Patience(most_s, tell=console.hear)


@contextlib.contextmanager
def sole_writer(settings: Settings, console: Console, data_dir: DataDir) -> Iterator[str]:
    """Hold a data dir as a batch does, with what dead writers left sealed; the id it is held by.

    Raises:
        BatchRunning: a batch holds it.
        DiskError: the disk failed.
    """
    from legalgen.store.journal import recover  # history and models need none of it
    from legalgen.store.ledger import Ledger, new_batch_id, this_process
    from legalgen.store.locks import BatchLock, Holder

    now = datetime.now(UTC)
    batch_id = new_batch_id(now, Random())
    with BatchLock(data_dir) as lock:
        lock.acquire(Holder(batch_id, this_process().pid, now))
        note_part = Ledger(data_dir).note_part
        patience = patience_of(settings, console)
        for found in recover(data_dir, note_part=note_part, patience=patience, whole=True):
            console.talk(str(found))
        yield batch_id


def default_max_wait_s() -> float:
    """How long a run waits where nobody said: shorter where somebody sits before it."""
    return TERMINAL_PATIENCE_S if sys.stdout.isatty() else UNATTENDED_PATIENCE_S


def warn(settings: Settings, console: Console) -> None:
    """What is amiss with the settings; a run tells it among its own notices."""
    for warning in settings.warnings:
        console.talk(warning)


def go(
    settings: Settings, console: Console, intent: Intent, bulk: BulkOrder | None = None
) -> Result:
    """One run, with its log, its event stream and its signals."""
    from legalgen.batch.generation import Stop  # history and models need none of it
    from legalgen.batch.intent import with_exit_code  # history and models need none of it

    check_outputs(settings)
    # Read when pyarrow is loaded: its own pool keeps 15 MB that this program has no use for.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    stop = Stop()
    opened = log.open_log(
        settings.log_dir,
        warn=console.talk,
        secrets=settings.secrets(),
        level=settings.log_level,
        format=settings.log_format,
    )
    watching = console.watching(streams=settings.events == "-")
    streamed = _streamed(settings, EventReader(stop, console.talk))
    with contextlib.closing(opened), streamed as stream, watching:
        sink = EventSink(opened, stream, console.hear, stop)
        run = _opened(settings, intent, bulk, sink.hear, stop)
        console.follow(run.executor.router.registry.view, lambda: stop.requested)

        def abandon() -> None:
            stop.abandon()
            run.abandon()

        with contextlib.closing(run), heeded(stop.request, abandon) as caught:
            try:
                result = run.go()
            except DiskError as error:
                if safe := _what_is_safe(run, settings, error):
                    raise DiskError(f"{error}; {safe}", error.path) from error
                raise
    if sink.broken:
        let_go()
    return with_exit_code(result, sink.exit_code(result, caught))


def _what_is_safe(run: Session, settings: Settings, error: DiskError) -> str:
    """What a failure of the disk leaves in the journal, and what is then to be typed."""
    from legalgen.store.journal import waiting_rows  # history and models need none of it

    record, waiting = run.unsealed or (None, 0)
    if record is not None:
        try:
            waiting = min(waiting, waiting_rows(DataDir(settings.data_dir), record.id))
        except DiskError:  # nobody knows what is there
            return ""
    if record is None or waiting <= 0:
        return ""
    safe = f"{plural(waiting, 'sample')} {'is' if waiting == 1 else 'are'} safe in the journal"
    seals = f"{'it' if waiting == 1 else 'them'} {_mended(error)}"
    if record.kind == "batch" and not _has_record(record.id, settings):
        by = f"`legalgen dataset verify --repair{again(settings)}` seals {seals}"
    elif record.kind == "batch":
        by = f"`legalgen batch {record.id} --resume{again(settings)}` seals {seals} and goes on"
    else:
        by = f"the next command that writes seals {seals}"
    return f"{safe}: {by}"


def _mended(error: BaseException | None) -> str:
    """When it can go on after a failure of the disk, by what the system said of it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return "when the disk has room"
        error = error.__cause__
    return "once that is mended"


def _has_record(batch_id: str, settings: Settings) -> bool:
    """Whether the record of a batch is there still; a folder that is gone took it along."""
    try:
        return is_there(DataDir(settings.data_dir).batches / f"{batch_id}.json")
    except DiskError:  # nobody can tell on a disk that fails: it may be there again
        return True


class EventSink:
    """Where the events of a run go: the log, the stream of ``--events``, the screen.

    Once nobody reads any more it is ``broken``: the run is asked to end, and only the log goes on.
    """

    def __init__(
        self, opened: log.Log, stream: events.Listener, shown: events.Listener, stop: Stop
    ) -> None:
        self.broken = False
        self._opened = opened
        self._stream = stream
        self._shown = shown
        self._stop = stop

    def hear(self, event: events.Event) -> None:
        """Pass an event on to all of them.

        Raises:
            DiskError: the file of ``--events`` cannot be written.
        """
        if isinstance(event, events.BatchStarted):
            self._opened.batch = event.batch  # of every line from here on
        log.write(event)
        if self.broken:
            return
        try:
            self._stream(event)
            self._shown(event)
        except OSError:  # nobody reads any more (| head), or the terminal is gone
            self.broken = True
            self._stop.request()

    def exit_code(self, result: Result, caught: Caught) -> int:
        """The exit code of a run: where it was stopped, the shell's word for what stopped it."""
        if result.status != "stopped":
            return result.exit_code
        if caught.number is None:
            return Exit.PIPE if self.broken else result.exit_code
        return caught.exit_code(result.exit_code) if self._stop.requested else result.exit_code


def _opened(
    settings: Settings,
    intent: Intent,
    bulk: BulkOrder | None,
    listener: events.Listener,
    stop: Stop,
) -> Session:
    """A session that calls models itself, or has a batch service do so."""
    if bulk is None:
        from legalgen.batch.opening import open_run  # history and models need none of it

        return open_run(settings, intent, listener=listener, stop=stop)
    from legalgen.batch.bulk.opening import open_bulk_run  # few ask for it

    return open_bulk_run(settings, intent, bulk, listener=listener, stop=stop)


@contextlib.contextmanager
def _streamed(settings: Settings, reader: EventReader) -> Iterator[events.Listener]:
    """Where ``--events`` goes: a file, stdout, or nowhere."""
    secrets = settings.secrets()
    told = f"{settings.written('events')} {settings.events}"

    def append(stream: Any, event: events.Event, path: Path) -> None:
        text = redact(sayable_json(events.encode(event).decode(), stream), secrets)
        try:
            _append(stream, f"{text}\n", reader)
        except OSError as error:
            if is_reader_gone(error):
                raise
            raise DiskError(f"{told}: {error.strerror}", path) from error

    if settings.events is None:
        yield lambda _: None
    elif settings.events == "-":
        yield lambda event: append(sys.stdout, event, Path("-"))
    else:
        path = Path(settings.events).expanduser()
        try:
            stream = os.fdopen(_opened_at_once(path), "a", encoding="utf-8")
        except OSError as error:
            why = "nobody reads this pipe" if error.errno == errno.ENXIO else error.strerror
            raise DiskError(f"{told}: {why}", path) from error
        try:
            yield lambda event: append(stream, event, path)
        finally:
            with contextlib.suppress(OSError):  # what could not be written was told already
                stream.close()


def _opened_at_once(path: Path) -> int:
    """Open a file to append to, a pipe only where somebody reads it: else it is waited for."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o666)
    os.set_blocking(descriptor, True)
    return descriptor


class EventReader:
    """Who reads the pipe that events go to: waited for while the run goes on, for seconds when it
    shall end. A write would hold the main thread, which no signal gets out of one."""

    def __init__(self, stop: Stop, tell: Callable[[str], None]) -> None:
        self._stop = stop
        self._tell = tell
        self._patience_s = PARTING_S
        self._told = False

    def wait(self, stream: Any) -> None:
        """Until a piece of a line can be written.

        Raises:
            BrokenPipeError: nobody reads on, and the run was asked to stop.
        """
        number = number_of(stream)
        if number is None or not stat.S_ISFIFO(os.fstat(number).st_mode):
            return
        room = select.poll()
        room.register(number, select.POLLOUT)
        while not room.poll(STEP_S * 1000):
            if self._stop.requested:
                self._patience_s -= STEP_S
            if self._stop.abandoned or self._patience_s <= 0:
                if stream is sys.stdout:
                    lead_nowhere(sys.stdout)  # the result would be written into the full pipe
                raise BrokenPipeError(errno.EPIPE, "nobody reads on")
            if not self._told:
                self._told = True
                self._tell("Waiting for whoever reads --events to read on; a signal ends it.")


def _append(stream: Any, text: str, reader: EventReader) -> None:
    for at in range(0, len(text), PIECE):
        reader.wait(stream)
        _write(stream, text[at : at + PIECE])


def _write(stream: Any, text: str) -> None:
    stream.write(text)
    stream.flush()


def command(settings: Settings) -> tuple[str, ...]:
    """The command line as the ledger keeps it, without keys."""
    secrets = settings.secrets()
    return ("legalgen", *(redact(word, secrets) for word in sys.argv[1:]))
