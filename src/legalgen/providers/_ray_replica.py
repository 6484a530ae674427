"""What a replica holds: a model, on whichever node of the cluster it is placed.

Nothing here needs Ray: it is Ray that makes objects of ``Replica``, so that the nodes need this
program and what the model needs.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from legalgen.completion import Completion, Request, Usage
from legalgen.errors import ConfigurationError, ErrorCategory, Failure, ProviderError
from legalgen.providers._ray_words import Answer, Ask, PoolPlan


class HeldModel(Protocol):
    """What a replica holds."""

    def complete(self, request: Request) -> Completion: ...


class Replica:
    """An actor: one model on some node. Words go in and out as JSON."""

    def __init__(self, plan: bytes) -> None:
        self._plan = msgspec.json.decode(plan, type=PoolPlan)
        self._model: HeldModel | None = None

    def load(self) -> bytes:
        """Load the model; an ``Answer`` that holds why it cannot be, or nothing."""
        try:
            self._loaded()
        except ProviderError as error:
            return failed(0, error.failure)
        return msgspec.json.encode(Answer(0))

    def answer(self, ask: bytes) -> bytes:
        """What the model says to an ``Ask``."""
        asked = msgspec.json.decode(ask, type=Ask)
        try:
            completion = self._loaded().complete(asked.request)
        except ProviderError as error:
            return failed(asked.number, error.failure)
        return msgspec.json.encode(Answer(asked.number, completion))

    def _loaded(self) -> HeldModel:
        if self._model is None:  # the first call, or Ray has started this anew
            try:
                self._model = _model(self._plan)
            except (ConfigurationError, ImportError, AttributeError) as error:
                failure = Failure(ErrorCategory.MODEL_UNAVAILABLE, str(error)[:200], reached=False)
                raise ProviderError.of(failure) from error
        return self._model


class Called:
    """A callable as a model. A class is made once, in each replica, and its object called.

    It is given the body of a chat completion (``model``, ``messages``, ``temperature``,
    ``max_tokens``, ``response_format``, ``seed``), and returns the text, or a chat completion.
    """

    def __init__(self, name: str) -> None:
        module, _, function = name.partition(":")
        found = getattr(importlib.import_module(module), function)
        self._call: Callable[[Mapping[str, object]], object] = (
            found() if isinstance(found, type) else found
        )

    def complete(self, request: Request) -> Completion:
        """Call it, and read what it returns."""
        started = time.monotonic()
        said = self._call(_body(request))
        reply = _reply(said)
        return Completion(
            text=reply.choices[0].message.content or "",
            finish_reason=reply.choices[0].finish_reason or "stop",
            usage=Usage(reply.usage.prompt_tokens, reply.usage.completion_tokens),
            model=request.model,
            latency_s=time.monotonic() - started,
        )


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message
    finish_reason: str | None = "stop"


class _Tokens(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Reply(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...]
    usage: _Tokens = _Tokens()


def _reply(said: object) -> _Reply:
    """A chat completion, or a text as one.

    Raises:
        ProviderError: it is neither.
    """
    if isinstance(said, str):
        return _Reply((_Choice(_Message(said)),))
    try:
        reply = msgspec.convert(said, _Reply, from_attributes=True)
    except msgspec.ValidationError as error:
        message = f"the callable returned neither a text nor a chat completion: {error}"
        raise ProviderError.of(Failure(ErrorCategory.SERVER_ERROR, message[:200])) from error
    if not reply.choices:
        message = "the callable returned a chat completion without choices"
        raise ProviderError.of(Failure(ErrorCategory.SERVER_ERROR, message))
    return reply


def _body(request: Request) -> dict[str, object]:
    prompt = request.prompt
    body: dict[str, object] = {
        "model": request.model,
        "messages": request.messages,
        "temperature": request.temperature,
        "max_tokens": request.max_completion_tokens,
        **request.options.extra_body,
    }
    if request.options.top_p is not None:
        body["top_p"] = request.options.top_p
    if prompt.seed is not None:
        body["seed"] = prompt.seed
    if prompt.schema is not None and request.response_format != "text":
        named = {"name": prompt.schema_name, "schema": prompt.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return body


def _model(plan: PoolPlan) -> HeldModel:
    if plan.callable is not None and plan.model_path is None:
        return Called(plan.callable)
    from legalgen.providers.local import LocalProvider  # llama.cpp, on the nodes alone

    path = Path(plan.model_path) if plan.model_path else None
    model = LocalProvider(path, threads=plan.threads, context_tokens=plan.context)
    model.load()
    return model


def failed(number: int, failure: Failure) -> bytes:
    """An ``Answer`` of a call that failed."""
    return msgspec.json.encode(Answer(number, failure=failure))
