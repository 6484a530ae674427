"""The only module that prints: data to stdout, talk to stderr.

People get words and tables (rich), programs one JSON object. Nothing here decides anything.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import os
import select
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from legalgen.errors import ErrorCategory, LegalgenError, NoUsableProvider, UsageError
from legalgen.errors.escaping import printable, without_long_words
from legalgen.errors.exit_codes import Exit
from legalgen.routing.remedies import remedies, sentence
from legalgen.telemetry import events
from legalgen.telemetry.clock import local_time
from legalgen.ui import screens
from legalgen.ui.changes import Changes
from legalgen.ui.counting import Counting
from legalgen.ui.frame import StyledLine, columns_of
from legalgen.ui.live import Views, Watcher, watcher
from legalgen.ui.streams import encoding_of, number_of, sayable_json
from legalgen.ui.words import told_of

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from legalgen.batch.intent import Result
    from legalgen.batch.preview import Preview
    from legalgen.law.axes import Branch
    from legalgen.routing.doctor import Diagnosis
    from legalgen.routing.inventory import Compared, Listing, ModelRow
    from legalgen.store.ledger import Record, UnreadableRecord
    from legalgen.store.outlays import Outlay
    from legalgen.store.sample import Sample
    from legalgen.ui.screens import Grid

NORMAL = (Exit.DONE, Exit.BOUND, Exit.PAUSED)
"""Ends of a normal night: the next one goes on, and there is nothing for a person to do."""
PASSING = (ErrorCategory.RATE_LIMIT, ErrorCategory.QUOTA_EXHAUSTED, ErrorCategory.OVERLOADED)
"""What a pause waits for of a normal night: a limit is over by itself, a server that cannot be
reached may wait for a person."""
PIPED_COLUMNS = 400
"""Tables are never folded for a program that reads them."""
UNBROKEN = ("model", "batch", "started", "status", "state", "left", "check", "setting")
"""Columns that are never folded."""
LEAST_FOLDED = 12
"""Other columns become no narrower than this; a table that needs it is told row by row."""
BETWEEN = 2
"""Blanks between two columns."""
DEEPEST_INDENT = 12


def is_reader_gone(error: OSError) -> bool:
    """Whether a stream failed because its reader or its terminal is gone: no full disk."""
    return isinstance(error, BrokenPipeError) or error.errno == errno.EIO


CLEARED = "\r\x1b[K"
"""Back to the beginning of the line, and nothing in it."""
PATIENCE_S = 5.0
"""How long a line waits for a terminal or a pipe that takes nothing, once."""
STEP_S = 0.05
"""How long one waits for a terminal that has room by its own account, and took nothing."""


@contextlib.contextmanager
def _unheld(number: int) -> Iterator[int]:
    """A number for the same file by which a write to a terminal does not wait.

    It is opened once more: not to wait is a property of what was opened, which the shell has too.
    Each time, since something else may be put under the number. Where it cannot be, the same one.
    """
    try:
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        own = os.open(os.ttyname(number), flags)
    except OSError:  # no terminal, or another user's
        yield number
        return
    try:
        yield own
    finally:
        os.close(own)


class Talk:
    """stderr: where people are talked to. ``gone`` is the error of a reader that left."""

    def __init__(
        self, stream: TextIO, color: str, environ: Mapping[str, str], columns: int | None
    ) -> None:
        self._stream = stream
        self._columns = columns
        self._environ = environ
        self.gone: OSError | None = None
        self._full = False
        self._passing = False
        smart = environ.get("TERM", "dumb") != "dumb"
        self.terminal = _is_terminal(stream) and smart
        allowed = self.terminal and not environ.get("NO_COLOR")
        self.colour = color == "always" or (color == "auto" and allowed)
        self.unicode = encoding_of(stream).startswith("utf")

    def write(self, text: str) -> None:
        """Write at once; remembers if nobody is there any more.

        What a full disk does not take (``2> log``) is lost: no sample is worth less for it. So is
        what nobody takes for seconds: a terminal that was stopped (Ctrl-S) or whose connection
        hangs, a pipe that is not read on.
        """
        if self.gone is not None:
            return
        if self._passing:
            text, self._passing = CLEARED + text, False
        try:
            self._stream.flush()
            number = number_of(self._stream)
            if number is None:
                self._stream.write(_encodable(text, self._stream))
                self._stream.flush()
            else:
                # Past the stream, whose lock who is held in a write would keep to the very end.
                data = text.encode(encoding_of(self._stream), "replace")
                with _unheld(number) as unheld:
                    self._full = not self._taken(unheld, memoryview(data))
        except OSError as error:
            if is_reader_gone(error):
                self.gone = error  # raised by Console.hear, in the thread that can act on it

    def pass_by(self, line: str) -> None:
        """Show a line that the next text takes the place of; an empty one only takes it away."""
        if line or self._passing:
            self.write(line[: self.size()[0] - 1])
            self._passing = bool(line)

    def _taken(self, number: int, left: memoryview) -> bool:
        """Write all of it; False when nothing of the rest was taken for so long.

        In pieces that a pipe with room takes whole, since a write to one waits for all of it.
        """
        room = select.poll()
        room.register(number, select.POLLOUT)
        end = time.monotonic() + (0.0 if self._full else PATIENCE_S)
        while left:
            patience_s = max(0.0, end - time.monotonic())
            if not room.poll(patience_s * 1000):
                return False
            try:
                left = left[os.write(number, left[: select.PIPE_BUF]) :]
            except BlockingIOError:  # room for one byte, where the end of a line needs two
                if not patience_s:
                    return False
                time.sleep(min(STEP_S, patience_s))
            else:
                end = time.monotonic() + PATIENCE_S
        return True

    def size(self) -> tuple[int, int]:
        """Columns and rows now."""
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):  # no terminal, or no file at all: what the environment says
            size = shutil.get_terminal_size()
        return max(20, self._columns or size.columns or 80), max(4, size.lines or 24)


class Console:
    """Writes what happened to people or programs.

    ``json``: stdout carries JSON alone. ``quiet``: stderr only says what went wrong. ``columns``
    is a width instead of the terminal's own.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        color: str = "auto",
        out: TextIO | None = None,
        err: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
        columns: int | None = None,
    ) -> None:
        self.json = json
        self.quiet = quiet
        self._color = color
        self._environ = os.environ if environ is None else environ
        self._stdout = out if out is not None else sys.stdout
        self._columns = columns
        self._talk = Talk(err if err is not None else sys.stderr, color, self._environ, columns)
        self._watcher: Watcher | None = None

    # ------------------------------------------------------------------ while it runs

    @contextlib.contextmanager
    def watching(self, *, streams: bool = False) -> Iterator[Console]:
        """Follow a run until it ends, on a terminal with a live view.

        ``streams``: data goes to stdout meanwhile. On the same terminal a frame would overwrite it,
        so there is none.
        """
        talk = self._talk
        shared = streams and _is_terminal(self._stdout)
        watching = watcher(
            talk,
            quiet=self.quiet,
            terminal=talk.terminal and not shared,
            colour=talk.colour,
            unicode=talk.unicode,
            environ=self._environ,
        )
        with watching:
            self._watcher = watching
            try:
                yield self
            finally:
                self._watcher = None

    def follow(self, views: Views, stopping: Callable[[], bool]) -> None:
        """Where the state of the route is seen, and whether the run was asked to end."""
        if self._watcher is not None:
            self._watcher.follow(views, stopping)

    def hear(self, event: events.Event) -> None:
        """Take in one event of a run that is watched; of a command that is no run, say it.

        Raises:
            OSError: nobody reads what is said any more.
        """
        if self._watcher is not None:
            self._watcher.hear(event)
        elif (said := Changes().hear(event)) is not None:
            self.talk(said.text)
        if self._talk.gone is not None:
            raise self._talk.gone

    def talk(self, text: str) -> None:
        """A line to people, on stderr."""
        clean = "\n".join(printable(line) for line in text.split("\n"))
        if self._watcher is not None:
            self._watcher.say(clean)
        else:
            self._talk.write(clean + "\n")

    def hint(self, text: str) -> None:
        """What is done, waited for or can be done next, as ``talk``; under ``quiet`` nothing."""
        if not self.quiet:
            self.talk(text)

    @contextlib.contextmanager
    def counting(self, doing: str) -> Iterator[Counting]:
        """How far a command is, while the block lasts: on a terminal, and not under ``quiet``."""
        shown = self._talk.terminal and not self.quiet
        counting = Counting(doing, self._talk.pass_by if shown else lambda _: None)
        try:
            yield counting
        finally:
            counting.end()

    # ------------------------------------------------------------------ results

    def result(self, result: Result, again: str = "") -> None:
        """How a batch ended; ``again`` are flags that the next command repeats."""
        if self.json:
            self.data(result_json(result, again))
        elif not self.quiet or not _is_normal(result):
            self._say(screens.summary(result, again))

    def sample(self, sample: Sample, *, saved: bool, where: str = "") -> None:
        """One sample, as a person wants to read it; ``where`` is the dataset's folder."""
        if self.json:
            self.data(msgspec.to_builtins(sample))
            return
        for number, (heading, text) in enumerate(screens.sample(sample)):
            self._print(StyledLine.of(("\n" if number else "") + heading, "bold"))
            for line in text.split("\n"):
                self._rich.print(
                    printable(line),
                    markup=False,
                    highlight=False,
                    soft_wrap=not _is_terminal(self._stdout),  # prose is folded for people alone
                )
        if not self.quiet:
            self.talk("\n" + screens.origin(sample, saved=saved, where=where))

    def plan(self, found: Preview) -> None:
        """What a batch would write, what it would cost, when it would be done."""
        if self.json:
            self.data(found.as_json())
            return
        from legalgen.ui import plan_screen  # few ask for it

        self._lines(plan_screen.head(found))
        table = plan_screen.table(found)
        if table.rows:
            self._out("\n")
            self._grid(table, table.only(plan_screen.MIDDLE), table.only(plan_screen.NARROW))
            self._out("\n")
        self._lines(plan_screen.foot(found))

    def history(self, rows: Iterable[Mapping[str, Any]], *, none: str = "") -> None:
        """A table of batches, or a sentence where there are ``none``; rows are those of
        ``history_row``.
        """
        listed = list(rows)
        if self.json:
            self.data(listed)
        elif not listed:
            self.talk(none or "There is no such batch.")
        else:
            table = screens.grid(screens.HISTORY_COLUMNS, listed)
            self._grid(table, table.only(screens.HISTORY_NARROW))

    def spend(self, rows: Sequence[Outlay], in_all: Outlay, by: str) -> None:
        """What was spent, by day, provider, model or batch, and in all."""
        if self.json:
            self.data(msgspec.to_builtins(list(rows)))
        elif not rows:
            self.talk("Nothing was spent in that time.")
        else:
            self._grid(screens.grid(screens.spend_columns(by), [*rows, in_all]))

    def record(self, record: Record, status: str, again: str = "", *, why: bool = False) -> None:
        """One batch in full; with ``why`` all that went wrong in it, in order."""
        if self.json:
            self.data(history_row(record, status))
            return
        self._lines(screens.record_lines(record, status, again))
        if record.models:
            table = screens.grid(screens.RECORD_COLUMNS, record.models.items())
            self._grid(table, table.only(screens.RECORD_NARROW))
        if record.rejected:
            worst = sorted(record.rejected.items(), key=lambda pair: -pair[1])
            self._grid(screens.grid(screens.REJECT_COLUMNS, worst))
        if why:
            self._lines(screens.why(record))

    def models(
        self,
        rows: Sequence[ModelRow],
        now: datetime,
        *,
        listings: Sequence[Listing] | None = None,
        compared: Mapping[str, Compared] | None = None,
        checked: bool = False,
        share: float = 1.0,
    ) -> None:
        """What can be used, and how healthy it is; of each limit the ``share`` that is used here.

        ``listings`` are the vendors' own lists, ``compared`` the models side by side; where they
        were not asked for they are None, and JSON has no key for them.
        """
        if self.json:
            part = share if share < 1 else None
            asked = {
                "models": rows,
                "quota_share": part,
                "listings": listings,
                "compared": compared,
            }
            self.data({name: found for name, found in asked.items() if found is not None})
            return
        if compared is None or checked:
            self._models(rows, now, checked=checked)
            self._lines(screens.share_lines(share))
        if compared is not None:
            self._compared(compared)
        self._lines(screens.listing_lines(listings or ()))

    def _models(self, rows: Sequence[ModelRow], now: datetime, *, checked: bool) -> None:
        wide, table = (
            screens.grid(screens.models_columns(now, checked=checked, wide=wide), rows)
            for wide in (True, False)
        )
        narrow = [screens.MODELS_MIDDLE, screens.MODELS_NARROW]
        if checked:
            narrow = [screens.CHECKED_NARROW]
        self._grid(wide, *map(table.only, narrow))
        self._lines(screens.troubled(rows))

    def _compared(self, tracks: Mapping[str, Compared]) -> None:
        """Models side by side, as this machine's own batches have shown them."""
        if not tracks:
            self.talk("There is nothing to compare yet: no batch has been written here.")
            return
        table = screens.grid(screens.COMPARE_COLUMNS, screens.ranked(tracks))
        self._grid(table, *map(table.only, (screens.COMPARE_MIDDLE, screens.COMPARE_NARROW)))

    def taxonomy(self, branches: Sequence[Branch]) -> None:
        """The tree of what can be asked for."""
        if self.json:
            self.data(msgspec.to_builtins(branches))
        else:
            self._lines(screens.tree(branches))

    def settings(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Every setting: its name, its value as text, and where it came from."""
        if self.json:
            self.data([{"name": n, "value": v, "origin": origin} for n, v, origin in rows])
            return
        columns: tuple[screens.Column, ...] = (
            ("setting", lambda row: row[0]),
            ("value", lambda row: row[1]),
            ("from", lambda row: screens.TableCell(row[2], "dim" if row[2] == "default" else "")),
        )
        self._grid(screens.grid(columns, rows))

    def findings(self, found: Sequence[Diagnosis]) -> None:
        """What `doctor` saw, one thing a line, with what to do under what is amiss."""
        if self.json:
            self.data(msgspec.to_builtins(found))
        else:
            self._lines(screens.findings(found))

    def paged(self, show: Callable[[Console], None]) -> None:
        """What ``show`` prints, on a terminal through the user's pager ($PAGER, or less)."""
        if not _is_terminal(self._stdout) or self._environ.get("TERM", "dumb") == "dumb":
            show(self)
            return
        if (lacking := _lacking_pager(self._environ)) is not None:
            self.talk(f"There is no pager {lacking} ($PAGER): all of it follows.")
            show(self)
            return
        import pydoc  # only for what is long

        sheet = _Sheet()
        columns = self._columns or shutil.get_terminal_size().columns
        color = "always" if self._talk.colour else "never"
        show(Console(color=color, out=sheet, environ=self._environ, columns=columns))
        os.environ.setdefault("LESS", "FRX")  # colours as they are, and no paging of one screen
        pydoc.pager(sheet.getvalue())

    def text(self, text: str) -> None:
        """Plain text as data; what controls a terminal is escaped on one."""
        if _is_terminal(self._stdout):
            text = "".join(each if each in "\n\t" else printable(each) for each in text)
        self._out(text + "\n")

    def data(self, value: object) -> None:
        """One JSON value on stdout: a line of its own, indented on a terminal; in ASCII where the
        locale has no more."""
        raw = msgspec.json.encode(value)
        indent = 2 if _is_terminal(self._stdout) else None
        encoded = (msgspec.json.format(raw, indent=indent) if indent else raw).decode()
        self._stdout.write(sayable_json(encoded, self._stdout, indent) + "\n")
        self._stdout.flush()

    def failure(self, error: LegalgenError, exit_code: int) -> None:
        """An error as a sentence on stderr; with ``--json`` also as an object on stdout."""
        troubles = error.tried if isinstance(error, NoUsableProvider) else ()
        tried = [f"{trouble.target}: {trouble}" for trouble in troubles]
        cures = remedies(troubles)
        self._say([StyledLine((("Error: ", "red"), (without_long_words(str(error)), "")))])
        self._say(StyledLine.of(f"  {told_of(line)}", "dim") for line in tried)
        self._say(StyledLine.of(f"  {cure}", "yellow") for cure in cures)
        if self.json:
            kind = type(error).__name__
            detail = {"kind": kind, "message": str(error), "tried": tried, "remedies": cures}
            self.data({"error": detail, "exit_code": exit_code})

    # ------------------------------------------------------------------ text and colour

    def _say(self, lines: Iterable[StyledLine]) -> None:
        """Lines to people, on stderr."""
        columns = self._talk.size()[0] - 1 if self._talk.terminal else None
        for line in lines:
            for part in _unfolded(line, columns):
                self._talk.write(part.painted(colour=self._talk.colour) + "\n")

    def _lines(self, lines: Iterable[StyledLine]) -> None:
        """Lines as data for people, on stdout."""
        columns = self._rich.width - 1 if _is_terminal(self._stdout) else None
        for line in lines:
            for part in _unfolded(line, columns):
                self._print(part)

    def _print(self, line: StyledLine) -> None:
        from rich.text import Text  # only for people

        text = Text()
        for words, style in line.spans:
            clean = "\n".join(printable(part) for part in words.split("\n"))
            text.append(_encodable(clean, self._stdout), style or None)
        self._rich.print(text, soft_wrap=True, highlight=False)

    def _out(self, text: str) -> None:
        self._stdout.write(_encodable(text, self._stdout))
        self._stdout.flush()

    @functools.cached_property
    def _rich(self) -> RichConsole:
        from rich.console import Console as RichConsole  # only for people

        class Piped(RichConsole):
            """Says with Python's own error that nobody reads any more."""

            def on_broken_pipe(self) -> None:
                raise  # noqa: PLE0704 - called by rich where it has caught the error

        plain = self._color == "never" or bool(self._environ.get("NO_COLOR"))
        return Piped(
            file=_Encodable(self._stdout),  # type: ignore[arg-type]  # all that rich uses of a file
            no_color=plain and self._color != "always",  # None: rich asks NO_COLOR itself
            force_terminal=True if self._color == "always" else None,
            color_system="standard" if self._color == "always" else "auto",
            width=self._columns if _is_terminal(self._stdout) else PIPED_COLUMNS,
        )

    def _grid(self, *grids: Grid) -> None:
        """A table: of several the first that fits, widest first; else the last, row by row."""
        width = self._rich.width
        grid = next((each for each in grids if _least_width(each) <= width), None)
        if grid is None:
            self._lines(screens.stacked(grids[-1], width - 1))
        else:
            self._table(grid)

    def _table(self, grid: Grid) -> None:
        from rich import box  # only for people
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
        for heading in grid.headings:
            right = heading.startswith(">")
            table.add_column(
                heading.lstrip(">"),
                overflow="fold",
                justify="right" if right else "left",
                no_wrap=_is_unbroken(heading),
            )
        for row in grid.rows:
            table.add_row(*(Text(printable(cell.text), style=cell.style) for cell in row))
        self._rich.print(table)


def _is_unbroken(heading: str) -> bool:
    return heading.startswith(">") or heading in UNBROKEN


def _least_width(grid: Grid) -> int:
    """The columns of a terminal that a table needs to be readable."""
    total = BETWEEN * (len(grid.headings) - 1)
    for at, heading in enumerate(grid.headings):
        widest = max((columns_of(row[at].text) for row in grid.rows), default=0)
        if _is_unbroken(heading):
            total += max(widest, columns_of(heading.lstrip(">")))
        else:  # a heading is broken between its words alone
            total += max(min(widest, LEAST_FOLDED), *map(columns_of, heading.split()))
    return total


class _Encodable:
    """A stream that says ``?`` where its encoding has no word, instead of failing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = encoding_of(stream)

    def write(self, text: str) -> int:
        """Write what can be written."""
        return self._stream.write(_encodable(text, self._stream))

    def flush(self) -> None:
        """As the stream's."""
        self._stream.flush()

    def isatty(self) -> bool:
        """As the stream's."""
        return _is_terminal(self._stream)

    def fileno(self) -> int:
        """As the stream's."""
        return self._stream.fileno()


def _unfolded(line: StyledLine, columns: int | None) -> Iterator[StyledLine]:
    """A line without control characters; its last span is broken where the text or width does."""
    *head, (text, style) = line.spans
    first = StyledLine(tuple((printable(words), kind) for words, kind in head))
    deep = " " * min(first.width, DEEPEST_INDENT)
    for part in text.split("\n"):
        chunks = [part] if columns is None else _wrapped(part, columns, first.width, deep)
        for number, chunk in enumerate(chunks):
            begun = first.spans if number == 0 else ((deep, ""),)
            yield StyledLine((*begun, (printable(chunk), style)))
        first, deep = StyledLine(()), "    "


def _wrapped(text: str, columns: int, begun: int, indent: str) -> list[str]:
    """A text in lines of so many columns, of which the first has ``begun`` taken already.

    Only a word that is longer than a whole line is broken.
    """
    room, later = columns - begun, max(1, columns - len(indent))
    lines = [text[: len(text) - len(text.lstrip())]]
    for word in text.split():
        rest = word
        apart = " " if lines[-1].strip() else ""
        if len(lines[-1]) + len(apart) + len(rest) <= room:
            lines[-1] += apart + rest
            continue
        while rest:
            lines.append(rest[:later])
            rest = rest[later:]
        room = later
    return lines


def _lacking_pager(environ: Mapping[str, str]) -> str | None:
    """The user's own pager where there is no such program; the shell that starts it would say so,
    and show nothing. As ``pydoc`` looks for one; what only a shell understands is left to it."""
    named = environ.get("MANPAGER") or environ.get("PAGER") or ""
    try:
        words = shlex.split(named)
    except ValueError:
        return None
    word = next((word for word in words if "=" not in word), None)
    if word is None or set(word) & set("$(){}`;|&<>*?~") or shutil.which(word) is not None:
        return None
    return word


class _Sheet(io.StringIO):
    """Output kept for a pager, which counts as a terminal: it is shown on one."""

    def isatty(self) -> bool:
        """As the terminal's."""
        return True


def _is_terminal(stream: TextIO) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())


def _encodable(text: str, stream: TextIO) -> str:
    """The text without what the terminal's encoding cannot say."""
    encoding = encoding_of(stream)
    return text.encode(encoding, "replace").decode(encoding)


# --------------------------------------------------------------------------- for programs


def _is_normal(result: Result) -> bool:
    """Whether a run ended so that nobody needs to look: not where a server was not to be had, nor
    where calls failed and a bound was met before anything was written."""
    passes = all(each.category in PASSING and not each.credit for each in result.obstacles)
    if result.exit_code not in NORMAL or not passes:
        return False
    record = result.record
    if record is None or record.accepted or result.exit_code != Exit.BOUND:
        return True
    failed = {category for stats in record.models.values() for category in stats.failures}
    return failed <= set(PASSING)


def result_json(result: Result, again: str = "") -> dict[str, Any]:
    """A result as one JSON object."""
    record: Any = msgspec.to_builtins(result.record) if result.record is not None else None
    return {
        "status": result.status,
        "exit_code": result.exit_code,
        "reason": sentence(result.reason, result.obstacles),
        "resume_after": result.resume_after,
        "dataset": str(result.dataset) if result.dataset else None,
        "troubles": record["troubles"] if record is not None else [],
        "remedies": screens.cures_of(result),
        "next": screens.next_command(result, again) or None,
        "price_unknown_tokens": screens.unpriced(result.record) if result.record else 0,
        "batch": record,
    }


def history_row(record: Record | UnreadableRecord, status: str) -> dict[str, Any]:
    """A batch as one line of history."""
    from legalgen.store.ledger import Record as Whole  # history alone needs it

    if not isinstance(record, Whole):
        return {"id": record.id, "status": "unreadable", "reason": record.error}
    row: dict[str, Any] = msgspec.to_builtins(record)
    end = record.finished or record.updated
    costs = [m.cost_usd for m in record.models.values() if m.cost_usd is not None]
    row |= {
        "status": status,
        "started_local": f"{local_time(record.started):%Y-%m-%d %H:%M}",
        "seconds": round(max(0.0, (end - record.started).total_seconds()), 1),
        "cost_usd": round(sum(costs), 6) if costs else None,
        "price_unknown_tokens": screens.unpriced(record),
    }
    return row


def confirmed(question: str) -> bool:
    """Whether the user says yes."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody can be asked here: say so with --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
