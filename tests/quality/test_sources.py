"""Sources in the wrong field: notes, strings of them, headings over them, steps of them."""

from __future__ import annotations

from datetime import date

import pytest

from legalgen.quality.gate import Gate
from legalgen.quality.rules import Rules, TypeBounds
from legalgen.store.sample import Draft, DraftCitation
from tests.quality.sayings import ANSWER, QUESTION, STEPS, found

CODE = "CITATIONS_IN_ANSWER"


@pytest.mark.parametrize(
    "end",
    [
        (
            "[1]\n\n[1] Law of Property Act 1925, s 146(11).\n[2] Billson v Residential Apartments "
            "[1992] 1 AC 494; Gray and Gray, Elements of Land Law."
        ),
        "\n1. Law of Property Act 1925 s 146.\n2. Street v Mountford [1985] AC 809.",
        "\n\nTaylor v Caldwell (1863) 3 B & S 826\nLaw of Property Act 1925, s 146",
        "\u00b9\n\n\u00b9 CPR r 54.5(1).\n\u00b2 Senior Courts Act 1981, s 31(6).",
        "\u00b9\n\n\u00b9 Fed. R. Civ. P. 12(a)(1).\n\u00b2 29 C.F.R. pt 1614.",
        "\n\u00b9 Case C-12/20 Lidl ECLI:EU:C:2021:9\n\u00b2 Directive 93/13/EEC art 3",
        (
            "Sources that were relied upon: Law of Property Act 1925, s 146; Billson v Residential "
            "Apartments Ltd [1992] 1 AC 494."
        ),
        "In support: 408 U.S. 564 (1972); U.S. Const. amend. XIV, \u00a7 1.",
        (
            "Billson v Residential Apartments [1992] 1 AC 494; Street v Mountford [1985] AC 809; "
            "Law of Property Act 1925, s 146."
        ),
    ],
)
def test_sources_at_the_end_of_an_answer(end: str) -> None:
    """With marks or without, as a list or within the last sentence."""
    assert CODE in found(f"{ANSWER} {end}")


@pytest.mark.parametrize(
    "end",
    [
        "\n1. She serves a demand under section 8.\n2. She waits for 14 days.",
        "\n(1) The lease must reserve the right.\n(2) Rent must be in arrear under section 9.",
        "[1] marks the clause, and [2] the schedule of 1990.",
        "Two rules meet: section 146(11) leaves rent alone; section 210 opens the court.",
        "It follows from Billson v Residential Apartments [1992] 1 AC 494; nothing else is needed.",
        (
            "Two outcomes: in Billson v Residential Apartments the door was shut in 1990; in "
            "Street v Mountford there was none."
        ),
    ],
)
def test_rules_and_stages_are_no_sources(end: str) -> None:
    """Lists of what is to be done, and sentences that cite."""
    assert CODE not in found(f"{ANSWER} {end}")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("Billson v Residential Apartments [1992] 1 AC 494, [7]; Street v Mountford.", True),
        ("Article 34 TFEU.", True),
        ("Law of Property Act 1925, ss 146(11) and 210.", True),
        ("Apply section 146(11) of the Act.", False),
        ("Section 146(11) of the Law of Property Act 1925 leaves rent alone.", False),
        ("Street v Mountford [1985] AC 809 decides by substance.", False),
    ],
)
def test_a_step_of_sources(step: str, expected: bool) -> None:
    """A step is an inference; the source belongs in its own field."""
    assert (CODE in found(ANSWER, steps=(*STEPS, step))) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The landlord owes no notice where it is only the rent that is late", True),
        ("The judges of that case decided that the Deed goes before the Statute", True),
        ("What the House of Lords said about a demand of rent after the breach", True),
        ("Ancient decision on a mill in which the rent had been late for years", True),
        ("Notice of the Commission on the rent of shops in the Union and beyond", False),
        ("Guidance of the Property Ombudsman on the forfeiture of a lease", False),
        ("Landlord must not waive it", False),
    ],
)
def test_a_statement_is_no_source(text: str, expected: bool) -> None:
    """Among proper ones, a citation's text that only says something about the law."""
    cited = ("Billson v Residential Apartments [1992] 1 AC 494", text)
    answer = f"{ANSWER} So it was in Billson, where the rent of a mill was late and the deed read."
    assert ("CITATION_UNPARSED" in found(answer, cited=cited)) is expected


def test_a_citation_without_words_states_nothing() -> None:
    """Where gaps are allowed, a blank one comes as far as this check."""
    case = DraftCitation("Billson v Residential Apartments [1992] 1 AC 494", "")
    told = f"{ANSWER} So it was in Billson, where the rent of a mill was late and the deed read."
    draft = Draft(QUESTION, STEPS, told, (case, DraftCitation(" ", "")))
    gate = Gate("full", date(2026, 11, 23), Rules.of({"PLACEHOLDER": "off"}))
    assert not gate.inspect(draft, None, None, TypeBounds((1, 900))).rejected
