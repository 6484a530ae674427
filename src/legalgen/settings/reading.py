"""Reading files that must be files: a pipe is waited for, and a device never ends."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LARGEST_MIB: Final = 16
"""Of a file that is read whole: settings, a taxonomy, a list of authorities."""


def read_bounded(path: Path, most_mib: int = LARGEST_MIB) -> bytes:
    """The content of a regular file of at most ``most_mib``: no device, and no pipe that waits.

    Raises:
        OSError: it cannot be read, or is none such; ``strerror`` says so.
    """
    # Looked at before it is opened: opening a pipe that nobody writes would wait for ever. And the
    # size is looked at, not read up to: for what may be read at most memory is set aside at once.
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    if found.st_size > most_mib * 2**20:
        raise OSError(errno.EFBIG, f"it is larger than {most_mib} MiB", str(path))
    return path.read_bytes()


# --- files that this program writes, in whose place something else may stand -------------------


FOLDER: Final = "it is a folder, and no file: move it away"


def check_regular(path: Path) -> os.stat_result:
    """Refuse what is no regular file; its size and times.

    Raises:
        OSError: it is none; ``strerror`` says what to do. A name of nothing is a
            ``FileNotFoundError``, and so is a link to nothing.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        if not path.is_symlink():
            raise
        raise OSError(errno.ENOENT, "it is a link to nothing: move it away", str(path)) from None
    _check(found.st_mode, path)
    return found


def read_whole(path: Path) -> bytes:
    """The content of a file that this program wrote.

    Raises:
        OSError: it cannot be read, as of ``check_regular`` too.
    """
    check_regular(path)
    return path.read_bytes()


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file that this program wrote, one in memory at a time, ends and all.

    Raises:
        OSError: as of ``read_whole``, when the first line is asked for.
    """
    check_regular(path)
    with path.open("rb") as file:
        yield from file


def open_regular(path: Path, flags: int, mode: int = 0o644) -> int:
    """Open a file that this program writes, by ``os.open``; its descriptor.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    # A pipe is opened at once, or not at all, instead of waited for; to a file it is all the same.
    descriptor = os.open(path, flags | os.O_NONBLOCK, mode)
    try:
        _check(os.fstat(descriptor).st_mode, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, FOLDER, str(path))
    if not stat.S_ISREG(mode):
        what = "it is a pipe, a socket or a device, and no file: move it away"
        raise OSError(errno.EINVAL, what, str(path))
