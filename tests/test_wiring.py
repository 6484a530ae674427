"""What settings become: the route that a wish means, whichever layer says each part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from legalgen import wiring
from legalgen.errors import UsageError
from legalgen.providers.catalog import Catalog
from legalgen.settings import Folders, Settings

KEYS = {"GROQ_API_KEY": "gsk_" + "Ab3" * 16, "CEREBRAS_API_KEY": "csk-" + "Zz9" * 16}
ROUTE = "[failover]\nroute = ['groq/openai/gpt-oss-20b']\n"


def first(tmp_path: Path, flags: dict[str, object], environ: dict[str, str], config: str) -> str:
    """Where a batch with these settings would begin."""
    path = tmp_path / "config.toml"
    path.write_text(config)
    path.chmod(0o600)
    named = {f"LEGALGEN_{name}_DIR": str(tmp_path) for name in ("DATA", "STATE", "LOG")}
    folders = Folders(*[tmp_path] * 4)
    providers = ("groq", "cerebras", "openai", "local")
    settings = Settings.load(
        flags, KEYS | named | environ, path, folders=folders, known_providers=providers
    )
    return str(wiring.plan_route(settings, Catalog.load()).stops[0].ref)


@pytest.mark.parametrize(
    ("flags", "environ", "config", "expected"),
    [
        ({}, {}, ROUTE, "groq/openai/gpt-oss-20b"),
        ({"provider": "cerebras"}, {}, ROUTE, "cerebras/gpt-oss-120b"),
        ({"model": "qwen/qwen3.8-27b"}, {}, ROUTE, "groq/qwen/qwen3.8-27b"),
        ({}, {"LEGALGEN_PROVIDER": "cerebras"}, ROUTE, "cerebras/gpt-oss-120b"),
        ({}, {"LEGALGEN_ROUTE": "cerebras/gpt-oss-120b"}, ROUTE, "cerebras/gpt-oss-120b"),
        ({"route": "groq/openai/gpt-oss-20b"}, {}, "provider = 'cerebras'\n",
         "groq/openai/gpt-oss-20b"),
        ({"route": "groq/openai/gpt-oss-20b"}, {"LEGALGEN_MODEL": "gpt-oss-120b"}, "",
         "groq/openai/gpt-oss-20b"),
        ({}, {}, "provider = 'cerebras'\n" + ROUTE, "groq/openai/gpt-oss-20b"),
        ({"model": "cerebras/gpt-oss-120b"}, {}, "provider = 'groq'\n", "cerebras/gpt-oss-120b"),
    ],
)  # fmt: skip
def test_what_is_said_nearer_to_the_command_wins(
    tmp_path: Path,
    flags: dict[str, object],
    environ: dict[str, str],
    config: str,
    expected: str,
) -> None:
    """A provider on the command line goes before a route in the file; a route before both."""
    assert first(tmp_path, flags, environ, config) == expected


@pytest.mark.parametrize("also", ["provider", "model"])
def test_a_route_and_its_beginning_are_not_both_typed(tmp_path: Path, also: str) -> None:
    """One of the two would be passed over without a word."""
    flags: dict[str, object] = {"route": "groq/openai/gpt-oss-20b", also: "groq"}
    with pytest.raises(UsageError, match=f"leave out --{also}"):
        first(tmp_path, flags, {}, "")


def test_a_model_with_a_slash_may_be_the_set_provider_s_own(tmp_path: Path) -> None:
    """An id listed in the file is not taken for a provider and its model."""
    config = "provider = 'groq'\n[providers.groq]\nmodels = ['openai/gpt-oss-next']\n"
    found = first(tmp_path, {"model": "openai/gpt-oss-next"}, {}, config)
    assert found == "groq/openai/gpt-oss-next"
