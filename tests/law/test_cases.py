"""Names of cases: when two are one, where they stand in prose, and what a list says of them."""

from __future__ import annotations

from datetime import date

import pytest

from legalgen.law.citations import (
    PARTING,
    Authorities,
    case_names,
    find_numbered,
    form_fault,
    highest,
    impossible,
    leading_cases,
    parse,
    same_case,
    us_states,
)
from legalgen.law.citations.authorities import leading_lines


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Entores Ltd v Miles", "Entores Ltd v Miles Far East Corp"),
        ("Carlill v Carbolic", "Carlill v Carbolic Smoke Ball Company"),
        ("Hongkong Fir v Kawasaki", "Hong Kong Fir Shipping Co Ltd v Kawasaki Kisen Kaisha Ltd"),
        ("Salomon v Salomon", "Salomon v A Salomon & Co Ltd"),
        ("Davis Contractors v Fareham UDC",
         "Davis Contractors Ltd v Fareham Urban District Council"),
        ("HA (Iraq) v SSHD", "HA (Iraq) v Secretary of State for the Home Department"),
        ("Rock Advertising v MWB", "MWB Business Exchange Centres Ltd v Rock Advertising Ltd"),
        ("Science Research Council v Nasse", "Science Research Council v Nass\u00e9"),
        ("Donoghue (or McAlister) v Stevenson", "Donoghue v Stevenson"),
        ("Schrems II", "Data Protection Commissioner v Facebook Ireland and Schrems"),
        ("R (on the application of Miller) v Prime Minister", "R (Miller) v The Prime Minister"),
        ("Salomon v. Salomon", "Salomon v Salomon"),
    ],
)  # fmt: skip
def test_one_case_under_two_names(left: str, right: str) -> None:
    """In part, by initials, with the parties changed round, with accents and without."""
    assert same_case(left, right)
    assert same_case(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Entores v Far Eastern Shipping", "Entores Ltd v Miles Far East Corp"),
        ("Caparo v Lambert", "Caparo Industries plc v Dickman"),
        ("Scammell v Ouston", "Hyde v Wrench"),
        ("Ward v Tesco Stores Ltd", "Tomlinson v Congleton Borough Council"),
        ("R v Smith", "R v Brown"),
        ("R (Miller) v Prime Minister",
         "R (Miller) v Secretary of State for Exiting the European Union"),
        ("Three Rivers DC v Bank of England (No 3)", "Three Rivers DC v Bank of England (No 6)"),
        ("Catholic Child Welfare Society v Various Claimants", "In re B (A Child)"),
    ],
)  # fmt: skip
def test_two_cases_that_share_words(left: str, right: str) -> None:
    """One party of two, one word of three: another case."""
    assert not same_case(left, right)
    assert not same_case(right, left)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("In Felthouse v Bindley (1862) the court held so.", ["Felthouse v Bindley"]),
        ("See Smith v Jones and Hyde v Wrench. The rule", ["Smith v Jones", "Hyde v Wrench"]),
        ("Yes. In Trustor AB v Smallbone (No 2) it was so.", ["Trustor AB v Smallbone (No 2)"]),
        ("as United States v. Jones, 565 U.S. 400 (2012), says", ["United States v. Jones"]),
        ("so Li v. Yellow Cab Co. and others", ["Li v. Yellow Cab Co"]),
        ("by R (on the application of Miller) v The Prime Minister it",
         ["R (on the application of Miller) v The Prime Minister"]),
        ("Carlill v Carbolic Smoke Ball Co. The court", ["Carlill v Carbolic Smoke Ball Co"]),
        ("Under Re Duomatic Ltd the members agreed.", ["Re Duomatic Ltd"]),
        ("It is void, as in Entores  Ltd v Miles.", ["Entores  Ltd v Miles"]),
        (f"as in Smith v Marks and Spencer{PARTING}Hyde v Wrench is another",
         ["Smith v Marks and Spencer", "Hyde v Wrench"]),
        (f"so held Smith{PARTING}v Jones", []),
        ("version v of the form, or v The", []),
        ("Re-entry is barred. Regarding rent, nothing.", []),
    ],
)  # fmt: skip
def test_cases_by_name_in_prose(text: str, names: list[str]) -> None:
    """With the words before and after them left alone."""
    assert [name for _, _, name in case_names(text)] == names


def test_a_number_has_the_name_of_its_own_text() -> None:
    """Of several that are read as one: what stands before in another is no name, nor in the way."""
    found = find_numbered(f"It is void{PARTING}Google Spain, C-131/12{PARTING}C-434/09, and more")

    assert [item.name for item in found] == ["Google Spain", ""]


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ("[2019] UKSC 5", True), ("[2003] UKHL 50", True), ("[1987] UKHL 8", False),
        ("[2021] UKPC 24", True), ("[1990] UKPC 2", False), ("[2009] EWCA Civ 3", False),
        ("[1932] AC 562", False), ("603 U.S. 369", True), ("138 S. Ct. 2206", True),
        ("829 F.3d 197", False), ("13 Cal. 3d 804", False), ("Case C-131/12", True),
        ("Case T-612/17", False), ("ECLI:EU:C:2014:317", True), ("ECLI:EU:T:2014:317", False),
        ("App no 5493/72", True), ("WT/DS58/AB/R", True), ("WT/DS58/R", False),
        ("[1992] HCA 23", True), ("Companies Act 2006", False),
    ],
)  # fmt: skip
def test_highest_courts_by_their_own_numbers(cited: str, expected: bool) -> None:
    """A report shows no court, and a number given in retrospect is not the court's."""
    assert [highest(item) for item in parse(cited)] == [expected]


def test_a_list_knows_a_case_by_its_name() -> None:
    """And says when another case stands under its citation, or it under another number."""
    known = Authorities.of(
        [
            "RTS Flexible Systems Ltd v Molkerei Alois M\u00fcller GmbH [2010] UKSC 14",
            "Hyde v Wrench (1840) 3 Beav 334",
            "Patel v Mirza [2016] UKSC 42",
            "Heydon's Case (1584) 3 Co Rep 7a",
        ]
    )

    def contradicted(cited: str) -> bool:
        return known.contradicts(parse(cited)[0])

    assert known.names("Hyde v Wrench")
    assert not known.names("Felthouse v Bindley")
    assert contradicted("Scammell v Ouston (1840) 3 Beav 334")
    assert contradicted("RTS Flexible Systems v Molkerei Alois M\u00fcller [2010] UKSC 34")
    assert not contradicted("Patel v Mirza [2017] AC 467")
    assert not contradicted("Patel v Mirza [2016] UKSC 42")
    assert not contradicted("Foss v Harbottle (1843) 2 Hare 461")


def cases_listed() -> list[str]:
    """The lines of the leading cases that are no comments."""
    return [line for line in leading_lines() if line and not line.startswith("#")]


def test_the_leading_cases_are_citations_that_can_be() -> None:
    """Each line is one case, written as it is cited, that its court can have decided."""
    known = leading_cases()
    texts = cases_listed()
    read = [(text, parse(text)) for text in texts]
    odd = [
        text
        for text, found in read
        if len(found) != 1
        or not (found[0].is_case or found[0].kind == "case_name")
        or form_fault(found[0], text) is not None
        or impossible(found[0], date(2026, 11, 23)) is not None
    ]

    assert len(texts) > 900
    assert odd == []
    assert len(set(texts)) == len(texts)
    assert all(known.lists(found[0]) for _, found in read)


def test_the_leading_cases_are_read_alike_with_and_without_eyecite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was read of them is kept, whatever is installed later; and it takes 35 MB."""
    monkeypatch.setattr(us_states, "_eyecite", lambda: pytest.fail("eyecite is asked"))
    parse.cache_clear()

    assert all(map(parse, cases_listed()))
