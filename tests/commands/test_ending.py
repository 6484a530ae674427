"""The end of a batch from outside: --stop, --on-end, and what --quiet says of each end."""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from legalgen.commands import ending
from legalgen.settings.layers import Settings
from legalgen.store.ledger import Ledger
from legalgen.ui.console import Console
from tests.program import LONGEST_S, Ended, Program
from tests.vendors import VendorServer
from tests.waiting import eventually

pytestmark = pytest.mark.process


def test_stop_ends_a_batch_as_sigterm_does(program: Program, vendors: VendorServer) -> None:
    """What is in flight is finished and sealed; history shows which process it is."""
    held = vendors.hold()
    with program.start("batch", "-n", "900", "-c", "2", "--json") as running:
        held.release(1)
        running.wait_for("SampleAccepted")
        held.wait_for(2)
        shown = program.run("history", program.record().id).out
        stopped = program.run("batch", "--stop")
        running.wait_for("StopRequested")
        held.release()
        ended = running.end()
    assert (stopped.code, stopped.out) == (0, "")
    assert f"pid {running.process.pid} on {os.uname().nodename}" in shown
    assert "--stop" in shown
    assert (ended.code, ended.json["status"]) == (143, "stopped")
    assert len(program.rows()) == len(vendors.answered()) >= 2


def test_stop_names_its_batch(program: Program, vendors: VendorServer) -> None:
    """By an id or its beginning; what does not run is said, and so is a batch of another host."""
    assert program.run("batch", "-n", "1").code == 0
    done = program.record().id
    assert "is completed: there is nothing to stop" in program.run("batch", done, "--stop").err
    assert "no batch is running in" in program.run("batch", "--stop").err
    held = vendors.hold()
    with program.start("batch", "-n", "9") as running:
        held.wait_for(1)
        # Nearly whole: ids of one second may begin alike.
        told = program.run("batch", program.record().id[:-1], "--stop", "--json").json
        running.wait_for("StopRequested")
        held.release()
        assert running.end().code == 143
    assert (told["id"], told["pid"]) == (program.record().id, running.process.pid)


def test_a_process_that_is_another_by_now_gets_no_signal(
    program: Program, vendors: VendorServer
) -> None:
    """A record that says running with a pid that someone else has: nobody is killed."""
    assert program.run("batch", "-n", "1").code == 0
    record = program.record()
    record.status = "running"
    record.process = structs.replace(record.process, pid=os.getpid())
    Ledger(program.data_dir).save(record, force=True)
    ended = program.run("batch", record.id, "--stop")
    assert (ended.code, "is interrupted: there is nothing to stop" in ended.err) == (2, True)


def told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_somebody_is_told_of_the_end(program: Program, vendors: VendorServer) -> None:
    """The summary as JSON on stdin, of a batch that could not begin the error; no key in it."""
    mail = program.home / "mail"
    command = f"cat >> {shlex.quote(str(mail))}; echo told"
    ended = program.run("batch", "-n", "2", "--on-end", command, "--json")
    assert (ended.code, ended.json["exit_code"]) == (0, 0)
    assert "told" in ended.err.splitlines()
    vendors.fail(None, "unauthorized")
    assert program.run("batch", "-n", "2", "--on-end", command, "--quiet").code == 3
    first, second = told(mail)
    assert first == ended.json
    assert second["exit_code"] == 3
    assert vendors.key("groq") not in mail.read_text("utf-8")


def test_a_command_that_fails_is_a_warning(program: Program, vendors: VendorServer) -> None:
    """The batch ends as it would have, also where nobody reads stdin."""
    ended = program.run("batch", "-n", "1", "--on-end", "exec 0<&-; exit 7")
    assert ended.code == 0
    assert "Warning: --on-end ended with 7." in ended.err


def test_a_command_that_takes_long_is_told(program: Program, vendors: VendorServer) -> None:
    """That it is waited for, and how long at most; here it ends when that is said."""
    said = program.home / "said"
    os.mkfifo(said)
    with program.start("batch", "-n", "1", "--on-end", f"read -r line < {said}") as running:
        eventually(lambda: "Waiting for --on-end, 60 s at most." in running.said())
        said.write_text("so it is\n")
        ended = running.end()
    assert (ended.code, "Warning" in ended.err) == (0, False)


def test_nothing_that_a_command_started_outlives_its_time(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shell is killed with all that it waits for: nobody holds the other end of a pipe."""
    held = program.home / "held"
    os.mkfifo(held)
    reading = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    communicate = subprocess.Popen.communicate

    def once_begun(process: subprocess.Popen[str], text: str, timeout: float) -> Any:
        assert timeout == ending.LONGEST_TOLD_S
        assert select.select([reading], [], [], LONGEST_S)[0]
        return communicate(process, text, timeout=0.01)

    # The minute is over as soon as the command has begun, however busy the machine.
    monkeypatch.setattr(subprocess.Popen, "communicate", once_begun)
    command = f"(echo begun; sleep 300; true) > {shlex.quote(str(held))}; true"
    settings = Settings.load({"on_end": command}, program.environ, None)
    ending.tell_end(settings, Console(), {"status": "completed"})
    assert "--on-end did not end within 60 s and was killed." in capsys.readouterr().err
    assert os.read(reading, 100) == b"begun\n"
    os.set_blocking(reading, True)
    ready, _, _ = select.select([reading], [], [], 10)
    assert (ready, os.read(reading, 100) if ready else None) == ([reading], b"")
    os.close(reading)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_command_with_the_batch(
    program: Program, vendors: VendorServer, number: signal.Signals
) -> None:
    """All that it started is killed, the batch is sealed, and the exit code is the signal's."""
    held = program.home / "held"
    os.mkfifo(held)
    reading = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    command = f"(echo begun; sleep 300; true) > {shlex.quote(str(held))}; true"
    with program.start("batch", "-n", "1", "--on-end", command) as running:
        assert select.select([reading], [], [], LONGEST_S)[0], running.said()
        assert os.read(reading, 100) == b"begun\n"
        running.signal(number)
        ended = running.end()
    os.set_blocking(reading, True)
    ready, _, _ = select.select([reading], [], [], LONGEST_S)
    assert (ready, os.read(reading, 100) if ready else None) == ([reading], b"")
    os.close(reading)
    assert (ended.code, "Traceback" in ended.err) == (128 + number, False)
    assert (program.status(), len(program.rows())) == ("completed", 1)


def test_a_normal_night_says_nothing(program: Program, vendors: VendorServer) -> None:
    """Done, a bound, a pause; and a dataset that is whole."""
    assert program.run("batch", "-n", "2", "--quiet") == Ended(0, "", "")
    assert program.run("batch", "-n", "9", "--max-calls", "2", "--quiet") == Ended(4, "", "")
    assert program.run("dataset", "verify", "--quiet") == Ended(0, "", "")
    vendors.fail(None, "rpd", after=1, retry_after_s=2700.0)
    assert program.run("batch", "-n", "9", "--max-wait", "1s", "--quiet") == Ended(75, "", "")


def test_a_server_that_is_not_there_is_said_under_quiet(program: Program) -> None:
    """It is exit code 75 as a limit is, and one that may wait for somebody to mend it."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        for command in ("batch", "generate"):
            ended = program.run(
                command, "-q", "--provider", "openai", "--base-url", address, "--model", "m",
                "--max-wait", "1s", "--no-failover",
            )  # fmt: skip
            assert ended.code in (3, 75)
            assert (ended.out, address.removesuffix("/v1") in ended.err) == ("", True)


def test_what_is_not_whole_is_said_under_quiet(program: Program, vendors: VendorServer) -> None:
    """A part that is gone."""
    assert program.run("batch", "-n", "2", "--quiet").code == 0
    next(program.data_dir.parts().glob("*.parquet")).unlink()
    ended = program.run("dataset", "verify", "--quiet")
    assert ended.code == 1
    assert "finding" in ended.out
