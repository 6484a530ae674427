"""Values that are none: empty, as a variable of the shell is that is not set, or no text."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.program import EXECUTABLE, Program
from tests.vendors import VendorServer

ROUTE = "groq/openai/gpt-oss-120b"

COMMANDS = [
    (("sources", "add", "", "--licence", "OGL"), "PATH"),
    (("sources", "check", ""), "PATH"),
    (("sources", "show", ""), "ID"),
    (("batch", "", "--resume"), "ID"),
    (("batch", "--plan", "--wait-max", ""), "--wait-max"),
    (("history", ""), "ID"),
    (("history", "--since", ""), "--since"),
    (("dataset", "import", ""), "FILE"),
    (("dataset", "export", ""), "OUT"),
    (("dataset", "export", "x.jsonl", "--flag", ""), "--flag"),
    (("dataset", "drop", "--grep", ""), "--grep"),
    (("dataset", "drop", "lg_1", ""), "ID"),
    (("dataset", "show", ""), "ID"),
    (("dataset", "page", ""), "FILE"),
    (("dataset", "review", "--from", ""), "--from"),
    (("dataset", "push", ""), "TARGET"),
    (("generate", "--data-dir", ""), "--data-dir"),
    (("generate", "--config", ""), "--config"),
    (("generate", "--exclude", ""), "--exclude"),
]


@pytest.mark.parametrize(("words", "named"), COMMANDS)
def test_an_empty_value_is_a_sentence(tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    """No folder that one happens to be in, no filter that every row passes."""
    ended = Program(tmp_path, None).run(*words)
    said = f'Error: {named} "": it is empty; give a value, or leave it out.\n'
    assert (ended.code, ended.out, ended.err) == (2, "", said)


def test_an_empty_prompt_may_be_meant(tmp_path: Path) -> None:
    """`--system ""` leaves the system prompt out, as it is left out at first."""
    ended = Program(tmp_path, None).run("dataset", "export", "x.jsonl", "--system", "")
    assert (ended.code, "there is no dataset" in ended.err) == (2, True)


def test_a_data_dir_may_be_called_data(tmp_path: Path) -> None:
    """One that is empty yet is no part of another."""
    program = Program(tmp_path, None)
    program.data_dir.batches.mkdir(parents=True)
    assert program.data_dir.root.name == "data"
    ended = program.run("dataset", "stats")
    assert (ended.code, "there are no rows in" in ended.err) == (2, True)


NO_TEXT = "caf\udce9"
"""As Python hands on a byte that is no UTF-8."""


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("dataset", "export", f"{NO_TEXT}.jsonl"), "OUT"),
        (("dataset", "export", "x.jsonl", "--system", NO_TEXT), "--system"),
        (("dataset", "list", "--grep", NO_TEXT), "--grep"),
        (("history", NO_TEXT), "ID"),
    ],
)
def test_a_value_that_is_no_text_is_a_sentence(
    tmp_path: Path, words: tuple[str, ...], named: str
) -> None:
    """No traceback at the end of an export, where a name is printed or packed as JSON."""
    ended = Program(tmp_path, None, cold=True).run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f'Error: {named} "')
    assert ended.err.endswith('": it is not UTF-8 text\n')


def test_a_source_whose_name_is_no_text_is_passed_by(tmp_path: Path) -> None:
    """The other files of its folder are added; it is said which to rename."""
    law = tmp_path / "law"
    law.mkdir()
    text = "# Act\n\n## 1 Rent\n\n" + "The tenant shall pay the rent when it is due. " * 20
    (law / "rent.md").write_text(text, "utf-8")
    (law / f"{NO_TEXT}.md").write_text(text.replace("Act", "Other Act"), "utf-8")
    program = Program(tmp_path, None)
    ended = program.run("sources", "add", str(law), "--licence", "OGL", "--jurisdiction", "uk")
    assert (ended.code, "its name is not UTF-8 text; rename it" in ended.err) == (2, True)
    listed = program.run("sources", "list", "--json").json["sources"]
    assert [source["title"] for source in listed] == ["Act"]


@pytest.mark.parametrize(
    "words", [("batch", "--plan", "--exclude"), ("dataset", "review", "--from")]
)
def test_a_pipe_that_nobody_writes_is_not_waited_for(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Where a file is to be read: it is said at once, and a device does not fill the memory."""
    program = Program(tmp_path, None)
    program.data_dir.create()
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        more = ("--provider", "local") if words[0] == "batch" else ()
        ended = program.run(*words, str(path), *more)
        assert (ended.code, f"{path}: it is no regular file" in ended.err) == (2, True), ended


def test_a_width_that_no_terminal_has_is_not_believed(tmp_path: Path) -> None:
    """Help is drawn as wide as COLUMNS says; of a hundred million it took hours."""
    ended = Program(tmp_path, None).run("--help", environ={"COLUMNS": "99999999"})
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) < 1_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history", "--limit", "9" * 26), f'--limit "{"9" * 26}": the most is {2**63 - 1}.'),
        (
            ("dataset", "list", "--limit", "9" * 26),
            f'--limit "{"9" * 26}": the most is {2**63 - 1}.',
        ),
        (("models", "--config", "x" * 5000), "xxx: File name too long"),
        (("sources", "check", "--data-dir", "x" * 5000), "xxx…: File name too long"),
    ],
)
def test_what_is_beyond_all_measure_is_a_sentence(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """More rows than a list has, a name that no disk takes."""
    ended = Program(tmp_path, None).run(*words)
    assert (ended.code, said in ended.err, "Traceback" in ended.err) == (2, True, False)


def test_a_folder_that_was_removed_under_a_shell_is_said(
    program: Program, vendors: VendorServer
) -> None:
    """No traceback of whatever first asks where it is."""
    assert program.run("batch", "-n", "1", "--quiet", "--route", ROUTE).code == 0
    gone = program.home / "gone"
    command = f"mkdir {gone}; cd {gone}; rmdir {gone}; exec {EXECUTABLE} dataset export x.jsonl"
    ended = subprocess.run(
        ["/bin/bash", "-c", command], env=program.environ, capture_output=True, check=False
    )
    said = b"Error: the folder that you are in was removed: go to another one (cd)\n"
    assert (ended.returncode, ended.stderr) == (2, said)


def test_a_count_beyond_all_measure_is_planned_by_nobody(
    program: Program, vendors: VendorServer
) -> None:
    """A plan of it would never be done; a batch takes it, and its bounds end it."""
    many = ("--route", ROUTE, "-n", "1000000000000")
    ended = program.run("batch", "--plan", *many)
    said = "Error: a plan draws each of its samples, and 1,000,000,000,000 are more than 1,000,000"
    assert (ended.code, ended.err.startswith(said)) == (2, True)
    assert program.run("batch", *many, "--max-calls", "2", "--quiet").code == 4


def test_a_pipe_among_the_records_is_not_waited_for(tmp_path: Path) -> None:
    """It is a record that cannot be read, as any other such file."""
    program = Program(tmp_path, None)
    program.data_dir.batches.mkdir(parents=True)
    os.mkfifo(program.data_dir.batches / "20261129-000000-pipe.json")
    ended = program.run("history", "--json")
    assert (ended.code, "it is no regular file" in ended.out + ended.err) == (0, True), ended
