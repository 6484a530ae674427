"""What a careless writer leaves: shorthand, steps in a circle, a thing and its denial, lost pages.

Each is told by its structure; what the sentences are about does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from legalgen.quality.reading import Finding, Reading, excerpt, likeness, places, stems
from legalgen.store.sample import words


def slips(reading: Reading) -> Iterator[Finding]:
    """The findings of all four."""
    yield from _shorthand(reading)
    yield from _circle(reading)
    if reading.is_dialogue:
        return
    low = reading.folded_answer
    if _may_deny(low):
        found = (*_DENIED.finditer(low), *_OPPOSED.finditer(low))
        denied = sorted({each.start() for each in found})
        if len(denied) >= LEAST_DENIED:
            what = f'"{excerpt(reading.draft.answer, denied[0])}" says a thing and denies it'
            yield "CONTRADICTION", what, "answer", False
    if not _THINGS.isdisjoint(reading.answer_vocabulary):
        places = {found[0] for found in _ELSEWHERE.finditer(low)}
        if len(places) >= LEAST_PLACES:
            what = f'"{min(places)}" in answer points to what is not there'
            yield "META_TALK", what, "answer", False


_ARROW = re.compile(r"[-=]>|[\u2192\u21d2]")
_ARROWS = (">", "\u2192", "\u21d2")
_SIGNS = re.compile(r"\s[=+&@]\s|\b(?:w|o|b|c)/|\bNB\b|\bie\b|\beg\b|\bdef\b")
LEAST_SIGNS = 4
"""Signs for words, an arrow for two, from which prose is shorthand; formulas have fewer."""
MOST_WORDS = 160


def _shorthand(reading: Reading) -> Iterator[Finding]:
    """Notes in signs, where sentences should be."""
    text = reading.draft.answer
    arrows = len(_ARROW.findall(text)) if any(map(text.__contains__, _ARROWS)) else 0
    if not (arrows or (" = " in text and " + " in text)) or reading.answer_words > MOST_WORDS:
        return
    signs = 2 * arrows + len(_SIGNS.findall(text))
    if signs >= LEAST_SIGNS:
        yield "TELEGRAPHIC", f"{signs} signs stand for words", "answer", False


_BECAUSE = re.compile(r"\b(?:because|since|for the reason that|given that|as (?=she|he|it|they))\b")
CIRCULAR = 0.5
"""Likeness (Jaccard) of the reason of each of two steps with the result of the other."""


def _circle(reading: Reading) -> Iterator[Finding]:
    """Two steps, each of which is the other's reason."""
    low = reading.folded_steps
    if low.count("because") + low.count("since") < 2 or len(reading.draft.reasoning_steps) < 2:
        return
    told = [_BECAUSE.split(step, maxsplit=1) for step in low.split("\n")]
    parts = [(stems(words(each[0])), stems(words(each[1]))) for each in told if len(each) > 1]
    for (result, reason), (other, why) in permutations(parts, 2):
        if min(likeness(result, why), likeness(reason, other)) >= CIRCULAR:
            what = "two steps, each the reason of the other"
            yield "STEPS_RESTATE", what, "reasoning_steps", False
            return


_DENIED = re.compile(
    r"\b(is|are|was|were|does|do|has|have|can|may|must|will) (?:an? |the )?(\w+)\b[^.;]{0,60}?"
    r"\band (?:at the same time |equally )?(?:\w+ ){0,2}?\1 (?:\w+ ){0,4}?not "
    r"(?:(?:an? |the )?\2\b|one\b|so\b|[,.;])"
    r"|\bwhich (?:it|they|he|she) (?:also )?(?:is|are|does|do|has|have) not\b"
)
"""A verb and its word, and the same verb with ``not`` before the same word or none."""
_OPPOSED = re.compile(
    r"\b(\w{3,}) (?:and|as well as) (?:un|in|im|ir|dis|non-?)\1\b"
    r"|\b(?:both )?(succe\w+|wins?|valid|binding|lawful|good) (?:and|as well as) "
    r"(?:fail\w*|los\w+|void|invalid|not binding|unlawful|bad)\b"
)
LEAST_DENIED = 2
"""One may be told of two things, or of what is and what is not."""


def _may_deny(low: str) -> bool:
    """Whether there are two places at which something might be denied at once."""
    near = [low[max(0, at - 32) : at] for at in places(" not", low)]
    count = len([1 for before in near if " and " in before or "which " in before])
    return count >= LEAST_DENIED or count + low.count(" as well as ") >= LEAST_DENIED


_THINGS = frozenset({
    "table", "box", "diagram", "figure", "chart", "graph", "page", "chapter", "appendix", "annex",
    "handout", "slide", "unit", "overleaf", "module",
})  # fmt: skip
"""Without one of these no text points to another page."""
_THING = (
    r"(?:table|box|diagram|figure|chart|graph|page|chapter|example|appendix|handout|slide|unit)"
)
_ELSEWHERE = re.compile(
    rf"\boverleaf\b|\b{_THING} (?:\w+ )?(?:above|below|opposite|at the (?:top|foot|end))\b"
    rf"|\b(?:previous|preceding|next|last|following) {_THING}\b(?! of)"
    r"|\b(?:second|first|third) (?:table|box|diagram|figure|chart|graph)\b"
    rf"|\bthis (?:page|chapter|unit|handout|slide|module)\b|\bpart \w (?:above|below)\b"
    r"|\b(?:listed|set out|shown|explained|described) in (?:annex|appendix|box|table|figure) \w+"
    r"|\bsee (?:note|box|table|figure|annex|appendix|chapter) \w+"
)
"""Pages and pictures that no answer has."""
LEAST_PLACES = 2
