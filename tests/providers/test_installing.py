"""installing.py: what pip is told, for a package that may not be on any index."""

from __future__ import annotations

import shlex
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from legalgen.providers.installing import install_command, of_extra

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]


def bare(requirement: str) -> tuple[str, frozenset[str]]:
    """A requirement's name and its bounds: metadata writes both another way."""
    name = requirement.replace("_", "-").partition("<")[0].partition(">")[0]
    bounds = requirement.replace("_", "-").removeprefix(name).split(",")
    return name, frozenset(bounds)


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - {"test"}))
def test_an_extra_is_installed_by_what_it_requires(extra: str) -> None:
    """Not by the name of this package, which on an index may be another's."""
    assert set(map(bare, of_extra(extra))) == set(map(bare, EXTRAS[extra]))


def test_the_command_is_for_the_environment_that_the_program_runs_in() -> None:
    """Whatever ``pip`` would be the first on the path; a shell takes the line as it is."""
    words = shlex.split(install_command(of_extra("semantic")))
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    assert [bare(word)[0] for word in words[4:]] == ["numpy", "tokenizers"]


def test_what_was_never_installed_still_says_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from a folder there is no metadata to ask."""

    def gone(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", gone)  # a run from a folder, without making one
    assert of_extra("hub") == ("legalgen[hub]",)
