"""The commands: flags in, one call, the result to the console. Imported by ``__main__`` alone.

Nothing heavy is imported up here: ``--help`` loads no SDK, no pyarrow.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from legalgen import __version__
from legalgen.commands.config import config_app
from legalgen.commands.dataset_cli import app as dataset_app
from legalgen.commands.examples import with_examples
from legalgen.commands.offers import Offer, among
from legalgen.commands.options import App, Flags, console_of, settings_of, takes
from legalgen.commands.shell_completion import STATUSES
from legalgen.commands.sources_cli import app as sources_app
from legalgen.errors.exit_codes import Exit
from legalgen.ui import streams
from legalgen.ui.streams import Stdout

if TYPE_CHECKING:
    from legalgen.errors import LegalgenError


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
        typer.echo(f"legalgen {__version__}")
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
    if plan and resume:
        raise typer.BadParameter("--plan shows a new batch; leave out --resume")
    if plan:
        return show_plan(flags, until_total, settings_of, console_of)
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
            autocompletion=among(STATUSES),
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

    Python, packages, keys (by the vendors' free lists), proxy, clock, folders, disk, and what
    runs. Nothing is changed, no paid call is made. Exit codes: 0 a batch can run, 1 it cannot.
    """
    from legalgen.commands.doctor import show_findings

    settings = settings_of(flags)
    return show_findings(settings, console_of(settings))


app.add_typer(config_app, name="config")
app.add_typer(dataset_app, name="dataset")
app.add_typer(sources_app, name="sources")


def main() -> NoReturn:
    """Run the program: the one boundary, where our errors become a sentence and an exit code."""
    _be_quick()
    streams.stand_in()
    code = _run()
    streams.let_go()
    sys.exit(code or (Exit.DISK if streams.data_were_lost() else 0))


def _be_quick() -> None:
    """What makes this process start lighter, and only this one, which is ours alone.

    pyarrow takes numpy along where that is installed, and works without it as on a bare machine:
    0.15 s of CPU and 12 MB. httpx takes a command line of its own along where click and rich are
    installed, pydantic looks for plugins in every package there is: 0.03 s.
    """
    for unneeded in ("numpy", "httpx._main"):
        sys.modules.setdefault(unneeded, None)  # type: ignore[arg-type]
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _run() -> int:
    try:
        code: Any = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        streams.lead_nowhere(sys.stdout)
        return Exit.PIPE
    except SystemExit as leaving:  # what Typer and rich make of a closed pipe
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        streams.lead_nowhere(sys.stdout)
        return Exit.PIPE
    except Exception as error:  # noqa: BLE001 - the one boundary: a bug keeps its traceback
        return _explained(_unwritten(Stdout.failed) if error is Stdout.failed else error)
    return code if isinstance(code, int) else 0


def _explained(error: Exception) -> int:
    """Say what went wrong, in the words that suit it; the exit code."""
    from legalgen.errors import LegalgenError

    if isinstance(error, TyperException):
        error = _misused(error)
    if not isinstance(error, LegalgenError):
        return _bug(error)
    from legalgen.ui.console import Console

    json = _wants_json() and Stdout.failed is None
    try:
        Console(json=json).failure(error, error.exit_code)
    except OSError as unsaid:
        if unsaid is not Stdout.failed:
            raise
    return error.exit_code


def _wants_json() -> bool:
    """Whether programs listen; asked where settings could not be read."""
    return "--json" in sys.argv or os.environ.get("LEGALGEN_JSON", "").lower() in ("1", "true")


def _misused(error: TyperException) -> LegalgenError:
    """A command line that cannot be meant: what is wrong, and where help is."""
    from legalgen.errors import UsageError

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "legalgen"
    message = error.format_message().rstrip(".")
    stop = "" if message.endswith("?") else "."
    return UsageError(f"{message}{stop} See `{path} --help`.")


def _unwritten(error: OSError) -> LegalgenError:
    """That data could not be written to stdout, which leads nowhere from here on."""
    from legalgen.errors import DiskError

    streams.lead_nowhere(sys.stdout)
    why = "it is closed" if error.errno == errno.EBADF else error.strerror
    return DiskError(f"stdout cannot be written: {why}", Path("/dev/stdout"))


def _bug(error: Exception) -> int:
    import logging  # only now
    import traceback

    from legalgen.errors.redaction import redact

    logging.getLogger("legalgen").error("a bug", exc_info=error)
    sys.stderr.write(redact("".join(traceback.format_exception(error))))
    sys.stderr.write("This is a bug in legalgen. What was accepted before is kept.\n")
    if _wants_json():
        from legalgen.ui.console import Console

        detail = {"kind": "Bug", "message": redact(f"{type(error).__name__}: {error}")}
        Console().data({"error": detail, "exit_code": Exit.BUG})
    return Exit.BUG
