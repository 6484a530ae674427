"""How a command can end: the one table of exit codes.

70, 74 and 75 mean what ``sysexits.h`` says; 128 + n is the shell's word for signal n.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes by name; ``MEANINGS`` says what each tells a script."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    NO_PROVIDER = 3
    BOUND = 4
    RUNNING = 5
    FAILED = 6
    BUG = 70
    DISK = 74
    PAUSED = 75
    HANGUP = 129
    INTERRUPTED = 130
    PIPE = 141
    TERMINATED = 143


MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "the count is reached",
    Exit.FOUND: "`dataset verify`, `dataset check`, `config taxonomy --check` or `doctor` "
    "found something, or `batch --strict` reached its count with troubles",
    Exit.USAGE: "usage or configuration: a sentence says what to change",
    Exit.NO_PROVIDER: "no usable provider is left, or no model of the route can take any sample",
    Exit.BOUND: "a bound that you set (time, calls, tokens, money) is met; what was made is kept",
    Exit.RUNNING: "another batch is running in this data dir",
    Exit.FAILED: "stopped by what nobody set: prompt, taxonomy or gate at fault, nothing accepted "
    "for too long, the usual bound on calls",
    Exit.BUG: "a bug; the traceback is in the log",
    Exit.DISK: "the disk failed; what was accepted before is kept",
    Exit.PAUSED: "paused, or where `dataset push` sends to cannot be reached: go on later",
    Exit.HANGUP: "stopped by SIGHUP, sealed",
    Exit.INTERRUPTED: "stopped by SIGINT, sealed",
    Exit.PIPE: "who read the output went away",
    Exit.TERMINATED: "stopped by SIGTERM, sealed",
}
