"""The tasks of a grounded batch: every chunk is a topic, and what suits it is planned for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec.structs import replace

from legalgen.errors import UsageError
from legalgen.law.axes import Area, Filter, Topic
from legalgen.law.planner import TaskSpace
from legalgen.law.taxonomy import Taxonomy
from legalgen.sources.chunk import Chunk
from legalgen.sources.collection import SourceCollection, SourceText, chunks_of_rows
from legalgen.sources.outline import LawKind
from legalgen.sources.quotations import LEAST_WORDS, can_be_quoted
from legalgen.store.files import DataDir
from legalgen.store.parts import Cell, Summary

OWN_AREA: Final = "own-texts"
"""The practice area of texts that were added without one."""
_SHORT_WORDS: Final = 120
"""A chunk of fewer carries no long answer."""
_BARRED: Final[Mapping[LawKind, frozenset[str]]] = {
    "statute": frozenset({"apex_case", "time_limit", "two_jurisdictions", "conduct_rule"}),
    "instrument": frozenset({"apex_case", "time_limit", "two_jurisdictions", "conduct_rule"}),
}
_BARRED_ELSE: Final = _BARRED["statute"] | {"section"}
"""What sample types may not require, by the sort of text: a passage may not hold it."""


class GroundedSpace(TaskSpace, frozen=True):
    """A taxonomy whose topics are the ids of chunks."""

    def counts(self, summary: Summary, data_dir: DataDir, *, rehearsal: bool) -> Mapping[Cell, int]:  # noqa: ARG002
        """How many rows rest on each chunk, by difficulty and sample type."""
        found: Counter[Cell] = Counter()
        known = {leaf.id: leaf for leaf in self.taxonomy.leaves(self.chosen)}
        for chunk_id, difficulty, sample_type in chunks_of_rows(data_dir, rehearsal=rehearsal):
            leaf = known.get(chunk_id)
            if leaf is not None:
                found[(*leaf.key, difficulty, sample_type)] += 1
        return found

    def missing(self, counts: Mapping[Cell, int], per_chunk: int) -> int:
        """How many samples are wanted until every chunk has so many."""
        have: Counter[str] = Counter()
        for cell, count in counts.items():
            have[cell[2]] += count
        leaves = self.taxonomy.leaves(self.chosen)
        return sum(max(0, per_chunk - have[leaf.id]) for leaf in leaves)


def chosen_sources(
    collection: SourceCollection,
    taxonomy: Taxonomy,
    chosen: Filter,
    names: Sequence[str],
    where: Callable[[str], str],
) -> list[SourceText]:
    """The texts that a batch is written from: those that the filter and ``--source`` leave.

    ``where`` tells of a setting where the user wrote it.

    Raises:
        UsageError: there is none.
    """
    known = [each for each in collection.all() if not each.removed]
    if not known:
        raise UsageError(
            f"{where('grounded')} needs texts: add some with "
            "`legalgen sources add FILE --licence ...`"
        )
    for name in names:
        if not any(_is_meant(each, name) for each in known):
            raise UsageError(
                f"{where('source')} {name!r} is no source: "
                f"{', '.join(each.id for each in known[:8])}"
            )
    resolved = taxonomy.resolve(replace(chosen, difficulties=(), sample_types=()))
    found = [
        each
        for each in known
        if (not names or any(_is_meant(each, name) for name in names))
        and (not resolved.jurisdictions or each.jurisdiction in resolved.jurisdictions)
        and (not resolved.practice_areas or each.practice_area in resolved.practice_areas)
        and (not resolved.topics or each.topic in resolved.topics)
    ]
    if not found:
        raise UsageError(
            "no source is left by --source, --jurisdiction, --practice-area and --topic: "
            "`legalgen sources list` shows what there is"
        )
    return found


def _is_meant(source: SourceText, name: str) -> bool:
    pattern = name.casefold()
    texts = (source.id, source.citation.casefold(), source.title.casefold())
    return any(fnmatchcase(text, pattern) or text.startswith(pattern) for text in texts)


def grounded_space(
    base: Taxonomy, chosen: Filter, sources: Sequence[SourceText], chunks: Sequence[Chunk]
) -> GroundedSpace:
    """The tasks that chunks give: difficulties and sample types of a taxonomy, where they suit.

    Raises:
        UsageError: nothing is left to write.
    """
    by_source = {each.id: each for each in sources}
    types = {each.kind: _types_for(base, each.kind) for each in sources}
    topics: dict[tuple[str, str], list[Topic]] = defaultdict(list)
    for chunk in filter(lambda each: can_be_quoted(each.text), chunks):
        source = by_source[chunk.source]
        topic = _topic_of(base, source, chunk, types[source.kind])
        topics[topic.jurisdiction, topic.practice_area].append(topic)
    if not topics:
        raise UsageError(
            f"no passage has the {LEAST_WORDS} words that a quotation needs: "
            "`legalgen sources check` shows how long they are"
        )
    areas = tuple(_area(base, key, found) for key, found in topics.items())
    taxonomy = replace(
        base, areas=areas, weights=replace(base.weights, jurisdiction={}), own_authorities=()
    )
    narrowed = Filter(difficulties=chosen.difficulties, sample_types=chosen.sample_types)
    taxonomy.leaves(narrowed)
    return GroundedSpace(taxonomy, taxonomy.resolve(narrowed))


def area_of(source: SourceText) -> str:
    """The practice area of a text's rows."""
    return source.practice_area.rpartition("/")[2] if source.practice_area else OWN_AREA


def topic_of(source: SourceText) -> str:
    """The topic of a text's rows: the taxonomy's where one was given, else the text's own name."""
    if source.topic:
        return source.topic.rpartition("/")[2]
    return source.id.rpartition("-")[0] or source.id


def _types_for(base: Taxonomy, kind: LawKind) -> tuple[str, ...]:
    """The sample types that suit a sort of text."""
    barred = _BARRED.get(kind, _BARRED_ELSE)
    return tuple(each.id for each in base.sample_types if each.requires not in barred)


def _topic_of(base: Taxonomy, source: SourceText, chunk: Chunk, types: tuple[str, ...]) -> Topic:
    levels = [each.id for each in base.difficulties]
    if chunk.words() < _SHORT_WORDS:
        levels = levels[:2]
    about = " ".join(filter(None, (chunk.pinpoint, chunk.heading))) or chunk.id
    return Topic(
        jurisdiction=chunk.jurisdiction,
        sub_jurisdiction=base.jurisdiction(chunk.jurisdiction).sub_jurisdiction,
        practice_area=area_of(source),
        id=chunk.id,
        name=source.title,
        subtopics=(about,),
        difficulties=tuple(levels),
        sample_types=types,
    )


def _area(base: Taxonomy, key: tuple[str, str], topics: Sequence[Topic]) -> Area:
    known = next((each for each in base.areas if (each.jurisdiction, each.id) == key), None)
    if known is not None:
        return replace(known, topics=tuple(topics))
    jurisdiction, area_id = key
    return Area(jurisdiction, area_id, "the texts given", "commercial", tuple(topics))
