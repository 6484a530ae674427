"""Which passages a task is written from: its chunk, and beside it what that refers to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Final

import msgspec

from legalgen.law.planner import Task
from legalgen.sources.chunk import Chunk, cited
from legalgen.sources.definitions import DefinedTerms

if TYPE_CHECKING:
    from legalgen.sources.collection import SourceText

_REFERENCE: Final = re.compile(
    r"(?:\bsections?|\bs\.|\bss\.|§§?|\barticles?|\bart\.|\bclauses?|\bregulations?|\breg\.|"
    r"\brules?|\bparagraphs?|\bpara\.|\brecitals?)\s*(\d+[A-Za-z]{0,2}(?:\.\d+)*)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d+[A-Za-z]{0,2}(?:\.\d+)*")


class Passage(msgspec.Struct, frozen=True):
    """A chunk as it is given to a model, with what is known of its source."""

    chunk: Chunk
    title: str
    licence: str

    @property
    def cited(self) -> str:
        """Work and place, as the line above the passage says them."""
        return cited(self.chunk.citation, self.chunk.pinpoint)


class Passages:
    """The chunks that samples are written from, by task.

    A task's topic is the id of its chunk. ``beside`` is how many chunks a sample has, fewest and
    most; how many, and which of those that the chunk refers to or that stand beside it, follows
    from the task's seed alone.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        sources: Mapping[str, SourceText],
        beside: tuple[int, int] = (1, 1),
    ) -> None:
        self._chunks = {each.id: each for each in chunks}
        self._sources = sources
        self._fewest, self._most = beside
        self._order = {each.id: at for at, each in enumerate(chunks)}
        self._in_order = chunks
        self._terms: dict[str, DefinedTerms] = {}
        self._numbered: dict[str, dict[str, str]] = defaultdict(dict)
        self._places: dict[str, list[int]] = defaultdict(list)
        for at, chunk in enumerate(chunks):
            self._places[chunk.source].append(at)
            if number := _NUMBER.search(chunk.pinpoint):
                self._numbered[chunk.source].setdefault(number[0], chunk.id)

    def of(self, task: Task) -> tuple[Passage, ...]:
        """The passages of a task, its own chunk first; none where its topic is no chunk."""
        chunk = self._chunks.get(task.topic)
        if chunk is None:
            return ()
        wanted = Random(f"passages:{task.seed}").randint(self._fewest, self._most)
        found = dict.fromkeys([chunk.id])
        for other in self._related(chunk) if wanted > 1 else ():
            found.setdefault(other)
            if len(found) >= wanted:
                break
        return tuple(self._passage(each) for each in found)

    def source(self, task: Task) -> SourceText:
        """The text that a task's chunk is of."""
        return self._sources[self._chunks[task.topic].source]

    def _passage(self, chunk_id: str) -> Passage:
        chunk = self._chunks[chunk_id]
        source = self._sources[chunk.source]
        return Passage(chunk, source.title, source.licence)

    def _terms_of(self, source: str) -> DefinedTerms:
        """What a source defines; found when a sample of it may have several passages."""
        if source not in self._terms:
            places = self._places[source]
            self._terms[source] = DefinedTerms((at, self._in_order[at].text) for at in places)
        return self._terms[source]

    def _related(self, chunk: Chunk) -> Iterator[str]:
        """What the chunk refers to in its own text, what defines its terms, then its neighbours."""
        numbered = self._numbered[chunk.source]
        for number in _REFERENCE.findall(chunk.text):
            if (other := numbered.get(number)) is not None:
                yield other
        at = self._order[chunk.id]
        for place in self._terms_of(chunk.source).used_in(chunk.text, at):
            yield self._in_order[place].id
        for neighbour in (at + 1, at - 1, at + 2):
            if 0 <= neighbour < len(self._in_order):
                other_chunk = self._in_order[neighbour]
                if other_chunk.source == chunk.source:
                    yield other_chunk.id
