"""What workers need for the first time, they may all need at once."""

from __future__ import annotations

import subprocess
import sys

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
