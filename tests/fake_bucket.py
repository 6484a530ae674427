"""A bucket on loopback: moto's S3, with every request written down, and gates to hold them at."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import moto.backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.fake_hub import PATIENCE_S, Gate

SECRET = "aws+secret/" + "k3y" * 10
BUCKET = "shelf"


class FakeBucket:
    """The server, with one empty bucket."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.gates: list[Gate] = []
        self._backend = moto.backends.get_backend("s3")["123456789012"]["aws"]
        self._backend.reset()
        self._backend.create_bucket(BUCKET, "us-east-1")
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._gated, threaded=True)

    def _gated(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        self.requests.append(asked)
        for gate in list(self.gates):
            if gate.pattern.search(asked):
                gate.reached.set()
                gate.opened.wait(PATIENCE_S)
        answered: Iterable[bytes] = self._app(environ, start)
        return answered

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a command that pushes here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.port}",
            "AWS_ACCESS_KEY_ID": "AKIA" + "X" * 16,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def files(self) -> dict[str, bytes]:
        """The objects by key, without the marks of folders, which hold nothing."""
        keys = self._backend.buckets[BUCKET].keys
        return {name: keys[name].value for name in keys if not name.endswith("/")}

    def put(self, path: str, content: bytes) -> None:
        """An object of somebody else's."""
        self._backend.put_object(BUCKET, path, content)

    def asked(self, pattern: str) -> list[str]:
        """The requests that match."""
        return [one for one in self.requests if re.search(pattern, one)]

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
