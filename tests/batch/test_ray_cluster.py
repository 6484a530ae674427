"""``--provider ray`` on a real cluster of a head and two workers, while parts of it are killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from legalgen.completion import Message, Prompt, Request
from legalgen.errors import ErrorCategory, ProviderError
from legalgen.providers.loading import open_provider
from tests.program import Ended, Program
from tests.ray_cluster import LONGEST_S, NEEDED, Cluster, cluster
from tests.waiting import eventually

pytestmark = [pytest.mark.extended, NEEDED]
MODEL = "openai/gpt-oss-120b"
Figure = Callable[[str, object], None]


@pytest.fixture(scope="module")
def whole() -> Iterator[Cluster]:
    """A cluster for those who kill none of it."""
    with cluster() as made:
        yield made


@pytest.fixture
def dying() -> Iterator[Cluster]:
    """A cluster for one test alone."""
    with cluster() as made:
        yield made


def configure(program: Program, on: Cluster, replicas: int = 4, callable_: str = "Slow") -> None:
    named = f'callable = "tests.ray_models:{callable_}"' if callable_ else ""
    Path(program.environ["LEGALGEN_CONFIG"]).write_text(
        f'[providers.ray]\naddress = "{on.address}"\nreplicas = {replicas}\n'
        f"resources = {{ CPU = {1 if replicas <= 4 else 0.5} }}\n{named}\n",
        "utf-8",
    )


def lost_calls(program: Program) -> int:
    """Failed calls of replicas; what the gate refused is none."""
    failures = [stats.failures for stats in program.record().models.values()]
    lost = ("connection_error", "timeout", "overloaded", "server_error")
    return sum(each.get(category, 0) for each in failures for category in lost)


def check_whole(program: Program, count: int) -> None:
    rows = program.rows()
    assert len(rows) == len({row["id"] for row in rows}) == len({row["slot"] for row in rows})
    assert len(rows) == count
    assert program.run("dataset", "verify").code == 0


def test_an_actor_and_a_node_are_killed(
    dying: Cluster, program: Program, record_property: Figure
) -> None:
    """400 rows are written whole, and at most the calls in flight there have failed."""
    configure(program, dying)
    with program.start("batch", "--provider", "ray", "--count", "400", "--no-failover") as batch:
        batch.wait_for("SampleAccepted", 100)
        dying.kill_replica()
        batch.wait_for("SampleAccepted", 200)
        there = dying.kill_node()
        ended = batch.end(300.0)
    assert ended.code == 0, ended.err
    check_whole(program, 400)
    assert lost_calls(program) <= 1 + there
    record_property("failed calls", lost_calls(program))
    record_property("in flight there", 1 + there)


def test_all_nodes_die_and_the_next_provider_goes_on(
    dying: Cluster, program: Program, record_property: Figure
) -> None:
    """Within 30 s."""
    configure(program, dying)
    route = f"ray/tests.ray_models:Slow,groq/{MODEL}"
    with program.start("batch", "--route", route, "--count", "200", "-c", "4") as batch:
        batch.wait_for("SampleAccepted", 20)
        before = sum(map(_of_groq, batch.events))
        began = time.monotonic()
        dying.kill()
        eventually(lambda: sum(map(_of_groq, batch.events)) >= before + 5, LONGEST_S)
        after = time.monotonic() - began
        ended = batch.end(300.0)
    assert ended.code == 0, ended.err
    assert after < 30.0
    check_whole(program, 200)
    record_property("seconds until groq went on", round(after, 1))


def _of_groq(event: dict[str, Any]) -> bool:
    return event["type"] == "SampleAccepted" and "groq" in str(event)


def test_all_nodes_die_and_a_new_cluster_ends_it(dying: Cluster, program: Program) -> None:
    """Alone, the batch pauses after --max-wait; --resume goes on where a cluster is again."""
    configure(program, dying)
    alone = ("--provider", "ray", "--count", "60", "--no-failover", "--max-wait", "10s")
    with program.start("batch", *alone) as batch:
        batch.wait_for("SampleAccepted", 10)
        dying.kill()
        assert batch.end(200.0).code == 75
    with cluster() as new:
        configure(program, new)
        ended = program.run("batch", "--resume", timeout_s=200.0)
    assert ended.code == 0, ended.err
    check_whole(program, 60)


def test_two_and_four_replicas_against_one(
    whole: Cluster, program: Program, record_property: Figure
) -> None:
    """A model that takes 200 ms; how much more they write stands with the load of the machine."""
    record_property("load before", round(os.getloadavg()[0], 2))
    rates = {}
    for replicas in (1, 2, 4):
        configure(program, whole, replicas)
        ended = program.run("batch", "--provider", "ray", "--count", "100", timeout_s=200.0)
        assert ended.code == 0, ended.err
        rates[replicas] = _samples_a_second(program)
        record_property(f"{replicas} replicas, samples a second", round(rates[replicas], 2))
    record_property("load after", round(os.getloadavg()[0], 2))
    assert rates[1] < rates[2] < rates[4]


def _samples_a_second(program: Program) -> float:
    """Between the first row and the last: replicas take their time to start."""
    path = max(program.home.glob("events-*.jsonl"), key=lambda each: each.stat().st_mtime)
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    accepted = [event["at"] for event in events if event["type"] == "SampleAccepted"]
    at = [datetime.fromisoformat(each) for each in accepted]
    return (len(at) - 1) / (at[-1] - at[0]).total_seconds()


def ask(timeout_s: float) -> Request:
    return Request("it", Prompt((Message("user", "?"),), version="1"), 100, timeout_s)


def test_a_deadline_holds_and_a_seat_is_not_taken_twice(
    whole: Cluster, record_property: Figure
) -> None:
    """What an actor still does after the deadline is done before it takes the next call."""
    options = {"address": whole.address, "callable": "tests.ray_models:naps"}
    pool = open_provider("ray", options=options)
    try:
        pid = pool.complete(ask(60.0)).text
        with pytest.raises(ProviderError) as late:
            pool.complete(ask(1.0))
        began = time.monotonic()
        completion = pool.complete(ask(60.0))
        took = time.monotonic() - began
    finally:
        pool.close()
    assert late.value.failure.category is ErrorCategory.TIMEOUT
    assert (completion.text, completion.usage.output_tokens) == (pid, 7)
    assert took > 4.5  # the rest of the one before, and its own three seconds
    record_property("seconds of the call after", round(took, 1))


def test_a_deadline_of_five_seconds_holds_against_one_that_sleeps_sixty(
    whole: Cluster, program: Program, record_property: Figure
) -> None:
    """The batch pauses, and no replica is left when it has ended."""
    configure(program, whole, 1, "sleeps")
    bounds = ("--timeout", "5", "--max-wait", "1s", "--no-failover")
    began = time.monotonic()
    ended = program.run("batch", "--provider", "ray", "--count", "1", *bounds)
    record_property("seconds of the batch", round(time.monotonic() - began, 1))
    assert ended.code == 75, ended.err
    assert 4.5 < max(_seconds_of_calls(program)) < 7.0
    record_property(
        "seconds until no actor", round(eventually(lambda: not whole.replicas(), LONGEST_S), 1)
    )


def _seconds_of_calls(program: Program) -> list[float]:
    return [stats.seconds / stats.calls for stats in program.record().models.values()]


def test_what_a_callable_raises_is_a_failed_call(whole: Cluster) -> None:
    """With its own words; the replica takes the next call."""
    options = {"address": whole.address, "callable": "tests.ray_models:fails"}
    pool = open_provider("ray", options=options)
    try:
        for _ in range(2):
            with pytest.raises(ProviderError, match=r"ZeroDivisionError: .*a model of one's own"):
                pool.complete(ask(60.0))
    finally:
        pool.close()


def test_a_driver_that_is_killed_leaves_no_actor(
    whole: Cluster, program: Program, record_property: Figure
) -> None:
    """Nor one that ends; what was written is whole."""
    configure(program, whole)
    with program.start("batch", "--provider", "ray", "--count", "200") as batch:
        batch.wait_for("SampleAccepted", 5)
        assert len(whole.replicas()) == 4
        batch.signal(signal.SIGKILL)
        batch.end()
    record_property(
        "seconds until no actor", round(eventually(lambda: not whole.replicas(), LONGEST_S), 1)
    )
    ended = program.run("batch", "--resume", "--count", "30", timeout_s=200.0)
    assert ended.code in (0, 2), ended.err
    eventually(lambda: not whole.replicas(), LONGEST_S)


def test_a_stopped_batch_ends_as_any_other(whole: Cluster, program: Program) -> None:
    """Ray takes neither SIGTERM nor the log: what is in flight is kept, the rest is sealed."""
    configure(program, whole)
    with program.start("batch", "--provider", "ray", "--count", "200", "--log-format", "json") as b:
        b.wait_for("SampleAccepted", 5)
        b.signal(signal.SIGTERM)
        ended = b.end()
    assert ended.code == 143, ended.err
    assert "(raylet)" not in ended.out + ended.err
    assert lost_calls(program) == 0
    log = "".join(p.read_text("utf-8") for p in Path(program.environ["LEGALGEN_LOG_DIR"]).iterdir())
    assert "SampleAccepted" in log or "BatchFinished" in log
    assert "job_id" not in log


def test_the_rehearsal_model_runs_so(whole: Cluster, program: Program) -> None:
    """Into ``rehearsal/``, from llama.cpp in a replica."""
    configure(program, whole, 1, "")
    ended = rehearse(program)
    assert ended.code == 0, ended.err
    assert len(program.rows(rehearsal=True)) == 2
    assert program.rows() == []


def rehearse(program: Program) -> Ended:
    named = ("--provider", "ray", "--model", "smollm2-135m")
    return program.run("batch", *named, "--count", "2", timeout_s=300.0)


def test_a_gguf_file_of_ones_own_is_an_ordinary_model(whole: Cluster, program: Program) -> None:
    """By its path, which is there on every node; what it writes is refused by the gate."""
    from legalgen.providers.local import bundled_model

    configure(program, whole, 1, "")
    path = program.home / "own.gguf"
    path.symlink_to(bundled_model())
    pool = open_provider("ray", options={"address": whole.address, "model_path": path})
    try:
        completion = pool.complete(ask(120.0))
    finally:
        pool.close()
    assert completion.usage.output_tokens > 0


def test_a_model_that_is_not_there_is_said(whole: Cluster, program: Program) -> None:
    """No node can load it: exit 3, with its path."""
    configure(program, whole, 1, "")
    named = ("--provider", "ray", "--model", str(program.home / "none.gguf"))
    ended = program.run("batch", *named, "--count", "1", "--no-failover")
    assert ended.code == 3, ended.err
    assert "none.gguf" in ended.err
