"""A bucket on loopback: moto's S3, with every request written down, and gates to hold them at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.gated import GatedServer

SECRET = "aws+secret/" + "k3y" * 10
BUCKET = "shelf"


class FakeBucket(GatedServer):
    """The server, with one empty bucket."""

    def __init__(self) -> None:
        import moto.backends  # half a second, for the few tests that have a bucket
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        self._backend = moto.backends.get_backend("s3")["123456789012"]["aws"]
        self._backend.reset()
        self._backend.create_bucket(BUCKET, "us-east-1")
        self._app = DomainDispatcherApplication(create_backend_app)
        server = make_server("127.0.0.1", 0, self._gated, threaded=True)
        self._port = server.port
        super().__init__(server)

    def _gated(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        self.arrive(asked)
        answered: Iterable[bytes] = self._app(environ, start)
        return answered

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a command that pushes here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
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
