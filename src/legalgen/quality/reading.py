"""One answer, read once: its texts, words and citations as the checks ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from legalgen.law.citations import Parsed
from legalgen.law.citations import normalise as plain
from legalgen.law.planner import Task
from legalgen.quality.rules import Bounds
from legalgen.store.sample import Draft, words


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


TOKEN = re.compile(r"\w+")


RUN_WORDS = 6
"""So many words in a row that stand elsewhere too were copied."""

MOST_SEARCHED = 1_000_000
"""Runs times characters; beyond it all runs of the answer are made, which is faster then."""


def _runs(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[first:] for first in range(RUN_WORDS)), strict=False)


class Reading(msgspec.Struct, frozen=True, dict=True):
    """A draft with what several checks need of it, each computed at most once."""

    draft: Draft
    task: Task | None
    bounds: Bounds
    cited: tuple[tuple[Parsed, ...], ...]

    @property
    def question(self) -> tuple[str, ...]:
        """The words of the question."""
        return words(self.draft.question)

    @property
    def answer(self) -> tuple[str, ...]:
        """The words of the answer."""
        return words(self.draft.answer)

    @cached_property
    def steps_text(self) -> str:
        """The steps as one text, a line each."""
        return "\n".join(self.draft.reasoning_steps)

    @property
    def steps(self) -> tuple[str, ...]:
        """The words of the steps."""
        return words(self.steps_text)

    @cached_property
    def answer_vocabulary(self) -> frozenset[str]:
        """The different words of the answer."""
        return frozenset(self.answer)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words in which an authority may be named: answer and steps."""
        return self.answer_vocabulary.union(self.steps)

    @cached_property
    def prose(self) -> str:
        """Answer and steps in small letters, with one kind of hyphen, space and quote."""
        return plain(f"{self.draft.answer}\n{self.steps_text}").casefold()

    @cached_property
    def answer_line(self) -> str:
        """The answer's words with a space around each."""
        return f" {' '.join(self.answer)} "

    @cached_property
    def answer_words(self) -> int:
        """The answer's length in words, split at white space."""
        return len(self.draft.answer.split())

    @property
    def parsed(self) -> tuple[Parsed, ...]:
        """What was read of all citations."""
        return tuple(item for group in self.cited for item in group)

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Name and text of the fields that are prose."""
        return (
            ("question", self.draft.question),
            ("reasoning_steps", self.steps_text),
            ("answer", self.draft.answer),
        )

    @cached_property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Name and text of every field."""
        cited = "; ".join([item.text for item in self.draft.citations])
        return (*self.texts, ("citations", cited))

    @cached_property
    def foreign_letters(self) -> bool:
        """Whether question or answer hold what is neither Latin nor punctuation."""
        texts = (self.draft.question, self.draft.answer)
        return any(not text.isascii() and BEYOND_LATIN.search(text) for text in texts)

    @cached_property
    def whole(self) -> str:
        """All that was written, in which to look before looking closer."""
        return "\n".join([text for _, text in self.fields])

    def copied(self, tokens: Sequence[str]) -> float:
        """The share of the runs of six words that stand in the answer too."""
        known = set(self._known_runs(tokens))
        if len(known) * len(self.answer_line) < MOST_SEARCHED:
            found = {run for run in known if f" {' '.join(run)} " in self.answer_line}
        else:
            found = known.intersection(_runs(self.answer))
        return len(found) / len(set(_runs(tokens))) if found else 0.0

    def _known_runs(self, tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Those of which the answer has every word; few need to be looked for."""
        known = 0
        for end, token in enumerate(tokens, 1):
            known = known + 1 if token in self.answer_vocabulary else 0
            if known >= RUN_WORDS:
                yield tuple(tokens[end - RUN_WORDS : end])


Finding = tuple[str, str, str | None, bool]
"""Code, what was measured against what is required, field, and whether it is far off."""


def excerpt(text: str, at: int) -> str:
    """Some words around a place in a text, for a reason."""
    return " ".join(text[at : at + 60].split())


BEYOND_LATIN = re.compile("[^\0-\u024f\u1e00-\u1eff\u2000-\u20cf]")
