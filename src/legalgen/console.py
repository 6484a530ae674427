"""The only room that prints: data to stdout, talk to stderr.

People get words and tables (rich), programs one JSON object. Nothing here decides anything.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from legalgen import events
from legalgen.errors import LegalgenError, NoUsableProvider

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from legalgen.ledger import Record, Unreadable
    from legalgen.run import Result
    from legalgen.samples import Sample

DASH = "-"


class Console:
    """Writes what happened to people or programs.

    ``json``: stdout carries JSON alone. ``quiet``: stderr only says what went wrong.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        color: str = "auto",
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self.json = json
        self.quiet = quiet
        self._color = color
        self._stdout = out if out is not None else sys.stdout
        self._stderr = err if err is not None else sys.stderr

    # ------------------------------------------------------------------ while it runs

    def hear(self, event: events.Event) -> None:
        """One line on stderr for what a person should know while a run goes."""
        line = _line(event)
        if line is None or (self.quiet and not isinstance(event, _LOUD)):
            return
        self.talk(f"{event.at.astimezone():%H:%M:%S}  {line}")

    def talk(self, text: str) -> None:
        """A line to people, on stderr."""
        print(_encodable(text, self._stderr), file=self._stderr, flush=True)

    # ------------------------------------------------------------------ results

    def result(self, result: Result) -> None:
        """How a batch ended."""
        if self.json:
            self.data(result_json(result))
            return
        if not self.quiet or result.exit_code:
            for line in _summary(result):
                self.talk(line)

    def sample(self, sample: Sample, *, saved: bool) -> None:
        """One sample, as a person wants to read it."""
        if self.json:
            self.data(msgspec.to_builtins(sample))
            return
        rich = self._rich
        rich.print(f"[bold]Question[/bold]  [dim]{sample.topic}, {sample.difficulty}[/dim]")
        rich.print(sample.question, markup=False, highlight=False)
        if sample.reasoning_steps:
            rich.print("\n[bold]Reasoning[/bold]")
        for number, step in enumerate(sample.reasoning_steps, 1):
            rich.print(f"{number}. {step}", markup=False, highlight=False)
        rich.print("\n[bold]Answer[/bold]")
        rich.print(sample.answer, markup=False, highlight=False)
        if sample.citations:
            rich.print("\n[bold]Citations[/bold]")
        for citation in sample.citations:
            rich.print(f"- {citation.text}  ({citation.status})", markup=False, highlight=False)
        flags = f"  flags: {', '.join(sample.flags)}" if sample.flags else ""
        kept = f"kept as {sample.id}" if saved else "not kept"
        self.talk(f"{sample.provider}/{sample.model}, {sample.latency_s} s, {kept}{flags}")

    def history(self, records: Iterable[Mapping[str, Any]]) -> None:
        """A table of batches."""
        rows = list(records)
        if self.json:
            self.data(rows)
            return
        if not rows:
            self.talk("There is no batch yet. The first one: legalgen batch --count 3")
            return
        self._table(
            ("batch", "started", "status", "samples", "models", "cost", "took"),
            [
                (
                    str(row["id"]),
                    str(row.get("started_local", DASH)),
                    str(row["status"]),
                    f"{row.get('accepted', 0)}/{row.get('target', 0)}",
                    ", ".join(row.get("models", {})) or str(row.get("reason", "")) or DASH,
                    _dollars(row.get("cost_usd")),
                    _took(row.get("seconds")),
                )
                for row in rows
            ],
        )

    def record(self, row: Mapping[str, Any]) -> None:
        """One batch in full."""
        if self.json:
            self.data(row)
            return
        for line in _record_lines(row):
            self._rich.print(line, markup=False, highlight=False)
        self._table(
            ("model", "calls", "samples", "tokens in", "tokens out", "s/sample", "steps", "cost"),
            [_model_row(name, stats) for name, stats in row["models"].items()],
        )

    def models(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """What can be used, and how healthy it is."""
        if self.json:
            self.data(list(rows))
            return
        self._table(
            ("model", "state", "context", "max out", "structured", "$/M in", "$/M out", "note"),
            [
                (
                    f"{row['provider']}/{row['model']}",
                    str(row["state"]),
                    f"{row['context_window']:,}",
                    f"{row['max_completion_tokens']:,}",
                    str(row["structured"]),
                    _dollars(row["usd_per_million_input"]),
                    _dollars(row["usd_per_million_output"]),
                    str(row["note"] or ""),
                )
                for row in rows
            ],
        )

    def text(self, text: str) -> None:
        """Plain text as data."""
        print(_encodable(text, self._stdout), file=self._stdout, flush=True)

    def data(self, value: object) -> None:
        """One JSON value on stdout."""
        self._stdout.write(msgspec.json.encode(value).decode() + "\n")
        self._stdout.flush()

    def failure(self, error: LegalgenError, exit_code: int) -> None:
        """An error as a sentence on stderr; with ``--json`` also as an object on stdout."""
        tried = error.tried if isinstance(error, NoUsableProvider) else ()
        self.talk(f"Error: {error}")
        for line in tried:
            self.talk(f"  {line}")
        if self.json:
            kind = type(error).__name__
            detail = {"kind": kind, "message": str(error), "tried": list(tried)}
            self.data({"error": detail, "exit_code": exit_code})

    # ------------------------------------------------------------------ rich

    @functools.cached_property
    def _rich(self) -> RichConsole:
        from rich.console import Console as RichConsole  # noqa: PLC0415 - only for people

        piped = None if self._stdout.isatty() else max(120, _columns())
        return RichConsole(
            file=self._stdout,
            no_color=self._color == "never" or None,
            force_terminal=True if self._color == "always" else None,
            width=piped,
            soft_wrap=False,
        )

    def _table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        from rich import box  # noqa: PLC0415 - only for people
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._rich.print(table)


_LOUD = (events.Alert, events.TaskGivenUp)


def _columns() -> int:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() else 0


def _encodable(text: str, stream: TextIO) -> str:
    """The text without what the terminal's encoding cannot say."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _line(event: events.Event) -> str | None:
    """What an event is to a person; None for those that say nothing new."""
    say = _LINES.get(type(event))
    return say(event) if say is not None else None


def _started_line(event: events.BatchStarted) -> str:
    verb = "resumed" if event.resumed else "started"
    where = " (rehearsal: a toy model writes, nothing goes to train/)"
    toy = where if event.dataset == "rehearsal" else ""
    return f"batch {event.batch} {verb}: {event.target} samples, {event.route[0]} first{toy}"


def _accepted_line(event: events.SampleAccepted) -> str:
    flags = f", {' '.join(event.flags)}" if event.flags else ""
    where = f"{event.provider}/{event.model}"
    return f"sample {event.accepted}: {where}, {event.latency_s:.1f} s{flags}"


def _waiting_line(event: events.Waiting) -> str:
    until = f"{event.until.astimezone():%H:%M:%S}"
    return f"waiting {event.seconds:.0f} s for {event.target} until {until}: {event.reason}"


def _failure_line(event: events.CallFailed) -> str:
    status = f" {event.status}" if event.status else ""
    until = f", until {event.until.astimezone():%H:%M:%S}" if event.until else ""
    where = f"{event.provider}/{event.model}"
    return f"{where}: {event.category}{status}: {event.message} -> {event.decided}{until}"


_LINES: dict[type[events.Event], Callable[[Any], str]] = {
    events.BatchStarted: _started_line,
    events.SampleAccepted: _accepted_line,
    events.CallFailed: _failure_line,
    events.Waiting: _waiting_line,
    events.Switched: lambda e: f"switch: {e.source} -> {e.target} ({e.reason})",
    events.TaskGivenUp: lambda e: f"slot {e.slot} ({e.topic}) given up: {e.reason}",
    events.Alert: lambda e: f"ALERT: {e.message}",
    events.Notice: lambda e: str(e.text),
}


def _summary(result: Result) -> Iterable[str]:
    record = result.record
    if record is None:
        yield f"{result.status}: {result.reason}"
    else:
        yield f"batch {record.id} {result.status}: {record.accepted} of {record.target} samples"
        if result.reason:
            yield f"  {result.reason}"
        if record.rejected:
            worst = sorted(record.rejected.items(), key=lambda pair: -pair[1])[:3]
            yield "  refused: " + ", ".join(f"{code} {count}" for code, count in worst)
        for name, stats in record.models.items():
            cost = f", {_dollars(stats.cost_usd)}" if stats.cost_usd is not None else ""
            tokens = stats.input_tokens + stats.output_tokens
            yield f"  {name}: {stats.samples} samples, {stats.calls} calls, {tokens} tokens{cost}"
        yield f"  files: {result.dataset}"
    yield from _next_step(result)


def _next_step(result: Result) -> Iterable[str]:
    if result.resume_after is not None:
        yield f"  come back after {result.resume_after.astimezone():%Y-%m-%d %H:%M:%S}"
    if result.record is not None and result.status in ("paused", "stopped"):
        yield f"  go on with: legalgen batch {result.record.id} --resume"


def result_json(result: Result) -> dict[str, Any]:
    """A result as one JSON object."""
    record: Any = msgspec.to_builtins(result.record) if result.record is not None else None
    return {
        "status": result.status,
        "exit_code": result.exit_code,
        "reason": result.reason,
        "resume_after": result.resume_after,
        "dataset": str(result.dataset) if result.dataset else None,
        "batch": record,
    }


def history_row(record: Record | Unreadable, status: str) -> dict[str, Any]:
    """A batch as one line of history."""
    from legalgen.ledger import Record as Whole  # noqa: PLC0415 - history alone needs it

    if not isinstance(record, Whole):
        return {"id": record.id, "status": "unreadable", "reason": record.error}
    row: dict[str, Any] = msgspec.to_builtins(record)
    end = record.finished or record.updated
    costs = [m.cost_usd for m in record.models.values() if m.cost_usd is not None]
    row |= {
        "status": status,
        "started_local": f"{record.started.astimezone():%Y-%m-%d %H:%M}",
        "seconds": round((end - record.started).total_seconds(), 1),
        "cost_usd": round(sum(costs), 6) if costs else None,
    }
    return row


def _record_lines(row: Mapping[str, Any]) -> Iterable[str]:
    yield f"batch {row['id']}: {row['status']}, {row['accepted']} of {row['target']} samples"
    if row["reason"]:
        yield f"  {row['reason']}"
    yield f"  started {row['started']}, finished {row['finished'] or DASH}"
    yield f"  command: {' '.join(row['command'])}"
    if row["rejected"]:
        yield "  refused: " + ", ".join(f"{code} {n}" for code, n in row["rejected"].items())
    for switch in row["switches"]:
        yield f"  {switch['at']}  {switch['from']} -> {switch['to']}: {switch['reason']}"
    if row["status"] in ("paused", "stopped", "interrupted"):
        yield f"  go on with: legalgen batch {row['id']} --resume"


def _model_row(name: str, stats: Mapping[str, Any]) -> tuple[str, ...]:
    samples = stats["samples"]
    return (
        name,
        str(stats["calls"]),
        str(samples),
        f"{stats['input_tokens']:,}",
        f"{stats['output_tokens']:,}",
        f"{stats['sample_seconds'] / samples:.1f}" if samples else DASH,
        f"{stats['reasoning_steps'] / samples:.1f}" if samples else DASH,
        _dollars(stats["cost_usd"]),
    )


def _dollars(value: object) -> str:
    return f"${value:.4g}" if isinstance(value, int | float) else DASH


def _took(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return DASH
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
