"""An HTTP client whose calls end on time, whatever the server does.

httpx bounds each read, never the whole call: a server that sends one byte a minute keeps a
worker for ever, and so does a resolver that does not answer. Here the network backend below the
connection pool looks up the deadline of the call it works for at every resolve, connect,
handshake, write and read. Connections are pooled and shared between threads; deadlines are not.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextvars import ContextVar
from functools import partial
from ipaddress import ip_address
from typing import Any, TypeVar

import httpcore
import httpx

from legalgen.providers._body import (
    BrokenOff,
    UnreadableBody,
    as_utf8,
    declared_charset,
    is_whole,
    says_something,
    unpacker,
)
from legalgen.providers._environment import tls_context, usable_proxies
from legalgen.providers._transport import (
    PoolTransport,
    ProxiedTransport,
    direct_networks,
    open_pool,
)
from legalgen.providers.config import DEFAULT_CONNECT_TIMEOUT_S

T = TypeVar("T")

Address = tuple[Any, ...]
"""Family, kind, protocol, canonical name and socket address, as ``getaddrinfo`` gives them."""
Addresses = Sequence[Address]

MAX_REPLY_BYTES = 32 * 2**20
"""A reply of a chat API is some kilobytes; more than this is no answer."""
RECEIVED = 2**14
"""Bytes that one read makes room for, and keeps while it waits; most replies have fewer."""
TLS_RECORD_BYTES = 2**14
"""The most that one record carries (RFC 8446, 5.1)."""
MAX_FILE_BYTES = 2 * 2**30
"""A file of results is some kilobytes for each of at most 50,000 requests."""
MAX_REDIRECTS = 3
LATE_BYTES = 2**20
"""How much that has come already is read behind a call's deadline: whoever was stopped (Ctrl-Z, a
laptop's lid) past it finds the whole reply there, which was paid for. No server comes to more."""


class _Deadline:
    """When a call ends, and how much of what has come by then it still may read."""

    def __init__(self, end: float) -> None:
        self.end = end
        self.late_bytes = LATE_BYTES

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.end and self.late_bytes <= 0


_deadline: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


class Abandoned(httpcore.NetworkError):
    """The client was told to end everything in flight."""


class ReplyTooLarge(UnreadableBody):
    """The decoded body is larger than ``MAX_REPLY_BYTES``, a file than ``MAX_FILE_BYTES``."""


@contextlib.contextmanager
def deadline(timeout_s: float) -> Iterator[None]:
    """Everything the calling thread does on the network in this block ends in ``timeout_s``."""
    token = _deadline.set(_Deadline(time.monotonic() + timeout_s))
    try:
        yield
    finally:
        _deadline.reset(token)


def _left(timeout_s: float | None, late: type[httpcore.TimeoutException]) -> float | None:
    """Seconds that one operation may take: its own timeout or what is left of the call.

    Raises:
        httpcore.TimeoutException: ``late``, when nothing is left.
    """
    call = _deadline.get(None)
    if call is None:
        return timeout_s
    left = call.end - time.monotonic()
    if left <= 0:
        raise late("the deadline of the call has passed")
    return left if timeout_s is None else min(left, timeout_s)


class _Sockets:
    """The open sockets of one client, so that another thread can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._abandoned = False

    def add(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.add(sock)
        # After it: whoever abandons between the two either finds the socket or is seen here.
        self.check()

    def replace(self, old: socket.socket, new: socket.socket) -> None:
        self.discard(old)
        self.add(new)

    def discard(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.discard(sock)

    def check(self) -> None:
        """Raise ``Abandoned`` once ``abandon`` was called."""
        if self._abandoned:
            raise Abandoned("the call was abandoned")

    def abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            for sock in self._open:
                _shut_down(sock)


def _shut_down(sock: socket.socket) -> None:
    # Wakes the thread that waits in recv() or connect(), which close() does not. The base class'
    # method, because SSLSocket's takes the TLS state away under the reader. A socket that is not
    # connected (any more) has nobody to wake.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Resolver:
    """Name resolution with a time limit.

    ``getaddrinfo`` cannot be interrupted, so it runs in a daemon thread, which a caller stops
    waiting for; callers of the same name share one thread, so a dead resolver costs one thread
    per name. Nothing is cached: connections are kept alive, and an address that moved is found.
    """

    def __init__(self, getaddrinfo: Callable[..., Addresses]) -> None:
        self._getaddrinfo = getaddrinfo
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, int], Future[Addresses]] = {}
        self._abandoned = False

    def resolve(self, host: str, port: int, timeout_s: float | None) -> Addresses:
        """The addresses of ``host``.

        Raises:
            OSError: the name cannot be resolved (``socket.gaierror``).
            TimeoutError: no answer in ``timeout_s`` seconds.
            CancelledError: abandoned.
        """
        if _is_literal(host):
            return self._look_up(host, port)
        return self._pending_lookup(host, port).result(timeout_s)

    def abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            pending = list(self._pending.values())
        for future in pending:
            future.cancel()

    def _pending_lookup(self, host: str, port: int) -> Future[Addresses]:
        key = (host, port)
        with self._lock:
            if self._abandoned:  # since the caller looked: nobody would end this wait
                raise CancelledError
            future = self._pending.get(key)
            if future is None:
                future = self._pending[key] = Future()
                arguments = (key, future)
                thread = threading.Thread(
                    target=self._work, args=arguments, name=f"resolve {host}", daemon=True
                )
                try:
                    thread.start()
                except RuntimeError as error:  # the system gives no more threads for now
                    del self._pending[key]
                    raise OSError(str(error)) from error
        return future

    def _work(self, key: tuple[str, int], future: Future[Addresses]) -> None:
        found: Addresses = ()
        error: OSError | UnicodeError | None = None
        try:
            found = self._look_up(*key)
        except (OSError, UnicodeError) as lookup_error:  # idna refuses a name with UnicodeError
            error = lookup_error
        # Taken out before it is answered: who comes later asks anew, as nothing is cached.
        with self._lock:
            del self._pending[key]
        if not future.set_running_or_notify_cancel():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(found)

    def _look_up(self, host: str, port: int) -> Addresses:
        return self._getaddrinfo(host, port, 0, socket.SOCK_STREAM)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _DeadlineSocket:
    """A connected socket whose every operation ends with the call it works for."""

    def __init__(self, sock: socket.socket, sockets: _Sockets) -> None:
        self.sock = sock
        self._sockets = sockets
        self._timeout_s: float | None = None

    def settimeout(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s

    def recv(self, size: int) -> bytes:
        try:
            self.sock.settimeout(self._ready(httpcore.ReadTimeout))
            data = self.sock.recv(size)
        except httpcore.ReadTimeout:
            data = self._come_already(size)
        # A socket that was shut down under the reader returns b"", as one that ended well does.
        self._sockets.check()
        return data

    def _come_already(self, size: int) -> bytes:
        """What has come by the deadline, which has passed.

        Raises:
            httpcore.ReadTimeout: nothing more has, or as much as may still be read.
        """
        call = _deadline.get(None)
        self.sock.settimeout(0.0)
        try:
            data = self.sock.recv(size) if call is not None and call.late_bytes > 0 else None
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            data = None
        if call is None or data is None:
            raise httpcore.ReadTimeout("the deadline of the call has passed")
        call.late_bytes -= len(data)
        return data

    def sendall(self, data: bytes) -> None:
        # Piece by piece, so that an abandoned call ends between two of them; and over TLS the
        # timeout of sendall is for each piece, not for all.
        view = memoryview(data)
        while view:
            self.sock.settimeout(self._ready(httpcore.WriteTimeout))
            view = view[self.sock.send(view) :]

    def close(self) -> None:
        self._sockets.discard(self.sock)
        self.sock.close()

    def secure(self, context: ssl.SSLContext, server_hostname: str | None) -> None:
        """Speak TLS from here on; the handshake counts as a read."""
        self.sock.settimeout(self._ready(httpcore.ConnectTimeout))
        plain = self.sock
        self.sock = context.wrap_socket(
            plain, server_hostname=server_hostname, do_handshake_on_connect=False
        )
        # Known before the handshake, so that a handshake that hangs can be abandoned too.
        self._sockets.replace(plain, self.sock)
        self.sock.do_handshake()

    def _ready(self, late: type[httpcore.TimeoutException]) -> float | None:
        self._sockets.check()
        return _left(self._timeout_s, late)


@contextlib.contextmanager
def _httpcore_errors(
    late: type[httpcore.TimeoutException],
    failed: type[httpcore.NetworkError],
    sockets: _Sockets,
) -> Iterator[None]:
    """Errors of sockets and TLS as httpcore names them."""
    try:
        yield
    except TimeoutError as error:
        sockets.check()  # "abandoned" is the truer word where both came together
        raise late(str(error)) from error
    except (OSError, UnicodeError) as error:
        sockets.check()
        raise failed(str(error)) from error
    except CancelledError as error:
        raise Abandoned("the call was abandoned") from error


class _DeadlineStream(httpcore.NetworkStream):
    """One connection of the pool."""

    def __init__(self, sock: _DeadlineSocket, sockets: _Sockets) -> None:
        self._socket = sock
        self._sockets = sockets

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(timeout)
        with _httpcore_errors(httpcore.ReadTimeout, httpcore.ReadError, self._sockets):
            return self._socket.recv(min(max_bytes, RECEIVED))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._socket.settimeout(timeout)
        with _httpcore_errors(httpcore.WriteTimeout, httpcore.WriteError, self._sockets):
            self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        if isinstance(self._socket.sock, ssl.SSLSocket):
            with self._closed_on_error():
                return _TlsOverTls(self, ssl_context, server_hostname, timeout)
        self._socket.settimeout(timeout)
        with (
            self._closed_on_error(),
            _httpcore_errors(httpcore.ConnectTimeout, httpcore.ConnectError, self._sockets),
        ):
            self._socket.secure(ssl_context, server_hostname)
        return self

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:  # closes the socket, whatever happened, and raises it again
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        sock = self._socket.sock
        if info == "ssl_object":
            # httpcore asks for it to learn whether HTTP/2 was negotiated; an SSLSocket answers.
            return sock if isinstance(sock, ssl.SSLSocket) else None
        if info == "is_readable":
            return _is_readable(sock)
        return {"client_addr": sock.getsockname, "server_addr": sock.getpeername}.get(
            info, lambda: sock if info == "socket" else None
        )()


class _TlsOverTls(httpcore.NetworkStream):
    """TLS to the API inside TLS to the proxy: ``wrap_socket`` takes no socket that speaks it."""

    def __init__(
        self,
        below: _DeadlineStream,
        context: ssl.SSLContext,
        server_hostname: str | None,
        timeout: float | None,
    ) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, False, server_hostname)
        try:
            self._until_done(self._tls.do_handshake, timeout)
        except httpcore.TimeoutException as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (httpcore.ReadError, httpcore.WriteError, ssl.SSLError) as error:
            raise httpcore.ConnectError(str(error)) from error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._until_done(lambda: self._tls.read(max_bytes), timeout)
        except ssl.SSLZeroReturnError:  # the other side said that it is done
            return b""
        except ssl.SSLError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        try:
            while view:
                view = view[self._until_done(lambda: self._tls.write(view), timeout) :]  # noqa: B023 - called before the next round
        except ssl.SSLError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._below.close()

    def get_extra_info(self, info: str) -> Any:
        return self._tls if info == "ssl_object" else self._below.get_extra_info(info)

    def _until_done(self, step: Callable[[], T], timeout_s: float | None) -> T:
        """Take a step of TLS again and again, with what it has to send and waits for between."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._send(timeout_s)
                data = self._below.read(TLS_RECORD_BYTES, timeout_s)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()  # the next step raises, as over a plain socket
            else:
                self._send(timeout_s)
                return result

    def _send(self, timeout_s: float | None) -> None:
        if self._outgoing.pending:
            self._below.write(self._outgoing.read(), timeout_s)


def _is_readable(sock: socket.socket) -> bool:
    """Whether an idle connection was closed by the server (or sent what nobody asked for)."""
    if sock.fileno() < 0:
        return True
    poll = select.poll()  # not select(), which takes no descriptor above 1,023
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections that obey ``deadline`` and can be abandoned from another thread."""

    def __init__(self, getaddrinfo: Callable[..., Addresses] | None = None) -> None:
        self._sockets = _Sockets()
        self._resolver = _Resolver(getaddrinfo or socket.getaddrinfo)

    def abandon(self) -> None:
        """End what is in flight and refuse what comes; idempotent, from any thread."""
        self._sockets.abandon()
        self._resolver.abandon()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve and connect, all addresses together within ``timeout`` seconds."""
        del local_address, socket_options  # never set by this module's client
        budget = _left(timeout, httpcore.ConnectTimeout)
        end = None if budget is None else time.monotonic() + budget
        with _httpcore_errors(httpcore.ConnectTimeout, httpcore.ConnectError, self._sockets):
            self._sockets.check()
            addresses = self._resolver.resolve(host, port, budget)
            return self._connect_first(addresses, end)

    def _connect_first(self, addresses: Addresses, end: float | None) -> _DeadlineStream:
        """The first address that answers; a silent one gets only its share of the time."""
        last: OSError = OSError("the name has no address")
        for tried, address in enumerate(addresses):
            share = None
            if end is not None:
                share = (end - time.monotonic()) / (len(addresses) - tried)
                if share <= 0:
                    raise TimeoutError("connecting took too long")
            try:
                return self._connect(address, share)
            except OSError as error:
                last = error
        raise last

    def _connect(self, address: Address, timeout_s: float | None) -> _DeadlineStream:
        family, kind, protocol, _, where = address
        sock = socket.socket(family, kind, protocol)
        try:
            self._sockets.add(sock)
            sock.settimeout(timeout_s)
            sock.connect(where)
            # Headers and body are two writes: the second would wait for the first's ACK.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:  # closes the socket, whatever happened, and raises it again
            self._sockets.discard(sock)
            sock.close()
            raise
        return _DeadlineStream(_DeadlineSocket(sock, self._sockets), self._sockets)


_CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout)
_NOTHING = httpx.ByteStream(b"")


class BoundedResponse(httpx.Response):
    """A response whose body is counted and timed as it is unpacked, a piece at a time.

    httpx undoes any number of encodings, each whole: a few kilobytes that were packed twice fill
    the memory before anybody can count them. Here a body may be packed once. What is declared to
    be in another charset than UTF-8, and is not in that, is made so.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.encoding = "utf-8"  # what iter_bytes gives

    @property
    def has_redirect_location(self) -> bool:
        """Whether the request goes on to where this reply leads.

        httpx takes ``authorization`` alone from what it sends to another origin: keys in headers
        of other names, and the prompt, would go to whomever a reply names. So a request stays
        where its address sends it, and a redirect to elsewhere is the reply.
        """
        if not super().has_redirect_location:
            return False
        leads_to = self.leads_to
        return leads_to is not None and _is_trusted_with_all(leads_to, self.request.url)

    @property
    def leads_to(self) -> httpx.URL | None:
        """Where a redirect leads; None where it is none, or leads to no address."""
        if not super().has_redirect_location:
            return None
        try:
            return self.request.url.join(self.headers["location"])
        except (httpx.InvalidURL, ValueError):
            return None

    def close(self) -> None:
        """As httpx does it; then the stream is let go of, which httpx makes refer to its response.

        In that circle request and body would stay in memory until the collector comes.
        """
        super().close()
        self.stream = _NOTHING

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 - httpx's
        """The decoded body, at most ``MAX_REPLY_BYTES`` of it; pieces have any size.

        One that breaks off behind its last word, or cannot be unpacked behind it, is whole: it was
        paid for, and only what HTTP counts (a last chunk, some bytes of ``content-length``) or a
        checksum is missing. Of another the error comes from ``BrokenOff``, with what had come.
        """
        charset = declared_charset(self.headers.get("content-type", ""))
        pieces = list[bytes]()
        try:
            for piece in self._bounded(MAX_REPLY_BYTES):
                pieces.append(piece)
                if charset is None:
                    yield piece
        except (*_CUT_OFF, UnreadableBody) as error:
            came = b"".join(pieces)
            came = came if charset is None else as_utf8(came, charset)
            if not is_whole(came):
                if isinstance(error, _CUT_OFF) and not says_something(came):
                    raise
                raise error from BrokenOff(came, self.status_code)
            self.close()
        if charset is not None:
            yield as_utf8(b"".join(pieces), charset)

    def iter_file(self) -> Iterator[bytes]:
        """As ``iter_bytes``, for a body that is a file: at most ``MAX_FILE_BYTES``."""
        yield from self._bounded(MAX_FILE_BYTES)

    def _bounded(self, most: int) -> Iterator[bytes]:
        size = 0
        for piece in self._unpacked():
            # Counted after unpacking: content-length is of packed bytes, and only what is said.
            size += len(piece)
            if size > most:
                raise ReplyTooLarge(f"the reply is larger than {most} bytes")
            call = _deadline.get(None)
            if call is not None and call.is_over:
                raise httpx.ReadTimeout("the deadline of the call has passed")
            yield piece

    def _unpacked(self) -> Iterator[bytes]:
        if hasattr(self, "_content"):  # httpx keeps there what was read whole
            yield self._content
            return
        named = self.headers.get_list("content-encoding", split_commas=True)
        unpacking = unpacker(named)
        if unpacking is None:
            yield from self.iter_raw()
            return
        for packed in self.iter_raw():
            yield from unpacking.pieces(packed)
        yield unpacking.rest()


_PORTS = {"http": 80, "https": 443}


def _is_trusted_with_all(url: httpx.URL, asked: httpx.URL) -> bool:
    """Whether ``url`` has the origin that was ``asked``, or is its host by TLS: what httpx, and
    with it the SDKs, send a key on to."""
    if url.host != asked.host:
        return False
    old, new = ((one.scheme, one.port or _PORTS.get(one.scheme)) for one in (asked, url))
    return new in (old, ("https", 443)) if old == ("http", 80) else new == old


class _Cookies(httpx.Cookies):
    """Cookies as httpx keeps them, of which most replies set none.

    httpx looks for one in a copy of request and reply as urllib has them, which takes a tenth of
    the CPU time of a call.
    """

    def extract_cookies(self, response: httpx.Response) -> None:
        """Keep the cookies that a reply sets."""
        if "set-cookie" in response.headers:
            super().extract_cookies(response)


class DeadlineClient(httpx.Client):
    """An ``httpx.Client`` for the SDKs: HTTP/1.1, the environment's proxies, bounded calls.

    Wrap each call in ``deadline(seconds)`` and give it ``timeouts(seconds)``. May be shared
    between threads. Name and TCP connection together may take ``connect_timeout_s``, and then
    TLS as long again.
    """

    def __init__(
        self,
        backend: DeadlineBackend | None = None,
        *,
        connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
    ) -> None:
        self._backend = backend or DeadlineBackend()
        self.connect_timeout_s = connect_timeout_s
        context, proxies, networks = tls_context(), usable_proxies(), direct_networks()

        def transport(proxy: str | None = None) -> PoolTransport:
            return PoolTransport(
                partial(open_pool, self._backend, context, proxy), response=BoundedResponse
            )

        directly = transport()
        super().__init__(
            transport=directly,
            mounts={
                pattern: ProxiedTransport(transport(proxy), directly, networks) if proxy else None
                for pattern, proxy in proxies.items()
            },
            headers={"accept-encoding": "gzip, deflate"},
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
        )
        self._cookies = _Cookies()

    def timeouts(self, timeout_s: float) -> httpx.Timeout:
        """httpx's per-operation timeouts for a call that may take ``timeout_s`` in all.

        A reply that is not streamed sends nothing until it is done: the read timeout is all
        there is.
        """
        return httpx.Timeout(timeout_s, connect=min(self.connect_timeout_s, timeout_s))

    def abandon(self) -> None:
        """End all calls in flight now and refuse later ones; from any thread, any number."""
        self._backend.abandon()
