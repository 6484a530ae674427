"""The real llama.cpp server on a port, as a server of one's own: with keys, with little room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from legalgen.errors import NoUsableProvider
from legalgen.providers.loading import open_provider
from legalgen.providers.local import bundled_model
from tests.batch.test_own_servers import Home

pytestmark = pytest.mark.extended
KEY = "a-key-of-llama"


@contextmanager
def llama(context: int, *keys: str) -> Iterator[str]:
    """A server of the bundled toy model; yields its address above the API."""
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(bundled_model())
    params.n_ctx, params.n_parallel = context, 1
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = list(keys)
    params.ui = False
    server = Server(params)
    try:
        yield server.listening_address
    finally:
        del server


def table(url: str, more: str = "") -> str:
    return f'[servers.llama]\nbase_url = "{url}/v1"\nmodels = ["smollm2"]\n{more}\n'


@pytest.mark.parametrize("keys", [(), (KEY,)])
def test_it_tells_its_context_and_is_called(keys: tuple[str, ...]) -> None:
    """Its list of models says with how much it was started, with and without a key."""
    with llama(4_096, *keys) as url:
        provider = open_provider("openai", api_key=KEY if keys else None, base_url=f"{url}/v1")
        try:
            (listed,) = provider.list_models(30.0)
        finally:
            provider.close()
    assert listed.context_window == 4_096


def test_a_refused_key_is_said(tmp_path: Path) -> None:
    """The table of the server is named, not a vendor's variable."""
    with llama(4_096, KEY) as url:
        result = Home(tmp_path, table(url, 'key = "another"')).batch(provider="llama", count="1")
    assert result.exit_code == 3
    assert [each.target.provider for each in result.obstacles] == ["llama"]


def test_a_small_context_is_said_before_anything_is_tried(tmp_path: Path) -> None:
    """With the flag of llama.cpp that mends it."""
    with llama(512, KEY) as url:
        home = Home(tmp_path, table(url, f'key = "{KEY}"').replace("smollm2", _name(url)))
        with pytest.raises(NoUsableProvider, match=r"a context of 512 tokens.*llama\.cpp: -c"):
            home.batch(provider="llama", count="1")


def _name(url: str) -> str:
    """What the server calls its model."""
    provider = open_provider("openai", api_key=KEY, base_url=f"{url}/v1")
    try:
        return provider.list_models(30.0)[0].id
    finally:
        provider.close()
