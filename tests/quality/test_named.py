"""What an answer may name beside its quotations: the passages, and what those name."""

from __future__ import annotations

import pytest

from legalgen.quality.named import named_in
from legalgen.sources.chunk import Chunk, Pinpoint, sha256_of
from legalgen.sources.passages import Passage


def passage(citation: str, pinpoint: str, text: str, title: str = "", below: str = "") -> Passage:
    places = (Pinpoint(0, len(text), below),) if below else ()
    chunk = Chunk(
        "x-1#a", "x-1", sha256_of(text), pinpoint, citation, "", (), text, "uk", None, places
    )
    return Passage(chunk, title or citation, "own")


ACT = passage(
    "Widgets Act 2011",
    "s 12",
    "12 Duty of makers\n(1) A maker must take care. (a) He must look at each widget.\n(3) See "
    "section 14 and Part 2 of this Act, and section 5 of the Toys Act 1996, as read in Reed v "
    "Black [1998] AC 12.",
)
AMERICAN = passage(
    "WIDGET SAFETY ACT OF 1974",
    "§ 107",
    "SEC. 107. [15 U.S.C. 2057] (5) A maker may lend for 15 years under section 40A of the Toy "
    "Safety Act (15 U.S.C. 1213) and section 208(a)(1).",
)
EUROPEAN = passage(
    "Regulation (EU) 2016/679",
    "art 17",
    "Article 17\n1. A holder of widgets shall tell of them under point (a) of Article 6(1).",
    "General Data Protection Regulation",
)
JUDGMENT = passage(
    "[2019] UKSC 41",
    "[55]",
    "55. The power is bounded, as was said in Reed v Black [1998] AC 12.",
    "R (Green) v The Minister of Widgets",
)
CONTRACT = passage(
    "Widget Service Agreement",
    "clause 5.2",
    "5.2. Ending. Either party may end this Agreement after 30 days. See Section 8.",
)
CONSTITUTION = passage(
    "us-constitution",
    "art. I, § 8",
    "The widgets of the Union are held in common.",
    "Constitution of the United States",
)
AMENDMENT = passage(
    "us-constitution",
    "amend. 14",
    "1. Each person may hold a widget.\n5. There may be laws on it.",
    "Constitution of the United States",
)
SCHEDULE = passage(
    "Widgets Act 2011", "Sch 1, para 3", "3 (1) An appeal is made within 28 days. (2) So is one."
)
RULES = passage(
    "Widgets Regulations 2012",
    "reg 4",
    "4.—(1) No person may sell one under section 12 of the Widgets Act 2011 or regulation 6(2)(b) "
    "unless the conditions in paragraph (3) are met.\n(3) The conditions are these.",
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (ACT, "Under section 12(1) of the Widgets Act 2011 a maker takes care."),
        (ACT, "Under s.12(1)(a) WA 2011 he looks at each."),
        (ACT, "Under s 12 of the Act he takes care."),
        (ACT, "Widgets Act 2011, s. 12(3) says so; s 12 Widgets Act 2011 too."),
        (ACT, "Sections 12 and 14 of the Widgets Act 2011."),
        (ACT, "ss 12(1) and (3) Widgets Act 2011"),
        (ACT, "section 12 of the Widgets Act"),
        (ACT, "Section 5 of the Toys Act 1996 is another matter, as Reed v Black shows."),
        (ACT, "The director signed under section 4 of the shareholders' agreement."),
        (ACT, "The lease, clause 4, says nothing; S1 does. Step 1: s 12(1)."),
        (ACT, "The USA, the CEO and the VAT of ACME are no laws; nor is Ms Chevron's case."),
        (ACT, "Mr Carter's case is that the test of time decides; the Miranda family agrees."),
        (ACT, "Part 2 of the Act, and Rule 4 of her golf club's handbook; chapter 3 of the book."),
        (EUROPEAN, "The GDPR says so, and so does the General Data Protection Regulation."),
        (AMERICAN, "Section 107 of the Widget Safety Act of 1974 allows it, § 107(5)."),
        (AMERICAN, "In Widget Safety Act of 1974 section 107 more is said."),
        (AMERICAN, "15 U.S.C. § 2057(5); 15 USC 1213; section 40A of the Toy Safety Act."),
        (EUROPEAN, "Article 17(1) GDPR, that is Art. 17(1) of Regulation (EU) 2016/679."),
        (EUROPEAN, "Article 6(1)(a) of the General Data Protection Regulation."),
        (EUROPEAN, "Article 17 of this Regulation; Regulation 2016/679, art 17."),
        (JUDGMENT, "R (Green) v The Minister of Widgets [2019] UKSC 41 at [55]."),
        (JUDGMENT, "[2019] UKSC 41, para 55, with Reed v Black [1998] AC 12."),
        (CONTRACT, "Under Section 5.2 of the Agreement and clause 5.2, see section 8."),
        (CONTRACT, "The Widget Service Agreement, Section 5.2, allows it."),
        (CONSTITUTION, "Article I, Section 8, Clause 1 of the United States Constitution."),
        (CONSTITUTION, "Under U.S. Const. art. I, § 8, the Union holds them."),
        (AMENDMENT, "Section 1 of the Fourteenth Amendment; U.S. Const. amend. XIV, § 1."),
        (SCHEDULE, "paragraph 3 of Schedule 1 to the Widgets Act 2011"),
        (SCHEDULE, "Widgets Act 2011, Sch 1, para 3(1)"),
        (RULES, "regulation 4(1) of the Widgets Regulations 2012"),
        (RULES, "section 12 of the Widgets Act 2011 and regulation 6(2)(b)"),
    ],
)
def test_passages_are_named_as_lawyers_name_them(source: Passage, text: str) -> None:
    """And so is what they name themselves."""
    assert list(named_in((source,)).outside(text)) == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (ACT, "Section 14 of the Toys Act 1996"),
        (ACT, "Section 5 of the Widgets Act 2011"),
        (ACT, "Section 994 of the Widgets Act 2011"),
        (ACT, "Section 2011 of the Widgets Act 2011"),
        (ACT, "Section 12 of the Widgets Act 1985"),
        (ACT, "Section 12A of the Widgets Act 2011"),
        (ACT, "section 12(9) of the Widgets Act 2011"),
        (ACT, "Part 11 of the Widgets Act 2011"),
        (ACT, "the Toys Act 2000"),
        (ACT, "Section 994 says so."),
        (ACT, "Section 171 of the Act"),
        (ACT, "as held in Regentcrest plc v Cohen"),
        (ACT, "Re Smith & Fawcett Ltd [1942] Ch 304"),
        (ACT, "UCTA voids such a term."),
        (ACT, "as PACE requires of them"),
        (ACT, "the Caparo test is met"),
        (ACT, "under the rule in Rylands"),
        (ACT, "Wednesbury unreasonableness"),
        (ACT, "as the court said in Donoghue (1932)"),
        (ACT, "Chevron deference is owed"),
        (ACT, "Schedule 3 to the Act"),
        (ACT, "Part 4 of the Act"),
        (ACT, "Rule 12(b)(6) of the Federal Rules of Civil Procedure"),
        (AMERICAN, "the ADA requires it"),
        (AMERICAN, "15 U.S.C. § 2058"),
        (AMERICAN, "section 15 of the Widget Safety Act of 1974"),
        (AMERICAN, "Section 40A of the Widget Safety Act of 1974"),
        (AMERICAN, "section 41 of the Toy Safety Act"),
        (EUROPEAN, "Article 82 GDPR"),
        (EUROPEAN, "Article 8 of the Charter"),
        (EUROPEAN, "Article 17 of Directive 95/46/EC"),
        (JUDGMENT, "[2019] UKSC 41 at [12]"),
        (JUDGMENT, "[2019] UKSC 42"),
        (CONTRACT, "Section 5.3 of the Agreement"),
        (CONTRACT, "clause 30"),
        (CONSTITUTION, "U.S. Const. art. II, § 2"),
        (CONSTITUTION, "the Fourteenth Amendment"),
        (AMENDMENT, "the Fifth Amendment"),
        (SCHEDULE, "paragraph 9 of Schedule 1 to the Widgets Act 2011"),
        (SCHEDULE, "Schedule 2 to the Widgets Act 2011"),
        (RULES, "section 13 of the Widgets Act 2011"),
        (RULES, "regulation 12 of the Widgets Regulations 2012"),
    ],
)
def test_what_no_passage_names_is_outside(source: Passage, text: str) -> None:
    """Another work, and another place of the same one."""
    [shown] = named_in((source,)).outside(text)
    assert shown in text


def test_places_between_the_ends_of_a_range_are_named() -> None:
    source = passage("Widgets Act 2011", "s 9", "9 Sections 20 to 23 apply, and 25 days are given.")
    assert list(named_in((source,)).outside("Section 22 applies.")) == []
    assert list(named_in((source,)).outside("Section 24 applies.")) == ["Section 24"]
