"""What results look like to people, as values: lines and tables that the console prints.

Nothing here prints and nothing decides; :mod:`legalgen.ui.console` knows the terminal.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from legalgen.errors import Trouble
from legalgen.errors.category import ErrorCategory
from legalgen.errors.exit_codes import Exit
from legalgen.errors.plurals import plural
from legalgen.providers import is_remote
from legalgen.routing.remedies import grouped, remedies
from legalgen.settings.types import show_share
from legalgen.telemetry.clock import local_time
from legalgen.ui import words
from legalgen.ui.frame import WINDOWS, Style, StyledLine, dollars, short, span, unit

if TYPE_CHECKING:
    from legalgen.batch.intent import Result
    from legalgen.law.axes import Branch
    from legalgen.routing.doctor import Diagnosis
    from legalgen.routing.inventory import Compared, Limit, Listing, ModelRow
    from legalgen.store.balances import ModelStats
    from legalgen.store.ledger import Parked, Record, SpillNote
    from legalgen.store.outlays import Outlay
    from legalgen.store.sample import Sample

DASH = "-"
PARKED_NAMED = 4
"""So many parked cells are named in a summary; ``history --why`` names them all."""
SHARES = 4
"""So many models are named with their shares."""
GOOD: Mapping[str, Style] = {
    "completed": "green", "ready": "green", "running": "cyan", "paused": "yellow",
    "stopped": "yellow", "interrupted": "yellow", "failed": "red", "unreadable": "red",
    "cooling": "yellow", "exhausted": "yellow", "down": "red", "gone": "red", "retired": "red",
    "no key": "dim", "no server": "dim", "not installed": "dim", "key refused": "red",
    "network refused": "red", "no credit": "red", "wrong address": "red",
}  # fmt: skip


BARRED = ("key refused", "network refused", "no credit", "wrong address")
"""States of an account that no time mends."""
CURABLE = frozenset(
    {
        ErrorCategory.AUTHENTICATION,
        ErrorCategory.CONNECTION_ERROR,
        ErrorCategory.MODEL_UNAVAILABLE,
        ErrorCategory.QUOTA_EXHAUSTED,
        ErrorCategory.TIMEOUT,
    }
)
"""What people can do something about at the end of a run."""


class TableCell(msgspec.Struct, frozen=True):
    """One cell of a table."""

    text: str
    style: Style = ""


class Grid(msgspec.Struct, frozen=True):
    """A table: headings (those that begin with ``>`` stand right) and rows."""

    headings: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]

    def only(self, names: Sequence[str]) -> Grid:
        """The table with only these columns, for narrow terminals."""
        kept = [at for at, name in enumerate(self.headings) if name.lstrip(">") in names]
        return Grid(
            tuple(self.headings[at] for at in kept),
            tuple(tuple(row[at] for at in kept) for row in self.rows),
        )


Column = tuple[str, Callable[[Any], str | TableCell]]


def grid(columns: Sequence[Column], items: Iterable[Any]) -> Grid:
    """A table with one row an item."""

    def cell(value: str | TableCell) -> TableCell:
        return value if isinstance(value, TableCell) else TableCell(value)

    rows = tuple(tuple(cell(read(item)) for _, read in columns) for item in items)
    return Grid(tuple(name for name, _ in columns), rows)


def stacked(grid: Grid, width: int) -> Iterator[StyledLine]:
    """A table for a terminal too narrow for it: each row's first cell, then the others by name.

    What is empty is left out. A line exceeds ``width`` only where one cell alone does.
    """
    names = [heading.lstrip(">") for heading in grid.headings[1:]]
    for first, *others in grid.rows:
        yield StyledLine.of(first.text, first.style or "bold")
        line = StyledLine.of("")
        for name, cell in zip(names, others, strict=True):
            text = cell.text.strip()
            if text in ("", DASH):
                continue
            item = StyledLine(((f"  {name} ", "dim"), (text, cell.style)))
            if line.width and line.width + item.width > width:
                yield line
                line = StyledLine.of("")
            line = StyledLine((*line.spans, *item.spans)) if line.width else item
        if line.width:
            yield line


def labelled(label: str, text: str, style: Style = "") -> StyledLine:
    """A line of a summary: what it is, and what it is."""
    return StyledLine(((f"  {label:<9} ", "dim"), (text, style)))


# --------------------------------------------------------------------------- the end of a run


def summary(result: Result, again: str) -> Iterator[StyledLine]:
    """How a run ended, to be read in five seconds; ``again`` are flags to repeat in commands."""
    record = result.record
    if record is None:
        yield StyledLine(((result.status, GOOD.get(result.status, "")), (f": {result.reason}", "")))
        for reason in because("", result.obstacles):
            yield labelled("because", reason, GOOD.get(result.status, ""))
    else:
        yield _headline(record, result.status)
        for reason in because(result.reason, result.obstacles):
            yield labelled("because", reason, GOOD.get(result.status, ""))
        yield from _made(record, remedies_of(result))
        if result.dataset is not None and record.accepted:
            yield labelled("files", str(result.dataset))
    for sentence in remedies_of(result):
        yield labelled("remedy", sentence, "yellow")
    if result.resume_after is not None:
        yield labelled("back at", f"{local_time(result.resume_after):%Y-%m-%d %H:%M:%S}")
    command = next_command(result, again)
    if command:
        yield labelled("next", command, "bold")


def _headline(record: Record, status: str) -> StyledLine:
    end = record.finished or record.updated
    begun = record.resumed[-1] if record.resumed else record.started
    count = (
        f"  {record.accepted} of {plural(record.target, 'sample')}"
        f" in {span((end - begun).total_seconds())}"
    )
    return StyledLine(
        ((status, GOOD.get(status, "bold")), (count, "bold"), (f"  batch {record.id}", "dim"))
    )


def because(reason: str, obstacles: Iterable[Trouble]) -> list[str]:
    """Why a run ended; what keeps all models out of use is told provider by provider."""
    found = grouped(each for each in obstacles if str(each) != reason)
    return [line for line in (reason, *map(words.told_of, found)) if line]


def _made(record: Record, told: Sequence[str] = (), *, codes: bool = True) -> Iterator[StyledLine]:
    """What came of it; a trouble whose remedy is ``told`` is not told twice.

    ``codes``: those of refused answers are named, for no table of them follows.
    """
    yield from _kept_and_not(record, codes=codes)
    if record.accepted and record.models:
        yield labelled("models", shares(record.models))
    if record.points:
        yield labelled("points", lists_of(record))
    if hitches := hitches_of(record):
        yield labelled("hitches", hitches)
    untold = (one for one in record.troubles if one.kind != "unjudged" and one.remedy not in told)
    yield from (labelled("trouble", trouble.remedy, "red") for trouble in untold)
    for alert in record.alerts:
        yield labelled("alert", alert.message, "red")
    if any(stats.input_tokens + stats.output_tokens for stats in record.models.values()):
        yield labelled("tokens", tokens(record))


def _kept_and_not(record: Record, *, codes: bool) -> Iterator[StyledLine]:
    if record.lost:
        yield labelled("lost", f"{plural(record.lost, 'sample')}, by dataset verify", "red")
    if record.flagged:
        yield labelled("flagged", f"{record.flagged} of them, see the column flags")
    if record.unjudged:
        yield labelled("unjudged", unjudged(record), "yellow")
    if record.rejected and codes:
        yield labelled("refused", words.why_refused(record.rejected))
    if record.given_up:
        yield labelled("given up", plural(record.count("given_up"), "task"))
    if record.parked:
        cells = [parked(one) for one in record.parked[:PARKED_NAMED]]
        more = record.count("parked") - len(cells)
        yield labelled("parked", "; ".join(cells) + (f"; and {more} more" if more else ""))


def unjudged(record: Record) -> str:
    """How many samples were kept without a judge's marks, and what can be done about them."""
    count = plural(record.unjudged, "sample")
    return (
        f"{count} kept without marks, no judge could be had: legalgen dataset export "
        '--without-flag UNJUDGED leaves them out, [gate] UNJUDGED = "reject" refuses them'
    )


def parked(cell: Parked) -> str:
    """A cell that is not asked for again, and how often it failed."""
    what = f"{cell.topic}, {cell.difficulty}, {cell.sample_type}, {cell.jurisdiction}"
    when = f" by {local_time(cell.at):%Y-%m-%d}" if cell.at is not None else ""
    why = f": {'; '.join(map(words.told_of, cell.reason.split('; ')))}" if cell.reason else ""
    return f"{what.replace('_', ' ')} (failed {plural(cell.failures, 'time')}{when}{why})"


def commonest(failures: Mapping[str, int], most: int = 3) -> str:
    """Failures by what they are, the commonest first."""
    worst = sorted(failures.items(), key=lambda pair: -pair[1])
    more = f" and {plural(len(worst) - most, 'other reason')}" if len(worst) > most else ""
    return ", ".join(f"{what} {count}" for what, count in worst[:most]) + more


def shares(models: Mapping[str, ModelStats]) -> str:
    """Which models wrote how much, the first ones by name."""
    ranked = sorted(models.items(), key=lambda pair: -pair[1].samples)
    total = sum(stats.samples for stats in models.values())
    if not total:
        return ", ".join(
            f"{name}: no sample in {plural(stats.calls, 'call')}" for name, stats in ranked[:2]
        )
    writers = [(name, stats.samples) for name, stats in ranked if stats.samples]
    text = ", ".join(f"{name} {count / total:.0%}" for name, count in writers[:SHARES])
    more = len(writers) - SHARES
    return f"{text} and {more} more" if more > 0 else text


def lists_of(record: Record) -> str:
    """Of how many topics there is a list of points, and where from."""
    counts: dict[str, int] = {}
    for note in record.points:
        came = "listed for it" if note.asked else "kept from earlier"
        what = came if note.points else "none could be had"
        counts[what] = counts.get(what, 0) + 1
    more = record.count("points") - len(record.points)
    said = ", ".join(f"of {plural(count, 'topic')} {what}" for what, count in counts.items())
    return f"{said}, and of {more} more" if more else said


def hitches_of(record: Record) -> str:
    """Switches, waits and failures, as far as there were any."""
    failures: dict[str, int] = {}
    for stats in record.models.values():
        for category, count in stats.failures.items():
            if category not in ("output_invalid", "content_filter"):
                failures[category] = failures.get(category, 0) + count
    switches, waits = record.count("switches"), record.count("waits")
    parts = [
        plural(switches, "switch", "switches"),
        plural(waits, "wait"),
        plural(sum(failures.values()), "failed call"),
    ]
    if failures:
        parts[-1] += f" ({commonest(words.counted(failures))})"
    return ", ".join(part for part in parts if not part.startswith("0 "))


def tokens(record: Record) -> str:
    """Tokens in and out, and what they cost."""
    models = record.models.values()
    into, out = sum(m.input_tokens for m in models), sum(m.output_tokens for m in models)
    costs = [m.cost_usd for m in models if m.cost_usd is not None]
    text = f"{into:,} in, {out:,} out"
    if unknown := unpriced(record):
        text += f", price unknown: {unknown:,} tokens"
    if not costs:
        return text
    each = f" ({dollars(sum(costs) / record.accepted)} a sample)" if record.accepted else ""
    assumed = sum(m.assumed_usd for m in models)
    broken = (
        f", {dollars(assumed)} of it assumed for calls of which no reply tells" if assumed else ""
    )
    return f"{text}, {dollars(sum(costs))}{each}{broken}"


def unpriced(record: Record) -> int:
    """Tokens of models whose price is not known; those in this process cost nothing."""
    return sum(
        m.input_tokens + m.output_tokens
        for name, m in record.models.items()
        if m.cost_usd is None and is_remote(name.partition("/")[0])
    )


def remedies_of(result: Result) -> list[str]:
    """What to do when a run ended without a provider, or paused."""
    if result.exit_code not in (3, 75):
        return []
    failures = result.record.failures if result.record is not None else []
    last = {failed.target: failed for failed in failures if failed.category in CURABLE}
    passing = result.exit_code == 75
    kept_out = [t for t in result.obstacles if t.category in CURABLE or not passing]
    return remedies([failed.trouble for failed in last.values()] or kept_out)


def cures_of(result: Result) -> list[str]:
    """What to do, also about what is wrong with an account while another works."""
    troubles = result.record.troubles if result.record is not None else []
    mends = [each.remedy for each in troubles if each.kind != "paid_instead"]
    return list(dict.fromkeys([*remedies_of(result), *mends]))


def next_command(result: Result, again: str) -> str:
    """What to type next; empty when there is nothing to go on with."""
    record = result.record
    if record is None:
        return "the same command again" if result.status == "paused" else ""
    if record.kind != "batch":
        return ""
    if result.status in ("paused", "stopped", "failed"):
        return resume_command(record, again) + _more(result)
    return f"legalgen history {record.id}{again}"


def _more(result: Result) -> str:
    """The flag that has to be raised, where a resumed batch keeps the bound that it met."""
    if result.exit_code != Exit.BOUND:
        return ""
    met = (flag for flag in ("--max-cost", "--max-tokens") if f"({flag})" in result.reason)
    return "".join(f" {flag} MORE" for flag in met)


def resume_command(record: Record, again: str) -> str:
    """How to go on with a batch, at the server that a command named last."""
    address = record.parameters.get("base_url")
    server = f" --base-url {shlex.quote(str(address))}" if address else ""
    return f"legalgen batch {record.id} --resume{server}{again}"


# --------------------------------------------------------------------------- one sample


def sample(sample: Sample) -> Iterator[tuple[str, str]]:
    """Heading and text, part by part."""
    where = f"{sample.topic}, {sample.difficulty}, {sample.sample_type}, {sample.jurisdiction}"
    yield f"Question  ({where})", sample.question
    if sample.reasoning_steps:
        steps = (f"{number}. {step}" for number, step in enumerate(sample.reasoning_steps, 1))
        yield "Reasoning", "\n".join(steps)
    yield "Answer", sample.answer
    if sample.citations:
        yield "Citations", "\n".join(f"- {each.text}  ({each.status})" for each in sample.citations)
    if sample.flags:
        yield "Flags", ", ".join(sample.flags)


def origin(sample: Sample, *, saved: bool, where: str) -> str:
    """Who wrote a sample, what it took, and where it is."""
    cost = f", {dollars(sample.cost_usd)}" if sample.cost_usd is not None else ""
    took = f"{sample.latency_s:.1f} s" if sample.latency_s is not None else DASH
    kept = f"kept in {where} as {sample.id}" if saved else "not kept"
    size = f"{sample.input_tokens}+{sample.output_tokens} tokens"
    return f"{sample.provider}/{sample.model}, {took}, {size}{cost}; {kept}"


# --------------------------------------------------------------------------- history


def _row_models(row: Mapping[str, Any]) -> str:
    models: Mapping[str, Mapping[str, Any]] = row.get("models", {})
    ranked = sorted(models, key=lambda name: -int(models[name]["samples"]))
    more = f" +{len(ranked) - 1}" if len(ranked) > 1 else ""
    if not ranked:
        return str(row.get("reason", "")) or DASH
    return ranked[0].rpartition("/")[2] + more


def spend_columns(by: str) -> tuple[Column, ...]:
    """What was spent; rows are :class:`legalgen.store.outlays.Outlay`."""
    return (
        (by, lambda row: row.name),
        (">cost", _outlay),
        (">samples", lambda row: f"{row.samples:,}"),
        (">tokens", lambda row: f"{row.tokens:,}"),
    )


def _outlay(row: Outlay) -> str:
    known = dollars(row.cost_usd) if row.cost_usd or not row.price_unknown_tokens else ""
    unknown = f"price unknown: {row.price_unknown_tokens:,} tokens"
    return ", ".join([known] * bool(known) + [unknown] * bool(row.price_unknown_tokens))


HISTORY_NARROW = ("batch", "status", "samples", "cost", "took", "models")
"""The id says when a batch began, in UTC."""
HISTORY_COLUMNS: tuple[Column, ...] = (
    ("batch", lambda row: str(row["id"])),
    ("started", lambda row: str(row.get("started_local", DASH))),
    ("status", lambda row: TableCell(str(row["status"]), GOOD.get(str(row["status"]), ""))),
    (">samples", lambda row: f"{row.get('accepted', 0)}/{row.get('target', 0)}"),
    (">cost", lambda row: money(row.get("cost_usd"))),
    (">took", lambda row: took(row.get("seconds"))),
    ("models", _row_models),
)
"""The table of batches; rows are those of :func:`legalgen.ui.console.history_row`."""


def record_lines(record: Record, status: str, again: str) -> Iterator[StyledLine]:
    """One batch in full, before its table of models."""
    yield _headline(record, status)
    for reason in because(record.reason, record.obstacles):
        yield labelled("because", reason, GOOD.get(status, ""))
    yield labelled("command", " ".join(record.command))
    finished = f"{local_time(record.finished):%Y-%m-%d %H:%M:%S}" if record.finished else "not yet"
    yield labelled("started", f"{local_time(record.started):%Y-%m-%d %H:%M:%S}, ended {finished}")
    yield labelled("process", f"pid {record.process.pid} on {record.process.host}")
    for moment in record.resumed:
        yield labelled("resumed", f"{local_time(moment):%Y-%m-%d %H:%M:%S}")
    yield from _made(record, codes=False)
    if record.bulk is not None:
        from legalgen.batch.bulk.steps import history as told_of_bulk  # what few batches have

        for told in told_of_bulk(record.bulk):
            yield labelled("bulk", told)
    if record.spill is not None:
        yield labelled("paid too", spilled(record.spill))
    if record.parts:
        rows = sum(part.rows for part in record.parts)
        yield labelled("parts", f"{plural(len(record.parts), 'part')}, {plural(rows, 'row')}")
    if status in ("paused", "stopped", "interrupted", "failed") and record.kind == "batch":
        yield labelled("next", resume_command(record, again), "bold")
    if status == "running" and record.kind == "batch":
        yield labelled("next", f"legalgen batch {record.id} --stop{again}", "bold")


def spilled(spill: SpillNote) -> str:
    """Whom else a batch paid, and why."""
    return f"{spill.target}, from {local_time(spill.at):%H:%M} on: {spill.provider}: {spill.reason}"


RECORD_NARROW = ("model", "calls", "samples", "s/sample", "steps", "cost")
RECORD_COLUMNS: tuple[Column, ...] = (
    ("model", lambda row: str(row[0])),
    (">calls", lambda row: str(row[1].calls)),
    (">samples", lambda row: str(row[1].samples)),
    (">in", lambda row: short(row[1].input_tokens)),
    (">out", lambda row: short(row[1].output_tokens)),
    (">s/sample", lambda row: ratio(row[1].sample_seconds, row[1].samples)),
    (">steps", lambda row: ratio(row[1].reasoning_steps, row[1].samples)),
    (">cost", lambda row: money(row[1].cost_usd)),
    ("failures", lambda row: commonest(words.counted(row[1].failures)) or DASH),
)
"""The models of one batch; rows are pairs of name and ``ModelStats``."""

REJECT_COLUMNS: tuple[Column, ...] = (
    ("refused because", lambda row: str(row[0])),
    (">answers", lambda row: str(row[1])),
    ("means", lambda row: words.code_sentence(row[0])),
)


class TroubleLine(msgspec.Struct, frozen=True):
    """Something that went wrong; lines with the same ``meaning`` say the same thing again."""

    at: datetime
    meaning: tuple[str, ...]
    head: str
    style: Style = ""
    tail: str = ""


def why(record: Record) -> Iterator[StyledLine]:
    """Every switch, wait, failure, alert and task given up, in the order of time.

    What happened again and again is one line where it first did, with how often and until when.
    """
    folded: dict[tuple[str, ...], list[TroubleLine]] = {}
    for told in sorted(_told(record), key=lambda line: line.at):
        folded.setdefault(told.meaning, []).append(told)
    yield StyledLine.of("why, in order:" if folded else "nothing went wrong in this batch", "bold")
    day = None
    for told, *again in folded.values():
        local = local_time(told.at)
        if local.date() != day:
            day = local.date()
            yield StyledLine.of(f"{day}", "dim")
        tail = told.tail
        if again:
            last = f"{local_time(again[-1].at):%H:%M:%S}"
            tail += f"  ({len(again)} more of these, the last at {last})"
        time = f"  {local:%H:%M:%S}  "
        yield StyledLine(((time, "dim"), (told.head, told.style), (tail, "")))
    for note in record.given_up:
        where = ", ".join(note.cell).replace("_", " ")
        reasons = "; ".join(dict.fromkeys(map(words.told_of, note.reasons)))
        yield StyledLine.of(f"  given up: a sample on {where}: {reasons}", "red")
    for cell in record.parked:
        yield StyledLine.of(f"  not asked for again: {parked(cell)}", "red")
    for cell in record.avoided:
        yield StyledLine.of(f"  not asked for, since an earlier batch: {parked(cell)}", "red")
    for name, count in record.omitted.items():
        yield StyledLine.of(f"  and {count} more {name}, which the record leaves out", "dim")


def _told(record: Record) -> Iterator[TroubleLine]:
    for failed in record.failures:
        status = f" ({failed.status})" if failed.status else ""
        hint = f"; the server says {span(failed.hint_s)}" if failed.hint_s is not None else ""
        until = f" until {local_time(failed.until):%H:%M:%S}" if failed.until else ""
        what = ", ".join(dict.fromkeys(failed.codes)) or words.what(failed.category)
        tail = f": {failed.message}{hint}  ->  {failed.rule}{until}"
        yield TroubleLine(
            failed.at,
            ("failed", failed.target, what, status, failed.rule),
            f"{'failed':<7}{failed.target}  {what}{status}",
            "red",
            tail,
        )
    for switch in record.switches:
        meaning = "switch", switch.from_, switch.to, switch.reason
        head = f"{'switch':<7}{switch.from_} -> {switch.to}"
        yield TroubleLine(switch.at, meaning, head, "cyan", f": {switch.reason}")
    for wait in record.waits:
        targets, why = ", ".join(wait.targets), words.told(wait.reason)
        head = f"{'wait':<7}{span(wait.seconds)} for {targets}"
        short_why = why.partition(": ")[0]
        yield TroubleLine(wait.at, ("wait", targets, short_why), head, "yellow", f": {why}")
    if record.spill is not None:
        yield TroubleLine(record.spill.at, ("paid",), f"{'paid':<7}{spilled(record.spill)}")
    for trouble in record.troubles:
        head = f"{'trouble':<7} {trouble.remedy}"
        yield TroubleLine(trouble.at, ("trouble", trouble.kind, trouble.target), head, "red")
    for alert in record.alerts:
        text = alert.message
        yield TroubleLine(alert.at, ("alert", text), f"{'alert':<7}{text}", "red")
    for moment in record.resumed:
        yield TroubleLine(moment, ("resumed", str(moment)), "resumed", "bold")


# --------------------------------------------------------------------------- models


MODELS_MIDDLE = ("model", "state", "left", "$/M in/out", "s", "tok/s", "kept", "note")
MODELS_NARROW = ("model", "state", "left", "$/M in/out", "kept")
CHECKED_NARROW = ("model", "state", "left", "check")


def models_columns(now: datetime, *, checked: bool, wide: bool) -> tuple[Column, ...]:
    """What can be used; rows are :class:`legalgen.routing.inventory.ModelRow`."""
    columns: tuple[Column, ...] = (
        ("model", lambda row: f"{row.provider}/{row.model}"),
        ("state", lambda row: model_state(row, now)),
        ("left", lambda row: left(row.limits, wide=wide)),
        (">context", lambda row: short(row.context_window) if row.context_window else DASH),
        (">max out", lambda r: short(r.max_completion_tokens) if r.max_completion_tokens else DASH),
        ("structured", lambda row: row.structured or DASH),
        (">$/M in/out", _price),
        (">s", lambda row: number(_latency(row), 1)),
        (">tok/s", lambda row: number(row.track and row.track.tokens_per_second, 0)),
        (">kept", lambda row: percent(row.track and row.track.acceptance)),
        ("note", lambda row: ", ".join(row.notes)),
    )
    return (*columns, ("check", _checked)) if checked else columns


def share_lines(share: float) -> Iterator[StyledLine]:
    """That limits are shown as the part of them that is used here."""
    if share < 1:
        text = f"Of every limit {show_share(share)} is used here (--quota-share)."
        yield StyledLine.of(text, "dim")


def model_state(row: ModelRow, now: datetime) -> TableCell:
    """``ready``, ``cooling 41 s``, ``exhausted to 02:00``."""
    style = GOOD.get(row.state, "")
    if row.until is None or row.state in ("gone", *BARRED):
        return TableCell(row.state, style)
    seconds = (row.until - now).total_seconds()
    end = span(seconds) if seconds < 600 else f"to {local_time(row.until):%a %H:%M}"
    return TableCell(f"{row.state} {end}", style)


def left(limits: Sequence[Limit], *, wide: bool) -> str:
    """What is left of the tightest limit; in wide tables of each window; or the limits alone."""
    shown = [
        one
        for window in ("minute", "hour", "day")
        if (one := _tightest(limits, window)) is not None
    ]
    shown = shown if wide else sorted(shown, key=_share)[:1]
    return ", ".join(map(limit_words, shown)) or DASH


def _tightest(limits: Sequence[Limit], window: str) -> Limit | None:
    among = [limit for limit in limits if limit.window == window]
    return min(among, key=lambda limit: (_share(limit), "tokens" not in limit.kind), default=None)


def limit_words(limit: Limit) -> str:
    """``812/1k req/day``."""
    known = f"{short(limit.left)}/" if limit.left is not None else ""
    return f"{known}{short(limit.limit)} {unit(limit.kind)}/{WINDOWS[limit.window]}"


def _share(limit: Limit) -> float:
    return 1.0 if limit.left is None else limit.left / max(limit.limit, 1)


def _price(row: ModelRow) -> str:
    into, out = row.usd_per_million_input, row.usd_per_million_output
    return DASH if into is None or out is None else f"{into:g}/{out:g}"


def _latency(row: ModelRow) -> float | None:
    own = row.track.seconds_per_sample if row.track else None
    return own if own is not None else row.latency_s


def _checked(row: ModelRow) -> TableCell:
    if row.check is None:
        return TableCell(DASH, "dim")
    if row.check.ok:
        return TableCell(f"ok {number(row.check.seconds, 1)} s", "green")
    return TableCell(words.what(row.check.category), "red")


def troubled(rows: Iterable[ModelRow]) -> Iterator[StyledLine]:
    """Under the table: what went wrong, and what to do."""
    for row in rows:
        if row.check is not None and not row.check.ok:
            yield StyledLine.of(f"{row.provider}/{row.model}: {row.check.message}", "red")
    cures = [row.check.remedy if row.check is not None else row.remedy for row in rows]
    for cure in dict.fromkeys(filter(None, cures)):
        yield StyledLine.of(f"  {cure}", "yellow")


def listing_lines(listings: Iterable[Listing]) -> Iterator[StyledLine]:
    """What the servers' lists have that is not known here, and the other way round."""
    for listing in listings:
        if listing.error:
            yield StyledLine(
                ((f"{listing.provider}: ", "bold"), (words.told(listing.error), "red"))
            )
            if listing.remedy:
                yield StyledLine.of(f"  {listing.remedy}", "yellow")
            continue
        head = f"{listing.provider}: {plural(listing.models, 'model')} listed"
        same = "" if listing.new or listing.gone else ", all as known"
        yield StyledLine(((head, "bold"), (same, "")))
        for id_ in listing.new:
            yield StyledLine.of(f"  new   {id_}", "green")
        for id_ in listing.gone:
            yield StyledLine.of(f"  gone  {id_}", "red")


def findings(found: Iterable[Diagnosis]) -> Iterator[StyledLine]:
    """What `doctor` saw, one thing a line, with what to do under what is amiss."""
    styles: Mapping[str, Style] = {"ok": "green", "note": "yellow", "bad": "red"}
    for each in found:
        head = (f"{each.state:<4}  ", styles[each.state])
        yield StyledLine((head, (f"{each.name}: ", "bold"), (words.told(each.found), "")))
        if each.remedy:
            yield StyledLine.of(f"        {each.remedy}", "yellow")


COMPARE_MIDDLE = (
    "model", "samples", "/min", "first", "kept", "words", "steps", "tokens", "s/sample", "$/1000",
)  # fmt: skip
COMPARE_NARROW = ("model", "/min", "first", "kept", "words", "tokens", "$/1000")
COMPARE_COLUMNS: tuple[Column, ...] = (
    ("model", lambda row: str(row[0])),
    (">samples", lambda row: str(row[1].samples)),
    (">/min", lambda row: number(row[1].samples_per_minute, 1)),
    (">first", lambda row: percent(row[1].first_pass)),
    (">kept", lambda row: percent(row[1].acceptance)),
    (">words", lambda row: number(row[1].answer_words, 0)),
    (">steps", lambda row: number(row[1].steps, 1)),
    (">tokens", lambda row: number(row[1].tokens_per_sample, 0)),
    (">thinking", lambda row: number(row[1].reasoning_tokens, 0)),
    (">s/sample", lambda row: number(row[1].seconds_per_sample, 1)),
    (">tok/s", lambda row: number(row[1].tokens_per_second, 0)),
    (">$/1000", lambda row: money(row[1].usd_per_sample and row[1].usd_per_sample * 1000)),
    ("failures", lambda row: commonest(words.counted(row[1].failures), 2) or DASH),
)
"""Models side by side; rows are pairs of name and :class:`legalgen.routing.inventory.Compared`."""


def ranked(tracks: Mapping[str, Compared]) -> list[tuple[str, Compared]]:
    """The best first: by what is kept, then by speed."""
    return sorted(
        tracks.items(),
        key=lambda pair: (-(pair[1].acceptance or 0), pair[1].seconds_per_sample or 1e9),
    )


# --------------------------------------------------------------------------- the taxonomy


def tree(branches: Sequence[Branch], depth: int = 0) -> Iterator[StyledLine]:
    """The taxonomy as an indented list, with how many cells each branch holds."""
    for branch in branches:
        inner = f"{plural(branch.topics, 'topic')}, " if branch.children else ""
        style: Style = ("bold", "", "dim")[min(depth, 2)]
        head = f"{'  ' * depth}{branch.id}"
        name = f"  {branch.name}" if branch.name.casefold() != branch.id.casefold() else ""
        yield StyledLine(
            ((head, style), (name, "dim"), (f"  ({inner}{plural(branch.cells, 'cell')})", "dim"))
        )
        yield from tree(branch.children, depth + 1)


# --------------------------------------------------------------------------- numbers


def number(value: float | None, digits: int) -> str:
    """A number, or a dash for none."""
    return DASH if value is None else f"{value:,.{digits}f}"


def ratio(part: float, whole: float) -> str:
    """``part / whole`` with one digit, or a dash."""
    return number(part / whole if whole else None, 1)


def percent(value: float | None) -> str:
    """A share as percent, or a dash."""
    return DASH if value is None else f"{value:.0%}"


def money(value: object) -> str:
    """US dollars, or a dash."""
    return dollars(float(value)) if isinstance(value, int | float) else DASH


def took(seconds: object) -> str:
    """A duration, or a dash."""
    return span(float(seconds)) if isinstance(seconds, int | float) else DASH
