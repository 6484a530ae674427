"""cli.py, commands.py, screens.py: flags in, data on stdout, talk on stderr, an exit code."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from typer.testing import CliRunner, Result

from legalgen.commands.dataset import scratch_folder
from legalgen.commands.dataset_cli import app
from legalgen.errors import BatchRunning, DiskError, LegalgenError, UsageError
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter
from legalgen.store.ledger import Ledger
from legalgen.store.locks import BatchLock, Holder
from tests.crash.rows import BATCH, make_sample
from tests.crash.test_journal import in_child
from tests.dataset.shelf import LEGACY, NOW, filled, names_of, rows_of, use_folders, written
from tests.program import EXECUTABLE
from tests.terminal import in_terminal


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_folders(tmp_path, monkeypatch)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def data(*words: str) -> Any:
    """What a command prints with --json: one object, and nothing beside it."""
    return json.loads(run(*words, "--json").stdout)


def failure(*words: str) -> LegalgenError:
    error = run(*words).exception
    assert isinstance(error, LegalgenError)
    return error


def test_help_loads_nothing_heavy() -> None:
    """Importing the commands and asking for help costs no pyarrow."""
    program = (
        "import sys; from legalgen.commands.dataset_cli import app;"
        "app(['--help'], standalone_mode=False);"
        "print([m for m in ('pyarrow', 'rensa', 'groq', 'rich.console') if m in sys.modules][:2])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "pyarrow" not in done.stdout.splitlines()[-1]
    assert "rensa" not in done.stdout.splitlines()[-1]
    assert "compact" in done.stdout


def test_a_night_of_the_dataset(tmp_path: Path) -> None:
    """Import, verify, compact, export, measure: each leaves what the next one needs."""
    assert data("import", str(LEGACY))["added"] == 54
    assert run("import", str(LEGACY)).stdout.startswith("0 rows added of 56 read")
    assert run("verify").exit_code == 0
    filled(tmp_path / "data", rows=4, part_rows=1)
    compacted = data("compact")
    assert (compacted["rows"], compacted["parts_after"], compacted["generation"]) == (58, 1, 1)
    assert run("verify").stdout == "58 rows in 1 part: whole\n"
    out = tmp_path / "train.jsonl"
    assert data("export", str(out), "--format", "messages")["files"] == {str(out): 58}
    assert data("stats")["rows"] == 58


def test_quiet_says_only_what_went_wrong(tmp_path: Path) -> None:
    """Changes and files are silent, hints too; what is asked for is told, and what failed."""
    data_dir = filled(tmp_path / "data", rows=4, part_rows=1)
    name = rows_of(data_dir)[0].id
    rows, html = str(tmp_path / "rows.jsonl"), str(tmp_path / "rows.html")
    for words in (
        ("export", rows, "--format", "schema"),
        ("import", rows),
        ("page", html, "--rows"),
        ("drop", name),
        ("drop", name, "--undrop"),
        ("check", "--write-flags"),
        ("compact",),
        ("compact",),
        ("verify",),
    ):
        done = run(*words, "--quiet")
        assert (done.exit_code, done.output) == (0, ""), words
    assert "1 row would be taken out" in run("drop", name, "--dry-run", "--quiet").stdout
    for words in (("stats", "--html", html), ("sample",), ("list",)):
        told = run(*words, "--quiet")
        assert (bool(told.stdout), told.stderr) == (True, ""), words
    with Path(rows).open("a") as file:
        file.write("{\n")
    partly = run("import", rows, "--quiet")
    summary = "0 rows added of 5 read; 4 were there already, 1 cannot be used\n"
    assert (partly.exit_code, partly.stdout, "row 5: not JSON" in partly.stderr) == (
        0,
        summary,
        True,
    )


@pytest.mark.parametrize("words", [("compact",), ("check", "--write-flags")])
def test_what_a_dead_writer_left_is_told_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    """With whose it was and how many rows, whichever command recovers it."""
    data_dir = filled(tmp_path / "data", rows=3)

    def work() -> None:
        BatchWriter(data_dir, BATCH, note_part=lambda *_: None).append([make_sample(3)])
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(work)[0] == signal.SIGKILL
    assert run(*words).stderr == f"recovered batch {BATCH}: 1 row, sealed\n"


def test_quiet_is_silent_about_a_shard(tmp_path: Path) -> None:
    """What came along is in the dataset."""
    filled(tmp_path / "shard", rows=2, batch_id="20261124-010101-cd34")
    done = run("import", "--keep-batch", str(tmp_path / "shard"), "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    assert data("stats")["rows"] == 2


def test_verify_says_what_is_wrong_and_what_it_mended(tmp_path: Path) -> None:
    """Exit code 1 until it is whole; the list is data, the repairs are talk."""
    data_dir = filled(tmp_path / "data")
    (data_dir.parts() / "x.tmp").touch()
    found = data("verify")
    assert (found["whole"], found["findings"][0]["repairable"]) == (False, True)
    assert run("verify").exit_code == 1
    repaired = run("verify", "--repair")
    assert repaired.exit_code == 0
    assert repaired.stderr.startswith("repaired: train/data/x.tmp: moved to state/aside/")
    assert repaired.stdout == "7 rows in 4 parts: whole\n"


def test_an_authority_that_nothing_can_be_compared_with_is_told(tmp_path: Path) -> None:
    """A file of the user's own warns where it is used; the data stay one object."""
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[[area]]\nid = "franchising"\nname = "Franchising"\njurisdictions = ["uk"]\n'
        '[[area.topic]]\nid = "exit"\nname = "Exit"\nsubtopics = ["renewal"]\n'
        'authorities = ["Misrepresentation Act 1967", "what everybody knows"]\n'
    )
    checked = run("check", str(LEGACY), "--json", "--taxonomy", str(mine))
    assert json.loads(checked.stdout)["rows"] == 56
    assert checked.stderr.startswith(
        'mine.toml: [[area]] "franchising" / [[area.topic]] "exit": key "authorities": '
        "'what everybody knows' is no citation that is known"
    )
    assert "Misrepresentation" not in checked.stderr


def test_check_reports_and_its_exit_code_says_whether_it_found_anything(tmp_path: Path) -> None:
    """The old file has findings; a clean one has none, and flags count only when asked to."""
    checked = run("check", str(LEGACY), "--json")
    found = json.loads(checked.stdout)
    assert checked.exit_code == 1
    assert {name: found[name] for name in ("rows", "question_repeats", "step_gaps")} == {
        "rows": 56, "question_repeats": 2, "step_gaps": 6,
    }  # fmt: skip
    shown = run("check", str(LEGACY)).stdout
    assert "read 56 rows by the old columns" in shown
    assert "would be refused" in shown
    row = {
        "id": "1", "question": "Must the seller of a used car pass good title to it?",
        "answer": "Yes. Under the Sale of Goods Act 1979 there is an implied term that he owns it. "
        "A dealer cannot exclude this against a consumer. Whoever is disturbed by the true owner "
        "may claim the price back, and with it what the repair and the insurance have cost.",
        "topic": "Commercial Law - Sale", "difficulty": "basic",
        "case_citation": "Nothing Known Here At All", "reasoning": "Step 1: Find the term implied.",
    }  # fmt: skip
    clean = tmp_path / "clean.jsonl"
    clean.write_text(json.dumps(row))
    assert data("check", str(clean))["flagged"] == 1
    assert (run("check", str(clean)).exit_code, run("check", str(clean), "--strict").exit_code) == (
        0, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            (
                '[1]\n{"question": "", "answer": "", "topic": "t", "difficulty": "d", '
                '"case_citation": "", "reasoning": ""}\n'
            ),
            "none of its 2 rows can be used (1 cannot be read, 1 without a question or an answer)",
        ),
        ("", "holds no rows: nothing was imported"),
    ],
)
def test_an_import_of_nothing_is_a_mistake(tmp_path: Path, content: str, message: str) -> None:
    """A script must not go on as if rows had come; what is wrong with them is told."""
    path = tmp_path / "odd.jsonl"
    path.write_text(content)
    done = run("import", str(path))
    assert isinstance(done.exception, UsageError)
    assert (done.exception.exit_code, done.stdout) == (2, "")
    assert message in str(done.exception)
    assert done.stderr.count("row ") == (2 if content else 0)
    assert Ledger(DataDir(tmp_path / "data")).all() == []


def test_stats_writes_a_page_and_a_sheet(tmp_path: Path) -> None:
    """Beside what it shows; never among the dataset's own files."""
    filled(tmp_path / "data")
    html, sheet = tmp_path / "page.html", tmp_path / "sheet.csv"
    shown = run("stats", "--html", str(html), "--review", str(sheet), "--review-rows", "3")
    assert shown.exit_code == 0
    assert "7 of 7 asked for" in shown.stdout
    assert html.read_text().startswith("<!doctype html>")
    with sheet.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][-4:] == ["correct", "citations_ok", "remark", "drawn_from"]
    assert {row[-1] for row in rows[1:]} == {"all rows"}
    assert len(rows) == 4
    inside = tmp_path / "data" / "train" / "page.html"
    assert "inside the dataset" in str(failure("stats", "--html", str(inside)))
    assert names_of(DataDir(tmp_path / "data"))[0].startswith("train-")


def test_stats_are_readable_on_a_narrow_terminal(tmp_path: Path) -> None:
    """No name is broken at 40 columns, and none of the tables is squeezed to letters."""
    data_dir = filled(tmp_path / "data")
    environ = {
        "PATH": "/usr/bin", "TERM": "xterm", "NO_COLOR": "1", "HOME": str(tmp_path),
        "LEGALGEN_CONFIG": str(tmp_path / "config.toml"), "LEGALGEN_DATA_DIR": str(data_dir.root),
    }  # fmt: skip
    environ["PAGER"] = "cat"
    command = [str(EXECUTABLE), "dataset", "stats", "--full"]
    with in_terminal(command, environ, columns=40) as terminal:
        assert terminal.end() == 0
    words = terminal.everything.split()
    assert {"uk/contract", "formation", "consideration-estoppel", "short_qa"} <= set(words)
    assert sum(len(word) == 1 and word.isalpha() for word in words) < 10


def test_stats_show_the_mean_score_and_who_judged(tmp_path: Path) -> None:
    """A line where there are scores, none where there are not."""
    data_dir = written(tmp_path / "data", [make_sample(slot, BATCH) for slot in range(2)])
    assert "mean score" not in run("stats").stdout
    later = "20261202-000000-bbbb"
    marked = [
        structs.replace(make_sample(slot, later), score=score)
        for slot, score in ((4, 3.0), (5, 4.0))
    ]
    written(tmp_path / "data", marked, batch_id=later)
    ledger = Ledger(data_dir)
    record = ledger.load(later)
    record.model("cerebras/zai-glm-4.7 (judge)").calls = 2
    ledger.save(record, force=True)
    assert "mean score: 3.50 of 5, marked by cerebras/zai-glm-4.7\n" in run("stats").stdout


def test_stats_begin_with_five_lines(tmp_path: Path) -> None:
    """Rows, coverage, flagged, refused, what to do; the rest by --full."""
    rows = [
        structs.replace(make_sample(slot, BATCH), flags=["ANSWER_LENGTH"] * (slot < 2))
        for slot in range(4)
    ]
    written(tmp_path / "data", rows)
    short, full = run("stats"), run("stats", "--full")
    labels = [line.split()[0] for line in short.stdout.splitlines()]
    assert labels == ["rows", "coverage", "flagged", "refused", "next"]
    assert "2 rows (50.0%): 2 ANSWER_LENGTH (outside the words of its type" in short.stdout
    assert "legalgen dataset stats --full" in short.stderr
    assert full.stdout.startswith(short.stdout)
    assert len(full.stdout.splitlines()) > 50


def test_the_page_begins_as_the_terminal_does(tmp_path: Path) -> None:
    """The verdict, a list of contents whose links lead on, rows; codes with their sentence."""
    row = structs.replace(make_sample(0, BATCH), flags=["ANSWER_LENGTH"])
    written(tmp_path / "data", [row])
    page = tmp_path / "page.html"
    said = run("stats", "--html", str(page)).stdout
    text = page.read_text()
    places = [
        text.index(mark)
        for mark in ('class="verdict"', 'class="contents"', "<article>", "Production</h2>")
    ]
    assert places == sorted(places)
    assert said.splitlines()[-1].split(maxsplit=1)[1] in unescape(text)
    assert set(re.findall(r'href="#([^"]+)"', text)) == set(
        re.findall(r'section id="([^"]+)"', text)
    )
    assert "Outside the words of its type and difficulty." in text
    assert "cost in all" in text


def test_all_of_it_goes_through_a_pager(tmp_path: Path) -> None:
    """On a terminal; $PAGER gets it, in colour, as wide as the terminal."""
    data_dir = filled(tmp_path / "data")
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\nexec cat\n")
    pager.chmod(0o755)
    environ = {
        "PATH": "/usr/bin:/bin", "TERM": "xterm", "HOME": str(tmp_path), "PAGER": str(pager),
        "LEGALGEN_CONFIG": str(tmp_path / "config.toml"), "LEGALGEN_DATA_DIR": str(data_dir.root),
    }  # fmt: skip
    command = [str(EXECUTABLE), "dataset", "stats"]
    with in_terminal([*command, "--full"], environ, columns=100) as terminal:
        assert terminal.end() == 0
    assert terminal.everything.split()[0] == "PAGED"
    with in_terminal([*command[:2], "show", rows_of(data_dir)[0].id], environ) as terminal:
        assert terminal.end() == 0
    assert terminal.everything.split()[0] == "PAGED"
    with in_terminal(command, environ, columns=100) as terminal:
        assert terminal.end() == 0
    assert "PAGED" not in terminal.everything


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("import", str(LEGACY)), [b"reading what is there: 4 rows", b"importing: 56 rows"]),
        (("check", str(LEGACY)), [b"checking: 56 rows"]),
        (("check", "--write-flags"), [b"checking: 4 rows"]),
        (
            ("export", "{}/rows.jsonl", "--format", "messages", "--split", "0.5"),
            [b"reading what is there: 4 rows", b"too near to each other", b"exporting: 4 rows"],
        ),
    ],
)
def test_a_long_look_at_rows_says_how_far_it_is(
    tmp_path: Path, words: tuple[str, ...], told: list[bytes]
) -> None:
    """On a terminal; the line is gone when the result is there. Here nothing is long: it is told
    without waiting for the first second."""
    data_dir = filled(tmp_path / "data", rows=4)
    environ = {
        "PATH": "/usr/bin:/bin", "TERM": "xterm", "HOME": str(tmp_path),
        "LEGALGEN_CONFIG": str(tmp_path / "config.toml"), "LEGALGEN_DATA_DIR": str(data_dir.root),
        "LEGALGEN_STATE_DIR": str(tmp_path / "state"),
    }  # fmt: skip
    at_once = (
        "import sys; from legalgen.ui import counting; counting.FIRST_S = counting.STEP_S = 0;"
        "from legalgen.cli import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", at_once, "dataset", *(each.format(tmp_path) for each in words)]
    with in_terminal(command, environ, columns=100) as terminal:
        assert terminal.end() in (0, 1), terminal.everything
    for each in told:
        assert each in terminal.raw
    assert " a second" not in terminal.everything
    assert "each other ..." not in terminal.everything
    with in_terminal([*command, "--quiet"], environ, columns=100) as terminal:
        assert terminal.end() in (0, 1), terminal.everything
    assert b" a second" not in terminal.raw


@pytest.mark.parametrize("pager", ["nosuch", "LESS=R /no/such/pager -x"])
def test_a_pager_that_is_not_there_hides_nothing(tmp_path: Path, pager: str) -> None:
    """All of it stands on the terminal, after a line on the pager."""
    data_dir = filled(tmp_path / "data")
    environ = {
        "PATH": "/usr/bin:/bin", "TERM": "xterm", "HOME": str(tmp_path), "PAGER": pager,
        "LEGALGEN_CONFIG": str(tmp_path / "config.toml"), "LEGALGEN_DATA_DIR": str(data_dir.root),
    }  # fmt: skip
    (tmp_path / "config.toml").touch()
    command = [str(EXECUTABLE), "dataset", "stats", "--full"]
    with in_terminal(command, environ, columns=100) as terminal:
        assert terminal.end() == 0
    assert "There is no pager" in terminal.everything
    assert "not found" not in terminal.everything
    assert terminal.everything.count("rows") > 3


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("empty", "is no data dir of legalgen"),
        ("data/train", "name the folder that holds train/"),
        ("gone", "there is no dataset in"),
    ],
)
def test_a_wrong_folder_is_said(tmp_path: Path, folder: str, words: str) -> None:
    """Exit 2: a table of zeros would look like an answer."""
    filled(tmp_path / "data")
    (tmp_path / "empty").mkdir()
    error = failure("stats", "--data-dir", str(tmp_path / folder))
    assert (error.exit_code, words in str(error)) == (2, True)


def test_rows_that_are_in_the_other_dataset_are_said(tmp_path: Path) -> None:
    """Where only the toy model wrote, --rehearsal shows it, and the other way round."""
    filled(tmp_path / "data")
    assert "leave out --rehearsal" in str(failure("stats", "--rehearsal"))


def test_what_stats_names_next_is_of_the_same_rows(tmp_path: Path) -> None:
    """With the flags that lead there: the data dir, and which of the two datasets."""
    other = tmp_path / "o ther"
    data_dir = filled(other)
    shutil.copytree(data_dir.dataset(), data_dir.dataset(rehearsal=True))
    topic, sheet = rows_of(data_dir)[0].topic, str(tmp_path / "rows.csv")
    place = ("--data-dir", str(other))
    told = run("stats", *place, "--rehearsal", "--topic", topic, "--review", sheet)
    assert (
        f"legalgen dataset sample --topic {topic} --rehearsal --data-dir '{other}'" in told.stdout
    )
    for command in ("stats --full", f"review --from {sheet}"):
        assert f"legalgen dataset {command} --rehearsal --data-dir '{other}'" in told.stderr
    assert re.search(
        rf"legalgen batch --count \d+ --data-dir '{other}'", run("stats", *place).stdout
    )


def test_stats_of_one_batch(tmp_path: Path) -> None:
    """By the beginning of its id, as history takes it."""
    filled(tmp_path / "data", rows=3)
    filled(tmp_path / "data", rows=5, batch_id="20261201-second")
    assert data("stats", "--batch", "20261201")["rows"] == 5
    assert "--batch x is no batch of the ledger" in str(failure("stats", "--batch", "x"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "x.jsonl", "--format", "yaml"), "take one of prompt-completion, messages"),
        (("export", "x.jsonl", "--reasoning", "loud"), "take one of none, inline, think"),
        (("check", "gone.parquet"), "there is no file gone.parquet"),
        (("import", "gone.parquet"), "there is no file gone.parquet"),
        (("import", "https://x.org/a"), "FILE https://x.org/a: a URL, and a file of this machine"),
        (("check", "a" * 300), "a: File name too long"),
        (("import", "a" * 300), "a: File name too long"),
        (("import", "--keep-batch", "a" * 300), "a: File name too long"),
        (("export", f"{'a' * 300}.jsonl"), "a.jsonl: File name too long"),
        (("export", "s3://bucket/a"), "OUT s3://bucket/a: a URL, and a file of this machine is"),
        (("stats", "--html", "file:///a.html"), "--html file:///a.html: a URL, and a file of"),
        (("stats", "--data-dir", "s3://bucket/a"), "`legalgen dataset push s3://bucket/a`"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    """Exit code 2."""
    filled(tmp_path / "data")
    error = failure(*words)
    assert message in str(error)
    assert error.exit_code == 2


@pytest.mark.parametrize("command", ["verify", "compact", "stats", "list", "sample"])
def test_looking_for_a_dataset_does_not_make_one(tmp_path: Path, command: str) -> None:
    """Where there is none it says so."""
    assert "there is no dataset" in str(failure(command))
    assert not (tmp_path / "data").exists()


def test_an_import_beside_a_running_batch_is_refused(tmp_path: Path) -> None:
    """One writer of batches at a time: exit code 5, naming the other."""
    data_dir = filled(tmp_path / "data")
    with BatchLock(data_dir) as lock:
        lock.acquire(Holder("20261123-other", 1, NOW))
        error = failure("import", str(LEGACY))
    assert isinstance(error, BatchRunning)
    assert error.exit_code == 5
    assert len(rows_of(data_dir)) == 7
    assert len(list(Ledger(data_dir).all())) == 1


def test_without_a_temporary_folder_the_data_dir_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that is read-only but for it; where there is none either, that is told."""
    # What Python looks through cannot be made read-only for this test alone.
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "none")])
    data_dir = DataDir(tmp_path / "data")
    with pytest.raises(DiskError, match="have TMPDIR name one"):
        scratch_folder(data_dir)
    data_dir.create()
    with scratch_folder(data_dir) as folder:
        assert Path(folder).parent == data_dir.tmp
    assert list(data_dir.tmp.iterdir()) == []
