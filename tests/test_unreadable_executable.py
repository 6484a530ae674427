"""The executable where a folder or a file may not be read: a sentence with what to do, no call, and
never the answer of an empty one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import MODES_BIND, Ended, Program
from tests.vendors import VendorServer

ONE = ("--route", "groq/openai/gpt-oss-120b")


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


@MODES_BIND
def test_every_command_says_which_folder_cannot_be_read(program: Program, tmp_path: Path) -> None:
    """Of a data dir as a whole, and of the folders in it; the doctor goes on to its end."""
    assert program.run("batch", *ONE, "-n", "2").code == 0
    commands = {
        ".": ["history", "models", "batch --resume", "dataset stats", "dataset verify",
              "dataset list --rejected", "sources list"],
        "train": ["dataset list"],
        "train/data": ["dataset verify --repair", "dataset stats", "dataset sample",
                       "dataset export OUT", "dataset drop --topic x", "dataset import FILE"],
        "batches": ["history --spend", "batch --stop", "models --compare"],
        "journal": ["dataset verify", "dataset compact"],
        "state": ["dataset stats"],
    }  # fmt: skip
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"question": "q", "answer": "a"}\n')
    for name, all_ in commands.items():
        folder = program.data_dir.root / name
        with of_mode(folder, 0):
            for command in all_:
                words = command.replace("OUT", str(tmp_path / "x.jsonl")).replace("FILE", str(rows))
                assert_refused(program.run(*words.split()), folder)
    for folder in (program.data_dir.root, program.data_dir.parts()):
        with of_mode(folder, 0):
            ended = program.run("doctor", "--json")
        found = {each["name"]: each for each in ended.json if each["state"] == "bad"}
        assert (ended.code, list(found)) == (1, ["data dir"]), ended.err
        assert str(folder) in str(found["data dir"])


@MODES_BIND
def test_a_config_file_that_may_not_be_looked_at(program: Program, tmp_path: Path) -> None:
    """Wherever it was named, and where it was not; and so a model of one's own."""
    closed = tmp_path / "closed"
    closed.mkdir()
    named = str(closed / "config.toml")
    with of_mode(closed, 0):
        assert_refused(program.run("config", "show", "--config", named), closed, 2)
        environ = {"LEGALGEN_CONFIG": named}
        assert_refused(program.run("doctor", environ=environ), closed, 2)
        environ = {"LEGALGEN_CONFIG": "", "XDG_CONFIG_HOME": str(closed)}
        assert_refused(program.run("history", environ=environ), closed, 2)
        model = closed / "x.gguf"
        local = ("--provider", "local", "--model", str(model))
        assert_refused(program.run("generate", *local), closed)
    model.write_bytes(b"GGUF")
    with of_mode(model, 0):
        assert_refused(program.run("generate", *local), model)
