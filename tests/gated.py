"""What the stand-ins of remote places share: requests are written down, and can wait at a gate."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from socketserver import BaseServer
from types import TracebackType
from typing import Self

PATIENCE_S = 60.0


class Gate:
    """Where a request waits: ``reached`` says that one does, ``opened`` lets it on."""

    def __init__(self, pattern: str) -> None:
        self.pattern = re.compile(pattern)
        self.reached = threading.Event()
        self.opened = threading.Event()


class GatedServer:
    """A server in a thread; it calls ``arrive`` with each request (``PUT /upload``)."""

    def __init__(self, server: BaseServer) -> None:
        self.requests: list[str] = []
        self.gates: list[Gate] = []
        self._server = server

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for gate in self.gates:
            gate.opened.set()
        self._server.shutdown()
        self._server.server_close()

    def arrive(self, asked: str) -> None:
        """A request came: write it down, and hold it at the gates that it matches."""
        self.requests.append(asked)
        for gate in list(self.gates):
            if gate.pattern.search(asked):
                gate.reached.set()
                gate.opened.wait(PATIENCE_S)

    @contextlib.contextmanager
    def gate(self, pattern: str) -> Iterator[Gate]:
        """Hold requests that match."""
        gate = Gate(pattern)
        self.gates.append(gate)
        try:
            yield gate
        finally:
            gate.opened.set()
            self.gates.remove(gate)

    def asked(self, pattern: str) -> list[str]:
        """The requests that match."""
        return [one for one in self.requests if re.search(pattern, one)]
