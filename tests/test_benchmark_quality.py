"""The blind comparison: equal draws, nothing on the sheet tells the tool, marks come back whole."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.quality import agreement, command, difference


def files(folder: Path) -> list[str]:
    """Three tools: one has a cell that no other has, and one fewer rows than the others."""
    cells = {"ours": ("a", "b", "c"), "theirs": ("a", "b"), "third": ("a", "b")}
    told = []
    for tool, has in cells.items():
        rows = [
            {"cell": cell, "question": f"{tool} {cell} {n}?", "answer": "Yes.", "tool": tool}
            for cell in has
            for n in range(2 if tool == "third" else 6)
        ]
        path = folder / f"{tool}.{'parquet' if tool == 'theirs' else 'jsonl'}"
        if tool == "theirs":
            pq.write_table(pa.Table.from_pylist(rows), path)
        else:
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        told.append(f"{tool}={path}")
    return told


def sheet_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def marked(path: Path, marks: dict[str, str]) -> str:
    rows = [{**row, "correct": marks.get(row["id"], "")} for row in sheet_of(path)]
    out = path.with_name(f"marked{len(list(path.parent.glob('marked*')))}.csv")
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(out)


def test_the_same_number_of_each_cell_and_no_name_on_the_sheet(tmp_path: Path) -> None:
    """Shuffled; what only one tool has is left out; a sheet with marks is not written over."""
    sheet, key = tmp_path / "sheet.csv", tmp_path / "key.json"
    asked = ["blind", *files(tmp_path), "--sheet", str(sheet), "--key", str(key)]
    assert "4 rows of each of 3 tools" in command([*asked, "--seed", "1"])
    rows, whose = sheet_of(sheet), json.loads(key.read_text())["rows"]
    assert list(rows[0]) == ["id", "cell", "question", "answer", "correct", "useful", "remark"]
    assert set(Counter((whose[row["id"]], row["cell"]) for row in rows).values()) == {2}
    assert all(row["question"].startswith(whose[row["id"]]) for row in rows)
    assert [whose[row["id"]] for row in rows] != sorted(whose.values())
    with pytest.raises(SystemExit, match="is there already"):
        command(asked)


def test_marks_come_back_with_intervals_and_agreement(tmp_path: Path) -> None:
    """Two raters who differ in one row; a mark that is none is named with its row."""
    sheet, key = tmp_path / "sheet.csv", tmp_path / "key.json"
    command(["blind", *files(tmp_path), "--sheet", str(sheet), "--key", str(key)])
    whose: dict[str, str] = json.loads(key.read_text())["rows"]
    first = {row: "yes" if tool == "ours" else "no" for row, tool in whose.items()}
    one = next(row for row, tool in whose.items() if tool == "theirs")
    second = {**first, one: "YES"}
    told = command(["read", str(key), marked(sheet, first), marked(sheet, second)])
    assert "ours             4 of 4: 100.0% (51.0% to 100.0%)" in told
    assert "theirs           1 of 4: 25.0% (4.6% to 69.9%); -75.0% " in told
    assert "agreement on 12 rows: 91.7%, Cohen's kappa 0.82" in told
    with pytest.raises(SystemExit, match=f"{one}: correct takes yes or no, not 'maybe'"):
        command(["read", str(key), marked(sheet, {one: "maybe"})])


def test_agreement_and_difference_against_published_examples() -> None:
    """Cohen's kappa of 0.4 for 20, 5, 10, 15; Newcombe's 56/70 and 48/80: 0.0524 to 0.3339."""
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    one, other = ({str(n): pair[at] for n, pair in enumerate(pairs)} for at in (0, 1))
    agreed, kappa, both = agreement(one, other)
    assert kappa == pytest.approx(0.4)
    assert (agreed, both) == (0.7, 50)
    assert agreement({"a": True}, {"a": True}) == (1.0, None, 1)
    apart, low, high = difference([True] * 56 + [False] * 14, [True] * 48 + [False] * 32)
    assert (round(apart, 2), round(low, 4), round(high, 4)) == (0.2, 0.0524, 0.3339)
