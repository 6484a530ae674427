"""What tests and the processes that they start begin with: default signals, a known environment.

Both are inherited: a shell that runs ``make test &`` ignores SIGINT, ``nohup`` ignores SIGHUP, a
runner may block signals, and a terminal exports its size, colours and language. So the process of
the tests itself is put right, once, before anything is imported; whatever a test starts, in
whatever way, begins as on every other machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import MutableMapping
from pathlib import Path

_LEFT_TO_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}
"""Python ignores these itself, and gives its children the defaults."""
_OF_A_TERMINAL = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
"""With a handler of its own a process in the background would spin in a write to its terminal."""
KEPT = {
    "CRASH_EVERY", "LD_LIBRARY_PATH", "LEGALGEN_REQUIRE_BROWSER", "PATH", "PYENV_VERSION",
    "TMPDIR", "VIRTUAL_ENV",
}  # fmt: skip
"""Variables that say where programs are, or are addressed to the tests."""
KEPT_PREFIXES = ("COV_", "COVERAGE_", "HYPOTHESIS_", "PYTEST_")
GIVEN = {"LANG": "C.UTF-8", "TZ": "UTC"}
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2**31
"""What the tests of all workers may have at once, many times over."""


def make_known() -> None:
    """Make the surroundings of this process, and so of its children, known ones."""
    for number in signal.valid_signals():
        if number not in _LEFT_TO_PYTHON | _OF_A_TERMINAL:
            _default_for_children(number)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    make_environment_known(os.environ)
    keep_files_in_memory(os.environ, MEMORY)
    tempfile.tempdir = None  # pytest has made files of its own already, and Python kept the place
    time.tzset()
    # Hundreds of processes import the program: compiled once, not by each, whatever the parent had.
    sys.dont_write_bytecode = False


def _default_for_children(number: int) -> None:
    """What is ignored stays without effect here, and is not ignored by what is started.

    Of a signal that is handled the next program gets the default; of one that is ignored it
    inherits that.
    """
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, _nothing)


def _nothing(number: int, frame: object) -> None:
    """Take a signal and do nothing."""


def make_environment_known(environ: MutableMapping[str, str]) -> None:
    """Leave nothing of whoever runs the tests but where programs are."""
    for name in list(environ):
        if name not in KEPT and not name.startswith(KEPT_PREFIXES):
            del environ[name]
    environ.update(GIVEN)
    for name in ("COLUMNS", "LINES"):  # readline tells them to children, past ``os.environ``
        os.unsetenv(name)


def keep_files_in_memory(
    environ: MutableMapping[str, str], memory: Path, room_bytes: int = ROOM_BYTES
) -> None:
    """Have temporary folders made in memory, where that has room and lets programs run.

    On a disk each fsync takes milliseconds, and the tests make tens of thousands. What an fsync is
    for is shown by a power cut that is simulated (``tests/crash/power.py``). Whoever sets
    ``TMPDIR`` has the tests on that disk; ``make extended`` does.
    """
    if "TMPDIR" in environ or not os.access(memory, os.W_OK | os.X_OK):
        return
    runs_programs = not os.statvfs(memory).f_flag & os.ST_NOEXEC
    if runs_programs and shutil.disk_usage(memory).free > room_bytes:
        environ["TMPDIR"] = str(memory)
