"""Budgets that the processes of one machine share: one small SQLite file in the state dir.

Each model of an account has a row: the levels of its budgets, and the calls that are out against
them. Who reserves, or settles what was reserved, reads the row, changes it and writes it within
one transaction, so that two processes never reserve the same room. The file is one boot's: its
times are seconds since then, the clock that no one can set and that all processes share.

It is a help, not a record. Where it cannot be used (a read-only folder, a network disk without
locks) that is said once, and the process goes on alone; a file that is damaged is begun anew.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import filelock
import msgspec
from msgspec.structs import replace

from legalgen.completion import DAY_S, LimitKind, LimitWindow, ModelRef
from legalgen.routing.rate_limits import (
    OVERTAKING_S,
    Bucket,
    Budgets,
    Cost,
    OtherCall,
    OtherWait,
    Reservation,
)
from legalgen.settings.writing import PRIVATE
from legalgen.store.files import NOT_OURS
from legalgen.store.ledger import Process, is_alive, this_process
from legalgen.telemetry.clock import Clock

VERSION: Final = 1
BEAT_S: Final = 5.0
"""How often a process says that it lives, and looks whether the others do."""
LOOK_S: Final = 0.05
"""How often it looks what others did as long as nobody knows a limit, or there are no others."""
TELL_S: Final = 1.0
"""How often a process says that somebody waits, as long as somebody does."""
SILENT_S: Final = 20.0
"""What cannot be seen to live, and has said nothing for so long, has died."""
FORGET_S: Final = 2 * DAY_S
"""Rows that nobody wrote for so long are deleted: every window is full again."""
LOCK_S: Final = 0.5
"""How long another process's change is waited for; one takes some microseconds."""
BUSY_S: Final = 10.0
BUSIEST: Final = 6
"""A file that stays locked is left alone for so long, and for good after so many times."""
MOST_CALLS: Final = 2048
"""Calls in one row; the oldest go first."""
BEGINNINGS: Final = 3
"""How often a damaged file is begun anew before the process goes on alone."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS model (key TEXT PRIMARY KEY, at REAL, row BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS process (id TEXT PRIMARY KEY, seen REAL, process BLOB) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


class Level(msgspec.Struct, frozen=True, array_like=True):
    """One budget of an account: ``level`` units were left of ``whole`` at ``at``."""

    kind: LimitKind
    window: LimitWindow
    whole: float
    level: float
    at: float
    measured: bool
    surprises: int
    learnt: bool


class SharedCall(msgspec.Struct, frozen=True, array_like=True):
    """A call of the process ``owner`` that is ``out``, or left while another was."""

    owner: str
    input_tokens: int
    output_tokens: int
    requests: int
    made_at: float
    out: bool

    @property
    def cost(self) -> Cost:
        """What it reserved."""
        return Cost(self.input_tokens, self.output_tokens, self.requests)


class SharedWait(msgspec.Struct, frozen=True, array_like=True):
    """The first of the queue of the process ``owner``."""

    owner: str
    input_tokens: int
    output_tokens: int
    requests: int
    since: float
    told_at: float


class SharedRow(msgspec.Struct, frozen=True, array_like=True):
    """All that processes share of one model of an account."""

    levels: tuple[Level, ...] = ()
    calls: tuple[SharedCall, ...] = ()
    waits: tuple[SharedWait, ...] = ()


class DamagedError(Exception):
    """The file is none of ours, or none any more."""


class SharedBudgets:
    """The budgets of a route's models, shared with other processes; not thread-safe.

    ``keys`` names the row of each model: its account and the model, as in ``health.json``. Times
    are the monotonic ``now`` that is passed in. Whatever fails here ends no batch.
    """

    def __init__(
        self,
        folder: Path,
        keys: Mapping[ModelRef, str],
        *,
        clock: Clock | None = None,
        notice: Callable[[str], None] = lambda _: None,
        process: Process | None = None,
    ) -> None:
        self._clock = clock or Clock()
        self._process = process or this_process()
        self._path = folder / f"budgets-{self._process.boot_id[:8] or 'boot'}.sqlite3"
        self._keys = keys
        self._notice = notice
        self._id = secrets.token_hex(4)
        self._connection: sqlite3.Connection | None = None
        self._told: dict[ModelRef, tuple[int | None, float]] = {}
        """Whom of the queue others know to be first, by number, and when they were told."""
        self._read_rows: dict[str, SharedRow] = {}
        """What the rows of the transaction under way held when it began."""
        self._written: dict[str, tuple[bytes, SharedRow]] = {}
        """What this process last wrote, as it stands in the file."""
        self._inode = 0
        self._seen_version = -1
        self._beat_at = -math.inf
        self._looked_at = -math.inf
        self._beginnings = 0
        self._has_company = False
        self._busy = 0
        self._rest_until = -math.inf
        self._alone = False

    # ------------------------------------------------------------------ what the router calls

    def freshen(self, budgets: Mapping[ModelRef, Budgets], now: float) -> None:
        """Take in what others reserved, if they did since the last look."""
        if self._is_resting():
            return
        # A look lets go of the interpreter, for which a hundred threads wait, and its caller holds
        # the router's lock until it comes back. Before a call leaves, its row is read in any case.
        is_soon = now - self._looked_at < LOOK_S
        if is_soon and not (self._has_company and any(b.binds for b in budgets.values())):
            return
        self._looked_at = now
        with self._forgiving():
            if now - self._beat_at >= BEAT_S:
                self._beat(now)
            connection = self._open()
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != self._seen_version:
                self._has_company |= self._seen_version != -1  # somebody else has written
                self._written.clear()  # what is taken in now may be gone again by the next change
                for ref in self._keys:
                    for key, each in self._rows_of(ref, budgets[ref], every=True):
                        self._take_in(self._read(connection, key), each)
                self._seen_version = version
        for ref, each in budgets.items():
            if self._has_to_tell(ref, each, now):
                with self.exclusive(ref, each):
                    pass

    def _has_to_tell(self, ref: ModelRef, budgets: Budgets, now: float) -> bool:
        """Whether others do not know, or did not hear for a while, who is first in our queue."""
        first, told = budgets.first, self._told.get(ref)
        number = first.number if first is not None else None
        if number is None or not budgets.binds:
            return told is not None and told[0] is not None
        return told is None or told[0] != number or now - told[1] >= TELL_S

    @contextlib.contextmanager
    def exclusive(self, ref: ModelRef, budgets: Budgets) -> Iterator[None]:
        """Change the budgets of a model while no other process does.

        What others changed is there when it begins. Where no limit is known there is nothing to
        share, and nothing is read.
        """
        limited = budgets.binds
        if limited:
            self._begin(ref, budgets)
        try:
            yield
        finally:
            if budgets.binds and not limited:  # they became known in this very change
                self._begin(ref, budgets)
            # After an error too: until the transaction ends, no other process may change anything.
            self._write(ref, budgets)

    def close(self) -> None:
        """Leave; what is still out is no longer counted as out."""
        if self._connection is None:
            return
        with self._forgiving():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            self._forget(connection, frozenset([self._id]), gives_back=False)
            connection.execute("COMMIT")
        self._disconnect()
        self._alone = True

    # ------------------------------------------------------------------ one change

    def _begin(self, ref: ModelRef, budgets: Budgets) -> None:
        if self._is_resting():
            return
        with self._forgiving():
            connection = self._open()
            # The right to write is taken before the row is read: two that read first would both
            # reserve what they saw.
            connection.execute("BEGIN IMMEDIATE")
            self._read_rows.clear()
            for key, each in self._rows_of(ref, budgets):
                content = self._content(connection, key)
                known = self._written.get(key)
                if known is not None and known[0] == content:  # nobody has written since we did
                    self._read_rows[key] = known[1]
                    continue
                self._read_rows[key] = _decoded(content)
                self._take_in(self._read_rows[key], each)

    def _rows_of(
        self, ref: ModelRef, budgets: Budgets, *, every: bool = False
    ) -> Iterator[tuple[str, Budgets]]:
        """The rows of a model: its own, and theirs where its provider has budgets for all models;
        ``every``: even if none are known yet."""
        key = self._keys[ref]
        yield key, budgets
        if budgets.common is not None and (every or budgets.common.buckets):
            yield key.removesuffix(ref.model), budgets.common

    def _read(self, connection: sqlite3.Connection, key: str) -> SharedRow:
        return _decoded(self._content(connection, key))

    def _content(self, connection: sqlite3.Connection, key: str) -> bytes | None:
        found = connection.execute("SELECT row FROM model WHERE key = ?", (key,)).fetchone()
        return found[0] if found is not None else None

    def _take_in(self, row: SharedRow, budgets: Budgets) -> None:
        """Make the budgets what the row says; what it knows nothing of stays.

        What another process's user states, and this one's does not, is none of its business.
        """
        # Rows count the sleeps of the machine, through which budgets refill; monotonic clocks stand
        # still in them.
        asleep = self._clock.asleep()
        for level in row.levels:
            key = (level.kind, level.window)
            known = budgets.buckets.get(key)
            whole = level.whole
            if not level.learnt:
                if known is None:
                    continue
                whole = known.whole or known.limit  # may be stated otherwise by now
            limit = budgets.granted(level.kind, level.window, whole)
            budgets.buckets[key] = Bucket(
                level.kind,
                level.window,
                limit,
                level.level * limit / level.whole,
                level.at - asleep,
                level.measured,
                level.surprises,
                whole,
                level.learnt or (known is not None and known.learnt),
            )
        budgets.others = tuple(
            OtherCall(call.cost, call.made_at - asleep, call.out)
            for call in row.calls
            if call.owner != self._id
        )
        budgets.waiting = tuple(
            OtherWait(
                Cost(wait.input_tokens, wait.output_tokens, wait.requests),
                wait.since - asleep,
                wait.told_at - asleep,
            )
            for wait in row.waits
            if wait.owner != self._id
        )

    def _write(self, ref: ModelRef, budgets: Budgets) -> None:
        """Write what this process made of the row; nothing where it could not be read."""
        connection = self._connection
        if connection is None or not connection.in_transaction:
            return
        with self._forgiving():
            now = self._clock.monotonic()
            for key, each in self._rows_of(ref, budgets):
                row = self._read_rows.get(key) or self._read(connection, key)
                made = self._made_of(row, each, now)
                self._written[key] = self._store(connection, key, made), made
            connection.execute("COMMIT")
            self._busy = 0
            first = budgets.first
            self._told[ref] = (first.number if first is not None else None, now)

    def _made_of(self, row: SharedRow, budgets: Budgets, now: float) -> SharedRow:
        asleep = self._clock.asleep()
        levels = tuple(
            Level(
                bucket.kind,
                bucket.window,
                bucket.whole or bucket.limit,
                bucket.level / bucket.share,
                bucket.at + asleep,
                bucket.measured,
                bucket.surprises,
                bucket.learnt,
            )
            for bucket in budgets.buckets.values()
        )
        others = [call for call in row.calls if call.owner != self._id]
        ours = [self._told_of(call, asleep, is_out=True) for call in budgets.out]
        if self._has_company:
            ours += [self._told_of(call, asleep, is_out=False) for call in budgets.back()]
        if others:
            out = [call.made_at for call in others + ours if call.out]
            oldest = min(out, default=math.inf) - OVERTAKING_S
            others = [call for call in others if call.out or call.made_at > oldest]
        waits = [wait for wait in row.waits if wait.owner != self._id]
        if (first := budgets.first) is not None:
            cost = first.cost
            waits.append(
                SharedWait(
                    self._id,
                    cost.input_tokens,
                    cost.output_tokens,
                    cost.requests,
                    first.made_at + asleep,
                    now + asleep,
                )
            )
        return SharedRow(levels, tuple((others + ours)[-MOST_CALLS:]), tuple(waits))

    def _told_of(self, call: Reservation, asleep: float, *, is_out: bool) -> SharedCall:
        cost = call.cost
        return SharedCall(
            self._id,
            cost.input_tokens,
            cost.output_tokens,
            cost.requests,
            call.made_at + asleep,
            is_out,
        )

    def _store(self, connection: sqlite3.Connection, key: str, row: SharedRow) -> bytes:
        at, content = self._shared(self._clock.monotonic()), msgspec.msgpack.encode(row)
        connection.execute("INSERT OR REPLACE INTO model VALUES (?, ?, ?)", (key, at, content))
        return content

    # ------------------------------------------------------------------ who lives

    def _beat(self, at: float) -> None:
        """Say that this process lives, and give back what those held that do not."""
        now = self._shared(at)
        if self._connection is not None and not self._is_there():
            self._disconnect()  # another process began the file anew
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        known = connection.execute("SELECT id, seen, process FROM process").fetchall()
        self._has_company = any(row[0] != self._id for row in known)
        dead = [row[0] for row in known if row[0] != self._id and self._is_dead(*row[1:], now=now)]
        if dead:
            self._forget(connection, frozenset(dead))
            self._seen_version = -1
        connection.execute("DELETE FROM model WHERE at < ?", (now - FORGET_S,))
        connection.execute(
            "INSERT OR REPLACE INTO process VALUES (?, ?, ?)",
            (self._id, now, msgspec.msgpack.encode(self._process)),
        )
        connection.execute("COMMIT")
        self._beat_at = at

    def _is_there(self) -> bool:
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def _is_dead(self, seen: float, process: bytes, *, now: float) -> bool:
        """Whether another process is gone: silent for ``SILENT_S``, and not seen to run.

        One in a container of its own cannot be seen from here, but what it writes can.
        """
        if now - seen < SILENT_S:
            return False
        try:
            return not is_alive(msgspec.msgpack.decode(process, type=Process))
        except NOT_OURS as error:
            raise DamagedError(str(error)) from error

    def _forget(
        self, connection: sqlite3.Connection, gone: frozenset[str], *, gives_back: bool = True
    ) -> None:
        """Take out processes; what the dead had reserved ``gives_back`` where no reply shows it."""
        for key, content in connection.execute("SELECT key, row FROM model").fetchall():
            row = _decoded(content)
            held = [call.cost for call in row.calls if call.owner in gone and call.out]
            levels = tuple(
                replace(level, level=level.level + sum(cost.of(level.kind) for cost in held))
                if gives_back and not level.measured
                else level
                for level in row.levels
            )
            calls = tuple(
                replace(call, out=call.out and call.owner not in gone)
                for call in row.calls
                if not (gives_back and call.owner in gone)
            )
            waits = tuple(wait for wait in row.waits if wait.owner not in gone)
            if (calls, waits) != (row.calls, row.waits):
                self._store(connection, key, SharedRow(levels, calls, waits))
        connection.executemany("DELETE FROM process WHERE id = ?", [(each,) for each in gone])

    # ------------------------------------------------------------------ the file

    def _shared(self, now: float) -> float:
        """The time that processes share: seconds since boot, asleep or not."""
        return now + self._clock.asleep()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self._path.with_suffix(".lock"), mode=PRIVATE)
            with lock.acquire(timeout=LOCK_S):
                self._connection = self._connect()
            self._inode = self._path.stat().st_ino
            self._seen_version = -1
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        """Open the file, which others may be opening, too; the caller holds its lock."""
        if not self._path.exists():
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, PRIVATE))
        connection = sqlite3.connect(
            self._path, timeout=LOCK_S, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection)
        except BaseException:  # closes the file, whatever happened, and raises it again
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._written.clear()
        self._beat_at = -math.inf
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Go on alone where the file cannot be used, and begin it anew where it is damaged."""
        try:
            yield
        except filelock.Timeout:
            self._leave_alone()
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            self._roll_back()
            if code in _DAMAGED:
                self._begin_anew()
            elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                self._leave_alone()
            else:
                self._go_alone(str(error))
        except DamagedError:
            self._roll_back()
            self._begin_anew()
        except OSError as error:
            self._roll_back()
            self._go_alone(error.strerror or str(error))

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _is_resting(self) -> bool:
        return self._alone or self._clock.monotonic() < self._rest_until

    def _leave_alone(self) -> None:
        """Another process holds the file, stopped in the middle of a change: try again later."""
        self._written.clear()  # what changes here meanwhile is not in the file
        self._busy += 1
        self._rest_until = self._clock.monotonic() + BUSY_S
        if self._busy >= BUSIEST:
            self._go_alone("another process keeps it locked")

    def _go_alone(self, why: str) -> None:
        self._disconnect()
        self._alone = True
        self._notice(
            f"{self._path} cannot be used ({why}): other processes with the same key "
            "are not seen, and their calls may be refused"
        )

    def _begin_anew(self) -> None:
        """Set a damaged file aside, unless another process did so already."""
        self._disconnect()
        self._beginnings += 1
        if self._beginnings > BEGINNINGS:
            self._go_alone("it is damaged again and again")
            return
        try:
            lock = filelock.FileLock(self._path.with_suffix(".lock"), mode=PRIVATE)
            with lock.acquire(timeout=LOCK_S):
                if self._is_sound():
                    return
                self._path.replace(self._path.with_suffix(".unreadable"))
                for suffix in ("-wal", "-shm"):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        except filelock.Timeout:
            return
        except OSError as error:
            self._go_alone(error.strerror or str(error))
            return
        self._notice(f"{self._path} is damaged or not ours: it is begun anew")

    def _is_sound(self) -> bool:
        try:
            connection = self._connect()
        except (sqlite3.DatabaseError, DamagedError):
            return False
        try:
            (found,) = connection.execute("PRAGMA quick_check").fetchone()
            for (content,) in connection.execute("SELECT row FROM model"):
                msgspec.msgpack.decode(content, type=SharedRow)
            for (content,) in connection.execute("SELECT process FROM process"):
                msgspec.msgpack.decode(content, type=Process)
        except (sqlite3.DatabaseError, *NOT_OURS):
            return False
        finally:
            connection.close()
        return bool(found == "ok")


def _decoded(content: bytes | None) -> SharedRow:
    """What a row holds; None is one that nobody wrote yet.

    Raises:
        DamagedError: it is no row of ours.
    """
    if content is None:
        return SharedRow()
    try:
        return msgspec.msgpack.decode(content, type=SharedRow)
    except NOT_OURS as error:
        raise DamagedError(str(error)) from error


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, unless they are there.

    Raises:
        DamagedError: it is of another version.
        sqlite3.Error: it is no file of SQLite's, or cannot be written.
    """
    # Nothing here need outlive the machine: nobody waits for a disk.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        raise DamagedError(f"version {version}")
    if version == 0:
        connection.executescript(_SCHEMA)
