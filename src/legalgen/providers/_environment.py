"""What the environment says of the way to a server: proxies and certificates, checked before use.

A variable that cannot be used is told by its name and in a sentence, before any call is made.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec

import httpx

from legalgen.errors import ConfigurationError
from legalgen.providers._transport import environment_proxies, excepted_hosts, fault_of_exception


def tls_context() -> ssl.SSLContext:
    """TLS with the certificates of the environment, or those that come with certifi.

    Raises:
        ConfigurationError: ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` cannot be used.
    """
    variable = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    if variable is not None and not _CERTIFICATES[variable](os.environ[variable]):
        kind = "folder" if variable == "SSL_CERT_DIR" else "file"
        raise ConfigurationError(
            f"{variable} names {os.environ[variable]}, and there is no such {kind}: "
            "name your certificates, or unset it"
        )
    try:
        return _loaded(*map(os.environ.get, _CERTIFICATES))
    except OSError as error:  # ssl.SSLError is one: no certificate in it, or it cannot be opened
        where = variable or error.filename or "the certificates of this machine"
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{where} cannot be used for TLS ({reason})") from error


@cache
def _loaded(file: str | None, folder: str | None) -> ssl.SSLContext:
    """What trusts the certificates of the file, else of the folder, else of certifi.

    One for all providers of a process: reading the certificates takes 20 ms of CPU, an
    ``SSLContext`` may be used by several threads at once, and nobody here changes it.
    """
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    return httpx.create_ssl_context(trust_env=False)


_CERTIFICATES: Mapping[str, Callable[[str], bool]] = {
    "SSL_CERT_FILE": os.path.isfile,
    "SSL_CERT_DIR": os.path.isdir,
}
"""In the order in which httpx looks for them. A pipe or a device would be read for ever."""


def usable_proxies() -> dict[str, str | None]:
    """The proxies of the environment, by the URLs that they are for.

    Raises:
        ConfigurationError: one cannot be used, or an entry of ``NO_PROXY``; names the variable, and
            never the value of one that may hold a password.
    """
    for entry in excepted_hosts():
        if fault := fault_of_exception(entry):
            shown = "an entry" if "@" in entry else repr(entry)
            raise ConfigurationError(
                f"NO_PROXY: {shown} {fault}; write a name, an address or a network, as in "
                "example.org,10.0.0.0/8,::1"
            )
    proxies = environment_proxies()
    for pattern, url in proxies.items():
        if url is not None and (fault := _proxy_fault(url)):
            raise ConfigurationError(f"{_proxy_variable(pattern)} {fault}; mend or unset it")
    return proxies


def _proxy_fault(url: str) -> str | None:
    """Why no proxy can be reached at ``url``; None if one can."""
    usable = "write it as http://host:port"
    scheme = url.partition("://")[0].lower()
    if scheme.startswith("socks") and find_spec("socksio") is None:
        return f"names a SOCKS proxy, which needs the package socksio: install it, or {usable}"
    if scheme not in ("http", "https", "socks5", "socks5h"):
        return f"is no address of an http or https proxy: {usable}"
    try:
        host = httpx.Proxy(url).url.host
    except (httpx.InvalidURL, ValueError):  # their words hold the address and its password
        host = ""
    return None if host else f"is not a URL: {usable} (percent-encode a password's special signs)"


def _proxy_variable(pattern: str) -> str:
    """The variable that a proxy was named in; in lower case it counts more."""
    name = f"{pattern.partition('://')[0]}_proxy"
    return name if os.environ.get(name) else name.upper()
