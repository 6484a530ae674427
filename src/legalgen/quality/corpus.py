"""What the dataset holds already: openings and names that come too often."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from legalgen.errors import Reason
from legalgen.law.citations import (
    Case,
    CitationLedger,
    Parsed,
)
from legalgen.law.prompts import seeds
from legalgen.quality.checks.elements import NOT_A_PARTY, parties
from legalgen.quality.reading import TOKEN
from legalgen.quality.rules import Rules, Verdict
from legalgen.quality.wordlists import word_list

_NOT_INVENTED = NOT_A_PARTY | word_list("people_and_firms", "law_words", "places")

_OFFICIAL = re.compile(
    r"(?=[A-Zin])\b(?:(?:[A-Z][\w'-]+ (?:(?:of|for|on|and) (?:the )?)?){0,8}"
    r"(?:Acts?|Regulations?|Rules|Courts?|Code|Directive|Convention|Treaty|Tribunal|Authority|Commission"
    r"|Agency|Council|Office|Ministry|Department|Registry)\b"
    r"(?: (?:of|for|on) (?:the )?[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,4}){0,3}"
    r"|(?:in|near) (?:the )?[A-Z][\w'-]+)"
)
"""Laws and bodies by their names, and places; the first letter is looked at before all else."""


@functools.lru_cache(maxsize=4)  # a question is asked about when it is reviewed and when it is kept
def _invented(question: str) -> tuple[str, ...]:
    """The parties that a model may have made up; names of laws, bodies and places are none."""
    names = parties(_OFFICIAL.sub(" ", question))
    return tuple(name for name in names if name not in _not_invented())


@functools.cache
def _not_invented() -> frozenset[str]:
    """With the states that prompts hand out: there are too few of them for any to be rare."""
    return _NOT_INVENTED.union(*map(str.split, seeds.states()))


KEPT_WORDS = 5_000
"""Openings and party names remembered between runs: those that could ever be too many."""


MOST_WORDS = 100_000
"""Openings, and party names, that are counted at a time, in some 200 bytes each."""


class CorpusState(msgspec.Struct, frozen=True):
    """A ``Corpus`` as it is kept between runs."""

    samples: int = 0
    cases: list[Case] = []
    openings: dict[str, int] = {}
    parties: dict[str, int] = {}


class Corpus(msgspec.Struct):
    """What is known of the accepted samples, for the rules that look across them.

    One thread only. ``add`` each accepted sample; ``review`` a verdict before accepting it.
    ``contradicted`` are the samples whose citations a later one contradicts; who takes them to
    mark them empties it.
    """

    rules: Rules = msgspec.field(default_factory=Rules)
    ledger: CitationLedger = msgspec.field(default_factory=CitationLedger)
    samples: int = 0
    contradicted: set[str] = msgspec.field(default_factory=set)
    _openings: Counter[str] = msgspec.field(default_factory=Counter)
    _parties: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, sample_id: str, question: str, parsed: Iterable[Parsed]) -> None:
        """Note an accepted sample."""
        self.samples += 1
        _count(self._openings, [_opening(question)])
        _count(self._parties, _invented(question))
        known = self.rules.severities["CITATION_CONFLICT"] != "off"
        for item in parsed:
            earlier = self.ledger.contradicted(item) if known else None
            if earlier is not None and earlier != sample_id:
                self.contradicted.add(earlier)
            self.ledger.add(item, sample_id)

    def kept(self) -> CorpusState:
        """What is to be remembered between runs; rare openings and names are left out."""
        return CorpusState(
            self.samples,
            list(self.ledger.cases()),
            dict(self._openings.most_common(KEPT_WORDS)),
            dict(self._parties.most_common(KEPT_WORDS)),
        )

    def restore(self, state: CorpusState) -> None:
        """Take in what an earlier run remembered."""
        self.samples += state.samples
        self.ledger.restore(state.cases)
        self._openings.update(state.openings)
        self._parties.update(state.parties)

    def review(self, verdict: Verdict) -> Verdict:
        """The verdict with what the other samples say of it; conflicts mark the citation."""
        conflicts = {item.key: self.ledger.conflict(item) for item in verdict.parsed}
        known = {key: self.rules.apply(why) for key, why in conflicts.items() if why is not None}
        citations = tuple(
            replace(item, status="conflict")
            if item.status == "parsed" and known.get(item.key)
            else item
            for item in verdict.citations
        )
        reviewed = replace(verdict, citations=citations)
        return reviewed.with_reasons([*known.values(), *self._overused(verdict.draft.question)])

    def _overused(self, question: str) -> Iterator[Reason | None]:
        limits = self.rules.thresholds
        if self.samples < limits.overuse_min_samples:
            return
        opening = _opening(question)
        share = self._openings[opening] / self.samples
        if share > limits.opening_share:
            most = f"at most {limits.opening_share:.1%}"
            what = f'"{opening}" opens {share:.1%} of the questions, {most}'
            yield self.rules.reason("OPENING_OVERUSED", what, "question")
        for name in _invented(question):
            share = self._parties[name] / self.samples
            if share > limits.party_share:
                most = f"at most {limits.party_share:.1%}"
                what = f'"{name}" is in {share:.1%} of the questions, {most}'
                yield self.rules.reason("PARTY_OVERUSED", what, "question")


def _count(words: Counter[str], more: Iterable[str]) -> None:
    """Count these; of very many different ones only those that come most often are kept.

    What is let go came once or twice among so many rows, and is counted anew if it comes again:
    shares of some percent, which are what is asked about, stay what they are.
    """
    words.update(more)
    if len(words) > MOST_WORDS:
        kept = words.most_common(MOST_WORDS // 2)
        words.clear()
        words.update(dict(kept))


def _opening(question: str) -> str:
    return " ".join(TOKEN.findall(question[:120].casefold())[:4])
