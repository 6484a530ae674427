"""What is said again, and tells so: "in other words", the same period under every heading.

Three things show that the paragraphs of an answer say the same: they begin with words that announce
it, the same period or sum stands in each of them, or of four and more none after the first has a
figure or a name of its own. Good answers have each of these now and then, so how much the
paragraphs have in common (``again``) decides, as it does where paragraphs of one length name the
same authority and add no other. Within one paragraph it is what follows "in other words": much of
the answer, and nothing new in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.again import LEAST_PARAGRAPH, MOST_PARAGRAPHS, alike, meanings
from legalgen.quality.checks.amounts.figures import figures
from legalgen.quality.reading import Finding, Reading
from legalgen.quality.wordlists import MONEY_SIGNS, TENS, UP_TO_TWENTY

_SAID = r"(?:put|said|say|expressed|stated|phrased|told|worded|formulated)"
_IT = r"(?:it|this|that|the (?:same|matter|point|rule|idea|law)(?: thing)?)"
_OTHER = (
    r"(?:(?:yet|still|some|rather|slightly|entirely) )?(?:other|different|plain\w*|simple\w*|fewer)"
)
_AGAIN = (
    rf"\b(?:in(?:to)? {_OTHER} (?:words|terms|language)"
    rf"|{_SAID} (?:{_IT} )?(?:(?:yet|in|just|slightly|a (?:little|bit)|quite) )*"
    r"(?:another way|differently|otherwise|simply|more \w+|the other way|(?:an?)?other (?:words"
    rf"|terms)|{_OTHER} (?:words|terms)|different (?:words|terms))"
    r"|that is to say|simply put)\b"
)
_RESTATES = re.compile(_AGAIN)
"""What announces that the same is said in other words."""
_COMES_TO = r"(?:mean(?:s|t)?|(?:comes?|boils?|amounts?|adds? up)(?: down)?(?: to)?|says?)"
_BEGINS = re.compile(
    rf"\W*(?:(?:so|thus|and|but|well),? )?(?:{_AGAIN}"
    rf"|(?:what|all) (?:all )?(?:this|that|it|the \w+)(?: all| really| in effect)* {_COMES_TO}"
    rf"|(?:this|that|it)(?: all| really| in effect)* (?:means that|{_COMES_TO} (?:this|the same))"
    rf"|to (?:repeat|restate|{_SAID} (?:it|this|that|the same))|once (?:more|again)"
    r"|the (?:idea|gist|(?:\w+ )?point|essence|thought|core)(?: of it)? (?:here )?(?:is|can|may)"
    r"|(?:seen|looked at|viewed|considered) (?:(?:from |in )?(?:another|a different)|the other way)"
    r"|(?:the )?same (?:thing|point|can|may|is true|holds))\b"
)
"""The same at the beginning of a paragraph."""
_SUMS_UP = re.compile(
    r"\W*(?:(?:so|thus|and),? )?(?:to (?:(?:sum|wrap|round) (?:it |this |that )?up|summari[sz]e"
    r"|recap\w*|conclude)|in (?:short|sum|essence|brief|summary|conclusion|a nutshell)"
    r"|(?:the )?(?:long and (?:the )?short|sum and substance)|all (?:told|in all))\b"
)
"""What begins a summary, of which an answer may have one."""
_HINTS = word_set(
    "words terms language way differently otherwise simply more say means mean comes amounts boils"
    " says sum wrap repeat restate recap short essence nutshell told all once idea gist point"
    " thought core seen looked viewed same summary brief meant"
)
_HINTS_OF_SENTENCES = (
    ("words", "other words"), ("words", "plain words"), ("words", "simple words"),
    ("words", "simpler words"), ("words", "plainer words"), ("words", "different words"),
    ("words", "fewer words"), ("terms", "other terms"), ("terms", "plain terms"),
    ("terms", "simple terms"), ("terms", "simpler terms"), ("terms", "plainer terms"),
    ("terms", "different terms"), ("language", "plain language"), ("language", "simple language"),
    ("way", "other way"), ("say", "that is to say"), ("simply", "simply put"),
    ("simply", "put simply"), ("simply", "it simply"), ("differently", "differently"),
    ("otherwise", "put otherwise"), ("otherwise", "said otherwise"),
    ("otherwise", "stated otherwise"), ("otherwise", "expressed otherwise"),
)  # fmt: skip
"""What an answer has that says something again within a paragraph, after a word of it."""
_LONGEST_BEGINNING = 60
"""Characters of a paragraph in which it is looked for how it begins."""

ALIKE, VERY_ALIKE = 0.14, 0.22
"""What paragraphs have in common (``again.alike``) from which one of the three signs is flagged, or
refused. In 440 good answers and 2,057 older rows no paragraphs with a sign have as much."""
ALIKE_SAID = 0.07
"""The same where most paragraphs after the first announce that they say it again: refused."""
ALIKE_AND_STALE, MANY_PARAGRAPHS = 0.18, 5
"""What four paragraphs have in common, of which none after the first has a figure or a name of its
own, from which that is refused; of five and more ``ALIKE`` is enough. In 530 good answers those
have at most 0.09."""
FEW_NEW = 0.165
"""New meanings for each word of the paragraphs after the first, up to which four or more are
refused where one announces that it says it again; in good answers at least 0.178."""
LEAST_PARAGRAPHS = 3
MOST_ADDED = 2
LIKE_IN_LENGTH = 1.5
"""Names and numbers that paragraphs after the first may add (the last adds no name), and words of
the longest for each of the shortest, where all name one authority that the question does not. Of
245 good answers of three paragraphs and more none has such."""
ALIKE_UNNAMED = 0.1
"""What those have in common without the names, from which that is flagged; three paragraphs on one
case that each tell something else of it have at most 0.09."""
MOST_OF_IT = 0.4
"""Share of the words of an answer that say it again."""
LEAST_KNOWN, KNOWN_SHARE = 0.2, 0.3
"""Share of the meanings of these that stood there before, from which it is flagged, or refused; two
sentences that announce it are refused in any case."""
LEAST_WORDS = 40


def reworded(reading: Reading) -> Iterator[Finding]:
    """Paragraphs or sentences that announce the same again, or have the same figures each."""
    if reading.is_dialogue:
        return
    lines = _paragraphs(reading) if "\n" in reading.draft.answer else ()
    if len(lines) >= LEAST_PARAGRAPHS:
        yield from _again_in_paragraphs(reading, lines)
        return
    vocabulary, text = reading.answer_vocabulary, reading.folded_answer
    if [1 for word, hint in _HINTS_OF_SENTENCES if word in vocabulary and hint in text]:
        yield from _again_in_sentences(reading)


def begins_again(paragraph: str) -> bool:
    """Whether a paragraph begins with words that announce the same again, or a summary."""
    begins = _beginning(paragraph)
    return _BEGINS.match(begins) is not None or _SUMS_UP.match(begins) is not None


def _beginning(paragraph: str) -> str:
    return paragraph[:_LONGEST_BEGINNING].casefold()


def _paragraphs(reading: Reading) -> Sequence[str]:
    """The paragraphs that are no items of a list."""
    lines = reading.draft.answer.split("\n")
    long = [line for line in lines if len(line.split(None, LEAST_PARAGRAPH)) >= LEAST_PARAGRAPH]
    return () if any(map(_ITEM.match, long)) else long[:MOST_PARAGRAPHS]


_ITEM = re.compile(r"\W*(?:\d+[.)]|[-*\u2022]|\([a-z\d]+\)|step \d)\s", re.I)


def _again_in_paragraphs(reading: Reading, lines: Sequence[str]) -> Iterator[Finding]:
    said = 0
    if not _HINTS.isdisjoint(reading.answer_vocabulary):
        beginnings = [_beginning(line) for line in lines[1:]]
        said = sum(_BEGINS.match(each) is not None for each in beginnings)
        sums_up = sum(_SUMS_UP.match(each) is not None for each in beginnings)
        said += sums_up if said else max(0, sums_up - 1)
    mostly = said > 1 and 2 * said >= len(lines)
    same = () if mostly else _figures_of_all(lines)
    if same:  # a sum that the question names may well stand everywhere
        asked = set(_figures(reading.draft.question))
        same = [each for each in same if each not in asked]
    stale = len(lines) > LEAST_PARAGRAPHS and _nothing_new(reading.draft.question, lines)
    named = _named_by_all(reading.draft.question, lines)
    if not (said or same or stale or named):
        return
    shared = alike(lines)
    if named:
        without = alike([_OWN.sub(" ", line) for line in lines])
        far = shared >= ALIKE and not any(map(_JOINED.match, lines[1:]))
        if without >= ALIKE_UNNAMED and (far or not (said or same or stale)):
            what = f'{len(lines)} paragraphs name "{named}" and nothing new'
            yield "PARAPHRASE", what, "answer", far
            return
        if not (said or same or stale):
            return
    few = said > 0 and len(lines) > LEAST_PARAGRAPHS and _new_meanings(reading, lines) <= FEW_NEW
    if not few and shared < (ALIKE_SAID if mostly else ALIKE):
        return
    far = few or mostly or len(same) > 1 or shared >= VERY_ALIKE
    far |= stale and shared >= (ALIKE if len(lines) >= MANY_PARAGRAPHS else ALIKE_AND_STALE)
    if said:
        what = f"{said} of {len(lines)} paragraphs announce that they say it again"
    elif same:
        what = f"{len(lines)} paragraphs have the same figures, as {same[0]}"
    else:
        what = f"{len(lines)} paragraphs share {shared:.0%} of their meanings and tell nothing new"
    yield "PARAPHRASE", what, "answer", far


def _named_by_all(question: str, lines: Sequence[str]) -> str:
    """An authority that each paragraph names, if they are of one length and add no other name."""
    lengths = [len(line.split()) for line in lines]
    if max(lengths) > LIKE_IN_LENGTH * min(lengths):
        return ""
    own = [{each for each in _OWN.findall(line) if each not in question} for line in lines]
    through = own[0].intersection(*own[1:])
    if not through:
        return ""
    added = [len(each.difference(*own[:at])) for at, each in enumerate(own)][1:]
    counted = _counted_anew(f"{question} {lines[0]}", lines[1:])
    return "" if added[-1] or sum(added) + len(counted) > MOST_ADDED else min(through)


_JOINED = re.compile(
    r"\W*(?:therefore|thus|so|hence|accordingly|however|but|yet|and|if|where|when|unless|although"
    r"|though|since|because|as|also|moreover|even|then|otherwise|that|this|these|the same)\b",
    re.I,
)
"""How a paragraph begins that goes on from what was said."""


def _new_meanings(reading: Reading, lines: Sequence[str]) -> float:
    """How many meanings the paragraphs after the first bring, for each of their words."""
    told = " ".join(lines[1:])
    new = meanings(told) - meanings(f"{reading.draft.question} {lines[0]}")
    return len(new) / max(1, len(told.split()))


def _again_in_sentences(reading: Reading) -> Iterator[Finding]:
    told = reading.sentences
    at = [at for at, each in enumerate(told) if at and _RESTATES.search(each.casefold())]
    if not at or len(reading.answer) < LEAST_WORDS:
        return
    lengths = [len(each.split()) for each in told]
    again, rest = sum([lengths[each] for each in at]), sum(lengths[at[0] :])
    least = MOST_OF_IT * sum(lengths)
    if rest < least:
        return
    before = " ".join(told[: at[0]])
    if not _nothing_new(reading.draft.question, (before, *told[at[0] :])):
        return
    told_again = meanings(" ".join(told[at[0] :]))
    known = meanings(f"{reading.draft.question} {before}")
    share = len(told_again & known) / max(1, len(told_again))
    if len(at) == 1 and share < LEAST_KNOWN:
        return
    far = again >= least and share >= KNOWN_SHARE
    what = f"{rest / sum(lengths):.0%} of it say again what was said before"
    yield "PARAPHRASE", what, "answer", far or len(at) > 1


# --- the figures and names of a paragraph --------------------------------------------------------

_COUNTED = frozenset({*UP_TO_TWENTY, *TENS}) - {"zero", "one"}
_ONE = re.compile(r"\ban?[ -](?:full |whole |clear |calendar )?(?P<unit>day|week|month|year)s?\b")
_UNITS = ("month", "year", "day", "week", *MONEY_SIGNS)
_OWN = re.compile(r"\d(?:[\d.,]*\d)?|[A-Z](?<=[a-z,] [A-Z])[a-z]\w+")


def _figures_of_all(lines: Sequence[str]) -> Sequence[str]:
    """Periods and sums that stand in all paragraphs, or in all but one of four or more."""
    spared = len(lines) - max(LEAST_PARAGRAPHS, len(lines) - 1)
    measured = [line for line in lines if any(map(line.__contains__, _UNITS))]
    if len(measured) < len(lines) - spared:
        return ()
    times = Counter[str]()
    spared -= len(lines) - len(measured)
    for at, line in enumerate(measured, 1):
        times.update(set(_figures(line)))
        if at > spared and max(times.values(), default=0) < at - spared:
            return ()
    return sorted([each for each, count in times.items() if count >= len(measured) - spared])


def _figures(text: str) -> Iterator[str]:
    """Each sum, and each period: a year as so many months."""
    told = {(found["unit"], "1") for found in _ONE.finditer(text.casefold())}
    for kind, value in sorted(told | figures(text)):
        if kind == "year" and value.isdecimal():
            yield f"{12 * int(value)} months"
        elif kind in _UNITS:
            yield f"{kind}{value}" if kind in MONEY_SIGNS else f"{value} {kind}s"


def _nothing_new(question: str, parts: Sequence[str]) -> bool:
    """Whether no part after the first has a figure, number or name of its own."""
    known = f"{question} {parts[0]}"
    for part in islice(parts, 1, None):
        if any(each[0] not in known for each in _OWN.finditer(part)):
            return False
    return not _counted_anew(known, parts[1:])


def _counted_anew(known: str, later: Sequence[str]) -> list[str]:
    """The numbers in words that later parts have and that are not known."""
    told = known.casefold()
    return [each for each in _COUNTED.intersection(" ".join(later).split()) if each not in told]
