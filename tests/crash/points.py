"""The named points of the write path: which file operation of which kind of file.

``write journal``, ``replace part``, ``fsync folder train/data``: a verb and a kind of
file, told from where the file lies below the home of a run, so that the point keeps its name
however often and in whichever order it is passed.
"""

from __future__ import annotations

import errno
import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.crash.killer import Handler

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What shall happen to one run of the executable.

    At the ``nth`` passage (from 1) of ``point`` it dies (``how``: before, half, after), or the
    operation fails with ``errno``; ``lasting``: and with it every later one, but for ``unlink``
    where a disk is full.
    ``acks`` is where the ids of samples go whose append returned; ``profile`` where the count of
    each point goes at the end. No file may grow beyond ``file_bytes``.
    """

    home: str
    arguments: tuple[str, ...]
    environ: dict[str, str] = {}
    point: str = ""
    nth: int = 1
    how: str = "before"
    errno: int = 0
    lasting: bool = False
    part_rows: int | None = None
    file_bytes: int | None = None
    acks: str = ""
    profile: str = ""
    out: str = ""
    err: str = ""


_KINDS: Final = [
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"data/journal/[^/]+\.jsonl", "journal"),
        (r"data/(journal|state/tmp)/.+\.torn.*", "kept aside"),
        (r"data/rejected/.+", "rejected"),
        (r"data/points/.+\.json", "list of points"),
        (r"data/(train/data|state/tmp)/.+\.parquet(\..+)?", "part"),
        (r"data/(train|state/tmp)/README\.md(\..+)?", "card"),
        (r"data/(batches|state/tmp)/.+\.coverage\.jsonl(\..+)?", "coverage"),
        (r"data/state/(locks|tmp)/batch\.json(\..+)?", "holder"),
        (r"data/state/(tmp/)?index-.+", "index"),
        (r"data/state/(tmp/)?corpus-.+", "corpus"),
        (r"data/state/(tmp/)?card-.+", "card state"),
        (r"data/(batches|state/tmp)/.+\.json(\..+)?", "ledger"),
        (r"data/state/locks/batch\.lock", "batch lock"),
        (r"data/state/locks/data\.lock", "data lock"),
        (r"data/state/locks/.+\.lock", "journal lock"),
        (r"data/state/duplicates(/.+)?", "duplicates"),
        (r"state(/.+)?", "health"),
        (r"data/(?P<folder>.+)", "folder"),
        (r"data", "data dir"),
    )
]
"""Below the home of a run, the first that fits. A file in ``state/tmp`` bears the name of the file
that it will be, and a suffix."""


def kind_of(path: Path, home: Path) -> str | None:
    """What kind of file or folder it is; None when the run does not keep it."""
    place = os.path.relpath(path, home)
    for pattern, kind in _KINDS:
        if match := pattern.fullmatch(place):
            folder = match.groupdict().get("folder")
            return f"{kind} {folder}" if folder else kind
    return None


def point_of(name: str, args: tuple[Any, ...], home: Path) -> str | None:
    """The name of the point, or None for what is no part of the write path."""
    if name == "open" and not args[1] & _WRITING:
        return None
    if name in ("write", "fsync", "ftruncate"):
        path = Path(f"/proc/self/fd/{args[0]}").readlink()
    else:
        path = Path(os.fsdecode(args[1 if name in ("replace", "rename") else 0]))
    kind = kind_of(path, home)
    return f"{name} {kind}" if kind else None


def handler(order: Order, passed: Counter[str]) -> Handler:
    """What ``killer.intercept`` wants: counts the points, and obeys the order."""
    home = Path(order.home)
    failing = False

    def handle(name: str, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal failing
        point = point_of(name, args, home)
        if point is None:
            return real(*args, **kwargs)
        passed[point] += 1
        due = point == order.point and passed[point] == order.nth
        if not order.errno:
            return _die(order.how, name, real, args) if due else real(*args, **kwargs)
        can_empty = name == "unlink" and order.errno != errno.EROFS
        if not due and (can_empty or not failing):
            return real(*args, **kwargs)
        if due and name == "write" and order.lasting and len(args[1]) > 1:
            failing = True
            return real(args[0], bytes(args[1])[: len(args[1]) // 2])  # the disk runs full
        failing = order.lasting
        raise OSError(order.errno, os.strerror(order.errno), str(args[0]))

    return handle


def _die(how: str, name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    if how == "half" and name == "write":
        real(args[0], bytes(args[1])[: len(args[1]) // 2])
    elif how == "after":
        real(*args)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL cannot be survived")
