"""One claim made and denied: ``past consideration is good consideration``, ``is no consideration``.

``opposites`` has families of verdicts. Here any clause of the last step, or of what the answer
begins or ends with, is looked for in the rest of the answer: a clause of the same telling words of
which one has a negation, before or within a word (``not valid``, ``invalid``), and the other none.
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
    DENIAL,
    HEAD,
    LED_IN,
    OPEN,
    PRONOUN,
    Opposed,
    are_apart,
)
from legalgen.quality.reading import COMMON, Reading, places, sentences, stem, stems
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
_WITHIN = re.compile(rf"(?:un|in|im|ir|il|dis|non)(?={_ADJECTIVES}\Z)")
"""A negation within a word."""
_IS = re.compile(
    r"\b(?:is|are|was|were|be|remains?|stands?)(?: not)?(?: \w+ly| therefore| thus| however)? "
    rf"(?P<within>un|in|im|ir|il|dis|non)?(?P<what>{_ADJECTIVES})\b"
)
"""An adjective that is said of a subject."""
_CONDITIONS = re.compile(
    r"\b(?:if|unless|would|whether|otherwise|provided|suppos\w*|but for|says?|said|submits?|wrote"
    r"|argu(?!ments?\b(?! that))\w+|contend\w*|claims? that|alleg\w+|suggest\w*|insist\w*"
    r"|den(?:y|ies|ied)|believ\w+|wrong\w*|mistak\w+)\b"
)
_OF_ANOTHER = re.compile(
    r"\b(?:might|although|though|except|impeach\w*|who|which|whose|like|to be|as a|were|been|than"
    r"|refus\w+|doubt\w*|treat\w*)\b"
)
"""What makes a clause one of something else, or of a part."""
_PIECES = re.compile(
    r",? (?:because|since|so that|that|and so|and|so|but|yet|even though|whenever"
    r"|as(?= (?:the|it|he|she|they|no|this|past)\b)) |[;:,] "
)
_VERB = re.compile(
    r"\b(?:is|are|was|has|have|can|cannot|may|must|will|does|do|did|should|could)\b"
    r"|\w \w{3,}(?:(?<!s)s|ed)\b"
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
_NAMED = re.compile(r"\b[A-Z][a-z]+")
LEAST_SHARED = 2
MOST_NEW = 1
"""Words of one of two clauses that neither the other nor the question has, where they share more
than ``LEAST_SHARED``."""
_LETTERS = 5
"""With which a word begins, when it is looked for in other sentences."""
_NO_HINTS = (_SMALL | COMMON) - {"section", "article"}
MOST_SENTENCES = 7
"""Of an answer whose beginning is compared with the rest of it."""


class _Claim(NamedTuple):
    """A clause: whether it is denied, its telling words, and those that are said of its subject.

    ``respect`` is for what it is claimed, None: wholly.
    """

    is_denied: bool
    content: frozenset[str | int]
    predicate: frozenset[str | int]
    respect: frozenset[str | int] | None
    has_pronoun: bool
    text: str


def claimed_and_denied(reading: Reading) -> Opposed | None:
    """A claim of the last step, the beginning or the end, and the opposite in the answer."""
    told, steps = reading.sentences, reading.draft.reasoning_steps
    if len(told) < 2:
        return None
    question, folds = reading.draft.question, [(told[0], told[0].casefold())]
    for step in sentences(steps[-1])[-1:] if steps else ():
        if denied := _denied(step.casefold(), folds, question):
            return Opposed(step, denied, of_step=True, is_sure=True)
    if len(told) > MOST_SENTENCES:
        return None
    later = [(each, each.casefold()) for each in told[1:]]
    if denied := _denied(folds[0][1], later, question):
        return Opposed(told[0], denied, of_step=False, is_sure=True)
    if denied := _denied(later[-1][1], later[:-1], question):
        return Opposed(denied, told[-1], of_step=False, is_sure=False)
    return None


def _denied(begins: str, others: Sequence[tuple[str, str]], question: str) -> str:
    """The sentence, if any, in which a clause denies one of the first, which is in small letters.

    Each comes as it stands and in small letters.
    """
    said = set(begins.replace(",", "").replace(".", "").split()) - _NO_HINTS
    hints = {word[:_LETTERS] for word in said}
    denied: Set[str] | None = None
    for each, text in others:
        both = [hint for hint in hints if hint in text]
        if len(both) < LEAST_SHARED:
            continue
        if denied is None:
            denied = {hint for hint in hints if _is_behind_denial(hint, begins)}
        if not [1 for hint in both if (hint in denied) != _is_behind_denial(hint, text)]:
            continue
        if (claims := tuple(_claims(begins, both))) and _is_denied_in(claims, text, both, question):
            return each
    return ""


def _is_behind_denial(hint: str, text: str) -> bool:
    """Whether a negation stands before a word that begins so, or within it."""
    for at in places(hint, text):
        before = text[max(0, at - _REACH) : at]
        if "no" in before or "n't" in before or before[-2:] in _PREFIXES:
            return True
    return False


_PREFIXES = frozenset({"un", "in", "im", "ir", "il", "is"})
_REACH = 20
"""Characters behind a negation, in which stands what is denied."""


def _claims(sentence: str, hints: Sequence[str]) -> Iterator[_Claim]:
    """The clauses of a sentence in small letters that claim something without conditions.

    They have some of the words, by which these begin, that the other sentence has.
    """
    if _CONDITIONS.search(sentence):
        # What is said of a thing behind a comma is no condition of it.
        sentence = sentence.partition(", which ")[0]
    if _CONDITIONS.search(sentence):
        return
    text = LED_IN.sub(lambda led: led[0].rstrip(", ") + "; ", sentence, count=1)
    if HEAD.match(text) and text == sentence:
        return
    for piece in _PIECES.split(text):
        if not any(map(piece.__contains__, hints)):
            continue
        core, narrowed, respect = piece.partition(" for ")
        if _VERB.search(core) and not OPEN.search(piece) and not _OF_ANOTHER.search(core):
            yield from _claim(core, _content(respect) if narrowed else None)


def _content(text: str) -> frozenset[str | int]:
    return frozenset([_key(word) for word in words(text) if word not in _SMALL])


def _claim(piece: str, respect: frozenset[str | int] | None) -> Iterator[_Claim]:
    """What a clause claims, where it has telling words and at most one negation."""
    piece = _OF_ACT.sub("", piece)
    denials = [found.span() for pattern in (DENIAL, _LACKS) for found in pattern.finditer(piece)]
    said = _IS.search(piece)
    within = said is not None and said["within"] is not None
    if within and said:
        piece = piece[: said.start("within")] + piece[said.end("within") :]
    content = _content(piece)
    if len(denials) + within > 1 or not content:
        return
    predicate = _content(piece[denials[0][1] :] if denials else "")
    if within and said:
        predicate = frozenset([_key(said["what"])])
    yield _Claim(
        bool(denials or within),
        content,
        predicate,
        respect,
        PRONOUN.match(piece) is not None,
        piece,
    )


_CONTRARY = stems(words("avoid escape exempt excuse prevent refuse release free relieve discharge"))
"""What turns the sense of a clause that has it."""


_OF_ACT = re.compile(r" of (?:the )?(?:[\w'\u2019]+ ){1,6}?act(?: \d{4})?\b")
"""Of which Act a section is."""


def _key(word: str) -> str | int:
    same = stem(word)
    return _SAME.get(same, same)


def _is_denied_in(claims: Sequence[_Claim], text: str, hints: Sequence[str], question: str) -> bool:
    return any(
        _are_opposed(claim, other, question)
        for other in _claims(text, hints)
        for claim in claims
        if claim.is_denied != other.is_denied
    )


@lru_cache(maxsize=4)
def _asked(question: str) -> frozenset[str | int]:
    return frozenset([_key(_WITHIN.sub("", word)) for word in words(question)])


def _are_opposed(one: _Claim, other: _Claim, question: str) -> bool:
    """Whether two claims are the same but for a negation and for words of the question."""
    denied, claimed = (one, other) if one.is_denied else (other, one)
    if not denied.predicate or not denied.predicate <= claimed.content:
        return False
    if _is_of_part(denied.respect, claimed.respect) or are_apart(one.text, other.text):
        return False
    asked = _asked(question)
    shared, new = one.content & other.content, one.content ^ other.content
    if new & _CONTRARY or _are_of_two(one, other, question):
        return False
    if len(shared) < LEAST_SHARED:
        short = min(len(one.content), len(other.content)) == 1
        return (
            (one.has_pronoun or other.has_pronoun)
            and new <= asked
            and (short or not shared <= asked)
        )
    most = MOST_NEW if len(shared) > LEAST_SHARED else 0
    within = one.content <= other.content or other.content <= one.content
    return within or len(new - asked) <= most


def _is_of_part(denied: frozenset[str | int] | None, claimed: frozenset[str | int] | None) -> bool:
    """Whether something is denied for one thing, and claimed wholly or for another one."""
    if denied is None:
        return False
    return claimed is None or bool(denied and claimed and not denied & claimed)


def _are_of_two(one: _Claim, other: _Claim, question: str) -> bool:
    """Whether two claims have names of the question that the other has not."""
    names = {_key(name.casefold()) for name in _NAMED.findall(question)}
    return (
        bool(names)
        and bool(names & one.content - other.content)
        and bool(names & other.content - one.content)
    )
