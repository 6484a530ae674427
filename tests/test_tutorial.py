"""The tutorial word by word: one shell, and nothing installed or set but what it told to."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.test_docs import Block, blocks
from tests.vendors import VendorServer

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[1]
LONGEST_S = 600.0
"""A model of 135 M parameters writes in it, on a machine that does much else."""

INSTALLS = re.compile(r"^(?:pipx |pip |python -m pip )", re.M)
TYPED = ("legalgen config set-key groq",)
"""What asks a person; tests/test_cli.py types it."""


def needed(names: Iterable[str], *, dependencies: bool = True) -> Iterator[str]:
    """The distributions that an installer would bring for these requirements."""
    waiting, seen = [Requirement(name) for name in names], set()
    while waiting:
        wanted = waiting.pop()
        extras = wanted.extras or {""}
        if (wanted.name, frozenset(extras)) in seen:
            continue
        seen.add((wanted.name, frozenset(extras)))
        yield wanted.name
        for line in distribution(wanted.name).requires or () if dependencies else ():
            each = Requirement(line)
            if each.marker is None or any(each.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(each)


def environment(folder: Path, names: Iterable[str]) -> Path:
    """The ``bin`` of an environment that holds these distributions, lent by the tests', alone."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    for name in dict.fromkeys(names):
        if name == "legalgen":
            (packages / "legalgen.pth").write_text(str(ROOT / "src"))
            script = folder / "bin" / "legalgen"
            script.write_text(f"#!{folder}/bin/python\nfrom legalgen.cli import main\n\nmain()\n")
            script.chmod(0o755)
            continue
        try:
            lent = distribution(name)
        except PackageNotFoundError:  # for another platform, or optional there
            continue
        for top in {path.parts[0] for path in lent.files or () if path.parts[0] != ".."}:
            source = Path(str(lent.locate_file(top)))
            if source.exists() and not (packages / top).exists():
                (packages / top).symlink_to(source)
    return folder / "bin"


def installed(tutorial: list[Block]) -> tuple[list[str], list[str]]:
    """What its lines install: for the program, and for the reader's own Python."""
    program: list[str] = []
    own: list[str] = []
    for line in "\n".join(block.text for block in tutorial if block.kind == "sh").splitlines():
        words = shlex.split(line)
        if words[:2] == ["pipx", "install"]:
            program += needed(word.replace(".", "legalgen", 1) for word in words[2:])
        elif words[:4] == ["pipx", "runpip", "legalgen", "install"]:
            program += needed((w for w in words[4:] if w != "--no-deps"), dependencies=False)
        elif words[:2] == ["pip", "install"]:
            own += needed(words[2:])
    return program, own


def test_every_word_of_it(tmp_path: Path, vendors: VendorServer) -> None:
    """Each block ends with 0, in the order of the page; the dataset is read at its end."""
    tutorial = blocks(ROOT / "docs" / "tutorial.md")
    of_program, of_reader = installed(tutorial)
    path = environment(tmp_path / "program", of_program)
    reader = environment(tmp_path / "reader", of_reader)
    script = ["set -eu"]
    for block in tutorial:
        text = block.text
        if "python" in block.notes:
            (tmp_path / "read.py").write_text(text)
            script.append(f"{reader}/python {tmp_path}/read.py")
        elif block.kind == "sh" and not INSTALLS.search(text):
            lines = [line for line in text.splitlines() if line not in TYPED]
            script += [
                line.replace("_API_KEY=...", f"_API_KEY={vendors.key('groq')}") for line in lines
            ]
    done = subprocess.run(
        ["/bin/bash", "-c", re.sub(r"--count \d+", "--count 2", "\n".join(script))],
        env={
            "PATH": f"{path}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            # The world of the tests: the vendors are a double, and nothing else can be reached.
            "GROQ_BASE_URL": vendors.base_url("groq"),
            "NO_PROXY": "127.0.0.1",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "HF_HUB_OFFLINE": "1",
        },
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "first-dataset" / "train" / "data").is_dir()
    assert (tmp_path / "first-dataset" / "rehearsal").is_dir()


def test_its_environment_holds_nothing_else(tmp_path: Path) -> None:
    """What the tests have and the tutorial does not install cannot be imported."""
    path = environment(tmp_path / "program", needed(["legalgen"]))
    for module, there in (("groq", True), ("pytest", False), ("xllamacpp", False)):
        done = subprocess.run(
            [path / "python", "-c", f"import {module}"],
            env={"PATH": os.defpath}, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode == 0) is there, module
    assert sys.prefix not in (tmp_path / "program").as_posix()
