"""Does it answer, and does it agree with itself: hedges, topic, yes and no, repetition.

Everything here is read from the words alone, so a check says something only where it is plain;
what needs a reader (whether the law is right, whether a conclusion follows) is a judge's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import TypeAlias

from legalgen.errors.plurals import plural
from legalgen.law.citations import folded
from legalgen.law.citations.pieces import any_of
from legalgen.law.taxonomy import Taxonomy
from legalgen.quality.checks.amounts.figures import NUMBERS
from legalgen.quality.checks.asked import bare_figures, no_forum, no_sum, only_asks
from legalgen.quality.checks.declining import declines
from legalgen.quality.checks.denials import claimed_and_denied
from legalgen.quality.checks.emptiness import empty, empty_steps, question_again
from legalgen.quality.checks.endings import ends_otherwise
from legalgen.quality.checks.opposites import are_apart, opposites, yes_and_no
from legalgen.quality.checks.other_question import answers_another, answers_another_part
from legalgen.quality.checks.restating import only_order, tell_the_question, tell_the_task
from legalgen.quality.checks.rewording import begins_again, reworded
from legalgen.quality.checks.unfinished import left_open, untreated
from legalgen.quality.checks.verdicts import against_itself, against_last_step, opposed, wrong_party
from legalgen.quality.checks.voided import given_effect
from legalgen.quality.reading import (
    Finding,
    Reading,
    excerpt,
    likeness,
    sentences,
    stem,
    stems,
    telling_words,
)
from legalgen.quality.wordlists import (
    word_list,
)
from legalgen.store.sample import words

# --- an answer that answers nothing ------------------------------------------------------------


def no_answer(reading: Reading) -> Iterator[Finding]:
    """Empty words where a rule should stand, nothing new, or not what is asked for."""
    if reading.is_dialogue:
        return
    yield from empty(reading)
    yield from declines(reading)
    yield from question_again(reading)
    what = _no_time(reading) or _untold(reading) or no_sum(reading)
    if what := what or only_asks(reading) or bare_figures(reading):
        yield "NO_ANSWER", what, "answer", False
    elif what := no_forum(reading):
        yield "NO_ANSWER", what, "answer", True
    elif left := untreated(reading):
        yield "NO_ANSWER", f'"{left[0]}" is announced and not dealt with', "answer", left[1]
    elif last := left_open(reading):
        yield "NO_ANSWER", f'"{excerpt(last, 0)}" ends the answer', "answer", False


_TIME_HINTS = (
    "ow long", "ow soon", "ow late", "ow much time", "hat time", "hat period", "y when", "til when",
    "deadline", "limit",
)  # fmt: skip
"""Without one of these no question asks for a time."""
_ASKS_TIME = re.compile(
    r"\b(?:how (?:long|soon|late)|(?:with)?in what (?:time|period)|by when|until when|how much time"
    r"|what (?:is |are )?(?:the )?(?:time[- ]limits?|deadlines?|limitation periods?))\b",
    re.I,
)
_GIVES_TIME = re.compile(
    r"\d|\b(?:days?|weeks?|fortnights?|months?|years?|hours?|minutes?|decades?|century|centuries)\b"
    r"|\b(?:immediate\w*|forthwith|prompt\w*|without (?:\w+ )?delay|reasonable|indefinite\w*"
    r"|perpetual\w*|for ever|forever|any time|as soon as|at once|for (?:the )?life|lifetime|until"
    r"|as long as|so long as|no (?:fixed|time|set|upper|general|such|statutory) (?:limit|period)"
    r"|no limit|unlimited|same day|on demand|at any stage|before|annually|weekly|monthly)\b",
    re.I,
)


def _no_time(reading: Reading) -> str:
    """What of a question for how long or by when is not answered: no time is in answer or steps."""
    question = reading.draft.question
    if not [hint for hint in _TIME_HINTS if hint in question]:
        return ""
    asked = _ASKS_TIME.search(question)
    if asked and not any(_GIVES_TIME.search(text) for _, text in reading.texts[1:]):
        return f'"{asked[0]}" is asked, and no time is given'
    return ""


_PROMISED = re.compile(r"\b(three|four|five) (?:[a-z-]+ ){0,3}?[a-z]+s\b")
_PROMISES = {"three": 3, "four": 4, "five": 5}
_ORDINALS = (
    ("first", "firstly"), ("second", "secondly"), ("third", "thirdly"), ("fourth", "fourthly"),
    ("fifth", "fifthly"),
)  # fmt: skip
_MORE = frozenset({
    "last", "lastly", "final", "finally", "remaining", "rest", "other", "others", "another", "next",
})  # fmt: skip


def _untold(reading: Reading) -> str:
    """What the answer promises a number of and then tells fewer of, one after another."""
    vocabulary = reading.answer_vocabulary
    if "second" not in vocabulary and "secondly" not in vocabulary:
        return ""
    if vocabulary.isdisjoint(_PROMISES) or not vocabulary.isdisjoint(_MORE):
        return ""
    promised = _PROMISED.search(reading.folded_answer)
    told = [not vocabulary.isdisjoint(each) for each in _ORDINALS]
    if promised is None or "second" not in reading.folded_answer[promised.end() :]:
        return ""
    if told[:2] == [True, True] and _PROMISES[promised[1]] > sum(told):
        counted = re.search(r"\(?\b[\db-e]\)|\n", reading.folded_answer[promised.end() :])
        return "" if counted else f'"{promised[0]}" are promised, and {sum(told)} are told'
    return ""


# --- another topic -----------------------------------------------------------------------------

LEAST_ASKED = 5
"""Different telling words of question and steps, below which nothing can be said."""

TopicKey: TypeAlias = tuple[str, str, str]
"""Jurisdiction, area and topic."""


def topics_of(taxonomy: Taxonomy) -> Mapping[TopicKey, frozenset[str]]:
    """The stems of the words of each topic: its area, name, subtopics and authorities."""
    return {
        (area.jurisdiction, area.id, leaf.id): stems(
            words(" ".join((area.name, leaf.name, *leaf.subtopics, *leaf.cites)))
        )
        for area in taxonomy.areas
        for leaf in area.topics
    }


def off_topic(reading: Reading) -> Iterator[Finding]:
    """An answer to another question, or question and answer on another topic.

    A good answer has words of its question and steps. One that has none of so many, or next to
    none, answers something else, even where it is of the same topic; where few are asked, it has
    words of the topic at least.
    """
    if reading.shares_words > MOST_SHARED:
        return
    asked = reading.question_stems | reading.step_stems
    if len(asked) < LEAST_ASKED:
        return
    if len(asked) >= MANY_ASKED:
        asked -= _names(reading.draft.question)
    answered, known = reading.answer_stems & (asked | reading.topic), bool(reading.topic)
    shared = len(answered & asked) + _shared_figures(reading)
    told = f"{plural(shared, 'word')} of the answer are in question or steps"
    about = len(answered & reading.topic)
    refused, flagged = _least_shares(len(asked), known=known)
    few = len(asked) >= ENOUGH_ASKED and shared <= flagged * len(asked)
    cited = _cited_for(reading)
    if few and cited < CITED_FOR:
        sure = len(asked) >= SURELY_ENOUGH or (known and about < 2)
        far = sure and shared <= refused * len(asked)
        far |= _is_beside_topic(reading, len(asked), shared, about, cited)
        part = answers_another_part(reading) if known and not far else None
        far |= part is not None and part[1]
        yield "OFF_TOPIC", f"{told}, of {len(asked)}", "answer", far
        return
    topic = reading.task.topic if reading.task else ""
    if _is_beside_topic(reading, len(asked), shared, about, cited):
        yield "OFF_TOPIC", f"{told}, {about} of {topic}, need some of each", "answer", True
        return
    if not known:
        return
    lacks = shared <= ONE_IN_FOUR * len(asked) and cited < CITED_FOR
    other = answers_another(reading, _names(reading.draft.question)) if lacks else None
    part = answers_another_part(reading)
    if part and part[1]:
        yield "OFF_TOPIC", part[0], "answer", True
    elif found := other or part:
        none = shared == about == cited == 0 and len(reading.answer) >= CONCISE
        yield "OFF_TOPIC", found[0], "answer", found[1] or none
    elif reading.shares_words <= FEW_SHARED:
        yield from _few_of_topic(reading, asked, shared, about, cited)


def _few_of_topic(
    reading: Reading, asked: frozenset[str], shared: int, about: int, cited: int
) -> Iterator[Finding]:
    """Next to no word of the question and of its topic, or a question that has none of it."""
    topic = reading.task.topic if reading.task else ""
    told = f"{plural(shared, 'word')} of the answer are in question or steps"
    few = shared + about <= FEW_SHARED and not (about and _is_short_and_cites(reading))
    few = few and (shared < FEW_SHARED or not cited)
    if (few or not shared) and cited < CITED_FOR:
        what = f"{told}, {about} of {topic}, need some of each"
        far = shared == 0 and about < 2 and not _cites_what_is_asked(reading)
        yield "OFF_TOPIC", what, "answer", far
    elif not about and asked.isdisjoint(reading.topic):
        yield "OFF_TOPIC", f"no word is of {topic}, need some", "question", False


def _cited_for(reading: Reading) -> int:
    """How many words of question and steps are in what is cited, and for what."""
    cited = [f"{each.text} {each.proposition}" for each in reading.draft.citations]
    asked = reading.question_stems | reading.step_stems
    return len(stems(words(" ".join(cited))) & asked)


def _cites_what_is_asked(reading: Reading) -> bool:
    """Whether a citation is of an Act or a case that the question names."""
    cited = stems(words(" ".join([each.text for each in reading.draft.citations])))
    return len(cited & reading.question_stems) > 1


SHORT = 120
"""Words; a shorter answer need not come back to what was asked."""


def _is_short_and_cites(reading: Reading) -> bool:
    """Whether a short answer has the section, year or number of a source that it cites."""
    cited = words(" ".join([each.text for each in reading.draft.citations]))
    figures = [word for word in cited if word[0].isdigit()]
    return len(reading.answer) < SHORT and not reading.answer_vocabulary.isdisjoint(figures)


def _names(question: str) -> frozenset[str]:
    """The stems of names in a question: an answer to another one may still be told of them."""
    return frozenset([stem(name.casefold()) for name in _NAME.findall(question)])


_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{3,}")


def _shared_figures(reading: Reading) -> int:
    """How many figures the answer takes over from the question; one may be chance."""
    numbers = [word for word in reading.question if word.isdecimal()]
    shared = len(reading.answer_vocabulary.intersection(numbers))
    return shared if shared > 1 else 0


def _least_shares(asked: int, *, known: bool) -> tuple[float, float]:
    """The shares of so many words up to which an answer is refused, and flagged."""
    if not known or asked < SURELY_ENOUGH:
        return NO_SHARE, SHARED_SHARE
    return next(shares for most, shares in LEAST_SHARES if asked < most)


def _is_beside_topic(reading: Reading, asked: int, shared: int, about: int, cited: int) -> bool:
    """Whether an answer has few words of the question and none of a topic of many words."""
    if len(reading.topic) < MANY_OF_TOPIC or asked < QUITE_ENOUGH:
        return False
    if len(reading.answer) < CONCISE or shared > min(FEW_SHARED, ONE_IN_FIVE * asked):
        return False
    if about and shared + about > FEW_SHARED:
        return False
    return shared + cited <= FEW_SHARED


CITED_FOR = 3
"""So many words of question and steps in what is cited say that the answer is of what was asked."""
FEW_SHARED = 2
"""Up to so many telling words in common are chance: few good answers have as few, and none has
none at all."""
MOST_SHARED = 6
"""As they stand; with more in common nobody looks closer."""
ENOUGH_ASKED = 8
SURELY_ENOUGH = 9
SHARED_SHARE = 0.08
NO_SHARE = 0.05
MANY_ASKED = 15
LEAST_SHARES = ((MANY_ASKED, (0.08, 0.09)), (22, (0.09, 0.1)), (1_000_000, (0.1, 0.14)))
"""Share of so many telling words of question and steps up to which an answer is refused or flagged:
the first pair where the topic is not known, else by their number. Of fewer than
``SURELY_ENOUGH`` a good answer may have none, if it has words of the topic instead. Of many, names
do not count. Of 242 good answers on known topics none has as few; of good answers that are
exchanged within a jurisdiction nine in ten, within an area seven in ten."""
ONE_IN_FOUR = 0.25
"""Up to this share it is looked for whether another question is answered."""
MANY_OF_TOPIC = 15
QUITE_ENOUGH = 11
ONE_IN_FIVE = 0.2
"""Up to this share, and with no word of such a topic or two of both, an answer is refused: of 320
good ones one was that had three words, and one of 44 words; of those exchanged within an area three
in ten are."""
CONCISE = 50
"""Words; a shorter answer may have only words of its own."""

LEAST_STEPPED = 8
"""Telling words of the steps, below which nothing can be said of them."""


def steps_off_topic(reading: Reading) -> Iterator[Finding]:
    """Steps that have at most one telling word of question and answer, or lead anywhere."""
    yield from empty_steps(reading)
    if len(reading.steps) < LEAST_STEPPED or reading.steps_lead(2):
        return
    steps = reading.step_stems
    shared = len(steps & (reading.answer_stems | reading.question_stems))
    if len(steps) >= LEAST_STEPPED and shared < 2:
        what = f"{shared} of {len(steps)} words of the steps are in question or answer"
        yield "STEPS_OFF_TOPIC", what, "reasoning_steps", True


# --- yes and no --------------------------------------------------------------------------------

_NOT = re.compile(
    r"\b(?:not|never|neither|nor|cannot|nobody|nothing|none|no longer)\b|n't\b|\bno (?!doubt"
    r"|matter)"
)
"""In folded text."""

_NEGATED = re.compile(  # in folded text
    r"(?<!/)\b(?:(?:is|are|was|were|be|does|do|did|has|have|had|can|could|must|will|would|need"
    r"|may(?! not (?:succeed|win|be able|be enough|have|suffice))"
    r"|should|ought) (?:therefore |thus |accordingly |also |then |still |not )?not|cannot"
    r"|[a-z]+n't)"
    r" (?P<rest>[^.;:,\n]{3,80})"
)

_SOFT = re.compile(
    r"(?:yet |of )?(?:only|merely|just|simply|necessarily|always|automatically|alone|by itself"
    r"|in itself|by themselves|solely|without more|in every|every|all|as such|per se|until|before"
    r"|even|much|so much|purely|conclusive|enough|need)\b",
    re.I,
)
"""What a negation may be of; then it decides nothing."""

_CONDITION = re.compile(
    r"\b(?:unless|except|if|provided|until|although|though|but|only|whether|where|however|when"
    r"|without|once)\b",
    re.I,
)

_ASIDE_CLAUSE = re.compile(
    r"\b(?:what|which|whom|whose|when|where|whether|if|unless|why|how)\b", re.I
)

_YES = re.compile(
    r"yes\b|(?:he|she|it|they|you|we|this|that|(?:an? |the )?[a-z]\w*(?: \w+){0,3}?)"
    r" (?:can|may|must|does|do|is|are|has|have|will|should|could|would|was|did)\s*(?:[.,;]"
    r"|because\b|$)",
    re.I,
)

_PRONOUN = re.compile(r"(?:yes, |no, )?(?:he|she|it|they|you|we|this|that)\b", re.I)

_MERELY = re.compile(r"\b(?:merely|only|just|alone|automatically|by itself|simply)\b", re.I)

_NECESSARY = re.compile(
    r"\b(?:must|needs? to|required?|requires|ha(?:s|ve) to|obliged|owes?|bound to)\b", re.I
)

_THEREFORE = re.compile(
    r"\b(?:therefore|thus|hence|accordingly|so|it follows|consequently)\b", re.I
)


_CONTRARY = re.compile(
    r"\b(?:avoid\w*|refus\w*|escap\w*|fail\w*|declin\w*|den(?:y|ies|ied)|prevent\w*|without)\b",
    re.I,
)
"""What makes a question ask for the opposite: its yes may be a step's no."""


def contradiction(reading: Reading) -> Iterator[Finding]:
    """The last step against the first sentence of the answer, where both decide yes or no."""
    if not reading.draft.reasoning_steps or reading.is_dialogue:
        return
    step, first = reading.draft.reasoning_steps[-1], reading.first_sentence
    alike = _is_denied(step) == _is_denied(first) and not first.startswith("No")
    if alike and not _is_denied(step):
        return
    denied = not alike and (_denies(step, first) or _denies(first, step) or _turned(step, first))
    denied = denied and not are_apart(step, first)
    denied |= not alike and _answers_otherwise(reading, step, first)
    if denied or (opposed(step, first) and not are_apart(step, first)):
        what = f'the last step says "{excerpt(step, 0)}", the answer "{excerpt(first, 0)}"'
        yield "CONTRADICTION", what, "answer", denied


def verdicts(reading: Reading) -> Iterator[Finding]:
    """Opposite verdicts in the answer, or of it and the last step; a winner who then loses."""
    if reading.is_dialogue:
        return
    if found := against_itself(reading):
        first, other = (excerpt(each, 0) for each in found)
        yield "CONTRADICTION", f'the answer says "{first}" and "{other}"', "answer", True
    elif found := wrong_party(reading) or against_last_step(reading):
        step, first = (excerpt(each, 0) for each in found)
        yield "CONTRADICTION", f'the last step says "{step}", the answer "{first}"', "answer", True
    elif apart := (
        opposites(reading)
        or ends_otherwise(reading)
        or claimed_and_denied(reading)
        or given_effect(reading)
    ):
        first, other = excerpt(apart.first, 0), excerpt(apart.second, 0)
        what = f'the answer says "{first}" and "{other}"'
        if apart.of_step:
            what = f'the last step says "{first}", the answer "{other}"'
        yield "CONTRADICTION", what, "answer", apart.is_sure
    elif both := yes_and_no(reading):
        yield "CONTRADICTION", f'the answer says yes and no at once: "{both}"', "answer", True


_NOT_HINTS = (
    " not",
    "n't",
    "no ",
    "nor ",
    "never",
    "cannot",
    "neither",
    "nobody",
    "nothing",
    "none",
    "No ",
    "Nobody",
    "Nothing",
    "None",
    "Neither",
    "Never",
)


def _is_denied(text: str) -> bool:
    return any(hint in text for hint in _NOT_HINTS) and _negates(text)


@lru_cache(maxsize=64)  # each of two sentences is asked for several times
def _negates(text: str) -> bool:
    return _NOT.search(folded(text)) is not None


def _denies(denying: str, asserting: str) -> bool:
    """Whether one sentence negates what the other asserts, in the other's own words."""
    if not _negates(denying) or _negates(asserting):
        return False
    said = stems(words(_CONDITION.split(asserting)[0]))
    loose = _PRONOUN.match(asserting) or _PRONOUN.match(denying)
    for before, subject, rest in _negations(denying):
        if len(said) >= 2 and said <= before | rest and not said.isdisjoint(rest):
            return True  # all that is asserted is what was denied
        if rest <= said and ((loose and len(rest) >= 2) or _is_one(subject, said - rest)):
            return True  # all that was denied is asserted, of the same subject
    return False


def _is_one(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether two subjects may be one: of the claims in contract and in tort each has its own."""
    return not left.isdisjoint(right) and (left <= right or right <= left)


_Stems: TypeAlias = frozenset[str]


def _negations(text: str) -> Iterator[tuple[_Stems, _Stems, _Stems]]:
    """Stems of what stands before each negation that decides, of its clause, of what it negates."""
    for sentence in sentences(text):
        for found in _NEGATED.finditer(folded(sentence)):
            before = sentence[: found.start()]
            clause = _CLAUSE.split(before)[-1]
            if _ASIDE_CLAUSE.search(clause) or _undecided(found["rest"]):
                continue
            if _is_of_subject(before, sentence[found.start("rest") :]):
                continue
            denied = stems(words(_JOINED.split(found["rest"])[0]))
            if denied:
                yield stems(words(before)), stems(words(clause)), denied


_JOINED = re.compile(r"\b(?:and|or|because|so|since|as|which|who|that|when|while)\b")

_FINITE = (
    r"(?:is|are|was|were|has|have|had|can|cannot|may|might|must|will|would|shall|should|does|do|did"
    r"|(?:become|remain|stay|take|lapse|fail|bind|fall|count|give|lose|bear|run|stand|owe|need|keep"
    r"|get|recover|pay|make|end|go|start|begin|come|belong|break|breache|infringe|commit|enjoy)s"
    r"|passes)\b"
)
_SAYS = r"(?:h[eo]ld|say|said|f[io]u?nd|show|mean|rul|decid|provid|requir|stat|argu|think|thought)"
_WITH_CLAUSE = re.compile(
    r"(?:(?:and|but|so|thus|therefore|hence|accordingly|consequently|here),? )?"
    r"(?:(?:if|where|when|unless|once|because|since|as|although|though)\b"
    r"|(?:an?|the|any|every|each|such|all|no|one|those|his|her|its|their|(?:any|some|every)\w+)\b"
    rf"(?: (?!{_FINITE}|{_SAYS})[\w'\u2019-]+){{0,6}}? (?:that|which|who|whom|whose|where|if|unless"
    r"|when)\b)",
    re.I,
)
"""How a sentence begins whose subject has a clause: "a clause that infringes the article"."""
_CLAUSE_ENDS = re.compile(
    r"[.;:]|,? (?:because|since|so|but|as|for|if|when|where|unless|while|once|that|which|who|what"
    r"|whether|how|whereas|although|though|until|after|before)\b"
    r"|, and |,? and (?:the|an?|it|he|she|they|we|you|this|that|his|her|its|their|no)\b"
)
_ITS_VERB = re.compile(rf"\b{_FINITE}")


def _is_of_subject(before: str, after: str) -> bool:
    """Whether a negation stands in a clause of the subject, whose own verb comes after it.

    "A clause that is not exempted is void" denies nothing of the clause.
    """
    if not _WITH_CLAUSE.match(before):
        return False
    return _ITS_VERB.search(_CLAUSE_ENDS.split(after, maxsplit=1)[0]) is not None


_CLAUSE = re.compile(r"[,;:]| and | so ")


def _undecided(rest: str) -> bool:
    """Whether a negation is of a mere degree or of too much, or has a condition."""
    return any((_SOFT.match(rest), _CONDITION.search(rest), _TOO_MUCH.search(rest)))


_TOO_MUCH = re.compile(r"\b(?:both|more than|all of|the (?:whole|full|entire|same))\b", re.I)


def _answers_otherwise(reading: Reading, step: str, first: str) -> bool:
    """Whether the step answers the question with no and the answer with yes, or the reverse."""
    question = sentences(reading.draft.question)[-1:]
    if not question or _negates(question[0]) or _CONTRARY.search(question[0]):
        return False
    asked = stems(words(question[0]))
    if _YES.match(first) and not _negates(first):
        return _needs_none(step, question[0], asked) or any(
            len(denied & asked) >= 0.6 * len(denied) for denied in _denied(step, question[0])
        )
    if not re.match(r"no\b", first, re.I) or _negates(step) or not _THEREFORE.search(step):
        return False
    said = stems(words(step))
    if len(said & asked) >= 3 and len(said & asked) >= 0.6 * len(said):
        return True
    return bool(
        _NECESSARY.search(step)
        and re.match(r"(?:so )?(?:must|need|does .* (?:have|need) to)\b", question[0], re.I)
    )


_NO_NEED = re.compile(
    r"\bno (?P<what>[a-z][\w -]{2,40}?) (?:is|are) (?:needed|required|necessary|owed|due)\b", re.I
)
_MUST = re.compile(r"\b(?:must|needs?|ha(?:s|ve) to|required|obliged|owes?)\b", re.I)


_OF_SOMETHING_ELSE = re.compile(
    r"\b(?:would|could|might|argu\w+|contend\w*|says?|submit\w*|claims? that|unlike|rather|even"
    r"|some|every|all|any|each|such|another|other|while|whereas|nor|no|yet|but for|so far|usually"
    r"|generally|normally|ordinarily)\b",
    re.I,
)
"""What makes a sentence one of what is said, of other cases or of most."""
LEAST_SHARED = 2
"""Telling words of two sentences of one thing; one may name whom the other has as she."""
_OF_A_PERSON = re.compile(
    r"(?:(?:so|therefore|thus|hence),? )?(?:he|she|they|his|her|their)\b", re.I
)


_GOES_AHEAD = re.compile(
    r"\b(?:can|may(?!(?: not)? (?:succeed|win))|will)(?P<not>not| not)? (?:\w+ ){0,2}?"
    r"(?:proceed|succeed|bring|be brought|pursue"
    r"|be pursued|claim|sue|continue|go ahead|win|make|be made)\b"
)


_WAYS = ("can", "may", "will")


def _turned(step: str, first: str) -> bool:
    """Whether two plain sentences of the same words say that it can, and cannot, go ahead."""
    if not all(any(way in text for way in _WAYS) for text in (step, first)):
        return False
    ways = [list(_GOES_AHEAD.finditer(text)) for text in (step, first)]
    if [len(each) for each in ways] != [1, 1] or bool(ways[0][0]["not"]) == bool(ways[1][0]["not"]):
        return False
    if any(_CONDITION.search(text) or _OF_SOMETHING_ELSE.search(text) for text in (step, first)):
        return False
    said, other = (_but(way) for (way,) in ways)
    if len(said & other) < LEAST_SHARED or (said - other and other - said):
        return False
    (way,), shorter = (ways[0], first) if said - other else (ways[1], step)
    more = said ^ other
    return not more or (
        more <= stems(words(way.string[: way.start()])) and _OF_A_PERSON.match(shorter) is not None
    )


def _but(way: re.Match[str]) -> frozenset[str]:
    """The stems of what a sentence says beside that it can go ahead."""
    text = way.string
    return stems(words(f"{text[: way.start()]} {text[way.end() :]}"))


def _needs_none(step: str, question: str, asked: frozenset[str]) -> bool:
    """Whether a step says that none is needed of what the question asks whether it must be."""
    needless = _NO_NEED.search(step)
    if needless is None or _CONDITION.search(step) or not _MUST.search(question):
        return False
    what = stems(words(needless["what"]))
    return bool(what) and what <= asked


def _denied(step: str, question: str) -> Iterator[frozenset[str]]:
    """What a step denies; of something mere only where the question asks for the mere thing."""
    for sentence in sentences(step):
        for found in _NEGATED.finditer(folded(sentence)):
            soft = _SOFT.match(found["rest"]) and not _MERELY.search(question)
            if (
                soft
                or _CONDITION.search(found["rest"])
                or _ASIDE_CLAUSE.search(sentence[: found.start()])
                or _is_of_subject(sentence[: found.start()], sentence[found.start("rest") :])
            ):
                continue
            denied = stems(words(_JOINED.split(found["rest"])[0]))
            if denied:
                yield denied


# --- steps and paragraphs that say nothing new -------------------------------------------------

_FRAME = word_list("framing")

RESTATED = 0.75
"""Share of a step's telling words that stand in the question, from which it says that again."""


def steps_restate(reading: Reading) -> Iterator[Finding]:
    """Steps that only say the question again."""
    steps = reading.draft.reasoning_steps
    if not steps:
        return
    if tell_the_task(reading):
        yield "STEPS_RESTATE", "the steps say what is to be written", "reasoning_steps", True
        return
    if only_order(reading):
        yield "STEPS_RESTATE", "the steps only order the work", "reasoning_steps", True
        return
    least = 4 if len(steps) == 1 else 2
    missed = 0  # steps that say something; one of three or more may
    for step in steps:
        missed += not _restates(step, reading.question_stems, least)
        if missed > (len(steps) >= 3):
            if tell_the_question(reading):
                what = "the steps tell the facts again and say what is to be asked"
                yield "STEPS_RESTATE", what, "reasoning_steps", True
            return
    what = f"{len(steps) - missed} of {len(steps)} steps only say the question again"
    yield "STEPS_RESTATE", what, "reasoning_steps", True


def _restates(step: str, asked: frozenset[str], least: int) -> bool:
    telling = stems(words(step)) - _FRAME
    return len(telling) >= least and len(telling & asked) >= RESTATED * len(telling)


ALIKE = 0.33
VERY_ALIKE = 0.4
"""Likeness (Jaccard) of the telling words from which three paragraphs, or two, say the same. In
good answers it was at most 0.15, in 51 long ones of an old dataset at most 0.38 once and 0.33."""
CLOSE = 0.12
"""The same of the words as they stand, below which nobody looks closer."""
LEAST_PARAGRAPH = 18
"""Words; what is shorter is a heading, or an item."""

_STATED_BEFORE = re.compile(
    r"as (?:already )?(?:stated|noted|mentioned|said|explained) (?:above|before|earlier)\b", re.I
)

_VERDICT = re.compile(
    r"(?:so,? )?(?:yes|no|not necessarily|not quite|perhaps|possibly"
    r"|the (?:upshot|short answer|answer|result|position) is"
    r"|you (?:may|might|should)|(?:he|she|they|it) (?:may|might)|not|probably|almost certainly"
    r"|most likely|(?:the )?chances are|it is (?:un)?likely|it is (?:very "
    r"|quite |most )?(?:doubtful"
    r"|possible|probable|improbable|unlikely)|(?:un)?likely|you (?:can|cannot|can't|may|probably"
    r"|will)"
    r"|(?:he|she|they|it) (?:can|cannot|can't|may|probably|will|does|is))\b(?! (?:matter|true"
    r"|worth))",
    re.I,
)


def paraphrase(reading: Reading) -> Iterator[Finding]:
    """Paragraphs or sentences that say the same again in other words."""
    yield from _sentences_again(reading)
    yield from reworded(reading)
    if "\n" not in reading.draft.answer or reading.is_dialogue:
        return
    lines = map(str.strip, reading.draft.answer.split("\n"))
    paragraphs = [line for line in lines if len(line.split()) >= LEAST_PARAGRAPH]
    if len(paragraphs) < 2:
        return
    again = sum(map(_begins_again, paragraphs))
    tokens = [telling_words(text) for text in paragraphs]
    close = any(likeness(left, right) >= CLOSE for left, right in combinations(tokens, 2))
    if not close and again < len(paragraphs):
        return
    telling = [stems(words(text)) for text in paragraphs]
    like = [likeness(left, right) for left, right in combinations(telling, 2)]
    alike = sum(share >= ALIKE for share in like)
    same = alike >= 2 or (len(paragraphs) == 2 and alike and max(like) >= VERY_ALIKE)
    anew = 3 <= again == len(paragraphs) and not _adds_names(paragraphs)
    if same or anew:
        what = (
            f"{len(paragraphs)} paragraphs say the same" if same else "each paragraph begins anew"
        )
        yield "PARAPHRASE", what, "answer", True
    elif max(like) >= VERY_ALIKE:
        yield "PARAPHRASE", f"two of {len(paragraphs)} paragraphs say the same", "answer", False


SAME_SENTENCE = 0.5
"""Likeness from which two sentences say the same. In 2,100 good and older answers, no two
sentences of an answer had an earlier one so like them."""
LEAST_TELLING = 3


def _sentences_again(reading: Reading) -> Iterator[Finding]:
    """Sentences that say an earlier one again."""
    if not reading.is_repetitive or reading.is_dialogue:
        return
    told = [(stems(words(each)), each) for each in reading.sentences]
    told = [each for each in told if len(each[0]) >= LEAST_TELLING]
    telling = [each for each, _ in told]
    again = sum(
        any(
            not each.isdisjoint(old) and likeness(each, old) >= SAME_SENTENCE
            and _own(sentence) <= _own(was)
            for old, was in told[:at]  # most share no word, which takes a third of the time to see
        )
        for at, (each, sentence) in enumerate(told)
    )  # fmt: skip
    if again >= 2:
        what = f"{again} of {plural(len(telling), 'sentence')} say an earlier one again"
        yield "PARAPHRASE", what, "answer", again >= 3 and again >= len(telling) / 2
    elif len(told) >= LEAST_SENTENCES:
        times = sum(map(len, telling)) / len(frozenset[str]().union(*telling))
        if times >= OFTEN and _novelty(told) < LITTLE_NEW:
            what = f"each telling word stands there {times:.1f} times, and later sentences add few"
            yield "PARAPHRASE", what, "answer", times >= SO_OFTEN


LEAST_SENTENCES = 4
LITTLE_NEW = 0.45
"""Mean share of new telling words in the sentences after the first, below which they say one thing;
in 229 good answers it was at least 0.5."""
OFTEN = 1.6
SO_OFTEN = 2.3
"""How often a telling word comes in the mean, from which that is flagged or refused. A list of
items with one thing in common has few new words as well, and each of them once, and one of the ways
in which an offer lapses has 1.9; of 2,057 older rows two are flagged."""


_OWN = re.compile(r"[\dA-Z](?:(?<=\d)(?:[\d.,]*\d)?|(?<=[\w,] [A-Z])[a-z]\w+)")
_OWN_NUMBER = re.compile(any_of(word for word in NUMBERS if word != "one") + r"\b")
"""Figures, names and numbers: a sentence that has others says no earlier one again, as in lists."""


def _own(sentence: str) -> frozenset[str]:
    return frozenset(_OWN.findall(sentence) + _OWN_NUMBER.findall(sentence))


def _novelty(told: Sequence[tuple[frozenset[str], str]]) -> float:
    """The mean share of new words; a sentence with new figures or names is all new."""
    (known, owned), *later = ((each, _own(sentence)) for each, sentence in told)
    shares = list[float]()
    for each, own in later:
        shares.append(len(each - known) / len(each) if own <= owned else 1.0)
        known, owned = known | each, owned | own
    return sum(shares) / len(shares)


def _adds_names(paragraphs: Sequence[str]) -> bool:
    """Whether each paragraph after the first has a name or figure that none before it has."""
    own = list(map(_own, paragraphs))
    return all(each.difference(*own[:at]) for at, each in enumerate(own) if at)


def _begins_again(paragraph: str) -> bool:
    """Whether a paragraph gives the result, as the first one of an answer does."""
    found = _VERDICT.match(paragraph) or _STATED_BEFORE.match(paragraph)
    return found is not None or begins_again(paragraph)
