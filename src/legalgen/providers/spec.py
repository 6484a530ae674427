"""What can be said about a provider without loading it."""

from __future__ import annotations

import re
from typing import Literal

import msgspec


class ProviderOption(msgspec.Struct, frozen=True):
    """A key of a provider's own in ``[providers.<name>]``, which its module reads and checks.

    ``example`` is a value as the file holds it.
    """

    key: str
    example: str
    help: str


class ProviderSpec(msgspec.Struct, frozen=True):
    """What can be said about a provider without loading it.

    ``key_url`` is where a key is made, ``extra`` the extra that installs its SDK. ``remote``: it is
    reached over the network, so that an address, a key and limits belong to it.
    ``packages`` are what must be installed beside this program, each module with what pip is told.
    ``shared_variables``: other tools read the vendor's variables as well, so that those meant for
    this program carry its prefix (see ``own_variable``). ``speaks`` names the module of a server of
    the user's own, ``key_variable`` the variable of its key. ``by_default``: it may stand in
    a route that names it not. ``takes_files``: a model may be the path of a GGUF file. ``options``
    are the keys of its own in its table. ``models`` are those that it has where the user lists
    none.

    Of a provider that another package brings, ``package`` is that package with its version, and
    ``implementation`` the module with its ``open_provider``.
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
    takes_files: bool = False
    options: tuple[ProviderOption, ...] = ()
    models: tuple[str, ...] = ()
    implementation: str = ""
    package: str = ""

    @property
    def module(self) -> str:
        """What is imported when the provider is opened."""
        return self.implementation or f"legalgen.providers.{self.speaks or self.name}"

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
