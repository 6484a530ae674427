"""What each dataset command does once its flags are read: one look or one change, an exit code."""

from __future__ import annotations

import csv
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import msgspec
from msgspec.structs import replace

from legalgen.batch.signals import Caught, closing, heeded
from legalgen.commands.running import (
    again,
    command,
    existing,
    patience_of,
    remove_beside,
    sole_writer,
    write_beside,
)
from legalgen.dataset import compact, export, imports, merging, report, splitting, trainers
from legalgen.dataset.check import Linter, RowGate, check
from legalgen.dataset.foreign import Row, UnreadableRow, read_rows
from legalgen.dataset.kto import RefusedAnswers
from legalgen.dataset.marking import checked_codes, mark
from legalgen.dataset.reviewing import ALL_ROWS, SHEET
from legalgen.dataset.verify import repair as mend
from legalgen.dataset.verify import verify
from legalgen.dataset.wanted import Wanted
from legalgen.errors import DiskError, UsageError
from legalgen.errors.exit_codes import Exit
from legalgen.errors.plurals import plural
from legalgen.law.from_settings import taxonomy_of
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.duplicates.index import DuplicateIndex, DuplicateThresholds
from legalgen.quality.duplicates.rows import IndexedPart, indexed_part
from legalgen.quality.from_settings import (
    embedder_of,
    exclusion_from,
    exclusion_of,
    gate_of,
    rules_of,
)
from legalgen.quality.gate import Gate
from legalgen.quality.rules import Rules
from legalgen.settings.layers import Settings
from legalgen.store.files import DataDir, disk, is_folder, is_there, listed
from legalgen.store.journal import recover
from legalgen.store.ledger import Ledger
from legalgen.store.locks import folder_lock
from legalgen.store.notes import RowNotes, load_notes
from legalgen.store.parts import (
    TEXT_COLUMNS,
    Text,
    TextReader,
    dataset_version,
    older_version,
    parts,
    read_columns,
    text_rows,
)
from legalgen.store.sample import arrow_schema
from legalgen.ui import dataset_screens, page
from legalgen.ui.console import Console

if TYPE_CHECKING:
    from legalgen.dataset.contexts import SourceContexts

_T = TypeVar("_T", bound=str)


def _now() -> datetime:
    return datetime.now(UTC)


# --- looking after it --------------------------------------------------------------------------


def verify_dataset(settings: Settings, console: Console, *, repair: bool) -> int:
    """Whether the dataset is whole."""
    data_dir = existing(settings)
    patience = patience_of(settings, console)
    found = mend(data_dir, patience=patience) if repair else verify(data_dir)
    dataset_screens.show_verified(console, found)
    return Exit.FOUND if found.findings else Exit.DONE


def compact_dataset(
    settings: Settings,
    console: Console,
    *,
    rehearsal: bool,
    offline: bool,
    to_schema: int | None = None,
) -> int:
    """Many parts into few."""
    data_dir = existing(settings)
    note_part = Ledger(data_dir).note_part
    done = compact.compact(
        data_dir,
        note_part=note_part,
        rehearsal=rehearsal,
        offline=offline,
        to_schema=to_schema,
        patience=patience_of(settings, console),
    )
    both = (parts(data_dir, rehearsal=toy) for toy in (False, True))
    Ledger(data_dir).forget_parts({path.name for found in both for path in found})
    for found in done.recovered:
        console.talk(str(found))
    dataset_screens.show_compacted(console, done)
    return 0


# --- in and out --------------------------------------------------------------------------------


def import_file(
    settings: Settings, console: Console, file: Path, mapping: Mapping[str, str]
) -> int:
    """Rows of a file, into the dataset; ``mapping`` names columns of it for names of ours."""
    if not is_there(file):
        raise UsageError(f"there is no file {file}")
    with (
        _opened_to_add(settings, console) as held,
        _stoppable() as caught,
        console.counting("importing") as counting,
    ):
        done = imports.import_rows(
            counting.each(read_rows(file, mapping)),
            imports.Source(file.resolve(), command(settings)),
            held.data_dir,
            batch_id=held.batch_id,
            taxonomy=held.taxonomy,
            linter=held.linter,
            now=_now,
            patience=patience_of(settings, console),
            is_stopped=lambda: caught.number is not None,
        )
    if not (done.added or done.present or done.stopped):
        raise UsageError(_unusable(console, file, done))
    dataset_screens.show_imported(console, done)
    return caught.exit_code(0) if done.stopped else 0


def merge_shard(settings: Settings, console: Console, path: Path) -> int:
    """A shard of another machine, into the dataset, its batches as they are."""
    if not is_there(path):
        raise UsageError(f"there is no folder {path}")
    shard = merging.shard_of(path)
    with (
        _opened_to_add(settings, console) as held,
        _stoppable() as caught,
        console.counting("importing") as counting,
    ):

        def is_stopped() -> bool:  # asked before each row
            counting.add(1)
            return caught.number is not None

        done = merging.merge(
            shard,
            held.data_dir,
            linter=held.linter,
            now=_now,
            patience=patience_of(settings, console),
            is_stopped=is_stopped,
        )
    if not (done.read or done.stopped):
        raise UsageError(f"{path} holds no sealed rows: nothing was brought over")
    dataset_screens.show_merged(console, done)
    return caught.exit_code(0) if done.stopped else 0


def _stoppable() -> AbstractContextManager[Caught]:
    """Where the first signal ends the work at the next row, and the second at once."""

    def abandon() -> None:
        raise KeyboardInterrupt

    return heeded(lambda: None, abandon)


class _HeldToAdd(NamedTuple):
    """A data dir that is held by ``batch_id``, and what judges the rows that are added to it."""

    data_dir: DataDir
    batch_id: str
    taxonomy: Taxonomy
    linter: Linter


@contextmanager
def _opened_to_add(settings: Settings, console: Console) -> Iterator[_HeldToAdd]:
    """Hold the data dir, made if need be, and tell what its version and the taxonomy warn of.

    Raises:
        BatchRunning: a batch holds it.
        DiskError: the disk failed.
    """
    data_dir = DataDir(settings.data_dir)
    data_dir.create()
    with sole_writer(settings, console, data_dir) as batch_id:
        if (notice := older_version(data_dir)) is not None:
            console.talk(notice)
        taxonomy = _taxonomy(settings, console)
        gate = gate_of(settings, taxonomy, _now().date(), mode="full")
        linter = Linter(taxonomy, gate, index=_index(console, data_dir, gate.rules))
        yield _HeldToAdd(data_dir, batch_id, taxonomy, linter)


def _unusable(console: Console, file: Path, done: imports.Imported) -> str:
    """Why nothing came of an import; the first rows of those that cannot be used are shown."""
    for example in done.examples:
        console.talk(example)
    if not done.read:
        return f"{file} holds no rows: nothing was imported"
    return (
        f"{file}: none of its {plural(done.read, 'row')} can be used ({done.unreadable} cannot be "
        f"read, {done.empty} without a question or an answer): nothing was imported"
    )


def _taxonomy(settings: Settings, console: Console) -> Taxonomy:
    """The taxonomy, after what its file has to be warned of."""
    taxonomy = taxonomy_of(settings)
    for warning in taxonomy.warnings:
        console.talk(warning)
    return taxonomy


def _index(
    console: Console,
    data_dir: DataDir,
    rules: Rules,
    *,
    rehearsal: bool = False,
    only_reads: bool = False,
) -> DuplicateIndex:
    """The index of near-duplicates of the dataset, as a batch keeps it."""
    texts = TextReader()

    def rows(path: Path) -> Iterator[Text]:  # read only where no sketch is kept
        return counting.each(text_rows(read_columns(path, TEXT_COLUMNS)))

    def part(path: Path) -> IndexedPart:
        return indexed_part(path, partial(rows, path), texts)

    thresholds = DuplicateThresholds(**rules.duplicate_thresholds())
    folder = data_dir.index(rehearsal=rehearsal)
    index = DuplicateIndex(folder, thresholds, only_reads=only_reads)
    with console.counting("reading what is there") as counting:
        index.open([part(path) for path in parts(data_dir, rehearsal=rehearsal)])
    return index


class ExportOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What ``export`` was asked."""

    out: Path
    form: str
    reasoning: str
    wanted: Wanted = Wanted()
    system: str = ""
    split: float | None = None
    split_seed: int = 0
    split_by: str = "chunk"
    context: str = "none"
    distractors: int = 0
    rehearsal: bool = False


def export_dataset(settings: Settings, console: Console, order: ExportOrder) -> int:
    """The dataset in a trainer's shape."""
    form = _one_of("--format", order.form, export.FORMATS)
    reasoning = _one_of("--reasoning", order.reasoning, export.REASONINGS)
    data_dir = existing(settings)
    trainers.check(order.out, form)
    with_context = _has_context(order)
    split = _split(settings, console, data_dir, order)
    contexts = _contexts(data_dir, order, split) if with_context else None
    shape = export.shape_of(
        form,
        reasoning,
        taxonomy_of(settings),
        contexts or (lambda _: ""),
        traced=export.is_grounded(data_dir, rehearsal=order.rehearsal),
        system=order.system,
    )
    refused = _refused(settings, data_dir, order) if form == "kto" else None
    exclusion = exclusion_of(settings)
    with console.counting("exporting") as counting:
        done = export.export(
            data_dir,
            order.out,
            shape,
            form=form,
            wanted=order.wanted,
            split=split,
            rehearsal=order.rehearsal,
            thinking=reasoning == "thinking",
            refused=refused,
            exclusion=exclusion,
            seen=counting.add,
        )
    done = _written_beside(settings, console, order, form, done)
    if contexts is not None:
        done = replace(done, without_context=contexts.bare, fewer_distractors=contexts.short)
    dataset_screens.show_exported(console, done)
    return 0


def _written_beside(
    settings: Settings,
    console: Console,
    order: ExportOrder,
    form: export.Format,
    done: export.Exported,
) -> export.Exported:
    """An export with what trainers need beside it."""
    data_dir = existing(settings)
    columns = arrow_schema(dataset_version(data_dir, rehearsal=order.rehearsal) or 1)
    with folder_lock(order.out.parent, patience_of(settings, console)):
        files = trainers.beside(
            order.out,
            [Path(path) for path in done.files],
            form,
            reasoning=_one_of("--reasoning", order.reasoning, export.REASONINGS),
            system=bool(order.system),
            longest_bytes=done.longest_bytes,
            labels=done.labels,
            columns=columns,
        )
        for path, text in files.items():
            if text is None:
                remove_beside(path)
            else:
                write_beside(data_dir, path, text)
    written = tuple(str(path) for path, text in files.items() if text is not None)
    gone = tuple(str(path) for path, text in files.items() if text is None)
    return replace(done, beside=written, removed=gone)


def _split(
    settings: Settings, console: Console, data_dir: DataDir, order: ExportOrder
) -> splitting.Split | None:
    """How the rows are split, those that are near to each other found by the duplicate index."""
    by = _one_of("--split-by", order.split_by, splitting.SPLITS)
    if order.split is None:
        return None
    split = splitting.Split(order.split, order.split_seed, by)
    rules = rules_of(settings)
    # The index is not kept: who exports only reads.
    index = _index(console, data_dir, rules, rehearsal=order.rehearsal, only_reads=True)
    with console.counting("looking for rows that are too near to each other") as counting:
        counting.say()
        tied = splitting.tied(data_dir, index.near_groups(), by, rehearsal=order.rehearsal)
    return msgspec.structs.replace(split, tied=tied)


def _refused(settings: Settings, data_dir: DataDir, order: ExportOrder) -> RefusedAnswers:
    """The refused answers of a KTO export; of these nobody knows the topic."""
    wanted = order.wanted
    if wanted.jurisdictions or wanted.practice_areas or wanted.difficulties or wanted.topics:
        raise UsageError(
            "--format kto: a refused answer does not say of what law it is; choose by --batch and "
            "--model (flags choose rows of the dataset)"
        )
    if order.rehearsal:
        raise UsageError("--format kto: nothing can be learnt from the toy model's answers")
    return RefusedAnswers(
        data_dir,
        batches=wanted.batches,
        models=wanted.models,
        exclusion=exclusion_of(settings),
    )


def _has_context(order: ExportOrder) -> bool:
    """Whether passages stand before the questions.

    Raises:
        UsageError: the format has no place for them, or distractors were asked for alone.
    """
    if _one_of("--context", order.context, ("none", "source")) == "none":
        if order.distractors:
            raise UsageError("--distractors is for --context source: add it")
        return False
    if order.form in ("schema", "legacy", "kto"):
        raise UsageError(f"--context source has no place in --format {order.form}")
    return True


def _contexts(
    data_dir: DataDir, order: ExportOrder, split: splitting.Split | None
) -> SourceContexts:
    """The passages that the rows were written from, to stand before the questions."""
    from legalgen.dataset.contexts import SourceContexts  # few exports have passages

    return SourceContexts(
        data_dir, order.distractors, order.split_seed, split, rehearsal=order.rehearsal
    )


def _one_of(flag: str, value: str, allowed: Sequence[_T]) -> _T:
    if value not in allowed:
        raise UsageError(f"{flag} {value}: take one of {', '.join(allowed)}")
    return cast(_T, value)


# --- looking at it -----------------------------------------------------------------------------


class CheckOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What ``check`` was asked; ``file`` None: the own dataset."""

    file: Path | None = None
    mapping: Mapping[str, str] = {}
    strict: bool = False
    drop: tuple[str, ...] = ()
    write_flags: bool = False
    dry_run: bool = False
    wanted: Wanted = Wanted()
    workers: int = 1


def check_rows(settings: Settings, console: Console, order: CheckOrder) -> int:
    """The gate over a file, or over the rows of the own dataset, which it may mark."""
    marks = bool(order.drop or order.write_flags)
    if order.file is not None and marks:
        raise UsageError("--drop and --write-flags mark the own dataset: leave out FILE")
    if order.dry_run and not marks:
        raise UsageError("--dry-run counts what --drop or --write-flags would do: give one of them")
    if order.mapping and order.file is None:
        raise UsageError("--map names columns of a file: give FILE")
    if order.wanted and (order.file is not None or marks):
        raise UsageError(
            "filters choose which rows of the own dataset are looked at: leave out FILE, --drop "
            "and --write-flags (`dataset drop` takes out rows by filters)"
        )
    if order.file is not None and not is_there(order.file):
        raise UsageError(f"there is no file {order.file}")
    if order.file is None and not marks and not parts(existing(settings)):
        raise UsageError(f"{_no_rows(settings, order)}: nothing was checked")
    file = order.file or existing(settings).parts()
    with _linter(settings, console, order.workers) as linter:
        if marks:
            return _mark(settings, console, order, linter)
        with console.counting("checking") as counting:
            found = check(counting.each(_rows_to_check(settings, order, file)), linter)
    if not found.rows + found.unreadable_rows:
        raise UsageError(f"{_no_rows(settings, order)}: nothing was checked")
    dataset_screens.show_checked(console, found)
    return Exit.FOUND if found.found or (order.strict and found.flagged) else Exit.DONE


def _no_rows(settings: Settings, order: CheckOrder) -> str:
    """That what was to be checked holds no row; a script must not take it for a clean one."""
    if order.file is not None:
        return f"{order.file} holds no rows"
    if order.wanted:
        return f"there is no row by {order.wanted} in {settings.data_dir}"
    return f"there are no rows in {settings.data_dir}"


def _rows_to_check(
    settings: Settings, order: CheckOrder, file: Path
) -> Iterable[Row | UnreadableRow]:
    rows = read_rows(file, order.mapping)
    if order.file is None:  # the own dataset, less what was taken out of it
        notes = load_notes(DataDir(settings.data_dir))
        return (row for row in rows if not isinstance(row, Row) or _is_meant(row, notes, order))
    return rows


def _is_meant(row: Row, notes: RowNotes, order: CheckOrder) -> bool:
    """Whether a row of the own dataset is looked at, by all flags that it has now."""
    if row.id in notes.dropped:
        return False
    if row.sample is None or not order.wanted:  # what a filter asks of stands in a sample
        return not order.wanted
    flags = (*row.sample.flags, *notes.flags.get(row.id, ()))
    return order.wanted.takes(msgspec.to_builtins(replace(row.sample, flags=flags)))


@contextmanager
def _linter(settings: Settings, console: Console, workers: int) -> Iterator[Linter]:
    """What judges rows, with its index in a temporary folder, and workers where there are any."""
    taxonomy = _taxonomy(settings, console)
    gate = gate_of(settings, taxonomy, _now().date(), mode="full")
    meaning = None
    if (embedder := embedder_of(settings)) is not None:
        from legalgen.quality.meaning.comparison import Meaning  # loads numpy
        from legalgen.quality.meaning.vectors import KeptPairs  # loads numpy

        meaning = Meaning(embedder, kept=KeptPairs(DataDir(settings.data_dir), embedder))
    limits = DuplicateThresholds(**gate.rules.duplicate_thresholds())
    with ExitStack() as stack:
        stack.enter_context(closing())
        folder = Path(stack.enter_context(scratch_folder(DataDir(settings.data_dir))))
        looks, exclusion = None, None
        if workers > 1:
            from legalgen.dataset.gating import GatePool  # loads multiprocessing

            told = (taxonomy, gate, settings.exclude, settings.semantic)  # of settings no key
            opened = partial(_row_gate, *told)
            looks = stack.enter_context(GatePool(workers, opened, console.talk)).looked
        else:
            exclusion = exclusion_of(settings)
        yield Linter(
            taxonomy,
            gate,
            index=DuplicateIndex(thresholds=limits, spill=folder),
            exclusion=exclusion,
            meaning=meaning,
            looks=looks,
        )


def scratch_folder(data_dir: DataDir) -> TemporaryDirectory[str]:
    """A folder for a while, within the data dir where the system has no other.

    Raises:
        DiskError: none can be written.
    """
    prefix = "legalgen-check-"
    try:
        return TemporaryDirectory(prefix=prefix)
    except FileNotFoundError:
        if is_folder(data_dir.tmp) and os.access(data_dir.tmp, os.W_OK | os.X_OK):
            with disk(data_dir.tmp, "write into"):
                return TemporaryDirectory(prefix=prefix, dir=data_dir.tmp)
        said = "no temporary folder can be written: have TMPDIR name one that can"
        raise DiskError(said, data_dir.tmp) from None


def _row_gate(
    taxonomy: Taxonomy, gate: Gate, excluded: Sequence[Path], semantic: str | None
) -> RowGate:
    return RowGate(taxonomy, gate, exclusion_from(excluded, gate.rules, semantic))


def _mark(settings: Settings, console: Console, order: CheckOrder, linter: Linter) -> int:
    """Note what the present gate finds in the rows that are there."""
    data_dir, drop = existing(settings), checked_codes(order.drop)
    patience = patience_of(settings, console)
    if not order.dry_run:
        data_dir.create()
        note_part = Ledger(data_dir).note_part
        for found in recover(data_dir, note_part=note_part, patience=patience):
            console.talk(str(found))
    if not parts(data_dir):
        raise UsageError(f"there are no rows in {data_dir.root}")
    with console.counting("checking") as counting:
        done = mark(
            data_dir,
            counting.each(read_rows(data_dir.parts())),
            linter,
            drop=drop,
            write_flags=order.write_flags,
            dry_run=order.dry_run,
            patience=patience,
        )
    dataset_screens.show_marked(console, done)
    return 0


class StatsOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What ``stats`` was asked."""

    wanted: Wanted = Wanted()
    html: Path | None = None
    review: Path | None = None
    review_rows: int = 100
    seed: int = 0
    rehearsal: bool = False
    full: bool = False


def show_stats(settings: Settings, console: Console, order: StatsOrder) -> int:
    """What is in the dataset."""
    data_dir = existing(settings)
    batch, wanted = _one_batch(data_dir, order.wanted)
    found = report.report(
        data_dir,
        taxonomy_of(settings),
        batch=batch,
        wanted=wanted,
        rehearsal=order.rehearsal,
        seed=order.seed,
    )
    if wanted and not found.rows:
        raise UsageError(f"there is no row by {wanted} in {data_dir.root}")
    if not (found.rows or found.production.asked):
        raise UsageError(_nothing(data_dir, order))
    if order.html is not None:
        title = "Rehearsal" if order.rehearsal else "Synthetic legal questions and answers"
        write_beside(data_dir, order.html, page.render(found, title=title, written=_now()))
        console.hint(f"wrote {order.html}")
    repeated, rehearsal = again(settings), " --rehearsal" if order.rehearsal else ""
    if order.review is not None:
        rows = report.sample_of(
            data_dir,
            order.review_rows,
            batch=batch,
            wanted=wanted,
            rehearsal=order.rehearsal,
            seed=order.seed,
        )
        of_batch = f"batch {batch}" if batch is not None else ""
        drawn_from = " ".join(filter(None, (of_batch, str(wanted)))) or ALL_ROWS
        write_beside(data_dir, order.review, _marking_sheet(rows, drawn_from))
        console.hint(
            f"wrote {order.review}: {plural(len(rows), 'row')} to mark; `legalgen dataset review "
            f"--from {shlex.quote(str(order.review))}{rehearsal}{repeated}` reads the marks back"
        )
    dataset_screens.show_report(
        console, found, repeated, rehearsal=order.rehearsal, full=order.full
    )
    return 0


def _one_batch(data_dir: DataDir, wanted: Wanted) -> tuple[str | None, Wanted]:
    """The batch, where just one is named: its record says what it took; and the other filters.

    Raises:
        UsageError: there is no such batch.
    """
    if len(wanted.batches) != 1:
        return None, wanted
    batch = Ledger(data_dir).find(wanted.batches[0]).id
    return batch, msgspec.structs.replace(wanted, batches=())


def write_report(
    settings: Settings, console: Console, out: Path, wanted: Wanted, *, rehearsal: bool
) -> int:
    """The report as a page, and nothing else."""
    return show_stats(settings, console, StatsOrder(html=out, wanted=wanted, rehearsal=rehearsal))


def _nothing(data_dir: DataDir, order: StatsOrder) -> str:
    """Why there is nothing to measure: the other dataset, an inner folder, or an empty one."""
    root = data_dir.root
    other = data_dir.parts(rehearsal=not order.rehearsal)
    if listed(other, "*"):
        flag = "leave out --rehearsal" if order.rehearsal else "--rehearsal shows those of the toy"
        return f"there are no such rows in {root}; {flag}"
    if root.name in ("train", "rehearsal", "data") and not is_folder(data_dir.batches):
        return f"{root} is a part of a data dir: name the folder that holds train/"
    if not is_folder(data_dir.batches):
        return f"{root} is no data dir of legalgen: it holds neither train/ nor batches/"
    return f"there are no rows in {root} yet: legalgen batch writes some"


def _marking_sheet(rows: Sequence[Mapping[str, Any]], drawn_from: str) -> str:
    """Rows as CSV with empty columns for the one who marks them."""
    sheet = StringIO()
    writer = csv.writer(sheet)
    writer.writerow(SHEET)
    for row in rows:
        steps = "\n".join(row["reasoning_steps"])
        citations = "\n".join(one["text"] for one in row["citations"])
        cells = [row["id"], row["question"], steps, row["answer"], citations, "", "", ""]
        writer.writerow(map(_plain_cell, [*cells, drawn_from]))
    return sheet.getvalue()


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _plain_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before it makes it a text.

    What stands in a cell was written by a model, and a formula may call programs and servers.
    """
    return f"'{text}" if text.lstrip(" \n").startswith(_FORMULA) else text
