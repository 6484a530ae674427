"""Near-duplicates against labels: 70 pairs of the old dataset, each read and judged by hand.

A pair is a duplicate where one of the two could be dropped without loss: both ask the same, or
both answers say the same. ``borderline`` marks what another reader may judge otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from legalgen.dataset.check import Linter
from legalgen.dataset.foreign import Row, UnreadableRow, read_rows
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.duplicates.index import DuplicateIndex, DuplicateThresholds
from legalgen.quality.duplicates.sketches import Sketch, jaccard, sketch
from legalgen.quality.gate import Gate
from legalgen.quality.rules import Rules

DATA = Path(__file__).parents[1] / "data"
DEFAULTS = DuplicateThresholds(**Rules().duplicate_thresholds())
MEASURED = 18 / 21
"""Share of true duplicates among question pairs at 0.7, when the thresholds were chosen."""

Names = tuple[str, str]


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    left: str
    right: str
    question: float
    answer: float
    duplicate: bool
    borderline: bool
    reason: str

    @property
    def refused(self) -> bool:
        return DEFAULTS.judge(self.question, self.answer) == "DUP_NEAR"


@cache
def labels() -> tuple[Label, ...]:
    lines = (DATA / "quality" / "near_duplicates.jsonl").read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=Label) for line in lines)


@cache
def rows() -> dict[str, tuple[str, str]]:
    """Question and answer of every labelled row, and of the others in the old file's excerpt."""
    lines = (DATA / "quality" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    found = {row["id"]: (row["question"], row["answer"]) for row in map(json.loads, lines)}
    known = {sketch("", *texts).exact for texts in found.values()}
    for row in read_rows(DATA / "legacy_excerpt.parquet"):
        assert not isinstance(row, UnreadableRow)
        if sketch("", row.question, row.answer).exact not in known:
            found[f"x{row.number:04d}"] = (row.question, row.answer)
    return found


@cache
def sketches() -> tuple[Sketch, ...]:
    return tuple(sketch(name, *texts) for name, texts in rows().items())


def compared() -> Iterator[tuple[Names, float, float]]:
    """The exact similarities of all pairs."""
    for left, right in combinations(sketches(), 2):
        question, answer = (
            jaccard(left.question, right.question),
            jaccard(left.answer, right.answer),
        )
        yield (left.id, right.id), question, answer


def precision(found: list[Label], *, strict: bool = False) -> float:
    """Share of duplicates; ``strict`` takes every borderline duplicate for a false alarm."""
    right = [label for label in found if label.duplicate and not (strict and label.borderline)]
    return len(right) / len(found)


def test_every_close_pair_is_labelled() -> None:
    """No pair of these rows from 0.6 (questions) or 0.25 (answers) on was left out."""
    close = {
        names: (round(question, 3), round(answer, 3))
        for names, question, answer in compared()
        if question >= 0.6 or answer >= 0.25
    }

    assert close == {(one.left, one.right): (one.question, one.answer) for one in labels()}


@pytest.mark.parametrize(
    ("belongs", "counts"),
    [
        (lambda one: one.question >= 0.8, (11, 10, 1)),
        (lambda one: one.question >= 0.7, (21, 18, 2)),
        (lambda one: 0.6 <= one.question < 0.7, (23, 8, 3)),
        (lambda one: one.answer >= 0.6, (12, 12, 0)),
        (lambda one: 0.25 <= one.answer < 0.6, (22, 10, 3)),
    ],
)
def test_labels_by_similarity(
    belongs: Callable[[Label], bool], counts: tuple[int, int, int]
) -> None:
    """Pairs, duplicates among them, and borderline ones: why the thresholds are what they are."""
    band = [one for one in labels() if belongs(one)]

    duplicates, borderline = (
        sum(one.duplicate for one in band),
        sum(one.borderline for one in band),
    )
    assert (len(band), duplicates, borderline) == counts


def test_what_is_refused_is_a_duplicate() -> None:
    """By its answer always, by its question in 11 of 12; 15 of 17 if borderline ones are none."""
    refused = [one for one in labels() if one.refused]
    by_answer = [one for one in refused if one.answer >= DEFAULTS.near_answer]
    by_question = [one for one in refused if one.question >= DEFAULTS.near_both_question]

    assert (len(by_answer), len(by_question), len(refused)) == (12, 12, 17)
    assert precision(by_answer) == 1.0
    assert precision(by_question) == 11 / 12 > MEASURED
    assert precision(refused, strict=True) == 15 / 17 > MEASURED


def test_no_pair_that_is_too_close_is_missed() -> None:
    """The index refuses just the pairs that comparing every pair refuses: recall 1.0."""
    found = set()
    for at, left in enumerate(sketches()):
        index = DuplicateIndex(thresholds=DEFAULTS)
        index.add_sketch(left)
        for right in sketches()[at + 1 :]:
            match = index.check_sketch(right)
            if match is not None and match.code != "DUP_SOFT":
                found.add((left.id, right.id))

    exact = {names for names, *close in compared() if DEFAULTS.judge(*close) == "DUP_NEAR"}
    assert found == exact == {(one.left, one.right) for one in labels() if one.refused}


def test_the_gate_refuses_the_later_row_of_each_such_pair() -> None:
    """Row by row, as a file is checked: those refused as duplicates are those labels name."""
    linter = Linter(Taxonomy.builtin(), Gate("full", date(2026, 11, 23)))
    refused: set[Names] = set()
    for number, (name, (question, answer)) in enumerate(rows().items()):
        judged = linter.judge(Row(number, name, question, answer, (), (), "", "basic"))
        codes = {reason.code for reason in judged.verdict.reasons if reason.reject}
        if judged.match is not None and codes & {"DUP_EXACT", "DUP_NEAR"}:
            refused.add((judged.match.id, name))
        linter.note(name, question, answer, ())

    told = {(one.left, one.right): one for one in labels() if one.refused}
    assert {right for _, right in refused} == {right for _, right in told}
    assert precision([told[names] for names in refused], strict=True) >= MEASURED
