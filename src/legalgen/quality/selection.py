"""The last look at an answer, in the main thread: against everything accepted so far.

The gate has judged it alone; here are duplicates, citations that contradict others, and openings
and names that a set has too much of. Both memories are kept in the state folder, part by part, so
that a batch does not read the dataset anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from legalgen.errors import DiskError, Reason
from legalgen.law.citations import parse
from legalgen.quality.corpus import Corpus, CorpusState
from legalgen.quality.duplicates.index import DuplicateIndex, DuplicateThresholds
from legalgen.quality.duplicates.rows import IndexedPart, indexed_part
from legalgen.quality.duplicates.sketches import Sketch, sketch
from legalgen.quality.rules import Rules, Verdict
from legalgen.settings.reading import read_whole
from legalgen.store import files
from legalgen.store import parts as sealed
from legalgen.store.files import DataDir
from legalgen.store.notes import load_notes, save_notes, with_notes
from legalgen.store.sample import Draft, Sample

if TYPE_CHECKING:  # what few batches ask for
    from legalgen.quality.exclusion import Exclusion
    from legalgen.quality.meaning.comparison import Meaning
    from legalgen.quality.meaning.embedding import Embedder

MOST_READ = 20_000
"""Rows read into the corpus where nothing was remembered of their part; the newest ones."""


class _Remembered(msgspec.Struct):
    """``state/corpus-<dataset>.json``: the corpus, and the parts that it has seen."""

    version: int = 1
    parts: list[str] = []
    corpus: CorpusState = CorpusState()


class Selection:
    """Reviews verdicts and remembers what was accepted; one thread only.

    ``structure_only``: nothing but an exact repeat is refused. With ``skip`` a part that cannot
    be read is told and passed by: what is alike in it stays unknown. ``exclusion`` holds what no
    sample may come near to; with ``embedder`` the meaning of questions and answers is looked at,
    and ``goes_on`` is asked before each row that is embedded at the opening.

    Raises:
        DiskError: the state folder or a part cannot be read.
    """

    def __init__(
        self,
        rules: Rules,
        data_dir: DataDir,
        *,
        rehearsal: bool,
        structure_only: bool,
        skip: sealed.Skip | None = None,
        exclusion: Exclusion | None = None,
        embedder: Embedder | None = None,
        goes_on: Callable[[int, int], bool] = lambda _done, _of: True,
    ) -> None:
        self._goes_on = goes_on
        self._rules = rules
        self._exclusion = exclusion
        self._skip = skip
        self._structure_only = structure_only
        self._rehearsal = rehearsal
        self._data_dir = data_dir
        self._texts = sealed.TextReader()
        name = data_dir.dataset(rehearsal=rehearsal).name
        parts = sealed.parts(data_dir, rehearsal=rehearsal)
        self._index = DuplicateIndex(
            data_dir.index(rehearsal=rehearsal), DuplicateThresholds(**rules.duplicate_thresholds())
        )
        self._index.open([self._part(path) for path in parts], questions_only=structure_only)
        self._corpus_path = data_dir.state / f"corpus-{name}.json"
        self._corpus = Corpus(rules)
        self._seen: list[str] = []
        if not structure_only:
            self._recall(parts)
        self._meaning: Meaning | None = None
        if embedder is not None and not structure_only:
            self._meaning = self._open_meaning(embedder, parts)
        self._unsealed: list[str] = []
        self._reviewed: tuple[Draft, Sketch] | None = None

    def review(self, verdict: Verdict) -> Verdict:
        """The verdict with what the other samples, and the excluded questions, say of it."""
        verdict = verdict.with_reasons([self._excluded(verdict.draft)])
        if self._structure_only:
            repeated = self._index.repeats(verdict.draft.question)
            return verdict.with_reasons([repeated.reason] if repeated else [])
        probe = sketch("", verdict.draft.question, verdict.draft.answer)
        self._reviewed = (verdict.draft, probe)
        match = self._index.check_sketch(probe)
        found = self._rules.apply(match.reason) if match is not None else None
        alike = self._meant(verdict.draft) if found is None or not found.reject else []
        return self._corpus.review(verdict.with_reasons([found, *alike]))

    def _meant(self, draft: Draft) -> list[Reason | None]:
        if self._meaning is None:
            return []
        return [
            self._rules.apply(one) for one in self._meaning.review(draft.question, draft.answer)
        ]

    def _excluded(self, draft: Draft) -> Reason | None:
        if self._exclusion is None:
            return None
        near = self._exclusion.near(draft.question, draft.answer, draft.reasoning_steps)
        return None if near is None else self._rules.apply(near)

    def add(self, sample: Sample, verdict: Verdict) -> None:
        """A sample that was accepted."""
        if self._structure_only:
            self._index.add_question(sample.question)
            return
        if self._reviewed is not None and self._reviewed[0] is verdict.draft:
            self._index.add_sketch(replace(self._reviewed[1], id=sample.id))
        else:
            self._index.add(sample.id, sample.question, sample.answer)
        if self._meaning is not None:
            self._meaning.add(sample.id, sample.question, sample.answer)
        self._corpus.add(sample.id, sample.question, verdict.parsed)
        self._unsealed.append(sample.id)

    def sealed(self, path: Path, rows: int) -> None:
        """The oldest ``rows`` accepted samples are in a part now: what is known of it is kept.

        Called while the part is sealed, under the data lock. Rows of earlier parts that one of
        these contradicts get their flag in the notes beside the parts.

        Raises:
            DiskError: the state folder cannot be written.
        """
        if self._structure_only:
            return
        ids, self._unsealed = self._unsealed[:rows], self._unsealed[rows:]
        self._index.sealed(self._part(path), ids)
        if self._meaning is not None:
            self._meaning.sealed(ids)
        self._seen.append(path.name)
        if self._unsealed:
            return  # the corpus has rows of no part yet
        self._note_contradicted()  # first: what is remembered is not compared again
        remembered = _Remembered(parts=self._seen, corpus=self._corpus.kept())
        files.replace_file(self._data_dir, self._corpus_path, msgspec.json.encode(remembered))

    def _note_contradicted(self) -> None:
        """Flag the earlier rows that a later one contradicts: beside their parts, which stay."""
        flags = dict.fromkeys(self._corpus.contradicted, ("CITATION_CONFLICT",))
        if not flags:
            return
        # A part is sealed under the data lock, shared: no check or compaction writes notes now,
        # and of those who seal only a batch does, of which there is one at a time.
        known = load_notes(self._data_dir, rehearsal=self._rehearsal)
        save_notes(self._data_dir, with_notes(known, {}, flags), rehearsal=self._rehearsal)
        self._corpus.contradicted.clear()

    def _open_meaning(self, embedder: Embedder, parts: list[Path]) -> Meaning:
        """The vectors of the rows that are there; what none are kept of is embedded now."""
        from legalgen.quality.meaning.comparison import open_meaning  # loads numpy

        def texts(missing: set[str]) -> Iterator[tuple[str, str, str]]:
            for path in parts:
                for row in self._part(path).rows() or ():
                    if row[0] in missing:
                        yield row

        found = (self._columns(path, ("id",)) for path in parts)
        ids = [one for table in found if table is not None for one in table["id"].to_pylist()]
        return open_meaning(
            embedder,
            self._data_dir,
            ids,
            texts,
            rehearsal=self._rehearsal,
            goes_on=self._goes_on,
        )

    def _recall(self, parts: list[Path]) -> None:
        """Load the corpus, and read what parts it has not seen (compaction only renames rows)."""
        try:
            remembered = msgspec.json.decode(read_whole(self._corpus_path), type=_Remembered)
        except (OSError, *files.NOT_OURS):
            remembered = _Remembered()  # none yet, or torn: the parts are there to be read
        names = {path.name for path in parts}
        if remembered.version == 1 and set(remembered.parts) <= names:
            self._corpus.restore(remembered.corpus)
            self._seen = list(remembered.parts)
        unseen = [path for path in parts if path.name not in set(self._seen)]
        unreadable: set[Path] = set()
        for sample_id, question, cited in self._newest(unseen, unreadable):
            parsed = [item for text in cited for item in parse(text)]
            self._corpus.add(sample_id, question, parsed)
        self._seen += [path.name for path in unseen if path not in unreadable]

    def _newest(
        self, parts: list[Path], unreadable: set[Path]
    ) -> Iterator[tuple[str, str, list[str]]]:
        """Id, question and citations of the newest rows, at most ``MOST_READ`` of them.

        Parts that are passed by are added to ``unreadable``.
        """
        left = MOST_READ
        for path in sorted(parts, reverse=True):
            if left <= 0:
                return
            table = self._columns(path, ("id", "question", "citations"))
            if table is None:
                unreadable.add(path)
                continue
            rows = table.to_pylist()[-left:]
            left -= len(rows)
            for row in rows:
                yield row["id"], row["question"], [cited["text"] for cited in row["citations"]]

    def _columns(self, path: Path, names: tuple[str, ...]) -> Any:
        """Columns of one part, or None where it cannot be read and is passed by."""
        try:
            return sealed.read_columns(path, names)
        except DiskError as error:
            if self._skip is None:
                raise
            self._skip(error)
            return None

    def _part(self, path: Path) -> IndexedPart:
        def rows() -> Iterable[sealed.Text] | None:
            table = self._columns(path, sealed.TEXT_COLUMNS)
            return None if table is None else sealed.text_rows(table)

        return indexed_part(path, rows, self._texts)
