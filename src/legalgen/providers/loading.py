"""Opening a provider: its key is checked, its module and SDK are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from legalgen.providers import ProviderSpec, provider_spec
from legalgen.providers.base import Provider
from legalgen.providers.catalog import Catalog
from legalgen.providers.config import DEFAULT_CONNECT_TIMEOUT_S, ProviderConfig, sound_key


def checked_key(provider: str, raw: str | None, spec: ProviderSpec | None = None) -> str:
    """The key of ``provider``, stripped and fit for a header.

    Raises:
        ConfigurationError: it is missing or cannot be a key; names the variable, never the key.
    """
    spec = spec or provider_spec(provider)
    variable = spec.env_var or f"the key of {provider}"
    remedy = "set it to your key"
    if spec.key_url:
        remedy += f" (make one at {spec.key_url})"
    return sound_key(raw, variable=variable, remedy=remedy)


def open_provider(
    name: str,
    *,
    spec: ProviderSpec | None = None,
    api_key: str | None = None,
    base_url: str | None = None,
    options: Mapping[str, object] | None = None,
    catalog: Catalog | None = None,
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
) -> Provider:
    """Load the SDK of ``name`` and open it; no call is made. ``spec`` None: it is a known provider.

    Raises:
        ConfigurationError: no such provider, a key or an address that cannot be used, or its
            package is not installed.
    """
    spec = spec or provider_spec(name)
    given = spec.needs_key or bool((api_key or "").strip())
    key = checked_key(name, api_key, spec) if given else None
    config = ProviderConfig(key, base_url, options or {}, catalog, connect_timeout_s)
    provider: Provider = import_module(spec.module).open_provider(config)
    provider.name = name  # a server's own, or with the number of its key
    return provider
