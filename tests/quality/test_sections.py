"""Names of Acts in a text, and the sections that are said to be theirs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.quality.sayings import found

NAMES = """
from legalgen.quality.checks.law.sections import _found, _undated
from legalgen.store.sample import words

text = "Article 28 of the 1951 Refugee Convention"
print([name for name, _, _ in _found(text, _undated(frozenset(words(text))))])
"""


def test_the_longer_of_two_names_is_found_in_every_process() -> None:
    """Not "Refugee Convention" with an article 1951, however this process hashes its words."""
    for seed in range(4):
        done = subprocess.run(
            [sys.executable, "-c", NAMES],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stdout.strip() == "['1951 Refugee Convention']"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # however far from its Act, and by whatever name of it
        ("It is an offence under the Fraud Act 2006, s 47.", "reject"),
        ("It is an offence under the forty-seventh section of the Fraud Act 2006.", "reject"),
        ("Section forty-seven of the Fraud Act 2006 makes it an offence.", "reject"),
        ("The Fraud Act 2006 (the FA) applies. By s. 64 FA it is a crime.", "reject"),
        ("The Fraud Act 2006 applies, and section 47 of the 2006 Act too.", "reject"),
        ("The Fraud Act 2006, which in section 47 makes it a crime, applies.", "reject"),
        ("Sections 2 and 51, both of the Fraud Act 2006, make it a crime.", "reject"),
        ("The Fraud Act 2006 applies. He breaks section 47 of that Act.", "reject"),
        ("It ends under \u00a7 141(a) of the Federal Rules of Civil Procedure.", "reject"),
        ("The Refugee Convention helps. Article 97 of that Convention forbids it.", "reject"),
        ("The Working Time Regulations 1998 give leave, by regulation 88 of them.", ""),
        ("Regulation 88 of the Working Time Regulations 1998 gives leave.", "reject"),
        # near the last one, or of an Act that is not named at it: an error of the table or another
        ("It is an offence under the Fraud Act 2006, s 18.", "flag"),
        ("Section 11 of the Occupiers' Liability Act 1957 warns of children.", "flag"),
        ("Section 14 of the Occupiers' Liability Act 1957 warns of children.", "reject"),
        ("The Fraud Act 2006 makes it a crime by force of what section 48 says.", "flag"),
        ("It is forbidden by MCA 1973, s 99.", "flag"),
        # another Act's, a notice that is called by its section, a year, a title
        ("The Fraud Act 2006 and section 75 of the Consumer Credit Act 1974 apply.", ""),
        ("Under the Fraud Act 2006, section 75 of the Consumer Credit Act 1974 fails.", ""),
        ("Defamation Act 2013, ss 1, 2 and 4; 28 U.S.C. \u00a7 4102 bars it.", ""),
        ("A section 21 notice is no breach of the Protection from Eviction Act 1977.", ""),
        ("The Refugee Convention helps, and Article 340 of the Treaty.", ""),
        ("The Theft Act 1968 and the Rent Act 1968 differ. See section 99 of the 1968 Act.", ""),
        ("Section 172 of the Companies Act 2006 obliges him, and 400 others.", ""),
        ("Consumer Credit Act 1974, s 75, the Fraud Act 2006 and others apply.", ""),
        ("Consumer Credit Act 1974 s 75, Fraud Act 2006 s 2.", ""),
        ("The Fraud Act 2006, section 75 CCA 1974 and others apply.", ""),
        ("Terrorism Act 2000, s 58 and TA 2000, s 59 forbid it.", ""),
        ("The Fraud Act 2006 differs from section 901 of the Penal Law.", ""),
        ("The Fraud Act 2006 differs from New York, Penal Law \u00a7 901.", ""),
    ],
)  # fmt: skip
def test_a_section_beyond_the_last_one_is_found(said: str, expected: str) -> None:
    """Far beyond it refuses, since no error of the table explains that; near it flags."""
    assert found(said).get("SECTION_NONEXISTENT", "") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # a treaty or a regulation of the Union is never longer than it was made
        ("Article 103 of the CISG takes the right away.", "reject"),
        ("The New York Convention governs, and Article 17 thereof binds the court.", "reject"),
        ("Article one hundred and twelve of the UN Charter binds members.", "reject"),
        ("By Article 86 VCLT the terms have their ordinary meaning.", "reject"),
        ("Article 30 of the Rome I Regulation names the law.", "reject"),
        ("Article 102 of the UN Sales Convention takes the right away.", "reject"),
        # an Act with a source, in any form of its title
        ("By s 1305 of the Companies Act of 2006 the board has to meet.", "reject"),
        ("By s 1305 of the Companies Act, 2006 the board has to meet.", "reject"),
        ("The 2006 Companies Act, in section 1,377, obliges him.", "reject"),
        ("Section one thousand three hundred and five of the Companies Act 2006 binds.", "reject"),
        ("By section 23 of the 1998 Human Rights Act the court has to read it down.", "reject"),
        # what is in them, and what is another law's
        ("Articles 92 to 96 of the CISG and its Article 101 are final provisions.", ""),
        ("Under the CISG, Article 122 of the Civil Code plays no part.", ""),
        ("TEU and Article 267 TFEU oblige the court; Article 81 of Brussels Ia ends it.", ""),
        ("The ICJ Statute, Article 94 of the UN Charter and Article 70 of the Statute.", ""),
        ("Al-Skeini v United Kingdom [2011] ECHR 1093 extends the ECHR abroad.", ""),
        ("Article one hundred and one of the CISG allows a State to leave it.", ""),
        ("The 2014 Companies Act of Ireland has its own section 1420.", ""),
        ("The Companies Act of 2006 and section 1429 of the 2014 Companies Act differ.", ""),
        ("By s 1300 of the Companies Act of 2006 its parts came into force.", ""),
    ],
)  # fmt: skip
def test_what_is_certain_refuses_any_number_beyond(said: str, expected: str) -> None:
    """Treaties are not lengthened, and an Act whose last section was looked up has no other."""
    assert found(said).get("SECTION_NONEXISTENT", "") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("UCC \u00a7 2-950 lets her reject the goods.", "reject"),
        ("Sections 2-207 and 2-340 of the Uniform Commercial Code decide.", "reject"),
        ("The UCC decides. By section 2-1205 she may reject the goods.", "reject"),
        ("N.Y. U.C.C. 14-102 lets her reject the goods.", "reject"),
        ("CPR 98.4 lets him amend.", "reject"),
        ("Rule 24.99 of the Civil Procedure Rules ends it.", "reject"),
        ("FPR 2010 r 61.2 gives leave.", "reject"),
        ("CrimPR Part 72 governs it.", "reject"),
        ("Restatement (Second) of Contracts \u00a7 512 agrees.", "reject"),
        ("By section 99501 of the Internal Revenue Code it is income.", "reject"),
        # what is there, another law's, and what is no number of a rule
        ("U.C.C. \u00a7\u00a7 2-207, 2A-103 and 9-317(b) decide.", ""),
        ("UCC \u00a7 2-725 and N.Y. Gen. Oblig. Law \u00a7 5-1401 decide.", ""),
        ("CPR r 36.17(4), rule 3.9 of the Civil Procedure Rules 1998 and PD 51Z apply.", ""),
        ("FPR 2010 applies, and a rule 90.1 of another code.", ""),
        ("Restatement (Second) of Torts \u00a7 402A agrees.", ""),
    ],
)  # fmt: skip
def test_numbers_in_two_parts_are_those_of_their_part(said: str, expected: str) -> None:
    """Articles of a code and rules of court have each their own last number."""
    assert found(said).get("SECTION_NONEXISTENT", "") == expected


def test_citations_are_read_each_by_itself() -> None:
    """The title of the next one is no section of the first."""
    cited = ("Defamation Act 2013 ss 1, 2", "28 U.S.C. \u00a7 4102")
    said = "The Defamation Act 2013 decides, and 28 U.S.C. \u00a7 4102."
    assert "SECTION_NONEXISTENT" not in found(said, cited=cited)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # of an Act whose sections with letters are all known
        ("Section 3C of the Human Rights Act 1998 obliges the court to publish it.", "reject"),
        ("The Bribery Act 2010, s 7A, gives sixty days in which to report.", "reject"),
        ("Sections 14 to 14B of the Sale of Goods Act 1979 imply it.", "reject"),
        ("The Defamation Act 2013 helps. Section 4A(2) takes the benefit away.", "reject"),
        ("The Fraud Act 2006 applies, and section 2A of the 2006 Act too.", "reject"),
        ("Article 33A of the New York Convention lets the court refuse.", "reject"),
        ("Section 172A of the Companies Act 2006 obliges the directors.", "reject"),
        (("The Human Rights Act 1998 and the Bribery Act 2010 apply. Section 6B lets him sue."),
         "flag"),
        # of one that has it, or of which nobody has listed them
        ("Section 7A of the Human Rights Act 1998 bars the claim.", ""),
        ("Sections 15A and 48A to 48F of the Sale of Goods Act 1979 applied.", ""),
        ("Section 414CZA of the Companies Act 2006 asks for a statement.", ""),
        ("Section 21A of the Housing Act 1988 forbids it.", ""),
        # another law's, a bill's, or denied
        ("The Defamation Act 2013 helps. So does section 4A of the Public Order Act.", ""),
        ("The Defamation Act 2013 and section 4A of the Public Order Act 1986 apply.", ""),
        ("The Housing Act 1988 and the Bribery Act 2010 apply. Section 7A helps.", ""),
        ("A bill would have put a section 3C into the Human Rights Act 1998.", ""),
        ("There is no section 3C of the Human Rights Act 1998.", ""),
        ("Article 1F of the Refugee Convention shuts him out.", ""),
        ("On the 21st of May the Bribery Act 2010 and flat 7A were named.", ""),
    ],
)  # fmt: skip
def test_a_section_with_a_letter_that_was_never_inserted(said: str, expected: str) -> None:
    """Between sections that exist; beside its Act, or where all Acts named are such."""
    assert found(said).get("SECTION_NONEXISTENT", "") == expected
