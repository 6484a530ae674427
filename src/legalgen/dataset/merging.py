"""A shard of another machine into this dataset, with where each of its rows came from.

A row keeps its batch and its slot, and the record of its batch comes along: who wrote it, by which
command, on which host, what it cost. Nobody has seen the rows of two shards side by side yet: one
that is too close to one that is here gets the gate's flag for it (``DUP_NEAR``, ``DUP_SOFT``).

The same shard again adds what has come since; a merge that was killed is gone on with by running it
again. What was taken out, there or here, does not come back.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from legalgen import __version__
from legalgen.dataset.check import Linter
from legalgen.dataset.foreign import Row
from legalgen.errors import DiskError, UsageError
from legalgen.quality.rules import default_thresholds
from legalgen.settings.reading import read_whole
from legalgen.sources.collection import SourceCollection
from legalgen.store.card import card_fault, write_card
from legalgen.store.files import DataDir, disk, is_folder, is_there, listed, replace_file
from legalgen.store.journal import BatchWriter
from legalgen.store.ledger import Ledger, Process, Record, UnreadableRecord, this_process
from legalgen.store.locks import Patience
from legalgen.store.parts import Part, iter_batches, known_ids
from legalgen.store.sample import Sample, from_table, upgraded

if TYPE_CHECKING:
    import pyarrow as pa

MERGED_FROM: Final = "merged_from"
"""The parameter of a record that came along: the folder it came from."""
_GROUP: Final = 500
"""Rows that share one fsync."""


class MergedBatch(msgspec.Struct):
    """What came of one batch of the shard, in rows."""

    id: str
    host: str
    added: int = 0
    present: int = 0


class Merged(msgspec.Struct):
    """What came of a shard, in rows: read, added, and those that were here already.

    ``near`` counts by code the rows that are too close to one that did not come with the shard;
    ``unsealed`` are the shard's journals, whose rows are in no part yet.
    ``stopped``: the rest of the rows was not read.
    """

    shard: str
    read: int = 0
    added: int = 0
    present: int = 0
    near: dict[str, int] = {}
    sources: int = 0
    unsealed: int = 0
    stopped: bool = False
    batches: list[MergedBatch] = []


def shard_of(path: Path) -> DataDir:
    """The data dir that is meant by a path: itself, or the ``train`` folder in it.

    Raises:
        UsageError: it is none.
    """
    root = path.parent if path.name == "train" and is_folder(path / "data") else path
    shard = DataDir(root)
    if not is_folder(shard.parts()):
        raise UsageError(
            f"{path} is no data dir of legalgen: --keep-batch takes the folder that holds train/ "
            "and batches/"
        )
    return shard


def merge(
    shard: DataDir,
    data_dir: DataDir,
    *,
    linter: Linter,
    now: Callable[[], datetime],
    patience: Patience | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Merged:
    """Append the rows of a shard that are not here yet, each to its own batch; ``now`` is UTC.

    Before each row it is asked whether the merge is to end there, with all before it sealed.
    The caller holds the batch lock of ``data_dir`` and has recovered; of the shard only what is
    sealed is read, and no lock is taken there. ``linter`` should know what the dataset holds.

    Raises:
        UsageError: the shard is this very dataset, or has rows of a batch that was written here.
        DiskError: the disk failed, or a part of the shard is none of ours; what was durable stays,
            and running it again goes on.
    """
    if shard.root.resolve() == data_dir.root.resolve():
        raise UsageError(f"{shard.root} is the dataset itself")
    return _Merge(shard, data_dir, linter, now, patience, is_stopped).run()


@dataclass
class _Merge:
    shard: DataDir
    data_dir: DataDir
    linter: Linter
    now: Callable[[], datetime]
    patience: Patience | None
    is_stopped: Callable[[], bool]
    near: Counter[str] = field(default_factory=Counter)
    own: set[str] = field(default_factory=set)

    def run(self) -> Merged:
        self.ledger, self.theirs = Ledger(self.data_dir), Ledger(self.shard)
        self.here = {entry.id: entry for entry in self.ledger.newest()}
        self.seen = known_ids(self.data_dir)
        unsealed = len(listed(self.shard.journal, "*.jsonl"))
        self.done = Merged(str(self.shard.root.resolve()), unsealed=unsealed)
        self.done.sources = self._bring_sources()
        by_batch: dict[str, MergedBatch] = {}
        # Rows of a batch stand together, but for batches that were resumed and compacted since.
        for batch_id, samples in groupby(self._samples(), lambda sample: sample.batch_id):
            counts = by_batch.get(batch_id) or MergedBatch(batch_id, "")
            by_batch[batch_id] = counts
            self._batch(counts, samples)
        self.done.batches = list(by_batch.values())
        self.done.near = dict(self.near.most_common())
        if self.done.added or (self.seen and card_fault(self.data_dir, rehearsal=False)):
            write_card(self.data_dir, thresholds=default_thresholds())
        return self.done

    def _bring_sources(self) -> int:
        """The texts that the shard's grounded rows rest on: an id has the digest of its text."""
        there, here = SourceCollection(self.shard), SourceCollection(self.data_dir)
        known = {source.id for source in here.all()}
        missing = [source for source in there.all() if source.id not in known]
        for source in missing:
            here.add(source, there.chunks(source.id))
        return len(missing)

    def _samples(self) -> Iterator[Sample]:
        import pyarrow as pa  # heavy; only what touches parquet pays for it

        for batch in iter_batches(self.shard, batch_rows=2_000):
            for sample in self._read(pa.Table.from_batches([upgraded(batch)])):
                if self.is_stopped():
                    self.done.stopped = True
                    return
                yield sample

    def _read(self, table: pa.Table) -> list[Sample]:
        try:
            return from_table(table)
        except msgspec.ValidationError as error:
            root = self.shard.root
            cure = f"see `legalgen dataset verify --repair --data-dir {shlex.quote(str(root))}`"
            raise DiskError(f"{root}: a part has other columns: {error}; {cure}", root) from error

    def _batch(self, counts: MergedBatch, samples: Iterator[Sample]) -> None:
        work: _BatchWork | None = None
        try:
            while group := list(islice(self._new(samples, counts), _GROUP)):
                if work is None:
                    work = _BatchWork(self, counts)
                work.append(group)
            if work is None and self._is_unfinished(counts.id):
                work = _BatchWork(self, counts)  # killed when its rows were in
        finally:
            if work is not None:
                work.close()

    def _is_unfinished(self, batch_id: str) -> bool:
        """Whether an earlier merge of the batch did not come to its end."""
        found = self.here.get(batch_id)
        return (
            isinstance(found, Record)
            and MERGED_FROM in found.parameters
            and found.status == "running"
        )

    def _new(self, samples: Iterator[Sample], counts: MergedBatch) -> Iterator[Sample]:
        """Those that are not here yet, with what is found when they are seen beside the others."""
        for sample in samples:
            self.done.read += 1
            self.own.add(sample.id)
            if sample.id in self.seen:
                self.done.present += 1
                counts.present += 1
                continue
            self.seen.add(sample.id)
            judged = self.linter.judge(_row(self.done.read, sample))
            match = judged.match
            # What is close within the shard was looked at when it was written there.
            found = [match.code] if match is not None and match.id not in self.own else []
            self.near.update(found)
            self.linter.note(sample.id, sample.question, sample.answer, judged.verdict.parsed)
            yield replace(sample, flags=tuple(dict.fromkeys((*sample.flags, *found))))


class _BatchWork:
    """The rows of one batch on their way into its own parts, and its record."""

    def __init__(self, merge: _Merge, counts: MergedBatch) -> None:
        self._merge, self._counts = merge, counts
        self._record, there = self._begin(counts.id)
        self._status, self._process, self._ended = there.status, there.process, there.updated
        counts.host = self._process.host
        self._before = self._record.accepted
        self._writer = BatchWriter(
            merge.data_dir,
            counts.id,
            note_part=self._note_part,
            noted=[part.name for part in self._record.parts],
            patience=merge.patience,
        )

    def _begin(self, batch_id: str) -> tuple[Record, Record]:
        """The record as it is kept here while rows come in, and as it is there."""
        merge, here = self._merge, self._known(batch_id)
        now = merge.now()
        try:
            there = merge.theirs.load(batch_id)
        except UsageError:  # only the folder of rows was copied
            there = Record(
                id=batch_id, kind="generate", status="completed", command=(),
                process=Process(0, "unknown"), version=__version__, started=now, updated=now,
            )  # fmt: skip
        parameters = {
            **there.parameters,
            MERGED_FROM: merge.done.shard,
            "accepted_there": there.accepted,
        }
        # The kind keeps `batch --resume` away: it goes on where the batch is at home.
        record = replace(
            there,
            kind="generate",
            status="running",
            process=this_process(),
            parameters=parameters,
            accepted=here.accepted if here else 0,
            flagged=here.flagged if here else 0,
            parts=list(here.parts) if here else [],
            coverage=None,
            bulk=None,
        )
        if here is None:
            merge.ledger.create(record)
        else:
            merge.ledger.save(record, force=True)
        return record, there

    def _known(self, batch_id: str) -> Record | None:
        """The record that an earlier merge has brought."""
        found = self._merge.here.get(batch_id)
        if found is None:
            return None
        if isinstance(found, UnreadableRecord) or MERGED_FROM not in found.parameters:
            raise UsageError(
                f"{self._merge.shard.root} has rows of batch {batch_id}, which was written here: "
                "it is no shard of another machine; import it without --keep-batch"
            )
        return found

    def append(self, samples: list[Sample]) -> None:
        self._writer.append(samples)
        self._record.accepted = self._before + self._writer.durable
        self._record.flagged += sum(bool(sample.flags) for sample in samples)
        self._counts.added += len(samples)
        self._merge.done.added += len(samples)
        self._save()

    def _note_part(self, _batch_id: str, part: Part) -> None:
        self._record.note_part(part)
        self._record.accepted = self._before + self._writer.durable
        self._save(force=True)

    def _save(self, *, force: bool = False) -> None:
        self._record.updated = self._merge.now()
        self._merge.ledger.save(self._record, force=force)

    def close(self) -> None:
        """Seal, and let the record say again whose batch it is."""
        self._writer.close()
        # Before the record is as it was there: a merge that dies here is gone on with.
        _bring_refused(self._merge.shard, self._merge.data_dir, self._counts.id)
        self._record.process = self._process
        self._record.finished = self._record.finished or self._ended
        self._record.status = "completed" if self._status == "completed" else "stopped"
        self._save(force=True)
        self._merge.here[self._counts.id] = self._record


def _bring_refused(shard: DataDir, data_dir: DataDir, batch_id: str) -> None:
    """The batch's refused answers, where more of them are there than here."""
    there, here = (each.rejected / f"{batch_id}.jsonl" for each in (shard, data_dir))
    if not is_there(there):
        return
    with disk(there, "read"):
        if is_there(here) and here.stat().st_size >= there.stat().st_size:
            return
        told = read_whole(there)
    replace_file(data_dir, here, told)


def _row(number: int, sample: Sample) -> Row:
    return Row(
        number=number,
        id=sample.id,
        question=sample.question,
        answer=sample.answer,
        steps=sample.reasoning_steps,
        citations=tuple(cited.text for cited in sample.citations),
        topic=sample.topic,
        difficulty=sample.difficulty,
        sample=sample,
        form="legalgen",
    )
