"""What the live view shows, as lines of styled text; nothing here knows a terminal.

A line never exceeds the width it was made for, so that a terminal never wraps one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal
from unicodedata import east_asian_width

import msgspec

from legalgen.errors.escaping import printable
from legalgen.errors.plurals import plural
from legalgen.routing.targets import View
from legalgen.telemetry.clock import local_time
from legalgen.ui import words
from legalgen.ui.progress import Lane, Outlook, Progress, lane_of, outlook

Style = Literal["", "bold", "dim", "red", "green", "yellow", "cyan"]
SGR: dict[Style, str] = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36",
}  # fmt: skip
QUIET_SPELL_S = 15.0
NARROW, WIDE = 60, 100
WINDOWS = {"minute": "min", "hour": "h", "day": "day"}
_WORDS = {"probing": "trying again", "dropped": "left out"}
_TINTS: dict[str, Style] = {"ready": "green", "probing": "cyan", "dropped": "red", "open": "red"}


class StyledLine(msgspec.Struct, frozen=True):
    """One line of the view: spans of text, each with a style."""

    spans: tuple[tuple[str, Style], ...]

    @classmethod
    def of(cls, text: str, style: Style = "") -> StyledLine:
        """A line in one style."""
        return cls(((text, style),))

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(text for text, _ in self.spans)

    @property
    def width(self) -> int:
        """How many columns of a terminal it takes."""
        return columns_of(self.text)

    def cut(self, width: int, ellipsis: str) -> StyledLine:
        """The line, at most ``width`` columns wide."""
        if self.width <= width:
            return self
        room, spans = width - columns_of(ellipsis), []
        for text, style in self.spans:
            kept = _fitting(text, room)
            spans.append((kept, style))
            room = room - columns_of(kept) if kept == text else 0
        return StyledLine((*spans, (ellipsis, "")))

    def painted(self, *, colour: bool) -> str:
        """The line as a terminal takes it."""
        if not colour:
            return self.text
        return "".join(
            f"\x1b[{SGR[style]}m{text}\x1b[0m" if style and text else text
            for text, style in self.spans
        )


def columns_of(text: str) -> int:
    """The columns that a terminal gives a text; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _fitting(text: str, room: int) -> str:
    """As much of the beginning as fits."""
    for at, character in enumerate(text):
        room -= columns_of(character)
        if room < 0:
            return text[:at]
    return text


class Glyphs(msgspec.Struct, frozen=True):
    """The few characters that not every locale has."""

    full: str = "━"
    empty: str = "─"
    dot: str = " · "
    ellipsis: str = "…"


UNICODE = Glyphs()
ASCII = Glyphs(full="#", empty="-", dot=", ", ellipsis="..")


class Moment(msgspec.Struct, frozen=True):
    """All that the view is made of at one instant; ``stopping``: the run was asked to end."""

    progress: Progress
    views: Sequence[View]
    now: float
    wall: datetime
    stopping: bool = False

    @property
    def in_flight(self) -> int:
        """Calls that are out."""
        return sum(view.in_flight for view in self.views)

    def lanes(self) -> list[Lane]:
        """The targets that can still deliver."""
        found = (lane_of(view, self.progress, self.now) for view in self.views)
        return [lane for lane in found if lane is not None]

    def outlook(self) -> Outlook:
        """When it may end."""
        progress = self.progress
        return outlook(progress.remaining, self.lanes(), progress.rate(self.now))


def frame(moment: Moment, width: int, height: int, glyphs: Glyphs = UNICODE) -> list[StyledLine]:
    """The whole view: at most ``height`` lines of at most ``width`` characters."""
    if not moment.progress.started:
        return []
    if moment.progress.target == 1:
        lines = [_one_sample(moment)]
    else:
        lines = [
            _bar_line(moment, width, glyphs),
            _count_line(moment, glyphs),
            *_status_lines(moment),
            *_table(moment, width, max(0, height - 4), glyphs),
        ]
    return [line.cut(width, glyphs.ellipsis) for line in lines[:height]]


def _one_sample(moment: Moment) -> StyledLine:
    """The view of ``generate``: whom is being waited for."""
    out = [str(view.ref) for view in moment.views if view.in_flight]
    elapsed = span(moment.now - moment.progress.begun)
    if out:
        return StyledLine((("asking ", "dim"), (", ".join(out), "bold"), (f"  {elapsed}", "dim")))
    return StyledLine(status(moment))


# --------------------------------------------------------------------------- the head


def _bar_line(moment: Moment, width: int, glyphs: Glyphs) -> StyledLine:
    progress = moment.progress
    share = progress.accepted / progress.target
    tail = f"  {progress.accepted}/{progress.target}  {share:.0%}  {pace(moment)}"
    room = max(8, min(40, width - len(tail)))
    full = min(room, math.floor(share * room))
    return StyledLine(
        ((glyphs.full * full, "green"), (glyphs.empty * (room - full), "dim"), (tail, ""))
    )


def pace(moment: Moment) -> str:
    """The rate, and when the run may end."""
    rate = moment.progress.rate(moment.now) * 60
    end = moment.outlook().seconds
    eta = f"ETA {span(end)}" if end is not None else "ETA unknown"
    return f"{short(rate) if rate >= 100 else f'{rate:.3g}'}/min  {eta}"


def _count_line(moment: Moment, glyphs: Glyphs) -> StyledLine:
    progress = moment.progress
    spans: list[tuple[str, Style]] = [(f"{progress.accepted} accepted", "green")]
    spans += [(f"{progress.flagged} flagged", "yellow" if progress.flagged else "")]
    spans += [(refused(progress), "red" if progress.refused else "")]
    if progress.cost_usd is not None:
        spans.append((dollars(progress.cost_usd), ""))
    spans.append((span(moment.now - progress.begun), "dim"))
    joined: list[tuple[str, Style]] = []
    for part in spans:
        joined += [(glyphs.dot, "dim"), part] if joined else [part]
    return StyledLine(tuple(joined))


def refused(progress: Progress) -> str:
    """How many answers were refused, and the three commonest reasons."""
    top = ", ".join(f"{code} {count}" for code, count in progress.codes.most_common(3))
    return f"{progress.refused} refused" + (f" ({top})" if top else "")


def _status_lines(moment: Moment) -> list[StyledLine]:
    lines = [StyledLine(status(moment))]
    today = moment.outlook().today
    if today is not None:
        text = f"about {today} of {moment.progress.remaining} more fit today's quotas"
        lines.append(StyledLine.of(f"{text}; then the batch pauses", "yellow"))
    return lines


def status(moment: Moment) -> tuple[tuple[str, Style], ...]:
    """What the run is doing right now."""
    out = moment.in_flight
    if moment.stopping:
        ending = f"stopping: {calls(out)} in flight to finish (another Ctrl-C abandons them)"
        return ((ending, "yellow"),)
    if out:
        since = moment.now - (moment.progress.accepted_at or moment.progress.begun)
        last = "no sample yet"
        if moment.progress.accepted_at is not None:
            last = f"last sample {span(since)} ago"
        late = f", {last}" if since > QUIET_SPELL_S else ""
        return ((f"{calls(out)} in flight{late}", "dim"),)
    return (waiting(moment),)


def waiting(moment: Moment) -> tuple[str, Style]:
    """What is waited for when nothing is in flight: the call that leaves next, of all that queue.

    What was told is older than the queue, and may be of a call far behind in it; it counts where
    no queue is seen, as at a batch service.
    """
    queues = [queue for view in moment.views if (queue := _queue(view, moment.now)) is not None]
    seconds, target, why = min(queues, default=(0.0, "", ""))
    told = moment.progress.waits_for(moment.wall)
    if told is not None and all(told.target != str(view.ref) for view in moment.views):
        seconds = max(1.0, (told.until - moment.wall).total_seconds())
        target, why = told.target, printable(told.reason)
    if seconds < 1:
        return "choosing a model", "dim"
    return f"waiting {span(seconds)} for {target}" + (f": {why}" if why else ""), "yellow"


def _queue(view: View, now: float) -> tuple[float, str, str] | None:
    """Seconds until the first call of a model's queue leaves, the model, and what holds it; None
    where none waits, or one that can never fit, which goes elsewhere."""
    if view.first_wait is None or math.isinf(view.first_wait[0]):
        return None
    budget_s, bucket = view.first_wait
    state_s = max(0.0, (view.until or now) - now)
    if bucket is not None and budget_s >= state_s:
        return budget_s, str(view.ref), f"{bucket.kind.replace('_', ' ')} per {bucket.window}"
    return state_s, str(view.ref), printable(words.told(view.why).partition(": ")[0])


def calls(number: int) -> str:
    """A number of calls, in words."""
    return plural(number, "call")


# --------------------------------------------------------------------------- the route


def _table(moment: Moment, width: int, height: int, glyphs: Glyphs) -> list[StyledLine]:
    """One line a model; those that do not fit are counted in the last line.

    A narrow terminal shows no calls that are out and no budgets, and names that are cut so that no
    two are the same.
    """
    if height < 2 or not moment.views:
        return []
    shown = moment.views if len(moment.views) < height else moment.views[: height - 2]
    rows = [_row(moment, view, width) for view in shown]
    states = max(map(len, ["state", *(row.state for row in rows)]))
    states = states if width < NARROW else max(18, states)
    room = width - 4 - states - 6 if width < NARROW else max(16, width // 3)
    short_names = names([str(view.ref) for view in moment.views], max(8, room), glyphs.ellipsis)
    longest = max(map(columns_of, short_names))
    out = width >= NARROW
    head = f"  {'model':<{longest}}  {'state':<{states}}" + f" {'out':>3}" * out
    lines = [StyledLine.of(f"{head} {'kept':>5}" + "  left" * out, "dim")]
    for row, name in zip(rows, short_names, strict=False):  # some have no row
        filled = name + " " * (longest - columns_of(name))
        numbers = f" {row.out or '':>3}" * out + f" {row.kept:>5}"
        state_span, rest = (f"{row.state:<{states}}", row.tint), f"  {row.rest}" * out
        lines.append(StyledLine(((f"  {filled}  ", ""), state_span, (numbers, ""), (rest, "dim"))))
    more = len(moment.views) - len(shown)
    return [*lines, *([StyledLine.of(f"  and {more} more", "dim")] if more else [])]


class _Row(msgspec.Struct, frozen=True):
    """One model of the table."""

    state: str
    tint: Style
    out: int
    kept: int
    rest: str


def _row(moment: Moment, view: View, width: int) -> _Row:
    tally = moment.progress.tallies.get(str(view.ref))
    said, tint = state(view, lane_of(view, moment.progress, moment.now), moment)
    out_of_use = view.state not in ("ready", "limited") and view.why
    rest = (
        printable(words.told(view.why)) if out_of_use else quotas(view, moment.now, width >= WIDE)
    )
    return _Row(said, tint, view.in_flight, tally.samples if tally else 0, rest)


def names(full: Sequence[str], width: int, ellipsis: str) -> list[str]:
    """Names of at most so many columns, cut in the middle, no two the same as far as that goes.

    The end says most of a model, the beginning whose it is; so the end gets the larger part, or,
    where that makes two the same, as much as tells them apart.
    """
    widest = max(map(columns_of, full), default=0)
    if widest <= width:
        return list(full)
    room = max(2, width - columns_of(ellipsis))
    shares = sorted(range(1, room), key=lambda head: abs(head - room // 3))

    def cut(name: str, head: int) -> str:
        if columns_of(name) <= width:
            return name
        tail = room - head
        start, end = _fitting(name, head), _fitting(name[::-1], tail)[::-1]
        return f"{start}{ellipsis}{end}"

    tried = ([cut(name, head) for name in full] for head in shares)
    return max(tried, key=lambda short_names: len(set(short_names)), default=list(full))


def state(view: View, lane: Lane | None, moment: Moment) -> tuple[str, Style]:
    """A model's state in at most 18 characters, and its colour."""
    left = (view.until or moment.now) - moment.now
    if view.until is not None and left > 0:
        verb = {"limited": "limited", "open": "down", "exhausted": "used up"}[view.state]
        return f"{verb} {until(left, moment.wall)}", "red" if view.state == "open" else "yellow"
    binding = lane.binding if lane else None
    if view.state == "ready" and binding is not None and binding.wait_s >= 1:
        return f"refills {until(binding.wait_s, moment.wall)}", "yellow"
    return _WORDS.get(view.state, view.state), _TINTS.get(view.state, "yellow")


def until(seconds: float, wall: datetime) -> str:
    """A short wait as a span, a long one as the time of day."""
    if seconds < 600 or not math.isfinite(seconds):
        return span(seconds)
    end = local_time(datetime.fromtimestamp(wall.timestamp() + seconds, UTC))
    return f"to {end:%H:%M}" if seconds < 20 * 3600 else f"to {end:%a %H:%M}"


def quotas(view: View, now: float, wide: bool) -> str:
    """What is left of the tightest budgets: of the minute, then of the day."""
    buckets = sorted(view.budgets.buckets.values(), key=lambda b: b.level_at(now) / max(b.limit, 1))
    minute = [b for b in buckets if b.window == "minute"][:1]
    longer = [b for b in buckets if b.window != "minute"][:1]
    chosen = [*minute, *longer] if wide else (minute or longer)
    return "  ".join(
        f"{short(max(0.0, b.level_at(now)))}/{short(b.limit)} {unit(b.kind)}/{WINDOWS[b.window]}"
        for b in chosen
    )


# --------------------------------------------------------------------------- words


def unit(kind: str) -> str:
    """``tokens`` as people abbreviate it."""
    return {"requests": "req", "tokens": "tok", "input_tokens": "in", "output_tokens": "out"}[kind]


def short(number: float) -> str:
    """``812``, ``7.9k``, ``250k``, ``1.2M``."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            scaled = number / size
            return (
                f"{scaled:.1f}".removesuffix(".0") + letter
                if scaled < 100
                else f"{scaled:.0f}{letter}"
            )
    return f"{number:.0f}"


def span(seconds: float) -> str:
    """A time as people say it: ``41 s``, ``7 min``, ``1 h 30 min``, ``3 days``."""
    if not math.isfinite(seconds):
        return "for good"
    whole = math.ceil(seconds - 1e-6)
    if whole < 100:
        return f"{max(0, whole)} s"
    minutes = round(whole / 60)
    if minutes < 10:
        return f"{whole // 60} min {whole % 60:02d} s"
    if minutes < 100:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{round(hours / 24)} days"


def dollars(value: float) -> str:
    """US dollars with as many digits as mean something: ``$0.0041``, ``$12.30``."""
    if value and abs(value) < 1:
        return f"${value:.2g}" if abs(value) >= 0.0001 else f"${value:.1e}"
    return f"${value:,.2f}"


def progress_words(moment: Moment) -> str:
    """The whole state in one line of plain text, for logs and mails."""
    progress = moment.progress
    parts: Iterable[str] = (
        f"{progress.accepted} of {progress.target} accepted",
        f"{progress.flagged} flagged",
        refused(progress),
        pace(moment).replace("  ", ", "),
        dollars(progress.cost_usd) if progress.cost_usd is not None else "",
        "".join(text for text, _ in status(moment)),
    )
    return ", ".join(part for part in parts if part)
