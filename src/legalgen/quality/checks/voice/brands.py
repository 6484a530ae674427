"""A name that nobody asked about, in a sentence that offers or praises something.

Products have ever new names, and advertisements ever new phrases. What they have in common is that
the name is neither the question's nor the law's, and what its sentence is made of: a firm that says
``we``, customers, praise, an offer, a tool, haste, and the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from legalgen.quality.checks.voice.plain import unquoted
from legalgen.quality.reading import COMMON, TOKEN, Finding, Reading, excerpt, sentences
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import words

_WE = word_list("selling_we")
_PRAISE, _OFFERS = word_list("selling_praise"), word_list("selling_offers")
_OTHERS = tuple(
    map(word_list, ("selling_buyers", "selling_tools", "selling_haste", "selling_reader"))
)
_SERVES, _PLANS = word_list("selling_serves"), word_list("selling_plans")
_SELLS = _WE | _PRAISE | _OFFERS

LEAST_KINDS = 3
"""Kinds of words, ``we``, praise or an offer among them, from which the sentence of a name may
sell it; four do. In 350 good answers and 2,057 older rows no name has so many, apart from an
assistant's."""

_NO_BRAND = word_list("no_brand", "not_a_party", "people_and_firms", "law_words", "places")
_NAME = re.compile(
    r"[A-Z](?<![\w.'\u2019-].)[A-Z]*[a-z]\w*"
    r"(?:(?:(?: of| for)?(?: the)?| and| &) [A-Z]\w+)*"
)
_OF_LAW = re.compile(
    r"(?:\b(?:Lord|Lady|Justice|Judge|Sir|Mr|Mrs|Ms|Dr|Professor|Baroness|Advocate|General|vs?\.?"
    r"|[Ii]n|[Rr]e|of the)|[Ss]ee(?: also)?)\s+\Z"
)
"""What stands before a judge, a case or a place."""
_TITLED = re.compile(
    r"(?:\b(?:Lord|Lady|Justice|Judge|Sir|Mr|Mrs|Ms|Dr|Professor|Baroness|Advocate|General|vs?\.?"
    r"|[Rr]e)|[Ss]ee(?: also)?)\s+\Z"
)
"""The same where a product is praised, which things are kept in as well."""
_BEGINS = re.compile(r"(?:\A|[.!?:;\n\"\u201c*()\u2022\u2013-])[\s*\"\u201c(]*\Z")
_AMERICA = re.compile(r"\bU\.?S\b")
_CASE = re.compile(r"[^.;\n]{0,60}\bv\b[^.;\n]{0,60}")


_USED = word_list("selling_products")
_PRAISES, _PRAISES_TOO = word_list("selling_praises"), word_list("selling_praises_too")
_BEYOND_ITS_PEERS = re.compile(
    r"\b(?:second to none|(?:without|beyond) (?:an? )?(?:equal|peer|rival)|head and shoulders"
    r"|gold standard|in a class of (?:its|their) own|un(?:equall?ed|rivall?ed|surpassed|matched)"
    r"|peerless|matchless|incomparable|outstanding|exemplary|outperforms?|outclass(?:es)?"
    r"|surpass(?:es)?|excels?|admirabl[ey]|admired|acclaimed|praised|award-\w+|far and away"
    r"|nothing (?:better|finer|to match)|(?:no|few|nobody) (?:\w+ )?(?:rivals?|equals?|peers?"
    r"|competitors?)|(?:its|their) (?:competitors|rivals|peers)|finest|foremost"
    r"|most (?:reliable|trusted|accurate|complete|dependable)|yet bettered|far (?:behind|ahead)"
    r"|look(?:s|ed)? back|money well spent|bargain at|should be without|least trouble"
    r"|most reliably|highly (?:regarded|rated|recommended)|deservedly|rightly|warmly)\b"
)
"""Praise that sets a thing above others of its kind, in small letters."""
_COMMENDED = re.compile(
    r"\b(?:do(?:es)? well to|would do well|wise to|prudent to|recommend(?:ed)?|turns? to|choose"
    r"|adopts?|subscribe|best served|should obtain|well spent|have recourse|rely on|to use)\b"
)
"""What a sentence says that sends its reader to it."""


MUCH_PRAISE = 2
"""Words of praise in one sentence from which it surely commends a product; of those that law has
too so many are praise at all."""


def _commended(reading: Reading) -> Iterator[Finding]:
    """A sentence that praises, as no law does, a product that nobody asked about."""
    vocabulary = reading.answer_vocabulary
    there = (_PRAISES | _PRAISES_TOO) & vocabulary
    if not there or _USED.isdisjoint(vocabulary) or reading.is_dialogue:
        return
    if _PRAISES.isdisjoint(there) and len(there) < MUCH_PRAISE:
        return
    names: frozenset[str] | None = None
    for sentence in reading.sentences:
        if not any(map(sentence.lower().__contains__, there)):
            continue
        low = unquoted(sentence.lower())
        tokens = frozenset(words(low))
        praise = len(_PRAISES & tokens) or len(_PRAISES_TOO & tokens) // MUCH_PRAISE
        if not praise or _USED.isdisjoint(tokens):
            continue
        if names is None:
            text = _AMERICA.sub(" ", unquoted(reading.draft.answer))
            names = frozenset([each.split()[0] for each in _names(text, reading, _TITLED)])
            names = frozenset([each for each in names if each.lower() not in COMMON])
        if not names.isdisjoint(TOKEN.findall(sentence)):
            praise += len(_PRAISES_TOO & tokens) + len(_BEYOND_ITS_PEERS.findall(low))
            sure = praise > MUCH_PRAISE or _COMMENDED.search(low) is not None
            yield "ADVERTISING", f'"{excerpt(sentence, 0)}" in answer', "answer", sure
            return


def brands(reading: Reading) -> Iterator[Finding]:
    """A sentence in which such a name is sold."""
    if commended := next(_commended(reading), None):
        yield commended
        return
    vocabulary = reading.answer_vocabulary
    offers = not (_SELLS.isdisjoint(vocabulary) and _PLANS.isdisjoint(vocabulary))
    if not offers or reading.is_dialogue or _kinds(vocabulary) < LEAST_KINDS:
        return
    text = _AMERICA.sub(" ", unquoted(reading.draft.answer))
    names = frozenset([name.split()[0] for name in _names(text, reading)])
    parts = sentences(text)
    found = list(_sold(parts, names)) if names else []
    if twice := next((each for name in names if (each := _sold_twice(parts, name))), ""):
        found.append((True, twice))
    if found:
        sold = dict(found)
        sure = True in sold or len({sentence for _, sentence in found}) > 1
        yield (
            "ADVERTISING",
            f'"{excerpt(sold.get(True, found[0][1]), 0)}" in answer',
            "answer",
            sure,
        )


def _sold(parts: Sequence[str], names: frozenset[str]) -> Iterator[tuple[bool, str]]:
    """Sentences that sell one of the names that begin so, and whether each plainly does."""
    for at, part in enumerate(parts):
        if names.isdisjoint(TOKEN.findall(part)):
            continue
        for begin, end in ((at, at + 1), (max(0, at - 1), at + 1), (at, at + 2)):
            around = " ".join(parts[begin:end])
            coined = _COINED.search(part) is not None
            sure = _is_sold(frozenset(words(around)), alone=end - begin == 1, coined=coined)
            if sure is not None:
                yield sure, part


TWICE, OF_BOTH = 2, 4
"""Kinds of words, what a product does for its buyer among them, in each of two sentences with one
name and in both together, from which they sell it."""


def _sold_twice(parts: Sequence[str], name: str) -> str:
    """The first of two sentences or more that have one name and sell it between them."""
    told, kinds = list[str](), set[int]()
    for part in parts:
        if name not in part or name not in TOKEN.findall(part):
            continue
        tokens = frozenset(words(part))
        every = (_SERVES, _PRAISE, _OFFERS | _PLANS, *_OTHERS)
        there = {at for at, each in enumerate(every) if not each.isdisjoint(tokens)}
        if len(there) >= TWICE:
            told.append(part)
            kinds |= there
    return told[0] if len(told) > 1 and len(kinds) >= OF_BOTH else ""


def _kinds(tokens: Set[str]) -> int:
    return sum(not each.isdisjoint(tokens) for each in (_WE, _PRAISE, _OFFERS, *_OTHERS))


_COINED = re.compile(r"\b(?!Ma?c[A-Z]|(?:De|Di|La|Le|Fitz|Van)[A-Z])[A-Z][a-z]+[A-Z][a-z]{2,}")
"""A name of two words in one, as products have."""


def _is_sold(tokens: Set[str], *, alone: bool, coined: bool) -> bool | None:
    """Whether such words surely sell something; None: they sell nothing."""
    kinds = _kinds(tokens) + coined
    if kinds < LEAST_KINDS:
        return None
    if not _WE.isdisjoint(tokens):
        return kinds > LEAST_KINDS or not (_PRAISE | _OFFERS).isdisjoint(tokens)
    praised, offered = not _PRAISE.isdisjoint(tokens), not _OFFERS.isdisjoint(tokens)
    if not alone or not (praised or (offered and kinds > LEAST_KINDS)):
        return None
    return kinds > LEAST_KINDS or (praised and offered)


def _names(text: str, reading: Reading, of_law: re.Pattern[str] = _OF_LAW) -> Iterator[str]:
    """Names in a text that neither the question nor the law has."""
    cited = " ".join([f"{each.text} {each.proposition}" for each in reading.draft.citations])
    known = f"{reading.draft.question} {reading.steps_text} {cited}"
    cases = " ".join(_CASE.findall(text)) if " v" in text else ""
    for found in _NAME.finditer(text):
        name = found[0]
        before = text[max(0, found.start() - 20) : found.start()]
        if of_law.search(before):
            continue
        parts = name.split()
        if _BEGINS.search(before) and name.isalpha() and name[1:].islower():
            continue  # any word begins a sentence so
        if any(part in _NO_BRAND or part in known or part in cases for part in parts):
            continue
        yield name
