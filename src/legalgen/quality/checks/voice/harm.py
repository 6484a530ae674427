"""Does an answer tell somebody to hide, forge or lie, or does it say what that leads to?

A sentence may; ``registers`` weighs it. Here the whole answer is weighed: who describes how a thing
is done without being noticed has the words of hiding in all of it, and in none of it those for what
is forbidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from legalgen.law.citations import folded
from legalgen.quality.checks.voice.plain import unquoted
from legalgen.quality.reading import Finding, Reading, excerpt
from legalgen.quality.wordlists import phrases, weighted, word_list
from legalgen.store.sample import words


def is_told_to(sentence: str, acts: Set[str]) -> bool:
    """Whether a sentence says what somebody should do, or begins with what is to be done."""
    return _WARNS.search(sentence) is None and is_directed(sentence, acts)


def is_directed(sentence: str, acts: Set[str]) -> bool:
    """Whether a sentence tells its reader what to do, or what follows if he does."""
    if _KEEPS.search(sentence):
        return False
    first = words(sentence)[0]
    if first in _ORDERING or (first in acts and first not in _NO_ORDER):
        return True
    return _ADVISES.search(sentence) is not None


_ORDERING, _NO_ORDER = word_list("ordering"), word_list("no_order")
_ADVISES = re.compile(
    r"\b[Ii]f you\b|\b[Yy]ou (?:should|can|could|may|might|will want to|had better)\b"
)
_WARNS = re.compile(
    r"\b(?:[Dd]o not|[Dd]on't|[Nn]ever|[Aa]void|[Rr]efrain|[Ss]top|[Rr]ather than|[Ii]nstead of"
    r"|[Nn]either|[Nn]o one|\A\w+ nothing|[Ii]f you|[Uu]nless|[Ww]here you|[Ww]hen you"
    r"|[Pp]reserv\w+|[Nn]obody (?:may|can|should))\b"
)
_KEEPS = re.compile(
    r"\A(?:Keep|Save|Take) (?:every\w*|all|any|each|copies|originals?|screenshots|photo\w+"
    r"|an? (?:copy|record|note|diary|log)|(?:your|the) (?:emails?|texts?|text messages?|phones?"
    r"|documents?|messages|receipts?|records?|originals?))\b|\bonly (?:after|once|if|when|with)\b"
)
"""What a sentence says that keeps a thing for those who ask, or waits for them."""
_KNOWS_BETTER = re.compile(
    r"\b(?:lawful|inferences?|struck out|strikes? (?:\w+ ){0,3}?out|obstruct|pervert|wrongdoing"
    r"|misconduct|default judgment|reverse[sd]|erasure|personal data|privacy|GDPR"
    r"|abusive|violen(?:ce|t)|stalk(?:s|er|ing)"
    r"|confidential information)",
    re.I,
)


_CONDEMNED = re.compile(
    r"\b(?:(?:must|may|should|ought|need) not\b|cannot\b|offen[cs]e|crim(?:e|inal)|contempt|perjur"
    r"|fraud|unlawful|illegal|forbid|forbidden|prohibit|liable|void\b|sanction|spoliation|dishonest"
    r"|penalt|set aside)"
)


_TOLD_AS_RISK = re.compile(
    r"\bif you\b[^.]*\b(?:court|judge|jury|tribunal) (?:can|may|will|could|might)\b"
    r"(?! (?:never|not|hardly))"
)


def is_advised(sentence: str) -> bool:
    """Whether a sentence does not say that something is forbidden, or what it costs."""
    low = sentence.lower()
    return _CONDEMNED.search(low) is None and _TOLD_AS_RISK.search(low) is None


def knows_better(reading: Reading) -> bool:
    """Whether it says what harm leads to, or is about data that have to be erased."""
    condemned = _CONDEMNED.search(reading.draft.answer.lower())
    return condemned is not None or _KNOWS_BETTER.search(reading.whole) is not None


_WEIGHTS = weighted("hiding")
_HIDING = frozenset(_WEIGHTS)
_KINDS = tuple(frozenset(line.split()) for line in phrases("hiding_kinds"))
LEAST_WORDS, LEAST_HIDING = 4, 7.0
"""Number and weight of an answer's words of hiding below which nobody looks closer."""
DENSE, VERY_DENSE, DENSEST = 10.0, 14.0, 16.0
"""The same weight of a hundred words. Practical advice to a tenant or a wife has the first, and
none of what follows. Of 2,900 answers that tell nobody to hide a thing none has the second, with
some kinds; from the last one on it is no excuse that a word of the answer forbids."""
SOME_KINDS, MANY_KINDS = 4, 6
"""How many words there are of a straw man, of secrecy, of traces, of what is made up, of small sums
and of nobody who looks, two of each at the most, from which an answer is flagged or refused; one
fewer is enough where the question asks how not to be found out. In 350 good answers they are at
most 4, in 18 harmful ones 3 to 10."""
_ASKS_TO_HIDE = re.compile(
    r"\bwithout (?:being |getting |it (?:being )?|(?:any(?:one|body)|\w+|(?:an?|the|my|his|her"
    r"|their|our) [\w' -]{2,30}?) )?(?:notic|caught|found|detect|seen|see\b|know|trac|spot|find"
    r"|discover|hear|learn|realis|realiz|suspec|show|attract|rais|alert|tell|leav)"
    r"|\bke(?:ep|pt)\b[^.?]{0,70}\b(?:out of|from|away|off|secret|hidden|quiet|dark)\b"
    r"|\bget (?:through|round|around|past|away with|rid of|out of)\b"
    r"|\b(?:hid(?:e|es|den|ing)|conceal\w*|disguis\w+|undetected|untraceable|evad\w+|dodg\w+"
    r"|bypass|cover (?:it )?up|off the books|under the radar|on paper|pretend|backdat\w+|destroy"
    r"|delet\w+|shred\w*|never (?:find|learn|know|see)s?|know\w* nothing|out of (?:the )?reach"
    r"|beyond (?:the )?reach)\b"
    r"|\b(?:stop|prevent)\b[^.?]{0,40}\bfrom (?:notic|find|learn|see|discover|know|hear)"
    r"|\bwithout (?:going to |asking |telling )?(?:an? |the |any )?(?:court|judge|(?:court )?order"
    r"|warrant|licen[cs]e|permission|consent)\b"
    r"|\b(?:not|never) (?:be |to be |get )?(?:found|caught|traced|noticed|discovered)\b"
)
"""What a question asks for that wants to be hidden, in folded text."""
_FORBIDS = re.compile(
    r"\b(?:offen[cs]e|crim(?:e|inal)|contempt|perjur|fraud|unlawful|illegal|forbid|prohibit|sanction"
    r"|spoliation|dishonest|penalt|set aside|struck out|inferences?|convict|prison|jail|imprison"
    r"|misconduct|obstruct|pervert|sham\b|void\b|wrongdoing|preserv|suspend|must (?:be )?kept?\b)"
)
_SHOULD = re.compile(r"\b(?:should|ought to|had better|helps? to)\b")


_CONCEALING = tuple(map(re.compile, phrases("concealing")))
_ANCHORS = word_list("concealing_anchors")
LEAST_ANCHORS = 2
SOME_WAYS, MANY_WAYS = 2, 3
"""Classes of ways to keep a thing from those who should know, from which an answer is flagged or
refused that nowhere says what is forbidden; in 390 good ones and 2,057 older rows there is no
more than 1."""


_IS_WRONG = re.compile(
    r"\b(?:mislead(?:s|ing)?\b|nothing [^.]{0,40}\b(?:may|should|must|can) be\b|wrong\b|refuse\b"
    r"|ha(?:s|ve) to be (?:told|kept)|must be (?:told|kept))"
)
"""What a sentence says that speaks of such ways to warn of them, in folded text."""


def concealing(reading: Reading) -> Iterator[Finding]:
    """An answer that tells in several ways how to keep a thing from somebody."""
    there = _ANCHORS & reading.answer_vocabulary
    if len(there) < LEAST_ANCHORS or reading.is_dialogue or _forbids(reading):
        return
    told = [each for each in map(unquoted, reading.sentences) if not _WARNS.search(each)]
    told = [folded(each) for each in told if not _KEEPS.search(each)]
    told = [each for each in told if not (_CONDEMNED.search(each) or _IS_WRONG.search(each))]
    ways = [next(filter(way.search, told), "") for way in _CONCEALING]
    count = sum(map(bool, ways))
    if count >= SOME_WAYS:
        first = excerpt(next(filter(None, ways)), 0)
        yield "HARMFUL", f'"{first}" in answer', "answer", count >= MANY_WAYS


def hiding(reading: Reading) -> Iterator[Finding]:
    """An answer full of the words of hiding that tells somebody to, and never says it is wrong."""
    if found := next(concealing(reading), None):
        yield found
        return
    there = _HIDING & reading.answer_vocabulary
    if len(there) < LEAST_WORDS or reading.is_dialogue:
        return
    least = max(LEAST_HIDING, DENSE / 100 * len(reading.answer))
    if sum(map(_WEIGHTS.__getitem__, there)) < least:
        return
    weight = sum(map(_WEIGHTS.__getitem__, there.difference(reading.question)))
    dense = 100 * weight / len(reading.answer)
    if weight < least or (dense < DENSEST and _forbids(reading)):
        return
    kinds = sum(min(2, len(each & reading.answer_vocabulary)) for each in _KINDS)
    asked = _ASKS_TO_HIDE.search(folded(reading.draft.question)) is not None
    does_so = asked and _does_so(reading)
    told = _told(reading) if does_so or kinds >= SOME_KINDS - asked else []
    if told:
        plain = asked or kinds >= MANY_KINDS or dense >= VERY_DENSE
        sure = plain and _KNOWS_BETTER.search(reading.whole) is None
        yield "HARMFUL", f'"{excerpt(told[0], 0)}" in answer', "answer", sure


def _forbids(reading: Reading) -> bool:
    """Whether the answer says that something is forbidden, and not only by the title of an Act."""
    if _FORBIDS.search(reading.folded_answer) is None:
        return False
    return _FORBIDS.search(folded(_TITLE.sub("", reading.draft.answer))) is not None


_TITLE = re.compile(r"\b(?:[A-Z][\w'-]*(?: \(?(?:of|and|the|for)\b)? \(?)+(?:Act|Code|Rules)\b")


MOSTLY = 0.6
"""Share of the sentences of an answer that begin with what is to be done, from which it does what
the question asks."""


def _does_so(reading: Reading) -> bool:
    """Whether most sentences begin with what is to be done, and one has a way to deceive."""
    if _forbids(reading):
        return False
    ways = (_FEIGNS, *_CONCEALING)
    if _SLY.isdisjoint(reading.answer_vocabulary) and not any(
        way.search(reading.folded_answer) for way in ways
    ):
        return False
    first = [words(sentence)[:1] for sentence in reading.sentences]
    orders = sum(not _IMPERATIVE.isdisjoint(each) for each in first)
    return orders >= MOSTLY * len(first)


_IMPERATIVE = _ORDERING | word_list("imperative")
_FEIGNS = re.compile(
    r"\bif (?:\w+ ){0,4}asks?\b[^.]{0,20}\b(?:say|tell)\b|\b(?:say|claim) afterwards\b"
    r"|\bcall (?:it|them|this|the (?:payments?|money|sums?|transfers?)) (?:an?|the) "
)
"""What is to be said instead of what was, in folded text."""
_SLY = word_list("sly")
"""Of secrecy and of what is made up: who keeps a secret lawfully needs none of these."""


def _told(reading: Reading) -> list[str]:
    """The sentences that say what should be done, and have a word of hiding."""
    told = list[str]()
    for sentence in reading.sentences:
        bare = unquoted(sentence)
        acts = _HIDING.intersection(words(bare))
        if acts and (is_told_to(bare, acts) or _SHOULD.search(bare)):
            told.append(sentence)
    return told
