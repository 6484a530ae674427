"""Passages before a question: those a row was written from, among others if asked for."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from legalgen.dataset.splitting import Split, held_out
from legalgen.errors import UsageError
from legalgen.sources.chunk import Chunk, cited
from legalgen.sources.collection import SourceCollection
from legalgen.store.files import DataDir


class SourceContexts:
    """The passages of rows as text; ``distractors`` are others of all texts, mixed in by the seed.

    Texts that were removed give no distractors. With a ``split`` no training row is shown a passage
    of the test set; a test row may be shown any. The same rows of the same texts have the same
    passages in the same order in every export.

    Raises:
        DiskError: a text or a part cannot be read.
    """

    def __init__(
        self,
        data_dir: DataDir,
        distractors: int,
        seed: int,
        split: Split | None = None,
        *,
        rehearsal: bool = False,
    ) -> None:
        collection = SourceCollection(data_dir)
        texts = [(each, collection.chunks(each.id)) for each in collection.all()]
        self._chunks = {each.id: each for _, chunks in texts for each in chunks}
        drawn_from = [each for text, chunks in texts if not text.removed for each in chunks]
        self._others = {"train": drawn_from, "test": drawn_from}
        if split is not None and distractors:
            is_held_out = held_out(data_dir, split, rehearsal=rehearsal)
            self._others["train"] = [each for each in drawn_from if not is_held_out(each)]
        self._distractors = distractors
        self._seed = seed
        self._split = split
        self.bare = 0
        """Rows that were asked for and rest on no passage."""
        self.short = 0
        """Rows for which there were fewer distractors than were asked for."""

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
        known = {each.sha256 for each in own}  # one text may be there under several ids
        side = "test" if self._split is None else self._split.side(row)
        others = [each for each in self._others[side] if each.sha256 not in known]
        self.short += len(others) < self._distractors
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
