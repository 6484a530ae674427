"""What the OpenAI-shaped SDKs share: one call, one way to read it, one translation of errors.

The SDK builds and sends the request. The reply is read here, from its bytes: the SDK's models
accept whatever comes (HTML as a ``str``, an error as a completion without choices) and take
longer to build than the whole of the rest.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

import httpx
import msgspec
from msgspec.structs import replace

from legalgen.completion import CAPS, Completion, Request, Usage
from legalgen.errors import ErrorCategory, Failure, ProviderError, classify
from legalgen.errors.exceptions import LONGEST_MESSAGE
from legalgen.errors.pages import CUT_OFF, HUNG_UP, LED_ON, NO_HTTP, kind_of_page
from legalgen.errors.redaction import LONGEST_SPELLING, conceal, excerpt, redact
from legalgen.errors.retry_after import readings
from legalgen.providers._body import BrokenOff, UnreadableBody
from legalgen.providers._http import Abandoned, BoundedResponse, DeadlineClient, deadline
from legalgen.providers._reply import ChatReply, as_text, chat_reply, json_value, model_list
from legalgen.providers._transport import ProxyUnreachable
from legalgen.providers.base import RemoteModel
from legalgen.providers.catalog import Catalog, ModelSpec

_KEPT_LENGTH = 200_000
"""Characters of a reply that cannot be read; so much of it is kept aside."""
_LONGEST_ARGUMENT = 2_000
"""Characters of what an exception was raised with."""
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


def arguments(request: Request, spec: ModelSpec, dialect: Dialect) -> dict[str, object]:
    """The arguments of ``chat.completions.create``, without the timeout.

    ``stream`` is said although it is the default: some servers stream unless they are told. Where
    that is refused the server only streams, and is asked to, with its count of tokens at the end.
    """
    prompt = request.prompt
    optional: dict[str, object] = {
        "temperature": min(request.temperature, dialect.max_temperature),
        "top_p": request.options.top_p,
        "stream": False,
        "seed": prompt.seed,
        "response_format": response_format(request),
        "reasoning_effort": _effort(request, spec),
        "reasoning_format": spec.reasoning.format if dialect.reasoning_format else None,
    }
    for cap in (dialect.cap, *CAPS):
        if cap not in request.without:
            optional[cap] = request.max_completion_tokens
            break
    return {
        "model": request.model,
        "messages": request.messages,
        **{
            name: value
            for name, value in optional.items()
            if value is not None and name not in request.without
        },
        **(_STREAMED if "stream" in request.without else {}),
        **request.options.extra_body,
    }


_STREAMED: Mapping[str, object] = {"stream": True, "stream_options": {"include_usage": True}}


def _effort(request: Request, spec: ModelSpec) -> str | None:
    """A model that is not listed may take any effort: what is asked for is sent."""
    asked = request.reasoning_effort
    return spec.accepted_effort(asked) if spec.listed else asked


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

    ``sdk_error`` is the root of the SDK's exceptions, ``omit`` its word for an argument that is not
    given. ``key`` and ``secrets`` are never part of an error.
    """

    def __init__(
        self,
        name: str,
        client: SdkClient,
        http: DeadlineClient,
        *,
        sdk_error: type[Exception],
        omit: object,
        key: str,
        secrets: Iterable[str] = (),
        dialect: Dialect,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = self._vendor = name
        self._create = client.chat.completions.with_raw_response.create
        self._list = client.models.with_raw_response.list
        self._omit = omit
        _remember_addresses(client)
        self._http = http
        self._key = key
        self._secrets = (key, *secrets)
        self._dialect = dialect
        self._catalog = Catalog.load()
        self._now = now
        # ValueError: JSON, Unicode, pydantic. RuntimeError: httpx, after close(); nesting. The last
        # three: what SDKs stumble over where a reply has another shape than they were made for.
        self._foreign = (
            sdk_error,
            httpx.HTTPError,
            httpx.InvalidURL,
            httpx.StreamError,
            OSError,
            ValueError,
            RuntimeError,
            ArithmeticError,
            LookupError,
            TypeError,
        )

    def complete(self, request: Request) -> Completion:
        """Ask once; see ``Provider.complete``."""
        spec = self._catalog.spec(self._vendor, request.model)
        # ``extra_body`` is sent as it is. Through arguments of its own the SDK walks, every message
        # and the schema, to look for names to translate, of which there are none: a third of the
        # CPU time of a call.
        call = {
            "model": self._omit,
            "messages": self._omit,
            "extra_body": arguments(request, spec, self._dialect),
            "extra_headers": request.options.headers,
        }
        started = time.monotonic()
        response = self._send(self._create, request.timeout_s, call)
        latency_s = time.monotonic() - started
        return self._completion(response, request.model, latency_s)

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:
        """The models that this key can see; see ``Provider.list_models``."""
        response = self._send(self._list, timeout_s, {})
        listed = model_list(response.content)
        if listed is None:
            raise self._unreadable(response, "a list of models")
        return tuple(
            RemoteModel(self._kept(row.id), row.context_window, row.max_completion_tokens)
            for row in listed
            if row.active
        )

    def size(self, model: str, timeout_s: float) -> RemoteModel | None:
        """The sizes of a model by the server's list; see ``SizedProvider.size``."""
        try:
            listed = self.list_models(timeout_s)
        except ProviderError as error:
            if not error.failure.reached:
                return None
            listed = ()
        return next((row for row in listed if row.id == model), RemoteModel(model))

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
            _scrub(error, self._secrets)
            raise ProviderError.of(failure) from error

    def _failure(self, error: Exception) -> Failure:
        came = next((link for link in _chain(error) if isinstance(link, BrokenOff)), None)
        answer = self._kept_aside(came.came.decode("utf-8", "replace")) if came else ""
        for link in _chain(error):
            if isinstance(link, UnreadableBody):
                status = came.status if came else None
                kept = answer if httpx.codes.is_success(status or 0) else ""
                return Failure(ErrorCategory.SERVER_ERROR, str(link), status=status, answer=kept)
            if isinstance(link, Abandoned):
                return Failure(ErrorCategory.CONNECTION_ERROR, str(link))
        response = getattr(error, "response", None)
        failure = self._classified(
            error,
            status=getattr(error, "status_code", None),
            body=_body(error, response),
            headers=None if response is None else response.headers,
        )
        cause = next((link for link in _chain(error) if isinstance(link, httpx.RequestError)), None)
        if cause is None:
            return self._redirected(failure, response)
        # The SDKs' wrapper says "Connection error.", whatever happened and whenever.
        message = excerpt(self._said(cause), LONGEST_MESSAGE, self._secrets)
        return replace(
            failure,
            message=message,
            reached=not isinstance(cause, _BEFORE_THE_REPLY),
            connected=not isinstance(cause, _BEFORE_THE_CONNECTION),
            nobody_listens=_nobody_listens(cause),
            address=_address(cause) if isinstance(cause, httpx.ConnectError) else "",
            answer=answer,
        )

    def _redirected(self, failure: Failure, response: object) -> Failure:
        """With where the address led, if it led on: what replied is not what was asked.

        A POST that became a GET on its way can have no answer of an API.
        """
        if not isinstance(response, BoundedResponse):
            return failure
        stays = response.leads_to  # to another origin, where nothing was sent
        if stays is None and not response.history:
            return failure
        url = (stays or response.url).copy_with(query=None, fragment=None, userinfo=b"")
        message = f"{LED_ON} {url}: {failure.message}"
        lost = stays is None and response.request.method != response.history[0].request.method
        refused = failure.category is ErrorCategory.AUTHENTICATION
        return replace(
            failure,
            message=excerpt(message, LONGEST_MESSAGE, self._secrets),
            wrong_url=failure.wrong_url or (lost and not refused),
            answer="" if lost else failure.answer,
        )

    def _said(self, error: httpx.RequestError) -> str:
        """What went wrong on the way, in a few words."""
        if isinstance(error, httpx.ConnectTimeout):
            limit = error.request.extensions["timeout"]["connect"]  # shorter for a short call
            return f"no connection in time (at most {limit:g} s)"
        if isinstance(error, httpx.TimeoutException):
            return "no whole reply within the deadline of the call"
        said = str(error) or type(error).__name__
        if not isinstance(error, httpx.ConnectError):
            broken = _broken(error)
            return f"{broken}: {said}" if broken else said
        return f"{'the proxy ' if _proxy(error) else ''}{_address(error)}: {said}"

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
            provider=self._vendor,
            now=self._now(),
            secrets=self._secrets,
        )

    def _completion(self, response: httpx.Response, asked: str, latency_s: float) -> Completion:
        reply = chat_reply(response.content)
        if reply is None:
            raise self._unreadable(response, "a chat completion", paid=True)
        if reply.error is not None:
            failure = self._error_in_reply(reply, response)
            answer = self._kept_aside(reply.text)
            usage = reply.usage if reply.usage != Usage() else None
            raise ProviderError.of(replace(failure, answer=failure.answer or answer, usage=usage))
        return Completion(
            text=self._kept(reply.text),
            finish_reason=self._kept(reply.finish_reason),
            usage=reply.usage,
            model=self._kept(reply.model or asked),
            latency_s=latency_s,
            thinking=reply.thinking and self._kept(reply.thinking),
            response_id=reply.id and self._kept(reply.id),
            readings=readings(response.headers, provider=self._vendor),
        )

    def _kept(self, text: str) -> str:
        """What may be kept of a reply: the key that a server was sent is all that it can echo."""
        return conceal(text, self._secrets)

    def _kept_aside(self, text: str) -> str:
        """The beginning of a reply that cannot be read; a key is looked for beyond the cut."""
        return self._kept(text[: _KEPT_LENGTH + LONGEST_SPELLING])[:_KEPT_LENGTH]

    def _error_in_reply(self, reply: ChatReply, response: httpx.Response) -> Failure:
        """An error that came under status 200."""
        return self._classified(
            as_text(reply.error),
            status=reply.status,
            body={"error": reply.error},
            headers=response.headers,
        )

    def _unreadable(
        self, response: httpx.Response, wanted: str, *, paid: bool = False
    ) -> ProviderError:
        """A reply under status 200 that is not what was asked for.

        What was ``paid`` for is kept as it came; a web page was not.
        """
        begins = excerpt(response.text, LONGEST_MESSAGE, self._secrets)
        message = f"the reply is not {wanted}"
        is_page = "html" in response.headers.get("content-type", "")
        if is_page:
            message += f" but {kind_of_page(response.text)}: check the base URL"
        message = f"{message}; it begins: {begins}" if begins else f"{message}: it is empty"
        keeps = paid and not is_page
        failure = Failure(
            ErrorCategory.SERVER_ERROR,
            message[:LONGEST_MESSAGE],
            status=response.status_code,
            readings=readings(response.headers, provider=self._vendor),
            answer=self._kept_aside(response.text) if keeps else "",
            wrong_url=is_page,
        )
        return ProviderError.of(self._redirected(failure, response))


def _body(error: Exception, response: object) -> object:
    """The body of a reply that the SDK made an error of; None where none came.

    The SDKs keep what stands under ``error`` alone, which may be one word beside the sentence.
    """
    content = getattr(response, "_content", None)  # asking for an unread reply's would raise
    whole = json_value(content) if isinstance(content, bytes) else None
    return getattr(error, "body", None) if whole is None else whole


def without_environment(client: SdkClient) -> None:
    """Drop the headers that the SDK took from ``*_CUSTOM_HEADERS``; they can replace the key.

    The SDKs read that variable whatever they are given, and have no argument against it.
    """
    client._custom_headers = {}  # type: ignore[attr-defined]


def _remember_addresses(client: SdkClient) -> None:
    """Have the SDK join the base URL and a path once, not with each call: httpx reads both anew,
    which takes an eighth of the CPU time of a call.

    It has no public way to do so; an SDK without that method joins them each time.
    """
    joined = getattr(client, "_prepare_url", None)
    if joined is not None:
        client._prepare_url = lru_cache(maxsize=8)(joined)  # type: ignore[attr-defined]


def _proxy(error: BaseException) -> str:
    """The address of the proxy to which there is no connection; empty where it is another fault."""
    found = (link.address for link in _chain(error) if isinstance(link, ProxyUnreachable))
    return next(found, "")


def _address(error: httpx.RequestError) -> str:
    """Where a connection was tried: scheme, host and port of the server, or of the proxy."""
    if proxy := _proxy(error):
        return proxy
    url = error.request.url
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"


def _broken(error: httpx.RequestError) -> str:
    """What is wrong with a reply that came, or had begun to; empty where none did."""
    cut = isinstance(error, httpx.ReadError) and any(
        isinstance(link, BrokenOff) for link in _chain(error)
    )
    if cut or _INCOMPLETE in str(error):
        return CUT_OFF
    is_http = not isinstance(error, httpx.RemoteProtocolError) or HUNG_UP.search(str(error))
    return "" if is_http else NO_HTTP


_INCOMPLETE = "without sending complete message body"
"""How h11 says that a body ended before its length or its last chunk."""


def _nobody_listens(error: httpx.RequestError) -> bool:
    """Whether this machine itself refused the connection: there is no server to wait for."""
    if not isinstance(error, httpx.ConnectError) or _proxy(error):
        return False
    local = error.request.url.host in {"localhost", "127.0.0.1", "::1"}
    return local and any(
        isinstance(link, ConnectionRefusedError) or "refused" in str(link) for link in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what it came from, nearest first."""
    link: BaseException | None = error
    seen = set[int]()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _scrub(error: BaseException, secrets: Iterable[str]) -> None:
    """Take the key out of what a traceback of ``error`` prints: a vendor may echo it."""
    for link in _chain(error):
        link.args = tuple(
            _scrubbed(argument, secrets) if isinstance(argument, str) else argument
            for argument in link.args
        )


def _scrubbed(text: str, secrets: Iterable[str]) -> str:
    """``text`` without keys; of one that holds a whole body only what anybody would read."""
    if len(text) > _LONGEST_ARGUMENT:
        return excerpt(text, _LONGEST_ARGUMENT, secrets)
    return redact(text, secrets)
