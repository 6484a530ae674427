"""Terms of other legal systems: a cheap look for their words hides none of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legalgen.law.citations import bare
from legalgen.quality.checks.law.systems import _system
from legalgen.quality.wordlists import phrases
from legalgen.store.sample import words
from tests.quality.sayings import found

TERMS = (*phrases("commonwealth_certain"), *phrases("commonwealth_likely"))


@pytest.mark.parametrize("term", TERMS)
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_each_term_of_the_commonwealth_is_looked_for(term: str, data: st.DataObject) -> None:
    """A text with a term, as its pattern makes it, has a word or a hint of it."""
    text = f"By the {data.draw(st.from_regex(term, fullmatch=True))}, it is so."
    assert _system("commonwealth").hinted(text, frozenset(words(text)), bare(text))


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        # the law of England told to a Scot
        ("A man in Scotland promised his niece a horse. Is he bound?",
         "He is not, for want of consideration. Promissory estoppel is a shield only.", "reject"),
        ("A man in Scotland promised his niece a horse. Is he bound?",
         "He is not, since she furnished no consideration.", "flag"),
        ("A man in Scotland promised his niece a horse. Is he bound?",
         "He is. Scots law knows no doctrine of consideration, and no deed under seal is needed.",
         ""),
        ("A man in Scotland promised his niece a horse. Is he bound?",
         "He is. In England there is no consideration, and the County Court dismisses it.", ""),
        ("A man in Scotland promised his niece a horse. Is he bound?",
         "He is. No consideration is needed, and the sheriff court orders delivery.", ""),
        ("A man in Scotland promised his niece a horse. Is he bound?",
         "He is not. By English law there is want of consideration before a County Court.",
         "reject"),
        ("Can a widow in Scotland keep the house?",
         "She can apply under the Wills Act 1837 and to the Chancery Division.", "reject"),
        ("Can a widow in Scotland keep the house?",
         "She can. The claimant and the defendant may ask for an injunction.", "flag"),
        ("Can a widow in Scotland keep the house?",
         "She can. The sheriff court, and not the defendant, fixes the injunction.", ""),
        ("How is contact settled in Scotland?",
         "After some consideration of her views, and giving careful consideration to them.", ""),
        ("Is a gift of an insolvent man in Scotland reducible?",
         "It is, unless adequate consideration was paid.", ""),
        # and of Scotland told to anybody else
        ("May a tenant in Leeds stay?",
         "He may. He raises an initial writ in the sheriff court.", "reject"),
        ("May a tenant in Leeds stay?",
         "He may. In Scotland he would raise an initial writ in the sheriff court.", ""),
        ("Is a nurse in Derry too new to complain?",
         "She is not. The Northern Ireland Order governs, and not the Employment Rights Act 1996.",
         ""),
        ("Does the Act of 1957 apply to a fall in a hotel in Newcastle, County Down?",
         "No: the Limitation (Northern Ireland) Order 1989 and the Order (Northern Ireland) 1990.",
         ""),
        ("May a tenant in Dundee stay?",
         "He may. He raises an initial writ in the sheriff court.", ""),
        ("Was it obvious in Leeds?", "The art and part of the claim are not proven, and unfair.",
         ""),
        ("A ceiling in Leeds came down, and the county court was asked. Who repairs it?",
         "The landlord does, by the Landlord and Tenant Act 1985 and the Housing Act 1988.", ""),
        ("A ceiling in County Down fell in, and a court was asked. Who repairs it?",
         "The landlord does, by the Landlord and Tenant Act 1985 and the Housing Act 1988.",
         "reject"),
        ("May a worker in Newry be dismissed?",
         "He may not. He goes to the employment tribunal under the Equality Act 2010.", "reject"),
        ("May a worker in Newry be dismissed?",
         "He may not. The Limitation Act 1980 is confined to England; Acas has no part in it.", ""),
        ("May a worker in Newry be dismissed?",
         "He may not. The Labour Relations Agency is told first, and not Acas.", ""),
        ("May a wife in Armagh divorce?",
         "She may. Section 1 of the Divorce, Dissolution and Separation Act 2020 lets her.",
         "flag"),
        ("May a suspect in Lisburn be silent?",
         "He may. Section 34 of the Criminal Justice and Public Order Act 1994 is another's.", ""),
        ("May a driver in Belfast claim under the Equality Act 2010?",
         "He may not. He goes to the Fair Employment Tribunal under the Order of 1998.", ""),
    ],
)  # fmt: skip
def test_the_nations_of_the_kingdom_have_laws_of_their_own(
    question: str, answer: str, expected: str
) -> None:
    """Two signs of another's refuse, one flags; what is denied or compared is no sign."""
    assert found(answer, question).get("LAW_JURISDICTION", "") == expected


def test_a_sentence_says_whether_its_citation_compares() -> None:
    """An Act that is cited, too, is no sign where the prose tells of it as another law's."""
    act = "Inheritance (Provision for Family and Dependants) Act 1975"
    asked = "What can a widow in Scotland claim?"
    told = f"A third. An English widow would have to ask a judge under the {act}."
    assert "LAW_JURISDICTION" not in found(told, asked, cited=(f"{act}, s 1",))
    told = "A third, as the Act gives her."
    assert found(told, asked, cited=(f"{act}, s 1",))["LAW_JURISDICTION"] == "flag"


@pytest.mark.parametrize(
    ("law", "area", "expected"),
    [
        ("scotland", "land", "reject"),
        ("northern-ireland", "land", ""),
        ("", "scots-property", "reject"),
        ("", "ni-property", ""),
        ("england-wales", "scots-property", ""),
        ("", "land", ""),
    ],
)
def test_a_cell_is_of_a_nation_by_its_law_or_by_its_names(
    law: str, area: str, expected: str
) -> None:
    """A taxonomy of somebody's own may give no law to its areas."""
    said = found(
        "She may. Section 5 of the Rights of Light Act 1959 and a grant of probate help her.",
        "May a widow build there?", law=law, area=area,
    )  # fmt: skip
    assert said.get("LAW_JURISDICTION", "") == expected


@pytest.mark.parametrize(
    ("cell", "answer", "expected"),
    [
        ("california", "CPLR 1411 lets her recover. The Court of Appeals in Albany said so.",
         "reject"),
        ("california", "California lets her recover. CPLR 1411 is alike, judges say.", ""),
        ("new-york", "Section 1856 of the Code of Civil Procedure bars it. So says Cal. Civ. Code.",
         "reject"),
        ("federal", "CPLR 3211 lets him move. The Appellate Division hears appeals.", "reject"),
        ("federal", "Rule 12 lets him move. CPLR 3211 and the Appellate Division are alike.", ""),
    ],
)  # fmt: skip
def test_the_states_of_the_union_have_laws_of_their_own(
    cell: str, answer: str, expected: str
) -> None:
    """Codes and courts of another state, without a word of the law asked for."""
    said = found(answer, "Can the skater recover?", place="us", law=cell)
    assert said.get("LAW_JURISDICTION", "") == expected


@pytest.mark.parametrize(
    ("answer", "place", "expected"),
    [
        ("She goes to the Workplace Relations Commission.", "uk", "reject"),
        ("He petitions the NCLT under the Companies Act, 2013.", "uk", "reject"),
        ("The Residential Tenancies Board may award \u20ac20,000.", "uk", "reject"),
        ("He may recover \u20ac900 and no more.", "uk", ""),
        ("The Labour Court may award \u20ac900.", "uk", "flag"),
        ("A firm may end the employment at any moment for any reason or none.", "uk", "reject"),
        ("The Working Time Directive and the CJEU settle it.", "us", "reject"),
        ("The Crown Court and the Consumer Rights Act 2015 settle it.", "eu", "reject"),
        ("Article 5 TFEU settles it, and in the Crown Court too.", "eu", ""),
    ],
)  # fmt: skip
def test_terms_of_other_countries_are_none_of_the_place(
    answer: str, place: str, expected: str
) -> None:
    """One that is nowhere else refuses; money of another country counts with another sign."""
    said = found(answer, "What can she claim for it?", place=place)
    assert said.get("LAW_JURISDICTION", "") == expected


COMPARED = (
    "Ann: The Defamation Act (Northern Ireland) 2022 has no such test.\n"
    "Ben: And in Glasgow?\n"
    "Ann: Section 1 of the Defamation and Malicious Publication (Scotland) Act 2021 has one.\n"
    "Ben: So we differ from {country}."
)


@pytest.mark.parametrize(
    ("country", "kind", "expected"),
    [("Scotland", "dialogue", ""), ("them", "dialogue", "flag"), ("Scotland", "concept", "flag")],
)
def test_people_compare_nations_in_a_talk(country: str, kind: str, expected: str) -> None:
    """Each with its own Act, and the other nation by its name."""
    asked = "What is serious harm to a reputation in Belfast?"
    said = found(COMPARED.format(country=country), asked, kind=kind)
    assert said.get("LAW_JURISDICTION", "") == expected
