"""Whether an answer is as hard as it was asked to be, as far as that can be seen in its words.

What each difficulty is told by stands in the taxonomy. An unsettled point shows in two views and a
word of confidence, several issues in their steps or in what pulls the other way; whether one rule
is contested cannot be seen, so nothing is asked of the easier two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from legalgen.law.citations.pieces import by_letter
from legalgen.quality.reading import Finding, Reading

ADVANCED_STEPS = 3
"""So many steps stand for as many issues."""

# Wide on purpose: a flag that is wrong costs a reader more than one that is missing.
_VIEWS = re.compile(
    by_letter((
        "views?", "better reading", "narrow(?:er)?", "wider", "broader", r"counter-?argu\w+",
        "argu(?:e[sd]?|able|ments?)", "contrary", "contrast", "conversely", r"compet\w+",
        r"conflict\w*", "divided", "critics", "although", "though", "but", "however", "yet",
        "whereas", "alternative(?:ly)?", "against that", "nevertheless", "on the other hand",
    )) + r"\b"
)  # fmt: skip
_CONFIDENCE = re.compile(
    by_letter((
        r"confiden\w+", "likely", "unlikely", r"probabl\w+", r"certain\w*", r"uncertain\w*",
        "settled", "unsettled", r"doubt\w*", "unclear", "better (?:view|reading)", r"prefer\w+",
        "persuasive", "stronger", "unresolved", "open question", r"moderate\w*", r"tentative\w*",
        r"cautious\w*", "on balance", "arguable", "remains open",
    )) + r"\b"
)  # fmt: skip
_WEIGHED = re.compile(
    by_letter((
        r"weigh(?:s|ed|ing|t)?", r"depend(?:s|ing)? (?:\w+ )?(?:on|upon)", "either way",
        r"even (?:if|where|then)", r"factors?", r"no presumption",
    )) + r"\b"
)  # fmt: skip
"""What a court does where no rule decides; these in folded text."""


def difficulty(reading: Reading) -> Iterator[Finding]:
    """An expert answer without two views or a word of confidence; an advanced one of one issue."""
    asked = reading.task.difficulty if reading.task is not None else ""
    if asked == "expert":
        if not _says(_VIEWS, reading):
            yield "DIFFICULTY", "one view only, both are asked for", "answer", False
        elif not _says(_CONFIDENCE, reading):
            yield "DIFFICULTY", "it does not say how confident it is", "answer", False
    few = len(reading.draft.reasoning_steps) < ADVANCED_STEPS
    if asked == "advanced" and few and not (_says(_VIEWS, reading) or _says(_WEIGHED, reading)):
        yield "DIFFICULTY", "fewer than three issues, and nothing weighed", "answer", False


def _says(pattern: re.Pattern[str], reading: Reading) -> bool:
    return bool(pattern.search(reading.folded_steps) or pattern.search(reading.folded_answer))
