"""httpx over connection pools of our own making, by public names of httpx and httpcore alone.

``httpx.HTTPTransport`` makes its pool itself and has no argument for the network backend below
it; httpcore's pools have one. What stands between the two is here: the request handed down, the
reply handed up, errors by httpx's names, and the proxies of the environment, which httpx reads
only where it makes its transports itself.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Self, cast
from urllib.request import getproxies

import httpcore
import httpx

MOST_IDLE_CONNECTIONS = 64
"""As many as calls are in flight at a model whose limits bind."""
KEEPALIVE_S = 30.0
"""Below the idle timeout of the vendors' edges, above the pause between paced calls."""

_OF_HTTPCORE = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
"""The roots of what httpcore raises; each of their classes has a namesake in httpx."""


def environment_proxies() -> dict[str, str | None]:
    """Where calls go by ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.

    URL patterns as ``httpx.Client(mounts=...)`` takes them, with the proxy's URL; None: no proxy.
    """
    told = getproxies()
    excepted = [host.strip() for host in told.get("no", "").split(",")]
    if "*" in excepted:
        return {}
    proxies: dict[str, str | None] = {
        f"{scheme}://": url if "://" in url else f"http://{url}"
        for scheme in ("http", "https", "all")
        if (url := told.get(scheme))
    }
    return proxies | {_pattern(host): None for host in excepted if host}


def _pattern(host: str) -> str:
    """An entry of ``NO_PROXY`` as a URL pattern; a name stands for the names below it too."""
    if "://" in host:
        return host
    with contextlib.suppress(ValueError):
        match ip_address(host.partition("/")[0]):
            case IPv4Address():
                return f"all://{host}"
            case IPv6Address():
                return f"all://[{host}]"
    return f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"


def open_pool(
    backend: httpcore.NetworkBackend, context: ssl.SSLContext, proxy_url: str | None = None
) -> httpcore.ConnectionPool:
    """A pool of HTTP/1.1 connections over ``backend``: to the server itself, or through a proxy.

    Raises:
        ValueError: the URL is none of a proxy.
        RuntimeError: a SOCKS proxy, and the package ``socksio`` is not installed.
    """
    if proxy_url is None:
        return httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=MOST_IDLE_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=backend,
        )
    proxy = httpx.Proxy(proxy_url)  # takes user and password out of the URL
    kind = httpcore.SOCKSProxy if proxy.url.scheme.startswith("socks") else httpcore.HTTPProxy
    return kind(
        proxy_url=_core_url(proxy.url),
        proxy_auth=proxy.raw_auth,
        ssl_context=context,
        max_connections=None,
        max_keepalive_connections=MOST_IDLE_CONNECTIONS,
        keepalive_expiry=KEEPALIVE_S,
        network_backend=backend,
    )


class PoolTransport(httpx.BaseTransport):
    """An httpx transport over a pool of httpcore."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def __enter__(self) -> Self:
        self._pool.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        with httpx_errors():
            self._pool.__exit__(kind, error, traceback)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the reply's body is still on its way."""
        asked = httpcore.Request(
            method=request.method,
            url=_core_url(request.url),
            headers=request.headers.raw,
            content=cast(Iterable[bytes], request.stream),
            extensions=request.extensions,
        )
        with httpx_errors():
            reply = self._pool.handle_request(asked)
        return httpx.Response(
            reply.status,
            headers=reply.headers,
            stream=_Body(reply),
            extensions=reply.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """What is still to come of a reply."""

    def __init__(self, reply: httpcore.Response) -> None:
        self._reply = reply

    def __iter__(self) -> Iterator[bytes]:
        with httpx_errors():
            yield from self._reply.iter_stream()

    def close(self) -> None:
        """Give the connection back to its pool, or up where the body was not read whole."""
        self._reply.close()


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


@contextlib.contextmanager
def httpx_errors() -> Iterator[None]:
    """Errors of httpcore as their namesakes in httpx; our own by that of their nearest base."""
    try:
        yield
    except _OF_HTTPCORE as error:
        name = next(k.__name__ for k in type(error).__mro__ if k.__module__.startswith("httpcore"))
        raise getattr(httpx, name)(str(error)) from error
