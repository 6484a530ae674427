"""What is in a dataset, as values: what it took, what it covers, how varied and how sound it is.

Counts are over all rows. What needs the texts side by side (neighbours, diversity) is measured on
a seeded sample of at most ``SAMPLE_ROWS`` rows, and says on how many. Rows stream through.
"""

from __future__ import annotations

import math
import random
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from legalgen.dataset.foreign import SAMPLE_TYPE as IMPORTED
from legalgen.dataset.neighbours import nearest
from legalgen.dataset.spread import Spread, spread
from legalgen.dataset.wanted import Wanted
from legalgen.errors.plurals import plural
from legalgen.law.citations import CASE_KINDS
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.checks.elements import parties
from legalgen.store.balances import ModelStats
from legalgen.store.files import DataDir
from legalgen.store.findings import JudgedShare, Reviewed, judged, judged_shares, reviewed
from legalgen.store.journal import read_rejected
from legalgen.store.ledger import ROLES, Ledger, Parked, Record
from legalgen.store.parts import iter_batches
from legalgen.store.sample import words

SAMPLE_ROWS: Final = 2_500
ANSWER_CHARACTERS_PER_TOKEN: Final = 4.3
"""Measured on English legal answers with a vocabulary of 131,000: 4.8 on average, 3.9 at least."""
CONTEXTS: Final = (2_048, 4_096, 8_192)
LOWER_COURTS: Final = ("EWCA", "EWHC")
LOWER_COURT_SHARE: Final = 0.25
"""More cases of these courts than this is a warning: models invent them (measured: 45 % wrong)."""
QUESTION_BASELINE: Final = (0.125, 0.545)
ANSWER_BASELINE: Final = (0.023, 0.160)
"""Median and 95th percentile of nearest neighbours, measured on 2,057 older samples."""
_ZLIB_BYTES: Final = 1_000_000
_TOP: Final = 10
_WORK_LIST: Final = 1_000
_COLUMNS: Final = (
    "id", "question", "answer", "reasoning_steps", "citations", "jurisdiction", "practice_area",
    "topic", "difficulty", "sample_type", "provider", "model", "flags", "attempts", "batch_id",
    "slot", "output_tokens", "score", "judge", "marks",
)  # fmt: skip

ReportedRow = Mapping[str, Any]
Frequency = tuple[str, int]


# --- values ------------------------------------------------------------------------------------


class Model(msgspec.Struct, frozen=True):
    """What one model did, over the batches counted. ``failures`` by category."""

    model: str
    calls: int
    samples: int
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    seconds: float
    cost_usd: float | None
    failures: dict[str, int]


class Production(msgspec.Struct, frozen=True):
    """What the batches asked for and got. ``first_pass`` is the share of samples that the first
    answer gave, of all samples that a model wrote here and tasks given up; None without either.
    ``parked`` are the cells that batches gave up on, each as it was parked last. ``unrecorded`` are
    the batches of rows of which no record can be read: what they asked for is not known."""

    batches: int
    asked: int
    accepted: int
    flagged: int
    given_up: int
    first_pass: float | None
    models: tuple[Model, ...]
    parked: tuple[Parked, ...] = ()
    unrecorded: int = 0

    def origin(self, one: str, several: str) -> str:
        """How many rows were asked for, and by how many batches, by these names of a batch, as far
        as records tell."""
        said = f"{self.asked:,} asked for in {plural(self.batches, one, several)}"
        if not self.unrecorded:
            return f"of {said}"
        unread = plural(self.unrecorded, "batch", "batches")
        return f"({said}; of {unread} no record can be read: legalgen dataset verify --repair)"


class RefusalCount(msgspec.Struct, frozen=True):
    """How often a code refused an answer, by model, with one example."""

    code: str
    count: int
    models: dict[str, int]
    example: str


class Refusals(msgspec.Struct, frozen=True):
    """Answers that were paid for and not kept. ``mended`` is the share of slots with a refused
    answer that have a sample all the same; None without any."""

    answers: int
    codes: tuple[RefusalCount, ...]
    mended: float | None


class Leaf(msgspec.Struct, frozen=True):
    """The rows of one topic by difficulty; None where the topic does not allow it."""

    jurisdiction: str
    practice_area: str
    topic: str
    counts: tuple[int | None, ...]


class Coverage(msgspec.Struct, frozen=True):
    """Topic by difficulty over the taxonomy. ``outside`` are rows of topics it does not have."""

    difficulties: tuple[str, ...]
    leaves: tuple[Leaf, ...]
    least: int
    most: int
    empty: int
    cells: int
    outside: int


class Share(msgspec.Struct, frozen=True):
    """A value of an axis: its rows, their share, and the share that is wanted (None: none is)."""

    value: str
    rows: int
    share: float
    wanted: float | None


class Length(msgspec.Struct, frozen=True):
    """Words of the answers of one sample type; ``outside`` its bounds is a share of its rows."""

    sample_type: str
    rows: int
    p5: int
    p50: int
    p95: int
    low: int | None
    high: int | None
    outside: float | None


class Near(msgspec.Struct, frozen=True):
    """Two rows that are close, and their questions' beginnings."""

    ids: tuple[str, str]
    field: str
    similarity: float
    texts: tuple[str, str]


class Neighbours(msgspec.Struct, frozen=True):
    """Similarity (0 to 1) to the nearest other row of the sample, and the closest pairs."""

    measured_on: int
    question_p50: float
    question_p95: float
    answer_p50: float
    answer_p95: float
    closest: tuple[Near, ...]


class Diversity(msgspec.Struct, frozen=True):
    """``zlib`` is the ratio by which the texts shrink (higher: more alike), ``distinct_2`` the
    share of different word pairs. Openings are the first 4 words of questions."""

    measured_on: int
    question_zlib: float
    answer_zlib: float
    question_distinct_2: float
    answer_distinct_2: float
    openings: tuple[Frequency, ...]
    parties: tuple[Frequency, ...]


class Cited(msgspec.Struct, frozen=True):
    """An authority, as it was first cited, and how often it is."""

    key: str
    text: str
    count: int


class Conflict(msgspec.Struct, frozen=True):
    """A citation that contradicts another row's, and its row."""

    id: str
    key: str
    text: str


class Citations(msgspec.Struct, frozen=True):
    """What the rows cite. ``unlisted_cases`` are a reviewer's work list: cases that no list of
    known authorities has, the most cited first (bounded; ``unlisted_count`` is all of them)."""

    total: int
    rows_with: int
    by_kind: dict[str, int]
    by_status: dict[str, int]
    unparsed_share: float
    ungrounded_rows: int
    conflicts: tuple[Conflict, ...]
    most_cited: tuple[Cited, ...]
    unlisted_cases: tuple[Cited, ...]
    unlisted_count: int
    courts: dict[str, int]
    lower_court_share: float
    warning: str


class Context(msgspec.Struct, frozen=True):
    """The share of rows longer than a training context, in tokens."""

    tokens: int
    longer: float


class Tokens(msgspec.Struct, frozen=True):
    """Tokens of question, steps and answer, estimated from their characters."""

    total: int
    mean: float
    p95: int
    contexts: tuple[Context, ...]


class Example(msgspec.Struct, frozen=True):
    """A row to read."""

    id: str
    topic: str
    difficulty: str
    sample_type: str
    question: str
    reasoning_steps: tuple[str, ...]
    answer: str
    citations: tuple[str, ...]
    flags: tuple[str, ...]


class DatasetReport(msgspec.Struct, frozen=True):
    """Everything about a dataset, or about one batch of it.

    ``chosen`` is the filter of the rows that were counted, empty for all; what it took, and what
    was refused, is of the batches all the same.
    """

    rows: int
    batch: str | None
    production: Production
    refusals: Refusals
    coverage: Coverage
    shares: dict[str, tuple[Share, ...]]
    flags: dict[str, int]
    lengths: tuple[Length, ...]
    neighbours: Neighbours | None
    diversity: Diversity | None
    citations: Citations
    tokens: Tokens | None
    score_mean: float | None
    examples: tuple[Example, ...]
    reviewed: Reviewed | None = None
    chosen: str = ""
    judged: tuple[JudgedShare, ...] = ()
    spread: Spread | None = None


# --- reading -----------------------------------------------------------------------------------


def report(
    data_dir: DataDir,
    taxonomy: Taxonomy,
    *,
    batch: str | None = None,
    wanted: Wanted | None = None,
    rehearsal: bool = False,
    seed: int = 0,
    sample_rows: int = SAMPLE_ROWS,
    example_rows: int = 5,
) -> DatasetReport:
    """Read a dataset, or one batch of it (by its whole id), or the rows of it that are wanted.

    Raises:
        DiskError: a part or a record cannot be read.
    """
    records = [
        one
        for one in Ledger(data_dir).all()
        if isinstance(one, Record) and one.rehearsal == rehearsal and batch in (None, one.id)
    ]
    refused = _read_refused(data_dir, [record.id for record in records])
    areas: list[tuple[str, str]] = []
    tally = _Tally(taxonomy, refused.slots, random.Random(seed), sample_rows)
    for arrow in iter_batches(data_dir, _COLUMNS, rehearsal=rehearsal):
        for row in arrow.to_pylist():
            if _is_meant(row, batch, wanted):
                tally.add(row)
                areas.append((row["id"], row["practice_area"]))
    found = tally.report(batch, records, refused, random.Random(seed + 1), example_rows)
    apart = spread(data_dir, areas, rehearsal=rehearsal, seed=seed)
    found = msgspec.structs.replace(found, spread=apart)
    read = reviewed(data_dir, batch=batch, rehearsal=rehearsal)
    if not wanted:
        return msgspec.structs.replace(found, reviewed=read)
    return msgspec.structs.replace(
        found,
        reviewed=read,
        chosen=str(wanted),
        # Of some of the rows nobody can tell which share of their tasks came to nothing.
        production=msgspec.structs.replace(found.production, first_pass=None),
        refusals=msgspec.structs.replace(found.refusals, mended=None),
    )


def _is_meant(row: ReportedRow, batch: str | None, wanted: Wanted | None) -> bool:
    return batch in (None, row["batch_id"]) and (not wanted or wanted.takes(row))


def sample_of(
    data_dir: DataDir,
    rows: int,
    *,
    batch: str | None = None,
    wanted: Wanted | None = None,
    rehearsal: bool = False,
    seed: int = 0,
) -> list[ReportedRow]:
    """A seeded sample of rows, in the order of the dataset: for marking by hand."""
    reservoir = _Reservoir(rows, random.Random(seed))
    for arrow in iter_batches(data_dir, _COLUMNS, rehearsal=rehearsal):
        for row in arrow.to_pylist():
            if _is_meant(row, batch, wanted):
                reservoir.offer(row)
    return reservoir.in_order()


class _Reservoir(msgspec.Struct):
    """A fair sample of a stream whose length nobody knows."""

    size: int
    rng: random.Random
    seen: int = 0
    rows: list[tuple[int, ReportedRow]] = msgspec.field(default_factory=list)

    def offer(self, row: ReportedRow) -> None:
        self.seen += 1
        if len(self.rows) < self.size:
            self.rows.append((self.seen, row))
        elif (place := self.rng.randrange(self.seen)) < self.size:
            self.rows[place] = (self.seen, row)

    def in_order(self) -> list[ReportedRow]:
        return [row for _, row in sorted(self.rows, key=lambda one: one[0])]


class _Refused(msgspec.Struct):
    answers: int = 0
    codes: Counter[str] = msgspec.field(default_factory=Counter)
    models: dict[str, Counter[str]] = msgspec.field(default_factory=lambda: defaultdict(Counter))
    examples: dict[str, str] = msgspec.field(default_factory=dict)
    slots: set[tuple[str, int]] = msgspec.field(default_factory=set)


def _read_refused(data_dir: DataDir, batch_ids: Iterable[str]) -> _Refused:
    found = _Refused()
    for batch_id in batch_ids:
        for one in read_rejected(data_dir, batch_id):
            if one.unmarked is not None:  # it waited for a judge, and was not refused
                continue
            found.answers += 1
            if not one.model.endswith(ROLES):  # marks and lists that could not be read are no rows
                found.slots.add((batch_id, one.slot))
            for reason in {reason.code: reason for reason in one.reasons if reason.reject}.values():
                found.codes[reason.code] += 1
                found.models[reason.code][f"{one.provider}/{one.model}"] += 1
                found.examples.setdefault(reason.code, reason.message)
    return found


class _Tally:
    """What is counted while the rows stream through."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        refused: set[tuple[str, int]],
        rng: random.Random,
        sample_rows: int,
    ) -> None:
        self._taxonomy = taxonomy
        self._refused = refused
        self._mended = 0
        self._rows = 0
        self._batches = set[str]()
        self._flagged = 0
        self._written, self._first = 0, 0
        self._score, self._scored = 0.0, 0
        self._judged, self._low = Counter[str](), Counter[str]()
        self._axes = {
            axis: Counter[str]() for axis in ("jurisdiction", "difficulty", "sample_type")
        }
        self._leaves: Counter[tuple[str, str, str, str]] = Counter()
        self._flags: Counter[str] = Counter()
        self._lengths: dict[str, array[int]] = defaultdict(lambda: array("I"))
        self._outside: Counter[str] = Counter()
        self._bounds = _bounds(taxonomy)
        self._tokens = array("I")
        self._sample = _Reservoir(sample_rows, rng)
        self._citations = _CitationTally()

    def add(self, row: ReportedRow) -> None:
        self._rows += 1
        self._batches.add(row["batch_id"])
        self._sample.offer(row)
        self._flags.update(row["flags"])
        self._flagged += bool(row["flags"])
        if row["provider"] != IMPORTED:
            self._written += 1
            self._first += row["attempts"] <= 1
        self._mended += (row["batch_id"], row["slot"]) in self._refused
        if row["score"] is not None:
            self._score, self._scored = self._score + row["score"], self._scored + 1
        if (found := judged(row)) is not None:
            self._judged[found[0]] += 1
            self._low[found[0]] += found[1]
        for axis, counter in self._axes.items():
            counter[row[axis]] += 1
        key = (row["jurisdiction"], row["practice_area"], row["topic"], row["difficulty"])
        self._leaves[key] += 1
        self._measure(row)
        self._citations.add(row)

    def _measure(self, row: ReportedRow) -> None:
        kind, count = row["sample_type"], len(row["answer"].split())
        self._lengths[kind].append(count)
        bounds = self._bounds.get((kind, row["difficulty"]))
        if bounds is not None and not bounds[0] <= count <= bounds[1]:
            self._outside[kind] += 1
        characters = len(row["question"]) + len(row["answer"])
        characters += sum(map(len, row["reasoning_steps"]))
        self._tokens.append(math.ceil(characters / ANSWER_CHARACTERS_PER_TOKEN))

    # --- the report ---

    def report(
        self,
        batch: str | None,
        records: Sequence[Record],
        refused: _Refused,
        rng: random.Random,
        example_rows: int,
    ) -> DatasetReport:
        sample = self._sample.in_order()
        chosen = rng.sample(sample, min(example_rows, len(sample)))
        return DatasetReport(
            rows=self._rows,
            batch=batch,
            production=self._production(records),
            refusals=self._refusals(refused),
            coverage=self._coverage(),
            shares={axis: self._shares(axis) for axis in self._axes},
            flags=dict(self._flags.most_common()),
            lengths=tuple(self._length(kind) for kind in sorted(self._lengths)),
            neighbours=_neighbours(sample) if len(sample) > 1 else None,
            diversity=_diversity(sample) if sample else None,
            citations=self._citations.report(self._flags["CITATION_UNGROUNDED"]),
            tokens=self._token_report() if self._rows else None,
            score_mean=round(self._score / self._scored, 3) if self._scored else None,
            examples=tuple(map(_example, chosen)),
            judged=judged_shares(self._judged, self._low),
        )

    def _production(self, records: Sequence[Record]) -> Production:
        given_up = sum(record.count("given_up") for record in records)
        ended = self._written + given_up
        return Production(
            batches=len(records),
            asked=sum(record.target for record in records),
            accepted=self._rows,
            flagged=self._flagged,
            given_up=given_up,
            first_pass=round(self._first / ended, 4) if ended else None,
            models=tuple(_models(records)),
            parked=_parked(records),
            unrecorded=len(self._batches - {record.id for record in records}),
        )

    def _refusals(self, refused: _Refused) -> Refusals:
        codes = (
            RefusalCount(
                code, count, dict(refused.models[code].most_common()), refused.examples[code]
            )
            for code, count in refused.codes.most_common()
        )
        slots = len(self._refused)
        mended = round(self._mended / slots, 4) if slots else None
        return Refusals(refused.answers, tuple(codes), mended)

    def _coverage(self) -> Coverage:
        names = tuple(each.id for each in self._taxonomy.difficulties)
        leaves = []
        for topic in self._taxonomy.leaves():
            allowed = set(topic.difficulties)
            counts = tuple(self._leaves[*topic.key, d] if d in allowed else None for d in names)
            leaves.append(Leaf(*topic.key, counts))
        cells = [count for leaf in leaves for count in leaf.counts if count is not None]
        return Coverage(
            names, tuple(leaves), min(cells), max(cells), cells.count(0), len(cells),
            self._rows - sum(cells),
        )  # fmt: skip

    def _shares(self, axis: str) -> tuple[Share, ...]:
        wanted = _wanted(self._taxonomy, axis)
        counts = self._axes[axis]
        total = max(1, self._rows)
        values = [*wanted, *sorted(set(counts) - set(wanted))]
        return tuple(
            Share(value, counts[value], round(counts[value] / total, 4), wanted.get(value))
            for value in values
        )

    def _length(self, kind: str) -> Length:
        found = sorted(self._lengths[kind])
        ranges = [bounds for (name, _), bounds in self._bounds.items() if name == kind]
        return Length(
            sample_type=kind,
            rows=len(found),
            p5=int(_at(found, 0.05)),
            p50=int(_at(found, 0.5)),
            p95=int(_at(found, 0.95)),
            low=min((low for low, _ in ranges), default=None),
            high=max((high for _, high in ranges), default=None),
            outside=round(self._outside[kind] / len(found), 4) if ranges else None,
        )

    def _token_report(self) -> Tokens:
        ordered = sorted(self._tokens)
        longer = (
            Context(limit, round(sum(one > limit for one in ordered) / len(ordered), 4))
            for limit in CONTEXTS
        )
        total = sum(ordered)
        return Tokens(total, round(total / len(ordered), 1), int(_at(ordered, 0.95)), tuple(longer))


def _at(ordered: Sequence[float], share: float) -> float:
    """A percentile of sorted numbers (nearest rank)."""
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _bounds(taxonomy: Taxonomy) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (kind.id, difficulty.id): kind.bounds(difficulty).answer_words
        for kind in taxonomy.sample_types
        for difficulty in taxonomy.difficulties
    }


def _wanted(taxonomy: Taxonomy, axis: str) -> dict[str, float]:
    """The share of each value that the weights ask for; without weights, evenly (per leaf)."""
    weights: dict[str, float] = dict(getattr(taxonomy.weights, axis))
    if axis == "jurisdiction":
        leaves: Counter[str] = Counter()
        for leaf in taxonomy.leaves():
            leaves[leaf.jurisdiction] += 1
        weights = {name: weights.get(name, 1.0) for name in leaves} if weights else dict(leaves)
    else:
        known = taxonomy.difficulties if axis == "difficulty" else taxonomy.sample_types
        weights = {each.id: weights.get(each.id, 1.0) for each in known}
    total = sum(weights.values())
    return {name: round(weight / total, 4) for name, weight in weights.items()}


def _parked(records: Sequence[Record]) -> tuple[Parked, ...]:
    """The cells that batches gave up on; of one that was parked twice the later time."""
    ordered = sorted(records, key=lambda record: record.started)
    return tuple({cell.cell: cell for record in ordered for cell in record.parked}.values())


def _models(records: Iterable[Record]) -> Iterator[Model]:
    sums: dict[str, ModelStats] = {}
    for record in records:
        for name, stats in record.models.items():
            _add(sums.setdefault(name, ModelStats()), stats)
    for name, one in sorted(sums.items(), key=lambda item: -item[1].samples):
        yield Model(
            name, one.calls, one.samples, one.input_tokens, one.output_tokens,
            one.reasoning_tokens, round(one.seconds, 3), one.cost_usd, one.failures,
        )  # fmt: skip


def _add(total: ModelStats, more: ModelStats) -> None:
    for name in (
        "calls",
        "samples",
        "input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "seconds",
    ):
        setattr(total, name, getattr(total, name) + getattr(more, name))
    if more.cost_usd is not None:
        total.cost_usd = (total.cost_usd or 0.0) + more.cost_usd
    total.failures = dict(Counter(total.failures) + Counter(more.failures))


# --- texts -------------------------------------------------------------------------------------


def _neighbours(sample: Sequence[ReportedRow]) -> Neighbours:
    questions = nearest([row["question"] for row in sample], 2)
    answers = nearest([row["answer"] for row in sample], 3)
    by_question = sorted(similarity for similarity, _ in questions)
    by_answer = sorted(similarity for similarity, _ in answers)
    return Neighbours(
        measured_on=len(sample),
        question_p50=round(_at(by_question, 0.5), 3),
        question_p95=round(_at(by_question, 0.95), 3),
        answer_p50=round(_at(by_answer, 0.5), 3),
        answer_p95=round(_at(by_answer, 0.95), 3),
        closest=tuple(_closest(sample, {"question": questions, "answer": answers})),
    )


def _closest(
    sample: Sequence[ReportedRow], found: Mapping[str, Sequence[tuple[float, int]]]
) -> Iterator[Near]:
    best: dict[tuple[int, int], tuple[float, str]] = {}
    for name, nearby in found.items():
        for number, (similarity, other) in enumerate(nearby):
            pair = (min(number, other), max(number, other))
            if number != other:
                best[pair] = max(best.get(pair, (0.0, "")), (similarity, name))
    for (a, b), (similarity, name) in sorted(best.items(), key=lambda one: -one[1][0])[:5]:
        left, right = sample[a], sample[b]
        heads = (left["question"][:160], right["question"][:160])
        yield Near((left["id"], right["id"]), name, round(similarity, 3), heads)


def _diversity(sample: Sequence[ReportedRow]) -> Diversity:
    questions = [row["question"] for row in sample]
    answers = [row["answer"] for row in sample]
    openings = Counter(" ".join(words(question[:160])[:4]) for question in questions)
    names = Counter(name for question in questions for name in parties(question))
    return Diversity(
        len(sample), _zlib(questions), _zlib(answers), _distinct_2(questions), _distinct_2(answers),
        tuple(openings.most_common(_TOP)), tuple(names.most_common(_TOP)),
    )  # fmt: skip


def _zlib(texts: Iterable[str]) -> float:
    raw = "\n".join(texts).encode("utf-8", "replace")[:_ZLIB_BYTES]
    return round(len(raw) / len(zlib.compress(raw, 6)), 3) if raw else 0.0


def _distinct_2(texts: Iterable[str]) -> float:
    seen: set[tuple[str, str]] = set()
    total = 0
    for text in texts:
        tokens = words(text)
        pairs = list(pairwise(tokens))
        total += len(pairs)
        seen.update(pairs)
    return round(len(seen) / total, 3) if total else 0.0


def _example(row: ReportedRow) -> Example:
    return Example(
        row["id"], row["topic"], row["difficulty"], row["sample_type"], row["question"],
        tuple(row["reasoning_steps"]), row["answer"],
        tuple(f"{one['text']} ({one['status']})" for one in row["citations"]),
        tuple(row["flags"]),
    )  # fmt: skip


# --- citations ---------------------------------------------------------------------------------


class _CitationTally(msgspec.Struct):
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    courts: Counter[str] = msgspec.field(default_factory=Counter)
    cited: Counter[str] = msgspec.field(default_factory=Counter)
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    unlisted: Counter[str] = msgspec.field(default_factory=Counter)
    conflicts: list[Conflict] = msgspec.field(default_factory=list)
    rows_with: int = 0

    def add(self, row: ReportedRow) -> None:
        self.rows_with += bool(row["citations"])
        for one in row["citations"]:
            self.kinds[one["kind"] or "unparsed"] += 1
            self.statuses[one["status"]] += 1
            if one["key"]:
                self.cited[one["key"]] += 1
                self.texts.setdefault(one["key"], one["text"])
            if one["kind"] in CASE_KINDS:
                self.courts[court_of(one["kind"], one["key"])] += 1
                if one["status"] != "listed":
                    self.unlisted[one["key"]] += 1
            if one["status"] == "conflict" and len(self.conflicts) < _WORK_LIST:
                self.conflicts.append(Conflict(row["id"], one["key"], one["text"]))

    def report(self, ungrounded: int) -> Citations:
        total, cases = self.kinds.total(), self.courts.total()
        lower = sum(n for name, n in self.courts.items() if name.startswith(LOWER_COURTS))
        share = round(lower / cases, 4) if cases else 0.0
        return Citations(
            total=total,
            rows_with=self.rows_with,
            by_kind=dict(self.kinds.most_common()),
            by_status=dict(self.statuses.most_common()),
            unparsed_share=round(self.statuses["unparsed"] / total, 4) if total else 0.0,
            ungrounded_rows=ungrounded,
            conflicts=tuple(self.conflicts),
            most_cited=tuple(self._listed(self.cited, _TOP)),
            unlisted_cases=tuple(self._listed(self.unlisted, _WORK_LIST)),
            unlisted_count=len(self.unlisted),
            courts=dict(self.courts.most_common()),
            lower_court_share=share,
            warning=_LOWER_WARNING.format(share=share) if share > LOWER_COURT_SHARE else "",
        )

    def _listed(self, counts: Counter[str], most: int) -> Iterator[Cited]:
        for key, count in counts.most_common(most):
            yield Cited(key, self.texts[key], count)


_LOWER_WARNING: Final = (
    "{share:.0%} of the cases are of the Court of Appeal or the High Court, where models invent "
    "most: have them looked up"
)


def court_of(kind: str, key: str) -> str:
    """The court of a case as its key shows it: ``EWCA CIV``; otherwise the kind of citation."""
    if kind != "uk_neutral":
        return kind
    return " ".join(key.split("/")[:-2]).upper()
