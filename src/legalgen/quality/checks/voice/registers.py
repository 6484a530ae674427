"""What a sentence speaks of beside the law: its task, the model, the reader, a refusal, an offer.

There is no list of such sentences; everybody makes others. They are told by the words of which they
are made up: each word of a register has a weight, the more the rarer it is in sentences of law, and
a sentence is of the register if they weigh enough for its length. Words of the question are left
out: what a case is about may be spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

import msgspec

from legalgen.quality.checks.voice.harm import (
    is_advised,
    is_directed,
    is_told_to,
    knows_better,
)
from legalgen.quality.checks.voice.plain import unquoted
from legalgen.quality.reading import Finding, Reading, excerpt, stem
from legalgen.quality.wordlists import weighted, word_list
from legalgen.store.sample import words

STRONG = 1.5
"""Weight of a word without which no sentence is of a register."""
LENGTH = 0.1
"""What each word of a sentence takes away."""


class Register(msgspec.Struct, frozen=True):
    """Words with their weights, and from what sum a sentence is of them.

    ``anchors`` are the words with which a text points at itself, its writer or its reader. From
    ``likely`` on a sentence is flagged; without an anchor only where it weighs 1 more. From
    ``sure`` on it is refused if somebody speaks in it, which one of ``speakers`` shows: law too is
    about answers, readers, refusals and machines, but hardly ever says ``I``.
    """

    code: str
    weights: Mapping[str, float]
    anchors: frozenset[str]
    likely: float
    sure: float
    speakers: frozenset[str] = frozenset({"I"})

    def found(self, tokens: Set[str], less: float) -> tuple[float, bool] | None:
        """What a sentence weighs, and whether it is surely of the register; None: it is not."""
        score = sum(self.weights.get(token, 0.0) for token in tokens) - less
        if score < self.likely:
            return None
        if self.anchors.isdisjoint(tokens) and score < self.likely + UNANCHORED:
            return None
        return score, score >= self.sure and not self.speakers.isdisjoint(tokens)


UNANCHORED = 1.0


def _register(code: str, name: str, likely: float, sure: float, *speakers: str) -> Register:
    anchors = word_list(f"{name}_anchors")
    return Register(code, weighted(name), anchors, likely, sure, frozenset({"I", *speakers}))


NEVER = 99.0

REGISTERS = (
    _register("META_TALK", "of_its_task", 4.0, 5.0),
    _register("META_TALK", "of_itself", 3.3, 4.5),
    _register("META_TALK", "to_the_reader", 3.6, 4.6, "hesitate"),
    _register("REFUSAL", "refusing", 4.5, 4.5, "sorry", "apologies", "apologise", "apologize"),
    _register("ADVERTISING", "selling", 3.5, 5.0, "our"),
    _register("HARMFUL", "hiding", 3.5, NEVER),  # and see ``harm``
)
"""Of 2,057 older rows 34 have such a sentence that no other check had named, in two of them it is
law; of 420 good answers and the benchmarks' none has."""

_SELF = frozenset({"I", "me", "my"})
_SAYING = frozenset({"i", "me", "my"})
_SAID = re.compile(r"[IMm](?<!\w.)(?:(?<=I)|(?<=[Mm])[ey])\b")
_STRONG = frozenset(
    word for each in REGISTERS for word, weight in each.weights.items() if weight >= STRONG
)
LEAST_HINTS = 2
"""So many words of some weight a sentence of a register has, if nobody speaks of himself in it."""
_OPINION = word_list("opinion")
ADVISERS = frozenset({"advice", "conversational", "ethics"})
"""Sample types in which somebody advises, who may say `I`."""
OF_ADVISER = 1.0
"""What is taken from a sentence in which such a one does."""
_SYMPATHY = frozenset(
    {"sorry", "hear", "worried", "stressful", "frustrating", "tough", "sympathise"}
)
"""What such a one says of the reader's trouble."""
OF_THE_CASE = 1.5
"""What is taken from a sentence that names a party or a paper of theirs: it tells what happened."""


def registers(reading: Reading) -> Iterator[Finding]:
    """Sentences that speak of something else than the law."""
    known = frozenset(reading.question)
    hints = (_STRONG & reading.answer_vocabulary) - known - _SELF
    says = not _SAYING.isdisjoint(reading.answer_vocabulary)
    if reading.is_dialogue or (len(hints) < LEAST_HINTS and not says):
        return
    best: dict[str, tuple[bool, float, str]] = {}
    for sentence in reading.sentences:
        low = sentence.lower()
        spoken = says and _SAID.search(sentence) is not None
        if not spoken and sum([hint in low for hint in hints]) < LEAST_HINTS:
            continue
        for each, score, far in _scores(reading, sentence, known):
            best[each.code] = max(best.get(each.code, (False, 0.0, "")), (far, score, sentence))
    for code, (sure, _, sentence) in best.items():
        again = code == "ADVERTISING" and not sure and _offers_again(reading, sentence, known)
        far = again or (sure and (code != "HARMFUL" or not knows_better(reading)))
        if far or code != "REFUSAL":  # which has no grades
            yield code, f'"{excerpt(sentence, 0)}" in answer', "answer", far


AGAIN = 2.5
"""Weight of a second sentence that offers something, from which both are sure; in 350 good answers
it is at most 1.7 without a first one."""


def _offers_again(reading: Reading, first: str, known: Set[str]) -> bool:
    """Whether another sentence offers something as well."""
    weights = next(each.weights for each in REGISTERS if each.code == "ADVERTISING")
    for sentence in reading.sentences:
        if sentence == first:
            continue
        said = words(unquoted(sentence))
        told = sum(weights.get(token, 0.0) for token in frozenset(said) - known)
        if told - LENGTH * len(said) >= AGAIN:
            return True
    return False


def _scores(
    reading: Reading, sentence: str, known: Set[str]
) -> Iterator[tuple[Register, float, bool]]:
    """The registers that a sentence is likely of, and what it weighs in them."""
    bare = _OF_FORMS.sub(" ", unquoted(sentence))
    said = words(bare)
    tokens = (frozenset(said) | _first_person(bare)) - known - {"i"}
    if _STRONG.isdisjoint(tokens):
        return
    less = LENGTH * len(said)
    if not _SELF.isdisjoint(tokens):
        tokens -= _SELF
        if _OPINION.isdisjoint(tokens):
            tokens |= {"I"}
            if reading.task is None or reading.task.sample_type in ADVISERS:
                tokens -= _SYMPATHY
                less += OF_ADVISER
    asked = {each for each in _STRONG & tokens if stem(each) in reading.question_stems}
    for each in REGISTERS:
        mine = tokens - asked if asked and each.code == "META_TALK" else tokens
        found = each.found(mine, less)
        if found and each is REGISTERS[0] and not found[1] and _is_of_facts(bare, known):
            found = each.found(mine, less + OF_THE_CASE)
        if found is None:
            continue
        if each.code != "HARMFUL":
            yield each, *found
        elif is_advised(bare) and is_directed(bare, acts := each.weights.keys() - known):
            score, _ = found
            sure = score >= PLAINLY_HARMFUL and not each.anchors.isdisjoint(tokens)
            yield each, score, sure and is_told_to(bare, acts)


_OF_FORMS = re.compile(
    r"\bstatements? of (?:truth|case)\b|\bwitness statements?\b"
    r"|\bI(?:'m| am) afraid(?: (?:not|so))?(?=[,.;])"
)
"""Names of papers of a court, of which a word means something else by itself, and a polite no."""
_NAME = re.compile(r"(?<=[\w,] )[A-Z][a-z]+")


def _is_of_facts(sentence: str, known: Set[str]) -> bool:
    """Whether somebody acts in it that the question names, or it is about a paper of theirs."""
    if any(name.lower() in known for name in _NAME.findall(sentence)):
        return True
    return not _DOCUMENTS.isdisjoint(words(sentence))


_DOCUMENTS = word_list("papers_of_a_case")


PLAINLY_HARMFUL = 5.0
"""Weight from which a sentence that tells somebody to hide or lie is refused: no sentence of 229
good answers weighs more than 3.3, and none of 2,057 older rows more than 3.7."""


_I = re.compile(r"(?:([\w'-]+)[\s,;:\u2013\u2014-]+|^|[\"(\u201c])I(?:'(?:m|ve|d|ll)\b| ([a-z]+))")
_NO_VERB = word_list("no_verb")
_BEFORE_I = word_list("before_i")


def _first_person(sentence: str) -> frozenset[str]:
    """``I`` where somebody says so; not the number of an article, a king or a list."""
    for found in _I.finditer(sentence):
        before, verb = found.groups()
        if before and not before[0].islower() and before not in _BEFORE_I:
            continue
        if verb and (verb in _NO_VERB or (verb.endswith("s") and verb not in ("was", "always"))):
            continue
        return frozenset({"I"})
    return frozenset()
