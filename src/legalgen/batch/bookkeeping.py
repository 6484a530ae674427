"""What calls took and how they failed: into the record, the metrics and the event stream."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import timedelta

from legalgen.batch.generation import Departed, Spending
from legalgen.batch.reporting import Reporter
from legalgen.completion import ModelRef
from legalgen.errors import ErrorCategory
from legalgen.routing.timing import CLOCK_JUMP_S
from legalgen.store.ledger import (
    AlertNote,
    FailureNote,
    PointsNote,
    Record,
    SpillNote,
    SwitchNote,
    WaitNote,
)
from legalgen.telemetry import events
from legalgen.telemetry.metrics import Metrics, ThresholdAlert

_OUT_OF_ORDER = timedelta(seconds=CLOCK_JUMP_S)


class Bookkeeper:
    """Counts what calls told of; the main thread alone asks it to."""

    def __init__(self, record: Record, metrics: Metrics, reporter: Reporter) -> None:
        self._record = record
        self._metrics = metrics
        self._reporter = reporter
        self._waits: dict[str, events.Waiting] = {}
        self._estimated: set[ModelRef] = set()
        self._out: defaultdict[ModelRef, deque[Departed]] = defaultdict(deque)
        """Calls of which nobody has told yet what they took."""

    def depart(self, departed: Departed) -> None:
        """A call that leaves."""
        self._record.model(departed.ref).calls += 1
        self._out[departed.ref].append(departed)

    def spend(self, spending: Spending) -> None:
        """What one call took."""
        if out := self._out[spending.ref]:
            out.popleft()  # which of them it was does not matter: they are taken to be alike
        self._book(spending)

    def part(self) -> None:
        """Nobody will tell any more what the calls took that are out: it is assumed."""
        for ref, out in self._out.items():
            while out:
                each = out.popleft()
                took = (ref, each.usage, 0.0, each.cost_usd)
                self._book(Spending(*took, answered=False, assumed=True))

    def _book(self, spending: Spending) -> None:
        stats, usage = self._record.model(spending.ref), spending.usage
        stats.input_tokens += usage.input_tokens
        stats.output_tokens += usage.output_tokens
        stats.reasoning_tokens += usage.reasoning_tokens or 0
        stats.cached_tokens += usage.cached_tokens or 0
        stats.seconds += spending.latency_s
        if spending.cost_usd is not None:
            stats.cost_usd = (stats.cost_usd or 0.0) + spending.cost_usd
            today = self._reporter.now().date().isoformat()  # strftime takes ten times as long
            self._record.days[today] = self._record.days.get(today, 0.0) + spending.cost_usd
            is_assumed = spending.assumed or usage.estimated
            stats.assumed_usd += spending.cost_usd if is_assumed else 0.0
        if usage.estimated and spending.ref not in self._estimated:
            self._estimated.add(spending.ref)
            told = "its replies tell no tokens, or more than there can be"
            text = f"{spending.ref}: {told}; they are estimated from the texts"
            self._reporter.tell(events.Notice(at=self._reporter.now(), text=text))
        if spending.failed is not None:
            stats.failures[spending.failed] = stats.failures.get(spending.failed, 0) + 1
        self._measure(spending)

    def _measure(self, spending: Spending) -> None:
        if spending.answered:
            self._metrics.answered(
                spending.ref,
                spending.usage,
                cost_usd=spending.cost_usd,
                latency_s=spending.latency_s,
                refused=spending.failed,
            )
        elif spending.failed is not None:
            self._alert(
                self._metrics.failed(
                    spending.ref, spending.failed, spending.usage, cost_usd=spending.cost_usd
                )
            )
        else:
            self._metrics.abandoned(spending.ref, spending.usage, cost_usd=spending.cost_usd)

    def hear(self, event: events.Event) -> None:
        """Note an event, and tell it unless it is known."""
        match event:
            case events.Waiting() if self._is_known(event):
                return
            case events.Spilled() if self._record.spill is not None:
                return
            case events.Spilled():
                self._record.spill = SpillNote(event.at, event.provider, event.target, event.reason)
            case events.CallFailed():
                self._record.note(_failed(event))
            case events.PointsListed():
                said = event.topic, event.model, event.points, event.asked, event.reason
                self._record.note(PointsNote(event.at, *said))
            case events.Switched():
                self._record.note(SwitchNote(event.at, event.source, event.target, event.reason))
                old, new = ModelRef.parse(event.source), ModelRef.parse(event.target)
                self._alert(self._metrics.switched(old, new, ErrorCategory(event.category)))
            case events.Waiting():
                self._metrics.waited(event.seconds)
                self._record.note(WaitNote(event.at, event.seconds, (event.target,), event.reason))
            case _:
                pass
        self._reporter.tell(event)

    def _is_known(self, event: events.Waiting) -> bool:
        """Whether the model is waited for already: it has one wait at a time, whoever else queues
        for it and however long; the next one begins when the end that was told is past."""
        known = self._waits.get(event.target)
        # One from before it was told is of a clock that was set back, and not told late.
        if known is not None and known.at - _OUT_OF_ORDER <= event.at < known.until:
            return True
        self._waits[event.target] = event
        return False

    def _alert(self, alert: ThresholdAlert | None) -> None:
        if alert is not None:
            at = self._reporter.now()
            self._record.note(AlertNote(at, alert.kind, alert.message))
            self._reporter.tell(events.Alert(at=at, kind=alert.kind, message=alert.message))


def _failed(event: events.CallFailed) -> FailureNote:
    return FailureNote(
        at=event.at,
        target=f"{event.provider}/{event.model}",
        category=event.category,
        status=event.status,
        message=event.message,
        rule=event.decided,
        hint_s=event.hint_s,
        until=event.until,
        codes=event.codes,
        wrong_url=event.wrong_url,
        credit=event.credit,
        address=event.address,
    )
