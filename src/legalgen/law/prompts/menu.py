"""The authorities that go with a task: its topic's own, then what fits of the user's list."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from functools import lru_cache
from random import Random
from typing import Final

import msgspec

from legalgen.law.axes import Topic
from legalgen.law.citations import parse
from legalgen.law.planner import Task

MOST: Final = 12
"""So many of the user's authorities are offered with one task at most."""
KNOWN_PLACES: Final = frozenset({"uk", "us", "eu", "international"})
"""Jurisdictions that a citation shows by its form."""
JOIN: Final = "; "
STEM: Final = 5
"""Letters by which words are compared: ``Companies Act`` fits ``Company Law``."""


class Entry(msgspec.Struct, frozen=True):
    """One authority of a list.

    ``is_case``: it is a case, and would count as one. ``places`` are the jurisdictions it may be
    of, ``works`` what it names (without pinpoints), ``stems`` its words.
    """

    text: str
    is_case: bool
    places: frozenset[str]
    works: frozenset[str]
    stems: frozenset[str]

    def fits(self, jurisdiction: str) -> bool:
        """Whether it is of a jurisdiction; of a user's own one, whether it is of none known."""
        if jurisdiction in KNOWN_PLACES:
            return jurisdiction in self.places
        return not self.places & KNOWN_PLACES


class Menu:
    """What may be offered for cases and Acts; safe to share between threads.

    ``listed`` is the user's list, one authority a text; those that do not parse are not offered.
    """

    def __init__(self, listed: Iterable[str] = ()) -> None:
        entries = map(entry, dict.fromkeys(listed))
        self._entries = tuple(each for each in entries if each.works)

    def offered(self, task: Task, leaf: Topic, about: str, *, case: bool, room: int) -> list[str]:
        """The topic's authorities, and of the user's as many as ``room`` characters hold.

        Those of the task's jurisdiction come into question; those whose words are in ``about``
        before others, others by the task's seed. With ``case`` cases come first, and one is
        offered whatever its length if the topic has none of its own.
        """
        own = list(map(entry, leaf.offered(task.subtopic, task.as_of, case=case)))
        lacking = case and not any(each.is_case for each in own)
        chosen = [each.text for each in own]
        for each in self._ranked(task, own, about, case=case):
            size = len(JOIN) + len(each.text)
            if size <= room or (lacking and each.is_case):
                chosen.append(each.text)
                room -= size
                lacking = lacking and not each.is_case
        return chosen

    def has_case(self, leaf: Topic) -> bool:
        """Whether a case can be offered for a topic."""
        own = map(entry, leaf.cites)
        fitting = (each for each in self._entries if each.fits(leaf.jurisdiction))
        return any(each.is_case for each in (*own, *fitting))

    def _ranked(self, task: Task, own: Iterable[Entry], about: str, *, case: bool) -> list[Entry]:
        """The user's authorities that fit and are not the topic's own, the best first."""
        stems, works = _stems(about), {work for each in own for work in each.works}
        rng = Random(f"menu:{task.seed}:{task.variation}")

        def rank(each: Entry) -> tuple[bool, int, float]:
            return case and not each.is_case, -len(each.stems & stems), rng.random()

        fitting = (each for each in self._entries if each.fits(task.jurisdiction))
        return heapq.nsmallest(MOST, (e for e in fitting if not e.works & works), key=rank)


@lru_cache(maxsize=4096)
def entry(text: str) -> Entry:
    """An authority as it is read."""
    found = parse(text)
    return Entry(
        text,
        any(each.is_case for each in found),
        frozenset(place for each in found for place in each.jurisdictions),
        frozenset(each.work or each.key for each in found),
        _stems(text),
    )


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in re.findall(r"[a-z]{4,}", text.lower()))
