"""The log: a rotating file, one line per event, and no secret in it.

All loggers of this process end here: ours at the level asked for, others' from WARNING on, so
that a library's complaint does not break the live view. What an event is about travels in
``extra``: ``logger.warning("...", extra={"slot": 3, "provider": "groq", "model": "x"})``.

Several processes may write the same file. A line is one ``write`` to a file opened for appending,
which the kernel keeps whole; only turning the file over takes a lock, and whoever gets it looks
again before doing it.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

import msgspec

from legalgen.errors.escaping import printable
from legalgen.errors.redaction import redact
from legalgen.telemetry import events

FILE_NAME = "legalgen.log"
MAXIMUM_BYTES = 10_000_000
BACKUPS = 5
FIELDS = ("batch", "slot", "provider", "model")
"""What an event is about; the order of the columns."""

_OURS = "legalgen"
_LOGGER = logging.getLogger(_OURS)
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_WARNINGS = (events.CallFailed, events.Switched, events.Alert, events.TaskGivenUp)
_PLAIN = (int, float, bool, type(None))


class Log:
    """An open log; ``close`` gives the loggers back as they were.

    ``path`` is None when the folder cannot be written: then nothing is logged.
    ``batch`` is the batch that events belong to which name none.
    """

    def __init__(self, handler: _SharedFile | None, level: int) -> None:
        self._handler = handler
        self._attached: logging.Handler = handler or logging.NullHandler()
        root, ours = logging.getLogger(), logging.getLogger(_OURS)
        self._levels = root.level, ours.level
        logging.captureWarnings(True)
        root.addHandler(self._attached)
        root.setLevel(max(logging.WARNING, level))
        ours.setLevel(level)

    @property
    def path(self) -> Path | None:
        """The file that is written."""
        return Path(self._handler.baseFilename) if self._handler else None

    @property
    def batch(self) -> str | None:
        """The batch of all events that name none."""
        return self._handler.redaction.batch if self._handler else None

    @batch.setter
    def batch(self, batch: str | None) -> None:
        if self._handler:
            self._handler.redaction.batch = batch

    def close(self) -> None:
        """Stop logging. May be called twice."""
        root, ours = logging.getLogger(), logging.getLogger(_OURS)
        if self._attached in root.handlers:
            logging.captureWarnings(False)
            root.removeHandler(self._attached)
            root.setLevel(self._levels[0])
            ours.setLevel(self._levels[1])
        self._attached.close()


def open_log(
    folder: Path,
    *,
    warn: Callable[[str], None],
    secrets: Iterable[str] = (),
    level: str = "info",
    format: Literal["text", "json"] = "text",  # noqa: A002 - as the flag --log-format
    maximum_bytes: int = MAXIMUM_BYTES,
    backups: int = BACKUPS,
) -> Log:
    """Log to ``folder/legalgen.log``, which is made if need be.

    ``warn`` is told once, in a sentence, if the log cannot be written, now or later; the run goes
    on without. ``secrets`` never reach the file, nor anything shaped like a key.
    """
    formatter = JsonLines() if format == "json" else TextLines()
    handler: _SharedFile | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        redaction = RedactingFilter(secrets)
        handler = _SharedFile(folder / FILE_NAME, maximum_bytes, backups, warn, redaction)
    except OSError as error:
        warn(f"There will be no log: {folder} cannot be written ({error.strerror}).")
    else:
        handler.setFormatter(formatter)
    return Log(handler, logging.getLevelName(level.upper()))


def write_bug(error: BaseException) -> None:
    """An error that nobody raised on purpose, with its traceback; nothing where no log is open."""
    if _LOGGER.hasHandlers():
        _LOGGER.error("a bug", exc_info=error)


def write(event: events.Event) -> None:
    """One line for an event, at the level that it deserves.

    A single accepted sample is for ``debug``: the journal and the dataset hold it anyway.
    """
    logger = _LOGGER
    level = logging.WARNING if isinstance(event, _WARNINGS) else logging.INFO
    if isinstance(event, events.SampleAccepted):
        level = logging.DEBUG
    if not logger.isEnabledFor(level):
        return
    fields = msgspec.to_builtins(event)
    kind = str(fields.pop("type"))
    fields.pop("at", None)
    about = _target(event) | {name: fields.pop(name) for name in FIELDS if name in fields}
    words = " ".join(f"{name}={value}" for name, value in fields.items() if value not in (None, ()))
    logger.log(level, "%s %s", kind, words, extra=about)


def _target(event: events.Event) -> dict[str, str]:
    """Provider and model of an event that names them as one: where a task goes, what it awaits."""
    if not isinstance(event, events.Switched | events.Waiting):
        return {}
    provider, _, model = event.target.partition("/")
    return {"provider": provider, "model": model}


class RedactingFilter(logging.Filter):
    """Takes secrets out of a record: message, arguments, traceback, stack and extra fields.

    The record itself is changed, for whoever handles it next must not see them either. Fills in
    ``batch`` where an event names none.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(secrets)
        self.batch: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record, and let it pass."""
        record.msg, record.args = self._redact(_message(record)), None
        if record.exc_info:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            record.exc_info = None
        record.exc_text = record.exc_text and self._redact(record.exc_text)
        record.stack_info = record.stack_info and self._redact(record.stack_info)
        for name, value in extra_fields(record).items():
            delattr(record, name)
            setattr(record, self._redact(name), self._clean(value))
        if self.batch and not getattr(record, "batch", None):
            record.batch = self.batch
        return True

    def _clean(self, value: object) -> object:
        """A value that JSON can hold, without secrets at any depth."""
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, Mapping):
            return {self._redact(str(key)): self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(item) for item in value]
        if isinstance(value, bytes):
            return self._redact(value.decode("utf-8", "backslashreplace"))
        return self._redact(str(value))

    def _redact(self, text: str) -> str:
        return redact(text, self._secrets)


def _message(record: logging.LogRecord) -> str:
    """The message with its arguments; where they do not fit its format, both as they are.

    An exception in here would end the batch that only wanted to log.
    """
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError) as error:
        return f"{record.msg} {record.args!r} (cannot be put together: {error})"


def extra_fields(record: logging.LogRecord) -> dict[str, object]:
    """What was given as ``extra``."""
    return {name: value for name, value in record.__dict__.items() if name not in _STANDARD}


class TextLines(logging.Formatter):
    """``2026-11-23T16:20:01.123Z WARNING batch=… slot=3 provider=… model=… message key=value``.

    An event is one line whatever it quotes; its traceback follows in lines that begin with a tab.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The event's line, and its traceback below it."""
        extra = {k: v for k, v in extra_fields(record).items() if v is not None}
        about = [f"{name}={_word(extra.pop(name))}" for name in FIELDS if name in extra]
        others = [f"{name}={_word(value)}" for name, value in extra.items()]
        head = [_time(record), f"{record.levelname:<7}", *about, printable(record.getMessage())]
        below = filter(None, (record.exc_text, record.stack_info))
        lines = ["\t" + printable(line) for text in below for line in text.splitlines()]
        return "\n".join([" ".join([*head, *others]), *lines])


class JsonLines(logging.Formatter):
    """One JSON object per event; ``time``, ``level``, ``logger`` and ``message`` first."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as one line of JSON."""
        event: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = extra_fields(record)
        event |= {name: extra.pop(name) for name in FIELDS if extra.get(name) is not None}
        event |= {"traceback": record.exc_text} if record.exc_text else {}
        event |= {"stack": record.stack_info} if record.stack_info else {}
        return json.dumps(extra | event, ensure_ascii=False, default=str)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _word(value: object) -> str:
    """A field's value: as it is if it is one word, otherwise as JSON."""
    if isinstance(value, str) and value.isprintable() and re.fullmatch("[^ \"'=]+", value):
        return value
    return printable(json.dumps(value, ensure_ascii=False, default=str))


class _SharedFile(RotatingFileHandler):
    """A rotating file that several processes append to."""

    def __init__(
        self,
        path: Path,
        maximum_bytes: int,
        backups: int,
        warn: Callable[[str], None],
        redaction: RedactingFilter,
    ) -> None:
        super().__init__(path, maxBytes=maximum_bytes, backupCount=backups, encoding="utf-8")
        self.redaction = redaction
        self.addFilter(redaction)
        self._warn = warn
        self._warned = False

    def _open(self) -> io.TextIOWrapper:
        """Unbuffered: one event, one ``write``."""
        # A pipe that nobody reads is an error at once, instead of waited for.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        raw = io.FileIO(os.open(self.baseFilename, flags, 0o666), "a")
        return io.TextIOWrapper(raw, "utf-8", "backslashreplace", "\n", write_through=True)

    def _file(self) -> io.TextIOWrapper:
        """The open file; there is none after turning it over has failed half way."""
        if self.stream is None:
            self.stream = self._open()
        return self.stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
            if self._moved():
                self._reopen()
            if self._full(line):
                self._turn_over(line)
            self._file().write(line)
        except OSError as error:
            self._say_once(error)

    def _moved(self) -> bool:
        """Whether another process has turned the file over since it was opened."""
        try:
            named = Path(self.baseFilename).stat()
        except FileNotFoundError:
            return True
        opened = os.fstat(self._file().fileno())
        return (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino)

    def _reopen(self) -> None:
        former, self.stream = self._file(), self._open()
        former.close()

    def _full(self, line: str) -> bool:
        size = os.fstat(self._file().fileno()).st_size
        return size > 0 and size + len(line.encode("utf-8", "replace")) > self.maxBytes

    def _turn_over(self, line: str) -> None:
        """Under the lock, look again; a log that cannot get it grows rather than waits."""
        import filelock  # once in ten megabytes

        try:
            with filelock.FileLock(f"{self.baseFilename}.lock", timeout=1):
                if self._moved():
                    self._reopen()
                if self._full(line):
                    self.doRollover()
        except filelock.Timeout:
            return

    def _say_once(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            self._warn(f"The log {self.baseFilename} cannot be written any more: {error}.")
