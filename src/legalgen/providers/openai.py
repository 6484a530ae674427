"""Any OpenAI-compatible server: Ollama, vLLM, llama.cpp, LM Studio, a gateway."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from legalgen.errors import ConfigurationError
from legalgen.providers import PROVIDERS
from legalgen.providers._http import DeadlineClient
from legalgen.providers._sdk import Dialect, SdkProvider, without_environment
from legalgen.providers.config import ProviderConfig, sound_base_url
from legalgen.providers.installing import install_command

_SPEC = PROVIDERS["openai"]
_NO_KEY = "none"  # the SDK insists on one; a server without keys does not look at it
_CAPS = ("max_tokens", "max_completion_tokens")


def open_provider(config: ProviderConfig) -> SdkProvider:
    """The server at ``config.base_url``, which ends where ``/chat/completions`` begins.

    The cap on tokens is sent as ``max_tokens``, which every compatible server knows; the newer
    ``max_completion_tokens`` is ignored by some (Ollama), so that an answer has no end. OpenAI
    itself gets the newer one, for its reasoning models refuse the older. The option ``cap`` names
    either for a server that wants the other.

    Raises:
        ConfigurationError: no base URL, one that cannot be used, an unknown ``cap``, or the
            package ``openai`` is not installed.
    """
    try:
        import openai  # an extra, and heavy
    except ImportError as error:
        message = f"the provider openai needs a package: {install_command(['openai>=2'])}"
        raise ConfigurationError(message) from error

    parts = urlsplit(_base_url(config))
    base_url = parts._replace(query="").geturl().rstrip("/")
    http = DeadlineClient(connect_timeout_s=config.connect_timeout_s)
    client = openai.OpenAI(
        api_key=config.api_key or _NO_KEY,
        base_url=base_url,
        http_client=http,  # type: ignore[arg-type] # typed for httpx2; takes httpx by its own word
        max_retries=0,
        default_query=dict(parse_qsl(parts.query)),  # Azure's api-version, with every call
    )
    without_environment(client)
    client.organization = client.project = client.admin_api_key = None  # from the environment
    return SdkProvider(
        _SPEC.name,
        client,
        http,
        sdk_error=openai.OpenAIError,
        key=config.api_key or "",
        dialect=Dialect(cap=_cap(config, base_url), reasoning_format=False),
        catalog=config.catalog,
    )


def _base_url(config: ProviderConfig) -> str:
    variable = str(_SPEC.base_url_env)
    if not config.base_url:
        raise ConfigurationError(
            f"{variable} is not set: set it to the server's address, "
            "for example http://localhost:11434/v1 (Ollama)"
        )
    return sound_base_url(config.base_url, variable=variable, takes_query=True)


def _cap(config: ProviderConfig, base_url: str) -> str:
    official = urlsplit(base_url).hostname == "api.openai.com"
    cap = config.options.get("cap", _CAPS[official])
    if cap not in _CAPS:
        raise ConfigurationError(f"openai: cap must be {' or '.join(_CAPS)}, not {cap!r}")
    return str(cap)
