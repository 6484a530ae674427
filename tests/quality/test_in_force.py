"""Law that is no longer in force, told as if it were."""

from __future__ import annotations

import pytest

from legalgen.law.citations import parse
from legalgen.law.citations.repealed import repealed
from tests.quality.sayings import found

OLD = "Land Registration Act 1925 s 70"
RULE = "Under the Land Registration Act 1925 her actual occupation binds a buyer of the land."


@pytest.mark.parametrize(
    ("said", "question", "cited", "expected"),
    [
        (RULE, "Does the occupation of Amara bind a buyer of the house?", OLD, "flag"),
        (f"{RULE} It was replaced.", "Does her occupation bind a buyer?", OLD, ""),
        (RULE, "Did the occupation of Amara bind a buyer of the house in 1998?", OLD, ""),
        (RULE, "Does her occupation bind a buyer?", "Land Registration Act 2002 s 29", ""),
        ("The law of 1995 binds them.", "Must data be fair?", "Directive 95/46/EC, art 6", "flag"),
        ("Article 6 binds them.", "Must data be fair?", "Regulation (EU) 2016/679, art 6", ""),
        ("It was obtained by deception.", "Is it theft to lie?", "Theft Act 1968 s 15(1)", "flag"),
        ("It was appropriated.", "Is it theft to keep it?", "Theft Act 1968 s 5(4)", ""),
        ("Deference is owed.", "Who reads the Act?", "467 U.S. 837 (1984)", "flag"),
        ("Deference was overruled.", "Who reads the Act?", "467 U.S. 837 (1984)", ""),
        # words of old things, which are not the law
        (f"{RULE} She keeps it until it is sold.",
         "Does the occupation of Amara bind a buyer of the house?", OLD, "flag"),
        (f"{RULE} So it was until October of that year.",
         "Does the occupation of Amara bind a buyer of the house?", OLD, ""),
        (f"{RULE} The former owner said so before. It still holds. He has it until June.",
         "Does the occupation of Amara bind a buyer of the house?", OLD, "flag"),
        ("Chevron asks for two steps. The reading must be fair. It may be rejected later on.",
         "Who reads the Act now?", "467 U.S. 837 (1984)", "flag"),
        (f"{RULE} The house was old. It had belonged to his former wife until May.",
         "Does the occupation of Amara bind a buyer of the house?", OLD, "flag"),
        # and words of old law, beside it or whatever they are
        ("Chevron asked for two steps. Loper Bright holds that a court reads by itself.",
         "Who reads the Act?", "467 U.S. 837 (1984)", ""),
        (f"{RULE} That was the former law. Now she needs a note on the register.",
         "Does her occupation bind a buyer?", OLD, ""),
        (f"{RULE} So much is plain. She may stay. The Act of 2002 says much the same.",
         "Does her occupation bind a buyer?", OLD, ""),
        ("The Directive of 1995 binds it. Later rules, and Regulation 2016/679 above all, differ.",
         "Must data be fair?", "Directive 95/46/EC, art 6", ""),
        (f"{RULE} She may stay. He may not sell. The section has been repealed.",
         "Does her occupation bind a buyer?", OLD, ""),
    ],
)  # fmt: skip
def test_old_law_is_flagged_unless_it_is_told_as_old(
    said: str, question: str, cited: str, expected: str
) -> None:
    """By a word of the sample, or by facts of its time."""
    assert found(said, question, cited=(cited,)).get("LAW_REPEALED", "") == expected


def test_a_subsection_of_what_is_gone_is_gone() -> None:
    """Of an Act that is in force otherwise."""
    said, question = "The landlord may serve a notice.", "May he evict her without a reason?"
    gone, there = ("Housing Act 1988, s 21(1)(b)",), ("Housing Act 1988, s 8",)
    assert "LAW_REPEALED" in found(said, question, cited=gone, as_of="2026-11")
    assert "LAW_REPEALED" not in found(said, question, cited=gone, as_of="2026-04")
    assert "LAW_REPEALED" not in found(said, question, cited=there, as_of="2026-11")


def test_law_was_in_force_before_its_end() -> None:
    """The month as at which the law is asked for decides."""
    cited = ("Consumer Protection from Unfair Trading Regulations 2008 reg 5",)
    said, question = "Regulation 5 forbids it.", "May a trader state a false price for a lamp?"
    assert "LAW_REPEALED" in found(said, question, cited=cited)
    assert "LAW_REPEALED" not in found(said, question, cited=cited, as_of="2024-06")


def test_the_file_of_old_law_can_be_matched() -> None:
    """Each key is what a citation of it is read as, and each month can be compared."""
    for key, old in repealed().items():
        if key[0] != "3" or old.name:
            item = parse(key)[0]
            assert key in (item.key, f"{item.name} {item.year}")
        assert len(old.ended) == 7
        assert old.ended[4] == "-"


@pytest.mark.parametrize(
    ("said", "question", "expected"),
    [
        ("She had thirty days to reject it.", "In June 2009 Amara bought a lamp. What may she do?",
         "flag"),
        ("She had thirty days.", "Amara bought a lamp on 3 May 2009. What may she do?", "flag"),
        ("She had thirty days.", "In 1996 Amara bought a lamp. What might she do then?", "flag"),
        ("She has thirty days.", "In June 2019 Amara bought a lamp. What may she do?", ""),
        ("It replaced the older law.", "In June 2009 Amara bought a lamp. What may she do?", ""),
        ("She has thirty days.", "A deed of 1921 speaks of lamps. May she reject one today?", ""),
        ("She has thirty days.", ("In June 2009 Amara met him, and in May 2018 she bought it. May"
         " she reject it?"), ""),
        ("She has thirty days.", "Does the Consumer Rights Act 2015 let her reject it?", ""),
        ("She has thirty days.", "In 2009 Amara let a shop. She is selling lamps. May she?", ""),
        ("She has thirty days.", "In 2009 Amara let a shop. Last week a lamp broke. Who pays?", ""),
        ("She had it.", "In 2009 Amara sold it. It has now come to light. May she do it?", "flag"),
        ("She had thirty days.", "In 2009 Amara let a shop. A lamp broke. May she do it?", "flag"),
    ],
)  # fmt: skip
def test_an_act_does_not_govern_what_was_before_it(said: str, question: str, expected: str) -> None:
    """By the latest date of the facts, unless the sample says that it reaches back."""
    cited = ("Consumer Rights Act 2015 s 22",)
    assert found(said, question, cited=cited).get("LAW_LATER", "") == expected


@pytest.mark.parametrize(
    ("said", "question", "cited", "expected"),
    [
        ("The Brussels Convention has done so since it came into force.",
         "Where may a trader sue in 2024?", "Brussels Convention of 1968, art 5", "flag"),
        ("The Rome Convention asks who performs.", "Which law governs a loan of 2023?",
         "Rome Convention 1980 art 4", "flag"),
        ("The Rome Convention asks who performs.", "Which law governs a loan of 2005?",
         "Rome Convention 1980 art 4", ""),
        ("Regulation 1215/2012 took the place of the Brussels Convention.",
         "Where may a trader sue?", "Brussels Convention 1968 art 5", ""),
        ("Article 3 points to the centre of main interests.", "Where does it open in 2022?",
         "Regulation (EC) No 1346/2000, art 3", "flag"),
        ("It is void.", "Is a price pact void?", "EC Treaty art 81", "flag"),
        ("It is void, formerly by the EC Treaty.", "Is a price pact void?", "EC Treaty art 81", ""),
        ("What misleads is banned.", "May a shop lie?", "Directive 2005/29/EC, art 6", ""),
        # in the answer alone
        ("Section 13 of the Data Protection Act 1998 gives them.", "Are damages owed?", "", "flag"),
        ("Section 13 of the Data Protection Act 1998 was read down.", "Are they owed?", "", ""),
        ("The Equality Act 2010 brings the Race Relations Act 1976 up to date.",
         "What does it do?", "", ""),
    ],
)  # fmt: skip
def test_treaties_and_directives_that_were_replaced_are_old_law(
    said: str, question: str, cited: str, expected: str
) -> None:
    """By whatever name they are cited, and Acts also where only the answer applies them."""
    citations = (cited,) if cited else ()
    assert found(said, question, cited=citations, place="eu").get("LAW_REPEALED", "") == expected
