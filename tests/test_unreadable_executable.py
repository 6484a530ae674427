"""The executable where a folder or a file may not be read: a sentence with what to do, no call, and
never the answer of an empty one."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import Ended, Program
from tests.vendors import VendorServer

ONE = ("--route", "groq/openai/gpt-oss-120b")
MODES_BIND = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None,
    reason="root may read everything, and there is no setpriv to take that from it",
)


@pytest.fixture
def program(vendors: VendorServer, tmp_path: Path) -> Program:
    """One to which modes of files apply."""
    return Program(tmp_path, vendors, powerless=True)


@contextlib.contextmanager
def of_mode(path: Path, mode: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before & 0o7777)


def assert_refused(ended: Ended, path: Path, code: int = 74) -> None:
    """One sentence that names the path, and what gives access to it."""
    assert (ended.code, ended.err.count("Traceback")) == (code, 0), ended.err
    cure = f"`chmod u+rwX {path}` gives you access"
    assert ended.err.splitlines()[-1].startswith("Error: "), ended.err
    assert cure in ended.err, ended.err


@MODES_BIND
@pytest.mark.parametrize("mode", [0, 0o500], ids=oct)
def test_nobody_is_paid_where_a_folder_cannot_be_used(
    mode: int, program: Program, vendors: VendorServer
) -> None:
    """Rows that cannot be counted are not bought again, and none is that could not be kept."""
    assert program.run("batch", *ONE, "-n", "3").code == 0
    before = len(vendors.calls())
    here = program.data_dir
    for folder in (here.parts(), here.train, here.journal, here.batches, here.rejected, here.tmp):
        with of_mode(folder, mode):
            for order in (("--until-total", "9"), ("-n", "2", "--plan")):
                assert_refused(program.run("batch", *ONE, *order), folder)
    assert len(vendors.calls()) == before
    assert len(program.rows()) == 3
