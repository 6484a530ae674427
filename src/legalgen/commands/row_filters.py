"""The options that say which rows are meant: the same for all commands on a dataset."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from legalgen.commands.offers import Offer, among

if TYPE_CHECKING:
    from legalgen.dataset.wanted import Wanted

Filters = Mapping[str, Any]
"""Values by the name of an option; None and an empty list are filters not given."""

PANEL: Final = "Which rows"
CITATION_STATUSES: Final = ("unparsed", "named", "parsed", "conflict", "listed", "grounded")
"""As ``dataset.wanted`` has them; a test compares."""


def _option(
    name: str, metavar: str, told: str, offer: Offer | None = None, kind: Any = list[str] | None
) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    info = typer.Option(
        flag,
        metavar=metavar,
        help=told,
        rich_help_panel=PANEL,
        show_default=False,
        autocompletion=offer,
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, info]
    )


OPTIONS: Final = (
    _option("flag", "CODE", "Only rows with a flag like this (DUP_*)."),
    _option("without_flag", "CODE", "No row with a flag like this ('*': any)."),
    _option("topic", "NAME", "Only this topic, or those like it (form*).", Offer("topics")),
    _option("jurisdiction", "NAME", "Only this one.", Offer("jurisdictions")),
    _option("practice_area", "NAME", "Only this one.", Offer("areas")),
    _option("difficulty", "NAME", "Only this one.", Offer("difficulties")),
    _option("batch", "ID", "Only this batch; the beginning of its id will do.", Offer("batches")),
    _option("model", "P/MODEL", "Only rows of a model like this (groq/*)."),
    _option(
        "status",
        "STATUS",
        f"A citation is {', '.join(CITATION_STATUSES)}.",
        among(CITATION_STATUSES),
    ),
    _option("score_below", "MARK", "A judge's mean mark is lower.", kind=float | None),
    _option("grep", "REGEX", "Question, steps, answer or a citation has it.", kind=str | None),
)
"""An option that can be given several times is met by any of its values."""


def wanted_of(given: Filters) -> Wanted:
    """The filter that these options make.

    Raises:
        UsageError: one of them cannot be meant.
    """
    from legalgen.dataset.wanted import Wanted  # ``--help`` needs none of it

    def several(name: str) -> tuple[str, ...]:
        return tuple(given[name] or ())

    return Wanted(
        flags=several("flag"),
        without_flags=several("without_flag"),
        batches=several("batch"),
        jurisdictions=several("jurisdiction"),
        practice_areas=several("practice_area"),
        difficulties=several("difficulty"),
        models=several("model"),
        topics=several("topic"),
        statuses=several("status"),
        score_below=given["score_below"],
        grep=given["grep"] or "",
    ).checked()
