"""Servers that refuse or answer in ways that people met: one scene each, on loopback.

An answer has the form of a sample and no more: run with ``gate="structure"``.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, object]
"""A status, and a body to be sent as JSON, or bytes to be sent as they are."""
Scene = Callable[[str, dict[str, Any], int], Reply]
"""What is answered to a call, by its path, its body, and how many calls came before."""
_WORDS = """
tenant landlord covenant notice breach remedy damages trustee licence charge lease deed title
fraud duty carrier insurer premium policy claim court appeal judge costs witness order
"""


class Server:
    """A server that plays one scene; ``calls`` are the bodies of the chats that it was asked, and
    ``headers`` what came with each. ``pages`` are what it says beside its API, by path, under
    ``pages_status``; who comes with the ``locked`` authorization is refused. Nothing is said of
    models or pages before ``lists`` is set, as it is at first. ``hold`` is called with the body and
    the number of a call before its reply leaves."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.calls: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.pages: dict[str, object] = {}
        self.pages_status = 200
        self.locked: tuple[str, object] | None = None
        self.refused = 0
        self.hold: Callable[[dict[str, Any], int], None] = lambda *_: None
        self.path = "/v1"
        self.listed = "/v1/models"
        self.lists = threading.Event()
        self.lists.set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

            def do_GET(self) -> None:
                server.lists.wait(60.0)
                listed = {"object": "list", "data": [{"id": "m", "object": "model"}]}
                there = self.path == server.listed or self.path in server.pages
                status = server.pages_status if there else 404
                self._send(status, server.pages.get(self.path, listed))

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length))
                if self.path in server.pages:
                    return self._send(200, server.pages[self.path])
                sent = {name.lower(): value for name, value in self.headers.items()}
                return self._send(*server.reply(self.path, body, sent))

            def _send(self, status: int, body: object) -> None:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                kind = "text/html" if raw.startswith(b"<!doctype") else "application/json"
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        return Handler

    def reply(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        """The scene's reply to one call."""
        with self._lock:
            self.headers.append(headers)
            if self.locked is not None and headers.get("authorization") == self.locked[0]:
                return 401, self.locked[1]
            number = len(self.calls)
            self.calls.append(body)
            status, said = self.scene(path, body, number)
            self.refused += status != 200
        self.hold(body, number)
        return status, said or completion(sample(number))

    def run(self) -> None:
        """Serve until it is closed."""
        self._server.serve_forever(poll_interval=0.01)

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def playing(scene: Scene) -> Iterator[Server]:
    """A server that plays a scene, in a thread of its own."""
    server = Server(scene)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield server
    finally:
        server.close()


def sample(number: int) -> str:
    """An answer of the right form, no two alike."""
    rng = random.Random(number)

    def text(words: int) -> str:
        return " ".join(rng.choice(_WORDS.split()) for _ in range(words))

    return json.dumps(
        {
            "question": f"Case {number}: {text(16)}?",
            "reasoning_steps": [f"The {text(10)}." for _ in range(4)],
            "answer": f"The {text(120)}.",
            "citations": [
                {"text": f"Housing Act 1988, s {number + 1}", "proposition": f"The {text(6)}"}
            ],
        }
    )


def completion(text: str | None, finish: str = "stop", **message: object) -> dict[str, Any]:
    """A chat completion around an answer."""
    said = {"role": "assistant", "content": text, **message}
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": said, "finish_reason": finish}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 700, "total_tokens": 1600},
    }  # fmt: skip


def refusing(name: str, status: int, said: object) -> Scene:
    """A server that refuses every request that holds a parameter."""
    return lambda _, body, __: (status, said) if name in body else (200, None)


def taking(*types: str, status: int = 400, said: object) -> Scene:
    """A server that takes some types of ``response_format``; ``None`` is none at all."""

    def scene(_: str, body: dict[str, Any], __: int) -> Reply:
        asked = (body.get("response_format") or {"type": "none"})["type"]
        return (200, None) if asked in (*types, "none") else (status, said)

    return scene
