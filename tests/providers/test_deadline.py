"""Calls end on time, whatever the server, the resolver or the proxy does: real SDKs and sockets."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import NoReturn

import httpcore
import httpx
import pytest

from legalgen.completion import Message, ModelRef, Prompt, Request
from legalgen.errors import ErrorCategory, Failure, ProviderError, Trouble
from legalgen.errors.pages import CUT_OFF, NO_HTTP
from legalgen.providers import server_time
from legalgen.providers._http import (
    LATE_BYTES,
    MAX_REPLY_BYTES,
    RECEIVED,
    Abandoned,
    DeadlineBackend,
    DeadlineClient,
    ReplyTooLarge,
    _Resolver,
    deadline,
)
from legalgen.providers._transport import environment_proxies
from legalgen.providers.base import Provider
from legalgen.providers.catalog import Catalog
from legalgen.providers.loading import open_provider
from legalgen.routing.remedies import remedy
from legalgen.ui.words import told_of
from tests.program import closed_port, silent_port
from tests.waiting import eventually

HANG_S = 60.0
"""No call of these tests may take this long; the servers would keep it for ever."""
DEADLINES_S = (0.4, 2.0, 10.0, HANG_S)
"""The longer ones are for a machine so busy that a call has not left within the one before."""

Script = Callable[[socket.socket], None]


class RawServer:
    """Answers each connection with ``script`` in a thread of its own; closes it afterwards."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.closing = threading.Event()
        self.accepted = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._open: set[socket.socket] = set()
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.add(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        self.accepted.set()
        with connection, contextlib.suppress(OSError):
            self._script(connection)

    def close(self) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(HANG_S)


@contextlib.contextmanager
def serving(script: Script) -> Iterator[RawServer]:
    server = RawServer(script)
    try:
        yield server
    finally:
        server.close()


def dribble(connection: socket.socket, data: bytes) -> None:
    """One byte at a time, each well within any read timeout; then nothing more, for ever."""
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)
    hang(connection)


def hang(connection: socket.socket) -> None:
    """Take everything, answer nothing, until the other side leaves."""
    while connection.recv(65536):
        pass


def never_answers(connection: socket.socket) -> None:
    hang(connection)


def dribbles_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    dribble(connection, b"HTTP/1.1 200 OK\r\n" + b"x-padding: 1\r\n" * 1000)


def dribbles_body(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    dribble(connection, b" " * 100000)


def stalls_after_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
    hang(connection)


def dribbles_interim_replies(connection: socket.socket) -> None:
    connection.recv(65536)
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.05)


def dribbles_an_error(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 500 Oh\r\ncontent-length: 100000\r\n\r\n")
    dribble(connection, b" " * 100000)


FAULTS = [
    never_answers,
    dribbles_headers,
    dribbles_body,
    stalls_after_headers,
    dribbles_interim_replies,
    dribbles_an_error,
]
REMOTE = ["groq", "cerebras", "openai"]


@contextlib.contextmanager
def opened(name: str, base_url: str, connect_timeout_s: float = HANG_S) -> Iterator[Provider]:
    provider = open_provider(
        name,
        api_key="test-key-0123456789",
        base_url=base_url,
        connect_timeout_s=connect_timeout_s,
    )
    try:
        yield provider
    finally:
        provider.close()


@contextlib.contextmanager
def client(backend: DeadlineBackend | None = None) -> Iterator[DeadlineClient]:
    with DeadlineClient(backend) as opened_client:
        yield opened_client


def request(timeout_s: float) -> Request:
    prompt = Prompt((Message("user", "Is it lawful?"),), version="1")
    return Request("m", prompt, max_completion_tokens=10, timeout_s=timeout_s)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own proxies have no part in these tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def over_its_deadline(
    name: str, fault: Script, call: Callable[[Provider, float], object]
) -> Failure:
    """What a call becomes that left in time, and whose reply does not end."""
    for seconds in DEADLINES_S:
        with serving(fault) as server, opened(name, f"http://127.0.0.1:{server.port}") as provider:
            started = time.monotonic()
            with pytest.raises(ProviderError) as caught:
                call(provider, seconds)
            assert time.monotonic() - started > 0.8 * seconds
        if caught.value.failure.reached:
            break
    return caught.value.failure


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_ends_with_its_deadline(name: str, fault: Script) -> None:
    """No way of not finishing a reply stretches a call of any SDK past its deadline."""
    failure = over_its_deadline(
        name, fault, lambda provider, seconds: provider.complete(request(seconds))
    )
    assert failure == Failure(
        ErrorCategory.TIMEOUT, "no whole reply within the deadline of the call", reached=True
    )


@pytest.mark.parametrize("name", REMOTE)
def test_listing_models_ends_with_its_deadline(name: str) -> None:
    """The other call that a provider has is bounded in the same way."""
    failure = over_its_deadline(
        name, dribbles_body, lambda provider, seconds: provider.list_models(seconds)
    )
    assert failure.category is ErrorCategory.TIMEOUT


def test_the_time_of_a_server_is_asked_within_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that ``doctor`` ends, whatever an address leads to."""
    monkeypatch.setattr(server_time, "PATIENCE_S", 0.4)  # in place of five seconds
    with serving(dribbles_headers) as server:
        assert server_time.seconds_ahead(f"http://127.0.0.1:{server.port}", 0.0) is None
    for date in (b"", b"x", b"Mon, 30 Nov 2026 10:00:00 +" + b"9" * 30):
        reply = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ndate: " + date + b"\r\n\r\n"
        with serving(lambda connection, reply=reply: connection.sendall(reply)) as server:  # type: ignore[misc]
            assert server_time.seconds_ahead(f"http://127.0.0.1:{server.port}", 0.0) is None


def tls_never(connection: socket.socket) -> None:
    hang(connection)


def tls_dribbles(connection: socket.socket) -> None:
    connection.recv(65536)
    dribble(connection, b"\x16\x03\x03\x40\x00" + b"\x02" * 16384)


@pytest.mark.parametrize("script", [tls_never, tls_dribbles])
def test_a_tls_handshake_ends_with_the_deadline(script: Script) -> None:
    """A handshake that never ends, or comes byte by byte, is part of the call."""
    with (
        serving(script) as server,
        client() as http,
        pytest.raises(httpx.ConnectTimeout),
        deadline(0.4),
    ):
        http.get(f"https://127.0.0.1:{server.port}/", timeout=http.timeouts(HANG_S))


def test_a_request_that_nobody_reads_ends_with_the_deadline() -> None:
    """Writing is bounded too: a server that takes a little at a time cannot keep the call."""

    def sips(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while connection.recv(512) and not server.closing.wait(0.05):
            pass

    with serving(sips) as server, client() as http:
        url = f"http://127.0.0.1:{server.port}/"
        with pytest.raises(httpx.TimeoutException), deadline(0.5):
            http.post(url, content=b"x" * 2**26, timeout=http.timeouts(HANG_S))


def test_a_resolver_that_does_not_answer_ends_with_the_deadline() -> None:
    """Name resolution, which the system cannot interrupt, is left behind in its own thread."""
    release = threading.Event()

    def stuck(*_: object) -> list[tuple[object, ...]]:
        release.wait(HANG_S)
        return []

    with (
        client(DeadlineBackend(stuck)) as http,
        pytest.raises(httpx.ConnectTimeout),
        deadline(0.3),
    ):
        http.get("http://name.invalid/", timeout=http.timeouts(HANG_S))
    release.set()


def test_callers_of_one_name_share_one_stuck_resolver() -> None:
    """A dead resolver costs one thread, not one per call."""
    release = threading.Event()
    asked: list[str] = []

    def stuck(host: str, *_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        release.wait(HANG_S)
        return []

    with client(DeadlineBackend(stuck)) as http:
        for _ in range(3):
            with pytest.raises(httpx.ConnectTimeout):
                http.get("http://name.invalid/", timeout=http.timeouts(0.1))
    eventually(lambda: asked)
    release.set()
    assert asked == ["name.invalid"]


def test_an_unknown_name_is_a_connect_error() -> None:
    """What the resolver says reaches the caller as the cause."""

    def unknown(*_: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with client(DeadlineBackend(unknown)) as http, pytest.raises(httpx.ConnectError) as caught:
        http.get("http://name.invalid/")
    assert "Name or service not known" in str(caught.value)


def address(port: int) -> tuple[object, ...]:
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))


def answers(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    hang(connection)


def test_a_refused_address_is_followed_by_the_next() -> None:
    """All addresses of a name are tried."""
    with closed_port() as dead_port, serving(answers) as server:
        backend = DeadlineBackend(lambda *_: [address(dead_port), address(server.port)])
        with client(backend) as http:
            assert http.get("http://name.invalid/").text == "ok"


def test_a_silent_address_leaves_time_for_the_next() -> None:
    """An address that drops packets takes its share of the connect time, not all of it."""
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(silent_port())
        server = stack.enter_context(serving(answers))
        backend = DeadlineBackend(lambda *_: [address(port), address(server.port)])
        http = stack.enter_context(client(backend))
        with deadline(4.0):
            reply = http.get("http://name.invalid/", timeout=http.timeouts(4.0))
        assert reply.text == "ok"


@pytest.mark.parametrize("name", REMOTE)
def test_a_connection_that_does_not_come_is_waited_for_as_long_as_was_said(name: str) -> None:
    """Its own time counts, not that of the call, and says so; nothing can have been charged."""
    with silent_port() as port, opened(name, f"http://127.0.0.1:{port}", 0.2) as provider:
        with pytest.raises(ProviderError) as caught:
            provider.complete(request(300.0))
        with pytest.raises(ProviderError) as listing:
            provider.list_models(300.0)
    wanted = Failure(
        ErrorCategory.CONNECTION_ERROR,
        "no connection in time (at most 0.2 s)",
        reached=False,
        connected=False,
    )
    assert caught.value.failure == listing.value.failure == wanted


@pytest.mark.parametrize("name", REMOTE)
def test_a_call_that_is_shorter_than_connecting_may_be_names_its_own_limit(name: str) -> None:
    """What is said is what was waited."""
    with (
        silent_port() as port,
        opened(name, f"http://127.0.0.1:{port}", 30.0) as provider,
        pytest.raises(ProviderError) as caught,
    ):
        provider.complete(request(0.2))
    assert caught.value.failure.message == "no connection in time (at most 0.2 s)"


@pytest.mark.parametrize(
    ("connect_s", "call_s", "given"), [(None, 60.0, 5.0), (0.25, 60.0, 0.25), (30.0, 2.0, 2.0)]
)
def test_connecting_may_take_its_time_and_no_longer_than_the_call(
    connect_s: float | None, call_s: float, given: float
) -> None:
    """What reaches the socket is the smaller of both."""
    asked: list[float | None] = []

    class Listening(DeadlineBackend):
        def connect_tcp(
            self, host: str, port: int, timeout: float | None = None, *rest: object, **more: object
        ) -> httpcore.NetworkStream:
            asked.append(timeout)
            raise httpcore.ConnectError("no")

    more = {} if connect_s is None else {"connect_timeout_s": connect_s}
    with DeadlineClient(Listening(), **more) as http, pytest.raises(httpx.ConnectError):
        http.get("http://name.invalid/", timeout=http.timeouts(call_s))
    assert asked == [given]


def test_a_connection_is_reused_with_the_deadline_of_its_next_call() -> None:
    """The deadline belongs to the call, not to the pooled connection."""

    def answers_once(connection: socket.socket) -> None:
        connection.recv(65536)
        calls.append(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        connection.recv(65536)
        calls.append(connection)
        hang(connection)

    for seconds in DEADLINES_S:
        calls: list[socket.socket] = []
        with serving(answers_once) as server, client() as http:
            url = f"http://127.0.0.1:{server.port}/"
            with deadline(HANG_S):
                http.get(url, timeout=http.timeouts(HANG_S))
            with pytest.raises(httpx.TimeoutException) as late, deadline(seconds):
                http.get(url, timeout=http.timeouts(HANG_S))
        if late.type is httpx.ReadTimeout:  # it left in time
            break
    assert late.type is httpx.ReadTimeout
    assert len(calls) == 2
    assert calls[0] is calls[1]


@pytest.mark.parametrize("whole", [True, False])
def test_what_has_come_by_the_deadline_is_read_behind_it(whole: bool) -> None:
    """Who was stopped past it finds the reply there; what is missing is not waited for."""
    body = b"x" * 50_000
    wanted, came = threading.Event(), threading.Event()

    def answers_meanwhile(connection: socket.socket) -> None:
        connection.recv(65536)
        size = len(body) + (not whole)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        wanted.wait(HANG_S)
        connection.sendall(body)
        came.set()
        hang(connection)

    with serving(answers_meanwhile) as server, client() as http, deadline(HANG_S):
        url = f"http://127.0.0.1:{server.port}/"
        with http.stream("GET", url, timeout=http.timeouts(HANG_S)) as reply:
            wanted.set()
            assert came.wait(HANG_S)
            with deadline(-1.0):
                if whole:
                    assert reply.read() == body
                else:
                    with pytest.raises(httpx.ReadTimeout):
                        reply.read()


def test_a_server_that_never_pauses_ends_soon_behind_the_deadline() -> None:
    """There is always more there: so much of it is read, and no more."""

    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while not server.closing.is_set():
            connection.sendall(b"x" * 2**16)

    pieces: list[bytes] = []
    with serving(endless) as server, client() as http, deadline(HANG_S):
        url = f"http://127.0.0.1:{server.port}/"
        with (
            http.stream("GET", url, timeout=http.timeouts(HANG_S)) as reply,
            pytest.raises(httpx.ReadTimeout),
            deadline(-1.0),
        ):
            pieces.extend(reply.iter_bytes())
    assert sum(map(len, pieces)) <= LATE_BYTES + RECEIVED


def test_an_endless_body_is_cut_off() -> None:
    """A reply without end fails once it is larger than any answer can be."""

    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 2**20)

    with (
        serving(endless) as server,
        opened("groq", f"http://127.0.0.1:{server.port}") as provider,
        pytest.raises(ProviderError) as caught,
    ):
        provider.complete(request(HANG_S))
    assert caught.value.failure.category is ErrorCategory.SERVER_ERROR
    assert str(MAX_REPLY_BYTES) in caught.value.failure.message


def test_a_compressed_body_is_measured_as_it_unfolds() -> None:
    """A small body that unpacks to a huge one is cut off as well."""
    bomb = gzip.compress(b" " * (MAX_REPLY_BYTES + 1))

    def explodes(connection: socket.socket) -> None:
        connection.recv(65536)
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n"
        connection.sendall(head.encode() + bomb)
        hang(connection)

    with serving(explodes) as server, client() as http, pytest.raises(ReplyTooLarge):
        http.get(f"http://127.0.0.1:{server.port}/")


def test_a_reply_that_was_read_goes_without_the_collector() -> None:
    """Request and body are some ten kilobytes, which hundreds of calls would leave in memory."""
    with serving(answers) as server, client() as http:
        reply = http.get(f"http://127.0.0.1:{server.port}/")
        assert reply.text == "ok"
        read = weakref.ref(reply)
        del reply
        assert read() is None


def failing_in_a_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except (ProviderError, httpx.HTTPError) as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, errors


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("fault", [never_answers, dribbles_headers, stalls_after_headers])
def test_abandon_ends_a_call_in_flight(name: str, fault: Script) -> None:
    """Another thread ends a call before its deadline, even twice; later calls are refused."""
    with serving(fault) as server, opened(name, f"http://127.0.0.1:{server.port}") as provider:
        thread, errors = failing_in_a_thread(lambda: provider.complete(request(300)))
        assert server.accepted.wait(HANG_S)
        provider.abandon()
        provider.abandon()
        thread.join(HANG_S)
        assert not thread.is_alive()
        with pytest.raises(ProviderError) as later:
            provider.complete(request(300))
    failures = [error.failure for error in errors if isinstance(error, ProviderError)]
    assert [failure.message for failure in failures] == ["the call was abandoned"]
    assert later.value.failure.message == "the call was abandoned"


def test_abandon_ends_a_name_lookup() -> None:
    """A call that waits for the resolver is ended too."""
    asked, release = threading.Event(), threading.Event()

    def stuck(*_: object) -> list[tuple[object, ...]]:
        asked.set()
        release.wait(HANG_S)
        return []

    with client(DeadlineBackend(stuck)) as http:
        thread, errors = failing_in_a_thread(
            lambda: http.get("http://name.invalid/", timeout=http.timeouts(300))
        )
        assert asked.wait(HANG_S)
        http.abandon()
        thread.join(HANG_S)
        assert not thread.is_alive()
    release.set()
    assert [type(error.__cause__) for error in errors] == [Abandoned]


def test_a_name_lookup_that_begins_when_all_were_abandoned_is_not_waited_for() -> None:
    """Its call had looked just before."""
    release = threading.Event()

    def stuck(*_: object) -> list[tuple[object, ...]]:
        release.wait(HANG_S)
        return []

    resolver = _Resolver(stuck)
    resolver.abandon()
    with pytest.raises(CancelledError):
        resolver.resolve("host.test", 80, HANG_S)
    release.set()


def test_abandon_ends_a_tls_handshake() -> None:
    """A call that waits for the server's side of TLS is ended too."""
    with serving(tls_never) as server, client() as http:
        thread, errors = failing_in_a_thread(
            lambda: http.get(f"https://127.0.0.1:{server.port}/", timeout=http.timeouts(300))
        )
        assert server.accepted.wait(HANG_S)
        http.abandon()
        thread.join(HANG_S)
        assert not thread.is_alive()
    assert [type(error.__cause__) for error in errors] == [Abandoned]


WHOLE, STREAM = b'{"choices": [{"a": "}"}]}', b'data: {"choices": []}\n\ndata: [DONE]\n\n'
PACKED = gzip.compress(WHOLE, mtime=0)  # a test's name is made of it


@pytest.mark.parametrize(
    ("header", "body", "read"),
    [
        ("transfer-encoding: chunked", b"%x\r\n%b\r\n" % (len(WHOLE), WHOLE), WHOLE),
        ("transfer-encoding: chunked", b"%x\r\n%b\r\n" % (len(STREAM), STREAM), STREAM),
        ("content-length: 900", WHOLE, WHOLE),
        ("content-length: 900\r\ncontent-encoding: gzip", PACKED, WHOLE),
        ("content-length: 900", WHOLE[:-1], None),
        ("content-length: 900", b"", None),
        ("content-length: 900", STREAM[:21], None),
        ("content-length: 900", b"[1, 2]", None),
        ("content-length: 900\r\ncontent-encoding: gzip", PACKED[:-20], None),
    ],
)
def test_a_reply_that_breaks_off_behind_its_end_is_whole(
    header: str, body: bytes, read: bytes | None
) -> None:
    """It was paid for; one that may lack something is an error as before."""

    def breaks_off(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 200 OK\r\n{header}\r\n\r\n".encode() + body)

    with serving(breaks_off) as server, client() as http:
        url = f"http://127.0.0.1:{server.port}/"
        for _ in range(2):  # and its connection goes back
            if read is not None:
                assert http.get(url).content == read
                continue
            with pytest.raises(httpx.RemoteProtocolError):
                http.get(url)


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    ("reply", "said", "advice"),
    [
        (b"content-length: 900\r\n\r\n" + WHOLE[:-1], CUT_OFF, "its replies break off"),
        (b"content-length: 900\r\n\r\n", CUT_OFF, "its replies break off"),
        (b"transfer-encoding: chunked\r\n\r\n5\r\nhel", CUT_OFF, "its replies break off"),
        (b"transfer-encoding: chunked\r\n\r\nxyz\r\nhel", NO_HTTP, "is no valid HTTP"),
        (b"content-length: -1\r\n\r\n", NO_HTTP, "is no valid HTTP"),
        (b"content-length: 5\r\ncontent-length: 6\r\n\r\n", NO_HTTP, "is no valid HTTP"),
        (b"x-padding: " + b"1" * 200_000 + b"\r\n\r\n", NO_HTTP, "is no valid HTTP"),
        (None, NO_HTTP, "is no valid HTTP"),
        (b"", "Server disconnected without sending", "hangs up without an answer"),
    ],
)
def test_a_broken_reply_is_no_server_out_of_reach(
    name: str, reply: bytes | None, said: str, advice: str
) -> None:
    """The message says what is wrong with it; the remedy sends nobody to look at the network."""

    def breaks(connection: socket.socket) -> None:
        connection.recv(65536)
        head = b"HTTP/1.1 200 OK\r\n" if reply else b""
        connection.sendall(head + (b"SSH-2.0-OpenSSH_9\r\n\r\n" if reply is None else reply))
        connection.shutdown(socket.SHUT_WR)
        hang(connection)  # closed with a request half read, it would be reset

    with (
        serving(breaks) as server,
        opened(name, f"http://127.0.0.1:{server.port}") as provider,
        pytest.raises(ProviderError) as caught,
    ):
        provider.complete(request(HANG_S))
    failure = caught.value.failure
    assert failure.message.startswith(said)
    assert failure.connected
    told = remedy(Trouble.of(ModelRef(name, "m"), failure), Catalog.load())
    assert advice in told
    assert "cannot be reached" not in told
    words = "connection failed" if reply == b"" else "broken reply"
    line = told_of(f"{name}/m: {failure.category}: {failure.message}")
    assert line.startswith(f"{name}/m: {words}: ")


def proxy(seen: list[str]) -> Script:
    """A proxy that answers for the target, and notes the request line it got."""

    def answer(connection: socket.socket) -> None:
        line = connection.recv(65536).split(b"\r\n")[0].decode()
        seen.append(line)
        if not line.startswith("CONNECT"):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        hang(connection)

    return answer


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain request goes to the proxy, except to hosts that NO_PROXY names."""
    seen: list[str] = []
    with serving(proxy(seen)) as server, serving(answers) as target:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with client() as http:
            assert http.get("http://name.invalid/path").text == "ok"
            assert http.get(f"http://127.0.0.1:{target.port}/").text == "ok"
    assert seen == ["GET http://name.invalid/path HTTP/1.1"]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("words", [b"Proxy Authentication Required", b"X"])
def test_a_proxy_that_wants_a_password_is_told(
    monkeypatch: pytest.MonkeyPatch, scheme: str, words: bytes
) -> None:
    """For a request and for a tunnel: the network is not what is to be looked at."""

    def refuses(connection: socket.socket) -> None:
        connection.recv(65536)
        head = b"HTTP/1.1 407 " + words + b"\r\nproxy-authenticate: NTLM\r\n"
        connection.sendall(head + b"content-length: 0\r\n\r\n")
        hang(connection)

    with serving(refuses) as server:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://127.0.0.1:{server.port}")
        with (
            opened("openai", f"{scheme}://name.invalid") as provider,
            pytest.raises(ProviderError) as caught,
        ):
            provider.complete(request(HANG_S))
    failure = caught.value.failure
    assert failure.category is ErrorCategory.CONNECTION_ERROR
    told = remedy(Trouble.of(ModelRef("openai", "m"), failure), Catalog.load())
    assert "wants a user and a password" in told


@pytest.mark.parametrize("excepted", ["localhost, 127.0.0.0/8 ,::1", "127.0.0.9/255.0.0.0"])
def test_a_network_of_no_proxy_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch, excepted: str
) -> None:
    """Addresses within it; names and other addresses go by the proxy."""
    seen: list[str] = []
    with serving(proxy(seen)) as server, serving(answers) as target:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("NO_PROXY", excepted)
        with client() as http:
            assert http.get(f"http://127.0.0.1:{target.port}/").text == "ok"
            assert seen == []
            for host in ("name.invalid", "192.0.2.1"):
                assert http.get(f"http://{host}/").text == "ok"
    assert seen == [f"GET http://{host}/ HTTP/1.1" for host in ("name.invalid", "192.0.2.1")]


@pytest.mark.parametrize(
    ("excepted", "asked"),
    [
        ("ü.example", "http://ü.example/"),
        ("ü.example", "http://api.ü.example/"),
        ("*.local", "http://box.local/"),
    ],
)
def test_a_name_of_no_proxy_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch, excepted: str, asked: str
) -> None:
    """Beyond ASCII, and with a star before it; the names below it too."""
    directly = "example.org", 80

    class Backend(DeadlineBackend):
        def connect_tcp(self, host: str, port: int, *_: object, **__: object) -> NoReturn:
            nonlocal directly
            directly = host, port
            raise httpcore.ConnectError("no network")

    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:9")
    monkeypatch.setenv("NO_PROXY", excepted)
    with DeadlineClient(Backend()) as http, pytest.raises(httpx.ConnectError):
        http.get(asked)
    assert directly == (httpx.URL(asked).raw_host.decode(), 80)


def test_a_silent_proxy_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tunnel that is never opened is bounded like everything else."""
    seen: list[str] = []
    for seconds in DEADLINES_S:
        with serving(proxy(seen)) as server:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
            with client() as http, pytest.raises(httpx.TimeoutException), deadline(seconds):
                http.get("https://name.invalid/", timeout=http.timeouts(HANG_S))
        if seen:
            break
    assert seen == ["CONNECT name.invalid:443 HTTP/1.1"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    make_certificate(file)
    return file


def make_certificate(file: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made = [openssl, "req", "-x509", *key, *subject, "-days", "2", "-keyout", str(file)]
    certificate = subprocess.run(made, check=True, capture_output=True).stdout
    file.write_bytes(file.read_bytes() + certificate)


def over_tls(certificate: Path, script: Callable[[ssl.SSLSocket], None]) -> Script:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            script(secure)

    return secured


def relay(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


def tunnel(port: int, relayed: Callable[[socket.socket, socket.socket], None]) -> Script:
    """A CONNECT proxy to ``port``; ``relayed`` brings back what the target says."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        with socket.create_connection(("127.0.0.1", port)) as target:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=relayed, args=(target, connection))
            back.start()
            relay(connection, target)
            target.shutdown(socket.SHUT_RDWR)
            back.join(HANG_S)

    return serve


def relay_by_drops(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1):
            target.sendall(data)
            time.sleep(0.05)


def test_tls_is_spoken_with_the_certificates_of_the_environment(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A private authority in SSL_CERT_FILE is trusted; without it the server is refused."""
    with serving(over_tls(certificate, answers)) as server:
        url = f"https://127.0.0.1:{server.port}/"
        with client() as http, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            http.get(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with client() as http:
            assert http.get(url).text == "ok"


@pytest.mark.parametrize("proxy_tls", [False, True])
def test_a_tunnel_works_and_ends_with_the_deadline(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, proxy_tls: bool
) -> None:
    """TLS through a proxy, also one that is itself reached over TLS, whole and in drops."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def wrapped(script: Script) -> Script:
        return over_tls(certificate, script) if proxy_tls else script

    scheme = "https" if proxy_tls else "http"
    with serving(over_tls(certificate, answers)) as target:
        url = f"https://127.0.0.1:{target.port}/"
        with serving(wrapped(tunnel(target.port, relay))) as server:
            monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://127.0.0.1:{server.port}")
            with client() as http, deadline(HANG_S):
                assert http.get(url, timeout=http.timeouts(HANG_S)).text == "ok"
        with serving(wrapped(tunnel(target.port, relay_by_drops))) as server:
            monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://127.0.0.1:{server.port}")
            with client() as http, pytest.raises(httpx.TimeoutException), deadline(0.5):
                http.get(url, timeout=http.timeouts(HANG_S))


@pytest.mark.parametrize(
    ("environ", "proxies"),
    [
        ({}, {}),
        ({"HTTPS_PROXY": "http://a:1"}, {"https://": "http://a:1"}),
        ({"https_proxy": "a:1", "all_proxy": "socks5://b:2"},
         {"https://": "http://a:1", "all://": "socks5://b:2"}),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "*"}, {}),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "x.org, *"}, {}),
        ({"HTTP_PROXY": "http://a:1", "NO_PROXY": "localhost, 127.0.0.1,10.0.0.0/8,::1,fe80::/10"},
         {"http://": "http://a:1", "all://localhost": None, "all://127.0.0.1": None,
          "all://[::1]": None}),
        ({"NO_PROXY": "[::1],[::2]:80,ü.example,*.local"},
         {"all://[::1]": None, "all://[::2]:80": None, "all://xn--tda.example": None,
          "all://*.xn--tda.example": None, "all://*.local": None}),
        ({"HTTP_PROXY": "http://a:1", "NO_PROXY": "x.org,.y.org,,https://z.org"},
         {"http://": "http://a:1", "all://*x.org": None, "all://*.y.org": None,
          "https://z.org": None}),
    ],
)  # fmt: skip
def test_proxies_of_the_environment(
    environ: dict[str, str], proxies: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as httpx reads them where it makes its own transports."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert environment_proxies() == proxies


def test_tls_in_tls_brings_back_whatever_is_sent(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bodies of many records, both ways."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sent = bytes(range(256)) * 2**12

    def echoes(connection: socket.socket) -> None:
        data = connection.recv(65536)
        _, _, body = data.partition(b"\r\n\r\n")
        while len(body) < len(sent):
            body += connection.recv(65536)
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        hang(connection)

    with (
        serving(over_tls(certificate, echoes)) as target,
        serving(over_tls(certificate, tunnel(target.port, relay))) as server,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{server.port}")
        with client() as http, deadline(HANG_S):
            url = f"https://127.0.0.1:{target.port}/"
            reply = http.post(url, content=sent, timeout=http.timeouts(HANG_S))
    assert reply.content == sent


def test_a_tunnel_to_a_server_of_no_known_authority_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """TLS inside TLS checks certificates too, and its failure is one to connect."""
    other = tmp_path / "other.pem"
    make_certificate(other)
    both = tmp_path / "trusted.pem"
    both.write_bytes(certificate.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    with (
        serving(over_tls(other, answers)) as target,
        serving(over_tls(certificate, tunnel(target.port, relay))) as server,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{server.port}")
        with (
            client() as http,
            deadline(HANG_S),
            pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            http.get(f"https://127.0.0.1:{target.port}/", timeout=http.timeouts(HANG_S))
