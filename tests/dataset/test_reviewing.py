"""reviewing.py and store/reviews.py: marks of people, kept at once, and the share they tell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from legalgen.dataset.compact import compact
from legalgen.dataset.reviewing import Said, Walked, read_sheet, walk
from legalgen.dataset.rows import FoundRow
from legalgen.dataset.verify import verify
from legalgen.dataset.wanted import Wanted
from legalgen.errors import UsageError
from legalgen.store.files import DataDir
from legalgen.store.findings import Agreement, Reviewed, judged, reviewed, wilson
from legalgen.store.ledger import Ledger
from legalgen.store.notes import load_notes, put_back, save_notes
from legalgen.store.parts import row_count
from legalgen.store.reviews import ReviewMark, append_reviews, read_reviews, reviews_path
from legalgen.store.sample import Marks, Sample, sample_id
from legalgen.ui.row_screens import row_lines
from tests.commands.test_dataset import _folders, data, failure, run
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import NOW, filled, killed_at_each_step, rows_of, written
from tests.program import EXECUTABLE
from tests.terminal import in_terminal

__all__ = ["_folders"]


class Reader:
    """A person who says what was decided beforehand, and remembers what was shown."""

    def __init__(self, *words: str) -> None:
        self._words: Iterator[str] = iter(words)
        self.shown: list[str] = []
        self.numbers: list[tuple[int, int]] = []

    def ask(self, row: FoundRow, number: int, of: int) -> Said:
        word = next(self._words, "quit")
        if word == "quit":
            return Said(quits=True)
        self.shown.append(row.sample.id)
        self.numbers.append((number, of))
        return Said("wrong" if word == "d" else "right", "hm" if word == "c" else "")


def read(data_dir: DataDir, *words: str, wanted: Wanted | None = None) -> tuple[Reader, Walked]:
    reader = Reader(*words)
    done = walk(data_dir, wanted or Wanted(), reader.ask, rows=5, seed=3, now=lambda: NOW)
    return reader, done


@pytest.fixture
def shelf(tmp_path: Path) -> DataDir:
    return filled(tmp_path / "data", rows=12, part_rows=5)


def test_a_review_goes_on_where_it_was_left(shelf: DataDir) -> None:
    """The same draw, less what has a verdict; a row that is wrong is out at once, and counts."""
    first, done = read(shelf, "k", "d")
    assert (done, row_count(shelf)) == (Walked(2, 5, 1, 1), 11)
    second, done = read(shelf, "c", "k", "k")
    assert (done, second.numbers) == (Walked(5, 5, 3, 0), [(3, 5), (4, 5), (5, 5)])
    assert not set(first.shown) & set(second.shown)
    assert read(shelf)[1] == Walked(5, 5, 0, 0)
    marks = read_reviews(shelf)
    assert marks[first.shown[1]] == ReviewMark(first.shown[1], "wrong", NOW, BATCH)
    assert marks[second.shown[0]].remark == "hm"
    assert load_notes(shelf).dropped[first.shown[1]].codes == ("IN_REVIEW",)
    found = reviewed(shelf)
    assert found is not None
    assert (found.rows, found.wrong, found.share, found.remarks) == (5, 1, 0.2, 1)


def test_a_compaction_changes_neither_the_draw_nor_the_share(shelf: DataDir) -> None:
    """A row that was found wrong and is gone is still one of those that were read."""
    read(shelf, "d", "d", "k")
    before = reviewed(shelf)
    compact(shelf, note_part=Ledger(shelf).note_part)
    assert read(shelf)[1] == Walked(3, 5, 0, 0)
    assert (reviewed(shelf), row_count(shelf)) == (before, 10)


def test_what_was_put_back_is_asked_about_again(shelf: DataDir) -> None:
    """Whoever put it back may think otherwise now; the last word counts."""
    gone = read(shelf, "d")[0].shown
    save_notes(shelf, put_back(load_notes(shelf), gone))
    assert read(shelf, "k")[0].shown == gone
    found = reviewed(shelf)
    assert found is not None
    assert (found.rows, found.wrong) == (1, 0)


def test_rows_by_a_filter_say_nothing_of_the_whole(shelf: DataDir) -> None:
    """They are counted apart."""
    read(shelf, "d", "d", wanted=Wanted(difficulties=("expert",)))
    assert reviewed(shelf) == Reviewed(0, 0, 0.0, 0.0, 1.0, elsewhere=2)
    read(shelf, "k", "k")
    found = reviewed(shelf)
    assert found is not None
    assert (found.rows, found.wrong, found.elsewhere) == (2, 0, 2)
    assert reviewed(shelf, batch="another") is None
    with pytest.raises(UsageError, match="no row to read by --topic torts"):
        read(shelf, wanted=Wanted(topics=("torts",)))


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (3, 50, 0.0206, 0.1622), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    """As tables have it (Newcombe 1998 for the method; computed apart)."""
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


@example((0, 295))
@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_share(pair: tuple[int, int]) -> None:
    """It is within 0 and 1, around the share, and the same from the other side."""
    hits, of = pair
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    assert wilson(of - hits, of) == pytest.approx((1 - high, 1 - low))


def test_killed_at_every_step_what_was_said_is_kept(tmp_path: Path, shelf: DataDir) -> None:
    """The mark comes first; a row that is marked and not out yet is asked about again."""
    steps = 0
    for data_dir in killed_at_each_step(tmp_path, shelf, lambda data_dir: read(data_dir, "d", "k")):
        steps += 1
        out = load_notes(data_dir).dropped.keys()
        wrong = {name for name, mark in read_reviews(data_dir).items() if mark.verdict == "wrong"}
        assert out <= wrong
        read(data_dir, *(["d"] if not out else []), "k", "k", "k", "k")
        found = reviewed(data_dir)
        assert found is not None
        assert (found.rows, found.wrong, row_count(data_dir)) == (5, 1, 11)
        assert verify(data_dir).findings == ()
    assert steps > 5


def test_a_torn_line_costs_no_other(shelf: DataDir) -> None:
    """The next mark begins on a line of its own."""
    marks = [ReviewMark(f"lg_{n}", "right", NOW) for n in range(3)]
    append_reviews(shelf, marks[:2])
    path = reviews_path(shelf)
    path.write_bytes(path.read_bytes()[:-9])
    append_reviews(shelf, marks[2:])
    assert list(read_reviews(shelf)) == ["lg_0", "lg_2"]


# --- the sheet ---------------------------------------------------------------------------------


def filled_in(path: Path, *marks: tuple[str, str, str], delimiter: str = ",") -> list[str]:
    """Mark the first rows of a sheet as a spreadsheet saves it; their ids."""
    csv.field_size_limit(2**30)
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    csv.field_size_limit(131_072)  # Python's own: who reads it back has to ask for more
    for row, mark in zip(rows, marks, strict=False):
        row[5:8] = mark
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([head, *rows])
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    return [row[0] for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_is_read_back(tmp_path: Path, delimiter: str) -> None:
    """As a spreadsheet saves it; what was left empty says nothing, and twice is once."""
    data_dir = filled(tmp_path / "data", rows=6)
    sheet = tmp_path / "rows.csv"
    assert run("stats", "--review", str(sheet)).exit_code == 0
    marks = [("yes", "No", ""), ("n", "", "not the law"), ("", "", "later"), ("Wrong", "yes", "")]
    ids = filled_in(sheet, *marks, delimiter=delimiter)
    done = data("review", "--from", str(sheet))
    assert (done["marked"], done["unmarked"], done["unknown"]) == (4, 2, 0)
    assert (done["wrong"], done["taken_out"]) == ([ids[1], ids[3]], 0)
    found = done["reviewed"]
    assert (found["rows"], found["wrong"], found["citations"], found["citations_wrong"]) == (
        3, 2, 2, 1,
    )  # fmt: skip
    assert data("stats")["reviewed"] == found
    size = reviews_path(data_dir).stat().st_size
    shown = run("review", "--from", str(sheet), "--drop").stdout
    assert "4 rows marked, 2 of them wrong, 2 taken out; 2 say nothing" in shown
    assert (reviews_path(data_dir).stat().st_size, row_count(data_dir)) == (size, 4)
    again = run("review", "--from", str(sheet), "--drop")
    assert "2 of them wrong, 2 out already; 2 say nothing" in again.stdout
    assert "--drop" not in again.stderr
    assert "--drop takes out those" in run("review", "--from", str(sheet)).stderr
    five = run("stats").stdout
    assert "2 of 3 rows found wrong (66.7%; of all rows 20.8% to 93.8%" in five


def test_a_sheet_with_a_long_answer_is_read_back(tmp_path: Path) -> None:
    """Longer than what Python's own reader takes for a cell."""
    long = make_sample(0, answer="word " * 30_000)
    written(tmp_path / "data", [structs.replace(long, id=sample_id(long.question, long.answer))])
    sheet = tmp_path / "rows.csv"
    assert run("stats", "--review", str(sheet)).exit_code == 0
    filled_in(sheet, ("yes", "", ""))
    assert data("review", "--from", str(sheet))["marked"] == 1


def test_a_sheet_that_cannot_be_meant_is_taken_in_by_no_half(tmp_path: Path) -> None:
    """The row and the word are named."""
    data_dir = filled(tmp_path / "data", rows=3)
    sheet = tmp_path / "rows.csv"
    run("stats", "--review", str(sheet))
    ids = filled_in(sheet, ("yes", "", ""), ("maybe", "", ""))
    assert f"row 2 ({ids[1]}): correct is 'maybe': write yes or no" in str(
        failure("review", "--from", str(sheet))
    )
    again = f"{ids[0]},no\n{ids[1]},yes\n"
    sheet.write_text(f"id,correct\n{ids[0]},yes\n{again}")
    assert f"row 2 ({ids[0]}): row 1 marks it otherwise: nothing was taken in" in str(
        failure("review", "--from", str(sheet))
    )
    assert read_reviews(data_dir) == {}
    sheet.write_text(f"id,correct\n{again}{again}")
    assert data("review", "--from", str(sheet))["marked"] == 2
    for text, words in (("a,b\n1,2\n", "no column 'id'"), ("id,correct\nzz,yes\n", "no row of")):
        sheet.write_text(text)
        assert words in str(failure("review", "--from", str(sheet)))
    sheet.write_bytes(b"id,correct\n\xff,yes\n")
    assert "is not UTF-8" in str(failure("review", "--from", str(sheet)))


JUDGE = "groq/judge"


def judged_row(number: int, *, low: bool) -> Sample:
    marks = Marks(5, 5, 5, 4, 2 if low else 4, 5)
    return make_sample(number, score=4.75, judge=JUDGE, marks=marks)


def test_judge_and_person_side_by_side(tmp_path: Path) -> None:
    """How often both find a fault, by the mean they are far apart; a row that is gone counts too.

    The judge marks five of eight rows low by one of six marks though their mean is high; the person
    finds three wrong, of which the judge has two.
    """
    samples = [judged_row(number, low=number < 5) for number in range(8)] + [make_sample(8)]
    shelf = written(tmp_path / "data", samples)
    sheet = tmp_path / "rows.csv"
    run("stats", "--review", str(sheet))
    words = ("no", "no", "yes", "yes", "yes", "no", "yes", "yes", "yes")
    slots = {sample.id: sample.slot for sample in samples}
    ids = [row["id"] for row in csv.DictReader(io.StringIO(sheet.read_text("utf-8-sig")))]
    assert filled_in(sheet, *((words[slots[name]], "", "") for name in ids)) == ids
    run("review", "--from", str(sheet), "--drop")
    card = (shelf.train / "README.md").read_text()
    assert f"- `{JUDGE}`: of the rows that it marked 62.5% (30.6% to 86.3%) are marked low" in card
    assert "- People: of 9 rows drawn by lot 33.3% (12.1% to 64.6%) are wrong.\n" in card
    assert f"- `{JUDGE}` and people: of 8 rows that both read they say the same of 50.0%" in card
    compact(shelf, note_part=Ledger(shelf).note_part)
    found = reviewed(shelf)
    assert found is not None
    assert (found.rows, found.wrong) == (9, 3)
    [both] = found.agreements
    by_chance = (5 * 3 + 3 * 5) / 64
    low, high = wilson(4, 8)
    assert both == Agreement(
        JUDGE, 8, both_wrong=2, both_right=2, judge_alone=3, person_alone=1,
        share=0.5, low=round(low, 4), high=round(high, 4),
        kappa=round((0.5 - by_chance) / (1 - by_chance), 3),
    )  # fmt: skip
    said = run("stats").stdout
    assert f"3 of 5 rows that {JUDGE} marked, marked low (60.0%; 23.1% to 88.2%" in said
    assert "agreement groq/judge and a person say the same of 4 of 8 rows (50.0%; 21.5% to" in said
    assert [one["judge"] for one in data("stats")["judged"]] == [JUDGE]
    run("stats", "--html", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text()
    assert f"<dt>judged</dt><dd>3 of 5 rows that {JUDGE} marked, marked low (60.0%;" in page
    assert f"<dt>agreement</dt><dd>{JUDGE} and a person say the same of 4 of 8 rows" in page


def test_a_judge_that_always_says_the_same_agrees_no_more_than_chance(tmp_path: Path) -> None:
    """Where neither finds any fault no kappa can be told; rows of version 1 have a mean alone."""
    row = {"judge": JUDGE, "score": 4.0, "flags": ["MARKUP"]}
    assert judged(row) == (JUDGE, False)
    assert judged({**row, "flags": ["LOW_SCORE"], "judge": None}) == ("an unnamed judge", True)
    assert judged({**row, "score": None}) is None
    shelf = filled(tmp_path / "data", rows=3)
    append_reviews(
        shelf,
        [ReviewMark(f"lg_{n}", "right", NOW, judge=JUDGE, marked_low=False) for n in range(3)],
    )
    found = reviewed(shelf)
    assert found is not None
    assert [(one.rows, one.share, one.kappa) for one in found.agreements] == [(3, 1.0, None)]


def test_who_reads_does_not_see_what_the_judge_said() -> None:
    """An opinion that was shown first would not be the reader's own."""
    row = FoundRow(structs.replace(judged_row(0, low=True), flags=("LOW_SCORE", "MARKUP")))
    lines = ["".join(text for text, _ in line.spans) for line in row_lines(row, judged=False)]
    said = "\n".join(lines)
    assert "MARKUP" in said
    assert not [word for word in ("LOW_SCORE", JUDGE, "consistent", "4.75") if word in said]


def test_marks_of_one_batch_are_a_sample_of_that_batch(tmp_path: Path) -> None:
    """A sheet says what it was drawn from; its share is told of the batch, not of the whole."""
    other = "20261201-090000-cd34"
    data_dir = filled(tmp_path / "data", rows=3)
    written(data_dir.root, [make_sample(9, other), make_sample(10, other)], batch_id=other)
    sheet = tmp_path / "rows.csv"
    run("stats", "--review", str(sheet), "--batch", other)
    filled_in(sheet, ("no", "", ""), ("yes", "", ""))
    done = read_sheet(data_dir, sheet, now=NOW)
    assert done.marked == 2
    whole, of_batch = reviewed(data_dir), reviewed(data_dir, batch=other)
    assert whole is not None
    assert of_batch is not None
    assert (whole.rows, whole.elsewhere) == (0, 2)
    assert (of_batch.rows, of_batch.wrong) == (2, 1)


def test_keys_on_a_terminal(tmp_path: Path) -> None:
    """k, c, d and q, one at a time; the terminal is as before, and the marks are there."""
    data_dir = filled(tmp_path / "data", rows=4)
    environ = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
        "LEGALGEN_CONFIG": str(tmp_path / "config.toml"), "LEGALGEN_DATA_DIR": str(data_dir.root),
    }  # fmt: skip
    with in_terminal([str(EXECUTABLE), "dataset", "review"], environ, rows=200) as terminal:
        for begun, key in ((1, "k"), (2, "c"), (2, "doubtful\n"), (2, "d"), (3, "q")):
            wanted = "ended by Enter" if len(key) > 1 else f"--- {begun} of 4"
            terminal.until(lambda screen, wanted=wanted: wanted in screen.everything)  # type: ignore[misc]
            terminal.type(key)
        assert terminal.end() == 0
    assert "2 of 4 rows read; now 1 kept, 1 taken out; the same command goes on" in (
        terminal.everything
    )
    marks = list(read_reviews(data_dir).values())
    assert [(mark.verdict, mark.remark) for mark in marks] == [("right", ""), ("wrong", "doubtful")]
    assert row_count(data_dir) == 3
    assert len(rows_of(data_dir)) == 4
    assert "asks a person at a terminal" in str(failure("review"))
