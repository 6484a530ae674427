"""The last look at an answer, in the main thread: against everything accepted so far.

The gate has judged it alone; here are duplicates, citations that contradict others, and openings
and names that a set has too much of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from legalgen.duplicates import DuplicateIndex, Part, Thresholds
from legalgen.quality import Corpus, Rules, Verdict
from legalgen.samples import Sample


class Selection:
    """Reviews verdicts and remembers what was accepted; one thread only.

    ``folder`` keeps the duplicate index of the dataset whose ``parts`` are given.
    ``structure_only``: nothing but an exact repeat is refused.
    """

    def __init__(
        self, rules: Rules, folder: Path | None, parts: Sequence[Path], *, structure_only: bool
    ) -> None:
        self._rules = rules
        self._structure_only = structure_only
        self._corpus = Corpus(rules)
        self._index = DuplicateIndex(folder, Thresholds(**rules.duplicate_thresholds()))
        self._index.open([_part(path) for path in parts])
        self._unsealed: list[str] = []

    def review(self, verdict: Verdict) -> Verdict:
        """The verdict with what the other samples say of it."""
        match = self._index.check(verdict.draft.question, verdict.draft.answer)
        if self._structure_only:
            exact = match is not None and match.code == "DUP_EXACT"
            return verdict.with_reasons([match.reason] if match and exact else [])
        found = self._rules.apply(match.reason) if match is not None else None
        return self._corpus.review(verdict.with_reasons([found]))

    def add(self, sample: Sample, verdict: Verdict) -> None:
        """A sample that was accepted."""
        self._index.add(sample.id, sample.question, sample.answer)
        self._corpus.add(sample.id, sample.question, verdict.parsed)
        self._unsealed.append(sample.id)

    def sealed(self, path: Path, rows: int) -> None:
        """The oldest ``rows`` accepted samples are in a part now: its sketches are kept."""
        ids, self._unsealed = self._unsealed[:rows], self._unsealed[rows:]
        self._index.sealed(path.name, path.stat().st_size, ids)


def _part(path: Path) -> Part:
    def rows() -> Iterable[tuple[str, str, str]]:
        import pyarrow.parquet as pq  # noqa: PLC0415 - only where no sketch is kept

        table = pq.read_table(path, columns=["id", "question", "answer"])
        return zip(*(table[name].to_pylist() for name in table.column_names), strict=True)

    return Part(path.name, path.stat().st_size, rows)
