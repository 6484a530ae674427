"""What an OpenAI-shaped reply says, read from its bytes whatever its frame.

An answer that came back was paid for, so it is read in every form that servers give it: as one
JSON object, as server-sent events, with comments before it or ``data: [DONE]`` behind it, with
the content in parts, in the arguments of a tool call or among the reasoning. Nothing is believed
unchecked: a number of tokens that cannot be one is unknown, and costs the answer nothing.

Nothing here raises, whatever the bytes are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from msgspec.structs import replace

from legalgen.completion import Usage

MOST_TOKENS = 10**9
"""More tokens than this are no count of any call, and no size of any model."""
_LONGEST_NAME = 200
_LONGEST_INTEGER = 400
"""Digits. Longer ones are unknown: Python takes quadratic time to read them, or refuses."""
_MOST_STARTS = 64

Fields = Mapping[str, object]


class ChatReply(msgspec.Struct, frozen=True):
    """A chat completion as far as it is used, or the error that came under status 200; with the
    error what had been written before it, as ``text``, and what is said of the tokens it took.

    ``finish_reason`` is the vendor's word, but ``stop`` where the answer is whole whatever the
    vendor says of it. ``status`` is the HTTP status that an error means.
    """

    text: str = ""
    thinking: str | None = None
    finish_reason: str = "other"
    usage: Usage = Usage()
    model: str | None = None
    id: str | None = None
    error: object = None
    status: int | None = None


def chat_reply(body: bytes) -> ChatReply | None:
    """The completion or the error in ``body``; None where there is neither."""
    documents = [_opened(document) for document in _documents(body) if isinstance(document, dict)]
    answers = [document for document in documents if isinstance(document.get("choices"), list)]
    said = _said(answers)
    usage = _usage(_last(documents, "usage"))
    if said.finish_reason in ("", _BROKEN) and not _object_at_the_end(said.content, cut=True):
        errors = (_error(document, alone=not answers) for document in documents)
        error = next(filter(None, errors), None)
        if error is not None:
            return replace(error, text=said.content or said.reasoning, usage=usage)
    text = _answer(said)
    if not answers or (said.odd and not (text or said.reasoning or said.refusal)):
        return None
    return ChatReply(
        text=text,
        thinking=said.reasoning or None,
        finish_reason=_finish_reason(said, answers),
        usage=usage,
        model=_name(_last(answers, "model")),
        id=_name(_last(answers, "id")),
    )


_ENVELOPES = ("result", "data", "response", "output", "body")
"""What gateways call the field that they put a reply into, as an object or as its text."""


def _opened(document: Fields) -> Fields:
    """The reply in a gateway's envelope, or the document itself, in the form of OpenAI's API."""
    for one in (document, *(_read_again(document.get(name)) for name in _ENVELOPES)):
        if not isinstance(one, dict):
            continue
        choices = one.get("choices")
        if isinstance(choices, list):
            return one
        choice = choices if isinstance(choices, dict) else _foreign(one)
        if choice is not None:
            usage = next((one[name] for name in _USAGES if one.get(name)), one)
            return {**one, "choices": [choice], "usage": usage}
    return document


def _read_again(value: object) -> object:
    """The JSON in ``value`` where a gateway has written a reply into a string."""
    return json_value(value.encode("utf-8", "replace")) if isinstance(value, str) else value


_USAGES = ("usage", "usageMetadata")


def _foreign(document: Fields) -> Fields | None:
    """The choice that a reply in another API's form is: a gateway passed it on untranslated."""
    content: object
    match document:
        case {"message": {"content": content}, "done": bool()}:  # Ollama
            word = document.get("done_reason")
        case {"type": "message", "content": list(content)}:  # Anthropic
            word = document.get("stop_reason")
        case {"output": {"message": {"content": list(content)}}, "stopReason": word}:  # Bedrock
            pass
        case {"object": "response", "output": list(items)}:  # OpenAI's Responses
            content = [part for item in items for part in _parts_of(item)]
            word = "length" if document.get("status") == "incomplete" else "stop"
        case {"candidates": [{"content": {"parts": list(content)}, **rest}, *_]}:  # Gemini
            word = rest.get("finishReason")
        case {"content": str(content), "stop": bool()}:  # llama.cpp
            word = "length" if document.get("stop_type") == "limit" else "stop"
        case (
            {"generated_text": str(content)}  # TGI
            | {"response": str(content), "done": bool()}  # Ollama
            | {"result": {"response": str(content)}, "success": True}  # Cloudflare
        ):
            word = document.get("done_reason")
        case _:
            return None
    return {"delta": {"content": content}, "finish_reason": word}


def _parts_of(item: object) -> list[object]:
    parts = item.get("content") if isinstance(item, dict) and item.get("type") == "message" else ()
    return parts if isinstance(parts, list) else []


def _error(document: Fields, *, alone: bool) -> ChatReply | None:
    """An error under status 200; a number inside it is the status that was meant."""
    error = document.get("error") or _broken_off(_choice(document) or {})
    error = error or (alone and _told(document))
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    numbers = (http_status(number) for number in (document.get("status_code"), code))
    return ChatReply(error=error, status=next((n for n in numbers if n is not None), None))


def _broken_off(choice: Fields) -> object:
    """Why an answer ended before it was done; None: it did not."""
    if choice.get("error") or _ending(choice) != _BROKEN:
        return choice.get("error")
    word = choice["finish_reason"]
    message = f"the answer was broken off: {word}"
    return {"message": message, "code": word, "type": "server_error"}


_ERROR_FIELDS = ("errors", "error_msg", "msg", "message", "detail", "base_resp")
_ERROR_MARKS = ("code", "error_code", "status", "type")


def _told(document: Fields) -> object:
    """What a document with no answer beside it tells in a vendor's own fields, as an error."""
    told = {name: document[name] for name in _ERROR_FIELDS if document.get(name)}
    if isinstance(told.get("message"), dict):
        return None
    return told and told | {name: document[name] for name in _ERROR_MARKS if name in document}


# --- frames --------------------------------------------------------------------------------------


def json_value(body: bytes) -> object:
    """The JSON value in ``body``; None if it is none, or is nested too deep to be read."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Python's own decoder also takes halves of surrogate pairs, 1e400 and NaN.
        return _first_value(_text(body).strip())


def _first_value(text: str) -> object:
    try:
        return _LENIENT.decode(text)
    except (ValueError, RecursionError):
        return None


def _documents(body: bytes) -> Sequence[object]:
    """The JSON values of a reply: itself, the items of a list, or its events."""
    value = _read_again(json_value(body))
    if isinstance(value, list):
        return value
    if value is not None:
        return (value,)
    return [one for payload in _payloads(_text(body)) for one in _values(payload)]


_LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines() splits at U+2028, which JSON may hold


def _payloads(text: str) -> Iterator[str]:
    """The data of each server-sent event, then what stands in no event."""
    event, bare = list[str](), list[str]()
    for line in _LINE_END.split(text):
        if line.startswith("data:"):
            event.append(line.removeprefix("data:"))
        elif not line.strip():
            yield "\n".join(event)
            event = []
        elif not line.startswith((":", "event:", "id:", "retry:")):
            bare.append(line)
    yield "\n".join(event)
    yield "\n".join(bare)


def _values(text: str) -> Iterator[object]:
    """The JSON objects that follow one another in ``text``, as far as they are whole."""
    at = text.find("{")
    while at >= 0:
        try:
            value, end = _LENIENT.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value
        at = text.find("{", end)


def _text(body: bytes) -> str:
    wide = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    return body.decode("utf-16" if wide else "utf-8-sig", "replace")


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else None


_LENIENT = json.JSONDecoder(strict=False, parse_int=_integer)


def as_text(value: object) -> str:
    """``value`` as JSON; empty if it is nested too deep to be written."""
    try:
        return whole_characters(json.dumps(value, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):
        return ""


def whole_characters(text: str) -> str:
    """``text`` with halves of surrogate pairs joined, or replaced: no file can hold them."""
    try:
        text.encode()  # a sixth of the time that a search for halves takes
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


# --- the message ---------------------------------------------------------------------------------


class _Said(msgspec.Struct):
    """What all pieces of a message say together; ``finish_reason`` is empty until one is given.

    ``odd``: there was a choice of which nothing could be made.
    """

    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    arguments: str = ""
    finish_reason: str = ""
    odd: bool = False


def _said(answers: Sequence[Fields]) -> _Said:
    """The message of a completion, or of the events of one."""
    every = [choice for answer in answers if (choice := _choice(answer)) is not None]
    # Some count from 1; we never ask for more than one, but pieces of a second may come between.
    least = min((number for number in map(_index, every) if number is not None), default=None)
    choices = [choice for choice in every if _index(choice) in (None, least)]
    # A server that streams may send the whole message once more when it is done.
    whole = [choice for choice in choices if _says(choice.get("message"))]
    said = _Said()
    for choice in whole[-1:] or choices:
        message, piece = choice.get("message"), choice.get("delta")
        if not _says(message) and piece is not None:
            message = piece  # one-api sends an empty message beside each piece
        if message is None:
            message = {"content": choice.get("text", 0)}
        if isinstance(message, str):
            message = {"content": message}
        if isinstance(message, dict):
            _add(said, message)
        said.odd |= not isinstance(message, dict) or _is_odd(message.get("content"))
        said.finish_reason = _ending(choice) or said.finish_reason
    for name in ("content", "reasoning", "refusal", "arguments", "finish_reason"):
        setattr(said, name, whole_characters(getattr(said, name)))
    return said


def _says(message: object) -> bool:
    """Whether a message holds anything but its role."""
    return isinstance(message, dict) and any(
        message.get(name) for name in message if name != "role"
    )


_BROKEN = "error"
_BREAKS = frozenset({"error", "abort", "network_error", "insufficient_system_resource"})
"""Ends that OpenRouter, SGLang, Zhipu and DeepSeek give an answer which broke under way."""
_FINISHES = {
    **dict.fromkeys(
        ("stop", "end_turn", "eos", "eos_token", "stop_sequence", "complete"), "stop"
    ),
    **dict.fromkeys(
        ("length", "max_tokens", "max_output_tokens", "model_length",
         "model_context_window_exceeded"), "length",
    ),
    **dict.fromkeys(
        ("content_filter", "safety", "refusal", "recitation", "prohibited_content", "blocklist",
         "sensitive", "guardrail_intervened"), "content_filter",
    ),
    **dict.fromkeys(_BREAKS, _BROKEN),
}  # fmt: skip
"""How vendors, and gateways in front of them, say why an answer ended; in small letters."""


def _ending(choice: Fields) -> str:
    """Why an answer ended, in the words of OpenAI's API; another vendor's own word as it stands."""
    word = choice.get("finish_reason")
    if not isinstance(word, str):
        return ""
    return _FINISHES.get(word.lower(), word[:_LONGEST_NAME])


def _choice(answer: Fields) -> Fields | None:
    """The first choice, whatever its number."""
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def _index(numbered: Fields) -> int | None:
    """The number of a choice or a call, also as a text; None where it has none."""
    return whole_number(_unquoted(numbered.get("index")))


_REASONING = (
    "reasoning", "reasoning_content", "thinking", "reasoning_text", "reasoning_details",
)  # fmt: skip


_PARSED = ("parsed", "structured_output", "json", "text")
"""Where the answer stands of a server that has parsed it, or has another word for ``content``."""


def _parsed(value: object) -> str:
    return as_text(value) if isinstance(value, dict) and value else _content(value)[0]


def _add(said: _Said, message: Fields) -> None:
    """Add one message, or one piece of a streamed one."""
    content, thinking = _content(message.get("content"))
    said.content += content or next(filter(None, map(_parsed, map(message.get, _PARSED))), "")
    # Groq, Cerebras, Ollama and vLLM have the one name, llama.cpp and DeepSeek the other; a
    # gateway sends the same text under both.
    named = (_content(message.get(name)) for name in _REASONING)
    said.reasoning += thinking + next((text + more for text, more in named if text or more), "")
    refusal = message.get("refusal")
    said.refusal += refusal if isinstance(refusal, str) else ""
    said.arguments += _arguments(message)


def _content(content: object) -> tuple[str, str]:
    """The text and the thinking in a ``content``: a string, or a list of typed parts."""
    match content:
        case str():
            return content, ""
        case list():
            parts = [_part(part) for part in content]
            return "".join(text for text, _ in parts), "".join(more for _, more in parts)
        case dict():
            return _part(content)
        case _:
            return "", ""


def _is_odd(content: object) -> bool:
    return not (content is None or isinstance(content, str | list | dict))


def _part(part: object) -> tuple[str, str]:
    """The text and the thinking in one part of a message."""
    match part:
        case str():
            return part, ""
        case {"type": "thinking" | "reasoning" as kind, **rest}:
            return "", "".join(_flat(rest.get(kind) or rest.get("text")))
        case {"text": str(text)} | {"text": {"value": str(text)}} | {"content": str(text)}:
            return text, ""
        case {"type": str(kind)} if kind != "tool_use":
            return "", ""  # an image, a reference
        case {"type": "tool_use", "input": dict(given)} | dict(given):
            return as_text(given), ""  # a server that has parsed the answer already
        case _:
            return "", ""


def _flat(value: object) -> Iterator[str]:
    """The texts in the parts of a thinking part, which are no deeper than that."""
    for one in value if isinstance(value, list) else [value]:
        text = one.get("text") if isinstance(one, dict) else one
        if isinstance(text, str):
            yield text


def _arguments(message: Fields) -> str:
    """What the first tool call is given, where a server makes one of the answer."""
    calls = message.get("tool_calls")
    first = calls[0] if isinstance(calls, list) and calls else None
    called = first.get("function") if isinstance(first, dict) and not _index(first) else None
    called = called or message.get("function_call")
    given = called.get("arguments") if isinstance(called, dict) else None
    if isinstance(given, dict):
        return as_text(given)
    return given if isinstance(given, str) else ""


_CALLS = ("tool_calls", "function_call")


def _answer(said: _Said) -> str:
    """The answer, wherever the server put it."""
    called = said.arguments.strip() and said.finish_reason in _CALLS
    if said.content.strip() and (not called or _object_at_the_end(said.content, cut=False)):
        return said.content  # with a call beside it, other words are an announcement
    if said.arguments.strip():
        return said.arguments
    return _object_at_the_end(said.reasoning, cut=said.finish_reason == "length")


def _finish_reason(said: _Said, answers: Sequence[Fields]) -> str:
    answer = _answer(said)
    if said.refusal and not answer:
        return "content_filter"
    if said.finish_reason in _CALLS:
        return "stop"
    # Some models go on with blanks up to the cap after their object is closed, or break there.
    if said.finish_reason in ("length", _BROKEN) and _object_at_the_end(answer, cut=True):
        return "stop"
    if not answer and not any(map(_choice, answers)):
        return "stop"  # no choice at all is an empty answer, not one that was cut off
    return said.finish_reason or "other"


def _object_at_the_end(text: str, *, cut: bool) -> str:
    """The JSON object that ``text`` ends with; empty if it ends otherwise.

    Where the text may have been ``cut``, only the first brace counts: the last inner object of
    half an answer is whole too.
    """
    text = text.rstrip("` \t\r\n")
    if not text.endswith("}"):
        return ""
    starts = [match.start() for match in islice(re.finditer(r"\{", text), _MOST_STARTS)]
    for start in starts[:1] if cut else starts:
        try:
            value, end = _LENIENT.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if end == len(text) and isinstance(value, dict):
            return text[start:]
    return ""


# --- numbers and names ---------------------------------------------------------------------------


def tokens(value: object) -> int | None:
    """A number of tokens, 0 to ``MOST_TOKENS``; None for anything else: a fraction, a text."""
    number = whole_number(value)
    return number if number is not None and number <= MOST_TOKENS else None


def whole_number(value: object) -> int | None:
    """A whole number from 0 on; JSON has no other way to write one than servers have to err."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def http_status(value: object) -> int | None:
    """An HTTP status; None for any other value."""
    number = whole_number(value)
    return number if number is not None and 100 <= number <= 599 else None


_SENT = ("prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens", "prompt_eval_count",
         "tokens_evaluated")  # fmt: skip
_MADE = ("completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens", "eval_count",
         "tokens_predicted")  # fmt: skip


def _first_count(usage: Fields, names: Sequence[str]) -> int | None:
    counts = (tokens(usage.get(name)) for name in names)
    return next((count for count in counts if count is not None), None)


def stated_usage(usage: object) -> Usage | None:
    """The tokens that a ``usage`` tells; None where it tells none."""
    found = _usage(usage)
    return found if found != Usage() else None


def _usage(usage: object) -> Usage:
    """The tokens of a call; of parts that are larger than their whole nothing is known."""
    fields = usage if isinstance(usage, dict) else {}
    sent, made = (_first_count(fields, names) for names in (_SENT, _MADE))
    cached = _detail(fields, "prompt_tokens_details", "cached_tokens")
    reasoned = _detail(fields, "completion_tokens_details", "reasoning_tokens")
    return Usage(
        input_tokens=sent or 0,
        output_tokens=made or 0,
        reasoning_tokens=reasoned if reasoned is not None and reasoned <= (made or 0) else None,
        cached_tokens=cached if cached is not None and cached <= (sent or 0) else None,
    )


def _detail(usage: Fields, group: str, name: str) -> int | None:
    details = usage.get(group)
    return tokens(details.get(name)) if isinstance(details, dict) else None


def _last(documents: Sequence[Fields], name: str) -> object:
    """The last value of a field that is given at all: usage comes with the last event."""
    return next((one[name] for one in reversed(documents) if one.get(name) is not None), None)


def _name(value: object) -> str | None:
    return whole_characters(value[:_LONGEST_NAME]) if isinstance(value, str) and value else None


# --- lists ---------------------------------------------------------------------------------------


class ListedModel(msgspec.Struct, frozen=True):
    """A row of a model list; a size is None where it is not said or cannot be one."""

    id: str
    active: bool = True
    context_window: int | None = None
    max_completion_tokens: int | None = None


_CONTEXT = (
    "loaded_context_length", "n_ctx", "max_model_len", "max_total_tokens", "max_seq_len",
    "context_window", "context_length", "context_size", "max_sequence_length", "max_context_length",
    "max_context_tokens", "max_input_tokens", "max_input_length", "input_token_limit",
)  # fmt: skip
_OUTPUT = (
    "max_completion_tokens", "max_output_length", "max_output_tokens", "output_token_limit",
)  # fmt: skip
"""Each vendor has its own word for the sizes, and its own spelling (``contextWindow``); what a
server was started with comes first."""


def model_list(body: bytes) -> list[ListedModel] | None:
    """The rows of a model list; None if ``body`` holds none. A row without an id is left out."""
    value = json_value(body)
    rows = value.get("data") if isinstance(value, dict) else value  # Together sends them bare
    if not isinstance(rows, list):
        return None
    named = ((row, _name(row.get("id"))) for row in rows if isinstance(row, dict))
    return [_listed(row, name) for row, name in named if name is not None]


def _listed(row: Fields, name: str) -> ListedModel:
    return ListedModel(
        id=name,
        active=row.get("active") is not False,
        context_window=context_of(row),
        max_completion_tokens=_size(row, _OUTPUT),
    )


def context_of(row: Fields) -> int | None:
    """The context that a row of any list of models tells, in tokens; None where it tells none."""
    return _size(row, _CONTEXT)


def _size(row: Fields, names: Sequence[str]) -> int | None:
    """The first size of these names in a row or in a table of it (``meta``, ``limits``, ...)."""
    tables = [_in_one_spelling(each) for each in (row, *row.values()) if isinstance(each, dict)]
    spelt = (name.replace("_", "") for name in names)
    sizes = (_sized(table.get(name)) for name in spelt for table in tables)
    return next((size for size in sizes if size), None)


def _in_one_spelling(table: Fields) -> Fields:
    return {re.sub(r"[_\W]", "", str(name).lower()): value for name, value in table.items()}


_DIGITS = re.compile(r"\s*\d{1,3}(?:[,_]?\d{3}){0,3}\s*|\s*\d{1,10}\s*", re.ASCII)


def _unquoted(value: object) -> object:
    """A number that some servers write as a text; else the value."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value.replace(",", ""))
    return value


def _sized(value: object) -> int | None:
    """The size of a model."""
    return tokens(_unquoted(value)) or None


def context_at(value: object, *path: str) -> int | None:
    """The number of tokens at a path of keys; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return _sized(value)
