"""check.py: the gate over a file, with numbers that stay what they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from legalgen.dataset.check import CheckReport, Linter, Pair, _Seen, check, widest_bounds
from legalgen.dataset.foreign import Row, UnreadableRow, read_rows
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.gate import Gate
from legalgen.quality.rules import Rules, TypeBounds
from tests.crash.rows import make_sample, to_table
from tests.dataset.shelf import LEGACY

TAXONOMY = Taxonomy.builtin()


def checked(rows: Iterable[Row | UnreadableRow], rules: Rules | None = None) -> CheckReport:
    return check(rows, Linter(TAXONOMY, Gate("full", date(2026, 11, 23), rules or Rules())))


def row(number: int, question: str, answer: str, **changes: object) -> Row:
    fields: dict[str, object] = {
        "number": number,
        "id": f"id{number}",
        "question": question,
        "answer": answer,
        "steps": (),
        "citations": (),
        "topic": "Contract Law - Formation",
        "difficulty": "basic",
    }
    return Row(**(fields | changes))  # type: ignore[arg-type]  # the fields are Row's own


def test_the_old_excerpt_gives_stable_numbers() -> None:
    """Every count that a program may rely on, in one flat object."""
    data = checked(read_rows(LEGACY)).as_data()
    counts = {name: value for name, value in data.items() if isinstance(value, int)}
    assert counts == {
        "rows": 56,
        "unreadable_rows": 0,
        "refused": 22,
        "flagged": 14,
        "clean": 20,
        "question_repeats": 2,
        "answer_repeats": 3,
        "id_repeats": 3,
        "near_duplicate_pairs": 6,
        "soft_duplicate_pairs": 0,
        "citations": 62,
        "citations_unparsed": 4,
        "citations_named": 10,
        "citations_null": 14,
        "citations_empty": 7,
        "citations_placeholder": 4,
        "reasoning_empty": 15,
        "reasoning_without_steps": 10,
        "step_gaps": 6,
        "unknown_difficulty": 4,
        "topic_without_area": 11,
        "found": True,
    }
    assert data["difficulties"] == {
        "advanced": 26, "intermediate": 14, "basic": 8, "expert": 4, "foundational": 4,
    }  # fmt: skip


def test_a_conflict_counts_both_rows() -> None:
    """The row that is there first is as doubtful as the one that contradicts it."""
    answer = "A duty of care is owed where harm is to be foreseen, as {} shows for the seller. " * 4
    names = ("Caparo Industries plc v Dickman", "Donoghue v Stevenson", "Hunter v Canary Wharf")
    rows = [
        row(number, f"Is a duty of care owed by seller number {number} to its buyer?",
            f"{answer.replace('{}', name)} {'So it is. ' * number}",
            steps=("It was held so there.",),
            citations=(f"{name} [1990] 2 AC 605",))
        for number, name in enumerate(names, 1)
    ]  # fmt: skip

    assert checked(rows[:1]).codes.get("CITATION_CONFLICT") is None
    assert checked(rows[:2]).codes["CITATION_CONFLICT"].flagged == 2
    assert checked(rows).codes["CITATION_CONFLICT"].flagged == 3


def test_pairs_that_are_too_close_are_spelled_out() -> None:
    """The closest first: repeats, then the pairs that were found by hand in the old file."""
    found = checked(read_rows(LEGACY))
    assert found.pairs == [
        Pair(55, 51, "DUP_EXACT", 1.0, 1.0),
        Pair(56, 52, "DUP_EXACT", 1.0, 1.0),
        Pair(17, 12, "DUP_NEAR", 0.812, 1.0),
        Pair(50, 48, "DUP_NEAR", 0.733, 1.0),
        Pair(46, 27, "DUP_NEAR", 0.389, 0.921),
        Pair(49, 42, "DUP_NEAR", 0.875, 0.0),
    ]
    assert (found.codes["DUP_EXACT"].refused, found.codes["DUP_NEAR"].refused) == (2, 4)


def test_each_code_counts_rows_and_shows_its_first() -> None:
    """A code that fires twice in a row is one row, and its example quotes what was measured."""
    steps = ("Too short", "Short too", "This one is long enough to stand.")
    answer = "An offer is accepted when the letter is posted, unless the offer says otherwise. " * 4
    rows = [row(1, "When is an offer by letter accepted in law?", answer, steps=steps)]
    code = checked(rows).codes["STEP_TEXT"]
    assert (code.refused, code.flagged, code.row, code.id) == (1, 0, 1, "id1")
    assert code.example == "step 1 has 2 words, need 4 or more"


def test_a_row_of_ours_is_held_to_its_own_type(tmp_path: Path) -> None:
    """The same text is far too short for an advanced case analysis, and fine for a short answer."""
    answer = (
        "A seller of goods must pass good title under section 12 of the Sale of Goods Act. A "
        "dealer cannot exclude this against a consumer. Whoever is disturbed by the true owner may "
        "claim the price back, and with it what repair and insurance of the car have cost him."
    )
    path = tmp_path / "ours.parquet"
    samples = [
        make_sample(0, question="Must the seller of a car pass good title to it?", answer=answer,
                    sample_type=kind, difficulty="advanced", reasoning_steps=(), citations=())
        for kind in ("short_qa", "case_analysis")
    ]  # fmt: skip
    pq.write_table(to_table(samples), path)
    found = checked(read_rows(path))
    assert found.form == "legalgen"
    assert found.codes["ANSWER_LENGTH"].row == 2
    assert found.codes["STEPS_COUNT"].row == 2


def test_a_type_that_nobody_knows_is_held_to_the_widest_bounds() -> None:
    """As are the old columns, which name no type."""
    assert widest_bounds(TAXONOMY) == TypeBounds((32, 1040), (0, 12))


def test_a_clean_file_has_nothing_to_tell(tmp_path: Path) -> None:
    """No finding, exit code 0 for the command; flags alone are none."""
    answer = (
        "A seller of goods must pass good title under section 12 of the Sale of Goods Act. A "
        "dealer cannot exclude this against a consumer. Whoever is disturbed by the true owner may "
        "claim the price back, and with it what repair and insurance of the car have cost him."
    )
    rows = [row(1, "Must the seller of a used car pass good title?", answer)]
    found = checked(rows)
    assert (found.found, found.refused, found.clean, found.codes) == (False, 0, 1, {})


def test_the_rules_of_the_user_apply(tmp_path: Path) -> None:
    """A code that is off is not counted; severities and thresholds are the gate's own."""
    found = checked(read_rows(LEGACY), Rules.of({"META_TALK": "off", "DUP_NEAR": "flag"}))
    assert "META_TALK" not in found.codes
    assert (found.codes["DUP_NEAR"].refused, found.codes["DUP_NEAR"].flagged) == (0, 4)


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    """They are rows, and something is wrong with the file."""
    found = checked([UnreadableRow(1, "not JSON: x")])
    assert (found.rows, found.unreadable_rows, found.found) == (1, 1, True)
    assert found.unreadable == ["row 1: not JSON: x"]


def test_a_folder_of_parts_is_read_as_one(tmp_path: Path) -> None:
    """Rows are numbered over all of them, in the order of their names."""
    table = pq.read_table(LEGACY)
    pq.write_table(table.slice(0, 30), tmp_path / "a.parquet")
    pq.write_table(pa.table(table.slice(30)), tmp_path / "b.parquet")
    assert checked(read_rows(tmp_path)).as_data() == checked(read_rows(LEGACY)).as_data()


def test_repeats_are_counted_among_many() -> None:
    """However many texts there are, each is known again and no other is taken for it."""
    seen = _Seen()
    assert not any(seen.add(f"text {number}") for number in range(5_000))
    assert all(seen.add(f"text {number}") for number in range(5_000))
    assert not seen.add("")
    assert seen.add("")
