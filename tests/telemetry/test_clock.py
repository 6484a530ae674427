"""The clock that is passed in, and the two of the tests: nobody sleeps on any other."""

from __future__ import annotations

import threading
import time

from legalgen.telemetry.clock import Clock
from tests.simulation import LONGEST_S, HeldTime, Time


def test_sleeping_on_the_machines_clock_takes_its_seconds() -> None:
    """At least as long as it was asked for."""
    started = time.monotonic()
    Clock().sleep(0.02)
    assert time.monotonic() - started >= 0.02


def test_a_wait_ends_when_it_is_notified() -> None:
    """The machine's clock waits as the condition itself does."""
    condition = threading.Condition()

    def notify() -> None:
        with condition:
            condition.notify()

    with condition:
        threading.Thread(target=notify).start()
        assert Clock().wait(condition, LONGEST_S)


def test_a_wait_in_one_thread_lets_happen_what_was_to_happen() -> None:
    """On the simulated clock an hour takes no time, and what falls into it happens in order."""
    simulated, seen = Time(), []
    start = simulated.now
    for moment in (50.0, 10.0, 5000.0):
        simulated.at(start + moment, lambda: seen.append(simulated.now - start))
    simulated.clock.sleep(3600)
    assert (seen, simulated.now - start) == ([10.0, 50.0], 3600.0)


def test_held_time_passes_when_it_is_advanced_and_not_before() -> None:
    """A thread that waits looks again and again, and sees an hour pass at once."""
    held, condition, looked = HeldTime(), threading.Condition(), threading.Event()
    until = held.now + 3600

    def wait() -> None:
        with condition:
            while (left := until - held.clock.monotonic()) > 0:
                held.clock.wait(condition, left)
                looked.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert looked.wait(LONGEST_S)
    assert thread.is_alive()
    held.advance(3600)
    thread.join(LONGEST_S)
    assert not thread.is_alive()


def test_a_monotonic_time_is_told_as_a_time_of_day() -> None:
    """By how far the two clocks stand apart now, for times to come and times that went by."""
    clock = Clock(monotonic=lambda: 100.0, wall=lambda: 5000.0)
    assert (clock.wall_at(130.0), clock.wall_at(70.0)) == (5030.0, 4970.0)
