"""Are the citations possible, of the right law, named in the answer, well formed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date

from legalgen.law.citations import (
    Parsed,
    find_numbered,
    form_fault,
    impossible,
    name_tokens,
    suspect,
)
from legalgen.quality.reading import Finding, Reading
from legalgen.quality.rules import Thresholds
from legalgen.store.sample import words


def shown(item: Parsed) -> str:
    """A citation as a reason quotes it."""
    return f"{item.name} {item.key}" if item.is_case and item.name else item.key


def citation_count(reading: Reading, limits: Thresholds) -> Iterator[Finding]:
    """Whether it has the citations that its type asks for."""
    count = len(reading.draft.citations)
    wanted = max(reading.bounds.min_citations, limits.min_citations)
    if count < wanted:
        far = count < limits.min_citations
        yield "CITATION_MISSING", f"{count} citations, need {wanted} or more", "citations", far
    if count and not reading.parsed:
        example = reading.draft.citations[0].text
        yield "CITATION_UNPARSED", f'"{example[:80]}" is no citation form known', "citations", True


def citation_impossible(reading: Reading, today: date) -> Iterator[Finding]:
    """Citations that cannot exist: a year to come, a court before its time."""
    prose = find_numbered(f"{reading.draft.answer}\n{reading.steps_text}")
    seen: set[str] = set()
    for item in (*reading.parsed, *prose):
        reason = None if item.key in seen else impossible(item, today)
        seen.add(item.key)
        if reason is not None:
            what = reason.message.removeprefix("CITATION_IMPOSSIBLE: ")
            yield "CITATION_IMPOSSIBLE", what, reason.field, True


def citation_jurisdiction(reading: Reading) -> Iterator[Finding]:
    """Only where every citation shows that it belongs elsewhere.

    International practice cites national law, so an international cell is satisfied by any.
    """
    task = reading.task
    if task is None or not reading.parsed or not all(reading.cited):
        return
    if task.jurisdiction not in ("uk", "us", "eu") or _is_comparative(reading):
        return  # of international law any may be cited; what a user adds the grammar cannot know
    national = [item for item in reading.parsed if "international" not in item.jurisdictions]
    if not national or any(not item.jurisdictions for item in national):
        return
    found = {place for item in national for place in item.jurisdictions}
    if task.jurisdiction not in found:
        where = ", ".join(sorted(found))
        what = f"every citation is of {where}, need one of {task.jurisdiction}"
        yield "CITATION_JURISDICTION", what, "citations", True


def _is_comparative(reading: Reading) -> bool:
    comparative = reading.task is not None and reading.task.sample_type == "comparative"
    return comparative or "two_jurisdictions" in reading.bounds.requires


def citation_grounding(reading: Reading) -> Iterator[Finding]:
    """Citations whose name stands neither in the answer nor in the steps."""
    named = [item for item in reading.parsed if name_tokens(item.name)]
    absent = [item for item in named if not _grounded(item, reading.vocabulary)]
    if absent:
        quoted = ", ".join(f'"{shown(item)}"' for item in absent[:3])
        what = f"{quoted} not named in answer or steps: use it there or leave it out"
        yield "CITATION_UNGROUNDED", what, "citations", len(absent) == len(named)


def _grounded(item: Parsed, vocabulary: frozenset[str]) -> bool:
    if name_tokens(item.name) & vocabulary:
        return True
    if not item.name.isascii() and _named_with_accents(item.name, vocabulary):
        return True
    if item.is_case:
        return False
    initials = "".join(word[0] for word in item.name.split() if word[0].isupper()).casefold()
    pins = re.findall(r"\d+[a-z]{0,2}", item.pinpoint.casefold())
    return initials in vocabulary or any(pin in vocabulary for pin in pins)


def _named_with_accents(name: str, vocabulary: frozenset[str]) -> bool:
    """Whether a word of the name is there, with its accents or without them."""
    telling = {word for word in words(name) if len(word) > 3}
    bare = {_without_accents(word) for word in telling}
    return not vocabulary.isdisjoint(telling | bare)


def _without_accents(word: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFD", word)))


def citation_form(reading: Reading, lists: Callable[[Parsed], bool]) -> Iterator[Finding]:
    """Citations that are written wrongly, cannot be read, or are on no list."""
    for given, group in zip(reading.draft.citations, reading.cited, strict=True):
        for item in group:
            fault = form_fault(item, given.text)
            if fault is not None:
                yield "CITATION_FORMAT", f'"{item.key}": {fault}', "citations", True
            if suspect(item) and not lists(item):
                what = f'"{shown(item)}" has a number that is often invented'
                yield "CITATION_SUSPECT", what, "citations", True
