"""A run against the vendors' double, in this process: what each failure costs, and how it ends."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pkgutil import resolve_name
from threading import Event
from typing import Any, Final

import msgspec
import pytest

from legalgen.batch import parking
from legalgen.batch.generation import Refusal, Stop
from legalgen.batch.intent import Intent, Result
from legalgen.batch.opening import RunParts, online, open_parts, session_of
from legalgen.batch.preview import preview
from legalgen.batch.records import resumed_flags, resumed_settings
from legalgen.batch.session import Session
from legalgen.batch.workers import Done, Inbox
from legalgen.commands.batch import BatchOrder, run_batch
from legalgen.commands.options import console_of
from legalgen.completion import ModelRef
from legalgen.dataset.compact import compact
from legalgen.errors import ConfigurationError, DiskError, NoUsableProvider, UsageError
from legalgen.providers import PROVIDERS
from legalgen.settings.layers import Settings
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.ledger import Ledger, Parked, Process, Record
from legalgen.store.outlays import cost_of
from legalgen.store.parts import iter_batches
from legalgen.telemetry import events
from legalgen.telemetry.clock import Clock
from legalgen.telemetry.log import open_log
from legalgen.ui import plan_screen, screens
from legalgen.ui.console import result_json
from tests.program import LONGEST_S, environment, next_day
from tests.simulation import HeldTime
from tests.vendors import AnswerRequest, Config, Fault, Limits, VendorServer
from tests.waiting import eventually

Accepted = events.SampleAccepted
GROQ = "groq/openai/gpt-oss-120b"
SMALL = "groq/openai/gpt-oss-20b"
QWEN = "groq/qwen/qwen3.8-27b"
CEREBRAS = "cerebras/gpt-oss-120b"
REVIEWER = "legalgen.quality.inspection.Reviewer"
BUSY = Fault("status", "groq", status=429, body={"error": {"message": "Too many requests"}})
"""A limit that names no number to learn."""


@dataclass
class World:
    """A server, the folders of a run, and what the runs told."""

    home: Path
    server: VendorServer
    told: list[events.Event] = field(default_factory=list)
    acts: list[Callable[[], None]] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ = environment(self.home, self.server) | self.environ

    def open(self, **flags: Any) -> Session:
        """A batch that has not begun."""
        return begun(self.parts(**flags))

    def parts(
        self,
        stop: Stop | None = None,
        resume: Record | None = None,
        clock: Clock | None = None,
        **flags: Any,
    ) -> RunParts:
        """What a batch is made of."""
        given: dict[str, Any] = {"provider": "groq", "count": "4", "seed": "1", **flags}
        settings = Settings.load(given, self.environ, None, known_providers=tuple(PROVIDERS))
        intent = Intent(count=settings.count, command=("legalgen", "batch"), resume=resume)
        stop = stop or Stop()
        return open_parts(settings, intent, listener=self._hear, stop=stop, clock=clock)

    def batch(self, **flags: Any) -> Result:
        """A batch from start to end."""
        return ended(self.open(**flags))

    def _hear(self, event: events.Event) -> None:
        self.told.append(event)
        for act in list(self.acts):
            act()

    def once(self, condition: Callable[[], bool], act: Callable[[], None]) -> None:
        """Have something done at the first event after which a condition holds.

        It is done in the thread that tells, so the run does nothing in between.
        """

        def look() -> None:
            if condition():
                self.acts.remove(look)
                act()

        self.acts.append(look)

    def heard(self, kind: type[events.Event]) -> list[Any]:
        """What was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def rows(self) -> list[dict[str, Any]]:
        """All sealed rows."""
        data_dir = self.open().data_dir
        return [row for batch in iter_batches(data_dir) for row in batch.to_pylist()]


@pytest.fixture
def world(vendors: VendorServer, tmp_path: Path) -> World:
    return World(tmp_path, vendors)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[[Config], World]]:
    """Worlds whose server is another one than the usual."""
    servers: list[VendorServer] = []

    def made(config: Config) -> World:
        servers.append(VendorServer(config))
        return World(tmp_path, servers[-1])

    yield made
    for server in servers:
        server.close()


def begun(run: RunParts) -> Session:
    """A session of calls of its own."""
    return session_of(run, online(run))


def ended(run: Session) -> Result:
    """A run from start to end."""
    try:
        return run.go()
    finally:
        run.close()


def keep_calls_at(run: RunParts, provider: str, timeout_s: float) -> None:
    """Give the calls to one provider a deadline of their own, so that those to others, which do
    not hang, may take their time on a busy machine."""
    for ref, endpoint in run.endpoints.items():
        if ref.provider == provider:
            run.endpoints[ref] = msgspec.structs.replace(endpoint, timeout_s=timeout_s)


def record_of(result: Result) -> Record:
    assert result.record is not None
    return result.record


def stats_of(result: Result) -> dict[str, ModelStats]:
    return record_of(result).models


def calls_by_ledger(result: Result) -> dict[str, int]:
    return {name: stats.calls for name, stats in stats_of(result).items()}


def calls_by_server(server: VendorServer) -> dict[str, int]:
    return dict(Counter(f"{call.vendor}/{call.model}" for call in server.calls()))


def samples_by_model(result: Result) -> dict[str, int]:
    return {name: stats.samples for name, stats in stats_of(result).items() if stats.samples}


def messages(server: VendorServer, number: int) -> list[str]:
    """The contents of one request's messages."""
    request = server.calls()[number].request
    assert request is not None
    sent = request["messages"]
    assert isinstance(sent, list)
    return [message["content"] for message in sent]


def assert_whole(world: World, result: Result, count: int) -> None:
    """It completed, each slot is there once, and ledger, server and dataset agree."""
    record = record_of(result)
    rows = [row for row in world.rows() if row["batch_id"] == record.id]
    assert (result.status, result.exit_code) == ("completed", 0)
    assert (record.accepted, len(rows)) == (count, count)
    assert len({row["slot"] for row in rows}) == count
    assert calls_by_ledger(result) == calls_by_server(world.server)
    samples = Counter(f"{row['provider']}/{row['model']}" for row in rows)
    assert samples == Counter(samples_by_model(result))


def thought(ended: str) -> dict[str, object]:
    """A choice as llama.cpp sends it of a model that has not begun its answer."""
    message = {"role": "assistant", "content": None, "reasoning_content": "Hm. " * 5_000}
    return {"index": 0, "message": message, "finish_reason": ended}


CALLED: Final = {
    "index": 0,
    "message": {"role": "assistant", "content": None, "tool_calls": [None, {"x": 1}]},
    "finish_reason": "tool_calls",
}


class TestFailuresOfAModel:
    """The model that was preferred fails; the batch does not."""

    def test_nothing_wrong_uses_the_preferred_models_and_never_switches(self, world: World) -> None:
        """Spreading is no switch, and each answer becomes a sample."""
        result = world.batch(count="12", concurrency="4")
        assert_whole(world, result, 12)
        assert record_of(result).switches == []
        assert len(world.server.answered()) == 12

    @pytest.mark.parametrize(
        ("fault", "category"),
        [
            ("over_capacity", "overloaded"),
            ("rpm", "rate_limit"),
            ("tpd", "quota_exhausted"),
            ("model_not_found", "model_unavailable"),
            ("decommissioned", "model_unavailable"),
            ("server_error", "server_error"),
            ("html_200", "server_error"),
        ],
    )
    @pytest.mark.parametrize("concurrency", ["1", "8", "auto", "64"])
    def test_a_dead_model_costs_at_most_three_calls(
        self, world: World, fault: str, category: str, concurrency: str
    ) -> None:
        """At any concurrency the others write all samples, and the failure has its true name."""
        model = GROQ.partition("/")[2]
        world.server.fail("groq", fault, model=model, retry_after_s=600.0)
        result = world.batch(count="8", concurrency=concurrency)
        assert_whole(world, result, 8)
        dead = stats_of(result)[GROQ]
        assert dead.samples == 0
        assert dead.calls <= 3
        assert dead.failures == {category: dead.calls}
        assert {event.category for event in world.heard(events.CallFailed)} == {category}

    def test_a_hint_is_honoured_in_full(self, world: World) -> None:
        """retry-after: 600 is neither capped nor slept through: the model is left alone."""
        world.server.fail("groq", "rpm", retry_after_s=600.0)
        time = HeldTime()
        result = world.batch(count="3", concurrency="1", clock=time.clock)
        failed = world.heard(events.CallFailed)
        assert samples_by_model(result) == {CEREBRAS: 3}
        assert [event.hint_s for event in failed] == [600.0] * len(failed)
        assert {event.until.timestamp() for event in failed} == {time.clock.wall() + 600}

    def test_after_a_hang_another_provider_is_asked(self, world: World) -> None:
        """One deadline and no more passes before the first sample comes from elsewhere."""
        world.server.fail("groq", "hang")
        run = world.parts(count="3", concurrency="1")
        keep_calls_at(run, "groq", 2.0)
        result = ended(begun(run))
        assert_whole(world, result, 3)
        assert samples_by_model(result) == {CEREBRAS: 3}
        timeouts = stats_of(result)[GROQ].failures["timeout"]
        assert stats_of(result)[GROQ].failures == {"timeout": timeouts}
        assert stats_of(result)[GROQ].seconds >= 2 * timeouts
        calls = [type(e) for e in world.told if isinstance(e, events.CallFailed | Accepted)]
        assert calls[:2] == [events.CallFailed, Accepted]

    @pytest.mark.parametrize("fault", ["reset", "close", "cut_chunked"])
    @pytest.mark.parametrize("concurrency", ["1", "2", "4", "32"])
    def test_a_model_whose_connections_break_is_left_and_its_provider_goes_on(
        self, world: World, fault: str, concurrency: str
    ) -> None:
        """At most three calls to it; the same provider's other models write its samples."""
        world.server.fail("groq", fault, model=GROQ.partition("/")[2])
        result = world.batch(count="40", concurrency=concurrency)
        assert_whole(world, result, 40)
        dead, by_model = stats_of(result)[GROQ], samples_by_model(result)
        assert (dead.samples, dead.failures) == (0, {"connection_error": dead.calls})
        assert dead.calls <= 3
        assert sum(n for name, n in by_model.items() if name.startswith("groq/")) >= 20

    def test_calls_that_broke_off_and_may_be_charged_are_counted(self, world: World) -> None:
        """The money of a reply that was cut off is in the ledger, marked as assumed."""
        world.server.fail("groq", "cut_chunked", after=8, count=1)
        result = world.batch(count="12", concurrency="1", provider=None, route=GROQ)
        assert_whole(world, result, 12)
        stats = stats_of(result)[GROQ]
        costs = [row["cost_usd"] for row in world.rows()]
        assert stats.cost_usd is not None
        assert (stats.calls, stats.failures) == (13, {"connection_error": 1})
        # What a call of that size costs: the lengths of samples differ threefold.
        assert min(costs) <= stats.assumed_usd <= max(costs)
        assert stats.cost_usd == pytest.approx(sum(costs) + stats.assumed_usd)

    def test_a_web_page_in_place_of_an_answer_is_not_charged(self, world: World) -> None:
        """It came from a filter on the way: no model ran for it."""
        html = "text/html"
        world.server.fail(
            "groq",
            "status",
            after=2,
            count=1,
            status=200,
            body="<html>no</html>",
            content_type=html,
        )
        result = world.batch(count="4", concurrency="1", provider=None, route=GROQ)
        assert_whole(world, result, 4)
        stats = stats_of(result)[GROQ]
        assert (stats.calls, stats.failures, stats.assumed_usd) == (5, {"server_error": 1}, 0)

    def test_resets_of_a_provider_leave_it_after_two_calls(self, world: World) -> None:
        """Connections to two of its models broke: that is the provider's line."""
        world.server.fail("groq", "reset")
        result = world.batch(count="6", concurrency="1")
        assert_whole(world, result, 6)
        groq = {n: s.calls for n, s in stats_of(result).items() if n.startswith("groq/")}
        assert sum(groq.values()) == 2
        assert "cerebras/" in min(samples_by_model(result))

    def test_a_retired_model_is_tried_once_and_then_replaced(self, world: World) -> None:
        """The user is warned, the vendor has the last word, and the samples come."""
        result = world.batch(provider=None, model="llama-3.3-70b-versatile", count="3")
        gone = "groq/llama-3.3-70b-versatile"
        assert_whole(world, result, 3)
        stats = stats_of(result)[gone]
        assert stats.failures == {"model_unavailable": stats.calls}
        assert stats.calls <= 2
        notices = [event.text for event in world.heard(events.Notice)]
        told = f"{gone} was shut down on 2026-08-16; it gets one try, then the next model is used."
        assert told in notices

    def test_a_retired_model_without_failover_is_called_once(self, world: World) -> None:
        """The warning promises no other model, and there is none."""
        gone = "groq/llama-3.3-70b-versatile"
        flags: dict[str, Any] = {"provider": None, "route": gone, "no_failover": True}
        result = world.batch(count="3", concurrency="1", **flags)
        assert (result.exit_code, calls_by_ledger(result)) == (3, {gone: 1})
        [told] = [event.text for event in world.heard(events.Notice)]
        assert told.endswith("it gets one try, and there is no other model to use.")

    def test_a_provider_that_dies_in_the_middle_loses_no_sample(self, world: World) -> None:
        """The batch goes on elsewhere and nothing that was accepted is lost."""
        world.server.fail("groq", "service_unavailable", after=10)
        result = world.batch(count="30", concurrency="4")
        assert_whole(world, result, 30)
        assert sum(n for name, n in samples_by_model(result).items() if "groq/" in name) == 10

    def test_the_preferred_model_is_used_again_after_it_recovered(self, world: World) -> None:
        """A short limit is over: calls go back to the first of the route."""
        model, time = GROQ.partition("/")[2], HeldTime()
        world.server.add(replace(BUSY, model=model, count=1, headers={"retry-after": "600"}))
        world.once(lambda: len(world.heard(Accepted)) == 5, lambda: time.advance(600))
        result = world.batch(count="6", concurrency="1", clock=time.clock)
        assert_whole(world, result, 6)
        by = [f"{call.vendor}/{call.model}" for call in world.server.calls()]
        assert [model == GROQ for model in by] == [True, *[False] * 5, True]


class TestTroubles:
    """What is wrong with an account is noted once, and told."""

    @pytest.mark.parametrize("fault", ["unauthorized", "payment_required", "decommissioned"])
    def test_another_provider_is_paid(self, world: World, fault: str) -> None:
        """The count is reached, and what it cost more than it should is in the record."""
        kind = {"unauthorized": "key_refused", "payment_required": "no_credit"}.get(
            fault, "model_gone"
        )
        world.server.fail("groq", fault)
        result = world.batch(count="6", concurrency="4")
        assert_whole(world, result, 6)
        troubles = record_of(result).troubles
        at_groq = {one.target for one in troubles if one.kind == kind}
        assert at_groq == ({GROQ, SMALL, QWEN} if kind == "model_gone" else {"groq"})
        [paid] = [one for one in troubles if one.kind == "paid_instead"]
        assert (paid.target, paid.instead_of) == ("cerebras", "groq")
        assert len(troubles) == len(at_groq) + 1
        told = world.heard(events.TroubleFound)
        assert [(e.kind, e.target) for e in told] == [(one.kind, one.target) for one in troubles]

    def test_a_trouble_of_a_provider_that_comes_later_pays_nobody_else(self, world: World) -> None:
        """The named provider writes on: its bill is what it would have been."""
        world.server.fail("cerebras", "unauthorized")
        result = world.batch(count="8", concurrency="4", spill_after="0s")
        assert_whole(world, result, 8)
        assert {one.kind for one in record_of(result).troubles} <= {"key_refused"}

    def test_a_gone_model_that_was_remembered_is_told_again(self, world: World) -> None:
        """A batch that does not even ask for it says so all the same."""
        model = GROQ.partition("/")[2]
        world.server.fail("groq", "decommissioned", model=model)
        first, second = world.batch(count="2"), world.batch(count="2")
        for result in (first, second):
            assert [one.target for one in record_of(result).troubles] == [GROQ]
        assert sum(call.model == model for call in world.server.calls("groq")) <= 2

    def test_what_passes_is_no_trouble(self, world: World) -> None:
        """Limits and overload are failover's."""
        world.server.fail("groq", "over_capacity", count=2)
        world.server.fail("groq", "tpm", count=1)
        assert record_of(world.batch(count="6")).troubles == []


class TestWhoIsPaid:
    """``--provider groq`` says whose money is spent."""

    @pytest.mark.parametrize("count", ["20", "60"])
    def test_the_named_provider_writes_what_it_can(
        self, build: Callable[[Config], World], count: str
    ) -> None:
        """Without limits at least 95 % of the calls are its own, and nothing is told."""
        world = build(Config.of(latency=0.4))
        result = world.batch(count=count)
        assert_whole(world, result, int(count))
        calls = calls_by_ledger(result)
        at_groq = sum(n for name, n in calls.items() if name.startswith("groq/"))
        assert at_groq >= 0.95 * sum(calls.values())
        assert world.heard(events.Spilled) == []

    def test_another_provider_that_is_paid_for_limits_is_named_once(
        self, build: Callable[[Config], World]
    ) -> None:
        """One event, which the ledger keeps; the samples go on."""
        world = build(Config.of(latency=0.05).with_model("groq", None, limits=Limits(rpm=4)))
        result = world.batch(count="30", concurrency="4")
        assert_whole(world, result, 30)
        [told] = world.heard(events.Spilled)
        assert told.provider == "groq"
        assert told.target.startswith("cerebras/")
        spill = record_of(result).spill
        assert spill is not None
        assert (spill.provider, spill.target, spill.reason) == (
            "groq", told.target, told.reason,
        )  # fmt: skip

    def test_only_the_named_provider(self, world: World) -> None:
        """``--only-provider``: the route holds no other, whatever happens."""
        world.server.fail("groq", "model_not_found")
        result = world.batch(count="3", only_provider=True)
        assert result.exit_code == 3
        assert {call.vendor for call in world.server.calls()} == {"groq"}

    @pytest.mark.parametrize(
        "flags", [{"provider": None}, {"provider": None, "route": f"{GROQ},{CEREBRAS}"}]
    )
    def test_only_needs_a_name(self, world: World, flags: dict[str, Any]) -> None:
        """Without a provider it means nothing, and a route names every model itself."""
        with pytest.raises(UsageError, match="--only-provider"):
            world.open(only_provider=True, **flags)


class TestPrices:
    """A cap on money binds, and no price is not a price of nothing."""

    def unpriced(self, world: World, config: str = "", **flags: Any) -> RunParts:
        """A run at a server of one's own, whose model has no price in the catalog."""
        path = world.home / "config.toml"
        path.write_text(config, encoding="utf-8")
        given = {"provider": "openai", "base_url": world.server.base_url("compat"),
                 "model": "m", "only_provider": True, "count": "2", **flags}  # fmt: skip
        settings = Settings.load(given, world.environ, path, known_providers=tuple(PROVIDERS))
        intent = Intent(count=settings.count, command=("legalgen", "batch"))
        return open_parts(settings, intent, listener=world.told.append, stop=Stop())

    def test_a_cap_that_could_not_bind_is_refused(self, world: World) -> None:
        """It says which model, and the lines to write; nobody is called."""
        with pytest.raises(UsageError) as refused:
            self.unpriced(world, max_cost="1")
        assert "--max-cost: no price is known of openai/m" in str(refused.value)
        assert '[prices."openai/m"]\ninput = 0.2\noutput = 0.6' in str(refused.value)
        assert world.server.calls() == []

    def test_a_stated_price_binds(self, world: World) -> None:
        """At a dollar a token the first call would be too dear."""
        dear = '[prices."openai/m"]\ninput = 1e6\noutput = 1e6'
        result = ended(begun(self.unpriced(world, dear, max_cost="1")))
        assert (result.exit_code, world.server.calls()) == (4, [])
        assert "(--max-cost)" in result.reason

    def test_a_model_on_hardware_of_ones_own_costs_nothing(self, world: World) -> None:
        """A price of 0 is one: the cap is met, and the ledger says $0."""
        free = '[prices."openai/m"]\ninput = 0\noutput = 0'
        result = ended(begun(self.unpriced(world, free, max_cost="1")))
        assert (result.exit_code, stats_of(result)["openai/m"].cost_usd) == (0, 0.0)

    def test_a_clock_that_was_never_set_is_refused_before_anybody_is_paid(
        self, world: World
    ) -> None:
        """By that of a board without a battery every authority would be of the future."""
        with pytest.raises(UsageError, match=r"says 1970-01-02, .*: set the clock"):
            world.batch(clock=Clock(wall=lambda: 86_400.0))
        assert world.server.calls() == []

    @pytest.mark.parametrize("period", ["day", "month"])
    def test_a_cap_counts_what_the_data_dir_has_spent(self, world: World, period: str) -> None:
        """The second batch has what the first one left; then it says when the cap frees."""
        clock = HeldTime().clock  # on which it is not midnight in between
        first = world.batch(count="4", concurrency="1", clock=clock)
        spent = sum(stats.cost_usd or 0.0 for stats in stats_of(first).values())
        assert sum(record_of(first).days.values()) == pytest.approx(spent)
        cap = {f"max_cost_per_{period}": str(2.5 * spent)}
        second = world.batch(count="40", concurrency="4", seed="2", clock=clock, **cap)
        assert (second.status, second.exit_code) == ("stopped", 4)
        assert f"(--max-cost-per-{period}); it frees at 20" in second.reason
        more = sum(stats.cost_usd or 0.0 for stats in stats_of(second).values())
        assert 0 < more <= 1.5 * spent
        cap = {f"max_cost_per_{period}": str(spent)}
        assert world.batch(count="1", seed="3", clock=clock, **cap).exit_code == 4

    def test_without_a_price_the_tokens_are_told(self, world: World) -> None:
        """The summary, the plan and the JSON say so, and never $0.00."""
        run = self.unpriced(world)
        planned = preview(run)
        result = ended(begun(run))
        assert "price unknown: " in "\n".join(line.text for line in plan_screen.head(planned))
        assert planned.as_json()["models"][0]["price_unknown_tokens"] > 0
        stats = stats_of(result)["openai/m"]
        used = stats.input_tokens + stats.output_tokens
        said = " ".join(line.text for line in screens.summary(result, ""))
        assert f"price unknown: {used:,} tokens" in said
        assert "$" not in said
        assert result_json(result)["price_unknown_tokens"] == used


class TestEndings:
    """The exit code says whether a person has to look."""

    def test_no_model_can_take_any_sample(self, build: Callable[[Config], World]) -> None:
        """Exit 3, after a call or two: every request is larger than the model ever grants."""
        world = build(Config.of().with_model("groq", None, limits=Limits(tpm=300)))
        result = world.batch(provider=None, route=f"{GROQ},{SMALL}", count="80", concurrency="1")
        assert (result.status, result.exit_code) == ("failed", 3)
        assert "no model of the route can take any sample" in result.reason
        assert len(world.server.calls()) <= 4

    def test_a_limit_that_holds_no_sample_ends_plan_and_run_alike(
        self, build: Callable[[Config], World]
    ) -> None:
        """1,000 output tokens a minute hold no long sample: exit 3 with the limit and what is
        needed, no task given up, and the next plan says the same."""
        world = build(Config.of("groq-free"))
        flags: dict[str, Any] = {
            "provider": None, "route": QWEN, "count": "20", "sample_type": "advice",
        }  # fmt: skip
        result = world.batch(**flags)
        assert (result.status, result.exit_code) == ("failed", 3)
        said = rf"{QWEN} is left out: it has \d+ (output )?tokens .*, and the smallest .* needs \d+"
        assert re.search(said, result.reason)
        assert "larger plan" in result.reason
        assert record_of(result).given_up == []
        assert len(world.server.calls()) <= 2
        with pytest.raises(NoUsableProvider, match=said) as planned:
            preview(world.parts(**flags))
        assert planned.value.exit_code == 3

    def test_a_model_that_takes_nothing_is_named_once(
        self, build: Callable[[Config], World]
    ) -> None:
        """Beside one that can, it is left out of the route and of the plan."""
        world = build(Config.of("groq-dev"))
        flags: dict[str, Any] = {
            "provider": None, "route": f"{QWEN},{GROQ}", "count": "6", "sample_type": "advice",
        }  # fmt: skip
        assert_whole(world, world.batch(**flags), 6)
        named = [notice for notice in world.heard(events.Notice) if "left out" in notice.text]
        planned = preview(world.parts(**flags))
        assert [QWEN in notice.text for notice in named] == [True]
        assert [share.ref for share in planned.forecast.shares] == [ModelRef.parse(GROQ)]
        assert (len(planned.left_out), QWEN in planned.left_out[0]) == (1, True)

    def test_the_smallest_sample_decides_whether_a_batch_begins(
        self, build: Callable[[Config], World]
    ) -> None:
        """The first task may be too large: the batch begins where any of its samples fits."""
        world = build(Config.of("groq-free"))
        result = world.batch(provider=None, route=QWEN, count="8", max_wait="0s", seed="3")
        assert result.exit_code in (0, 75), result.reason

    @pytest.mark.parametrize(
        ("days", "basis", "avoided"),
        [(2, None, True), (8, None, False), (-40, None, False), (2, "others", False)],
    )
    def test_a_cell_that_was_parked_is_left_alone_for_a_week(
        self, world: World, days: int, basis: str | None, avoided: bool
    ) -> None:
        """The next batch does not plan it, nor does the plan, unless the prompts are others."""
        flags: dict[str, Any] = {"topic": "duty-of-care", "sample_type": "advice", "count": "12"}
        first = record_of(world.batch(**{**flags, "count": "1"}))
        assert first.basis
        [row] = world.rows()
        names = ("jurisdiction", "practice_area", "topic", "difficulty", "sample_type")
        cell = tuple(row[name] for name in names)
        at = datetime.now(UTC) - timedelta(days=days)
        why, asked_with = "groq/x: output_invalid: TOO_SHORT", basis or first.basis
        parked = Parked(*cell, 3, at, why, asked_with)  # type: ignore[call-arg]  # five names
        first.parked = [parked]
        world.open().ledger.save(first, force=True)
        planned = {task.cell for task in preview(world.parts(**flags)).tasks}
        assert (cell not in planned) is avoided
        second = record_of(world.batch(**flags))
        assert second.avoided == ([parked] if avoided else [])
        written = [tuple(row[name] for name in names) for row in world.rows()]
        assert written.count(cell) == 1 or not avoided
        said = [notice for notice in world.heard(events.Notice) if "not asked for" in notice.text]
        assert bool(said) is avoided

    def test_what_a_resumed_batch_parked_counts_behind_an_older_one_that_ended(self) -> None:
        """The records come in the order in which batches began, not in which they parked."""
        now = datetime(2026, 11, 20, tzinfo=UTC)
        cell = Parked("us", "tort", "t", "basic", "qa", 3, now - timedelta(days=1), "", "asked")
        ended, resumed = (
            Record(
                id=name, kind="batch", status="stopped", command=(), process=Process(1, "here"),
                version="1", started=now - timedelta(days=20), updated=now - timedelta(days=days),
                parked=[cell],
            )
            for name, days in (("2", 19), ("1", 1))
        )  # fmt: skip
        assert parking.remembered([ended, resumed], "asked", now, rehearsal=False) == (cell,)
        assert parking.remembered([ended], "asked", now, rehearsal=False) == ()

    @pytest.mark.parametrize(("fault", "code"), [("unauthorized", 1), ("over_capacity", 0)])
    def test_strict(self, world: World, fault: str, code: int) -> None:
        """A refused key is a trouble although the count is reached; a busy model is none."""
        world.server.fail("groq", fault)

        def load(flags: dict[str, object]) -> Settings:
            given = {"provider": "groq", "count": "3", "quiet": True, **flags}
            return Settings.load(given, world.environ, None, known_providers=tuple(PROVIDERS))

        assert run_batch({}, BatchOrder(strict=True), load, console_of) == code
        assert run_batch({}, BatchOrder(), load, console_of) == 0


class TestClocks:
    """A time of day that somebody sets while a batch runs."""

    @pytest.mark.parametrize("days", [-3, 40])
    @pytest.mark.parametrize("resumed", [False, True])
    def test_a_batch_takes_no_days_by_which_its_clock_was_set(
        self, world: World, days: int, *, resumed: bool
    ) -> None:
        """Nor does it end before it began: the beginning is told by the clock as it is now."""
        ahead_s, resume = [0.0], None
        clock = Clock(wall=lambda: Clock().wall() + ahead_s[0])
        if resumed:
            resume = record_of(world.batch(concurrency="1", max_calls="1", clock=clock))
        already = len(world.heard(Accepted))
        world.once(
            lambda: len(world.heard(Accepted)) > already,
            lambda: ahead_s.__setitem__(0, days * 86_400.0),
        )
        record = record_of(world.batch(concurrency="1", resume=resume, clock=clock))
        begun_at = record.resumed[-1] if resumed else record.started
        assert record.finished is not None
        assert timedelta(0) <= record.finished - begun_at < timedelta(hours=1)


class TestKeysAndAddresses:
    """What only the user can mend is named at once."""

    @pytest.mark.parametrize("fault", ["unauthorized", "network_block", "expired_key"])
    @pytest.mark.parametrize("concurrency", ["1", "8", "32", "auto"])
    def test_a_refused_key_everywhere_ends_within_two_calls_a_provider(
        self, world: World, fault: str, concurrency: str
    ) -> None:
        """Exit 3, and every target says what it was dropped for."""
        world.server.fail(None, fault)
        result = world.batch(count="20", concurrency=concurrency)
        assert (result.status, result.exit_code) == ("failed", 3)
        assert max(Counter(call.vendor for call in world.server.calls()).values()) <= 2
        out_of_use = {str(each.target) for each in result.obstacles}
        assert out_of_use >= {GROQ, SMALL, QWEN, CEREBRAS}

    def test_no_key_is_ever_written(self, world: World) -> None:
        """A vendor that echoes the key does not get it into ledger, journal, health or log."""
        world.server.fail("groq", "key_echo")
        world.batch(count="2")
        key = world.server.key("groq").encode()
        files = [path for path in world.home.rglob("*") if path.is_file()]
        assert len(files) > 3
        assert [path for path in files if key in path.read_bytes()] == []

    def test_a_wrong_base_url_drops_the_provider_and_is_not_remembered(self, world: World) -> None:
        """A 404, and no list of models either, is a configuration error, not a dead model."""
        world.server.fail("groq", "nginx_404", endpoint="any")
        result = world.batch(count="3", concurrency="1")
        assert_whole(world, result, 3)
        assert calls_by_ledger(result)[GROQ] == 1
        world.server.heal()
        assert GROQ in samples_by_model(world.batch(count="3", concurrency="1"))

    def test_a_key_that_no_header_can_hold_is_named_before_any_call(self, world: World) -> None:
        """A newline inside a key would otherwise be a connection error."""
        world.environ["GROQ_API_KEY"] = "gsk_test\nline"
        with pytest.raises(ConfigurationError, match="GROQ_API_KEY"):
            world.batch()
        assert world.server.calls() == []

    def test_the_next_batch_does_not_ask_what_the_last_one_learnt(self, world: World) -> None:
        """A model that is gone costs the first batch one call and the next two none."""
        world.server.fail("groq", "model_not_found", model=GROQ.partition("/")[2])
        first = world.batch(count="2", concurrency="1")
        assert calls_by_ledger(first)[GROQ] == 1
        for _ in range(2):
            assert GROQ not in calls_by_ledger(world.batch(count="2", concurrency="1"))

    def test_nothing_to_call_leaves_no_record(self, world: World) -> None:
        """A batch that cannot make one call is refused, and history does not show it."""
        world.server.fail(None, "model_not_found")
        first = world.batch(count="2", concurrency="1")
        assert first.exit_code == 3
        with pytest.raises(NoUsableProvider):
            world.batch(count="2", concurrency="1")
        assert len(list((world.home / "data" / "batches").glob("*.json"))) == 1


class TestAnswers:
    """An answer that cannot be kept is a failure like any other."""

    def test_an_invalid_answer_is_asked_for_again_with_the_reasons(self, world: World) -> None:
        """The same model is told what was wrong, and the refused answer is kept aside."""
        world.server.fail("groq", "wrong_schema", count=1)
        result = world.batch(count="1", concurrency="1")
        assert_whole(world, result, 1)
        assert calls_by_ledger(result) == {GROQ: 2}
        assert stats_of(result)[GROQ].failures == {"output_invalid": 1}
        assert record_of(result).rejected == {"SCHEMA": 1}
        first, second = messages(world.server, 0), messages(world.server, 1)
        assert second[: len(first)] == first
        assert '"response"' in second[len(first)]
        assert "answer" in second[-1]
        [aside] = (world.home / "data" / "rejected").glob("*.jsonl")
        [kept] = map(json.loads, aside.read_text("utf-8").splitlines())
        assert {reason["code"] for reason in kept["reasons"]} == {"SCHEMA"}
        assert '"response"' in kept["text"]

    def test_what_had_come_of_a_reply_that_broke_off_is_kept_aside(self, world: World) -> None:
        """It was paid for; what the failure means is not changed by it."""
        world.server.fail("groq", "cut_chunked", count=1)
        result = world.batch(count="1", concurrency="1")
        assert_whole(world, result, 1)
        assert record_of(result).rejected == {"BAD_JSON": 1}
        assert stats_of(result)[GROQ].failures == {"connection_error": 1}
        [aside] = (world.home / "data" / "rejected").glob("*.jsonl")
        [kept] = map(json.loads, aside.read_text("utf-8").splitlines())
        assert kept["text"].startswith('{"id"')

    @pytest.mark.parametrize("fault", ["json_validate_failed", "schema_mismatch"])
    def test_an_answer_that_the_vendor_itself_refused_counts_as_a_call(
        self, world: World, fault: str
    ) -> None:
        """The ledger counts it, what the vendor shows of it is kept aside, and the next prompt
        says what was wrong."""
        world.server.fail("groq", fault, count=1)
        result = world.batch(count="1", concurrency="1")
        assert_whole(world, result, 1)
        assert calls_by_ledger(result) == {GROQ: 2}
        assert record_of(result).rejected == {"BAD_JSON": 1}
        [aside] = (world.home / "data" / "rejected").glob("*.jsonl")
        [kept] = map(json.loads, aside.read_text("utf-8").splitlines())
        assert kept["text"].startswith('{"question": "A tenant')
        assert "failed_generation" in kept["reasons"][0]["message"]
        assert (kept["model"], kept["attempt"]) == (GROQ.partition("/")[2], 1)
        assert len(messages(world.server, 1)) == len(messages(world.server, 0))
        assert messages(world.server, 1)[-1] != messages(world.server, 0)[-1]

    def test_a_reply_that_cannot_be_read_is_kept_as_it_came(self, world: World) -> None:
        """It may have been paid for; the call is a server's error, and the next one is made."""
        body = '{"choices": [{"message": {"content": "torn'
        world.server.fail("groq", "status", status=200, body=body, count=1)
        result = world.batch(count="1", concurrency="1")
        assert_whole(world, result, 1)
        assert record_of(result).rejected == {"BAD_JSON": 1}
        [aside] = (world.home / "data" / "rejected").glob("*.jsonl")
        [kept] = map(json.loads, aside.read_text("utf-8").splitlines())
        assert kept["text"] == body
        assert kept["reasons"][0]["message"].startswith("the reply is not a chat completion")

    @pytest.mark.parametrize("fault", ["truncated", "json_truncated"])
    def test_a_truncated_answer_gets_a_larger_budget(self, world: World, fault: str) -> None:
        """The same model is asked again, for the same, with more room."""
        world.server.fail("groq", fault, count=1)
        result = world.batch(count="1", concurrency="1")
        assert_whole(world, result, 1)
        budgets = [call.max_completion_tokens or 0 for call in world.server.calls()]
        assert budgets[1] >= 1.5 * budgets[0]
        assert messages(world.server, 0) == messages(world.server, 1)

    def test_three_bad_answers_move_the_task_to_one_other_model(self, world: World) -> None:
        """At most two repairs here, then elsewhere; the breaker is not fed."""
        world.server.fail("groq", "prose", model=GROQ.partition("/")[2], count=3)
        result = world.batch(count="1", concurrency="1", gate="structure")
        assert_whole(world, result, 1)
        assert calls_by_ledger(result)[GROQ] == 3
        assert GROQ not in samples_by_model(result)
        assert [event.source for event in world.heard(events.Switched)] == [GROQ]

    @pytest.mark.parametrize("fault", ["refusal", "refusal_in_json", "content_filter"])
    def test_a_refusal_is_taken_to_one_other_model(self, world: World, fault: str) -> None:
        """The model is not argued with."""
        world.server.fail("groq", fault, model=GROQ.partition("/")[2], count=1)
        result = world.batch(count="1", concurrency="1")
        assert_whole(world, result, 1)
        assert stats_of(result)[GROQ].failures == {"content_filter": 1}
        assert calls_by_ledger(result)[GROQ] == 1

    def test_a_worker_whose_answer_is_kept_calls_again_before_all_answers_are_looked_at(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Hundreds come at once where hundreds are in flight. Nobody but the inbox, which a run
        makes for itself, knows that an answer has come and is not yet looked at."""
        monkeypatch.setattr("legalgen.batch.loop.KEPT_AT_ONCE", 1)
        came: dict[type, Event] = {Done: Event(), Refusal: Event()}

        class Watched(Inbox):
            def tell(self, message: object) -> None:
                super().tell(message)
                if type(message) in came:
                    came[type(message)].set()

        monkeypatch.setattr("legalgen.batch.online.Inbox", Watched)
        world.server.fail("groq", "placeholder", task=0, count=2)
        first, second, third = (world.server.hold(task=task) for task in range(3))

        def let_both_come() -> None:
            came[Refusal].clear()
            second.release()
            assert came[Done].wait(LONGEST_S)
            first.release()
            assert came[Refusal].wait(LONGEST_S)

        def see_the_next_call() -> None:
            third.wait_for(1)
            third.release()

        refused = events.AnswerRejected
        world.once(lambda: len(world.heard(refused)) == 1, let_both_come)
        world.once(lambda: len(world.heard(refused)) == 2, see_the_next_call)
        with ThreadPoolExecutor(1) as pool:
            run = world.open(route=GROQ, provider=None, count="3", concurrency="2")
            running = pool.submit(ended, run)
            first.wait_for(1)
            second.wait_for(1)
            first.release(1)
            result = running.result()
        assert_whole(world, result, 3)

    def test_a_refused_response_format_is_weakened_for_the_rest_of_the_batch(
        self, world: World
    ) -> None:
        """To the strictest that is not refused by name; later calls need no second lesson."""
        world.server.fail("groq", "no_json_schema", count=1)
        held = world.server.hold()
        with ThreadPoolExecutor(1) as pool:
            run = world.open(route=GROQ, provider=None, count="6", concurrency="2")
            running = pool.submit(ended, run)
            held.wait_for(2)
            held.release(1)
            eventually(lambda: world.heard(events.CallFailed))
            held.release()
            result = running.result()
        assert_whole(world, result, 6)
        kinds = [_format(call.request) for call in world.server.calls()]
        assert sorted(kinds) == ["json_object"] * 5 + ["strict"] * 2

    def test_a_prompt_that_all_models_refuse_stops_after_about_nine_calls(
        self, world: World
    ) -> None:
        """The same code each time: more calls would tell nothing new."""
        world.server.fail(None, "placeholder")
        result = world.batch(count="40", concurrency="1")
        assert (result.status, result.exit_code) == ("failed", 6)
        assert "every answer so far was refused with" in result.reason
        assert "the prompt is at fault" in result.reason
        assert 9 <= sum(calls_by_ledger(result).values()) <= 11
        assert calls_by_ledger(result) == calls_by_server(world.server)

    @pytest.mark.parametrize(
        ("choices", "code", "remedy", "kept"),
        [
            ([thought("length")], "THINKING_ONLY", "--reasoning-effort", "Hm. " * 4_096),
            ([thought("stop")], "THINKING_ONLY", "enable_thinking", "Hm. " * 4_096),
            ([], "NO_TEXT", "the server is at fault", None),
            ([CALLED], "NO_TEXT", "the server is at fault", None),
        ],
    )
    def test_answers_without_a_text_are_not_blamed_on_the_prompt(
        self, world: World, choices: list[object], code: str, remedy: str, kept: str | None
    ) -> None:
        """A model that only thinks, or a server that sends nothing, is named with what helps; what
        was thought was paid for, and is in ``rejected/``."""
        usage = {"prompt_tokens": 500, "completion_tokens": 700}
        body = json.dumps({"id": "1", "choices": choices, "usage": usage})
        world.server.fail(None, "status", status=200, body=body)
        result = world.batch(count="40", concurrency="1")
        assert (result.status, result.exit_code) == ("failed", 6)
        assert f"every answer so far was refused with {code}" in result.reason
        assert remedy in result.reason
        assert "the prompt is at fault" not in result.reason
        [aside] = (world.home / "data" / "rejected").glob("*.jsonl")
        lines = list(map(json.loads, aside.read_text("utf-8").splitlines()))
        assert len(lines) == record_of(result).rejected[code]
        assert {line["thinking"] for line in lines} == {kept}

    def test_a_batch_that_goes_on_does_not_speak_of_every_answer_so_far(self, world: World) -> None:
        """What was answered before it went on was not looked at."""
        world.server.fail(None, "placeholder")
        first = world.batch(count="40", concurrency="1")
        second = ended(begun(world.parts(resume=first.record, count="40", concurrency="1")))
        assert (first.exit_code, second.exit_code) == (6, 6)
        assert "every answer since it went on was refused with" in second.reason

    def test_the_structure_gate_keeps_what_the_full_one_refuses(self, world: World) -> None:
        """--gate structure looks at form alone."""
        world.server.fail(None, "placeholder")
        result = world.batch(count="3", gate="structure")
        assert_whole(world, result, 3)
        assert record_of(result).rejected == {}

    def test_a_server_that_repeats_itself_is_asked_with_new_seeds_and_then_given_up(
        self, build: Callable[[Config], World]
    ) -> None:
        """One row of the same answer, no more; the batch ends by itself and says why."""
        fixed = _answer()
        world = build(Config.of(latency=0.0, answers=lambda _: fixed, keep_requests=True))
        result = world.batch(count="3", concurrency="1", gate="structure")
        assert (result.status, result.exit_code) == ("failed", 6)
        assert len(world.rows()) == record_of(result).accepted == 1
        assert set(record_of(result).rejected) == {"DUP_EXACT"}
        assert record_of(result).given_up
        assert calls_by_ledger(result) == calls_by_server(world.server)
        seeds = [(call.request or {}).get("seed") for call in world.server.calls()]
        assert len(set(seeds)) > len(seeds) / 2

    def test_the_record_names_what_is_no_longer_asked_for(
        self, build: Callable[[Config], World]
    ) -> None:
        """A cell that failed three times is parked, and an answer's failure has its code."""
        fixed = _answer()
        world = build(Config.of(latency=0.0, answers=lambda _: fixed))
        narrow = {"jurisdiction": ["uk"], "practice_area": ["contract"], "difficulty": ["basic"],
                  "sample_type": ["short_qa"], "topic": ["formation"]}  # fmt: skip
        result = world.batch(count="3", concurrency="1", gate="structure", **narrow)
        record = record_of(result)
        assert record.failures[0].codes == ("DUP_EXACT",)
        parked = [
            (one.practice_area, one.difficulty, one.sample_type, one.failures)
            for one in record.parked
        ]
        assert parked == [("contract", "basic", "short_qa", 3)]

    def test_a_duplicate_is_written_anew_or_by_another_slot(self, world: World) -> None:
        """Repeated answers are refused; every sample that was asked for still comes.

        After three of them another model is asked, which has nothing yet to repeat.
        """
        world.server.fail("groq", "duplicate", after=2, count=5)
        result = world.batch(count="6", concurrency="1")
        assert_whole(world, result, 6)
        assert len({row["id"] for row in world.rows()}) == 6
        assert record_of(result).rejected == {"DUP_EXACT": 3}


def _answer() -> str:
    from tests.vendors.answers import good, read_brief

    return json.dumps(good(7, 7, read_brief("Law: England and Wales")))


def _format(request: Any) -> str:
    chosen = request["response_format"]
    if chosen["type"] != "json_schema":
        return str(chosen["type"])
    return "strict" if chosen["json_schema"].get("strict") else "json_schema"


class TestBounds:
    """What the user bounded is never overshot."""

    def test_max_calls(self, world: World) -> None:
        """Exit 4 after exactly so many."""
        result = world.batch(count="20", max_calls="5", concurrency="8")
        assert (result.status, result.exit_code) == ("stopped", 4)
        assert len(world.server.calls()) == 5
        assert "--max-calls" in result.reason
        assert record_of(result).accepted == len(world.rows()) == 5

    def test_max_tokens(self, world: World) -> None:
        """What calls in flight may still take is counted before they leave."""
        result = world.batch(count="50", max_tokens="12000", concurrency="8")
        spent = [c.prompt_tokens + c.completion_tokens for c in world.server.calls()]
        assert (result.status, result.exit_code) == ("stopped", 4)
        assert 6000 < sum(spent) <= 12000
        assert len(world.rows()) == record_of(result).accepted > 0

    def test_max_cost(self, world: World) -> None:
        """In dollars, by the list price."""
        result = world.batch(count="50", max_cost="0.005", concurrency="8")
        spent = sum(stats.cost_usd or 0.0 for stats in stats_of(result).values())
        assert (result.status, result.exit_code) == ("stopped", 4)
        assert 0.001 < spent <= 0.005
        assert len(world.rows()) == record_of(result).accepted > 0

    @pytest.mark.parametrize(("bound", "most"), [("max_cost", 0.005), ("max_tokens", 12_000.0)])
    def test_a_server_that_counts_no_tokens_is_bounded_all_the_same(
        self, build: Callable[[Config], World], bound: str, most: float
    ) -> None:
        """They are estimated from the texts, which is said once, and what they cost is assumed."""
        world = build(Config.of().with_vendor("groq", tells_usage=False))
        flags = {"count": "50", "concurrency": "2", bound: f"{most:.10g}"}
        result = world.batch(**flags)
        assert (result.status, result.exit_code) == ("stopped", 4)
        record = record_of(result)
        assert len(world.rows()) == record.accepted > 0
        stats = [each for each in record.models.values() if each.calls]
        told = sum(each.input_tokens + each.output_tokens for each in stats)
        assert 0.0 < cost_of(record) == pytest.approx(sum(each.assumed_usd for each in stats))
        assert (told if bound == "max_tokens" else cost_of(record)) <= most
        really = sum(c.prompt_tokens + c.completion_tokens for c in world.server.calls())
        assert 0.7 * really < told < 1.5 * really
        notices = [e.text for e in world.told if isinstance(e, events.Notice)]
        assert sum("tell no tokens" in text for text in notices) == len(stats)

    @pytest.mark.parametrize(("bound", "most"), [("max_cost", "0.01"), ("max_tokens", "20000")])
    def test_replies_that_broke_off_count_by_the_usage_that_they_state(
        self, build: Callable[[Config], World], bound: str, most: str
    ) -> None:
        """They were charged for: a bound ends the batch, and nothing of their cost is assumed."""
        choice = {"index": 0, "finish_reason": "error", "message": {"content": "half"}}
        usage = {"prompt_tokens": 1_000, "completion_tokens": 19_000}
        body = json.dumps({"choices": [choice], "usage": usage})
        world = build(Config.of().with_model("groq", None, limits=Limits()))
        world.server.fail("groq", "status", status=200, body=body)
        flags: dict[str, Any] = {"provider": None, "route": GROQ, "max_wait": "5s"}
        result = world.batch(count="20", concurrency="1", **{bound: most}, **flags)
        assert (result.status, result.exit_code) == ("stopped", 4)
        stats = stats_of(result)[GROQ]
        assert (stats.calls, stats.input_tokens, stats.output_tokens) == (1, 1_000, 19_000)
        assert stats.cost_usd == pytest.approx((1_000 * 0.15 + 19_000 * 0.60) / 1e6)
        assert stats.assumed_usd == 0

    @pytest.mark.parametrize("bound", ["max_cost", "max_tokens"])
    def test_a_resumed_batch_has_what_its_bound_leaves(self, world: World, bound: str) -> None:
        """It is the batch's bound: asked for again it allows no second time what it did, and a
        larger one the difference. A day's cap counts the first run once."""
        flags: dict[str, Any] = {"count": "50", "concurrency": "4"}
        most = {"max_cost": "0.004", "max_tokens": "12000"}[bound]
        first = world.batch(**{bound: most}, **flags)
        assert first.exit_code == 4
        paid = cost_of(record_of(first))

        def spent(record: Record) -> float:
            used = [c.prompt_tokens + c.completion_tokens for c in world.server.calls()]
            return sum(used) if bound == "max_tokens" else cost_of(record)

        again = ended(world.open(resume=first.record, **{bound: most}, **flags))
        assert (again.exit_code, spent(record_of(again)) <= float(most)) == (4, True)
        assert f"--{bound.replace('_', '-')}" in again.reason
        more = str(2 * float(most)) if bound == "max_cost" else str(2 * int(most))
        cap = {bound: more, "max_cost_per_day": str(3 * paid)}
        third = ended(world.open(resume=record_of(again), **cap, **flags))
        assert third.exit_code == 4
        assert f"--{bound.replace('_', '-')}" in third.reason
        assert float(most) < spent(record_of(third)) <= float(more)

    def test_max_time_ends_a_wait(self, build: Callable[[Config], World]) -> None:
        """A wait for a limit is no reason to stay longer than asked."""
        config = Config.of(latency=0.0).with_model("groq", None, limits=Limits(rpm=2))
        world, time = build(config), HeldTime()
        world.once(lambda: bool(world.heard(events.Waiting)), lambda: time.advance(20))
        flags: dict[str, Any] = {"route": GROQ, "provider": None, "max_wait": "10m"}
        result = world.batch(count="20", max_time="20s", clock=time.clock, **flags)
        assert (result.status, result.exit_code) == ("stopped", 4)
        assert "--max-time" in result.reason
        assert len(world.rows()) == record_of(result).accepted >= 2

    def test_no_failover_uses_one_model_and_no_other(self, world: World) -> None:
        """Exit 3 when it is gone, although others are there."""
        world.server.fail("groq", "model_not_found", model=GROQ.partition("/")[2])
        result = world.batch(count="3", no_failover=True)
        assert (result.status, result.exit_code) == ("failed", 3)
        assert set(calls_by_server(world.server)) == {GROQ}

    def test_a_route_is_kept_in_its_order(self, world: World) -> None:
        """The first is used, the second takes over, nobody else is asked."""
        world.server.fail("cerebras", "model_not_found", model="qwen-3.8-27b")
        result = world.batch(provider=None, route=f"cerebras/qwen-3.8-27b,{SMALL}", count="3")
        assert_whole(world, result, 3)
        assert samples_by_model(result) == {SMALL: 3}
        assert set(calls_by_server(world.server)) == {"cerebras/qwen-3.8-27b", SMALL}

    def test_a_day_that_is_used_up_pauses_and_resume_completes(
        self, build: Callable[[Config], World]
    ) -> None:
        """Exit 75, resume_after when enough of the day is back, and no slot twice."""
        world = build(Config.of(latency=0.0))
        world.server.fail("groq", "rpd", after=5, retry_after_s=1800.0)
        flags: dict[str, Any] = {"provider": None, "route": GROQ}
        first = world.batch(count="8", concurrency="1", clock=HeldTime().clock, **flags)
        assert (first.status, first.exit_code) == ("paused", 75)
        usual = "the usual patience; --max-wait allows more"
        assert first.reason == f"no model can go on within 15m ({usual})"
        assert first.resume_after is not None
        finished = record_of(first).finished
        assert finished is not None
        due = (first.resume_after - finished).total_seconds()
        assert 0 < due - (1800 + 2 * 86.4) <= 2  # one fits then, three are needed
        world.server.heal()
        next_day(world.home)
        second = ended(world.open(resume=first.record, count="8", concurrency="1", **flags))
        assert (second.status, second.exit_code) == ("completed", 0)
        assert sorted(row["slot"] for row in world.rows()) == list(range(8))
        assert record_of(second).id == record_of(first).id
        assert calls_by_ledger(second) == calls_by_server(world.server)

    def test_a_batch_resumed_after_a_compaction_goes_on_counting_its_parts(
        self, world: World
    ) -> None:
        """The record names the parts that there are, and no number is given twice."""
        flags: dict[str, Any] = {"provider": None, "route": GROQ, "concurrency": "1"}
        done = world.batch(count="6", max_calls="2", **flags)
        for max_calls in ("2", "50"):
            run = world.open(resume=done.record, count="6", max_calls=max_calls, **flags)
            done = run.go()
            run.close()
            made = DataDir(world.home / "data")
            assert compact(made, note_part=Ledger(made).note_part).generation is not None
        assert [(part.name[-13:-8], part.rows) for part in record_of(done).parts] == [("00002", 2)]
        assert sorted(row["slot"] for row in world.rows()) == list(range(6))

    def test_a_seed_used_again_tells_other_stories_and_a_resumed_batch_the_same(
        self, world: World, tmp_path: Path
    ) -> None:
        """Slot by slot other names than the batch before; stopped or not, the same ones."""
        flags: dict[str, Any] = {"provider": None, "route": GROQ, "concurrency": "1"}
        (tmp_path / "whole").mkdir()
        other = World(tmp_path / "whole", world.server)
        first, whole = world.batch(count="3", **flags), other.batch(count="3", **flags)
        stopped = world.batch(count="5", max_calls="2", **flags)
        run = world.open(resume=stopped.record, count="5", max_calls="50", **flags)
        assert run.go().exit_code == 0
        run.close()
        second = other.batch(count="5", **flags)
        told = stories(world)
        assert told[record_of(stopped).id] == stories(other)[record_of(second).id]
        assert told[record_of(first).id] == stories(other)[record_of(whole).id]
        again, before = told[record_of(stopped).id], told[record_of(first).id]
        assert (len(again), len(before)) == (5, 3)
        assert not any(again[slot] == before[slot] for slot in before)

    def test_a_resumed_batch_reads_the_list_of_authorities_it_began_with(
        self, world: World, tmp_path: Path
    ) -> None:
        """Its record names the file; one that was set since changes nothing."""
        path = tmp_path / "known.txt"
        path.write_text("Adeyemi v Braithwaite [2014] UKSC 98\n", encoding="utf-8")
        with_list, without = (
            record_of(world.batch(count="1", route=GROQ, provider=None, **more))
            for more in ({"authorities": str(path)}, {})
        )
        assert with_list.parameters["authorities"] == str(path)
        assert without.parameters["authorities"] is None
        assert resumed_flags(with_list, {})["authorities"] == str(path)
        assert resumed_flags(with_list, {"authorities": "moved.txt"})["authorities"] == "moved.txt"
        environ = {**world.environ, "LEGALGEN_AUTHORITIES": str(path)}
        said = {"authorities": str(path)}
        for flags, kept in (({}, None), (said, path)):
            settings = Settings.load(
                resumed_flags(without, flags), environ, None, known_providers=tuple(PROVIDERS)
            )
            assert resumed_settings(without, settings).authorities == kept


def stories(world: World) -> dict[str, dict[int, str]]:
    """The seeds of each batch's rows, by slot."""
    found: dict[str, dict[int, str]] = {}
    for row in world.rows():
        found.setdefault(row["batch_id"], {})[row["slot"]] = row["seed_json"]
    return found


def test_what_cannot_be_read_is_told_before_anybody_is_paid(world: World) -> None:
    """Over a dataset that was never written, too: an index may be there and be none."""
    index = world.open().data_dir.index()
    index.parent.parent.mkdir(parents=True)
    index.parent.write_text("not a folder")
    with pytest.raises(DiskError, match="duplicate index"):
        world.batch()
    assert world.server.calls() == []


class TestStopping:
    """Asked to stop, and bugs: what was accepted is on the disk either way."""

    def test_a_stop_finishes_what_is_in_flight_and_begins_nothing(self, world: World) -> None:
        """Every call that left became a sample, and the record says stopped."""
        held, stop = world.server.hold(), Stop()
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(ended, world.open(stop=stop, count="50", concurrency="4"))
            held.wait_for(2)
            stop.request()
            held.release()
            result = run.result()
        assert (result.status, result.exit_code) == ("stopped", 130)
        assert (
            2 <= len(world.rows()) == record_of(result).accepted == len(world.server.answered()) < 5
        )
        assert calls_by_ledger(result) == calls_by_server(world.server)

    def test_abandoning_leaves_a_hanging_call_and_blames_nobody(self, world: World) -> None:
        """The run ends at once; the next one is told nothing bad of the model."""
        world.server.fail("groq", "hang", after=2)
        stop = Stop()
        run = world.open(stop=stop, count="9", concurrency="3", route=GROQ, provider=None)
        kept = Event()
        world.once(lambda: len(world.heard(Accepted)) == 2, kept.set)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(ended, run)
            world.server.wait_for(5)
            assert kept.wait(LONGEST_S)
            stop.abandon()
            run.abandon()
            result = running.result()
        assert (result.status, result.exit_code) == ("stopped", 130)
        assert len(world.rows()) == record_of(result).accepted == 2
        assert calls_by_ledger(result)[GROQ] == 5
        stats = stats_of(result)[GROQ]
        assert stats.failures == {}
        assert stats.output_tokens > sum(row["output_tokens"] for row in world.rows())
        paid = sum(row["cost_usd"] for row in world.rows())
        assert stats.assumed_usd == pytest.approx((stats.cost_usd or 0.0) - paid)
        assert stats.assumed_usd > 0
        world.server.heal()
        assert samples_by_model(world.batch(count="2")) == {GROQ: 2}

    @pytest.mark.parametrize("failing", ["journal", "ledger"])
    def test_what_is_in_flight_when_a_write_fails_is_counted(
        self, world: World, monkeypatch: pytest.MonkeyPatch, failing: str
    ) -> None:
        """The disk fails with three calls out: the record has what they took, and where the journal
        takes their rows they are there."""
        held, accepted, told = world.server.hold(), Event(), Event()
        world.once(lambda: bool(world.heard(Accepted)), accepted.set)
        world.once(lambda: "waiting for" in str(world.told[-1]), told.set)
        run = world.open(route=GROQ, provider=None, count="9", concurrency="4")
        write = resolve_name(f"legalgen.store.{failing}:replace_file")
        sync = resolve_name("legalgen.store.appending:AppendFile.sync")
        failed = Event()

        def fail() -> None:
            if accepted.is_set() and not failed.is_set():
                failed.set()
                raise DiskError("no room", run.data_dir.root)

        def sync_once(file: object) -> None:
            fail()
            sync(file)

        def write_once(data_dir: DataDir, path: Path, payload: bytes) -> None:
            fail()
            write(data_dir, path, payload)

        if failing == "journal":
            monkeypatch.setattr("legalgen.store.appending.AppendFile.sync", sync_once)
        else:
            monkeypatch.setattr("legalgen.store.ledger.replace_file", write_once)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(ended, run)
            held.wait_for(2)
            held.release(1)
            assert accepted.wait(LONGEST_S)
            held.wait_for(3)
            held.release(1)
            assert told.wait(LONGEST_S)
            held.release()
            with pytest.raises(DiskError, match="no room"):
                running.result()
        [record] = run.ledger.all()
        assert isinstance(record, Record)
        [stats], answered = record.models.values(), world.server.answered()
        assert (record.status, stats.assumed_usd) == ("stopped", 0.0)
        assert stats.calls == len(answered) >= 4
        assert stats.output_tokens == sum(call.completion_tokens for call in answered)
        assert sum(record.days.values()) == pytest.approx(cost_of(record))
        assert record.accepted == (1 if failing == "journal" else len(answered))
        result = ended(world.open(resume=record, route=GROQ, provider=None, count="9"))
        stats, answered = stats_of(result)[GROQ], world.server.answered()
        assert (result.status, len(world.rows())) == ("completed", 9)
        assert stats.output_tokens == sum(call.completion_tokens for call in answered)

    def test_a_bug_in_a_worker_seals_what_was_accepted_and_is_not_hidden(
        self, world: World
    ) -> None:
        """The error comes out, and the rows and the record are whole."""
        run = world.parts(count="9", concurrency="1", route=GROQ, provider=None)
        [(ref, endpoint)] = run.endpoints.items()

        def broken(_: object) -> float:
            if len(world.server.calls()) > 3:
                raise ZeroDivisionError("a price of nothing")
            return 0.0

        run.endpoints[ref] = msgspec.structs.replace(endpoint, price=broken)
        folder, notices = world.home / "log", list[str]()
        opened = open_log(folder, warn=notices.append)
        with contextlib.closing(opened), pytest.raises(ZeroDivisionError):
            ended(begun(run))
        logged = (folder / "legalgen.log").read_text("utf-8")
        assert ("Traceback" in logged, "a price of nothing" in logged) == (True, True), notices
        [record] = run.ledger.all()
        assert isinstance(record, Record)
        assert (record.status, record.accepted, len(world.rows())) == ("failed", 3, 3)

    @pytest.mark.parametrize("name", ["legalgen.batch.online.read_answer", f"{REVIEWER}.review"])
    def test_what_is_in_flight_when_a_look_at_an_answer_dies_is_kept(
        self, world: World, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        """In a worker or in the main thread: the others' answers become rows, the one that was
        looked at is put aside, and then the error comes out. No bound on memory fails at one
        answer alone, so the look at it does."""
        died, look = Event(), resolve_name(name)

        def dying_once(*given: object) -> object:
            if not died.is_set():
                died.set()
                raise MemoryError
            return look(*given)

        monkeypatch.setattr(name, dying_once)
        held = world.server.hold()
        run = world.open(route=GROQ, provider=None, count="9", concurrency="3")
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(ended, run)
            held.wait_for(2)  # more do not leave before one has answered
            held.release(1)
            assert died.wait(LONGEST_S)
            eventually(lambda: world.heard(events.AnswerRejected))
            held.release()
            with pytest.raises(MemoryError):
                running.result()
        [record] = run.ledger.all()
        assert isinstance(record, Record)
        calls = record.models[GROQ].calls
        assert (record.status, record.rejected) == ("failed", {"UNREAD": 1})
        assert calls == len(world.server.answered()) == 1 + len(world.rows())
        [aside] = (world.home / "data" / "rejected").glob("*.jsonl")
        [kept] = map(json.loads, aside.read_text("utf-8").splitlines())
        assert "question" in json.loads(kept["text"])
        paid = kept["cost_usd"] + sum(row["cost_usd"] for row in world.rows())
        assert cost_of(record) == pytest.approx(paid)
        assert kept["cost_usd"] > 0

    def test_answers_that_no_look_comes_to_the_end_of_are_put_aside(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every look dies: each answer that was in flight stands in ``rejected/``."""

        def dying(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(f"{REVIEWER}.review", dying)
        held = world.server.hold()
        run = world.open(route=GROQ, provider=None, count="9", concurrency="2")
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(ended, run)
            held.wait_for(2)
            held.release()
            with pytest.raises(MemoryError):
                running.result()
        [record] = run.ledger.all()
        assert isinstance(record, Record)
        calls = record.models[GROQ].calls
        assert calls == len(world.server.answered()) >= 2
        assert (record.status, record.rejected) == ("failed", {"UNREAD": calls})
        [aside] = (world.home / "data" / "rejected").glob("*.jsonl")
        assert len(aside.read_text("utf-8").splitlines()) == calls

    def test_what_is_in_flight_when_the_dataset_cannot_be_opened_is_kept(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was accepted so far is read while the first calls are out."""
        held, died = world.server.hold(), Event()

        def dying(_: object) -> None:
            held.wait_for(2)
            died.set()
            raise MemoryError

        monkeypatch.setattr(f"{REVIEWER}.open", dying)
        run = world.open(route=GROQ, provider=None, count="9", concurrency="2")
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(ended, run)
            assert died.wait(LONGEST_S)
            held.release()
            with pytest.raises(MemoryError):
                running.result()
        [record] = run.ledger.all()
        assert isinstance(record, Record)
        assert record.models[GROQ].calls == len(world.server.answered()) == len(world.rows()) == 2

    def test_a_waiting_task_does_not_hold_up_the_others(self, world: World) -> None:
        """A task that only a limited model is left for is given up rather than waited for."""
        model, small = GROQ.partition("/")[2], SMALL.partition("/")[2]
        world.server.fail("groq", "rpm", model=small, retry_after_s=600.0)
        world.server.fail("groq", "content_filter", model=model, count=1)
        route, clock = f"{GROQ},{SMALL}", HeldTime().clock  # who waits for it would wait for ever
        result = world.batch(provider=None, route=route, count="5", concurrency="1", clock=clock)
        assert (result.status, record_of(result).accepted) == ("completed", 5)
        assert calls_by_ledger(result) == calls_by_server(world.server)
        assert len(record_of(result).given_up) == 1

    def test_a_task_that_was_only_unlucky_goes_back_rather_than_wait(self, world: World) -> None:
        """After a timeout another model is asked first; a long wait for it is not worth it."""
        model, small = GROQ.partition("/")[2], SMALL.partition("/")[2]
        world.server.fail("groq", "rpm", model=small, retry_after_s=600.0)
        world.server.fail("groq", "hang", model=model, count=1)
        run = world.parts(count="3", concurrency="1", provider=None, route=f"{GROQ},{SMALL}")
        keep_calls_at(run, "groq", 2.0)
        world.once(
            lambda: bool(world.heard(events.CallFailed)),
            lambda: keep_calls_at(run, "groq", LONGEST_S),
        )
        result = ended(begun(run))
        assert_whole(world, result, 3)
        assert record_of(result).given_up == []
        assert samples_by_model(result) == {GROQ: 3}

    def test_a_task_that_waits_keeps_no_other_from_starting(self, world: World) -> None:
        """With workers as they are needed, one that waits leaves its place to others."""
        model, small, time = GROQ.partition("/")[2], SMALL.partition("/")[2], HeldTime()
        world.server.fail("groq", "rpm", model=small, task=0, count=1, retry_after_s=3.0)
        world.server.fail("groq", "content_filter", model=model, task=0, count=1)
        world.once(lambda: len(world.heard(Accepted)) == 7, lambda: time.advance(3))
        route = f"{GROQ},{SMALL}"
        result = world.batch(provider=None, route=route, count="8", clock=time.clock)
        assert_whole(world, result, 8)
        [limited] = [event for event in world.heard(events.CallFailed) if event.until is not None]
        accepted = world.heard(Accepted)
        assert [event.at < limited.until for event in accepted] == [True] * 7 + [False]
        assert accepted[-1].slot == limited.slot

    def test_one_wait_is_told_once_however_many_wait(self, world: World) -> None:
        """Eight workers at one limit are one line, and one entry in the ledger."""
        time, failed = HeldTime(), events.CallFailed
        world.server.add(replace(BUSY, count=2, headers={"retry-after": "2"}))
        world.once(
            lambda: len(world.heard(failed)) == 2 and bool(world.heard(events.Waiting)),
            lambda: time.advance(2),
        )
        held = world.server.hold()
        flags: dict[str, Any] = {"route": GROQ, "provider": None, "max_wait": "1m"}
        with ThreadPoolExecutor(1) as pool:
            run = world.open(count="8", concurrency="8", clock=time.clock, **flags)
            running = pool.submit(ended, run)
            held.wait_for(2)  # else the first to fail would keep the second from leaving
            held.release()
            result = running.result()
        assert_whole(world, result, 8)
        assert len(record_of(result).waits) == len(world.heard(events.Waiting)) == 1

    def test_calls_that_outlive_their_deadline_are_left_by_the_watchdog(self, world: World) -> None:
        """Nothing accepted for too long ends the batch, even if a call never comes back."""
        held, time = world.server.hold(), HeldTime()
        with ThreadPoolExecutor(1) as pool:
            run = world.open(route=GROQ, provider=None, clock=time.clock)
            running = pool.submit(ended, run)
            held.wait_for(1)
            time.advance(1200)
            result = running.result()
        assert (result.status, result.exit_code) == ("failed", 6)
        assert "watchdog" in result.reason
        assert calls_by_ledger(result)[GROQ] >= 1

    def test_waiting_for_a_judge_is_no_work_for_the_watchdog(self, world: World) -> None:
        """A limit of the judge is waited for as long as is allowed, like one of who writes."""
        judge, time = "qwen/qwen3.8-27b", HeldTime()
        for vendor, model in (("groq", judge), ("cerebras", "qwen-3.8-27b")):
            world.server.fail(vendor, "rpm", model=model, count=1, retry_after_s=700.0)
        health = world.home / "state" / "health.json"
        with ThreadPoolExecutor(1) as pool:
            flags: dict[str, Any] = {"route": GROQ, "provider": None, "judge": f"groq/{judge}"}
            run = world.parts(count="2", concurrency="1", clock=time.clock, max_wait="15m", **flags)
            running = pool.submit(ended, begun(run))

            def waits() -> bool:
                time.advance(0.01)
                return run.routers.waited_s > 0

            eventually(waits)
            time.advance(650)
            eventually(lambda: health.exists() and judge in health.read_text())  # it has looked
            time.advance(60)
            result = running.result()
        assert (result.status, len(world.rows())) == ("completed", 2)


@pytest.mark.parametrize("tokens", [2**63, 10**400, -5], ids=["2^63", "10^400", "-5"])
def test_an_absurd_number_costs_neither_the_answer_nor_the_data_dir(
    world: World, tokens: object
) -> None:
    """The row is kept with tokens estimated, sealed, and the next commands work."""
    sample = {
        "question": "May the landlord keep the deposit?",
        "reasoning_steps": ["The deposit is protected.", "So it is returned."],
        "answer": "No. It is returned within ten days of the end of the tenancy.",
        "citations": [],
    }
    choice = {"message": {"content": json.dumps(sample)}, "finish_reason": "stop"}
    usage = {"prompt_tokens": tokens, "completion_tokens": tokens}
    body = {"choices": [choice], "usage": usage}
    world.server.fail("groq", "status", status=200, body=body, count=1)

    first = world.batch(count="1", concurrency="1", gate="structure")
    second = world.batch(count="1", concurrency="1")

    assert (first.exit_code, second.exit_code) == (0, 0)
    # Batches of one second are told apart by chance, so either part may come first.
    kept, other = sorted(world.rows(), key=lambda row: row["answer"] != sample["answer"])
    assert kept["answer"] == sample["answer"]
    assert 0 < kept["input_tokens"] < 1_500
    assert 0 < kept["output_tokens"] < 100
    assert other["input_tokens"] > 0


def test_a_key_in_an_answer_is_in_no_file(build: Callable[[Config], World]) -> None:
    """A server that echoes it: in what is accepted, what is refused, in the state and the log."""

    def echo(request: AnswerRequest) -> str:
        from tests.vendors.answers import good, read_brief

        value = good(request.number, request.seed, read_brief(request.prompt))
        value["answer"] = f"{value['answer']} The key is {keys[0]}, they say."
        return json.dumps(value | ({"question": ""} if request.number == 1 else {}))

    keys = [""]
    world = build(Config.of("groq-free", latency=0.0, answers=echo))
    keys[0] = world.server.key("groq")
    result = world.batch(count="2", concurrency="1", gate="structure")
    assert result.exit_code == 0

    key = keys[0].encode()
    assert all("[redacted], they say" in row["answer"] for row in world.rows())
    files = [path for path in world.home.rglob("*") if path.is_file()]
    assert any(path.parent.name == "rejected" for path in files)
    assert [path for path in files if key in path.read_bytes()] == []


def test_answers_are_asked_in_the_words_of_the_task(build: Callable[[Config], World]) -> None:
    """What the vendor sees is what the row says: law, area and topic of the plan."""
    asked: list[AnswerRequest] = []

    def note(request: AnswerRequest) -> str:
        from tests.vendors.answers import good, read_brief

        asked.append(request)
        return json.dumps(good(request.number, request.seed, read_brief(request.prompt)))

    world = build(Config.of(latency=0.0, answers=note))
    assert world.batch(count="3", concurrency="1", practice_area="contract").exit_code == 0
    assert {row["practice_area"] for row in world.rows()} == {"contract"}
    assert all("contract" in request.prompt.lower() for request in asked)
