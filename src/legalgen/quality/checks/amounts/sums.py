"""Are the sums right that are worked out in words: ``£48,000 less £700 leaves £47,300``.

Only what a sentence itself says is worked out again: amounts with a word of reckoning between
them and the result after a verb. What is rounded (about, some, nearly) is not looked at, nor what a
percentage beside it may have changed: interest, tax, a discount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from legalgen.quality.reading import Finding, Reading
from legalgen.quality.wordlists import MONEY_SIGNS, TENS, UP_TO_TWENTY

_SCALES = {"million": 6, "m": 6, "billion": 9, "bn": 9, "k": 3, "": 0}

_AMOUNT = rf"[{MONEY_SIGNS}]\s?\d+(?:,\d{{2,3}})*(?:\.\d+)?(?: ?(?:million|billion|bn|m|k)\b)?"
ANY_MONEY = re.compile(_AMOUNT, re.I)
"""An amount; rates too: what is paid a month may be multiplied."""
MONEY = (
    rf"{_AMOUNT}"
    rf"(?![,.]?\d|(?: an?\b| per\b|,000| to [{MONEY_SIGNS}]|-))"
)
"""An amount; a rate (``£5 a day``) or a range is none."""
_RATE = rf"[{MONEY_SIGNS}]\s?\d+(?:,\d{{2,3}})*(?:\.\d+)?"
_NAMED = (
    r"(?:(?:the|his|her|its|their|a|an|another|further|only|just) )?"
    r"(?:(?!(?:about|around|roughly|some|nearly|almost|approximately|over|under|at|up|between|not"
    r"|than|if|or|each|every|more|less|limited|reduced|capped|cut|has|have|had"
    r"|paid) )[a-z]+ ){0,3}?"
)
"""What an amount is called, before it: ``the cost of``."""
GIVES = (
    r",? (?:(?:which |that |this )?(?:leaves?|gives?|makes?|is|are|was|equals?|comes? to"
    r"|amounts? to|yields?|totals?|adds? up to|produces?)|together make|leaving|giving|making|="
    r"|(?:for )?a total of|in total|in all) "
)
_RESULT = (
    rf"(?P<result>{MONEY})(?! (?:more|less|too|short|below|above|under|over|each|apart"
    r"|with the cap|capped)\b)"
    rf"(?!(?:,| and) [{MONEY_SIGNS}])"  # of several results each is of another sum
)
_WORKED_OUT = rf"(?:{GIVES}|\bby |\bto ){_NAMED}[{MONEY_SIGNS}]"
"""What every sum has."""

COUNTS = UP_TO_TWENTY | TENS
COUNT_WORD = f"(?a:{'|'.join(COUNTS)})"
"""Of ASCII alone: with ``re.I`` a dotless i would be an i, too, and be no word of these."""
_COUNT = (
    rf"(?<![\w{MONEY_SIGNS},.-])(?<!to )(?<!hundred )(?<!thousand )(?<!and )"
    rf"(?P<count>\d{{1,15}}(?:,\d{{3}}){{0,5}}(?:\.\d{{1,15}})?|{COUNT_WORD}(?:-{COUNT_WORD})?)\b"
    r"(?P<half> and a half)?"
)
_UNIT = r"(?:days?|weeks?|months?|years?|hours?|quarters?|weekly|monthly|annual|yearly|daily)"

_THING = (
    r"(?!(?:from|the|to|by|in|on|for|and|or|of|plus|less|hundred|thousand|million|dozen)\b)[a-z']+"
)

_CHAIN = (
    rf"(?P<between>difference between )?(?P<first>{MONEY})"
    rf"(?P<rest>(?:,? (?:less|minus|plus|and|\u2212|-|\+) {_NAMED}{MONEY})+)"
    rf"(?P<gives>{GIVES}){_NAMED}{_RESULT}"
)
_LINK = rf",? (?P<sign>less|minus|plus|and|\u2212|-|\+) {_NAMED}(?P<money>{MONEY})"
_EXCEEDS = rf"(?P<more>{MONEY}) exceeds {_NAMED}(?P<less>{MONEY}) by {_RESULT}"
_TIMES = (
    rf"(?<!years at )(?<!months at )(?<!weeks at ){_COUNT} "
    rf"(?P<things>(?:{_THING} ){{0,3}})(?P<by>at|of|times|x|\u00d7|multiplied by) "
    rf"(?P<rate>{_RATE})(?: (?:a|an|per|each|every)(?: (?P<per>[a-z]+))?)?"
    rf"{GIVES}{_NAMED}{_RESULT}"
)
_SPAN = (
    rf"(?P<rate>{_RATE})(?: (?:a|an|per|each|every) (?P<per>[a-z]+) (?:for|over)"
    rf"|(?: (?:a|an|per|each|every) [a-z]+)? (?:times|x|\u00d7|multiplied by)) "
    rf"{_COUNT}(?P<things>(?: {_THING}){{0,2}}?)"
    rf"{GIVES}{_NAMED}{_RESULT}"
)
_OF_THEM = rf"(?:each|every one) of (?:(?:the|his|her|its|their|our|your) )?{_COUNT}"
_ONE_OF = re.compile(r"(?:each|every one) of ", re.I)
_TO_EACH = (
    rf"(?P<rate>{_RATE})(?: [a-z]+)? (?:to|for|from|by) {_OF_THEM}(?P<things>(?: {_THING}){{0,2}}?)"
    rf"{GIVES}{_NAMED}{_RESULT}"
)
_EACH_HAS = (
    rf"{_OF_THEM}(?P<things>(?: {_THING}){{0,2}}) [a-z]+ (?P<rate>{_RATE}){GIVES}{_NAMED}{_RESULT}"
)
SHARES = {
    "half": Fraction(1, 2), "a half": Fraction(1, 2), "one half": Fraction(1, 2),
    "a third": Fraction(1, 3), "one third": Fraction(1, 3), "two thirds": Fraction(2, 3),
    "a quarter": Fraction(1, 4), "one quarter": Fraction(1, 4),
    "three quarters": Fraction(3, 4), "a fifth": Fraction(1, 5), "one fifth": Fraction(1, 5),
    "a tenth": Fraction(1, 10), "one tenth": Fraction(1, 10), "a sixth": Fraction(1, 6),
    "one sixth": Fraction(1, 6), "an eighth": Fraction(1, 8), "one eighth": Fraction(1, 8),
    "two fifths": Fraction(2, 5), "three fifths": Fraction(3, 5), "four fifths": Fraction(4, 5),
    "five sixths": Fraction(5, 6),
}  # fmt: skip
PORTION = (
    rf"(?:(?P<percent>\d{{1,15}}(?:\.\d{{1,15}})?|\b{COUNT_WORD}(?:-{COUNT_WORD})?)"
    r"(?: ?%| per ?cent)"
    rf"|\b(?P<share>(?a:{'|'.join(SHARES)})))"
)
_SHARE = rf"{PORTION} (?:of|from) {_NAMED}(?P<whole>{MONEY}){GIVES}{_NAMED}{_RESULT}"

_PART = re.compile(
    r"\b(?:(?:per)?cent|hal(?:f|ves)|thirds?|quarters?"
    r"|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|hundred|thousand)ths?)\b",
    re.I,
)
"""``15 percent of`` counts no things."""
_CUT = (
    rf"(?P<whole>{MONEY}),? (?:less|minus|reduced by|cut by) {PORTION}(?:{GIVES}| to )"
    rf"{_NAMED}{_RESULT}"
)
_FROM = (
    rf"\b(?:deduct|subtract|tak)(?:e|ing|s)? {_NAMED}(?P<less>{MONEY}) from {_NAMED}"
    rf"(?P<more>{MONEY}){GIVES}{_NAMED}{_RESULT}"
)

_AND = re.compile(r"\band (?:a )?\Z")

Sum: TypeAlias = tuple[re.Match[str], Fraction]
"""What is said, and what it should come to."""


def arithmetic(reading: Reading) -> Iterator[Finding]:
    """A sum that is worked out in a sentence and is wrong."""
    reading = reading.signed
    if not any(sign in reading.whole for sign in MONEY_SIGNS):
        return
    for name, text in reading.texts[1:]:
        if not _has_two_amounts(text):
            continue
        signs = [sign for sign in MONEY_SIGNS if sign in text]
        # a sum has no full stop within; this parts in a tenth of the time of ``sentences``
        for piece in text.replace("\n", ". ").split(". "):
            if piece.count(signs[0]) < 2 and (
                len(signs) == 1 or not _has_two_amounts(piece, signs)
            ):
                continue
            for said, exact in _sums(piece):
                result, least = amount_of(said["result"])
                if abs(result - exact) >= least and said["result"][0] == _sign(said):
                    what = f'"{said[0].strip(" ,")}" in {name}: it is {_shown(said, exact)}'
                    yield "ARITHMETIC", what, name, True
                    return


def _has_two_amounts(text: str, signs: Iterable[str] = MONEY_SIGNS) -> bool:
    return sum(map(text.count, signs)) >= 2


def _sums(sentence: str) -> Iterator[Sum]:
    if not re.search(_WORKED_OUT, sentence, re.I):
        return
    for found in (*_differences(sentence), *_products(sentence)):
        beside = sentence[: found[0].start()] + sentence[found[0].end() :]
        if not re.search(r"%|\bper ?cent\b", beside, re.I):
            yield found
    for pattern in (_SHARE, _CUT):
        for said in _said(pattern, sentence):
            if _AND.search(sentence, 0, said.start()):
                continue  # a year and a half of £960
            share = portion_of(said) if pattern is _SHARE else 1 - portion_of(said)
            yield said, share * amount_of(said["whole"])[0]


def _differences(sentence: str) -> Iterator[Sum]:
    """Totals and differences."""
    for said in _said(_CHAIN, sentence):
        exact = _chained(said)
        if exact is not None and not _is_end_of_list(said, exact):
            yield said, exact
    for pattern in (_EXCEEDS, _FROM):
        for said in _said(pattern, sentence):
            yield said, amount_of(said["more"])[0] - amount_of(said["less"])[0]


def _products(sentence: str) -> Iterator[Sum]:
    """So many things at a rate each."""
    for said in _said(_TIMES, sentence):
        shared = said["by"] == "of" and (said["per"] or _PART.search(said["things"]))
        if not shared and _is_of(said["per"] or "", said["things"]):
            yield said, _counted(said) * amount_of(said["rate"])[0]
    for said in _said(_SPAN, sentence):
        if _is_of(said["per"] or "", said["things"]):
            yield said, _counted(said) * amount_of(said["rate"])[0]
    for pattern in (_TO_EACH, _EACH_HAS) if _ONE_OF.search(sentence) else ():
        for said in _said(pattern, sentence):
            yield said, _counted(said) * amount_of(said["rate"])[0]


def _said(pattern: str, sentence: str) -> Iterator[re.Match[str]]:
    """The matches; what takes 2 ms to compile is compiled for the few texts with amounts."""
    return re.finditer(pattern, sentence, re.I)


def _chained(said: re.Match[str]) -> Fraction | None:
    """What a run of amounts comes to; None where an ``and`` may mean something else."""
    total, adds = amount_of(said["first"])[0], None
    for link in _said(_LINK, said["rest"]):
        sign = link["sign"]
        if sign == "and":
            if adds is None:  # two amounts that are named together, unless they are totalled
                totalled = re.search(r"make|total|come|add", said["gives"])
                if not said["between"] and not totalled:
                    return None
                adds = not said["between"]
        else:
            adds = sign in ("plus", "+")
        total += amount_of(link["money"])[0] if adds else -amount_of(link["money"])[0]
    return total


def _is_end_of_list(said: re.Match[str], exact: Fraction) -> bool:
    """Whether a total is right with amounts that are listed before, or one is to be doubled."""
    if _TWICE.search(said["rest"]):
        return True
    result, least = amount_of(said["result"])
    before = said.string[: said.start()]
    while listed := _LISTED.search(before):
        exact += amount_of(listed["money"])[0]
        if abs(result - exact) < least:
            return True
        before = before[: listed.start()]
    return False


_LISTED = re.compile(rf"(?P<money>{MONEY}), \Z", re.I)
_TWICE = re.compile(r"\b(?:twice|double|half|treble|thrice)\b", re.I)


def amount_of(money: str) -> tuple[Fraction, Fraction]:
    """The amount, and by how much it may have been rounded: one of its last figure."""
    found = re.match(r"([\d,]+(?:\.\d+)?) ?([a-z]*)", money[1:].lstrip().casefold())
    assert found is not None  # what MONEY finds has a figure
    number, scale = Decimal(found[1].replace(",", "")), 10 ** _SCALES.get(found[2], 0)
    places = -min(0, int(number.as_tuple().exponent))
    return Fraction(number) * scale, Fraction(scale, 10**places)


def _counted(said: re.Match[str]) -> Fraction:
    number = number_of(said["count"])
    return number + Fraction(1, 2) if said["half"] else number


def number_of(text: str) -> Fraction:
    """A number by its figures, or by a word such as ``thirty-five``."""
    low = text.casefold()
    if low[0].isdigit():
        return Fraction(low.replace(",", ""))
    return Fraction(sum(COUNTS[word] for word in low.split("-")))


def portion_of(said: re.Match[str]) -> Fraction:
    """The share that ``PORTION`` found."""
    share: str | None = said["share"]
    return SHARES[share.casefold()] if share else number_of(said["percent"]) / 100


def _is_of(per: str, things: str) -> bool:
    """Whether a rate is of what is counted: a week's is not of three months."""
    units = re.findall(rf"\b{_UNIT}\b", things)
    return not per or not units or not re.fullmatch(_UNIT, per) or units[-1].startswith(per)


def _sign(said: re.Match[str]) -> str:
    found = re.search(rf"[{MONEY_SIGNS}]", said[0])
    return found[0] if found else ""


def _shown(said: re.Match[str], exact: Fraction) -> str:
    return told_as(_sign(said), exact)


def told_as(sign: str, exact: Fraction) -> str:
    """An amount as it is written."""
    money = Decimal(exact.numerator) / exact.denominator  # a float may be too small for it
    return f"{sign}{money:,.2f}".removesuffix(".00")
