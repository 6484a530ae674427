"""Near-duplicates: is this sample already in the dataset, or close to one that is?

Candidates come from MinHash bands, and of these the ones that may be near by their signatures; of a
crowd, as rows of one template are, a bounded number that seem nearest. The decision is made from
the exact Jaccard similarity of hashed word shingles, questions by 2 words, answers by 3: of samples
that are not sealed yet the shingles are held, those of sealed ones are made of their text. Where
that can no longer be read (a compaction took the part meanwhile), or where all that it could bring
is a flag for a question (2 ms for each row of a dataset that has many alike), the similarities are
those estimated from what the index has.

The index of a dataset is a folder of segments (see ``segments``), files that are mapped into memory
and never changed. A segment covers whole parts of the dataset and names them; one that is torn, of
another version, or covers a part that is gone or has changed is thrown away, and its parts are read
again from their text; damage inside a large one may only be noticed when a look-up fails. Small
segments are merged into larger ones, so that a look-up asks few of them however many parts there
are.

State on disk: about 590 bytes a row, however long the answers are. Measured times are in
``benchmarks/README.md``.

One thread at a time: nothing here is locked. Imports pyarrow and rensa: import it lazily.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, chain, combinations
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from legalgen.errors import DiskError, Reason
from legalgen.quality.duplicates import segments as storage
from legalgen.quality.duplicates.candidates import nearest_of, probes_of
from legalgen.quality.duplicates.groups import Groups
from legalgen.quality.duplicates.recent import RecentRows
from legalgen.quality.duplicates.rows import IndexedPart, RecentRow, SpiltPart, StoredRow
from legalgen.quality.duplicates.segments import (
    Blocks,
    Parts,
    Segment,
    SegmentPart,
    Unsorted,
)
from legalgen.quality.duplicates.sketches import (
    KEYS_PER_ROW,
    Sketch,
    SketchRows,
    differing,
    estimates,
    exact_key,
    exact_of,
    head_of,
    jaccard,
    most_differing,
    says_nothing,
    sketch,
)
from legalgen.quality.rules import Nearness
from legalgen.settings.reading import listed, reason_of
from legalgen.settings.writing import clear_asides, make_folder
from legalgen.store.parts import Text
from legalgen.store.sample import words

SMALL_SEGMENT = 512
"""Rows up to which segments are merged by their number, as single samples leave them."""
MERGE_WIDTH = 4
"""So many small segments become one, and what has so many times the rows of all smaller ones is
left alone."""
LARGEST_SEGMENT = 1_048_576
"""Rows, so that a look-up asks few segments. While one is built it takes 60 bytes of memory a row,
and where it is not built at once 590 bytes of disk beside what stays."""
LARGEST_IN_MEMORY = 262_144
"""Rows of a segment that is in no file, and where many rows are looked for at once: then more
segments cost less than one so large."""
READ_AT_ONCE = 65_536
"""Rows that are read before they are put aside in a file, 560 bytes each."""
FREEZE_ROWS = 1_000
"""Rows kept as Python objects, some 12 kB each, before they are packed."""
QUESTION_MARGIN: Final = 0.19
ANSWER_MARGIN: Final = 0.15
"""What an estimated similarity may be short of the exact one: 3.5 standard errors at the worst."""
BOTH_MARGIN: Final = 0.1
"""The same of an answer that is too near only with its question: 2.5 standard errors, which pass by
one in 160 of those just alike enough; the keys of such questions miss as many. Answers that have a
sentence in common would else be read for each other."""
SHORT_MARGIN: Final = 0.04
"""The same of a question by 16 bits of its shingles, of which two in fifty may be mistaken."""
PAIRS_AT_ONCE = 20_000
"""Pairs of rows whose texts are compared at once when the rows of an index are grouped."""

T = TypeVar("T")
DuplicateCode = Literal["DUP_EXACT", "DUP_NEAR", "DUP_SOFT"]


class DuplicateThresholds(Nearness, frozen=True):
    """What two similarities mean, by the nearness that is too near."""

    def judge(self, question: float, answer: float) -> DuplicateCode | None:
        """What two similarities mean together."""
        if (
            answer >= self.near_answer
            or question >= self.near_question
            or (question >= self.near_both_question and answer >= self.near_both_answer)
        ):
            return "DUP_NEAR"
        if question >= self.soft_question or answer >= self.soft_answer:
            return "DUP_SOFT"
        return None


class Match(msgspec.Struct, frozen=True):
    """The nearest sample: its id, the first 20 words of its question, and how near it is.

    ``near`` is empty where the text of that sample cannot be read any more, and where it would have
    to be read for a flag: then both similarities are estimates.
    """

    code: DuplicateCode
    id: str
    near: str
    question: float
    answer: float

    @property
    def reason(self) -> Reason:
        """The match as the gate's reason: ``DUP_SOFT`` flags, the others reject."""
        message = (
            f'{self.code}: too close to: "{self.near or self.id}" '
            f"(question {self.question:.2f}, answer {self.answer:.2f})"
        )
        return Reason(self.code, message, "question", reject=self.code != "DUP_SOFT")


class _Candidate(msgspec.Struct, frozen=True):
    """A row that may be near: its similarities as estimated, and the most that it may be."""

    row: RecentRow | StoredRow
    code: DuplicateCode
    question: float
    answer: float

    @property
    def order(self) -> tuple[int, float]:
        return _SEVERITY[self.code], max(self.question, self.answer)


class DuplicateIndex:
    """Everything accepted so far, in the dataset and in the running batch.

    Without a folder it lives in memory alone. With ``only_reads`` nothing is written to the folder
    or taken out of it. ``spill`` is an empty folder that takes what would else be in memory, for a
    list that nobody seals (``dataset check``).
    """

    def __init__(
        self,
        folder: Path | None = None,
        thresholds: DuplicateThresholds | None = None,
        *,
        only_reads: bool = False,
        spill: Path | None = None,
    ) -> None:
        self.folder = folder
        self._only_reads = only_reads
        self._spill = spill
        self.thresholds = limits = thresholds or DuplicateThresholds()
        self._most = most_differing(
            min(limits.near_question, limits.near_both_question, limits.soft_question)
            - QUESTION_MARGIN,
            min(limits.near_answer - ANSWER_MARGIN, limits.soft_answer),
        )
        self._parts: dict[str, IndexedPart | SpiltPart] = {}
        self._segments: list[Segment] = []
        self._unmerged = not only_reads
        """Whether there may be segments to merge: since the last look some were sealed, or read."""
        self._opened: set[Segment] = set()
        self._questions_only = False
        self._recent = RecentRows()
        self._questions: set[int] = set()
        self._probes: Sequence[Sketch] = ()
        self._awaited: dict[int, int] = {}
        self._ahead: dict[Segment, dict[int, list[tuple[int, int, int]]]] = {}

    def __len__(self) -> int:
        return sum(segment.rows for segment in self._segments) + len(self._recent)

    def check(self, question: str, answer: str) -> Match | None:
        """The nearest accepted sample if it is too near, the most serious match first."""
        return self.check_sketch(sketch("", question, answer))

    def look_ahead(self, probes: Sequence[Sketch]) -> None:
        """Look for the candidates of samples among what is packed now, before each is checked.

        The same are found, of a hundred samples in a fraction of the time, and what ``alike`` of a
        segment lets go of crowded keys as well. ``check_sketch`` knows these very objects until the
        next call.
        """
        asked = probes_of(probes)
        self._ahead = self._mended(
            lambda: {each: each.near_many(asked, self._most) for each in self._segments}
        )
        self._awaited = {id(one): number for number, one in enumerate(probes)}
        self._probes = probes  # as long as they live, no other has their ids

    def check_sketch(self, probe: Sketch) -> Match | None:
        """As ``check``, for a sample that has been read already.

        What was sealed since the last one is merged now: at the end of a batch nobody waits for it.
        Of the rows whose text has to be read only those are compared that may be more serious, or
        seem nearer, than what has been found.

        Raises:
            DiskError: a merged segment cannot be written.
        """
        if self._unmerged:
            self._unmerged = False
            self._merge_small()
        return self._mended(lambda: self._nearest(probe))

    def _nearest(self, probe: Sketch) -> Match | None:
        best: Match | None = None
        found = list(self._candidates(probe))
        # What is at hand costs next to nothing, and spares the reading of other rows.
        for one in sorted(found, key=lambda each: (each.row.is_at_hand, each.order), reverse=True):
            if best is not None and not one.row.is_at_hand and one.order <= _order(best):
                continue
            reads = one.row.is_at_hand or self._spill is not None or self._needs_text(one)
            match = self._compare(probe, one) if reads else self._flag(one)
            if match is not None and (best is None or _order(match) > _order(best)):
                best = match
        return best

    def repeats(self, question: str) -> Match | None:
        """The sample that asks just this, if any; much cheaper than ``check``."""
        exact = exact_of(words(question))
        head = head_of(question)
        if exact in self._questions:
            return Match("DUP_EXACT", "", head, 1.0, 0.0)
        found = self._mended(lambda: self._first_asking(exact))
        return None if found is None else Match("DUP_EXACT", found, head, 1.0, 0.0)

    def _first_asking(self, exact: int) -> str | None:
        """The id of the first sample whose question has just these words."""
        key = (exact_key(exact),)
        packed = (
            StoredRow(each, row, self._parts)
            for each in self._segments
            for row in sorted(each.candidates(key))
        )
        rows: Iterator[RecentRow | StoredRow] = chain(self._recent.sharing(key), packed)
        return next((row.id for row in rows if row.exact == exact), None)

    def add_question(self, question: str) -> None:
        """Note only what ``repeats`` needs of an accepted sample."""
        self._questions.add(exact_of(words(question)))

    def add(self, sample_id: str, question: str, answer: str) -> None:
        """Note an accepted sample."""
        self.add_sketch(sketch(sample_id, question, answer))

    def add_sketch(self, item: Sketch) -> None:
        """As ``add``, for a sample that has been read already."""
        if len(self._recent) >= FREEZE_ROWS and (packed := self._recent.packed()):
            self._segments.append(self._keep([packed], self._spill_shingles(packed)))
            self._recent = RecentRows()
            self._merge_small()
        self._recent.add(item)

    def open(self, parts: Sequence[IndexedPart], *, questions_only: bool = False) -> None:
        """Load the index of a dataset; what no valid segment covers is read from its part.

        ``questions_only``: of such a part only what ``repeats`` needs is read, and nothing kept.

        Once, on a new index. What ``rows`` of a part raises passes through.

        Raises:
            DiskError: the folder cannot be read, or a segment cannot be written.
        """
        self._parts = dict[str, IndexedPart | SpiltPart]((part.name, part) for part in parts)
        self._questions_only = questions_only
        covered: set[str] = set()
        for segment in self._stored():
            names = {part.name for part in segment.parts}
            if names & covered or not self._is_current(segment):
                self._drop(segment)
                continue
            covered |= names
            self._segments.append(segment)
            self._opened.add(segment)
        self._read([part for part in parts if part.name not in covered])

    def _read(self, uncovered: Sequence[IndexedPart]) -> None:
        if not self._questions_only:
            self._rebuild(uncovered)
            return
        for part in uncovered:
            for _, question, _ in part.rows() or ():
                self.add_question(question)

    def _mended(self, ask: Callable[[], T]) -> T:
        """What it gives; where a segment is damaged inside, after its rows were read again."""
        try:
            return ask()
        except (IndexError, ValueError, OverflowError):
            if not self._rebuilt_damaged(self._segments):
                raise
            return ask()

    def _rebuilt_damaged(self, among: Sequence[Segment]) -> bool:
        """Whether files of these, as they were found, are damaged: their parts were read again."""
        damaged = {each for each in self._opened.intersection(among) if not each.is_whole()}
        self._opened -= damaged
        self._segments = [each for each in self._segments if each not in damaged]
        names = {part.name for segment in damaged for part in segment.parts}
        for segment in damaged:
            self._drop(segment)
        if damaged:
            found = (self._parts[name] for name in sorted(names))
            self._read([part for part in found if isinstance(part, IndexedPart)])
        return bool(damaged)

    def sealed(self, part: IndexedPart, ids: Iterable[str]) -> None:
        """A part now holds these samples, in this order: store their sketches under its name.

        Ids that the index does not hold as recent are left out of the segment, and with it the
        part would not be covered; so then nothing is stored, and the next ``open`` reads the part.

        Raises:
            DiskError: the segment cannot be written.
        """
        wanted = set(ids)
        held = self._recent.packed(wanted)
        packed = [segment for segment in self._segments if segment.is_unsealed(wanted)]
        blocks = [*packed, held] if held else packed
        found = set[str]().union(*(segment.ids() for segment in blocks))
        if not found or found != wanted:
            return
        self._parts[part.name] = part
        self._segments = [segment for segment in self._segments if segment not in packed]
        covered = SegmentPart(part.name, part.size, sum(block.rows for block in blocks))
        self._segments.append(self._keep(blocks, (covered,)))
        self._recent = self._recent.without(wanted)
        self._unmerged = True

    # --- groups ---

    def near_groups(self) -> list[tuple[str, ...]]:
        """Ids of the rows that are too near to each other (``DUP_EXACT``, ``DUP_NEAR``), by group.

        A row belongs to a group with every row that it is near to, and with what these are near
        to. Measured: 0.3 s for 10,000 rows with answers of 80 words.
        """
        return self._mended(self._near_groups)

    def _near_groups(self) -> list[tuple[str, ...]]:
        recent = self._recent.packed()
        every = _Numbered([*self._segments, recent] if recent else self._segments)
        groups = Groups(len(every))
        undecided: set[tuple[int, int]] = set()
        for rows in self._sharing_a_key(every):
            if len(set(map(groups.first, rows))) == 1:
                continue  # as is a crowd of rows that are near to each other, but for its first key
            for one, other in combinations(rows, 2):
                pair = min(one, other), max(one, other)
                if pair in undecided or groups.first(one) == groups.first(other):
                    continue
                if every.exact(one) == every.exact(other):
                    groups.join(one, other)
                elif self._may_be_near(every, one, other):
                    undecided.add(pair)
                if len(undecided) >= PAIRS_AT_ONCE:
                    self._decide(every, undecided, groups)
                    undecided.clear()
        self._decide(every, undecided, groups)
        found = groups.found()
        ids = every.ids() if found else []
        return [tuple(ids[number] for number in rows) for rows in found]

    def _sharing_a_key(self, every: _Numbered) -> Iterator[Sequence[int]]:
        """The rows that share a key which says something, for each such key."""
        for band in range(KEYS_PER_ROW):
            for key, rows in storage.together(every.segments, band):
                if not says_nothing(band, key):
                    yield rows

    def _may_be_near(self, every: _Numbered, one: int, other: int) -> bool:
        """Whether two rows are too near if they are as alike as they may be."""
        question, answer = every.alike(one, other)
        if self.thresholds.judge(question + QUESTION_MARGIN, answer + ANSWER_MARGIN) != "DUP_NEAR":
            return False
        question, answer = every.nearly(one, other)
        return self.thresholds.judge(question + SHORT_MARGIN, answer + ANSWER_MARGIN) == "DUP_NEAR"

    def _decide(self, every: _Numbered, pairs: Iterable[tuple[int, int]], groups: Groups) -> None:
        """Join the pairs that are too near by what their texts say."""
        ordered = sorted(pairs)
        # Row by row, in the order of the parts: few of these are read twice.
        wanted = sorted({row for pair in ordered for row in pair})
        texts = {row: every.row(row, self._parts).shingled() for row in wanted}
        for one, other in ordered:
            if groups.first(one) == groups.first(other):
                continue
            left, right = texts[one], texts[other]
            alike = every.nearly(one, other)
            if left is not None and right is not None:
                alike = (
                    jaccard(frozenset(left.question), right.question),
                    jaccard(frozenset(left.answer), right.answer),
                )
            if self.thresholds.judge(*alike) == "DUP_NEAR":
                groups.join(one, other)

    # --- candidates ---

    def _candidates(self, probe: Sketch) -> Iterator[_Candidate]:
        """Rows that share a key and are too near if they are as alike as they may be; of a crowd
        the nearest."""
        keys, most = probe.wanted_keys, self._most
        found: list[tuple[RecentRow | StoredRow, int, int]]
        found = list(self._recent.alike(keys, probe.signature, most))
        number = self._awaited.get(id(probe))
        for segment in self._segments:
            ahead = self._ahead.get(segment) if number is not None else None
            near: Iterable[tuple[int, int, int]]
            if ahead is None or number is None:
                near = segment.alike(keys, probe.signature, most)
            else:
                near = ahead.get(number, ())
            found += [(StoredRow(segment, row, self._parts), m, n) for row, m, n in near]
        question = probe.short
        for row, asked, told in nearest_of(found):
            if row.exact == probe.exact:
                yield _Candidate(row, "DUP_EXACT", 1.0, estimates(asked, told)[1])
                continue
            similar = jaccard(question, row.short), estimates(asked, told)[1]
            code = self._most_serious(*similar)
            if code is not None:
                yield _Candidate(row, code, *similar)

    def _most_serious(self, question: float, answer: float) -> DuplicateCode | None:
        """What two similarities may mean that are estimated to be these.

        An answer that would only earn a flag has no margin. Of those just alike enough half are let
        go, of those alike by 0.36 one in twelve: with one of 0.03 twice as many texts are read, and
        one in forty of the others earns a flag.
        """
        judge, asked = self.thresholds.judge, question + SHORT_MARGIN
        near = judge(0.0, answer + ANSWER_MARGIN), judge(asked, answer + BOTH_MARGIN)
        return "DUP_NEAR" if "DUP_NEAR" in near else judge(asked, answer)

    def _flag(self, found: _Candidate) -> Match | None:
        """A flag by 16 bits of the question's shingles: the text of the row is not read for it."""
        if found.question < self.thresholds.soft_question:
            return None
        return Match("DUP_SOFT", found.row.id, "", found.question, max(0.0, found.answer))

    def _needs_text(self, found: _Candidate) -> bool:
        """Whether it may be refused, or flagged for its answer."""
        limits = self.thresholds
        return found.code != "DUP_SOFT" or found.answer >= limits.soft_answer

    def _compare(self, probe: Sketch, found: _Candidate) -> Match | None:
        texts = found.row.shingled()
        question, answer, head = found.question, found.answer, ""
        if texts is not None:
            question = jaccard(probe.question, texts.question)
            answer = jaccard(probe.answer, texts.answer)
            head = texts.head
        code = self.thresholds.judge(question, answer)
        if found.code == "DUP_EXACT":
            code, question, head = "DUP_EXACT", 1.0, head or probe.head
        return Match(code, found.row.id, head, question, answer) if code else None

    # --- segments ---

    def _merge_small(self) -> None:
        """Merge until each segment has more rows than all smaller ones together, many times over.

        So there are few: of 100,000 rows that come in thousands two, of a million three. A row is
        copied seven to ten times meanwhile, in 6 µs; a look-up takes 80 µs in each segment.
        """
        while group := self._mergeable():
            if self._rebuilt_damaged(group):
                continue  # a copy of it would have a CRC that is right
            parts = tuple(part for segment in group for part in segment.parts)
            joined = self._keep(group, parts)
            self._segments = [item for item in self._segments if item not in group] + [joined]
            for segment in group:
                self._drop(segment)

    def _mergeable(self) -> list[Segment]:
        """Segments of one kind that become one: several small ones, or some and what is larger."""
        largest = LARGEST_SEGMENT if self._spill is None else LARGEST_IN_MEMORY
        kinds: dict[tuple[bool, bool], list[Segment]] = {}
        for segment in sorted(self._segments, key=lambda each: each.rows):
            kinds.setdefault((segment.path is None, segment.has_shingles), []).append(segment)
        for among in kinds.values():
            small = [segment for segment in among if segment.rows <= SMALL_SEGMENT]
            if len(small) >= MERGE_WIDTH:
                return small
            rest = among[len(small) :]
            rows = list(accumulate(segment.rows for segment in rest))
            for last in reversed(range(1, len(rest))):
                if rest[last].rows <= MERGE_WIDTH * rows[last - 1] and rows[last] <= largest:
                    return rest[: last + 1]
        return []

    def _spill_shingles(self, packed: Segment) -> Parts:
        """What covers rows that spill: a file of what is compared of them, which is not merged."""
        if self._spill is None:
            return ()
        path = self._spill / f"rows-{len(self)}"
        try:
            storage.write_shingles(packed, path)
        except OSError as error:
            raise DiskError(f"cannot write {path}: {error}", path) from error
        self._parts[path.name] = SpiltPart(path)
        return (SegmentPart(path.name, 0, packed.rows),)

    @property
    def _writes_to(self) -> Path | None:
        """The folder of new segments; None where these are in memory."""
        return self._spill or (None if self._only_reads else self.folder)

    def _keep(self, blocks: Blocks, parts: Parts) -> Segment:
        """Rows as one segment, in a file where there is a folder for it."""
        folder = self._writes_to
        if folder is None or not parts:
            return storage.in_memory(blocks, parts)
        told = json.dumps([msgspec.structs.astuple(part) for part in parts])
        name = blake2b(told.encode(), digest_size=8).hexdigest()
        return self._written(blocks, parts, folder / f"{name}{storage.SUFFIX}")

    def _written(self, blocks: Blocks, parts: Parts, path: Path) -> Segment:
        try:
            storage.write(blocks, parts, path)
        except OSError as error:
            told = f"cannot write the duplicate index {path}: {reason_of(error, path)}"
            raise DiskError(told, path) from error
        try:
            return storage.read(path)
        except FileNotFoundError:
            # Another process that had not seen this part has dropped it meanwhile. Here it is in
            # memory, and the next start reads the part.
            return storage.in_memory(blocks, parts)

    def _stored(self) -> list[Segment]:
        if self.folder is None:
            return []
        segments = []
        try:
            if not self._only_reads:
                make_folder(self.folder)
                for pattern in (f"*{storage.SUFFIX}.*", *storage.OUTDATED):
                    clear_asides(self.folder, pattern)
            for path in listed(self.folder, f"*{storage.SUFFIX}"):
                segment = storage.valid(path)
                if segment is None and not self._only_reads:
                    path.unlink(missing_ok=True)
                elif segment is not None:
                    segments.append(segment)
        except OSError as error:
            where = Path(error.filename) if error.filename else self.folder
            raise DiskError(
                f"cannot read the duplicate index {where}: {reason_of(error)}", where
            ) from error
        return sorted(segments, key=lambda segment: -segment.rows)

    def _is_current(self, segment: Segment) -> bool:
        wanted = self._parts
        return all(
            part.name in wanted and wanted[part.name].size == part.size for part in segment.parts
        )

    def _drop(self, segment: Segment) -> None:
        if segment.path is None or self._only_reads:
            return
        try:
            segment.path.unlink(missing_ok=True)
        except OSError as error:
            path = segment.path
            raise DiskError(f"cannot remove {path}: {error}", path) from error

    def _rebuild(self, parts: Sequence[IndexedPart]) -> None:
        """Read parts from their text, as many rows to a segment as it may have."""
        made = _Rebuilt(self._writes_to)
        for part in parts:
            found = part.rows()
            if found is None:
                continue  # not covered: when it can be read again, it is
            made.read(found, part)
            if made.is_full:
                self._segments.append(self._keep(made.blocks(), made.covered))
                made = _Rebuilt(self._writes_to)
        if made.covered:
            self._segments.append(self._keep(made.blocks(), made.covered))
            self._merge_small()


class _Rebuilt:
    """Whole parts on their way into one segment; what is read is put aside in the folder."""

    def __init__(self, folder: Path | None) -> None:
        self.covered: Parts = ()
        self._folder = folder
        self._aside: list[Unsorted] = []
        self._rows = SketchRows()

    def read(self, rows: Iterable[Text], part: IndexedPart) -> None:
        """Add a part."""
        before = len(self._rows)
        self._rows.read(rows)
        taken = len(self._rows) - before
        self.covered += (SegmentPart(part.name, part.size, taken),)
        if self._folder is not None and len(self._rows) >= READ_AT_ONCE:
            try:
                self._aside.append(storage.spooled(self._rows, self._folder))
            except OSError as error:
                where = self._folder
                raise DiskError(f"cannot write into {where}: {reason_of(error)}", where) from error
            self._rows = SketchRows()

    @property
    def is_full(self) -> bool:
        """Whether another part such as the last one would be too many."""
        rows = sum(part.rows for part in self.covered) + self.covered[-1].rows
        return rows > (LARGEST_IN_MEMORY if self._folder is None else LARGEST_SEGMENT)

    def blocks(self) -> list[Unsorted]:
        """All that was read, in its order."""
        rest = [storage.unsorted(self._rows)] if len(self._rows) else []
        return [*self._aside, *rest]


class _Numbered:
    """The rows of several segments, numbered through."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self._bases = list(accumulate((segment.rows for segment in segments), initial=0))
        self.signature = lru_cache(maxsize=65_536)(self._signature)

    def __len__(self) -> int:
        return self._bases[-1]

    def _at(self, number: int) -> tuple[Segment, int]:
        at = bisect_right(self._bases, number) - 1
        return self.segments[at], number - self._bases[at]

    def _signature(self, number: int) -> int:
        segment, row = self._at(number)
        return segment.signature(row)

    def alike(self, one: int, other: int) -> tuple[float, float]:
        """The similarities of two rows by their signatures."""
        return estimates(*differing(self.signature(one), self.signature(other)))

    def nearly(self, one: int, other: int) -> tuple[float, float]:
        """The same, of the questions by 16 bits of each shingle."""
        (left, row), (right, number) = self._at(one), self._at(other)
        question = jaccard(frozenset(left.short(row)), right.short(number))
        return question, self.alike(one, other)[1]

    def exact(self, number: int) -> int:
        segment, row = self._at(number)
        return segment.exact[row]

    def row(self, number: int, parts: Mapping[str, IndexedPart | SpiltPart]) -> StoredRow:
        return StoredRow(*self._at(number), parts)

    def ids(self) -> list[str]:
        return [name for segment in self.segments for name in segment.ids()]


_SEVERITY = {"DUP_SOFT": 0, "DUP_NEAR": 1, "DUP_EXACT": 2}


def _order(match: Match) -> tuple[int, float]:
    return _SEVERITY[match.code], max(match.question, match.answer)
