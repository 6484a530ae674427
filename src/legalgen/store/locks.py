"""The three locks of a data dir, all given back by the kernel with the process.

state/locks/<batch>.lock   held by whoever writes that journal, for as long as it does
state/locks/data.lock      shared while sealing, exclusive while parts are rewritten
state/locks/batch.lock     one batch at a time
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import filelock
import msgspec

from legalgen.errors import BatchRunning
from legalgen.store.files import (
    DataDir,
    disk,
    replace_file,
    try_lock,
)

_LOCK_WAIT_S: Final = 10.0

_LOCK_STEP_S: Final = 0.05


class JournalLock(msgspec.Struct, frozen=True):
    """The right to write one batch's journal; the kernel takes it back from a dead process."""

    path: Path
    descriptor: int

    @classmethod
    def try_acquire(cls, data_dir: DataDir, batch_id: str) -> Self | None:
        """The lock, or None when another process holds it."""
        path = _lock_path(data_dir, batch_id)
        with disk(path, "lock"):
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
                if not try_lock(descriptor):
                    os.close(descriptor)
                    return None
                if os.fstat(descriptor).st_nlink:
                    return cls(path, descriptor)
                os.close(descriptor)  # the last holder unlinked it: this one guards no name

    @classmethod
    def acquire(cls, data_dir: DataDir, batch_id: str, sleep: Callable[[float], None]) -> Self:
        """The lock, after a bounded wait: a recovery or a look at it passes in that time."""
        for _ in range(round(_LOCK_WAIT_S / _LOCK_STEP_S)):
            if lock := cls.try_acquire(data_dir, batch_id):
                return lock
            sleep(_LOCK_STEP_S)
        raise BatchRunning(f"another process writes batch {batch_id}", {"id": batch_id})

    def release(self) -> None:
        """Unlink the file while it is still held, so that no batch leaves one behind."""
        with disk(self.path, "unlock"):
            try:
                self.path.unlink(missing_ok=True)
            finally:
                os.close(self.descriptor)


def _lock_path(data_dir: DataDir, batch_id: str) -> Path:
    return data_dir.locks / f"{batch_id}.lock"


def is_writing(data_dir: DataDir, batch_id: str) -> bool:
    """Whether a process, on this machine or in a container of it, holds the batch's journal.

    Raises:
        DiskError: the lock cannot be looked at.
    """
    path = _lock_path(data_dir, batch_id)
    with disk(path, "look at"):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return not try_lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def data_lock(data_dir: DataDir, *, exclusive: bool = False) -> Iterator[None]:
    """Hold the set of parts: shared to add one, exclusive to rewrite them all.

    Whoever rewrites must recover first, under the exclusive lock: a part whose segment still
    stands would otherwise be sealed a second time after the rewrite.
    """
    path = data_dir.locks / "data.lock"
    with disk(path, "lock"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with disk(path, "lock"):
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


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
            holder = msgspec.json.decode(self._holder_path.read_bytes(), type=Holder)
        except (OSError, msgspec.DecodeError):
            # It has the lock and has not written its name yet, or is just leaving.
            return BatchRunning("another batch is running in this data dir")
        return BatchRunning(
            f"batch {holder.id} is running (pid {holder.pid}, since {holder.started:%F %T} UTC)",
            msgspec.to_builtins(holder),
        )

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if not self._lock.is_locked:
            return
        with disk(self._holder_path, "unlink"):
            try:
                self._holder_path.unlink(missing_ok=True)
            finally:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
