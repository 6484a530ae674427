"""Rows taken out by hand, and put back: noted beside the parts, which stay as they were sealed.

What is taken out counts at once for every reader of ours and for exports; the planner sees the
hole, so that a later batch fills it. The batch that wrote the row keeps its count: the row was
accepted and paid for, its slot counts as written, and ``batch --resume`` does not write it again.
``dataset compact`` leaves such rows out for good; until then they can be put back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from legalgen.dataset.wanted import Wanted
from legalgen.store.files import DataDir
from legalgen.store.locks import Patience, data_lock
from legalgen.store.notes import (
    RowNotes,
    Tombstone,
    load_notes,
    put_back,
    save_notes,
    with_notes,
)
from legalgen.store.parts import CELL_COLUMNS, iter_batches

BY_HAND: Final = "BY_HAND"
"""The code of rows that a person took out by their ids or by a filter."""
IN_REVIEW: Final = "IN_REVIEW"
"""The code of rows that a person took out when reading them in a review."""
_COLUMNS: Final = ("id", "batch_id", "slot", "provider", "model", *CELL_COLUMNS)


class Dropped(msgspec.Struct, frozen=True):
    """How many rows were taken out, or put back with ``undo``, of how many; and of which batches.

    ``already`` were taken out before (with ``undo``: were not). ``dry_run``: nothing was noted.
    """

    rows: int
    dropped: int
    already: int
    batches: dict[str, int]
    ids: list[str]
    undo: bool = False
    dry_run: bool = False


def drop(
    data_dir: DataDir,
    ids: Collection[str],
    wanted: Wanted,
    *,
    code: str = BY_HAND,
    undo: bool = False,
    dry_run: bool = False,
    rehearsal: bool = False,
    patience: Patience | None = None,
) -> Dropped:
    """Take out the rows of ``ids`` (empty: all) that are ``wanted``; with ``undo`` put them back.

    The flags of a row that was taken out are its own and the codes it was taken out for. The notes
    are replaced whole, under the lock under which parts are added and rewritten.

    Raises:
        DiskError: a part or the notes cannot be read, or not be written.
        BatchRunning: another process rewrites the parts, for longer than ``patience`` allows.
    """
    if dry_run:
        return _noted(data_dir, ids, wanted, code, undo, rehearsal=rehearsal)[0]
    with data_lock(data_dir, exclusive=True, patience=patience):
        done, notes = _noted(data_dir, ids, wanted, code, undo, rehearsal=rehearsal)
        if done.dropped:
            save_notes(data_dir, notes, rehearsal=rehearsal)
    return msgspec.structs.replace(done, dry_run=False)


def _noted(
    data_dir: DataDir,
    ids: Collection[str],
    wanted: Wanted,
    code: str,
    undo: bool,
    *,
    rehearsal: bool,
) -> tuple[Dropped, RowNotes]:
    """What would be done, and the notes as they would be then."""
    notes = load_notes(data_dir, rehearsal=rehearsal)
    stones: dict[str, Tombstone] = {}
    rows = already = 0
    batches = Counter[str]()
    for row in _rows(data_dir, ids, wanted, notes, rehearsal=rehearsal):
        rows += 1
        name = row["id"]
        if (name in notes.dropped) is not undo:
            already += 1
        else:  # an id that stands in two rows takes both of them
            batches[row["batch_id"]] += 1
            stones.setdefault(name, notes.dropped[name] if undo else _stone(row, code))
    taken = batches.total()
    done = Dropped(rows, taken, already, dict(batches), list(stones), undo, dry_run=True)
    return done, put_back(notes, stones) if undo else with_notes(notes, stones, {})


def _rows(
    data_dir: DataDir, ids: Collection[str], wanted: Wanted, notes: RowNotes, *, rehearsal: bool
) -> Iterator[Mapping[str, Any]]:
    columns = dict.fromkeys((*_COLUMNS, *(wanted.columns if wanted else ())))
    chosen = frozenset(ids)
    for batch in iter_batches(data_dir, list(columns), rehearsal=rehearsal, as_sealed=True):
        for row in batch.to_pylist():
            if chosen and row["id"] not in chosen:
                continue
            if not wanted or wanted.takes(_with_flags(row, notes)):
                yield row


def _with_flags(row: Mapping[str, Any], notes: RowNotes) -> Mapping[str, Any]:
    stone = notes.dropped.get(row["id"])
    codes = stone.codes if stone is not None else ()
    return {**row, "flags": [*row["flags"], *notes.flags.get(row["id"], ()), *codes]}


def _stone(row: Mapping[str, Any], code: str) -> Tombstone:
    a, b, c, d, e = (row[name] for name in CELL_COLUMNS)
    model = f"{row['provider']}/{row['model']}"
    return Tombstone((code,), row["batch_id"], (a, b, c, d, e), model, row["slot"])
