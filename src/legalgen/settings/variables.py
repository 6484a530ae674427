"""Variables of the environment that are no settings: keys, addresses and proxies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from legalgen.providers import PROVIDERS, own_variable
from legalgen.settings.provider_tables import ProviderSettings
from legalgen.settings.types import Secret

PROXIES = frozenset(
    spelling
    for name in ("http_proxy", "https_proxy", "all_proxy")
    for spelling in (name, name.upper())
)
"""Variables whose values may hold a password; read by httpx, and by us to hide it."""


def vendor_variables(
    environ: Mapping[str, str], tables: Mapping[str, ProviderSettings]
) -> dict[str, Secret]:
    """Keys and addresses of providers and servers, and what may hold a password."""
    wanted = ("_API_KEY", "_BASE_URL")
    named = {table.key_variable for table in tables.values()} | PROXIES
    return {
        name: Secret(value)
        for name, value in environ.items()
        if (name.endswith(wanted) or name in named) and value.strip()
    }


def mistyped_variables(
    environ: Mapping[str, str], settings: Iterable[str], tables: Mapping[str, ProviderSettings]
) -> list[str]:
    """Variables of this program that nobody reads, each in a sentence; ``settings`` are those of
    settings."""
    names = [*PROVIDERS, *(name for name, table in tables.items() if table.server)]
    keys = [own_variable(name, "API_KEY") for name in names]
    urls = [own_variable(name, "BASE_URL") for name in names]
    named = filter(None, (table.key_variable for table in tables.values()))
    known = [*settings, "LEGALGEN_CONFIG", *keys, *urls, *named]
    ours = sorted(name for name in environ if name.startswith("LEGALGEN_") and name not in known)
    if not ours:
        return []
    from legalgen.errors.suggestions import did_you_mean  # most runs contain no mistake

    hints = {name: did_you_mean(name, known, cutoff=0.85) for name in ours}
    return [
        f"{name} is set and is no setting{hint}"
        for name, hint in hints.items()
        if hint or not name.endswith(("_API_KEY", "_BASE_URL"))  # of a server of another file
    ]


def credentials(url: str) -> Iterator[str]:
    """The password of a URL, or the token that stands alone before its ``@``, in each spelling,
    and what may be a key in its query.

    The URL may be malformed, as those are that are complained of.
    """
    from legalgen.providers.addresses import query_secrets  # completion looks at no address

    userinfo, at, _ = url.strip().rpartition("@")
    if at:
        user, colon, password = userinfo.rpartition("://")[2].partition(":")
        credential = password if colon else user
        yield from dict.fromkeys(filter(None, (credential, unquote(credential))))
    yield from query_secrets(url)
