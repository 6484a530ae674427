"""Cerebras, through its SDK."""

from __future__ import annotations

from legalgen.providers import PROVIDERS
from legalgen.providers._http import DeadlineClient
from legalgen.providers._sdk import Dialect, SdkProvider, without_environment
from legalgen.providers.config import ProviderConfig, sound_base_url

_SPEC = PROVIDERS["cerebras"]
_MAX_TEMPERATURE = 1.5  # the lower of the two bounds in the vendor's own pages


def open_provider(config: ProviderConfig) -> SdkProvider:
    """Cerebras; ``config.base_url`` may be given with or without ``/v1``.

    Without the constructor's warming call (up to six seconds of hidden retries), and over
    HTTP/1.1, for one HTTP/2 connection shared by threads loses calls.

    Raises:
        ConfigurationError: the base URL cannot be used.
    """
    from cerebras.cloud import sdk  # a quarter of a second

    base_url = sound_base_url(
        config.base_url or str(_SPEC.default_base_url),
        variable=str(_SPEC.base_url_env),
        api_path="/v1",
    )
    key = config.api_key or ""
    http = DeadlineClient(connect_timeout_s=config.connect_timeout_s)
    client = sdk.Cerebras(
        api_key=key,
        base_url=base_url,
        http_client=http,
        max_retries=0,
        warm_tcp_connection=False,
    )
    without_environment(client)
    return SdkProvider(
        _SPEC.name,
        client,
        http,
        sdk_error=sdk.CerebrasError,
        omit=sdk.omit,
        key=key,
        secrets=config.secrets,
        dialect=Dialect(max_temperature=_MAX_TEMPERATURE),
    )
