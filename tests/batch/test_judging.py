"""The judge: marks from another model, in a second call, counted apart."""

from __future__ import annotations

import json
import signal
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import asdict, replace

from legalgen.batch import judging as judging_module
from legalgen.batch.generation import Stop
from legalgen.batch.intent import Intent, Result
from legalgen.batch.judging import is_drawn
from legalgen.batch.opening import open_run
from legalgen.batch.records import resumed_flags
from legalgen.batch.schedule import waiting_jobs
from legalgen.completion import Completion, Usage
from legalgen.errors import UsageError
from legalgen.law.planner import Task
from legalgen.settings.layers import Settings
from legalgen.store import parts
from legalgen.store.files import DataDir
from legalgen.store.journal import Rejected, Unmarked, read_rejected
from legalgen.store.ledger import GivenUpNote, Process, Record
from legalgen.store.sample import Draft
from tests.program import Program, next_day, whole_lines
from tests.vendors import Config, VendorServer
from tests.vendors.config import AnswerRequest
from tests.waiting import eventually

JUDGE = "groq/qwen/qwen3.8-27b"
WRITER = "openai/gpt-oss-120b"
SCORED = ("correctness", "relevance", "reasoning", "citation_use")
SIX = (*SCORED, "consistent", "safe")
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def run(
    tmp_path: Path,
    server: VendorServer,
    vendors: tuple[str, ...] = ("groq",),
    *,
    resume: Record | None = None,
    **flags: object,
) -> Result:
    given: dict[str, object] = {
        "provider": "groq", "model": WRITER, "judge": [JUDGE], "count": "4", "seed": "1",
        "data_dir": str(tmp_path / "data"), "state_dir": str(tmp_path / "state"),
        "log_dir": str(tmp_path / "log"), **flags,
    }  # fmt: skip
    environ = {f"{name.upper()}_API_KEY": server.key(name) for name in vendors}
    environ |= {f"{name.upper()}_BASE_URL": server.base_url(name) for name in vendors}
    settings = Settings.load(given, environ, None)
    intent = Intent(count=settings.count, default_max_wait_s=20, resume=resume)
    opened = open_run(settings, intent, listener=lambda _: None, stop=Stop())
    try:
        return opened.go()
    finally:
        opened.close()


def rows(tmp_path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for part in parts.iter_batches(
        DataDir(tmp_path / "data"),
        columns=("model", "score", "judge", "marks", "remark", "question", "slot", "flags"),
    ):
        found += part.to_pylist()
    return found


def judging(request: AnswerRequest, marks: str) -> str:
    """An answer source that marks with ``marks`` and writes as the bank does."""
    from tests.vendors.answers import source

    is_judgement = "\nReasoning steps:\n" in request.prompt and "\nCitations:\n" in request.prompt
    text: str = marks if is_judgement else source("good")(request)
    return text


def record_of(result: Result) -> Record:
    assert result.record is not None
    return result.record


def test_every_sample_is_marked_by_another_model(tmp_path: Path) -> None:
    """Score and judge are stored; the judge never writes; its calls are counted apart."""
    with VendorServer(Config.of("unlimited")) as server:
        result = run(tmp_path, server)
    found = rows(tmp_path)
    assert result.exit_code == 0
    assert [row["judge"] for row in found] == [JUDGE] * 4
    assert all(2 <= row["score"] <= 5 for row in found)
    for row in found:
        assert sum(row["marks"][name] for name in SCORED) / 4 == row["score"]
        assert {2, 3, 4, 5} >= {row["marks"][name] for name in SIX}
        assert row["remark"]
    assert "qwen/qwen3.8-27b" not in {row["model"] for row in found}
    models = record_of(result).models
    assert models[f"{JUDGE} (judge)"].calls == len(server.calls("groq", "qwen/qwen3.8-27b"))
    assert models[f"{JUDGE} (judge)"].samples == 0


def test_auto_writes_on_while_answers_wait_for_their_marks(tmp_path: Path) -> None:
    """Who judges has no call out, and is in nobody's way."""
    with ThreadPoolExecutor(1) as pool, VendorServer(Config.of("unlimited")) as server:
        held = server.hold("qwen/qwen3.8-27b")
        running = pool.submit(run, tmp_path, server, count="6")
        server.wait_for(6, "groq")
        held.release()
        result = running.result()
    assert result.exit_code == 0
    assert [row["judge"] for row in rows(tmp_path)] == [JUDGE] * 6


def test_a_low_mark_is_refused_when_a_least_one_is_set(tmp_path: Path) -> None:
    """``--min-score`` turns the mark into a gate, with the mark quoted."""
    low = json.dumps(dict.fromkeys(SIX, 2) | {"remark": "wrong", "correctness": 1})
    config = Config.of("unlimited", answers=lambda request: judging(request, low))
    with VendorServer(config) as server:
        result = run(tmp_path, server, count="1", min_score="3", max_calls="19", concurrency="1")
    record = record_of(result)
    assert (record.accepted, set(record.rejected)) == (0, {"LOW_SCORE"})
    assert record.rejected["LOW_SCORE"] >= 6


def test_marks_below_the_least_one_are_blamed_on_it(tmp_path: Path) -> None:
    """A batch that keeps nothing for its marks names what asks for them, not the prompt."""
    low = json.dumps(dict.fromkeys(SIX, 2))
    config = Config.of("unlimited", answers=lambda request: judging(request, low))
    with VendorServer(config) as server:
        result = run(tmp_path, server, count="40", min_score="3", concurrency="1")
    assert (result.exit_code, "LOW_SCORE" in result.reason) == (6, True)
    assert "Give a lower --min-score" in result.reason
    assert "the prompt is at fault" not in result.reason


def test_marks_nested_without_end_cannot_be_read() -> None:
    """They are asked for again, as any others that cannot be read."""
    deep = '{"correctness": ' + "[" * 60_000 + "]" * 60_000 + "}"
    draft = Draft("", (), deep, ())
    verdict = judging_module._readable(
        draft, cast(Task, None), Completion(deep, "stop", Usage(), "m", 1.0)
    )
    assert [reason.code for reason in verdict.reasons] == ["SCHEMA"]


@pytest.mark.parametrize("marks", ["not json", '{"correctness": 9}', ""])
def test_a_judge_that_cannot_be_read_loses_no_sample(tmp_path: Path, marks: str) -> None:
    """A sample that was paid for stays, unmarked, and the judge is not asked for ever."""
    config = Config.of("unlimited", answers=lambda request: judging(request, marks))
    with VendorServer(config) as server:
        result = run(tmp_path, server, count="1")
        asked = len(server.calls("groq", "qwen/qwen3.8-27b"))
    assert (result.exit_code, rows(tmp_path)[0]["score"]) == (0, None)
    assert (rows(tmp_path)[0]["marks"], rows(tmp_path)[0]["remark"]) == (None, None)
    assert asked <= 6


def test_a_judge_that_is_down_loses_no_sample(tmp_path: Path) -> None:
    """The judge's model is gone: samples are kept without a mark."""
    with VendorServer(Config.of("unlimited")) as server:
        server.fail("groq", "model_not_found", model="qwen/qwen3.8-27b")
        result = run(tmp_path, server, count="2")
    assert (result.exit_code, [row["score"] for row in rows(tmp_path)]) == (0, [None, None])


def test_what_a_judge_taught_is_known_to_the_next_batch(tmp_path: Path) -> None:
    """Its day's quota is used up: the second batch of the night does not ask it again."""
    with VendorServer(Config.of("unlimited")) as server:
        server.fail("groq", "tpd", model="qwen/qwen3.8-27b")
        run(tmp_path, server, count="2")
        asked = len(server.calls("groq", "qwen/qwen3.8-27b"))
        result = run(tmp_path, server, count="2")
        again = len(server.calls("groq", "qwen/qwen3.8-27b"))
    known = json.loads((tmp_path / "state" / "health.json").read_text("utf-8"))["models"]
    assert [memory["state"] for key, memory in known.items() if "qwen" in key] == ["exhausted"]
    assert (result.exit_code, again) == (0, asked)


def test_what_a_judge_refuses_of_a_request_is_kept(tmp_path: Path) -> None:
    """A form that it does not take is asked for once: the next batch begins with what is left."""
    with VendorServer(Config.of("unlimited")) as server:
        server.fail("groq", "no_json_schema", model=JUDGE.partition("/")[2], count=1)
        run(tmp_path, server, count="1", concurrency="1")
        health = json.loads((tmp_path / "state" / "health.json").read_text("utf-8"))
        run(tmp_path, server, count="1", concurrency="1")
        statuses = [call.status for call in server.calls("groq", JUDGE.partition("/")[2])]
    [refused] = [one["unsupported"] for key, one in health["models"].items() if "qwen" in key]
    assert set(refused) == {"response_format=strict", "response_format=json_schema"}
    assert statuses == [400, 200, 200]
    assert [row["judge"] for row in rows(tmp_path)] == [JUDGE] * 2


def test_a_share_of_the_rows_is_marked(tmp_path: Path) -> None:
    """A seeded draw by slot, the same after a resumption; the others lack nothing."""
    flags: dict[str, Any] = {"judge_share": "50%", "seed": "7"}
    with VendorServer(Config.of("unlimited")) as server:
        whole = run(tmp_path / "whole", server, count="8", **flags)
        begun = run(tmp_path / "half", server, count="8", max_calls="6", concurrency="1", **flags)
        assert 0 < record_of(begun).accepted < 8
        run(tmp_path / "half", server, resume=record_of(begun), count="8", judge_share=0.5)
    assert record_of(whole).parameters["judge_share"] == 0.5
    assert resumed_flags(record_of(whole), {"judge_share": "1/2"})["judge_share"] == "1/2"
    with pytest.raises(UsageError, match="--judge-share cannot change on --resume"):
        resumed_flags(record_of(whole), {"judge_share": "40%"})
    drawn, again = (
        {row["slot"] for row in rows(tmp_path / place) if row["marks"] is not None}
        for place in ("whole", "half")
    )
    assert drawn == again
    assert 0 < len(drawn) < len(rows(tmp_path / "half")) == 8
    assert (record_of(whole).accepted, record_of(whole).unjudged) == (8, 0)
    assert record_of(whole).troubles == []
    assert not [row for row in rows(tmp_path / "whole") if "UNJUDGED" in row["flags"]]


def test_a_draw_is_of_the_share_and_a_larger_one_holds_a_smaller() -> None:
    """Of many seeds about that share is drawn."""
    task = Task(0, "uk", "uk", "contract", "formation", "x", "basic", "advice", "", 0)
    tasks = [replace(task, seed=seed) for seed in range(4_000)]
    few, more = ([one.seed for one in tasks if is_drawn(one, share)] for share in (0.05, 0.3))
    assert 150 < len(few) < 250
    assert 1_100 < len(more) < 1_300
    assert set(few) < set(more)
    assert all(is_drawn(one, 1.0) for one in tasks)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"min_score": "3"}, "--judge-share 5%: with --min-score 3 every row needs a mark"),
        ({"gate_file": "min_score = 3"}, r"with \[gate\] min_score every row needs a mark"),
        ({"gate_file": 'LOW_SCORE = "reject"'}, r"with \[gate\] LOW_SCORE reject every row"),
        ({"judge": None}, "--judge-share 0.05 needs a judge: name one with --judge"),
    ],
)
def test_a_share_is_no_condition(tmp_path: Path, flags: dict[str, Any], said: str) -> None:
    """Where marks decide which rows are kept, each needs one: a sentence before any call."""
    if "gate_file" in flags:
        path = tmp_path / "gate.toml"
        path.write_text(flags["gate_file"])
        flags = {"gate_file": str(path)}
    with VendorServer(Config.of("unlimited")) as server:
        with pytest.raises(UsageError, match=said):
            run(tmp_path, server, judge_share="5%", **flags)
        assert server.calls() == []


def test_the_only_model_cannot_judge_itself(tmp_path: Path) -> None:
    """A route that would be empty without its judge is a usage error."""
    with VendorServer(Config.of("unlimited")) as server, pytest.raises(UsageError, match="--judge"):
        run(tmp_path, server, route=[JUDGE], provider=None, model=None)


@pytest.mark.parametrize(("bad", "mean"), [("citation_use", 4.0), ("safe", 5.0)])
def test_good_marks_do_not_make_up_for_a_bad_one(tmp_path: Path, bad: str, mean: float) -> None:
    """The lowest mark decides and is named with the remark; the mean of four is what is stored."""
    remark = "cites a\nrepealed section " + "x" * 300
    marks = json.dumps(dict.fromkeys(SIX, 5) | {bad: 1, "remark": remark})
    config = Config.of("unlimited", answers=lambda request: judging(request, marks))
    with VendorServer(config) as server:
        flagged = run(tmp_path / "flagged", server, count="1")
        refused = run(
            tmp_path / "refused", server, count="1", min_score="3.5", max_calls="4", concurrency="1"
        )
    kept = parts.iter_batches(DataDir(tmp_path / "flagged" / "data"), columns=("score", "flags"))
    [row] = next(iter(kept)).to_pylist()
    assert (flagged.exit_code, row["score"]) == (0, mean)
    assert "LOW_SCORE" in row["flags"]
    record = record_of(refused)
    assert (record.accepted, set(record.rejected)) == (0, {"LOW_SCORE"})
    [aside] = (tmp_path / "refused" / "data" / "rejected").glob("*.jsonl")
    [reason] = json.loads(aside.read_text("utf-8").splitlines()[0])["reasons"]
    told = " ".join(remark.split())[:200]
    assert reason["message"] == f'LOW_SCORE: {bad.replace("_", " ")} 1 of 5, need 3.5 ("{told}")'


def test_samples_without_a_judge_are_counted(tmp_path: Path) -> None:
    """The record says how many there are, so that the summary can."""
    with VendorServer(Config.of("unlimited")) as server:
        server.fail("groq", "model_not_found", model="qwen/qwen3.8-27b")
        result = run(tmp_path, server, count="2")
    record = record_of(result)
    assert (record.accepted, record.unjudged) == (2, 2)
    assert {(one.kind, one.target) for one in record.troubles} == {
        ("unjudged", "judge"),
        ("model_gone", JUDGE),
    }


def test_a_dead_key_of_the_judge_is_a_trouble(tmp_path: Path) -> None:
    """Another vendor marks, and is paid: one line for the key, one for the money."""
    with VendorServer(Config.of("unlimited")) as server:
        server.fail("cerebras", "unauthorized")
        both = ("groq", "cerebras")
        result = run(tmp_path, server, both, count="2", judge=["cerebras/qwen-3.8-27b"])
    record = record_of(result)
    assert (record.accepted, record.unjudged) == (2, 0)
    assert [(one.kind, one.target, one.instead_of) for one in record.troubles] == [
        ("key_refused", "cerebras", ""),
        ("paid_instead", "groq", "cerebras"),
    ]


def test_a_condition_that_nobody_can_look_at_is_waited_for(tmp_path: Path) -> None:
    """With a least mark no row enters without one: what was written waits, and is only marked."""
    flags: dict[str, Any] = {"min_score": "3", "concurrency": "2", "no_failover": True}
    marks = json.dumps(dict.fromkeys(SIX, 5) | {"remark": "None."})
    answers = Config.of("unlimited", answers=lambda request: judging(request, marks))
    with VendorServer(answers) as server:
        server.fail("groq", "tpd", model=JUDGE.partition("/")[2])
        away = run(tmp_path, server, **flags)
        held = list(read_rejected(DataDir(tmp_path / "data"), record_of(away).id))
        assert (away.status, away.exit_code, away.resume_after is None) == ("paused", 75, False)
        assert (rows(tmp_path), record_of(away).accepted) == ([], 0)
        assert {each.reasons[0].code for each in held} == {"UNJUDGED"}
        assert all(each.unmarked is not None and each.cost_usd for each in held)
        written = len(server.calls(model=WRITER))
        assert 1 <= len(held) == written
        server.heal()
        for path in (tmp_path / "state").iterdir():
            path.unlink()
        back = run(tmp_path, server, resume=record_of(away), **flags)
        assert (back.status, back.exit_code) == ("completed", 0)
        found = rows(tmp_path)
        assert len(found) == 4
        assert all(row["judge"] == JUDGE and row["score"] >= 3 for row in found)
        assert len(server.calls(model=WRITER)) >= 4 - written
    kept = [json.loads(each.text)["question"] for each in held]
    assert {each["question"] for each in found} >= set(kept)


@pytest.mark.parametrize(
    "bound", [{"max_calls": "3"}, {"max_tokens": "6000"}], ids=["calls", "tokens"]
)
def test_what_a_bound_left_unmarked_is_marked_on_resume(
    tmp_path: Path, bound: dict[str, Any]
) -> None:
    """Without a condition, too: no judge was away, and a row without marks would stay so."""
    flags: dict[str, Any] = {"concurrency": "1", "no_failover": True}
    with VendorServer(Config.of("unlimited")) as server:
        first = run(tmp_path, server, **flags, **bound)
        held = list(read_rejected(DataDir(tmp_path / "data"), record_of(first).id))
        assert (first.exit_code, len(held)) == (4, 1)
        assert (record_of(first).unjudged, record_of(first).troubles) == (0, [])
        resumed = run(tmp_path, server, resume=record_of(first), **flags)
    found = rows(tmp_path)
    assert (resumed.exit_code, sorted(row["slot"] for row in found)) == (0, [0, 1, 2, 3])
    assert {row["judge"] for row in found} == {JUDGE}
    written = [call for call in server.calls("groq", WRITER) if call.status == 200]
    assert len(written) == 4, "an answer that waits is not written again"


def test_of_refused_answers_only_those_are_held_that_wait() -> None:
    """A resumed batch looks through all that it refused: what has ended is let go as it is read."""
    task = Task(0, "us", "", "tort", "duty", "", "basic", "qa", "2026-11", 7)
    ended = Record(
        id="b", kind="batch", status="paused", command=(), process=Process(1, "here"),
        version="1", started=NOW, updated=NOW, given_up=[GivenUpNote(1, task.cell, ("QUOTE",))],
    )  # fmt: skip

    def refused() -> Iterator[Rejected]:
        for number in range(600):
            wait = Unmarked(asdict(task), "v") if number in (1, 2, 596) else None
            text = f"{number} {'long ' * 3000}"
            yield Rejected(NOW, number, "groq", "m", (), text, len(text), unmarked=wait)
        yield Rejected(NOW, 2, "groq", "m", (), "refused at last", 15)

    tracemalloc.start()
    try:
        [job] = waiting_jobs(refused(), ended, frozenset())
        assert tracemalloc.get_traced_memory()[1] < 2**19
    finally:
        tracemalloc.stop()
    assert job.answer is not None
    assert job.answer.completion.text.startswith("596 ")


@pytest.mark.parametrize("condition", [(), ("--min-score", "1")])
def test_answers_that_wait_for_a_judge_outlive_their_process(
    program: Program, vendors: VendorServer, condition: tuple[str, ...]
) -> None:
    """The judge's minute is used up: what was written meanwhile is on the disk before it is back,
    with what it took, is marked after a kill, and no model writes it again."""
    for model in (JUDGE.partition("/")[2], "qwen-3.8-27b"):  # the same weights elsewhere, too
        vendors.fail(None, "rpm", model=model, retry_after_s=600.0, hint="header")
    batch = ("batch", "--route", f"groq/{WRITER}", "--judge", JUDGE, "-n", "3", "-c", "3")
    with program.start(*batch, "--no-failover", "--max-wait", "1h", *condition) as running:
        running.wait_for("CallFailed")
        kept = program.data_dir.rejected / f"{program.record().id}.jsonl"
        eventually(lambda: len(whole_lines(kept)) == 3)
        paid = sum(call.completion_tokens for call in vendors.calls(model=WRITER))
        eventually(lambda: program.record().model(f"groq/{WRITER}").output_tokens == paid)
        running.signal(signal.SIGKILL)
        running.end()
    vendors.heal()
    next_day(program.home)
    done = program.run("batch", "--resume", "--json")
    assert done.code == 0, done.err
    assert [row["judge"] for row in program.rows()] == [JUDGE] * 3
    assert len(vendors.calls(model=WRITER)) == 3
    writer = done.batch["models"][f"groq/{WRITER}"]
    assert (writer["calls"], writer["samples"], writer["output_tokens"]) == (3, 3, paid)


def test_a_judge_that_is_gone_ends_a_batch_that_needs_it(tmp_path: Path) -> None:
    """Nobody can mark any more: exit 3, and what was written waits."""
    with VendorServer(Config.of("unlimited")) as server:
        server.fail("groq", "decommissioned", model=JUDGE.partition("/")[2])
        result = run(tmp_path, server, min_score="3", concurrency="1")
        assert (result.status, result.exit_code) == ("failed", 3)
        assert "no judge is left" in result.reason
        assert rows(tmp_path) == []


def test_rows_without_marks_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    """`--unjudged keep`: the old way, flagged and counted."""
    with VendorServer(Config.of("unlimited")) as server:
        server.fail("groq", "decommissioned", model=JUDGE.partition("/")[2])
        result = run(tmp_path, server, min_score="3", unjudged="keep")
    assert (result.exit_code, record_of(result).unjudged) == (0, 4)
