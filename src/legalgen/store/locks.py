"""The locks of a data dir, all given back by the kernel with the process; how one is waited for.

state/locks/<batch>.lock   held by whoever writes that journal, for as long as it does
state/locks/data.lock      shared while sealing, exclusive while parts are rewritten
state/locks/batch.lock     one batch at a time
a folder of the user's     held while files in it are read and written anew

Readers take none of them. Whether a writer lives is asked without taking a lock: beside its flock
it holds a record lock of its open file (F_OFD_SETLK, fcntl(2)), which F_OFD_GETLK only looks at.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self, TypeVar

import filelock
import msgspec

from legalgen.errors import BatchRunning
from legalgen.settings.reading import open_regular, read_whole
from legalgen.settings.writing import try_lock
from legalgen.store.files import (
    NOT_OURS,
    DataDir,
    disk,
    replace_file,
)
from legalgen.telemetry import events

_LOCK_STEP_S: Final = 0.05
_TOLD_AFTER_S: Final = 1.0

T = TypeVar("T")


class Patience(msgspec.Struct, frozen=True):
    """How a lock is waited for: at most ``most_s`` seconds, told once after one second.

    ``sleep`` takes seconds, and raises to end the wait, as when a signal came. ``bound`` names
    the setting behind ``most_s``, for the error of a wait that was too long.
    """

    most_s: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[events.Event], None] = lambda _: None
    bound: str = ""

    def wait(self, attempt: Callable[[], T | None], lock: str, what: str, path: Path) -> T:
        """What ``attempt`` returns once that is not None; ``what`` names the lock in a sentence.

        Raises:
            BatchRunning: another process holds it still.
        """
        waited, told = 0.0, False
        # Asked again and again: a flock that blocks can be neither told of, bounded nor left.
        while (found := attempt()) is None:
            if waited >= self.most_s:
                raise self._in_vain(what, path)
            if waited >= _TOLD_AFTER_S and not told:
                told = True
                self.tell(self._event(lock, what, path))
            step = min(_LOCK_STEP_S, self.most_s - waited)
            self.sleep(step)
            waited += step
        return found

    def _event(self, lock: str, what: str, path: Path) -> events.Event:
        holder, held = _held(what, path)
        most = f"; {self.most_s:.0f} s at most, Ctrl-C ends the wait"
        return events.WaitingForLock(
            at=datetime.now(UTC), lock=lock, holder=holder, seconds=self.most_s, reason=held + most
        )

    def _in_vain(self, what: str, path: Path) -> BatchRunning:
        holder, held = _held(what, path)
        bound = f" ({self.bound})" if self.bound else ""
        return BatchRunning(f"{held}; waited {self.most_s:g} s for it{bound}", {"holder": holder})


def _held(what: str, path: Path) -> tuple[str, str]:
    """Who holds a lock, and that as a sentence."""
    holder, since = holder_of(path)
    running = f", running since {since:%F %T} UTC" if since else ""
    return holder, f"{what} is held by {holder}{running}"


def holder_of(path: Path) -> tuple[str, datetime | None]:
    """Which process holds a lock on a file, as ``name (pid N)``, and since when it runs (UTC).

    From /proc/locks, which knows whoever it is; "another process" where it cannot be seen, as
    in another container.
    """
    try:
        # The lock itself names nobody: a pid written into the file may be a dead holder's.
        inode = path.stat().st_ino
        lines = Path("/proc/locks").read_text("ascii").splitlines()
        owners = [fields[4] for fields in map(str.split, lines) if _is_of(fields, inode)]
        pid = next(int(owner) for owner in owners if int(owner) != os.getpid())
        name = Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
        return f"{name} (pid {pid})", _started(pid)
    except (OSError, ValueError, IndexError, StopIteration):
        return "another process", None


def _is_of(fields: list[str], inode: int) -> bool:
    """Whether a line of /proc/locks is of a flock on this inode ("->" lines only wait for one).

    The device is not compared: overlay and btrfs show another one there than ``stat`` does.
    """
    return len(fields) > 5 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}")


def _started(pid: int) -> datetime:
    """When a process began: starttime is field 22 of stat(5), in ticks after btime."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    lines = Path("/proc/stat").read_text("ascii").splitlines()
    boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    return datetime.fromtimestamp(boot + int(fields[19]) // os.sysconf("SC_CLK_TCK"), UTC)


# --- signs of life -----------------------------------------------------------------------------

_SET: Final[int | None] = getattr(fcntl, "F_OFD_SETLK", None)  # Linux alone has them
_LOOK: Final[int | None] = getattr(fcntl, "F_OFD_GETLK", None)
_RECORD: Final = "hhqqi"
"""struct flock: type, whence, start, length (0: all of the file), pid."""


def _show_life(descriptor: int) -> None:
    """Mark an open file as a living writer's, for as long as it is open."""
    if _SET is not None:
        fcntl.fcntl(descriptor, _SET, struct.pack(_RECORD, fcntl.F_WRLCK, 0, 0, 0, 0))


def _is_marked(descriptor: int) -> bool:
    if _LOOK is None:  # elsewhere a shared lock must be tried, for an instant
        return not try_lock(descriptor, fcntl.LOCK_SH)
    asked = struct.pack(_RECORD, fcntl.F_WRLCK, 0, 0, 0, 0)
    return bool(struct.unpack_from("h", fcntl.fcntl(descriptor, _LOOK, asked))[0] != fcntl.F_UNLCK)


def _lives(path: Path) -> bool:
    with disk(path, "look at"):
        try:
            descriptor = open_regular(path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return _is_marked(descriptor)
        finally:
            os.close(descriptor)


# --- the journal of one batch ------------------------------------------------------------------


class JournalLock(msgspec.Struct, frozen=True):
    """The right to write one batch's journal; the kernel takes it back from a dead process."""

    path: Path
    descriptor: int

    @classmethod
    def try_acquire(cls, data_dir: DataDir, batch_id: str) -> Self | None:
        """The lock, or None when another process holds it."""
        path = journal_lock(data_dir, batch_id)
        with disk(path, "lock"):
            while True:
                descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
                if not try_lock(descriptor):
                    os.close(descriptor)
                    return None
                if os.fstat(descriptor).st_nlink:
                    return cls(path, descriptor)
                os.close(descriptor)  # the last holder unlinked it: this one guards no name

    @classmethod
    def acquire(cls, data_dir: DataDir, batch_id: str, patience: Patience) -> JournalLock:
        """The lock of a writer, which shows that it lives; a recovery of it is waited for.

        Raises:
            BatchRunning: another process writes or recovers it, for longer than is waited.
        """

        def attempt() -> JournalLock | None:
            lock = cls.try_acquire(data_dir, batch_id)
            if lock is None and is_writing(data_dir, batch_id):
                raise BatchRunning(f"another process writes batch {batch_id}", {"id": batch_id})
            return lock

        path = journal_lock(data_dir, batch_id)
        lock = patience.wait(attempt, "journal", f"the journal of batch {batch_id}", path)
        with disk(path, "lock"):
            _show_life(lock.descriptor)
        return lock

    def release(self) -> None:
        """Unlink the file while it is still held, so that no batch leaves one behind.

        One that stays does no harm. A disk that became read-only has been told by what failed.
        """
        try:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        finally:
            os.close(self.descriptor)


def journal_lock(data_dir: DataDir, batch_id: str) -> Path:
    """The lock file of a batch's journal."""
    return data_dir.locks / f"{batch_id}.lock"


def is_writing(data_dir: DataDir, batch_id: str) -> bool:
    """Whether a living process writes the batch's journal, on this machine or in a container of it.

    Takes no lock. Who recovers the journal, or only locks the file, writes nothing of the batch.

    Raises:
        DiskError: the lock cannot be looked at.
    """
    return _lives(journal_lock(data_dir, batch_id))


# --- the set of parts --------------------------------------------------------------------------


@contextlib.contextmanager
def data_lock(
    data_dir: DataDir, *, exclusive: bool = False, patience: Patience | None = None
) -> Iterator[None]:
    """Hold the set of parts: shared to add one, exclusive to rewrite them all.

    Whoever rewrites must recover first, under the exclusive lock: a part whose segment still
    stands would otherwise be sealed a second time after the rewrite.

    Raises:
        BatchRunning: another process holds it, for longer than ``patience`` allows.
    """
    # This file is never unlinked: two processes could hold two files of the name at once.
    path = data_dir.locks / "data.lock"
    with disk(path, "lock"):
        descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)

    def attempt() -> bool | None:
        with disk(path, "lock"):
            return try_lock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) or None

    try:
        (patience or Patience()).wait(attempt, "dataset", f"the dataset in {data_dir.root}", path)
        if exclusive:
            with disk(path, "lock"):
                _show_life(descriptor)
        yield
    finally:
        os.close(descriptor)


def is_rewriting(data_dir: DataDir) -> bool:
    """Whether a living process rewrites the parts at this moment. Takes no lock.

    Raises:
        DiskError: the lock cannot be looked at.
    """
    return _lives(data_dir.locks / "data.lock")


# --- one batch at a time -----------------------------------------------------------------------


class Holder(msgspec.Struct, frozen=True):
    """Who holds the batch lock, for the one who does not get it. ``started`` is UTC."""

    id: str
    pid: int
    started: datetime


class BatchLock:
    """One batch at a time per data dir; a dead process is no obstacle."""

    def __init__(self, data_dir: DataDir, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._data_dir = data_dir
        self._sleep = sleep
        self._path = data_dir.locks / "batch.lock"
        self._holder_path = data_dir.locks / "batch.json"
        self._lock = filelock.FileLock(self._path, thread_local=False)

    def acquire(self, holder: Holder, *, max_wait_s: float = 0.0) -> None:
        """Take the lock, waiting at most ``max_wait_s`` seconds, and say who has it.

        Raises:
            BatchRunning: another batch holds it still; ``holder`` is its id, pid and start.
            DiskError: the lock cannot be taken at all.
        """
        waited = 0.0
        while not self._try():
            if waited >= max_wait_s:
                raise self._running()
            step = min(0.2, max_wait_s - waited)
            self._sleep(step)
            waited += step
        replace_file(self._data_dir, self._holder_path, msgspec.json.encode(holder))

    def _try(self) -> bool:
        with disk(self._path, "lock"):
            try:
                self._lock.acquire(timeout=0)
            except filelock.Timeout:
                return False
            return True

    def _running(self) -> BatchRunning:
        try:
            holder = msgspec.json.decode(read_whole(self._holder_path), type=Holder)
        except (OSError, *NOT_OURS):
            # It has the lock and has not written its name yet, or is just leaving.
            return BatchRunning("another batch is running in this data dir")
        return BatchRunning(
            f"batch {holder.id} is running (pid {holder.pid}, since {holder.started:%F %T} UTC)",
            msgspec.to_builtins(holder),
        )

    def release(self) -> None:
        """Give the lock back; harmless when it is not held.

        Raises:
            DiskError: its file system refuses; the lock goes with the process.
        """
        if not self._lock.is_locked:
            return
        try:
            # While the lock is still held: the next holder writes its own name there, over one
            # that stays.
            with contextlib.suppress(OSError):
                self._holder_path.unlink(missing_ok=True)
        finally:
            with disk(self._path, "unlock"):
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


# --- a folder of the user's --------------------------------------------------------------------

_NO_LOCKS: Final = frozenset({errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
"""What file systems say of a folder that they cannot lock, as NFS does."""


@contextlib.contextmanager
def folder_lock(folder: Path, patience: Patience) -> Iterator[None]:
    """Hold a folder of the user's: no other command reads and rewrites what several write there.

    The folder itself is locked, so that no file is left in it. Where that is not possible nothing
    is held.

    Raises:
        BatchRunning: another process holds it, for longer than ``patience`` allows.
        DiskError: the folder cannot be opened.
    """
    with disk(folder, "lock"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def attempt() -> bool | None:
        try:
            return try_lock(descriptor) or None
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return True
            raise

    try:
        with disk(folder, "lock"):
            patience.wait(attempt, "folder", f"the folder {folder}", folder)
        yield
    finally:
        os.close(descriptor)
