"""Several processes with one key, each in a data dir of its own: they share what it allows."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import LONGEST_S, Program, Running
from tests.vendors import Config, VendorServer
from tests.waiting import eventually

MODEL = "groq/openai/gpt-oss-120b"
SECONDS = 90


def company(folder: Path, server: VendorServer, count: int) -> list[Program]:
    """Programs with folders of their own, but for the state dir."""
    programs = []
    for number in range(count):
        home = folder / str(number)
        home.mkdir(parents=True)
        program = Program(home, server)
        program.environ["LEGALGEN_STATE_DIR"] = str(folder / "state")
        programs.append(program)
    return programs


def test_what_one_process_reserved_another_does_not_ask_for(
    tmp_path: Path, vendors: VendorServer
) -> None:
    """Two calls a day, and both are out: the second batch pauses and makes none."""
    first, second = company(tmp_path, vendors, 2)
    for program in (first, second):
        Path(program.environ["LEGALGEN_CONFIG"]).write_text(
            f'[limits."{MODEL}"]\nrequests_per_day = 2\n', "utf-8"
        )
    gate = vendors.hold()
    with first.start("batch", "--model", MODEL, "--no-failover", "-n", "2", "-c", "2") as running:
        gate.wait_for(2)
        paused = second.run("batch", "--model", MODEL, "--no-failover", "-n", "1", "--json")
        assert (paused.code, len(vendors.calls())) == (75, 0), paused.err
        gate.release()
        assert running.end().code == 0


def batches(folder: Path, server: VendorServer, count: int, kill: bool = False) -> dict[str, float]:
    """So many batches beside one another for ``SECONDS``: samples, and 429s as a share of calls.

    With ``kill`` the first is killed in the middle, with sixteen calls in flight.
    """
    options = ("--model", MODEL, "--no-failover", "-n", "100000", "--max-time", f"{SECONDS}s")
    at_once = str(48 // count)
    with contextlib.ExitStack() as stack:
        programs = company(folder, server, count)
        started: list[Running] = [
            stack.enter_context(each.start("batch", *options, "-c", at_once)) for each in programs
        ]
        if kill:
            eventually(lambda: server.elapsed_s() >= SECONDS / 2, LONGEST_S + SECONDS)
            started.pop(0).signal(signal.SIGKILL)
        for running in started:
            assert running.end(SECONDS + LONGEST_S).code == 4
    calls = server.calls()
    refused = sum(call.status == 429 for call in calls)
    answered = sum(call.status == 200 for call in calls)
    return {"answered": answered, "refused": refused / len(calls)}


@pytest.mark.extended
def test_three_batches_write_what_one_does(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """For 90 s each: one batch, three with one key, and three of which one is killed."""
    found = {}
    for name, count, kill in (("one", 1, False), ("three", 3, False), ("killed", 3, True)):
        with VendorServer(Config.of("groq-dev", latency="4")) as server:
            found[name] = batches(tmp_path / name, server, count, kill)
        record_property(name, found[name])
    assert found["three"]["refused"] <= 0.01
    assert found["killed"]["refused"] <= 0.01
    assert found["three"]["answered"] >= 0.95 * found["one"]["answered"]
    assert found["killed"]["answered"] >= 0.9 * found["one"]["answered"]
