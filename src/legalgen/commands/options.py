"""Settings as options of a command, and what every command opens first.

Nothing heavy is imported up here: ``--help`` loads no SDK, no pyarrow.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from legalgen.settings.declaration import Declaration
from legalgen.settings.layers import SETTINGS, Settings
from legalgen.settings.show import shown

if TYPE_CHECKING:
    from legalgen.ui.console import Console

DECLARED = {each.name: each for each in SETTINGS}

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
SHOWING = ("data_dir", "json", "quiet", "color")
"""Settings of every command that shows something."""

Flags = dict[str, object]
"""Values by setting name; None and an empty list are flags not given."""


def takes(*names: str) -> Callable[[Callable[..., int]], Callable[..., None]]:
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
    info = typer.Option(
        *names,
        help=_help(declared),
        rich_help_panel=_PANELS[declared.table],
        metavar=None if switch else _METAVARS.get(declared.name, "TEXT"),
        show_default=False,
    )
    annotation = Annotated[kind, info]
    return inspect.Parameter(
        declared.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _help(declared: Declaration[Any]) -> str:
    """What a setting is, what it may be, and what it is when nobody says."""
    switch = isinstance(declared.default, bool)
    usual = declared.absent or ("" if switch else str(shown(declared, declared.default)))
    choices = _choices(declared)
    return (
        declared.help
        + (f" [cyan]{choices}[/cyan]." if choices else "")
        + (f" [dim]Default: {usual}.[/dim]" if usual else "")
    )


def _choices(declared: Declaration[Any]) -> str:
    """``none|low|medium|high``, for a setting that takes one of a few words."""
    if declared.name == "provider":
        return "groq|cerebras|openai|local"
    words = declared.kind.name.split(", ")
    listed = len(words) > 1 and all(word[0] == word[-1] == "`" for word in words)
    return "|".join(word.strip("`") for word in words) if listed else ""


_SHORT = {
    "count": ("-n",),
    "concurrency": ("-c",),
    "quiet": ("-q",),
    "provider": ("-p",),
    "model": ("-m",),
}
_METAVARS = {
    "count": "N", "seed": "N", "concurrency": "auto|N", "timeout": "TIME", "max_wait": "TIME",
    "max_time": "TIME", "connect_timeout": "TIME", "stickiness": "TIME",
    "spill_after": "TIME", "max_cost": "USD",
    "max_cost_per_day": "USD", "max_cost_per_month": "USD",
    "max_tokens": "N", "max_calls": "N", "alert_switches": "N", "alert_timeouts": "N",
    "data_dir": "DIR", "state_dir": "DIR", "log_dir": "DIR", "taxonomy": "FILE",
    "authorities": "FILE", "metrics_file": "FILE", "events": "FILE|-", "base_url": "URL",
    "provider": "NAME", "model": "MODEL", "route": "P/MODEL,...", "judge": "P/MODEL",
    "min_score": "MARK", "reasoning_effort": "EFFORT", "gate": "GATE", "citation_policy": "POLICY",
    "color": "WHEN", "log_level": "LEVEL", "log_format": "FORMAT", "jurisdiction": "NAME,...",
    "practice_area": "NAME,...", "topic": "NAME,...", "difficulty": "NAME,...",
    "sample_type": "NAME,...", "as_of": "YYYY-MM",
}  # fmt: skip


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
