"""The gate: reasons to refuse a sample, reasons to flag it, and what can be mended at once.

``Gate.inspect`` looks at one answer alone and is pure. ``Corpus`` looks at what the dataset
already holds (contradicting citations, worn openings and names) and belongs to one thread; so
does the index of near-duplicates, which is a room of its own (``duplicates``).

Checks run from cheap to dear in three stages: can it be read, may it be used, is it good. The
first stage with a hard failure ends the check; all reasons of that stage are collected, so that
one repair can mend them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec
from msgspec.structs import replace

from legalgen.completion import Completion
from legalgen.errors import Reason
from legalgen.law.citations import NAMED_KINDS, Authorities, Parsed, parse, same_case
from legalgen.law.planner import Task
from legalgen.quality.admission import Policing, trimmed
from legalgen.quality.citing import (
    citation_count,
    citation_form,
    citation_grounding,
    citation_impossible,
    citation_jurisdiction,
    shown,
)
from legalgen.quality.elements import required
from legalgen.quality.form import lengths, overlap, repetition, shape, steps
from legalgen.quality.mending import composed, distinct, mend
from legalgen.quality.reading import Finding, Reading
from legalgen.quality.rules import Bounds, Mode, Policy, Rules, Verdict
from legalgen.quality.usable import cut, form, language, meta_talk, placeholder, refusal
from legalgen.store.sample import Citation, Draft, DraftCitation


class Gate(msgspec.Struct, frozen=True):
    """The checks of one sample. ``authorities`` are those that are known to be cited right.

    ``today`` bounds what can have been decided. ``prunes`` says whether what may not be cited is
    taken out of an answer; rows that stand in a dataset are only told of it. Safe to share between
    threads.
    """

    mode: Mode
    today: date
    rules: Rules = msgspec.field(default_factory=Rules)
    authorities: Authorities | None = None
    policy: Policy = "free"
    prunes: bool = True

    def inspect(
        self, draft: Draft, task: Task | None, completion: Completion | None, bounds: Bounds
    ) -> Verdict:
        """Judge one answer. Pure; knows nothing of other samples.

        ``task`` and ``completion`` are None for rows of a dataset that is being checked; what
        they would show is then not checked.
        """
        mended, fixes = mend(composed(draft), task.sample_type if task else "")
        cited = tuple(parse(item.text) for item in mended.citations)
        kept = distinct(mended.citations, cited)
        if len(kept) < len(cited):
            mended = replace(mended, citations=tuple(mended.citations[at] for at in kept))
            cited = tuple(cited[at] for at in kept)
            fixes = (*fixes, "repeated citations")
        reading = Reading(mended, task, bounds, cited)
        barred: tuple[Finding, ...] = ()
        if self.mode == "full" and self.prunes:
            policing = self._policing if self._takes_out else None
            unnamed = self.rules.severities["CITATION_UNGROUNDED"] == "flag"
            reading, more, barred = trimmed(reading, policing, unnamed=unnamed)
            mended, cited, fixes = reading.draft, reading.cited, (*fixes, *more)
        reasons = tuple(self._reasons(reading, completion, barred))
        citations = tuple(map(self._citation, mended.citations, cited))
        return Verdict(mended, reasons, citations, reading.parsed, fixes)

    def score(self, score: float | None) -> Reason | None:
        """The reason that a judge's mark (1 to 5) gives, if any; None: no judge could be had."""
        if score is None:
            return self.rules.reason("UNJUDGED", "no judge could be had for this sample")
        wanted = max(self.rules.thresholds.flag_score, self.rules.thresholds.min_score)
        if score >= wanted:
            return None
        far = score < self.rules.thresholds.min_score
        return self.rules.reason("LOW_SCORE", f"{score:.1f} of 5, need {wanted:.1f}", far=far)

    @property
    def _policing(self) -> Policing:
        return Policing(self.policy, self.authorities or Authorities({}))

    def _reasons(
        self, reading: Reading, completion: Completion | None, barred: Iterable[Finding]
    ) -> Iterator[Reason]:
        stages: list[Iterable[Finding]] = [form(reading, completion)]
        if self.mode == "full":
            stages += [self._voice(reading, completion), self._substance(reading, barred)]
        for stage in stages:
            failed = False
            for code, what, where, far in stage:
                reason = self.rules.reason(code, what, where, far=far)
                if reason is not None:
                    failed |= reason.reject
                    yield reason
            if failed:
                return

    def _voice(self, reading: Reading, completion: Completion | None) -> Iterator[Finding]:
        yield from refusal(reading.draft, completion)
        yield from meta_talk(reading)
        yield from placeholder(reading)
        yield from language(reading, self.rules.thresholds)
        yield from cut(reading.draft.answer)

    def _substance(self, reading: Reading, barred: Iterable[Finding]) -> Iterator[Finding]:
        limits = self.rules.thresholds
        for check in (lengths, steps, overlap):
            yield from check(reading, limits)
        yield from repetition(reading)
        yield from shape(reading, limits)
        yield from self._citations(reading)
        yield from barred
        yield from required(reading, limits, self._lists)

    def _citations(self, reading: Reading) -> Iterator[Finding]:
        yield from citation_count(reading, self.rules.thresholds)
        yield from citation_impossible(reading, self.today)
        yield from citation_jurisdiction(reading)
        yield from citation_grounding(reading)
        yield from citation_form(reading, self._lists)
        yield from self._unlisted(reading)

    def _unlisted(self, reading: Reading) -> Iterator[Finding]:
        policing = self._policing
        if self.authorities is None or (policing.strict and self._takes_out):
            return
        for group in reading.cited:
            for item in policing.barred(group):
                what = f'"{shown(item)}" is not in the list: take one from it, or an Act'
                yield "CITATION_UNLISTED", what, "citations", self.policy == "menu"

    @property
    def _takes_out(self) -> bool:
        return self.prunes and self.rules.severities["CITATION_UNLISTED"] == "graded"

    def _lists(self, parsed: Parsed) -> bool:
        return self.authorities is not None and self.authorities.lists(parsed)

    def _lists_one(self, item: Parsed, cited: Iterable[tuple[Parsed, ...]]) -> bool:
        """Whether the list has it, or the same case by a parallel citation of the same text."""
        if self._lists(item):
            return True
        group = next((group for group in cited if item in group), ())
        twins = (other for other in group if other.is_case and item.is_case and other != item)
        return any(
            self._lists(twin) and (not item.name or same_case(item.name, twin.name))
            for twin in twins
        )

    def _citation(self, given: DraftCitation, parsed: tuple[Parsed, ...]) -> Citation:
        proposition = given.proposition or None
        if not parsed:
            return Citation(given.text, proposition=proposition)
        best = next((item for item in parsed if item.strong), parsed[0])
        listed = all(self._lists_one(item, [parsed]) for item in parsed)
        named = "named" if best.kind in NAMED_KINDS else "parsed"
        status = "listed" if listed else named
        return Citation(given.text, best.kind, best.key, status, proposition)
