"""What a start compiles is taken from a file that an earlier one wrote, and is the same."""

from __future__ import annotations

import importlib
import json
import marshal
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from legalgen.settings import compile_cache

SCRIPT = """
import json, re, sys, tomllib
from pathlib import Path
from legalgen.settings import compile_cache
compile_cache.use(Path(sys.argv[1]))
made = []
def counted(pattern, flags=0, real=re._parser.parse):
    made.append(str(pattern))
    return real(pattern, flags)
re._compiler._parser.parse = counted
tables = []
def read(text, real=tomllib.loads):
    tables.append(len(text))
    return real(text)
tomllib.loads = read
import legalgen.errors.redaction
redacted = legalgen.errors.redaction.redact("Authorization: Bearer abcdefghijklmnop")
re.compile("made of what a user gave")
from legalgen.law.taxonomy import Taxonomy
topics = len(Taxonomy.builtin().areas)
print(json.dumps([redacted, topics, made, tables]))
compile_cache.keep()
"""

IMPORTS = """
import sys
from pathlib import Path
from legalgen.settings import compile_cache
compile_cache.use(Path(sys.argv[1]))
import legalgen.batch.loop, legalgen.quality.checks.finders
compile_cache.keep()
"""


EVERY_MODULE = """
import importlib, pkgutil, re, sys
made = set()
def counted(pattern, flags=0, real=re._compiler.compile):
    made.add((str(pattern), int(flags)))
    return real(pattern, flags)
re._compiler.compile = counted
import legalgen
for module in pkgutil.walk_packages(legalgen.__path__, "legalgen."):
    if not module.name.endswith(("__main__", "_ray_pool")):  # ray is an extra
        importlib.import_module(module.name)
print(len(made))
for pattern in sorted(made):
    print(pattern)
"""


def start(path: Path, **environ: str) -> list[Any]:
    """A process that compiles patterns, reads a table and keeps both; what it saw."""
    argv = [sys.executable, "-c", SCRIPT, str(path)]
    env = {**os.environ, **environ}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=60)
    found: list[Any] = json.loads(done.stdout)
    return found


def test_the_next_process_parses_no_pattern_and_no_table(tmp_path: Path) -> None:
    """It says the same, and has parsed only what was not compiled by an import."""
    path = tmp_path / "kept"
    redacted, topics, made, read = start(path)
    assert len(made) > 20
    assert len(read) == 1
    written = path.stat()
    assert start(path) == [redacted, topics, ["made of what a user gave"], []]
    assert path.stat().st_ino == written.st_ino, "nothing was lacking, so nothing is written"
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


def test_each_process_compiles_the_same_patterns() -> None:
    """None is made of a set in the order of its hashes: it would be compiled, and kept, anew."""
    told = [
        subprocess.run(
            [sys.executable, "-c", EVERY_MODULE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    ]
    assert int(told[0].split("\n")[0]) > 1000
    assert told[0] == told[1]


def test_a_pattern_from_the_file_is_the_one_that_re_makes(tmp_path: Path) -> None:
    """Of each pattern that a batch imports: code, flags, groups and their names."""
    path = tmp_path / "kept"
    argv = [sys.executable, "-c", IMPORTS, str(path)]
    subprocess.run(argv, env=os.environ, check=True, timeout=60)
    cache = compile_cache.CompileCache(path, _not_called)
    keys = list(cache.patterns)
    assert len(keys) > 300
    for _, pattern, flags in keys:
        kept, made = cache.pattern(pattern, flags), re.compile(pattern, flags)
        assert kept is not made
        assert (kept, kept.groups) == (made, made.groups)
        assert dict(kept.groupindex) == dict(made.groupindex)


def _not_called(pattern: Any, flags: int) -> re.Pattern[Any]:
    raise AssertionError(pattern)


def test_what_another_python_kept_is_left_alone(tmp_path: Path) -> None:
    """The code of a pattern is of one build; its file is replaced."""
    path = tmp_path / "kept"
    of_another = marshal.dumps(("1 4.0 (main)", {("str", "a", 0): (0, b"", 0, {}, ())}, {}))
    path.write_bytes(of_another)
    assert len(start(path)[2]) > 20
    assert start(path)[2] == ["made of what a user gave"]


def test_what_is_no_such_file_is_replaced(tmp_path: Path) -> None:
    """A loss of power may leave it empty or torn."""
    path = tmp_path / "kept"
    expected = start(path)
    whole = path.read_bytes()
    for torn in (b"", whole[:100], whole[: len(whole) // 2], b"\xff" * 100, marshal.dumps(7)):
        path.write_bytes(torn)
        assert start(path) == expected
        assert path.read_bytes() == whole


def test_where_nothing_can_be_written_nothing_is_told(tmp_path: Path) -> None:
    """A package that the system installed is nobody's to write in."""
    assert len(start(tmp_path / "missing" / "kept")[2]) > 20
    assert list(tmp_path.iterdir()) == []


def test_who_wants_no_bytecode_gets_no_file(tmp_path: Path) -> None:
    """``PYTHONDONTWRITEBYTECODE`` holds for all that is compiled."""
    assert len(start(tmp_path / "kept", PYTHONDONTWRITEBYTECODE="1")[2]) > 20
    assert list(tmp_path.iterdir()) == []


def test_the_program_keeps_its_own_beside_its_bytecode(tmp_path: Path) -> None:
    """Where Python is told to put bytecode, and for each command what it lacked."""
    argv = [sys.executable, "-c", "from legalgen.cli import main; main()", "--version"]
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    subprocess.run(argv, env=env, capture_output=True, check=True, timeout=60)
    (kept,) = tmp_path.rglob("*.compiled")
    build, patterns, _ = marshal.loads(kept.read_bytes())
    assert build == compile_cache._BUILD
    assert patterns


def test_a_later_python_compiles_as_it_does_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked of ``re`` is private: where nobody has tried it nothing is asked."""
    made = importlib.import_module("re._compiler").compile
    monkeypatch.setattr(compile_cache, "LAST_PYTHON", (3, 10))
    compile_cache.use(tmp_path / "kept")
    assert importlib.import_module("re._compiler").compile is made


SPLITS = """
import sys
from pathlib import Path
from legalgen.settings import compile_cache
compile_cache.use(Path(sys.argv[1]))
import splits
compile_cache.keep()
"""


def test_flags_may_be_numbers_of_any_kind(tmp_path: Path) -> None:
    """Python 3.13 marks with a number of its own kind that ``re.sub`` was given none."""
    module = tmp_path / "splits.py"
    module.write_text("import re\nclass None_(int): ...\nre.compile('[a-c]+x', None_())\n", "utf-8")
    argv = [sys.executable, "-c", SPLITS, str(tmp_path / "kept")]
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run(argv, env=env, check=True, timeout=60)
    _, patterns, _ = marshal.loads((tmp_path / "kept").read_bytes())
    assert list(patterns) == [("str", "[a-c]+x", 0)]


def test_what_marshal_does_not_know_is_not_kept(tmp_path: Path) -> None:
    """The command has ended well, and ends so; the file stays as it was."""
    script = SPLITS.replace("import splits", "compile_cache._of_text('of', b'text', object)")
    argv = [sys.executable, "-c", script, str(tmp_path / "kept")]
    done = subprocess.run(argv, env=os.environ, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    assert list(tmp_path.iterdir()) == []


LIST = """
import json, sys
from pathlib import Path
from legalgen.settings import compile_cache
compile_cache.use(Path(sys.argv[1]))
import listed
made = []
def read():
    made.append(1)
    return {"of": (listed.NAME, *sys.argv[2:])}
print(json.dumps([compile_cache.reading("listed", "list", sys.argv[2:], read), len(made)]))
compile_cache.keep()
"""


def test_a_list_is_read_again_when_it_or_what_reads_it_changes(tmp_path: Path) -> None:
    """A later version of the program has another grammar; the file beside it stays."""
    module = tmp_path / "listed" / "__init__.py"
    module.parent.mkdir()
    module.write_text("NAME = 'one'\n", "utf-8")

    def listed(*lines: str) -> list[Any]:
        argv = [sys.executable, "-c", LIST, str(tmp_path / "kept"), *lines]
        env = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=60)
        found: list[Any] = json.loads(done.stdout)
        return found

    assert listed("a", "b") == [{"of": ["one", "a", "b"]}, 1]
    assert listed("a", "b") == [{"of": ["one", "a", "b"]}, 0]
    assert listed("a b") == [{"of": ["one", "a b"]}, 1]
    module.write_text("NAME = 'another'\n", "utf-8")
    assert listed("a b") == [{"of": ["another", "a b"]}, 1]
    assert listed("a b") == [{"of": ["another", "a b"]}, 0]
