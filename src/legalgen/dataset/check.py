"""The gate over any file: what would be refused, what flagged, and what is odd in its columns.

A row with our columns is held to the bounds of its own sample type. The old columns name no type,
and a row of ours may lack it: such a row is held to the widest bounds that any type allows, so that
what is refused is at fault whatever it was meant to be.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from legalgen.dataset.foreign import ODDITIES, Row, UnreadableRow
from legalgen.dataset.shapes import Form
from legalgen.errors import Reason
from legalgen.law.citations import Parsed
from legalgen.law.planner import Task
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.corpus import Corpus
from legalgen.quality.duplicates.index import DuplicateIndex, DuplicateThresholds, Match
from legalgen.quality.duplicates.sketches import Sketch, sketch
from legalgen.quality.exclusion import Exclusion
from legalgen.quality.gate import Gate
from legalgen.quality.rules import TypeBounds, Verdict
from legalgen.store.sample import Draft, DraftCitation, Sample, normalise

if TYPE_CHECKING:  # numpy is an extra
    from legalgen.quality.meaning.comparison import Meaning

MAX_PAIRS: Final = 50
"""How many near-duplicate pairs a report spells out."""
_EXAMPLE_CHARACTERS: Final = 200
_ROWS_AHEAD: Final = 100
"""Rows whose candidates are looked for together."""


# --- one row -----------------------------------------------------------------------------------


class Judged(msgspec.Struct, frozen=True):
    """A row, what the gate says of it, and the earlier row that it is too close to."""

    row: Row
    verdict: Verdict
    match: Match | None


class Looked(msgspec.Struct, frozen=True):
    """What there is to say of a row by itself; ``excluded``: what it comes too near to."""

    verdict: Verdict
    sketch: Sketch
    excluded: Reason | None


AnyRow = Row | UnreadableRow
Looks = Callable[[Iterable[AnyRow]], Iterator[tuple[AnyRow, Looked | None]]]
"""Looks at each row by itself; those that cannot be read have None."""


class RowGate:
    """The gate over one row after another, whatever the others are."""

    def __init__(self, taxonomy: Taxonomy, gate: Gate, exclusion: Exclusion | None = None) -> None:
        self._exclusion = exclusion
        self._taxonomy = taxonomy
        self._gate = replace(gate, prunes=False)
        self._widest = widest_bounds(taxonomy)

    def look(self, row: Row) -> Looked:
        """The gate's verdict, what the duplicate index is asked with, and what excludes it."""
        task = task_of(row.sample) if row.sample is not None else None
        verdict = self._gate.inspect(draft_of(row), task, None, self._bounds(task))
        return Looked(verdict, sketch("", row.question, row.answer), self._excluded(row))

    def looked(self, rows: Iterable[AnyRow]) -> Iterator[tuple[AnyRow, Looked | None]]:
        """Each row with what was looked up; None of one that cannot be read."""
        return ((row, self.look(row) if isinstance(row, Row) else None) for row in rows)

    def _excluded(self, row: Row) -> Reason | None:
        if self._exclusion is None:
            return None
        near = self._exclusion.near(row.question, row.answer, row.steps)
        return None if near is None else self._gate.rules.apply(near)

    def _bounds(self, task: Task | None) -> TypeBounds:
        if task is None:
            return self._widest
        try:
            kind = self._taxonomy.sample_type(task.sample_type)
            lengths = kind.bounds(self._taxonomy.difficulty(task.difficulty))
        except KeyError:  # a taxonomy that is not at hand
            return self._widest
        requires = (kind.requires,) if kind.requires else ()
        return TypeBounds(
            lengths.answer_words, lengths.reasoning_steps, lengths.min_citations, requires
        )


class Linter:
    """The gate and the checks across rows, as a batch applies them; one thread only.

    ``index`` may hold a dataset already; the ids that ``note`` gives it name the earlier sample.
    ``exclusion`` holds what no row may come near to; ``meaning`` looks at what rows mean. ``looks``
    are those of other processes (see ``gating``), which then know the exclusion.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        gate: Gate,
        *,
        index: DuplicateIndex | None = None,
        exclusion: Exclusion | None = None,
        meaning: Meaning | None = None,
        looks: Looks | None = None,
    ) -> None:
        self._meaning = meaning
        self._gate = RowGate(taxonomy, gate, exclusion)
        self._looks = looks or self._gate.looked
        self._rules = gate.rules
        self._corpus = Corpus(self._rules)
        limits = DuplicateThresholds(**self._rules.duplicate_thresholds())
        self._index = index if index is not None else DuplicateIndex(thresholds=limits)
        self._read: tuple[str, str, Sketch] | None = None

    def looked(self, rows: Iterable[AnyRow]) -> Iterator[tuple[AnyRow, Looked | None]]:
        """The rows in their order, with what ``judge`` takes of those that can be read."""
        looked = self._looks(rows)
        while some := list(islice(looked, _ROWS_AHEAD)):
            self._index.look_ahead([each.sketch for _, each in some if each is not None])
            yield from some

    def judge(self, row: Row, looked: Looked | None = None) -> Judged:
        """What there is to say of a row, given the rows noted before it."""
        by_itself = looked or self._gate.look(row)
        self._read = (row.question, row.answer, by_itself.sketch)
        match = self._index.check_sketch(by_itself.sketch)
        found = self._rules.apply(match.reason) if match is not None else None
        meant = self._meant(row) if match is None or match.code == "DUP_SOFT" else []
        verdict = by_itself.verdict.with_reasons([by_itself.excluded, found, *meant])
        return Judged(row, self._corpus.review(verdict), match)

    def _meant(self, row: Row) -> list[Reason | None]:
        if self._meaning is None:
            return []
        return [self._rules.apply(one) for one in self._meaning.review(row.question, row.answer)]

    def note(self, name: str, question: str, answer: str, parsed: Iterable[Parsed]) -> None:
        """Remember a row under a name, for those that follow."""
        if self._read is not None and self._read[:2] == (question, answer):
            self._index.add_sketch(replace(self._read[2], id=name))
        else:
            self._index.add(name, question, answer)
        if self._meaning is not None:
            self._meaning.add(name, question, answer)
        self._corpus.add(name, question, parsed)

    def contradicted(self) -> frozenset[str]:
        """The rows, by the names that ``note`` gave them, that the last noted one contradicts."""
        found = frozenset(self._corpus.contradicted)
        self._corpus.contradicted.clear()
        return found


def widest_bounds(taxonomy: Taxonomy) -> TypeBounds:
    """The least and the most that any sample type allows at any difficulty."""
    every = [
        kind.bounds(difficulty)
        for kind in taxonomy.sample_types
        for difficulty in taxonomy.difficulties
    ]
    words = [each.answer_words for each in every]
    steps = [each.reasoning_steps for each in every]
    return TypeBounds(
        (min(low for low, _ in words), max(high for _, high in words)),
        (min(low for low, _ in steps), max(high for _, high in steps)),
    )


def draft_of(row: Row) -> Draft:
    """The row as an answer that was just read."""
    if row.sample is not None:
        held = row.sample.citations
        citations = tuple(DraftCitation(one.text, one.proposition or "") for one in held)
    else:
        citations = tuple(map(DraftCitation, row.citations))
    return Draft(row.question, row.steps, row.answer, citations)


def task_of(sample: Sample) -> Task:
    """The task that a sample answers, as far as the gate needs to know it."""
    return Task(
        slot=sample.slot,
        jurisdiction=sample.jurisdiction,
        sub_jurisdiction=sample.sub_jurisdiction,
        practice_area=sample.practice_area,
        topic=sample.topic,
        subtopic=sample.subtopic,
        difficulty=sample.difficulty,
        sample_type=sample.sample_type,
        as_of=sample.as_of or "",
        seed=0,
    )


# --- a whole file ------------------------------------------------------------------------------


class Code(msgspec.Struct):
    """How often a code of the gate fired: as a refusal and as a flag, with the first example."""

    refused: int = 0
    flagged: int = 0
    row: int = 0
    id: str = ""
    example: str = ""


class Pair(msgspec.Struct, frozen=True):
    """Two rows that are too close, by number from 1, and how close."""

    row: int
    earlier: int
    code: str
    question: float
    answer: float


class CheckReport(msgspec.Struct):
    """What a check found, in rows. ``as_data`` is the object that ``--json`` prints.

    ``form`` is the one that most rows have, ``forms`` counts them, ``missing`` are columns of ours
    that some of those rows lack.
    ``question_repeats``, ``answer_repeats`` and ``id_repeats`` count rows beyond the first.
    ``near_duplicate_pairs`` counts rows with an earlier row that the gate calls too close
    (``DUP_EXACT``, ``DUP_NEAR``); ``pairs`` spells out the closest, with ``DUP_SOFT``.
    """

    form: Form = "legacy"
    forms: dict[Form, int] = {}
    missing: list[str] = []
    rows: int = 0
    unreadable_rows: int = 0
    refused: int = 0
    flagged: int = 0
    clean: int = 0
    question_repeats: int = 0
    answer_repeats: int = 0
    id_repeats: int = 0
    near_duplicate_pairs: int = 0
    soft_duplicate_pairs: int = 0
    citations: int = 0
    citations_unparsed: int = 0
    citations_named: int = 0
    oddities: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(ODDITIES, 0))
    difficulties: dict[str, int] = {}
    codes: dict[str, Code] = {}
    pairs: list[Pair] = []
    unreadable: list[str] = []

    @property
    def found(self) -> bool:
        """Whether anything is wrong that is more than a flag."""
        repeats = self.question_repeats + self.answer_repeats + self.id_repeats
        return bool(self.refused + self.unreadable_rows + repeats + sum(self.oddities.values()))

    def as_data(self) -> dict[str, object]:
        """One flat object: the oddities stand beside the other counts."""
        data: dict[str, object] = msgspec.to_builtins(self)
        data.pop("oddities")
        return data | self.oddities | {"found": self.found}


def check(rows: Iterable[Row | UnreadableRow], linter: Linter) -> CheckReport:
    """Judge every row; what ``rows`` raises passes through."""
    tally = _Tally()
    for row, looked in linter.looked(rows):
        if isinstance(row, UnreadableRow):
            tally.unreadable(row)
            continue
        judged = linter.judge(row, looked)
        tally.add(judged)
        linter.note(str(row.number), row.question, row.answer, judged.verdict.parsed)
        tally.contradicted(linter.contradicted())
    return tally.report()


_CLEAN: Final = 1
_FLAGGED: Final = 2


class _Seen:
    """Which texts there were: 64 bits of each, in 16 to 32 bytes, where a set takes a hundred."""

    def __init__(self) -> None:
        self._places = array("Q", bytes(8 * 1024))
        self._count = 0

    def add(self, text: str) -> bool:
        """Whether it was there already."""
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        if not self._put(int.from_bytes(digest) or 1):  # 0 is a free place
            return True
        self._count += 1
        if 2 * self._count > len(self._places):
            before, self._places = self._places, array("Q", bytes(16 * len(self._places)))
            for number in before:
                if number:
                    self._put(number)
        return False

    def _put(self, number: int) -> bool:
        places, last = self._places, len(self._places) - 1
        at = number & last
        while places[at]:
            if places[at] == number:
                return False
            at = at + 1 & last
        places[at] = number
        return True


class _Tally(msgspec.Struct):
    _report: CheckReport = msgspec.field(default_factory=CheckReport)
    _questions: _Seen = msgspec.field(default_factory=_Seen)
    _answers: _Seen = msgspec.field(default_factory=_Seen)
    _ids: _Seen = msgspec.field(default_factory=_Seen)
    _difficulties: Counter[str] = msgspec.field(default_factory=Counter)
    _citing: bytearray = msgspec.field(default_factory=bytearray)
    """By number, of rows that cite a case: how they stand, until a later one contradicts them."""
    _forms: Counter[Form] = msgspec.field(default_factory=Counter)
    _missing: dict[str, None] = msgspec.field(default_factory=dict)

    def unreadable(self, row: UnreadableRow) -> None:
        report = self._report
        report.rows += 1
        report.unreadable_rows += 1
        if len(report.unreadable) < MAX_PAIRS:
            report.unreadable.append(f"row {row.number}: {row.why}")

    def add(self, judged: Judged) -> None:
        report, row, verdict = self._report, judged.row, judged.verdict
        self._forms[row.form] += 1
        self._missing.update(dict.fromkeys(row.missing))
        report.rows += 1
        report.refused += verdict.rejected
        report.flagged += bool(verdict.flags) and not verdict.rejected
        report.clean += not verdict.reasons
        report.citations += len(verdict.citations)
        report.citations_unparsed += sum(one.status == "unparsed" for one in verdict.citations)
        report.citations_named += sum(one.status == "named" for one in verdict.citations)
        conflicts = any(reason.code == "CITATION_CONFLICT" for reason in verdict.reasons)
        if not conflicts and any(item.is_case for item in verdict.parsed):
            self._citing.extend(bytes(max(0, row.number + 1 - len(self._citing))))
            self._citing[row.number] = _FLAGGED if verdict.reasons else _CLEAN
        for oddity in row.oddities:
            report.oddities[oddity] += 1
        self._difficulties[row.difficulty] += 1
        for reason in _distinct(verdict.reasons):
            self._code(reason, row)
        self._repeats(row)
        self._pair(judged)

    def contradicted(self, rows: Iterable[str]) -> None:
        """Earlier rows of which a later one says that one of the two is wrong."""
        for number in rows:
            at = int(number)
            state = self._citing[at] if at < len(self._citing) else 0
            if not state:
                continue  # known already
            self._citing[at] = 0
            self._report.codes.setdefault("CITATION_CONFLICT", Code()).flagged += 1
            self._report.clean -= state == _CLEAN
            self._report.flagged += state == _CLEAN

    def _code(self, reason: Reason, row: Row) -> None:
        code = self._report.codes.setdefault(reason.code, Code())
        code.refused += reason.reject
        code.flagged += not reason.reject
        if not code.example:
            code.row, code.id = row.number, row.id
            code.example = reason.message.removeprefix(f"{reason.code}: ")[:_EXAMPLE_CHARACTERS]

    def _repeats(self, row: Row) -> None:
        report = self._report
        report.question_repeats += self._questions.add(normalise(row.question))
        report.answer_repeats += self._answers.add(normalise(row.answer))
        report.id_repeats += self._ids.add(row.id) if row.id else 0

    def _pair(self, judged: Judged) -> None:
        match, report = judged.match, self._report
        if match is None:
            return
        report.soft_duplicate_pairs += match.code == "DUP_SOFT"
        report.near_duplicate_pairs += match.code != "DUP_SOFT"
        question, answer = round(match.question, 3), round(match.answer, 3)
        report.pairs.append(Pair(judged.row.number, int(match.id), match.code, question, answer))
        if len(report.pairs) >= 4 * MAX_PAIRS:
            report.pairs = _closest(report.pairs)

    def report(self) -> CheckReport:
        self._report.pairs = _closest(self._report.pairs)
        self._report.forms = dict(self._forms.most_common())
        self._report.form = next(iter(self._report.forms), "legacy")
        self._report.missing = list(self._missing)
        self._report.difficulties = dict(self._difficulties.most_common())
        found = self._report.codes.items()
        self._report.codes = dict(
            sorted(found, key=lambda one: (-one[1].refused, -one[1].flagged, one[0]))
        )
        return self._report


def _distinct(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Each code once a row, a refusal before a flag of the same code."""
    ordered = sorted(reasons, key=lambda reason: not reason.reject)
    yield from {reason.code: reason for reason in reversed(ordered)}.values()


_CLOSENESS: Final = {"DUP_EXACT": 2, "DUP_NEAR": 1, "DUP_SOFT": 0}


def _closest(pairs: Iterable[Pair]) -> list[Pair]:
    def order(pair: Pair) -> tuple[int, float, int]:
        return (-_CLOSENESS[pair.code], -max(pair.question, pair.answer), pair.row)

    return sorted(pairs, key=order)[:MAX_PAIRS]
