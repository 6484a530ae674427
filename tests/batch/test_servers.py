"""What servers refuse of a request is left out, once for a batch and for the next one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legalgen.batch.generation import Stop, is_named_alike
from legalgen.batch.intent import Intent, Result
from legalgen.batch.opening import open_run
from legalgen.completion import ModelRef
from legalgen.errors import ErrorCategory as C
from legalgen.errors import Failure, Trouble
from legalgen.errors.exit_codes import Exit
from legalgen.failover import Health, ProviderHealth, ProviderState, Surroundings, Trail, decide
from legalgen.providers import PROVIDERS
from legalgen.providers.catalog import Catalog
from legalgen.routing.limiter import Bound
from legalgen.routing.remedies import more_room, remedies, remedy
from legalgen.settings.layers import Settings
from legalgen.telemetry.events import Event, Notice
from tests.program import environment
from tests.scenes import (
    Reply,
    Scene,
    Server,
    completion,
    playing,
    refusing,
    sample,
    taking,
)


def openai_error(message: str, param: str | None = None, code: str | None = None) -> object:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return {"error": error}


def batch(
    home: Path,
    server: Server,
    provider: str = "openai",
    listener: Callable[[Event], None] = lambda _: None,
    **flags: Any,
) -> Result:
    """A batch of four rows at a server."""
    environ = environment(home, None)
    environ[f"{provider.upper()}_BASE_URL"] = server.url + (
        server.path if provider == "openai" else ""
    )
    environ["LEGALGEN_OPENAI_BASE_URL"] = server.url + server.path
    environ[f"{provider.upper()}_API_KEY"] = "nobodys-key"
    named = {} if "route" in flags else {"provider": provider, "model": "m"}
    given: dict[str, Any] = {
        **named, "count": "4", "seed": "1", "gate": "structure",
        "max_wait": "10s", **flags,
    }  # fmt: skip
    settings = Settings.load(given, environ, None, known_providers=tuple(PROVIDERS))
    intent = Intent(count=settings.count, command=("legalgen", "batch"))
    run = open_run(settings, intent, listener=listener, stop=Stop())
    try:
        return run.go()
    finally:
        run.close()


def accepted(result: Result) -> int:
    """How many rows a batch wrote."""
    assert result.record is not None
    return sum(stats.samples for stats in result.record.models.values())


UNKNOWN_SEED = 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'
SCENES: dict[str, tuple[str, Scene]] = {
    "a seed, named in a list": (
        "seed",
        refusing(
            "seed", 400, [{"error": {"code": 400, "message": UNKNOWN_SEED, "status": "INVALID"}}]
        ),
    ),
    "a temperature": (
        "temperature",
        refusing(
            "temperature",
            400,
            openai_error(
                "Unsupported value: 'temperature' does not support 0.7 with this model. Only the "
                "default (1) value is supported.",
                "temperature",
                "unsupported_value",
            ),
        ),
    ),
    "a cap": (
        "max_tokens",
        refusing(
            "max_tokens",
            400,
            openai_error(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                "max_tokens",
                "unsupported_parameter",
            ),
        ),
    ),
    "pydantic's list": (
        "seed",
        refusing(
            "seed",
            422,
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs "
                         "are not permitted", "input": 7}]},
        ),
    ),
    "a field that a list of others follows": (
        "seed",
        refusing("seed", 422, b"unknown field `seed`, expected one of `temperature`, `top_p`"),
    ),
    "a sentence beside one word": (
        "seed",
        refusing(
            "seed",
            400,
            {"status": 400, "error": "Bad Request", "message": 'Unrecognized field "seed"'},
        ),
    ),
    "a key": (
        "seed",
        refusing("seed", 400, {"message": "Malformed input request: #: extraneous key [seed] is "
                               "not permitted, please reformat your input"}),
    ),
    "the one temperature": (
        "temperature",
        refusing("temperature", 400, openai_error("invalid temperature: only 1 is allowed")),
    ),
    "names with their values": (
        "seed",
        refusing(
            "seed",
            400,
            openai_error("UnsupportedParamsError: the host does not support parameters: "
                         "{'seed': 7}, for model=m. To drop these, set `drop_params`"),
        ),
    ),
    "JSON output": (
        "response_format",
        taking(said=openai_error("m does not support Json Output.")),
    ),
    "a schema in an old version of an API": (
        "response_format",
        taking(
            "json_object",
            said=openai_error("response_format value as json_schema is enabled only for api "
                              "versions 2024-08-01-preview and later"),
        ),
    ),
    "a router's 404": (
        "seed",
        refusing("seed", 404, openai_error("No endpoints found that support the requested "
                                           "parameters: seed")),
    ),
    "a variant": (
        "response_format",
        taking(
            "json_object",
            status=422,
            said=b"response_format.type: unknown variant `json_schema`, expected one of "
            b"`json_object`, `regex` at line 1 column 90",
        ),
    ),
    "a format, said in pydantic's words": (
        "response_format",
        taking(
            "text",
            status=422,
            said={"detail": [{"type": "literal_error", "loc": ["body", "response_format", "type"],
                              "msg": "Input should be 'text'"}]},
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENES)
def test_a_refused_parameter_costs_one_call(tmp_path: Path, name: str) -> None:
    """It is left out or exchanged for the rest of the batch, and the next batch knows it."""
    parameter, scene = SCENES[name]
    with playing(scene) as server:
        result = batch(tmp_path, server, concurrency="1")
        assert (accepted(result), server.refused) == (4, 1)
        assert parameter in server.calls[0]
        assert accepted(batch(tmp_path, server, concurrency="1", seed="2")) == 4
        assert server.refused == 1


NOTHING_SAID: dict[str, tuple[int, object]] = {
    "a message": (400, {"message": "Param Incorrect"}),
    "a number": (400, {"error": {"code": "1210", "message": "API 调用参数有误，请检查文档"}}),  # noqa: RUF001
    "a phrase": (400, b"Bad Request"),
    "nothing": (422, b""),
}


@pytest.mark.parametrize("name", NOTHING_SAID)
@pytest.mark.parametrize(("types", "calls"), [(["json_object"], 2), (["text"], 3)])
def test_a_refusal_without_a_reason_may_be_one_of_the_format(
    tmp_path: Path, name: str, types: list[str], calls: int
) -> None:
    """Each weaker format is tried once; the one that is answered is kept, in the next batch too."""
    status, said = NOTHING_SAID[name]
    with playing(taking(*types, status=status, said=said)) as server:
        assert accepted(batch(tmp_path, server, concurrency="1")) == 4
        assert server.refused == calls
        assert accepted(batch(tmp_path, server, concurrency="4", seed="2")) == 4
        assert server.refused == calls


def test_a_refusal_of_every_format_is_one_of_the_request(tmp_path: Path) -> None:
    """Where the weakest is refused too it ends as it always did, and nothing is remembered."""
    with playing(lambda *_: (400, {"message": "Param Incorrect"})) as server:
        assert batch(tmp_path, server, concurrency="1").exit_code == Exit.NO_PROVIDER
        asked = [(call.get("response_format") or {"type": "none"})["type"] for call in server.calls]
        assert asked[:4] == ["json_schema", "json_schema", "json_object", "none"]
        assert asked[4:] == ["json_schema"] * 2
    with playing(lambda *_: (200, None)) as server:
        assert accepted(batch(tmp_path, server, concurrency="1")) == 4
        assert {call["response_format"]["type"] for call in server.calls} == {"json_schema"}


@pytest.mark.parametrize(
    ("asked", "answered", "alike"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("llama3", "Llama-3.1-8B-Instruct", True),
        ("openai/gpt-oss-120b", "gpt-oss-120b", True),
        ("m1", "/models/m1.gguf", True),
        ("m1", "gpt-4o-mini", False),
        ("qwen3-8b", "llama-3-8b", False),
    ],
)
def test_names_of_one_model(asked: str, answered: str, alike: bool) -> None:
    """Dates, makers and folders stand beside a name; a size alone makes no two models one."""
    assert is_named_alike(asked, answered) is alike


def test_that_another_model_answers_is_told_once(tmp_path: Path) -> None:
    """The rows name the model that was asked for."""
    heard = list[Event]()

    def scene(_: str, __: object, number: int) -> Reply:
        return 200, completion(sample(number)) | {"model": "gpt-4o-mini" if number else "m"}

    with playing(scene) as server:
        assert accepted(batch(tmp_path, server, listener=heard.append)) == 4
    told = [event.text for event in heard if isinstance(event, Notice)]
    assert told.count("openai/m: its replies say that gpt-4o-mini writes them; rows name m") == 1


def test_a_refusal_that_comes_after_an_answer_to_less_is_asked_again(tmp_path: Path) -> None:
    """It left with what the answer showed to be refused: its task is not given up."""
    answers, known = list[int](), threading.Event()

    def hold(body: dict[str, Any], number: int) -> None:
        """The second call is refused once the answer to another is known: one more came after."""
        if "response_format" not in body:
            answers.append(number)
            if len(answers) == 2:
                known.set()
        elif number == 1:
            assert known.wait(60.0)

    with playing(taking("text", said=b"Bad Request")) as server:
        server.hold = hold
        result = batch(tmp_path, server, concurrency="2")
    assert accepted(result) == 4
    assert result.record is not None
    assert result.record.given_up == []


def test_a_model_that_answered_is_not_asked_for_less(tmp_path: Path) -> None:
    """A later refusal that names nothing is one of that request alone."""
    scene: Scene = lambda _, __, number: (400, b"Bad Request") if number == 2 else (200, None)  # noqa: E731
    with playing(scene) as server:
        assert accepted(batch(tmp_path, server, concurrency="1")) == 4
        assert {call["response_format"]["type"] for call in server.calls} == {"json_schema"}


def test_a_server_that_only_streams_is_asked_to(tmp_path: Path) -> None:
    """With its count of tokens at the end, and the next batch asks for it at once."""
    said = "This model only support stream mode, please enable the stream parameter."

    def scene(_: str, body: dict[str, Any], number: int) -> Reply:
        if not body.get("stream"):
            return 400, openai_error(said)
        whole = completion(sample(number))
        chunk = {
            **whole,
            "usage": None,
            "choices": [
                {"index": 0, "delta": whole["choices"][0]["message"], "finish_reason": "stop"}
            ],
        }
        end = {"id": "c", "choices": [], "usage": whole["usage"]}
        counted = body.get("stream_options") == {"include_usage": True}
        lines = [chunk, *([end] if counted else [])]
        return 200, b"".join(b"data: " + json.dumps(line).encode() + b"\n\n" for line in lines)

    with playing(scene) as server:
        for seed in ("1", "2"):
            result = batch(tmp_path, server, concurrency="1", seed=seed)
            assert (accepted(result), server.refused) == (4, 1)
    assert result.record is not None
    assert sum(stats.output_tokens for stats in result.record.models.values()) == 4 * 700


def test_what_was_written_before_a_stream_fails_is_kept_aside(tmp_path: Path) -> None:
    """An error under status 200 ends the call, and what came before it was paid for."""

    def scene(_: str, __: dict[str, Any], number: int) -> Reply:
        if number:
            return 200, None
        delta = {"index": 0, "delta": {"content": "half of it"}, "finish_reason": None}
        lines = [{"id": "c", "choices": [delta]}, {"error": {"message": "upstream", "code": 502}}]
        return 200, b"".join(b"data: " + json.dumps(line).encode() + b"\n\n" for line in lines)

    with playing(scene) as server:
        result = batch(tmp_path, server, concurrency="1")
    assert accepted(result) == 4
    [aside] = (tmp_path / "data" / "rejected").glob("*.jsonl")
    [kept] = map(json.loads, aside.read_text("utf-8").splitlines())
    assert kept["text"] == "half of it"


def test_a_model_without_a_system_role_is_told_by_the_user(tmp_path: Path) -> None:
    """The same words, and the next batch knows it."""
    asked = list[list[dict[str, str]]]()

    def scene(_: str, body: dict[str, Any], number: int) -> Reply:
        asked.append(body["messages"])
        if body["messages"][0]["role"] == "system":
            return 500, openai_error("System role not supported")
        return 200, completion(sample(number))

    with playing(scene) as server:
        for seed in ("1", "2"):
            result = batch(tmp_path, server, concurrency="1", seed=seed)
            assert (accepted(result), server.refused) == (4, 1)
    refused, taken = asked[:2]
    assert [turn["role"] for turn in taken] == ["user"]
    assert taken[0]["content"] == "\n\n".join(turn["content"] for turn in refused)


def test_a_cap_goes_by_its_other_name(tmp_path: Path) -> None:
    """An answer without any cap could go on for ever."""
    with playing(SCENES["a cap"][1]) as server:
        batch(
            tmp_path, server, concurrency="1"
        )  # several in flight may be refused after each other
    assert all("max_completion_tokens" in call for call in server.calls[-4:])


@pytest.mark.parametrize(
    "said",
    [
        "Invalid max_tokens value, the valid range of max_tokens is [1, {most}]",
        "`max_tokens` must be less than or equal to `{most}`, less than the `context_window`",
        "max_tokens is too large: {asked}. This model supports at most {most} completion tokens",
    ],
)
def test_how_long_an_answer_may_be_is_learnt(tmp_path: Path, said: str) -> None:
    """One call is refused, and no other asks for more: not in the next batch either."""
    caps = list[int]()

    def scene(_: str, body: dict[str, Any], number: int) -> Reply:
        caps.append(body.get("max_tokens") or body["max_completion_tokens"])
        most = caps[0] - 100
        if caps[-1] > most:
            return 400, openai_error(said.format(most=most, asked=caps[-1]))
        return 200, completion(sample(number))

    with playing(scene) as server:
        for seed in ("1", "2"):
            result = batch(tmp_path, server, concurrency="1", seed=seed)
            assert (accepted(result), server.refused) == (4, 1)
    assert max(caps[1:]) == caps[0] - 100


PROVIDER_MODELS = {"groq": "openai/gpt-oss-120b", "cerebras": "gpt-oss-120b"}


@pytest.mark.parametrize("provider", PROVIDER_MODELS)
def test_vendors_may_refuse_a_parameter_too(tmp_path: Path, provider: str) -> None:
    """The rule is one for all providers."""
    said = {"message": "property 'seed' is unsupported", "type": "invalid_request_error"}
    with playing(refusing("seed", 400, {"error": said})) as server:
        model = PROVIDER_MODELS[provider]
        result = batch(tmp_path, server, provider, concurrency="1", route=f"{provider}/{model}")
        assert (accepted(result), server.refused) == (4, 1)


def test_a_schema_is_asked_for_first(tmp_path: Path) -> None:
    """Strictly, then loosely, then as any object, then as text."""
    said = openai_error("'response_format' of this kind cannot be used: it is invalid")
    with playing(taking(said=said)) as server:
        assert accepted(batch(tmp_path, server, concurrency="1")) == 4
    forms = [call.get("response_format", {}) for call in server.calls]
    asked = [(form.get("type"), form.get("json_schema", {}).get("strict")) for form in forms]
    strict, loose = ("json_schema", True), ("json_schema", False)
    assert asked[:4] == [strict, loose, ("json_object", None), (None, None)]
    assert len(asked) == 7


def test_a_server_of_schemas_alone_is_not_asked_for_objects(tmp_path: Path) -> None:
    """LM Studio takes a schema or text, and is asked for a schema."""
    said = {"error": "'response_format.type' must be 'json_schema' or 'text'"}
    with playing(taking("json_schema", "text", said=said)) as server:
        assert accepted(batch(tmp_path, server)) == 4
        assert (len(server.calls), server.refused) == (4, 0)


def test_a_degraded_function_is_overload(tmp_path: Path) -> None:
    """It comes back: the model is left alone, and then asked again."""
    said = {"status": 400, "title": "Bad Request", "detail": "DEGRADED function cannot be invoked"}

    def scene(_: str, __: dict[str, Any], number: int) -> Reply:
        return (400, said) if number < 1 else (200, None)

    with playing(scene) as server:
        assert accepted(batch(tmp_path, server, concurrency="1", max_wait="60s")) == 4


def test_thinking_up_to_the_cap_makes_the_cap_larger(tmp_path: Path) -> None:
    """An answer that never came because the cap was spent on thinking is asked for with more."""

    def scene(_: str, body: dict[str, Any], __: int) -> Reply:
        if body["max_tokens"] < 6000:
            return 200, completion(None, "length", reasoning="We need to think. " * 50)
        return 200, None

    with playing(scene) as server:
        assert accepted(batch(tmp_path, server, concurrency="1")) == 4
    assert len(server.calls) <= 6


@pytest.mark.parametrize("status", [200, 404])
def test_an_address_without_its_path_is_said(tmp_path: Path, status: int) -> None:
    """What is no chat completion at all is not asked again and again."""

    def scene(path: str, _: dict[str, Any], __: int) -> Reply:
        return status, {"error": f"Unexpected endpoint or method. (POST {path})"}

    with playing(scene) as server:
        server.listed = "/v1/models" if status == 200 else "nowhere"
        server.path = ""
        result = batch(tmp_path, server, concurrency="1")
    assert result.exit_code == 3
    assert len(server.calls) <= 2
    assert [each.wrong_url for each in result.obstacles] == [True]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (405, {"detail": "Method Not Allowed"}),
        (200, b"<!doctype html><title>A chat in the browser</title>"),
    ],
)
def test_what_is_no_api_is_asked_once(tmp_path: Path, status: int, said: object) -> None:
    """A page for people, or a path for something else: the address is wrong."""
    with playing(lambda *_: (status, said)) as server:
        result = batch(tmp_path, server, concurrency="1")
    assert (result.exit_code, len(server.calls)) == (3, 1)
    assert [each.wrong_url for each in result.obstacles] == [True]


def test_one_page_among_answers_is_a_hitch(tmp_path: Path) -> None:
    """Who has answered is at the right address; a gateway in maintenance sends such a page."""

    def scene(_: str, __: dict[str, Any], number: int) -> Reply:
        return (200, b"<!doctype html><title>Back soon</title>") if number == 1 else (200, None)

    with playing(scene) as server:
        assert accepted(batch(tmp_path, server, concurrency="1")) == 4
    assert len(server.calls) == 5


def test_one_model_of_a_server_is_gone(tmp_path: Path) -> None:
    """A 404 without a word of a model is no wrong address where the list of models answers."""

    def scene(_: str, __: dict[str, Any], ___: int) -> Reply:
        return 404, {"detail": "Not Found"}

    with playing(scene) as server:
        result = batch(tmp_path, server, concurrency="1")
    assert result.exit_code == 3
    assert [each.wrong_url for each in result.obstacles] == [False]


def test_a_query_of_the_address_is_sent_with_every_call(tmp_path: Path) -> None:
    """Azure wants its api-version; a query in the middle of an address would be lost."""
    asked: list[str] = []

    def scene(path: str, _: dict[str, Any], __: int) -> Reply:
        asked.append(path)
        return 200, None

    with playing(scene) as server:
        server.path = "/v1/?api-version=2025-01-01"
        assert accepted(batch(tmp_path, server)) == 4
    assert set(asked) == {"/v1/chat/completions?api-version=2025-01-01"}


def test_a_remedy_names_the_address_and_the_right_key() -> None:
    """What is to be looked at is said by its name."""

    def said(category: C, message: str, status: int | None = None, address: str = "") -> str:
        trouble = Trouble(ModelRef("openai", "m"), category, status, message, address=address)
        return remedy(trouble, Catalog.load())

    message = "[Errno 111] Connection refused"
    refused = said(C.CONNECTION_ERROR, message, address="http://127.0.0.1:1234")
    assert "http://127.0.0.1:1234 cannot be reached: nobody listens" in refused
    assert "LEGALGEN_OPENAI_API_KEY" in said(C.AUTHENTICATION, "no key", 401)
    assert "(llama.cpp: -c, Ollama: num_ctx" in said(C.CONTEXT_LENGTH, "too long")


OWN, VENDORS = ModelRef("openai", "m"), ModelRef("groq", "m")


@pytest.mark.parametrize(
    ("ref", "bound", "ways"),
    [
        (OWN, "context", "start the server with a larger context (llama.cpp: -c"),
        (OWN, "request", "start the server with a larger context (llama.cpp: -c"),
        (OWN, "answer", "raise the cap on an answer (the server, or max_output in config.toml"),
        (OWN, "rate", "raise that limit (the server's, or yours in [limits])"),
        (VENDORS, "rate", "a larger plan of the vendor"),
        (VENDORS, "request", "a larger plan of the vendor"),
        (VENDORS, "answer", "a larger plan of the vendor, or raise the cap on an answer (max_ou"),
    ],
)
def test_a_remedy_fits_what_a_request_is_too_large_for(
    ref: ModelRef, bound: Bound, ways: str
) -> None:
    """A larger context is no help against a limit of the rate, nor against a cap on answers."""
    told = more_room({ref: bound})
    assert told.startswith(f"use another model, or {ways}")
    assert ("larger context" in told) == (ref == OWN and bound in ("context", "request"))


def _page(title: str, more: str = "") -> bytes:
    return f"<!doctype html><head><title>{title}</title></head><body>{more}</body>".encode()


@pytest.mark.parametrize(
    ("status", "page", "told"),
    [
        (403, _page("Just a moment..."), "not openai's API"),
        (403, _page("403 Forbidden"), "not openai's API"),
        (403, _page("Acme", '<form><input name="p" type="password"></form>'), "asks for a login"),
        (401, _page("Sign in to Acme"), "asks for a login"),
        (401, _page("401 Authorization Required"), "asks for a login"),
        (200, _page("Acme: Log in"), "asks for a login"),
    ],
)
def test_a_page_that_refuses_is_no_refused_key(
    tmp_path: Path, status: int, page: bytes, told: str
) -> None:
    """What stands before the API has not looked at the key, and the address is named."""
    with playing(lambda *_: (status, page)) as server:
        result = batch(tmp_path, server, concurrency="1")
    assert (result.exit_code, len(server.calls)) == (Exit.NO_PROVIDER, 1)
    (said,) = (remedy(trouble, Catalog.load()) for trouble in result.obstacles)
    assert told in said
    assert "OPENAI_BASE_URL" in said
    assert "refuses the key" not in said


@pytest.mark.parametrize(
    "said",
    [
        "No endpoints found matching your data policy (Free model publication).",
        "No endpoints available matching your guardrail restrictions and data policy.",
        "Model m cannot be found under the privacy settings of this account",
    ],
)
def test_a_model_that_the_account_allows_nowhere_is_there(tmp_path: Path, said: str) -> None:
    """It is the account whose settings are to be changed, not the model that is gone."""
    with playing(lambda *_: (404, openai_error(said))) as server:
        result = batch(tmp_path, server, concurrency="1")
    assert result.exit_code == Exit.NO_PROVIDER
    (told,) = remedies(result.obstacles)
    assert ("settings" in told, "is not there" in told) == (True, False)


@pytest.mark.parametrize(("heard", "most"), [(False, 4), (True, 8)])
def test_nobody_is_waited_for_on_this_machine(heard: bool, most: int) -> None:
    """A port of this machine that refuses has no server behind it: soon it is asked no more."""
    refusal = Failure(C.CONNECTION_ERROR, "refused", connected=False, nobody_listens=True)
    provider, failures = ProviderHealth(heard=heard), 0
    while provider.state is not ProviderState.DROPPED:
        provider = decide(
            ModelRef("openai", "m"),
            refusal,
            health=Health(),
            provider=provider,
            trail=Trail(),
            around=Surroundings(),
            now=1000.0 * failures,
        ).provider
        failures += 1
        assert failures <= most


@pytest.mark.parametrize("told", [lambda n: 60_000 if n == 1 else 600, lambda n: 12_000 * (n + 1)])
def test_odd_counts_of_a_prompt_leave_no_model_out(
    tmp_path: Path, told: Callable[[int], int]
) -> None:
    """One of a hundred times the size, or totals of all calls: neither says how large prompts are,
    in this batch or the next."""

    def scene(_: str, __: object, number: int) -> Reply:
        said = completion(sample(number))
        return 200, said | {"usage": {"prompt_tokens": told(number), "completion_tokens": 700}}

    with playing(scene) as server:
        for _ in range(2):
            result = batch(tmp_path, server)
            assert (result.exit_code, accepted(result)) == (Exit.DONE, 4)
