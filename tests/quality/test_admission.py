"""The policy of citations: what it admits, what it takes out, and when an answer goes back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from legalgen.law.citations import Authorities, leading_cases, parse
from legalgen.law.planner import Task
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.admission import Policing
from legalgen.quality.gate import Gate
from legalgen.quality.rules import Rules, TypeBounds, Verdict
from legalgen.settings.types import CitationPolicy
from legalgen.store.sample import Draft, DraftCitation

TODAY = date(2026, 11, 23)
KNOWN = Authorities.of(Taxonomy.builtin().authorities(), "taxonomy", strict=False) | leading_cases()
GATE = Gate("full", TODAY, authorities=KNOWN, policy="statute-first")
BOUNDS = TypeBounds((20, 100), (1, 4), 1)
TASK = Task(
    0, "uk", "england-wales", "contract", "formation", "acceptance", "basic", "short_qa",
    "2026-11", 7,
)  # fmt: skip
ACT = "Sale of Goods Act 1979 s 8"
BAD = "Whent v TSB Bank plc [2009] EWCA Civ 1245"
QUESTION = "Does a shop that names no price for a lamp have a contract with the one who took it?"
ANSWER = (
    "There is a contract, because under section 8 of the Sale of Goods Act 1979 a reasonable price "
    "is owed where none was fixed. The taking of the lamp shows that both sides meant to be bound."
)
STEP = "Section 8 of the Act supplies the price where none was named."


def inspect(
    answer: str,
    cited: tuple[str, ...] = (ACT, BAD),
    *,
    steps: tuple[str, ...] = (STEP,),
    question: str = QUESTION,
    gate: Gate = GATE,
    bounds: TypeBounds = BOUNDS,
    sample_type: str = "short_qa",
) -> Verdict:
    citations = tuple(DraftCitation(text) for text in cited)
    task = replace(TASK, sample_type=sample_type)
    return gate.inspect(Draft(question, steps, answer, citations), task, None, bounds)


def codes(verdict: Verdict) -> dict[str, bool]:
    return {reason.code: reason.reject for reason in verdict.reasons}


@pytest.mark.parametrize(
    ("cited", "statute_first", "apex_only"),
    [
        ("Stack v Dowden [2007] UKHL 17", True, True),
        ("Jones v Kaney [2011] UKSC 13", True, True),
        ("Polkey v AE Dayton Services [1987] UKHL 8", False, False),
        ("Carlill v Carbolic Smoke Ball Co [1893] 1 QB 256", True, False),
        ("Donoghue v Stevenson [1932] AC 562", True, True),
        ("Tarasoff v. Regents of the University of California, 17 Cal. 3d 425 (1976)", True, False),
        ("Riegel v. Medtronic, Inc., 552 U.S. 312 (2008)", True, True),
        ("Case C-434/09 McCarthy", True, True),
        ("Zarb v Parry [2011] EWCA Civ 1306", False, False),
        ("Patel v Mirza [2016] UKSC 42, [2017] AC 467", True, True),
        ("Patel v Mirza", True, True),
        ("Whent v TSB Bank plc", False, False),
        ("Companies Act 2006 s 172", True, True),
        # citations that stand in the list as another case's, and cases that stand there otherwise
        ("Entores v Far Eastern Shipping [1955] 2 QB 327", False, False),
        ("Ward v Tesco Stores Ltd [2003] UKHL 47", False, False),
        ("RTS Flexible Systems Ltd v Molkerei Alois M\u00fcller GmbH [2010] UKSC 34", False, False),
    ],
)  # fmt: skip
def test_what_a_policy_admits(cited: str, statute_first: bool, apex_only: bool) -> None:
    """A highest court's by its own number, and what is listed under its own name."""
    group = parse(cited)

    def admits(policy: CitationPolicy) -> bool:
        return not Policing(policy, KNOWN).barred(group)

    assert (admits("statute-first"), admits("apex-only")) == (statute_first, apex_only)


PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "quality" / "marked_pairs.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


def test_wrong_pairs_are_kept_out_and_right_ones_are_not() -> None:
    """Of names and citations as a model gave them: three in four wrong ones at the least."""
    lost = {
        mark: [
            not Policing("statute-first", KNOWN).admits(item)
            for pair in PAIRS
            if pair["right"] is mark
            for item in parse(pair["text"])
        ]
        for mark in (True, False)
    }

    assert sum(lost[False]) / len(lost[False]) >= 0.9
    assert sum(lost[True]) / len(lost[True]) <= 0.4


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"{ANSWER} In {BAD}, a shop was bound.", ANSWER),
        (f"{ANSWER[:-1]} ({BAD}).", ANSWER),
        (f"{ANSWER[:-1]}; see also {BAD}.", ANSWER),
        (f"{ANSWER[:-1]} (the Act apart, {BAD}, at [12]).", ANSWER),
        (f"{ANSWER} In Whent v TSB Bank plc a shop was bound. There, the price was low.", ANSWER),
        (f"{ANSWER} Whent shows that a shop may be bound.", ANSWER),
    ],
)  # fmt: skip
def test_a_case_that_may_not_be_cited_goes_out_of_list_and_prose(said: str, left: str) -> None:
    """With its number, by its name, or by the name of one party; the answer is kept."""
    verdict = inspect(said)

    assert (verdict.draft.answer, codes(verdict)) == (left, {})
    assert [item.text for item in verdict.citations] == [ACT]
    assert verdict.fixes == ("unlisted cases",)


@pytest.mark.parametrize(
    "said",
    [
        "The lamp is for Oona Whent to keep. Whent owes a fair sum for it.",
        "Whent Lighting Ltd may claim what the lamp is worth.",
        "Then Whent & Sons may claim what the lamp is worth.",
        "It is owed by Mrs Whent. Whent has thirty days.",
    ],
)
def test_somebody_of_the_facts_may_have_the_name_of_a_party(said: str) -> None:
    """The case goes; what is said of the person or the firm is no word of it."""
    answer = f"{ANSWER} {said}"
    verdict = inspect(f"{answer} In {BAD} a shop was bound.", steps=(STEP, said))

    assert verdict.draft.answer == answer
    assert verdict.draft.reasoning_steps == (STEP, said)
    assert verdict.fixes == ("unlisted cases",)


def test_it_goes_out_of_the_steps() -> None:
    """A step that says nothing else goes, as long as enough are left."""
    steps = (STEP, f"{BAD} decides the point.", f"The lamp was taken, as in {BAD}. It is sold.")
    verdict = inspect(ANSWER, steps=steps)

    assert verdict.draft.reasoning_steps == (STEP, "The lamp was taken. It is sold.")
    assert codes(verdict) == {}


def test_a_case_in_prose_alone_goes_too() -> None:
    """What is not among the citations is no better for it."""
    numbered = inspect(f"{ANSWER} In Zarb v Parry [2011] EWCA Civ 1306 it was so.", (ACT,))
    bare = inspect(f"{ANSWER} In Zarb v Parry it was so.", (ACT,))
    known = inspect(f"{ANSWER} In Stack v Dowden it was so.", (ACT,))

    assert numbered.draft.answer == bare.draft.answer == ANSWER
    assert known.draft.answer.endswith("In Stack v Dowden it was so.")


def test_what_is_said_of_a_kept_citation_stays() -> None:
    """Where no other sentence of the answer names it; the case in it is flagged."""
    said = f"{ANSWER} {BAD} and Patel v Mirza let a tainted bargain stand in part."
    again = f"{said} So much for Patel v Mirza."
    cited = (ACT, BAD, "Patel v Mirza [2016] UKSC 42")
    whole, named = inspect(said, cited), inspect(again, cited)

    assert (whole.draft.answer, codes(whole)) == (said, {"CITATION_UNLISTED": False})
    assert [item.text for item in whole.citations] == [ACT, cited[2]]
    assert named.draft.answer == f"{ANSWER} So much for Patel v Mirza."
    assert codes(named) == {}


def test_what_is_counted_off_stays_whole() -> None:
    """One of several things; alone it goes."""
    first = f"The first is a promise: without it {BAD} lets nobody sue."
    said = f"{ANSWER} {first} The second is a price."

    assert inspect(said).draft.answer == said
    assert codes(inspect(said)) == {"CITATION_UNLISTED": False}
    assert inspect(f"{ANSWER} {first}").draft.answer == ANSWER


def test_no_reference_reaches_from_one_step_into_the_next() -> None:
    """An answer and its steps are read as one text, and each is what it would be alone."""
    steps = (f"{STEP} So it is in McCarthy", "C-434/09 decides it.", "v Parry is no case of ours.")
    verdict = inspect(f"{ANSWER} So said Zarb", (ACT,), steps=steps)

    assert verdict.draft.reasoning_steps == steps
    assert verdict.fixes == ()


def test_the_parties_of_the_question_are_no_authority() -> None:
    """A dispute may be called by its parties."""
    question = f"{QUESTION} Amara Okafor sues Tomasz Lindqvist for it."
    said = f"{ANSWER} In Okafor v Lindqvist the claim succeeds."

    assert inspect(said, (ACT,), question=question).draft.answer == said


@pytest.mark.parametrize(
    ("answer", "cited", "bounds", "why"),
    [
        (f"{ANSWER} In {BAD}, a shop was bound.", (BAD,), BOUNDS, "0 citations are left, need 1"),
        (f"There is a contract. In {BAD}, a shop that named no price was bound by what it did.",
         (ACT, BAD), BOUNDS, "4 words are left, need 20"),
        (f"There is a contract between the shop and the one who took it. {BAD} says so.",
         (BAD,), TypeBounds((5, 100), (0, 4)), "the answer gives no reason"),
    ],
)  # fmt: skip
def test_an_answer_that_rests_on_it_goes_back(
    answer: str, cited: tuple[str, ...], bounds: TypeBounds, why: str
) -> None:
    """With the case named and what would be left; the draft stays as the model wrote it."""
    verdict = inspect(answer, cited, bounds=bounds, steps=(STEP,))
    reasons = [reason for reason in verdict.reasons if reason.code == "CITATION_UNLISTED"]

    assert [reason.reject for reason in reasons] == [True]
    assert "Whent v TSB Bank plc" in reasons[0].message
    assert why in reasons[0].message
    assert verdict.draft.answer == answer


def test_a_question_about_it_goes_back() -> None:
    """Nothing can be taken out of a question."""
    verdict = inspect(ANSWER, question=f"What did {BAD} decide about a lamp without a price?")

    assert codes(verdict)["CITATION_UNLISTED"] is True


def test_a_speaker_of_a_dialogue_is_not_silenced() -> None:
    """The answer goes back instead."""
    talk = f"Client: Am I bound?\nSolicitor: {BAD} says so.\nClient: {ANSWER}\nSolicitor: Quite so."
    verdict = inspect(talk, sample_type="dialogue")

    assert codes(verdict)["CITATION_UNLISTED"] is True
    assert "a speaker has nothing to say" in str(verdict.reasons)


@pytest.mark.parametrize(
    ("policy", "overrides", "expected"),
    [
        ("statute-first", {}, {}),
        ("statute-first", {"CITATION_UNLISTED": "flag"}, {"CITATION_UNLISTED": False}),
        ("statute-first", {"CITATION_UNLISTED": "reject"}, {"CITATION_UNLISTED": True}),
        ("statute-first", {"CITATION_UNLISTED": "off"}, {}),
        ("apex-only", {}, {}),
        ("menu", {}, {"CITATION_UNLISTED": True}),
        ("free", {}, {"CITATION_UNLISTED": False}),
    ],
)  # fmt: skip
def test_policies_and_the_users_own_severity(
    policy: CitationPolicy, overrides: dict[str, object], expected: dict[str, bool]
) -> None:
    """Only the policies that say so take out; a severity of the user's own leaves it in place."""
    gate = replace(GATE, policy=policy, rules=Rules.of({"CITATION_SUSPECT": "off", **overrides}))
    said = f"{ANSWER} In {BAD}, a shop was bound."
    verdict = inspect(said, gate=gate)

    assert codes(verdict) == expected
    assert (verdict.draft.answer == said) is (bool(expected) or "CITATION_UNLISTED" in overrides)


def test_a_row_of_a_dataset_is_told_and_not_changed() -> None:
    """A check of what is there flags what the policy would have taken out."""
    said = f"{ANSWER} In {BAD}, a shop was bound."
    verdict = inspect(said, gate=replace(GATE, prunes=False))

    assert codes(verdict) == {"CITATION_UNLISTED": False, "CITATION_SUSPECT": False}
    assert verdict.draft.answer == said


def test_a_highest_court_is_no_unlisted_case() -> None:
    """Under no policy but the menu does its own number raise a flag."""
    cited = "Jones v Kaney [2011] UKSC 13"
    said = f"{ANSWER} {cited} agrees."

    for policy in ("statute-first", "apex-only", "free"):
        verdict = inspect(said, (ACT, cited), gate=replace(GATE, policy=policy))
        assert (codes(verdict), verdict.draft.answer) == ({}, said)
