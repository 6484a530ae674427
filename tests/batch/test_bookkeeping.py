"""What calls took and how they failed, as the record keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from legalgen.batch.bookkeeping import Bookkeeper
from legalgen.batch.generation import Departed, Spending
from legalgen.batch.reporting import Reporter
from legalgen.completion import ModelRef, Usage
from legalgen.store.ledger import Process, Record
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock
from legalgen.telemetry.metrics import Metrics

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def record() -> Record:
    return Record(
        id="20261123-120000-ab12", kind="batch", status="running", command=("legalgen",),
        process=Process(1, "host"), version="0.1.0", started=START, updated=START,
    )  # fmt: skip


def test_a_model_has_one_wait_at_a_time() -> None:
    """Many queue for a model, each for longer than the one before and some for another reason: that
    is one wait, told and noted once, until the end that was told is past. Another model has its
    own."""
    made, heard = record(), list[events.Event]()
    books = Bookkeeper(made, Metrics(10, 20), Reporter(heard.append, Clock()))

    def wait(second: float, target: str, seconds: float, reason: str = "tokens per minute") -> None:
        at = START + timedelta(seconds=second)
        until = at + timedelta(seconds=seconds)
        books.hear(
            events.Waiting(at=at, target=target, seconds=seconds, until=until, reason=reason)
        )

    for number in range(40):
        wait(number * 0.025, "groq/a", 30 + 3 * number)
    wait(2, "groq/a", 50, "requests per minute")
    wait(3, "groq/b", 20)
    wait(29, "groq/a", 90)
    wait(31, "groq/a", 25)
    assert [(note.targets, note.seconds) for note in made.waits] == [
        (("groq/a",), 30),
        (("groq/b",), 20),
        (("groq/a",), 25),
    ]
    assert made.count("waits") == len(heard) == 3


def test_a_clock_that_is_set_back_hides_no_wait() -> None:
    """The next wait of a model is told and noted, though its time of day comes before the last."""
    made = record()
    books = Bookkeeper(made, Metrics(10, 20), Reporter(lambda _: None, Clock()))
    for second, day in ((0.0, 0), (31.0, -3)):
        at = START + timedelta(days=day, seconds=second)
        until = at + timedelta(seconds=30)
        books.hear(events.Waiting(at=at, target="a/b", seconds=30, until=until, reason="rpm"))
    assert [note.at.day for note in made.waits] == [23, 20]


def test_calls_that_nobody_hears_of_again_are_assumed_once() -> None:
    """Of two that left one was told of; the other has what it was taken to use, and no failure."""
    made, metrics = record(), Metrics(10, 20)
    books = Bookkeeper(made, metrics, Reporter(lambda _: None, Clock()))
    ref = ModelRef("groq", "a")
    books.depart(Departed(ref, Usage(100, 50), 0.25))
    books.depart(Departed(ref, Usage(100, 50), 0.25))
    books.spend(Spending(ref, Usage(90, 40), 1.0, 0.125))
    books.part()
    books.part()
    stats = made.models["groq/a"]
    assert (stats.calls, stats.input_tokens, stats.output_tokens) == (2, 190, 90)
    assert (stats.cost_usd, stats.assumed_usd, stats.failures) == (0.375, 0.25, {})
    assert metrics.cost_usd == {ref: 0.375}
