"""The standard streams of the process: in place of a closed one, and when nobody reads any more.

Nothing heavy is imported up here: ``--help`` loads this.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from typing import Any, TextIO


class Stdout(io.FileIO):
    """File 1, which remembers the error of a failed write: the boundary for bugs (``cli``) sees
    only what a caller made of it, and asks here. A reader that left (EPIPE) is no failure."""

    failed: OSError | None = None
    takes_json = False
    """Whether the settings, once they were read, asked for JSON, of which an error is a part."""

    def write(self, data: Any, /) -> int:
        """As of any file."""
        try:
            return super().write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                Stdout.failed = error
            raise


def stand_in() -> None:
    """Watch stdout, and put something where a stream was closed (``>&-``): a file that is opened
    must not get its number, and become what is printed to.

    What is said to nobody is lost, and nobody answers what is asked; data that cannot be written
    is an error, so that the stand-in of stdout can only be read.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, mode), number)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - a number, for good
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 - a number, for good
    raw = Stdout(1, "w", closefd=False)
    found = sys.stdout if sys.stdout is not None else sys.stderr
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=found.encoding,
        errors=found.errors,
        line_buffering=raw.isatty(),
    )


def number_of(stream: TextIO) -> int | None:
    """The number of a stream's file; None where it is none of the system's."""
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


def encoding_of(stream: TextIO) -> str:
    """The encoding of a stream, in small letters."""
    return (getattr(stream, "encoding", None) or "utf-8").lower()


def sayable_json(text: str, stream: TextIO, indent: int | None = None) -> str:
    """JSON as it is; in ASCII, which all encodings have, where the stream's cannot say all."""
    if encoding_of(stream).startswith("utf"):
        return text
    return json.dumps(json.loads(text), indent=indent)


def let_go() -> None:
    """Say what is still unsaid; a stream that nobody reads any more leads nowhere from here on.

    At its end the interpreter flushes both streams once more. Where that fails (a reader or a
    terminal that left) it would print a complaint and put 120 in place of the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            lead_nowhere(stream)


def lead_nowhere(stream: TextIO) -> None:
    """Put the null device under a stream, so that nothing fails on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def data_were_lost() -> bool:
    """Whether stdout could not be written; a terminal that is gone (EIO) has lost no data."""
    return Stdout.failed is not None and Stdout.failed.errno != errno.EIO
