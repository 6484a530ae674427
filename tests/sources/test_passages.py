"""Which passages a task is given: its own, what that refers to, what defines its terms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from legalgen.law.planner import Task
from legalgen.sources.collection import SourceDetails, read_text
from legalgen.sources.definitions import DefinedTerms, defined_in
from legalgen.sources.passages import Passages

ACT = """Boats Act 2015

1 Lookouts
A master must keep a lookout while a boat is under way, and in a designated area the
associate of the owner must do so, whoever else is aboard of the boat, and whatever the
weather of the day may be in it.

2 Fees
The fee for a boat is ten pounds a year, payable to the harbour on the first of May by
whoever owns the boat on that day, and it is doubled where it is not paid within a
month; section 9 says what follows then.

3 Rafts
A raft that is longer than the length which the harbour lays down is a boat for this
Act, and whoever owns it is to be registered as if it were one, within a month of the
day on which he came to own the raft.

8 Interpretation
In this Act \u201cassociate\u201d means a person who works for the owner of a boat for
pay, and \u201cdesignated area\u201d, in relation to a harbour, has the meaning that the
harbour gives it in a notice which is shown there.

9 Default
Where a fee is not paid the harbour may hold the boat until it is, and may sell it after
a year has gone by in which nobody came for it, paying what is left of the price to
whoever was the last registered owner of it.
"""


@pytest.fixture
def passages(tmp_path: Path) -> Passages:
    path = tmp_path / "boats.txt"
    path.write_text(ACT, encoding="utf-8")
    details = SourceDetails("own", jurisdiction="uk")
    source, chunks = read_text(path, details, datetime(2026, 1, 1, tzinfo=UTC))
    assert [each.pinpoint for each in chunks] == ["s 1", "s 2", "s 3", "s 8", "s 9"]
    return Passages(chunks, {source.id: source}, (2, 2))


def places(passages: Passages, number: int) -> list[str]:
    chunk = passages._in_order[number]
    task = Task(0, "uk", "england-wales", "own-texts", chunk.id, "", "basic", "short_qa", "", 1)
    given = passages.of(task)
    assert passages.of(replace(task, slot=9)) == given
    return [each.chunk.pinpoint for each in given]


def test_the_second_passage_is_what_the_first_needs(passages: Passages) -> None:
    """The section that it refers to, else the one that defines a term of it, else its neighbour."""
    assert places(passages, 1) == ["s 2", "s 9"]
    assert places(passages, 0) == ["s 1", "s 8"]
    assert places(passages, 2) == ["s 3", "s 8"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("\u201cassociate\u201d means a person", ["associate"]),
        ('the term "foreign mission" means any mission', ["foreign mission"]),
        ("\u2018small boat\u2019 has the meaning given by section 5", ["small boat"]),
        ('"Affiliate" includes each company', ["Affiliate"]),
        ("(a) Widget means any article", ["Widget"]),
        (
            "Customer Content means what is put in.\nUser means a person.",
            ["Customer Content", "User"],
        ),
        ("\u201carea\u201d, in relation to a harbour, means the quay", ["area"]),
        ("Acme Ltd (the \u201cSeller\u201d) and Best plc (\u201cBuyer\u201d)", ["Seller", "Buyer"]),
        ("Silence means no consent here", ["Silence"]),
        ("he said \u201cnever\u201d and by all means went", []),
        ("it is by no means clear what he means", []),
    ],
)
def test_a_term_is_defined_as_drafters_do(text: str, terms: list[str]) -> None:
    assert list(defined_in(text)) == terms


def test_a_term_is_used_where_it_is_written_so() -> None:
    """With its capital, as whole words; of two definitions the nearer one."""
    terms = DefinedTerms([(0, "\u201cServices\u201d means work. \u201cfee\u201d means a sum."),
                          (9, "In this Part \u201cfee\u201d means a price.")])  # fmt: skip
    assert len(terms) == 2
    assert list(terms.used_in("The Services are paid by a FEE.", 2)) == [0, 0]
    assert list(terms.used_in("The services are feeble.", 2)) == []
    assert list(terms.used_in("A fee is due.", 7)) == [9]
