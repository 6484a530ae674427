"""Workers and their inbox: what they bring, in order, and how long the main thread waits for it."""

from __future__ import annotations

import pytest

from legalgen.batch.workers import Crashed, Done, Workers
from legalgen.telemetry.clock import Clock
from tests.simulation import LONGEST_S, Time


def test_an_empty_inbox_is_waited_for_on_the_clock_that_was_given() -> None:
    """Nobody works and nothing comes: the seconds pass, on a simulated clock at once."""
    time = Time()
    crew = Workers[str, str](str.upper, time.clock)
    started = time.now
    assert list(crew.receive(30.0)) == []
    assert time.now - started == 30.0


def test_what_is_noted_comes_before_what_is_told_next() -> None:
    """A note wakes nobody, and is not overtaken."""
    crew = Workers[str, str](str.upper, Clock())
    crew.note("left")
    crew.tell("came back")
    assert list(crew.receive(LONGEST_S)) == ["left", "came back"]


@pytest.mark.parametrize("jobs", [["a"], ["a", "b", "c"]])
def test_each_job_comes_back_as_done(jobs: list[str]) -> None:
    """Whoever waits is woken by it, and it is no longer active."""
    crew = Workers[str, str](str.upper, Clock())
    for job in jobs:
        crew.start(job)
    came: list[object] = []
    while crew.active:
        came += crew.receive(LONGEST_S)
    crew.dismiss()
    assert sorted(came, key=repr) == [Done(job, job.upper()) for job in jobs]


def test_a_bug_of_a_worker_comes_out() -> None:
    """Its error is handed over, not lost with the thread."""

    def work(job: str) -> str:
        raise ZeroDivisionError(job)

    crew = Workers[str, str](work, Clock())
    crew.start("a")
    [crashed] = crew.receive(LONGEST_S)
    assert isinstance(crashed, Crashed)
    assert isinstance(crashed.error, ZeroDivisionError)
    assert crew.active == 0
