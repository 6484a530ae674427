"""Near-duplicates: is this sample already in the dataset, or close to one that is?

Candidates come from MinHash bands (rensa), the decision from the exact Jaccard similarity of
hashed word shingles: questions by 2 words, answers by 3. All hashes are CRC-32 of UTF-8 text or
BLAKE2b, so they are the same in every process.

The index of a dataset is a folder of segments, Arrow files that are mapped into memory and never
changed. A segment covers whole parts of the dataset and names them; one that is torn, of another
version, or covers a part that is gone or has changed is thrown away, and its parts are read again
from their text. Small segments are merged into larger ones, eight at a time, so that a look-up
asks few of them however many parts there are.

State on disk: 600 bytes of band keys a row and 4 bytes a word; measured 1.6 kB a row with answers
of 200 words. Measured time of one look-up, with such answers: 0.7 ms over 60,000 rows, of which
0.2 ms read the sample; each further segment costs 0.09 ms (about 20 of them at a million rows).
Opening an index that is up to date takes milliseconds, building one 0.3 s a thousand rows.

One thread at a time: nothing here is locked. Imports pyarrow and rensa: import it lazily.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import accumulate, chain, combinations, pairwise
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
from rensa import RMinHash

from legalgen.errors import DiskError, Reason
from legalgen.quality.rules import Nearness
from legalgen.settings.writing import clear_asides, make_folder, swapped_in
from legalgen.store.sample import words

QUESTION_BANDS, QUESTION_ROWS = 32, 4
ANSWER_BANDS, ANSWER_ROWS = 42, 3
"""Bands and rows per band. A pair of similarity s becomes a candidate with probability
1 - (1 - s^rows)^bands: questions 0.99 at 0.6, answers 1.00 at 0.6 and 0.68 at 0.3."""
ANSWER_KEYS = 1 + QUESTION_BANDS
"""Where the keys of an answer begin; those of the question, and the one of all its words, are
before them."""
KEYS_PER_ROW = ANSWER_KEYS + ANSWER_BANDS
FORMAT_VERSION = 2
MERGE_WIDTH = 8
LARGEST_SEGMENT = 200_000
"""Rows; larger ones would need gigabytes while they are merged."""
FREEZE_ROWS = 1_000
"""Rows kept as Python objects, some 12 kB each, before they are packed."""
FEW_ROWS = 8_000
"""For a segment of so many rows ``pyarrow.compute`` is not loaded, which takes 25 ms."""
BUILD_ROWS = 4_096
"""Rows of a part that are packed at once when an index is built from text."""
KEYS_AT_ONCE = 4_000_000
"""Band keys, 8 bytes each, that are sorted at once when the rows of an index are grouped."""

_ROW_MASK = 0xFFFF_FFFF
_SEED = 3
_ROWS = (QUESTION_ROWS, ANSWER_ROWS)
_HASHES = max(QUESTION_BANDS * QUESTION_ROWS, ANSWER_BANDS * ANSWER_ROWS)

DuplicateCode = Literal["DUP_EXACT", "DUP_NEAR", "DUP_SOFT"]


class DuplicateThresholds(Nearness, frozen=True):
    """What two similarities mean, by the nearness that is too near."""

    @property
    def worth_a_look(self) -> float:
        """Questions that are half as near as any threshold asks: their answers may be, too."""
        return min(self.near_question, self.near_both_question, self.soft_question) / 2

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
    """The nearest sample: its id, the first 20 words of its question, and how near it is."""

    code: DuplicateCode
    id: str
    near: str
    question: float
    answer: float

    @property
    def reason(self) -> Reason:
        """The match as the gate's reason: ``DUP_SOFT`` flags, the others reject."""
        message = (
            f'{self.code}: too close to: "{self.near}" '
            f"(question {self.question:.2f}, answer {self.answer:.2f})"
        )
        return Reason(self.code, message, "question", reject=self.code != "DUP_SOFT")


class IndexedPart(msgspec.Struct, frozen=True):
    """A sealed part of the dataset: its file name, its size in bytes, and how to read it.

    ``rows`` yields (id, question, answer) and is called only when no segment covers the part; None
    where the part cannot be read, which stays uncovered.
    """

    name: str
    size: int
    rows: Callable[[], Iterable[tuple[str, str, str]] | None]


def shingles(tokens: Sequence[str], size: int) -> frozenset[int]:
    """CRC-32 of each run of ``size`` words; of the whole text where it is shorter."""
    if len(tokens) < size:
        return frozenset({zlib.crc32(" ".join(tokens).encode())} if tokens else ())
    raw = " ".join(tokens).encode().split(b" ")
    runs = zip(*(raw[i:] for i in range(size)), strict=False)
    return frozenset(map(zlib.crc32, map(b" ".join, runs)))


def jaccard(left: frozenset[int], right: Collection[int]) -> float:
    """Shared part of two sets, 0 to 1; two empty sets share nothing.

    ``right`` may be any collection without repeats, so that stored rows need not become sets.
    """
    common = len(left.intersection(right))
    return common / (len(left) + len(right) - common) if common else 0.0


class Sketch(msgspec.Struct, frozen=True):
    """What the index keeps of one sample."""

    id: str
    head: str
    exact: int
    question: frozenset[int]
    answer: frozenset[int]
    keys: tuple[int, ...]


def sketch(sample_id: str, question: str, answer: str) -> Sketch:
    """Read one sample; about 0.15 ms for an answer of 300 words."""
    tokens = words(question)
    exact = _exact(tokens)
    question_set, answer_set = shingles(tokens, 2), shingles(words(answer), 3)
    return Sketch(
        sample_id,
        _head(question),
        exact,
        question_set,
        answer_set,
        (exact & _ROW_MASK, *_band_keys(question_set, answer_set)),
    )


def _exact(tokens: Sequence[str]) -> int:
    """64 bits of a question's words: the same for the same question."""
    return int.from_bytes(blake2b(" ".join(tokens).encode(), digest_size=8).digest(), "big")


def _head(question: str) -> str:
    return " ".join(question.split()[:20])


def _band_keys(question: frozenset[int], answer: frozenset[int]) -> Iterator[int]:
    """One 32-bit key per band; the band's number is the seed, so that bands do not mix."""
    hashes = array("I", chain(question, answer))
    ends = [0, len(question), len(hashes)]
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, _HASHES, _SEED).to_rows()
    band = 0
    for digest, bands, rows in zip(digests, (QUESTION_BANDS, ANSWER_BANDS), _ROWS, strict=True):
        raw, width = array("I", digest).tobytes(), rows * 4
        for start in range(0, bands * width, width):
            band += 1
            yield zlib.crc32(raw[start : start + width], band)


class _Row(msgspec.Struct, frozen=True):
    """One row that is kept: what the exact comparison needs, and its keys until it is packed.

    The hashes are 4 bytes each here and thirty in a set; few rows are ever compared.
    """

    id: str
    head: str
    exact: int
    question: Sequence[int]
    answer: Sequence[int]
    keys: Sequence[int] = ()


def _row(item: Sketch) -> _Row:
    question, answer = array("I", item.question), array("I", item.answer)
    return _Row(item.id, item.head, item.exact, question, answer, array("I", item.keys))


@cache
def _search_sorted() -> Callable[[Any, Any], Any] | None:
    """The search in Arrow's own code, three times as fast; None before pyarrow 26."""
    import pyarrow.compute as pc  # 25 ms, for large segments alone

    return getattr(pc, "search_sorted", None)


class _Segment:
    """An immutable set of rows in an Arrow file, mapped or in memory.

    ``keys`` holds KEYS_PER_ROW numbers per row, sorted over the whole segment, each
    ``band key << 32 | row``; its place in a row of the table means nothing.
    """

    def __init__(self, table: Any, parts: tuple[tuple[str, int], ...], path: Path | None) -> None:
        self.table, self.parts, self.path = table, parts, path
        self._sorted = table.column("keys").chunk(0).values  # flatten is 25 ms at first
        self.keys = _numbers(self._sorted, "Q")
        self.exact = _numbers(table.column("exact").chunk(0), "Q")
        self.questions = _lists(table.column("question").chunk(0))
        self.answers = _lists(table.column("answer").chunk(0))

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)

    def sorted_between(self, low: int, high: int) -> Any:
        """The Arrow array of the keys from ``low`` up to ``high``."""
        first, last = bisect_left(self.keys, low), bisect_left(self.keys, high)
        return self._sorted.slice(first, last - first)

    def ids(self) -> list[str]:
        """The samples of its rows, in order."""
        return [str(one) for one in self.table.column("id").to_pylist()]

    def is_unsealed(self, among: set[str]) -> bool:
        """Whether it was packed in this process, of these samples and no other."""
        return self.path is None and not self.parts and among.issuperset(self.ids())

    def candidates(self, keys: Sequence[int]) -> tuple[set[int], set[int]]:
        """Rows that share a key of the question, and those that share one of the answer."""
        questions, answers = set[int](), set[int]()
        stored, count = self.keys, len(self.keys)
        places = self._places([key << 32 for key in keys])
        for place, (key, first) in enumerate(zip(keys, places, strict=True)):
            at = first
            while at < count and stored[at] >> 32 == key:
                (questions if place < ANSWER_KEYS else answers).add(stored[at] & _ROW_MASK)
                at += 1
        return questions, answers

    def _places(self, wanted: Sequence[int]) -> Sequence[int]:
        """Where each number stands in ``keys``, or would stand."""
        worth_it = self.rows > FEW_ROWS or "pyarrow.compute" in sys.modules
        search = _search_sorted() if worth_it else None
        if search is None:
            return [bisect_left(self.keys, number) for number in wanted]
        return _numbers(search(self._sorted, _packed("Q", wanted)), "Q")

    def text(self, name: str, number: int) -> str:
        return str(self.table.column(name)[number].as_py())


class _Stored(msgspec.Struct, frozen=True):
    """A row of a segment, read as it is asked for: most candidates are let go after a look."""

    segment: _Segment
    number: int

    @property
    def id(self) -> str:
        return self.segment.text("id", self.number)

    @property
    def head(self) -> str:
        return self.segment.text("head", self.number)

    @property
    def exact(self) -> int:
        return self.segment.exact[self.number]

    @property
    def question(self) -> Sequence[int]:
        return _list_at(self.segment.questions, self.number)

    @property
    def answer(self) -> Sequence[int]:
        return _list_at(self.segment.answers, self.number)


def _numbers(values: Any, code: Literal["i", "I", "Q"]) -> memoryview:
    """The numbers of an Arrow array, without a copy."""
    width = array(code).itemsize
    start = values.offset * width
    return memoryview(values.buffers()[1])[start : start + len(values) * width].cast("B").cast(code)


def _lists(column: Any) -> tuple[memoryview, memoryview]:
    return _numbers(column.offsets, "i"), _numbers(column.values, "I")


def _list_at(lists: tuple[memoryview, memoryview], number: int) -> memoryview:
    offsets, values = lists
    return values[offsets[number] : offsets[number + 1]]


class DuplicateIndex:
    """Everything accepted so far, in the dataset and in the running batch.

    Without a folder it lives in memory alone (``dataset check`` over a foreign file). With
    ``only_reads`` nothing is written to the folder or taken out of it.
    """

    def __init__(
        self,
        folder: Path | None = None,
        thresholds: DuplicateThresholds | None = None,
        *,
        only_reads: bool = False,
    ) -> None:
        self.folder = folder
        self._only_reads = only_reads
        self.thresholds = thresholds or DuplicateThresholds()
        self._segments: list[_Segment] = []
        self._recent: list[_Row] = []
        self._by_key: dict[int, tuple[int, ...]] = {}
        self._questions: set[int] = set()

    def __len__(self) -> int:
        return sum(segment.rows for segment in self._segments) + len(self._recent)

    def check(self, question: str, answer: str) -> Match | None:
        """The nearest accepted sample if it is too near, the most serious match first."""
        return self.check_sketch(sketch("", question, answer))

    def check_sketch(self, probe: Sketch) -> Match | None:
        """As ``check``, for a sample that has been read already."""
        matches = (
            self._compare(probe, row)
            for row, shares_answer in self._candidates(probe.keys)
            if shares_answer or self._is_near(probe, row)
        )
        return max((match for match in matches if match), key=_order, default=None)

    def repeats(self, question: str) -> Match | None:
        """The sample that asks just this, if any; much cheaper than ``check``."""
        exact = _exact(words(question))
        if exact in self._questions:
            return Match("DUP_EXACT", "", _head(question), 1.0, 0.0)
        rows = self._candidates((exact & _ROW_MASK,))
        found = next((row for row, _ in rows if row.exact == exact), None)
        return None if found is None else Match("DUP_EXACT", found.id, found.head, 1.0, 0.0)

    def add_question(self, question: str) -> None:
        """Note only what ``repeats`` needs of an accepted sample."""
        self._questions.add(_exact(words(question)))

    def add(self, sample_id: str, question: str, answer: str) -> None:
        """Note an accepted sample."""
        self.add_sketch(sketch(sample_id, question, answer))

    def add_sketch(self, item: Sketch) -> None:
        """As ``add``, for a sample that has been read already."""
        if len(self._recent) >= FREEZE_ROWS:
            self._freeze(self._recent, ())
            self._recent, self._by_key = [], {}
        self._note(_row(item))

    def add_many(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Note many (id, question, answer), as they come from a file."""
        for row in rows:
            self.add(*row)

    def open(self, parts: Sequence[IndexedPart], *, questions_only: bool = False) -> None:
        """Load the index of a dataset; what no valid segment covers is read from its part.

        ``questions_only``: of such a part only what ``repeats`` needs is read, and nothing kept.

        Once, on a new index. What ``rows`` of a part raises passes through.

        Raises:
            DiskError: the folder cannot be read, or a segment cannot be written.
        """
        wanted = {part.name: part for part in parts}
        covered: set[str] = set()
        for segment in self._stored():
            names = {name for name, _ in segment.parts}
            if names & covered or not _current(segment, wanted):
                self._drop(segment)
                continue
            covered |= names
            self._segments.append(segment)
        uncovered = [part for part in parts if part.name not in covered]
        if not questions_only:
            self._rebuild(uncovered)
            return
        for part in uncovered:
            for _, question, _ in part.rows() or ():
                self.add_question(question)

    def sealed(self, name: str, size: int, ids: Iterable[str]) -> None:
        """A part now holds these samples: store their sketches under its name.

        Ids that the index does not hold as recent are left out of the segment, and with it the
        part would not be covered; so then nothing is stored, and the next ``open`` reads the part.

        Raises:
            DiskError: the segment cannot be written.
        """
        wanted = set(ids)
        held = [item for item in self._recent if item.id in wanted]
        packed = [segment for segment in self._segments if segment.is_unsealed(wanted)]
        found = {item.id for item in held}.union(*(segment.ids() for segment in packed))
        if not found or found != wanted:
            return
        tables = [segment.table for segment in packed] + ([_table(held)] if held else [])
        table = tables[0] if len(tables) == 1 else _merged(tables)
        self._segments = [segment for segment in self._segments if segment not in packed]
        self._segments.append(self._keep(table, ((name, size),), in_memory=False))
        self._forget_recent(held)
        self._merge_small()

    def near_groups(self) -> list[tuple[str, ...]]:
        """Ids of the rows that are too near to each other (``DUP_EXACT``, ``DUP_NEAR``), by group.

        A row belongs to a group with every row that it is near to, and with what these are near
        to. Measured: 0.3 s for 10,000 rows with answers of 80 words.
        """
        recent = [_Segment(_table(self._recent), (), None)] if self._recent else []
        segments = self._segments + recent
        bases = list(accumulate((segment.rows for segment in segments), initial=0))
        group = array("I", range(bases[-1]))

        def first_of(number: int) -> int:
            while group[number] != number:
                group[number] = number = group[group[number]]
            return number

        @lru_cache(maxsize=8_192)
        def row(number: int) -> Sketch:
            at = bisect_right(bases, number) - 1
            stored = _Stored(segments[at], number - bases[at])
            hashes = frozenset(stored.question), frozenset(stored.answer)
            return Sketch("", "", stored.exact, *hashes, ())

        for rows in _sharing_a_key(segments, bases):
            for one, other in combinations(rows, 2):
                left, right = first_of(one), first_of(other)
                if left != right and self._too_near(row(one), row(other)):
                    group[max(left, right)] = min(left, right)
        found: dict[int, list[int]] = {}
        for number in range(len(group)):
            if (first := first_of(number)) != number:
                found.setdefault(first, [first]).append(number)
        ids = [name for segment in segments for name in segment.ids()] if found else []
        return [tuple(ids[number] for number in rows) for rows in found.values()]

    def _too_near(self, one: Sketch, other: Sketch) -> bool:
        if one.exact == other.exact:
            return True
        limits = self.thresholds
        question = jaccard(one.question, other.question)
        sizes = sorted((len(one.answer), len(other.answer)))
        # Two sets are at most as alike as the smaller is large beside the larger.
        if question < limits.near_both_question and sizes[0] < limits.near_answer * sizes[1]:
            return False
        return limits.judge(question, jaccard(one.answer, other.answer)) == "DUP_NEAR"

    # --- candidates ---

    def _candidates(self, keys: Sequence[int]) -> Iterator[tuple[_Row | _Stored, bool]]:
        """Rows that share a key, and whether one of the answer."""
        known = self._by_key
        answers = {number for key in keys[ANSWER_KEYS:] for number in known.get(key, ())}
        questions = {number for key in keys[:ANSWER_KEYS] for number in known.get(key, ())}
        for number in sorted(questions | answers):
            yield self._recent[number], number in answers
        for segment in self._segments:
            questions, answers = segment.candidates(keys)
            for number in sorted(questions | answers):
                yield _Stored(segment, number), number in answers

    def _is_near(self, probe: Sketch, row: _Row | _Stored) -> bool:
        """Whether the question makes a row worth a comparison of the answers too, which are ten
        times as long: answers that are alike mostly have keys of their own in common."""
        if probe.exact == row.exact:
            return True
        return jaccard(probe.question, row.question) >= self.thresholds.worth_a_look

    def _compare(self, probe: Sketch, row: _Row | _Stored) -> Match | None:
        question = jaccard(probe.question, row.question)
        answer = jaccard(probe.answer, row.answer)
        code = self.thresholds.judge(question, answer)
        if probe.exact == row.exact:
            code, question = "DUP_EXACT", 1.0
        return Match(code, row.id, row.head, question, answer) if code else None

    # --- segments ---

    def _note(self, row: _Row) -> None:
        number = len(self._recent)
        self._recent.append(row)
        known = self._by_key
        for key in row.keys:
            known[key] = (*known.get(key, ()), number)

    def _freeze(self, rows: Sequence[_Row], parts: tuple[tuple[str, int], ...]) -> None:
        self._segments.append(self._keep(_table(rows), parts, in_memory=not parts))
        self._merge_small()

    def _forget_recent(self, gone: Sequence[_Row]) -> None:
        ids = {row.id for row in gone}
        rest = [row for row in self._recent if row.id not in ids]
        self._recent, self._by_key = [], {}
        for row in rest:
            self._note(row)

    def _merge_small(self) -> None:
        """Eight segments of one size class become one; sizes grow eightfold by class."""
        while True:
            group = self._mergeable()
            if not group:
                return
            table = _merged([segment.table for segment in group])
            parts = tuple(part for segment in group for part in segment.parts)
            joined = self._keep(table, parts, in_memory=not parts)
            self._segments = [item for item in self._segments if item not in group] + [joined]
            for segment in group:
                self._drop(segment)

    def _mergeable(self) -> list[_Segment]:
        classes: dict[tuple[bool, int], list[_Segment]] = {}
        for segment in self._segments:
            size_class = _size_class(segment.rows)
            if segment.rows * MERGE_WIDTH <= LARGEST_SEGMENT * 2:
                classes.setdefault((segment.path is None, size_class), []).append(segment)
        for group in classes.values():
            if len(group) >= MERGE_WIDTH:
                return group[:MERGE_WIDTH]
        return []

    def _keep(self, table: Any, parts: tuple[tuple[str, int], ...], *, in_memory: bool) -> _Segment:
        if self.folder is None or self._only_reads or in_memory:
            return _Segment(table, parts, None)
        name = blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()
        path = self.folder / f"{name}.arrow"
        try:
            _write(table.replace_schema_metadata(_metadata(parts)), path)
        except OSError as error:
            raise DiskError(f"cannot write the duplicate index {path}: {error}", path) from error
        try:
            return _read(path)
        except FileNotFoundError:
            # Another process that had not seen this part has dropped it meanwhile. Here it is in
            # memory, and the next start reads the part.
            return _Segment(table, parts, None)

    def _stored(self) -> list[_Segment]:
        if self.folder is None:
            return []
        segments = []
        try:
            if not self._only_reads:
                make_folder(self.folder)
                clear_asides(self.folder, "*.arrow.*")
            for path in sorted(self.folder.glob("*.arrow")):
                segment = _valid(path)
                if segment is None and not self._only_reads:
                    path.unlink(missing_ok=True)
                elif segment is not None:
                    segments.append(segment)
        except OSError as error:
            where = self.folder
            raise DiskError(f"cannot read the duplicate index {where}: {error}", where) from error
        return sorted(segments, key=lambda segment: -segment.rows)

    def _drop(self, segment: _Segment) -> None:
        if segment.path is None or self._only_reads:
            return
        try:
            segment.path.unlink(missing_ok=True)
        except OSError as error:
            path = segment.path
            raise DiskError(f"cannot remove {path}: {error}", path) from error

    def _rebuild(self, parts: Sequence[IndexedPart]) -> None:
        """Read parts from their text, some thousand rows to a segment."""
        rows: list[_Row] = []
        names: list[tuple[str, int]] = []
        for part in parts:
            found = part.rows()
            if found is None:
                continue  # not covered: when it can be read again, it is
            rows += [_row(sketch(*row)) for row in found]
            names.append((part.name, part.size))
            if len(rows) >= BUILD_ROWS:
                self._freeze(rows, tuple(names))
                rows, names = [], []
        if rows:
            self._freeze(rows, tuple(names))


def _sharing_a_key(segments: Sequence[_Segment], bases: Sequence[int]) -> Iterator[list[int]]:
    """Rows, numbered through all segments, that have a band key in common, two or more at a time.

    Keys are taken range by range, so that few are in memory however many rows there are.
    """
    import pyarrow.compute as pc  # 25 ms that few starts need

    keys = sum(len(segment.keys) for segment in segments)
    ranges = keys // KEYS_AT_ONCE + 1
    bounds = [(at * (_ROW_MASK + 1) // ranges) << 32 for at in range(ranges + 1)]
    for low, high in pairwise(bounds):
        found = [
            pc.add(segment.sorted_between(low, high), pa.scalar(base, pa.uint64()))
            for segment, base in zip(segments, bases, strict=False)
        ]
        if sum(map(len, found)) < 2:
            continue
        joined = pa.concat_arrays(found)
        ordered = joined.take(pc.array_sort_indices(joined))
        bands = pc.shift_right(ordered, pa.scalar(32, pa.uint64()))
        alike = pc.indices_nonzero(pc.equal(bands[:-1], bands[1:])).to_pylist()
        entries = _numbers(ordered, "Q")
        rows: list[int] = []
        for at, after in zip(alike, [*alike[1:], None], strict=True):
            rows.append(entries[at] & _ROW_MASK)
            if after != at + 1:
                yield [*rows, entries[at + 1] & _ROW_MASK]
                rows = []


_SEVERITY = {"DUP_SOFT": 0, "DUP_NEAR": 1, "DUP_EXACT": 2}


def _order(match: Match) -> tuple[int, float]:
    return _SEVERITY[match.code], max(match.question, match.answer)


def _size_class(rows: int) -> int:
    size, bound = 0, 512
    while rows > bound:
        size, bound = size + 1, bound * MERGE_WIDTH
    return size


def _current(segment: _Segment, wanted: dict[str, IndexedPart]) -> bool:
    return all(name in wanted and wanted[name].size == size for name, size in segment.parts)


def _schema() -> Any:
    hashes = pa.list_(pa.field("item", pa.uint32(), nullable=False))
    keys = pa.list_(pa.field("item", pa.uint64(), nullable=False), KEYS_PER_ROW)
    columns = [("id", pa.string()), ("head", pa.string()), ("exact", pa.uint64())]
    columns += [("question", hashes), ("answer", hashes), ("keys", keys)]
    return pa.schema(columns)


def _table(rows: Sequence[_Row]) -> Any:
    entries = sorted([key << 32 | number for number, row in enumerate(rows) for key in row.keys])
    schema = _schema()
    return pa.table(
        {
            "id": _texts([row.id for row in rows]),
            "head": _texts([row.head for row in rows]),
            "exact": _packed("Q", [row.exact for row in rows]),
            "question": _hash_lists([row.question for row in rows], schema),
            "answer": _hash_lists([row.answer for row in rows], schema),
            "keys": _key_column(_packed("Q", entries), schema),
        },
        schema=schema,
    )


# Arrow arrays are built from buffers: from Python lists pyarrow imports pandas where that is
# installed, which takes 0.3 s and 40 MB.


def _packed(code: Literal["I", "Q"], values: Iterable[int]) -> Any:
    kind, packed = pa.uint32() if code == "I" else pa.uint64(), array(code, values)
    return pa.Array.from_buffers(kind, len(packed), [None, pa.py_buffer(packed)])


def _offsets(lengths: Iterable[int]) -> Any:
    return pa.py_buffer(array("i", accumulate(lengths, initial=0)))


def _texts(values: Sequence[str]) -> Any:
    raw = [value.encode() for value in values]
    joined = pa.py_buffer(b"".join(raw))
    return pa.StringArray.from_buffers(len(raw), _offsets(map(len, raw)), joined)


def _hash_lists(lists: Sequence[Sequence[int]], schema: Any) -> Any:
    flat = array("I")
    for values in lists:
        flat.extend(values)  # from an array: a copy of memory
    kind = schema.field("question").type
    offsets = _offsets(map(len, lists))
    hashes = _packed("I", flat)
    return pa.Array.from_buffers(kind, len(lists), [None, offsets], children=[hashes])


def _key_column(entries: Any, schema: Any) -> Any:
    return pa.FixedSizeListArray.from_arrays(entries, type=schema.field("keys").type)


def _merged(tables: Sequence[Any]) -> Any:
    """One table of all rows, with the keys of all sorted into one run."""
    import pyarrow.compute as pc  # 25 ms that few starts need

    entries, base = [], 0
    for table in tables:
        keys = table.column("keys").chunk(0).flatten()
        entries.append(pc.add(keys, _packed("Q", [base] * len(keys))))
        base += table.num_rows
    joined = pa.concat_arrays(entries)
    ordered = joined.take(pc.array_sort_indices(joined))
    rest = pa.concat_tables(tables).replace_schema_metadata(None).combine_chunks()
    position = rest.schema.get_field_index("keys")
    return rest.set_column(position, rest.schema.field("keys"), _key_column(ordered, rest.schema))


def _metadata(parts: tuple[tuple[str, int], ...]) -> dict[str, str]:
    return {"version": _version(), "parts": json.dumps(parts)}


def _version() -> str:
    """What a segment's band keys depend on; rensa's sketches differ between its versions."""
    shape = f"{QUESTION_BANDS}x{QUESTION_ROWS}+{ANSWER_BANDS}x{ANSWER_ROWS}"
    return f"{FORMAT_VERSION}/{shape}/rensa {importlib.metadata.version('rensa')}"


def _write(table: Any, path: Path) -> None:
    """Write beside, flush, swap: a reader never sees half a segment."""
    make_folder(path.parent)
    with swapped_in(path) as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(1, table.num_rows))


def _read(path: Path) -> _Segment:
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    parts = json.loads(table.schema.metadata[b"parts"])
    return _Segment(table, tuple((name, size) for name, size in parts), path)


def _valid(path: Path) -> _Segment | None:
    """The segment at ``path``, or None where it is torn, foreign, of another version, or gone."""
    try:
        segment = _read(path)
    except (pa.ArrowInvalid, KeyError, ValueError, IndexError, TypeError, FileNotFoundError):
        return None
    version = segment.table.schema.metadata.get(b"version", b"").decode()
    return segment if version == _version() and segment.rows else None
