"""What the OpenAI-shaped SDKs share: one call, one way to read it, one translation of errors.

The SDK builds and sends the request. The reply is read here, from its bytes: the SDK's models
accept whatever comes (HTML as a ``str``, an error as a completion without choices) and take
longer to build than the whole of the rest.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import msgspec
from msgspec.structs import replace

from legalgen.completion import Completion, Request, Usage
from legalgen.errors import ErrorCategory, Failure, ProviderError, classify
from legalgen.errors.redaction import redact
from legalgen.errors.retry_after import readings
from legalgen.providers._http import (
    Abandoned,
    DeadlineClient,
    ReplyTooLarge,
    deadline,
)
from legalgen.providers.base import RemoteModel
from legalgen.providers.catalog import Catalog, ModelSpec

_MESSAGE_LENGTH = 200
_BEFORE_THE_CONNECTION = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_BEFORE_THE_REPLY = (*_BEFORE_THE_CONNECTION, httpx.WriteError, httpx.WriteTimeout)
"""What httpx raises before a request has left whole."""


class SdkClient(Protocol):
    """What is used of ``groq.Groq``, ``cerebras.cloud.sdk.Cerebras`` and ``openai.OpenAI``."""

    @property
    def chat(self) -> Any:
        """``chat.completions.with_raw_response.create``."""

    @property
    def models(self) -> Any:
        """``models.with_raw_response.list``."""


class Dialect(msgspec.Struct, frozen=True):
    """Where the OpenAI-shaped APIs differ.

    ``cap`` is the parameter for the most tokens of an answer. Higher temperatures than
    ``max_temperature`` are refused, so they are lowered. ``reasoning_format``: it has the
    parameter of that name.
    """

    cap: str = "max_completion_tokens"
    max_temperature: float = 2.0
    reasoning_format: bool = True


class _TokenDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _TokenDetails | None = None
    completion_tokens_details: _TokenDetails | None = None


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None
    reasoning: object = None  # Groq, Cerebras, Ollama, vLLM
    reasoning_content: object = None  # llama.cpp, older vLLM


class _Choice(msgspec.Struct, frozen=True):
    message: _Message
    finish_reason: str | None = None


class _Reply(msgspec.Struct, frozen=True):
    """A chat completion, as far as it is used; or an error under status 200."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    id: str | None = None
    model: str | None = None
    error: object = None
    status_code: object = None


class _ListedModel(msgspec.Struct, frozen=True):
    """A row of a model list; each vendor has its own word for the sizes."""

    id: str
    active: bool | None = None
    context_window: int | None = None
    context_length: int | None = None
    max_model_len: int | None = None
    max_completion_tokens: int | None = None
    max_output_length: int | None = None


class _ModelList(msgspec.Struct, frozen=True):
    data: list[_ListedModel]


_REPLY = msgspec.json.Decoder(_Reply, strict=False)
_MODEL_LIST = msgspec.json.Decoder(_ModelList, strict=False)


def arguments(request: Request, spec: ModelSpec, dialect: Dialect) -> dict[str, object]:
    """The arguments of ``chat.completions.create``, without the timeout."""
    prompt = request.prompt
    optional = {
        "seed": prompt.seed,
        "response_format": response_format(request),
        "reasoning_effort": spec.accepted_effort(request.reasoning_effort),
        "reasoning_format": spec.reasoning.format if dialect.reasoning_format else None,
    }
    return {
        "model": request.model,
        "messages": [{"role": turn.role, "content": turn.content} for turn in prompt.messages],
        "temperature": min(prompt.temperature, dialect.max_temperature),
        dialect.cap: request.max_completion_tokens,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _unwalked(call: Mapping[str, object]) -> dict[str, object]:
    """The same call with its body as ``extra_body``, which the SDK sends as it is.

    Otherwise it walks every message and the schema to look for names to translate, of which there
    are none: a third of the CPU time of a call.
    """
    body = {name: value for name, value in call.items() if name != "model"}
    return {"model": call["model"], "messages": [], "extra_body": body}


def response_format(request: Request) -> dict[str, object] | None:
    """The ``response_format`` to send; None for free text, and where there is no schema to send."""
    prompt = request.prompt
    match request.response_format:
        case "json_object":
            return {"type": "json_object"}
        case "strict" | "json_schema" if prompt.schema is not None:
            schema = {
                "name": prompt.schema_name,
                "schema": prompt.schema,
                "strict": request.response_format == "strict",
            }
            return {"type": "json_schema", "json_schema": schema}
        case _:
            return None


class SdkProvider:
    """A provider behind one of the SDKs; may be called from several threads at once.

    ``sdk_error`` is the root of the SDK's exceptions. ``key`` is never part of an error.
    """

    def __init__(
        self,
        name: str,
        client: SdkClient,
        http: DeadlineClient,
        *,
        sdk_error: type[Exception],
        key: str,
        dialect: Dialect,
        catalog: Catalog | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._create = client.chat.completions.with_raw_response.create
        self._list = client.models.with_raw_response.list
        self._http = http
        self._key = key
        self._dialect = dialect
        self._catalog = catalog or Catalog.load()
        self._now = now
        # ValueError: JSON, Unicode, pydantic. RuntimeError: httpx, after close().
        self._foreign = (
            sdk_error,
            httpx.HTTPError,
            httpx.InvalidURL,
            httpx.StreamError,
            OSError,
            ValueError,
            RuntimeError,
        )

    def complete(self, request: Request) -> Completion:
        """Ask once; see ``Provider.complete``."""
        spec = self._catalog.spec(self.name, request.model)
        call = arguments(request, spec, self._dialect)
        started = time.monotonic()
        response = self._send(self._create, request.timeout_s, _unwalked(call))
        latency_s = time.monotonic() - started
        return self._completion(response, request.model, latency_s)

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:
        """The models that this key can see; see ``Provider.list_models``."""
        response = self._send(self._list, timeout_s, {})
        try:
            listed = _MODEL_LIST.decode(response.content).data
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._unreadable(response, "a list of models") from error
        return tuple(_remote_model(row) for row in listed if row.active is not False)

    def abandon(self) -> None:
        """End what is in flight now; later calls fail at once."""
        self._http.abandon()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _send(
        self, method: Callable[..., Any], timeout_s: float, call: Mapping[str, object]
    ) -> httpx.Response:
        """The reply to one call, read whole."""
        with self._translated(), deadline(timeout_s):
            raw = method(**call, timeout=self._http.timeouts(timeout_s))
            response: httpx.Response = raw.http_response
            response.read()
            return response

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Whatever the SDK and what lies below it raise, as a ``ProviderError``."""
        try:
            yield
        except self._foreign as error:
            failure = self._failure(error)
            _scrub(error, self._key)
            raise ProviderError(failure) from error

    def _failure(self, error: Exception) -> Failure:
        for link in _chain(error):
            if isinstance(link, ReplyTooLarge):
                return Failure(ErrorCategory.SERVER_ERROR, str(link))
            if isinstance(link, Abandoned):
                return Failure(ErrorCategory.CONNECTION_ERROR, str(link))
        response = getattr(error, "response", None)
        failure = self._classified(
            error,
            status=getattr(error, "status_code", None),
            body=getattr(error, "body", None),
            headers=None if response is None else response.headers,
        )
        cause = next((link for link in _chain(error) if isinstance(link, httpx.RequestError)), None)
        if cause is None:
            return failure
        # The SDKs' wrapper says "Connection error.", whatever happened and whenever.
        message = redact(self._said(cause), (self._key,))[:_MESSAGE_LENGTH]
        return replace(
            failure,
            message=message,
            reached=not isinstance(cause, _BEFORE_THE_REPLY),
            connected=not isinstance(cause, _BEFORE_THE_CONNECTION),
        )

    def _said(self, error: httpx.RequestError) -> str:
        """What went wrong on the way, in a few words."""
        if isinstance(error, httpx.ConnectTimeout):
            return f"no connection in time (at most {self._http.connect_timeout_s:g} s)"
        if isinstance(error, httpx.TimeoutException):
            return "no whole reply within the deadline of the call"
        return str(error) or type(error).__name__

    def _classified(
        self,
        error: BaseException | str,
        *,
        status: int | None,
        body: object,
        headers: Mapping[str, str] | None,
    ) -> Failure:
        return classify(
            error,
            status=status,
            body=body,
            headers=headers,
            provider=self.name,
            now=self._now(),
            secrets=(self._key,),
        )

    def _completion(self, response: httpx.Response, asked: str, latency_s: float) -> Completion:
        try:
            reply = _REPLY.decode(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._unreadable(response, "a chat completion") from error
        if not reply.choices:
            if reply.error is None:
                raise self._unreadable(response, "a chat completion")
            raise ProviderError(self._error_in_reply(reply, response))
        choice = reply.choices[0]
        return Completion(
            text=choice.message.content or "",
            finish_reason=_finish_reason(choice),
            usage=_usage(reply.usage or _Usage()),
            model=reply.model or asked,
            latency_s=latency_s,
            thinking=_thinking(choice.message),
            response_id=reply.id,
            readings=readings(response.headers, provider=self.name),
        )

    def _error_in_reply(self, reply: _Reply, response: httpx.Response) -> Failure:
        """An error that came under status 200; a number inside it is the status that was meant."""
        code = reply.error.get("code") if isinstance(reply.error, dict) else None
        meant = (number for number in (reply.status_code, code) if isinstance(number, int))
        return self._classified(
            msgspec.json.encode(reply.error).decode(),
            status=next(meant, None),
            body={"error": reply.error},
            headers=response.headers,
        )

    def _unreadable(self, response: httpx.Response, wanted: str) -> ProviderError:
        """A reply under status 200 that is not what was asked for."""
        begins = redact(" ".join(response.text[:500].split()), (self._key,))
        message = f"the reply is not {wanted}"
        if "html" in response.headers.get("content-type", ""):
            message += " but a web page: check the base URL"
        message = f"{message}; it begins: {begins}" if begins else f"{message}: it is empty"
        return ProviderError(
            Failure(
                ErrorCategory.SERVER_ERROR,
                message[:_MESSAGE_LENGTH],
                status=response.status_code,
                readings=readings(response.headers, provider=self.name),
            )
        )


def without_environment(client: SdkClient) -> None:
    """Drop the headers that the SDK took from ``*_CUSTOM_HEADERS``; they can replace the key.

    The SDKs read that variable whatever they are given, and have no argument against it.
    """
    client._custom_headers = {}  # type: ignore[attr-defined]


def _finish_reason(choice: _Choice) -> str:
    if choice.message.refusal and not choice.message.content:
        return "content_filter"
    return choice.finish_reason or "other"


def _thinking(message: _Message) -> str | None:
    for text in (message.reasoning, message.reasoning_content):
        if isinstance(text, str) and text:
            return text
    return None


def _usage(usage: _Usage) -> Usage:
    sent, made = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        reasoning_tokens=made.reasoning_tokens if made else None,
        cached_tokens=sent.cached_tokens if sent else None,
    )


def _remote_model(row: _ListedModel) -> RemoteModel:
    return RemoteModel(
        id=row.id,
        context_window=row.context_window or row.context_length or row.max_model_len,
        max_completion_tokens=row.max_completion_tokens or row.max_output_length,
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what it came from, nearest first."""
    link: BaseException | None = error
    seen = set[int]()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _scrub(error: BaseException, key: str) -> None:
    """Take the key out of what a traceback of ``error`` prints: a vendor may echo it."""
    for link in _chain(error):
        link.args = tuple(
            redact(argument, (key,)) if isinstance(argument, str) else argument
            for argument in link.args
        )
