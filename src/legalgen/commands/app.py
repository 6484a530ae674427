"""The commands: flags in, one call, the result to the console. Imported by ``cli`` alone.

Nothing heavy is imported up here: ``--help`` loads no SDK, no pyarrow.
"""

from __future__ import annotations

from typing import Annotated

import typer

from legalgen import __version__
from legalgen.commands.config import config_app
from legalgen.commands.dataset_cli import app as dataset_app
from legalgen.commands.examples import with_examples
from legalgen.commands.offers import Offer, among
from legalgen.commands.options import App, Flags, console_of, settings_of, takes
from legalgen.commands.shell_completion import BATCH_STATUSES
from legalgen.commands.sources_cli import app as sources_app

USUAL_OF_GENERATE = (
    "provider", "model", "jurisdiction", "practice_area", "topic", "difficulty", "no_save",
    "show_prompt",
)  # fmt: skip
USUAL_OF_BATCH = (
    "provider", "model", "count", "jurisdiction", "max_time", "max_cost", "plan", "resume"
)  # fmt: skip
"""The options that stand first in ``--help``."""

app = App(
    name="legalgen",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool | None) -> None:
    if value:
        from legalgen.ui.console import Console

        Console().text(f"legalgen {__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    help=with_examples(
        "", "Write synthetic legal question-and-answer samples into a parquet dataset."
    ),
)
def _main(
    ctx: typer.Context,
    _version: Annotated[
        bool | None,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version.",
        ),
    ] = None,
) -> None:
    if ctx.invoked_subcommand is None:
        ctx.get_help()


@app.command()
@takes("generate", usual=USUAL_OF_GENERATE)
def generate(
    flags: Flags,
    *,
    no_save: Annotated[bool, typer.Option("--no-save", help="Show it, keep it nowhere.")] = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print the prompt, call nobody.")
    ] = False,
) -> int:
    """Write one sample, show it and keep it."""
    from legalgen.commands.generate import generate_one, print_prompt

    settings = settings_of(flags)
    if show_prompt:
        return print_prompt(settings, console_of(settings))
    return generate_one(settings, console_of(settings), save=not no_save)


@app.command()
@takes("batch", usual=USUAL_OF_BATCH)
def batch(
    flags: Flags,
    batch_id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="With --resume and --stop: which; the newest.",
            autocompletion=Offer("batches"),
        ),
    ] = None,
    *,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a batch that ended early.")
    ] = False,
    stop: Annotated[
        bool,
        typer.Option(
            "--stop",
            help="End a running batch as SIGTERM does: finish what is in flight, seal.",
            rich_help_panel="How far",
        ),
    ] = False,
    until_total: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Write until the dataset holds N rows.",
            rich_help_panel="How far",
        ),
    ] = None,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan", "--dry-run", help="Show what would be written, the cost and the end; no call."
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Queue behind a running batch.", rich_help_panel="How far"),
    ] = False,
    wait_max: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="How long to queue, such as 2h.", rich_help_panel="How far"
        ),
    ] = None,
    bulk: Annotated[
        bool,
        typer.Option(
            "--bulk",
            help="Hand it to the provider's batch service: half the price, done within a day.",
            rich_help_panel="Bulk",
        ),
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait until it is done.", rich_help_panel="Bulk")
    ] = False,
    finish_online: Annotated[
        bool,
        typer.Option(
            "--finish-online",
            help="Ask for what is missing at once, with failover.",
            rich_help_panel="Bulk",
        ),
    ] = False,
    cancel: Annotated[
        bool,
        typer.Option(
            "--cancel", help="Take it back; what was done is kept.", rich_help_panel="Bulk"
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before --cancel.", rich_help_panel="Bulk")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="End with 1 where the count was reached, but a key was refused, credit or a model "
            "was gone, or marks are missing.",
            rich_help_panel="How far",
        ),
    ] = False,
) -> int:
    """Write many samples; stop, pause and resume as you like.

    Exit codes: 0 done, 1 done with troubles (--strict), 2 usage, 3 no usable
    provider, 4 a bound that you set, 5 another batch is running, 6 stopped by what
    nobody set (prompt, taxonomy or gate at fault, watchdog, usual bound on calls),
    74 the disk failed, 75 paused (resume later), 129/130/143 stopped by a signal.
    """
    from legalgen.commands.batch import BatchOrder, run_batch, show_plan

    if stop and (resume or plan or cancel):
        raise typer.BadParameter("--stop ends a running batch: leave the others out")
    if batch_id is not None and not (resume or cancel or stop):
        raise typer.BadParameter(f"{batch_id!r} names a batch; add --resume to go on with it")
    if plan and (resume or cancel):
        given = "--resume" if resume else "--cancel"
        raise typer.BadParameter(f"--plan shows a new batch; leave out {given}")
    order = BatchOrder(
        batch_id,
        resume=resume,
        until_total=until_total,
        wait=wait,
        wait_max=wait_max,
        bulk=bulk,
        follow=follow,
        finish_online=finish_online,
        cancel=cancel,
        yes=yes,
        strict=strict,
        stop=stop,
    )
    if plan:
        return show_plan(flags, order, settings_of, console_of)
    return run_batch(flags, order, settings_of, console_of)


@app.command()
@takes("models", helps={"provider": "Only the models of this provider."})
def models(
    flags: Flags,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Make one tiny real call per model.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the vendors' lists: what is new, what is gone.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Side by side, from this machine's own batches.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that were shut down.")
    ] = False,
) -> int:
    """Show which models can be used, and how healthy they are.

    --json prints one object: models is a list; --refresh adds listings, the
    vendors' own lists; --compare adds compared, what each provider/model has
    shown here.
    """
    from legalgen.commands.models import ModelsQuery, show_models

    settings = settings_of(flags)
    query = ModelsQuery(check=check, refresh=refresh, compare=compare, everything=everything)
    return show_models(settings, console_of(settings), query)


@app.command()
@takes("history")
def history(
    flags: Flags,
    batch_id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="One batch in full; a prefix will do.",
            autocompletion=Offer("batches"),
        ),
    ] = None,
    *,
    why: Annotated[
        bool, typer.Option("--why", help="Every failure, switch and wait of it, in order.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many.")
    ] = 20,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS",
            help="Only batches that are paused, interrupted, ...",
            autocompletion=among(BATCH_STATUSES),
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            "-p",
            metavar="NAME",
            help="Only batches that used it.",
            autocompletion=Offer("providers"),
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only batches since a date, or since 36h or 7d ago."),
    ] = None,
    spend: Annotated[
        bool, typer.Option("--spend", help="What was spent, with --by and --since.")
    ] = False,
    by: Annotated[
        str,
        typer.Option(
            metavar="day|provider|model|batch",
            help="What --spend adds up.",
            autocompletion=among(("day", "provider", "model", "batch")),
        ),
    ] = "day",
) -> int:
    """Show what was done, and how it went."""
    from legalgen.commands.history import HistoryQuery, show_history

    settings = settings_of(flags)
    query = HistoryQuery(batch_id, limit, status, provider, since, why, spend, by)
    return show_history(settings, console_of(settings), query)


@app.command()
@takes("doctor")
def doctor(flags: Flags) -> int:
    """Look what on this machine could keep a batch from working, and what to do.

    Python, packages, keys (by the vendors' free lists), proxy, clock, folders, disk, what runs, and
    whether the models and files that a batch is told to use by variables and the config file can be
    used. Nothing is changed, no paid call is made. Exit codes: 0 a batch can run, 1 it cannot.
    """
    from legalgen.commands.doctor import show_findings

    settings = settings_of(flags, of_doctor=True)
    return show_findings(settings, console_of(settings))


app.add_typer(config_app, name="config")
app.add_typer(dataset_app, name="dataset")
app.add_typer(sources_app, name="sources")
