"""What was spent: by day, provider, model and batch, from records of this and of older versions."""

from __future__ import annotations

from datetime import UTC, date, datetime

from legalgen.store.balances import ModelStats
from legalgen.store.ledger import Process, Record
from legalgen.store.outlays import Outlay, by_day, day_of, in_all, month_of, outlays, spent_in

NIGHT = datetime(2026, 11, 29, 1, tzinfo=UTC)


def record(id_: str, days: dict[str, float], **models: ModelStats) -> Record:
    return Record(
        id=id_, kind="batch", status="completed", command=(), process=Process(1, "h"),
        version="1", started=datetime(2026, 11, 28, 22, tzinfo=UTC), updated=NIGHT,
        finished=NIGHT, days=days,
        models={f"{name}/m": stats for name, stats in models.items()},
    )  # fmt: skip


OLD = record("a", {}, groq=ModelStats(samples=1, input_tokens=5, output_tokens=5, cost_usd=0.5))
NEW = record(
    "b",
    {"2026-11-28": 1.0, "2026-11-29": 2.0},
    groq=ModelStats(samples=2, input_tokens=10, output_tokens=10, cost_usd=1.0),
    cerebras=ModelStats(samples=1, output_tokens=10, cost_usd=2.0),
    gpu1=ModelStats(samples=3, input_tokens=70),
    local=ModelStats(samples=3, input_tokens=9),
)


def test_each_day_has_what_was_spent_on_it() -> None:
    """A night over midnight is split; an older record counts where it ended."""
    assert by_day(NEW) == {date(2026, 11, 28): 1.0, date(2026, 11, 29): 2.0}
    assert by_day(OLD) == {date(2026, 11, 29): 0.5}
    assert spent_in([OLD, NEW], date(2026, 11, 29), date(2026, 11, 30)) == 2.5
    assert spent_in([OLD, NEW], date(2026, 11, 1), date(2026, 12, 1)) == 3.5


def test_what_a_clock_that_ran_ahead_dated_fills_no_cap_for_years() -> None:
    """It counts in the period before its own, so that no day's cap is spent twice, and in none
    earlier."""
    ahead = record("c", {"2026-11-30": 4.0, "2036-01-01": 8.0})
    day = {n: spent_in([ahead], date(2026, 11, n), date(2026, 11, n + 1)) for n in (27, 28, 29)}
    assert day == {27: 0.0, 28: 0.0, 29: 4.0}
    assert spent_in([ahead], date(2026, 10, 1), date(2026, 11, 1)) == 4.0
    assert spent_in([ahead], date(2026, 9, 1), date(2026, 10, 1)) == 0.0


def test_when_a_cap_frees() -> None:
    """At the next midnight, and on the first of the next month, UTC."""
    assert day_of(NIGHT) == (date(2026, 11, 29), datetime(2026, 11, 30, tzinfo=UTC))
    assert month_of(NIGHT) == (date(2026, 11, 1), datetime(2026, 12, 1, tzinfo=UTC))
    december = datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert month_of(december) == (date(2026, 12, 1), datetime(2027, 1, 1, tzinfo=UTC))


def test_spending_by_each_name() -> None:
    """Sums agree whatever they are counted by; what has no price is counted in tokens."""
    records = [NEW, OLD]
    assert outlays(records, "provider", None) == [
        Outlay("cerebras", 2.0, 1, 10),
        Outlay("groq", 1.5, 3, 30),
        Outlay("gpu1", 0.0, 3, 70, 70),
        Outlay("local", 0.0, 3, 9),
    ]
    assert outlays(records, "day", None) == [
        Outlay("2026-11-28", 1.0),
        Outlay("2026-11-29", 2.5, 10, 119, 70),
    ]
    assert [each.name for each in outlays(records, "batch", None)] == ["a", "b"]
    for by in ("day", "provider", "model", "batch"):
        assert in_all(outlays(records, by, None)) == Outlay("in all", 3.5, 10, 119, 70)
    assert outlays(records, "provider", date(2026, 12, 1)) == []
