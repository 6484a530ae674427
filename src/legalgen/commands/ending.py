"""What is done from outside at the end of a batch: a running one is stopped, somebody is told."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from typing import Any

import msgspec

from legalgen.batch.signals import heeded, leave
from legalgen.errors import LegalgenError, UsageError
from legalgen.errors.redaction import redact
from legalgen.settings.layers import Settings
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Record, is_alive
from legalgen.telemetry.slow import told_when_slow
from legalgen.ui.console import Console

LONGEST_TOLD_S = 60.0
"""A command that tells somebody and takes longer hangs: the end of a batch does not wait for it."""

STDERR = 2
"""As a file descriptor: what the command says may be a bell."""


def stop_batch(settings: Settings, console: Console, batch_id: str | None) -> int:
    """Ask a running batch to end as SIGTERM does; a second time, to abandon what is in flight.

    Raises:
        UsageError: it does not run, runs elsewhere, or is another user's.
    """
    record = _running(settings, batch_id)
    process = record.process
    if process.host != socket.gethostname():
        raise UsageError(
            f"batch {record.id} runs on {process.host} (pid {process.pid}): stop it there"
        )
    if not is_alive(process):
        raise UsageError(f"batch {record.id}: its process {process.pid} cannot be told for sure")
    try:
        os.kill(process.pid, signal.SIGTERM)
    except OSError as error:
        why = error.strerror
        raise UsageError(
            f"batch {record.id} (pid {process.pid}) cannot be stopped: {why}"
        ) from error
    if console.json:
        console.data({"id": record.id, "pid": process.pid, "host": process.host})
    elif not console.quiet:
        console.talk(
            f"Batch {record.id} (pid {process.pid}) finishes what is in flight, seals and ends. "
            "Once more abandons what is in flight."
        )
    return 0


def _running(settings: Settings, batch_id: str | None) -> Record:
    ledger = Ledger(DataDir(settings.data_dir))
    if batch_id is not None:
        record = ledger.find(batch_id)
        if (status := ledger.status_of(record)) != "running":
            raise UsageError(f"batch {record.id} is {status}: there is nothing to stop")
        return record
    for entry in ledger.newest():
        if isinstance(entry, Record) and ledger.status_of(entry) == "running":
            return entry
    raise UsageError(f"no batch is running in {settings.data_dir}")


def failure_json(error: LegalgenError) -> dict[str, Any]:
    """A batch that could not be, as the JSON that ``--on-end`` gets."""
    told = {"kind": type(error).__name__, "message": str(error)}
    return {"status": "failed", "exit_code": int(error.exit_code), "error": told}


def tell_end(settings: Settings, console: Console, summary: Mapping[str, Any]) -> None:
    """Run ``--on-end`` with the summary as JSON on its stdin; its failure is a warning.

    What it prints goes to stderr: stdout is for data.

    Raises:
        KeyboardInterrupt, SystemExit: a signal ended it, and all that it started.
    """
    if settings.on_end is None:
        return
    text = json.dumps(msgspec.to_builtins(summary), ensure_ascii=False)
    waiting = f"Waiting for --on-end, {LONGEST_TOLD_S:.0f} s at most."
    try:
        with told_when_slow(console.hint, waiting):
            code = _exit_code(settings.on_end, redact(text, settings.secrets()) + "\n")
    except subprocess.TimeoutExpired:
        console.talk(f"Warning: --on-end did not end within {LONGEST_TOLD_S:.0f} s and was killed.")
    except OSError as error:
        console.talk(f"Warning: --on-end cannot be run: {error.strerror}.")
    else:
        if code:
            console.talk(f"Warning: --on-end ended with {code}.")


def _exit_code(command: str, text: str) -> int:
    """Run a command with a text on its stdin; nothing that it started outlives its time.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``LONGEST_TOLD_S``.
        OSError: there is no shell.
        KeyboardInterrupt, SystemExit: a signal asks to end.
    """
    process: subprocess.Popen[str] | None = None

    def kill() -> None:
        if process is not None and process.returncode is None:
            with contextlib.suppress(OSError):  # all of it ended just now
                os.killpg(process.pid, signal.SIGKILL)

    # In a session of its own, so that it can be killed with what it started; no signal reaches it.
    with heeded(kill, kill) as caught:
        process = subprocess.Popen(  # noqa: S603 - the user's own command line, as a crontab has it
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=STDERR,
            encoding="utf-8",
            start_new_session=True,
        )
        if caught.number is not None:  # while it was started
            kill()
        with process:
            try:
                process.communicate(text, timeout=LONGEST_TOLD_S)
            except subprocess.TimeoutExpired:
                kill()
                raise
    if caught.number is not None:
        leave(caught.number)
    return process.returncode
