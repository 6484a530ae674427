"""The gate against whole answers: good ones pass, and each kind of bad one is named by its code."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import pytest

from legalgen.law.citations.last_sections import acts
from legalgen.law.planner import Task
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.codes import CODES, TABLE
from legalgen.quality.from_settings import gate_of
from legalgen.quality.gate import Gate
from legalgen.quality.inspection import bounds_of
from legalgen.quality.rules import Verdict
from legalgen.settings.layers import Settings
from legalgen.store.sample import Draft, DraftCitation

DATA = Path(__file__).parents[1] / "data" / "quality"
TAXONOMY = Taxonomy.builtin()
SETTINGS = Settings(data_dir=Path("unused"), state_dir=Path("unused"), log_dir=Path("unused"))
NOT_NAMED = {"CITATION_UNLISTED", "PARTY_OVERUSED", "OPENING_OVERUSED", "DUP_SOFT"}
"""Flags that do not name a fault of the answer."""
MOST_FLAGGED = 4
"""Of the good answers; a citation by its official number, named by its other name, is flagged."""


class Answer(msgspec.Struct):
    """What a model wrote."""

    question: str
    reasoning_steps: tuple[str, ...]
    answer: str
    citations: tuple[DraftCitation, ...]


class Row(msgspec.Struct):
    """An answer for a cell, and for bad ones the kind of fault and the code that names it."""

    cell: str
    answer: Answer
    kind: str = ""
    code: str = ""


def rows(name: str) -> list[Row]:
    lines = (DATA / name).read_text("utf-8").splitlines()
    return [msgspec.convert(json.loads(line), Row) for line in lines]


GOOD, BAD = rows("good_answers.jsonl"), rows("bad_answers.jsonl")


@cache
def gate() -> Gate:
    return gate_of(SETTINGS, TAXONOMY, date(2026, 11, 23), mode="full")


def task_of(cell: str) -> Task:
    jurisdiction, area, topic, difficulty, kind = cell.split("/")
    try:
        leaf = TAXONOMY.leaf(jurisdiction, area, topic)
    except KeyError:  # of a taxonomy of somebody's own
        return Task(0, jurisdiction, "", area, topic, topic, difficulty, kind, "2026-11", 7)
    law = leaf.sub_jurisdiction or TAXONOMY.jurisdiction(jurisdiction).sub_jurisdiction
    return Task(
        0, jurisdiction, law, area, topic, leaf.subtopics[0], difficulty, kind, "2026-11", 7
    )


def judge(cell: str, given: Answer) -> Verdict:
    task = task_of(cell)
    draft = Draft(given.question, given.reasoning_steps, given.answer, given.citations)
    return gate().inspect(draft, task, None, bounds_of(TAXONOMY, task))


def named(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons} - NOT_NAMED


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_a_good_answer_is_kept(at: int) -> None:
    """Over all sample types and jurisdictions; a false alarm is paid for twice."""
    verdict = judge(GOOD[at].cell, GOOD[at].answer)
    assert not verdict.rejected
    assert named(verdict) <= {"CITATION_UNGROUNDED", "CITATION_MISSING"}


def test_few_good_answers_are_flagged() -> None:
    """One in ten at the most."""
    flagged = [row.cell for row in GOOD if named(judge(row.cell, row.answer))]
    assert len(flagged) <= MOST_FLAGGED


def test_good_answers_are_of_every_type_and_jurisdiction() -> None:
    """What the file is meant to be."""
    cells = [row.cell.split("/") for row in GOOD]
    assert {cell[4] for cell in cells} == {kind.id for kind in TAXONOMY.sample_types}
    assert {cell[0] for cell in cells} == {place.id for place in TAXONOMY.jurisdictions}
    assert {cell[3] for cell in cells} == {level.id for level in TAXONOMY.difficulties}


@pytest.mark.parametrize("at", range(len(BAD)))
def test_a_bad_answer_is_named_by_its_fault(at: int) -> None:
    """Refused where the code refuses: the same fault in other words, places and types."""
    row = BAD[at]
    verdict = judge(row.cell, row.answer)
    assert row.code in named(verdict)
    if CODES[row.code] == "reject":
        assert verdict.rejected


@pytest.mark.parametrize(
    ("name", "refused", "silent"),
    [("unread_good.jsonl", range(4), range(32, 41)),
     ("unread_bad.jsonl", range(33, 61), range(16)),
     ("unread_again.jsonl", range(21, 33), range(6)),
     ("unread_third_good.jsonl", range(5), range(25, 31)),
     ("unread_third_bad.jsonl", range(23, 61), range(20)),
     ("unread_fourth_good.jsonl", range(6), range(51, 61)),
     ("unread_fourth_bad.jsonl", range(36, 121), range(61)),
     ("unread_fifth_good.jsonl", range(3), range(37, 53)),
     ("unread_fifth_bad.jsonl", range(30, 66), range(17)),
     ("unread_fifth_again.jsonl", range(26, 42), range(3)),
     ("unread_sixth_good.jsonl", range(1), range(39, 41)),
     ("unread_sixth_bad.jsonl", range(19, 61), range(12)),
     ("unread_sixth_again.jsonl", range(9, 21), range(4)),
     ("unread_seventh_good.jsonl", range(6), range(52, 65)),
     ("unread_seventh_bad.jsonl", range(96, 110), range(1)),
     ("unread_eighth_good.jsonl", range(10), range(16, 32)),
     ("unread_eighth_bad.jsonl", range(32, 80), range(24)),
     ("unread_ninth_good.jsonl", range(1), range(35, 41)),
     ("unread_ninth_bad.jsonl", range(35, 43), range(3)),
     ("unread_tenth_good.jsonl", range(1), range(32, 36)),
     ("unread_tenth_bad.jsonl", range(34, 43), range(3)),
     ("unread_eleventh_good.jsonl", range(2), range(65, 81)),
     ("unread_eleventh_bad.jsonl", range(53, 64), range(5)),
     ("unread_twelfth_good.jsonl", range(4), range(51, 61)),
     ("unread_thirteenth_good.jsonl", range(3), range(77, 81)),
     ("unread_thirteenth_bad.jsonl", range(54, 64), range(4)),
     ("unread_fourteenth_good.jsonl", range(13), range(29, 43)),
     ("unread_fourteenth_bad.jsonl", range(31, 43), range(5)),
     ("unread_fifteenth_good.jsonl", range(3), range(56, 61)),
     ("unread_fifteenth_bad.jsonl", range(61, 85), range(10)),
     ("unread_sixteenth_good.jsonl", range(1), range(45, 49)),
     ("unread_sixteenth_bad.jsonl", range(25, 43), range(11)),
     ("unread_seventeenth_good.jsonl", range(2), range(68, 71)),
     ("unread_eighteenth_good.jsonl", range(3), range(81, 85)),
     ("unread_nineteenth_bad.jsonl", range(55, 64), range(1)),
     ("unread_nineteenth_good.jsonl", range(1), range(12, 15)),
     ("unread_twentieth_bad.jsonl", range(52, 64), range(6)),
     ("unread_twentieth_good.jsonl", range(1), range(12, 15))],
)  # fmt: skip
def test_what_was_once_unread_is_judged_no_worse(name: str, refused: range, silent: range) -> None:
    """As the page on quality tells it; only the first look at each file was one at unseen text."""
    verdicts = [judge(row.cell, row.answer) for row in rows(name)]
    assert sum(verdict.rejected for verdict in verdicts) in refused
    assert sum(not verdict.rejected and not named(verdict) for verdict in verdicts) in silent


def test_every_finder_of_the_table_is_there() -> None:
    """The table names functions; each is there, and none is there that it does not name."""
    of_structure, full = (Gate(mode, date(2026, 11, 23)).finders for mode in ("structure", "full"))
    assert {check.finder for check in TABLE if check.finder} == set(full)
    readable = {check.finder for check in TABLE if check.finder and check.stage == "readable"}
    assert readable == set(of_structure)


def test_a_code_has_one_severity_and_a_sentence() -> None:
    """However many stages look for it."""
    assert all(check.severity == CODES[check.code] for check in TABLE)
    assert all(check.when.endswith(".") and "{found}" in check.feedback for check in TABLE)


def test_no_act_is_listed_twice() -> None:
    """A name belongs to one Act, and every number is one that an Act can have."""
    names = [name for act in acts() for name in act.names]
    assert len(names) == len(set(names))
    units = {"section", "article", "rule", "regulation"}
    assert all(1 <= act.last < 10_000 and act.unit in units for act in acts())
    within = [(act, *each) for act in acts() for each in act.inserted_within]
    assert all(1 <= first <= last <= act.last and act.inserted is not None
               for act, first, last in within)  # fmt: skip
