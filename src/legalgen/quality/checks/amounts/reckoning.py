"""Do the amounts of an answer follow from those of its question, however it words the sums.

``sums`` works out what one sentence says; here is what stands further apart. A share that is said
to be an amount has to be that share of some amount. What a year brings has to bring as much in a
year and a half. And the sum that an answer begins with has to be reached from the amounts of the
question, by the shares, numbers and periods of the text, in a step or two. Amounts that a law sets
(a cap, a band, a fee) may stand among the operands, not those that the text itself works out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from fractions import Fraction
from itertools import combinations, islice, product

from legalgen.quality.checks.amounts.remainders import amounts_of, is_reached, remainders
from legalgen.quality.checks.amounts.sums import (
    COUNT_WORD,
    GIVES,
    MONEY,
    PORTION,
    SHARES,
    amount_of,
    number_of,
    portion_of,
    told_as,
)
from legalgen.quality.reading import Finding, Reading, places
from legalgen.quality.wordlists import MONEY_SIGNS

MOST_RESULTS = 12
"""So many of a text are worked out again."""
MOST_PRODUCTS = 400
"""Amounts times numbers, above which nothing is said."""
MOST_AMOUNTS = 8
"""So many different amounts reach nearly every sum, and nothing can be said."""


def reckoning(reading: Reading) -> Iterator[Finding]:
    """An amount that is no share of any other, too much for its time, or not to be reached."""
    reading = reading.signed
    question = reading.draft.question
    if not any(sign in question for sign in MONEY_SIGNS):
        return
    if not any(sign in reading.draft.answer for sign in MONEY_SIGNS):
        return
    found = (
        remainders(reading)
        or _no_share(reading)
        or _no_time(reading)
        or _unreached(reading)
        or _worked_out_wrong(reading)
    )
    if found:
        yield found


_GIVES_SHARE = ("is", "makes", "comes to", "amounts to", "means", "gives")
_WHICH = re.compile(
    rf"{PORTION}(?:,?(?: and)? (?P<which>which|that|this)"
    r"|(?: of (?:it|that|this|which|them|the (?:[a-z]+ )?[a-z]+))?)"
    rf" (?:{'|'.join(_GIVES_SHARE)}) (?:then |therefore |thus |only )?(?P<result>{MONEY})",
    re.I,
)
_OUT_OF = re.compile(
    rf"(?P<whole>{MONEY}),? (?:and )?of (?:which|that|this) (?:[a-z]+ ){{0,3}}\Z", re.I
)
"""What stands before a share of the amount right before it."""


_SHARES_BY_NAME = frozenset(
    [
        "cent",
        "percent",
        "half",
        "third",
        "thirds",
        "quarter",
        "quarters",
        "fifth",
        "fifths",
        "sixth",
        "eighth",
        "tenth",
    ]
)


_GIVEN = tuple(
    f" {verb} {so}" for verb in _GIVES_SHARE for so in ("", "then ", "therefore ", "thus ", "only ")
)


def _shared(text: str) -> Iterator[re.Match[str]]:
    """The matches of ``_WHICH``, which are looked for before what stands behind ``comes to``."""
    at = sorted(at for sign in MONEY_SIGNS for at in places(sign, text))
    for given in at:
        if text.endswith(_GIVEN, 0, given):
            found = _WHICH.search(text, max(0, given - _NEAR), given + _NEAR)
            if found is not None and found.start("result") == given:
                yield found


def _no_share(reading: Reading) -> Finding | None:
    """``twenty-five percent, which is $75,000``, where no amount has such a share.

    Nor do two together, or one less the other.
    """
    if "%" not in reading.whole and _SHARES_BY_NAME.isdisjoint(reading.vocabulary):
        return None
    for name, text in reading.texts[1:]:
        for said in islice(_shared(text), MOST_RESULTS):
            if said["percent"] and not said["which"] and "interest" in reading.whole:
                continue  # of a part of the year
            whole, (result, least) = _whole_before(said), amount_of(said["result"])
            if whole is None:
                right = _is_share(reading, said)
            else:
                close = max(least, result * _ROUNDED)
                right = abs(portion_of(said) * whole - result) < close
            if not right:
                what = f'"{said[0]}" in {name}: no amount has that share'
                return "ARITHMETIC", what, name, whole is not None
    return None


_ROUNDED = Fraction(1, 200)
"""How much of a share of an amount right before it may be left out: a third of £1m is £333,000."""
_NEAR = 60
"""Characters before an amount in which its share stands, and before that what it is of."""


def _whole_before(said: re.Match[str]) -> Fraction | None:
    """The amount right before a share, of which it is: ``£9,000, of which her half``."""
    at = said.start()
    whole = _OUT_OF.search(said.string, max(0, at - _NEAR), at)
    is_same = whole is not None and whole["whole"][0] == said["result"][0]
    return amount_of(whole["whole"])[0] if whole is not None and is_same else None


def _is_share(reading: Reading, said: re.Match[str]) -> bool:
    """Whether any amount of the sample has such a share, or what some add up to or leave."""
    share, (result, least) = portion_of(said), amount_of(said["result"])
    known = amounts_of(reading.whole, said["result"][0])
    if not known or len(known) > MOST_AMOUNTS or not share:
        return True
    if not said["which"] and is_reached(result / share, known):
        return True
    return any(abs(share * one - result) < least for one in known)


_YEARLY = r"(?:year|annual|annum|month|week|day|dail|quarter)[a-z]*"
_FOR_TIME = re.compile(
    rf"\b(?P<unit>{_YEARLY})\b[^.;\n]{{0,60}}?(?P<rate>{MONEY})"
    rf"[^.;\n{MONEY_SIGNS}]{{0,30}}?\b(?:for|over|in) "
    r"(?P<time>(?:(?:a|an|one) (?P<one>year|month|week|quarter) and a half|half a (?P<half>year"
    rf"|month)|(?P<count>\d{{1,3}}|{COUNT_WORD}(?:-{COUNT_WORD})?) (?P<many>years?|months?|weeks?"
    rf"|days?|quarters?)))[ ,](?:(?:it|that|this|they|which|the interest|the rent) )?"
    rf"(?:comes? to|is|are|makes?|amounts? to|gives?|totals?|adds? up to) (?P<result>{MONEY})",
    re.I,
)
"""``the yearly interest is £600, and for a year and a half it comes to £900``."""
_IN_A_YEAR = {
    "y": Fraction(1), "a": Fraction(1), "q": Fraction(4), "m": Fraction(12), "w": Fraction(52),
    "d": Fraction(365),
}  # fmt: skip
"""How many of a unit a year has, by its first letter."""


_EACH = frozenset(["yearly", "annual", "annum", "monthly", "quarterly", "year", "month", "quarter"])


def _no_time(reading: Reading) -> Finding | None:
    if _EACH.isdisjoint(reading.vocabulary) or "compound" in reading.whole:
        return None
    for name, text in reading.texts[1:]:
        if sum(map(text.count, MONEY_SIGNS)) < 2:
            continue
        for said in islice(_FOR_TIME.finditer(text), MOST_RESULTS):
            each, (result, least) = amount_of(said["rate"])[0], amount_of(said["result"])
            of = (said["one"] or said["half"] or said["many"])[0].casefold()
            count = number_of(said["count"]) if said["count"] else Fraction(3 if said["one"] else 1)
            length = count / (1 if said["count"] else 2) / _IN_A_YEAR[of]
            exact = each * length * _IN_A_YEAR[said["unit"][0].casefold()]
            if of in "wd" or abs(exact - result) < max(least, result / 100):
                continue  # weeks and days are counted in more than one way
            what = f'"{said[0]}" in {name}: it is {told_as(said["rate"][0], exact)}'
            return "ARITHMETIC", what, name, False
    return None


# --- the sum that is asked for -------------------------------------------------------------------

_ASKS_SUM = re.compile(
    r"\b(?:how much|what (?:sum|amount|payment|damages|judgment|tax|part|share|total|award"
    r"|interest|refund"
    r"|is (?:\w+ ){0,2}?(?:\w+ed|due|payable|the)|are|does|do|can|may|must|will)"
    r"|which (?:sum|amount)|calculate)\b",
    re.I,
)
_SET_BY_LAW = re.compile(
    r"\b(?:up to|capp?e?d?|limit\w*|exceed\w*|maximum|minimum|at (?:most|least)|threshold|band"
    r"|fee|fine|about|around|roughly|some|nearly|almost|approximately|over|under|between|statutory)\b",
    re.I,
)
_RECKONS = (
    "per cent", "percent", "%", "half", "third", "quarter", "fifth", "less", "deduct", "minus",
    "leaves", "reduc", "trebl", "tripl", "doubl", "interest", "differ", "times", "remain", "total",
    "balance", "addition", "plus",
)  # fmt: skip
"""Without one of these nothing is worked out."""
_WORKED_OUT = re.compile(rf"(?:{GIVES}|\bto |\bbeen |\bbe )(?:[a-z]+ ){{0,2}}?(?P<money>{MONEY})")
_MULTIPLES = (("trebl", 3), ("tripl", 3), ("doubl", 2), ("twice", 2), ("quadrupl", 4))
OF_A_YEAR = frozenset(map(Fraction, (2, 4, 12, 52, 365)))
"""Halves, quarters, months, weeks and days, which need not be named: ``a month``, ``yearly``."""
_FIGURE = re.compile(
    rf"(?<![\w,.{MONEY_SIGNS}/\[(])(?:(?P<digits>\d{{1,3}}(?:\.\d+)?)(?![\d,/)\]])"
    rf"|\b(?P<word>{COUNT_WORD}(?:-{COUNT_WORD})?)\b)(?P<half> and a half)?"
    r"(?P<percent> ?%| per ?cent)?(?: (?P<unit>month|week|day|year|quarter))?",
    re.I,
)
_SHARE_WORD = re.compile(rf"\b(?a:{'|'.join(sorted(SHARES, key=len, reverse=True))})\b", re.I)


def _unreached(reading: Reading) -> Finding | None:
    """A first sentence whose only amount cannot be reached from those of the question."""
    first, question = reading.first_sentence, reading.draft.question
    sign = next((sign for sign in MONEY_SIGNS if sign in first), "")
    if not sign or not _ASKS_SUM.search(question) or _SET_BY_LAW.search(first):
        return None
    told = f"{reading.steps_text}\n{reading.draft.answer}"
    given, said = amounts_of(question, sign), amounts_of(first, sign)
    if len(said - given) != 1 or not any(hint in told for hint in _RECKONS):
        return None
    (result,) = said - given
    worked_out = {amount_of(match["money"])[0] for match in _WORKED_OUT.finditer(told)}
    given |= amounts_of(told, sign) - worked_out - {result}
    if not given or len(given) > MOST_AMOUNTS:
        return None
    if _reaches(given, scalars(reading.whole), result):
        return None
    what = f"the answer begins with {told_as(sign, result)}, which no amount of the question gives"
    return "ARITHMETIC", what, "answer", False


_RESULT_VERBS = ("is", "leaves", "makes", "gives", "comes to", "amounts to", "equals", "was", "=")
_SO = ("", "then ", "therefore ", "thus ", "only ")
_RESULTS = (
    *(f" {verb} {so}" for verb in _RESULT_VERBS for so in _SO),
    "leaving ", "making ", " a total of ", " balance of ", " remainder of ",
)  # fmt: skip


def _worked_out_wrong(reading: Reading) -> Finding | None:
    """A result in a sentence that reckons, which no amounts of the sample lead to."""
    question = reading.draft.question
    for name, text in reading.texts[1:]:
        for sign in MONEY_SIGNS:
            if sign not in question or sign not in text:
                continue
            for at in islice(places(sign, text), MOST_RESULTS):
                if not text.endswith(_RESULTS, 0, at):
                    continue
                sentence = text[text.rfind(". ", 0, at) + 1 : text.find(". ", at) + 1 or None]
                found = re.match(MONEY, text[at:])
                if found is None or _SET_BY_LAW.search(sentence):
                    continue
                if any(hint in sentence for hint in _RECKONS) and not _follows(reading, found[0]):
                    what = f'"{found[0]}" in {name}: no amounts of the text lead to it'
                    return "ARITHMETIC", what, name, False
    return None


def _follows(reading: Reading, money: str) -> bool:
    """Whether an amount is the question's, or is reached from the others of the sample."""
    result, whole = amount_of(money)[0], reading.whole
    others = amounts_of(whole, money[0]) - {result}
    if result in amounts_of(reading.draft.question, money[0]) or len(others) > MOST_AMOUNTS:
        return True
    return _reaches(others, scalars(whole), result)


def scalars(text: str) -> set[Fraction]:
    """What an amount may be multiplied by: shares, what they leave, numbers, parts of a year."""
    found = {Fraction(factor) for word, factor in _MULTIPLES if word in text} | OF_A_YEAR
    for match in _SHARE_WORD.finditer(text):
        share = SHARES[match[0].casefold()]
        found |= {share, 1 - share}
    rates: set[Fraction] = set()
    times: set[Fraction] = set()
    for match in _FIGURE.finditer(text):
        number = number_of(match["digits"] or match["word"])
        number += Fraction(1, 2) if match["half"] else 0
        if not number:
            continue
        if number < 100:
            found |= {number / 100, 1 - number / 100, 1 + number / 100}
        found.add(number)
        if match["percent"]:
            rates.add(number / 100)
        if match["unit"]:
            times.add(number / _IN_A_YEAR[match["unit"][0].casefold()])
    return found | times | {rate * time for rate, time in product(rates, times)}


def _reaches(given: Set[Fraction], factors: Set[Fraction], result: Fraction) -> bool:
    """Whether one or two steps lead to the result: of three amounts, or a share of a share.

    True where there is so much to reckon with that nearly all is reached.
    """
    if len(given) * len(factors) > MOST_PRODUCTS:
        return True
    close = max(Fraction(1), result / 1000)

    def near(values: Set[Fraction]) -> bool:
        return any(abs(one - result) < close for one in values)

    shared = {one * by for one, by in product(given, factors)} | set(given)
    divided = {one / by for one, by in product(given, factors) if by > 1}
    pairs = joined(given)
    first = shared | divided | pairs
    if near(first) or near({one * by for one, by in product(first, factors)}):
        return True
    if near({one / by for one, by in product(pairs, factors) if by > 1}):
        return True
    ordered = {round(one) for one in first}
    gaps = [(result - one, one - result) for one in first]
    return any(
        round(left) + more in ordered or round(right) + more in ordered
        for left, right in gaps
        for more in (-1, 0, 1)
    )


def joined(given: Set[Fraction]) -> set[Fraction]:
    """What two amounts are together, and what one is less the other."""
    pairs = list(combinations(given, 2))
    return {left + right for left, right in pairs} | {abs(left - right) for left, right in pairs}
