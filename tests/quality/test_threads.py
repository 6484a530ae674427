"""What workers need for the first time, they may all need at once."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from legalgen.completion import Completion, Usage
from legalgen.law.planner import Task
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.inspection import Inspector
from legalgen.settings.layers import Settings
from legalgen.sources.passages import Passage
from legalgen.store.sample import Draft

AT_ONCE = """
import sys, threading
from legalgen.law.citations import last_sections
from legalgen.law.prompts import seeds
from legalgen.store import sample
import msgspec

sys.setswitchinterval(1e-6)
barrier = threading.Barrier(8)
answer = {"question": "q", "reasoning_steps": [], "answer": "a", "citations": []}

def first():
    barrier.wait()
    last_sections.acts.__wrapped__()
    seeds._lists.__wrapped__()
    msgspec.convert(answer, sample._Answer)

threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_files_are_read_by_many_threads_at_once() -> None:
    """The types they are read as are known by then: working one out twice at once crashes."""
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_answers_are_judged_one_after_another() -> None:
    """Of hundreds that come together the first is done, and its worker calls, before the last."""
    met = threading.Barrier(2)
    taxonomy = Taxonomy.builtin()
    area = taxonomy.areas[0]
    kind, level = taxonomy.sample_types[0].id, taxonomy.difficulties[0].id
    place = (area.jurisdiction, "", area.id, area.topics[0].id, "", level, kind)
    task = Task(0, *place, "2026-11", 7)
    meetings = []

    def passages(_: Task) -> tuple[Passage, ...]:  # asked for once by the look at each answer
        with contextlib.suppress(threading.BrokenBarrierError):
            met.wait(0.05)
            meetings.append("two at once")
        met.reset()
        return ()

    folder = Path("unused")
    settings = Settings(data_dir=folder, state_dir=folder, log_dir=folder)
    inspector = Inspector(
        settings, taxonomy, date(2026, 11, 23), rehearsal=False, passages=passages
    )
    draft = Draft("May she end the contract?", ("It was broken.",), "Yes, she may.", ())
    completion = Completion("", "stop", Usage(), "m", 1.0)
    with ThreadPoolExecutor(4) as pool:
        looks = [pool.submit(inspector.judge, draft, task, completion) for _ in range(4)]
        assert all(look.result(60).rejected for look in looks)
    assert meetings == []
