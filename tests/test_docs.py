"""The documentation is true: its commands run, its tables are the program's, its links lead on."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main

from legalgen import errors
from legalgen.commands.app import app
from legalgen.errors.exit_codes import MEANINGS, Exit
from legalgen.quality.codes import CODES
from legalgen.quality.rules import Thresholds
from legalgen.store.balances import ModelStats
from legalgen.store.ledger import Record
from legalgen.store.sample import Sample
from legalgen.telemetry import events
from tests.program import EXECUTABLE, LONGEST_S, Program, executable
from tests.vendors import VendorServer

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = ROOT / "docs" / "reference"
LARGEST = 4
"""A count of a page is cut to this: how many is not what the page shows."""
OLLAMA = "http://127.0.0.1:11434/v1"

_BLOCK = re.compile(
    r"(?P<notes>(?:^<!--[^\n]*-->\n)*)^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
_NOTE = re.compile(r"<!-- (not run|before|file|python): (.+) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block with the comments above it."""

    kind: str
    text: str
    notes: Mapping[str, str]


def blocks(page: Path) -> list[Block]:
    return [
        Block(match["kind"], match["text"], dict(_NOTE.findall(match["notes"])))
        for match in _BLOCK.finditer(page.read_text("utf-8"))
    ]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


# --- commands ----------------------------------------------------------------------------------


def has_commands(page: Path) -> bool:
    return any(block.kind == "sh" and "not run" not in block.notes for block in blocks(page))


@pytest.mark.parametrize("page", [page for page in PAGES if has_commands(page)], ids=name)
def test_every_command_runs(page: Path, program: Program, vendors: VendorServer) -> None:
    """Block by block, in one folder, against the double of the vendors: each ends with 0.

    A variable is there for the blocks below the one that exports it, as in the reader's shell.
    """
    work = program.home / "work"
    work.mkdir()
    del program.environ["LEGALGEN_DATA_DIR"]
    for block in blocks(page):
        if "file" in block.notes:
            (work / block.notes["file"]).write_text(_runnable(block.text, vendors), "utf-8")
        elif "not run" in block.notes:
            continue
        elif block.kind == "sh":
            script = _runnable(block.text, vendors)
            shell(block.notes.get("before", ""), program, work)
            assert shell(script, program, work) == (0, ""), script
            exported = re.findall(r"^export (\w+)=(\S+)$", script, re.M)
            values = {name: value.strip('"') for name, value in exported}
            program.environ |= {n: v.replace("$PWD", str(work)) for n, v in values.items()}
        elif "python" in block.notes:
            done = start([sys.executable, "-c", block.text], program, work)
            assert done.returncode == 0, done.stderr


def _runnable(script: str, vendors: VendorServer) -> str:
    """The block with counts that a test can wait for, and a server that is there."""
    small = re.sub(
        r"(--count|--until-total) (\d+)",
        lambda match: f"{match[1]} {min(int(match[2]), LARGEST)}",
        script,
    )
    return small.replace(OLLAMA, vendors.base_url("compat"))


def shell(script: str, program: Program, cwd: Path) -> tuple[int, str]:
    """The exit code, and what was said if it is none of success."""
    done = start(["/bin/sh", "-e", "-c", script], program, cwd)
    return done.returncode, done.stderr if done.returncode else ""


def start(command: list[str], program: Program, cwd: Path) -> subprocess.CompletedProcess[str]:
    hub = {name: value for name, value in os.environ.items() if name.startswith("HF_")}
    path = f"{executable(program.home).parent}:{EXECUTABLE.parent}:{program.environ['PATH']}"
    return subprocess.run(
        command,
        env={**program.environ, **hub, "PATH": path},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_S * (1 + command[-1].count("\n")),  # a page runs many commands
        check=False,
    )


def mentioned(page: Path) -> Iterator[list[str]]:
    """Every command line of the program on a page, in blocks that are not run and in prose."""
    text = page.read_text("utf-8")
    lines = [line for block in blocks(page) if block.kind == "sh" for line in _lines(block.text)]
    prose = _BLOCK.sub("", text)
    for line in [*lines, *(" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))]:
        if line.startswith("legalgen "):
            yield shlex.split(re.split(r" [|>]", line)[0], comments=True)[1:]


def _lines(script: str) -> list[str]:
    """The commands of a script, also behind ``;`` and ``do``."""
    parts = re.split(r"\n|;|\bdo\b|&&|\|\|", script.replace("\\\n", " "))
    return [part.strip() for part in parts]


@cache
def program_command() -> Any:
    """The command line's own description; making it takes longer than all else here."""
    return typer.main.get_command(app)


def unknown(words: list[str]) -> list[str]:
    """The options and commands of a command line that the program does not have."""
    command = program_command()
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    known = {option for each in command.params for option in (*each.opts, "--help", "-h")}
    strange = [word for word in words if re.match(r"--?[a-z]", word) and word not in known]
    is_group = bool(getattr(command, "commands", {}))
    return strange + ([words[0]] if is_group and words and words[0][0].islower() else [])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_option_exists(page: Path) -> None:
    """Whatever a page mentions, run or not, the program has."""
    assert [(words, found) for words in mentioned(page) if (found := unknown(words))] == []


def test_a_block_that_is_not_run_says_why() -> None:
    """A reason is a sentence, not a switch; nothing else may stand in a comment by mistake."""
    reasons = [
        block.notes["not run"]
        for page in PAGES
        for block in blocks(page)
        if "not run" in block.notes
    ]
    assert all(len(reason.split()) > 3 for reason in reasons)


# --- what comes from the program ---------------------------------------------------------------


def test_generated_files_are_current(program: Program) -> None:
    """``make docs`` would change nothing."""
    done = start([sys.executable, str(ROOT / "docs" / "make.py"), "--check"], program, ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def table(page: str, head: str) -> list[list[str]]:
    """The rows of the table whose first line begins with ``head``, without their backticks."""
    text = (REFERENCE / page).read_text("utf-8")
    found = re.search(rf"^\| {head} \|.*\n\|[- |]+\|\n((?:\|.*\n)+)", text, re.M)
    assert found is not None
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in found[1].splitlines()]
    return [[cell.strip().replace("`", "") for cell in row] for row in cells]


def test_every_column_is_described() -> None:
    """In the order of the files."""
    assert [row[0] for row in table("sample.md", "column")] == list(Sample.__struct_fields__)


def test_every_code_of_the_gate_is_described() -> None:
    """With what it does unless a setting says otherwise."""
    assert {row[0]: row[1] for row in table("sample.md", "code")} == dict(CODES)


def test_every_threshold_is_described() -> None:
    """With its default."""
    defaults = {key: str(value) for key, value in msgspec.structs.asdict(Thresholds()).items()}
    assert {row[0]: row[1] for row in table("sample.md", "threshold")} == defaults


@pytest.mark.parametrize(("at", "kind"), [(0, Record), (1, ModelStats)])
def test_every_field_of_a_record_is_described(at: int, kind: type[msgspec.Struct]) -> None:
    """In the order of the file."""
    text = (REFERENCE / "ledger.md").read_text("utf-8")
    tables = text.split("| field | type | meaning |")[1:]
    fields = re.findall(r"^\| `(\w+)` \|", tables[at], re.M)
    assert fields == list(kind.__struct_fields__)


def test_every_event_is_described() -> None:
    """With its fields, in their order."""
    described = {row[0]: row[1].split(", ") for row in table("events.md", "type")}
    told = {
        kind.__name__: [field for field in kind.__struct_fields__ if field != "at"]
        for kind in events.Event.__subclasses__()
    }
    assert described == told


def test_the_table_of_endings_is_the_codes() -> None:
    """The page and the README name every exit code, and no other."""
    described = {int(code) for row in table("exit-codes.md", "code") for code in row[0].split(", ")}
    assert described == set(map(int, Exit)) == set(map(int, MEANINGS))


def test_every_exit_code_of_an_error_is_described() -> None:
    """No error ends with a code that the page does not have."""
    described = {int(code) for row in table("exit-codes.md", "code") for code in row[0].split(", ")}
    root = errors.LegalgenError
    assert {error.exit_code for error in tree(root)} - described == set()


def test_the_drawing_of_the_tree_is_the_tree() -> None:
    """The package's docstring shows every exception under its parent, with its exit code."""
    drawn = re.findall(r"^ ([ │]*[├└]─ )(\w+) +(\d+|-)?", errors.__doc__ or "", re.MULTILINE)
    path, found = {0: "LegalgenError"}, {}
    for branch, kind, code in drawn:
        depth = len(branch) // 4 + 1
        path[depth] = kind
        found[kind] = (path[depth - 1], int(code) if code.isdigit() else Exit.BUG)
    told = {
        child.__name__: (parent.__name__, child.exit_code)
        for parent in tree(errors.LegalgenError)
        for child in parent.__subclasses__()
        if child.__module__.startswith(errors.__name__)  # others have errors of their own below
    }
    assert found == told


def tree(root: type[errors.LegalgenError]) -> Iterator[type[errors.LegalgenError]]:
    """An exception and all that are made from it."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def test_every_data_file_has_its_origin_on_the_page() -> None:
    """What it is and where it comes from; a folder's line stands for all in it."""
    page = (REFERENCE / "provenance.md").read_text("utf-8")
    named: list[str] = []
    for row in re.findall(r"^\| (`.+?) \|", page, re.M):
        for each in re.findall(r"`([^`]+)`", row):
            folder = named[-1].rpartition("/")[0] if named else ""
            named.append(each if "/" in each else f"{folder}/{each}")
    files = [
        path.relative_to(ROOT)
        for folder in ("src/legalgen", "tests/data")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts  # where a child may just write a file
        and path.suffix != ".py"
        and path.name != "py.typed"
    ]
    listed = {
        path
        for path in files
        for each in named
        if path.match(each) or (each.endswith("/") and path.is_relative_to(each))
    }
    assert files
    assert sorted(set(files) - listed) == []


# --- links, manual, completions ----------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page: Path) -> None:
    """Every relative link of a page names a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_manual_is_good_troff() -> None:
    """groff formats it without a warning, where groff is."""
    if shutil.which("groff") is None:
        pytest.skip("there is no groff here")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", str(ROOT / "man" / "legalgen.1")],
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST_S,
    )
    assert done.stderr == ""
    assert "legalgen batch [OPTIONS] [ID]" in re.sub(".\b", "", done.stdout)  # struck twice


def test_bash_completes_commands_and_options(program: Program) -> None:
    """The script, in a bash of its own, offers what begins with what was typed."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    script = """
        source completions/legalgen.bash
        complete -p legalgen >/dev/null
        for words in "legalgen ba" "legalgen batch --until"; do
            COMP_WORDS=($words) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
            _legalgen_completion legalgen
            echo "${COMPREPLY[@]}"
        done
    """
    done = start(["bash", "-c", script], program, ROOT)
    assert (done.returncode, done.stdout.split()) == (0, ["batch", "--until-total"]), done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_ask_the_program(shell: str, program: Program) -> None:
    """What their scripts send is answered with the command that was begun."""
    script = (ROOT / "completions" / f"legalgen.{shell}").read_text("utf-8")
    asked = {"_LEGALGEN_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "legalgen gen"}
    assert asked["_LEGALGEN_COMPLETE"] in script
    asked["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    ended = program.run("gen", environ=asked)
    assert "generate" in ended.out
