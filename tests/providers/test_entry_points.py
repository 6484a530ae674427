"""Providers that other packages bring: installed ones are used, faulty ones are said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from legalgen.providers import PROVIDERS
from legalgen.providers.entry_points import GROUP, Brought, brought
from legalgen.providers.spec import ProviderSpec
from tests.program import LONGEST_S, Ended, Program
from tests.scenes import sample

SPEC = """\
from legalgen.providers import ProviderOption, ProviderSpec

SPEC = ProviderSpec(
    "parrot",
    needs_key=False,
    remote=False,
    models=("grey",),
    options=(ProviderOption("words", '"a.json"', "The file that it reads out."),),
    implementation="legalgen_parrot.calls",
)
"""
CALLS = """\
from pathlib import Path
from legalgen.completion import Completion, Usage

class Parrot:
    name = "parrot"

    def __init__(self, words):
        self._words = words

    def complete(self, request):
        if request.model == "mute":
            raise LookupError("it says nothing")
        return Completion(self._words, "stop", Usage(10, 20), request.model, 0.01)

    def list_models(self, timeout_s):
        return ()

    def close(self):
        raise RuntimeError("it was closed before")

def open_provider(config):
    return Parrot(Path(config.options["words"]).read_text("utf-8"))
"""


def install(
    folder: Path, package: str, entries: str, modules: dict[str, str] | None = None
) -> None:
    """As pip leaves it: the modules, and a dist-info folder beside them."""
    info = folder / f"{package.replace('-', '_')}-0.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entries}\n")
    for name, text in (modules or {}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def parrot(folder: Path) -> None:
    modules = {"legalgen_parrot/__init__.py": SPEC, "legalgen_parrot/calls.py": CALLS}
    install(folder, "legalgen-parrot", "parrot = legalgen_parrot:SPEC", modules)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, for packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def found(*taken: str) -> Brought:
    return brought(taken)


def test_a_package_brings_a_provider(site: Path) -> None:
    """Its spec, with where it comes from."""
    parrot(site)
    (spec,) = found().specs
    assert (spec.name, spec.package) == ("parrot", "legalgen-parrot 0.3")
    assert spec.module == "legalgen_parrot.calls"


def test_where_no_package_brings_one_none_is_looked_for(site: Path) -> None:
    """A package without our group costs a look at its file."""
    (site / "other-1.dist-info").mkdir()
    (site / "other-1.dist-info" / "entry_points.txt").write_text("[console_scripts]\nx = y:z\n")
    script = "import sys, legalgen.providers as p; list(p.PROVIDERS); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST_S,
    )
    assert "importlib.metadata" not in done.stdout.split()


@pytest.mark.parametrize(
    ("entry", "module", "words"),
    [
        ("b = not_there_at_all:SPEC", "", "not_there_at_all:SPEC fails (ModuleNotFoundError"),
        ("b = bad_one:SPEC", "1 / 0", "bad_one:SPEC fails (ZeroDivisionError: division by zero)"),
        ("b = bad_one:SPEC", "def f(:", "bad_one:SPEC fails (SyntaxError"),
        ("b = bad_one:SPEC", "", "bad_one:SPEC fails (AttributeError"),
        ("b = bad_one:SPEC", "SPEC = 7", "bad_one:SPEC is no ProviderSpec, but int"),
        (
            "b = bad_one:SPEC",
            "from legalgen.providers import ProviderSpec\nSPEC = ProviderSpec('c')",
            "its spec is called 'c'",
        ),
        ("groq = bad_one:SPEC", "", "there is a provider of that name already"),
        ("vllm = bad_one:SPEC", "", "there is a provider of that name already"),
        ("A B = bad_one:SPEC", "", "its name is not of small letters, digits, dots and dashes"),
    ],
)
def test_a_faulty_one_is_a_sentence_and_stops_no_other(
    site: Path, monkeypatch: pytest.MonkeyPatch, entry: str, module: str, words: str
) -> None:
    """With its name, its package and the reason."""
    parrot(site)
    install(site, "bad-package", entry, {"bad_one.py": module})
    monkeypatch.delitem(sys.modules, "bad_one", raising=False)
    brings = brought(("groq",))
    assert [spec.name for spec in brings.specs] == ["parrot"]
    ((name, sentence),) = brings.faults.items()
    assert sentence.startswith(f"the provider {name} of the package bad-package 0.3 cannot be used")
    assert words in sentence


def test_of_two_of_one_name_the_first_is_used(site: Path) -> None:
    """And the other is said."""
    parrot(site)
    install(site, "another-parrot", "parrot = legalgen_parrot:SPEC")
    brings = found()
    assert [spec.package for spec in brings.specs] == ["another-parrot 0.3"]
    assert "of the package legalgen-parrot 0.3 cannot be used" in brings.faults["parrot"]


def test_the_own_providers_come_from_no_package() -> None:
    """What is said of a package is said of foreign ones alone."""
    assert {spec.package for spec in PROVIDERS.values()} == {""}
    assert isinstance(PROVIDERS["groq"], ProviderSpec)


@pytest.fixture
def installed(tmp_path: Path, program: Program) -> Program:
    """The program, with two such packages, of which one is faulty."""
    site = tmp_path / "site"
    parrot(site)
    install(site, "bad-package", "broken = not_there_at_all:SPEC")
    program.environ["PYTHONPATH"] = str(site)
    words = tmp_path / "words.json"
    words.write_text(sample(1), "utf-8")
    Path(program.environ["LEGALGEN_CONFIG"]).write_text(
        f'[providers.parrot]\nwords = "{words}"\n', "utf-8"
    )
    return program


def run(program: Program, *args: str) -> Ended:
    """A cold start, which sees the packages."""
    return program.run(*args, environ={"PYTHONPATH": program.environ["PYTHONPATH"]})


def test_an_installed_provider_writes_and_says_where_it_comes_from(installed: Program) -> None:
    """Its keys are settings, its models are listed; the faulty one is said by both commands.

    What is kept is kept, though it fails when it is closed.
    """
    batch = run(
        installed, "batch", "--provider", "parrot", "--count", "1", "--gate", "structure",
        "--only-provider",
    )  # fmt: skip
    assert batch.code == 0, batch.err
    (row,) = installed.rows()
    assert (row["provider"], row["model"]) == ("parrot", "grey")
    models = run(installed, "models", "--provider", "parrot", "--json")
    assert "from legalgen-parrot 0.3" in models.json["models"][0]["notes"]
    assert "parrot comes from the package legalgen-parrot 0.3" in models.err
    assert "the provider broken of the package bad-package 0.3 cannot be used" in models.err
    doctor = run(installed, "doctor", "--json")
    found = {each["name"]: (each["state"], each["found"]) for each in doctor.json}
    assert found["provider parrot"] == ("ok", "from the package legalgen-parrot 0.3")
    assert found["provider broken"][0] == "note"
    assert "Traceback" not in batch.err + models.err + doctor.err


def test_a_faulty_provider_is_a_sentence_and_others_write(installed: Program) -> None:
    """Where it is named, why it is none; what it raises in a call is a failed call."""
    named = run(installed, "batch", "--provider", "broken", "--count", "1")
    assert named.code == 2
    assert "the provider broken of the package bad-package 0.3 cannot be used" in named.err
    assert run(installed, "batch", "--provider", "groq", "--count", "1").code == 0
    mute = ("--provider", "parrot", "--model", "mute", "--max-wait", "0s")
    config = Path(installed.environ["LEGALGEN_CONFIG"])
    config.write_text(config.read_text("utf-8") + 'models = ["mute"]\n', "utf-8")
    silent = run(installed, "batch", "--count", "1", "--no-failover", *mute)
    assert silent.code in (6, 75), silent.err
    log = Path(installed.environ["LEGALGEN_LOG_DIR"])
    told = "".join(each.read_text("utf-8") for each in log.iterdir())
    assert "LookupError: it says nothing" in told
    assert "Traceback" not in silent.err
    config.write_text('[providers.parrot]\nwords = "not-there"\n', "utf-8")
    unopened = run(installed, "batch", "--count", "1", "--provider", "parrot")
    assert unopened.code == 2
    assert "of the package legalgen-parrot 0.3 cannot be opened (FileNotFoundError" in unopened.err
