"""A first or last word that gives effect to what has none: who takes under a revoked will.

A deed, a will, a contract or another thing that works by law is found void, or somebody revoked or
rescinded it, without conditions. A first or closing sentence in which somebody takes, owes or may
claim under it then decides the opposite, unless it is of another one, of a part or of what is given
back.
"""

from __future__ import annotations

import re

from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.opposites import (
    CLOSING,
    DENIAL,
    OPEN,
    Opposed,
    are_apart,
)
from legalgen.quality.reading import Reading

_THINGS = (
    "will|codicil|gift|legacy|contract|agreement|clause|term|lease|deed|order|notice|patent|mark"
    "|charge|trust|guarantee|promise|transfer|licence|resolution|option|mortgage|condition|bargain"
    "|undertaking|settlement|offer|permission|regulation|statute|decision"
)
_OWN = r"(?:the|this|that|his|her|its|their|a|an|[a-z]+['\u2019]s)"
_SO = r"(?:(?:therefore|thus|accordingly|hence|consequently|\w+ly) )?"
_IS_VOID = re.compile(
    rf"\b{_OWN} (?:\w+ )?(?P<thing>{_THINGS})(?: (?:of|to|in|made) [^,;]{{2,40}}?)? "
    rf"(?:(?:is|was|has been|stands) {_SO}(?:void|invalid|revoked|rescinded|annulled|quashed|null"
    r"|ineffective|unenforceable|of no (?:legal )?(?:effect|force)|a nullity|set aside|not valid"
    r"|not binding|not enforceable)|has (?:therefore |thus )?no (?:legal )?(?:effect|force)"
    r"|does not (?:bind|take effect))\b(?! (?:against|as (?:to|against)|so far|to the extent|for"
    r"|until|in part|under))"
)
_WAS_UNDONE = re.compile(
    r"\b(?:revoked|rescinded|annulled|avoided|quashed) (?:it"
    rf"|{_OWN} (?:\w+ )?(?P<thing>{_THINGS}))\b"
)
_VOID_WORDS = word_set(
    "void invalid revoked rescinded annulled quashed null ineffective unenforceable nullity avoided"
)
_VOID_PHRASES = (
    ("effect", "no effect"), ("effect", "no legal effect"), ("effect", "not take effect"),
    ("force", "no force"), ("force", "no legal force"), ("valid", "not valid"),
    ("binding", "not binding"), ("enforceable", "not enforceable"), ("bind", "not bind"),
    ("aside", "set aside"),
)  # fmt: skip
"""What such an answer has else, after a word of it."""
_VOID_HINTS = (
    "void", "invalid", "revoke", "rescind", "annul", "quash", "null", "ineffective",
    "unenforceable", "effect", "force", "not valid", "not binding", "aside", "not bind",
    "not enforceable", "avoided",
)  # fmt: skip
_THING = re.compile(rf"\b{_OWN} (?:\w+ )?(?P<thing>{_THINGS})\b")
_SUPPOSED = re.compile(
    r"\b(?:if|unless|would|could|might|whether|although|though|otherwise|argu\w+|contend\w*|says?"
    r"|submits?|provided|except|suppose\w*|instead|without|despite|apart from|intestacy|rest of"
    r"|back|return\w*|refund\w*|restitution|already|had)\b"
)
_GETS = re.compile(
    r"\b(?:takes?|inherits?|receives?|(?:is|are) (?:\w+ly |therefore )?(?:entitled|bound|obliged)"
    r"|(?:must|has to|have to) (?:pay|perform|hand|transfer|honour|deliver)"
    r"|(?:may|can) (?:therefore |accordingly )?(?:claim|enforce|recover|sue|keep|insist|demand"
    r"|rely)|owes?|goes to|passes to)\b"
)
_PIECES = re.compile(r", (?:and so|and therefore|so|and|but) |; ")
_SUES_ON_IT = re.compile(
    r"\b(?:may|can) (?:therefore |accordingly |still )?"
    r"(?:sue (?:up)?on|enforce|rely (?:up)?on|insist on) it\b"
)


def given_effect(reading: Reading) -> Opposed | None:
    """What was found void, and a first or closing sentence that has somebody take under it."""
    vocabulary, whole = reading.answer_vocabulary, reading.folded_answer
    if _VOID_WORDS.isdisjoint(vocabulary) and not [
        1 for word, phrase in _VOID_PHRASES if word in vocabulary and phrase in whole
    ]:
        return None
    told = reading.sentences
    deciding = [each for each in (told[0], *told[1:][-CLOSING:]) if _GETS.search(each.casefold())]
    if not deciding:
        return None
    found, before = list[tuple[str, str, str]](), ""
    for sentence in told:
        text = sentence.casefold()
        if any(map(text.__contains__, _VOID_HINTS)) and (void := _voided(text, before)):
            found.append((*void, sentence))
            if _SUES_ON_IT.search(text):
                return Opposed(sentence, sentence, of_step=False, is_sure=True)
        before = text
    for each in deciding if found else ():
        for thing, said, sentence in found:
            if sentence == each or are_apart(each, said):
                continue
            if _works(each.casefold(), thing):
                return Opposed(sentence, each, of_step=False, is_sure=True)
    return None


def _voided(text: str, before: str) -> tuple[str, str] | None:
    """What a sentence in small letters finds to be void, and how it says so."""
    for piece in _PIECES.split(text):
        if found := _IS_VOID.search(piece) or _WAS_UNDONE.search(piece):
            return _of_what(found, before) if not _SUPPOSED.search(piece) else None
    return None


def _of_what(found: re.Match[str], before: str) -> tuple[str, str] | None:
    text = found.string
    if OPEN.search(text) or DENIAL.search(text, 0, found.start()):
        return None
    if found["thing"]:
        return found["thing"], found[0]
    named = [match["thing"] for match in _THING.finditer(before)]
    if not named or _THING.search(text, 0, found.start()):
        return None  # one of them undid another
    return named[-1], found[0]


def _works(text: str, thing: str) -> bool:
    """Whether somebody takes or owes under a thing, by a sentence in small letters."""
    under = re.compile(
        r"\b(?:under|by|in|by virtue of|in accordance with|pursuant to|as|what)"
        rf" {_OWN} (?:\w+ )?{thing}\b"
    )
    pieces = [piece for piece in _PIECES.split(text) if not _SUPPOSED.search(piece)]
    pieces = [piece for piece in pieces if not DENIAL.search(piece)]
    return any(map(under.search, pieces)) and any(map(_GETS.search, pieces))
