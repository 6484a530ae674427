"""Settings as options of a command, and what every command opens first.

Nothing heavy is imported up here: ``--help`` loads no SDK, no pyarrow, and no settings.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.models import OptionInfo

from legalgen.commands import row_filters
from legalgen.commands.examples import with_examples
from legalgen.commands.offers import OF_SETTINGS, among

if TYPE_CHECKING:
    from legalgen.settings.declaration import Declaration
    from legalgen.settings.layers import Settings
    from legalgen.ui.console import Console

Flags = dict[str, object]
"""Values by setting name; None and an empty list are flags not given."""


class _WithoutTypes:
    """A command in whose ``--help`` no ``<bool>`` and no ``<str>`` stands.

    What is not on the command line is taken as it is, and so is text that is to be text: Typer
    converts both, by pydantic, whose import was a third of what ``history`` took.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, as Typer and click have made them."""
        found: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for each in found:
            if each.param_type_name == "argument" or each.is_flag:
                each.display_type_rich = lambda ctx: None  # noqa: ARG005 - Typer's signature
            if "process_value" not in vars(each):
                each.process_value = functools.partial(_processed, each, each.process_value)
        return found

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The rest of the arguments; an error of the parser knows whose arguments they are."""
        try:
            rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]
        except typer.exceptions.TyperException as error:
            error.ctx = getattr(error, "ctx", None) or ctx  # type: ignore[attr-defined]
            raise
        return rest


def _processed(param: Any, process: Callable[[Any, Any], Any], ctx: Any, value: Any) -> Any:
    """The value of a parameter; a default is of its type already."""
    if value is not param.default or param.required:
        kind = param.type_descriptor.annotation
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, str):
                _refuse_no_text(param, each)
                if kind in (Path, list[Path]):
                    _refuse_url(param, each)
        if kind is str and isinstance(value, str):
            return _as_it_is(param, ctx, value)
        if kind == list[str] and value:
            return _as_it_is(param, ctx, list(value))
        if kind in (int, float) and isinstance(value, str):
            return _as_it_is(param, ctx, _number(param, value))
        with _told_what_to_do(param):
            return process(ctx, value)
    several = value is None and (param.multiple or param.nargs == -1)
    return _as_it_is(param, ctx, () if several else value)


@contextlib.contextmanager
def _told_what_to_do(param: Any) -> Iterator[None]:
    """Say what helps where Typer cannot write a completion: its files are of the user's shell.

    Raises:
        DiskError: one of them cannot be read or written.
        UsageError: there is no home folder, or a file there is no text.
    """
    try:
        yield
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        if param.name != "install_completion" or isinstance(error, typer.Exit):
            raise
        from legalgen.errors import DiskError, UsageError  # it is installed once
        from legalgen.settings.reading import reason_of

        remedy = "`legalgen --show-completion` prints it, to be put where your shell reads it"
        if isinstance(error, OSError):
            path = Path(os.fsdecode(error.filename or "its file"))
            said = f"cannot write {path}: {reason_of(error, path)}; {remedy}"
            raise DiskError(said, path) from error
        raise UsageError(f"the completion cannot be installed: {error}; {remedy}") from error


def _as_it_is(param: Any, ctx: Any, value: Any) -> Any:
    """A value that need not be converted, by way of the parameter's own callback."""
    return param.callback(ctx, param, value) if param.callback is not None else value


def _number(param: Any, value: str) -> int | float:
    """A number of the command line, as a setting of its kind is read: a whole one within the
    option's bounds, else a part of a whole or a mark.

    Raises:
        UsageError: it is none, or out of bounds.
    """
    from msgspec.structs import replace

    from legalgen.errors import UsageError
    from legalgen.settings.document import parsed
    from legalgen.settings.types import MARK, MOST, NUMBER, SHARE, whole

    if param.type_descriptor.annotation is float:
        share = param.metavar == "SHARE"
        return parsed(SHARE if share else MARK, value, _named(param), UsageError)
    parse = whole(param.min, MOST if param.max is None else param.max)
    return parsed(replace(NUMBER, parse=parse), value, _named(param), UsageError)


def _named(param: Any) -> str:
    """A parameter as the user writes it, or as ``--help`` calls it."""
    is_option = param.param_type_name == "option"
    return max(param.opts, key=len) if is_option else param.metavar or _as_argument(param.name)


def _refuse_no_text(param: Any, value: str) -> None:
    """A value may not be empty, as a variable is that is not set: as a path it would be the folder
    one is in, as a filter every row. Nor may it be bytes of another encoding, which JSON, parquet
    and pages cannot hold.
    """
    wrong = "" if value else "it is empty; give a value, or leave it out."
    if not value.isascii() and value != value.encode("utf-8", "replace").decode():
        wrong = "it is not UTF-8 text"
    if wrong:
        from legalgen.errors import UsageError  # most command lines contain no mistake

        raise UsageError(
            f'{_named(param)} "{value.encode("ascii", "backslashreplace").decode()}": {wrong}'
        )


def _refuse_url(param: Any, value: str) -> None:
    """A path of the command's own may be no URL, as no setting's may: see ``settings.types``.

    It is looked at before it is made a ``Path``, which takes one of its slashes away.
    """
    from legalgen.settings.types import misplaced_url

    if wrong := misplaced_url(value):
        from legalgen.errors import UsageError  # most command lines contain no mistake

        raise UsageError(f"{_named(param)} {value}: {wrong}")


class _Command(_WithoutTypes, TyperCommand):
    """A command whose parameters are made when they are first looked at.

    ``legalgen --help`` names all commands and needs no parameter of theirs; to make them all takes
    as long as to import Typer.
    """

    function: Callable[[], Callable[..., None]]
    """Gives what Typer is to make it of."""

    @functools.cached_property
    def _made(self) -> Any:
        alone = typer.Typer(add_completion=False)
        alone.command()(self.function())
        return typer.main.get_command(alone)

    # What Typer sets is found in a function without parameters: see ``App.command``.
    params = property(lambda self: self._made.params, lambda _, __: None)
    callback = property(lambda self: self._made.callback, lambda _, __: None)


class _Group(_WithoutTypes, TyperGroup):
    pass


class App(typer.Typer):
    """A program, or a group of its commands, that shows its help when it is called alone."""

    def __init__(self, **given: Any) -> None:
        super().__init__(cls=_Group, rich_markup_mode="rich", **given)

    def command(self, name: str | None = None, **given: Any) -> Callable[[Any], Any]:
        """Register a command that ``takes`` settings; its options are made when needed."""

        def register(function: Any) -> Any:
            def stand_in() -> None:
                """Typer looks at its parameters."""

            stand_in.__name__, stand_in.__doc__ = function.__name__, function.__doc__
            command = type("Command", (_Command,), {"function": staticmethod(function.complete)})
            super(App, self).command(name, cls=command, **given)(stand_in)
            return function

        return register


def group(path: str, prose: str) -> App:
    """The group of commands ``path``, which shows its help and exits 0 when called alone."""
    made = App()

    def show_help(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            ctx.get_help()

    made.callback(invoke_without_command=True, help=with_examples(path, prose))(show_help)
    return made


def takes(
    path: str,
    *,
    usual: Sequence[str] = (),
    helps: Mapping[str, str] | None = None,
    filters: bool = False,
) -> Callable[[Callable[..., int]], Any]:
    """Give the command ``path`` (``dataset verify``) an option for each setting that names it.

    The command itself is called with the flags as one dict, then its own parameters. The ``usual``
    ones, settings and own, stand first in ``--help``; the others follow under their headings.
    ``helps`` has, by the name of a setting, what it is for this command, if that is another thing.
    With ``filters`` it takes the options that say which rows are meant, and gets them so named.
    """

    def decorate(function: Callable[..., int]) -> Callable[..., None]:
        def command(ctx: Any, **given: object) -> None:
            for name, value in given.items():
                _refuse_paths(command.__signature__.parameters[name], value)  # type: ignore[attr-defined]
            _refuse_ineffective(path, ctx, command.__signature__.parameters)  # type: ignore[attr-defined]
            names = ["config", *(each.name for each in _taken(path))]
            flags = {name: given.pop(name) for name in names}
            if filters:
                given["filters"] = {each.name: given.pop(each.name) for each in row_filters.OPTIONS}
            raise typer.Exit(function(flags, **given))

        def complete() -> Callable[..., None]:
            own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
            arguments = [each for each in own if each.kind is not inspect.Parameter.KEYWORD_ONLY]
            switches = [
                each
                for each in own
                if each.kind is inspect.Parameter.KEYWORD_ONLY and each.name != "filters"
            ]
            switches += row_filters.OPTIONS if filters else ()
            settings = (_option(each, usual, helps or {}) for each in _taken(path))
            options = _in_order([*switches, *settings, _config()], usual)
            parameters = [_CONTEXT, *arguments, *options]
            command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
            command.__annotations__ = {each.name: each.annotation for each in parameters}
            return command

        command.__name__, command.__doc__ = function.__name__, with_examples(path, function.__doc__)
        command.complete = complete  # type: ignore[attr-defined]
        return command

    return decorate


_CONTEXT = inspect.Parameter(
    "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
)


def _refuse_ineffective(path: str, ctx: Any, parameters: Mapping[str, inspect.Parameter]) -> None:
    """Refuse a flag that says nothing beside the others: see ``effects``."""
    from legalgen.commands import effects

    if path not in effects.NEEDED and path not in effects.OVERRIDING:
        return
    sources = ((name, ctx.get_parameter_source(name)) for name in parameters)
    given = {name for name, source in sources if source and source.name == "COMMANDLINE"}
    if wrong := effects.ineffective(path, given, lambda name: _as_typed(parameters[name])):
        from legalgen.errors import UsageError  # most command lines contain no mistake

        raise UsageError(wrong)


def _taken(path: str) -> list[Declaration[Any]]:
    """The settings that a command takes."""
    from legalgen.settings.layers import SETTINGS

    return [each for each in SETTINGS if path in each.commands]


def _in_order(
    options: Sequence[inspect.Parameter], usual: Sequence[str]
) -> list[inspect.Parameter]:
    """The usual ones first, then those of each heading."""
    from legalgen.settings.declaration import PANELS

    headings = ("", row_filters.PANEL, *dict.fromkeys(PANELS.values()))

    def place(option: inspect.Parameter) -> tuple[int, int]:
        if option.name in usual:
            return 0, usual.index(option.name)
        panel = _info(option).rich_help_panel or ""
        return headings.index(panel) if panel in headings else len(headings), len(usual)

    return sorted(options, key=place)


def _refuse_paths(parameter: inspect.Parameter, value: object) -> None:
    """A path of the command's own may not be one that the system does not look at: too long, or
    in a folder that is closed.
    """
    from legalgen.settings.types import unreachable

    for each in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(each, Path):
            continue
        if (error := unreachable(each)) is not None:
            from legalgen.errors import UsageError  # most command lines contain no mistake

            raise UsageError(f"{_as_typed(parameter)} {each}: {error.strerror or error}")


def _as_typed(parameter: inspect.Parameter) -> str:
    """A parameter of a function as the user writes it: its flag, or its place."""
    info = _info(parameter)
    if not isinstance(info, OptionInfo):
        return info.metavar or _as_argument(parameter.name)
    names = (info.default, *(info.param_decls or ()))  # Typer keeps the first name as a default
    flags = (each for each in names if isinstance(each, str) and each.startswith("--"))
    return next(flags, f"--{parameter.name.replace('_', '-')}")


def _as_argument(name: str) -> str:
    return name.replace("_", "-").upper()


def _info(option: inspect.Parameter) -> Any:
    """What Typer is told of it."""
    return option.annotation.__metadata__[0]


def _option(
    declared: Declaration[Any], usual: Sequence[str], helps: Mapping[str, str]
) -> inspect.Parameter:
    """A setting as an option; its text is parsed where all layers are."""
    offer = OF_SETTINGS.get(declared.name)
    if offer is None and declared.kind.choices:
        offer = among(declared.kind.choices)
    switch = isinstance(declared.default, bool)
    several = isinstance(declared.default, tuple)
    kind: Any = bool | None if switch else list[str] | None if several else str | None
    info = typer.Option(
        *filter(None, (declared.flag, declared.short)),
        help=helps.get(declared.name) or _help(declared),
        rich_help_panel=None if declared.name in usual else declared.panel,
        metavar=None if switch else declared.metavar,
        show_default=False,
        autocompletion=offer,
    )
    annotation = Annotated[kind, info]
    return inspect.Parameter(
        declared.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _config() -> inspect.Parameter:
    """``--config``, which every command takes: it is no setting, it says where settings lie."""
    from legalgen.settings.declaration import PANELS

    info = typer.Option(
        "--config",
        metavar="FILE",
        rich_help_panel=PANELS["output"],
        show_default=False,
        help="The config file, or a job file in its place. "
        "[dim]Default: LEGALGEN_CONFIG, or what `config path` says.[/dim]",
    )
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter("config", kind, default=None, annotation=Annotated[str | None, info])


def _help(declared: Declaration[Any]) -> str:
    """What a setting is, what it may be, and what it is when nobody says."""
    from legalgen.settings.show import shown

    switch = isinstance(declared.default, bool)
    usual = declared.absent or ("" if switch else str(shown(declared, declared.default)))
    choices = "|".join(declared.kind.choices)
    return (
        declared.help.replace("[", r"\[")  # a table of the config file, which is no markup
        + (f" [cyan]{choices}[/cyan]." if choices else "")
        + (f" [dim]Default: {usual}.[/dim]" if usual else "")
    )


def settings_of(flags: Flags, *, of_doctor: bool = False) -> Settings:
    """The settings of this run: these flags, the environment, the file, the defaults.

    A folder that the command takes may be no file, but for the doctor, who tells it among the rest.

    Raises:
        UsageError: a flag's value cannot be meant.
        ConfigurationError: nor a variable's or the file's.
    """
    from legalgen.providers import PROVIDERS
    from legalgen.settings.declaration import Origin
    from legalgen.settings.layers import Settings, find_config
    from legalgen.ui.streams import Stdout

    named = config_of(flags)
    file = find_config(os.environ, flag=named)
    rest = {name: value for name, value in flags.items() if name != "config"}
    found = Settings.load(rest, os.environ, file, known_providers=tuple(PROVIDERS))
    Stdout.takes_json = found.json
    if not of_doctor:
        _check_folders(found, flags)
    if named is None:
        return found
    return dataclasses.replace(
        found, origins={**found.origins, "config": Origin("flag", "--config")}
    )


FOLDERS = ("data_dir", "state_dir", "log_dir")
"""Settings that name a folder."""


def _check_folders(settings: Settings, flags: Flags) -> None:
    from legalgen.settings.types import in_the_way

    for name in FOLDERS:
        path: Path = getattr(settings, name)
        if name in flags and (there := in_the_way(path)) is not None:
            from legalgen.errors import UsageError  # most command lines contain no mistake

            flag = f"--{name.replace('_', '-')}"
            is_default = settings.origin(name).source == "default"
            where = f"the default of {flag}," if is_default else settings.written(name)
            said = "is there already and is no folder; name another place"
            if there.is_symlink():
                leads = there.readlink()
                said = f"is a link to {leads}, where no folder is; make that, or name another place"
            raise UsageError(f"{where} {path}: {there} {said}")


def config_of(flags: Flags) -> str | None:
    """What ``--config`` says."""
    named = flags.get("config")
    return named if isinstance(named, str) else None


def console_of(settings: Settings) -> Console:
    """Where these settings say that results go."""
    from legalgen.ui.console import Console

    return Console(json=settings.json, quiet=settings.quiet, color=settings.color)


def console_without_file(flags: Flags) -> Console:
    """The same by flags and variables alone, where the config file may be missing or broken."""
    from legalgen.settings.layers import wants_json
    from legalgen.ui.console import Console

    return Console(json=wants_json({"json": flags["json"]}, os.environ))
