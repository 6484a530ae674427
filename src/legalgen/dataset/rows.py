"""Rows of a dataset to look at: found by id or by a filter, drawn by lot, then read whole.

Two readings: one of the few columns that decide, and one of the parts that hold what was chosen, so
that a dataset of a million rows can be looked at as one of a thousand can.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

from legalgen.dataset.wanted import Wanted, names_of
from legalgen.errors import UsageError
from legalgen.store.files import DataDir
from legalgen.store.notes import load_notes
from legalgen.store.parts import iter_batches, part_batches, parts, read_columns, readable
from legalgen.store.sample import Sample, from_table, upgraded

if TYPE_CHECKING:
    import pyarrow as pa

ID_START: Final = "lg_"
_NAMED: Final = 3
"""So many rows are named that an id could mean."""


class FoundRow(msgspec.Struct, frozen=True):
    """A row as it counts now; ``taken_out`` says why it counts no more, until compaction."""

    sample: Sample
    taken_out: tuple[str, ...] = ()

    def as_data(self) -> dict[str, object]:
        """The row's columns, and ``taken_out`` beside them."""
        data: dict[str, object] = msgspec.to_builtins(self.sample)
        return data | {"taken_out": list(self.taken_out)}


def ids_of(data_dir: DataDir, wanted: Wanted, *, rehearsal: bool = False) -> Iterator[str]:
    """The ids of the rows that are wanted, in the order of the dataset.

    Raises:
        DiskError: a part cannot be read.
    """
    columns = ["id", *wanted.columns] if wanted else ["id"]
    for batch in iter_batches(data_dir, columns, rehearsal=rehearsal):
        if wanted:
            yield from (row["id"] for row in batch.to_pylist() if wanted.takes(row))
        else:
            yield from batch.column("id").to_pylist()


def values_in(data_dir: DataDir, column: str, *, rehearsal: bool = False) -> set[str]:
    """What stands in a column of texts, or in ``flags``, also in rows that were taken out; a
    ``model`` by both of its names.

    Raises:
        DiskError: a part cannot be read.
    """
    found: set[str] = set()
    if column == "model":
        columns = ["provider", "model"]
        for batch in iter_batches(data_dir, columns, rehearsal=rehearsal, as_sealed=True):
            pairs = set(zip(*(batch.column(each).to_pylist() for each in columns), strict=True))
            found.update(*(names_of({"provider": of, "model": model}) for of, model in pairs))
        return found
    for batch in iter_batches(data_dir, [column], rehearsal=rehearsal, as_sealed=True):
        values = batch.column(column)
        flat = values.flatten() if column == "flags" else values
        found.update(flat.unique().to_pylist())
    if column == "flags":
        found.update(*load_notes(data_dir, rehearsal=rehearsal).flags.values())
    return found - {None}


class Chosen(msgspec.Struct, frozen=True):
    """Some of the rows that are ``wanted``, of which there are ``matched`` in all."""

    ids: list[str]
    matched: int


def newest(data_dir: DataDir, wanted: Wanted, most: int, *, rehearsal: bool = False) -> Chosen:
    """The last rows of the dataset, the newest first."""
    last: deque[str] = deque(maxlen=most)
    matched = 0
    for name in ids_of(data_dir, wanted, rehearsal=rehearsal):
        matched += 1
        last.append(name)
    return Chosen(list(reversed(last)), matched)


def drawn(
    data_dir: DataDir, wanted: Wanted, most: int, seed: int, *, rehearsal: bool = False
) -> Chosen:
    """Rows drawn by lot: the same of the same rows, and mostly the same when more have come."""
    matched = 0

    def counted() -> Iterator[str]:
        nonlocal matched
        for name in ids_of(data_dir, wanted, rehearsal=rehearsal):
            matched += 1
            yield name

    found = heapq.nsmallest(most, counted(), key=lambda name: lot(name, seed))
    return Chosen(found, matched)


def lot(name: str, seed: int) -> bytes:
    """Where a row stands in the order of the draw with a seed."""
    return blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()


def named(data_dir: DataDir, names: Sequence[str], *, rehearsal: bool = False) -> list[str]:
    """The whole ids that are meant, in the order given; a beginning will do, and ``lg_`` may lack.

    Rows that were taken out are found, too.

    Raises:
        UsageError: an id means no row, or several.
    """
    begins = {name: name if name.startswith(ID_START) else ID_START + name for name in names}
    found: dict[str, set[str]] = {name: set() for name in names}
    wanted = tuple(begins.values())
    for batch in iter_batches(data_dir, ["id"], rehearsal=rehearsal, as_sealed=True):
        for whole in batch.column("id").to_pylist():
            if whole.startswith(wanted):
                for name, begin in begins.items():
                    if whole.startswith(begin):
                        found[name].add(whole)
    return list(dict.fromkeys(_only(name, begins[name], found[name]) for name in names))


def _only(name: str, begin: str, found: Collection[str]) -> str:
    if begin in found:
        return begin
    if not found:
        raise UsageError(
            f"there is no row {name}: `legalgen dataset list` shows ids, and `legalgen dataset "
            "verify` whether all parts can be read"
        )
    if len(found) > 1:
        some = ", ".join(sorted(found)[:_NAMED])
        raise UsageError(f"{name} begins the ids of {len(found)} rows ({some}, ...): write more")
    return next(iter(found))


def fetched(data_dir: DataDir, ids: Iterable[str], *, rehearsal: bool = False) -> list[FoundRow]:
    """The rows of these ids, in their order; one that was sealed since then is found, one that a
    compaction removed is not there.

    Raises:
        DiskError: a part cannot be read.
    """
    order = list(dict.fromkeys(ids))
    missing = set(order)
    notes = load_notes(data_dir, rehearsal=rehearsal)
    rows: dict[str, FoundRow] = {}
    for path in parts(data_dir, rehearsal=rehearsal):
        if not missing:
            break
        if missing.isdisjoint(read_columns(path, ("id",))["id"].to_pylist()):
            continue
        for batch in part_batches(path):
            with readable(path):
                found = _samples(batch, missing)
            rows |= {sample.id: _as_it_counts(sample, notes.flags) for sample in found}
        missing -= rows.keys()
    stones = notes.dropped
    return [
        msgspec.structs.replace(rows[name], taken_out=stones[name].codes if name in stones else ())
        for name in order
        if name in rows
    ]


def _samples(batch: pa.RecordBatch, wanted: Collection[str]) -> list[Sample]:
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    mask = [name in wanted for name in batch.column("id").to_pylist()]
    chosen = upgraded(batch.filter(pa.array(mask, pa.bool_())))
    return from_table(pa.Table.from_batches([chosen]))


def _as_it_counts(sample: Sample, later: Mapping[str, tuple[str, ...]]) -> FoundRow:
    flags = tuple(dict.fromkeys((*sample.flags, *later.get(sample.id, ()))))
    return FoundRow(msgspec.structs.replace(sample, flags=flags))
