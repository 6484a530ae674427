"""splitting.py: what stays on one side of a split, and that it stays there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.dataset.splitting import SPLITS, Split, SplitBy, group_of, in_test, tied
from legalgen.quality.duplicates.index import DuplicateIndex
from legalgen.quality.duplicates.rows import indexed_part
from legalgen.store.files import DataDir
from legalgen.store.parts import TextReader, parts
from legalgen.store.sample import GroundingText, Sample, from_table
from tests.crash.rows import BATCH, make_sample
from tests.dataset.shelf import add_text, boats_act, rows_of, written
from tests.program import Program

START = datetime(2026, 11, 23, tzinfo=UTC)


@given(st.text(), st.integers(0, 9), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_only_adds_to_the_test_set(
    name: str, seed: int, one: float, other: float
) -> None:
    """A sample that was in the test set stays there when the share grows."""
    small, large = sorted([one, other])
    assert in_test(name, large, seed) or not in_test(name, small, seed)


def near_to(one: str, slot: int, **changes: object) -> Sample:
    """A row that asks the question ``one``; the same question in two rows is too near."""
    question = " ".join(
        f"{word}{one}" for word in ["when", "may", "a", "landlord", "end", "the", "lease"]
    )
    made = START + timedelta(hours=slot)
    asked = {"question": f"{question}?", "answer": f"{question}, never.", "created_at": made}
    return make_sample(slot, BATCH, id=f"lg_{slot:02}", **asked, **changes)


def of_chunk(*names: str, sha256: str | None = None) -> dict[str, Any]:
    return {"grounded": True, "sources": tuple(GroundingText(id=e, sha256=sha256) for e in names)}


class Sides:
    """The sides of the rows of a data dir, by the seed of the split."""

    def __init__(self, data_dir: DataDir, near: list[tuple[str, ...]], by: SplitBy) -> None:
        self._rows = {each.id: msgspec.to_builtins(each) for each in rows_of(data_dir)}
        self._ties = tied(data_dir, near, by)
        self._by = by

    def of(self, seed: int) -> dict[str, str]:
        split = Split(0.5, seed, self._by, self._ties)
        return {name: split.side(row) for name, row in self._rows.items()}


CHUNKS = ["a#s1", "a#s2", "a#s3", "b#s1", "b#s2", "c#s1"]


@pytest.mark.parametrize("by", SPLITS)
def test_what_is_near_is_on_one_side_with_all_of_its_passage(tmp_path: Path, by: SplitBy) -> None:
    """Of rows that are near, and of all rows that stay together with them, none is elsewhere."""
    rows = [
        near_to(str(slot), slot, topic=f"t{slot % 5}", **of_chunk(CHUNKS[slot % len(CHUNKS)]))
        for slot in range(24)
    ]
    data_dir = written(tmp_path, rows, part_rows=5)
    near = [("lg_00", "lg_07"), ("lg_07", "lg_15"), ("lg_04", "lg_10", "lg_22")]
    one_side = [{group_of(msgspec.to_builtins(rows[int(each[3:])]), by) for each in ids}
                for ids in near]  # fmt: skip
    assert one_side[0] & one_side[1], "the first two hang together"
    sides = Sides(data_dir, near, by)
    for seed in range(20):
        found = sides.of(seed)
        for together in (one_side[0] | one_side[1], one_side[2]):
            ids = {e.id for e in rows if group_of(msgspec.to_builtins(e), by) in together}
            assert len({found[each] for each in ids}) == 1


def test_a_new_row_goes_where_the_rows_are_that_it_is_near_to(tmp_path: Path) -> None:
    """The oldest row decides, so that what is there stays; not the name, nor the order of parts."""
    before = [near_to(str(slot), slot, **of_chunk(CHUNKS[slot % 3])) for slot in range(9)]
    first = written(tmp_path / "first", before)
    later = [near_to("new", 40, **of_chunk("0#s1")), near_to("newer", 41, **of_chunk("0#s1"))]
    second = written(tmp_path / "second", [*later, *reversed(before)], part_rows=2)
    moved = 0
    sides_before = Sides(first, [], "chunk")
    sides_after = Sides(second, [("lg_04", "lg_40")], "chunk")
    for seed in range(20):
        old, new = sides_before.of(seed), sides_after.of(seed)
        assert {each: new[each] for each in old} == old
        assert new["lg_40"] == new["lg_41"] == old["lg_04"]
        moved += in_test("0#s1", 0.5, seed) != in_test(CHUNKS[1], 0.5, seed)
    assert moved, "with some seed the new passage would have gone elsewhere by itself"


@pytest.mark.parametrize("by", SPLITS)
def test_a_passage_is_on_one_side_whichever_of_a_rows_it_is(tmp_path: Path, by: SplitBy) -> None:
    """Rows of three passages share the second or the third with others; so do their topics."""
    passages = [(0, 1, 2), (2, 3, 4), (5, 0, 6), (7, 8, 9), (10, 9, 11), (12, 13, 14)]
    rows = [
        near_to(str(slot), slot, topic=f"t{slot}", **of_chunk(*(f"t{n}#s{n}" for n in numbers)))
        for slot, numbers in enumerate(passages)
    ]
    sides = Sides(written(tmp_path, rows, part_rows=2), [], by)
    seen = set()
    for seed in range(20):
        found = sides.of(seed)
        assert found["lg_00"] == found["lg_01"] == found["lg_02"]
        assert found["lg_03"] == found["lg_04"]
        seen.add((found["lg_00"], found["lg_03"], found["lg_05"]))
    assert len(seen) > 4, "what shares nothing is not held together"


def test_the_same_words_under_another_id_are_the_same_passage(tmp_path: Path) -> None:
    rows = [
        near_to(str(n), n, **of_chunk(f"{'abc'[n]}#s1", sha256="d"[n // 2 :])) for n in range(3)
    ]
    sides = Sides(written(tmp_path, rows), [], "chunk")
    found = [sides.of(seed) for seed in range(20)]
    assert all(each["lg_00"] == each["lg_01"] for each in found)
    assert any(each["lg_00"] != each["lg_02"] for each in found)


def test_one_text_under_several_ids_is_one_source(tmp_path: Path) -> None:
    """Its digest counts, where rows rest on different passages of its copies."""
    data_dir = DataDir(tmp_path)
    law, other = boats_act(1), boats_act(2)
    names = [add_text(data_dir, name, text) for name, text in
             (("a", law), ("b", law), ("c", other))]  # fmt: skip
    rows = [near_to(str(n), n, **of_chunk(f"{name}#s{n + 1}")) for n, name in enumerate(names)]
    sides = Sides(written(tmp_path, rows), [], "source")
    found = [sides.of(seed) for seed in range(20)]
    assert all(each["lg_00"] == each["lg_01"] for each in found)
    assert any(each["lg_00"] != each["lg_02"] for each in found)


@pytest.mark.parametrize(
    ("rows", "flags", "said"),
    [
        (
            [near_to(str(n), n, **of_chunk(f"a#s{n}", f"a#s{n + 1}")) for n in range(4)],
            [],
            "all rows hang together, because they share passages or are too near to each other",
        ),
        (
            [near_to(str(n), n, **of_chunk(f"a#s{n}")) for n in range(4)],
            ["--split-by", "source"],
            "all rows hang together by source; --split-by chunk may part them",
        ),
        ([near_to(str(n), n) for n in range(2)], [], "take another --split-seed or another share"),
    ],
)
def test_why_a_side_is_empty_is_told(
    program: Program, tmp_path: Path, rows: list[Sample], flags: list[str], said: str
) -> None:
    """With what to do about it; nothing is written."""
    written(program.data_dir.root, rows)
    out = tmp_path / "x.jsonl"
    done = program.run("dataset", "export", str(out), "--split", "0.001", *flags)
    assert done.code == 2
    assert f"the split leaves no row for test: nothing was written; {said}" in done.err
    assert not list(tmp_path.glob("x*"))


def test_the_program_ties_what_its_index_calls_near(program: Program, tmp_path: Path) -> None:
    """An export finds the near rows itself, with an index that is kept or without one, and
    writes nothing into the dataset's folders."""
    rows = [near_to(str(slot % 10), slot) for slot in range(20)]
    written(program.data_dir.root, rows, part_rows=7)
    before = sorted(program.data_dir.root.rglob("*"))
    found: list[dict[str, set[str]]] = []
    for out in ("x", "y"):
        done = program.run(
            "dataset", "export", str(tmp_path / f"{out}.jsonl"), "--split", "0.4",
            "--format", "alpaca",
        )  # fmt: skip
        assert done.code == 0, done.err
        found.append({
            side: {json.loads(line)["instruction"] for line in
                   (tmp_path / f"{out}-{side}.jsonl").read_text().splitlines()}
            for side in ("train", "test")
        })  # fmt: skip
        if out == "x":
            assert sorted(program.data_dir.root.rglob("*")) == before
            index = DuplicateIndex(program.data_dir.index())
            index.open([
                indexed_part(path, partial(texts_in, path), TextReader())
                for path in parts(program.data_dir)
            ])  # fmt: skip
            assert list(program.data_dir.index().glob("*.segment"))
    assert found[0] == found[1]
    assert found[0]["train"].isdisjoint(found[0]["test"])
    assert sum(map(len, found[0].values())) == 10


def texts_in(path: Path) -> list[tuple[str, str, str]]:
    return [(e.id, e.question, e.answer) for e in from_table(pq.ParquetFile(path).read())]


def test_a_share_that_is_none_is_told_before_anything_is_read(program: Program) -> None:
    written(program.data_dir.root, [near_to("a", 0)])
    done = program.run("dataset", "export", "x.jsonl", "--split", "10")
    assert done.code == 2
    assert '--split "10": not more than 0 and at most 1; write 1/3' in done.err
