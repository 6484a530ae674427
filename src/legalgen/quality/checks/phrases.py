"""Phrases that are looked for only in a text that has a word without which they cannot be there.

A list of phrases has twenty patterns or more, and in a given answer none of them may stand. A
search for all of them tries each at every letter. The words of the answer are known, however: one
intersection of two sets says which phrases may be there at all, and only those are searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from functools import cached_property

from legalgen.quality.wordlists import guarded


class Phrase:
    """One pattern, compiled when it is first looked for, and words of which every match has one."""

    def __init__(self, words: str, pattern: str) -> None:
        self.words = frozenset(words.split())
        self._pattern = pattern

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern, for which small letters and capitals are one."""
        return re.compile(self._pattern, re.I)


class Phrases:
    """The alternatives of one pattern, which finds what ``a|b|c`` finds.

    ``vocabulary`` is always that of the text that is searched, or of one that it is a part of, in
    small letters (``store.sample.words``).
    """

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        self.all = tuple(Phrase(words, pattern) for words, pattern in phrases)
        self._words = frozenset[str]().union(*(phrase.words for phrase in self.all))

    @classmethod
    def named(cls, name: str) -> Phrases:
        """Those of a list of ``words.toml``."""
        return cls(guarded(name))

    def search(self, text: str, vocabulary: Set[str]) -> re.Match[str] | None:
        """The first that stands in a text."""
        return next(self.finditer(text, vocabulary), None)

    def finditer(self, text: str, vocabulary: Set[str]) -> Iterator[re.Match[str]]:
        """All that stand in a text, one after another; where two begin, the earlier in the list."""
        there = self._words & vocabulary
        patterns = [each.pattern for each in self.all if each.words & there] if there else []
        at = 0
        while patterns:
            found = [match for each in patterns if (match := each.search(text, at))]
            if not found:
                return
            first = min(found, key=re.Match.start)  # of several that begin there, the first one
            yield first
            at = first.end()
            patterns = [match.re for match in found]
