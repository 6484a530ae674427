"""Which models there are: catalog, keys, health, limits and the ledger, and asking the vendors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from legalgen.completion import ModelRef
from legalgen.errors import ErrorCategory, Failure, Trouble, UsageError
from legalgen.failover import ProviderState, State
from legalgen.routing import from_settings as routing
from legalgen.routing.health import Budget, Memories, Memory, ProviderMemory
from legalgen.routing.inventory import (
    Limit,
    Listing,
    ModelRow,
    check,
    model_rows,
    refresh,
    track_of,
    track_records,
)
from legalgen.settings.layers import Settings
from legalgen.store.balances import ModelStats
from legalgen.store.ledger import Process, Record, UnreadableRecord
from legalgen.ui.screens import MODELS_NARROW, grid, left, model_state, models_columns, troubled
from tests.vendors import VendorServer

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
KEYS = {"GROQ_API_KEY": "gsk_test", "CEREBRAS_API_KEY": "csk_test"}
MODEL = "openai/gpt-oss-120b"


def settings(tmp_path: Path, environ: Mapping[str, str], **flags: object) -> Settings:
    folders = {name: str(tmp_path / name) for name in ("data_dir", "state_dir", "log_dir")}
    return Settings.load({**folders, **flags}, environ, None)


def remember(given: Settings, memories: Memories) -> None:
    given.state_dir.mkdir(parents=True, exist_ok=True)
    (given.state_dir / "health.json").write_bytes(msgspec.json.encode(memories))


def row(rows: list[ModelRow], model: str = MODEL, provider: str = "groq") -> ModelRow:
    return next(each for each in rows if each.ref == ModelRef(provider, model))


def test_without_a_key_a_model_says_so(tmp_path: Path) -> None:
    """A key makes a provider ready; the model in this process needs none."""
    rows = model_rows(settings(tmp_path, {"GROQ_API_KEY": "gsk_test"}), [], NOW)
    states = {each.provider: each.state for each in rows}
    assert states == {"groq": "ready", "cerebras": "no key", "local": "ready"}


def test_a_key_that_cannot_be_one_hides_no_other_provider(tmp_path: Path) -> None:
    """A broken key of groq leaves cerebras on the list, ready."""
    rows = model_rows(settings(tmp_path, {**KEYS, "GROQ_API_KEY": "a\nb"}), [], NOW)
    assert {each.state for each in rows if each.provider == "cerebras"} == {"ready"}
    assert {each.state for each in rows if each.provider == "groq"} == {"no key"}


@pytest.mark.parametrize(
    ("state", "word"),
    [(State.LIMITED, "cooling"), (State.EXHAUSTED, "exhausted"), (State.OPEN, "down"),
     (State.DROPPED, "gone")],
)  # fmt: skip
def test_what_was_learnt_is_shown_until_it_ends(tmp_path: Path, state: State, word: str) -> None:
    """A memory of health.json decides the state; once its time is over the model is ready."""
    given = settings(tmp_path, KEYS)
    end = NOW.timestamp() + 41
    trouble = Trouble(ModelRef("groq", MODEL), ErrorCategory.RATE_LIMIT, 429, "tokens per minute")
    memory = Memory(NOW.timestamp(), state, end, trouble)
    key = routing.account_of(given, "groq").key(MODEL)
    remember(given, Memories(models={key: memory}))
    now = row(model_rows(given, [], NOW))
    later = row(model_rows(given, [], NOW + timedelta(seconds=42)))
    assert (now.state, now.why, now.until) == (
        word, "rate_limit 429: tokens per minute", NOW + timedelta(seconds=41),
    )  # fmt: skip
    assert (later.state, later.why, later.until) == ("ready", "", None)


def test_a_provider_that_is_down_takes_its_models_along(tmp_path: Path) -> None:
    """The provider's trouble outranks what is known of a model."""
    given = settings(tmp_path, KEYS)
    end = NOW.timestamp() + 60
    trouble = Trouble(ModelRef("groq", MODEL), ErrorCategory.CONNECTION_ERROR, None, "refused")
    down = ProviderMemory(NOW.timestamp(), ProviderState.OPEN, end, trouble)
    remember(given, Memories(providers={routing.account_of(given, "groq").key(): down}))
    rows = model_rows(given, [], NOW)
    assert {each.state for each in rows if each.provider == "groq"} == {"down"}
    assert {each.state for each in rows if each.provider == "cerebras"} == {"ready"}


def test_what_a_clock_of_tomorrow_remembered_ends_when_a_batch_believes_it(tmp_path: Path) -> None:
    """Set back by a month since: of an hour that was to go one hour is, and then it is ready."""
    given, ahead = settings(tmp_path, KEYS), NOW.timestamp() + 30 * 86_400
    memory = Memory(ahead, State.EXHAUSTED, ahead + 3_600)
    key = routing.account_of(given, "groq").key(MODEL)
    remember(given, Memories(models={key: memory}))
    [found] = [each for each in model_rows(given, [], NOW) if each.model == MODEL]
    assert (found.state, found.until) == ("exhausted", NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        (Failure(ErrorCategory.AUTHENTICATION, "Invalid API Key", 401), "key refused"),
        (Failure(ErrorCategory.AUTHENTICATION, "network settings", 403), "network refused"),
        (Failure(ErrorCategory.QUOTA_EXHAUSTED, "", 429, credit=True), "no credit"),
        (Failure(ErrorCategory.MODEL_UNAVAILABLE, "", 404, wrong_url=True), "wrong address"),
    ],
)
def test_what_is_wrong_with_an_account_is_a_state(
    tmp_path: Path, failure: Failure, word: str
) -> None:
    """All models of the provider have it for a day; the words stand without a time of day."""
    given = settings(tmp_path, KEYS)
    trouble = Trouble.of(ModelRef("groq", MODEL), failure)
    end = NOW.timestamp() + 86_400
    barred = ProviderMemory(NOW.timestamp(), ProviderState.DROPPED, end, trouble)
    remember(given, Memories(providers={routing.account_of(given, "groq").key(): barred}))
    rows = [each for each in model_rows(given, [], NOW) if each.provider == "groq"]
    assert {each.state for each in rows} <= {word, "retired"}
    assert model_state(row(rows), NOW).text == word
    assert [line.text for line in troubled(rows)] == [f"  {row(rows).remedy}"]
    assert "groq" in row(rows).remedy
    later = model_rows(given, [], NOW + timedelta(days=1, seconds=1))
    assert (row(later).state, row(later).remedy) == ("ready", "")


def test_limits_are_the_catalogs_until_replies_taught_better(tmp_path: Path) -> None:
    """What is left is what was left then, refilled since."""
    given = settings(tmp_path, KEYS)
    before = row(model_rows(given, [], NOW)).limits
    budget = Budget("tokens", "minute", 8000.0, 2000.0, NOW.timestamp() - 30)
    memory = Memory(NOW.timestamp() - 30, budgets=(budget,), latency_s=1.5)
    remember(given, Memories(models={routing.account_of(given, "groq").key(MODEL): memory}))
    after = row(model_rows(given, [], NOW))
    assert Limit("tokens", "minute", 8000) in before
    assert (after.limits, after.latency_s) == ((Limit("tokens", "minute", 8000.0, 6000),), 1.5)


def test_a_limit_of_the_config_is_shown(tmp_path: Path) -> None:
    """An account with other limits than the catalog's says so in config.toml."""
    config = tmp_path / "config.toml"
    config.write_text('[limits."groq/openai/gpt-oss-120b"]\ntokens_per_minute = 9000\n')
    folders = {n: str(tmp_path / n) for n in ("data_dir", "state_dir", "log_dir")}
    given = Settings.load(folders, KEYS, config)
    assert row(model_rows(given, [], NOW)).limits == (Limit("tokens", "minute", 9000),)


def test_retired_models_are_shown_when_asked_for(tmp_path: Path) -> None:
    """With the day on which each was shut down."""
    given = settings(tmp_path, KEYS)
    retired = row(model_rows(given, [], NOW, everything=True), "gemma2-9b-it")
    assert (retired.state, retired.notes) == ("retired", ("shut down on 2025-10-08",))
    before = datetime(2025, 10, 1, tzinfo=UTC)
    coming = row(model_rows(given, [], before, everything=True), "gemma2-9b-it")
    assert (coming.state, coming.notes) == ("ready", ("shuts down on 2025-10-08",))
    assert all(each.state != "retired" for each in model_rows(given, [], NOW))


def test_an_unknown_provider_is_a_mistake(tmp_path: Path) -> None:
    """The close names come first."""
    with pytest.raises(UsageError, match="groq"):
        model_rows(settings(tmp_path, KEYS, provider="grok"), [], NOW)


# --------------------------------------------------------------------------- the ledger


def batch(number: int, **models: ModelStats) -> Record:
    return Record(
        id=f"20261123-12000{number}-aaaa",
        kind="batch",
        status="completed",
        command=(),
        process=Process(1, "h"),
        version="0",
        started=NOW,
        updated=NOW,
        models={f"groq/{name}": stats for name, stats in models.items()},
    )


def test_a_track_adds_up_over_batches() -> None:
    """Sums over all batches first, then rates; what is no record is passed over."""
    one = ModelStats(
        calls=12, samples=8, input_tokens=3000, output_tokens=6000, reasoning_tokens=800,
        seconds=20.0, sample_seconds=16.0, reasoning_steps=40, cost_usd=0.01,
        failures={"output_invalid": 2},
    )  # fmt: skip
    two = ModelStats(calls=3, samples=2, output_tokens=2000, seconds=5.0, sample_seconds=4.0,
                     failures={"timeout": 1})  # fmt: skip
    broken = UnreadableRecord("x", Path("x"), "torn")
    track = track_records([batch(1, a=one), broken, batch(2, a=two)])["groq/a"]
    assert msgspec.to_builtins(track) == {
        "samples": 10,
        "calls": 15,
        "acceptance": pytest.approx(10 / 12),
        "seconds_per_sample": 2.0,
        "samples_per_minute": 24.0,
        "tokens_per_second": 320.0,
        "steps": 4.0,
        "tokens_per_sample": 1100.0,
        "output_tokens": 800.0,
        "reasoning_tokens": 80.0,
        "usd_per_sample": pytest.approx(0.001),
        "failures": {"output_invalid": 2, "timeout": 1},
    }


def test_a_model_that_never_wrote_has_no_rates() -> None:
    """Nothing is divided by nothing."""
    track = track_of(ModelStats(calls=1, failures={"overloaded": 1}))
    assert (track.samples, track.acceptance, track.steps, track.usd_per_sample) == (
        0, None, None, None,
    )  # fmt: skip


def test_only_the_newest_batches_are_read() -> None:
    """A long history does not make `models` slow."""
    taken: list[int] = []

    def endless() -> object:
        number = 0
        while True:
            taken.append(number)
            yield UnreadableRecord("x", Path("x"), "torn")
            number += 1

    assert track_records(endless()) == {}  # type: ignore[arg-type]  # a generator is iterable
    assert len(taken) <= 501


# --------------------------------------------------------------------------- asking the vendors


def test_one_tiny_call_per_model(tmp_path: Path, vendors: VendorServer) -> None:
    """Each writer that has a key is called once, with a small budget; others not at all."""
    given = settings(tmp_path, vendors.environment())
    checked = check(given, model_rows(given, [], NOW))
    asked = [each for each in checked if each.check is not None]
    assert {(each.provider, each.check.ok) for each in asked if each.check} == {
        ("groq", True), ("cerebras", True),
    }  # fmt: skip
    assert row(checked, "smollm2-135m", "local").check is None
    assert row(checked, "openai/gpt-oss-safeguard-20b").check is None
    assert len(vendors.calls("groq")) == sum(each.provider == "groq" for each in asked)


def test_one_providers_error_hides_no_other(tmp_path: Path, vendors: VendorServer) -> None:
    """A wrong key at groq is said with its remedy, and cerebras is checked all the same."""
    vendors.fail("groq", "unauthorized")
    given = settings(tmp_path, vendors.environment())
    checked = check(given, model_rows(given, [], NOW))
    bad, good = row(checked).check, row(checked, "gpt-oss-120b", "cerebras").check
    assert bad is not None
    assert good is not None
    assert (bad.ok, bad.category, good.ok) == (False, "authentication", True)
    assert "GROQ_API_KEY" in bad.remedy


def test_the_vendors_lists_against_the_catalog(tmp_path: Path, vendors: VendorServer) -> None:
    """What is new and gone, by provider; one that fails says so."""
    given = settings(tmp_path, vendors.environment())
    vendors.fail("cerebras", "unauthorized", endpoint="models")
    listed = {each.provider: each for each in refresh(given)}
    assert listed["groq"] == Listing("groq", models=4)
    assert listed["openai"] == Listing("openai", new=("local-model",), models=1)
    assert listed["cerebras"].error.startswith("authentication: ")


# --------------------------------------------------------------------------- the table


def test_the_state_says_until_when() -> None:
    """A short wait as seconds, a long one as a time of day."""
    short = ModelRow(provider="g", model="m", state="cooling", until=NOW + timedelta(seconds=41))
    end = NOW + timedelta(hours=3)
    long = ModelRow(provider="g", model="m", state="exhausted", until=end)
    assert model_state(short, NOW).text == "cooling 41 s"
    assert model_state(long, NOW).text == f"exhausted to {end.astimezone():%a %H:%M}"


def test_what_is_left_is_the_tightest_of_each_window() -> None:
    """In narrow tables only the tightest of all."""
    limits = (
        Limit("requests", "minute", 30, 29),
        Limit("tokens", "minute", 8000, 1200),
        Limit("requests", "day", 1000, 12),
    )
    assert left(limits, wide=True) == "1.2k/8k tok/min, 12/1k req/day"
    assert left(limits, wide=False) == "12/1k req/day"
    assert left((), wide=True) == "-"


def test_narrow_tables_keep_what_matters(tmp_path: Path) -> None:
    """At 80 columns: model, state, what is left, price and acceptance."""
    rows = model_rows(settings(tmp_path, KEYS), [], NOW)
    table = grid(models_columns(NOW, checked=False, wide=False), rows).only(MODELS_NARROW)
    cells = [cell.text for cell in table.rows[0]]
    assert cells == [f"groq/{MODEL}", "ready", "8k tok/min", "0.15/0.6", "-"]
