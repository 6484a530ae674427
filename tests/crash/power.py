"""What a disk may hold after the power went: only what was fsynced has to be there.

``Disk`` follows the calls of ``os`` under a folder and remembers, beside the real files, what is
durable: the content of a file since its last fsync, the names in a folder since its last fsync.
The folders that exist at the start, with all they hold, are durable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


class Disk:
    """A handler for ``killer.intercept`` that yields the disks a power cut could leave."""

    def __init__(self, root: Path, seen: Callable[[Disk], None]) -> None:
        self._root = root
        self._seen = seen
        self._content: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {}
        self._pins: dict[int, int] = {}
        self._looking = False
        self.operations = 0
        for folder in self._folders():
            self._sync_folder(folder)
        for path in root.rglob("*"):
            if path.is_file():
                self._content[self._pin(path)] = path.read_bytes()

    def _folders(self) -> Iterator[Path]:
        yield self._root
        yield from (path for path in self._root.rglob("*") if path.is_dir())

    def _pin(self, path: Path) -> int:
        """The inode of a file, held open so that its number is not given to another file."""
        number = path.stat().st_ino
        if number not in self._pins:
            self._pins[number] = _REAL_OPEN(path, os.O_RDONLY)
        return number

    def _sync_folder(self, folder: Path) -> None:
        files = [path for path in folder.iterdir() if path.is_file()]
        self._names[folder] = {path.name: self._pin(path) for path in files}

    def __call__(self, name: str, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        if not self._looking:  # what the observer itself writes is none of the program's
            self._looking = True
            if name == "fsync":
                self._note_sync(Path(f"/proc/self/fd/{args[0]}").readlink())
            self.operations += 1
            self._seen(self)
            self._looking = False
        return result

    def _note_sync(self, path: Path) -> None:
        if path.is_dir():
            self._sync_folder(path)
        elif path.exists():
            self._content[self._pin(path)] = path.read_bytes()

    def leave(self, target: Path, *, names: bool) -> None:
        """Write the disk as the power cut leaves it: the least that is promised.

        ``names``: the names of files were written although nobody asked for it, their content
        was not: a file system may well do so.
        """
        for folder in self._folders():
            copy = target / folder.relative_to(self._root)
            copy.mkdir(parents=True, exist_ok=True)
            durable = self._names.get(folder, {})
            if names:
                files = [path for path in folder.iterdir() if path.is_file()]
                durable = {path.name: self._pin(path) for path in files}
            for name, number in durable.items():
                (copy / name).write_bytes(self._content.get(number, b""))

    def close(self) -> None:
        """Let go of the inodes."""
        for descriptor in self._pins.values():
            os.close(descriptor)


_REAL_OPEN = os.open
