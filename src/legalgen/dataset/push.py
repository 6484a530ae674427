"""The dataset sent on: only what is new, nothing half, nothing of others.

    parts less what was taken out -> look what is there -> plan -> one change

Only the card and the parquet files of ``data/`` leave. A part there is ours when its rows come from
batches of this data dir: by its name, or by its column ``batch_id`` where a compaction named it.
What is ours there and no part here any more was compacted away, and goes in the change that brings
the new parts. Nothing else is ever removed, but for parquet files of ``data/`` under ``replace``.

The data lock is held meanwhile, shared: batches seal, a compaction waits.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from legalgen.dataset.compact import PartSink
from legalgen.dataset.remote import (
    CARD,
    FOLDER,
    Change,
    Outgoing,
    Remote,
    RemoteChanged,
    Standing,
)
from legalgen.errors import RemoteUnavailable, UsageError
from legalgen.errors.plurals import plural
from legalgen.settings.reading import is_there
from legalgen.settings.writing import open_aside
from legalgen.store.card import card_fault
from legalgen.store.files import PART_NAME, DataDir, disk, generation_of
from legalgen.store.ledger import Ledger
from legalgen.store.locks import Patience, data_lock
from legalgen.store.notes import RowNotes, load_notes
from legalgen.store.parts import PARQUET, footer, footer_rows, part_batches, parts, read_columns

_ROWS: Final = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".arrow")
_SPLIT: Final = re.compile(r"(?:^|[^a-z])(?:train|test|valid|validation|dev|eval)(?:[^a-z]|$)")
_LOOKS: Final = 3


class Pushed(msgspec.Struct, frozen=True):
    """What was done, or with ``dry_run`` would be: bytes by path, paths that go.

    ``rows`` are in the dataset as it is there then; ``left_out`` were taken out here and did not
    leave. ``created``: the place was made. ``others`` are files of others, which stay.
    """

    url: str
    sent: dict[str, int]
    removed: tuple[str, ...]
    bytes: int
    rows: int
    left_out: int
    created: bool
    public: bool | None
    others: tuple[str, ...]
    dry_run: bool


def push(
    data_dir: DataDir,
    remote: Remote,
    *,
    replace: bool = False,
    dry_run: bool = False,
    patience: Patience | None = None,
    tell: Callable[[str], None],
) -> Pushed:
    """Bring what is there to what is here; both may be the same already.

    Raises:
        UsageError: there are no rows here, and none of ours there that go; there is no card; or
            rows of others are there and not ``replace``.
        DiskError: a part cannot be read.
        BatchRunning: the dataset is being compacted, for longer than ``patience`` allows.
        RemoteUnavailable: it cannot be reached; what was sent whole is not sent again.
    """
    if not parts(data_dir) and not is_there(data_dir.train / CARD):
        raise _nothing(data_dir)
    data_dir.create()
    with contextlib.ExitStack() as stack:
        stack.enter_context(data_lock(data_dir, patience=patience))
        notes = load_notes(data_dir)
        outgoing = [_card(data_dir), *_parts(data_dir, notes, stack)]
        owner = _Owner(data_dir)
        for _ in range(_LOOKS):
            standing = remote.look()
            change = _plan(outgoing, standing, remote, owner, replace=replace)
            if len(outgoing) == 1 and not change.remove:
                raise _nothing(data_dir)
            done = _result(remote, standing, change, outgoing, notes, dry_run=dry_run)
            if dry_run or not (change.send or change.remove):
                return done
            tell(_sentence(done))
            try:
                remote.apply(standing, change, _message(done))
            except RemoteChanged:
                continue
            return done
    raise RemoteUnavailable(f"{remote.url} is changed by others at this moment: push again later")


# --- what is here ------------------------------------------------------------------------------


def _nothing(data_dir: DataDir) -> UsageError:
    if parts(data_dir):
        return UsageError("every row was taken out: nothing to send")
    return UsageError(
        f"there are no rows in {data_dir.train}: nothing to send (the toy model's stay here)"
    )


def _card(data_dir: DataDir) -> Outgoing:
    path = data_dir.train / CARD
    if (fault := card_fault(data_dir, rehearsal=False)) is not None:
        raise UsageError(f"{path} {fault}: `legalgen dataset verify --repair` writes it anew")
    with disk(path, "look at"):
        return Outgoing(CARD, path, path.stat().st_size)


def _parts(data_dir: DataDir, notes: RowNotes, stack: contextlib.ExitStack) -> Iterator[Outgoing]:
    """The parts as they may leave: without the rows that were taken out.

    Flags that came later do not make a part another one: they go with the next compaction.
    """
    batches = frozenset(notes.by_batch())
    for path in parts(data_dir):
        remote_path = f"{FOLDER}{path.name}"
        if not _touched(path, notes, batches):
            with disk(path, "look at"):
                size = path.stat().st_size
            yield Outgoing(remote_path, path, size, footer_rows(path))
            continue
        file, rows = stack.enter_context(_filtered(data_dir, path, notes))
        if rows:
            yield Outgoing(remote_path, file, file.stat().st_size, rows, whole=False)


def _touched(path: Path, notes: RowNotes, batches: frozenset[str]) -> bool:
    """Whether a row of the part was taken out; only parts that may hold one are opened.

    ``batches`` are those of the rows that were.
    """
    match = PART_NAME.fullmatch(path.name)
    of_one = match is not None and match["batch"] in batches
    if not batches or not (of_one or generation_of(path.name)):
        return False
    return not notes.dropped.keys().isdisjoint(read_columns(path, ("id",))["id"].to_pylist())


@contextlib.contextmanager
def _filtered(data_dir: DataDir, path: Path, notes: RowNotes) -> Iterator[tuple[Path, int]]:
    """A part without those rows, aside, for as long as it is sent; and how many rows it has."""
    import pyarrow.parquet as pq  # heavy; only what touches parquet pays for it

    with disk(path, "write what may leave of"):
        descriptor, aside = open_aside(data_dir.tmp, path.name)
        try:
            yield aside, _write(pq, descriptor, path, notes)
        finally:
            os.close(descriptor)
            aside.unlink(missing_ok=True)


def _write(pq: Any, descriptor: int, path: Path, notes: RowNotes) -> int:
    sink, rows = PartSink(descriptor), 0
    schema = footer(path).schema.to_arrow_schema()
    with pq.ParquetWriter(sink, schema, **PARQUET) as writer:
        for batch in part_batches(path):
            left = notes.apply(batch)
            rows += left.num_rows
            if left.num_rows:
                writer.write_batch(left)
        sink.end()
    sink.sync()
    return rows


class _Owner:
    """Whose rows a part holds: ours are of the batches of this data dir."""

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._here = {path.name for path in parts(data_dir)}
        self._recorded = {record.id for record in Ledger(data_dir).all()}
        self._batches: frozenset[str] | None = None
        self.generation = max(map(generation_of, self._here), default=0)

    def is_here(self, path: str) -> bool:
        """Whether there is a part of this name, be it that each of its rows was taken out."""
        return path.removeprefix(FOLDER) in self._here

    def owns(self, remote: Remote, standing: Standing, path: str) -> bool:
        """Whether a parquet file there is one that this data dir has, or had, as a part."""
        match = PART_NAME.fullmatch(path.removeprefix(FOLDER))
        if match is None:
            return False
        if not generation_of(match[0]):
            return match["batch"] in self._recorded or match["batch"] in self._known()
        found = remote.batches_in(standing, path)
        return bool(found) and found <= self._known()

    def _known(self) -> frozenset[str]:
        """The batches of the ledger, and those of rows that came with their batch."""
        if self._batches is None:
            found = set(self._recorded)
            for path in parts(self._data_dir):
                found.update(read_columns(path, ("batch_id",))["batch_id"].unique().to_pylist())
            self._batches = frozenset(found)
        return self._batches


# --- what is to be done ------------------------------------------------------------------------


def _plan(
    outgoing: Sequence[Outgoing],
    standing: Standing,
    remote: Remote,
    owner: _Owner,
    *,
    replace: bool,
) -> Change:
    """What to send and what to remove.

    Raises:
        UsageError: what is there is not ours to touch, and ``replace`` was not given.
    """
    send = tuple(each for each in outgoing if not remote.holds(standing, each))
    ours = {each.path for each in outgoing}
    held = ours - {each.path for each in send}
    rows = [path for path in standing.files if _is_part(path) and path not in held]
    foreign = [path for path in rows if not owner.owns(remote, standing, path)]
    stale = [path for path in rows if path not in ours and path not in foreign]
    lost = [path for path in stale if not (owner.is_here(path) or _compacted(owner, path))]
    if not replace:
        _refuse(standing, remote, foreign, lost, writes_card=CARD in {one.path for one in send})
    remove = sorted(path for path in (*stale, *foreign) if path not in ours)
    return Change(send, tuple(remove), replaces=any(_is_part(path) for path in remove))


def _is_part(path: str) -> bool:
    """Whether it lies where our parts do: a parquet file in ``data/`` itself."""
    name = path.removeprefix(FOLDER)
    return path != name and "/" not in name and name.endswith(".parquet")


def _compacted(owner: _Owner, path: str) -> bool:
    """Whether a part that is no more may have become part of a later generation."""
    return owner.generation > generation_of(path.removeprefix(FOLDER))


def _refuse(
    standing: Standing, remote: Remote, foreign: list[str], lost: list[str], *, writes_card: bool
) -> None:
    strange = [*foreign, *_elsewhere(standing)]
    if strange:
        raise UsageError(
            f"{remote.url} holds rows of others: {_some(strange)}; take another place, or "
            f"--replace, which removes the parquet files of {FOLDER} that are not ours"
        )
    if lost:
        raise UsageError(
            f"{remote.url} holds rows of ours that are not here any more: {_some(lost)}; "
            "`legalgen dataset verify` looks after them, --replace removes them there"
        )
    if writes_card and CARD in standing.files and not _is_ours(remote.text(standing, CARD)):
        raise UsageError(
            f"{remote.url} has a {CARD} that was not written here; --replace puts ours there"
        )


def _elsewhere(standing: Standing) -> list[str]:
    """Files beside ours that ``load_dataset`` may take for rows."""
    return sorted(
        path for path in standing.files if not _is_part(path) and _may_hold_rows(path.lower())
    )


def _may_hold_rows(path: str) -> bool:
    name = PurePosixPath(path).name
    plain = re.sub(r"\.(?:gz|zst|bz2|xz|zip)$", "", name)
    return plain.endswith(_ROWS) or (plain.endswith(".json") and _SPLIT.search(path) is not None)


_WRITTEN_HERE: Final = re.compile(r"^pretty_name: .*legalgen", re.MULTILINE)
_FRONT_MATTER: Final = re.compile(r"\A\s*(?:---\n.*?^---\s*$)?\s*", re.DOTALL | re.MULTILINE)


def _is_ours(card: str) -> bool:
    """Whether a card is of ours, or says nothing: the Hub writes one with a licence alone."""
    return bool(_WRITTEN_HERE.search(card)) or not _FRONT_MATTER.sub("", card, count=1)


def _some(paths: Sequence[str]) -> str:
    """The first three of them."""
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more


def _result(
    remote: Remote,
    standing: Standing,
    change: Change,
    outgoing: Sequence[Outgoing],
    notes: RowNotes,
    *,
    dry_run: bool,
) -> Pushed:
    gone = set(change.remove)
    return Pushed(
        url=remote.url,
        sent={each.path: each.size for each in change.send},
        removed=change.remove,
        bytes=sum(each.size for each in change.send),
        rows=sum(each.rows for each in outgoing),
        left_out=len(notes.dropped),
        created=not standing.exists,
        public=standing.public,
        others=tuple(path for path in _elsewhere(standing) if path not in gone),
        dry_run=dry_run,
    )


def _sentence(done: Pushed) -> str:
    what = f"{plural(len(done.sent), 'file')}, {done.bytes:,} bytes"
    return f"sending {what} to {done.url}"


def _message(done: Pushed) -> str:
    """The subject of the commit."""
    counts: Mapping[str, int] = {
        "add": sum(_is_part(path) for path in done.sent),
        "remove": len(done.removed),
    }
    told = ", ".join(f"{verb} {n} part{'s' if n != 1 else ''}" for verb, n in counts.items() if n)
    return f"{told or 'update the card'}: {plural(done.rows, 'row')}"
