"""``--help``, the examples in it, and what a shell offers after TAB."""

from __future__ import annotations

import re
import shlex
import shutil
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

from legalgen.commands import dataset_cli, shell_completion
from legalgen.commands.app import USUAL_OF_BATCH, USUAL_OF_GENERATE, app
from legalgen.commands.examples import EXAMPLES
from legalgen.dataset import export
from legalgen.settings.layers import SETTINGS
from legalgen.store.ledger import DerivedStatus, Status
from legalgen.telemetry import metrics
from tests.program import EXECUTABLE, Program

ROOT: Any = typer.main.get_command(app)
WORDS = shell_completion.load_words()
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


def test_help_says_of_a_setting_all_that_is_declared() -> None:
    """A table of the config file, as ``[gate]``, is none of rich's markup."""
    text = CliRunner().invoke(app, ["batch", "--help"], env={"COLUMNS": "400"}).stdout
    there = [each for each in SETTINGS if f"{each.flag} " in text]
    assert len(there) > 40
    assert [each.flag for each in there if each.help not in text] == []


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
    assert derived | {"unreadable"} == set(shell_completion.BATCH_STATUSES)
    assert set(get_args(Status)) == set(metrics.RECORDED_STATUSES)


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
        ("legalgen config show --he", ["--help"]),
        ("legalgen sources li", ["list"]),
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


def test_servers_of_the_config_file_are_offered(program: Program, tmp_path: Path) -> None:
    """By their names beside the vendors, and with their models; also from a job file."""
    job = tmp_path / "job.toml"
    job.write_text('[servers.gpu1]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["m1", "m2"]\n')
    named = f"legalgen batch --config {job} --provider "

    offered = asked(program, "bash", named).split()
    assert offered == ["groq", "cerebras", "openai", "local", "ray", "gpu1"]
    assert asked(program, "bash", f"{named}gpu1 --model ").split() == ["m1", "m2"]
    assert asked(program, "bash", f"{named}gpu1 --route gpu").split() == ["gpu1/m1", "gpu1/m2"]
    assert asked(program, "bash", "legalgen history --provider gr").split() == ["groq"]


def test_vendors_are_offered_where_the_config_file_is_broken(
    program: Program, tmp_path: Path
) -> None:
    """Their names stand in no file."""
    job = tmp_path / "job.toml"
    job.write_text("[servers.gpu1\n")
    line = f"legalgen batch --config {job} --provider "
    assert asked(program, "bash", line).split() == ["groq", "cerebras", "openai", "local", "ray"]


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


ZSH = """
autoload -Uz compinit && compinit -u -D
source {script}
_arguments() {{ print -r -- "$@"; }}
words=(legalgen batch --provider ce) CURRENT=4
_legalgen_completion
"""


@pytest.mark.parametrize(
    ("shell", "command", "expected"),
    [
        ("zsh", ["zsh", "-f", "-c", ZSH], '*: :(("cerebras"))\n'),
        ("fish", ["fish", "-N", "-c", "source {script}; complete -C 'legalgen batch -p ce'"],
         "cerebras\n"),
    ],
)  # fmt: skip
def test_other_shells_complete_with_their_scripts(
    program: Program, shell: str, command: list[str], expected: str
) -> None:
    """The scripts as zsh and fish run them, where they are installed."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    *before, script = command
    here = script.format(script=COMPLETIONS / f"legalgen.{shell}")
    path = f"{EXECUTABLE.parent}:{program.environ['PATH']}"
    done = subprocess.run(
        [*before, here], env={**program.environ, "PATH": path},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (expected, "")


def loaded(program: Program, line: str) -> tuple[list[str], set[str]]:
    """What is offered for a line, and the modules that were imported for it."""
    script = (
        "import sys\nfrom legalgen.cli import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    asking = {
        "_LEGALGEN_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": line,
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env={**program.environ, **asking},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.split(), set(done.stderr.split())


FOR_WORDS = {
    "legalgen", "legalgen.cli", "legalgen.commands", "legalgen.commands.offers",
    "legalgen.commands.shell_completion",
}  # fmt: skip
FOR_SETTINGS = FOR_WORDS | {
    "legalgen.completion", "legalgen.errors", "legalgen.errors.category",
    "legalgen.errors.exceptions", "legalgen.errors.exit_codes", "legalgen.errors.obstacle",
    "legalgen.providers", "legalgen.providers.entry_points", "legalgen.providers.presets",
    "legalgen.providers.spec", "legalgen.settings", "legalgen.settings.declaration",
    "legalgen.settings.document", "legalgen.settings.layers",
    "legalgen.settings.provider_tables", "legalgen.settings.reading", "legalgen.settings.toml",
    "legalgen.settings.types", "legalgen.settings.variables",
}  # fmt: skip
FOR_TAXONOMY = FOR_SETTINGS | {
    "legalgen.errors.suggestions", "legalgen.law", "legalgen.law.axes", "legalgen.law.filters",
    "legalgen.law.taxonomy", "legalgen.law.taxonomy_file", "legalgen.settings.compile_cache",
}  # fmt: skip
FOR_CATALOG = FOR_SETTINGS | {"legalgen.providers.catalog"}
FOR_BATCHES = FOR_SETTINGS | {
    "legalgen.settings.writing", "legalgen.store", "legalgen.store.files",
}  # fmt: skip
SLOW = {
    "typer", "click", "rich", "pydantic", "pyarrow", "httpx", "groq", "cerebras", "openai",
    "subprocess",
}  # fmt: skip
"""What takes longer to import than all that an answer needs."""


@pytest.mark.parametrize(
    ("line", "expected", "most"),
    [
        ("batch --prov", "--provider", FOR_WORDS),
        ("dataset export --format sha", "sharegpt", FOR_WORDS),
        ("batch --provider gr", "groq", FOR_SETTINGS),
        ("batch --topic form", "formation", FOR_TAXONOMY),
        ("batch --difficulty ba", "basic", FOR_TAXONOMY),
        ("batch --model gpt", "gpt-oss-120b", FOR_CATALOG),
        ("history 2026", "20261101-120000-aaaa", FOR_BATCHES),
    ],
)
def test_completion_loads_what_its_answer_needs(
    program: Program, line: str, expected: str, most: set[str]
) -> None:
    """A key press waits for it: neither Typer nor the commands, no rich, no SDK, no pyarrow."""
    ledgers = Path(program.environ["LEGALGEN_DATA_DIR"]) / "batches"
    ledgers.mkdir(parents=True)
    (ledgers / "20261101-120000-aaaa.json").touch()

    found, modules = loaded(program, f"legalgen {line}")

    assert expected in found
    assert {name for name in modules if name.partition(".")[0] == "legalgen"} == most
    assert SLOW & modules == set()


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=12))
def test_any_line_is_answered(words: list[str], incomplete: str) -> None:
    """Whatever stands on the line: a list, and no error into the prompt."""
    shell_completion.offered(WORDS, words, incomplete)


@given(st.text(max_size=40))
def test_any_text_is_split(line: str) -> None:
    """An open quote, a backslash at the end: words."""
    assert all(isinstance(word, str) for word in shell_completion._split(line))
