"""A file that grows by whole lines, as a journal does."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from legalgen.settings.reading import open_regular
from legalgen.settings.writing import sync_folder, write_all


class AppendFile:
    """A file that grows by whole lines: a write that fails leaves it as it was, where it can."""

    def __init__(self, path: Path, *, lead: bytes = b"", new: bool = False) -> None:
        """Open ``path``; ``lead`` goes before the first line. ``new``: it must not exist."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | (os.O_EXCL if new else 0)
        self.path = path
        self._descriptor: int | None = open_regular(path, flags)
        self._good = os.fstat(self._descriptor).st_size
        self._lead = lead
        self._named = False
        if self._good and os.pread(self._descriptor, 1, self._good - 1) != b"\n":
            self._lead = b"\n"  # the last writer died inside a line; the next is not glued to it

    def append(self, payload: bytes) -> None:
        """One write, not yet durable."""
        assert self._descriptor is not None
        try:
            write_all(self._descriptor, self._lead + payload)
        except BaseException:  # leaves no torn state, whatever happened, and raises it again
            # Where even this fails the torn line stays, and recovery keeps it aside.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._good)
            raise
        self._good += len(self._lead) + len(payload)
        self._lead = b""

    def sync(self) -> None:
        """Make everything appended durable, and the file's name with it."""
        assert self._descriptor is not None
        os.fsync(self._descriptor)
        # The fsync of a new file does not cover its name; once that is durable it stays so.
        if not self._named:
            sync_folder(self.path.parent)
            self._named = True

    def close(self) -> None:
        """Close it; harmless when it is closed."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
