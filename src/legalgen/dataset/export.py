"""What a trainer reads: the dataset in other shapes, filtered, split, in one file.

Rows stream through: at most some thousand are in memory. The file is written beside its final
name and swapped in whole. Each format has the columns it needs and ``id``, and no other: trainers
take a column called ``prompt``, ``completion``, ``messages`` or ``text`` for data wherever it is.

Where a dataset has grounded rows, ``source`` is the id of the chunk that each was written from, and
with ``context`` the passages stand before the question.

    prompt-completion   {"prompt": [user], "completion": [assistant]}       TRL; loss on the answer
    messages            {"messages": [user, assistant]}                     TRL, Axolotl, Unsloth
    alpaca              {"instruction", "input", "output"}                  LLaMA-Factory, Axolotl
    sharegpt            {"conversations": [{"from": "human", "value"}]}     LLaMA-Factory, Unsloth
    kto                 {"prompt": [user], "completion": [assistant], "label"}   TRL's KTO
    legacy              the old seven columns
    schema              every column of the dataset
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, Protocol

import msgspec

from legalgen.dataset.foreign import SAMPLE_TYPE as IMPORTED
from legalgen.dataset.kto import Labels, RefusedAnswers
from legalgen.dataset.splitting import GROUP_COLUMNS, Split
from legalgen.dataset.wanted import Wanted
from legalgen.errors import DiskError, UsageError
from legalgen.law.taxonomy import Taxonomy
from legalgen.settings.reading import is_folder
from legalgen.settings.writing import clear_beside, no_file, swapped_in
from legalgen.store.files import DataDir
from legalgen.store.parts import dataset_version, iter_batches
from legalgen.store.sample import SCHEMA_VERSION, arrow_schema, upgraded

if TYPE_CHECKING:
    import pyarrow as pa

    from legalgen.quality.exclusion import Exclusion

Format = Literal["prompt-completion", "messages", "alpaca", "sharegpt", "kto", "legacy", "schema"]
FORMATS: Final[tuple[Format, ...]] = (
    "prompt-completion", "messages", "alpaca", "sharegpt", "kto", "legacy", "schema",
)  # fmt: skip
ReasoningForm = Literal["none", "inline", "think", "reasoning_content", "thinking"]
REASONINGS: Final[tuple[ReasoningForm, ...]] = (
    "none", "inline", "think", "reasoning_content", "thinking",
)  # fmt: skip
SUFFIXES: Final = (".parquet", ".jsonl")
_BATCH_ROWS: Final = 5_000
_CHAT: Final = frozenset({"prompt-completion", "messages", "kto"})

ExportedRow = Mapping[str, Any]
Shape = Callable[[ExportedRow], ExportedRow]


# --- in which shape ----------------------------------------------------------------------------


Contexts = Callable[[ExportedRow], str]
"""The passages of a row as text, empty where it has none."""


def _closed_book(_: ExportedRow) -> str:
    return ""


def shape_of(
    form: Format,
    reasoning: ReasoningForm,
    taxonomy: Taxonomy,
    context: Contexts = _closed_book,
    *,
    traced: bool = False,
    system: str = "",
) -> Shape:
    """What makes a row of a format; ``context`` gives what stands before its question.

    ``traced``: it names the chunk that it was written from. ``system`` goes before every dialogue.

    Raises:
        UsageError: the format has no place for reasoning of this kind, or for a system message.
    """
    if form in ("schema", "legacy") and system:
        raise UsageError(f"--format {form} has no place for --system")
    if form == "kto" and reasoning == "thinking":
        raise UsageError("--reasoning thinking: of refused answers the vendor's text is not kept")
    if reasoning in ("reasoning_content", "thinking") and form not in _CHAT:
        raise UsageError(
            f"--reasoning {reasoning} is a key of a message: use --format messages, "
            "prompt-completion or kto"
        )
    if form in ("schema", "legacy") and reasoning != "none":
        raise UsageError(f"--format {form} has columns of its own for the reasoning")
    if form == "legacy":
        return _Legacy(taxonomy)  # seven columns, and no other
    shape = {
        "prompt-completion": _prompt_completion,
        "messages": _messages,
        "alpaca": _alpaca,
        "sharegpt": _sharegpt,
        "kto": _kto,
        "schema": _schema,
    }[form](reasoning, system)
    if form in ("schema", "kto"):
        return shape
    if not traced:
        return lambda row: shape(_opened_book(row, context))
    return lambda row: _traced(shape(_opened_book(row, context)), row)


def _opened_book(row: ExportedRow, context: Contexts) -> ExportedRow:
    """The row with its passages before the question."""
    passages = context(row)
    return {**row, "question": f"{passages}\n\n{row['question']}"} if passages else row


def _traced(shaped: ExportedRow, row: ExportedRow) -> ExportedRow:
    """With the chunk that a grounded row was written from; empty in the others."""
    sources = row.get("sources") or ()
    return {**shaped, "source": sources[0]["id"] if sources else ""}


def is_grounded(data_dir: DataDir, *, rehearsal: bool = False) -> bool:
    """Whether any row was written from the user's own texts.

    Raises:
        DiskError: a part cannot be read.
    """
    if (dataset_version(data_dir, rehearsal=rehearsal) or 1) < SCHEMA_VERSION:
        return False
    batches = iter_batches(data_dir, ["id", "grounded"], rehearsal=rehearsal)
    known = (batch for batch in batches if "grounded" in batch.schema.names)  # not in version 1
    return any(True in batch.column("grounded").to_pylist() for batch in known)


def _schema(_reasoning: ReasoningForm, _system: str) -> Shape:
    return lambda row: row


def _prompt_completion(reasoning: ReasoningForm, system: str) -> Shape:
    def shape(row: ExportedRow) -> ExportedRow:
        *prompt, assistant = _turns(row, reasoning, system)
        return {"id": row["id"], "prompt": prompt, "completion": [assistant]}

    return shape


def _kto(reasoning: ReasoningForm, system: str) -> Shape:
    """Rows of the dataset are what is wanted; refused answers say themselves that they are not."""
    pair = _prompt_completion(reasoning, system)
    return lambda row: {**pair(row), "label": row.get("label", True)}


def _messages(reasoning: ReasoningForm, system: str) -> Shape:
    return lambda row: {"id": row["id"], "messages": _turns(row, reasoning, system)}


def _alpaca(reasoning: ReasoningForm, system: str) -> Shape:
    more = {"system": system} if system else {}
    return lambda row: {
        "id": row["id"],
        "instruction": row["question"],
        "input": "",
        "output": _answer(row, reasoning),
        **more,
    }


def _sharegpt(reasoning: ReasoningForm, system: str) -> Shape:
    before = [{"from": "system", "value": system}] if system else []
    return lambda row: {
        "id": row["id"],
        "conversations": [
            *before,
            {"from": "human", "value": row["question"]},
            {"from": "gpt", "value": _answer(row, reasoning)},
        ],
    }


def _turns(row: ExportedRow, reasoning: ReasoningForm, system: str) -> list[dict[str, str]]:
    """All messages have the same keys: loaders make one type of them."""
    before = [{"role": "system", "content": system}] if system else []
    turns = [*before, {"role": "user", "content": row["question"]}]
    if reasoning not in ("reasoning_content", "thinking"):
        return [*turns, {"role": "assistant", "content": _answer(row, reasoning)}]
    thought = (row["thinking"] or "") if reasoning == "thinking" else _steps(row)
    assistant = {"role": "assistant", "content": row["answer"], reasoning: thought}
    return [*({**turn, reasoning: ""} for turn in turns), assistant]


def _answer(row: ExportedRow, reasoning: ReasoningForm) -> str:
    steps = _steps(row)
    if reasoning == "none" or not steps:
        return str(row["answer"])
    if reasoning == "think":
        return f"<think>\n{steps}\n</think>\n\n{row['answer']}"
    return f"{steps}\n\n{row['answer']}"


def _steps(row: ExportedRow) -> str:
    return "\n".join(f"{n}. {step}" for n, step in enumerate(row["reasoning_steps"], 1))


class _Legacy:
    """The old seven columns; ids of topics become their names again."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._names = {
            topic.key: f"{area.name} - {topic.name}"
            for area in taxonomy.areas
            for topic in area.topics
        }

    def __call__(self, row: ExportedRow) -> ExportedRow:
        steps = (f"Step {n}: {step}" for n, step in enumerate(row["reasoning_steps"], 1))
        return {
            "id": row["id"],
            "question": row["question"],
            "answer": row["answer"],
            "topic": self._topic(row),
            "difficulty": row["difficulty"],
            "case_citation": "; ".join(citation["text"] for citation in row["citations"]),
            "reasoning": " ".join(steps),
        }

    def _topic(self, row: ExportedRow) -> str:
        if row.get("sample_type") == IMPORTED and " - " in row["subtopic"]:
            return str(row["subtopic"])  # an import keeps the old topic there, word for word
        key = (row["jurisdiction"], row["practice_area"], row["topic"])
        return self._names.get(key) or f"{_titled(key[1])} - {_titled(key[2])}"


def _titled(slug: str) -> str:
    return slug.replace("-", " ").title()


# --- writing -----------------------------------------------------------------------------------


class Exported(msgspec.Struct, frozen=True):
    """What was written: rows by file, and how many rows of the dataset were left out.

    ``without_thinking`` counts rows of which the vendor's own text was asked for and not kept,
    ``without_context`` those that rest on no passage where passages were asked for,
    ``fewer_distractors`` those for which there were not so many others, ``excluded`` those that
    came too near to a benchmark, ``labels`` the rows of a KTO export.
    ``longest_bytes`` are those of the texts of the longest row, in UTF-8; 0 of all columns.
    ``beside`` are files for trainers, by ``trainers``; ``removed`` those of an older file.
    """

    files: dict[str, int]
    left_out: int
    without_thinking: int = 0
    labels: Labels | None = None
    beside: tuple[str, ...] = ()
    excluded: int = 0
    without_context: int = 0
    fewer_distractors: int = 0
    longest_bytes: int = 0
    removed: tuple[str, ...] = ()


def export(
    data_dir: DataDir,
    out: Path,
    shape: Shape,
    *,
    form: Format,
    wanted: Wanted | None = None,
    split: Split | None = None,
    rehearsal: bool = False,
    thinking: bool = False,
    refused: RefusedAnswers | None = None,
    exclusion: Exclusion | None = None,
    seen: Callable[[int], None] = lambda _: None,
) -> Exported:
    """Write the wanted rows to ``out``, or with ``split`` to ``<out>-train`` and ``<out>-test``.

    A file that is there is replaced once the new one is whole. ``thinking``: the shape needs the
    vendor's own text. ``refused`` answers follow the rows, each on the side of the row that has its
    place in the plan. Rows that come too near to the questions of an ``exclusion`` stay behind.
    ``seen`` is told after some thousand rows of the dataset how many there were.

    Raises:
        UsageError: ``out`` cannot be meant (no known suffix, a folder, inside the data dir), or
            no row is left to write, or none has what ``thinking`` or ``refused`` needs.
        DiskError: a part cannot be read, or the file not be written; the old file stands.
    """
    paths = _paths(data_dir, out, split)
    chosen = wanted or Wanted()
    version = dataset_version(data_dir, rehearsal=rehearsal) or SCHEMA_VERSION
    columns = arrow_schema(version) if form == "schema" else None
    places = _Places(refused, split)
    sorting = _Sorting(chosen, split, places, exclusion, thinking=thinking)
    measured = _Measured(shape)
    with contextlib.ExitStack() as stack:
        files = {side: stack.enter_context(_aside(path, columns)) for side, path in paths.items()}
        for each in iter_batches(data_dir, rehearsal=rehearsal, batch_rows=_BATCH_ROWS):
            batch = upgraded(each, version)
            if columns is not None and not batch.schema.equals(columns):
                folder = data_dir.parts(rehearsal=rehearsal)
                told = f"a part in {folder} has other columns; see `legalgen dataset verify`"
                raise DiskError(told, folder)
            sides = sorting.sides(batch)
            for side, file in files.items():
                file.write(_rows(batch, [one == side for one in sides]), measured)
            seen(batch.num_rows)
        kept = sum(file.rows for file in files.values())
        if thinking and kept and sorting.silent == kept:
            raise UsageError(
                "no row holds the vendor's reasoning: `batch --keep-thinking` keeps it; "
                "--reasoning reasoning_content has the numbered steps"
            )
        labels = _add_refused(files, measured, refused, places) if refused is not None else None
        if empty := [side for side, file in files.items() if not file.rows]:
            again = _wanted_rows(data_dir, chosen, rehearsal=rehearsal)
            raise UsageError(_why_empty(empty, files, split, again))
        for file in files.values():
            file.finish()
    return Exported(
        {str(file.path): file.rows for file in files.values()},
        sorting.left_out,
        sorting.silent,
        labels,
        excluded=sorting.excluded,
        longest_bytes=0 if columns is not None else measured.longest_bytes,
    )


class _Measured:
    """A shape that knows how long the longest row was that it made."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.longest_bytes = 0

    def __call__(self, row: ExportedRow) -> ExportedRow:
        shaped = self._shape(row)
        self.longest_bytes = max(self.longest_bytes, _text_bytes(shaped))
        return shaped


def _text_bytes(value: object) -> int:
    """Of all texts within, in UTF-8."""
    match value:
        case str():
            return len(value) if value.isascii() else len(value.encode("utf-8", "replace"))
        case dict():
            return sum(map(_text_bytes, value.values()))
        case list():
            return sum(map(_text_bytes, value))
        case _:
            return 0


class _Sorting:
    """Which file each row goes to; counted are those that go to none, and that lack a text."""

    def __init__(
        self,
        wanted: Wanted,
        split: Split | None,
        places: _Places,
        exclusion: Exclusion | None,
        *,
        thinking: bool,
    ) -> None:
        self._wanted = wanted
        self._split = split
        self._places = places
        self._exclusion = exclusion
        self._thinking = thinking
        self.left_out = self.excluded = self.silent = 0

    def sides(self, batch: pa.RecordBatch) -> list[str | None]:
        """The file of each row of a batch; None where it stays behind."""
        rows = list(_looked_at(batch, self._wanted))
        sides = [_side(row, self._wanted, self._split) for row in rows]
        self._places.note(rows)
        self.left_out += sides.count(None)
        if self._exclusion is not None:
            self.excluded += _keep_behind(self._exclusion, batch, sides)
        if self._thinking:
            found = zip(sides, batch.column("thinking").to_pylist(), strict=True)
            self.silent += sum(side is not None and not text for side, text in found)
        return sides


class _Places:
    """Which side of a split a refused answer is on: that of the row that took its place."""

    def __init__(self, refused: RefusedAnswers | None, split: Split | None) -> None:
        self._split = split
        asked = refused is not None and split is not None
        slots = ((row["batch_id"], row["slot"]) for row in refused or ()) if asked else ()
        self._sides: dict[tuple[str, int], str | None] = dict.fromkeys(slots)

    def note(self, rows: Sequence[ExportedRow]) -> None:
        """Remember the sides of rows that took the place of a refused answer."""
        if self._split is None or not self._sides:
            return
        for row in rows:
            if (place := (row["batch_id"], row["slot"])) in self._sides:
                self._sides[place] = self._split.side(row)

    def side(self, row: ExportedRow) -> str:
        """The file that a refused answer goes to."""
        if self._split is None:
            return ""
        known = self._sides.get((row["batch_id"], row["slot"]))
        return known or self._split.side_of(row["id"])


def _add_refused(
    files: Mapping[str, _File], shape: Shape, refused: RefusedAnswers, places: _Places
) -> Labels:
    """Write the refused answers after the rows.

    Raises:
        UsageError: there are none that an export could show.
    """
    desirable = {side: file.rows for side, file in files.items()}
    waiting: dict[str, list[ExportedRow]] = {side: [] for side in files}
    for row in refused:
        rows = waiting[side := places.side(row)]
        rows.append(shape(row))
        if len(rows) >= _BATCH_ROWS:
            files[side].add(rows)
            rows.clear()
    for side, rows in waiting.items():
        if rows:
            files[side].add(rows)
    undesirable = {side: file.rows - desirable[side] for side, file in files.items()}
    if not any(undesirable.values()):
        kept = refused.passed_over["kept"]
        why = "the dataset has each answer that" if kept else "no answer"
        raise UsageError(f"{why} was refused for what it says: KTO has nothing to learn from")
    first = next(iter(files))
    return Labels(
        sum(desirable.values()),
        sum(undesirable.values()),
        dict(refused.passed_over),
        (desirable[first], undesirable[first]),
    )


def _paths(data_dir: DataDir, out: Path, split: Split | None) -> dict[str, Path]:
    """Where each side goes, once ``out`` makes sense."""
    if out.suffix not in SUFFIXES:
        raise UsageError(f"{out}: the name must end in {' or '.join(SUFFIXES)}")
    folder = out.parent.resolve()
    if not is_folder(folder):
        raise UsageError(f"there is no folder {out.parent}")
    if folder.is_relative_to(data_dir.root.resolve()):
        raise UsageError(f"{out} is inside the data dir: readers of the dataset would take it in")
    names = [""] if split is None else ["train", "test"]
    paths = {n: out.with_stem(f"{out.stem}-{n}") if n else out for n in names}
    for path in paths.values():
        if why := no_file(path):
            raise UsageError(f"{path}: {why}; name a file to write")
        if path.resolve().is_relative_to(data_dir.root.resolve()):
            raise UsageError(f"{path} leads into the data dir: readers would take it in")
    return paths


def _looked_at(batch: pa.RecordBatch, wanted: Wanted) -> Iterator[ExportedRow]:
    names = {*wanted.columns, *GROUP_COLUMNS, "batch_id", "slot"} & set(batch.schema.names)
    rows: list[ExportedRow] = batch.select(sorted(names)).to_pylist()
    return iter(rows)


def _side(row: ExportedRow, wanted: Wanted, split: Split | None) -> str | None:
    """The file a row goes to, or None."""
    if not wanted.takes(row):
        return None
    return "" if split is None else split.side(row)


def _keep_behind(exclusion: Exclusion, batch: pa.RecordBatch, sides: list[str | None]) -> int:
    """Take the side of rows that come too near to an excluded question; how many those are."""
    texts = batch.select(["question", "answer", "reasoning_steps"]).to_pylist()
    near = [
        number
        for number, row in enumerate(texts)
        if sides[number] is not None
        and exclusion.near(row["question"], row["answer"], row["reasoning_steps"]) is not None
    ]
    for number in near:
        sides[number] = None
    return len(near)


def _rows(batch: pa.RecordBatch, mask: list[bool]) -> pa.RecordBatch:
    import pyarrow as pa  # heavy; only what touches parquet pays for it

    return batch if all(mask) else batch.filter(pa.array(mask, pa.bool_()))


def _wanted_rows(data_dir: DataDir, wanted: Wanted, *, rehearsal: bool) -> Iterator[ExportedRow]:
    for batch in iter_batches(data_dir, rehearsal=rehearsal):
        yield from filter(wanted.takes, _looked_at(batch, wanted))


def _why_empty(
    empty: Sequence[str],
    files: Mapping[str, _File],
    split: Split | None,
    rows: Iterable[ExportedRow],
) -> str:
    """Why nothing is written: an empty file breaks loaders, and says that something else was meant.

    ``rows`` are read only where the split is at fault.
    """
    if split is None or len(empty) == len(files):
        return "no row of the dataset is wanted: nothing was written"
    if len(set(map(split.group, rows))) > 1:
        why = "take another --split-seed or another share"
    elif split.by == "chunk":
        why = (
            "all rows hang together, because they share passages or are too near to each other; "
            "export without --split, and write a test set from other texts (batch --grounded "
            "--source)"
        )
    else:
        why = f"all rows hang together by {split.by}; --split-by chunk may part them"
    return f"the split leaves no row for {empty[0]}: nothing was written; {why}"


class _File(Protocol):
    path: Path
    rows: int

    def write(self, batch: pa.RecordBatch, shape: Shape) -> None:
        """Add rows."""

    def add(self, rows: Sequence[ExportedRow]) -> None:
        """Add rows that have their shape."""

    def finish(self) -> None:
        """Write what makes the file whole."""


@contextlib.contextmanager
def _aside(path: Path, columns: pa.Schema | None) -> Iterator[_File]:
    """The file to write, beside its name, which it takes at the end; none where that is an error.

    What a killed export left in this folder is removed first.
    """
    try:
        clear_beside(path.parent)
        with swapped_in(path) as beside:
            if path.suffix == ".parquet":
                with contextlib.closing(_Parquet(path, beside, columns)) as file:
                    yield file
            else:
                yield _JsonLines(path, beside)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror or error}", path) from error


_LINE_ENDS: Final = {mark.encode(): f"\\u{ord(mark):04x}".encode() for mark in "\x85\u2028\u2029"}
"""Letters that end a line for ``str.splitlines``, by which some trainers read; JSON allows both."""


class _JsonLines:
    """One JSON object a line."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.rows = 0
        self._file = file
        self._encoder = msgspec.json.Encoder()

    def write(self, batch: pa.RecordBatch, shape: Shape) -> None:
        """Add rows."""
        self.add([shape(row) for row in batch.to_pylist()])

    def add(self, rows: Sequence[ExportedRow]) -> None:
        """Add rows that have their shape."""
        lines = self._encoder.encode_lines(rows)
        for mark, escape in _LINE_ENDS.items():
            lines = lines.replace(mark, escape)
        self._file.write(lines)
        self.rows += len(rows)

    def finish(self) -> None:
        """Each line is whole by itself."""


class _Parquet:
    """One parquet file with the types of its format, or the dataset's own ``columns``."""

    def __init__(self, path: Path, file: BinaryIO, columns: pa.Schema | None) -> None:
        import pyarrow.parquet as pq

        self.path = path
        self.rows = 0
        self._own = columns is not None
        self._file = file
        self._schema = columns
        self._pq = pq
        self._writer: Any = None

    def write(self, batch: pa.RecordBatch, shape: Shape) -> None:
        """Add rows."""
        import pyarrow as pa

        if not batch.num_rows:
            return
        if self._own:
            self._append(pa.Table.from_batches([batch], schema=self._schema))
        else:
            self.add([shape(row) for row in batch.to_pylist()])

    def add(self, rows: Sequence[ExportedRow]) -> None:
        """Add rows that have their shape."""
        import pyarrow as pa

        self._append(pa.Table.from_pylist(list(rows), schema=self._schema))

    def _append(self, table: pa.Table) -> None:
        if self._writer is None:
            self._schema = table.schema
            self._writer = self._pq.ParquetWriter(self._file, table.schema, compression="zstd")
        self._writer.write_table(table)
        self.rows += table.num_rows

    def finish(self) -> None:
        """Write the footer."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    close = finish
    """Also where the export fails: pyarrow complains of a writer that is left open."""
