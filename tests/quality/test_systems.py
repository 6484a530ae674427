"""Terms of other legal systems: a cheap look for their words hides none of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legalgen.law.citations import bare
from legalgen.quality.checks.systems import _system
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
        ("Can a widow in Scotland keep the house?",
         "She can apply under the Wills Act 1837 and to the Chancery Division.", "reject"),
        ("Can a widow in Scotland keep the house?",
         "She can. The claimant and the defendant may ask for an injunction.", "flag"),
        ("Can a widow in Scotland keep the house?",
         "She can. The sheriff court, and not the defendant, fixes the injunction.", ""),
        # and of Scotland told to anybody else
        ("May a tenant in Leeds stay?",
         "He may. He raises an initial writ in the sheriff court.", "reject"),
        ("May a tenant in Leeds stay?",
         "He may. In Scotland he would raise an initial writ in the sheriff court.", ""),
        ("May a tenant in Dundee stay?",
         "He may. He raises an initial writ in the sheriff court.", ""),
        ("May a worker in Newry be dismissed?",
         "He may not. He goes to the employment tribunal under the Equality Act 2010.", "reject"),
        ("May a worker in Newry be dismissed?",
         "He may not. The Limitation Act 1980 is confined to England; Acas has no part in it.", ""),
    ],
)  # fmt: skip
def test_the_nations_of_the_kingdom_have_laws_of_their_own(
    question: str, answer: str, expected: str
) -> None:
    """Two signs of another's refuse, one flags; what is denied or compared is no sign."""
    assert found(answer, question).get("LAW_JURISDICTION", "") == expected


@pytest.mark.parametrize(
    ("cell", "answer", "expected"),
    [
        ("california", "CPLR 1411 lets her recover. The Court of Appeals in Albany said so.",
         "reject"),
        ("california", "California lets her recover. CPLR 1411 is alike, judges say.", ""),
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
