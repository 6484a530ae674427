"""Records that do not say what the parts hold: put aside, made anew from the rows, or corrected.

Nothing is deleted: a record that cannot be read goes aside, and what is gone is noted in the record
of its batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from legalgen import __version__
from legalgen.errors import DiskError, UsageError
from legalgen.errors.plurals import plural
from legalgen.store.balances import ModelStats, last_balance
from legalgen.store.files import DataDir, check_batch_id, listed
from legalgen.store.ledger import Ledger, Process, Record, UnreadableRecord
from legalgen.store.locks import is_writing
from legalgen.store.notes import UnreadableNotesError, load_notes
from legalgen.store.parts import (
    Part,
    UnreadablePartError,
    footer_rows,
    part_batches,
    parts,
    readable,
)

MADE_ANEW: Final = "its record was lost, and this one was made from its rows"
_COUNTED: Final = (
    "provider", "model", "flags", "input_tokens", "output_tokens", "reasoning_tokens", "cost_usd",
    "latency_s", "reasoning_steps", "created_at",
)  # fmt: skip


def mend_records(
    data_dir: DataDir, ledger: Ledger, put_aside: Callable[[Path], str]
) -> Iterator[str]:
    """Have the records of all batches that nobody runs say what the parts hold; what was done.

    Nothing is done where a part or the notes on rows cannot be read: what they hold is not gone.

    Raises:
        DiskError: a record cannot be put aside or written.
    """
    for entry in ledger.all():
        if isinstance(entry, UnreadableRecord) and entry.damaged and not _is_busy(data_dir, entry):
            yield put_aside(entry.path)
    try:
        rows, rehearsed = _rows(data_dir)
    except (DiskError, UnreadableNotesError):
        return
    known = {entry.id: entry for entry in ledger.all()}
    for batch_id in sorted(set(rows) - set(known)):
        if _names_a_file(batch_id) and not is_writing(data_dir, batch_id):
            rehearsal = rehearsed[batch_id]
            try:
                record = _made_anew(data_dir, batch_id, rows[batch_id], rehearsal=rehearsal)
            except UnreadablePartError:
                return
            ledger.create(record)
            yield f"batches/{batch_id}.json: made from its {plural(rows[batch_id], 'row')}"
    paths = [path for each in (False, True) for path in parts(data_dir, rehearsal=each)]
    there = {path.name: footer_rows(path) for path in paths}
    for entry in known.values():
        if isinstance(entry, UnreadableRecord) or ledger.status_of(entry) == "running":
            continue
        if entry.accepted != rows[entry.id] and not _is_busy(data_dir, entry):
            ledger.note_loss(entry.id, rows[entry.id], there)
            gone = entry.accepted - rows[entry.id]
            said = f"{plural(abs(gone), 'sample')} {'noted as gone' if gone > 0 else 'counted'}"
            yield f"batches/{entry.id}.json: {said}"


def _is_busy(data_dir: DataDir, entry: Record | UnreadableRecord) -> bool:
    """Whether a batch is being written, or has rows that wait in the journal."""
    if not _names_a_file(entry.id):
        return False
    waiting = listed(data_dir.journal, f"{entry.id}-[0-9]*.jsonl")
    return bool(waiting) or is_writing(data_dir, entry.id)


def _names_a_file(batch_id: str) -> bool:
    try:
        check_batch_id(batch_id)
    except UsageError:
        return False
    return True


def _rows(data_dir: DataDir) -> tuple[Counter[str], dict[str, bool]]:
    """The rows of each batch, with those that a compaction left out; which were rehearsed."""
    rows, rehearsed = Counter[str](), dict[str, bool]()
    for rehearsal in (False, True):
        found = Counter[str](load_notes(data_dir, rehearsal=rehearsal).gone)
        for path in parts(data_dir, rehearsal=rehearsal):
            for batch in part_batches(path, ("batch_id",)):
                with readable(path):
                    found.update(filter(None, batch["batch_id"].to_pylist()))
        rows.update(found)
        rehearsed |= dict.fromkeys(found, rehearsal)
    return rows, rehearsed


def _made_anew(data_dir: DataDir, batch_id: str, rows: int, *, rehearsal: bool) -> Record:
    """A record of what is known of a batch by its rows, and by the last line that is left of it."""
    import pyarrow.compute as pc  # heavy; only what touches parquet pays for it

    held = [
        (path, batch.filter(pc.equal(batch["batch_id"], batch_id)))
        for path in parts(data_dir, rehearsal=rehearsal)
        for batch in part_batches(path, ("batch_id", *_COUNTED))
    ]
    written = [row for _, batch in held for row in batch.to_pylist()]
    moments = [row["created_at"] for row in written] or [datetime.fromtimestamp(0, UTC)]
    named = {path for path, batch in held if batch.num_rows and _is_of(path, batch_id)}
    # The kind keeps `batch --resume` away: what was asked for is not known.
    record = Record(
        id=batch_id,
        kind="generate",
        status="completed",
        command=(),
        process=Process(0, "unknown"),
        version=__version__,
        started=min(moments),
        updated=max(moments),
        finished=max(moments),
        rehearsal=rehearsal,
        target=rows,
        accepted=rows,
        flagged=sum(bool(row["flags"]) for row in written),
        unjudged=sum("UNJUDGED" in row["flags"] for row in written),
        reason=MADE_ANEW,
        parts=[Part(path.name, footer_rows(path)) for path in sorted(named)],
    )
    for row in written:
        _count(record.model(f"{row['provider']}/{row['model']}"), row)
    return replace(record.settled(last_balance(data_dir, batch_id)), accepted=rows)


def _is_of(path: Path, batch_id: str) -> bool:
    return path.stem.rpartition("-")[0] == f"train-{batch_id}"


def _count(stats: ModelStats, row: dict[str, Any]) -> None:
    """Count a sample with the call that it came of; of calls that gave none no row tells."""
    stats.calls += 1
    stats.samples += 1
    stats.input_tokens += row["input_tokens"] or 0
    stats.output_tokens += row["output_tokens"] or 0
    stats.reasoning_tokens += row["reasoning_tokens"] or 0
    stats.seconds += row["latency_s"] or 0.0
    stats.sample_seconds += row["latency_s"] or 0.0
    stats.reasoning_steps += len(row["reasoning_steps"])
    if row["cost_usd"] is not None:
        stats.cost_usd = (stats.cost_usd or 0.0) + row["cost_usd"]
