"""``--help``, the examples in it, and what a shell offers after TAB."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from legalgen.cli import USUAL_OF_BATCH, USUAL_OF_GENERATE, app
from legalgen.commands import dataset_cli, shell_completion
from legalgen.commands.examples import EXAMPLES
from legalgen.dataset import export
from legalgen.store.ledger import DerivedStatus
from tests.program import EXECUTABLE, Program

ROOT: Any = typer.main.get_command(app)
COMPLETIONS = Path(__file__).parents[2] / "completions"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, None)


def all_commands(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    yield " ".join(path), command
    for name, child in getattr(command, "commands", {}).items():
        yield from all_commands(child, *path, name)


COMMANDS = dict(all_commands(ROOT))

# ----------------------------------------------------------------- help


def test_every_command_has_examples_and_there_are_no_others() -> None:
    """A command that is added brings its own."""
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_can_be_typed(path: str) -> None:
    """Each is a command line of that command with options that there are, and fits 80 columns."""
    for typed, told in EXAMPLES[path]:
        words = shlex.split(typed.rpartition("| ")[2])
        assert words[: 1 + len(path.split())] == ["legalgen", *path.split()]
        command, rest = ROOT, words[1:]
        while rest and rest[0] in getattr(command, "commands", {}):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context("legalgen", rest, resilient_parsing=False)
        width = max(len(other) for other, _ in EXAMPLES[path])
        assert width + 4 + len(told) <= 78


def shown(program: Program, *words: str) -> list[str]:
    return program.run(*words, "--help", environ={"COLUMNS": "80"}).out.splitlines()


def test_help_of_a_batch_begins_with_what_is_usual(program: Program) -> None:
    """Examples, then the eight usual flags, then the panels; --count is on the first screen."""
    lines = shown(program, "batch")
    example = next(i for i, line in enumerate(lines) if "legalgen batch -p groq -n 500" in line)
    codes = next(i for i, line in enumerate(lines) if "Exit codes:" in line)
    panels = [i for i, line in enumerate(lines) if line.startswith("╭─ ")]
    first = "\n".join(lines[panels[1] : panels[2]])
    flags = re.findall(r"^│ (--[a-z-]+)", first, re.M)

    assert example < codes < panels[0]
    assert flags == [*("--" + name.replace("_", "-") for name in USUAL_OF_BATCH), "--help"]
    assert len(USUAL_OF_BATCH) == len(USUAL_OF_GENERATE) == 8
    assert next(i for i, line in enumerate(lines) if "--count" in line) < 50


@pytest.mark.parametrize("path", COMMANDS)
def test_help_shows_no_types(path: str) -> None:
    """A switch has no value, and an argument's name says what it is."""
    text = CliRunner().invoke(app, [*path.split(), "--help"], env={"COLUMNS": "80"}).stdout
    assert "--help" in text
    assert not re.search(r"<(bool|str|int|float|path|list)", text)


@pytest.mark.parametrize("group", ["dataset", "sources", "config"])
def test_a_group_alone_shows_its_help(program: Program, group: str) -> None:
    """It is a question and no mistake: no error after it, exit code 0."""
    ended = program.run(group)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.rstrip() == program.run(group, "--help").out.rstrip()


def test_what_is_listed_twice_is_the_same() -> None:
    """The words that --help and the shell offer without loading where they are defined."""
    assert export.FORMATS == dataset_cli.FORMATS
    assert export.REASONINGS == dataset_cli.REASONINGS
    derived = {word for each in get_args(DerivedStatus) for word in get_args(each) or (each,)}
    assert derived | {"unreadable"} == set(shell_completion.STATUSES)


# ----------------------------------------------------------------- a job file


def test_a_job_file_is_read_by_any_command(program: Program, tmp_path: Path) -> None:
    """--config wins over LEGALGEN_CONFIG, and its paths are relative to its own folder."""
    job = tmp_path / "jobs" / "torts.toml"
    job.parent.mkdir()
    job.write_text('[batch]\ncount = 7\n[paths]\ndata_dir = "torts"\n')

    rows = {row["name"]: row for row in program.run(
        "config", "show", "--json", "--config", str(job), environ={"LEGALGEN_DATA_DIR": ""}
    ).json}  # fmt: skip
    where = program.run("config", "path", "--config", str(job)).out

    assert (rows["count"]["value"], rows["data_dir"]["value"]) == ("7", str(job.parent / "torts"))
    assert where == f"{job}\n"


def test_a_job_file_that_is_not_there_is_said(program: Program) -> None:
    """A misspelt name is no job of defaults."""
    ended = program.run("batch", "--config", "/nowhere/torts.toml")
    assert (ended.code, ended.out) == (2, "")
    assert "--config names /nowhere/torts.toml, which does not exist." in ended.err


def test_a_job_file_can_be_begun(program: Program, tmp_path: Path) -> None:
    """`config init --config` writes a commented one."""
    job = tmp_path / "torts.toml"
    assert program.run("config", "init", "--config", str(job)).code == 0
    assert "[batch]" in job.read_text()


# ----------------------------------------------------------------- the shell


def asked(program: Program, shell: str, line: str, **more: str) -> str:
    """What the shell's script would be given for a line whose end is the cursor."""
    words = shlex.split(line.rstrip('"')) + [""] * line.endswith(" ")
    environ = (
        {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        if shell == "bash"
        else {"_TYPER_COMPLETE_ARGS": line}
    )
    done = subprocess.run(
        [EXECUTABLE],
        env={**program.environ, **environ, "_LEGALGEN_COMPLETE": f"complete_{shell}", **more},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("legalgen ba", ["batch"]),
        ("legalgen dataset st", ["stats"]),
        ("legalgen batch --prov", ["--provider"]),
        ("legalgen batch --provider gr", ["groq"]),
        ("legalgen batch -p gr", ["groq"]),
        ("legalgen batch --provider=gr", ["--provider=groq"]),
        ("legalgen batch -p cerebras -m gpt", ["gpt-oss-120b"]),
        ("legalgen batch --route cerebras/gpt", ["cerebras/gpt-oss-120b"]),
        ("legalgen batch --topic formation,consid", ["formation,consideration-estoppel"]),
        ("legalgen batch --difficulty ba", ["basic"]),
        ("legalgen batch --gate fu", ["full"]),
        ("legalgen history --status pau", ["paused"]),
        ("legalgen dataset export --format sha", ["sharegpt"]),
        ("legalgen dataset export --reasoning inl", ["inline"]),
        ("legalgen config set-key ce", ["cerebras"]),
        ("legalgen batch --taxonomy ", []),
        ("legalgen nonsense --provider gr", []),
        ("legalgen batch --config /nowhere.toml --topic form", []),
    ],
)
def test_values_are_offered(program: Program, line: str, offered: list[str]) -> None:
    """Commands, options and what may be written after them."""
    found = asked(program, "fish", line, _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert [each.partition("\t")[0] for each in found.splitlines()] == offered


def test_each_shell_is_answered_in_its_own_way(program: Program) -> None:
    """bash takes words, zsh a command, fish words with a sentence and an exit code."""
    line = "legalgen batch --res"
    assert asked(program, "bash", line) == "--resume\n"
    assert asked(program, "zsh", line) == (
        '_arguments \'*: :(("--resume":"Go on with a batch that ended early."))\'\n'
    )
    fish = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert (
        asked(program, "fish", line, **fish) == "--resume\tGo on with a batch that ended early.\n"
    )
    assert asked(program, "zsh", "legalgen batch --taxonomy ") == "_files\n"


def test_batches_are_offered_by_their_ids(program: Program) -> None:
    """Newest first, where a batch is named, from the data dir of the line."""
    folder = program.home / "else" / "batches"
    folder.mkdir(parents=True)
    for name in ("20261101-120000-aaaa", "20261102-120000-bbbb"):
        (folder / f"{name}.json").touch()
    line = f"legalgen batch --data-dir {program.home / 'else'} --resume "
    assert asked(program, "bash", line).split() == ["20261102-120000-bbbb", "20261101-120000-aaaa"]
    line = f"legalgen history --data-dir {program.home / 'else'} 20261101"
    assert asked(program, "bash", line).split() == ["20261101-120000-aaaa"]


def test_bash_completes_with_the_script_that_comes_along(program: Program) -> None:
    """The script as bash runs it."""
    script = (
        f"source {COMPLETIONS / 'legalgen.bash'}\n"
        "COMP_WORDS=(legalgen batch --provider ce); COMP_CWORD=3\n"
        f"_legalgen_completion {EXECUTABLE}\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=program.environ, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("cerebras\n", "")


def test_completion_loads_nothing_heavy(program: Program) -> None:
    """A key press waits for it: no pydantic, which reads a line, no rich, no SDK, no pyarrow."""
    script = (
        "import sys, legalgen.cli as cli\n"
        "try:\n    cli.main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **program.environ,
            "_LEGALGEN_COMPLETE": "complete_bash",
            "COMP_WORDS": "legalgen batch --topic form",
            "COMP_CWORD": "3",
        },
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "formation" in done.stdout.split()
    heavy = {"pydantic", "rich", "groq", "cerebras", "pyarrow", "httpx", "openai"}
    assert heavy & set(done.stderr.split()) == set()


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=12))
def test_any_line_is_answered(words: list[str], incomplete: str) -> None:
    """Whatever stands on the line: a list, and no error into the prompt."""
    shell_completion.offered(ROOT, words, incomplete)


@given(st.text(max_size=40))
def test_any_text_is_split(line: str) -> None:
    """An open quote, a backslash at the end: words."""
    assert all(isinstance(word, str) for word in shell_completion._split(line))
