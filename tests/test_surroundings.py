"""Children of tests begin alike, whatever the shell or the runner of the tests has set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

import pytest
from hypothesis.internal.conjecture.providers import HypothesisProvider

from tests import extended, surroundings

ROOT = Path(__file__).parents[1]
SHOWS = """
import json, os, signal
with open("/proc/self/status") as file:
    status = dict(line.split(":\\t", 1) for line in file if line.startswith("Sig"))
ours = [n for n in ("SIGINT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGCHLD")
        if signal.getsignal(getattr(signal, n)) not in (signal.SIG_DFL, signal.default_int_handler)]
print(json.dumps([ours, int(status["SigBlk"], 16), sorted(os.environ)]))
"""
WILD = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
os.environ.update(GROQ_API_KEY="gsk", LEGALGEN_COUNT="9", COLUMNS="9", LC_ALL="C", TZ="Asia/Tokyo")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_a_child_has_default_signals_and_a_known_environment() -> None:
    """Nothing is ignored or blocked, and no variable is left over from whoever runs the tests."""
    done = subprocess.run(
        [sys.executable, "-c", SHOWS], capture_output=True, text=True, check=True, timeout=60
    )
    ignored, blocked, names = json.loads(done.stdout)
    assert (ignored, blocked) == ([], 0)
    assert {"COLUMNS", "LC_ALL", "GROQ_API_KEY", "LEGALGEN_COUNT"} & set(names) == set()
    assert (os.environ["TZ"], os.environ["LANG"]) == ("UTC", "C.UTF-8")


def test_so_it_is_under_a_runner_that_ignores_and_blocks_signals() -> None:
    """`make test &` in a script, nohup, a scheduler: the test above says the same there."""
    inner = f"{Path(__file__).relative_to(ROOT)}::{_above.__name__}"
    done = subprocess.run(
        [sys.executable, "-c", WILD, "-m", "pytest", "-q", "-p", "no:cacheprovider", inner],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


_above = test_a_child_has_default_signals_and_a_known_environment


def test_fixed_examples_are_the_same_whatever_else_is_imported(
    pytestconfig: pytest.Config,
) -> None:
    """Constants of the modules that are imported go into new examples alone."""
    mixed_in = len(HypothesisProvider(None)._local_constants)
    assert (mixed_in > 0) == (pytestconfig.getoption("--hypothesis-profile") == "random")


def test_an_environment_is_made_known() -> None:
    """What says where programs are stays; what a person set does not."""
    environ = {"PATH": "/bin", "COLUMNS": "80", "HTTPS_PROXY": "http://x", "PYTEST_X": "1"}
    surroundings.make_environment_known(environ)
    assert environ == {"PATH": "/bin", "PYTEST_X": "1", "LANG": "C.UTF-8", "TZ": "UTC"}


def test_temporary_files_are_where_the_environment_says() -> None:
    """Those of this process, and so pytest's ``tmp_path``, and those of its children."""
    assert tempfile.gettempdir() == os.environ.get("TMPDIR", "/tmp")


def test_files_are_kept_in_memory_unless_somebody_says_where(tmp_path: Path) -> None:
    """``TMPDIR`` wins; where there is no such place, or no room in it, nothing is said."""
    for environ, memory, room, after in [
        ({}, tmp_path, 0, {"TMPDIR": str(tmp_path)}),
        ({"TMPDIR": "/var/tmp"}, tmp_path, 0, {"TMPDIR": "/var/tmp"}),
        ({}, tmp_path / "nowhere", 0, {}),
        ({}, tmp_path, 2**70, {}),
    ]:
        given = dict(environ)
        surroundings.keep_files_in_memory(given, memory, room)
        assert given == after


def test_what_extended_tests_showed_is_dated() -> None:
    """Each entry names a test that there is, with the date and the figures of its last run."""
    for node, entry in json.loads(extended.FILE.read_text("utf-8")).items():
        path, _, name = node.partition("::")
        assert entry.keys() == {"date", "outcome", "seconds", "figures"}
        if node == extended.PROPERTIES:
            continue
        assert f"def {name.partition('[')[0].rpartition('::')[2]}(" in (ROOT / path).read_text()


def test_an_extended_run_is_noted(tmp_path: Path) -> None:
    """A run that is skipped or not extended leaves what stood there; another replaces its own.

    Property tests are counted together.
    """
    file = tmp_path / "notes.json"
    file.write_text('{"kept": {"date": "2026-01-02"}}')
    notes = extended.Notes(file)
    runs: list[tuple[Literal["passed", "skipped"], list[str]]]
    runs = [("passed", ["extended"]), ("skipped", ["extended"]), ("passed", []),
            ("passed", ["hypothesis", "x"])]  # fmt: skip
    for outcome, words in runs:
        notes.pytest_runtest_logreport(
            pytest.TestReport(
                f"a.py::{outcome}{len(words)}", ("a.py", 1, ""), dict.fromkeys(words, 1),
                outcome, None, "call", user_properties=[("kills", 7)], duration=1.6,
            )
        )  # fmt: skip
    notes.pytest_sessionfinish()
    found = json.loads(file.read_text())
    assert found.keys() == {"kept", "a.py::passed1", extended.PROPERTIES}
    assert found[extended.PROPERTIES]["figures"].items() >= {"tests": 1, "failed": 0}.items()
    entry = found["a.py::passed1"]
    assert (entry["outcome"], entry["seconds"], entry["figures"]) == ("passed", 2, {"kills": 7})
