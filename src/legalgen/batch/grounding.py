"""A grounded run: its tasks from the user's own texts, and prompts with the passages in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from legalgen.batch.prompting import TaxonomyPrompts, prompter_of
from legalgen.completion import Prompt
from legalgen.errors import UsageError
from legalgen.law import from_settings as law
from legalgen.law.planner import Task, TaskSpace, dated
from legalgen.law.prompts.prompter import Prompter
from legalgen.law.taxonomy import Taxonomy
from legalgen.settings.layers import Settings
from legalgen.store import parts
from legalgen.store.files import DataDir

if TYPE_CHECKING:  # of texts, which few batches have
    from legalgen.sources.passages import Passages
    from legalgen.sources.space import GroundedSpace


class GroundedPrompts(TaxonomyPrompts):
    """Prompts with the passages that a task is to be written from, dated as those are."""

    def __init__(self, prompter: Prompter, taxonomy: Taxonomy, passages: Passages) -> None:
        super().__init__(prompter, taxonomy)
        self._asked = prompter
        self._passages = passages

    def build(self, task: Task, *, style: str, avoid: Sequence[str] = ()) -> Prompt:
        """The first prompt of a task; the toy's has no room for passages."""
        task = dated(task, self._passages.source(task).as_of)
        if style == "toy":
            return super().build(task, style=style, avoid=avoid)
        given = [(each.cited, each.chunk.text) for each in self._passages.of(task)]
        return self._asked.build(task, avoid=avoid, passages=given)


class Ground(msgspec.Struct, frozen=True):
    """What a run plans and asks with; ``passages`` is None where it is not grounded."""

    space: TaskSpace
    prompter: Prompter
    source: TaxonomyPrompts
    passages: Passages | None = None
    missing: int | None = None
    """With ``--per-chunk`` the samples that the passages still lack."""


def open_ground(settings: Settings, data_dir: DataDir, *, rehearsal: bool) -> Ground:
    """The tasks and prompts that the settings ask for.

    Raises:
        UsageError: a flag is for grounded batches alone, nothing is left to write, there are no
            texts, or the dataset is too old.
    """
    for name in ("source", "per_chunk"):
        if getattr(settings, name) and not settings.grounded:
            raise UsageError(f"{settings.written(name)} is for --grounded: add it")
    if not settings.grounded:
        space = law.task_space_of(settings)
        prompter = prompter_of(settings, space.taxonomy)
        return Ground(space, prompter, TaxonomyPrompts(prompter, space.taxonomy))
    if parts.older_version(data_dir, rehearsal=rehearsal) is not None:
        raise UsageError(
            f"{settings.origin('grounded').where} needs columns that this dataset does not have "
            "yet: `legalgen dataset compact --to-schema 2` gives it them"
        )
    grounded, passages = _passages_of(settings, data_dir)
    prompter = prompter_of(settings, grounded.taxonomy)
    source = GroundedPrompts(prompter, grounded.taxonomy, passages)
    missing = None
    if settings.per_chunk is not None:
        summary = parts.summarise(data_dir, rehearsal=rehearsal)
        counts = grounded.counts(summary, data_dir, rehearsal=rehearsal)
        missing = grounded.missing(counts, settings.per_chunk)
    return Ground(grounded, prompter, source, passages, missing)


def _passages_of(settings: Settings, data_dir: DataDir) -> tuple[GroundedSpace, Passages]:
    from legalgen.sources.collection import SourceCollection
    from legalgen.sources.passages import Passages
    from legalgen.sources.space import chosen_sources, grounded_space

    taxonomy, chosen = law.taxonomy_of(settings), law.filter_of(settings)
    collection = SourceCollection(data_dir)
    sources = chosen_sources(
        collection, taxonomy, chosen, settings.source, lambda name: settings.origin(name).where
    )
    chunks = [chunk for source in sources for chunk in collection.chunks(source.id)]
    space = grounded_space(taxonomy, taxonomy.resolve(chosen), sources, chunks)
    known = {each.id: each for each in sources}
    fewest, _, most = settings.chunks_per_sample.partition("-")
    return space, Passages(chunks, known, (int(fewest), int(most or fewest)))
