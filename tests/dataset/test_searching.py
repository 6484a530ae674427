"""searching.py: a search ends, whatever the expression is."""

from __future__ import annotations

import signal
import threading

import pytest

from legalgen.dataset.searching import found
from legalgen.store.journal import BatchWriter, Rejected
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import NOW, written
from tests.program import Program

ENDLESS = r"(\w+\s?)*\?\?$"
TEXT = "The buyer may reject the goods within a reasonable time of their delivery. " * 4


def test_a_search_without_end_is_broken_off_and_the_next_one_is_not() -> None:
    """Nothing of the clock is left: what takes as long outside of a search goes on."""
    with pytest.raises(TimeoutError):
        found(ENDLESS, [TEXT], longest_s=0.02)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
    signal.raise_signal(signal.SIGVTALRM)
    assert found("REASONABLE time", [TEXT])
    assert not found("a month", [TEXT])


def test_a_thread_searches_too() -> None:
    """Where no signal could be heeded."""
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(found("goods", [TEXT])))
    thread.start()
    thread.join(60)
    assert seen == [True]


@pytest.mark.parametrize("rejected", [(), ("--rejected",)])
def test_the_program_says_why_a_search_ended(program: Program, rejected: tuple[str, ...]) -> None:
    """With what to write instead; of rows and of refused answers alike."""
    written(program.data_dir.root, [make_sample(0, answer=TEXT)])
    with BatchWriter(program.data_dir, BATCH, note_part=lambda *_: None) as writer:
        writer.reject(Rejected(NOW, 1, "groq", "m", (), TEXT, len(TEXT)))
    done = program.run("dataset", "list", "--grep", ENDLESS, *rejected)
    assert (done.code, done.out) == (2, "")
    assert f"--grep {ENDLESS}: the search in one row took over 1 s; write it without" in done.err
