"""Adding a provider: one module and one line, and all that people meet offers it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import legalgen
from tests.program import LONGEST_S, environment
from tests.vendors import VendorServer

SOURCE = Path(legalgen.__file__).parent
LINE = '    ProviderSpec("acme", "https://api.acme.example", "https://acme.example/keys"),\n'
MODEL = "openai/gpt-oss-120b"
COMPLETING = {
    "_LEGALGEN_COMPLETE": "complete_bash",
    "COMP_WORDS": "legalgen batch --provider ac",
    "COMP_CWORD": "3",
}


class Extended:
    """A copy of the program to which the provider ``acme`` was added; it speaks Groq's dialect."""

    def __init__(self, folder: Path, server: VendorServer) -> None:
        package = folder / "lib" / "legalgen"
        shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
        providers = package / "providers"
        module = (providers / "groq.py").read_text("utf-8")
        (providers / "acme.py").write_text(module.replace('["groq"]', '["acme"]'), "utf-8")
        registry = (providers / "__init__.py").read_text("utf-8")
        begin = "_ALL = (\n"
        assert registry.count(begin) == 1
        (providers / "__init__.py").write_text(registry.replace(begin, begin + LINE), "utf-8")
        self._script = folder / "legalgen"
        self._script.write_text("from legalgen.cli import main\nmain()\n", "utf-8")
        self._environ = {
            **environment(folder, server),
            "PYTHONPATH": str(package.parent),
            "ACME_API_KEY": server.key("groq"),
            "ACME_BASE_URL": server.base_url("groq"),
        }
        assert str(folder) in self._python("-c", "import legalgen; print(legalgen.__file__)")

    def run(self, *args: str, **environ: str) -> str:
        """What a command prints; it ends with 0."""
        return self._python(str(self._script), *args, **environ)

    def template(self) -> str:
        """The commented file that ``config init`` writes."""
        path = self._script.with_name("new.toml")
        self.run("config", "init", LEGALGEN_CONFIG=str(path))
        return path.read_text("utf-8")

    def page(self) -> str:
        """The reference page of the settings, as docs/make.py writes it."""
        made = "from legalgen.settings.config_file import configuration_page as page; print(page())"
        return self._python("-c", made)

    def _python(self, *args: str, **environ: str) -> str:
        done = subprocess.run(
            [sys.executable, *args],
            env={**self._environ, **environ, "PATH": os.environ["PATH"], "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def extended(tmp_path: Path, vendors: VendorServer) -> Extended:
    return Extended(tmp_path, vendors)


def test_a_provider_is_one_module_and_one_line(extended: Extended) -> None:
    """It is offered by help and completion, is in the file, the page and the models, and writes."""
    assert "acme|groq|cerebras|openai|local" in extended.run("batch", "--help")
    assert extended.run("batch", **COMPLETING).split() == ["acme"]
    assert "[providers.acme]\n\n# The API key; ACME_API_KEY wins" in extended.template()
    assert "| acme | `ACME_API_KEY`, then `api_key` in `[providers.acme]` |" in extended.page()
    shown = json.loads(extended.run("config", "show", "--json"))
    assert "providers.acme.api_key" in json.dumps(shown)
    extended.run("generate", "--provider", "acme", "--model", MODEL, "--only-provider", "--json")
    (listing,) = json.loads(extended.run("models", "--provider", "acme", "--json"))["listings"]
    assert listing["provider"] == "acme"
    assert MODEL in listing["new"]
