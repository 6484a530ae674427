"""The words exchanged with a model: what is asked, what comes back, and what it cost.

The generator and the providers meet here and nowhere else: no law on this page, no vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Role = Literal["system", "user", "assistant"]
ResponseFormat = Literal["strict", "json_schema", "json_object", "text"]
"""How an answer is constrained: ``strict`` is constrained decoding by the schema,
``json_schema`` a hint of it, ``json_object`` any JSON object, ``text`` nothing."""
CAPS = ("max_tokens", "max_completion_tokens")
"""The two names that servers have for the most tokens of an answer."""
SYSTEM: Final = "system"
"""The role of the first message, which some models' chat templates do not have."""
LimitKind = Literal["requests", "tokens", "input_tokens", "output_tokens"]
LimitWindow = Literal["minute", "hour", "day"]
DAY_S: Final = 86_400.0
"""Seconds of the longest window of a limit."""
Scope = Literal["model", "provider"]


class ModelRef(msgspec.Struct, frozen=True, order=True):
    """One target of a route: a model at a provider, written ``provider/model``."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Read ``provider/model``; the model's own id may hold slashes.

        Raises:
            ValueError: there is no slash, or one side of it is empty.
        """
        provider, slash, model = text.strip().partition("/")
        if not (slash and provider and model):
            raise ValueError(f"{text!r} is not of the form provider/model")
        return cls(provider, model)

    @property
    def vendor(self) -> str:
        """Whose model it is: ``groq`` of ``groq#2``, which is called with its second key."""
        return vendor_of(self.provider)

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


def vendor_of(provider: str) -> str:
    """The provider without the number of its key: ``groq`` of ``groq#2``."""
    return provider.partition("#")[0]


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation."""

    role: Role
    content: str


class Prompt(msgspec.Struct, frozen=True):
    """What a model is asked, whichever model it will be.

    ``messages`` begin with the part that never changes within a batch, so that a vendor's
    prompt cache can serve it. ``schema`` is the JSON schema of the answer (None: free text).
    ``version`` names the prose it was made from.
    """

    messages: tuple[Message, ...]
    version: str
    schema: Mapping[str, object] | None = None
    schema_name: str = "answer"
    temperature: float = 0.7
    seed: int | None = None

    def characters(self) -> int:
        """Length of all messages, in characters."""
        return sum(len(message.content) for message in self.messages)


class CallOptions(msgspec.Struct, frozen=True):
    """What a user states of the calls of one model; None or empty: nothing.

    ``temperature`` goes before the prompt's own. ``extra_body`` holds further parameters, which
    go into the request as they are, and ``headers`` what is sent beside it.
    """

    temperature: float | None = None
    top_p: float | None = None
    extra_body: Mapping[str, object] = {}
    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        """Without the headers, which may hold keys."""
        return f"CallOptions(temperature={self.temperature}, top_p={self.top_p})"


class Request(msgspec.Struct, frozen=True):
    """One call of one model, complete: a provider needs nothing else.

    ``timeout_s`` is the total deadline of the call, in seconds, from connect to the last byte.
    ``reasoning_effort`` is None where the model takes none. ``without`` names parameters that the
    server was found to refuse: they are not sent, and a cap on tokens goes by its other name;
    ``stream``, which is sent as false, is sent as true, and the words of the role ``system`` stand
    before the user's.
    """

    model: str
    prompt: Prompt
    max_completion_tokens: int
    timeout_s: float
    response_format: ResponseFormat = "text"
    reasoning_effort: str | None = None
    without: frozenset[str] = frozenset()
    options: CallOptions = CallOptions()

    @property
    def temperature(self) -> float:
        """The temperature that is asked for."""
        stated = self.options.temperature
        return self.prompt.temperature if stated is None else stated

    @property
    def messages(self) -> list[dict[str, str]]:
        """The turns as chat APIs take them: the prompt's, of the roles that the server takes."""
        turns = self.prompt.messages
        if SYSTEM in self.without and turns[0].role == SYSTEM and len(turns) > 1:
            both = f"{turns[0].content}\n\n{turns[1].content}"
            turns = (Message("user", both), *turns[2:])
        return [{"role": turn.role, "content": turn.content} for turn in turns]


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one call, as the vendor counted them; None where it does not say.

    ``output_tokens`` includes ``reasoning_tokens``; ``input_tokens`` includes ``cached_tokens``.
    They are ``estimated`` from characters where a reply says nothing of the one or the other.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    estimated: bool = False


class LimitReading(msgspec.Struct, frozen=True):
    """What one reply said about one budget.

    ``reset_s`` is seconds until the window is full again (for a bucket that refills all the
    time) or opens again; each of the three numbers is None where the reply does not hold it.
    ``scope`` says whether the budget is the model's own or shared by the whole provider.
    """

    kind: LimitKind
    window: LimitWindow
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None
    scope: Scope = "model"


class Completion(msgspec.Struct, frozen=True):
    """One answer as it came back.

    ``text`` is the answer alone; what the vendor returns as reasoning is in ``thinking``.
    ``finish_reason`` is the vendor's word: ``stop``, ``length``, ``content_filter`` or other.
    ``latency_s`` is seconds from request to the last byte, measured here.
    """

    text: str
    finish_reason: str
    usage: Usage
    model: str
    latency_s: float
    thinking: str | None = None
    response_id: str | None = None
    readings: tuple[LimitReading, ...] = msgspec.field(default=())
