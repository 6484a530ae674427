"""The border to servers: whatever comes over it, the outcome is an answer or a known failure.

Arbitrary replies go through the real SDKs, from a real socket, down to what is kept of them.
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from legalgen.completion import Completion, LimitReading, Usage
from legalgen.errors import LONGEST_HINT_S, ErrorCategory, Failure, ProviderError, classify
from legalgen.errors.retry_after import readings
from legalgen.providers._body import unpacker
from legalgen.providers._reply import MOST_TOKENS
from legalgen.providers.base import BulkJob, BulkProvider, Provider, RemoteModel
from legalgen.providers.catalog import Catalog
from legalgen.routing.spending import may_have_run
from tests.providers.test_providers import KEY, Reply, Server, failure_of, opened, request

NAMES = ["groq", "cerebras", "openai"]
DEEP = "[" * 100_000
INT64 = 2**63 - 1

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**31, 2**63, 10**9, 10**9 + 1, 10**400, -(10**30), 200, 429, 503]),
    st.sampled_from([0.5, 600.0, 1e308, -1e308, math.inf, math.nan]),
    st.sampled_from(
        ["", "stop", "length", "34", "\ud800", "\udc00x", KEY, "{", '{"a": 1}', "9" * 300]
    ),
    st.text(max_size=20),
)
NAMES_OF_FIELDS = """
    choices message delta content text type role reasoning reasoning_content refusal tool_calls
    function function_call arguments finish_reason index usage prompt_tokens completion_tokens
    prompt_tokens_details completion_tokens_details cached_tokens reasoning_tokens error code
    status status_code param detail headers retry_after id model data failed_generation thinking
    result msg message errors base_resp reasoning_details
"""
names = st.sampled_from(NAMES_OF_FIELDS.split())
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)


def like(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with some of these fields, or anything in its place."""
    return st.one_of(st.fixed_dictionaries({}, optional=fields), values)


completions = like(
    id=values,
    model=values,
    error=values,
    usage=like(
        prompt_tokens=scalars,
        completion_tokens=scalars,
        prompt_tokens_details=like(cached_tokens=scalars),
        completion_tokens_details=like(reasoning_tokens=scalars),
    ),
    choices=st.lists(
        like(
            message=like(content=values, reasoning=values, tool_calls=values, refusal=scalars),
            delta=like(content=values, reasoning_content=values),
            finish_reason=scalars,
        ),
        max_size=2,
    ),
)
FRAMES = {
    "plain": lambda body: body,
    "bom": lambda body: b"\xef\xbb\xbf" + body,
    "wide": lambda body: body.decode().encode("utf-16"),
    "events": lambda body: b"data: " + body + b"\n\ndata: [DONE]\n\n",
    "tail": lambda body: body + b"\n\ndata: [DONE]\n\n",
    "comments": lambda body: b": WORKING\n\n" + body,
    "torn": lambda body: body[: len(body) // 2],
    "bytes": lambda body: b"\xff\xfe\x00" + body,
    "deep": lambda body: body.replace(b"null", DEEP.encode(), 1),
    "page": lambda body: b"<!doctype html><title>" + body + b"</title>",
}
NAMES_OF_HEADERS = """
    retry-after retry-after-ms x-ratelimit-limit-requests x-ratelimit-remaining-tokens
        x-ratelimit-reset-tokens x-ratelimit-limit-tokens-day x-ratelimit-remaining-requests-day
        x-ratelimit-reset x-ratelimit-remaining ratelimit-reset x-should-retry content-type
"""
headers = st.dictionaries(
    st.sampled_from(NAMES_OF_HEADERS.split()),
    st.one_of(
        st.integers(1, 300).map(lambda digits: "9" * digits),
        st.integers(1, 300).map(lambda digits: "0." + "9" * digits + "s"),
        st.sampled_from(
            ["0", "-5", "1e308", "inf", "nan", "1h2m", "Wed, 21 Oct 9999 07:28:00 GMT", "9m38.016s",
             "0001-01-01T00:00:00+23:59", "application/json; charset=hex", "text/html; charset=zip",
             "text/event-stream", "1" * 40 + "s"]
        ),
        st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=30),
    ),
    max_size=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="module", params=NAMES)
def provider(request: pytest.FixtureRequest, server: Server) -> Iterator[Provider]:
    with opened(request.param, server.url) as one:
        yield one


def outcome(provider: Provider) -> Completion | Failure:
    """What one call comes to; anything but a completion or a failure escapes."""
    try:
        return provider.complete(request())
    except ProviderError as error:
        return error.failure


def check(found: Completion | Failure) -> None:
    """It can be kept: no number is beyond a column, no text beyond a file, no key in it."""
    kept = msgspec.json.encode(found)
    assert KEY.encode() not in kept
    if isinstance(found, Completion):
        check_usage(found.usage)
    else:
        assert found.category in ErrorCategory
        assert len(found.message) <= 200
        assert len(found.code or "") <= 100
        assert found.status is None or 100 <= found.status <= 999
        assert found.retry_after_s is None or 0 <= found.retry_after_s <= LONGEST_HINT_S
    for reading in found.readings:
        check_reading(reading)


def check_usage(usage: Usage) -> None:
    for tokens in (usage.input_tokens, usage.output_tokens):
        assert 0 <= tokens <= MOST_TOKENS
    assert 0 <= (usage.cached_tokens or 0) <= usage.input_tokens
    assert 0 <= (usage.reasoning_tokens or 0) <= usage.output_tokens
    spec = Catalog.load().spec("groq", "openai/gpt-oss-120b")
    cost = spec.cost_usd(usage.input_tokens, usage.output_tokens, usage.cached_tokens or 0)
    assert cost is not None
    assert 0 <= cost < 1e6


def check_reading(reading: LimitReading) -> None:
    for number in (reading.limit, reading.remaining, reading.reset_s):
        assert number is None or 0 <= number <= INT64


replies = st.builds(
    lambda body, frame, status, told: Reply(status, FRAMES[frame](json.dumps(body).encode()), told),
    completions,
    st.sampled_from(sorted(FRAMES)),
    st.sampled_from([200, 200, 200, 200, 400, 404, 422, 429, 500, 503, 999]),
    headers,
)


HALF = {"choices": [{"message": {"content": "\ud800"}, "finish_reason": "\ud800"}], "id": "\ud800"}
"""Half of a surrogate pair, which JSON can write and no file can hold."""


@given(reply=replies)
@example(reply=Reply(200, json.dumps(HALF | {"model": "\ud800"}).encode()))
def test_any_reply_is_an_answer_or_a_category(
    provider: Provider, server: Server, reply: Reply
) -> None:
    """Whatever a server sends: never an exception that nobody knows, never a value that no file
    can hold."""
    server.reply = reply

    check(outcome(provider))


@given(text=st.one_of(st.text(), values.map(str)), status=st.none() | st.integers(100, 999),
       body=completions, told=headers)  # fmt: skip
@example(text="slow down", status=429, body=None,
         told={"x-ratelimit-limit-requests": "30", "x-ratelimit-remaining-requests-day": "0",
               "x-ratelimit-reset-tokens": "9m38.016s"})  # fmt: skip
def test_any_error_is_a_category(
    text: str, status: int | None, body: object, told: dict[str, str]
) -> None:
    """The classifier and the readers of headers alone, on parsed bodies and bare texts."""
    check(classify(text, status=status, body=body, headers=told, provider="groq", secrets=(KEY,)))
    for reading in readings(told, provider="groq"):
        check_reading(reading)


def answer(**fields: object) -> dict[str, Any]:
    choice = {"message": {"content": "ok"}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 7}} | fields


def saying(text: str) -> dict[str, Any]:
    return answer(choices=[{"message": {"content": text}, "finish_reason": "stop"}])


@pytest.mark.parametrize("field", ["choices", "usage", "error", "id", "logprobs"])
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("closed", [False, True])
def test_nesting_without_end_is_a_category(
    provider: Provider, server: Server, field: str, status: int, closed: bool
) -> None:
    """JSON 100,000 deep, in any field of an answer or an error, whole or torn."""
    deep = DEEP + "]" * 100_000 if closed else DEEP
    whole = json.dumps(answer(**{field: "HERE"}))
    server.reply = Reply(status, whole.replace('"HERE"', deep).encode())

    found = outcome(provider)

    check(found)
    assert isinstance(found, Failure)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 2**63, "completion_tokens": 7}, Usage(0, 7)),
        ({"prompt_tokens": 10**400, "completion_tokens": 10**9 + 1}, Usage(0, 0)),
        ({"prompt_tokens": -9, "completion_tokens": 7}, Usage(0, 7)),
        ({"prompt_tokens": 600.5, "completion_tokens": "34"}, Usage(0, 0)),
        ({"prompt_tokens": 600.0, "completion_tokens": True}, Usage(600, 0)),
        ({"prompt_tokens": math.inf, "completion_tokens": math.nan}, Usage(0, 0)),
        (
            {
                "prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 10},
                "completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 8},
            },
            Usage(9, 7),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 7, "prompt_tokens_details": [],
             "completion_tokens_details": {"reasoning_tokens": -1}},
            Usage(9, 7),
        ),
        ({"prompt_tokens": 10**9, "completion_tokens": 7}, Usage(10**9, 7)),
        ([], Usage(0, 0)),
        ("none", Usage(0, 0)),
    ],
)  # fmt: skip
def test_a_number_of_tokens_that_cannot_be_is_unknown(
    provider: Provider, server: Server, usage: object, read: Usage
) -> None:
    """Too large, negative, a fraction, a text, a part above its whole: the answer is kept."""
    server.reply = Reply(200, json.dumps(answer(usage=usage)).encode())

    found = outcome(provider)

    assert isinstance(found, Completion)
    assert (found.text, found.usage) == ("ok", read)


def test_a_number_beyond_any_float_costs_no_answer(provider: Provider, server: Server) -> None:
    """1e400 is JSON."""
    server.reply = Reply(200, json.dumps(answer()).replace("9", "1e400").encode())
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert found.usage == Usage(0, 7)


def line(body: object, **more: object) -> bytes:
    answered = {"status_code": 200, "body": body}
    return json.dumps({"custom_id": "1.0", "response": answered, "error": None} | more).encode()


@pytest.fixture(scope="module")
def groq() -> Iterator[BulkProvider]:
    """Reads lines; there is no server."""
    with opened("groq", "http://127.0.0.1:9") as one:
        assert isinstance(one, BulkProvider)
        yield one


@given(body=completions, status=scalars, error=values, torn=st.booleans())
@example(body={"id": KEY, "model": KEY, "choices": []}, status=None, error=None, torn=False)
def test_any_line_of_a_bulk_result_is_an_answer_or_a_category(
    groq: BulkProvider, body: object, status: object, error: object, torn: bool
) -> None:
    """Read by the same reader; a line that is none is left out."""
    for written in (
        line(body),
        line(body, response={"status_code": status, "body": body}),
        line(body, error=error),
    ):
        read = groq.bulk_answer(written[: len(written) // 2] if torn else written)
        if read is not None:
            found = read.completion or read.failure
            assert found is not None
            check(found)


def test_a_line_without_end_is_no_answer(groq: BulkProvider) -> None:
    """Nested 100,000 deep."""
    deep = DEEP + "]" * 100_000
    assert groq.bulk_answer(line("HERE").replace(b'"HERE"', deep.encode())) is None


def test_a_job_with_impossible_numbers_goes_on(server: Server) -> None:
    """They are unknown, and nothing but shown."""
    job = {
        "id": "batch_1",
        "status": "in_progress",
        "request_counts": {"total": 2**63, "completed": -1, "failed": 0.5},
        "expires_at": 1e308,
        "errors": {"data": [{"message": f"bad key {KEY}", "line": 10**400}]},
    }
    server.reply = Reply(200, json.dumps(job).encode())
    with opened("groq", server.url) as groq:
        assert isinstance(groq, BulkProvider)
        found = groq.job("batch_1", 10.0)
    assert found == BulkJob("batch_1", "in_progress", faults=("bad key [redacted]",))


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "spelling", [KEY, "".join(f"\\u{ord(letter):04x}" for letter in KEY), "%74" + KEY[1:]]
)
def test_a_key_in_an_answer_is_not_kept(provider: Provider, server: Server, spelling: str) -> None:
    """A server that echoes what it was sent: in the answer, its reasoning, a name, a reason."""
    body = json.dumps(
        answer(
            model="KEY",
            choices=[
                {
                    "message": {"content": '{"answer": "KEY."}', "reasoning": "so KEY"},
                    "finish_reason": "KEY",
                }
            ],
        )
    )
    server.reply = Reply(200, body.replace("KEY", spelling).encode())

    found = outcome(provider)

    assert isinstance(found, Completion)
    assert found.text == '{"answer": "[redacted]."}'
    assert found.thinking == "so [redacted]"
    assert found.finish_reason == "[redacted]"


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("place", range(140, 210, 7))
def test_no_half_of_a_key_is_told(
    provider: Provider, server: Server, status: int, place: int
) -> None:
    """Wherever an excerpt of a reply ends, and whatever is folded before it."""
    for blanks in (1, 400, 25_000):
        server.reply = Reply(status, f"{'x' * place}{' ' * blanks}{KEY} is wrong".encode())
        failed = failure_of(provider)
        assert "test-k" not in failed.message
        assert KEY not in failed.answer


def test_a_code_that_is_the_key_is_none(provider: Provider, server: Server) -> None:
    """A code is told without the message."""
    body = {"error": {"message": "no", "code": KEY, "type": "invalid_api_key"}}
    server.reply = Reply(401, json.dumps(body).encode())
    assert failure_of(provider).code == "invalid_api_key"


# ---------------------------------------------------------------- how a body is packed


def deflated(data: bytes, window: int) -> bytes:
    packer = zlib.compressobj(wbits=window)
    return packer.compress(data) + packer.flush()


GOOD = json.dumps(answer()).encode()
PACKED = gzip.compress(GOOD, mtime=0)  # a test's name is made of it


@cache
def bomb() -> bytes:
    """64 MB of blanks; packed when the first test needs it, which few runs do."""
    return gzip.compress(b" " * (64 * 2**20))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", PACKED),
        ("X-GZip", PACKED),
        ("deflate", deflated(GOOD, zlib.MAX_WBITS)),
        ("deflate", deflated(GOOD, -zlib.MAX_WBITS)),
        ("identity", GOOD),
        ("identity, gzip", PACKED),
        ("utf-8", GOOD),
    ],
)
def test_a_body_may_be_packed_once(
    provider: Provider, server: Server, encoding: str, body: bytes
) -> None:
    """In the encodings that were asked for; what is no encoding is no matter."""
    server.reply = Reply(200, body, {"content-encoding": encoding})
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert found.text == "ok"


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("window", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_a_packed_reply_may_come_in_pieces_of_any_size(window: int, size: int) -> None:
    """With the frame that the standard asks for, or bare, as some servers send it."""
    unpacking, packed = unpacker(["deflate"]), deflated(GOOD, window)
    assert unpacking is not None
    found = [
        piece
        for at in range(0, len(packed), size)
        for piece in unpacking.pieces(packed[at : at + size])
    ]
    assert b"".join((*found, unpacking.rest())) == GOOD


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip, gzip", lambda: gzip.compress(bomb())),
        ("gzip, gzip", lambda: gzip.compress(gzip.compress(GOOD))),
        ("deflate, gzip", lambda: gzip.compress(deflated(bomb(), zlib.MAX_WBITS))),
        ("gzip", bomb),
        ("gzip", lambda: b"\x1f\x8b garbage"),
        ("deflate", lambda: b"garbage"),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_a_bomb_is_a_category(
    provider: Provider,
    server: Server,
    encoding: str,
    packed: Callable[[], bytes],
    status: int,
) -> None:
    """A reply that unfolds without end is a server's error, told in a sentence."""
    server.reply = Reply(status, packed(), {"content-encoding": encoding})
    failed = failure_of(provider)
    assert failed.category is ErrorCategory.SERVER_ERROR
    assert "the reply" in failed.message


FAR = "A caf\u00e9 owes \u20ac 5 \u2013 \u201cno more\u201d. " * 900
NO_BLOCK = b"\x07"
"""The beginning of a block of a kind that deflate has not."""


def spoilt(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return packer.compress(data[:-9]) + packer.flush(zlib.Z_FULL_FLUSH) + NO_BLOCK + data[-9:]


@pytest.mark.parametrize("size", [1, 900])
@pytest.mark.parametrize(
    ("encoding", "window"), [("gzip", 16 + zlib.MAX_WBITS), ("deflate", zlib.MAX_WBITS)]
)
def test_a_whole_answer_behind_which_only_a_checksum_is_wrong_is_used(
    provider: Provider, server: Server, encoding: str, window: int, size: int
) -> None:
    """It was paid for, and nothing of it is missing; one of some pages is unpacked in pieces."""
    packed = deflated(json.dumps(saying(FAR[: 40 * size])).encode(), window)
    checksum = -6 if encoding == "gzip" else -1
    wrong = bytearray(packed)
    wrong[checksum] ^= 255
    server.reply = Reply(200, bytes(wrong), {"content-encoding": encoding})
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert found.text == FAR[: 40 * size]


@pytest.mark.parametrize(("status", "kept"), [(200, True), (500, False)])
def test_what_was_unpacked_of_a_spoilt_answer_is_kept_and_counted(
    provider: Provider, server: Server, status: int, kept: bool
) -> None:
    """It may have been paid for, as one that breaks off; an error is paid by nobody."""
    text = "".join(f"{number} words of an answer. " for number in range(3_000))
    packed = spoilt(json.dumps(saying(text)).encode())
    server.reply = Reply(status, packed, {"content-encoding": "gzip"})
    failed = failure_of(provider)
    assert (failed.category, failed.status) == (ErrorCategory.SERVER_ERROR, status)
    assert "cannot be unpacked" in failed.message
    assert may_have_run(failed) is kept
    assert ("2900 words of an answer. " in failed.answer) is kept


def test_a_reply_of_which_nothing_can_be_unpacked_may_have_been_paid(
    provider: Provider, server: Server
) -> None:
    """There is nothing to keep of it, but its cost."""
    server.reply = Reply(200, b"not packed at all", {"content-encoding": "gzip"})
    failed = failure_of(provider)
    assert may_have_run(failed)
    assert failed.answer == ""


# ---------------------------------------------------------------- in which characters


@pytest.mark.parametrize(
    ("charset", "written"),
    [
        ("iso-8859-1", "cp1252"),  # as browsers read it
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("windows-1252", "cp1252"),
        ('"windows-1252"', "cp1252"),
        ("iso-8859-15", None),
        ("utf-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
        ("utf-32", "utf-32"),
        ("gb18030", "gb18030"),
        ("iso-8859-1", "utf-8"),
        ("utf-16", "utf-8"),
        ("gb18030", "utf-8"),
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("no-charset-of-this-world", "utf-8"),
        ("hex", "utf-8"),
        ("utf-7", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_a_declared_charset_is_read_where_a_body_is_no_utf_8(
    provider: Provider, server: Server, charset: str, written: str | None
) -> None:
    """Whatever a framework writes into the header, JSON in UTF-8 is read as that."""
    text = FAR.replace("\u2013", "").replace("\u201c", "").replace("\u201d", "")
    text = text if written is None else FAR
    body = json.dumps(saying(text), ensure_ascii=False).encode(written or charset)
    server.reply = Reply(200, body, {"content-type": f"application/json; charset={charset}"})
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert found.text == text


def test_the_words_of_an_error_are_read_in_their_charset(
    provider: Provider, server: Server
) -> None:
    """As those of an answer."""
    body = '{"error": {"message": "Le mod\u00e8le est surcharg\u00e9"}}'.encode("latin-1")
    server.reply = Reply(503, body, {"content-type": "application/json; charset=iso-8859-1"})
    assert failure_of(provider).message == "Le mod\u00e8le est surcharg\u00e9"


def test_a_charset_that_is_no_encoding_of_text_changes_nothing(
    provider: Provider, server: Server
) -> None:
    """Python's codecs unpack archives too; a body is UTF-8."""
    for charset in (
        "hex",
        "zip",
        "bz2",
        "rot13",
        "punycode",
        "utf-7",
        "idna",
        "undefined",
        "x" * 999,
    ):
        for body, said in (b"it went off", "it went off"), (b"it \xff went", "it \ufffd went"):
            server.reply = Reply(
                500,
                b'{"error": "%s"}' % body,
                {"content-type": f"application/json; charset={charset}"},
            )
            assert failure_of(provider).message == said


# ---------------------------------------------------------------- frames

TEXT = json.dumps(
    {"question": "Who pays?", "answer": "The \u2028 tenant {does}.", "citations": [{}]}
)
WHOLE = {
    "id": "c-1",
    "model": "m",
    "choices": [{"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 7},
}


def said(finish_reason: str | None = "stop", **message: object) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return json.dumps(WHOLE | {"choices": [choice]}, ensure_ascii=False).encode()


def event(finish_reason: str | None = None, **delta: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + json.dumps({"id": "c-1", "model": "m", "choices": [choice]}).encode()


def streamed(end: bytes = b"\n\n") -> bytes:
    pieces = [event(role="assistant", content=""), event(reasoning_content="Hm")]
    pieces += [event(content=TEXT[at : at + 9]) for at in range(0, len(TEXT), 9)]
    usage = {"id": "c-1", "choices": [], "usage": WHOLE["usage"]}
    pieces += [event("stop"), b"data: " + json.dumps(usage).encode(), b"data: [DONE]", b""]
    return end.join(pieces)


def called(arguments: object) -> list[dict[str, object]]:
    return [{"id": "t", "type": "function", "function": {"name": "answer", "arguments": arguments}}]


def numbered(index: object, **choice: object) -> bytes:
    whole = WHOLE | {"choices": [{"index": index, "finish_reason": "stop", **choice}]}
    return json.dumps(whole).encode()


PLAIN = said(content=TEXT)
FRAMED = {
    "an object": PLAIN,
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "sixteen bits": PLAIN.decode().encode("utf-16"),
    "a list": b"[" + PLAIN + b"]",
    "a pretty object": json.dumps(WHOLE, indent=2).encode(),
    "events": streamed(),
    "events with carriage returns": streamed(b"\r\n\r\n"),
    "events without blank lines": streamed(b"\n"),
    "one event": b"event: message\ndata: " + PLAIN + b"\n\n",
    "events with the whole at the end": streamed() + b"data: " + PLAIN + b"\n\n",
    "lines": PLAIN + b"\n" + PLAIN,
    "a tail": PLAIN + b"\n\ndata: [DONE]\n\n",
    "comments": b": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" + PLAIN,
    "comments and blanks": b"\n  \n: hold on\r\n\r\n" + PLAIN + b"\n",
    "parts": said(
        content=[{"type": "text", "text": TEXT[:20]}, {"type": "text", "text": TEXT[20:]}]
    ),
    "thinking parts": said(
        content=[
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
            {"type": "text", "text": TEXT},
        ]
    ),
    "output parts": said(content=[{"type": "output_text", "text": TEXT, "annotations": []}]),
    "strings": said(content=[TEXT]),
    "one part": said(content={"type": "text", "text": TEXT}),
    "reasoning": said(content="", reasoning=TEXT),
    "reasoning_content": said(content=None, reasoning_content=f"Let me {{think}}.\n{TEXT}\n"),
    "reasoning in a fence": said(content="\n", reasoning=f"```json\n{TEXT}\n```"),
    "a tool call": said("tool_calls", content=None, tool_calls=called(TEXT)),
    "a tool call without a word of it": said(content="", tool_calls=called(TEXT)),
    "an old function call": said("function_call", function_call={"arguments": TEXT}),
    "blanks up to the cap": said("length", content=TEXT + " \n" * 2000),
    "a fence and blanks up to the cap": said("length", content=f"```json\n{TEXT}\n```\n\n  "),
    "a summary of the thinking": said(
        content=[
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "{}"}]},
            {"type": "text", "text": TEXT},
        ]
    ),
    "thinking that is sealed": said(
        content=[{"type": "redacted_thinking", "data": "00"}, {"type": "text", "text": TEXT}]
    ),
    "thinking by another name": said(content="", thinking=f"Hm. {TEXT}"),
    "a text of the reasoning": said(content="", reasoning_text=f"Hm. {TEXT}"),
    "details of the reasoning": said(
        content="", reasoning_details=[{"type": "reasoning.text", "text": f"Hm. {TEXT}"}]
    ),
    "a tool call announced": said(
        "tool_calls", content="I answer by the tool.", tool_calls=called(TEXT)
    ),
    "an answer with a call beside it": said(
        "tool_calls", content=TEXT, tool_calls=called('{"query": "rent"}')
    ),
    "an envelope": b'{"code": 0, "msg": "success", "data": ' + PLAIN + b"}",
    "an envelope that is a text": json.dumps({"code": 0, "data": PLAIN.decode()}).encode(),
    "the envelope of a function": json.dumps({"statusCode": 200, "body": PLAIN.decode()}).encode(),
    "written twice": json.dumps(PLAIN.decode()).encode(),
    "no message, but a delta": json.dumps(
        WHOLE
        | {"choices": [{"message": None, "delta": {"content": TEXT}, "finish_reason": "stop"}]}
    ).encode(),
    "an empty message beside each piece": b"".join(
        b"data: "
        + json.dumps(
            WHOLE
            | {
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "", "content": ""},
                        "delta": {"content": piece},
                        "finish_reason": end,
                    }
                ]
            }
        ).encode()
        + b"\n\n"
        for piece, end in ((TEXT[:20], None), (TEXT[20:], "stop"))
    ),
    "a message of nulls beside a delta": json.dumps(
        WHOLE
        | {
            "choices": [
                {
                    "message": {"role": "assistant", "content": None, "tool_calls": None},
                    "delta": {"content": TEXT},
                    "finish_reason": "stop",
                }
            ]
        }
    ).encode(),
    "a choice without a list": json.dumps(
        WHOLE | {"choices": {"message": {"content": TEXT}, "finish_reason": "stop"}}
    ).encode(),
    "a tool call among the parts": said(
        "tool_calls", content=[{"type": "tool_use", "id": "t", "input": json.loads(TEXT)}]
    ),
    "an envelope with errors": b'{"success": true, "errors": [], "result": ' + PLAIN + b"}",
    "a state before it": b'{"status": "processing", "message": "in a queue"}\n' + PLAIN,
    "blank lines for minutes": b"\n" * 3000 + PLAIN,
    "events with comments and ids": b"\r\n".join(
        [b": ping", b"", b"event: message", b"id: 1", streamed(b"\r\n\r\n")]
    ),
    "lines of events": streamed().replace(b"data: ", b""),
    "parsed already": said(content=json.loads(TEXT)),
    "parsed already, in the parts": said(content=[json.loads(TEXT)]),
    "parsed beside no content": said(content=None, parsed=json.loads(TEXT), refusal=None),
    "parsed beside an empty content": said(content="", parsed=json.loads(TEXT)),
    "parsed beside the content": said(content=TEXT, parsed={"answer": "{}"}),
    "parsed into a text": said(content=None, parsed=TEXT),
    "another word for the content": said(text=TEXT),
    "a message that is a text": numbered(0, message=TEXT),
    "a number that is a text": numbered("0", message={"content": TEXT}),
    "a number that is a fraction": numbered(0.0, message={"content": TEXT}),
    "a number that is a word": numbered("first", message={"content": TEXT}),
    "counted from one": numbered(1, message={"content": TEXT}),
    "events with numbers that are texts": streamed().replace(b'"index": 0', b'"index": "0"'),
    "events counted from one": streamed().replace(b'"index": 0', b'"index": 1'),
    "events of a second choice between": streamed().replace(
        b"data: [DONE]",
        event(content="else").replace(b'"index": 0', b'"index": "1"') + b"\n\ndata: [DONE]",
    ),
    "a tool call whose number is a text": said(
        "tool_calls", content=None, tool_calls=[{"index": "0", **called(TEXT)[0]}]
    ),
    "another word for the end": said("end_turn", content=TEXT),
    "Google's word for the end": said("STOP", content=TEXT),
}


@pytest.mark.parametrize("frame", FRAMED)
def test_an_answer_is_read_whatever_its_frame(
    provider: Provider, server: Server, frame: str
) -> None:
    """It was paid for: the answer, that it is whole, and what it took."""
    server.reply = Reply(200, FRAMED[frame])

    found = outcome(provider)

    assert isinstance(found, Completion)
    assert json.loads(found.text.strip().removeprefix("```json").rstrip("` \n")) == json.loads(TEXT)
    assert (found.finish_reason, found.usage) == ("stop", Usage(9, 7))
    assert (found.response_id, found.model) == ("c-1", "m")


OLLAMA = {"model": "m", "prompt_eval_count": 9, "eval_count": 7}
PARTS = [{"type": "text", "text": TEXT}]
TOKENS = {"input_tokens": 9, "output_tokens": 7}
FOREIGN: dict[str, list[dict[str, object]]] = {
    "Ollama": [OLLAMA | {"message": {"content": TEXT}, "done": True, "done_reason": "stop"}],
    "Ollama in pieces": [
        {"message": {"content": TEXT[:9]}, "done": False},
        OLLAMA | {"message": {"content": TEXT[9:]}, "done": True, "done_reason": "stop"},
    ],
    "Ollama generate": [OLLAMA | {"response": TEXT, "done": True, "done_reason": "stop"}],
    "Anthropic": [
        {"type": "message", "content": PARTS, "stop_reason": "end_turn", "usage": TOKENS}
    ],
    "Bedrock": [
        {"output": {"message": {"content": [{"text": TEXT}]}}, "stopReason": "end_turn",
         "usage": {"inputTokens": 9, "outputTokens": 7}}
    ],
    "Responses": [
        {"object": "response", "status": "completed", "usage": TOKENS,
         "output": [{"type": "reasoning"}, {"type": "message", "content": PARTS}]}
    ],
    "Gemini": [
        {"candidates": [{"content": {"parts": [{"text": TEXT}]}, "finishReason": "STOP"}],
         "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 7}}
    ],
    "llama.cpp": [{"content": TEXT, "stop": True, "tokens_evaluated": 9, "tokens_predicted": 7}],
}  # fmt: skip


@pytest.mark.parametrize("api", FOREIGN)
def test_an_answer_in_the_form_of_another_api_is_read(
    provider: Provider, server: Server, api: str
) -> None:
    """A gateway passed it on untranslated; it was paid for, and so are its tokens counted."""
    server.reply = Reply(200, "\n".join(map(json.dumps, FOREIGN[api])).encode())
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert (found.text, found.finish_reason, found.usage) == (TEXT, "stop", Usage(9, 7))


@pytest.mark.parametrize(
    "body",
    [
        {"generated_text": TEXT},
        {"success": True, "errors": [], "result": {"response": TEXT}},
    ],
)
def test_a_bare_text_of_another_api_is_read(
    provider: Provider, server: Server, body: dict[str, object]
) -> None:
    """It says neither why it ended nor what it took."""
    server.reply = Reply(200, json.dumps(body).encode())
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert (found.text, found.finish_reason) == (TEXT, "other")


def test_half_an_answer_of_another_api_is_cut_off(provider: Provider, server: Server) -> None:
    """Each has its own word for the cap."""
    for body in (
        {"content": TEXT[:20], "stop": True, "stop_type": "limit"},
        {"object": "response", "status": "incomplete",
         "output": [{"type": "message", "content": [{"type": "output_text", "text": TEXT[:20]}]}]},
    ):  # fmt: skip
        server.reply = Reply(200, json.dumps(body).encode())
        found = outcome(provider)
        assert isinstance(found, Completion)
        assert (found.text, found.finish_reason) == (TEXT[:20], "length")


def test_an_object_that_a_server_has_parsed_is_written_again(
    provider: Provider, server: Server
) -> None:
    """As content, or as the arguments of a call."""
    value = json.loads(TEXT)
    for message in ({"content": value}, {"content": "", "tool_calls": called(value)}):
        server.reply = Reply(200, said(**message))
        found = outcome(provider)
        assert isinstance(found, Completion)
        assert json.loads(found.text) == value


@pytest.mark.parametrize(
    ("body", "text", "finish_reason"),
    [
        (said("length", content=TEXT[:-1]), TEXT[:-1], "length"),  # an inner object is whole
        (said("length", content="", reasoning="I begin: {}. Then"), "", "length"),
        (said("length", content="", reasoning=f"so {{ then {TEXT}"), "", "length"),
        (said(content="", reasoning="I am done."), "", "stop"),
        (said(content="", refusal="No."), "", "content_filter"),
        (said(None, content="Yes"), "Yes", "other"),
        (json.dumps(WHOLE | {"choices": []}).encode(), "", "stop"),
        (event(content="half"), "half", "other"),
        (said("MAX_TOKENS", content=TEXT[:-1]), TEXT[:-1], "length"),
        (said("max_tokens", content="half"), "half", "length"),
        (said("model_length", content="half"), "half", "length"),
        (said("SAFETY", content=""), "", "content_filter"),
        (said("sensitive", content="half"), "half", "content_filter"),
    ],
)
def test_what_is_not_whole_is_not_made_so(
    provider: Provider, server: Server, body: bytes, text: str, finish_reason: str
) -> None:
    """Half an answer, thoughts without one, a refusal, an empty reply, a stream that broke off."""
    server.reply = Reply(200, body)
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert (found.text, found.finish_reason) == (text, finish_reason)


def test_an_error_in_a_stream_is_an_error(provider: Provider, server: Server) -> None:
    """A gateway says only in the middle of it that its upstream broke."""
    error = {"error": {"message": "Provider returned error: overloaded", "code": 503}}
    server.reply = Reply(200, event(content="half") + b"\n\ndata: " + json.dumps(error).encode())
    assert failure_of(provider).category is ErrorCategory.OVERLOADED


def broken_off(**fields: object) -> dict[str, object]:
    choice = {"index": 0, "finish_reason": "error", "message": {"content": "half"}, **fields}
    return dict[str, object](WHOLE, choices=[choice])


@pytest.mark.parametrize(
    ("body", "category"),
    [
        (broken_off(error={"code": 502, "message": "Provider disconnected"}), "server_error"),
        (broken_off(finish_reason="insufficient_system_resource"), "overloaded"),
        (broken_off(finish_reason="abort"), "server_error"),
        ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"},
          "choices": None}, "quota_exhausted"),
        ({"code": 1305, "msg": "该模型当前访问量过大", "success": False}, "overloaded"),
        ({"error_code": 18, "error_msg": "Open api qps request limit reached"}, "rate_limit"),
        ({"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"},
         "rate_limit"),
        ({"success": False, "errors": [{"code": 3040, "message": "Capacity exceeded"}]},
         "overloaded"),
        ({"detail": "Model is loading"}, "overloaded"),
        ({"code": 401, "msg": "token expired or incorrect", "success": False}, "authentication"),
    ],
    ids=str,
)  # fmt: skip
def test_an_error_under_200_is_read_in_each_vendors_fields(
    provider: Provider, server: Server, body: object, category: str
) -> None:
    """Where there are no choices, or the answer was broken off, what is told is an error; with
    what was written of the answer."""
    server.reply = Reply(200, json.dumps(body).encode())
    failed = failure_of(provider)
    written = "half" if "half" in str(body) else ""
    assert (failed.category, failed.answer) == (category, written)


TOOK = {"prompt_tokens": 900, "completion_tokens": 700}


@pytest.mark.parametrize(
    "body",
    [
        broken_off() | {"usage": TOOK},
        {"error": {"message": "internal error", "type": "server_error"}, "usage": TOOK},
    ],
    ids=["broken off", "an error alone"],
)
def test_an_error_under_200_tells_what_its_call_took(
    provider: Provider, server: Server, body: object
) -> None:
    """It was charged, whatever came of it."""
    server.reply = Reply(200, json.dumps(body).encode())
    failed = failure_of(provider)
    assert failed.usage == Usage(900, 700)
    assert may_have_run(failed)


@pytest.mark.parametrize(
    ("message", "ran"),
    [({"content": "half"}, True), ({"content": "", "reasoning": "hm"}, True), ({}, False)],
)
def test_what_was_written_before_an_error_may_have_been_paid(
    provider: Provider, server: Server, message: object, ran: bool
) -> None:
    """Where nothing is said of its tokens: words came, and nobody writes for nothing."""
    error = {"code": 503, "message": "Provider overloaded"}
    body = broken_off(message=message, error=error) | {"usage": None}
    server.reply = Reply(200, json.dumps(body).encode())
    failed = failure_of(provider)
    assert (failed.usage, may_have_run(failed)) == (None, ran)


@pytest.mark.parametrize("fields", [{}, {"error": {"code": 502, "message": "Disconnected"}}])
def test_an_answer_that_is_whole_before_it_breaks_off_is_one(
    provider: Provider, server: Server, fields: dict[str, object]
) -> None:
    """It was paid for, and nothing of it is missing."""
    server.reply = Reply(200, json.dumps(broken_off(message={"content": TEXT}, **fields)).encode())
    found = outcome(provider)
    assert isinstance(found, Completion)
    assert (found.text, found.finish_reason) == (TEXT, "stop")


@pytest.mark.parametrize("name", ["groq", "openai"])
def test_the_whole_body_of_a_refusal_is_read(name: str, server: Server) -> None:
    """The SDK of OpenAI keeps one word of a body whose sentence stands beside ``error``."""
    body = {"status": 400, "error": "Bad Request", "message": 'Unrecognized field "seed"'}
    server.reply = Reply(400, json.dumps(body).encode())
    with opened(name, server.url) as provider:
        failed = failure_of(provider)
    assert (failed.message, failed.parameters) == (body["message"], ("seed",))


def test_one_word_of_a_server_is_told(provider: Provider, server: Server) -> None:
    """It says more than its status, which is all that the SDK says."""
    server.reply = Reply(401, b'{"error": "Unauthorized"}')
    assert failure_of(provider).message == "Unauthorized"


@pytest.mark.parametrize("body", [PLAIN[:-9], b'{"result": "ok"}', b"plain words", event()[:-9]])
def test_what_cannot_be_read_is_handed_on_as_it_came(
    provider: Provider, server: Server, body: bytes
) -> None:
    """For ``rejected/``; a web page was not paid for."""
    server.reply = Reply(200, body)
    assert failure_of(provider).answer == body.decode()
    server.reply = Reply(200, body, {"content-type": "text/html"})
    assert failure_of(provider).answer == ""


def test_a_list_of_models_is_read_row_by_row(provider: Provider, server: Server) -> None:
    """A row that cannot be read, or a size that cannot be one, hides no other."""
    rows = [
        {"id": "a", "context_window": 10**400, "max_completion_tokens": -1},
        {"id": 3},
        "b",
        {"id": "c", "context_length": 8192.0, "active": None},
        {"id": "d", "active": False},
        {"id": "e", "max_model_len": 4096, "max_output_length": "many"},
    ]
    for listed in ({"data": rows}, rows):
        server.reply = Reply(200, json.dumps(listed).encode())
        assert provider.list_models(5.0) == (
            RemoteModel("a"),
            RemoteModel("c", 8192),
            RemoteModel("e", 4096),
        )
