"""The productions with a number that can be checked, and how productions are applied to a text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
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


class Productions:
    """Rules in their order, and by a sign of a text, a capital letter mostly, which may apply.

    A set of rules is a number, in which the rule of place ``n`` is the bit ``1 << n``.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._always = sum(1 << at for at, rule in enumerate(self.rules) if not rule.needs)
        needs: dict[str, int] = {}
        for at, rule in enumerate(self.rules):
            for need in rule.needs:
                needs[need] = needs.get(need, 0) | 1 << at
        self._needs: dict[str, list[tuple[str, bool, int]]] = {}
        """By the first sign of each need, "" where it has none: the need, whether it is all signs,
        and its rules."""
        for need, theirs in needs.items():
            signs = bare(need)
            self._needs.setdefault(signs[:1], []).append((need, signs == need, theirs))
        self._in_order = lru_cache(maxsize=4096)(self._rules_of)

    def of(self, text: str, signs: str) -> tuple[Rule, ...]:
        """Those of which a need is in the text; ``signs`` is what ``bare`` leaves of it."""
        found = self._always
        for sign, needs in self._needs.items():
            if sign in signs:
                for need, is_bare, theirs in needs:
                    if need in (signs if is_bare else text):
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
