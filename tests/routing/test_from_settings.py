"""What settings become: the route that a request means, whichever layer says each part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from legalgen.errors import UsageError
from legalgen.providers.catalog import Catalog
from legalgen.routing import from_settings as routing
from legalgen.settings.declaration import Folders
from legalgen.settings.layers import Settings

KEYS = {"GROQ_API_KEY": "gsk_" + "Ab3" * 16, "CEREBRAS_API_KEY": "csk-" + "Zz9" * 16}
ROUTE = "[failover]\nroute = ['groq/openai/gpt-oss-20b']\n"


def loaded(
    tmp_path: Path, flags: dict[str, object], environ: dict[str, str], config: str
) -> Settings:
    """What these flags, variables and file come to."""
    path = tmp_path / "config.toml"
    path.write_text(config)
    path.chmod(0o600)
    named = {f"LEGALGEN_{name}_DIR": str(tmp_path) for name in ("DATA", "STATE", "LOG")}
    folders = Folders(*[tmp_path] * 4)
    providers = ("groq", "cerebras", "openai", "local")
    return Settings.load(
        flags, KEYS | named | environ, path, folders=folders, known_providers=providers
    )


def first(tmp_path: Path, flags: dict[str, object], environ: dict[str, str], config: str) -> str:
    """Where a batch with these settings would begin."""
    settings = loaded(tmp_path, flags, environ, config)
    return str(routing.plan_route(settings, Catalog.load()).entries[0].ref)


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


# ---------------------------------------------------------------------------- judges

LARGE, SMALL = "groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-20b"
QWEN, QWEN_ELSEWHERE = "groq/qwen/qwen3.8-27b", "cerebras/qwen-3.8-27b"


def judged(tmp_path: Path, config: str = "", **flags: object) -> Settings:
    return loaded(tmp_path, {"provider": "groq", **flags}, {}, config)


def route(settings: Settings) -> list[str]:
    return [str(place.ref) for place in routing.plan_route(settings, Catalog.load()).entries]


def test_a_judges_family_does_not_write(tmp_path: Path) -> None:
    """Whatever their weights and wherever they are, all of its family leave the route."""
    everybody = route(judged(tmp_path))
    assert everybody == [LARGE, SMALL, QWEN, "cerebras/gpt-oss-120b", QWEN_ELSEWHERE]
    assert route(judged(tmp_path, judge=[LARGE])) == [QWEN, QWEN_ELSEWHERE]
    assert route(judged(tmp_path, judge=[SMALL])) == [QWEN, QWEN_ELSEWHERE]
    assert route(judged(tmp_path, judge=[QWEN])) == [LARGE, SMALL, "cerebras/gpt-oss-120b"]


def test_a_judges_twins_judge_and_its_family_does_not(tmp_path: Path) -> None:
    """The same weights elsewhere stand in for the judge; other weights are another judge."""
    judges = routing.plan_judges(judged(tmp_path, judge=[LARGE]), Catalog.load())
    assert [str(place.ref) for place in judges.entries] == [LARGE, "cerebras/gpt-oss-120b"]


def test_a_named_model_that_may_not_write_is_told(tmp_path: Path) -> None:
    """Who asked for it hears why others write; who did not is told nothing."""
    catalog = Catalog.load()
    named = judged(tmp_path, model="openai/gpt-oss-20b", judge=[LARGE])
    assert routing.plan_route(named, catalog).warnings == (
        f"{SMALL} does not write: it is of one family with --judge {LARGE}",
    )
    assert routing.plan_route(judged(tmp_path, judge=[LARGE]), catalog).warnings == ()


@pytest.mark.parametrize(
    "flags",
    [
        {"model": "openai/gpt-oss-20b", "no_failover": True},
        {"provider": None, "route": f"{SMALL},cerebras/gpt-oss-120b"},
    ],
)
def test_a_judge_that_could_mark_nothing_is_refused(tmp_path: Path, flags: dict[str, Any]) -> None:
    """Before any call; the sentence names flag, value, family and a judge that could."""
    with pytest.raises(UsageError) as refused:
        route(judged(tmp_path, judge=[LARGE], **flags))
    assert str(refused.value) == (
        f"--judge {LARGE}: a judge marks no model of its own family, and the route holds gpt-oss "
        f"alone; name a judge of another family, such as {QWEN}, or a model of another to write"
    )
    assert refused.value.exit_code == 2


def test_judges_of_every_family_leave_nobody_to_write(tmp_path: Path) -> None:
    """With no other family in the catalog no judge is proposed; the line of the file is named."""
    config = f"[sample]\njudge = ['{LARGE}', '{QWEN}']\n"
    with pytest.raises(
        UsageError, match=r"judge = .* holds gpt-oss and qwen alone; name a judge of another "
        r"family, or a model of another to write$"
    ):  # fmt: skip
        route(judged(tmp_path, config))
