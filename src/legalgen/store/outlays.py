"""What a data dir has spent, from its ledger: by day, provider, model or batch.

A record keeps what it spent on each day (UTC). What a record of an older version spent counts for
the day on which it was last updated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec

from legalgen.store.ledger import Record

By = Literal["day", "provider", "model", "batch"]


class Outlay(msgspec.Struct):
    """What one day, provider, model or batch cost in US dollars, as far as prices are known.

    ``tokens`` are in and out; ``price_unknown_tokens`` are those of models without a price.
    """

    name: str
    cost_usd: float = 0.0
    samples: int = 0
    tokens: int = 0
    price_unknown_tokens: int = 0


def cost_of(record: Record) -> float:
    """What a batch has cost so far, US dollars."""
    return sum(stats.cost_usd or 0.0 for stats in record.models.values())


def by_day(record: Record) -> dict[date, float]:
    """US dollars a batch spent on each day, UTC."""
    days = {date.fromisoformat(day): usd for day, usd in record.days.items()}
    rest = cost_of(record) - sum(days.values())
    if rest > 1e-9:
        last = (record.finished or record.updated).astimezone(UTC).date()
        days[last] = days.get(last, 0.0) + rest
    return days


def spent_in(records: Iterable[Record], first: date, next_first: date) -> float:
    """US dollars that all batches have spent in a period, up to the day when the next one begins.

    What is dated later by a period at most counts, too: a clock that ran ahead dated it. What is
    dated later than that tells nothing of this period, and would count in each until then.
    """
    last = next_first + (next_first - first)
    days = (entry for record in records for entry in by_day(record).items())
    return sum(usd for day, usd in days if first <= day < last)


def day_of(now: datetime) -> tuple[date, datetime]:
    """The day of a moment (UTC), and when the next one begins."""
    first = now.astimezone(UTC).date()
    return first, _midnight(first + timedelta(days=1))


def month_of(now: datetime) -> tuple[date, datetime]:
    """The first day of a moment's month (UTC), and when the next month begins."""
    first = now.astimezone(UTC).date().replace(day=1)
    return first, _midnight((first + timedelta(days=32)).replace(day=1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def outlays(records: Iterable[Record], by: By, since: date | None) -> list[Outlay]:
    """What was spent, one entry a day, provider, model or batch; days and batches in order, the
    others by what they cost. Only batches that spent something since a day are counted."""
    found: dict[str, Outlay] = {}
    for record in records:
        for name, part in _parts(record, by, since):
            _add(found.setdefault(name, Outlay(name)), part)
    if by in ("day", "batch"):
        return sorted(found.values(), key=lambda each: each.name)
    return sorted(found.values(), key=lambda each: -each.cost_usd)


def in_all(rows: Iterable[Outlay]) -> Outlay:
    """The sum of all."""
    total = Outlay("in all")
    for row in rows:
        _add(total, row)
    return total


def _add(total: Outlay, part: Outlay) -> None:
    for field in ("cost_usd", "samples", "tokens", "price_unknown_tokens"):
        setattr(total, field, getattr(total, field) + getattr(part, field))


def _parts(record: Record, by: By, since: date | None) -> Iterator[tuple[str, Outlay]]:
    """A batch's outlays. Samples and tokens are known by batch alone: for days they count where
    the batch was last updated."""
    last = (record.finished or record.updated).astimezone(UTC).date()
    days = {day: usd for day, usd in by_day(record).items() if since is None or day >= since}
    if since is not None and last < since:
        return
    if by == "day":
        yield from ((f"{day}", Outlay("", usd)) for day, usd in days.items())
    whole = cost_of(record)
    share = sum(days.values()) / whole if whole else 1.0
    for name, stats in record.models.items():
        tokens = stats.input_tokens + stats.output_tokens
        unknown = stats.cost_usd is None and not name.startswith("local/")
        usd = 0.0 if by == "day" else (stats.cost_usd or 0.0) * share
        part = Outlay("", usd, stats.samples, tokens, tokens if unknown else 0)
        names = {"day": f"{last}", "provider": name.partition("/")[0], "model": name,
                 "batch": record.id}  # fmt: skip
        yield names[by], part
