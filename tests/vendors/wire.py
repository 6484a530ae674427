"""HTTP/1.1 on threads: keep-alive, cheap per request, and able to misbehave on the wire.

Every connection has a daemon thread that blocks on its socket. Closing the server shuts the
sockets down, so that no thread, however a fault keeps it, outlives it.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from legalgen.telemetry.clock import Clock

DeliveryKind = Literal[
    "whole", "hang", "stall", "dribble_headers", "dribble_body", "interim", "reset",
    "reset_after_headers", "close", "close_after_reply", "long_content_length",
    "short_content_length", "cut_chunked",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a reply goes over the wire; ``pace_s`` is the pause between bytes of a dribble."""

    kind: DeliveryKind = "whole"
    pace_s: float = 1.0


WHOLE = Delivery()
LONGEST_END_S = 10.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it arrived; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One response, and how it is delivered."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    delivery: Delivery = WHOLE


Handler = Callable[[HttpRequest, Callable[[float], object]], Reply]
"""Answers one request; its second argument sleeps for seconds and ends early on shutdown."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_RST_ON_CLOSE = struct.pack("ii", 1, 0)


def _head(reply: Reply, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines.append(f"content-type: {reply.content_type}")
    lines.append(f"content-length: {len(reply.body) if length is None else length}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1")


class HttpServer:
    """Serves ``handler`` on loopback until closed."""

    def __init__(self, handler: Handler, port: int = 0, clock: Clock | None = None) -> None:
        self._handler = handler
        self._clock = clock or Clock()
        self._ending = threading.Condition()
        self._closing = False
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="vendors", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """End every connection, whatever it is doing, and wait for its thread.

        That is at once, unless a thread is inside a test's own function, which is waited for no
        longer than ``LONGEST_END_S``.
        """
        self.shut()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(LONGEST_END_S)

    def shut(self) -> None:
        """End every connection; the threads that serve them may take a moment to see it."""
        with self._ending:
            if self._closing:
                return
            self._closing = True
            self._ending.notify_all()
        with contextlib.suppress(OSError):  # wakes accept(); it may have left already
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._accepting.join(LONGEST_END_S)
        self._listener.close()
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            _shutdown(sock)

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._closing:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            with self._lock:
                self.connections += 1
                self._sockets.add(sock)
                self._threads = {one for one in self._threads if one.is_alive()} | {thread}
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):  # the client went away: there is nobody to tell
                for request in _requests(sock):
                    reply = self._handler(request, self._pause)
                    if not self._deliver(sock, reply):
                        return
                    if request.headers.get("connection", "").lower() == "close":
                        return
        finally:
            sock.close()
            with self._left:
                self._sockets.discard(sock)
                self._left.notify_all()

    def _deliver(self, sock: socket.socket, reply: Reply) -> bool:
        """Send the reply in its way; False when the connection ends with it."""
        if reply.delivery.kind == "whole":
            sock.sendall(_head(reply) + reply.body)
            return True
        send = _DELIVERIES[reply.delivery.kind]
        return send(sock, reply, self._pause)

    def wait_for_no_connection(self, seconds: float) -> bool:
        """Until every connection was ended by one side and its thread left it; whether it was."""
        with self._left:
            return self._left.wait_for(lambda: not self._sockets, seconds)

    def _pause(self, seconds: float) -> bool:
        """Sleep on the clock; True when the server is closing, which ends it early."""
        until = self._clock.monotonic() + seconds
        with self._ending:
            while not self._closing and (left := until - self._clock.monotonic()) > 0:
                self._clock.wait(self._ending, left)
            return self._closing


def _shutdown(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # already closed by its own thread or by the client
        sock.shutdown(socket.SHUT_RDWR)


def _requests(sock: socket.socket) -> Iterator[HttpRequest]:
    """The requests of one connection, until the client ends it."""
    buffer = b""
    while True:
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            if not (data := sock.recv(65536)):
                return
            buffer += data
        lines = buffer[:end].decode("latin-1").split("\r\n")
        buffer = buffer[end + 4 :]
        method, target, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if "chunked" in headers.get("transfer-encoding", ""):
            body, buffer = _chunked(sock, buffer)
        else:
            body, buffer = _exactly(sock, buffer, int(headers.get("content-length", 0)))
        path, _, query = target.partition("?")
        yield HttpRequest(method, path, headers, body, query)


def _exactly(sock: socket.socket, buffer: bytes, length: int) -> tuple[bytes, bytes]:
    parts, have = [buffer], len(buffer)
    while have < length:
        if not (data := sock.recv(65536)):
            raise ConnectionResetError("the client left in the middle of a request")
        parts.append(data)
        have += len(data)
    whole = b"".join(parts)
    return whole[:length], whole[length:]


def _chunked(sock: socket.socket, buffer: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        while b"\r\n" not in buffer:
            buffer = b"".join(_exactly(sock, buffer, len(buffer) + 1))
        size, _, buffer = buffer.partition(b"\r\n")
        chunk, buffer = _exactly(sock, buffer, int(size, 16) + 2)
        if chunk == b"\r\n":
            return body, buffer
        body += chunk[:-2]


Pause = Callable[[float], bool]


def _hang(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    while sock.recv(65536):  # until the client gives up or the server closes
        pass
    return False


def _stall(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    sock.sendall(_head(reply))
    return _hang(sock, reply, pause)


def _dribble(sock: socket.socket, data: bytes, pace_s: float, pause: Pause) -> bool:
    for index in range(len(data)):
        sock.sendall(data[index : index + 1])
        if pause(pace_s):
            return False
    return True


def _dribble_headers(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    if not _dribble(sock, _head(reply), reply.delivery.pace_s, pause):
        return False
    sock.sendall(reply.body)
    return True


def _dribble_body(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    sock.sendall(_head(reply))
    return _dribble(sock, reply.body, reply.delivery.pace_s, pause)


def _interim(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    while True:
        sock.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        if pause(reply.delivery.pace_s):
            return False


def _reset(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
    return False


def _reset_after_headers(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    sock.sendall(_head(reply) + reply.body[: len(reply.body) // 2])
    pause(0.02)  # an RST may overtake what the client has not read yet
    return _reset(sock, reply, pause)


def _close(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    return False


def _close_after_reply(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    sock.sendall(_head(reply) + reply.body)
    return False


def _long_content_length(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    sock.sendall(_head(reply, len(reply.body) + 100) + reply.body)
    return False


def _short_content_length(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    sock.sendall(_head(reply, len(reply.body) // 2) + reply.body)
    return False


def _cut_chunked(sock: socket.socket, reply: Reply, pause: Pause) -> bool:
    head = _head(reply).rpartition(b"content-length")[0] + b"transfer-encoding: chunked\r\n\r\n"
    half = reply.body[: len(reply.body) // 2]
    sock.sendall(head + b"%x\r\n%b\r\n" % (len(half), half))
    return False


_DELIVERIES: dict[DeliveryKind, Callable[[socket.socket, Reply, Pause], bool]] = {
    "hang": _hang,
    "stall": _stall,
    "dribble_headers": _dribble_headers,
    "dribble_body": _dribble_body,
    "interim": _interim,
    "reset": _reset,
    "reset_after_headers": _reset_after_headers,
    "close": _close,
    "close_after_reply": _close_after_reply,
    "long_content_length": _long_content_length,
    "short_content_length": _short_content_length,
    "cut_chunked": _cut_chunked,
}
