"""httpx over connections of our own making, by public names of httpx and httpcore alone.

``httpx.HTTPTransport`` makes its pool itself and has no argument for the network backend below
it; httpcore's pools have one. What stands between the two is here: the request handed down, the
reply handed up, errors by httpx's names, and the proxies of the environment, which httpx reads
only where it makes its transports itself.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpcore
import httpx

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
    Networks, of which it takes none, are :func:`direct_networks`.
    """
    told, excepted = getproxies(), excepted_hosts()
    if "*" in excepted:
        return {}
    proxies: dict[str, str | None] = {
        f"{scheme}://": url if "://" in url else f"http://{url}"
        for scheme in ("http", "https", "all")
        if (url := told.get(scheme))
    }
    names = (host for host in excepted if _network(host) is None)
    return proxies | {pattern: None for name in names for pattern in _patterns(name)}


Network = IPv4Network | IPv6Network


def excepted_hosts() -> Sequence[str]:
    """The entries of ``NO_PROXY``."""
    entries = (entry.strip() for entry in getproxies().get("no", "").split(","))
    return [entry for entry in entries if entry]


def direct_networks() -> Sequence[Network]:
    """The networks that ``NO_PROXY`` names, whose addresses are asked without a proxy."""
    networks = map(_network, excepted_hosts())
    return [network for network in networks if network is not None]


def _network(entry: str) -> Network | None:
    """An address with the length of a prefix; None for any other entry."""
    address, slash, prefix = entry.partition("/")
    with contextlib.suppress(ValueError):
        return ip_network(f"{_bare(address)}/{prefix}", strict=False) if slash else None
    return None


def _bare(address: str) -> str:
    return re.sub(r"^\[(.*)\]$", r"\1", address)


def _patterns(host: str) -> Sequence[str]:
    """An entry of ``NO_PROXY`` as URL patterns; a name stands for the names below it too.

    Raises:
        httpx.InvalidURL: a name that cannot be one.
    """
    if "://" in host:
        return [host]
    with contextlib.suppress(ValueError):
        address = ip_address(_bare(host))
        return [f"all://[{address}]" if isinstance(address, IPv6Address) else f"all://{address}"]
    if not host.isascii():  # httpx takes no * before these, and reads only whole names back
        name = httpx.URL(f"all://{host.lstrip('*.')}").raw_host.decode("ascii")
        return [f"all://{name}", f"all://*.{name}"]
    # a port may stand behind brackets, and no name stands below an address
    whole = host.lower() == "localhost" or "[" in host
    return [f"all://{host}" if whole else f"all://*{host.lstrip('*')}"]


def fault_of_exception(entry: str) -> str | None:
    """Why an entry of ``NO_PROXY`` excepts nothing; None where it does."""
    if _network(entry) is not None:
        return None
    try:
        host = httpx.URL(_patterns(entry)[0]).host
    except httpx.InvalidURL:
        host = ""
    address, slash, _ = entry.partition("/")
    with contextlib.suppress(ValueError):
        host = "" if slash and ip_address(_bare(address)) else host
    return None if host else "is neither a host nor a network"


class ProxyUnreachable(httpcore.ConnectError):
    """No connection to the proxy at ``address``; nothing is known of the server behind it."""

    def __init__(self, message: str, address: str) -> None:
        super().__init__(message)
        self.address = address


class _ToProxy(httpcore.NetworkBackend):
    """Connects to one proxy alone, and says so where it cannot: the request names the server."""

    def __init__(self, backend: httpcore.NetworkBackend, url: httpx.URL) -> None:
        self._backend = backend
        self._address = f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"

    def connect_tcp(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:
        """As the backend does it."""
        try:
            return self._backend.connect_tcp(*arguments, **named)
        except httpcore.ConnectError as error:
            raise ProxyUnreachable(str(error), self._address) from error


def open_pool(
    backend: httpcore.NetworkBackend, context: ssl.SSLContext, proxy_url: str | None = None
) -> httpcore.ConnectionPool:
    """A pool over ``backend`` for one request at a time, by HTTP/1.1: to the server itself, or
    through a proxy.

    Raises:
        ValueError: the URL is none of a proxy.
        RuntimeError: a SOCKS proxy, and the package ``socksio`` is not installed.
    """
    if proxy_url is None:
        return httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=1,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=backend,
        )
    proxy = httpx.Proxy(proxy_url)  # takes user and password out of the URL
    kind = httpcore.SOCKSProxy if proxy.url.scheme.startswith("socks") else httpcore.HTTPProxy
    return kind(
        proxy_url=_core_url(proxy.url),
        proxy_auth=proxy.raw_auth,
        ssl_context=context,
        max_connections=1,
        keepalive_expiry=KEEPALIVE_S,
        network_backend=_ToProxy(backend, proxy.url),
    )


class FreePools:
    """Pools of one connection each, as many as there ever were requests at once.

    One pool for all looks through all its connections under its lock at each request and at each
    end of one: of hundreds of calls in flight nearly all would wait for that lock. The pool that
    was free last is taken first, so that few connections are kept warm where few are needed.
    """

    def __init__(
        self,
        opened: Callable[[], httpcore.ConnectionPool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opened = opened
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._free: deque[tuple[httpcore.ConnectionPool, float]] = deque()
        self._all: set[httpcore.ConnectionPool] = set()
        self.release(self._new())  # so that a proxy that cannot be used is told at once

    def take(self) -> httpcore.ConnectionPool:
        """A pool that nobody uses."""
        with self._lock:
            if self._free:
                return self._free.pop()[0]
        return self._new()

    def release(self, pool: httpcore.ConnectionPool) -> None:
        """It is free; one that has been free for longer than a connection is kept goes away."""
        now, old = self._monotonic(), None
        with self._lock:
            self._free.append((pool, now))
            if now - self._free[0][1] > KEEPALIVE_S:
                old = self._free.popleft()[0]
                self._all.discard(old)
        if old is not None:
            old.close()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pools = list(self._all)
        for pool in pools:
            pool.close()

    def _new(self) -> httpcore.ConnectionPool:
        pool = self._opened()
        with self._lock:
            self._all.add(pool)
        return pool


class PoolTransport(httpx.BaseTransport):
    """An httpx transport over pools of httpcore, of which each serves one request at a time.

    ``response`` is what replies are made as.
    """

    def __init__(
        self,
        opened: Callable[[], httpcore.ConnectionPool],
        response: type[httpx.Response] = httpx.Response,
    ) -> None:
        self._pools = FreePools(opened)
        self._response = response

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the reply's body is still on its way."""
        asked = httpcore.Request(
            method=request.method,
            url=_core_url(request.url),
            headers=request.headers.raw,
            content=cast(Iterable[bytes], request.stream),
            extensions=request.extensions,
        )
        pool = self._pools.take()
        try:
            with httpx_errors():
                reply = pool.handle_request(asked)
        except BaseException:  # frees the pool, whatever happened, and raises it again
            self._pools.release(pool)
            raise
        # By 301 and 302 httpx would ask on with GET, as browsers do: a chat has to be posted there.
        moved = reply.status in (301, 302) and request.method == "POST"
        return self._response(
            308 if moved and _keeps_end(request.url, reply.headers) else reply.status,
            headers=reply.headers,
            stream=_Body(reply, lambda: self._pools.release(pool)),
            extensions=reply.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pools.close()


class ProxiedTransport(httpx.BaseTransport):
    """Asks by a proxy, but ``directly`` what has an address in one of the ``networks``."""

    def __init__(
        self,
        proxied: httpx.BaseTransport,
        directly: httpx.BaseTransport,
        networks: Sequence[Network],
    ) -> None:
        self._proxied = proxied
        self._directly = directly
        self._networks = networks

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request on its way."""
        with contextlib.suppress(ValueError):  # a name is in no network
            address = ip_address(request.url.host)
            if any(address in network for network in self._networks):
                return self._directly.handle_request(request)
        return self._proxied.handle_request(request)

    def close(self) -> None:
        """Close the connections to the proxy; who is asked directly is closed by its owner."""
        self._proxied.close()


def _keeps_end(url: httpx.URL, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a reply sends on to the same page of an API, not to one where people sign in."""
    end = "/".join(url.path.rsplit("/", 2)[1:])
    places = (value for name, value in headers if name.lower() == b"location")
    try:
        return any(urlsplit(value.decode("latin-1")).path.endswith(end) for value in places)
    except ValueError:  # it is no address
        return False


class _Body(httpx.SyncByteStream):
    """What is still to come of a reply."""

    def __init__(self, reply: httpcore.Response, closed: Callable[[], None]) -> None:
        self._reply = reply
        self._closed = closed
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        with httpx_errors():
            yield from self._reply.iter_stream()

    def close(self) -> None:
        """Give the connection back to its pool, or up where the body was not read whole."""
        self._reply.close()
        if not self._is_closed:
            self._is_closed = True
            self._closed()


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
