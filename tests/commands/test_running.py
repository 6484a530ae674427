"""Where the events of a run go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from legalgen.commands.app import app
from tests.program import environment
from tests.vendors import VendorServer


def test_events_go_to_a_stream_that_is_no_file(
    tmp_path: Path, vendors: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that runs the command itself may put anything in the place of stdout."""
    for name, value in environment(tmp_path, vendors).items():
        monkeypatch.setenv(name, value)
    asked = ("-p", "groq", "--no-failover", "-n", "1", "--events", "-", "-q")
    done = CliRunner().invoke(app, ["batch", *asked])
    assert done.exit_code == 0, done.output
    told = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert (told[0], told[-1]) == ("BatchStarted", "BatchFinished")
