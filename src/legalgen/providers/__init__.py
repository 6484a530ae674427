"""Which providers there are. Importing this loads no SDK.

To add one: a module with ``open_provider(config) -> Provider``, a line in ``PROVIDERS``, and a
folder of its replies under ``tests/data/replies/``. Its models go into ``catalog.toml``; a model
that is not there is called with conservative defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import msgspec

from legalgen.errors import ConfigurationError
from legalgen.providers.base import Provider, RemoteModel
from legalgen.providers.catalog import Catalog
from legalgen.providers.config import DEFAULT_CONNECT_TIMEOUT_S, ProviderConfig, sound_key

__all__ = [
    "PROVIDERS",
    "Provider",
    "ProviderConfig",
    "ProviderSpec",
    "RemoteModel",
    "checked_key",
    "open_provider",
    "provider_spec",
]


class ProviderSpec(msgspec.Struct, frozen=True):
    """What can be said about a provider without loading it.

    ``module`` is imported when the provider is opened. ``env_var`` and ``base_url_env`` are the
    variables that hold its key and its address (the vendor's own names), ``key_url`` is where a
    key is made, ``extra`` the extra that installs its SDK. ``remote``: it is reached over the
    network, so that an address, a key and limits belong to it.
    """

    name: str
    module: str
    env_var: str | None = None
    base_url_env: str | None = None
    default_base_url: str | None = None
    needs_key: bool = False
    key_url: str | None = None
    extra: str | None = None
    remote: bool = True


_ALL = (
    ProviderSpec(
        "groq",
        "legalgen.providers.groq",
        env_var="GROQ_API_KEY",
        base_url_env="GROQ_BASE_URL",
        default_base_url="https://api.groq.com",
        needs_key=True,
        key_url="https://console.groq.com/keys",
    ),
    ProviderSpec(
        "cerebras",
        "legalgen.providers.cerebras",
        env_var="CEREBRAS_API_KEY",
        base_url_env="CEREBRAS_BASE_URL",
        default_base_url="https://api.cerebras.ai",
        needs_key=True,
        key_url="https://cloud.cerebras.ai",
    ),
    ProviderSpec(
        "openai",
        "legalgen.providers.openai",
        env_var="OPENAI_API_KEY",
        base_url_env="OPENAI_BASE_URL",
        extra="openai",
    ),
    ProviderSpec("local", "legalgen.providers.local", extra="local", remote=False),
)

PROVIDERS: Mapping[str, ProviderSpec] = MappingProxyType({spec.name: spec for spec in _ALL})
"""By name, in the order of preference among providers that have a key."""


def provider_spec(name: str) -> ProviderSpec:
    """The provider called ``name``.

    Raises:
        ConfigurationError: there is none; names those there are.
    """
    try:
        return PROVIDERS[name]
    except KeyError:
        known = ", ".join(PROVIDERS)
        raise ConfigurationError(f"there is no provider {name!r}; there are: {known}") from None


def checked_key(provider: str, raw: str | None) -> str:
    """The key of ``provider``, stripped and fit for a header.

    Raises:
        ConfigurationError: it is missing or cannot be a key; names the variable, never the key.
    """
    spec = provider_spec(provider)
    variable = spec.env_var or f"the key of {provider}"
    remedy = "set it to your key"
    if spec.key_url:
        remedy += f" (make one at {spec.key_url})"
    return sound_key(raw, variable=variable, remedy=remedy)


def open_provider(
    name: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    options: Mapping[str, object] | None = None,
    catalog: Catalog | None = None,
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
) -> Provider:
    """Load the SDK of ``name`` and open it; no call is made.

    Raises:
        ConfigurationError: no such provider, a key or an address that cannot be used, or its
            package is not installed.
    """
    spec = provider_spec(name)
    given = spec.needs_key or bool((api_key or "").strip())
    key = checked_key(name, api_key) if given else None
    config = ProviderConfig(key, base_url, options or {}, catalog, connect_timeout_s)
    provider: Provider = import_module(spec.module).open_provider(config)
    return provider
