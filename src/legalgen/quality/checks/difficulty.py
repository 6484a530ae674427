"""Whether an answer is as hard as it was asked to be, as far as that can be seen in its words.

What each difficulty is told by stands in the taxonomy. An unsettled point shows in two views and a
word of confidence, several issues in their steps or in what pulls the other way; whether one rule
is contested cannot be seen, so nothing is asked of the easier two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from legalgen.law.citations.pieces import by_letter
from legalgen.quality.reading import Finding, Reading

ADVANCED_STEPS = 3
"""So many steps stand for as many issues."""


class _Words:
    """Words and phrases of folded text, each a pattern; one of the plain words is found sooner."""

    def __init__(self, patterns: Iterable[str]) -> None:
        every = tuple(patterns)
        self._plain = frozenset(filter(str.isalpha, every))
        self._pattern = re.compile(by_letter(every) + r"\b")

    def said(self, reading: Reading) -> bool:
        """Whether one of them stands in steps or answer."""
        return not self._plain.isdisjoint(reading.vocabulary) or bool(
            self._pattern.search(reading.folded_steps)
            or self._pattern.search(reading.folded_answer)
        )


# Wide on purpose: a flag that is wrong costs a reader more than one that is missing.
_VIEWS = _Words((
    "views?", "better reading", "narrow(?:er)?", "wider", "broader", r"counter-?argu\w+",
    "argu(?:e[sd]?|able|ments?)", "contrary", "contrast", "conversely", r"compet\w+",
    r"conflict\w*", "divided", "critics", "although", "though", "but", "however", "yet",
    "whereas", "alternative(?:ly)?", "against that", "nevertheless", "on the other hand",
    "is open", "remains? open", "left open", "unsettled", "unresolved", r"debat\w+", r"disput\w+",
))  # fmt: skip
_CONFIDENCE = _Words((
    r"confiden\w+", "likely", "unlikely", r"probabl\w+", r"certain\w*", r"uncertain\w*",
    "settled", "unsettled", r"doubt\w*", "unclear", "better (?:view|reading)", r"prefer\w+",
    "persuasive", "stronger", "unresolved", "open question", r"moderate\w*", r"tentative\w*",
    r"cautious\w*", "on balance", "arguable", "remains open", r"hesita\w+", "odds", "chances?",
    r"seems? (?:to (?:me|us|be) )?the (?:better|right|sounder|stronger)",
    *(f"{odds} to one" for odds in ("two", "three", "four", "five", "nine", "ten")),
    r"close (?:call|run)", "finely balanced", "on the whole",
))  # fmt: skip
_WEIGHED = _Words((
    r"weigh(?:s|ed|ing|t)?", r"depend(?:s|ing)? (?:\w+ )?(?:on|upon)", "either way",
    r"even (?:if|where|then)", r"factors?", r"no presumption",
))  # fmt: skip
"""What a court does where no rule decides; these in folded text."""


def difficulty(reading: Reading) -> Iterator[Finding]:
    """An expert answer without two views or a word of confidence; an advanced one of one issue."""
    asked = reading.task.difficulty if reading.task is not None else ""
    if asked == "expert":
        if not _VIEWS.said(reading):
            yield "DIFFICULTY", "one view only, both are asked for", "answer", False
        elif not _CONFIDENCE.said(reading):
            yield "DIFFICULTY", "it does not say how confident it is", "answer", False
    few = len(reading.draft.reasoning_steps) < ADVANCED_STEPS
    if asked == "advanced" and few and not (_VIEWS.said(reading) or _WEIGHED.said(reading)):
        yield "DIFFICULTY", "fewer than three issues, and nothing weighed", "answer", False
