"""Phrases that are looked for only in a text that has a word without which they cannot be there.

A list of phrases has twenty patterns or more, and in a given answer none of them may stand. A
search for all of them tries each at every letter. The words of the answer are known, however: one
intersection of two sets says which phrases may be there at all, and only those are searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property

from legalgen.law.citations.pieces import begun, by_letter, first_sign
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
        return in_turn(patterns, text)


class Terms:
    """The alternatives of one pattern, each told from small letters, behind words of its own.

    What every match must have is read off the patterns: whole words outside of groups, or a run
    of letters. ``vocabulary`` is that of the text, or of one that it is a part of.
    """

    def __init__(self, patterns: Iterable[str], end: str) -> None:
        """``end`` is what follows each of them, and nothing else but the end of a word."""
        groups: dict[str, list[_Term]] = {}
        for pattern in (each for given in patterns for each in begun(given)):
            groups.setdefault(first_sign(pattern), []).append(_Term(pattern, end))
        self._all = tuple(term for group in groups.values() for term in group)
        self._by_word: dict[str, list[int]] = {}
        for at, term in enumerate(self._all):
            for word in term.words[0] if term.words else ():
                self._by_word.setdefault(word, []).append(at)
        self._words = frozenset(self._by_word)
        self._wordless = tuple(at for at, term in enumerate(self._all) if not term.words)

    def there(self, text: str, vocabulary: Set[str]) -> Sequence[re.Pattern[str]]:
        """Those of which all words are there; in which order is that of the list."""
        known = self._all
        there = {
            at
            for word in self._words & vocabulary
            for at in self._by_word[word]
            if not any(map(vocabulary.isdisjoint, known[at].words[1:]))
        }
        there.update([at for at in self._wordless if known[at].letters in text])
        return [known[at].pattern for at in sorted(there)]

    def finditer(self, text: str, vocabulary: Set[str]) -> Iterator[re.Match[str]]:
        """All that stand in a text, one after another; where two begin, the earlier in the list."""
        return in_turn(self.there(text, vocabulary), text)

    def findall(self, text: str, vocabulary: Set[str]) -> set[str]:
        """The different ones that stand in a text."""
        return {match[0] for match in self.finditer(text, vocabulary)}


class _Term:
    """One pattern, with words of each of which every match has one form, or else letters."""

    def __init__(self, pattern: str, end: str) -> None:
        self._written = pattern, end
        self.words = sorted(_whole_words(pattern), key=lambda each: -max(map(len, each)))
        self.letters = max(_runs_of_letters(pattern), key=len)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first looked for."""
        pattern, end = self._written
        return re.compile(f"{by_letter([pattern])}{end}")


_SIGN = re.compile(r"\\.|\[[^\]]*\]|\{[^}]*\}|.")
_WHOLE_WORD = re.compile(r"(?:\[([A-Za-z])[A-Za-z]\])?([A-Za-z]+)(s\?)?")
_REPEATS = frozenset("?*+{")


def _whole_words(pattern: str) -> Iterator[Sequence[str]]:
    """Of each whole word outside of groups what it may be, in small letters."""
    depth, told = 0, ""
    for sign in _SIGN.findall(pattern):
        depth += (sign == "(") - (sign == ")")
        told += "\n" if sign == " " and depth == 0 else sign
    for word in told.split("\n"):
        if found := _WHOLE_WORD.fullmatch(word):
            one = f"{found[1] or ''}{found[2]}".lower()
            yield (one, f"{one}s") if found[3] else (one,)


def _runs_of_letters(pattern: str) -> Iterator[str]:
    """What stands in every match as it is written, outside of groups."""
    depth, run = 0, ""
    signs = _SIGN.findall(pattern)
    for sign, following in zip(signs, (*signs[1:], ""), strict=True):
        depth += (sign == "(") - (sign == ")")
        escaped = len(sign) == 2 and sign[0] == "\\" and not sign[1].isalnum()
        if depth == 0 and following[:1] not in _REPEATS and (escaped or sign.isalnum()):
            run += sign[-1]
        else:
            yield run
            run = ""
    yield run


def in_turn(patterns: Sequence[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    """What the alternatives of these patterns find in a text."""
    at = 0
    while patterns:
        found = [match for each in patterns if (match := each.search(text, at))]
        if not found:
            return
        first = min(found, key=re.Match.start)  # of several that begin there, the first one
        yield first
        at = first.end()
        patterns = [match.re for match in found]
