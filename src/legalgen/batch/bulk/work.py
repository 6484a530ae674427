"""What a bulk run works on: the service, and the part of a batch that is there."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path

import msgspec

from legalgen.batch.bulk import steps
from legalgen.batch.jobs import Job
from legalgen.batch.work import Work
from legalgen.completion import Usage
from legalgen.errors import UsageError
from legalgen.law.planner import Task
from legalgen.providers.base import BulkProvider
from legalgen.providers.catalog import BulkTerms, Catalog, ModelSpec
from legalgen.routing import from_settings as routing
from legalgen.settings.layers import Settings
from legalgen.store.files import DataDir
from legalgen.store.ledger import ROLES, Bulk, BulkChunk, BulkTally, Record

CALL_S = 60.0
TRANSFER_S = 1800.0
"""Deadlines of a small call and of a file, in seconds."""


class BulkSite(msgspec.Struct, frozen=True):
    """A provider's batch service, its terms, and the folder of files on their way."""

    provider: str
    service: BulkProvider
    terms: BulkTerms
    folder: Path

    def request_path(self, batch_id: str, number: int) -> Path:
        """The file of a chunk's requests."""
        return self.folder / steps.file_name(batch_id, number)

    def price(self, spec: ModelSpec) -> BulkPrice:
        """What a model costs here."""
        return BulkPrice(spec, self.terms.price_factor)


class BulkPrice(msgspec.Struct, frozen=True):
    """A model's price at a batch service, whose discount knows no cached input."""

    spec: ModelSpec
    factor: float

    def of(self, usage: Usage) -> float | None:
        """US dollars of a request; None where no price is known."""
        usual = self.spec.cost_usd(usage.input_tokens, usage.output_tokens)
        return None if usual is None else usual * self.factor


def open_site(
    settings: Settings,
    name: str,
    data_dir: DataDir,
    *,
    terms: BulkTerms | None = None,
    service: BulkProvider | None = None,
) -> BulkSite:
    """A provider's batch service; no call is made. ``terms`` None: the catalog's.

    Raises:
        UsageError: the provider has none.
        ConfigurationError: its key, address or package cannot be used.
    """
    known = terms or Catalog.load().bulk(name)
    if known is None:
        raise UsageError(
            f"{name} has no batch service that legalgen knows: leave out --bulk "
            "to write the batch with calls of its own, or use --provider groq"
        )
    provider = service or routing.open_one(settings, name)
    if not isinstance(provider, BulkProvider):
        raise UsageError(f"{name} has no batch service: leave out --bulk")
    return BulkSite(name, provider, known, data_dir.state / "bulk")


class BulkWork(msgspec.Struct):
    """One batch at a batch service.

    ``tasks`` are those of planned slots without a sample, ``done`` the slots that have one.
    ``waiting`` are slots whose answer, which a call of our own brought, only lacks its marks.
    ``failed`` is a chunk that was refused as a whole, ``bound`` names what leaves no room for
    further requests.
    """

    work: Work
    bulk: Bulk
    tasks: dict[int, Task]
    done: set[int]
    waiting: dict[int, Job]
    failed: BulkChunk | None = None
    bound: str = ""

    @property
    def record(self) -> Record:
        """The record of the batch."""
        return self.work.record

    @property
    def is_written(self) -> bool:
        """Whether every sample is there, and every chunk read to its end and so paid for in the
        record."""
        return self.work.schedule.remaining == 0 and not steps.outstanding(self.bulk)

    def save(self) -> None:
        """Note a step before the next begins."""
        self.work.sink.save(force=True)

    def note_done(self, slots: Iterable[int]) -> None:
        """Samples of these slots are on the disk."""
        for slot in slots:
            self.tasks.pop(slot, None)
            self.done.add(slot)

    def open_slots(self) -> list[int]:
        """Planned slots that have no sample, are with nobody, and have no answer that waits.

        Substitutes for tasks that were given up are left to the ordinary loop: only what was
        planned from the start can be planned again after a crash.
        """
        out = steps.slots_of_all(steps.outstanding(self.bulk)) | self.waiting.keys()
        return sorted(slot for slot in self.tasks if slot not in out and slot < self.record.target)

    def askable(self) -> list[int]:
        """Those of them that are worth asking for in bulk once more."""
        worn = steps.worn_out(self.bulk)
        return [slot for slot in self.open_slots() if slot not in worn]

    def take_stock(self, chunk: BulkChunk) -> None:
        """Note what is counted so far, so that a reading that is broken off can be undone."""
        chunk.fetches += 1
        self.bulk.reading = BulkTally(
            chunk=chunk.number,
            models=copy.deepcopy(self.record.models),
            days=dict(self.record.days),
            rejected=dict(self.record.rejected),
            flagged=self.record.flagged,
            unjudged=self.record.unjudged,
        )
        self.save()

    def roll_back(self) -> None:
        """Forget what a reading that was broken off has counted: it is read again from the start.

        What it put on the disk stays there, and is only counted the next time. What its judge took
        stays counted: that was a call of our own, and the next reading makes another.
        """
        known = self.bulk.reading
        if known is not None:
            ours = {
                name: stats for name, stats in self.record.models.items() if name.endswith(ROLES)
            }
            self.record.models = {**copy.deepcopy(known.models), **ours}
            if known.days is not None:  # what lacks here counts for the last day of all
                self.record.days = dict(known.days)
            self.record.rejected, self.record.flagged = dict(known.rejected), known.flagged
            self.record.unjudged = known.unjudged
            self.bulk.reading = None
