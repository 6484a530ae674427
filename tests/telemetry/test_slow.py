"""What takes long is told while it goes on, and never afterwards."""

from __future__ import annotations

import threading

import pytest

from legalgen.telemetry.slow import told_when_slow


def test_what_takes_long_is_told_meanwhile() -> None:
    """From another thread, since this one waits."""
    told = threading.Event()
    with told_when_slow(lambda _: told.set(), "waiting", after_s=0.0):
        assert told.wait(60.0)


def test_what_is_done_is_not_told() -> None:
    """And nothing is left that would."""
    said: list[str] = []
    threads = threading.active_count()
    with told_when_slow(said.append, "never", after_s=60.0):
        pass
    assert (said, threading.active_count()) == ([], threads)


def test_the_telling_is_done_when_the_block_is() -> None:
    """What is printed next stands below it."""
    begun, said = threading.Event(), list[str]()

    def tell(sentence: str) -> None:
        begun.set()
        said.append(sentence)

    with told_when_slow(tell, "waiting", after_s=0.0):
        begun.wait(60.0)
    assert said == ["waiting"]


def test_where_the_system_gives_no_thread_the_work_is_done_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bound on processes or memory is met by a batch of many workers, whose end is told so."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    done = list[str]()
    with told_when_slow(done.append, "waiting", after_s=0.0):
        done.append("work")
    assert done == ["work"]
