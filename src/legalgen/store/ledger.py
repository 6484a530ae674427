"""The ledger: one JSON record per batch, of what was asked, what came, and what went wrong.

A record is replaced atomically, at most once a second while a batch runs. Whether a batch still
runs is never written down by the dead: ``interrupted`` is derived (``Ledger.status_of``).

A type whose name ends in ``Note`` is an entry of a record: what the file keeps of an event of
:mod:`legalgen.telemetry.events`. The two are apart because they change for different reasons: an
event is told once, to who listens now; an entry is read by every later version of the program.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import msgspec

from legalgen.completion import ModelRef
from legalgen.errors import BatchRunning, DiskError, ErrorCategory, Trouble, UsageError
from legalgen.settings.reading import read_bounded, read_whole, reason_of
from legalgen.store.balances import Balance, ModelStats, larger, last_balance
from legalgen.store.files import (
    NOT_OURS,
    DataDir,
    check_batch_id,
    disk,
    is_there,
    listed,
    replace_file,
)
from legalgen.store.locks import is_writing
from legalgen.store.parts import Cell, Part, cell_of
from legalgen.store.sample import to_json

RecordKind = Literal["batch", "generate"]
Noted = Literal[
    "switches", "waits", "failures", "alerts", "given_up", "parked", "troubles", "points"
]
TroubleKind = Literal[
    "key_refused", "network_refused", "no_credit", "wrong_address", "model_gone", "paid_instead",
    "unjudged",
]  # fmt: skip
Status = Literal["running", "completed", "stopped", "paused", "failed"]
DerivedStatus = Literal["running", "completed", "stopped", "paused", "failed", "interrupted"]
LARGEST_RECORD_MIB: Final = 1024
"""Of a record that is read whole; one of ours has some kilobytes."""
ROLES: Final = (" (judge)", " (points)")
"""What is added to a model's name where its calls wrote no samples, but marks or lists."""
MAX_NOTES: Final = 200
"""How many switches, waits, alerts and given-up tasks a record spells out; the rest is counted."""


class Process(msgspec.Struct, frozen=True):
    """Which process it was, so that a reused pid is not mistaken for life.

    ``boot_id`` and ``started_ticks`` (clock ticks after boot) are empty where there is no /proc.
    """

    pid: int
    host: str
    boot_id: str = ""
    started_ticks: str = ""


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(pid, socket.gethostname(), _boot_id(), _started_ticks(pid))


def _boot_id() -> str:
    return _proc_text("/proc/sys/kernel/random/boot_id").strip()


def _started_ticks(pid: int) -> str:
    # proc(5): the command may hold spaces and brackets, the fields after its last one do not;
    # starttime is field 22, the 20th behind it.
    fields = _proc_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    # One that ended and that nobody has waited for, as where no init reaps, is still listed.
    return fields[19] if len(fields) > 19 and fields[0] not in ("Z", "X") else ""


def _proc_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # no such process, or a system without /proc


def is_alive(process: Process) -> bool:
    """Whether this very process lives, as far as can be seen from here; False when unknown."""
    return bool(
        process.boot_id
        and process.started_ticks
        and process.boot_id == _boot_id()
        and process.started_ticks == _started_ticks(process.pid)
    )


class SwitchNote(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A move from one target to another that a failure caused."""

    at: datetime
    from_: str
    to: str
    reason: str


class SpillNote(msgspec.Struct, frozen=True):
    """The first time that another provider was paid than the named one, for its pace or limits."""

    at: datetime
    provider: str
    target: str
    reason: str


class WaitNote(msgspec.Struct, frozen=True):
    """A time when nothing was ready: for which targets, how long, and why."""

    at: datetime
    seconds: float
    targets: tuple[str, ...]
    reason: str


class FailureNote(msgspec.Struct, frozen=True):
    """A call that failed: what came back, the server's hint, and the rule that decided.

    ``target`` is ``provider/model``; ``hint_s`` the seconds that the server asked for; ``until``
    the end of its cooldown, where the rule set one. ``codes`` are the gate's, where an answer was
    refused. ``wrong_url``, ``credit`` and ``address`` are those of
    :class:`legalgen.errors.Failure`.
    """

    at: datetime
    target: str
    category: str
    status: int | None
    message: str
    rule: str
    hint_s: float | None = None
    until: datetime | None = None
    codes: tuple[str, ...] = ()
    wrong_url: bool = False
    credit: bool = False
    address: str = ""

    @property
    def trouble(self) -> Trouble:
        """What the failure says is wrong with its target."""
        return Trouble(
            ModelRef.parse(self.target),
            ErrorCategory(self.category),
            self.status,
            self.message,
            self.wrong_url,
            self.credit,
            self.address,
        )


class TroubleNote(msgspec.Struct, frozen=True):
    """The entry of an :class:`~legalgen.telemetry.events.TroubleFound`: what is wrong with an
    account, or that rows lack the marks that were asked for.

    ``target`` is the provider, the model that is gone, who is paid ``instead_of`` another, or
    ``judge``. ``remedy`` is a sentence that says it and what to do. ``category``, ``status`` and
    ``message`` are those of the failure, where one showed it.
    """

    at: datetime
    kind: TroubleKind
    target: str
    remedy: str
    category: str = ""
    status: int | None = None
    message: str = ""
    instead_of: str = ""


class PointsNote(msgspec.Struct, frozen=True):
    """A topic (``uk/contract/formation``) whose samples were written on points.

    ``points`` are how many ``model`` listed, ``asked`` whether it did so for this batch; none:
    they were written without, because of ``reason``. Which one a sample was written on stands in
    its ``seed_json``.
    """

    at: datetime
    topic: str
    model: str = ""
    points: int = 0
    asked: bool = True
    reason: str = ""


class AlertNote(msgspec.Struct, frozen=True):
    """A warning that was raised: ``switches``, ``timeouts`` or another kind."""

    at: datetime
    kind: str
    message: str


class GivenUpNote(msgspec.Struct, frozen=True):
    """A task that ended without a sample, and the codes or categories that ended it."""

    slot: int
    cell: Cell
    reasons: tuple[str, ...]


class Parked(msgspec.Struct, frozen=True):
    """A cell that is not asked for again, because ``failures`` of its tasks were given up.

    ``at`` is when, ``reason`` the last of why, ``basis`` names the prompts and the taxonomy that it
    was asked with.
    """

    jurisdiction: str
    practice_area: str
    topic: str
    difficulty: str
    sample_type: str
    failures: int
    at: datetime | None = None
    reason: str = ""
    basis: str = ""

    @property
    def cell(self) -> Cell:
        """The cell."""
        return cell_of(self)


class CoverageCount(msgspec.Struct, frozen=True):
    """What was on the disk when the batch was planned; the counts are in ``file``, beside."""

    rows: int
    cells: int
    file: str


class BulkChunk(msgspec.Struct, kw_only=True):
    """One file of requests at a provider's batch service, and what became of it.

    ``number`` counts from 1 within the batch. ``slots`` are ranges, both ends included.
    ``most_tokens`` and ``most_usd`` are what it can cost at most.
    ``state`` is ``planned``, ``uploaded``, and then the provider's own word. ``completed`` and
    ``failed`` are the provider's counts of ``requests``; ``accepted``, ``refused``, ``broken``
    (failed requests) and ``missing`` are ours once its files were read (``collected``).
    ``fetches`` counts the attempts to read a file that came cut off. ``as_of`` is the month that
    its prompts name, empty where they name none; None in records of earlier versions.
    """

    number: int
    target: str
    slots: list[tuple[int, int]]
    requests: int
    most_tokens: int = 0
    most_usd: float = 0.0
    state: str = "planned"
    input_file_id: str | None = None
    batch_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    submitted: datetime | None = None
    expires_at: datetime | None = None
    message: str = ""
    completed: int = 0
    failed: int = 0
    fetches: int = 0
    as_of: str | None = None
    collected: bool = False
    removed: bool = False
    """Whether its files at the provider were deleted, once they were read and sealed."""
    accepted: int = 0
    refused: int = 0
    broken: int = 0
    missing: int = 0


class BulkTally(msgspec.Struct, kw_only=True):
    """What a record had counted before a chunk was read, for a reading that begins again."""

    chunk: int
    models: dict[str, ModelStats] = {}
    days: dict[str, float] | None = None
    """None in records of earlier versions."""
    rejected: dict[str, int] = {}
    flagged: int = 0
    unjudged: int = 0


class Bulk(msgspec.Struct, kw_only=True):
    """The part of a batch that runs at a provider's batch service.

    ``cancelled``: the user took it back; nothing more is asked in bulk without being told to.
    ``finish_online``: what is missing is asked for by calls of our own. ``reading`` is there
    while a chunk's answers are read. ``calls_before`` were made before it was handed over.
    """

    provider: str
    chunks: list[BulkChunk] = []
    cancelled: bool = False
    finish_online: bool = False
    calls_before: int = 0
    reading: BulkTally | None = None


class Record(msgspec.Struct, kw_only=True):
    """One batch, from start to end. Times are UTC; ``command`` is redacted by who makes it.

    ``rejected`` counts refused answers by code. The lists are bounded (``MAX_NOTES``, the newest
    are left out), ``omitted`` counts what was left out of each. ``resumed`` holds the times at
    which it was taken up again. ``unjudged`` counts the samples kept although the judge that was
    asked for could not be had. ``obstacles`` are what kept the targets of the route out of use when
    it ended.
    """

    id: str
    kind: RecordKind
    status: Status
    command: tuple[str, ...]
    process: Process
    version: str
    started: datetime
    updated: datetime
    finished: datetime | None = None
    resume_after: datetime | None = None
    resumed: list[datetime] = []
    parameters: dict[str, object] = {}
    seed: int = 0
    rehearsal: bool = False
    target: int = 0
    accepted: int = 0
    lost: int = 0
    """Samples that were accepted and that a repair found gone: ``accepted`` is without them."""
    lost_parts: list[Part] = []
    """Its parts that a repair found gone, as far as they were noted."""
    flagged: int = 0
    unjudged: int = 0
    reason: str = ""
    obstacles: list[Trouble] = []
    troubles: list[TroubleNote] = []
    rejected: dict[str, int] = {}
    given_up: list[GivenUpNote] = []
    parked: list[Parked] = []
    avoided: list[Parked] = []
    """Cells that it never asked for, because earlier batches had parked them."""
    basis: str = ""
    """The prompts and the taxonomy that it asks with."""
    models: dict[str, ModelStats] = {}
    switches: list[SwitchNote] = []
    spill: SpillNote | None = None
    lines: int = 0
    """The number of the last line, of its journal or of ``rejected/``, that the counts take in."""
    days: dict[str, float] = {}
    """US dollars spent on each day (UTC, ISO 8601), as far as prices are known."""
    waits: list[WaitNote] = []
    failures: list[FailureNote] = []
    alerts: list[AlertNote] = []
    points: list[PointsNote] = []
    omitted: dict[str, int] = {}
    parts: list[Part] = []
    replaced: str = ""
    """The last of its parts that a compaction replaced: no number is given twice."""
    coverage: CoverageCount | None = None
    bulk: Bulk | None = None

    def model(self, ref: object) -> ModelStats:
        """The counts of ``provider/model``, begun at zero."""
        name = str(ref)
        stats = self.models.get(name)
        if stats is None:
            stats = self.models[name] = ModelStats()
        return stats

    def note(
        self,
        entry: SwitchNote
        | WaitNote
        | FailureNote
        | AlertNote
        | GivenUpNote
        | TroubleNote
        | PointsNote,
    ) -> None:
        """Add an entry to its list, or to the count of what the list leaves out."""
        name = _LISTS[type(entry)]
        entries: list[object] = getattr(self, name)
        if len(entries) < MAX_NOTES:
            entries.append(entry)
        else:
            self.omitted[name] = self.omitted.get(name, 0) + 1

    def note_parked(self, cells: Sequence[Cell], least: int, now: datetime | None = None) -> None:
        """Note which cells are parked now; each failed ``least`` times or, as noted, more often."""
        failures = Counter(note.cell for note in self.given_up)
        named = cells[:MAX_NOTES]
        known = {each.cell: each for each in self.parked}
        why = {note.cell: note.reasons[-2:] for note in self.given_up}
        self.parked = [
            Parked(
                *cell,
                max(least, failures[cell]),
                known[cell].at if cell in known else now,
                "; ".join(why.get(cell, ())),
                self.basis,
            )
            for cell in named
        ]
        if len(cells) > len(named):
            self.omitted["parked"] = len(cells) - len(named)

    def shift(self, by: timedelta) -> None:
        """Tell when its process began by the clock as it is now, after that was set ``by`` so much:
        no batch ends before it began, nor takes the days by which a clock was wrong."""
        if self.resumed:
            self.resumed[-1] += by
        else:
            self.started += by

    def count(self, name: Noted) -> int:
        """How many entries there were, with those left out."""
        return len(getattr(self, name)) + self.omitted.get(name, 0)

    def note_part(self, part: Part) -> None:
        """Note a sealed part; noting it again changes nothing. One that was lost is back."""
        self.parts = [one for one in self.parts if one.name != part.name] + [part]
        back = sum(one.rows for one in self.lost_parts if one.name == part.name)
        self.lost = max(0, self.lost - back)
        self.lost_parts = [one for one in self.lost_parts if one.name != part.name]

    def without(self, there: Container[str]) -> Record:
        """The record that names no part that is gone; no number of one is given again."""
        kept = [part for part in self.parts if part.name in there]
        gone = [part.name for part in self.parts if part.name not in there]
        return msgspec.structs.replace(self, parts=kept, replaced=max([*gone, self.replaced]))

    def recounted(self) -> Record:
        """The record with every row of its parts counted, whoever died before counting it."""
        sealed = sum(one.rows for one in self.parts)
        return msgspec.structs.replace(self, accepted=max(self.accepted, sealed))

    def settled(self, balance: Balance | None) -> Record:
        """The record with what its last line tells, if that is newer: whoever wrote the line may
        have died before the record was replaced. Where the disk failed at that line, the record
        knows of calls that came after it: no count goes back."""
        if balance is None or balance.number <= self.lines:
            return self
        told = {name: self.model(name).furthest(each) for name, each in balance.models.items()}
        models = {**self.models, **told}
        kept = sum(stats.samples for stats in models.values()) - self.lost
        return msgspec.structs.replace(
            self,
            lines=balance.number,
            accepted=max(self.accepted, kept),
            models=models,
            days=larger(self.days, balance.days),
            rejected=larger(self.rejected, balance.rejected),
            flagged=max(self.flagged, balance.flagged),
            unjudged=max(self.unjudged, balance.unjudged),
        )


_SETTLED: Final = ("lines", "accepted", "models", "days", "rejected", "flagged", "unjudged")
_LISTS: Final = {
    SwitchNote: "switches",
    WaitNote: "waits",
    FailureNote: "failures",
    AlertNote: "alerts",
    GivenUpNote: "given_up",
    TroubleNote: "troubles",
    PointsNote: "points",
}


class UnreadableRecord(msgspec.Struct, frozen=True):
    """A file among the records that is none; history shows it instead of failing.

    ``damaged``: it was read, and is not the record of this batch.
    """

    id: str
    path: Path
    error: str
    damaged: bool = False


_ID_ALPHABET: Final = "0123456789bcdfghjklmnpqrstvwxyz"
"""No vowels: in the name of a part ``dev1``, ``test`` or ``eval`` would be taken for a split."""


def new_batch_id(now: datetime, rng: Random) -> str:
    """An id that sorts by time (UTC) and names files: ``20261123-161500-ab12``."""
    return f"{now:%Y%m%d-%H%M%S}-{''.join(rng.choices(_ID_ALPHABET, k=4))}"


_SECOND: Final = len("20261123-161500")


def _began(record: Record | UnreadableRecord) -> str:
    """When a batch was begun, as text that sorts; one that cannot be read comes last."""
    return record.started.isoformat() if isinstance(record, Record) else ""


class Ledger:
    """The records of a data dir.

    ``clock`` is monotonic, in seconds; it only spaces the writes of a running batch.
    """

    def __init__(self, data_dir: DataDir, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._saved: dict[str, float] = {}

    def create(self, record: Record, coverage: Mapping[Cell, int] | None = None) -> None:
        """Begin a record, with the coverage counts its plan starts from.

        Raises:
            UsageError: the id cannot name a file.
            BatchRunning: there is a record of this id already.
            DiskError: it could not be written.
        """
        if is_there(self._path(record.id)):
            raise BatchRunning(f"there is a batch {record.id} already", {"id": record.id})
        if coverage is not None:
            record.coverage = self._save_coverage(record.id, coverage)
        self.save(record, force=True)

    def save(self, record: Record, *, force: bool = False) -> bool:
        """Replace the record; at most once a second unless forced. Whether it was written.

        Raises:
            DiskError: it could not be written; the old one stands.
        """
        now = self._clock()
        last = self._saved.get(record.id)
        if not force and last is not None and now - last < 1.0:
            return False
        self._write(self._path(record.id), to_json(record))
        self._saved[record.id] = now
        return True

    def _write(self, path: Path, payload: bytes) -> None:
        replace_file(self._data_dir, path, msgspec.json.format(payload, indent=1) + b"\n")

    def _path(self, batch_id: str) -> Path:
        return self._data_dir.batches / f"{check_batch_id(batch_id)}.json"

    def _coverage_path(self, batch_id: str) -> Path:
        return self._data_dir.batches / f"{check_batch_id(batch_id)}.coverage.jsonl"

    def _save_coverage(self, batch_id: str, counts: Mapping[Cell, int]) -> CoverageCount:
        """Beside the record: it is large, never changes, and only a resumed batch wants it."""
        path = self._coverage_path(batch_id)
        lines = [[*cell, count] for cell, count in sorted(counts.items())]
        replace_file(self._data_dir, path, msgspec.json.Encoder().encode_lines(lines))
        return CoverageCount(sum(counts.values()), len(lines), path.name)

    def coverage(self, record: Record) -> Counter[Cell]:
        """The counts the batch was planned over, so that its plan can be made again.

        Raises:
            DiskError: they are missing or damaged: the plan cannot be replayed.
        """
        path = self._coverage_path(record.id)
        rows = tuple[str, str, str, str, str, int]
        try:
            lines = msgspec.json.Decoder(rows).decode_lines(read_whole(path))
        except (OSError, *NOT_OURS) as error:
            raise DiskError(f"cannot read {path}: {error}", path) from error
        counts: Counter[Cell] = Counter({(a, b, c, d, e): n for a, b, c, d, e, n in lines})
        if record.coverage is None or counts.total() != record.coverage.rows:
            raise DiskError(f"{path} is not what batch {record.id} started from", path)
        return counts

    def load(self, batch_id: str) -> Record:
        """The record of a batch.

        Raises:
            UsageError: there is none, or it cannot be read.
        """
        found = self._read(self._path(batch_id))
        if isinstance(found, UnreadableRecord):
            raise UsageError(f"batch {batch_id}: {found.error} ({found.path})")
        return found

    def _read(self, path: Path) -> Record | UnreadableRecord:
        try:
            record = msgspec.json.decode(read_bounded(path, LARGEST_RECORD_MIB), type=Record)
        except FileNotFoundError:
            return UnreadableRecord(path.stem, path, "there is no such batch")
        except OSError as error:
            return UnreadableRecord(path.stem, path, f"cannot be read: {reason_of(error, path)}")
        except NOT_OURS as error:
            return UnreadableRecord(path.stem, path, f"not a record: {error}", damaged=True)
        if record.id != path.stem:
            why = f"the record of another batch ({record.id})"
            return UnreadableRecord(path.stem, path, why, damaged=True)
        if record.status == "running":  # an ended one was saved with all that it had counted
            with contextlib.suppress(DiskError):  # it stands as it is: ``settle`` tells of that
                record = record.settled(last_balance(self._data_dir, record.id))
        return record

    def all(self) -> list[Record | UnreadableRecord]:
        """Every record, newest first; a file that is none becomes an ``UnreadableRecord``."""
        return list(self.newest())

    def newest(self) -> Iterator[Record | UnreadableRecord]:
        """As ``all``, read one by one as they are asked for."""
        paths = listed(self._data_dir.batches, "*.json")[::-1]
        for _, same_second in groupby(paths, key=lambda path: path.stem[:_SECOND]):
            # An id tells the second alone; of batches of one second the records know the order.
            yield from sorted(map(self._read, same_second), key=_began, reverse=True)

    def find(self, prefix: str) -> Record:
        """The one record whose id begins with ``prefix``; a whole id comes before longer ones.

        Raises:
            UsageError: there is none, or more than one.
        """
        ids = [path.stem for path in listed(self._data_dir.batches, "*.json")]
        matches = [one for one in ids if prefix and one.startswith(prefix)]
        if prefix in matches:
            matches = [prefix]
        if len(matches) != 1:
            raise UsageError(_not_one(prefix, matches))
        return self.load(matches[0])

    def status_of(self, record: Record) -> DerivedStatus:
        """The status, or ``interrupted`` where it says running and nobody runs it.

        The process may live in another container: then its journal shows that its writer lives.

        Raises:
            DiskError: the lock cannot be looked at.
        """
        if record.status != "running" or is_alive(record.process):
            return record.status
        return "running" if is_writing(self._data_dir, record.id) else "interrupted"

    def note_part(self, batch_id: str, part: Part) -> None:
        """Note a part that recovery sealed, in the record of a batch that nobody runs.

        Fields of a later version stay as they are. A batch without a readable record is passed
        over: its rows are in the part, and the part's name is its id.

        Raises:
            DiskError: the record could not be written.
        """
        path = self._path(batch_id)
        record = self._read(path)
        if isinstance(record, UnreadableRecord):
            return
        record.note_part(part)
        record = record.recounted()
        self._amend(path, _fields(record, "parts", "accepted", "lost", "lost_parts"))

    def note_loss(self, batch_id: str, rows: int, there: Mapping[str, int]) -> None:
        """Note in the record of a batch that nobody runs that it has ``rows``, and how many rows
        are in the parts that are ``there``; what it had counted beyond them is lost.

        Raises:
            UsageError: there is no such record, or it cannot be read.
            DiskError: the record could not be written.
        """
        record = self.load(batch_id)
        gone = [part for part in record.parts if part.name not in there]
        lost = max(0, record.lost + record.accepted - rows)
        left = record.without(there)
        noted = msgspec.structs.replace(
            left,
            accepted=rows,
            lost=lost,
            lost_parts=[*record.lost_parts, *gone],
            parts=[msgspec.structs.replace(part, rows=there[part.name]) for part in left.parts],
        )
        changed = ("accepted", "lost", "lost_parts", "parts", "replaced")
        self._amend(self._path(batch_id), _fields(noted, *changed))

    def settle(self, batch_id: str) -> None:
        """Put into the record of a batch that nobody runs what its last line tells.

        A batch without a readable record is passed over.

        Raises:
            DiskError: the lines cannot be read, or the record not be written.
        """
        path = self._path(batch_id)
        told = last_balance(self._data_dir, batch_id)
        record = self._read(path)
        if told is None or isinstance(record, UnreadableRecord) or is_alive(record.process):
            return  # who has just closed its journal is about to save all that it counted
        fields = _fields(record.settled(told), *_SETTLED)
        if _fields_in(path).get("lines", 0) < told.number:
            self._amend(path, fields)

    def _amend(self, path: Path, changes: Mapping[str, object]) -> None:
        """Change some fields of a record; those of a later version stay as they are."""
        fields = _fields_in(path)
        # A number beyond 64 bits can be read and not be written: such a record is not readable.
        with contextlib.suppress(OverflowError):
            self._write(path, msgspec.json.encode({**fields, **changes}))

    def forget_parts(self, there: Container[str], batch_id: str | None = None) -> None:
        """Name no part that is gone: `compact` made fewer of them. All records, or one.

        Raises:
            DiskError: a record could not be written.
        """
        paths = [self._path(batch_id)] if batch_id else listed(self._data_dir.batches, "*.json")
        for path in paths:
            record = self._read(path)
            if isinstance(record, UnreadableRecord) or self.status_of(record) == "running":
                continue  # who runs writes it anew
            left = record.without(there)
            if len(left.parts) < len(record.parts):
                self._amend(path, _fields(left, "parts", "replaced"))


def _fields_in(path: Path) -> dict[str, Any]:
    with disk(path, "read"):
        content = read_whole(path)
    fields: dict[str, Any] = msgspec.json.decode(content)
    return fields


def _fields(record: Record, *names: str) -> dict[str, object]:
    return {name: getattr(record, name) for name in names}


def _not_one(prefix: str, matches: Sequence[str]) -> str:
    if not matches:
        return f"there is no batch {prefix!r}"
    more = f" and {len(matches) - 5} more" if len(matches) > 5 else ""
    return f"{prefix!r} may be {', '.join(matches[:5])}{more}"
