"""Files that a user names to be written: a link stays one, what is no file is never replaced."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from subprocess import PIPE

import pytest

from legalgen.settings.config_file import set_key
from tests.program import EXECUTABLE, Program
from tests.vendors import VendorServer

WRITERS = [
    ("dataset", "export"),
    ("dataset", "page"),
    ("dataset", "stats", "--html"),
    ("dataset", "stats", "--review"),
]
ONE = ("--route", "groq/openai/gpt-oss-120b", "-n", "1", "--quiet")


@pytest.mark.parametrize("words", WRITERS)
def test_a_pipe_or_a_device_is_not_replaced(
    program: Program, vendors: VendorServer, words: tuple[str, ...]
) -> None:
    """As `/dev/stdout` would be for root, for the whole machine."""
    assert program.run("batch", *ONE).code == 0
    pipe = program.home / "out.jsonl"
    os.mkfifo(pipe)
    ended = program.run(*words, str(pipe))
    said = f"Error: {pipe}: it is a device or a pipe, and no file; name a file to write\n"
    assert (ended.code, ended.err) == (2, said)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("stream", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_the_file_that_a_stream_leads_to_is_not_replaced(
    program: Program, vendors: VendorServer, stream: str
) -> None:
    """As a shell's `>> cron.log` leads it there: what stood in the log stays."""
    assert program.run("batch", *ONE).code == 0
    called = len(vendors.calls())
    log = program.home / "cron.log"
    (program.home / "link").symlink_to("/dev/stdout")
    for words in (("dataset", "stats", "--html"), ("batch", *ONE, "--metrics-file")):
        log.write_text("weeks of lines\n")
        argv = (str(EXECUTABLE), *words, stream)
        with log.open("a") as out:
            ended = subprocess.run(
                argv, env=program.environ, cwd=program.home, stdout=out, stderr=PIPE, text=True,
                check=False,
            )  # fmt: skip
        assert ended.returncode == 2, ended
        assert f"{stream}: it is a stream that is open already, and no file" in ended.stderr
        assert log.read_text() == "weeks of lines\n"
    assert len(vendors.calls()) == called


@pytest.mark.parametrize("words", WRITERS)
def test_a_symbolic_link_stays_one(
    program: Program, vendors: VendorServer, words: tuple[str, ...]
) -> None:
    """The file is written where it leads to, which may be a disk with more room."""
    assert program.run("batch", *ONE).code == 0
    (program.home / "large").mkdir()
    there, link = program.home / "large" / "out.jsonl", program.home / "out.jsonl"
    link.symlink_to(there)
    for _ in range(2):  # when it leads nowhere yet, and when it does
        assert program.run(*words, str(link)).code == 0
        assert link.is_symlink()
        assert there.stat().st_size
    assert [path.name for path in there.parent.iterdir()] == ["out.jsonl"]


@pytest.mark.parametrize("words", WRITERS)
def test_a_link_into_no_folder_is_a_mistake(
    program: Program, vendors: VendorServer, words: tuple[str, ...]
) -> None:
    """As a folder that is not there is, and no failure of the disk; nothing is made."""
    assert program.run("batch", *ONE).code == 0
    link = program.home / "out.jsonl"
    link.symlink_to(program.home / "gone" / "out.jsonl")
    ended = program.run(*words, str(link))
    said = f"{link}: it is a link into a folder that is not there; name a file to write\n"
    assert (ended.code, ended.err.endswith(said)) == (2, True), ended
    assert not (program.home / "gone").exists()


def test_metrics_behind_a_link_in_a_circle_are_a_mistake(
    program: Program, vendors: VendorServer
) -> None:
    """It names no file; nobody is called for it."""
    link = program.home / "metrics.prom"
    link.symlink_to(link)
    ended = program.run("batch", *ONE, "--metrics-file", str(link))
    said = f"{link}: it is a link that leads in a circle; name a file to write\n"
    assert (ended.code, ended.err.endswith(said)) == (2, True), ended
    assert not vendors.calls()


def test_no_link_leads_an_export_into_the_dataset(program: Program, vendors: VendorServer) -> None:
    """Its readers would take the file in."""
    assert program.run("batch", *ONE).code == 0
    link = program.home / "out.parquet"
    link.symlink_to(program.data_dir.parts() / "more.parquet")
    for words in WRITERS:
        ended = program.run(*words, str(link))
        assert (ended.code, "its readers" in ended.err or "readers would" in ended.err) == (2, True)
    assert len(list(program.data_dir.parts().iterdir())) == 1


def test_a_config_file_may_be_a_link(tmp_path: Path) -> None:
    """As it is where settings are kept together with others."""
    own, config = tmp_path / "dotfiles.toml", tmp_path / "linked.toml"
    own.write_text("count = 7\n", "utf-8")
    config.symlink_to(own)
    set_key(config, "groq", "gsk_of_mine")
    assert config.is_symlink()
    assert "gsk_of_mine" in own.read_text("utf-8")
