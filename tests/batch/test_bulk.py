"""Bulk batches: the provider's batch service through the real SDK, against the vendors' double."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.batch.bulk import steps
from legalgen.batch.bulk.opening import open_bulk_run
from legalgen.batch.generation import Stop
from legalgen.batch.intent import BulkOrder, Intent, Result
from legalgen.batch.opening import open_run
from legalgen.completion import Message, Prompt, Request, Usage
from legalgen.errors import DiskError, ErrorCategory, Failure, ProviderError, UsageError
from legalgen.providers import PROVIDERS
from legalgen.providers.base import BulkJob, BulkProvider
from legalgen.providers.catalog import BulkTerms, Catalog
from legalgen.providers.loading import open_provider
from legalgen.routing import from_settings as routing
from legalgen.routing.health import Memories, Memory
from legalgen.settings.layers import Settings
from legalgen.store import journal, ledger, parts
from legalgen.store.files import DataDir
from legalgen.store.ledger import Bulk, BulkChunk, Ledger, Record
from legalgen.store.outlays import by_day, cost_of
from legalgen.telemetry import events
from tests.vendors import AnswerRequest, Config, VendorServer
from tests.vendors.answers import source
from tests.vendors.batches import File

QWEN = "groq/qwen/qwen3.8-27b"
REF = "groq/openai/gpt-oss-120b"
TERMS = Catalog.load().bulk("groq")
assert TERMS is not None
SMALL = msgspec.structs.replace(TERMS, max_requests=3)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = source("good")
VERSION_1 = Path(__file__).parent.parent / "data" / "version1"


@dataclass
class Bench:
    """One data dir, one server, and runs over both."""

    root: Path
    server: VendorServer
    heard: list[events.Event] = field(default_factory=list)
    on_wait: Callable[[], None] = lambda: None
    """Called when a run says that it waits."""
    on_accept: Callable[[], None] = lambda: None
    """Called when a sample is on the disk."""

    def hear(self, event: events.Event) -> None:
        self.heard.append(event)
        if isinstance(event, events.Waiting):
            self.on_wait()
        if isinstance(event, events.SampleAccepted):
            self.on_accept()

    def finish(self) -> None:
        """Let the provider be done with everything that it has."""
        for job in self.server._batches._batches.values():
            job.started_s -= 10_000.0

    def output(self) -> File:
        """The answers of the one job that the provider has, which is done now."""
        self.finish()
        provider = service(self.server)
        [job] = self.server._batches._batches
        id_ = provider.job(job, 60.0).output_file_id
        provider.close()
        assert id_ is not None
        return self.server._batches._files[id_]

    def settings(self, **flags: object) -> Settings:
        environ = {
            **self.server.environment(),
            **{f"LEGALGEN_{name}_DIR": str(self.root / name) for name in ("DATA", "STATE", "LOG")},
        }
        flags = {"provider": "groq", "gate": "structure", **flags}
        file = self.root / "config.toml"
        config = file if file.exists() else None
        return Settings.load(flags, environ, config, known_providers=tuple(PROVIDERS))

    def run(
        self,
        intent: Intent,
        order: BulkOrder | None = None,
        *,
        terms: BulkTerms | None = None,
        stop: Stop | None = None,
        **flags: object,
    ) -> Result:
        self.heard = []
        run = open_bulk_run(
            self.settings(**flags),
            intent,
            order or BulkOrder(poll_s=0.05),
            listener=self.hear,
            stop=stop or Stop(),
            terms=terms,
        )
        try:
            return run.go()
        finally:
            run.close()

    def start(self, count: int, order: BulkOrder | None = None, **more: Any) -> Result:
        return self.run(Intent(count=count), order, **more)

    def resume(self, result: Result, order: BulkOrder | None = None, **more: Any) -> Result:
        return self.run(Intent(resume=self.saved(result)), order, **more)

    def saved(self, result: Result) -> Record:
        assert result.record is not None
        return Ledger(self.data_dir).load(result.record.id)

    @property
    def data_dir(self) -> DataDir:
        return DataDir(self.root / "DATA")

    def slots(self, result: Result) -> list[int]:
        """The slots of all sealed rows, so that a slot written twice shows."""
        assert result.record is not None
        batches = parts.iter_batches(self.data_dir, ["slot"])
        return sorted(slot for batch in batches for slot in batch["slot"].to_pylist())

    def notices(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, events.Notice)]

    def paid(self) -> int:
        """Requests that ran at the provider's batch service."""
        return len(self.server.calls("groq", endpoint="batch_line"))


def bench(tmp_path: Path, **config: object) -> Iterator[Bench]:
    with VendorServer(Config.of(**config)) as server:  # type: ignore[arg-type]  # fields
        yield Bench(tmp_path, server)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Bench]:
    """A provider that has done a batch before anybody asks."""
    yield from bench(tmp_path)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Bench]:
    """A provider that does not finish while a test lasts."""
    yield from bench(tmp_path, batch_s=600.0)


def chunks_of(result: Result) -> list[BulkChunk]:
    assert result.record is not None
    assert result.record.bulk is not None
    return result.record.bulk.chunks


# ------------------------------------------------------------------------------ the whole way


def test_what_is_collected_later_is_read_by_the_plan_that_was_sent(slow: Bench) -> None:
    """Of a second batch with the first one's seed, each row has the seeds of its own request."""
    told: list[list[str]] = []
    for count in (2, 3):
        sent = slow.start(count, seed="1")
        slow.finish()
        done = slow.resume(sent)
        assert done.record is not None
        batches = parts.iter_batches(slow.data_dir, ["batch_id", "slot", "seed_json"])
        rows = [row for batch in batches for row in batch.to_pylist()]
        mine = sorted(
            (row["slot"], row["seed_json"]) for row in rows if row["batch_id"] == done.record.id
        )
        [*_, job] = slow.server._batches._batches.values()
        for (_, seeds), line in zip(mine, job.lines, strict=True):
            drawn, asked = json.loads(seeds), json.dumps(line["body"], ensure_ascii=False)
            assert (drawn["perspective"] in asked, drawn["sector"] in asked) == (True, True)
        told.append([seeds for _, seeds in mine])
    assert not set(told[0]) & set(told[1])


def test_a_bulk_batch_writes_every_slot_once_at_half_the_price(quick: Bench) -> None:
    """Planned, sent, run, read back, sealed: each slot once, tokens as billed, half the cost."""
    result = quick.start(25)
    calls = quick.server.calls("groq", endpoint="batch_line")
    stats = quick.saved(result).models[REF]
    prompt = sum(call.prompt_tokens for call in calls)
    completion = sum(call.completion_tokens for call in calls)
    assert (result.exit_code, result.status) == (0, "completed")
    assert quick.slots(result) == list(range(25))
    assert len(calls) == 25
    assert quick.server.calls("groq", endpoint="chat") == []
    assert (stats.calls, stats.samples, stats.input_tokens, stats.output_tokens) == (
        25, 25, prompt, completion,
    )  # fmt: skip
    assert stats.cost_usd == pytest.approx(0.5 * (prompt * 0.15 + completion * 0.60) / 1e6)
    assert [chunk.collected for chunk in chunks_of(result)] == [True]
    assert list((quick.data_dir.state / "bulk").iterdir()) == []


def test_a_price_that_the_user_states_holds_for_what_is_read_back(quick: Bench) -> None:
    """What came back is paid for by the price of `[prices]`, as what was sent: it is a cap's."""
    stated = f'[prices."{REF}"]\ninput = 1000.0\noutput = 2000.0\n'
    (quick.root / "config.toml").write_text(stated)
    result = quick.start(2)
    assert result.status == "completed"
    stats = quick.saved(result).models[REF]
    expected = (stats.input_tokens * 1000 + stats.output_tokens * 2000) / 1e6 / 2
    assert stats.cost_usd == pytest.approx(expected)


def test_answers_that_tell_no_tokens_are_estimated(tmp_path: Path) -> None:
    """As those of calls are: in the record and in the rows, which is said once."""
    with VendorServer(Config.of().with_vendor("groq", tells_usage=False)) as server:
        each = Bench(tmp_path, server)
        result = each.start(4)
        record = each.saved(result)
        stats = record.models[REF]
        calls = server.calls("groq", endpoint="batch_line")
    told = stats.input_tokens, stats.output_tokens
    really = sum(c.prompt_tokens for c in calls), sum(c.completion_tokens for c in calls)
    assert [0.7 < one / other < 1.5 for one, other in zip(told, really, strict=True)] == [True] * 2
    assert 0 < stats.assumed_usd == pytest.approx(cost_of(record))
    rows = [
        (row["input_tokens"], row["output_tokens"])
        for batch in parts.iter_batches(each.data_dir, ["input_tokens", "output_tokens"])
        for row in batch.to_pylist()
    ]
    assert tuple(map(sum, zip(*rows, strict=True))) == told
    assert sum("tell no tokens" in text for text in each.notices()) == 1


def test_nothing_stays_at_the_provider(quick: Bench) -> None:
    """Files that were read are deleted there once their rows are sealed."""
    result = quick.start(25)
    assert (result.exit_code, quick.slots(result)) == (0, list(range(25)))
    assert quick.server._batches._files == {}
    assert [chunk.removed for chunk in quick.saved(result).bulk.chunks] == [True]  # type: ignore[union-attr]


def test_files_stay_at_the_provider_where_that_is_asked_for(quick: Bench) -> None:
    """`--keep-remote`: the input and what came of it."""
    quick.start(5, keep_remote=True)
    assert len(quick.server._batches._files) == 2


def test_a_list_of_the_provider_is_read_page_by_page(quick: Bench, tmp_path: Path) -> None:
    """What was sent long ago is found behind all that came later."""
    provider = service(quick.server)
    path = tmp_path / "in.jsonl"
    path.write_bytes(provider.bulk_line("0.0", REQUEST))
    ids = [provider.upload(path, f"{number}.jsonl", 60.0) for number in range(45)]
    assert [provider.uploaded(f"{at}.jsonl", 60.0) for at in (44, 20, 0)] == [
        ids[44],
        ids[20],
        ids[0],
    ]
    provider.remove(ids[0], 60.0)
    provider.remove(ids[0], 60.0)
    assert provider.uploaded("0.jsonl", 60.0) is None
    provider.close()


def test_a_dataset_of_an_older_version_is_told_of_as_by_any_batch(quick: Bench) -> None:
    """The same line, once, before anything is sent."""
    shutil.copytree(VERSION_1, quick.data_dir.root)
    notice = parts.older_version(quick.data_dir)
    assert notice is not None
    assert quick.start(1).exit_code == 0
    said = quick.notices()
    assert said.count(notice) == 1
    assert said.index(notice) < next(n for n, text in enumerate(said) if "are with groq" in text)


def test_work_that_is_not_done_pauses_with_a_time_to_come_back(slow: Bench) -> None:
    """The first run ends 75 with resume_after; a second look changes nothing and sends nothing."""
    first = slow.start(10)
    again = slow.resume(first)
    assert (first.exit_code, first.status, again.exit_code) == (75, "paused", 75)
    assert first.resume_after is not None
    assert first.resume_after > datetime.now(UTC) + timedelta(minutes=50)
    assert slow.saved(again).resume_after is not None
    assert slow.saved(again).reason == "groq has done 0 of 10 requests (validating)"
    assert [chunk.batch_id for chunk in chunks_of(first)] == [
        chunk.batch_id for chunk in chunks_of(again)
    ]
    assert len(chunks_of(again)) == 1
    assert slow.server.calls("groq", endpoint="batch_line") == []


def test_follow_waits_to_the_end_and_tells_of_it(slow: Bench) -> None:
    """--follow asks again until the provider is done, and says once what it waits for."""
    slow.on_wait = slow.finish
    result = slow.start(5, BulkOrder(follow=True, poll_s=0.02))
    waits = [event.reason for event in slow.heard if isinstance(event, events.Waiting)]
    assert (result.exit_code, slow.slots(result)) == (0, list(range(5)))
    assert waits == ["groq has done 0 of 5 requests (validating)"]


def test_a_stop_while_following_leaves_the_work_at_the_provider(slow: Bench) -> None:
    """Ctrl-C ends the looking, not the batch: it can be resumed, nothing was taken back."""
    stop = Stop()
    slow.on_wait = stop.request
    result = slow.start(3, BulkOrder(follow=True, poll_s=600.0), stop=stop)
    assert (result.exit_code, result.status) == (130, "stopped")
    assert "goes on there" in result.reason
    assert [chunk.state for chunk in chunks_of(result)] == ["validating"]


def test_max_time_ends_the_following(slow: Bench) -> None:
    """--max-time bounds how long --follow looks; the batch is paused, not lost."""
    result = slow.start(3, BulkOrder(follow=True, poll_s=60.0), max_time="1s")
    assert (result.exit_code, result.status) == (75, "paused")


def test_chunks_respect_the_largest_file(quick: Bench) -> None:
    """No file holds more requests than the terms allow; together they hold each slot once."""
    terms = msgspec.structs.replace(SMALL, max_requests=10)
    result = quick.start(25, terms=terms)
    assert [chunk.requests for chunk in chunks_of(result)] == [10, 10, 5]
    assert [chunk.slots for chunk in chunks_of(result)] == [[(0, 9)], [(10, 19)], [(20, 24)]]
    assert (result.exit_code, quick.slots(result), quick.paid()) == (0, list(range(25)), 25)


# ------------------------------------------------------------------------------ what goes wrong


def test_failed_requests_are_asked_again_in_a_further_chunk(tmp_path: Path) -> None:
    """Two lines in the error file: only they are sent again, under a new variation."""
    for each in bench(tmp_path, batch_failing=frozenset({"1.0", "3.0"})):
        result = each.start(5)
        first, second = chunks_of(result)
        assert (first.accepted, first.broken, first.missing) == (3, 2, 2)
        assert (second.slots, second.accepted) == ([(1, 1), (3, 3)], 2)
        assert (result.exit_code, each.slots(result)) == (0, list(range(5)))
        assert each.saved(result).models[REF].failures == {"server_error": 2}


def test_an_error_file_alone_is_read(tmp_path: Path) -> None:
    """All requests of the first chunk fail: there is no output file, and that is no trouble."""
    for each in bench(tmp_path, batch_failing=frozenset({"0.0", "1.0"})):
        result = each.start(2)
        first = chunks_of(result)[0]
        assert (first.output_file_id, first.accepted, first.broken) == (None, 0, 2)
        assert (result.exit_code, each.slots(result)) == (0, [0, 1])
        assert any("chunk 1 of 1 completed: 0 accepted" in text for text in each.notices())


def test_what_expired_is_asked_again_until_the_rounds_are_over(tmp_path: Path) -> None:
    """Half of each chunk expires: halves are kept, and after three rounds the way on is told."""
    for each in bench(tmp_path, batch_outcome="expired"):
        result = each.start(16)
        assert [chunk.accepted for chunk in chunks_of(result)] == [8, 4, 2]
        assert (result.exit_code, result.status) == (4, "stopped")
        assert result.reason == (
            "2 of 16 samples are missing, each was asked for 3 times in bulk. "
            "Go on with --resume --finish-online"
        )
        online = each.resume(result, BulkOrder(finish_online=True))
        assert (online.exit_code, each.slots(online)) == (0, list(range(16)))
        assert (each.paid(), len(each.server.calls("groq", endpoint="chat"))) == (14, 2)


def test_a_chunk_that_the_provider_refuses_costs_nothing_and_says_why(tmp_path: Path) -> None:
    """A batch that fails validation: exit 4, its message, and no second try by itself."""
    for each in bench(tmp_path, batch_outcome="failed"):
        result = each.start(3)
        assert (result.exit_code, result.status) == (6, "failed")
        assert result.reason.startswith("groq refused chunk 1: The batch failed.; 3 of 3 samples")
        assert len(chunks_of(result)) == 1
        online = each.resume(result, BulkOrder(finish_online=True))
        assert (online.exit_code, each.slots(online), each.paid()) == (0, [0, 1, 2], 0)


def test_an_account_without_the_service_is_told_which_plan_it_needs(quick: Bench) -> None:
    """403 at the upload: exit 3 and the plan's name; --finish-online writes it all the same."""
    body = {"error": {"message": "Batch is not available on your plan.", "type": "permission"}}
    quick.server.fail("groq", "status", endpoint="files", status=403, body=body)
    quick.server.fail("groq", "status", endpoint="batches", status=403, body=body)
    result = quick.start(3)
    assert (result.exit_code, result.status) == (3, "failed")
    assert result.reason == (
        "the batch service of groq refused: Batch is not available on your plan. "
        "It needs the Developer plan. Go on without it: --resume --finish-online"
    )
    online = quick.resume(result, BulkOrder(finish_online=True))
    assert (online.exit_code, quick.slots(online)) == (0, [0, 1, 2])


def troubles_of(each: Bench, result: Result) -> list[tuple[str, str]]:
    """Kinds and targets in the record, after a look that they were told as well."""
    told = [(one.kind, one.target) for one in each.heard if isinstance(one, events.TroubleFound)]
    assert [(one.kind, one.target) for one in each.saved(result).troubles] == told
    return told


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, {"message": "Invalid API Key", "code": "invalid_api_key"}, "key_refused"),
        (402, {"message": "Payment required.", "code": "payment_required"}, "no_credit"),
    ],
)
def test_a_dead_key_or_account_is_a_trouble(
    quick: Bench, status: int, error: dict[str, str], kind: str
) -> None:
    """What the service refuses for the account's sake is told as a call's refusal is."""
    body = {"error": error}
    quick.server.fail("groq", "status", endpoint="any", status=status, body=body)
    result = quick.start(3)
    assert (result.exit_code, result.status) == (3, "failed")
    assert troubles_of(quick, result) == [(kind, "groq")]
    [note] = quick.saved(result).troubles
    assert (note.status, note.message) == (status, error["message"])


def test_a_plan_without_the_service_is_no_trouble_of_the_key(quick: Bench) -> None:
    """The key works elsewhere: nobody is told to make a new one."""
    body = {"error": {"message": "Batch is not available on your plan.", "type": "permission"}}
    quick.server.fail("groq", "status", endpoint="any", status=403, body=body)
    result = quick.start(3)
    assert (result.exit_code, troubles_of(quick, result)) == (3, [])


def test_a_model_that_is_gone_is_a_trouble_by_its_requests(quick: Bench) -> None:
    """Each line of the error file says it; it is told once."""
    error = {"message": "The model does not exist.", "code": "model_not_found"}
    lines = b"".join(
        answered(custom_id=f"{slot}.0", response={"status_code": 404, "body": {"error": error}})
        + b"\n"
        for slot in range(3)
    )
    quick.server.fail(
        "groq", "status", endpoint="files", after=2, count=1, status=200, body=lines.decode()
    )
    result = quick.start(3)
    assert troubles_of(quick, result) == [("model_gone", REF)]


def test_a_chunk_refused_for_its_model_is_a_trouble(tmp_path: Path) -> None:
    """The service says it in words: they are read as those of a reply are."""
    said = "The model `openai/gpt-oss-120b` does not exist or you do not have access to it."
    for each in bench(tmp_path, batch_outcome="failed", batch_message=said):
        result = each.start(3)
        assert (result.exit_code, troubles_of(each, result)) == (6, [("model_gone", REF)])


def test_rows_without_the_marks_that_were_asked_for_are_a_trouble(quick: Bench) -> None:
    """The judge is down: the rows are kept, and that they lack marks is told once."""
    for vendor in ("groq", "cerebras"):
        quick.server.fail(vendor, "unauthorized")
    result = quick.start(3, judge="cerebras/qwen-3.8-27b", gate="full")
    assert quick.saved(result).unjudged == 3
    assert set(troubles_of(quick, result)) == {
        ("unjudged", "judge"),
        ("key_refused", "cerebras"),
        ("key_refused", "groq"),
        ("paid_instead", "groq"),
    }


def test_who_marks_in_place_of_a_dead_key_is_told(quick: Bench) -> None:
    """The marks of a bulk batch are asked for at once, and paid for."""
    quick.server.fail("cerebras", "unauthorized")
    result = quick.start(3, judge="cerebras/qwen-3.8-27b", gate="full")
    assert quick.saved(result).unjudged == 0
    assert troubles_of(quick, result) == [("key_refused", "cerebras"), ("paid_instead", "groq")]


@pytest.mark.parametrize("bound", ["max_cost", "max_cost_per_day"])
def test_marks_and_what_they_mark_have_one_bound_on_money(quick: Bench, bound: str) -> None:
    """What was read back counts when a mark is asked for; those that are missing come later."""
    told = quick.start(10, judge=QWEN, gate="full")
    most, marks = chunks_of(told)[0].most_usd, quick.saved(told).model(f"{QWEN} (judge)")
    price = 0.9 * most / (marks.input_tokens + marks.output_tokens) * 1e6
    stated = f'[prices."{QWEN}"]\ninput = {price}\noutput = {price}\n'
    (quick.root / "config.toml").write_text(stated)
    before = 0.0 if bound == "max_cost" else cost_of(quick.saved(told))
    flags: dict[str, Any] = {"judge": QWEN, "gate": "full", bound: f"{before + most:.9f}"}
    result = quick.start(10, **flags)
    assert result.exit_code == 4
    assert f"(--{bound.replace('_', '-')})" in result.reason
    assert 0 < quick.saved(result).accepted < 10
    back = quick.resume(result, **{**flags, bound: "90"})
    assert (back.status, quick.saved(back).unjudged) == ("completed", 0)
    assert quick.saved(back).model(REF).calls == 10


def test_marks_that_are_a_condition_are_waited_for(quick: Bench) -> None:
    """No row enters without one: the answers lie where they are, and are read again."""
    flags: dict[str, Any] = {"judge": QWEN, "min_score": "1", "gate": "full"}
    for vendor in ("groq", "cerebras"):
        quick.server.fail(vendor, "tpd")
    away = quick.start(3, **flags)
    assert (away.status, away.exit_code, quick.saved(away).accepted) == ("paused", 75, 0)
    assert quick.slots(away) == []
    quick.server.heal()
    for path in quick.settings().state_dir.iterdir():
        path.unlink()
    back = quick.resume(away, **flags)
    assert (back.status, quick.slots(back)) == ("completed", [0, 1, 2])
    assert quick.saved(back).unjudged == 0
    assert quick.saved(back).model(REF).calls == 3


def test_marks_that_cannot_be_read_are_asked_for_again_later(quick: Bench) -> None:
    """No bound is to blame: the batch pauses, however patient, and goes on once the judge answers
    as it should."""
    flags: dict[str, Any] = {"judge": QWEN, "min_score": "1", "gate": "full"}
    for vendor, model in (("groq", "qwen/qwen3.8-27b"), ("cerebras", "qwen-3.8-27b")):
        quick.server.fail(vendor, "prose", model=model, endpoint="chat")
    unread = quick.start(2, BulkOrder(follow=True, poll_s=0.05), **flags)
    assert (unread.status, unread.exit_code) == ("paused", 75)
    assert "marks" in unread.reason
    assert "--resume" in unread.reason
    quick.server.heal()
    back = quick.resume(unread, **flags)
    assert (back.status, quick.slots(back)) == ("completed", [0, 1])


def test_a_reading_that_is_begun_again_counts_each_request_and_each_mark_once(
    quick: Bench,
) -> None:
    """The judge goes away after two marks: its calls stay counted, by model and by day, and so does
    each request of the job, however often its answers are read."""
    flags: dict[str, Any] = {"judge": QWEN, "min_score": "1", "gate": "full"}
    quick.server.fail("groq", "tpd", endpoint="chat", after=2)
    quick.server.fail("cerebras", "tpd")
    away = quick.start(4, **flags)
    assert (away.status, quick.saved(away).accepted) == ("paused", 2)
    quick.server.heal()
    for path in quick.settings().state_dir.iterdir():
        path.unlink()
    back = quick.resume(away, **flags)
    assert (back.status, quick.slots(back)) == ("completed", [0, 1, 2, 3])
    record = quick.saved(back)
    marks, writing = record.model(f"{QWEN} (judge)"), record.model(REF)
    asked = [
        call
        for call in quick.server.calls("groq", QWEN.partition("/")[2], endpoint="chat")
        if call.paid
    ]
    assert marks.input_tokens == sum(call.prompt_tokens for call in asked)
    assert (writing.calls, writing.samples) == (4, 4)
    assert sum(by_day(record).values()) == pytest.approx(cost_of(record))
    assert sum(record.days.values()) <= cost_of(record) + 1e-12


def test_a_judge_that_is_gone_ends_a_bulk_batch_that_needs_it(quick: Bench) -> None:
    """Exit 3, and nothing that was paid for is thrown away; ``--unjudged keep`` keeps it so."""
    flags: dict[str, Any] = {"judge": QWEN, "min_score": "1", "gate": "full"}
    for vendor in ("groq", "cerebras"):
        quick.server.fail(vendor, "unauthorized")
    gone = quick.start(3, **flags)
    assert (gone.exit_code, quick.slots(gone)) == (3, [])
    assert "no judge is left" in gone.reason
    kept = quick.resume(gone, **flags, unjudged="keep")
    assert (kept.exit_code, quick.slots(kept), quick.saved(kept).unjudged) == (0, [0, 1, 2], 3)


@pytest.mark.parametrize("provider", ["cerebras", "local"])
def test_a_provider_without_a_batch_service_says_so(quick: Bench, provider: str) -> None:
    """One sentence and exit 2, before anything is made."""
    with pytest.raises(UsageError, match=f"{provider} has no batch service") as error:
        quick.start(3, provider=provider)
    assert error.value.exit_code == 2
    assert not quick.data_dir.root.exists()


def test_a_passing_failure_of_the_service_is_a_pause(quick: Bench) -> None:
    """503 when the job is started: paused, with the server's words; the next run goes on."""
    quick.server.fail("groq", "over_capacity", endpoint="batches", count=1)
    result = quick.start(3)
    assert (result.exit_code, result.status) == (75, "paused")
    assert "groq cannot be asked now" in result.reason
    done = quick.resume(result)
    assert (done.exit_code, quick.slots(done), quick.paid()) == (0, [0, 1, 2], 3)


def test_a_start_whose_reply_is_lost_is_found_again(quick: Bench) -> None:
    """The job was started and the reply never came: the next run finds it and starts none."""
    quick.server.fail("groq", "cut_chunked", endpoint="batches", after=1, count=1)
    result = quick.start(4)
    assert result.exit_code == 75
    assert [chunk.state for chunk in chunks_of(result)] == ["uploaded"]
    done = quick.resume(result)
    assert (done.exit_code, quick.slots(done), quick.paid()) == (0, list(range(4)), 4)


@pytest.mark.parametrize("cut", ["", '{"custom_id":"0.0","response":{"status_co'])
def test_a_file_that_is_cut_off_is_fetched_again(quick: Bench, cut: str) -> None:
    """The first download holds less than the counts say: said, fetched again, nothing asked."""
    quick.server.fail("groq", "status", endpoint="files", after=2, count=1, status=200, body=cut)
    result = quick.start(4)
    assert (result.exit_code, result.status) == (75, "paused")
    assert any("chunk 1 are cut off: 0 answers of 4" in text for text in quick.notices())
    done = quick.resume(result)
    stats = quick.saved(done).models[REF]
    assert (done.exit_code, quick.slots(done), quick.paid()) == (0, list(range(4)), 4)
    assert (stats.calls, stats.samples) == (4, 4)


def test_a_file_that_stays_cut_is_given_up_after_three_fetches(quick: Bench) -> None:
    """What a file cannot give is asked again at last, rather than waited for without end."""
    quick.server.fail("groq", "status", endpoint="files", after=2, count=3, status=200, body="")
    result = quick.start(2, BulkOrder(follow=True, poll_s=0.02))
    assert [chunk.accepted for chunk in chunks_of(result)] == [0, 2]
    assert (result.exit_code, quick.slots(result)) == (0, [0, 1])


def test_whole_answers_beside_a_line_that_is_none_are_not_cut_off(slow: Bench) -> None:
    """Every request is answered: read, said, paid for in the record, and deleted there."""
    sent = slow.start(3)
    slow.output().data += b"# end of file\n"
    done = slow.resume(sent)
    record = slow.saved(done)
    assert (done.exit_code, done.status, slow.slots(done)) == (0, "completed", [0, 1, 2])
    assert (record.models[REF].calls, record.models[REF].samples) == (3, 3)
    assert sum(by_day(record).values()) == pytest.approx(cost_of(record))
    assert cost_of(record) > 0
    assert [(one.collected, one.removed) for one in chunks_of(done)] == [(True, True)]
    assert any("3 accepted, 0 refused, 1 line cannot be read" in text for text in slow.notices())


def test_a_batch_is_not_completed_before_what_it_paid_for_is_in_its_record(slow: Bench) -> None:
    """Two halves of a file bring every sample; the chunk is read to its end all the same."""
    sent = slow.start(4)
    file = slow.output()
    whole = file.data.splitlines(keepends=True)
    for half in (whole[:2], whole[2:]):
        file.data = b"".join(half)
        cut = slow.resume(sent)
        assert (cut.exit_code, cut.status) == (75, "paused")
    assert slow.slots(cut) == [0, 1, 2, 3]
    file.data = b"".join(whole)
    done = slow.resume(sent)
    stats = slow.saved(done).models[REF]
    assert (done.exit_code, slow.slots(done), slow.paid()) == (0, [0, 1, 2, 3], 4)
    assert (stats.calls, stats.samples) == (4, 4)
    assert [(one.collected, one.removed) for one in chunks_of(done)] == [(True, True)]


def test_a_stop_while_the_last_answers_are_read_ends_with_a_whole_record(slow: Bench) -> None:
    """Ctrl-C as the last group is on the disk: the chunk is closed, not left half read."""
    stop = Stop()
    sent = slow.start(3)
    slow.finish()
    slow.on_accept = stop.request
    done = slow.resume(sent, stop=stop)
    bulk = slow.saved(done).bulk
    assert bulk is not None
    assert (done.exit_code, done.status, slow.slots(done)) == (0, "completed", [0, 1, 2])
    assert [(one.collected, one.accepted) for one in bulk.chunks] == [(True, 3)]
    assert bulk.reading is None


def test_finishing_online_asks_for_all_that_is_with_nobody(slow: Bench) -> None:
    """A cut file has brought some samples of its chunk: they are no part of what is out there."""
    stopped = slow.start(5, terms=SMALL, max_calls="3")
    file = slow.output()
    file.data = b"".join(file.data.splitlines(keepends=True)[:2])
    online = slow.resume(stopped, BulkOrder(finish_online=True))
    assert (online.exit_code, online.status) == (75, "paused")
    assert len(slow.server.calls("groq", endpoint="chat")) == 2
    assert len(slow.slots(online)) == 4


def test_answers_in_odd_frames_are_not_bought_again(slow: Bench) -> None:
    """A mark of order before the first line, statuses as texts, errors that say nothing."""
    sent = slow.start(3)
    file = slow.output()
    lines = [json.loads(line) for line in file.data.splitlines()]
    for line in lines:
        line["response"]["status_code"] = "200"
        line["error"] = {"code": None, "message": None}
    written = "\r\n".join(json.dumps(line) for line in lines)
    file.data = written.encode("utf-8-sig")
    done = slow.resume(sent)
    assert (done.exit_code, slow.slots(done), slow.paid()) == (0, [0, 1, 2], 3)
    assert [(one.accepted, one.broken) for one in chunks_of(done)] == [(3, 0)]


def test_answers_that_came_twice_are_told_from_those_of_others(slow: Bench) -> None:
    """A second answer to a request of ours is one, and no line of somebody else."""
    sent = slow.start(3)
    file = slow.output()
    file.data += file.data + answered(custom_id="99.0", response={"body": REPLY}) + b"\n"
    done = slow.resume(sent)
    assert (done.exit_code, slow.slots(done)) == (0, [0, 1, 2])
    assert any(
        "3 second answers passed over, 1 line of no request of ours passed over" in text
        for text in slow.notices()
    )


def test_a_job_in_a_state_that_nobody_knows_is_read_once_all_of_it_is_done(slow: Bench) -> None:
    """Before that it is waited for."""
    sent = slow.start(3)
    slow.output()
    [job] = slow.server._batches._batches.values()
    job.status, job.started_s, job.completed = "held", float("inf"), 2
    assert slow.resume(sent).exit_code == 75
    job.completed = 3
    done = slow.resume(sent)
    assert (done.exit_code, slow.slots(done), slow.paid()) == (0, [0, 1, 2], 3)


def test_an_answer_that_the_service_refused_and_shows_is_kept_aside(quick: Bench) -> None:
    """A line that failed by what the model wrote: the text is kept, the slot asked again."""
    error = {"message": "No.", "code": "json_validate_failed", "failed_generation": '{"answ'}
    line = answered(response={"status_code": 400, "body": {"error": error}}).decode()
    quick.server.fail("groq", "status", endpoint="files", after=2, count=1, status=200, body=line)
    result = quick.start(1)
    [kept] = journal.read_rejected(quick.data_dir, quick.saved(result).id)
    assert (kept.slot, kept.text, [one.code for one in kept.reasons]) == (0, '{"answ', ["BAD_JSON"])
    assert [(one.broken, one.accepted) for one in chunks_of(result)] == [(1, 0), (0, 1)]
    assert (result.exit_code, quick.slots(result)) == (0, [0])


def test_failed_requests_that_say_what_they_took_are_paid_for(slow: Bench) -> None:
    """An answer that broke off, and a refusal with a bill: in the record, day by day too."""
    sent = slow.start(3)
    file = slow.output()
    lines = [json.loads(line) for line in file.data.splitlines()]
    usage = {"prompt_tokens": 1_000, "completion_tokens": 3_000}
    choice = {"index": 0, "finish_reason": "error", "message": {"content": "half"}}
    error = {"message": "No.", "code": "json_validate_failed", "failed_generation": '{"answ'}
    broken_off, refused, whole = (line["response"] for line in lines)
    broken_off["body"] = {"choices": [choice], "usage": usage}
    refused |= {"status_code": 400, "body": {"error": error, "usage": usage}}
    file.data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    record = slow.saved(slow.resume(sent))
    stats, last = record.models[REF], whole["body"]["usage"]
    sent_tokens = 2_000 + last["prompt_tokens"], 6_000 + last["completion_tokens"]
    assert (stats.calls, stats.samples) == (3, 1)
    assert stats.failures == {"server_error": 1, "output_invalid": 1}
    assert (stats.input_tokens, stats.output_tokens) == sent_tokens
    assert cost_of(record) == pytest.approx(
        0.5 * (sent_tokens[0] * 0.15 + sent_tokens[1] * 0.60) / 1e6
    )
    assert sum(by_day(record).values()) == pytest.approx(cost_of(record))
    assert stats.assumed_usd == 0
    kept = list(journal.read_rejected(slow.data_dir, record.id))
    assert {one.text: (one.input_tokens, one.output_tokens) for one in kept} == {
        "half": (1_000, 3_000),
        '{"answ': (1_000, 3_000),
    }
    assert sum(one.cost_usd or 0.0 for one in kept) == pytest.approx(
        (2_000 * 0.15 + 6_000 * 0.60) / 2e6
    )


def test_answers_that_the_gate_refuses_are_kept_aside_and_asked_again(tmp_path: Path) -> None:
    """Unreadable first answers: refused, paid for, in rejected/, and written by a later chunk."""

    def answers(asked: AnswerRequest) -> str:
        return "no JSON at all" if asked.number < 3 else GOOD(asked)

    for each in bench(tmp_path, answers=answers):
        result = each.start(5)
        record = each.saved(result)
        kept_aside = list(journal.read_rejected(each.data_dir, record.id))
        assert (result.exit_code, each.slots(result)) == (0, list(range(5)))
        assert [chunk.refused for chunk in chunks_of(result)] == [3, 0]
        assert Counter(reason.code for one in kept_aside for reason in one.reasons) == (
            record.rejected
        )
        assert (len(kept_aside), record.models[REF].calls) == (3, 8)


def test_duplicates_within_a_bulk_batch_are_refused(tmp_path: Path) -> None:
    """The same answer to every request is one sample, whatever the provider charges for it."""
    first = AnswerRequest("groq", "m", 1, 0, "England, contract law")

    for each in bench(tmp_path, answers=lambda _: GOOD(first)):
        result = each.start(4)
        assert (result.exit_code, len(each.slots(result))) == (4, 1)
        assert each.saved(result).rejected == {"DUP_EXACT": 3 + 3 + 3}


@pytest.mark.parametrize("bound", ["max_cost", "max_cost_per_day", "max_cost_per_month"])
def test_a_bound_on_money_holds_for_all_that_is_sent(quick: Bench, bound: str) -> None:
    """No more is sent than can be paid at worst; then it ends and names the bound.

    What comes back takes less than the worst, and makes room for more, never for all.
    """
    whole = quick.start(10)
    price = chunks_of(whole)[0].most_usd / 10
    before = 0.0 if bound == "max_cost" else cost_of(quick.saved(whole))
    flags: dict[str, Any] = {bound: str(before + price * 2.2)}
    result = quick.start(10, **flags)
    assert sum(chunk.requests for chunk in chunks_of(result)) < 10
    assert (result.exit_code, result.status) == (4, "stopped")
    assert result.reason.startswith(f"--{bound.replace('_', '-')} ")
    assert cost_of(quick.saved(result)) <= price * 2.2


@pytest.mark.parametrize(
    ("bound", "most", "said"),
    [
        ("max_calls", "2", "--max-calls 2"),
        ("max_tokens", "500", "--max-tokens 500"),
        ("max_cost", "0.0001", "--max-cost 0.0001"),
        ("max_cost_per_month", "0.0001", "--max-cost-per-month 0.0001 (it frees at "),
    ],
)
def test_the_bound_that_is_reached_is_named(quick: Bench, bound: str, most: str, said: str) -> None:
    """Others are set too, and have room left."""
    flags: dict[str, Any] = {"max_calls": "90", "max_tokens": "9000000", "max_cost": "90"}
    flags[bound] = most
    result = quick.start(3, **flags)
    assert (result.exit_code, result.status) == (4, "stopped")
    assert result.reason.startswith(said)
    assert " leaves no room for a further request; " in result.reason
    assert result.reason.endswith("missing. Go on with --resume and a larger one")
    assert list((quick.data_dir.state / "bulk").iterdir()) == []


def test_a_bound_that_has_room_again_is_no_reason(slow: Bench) -> None:
    """What may be charged at most bounds what is sent; what was charged leaves room for more."""
    whole = slow.start(4)
    most = chunks_of(whole)[0].most_tokens
    slow.on_wait = slow.finish
    result = slow.start(4, BulkOrder(follow=True, poll_s=0.02), max_tokens=str(int(most * 0.9)))
    assert len(chunks_of(result)) > 1
    assert (result.exit_code, result.status) == (0, "completed")


# ------------------------------------------------------------------------------ taking it back


def test_cancelling_asks_first_and_takes_back_what_is_out(slow: Bench) -> None:
    """Declined, nothing happens; confirmed, the provider's job is cancelled and exit is 4."""
    asked: list[str] = []

    def answer(yes: bool) -> BulkOrder:
        def confirm(question: str) -> bool:
            asked.append(question)
            return yes

        return BulkOrder(cancel=True, confirm=confirm, poll_s=0.02)

    first = slow.start(4)
    declined = slow.resume(first, answer(False))
    assert (declined.exit_code, declined.reason) == (0, "left as it is")
    cancelled = slow.resume(first, answer(True))
    assert (cancelled.exit_code, cancelled.status) == (4, "stopped")
    assert cancelled.reason == (
        "cancelled; 4 of 4 samples are missing. Go on with --resume --bulk or --finish-online"
    )
    assert [chunk.state for chunk in chunks_of(cancelled)] == ["cancelled"]
    assert asked[0].startswith("Stop 4 requests of batch ")
    stays = slow.resume(cancelled)
    assert (stays.exit_code, len(chunks_of(stays))) == (4, 1)
    again = slow.resume(cancelled, BulkOrder(again=True))
    assert (again.exit_code, len(chunks_of(again))) == (75, 2)


def test_there_must_be_something_to_cancel(quick: Bench) -> None:
    """--cancel on a batch that nobody works on is a usage error."""
    result = quick.start(2)
    with pytest.raises(UsageError, match="nothing to cancel"):
        quick.resume(result, BulkOrder(cancel=True))


def test_online_slots_and_slots_at_the_provider_do_not_meet(slow: Bench) -> None:
    """--finish-online leaves what the provider works on to it: no slot is asked for twice."""
    stopped = slow.start(5, terms=SMALL, max_calls="3")
    online = slow.resume(stopped, BulkOrder(finish_online=True))
    assert (online.exit_code, online.status) == (75, "paused")
    assert len(slow.server.calls("groq", endpoint="chat")) == 2
    slow.finish()
    done = slow.resume(online)
    assert (done.exit_code, slow.slots(done), slow.paid()) == (0, list(range(5)), 3)


def test_finishing_online_holds_for_later_runs(tmp_path: Path) -> None:
    """What fails at the provider afterwards is asked online too, until --bulk is said again."""
    for each in bench(tmp_path, batch_s=600.0, batch_failing=frozenset({"0.0"})):
        stopped = each.start(5, terms=SMALL, max_calls="3")
        online = each.resume(stopped, BulkOrder(finish_online=True))
        each.finish()
        done = each.resume(online)
        assert (done.exit_code, each.slots(done)) == (0, list(range(5)))
        assert (each.paid(), len(each.server.calls("groq", endpoint="chat"))) == (2, 3)
        assert len(chunks_of(done)) == 1


def test_an_ordinary_batch_can_go_on_in_bulk(quick: Bench) -> None:
    """A batch that stopped short is handed over: only what it lacks is sent."""
    settings = quick.settings(max_calls="2", no_failover=True)
    run = open_run(settings, Intent(count=6), listener=lambda _: None, stop=Stop())
    short = run.go()
    run.close()
    done = quick.resume(short)
    assert short.exit_code == 4
    assert (done.exit_code, quick.slots(done), quick.paid()) == (0, list(range(6)), 4)


def test_answers_that_wait_for_marks_are_not_bought_again_in_bulk(quick: Bench) -> None:
    """They were paid for by calls: what is handed over is what lacks an answer."""
    flags: dict[str, Any] = {"judge": QWEN, "min_score": "1", "gate": "full"}
    for vendor, model in (("groq", "qwen/qwen3.8-27b"), ("cerebras", "qwen-3.8-27b")):
        quick.server.fail(vendor, "tpd", model=model)
    settings = quick.settings(no_failover=True, concurrency="2", **flags)
    run = open_run(settings, Intent(count=6), listener=lambda _: None, stop=Stop())
    away = run.go()
    run.close()
    assert away.status == "paused"
    waiting = len(list(journal.read_rejected(quick.data_dir, quick.saved(away).id)))
    assert 0 < waiting < 6
    quick.server.heal()
    for path in quick.settings().state_dir.iterdir():
        path.unlink()
    done = quick.resume(away, **flags)
    assert (done.exit_code, quick.slots(done)) == (0, list(range(6)))
    assert quick.paid() == 6 - waiting
    assert quick.saved(done).unjudged == 0


def test_calls_of_its_own_count_against_no_bound_of_a_batch_that_is_handed_over(
    quick: Bench,
) -> None:
    """``--max-calls`` bounds the run that made them, as it bounds any run that goes on."""
    settings = quick.settings(max_calls="2", no_failover=True)
    run = open_run(settings, Intent(count=6), listener=lambda _: None, stop=Stop())
    short = run.go()
    run.close()
    one = quick.resume(short, max_calls="1")
    assert (quick.paid(), quick.slots(one)) == (1, [0, 1, 2])
    assert one.reason.startswith("--max-calls 1 leaves no room")
    again = quick.resume(one, max_calls="1")
    assert (again.exit_code, quick.paid()) == (4, 1)


# ------------------------------------------------------------------------------ the vendor's side


def service(server: VendorServer) -> BulkProvider:
    provider = open_provider("groq", api_key=server.key("groq"), base_url=server.base_url("groq"))
    assert isinstance(provider, BulkProvider)
    return provider


REQUEST = Request(
    "openai/gpt-oss-120b",
    Prompt((Message("user", "Say ok."),), "v1", temperature=0.5, seed=7),
    500,
    60.0,
    reasoning_effort="low",
)


def test_a_line_asks_what_a_call_would_ask(quick: Bench) -> None:
    """The body in the file equals the body of the same request sent as a call."""
    provider = service(quick.server)
    provider.complete(REQUEST)  # type: ignore[attr-defined]  # a Provider as well
    line = json.loads(provider.bulk_line("3.1", REQUEST))
    assert line.pop("body") == quick.server.calls("groq", endpoint="chat")[0].request
    assert line == {"custom_id": "3.1", "method": "POST", "url": "/v1/chat/completions"}
    provider.close()


def test_a_line_leaves_out_what_is_known_to_be_refused(slow: Bench) -> None:
    """What calls of earlier batches found out is not sent in a file, where every line would fail;
    what the user states is."""
    settings = slow.settings()
    ref = routing.plan_route(settings, Catalog.load()).entries[0].ref
    account = routing.account_of(settings, ref.provider)
    now = datetime.now(UTC).timestamp()
    refused = dict.fromkeys(("seed", "response_format=strict"), now)
    memory = Memories(models={account.key(ref.model): Memory(seen=now, unsupported=refused)})
    settings.state_dir.mkdir(parents=True)
    (settings.state_dir / "health.json").write_bytes(msgspec.json.encode(memory))
    slow.start(2, temperature="0.3")
    (sent,) = slow.server._batches._files.values()
    asked = [json.loads(line)["body"] for line in sent.data.splitlines()]
    assert len(asked) == 2
    for body in asked:
        assert "seed" not in body
        assert body["response_format"]["json_schema"]["strict"] is False
        assert body["temperature"] == 0.3


def answered(**line: object) -> bytes:
    return json.dumps({"id": "batch_req_1", "custom_id": "0.0", **line}).encode()


REPLY = {
    "id": "c1",
    "model": "openai/gpt-oss-120b",
    "choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_time": 0.25},
}


def test_lines_of_a_result_are_read_as_replies_are(quick: Bench) -> None:
    """A good line is a completion; bad ones are failures, categorised as a call's would be."""
    provider = service(quick.server)
    good = provider.bulk_answer(answered(response={"status_code": 200, "body": REPLY}, error=None))
    assert good is not None
    assert good.completion is not None
    assert (good.completion.text, good.completion.usage, good.completion.latency_s) == (
        "ok", Usage(9, 2), 0.25,
    )  # fmt: skip
    busy = {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}
    lines = {
        ErrorCategory.RATE_LIMIT: answered(response={"status_code": 429, "body": busy}),
        ErrorCategory.SERVER_ERROR: answered(response={"status_code": 200, "body": {"a": 1}}),
        ErrorCategory.TIMEOUT: answered(error={"code": "batch_expired", "message": "too late"}),
    }
    read = {category: provider.bulk_answer(line) for category, line in lines.items()}
    assert {c: one.failure.category for c, one in read.items() if one and one.failure} == {
        category: category for category in lines
    }
    torn = [b"", b"{", b"[]", b'{"custom_id": 3}', b"\xff\xfe", b'"text"']
    assert [provider.bulk_answer(line) for line in torn] == [None] * len(torn)
    provider.close()


@pytest.mark.parametrize(
    "line",
    [
        answered(response={"status_code": 200, "body": REPLY}, error={}),
        answered(response={"status_code": 200, "body": REPLY}, error=""),
        answered(
            response={"status_code": 200, "body": REPLY}, error={"code": None, "message": None}
        ),
        answered(response={"status_code": 200, "body": REPLY}, error={"code": 0, "message": "ok"}),
        answered(response={"status_code": "200", "body": REPLY}, error=None),
        answered(response={"status_code": 200, "body": json.dumps(REPLY)}, error=None),
        answered(response={"body": REPLY}, error=None),
        answered(response=REPLY),
        b"\xef\xbb\xbf"
        + answered(response={"status_code": 200, "body": REPLY}, error=None)
        + b"\r",
        answered(response={"status_code": 200, "body": {**REPLY, "created": float("nan")}}),
    ],
)
def test_an_answer_in_an_odd_frame_is_read(quick: Bench, line: bytes) -> None:
    """It was paid for: what holds a completion is one, whatever stands around it."""
    provider = service(quick.server)
    read = provider.bulk_answer(line)
    provider.close()
    assert read is not None
    assert read.completion is not None
    assert (read.custom_id, read.completion.text, read.completion.usage) == (
        "0.0",
        "ok",
        Usage(9, 2),
    )


@pytest.mark.parametrize(
    ("line", "category", "kept"),
    [
        (answered(error={"code": 500, "message": "boom"}), ErrorCategory.SERVER_ERROR, ""),
        (answered(error="Rate limit reached"), ErrorCategory.RATE_LIMIT, ""),
        (
            answered(response={"status_code": "429", "body": None}, error={"message": "Busy."}),
            ErrorCategory.RATE_LIMIT,
            "",
        ),
        (
            answered(
                response={"status_code": 200, "body": {"a": 1}}, error={"message": "overloaded"}
            ),
            ErrorCategory.OVERLOADED,
            '{"a": 1}',
        ),
        (
            answered(
                response={"status_code": 200, "body": {"error": {"message": "overloaded"}}},
                error={"code": "request_failed", "message": "See the response."},
            ),
            ErrorCategory.OVERLOADED,
            "",
        ),
        (answered(response={"body": "Words."}), ErrorCategory.SERVER_ERROR, '"Words."'),
        (answered(response={"status_code": 200, "body": None}), ErrorCategory.SERVER_ERROR, ""),
        (answered(), ErrorCategory.GENERAL, ""),
    ],
)
def test_a_line_without_an_answer_is_what_it_says(
    quick: Bench, line: bytes, category: ErrorCategory, kept: str
) -> None:
    """Errors in any form have their category; what may have been paid for is kept aside."""
    provider = service(quick.server)
    read = provider.bulk_answer(line)
    provider.close()
    assert read is not None
    assert read.failure is not None
    assert (read.failure.category, read.failure.answer) == (category, kept)


def test_a_file_larger_than_any_reply_is_sent_and_fetched_whole(
    quick: Bench, tmp_path: Path
) -> None:
    """34 MB go up and come back, piece by piece, past the bound on replies."""
    line = b"x" * 1023 + b"\n"
    source_path, back = tmp_path / "large", bytearray()
    source_path.write_bytes(line * 34 * 1024)
    provider = service(quick.server)
    file_id = provider.upload(source_path, "large.jsonl", 60.0)
    provider.fetch(file_id, back.extend, 60.0)
    assert back == source_path.read_bytes()
    assert provider.uploaded("large.jsonl", 60.0) == file_id
    assert provider.uploaded("another.jsonl", 60.0) is None
    provider.close()


def test_a_disk_that_is_full_is_no_failure_of_the_vendors(quick: Bench, tmp_path: Path) -> None:
    """It is the disk's own error, and the connection serves the next call."""
    source_path = tmp_path / "large"
    source_path.write_bytes(b"x" * 1_000_000)
    provider = service(quick.server)
    file_id = provider.upload(source_path, "large.jsonl", 60.0)
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(OSError, match="No space left"),
    ):
        provider.fetch(file_id, full.write, 60.0)
    assert provider.uploaded("large.jsonl", 60.0) == file_id
    provider.close()


def test_a_job_is_found_by_all_of_its_metadata(quick: Bench, tmp_path: Path) -> None:
    """Batch and chunk together name a job; another chunk of the batch is another job."""
    provider = service(quick.server)
    path = tmp_path / "in.jsonl"
    path.write_bytes(provider.bulk_line("0.0", REQUEST))
    file_id = provider.upload(path, "in.jsonl", 60.0)
    job = provider.start(file_id, "24h", steps.metadata("b", 1), 60.0)
    found = provider.started(steps.metadata("b", 1), 60.0)
    assert found is not None
    assert (found.id, found.input_file_id, found.total) == (job.id, file_id, 1)
    assert provider.started(steps.metadata("b", 2), 60.0) is None
    with pytest.raises(ProviderError, match="does not exist"):
        provider.job("batch_none", 60.0)
    provider.close()


# ------------------------------------------------------------------------------ values


@given(st.sets(st.integers(0, 10_000)))
def test_ranges_hold_the_slots_and_nothing_else(slots: set[int]) -> None:
    """Slots to ranges and back are the same slots; no two ranges touch."""
    found = steps.ranges(slots)
    chunk = BulkChunk(number=1, target=REF, slots=found, requests=len(slots))
    assert list(steps.slots_of(chunk)) == sorted(slots)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(found))


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_custom_id_tells_slot_and_variation(slot: int, variation: int) -> None:
    """What is written into a request can be read from its answer."""
    assert steps.parse_custom_id(steps.custom_id(slot, variation)) == (slot, variation)


@given(st.text())
def test_foreign_custom_ids_are_refused_quietly(text: str) -> None:
    """Any text is either an id of ours or None; it never raises."""
    found = steps.parse_custom_id(text)
    assert found is None or steps.parse_custom_id(steps.custom_id(*found)) == found


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(0, 20), st.integers(0, 300))
def test_a_file_is_filled_to_its_bounds_and_never_beyond(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], requests: int, size: int
) -> None:
    """The longest beginning that fits, whichever bound is the tighter."""
    path = tmp_path_factory.getbasetemp() / "filled"
    room = steps.Room(requests, size)
    filled = steps.fill(
        path, range(len(sizes)), lambda slot: steps.RequestLine(b"x" * sizes[slot]), room
    )
    fitting = takewhile(lambda n: n < requests and sum(sizes[: n + 1]) <= size, range(len(sizes)))
    assert filled.slots == tuple(fitting)
    assert path.stat().st_size == sum(sizes[: len(filled.slots)]) <= size


def chunk(**fields: Any) -> BulkChunk:
    return BulkChunk(**{"number": 1, "target": REF, "slots": [(0, 99)], "requests": 100, **fields})


@pytest.mark.parametrize(
    ("chunks", "seconds"),
    [
        ([chunk(state="validating")], 3600.0),
        ([chunk(state="finalizing")], 300.0),
        ([chunk(state="in_progress", completed=50, submitted=NOW - timedelta(hours=1))], 3600.0),
        ([chunk(state="in_progress", completed=99, submitted=NOW - timedelta(hours=1))], 300.0),
        ([chunk(state="in_progress", completed=1, submitted=NOW - timedelta(days=1))], 21600.0),
        ([chunk(state="finalizing"), chunk(state="validating")], 3600.0),
        ([chunk(state="completed", collected=True), chunk(state="finalizing")], 300.0),
    ],
)
def test_when_to_come_back(chunks: list[BulkChunk], seconds: float) -> None:
    """From what is done so far, between five minutes and six hours; the slowest chunk decides."""
    assert steps.come_back_s(Bulk(provider="groq", chunks=chunks), NOW) == pytest.approx(seconds)


def test_a_slot_is_asked_in_bulk_three_times_at_most_and_refused_chunks_do_not_count() -> None:
    """Chunks that never ran take nothing from a slot's rounds, but make its next id a new one."""
    chunks = [chunk(slots=[(0, 1)]), chunk(slots=[(0, 0)]), chunk(slots=[(0, 1)], state="failed")]
    assert steps.worn_out(Bulk(provider="groq", chunks=chunks)) == set()
    chunks.append(chunk(slots=[(0, 1)]))
    assert steps.worn_out(Bulk(provider="groq", chunks=chunks)) == {0}
    assert steps.asked(chunks) == {0: 4, 1: 3}


def test_only_passing_failures_are_worth_a_second_try() -> None:
    """A refusal of the account is none."""
    passing = {c for c in ErrorCategory if steps.is_passing(Failure(c, ""))}
    assert passing == {
        ErrorCategory.RATE_LIMIT,
        ErrorCategory.OVERLOADED,
        ErrorCategory.TIMEOUT,
        ErrorCategory.CONNECTION_ERROR,
        ErrorCategory.SERVER_ERROR,
    }


def test_a_download_is_whole_or_not_there(tmp_path: Path) -> None:
    """A transfer that breaks leaves no file under the name that means whole."""
    path = tmp_path / "result.jsonl"

    def broken(write: Any) -> None:
        write(b"half")
        raise ProviderError.of(Failure(ErrorCategory.CONNECTION_ERROR, "reset"))

    with pytest.raises(ProviderError):
        steps.fetched(path, broken)
    assert not path.exists()
    steps.fetched(path, lambda write: write(b"whole\n"))
    assert list(steps.lines([path])) == [b"whole\n"]
    with pytest.raises(DiskError):
        steps.fetched(tmp_path / "none" / "file", lambda write: write(b""))


def test_what_a_job_says_is_noted(tmp_path: Path) -> None:
    """State, counts, files and the first fault go into the chunk, and survive the ledger."""
    one = chunk()
    faults = ("line 3: Missing required parameter: 'body'.", "line 4: the same")
    steps.note_job(one, BulkJob("b1", "failed", "f", None, "e", 100, 1, 2, NOW, faults))
    stored = msgspec.json.decode(msgspec.json.encode(one), type=BulkChunk)
    assert stored == one
    assert (one.batch_id, one.state, one.error_file_id, one.completed, one.failed) == (
        "b1", "failed", "e", 1, 2,
    )  # fmt: skip
    assert one.message == "line 3: Missing required parameter: 'body'. (and 1 more)"


def test_history_has_a_sentence_for_each_chunk() -> None:
    """What is out says until when; what was read says what came of it."""
    told = steps.history(
        Bulk(
            provider="groq",
            chunks=[
                chunk(state="completed", collected=True, accepted=90, refused=7, broken=3),
                chunk(number=2, state="in_progress", completed=40, expires_at=NOW),
                chunk(number=3),
            ],
        )
    )
    assert told == [
        "chunk 1 at groq: completed, 100 requests, 90 accepted, 7 refused, 3 failed",
        "chunk 2 at groq: in_progress, 40 of 100 requests done, until 2026-11-23 12:00 UTC",
        "chunk 3 at groq: planned, 0 of 100 requests done",
    ]


def test_a_record_of_before_reads_as_one_without_a_bulk_part() -> None:
    """The ledger's new field is optional."""
    fields = {f.name for f in msgspec.structs.fields(ledger.Record) if not f.required}
    assert "bulk" in fields


def test_the_catalog_knows_the_terms() -> None:
    """Half the price, and files within what the SDK's documentation allows."""
    assert (
        BulkTerms(
            price_factor=0.5,
            max_requests=50_000,
            max_bytes=100_000_000,
            window="24h",
            needs="the Developer plan",
        )
        == TERMS
    )
    others: Iterable[str] = ("cerebras", "local", "openai", "unknown")
    assert [Catalog.load().bulk(name) for name in others] == [None] * 4
