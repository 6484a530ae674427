"""The commands: flags in, one call, the result to the console. Imported by nobody.

Nothing heavy is imported up here: ``--help`` loads no SDK, no pyarrow.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from legalgen import __version__
from legalgen.settings import SETTINGS, Declaration, Settings, shown

if TYPE_CHECKING:
    from legalgen.console import Console
    from legalgen.errors import LegalgenError

DECLARED = {each.name: each for each in SETTINGS}

EXIT_BUG = 70
EXIT_PIPE = 141

app = typer.Typer(
    name="legalgen",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_PANELS = {
    "sample": "What to write",
    "": "Who writes it",
    "calls": "Who writes it",
    "failover": "Who writes it",
    "providers.openai": "Who writes it",
    "batch": "How far",
    "paths": "Files and output",
    "log": "Files and output",
    "output": "Files and output",
}
_SHOWING = ("data_dir", "json", "quiet", "color")
_WRITING = (
    "provider", "model", "route", "no_failover", "base_url", "reasoning_effort", "timeout",
    "connect_timeout", "stickiness", "jurisdiction", "practice_area", "topic", "difficulty",
    "sample_type", "reasoning_instruction", "citation_policy", "gate", "keep_thinking",
    "taxonomy", "authorities", "seed", "max_wait", "state_dir", "log_dir", "log_level",
    "log_format", "events",
)  # fmt: skip
_BOUNDING = (
    "count", "concurrency", "max_time", "max_cost", "max_tokens", "max_calls", "alert_switches",
    "alert_timeouts", "metrics_file",
)  # fmt: skip

Flags = dict[str, object]


def _takes(*names: str) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Give a command one option for each of these settings, as their table declares them.

    The command itself is called with the flags as one dict, then its own parameters.
    """

    def decorate(function: Callable[..., int]) -> Callable[..., None]:
        def command(**given: object) -> None:
            flags = {name: given.pop(name) for name in names}
            raise typer.Exit(function(flags, **given))

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        options = [_option(DECLARED[name]) for name in names]
        command.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in (*own, *options)}
        command.__name__, command.__doc__ = function.__name__, function.__doc__
        return command

    return decorate


def _option(declared: Declaration[Any]) -> inspect.Parameter:
    """A setting as an option; its text is parsed where all layers are."""
    switch = isinstance(declared.default, bool)
    several = isinstance(declared.default, tuple)
    kind: Any = bool | None if switch else list[str] | None if several else str | None
    names = [declared.flag, *_SHORT.get(declared.name, ())]
    usual = declared.absent or ("" if switch else str(shown(declared, declared.default)))
    info = typer.Option(
        *names,
        help=f"{declared.help} [dim]Default: {usual}.[/dim]" if usual else declared.help,
        rich_help_panel=_PANELS[declared.table],
        metavar=None if switch else _METAVARS.get(declared.name, "TEXT"),
        show_default=False,
    )
    annotation = Annotated[kind, info]
    return inspect.Parameter(
        declared.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


_SHORT = {
    "count": ("-n",),
    "concurrency": ("-c",),
    "quiet": ("-q",),
    "provider": ("-p",),
    "model": ("-m",),
}
_METAVARS = {
    "count": "N", "seed": "N", "concurrency": "auto|N", "timeout": "TIME", "max_wait": "TIME",
    "max_time": "TIME", "connect_timeout": "TIME", "stickiness": "TIME", "max_cost": "USD",
    "max_tokens": "N", "max_calls": "N", "alert_switches": "N", "alert_timeouts": "N",
    "data_dir": "DIR", "state_dir": "DIR", "log_dir": "DIR", "taxonomy": "FILE",
    "authorities": "FILE", "metrics_file": "FILE", "events": "FILE", "base_url": "URL",
}  # fmt: skip


def _print_version(value: bool | None) -> None:
    if value:
        typer.echo(f"legalgen {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    ctx: typer.Context,
    _version: Annotated[
        bool | None,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = None,
) -> None:
    """Write synthetic legal question-and-answer samples into a parquet dataset."""
    if ctx.invoked_subcommand is None:
        ctx.get_help()


@app.command()
@_takes(*_WRITING, *_SHOWING)
def generate(
    flags: Flags,
    no_save: Annotated[bool, typer.Option("--no-save", help="Show it, keep it nowhere.")] = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print the prompt, call nobody.")
    ] = False,
) -> int:
    """Write one sample, show it and keep it."""
    from legalgen import commands  # noqa: PLC0415 - lazy

    settings = _settings(flags)
    if show_prompt:
        return commands.show_prompt(settings, _console(settings))
    return commands.generate(settings, _console(settings), save=not no_save)


@app.command()
@_takes(*_WRITING, *_BOUNDING, *_SHOWING)
def batch(
    flags: Flags,
    batch_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="With --resume: which; the newest.")
    ] = None,
    *,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a batch that ended early.")
    ] = False,
    until_total: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Write until the dataset holds N rows.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Queue behind a running batch.")] = False,
    wait_max: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long to queue, such as 2h.")
    ] = None,
) -> int:
    """Write many samples; stop, pause and resume as you like.

    Exit codes: 0 done, 2 usage, 3 no usable provider, 4 stopped short by a limit, 5 another batch
    is running, 74 the disk failed, 75 paused (resume later), 129/130/143 stopped by a signal.
    """
    from legalgen import commands  # noqa: PLC0415 - lazy

    if batch_id and not resume:
        raise typer.BadParameter(f"{batch_id!r} names a batch; add --resume to go on with it")
    order = commands.BatchOrder(
        batch_id, resume=resume, until_total=until_total, wait=wait, wait_max=wait_max
    )
    return commands.batch(flags, order, _settings, _console)


@app.command()
@_takes("provider", "state_dir", *_SHOWING)
def models(flags: Flags) -> int:
    """Show which models can be used, and how healthy they are."""
    from legalgen import commands  # noqa: PLC0415 - lazy

    settings = _settings(flags)
    return commands.models(settings, _console(settings))


@app.command()
@_takes(*_SHOWING)
def history(
    flags: Flags,
    batch_id: Annotated[str | None, typer.Argument(metavar="ID", help="One batch in full.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    status: Annotated[str | None, typer.Option(help="Only batches of this status.")] = None,
) -> int:
    """Show what was done, and how it went."""
    from legalgen import commands  # noqa: PLC0415 - lazy

    settings = _settings(flags)
    return commands.history(settings, _console(settings), batch_id, limit=limit, status=status)


def _settings(flags: Flags) -> Settings:
    from legalgen.providers import PROVIDERS  # noqa: PLC0415 - lazy
    from legalgen.settings import find_config  # noqa: PLC0415 - lazy

    return Settings.load(
        flags, os.environ, find_config(os.environ), known_providers=tuple(PROVIDERS)
    )


def _console(settings: Settings) -> Console:
    from legalgen.console import Console  # noqa: PLC0415 - lazy

    return Console(json=settings.json, quiet=settings.quiet, color=settings.color)


def main() -> NoReturn:
    """Run the program: the one boundary, where our errors become a sentence and an exit code."""
    sys.exit(_run())


def _run() -> int:
    try:
        code: Any = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        _leave_stdout()
        return EXIT_PIPE
    except Exception as error:  # noqa: BLE001 - the one boundary: a bug keeps its traceback
        return _explained(error)
    return code if isinstance(code, int) else 0


def _explained(error: Exception) -> int:
    """Say what went wrong, in the words that suit it; the exit code."""
    from legalgen.errors import LegalgenError  # noqa: PLC0415 - lazy

    if isinstance(error, TyperException):
        error = _misused(error)
    if not isinstance(error, LegalgenError):
        return _bug(error)
    from legalgen.console import Console  # noqa: PLC0415 - lazy

    Console(json="--json" in sys.argv).failure(error, error.exit_code)
    return error.exit_code


def _misused(error: TyperException) -> LegalgenError:
    """A command line that cannot be meant: what is wrong, and where help is."""
    from legalgen.errors import UsageError  # noqa: PLC0415 - lazy

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "legalgen"
    message = error.format_message().rstrip(".")
    return UsageError(f"{message}. See `{path} --help`.")


def _leave_stdout() -> None:
    """Nobody reads any more: keep the interpreter from flushing into the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug(error: Exception) -> int:
    import logging  # noqa: PLC0415 - only now
    import traceback  # noqa: PLC0415

    from legalgen.redaction import redact  # noqa: PLC0415

    logging.getLogger("legalgen").error("a bug", exc_info=error)
    sys.stderr.write(redact("".join(traceback.format_exception(error))))
    sys.stderr.write("This is a bug in legalgen. What was accepted before is kept.\n")
    return EXIT_BUG
