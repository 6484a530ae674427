"""Any OpenAI-compatible server: Ollama, vLLM, llama.cpp, LM Studio, a gateway."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qsl, urlsplit

import httpx
from msgspec.structs import replace

from legalgen.completion import CAPS
from legalgen.errors import ConfigurationError
from legalgen.providers import PROVIDERS
from legalgen.providers._http import DeadlineClient, deadline
from legalgen.providers._pages import native_context
from legalgen.providers._reply import json_value
from legalgen.providers._sdk import Dialect, SdkProvider, without_environment
from legalgen.providers.base import RemoteModel
from legalgen.providers.config import ProviderConfig, sound_base_url
from legalgen.providers.installing import install_command

_SPEC = PROVIDERS["openai"]
_NO_KEY = "none"  # the SDK insists on one; a server without keys does not look at it


class OpenAiProvider(SdkProvider):
    """A compatible server, which can be asked how large a context its models have.

    ``root`` is the address above its API, without a slash at its end; empty where nothing else is
    asked there.
    """

    root = ""

    def size(self, model: str, timeout_s: float) -> RemoteModel | None:
        """From its list of models, else from the pages that Ollama, LM Studio, llama.cpp and others
        have beside it; all of them together take no longer than ``timeout_s``."""
        started = time.monotonic()
        row = super().size(model, timeout_s)
        if row is None or row.context_window is not None:
            return row
        if not self.root:
            return row
        pages = _Pages(self._http, self.root, self._key, started + timeout_s)
        return replace(row, context_window=native_context(pages.json, model))


class _Pages:
    """The pages of a server beside its API, asked for ``until`` then, by the monotonic clock."""

    def __init__(self, http: DeadlineClient, root: str, key: str, until: float) -> None:
        self._http = http
        self._root = root
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        self._until = until

    def json(self, path: str, body: object = None) -> object:
        """What a page says; None where it is not there. With a ``body`` it is posted."""
        left = self._until - time.monotonic()
        if left <= 0:  # a server that hangs does so on every page
            return None
        try:
            with deadline(left):
                response = self._http.request(
                    "GET" if body is None else "POST",
                    f"{self._root}{path}",
                    json=body,
                    headers=self._headers,
                    timeout=self._http.timeouts(left),
                )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError):
            return None  # it is no page of this server's; the calls will tell what is wrong
        return json_value(response.content) if response.is_success else None


def open_provider(config: ProviderConfig) -> OpenAiProvider:
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

    parts = urlsplit(_CALL.sub("", _base_url(config)))
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
    provider = OpenAiProvider(
        _SPEC.name,
        client,
        http,
        sdk_error=openai.OpenAIError,
        omit=openai.omit,
        key=config.api_key or "",
        secrets=config.secrets,
        dialect=Dialect(cap=_cap(config, base_url), reasoning_format=False),
    )
    if config.options.get("pages", True):
        provider.root = base_url.removesuffix("/v1")
    return provider


def _base_url(config: ProviderConfig) -> str:
    variable = str(_SPEC.base_url_env)
    if not config.base_url:
        raise ConfigurationError(
            f"{variable} is not set: set it, or --base-url, to the server's address, "
            "for example http://localhost:11434/v1 (Ollama) or https://api.openai.com/v1 (OpenAI)"
        )
    return sound_base_url(config.base_url, variable=variable, takes_query=True)


_CALL = re.compile(r"/chat/completions/?(?=\?|$)")
"""What is copied with the address from a page of examples, and added to each call anyway."""


def _cap(config: ProviderConfig, base_url: str) -> str:
    official = urlsplit(base_url).hostname == "api.openai.com"
    cap = config.options.get("cap", CAPS[official])
    if cap not in CAPS:
        raise ConfigurationError(f"openai: cap must be {' or '.join(CAPS)}, not {cap!r}")
    return str(cap)
