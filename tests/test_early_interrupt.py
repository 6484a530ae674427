"""Ctrl-C while modules are imported: 130, without a word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import environment

CHILD = """
import os, signal, sys
when, in_a_class, *words = sys.argv[1:]

class Interrupt:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == when and in_a_class:
            type("Model", (), {"field": Interrupt()})
        elif name == when:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
sys.argv = ["/usr/bin/legalgen", *words]
from legalgen.cli import main
main()
"""
"""Runs the program; as a module is looked for, or in a class of it, the signal arrives."""


@pytest.mark.parametrize("in_a_class", ["", "yes"], ids=["between", "in a class"])
@pytest.mark.parametrize(
    "module",
    ["legalgen.commands.shell_completion", "typer", "legalgen.commands.app",
     "legalgen.commands.history", "legalgen.store.ledger"],
)  # fmt: skip
def test_ctrl_c_at_any_import(module: str, in_a_class: str, tmp_path: Path) -> None:
    """Python before 3.12 makes a RuntimeError of it in a class, which is no bug of the program."""
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, module, in_a_class, "history"],
        env=environment(tmp_path, None),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_ctrl_c_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """Under nohup the program is not ended by it."""
    code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{CHILD}"
    ended = subprocess.run(
        [sys.executable, "-c", code, "typer", "", "history"],
        env=environment(tmp_path, None),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0
