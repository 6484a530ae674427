"""The checks of the whole text, as the table in ``codes`` names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from legalgen.quality.admission import citation_unlisted
from legalgen.quality.citing import (
    citation_count,
    citation_form,
    citation_grounding,
    citation_impossible,
    citation_jurisdiction,
)
from legalgen.quality.deadlines import deadline
from legalgen.quality.difficulty import difficulty
from legalgen.quality.elements import required
from legalgen.quality.facts import facts
from legalgen.quality.figures import inconsistent
from legalgen.quality.form import lengths, overlap, repetition, shape, steps
from legalgen.quality.in_force import law_later, law_repealed
from legalgen.quality.plain import (
    advertising,
    citations_in_answer,
    list_only,
    prompt_leak,
    role_play,
)
from legalgen.quality.reading import Finding, Reading
from legalgen.quality.reckoning import reckoning
from legalgen.quality.registers import registers
from legalgen.quality.sections import act_unknown, section_nonexistent
from legalgen.quality.substance import (
    contradiction,
    no_answer,
    off_topic,
    paraphrase,
    steps_off_topic,
    steps_restate,
    verdicts,
)
from legalgen.quality.sums import arithmetic
from legalgen.quality.systems import law_jurisdiction
from legalgen.quality.usable import cut, language, meta_talk, placeholder, refusal

__all__ = [
    "OF_TEXT", "citation_count", "citation_form", "citation_impossible", "citation_unlisted",
    "required",
]  # fmt: skip

OF_TEXT: Mapping[str, Callable[[Reading], Iterator[Finding]]] = {
    check.__name__: check
    for check in (
        refusal, meta_talk, prompt_leak, placeholder, language, role_play, advertising,
        registers, no_answer, cut, lengths, steps, overlap, repetition, shape, list_only,
        citations_in_answer, off_topic, steps_off_topic, contradiction, verdicts, facts,
        inconsistent, arithmetic, reckoning, deadline, steps_restate, paraphrase,
        citation_jurisdiction, citation_grounding, section_nonexistent, act_unknown, law_repealed,
        law_later, law_jurisdiction, difficulty,
    )
}  # fmt: skip
"""Those that need nothing but the answer; the others are told what the gate knows."""
