"""Does what is left, or what makes a whole, follow from the amounts that were told before.

A sum that is called the difference, the rest or the total of others is had from these by adding
and taking away. Where a share, a rate or a tax may have changed it, nothing is said; nor of what
is rounded, or limited by a law.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from fractions import Fraction
from typing import NamedTuple

from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.amounts.figures import Figure, figures
from legalgen.quality.checks.amounts.sums import ANY_MONEY, COUNTS, amount_of, told_as
from legalgen.quality.reading import Finding, Reading, places
from legalgen.quality.wordlists import MONEY_SIGNS

MOST_OPERANDS = 6
"""So many different amounts reach nearly every other."""

_LINKS = (
    r"(?: (?:is|was|are|of|to|be|being|will|then|therefore|thus|only|her|him|it|them|you|us|with|a"
    r"|an|the|that|this|which|comes?|came|amounts?|amounted|in|worth|value|loss|difference|total"
    r"|sum|balance))*,? "
)
_BEFORE = re.compile(
    r"\b(?:leav(?:es?|ing)|left|remaining|remainder|rest|residue|balance|difference|shortfall|surplus"
    r"|excess|loss|total(?:s|ling)?|together|altogether|adds? up|adding up|mak(?:es?|ing))"
    rf"{_LINKS}\Z",
    re.I,
)
"""What stands before an amount that was worked out of others."""
_AFTER = re.compile(r" (?:in (?:all|total)|altogether|together|(?:is|are|was) left|left over)\b")
_CALLED = word_set(
    "leave leaves leaving left remaining remainder rest residue balance difference shortfall"
    " surplus excess loss total totals totalling together altogether add adds adding up make makes"
    " making all"
)
"""Words of which one stands before or after every such amount."""
_HINTS = (
    "eav", "remain", "rest", "residue", "balance", "differ", "shortfall", "surplus", "excess",
    "loss", "total", "ogether", "up ", "mak", "left",
)  # fmt: skip
"""Without one of these before it no amount is such, but for what stands after it."""
_SCALES = re.compile(
    r"%|\bper\b|\bper ?cent\b|\b(?:hal(?:f|ves|ved)|thirds?|quarters?|fifths?|tenths?|interest|each"
    r"|every|times|twice|doubl\w+|trebl\w+|tripl\w+|rates?|discount\w*|tax\w*|VAT|average|multipl\w+"
    r"|shares? of|(?:equal|one|a|his|her|their) shares?|proportion\w*"
    r"|(?:a|the|of|for) (?:day|week|month|year)|(?:day|week|month|year)s"
    r"|monthly|weekly|annual\w*|yearly|daily|hourly|equally|apportion\w*|pence|cents)\b",
    re.I,
)
"""What may have made an amount of others by more than adding and taking away."""
UNSURE = re.compile(
    r"\b(?:about|around|roughly|some|nearly|almost|approximately|capp?(?:ed)?|limit\w*|maximum"
    r"|minimum|at (?:most|least)|up to|more than|less than|threshold|exceed\w*|estimat\w+|say)\b",
    re.I,
)
_SUPPOSED = re.compile(r"\b(?:if|unless|might|suppos\w+)\b", re.I)
_ASKS = re.compile(
    r"\b(?:how much|what (?:sum|amount|is (?:\w+ ){0,3}?(?:loss|gain|profit|due|owed|payable|left"
    r"|returned|repaid|refunded|recovered|claimed|price|balance|claim|entitlement|award)"
    r"|(?:are|is) (?:the|his|her|its|their|your|my) \w+"
    r"|(?:can|may|must|will|does|do|should) (?:\w+ ){1,4}?(?:claim|recover|pay|repay|return|receive"
    r"|owe|get|keep|have)|remains|becomes of))\b",
    re.I,
)
_BY_LAW = re.compile(
    r"\b(?:fees?|fines?|costs?|limit\w*|threshold\w*|statut\w+|band|court|tribunal|standard|fixed"
    r"|award\w*|prescribed|scale|scheme|allowance|bereavement|penalt\w+|nominal|reasonable|just"
    r"|evidence|valu\w+|worth|offer\w*|agree\w*|settl\w+)\b",
    re.I,
)
"""What sets an amount that no other leads to."""
_KEEPS = frozenset(
    {"keep", "keeps", "kept", "retain", "retains", "retained", "withhold", "withheld"}
)
_KEPT = re.compile(
    rf"\b(?:keeps?|kept|retains?|retained|withholds?|withheld)"
    rf" (?:[a-z]+ ){{0,4}}?(?P<kept>{ANY_MONEY.pattern})"
    rf"[^.;{MONEY_SIGNS}]*(?P<back>{ANY_MONEY.pattern}) (?:out )?of (?:her|his|its|their|your|the) "
    rf"(?P<whole>{ANY_MONEY.pattern})"
)


class _Worked(NamedTuple):
    """An amount that is said to be worked out, the others of its sentence and those before it."""

    shown: str
    result: Fraction
    beside: frozenset[Fraction]
    known: frozenset[Fraction]
    sentence: str


def remainders(reading: Reading) -> Finding | None:
    """A rest or a total that no amounts of question and text lead to."""
    return _made_up_wrong(reading) or (_not_reached(reading) if _has_new(reading) else None)


def _not_reached(reading: Reading) -> Finding | None:
    if not _KEEPS.isdisjoint(reading.answer_vocabulary) and (found := _kept_wrong(reading)):
        return found
    for worked in _worked_out(reading):
        local = len(worked.beside) >= 2
        if not local and _SUPPOSED.search(worked.sentence):
            continue
        if is_reached(worked.result, worked.known) or len(worked.known) < 2:
            continue
        if local or not _SCALES.search(reading.whole):
            what = f'"{worked.shown}" in answer: no amounts of the text lead to it'
            return "ARITHMETIC", what, "answer", local
    return _only_result(reading)


_VERBS_OF_SUMS = ("make ", "add up", "total ", "come to", "amount to", "exhaust ")
_MAKE_UP = re.compile(
    r"\b(?:which|they|both|all|these|those|(?:these|those|the) (?P<n>(?a:two|three|four|five|six)))"
    r"(?: [a-z]+s)?(?: (?:between them|together|then|thus|therefore|in all|of them|just))*,?"
    r" (?:make(?: up)?|add up to|total|come to|amount to|exhaust)"
    r"(?: (?:the|a|his|her|its|their|whole|full|all|of|total|exactly|just))* \Z",
    re.I,
)
"""What stands between the parts and the whole that they are said to make."""
_WITH_MORE = re.compile(r",? (?:with|plus|including|after|before|when|once|less|on|an?|per)\b")


def _made_up_wrong(reading: Reading) -> Finding | None:
    """A sum of the parts that its sentence lists, or of so many in the sentence before."""
    answer = reading.draft.answer
    for whole in _amounts(answer):
        start, end = whole.span()
        near = answer[max(0, start - _LONGEST) : start]
        if not any(map(near.__contains__, _VERBS_OF_SUMS)) or _WITH_MORE.match(answer, end):
            continue
        said = _MAKE_UP.search(near)
        parts = _parts(answer[answer.rfind("\n", 0, start) + 1 : start], said, whole[0][0])
        if said is None or len(parts) < 2:
            continue
        sums = {sum(parts[at:], Fraction()) for at in range(len(parts) - 1)}
        result = amount_of(whole[0])[0]
        if not is_reached(result, set(parts)) and not is_reached(result, sums):
            exact = told_as(whole[0][0], sum(parts, Fraction()))
            return "ARITHMETIC", f'"{said[0]}{whole[0]}" in answer: it is {exact}', "answer", True
    return None


_LONGEST = 80
"""Characters before a sum in which the words stand that call it one."""


def _parts(told: str, said: re.Match[str] | None, sign: str) -> Sequence[Fraction]:
    """The amounts of the last sentence, or of the one before where it names their number."""
    earlier, _, sentence = told.rpartition(". ")
    count = COUNTS[said["n"].casefold()] if said and said["n"] else None
    if count and not any(map(sentence.__contains__, MONEY_SIGNS)):
        sentence = earlier.rpartition(". ")[2]
    if any(pattern.search(sentence) for pattern in (_SCALES, UNSURE, _SUPPOSED)):
        return ()
    parts = list(_amounts(sentence))
    if any(part[0][0] != sign for part in parts) or (count and len(parts) != count):
        return ()
    parts.sort(key=re.Match.start)
    return [amount_of(part[0])[0] for part in parts]


def _kept_wrong(reading: Reading) -> Finding | None:
    """``keeps £9,000, and she has £17,000 of her £24,000 back``."""
    for kept in _KEPT.finditer(reading.draft.answer):
        back, least = amount_of(kept["back"])
        exact = amount_of(kept["whole"])[0] - amount_of(kept["kept"])[0]
        if abs(back - exact) >= least and len(ANY_MONEY.findall(_around(kept))) == 3:
            what = f'"{kept[0]}" in answer: it is {told_as(kept["whole"][0], exact)}'
            return "ARITHMETIC", what, "answer", True
    return None


def _only_result(reading: Reading) -> Finding | None:
    """The one amount of steps and answer that the question has not, if it asks for an amount."""
    question, answer = reading.draft.question, reading.draft.answer
    given = _money(figures(question))
    new = _money(figures(answer) | figures(reading.steps_text)) - given
    if len(new) != 1 or len(given) < 2 or not _ASKS.search(question):
        return None
    ((sign, result),) = new
    known = {Fraction(each) for kind, each in given if kind == sign}
    if len(known) != len(given) or is_reached(Fraction(result), known):
        return None
    if _SCALES.search(reading.whole):
        return None
    for found in _amounts(answer):
        if found[0][0] == sign and amount_of(found[0])[0] == Fraction(result):
            sentence = _around(found)
            if any(what.search(sentence) for what in (UNSURE, _SUPPOSED, _BY_LAW)):
                return None
            shown = f'"{found[0]}" in answer: no amounts of the question lead to it'
            return "ARITHMETIC", shown, "answer", False
    return None


def _money(found: Set[Figure]) -> Set[Figure]:
    return {(kind, value) for kind, value in found if kind in MONEY_SIGNS}


def _has_new(reading: Reading) -> bool:
    """Whether the answer has an amount that the question has not."""
    new = figures(reading.draft.answer) - figures(reading.draft.question)
    return any(kind in MONEY_SIGNS for kind, _ in new)


def _around(found: re.Match[str]) -> str:
    """The sentence of a match."""
    text = found.string
    begin = max(text.rfind(". ", 0, found.start()), text.rfind("\n", 0, found.start())) + 1
    end = text.find(". ", found.end())
    return text[begin : end if end > 0 else None].partition("\n")[0]


def _worked_out(reading: Reading) -> Iterator[_Worked]:
    """The amounts of the answer that are called a rest or a total, and are not the question's."""
    answer = reading.draft.answer
    if _CALLED.isdisjoint(reading.answer_vocabulary):
        return
    for found in _amounts(answer):
        start, end = found.span()
        before = answer[max(0, start - 60) : start].rpartition(". ")[2]
        if not _AFTER.match(answer, end) and not (
            any(map(before.__contains__, _HINTS)) and _BEFORE.search(before)
        ):
            continue
        sign, result = found[0][0], amount_of(found[0])[0]
        given, sentence = amounts_of(reading.draft.question, sign), _around(found)
        strange = any(other in sentence for other in MONEY_SIGNS if other != sign)
        if result in given or strange or UNSURE.search(sentence) or _SCALES.search(sentence):
            continue
        beside = amounts_of(sentence, sign) - {result}
        if sum(amount_of(each[0])[0] for each in _amounts(sentence)) == 2 * result:
            continue  # of parts that are alike, too
        earlier = amounts_of(answer[:start], sign) | amounts_of(reading.steps_text, sign)
        yield _Worked(found[0], result, beside, (given | earlier | beside) - {result}, sentence)


def _amounts(text: str) -> Iterator[re.Match[str]]:
    """The amounts of a text, which are found by their signs."""
    for sign in MONEY_SIGNS:
        if sign in text:
            yield from filter(None, (ANY_MONEY.match(text, at) for at in places(sign, text)))


def amounts_of(text: str, sign: str) -> frozenset[Fraction]:
    """The amounts of a text in a currency."""
    return frozenset(amount_of(found[0])[0] for found in _amounts(text) if found[0][0] == sign)


def is_reached(result: Fraction, known: Set[Fraction]) -> bool:
    """Whether an amount is had from others by adding some and taking others away."""
    if len(known) > MOST_OPERANDS:
        return True
    reached: Set[Fraction] = {Fraction(0)}
    for each in known:
        reached = {one + more for one in reached for more in (-each, Fraction(0), each)}
    close = max(Fraction(1), result / 1000)
    return any(abs(one - result) < close for one in reached)


def strange_operand(reading: Reading) -> tuple[str, Sequence[Fraction]] | None:
    """An amount of a difference or a total that is nowhere given, where a given one is untold."""
    answer, question = reading.draft.answer, reading.draft.question
    silent = figures(question) - figures(answer) - figures(reading.steps_text)
    if not any(kind in MONEY_SIGNS for kind, _ in silent) or not _has_new(reading):
        return None
    for worked in _worked_out(reading):
        sign = worked.shown[0]
        given = amounts_of(question, sign)
        untold = sorted(given - amounts_of(f"{reading.steps_text}\n{answer}", sign))
        if len(worked.beside) != 2 or not untold or _SUPPOSED.search(worked.sentence):
            continue
        strange = [each for each in worked.beside if not is_reached(each, given)]
        if len(strange) == 1 and worked.beside & given and not _SCALES.search(reading.whole):
            return told_as(sign, strange[0]), untold
    return None
