"""The gate: reasons to refuse a sample, reasons to flag it, and what can be mended at once.

``Gate.inspect`` looks at one answer alone and is pure. ``Corpus`` looks at what the dataset
already holds (contradicting citations, worn openings and names) and belongs to one thread; so
does the index of near-duplicates, which has a drawer of its own (``duplicates``).

The checks are those of the table in ``codes``, in three stages: can it be read, may it be used, is
it good. The first stage with a hard failure ends the check; all reasons of that stage are
collected, so that one repair can mend them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec.structs import replace

from legalgen.completion import Completion
from legalgen.errors import Reason
from legalgen.law.citations import NAMED_KINDS, Authorities, Parsed, parse, same_case
from legalgen.law.planner import Task
from legalgen.quality.checks.form import form
from legalgen.quality.codes import TABLE, Stage
from legalgen.quality.mending import composed, distinct, mend
from legalgen.quality.reading import Finding, KnownRuns, Reading
from legalgen.quality.rules import AnswerBounds, Rules, Verdict
from legalgen.settings.types import CitationPolicy, GateMode
from legalgen.store.sample import Citation, Draft, DraftCitation

if TYPE_CHECKING:
    from legalgen.quality.admission import Policing
    from legalgen.quality.grounding import PassagesOf
    from legalgen.sources.passages import Passage

Finder: TypeAlias = Callable[[Reading], Iterator[Finding]]
"""A check: the findings of one answer."""

UNSUPPORTED_MARK = 2
"""A judge's mark of the citations up to which quotations are said not to carry the answer."""


class Gate(msgspec.Struct, frozen=True, dict=True):
    """The checks of one sample. ``authorities`` are those that are known to be cited right.

    ``admitted`` are cases that may be cited as well, though nobody has compared them with the
    reports: a citation of one is kept, and its status says no more than that it was parsed.
    ``today`` bounds what can have been decided. ``prunes`` says whether what may not be cited is
    taken out of an answer; rows that stand in a dataset are only told of it. ``instructions`` are
    the runs of words of the prompts that are sent; ``topics`` the stems of the words of each topic,
    by jurisdiction, area and topic, and ``subtopics`` its parts by name. ``passages`` gives those
    that a task was written from, where samples are grounded. Safe to share between threads.
    """

    mode: GateMode
    today: date
    rules: Rules = msgspec.field(default_factory=Rules)
    authorities: Authorities | None = None
    policy: CitationPolicy = "free"
    prunes: bool = True
    admitted: Authorities | None = None
    instructions: KnownRuns = KnownRuns()
    topics: Mapping[tuple[str, str, str], frozenset[str]] = msgspec.field(default_factory=dict)
    subtopics: Mapping[tuple[str, str, str], tuple[str, ...]] = msgspec.field(default_factory=dict)
    passages: PassagesOf | None = None

    def inspect(
        self, draft: Draft, task: Task | None, completion: Completion | None, bounds: AnswerBounds
    ) -> Verdict:
        """Judge one answer. Pure; knows nothing of other samples.

        ``task`` and ``completion`` are None for rows of a dataset that is being checked; what
        they would show is then not checked.
        """
        given = self.passages(task) if self.passages is not None and task is not None else ()
        if given:
            return self._inspect_grounded(draft, task, completion, bounds, given)
        mended, fixes = mend(composed(draft), task.sample_type if task else "")
        cited = tuple(parse(item.text) for item in mended.citations)
        kept = distinct(mended.citations, cited)
        if len(kept) < len(cited):
            mended = replace(mended, citations=tuple(mended.citations[at] for at in kept))
            cited = tuple(cited[at] for at in kept)
            fixes = (*fixes, "repeated citations")
        reading = Reading(
            mended, task, bounds, cited,
            limits=self.rules.thresholds, completion=completion,
            instructions=self.instructions, topic=self._topic(task),
            subtopics=self._subtopics(task),
        )  # fmt: skip
        if self.mode == "full" and self.prunes and not reading.endless:
            from legalgen.quality.admission import trimmed  # what the structure does without

            policing = self._policing if self._takes_out else None
            unnamed = self.rules.severities["CITATION_UNGROUNDED"] == "flag"
            reading, more, barred = trimmed(reading, policing, unnamed=unnamed)
            if barred:
                reading = replace(reading, barred=barred)
            mended, cited, fixes = reading.draft, reading.cited, (*fixes, *more)
        reasons = tuple(self._reasons(reading))
        citations = tuple(map(self._citation, mended.citations, cited))
        return Verdict(mended, reasons, citations, reading.parsed, fixes)

    def _inspect_grounded(
        self,
        draft: Draft,
        task: Task | None,
        completion: Completion | None,
        bounds: AnswerBounds,
        given: Sequence[Passage],
    ) -> Verdict:
        """Judge an answer that was written from passages: its quotations are its authorities."""
        from legalgen.quality.grounding import grounded  # of texts, which few batches have

        mended, fixes = mend(composed(draft), task.sample_type if task else "")
        reading = Reading(
            mended, task, bounds, (), limits=self.rules.thresholds, completion=completion,
            instructions=self.instructions, grounding=(),
        )  # fmt: skip
        if reading.endless:  # nothing in it is worth looking up
            return Verdict(mended, tuple(self._reasons(reading)), fixes=fixes)
        found = grounded(mended, given)
        cited = tuple(parse(item.text) for item in found.draft.citations)
        reading = replace(reading, draft=found.draft, cited=cited, grounding=found.findings)
        return Verdict(
            found.draft, tuple(self._reasons(reading)), found.citations, reading.parsed, fixes
        )

    def score(self, score: float | None) -> Reason | None:
        """The reason that a judge's mark (1 to 5) gives, if any; None: no judge could be had."""
        if score is None:
            return self.rules.reason("UNJUDGED", "no judge could be had for this sample")
        wanted = max(self.rules.thresholds.flag_score, self.rules.thresholds.min_score)
        if score >= wanted:
            return None
        far = score < self.rules.thresholds.min_score
        return self.rules.reason("LOW_SCORE", f"{score:.1f} of 5, need {wanted:.1f}", far=far)

    def support(self, draft: Draft, mark: int) -> Reason | None:
        """The reason that a judge's mark of the citations (1 to 5) gives, where they quote."""
        if mark > UNSUPPORTED_MARK or not any(each.quote for each in draft.citations):
            return None
        what = f"{mark} of 5: a quotation does not carry what it is quoted for"
        return self.rules.reason("UNSUPPORTED", what, "citations")

    @cached_property  # names are looked up by word in it, which takes 15 ms to arrange
    def _policing(self) -> Policing:
        from legalgen.quality.admission import Policing  # what the structure does without

        known = self.authorities or Authorities({})
        return Policing(self.policy, known | self.admitted if self.admitted else known)

    def _reasons(self, reading: Reading) -> Iterator[Reason]:
        for stage in STAGES if self.mode == "full" else STAGES[:1]:
            failed = False
            for name in _NAMES_OF[stage]:
                if reading.grounding is not None and name in _OF_AUTHORITIES:
                    continue  # the passages are the authorities, and are looked at themselves
                for code, what, where, far in self.finders[name](reading):
                    if _GROUNDING_STAGE.get(code, stage) != stage:
                        continue
                    reason = self.rules.reason(code, what, where, far=far)
                    if reason is not None:
                        failed |= reason.reject
                        yield reason
            if failed:
                return

    @cached_property
    def finders(self) -> Mapping[str, Finder]:
        """The checks by the names that the table has for them.

        Those of the whole text are loaded here: their patterns take 60 ms to compile, which the
        structure does without.
        """
        of_structure: dict[str, Finder] = {
            "form": form,
            "grounding": lambda reading: iter(reading.grounding or ()),
        }
        if self.mode == "structure":
            return of_structure
        from legalgen.quality.checks import finders

        limits, today = self.rules.thresholds, self.today
        policing = self._policing if self.authorities is not None else None
        taken_out = self._takes_out
        return {
            **of_structure,
            **finders.OF_TEXT,
            "citation_count": lambda reading: finders.citation_count(reading, limits),
            "citation_impossible": lambda reading: finders.citation_impossible(reading, today),
            "citation_form": lambda reading: finders.citation_form(
                reading, self.admits, self._turned
            ),
            "citation_unlisted": lambda reading: finders.citation_unlisted(
                reading, policing, taken_out=taken_out
            ),
            "required": lambda reading: finders.required(reading, limits, self.admits),
        }

    def _topic(self, task: Task | None) -> frozenset[str]:
        if task is None:
            return frozenset()
        key = (task.jurisdiction, task.practice_area, task.topic)
        return self.topics.get(key, frozenset())

    def _subtopics(self, task: Task | None) -> tuple[str, ...]:
        if task is None:
            return ()
        return self.subtopics.get((task.jurisdiction, task.practice_area, task.topic), ())

    @property
    def _takes_out(self) -> bool:
        return self.prunes and self.rules.severities["CITATION_UNLISTED"] == "graded"

    def lists(self, parsed: Parsed) -> bool:
        """Whether somebody has checked this authority."""
        return self.authorities is not None and self.authorities.lists(parsed)

    def admits(self, parsed: Parsed) -> bool:
        """Whether it is a known authority or a leading case."""
        return self.lists(parsed) or (self.admitted is not None and self.admitted.lists(parsed))

    def _turned(self, parsed: Parsed) -> str:
        known = self.authorities.turned(parsed) if self.authorities is not None else ""
        return known or (self.admitted.turned(parsed) if self.admitted is not None else "")

    def _lists_one(self, item: Parsed, group: Iterable[Parsed]) -> bool:
        """Whether the list has it, or the same case by a parallel citation of the same text."""
        if self.lists(item):
            return True
        twins = (other for other in group if other.is_case and item.is_case and other != item)
        return any(
            self.lists(twin) and (not item.name or same_case(item.name, twin.name))
            for twin in twins
        )

    def _citation(self, given: DraftCitation, parsed: tuple[Parsed, ...]) -> Citation:
        proposition = given.proposition or None
        if not parsed:
            return Citation(given.text, proposition=proposition)
        best = next((item for item in parsed if item.strong), parsed[0])
        listed = all(self._lists_one(item, parsed) for item in parsed)
        named = "named" if best.kind in NAMED_KINDS else "parsed"
        status = "listed" if listed else named
        return Citation(given.text, best.kind, best.key, status, proposition)


# --- the checks by name ------------------------------------------------------------------------

STAGES: tuple[Stage, ...] = ("readable", "usable", "good")

_NAMES_OF: Mapping[Stage, tuple[str, ...]] = {
    stage: tuple(dict.fromkeys(row.finder for row in TABLE if row.stage == stage and row.finder))
    for stage in STAGES
}
"""The functions of each stage by name, in the order of the table, each once."""

_GROUNDING_STAGE: Mapping[str, Stage] = {
    row.code: row.stage for row in TABLE if row.finder == "grounding"
}
_OF_AUTHORITIES = frozenset({
    "citation_count", "citation_impossible", "citation_form", "citation_unlisted",
    "citation_jurisdiction", "citation_grounding", "section_nonexistent", "act_unknown",
    "law_repealed", "law_jurisdiction", "citations_in_answer", "off_topic", "required",
})  # fmt: skip
"""Checks that compare an answer with what is known of the law at large."""
