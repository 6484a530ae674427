"""Reading files that must be files, a pipe being waited for and a device never ending; and looking
for files and folders: whoever may not look is told so, and never that nothing is there.

``pathlib`` does not keep to that: ``glob`` passes by a folder that cannot be read as if it were
empty, and whether ``exists`` raises depends on the version of Python.
"""

from __future__ import annotations

import errno
import fnmatch
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


# --- what is there ------------------------------------------------------------------------------


def is_there(path: Path) -> bool:
    """Whether a file or a folder has this name; a link to nothing is none.

    Raises:
        OSError: nobody can tell.
    """
    return _mode(path) is not None


def is_folder(path: Path) -> bool:
    """Whether a folder has this name; raises as ``is_there``."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def is_file(path: Path) -> bool:
    """Whether a regular file has this name; raises as ``is_there``."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def listed(folder: Path, pattern: str = "*") -> list[Path]:
    """What stands in a folder under names that match, sorted; nothing where there is no folder.

    Raises:
        OSError: the folder is there and cannot be read, or what is there is none; ``strerror``
            says so. A link to a disk that is not mounted is no empty folder, either.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names alone: no path is made of those left out
    except FileNotFoundError:
        for each in (folder, *folder.parents):
            if each.is_symlink() and _mode(each) is None:
                what = f"{each} is a link to nothing"
                raise OSError(errno.ENOENT, what, str(folder)) from None
            if os.path.lexists(each):
                break
        return []
    return sorted(folder / name for name in names if fnmatch.fnmatchcase(name, pattern))


def reason_of(error: OSError, path: Path | None = None) -> str:
    """Why a path cannot be used, in the system's words, and what helps against it."""
    said = error.strerror or str(error)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"{said}; raise the limit (ulimit -n)"
    path = path or (Path(os.fsdecode(error.filename)) if error.filename else None)
    if path is None or error.errno not in (errno.EACCES, errno.EPERM):
        return said
    barred = _barred(path.absolute())
    try:
        owner = barred.stat().st_uid
    except OSError:  # its folder is the one that bars the way, and was looked at before it
        return said
    if owner == os.geteuid() and error.errno == errno.EPERM:
        return said  # of an attribute or a file system without such a call: no mode gives it
    if owner == os.geteuid():
        import shlex  # only where something may not be read; it compiles a pattern

        return f"{said}; `chmod u+rwX {shlex.quote(str(barred))}` gives you access"
    name = _name(owner)
    return f"{said}; {barred} is {name}'s: run this as {name}, or have access given (chown, chmod)"


def _barred(path: Path) -> Path:
    """What bars the way to a path: the first folder that may not be entered, or the last one."""
    for folder in reversed(path.parents):
        if not os.access(folder, os.X_OK):
            return folder if os.path.lexists(folder) else folder.parent
    return path if os.path.lexists(path) else path.parent


def _name(user: int) -> str:
    import pwd  # only where something may not be read

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


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
