"""Opening a provider: its key is checked, its module and SDK are loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

from legalgen.completion import Completion, Request
from legalgen.errors import (
    ConfigurationError,
    ErrorCategory,
    Failure,
    LegalgenError,
    ProviderError,
)
from legalgen.providers import ProviderSpec, provider_spec
from legalgen.providers.base import Provider, RemoteModel
from legalgen.providers.config import DEFAULT_CONNECT_TIMEOUT_S, ProviderConfig, sound_key
from legalgen.providers.entry_points import in_words


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
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
    secrets: tuple[str, ...] = (),
) -> Provider:
    """Load the SDK of ``name`` and open it; no call is made. ``spec`` None: it is a known provider.

    Raises:
        ConfigurationError: no such provider, a key or an address that cannot be used, or its
            package is not installed.
    """
    spec = spec or provider_spec(name)
    given = spec.needs_key or bool((api_key or "").strip())
    key = checked_key(name, api_key, spec) if given else None
    config = ProviderConfig(key, base_url, options or {}, connect_timeout_s, secrets)
    provider = _brought(spec, config) if spec.package else _opened(spec, config)
    provider.name = name  # a server's own, or with the number of its key
    return provider


def _opened(spec: ProviderSpec, config: ProviderConfig) -> Provider:
    provider: Provider = import_module(spec.module).open_provider(config)
    return provider


def _brought(spec: ProviderSpec, config: ProviderConfig) -> Provider:
    """A provider that another package brings: whatever its code raises is one of our errors."""
    try:
        return Foreign(_opened(spec, config))
    except LegalgenError:
        raise
    except Exception as error:  # foreign code may raise anything
        message = f"the provider {spec.name} of the package {spec.package} cannot be opened"
        raise ConfigurationError(f"{message} ({in_words(error)})") from error


class Foreign:
    """A provider of another package, at whose border foreign errors end."""

    def __init__(self, provider: Provider) -> None:
        self.name = provider.name
        self._provider = provider

    def complete(self, request: Request) -> Completion:
        """As :meth:`legalgen.providers.base.Provider.complete`."""
        with _translated():
            return self._provider.complete(request)

    def list_models(self, timeout_s: float) -> Sequence[RemoteModel]:
        """As :meth:`legalgen.providers.base.Provider.list_models`."""
        with _translated():
            return self._provider.list_models(timeout_s)

    def abandon(self) -> None:
        """As :meth:`legalgen.providers.base.Provider.abandon`."""
        with suppress(LegalgenError), _translated():  # whoever ends a run can do nothing about it
            self._provider.abandon()

    def close(self) -> None:
        """As :meth:`legalgen.providers.base.Provider.close`."""
        with suppress(LegalgenError), _translated():  # nor who has all that it wrote
            self._provider.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except LegalgenError:
        raise
    except Exception as error:  # foreign code may raise anything
        raise ProviderError.of(Failure(ErrorCategory.GENERAL, in_words(error))) from error
