"""Writing a file whole: beside, made durable, swapped in. All verbs raise ``OSError``.

They stand on this floor because the config file is written here; ``store.files`` has those that
know a data dir. Calls of ``os`` go by their names: the crash tests count them, and kill the process
at each.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from legalgen.settings.reading import is_folder, listed, open_regular

PRIVATE: Final = 0o600
"""The mode of a file that holds keys, or that names accounts and servers: its owner's alone."""
_BESIDE: Final = ".legalgen.tmp"
_MOST_LINKS: Final = 40
"""So many the kernel follows."""


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and what is missing above it, durably."""
    if is_folder(folder):
        return
    make_folder(folder.parent, mode)
    folder.mkdir(mode, exist_ok=True)
    sync_folder(folder.parent)


def check_access(path: Path, access: int) -> None:
    """Raise what a use of a file or a folder would, which ``os.access`` tells without a reason."""
    if os.access(path, access):
        return
    path.stat()  # gives the reason where it cannot even be looked at
    number = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
    raise OSError(number, os.strerror(number), str(path))


def are_apart(folder: Path, other: Path) -> bool:
    """Whether no file can be renamed from one folder into the other: their file systems differ, or
    are mounted apart."""
    if folder.stat().st_dev != other.stat().st_dev:
        return True
    try:
        # proc(5): the fifth field is where a file system is mounted, one maybe at several places.
        lines = Path("/proc/self/mountinfo").read_bytes().split(b"\n")
    except OSError:
        return False  # another system, where `stat` tells it all
    mounts = {field for line in lines for field in line.split(b" ")[4:5]}
    return _mount_of(folder, mounts) != _mount_of(other, mounts)


def _mount_of(folder: Path, mounts: Container[bytes]) -> Path | None:
    real = Path(os.path.realpath(folder))
    return next((each for each in (real, *real.parents) if _escaped(each) in mounts), None)


def _escaped(path: Path) -> bytes:
    """A path as the kernel lists it: as octal numbers what would part the fields."""
    return re.sub(rb"[ \t\n\\]", lambda found: b"\\%03o" % ord(found[0]), os.fsencode(path))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: what was created, replaced or unlinked in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, payload: bytes) -> None:
    """Write the whole payload, however many calls it takes."""
    # A write may stop short without an error, as the last one before a disk is full does.
    rest = memoryview(payload)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_new(path: Path, payload: bytes, mode: int = 0o644) -> None:
    """Write a file that is not there yet, whole or not at all.

    Raises:
        FileExistsError: it is there.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        write_all(descriptor, payload)
        os.fsync(descriptor)
    except BaseException:  # leaves no half of a file, whatever happened, and raises it again
        with contextlib.suppress(OSError):  # the first error is the one to tell
            path.unlink()
        raise
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def no_file(path: Path) -> str | None:
    """Why no file can be put in the place of what has this name; None: one can."""
    try:
        if _is_a_stream(path):
            return "it is a stream that is open already, and no file"
        mode = path.stat().st_mode
    except OSError as error:  # nothing is there, or whoever writes is told why it cannot be seen
        if error.errno == errno.ELOOP:
            return "it is a link that leads in a circle"
        return "it is a link into a folder that is not there" if _leads_nowhere(path) else None
    if stat.S_ISDIR(mode):
        return "it is a folder"
    return None if stat.S_ISREG(mode) else "it is a device or a pipe, and no file"


def _is_a_stream(path: Path) -> bool:
    """Whether a name leads to what a process has open, as ``/dev/stdout`` does.

    Where the shell has led that into a file, whoever follows the links would replace that file.
    """
    each = Path(os.path.abspath(path))  # noqa: PTH100 - `absolute` leaves `..` in
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(each.parent)
        if folder == "/dev/fd" or (folder.startswith("/proc/") and folder.endswith("/fd")):
            return True
        if not stat.S_ISLNK(each.lstat().st_mode):
            return False
        each = Path(folder) / os.readlink(each)  # noqa: PTH115 - see the head of the module
    return False


def _leads_nowhere(path: Path) -> bool:
    """Whether it is a symbolic link whose file could not even be made."""
    if not os.path.islink(path):  # noqa: PTH114 - Path's raises where it may not look
        return False
    return not os.path.lexists(Path(os.path.realpath(path)).parent)


@contextlib.contextmanager
def swapped_in(path: Path, mode: int = 0o644, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file beside ``path`` to be written, which takes its place when the block ends well.

    Whoever reads sees the old file or the new one. Not ``durable``: after a loss of power either
    may be there, or an empty one; good enough for what can be learnt or made again. A symbolic
    link stays one: the file that it names is replaced. A device or a pipe is never.
    """
    if why := no_file(path):
        raise OSError(errno.EINVAL, why, str(path))
    path = Path(os.path.realpath(path))
    descriptor, beside = _open_locked(lambda: beside_name(path), mode)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            yield file
        if durable:
            os.fsync(descriptor)
        os.replace(beside, path)  # noqa: PTH105 - see the head of the module
    except BaseException:  # leaves nothing behind, whatever happened, and raises it again
        with contextlib.suppress(OSError):  # the first error is the one to tell
            beside.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    if durable:
        sync_folder(path.parent)


# --- files on their way ------------------------------------------------------------------------


def beside_name(path: Path) -> Path:
    """A name beside a file, for what will be swapped in; see ``clear_beside``."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{_BESIDE}")


def open_aside(folder: Path, name: str) -> tuple[int, Path]:
    """A new file ``<name>.<token>``, locked for as long as it is open: its writer is alive."""
    return _open_locked(lambda: folder / f"{name}.{secrets.token_hex(4)}", 0o644)


def _open_locked(name: Callable[[], Path], mode: int) -> tuple[int, Path]:
    """A new file of a name that nothing else has, which nobody clears while it is open."""
    while True:
        path = name()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        if try_lock(descriptor) and os.fstat(descriptor).st_nlink:
            return descriptor, path
        os.close(descriptor)  # cleared by another command between the two calls


def try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file without waiting; False when another process holds it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def clear_beside(folder: Path) -> None:
    """Unlink what killed commands left beside files of the user's; the living lock theirs."""
    with contextlib.suppress(PermissionError):  # who may write in a folder may not read it
        clear_asides(folder, f".*{_BESIDE}")


def clear_asides(folder: Path, pattern: str) -> None:
    """Unlink what dead writers left in a folder; the living hold a lock on theirs."""
    for path in listed(folder, pattern):
        try:
            descriptor = open_regular(path, os.O_RDONLY)
        except OSError:
            continue  # swapped in, or cleared by another recovery; another user's, or no file
        try:
            if try_lock(descriptor):
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
