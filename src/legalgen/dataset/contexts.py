"""Passages before a question: those a row was written from, among others if asked for."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from legalgen.errors import UsageError
from legalgen.sources.chunk import Chunk, cited
from legalgen.sources.collection import SourceCollection
from legalgen.store.files import DataDir


class SourceContexts:
    """The passages of rows as text; ``distractors`` are others of all texts, mixed in by the seed.

    The same rows have the same passages in the same order in every export.
    """

    def __init__(self, data_dir: DataDir, distractors: int, seed: int) -> None:
        collection = SourceCollection(data_dir)
        chunks = [each for source in collection.all() for each in collection.chunks(source.id)]
        self._chunks = {each.id: each for each in chunks}
        self._others = chunks
        self._distractors = distractors
        self._seed = seed
        self.bare = 0
        """Rows that were asked for and rest on no passage."""

    def __call__(self, row: Mapping[str, Any]) -> str:
        """The passages of a row, each below how it is cited; empty for one that has none.

        Raises:
            UsageError: a passage is not kept any more.
        """
        own = [self._own(source["id"], row) for source in row.get("sources") or ()]
        if not own:
            self.bare += 1
            return ""
        rng = Random(f"{self._seed}:{row['id']}")
        known = {each.id for each in own}
        others = [each for each in self._others if each.id not in known]
        shown = own + rng.sample(others, min(self._distractors, len(others)))
        if self._distractors:
            rng.shuffle(shown)
        return "\n\n".join(f"[{cited(c.citation, c.pinpoint)}]\n{c.text}" for c in shown)

    def _own(self, name: str, row: Mapping[str, Any]) -> Chunk:
        chunk = self._chunks.get(name)
        if chunk is None:
            raise UsageError(
                f"row {row['id']} rests on {name}, which is not there: add its text again, or "
                "leave out --context"
            )
        return chunk
