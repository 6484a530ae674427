"""The prompts of a run and the sizes of their requests; the prompt of one task, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

from legalgen.completion import Prompt
from legalgen.errors import Reason
from legalgen.law import from_settings as law
from legalgen.law.axes import LengthBounds
from legalgen.law.planner import Task
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.from_settings import rules_of
from legalgen.routing.rate_limits import Demand
from legalgen.settings.layers import Settings


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
    """Makes the prompts of a run, within the bounds of its gate."""
    limits = rules_of(settings).thresholds
    return law.prompter_of(
        settings,
        taxonomy,
        question_words=(limits.question_min_words, limits.question_max_words),
        min_citations=limits.min_citations,
    )
