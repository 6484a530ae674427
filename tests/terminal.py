"""The program in a terminal: a pseudo-terminal, and pyte to see what a person would see."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyte

LONGEST_S = 60.0


class _Scrollback(pyte.HistoryScreen):
    """A screen that keeps the lines which scroll off it, and whose pages nobody turns.

    pyte wraps each event, of which every letter is one, in what turning them would need: twice the
    time.
    """

    __getattribute__ = object.__getattribute__


class Screen:
    """A screen with its scrollback, fed with what a program writes."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._screen = _Scrollback(columns, rows, history=5_000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self._hidden = 0

    def feed(self, data: bytes) -> None:
        """Take in output."""
        self.raw += data
        self._stream.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        """Another size. Lines are cut, as xterm does; rows that have no place go into the
        scrollback and come back from there, as in every terminal but this emulator's own."""
        self._screen.resize(self._screen.lines, columns)
        screen, top = self._screen, self._screen.history.top
        missing = screen.lines - rows
        # blank rows below the cursor go first
        out = max(0, screen.cursor.y + 1 - rows)
        top.extend(copy.copy(screen.buffer[row]) for row in range(out))
        self._hidden += out
        back = min(self._hidden, -missing) if missing < 0 else 0
        self._hidden -= back
        kept = [top.pop() for _ in range(back)][::-1]
        kept += [copy.copy(screen.buffer[row]) for row in range(out, screen.lines)]
        screen.buffer.clear()
        screen.buffer.update(enumerate(kept[:rows]))
        screen.cursor.y += back - out
        screen.lines = rows
        screen.set_margins()
        screen.dirty.update(range(rows))

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without blank lines at its end."""
        lines: list[str] = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def everything(self) -> str:
        """The scrollback and the screen."""
        top = [
            "".join(row[column].data for column in range(self._screen.columns)).rstrip()
            for row in self._screen.history.top
        ]
        return "\n".join([*top, *self.lines])


class Terminal(Screen):
    """A running program and its screen."""

    def __init__(
        self, process: subprocess.Popen[bytes], master: int, columns: int, rows: int
    ) -> None:
        super().__init__(columns, rows)
        self.process = process
        self._master = master

    def look(self, seconds: float = 0.05) -> bool:
        """Take in what comes within ``seconds``; False once the program has closed its side."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # EIO: Linux' word for the end
            return False
        self.feed(data)
        return bool(data)

    def until(self, seen: Callable[[Terminal], bool]) -> None:
        """Look until something is seen.

        Raises:
            AssertionError: it never was.
        """
        end = time.monotonic() + LONGEST_S
        while not seen(self):
            assert self.look() or seen(self), self.everything
            assert time.monotonic() < end, self.everything

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def set_size(self, columns: int, rows: int) -> None:
        """Drag the window's corner."""
        set_size(self._master, columns, rows)
        self.resize(columns, rows)

    def end(self) -> int:
        """Look until the program ends; its exit code."""
        end = time.monotonic() + LONGEST_S
        while self.look():
            assert time.monotonic() < end, self.everything
        return self.process.wait(LONGEST_S)


def set_size(descriptor: int, columns: int, rows: int) -> None:
    """Tell a terminal its size."""
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextlib.contextmanager
def in_terminal(
    command: Sequence[str], environ: Mapping[str, str], columns: int = 80, rows: int = 24
) -> Iterator[Terminal]:
    """A program with a terminal of its own; it is killed when the block ends before it."""
    master, slave = pty.openpty()
    set_size(slave, columns, rows)
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={"TERM": "xterm-256color", **environ},
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 - no threads are started before
    )
    os.close(slave)
    try:
        with process:
            yield Terminal(process, master, columns, rows)
            if process.poll() is None:
                process.kill()
    finally:
        os.close(master)


def _own_terminal() -> None:
    """Make stdin the controlling terminal, so that keys become signals."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
