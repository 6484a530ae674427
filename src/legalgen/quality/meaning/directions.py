"""What makes two questions of nearly one meaning two questions: direction, denial, place, number.

Sentence embeddings hardly see the order of words, a "not", or which of two parties is meant:
"limited by shares to guarantee" and back are nearly one vector. So a pair stands apart where

- words stand in reverse order around the same word ("landlord sue tenant", "tenant sue landlord"),
  unless that word joins equals ("and", "or", "of");
- one denies and the other does not, be it by a prefix ("fair", "unfair");
- each has a number, a place or a party that the other lacks.

Measured on the labelled pairs in ``tests/data/quality/meaning_pairs.jsonl``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import Final

from legalgen.law.citations.parsed import word_set
from legalgen.store.sample import words

_EMPTY: Final = word_set("a an the is are was were be been do does did has have had to from")
_EQUALS: Final = word_set(
    "and or of in on under with between versus vs v for at as when where if that which"
)
_DENIALS: Final = word_set(
    "not no never without cannot cant dont doesnt isnt arent wont neither nor none unless"
)
_PREFIXES: Final = ("un", "in", "im", "il", "ir", "non", "dis", "mis")
_OPPOSITES: Final = (
    "landlord tenant", "lessor lessee", "buyer seller", "vendor purchaser", "employer employee",
    "claimant defendant", "plaintiff defendant", "appellant respondent", "creditor debtor",
    "lender borrower", "mortgagor mortgagee", "assignor assignee", "licensor licensee",
    "bailor bailee", "donor donee", "principal agent", "offeror offeree", "promisor promisee",
    "husband wife", "mother father", "parent child", "shareholder director", "trustee beneficiary",
    "civil criminal", "public private", "express implied", "real personal", "before after",
    "minimum maximum", "direct indirect", "fixed floating", "joint several", "void voidable",
    "freehold leasehold", "murder manslaughter", "theft robbery", "libel slander",
    "exclude include", "grant refuse", "accept reject", "solicitor barrister",
)  # fmt: skip
_OPPOSED: Final = frozenset(frozenset(pair.split()) for pair in _OPPOSITES)
_PLACES: Final = word_set(
    "england wale scotland ireland britain uk us eu european federal california texas york "
    "delaware florida illinoi american english scottish irish canada canadian ontario quebec "
    "australia australian india indian singapore germany german france french"
)
"""As ``_stem`` leaves them."""
_JOINING: Final = _EMPTY | _EQUALS | {"by", "re"}
_REACH: Final = 8
"""Words between the two that change places, at most."""


def stand_apart(one: str, other: str) -> bool:
    """Whether two questions that are near in meaning ask different things all the same."""
    left, right = _tokens(one), _tokens(other)
    return (
        _denies(left) != _denies(right)
        or _differ(_numbers(left), _numbers(right))
        or _differ(_PLACES & set(left), _PLACES & set(right))
        or _are_opposed(set(left), set(right))
        or _turns(left, right)
    )


def _tokens(text: str) -> list[str]:
    return [_stem(word) for word in words(re.sub("['\u2019]", "", text))]


def _stem(word: str) -> str:
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word.removesuffix(ending)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _denies(tokens: Sequence[str]) -> bool:
    return sum(word in _DENIALS for word in tokens) % 2 == 1


def _numbers(tokens: Sequence[str]) -> set[str]:
    return {word for word in tokens if any(map(str.isdigit, word))}


def _differ(left: Set[str], right: Set[str]) -> bool:
    """Whether each has one that the other lacks: one more detail makes no other question."""
    return bool(left - right and right - left)


def _are_opposed(left: set[str], right: set[str]) -> bool:
    only, others = left - right, right - left
    if any(frozenset((one, other)) in _OPPOSED for one in only for other in others):
        return True
    denied = {prefix + word for prefix in _PREFIXES for word in (*only, *others)}
    return bool(denied & (only | others))


def _turns(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether two words change places around a third; "by" in one alone is the passive voice."""
    if left.count("by") != right.count("by"):
        return False
    found = set(_triples(left))
    return any((last, mid, first) in found for first, mid, last in _triples(right))


def _triples(tokens: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """A word before a third and one after it, both there once; "to" joins what is not equal."""
    once = [word if tokens.count(word) == 1 and word not in _JOINING else "" for word in tokens]
    for at, mid in enumerate(tokens):
        if mid in _EQUALS or (mid in _EMPTY and mid != "to"):
            continue
        before, after = once[max(0, at - _REACH) : at], once[at + 1 : at + 1 + _REACH]
        yield from ((first, mid, last) for first in before for last in after if first and last)
