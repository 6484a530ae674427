"""Servers of one's own: what they are asked, what is stated of them, and what is said of both."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from legalgen.batch.endpoints import FORMATS
from legalgen.batch.generation import Stop
from legalgen.batch.intent import Intent, Result
from legalgen.batch.opening import open_run
from legalgen.batch.records import resumed_flags
from legalgen.completion import ModelRef
from legalgen.errors import (
    ConfigurationError,
    ErrorCategory,
    NoUsableProvider,
    Trouble,
    UsageError,
)
from legalgen.errors.parameters import NAMES
from legalgen.providers import PROVIDERS
from legalgen.providers._http import DeadlineClient
from legalgen.providers._pages import native_context
from legalgen.providers.catalog import Catalog
from legalgen.providers.openai import _Pages
from legalgen.providers.presets import presets
from legalgen.routing.from_settings import account_of, plan_route
from legalgen.routing.inventory import Listing, check, model_rows, refresh
from legalgen.routing.remedies import remedy
from legalgen.routing.unsupported import form
from legalgen.settings.layers import Settings
from legalgen.settings.show import describe
from legalgen.store import parts
from legalgen.store.files import DataDir
from legalgen.ui.screens import listing_lines
from tests.program import Program, environment
from tests.scenes import Reply, Server, completion, playing, refusing, sample


def plays(_: str, __: dict[str, Any], ___: int) -> Reply:
    """Every call is answered."""
    return 200, None


class Home:
    """A data dir and a config file; ``said`` is what the runs told people."""

    def __init__(self, folder: Path, config: str = "", **environ: str) -> None:
        self.environ = environment(folder, None) | environ
        self.config = folder / "own.toml"
        self.config.write_text(config, "utf-8")
        self.config.chmod(0o600)
        self.said: list[str] = []
        self.hears: Callable[[str], object] = lambda _: None

    def settings(self, **flags: object) -> Settings:
        """The settings of a batch of four rows."""
        given: dict[str, object] = {
            "count": "4", "seed": "1", "gate": "structure", "max_wait": "10s",
            "concurrency": "1", **flags,
        }  # fmt: skip
        return Settings.load(given, self.environ, self.config, known_providers=tuple(PROVIDERS))

    def batch(self, **flags: object) -> Result:
        """Run it."""
        settings = self.settings(**flags)
        intent = Intent(count=settings.count, command=("legalgen", "batch"))
        run = open_run(settings, intent, listener=self._hear, stop=Stop())
        try:
            return run.go()
        finally:
            run.close()

    def _hear(self, event: object) -> None:
        text = getattr(event, "text", None)
        if isinstance(text, str):
            self.said.append(text)
            self.hears(text)

    def heard(self, *words: str) -> bool:
        """Whether one of the sentences holds all of the words."""
        return any(all(word in text for word in words) for text in self.said)


def at(server: Server, more: str = "") -> str:
    """A config file that names the server."""
    return f'[providers.openai]\nbase_url = "{server.url}/v1"\nmodels = ["m"]\n{more}'


def caps(server: Server) -> list[int]:
    return [call["max_tokens"] for call in server.calls]


def chats(server: Server, name: str) -> list[object]:
    return [call.get(name) for call in server.calls]


LISTED = (
    {"max_model_len": 4096},
    {"context_length": 4096},
    {"n_ctx": 4096},
    {"meta": {"n_ctx_train": 131_072, "n_ctx": 4096}},
    {"loaded_context_length": 4096, "max_context_length": 131_072},
    {"context_length": 4096, "top_provider": {"max_completion_tokens": 2048}},
    {"context_length": "4096"},
    {"max_model_len": 4096.0},
    {"limits": {"max_input_tokens": "4,096", "max_output_tokens": "2048"}},
    {"model_info": {"max_input_tokens": 4096}},
    {"parameters": {"max_seq_len": 4096}},
    {"contextWindow": 4096},
    {"limits": [4096], "context_size": 4096},
)


@pytest.mark.parametrize("told", LISTED)
def test_the_list_of_models_tells_how_large_a_context_is(
    tmp_path: Path, told: dict[str, object]
) -> None:
    """Each server has its own word; the answer is asked for within it, and nothing is assumed."""
    with playing(plays) as server:
        server.pages["/v1/models"] = {"data": [{"id": "other"}, {"id": "m", **told}]}
        home = Home(tmp_path, at(server))
        assert home.batch(provider="openai").exit_code == 0
        assert 0 < max(caps(server)) < 4096
        assert not home.heard("context")


OLLAMA = {"model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40_960}}
NATIVE: Sequence[tuple[dict[str, object], int]] = (
    ({"/api/tags": {"models": []}, "/api/show": OLLAMA}, 40_960),
    (
        {
            "/api/tags": {"models": []},
            "/api/show": {**OLLAMA, "parameters": "num_ctx    8192\nstop x"},
        },
        8_192,
    ),
    (
        {
            "/api/tags": {"models": []},
            "/api/show": OLLAMA,
            "/api/ps": {"models": [{"name": "m", "context_length": 4_096}]},
        },
        4_096,
    ),
    ({"/api/v0/models": {"data": [{"id": "m", "max_context_length": 16_384}]}}, 16_384),
    (
        {
            "/api/v1/models": {
                "models": [
                    {
                        "key": "m",
                        "max_context_length": 131_072,
                        "loaded_instances": [{"id": "m", "config": {"context_length": 8_192}}],
                    }
                ]
            }
        },
        8_192,
    ),
    ({"/props": {"default_generation_settings": {"n_ctx": 4_096}}}, 4_096),
    ({"/info": {"model_id": "x", "max_input_tokens": 4_095, "max_total_tokens": 4_096}}, 4_096),
    ({"/v1/model": {"id": "x", "parameters": {"max_seq_len": 4_096}}}, 4_096),
    ({"/api/extra/true_max_context_length": {"value": 4_096}}, 4_096),
    (
        {
            "/model/info": {
                "data": [
                    {"model_name": "other", "model_info": {"max_input_tokens": 512}},
                    {"model_name": "m", "model_info": {"max_tokens": 99, "max_input_tokens": None}},
                    {"model_name": "m", "model_info": {"max_input_tokens": 8_192}},
                    {"model_name": "m", "model_info": {"max_input_tokens": "4096"}},
                ]
            }
        },
        4_096,
    ),
)


@pytest.mark.parametrize(("pages", "context"), NATIVE)
def test_pages_beside_the_api_tell_it_too(pages: dict[str, object], context: int) -> None:
    """What a model was loaded with comes before what it could be loaded with."""

    def ask(path: str, body: object = None) -> object:
        assert (body is not None) == (path == "/api/show")
        return pages.get(path)

    assert native_context(ask, "m") == context


@pytest.mark.parametrize("page", [None, 7, [], {}, {"models": 3}, {"data": [7, {"id": "m"}]}])
def test_pages_of_another_shape_tell_nothing(page: object) -> None:
    """Whatever a server says there, nothing breaks."""
    assert native_context(lambda _, __=None: page, "m") is None


def test_an_ollama_is_asked_on_its_own_pages(tmp_path: Path) -> None:
    """Over the wire: its list says no sizes."""
    with playing(plays) as server:
        server.pages = {"/api/tags": {"models": []}, "/api/show": {"parameters": "num_ctx 4096"}}
        home = Home(tmp_path, at(server))
        assert home.batch(provider="openai").exit_code == 0
        assert max(caps(server)) < 4096
        assert len(server.calls) == 4


def test_a_small_context_is_said_with_what_to_do(tmp_path: Path) -> None:
    """Before all tasks are given up for it."""
    with playing(plays) as server:
        server.pages["/v1/models"] = {"data": [{"id": "m", "max_model_len": 2048}]}
        home = Home(tmp_path, at(server))
        home.batch(provider="openai", count="1")
        assert home.heard("openai/m", "2,048", "-c", "num_ctx", "--max-model-len")


def test_a_context_that_no_sample_fits_is_said(tmp_path: Path) -> None:
    """With every model's size, and how servers are given a larger one; nothing is called."""
    with playing(plays) as server:
        server.pages["/v1/models"] = {"data": [{"id": "m", "max_model_len": 512}]}
        said = r"can take any sample.*openai/m \(a context of 512 tokens\).*-c.*num_ctx"
        with pytest.raises(NoUsableProvider, match=said):
            Home(tmp_path, at(server)).batch(provider="openai")
        assert not server.calls


def test_a_check_asks_how_large_a_context_is(tmp_path: Path) -> None:
    """``models --check`` shows what the server tells, and without it what is assumed."""
    with playing(plays) as server:
        server.pages["/v1/models"] = {"data": [{"id": "m", "max_model_len": 9000}]}
        settings = Home(tmp_path, at(server)).settings(provider="openai")
        rows = model_rows(settings, [], datetime.now(UTC))
        assert [row.context_window for row in rows] == [32_768]
        assert [row.context_window for row in check(settings, rows)] == [9000]


def test_without_any_key_a_server_is_named(tmp_path: Path) -> None:
    """Who has one is told how to use it."""
    config = '[servers.gpu1]\nbase_url = "http://gpu1:8000/v1"\nmodels = ["m"]\n'
    with pytest.raises(ConfigurationError, match="--provider gpu1"):
        route_of(Home(tmp_path, config))


def test_what_is_assumed_is_said(tmp_path: Path) -> None:
    """A server that tells no size, with the line to write; what is stated needs none."""
    with playing(plays) as server:
        home = Home(tmp_path, at(server))
        assert home.batch(provider="openai").exit_code == 0
        assert home.heard("openai/m", "32,768", '[providers.openai.models."m"] context')
        stated = f'[providers.openai]\nbase_url = "{server.url}/v1"\n'
        told = Home(tmp_path, f"{stated}[providers.openai.models.m]\ncontext = 4096\n")
        assert told.batch(provider="openai", seed="2").exit_code == 0
        assert not told.heard("context")
        assert max(caps(server)[4:]) < 4096


STATED = """
temperature = 0.4
top_p = 0.9
extra_body = { top_k = 20, chat_template_kwargs = { enable_thinking = false } }
headers = { "X-Team" = "law" }
reasoning_effort = "high"
knowledge = "2024-06"
prices = { input = 1.0, output = 2.0 }
"""


def test_what_is_stated_of_a_server_is_sent(tmp_path: Path) -> None:
    """In every call, beside the headers; what it costs is counted by the stated price."""
    with playing(plays) as server:
        result = Home(tmp_path, at(server, STATED)).batch(provider="openai")
        (call, *_), (headers, *_) = server.calls, server.headers
        assert (call["temperature"], call["top_p"], call["top_k"]) == (0.4, 0.9, 20)
        assert call["chat_template_kwargs"] == {"enable_thinking": False}
        assert call["reasoning_effort"] == "high"
        assert headers["x-team"] == "law"
        assert "2024-06" in json.dumps(call["messages"])
        assert result.record is not None
        stats = result.record.models["openai/m"]
        assert stats.cost_usd == pytest.approx(4 * (900 * 1.0 + 700 * 2.0) / 1e6)


def test_a_model_goes_before_its_server_and_a_flag_before_both(tmp_path: Path) -> None:
    """What is stated nearer counts."""
    more = '[providers.openai.models."m"]\ntemperature = 0.2\n'
    with playing(plays) as server:
        config = at(server, f"temperature = 0.9\ntop_p = 0.5\n{more}").replace(
            'models = ["m"]\n', ""
        )
        home = Home(tmp_path, config)
        home.batch(provider="openai")
        home.batch(provider="openai", temperature="1.1", top_p="0.8", seed="2")
    assert set(chats(server, "temperature")[:4]) == {0.2}
    assert set(chats(server, "top_p")[:4]) == {0.5}
    assert set(chats(server, "temperature")[4:]) == {1.1}
    assert set(chats(server, "top_p")[4:]) == {0.8}


def test_a_reasoning_switch_is_sent_where_it_is_asked_for(tmp_path: Path) -> None:
    """An unlisted model is sent it only then, and asked without it once it was refused."""
    said = {"error": {"message": "m does not support thinking", "type": "invalid_request_error"}}
    with playing(refusing("reasoning_effort", 400, said)) as server:
        home = Home(tmp_path, at(server))
        assert home.batch(provider="openai").exit_code == 0
        assert set(chats(server, "reasoning_effort")) == {None}
        assert home.batch(provider="openai", reasoning_effort="high", seed="2").exit_code == 0
        assert chats(server, "reasoning_effort")[4:6] == ["high", None]
        assert home.heard("openai/m", "reasoning_effort", "not taken")


def test_a_switch_that_a_listed_model_takes_not_is_said(tmp_path: Path) -> None:
    """It is not sent in silence to be left out."""
    home = Home(tmp_path, GROQ_API_KEY="nobodys-key")
    route = "groq/openai/gpt-oss-120b"
    settings = home.settings(route=route, reasoning_effort="none")
    (warning,) = plan_route(settings, Catalog.load()).warnings
    assert warning == (
        f"{route} takes low, medium, high as its reasoning effort: in place of none, low is sent."
    )
    assert plan_route(home.settings(route=route), Catalog.load()).warnings == ()


def test_a_judge_marks_at_its_own_temperature(tmp_path: Path) -> None:
    """How freely the writer writes is no matter of the judge's."""
    names = ("correctness", "relevance", "reasoning", "citation_use", "consistent", "safe")
    marks = {**dict.fromkeys(names, 5), "remark": ""}

    def scene(_: str, body: dict[str, Any], number: int) -> Reply:
        judging = body["model"] == "qwen-judge"
        return 200, completion(json.dumps(marks) if judging else sample(number))

    with playing(scene) as server:
        home = Home(tmp_path, at(server))
        home.batch(provider="openai", judge="openai/qwen-judge", temperature="1.2", count="1")
    told = {call["model"]: call["temperature"] for call in server.calls}
    assert told == {"m": 1.2, "qwen-judge": 0.0}


WRONG = (
    ("context = 0", "context", "whole number of at least 1"),
    ("temperature = 3", "temperature = 3:", "0 to 2"),
    ("max_tokens = 900", "max_tokens", "did you mean max_output?"),
    ("extra_body = { max_tokens = 5 }", "extra_body.max_tokens", "max_output"),
    ('headers = { "Content-Length" = "3" }', "headers.Content-Length", "leave it out"),
    ("top_p = 0", "top_p", "0.01 to 1"),
    ("temprature = 1", "temprature", "temperature"),
    ('knowledge = "last year"', "knowledge", "YYYY-MM"),
    ("prices = 3", "prices", "{ input = 0.2, output = 0.6 }"),
    ("prices = { input = 1 }", "output", "missing"),
    ("extra_body = { stream = true }", "extra_body.stream", "leave it out"),
    ("extra_body = { at = 2020-01-01 }", "extra_body", "JSON"),
    ('headers = { "a b" = "c" }', "headers.a b", "name of a header"),
    ("headers = { a = 3 }", "headers.a", "ASCII"),
)


@pytest.mark.parametrize(("line", "key", "remedy"), WRONG)
@pytest.mark.parametrize("table", ["[providers.openai]", '[providers.openai.models."m"]'])
def test_what_cannot_be_meant_is_told(
    tmp_path: Path, table: str, line: str, key: str, remedy: str
) -> None:
    """Table, key and remedy are named, before any call."""
    with pytest.raises(ConfigurationError) as caught:
        Home(tmp_path, f"{table}\n{line}\n").settings()
    said = str(caught.value)
    assert table[:-1] in said
    assert key in said
    assert remedy in said


def test_headers_are_secret(tmp_path: Path) -> None:
    """A key in a header is masked where settings are shown, and taken out of what is written."""
    key = "sk-abcdefghijklmnopqrstuvwxyz"
    home = Home(tmp_path, f'[providers.openai]\nheaders = {{ Authorization = "Bearer {key}" }}\n')
    settings = home.settings()
    assert key in settings.secrets()
    assert key not in repr(settings)
    assert key not in str([row.value for row in describe(settings, PROVIDERS)])
    assert settings.stated(ModelRef("openai", "m")).headers["Authorization"].reveal().endswith(key)


def test_a_check_knows_what_is_refused(tmp_path: Path) -> None:
    """``models --check`` asks without the parameters that a batch found to be refused."""
    said = {"error": {"message": "Unsupported parameter: 'max_tokens'. Use another.",
                      "param": "max_tokens", "code": "unsupported_parameter"}}  # fmt: skip
    with playing(refusing("max_tokens", 400, said)) as server:
        home = Home(tmp_path, at(server))
        assert home.batch(provider="openai").exit_code == 0
        assert server.refused == 1
        settings = home.settings(provider="openai")
        rows = check(settings, model_rows(settings, [], datetime.now(UTC)))
    assert [row.check.ok for row in rows if row.check] == [True]
    assert server.refused == 1


# --------------------------------------------------------------------------- servers by name


def named(name: str, server: Server, more: str = "") -> str:
    """A table of a server with one model."""
    return f'[servers.{name}]\nbase_url = "{server.url}/v1"\nmodels = ["m"]\n{more}\n'


def rows_of(result: Result) -> dict[str, int]:
    """How many rows each model wrote."""
    assert result.record is not None
    return {name: stats.samples for name, stats in result.record.models.items() if stats.samples}


def route_of(home: Home, **flags: object) -> list[str]:
    """The targets of a batch, in order."""
    return [str(place.ref) for place in plan_route(home.settings(**flags), Catalog.load()).entries]


def test_servers_are_providers_of_their_own(tmp_path: Path) -> None:
    """Each by its name in routes, with its own key, headers and price, and in the dataset."""
    with playing(plays) as one, playing(plays) as two:
        config = named("gpu1", one, 'key = "first-key"\nheaders = { "X-Team" = "law" }')
        config += named("gpu2", two, 'key = "second-key"\nprices = { input = 1, output = 1 }')
        home = Home(tmp_path, config)
        assert home.batch(route="gpu1/m,gpu2/m", concurrency="4", count="8").exit_code == 0
        assert rows_of(home.batch(provider="gpu2", count="1", seed="2")) == {"gpu2/m": 1}
    assert {call["authorization"] for call in one.headers} == {"Bearer first-key"}
    assert {call["authorization"] for call in two.headers} == {"Bearer second-key"}
    assert {call.get("x-team") for call in one.headers} == {"law"}
    assert {call.get("x-team") for call in two.headers} == {None}


def test_one_server_goes_on_where_another_fails(tmp_path: Path) -> None:
    """Their health is their own: what one refuses, the other is still asked for."""

    def broken(_: str, __: dict[str, Any], ___: int) -> Reply:
        return 401, {"error": {"message": "invalid key", "code": "invalid_api_key"}}

    with playing(broken) as one, playing(plays) as two:
        home = Home(tmp_path, named("gpu1", one) + named("gpu2", two))
        result = home.batch(route="gpu1/m,gpu2/m")
    assert rows_of(result) == {"gpu2/m": 4}
    assert len(one.calls) == 1


def test_a_server_stands_in_a_default_route_only_if_it_shall(tmp_path: Path) -> None:
    """Nobody's own hardware is taken because a vendor is slow."""
    with playing(plays) as server:
        both = named("gpu1", server) + named("gpu2", server, "failover = true")
        home = Home(tmp_path, both, GROQ_API_KEY="nobodys-key")
        assert route_of(home)[-1] == "gpu2/m"
        assert not any(name.startswith("gpu1/") for name in route_of(home))
        assert route_of(home, provider="gpu1")[0] == "gpu1/m"
        assert "gpu1/m" not in route_of(home, provider="gpu2")
        assert route_of(Home(tmp_path, both)) == ["gpu2/m"]
        assert route_of(home, model="gpu1/m")[0] == "gpu1/m"


def test_servers_are_among_the_models(tmp_path: Path) -> None:
    """With what is stated of them; and they can be checked."""
    with playing(plays) as server:
        config = named("gpu1", server, "context = 4096\nprices = { input = 1, output = 2 }")
        settings = Home(tmp_path, config).settings(provider="gpu1")
        (row,) = check(settings, model_rows(settings, [], datetime.now(UTC)))
        (listing,) = refresh(settings)
    assert (row.provider, row.model, row.state, row.context_window) == ("gpu1", "m", "ready", 4096)
    assert (row.usd_per_million_input, row.usd_per_million_output) == (1.0, 2.0)
    assert row.check is not None
    assert row.check.ok
    assert listing == Listing("gpu1", models=1)


def test_limits_and_prices_by_its_name_hold(tmp_path: Path) -> None:
    """A server is written as any provider is in the other tables."""
    config = '[servers.gpu1]\nbase_url = "http://gpu1:8000/v1"\n'
    config += (
        '[limits."gpu1/m"]\nrequests_per_minute = 7\n[prices."gpu1/m"]\ninput = 1\noutput = 2\n'
    )
    settings = Home(tmp_path, config).settings()
    ref = ModelRef("gpu1", "m")
    assert [reading.limit for reading in settings.limits_of(ref)] == [7]
    assert settings.stated(ref).prices == {"input": 1.0, "output": 2.0}


def test_the_key_of_a_server_may_stand_in_a_variable(tmp_path: Path) -> None:
    """Of its own name, or of any that the table names; it goes before the file."""
    config = '[servers.gpu-1]\nbase_url = "http://gpu1:8000/v1"\nkey = "of-the-file"\n'
    settings = Home(tmp_path, config).settings()
    assert settings.key("gpu-1") is not None

    def key(home: Home, name: str) -> str | None:
        found = home.settings().key(name)
        return found[0].reveal() if found else None

    assert key(Home(tmp_path, config, LEGALGEN_GPU_1_API_KEY="of-ours"), "gpu-1") == "of-ours"
    more = config + 'key_variable = "TEAM_TOKEN"\n'
    home = Home(tmp_path, more, TEAM_TOKEN="of-the-team")
    assert key(home, "gpu-1") == "of-the-team"
    assert "of-the-team" in home.settings().secrets()
    assert key(Home(tmp_path, more), "gpu-1") == "of-the-file"


def test_the_key_of_a_vendor_goes_to_the_vendor_alone(tmp_path: Path) -> None:
    """A preset's variable is read only where the address is the vendor's own."""
    environ = {"OPENROUTER_API_KEY": "or-key", "AZURE_OPENAI_API_KEY": "az-key"}
    config = """
[servers.openrouter]
models = ["x/y"]
[servers.mine]
preset = "openrouter"
base_url = "http://elsewhere:8000/v1"
[servers.azure]
base_url = "https://law.openai.azure.com/openai/v1"
[servers.fake]
preset = "azure"
base_url = "https://openai.azure.com.example.org/v1"
"""
    settings = Home(tmp_path, config, **environ).settings()
    keys = {name: settings.key(name) for name in ("openrouter", "mine", "azure", "fake")}
    told = {name: found and found[0].reveal() for name, found in keys.items()}
    assert told == {"openrouter": "or-key", "mine": None, "azure": "az-key", "fake": None}
    without = Home(tmp_path, config)
    with pytest.raises(ConfigurationError, match="OPENROUTER_API_KEY"):
        route_of(without, provider="openrouter")


def test_a_preset_needs_no_table(tmp_path: Path) -> None:
    """Its name is enough where its address and key are known."""
    home = Home(tmp_path, OPENROUTER_API_KEY="or-key")
    assert route_of(home, provider="openrouter", model="x/y")[0] == "openrouter/x/y"
    assert route_of(home, route="ollama/qwen3:8b") == ["ollama/qwen3:8b"]


def test_what_a_preset_refuses_is_never_sent(tmp_path: Path) -> None:
    """Its strictest form of answers, and none of the parameters that are known to be refused."""
    with playing(plays) as server:
        config = named("g", server, 'preset = "gemini"')
        config += named("d", server, 'preset = "deepseek"')
        config += named("o", server, 'preset = "openai"')
        home = Home(tmp_path, config)
        for name in ("g", "d", "o"):
            assert home.batch(route=f"{name}/m", count="1").exit_code == 0
    gemini, deepseek, openai = server.calls
    assert "seed" not in gemini
    assert "seed" in deepseek
    assert deepseek["response_format"] == {"type": "json_object"}
    assert "max_tokens" not in openai
    assert openai["max_completion_tokens"] > 0


@pytest.mark.parametrize("name", presets())
def test_every_preset_names_its_source(name: str) -> None:
    """Its address is one, over TLS where it is not on this machine."""
    preset = presets()[name]
    assert preset.source
    assert all(page.startswith("https://") for page in preset.source)
    if preset.base_url is not None:
        begins = "http://localhost:" if preset.local else "https://"
        assert preset.base_url.startswith(begins)
        assert not preset.base_url.endswith("/")
        assert preset.owns(preset.base_url)
    assert preset.local or preset.key_variable
    assert set(preset.refuses) <= {*NAMES, *map(form, FORMATS)}


KEYS = '[providers.groq]\nkeys = ["first-key", "second-key", "first-key"]\n'


def test_each_key_is_an_account(tmp_path: Path) -> None:
    """With budgets and health of its own, whatever its number; rows name the provider alone."""
    model = "openai/gpt-oss-120b"

    def scene(_: str, __: dict[str, Any], ___: int) -> Reply:
        return 200, None

    with playing(scene) as server:
        home = Home(tmp_path, KEYS, GROQ_BASE_URL=server.url)
        assert route_of(home, route=f"groq/{model}") == [f"groq/{model}", f"groq#2/{model}"]
        assert route_of(home, route=f"groq#2/{model}") == [f"groq#2/{model}"]
        assert route_of(home)[:2] == [f"groq/{model}", f"groq#2/{model}"]
        results = [
            home.batch(route=f"{key}/{model}", no_failover=True, count="2")
            for key in ("groq", "groq#2")
        ]
        settings = home.settings()
        accounts = {account_of(settings, name).key() for name in ("groq", "groq#2")}
        states = {row.provider for row in model_rows(settings, [], datetime.now(UTC))}
    assert [result.exit_code for result in results] == [0, 0]
    sent = {call["authorization"] for call in server.headers}
    assert sent == {"Bearer first-key", "Bearer second-key"}
    assert len(accounts) == 2
    assert {"groq", "groq#2"} <= states
    data_dir = DataDir(settings.data_dir)
    rows = parts.iter_batches(data_dir, ["provider"])
    assert {name for batch in rows for name in batch["provider"].to_pylist()} == {"groq"}


def test_one_key_is_looked_at_alone(tmp_path: Path) -> None:
    """By its number it has the models of its provider, and no further keys of its own."""
    settings = Home(tmp_path, KEYS).settings(provider="groq#2")
    rows = model_rows(settings, [], datetime.now(UTC))
    assert {(row.provider, row.state) for row in rows} == {("groq#2", "ready")}


def test_an_address_may_end_where_calls_go(tmp_path: Path) -> None:
    """As it stands in pages of examples: nothing is added twice, and a query stays."""
    asked = []

    def scene(path: str, __: dict[str, Any], ___: int) -> Reply:
        asked.append(path)
        return 200, None

    with playing(scene) as server:
        for end in ("/chat/completions", "/chat/completions/", "/chat/completions?v=1"):
            config = f'[servers.a]\nbase_url = "{server.url}/v1{end}"\nmodels = ["m"]\n'
            assert Home(tmp_path, config).batch(provider="a", count="1").exit_code == 0
    assert asked == ["/v1/chat/completions"] * 2 + ["/v1/chat/completions?v=1"]


def test_a_server_that_hangs_is_not_asked_page_by_page() -> None:
    """What is left of the time for its size is all that its pages get."""
    with playing(plays) as server, DeadlineClient() as http:
        server.pages["/props"] = {"n_ctx": 4096}
        now = time.monotonic()
        pages = [_Pages(http, server.url, "", until) for until in (now - 1, now + 60)]
        assert [each.json("/props") for each in pages] == [None, {"n_ctx": 4096}]


def test_a_list_is_held_against_the_file_and_a_silent_server_has_a_remedy(tmp_path: Path) -> None:
    """What the file names is not new, what only the file names is gone; in `doctor` too."""
    with playing(plays) as server:
        config = named("a", server).replace('["m"]', '["m", "typo"]')
        config += '[servers.b]\nbase_url = "http://127.0.0.1:9/v1"\n'
        settings = Home(tmp_path, config).settings()
        listed = {each.provider: each for each in refresh(settings)}
    assert listed["a"] == Listing("a", gone=("typo",), models=1)
    assert listed["b"].error.startswith("connection_error: ")
    assert listed["b"].remedy == (
        "b at http://127.0.0.1:9 cannot be reached: nobody listens there; start the server, or "
        "check base_url in [servers.b]."
    )
    said = [line.text for line in listing_lines(listed.values())]
    assert any(line.startswith("b: connection failed: ") for line in said)


def test_a_refused_key_leaves_the_other_in_use(tmp_path: Path) -> None:
    """What is wrong with one account is not wrong with the next."""
    model = "openai/gpt-oss-120b"
    refused = {"error": {"message": "Invalid API Key", "code": "invalid_api_key"}}
    with playing(plays) as server:
        server.locked = ("Bearer first-key", refused)
        home = Home(tmp_path, KEYS, GROQ_BASE_URL=server.url)
        assert rows_of(home.batch(route=f"groq/{model}")) == {f"groq#2/{model}": 4}


def test_a_variable_takes_the_place_of_all_keys(tmp_path: Path) -> None:
    """As it does of one; that is said."""
    home = Home(tmp_path, KEYS, GROQ_API_KEY="of-the-variable")
    assert route_of(home, route="groq/openai/gpt-oss-120b") == ["groq/openai/gpt-oss-120b"]
    assert any(
        "GROQ_API_KEY" in warning and "groq" in warning for warning in home.settings().warnings
    )


BAD_SERVERS = (
    ("[servers.gpu1]", "[servers.gpu1] base_url", "http://gpu1:8000/v1"),
    ('[servers.gpu1]\nbase_url = "gpu1"', "[servers.gpu1] base_url", "http://host:port"),
    ('[servers.groq]\nbase_url = "http://a/v1"', "[servers.groq]", "another name"),
    ('[servers."a/b"]\nbase_url = "http://a/v1"', "[servers.a/b]", "letters, digits"),
    ('[servers.a]\npreset = "vlm"', '[servers.a] preset = "vlm"', "vllm"),
    ('[servers.a]\nbase_ur = "http://a/v1"', "[servers.a] base_ur", "base_url"),
    ('[servers.a]\nbase_url = "http://a/v1"\nfailover = "maybe"', "[servers.a] failover", "true"),
    ('[servers.a]\nbase_url = "http://a/v1"\nstructured = "xml"', "structured", "json_schema"),
    ('[servers.a]\nbase_url = "http://a/v1"\nmodels = 3', "[servers.a] models", "text"),
    ('[servers.a]\nbase_url = "http://a/v1"\nkeys = "b"', "[servers.a] keys", '["...", "..."]'),
    ('[servers.a]\nbase_url = "http://a/v1"\ncontext = "big"', "[servers.a] context", "whole"),
    ('[servers.a]\nbase_url = "http://a/v1"\nmodel = "m"', "[servers.a] model", "models?"),
    ('[servers.a]\nbase_url = "http://a/v1#b"', "[servers.a] base_url", "after #"),
    ('[servers.a]\nbase_url = "http://a/v1"\nkey_variable = "$KEY"', "key_variable", "without $"),
    ("[providers.gpu1]", "[providers] gpu1", "stands in [servers.gpu1]"),
    ("[providers.grok]", "[providers] grok", "did you mean groq?"),
    ("[servers]\na = 3", "[servers.a]", "line of its own"),
    ("[providers.groq]\nkeys = [3]", "[providers.groq] keys", '["...", "..."]'),
    ('[providers.groq]\nkeys = ["a", " "]', "[providers.groq] keys", "leave it out"),
)


@pytest.mark.parametrize(("config", "place", "remedy"), BAD_SERVERS)
def test_bad_tables_are_told(tmp_path: Path, config: str, place: str, remedy: str) -> None:
    """Table, key, value and remedy, before any call; a key is never shown."""
    with pytest.raises(ConfigurationError) as caught:
        Home(tmp_path, config).settings()
    assert place in str(caught.value)
    assert remedy in str(caught.value)


def test_an_unknown_server_names_those_there_are(tmp_path: Path) -> None:
    """In a route as in --provider; and a key that there is none of."""
    config = '[servers.gpu1]\nbase_url = "http://gpu1:8000/v1"\n'
    home = Home(tmp_path, config)
    for flags in ({"route": "gpu2/m"}, {"provider": "gpu2", "model": "m"}):
        with pytest.raises(UsageError, match=r"there is no provider gpu2.*gpu1"):
            route_of(home, **flags)
    with pytest.raises(UsageError, match=r"there is no provider GPU1.*did you mean gpu1\?"):
        route_of(home, provider="GPU1", model="m")
    with pytest.raises(UsageError, match=r"there is no provider olama.*did you mean ollama\?"):
        route_of(home, provider="olama", model="m")
    with pytest.raises(UsageError, match=r"Azure OpenAI is each customer's.*\[servers\.azure\]"):
        route_of(home, provider="azure", model="m")
    with pytest.raises(UsageError, match="gpu1#2"):
        route_of(home, route="gpu1#2/m")
    with pytest.raises(UsageError, match=r"\[servers\.gpu1\] models"):
        route_of(home, provider="gpu1")


def test_a_remedy_names_the_servers_table() -> None:
    """What is to be looked at is not a vendor's variable."""
    ref, catalog = ModelRef("gpu1", "m"), Catalog.load()
    for name, place in (
        ("gpu1", "LEGALGEN_GPU1_API_KEY (or your key_variable), or key in [servers.gpu1]."),
        ("litellm", "LITELLM_API_KEY (or your key_variable), or key in [servers.litellm]."),
        ("gpu1#2", "keys in [servers.gpu1]."),
        ("groq#2", "keys in [providers.groq]."),
    ):
        trouble = Trouble(ModelRef(name, "m"), ErrorCategory.AUTHENTICATION, 401, "no")
        assert remedy(trouble, catalog) == f"{name} refuses the key: check {place}"
    for message, word in (
        ("[Errno 111] Connection refused", "nobody listens there"),
        ("[Errno -2] Name or service not known", "no host of that name"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] Hostname mismatch", "another name"),
        ("Server disconnected without sending a response.", "https://"),
        ("the reply is no valid HTTP: bad Content-Length", "is no valid HTTP"),
        ("Exceeded maximum allowed redirects.", "in a circle"),
    ):
        address = "" if "disconnected" in message else "http://127.0.0.1:1"
        trouble = Trouble(ref, ErrorCategory.CONNECTION_ERROR, None, message, address=address)
        said = remedy(trouble, catalog)
        assert word in said
        assert "base_url in [servers.gpu1]" in said


def test_plain_http_to_a_server_of_tls_alone_is_said(tmp_path: Path) -> None:
    """As nginx and Go servers answer it: after one call, with what to write."""
    said = "Client sent an HTTP request to an HTTPS server."
    with playing(lambda *_: (400, said)) as server:
        home = Home(tmp_path, named("gpu1", server))
        result = home.batch(provider="gpu1", model="m")
        assert len(server.calls) == 1
    catalog = Catalog.load()
    assert [remedy(each, catalog) for each in result.obstacles] == [
        "gpu1's address speaks TLS alone: write https:// in place of http://."
    ]


def test_a_key_in_an_address_stands_nowhere(tmp_path: Path) -> None:
    """Gateways take one as ``?code=``: it is sent, and neither shown nor kept; nor is one in the
    body, however deep."""
    secret, deeper = "of-a-gateway-4711", "of-a-tenant-behind-it-4712"

    def scene(_: str, __: dict[str, Any], ___: int) -> Reply:
        return 500, {"error": {"message": f"{secret} of {deeper} cannot be let in upstream"}}

    with playing(scene) as server:
        query = f"api-version=2026-01-01&code={secret}"
        home = Home(
            tmp_path,
            f'[servers.a]\nbase_url = "{server.url}/v1?{query}"\nmodels = ["m"]\n'
            f'extra_body = {{ api_key = "{secret}", a = {{ tokens = ["{deeper}"] }} }}\n',
        )
        home.batch(provider="a")
        settings = home.settings()
    assert {secret, deeper} <= set(settings.secrets())
    shown = {each.name: each.value for each in describe(settings)}
    assert shown["servers.a.base_url"] == f"{server.url}/v1?api-version=2026-01-01&code=***"
    assert secret not in shown["servers.a.extra_body.api_key"]
    assert shown["servers.a.extra_body.a"] == "{'tokens': ['of-a…4712']}"
    for place in (settings.data_dir, settings.state_dir, settings.log_dir):
        for path in place.rglob("*"):
            for each in (secret, deeper):
                assert not path.is_file() or each.encode() not in path.read_bytes(), path


def test_a_proxy_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The server has no part in it: it is neither named nor taken for gone; a password is not."""
    program = Program(tmp_path, None)
    with playing(plays) as server:
        asked = ("-p", "openai", "--base-url", f"{server.url}/v1", "-m", "m", "--max-wait", "0s")
        dead = {"HTTP_PROXY": "http://me:hunter2@127.0.0.1:9", "NO_PROXY": ""}
        ended = program.run("batch", *asked, "-n", "1", environ=dead)
        assert server.calls == []
    assert ended.code == 75, ended.err
    assert "The proxy at http://127.0.0.1:9, by which openai is asked, cannot be" in ended.err
    assert "HTTP_PROXY" in ended.err
    assert "nobody listens" not in ended.err
    assert "hunter2" not in ended.err


def test_a_proxy_of_ones_own_takes_its_key_from_the_usual_variable(tmp_path: Path) -> None:
    """LiteLLM's key was given out by the proxy, wherever that is; a vendor's stays with it."""
    with playing(plays) as server:
        config = named("litellm", server) + named("openrouter", server)
        keys = {"LITELLM_API_KEY": "of-the-proxy", "OPENROUTER_API_KEY": "of-the-vendor"}
        home = Home(tmp_path, config, **keys)
        for name in ("litellm", "openrouter"):
            home.batch(provider=name, model="m", count="1", no_failover=True)
        sent = [call["authorization"] for call in server.headers]
    assert sent[0] == "Bearer of-the-proxy"
    assert "of-the-vendor" not in sent[-1]


def test_a_server_that_has_one_model_needs_none_named(tmp_path: Path) -> None:
    """Of several it says which there are; one that does not answer is said as before."""
    with playing(lambda *_: (200, None)) as server:
        home = Home(tmp_path, f'[servers.gpu1]\nbase_url = "{server.url}/v1"\n')
        assert home.batch(provider="gpu1").exit_code == 0
        assert {call["model"] for call in server.calls} == {"m"}
        server.pages["/v1/models"] = {"data": [{"id": "small"}, {"id": "large"}]}
        with pytest.raises(UsageError, match=r"needs a model \(it has small, large\): name one"):
            home.batch(provider="gpu1")
        server.listed = "/elsewhere"
        del server.pages["/v1/models"]
        with pytest.raises(UsageError, match=r"needs a model \(its list of models does not answer"):
            home.batch(provider="gpu1")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({}, "waiting for the list of models of gpu1, 60 s at most"),
        ({"model": "m"}, "waiting for the context of gpu1/m, 60 s at most"),
    ],
)
def test_a_server_that_hangs_at_the_start_is_told_while_it_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: dict[str, str], said: str
) -> None:
    """What is waited for, and how long at most; here the server answers when that is said."""
    # No load of this machine makes the server late: what is shown is that it is said.
    monkeypatch.setattr("legalgen.routing.from_settings.OFFER_S", 60.0)
    monkeypatch.setattr("legalgen.routing.stating.SIZE_S", 60.0)
    with playing(plays) as server:
        home = Home(tmp_path, f'[servers.gpu1]\nbase_url = "{server.url}/v1"\n')
        server.lists.clear()
        home.hears = lambda text: server.lists.set() if text == said else None
        assert home.batch(provider="gpu1", count="1", **flags).exit_code == 0
        assert home.said.count(said) == 1


def test_a_plan_without_a_model_says_where_the_models_are_shown(tmp_path: Path) -> None:
    """It calls nobody, so it cannot know them."""
    with playing(plays) as server:
        program = Program(tmp_path, None)
        url = ("--base-url", f"{server.url}/v1")
        ended = program.run("batch", "--plan", "-n", "2", "--provider", "openai", *url)
        assert (ended.code, "`legalgen models --provider openai`" in ended.err) == (2, True)
        shown = program.run("models", "--provider", "openai", *url)
        assert (shown.code, " m" in shown.out + shown.err) == (0, True), shown
        ended = program.run("batch", "--plan", "-n", "2", "--model", "m", "-p", "openai", *url)
        assert ended.code == 0


def test_a_list_of_models_beside_their_tables_is_told(tmp_path: Path) -> None:
    """TOML takes one or the other; which to leave out is said."""
    config = '[servers.a]\nmodels = ["m"]\n[servers.a.models."m"]\ncontext = 9000\n'
    with pytest.raises(ConfigurationError, match=r"leave out models = \[\.\.\.\]"):
        Home(tmp_path, config).settings()


def test_an_address_alone_is_told_what_it_lacks(tmp_path: Path) -> None:
    """Somebody who names a server wants no key of Groq's."""
    with pytest.raises(UsageError, match="add --provider openai"):
        route_of(Home(tmp_path), base_url="http://127.0.0.1:9/v1")


def test_a_list_that_wants_a_key_says_which(tmp_path: Path) -> None:
    """Naming a model would only lead to the next refusal."""
    refused = {"error": {"message": "Unauthorized", "type": "auth"}}
    with playing(plays) as server:
        server.pages_status = 401
        server.pages["/v1/models"] = refused
        home = Home(tmp_path, f'[servers.a]\nbase_url = "{server.url}/v1"\n')
        with pytest.raises(UsageError, match=r"a refuses the key: check LEGALGEN_A_API_KEY"):
            home.batch(provider="a")


def test_models_says_what_a_named_server_lacks(program: Program) -> None:
    """A preset without a key has no list to show, and an empty table would say nothing."""
    ended = program.run("models", "--provider", "openrouter")
    assert "openrouter: no key: set OPENROUTER_API_KEY, or key in [servers.openrouter]" in ended.err


class TestAnAddressOfTheCommandLine:
    """``--base-url``, which no variable and no file tells to the command that resumes."""

    ASKED = ("-p", "openai", "-n", "4", "-c", "1", "--gate", "structure", "--max-calls", "2")

    @pytest.fixture
    def bare(self, tmp_path: Path) -> Program:
        """Without any variable of a vendor."""
        return Program(tmp_path, None)

    def test_the_batch_goes_on_there(self, bare: Program) -> None:
        """Without a flag, as docs and scripts resume, or by the command that is shown."""
        with playing(plays) as server:
            url = f"{server.url}/v1"
            first = bare.run("batch", *self.ASKED, "--base-url", url)
            shown = f"legalgen batch {bare.record().id} --resume --base-url {url}\n"
            assert (first.code, shown in first.err) == (4, True), first.err
            assert shown in bare.run("history", bare.record().id).out
            second = bare.run("batch", "--resume")
        assert (second.code, len(bare.rows()), len(server.calls)) == (0, 4, 4), second.err

    def test_the_server_that_is_named_last_is_shown(self, bare: Program) -> None:
        """And gone on with, also where the command says once more who writes."""
        with playing(plays) as first, playing(plays) as second:
            old, new = (("--base-url", f"{each.url}/v1") for each in (first, second))
            assert bare.run("batch", *self.ASKED, *old).code == 4
            batch = ("batch", "--resume", "--max-calls", "1")
            ended = bare.run(*batch, "-p", "openai", *new)
            shown = f"legalgen batch {bare.record().id} --resume --base-url {second.url}/v1\n"
            assert (ended.code, shown in ended.err) == (4, True), ended.err
            assert shown in bare.run("history", bare.record().id).out
            assert bare.run("batch", "--resume").code == 0
        assert (len(bare.rows()), len(first.calls), bool(second.calls)) == (4, 2, True)

    def test_no_key_goes_where_only_the_record_says(self, bare: Program) -> None:
        """Whoever wrote the record would get it: exit 2, and nobody is asked."""
        keyed = {"LEGALGEN_OPENAI_API_KEY": "sk-own"}
        with playing(plays) as server:
            address = ("--base-url", f"{server.url}/v1")
            assert bare.run("batch", *self.ASKED, *address, environ=keyed).code == 4
            bare_resume = bare.run("batch", "--resume", environ=keyed)
            assert (bare_resume.code, len(server.calls)) == (2, 2), bare_resume.err
            assert f"--base-url {server.url}/v1" in bare_resume.err
            assert bare.run("batch", "--resume", *address, environ=keyed).code == 0
        assert {sent["authorization"] for sent in server.headers} == {"Bearer sk-own"}

    def test_another_provider_needs_no_address(self, bare: Program) -> None:
        """What is asked now goes elsewhere, and the address is none of its business."""
        with playing(plays) as server:
            assert bare.run("batch", *self.ASKED, "--base-url", f"{server.url}/v1").code == 4
            ended = bare.run("batch", "--resume", "-p", "groq")
        assert (ended.code, "GROQ_API_KEY" in ended.err) == (2, True), ended.err
        groq, ours = "groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b, openai/m"
        for route in (groq, [groq]):
            assert "base_url" not in resumed_flags(bare.record(), {"route": route})
        assert "base_url" in resumed_flags(bare.record(), {"route": ours})

    def test_a_key_in_an_address_is_in_no_record(self, bare: Program) -> None:
        """So it has to be given again."""
        with playing(plays) as server:
            address = f"{server.url}/v1?code=sesame-sesame"
            asked = (*self.ASKED, "-m", "m", "--base-url", address)
            assert bare.run("batch", *asked).code == 4
            ended = bare.run("batch", "--resume")
        record = bare.data_dir.batches / f"{bare.record().id}.json"
        assert "sesame" not in record.read_text("utf-8")
        assert (ended.code, "--base-url" in ended.err) == (2, True), ended.err
