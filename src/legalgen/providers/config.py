"""What a provider is opened with, checked before a vendor's SDK sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from legalgen.errors import ConfigurationError
from legalgen.providers.addresses import address_problem, has_query
from legalgen.providers.keys import key_problem

DEFAULT_CONNECT_TIMEOUT_S = 5.0
"""A vendor's edge answers within a tenth of that from anywhere; what does not, is not there."""


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """Everything a provider may know about the place it runs in; it reads no environment.

    ``base_url`` None is the vendor's own address. Name and TCP connection together may take
    ``connect_timeout_s`` seconds, and then TLS as long again. ``options`` are the provider's own
    (see its module). ``secrets`` is what may stand in no error beside the key: headers, a query.
    ``repr`` holds none of them.
    """

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S
    secrets: tuple[str, ...] = field(default=(), repr=False)


def sound_key(raw: str | None, *, variable: str, remedy: str) -> str:
    """The key without the blanks around it.

    Raises:
        ConfigurationError: no header can carry it; names ``variable``, never the key.
    """
    if raw is None:
        raise ConfigurationError(f"{variable} is not set: {remedy}")
    if problem := key_problem(raw):
        raise ConfigurationError(f"{variable} {problem}: {remedy}")
    return raw.strip()


def sound_base_url(
    raw: str, *, variable: str, api_path: str = "", takes_query: bool = False
) -> str:
    """The base URL without a slash at its end, and without ``api_path``, which the SDK adds.

    ``https://api.example/openai/v1`` is what OpenAI-style clients are given; an SDK that appends
    ``/openai/v1/chat/completions`` itself would double the path.

    Raises:
        ConfigurationError: it is not an http or https URL with a host, holds a name or a password,
            which httpx would send in place of the key, or a query that would be lost; names
            ``variable``.
    """
    url = raw.strip().rstrip("/")
    if problem := address_problem(url):
        raise ConfigurationError(f"{variable}: {problem}")
    if has_query(url) and not takes_query:
        raise ConfigurationError(f"{variable} holds a query: leave out what is after ?")
    return url.removesuffix(api_path)
