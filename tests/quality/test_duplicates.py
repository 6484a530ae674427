"""Near-duplicates: what counts as one, that none is missed, and that the index survives."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.errors import Reason
from legalgen.quality.duplicates import columns, segments, sketches
from legalgen.quality.duplicates import index as duplicates
from legalgen.quality.duplicates.candidates import NEAREST, fixed, near_by_question, probes_of
from legalgen.quality.duplicates.index import (
    FREEZE_ROWS,
    MERGE_WIDTH,
    DuplicateIndex,
    DuplicateThresholds,
    Match,
)
from legalgen.quality.duplicates.recent import FEW_SHARE, RecentRows
from legalgen.quality.duplicates.rows import IndexedPart
from legalgen.quality.duplicates.sketches import (
    KEYS_PER_ROW,
    QUESTION_BYTES,
    SIGNATURE_BYTES,
    Sketch,
    SketchRows,
    differing,
    estimates,
    jaccard,
    many_shingles,
    most_differing,
    shingles,
    sketch,
)
from legalgen.store.sample import spaced_words, words

Row = tuple[str, str, str]
BEFORE = Path(__file__).parents[1] / "data" / "before" / "data" / "state" / "duplicates" / "train"
PAIRS = Path(__file__).parents[1] / "data" / "quality" / "pairs.jsonl"


@cache
def real_rows() -> tuple[Row, ...]:
    """189 rows of the old dataset, all its close pairs among them."""
    lines = PAIRS.read_text(encoding="utf-8").splitlines()
    return tuple((row["id"], row["question"], row["answer"]) for row in map(json.loads, lines))


@cache
def real_sketches() -> tuple[Sketch, ...]:
    return tuple(sketch(*row) for row in real_rows())


@cache
def real_pairs() -> tuple[tuple[Sketch, Sketch, float, float], ...]:
    """All pairs of them, with how alike their questions and their answers are."""
    return tuple(
        (left, right, jaccard(left.question, right.question), jaccard(left.answer, right.answer))
        for left, right in combinations(real_sketches(), 2)
    )


def add_all(index: DuplicateIndex, rows: Iterable[Row]) -> None:
    for row in rows:
        index.add(*row)


def numbered(start: int, count: int) -> list[str]:
    return [f"word{number}" for number in range(start, start + count)]


def overlapping(shared: int, own: int, size: int) -> tuple[str, str]:
    """Two texts that share exactly ``shared`` shingles and have ``own`` more each."""
    common = numbered(0, shared + size - 1)
    left, right = numbered(1000, own), numbered(2000, own)
    return " ".join(common + left), " ".join(common + right)


QUESTION = "When may a landlord of a shop in Leeds forfeit the lease for rent that is late?"
ANSWER = "A landlord may forfeit when the lease reserves the right and rent is in arrear for long."


def unlike(number: int) -> Row:
    text = " ".join(f"{word}{number}" for word in numbered(0, 12))
    return (f"lg_{number}", text, f"{text} and {text[::-1]}")


@pytest.mark.parametrize(
    ("question", "answer", "code"),
    [
        (0.0, 0.6, "DUP_NEAR"), (0.0, 0.59, "DUP_SOFT"), (0.0, 0.95, "DUP_NEAR"),
        (0.8, 0.0, "DUP_NEAR"), (0.79, 0.0, "DUP_SOFT"), (1.0, 0.0, "DUP_NEAR"),
        (0.6, 0.25, "DUP_NEAR"), (0.6, 0.24, "DUP_SOFT"), (0.59, 0.25, None),
        (0.0, 0.3, "DUP_SOFT"), (0.0, 0.29, None), (0.2, 0.1, None),
    ],
)  # fmt: skip
def test_the_thresholds_are_those_of_the_design(
    question: float, answer: float, code: str | None
) -> None:
    """Answer at 0.6, question at 0.8 or both at 0.6 and 0.25 reject; 0.6 or 0.3 flag."""
    assert DuplicateThresholds().judge(question, answer) == code


def test_thresholds_are_the_users() -> None:
    """A looser table lets through what the default refuses."""
    assert DuplicateThresholds(near_answer=0.9, soft_answer=0.9).judge(0.0, 0.8) is None


@pytest.mark.parametrize(
    ("shared", "own", "expected"), [(60, 20, 0.6), (30, 35, 0.3), (80, 0, 1.0), (0, 40, 0.0)]
)
def test_jaccard_is_exact(shared: int, own: int, expected: float) -> None:
    """The similarity of two constructed answers is what their shingles make it."""
    left, right = overlapping(shared, own, 3)

    assert jaccard(shingles(words(left), 3), shingles(words(right), 3)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("again", "code"),
    [
        (QUESTION, "DUP_EXACT"),
        (f"\u201c{QUESTION.upper()}\u201d", "DUP_EXACT"),
        (QUESTION.replace("is late", "was late"), "DUP_SOFT"),
        ("May a tenant in Cardiff assign?", None),
    ],
)  # fmt: skip
def test_a_question_that_was_asked_is_found(again: str, code: str | None) -> None:
    """Case, quotes and punctuation make no new question; other words do, by degrees."""
    index = DuplicateIndex()
    index.add("lg_1", QUESTION, ANSWER)

    match = index.check(again, "Something else entirely is said here about another thing.")

    assert (match.code if match else None) == code


def test_a_match_names_the_neighbour() -> None:
    """The reason holds what a new attempt needs: the first 20 words and both values."""
    index = DuplicateIndex()
    question = " ".join(numbered(0, 30))
    index.add("lg_1", question, ANSWER)

    match = index.check(question, ANSWER)

    near = " ".join(numbered(0, 20))
    assert match == Match("DUP_EXACT", "lg_1", near, 1.0, 1.0)
    assert match is not None
    assert match.reason == Reason(
        "DUP_EXACT",
        f'DUP_EXACT: too close to: "{near}" (question 1.00, answer 1.00)',
        "question",
    )


def test_soft_matches_only_flag() -> None:
    """DUP_SOFT does not cost the sample."""
    assert Match("DUP_SOFT", "lg_1", "a", 0.6, 0.1).reason.reject is False


def test_the_most_serious_neighbour_is_told() -> None:
    """An exact repeat outranks a near one, whatever their order."""
    index = DuplicateIndex()
    index.add("lg_near", f"{QUESTION} now", ANSWER)
    index.add("lg_exact", QUESTION, "Another answer, with nothing of the first one in its words.")

    match = index.check(QUESTION, ANSWER)

    assert match is not None
    assert (match.code, match.id) == ("DUP_EXACT", "lg_exact")


def brute_force() -> dict[str, str]:
    """The worst code of each real row against all before it, by comparing every pair."""
    worst: dict[str, str] = {}
    severity = ["DUP_SOFT", "DUP_NEAR", "DUP_EXACT"]
    for left, right, question, answer in real_pairs():
        code: str | None = DuplicateThresholds().judge(question, answer)
        code = "DUP_EXACT" if left.exact == right.exact else code
        if code and severity.index(code) >= severity.index(worst.get(right.id, code)):
            worst[right.id] = code
    return worst


def test_real_rows_are_judged_as_all_pairs_would() -> None:
    """On real text the candidates miss nothing that comparing every pair finds."""
    index, found = DuplicateIndex(), {}
    for row in real_sketches():
        match = index.check_sketch(row)
        if match is not None:
            found[row.id] = str(match.code)
        index.add_sketch(row)

    assert found == brute_force()
    assert sorted(set(found.values())) == ["DUP_EXACT", "DUP_NEAR", "DUP_SOFT"]


def test_real_pairs_have_the_measured_counts() -> None:
    """The hand-labelled pairs of the old dataset: 12 answers, 11, 21 and 44 questions."""
    questions = [question for _, _, question, _ in real_pairs()]
    answers = [answer for _, _, _, answer in real_pairs()]

    assert sum(value >= 0.6 for value in answers) == 12
    assert [sum(value >= limit for value in questions) for limit in (0.8, 0.7, 0.6)] == [11, 21, 44]


@given(st.text(max_size=80), st.text(max_size=200))
def test_every_text_finds_itself(question: str, answer: str) -> None:
    """Whatever was added is an exact repeat of itself, the empty text too."""
    index = DuplicateIndex()
    index.add("lg_1", question, answer)

    match = index.check(question, answer)

    assert match is not None
    assert (match.code, match.id) == ("DUP_EXACT", "lg_1")


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_sketches_are_the_same_in_every_process(hash_seed: str) -> None:
    """No stored number depends on the salt of the process that made it."""
    code = (
        "from legalgen.quality.duplicates.sketches import sketch\n"
        f"made = sketch('lg_1', {QUESTION!r}, {ANSWER!r})\n"
        "print(made.exact, sorted(made.question), sorted(made.answer), made.keys)"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    other = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    made = sketch("lg_1", QUESTION, ANSWER)
    shown = f"{made.exact} {sorted(made.question)} {sorted(made.answer)} {made.keys}"
    assert other.stdout.strip() == shown


def test_neither_packing_nor_merging_loads_pandas() -> None:
    """Where it is installed, as here, it takes 0.3 s and 40 MB."""
    code = (
        "import sys\n"
        "from legalgen.quality.duplicates import segments\n"
        "from legalgen.quality.duplicates.sketches import SketchRows\n"
        "rows = SketchRows()\n"
        f"rows.read([('lg_1', {QUESTION!r}, {ANSWER!r})] * 2000)\n"
        "one = segments.in_memory([segments.unsorted(rows)], ())\n"
        "segments.in_memory([one, one], ())\n"
        "print('pandas' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    other = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == "False"


# --- the index of a dataset ---


def part(name: str, rows: Iterable[Row], size: int = 100) -> IndexedPart:
    kept = list(rows)
    return IndexedPart(name, size, lambda: kept, kept.__getitem__)


def covered(name: str, rows: Iterable[Row]) -> IndexedPart:
    """A part of which single rows are read, and that is not read again as a whole."""

    def unread() -> Iterable[Row]:
        raise AssertionError("a part that is covered is not read again")

    return IndexedPart(name, 100, unread, list(rows).__getitem__)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def test_an_index_that_is_up_to_date_reads_no_part(tmp_path: Path) -> None:
    """The second start takes everything from the state folder."""
    rows = [unlike(number) for number in range(20)]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows[:10]), part("b.parquet", rows[10:])])

    again = DuplicateIndex(tmp_path)
    again.open([covered("a.parquet", rows[:10]), covered("b.parquet", rows[10:])])

    found = [again.check(question, answer) for _, question, answer in rows]
    assert [match.id if match else None for match in found] == [row[0] for row in rows]
    assert len(again) == 20


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scribble(path: Path) -> None:
    path.write_bytes(b"no segment at all" * 100)


@pytest.mark.parametrize("harm", [tear, empty, scribble, Path.unlink])
def test_a_segment_that_cannot_be_read_is_built_again(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """Torn, empty, foreign or missing: the text of the part is the truth."""
    rows = [unlike(number) for number in range(5)]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows)])
    (stored,) = tmp_path.glob("*.segment")
    harm(stored)

    index = DuplicateIndex(tmp_path)
    index.open([part("a.parquet", rows)])

    assert len(index) == 5
    assert index.check(rows[3][1], rows[3][2]) is not None
    third = DuplicateIndex(tmp_path)
    third.open([covered("a.parquet", rows)])
    assert len(third) == 5


COLUMNS = ("directory", "entries", "ids_ends", "questions_ends", "ids", "exact")


def overwrite(path: Path, column: str, with_byte: int, *, has_sums: bool = True) -> None:
    """Put other bytes in place of one column; without CRCs as an earlier version wrote it."""
    raw = bytearray(path.read_bytes())
    told = int.from_bytes(raw[-16:-8], "little")
    foot = json.loads(raw[-16 - told : -16])
    start, length = foot["columns"][column]
    raw[start : start + length] = bytes([with_byte]) * length
    if not has_sums:
        del foot["sums"]
        foot = json.dumps(foot).encode()
        raw[-16 - told :] = foot + len(foot).to_bytes(8, "little") + columns.MAGIC
    path.write_bytes(raw)


@pytest.mark.parametrize("with_byte", [0x00, 0x7F, 0xFF])
@pytest.mark.parametrize("column", COLUMNS)
def test_a_segment_that_is_damaged_inside_is_built_again(
    tmp_path: Path, column: str, with_byte: int
) -> None:
    """Whichever of its columns: it is noticed at the start, and the rows are read once more."""
    rows = [unlike(number) for number in range(5)]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows)])
    (stored,) = tmp_path.glob("*.segment")
    whole = stored.read_bytes()
    overwrite(stored, column, with_byte)

    index = DuplicateIndex(tmp_path)
    index.open([part("a.parquet", rows)])

    assert [found and found.id for found in (index.check(*row[1:]) for row in rows)] == [
        row[0] for row in rows
    ]
    assert stored.read_bytes() == whole


@pytest.mark.parametrize("has_sums", [True, False])
@pytest.mark.parametrize("with_byte", [0x00, 0x7F, 0xFF])
@pytest.mark.parametrize(
    ("column", "few"), [*((column, 512) for column in COLUMNS), ("directory", 0)]
)
def test_damage_that_no_start_looks_for_ends_nothing(
    tmp_path: Path,
    column: str,
    few: int,
    with_byte: int,
    *,
    has_sums: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a large segment, and in one of an earlier version: where a look-up fails on it, its rows
    are read again; else what is asked has an answer."""
    monkeypatch.setattr(segments, "FEW_TOGETHER", few)
    rows = [unlike(number) for number in range(5)]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows)])
    (stored,) = tmp_path.glob("*.segment")
    overwrite(stored, column, with_byte, has_sums=has_sums)
    monkeypatch.setattr(segments, "CHECKED_AT_START", 0)  # in place of very large ones

    index = DuplicateIndex(tmp_path)
    index.open([part("a.parquet", rows)])
    probes = [sketch("", *row[1:]) for row in rows]
    index.look_ahead(probes)
    for probe, row in zip(probes, rows, strict=True):
        index.check_sketch(probe)
        index.check(*row[1:])
        index.repeats(row[1])
    index.near_groups()

    if index._segments[0].is_whole():  # it was noticed, and nothing of it is left
        assert [found and found.id for found in map(index.check_sketch, probes)] == [
            row[0] for row in rows
        ]


def test_a_damaged_segment_is_not_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the merged one nobody would find the damage: its rows are read again before."""
    monkeypatch.setattr(segments, "CHECKED_AT_START", 0)  # in place of very large ones
    rows = [unlike(number) for number in range(MERGE_WIDTH)]
    parts = [part(f"{number}.parquet", [row]) for number, row in enumerate(rows)]
    index = DuplicateIndex(tmp_path)
    index.open(parts[:1])
    for each, row in zip(parts[1:-1], rows[1:-1], strict=True):
        index.add(*row)
        index.sealed(each, [row[0]])
    assert len(files(tmp_path)) == MERGE_WIDTH - 1
    for path in tmp_path.iterdir():
        overwrite(path, "entries", 0)

    again = DuplicateIndex(tmp_path)
    again.open(parts[:-1])
    again.add(*rows[-1])
    again.sealed(parts[-1], [rows[-1][0]])

    assert [found and found.id for found in (again.check(*row[1:]) for row in rows)] == [
        row[0] for row in rows
    ]
    assert all(segments.read(path).is_whole() for path in tmp_path.iterdir())


def test_parts_that_changed_or_went_are_not_believed(tmp_path: Path) -> None:
    """A part of another size is read again, one that is gone leaves nothing behind."""
    old, new, gone = unlike(1), unlike(2), unlike(3)
    first = DuplicateIndex(tmp_path)
    first.open([part("a.parquet", [old]), part("b.parquet", [gone])])

    index = DuplicateIndex(tmp_path)
    index.open([part("a.parquet", [new], size=101)])

    assert len(index) == 1
    assert index.check(*new[1:]) is not None
    assert index.check(*old[1:]) is None
    assert index.check(*gone[1:]) is None


def test_another_version_of_rensa_makes_segments_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Band keys of another version would find nothing, so they are made anew."""
    rows = [unlike(1)]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows)])
    # The version is read from the installed package: no other seam stands for an upgrade.
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "99.0")

    with pytest.raises(AssertionError, match="not read again"):
        DuplicateIndex(tmp_path).open([covered("a.parquet", rows)])


def test_segments_of_an_earlier_version_are_built_again(tmp_path: Path) -> None:
    """What 0.1.0 left is cleared away, and the rows are read from their part."""
    left = [path.name for path in BEFORE.glob("*.arrow")]
    assert left
    for name in left:
        shutil.copy(BEFORE / name, tmp_path)
    rows = [unlike(1)]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows)])

    assert not set(left) & set(files(tmp_path))
    again = DuplicateIndex(tmp_path)
    again.open([covered("a.parquet", rows)])
    assert again.check(*rows[0][1:]) is not None


def test_what_a_batch_seals_need_not_be_read_again(tmp_path: Path) -> None:
    """A sealed part's sketches go to disk; what was accepted after it stays in memory."""
    index = DuplicateIndex(tmp_path)
    index.open([])
    rows = [unlike(number) for number in range(6)]
    add_all(index, rows)

    index.sealed(part("a.parquet", rows[:4]), [row[0] for row in rows[:4]])

    assert len(index) == 6
    assert [index.check(*row[1:]) is not None for row in rows] == [True] * 6
    again = DuplicateIndex(tmp_path)
    again.open([covered("a.parquet", rows[:4])])
    assert [again.check(*row[1:]) is not None for row in rows] == [True] * 4 + [False] * 2


def test_a_part_that_is_not_wholly_known_is_left_to_be_read(tmp_path: Path) -> None:
    """Half a part under its name would hide the other half for ever."""
    index = DuplicateIndex(tmp_path)
    index.open([])
    index.add(*unlike(1))

    index.sealed(part("a.parquet", [unlike(1)]), ["lg_1", "lg_recovered"])

    assert files(tmp_path) == []
    assert index.check(*unlike(1)[1:]) is not None


def test_many_small_segments_become_few(tmp_path: Path) -> None:
    """Forty sealed parts leave a handful of files, which hold every row and every part."""
    index = DuplicateIndex(tmp_path)
    index.open([])
    rows = [unlike(number) for number in range(120)]
    for start in range(0, 120, 3):
        add_all(index, rows[start : start + 3])
        sealed = rows[start : start + 3]
        index.sealed(part(f"{start}.parquet", sealed), [row[0] for row in sealed])
        assert index.check(*sealed[0][1:]) is not None

    assert len(files(tmp_path)) <= 14
    again = DuplicateIndex(tmp_path)
    again.open([covered(f"{start}.parquet", rows[start : start + 3]) for start in range(0, 120, 3)])
    found = [again.check(*row[1:]) for row in rows]
    assert [match.id if match else None for match in found] == [row[0] for row in rows]


def test_a_crash_between_merge_and_clean_up_doubles_nothing(tmp_path: Path) -> None:
    """Old segments beside the merged one, and a half-written file, are cleared away."""
    index = DuplicateIndex(tmp_path)
    index.open([])
    for number in range(MERGE_WIDTH):
        index.add(*unlike(number))
        index.sealed(part(f"{number}.parquet", [unlike(number)]), [f"lg_{number}"])
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.segment")}
    assert index.check(*unlike(0)[1:]) is not None
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "half.segment.0a1b2c3d").write_bytes(b"half")

    again = DuplicateIndex(tmp_path)
    again.open([covered(f"{number}.parquet", [unlike(number)]) for number in range(MERGE_WIDTH)])

    assert len(before) == MERGE_WIDTH
    assert (len(again), len(files(tmp_path))) == (MERGE_WIDTH, 1)


def test_a_look_up_asks_few_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has many times the rows of all smaller ones, however the parts come in."""
    monkeypatch.setattr(duplicates, "SMALL_SEGMENT", 2)
    index, rows = DuplicateIndex(tmp_path), [unlike(number) for number in range(120)]
    index.open([])
    left = iter(rows)
    for number in range(60):
        taken = [next(left) for _ in range(1 + 2 * (number % 2))]
        for row in taken:
            index.add(*row)
        index.sealed(part(f"{number}.parquet", taken), [row[0] for row in taken])
        assert index.check(*taken[0][1:]) is not None
        sizes = sorted(segments.read(path).rows for path in tmp_path.iterdir())
        large = [rows for rows in sizes if rows > 2]
        assert len(sizes) - len(large) < MERGE_WIDTH
        for at, size in enumerate(large[1:], 1):
            assert size > MERGE_WIDTH * sum(large[:at])

    assert [found and found.id for found in (index.check(*row[1:]) for row in rows)] == [
        row[0] for row in rows
    ]


def test_a_long_list_without_a_folder_is_packed() -> None:
    """A check of a foreign file keeps few Python objects, and forgets none of the rows."""
    index = DuplicateIndex()
    total = FREEZE_ROWS + 10
    add_all(
        index,
        ((f"lg_{n}", f"question number {n} of many", f"{n} {n} {n}") for n in range(total)),
    )

    match = index.check("Question number 17 of many!", "something else")

    assert match is not None
    assert (len(index), match.code, match.id) == (total, "DUP_EXACT", "lg_17")


# --- how it is kept ---


def packed(rows: Iterable[Row], index: DuplicateIndex, name: str) -> None:
    """Sealed rows of a part, as an index that was there before holds them."""
    kept = list(rows)
    before = index._segments
    index._segments = []
    add_all(index, kept)
    index.sealed(part(name, kept), [row[0] for row in kept])
    index._segments = before + index._segments


def test_real_rows_that_are_sealed_are_judged_as_all_pairs_would() -> None:
    """What is kept of a sealed row and its text lead to what comparing every pair finds."""
    rows, found = real_rows(), {}
    index = DuplicateIndex()
    index.open([])
    for number, (row, made) in enumerate(zip(rows, real_sketches(), strict=True)):
        match = index.check_sketch(made)
        if match is not None:
            found[made.id] = str(match.code)
            told = next(one for one in rows if one[0] == match.id)
            assert match.near == " ".join(told[1].split()[:20])
        packed([row], index, f"{number}.parquet")

    assert found == brute_force()


@given(st.lists(st.text("ab \u00e9\u4e00\u0301-", max_size=40), max_size=6), st.integers(1, 3))
def test_shingles_of_many_texts_are_those_of_each(texts: list[str], size: int) -> None:
    """In any script, of texts that have fewer words than a run, and of none."""
    spaced = list(map(spaced_words, [*texts, "x" * 63]))
    made, ends = many_shingles(spaced, size)
    found = [list(made[first:last]) for first, last in pairwise(ends)]
    joined = [b" ".join(text.split()) for text in spaced]
    assert found == [crcs(text.split(b" ") if text else [], size) for text in joined]


def crcs(tokens: list[bytes], size: int) -> list[int]:
    """CRC-32 of each run of words, and of all where there are fewer."""
    count = max(len(tokens) - size + 1, min(1, len(tokens)))
    return [zlib.crc32(b" ".join(tokens[at : at + size])) for at in range(count)]


def test_texts_with_a_word_of_any_length_have_the_same_shingles() -> None:
    """Words without an end, as scripts without spaces have them, are read another way."""
    for length in range(60, 70):
        tokens = [b"a", b"b" * length, b"c", b"d"]
        made, ends = many_shingles([b" ".join(tokens), b""], 3)
        assert (list(made), ends) == (crcs(tokens, 3), [0, 2, 2])


def test_keys_are_put_in_order_and_equal_ones_stay_as_they_are() -> None:
    """Of so many that Arrow counts them."""
    draw = random.Random(3)
    keys = [draw.choice((0, 2**28 - 1, draw.randrange(2**28))) for _ in range(5_000)]
    values = [key << 32 | row for row, key in enumerate(keys)]
    assert list(segments.by_key(sketches.packed("Q", values))) == sorted(values)


@pytest.mark.parametrize("sizes", [(1, 7, 40), (16, 17, 1, 300)])
def test_segments_of_few_rows_are_merged_as_those_of_many(
    sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python and Arrow put the same rows in the same order, and find the same in common."""
    draw, nothing = random.Random(4), sketch("", "", "")
    made = []
    for size in sizes:
        rows = SketchRows()
        for number in range(size):
            some = (0, 1, 2**28 - 1, draw.randrange(2**28))
            keys = draw.choices(some, k=KEYS_PER_ROW)
            rows.add(f"lg_{number}", number, (), nothing.signature, keys)
        made.append(segments.in_memory([segments.unsorted(rows)], ()))
    bands = range(0, KEYS_PER_ROW, 20)

    monkeypatch.setattr(segments, "FEW_TOGETHER", 0)
    merged = segments.in_memory(made, ())
    alike = [list(segments.together(made, band)) for band in bands]
    monkeypatch.setattr(segments, "FEW_TOGETHER", sum(sizes))
    again = segments.in_memory(made, ())

    assert [list(segments.together(made, band)) for band in bands] == alike
    assert any(alike)
    for name in ("directory", "entries"):
        assert bytes(again.columns[name]) == bytes(merged.columns[name]), name


def test_many_rows_read_at_once_are_read_as_one_by_one() -> None:
    """Odd texts among them: empty, of a word, with marks that are no words."""
    odd = [("a", "", ""), ("b", "one", "one two"), ("c", "\u201cOne\u201d na\u00efve", "\ufb01 x")]
    rows = [*odd, *real_rows(), *odd]
    together, single = SketchRows(), SketchRows()
    together.read(rows)
    for row in rows:
        made = sketch(*row)
        single.add(made.id, made.exact, made.question, made.signature, made.keys)

    asked = [
        [set(made.questions[first:last]) for first, last in pairwise(made.ends)]
        for made in (together, single)
    ]
    assert asked[0] == asked[1]
    together.questions = single.questions
    assert vars(together) == vars(single)


@given(st.integers(1, 200), st.integers(0, 2**32))
def test_every_key_is_found_and_no_other(count: int, seed: int) -> None:
    """However many rows share keys, a segment finds just those with a key in its band; a segment
    merged of two, and one sorted by Arrow, find the same."""
    draw = random.Random(seed)
    keys = [[draw.choice((1, 2, 2**28 - 1, draw.randrange(2**28))) for _ in range(KEYS_PER_ROW)]
            for _ in range(count)]  # fmt: skip
    nothing = sketch("", "", "").signature
    halves = []
    for some in (keys[: count // 2], keys[count // 2 :]):
        rows = SketchRows()
        for number, each in enumerate(some):
            rows.add(f"lg_{number}", number, (), nothing, each)
        if some:
            halves.append(segments.in_memory([segments.unsorted(rows)], ()))
    joined = segments.in_memory(halves, ())
    probe = [draw.choice((1, 2, 2**28 - 1, 5)) for _ in range(KEYS_PER_ROW)]
    wanted = {row for row, each in enumerate(keys) if any(map(int.__eq__, each, probe))}

    assert joined.candidates(probe) == wanted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "FEW_ROWS", 0)  # instead of thousands of rows
        rows = SketchRows()
        for number, each in enumerate(keys):
            rows.add(f"lg_{number}", number, (), nothing, each)
        assert segments.in_memory([segments.unsorted(rows)], ()).candidates(probe) == wanted


def test_signatures_tell_how_alike_rows_are() -> None:
    """What is estimated of all pairs of real rows is no further off than the margin allows."""
    for left, right, asked, told in real_pairs():
        question, answer = estimates(*differing(left.signature, right.signature))
        assert asked - question < duplicates.QUESTION_MARGIN
        assert told - answer < duplicates.ANSWER_MARGIN
        assert asked - jaccard(left.short, right.short) < duplicates.SHORT_MARGIN


def test_many_candidates_are_compared_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow and we ourselves count the same numbers that differ, and let go the same rows."""
    made = real_sketches()
    rows = SketchRows()
    rows.read(real_rows())
    segment = segments.in_memory([segments.unsorted(rows)], ())
    every = range(len(made))
    for most in ((1000, 1000), most_differing(0.4, 0.1), (0, 0)):
        for one in made[::10]:
            monkeypatch.setattr(segments, "MANY_CANDIDATES", 10_000)
            wanted = list(segment.near(every, one.signature, most))
            monkeypatch.setattr(segments, "MANY_CANDIDATES", 0)
            assert list(segment.near(every, one.signature, most)) == wanted
            if most == (1000, 1000):
                found = [(n, *differing(one.signature, o.signature)) for n, o in enumerate(made)]
                assert wanted == found


@given(st.integers(2, 100), st.integers(0, 2**32))
def test_candidates_of_many_samples_are_those_of_each(count: int, seed: int) -> None:
    """However many rows share keys, at the ends of buckets, and of an answer that is empty."""
    draw = random.Random(seed)
    made = real_sketches()[:count]
    some = (1, 2, 2**28 - 1, 2**28 - 2, draw.randrange(2**28))
    probes = [
        msgspec.structs.replace(
            one,
            keys=tuple(draw.choice(some) for _ in range(KEYS_PER_ROW)),
            answer=draw.choice((one.answer, frozenset())),
        )
        for one in made
    ]
    rows = SketchRows()
    for one in made:
        keys = [draw.choice((*some, draw.randrange(2**28))) for _ in range(KEYS_PER_ROW)]
        rows.add(one.id, one.exact, one.question, one.signature, keys)
    segment = segments.in_memory([segments.unsorted(rows)], ())
    for most in ((1000, 1000), most_differing(0.4, 0.1)):
        found = segment.near_many(probes_of(probes), most)
        for number, one in enumerate(probes):
            wanted = segment.near(sorted(segment.candidates(one.wanted_keys)), one.signature, most)
            assert found.get(number, []) == list(wanted)


def test_looking_ahead_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of rows that are added, packed and merged meanwhile, too."""
    monkeypatch.setattr(duplicates, "FREEZE_ROWS", 16)
    rows = real_sketches()
    made = [*rows, *reversed(rows)]
    found = []
    for width in (1, 30):
        (folder := tmp_path / str(width)).mkdir()
        index, matches = DuplicateIndex(spill=folder), []
        for start in range(0, len(made), width):
            some = made[start : start + width]
            if width > 1:
                index.look_ahead(some)
            for one in some:
                matches.append(index.check_sketch(one))
                index.add_sketch(one)
        found.append(matches)
    assert found[0] == found[1]
    assert sum(one is not None for one in found[0]) > len(rows)


def test_a_row_whose_text_is_gone_is_judged_by_its_signature(tmp_path: Path) -> None:
    """A compaction took the part meanwhile: a repeat and a near row are found all the same."""
    rows = [unlike(1)]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows)])
    index = DuplicateIndex(tmp_path)
    index.open([IndexedPart("a.parquet", 100, lambda: None, lambda _: None)])

    again = index.check(*rows[0][1:])
    near = index.check(f"{rows[0][1]} now", rows[0][2])

    assert again is not None
    assert (again.code, again.id) == ("DUP_EXACT", "lg_1")
    assert near is not None
    assert (near.code, near.near) == ("DUP_NEAR", "")
    assert '"lg_1"' in near.reason.message


def noting_reads(folder: Path, rows: list[Row]) -> tuple[DuplicateIndex, list[int]]:
    """The index of one part, and the numbers of its rows whose text is read from now on."""
    DuplicateIndex(folder).open([part("a.parquet", rows)])
    read: list[int] = []

    def row(number: int) -> Row:
        read.append(number)
        return rows[number]

    index = DuplicateIndex(folder)
    index.open([IndexedPart("a.parquet", 100, lambda: rows, row)])
    return index, read


def test_no_text_is_read_for_a_flag_of_a_question(tmp_path: Path) -> None:
    """It is told by its id; a row whose answer may be near, too, is read and told by its words."""
    kept = [("lg_a", QUESTION, ANSWER), ("lg_b", QUESTION.replace("shop", "flat"), "It depends.")]
    index, read = noting_reads(tmp_path, kept)
    alike = QUESTION.replace("rent that is late", "a nuisance")
    flagged = index.check(alike, "Only by a notice that says which breach is meant.")
    assert flagged is not None
    assert (flagged.code, flagged.near, read) == ("DUP_SOFT", "", [])
    assert flagged.question == pytest.approx(
        jaccard(shingles(words(alike), 2), shingles(words(kept[0][1]), 2)), abs=0.05
    )

    refused = index.check(alike, ANSWER.replace("long", "months"))
    assert refused is not None
    assert (refused.code, refused.id, read) == ("DUP_NEAR", "lg_a", [0])
    assert refused.near == " ".join(QUESTION.split()[:20])


def test_few_texts_are_read(tmp_path: Path) -> None:
    """Of rows that resemble a new one the nearest is read, and no other once it is a repeat."""
    rows = [(f"lg_{n}", f"{QUESTION} {n}", f"{ANSWER} {n}") for n in range(50)]
    index, read = noting_reads(tmp_path, rows)
    match = index.check(*rows[17][1:])

    assert match == Match("DUP_EXACT", "lg_17", rows[17][1], 1.0, 1.0)
    assert read == [17]


def test_a_row_takes_few_bytes(tmp_path: Path) -> None:
    """Of 2,000 rows, however long their answers are, no more than 600 bytes each."""
    rows = [
        (f"lg_{n:016x}", f"{n} {n}", " ".join(map(str, range(n, n + 400)))) for n in range(2000)
    ]
    DuplicateIndex(tmp_path).open([part("a.parquet", rows)])

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) / len(rows) <= 600


def test_what_would_be_in_memory_may_be_in_a_folder(tmp_path: Path) -> None:
    """A long list spills, and finds what it finds in memory."""
    total = FREEZE_ROWS * 2 + 10
    rows = [(f"lg_{n}", f"question number {n} of many", f"{n} {n} {n}") for n in range(total)]
    index, other = DuplicateIndex(spill=tmp_path), DuplicateIndex()
    for row in rows:
        made = sketch(*row)
        index.add_sketch(made)
        other.add_sketch(made)

    assert (len(files(tmp_path)), files(tmp_path)[1:]) == (3, ["rows-1000", "rows-2000"])
    probes = [rows[3], rows[1200], rows[-1], unlike(1)]
    found = [index.check(*probe[1:]) for probe in probes]
    assert found == [other.check(*probe[1:]) for probe in probes]
    assert [match and match.id for match in found] == ["lg_3", "lg_1200", f"lg_{total - 1}", None]


@pytest.mark.parametrize("recent", [0, 30])
@pytest.mark.parametrize("pairs", [1, 20_000])
def test_groups_are_what_the_pairs_say(
    recent: int, pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real rows, sealed and loose, however many pairs are compared at once: two that are too near,
    one by one, are in one group."""
    monkeypatch.setattr(duplicates, "PAIRS_AT_ONCE", pairs)
    rows = [*real_rows(), *map(unlike, range(recent))]
    index = DuplicateIndex()
    index.open([])
    for begin in range(0, 150, 50):
        packed(rows[begin : begin + 50], index, f"{begin}.parquet")
    add_all(index, rows[150:])
    group = {row[0]: {row[0]} for row in rows}
    for one, other, question, answer in real_pairs():  # the others are unlike all
        near = DuplicateThresholds().judge(question, answer) == "DUP_NEAR"
        if near or one.exact == other.exact:
            joined = group[one.id] | group[other.id]
            group.update(dict.fromkeys(joined, joined))
    wanted = {frozenset(ids) for ids in group.values() if len(ids) > 1}
    assert wanted
    found = index.near_groups()
    assert {frozenset(ids) for ids in found} == wanted
    assert len(found) == len(wanted)
    assert DuplicateIndex().near_groups() == []


def test_empty_texts_are_near_to_none() -> None:
    """Rows without an answer have no answer in common."""
    index = DuplicateIndex()
    add_all(index, ((f"lg_{n}", f"question{n} about{n} thing{n}", "") for n in range(20)))

    assert index.near_groups() == []
    assert index.check("another question", "") is None


# --- many rows that share keys, and many rows at all ---

FORMULA = " ".join(numbered(5_000, 40))
"""What all questions and answers of a crowd begin with."""


def crowd(count: int) -> list[Row]:
    """Rows that have nothing in common but a formula."""
    texts = (
        f"{FORMULA} " + " ".join(f"own{n}of{word}" for word in range(20)) for n in range(count)
    )
    return [(f"lg_crowd{number}", text, text) for number, text in enumerate(texts)]


def likeness(number: int, size: int) -> tuple[str, str]:
    """Two texts alike by 0.6, with 60 shingles in common; most of these are of the formula."""
    common = " ".join(f"s{number}of{n}" for n in range(60 + size - 1 - 40))
    left, right = (" ".join(f"{side}{number}of{n}" for n in range(20)) for side in "lr")
    return f"{FORMULA} {common} {left}", f"{FORMULA} {common} {right}"


@pytest.mark.parametrize("of_question", [True, False])
def test_no_pair_is_lost_among_rows_that_share_a_formula(of_question: bool) -> None:
    """Alike by 0.6, and two thirds of that a formula: found with probability 0.99, of which the
    crowd that has the formula takes nothing."""
    size = 2 if of_question else 3

    def row(name: str, text: str) -> Row:
        other = " ".join(f"{name}x{n}" for n in range(30))
        return (name, text, other) if of_question else (name, other, text)

    pairs = [likeness(number, size) for number in range(400)]
    left, right = pairs[0]
    assert jaccard(shingles(words(left), size), shingles(words(right), size)) == 0.6
    rows = SketchRows()
    rows.read([row(f"lg_{number}", left) for number, (left, _) in enumerate(pairs)])
    rows.read(crowd(400))
    segment = segments.in_memory([segments.unsorted(rows)], ())
    without = lost = in_crowds = 0
    for number, (_, right) in enumerate(pairs):
        probe = sketch("", *row(f"probe{number}", right)[1:])
        keys = probe.wanted_keys
        in_crowds += len(segment.candidates(keys)) > segments.MANY_CANDIDATES
        near = segment.alike(keys, probe.signature, most_differing(0.41, 0.27))
        if number not in segment.candidates(keys):
            without += 1
        elif number not in {one for one, *_ in near}:
            lost += 1
    assert in_crowds > 200
    assert without / len(pairs) <= 0.015
    assert lost / len(pairs) <= 0.0025


def opened(draw: random.Random) -> tuple[str, str]:
    """A question that begins as all others do, and an answer like no other."""
    words = draw.choices(range(20_000), k=164)
    asked, told = (" ".join(f"w{n}" for n in part) for part in (words[:14], words[14:]))
    return f"{' '.join(FORMULA.split()[:21])} {asked}", told


def templated(draw: random.Random) -> tuple[str, str]:
    """The same with an answer of one template, of which a tenth of the words is filled in."""
    told = [f"t{n}" for n in range(150)]
    for _ in range(16):
        told[draw.randrange(150)] = f"w{draw.randrange(20_000)}"
    return opened(draw)[0], " ".join(told)


@pytest.mark.parametrize("made", [opened, templated])
def test_a_crowd_costs_each_row_no_more_than_a_bound(
    made: Callable[[random.Random], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loose or packed: the rows that are looked at, and compared, do not grow with the crowd."""
    looks = 0

    def counted(left: frozenset[int], right: Collection[int]) -> float:
        nonlocal looks
        looks += 1
        return jaccard(left, right)

    monkeypatch.setattr(duplicates, "jaccard", counted)
    monkeypatch.setattr(duplicates, "FREEZE_ROWS", 250)
    draw, index, most = random.Random(7), DuplicateIndex(), 0
    for number in range(600):
        row = made(draw)
        before = looks
        index.check(*row)
        most = max(most, looks - before)
        index.add(f"lg_{number}", *row)
    assert NEAREST <= most <= 3 * NEAREST * 3  # the question's 16 bits, then question and answer


@pytest.mark.parametrize("made", [opened, templated])
@pytest.mark.parametrize("ahead", [False, True])
def test_what_repeats_a_row_of_a_crowd_is_found(
    made: Callable[[random.Random], tuple[str, str]],
    ahead: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exact repeat, a reworded one and one under another question, of loose rows and packed."""
    monkeypatch.setattr(duplicates, "FREEZE_ROWS", 250)
    draw, index = random.Random(7), DuplicateIndex()
    rows = [made(draw) for _ in range(600)]
    for number, row in enumerate(rows):
        index.add(f"lg_{number}", *row)
    asked, told = unlike(1)[1:]
    picked = range(0, len(rows), 40)
    kinds: dict[str, list[Sketch]] = {"repeats": [], "reworded": [], "asked otherwise": []}
    for number in picked:
        question, answer = rows[number]
        words = answer.split()
        words[10:20] = ["other"] * 10
        kinds["repeats"].append(sketch("", question, told))
        kinds["reworded"].append(sketch("", f"{question} then", " ".join(words)))
        kinds["asked otherwise"].append(sketch("", asked, " ".join(words)))
    for kind, probes in kinds.items():
        if ahead:
            index.look_ahead(probes)
        found = [index.check_sketch(one) for one in probes]
        wanted = "DUP_EXACT" if kind == "repeats" else "DUP_NEAR"
        assert [one and (one.code, one.id) for one in found] == [
            (wanted, f"lg_{number}") for number in picked
        ], kind


def test_rows_that_share_a_key_are_all_known_however_many_do() -> None:
    """A few in a tuple, more in an array; in their order, and each once."""
    rows, one = RecentRows(), real_sketches()[0]
    for count in range(1, 3 * FEW_SHARE):
        rows.add(msgspec.structs.replace(one, id=f"lg_{count}"))
        assert [row.id for row in rows.sharing(one.keys)] == [f"lg_{n + 1}" for n in range(count)]
    left = rows.without({"lg_2"})
    assert [row.id for row in left.sharing(one.keys[:1])] == left.ids()
    segment = left.packed()
    assert segment is not None
    assert (segment.ids(), segment.signature(0)) == (left.ids(), one.signature)
    assert rows.packed({"nobody"}) is None


def test_questions_of_many_rows_are_compared_as_those_of_each() -> None:
    """The same rows are let go, whatever number may differ."""
    made = real_sketches()
    raw = [one.signature.to_bytes(SIGNATURE_BYTES)[:QUESTION_BYTES] for one in made]
    rows, asked = sketches.packed("I", range(len(made))), fixed(b"".join(raw), QUESTION_BYTES)
    for probe, bytes_of in list(zip(made, raw, strict=True))[::20]:
        differ = [differing(probe.signature, one.signature)[0] for one in made]
        for most in (0, 56, 127, 128):
            found = near_by_question(rows, asked, bytes_of, most).to_pylist()
            assert found == [row for row, count in enumerate(differ) if count <= most]


@pytest.mark.parametrize("at_once", [40, 65_536])
def test_rows_that_are_put_aside_make_the_same_segment(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it happens while an index is built, whose files are gone afterwards."""
    monkeypatch.setattr(duplicates, "READ_AT_ONCE", at_once)
    monkeypatch.setattr(segments, "FEW_ROWS", 100)
    rows = [*real_rows(), *map(unlike, range(200))]
    parts = [part(f"{begin}", rows[begin : begin + 30]) for begin in range(0, len(rows), 30)]
    DuplicateIndex(tmp_path / "index").open(parts)

    (path,) = (tmp_path / "index").iterdir()
    every = SketchRows()
    every.read(rows)
    wanted, found = segments.in_memory([segments.unsorted(every)], ()).columns, segments.read(path)
    assert [each.rows for each in found.parts] == [30] * (len(rows) // 30) + [len(rows) % 30]
    for name, column in wanted.items():  # type: ignore[attr-defined]
        assert found.columns[name] == column, name


def test_a_segment_covers_no_more_rows_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row more would double the directory of its keys."""
    monkeypatch.setattr(duplicates, "LARGEST_SEGMENT", 64)
    rows = [unlike(number) for number in range(100)]
    parts = [part(f"{begin}", rows[begin : begin + 10]) for begin in range(0, 100, 10)]
    DuplicateIndex(tmp_path).open(parts)

    assert sorted(segments.read(path).rows for path in tmp_path.iterdir()) == [40, 60]


def test_columns_are_mapped_as_they_were_written(tmp_path: Path) -> None:
    """In pieces, empty, and of any length; what is forgotten is read again."""
    path = tmp_path / "columns"
    pieces: dict[str, list[columns.Piece]] = {
        "a": [b"one", b"", memoryview(b"two")], "b": [], "c": [bytes(range(200))],
    }  # fmt: skip
    with path.open("wb") as file:
        columns.write(file, pieces.items(), {"said": "this"})

    found = columns.read(path)
    for _ in range(2):
        assert {name: bytes(found[name]) for name in pieces} == {
            name: b"".join(each) for name, each in pieces.items()
        }
        found.forget()
    assert (found.told, "b" in found, "d" in found) == ({"said": "this"}, True, False)


@pytest.mark.parametrize("kept", [0, 1, 15, 16, 17, 100])
def test_columns_that_are_torn_are_none(kept: int, tmp_path: Path) -> None:
    """Wherever the file ends too early."""
    path = tmp_path / "columns"
    with path.open("wb") as file:
        columns.write(file, [("a", [bytes(64)])], {})
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(ValueError, match=r"torn|empty"):
        columns.read(path)
