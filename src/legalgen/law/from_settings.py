"""From settings to the law's side of a batch: taxonomy, filter, prompts, the month it names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from legalgen.completion import ModelRef
from legalgen.errors import UsageError
from legalgen.law.axes import Filter, Topic
from legalgen.law.planner import TaskSpace
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.settings.layers import Settings

if TYPE_CHECKING:  # its grammar takes time to compile, and is not needed to look at models
    from legalgen.law.citations import Authorities
    from legalgen.law.prompts.menu import Menu


def taxonomy_of(settings: Settings) -> Taxonomy:
    """The user's taxonomy, or the built-in one, with the weights of the config file over its own.

    Raises:
        UsageError: the file cannot be read, or one of the two cannot be meant.
    """
    weighed_in = str(settings.config_file)
    written = "" if settings.taxonomy is None else settings.written("taxonomy")
    return Taxonomy.load(settings.taxonomy, settings.weights, weighed_in, written)


def filter_of(settings: Settings) -> Filter:
    """What the flags restrict a batch to."""
    return Filter(
        jurisdictions=settings.jurisdiction,
        practice_areas=settings.practice_area,
        topics=settings.topic,
        difficulties=settings.difficulty,
        sample_types=settings.sample_type,
    )


def task_space_of(settings: Settings) -> TaskSpace:
    """The tasks that a batch may plan.

    Raises:
        UsageError: the taxonomy or the filter cannot be meant, or nothing is left to write.
    """
    whole = taxonomy_of(settings)
    chosen = whole.resolve(filter_of(settings), lambda name: settings.origin(name).where)
    taxonomy = citable(settings, whole, chosen)
    taxonomy.leaves(chosen)
    return TaskSpace(taxonomy, chosen)


def law_month(settings: Settings, knowledge: str | None, today: str) -> str | None:
    """The month as at which a model is asked for the law; None: its knowledge is not known to end.

    The user's own where one is given, else the earlier of the model's ``knowledge`` and ``today``.
    """
    if settings.as_of is not None:
        return settings.as_of
    return None if knowledge is None else min(knowledge, today)


def month_warnings(
    settings: Settings, models: Iterable[tuple[ModelRef, str | None]], today: str
) -> tuple[str, ...]:
    """What is to be said of ``--as-of``: models that know less than they are asked for.

    ``models`` come with the month at which their knowledge ends.

    Raises:
        UsageError: the month has not come yet.
    """
    if settings.as_of is None:
        return ()
    flag = f"{settings.written('as_of')} {settings.as_of}"
    if settings.as_of > today:
        raise UsageError(f"{flag} has not come yet: take {today} or an earlier month")
    late = [f"{ref} ({known})" for ref, known in models if known and settings.as_of > known]
    if not late:
        return ()
    return (f"{flag} is later than is known to {', '.join(late)}: what came since is guessed",)


def prompter_of(
    settings: Settings, taxonomy: Taxonomy, *, question_words: tuple[int, int], min_citations: int
) -> Prompter:
    """Makes the prompts of a run.

    A bound that the gate holds an answer to is told to the model, and so is the user's own list
    of authorities.
    """
    return Prompter(
        taxonomy,
        citation_policy="grounded" if settings.grounded else settings.citation_policy,
        reasoning_instruction=settings.reasoning_instruction,
        menu=menu_of(settings) if settings.authorities and not settings.grounded else None,
        question_words=question_words,
        min_citations=min_citations,
    )


def menu_of(settings: Settings) -> Menu:
    """What may be offered for citation beside what the topics list: the user's own list.

    Raises:
        UsageError: the list cannot be read.
    """
    from legalgen.law.prompts.menu import Menu  # only a run needs its grammar

    return Menu(authorities_of(settings).texts)


def authorities_of(settings: Settings) -> Authorities:
    """The user's own list; empty where none is named.

    Raises:
        UsageError: the list cannot be read.
    """
    from legalgen.law.citations import Authorities  # only a run needs its grammar

    path = settings.authorities
    if path is None:
        return Authorities({})
    try:
        with contextlib.suppress(OSError):  # reading it says why
            return _authorities_in(path, path.stat().st_mtime_ns)
        return Authorities.load(path)
    except UsageError as error:
        raise UsageError(f"{settings.written('authorities')} {error}") from error


@lru_cache(maxsize=1)  # prompt and gate both ask for it, and a long one takes a quarter of a second
def _authorities_in(path: Path, _changed_ns: int) -> Authorities:
    from legalgen.law.citations import Authorities  # only a run needs its grammar

    return Authorities.load(path)


def citable(settings: Settings, taxonomy: Taxonomy, chosen: Filter) -> Taxonomy:
    """The taxonomy less what ``--citation-policy menu`` makes impossible under a filter.

    A sample type that must cite a case is left out of topics for which none is listed.

    Raises:
        UsageError: nothing is left to write.
    """
    if settings.citation_policy != "menu":
        return taxonomy
    menu = menu_of(settings)
    of_cases = {kind.id for kind in taxonomy.sample_types if kind.requires == "apex_case"}

    def kept(leaf: Topic) -> tuple[str, ...]:
        barred = frozenset[str]() if menu.has_case(leaf) else of_cases
        return tuple(kind for kind in leaf.sample_types if kind not in barred)

    if not any(map(kept, taxonomy.leaves(chosen))):
        raise UsageError(
            f"{settings.written('citation_policy')} menu: no case is listed that sample type "
            f"{' or '.join(sorted(of_cases))} could cite here; list some with --authorities FILE "
            "or in the taxonomy, or take another sample type"
        )
    areas = [
        replace(area, topics=tuple(replace(leaf, sample_types=kept(leaf)) for leaf in area.topics))
        for area in taxonomy.areas
    ]
    return replace(taxonomy, areas=tuple(areas))
