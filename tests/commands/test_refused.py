"""What a command refuses: in a sentence, with exit code 2, before anything is paid for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer

from legalgen.commands.app import app
from legalgen.commands.effects import NEEDED, OVERRIDING
from legalgen.providers.keys import key_problem
from legalgen.settings.layers import SETTINGS
from tests.program import EXECUTABLE, Ended, Program
from tests.terminal import in_terminal
from tests.vendors import VendorServer

GROQ = ("--route", "groq/openai/gpt-oss-120b")


def refused(ended: Ended, said: str) -> None:
    """That a command ended with one sentence that begins so, and nothing else."""
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), ended
    assert ended.err.startswith(f"Error: {said}"), ended.err


# --------------------------------------------------------------------------- a plan and its run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--count", "2", "--until-total", "500"), "--count and --until-total say different"),
        (("--wait-max", "abc"), "--wait-max abc: not a duration; write 90s, 2m"),
        (("--wait-max=-1",), "--wait-max -1: not a duration; write 90s, 2m"),
        (("--wait-max", "nan"), "--wait-max nan: not a duration; write 90s, 2m"),
        (("--provider", "groq"), "--route names every model: leave out --provider"),
        (("--follow",), "--follow, --finish-online and --cancel are for batches with --bulk"),
        (("--min-score", "3"), "--min-score 3 needs a judge"),
        (("--unjudged", "keep"), "--unjudged is for --min-score: add it"),
        (
            ("--judge", "groq/qwen/qwen3.8-27b", "--unjudged", "wait"),
            "--unjudged is for --min-score",
        ),
    ],
)
def test_a_plan_refuses_what_its_run_refuses(
    program: Program, vendors: VendorServer, words: tuple[str, ...], said: str
) -> None:
    """Who plans first is told at once what the batch would be refused for."""
    for plan in ((), ("--plan",)):
        refused(program.run("batch", *GROQ, *words, *plan), said)
    assert vendors.calls() == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("taxonomy", '"/nope"', " /nope cannot be read: No such file or directory."),
        ("gate_file", '"/nope"', " /nope cannot be read: No such file or directory."),
        ("exclude", '"/nope"', " /nope: No such file or directory"),
        ("semantic", '"/nope"', " /nope: there is no such folder"),
        ("min_score", "3.5", " 3.5 needs a judge: name one with --judge"),
        ("judge_share", "0.5", " 0.5 needs a judge: name one with --judge"),
        ("grounded", "true", " needs texts: add some"),
    ],
)
def test_what_is_refused_is_named_as_it_was_written(
    program: Program, vendors: VendorServer, name: str, value: str, said: str
) -> None:
    """The flag, the variable, or the key of the config file: no flag that nobody typed."""
    flag, variable = f"--{name.replace('_', '-')}", f"LEGALGEN_{name.upper()}"
    typed = (flag,) if value == "true" else (flag, value.strip('"'))
    refused(program.run("batch", *GROQ, *typed), f"{flag}{said}")
    environ = {variable: value.strip('"')}
    refused(program.run("batch", *GROQ, environ=environ), f"{variable}{said}")
    table = next(each.table for each in SETTINGS if each.name == name)
    config = program.home / "config.toml"
    config.write_text(f"{f'[{table}]' if table else ''}\n{name} = {value}\n")
    where = f"{config} {f'[{table}] ' if table else ''}{name}"
    shown = where if value == "true" else f"{where} ="
    refused(program.run("batch", *GROQ), f"{shown}{said}")
    assert vendors.calls() == []


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("batch", "-n"), "legalgen batch"),
        (("batch", "--quiet=false"), "legalgen batch"),
        (("batch", "--nope"), "legalgen batch"),
        (("dataset", "export", "--format"), "legalgen dataset export"),
        (("--nope",), "legalgen"),
    ],
)
def test_help_is_that_of_the_command(
    program: Program, words: tuple[str, ...], command: str
) -> None:
    """Whichever of the parser's complaints it is."""
    ended = program.run(*words)
    assert (ended.code, ended.err.endswith(f" See `{command} --help`.\n")) == (2, True), ended.err


def test_a_batch_that_is_cancelled_has_a_count(program: Program, vendors: VendorServer) -> None:
    """Nobody spoke of --resume."""
    ended = program.run("batch", *GROQ, "-n", "3", "--cancel")
    refused(ended, "--cancel ends what a batch has at a provider (--bulk): leave out --count")


def test_a_time_before_all_batches_is_told_as_that(program: Program) -> None:
    """It is written as it should be."""
    program.data_dir.root.mkdir()
    ended = program.run("history", "--since", "99999d")
    refused(ended, "--since 99999d: no batch is so old; for all leave --since out")


SEVERAL = "groq/openai/gpt-oss-120b,groq/openai/gpt-oss-20b"


def test_a_route_of_several_models_wants_failover(program: Program, vendors: VendorServer) -> None:
    """Only the first would be used, unless --no-failover is said nearer to the command."""
    config = program.home / "config.toml"
    said = "uses one model, and --route names 2: leave out one of the two, or name one model"
    for command in (("batch",), ("batch", "--plan"), ("generate",)):
        ended = program.run(*command, "--route", SEVERAL, "--no-failover")
        refused(ended, f"--no-failover {said}")
    config.write_text("[failover]\nno_failover = true\n")
    refused(program.run("batch", "--route", SEVERAL), f"{config} [failover] no_failover {said}")
    assert program.run("batch", "--plan", "-p", "groq").code == 0
    config.write_text(f'[failover]\nroute = "{SEVERAL}"\n')
    assert vendors.calls() == []
    assert program.run("batch", "-n", "2", "--max-calls", "1", "--no-failover").code == 4
    assert set(program.record().models) == {"groq/openai/gpt-oss-120b"}
    assert program.run("batch", "--resume").code == 0, "it has both of them now as flags"


def test_what_a_file_holds_for_other_batches_is_not_refused(
    program: Program, vendors: VendorServer
) -> None:
    """As --chunks-per-sample."""
    (program.home / "config.toml").write_text('[sample]\nunjudged = "keep"\n')
    assert program.run("batch", *GROQ, "--plan").code == 0


@pytest.mark.parametrize("word", ["--bulk", "--resume", "--cancel", "--stop"])
def test_a_plan_is_of_a_new_batch_with_calls_of_its_own(program: Program, word: str) -> None:
    """What it does not foretell is no plan that is shown in its place."""
    ended = program.run("batch", *GROQ, "--plan", word)
    assert (ended.code, ended.out, word in ended.err) == (2, "", True)


# --------------------------------------------------------------------------- nothing is no success


@pytest.mark.parametrize("filters", [("--flag", "BAD_JSON"), ("--score-below", "1.5")])
def test_a_check_of_no_rows_is_refused_as_a_list_of_none_is(
    program: Program, vendors: VendorServer, filters: tuple[str, ...]
) -> None:
    """A filter that is mistyped has found nothing wrong with nothing."""
    assert program.run("batch", *GROQ, "-n", "2", "--quiet").code == 0
    said = f"there is no row by {' '.join(filters)} in {program.data_dir.root}"
    for words in (("check",), ("list",), ("stats",), ("sample",), ("drop",)):
        refused(program.run("dataset", *words, *filters), said)
    assert program.run("dataset", "check", "--grep", ".").code in (0, 1)


@pytest.mark.parametrize("name", ["empty.txt", "empty.jsonl", "empty.csv"])
def test_a_check_of_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    """Whichever form its name says."""
    program, file = Program(tmp_path, None), tmp_path / name
    file.touch()
    ended = program.run("dataset", "check", str(file))
    assert (ended.code, ended.out, str(file) in ended.err) == (2, "", True), ended


def test_a_check_of_a_dataset_without_rows_is_refused(tmp_path: Path) -> None:
    """As `stats` refuses it."""
    program = Program(tmp_path, None)
    program.data_dir.create()
    said = f"there are no rows in {program.data_dir.root}: nothing was checked"
    refused(program.run("dataset", "check"), said)


# --------------------------------------------------------------------------- the gate's table


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("min_score = 9", "min_score takes a mark from 1 to 5, or 0 for none, not 9"),
        ("flag_score = 99", "flag_score takes a mark from 1 to 5, or 0 for none, not 99"),
        ("near_answer = 60", "near_answer takes a share from 0 to 1, not 60"),
        ("min_scor = 3", "min_scor is neither a code nor a threshold; did you mean min_score"),
    ],
)
def test_a_threshold_out_of_range_is_refused_wherever_it_stands(
    program: Program, vendors: VendorServer, line: str, said: str
) -> None:
    """The file is named, and nobody is asked."""
    config, gate = program.home / "config.toml", program.home / "gate.toml"
    gate.write_text(line)
    refused(
        program.run("batch", *GROQ, "--gate-file", str(gate)), f"--gate-file {gate}: [gate] {said}"
    )
    config.write_text(f"[gate]\n{line}\n")
    for command in (("batch", *GROQ), ("batch", *GROQ, "--plan"), ("generate", *GROQ)):
        refused(program.run(*command), f"{config} [gate] {said}")
    assert vendors.calls() == []


# --------------------------------------------------------------------------- places


def ones_of(program: Program) -> dict[str, str]:
    """A file and a folder, by the names that paths have below."""
    file, folder = program.home / "file", program.home / "adir"
    file.write_text("x")
    folder.mkdir()
    return {"FILE": str(file), "DIR": str(folder), "GONE": str(program.home / "nodir")}


@pytest.mark.parametrize("flag", ["--data-dir", "--state-dir", "--log-dir"])
@pytest.mark.parametrize("place", ["FILE", "FILE/deep/er", "/dev/null"])
def test_a_folder_that_is_a_file_is_a_mistake_and_no_failed_disk(
    program: Program, vendors: VendorServer, flag: str, place: str
) -> None:
    """The flag is named, and what is in the way."""
    for name, path in ones_of(program).items():
        place = place.replace(name, path)
    there = place.removesuffix("/deep/er")
    said = f"{flag} {place}: {there} is there already and is no folder; name another place\n"
    refused(program.run("batch", *GROQ, flag, place), said)
    told = program.run("doctor", "--json", flag, place)
    name = flag.strip("-").replace("-", " ")
    assert {row["found"] for row in told.json if row["name"] == name} == {f"{there} is no folder"}
    assert vendors.calls() == []


@pytest.mark.parametrize("command", [("history",), ("dataset", "stats"), ("sources", "list")])
def test_a_data_dir_of_a_variable_or_the_file_is_named_as_such(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Where the user wrote it."""
    program = Program(tmp_path, None)
    file = ones_of(program)["FILE"]
    ended = program.run(*command, environ={"LEGALGEN_DATA_DIR": file})
    refused(ended, f"LEGALGEN_DATA_DIR {file}: {file} is there already and is no folder")


@pytest.mark.parametrize(
    ("flag", "place", "said"),
    [
        ("--events", "DIR", "it is a folder"),
        ("--events", "GONE/x", "there is no folder GONE"),
        ("--events", "FILE/x", "there is no folder FILE"),
        ("--metrics-file", "DIR", "it is a folder"),
        ("--metrics-file", "GONE/x.prom", "there is no folder GONE"),
        ("--metrics-file", "/dev/null", "it is a device or a pipe, and no file"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_first_call(
    program: Program, vendors: VendorServer, flag: str, place: str, said: str
) -> None:
    """Not at the end of a batch that was paid for."""
    for name, path in ones_of(program).items():
        place, said = place.replace(name, path), said.replace(name, path)
    said = f"{flag} {place}: {said}; name a file to write"
    refused(program.run("batch", *GROQ, "-n", "1", flag, place), said)
    refused(program.run("batch", *GROQ, "-n", "1", flag, place, "--plan"), said)
    if flag == "--events":
        refused(program.run("generate", *GROQ, flag, place), said)
    assert vendors.calls() == []


@pytest.mark.parametrize("place", ["new/x.prom", "new/state/x.prom"])
def test_a_file_in_a_folder_that_the_run_makes_is_written(program: Program, place: str) -> None:
    """As a unit of systemd has it whose state folder is not there before the first start."""
    words = ("--state-dir", str(program.home / "new" / "state"), "-n", "1", "--quiet")
    metrics = program.home / place
    ended = program.run("batch", *GROQ, *words, "--metrics-file", str(metrics))
    assert (ended.code, metrics.is_file()) == (0, True), ended


def test_a_place_of_the_config_file_is_named_there(program: Program) -> None:
    """And no command is kept from its work that would not write it."""
    config = program.home / "config.toml"
    config.write_text(f'[output]\nmetrics_file = "{program.home}/nodir/x.prom"\n')
    ended = program.run("batch", *GROQ)
    refused(ended, f"{config} [output] metrics_file = {program.home}/nodir/x.prom: there is no ")
    assert program.run("models").code == 0


# --------------------------------------------------------------------------- numbers


WHOLE = "not a whole number"
SHARE = "write 1/3, 0.25 or 25%."
MARK = "not a number from 1 to 5; write 3.5."
LIMIT = 2**63 - 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("batch", "--until-total", "abc"), f'--until-total "abc": {WHOLE} of at least 1.'),
        (("batch", "--until-total", "0"), f'--until-total "0": {WHOLE} of at least 1.'),
        (("batch", "--until-total=-3"), f'--until-total "-3": {WHOLE} of at least 1.'),
        (("batch", "--until-total", "1.5"), f'--until-total "1.5": {WHOLE} of at least 1.'),
        (("batch", "--count", "9" * 26), f'--count "{"9" * 26}": the most is {LIMIT}.'),
        (("batch", "--seed", "9" * 26), f'--seed "{"9" * 26}": the most is {LIMIT}.'),
        (("batch", f"--seed=-{'9' * 26}"), f'--seed "-{"9" * 26}": the least is -{LIMIT}.'),
        (("history", "--limit", "ten"), f'--limit "ten": {WHOLE} of at least 1.'),
        (("history", "-n", "1e3"), f'--limit "1e3": {WHOLE} of at least 1.'),
        (("dataset", "sample", "--rows", "x"), f'--rows "x": {WHOLE} of at least 1.'),
        (("dataset", "sample", "--seed", "x"), f'--seed "x": {WHOLE}.'),
        (("dataset", "stats", "--review-rows", "x"), f'--review-rows "x": {WHOLE} of at least 1.'),
        (("dataset", "check", "--workers", "99"), f'--workers "99": {WHOLE} from 1 to 64.'),
        (("dataset", "compact", "--to-schema", "3"), f'--to-schema "3": {WHOLE} from 1 to 2.'),
        (
            ("dataset", "export", "o.jsonl", "--distractors", "21"),
            f'--distractors "21": {WHOLE} from 0 to 20.',
        ),
        (("dataset", "export", "o.jsonl", "--split-seed", "x"), f'--split-seed "x": {WHOLE}.'),
        (
            ("dataset", "export", "o.jsonl", "--split", "x"),
            f'--split "x": not a part of a whole; {SHARE}',
        ),
        (
            ("dataset", "export", "o.jsonl", "--split", "nan"),
            f'--split "nan": not a part of a whole; {SHARE}',
        ),
        (
            ("dataset", "export", "o.jsonl", "--split", "20"),
            f'--split "20": not more than 0 and at most 1; {SHARE}',
        ),
        (("dataset", "list", "--score-below", "x"), '--score-below "x": not a number; write 3.5.'),
        *(
            (("dataset", "list", f"--score-below={mark}"), f'--score-below "{mark}": {MARK}')
            for mark in ("-1", "0", "99", "nan", "inf")
        ),
    ],
)
def test_a_number_that_cannot_be_meant_names_flag_value_and_bounds(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Those of settings and of a command alike."""
    refused(Program(tmp_path, None).run(*words), said)


def test_numbers_are_written_alike_everywhere(program: Program, vendors: VendorServer) -> None:
    """``1_000`` and ``2k`` as for a setting, ``1/2`` as a share."""
    assert program.run("batch", *GROQ, "--until-total", "1_0", "--quiet").code == 0
    assert len(program.rows()) == 10
    assert program.run("dataset", "list", "--limit", "2k").code == 0
    half = program.home / "half.jsonl"
    assert program.run("dataset", "export", str(half), "--split", "1/2").code == 0


# --------------------------------------------------------------------------- history


@pytest.mark.parametrize("when", ["2026", "5", "1.5", "20", "yesterday", "5x", "0001-01-01T00:00"])
@pytest.mark.parametrize("more", [(), ("--spend",)])
def test_a_moment_is_a_date_or_says_its_unit(
    tmp_path: Path, when: str, more: tuple[str, ...]
) -> None:
    """``2026`` is no 34 minutes, and ``5`` may be days."""
    program = Program(tmp_path, None)
    program.data_dir.create()
    ended = program.run("history", "--since", when, *more, environ={"TZ": "Asia/Tokyo"})
    refused(ended, f"--since {when}: write a date (2026-11-20) or 36h, 7d")


@pytest.mark.parametrize("when", ["2026-11-20", "20261120", "36h", "7d", "1h30m", "2026-11-20T08"])
def test_a_moment_that_can_be_meant(tmp_path: Path, when: str) -> None:
    """Dates, moments and durations."""
    program = Program(tmp_path, None)
    program.data_dir.create()
    assert program.run("history", "--since", when).code == 0


@pytest.mark.parametrize("more", [(), ("--spend",), ("--json",), ("--why",)])
def test_the_history_of_no_dataset_is_refused_as_all_of_it_is(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    """A mistyped folder is no dataset without batches."""
    program = Program(tmp_path, None)
    ended = program.run("history", "--data-dir", "nosuch", *more)
    assert (ended.code, ended.err) == (2, "Error: there is no dataset in nosuch\n")


# --------------------------------------------------------------------------- words that name it


@pytest.mark.parametrize("words", [("--count", "5"), ("--until-total", "5")])
def test_who_goes_on_is_told_which_flag_to_leave_out(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """The one that was given."""
    said = f"--resume goes on to the original count: leave out {words[0]}\n"
    refused(Program(tmp_path, None).run("batch", "--resume", *words), said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "openrouter",
            'openrouter is a server: write key = "..." in [servers.openrouter], or set OPENROUTER',
        ),
        ("ollama", "ollama takes no key"),
        ("vllm", "vllm takes no key"),
        ("azure", 'azure is a server: write base_url and key = "..." in [servers.azure]'),
        ("local", "local takes no key"),
    ],
)
def test_a_known_kind_of_server_is_told_where_its_key_goes(
    tmp_path: Path, name: str, said: str
) -> None:
    """Not that its address were missing, where it is known, nor of a key where none is taken."""
    refused(Program(tmp_path, None).run("config", "set-key", name), said)


def test_a_history_may_be_asked_for_a_known_kind_of_server(tmp_path: Path) -> None:
    """That no batch used it is no mistake."""
    assert Program(tmp_path, None).run("history", "--provider", "openrouter").code == 0


def test_a_key_for_a_file_that_is_not_toml_says_so(tmp_path: Path) -> None:
    """Before it is typed."""
    broken = tmp_path / "broken.toml"
    broken.write_text("[batch\ncount = 1\n")
    ended = Program(tmp_path, None).run("config", "set-key", "groq", "--config", str(broken))
    refused(ended, f"{broken} is not TOML: ")


LATIN = "caf\xe9".encode("latin-1")


@pytest.mark.parametrize(
    ("flag", "table", "content", "said"),
    [
        ("--taxonomy", "", LATIN, "is not UTF-8 (at line 1)."),
        ("--authorities", "", LATIN, "is not UTF-8 (at line 1)."),
        ("--taxonomy", "", b"a = = 1", "is not TOML: Invalid value (at line 1, column 5)."),
        ("--taxonomy", "", b"a = 1\nb = " + b"9" * 5000, "(at line 2): no whole number is larger"),
        ("--taxonomy", "", b"area = 3", ": 'area' must be written as [[area]]"),
        ("--authorities", "", b"no such thing", ", line 1: 'no such thing' is no citation"),
        ("--taxonomy", "", None, "cannot be read: No such file or directory."),
        ("--authorities", "", None, "cannot be read: No such file or directory."),
    ],
)
def test_a_file_of_the_user_is_told_with_its_flag(
    program: Program, flag: str, table: str, content: bytes | None, said: str
) -> None:
    """As --gate-file is, and with the line of the config file that names it."""
    file = program.home / "file.toml" if flag == "--taxonomy" else program.home / "file.txt"
    if content is not None:
        file.write_bytes(content)
    space = "" if said[0] in ":," else " "
    refused(program.run("batch", *GROQ, "--plan", flag, str(file)), f"{flag} {file}{space}{said}")
    config = program.home / "config.toml"
    config.write_text(f'{flag.strip("-")} = "{file.name}"\n')
    where = f"{config} {flag.strip('-')} ="
    refused(program.run("batch", *GROQ, "--plan"), f"{where} {file}{space}{said}")


def test_a_sheet_with_old_line_ends_is_read(program: Program, vendors: VendorServer) -> None:
    """Excel for the Mac ends lines so; Python's word for it is no help."""
    assert program.run("batch", *GROQ, "-n", "1", "--quiet").code == 0
    sheet = program.home / "sheet.csv"
    sheet.write_bytes(f"id,correct\r{program.rows()[0]['id']},yes\r".encode())
    ended = program.run("dataset", "review", "--from", str(sheet))
    assert ended.code == 0, ended


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("dataset", "stats", "--html"), "--html"),
        (("dataset", "stats", "--review"), "--review"),
        (("dataset", "review", "--from"), "--from"),
        (("dataset", "export"), "OUT"),
        (("dataset", "import"), "FILE"),
    ],
)
def test_a_path_is_told_by_what_was_typed(
    tmp_path: Path, words: tuple[str, ...], named: str
) -> None:
    """The flag, or the place on the command line."""
    long = "x" * 300
    refused(Program(tmp_path, None).run(*words, long), f"{named} {long}: File name too long")


def test_a_pipe_is_no_missing_file(tmp_path: Path) -> None:
    """It is there, and is no file."""
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    ended = Program(tmp_path, None).run(
        "sources", "add", str(pipe), "--licence", "x", "--jurisdiction", "uk"
    )
    assert ended.code == 2
    assert f"{pipe} is a pipe, a socket or a device, and no file" in ended.err


# --------------------------------------------------------------------------- flags without effect


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history", "--by", "model"), "--by is for --spend: add it, or leave --by out"),
        (("history", "--spend", "--why"), "--spend says nothing beside --why"),
        (("history", "20261120", "--status", "paused"), "--status says nothing beside ID"),
        (("history", "--why", "--since", "7d"), "--since says nothing beside --why"),
        (("history", "--spend", "-n", "3"), "--limit says nothing beside --spend"),
        (("dataset", "export", "o.jsonl", "--split-by", "topic"), "--split-by is for --split"),
        (
            ("dataset", "export", "o.jsonl", "--split-seed", "0"),
            "--split-seed is for --split or --distractors: add it",
        ),
        (("dataset", "page", "--limit", "5"), "--limit is for --rows"),
        (("dataset", "page", "--seed", "5"), "--seed is for --rows"),
        (("dataset", "stats", "--review-rows", "5"), "--review-rows is for --review"),
        (("dataset", "review", "--from", "x.csv", "--rows", "5"), "--rows says nothing beside"),
        (("batch", "--stop", "--until-total", "5"), "--until-total says nothing beside --stop"),
        (
            ("dataset", "check", "--drop", "DUP_*", "--strict"),
            "--strict says nothing beside --drop",
        ),
        (("dataset", "list", "--rejected", "--rehearsal"), "--rehearsal says nothing beside"),
    ],
)
def test_a_flag_without_effect_is_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Though its value is the default: who gives it means something by it."""
    refused(Program(tmp_path, None).run(*words), said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--chunks-per-sample", "2"), "--chunks-per-sample is for --grounded: add it"),
        (("--keep-remote",), "--keep-remote is for --bulk: add it, or leave --keep-remote out"),
        (("--yes",), "--yes is for --bulk: add it, or leave --yes out"),
        (
            ("--grounded", "--per-chunk", "1", "--count", "5"),
            "--per-chunk 1 decides how many samples are written: leave out --count",
        ),
        (
            ("--grounded", "--per-chunk", "1", "--until-total", "5"),
            "--per-chunk 1 decides how many samples are written: leave out --until-total",
        ),
        (("--as-of", "0000-01"), '--as-of "0000-01": not a month: write YYYY-MM'),
    ],
)
def test_a_flag_of_a_batch_without_effect_is_refused(
    program: Program, vendors: VendorServer, words: tuple[str, ...], said: str
) -> None:
    """By the run and by its plan."""
    for plan in ((), ("--plan",)):
        refused(program.run("batch", *GROQ, *words, *plan), said)
    assert vendors.calls() == []


def test_what_a_flag_is_for_may_stand_in_the_file(program: Program) -> None:
    """A setting of the file is no flag that was given beside another."""
    (program.home / "config.toml").write_text(
        '[batch]\nkeep_remote = true\n[sample]\nchunks_per_sample = "1-2"\n'
    )
    assert program.run("batch", *GROQ, "-n", "2", "--max-calls", "1", "--quiet").code == 4
    assert program.run("batch", "--resume", "--max-calls", "off", "--quiet").code == 0


def test_every_parameter_of_the_tables_is_one() -> None:
    """A flag that is renamed is renamed there, too."""
    for path in {*NEEDED, *OVERRIDING}:
        command: Any = typer.main.get_command(app)
        for word in path.split():
            command = command.commands[word]
        known = {each.name for each in command.params}
        for table in (NEEDED.get(path, {}), OVERRIDING.get(path, {})):
            assert {*table, *(each for others in table.values() for each in others)} <= known


def test_a_key_beyond_all_measure_is_refused() -> None:
    """A file that was piped in by mistake."""
    assert key_problem("a" * 10_000_000).startswith("is longer than any key")
    assert key_problem("a" * 4000) == ""


@pytest.mark.parametrize("command", ["batch", "generate"])
@pytest.mark.parametrize(
    "flag", ["--topic", "--practice-area", "--jurisdiction", "--difficulty", "--sample-type"]
)
def test_a_value_that_is_not_known_is_told_with_its_flag(
    program: Program, vendors: VendorServer, command: str, flag: str
) -> None:
    """Or its variable; a long one is cut, whatever it is made of."""
    axis = flag.strip("-").replace("-", " ")
    refused(program.run(command, *GROQ, flag, "nosuch"), f"{flag}: unknown {axis} 'nosuch'")
    name = f"LEGALGEN_{axis.replace(' ', '_').upper()}"
    said = f"{name}: unknown {axis} 'nosuch'"
    refused(program.run(command, *GROQ, environ={name: "nosuch"}), said)
    long = program.run(command, *GROQ, flag, "no such " * 400)
    refused(long, f"{flag}: unknown {axis} 'no such ")
    assert long.err.count("no such") < 10
    assert vendors.calls() == []


@pytest.mark.parametrize(
    "line",
    [
        ("batch", "--provider", "LONG"),
        ("batch", "--provider", "groq", "--model", "LONG"),
        ("batch", "--route", "groq/LONG"),
        ("batch", "--count", "LONG"),
        ("dataset", "export", "x.jsonl", "--format", "LONG"),
        ("config", "taxonomy", "--taxonomy", "LONG"),
    ],
)
def test_a_long_value_is_cut_in_what_is_said_of_it(program: Program, line: tuple[str, ...]) -> None:
    """A file's content that was given by mistake does not fill the screen."""
    ended = program.run(*(word.replace("LONG", "x" * 9_000) for word in line))
    assert ended.code == 2
    assert ended.err.count("x") < 1_000


def test_a_model_that_nobody_has_may_be_of_an_own_server(program: Program) -> None:
    """Both remedies are named."""
    said = program.run("batch", "-n", "1", "--model", "x", environ={"OPENAI_BASE_URL": ""}).err
    assert "list it in config.toml, [providers." in said
    assert "--provider openai --base-url" in said


@pytest.mark.parametrize("flag", ["--data-dir", "--state-dir", "--log-dir"])
def test_a_folder_that_is_a_link_to_nowhere_is_a_mistake(
    program: Program, vendors: VendorServer, flag: str
) -> None:
    """Before anything is asked; where it leads is told."""
    link, gone = program.home / "link", program.home / "unmounted" / "there"
    link.symlink_to(gone)
    said = f"{flag} {link}: {link} is a link to {gone}, where no folder is; make that, or name"
    refused(program.run("batch", *GROQ, flag, str(link)), said)
    name = f"LEGALGEN_{flag.strip('-').replace('-', '_').upper()}"
    refused(program.run("batch", *GROQ, environ={name: str(link)}), name)
    assert vendors.calls() == []
    gone.mkdir(parents=True)
    assert program.run("history", "--data-dir", str(link)).code == 0


def test_columns_that_are_not_taken_are_counted_and_a_few_named(program: Program) -> None:
    """A name of somebody else's neither fills a terminal nor controls it."""
    record = {"question": "Who is liable for a fall?", "answer": "The occupier is."}
    odd = {"\x1b[31mred": 1, "y" * 500: 1, **{f"column {at}": at for at in range(5_000)}}
    path = program.home / "wide.jsonl"
    path.write_text(json.dumps(record | odd))
    with in_terminal(
        (str(EXECUTABLE), "dataset", "import", str(path)), program.environ
    ) as terminal:
        while terminal.look():
            pass
    said = terminal.everything.replace("\n", "")
    assert "and 4,990 more columns" in said
    assert "\\x1b[31mred (1 row)" in said
    assert b"\x1b[31mred" not in terminal.raw
    assert (said.count("column "), said.count("y") < 100) == (10, True)
