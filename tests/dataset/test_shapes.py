"""shapes.py and records.py: what people have, and what export has written, read as rows."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from legalgen.dataset.export import REASONINGS, Format, ReasoningForm, shape_of
from legalgen.dataset.foreign import Row, UnreadableRow, read_rows
from legalgen.dataset.shapes import checked_mapping
from legalgen.dataset.verify import verify
from legalgen.errors import UsageError
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.files import DataDir
from legalgen.store.sample import Citation, clean, sample_id
from tests.commands.test_dataset import _folders, data, failure, run
from tests.crash.rows import make_sample
from tests.dataset.shelf import rows_of, written

__all__ = ["_folders"]

FORMS = Path(__file__).parent.parent / "data" / "forms"
TAXONOMY = Taxonomy.builtin()
SUBLET = "May a tenant sublet a room without asking the landlord?"
ONLY = "Only where the lease does not forbid it; most do, and then consent has to be asked for."
OPEN = 'Is a promise to sell, "left open" until Friday, binding before then?'
NOT = "Not without something given for it, or a deed:\nuntil then it may be taken back."
TEXTS = [(SUBLET, ONLY), (OPEN, NOT)]


def rows(path: Path, mapping: Mapping[str, str] | None = None) -> list[Row]:
    found = list(read_rows(path, mapping))
    assert all(isinstance(each, Row) for each in found), found
    return [each for each in found if isinstance(each, Row)]


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


# --- what people have --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "left"),
    [
        ("messages.jsonl", "messages", ("system message",)),
        ("sharegpt.jsonl", "sharegpt", ()),
        ("alpaca.jsonl", "alpaca", ()),
        ("prompt_completion.jsonl", "prompt-completion", ()),
        ("array.json", "question-answer", ()),
        ("qa.csv", "question-answer", ("index",)),
        ("qa.tsv", "question-answer", ("index",)),
    ],
)
def test_each_form_is_read(tmp_path: Path, name: str, form: str, left: tuple[str, ...]) -> None:
    """Plain, gzipped and without a name that tells; what is not taken is named, and nothing odd."""
    plain = FORMS / name
    (packed := tmp_path / f"{name}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (bare := tmp_path / "file").write_bytes(plain.read_bytes())
    (marked := tmp_path / name).write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    for path in (plain, packed, bare, marked):
        found = rows(path)
        assert [(row.question, row.answer) for row in found] == TEXTS
        assert {(row.form, row.not_taken, row.oddities) for row in found} == {(form, left, ())}


@pytest.mark.parametrize(
    ("record", "question", "answer"),
    [
        ({"instruction": "Q", "input": "I", "output": "A"}, "Q\n\nI", "A"),
        ({"Instruction": "Q", "Input": None, "Output": "A"}, "Q", "A"),
        ({"prompt": "Q", "response": "A"}, "Q", "A"),
        ({"question": "Q", "answer": "A", "label": True}, "Q", "A"),
        ({"conversations": [{"role": "user", "content": "Q"}, {"role": "model", "content": "A"}]},
         "Q", "A"),
        ({"messages": '[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}]'},
         "Q", "A"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Q"}]},
                       {"role": "assistant", "content": "A"}]}, "Q", "A"),
        ({"prompt": [{"role": "system", "content": " "}, {"role": "user", "content": "Q"}],
          "completion": "A"}, "Q", "A"),
    ],
)  # fmt: skip
def test_variants_of_the_forms(
    tmp_path: Path, record: dict[str, Any], question: str, answer: str
) -> None:
    """As this or that program writes them."""
    (row,) = rows(lines(tmp_path / "file.jsonl", record))
    assert (row.question, row.answer, row.not_taken) == (question, answer, ())


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"messages": [{"role": "user", "content": "Q"}]}, "no question with an answer"),
        ({"messages": [{"role": r, "content": "x"} for r in ("user", "assistant") * 2]},
         "it holds 2 questions"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "a message of 'tool'"),
        ({"messages": [{"role": "user", "content": None}]}, "has no text"),
        ({"messages": "hello"}, "no list of messages"),
        ({"messages": ["hello"]}, "what is no message"),
        ({"prompt": "Q", "completion": "A", "label": False}, "its label ('False') says"),
        ({"question": "Q", "answer": "A", "label": False}, "its label ('False') says"),
        ({"instruction": "Q", "input": "", "output": ["A"]}, "is no text"),
        ({"question": "Q", "answer": {"text": "A"}}, "answer is no text"),
    ],
)  # fmt: skip
def test_what_is_no_question_with_one_answer_says_why(
    tmp_path: Path, record: dict[str, Any], why: str
) -> None:
    """A row of its own, and the others are read."""
    good = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
    found = list(read_rows(lines(tmp_path / "file.jsonl", record, good)))
    assert isinstance(found[0], UnreadableRow)
    assert why in found[0].why
    assert isinstance(found[1], Row)


@pytest.mark.parametrize(
    ("columns", "label", "read"),
    [
        (("prompt", "completion", "label"), 0, False),
        (("prompt", "completion", "label"), 1, True),
        (("prompt", "completion", "Label"), False, False),
        (("prompt", "response", "label"), "0.0", False),
        (("prompt", "completion", "label"), "Bad", False),
        (("prompt", "completion", "label"), "good", True),
        (("question", "answer", "LABEL"), "False", False),
        (("question", "answer", "label"), "true", True),
        (("question", "answer", "label"), 0, None),
        (("question", "answer", "label"), "bad", None),
        (("prompt", "completion", "label"), 7, None),
    ],
)
def test_a_label_is_read_as_it_is_written(
    tmp_path: Path, columns: tuple[str, str, str], label: object, read: bool | None
) -> None:
    """A class of the text, which is none of an answer, is not taken and refuses no row."""
    record = dict(zip(columns, ("Q", "A", label), strict=True))
    (found,) = read_rows(lines(tmp_path / "file.jsonl", record))
    if isinstance(found, Row):
        assert (read, found.not_taken) in ((True, ()), (None, ("label",)))
    else:
        assert (read, found.why) == (
            False,
            f"its label ({str(label)!r}) says that the answer is no good one",
        )


def test_labels_of_a_table_are_read(tmp_path: Path) -> None:
    """There all of them are texts."""
    path = tmp_path / "kto.csv"
    path.write_text("prompt,completion,label\nQ,A,True\nQ,B,False\nQ,C,0\n")
    assert [isinstance(row, Row) for row in read_rows(path)] == [True, False, False]


def test_columns_are_named_by_hand(tmp_path: Path) -> None:
    """In whatever language; a name that is none on either side is refused."""
    path = lines(
        tmp_path / "file.jsonl", {"Frage": "Q", "Antwort": "A", "Thema": "Tort - Nuisance"}
    )
    with pytest.raises(UsageError, match=r"has no column 'question' .*--map question=COLUMN names"):
        rows(path)
    mapping = checked_mapping(["question=Frage", "answer = Antwort", "topic=Thema"])
    (row,) = rows(path, mapping)
    assert (row.question, row.answer, row.topic, row.not_taken) == ("Q", "A", "Tort - Nuisance", ())
    with pytest.raises(UsageError, match=r"--map answer=Text: there is no such column"):
        rows(path, {"question": "Frage", "answer": "Text"})
    with pytest.raises(UsageError, match=r"has 'answer' read as question, by --map; --map answer="):
        rows(lines(tmp_path / "qa.jsonl", {"question": "Q", "answer": "A"}), {"question": "answer"})
    with pytest.raises(UsageError, match="--map question=b: question is read from a already"):
        checked_mapping(["question=a", "question=b"])
    for pair in ("Frage", "colour=Frage", "question="):
        with pytest.raises(UsageError, match="write question=Question"):
            checked_mapping([pair])


# --- what is no file of rows -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("xl/workbook.xml", "[Content_Types].xml"), "is an Excel file: save the sheet as CSV"),
        (("content.xml",), "is a spreadsheet: save the sheet as CSV"),
        (("rows.jsonl",), "is a zip archive: unpack it first"),
    ],
)
def test_a_packed_file_is_told_by_what_is_in_it(
    tmp_path: Path, names: tuple[str, ...], says: str
) -> None:
    """Not as thousands of rows that are none."""
    path = tmp_path / "rows.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 200)
    for command in ("import", "check"):
        error = failure(command, str(path))
        assert (says in str(error), error.exit_code) == (True, 2)
    assert not (tmp_path / "data" / "batches").is_dir() or not rows_of(DataDir(tmp_path / "data"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ((FORMS / "pointer.jsonl").read_bytes(), "is a Git LFS pointer, not the file: `git lfs pu"),
        (b"\xd0\xcf\x11\xe0\xa1", "is an old Excel or Word file"),
        (b"PK\x03\x04 and no more", "is a zip archive"),
        (b"%PDF-1.7", "is a PDF"),
        (b"question,answer\ncaf\xe9,a\n", "is not UTF-8: save it as CSV UTF-8"),
        (b'[{"question": "caf\xe9"}]', "is not UTF-8: save it as UTF-8"),
        (b"question,answer,answer\nq,a,a\n", "has two columns 'answer': rename one"),
        (b'question,answer\nq,"a\n', "is no readable table"),
        (b"a,b\n1,2\n", "neither parquet, JSON nor a table of question and answer"),
    ],
)
def test_another_kind_of_file_is_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    """With what to do."""
    path = tmp_path / "file.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says):
        list(read_rows(path))


@pytest.mark.parametrize("rows_of_it", [1, 2])
def test_a_table_without_names_is_told_so(tmp_path: Path, rows_of_it: int) -> None:
    """Its first row would be lost as the names of its columns, and is all that there may be."""
    path = tmp_path / "rows.csv"
    path.write_text("What is law?,It is law.\n" * rows_of_it)
    with pytest.raises(UsageError, match=r"its first line was taken for their names"):
        list(read_rows(path))
    path.write_text("question,answer\n")
    assert list(read_rows(path)) == []


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow"])
def test_texts_that_were_written_as_bytes_are_read(
    tmp_path: Path, kind: pa.DataType, name: str
) -> None:
    """As DuckDB, Spark and Hive write them; bytes that are no UTF-8 cost their own row alone."""
    path = tmp_path / name
    columns = {
        "question": pa.array([b"Wer haftet f\xc3\xbcr wen?", b"Q"], kind),
        "answer": pa.array([b"A \xe2\x82\xac", b"\xff\xfe"], kind),
        "citations": pa.array([[b"[1893] 1 QB 256"], []], pa.list_(kind)),
    }
    table = pa.table(columns)
    if name.endswith(".parquet"):
        pq.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    first, second = read_rows(path)
    assert isinstance(first, Row)
    assert (first.question, first.answer) == ("Wer haftet für wen?", "A €")
    assert first.citations == ("[1893] 1 QB 256",)
    assert second == UnreadableRow(2, "answer is bytes that are no UTF-8 text")


def test_a_line_of_a_table_that_is_too_short_is_a_row_that_says_so(tmp_path: Path) -> None:
    """Cells may hold line ends and the delimiter; semicolons are read as such."""
    path = tmp_path / "rows.csv"
    path.write_text('question;answer;n\n"a;b";"c\nd";1\nq;a\n')
    first, second = read_rows(path)
    assert isinstance(first, Row)
    assert (first.question, first.answer, first.not_taken) == ("a;b", "c\nd", ("n",))
    assert second == UnreadableRow(2, "2 cells, and the first line has 3")


def test_an_array_is_read_piece_by_piece(tmp_path: Path) -> None:
    """Longer than what is read at once, and cut off: what is whole is read."""
    path = tmp_path / "rows.json"
    many = [{"question": f"Q{n}", "answer": "long " * 9_000} for n in range(60)]
    path.write_text(json.dumps(many))
    assert [row.question for row in rows(path)] == [each["question"] for each in many]
    path.write_text(json.dumps([*many[:2], "text"])[:-1])
    *whole, text, cut = read_rows(path)
    assert (len(whole), text) == (2, UnreadableRow(3, "not a JSON object"))
    assert cut == UnreadableRow(4, "the array is not closed: the file is cut off")


def test_what_follows_an_array_is_told(tmp_path: Path) -> None:
    """As where two files were put one behind the other: the second was passed over in silence."""
    path = tmp_path / "rows.json"
    path.write_text(
        json.dumps([{"question": "Why?", "answer": "So."}])
        + "\n" * 2_000_000
        + json.dumps([{"question": "Why?", "answer": "So."}])
    )
    row, rest = read_rows(path)
    assert isinstance(row, Row)
    assert isinstance(rest, UnreadableRow)
    assert rest.why.startswith("behind the end of the array something follows and is not read: '[{")
    path.write_text(json.dumps([{"question": "Why?", "answer": "So."}]) + "\n\n")
    assert len(list(read_rows(path))) == 1


# --- what export has written -------------------------------------------------------------------

_WORDS = st.text("abc XYZ.,;:!?\n'-()[]0123456789éß漢<>/", min_size=1, max_size=80)
_TEXT = _WORDS.map(clean).filter(lambda text: text.strip(".,;:!?'-()[]<>/ \n") != "")
_STEP = _TEXT.map(lambda text: " ".join(text.split()))
_FORMS: tuple[Format, ...] = (
    "prompt-completion", "messages", "alpaca", "sharegpt", "legacy", "schema",
)  # fmt: skip
_COMBINED = [
    (form, reasoning)
    for form in _FORMS
    for reasoning in REASONINGS
    if not (form in ("legacy", "schema") and reasoning != "none")
    if not (
        form not in ("messages", "prompt-completion")
        and "_" in reasoning + "_" * (reasoning == "thinking")
    )
]


@pytest.mark.parametrize(("form", "reasoning"), _COMBINED)
@given(st.tuples(_TEXT, st.lists(_STEP, max_size=4), _TEXT, st.booleans()))
@example(("0", ["0 :"], "0", False))
def test_what_export_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    form: Format,
    reasoning: ReasoningForm,
    told: tuple[str, list[str], str, bool],
) -> None:
    """Nothing is lost that the form holds, also where an answer begins as steps would."""
    question, steps, answer, numbered = told
    if numbered:
        answer = f"1. {question.splitlines()[0]}\n2. {answer.splitlines()[0]}\n\n{answer}"
    if form == "legacy":
        steps = [" ".join(step.replace(":", "").split()) for step in steps]
    sample = make_sample(
        3, id=sample_id(question, answer), question=question, answer=answer,
        reasoning_steps=tuple(steps), thinking="Well. 1. or 2.?\nLet me see.",
    )  # fmt: skip
    record = json.loads(json.dumps(_exported(form, reasoning, sample), default=str))
    folder = tmp_path_factory.mktemp("forms")
    (row,) = rows(lines(folder / "file.jsonl", record))
    holds = form in ("legacy", "schema") or reasoning != "none"
    assert (row.id, row.question, row.answer) == (sample.id, question, answer)
    told_steps = tuple(steps) if holds else ()
    # A message's thinking may be the vendor's own text, or the steps.
    assert row.steps == told_steps or (reasoning, row.thinking) == ("thinking", sample.thinking)
    assert row.not_taken == ()
    if form == "schema":
        assert row.sample == sample
    if form == "legacy":
        assert (row.citations, row.difficulty) == (("[1893] 1 QB 256",), "expert")


def _exported(form: Format, reasoning: ReasoningForm, sample: Any) -> Mapping[str, Any]:
    import msgspec

    shape = shape_of(form, reasoning, TAXONOMY)
    return shape({**msgspec.to_builtins(sample), "created_at": sample.created_at})


@pytest.mark.parametrize(("form", "reasoning"), [
    ("schema", "none"), ("legacy", "none"), ("messages", "reasoning_content"),
    ("alpaca", "inline"), ("sharegpt", "think"), ("prompt-completion", "none"),
])  # fmt: skip
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_an_export_that_was_imported_exports_the_same(
    tmp_path: Path, form: str, reasoning: str, suffix: str
) -> None:
    """By the commands, into another data dir; of all columns only batch and slot are new."""
    samples = [
        make_sample(0, answer="No.\n\nNot yet.", citations=(Citation("s 2 of the Act"),)),
        make_sample(1, reasoning_steps=(), practice_area="odd-area", topic="its-own"),
        make_sample(2, question="First.\n\nThen what?"),
    ]
    samples = [_with_its_id(each) for each in samples]
    written(tmp_path / "data", samples)
    first, again = tmp_path / f"first{suffix}", tmp_path / f"again{suffix}"
    words = ("--format", form, "--reasoning", reasoning)
    assert run("export", str(first), *words).exit_code == 0
    other = ("--data-dir", str(tmp_path / "other"))
    done = data("import", str(first), *other)
    assert (done["added"], done["not_taken"]) == (3, {})
    assert run("export", str(again), *words, *other).exit_code == 0
    assert _told(again) == _told(first)
    assert verify(DataDir(tmp_path / "other")).findings == ()


@pytest.mark.parametrize("form", ["messages", "alpaca", "sharegpt"])
@pytest.mark.parametrize("reasoning", ["inline", "think"])
def test_steps_of_any_form_come_back_once_they_were_imported(
    tmp_path: Path, form: str, reasoning: str
) -> None:
    """Line ends, blank steps and tags in them: an import makes each a line, as a batch does."""
    steps = ("Find\n\nthe  Act.", " ", "Cut at </think> the tag.", "</think>", "Apply it.")
    sample = _with_its_id(make_sample(0, answer="No.\n\nNot yet.", reasoning_steps=steps))
    written(tmp_path / "data", [sample])
    whole, out, back = tmp_path / "whole.parquet", tmp_path / "out.jsonl", tmp_path / "back.jsonl"
    first, second = (("--data-dir", str(tmp_path / name)) for name in ("first", "second"))
    words = ("--format", form, "--reasoning", reasoning)
    run("export", str(whole), "--format", "schema")
    data("import", str(whole), *first)
    run("export", str(out), *words, *first)
    data("import", str(out), *second)
    run("export", str(back), "--format", "schema", *second)
    (row,) = [json.loads(line) for line in back.read_text().splitlines()]
    assert (row["id"], row["question"], row["answer"], row["thinking"]) == (
        sample.id, sample.question, sample.answer, None,
    )  # fmt: skip
    assert row["reasoning_steps"] == [
        "Find the Act.", "Cut at </think> the tag.", "</think>", "Apply it.",
    ]  # fmt: skip


def _with_its_id(sample: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(sample, id=sample_id(sample.question, sample.answer))


def _told(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    else:
        found = [json.loads(line) for line in path.read_text().splitlines()]
    new = ("batch_id", "slot", "difficulty")
    return [{name: value for name, value in row.items() if name not in new} for row in found]


def test_passages_before_a_question_go_and_the_chunk_is_known(tmp_path: Path) -> None:
    """The id says where the question begins; the passages are named as not taken."""
    question, answer = "Is it void?\n\nAnd why?", "Yes."
    record = {
        "id": sample_id(question, answer), "instruction": f"[S1]\n\nNo lease.\n\n{question}",
        "input": "", "output": answer, "source": "act-1#s2",
    }  # fmt: skip
    (row,) = rows(lines(tmp_path / "file.jsonl", record))
    assert (row.question, row.source) == (question, "act-1#s2")
    assert row.not_taken == ("passages before the question",)


def test_what_is_not_taken_is_named_by_the_command(tmp_path: Path) -> None:
    """With the number of rows, on the screen and as data; empty cells are nothing."""
    path = lines(
        tmp_path / "file.jsonl",
        {"question": "Must a gift be written down?", "answer": "No. " * 9, "context": "page 3"},
        {"question": "Is silence a yes?", "answer": "It is not. " * 9, "context": None, "n": 4},
    )
    assert data("import", str(path))["not_taken"] == {"context": 1, "n": 1}
    shown = run("import", str(path), "--data-dir", str(tmp_path / "b")).stdout
    assert "not taken: context (1 row), n (1 row)" in shown
