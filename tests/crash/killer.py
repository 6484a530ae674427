"""Run a Python program and end it at its n-th file operation.

    python killer.py AT HOW PROGRAM [ARGUMENT ...]        PROGRAM: a path, or -m and a module

AT counts the calls of ``os`` in ``CALLS`` from 1; 0 only counts them, and says on stderr how many
there were. HOW: ``before`` and ``after`` kill with SIGKILL around the call, ``half`` kills in the
middle of a write (``before`` at any other call). The program knows nothing of it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

CALLS = ("open", "write", "fsync", "replace", "rename", "unlink", "ftruncate", "mkdir")

Handler = Callable[..., Any]
"""Called instead of ``os.<name>`` with (name, the real call, *its arguments)."""


@contextlib.contextmanager
def intercept(handler: Handler) -> Iterator[None]:
    """Send the calls of ``os`` through ``handler``, for as long as the block lasts."""
    real = {name: getattr(os, name) for name in CALLS}
    for name, call in real.items():
        setattr(os, name, functools.partial(handler, name, call))
    try:
        yield
    finally:
        for name, call in real.items():
            setattr(os, name, call)


class Killer:
    """A handler that counts, and kills this process at the ``at``-th call."""

    def __init__(self, at: int, how: str) -> None:
        self.count = 0
        self._at = at
        self._how = how

    def __call__(self, name: str, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        if self.count != self._at:
            return real(*args, **kwargs)
        if self._how == "half" and name == "write":
            descriptor, payload = args
            real(descriptor, bytes(payload)[: len(payload) // 2])
        elif self._how == "after":
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("SIGKILL cannot be survived")


class Failer:
    """A handler that raises ``OSError(number)`` at the ``at``-th call and, if so, ever after.

    A failing write writes half first, as a disk that runs full does.
    """

    def __init__(self, at: int, number: int, *, lasting: bool) -> None:
        self.count = 0
        self._at = at
        self._number = number
        self._lasting = lasting

    def __call__(self, name: str, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        if self.count < self._at or (self.count > self._at and not self._lasting):
            return real(*args, **kwargs)
        if name == "write" and self.count == self._at:
            descriptor, payload = args
            return real(descriptor, bytes(payload)[: len(payload) // 2]) if len(payload) > 1 else 0
        if name == "unlink":
            return real(*args, **kwargs)  # a full disk can be emptied
        raise OSError(self._number, os.strerror(self._number))


def main() -> None:
    """The command line above."""
    at, how, program, *arguments = sys.argv[1:]
    killer = Killer(int(at), how)
    with intercept(killer):
        try:
            if program == "-m":
                sys.argv = list(arguments)
                runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
            else:
                sys.argv = [program, *arguments]
                runpy.run_path(program, run_name="__main__")
        finally:
            sys.stderr.write(f"operations: {killer.count}\n")


if __name__ == "__main__":
    main()
