"""A look at meaning: does the answer speak of the question, was the question asked in other words.

Words in common say neither: on 40 good answers the cosine of question and answer by
all-MiniLM-L6-v2 is 0.37 to 0.80, on answers to another question -0.05 to 0.36, and both may share
as few words. The thresholds are a model's own; of a model that is not in the table nothing is
refused, and what its cosines mean is only guessed.

Imports numpy: import it lazily.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from legalgen.errors import Reason
from legalgen.quality.meaning.directions import stand_apart
from legalgen.quality.meaning.vectors import (
    GoesOn,
    KeptPairs,
    VectorIndex,
    pairs_of,
    vectors_folder,
)

if TYPE_CHECKING:
    from legalgen.quality.meaning.embedding import Embedder, Vectors
    from legalgen.store.files import DataDir


class MeaningThresholds(msgspec.Struct, frozen=True):
    """Cosines of one model, and which weights they were measured with.

    ``off_refuse`` and ``off_flag``: of question and answer, below which they have little to do
    with each other. ``twin_flag`` and ``twin_refuse``: of two questions, from which they ask the
    same; refused only where the cosine of their answers is ``twin_answer`` or more, because two
    facts may be asked in nearly the same words.
    """

    off_refuse: float = 0.25
    off_flag: float = 0.35
    twin_flag: float = 0.90
    twin_refuse: float = 0.95
    twin_answer: float = 0.75
    digests: tuple[str, ...] = ()
    may_refuse: bool = True


THRESHOLDS: Final[Mapping[str, MeaningThresholds]] = {
    "all-MiniLM-L6-v2": MeaningThresholds(digests=("0366ec5b904f0902",)),
}
"""The models that were measured, by the last part of their names."""
UNMEASURED: Final = MeaningThresholds(may_refuse=False)
"""For every other model: the same cosines, and nothing but flags."""


def thresholds_of(embedder: Embedder) -> MeaningThresholds:
    """The thresholds of a model, known by its name or by its weights."""
    for name, found in THRESHOLDS.items():
        if embedder.name == name or embedder.digest in found.digests:
            return found
    return UNMEASURED


class Meaning:
    """Judges rows by their vectors, against those noted before; one thread only.

    ``kept`` are vectors that need not be made again.
    """

    def __init__(
        self, embedder: Embedder, index: VectorIndex | None = None, kept: KeptPairs | None = None
    ) -> None:
        self._kept = kept
        self._embedder = embedder
        self._index = VectorIndex(embedder.dimensions) if index is None else index
        self._limits = thresholds_of(embedder)
        self._last: tuple[str, str, Vectors] | None = None

    def review(self, question: str, answer: str) -> list[Reason]:
        """What is to say of a row: nothing where it is on its question, and no other asked it."""
        pair = self._pair(question, answer)
        return [each for each in (self._off(pair), self._twin(question, pair)) if each]

    def add(self, sample_id: str, question: str, answer: str) -> None:
        """Note a row for those that follow."""
        self._index.add(sample_id, question, self._pair(question, answer))

    def sealed(self, ids: Iterable[str]) -> None:
        """These rows are in a part now; raises ``DiskError``."""
        self._index.sealed(ids)

    def _pair(self, question: str, answer: str) -> Vectors:
        """Both vectors; a row that was reviewed and is then noted is read once."""
        if self._last is None or self._last[:2] != (question, answer):
            pair = None if self._kept is None else self._kept.find(question, answer)
            if pair is None:  # rounded as what is kept, so that both are judged alike
                pair = pairs_of(self._embedder, [(question, answer)])[0].astype(np.float32)
            self._last = (question, answer, pair)
        return self._last[2]

    def _off(self, pair: Vectors) -> Reason | None:
        cosine, limits = float(pair[0] @ pair[1]), self._limits
        if cosine >= limits.off_flag:
            return None
        found = f"the answer is far from the question in meaning ({cosine:.2f})"
        reject = limits.may_refuse and cosine < limits.off_refuse
        return Reason("OFF_QUESTION", f"OFF_QUESTION: {found}: answer it", "answer", reject)

    def _twin(self, question: str, pair: Vectors) -> Reason | None:
        limits = self._limits
        found = self._index.near(pair, limits.twin_flag)
        near = next((each for each in found if not stand_apart(question, each.words)), None)
        if near is None:
            return None
        told = (
            f'asks in other words: "{" ".join(near.words.split()[:20])}" '
            f"(question {near.question:.2f}, answer {near.answer:.2f})"
        )
        sure = near.question >= limits.twin_refuse and near.answer >= limits.twin_answer
        reject = limits.may_refuse and sure
        return Reason("DUP_MEANING", f"DUP_MEANING: {told}", "question", reject)


def open_meaning(
    embedder: Embedder,
    data_dir: DataDir,
    ids: Iterable[str],
    texts: Callable[[set[str]], Iterable[tuple[str, str, str]]],
    *,
    rehearsal: bool = False,
    goes_on: GoesOn = lambda _done, _of: True,
) -> Meaning:
    """Judge against the rows ``ids`` of a dataset; ``texts`` reads those of which nothing is kept.

    Raises:
        DiskError: the state folder cannot be read or written.
    """
    folder = vectors_folder(data_dir, embedder.digest, rehearsal=rehearsal)
    index = VectorIndex(embedder.dimensions, folder)
    index.open(ids, texts, embedder, goes_on)
    return Meaning(embedder, index)


class ExcludedMeaning:
    """The questions of ``--exclude`` by their meaning: as near as ``twin_flag`` is too near."""

    def __init__(self, embedder: Embedder, questions: Iterable[tuple[str, str]]) -> None:
        """``questions`` are pairs of a file's name and a question."""
        self._embedder = embedder
        self._index = VectorIndex(embedder.dimensions)
        self._limits = thresholds_of(embedder)
        self._names: list[str] = []
        listed = list(questions)
        vectors = embedder.embed([question for _, question in listed])
        for number, ((name, question), vector) in enumerate(zip(listed, vectors, strict=True)):
            self._names.append(name)
            self._index.add(str(number), question, np.stack([vector, vector]))

    def near(self, question: str) -> Reason | None:
        """Why a question is excluded; the reason names the file and not its words."""
        vector = self._embedder.embed([question])
        found = self._index.near(np.repeat(vector, 2, axis=0), self._limits.twin_flag)
        near = next((each for each in found if not stand_apart(question, each.words)), None)
        if near is None:
            return None
        name = self._names[int(near.id)]
        told = f"the question asks in other words what one of {name} asks ({near.question:.2f})"
        return Reason("EXCLUDED", f"EXCLUDED: {told}", "question")
