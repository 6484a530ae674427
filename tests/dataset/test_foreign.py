"""foreign.py: which form a file has, whatever it lacks, and what is no file of rows at all."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from legalgen.dataset import foreign, foreign_files
from legalgen.dataset.cells import UnreadableCellError, unpacked
from legalgen.dataset.check import CheckReport, Linter, check
from legalgen.dataset.foreign import Row, UnreadableRow, read_rows
from legalgen.dataset.s3 import batches_of
from legalgen.errors import UsageError
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.exclusion import read_exclusion
from legalgen.quality.gate import Gate
from legalgen.quality.rules import Rules
from legalgen.sources.formats import rows as rows_of_law
from legalgen.store.sample import Citation, Sample

TEXTS = {
    "question": "Can a landlord evict her without an order of the court?",
    "answer": "No: without an order it is an offence. " * 12,
}
OURS = {
    **TEXTS,
    "reasoning_steps": ["Find the Act that applies here.", "Apply its third section."],
    "citations": [{"text": "Protection from Eviction Act 1977 s 3"}],
    "topic": "residential-tenancies",
    "difficulty": "basic",
}
OLD = {
    **TEXTS,
    "id": "housing_1",
    "topic": "Housing Law - Eviction",
    "difficulty": "basic",
    "case_citation": "Protection from Eviction Act 1977 s 3; n/a v n/a",
    "reasoning": "Step 1: Find the Act that applies here. Step 2: Apply its third section.",
}


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


def table(path: Path, *records: Mapping[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, records[0])
        writer.writeheader()
        writer.writerows(records)
    return path


def only(path: Path) -> Row:
    (row,) = read_rows(path)
    assert isinstance(row, Row), row
    return row


def checked(path: Path) -> CheckReport:
    return check(read_rows(path), Linter(Taxonomy.builtin(), Gate("full", date(2026, 11, 23))))


# ---------------------------------------------------------------------------- which form


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_new_columns_are_read_without_a_sample_type(tmp_path: Path, suffix: str) -> None:
    """The form shows in the columns that are there, not in one that may be missing."""
    path = tmp_path / f"file.{suffix}"
    if suffix == "jsonl":
        lines(path, OURS)
    else:
        pq.write_table(pa.Table.from_pylist([OURS]), path)

    row = only(path)

    assert (row.form, row.oddities) == ("legalgen", ())
    assert row.steps == ("Find the Act that applies here.", "Apply its third section.")
    assert row.citations == ("Protection from Eviction Act 1977 s 3",)
    assert row.sample is not None
    assert (row.sample.sample_type, row.sample.jurisdiction) == ("imported", "unknown")
    assert row.missing[:4] == ("id", "jurisdiction", "sub_jurisdiction", "practice_area")


@pytest.mark.parametrize(
    ("record", "form"),
    [
        (OLD, "legacy"),
        (TEXTS, "question-answer"),
        ({**TEXTS, "topic": "Housing Law - Eviction"}, "legacy"),
        (OURS, "legalgen"),
        ({**TEXTS, "sample_type": "short_qa"}, "legalgen"),
        ({**OLD, "sample_type": "short_qa"}, "legacy"),
        ({**TEXTS, "citations": ["Housing Act 1988"], "practice_area": "housing"}, "legalgen"),
    ],
)
def test_the_columns_say_which_form_it_is(
    tmp_path: Path, record: dict[str, object], form: str
) -> None:
    """The form that more of its columns belong to; the old one where nothing tells."""
    assert only(lines(tmp_path / "file.jsonl", record)).form == form


def test_a_column_of_the_other_form_is_read_where_its_own_is_missing(tmp_path: Path) -> None:
    """Old rows with a list of citations, rows of ours with reasoning as one text."""
    old = {**OLD, "citations": ["Housing Act 1988 s 21"]}
    del old["case_citation"]
    ours = {**OURS, "reasoning": OLD["reasoning"], "practice_area": "housing"}
    del ours["reasoning_steps"]

    assert only(lines(tmp_path / "old.jsonl", old)).citations == ("Housing Act 1988 s 21",)
    assert only(lines(tmp_path / "ours.jsonl", ours)).steps == (
        "Find the Act that applies here.",
        "Apply its third section.",
    )


def test_every_column_of_a_sample_has_a_value_to_stand_in() -> None:
    """A column that is added to the sample is either said here or has a default there."""
    needed = {each.name for each in msgspec.structs.fields(Sample) if each.required}
    assert needed - foreign._UNSAID.keys() - foreign._MAY_BE_NULL.keys() == {"question", "answer"}


def test_a_report_says_which_form_was_read(tmp_path: Path) -> None:
    """And what is missing; rows without a type are held to the widest bounds."""
    found = checked(lines(tmp_path / "file.jsonl", OURS, {**OLD, "answer": "Yes. " * 90}))

    assert (found.form, found.forms) == ("legalgen", {"legalgen": 1, "legacy": 1})
    assert {"sample_type", "jurisdiction"} <= set(found.missing)
    assert "difficulty" not in found.missing
    assert not {"ANSWER_LENGTH", "STEPS_COUNT"} & found.codes.keys()


@pytest.mark.parametrize(
    ("value", "texts", "odd"),
    [
        ([{"text": "Housing Act 1988"}], ["Housing Act 1988"], ()),
        ([{"citation": "Housing Act 1988", "year": 1988}], ["Housing Act 1988"], ()),
        (["Housing Act 1988"], ["Housing Act 1988"], ()),
        ('[{"text": "Housing Act 1988"}]', ["Housing Act 1988"], ()),
        (['{"text": "Housing Act 1988"}'], ["Housing Act 1988"], ()),
        ([[{"text": "Housing Act 1988"}], None], ["Housing Act 1988"], ()),
        ({"text": "Housing Act 1988"}, ["Housing Act 1988"], ()),
        ('["Housing Act 1988", "CPR 55"]', ["Housing Act 1988", "CPR 55"], ()),
        ("Housing Act 1988; CPR 55", ["Housing Act 1988", "CPR 55"], ()),
        ("[1932] AC 562", ["[1932] AC 562"], ()),
        ("[2019]", ["[2019]"], ()),
        ([], [], ()),
        (None, [], ("citations_null",)),
        ("", [], ("citations_empty",)),
        ("N/A", [], ("citations_placeholder",)),
        (["n/a"], [], ("citations_placeholder",)),
        (["n/a", "CPR 55"], ["CPR 55"], ()),
    ],
)
def test_citations_are_found_in_whatever_holds_them(
    tmp_path: Path, value: object, texts: list[str], odd: tuple[str, ...]
) -> None:
    """Objects, texts, JSON in a text, lists in lists; never the text of a Python value."""
    row = only(lines(tmp_path / "file.jsonl", {**OURS, "citations": value}))

    assert (list(row.citations), row.oddities) == (texts, odd)


def test_a_whole_row_keeps_what_it_says_of_its_citations(tmp_path: Path) -> None:
    """Every field is read as it stands; one of another type, or that is none of ours, is not."""
    citation: dict[str, Any] = {
        "text": "CPR 55", "kind": "uk_rules", "key": "CPR 55", "status": "grounded",
        "proposition": "possession", "source": "S1", "pinpoint": "r 55.3",
        "quote": "The claim", "start": 3, "end": 12,
    }  # fmt: skip
    odd = citation | {"seen": "yes"}
    row = only(lines(tmp_path / "file.jsonl", {**OURS, "citations": [odd]}))

    assert row.sample is not None
    assert row.sample.citations == (Citation(**citation),)


# ---------------------------------------------------------------------------- which file


def test_marks_line_ends_and_blank_lines_change_nothing(tmp_path: Path) -> None:
    """A byte order mark, CRLF, empty lines and gzip are how some programs write JSON lines."""
    plain = lines(tmp_path / "plain.jsonl", OLD, OURS)
    text = plain.read_text(encoding="utf-8")
    (tmp_path / "bom.jsonl").write_text(text, encoding="utf-8-sig")
    (tmp_path / "crlf.jsonl").write_bytes(text.replace("\n", "\r\n\r\n").encode())
    with gzip.open(tmp_path / "packed.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(text)

    expected = list(read_rows(plain))

    assert len(expected) == 2
    for name in ("bom.jsonl", "crlf.jsonl", "packed.jsonl.gz"):
        assert list(read_rows(tmp_path / name)) == expected, name


def test_a_folder_is_read_whoever_wrote_it(tmp_path: Path) -> None:
    """Parquet as on the hub, JSON lines, and Arrow as ``datasets`` saves it."""
    table = pa.Table.from_pylist([OLD, {**OLD, "id": "housing_2"}])
    hub, saved, plain = (tmp_path / name for name in ("hub", "saved", "plain"))
    for folder in (hub / "data", saved / "train", plain):
        folder.mkdir(parents=True)
    pq.write_table(table.slice(0, 1), hub / "data" / "train-00000-of-00002.parquet")
    pq.write_table(table.slice(1), hub / "data" / "train-00001-of-00002.parquet")
    (hub / "data" / ".train-00002.parquet").write_bytes(b"half")
    (saved / "dataset_dict.json").write_text("{}")
    with (
        pa.OSFile(str(saved / "train" / "data-00000-of-00001.arrow"), "wb") as file,
        pa.ipc.new_stream(file, table.schema) as stream,
    ):
        stream.write_table(table)
    lines(plain / "rows.jsonl", *table.to_pylist())

    for folder in (hub, saved, plain):
        ids = [row.id for row in read_rows(folder) if isinstance(row, Row)]
        assert ids == ["housing_1", "housing_2"], folder


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"question": "q"}'.encode("utf-16"), "is UTF-16: save it as UTF-8"),
        ('{"question": "q"}'.encode("utf-32"), "is UTF-32: save it as UTF-8"),
        (f'{{"question": "{"q" * 40}"}}'.encode("utf-16-le"), "is UTF-16 without a mark"),
        (f'{{"question": "{"q" * 40}"}}'.encode("utf-16-be"), "is UTF-16 without a mark"),
        (b"PARE and what nobody reads", "is an encrypted parquet file: write it without"),
        (b"PAR1" + bytes(40) + b"\x20\0\0\0PAR1", r"cannot read .*: Couldn't .*[^\s]\Z"),
        (b"nothing,known\nq,a\n", "is neither parquet, JSON nor a table of .*'nothing,known'"),
        (bytes(range(200)), "is neither parquet, JSON nor a table"),
        (gzip.compress(b"PAR1 and more", mtime=0), "is a gzipped parquet file: unpack it first"),
        (gzip.compress(b'{"question": "q"}' * 99, mtime=0)[:-20], "cannot read"),
        (b"PAR1 and no more", "is no readable parquet file"),
    ],
)
def test_what_is_no_file_of_rows_is_told_in_a_sentence(
    tmp_path: Path, content: bytes, says: str
) -> None:
    """Not line by line, as if each were a row that is broken."""
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=says) as raised:
        list(read_rows(path))
    assert str(path) in str(raised.value)


def test_parquet_without_rows_is_looked_at_too(tmp_path: Path) -> None:
    """Its columns are known; none at all is no error."""
    empty, other = tmp_path / "empty.parquet", tmp_path / "other.parquet"
    pq.write_table(pa.Table.from_pylist([OLD]).slice(0, 0), empty)
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), other)

    assert list(read_rows(empty)) == []
    with pytest.raises(UsageError, match=r"no column 'question' \(it has: text\)"):
        list(read_rows(other))


def test_a_lack_of_threads_is_no_fault_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever parquet and Arrow files of others are read, it is told as it is."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([{**OLD, "text": "A text."}]), path)
    arrow = tmp_path / "a.arrow"
    arrow.write_bytes(b"ARROW1")
    lack = pa.ArrowException("Unknown error: Failed to launch worker thread: Resource")

    def fails(*_: object, **__: object) -> None:
        raise lack

    # A limit that is met in this very call, and in no import before it, cannot be set.
    monkeypatch.setattr(pq, "ParquetFile", fails)
    monkeypatch.setattr(pa.ipc, "open_file", fails)
    reads: list[Callable[[], object]] = [
        lambda: list(read_rows(path)),
        lambda: list(read_rows(arrow)),
        lambda: read_exclusion([path], Rules().duplicate_thresholds()),
        lambda: rows_of_law.read(path),
        lambda: batches_of(path),
    ]
    for read in reads:
        with pytest.raises(pa.ArrowException) as told:
            read()
        assert told.value is lack


def test_lines_that_cannot_be_read_are_rows_that_say_why(tmp_path: Path) -> None:
    """The others are read; the columns are looked at in the first that can be."""
    path = tmp_path / "file.jsonl"
    good = json.dumps(OLD).encode()
    bad = [b'{"question": "caf\xe9"}', b"{broken", b"[1]", b'{"question": null, "answer": "a"}']
    path.write_bytes(b"\n".join([b"[" * 100_000, *bad[:3], good, bad[3], good]))

    rows = list(read_rows(path))

    deep, *others = [row.why for row in rows if isinstance(row, UnreadableRow)]
    assert deep.startswith("not JSON: maximum recursion depth exceeded")
    assert others == [
        "not UTF-8: byte 0xe9 at 18",
        "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "not a JSON object",
        "question is no text",
    ]
    assert [row.number for row in rows if isinstance(row, Row)] == [5, 7]


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """What was looked at to tell its kind is gone; half of it would be read."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(UsageError, match="is a pipe, and it has to be read twice"):
        list(read_rows(path))


def test_all_files_of_a_kind_in_a_folder_are_read(tmp_path: Path) -> None:
    """Packed or not, whatever the ending; what is of another kind may be the same rows again."""
    lines(tmp_path / "b.jsonl", {**OLD, "id": "2"})
    lines(tmp_path / "c.ndjson", {**OLD, "id": "3"})
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps({**OLD, "id": "1"}).encode()))
    (tmp_path / "d.csv").write_text("question,answer\nWhy?,Because.\n")
    assert [row.id for row in read_rows(tmp_path) if isinstance(row, Row)] == ["1", "2", "3"]


def test_a_folder_in_hives_way_is_read_with_what_its_folders_say(tmp_path: Path) -> None:
    """The columns that a table was parted by are in no file of it."""
    record = {name: value for name, value in OURS.items() if name != "difficulty"}
    for folder in ("difficulty=expert/model=a%20b", "difficulty=__HIVE_DEFAULT_PARTITION__/c"):
        (tmp_path / folder).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist([record]), tmp_path / folder / "part.parquet")
    rows = [row for row in read_rows(tmp_path) if isinstance(row, Row)]
    assert [(row.difficulty, row.model) for row in rows] == [("", "unknown"), ("expert", "a b")]


def test_of_a_folder_the_file_is_named_whose_columns_are_others(tmp_path: Path) -> None:
    """And not the folder, in which the others may have them."""
    for name, record in (("a", OLD), ("b", {"Frage": "Q", "Antwort": "A"})):
        pq.write_table(pa.Table.from_pylist([record]), tmp_path / f"{name}.parquet")
    with pytest.raises(UsageError, match=r"b\.parquet has no column 'question' \(it has: Frage"):
        list(read_rows(tmp_path))


def test_a_number_of_too_many_digits_is_told_without_pythons_advice(tmp_path: Path) -> None:
    """Who has the file can set no limit of the program that reads it."""
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(OLD) + '\n{"question": "Q", "n": ' + "1" * 5000 + "}\n")
    _, row = read_rows(path)
    assert isinstance(row, UnreadableRow)
    assert row.why.endswith("value has 5000 digits")


def test_of_a_folder_the_file_is_named_that_cannot_be_read(tmp_path: Path) -> None:
    """It may hold hundreds."""
    packed = gzip.compress(json.dumps(OLD).encode())
    for name, content in (("a", packed), ("b", packed[:-9])):
        (tmp_path / f"{name}.jsonl.gz").write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot read .*b\.jsonl\.gz: Compressed file ended"):
        list(read_rows(tmp_path))


def test_an_empty_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    """Nothing that looks like rows is an error, not an empty report."""
    with pytest.raises(UsageError, match="there is no parquet, JSON lines, CSV or TSV file in"):
        list(read_rows(tmp_path))


@pytest.mark.parametrize("name", ["rows.arrow", "rows.feather", "rows.parquet"])
def test_an_arrow_file_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    """As pandas and polars write it, packed; a stream too, which ``datasets`` saves."""
    path, table = tmp_path / name, pa.Table.from_pylist([OLD])
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    for writer in (pa.ipc.new_file, pa.ipc.new_stream):
        with (
            pa.OSFile(str(path), "wb") as file,
            writer(file, table.schema, options=options) as stream,
        ):
            stream.write_table(table)
        assert only(path).id == "housing_1"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UsageError, match=f"cannot read .*{name}: Expected"):
        list(read_rows(path))
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, pa.schema([])):
        pass
    with pytest.raises(UsageError, match="no column 'question'"):
        list(read_rows(path))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    """One of them would be passed over; nothing tells which is meant."""
    table = pa.table([["Q"], ["A"], ["B"]], names=["question", "answer", "answer"])
    pq.write_table(table, tmp_path / "rows.parquet")
    for name, writer in (("a.arrow", pa.ipc.new_file), ("b.arrow", pa.ipc.new_stream)):
        with (
            pa.OSFile(str(tmp_path / name), "wb") as file,
            writer(file, table.schema) as stream,
        ):
            stream.write_table(table)
    (tmp_path / "rows.csv").write_text("question,answer,answer\nQ,A,B\n")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(UsageError, match=f"{path.name} has two columns 'answer': rename one"):
            list(read_rows(path))


def test_a_damaged_arrow_file_ends_in_a_sentence(tmp_path: Path) -> None:
    """Its offsets lead anywhere: unlooked at, they would end the process itself."""
    path, table = tmp_path / "rows.arrow", pa.Table.from_pylist([OLD])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    whole = path.read_bytes()
    offsets = len(TEXTS["question"]).to_bytes(4, "little")
    at = whole.rindex(offsets)  # in the rows, behind the schema
    path.write_bytes(whole[:at] + (2**31 - 9).to_bytes(4, "little") + whole[at + 4 :])
    with pytest.raises(UsageError, match="is no readable Arrow file"):
        list(read_rows(path))


def test_a_value_that_python_has_none_for_costs_its_row_alone(tmp_path: Path) -> None:
    """A year beyond 9999, bytes that are no UTF-8: the rows beside it are read."""
    path = tmp_path / "rows.parquet"
    years = pa.array([0, 2**62, 0], pa.timestamp("us"))
    broken = pa.array([b"plain", b"plain", b"\xff\xfe"]).view(pa.string())
    texts = {name: [value] * 3 for name, value in TEXTS.items()}
    pq.write_table(pa.table({**texts, "created_at": years, "model": broken}), path)

    first, *others = read_rows(path)

    assert isinstance(first, Row)
    why = [each.why for each in others if isinstance(each, UnreadableRow)]
    assert why[0] == "created_at cannot be read: date value out of range"
    assert why[1].startswith("model cannot be read: 'utf-8' codec can't decode byte 0xff")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_no_clock_of_utc_shows_is_none(tmp_path: Path, moment: str) -> None:
    """The row is read without it, in the old form and in ours."""
    assert only(lines(tmp_path / "a.jsonl", {**OLD, "created_at": moment})).created_at is None
    (row,) = read_rows(lines(tmp_path / "b.jsonl", {**OURS, "created_at": moment}))
    assert isinstance(row, UnreadableRow)
    assert row.why.startswith(
        f"not a row of this schema: created_at is {moment!r}, and it takes a moment of UTC: 2026-"
    )


@pytest.mark.parametrize(
    "written",
    [
        1764592754, 1764592754.0, 1764592754000, 1764592754000000, 1764592754000000000,
        "1764592754000", "2025-12-01 12:39:14+00", "2025-12-01T12:39:14.000Z",
        "2025-12-01T13:39:14+01:00", "2025-12-01 12:39:14",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", [OURS, OLD])
def test_a_moment_is_read_as_other_programs_write_it(
    tmp_path: Path, form: dict[str, object], written: object
) -> None:
    """pandas and ``datasets`` count since 1970 in JSON, DuckDB has hours alone for a zone."""
    row = only(lines(tmp_path / "a.jsonl", {**form, "created_at": written}))
    assert row.created_at == datetime(2025, 12, 1, 12, 39, 14, tzinfo=UTC)


@pytest.mark.parametrize("written", [True, "soon", 10**30, float("inf"), [2025]])
def test_what_is_no_moment_costs_a_row_of_ours(tmp_path: Path, written: object) -> None:
    """Of the old form it is passed over: there the column may be somebody else's."""
    (row,) = read_rows(lines(tmp_path / "a.jsonl", {**OURS, "created_at": written}))
    assert isinstance(row, UnreadableRow)
    assert f"created_at is {written!r}, and it takes a moment" in row.why
    assert only(lines(tmp_path / "b.jsonl", {**OLD, "created_at": written})).created_at is None


# ---------------------------------------------------------------------------- which cell


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("['a', 'b']", ["a", "b"]),
        ("['a' 'b']", ["a", "b"]),
        ("['It is' \"one's\"\n 'a\\nb']", ["It is", "one's", "a\nb"]),
        ("[{'text': 'A', 'start': None}\n {'text': 'B', 'start': nan}]",
         [{"text": "A", "start": None}, {"text": "B", "start": None}]),
        ("{'safe': 5}", {"safe": 5}),
        ("[]", []),
        ("[1932] AC 562", None),
        ("[2019]", None),
        ("[see below]", None),
        ("plain", None),
    ],
)  # fmt: skip
def test_a_list_is_read_as_python_and_numpy_print_it(text: str, found: object) -> None:
    """Texts side by side are two of an array; a year in brackets begins a citation."""
    assert unpacked(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "['a", "['a', ...]", "['a']; ['b']", "['a'] + ['b']", "[{'a': print(1)}]", "['a', b'b']",
        "[{'text': 42 U.S.C. 2000, 'kind': us}]", "array(['a'], dtype=object)", "[" * 3000,
        "['" + "x" * 1_000_000 + "']",
    ],
)  # fmt: skip
def test_what_begins_as_a_list_and_is_none_is_no_text(text: str) -> None:
    """Half of it would be taken for a citation or a flag."""
    with pytest.raises(UnreadableCellError, match=r"begins '?\"?[\[a]"):
        unpacked(text)


def test_a_table_as_pandas_writes_it(tmp_path: Path) -> None:
    """Lists as numpy prints them, in our columns and in the old ones, and messages."""
    steps = "['Find the Act that applies here.'\n 'Apply its third section.']"
    cited = "[{'text': 'CPR 55', 'kind': 'uk_rules', 'key': '', 'start': None}\n {'text': 'CPR 3'}]"
    said = {**TEXTS, "reasoning_steps": steps, "citations": cited, "flags": "['DUP_SOFT' 'MARKUP']"}
    row = only(table(tmp_path / "ours.csv", said))
    assert row.sample is not None
    assert row.sample.reasoning_steps == tuple(OURS["reasoning_steps"])
    assert row.sample.citations == (Citation("CPR 55", "uk_rules"), Citation("CPR 3"))
    assert row.sample.flags == ("DUP_SOFT", "MARKUP")

    row = only(table(tmp_path / "old.csv", {**TEXTS, "topic": "A - B", "reasoning": steps}))
    assert (row.form, row.steps) == ("legacy", tuple(OURS["reasoning_steps"]))

    talk = "[{'role': 'user', 'content': 'Q'}\n {'role': 'assistant', 'content': 'A'}]"
    row = only(table(tmp_path / "talk.csv", {"messages": talk}))
    assert (row.question, row.answer) == ("Q", "A")


@pytest.mark.parametrize("column", ["reasoning_steps", "citations", "flags", "sources", "marks"])
def test_a_broken_list_costs_its_row(tmp_path: Path, column: str) -> None:
    """By the name of its column; the row beside it is read."""
    broken = {**TEXTS, "practice_area": "housing", column: "['a, b"}
    whole = {**broken, column: "[]" if column != "marks" else "{}"}
    first, other = read_rows(table(tmp_path / "ours.csv", broken, whole))
    assert isinstance(first, UnreadableRow)
    assert first.why == f"""{column} begins "['a, b", and is neither JSON nor a list"""
    assert isinstance(other, Row)


def test_places_of_quotations_come_back_from_pandas(tmp_path: Path) -> None:
    """As floats, where one of them is null; what is no whole number is named."""
    quoted = {"text": "A", "source": "a#1", "quote": "of the court", "start": 3.0, "end": 15.5}
    row = only(lines(tmp_path / "a.jsonl", {**OURS, "citations": [quoted, {"text": "B"}]}))
    assert row.sample is not None
    assert [(one.start, one.end) for one in row.sample.citations] == [(3, None), (None, None)]
    assert row.not_taken == ("citations.end",)


def test_a_line_that_never_ends_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gzipped line of any length would be unpacked into memory; the lines after it are read."""
    monkeypatch.setattr(foreign_files, "_LONGEST_CELL", 2000)  # sixteen million bytes take a second
    path = tmp_path / "rows.jsonl.gz"
    good = json.dumps(OLD)
    assert len(good) < 2000
    path.write_bytes(gzip.compress(f'{good}\n{{"question":"{"x" * 9000}"}}\n{good}'.encode()))

    first, long, last = read_rows(path)

    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert isinstance(long, UnreadableRow)
    assert long.why == "its line has more than 2,000 bytes"


def test_a_cell_that_is_too_long_costs_its_row_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended the reading of its whole file."""
    monkeypatch.setattr(foreign_files, "_LONGEST_CELL", 2000)  # sixteen million take a second
    long = {**TEXTS, "answer": "long\n" * 500}

    first, csv_row, last = read_rows(table(tmp_path / "rows.csv", TEXTS, long, TEXTS))
    (tmp_path / "rows.json").write_text(json.dumps([TEXTS, long, TEXTS]))
    before, json_row, behind = read_rows(tmp_path / "rows.json")

    assert all(isinstance(each, Row) for each in (first, last, before, behind))
    assert csv_row == UnreadableRow(2, "a cell has more than 2,000 characters")
    assert json_row == UnreadableRow(2, "it has more than 2,000 characters")
    endless = tmp_path / "endless.csv"
    endless.write_text('question,answer\nWhy?,"' + "long " * 4000)
    with pytest.raises(UsageError, match=r"a line has more than 16,000 characters \(row 1\)"):
        list(read_rows(endless))
    endless.write_text('question,answer\nWhy?,"' + "long\n" * 4000)
    with pytest.raises(UsageError, match=r"field larger than field limit \(16000\) \(row 1\)"):
        list(read_rows(endless))


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json"])
def test_a_key_that_stands_twice_costs_its_row(tmp_path: Path, name: str) -> None:
    """Its last value was taken, and nobody was told of the other one."""
    good, twice = json.dumps(TEXTS), json.dumps(TEXTS)[:-1] + ', "answer": "Yes."}'
    inner = good[:-1] + ', "citations": [{"text": "A v B", "text": "C v D"}]}'
    path = tmp_path / name
    rows = [good, twice, inner, good]
    path.write_text("\n".join(rows) if name == "rows.jsonl" else f"[{','.join(rows)}]")

    first, outer, nested, last = read_rows(path)

    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert outer == UnreadableRow(2, "the key 'answer' stands twice in one object")
    assert nested == UnreadableRow(3, "the key 'text' stands twice in one object")


def test_a_key_that_stands_twice_in_a_cell_costs_its_row(tmp_path: Path) -> None:
    """Of a citation, too, which of two values is meant nobody can tell."""
    cell = '[{"text": "A v B", "text": "C v D"}]'
    (row,) = read_rows(table(tmp_path / "rows.csv", {**TEXTS, "citations": cell}))
    why = "citations cannot be read: the key 'text' stands twice in one object"
    assert row == UnreadableRow(1, why)


@pytest.mark.parametrize("blank", ["\xa0\n", "\u2003\n\x1f\n"])
def test_a_table_of_blanks_ends(tmp_path: Path, blank: str) -> None:
    """A line of blanks that only Python takes for some was looked behind without end."""
    path = tmp_path / "rows.csv"
    path.write_text(blank, encoding="utf-8")
    with pytest.raises(UsageError, match="has no column 'question'"):
        list(read_rows(path))


def test_an_object_over_several_lines_is_told_once(tmp_path: Path) -> None:
    """Not as one broken row for each of its lines."""
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"data": [OLD]}, indent=2))
    with pytest.raises(UsageError, match="is one JSON object over several lines: write its rows"):
        list(read_rows(path))


@pytest.mark.parametrize(
    "head",
    [
        "\r\n\r\nquestion;answer;;", "sep=;\r\nquestion;answer;;", "SEP=|\nquestion|answer||",
        "sep=\r\nquestion;answer;;",
    ],
)  # fmt: skip
def test_a_table_as_excel_leaves_it(tmp_path: Path, head: str) -> None:
    """Blank lines before it, the word for its delimiter, columns without a name."""
    path = tmp_path / "rows.csv"
    delimiter = head[-1]
    cells = [*TEXTS.values(), "", "seen"]
    path.write_text(f"{head}\n{delimiter.join(cells)}\n", newline="")
    row = only(path)
    assert (row.question, row.not_taken) == (TEXTS["question"], ("column 4",))


def test_a_cell_that_breaks_a_table_is_told_with_its_row(tmp_path: Path) -> None:
    """What is read before it tells nothing of where it stands."""
    path = tmp_path / "rows.csv"
    path.write_text('question,answer\nWhy?,Because.\nWhy?,"Because" it is.\n')
    with pytest.raises(UsageError, match=r"',' expected after '\"' \(row 2\)"):
        list(read_rows(path))
