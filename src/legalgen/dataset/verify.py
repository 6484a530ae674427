"""Is the dataset whole? What is not, as a list; and what can be mended without losing a row.

Nothing is ever deleted: a file that does not belong where it stands goes to ``state/aside/``.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from array import array
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from legalgen.dataset import compact
from legalgen.dataset.grounds import Grounds
from legalgen.dataset.records import mend_records
from legalgen.errors import DiskError
from legalgen.errors.plurals import plural
from legalgen.quality.rules import default_thresholds
from legalgen.settings.reading import read_whole
from legalgen.settings.writing import make_folder, sync_folder
from legalgen.store import checksum
from legalgen.store.card import card_fault, write_card
from legalgen.store.files import DataDir, disk, is_folder, is_there, listed, replace_file
from legalgen.store.journal import recover
from legalgen.store.ledger import Ledger, Record, UnreadableRecord
from legalgen.store.locks import Patience, data_lock, is_rewriting, is_writing
from legalgen.store.notes import (
    RowNotes,
    UnreadableNotesError,
    load_notes,
    notes_path,
    put_back,
    save_notes,
)
from legalgen.store.parts import (
    Part,
    UnreadablePartError,
    batch_parts,
    footer,
    footer_rows,
    known_ids,
    open_part,
    part_batches,
    parts,
    readable,
    table_bytes,
    version_of_part,
)
from legalgen.store.sample import (
    ADDED,
    OLDEST_VERSION,
    SCHEMA_VERSION,
    arrow_schema,
    sample_id,
    version_of,
)

if TYPE_CHECKING:
    import pyarrow as pa

DefectKind = Literal[
    "damaged_part", "wrong_schema", "empty_part", "stray_file", "repeated_id", "repeated_slot",
    "mixed_versions", "ledger_disagrees", "ledger_unreadable", "no_record", "part_not_noted",
    "journal_waiting", "not_readable_now",
    "compaction_left", "card", "quotation", "damaged_notes",
]  # fmt: skip
REPAIRABLE: Final = frozenset(
    {"damaged_part", "wrong_schema", "empty_part", "stray_file", "part_not_noted",
     "journal_waiting", "compaction_left", "card", "damaged_notes", "ledger_disagrees",
     "ledger_unreadable", "no_record"}
)  # fmt: skip
MAX_EXAMPLES: Final = 20
"""How many repeated ids or slots are spelled out; the rest is counted."""


class Defect(msgspec.Struct, frozen=True):
    """One thing that is not as it should be; ``where`` is a path in the data dir, or a batch."""

    kind: DefectKind
    where: str
    what: str

    @property
    def repairable(self) -> bool:
        """Whether ``repair`` tries; what it cannot mend is found again after it."""
        return self.kind in REPAIRABLE


class Verified(msgspec.Struct, frozen=True):
    """What was looked at and what was found. ``notes`` are worth knowing and no fault."""

    rows: int
    parts: int
    findings: tuple[Defect, ...]
    notes: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()


def verify(data_dir: DataDir) -> Verified:
    """Look at both datasets, the ledger and the journal; writes nothing.

    Raises:
        DiskError: something cannot even be looked at.
    """
    grounds = Grounds(data_dir)
    ended, seen = _unchanged(data_dir, grounds)
    findings = [one for each in seen.values() for one in each.findings]
    batches = sum((each.batches for each in seen.values()), start=Counter[str]())
    notes = {}
    for rehearsal in (False, True):
        try:
            notes[rehearsal] = load_notes(data_dir, rehearsal=rehearsal)
        except UnreadableNotesError as error:
            notes[rehearsal] = RowNotes()
            findings.append(Defect("damaged_notes", _inside(data_dir, error.path), _LOST))
    for each in notes.values():
        batches.update(each.gone)  # they were accepted, and a compaction left them out
    waiting = _waiting(data_dir)
    findings += [
        Defect("journal_waiting", f"journal/{path.name}", "rows of a dead writer, not sealed")
        for path in waiting
    ]
    uncounted = {_batch_of(path) for path in waiting}
    if any(each.kind == "not_readable_now" for each in findings):  # whose rows those are is unknown
        uncounted.update(record.id for record in ended)
    findings += _against_ledger(data_dir, ended, batches, uncounted)
    if not is_rewriting(data_dir):
        findings += [
            Defect("compaction_left", _inside(data_dir, path), "left by a compaction that died")
            for path in compact.leftovers(data_dir)
        ]
    return Verified(
        sum(each.rows - len(notes[rehearsal].dropped) for rehearsal, each in seen.items()),
        sum(len(each.read_parts) for each in seen.values()),
        tuple(findings),
        (
            *_unproved(seen.values()),
            *_notes(data_dir),
            *grounds.notes,
            *(_taken_out(each) for each in notes.values() if each),
        ),
    )


_LOST: Final = (
    "cannot be read: which rows were taken out or flagged since the last compaction; a repair puts "
    "it aside, and they count again"
)
LOOKS: Final = 5
"""How often a dataset is looked at that is compacted meanwhile."""


def _unchanged(data_dir: DataDir, grounds: Grounds) -> tuple[list[Record], dict[bool, _Dataset]]:
    """The batches that have ended, and both datasets as they stood at one moment.

    No lock is taken, so that nobody waits for a reader: where a compaction exchanged the parts
    while they were read, they are read again.
    """
    for _ in range(LOOKS):
        before = _standing(data_dir)
        ended = _ended(data_dir)
        seen = {each: _Dataset(data_dir, each, grounds).read() for each in (False, True)}
        if before <= _standing(data_dir):
            break
    return ended, seen


def _standing(data_dir: DataDir) -> set[tuple[int, str]]:
    """The parts, by inode and name: sealing adds some, a compaction takes all of them away."""
    found = set()
    for path in (path for each in (False, True) for path in parts(data_dir, rehearsal=each)):
        with contextlib.suppress(OSError):  # it is gone, or told by who reads it
            found.add((path.stat().st_ino, path.name))
    return found


def _unproved(seen: Iterable[_Dataset]) -> Iterator[str]:
    for each in seen:
        if each.unmarked:
            where = f"{_inside(each.data_dir, each.data_dir.parts(rehearsal=each.rehearsal))}/"
            yield (
                f"{where}: parts sealed before there were checksums: {each.unmarked}; of them only "
                "the ids can be proved, that is questions and answers"
            )


def _inside(data_dir: DataDir, path: Path) -> str:
    return str(path.relative_to(data_dir.root))


def _taken_out(notes: RowNotes) -> str:
    out = f"{plural(len(notes.dropped), 'row')} taken out"
    flagged = f"{plural(len(notes.flags), 'row')} flagged later"
    return (
        f"{out} and {flagged}, as is noted beside their parts; `legalgen dataset compact` makes "
        "both final"
    )


def _notes(data_dir: DataDir) -> Iterator[str]:
    for pattern in ("*.torn-*", "*.damaged-*"):
        for path in listed(data_dir.journal, pattern):
            yield f"{_inside(data_dir, path)}: kept aside, as nobody can read it"
    for path in listed(data_dir.state / "aside", "*"):
        yield f"{_inside(data_dir, path)}: moved out of the dataset by a repair"
    for record in Ledger(data_dir).all():
        if isinstance(record, Record) and record.lost:
            names = ", ".join(part.name for part in record.lost_parts)
            parts_of = f" ({names})" if names else ""
            yield f"{record.id}: {plural(record.lost, 'sample')} gone{parts_of}, noted by a repair"


# --- one dataset -------------------------------------------------------------------------------


_KEYS: Final[dict[DefectKind, tuple[str, ...]]] = {
    "repeated_id": ("id",),
    "repeated_slot": ("batch_id", "slot"),
}
_KEY_COLUMNS: Final = tuple(itertools.chain(*_KEYS.values()))


class _Dataset(msgspec.Struct):
    """The parts of one dataset, each read whole once; of each row 16 bytes are kept."""

    data_dir: DataDir
    rehearsal: bool
    grounds: Grounds
    rows: int = 0
    batches: Counter[str] = msgspec.field(default_factory=Counter)
    read_parts: list[Path] = msgspec.field(default_factory=list)
    hashes: dict[DefectKind, array[int]] = msgspec.field(
        default_factory=lambda: {kind: array("q") for kind in _KEYS}
    )
    versions: Counter[int] = msgspec.field(default_factory=Counter)
    unmarked: int = 0
    findings: list[Defect] = msgspec.field(default_factory=list)

    def read(self) -> _Dataset:
        for path in _strays(self.data_dir, rehearsal=self.rehearsal):
            self._find("stray_file", path, "is no part: readers of the folder fail on it")
        for path in parts(self.data_dir, rehearsal=self.rehearsal):
            self._part(path)
        if len(self.versions) > 1:
            counts = ", ".join(f"{n} of version {one}" for one, n in sorted(self.versions.items()))
            advice = f"see `legalgen dataset compact --to-schema {SCHEMA_VERSION}`"
            self._find("mixed_versions", self._folder, f"parts of two schemas ({counts}): {advice}")
        if self.read_parts:
            self._unique()
            fault = card_fault(self.data_dir, rehearsal=self.rehearsal)
            if fault is not None:
                card = self.data_dir.dataset(rehearsal=self.rehearsal) / "README.md"
                self._find("card", card, fault)
        return self

    def _find(self, kind: DefectKind, path: Path, what: str) -> None:
        self.findings.append(Defect(kind, _inside(self.data_dir, path), what))

    def _part(self, path: Path) -> None:
        try:
            self._look_at(path)
        except DiskError as error:
            self._cannot_read(path, error)

    def _cannot_read(self, path: Path, error: DiskError) -> None:
        damaged = isinstance(error, UnreadablePartError)
        self._find("damaged_part" if damaged else "not_readable_now", path, str(error))

    def _look_at(self, path: Path) -> None:
        fault = part_fault(path)
        if fault is not None:
            self._find(*fault)
            if fault[0] != "wrong_schema":
                return
        elif (version := version_of_part(path)) is not None:
            self.versions[version] += 1
        table, strange, ungrounded = _keys(path, self.grounds)
        with readable(path):
            self.unmarked += checksum.state(path) == "unmarked"
        for name in list(strange.values())[:MAX_EXAMPLES]:
            self._find("damaged_part", path, f"{name} is not the id of its question and answer")
        for what in ungrounded[:MAX_EXAMPLES]:
            self._find("quotation", path, what)
        if len(ungrounded) > MAX_EXAMPLES:
            self._find("quotation", path, f"and {len(ungrounded) - MAX_EXAMPLES} more")
        self.rows += table.num_rows
        self.read_parts.append(path)
        self.batches.update(table["batch_id"].to_pylist())
        for kind, columns in _KEYS.items():
            self.hashes[kind].extend(map(hash, _keys_in(table, columns)))

    def _unique(self) -> None:
        for kind, repeated in self._repeated():
            self.findings += [
                Defect(
                    kind, _inside(self.data_dir, self._folder), f"{what}: {plural(count, 'row')}"
                )
                for what, count in repeated[:MAX_EXAMPLES]
            ]
            if len(repeated) > MAX_EXAMPLES:
                self._find(kind, self._folder, f"and {len(repeated) - MAX_EXAMPLES} more")

    def _repeated(self) -> Iterator[tuple[DefectKind, list[tuple[str, int]]]]:
        """The ids and the slots that stand in more than one row, and in how many.

        Where hashes are the same the rows are read again, for what they are hashes of.
        """
        twice = {kind: _twice(hashes) for kind, hashes in self.hashes.items()}
        found = {kind: Counter[_Key]() for kind in _KEYS}
        for path in self.read_parts if any(twice.values()) else ():
            try:
                for batch in part_batches(path, _KEY_COLUMNS):
                    with readable(path):
                        table = _key_table(batch)
                    for kind, columns in _KEYS.items():
                        keys = _keys_in(table, columns)
                        found[kind].update(key for key in keys if hash(key) in twice[kind])
            except DiskError as error:
                self._cannot_read(path, error)
        for kind, counts in found.items():
            again = sorted((key for key, count in counts.items() if count > 1), key=_nulls_last)
            yield kind, [(" ".join(map(str, key)), counts[key]) for key in again]

    @property
    def _folder(self) -> Path:
        return self.data_dir.parts(rehearsal=self.rehearsal)


_Key = tuple[str | int | None, ...]
"""The values of a row in some columns; a part that somebody else wrote may hold none."""


def _key_table(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    schema = pa.schema([arrow_schema().field(name) for name in _KEY_COLUMNS])
    return pa.Table.from_batches([batch]).select(list(_KEY_COLUMNS)).cast(schema)


def _keys_in(table: pa.Table, columns: Iterable[str]) -> Iterator[_Key]:
    return zip(*(table[name].to_pylist() for name in columns), strict=True)


def _nulls_last(key: _Key) -> list[tuple[bool, str | int | None]]:
    return [(value is None, value) for value in key]


def _twice(keys: array[int]) -> frozenset[int]:
    """The numbers that stand more than once in it; takes twice its memory."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    import pyarrow.compute as pc

    values = pa.Array.from_buffers(pa.int64(), len(keys), [None, pa.py_buffer(keys)])
    ordered = values.take(pc.array_sort_indices(values))
    again = ordered[1:].filter(pc.equal(ordered[:-1], ordered[1:]))
    return frozenset(again.to_pylist())


def _strays(data_dir: DataDir, *, rehearsal: bool) -> list[Path]:
    """What stands in the folder of parts and is none."""
    known = set(parts(data_dir, rehearsal=rehearsal))
    found = listed(data_dir.parts(rehearsal=rehearsal), "*")
    # What cannot even be looked at is told as a part that cannot be read.
    return [path for path in found if path not in known or os.path.isdir(path)]  # noqa: PTH112


def part_fault(path: Path) -> tuple[DefectKind, Path, str] | None:
    """What is wrong with a part as a whole; its pages are not looked at.

    Raises:
        DiskError: nobody can tell, as it cannot be read now.
    """
    try:
        with readable(path):
            told = footer(path)
            rows, found = told.num_rows, told.schema.to_arrow_schema()
    except UnreadablePartError as error:
        return "damaged_part", path, str(error)
    if not rows:
        return "empty_part", path, "has no rows: load_dataset fails on it"
    if version_of(found) is not None:
        return None
    return "wrong_schema", path, _difference(found)


def _difference(found: pa.Schema) -> str:
    wanted = _meant(found)
    extra = [name for name in found.names if name not in wanted.names]
    missing = [name for name in wanted.names if name not in found.names]
    typed = [
        f"{name} is {found.field(name).type}"
        for name in wanted.names
        if name in found.names and found.field(name).type != wanted.field(name).type
    ]
    said = [
        *(f"column {name} is missing" for name in missing),
        *(f"column {name} is not ours" for name in extra),
        *typed,
    ]
    return "; ".join(said[:5]) or "its columns stand in another order"


def _meant(found: pa.Schema) -> pa.Schema:
    """The columns of the version that a part with these was meant to have."""
    newer = any(name in found.names for name in ADDED)
    return arrow_schema(SCHEMA_VERSION if newer else OLDEST_VERSION)


def _keys(path: Path, grounds: Grounds) -> tuple[pa.Table, dict[int, str], list[str]]:
    """Ids and slots of a part, every column of which is read on the way; by row from 0 the ids in
    it that are not those of their texts; and what is wrong with its quotations.

    Raises:
        DiskError: it cannot be read.
    """
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    tables, strange, ungrounded, first = [], dict[int, str](), list[str](), 0
    for batch in part_batches(path):
        with readable(path):
            tables.append(_key_table(batch))
            if {"question", "answer"} <= set(batch.schema.names):
                texts = (batch[name].to_pylist() for name in ("id", "question", "answer"))
                rows = enumerate(zip(*texts, strict=True), first)
                strange |= {at: name for at, (name, *of) in rows if sample_id(*of) != name}
        first += batch.num_rows
        ungrounded += grounds.faults(batch)
    return pa.concat_tables(tables), strange, ungrounded


# --- the ledger and the journal ----------------------------------------------------------------


def _waiting(data_dir: DataDir) -> list[Path]:
    """Segments whose writer is dead."""
    found = listed(data_dir.journal, "*.jsonl")
    writing = {batch: is_writing(data_dir, batch) for batch in {_batch_of(path) for path in found}}
    return [path for path in found if not writing[_batch_of(path)]]


def _batch_of(segment: Path) -> str:
    return segment.stem.rpartition("-")[0]


def _ended(data_dir: DataDir) -> list[Record]:
    """The batches that nobody runs; looked up before their rows are, which then stand still."""
    ledger = Ledger(data_dir)
    records = (one for one in ledger.all() if isinstance(one, Record))
    return [record for record in records if ledger.status_of(record) != "running"]


def _against_ledger(
    data_dir: DataDir, ended: Iterable[Record], rows: Counter[str], uncounted: Container[str]
) -> Iterator[Defect]:
    entries = Ledger(data_dir).all()
    for entry in entries:
        if isinstance(entry, UnreadableRecord):
            kind: DefectKind = "ledger_unreadable" if entry.damaged else "not_readable_now"
            remedied = "; --repair puts it aside and makes one from the rows" * entry.damaged
            yield Defect(kind, f"batches/{entry.id}.json", f"{entry.error}{remedied}")
    for record in ended:
        if record.id not in uncounted:
            yield from _against_record(data_dir, record, rows[record.id])
    for batch_id in sorted(set(rows) - {entry.id for entry in entries}):
        what = f"{plural(rows[batch_id], 'row')} of a batch without a record"
        yield Defect("no_record", batch_id, f"{what}; --repair makes one from them")


def _against_record(data_dir: DataDir, record: Record, rows: int) -> Iterator[Defect]:
    noted = {part.name for part in record.parts}
    missing = [path.name for path, _ in batch_parts(data_dir, record.id) if path.name not in noted]
    for name in missing:
        yield Defect("part_not_noted", record.id, f"the record does not name {name}")
    if rows != record.accepted and not missing:
        what = f"the record says {plural(record.accepted, 'sample')}, the dataset holds {rows}"
        remedy = "put parts back (a backup, state/aside/); --repair notes what is gone"
        yield Defect("ledger_disagrees", record.id, f"{what}: {remedy}")


# --- repair ------------------------------------------------------------------------------------


def repair(data_dir: DataDir, *, patience: Patience | None = None) -> Verified:
    """Mend what can be mended without losing a row, then look again. What is gone already is noted
    in the record of its batch.

    Raises:
        DiskError: the disk failed; it can be begun again.
        BatchRunning: another process rewrites or seals, for longer than ``patience`` allows.
    """
    data_dir.create()
    ledger = Ledger(data_dir)
    done: list[str] = []
    with data_lock(data_dir, exclusive=True, patience=patience):
        recovered = recover(data_dir, note_part=ledger.note_part, data_locked=True)
        done += [f"journal/{found.segment}: {found}" for found in recovered]
        for rehearsal in (False, True):
            if is_folder(data_dir.parts(rehearsal=rehearsal)):
                done += _mend_dataset(data_dir, ledger, rehearsal=rehearsal)
        done += mend_records(data_dir, ledger, lambda path: _moved(data_dir, path))
    found_now = verify(data_dir)
    return msgspec.structs.replace(found_now, repaired=tuple(done))


def _mend_dataset(data_dir: DataDir, ledger: Ledger, *, rehearsal: bool) -> Iterator[str]:
    # The first thing: whatever is mended next goes by the notes.
    try:
        notes = load_notes(data_dir, rehearsal=rehearsal)
    except UnreadableNotesError as error:
        notes = RowNotes()
        told = "rows that were taken out count again: take them out anew (`legalgen dataset drop`)"
        yield f"{_moved(data_dir, error.path)}; {told}"
    left = compact.leftovers(data_dir)
    compact.finish(data_dir, rehearsal=rehearsal)
    yield from (
        f"{_inside(data_dir, path)}: compaction ended" for path in left if not is_there(path)
    )
    for path in _strays(data_dir, rehearsal=rehearsal):
        yield _moved(data_dir, path)
    for path in parts(data_dir, rehearsal=rehearsal):
        yield from _mend_part(data_dir, path, notes.dropped)
    yield from _forget_stones(data_dir, notes, rehearsal=rehearsal)
    yield from _note_parts(data_dir, ledger)
    if card_fault(data_dir, rehearsal=rehearsal) and write_card(
        data_dir, rehearsal=rehearsal, thresholds=default_thresholds()
    ):
        yield f"{data_dir.dataset(rehearsal=rehearsal).name}/README.md: written anew"


def _forget_stones(data_dir: DataDir, notes: RowNotes, *, rehearsal: bool) -> Iterator[str]:
    """Tombstones of rows that went aside with their part would be counted against the others."""
    if not notes.dropped:
        return
    try:
        there = known_ids(data_dir, rehearsal=rehearsal)
    except DiskError:
        return  # what a part that cannot be read holds is not gone
    gone = [name for name in notes.dropped if name not in there]
    if gone:
        save_notes(data_dir, put_back(notes, gone), rehearsal=rehearsal)
        where = _inside(data_dir, notes_path(data_dir, rehearsal=rehearsal))
        told = f"{plural(len(gone), 'row')} taken out and in no part any more"
        yield f"{where}: {told}, forgotten; take them out anew if a part is put back"


def _mend_part(data_dir: DataDir, path: Path, dropped: Container[str]) -> Iterator[str]:
    """A part that cannot be read or is empty goes aside; one of other types is cast. Rows whose ids
    are not those of their texts get their own where the part's bytes are proved, as the text is
    then what was written; else they are damaged, and taken out. Those in ``dropped`` keep theirs,
    by which they are known to be gone.

    Raises:
        DiskError: it cannot be read now, so that nobody knows whether it is damaged.
    """
    fault = part_fault(path)
    if fault is not None and fault[0] != "wrong_schema":
        yield _moved(data_dir, path)
        return
    try:
        strange, broken = _keys(path, Grounds(data_dir))[1], False
        with readable(path):
            proved = checksum.state(path) == "whole"
    except UnreadablePartError:
        strange, broken, proved = {}, fault is None, False
    if proved:
        strange = {at: name for at, name in strange.items() if name not in dropped}
    table, said = _cast(path) if fault or strange else None, "rewritten with our columns"
    if table is not None and strange and proved:
        table = _with_own_ids(table, strange)
        said = f"{plural(len(strange), 'row')} given the id of its text"
    elif table is not None and strange:
        table = _without(table, strange)
        said = f"{plural(len(strange), 'damaged row')} taken out"
    if table is not None and table.num_rows:
        _link_aside(data_dir, path)
        replace_file(data_dir, path, table_bytes(table))
        yield f"{_inside(data_dir, path)}: {said}; the old one is aside"
    elif broken or strange:
        yield _moved(data_dir, path)


def _cast(path: Path) -> pa.Table | None:
    """The part with our columns and types; None where that would change or lose a value."""
    try:
        with readable(path), open_part(path) as file:
            schema = _meant(file.schema_arrow)
            return file.read(use_threads=False).select(schema.names).cast(schema)
    except UnreadablePartError:
        return None


def _without(table: pa.Table, rows: Container[int]) -> pa.Table:
    """The table without the rows of these numbers from 0."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    keep = [at not in rows for at in range(table.num_rows)]
    return table.filter(pa.array(keep, pa.bool_()))


def _with_own_ids(table: pa.Table, rows: Container[int]) -> pa.Table:
    """The table with the id of its text in each of the rows of these numbers from 0."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    at, known = table.schema.get_field_index("id"), enumerate(table["id"].to_pylist())
    texts = zip(table["question"].to_pylist(), table["answer"].to_pylist(), strict=True)
    ids = [
        sample_id(*text) if row in rows else name
        for (row, name), text in zip(known, texts, strict=True)
    ]
    return table.set_column(at, table.schema.field(at), pa.array(ids, pa.string()))


def _moved(data_dir: DataDir, path: Path) -> str:
    with disk(path, "mend"):
        target = _aside(data_dir, path)
        os.replace(path, target)  # noqa: PTH105 - os calls are counted by the crash tests
        sync_folder(target.parent)
        sync_folder(path.parent)
    return f"{_inside(data_dir, path)}: moved to {_inside(data_dir, target)}"


def _link_aside(data_dir: DataDir, path: Path) -> None:
    with disk(path, "mend"):
        target = _aside(data_dir, path)
        try:
            os.link(path, target)
        except OSError:  # some file systems have no hard links
            replace_file(data_dir, target, read_whole(path))
        sync_folder(target.parent)


def _aside(data_dir: DataDir, path: Path) -> Path:
    """A free name in ``state/aside/`` that says where the file came from."""
    folder = data_dir.state / "aside"
    make_folder(folder)
    stem = _inside(data_dir, path).replace(os.sep, ".")
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(1)))
    return next(folder / name for name in names if not os.path.lexists(folder / name))


def _note_parts(data_dir: DataDir, ledger: Ledger) -> Iterator[str]:
    for record in ledger.all():
        if isinstance(record, UnreadableRecord) or ledger.status_of(record) == "running":
            continue
        noted = {part.name for part in record.parts}
        for path, _ in batch_parts(data_dir, record.id):
            if path.name not in noted and part_fault(path) is None:
                ledger.note_part(record.id, Part(path.name, footer_rows(path)))
                yield f"batches/{record.id}.json: {path.name} noted"
