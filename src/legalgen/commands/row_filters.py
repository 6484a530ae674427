"""The options that say which rows are meant: the same for all commands on a dataset."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from legalgen.commands.offers import Offer, among

if TYPE_CHECKING:
    from legalgen.dataset.wanted import Wanted
    from legalgen.settings.layers import Settings
    from legalgen.store.files import DataDir

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


def wanted_in(
    settings: Settings, given: Filters, *, rehearsal: bool = False, rejected: bool = False
) -> Wanted:
    """As ``wanted_of``, held against the rows; ``rejected``: against the refused answers.

    Raises:
        UsageError: an option cannot be meant, or names what is not there.
        DiskError: what is there cannot be read.
    """
    wanted = wanted_of(given)
    if wanted:
        _check_names(wanted, settings, rehearsal=rehearsal, rejected=rejected)
    return wanted


def _check_names(wanted: Wanted, settings: Settings, *, rehearsal: bool, rejected: bool) -> None:
    from legalgen.dataset import refused, rows
    from legalgen.dataset.wanted import Wanted, check_names
    from legalgen.law.from_settings import taxonomy_of
    from legalgen.store.files import DataDir, is_folder

    data_dir = DataDir(settings.data_dir)
    if not is_folder(data_dir.root):
        return  # the command tells that there is none

    def present(column: str) -> set[str]:
        noted = _noted(data_dir, column)
        if rejected:
            return noted | refused.values_in(data_dir, column)
        return noted | rows.values_in(data_dir, column, rehearsal=rehearsal)

    if rejected:  # what else is asked of them is refused
        wanted = Wanted(
            flags=wanted.flags,
            without_flags=wanted.without_flags,
            batches=wanted.batches,
            models=wanted.models,
        )
    check_names(wanted, lambda: taxonomy_of(settings), present)


def _noted(data_dir: DataDir, column: str) -> set[str]:
    """The batches of the ledger, or the models that they called, of which no row may be there."""
    from legalgen.store.files import listed
    from legalgen.store.ledger import Ledger, Record

    if column == "batch_id":
        return {path.stem for path in listed(data_dir.batches, "*.json")}
    if column != "model":
        return set()
    records = (each for each in Ledger(data_dir).newest() if isinstance(each, Record))
    called = {name for record in records for name in record.models}
    return called | {name.partition("/")[2] for name in called}
