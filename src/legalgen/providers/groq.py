"""Groq, through its SDK."""

from __future__ import annotations

from legalgen.providers import PROVIDERS
from legalgen.providers._bulk import BulkSdkProvider
from legalgen.providers._http import DeadlineClient
from legalgen.providers._sdk import Dialect, without_environment
from legalgen.providers.config import ProviderConfig, sound_base_url

_SPEC = PROVIDERS["groq"]


def open_provider(config: ProviderConfig) -> BulkSdkProvider:
    """Groq; ``config.base_url`` may be given with or without ``/openai/v1``.

    Raises:
        ConfigurationError: the base URL cannot be used.
    """
    import groq  # a third of a second

    base_url = sound_base_url(
        config.base_url or str(_SPEC.default_base_url),
        variable=str(_SPEC.base_url_env),
        api_path="/openai/v1",
    )
    key = config.api_key or ""
    http = DeadlineClient(connect_timeout_s=config.connect_timeout_s)
    client = groq.Groq(api_key=key, base_url=base_url, http_client=http, max_retries=0)
    without_environment(client)
    return BulkSdkProvider(
        _SPEC.name,
        client,
        http,
        sdk_error=groq.GroqError,
        omit=groq.omit,
        key=key,
        secrets=config.secrets,
        dialect=Dialect(),
    )
