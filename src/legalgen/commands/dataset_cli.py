"""``legalgen dataset``: look after the dataset, bring rows in, take rows out, and look at them.

Nothing heavy is imported up here: ``--help`` loads no pyarrow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from legalgen.commands.offers import among
from legalgen.commands.options import Flags, console_of, group, settings_of, takes
from legalgen.commands.row_filters import Filters, wanted_in

app = group("dataset", "Verify, compact, import, export, check and measure datasets.")

FORMATS = ("prompt-completion", "messages", "alpaca", "sharegpt", "kto", "legacy", "schema")
REASONINGS = ("none", "inline", "think", "reasoning_content", "thinking")
"""As ``dataset.export`` has them, which loads pyarrow; a test compares."""

_Rehearsal = Annotated[
    bool, typer.Option("--rehearsal", help="The dataset of the toy model instead.")
]
_FILES = "Parquet, JSON lines, a JSON array, CSV or TSV, also gzipped; or a folder of them."
_File = Annotated[Path, typer.Argument(metavar="FILE", help=_FILES)]
_Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="OURS=THEIRS", help="A column by its name in the file: question=Question."
    ),
]


@app.command()
@takes("dataset verify")
def verify(
    flags: Flags,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended without losing a row.")
    ] = False,
) -> int:
    """Look whether the dataset is whole: parts, schema, ids, ledger, journals.

    Exit codes: 0 whole, 1 something was found (after --repair: something is left), 74 the disk
    failed.
    """
    from legalgen.commands import dataset

    settings = settings_of(flags)
    return dataset.verify_dataset(settings, console_of(settings), repair=repair)


@app.command()
@takes("dataset compact")
def compact(
    flags: Flags,
    *,
    rehearsal: _Rehearsal = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Nobody reads: parts may be moved one by one.")
    ] = False,
    to_schema: Annotated[
        int | None,
        typer.Option(
            metavar="VERSION",
            min=1,
            max=2,
            help="Give rows of an older schema version the columns of this one.",
        ),
    ] = None,
) -> int:
    """Rewrite many parts into few; safe while others read, and against a crash.

    A reader that has listed the files and not opened them yet gets an error, never a wrong count.
    """
    from legalgen.commands import dataset

    settings = settings_of(flags)
    return dataset.compact_dataset(
        settings,
        console_of(settings),
        rehearsal=rehearsal,
        offline=offline,
        to_schema=to_schema,
    )


@app.command("import")
@takes("dataset import")
def import_(
    flags: Flags,
    file: _File,
    *,
    columns: _Map = None,
    keep_batch: Annotated[
        bool,
        typer.Option(
            "--keep-batch", help="FILE is another machine's data dir: keep batches and records."
        ),
    ] = False,
) -> int:
    """Bring in what people have: rows of ours, and whatever holds a question and an answer.

    Messages, ShareGPT conversations, instruction and output (Alpaca), prompt and completion,
    question and answer, and the old seven columns; what `export` has written comes back whole.
    Columns that are not taken are named. Rows that are there already are passed over; what the gate
    says of a row becomes its flags. A row of ours that was edited comes in beside the one that it
    was made from, with an id of its own.

    With --keep-batch a shard of another machine is merged: each row keeps its batch, whose record
    comes along, and one that is too close to a row that is here is flagged.

    Exit codes: 0 the rows are there now, 2 no row of the file can be used,
    5 a batch is running, 74 the disk failed, 129/130/143 stopped by a signal, sealed.
    """
    from legalgen.commands import dataset

    settings = settings_of(flags)
    if keep_batch:
        if columns:
            raise typer.BadParameter("--map is for files of others: leave it out with --keep-batch")
        return dataset.merge_shard(settings, console_of(settings), file)
    return dataset.import_file(settings, console_of(settings), file, _mapping(columns))


def _mapping(pairs: list[str] | None) -> dict[str, str]:
    from legalgen.dataset.shapes import checked_mapping

    return checked_mapping(pairs or ())


@app.command()
@takes("dataset export", filters=True)
def export(
    flags: Flags,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write: .jsonl or .parquet.")
    ],
    *,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="prompt-completion, messages, alpaca, sharegpt, kto (with refused answers), "
            "legacy, or schema (all columns).",
            autocompletion=among(FORMATS),
        ),
    ] = "prompt-completion",
    reasoning: Annotated[
        str,
        typer.Option(
            metavar="FORM",
            help="none, inline, think or reasoning_content (the numbered steps), or thinking (the "
            "vendor's own text).",
            autocompletion=among(REASONINGS),
        ),
    ] = "none",
    system: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            show_default=False,
            help="A system message before every dialogue. [dim]Default: none.[/dim]",
        ),
    ] = "",
    split: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Put this share into <OUT>-test, the rest in -train."),
    ] = None,
    split_seed: Annotated[int, typer.Option(metavar="N", help="Which rows are the test set.")] = 0,
    split_by: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="What stays on one side: the rows of a chunk, of a whole source, or of a topic.",
        ),
    ] = "chunk",
    context: Annotated[
        str,
        typer.Option(metavar="WHAT", help="none, or source: passages stand before the question."),
    ] = "none",
    distractors: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=20, help="With --context source: so many other passages too."
        ),
    ] = 0,
    rehearsal: _Rehearsal = False,
    filters: Filters,
) -> int:
    """Write the dataset as a trainer reads it; a file that is there is replaced whole.

    Beside it: OUT.trainers.md, how TRL, Unsloth, Axolotl and LLaMA-Factory are told of it, and an
    entry in dataset_info.json, which LLaMA-Factory reads.
    """
    from legalgen.commands import dataset

    settings = settings_of(flags)
    order = dataset.ExportOrder(
        out=out,
        form=form,
        reasoning=reasoning,
        wanted=wanted_in(settings, filters, rehearsal=rehearsal),
        system=system,
        split=split,
        split_seed=split_seed,
        split_by=split_by,
        context=context,
        distractors=distractors,
        rehearsal=rehearsal,
    )
    return dataset.export_dataset(settings, console_of(settings), order)


@app.command()
@takes("dataset push")
def push(
    flags: Flags,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="me/name on the Hugging Face Hub, or s3://bucket/prefix."
        ),
    ],
    *,
    public: Annotated[
        bool,
        typer.Option("--public", help="Make a new repository public; one that is there stays."),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Remove the parquet files of others from data/ there; else refused."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell files and bytes; change nothing.")
    ] = False,
) -> int:
    """Send the dataset on: README.md and data/*.parquet, only what is new, in one commit.

    The Hub needs the extra hub and HF_TOKEN. In a bucket, which has no commits, the parts of a
    compaction appear together before those go that they replace.

    Exit codes: 0 it is there now, 2 no token, refused, or rows of others are there, 5 it is being
    compacted, 75 it cannot be reached now: push again later.
    """
    from legalgen.commands.push import PushOrder, push_dataset

    settings = settings_of(flags)
    order = PushOrder(target, public=public, replace=replace, dry_run=dry_run)
    return push_dataset(settings, console_of(settings), order)


@app.command()
@takes("dataset check", filters=True)
def check(
    flags: Flags,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help=f"{_FILES[:-1]}; the own dataset if left out."),
    ] = None,
    *,
    filters: Filters,
    columns: _Map = None,
    strict: Annotated[bool, typer.Option("--strict", help="Flags alone count as found.")] = False,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODES", help="Take out rows of the own dataset with such a code (DUP_*)."
        ),
    ] = None,
    write_flags: Annotated[
        bool, typer.Option("--write-flags", help="Add what is found to the own rows' flags.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what these two would do.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", min=1, max=64, help="Processes for the gate."),
    ] = 1,
) -> int:
    """Run the gate over any file that `import` reads, or over the own dataset.

    What is taken out of the own dataset or flagged there counts at once, in plans, exports and
    stats; `dataset compact` makes it final, and `batch --until-total` writes what is missing then.

    Exit codes: 0 nothing was found (flags alone are nothing, unless --strict), 1 something was:
    a row that would be refused, a repeat, an oddity of a column, a row that cannot be read.
    """
    from legalgen.commands import dataset

    settings = settings_of(flags)
    codes = (code.strip() for each in drop or () for code in each.split(","))
    order = dataset.CheckOrder(
        file=file,
        mapping=_mapping(columns),
        strict=strict,
        drop=tuple(code for code in codes if code),
        write_flags=write_flags,
        dry_run=dry_run,
        wanted=wanted_in(settings, filters),
        workers=workers,
    )
    return dataset.check_rows(settings, console_of(settings), order)


@app.command()
@takes("dataset stats", filters=True)
def stats(
    flags: Flags,
    *,
    filters: Filters,
    full: Annotated[
        bool, typer.Option("--full", help="All of it, on a terminal through a pager.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one HTML page.")
    ] = None,
    review: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write rows to mark by hand, as CSV.")
    ] = None,
    review_rows: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many rows to mark.")
    ] = 100,
    seed: Annotated[int, typer.Option(metavar="N", help="Which rows are sampled.")] = 0,
    rehearsal: _Rehearsal = False,
) -> int:
    """Say in five lines what an owner needs to know; measure the rest with --full or --html.

    In full: coverage, lengths, likeness, citations, what it took. Exit codes: 0 measured, 2 there
    is nothing to measure.
    """
    from legalgen.commands import dataset

    settings = settings_of(flags)
    order = dataset.StatsOrder(
        wanted=wanted_in(settings, filters, rehearsal=rehearsal),
        html=html,
        review=review,
        review_rows=review_rows,
        seed=seed,
        rehearsal=rehearsal,
        full=full,
    )
    return dataset.show_stats(settings, console_of(settings), order)


# --- row by row --------------------------------------------------------------------------------

_Rejected = Annotated[
    bool, typer.Option("--rejected", help="Answers that were not kept, with the reasons.")
]


@app.command()
@takes("dataset show")
def show(
    flags: Flags,
    ids: Annotated[
        list[str], typer.Argument(metavar="ID", help="Rows; the beginning of an id will do.")
    ],
    *,
    rejected: _Rejected = False,
    rehearsal: _Rehearsal = False,
) -> int:
    """Show rows in full: what they say, what was found about it, where it came from, its cost.

    A refused answer is called by its batch and its number there, as `list --rejected` shows it.
    """
    from legalgen.commands import dataset_rows

    settings = settings_of(flags)
    return dataset_rows.show(
        settings, console_of(settings), ids, rejected=rejected, rehearsal=rehearsal
    )


@app.command("list")
@takes("dataset list", filters=True)
def list_(
    flags: Flags,
    *,
    filters: Filters,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many.")
    ] = 20,
    rejected: _Rejected = False,
    rehearsal: _Rehearsal = False,
) -> int:
    """List rows in a line each, the newest first."""
    from legalgen.commands import dataset_rows

    settings = settings_of(flags)
    order = dataset_rows.LookOrder(
        wanted=wanted_in(settings, filters, rehearsal=rehearsal, rejected=rejected),
        rows=limit,
        rejected=rejected,
        rehearsal=rehearsal,
    )
    return dataset_rows.list_(settings, console_of(settings), order)


@app.command()
@takes("dataset sample", filters=True)
def sample(
    flags: Flags,
    *,
    filters: Filters,
    rows: Annotated[int, typer.Option("--rows", "-n", metavar="N", min=1, help="So many.")] = 5,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="The same draw again; without, another each time."),
    ] = None,
    rejected: _Rejected = False,
    rehearsal: _Rehearsal = False,
) -> int:
    """Show some rows in full, drawn by lot."""
    from legalgen.commands import dataset_rows

    settings = settings_of(flags)
    order = dataset_rows.LookOrder(
        wanted=wanted_in(settings, filters, rehearsal=rehearsal, rejected=rejected),
        rows=rows,
        seed=seed,
        rejected=rejected,
        rehearsal=rehearsal,
    )
    return dataset_rows.sample(settings, console_of(settings), order)


@app.command()
@takes("dataset drop", filters=True)
def drop(
    flags: Flags,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Rows; the beginning of an id will do."),
    ] = None,
    *,
    filters: Filters,
    undrop: Annotated[
        bool, typer.Option("--undrop", help="Put rows back that were taken out.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be done.")
    ] = False,
    rehearsal: _Rehearsal = False,
) -> int:
    """Take rows out, by their ids or by a filter; with both, those of the ids that it lets through.

    It counts at once, in plans, exports and stats; `dataset compact` makes it final, and --undrop
    puts rows back until then. The next batch fills the hole; the batch that wrote the row keeps its
    count, and --resume does not write the row again.

    Exit codes: 0 done, 2 there is no such row, 5 a batch is running, 74 the disk failed.
    """
    from legalgen.commands import dataset_rows

    settings = settings_of(flags)
    order = dataset_rows.DropOrder(
        ids=tuple(ids or ()),
        wanted=wanted_in(settings, filters, rehearsal=rehearsal),
        undo=undrop,
        dry_run=dry_run,
        rehearsal=rehearsal,
    )
    return dataset_rows.drop(settings, console_of(settings), order)


@app.command()
@takes("dataset review", filters=True)
def review(
    flags: Flags,
    *,
    filters: Filters,
    rows: Annotated[
        int, typer.Option("--rows", "-n", metavar="N", min=1, help="How many rows to read in all.")
    ] = 100,
    seed: Annotated[int, typer.Option(metavar="N", help="Which rows are drawn.")] = 0,
    sheet: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Read the marks of `stats --review FILE`."),
    ] = None,
    drop: Annotated[
        bool, typer.Option("--drop", help="With --from: take out rows that were found wrong.")
    ] = False,
    rehearsal: _Rehearsal = False,
) -> int:
    """Read rows drawn by lot, one after another: k keeps, d takes out, c comments, q quits.

    Each mark is kept at once beside the dataset, and the same command goes on where it was left;
    `dataset stats` reports the share found wrong with its interval. A batch may run meanwhile.
    """
    from legalgen.commands import dataset_rows

    settings = settings_of(flags)
    order = dataset_rows.ReviewOrder(
        wanted=wanted_in(settings, filters, rehearsal=rehearsal),
        rows=rows,
        seed=seed,
        sheet=sheet,
        drop=drop,
        rehearsal=rehearsal,
    )
    return dataset_rows.review(settings, console_of(settings), order)


@app.command()
@takes("dataset page", filters=True)
def page(
    flags: Flags,
    out: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The file to write: page.html.")
    ] = None,
    *,
    filters: Filters,
    rows: Annotated[
        bool, typer.Option("--rows", help="Rows to read, with filters that need no server.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many rows.")
    ] = 500,
    seed: Annotated[int, typer.Option(metavar="N", help="Which rows are drawn.")] = 0,
    rehearsal: _Rehearsal = False,
) -> int:
    """Write one HTML file: what `stats --html` measures, or with --rows the rows themselves.

    The file needs nothing else and can be sent to somebody; without FILE it is report.html or
    rows.html.
    """
    from legalgen.commands import dataset, dataset_rows

    settings = settings_of(flags)
    wanted = wanted_in(settings, filters, rehearsal=rehearsal)
    if not rows:
        return dataset.write_report(
            settings, console_of(settings), out or Path("report.html"), wanted, rehearsal=rehearsal
        )
    order = dataset_rows.PageOrder(
        out=out or Path("rows.html"), wanted=wanted, limit=limit, seed=seed, rehearsal=rehearsal
    )
    return dataset_rows.page(settings, console_of(settings), order)
