"""Rows of several tools, marked blind: who wrote more that is right, and how sure is that.

``blind`` draws as many rows of each cell from each tool, shuffles them into one sheet (CSV) without
names, and writes which row is whose into a key. ``read`` takes the marks back: the share that each
tool got right with its interval (Wilson), the difference to the first tool with its own (Newcombe's
method 10), and, of two sheets, how far the raters agree (Cohen's kappa).

A file is JSON lines or parquet with ``question`` and ``answer``, and ``cell`` or the columns of a
cell; see docs/explanation/quality.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import secrets
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from legalgen.store.findings import wilson

CELL: Final = ("jurisdiction", "practice_area", "topic", "difficulty", "sample_type")
QUESTIONS: Final = ("correct", "useful")
"""What is asked of each row; yes or no, empty where the rater cannot tell."""
SHOWN: Final = ("id", "cell", "question", "answer")
_MARKS: Final = {
    "yes": True, "y": True, "true": True, "1": True,
    "no": False, "n": False, "false": False, "0": False,
}  # fmt: skip

Marks = dict[str, dict[str, bool]]
"""By question and id."""


# --- blind -------------------------------------------------------------------------------------


def blind(
    files: Mapping[str, Path], sheet: Path, key: Path, *, per_cell: int, seed: int | None = None
) -> int:
    """Write the sheet and its key; how many rows each tool has in it.

    Of each cell that all tools have, each gives the same number of rows. A file that is there is
    not written over: marks may be in it.
    """
    if len(files) < 2:
        raise SystemExit("name two tools or more, as in legalgen=rows.jsonl other=rows.parquet")
    for path in (sheet, key):
        if path.exists():
            raise SystemExit(f"{path} is there already: take another name")
    seed = secrets.randbits(32) if seed is None else seed
    rng = random.Random(seed)
    by_tool = {tool: _by_cell(path, rng) for tool, path in files.items()}
    shared = set.intersection(*(set(cells) for cells in by_tool.values()))
    chosen = []
    for cell in sorted(shared):
        count = min(per_cell, *(len(cells[cell]) for cells in by_tool.values()))
        for tool, cells in by_tool.items():
            chosen += [(tool, cell, row) for row in cells[cell][:count]]
    if not chosen:
        raise SystemExit("no cell is in all files: nothing can be compared")
    rng.shuffle(chosen)
    whose = {}
    with sheet.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*SHOWN, *QUESTIONS, "remark"])
        for number, (tool, cell, row) in enumerate(chosen, 1):
            whose[f"r{number:04}"] = tool
            writer.writerow([f"r{number:04}", cell, row["question"], row["answer"], "", "", ""])
    about = {tool: {"file": path.name, "digest": _digest(path)} for tool, path in files.items()}
    key.write_text(json.dumps({"seed": seed, "tools": about, "rows": whose}, indent=1), "utf-8")
    return len(chosen) // len(files)


def _by_cell(path: Path, rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    """The rows of each cell, in an order drawn by lot."""
    found = defaultdict(list)
    for number, row in enumerate(_rows(path), 1):
        if not all(isinstance(row.get(name), str) and row[name] for name in SHOWN[2:]):
            raise SystemExit(f"{path}: row {number} has no question or no answer")
        cell = row.get("cell") or "/".join(str(row[name]) for name in CELL if row.get(name))
        found[cell].append(row)
    for rows in found.values():
        rng.shuffle(rows)
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        yield from pq.read_table(path).to_pylist()
        return
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=8).hexdigest()


# --- read --------------------------------------------------------------------------------------


def read(key: Path, sheets: Sequence[Path]) -> str:
    """What the marks say, as text."""
    kept = json.loads(key.read_text("utf-8"))
    whose: dict[str, str] = kept["rows"]
    marks = [_marks(sheet, whose) for sheet in sheets]
    lines: list[str] = []
    for question in QUESTIONS:
        for sheet, found in zip(sheets, marks, strict=True):
            lines += _shares(f"{question}, {sheet.name}", found[question], whose, [*kept["tools"]])
        if len(marks) == 2:
            agreed, kappa, both = agreement(marks[0][question], marks[1][question])
            told = "none" if kappa is None else f"{kappa:.2f}"
            lines.append(f"agreement on {both} rows: {agreed:.1%}, Cohen's kappa {told}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _marks(sheet: Path, whose: Mapping[str, str]) -> Marks:
    found: Marks = {question: {} for question in QUESTIONS}
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            row = (line.get("id") or "").strip()
            if row not in whose:
                raise SystemExit(f"{sheet}: {row or 'a row without an id'} is not in the key")
            for question in QUESTIONS:
                said = (line.get(question) or "").strip().casefold()
                if said and said not in _MARKS:
                    raise SystemExit(f"{sheet}: {row}: {question} takes yes or no, not {said!r}")
                if said:
                    found[question][row] = _MARKS[said]
    return found


def _shares(
    heading: str, marks: Mapping[str, bool], whose: Mapping[str, str], tools: Sequence[str]
) -> Iterator[str]:
    yield heading
    counts = {tool: [mark for row, mark in marks.items() if whose[row] == tool] for tool in tools}
    first = counts[tools[0]]
    for tool, found in counts.items():
        if not found:
            yield f"  {tool:16} no row is marked"
            continue
        low, high = wilson(sum(found), len(found))
        told = f"  {tool:16} {sum(found)} of {len(found)}: {sum(found) / len(found):.1%} "
        told += f"({low:.1%} to {high:.1%})"
        if tool != tools[0] and first:
            apart, least, most = difference(found, first)
            told += f"; {apart:+.1%} ({least:+.1%} to {most:+.1%}) beside {tools[0]}"
        yield told


def difference(one: Sequence[bool], other: Sequence[bool]) -> tuple[float, float, float]:
    """Of two shares, and between which bounds the true one lies with 95 % confidence."""
    share, base = sum(one) / len(one), sum(other) / len(other)
    (low, high), (least, most) = wilson(sum(one), len(one)), wilson(sum(other), len(other))
    apart = share - base
    down = ((share - low) ** 2 + (most - base) ** 2) ** 0.5
    up = ((high - share) ** 2 + (base - least) ** 2) ** 0.5
    return apart, apart - down, apart + up


def agreement(
    one: Mapping[str, bool], other: Mapping[str, bool]
) -> tuple[float, float | None, int]:
    """Share of rows marked alike, Cohen's kappa (None where chance explains all), rows of both."""
    both = one.keys() & other.keys()
    if not both:
        return 0.0, None, 0
    agreed = sum(one[row] == other[row] for row in both) / len(both)
    yes, also = (sum(marks[row] for row in both) / len(both) for marks in (one, other))
    by_chance = yes * also + (1 - yes) * (1 - also)
    kappa = None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)
    return agreed, kappa, len(both)


# --- the command -------------------------------------------------------------------------------


def _tool(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if not (name and path and Path(path).is_file()):
        raise argparse.ArgumentTypeError(f"{text}: give NAME=FILE of a file that is there")
    return name, Path(path)


def command(argv: Sequence[str]) -> str:
    """Do what the words say; the text for people."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("blind", help="write a sheet to mark and its key")
    making.add_argument("tools", nargs="+", type=_tool, metavar="NAME=FILE")
    making.add_argument("--sheet", type=Path, required=True)
    making.add_argument("--key", type=Path, required=True)
    making.add_argument("--per-cell", type=int, default=5)
    making.add_argument("--seed", type=int)
    reading = verbs.add_parser("read", help="read one or two marked sheets back")
    reading.add_argument("key", type=Path)
    reading.add_argument("sheets", type=Path, nargs="+")
    asked = parser.parse_args(argv)
    if asked.verb == "read":
        return read(asked.key, asked.sheets)
    files = dict(asked.tools)
    if len(files) < len(asked.tools):
        parser.error("two tools have one name")
    each = blind(files, asked.sheet, asked.key, per_cell=asked.per_cell, seed=asked.seed)
    return f"wrote {asked.sheet}: {each} rows of each of {len(files)} tools; {asked.key} says whose"


if __name__ == "__main__":
    print(command(sys.argv[1:]))
