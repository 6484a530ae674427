"""The wheel, installed as users install it: everything it needs is in it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from legalgen import __version__

ROOT = Path(__file__).parents[1]
DEADLINE_S = 300


def ran(*command: str | Path, **environ: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment that holds the wheel; the tests lend it what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    ran(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
        *("--wheel-dir", folder, ROOT),
    )
    (wheel,) = folder.glob("legalgen-*.whl")
    ran(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    ran(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
        *("--no-deps", "--no-index", wheel),
    )
    own = Path(ran(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # A path in a .pth is searched, but the .pth files in it are not read: the editable install of
    # the tests' environment stays out of sight.
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python.parent


def test_it_is_what_was_built(installed: Path) -> None:
    """The installed package is imported, not the source beside it."""
    where = ran(installed / "python", "-P", "-c", "import legalgen; print(legalgen.__file__)")
    assert (installed.parent / "lib") in Path(where.strip()).parents
    assert ran(installed / "legalgen", "--version") == f"legalgen {__version__}\n"


def test_its_data_files_are_in_it(installed: Path, tmp_path: Path) -> None:
    """The taxonomy, the prompts and the catalog are read without the repository."""
    homes = {
        f"LEGALGEN_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "STATE", "LOG")
    }
    taxonomy = ran(installed / "legalgen", "config", "taxonomy", HOME=str(tmp_path), **homes)
    assert "formation" in taxonomy
    prompt = ran(installed / "legalgen", "generate", "--show-prompt", HOME=str(tmp_path), **homes)
    assert "[system]" in prompt
    models = ran(installed / "legalgen", "models", "--all", HOME=str(tmp_path), **homes)
    assert "gpt-oss-120b" in models
