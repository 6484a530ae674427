"""What the shell gives the executable: closed and full streams, few files, files without an end."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.program import EXECUTABLE, LONGEST_S, Program
from tests.vendors import VendorServer
from tests.waiting import eventually

ONE = ("--route", "groq/openai/gpt-oss-120b")


def shell(program: Program, command: str) -> subprocess.CompletedProcess[str]:
    """A command of the shell, in which ``legalgen`` is the executable."""
    return subprocess.run(
        ["/bin/bash", "-c", command],
        env={**program.environ, "PATH": f"{EXECUTABLE.parent}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )


@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
@pytest.mark.parametrize("words", ["history --json", "config show", "--help", "--version"])
def test_data_that_cannot_be_written_is_a_sentence_and_74(
    program: Program, words: str, where: str
) -> None:
    """stdout is full or closed: no traceback, and no success."""
    ended = shell(program, f"legalgen {words} {where}")
    why = "No space left on device" if "full" in where else "it is closed"
    assert (ended.returncode, ended.stderr) == (74, f"Error: stdout cannot be written: {why}\n")


def test_a_mistake_stays_a_mistake_where_stdout_is_full(program: Program) -> None:
    """The first error is the one to tell."""
    ended = shell(program, "legalgen nonsense --json >/dev/full")
    assert (ended.returncode, "No such command" in ended.stderr) == (2, True)


def test_a_batch_with_every_stream_closed_writes_its_rows(
    program: Program, vendors: VendorServer
) -> None:
    """No file that is opened gets the number of a stream; what is said to nobody is lost."""
    ended = shell(program, f"legalgen batch {' '.join(ONE)} -n 3 <&- >&- 2>&-")
    assert (ended.returncode, len(program.rows())) == (0, 3)
    assert program.run("dataset", "verify").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("config set-key groq", "Error: The key is empty; nothing was written.\n"),
        ("dataset review", "Error: dataset review asks a person at a terminal"),
    ],
)
def test_who_asks_where_stdin_is_closed_gets_no_answer(
    program: Program, words: str, said: str
) -> None:
    """As where it is empty: 2 and what is missing."""
    program.data_dir.create()
    ended = shell(program, f"legalgen {words} <&-")
    assert (ended.returncode, ended.stderr.startswith(said)) == (2, True), ended.stderr


@pytest.mark.parametrize("more", ["", " -q", " --json >/dev/null"])
def test_what_cannot_be_said_ends_no_batch(
    program: Program, vendors: VendorServer, more: str
) -> None:
    """stderr on a full disk: nobody hears it, every row is there, and it is a success."""
    ended = shell(program, f"legalgen batch {' '.join(ONE)} -n 3{more} 2>/dev/full")
    assert (ended.returncode, len(program.rows())) == (0, 3)
    assert shell(program, "legalgen batch --resume 2>/dev/full").returncode == 2
    assert shell(program, "legalgen nonsense 2>/dev/full").returncode == 2


@pytest.mark.parametrize("place", ["/dev/full", "- >/dev/full"])
def test_events_on_a_full_disk_lose_no_row(
    program: Program, vendors: VendorServer, place: str
) -> None:
    """Exit 74 and a sentence; what was accepted is sealed."""
    ended = shell(program, f"legalgen batch {' '.join(ONE)} -n 3 --events {place}")
    assert (ended.returncode, "No space left on device" in ended.stderr) == (74, True), ended.stderr
    assert "Traceback" not in ended.stderr
    assert program.run("dataset", "verify").code in (0, 2)


def test_a_pipe_that_nobody_reads_is_not_waited_for(
    program: Program, vendors: VendorServer, tmp_path: Path
) -> None:
    """As ``--events`` and as ``--metrics-file`` it is told before anything is paid."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ended = program.run("batch", *ONE, "-n", "1", "--events", str(pipe))
    assert (ended.code, ended.err) == (74, f"Error: --events {pipe}: nobody reads this pipe\n")
    assert vendors.calls() == []
    ended = program.run("batch", *ONE, "-n", "1", "--metrics-file", str(pipe))
    assert (ended.code, "it is a device or a pipe, and no file" in ended.err) == (2, True), ended
    assert vendors.calls() == []
    assert pipe.is_fifo()
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # before it is written: it holds 64 KB
    try:
        assert program.run("batch", *ONE, "-n", "1", "--events", str(pipe)).code == 0
        assert b'"type":"BatchFinished"' in os.read(reader, 65536)
    finally:
        os.close(reader)


@pytest.mark.parametrize("more", [(), ("--json", "--reasoning-instruction", "Weigh it. " * 900)])
@pytest.mark.skipif(sys.platform != "linux", reason="only here can a pipe be made small")
def test_a_signal_ends_a_batch_whose_events_nobody_reads_on(
    program: Program, vendors: VendorServer, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """The pipe is full and stays so: it is said, and what was paid for is sealed. The result has
    no place in it either."""
    unread, pipe = os.pipe()
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    command = [str(EXECUTABLE), "batch", *ONE, "-n", "90", "-c", "4", "--events", "-", *more]
    said = tmp_path / "said"
    with said.open("wb") as err:
        batch = subprocess.Popen(command, env=program.environ, stdout=pipe, stderr=err)
    os.close(pipe)
    try:
        eventually(lambda: b"Waiting for whoever reads --events" in said.read_bytes())
        batch.send_signal(signal.SIGTERM)
        assert batch.wait(LONGEST_S) == 143, said.read_text("utf-8")
    finally:
        batch.kill()
        batch.wait(LONGEST_S)
        os.close(unread)
    assert 0 < len(program.rows()) == len(vendors.answered()) < 90


@pytest.mark.parametrize("number", [None, signal.SIGINT])
def test_a_terminal_that_takes_nothing_holds_no_batch(
    program: Program, vendors: VendorServer, tmp_path: Path, number: signal.Signals | None
) -> None:
    """Ctrl-S, or a connection that hangs: the batch goes on to its end, or to a signal's."""
    told, held = tmp_path / "told", vendors.hold()
    held.release(2)
    command = [str(EXECUTABLE), "batch", *ONE, "-n", "6", "-c", "1", "--events", str(told)]
    ours, terminal = os.openpty()
    environ = {**program.environ, "TERM": "xterm"}
    batch = subprocess.Popen(
        command, env=environ, stdin=terminal, stdout=terminal, stderr=terminal, process_group=0
    )
    try:
        eventually(lambda: told.exists() and told.read_bytes().count(b'"SampleAccepted"') == 2)
        held.wait_for(1)
        termios.tcflow(terminal, termios.TCOOFF)
        if number is not None:
            batch.send_signal(number)
            eventually(lambda: b'"StopRequested"' in told.read_bytes())
        held.release()
        assert batch.wait(LONGEST_S) == (0 if number is None else 128 + number)
    finally:
        batch.kill()
        batch.wait(LONGEST_S)
        os.close(ours)
        os.close(terminal)
    assert len(program.rows()) == len(vendors.answered()) == (6 if number is None else 3)


def test_few_file_descriptors_suffice_or_are_told(program: Program, vendors: VendorServer) -> None:
    """``ulimit -n 24``: done, or a sentence with 74 or 75; never a traceback."""
    ended = shell(program, f"ulimit -n 24; legalgen batch {' '.join(ONE)} -n 4 -c 2 --max-wait 2s")
    assert ended.returncode in (0, 3, 74, 75), ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        "legalgen generate --show-prompt --taxonomy /dev/zero",
        "legalgen generate --show-prompt --authorities /dev/zero --citation-policy menu",
        "LEGALGEN_CONFIG=/dev/zero legalgen history",
        "mkfifo pipe; legalgen generate --show-prompt --taxonomy pipe",
    ],
)
def test_a_file_without_an_end_is_refused(program: Program, tmp_path: Path, command: str) -> None:
    """A device or a pipe is no file of settings: exit 2, at once."""
    ended = shell(program, f"cd {tmp_path}; {command}")
    assert (ended.returncode, "it is no regular file" in ended.stderr) == (2, True), ended.stderr


def test_a_file_beyond_all_measure_is_refused(program: Program, tmp_path: Path) -> None:
    """Nothing is read into memory that cannot be meant."""
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(2**34)
    ended = program.run(
        "generate", "--show-prompt", "--taxonomy", str(tmp_path / "huge.toml"), timeout_s=LONGEST_S
    )
    assert (ended.code, "it is larger than 16 MiB" in ended.err) == (2, True), ended.err


def test_a_data_dir_whose_name_is_no_text_is_refused(program: Program) -> None:
    """JSON, parquet and the ledger have no words for it."""
    for command in (
        "LEGALGEN_DATA_DIR=$'/tmp/x\\xff' legalgen history",
        "legalgen history --data-dir $'/tmp/x\\xff'",
    ):
        ended = shell(program, command)
        assert (ended.returncode, "not UTF-8" in ended.stderr) == (2, True), ended.stderr
