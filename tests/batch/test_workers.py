"""Workers and their inbox: what they bring, in order, and how long the main thread waits for it."""

from __future__ import annotations

import platform
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from legalgen.batch.workers import ARENAS, MANY_THREADS, SWITCH_S, Crashed, Done, Inbox, Workers
from legalgen.telemetry.clock import Clock
from tests.simulation import LONGEST_S, Time


def test_an_empty_inbox_is_waited_for_on_the_clock_that_was_given() -> None:
    """Nobody works and nothing comes: the seconds pass, on a simulated clock at once."""
    time = Time()
    inbox = Inbox(time.clock)
    started = time.now
    assert list(inbox.receive(30.0)) == []
    assert time.now - started == 30.0


def test_what_is_quiet_comes_before_what_is_told_next() -> None:
    """It wakes nobody, and is not overtaken."""
    inbox = Inbox(Clock(), quiet=(int,))
    inbox.tell("first")
    inbox.tell(1)
    inbox.tell("came back")
    assert list(inbox.receive(LONGEST_S)) == [1, "first", "came back"]


def test_a_message_told_to_the_inbox_is_received_among_the_workers_own() -> None:
    """Whoever calls from a worker needs to know the inbox alone."""
    inbox = Inbox(Clock())
    workers = Workers[str, None](inbox.tell, inbox)
    workers.start("a")
    came: list[object] = []
    while workers.active:
        came += workers.receive(LONGEST_S)
    workers.dismiss()
    assert came == ["a", Done("a", None)]


@pytest.mark.parametrize("jobs", [["a"], ["a", "b", "c"]])
def test_each_job_comes_back_as_done(jobs: list[str]) -> None:
    """Whoever waits is woken by it, and it is no longer active."""
    workers = Workers[str, str](str.upper, Inbox(Clock()))
    for job in jobs:
        workers.start(job)
    came: list[object] = []
    while workers.active:
        came += workers.receive(LONGEST_S)
    workers.dismiss()
    assert sorted(came, key=repr) == [Done(job, job.upper()) for job in jobs]


def test_many_threads_wait_less_long_for_the_interpreter() -> None:
    """Few keep Python's interval, which costs less."""
    usual, held = sys.getswitchinterval(), threading.Event()
    workers = Workers[int, bool](lambda _: held.wait(LONGEST_S), Inbox(Clock()))
    found = []
    try:
        for job in range(MANY_THREADS):
            workers.start(job)
            found.append(sys.getswitchinterval())
    finally:
        sys.setswitchinterval(usual)
        held.set()
        workers.dismiss()
    assert found == [usual] * (MANY_THREADS - 1) + [pytest.approx(SWITCH_S)]


def test_where_the_system_gives_few_threads_they_do_all_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bound on processes is met with jobs under way: no job waits in a queue, where a thread
    would take it before its last outcome was received."""
    began = threading.Thread.start
    given = iter([began, began])

    def start(thread: threading.Thread) -> None:
        begin = next(given, None)
        if begin is None:
            raise RuntimeError("can't start new thread")
        begin(thread)

    # No bound of the system's own can be set here: root has none on processes.
    monkeypatch.setattr(threading.Thread, "start", start)
    workers = Workers[int, int](lambda job: job, Inbox(Clock()))
    left, came = list(range(5)), list[object]()
    begun = list[int]()
    while left or workers.active:
        while left and workers.active < workers.most and workers.start(left[0]):
            left.pop(0)
        begun.append(workers.active)
        came += workers.receive(LONGEST_S)
    workers.dismiss()
    assert (workers.most, max(begun)) == (2, 2)
    assert sorted(came, key=repr) == [Done(job, job) for job in range(5)]


def test_no_thread_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would ever do the job."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        Workers[int, int](abs, Inbox(Clock())).start(1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_without_memory_to_say_so_is_one_that_crashed() -> None:
    """Its thread is gone without a word: nobody waits for it, and it is told once."""

    class Full(Inbox):
        def tell(self, message: object) -> None:
            if isinstance(message, Crashed) or message == Done(2, 2):
                raise MemoryError
            super().tell(message)

    workers = Workers[int, int](lambda job: job, Full(Clock()))
    for job in (1, 2, 3):
        workers.start(job)
    came = list[object]()
    end = time.monotonic() + LONGEST_S
    while workers.active:
        assert time.monotonic() < end, came
        came += workers.receive(0.05)
    came += workers.receive(0.0)
    workers.dismiss()
    crashed = [each for each in came if isinstance(each, Crashed)]
    assert [type(each.error) for each in crashed] == [MemoryError]
    done = [each for each in came if isinstance(each, Done)]
    assert sorted(done, key=repr) == [Done(1, 1), Done(3, 3)]


def test_a_bug_of_a_worker_comes_out() -> None:
    """Its error is handed over, not lost with the thread."""

    def work(job: str) -> str:
        raise ZeroDivisionError(job)

    workers = Workers[str, str](work, Inbox(Clock()))
    workers.start("a")
    [crashed] = workers.receive(LONGEST_S)
    assert isinstance(crashed, Crashed)
    assert isinstance(crashed.error, ZeroDivisionError)
    assert workers.active == 0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's allocator")
def test_threads_allocate_from_few_arenas(tmp_path: Path) -> None:
    """Of its own accord glibc makes one for each thread, up to eight a core."""
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", ALLOCATING, str(told)], check=True, timeout=LONGEST_S)
    assert 1 <= told.read_text("utf-8").count("<heap ") <= ARENAS


ALLOCATING = """
import ctypes, sys, threading
from legalgen.batch.workers import Inbox, Workers
from legalgen.telemetry.clock import Clock

libc, together = ctypes.CDLL(None), threading.Barrier(8)
libc.fopen.restype = libc.malloc.restype = ctypes.c_void_p
workers = Workers(lambda _: (libc.malloc(5_000), together.wait(60)), Inbox(Clock()))
for job in range(8):
    workers.start(job)
while workers.active:
    list(workers.receive(60))
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""
