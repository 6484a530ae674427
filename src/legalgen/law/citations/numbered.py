"""The productions with a number that can be checked, and how productions are applied to a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from re import Pattern

from legalgen.law.citations import america, europe, legislation, reports, treaties
from legalgen.law.citations.names import with_name
from legalgen.law.citations.parsed import Parsed, Rule, bare, normalise

STRONG: tuple[Rule, ...] = (
    reports.NEUTRAL, reports.UKEAT, reports.LAW_REPORTS, reports.REPORT, reports.LOWER_CASE,
    reports.SCOTS,
    europe.ECLI, europe.CASE, europe.JOINED, europe.NUMBERED, legislation.SI, europe.BARE_NUMBER,
    europe.SUFFIXED, europe.APPLICATION, treaties.ICJ, treaties.ICJ_DAY, treaties.ITLOS,
    treaties.WTO, treaties.ICSID, america.REPORTER, america.CODE,
    reports.OTHER_NEUTRAL, reports.UNKNOWN,
)  # fmt: skip
"""Productions with a number that can be checked; cheap enough to run over whole answers."""


_MANY = 10
"""Substrings from which a pattern of all takes less time than a search for each."""


class _Substrings:
    """Which of some substrings a text has: numbers of several bits, by substring.

    Those that begin with a capital letter or a sign are looked for at once, by a pattern that skips
    to the first sign of one and looks ahead for the rest, so that they may overlap.
    """

    def __init__(self, numbers: Mapping[str, int]) -> None:
        rests: dict[str, list[str]] = {}
        for each in sorted(numbers, key=len, reverse=True):
            rests.setdefault(each[0], []).append(each[1:])
        often = {first for first in rests if first.islower() or first.isspace()}
        if len(numbers) < _MANY:
            often.update(rests)
        one_by_one = [each for each in numbers if each[0] in often]
        self._one_by_one = [(each, numbers[each]) for each in one_by_one]
        branches = (
            f"{re.escape(first)}(?=({'|'.join(map(re.escape, theirs))}))"
            for first, theirs in rests.items()
            if first not in often
        )
        self._pattern = re.compile("|".join(branches)) if len(numbers) > len(one_by_one) else None
        self._begun_by: dict[str, int] = {}
        for first, theirs in rests.items():
            for each, other in product(theirs, repeat=2):
                if each.startswith(other):
                    whole = first + each
                    begun = self._begun_by.get(whole, 0)
                    self._begun_by[whole] = begun | numbers[first + other]

    def found(self, text: str) -> int:
        """The bits of those that are there."""
        found = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            found |= self._begun_by[match[0] + match[match.lastindex or 0]]
        for each, number in self._one_by_one:
            if each in text:
                found |= number
        return found


class Productions:
    """Rules in their order, and by substrings of a text which of them may apply.

    A set of rules is a number, in which the rule of place ``n`` is the bit ``1 << n``.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._always = sum(1 << at for at, rule in enumerate(self.rules) if not rule.needs)
        needs: dict[str, int] = {}
        for at, rule in enumerate(self.rules):
            for need in rule.needs:
                needs[need] = needs.get(need, 0) | 1 << at
        self._in_signs: dict[str, list[tuple[str, int]]] = {}
        """By the first sign of those that are all signs."""
        for need, theirs in needs.items():
            if bare(need) == need:
                self._in_signs.setdefault(need[0], []).append((need, theirs))
        self._in_text = _Substrings({need: needs[need] for need in needs if bare(need) != need})
        self._in_order = lru_cache(maxsize=4096)(self._rules_of)

    def of(self, text: str, signs: str) -> tuple[Rule, ...]:
        """Those of which a need is in the text; ``signs`` is what ``bare`` leaves of it."""
        found = self._always | self._in_text.found(text)
        for sign, needs in self._in_signs.items():
            if sign in signs:
                for need, theirs in needs:
                    if need in signs:
                        found |= theirs
        return self._in_order(found)

    def _rules_of(self, found: int) -> tuple[Rule, ...]:
        return tuple(rule for at, rule in enumerate(self.rules) if found >> at & 1)


TELLING = Productions(rule for rule in STRONG if rule is not america.CODE)
"""Those of which a citation may turn out to be impossible."""


@lru_cache(maxsize=16)  # several checks ask about the same answer
def find_numbered(text: str) -> tuple[Parsed, ...]:
    """The citations of prose that ``impossible`` can judge: cases, SIs and EU law by number.

    Cheaper than ``parse`` and without the kinds that prose resembles by accident.
    """
    clean = normalise(text)
    found = apply(TELLING, clean)
    return tuple(with_name(item, clean) if item.is_case else item for item in found)


def apply(productions: Productions, text: str) -> list[Parsed]:
    """What the rules read, in the order of the text; an earlier rule keeps its place."""
    found: list[Parsed] = []
    taken = bytearray(len(text))  # 1 where a citation stands; a list would be looked through again
    seen: dict[Pattern[str], bool] = {}
    signs = bare(text)
    for rule in productions.of(text, signs):
        if rule.bare_hints and not _hinted(rule.bare_hints, signs, seen):
            continue
        if rule.hints and not _hinted(rule.hints, text, seen):
            continue
        for match in rule.pattern.finditer(text):
            if taken.find(1, *match.span()) >= 0:
                continue
            parsed = rule.build(match)
            if parsed is not None:
                found.append(parsed)
                taken[parsed.start : parsed.end] = b"\1" * (parsed.end - parsed.start)
    found.sort(key=lambda item: item.start)
    return found


def _hinted(hints: Iterable[Pattern[str]], text: str, seen: dict[Pattern[str], bool]) -> bool:
    for hint in hints:
        there = seen.get(hint)
        if there is None:
            there = seen[hint] = hint.search(text) is not None
        if not there:
            return False
    return True
