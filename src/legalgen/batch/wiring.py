"""From settings to the parts of a run: the only room that opens providers and touches keys."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from legalgen.batch.generation import Endpoint, Judge
from legalgen.completion import (
    Completion,
    ModelRef,
    Prompt,
    ResponseFormat,
    Usage,
)
from legalgen.errors import AnswerRefused, ErrorCategory, Reason, UsageError
from legalgen.law.axes import Filter, LengthBounds, Topic
from legalgen.law.planner import Task, TaskPlanner, dated
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.providers import PROVIDERS
from legalgen.providers.base import Provider
from legalgen.providers.catalog import Catalog, ModelSpec
from legalgen.quality.rules import Rules, TypeBounds, Verdict
from legalgen.routing.opening import Deferred, open_one, plan_route
from legalgen.routing.rate_limits import Demand
from legalgen.routing.route import Route, RouteEntry
from legalgen.settings.layers import Settings
from legalgen.store.sample import Draft, read

if TYPE_CHECKING:  # its grammar takes time to compile, and is not needed to look at models
    from legalgen.law.citations import Authorities
    from legalgen.law.prompts.menu import Menu
    from legalgen.quality.gate import Gate

_POLICIES: Mapping[str, Literal["menu", "statute_first", "apex_only", "free"]] = {
    "statute-first": "statute_first",
    "apex-only": "apex_only",
    "menu": "menu",
    "free": "free",
}
FORMATS: tuple[ResponseFormat, ...] = ("strict", "json_schema", "json_object", "text")
"""Strictest first: what a model refuses, the next one replaces for the rest of the batch."""


def taxonomy_of(settings: Settings) -> Taxonomy:
    """The user's taxonomy, or the built-in one."""
    return Taxonomy.load(settings.taxonomy) if settings.taxonomy else Taxonomy.builtin()


def filter_of(settings: Settings) -> Filter:
    """What the flags restrict a batch to."""
    return Filter(
        jurisdictions=settings.jurisdiction,
        practice_areas=settings.practice_area,
        topics=settings.topic,
        difficulties=settings.difficulty,
        sample_types=settings.sample_type,
    )


def open_endpoints(settings: Settings, route: Route) -> dict[ModelRef, Endpoint]:
    """How each place of the route is spoken to; one provider object serves all its models."""
    opened: dict[tuple[str, Path | None], Provider] = {}
    endpoints = {}
    for place in route.stops:
        name = place.ref.provider
        slot = (name, place.model_path)
        if slot not in opened:
            opened[slot] = _provider(settings, place, first=not opened)
        endpoints[place.ref] = _endpoint(settings, place, opened[slot])
    return endpoints


def _provider(settings: Settings, place: RouteEntry, *, first: bool) -> Provider:
    name, path = place.ref.provider, place.model_path
    if first or PROVIDERS[name].extra:
        return open_one(settings, name, path)
    return Deferred(name, lambda: open_one(settings, name, path))


def _endpoint(settings: Settings, place: RouteEntry, provider: Provider) -> Endpoint:
    spec = place.spec
    return Endpoint(
        provider=provider,
        formats=FORMATS[FORMATS.index(spec.structured) :],
        timeout_s=settings.timeout or spec.timeout_s,
        style=spec.prompt,
        reasoning_effort=spec.accepted_effort(settings.reasoning_effort),
        price=lambda usage: _price(spec, usage),
        as_of=law_month(settings, spec, f"{datetime.now(UTC):%Y-%m}"),
    )


def law_month(settings: Settings, spec: ModelSpec, today: str) -> str | None:
    """The month as at which a model is asked for the law; None: its knowledge is not known to end.

    The user's own where one is given, else the earlier of the model's and ``today``.
    """
    if settings.as_of is not None:
        return settings.as_of
    return None if spec.knowledge is None else min(spec.knowledge, today)


def month_warnings(settings: Settings, route: Route, today: str) -> tuple[str, ...]:
    """What is to be said of ``--as-of``: models that know less than they are asked for.

    Raises:
        UsageError: the month has not come yet.
    """
    if settings.as_of is None:
        return ()
    flag = f"{settings.written('as_of')} {settings.as_of}"
    if settings.as_of > today:
        raise UsageError(f"{flag} has not come yet: take {today} or an earlier month")
    late = [
        f"{place.ref} ({known})"
        for place in route.stops
        if (known := place.spec.knowledge) and settings.as_of > known
    ]
    if not late:
        return ()
    return (f"{flag} is later than is known to {', '.join(late)}: what came since is guessed",)


def _price(spec: ModelSpec, usage: Usage) -> float | None:
    return spec.cost_usd(usage.input_tokens, usage.output_tokens, usage.cached_tokens or 0)


class TaxonomyPrompts:
    """Prompts and their sizes: what :mod:`legalgen.batch.generation` asks of the law's side."""

    def __init__(self, prompter: Prompter, taxonomy: Taxonomy) -> None:
        self._prompter = prompter
        self._taxonomy = taxonomy

    def build(self, task: Task, *, style: str, avoid: Sequence[str] = ()) -> Prompt:
        """The first prompt of a task."""
        return self._prompter.build(task, style="toy" if style == "toy" else "full", avoid=avoid)

    def repair(self, prompt: Prompt, answer: str, reasons: Sequence[Reason]) -> Prompt:
        """The same prompt, with a refused answer and what was wrong with it."""
        return self._prompter.repair(prompt, answer, reasons)

    def demand(self, task: Task, prompt: Prompt, *, style: str) -> Demand:
        """How large the request is, and its answer, from the bounds of its sample type."""
        if style == "toy":
            return Demand(prompt.characters(), usual_output=600, least_output=120)
        bounds = self._taxonomy.bounds(task.sample_type, task.difficulty)
        return demand_of(prompt, bounds)


def demand_of(prompt: Prompt, bounds: LengthBounds) -> Demand:
    """Tokens by words: 1.43 a word was measured on legal answers; JSON and citations beside."""
    least, most = bounds.answer_words
    fewest, steps = bounds.reasoning_steps
    return Demand(
        prompt_characters=prompt.characters(),
        usual_output=round(most * 1.45) + steps * 45 + 260,
        least_output=round(least * 1.45) + fewest * 20 + 90,
    )


def prompter_of(settings: Settings, taxonomy: Taxonomy) -> Prompter:
    """Makes the prompts of a run.

    A bound that the gate holds an answer to is told to the model, and so is the user's own list
    of authorities.
    """
    limits = rules_of(settings).thresholds
    return Prompter(
        taxonomy,
        citation_policy=settings.citation_policy,
        reasoning_instruction=settings.reasoning_instruction,
        menu=menu_of(settings) if settings.authorities is not None else None,
        question_words=(limits.question_min_words, limits.question_max_words),
        min_citations=limits.min_citations,
    )


def menu_of(settings: Settings) -> Menu:
    """What may be offered for citation beside what the topics list: the user's own list.

    Raises:
        UsageError: the list cannot be read.
    """
    from legalgen.law.prompts.menu import Menu  # only a run needs its grammar

    return Menu(_own_authorities(settings).texts)


def _own_authorities(settings: Settings) -> Authorities:
    """The user's own list; empty where none is named."""
    from legalgen.law.citations import Authorities  # only a run needs its grammar

    path = settings.authorities
    if path is None:
        return Authorities({})
    with contextlib.suppress(OSError):  # reading it says why
        return _authorities_in(path, path.stat().st_mtime_ns)
    return Authorities.load(path)


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


def rules_of(settings: Settings) -> Rules:
    """The gate's table, with the user's ``[gate]`` and ``--min-score`` over it.

    Raises:
        UsageError: a name or a value in it cannot be meant, or no question could pass.
    """
    least = {} if settings.min_score is None else {"min_score": settings.min_score}
    rules = Rules.of({**settings.gate_overrides, **least})
    fewest, most = rules.thresholds.question_min_words, rules.thresholds.question_max_words
    if fewest > most:
        raise UsageError(
            f"[gate] question_min_words {fewest} is more than question_max_words {most}: "
            "no question could pass"
        )
    return rules


def gate_of(settings: Settings, taxonomy: Taxonomy, today: date, *, rehearsal: bool) -> Gate:
    """The gate of a run; the authorities it knows are the taxonomy's and the user's own.

    The leading cases that come with the program are admitted, but where cases are taken from a
    list alone.
    It is told what the prompts say and what each topic is about, so that it knows both again.
    """
    from legalgen.law.citations import Authorities, leading_cases  # only a run needs the gate
    from legalgen.law.prompts.instructions import instructions  # only a run needs the gate
    from legalgen.quality.gate import Gate  # only a run needs the gate
    from legalgen.quality.reading import KnownRuns  # only a run needs the gate
    from legalgen.quality.substance import topics_of  # only a run needs the gate

    known = Authorities.of(taxonomy.authorities(), "taxonomy", strict=False)
    known |= _own_authorities(settings)
    mode = "structure" if rehearsal else settings.gate
    return Gate(
        mode,
        today,
        rules_of(settings),
        known,
        _POLICIES[settings.citation_policy],
        admitted=None if settings.citation_policy == "menu" else leading_cases(),
        instructions=KnownRuns.of(instructions(taxonomy, settings.reasoning_instruction or "")),
        topics=topics_of(taxonomy),
    )


def judge_of(gate: Callable[[], Gate], taxonomy: Taxonomy) -> Judge:
    """The gate as a function of an answer and its task; it may be opened when it is asked for."""

    def judge(draft: Draft, task: Task, completion: Completion) -> Verdict:
        return gate().inspect(draft, task, completion, bounds_of(taxonomy, task))

    return judge


def read_answer(completion: Completion) -> Draft:
    """The draft in a completion; prose that refuses is a refusal, not broken JSON.

    Raises:
        AnswerRefused: it is no sample; repairing a refusal would only be refused again.
    """
    from legalgen.quality.usable import is_refusal  # only a run needs the gate

    try:
        return read(completion)
    except AnswerRefused as refused:
        if refused.reasons[0].code != "BAD_JSON" or not is_refusal(completion.text):
            raise
        reason = Reason("REFUSAL", f"REFUSAL: the answer begins {completion.text[:60]!r}")
        raise AnswerRefused([reason], category=ErrorCategory.CONTENT_FILTER) from refused


def bounds_of(taxonomy: Taxonomy, task: Task) -> TypeBounds:
    """What the task's type and difficulty demand of its answer."""
    kind = taxonomy.sample_type(task.sample_type)
    lengths = taxonomy.bounds(task.sample_type, task.difficulty)
    requires = (kind.requires,) if kind.requires else ()
    return TypeBounds(
        lengths.answer_words, lengths.reasoning_steps, lengths.min_citations, requires
    )


def example_prompt(settings: Settings) -> Prompt:
    """The prompt of the first task that these settings would plan; nobody is called."""
    catalog, taxonomy = Catalog.load(), taxonomy_of(settings)
    chosen = taxonomy.resolve(filter_of(settings))
    taxonomy = citable(settings, taxonomy, chosen)
    today = f"{datetime.now(UTC):%Y-%m}"
    seed = settings.seed if settings.seed is not None else random.randrange(2**31)
    task = TaskPlanner(taxonomy, chosen, {}, seed=seed).plan(1)[0]
    prompter = prompter_of(settings, taxonomy)
    style, as_of = "full", settings.as_of
    if settings.provider or settings.model or settings.route:
        spec = plan_route(settings, catalog).stops[0].spec
        style, as_of = spec.prompt, law_month(settings, spec, today)
    return prompter.build(dated(task, as_of), style=style)
