"""A chat request: how it is read, and what the vendors refuse in it before any model runs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .config import Family, Model, Vendor
from .dialects import context_length, error, model_not_found
from .wire import Reply

CHARS_PER_TOKEN = 4.6
"""English legal prose, measured on an offline tokenizer of 131,000 entries: 4.8 on average."""


class Refused(Exception):  # noqa: N818 - a reply, not a defect
    """The request ends here, with ``reply``."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What the server needs to know of one request; ``max_tokens`` None: not sent.

    ``format``: ``text``, ``json_object``, ``json_schema`` or ``strict``. ``effort`` and
    ``reasoning_format`` are the vendor's defaults where the request names none.
    """

    model: Model
    name: str
    first: str
    user: str
    input_tokens: int
    max_tokens: int
    format: str
    effort: str
    reasoning_format: str


def tokens(text: str) -> int:
    """How many tokens the server counts in ``text``."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def read(vendor: Vendor, body: bytes) -> tuple[dict[str, object], str]:
    """The body as an object, and the model it names.

    Raises:
        Refused: it is neither.
    """
    try:
        value = json.loads(body)
    except ValueError as wrong:
        reply = error(vendor.dialect, 400, f"invalid JSON in the request body: {wrong}")
        raise Refused(reply) from wrong
    if not isinstance(value, dict) or not isinstance(value.get("model"), str):
        raise Refused(error(vendor.dialect, 400, "property 'model' is missing"))
    return value, str(value["model"])


def prompt_of(body: Mapping[str, object]) -> tuple[str, ...]:
    """The texts of the user messages, in order."""
    contents = map(_content, _list(body.get("messages")))
    return tuple(text for role, text in contents if role == "user")


def model_of(vendor: Vendor, name: str) -> Model:
    """The model of that name.

    Raises:
        Refused: the vendor does not serve it.
    """
    for model in vendor.models:
        if model.id == name:
            return model
    if vendor.any_model:
        return vendor.models[0]
    raise Refused(model_not_found(vendor.dialect, name))


def check(vendor: Vendor, body: Mapping[str, object]) -> ChatRequest:
    """Read a request whose vendor and form are known.

    Raises:
        Refused: the vendor would refuse it before running a model.
    """
    name = str(body["model"])
    model = model_of(vendor, name)
    if wrong := next(_complaints(vendor, model, body), None):
        raise Refused(wrong)
    contents = [_content(message) for message in _list(body.get("messages"))]
    users = [text for role, text in contents if role == "user"]
    count = sum(tokens(text) + 4 for _, text in contents) + 3
    cap = body.get("max_completion_tokens", body.get("max_tokens"))
    asked = cap if isinstance(cap, int) else None
    limit = _completion_cap(vendor, model, count, asked)
    form = _format(body)
    return ChatRequest(
        model, name, contents[0][1], "\n".join(users), count, limit, form,
        _effort(vendor, model.family, body), _reasoning_format(vendor, model, body, form),
    )  # fmt: skip


def _completion_cap(vendor: Vendor, model: Model, prompt: int, asked: int | None) -> int:
    if asked is None:
        return min(model.max_completion_tokens, max(1, model.context_window - prompt))
    if asked > model.max_completion_tokens and vendor.dialect == "groq":
        most = model.max_completion_tokens
        raise Refused(
            error(
                vendor.dialect,
                400,
                f"`max_completion_tokens` must be less than or equal to `{most}`, the maximum "
                "value for `max_completion_tokens` is less than the `context_window` for this "
                "model",
                param="max_completion_tokens",
            )
        )
    if prompt + asked > model.context_window:
        raise Refused(context_length(vendor.dialect, prompt + asked, model.context_window))
    return min(asked, model.max_completion_tokens)


def _content(message: object) -> tuple[str, str]:
    if not isinstance(message, dict):
        return "", ""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part.get("text", "") for part in content if isinstance(part, dict))
        content = "".join(map(str, parts))
    return str(message.get("role")), str(content or "")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _format(body: Mapping[str, object]) -> str:
    form = body.get("response_format")
    if not isinstance(form, dict):
        return "text"
    kind = str(form.get("type"))
    schema = form.get("json_schema")
    if kind == "json_schema" and isinstance(schema, dict) and schema.get("strict"):
        return "strict"
    return kind


def _effort(vendor: Vendor, family: Family, body: Mapping[str, object]) -> str:
    if family == "plain" or body.get("disable_reasoning") is True:
        return "none"
    if effort := body.get("reasoning_effort"):
        return str(effort)
    if family == "gpt-oss":
        return "medium"
    return "default" if vendor.dialect == "groq" else "high"


def _reasoning_format(vendor: Vendor, model: Model, body: Mapping[str, object], form: str) -> str:
    if body.get("include_reasoning") is False:
        return "hidden"
    if asked := body.get("reasoning_format"):
        return "parsed" if asked == "text_parsed" else str(asked)
    if model.family == "qwen" and vendor.dialect != "openai":
        return "raw" if form == "text" else "hidden"
    return "parsed"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GROQ_UNSUPPORTED = ("logprobs", "logit_bias", "top_logprobs", "metadata")
_CEREBRAS_KNOWN = _words(
    "messages model clear_thinking disable_reasoning frequency_penalty logit_bias logprobs "
    "max_completion_tokens max_tokens min_completion_tokens min_tokens model_parameters n "
    "parallel_tool_calls prediction presence_penalty prompt_cache_key reasoning_effort "
    "reasoning_format response_format seed service_tier stop stream stream_options temperature "
    "tool_choice tools top_logprobs top_p user"
)
_GROQ_KNOWN = _words(
    "messages model citation_options compound_custom disable_tool_validation documents "
    "exclude_domains frequency_penalty function_call functions include_domains "
    "include_reasoning logit_bias logprobs max_completion_tokens max_tokens metadata n "
    "parallel_tool_calls presence_penalty reasoning_effort reasoning_format response_format "
    "search_settings seed service_tier stop store stream stream_options temperature tool_choice "
    "tools top_logprobs top_p user"
)


def _complaints(vendor: Vendor, model: Model, body: Mapping[str, object]) -> Iterator[Reply]:
    """Every reason to refuse, in the order in which it would be given."""
    if not _list(body.get("messages")):
        yield error(vendor.dialect, 400, "'messages' : minimum number of items is 1")
    if body.get("stream"):
        yield error(vendor.dialect, 400, "this double does not stream")
    if vendor.dialect == "groq":
        yield from _groq_complaints(model, body)
    if vendor.dialect == "cerebras":
        yield from _cerebras_complaints(model, body)


def _groq_complaints(model: Model, body: Mapping[str, object]) -> Iterator[Reply]:
    for name in body.keys() - _GROQ_KNOWN:
        yield error("groq", 400, f"property '{name}' is unsupported")
    for name in _GROQ_UNSUPPORTED:
        if body.get(name):
            yield error("groq", 400, f"`{name}` is not supported with this model")
    if body.get("n", 1) not in (None, 1):
        yield error("groq", 400, "'n' : number must be at most 1")
    yield from _groq_reasoning(model, body)
    yield from _groq_format(model, body)


def _groq_reasoning(model: Model, body: Mapping[str, object]) -> Iterator[Reply]:
    effort = body.get("reasoning_effort")
    if model.family == "gpt-oss":
        if effort not in (None, "low", "medium", "high"):
            message = "`reasoning_effort` must be one of `low`, `medium`, or `high`"
            yield error("groq", 400, message)
        if body.get("reasoning_format"):
            yield error("groq", 400, "`reasoning_format` is not supported with this model")
    if model.family == "plain" and effort:
        yield error("groq", 400, "`reasoning_effort` is not supported with this model")
    if body.get("reasoning_format") and body.get("include_reasoning") is not None:
        message = "cannot specify both `reasoning_format` and `include_reasoning`"
        yield error("groq", 400, message)


def _groq_format(model: Model, body: Mapping[str, object]) -> Iterator[Reply]:
    form = _format(body)
    best = {"strict": 2, "json_schema": 1, "json_object": 0}
    if form == "json_object":
        said = " ".join(text for _, text in map(_content, _list(body.get("messages"))))
        if "json" not in said.lower():
            message = (
                "'messages' must contain the word 'json' in some form, to use "
                "'response_format' of type 'json_object'."
            )
            yield error("groq", 400, message)
    elif best.get(form, 0) > best[model.structured]:
        message = (
            "This model does not support response format `json_schema`. See supported models at "
            "https://console.groq.com/docs/structured-outputs#supported-models"
        )
        yield error("groq", 400, message, param="response_format")
    elif form == "strict":
        name, schema = _schema(body)
        if wrong := next(_strict_faults(schema, ""), None):
            message = f"invalid JSON schema for response_format: '{name}': {wrong}"
            yield error("groq", 400, message, param="response_format")


def _schema(body: Mapping[str, object]) -> tuple[str, object]:
    form = body["response_format"]
    inner = form.get("json_schema") if isinstance(form, dict) else None
    if not isinstance(inner, dict):
        return "", None
    return str(inner.get("name")), inner.get("schema")


def _strict_faults(schema: object, path: str) -> Iterator[str]:
    """What constrained decoding refuses in a schema, at each JSON pointer."""
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict):
        missing = [name for name in properties if name not in _list(schema.get("required"))]
        if missing:
            yield (
                f"{path}/required: The following properties must be listed in `required`: "
                f"{', '.join(missing)}"
            )
        if schema.get("additionalProperties") is not False:
            yield f"{path}: `additionalProperties:false` must be set on every object"
        for name, inner in properties.items():
            yield from _strict_faults(inner, f"{path}/properties/{name}")
    yield from _strict_faults(schema.get("items"), f"{path}/items")


def _cerebras_complaints(model: Model, body: Mapping[str, object]) -> Iterator[Reply]:
    unknown = sorted(body.keys() - _CEREBRAS_KNOWN)
    if unknown:
        yield _wrong_format(
            "\n".join(f"body.{name}: property 'body.{name}' is unsupported" for name in unknown)
        )
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        yield _wrong_format("max_tokens and max_completion_tokens cannot both be set")
    for index, message in enumerate(_list(body.get("messages"))):
        if isinstance(message, dict) and "reasoning_content" in message:
            name = f"messages.{index}.assistant.reasoning_content"
            yield _wrong_format(f"{name}: property '{name}' is unsupported")
    if body.get("tools") and body.get("response_format"):
        yield _wrong_format("response_format cannot be used together with tools")
    if _format(body) == "strict":
        _, schema = _schema(body)
        if len(json.dumps(schema)) > 5_000:
            yield _wrong_format("JSON schema exceeds 5000 characters", "response_format")
        if wrong := next(_cerebras_schema(schema), None) or next(_strict_faults(schema, ""), None):
            yield _wrong_format(wrong, "response_format")


def _wrong_format(message: str, param: str = "validation_error") -> Reply:
    return error("cerebras", 400, message, code="wrong_api_format", param=param)


def _cerebras_schema(schema: object) -> Iterator[str]:
    """What Cerebras' constrained decoding does not know."""
    if not isinstance(schema, dict):
        return
    if unknown := {"minItems", "maxItems", "pattern", "format"} & schema.keys():
        yield f"Unsupported JSON schema fields: {unknown}"
    if schema.get("type") == "array" and not schema.keys() & {"items", "prefixItems"}:
        yield "Array fields require at least one of 'items' or 'prefixItems'."
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for inner in properties.values():
            yield from _cerebras_schema(inner)
    yield from _cerebras_schema(schema.get("items"))
