"""The axes of a plan as values: jurisdiction, area and topic, difficulty, sample type, filters."""

from __future__ import annotations

import math
import re
from typing import Final, Literal

import msgspec

Proceedings = Literal[
    "civil",
    "commercial",
    "criminal",
    "employment",
    "family",
    "international",
    "public",
    "regulatory",
]
"""What disputes of an area look like; it picks the perspectives and stages that fit."""

Requirement = Literal[
    "",
    "parties",
    "irac",
    "next_steps",
    "section",
    "time_limit",
    "two_jurisdictions",
    "conduct_rule",
    "apex_case",
    "turns",
]
"""What a sample type requires beyond numbers, as a code; its sentence is ``requirement``."""


class LengthBounds(msgspec.Struct, frozen=True):
    """What one sample must keep to; both ends of a range are allowed. Words and counts."""

    answer_words: tuple[int, int]
    reasoning_steps: tuple[int, int]
    min_citations: int


class Jurisdiction(msgspec.Struct, frozen=True):
    """A legal order; ``sub_jurisdiction`` is the one meant where a topic names none.

    ``sub_jurisdictions`` are the names of the laws within it, by id; ``conduct_rules`` the rules
    of conduct that bind its lawyers, by the same ids.
    """

    id: str
    name: str
    sub_jurisdiction: str
    sub_jurisdictions: dict[str, str] = {}
    conduct_rules: dict[str, tuple[str, ...]] = {}

    def law(self, sub_jurisdiction: str) -> str:
        """What one law within it is called; an id without a name is read as words."""
        if sub_jurisdiction == self.id:
            return self.name
        words = sub_jurisdiction.replace("-", " ").title()
        return self.sub_jurisdictions.get(sub_jurisdiction, words)


class Difficulty(msgspec.Struct, frozen=True):
    """How hard: ``features`` can be seen in the text, ``word_factor`` scales the answer."""

    id: str
    name: str
    word_factor: float
    features: str


class SampleType(msgspec.Struct, frozen=True):
    """A form that samples take, with its bounds at difficulty factor 1.

    ``requires`` is the code, ``requirement`` the sentence of what an answer must contain;
    ``instructions`` say how to write one; ``aliases`` are older names of it. ``difficulties`` are
    those that it makes sense with, empty: all.
    """

    id: str
    name: str
    answer_words: tuple[int, int]
    reasoning_steps: tuple[int, int]
    min_citations: int = 0
    requires: Requirement = ""
    requirement: str = ""
    instructions: str = ""
    aliases: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()

    def suits(self, difficulty: str) -> bool:
        """Whether a sample of this type and that difficulty does not contradict itself."""
        return not self.difficulties or difficulty in self.difficulties

    def bounds(self, difficulty: Difficulty) -> LengthBounds:
        """The bounds at one difficulty: words are scaled, counts are not."""
        low, high = (_scaled(words, difficulty.word_factor) for words in self.answer_words)
        return LengthBounds((low, high), self.reasoning_steps, self.min_citations)


def _scaled(words: int, factor: float) -> int:
    """Half a word is rounded up, also where binary fractions fall just short of it."""
    return math.floor(round(words * factor, 6) + 0.5)


_YEAR: Final = re.compile(r"\b(?:1[5-9]|20)\d\d\b")


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A case or an Act that a prompt may offer, ``cite``d as lawyers do.

    ``points`` are the subtopics that it decides, empty: each of its topic. ``since`` is the month
    from which it is the law, ``YYYY-MM``; empty: only the year in ``cite``, if any, is known.
    """

    cite: str
    points: tuple[str, ...] = ()
    since: str = ""

    def decides(self, point: str) -> bool:
        """Whether it is offered with a subtopic."""
        return not self.points or point in self.points

    def known(self, as_of: str) -> bool:
        """Whether a model that is asked for the law as at a month can know it; empty: today's."""
        if not as_of:
            return True
        if self.since:
            return self.since <= as_of
        return all(year <= as_of[:4] for year in _YEAR.findall(self.cite))


class Topic(msgspec.Struct, frozen=True):
    """A leaf: one topic in one jurisdiction, with all that it inherits resolved.

    ``weight`` is its share against other leaves before jurisdictions are weighed.
    ``authorities`` are the cases and Acts that a prompt may offer. ``checked`` is the month in
    which somebody last compared them with the law, ``YYYY-MM``; empty: nobody is known to have.
    ``pairs`` are the difficulties with sample types that are planned; empty: each with each.
    """

    jurisdiction: str
    sub_jurisdiction: str
    practice_area: str
    id: str
    name: str
    subtopics: tuple[str, ...]
    difficulties: tuple[str, ...]
    sample_types: tuple[str, ...]
    authorities: tuple[Authority, ...] = ()
    checked: str = ""
    weight: float = 1.0
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What names a leaf: jurisdiction, practice area, topic."""
        return (self.jurisdiction, self.practice_area, self.id)

    @property
    def cites(self) -> tuple[str, ...]:
        """Its authorities as they are cited."""
        return tuple(each.cite for each in self.authorities)

    def offered(self, point: str, as_of: str, *, case: bool) -> tuple[str, ...]:
        """The authorities that decide a subtopic and can be known as at a month, as cited.

        ``case``: a case is wanted; the topic's others follow, for one of them is nearer than none.
        """
        known = [each for each in self.authorities if each.known(as_of)]
        near = [each.cite for each in known if each.decides(point)]
        far = [each.cite for each in known if case and not each.decides(point)]
        return (*near, *far)

    @property
    def cells(self) -> int:
        """How many cells it has: pairs of difficulty and sample type."""
        return len(self.pairs) or len(self.difficulties) * len(self.sample_types)


class Area(msgspec.Struct, frozen=True):
    """A practice area in one jurisdiction."""

    jurisdiction: str
    id: str
    name: str
    proceedings: Proceedings
    topics: tuple[Topic, ...]


class Weights(msgspec.Struct, frozen=True):
    """How much of each axis is wanted; empty means evenly (jurisdictions: evenly per leaf)."""

    jurisdiction: dict[str, float] = {}
    difficulty: dict[str, float] = {}
    sample_type: dict[str, float] = {}


class Filter(msgspec.Struct, frozen=True):
    """What a batch is restricted to, axis by axis; an empty axis is not restricted.

    Values are ids or names in any case, old names of sample types, and for topics and areas also
    paths (``contract/formation``, ``uk/contract``).
    """

    jurisdictions: tuple[str, ...] = ()
    practice_areas: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()
    sample_types: tuple[str, ...] = ()


class Branch(msgspec.Struct, frozen=True):
    """A node of the tree for people: a jurisdiction, an area or a topic, with its counts."""

    id: str
    name: str
    topics: int
    cells: int
    children: tuple[Branch, ...] = ()
