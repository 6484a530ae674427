"""The present gate over the rows that are there already: which it takes out, which it flags.

Nothing is rewritten: what is found is noted beside the parts (:mod:`legalgen.store.notes`), counts
at once, and becomes final when the dataset is compacted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence

import msgspec

from legalgen.dataset.check import Judged, Linter
from legalgen.dataset.foreign import Row, UnreadableRow
from legalgen.dataset.wanted import matches
from legalgen.errors import UsageError
from legalgen.quality.codes import CODES
from legalgen.store.files import DataDir
from legalgen.store.locks import Patience, data_lock
from legalgen.store.notes import RowNotes, Tombstone, load_notes, save_notes, with_notes
from legalgen.store.parts import cell_of, known_ids, parts
from legalgen.store.sample import Sample


class Marked(msgspec.Struct):
    """What was found, in rows: those looked at, taken out and flagged, the latter two by code.

    ``dry_run``: nothing was noted.
    """

    rows: int = 0
    dropped: int = 0
    flagged: int = 0
    drops: dict[str, int] = {}
    flags: dict[str, int] = {}
    dry_run: bool = False


def checked_codes(patterns: Sequence[str]) -> tuple[str, ...]:
    """The codes that patterns such as ``DUP_*`` mean.

    Raises:
        UsageError: one of them means none.
    """
    for pattern in patterns:
        if not matches(CODES, (pattern,)):
            raise UsageError(f"--drop {pattern} is no code of the gate: {', '.join(CODES)}")
    return tuple(code for code in CODES if matches((code,), patterns))


def mark(
    data_dir: DataDir,
    rows: Iterable[Row | UnreadableRow],
    linter: Linter,
    *,
    drop: Sequence[str] = (),
    write_flags: bool = False,
    dry_run: bool = False,
    patience: Patience | None = None,
) -> Marked:
    """Note the rows in which one of ``drop`` was found as taken out, and with ``write_flags`` all
    that is found of the others as flags of theirs. ``rows`` are those of the dataset's parts.

    Raises:
        DiskError: the notes cannot be read or written.
        BatchRunning: another process rewrites the parts, for longer than ``patience`` allows.
    """
    standing = set(parts(data_dir))
    known = load_notes(data_dir)
    work = _Work(frozenset(drop), write_flags, known)
    wanted = (row for row in rows if isinstance(row, Row) and row.id not in known.dropped)
    for row, looked in linter.looked(row for row in wanted if row.sample is not None):
        assert isinstance(row, Row)
        assert row.sample is not None
        work.take(row.sample, linter.judge(row, looked), linter)
    if not dry_run and (work.dropped or work.flags):
        # Read again under the lock: a compaction or another check may have been here meanwhile.
        with data_lock(data_dir, exclusive=True, patience=patience):
            if not standing <= set(parts(data_dir)):
                work.forget_others(known_ids(data_dir))
            notes = with_notes(load_notes(data_dir), work.dropped, work.flags)
            save_notes(data_dir, notes)
    return work.found(dry_run=dry_run)


class _Work:
    def __init__(self, drop: frozenset[str], write_flags: bool, known: RowNotes) -> None:
        self._drop = drop
        self._write_flags = write_flags
        self._known = known
        self._rows = 0
        self.dropped: dict[str, Tombstone] = {}
        self.flags: dict[str, tuple[str, ...]] = {}
        self._conflicting: set[str] = set()

    def take(self, sample: Sample, judged: Judged, linter: Linter) -> None:
        self._rows += 1
        verdict = judged.verdict
        codes = tuple(dict.fromkeys(reason.code for reason in verdict.reasons))
        found = tuple(code for code in codes if code in self._drop)
        if found:
            # Not noted with the linter: what resembles a row that is gone repeats nothing.
            self.dropped[sample.id] = tombstone(sample, found)
            return
        linter.note(sample.id, sample.question, sample.answer, verdict.parsed)
        held = {*sample.flags, *self._known.flags.get(sample.id, ())}
        new = tuple(code for code in codes if code not in held)
        if "CITATION_CONFLICT" in held:
            self._conflicting.add(sample.id)
        if self._write_flags and new:
            self.flags[sample.id] = new
        for earlier in linter.contradicted() - self._conflicting:
            self._contradict(earlier)

    def _contradict(self, earlier: str) -> None:
        """A conflict marks both rows; a flag that the row has of its own is not noted again."""
        noted = self.flags.get(earlier, ())
        if self._write_flags and "CITATION_CONFLICT" not in noted:
            self.flags[earlier] = (*noted, "CITATION_CONFLICT")

    def forget_others(self, there: Container[str]) -> None:
        """Note nothing of rows that are no more: they would be counted as taken out for ever."""
        self.dropped = {name: stone for name, stone in self.dropped.items() if name in there}
        self.flags = {name: codes for name, codes in self.flags.items() if name in there}

    def found(self, *, dry_run: bool) -> Marked:
        drops = Counter(code for stone in self.dropped.values() for code in stone.codes)
        flags = Counter(code for codes in self.flags.values() for code in codes)
        return Marked(
            self._rows,
            len(self.dropped),
            len(self.flags),
            dict(drops.most_common()),
            dict(flags.most_common()),
            dry_run,
        )


def tombstone(sample: Sample, codes: tuple[str, ...]) -> Tombstone:
    """What is noted of a row that is taken out for ``codes``."""
    model = f"{sample.provider}/{sample.model}"
    return Tombstone(codes, sample.batch_id, cell_of(sample), model, sample.slot)
