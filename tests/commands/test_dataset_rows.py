"""commands/dataset_rows.py: rows on a terminal, in a pipe and as JSON."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec import structs

from legalgen.dataset.imports import DIFFICULTY_FLAG, STEPS_FLAG
from legalgen.dataset.wanted import IMPORT_FLAGS
from legalgen.errors import DiskError, Reason, UsageError
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.journal import BatchWriter, Rejected
from legalgen.store.ledger import Ledger
from legalgen.store.notes import load_notes, save_notes, with_notes
from legalgen.store.parts import parts
from legalgen.store.sample import Citation, GroundingText, Marks
from tests.commands.test_dataset import _folders, data, failure, run
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import NOW, rows_of, written
from tests.program import Program

__all__ = ["_folders"]

ROW = make_sample(
    4,
    flags=("DUP_SOFT",),
    score=2.5,
    judge="groq/judge",
    marks=Marks(correctness=2, relevance=3),
    remark="The second step is missing.",
    sources=(GroundingText("act-1#s2", "An Act"),),
    citations=(
        Citation("An Act, s 2", "statute", "act/2", "grounded", "that it is void",
                 "act-1#s2", "s 2(1)", "shall be void", 0, 13),
    ),
)  # fmt: skip

ASKED = "attempt 1; prompt v1; law as of 2026-11; 2026-11-23 16:15 UTC"


@pytest.fixture
def shelf(tmp_path: Path) -> DataDir:
    data_dir = written(tmp_path / "data", [make_sample(slot) for slot in range(4)] + [ROW])
    with BatchWriter(data_dir, BATCH, note_part=lambda *_: None) as writer:
        why = (Reason("ANSWER_LENGTH", "ANSWER_LENGTH: 3 words, at least 80"),)
        text = '{"question":"Q?","reasoning_steps":["a"],"answer":"It is.","citations":[]}'
        writer.reject(Rejected(NOW, 1, "groq", "m", why, text, len(text), 500, 40, 0.0001))
        writer.reject(Rejected(NOW, 2, "groq", "m", why, "half an ans", 2_011))
    return data_dir


def test_a_row_is_shown_with_all_that_is_known_of_it(shelf: DataDir) -> None:
    """Texts, citations with their status, flags with their sentences, marks, origin and cost."""
    shown = run("show", ROW.id[:9]).stdout
    assert shown.splitlines() == [
        f"{ROW.id}  uk/contract/formation, basic, short_qa",
        "Question", "  Is offer number 4 binding?",
        "Reasoning", "  1. Find the offer", "  2. Weigh 4",
        "Answer", "  Yes, “4” is.", "  In the UK.",
        "Citations",
        "  An Act, s 2 (grounded, statute) at act-1#s2, s 2(1): that it is void",
        '    "shall be void"',
        "Flags", "  DUP_SOFT: Rather like another row.",
        "Judge", "  2.50 of 5 by groq/judge", "  correctness 2, relevance 3",
        "  The second step is missing.",
        "Written from", "  act-1#s2 (An Act)",
        "Origin",
        f"  groq/openai/gpt-oss-120b; batch {BATCH}, slot 4; {ASKED}",
        "Cost", "  500 + 900 tokens, 1.2 s, $0.0003",
    ]  # fmt: skip
    found = data("show", ROW.id)
    assert (found["matched"], found["rows"][0]["id"]) == (1, ROW.id)
    assert found["rows"][0]["citations"][0]["quote"] == "shall be void"


def test_rows_are_listed_and_drawn_by_the_same_filters(shelf: DataDir) -> None:
    """A line each, and how many more; a draw says how it can be repeated."""
    listed = run("list", "-n", "2")
    assert [line.split()[0] for line in listed.stdout.splitlines()[2:]] == [
        row.id for row in rows_of(shelf)[:-3:-1]
    ]
    assert listed.stderr == "the newest 2 of 5 rows; -n shows more\n"
    assert data("list", "--status", "grounded")["matched"] == 1
    drawn = run("sample", "-n", "2", "--score-below", "3")
    assert drawn.stdout.startswith(ROW.id)
    seed = drawn.stderr.removeprefix("the same ones again: --seed ").strip()
    assert data("sample", "-n", "3", "--seed", seed) == data("sample", "-n", "3", "--seed", seed)
    error = failure("list", "--topic", "formation", "--grep", "zz")
    assert isinstance(error, UsageError)
    assert "there is no row by --topic formation --grep zz in " in str(error)


def test_refused_answers_are_shown_with_their_reasons(shelf: DataDir) -> None:
    """What was measured and what it means; in its parts where it can be read, else as it came."""
    listed = run("list", "--rejected").stdout.splitlines()
    assert [line.split()[0] for line in listed[2:]] == [f"{BATCH}#2", f"{BATCH}#1"]
    shown = run("show", "--rejected", f"{BATCH}#1", f"{BATCH}#2").stdout
    assert shown.splitlines()[:3] == [
        f"{BATCH}#1  groq/m",
        "Refused for",
        "  ANSWER_LENGTH: 3 words, at least 80 (Outside the words of its type and difficulty.)",
    ]
    assert "Answer\n  It is.\n" in shown
    assert "Cost\n  500 + 40 tokens, $0.0001\n" in shown
    assert "Text\n  half an ans [2,000 more characters]\n" in shown
    found = data("sample", "--rejected", "-n", "9", "--flag", "ANSWER_*")
    assert (found["matched"], len(found["answers"])) == (2, 2)
    assert found["answers"][0]["reasons"][0]["code"] == "ANSWER_LENGTH"


def test_a_page_of_rows_is_one_file(shelf: DataDir, tmp_path: Path) -> None:
    """Those that are meant, drawn by lot where there are more; never among the dataset's own."""
    out = tmp_path / "some.html"
    found = data("page", "--rows", str(out), "-n", "2")
    assert found == {"file": str(out), "rows": 2, "matched": 5}
    text = out.read_text()
    assert text.count("<article") == 2
    assert "2 of 5 rows, drawn by lot (seed 0)." in text
    assert run("page", "--rows", str(out), "--status", "grounded").exit_code == 0
    text = out.read_text()
    assert "1 of 1 row, all of them, by --status grounded." in text
    assert ">1 of 1 row</output>" in text
    assert "shall be void" in text
    assert "The second step is missing." in text
    assert "inside the dataset" in str(failure("page", "--rows", str(shelf.train / "x.html")))
    report = tmp_path / "report.html"
    assert run("page", str(report)).exit_code == 0
    assert "Coverage</h2>" in report.read_text()


def test_what_is_measured_can_be_filtered_too(shelf: DataDir, tmp_path: Path) -> None:
    """The rows that are meant are counted; what it took is that of the batches."""
    found = data("stats", "--flag", "DUP_*")
    assert (found["rows"], found["chosen"], found["flags"]) == (
        1,
        "--flag 'DUP_*'",
        {"DUP_SOFT": 1},
    )
    assert found["production"]["asked"] == 5
    shown = run("stats", "--flag", "DUP_*").stdout.splitlines()
    assert shown[0].startswith("rows      1 by --flag 'DUP_*', of 5 asked for in 1 batch")
    assert "next      look at them: legalgen dataset sample --flag 'DUP_*'" in shown
    assert data("stats", "--batch", BATCH[:9], "--difficulty", "expert")["rows"] == 2
    sheet = tmp_path / "rows.csv"
    run("stats", "--review", str(sheet), "--difficulty", "expert")
    assert sheet.read_text().count("--difficulty expert") == 2
    assert isinstance(failure("stats", "--flag", "NONE"), UsageError)


def test_the_gate_looks_at_the_rows_of_a_filter(shelf: DataDir) -> None:
    """In the own dataset alone: of a file nobody knows what they mean, and marks are by code."""
    every, some = data("check")["rows"], data("check", "--flag", "DUP_*")["rows"]
    assert 0 < some < every
    refused = failure("check", "--flag", "DUP_*", "--drop", "DUP_*")
    assert isinstance(refused, UsageError)
    assert "`dataset drop` takes out rows by filters" in str(refused)
    notes = with_notes(load_notes(shelf), {}, {rows_of(shelf)[0].id: ["MARKUP"]})
    save_notes(shelf, notes)
    assert data("check", "--flag", "MARKUP")["rows"] == 1  # a flag that came later is one, too


@pytest.mark.parametrize("column", ["attempts", "question"])
def test_a_part_that_lacks_a_column_is_told(shelf: DataDir, tmp_path: Path, column: str) -> None:
    """With what looks after it; each of these ended in a traceback."""
    path = parts(shelf)[0]
    pq.write_table(pq.read_table(path).drop_columns([column]), path)
    for words in (
        ("show", ROW.id), ("list",), ("stats",),
        ("export", str(tmp_path / "rows.parquet"), "--format", "schema"),
    ):  # fmt: skip
        told = failure(*words)
        assert isinstance(told, DiskError)
        assert f"{path.parent}" in str(told)
        assert "see `legalgen dataset verify" in str(told)


OWN = make_sample(
    5, flags=("OF_OURS",), jurisdiction="mars", practice_area="space", topic="orbits",
    difficulty="steep",
)  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--without-flag", "DUP", " is no flag of the gate or of a row; did you mean 'DUP*'?"),
        ("--without-flag", "PARAFRASE", "; did you mean PARAPHRASE?"),
        ("--flag", "NOPE", "; the rows have DUP_SOFT, OF_OURS"),
        ("--flag", "'ZZ_*'", "; the rows have DUP_SOFT, OF_OURS"),
        ("--jurisdiction", "ukx", " is no jurisdiction of the taxonomy or of a row; did you mean"),
        ("--jurisdiction", "'u*'", "; the rows have mars, uk"),
        ("--practice-area", "uk/contract", "; did you mean contract?"),
        ("--topic", "formatoin", "; did you mean formation?"),
        ("--difficulty", "hard", "; the rows have basic, expert, steep"),
        ("--batch", "2027", " is no batch of the ledger or of a row; the rows have 2026"),
        ("--model", "openai/gpt-os-20b", "; did you mean openai/gpt-oss-20b?"),
        ("--model", "'gr0q/*'", "; the rows have "),
    ],
)
def test_a_name_that_nobody_has_is_refused_whatever_else_is_asked(
    shelf: DataDir, tmp_path: Path, flag: str, value: str, said: str
) -> None:
    """``--without-flag`` would leave nothing out, and beside a good name no other is missed."""
    written(shelf.root, [OWN], batch_id="20261201-own")
    for words in (
        ("export", str(tmp_path / "x.jsonl")), ("list",), ("sample",), ("stats",), ("check",),
        ("page", "--rows", str(tmp_path / "x.html")), ("drop", "--dry-run"), ("review",),
    ):  # fmt: skip
        good = {"--batch": "2026", "--model": "*"}.get(flag, "uk")
        beside = flag if flag in ("--batch", "--model") else "--jurisdiction"
        error = failure(*words, flag, value.strip("'"), beside, good)
        assert isinstance(error, UsageError)
        assert f"{flag} {value} is no " in str(error)
        assert said in str(error)
    assert not list(tmp_path.glob("x.*"))


def test_what_the_rows_have_or_the_gate_knows_may_be_named(shelf: DataDir) -> None:
    """In either case, whether a row has it or not; so may what was taken out, to be put back."""
    written(shelf.root, [OWN], batch_id="20261201-own")
    for flag in ("dup_soft", "of_ours", "PARAPHRASE", *IMPORT_FLAGS):
        assert data("stats", "--without-flag", flag)["rows"] in (5, 6)
    own = ("--flag", "OF_*", "--jurisdiction", "Mars", "--practice-area", "SPACE", "--topic",
           "orbits", "--difficulty", "steep")  # fmt: skip
    assert data("list", *own)["matched"] == 1
    assert run("drop", *own).exit_code == 0
    assert run("drop", "--undrop", *own).exit_code == 0
    assert data("list", *own)["matched"] == 1
    called = ModelStats(calls=1)
    record = structs.replace(Ledger(shelf).find(BATCH), id=f"{BATCH}x", models={"gpu1/own": called})
    Ledger(shelf).save(record)
    for model in ("CEREBRAS/*", "gpt-oss-*", "gpu1/*", "own"):
        assert data("list", "--model", model, "--model", "*")["matched"] == 6
    assert data("list", "--batch", f"{BATCH}x", "--batch", BATCH)["matched"] == 6
    assert IMPORT_FLAGS == (DIFFICULTY_FLAG, STEPS_FLAG)


def test_the_reasons_of_refused_answers_may_be_named(shelf: DataDir) -> None:
    """Those that no gate knows any more, too; one that none has is a mistake there as well."""
    with BatchWriter(shelf, BATCH, note_part=lambda *_: None) as writer:
        writer.reject(Rejected(NOW, 3, "groq", "m", (Reason("OLD_ONE", "so it was"),), "text", 9))
    assert data("list", "--rejected", "--flag", "old_one")["matched"] == 1
    assert "the rows have DUP_SOFT" in str(failure("list", "--flag", "OLD_ONE"))
    assert "did you mean OLD_ONE?" in str(failure("list", "--rejected", "--flag", "OLD_OEN"))
    assert data("list", "--rejected", "--model", "groq/m", "--batch", BATCH)["matched"] == 3
    for flag, value, good in (("--model", "groq/n", "m"), ("--batch", "2027", BATCH)):
        error = failure("list", "--rejected", flag, value, flag, good)
        assert f"{flag} {value} is no " in str(error)


@pytest.mark.parametrize("expression", ["[[]2019", "[a&&b]"])
def test_an_expression_is_searched_for_without_a_word_of_pythons(
    program: Program, expression: str
) -> None:
    """What Python may do with it one day was told with a file and a line of ours."""
    written(program.data_dir.root, [make_sample(0, question="As held at [2019], b?")])
    done = program.run("dataset", "list", "--grep", expression)
    assert (done.code, done.err) == (0, "")
