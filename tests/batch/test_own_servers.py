"""Servers of one's own: what they are asked, what is stated of them, and what is said of both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from legalgen.batch.generation import Stop
from legalgen.batch.intent import Intent, Result
from legalgen.batch.opening import open_run
from legalgen.completion import ModelRef
from legalgen.errors import ConfigurationError
from legalgen.providers import PROVIDERS
from legalgen.providers._pages import native_context
from legalgen.routing.inventory import check, model_rows
from legalgen.settings.layers import Settings
from tests.program import environment
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
    from legalgen.providers.catalog import Catalog
    from legalgen.routing.opening import plan_route

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
    marks = {"correctness": 5, "relevance": 5, "reasoning": 5, "citation_use": 5, "remark": ""}

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
    ("temperature = 3", "temperature", "0 to 2"),
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
    from legalgen.settings.show import describe

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
