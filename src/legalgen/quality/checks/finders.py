"""The checks of the whole text, as the table in ``codes`` names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from legalgen.quality.admission import citation_unlisted
from legalgen.quality.checks.again import says_again
from legalgen.quality.checks.amounts.comparisons import comparisons
from legalgen.quality.checks.amounts.deadlines import deadline
from legalgen.quality.checks.amounts.figures import inconsistent
from legalgen.quality.checks.amounts.portions import share_otherwise
from legalgen.quality.checks.amounts.reckoning import reckoning
from legalgen.quality.checks.amounts.sums import arithmetic
from legalgen.quality.checks.amounts.tallies import tallies
from legalgen.quality.checks.difficulty import difficulty
from legalgen.quality.checks.elements import required
from legalgen.quality.checks.facts import facts
from legalgen.quality.checks.form import lengths, overlap, repetition, shape, steps
from legalgen.quality.checks.law.citing import (
    citation_count,
    citation_form,
    citation_grounding,
    citation_impossible,
    citation_jurisdiction,
)
from legalgen.quality.checks.law.in_force import law_later, law_repealed
from legalgen.quality.checks.law.sections import act_unknown, section_nonexistent
from legalgen.quality.checks.law.systems import law_jurisdiction
from legalgen.quality.checks.slips import slips
from legalgen.quality.checks.sources import citations_in_answer
from legalgen.quality.checks.substance import (
    contradiction,
    no_answer,
    off_topic,
    paraphrase,
    steps_off_topic,
    steps_restate,
    verdicts,
)
from legalgen.quality.checks.usable import cut, language, meta_talk, placeholder, refusal
from legalgen.quality.checks.voice.brands import brands
from legalgen.quality.checks.voice.harm import hiding
from legalgen.quality.checks.voice.plain import (
    advertising,
    list_only,
    prompt_leak,
    role_play,
)
from legalgen.quality.checks.voice.registers import registers
from legalgen.quality.checks.voice.task_talk import task_talk
from legalgen.quality.checks.voice.voices import voice
from legalgen.quality.reading import Finding, Reading

__all__ = [
    "OF_TEXT", "citation_count", "citation_form", "citation_impossible", "citation_unlisted",
    "required",
]  # fmt: skip

OF_TEXT: Mapping[str, Callable[[Reading], Iterator[Finding]]] = {
    check.__name__: check
    for check in (
        refusal, meta_talk, prompt_leak, placeholder, language, role_play, voice, advertising,
        brands, registers, task_talk, hiding, no_answer, cut, lengths, steps, overlap, repetition,
        shape, list_only, citations_in_answer, off_topic, steps_off_topic, contradiction, verdicts,
        facts, inconsistent, share_otherwise, arithmetic, reckoning, tallies, comparisons, deadline,
        steps_restate, paraphrase, says_again, slips, citation_jurisdiction, citation_grounding,
        section_nonexistent, act_unknown, law_repealed, law_later, law_jurisdiction, difficulty,
    )
}  # fmt: skip
"""Those that need nothing but the answer; the others are told what the gate knows."""
