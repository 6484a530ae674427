"""What one session has an executor do, and what an executor is."""

from __future__ import annotations

from typing import Protocol

import msgspec

from legalgen.batch.acceptor import Acceptor
from legalgen.batch.composing import Composer
from legalgen.batch.ending import Ending
from legalgen.batch.reporting import Reporter
from legalgen.batch.schedule import Schedule
from legalgen.batch.sink import SampleSink
from legalgen.batch.troubles import TroubleBook
from legalgen.law.planner import TaskPlanner
from legalgen.routing.router import Router
from legalgen.store.ledger import Record
from legalgen.telemetry import events
from legalgen.telemetry.metrics import Metrics


class Work(msgspec.Struct, frozen=True):
    """One batch to be written: its record, what is missing, and where samples go.

    ``done`` are the slots that had a sample when the session began; ``resumed`` says whether the
    batch was begun by an earlier one.
    """

    record: Record
    planner: TaskPlanner
    schedule: Schedule
    done: frozenset[int]
    sink: SampleSink
    composer: Composer
    metrics: Metrics
    reporter: Reporter
    troubles: TroubleBook
    resumed: bool = False

    def acceptor(self) -> Acceptor:
        """The way into the dataset."""
        return Acceptor(
            self.record,
            self.schedule,
            self.sink,
            self.composer,
            metrics=self.metrics,
            reporter=self.reporter,
            troubles=self.troubles,
        )

    def announce(self, route: tuple[str, ...]) -> None:
        """Tell that work begins, and who does it."""
        self.reporter.tell(
            events.BatchStarted(
                at=self.reporter.now(),
                batch=self.record.id,
                target=self.record.target,
                accepted=self.record.accepted,
                route=route,
                dataset="rehearsal" if self.record.rehearsal else "train",
                resumed=self.resumed,
            )
        )


class Executor(Protocol):
    """Has the tasks of a schedule written, by whatever means."""

    @property
    def router(self) -> Router:
        """What is known of the models, to be looked at."""

    def is_agreed(self) -> bool:
        """Whether the user agrees to what it is about to do; asked before anything is touched."""

    def outlook(self, schedule: Schedule) -> Ending | None:
        """The ending of a batch that cannot make one call now; None where work can begin.

        Raises:
            NoUsableProvider: nothing can be called at all.
        """

    def adopt(self, record: Record) -> None:
        """Put its own part into a record that begins or goes on."""

    def execute(self, work: Work) -> Ending:
        """Work until the batch is written or there is a reason to end; samples are not sealed.

        Raises:
            DiskError: the disk failed; what was accepted before is on it.
        """

    def abandon(self) -> None:
        """End every call in flight."""

    def close(self) -> None:
        """Free sockets and models."""
