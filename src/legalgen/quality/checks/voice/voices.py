"""Who speaks: a lawyer, or somebody who tells a tale or of himself.

Personae are invented without end, and have their words in common: how they call those who listen,
sigh and take their leave. Who tells of his own life says ``I`` and ``my`` in every sentence, which
a lawyer who gives his opinion does once or twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from legalgen.quality.checks.voice.plain import unquoted
from legalgen.quality.reading import Finding, Reading, excerpt
from legalgen.quality.wordlists import word_list

_TELLING, _TELLING_TOO = word_list("storytelling"), word_list("storytelling_too")
SOME_TALES, MANY_TALES = 2, 3
"""So many different words of a storyteller, of which the question has none, are flagged or refused.
350 good answers have at most one; three others of a kind count as one."""
OTHERS = 3

_SAYING = frozenset({"i", "me", "my", "mine", "myself", "i'm", "i've", "i'd", "i'll"})
_MYSELF = re.compile(
    r"[IMm](?<![\w.'\u2019-].)"
    r"(?:(?<=I)(?:'(?:m|ve|d|ll)| (?!(?:of|to|and|or|in|is|v)\b)[a-z])"
    r"|(?<=[Mm])(?:e|y|ine|yself)\b)"
)
"""``I`` before a word, and its other forms; not the number of an article or a king."""
_OPINION = re.compile(
    r"\s?(?:would|think|believe|doubt|submit|suggest|consider|view|opinion|assume|have assumed"
    r"|am (?:sorry|afraid)|regret|apologi[sz]e)"
)
_CAPITALISED = re.compile(r"\b([A-Z][\w'.]*)\s\Z")
_BEFORE_I = word_list("before_i")
_SINGLE = re.compile(r"(?<!\w)'[^'\n]{1,300}'(?!\w)")
SOME_SELF, MUCH_SELF = 3, 5
"""How often somebody speaks of himself, opinions aside, from which that is flagged or refused. In
350 good answers he does so twice at the most."""
SELF_SHARE = 0.03
"""Of all words, below which a long answer may do so."""
OF_ADVISERS = 2
"""So much oftener an adviser may."""
_ADVISERS = frozenset({"advice", "conversational", "ethics"})
_DRAFTS = re.compile(r"\b(?:draft|letter|statement|speech|write|e-?mail|witness|memo)")
"""Where a question asks for a text in which somebody speaks."""


def voice(reading: Reading) -> Iterator[Finding]:
    """A teller of tales, and a writer who tells of himself."""
    if reading.is_dialogue:
        return
    vocabulary = reading.answer_vocabulary
    told = _TELLING & vocabulary
    if told and (told := told.difference(reading.question)):
        others = len((_TELLING_TOO & vocabulary).difference(reading.question))
        count = len(told) + others // OTHERS
        if count >= SOME_TALES:
            what = f"a storyteller's words ({', '.join(sorted(told))}) in answer"
            yield "ROLE_PLAY", what, "answer", count >= MANY_TALES
    if not _SAYING.isdisjoint(vocabulary):
        yield from _of_himself(reading)


def _of_himself(reading: Reading) -> Iterator[Finding]:
    text = unquoted(reading.draft.answer)
    text = _SINGLE.sub(" ", text) if " '" in text else text
    said = [each for each in _MYSELF.finditer(text) if _is_said(each)]
    advises = reading.task is None or reading.task.sample_type in _ADVISERS
    more = OF_ADVISERS * advises
    count = len(said)
    if said and (found := _of_his_life(text)):
        what, sure = found
        yield "ROLE_PLAY", f'"{what}" in answer', "answer", sure
        return
    if count < SOME_SELF + more or count < SELF_SHARE * reading.answer_words:
        return
    if _DRAFTS.search(reading.draft.question.lower()):
        return
    what = f'{count} words for himself in answer, as "{excerpt(text, said[0].start())}"'
    yield "ROLE_PLAY", what, "answer", count >= MUCH_SELF + more


_CAREER = re.compile(
    r"\b(?:(?:years|decades|winters|summers|(?:half )?a lifetime|a career) (?:i |of (?:practice"
    r"|sitting|this)\b|as an? |on the bench\b|at the bar\b|in (?:the |these )?(?:\w+ )?courts?\b)"
    r"|before i retired|speaking as (?:someone|one|an?)\b|as an old\b|since i was\b"
    r"|when i was (?:called|an?|young|at|still)\b|in my (?:years|time|days?|career|youth)\b"
    r"|i (?:was|have been|sat as|am) an? (?:old |retired |young )?(?:judge|barrister|solicitor"
    r"|advocate|magistrate|prosecutor|defender|clerk|professor|lawyer|attorney|notary)\b"
    r"|i (?:have )?spent (?:\w+ ){1,2}(?:years|decades|winters|lifetime))"
)
_ANECDOTE = re.compile(
    r"\b(?:once (?:told|asked|said to|stopped|taught) me|i learn(?:ed|t) (?:it|this|that|the law)"
    r" (?:as|when|from|at|the|in|on)|when i (?:sat|practi[sc]ed|prosecuted|defended|clerked|served"
    r"|taught|began|started)|let me take you back|my (?:late|old|dear|own) (?:\w+ )?(?:father"
    r"|mother|uncle|aunt|master|tutor|principal|teacher|boss|foreman|mentor|judge|grandfather"
    r"|grandmother)"
    r"|my (?:grandfather|grandmother|pupil-?master|mentor))\b"
)
_MEMORY = re.compile(
    r"\bi (?:(?:still|can|well|will|shall|often|never|vividly) )*(?:remember|recall|forget|think of"
    r"|lose sleep|learn(?:ed|t)|have (?:never )?(?:seen|stood|heard|refused|sat|lost|won|kept"
    r"|watched|known|argued|defended|spent|taught|forgotten))\b"
    r"|\b(?:used to say|once (?:told|asked|said to) me|taught me|stopped me|said to me|told me"
    r"|asked me|knows me|fired me|spoke to me|let me take you back|came before me"
    r"|across from my desk|(?:gripped|took|caught) my (?:arm|hand|sleeve))\b"
)
_HIS_PEOPLE = re.compile(
    r"\bmy (?:\w+ )?(?:client|pupil|junior|clerk|mentor|grand(?:father|mother|pa|ma)|father|mother"
    r"|wife|husband|foreman|chambers|desk|room|wall|career|courtroom|colleague|knees|lunch|boss"
    r"|secretary|trainee|students?|sleeve|pupil-?master)\b"
)
_HIS_DEEDS = re.compile(
    r"\bi (?:\w+ )?(?:bought|poured|sat|stood|told|said|went|came|smiled|laughed|walked|ran|asked"
    r"|learn(?:ed|t)|lost|won|wept|began|left|met|saw|heard|gave|took|drove|read|wrote|opened"
    r"|closed)\b"
)
"""What somebody says of his career, his memories, his people and his deeds, in small letters. Of
800 good answers and 2,057 older rows none has two of these."""


def _of_his_life(text: str) -> tuple[str, bool] | None:
    """What he tells of his life, if two such things are there, and whether that is sure."""
    low = text.lower()
    career, memory, people, deed = (
        each.search(low) for each in (_CAREER, _MEMORY, _HIS_PEOPLE, _HIS_DEEDS)
    )
    anecdote = _ANECDOTE.search(low)
    if not (career or anecdote or (memory and (people or deed))):
        return None  # an adviser may say whom he has asked
    told = list[re.Match[str]]()
    for each in filter(None, (career, anecdote, memory, people, deed)):
        if all(each.end() <= one.start() or one.end() <= each.start() for one in told):
            told.append(each)
    sure = len(told) > 1 + (career is None and anecdote is None)
    return excerpt(low, told[0].start()), sure


def _is_said(found: re.Match[str]) -> bool:
    """Whether somebody speaks of himself; not of an article of that number, and no opinion."""
    is_i = found[0][0] == "I"
    before = _CAPITALISED.search(found.string, max(0, found.start() - 24), found.start())
    if is_i and before and before[1] not in _BEFORE_I:
        return False
    return _OPINION.match(found.string, found.end() - is_i) is None
