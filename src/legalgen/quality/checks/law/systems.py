"""Is it the law of the place that was asked for: the terms of other legal systems.

Of the parts of a state, which have laws of their own, ``regions`` knows the signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property

from legalgen.law.citations import bare
from legalgen.quality.checks.law.regions import another_nation, another_state
from legalgen.quality.checks.voice.phrases import Terms
from legalgen.quality.reading import Finding, Reading
from legalgen.quality.wordlists import alternatives, phrases, word_list


class _System:
    """Terms that only one legal system has, as patterns behind a cheap look for their words."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.hints = [(hint, bare(hint)) for hint in phrases(f"{name}_hints")]
        self.words = word_list(f"{name}_words")

    @cached_property  # most answers need neither
    def certain(self) -> Terms:
        """Terms that no other system has."""
        return Terms(phrases(f"{self._name}_certain"), r"\b")

    @cached_property
    def likely(self) -> Terms:
        """Terms that are seldom used elsewhere."""
        return Terms(phrases(f"{self._name}_likely"), r"\b")

    def hinted(self, text: str, vocabulary: frozenset[str], signs: str) -> bool:
        """Whether a word is there without which there is none of the terms.

        ``signs`` is what ``bare`` leaves of the text, or of one that it is a part of.
        """
        if not self.words.isdisjoint(vocabulary):
            return True
        return bool([1 for hint, theirs in self.hints if theirs in signs and hint in text])

    def terms(self, text: str, vocabulary: frozenset[str]) -> tuple[set[str], set[str]]:
        """The terms that are nowhere else, and those that are seldom elsewhere."""
        certain = self.certain.findall(text, vocabulary)
        likely = self.likely.findall(text, vocabulary)
        return set(map(_folded, certain)), set(map(_folded, likely))


def _folded(term: str) -> str:
    """A term however it is written, so that it counts once."""
    return term.casefold().rstrip("s")


@cache
def _system(name: str) -> _System:
    return _System(name)


_FOREIGN: Mapping[str, tuple[str, ...]] = {
    "uk": ("america", "commonwealth"),
    "us": ("britain", "commonwealth", "europe"),
    "eu": ("america", "commonwealth", "britain"),
    "canada": ("america",),
    "australia": ("america",),
    "india": ("america",),
    "ireland": ("america",),
}
"""Whose terms do not belong in the law of a jurisdiction; international law may name any. The last
ones are of taxonomies of one's own."""
_OWN = {"uk": "britain", "us": "america", "eu": "europe"} | dict.fromkeys(
    ("canada", "australia", "india", "ireland"), "commonwealth"
)
_COMPARED = re.compile(alternatives("comparing"))


def law_jurisdiction(reading: Reading) -> Iterator[Finding]:
    """The law of another system, where not a term is of the one that was asked for."""
    task = reading.task
    if task is None or task.jurisdiction not in _OWN or task.sample_type == "comparative":
        return
    if "two_jurisdictions" in reading.bounds.requires:
        return
    for finding in (*another_nation(reading), *another_state(reading)):
        yield finding
        return
    text = f"{reading.draft.answer}\n{reading.steps_text}"
    for name in _FOREIGN[task.jurisdiction]:
        if not _system(name).hinted(text, reading.vocabulary, reading.signs):
            continue
        certain, likely = _system(name).terms(text, reading.vocabulary)
        likely |= _foreign_money(reading, text)
        strength = 2 * len(certain) + len(likely)
        if strength < 2 or _excused(reading, text, name, _OWN[task.jurisdiction]):
            continue
        shown = ", ".join(f'"{term}"' for term in sorted(certain or likely)[:3])
        what = f"{shown}: not terms of {task.jurisdiction}"
        yield "LAW_JURISDICTION", what, "answer", strength > 2 or bool(certain)
        return


_MONEY = {"uk": "\u20ac$\u20b9", "us": "\u20ac\u00a3\u20b9", "eu": "$\u00a3\u20b9"}


def _foreign_money(reading: Reading, text: str) -> set[str]:
    """Signs of money that is not of the place, where the question has them not."""
    signs = _MONEY.get(reading.task.jurisdiction if reading.task else "", "")
    return {sign for sign in signs if sign in text and sign not in reading.draft.question}


def _excused(reading: Reading, text: str, foreign: str, own: str) -> bool:
    """Whether the own law is there too, or another was asked for or compared with."""
    rest, at = "", 0
    for found in _system(foreign).certain.finditer(text, reading.vocabulary):
        rest += f"{text[at : found.start()]} "
        at = found.end()
    own_certain, own_likely = _system(own).terms(rest + text[at:], reading.vocabulary)
    if own_certain or len(own_likely) >= 2 or _COMPARED.search(text):
        return True
    asked = reading.draft.question
    certain, likely = _system(foreign).terms(asked, frozenset(reading.question))
    return bool(certain or likely or _COMPARED.search(asked))
