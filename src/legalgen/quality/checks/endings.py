"""The end of an answer against what the steps conclude, or what its first word decides.

``opposites`` compares verdicts of known families. Here a clause of the last step and one of the
closing sentences have the same telling words, and one of them is denied: "diversity is not
complete", "diversity between them is complete". And an answer that begins with "It may." decides
what the question asks, in the question's own words; a later clause that denies the same power or
duty of the same subject, with no word that the reader does not know, decides the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache

from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.again import Meanings, meanings
from legalgen.quality.checks.opposites import (
    BY_HINT,
    BY_NAME,
    CLOSING,
    DENIAL,
    HEAD,
    LED_IN,
    MAIN_ENDS,
    OPEN,
    PRONOUN,
    SUPPOSED,
    Opposed,
    are_apart,
    said_too,
)
from legalgen.quality.reading import Reading, sentences
from legalgen.store.sample import words

_PIECES = re.compile(
    r",? so that |, (?:and so|so|and therefore|and) |; |,? so (?!far\b|long\b|much\b|that\b)(?=\w)"
    r"| and (?=(?:the|an?|it|he|she|they|you|his|her|its|their|your|no|this|that|nobody|may|can"
    r"|cannot|must|need|needs|is|are|was|were|has|have|will)\b)"
    r"|, (?=(?:(?:the|his|her|its|their|this|that) )?\w+(?: \w+){0,3} (?:is|are|was|were)\b)"
)
_OF_FACTS = re.compile(
    r"\W*(?:on|in|for) (?:these|those|the|his|her|its|such) (?:facts|reasons?)\b"
)
_SINCE = re.compile(r" (?:after|before|with|on|by) [^,;]*\Z")
"""A clause of time at the end, which may tell no more than the question does."""
_TELLS_NOTHING = word_set(
    "right entitled allowed permitted power duty obliged obligation liberty bound free need"
    " needs needed required requirement necessary therefore thus hence accordingly"
    " consequently follows result however nevertheless nonetheless facts reason reasons"
    " conclusion short fully wholly clearly plainly may can cannot must has have after before"
)
_DEGREE = re.compile(
    r"\b(?:only|merely|just|solely|too|than|enough|yet|both|that|who|no longer|as \w+ as)\b"
)
_NEED = re.compile(r"\b(?:needs?|ha(?:s|ve) to|obliged|obligation|duty|required|necessary)\b")
_ABLE_WORD = re.compile(r"\b(?:may|can|entitled|free|power|right|liberty|allowed|permitted)\b")
LEAST_SHARED = 2


def ends_otherwise(reading: Reading) -> Opposed | None:
    """A closing sentence that denies what the last step, or the first word, decides."""
    told = reading.sentences
    if len(told) <= 1:
        return None
    closing = told[1:][-CLOSING:]
    steps = reading.draft.reasoning_steps
    if steps:
        tail = reading.folded_answer[reading.draft.answer.rfind(closing[0]) :]
        if _may_deny(steps[-1], tail) and (found := _denied_in(steps[-1], closing, reading)):
            return found
    return _against_first_word(reading, told)


# --- the last step, in its own words --------------------------------------------------------------


def _may_deny(concluded: str, tail: str) -> bool:
    """Whether a step has words of the end of an answer, and either has a negation."""
    one = concluded.casefold()
    shared = [word for word in one.split() if len(word) > SHORT and word in tail]
    return len(shared) >= LEAST_SHARED and (_has_denial(tail) or _has_denial(one))


def _denied_in(step: str, closing: Sequence[str], reading: Reading) -> Opposed | None:
    """The closing sentence, if any, in which a clause denies one of the step."""
    clauses = list(_clauses(sentences(step)[-1].casefold()))
    question = reading.draft.question
    for each in closing if clauses else ():
        for clause in _clauses(each.casefold()):
            if any(_is_denial(one, clause, question) for one in clauses):
                return Opposed(step, each, of_step=True, is_sure=True)
    return None


def _has_denial(text: str) -> bool:
    """Whether a negation may stand in a text of small letters."""
    return any(map(text.__contains__, _DENIALS))


_DENIALS = (" not", "no ", "n't", "never", "cannot", "neither", "nobody", "nothing", "none")
SHORT = 5
"""Letters of words that nobody looks for first."""


@lru_cache(maxsize=4)  # two sentences are compared with two
def _asked(question: str) -> Meanings:
    return meanings(question)


def _clauses(sentence: str) -> Iterator[str]:
    """The main clauses of a sentence in small letters; none where it is supposed or of a part."""
    text = LED_IN.sub("", sentence, count=1)
    if SUPPOSED.search(text) or (HEAD.match(text) and not _OF_FACTS.match(text)):
        return
    for piece in _PIECES.split(text):
        if piece:
            yield MAIN_ENDS.split(piece, maxsplit=1)[0]


def _is_denial(one: str, other: str, question: str) -> bool:
    """Whether two clauses say the same but for a negation and what the question has."""
    if len(DENIAL.findall(one)) + len(DENIAL.findall(other)) != 1:
        return False
    one, other = (_without_time(each, question) for each in (one, other))
    if OPEN.search(one) or OPEN.search(other) or are_apart(one, other):
        return False
    if _DEGREE.search(one) or _DEGREE.search(other):
        return False
    denied, asserted = (one, other) if DENIAL.search(one) else (other, one)
    if _NEED.search(denied) and _ABLE_WORD.search(asserted):
        return False  # what somebody may do he need not do
    left, right = _content(one), _content(other)
    if not (left <= right or right <= left) or len(left & right) < LEAST_SHARED:
        return False
    return (left ^ right) <= _asked(question)


def _content(clause: str) -> Meanings:
    return meanings(clause, but=_TELLS_NOTHING)


def _without_time(clause: str, question: str) -> str:
    """A clause without its last words of time, where the question has them."""
    found = _SINCE.search(clause)
    if found and OPEN.search(found[0]) and meanings(found[0]) <= _asked(question):
        return clause[: found.start()]
    return clause


# --- the first word -------------------------------------------------------------------------------

_FIRST_WORD = re.compile(
    r"\W*(?:i(?: a|['\u2019])m (?:afraid|sorry)(?: that)? )?(?:(?:yes|(?P<no>no))(?=\W*\Z|[,.;:])"
    r"|(?:he|she|it|they|you|we|this|that|there) (?:may|can|must|does|do|is|are|has|have|will"
    r"|should|was|were|did|(?P<cannot>cannot))(?P<not> not)?\b)(?P<rest>.*)"
)
LONGEST_FIRST = 45
"""Characters of a first sentence that is no more than a yes or a no."""
_MODAL = {
    word: re.compile(rf"\b(?:{modals.replace(' ', '|')})\b")
    for modals in (
        "may can cannot entitled free power right liberty allowed permitted able",
        "must need needs needed required obliged obligation duty necessary bound",
    )
    for word in modals.split()
}
"""A power or a duty, of which a question has a word."""
_OPEN_QUESTION = word_set("or not never without only if unless how what when which why")


def _against_first_word(reading: Reading, told: Sequence[str]) -> Opposed | None:
    first, later = told[0], told[2:][-CLOSING:]
    begun = _FIRST_WORD.match(first.casefold()) if later and len(first) <= LONGEST_FIRST else None
    if begun is None or not reading.draft.question.endswith("?"):
        return None
    given = words(sentences(reading.draft.question)[-1])
    if not _OPEN_QUESTION.isdisjoint(given) or SUPPOSED.search(begun["rest"]):
        return None
    rest = meanings(begun["rest"])
    if rest and not rest <= _asked(reading.draft.question):
        return None
    holds = not (begun["no"] or begun["cannot"] or begun["not"])
    modal = next((_MODAL[word] for word in given if word in _MODAL), None)
    wanted = _asked_for(given)
    for each in later:
        if modal and _denies_modal(each, modal, reading, holds=holds):
            return Opposed(first, each, of_step=False, is_sure=True)
        if wanted and _is_opposite(each, wanted, frozenset(given), holds=holds):
            return Opposed(first, each, of_step=False, is_sure=True)
    return None


def _denies_modal(sentence: str, modal: re.Pattern[str], reading: Reading, *, holds: bool) -> bool:
    """Whether a sentence denies the power or the duty for which the question asks."""
    text = sentence.casefold()
    if not modal.search(text) or (holds and not _has_denial(text)):
        return False
    for clause in _clauses(text):
        at = modal.search(clause)
        denials = len(DENIAL.findall(clause)) if at else 2
        if at is None or denials > 1 or (denials == 0) == holds:
            continue
        if OPEN.search(clause) or _DEGREE.search(clause):
            continue
        asked, said = _asked(reading.draft.question), _content(clause)
        if not _content(clause[: at.start()]) <= asked:
            continue
        if said - asked and not said <= asked | meanings(reading.sentences[1]):
            continue
        alone = clause.startswith("no ") or PRONOUN.match(clause) is not None
        if len(said & asked) >= LEAST_SHARED or (alone and said and said <= asked):
            return True
    return False


def _asked_for(question: Sequence[str]) -> Mapping[str, bool]:
    """The families of verdicts for which a question asks, and whether for the good or the bad."""
    return {
        name: match["yes"] is not None
        for hint in BY_HINT.keys() & question
        for name in BY_HINT[hint]
        if (match := BY_NAME[name].verb.fullmatch(f"is {hint}"))
    }


def _is_opposite(
    sentence: str, wanted: Mapping[str, bool], asked: Set[str], *, holds: bool
) -> bool:
    """Whether a sentence gives the opposite verdict of a family that the question asks for."""
    return any(
        said.holds != (wanted[name] == holds)
        and said.subject <= asked
        and said.rest <= asked
        and not said.is_narrowed
        for name, said in said_too(sentence, wanted).items()
    )
