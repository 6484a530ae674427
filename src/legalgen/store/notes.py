"""What was found about rows after they were sealed: those taken out, and flags that came later.

    <data dir>/marks/train.json      one file a dataset, replaced whole

A sealed part is never rewritten, so a row that is taken out is named here (its tombstone) and
passed over by all that counts or hands on rows, until ``dataset compact`` leaves it out for good.
Readers of the folder of parts itself see it until then.

A compaction says in this file which generation of parts makes its contents final, before it
exchanges the folders: with that generation in place, and only then, they count no more.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from legalgen.errors import DiskError
from legalgen.settings.reading import read_whole
from legalgen.store.files import (
    NOT_OURS,
    DataDir,
    disk,
    frame,
    generation_of,
    listed_parts,
    make_folder,
    replace_file,
    unframe,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa


class Tombstone(msgspec.Struct, frozen=True):
    """A row that was taken out: why (``codes``), and what it counted as.

    ``slot`` is its place in its batch's plan; None in notes of earlier versions.
    """

    codes: tuple[str, ...]
    batch_id: str
    cell: tuple[str, str, str, str, str]
    model: str
    slot: int | None = None


class RowNotes(msgspec.Struct, frozen=True):
    """The notes on the rows of a dataset, by id; ``flags`` come after the row's own.

    ``gone`` counts by batch the rows that a compaction has left out, and ``gone_slots`` are theirs:
    they were written, and a batch that goes on does not write them again. ``final_in`` is the
    generation of parts that makes all the rest final.
    """

    version: int = 1
    dropped: dict[str, Tombstone] = {}
    flags: dict[str, tuple[str, ...]] = {}
    gone: dict[str, int] = {}
    gone_slots: dict[str, tuple[int, ...]] = {}
    final_in: int | None = None

    def __bool__(self) -> bool:
        """Whether any row is other than its part says."""
        return bool(self.dropped or self.flags)

    def by_batch(self) -> Counter[str]:
        """How many rows of each batch are taken out and still in a part."""
        return Counter(each.batch_id for each in self.dropped.values())

    def carried_out(self) -> RowNotes:
        """What is left when all of it has become final."""
        slots = {batch: list(known) for batch, known in self.gone_slots.items()}
        for stone in self.dropped.values():
            if stone.slot is not None:
                slots.setdefault(stone.batch_id, []).append(stone.slot)
        return RowNotes(
            gone=dict(Counter(self.gone) + self.by_batch()),
            gone_slots={batch: tuple(sorted(found)) for batch, found in slots.items()},
        )

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows less those taken out, with all their flags; the batch has the column ``id``."""
        import pyarrow as pa  # heavy; only what touches parquet pays for it

        names = batch.column("id").to_pylist()
        if not self.dropped.keys().isdisjoint(names):
            batch = batch.filter(pa.array([name not in self.dropped for name in names]))
            names = batch.column("id").to_pylist()
        if "flags" in batch.schema.names and not self.flags.keys().isdisjoint(names):
            at = batch.schema.get_field_index("flags")
            own = batch.column(at).to_pylist()
            merged = [
                list(dict.fromkeys((*flags, *self.flags.get(name, ()))))
                for name, flags in zip(names, own, strict=True)
            ]
            field = batch.schema.field(at)
            batch = batch.set_column(at, field, pa.array(merged, field.type))
        return batch


class UnreadableNotesError(DiskError):
    """Notes that are there and are not what was written."""


def notes_path(data_dir: DataDir, *, rehearsal: bool) -> Path:
    """The file of the notes, whether it is there or not."""
    return data_dir.marks / f"{data_dir.dataset(rehearsal=rehearsal).name}.json"


def load_notes(data_dir: DataDir, *, rehearsal: bool = False) -> RowNotes:
    """The notes as they count now; empty where nobody wrote any.

    Raises:
        DiskError: the file is there and cannot be read: rows that were taken out would come back.
            ``UnreadableNotesError`` where it is damaged.
    """
    path = notes_path(data_dir, rehearsal=rehearsal)
    with disk(path, "read"):
        raw = read_whole(path) if os.path.lexists(path) else None
    if raw is None:
        return RowNotes()
    try:
        notes = msgspec.json.decode(unframe(raw) or b"", type=RowNotes)
    except NOT_OURS as error:
        told = f"cannot read {path}: {error}; see `legalgen dataset verify --repair`"
        raise UnreadableNotesError(told, path) from error
    if notes.final_in is not None and _is_final(data_dir, notes.final_in, rehearsal=rehearsal):
        return notes.carried_out()
    return replace(notes, final_in=None)


def _is_final(data_dir: DataDir, generation: int, *, rehearsal: bool) -> bool:
    """Whether the parts of that generation stand; a dataset of which no row was left has none."""
    found = listed_parts(data_dir, "train-*.parquet", rehearsal=rehearsal)
    return not found or max(generation_of(path.name) for path in found) >= generation


def save_notes(data_dir: DataDir, notes: RowNotes, *, rehearsal: bool = False) -> None:
    """Replace the notes; the caller holds the data lock exclusively, or seals a batch's part.

    Raises:
        DiskError: the disk failed; the old ones stand.
    """
    path = notes_path(data_dir, rehearsal=rehearsal)
    with disk(path, "write"):
        make_folder(path.parent)
    replace_file(data_dir, path, frame(msgspec.json.encode(notes)))


def with_notes(
    notes: RowNotes, dropped: Mapping[str, Tombstone], flags: Mapping[str, Sequence[str]]
) -> RowNotes:
    """The notes with more of them; a row that is taken out keeps its flags, should it come back."""
    every = dict(notes.flags)
    for name, more in flags.items():
        every[name] = tuple(dict.fromkeys((*every.get(name, ()), *more)))
    return replace(notes, dropped={**dropped, **notes.dropped}, flags=every)


def put_back(notes: RowNotes, names: Iterable[str]) -> RowNotes:
    """The notes without the tombstones of these rows."""
    back = frozenset(names)
    kept = {name: stone for name, stone in notes.dropped.items() if name not in back}
    return replace(notes, dropped=kept)
