"""A value that is empty, as one is of a variable of the shell that is not set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Program

COMMANDS = [
    (("sources", "add", "", "--licence", "OGL"), "PATHS"),
    (("sources", "check", ""), "PATHS"),
    (("sources", "show", ""), "NAME"),
    (("batch", "", "--resume"), "BATCH-ID"),
    (("batch", "--plan", "--wait-max", ""), "--wait-max"),
    (("history", ""), "BATCH-ID"),
    (("history", "--since", ""), "--since"),
    (("dataset", "import", ""), "FILE"),
    (("dataset", "export", ""), "OUT"),
    (("dataset", "export", "x.jsonl", "--flag", ""), "--flag"),
    (("dataset", "drop", "--grep", ""), "--grep"),
    (("dataset", "drop", "lg_1", ""), "IDS"),
    (("dataset", "page", ""), "OUT"),
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
