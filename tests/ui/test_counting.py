"""counting.py: how far a command is, on a terminal and nowhere else."""

from __future__ import annotations

import contextlib

import pytest

from legalgen.ui.console import CLEARED, Console
from legalgen.ui.counting import Counting
from tests.ui.test_console import Stream


def test_what_takes_long_says_how_far_it_is() -> None:
    """Nothing in the first second, then a line each half second; at the end it goes."""
    now, shown = [100.0], list[str]()
    counting = Counting("checking", shown.append, clock=lambda: now[0])
    for _ in counting.each(range(9)):
        now[0] += 0.25
    assert shown == [
        "checking: 4 rows, 4 a second",
        "checking: 6 rows, 4 a second",
        "checking: 8 rows, 4 a second",
    ]
    counting.end()
    now[0] += 10
    counting.add(1)
    assert shown[3:] == [""]


def test_a_line_that_passes_by_is_written_over() -> None:
    """By the next one, cut to the width; what is said meanwhile stands in a line of its own."""
    err = Stream(terminal=True)
    console = Console(out=Stream(), err=err, environ={"TERM": "xterm"}, columns=30)
    with console.counting("looking for rows that are too near to each other") as counting:
        counting.say()
        counting.say()
        console.talk("A worker ended.")
    console.talk("Done.")
    line = "looking for rows that are too"
    assert err.getvalue() == f"{line}{CLEARED}{line}{CLEARED}A worker ended.\nDone.\n"


def test_it_goes_with_an_error() -> None:
    """What the command fails of is not written behind it."""
    err = Stream(terminal=True)
    console = Console(out=Stream(), err=err, environ={"TERM": "xterm"})
    with contextlib.suppress(ValueError), console.counting("checking") as counting:
        counting.say()
        raise ValueError
    console.talk("Error")
    assert err.getvalue() == f"checking ...{CLEARED}Error\n"


@pytest.mark.parametrize(("quiet", "terminal"), [(True, True), (False, False)])
def test_nothing_is_said_in_a_pipe_or_under_quiet(*, quiet: bool, terminal: bool) -> None:
    """A log of a night would hold a line for each half second."""
    err = Stream(terminal=terminal)
    console = Console(out=Stream(), err=err, quiet=quiet, environ={"TERM": "xterm"})
    with console.counting("checking") as counting:
        counting.say()
    assert err.getvalue() == ""
