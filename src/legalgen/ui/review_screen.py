"""A row on the terminal, and the key that says what a person thinks of it."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
import tty
from pathlib import Path
from typing import Final, Self

import msgspec

from legalgen.dataset.reviewing import Said, SheetRead, Walked
from legalgen.dataset.rows import FoundRow
from legalgen.errors import UsageError
from legalgen.errors.plurals import plural
from legalgen.store.findings import Reviewed
from legalgen.ui.console import Console
from legalgen.ui.frame import StyledLine
from legalgen.ui.row_screens import row_lines
from legalgen.ui.verdict import agreement_words, reviewed_words

KEYS: Final = "k keep, d drop, c comment, q quit"
_END_OF_FILE: Final = "\x04"


class Keyboard:
    """The terminal of the person who reads: within, each key is handed on as it is pressed.

    Nothing that was typed ahead is lost; Ctrl-C still interrupts.
    """

    def __init__(self, console: Console) -> None:
        """Ask at this terminal.

        Raises:
            UsageError: there is none.
        """
        if console.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError(
                "dataset review asks a person at a terminal; without one, `legalgen dataset stats "
                "--review rows.csv` writes a sheet to mark, and `review --from rows.csv` reads it"
            )
        self._console = console
        self._descriptor = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._descriptor)

    def __enter__(self) -> Self:
        tty.setcbreak(self._descriptor, termios.TCSADRAIN)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def ask(self, row: FoundRow, number: int, of: int) -> Said:
        """Show a row and wait for a key; a comment may go before the verdict."""
        self._console._lines([StyledLine.of(f"\n--- {number} of {of} ---", "dim")])
        self._console._lines(row_lines(row, judged=False))
        remark = ""
        while True:
            self._console._lines([StyledLine.of(KEYS, "cyan")])
            match self._key():
                case "k":
                    return Said("right", remark)
                case "d":
                    return Said("wrong", remark)
                case "c":
                    remark = self._comment()
                case key if key in ("q", "", _END_OF_FILE):
                    return Said("", remark, quits=True)

    def _key(self) -> str:
        """One key, without Enter; empty where the terminal is gone."""
        try:
            return os.read(self._descriptor, 1).decode("latin-1").lower()
        except OSError:  # EIO
            return ""

    def _comment(self) -> str:
        self._console._lines([StyledLine.of("comment, ended by Enter:", "dim")])
        self.__exit__()
        try:
            return sys.stdin.readline().strip()
        finally:
            self.__enter__()


# --- what came of it ---------------------------------------------------------------------------


def show_walked(console: Console, done: Walked, found: Reviewed | None) -> None:
    """How far it went, and what was found in all."""
    left = "" if done.read == done.of else "; the same command goes on"
    console.text(
        f"{done.read} of {plural(done.of, 'row')} read; now {done.kept} kept, {done.dropped} taken "
        f"out{left}"
    )
    _show_found(console, found)


def show_sheet(
    console: Console, path: Path, done: SheetRead, found: Reviewed | None, *, drop: bool
) -> None:
    """How many marks a sheet held, and what was found in all; ``drop``: the wrong are out now."""
    if console.json:
        console.data({**msgspec.to_builtins(done), "reviewed": found})
        return
    before = len(done.wrong) - done.taken_out
    out = f", {done.taken_out} taken out" if done.taken_out else ""
    out += f", {before} out already" if drop and before else ""
    console.text(
        f"{path}: {plural(done.marked, 'row')} marked, {len(done.wrong)} of them wrong{out}; "
        f"{done.unmarked} say nothing, {done.unknown} are of no row here"
    )
    if done.wrong and not drop and not console.quiet:
        console.talk("--drop takes out those that were found wrong")
    _show_found(console, found)


def _show_found(console: Console, found: Reviewed | None) -> None:
    if found is not None:
        console.text(f"reviewed: {reviewed_words(found)}")
        for both in found.agreements:
            console.text(f"agreement: {agreement_words(both)}")
