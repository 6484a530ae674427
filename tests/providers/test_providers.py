"""Every remote provider through its real SDK against a server on loopback.

What the vendors say lies in ``tests/data/replies/<provider>/``, one reply a file, with what must
be made of it; a new provider brings a folder.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore
import httpx
import msgspec
import pytest
from msgspec.structs import replace

from legalgen import errors
from legalgen.completion import (
    CallOptions,
    Completion,
    Message,
    ModelRef,
    Prompt,
    Request,
    ResponseFormat,
    Usage,
)
from legalgen.errors import ConfigurationError, ErrorCategory, Failure, ProviderError, Trouble
from legalgen.providers import PROVIDERS, provider_spec
from legalgen.providers._http import BoundedResponse
from legalgen.providers._transport import KEEPALIVE_S, FreePools
from legalgen.providers.base import BulkProvider, Provider, RemoteModel
from legalgen.providers.catalog import Catalog
from legalgen.providers.loading import checked_key, open_provider
from legalgen.routing.remedies import remedy
from tests.program import closed_port
from tests.simulation import Time
from tests.vendors import CATALOGUE, Config, VendorServer

REMOTE = ["groq", "cerebras", "openai"]
KEY = "test-key-0123456789abcdef"
REPLIES = Path(__file__).parents[1] / "data" / "replies"
CHAT_PATHS = {
    "groq": "/openai/v1/chat/completions",
    "cerebras": "/v1/chat/completions",
    "openai": "/v1/chat/completions",
}
MODEL_PATHS = {"groq": "/openai/v1/models", "cerebras": "/v1/models", "openai": "/v1/models"}
LISTED = {
    "groq": "openai/gpt-oss-120b",
    "cerebras": "gpt-oss-120b",
    "openai": "the-model",
}
SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}'
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Server:
    """Gives the same reply to every request, but for some paths, and keeps what it was sent."""

    def __init__(self) -> None:
        self.reply = Reply()
        self.replies: dict[str, Reply] = {}
        self.seen: list[Seen] = []
        self.connections = 0
        self.gate: threading.Barrier | None = None
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                server.connections += 1

            def answer(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.seen.append(Seen(self.command, self.path, headers, body))
                if server.gate is not None:
                    server.gate.wait(60)
                reply = server.replies.get(self.path, server.reply)
                self.send_response(reply.status)
                for name, value in {"content-type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def other_server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, keys and addresses of the machine have no part in these tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for spec in PROVIDERS.values():
        for variable in (spec.env_var, spec.base_url_env):
            if variable:
                monkeypatch.delenv(variable, raising=False)


@contextlib.contextmanager
def opened(name: str, url: str, **more: Any) -> Iterator[Provider]:
    path = "/v1" if name == "openai" else ""
    provider = open_provider(name, api_key=KEY, base_url=url + path, **more)
    try:
        yield provider
    finally:
        provider.close()


def request(
    model: str = "the-model",
    *,
    response_format: ResponseFormat = "text",
    effort: str | None = None,
    schema: Mapping[str, object] | None = SCHEMA,
    temperature: float = 0.7,
    seed: int | None = None,
) -> Request:
    prompt = Prompt(
        (Message("system", "You write law."), Message("user", "Write § 1.")),
        version="1",
        schema=schema,
        temperature=temperature,
        seed=seed,
    )
    return Request(model, prompt, 321, 10.0, response_format, effort)


def failure_of(provider: Provider, asked: Request | None = None) -> Failure:
    with pytest.raises(ProviderError) as caught:
        provider.complete(asked or request())
    return caught.value.failure


def completion_or_failure(provider: Provider, asked: Request) -> Completion | Failure:
    try:
        return provider.complete(asked)
    except ProviderError as error:
        return error.failure


def plain(value: object) -> dict[str, Any]:
    """A value as JSON shows it: tuples are lists, enums are words."""
    built: dict[str, Any] = json.loads(msgspec.json.encode(value))
    return built


# ---------------------------------------------------------------- the registry


def test_importing_the_registry_loads_no_sdk() -> None:
    """Names are known before anything heavy is imported."""
    heavy = ["groq", "cerebras", "openai", "httpx", "xllamacpp", "pydantic"]
    code = (
        "import sys; import legalgen.providers, legalgen.providers.catalog; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert done.stdout == "[]\n"


def test_every_registered_provider_has_replies_or_none_to_have() -> None:
    """A remote provider comes with what its vendor says."""
    remote = {name for name, spec in PROVIDERS.items() if spec.remote}
    assert remote == {folder.name for folder in REPLIES.iterdir()} == set(REMOTE)


@pytest.mark.parametrize("name", REMOTE)
def test_an_opened_provider_is_a_provider(name: str, server: Server) -> None:
    """The factory gives what the contract asks for, under its own name, without a call."""
    with opened(name, server.url) as provider:
        assert isinstance(provider, Provider)
        assert provider.name == name
    assert server.connections == 0


def test_an_unknown_provider_is_named_with_those_there_are() -> None:
    """A typo is answered with the choice."""
    with pytest.raises(ConfigurationError) as caught:
        provider_spec("grok")
    assert str(caught.value) == (
        "there is no provider 'grok'; there are: groq, cerebras, openai, local, ray"
    )


# ---------------------------------------------------------------- keys and addresses


def test_a_key_is_stripped() -> None:
    """Blanks and the newline of `echo key > file` are no part of a key."""
    assert checked_key("groq", f"  {KEY}\n") == KEY


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "is not set"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("abcdef\nghijkl", "holds a line break"),
        ("abcdef ghijkl", "holds a blank or a control character"),
        ("abcdéfghijkl", "holds a character outside ASCII"),
        ("abcdef\x07ghijkl", "holds a blank or a control character"),
        ('"abcdefghijkl"', "is in quotes"),
    ],
)
@pytest.mark.parametrize("name", ["groq", "cerebras"])
def test_a_key_that_no_header_can_carry_is_refused(name: str, raw: str | None, said: str) -> None:
    """The variable and the remedy are named, the key is not."""
    spec = PROVIDERS[name]
    with pytest.raises(ConfigurationError) as caught:
        open_provider(name, api_key=raw)
    message = str(caught.value)
    assert message.startswith(f"{spec.env_var} {said}")
    assert str(spec.key_url) in message
    assert "abcd" not in message


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, errors.RateLimitError),
        (404, errors.ModelUnavailableError),
        (408, errors.TimeoutError),
        (500, ProviderError),
    ],
)
def test_what_a_provider_raises_can_be_caught_by_its_kind(
    name: str, status: int, kind: type[ProviderError], server: Server
) -> None:
    """``except RateLimitError`` around a call catches a 429 of every vendor, and nothing else."""
    server.reply = Reply(status, b'{"error": {"message": "no"}}')
    with opened(name, server.url) as provider, pytest.raises(ProviderError) as caught:
        provider.complete(request())
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("groq", ""),
        ("groq", "/"),
        ("groq", "/openai/v1"),
        ("groq", "/openai/v1/"),
        ("cerebras", ""),
        ("cerebras", "/v1"),
        ("cerebras", "/v1/"),
        ("openai", "/v1"),
        ("openai", "/v1/"),
    ],
)
def test_a_base_url_may_hold_the_api_path_or_not(name: str, path: str, server: Server) -> None:
    """An OpenAI-style base URL does not double the path."""
    provider = open_provider(name, api_key=KEY, base_url=server.url + path)
    provider.complete(request())
    provider.close()
    assert [seen.path for seen in server.seen] == [CHAT_PATHS[name]]


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    "url", ["api.example.com", "ftp://example.com", "https://", "http://h:port", "http://a b"]
)
def test_an_address_that_is_no_url_is_refused(name: str, url: str) -> None:
    """The variable is named."""
    with pytest.raises(ConfigurationError) as caught:
        open_provider(name, api_key=KEY, base_url=url)
    assert str(caught.value).startswith(f"{PROVIDERS[name].base_url_env}: not a URL")


def test_openai_needs_an_address() -> None:
    """There is no default server: a key in the environment alone must not spend money."""
    with pytest.raises(ConfigurationError) as caught:
        open_provider("openai", api_key=KEY)
    assert str(caught.value).startswith("OPENAI_BASE_URL is not set")


def test_openai_needs_no_key(server: Server) -> None:
    """A server of the user's own is called without one."""
    provider = open_provider("openai", base_url=f"{server.url}/v1")
    assert provider.complete(request()).text == "ok"
    provider.close()


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """`openai` is an extra; None in sys.modules is how Python spells "not installed"."""
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ConfigurationError) as caught:
        open_provider("openai", base_url="http://localhost:1/v1")
    assert "pip install 'openai>=2'" in str(caught.value)


# ---------------------------------------------------------------- what is sent


@pytest.mark.parametrize(
    ("name", "cap", "format_of_qwen"),
    [
        ("groq", "max_completion_tokens", {"reasoning_format": "parsed"}),
        ("cerebras", "max_completion_tokens", {"reasoning_format": "parsed"}),
        ("openai", "max_tokens", {}),
    ],
)
def test_a_request_is_sent_whole(
    name: str, cap: str, format_of_qwen: dict[str, str], server: Server
) -> None:
    """The body holds what was asked for and nothing else, under the vendor's names."""
    model = {"groq": "qwen/qwen3.8-27b", "cerebras": "qwen-3.8-27b", "openai": "gpt-oss:20b"}[name]
    with opened(name, server.url) as provider:
        provider.complete(request(model, response_format="strict", effort="low", seed=7))
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", CHAT_PATHS[name])
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["x-stainless-retry-count"] == "0"
    assert seen.body == {
        "model": model,
        "messages": [
            {"role": "system", "content": "You write law."},
            {"role": "user", "content": "Write § 1."},
        ],
        cap: 321,
        "stream": False,
        "temperature": 0.7,
        "seed": 7,
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
        **format_of_qwen,
    }


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    ("asked", "schema", "sent"),
    [
        ("text", SCHEMA, None),
        ("json_object", SCHEMA, {"type": "json_object"}),
        ("json_object", None, {"type": "json_object"}),
        (
            "json_schema",
            SCHEMA,
            {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": False, "schema": SCHEMA},
            },
        ),
        ("json_schema", None, None),
        ("strict", None, None),
    ],
)
def test_an_answer_is_constrained_as_asked(
    name: str,
    asked: ResponseFormat,
    schema: Mapping[str, object] | None,
    sent: object,
    server: Server,
) -> None:
    """Each response format as the vendors spell it; free text sends none."""
    with opened(name, server.url) as provider:
        provider.complete(request(response_format=asked, schema=schema))
    assert server.seen[0].body.get("response_format") == sent


@pytest.mark.parametrize(
    ("name", "model", "effort", "sent"),
    [
        ("groq", "openai/gpt-oss-120b", None, {}),
        ("groq", "openai/gpt-oss-120b", "none", {"reasoning_effort": "low"}),
        ("groq", "openai/gpt-oss-120b", "high", {"reasoning_effort": "high"}),
        ("groq", "qwen/qwen3.8-27b", None, {"reasoning_format": "parsed"}),
        (
            "groq",
            "qwen/qwen3.8-27b",
            "none",
            {"reasoning_effort": "none", "reasoning_format": "parsed"},
        ),
        ("groq", "meta/llama-5", "low", {"reasoning_effort": "low"}),
        ("cerebras", "gpt-oss-120b", None, {"reasoning_format": "parsed"}),
        ("cerebras", "llama-5", "low", {"reasoning_effort": "low"}),
        ("openai", "mistral", "low", {"reasoning_effort": "low"}),
    ],
)
def test_reasoning_is_asked_for_as_the_model_takes_it(
    name: str, model: str, effort: str | None, sent: dict[str, str], server: Server
) -> None:
    """Reasoning never lands in the answer, and no model gets a parameter that it is known to
    refuse; of one that is not listed the caller decides."""
    with opened(name, server.url) as provider:
        provider.complete(request(model, effort=effort))
    body = server.seen[0].body
    assert {key: value for key, value in body.items() if key.startswith("reasoning")} == sent


@pytest.mark.parametrize(("name", "sent"), [("groq", 1.9), ("cerebras", 1.5), ("openai", 1.9)])
def test_the_temperature_stays_within_the_vendors_bounds(
    name: str, sent: float, server: Server
) -> None:
    """Cerebras documents 1.5 as the most in one place."""
    with opened(name, server.url) as provider:
        provider.complete(request(temperature=1.9))
    assert server.seen[0].body["temperature"] == sent


def test_openai_sends_the_cap_that_its_server_wants(server: Server) -> None:
    """`max_tokens` is what all servers know; the other name can be chosen, a third cannot."""
    with opened("openai", server.url, options={"cap": "max_completion_tokens"}) as provider:
        provider.complete(request())
    assert server.seen[0].body["max_completion_tokens"] == 321
    assert "max_tokens" not in server.seen[0].body
    with pytest.raises(ConfigurationError, match="cap must be"):
        open_provider("openai", base_url=f"{server.url}/v1", options={"cap": "tokens"})


@pytest.mark.parametrize("name", REMOTE)
def test_the_environment_changes_nothing(
    name: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDKs' own variables, which could replace the key, are not obeyed."""
    prefix = name.upper()
    for variable, value in {
        f"{prefix}_CUSTOM_HEADERS": "Authorization: Bearer stolen\nX-Extra: 1",
        f"{prefix}_BASE_URL": "http://127.0.0.1:9/",
        f"{prefix}_API_KEY": "another",
        "OPENAI_ORG_ID": "org",
        "OPENAI_PROJECT_ID": "project",
    }.items():
        monkeypatch.setenv(variable, value)
    with opened(name, server.url) as provider:
        provider.complete(request())
    headers = server.seen[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert not {"x-extra", "openai-organization", "openai-project"} & set(headers)


# ---------------------------------------------------------------- what comes back


def reply_files(*, failures_only: bool = False) -> list[Any]:
    return [
        pytest.param(file, id=f"{file.parent.name}-{file.stem}")
        for file in sorted(REPLIES.glob("*/*.json"))
        if not failures_only or "failure" in json.loads(file.read_text(encoding="utf-8"))
    ]


def recorded(file: Path) -> tuple[dict[str, Any], Reply]:
    """What the file expects, and its reply; ``{key}`` in it is the key, as a vendor echoes it."""
    data = json.loads(file.read_text(encoding="utf-8"))
    body = data["text"] if "text" in data else json.dumps(data["body"])
    return data, Reply(data["status"], body.replace("{key}", KEY).encode(), data["headers"])


@pytest.mark.parametrize("file", reply_files())
def test_a_recorded_reply_is_read_as_noted(file: Path, server: Server) -> None:
    """Each vendor's replies, good and bad, become the value that is noted beside them."""
    expected, server.reply = recorded(file)
    name = file.parent.name
    with opened(name, server.url) as provider:
        if "completion" in expected:
            answer = plain(provider.complete(request()))
            assert answer.pop("latency_s") >= 0
            assert answer["usage"].pop("estimated") is False
            assert answer == expected["completion"]
        else:
            noted = expected["failure"]
            failed = plain(failure_of(provider))
            assert {key: failed[key] for key in noted} == noted
    assert len(server.seen) == 1


@pytest.mark.parametrize("file", reply_files(failures_only=True))
def test_no_error_repeats_the_key(file: Path, server: Server) -> None:
    """Neither the message nor what a traceback prints of the causes holds the key."""
    _, server.reply = recorded(file)
    with opened(file.parent.name, server.url) as provider:
        with pytest.raises(ProviderError) as caught:
            provider.complete(request())
        link: BaseException | None = caught.value
        while link is not None:
            assert KEY not in f"{link} {link!r}"
            link = link.__cause__ or link.__context__
        assert KEY not in repr(caught.value.failure)


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    ("status", "category"),
    [
        (400, ErrorCategory.BAD_REQUEST),
        (401, ErrorCategory.AUTHENTICATION),
        (402, ErrorCategory.QUOTA_EXHAUSTED),
        (403, ErrorCategory.AUTHENTICATION),
        (408, ErrorCategory.TIMEOUT),
        (413, ErrorCategory.CONTEXT_LENGTH),
        (422, ErrorCategory.BAD_REQUEST),
        (429, ErrorCategory.RATE_LIMIT),
        (498, ErrorCategory.OVERLOADED),
        (500, ErrorCategory.SERVER_ERROR),
        (502, ErrorCategory.SERVER_ERROR),
        (504, ErrorCategory.TIMEOUT),
        (529, ErrorCategory.OVERLOADED),
    ],
)
def test_a_bare_status_is_categorised_after_one_request(
    name: str, status: int, category: ErrorCategory, server: Server
) -> None:
    """No SDK retries behind our back, whatever the status and `x-should-retry` say."""
    server.reply = Reply(status, b"", {"x-should-retry": "true", "retry-after": "1"})
    with opened(name, server.url) as provider:
        failed = failure_of(provider)
    assert (failed.category, failed.status) == (category, status)
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"ok"',
        b"{}",
        b"\xff\xfe",
        b"upstream connect error",
        b'{"choices": "none"}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": 3.5}}]}',
        b'{"choices": [{"message": {"content": "cut o',
    ],
)
def test_an_unreadable_reply_is_a_server_error(name: str, body: bytes, server: Server) -> None:
    """Nothing under status 200 escapes as a foreign exception, or passes for an answer."""
    server.reply = Reply(200, body)
    with opened(name, server.url) as provider:
        failed = failure_of(provider)
    assert (failed.category, failed.status) == (ErrorCategory.SERVER_ERROR, 200)
    assert len(failed.message) <= 200


def test_latency_is_measured_and_the_model_is_the_one_that_served(server: Server) -> None:
    """A vendor may serve another id than was asked for; the reply's own counts."""
    body = b'{"model": "m-2", "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}'
    server.reply = Reply(200, body)
    with opened("groq", server.url) as provider:
        answer = provider.complete(request("m"))
    expected = Completion("a", "stop", Usage(), "m-2", answer.latency_s)
    assert answer == expected
    assert 0 < answer.latency_s < 10


# ---------------------------------------------------------------- the network


@pytest.mark.parametrize("name", REMOTE)
def test_a_closed_port_is_a_connection_error(name: str) -> None:
    """Nothing was sent, so nothing can have been charged."""
    with closed_port() as port, opened(name, f"http://127.0.0.1:{port}") as provider:
        failed = failure_of(provider)
    assert (failed.category, failed.reached) == (ErrorCategory.CONNECTION_ERROR, False)
    assert failed.address == f"http://127.0.0.1:{port}"
    assert failed.message.endswith("Connection refused")


@contextlib.contextmanager
def rude_server(*, reset: bool) -> Iterator[str]:
    """Takes each request and ends the connection without an answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    if reset:
                        option = struct.pack("ii", 1, 0)
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_ends_without_a_reply_is_a_connection_error(
    name: str, reset: bool
) -> None:
    """A reset and a silent close alike; the request may have been charged."""
    with rude_server(reset=reset) as url, opened(name, url) as provider:
        failed = failure_of(provider)
    assert (failed.category, failed.reached) == (ErrorCategory.CONNECTION_ERROR, True)
    told = remedy(Trouble.of(ModelRef(name, "m"), failed), Catalog.load())
    assert "hangs up without an answer" in told


@pytest.mark.parametrize("name", REMOTE)
def test_a_prompt_that_cannot_be_encoded_is_a_provider_error(name: str, server: Server) -> None:
    """Half a surrogate pair is the request's fault, and no foreign exception."""
    broken = Request("m", Prompt((Message("user", "\ud800"),), version="1"), 10, 10.0)
    with opened(name, server.url) as provider, pytest.raises(ProviderError):
        provider.complete(broken)


@pytest.mark.parametrize("name", REMOTE)
def test_a_closed_provider_fails_as_a_provider(name: str, server: Server) -> None:
    """Even misuse comes out as the one error that is declared."""
    with opened(name, server.url) as provider:
        pass
    with pytest.raises(ProviderError):
        provider.complete(request())


@pytest.mark.parametrize("name", REMOTE)
def test_connections_are_kept_and_reused(name: str, server: Server) -> None:
    """Calls one after another, and failures between them, share one connection."""
    with opened(name, server.url) as provider:
        provider.complete(request())
        server.reply = Reply(503, b"{}")
        failure_of(provider)
        server.reply = Reply()
        provider.complete(request())
    assert (len(server.seen), server.connections) == (3, 1)


@pytest.mark.parametrize("name", REMOTE)
def test_a_cookie_is_sent_back(name: str, server: Server) -> None:
    """As an edge before a vendor asks for it; a reply that sets none changes nothing."""
    with opened(name, server.url) as provider:
        server.reply = Reply(headers={"set-cookie": "edge=7; Path=/"})
        provider.complete(request())
        server.reply = Reply()
        provider.complete(request())
        provider.complete(request())
    assert [seen.headers.get("cookie") for seen in server.seen] == [None, "edge=7", "edge=7"]


@pytest.mark.parametrize("name", REMOTE)
def test_threads_share_a_provider(name: str, server: Server) -> None:
    """As many calls at once take as many connections, all are answered, and the next call takes
    one of those."""
    many = 4
    server.gate = threading.Barrier(many)
    answers: list[str] = []
    with opened(name, server.url) as provider:

        def call() -> None:
            answers.append(provider.complete(request()).text)

        threads = [threading.Thread(target=call) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        server.gate = None
        call()
    assert (answers, server.connections) == (["ok"] * (many + 1), many)


def test_only_connections_that_are_needed_are_kept(server: Server) -> None:
    """The one that was free last is taken first; one that nobody took for so long is closed."""
    time = Time()
    pools = FreePools(httpcore.ConnectionPool, time.clock.monotonic)
    first, second = pools.take(), pools.take()
    for pool in (first, second):
        pool.request("GET", server.url)
        pools.release(pool)
    time.now += KEEPALIVE_S + 1
    assert pools.take() is second
    pools.release(second)
    assert (first.connections, len(second.connections)) == ([], 1)
    pools.close()
    assert second.connections == []


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_goes_to_another_host_that_a_redirect_names(
    name: str, status: int, server: Server, other_server: Server
) -> None:
    """No key, by whatever header it goes, no other header and no prompt; where it led is told."""
    moved = f"{other_server.url}/elsewhere/chat/completions"
    server.reply = Reply(status, b"", {"location": f"{moved}?token=abc"})
    asked = replace(request(), options=CallOptions(headers={"api-key": "a-key-of-another-header"}))
    with opened(name, server.url) as provider:
        failed = failure_of(provider, asked)
        with pytest.raises(ProviderError):
            provider.list_models(10)
    assert server.seen[0].headers["api-key"] == "a-key-of-another-header"
    assert other_server.seen == []
    assert failed.wrong_url
    assert failed.message.startswith(f"the address leads to {moved}: ")
    told = remedy(Trouble.of(ModelRef(name, "m"), failed), Catalog.load())
    assert f"leads on to {moved}, and neither request nor key go along" in told


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_within_its_host_gets_all(name: str, status: int, server: Server) -> None:
    """The same request, and not with GET: a server may move its API."""
    server.reply = Reply(status, b"", {"location": "/elsewhere/chat/completions"})
    server.replies["/elsewhere/chat/completions"] = Reply()
    with opened(name, server.url) as provider:
        assert provider.complete(request()).text == "ok"
    first, second = server.seen
    assert (second.method, second.path) == ("POST", "/elsewhere/chat/completions")
    assert second.body == first.body
    assert second.headers["authorization"] == first.headers["authorization"]


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_no_address_is_a_reply_like_others(
    name: str, status: int, server: Server
) -> None:
    """It is told as a wrong address, and its connection serves the next call."""
    server.reply = Reply(status, b"", {"location": "http://[::1/chat/completions"})
    with opened(name, server.url) as provider:
        assert failure_of(provider).wrong_url
        assert failure_of(provider).status == status
    assert server.connections == 1


@pytest.mark.parametrize(
    ("asked", "to", "followed"),
    [
        ("http://a.test/v1", "http://a.test/v2", True),
        ("http://a.test/v1", "https://a.test/v1", True),
        ("http://a.test:80/v1", "https://a.test:443/v1", True),
        ("https://a.test/v1", "https://a.test:443/v2", True),
        ("http://a.test/v1", "//a.test/v1", True),
        ("http://a.test:8000/v1", "https://a.test/v1", False),
        ("http://a.test/v1", "https://a.test:8443/v1", False),
        ("https://a.test/v1", "http://a.test/v1", False),
        ("https://a.test/v1", "https://b.a.test/v1", False),
        ("https://a.test/v1", "https://a.test:8443/v1", False),
        ("https://a.test/v1", "//b.test/v1", False),
        ("https://a.test/v1", "https://a.test@b.test/v1", False),
        ("https://a.test/v1", "https://[", False),
    ],
)
def test_which_addresses_are_of_the_host_that_was_asked(
    asked: str, to: str, followed: bool
) -> None:
    """Scheme, host and port are the same, or the same host speaks TLS where both have the usual
    port: as httpx has it for ``authorization``."""
    reply = BoundedResponse(307, headers={"location": to}, request=httpx.Request("POST", asked))
    assert reply.has_redirect_location is followed


@pytest.mark.parametrize("name", REMOTE)
def test_a_page_to_sign_in_at_is_fetched_as_browsers_do(name: str, server: Server) -> None:
    """By 302 to another page than the one asked: what is found there says what it is."""
    server.reply = Reply(302, b"", {"location": "/login"})
    server.replies["/login"] = Reply(200, b"<html>Sign in</html>", {"content-type": "text/html"})
    with opened(name, server.url) as provider:
        failed = failure_of(provider)
    assert [(seen.method, seen.path) for seen in server.seen[1:]] == [("GET", "/login")]
    assert (failed.wrong_url, "Sign in" in failed.message) == (True, True), failed.message
    told = remedy(Trouble.of(ModelRef(name, "m"), failed), Catalog.load())
    assert f"a page that asks for a login ({server.url}/login)" in told


@pytest.mark.parametrize("name", REMOTE)
def test_a_page_to_sign_in_at_another_host_is_known_by_its_address(
    name: str, server: Server, other_server: Server
) -> None:
    """It is not asked; its path says what it is."""
    server.reply = Reply(302, b"", {"location": f"{other_server.url}/login?next=/v1"})
    with opened(name, server.url) as provider:
        failed = failure_of(provider)
    told = remedy(Trouble.of(ModelRef(name, "m"), failed), Catalog.load())
    assert f"a page that asks for a login ({other_server.url}/login)" in told
    assert other_server.seen == []


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_request_that_became_another_one_on_its_way_is_a_wrong_address(
    status: int, server: Server
) -> None:
    """A redirect that makes a GET of the call: what replies there is no answer, nor paid for."""
    server.reply = Reply(302, b"", {"location": "/v1/start?token=abc"})
    server.replies["/v1/start?token=abc"] = Reply(status, b'{"status": "running"}')
    with opened("openai", server.url) as provider:
        failed = failure_of(provider)
    assert (failed.wrong_url, failed.answer) == (True, "")
    assert f"the address leads to {server.url}/v1/start:" in failed.message


@pytest.mark.parametrize("name", REMOTE)
def test_redirects_in_a_circle_end(name: str, server: Server) -> None:
    """A redirect to itself is followed a few times and then is a failure."""
    server.reply = Reply(307, b"", {"location": f"{server.url}/again"})
    with opened(name, server.url) as provider:
        failed = failure_of(provider)
    assert failed.message == "Exceeded maximum allowed redirects."
    assert len(server.seen) == 4


# ---------------------------------------------------------------- lists of models


@pytest.mark.parametrize(
    ("name", "row", "model"),
    [
        (
            "groq",
            {"context_window": 131072, "max_completion_tokens": 65536, "active": True},
            RemoteModel("m", 131072, 65536),
        ),
        ("cerebras", {"owned_by": "Meta"}, RemoteModel("m")),
        ("openai", {"max_model_len": 8192}, RemoteModel("m", 8192)),
    ],
)
def test_the_vendors_list_of_models_is_read(
    name: str, row: dict[str, object], model: RemoteModel, server: Server
) -> None:
    """Sizes are read under each vendor's word for them; models that are switched off are not."""
    rows = [
        {"id": "m", "object": "model", "created": 1, **row},
        {"id": "off", "object": "model", "created": 1, "active": False},
    ]
    server.reply = Reply(200, json.dumps({"object": "list", "data": rows}).encode())
    with opened(name, server.url) as provider:
        assert tuple(provider.list_models(10.0)) == (model,)
    assert [(seen.method, seen.path) for seen in server.seen] == [("GET", MODEL_PATHS[name])]


def test_the_pages_of_a_list_have_one_deadline_together(server: Server) -> None:
    """Each has what those before it have left."""
    server.reply = Reply(200, b'{"data": [{"id": "f"}], "has_more": true}')
    last = b'{"data": [{"id": "g", "filename": "it"}], "has_more": true}'
    server.replies["/openai/v1/files?after=f"] = Reply(200, last)
    with opened("groq", server.url) as provider:
        assert isinstance(provider, BulkProvider)
        assert provider.uploaded("it", 60.0) == "g"
    first, second = (float(seen.headers["x-stainless-read-timeout"]) for seen in server.seen)
    assert 60.0 > first > second


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    ("reply", "category"),
    [
        (Reply(401, b'{"error": {"code": "invalid_api_key"}}'), ErrorCategory.AUTHENTICATION),
        (Reply(200, b"<html>", {"content-type": "text/html"}), ErrorCategory.SERVER_ERROR),
        (Reply(200, b'{"data": null}'), ErrorCategory.SERVER_ERROR),
    ],
)
def test_a_list_of_models_can_fail_as_a_call_can(
    name: str, reply: Reply, category: ErrorCategory, server: Server
) -> None:
    """The same translation, the same one request."""
    server.reply = reply
    with opened(name, server.url) as provider, pytest.raises(ProviderError) as caught:
        provider.list_models(10.0)
    assert caught.value.failure.category is category
    assert len(server.seen) == 1


# ---------------------------------------------------------------- the double of the vendors

VENDORS = {"groq": "groq", "cerebras": "cerebras", "openai": "compat"}
"""Which vendor of the double each provider speaks to."""
SERVED = [
    ("groq", "openai/gpt-oss-120b"),
    ("groq", "qwen/qwen3.8-27b"),
    ("cerebras", "gpt-oss-120b"),
    ("cerebras", "qwen-3.8-27b"),
    ("openai", "local-model"),
]


@pytest.fixture(scope="module")
def double() -> Iterator[VendorServer]:
    with VendorServer(Config()) as running:
        yield running


@contextlib.contextmanager
def doubled(name: str, double: VendorServer) -> Iterator[Provider]:
    double.reset()
    vendor = VENDORS[name]
    provider = open_provider(name, api_key=double.key(vendor), base_url=double.base_url(vendor))
    try:
        yield provider
    finally:
        provider.close()


def written(model: str, **more: Any) -> Request:
    """A request of usual size, as ``request`` makes it."""
    return replace(request(model, **more), max_completion_tokens=4000)


@pytest.mark.parametrize(("name", "model"), SERVED)
@pytest.mark.parametrize("effort", [None, "none", "default", "low", "high"])
@pytest.mark.parametrize("response_format", ["strict", "json_schema", "json_object", "text"])
def test_no_request_is_refused_and_no_reasoning_lands_in_an_answer(
    name: str,
    model: str,
    effort: str | None,
    response_format: ResponseFormat,
    double: VendorServer,
) -> None:
    """A server as strict as the vendors about parameters takes each combination that is asked."""
    asked = written(model, effort=effort, response_format=response_format)
    prompt = replace(asked.prompt, messages=(Message("user", "Answer in json."),))
    with doubled(name, double) as provider:
        answer = provider.complete(replace(asked, prompt=prompt))
    assert answer.finish_reason == "stop"
    assert isinstance(json.loads(answer.text), dict)
    assert answer.usage.output_tokens > 0
    assert not answer.thinking or answer.thinking not in answer.text


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("fault", CATALOGUE)
def test_every_fault_is_one_call_with_a_declared_outcome(
    name: str, fault: str, double: VendorServer
) -> None:
    """Whatever goes wrong ends in time as a completion or a ProviderError, and is not repeated."""
    model = next(model for provider, model in SERVED if provider == name)
    asked = replace(written(model, effort="low"), timeout_s=0.7)
    with doubled(name, double) as provider:
        double.fail(VENDORS[name], fault, pace_s=0.05)
        outcome = completion_or_failure(provider, asked)
    if isinstance(outcome, Failure):
        assert outcome.category is not ErrorCategory.GENERAL
        assert 0 < len(outcome.message) <= 200
    calls = double.calls(VENDORS[name])
    assert fault.startswith("redirect") or len(calls) <= 1


@pytest.mark.parametrize("name", REMOTE)
def test_the_doubles_list_of_models_holds_what_it_serves(name: str, double: VendorServer) -> None:
    """The list is read in each vendor's own form."""
    with doubled(name, double) as provider:
        listed = {model.id for model in provider.list_models(10.0)}
    assert {model for provider, model in SERVED if provider == name} <= listed
