"""What ``batch --plan`` shows: what will be written, what it costs, when it is done; then why."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from legalgen.batch.preview import Preview, price_unknown_tokens
from legalgen.completion import DAY_S
from legalgen.errors.plurals import plural
from legalgen.routing.forecast import ModelShare
from legalgen.telemetry.clock import local_time
from legalgen.ui.frame import StyledLine, short, span
from legalgen.ui.screens import Column, Grid, TableCell, grid, share_lines

MIDDLE = ("model", "samples", "cost", "takes", "held back by")
NARROW = ("model", "samples", "cost", "takes")
JUDGES, LISTS = "judge ", "points "
"""What is said before a model's name where it does not write."""
_PER = {"minute": "a minute", "hour": "an hour", "day": "a day"}


class PlanRow(msgspec.Struct, frozen=True):
    """One model of the plan, or all of them; costs are rounded as they are shown, so that the
    rows add up to what stands below them."""

    name: str
    made: int
    calls: int
    tokens: int
    low: float
    high: float
    unknown: int
    seconds: float
    limit: str


def head(found: Preview) -> Iterator[StyledLine]:
    """The lines that answer: what, for how much, until when, and what ends it before."""
    count, topics = len(found.tasks), len({task.topic for task in found.tasks})
    there = f", beside {plural(found.rows, 'row')} that stand already" if found.rows else ""
    what = f"{count:,} {'sample' if count == 1 else 'samples'} on {plural(topics, 'topic')}"
    yield StyledLine(((what, "bold"), (there, "")))
    total = in_all(rows(found))
    yield StyledLine(((_cost(total, found), "bold"), (f" in all, {total.tokens:,} tokens", "")))
    yield StyledLine(((_when(found), "bold"),))
    if found.spent:
        yield StyledLine(((f"none of {count:,}: {found.spent}", "bold"),))
    for each in found.cut if not found.spent else ():
        said = f"about {each.samples:,} of {count:,} by {each.flag} {each.most}"
        yield StyledLine(((said, "bold"),))


def _when(found: Preview) -> str:
    """When it is done, or how many are by the time that it may take."""
    count, seconds, most = len(found.tasks), found.seconds, found.most_s
    never = math.isinf(seconds)
    if most is not None and found.within is not None and seconds > most:
        rest = "not in 30 days" if never else f"in about {span(seconds)}"
        by = f"about {found.within:,} of {count:,} by --max-time {span(most)}"
        return f"{by} ({_at(found, most)}), all {rest}"
    if never:
        who = "the judge cannot mark" if _judge_is_slow(found) else "these models cannot write"
        return f"does not fit: {who} so many in 30 days"
    bound = f", within --max-time {span(most)}" if most is not None else ""
    done = "all" if found.spent or found.cut else "done"
    return f"{done} in about {span(seconds)}, at {_at(found, seconds)}{bound}"


def _judge_is_slow(found: Preview) -> bool:
    return not math.isinf(found.forecast.seconds)


def _at(found: Preview, seconds: float) -> str:
    end = local_time(found.at + timedelta(seconds=seconds))
    return f"{end:%H:%M}" if seconds < DAY_S else f"{end:%a %d %b %H:%M}"


def rows(found: Preview) -> list[PlanRow]:
    """A row for each model: those that write, those that judge, then those that list points."""
    writers = [_row(found, share, "") for share in found.forecast.shares]
    judges = found.judging.shares if found.judging is not None else ()
    lists = found.listing.shares if found.listing is not None else ()
    return [
        *writers,
        *(_row(found, share, JUDGES) for share in judges),
        *(_row(found, share, LISTS) for share in lists),
    ]


def _row(found: Preview, share: ModelShare, role: str) -> PlanRow:
    digits = _digits(found)
    limit = "its own pace"
    if share.limit is not None:
        kind, window = share.limit
        limit = f"{kind.replace('_', ' ')} {_PER[window]}"
    return PlanRow(
        name=f"{role}{share.ref}",
        made=share.samples,
        calls=share.calls,
        tokens=share.input_tokens + share.output_tokens,
        low=round(share.usd_low or 0.0, digits),
        high=round(share.usd_high or 0.0, digits),
        unknown=price_unknown_tokens(share),
        seconds=min(share.seconds, found.seconds),  # its own is reckoned apart, and rounded
        limit=limit,
    )


def in_all(plan: list[PlanRow]) -> PlanRow:
    """All rows together; the samples are those that are written."""
    return PlanRow(
        name="in all",
        made=sum(row.made for row in plan if not row.name.startswith((JUDGES, LISTS))),
        calls=sum(row.calls for row in plan),
        tokens=sum(row.tokens for row in plan),
        low=sum(row.low for row in plan),
        high=sum(row.high for row in plan),
        unknown=sum(row.unknown for row in plan),
        seconds=math.nan,
        limit="",
    )


def _digits(found: Preview) -> int:
    """Cents, or parts of them where all of it is under a dollar."""
    return 2 if sum(share.usd_high or 0.0 for share in found.shares) >= 1 else 4


def _cost(row: PlanRow, found: Preview) -> str:
    digits = _digits(found)
    known = f"${row.low:,.{digits}f} to ${row.high:,.{digits}f}"
    if not row.unknown:
        return known
    unknown = f"price unknown: {short(row.unknown)} tokens"
    return f"{known}, {unknown}" if row.high else unknown


def table(found: Preview) -> Grid:
    """The models, and all of them in the last row."""
    columns: tuple[Column, ...] = (
        ("model", lambda row: row.name),
        (">samples", lambda row: f"{row.made:,}"),
        (">calls", lambda row: f"{row.calls:,}"),
        (">tokens", lambda row: short(row.tokens)),
        (">cost", lambda row: _cost(row, found)),
        (">takes", lambda row: "" if math.isnan(row.seconds) else span(row.seconds)),
        ("held back by", lambda row: row.limit),
    )
    plan = rows(found)
    made = grid(columns, [*plan, in_all(plan)] if len(plan) > 1 else plan)
    if len(plan) < 2:
        return made
    bold = tuple(TableCell(cell.text, "bold") for cell in made.rows[-1])
    return Grid(made.headings, (*made.rows[:-1], bold))


def foot(found: Preview) -> Iterator[StyledLine]:
    """Which daily limits are met, how the samples spread, and what was taken for granted."""
    for share in found.shares:
        if share.exhausted_in_s is not None and share.exhausted_kind is not None:
            kind = share.exhausted_kind.replace("_", " ")
            samples = plural(share.samples_until or 0, "sample")
            after = f"after {span(share.exhausted_in_s)} and {samples}"
            yield StyledLine.of(f"{share.ref}: the {kind} of a day are used up {after}", "yellow")
    likely = [share.usd for share in found.shares if share.usd]
    if likely:
        digits = _digits(found)
        yield _labelled("most likely", f"${sum(likely):,.{digits}f} in all")
    if not found.fits_today and not math.isinf(found.seconds):
        yield StyledLine.of("It does not fit into one day.", "yellow")
    yield _labelled("into", str(found.dataset))
    for axis, counts in found.spread().items():
        values = [f"{name.replace('_', ' ')} {count}" for name, count in sorted(counts.items())]
        said = ", ".join(values)
        if len(values) > 8:
            most, least = max(counts.values()), min(counts.values())
            each = plural(most, "sample") if least == most else f"{least} to {most} samples"
            said = f"{len(values)}, {each} each"
        yield _labelled(axis.replace("_", " "), said)
    for text in found.left_out:
        yield StyledLine.of(f"{text}.", "yellow")
    yield from share_lines(found.quota_share)
    if any(share.assumed for share in found.shares):
        yield StyledLine.of(
            "Limits of the smallest plan were assumed where none are known; one call tells more.",
            "dim",
        )


def _labelled(label: str, text: str) -> StyledLine:
    return StyledLine(((f"  {label:<13} ", "dim"), (text, "")))
