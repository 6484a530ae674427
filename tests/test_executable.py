"""The executable under a shell: exit codes, signals, pipes, kill -9, one batch after another."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from tests.program import EXECUTABLE, Ended, Program, next_day, silent_port
from tests.vendors import VendorServer

MODEL = "openai/gpt-oss-120b"
ONE = ("--route", f"groq/{MODEL}")
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def assert_agree(
    ended: Ended, program: Program, server: VendorServer, *, unsent: bool = False
) -> None:
    """Ledger, dataset and server count the same.

    ``unsent``: but for calls whose deadline passed before the machine let them leave.
    """
    rows = [row for row in program.rows() if row["batch_id"] == ended.batch["id"]]
    assert ended.batch["accepted"] == len(rows)
    came = Counter(f"{call.vendor}/{call.model}" for call in server.calls())
    for name, stats in ended.batch["models"].items():
        failures = stats["failures"] if unsent else {}
        late = failures.get("timeout", 0) + failures.get("connection_error", 0)
        assert stats["calls"] - late <= came.pop(name, 0) <= stats["calls"], name
    assert not came


class TestFailures:
    """A vendor fails from the start; the shell sees how it ended."""

    @pytest.mark.parametrize("fault", ["service_unavailable", "rpm", "reset", "hang"])
    def test_another_provider_writes(
        self, fault: str, program: Program, vendors: VendorServer
    ) -> None:
        """Exit 0, every sample from elsewhere, at most three calls to each dead model."""
        vendors.fail("groq", fault, retry_after_s=600.0)
        deadline = ("--timeout", "1s") if fault == "hang" else ()
        ended = program.run("batch", "-p", "groq", "-n", "6", *deadline, "--json")
        assert (ended.code, ended.batch["accepted"]) == (0, 6)
        assert {row["provider"] for row in program.rows()} == {"cerebras"}
        dead = Counter(call.model for call in vendors.calls("groq"))
        assert max(dead.values()) <= 3
        assert_agree(ended, program, vendors, unsent=fault == "hang")
        assert ended.batch["switches"]

    def test_refused_keys_name_the_variables(self, program: Program, vendors: VendorServer) -> None:
        """Exit 3 within two calls a provider."""
        vendors.fail(None, "unauthorized")
        ended = program.run("batch", "-p", "groq", "-n", "9", "-c", "8", "--json")
        assert (ended.code, ended.json["status"]) == (3, "failed")
        assert max(Counter(call.vendor for call in vendors.calls()).values()) <= 2
        assert "groq/openai/gpt-oss-120b: authentication 401" in ended.json["reason"]

    def test_a_key_with_a_newline_is_named_and_not_shown(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """Exit 2 before any call."""
        ended = program.run("batch", "-p", "groq", environ={"GROQ_API_KEY": "gsk_te\nst"})
        assert ended.code == 2
        assert "GROQ_API_KEY" in ended.err
        assert "gsk_te" not in ended.err
        assert vendors.calls() == []

    def test_chained_batches_do_not_repeat_what_the_first_learnt(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """Three in a row: the dead model is asked by the first alone."""
        vendors.fail("groq", "model_not_found", model=MODEL)
        calls = []
        for _ in range(3):
            assert program.run("batch", "-p", "groq", "-n", "2", "-q").code == 0
            calls.append(len(vendors.calls("groq", MODEL)))
        assert calls[0] in (1, 2, 3)
        assert calls == [calls[0]] * 3
        assert len(program.rows()) == 6

    def test_a_used_up_day_pauses_and_resume_completes(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """Exit 75 with resume_after; a resume before it exits 75 again without a call."""
        vendors.fail("groq", "rpd", after=4, retry_after_s=2700.0)
        first = program.run("batch", *ONE, "-n", "6", "-c", "1", "--json")
        assert (first.code, first.json["status"]) == (75, "paused")
        ends = [first.json["resume_after"], first.batch["finished"]]
        due = datetime.fromisoformat(ends[0]) - datetime.fromisoformat(ends[1])
        assert 2640 < due.total_seconds() < 3700  # a minute at most between the hint and the end
        assert_agree(first, program, vendors)
        early = program.run("batch", "--resume", "--json")
        assert (early.code, len(vendors.calls())) == (75, 5)
        vendors.heal()
        next_day(program.home)  # the day is over
        second = program.run("batch", "--resume", "--json")
        assert (second.code, second.batch["id"]) == (0, first.batch["id"])
        assert [row["slot"] for row in program.rows()] == list(range(6))
        assert_agree(second, program, vendors)
        again = program.run("batch", first.batch["id"], "--resume")
        assert again.code == 2
        assert "nothing to resume" in again.err

    @pytest.mark.parametrize("layer", ["flag", "environment", "config"])
    def test_the_time_to_connect_is_what_was_said(self, layer: str, tmp_path: Path) -> None:
        """--connect-timeout, its variable and its key reach the connection, and are told."""
        program = Program(tmp_path, None)
        environ = {"GROQ_API_KEY": "gsk_test0123456789"}
        flags = ["--connect-timeout", "0.1s"] if layer == "flag" else []
        if layer == "environment":
            environ["LEGALGEN_CONNECT_TIMEOUT"] = "0.1s"
        if layer == "config":
            Path(program.environ["LEGALGEN_CONFIG"]).write_text(
                "[calls]\nconnect_timeout = '0.1s'\n"
            )
        with silent_port() as port:
            environ["GROQ_BASE_URL"] = f"http://127.0.0.1:{port}"
            one = ("--no-failover", "--max-calls", "1", "-c", "1", "--events", "-")
            ended = program.run("batch", *ONE, "-n", "1", *one, *flags, environ=environ)
            checked = program.run("models", "-p", "groq", "--check", "--json", environ=environ)
        [failed] = [event for event in ended.events if event["type"] == "CallFailed"]
        said = "no connection in time (at most 0.1 s)"
        assert (failed["category"], failed["message"]) == ("connection_error", said)
        if layer != "flag":  # models has no such flag
            checks = [row["check"] for row in checked.json["models"] if row["check"]]
            assert {check["message"] for check in checks} == {said}

    def test_a_bound_of_calls(self, program: Program, vendors: VendorServer) -> None:
        """Exit 4, the bound in the reason, and it was not overshot."""
        ended = program.run("batch", "-p", "groq", "-n", "50", "--max-calls", "7", "--json")
        assert (ended.code, len(vendors.calls())) == (4, 7)
        assert "--max-calls" in ended.json["reason"]
        assert_agree(ended, program, vendors)


class TestSignals:
    """The first asks, the second insists; nothing accepted is lost."""

    @pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
    def test_the_first_finishes_what_is_in_flight(
        self, number: signal.Signals, program: Program, vendors: VendorServer
    ) -> None:
        """Every call that left is a sealed row, and the exit code is the shell's."""
        held = vendors.hold()
        with program.start("batch", *ONE, "-n", "900", "-c", "4", "--json") as running:
            held.release(3)
            running.wait_for("SampleAccepted", 3)
            held.wait_for(3)
            running.signal(number)
            running.wait_for("StopRequested")
            held.release()
            ended = running.end()
        assert (ended.code, ended.json["status"]) == (128 + number, "stopped")
        assert 6 <= len(program.rows()) == len(vendors.answered())
        assert_agree(ended, program, vendors)
        assert program.status() == "stopped"

    @pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
    def test_the_second_abandons_a_hanging_call(
        self, number: signal.Signals, program: Program, vendors: VendorServer
    ) -> None:
        """It waits for none of them; sealed, they are counted and blame nobody."""
        vendors.fail("groq", "hang", after=3)
        with program.start("batch", *ONE, "-n", "9", "-c", "3", "--json") as running:
            running.wait_for("SampleAccepted", 3)
            vendors.wait_for(6)
            running.signal(number)
            running.wait_for("StopRequested")  # two signals that come at once count as one
            running.signal(number)
            ended = running.end()
        assert (ended.code, ended.json["status"]) == (128 + number, "stopped")
        assert len(program.rows()) == 3
        assert sum(stats["calls"] for stats in ended.batch["models"].values()) == 6
        vendors.heal()
        assert program.run("batch", "--resume", "--json").batch["accepted"] == 9

    def test_a_reader_that_leaves_ends_it_cleanly(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """``--events - | head -1``: sealed, noted, no traceback."""
        batch = [str(EXECUTABLE), "batch", *ONE, "-n", "2000", "-c", "2", "--events", "-"]
        with subprocess.Popen(
            batch, env=program.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            first = json.loads(process.stdout.readline())
            process.stdout.close()
            assert process.stderr is not None
            err = process.stderr.read()
        assert first["type"] == "BatchStarted"
        assert process.returncode == 141
        assert "Traceback" not in err
        assert (program.status(), program.record().accepted) == ("stopped", len(program.rows()))
        assert len(program.rows()) == len(vendors.answered()) < 2000

    def test_a_queued_batch_obeys_a_signal(self, program: Program, vendors: VendorServer) -> None:
        """``--wait`` is no place to be stuck in."""
        held = vendors.hold()
        with program.start("batch", *ONE, "-n", "1") as first:
            held.wait_for(1)
            with program.start("batch", *ONE, "-n", "1", "--wait", "-q") as second:
                second.wait_for("WaitingForLock")
                second.signal(signal.SIGTERM)
                assert second.end().code == 143
            held.release()
            assert first.end().code == 0
        assert len(list(program.data_dir.batches.glob("*-*.json"))) == 1


class TestOneAfterAnother:
    """Crashes, queues, and what comes after."""

    def test_a_killed_batch_is_recovered_and_resumed(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """kill -9: interrupted; the next command says in one line what it saved; resume goes on."""
        running = program.kill_after(5, vendors, "batch", *ONE, "-n", "40", "-c", "2")
        told = [e["sample"] for e in running.events if e["type"] == "SampleAccepted"]
        killed = program.record()
        assert (program.status(killed.id), program.rows()) == ("interrupted", [])
        beside = program.run("generate", *ONE, "--json")
        said = [line for line in beside.err.splitlines() if killed.id in line]
        assert len(said) == 1
        assert f"recovered batch {killed.id}" in said[0]
        assert set(told) <= {row["id"] for row in program.rows()}
        ended = program.run("batch", killed.id, "--resume", "--json")
        assert (ended.code, ended.batch["accepted"]) == (0, 40)
        rows = [row for row in program.rows() if row["batch_id"] == killed.id]
        assert sorted(row["slot"] for row in rows) == list(range(40))
        assert len({row["id"] for row in program.rows()}) == 41
        assert set(told) <= {row["id"] for row in rows}

    def test_a_batch_that_waits_runs_after_the_first(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """``--wait`` says whose end it waits for; ``--wait-max`` gives up with exit 5."""
        held = vendors.hold()
        with program.start("batch", *ONE, "-n", "900", "-c", "2", "-q") as first:
            held.wait_for(1)
            running = program.record().id
            impatient = program.run("batch", *ONE, "-n", "1", "--wait-max", "0.3s")
            assert impatient.code == 5
            assert f"batch {running} is running" in impatient.err
            with program.start("batch", *ONE, "-n", "1", "--wait", "--json") as second:
                second.wait_for("WaitingForLock")
                first.signal(signal.SIGINT)
                first.wait_for("StopRequested")
                held.release()
                left, done = first.end(), second.end()
        assert (left.code, done.code) == (130, 0)
        waited, begun, *_ = second.events
        assert (waited["lock"], waited["holder"]) == ("batch", running)
        assert f"batch {running} is running (pid {first.process.pid}," in waited["reason"]
        assert f"waiting for another process: batch {running}" in done.err
        assert begun["type"] == "BatchStarted"
        assert program.status() == "completed"
        assert len(program.rows()) == len(vendors.answered())

    def test_until_total_is_what_cron_wants(self, program: Program, vendors: VendorServer) -> None:
        """It fills up to N rows, and does nothing when they are there."""
        for calls in (3, 3):
            ended = program.run("batch", *ONE, "--until-total", "3", "-q")
            assert (ended.code, len(vendors.calls()), len(program.rows())) == (0, calls, 3)

    def test_events_of_a_batch_tell_its_story(
        self, program: Program, vendors: VendorServer
    ) -> None:
        """stdout carries JSON lines alone, in the order in which things happened."""
        vendors.fail("groq", "over_capacity", model=MODEL)
        route = f"groq/{MODEL},cerebras/gpt-oss-120b"
        args = ("--route", route, "-n", "2", "-c", "1", "--events", "-")
        ended = program.run("batch", *args)
        assert [event["type"] for event in ended.events] == [
            "BatchStarted", "CallFailed", "Switched", "SampleAccepted", "SampleAccepted",
            "Sealed", "BatchFinished",
        ]  # fmt: skip

    def test_the_executable_is_the_one_of_this_environment(self) -> None:
        """What is tested is what is installed."""
        assert EXECUTABLE.exists(), f"install the package into {sys.prefix}"


@pytest.mark.parametrize(
    ("config", "environ", "args", "provider"),
    [
        ("", {"LEGALGEN_PROVIDER": "groq"}, ["--route", "cerebras/gpt-oss-120b"], "cerebras"),
        (
            "provider = 'groq'\n[failover]\nroute = ['cerebras/gpt-oss-120b']\n",
            {},
            [],
            "cerebras",
        ),
        ("[failover]\nroute = ['cerebras/gpt-oss-120b']\n", {}, ["--provider", "groq"], "groq"),
        ("provider = 'groq'\n", {}, ["--model", "cerebras/gpt-oss-120b"], "cerebras"),
    ],
)
def test_a_batch_goes_on_where_it_began_whichever_layer_said_so(
    program: Program, config: str, environ: dict[str, str], args: list[str], provider: str
) -> None:
    """What counted of flags, variables and file is in the record, and nothing that did not."""
    (program.home / "config.toml").write_text(config)
    begun = program.run("batch", "--count", "4", "--max-calls", "2", *args, environ=environ)
    assert (begun.code, program.record().accepted) == (4, 2)
    resumed = program.run("batch", program.record().id, "--resume")
    assert resumed.code == 0, resumed.err
    assert {row["provider"] for row in program.rows()} == {provider}


@pytest.mark.parametrize("zone", ["UTC+24", "ABC-25", "Asia/Tokyo"])
@pytest.mark.parametrize("more", [(), ("--json",), ("--why",)])
def test_history_is_told_in_a_zone_that_python_does_not_know(
    program: Program, vendors: VendorServer, zone: str, more: tuple[str, ...]
) -> None:
    """In UTC then; so is a moment that would be one of the year 10000 here."""
    assert program.run("batch", "-p", "groq", "-n", "1", "--quiet").code == 0
    [path] = program.data_dir.batches.glob("*.json")
    record = json.loads(path.read_bytes())
    record["started"] = "9999-12-31T23:59:59Z"
    path.write_text(json.dumps(record))
    ended = program.run("history", *more, environ={"TZ": zone})
    assert (ended.code, ended.err) == (0, "")
    assert more == ("--why",) or "9999-12-31" in ended.out


@pytest.mark.parametrize(("flag", "bound"), [("--max-cost", "0.004"), ("--max-tokens", "7000")])
def test_a_resumed_batch_keeps_its_bound_until_another_is_given(
    program: Program, flag: str, bound: str
) -> None:
    """Of cost and tokens, which are the whole batch's; what to type next asks for more."""
    first = program.run("batch", "-n", "20", "-c", "1", flag, bound, "--json")
    assert (first.code, first.json["next"].split()[-2:]) == (4, [flag, "MORE"])
    made = len(program.rows())
    assert 0 < made < 20
    kept = program.run("batch", "--resume", "-c", "1", "--json")
    assert (kept.code, f"({flag})" in kept.json["reason"]) == (4, True)
    more = str(float(bound) * 1.5) if flag == "--max-cost" else str(int(bound) * 3 // 2)
    raised = program.run("batch", "--resume", "-c", "1", flag, more, "--json")
    again = program.run("batch", "--resume", "-c", "1", "--json")
    assert (raised.code, again.code) == (4, 4)
    assert made < len(program.rows()) < 20
    assert program.run("batch", "--resume", flag, "9000000").code == 0
    assert len(program.rows()) == 20
