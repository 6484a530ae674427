"""Where samples go: the journal, what is remembered of them, and the record; or nowhere.

The main thread alone touches these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, Self, TypeAlias

from msgspec.structs import replace

from legalgen.errors import DiskError
from legalgen.quality.inspection import Reviewer
from legalgen.quality.rules import Verdict
from legalgen.store.balances import Teller
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected
from legalgen.store.ledger import Ledger, Record
from legalgen.store.locks import Patience
from legalgen.store.parts import Part
from legalgen.store.sample import Sample

OfModel: TypeAlias = tuple[str, Sample]
"""A sample, and the name of its model as the record has it."""


class SampleSink(Protocol):
    """Where samples go; :class:`DatasetSink` is the one that keeps them."""

    def open(self) -> None:
        """Make the place that samples go to, before they are paid for."""

    def prepare(self) -> None:
        """Open what only an answer needs."""

    def review(self, verdict: Verdict) -> Verdict:
        """The verdict with what all samples that were accepted so far say of it."""

    def note(self, sample: Sample, verdict: Verdict) -> None:
        """Remember a sample that will be appended."""

    def append(self, samples: list[OfModel], landed: Callable[[], None]) -> None:
        """Put samples on the disk; they are there when it returns. ``landed`` is called for each
        of them in order, as soon as it is there: it counts the sample in the record."""

    def reject(self, refused: Rejected) -> None:
        """Keep an answer that is no sample."""

    def save(self, *, force: bool = False) -> bool:
        """Replace the record, at most once a second unless forced; whether that was done."""

    def seal(self) -> Path | None:
        """Turn what was appended so far into a part; None where there is nothing."""


class UnsavedSink:
    """Samples that are shown and kept nowhere."""

    def __init__(self) -> None:
        self.kept: list[Sample] = []

    def open(self) -> None:
        """It is there."""

    def prepare(self) -> None:
        """Nothing is needed."""

    def review(self, verdict: Verdict) -> Verdict:
        """The verdict: there are no other samples."""
        return verdict

    def note(self, sample: Sample, verdict: Verdict) -> None:
        """Nothing is remembered."""

    def append(self, samples: list[OfModel], landed: Callable[[], None]) -> None:
        """Keep them in memory."""
        for _, sample in samples:
            self.kept.append(sample)
            landed()

    def reject(self, refused: Rejected) -> None:
        """It is not kept."""

    def seal(self) -> Path | None:
        """There is nothing to seal."""
        return None

    def save(self, *, force: bool = False) -> bool:  # noqa: ARG002 - as of the others
        """There is no record on the disk."""
        return True


class DatasetSink:
    """The journal and the parts of one batch, held until it is closed, with its record.

    Raises:
        BatchRunning: another process writes this very batch.
        DiskError: the journal cannot be opened.
    """

    def __init__(
        self,
        data_dir: DataDir,
        ledger: Ledger,
        record: Record,
        reviewer: Reviewer,
        *,
        now: Callable[[], datetime],
        clock_set: Callable[[], timedelta],
        patience: Patience,
        notice: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._record = record
        self._reviewer = reviewer
        self._now = now
        self._clock_set = clock_set
        self._teller = Teller(record)
        self._parts = data_dir.parts(rehearsal=record.rehearsal)
        self._writer = BatchWriter(
            data_dir,
            record.id,
            note_part=self._note_part,
            rehearsal=record.rehearsal,
            noted=[*filter(None, [record.replaced]), *(part.name for part in record.parts)],
            patience=patience,
            notice=notice,
        )
        self.kept: list[Sample] = []
        """What was appended, where that is to be shown: one sample of ``generate``."""

    def open(self) -> None:
        """As :meth:`legalgen.store.journal.BatchWriter.open`."""
        self._writer.open()

    def prepare(self) -> None:
        """Open the memory of what was accepted."""
        self._reviewer.open()

    def review(self, verdict: Verdict) -> Verdict:
        """As :meth:`legalgen.quality.selection.Selection.review`."""
        return self._reviewer.review(verdict)

    def note(self, sample: Sample, verdict: Verdict) -> None:
        """As :meth:`legalgen.quality.selection.Selection.add`."""
        self._reviewer.add(sample, verdict)

    def append(self, samples: list[OfModel], landed: Callable[[], None]) -> None:
        """As :meth:`legalgen.store.journal.BatchWriter.append`, each line with its balance."""

        def count(rows: int) -> None:
            for _ in range(rows):
                self._record.lines += 1
                landed()

        rows = [sample for _, sample in samples]
        self._writer.append(rows, self._teller.each(samples), count)
        if self._record.kind != "batch":
            self.kept.extend(rows)

    def reject(self, refused: Rejected) -> None:
        """As :meth:`legalgen.store.journal.BatchWriter.reject`, with its balance."""
        self._writer.reject(replace(refused, balance=self._teller.next()))
        self._record.lines += 1

    def save(self, *, force: bool = False) -> bool:
        """Replace the record in the ledger."""
        self._record.updated = self._now()
        self._record.shift(self._clock_set())
        return self._replace(self._record, force=force)

    def _replace(self, record: Record, *, force: bool) -> bool:
        done = self._ledger.save(record, force=force)
        if done:
            self._teller.saved()
        return done

    def seal(self) -> Path | None:
        """As :meth:`legalgen.store.journal.BatchWriter.seal`."""
        return self._writer.seal()

    def _note_part(self, _: str, part: Part) -> None:
        """A segment became a part: noted in the record before the segment goes."""
        self._record.note_part(part)
        # What recovery would count: after an interrupt some rows of the part are not yet counted.
        self._replace(self._record.recounted(), force=True)
        self._reviewer.sealed(self._parts / part.name, part.rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self._writer.close()
        except DiskError:
            if kind is None:  # else what failed first is told
                raise


class SecondReadingSink:
    """The sink of answers that are read a second time: refused ones are not kept twice.

    ``known`` are the refused answers that the first reading kept, by slot and attempt.
    """

    def __init__(self, sink: SampleSink, known: Iterable[Rejected]) -> None:
        self._sink = sink
        self._known = {(one.slot, one.attempt) for one in known}

    def open(self) -> None:
        """As of the sink."""
        self._sink.open()

    def prepare(self) -> None:
        """As of the sink."""
        self._sink.prepare()

    def review(self, verdict: Verdict) -> Verdict:
        """As of the sink."""
        return self._sink.review(verdict)

    def note(self, sample: Sample, verdict: Verdict) -> None:
        """As of the sink."""
        self._sink.note(sample, verdict)

    def append(self, samples: list[OfModel], landed: Callable[[], None]) -> None:
        """As of the sink."""
        self._sink.append(samples, landed)

    def reject(self, refused: Rejected) -> None:
        """Keep it, unless the first reading did."""
        if (refused.slot, refused.attempt) not in self._known:
            self._sink.reject(refused)

    def seal(self) -> Path | None:
        """As of the sink."""
        return self._sink.seal()

    def save(self, *, force: bool = False) -> bool:
        """As of the sink."""
        return self._sink.save(force=force)
