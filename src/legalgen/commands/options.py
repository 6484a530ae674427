"""Settings as options of a command, and what every command opens first.

Nothing heavy is imported up here: ``--help`` loads no SDK, no pyarrow.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from legalgen.settings.declaration import PANELS, Declaration
from legalgen.settings.layers import SETTINGS, Settings
from legalgen.settings.show import shown

if TYPE_CHECKING:
    from legalgen.ui.console import Console

Flags = dict[str, object]
"""Values by setting name; None and an empty list are flags not given."""


def takes(path: str) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Give the command ``path`` (``dataset verify``) an option for each setting that names it.

    The command itself is called with the flags as one dict, then its own parameters.
    """
    headings = list(PANELS.values())
    taken = [each for each in SETTINGS if path in each.commands]
    taken.sort(key=lambda each: headings.index(each.panel))

    def decorate(function: Callable[..., int]) -> Callable[..., None]:
        def command(**given: object) -> None:
            flags = {each.name: given.pop(each.name) for each in taken}
            raise typer.Exit(function(flags, **given))

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        options = [_option(each) for each in taken]
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
    info = typer.Option(
        *filter(None, (declared.flag, declared.short)),
        help=_help(declared),
        rich_help_panel=declared.panel,
        metavar=None if switch else declared.metavar,
        show_default=False,
        autocompletion=_completion(declared.kind.choices) if declared.kind.choices else None,
    )
    annotation = Annotated[kind, info]
    return inspect.Parameter(
        declared.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _completion(choices: Sequence[str]) -> Callable[[str], list[str]]:
    """What the shell offers for a value that has been begun."""

    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete


def _help(declared: Declaration[Any]) -> str:
    """What a setting is, what it may be, and what it is when nobody says."""
    switch = isinstance(declared.default, bool)
    usual = declared.absent or ("" if switch else str(shown(declared, declared.default)))
    choices = "|".join(declared.kind.choices)
    return (
        declared.help
        + (f" [cyan]{choices}[/cyan]." if choices else "")
        + (f" [dim]Default: {usual}.[/dim]" if usual else "")
    )


def settings_of(flags: Flags) -> Settings:
    """The settings of this run: these flags, the environment, the file, the defaults."""
    from legalgen.providers import PROVIDERS
    from legalgen.settings.layers import find_config

    return Settings.load(
        flags, os.environ, find_config(os.environ), known_providers=tuple(PROVIDERS)
    )


def console_of(settings: Settings) -> Console:
    """Where these settings say that results go."""
    from legalgen.ui.console import Console

    return Console(json=settings.json, quiet=settings.quiet, color=settings.color)
