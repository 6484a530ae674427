"""One claim made and denied: ``past consideration is good consideration``, ``is no consideration``.

``opposites`` has families of verdicts. Here any clause of the last step, or of what the answer
begins with, is looked for in the rest of the answer: a clause of the same telling words of which
one has a negation, before or within a word (``not valid``, ``invalid``), and the other has none.
What was denied must be claimed in the same words; who or what it is said of may be told by any
words of the question, as long as these are not two of its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.opposites import (
    CLOSING,
    DENIAL,
    HEAD,
    LED_IN,
    OPEN,
    PRONOUN,
    Opposed,
    are_apart,
)
from legalgen.quality.reading import COMMON, Reading, sentences, stem, stems
from legalgen.store.sample import words

_SMALL = word_set(
    "the a an is are was were be been being it this that these those of to in on for and or not no"
    " cannot does do did by from with at as has have had can may must will would so therefore thus"
    " hence accordingly consequently follows he she they his her its their him them who which what"
    " there here then such any all also still however nevertheless nonetheless because since both"
    " very than even only just once yes none nor never neither nothing nobody whole good lack lacks"
)
"""What may stand in one of two clauses that say the same."""
_ADJECTIVES = (
    "(?:lawful|enforceable|valid|revocable|admissible|constitutional|reasonable|fair|compatible"
    "|justified|necessary|available|able|effective|applicable|proportionate|permissible|legal"
    "|protected|secured|authori[sz]ed|convertible|defeasible|alienable|separable|severable|divisible"
    "|sufficient|adequate|competent|foreseeable|certain)"
)
_WITHIN = re.compile(rf"(?:un|in|im|ir|il|non)(?={_ADJECTIVES}\Z)")
"""A negation within a word."""
_IS = re.compile(
    r"\b(?:is|are|was|were|be|remains?|stands?)(?: not)?(?: \w+ly| therefore| thus| however)? "
    rf"(?P<within>un|in|im|ir|il|non)?(?P<what>{_ADJECTIVES})\b"
)
"""An adjective that is said of a subject."""
_CONDITIONS = re.compile(
    r"\b(?:if|unless|would|whether|otherwise|provided|suppos\w*|but for|says?|submits?"
    r"|argu(?!ments?\b(?! that))\w+|contend\w*|claims? that|alleg\w+|suggest\w*|insist\w*"
    r"|den(?:y|ies|ied)|believ\w+|wrong\w*|mistak\w+)\b"
)
_OF_ANOTHER = re.compile(
    r"\b(?:might|although|though|except|impeach\w*|who|which|whose|like|to be|as a|were|been|than"
    r"|refus\w+|doubt\w*|treat\w*)\b"
)
"""What makes a clause one of something else, or of a part."""
_PIECES = re.compile(
    r",? (?:because|since|so that|that|and so|and|so|for|but|yet|even though"
    r"|as(?= (?:the|it|he|she|they|no|this|past)\b)) |[;:,] "
)
_VERB = re.compile(
    r"\b(?:is|are|was|has|have|can|cannot|may|must|will|does|do|did|should|could)\b"
    r"|\w \w{3,}(?<!s)s\b"
)
_LACKS = re.compile(r"\b(?:without|lacks?|fails? to)\b")
_SAME = {
    stem(word): number
    for number, line in enumerate(
        (
            "violate infringe contravene breach breached break broke broken offend transgress",
            "bind binding bound enforce enforceable",
            "waive waiver waived forgo forgone",
            "permit permitted allow allowed",
        )
    )
    for word in line.split()
}
"""Words of one verdict."""
_NAMED = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")
LEAST_SHARED = 2
MOST_NEW = 1
"""Words of one of two clauses that neither the other nor the question has, where they share more
than ``LEAST_SHARED``."""
_LETTERS = 5
"""With which a word begins, when it is looked for in other sentences."""
_NO_HINTS = frozenset([word[:_LETTERS] for word in (*_SMALL, *COMMON)]) - {"secti", "artic"}
MOST_SENTENCES = 8
"""Of an answer that is looked at as a whole; of a longer one its beginning and its end are."""


class _Claim(NamedTuple):
    """A clause: whether it is denied, its telling words, and those that are said of its subject."""

    is_denied: bool
    content: frozenset[str | int]
    predicate: frozenset[str | int]
    has_pronoun: bool
    text: str


def claimed_and_denied(reading: Reading) -> Opposed | None:
    """A claim of the last step, or of the beginning, of which the answer says the opposite."""
    told, steps = reading.sentences, reading.draft.reasoning_steps
    if len(told) < 2:
        return None
    later, text = told[1:], reading.folded_answer
    if len(told) > MOST_SENTENCES:
        later = told[-CLOSING:]
        text = text[reading.draft.answer.rfind(later[0]) :]
    if steps:
        first = told[0].casefold()
        whole = text if len(told) <= MOST_SENTENCES else f"{first} {text}"
        if found := _denied(sentences(steps[-1])[-1], (told[0], *later), whole, reading):
            return Opposed(*found, of_step=True, is_sure=True)
    found = _denied(told[0], later, text[len(told[0]) :] if later == told[1:] else text, reading)
    return Opposed(*found, of_step=False, is_sure=True) if found else None


def _denied(
    begins: str, others: Sequence[str], whole: str, reading: Reading
) -> tuple[str, str] | None:
    """A sentence and the other one, if any, in which a clause denies one of it."""
    text = begins.casefold()
    said = text.replace(",", "").replace(".", "").split()
    hints = {word[:_LETTERS] for word in said if len(word) > 3 or word.isdigit()} - _NO_HINTS
    shared = [hint for hint in hints if hint in whole]
    if len(shared) < LEAST_SHARED:
        return None
    denied = {hint for hint in shared if _is_behind_denial(hint, text)}
    if not [1 for hint in shared if (hint in denied) != _is_behind_denial(hint, whole)]:
        return None
    claims: Sequence[_Claim] | None = None
    for each in others:
        other = each.casefold()
        both = [hint for hint in shared if hint in other]
        if len(both) < LEAST_SHARED:
            continue
        if not [1 for hint in both if (hint in denied) != _is_behind_denial(hint, other)]:
            continue
        claims = tuple(_claims(text)) if claims is None else claims
        if claims and _is_denied_in(claims, other, reading):
            return begins, each
    return None


def _is_behind_denial(hint: str, text: str) -> bool:
    """Whether a negation stands before a word that begins so, or within it."""
    at = text.find(hint)
    before = text[max(0, at - _REACH) : at]
    return "no" in before or "n't" in before or before[-2:] in _PREFIXES


_PREFIXES = frozenset({"un", "in", "im", "ir", "il"})
_REACH = 30
"""Characters behind a negation, in which stands what is denied."""


def _claims(sentence: str) -> Iterator[_Claim]:
    """The clauses of a sentence in small letters that claim something without conditions."""
    if _CONDITIONS.search(sentence):
        return
    text = LED_IN.sub(lambda led: led[0].rstrip(", ") + "; ", sentence, count=1)
    if HEAD.match(text) and text == sentence:
        return
    for piece in _PIECES.split(text):
        if _VERB.search(piece) and not OPEN.search(piece) and not _OF_ANOTHER.search(piece):
            yield from _claim(piece)


def _claim(piece: str) -> Iterator[_Claim]:
    """What a clause claims, where it has telling words and at most one negation."""
    denials = [found.span() for pattern in (DENIAL, _LACKS) for found in pattern.finditer(piece)]
    piece = _OF_ACT.sub("", piece)
    said = _IS.search(piece)
    within = said is not None and said["within"] is not None
    if within and said:
        piece = piece[: said.start("within")] + piece[said.end("within") :]
    content = [_key(word) for word in words(piece) if word not in _SMALL]
    if len(denials) + within > 1 or not content:
        return
    after = words(piece[denials[0][1] :]) if denials else ()
    predicate = [_key(word) for word in after if word not in _SMALL]
    if within and said:
        predicate = [_key(said["what"])]
    yield _Claim(
        bool(denials or within),
        frozenset(content),
        frozenset(predicate),
        PRONOUN.match(piece) is not None,
        piece,
    )


_CONTRARY = stems(words("avoid escape exempt excuse prevent refuse release free relieve discharge"))
"""What turns the sense of a clause that has it."""


_OF_ACT = re.compile(r" of (?:the )?(?:[\w'\u2019]+ ){1,6}?act(?: \d{4})?\b")
"""Of which Act a section is."""


@lru_cache(maxsize=4_000)
def _key(word: str) -> str | int:
    same = stem(word)
    return _SAME.get(same, same)


def _is_denied_in(claims: Sequence[_Claim], text: str, reading: Reading) -> bool:
    asked = _asked(reading.draft.question)
    return any(
        _are_opposed(claim, other, asked, reading.draft.question)
        for other in _claims(text)
        for claim in claims
    )


@lru_cache(maxsize=4)
def _asked(question: str) -> frozenset[str | int]:
    return frozenset([_key(_WITHIN.sub("", word)) for word in words(question)])


def _are_opposed(one: _Claim, other: _Claim, asked: Set[str | int], question: str) -> bool:
    """Whether two claims are the same but for a negation and for words of the question."""
    if one.is_denied == other.is_denied or are_apart(one.text, other.text):
        return False
    denied, claimed = (one, other) if one.is_denied else (other, one)
    if not denied.predicate & claimed.content or denied.predicate - claimed.content - asked:
        return False
    shared, new = one.content & other.content, one.content ^ other.content
    if new & _CONTRARY or _are_of_two(one, other, question):
        return False
    if len(shared) < LEAST_SHARED:
        return (one.has_pronoun or other.has_pronoun) and new <= asked and not shared <= asked
    most = MOST_NEW if len(shared) > LEAST_SHARED else 0
    within = one.content <= other.content or other.content <= one.content
    return within or len(new - asked) <= most


def _are_of_two(one: _Claim, other: _Claim, question: str) -> bool:
    """Whether two claims have names of the question that the other has not."""
    names = {_key(name.casefold()) for name in _NAMED.findall(question)}
    return (
        bool(names)
        and bool(names & one.content - other.content)
        and bool(names & other.content - one.content)
    )
