"""Are the citations possible, of the right law, named in the answer, well formed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from legalgen.errors.plurals import plural
from legalgen.law.citations import (
    Parsed,
    find_numbered,
    form_fault,
    impossible,
    name_tokens,
    names_of,
    suspect,
)
from legalgen.quality.checks.sources import is_statement
from legalgen.quality.checks.usable import is_no_citation
from legalgen.quality.reading import Finding, Reading, reasoned, stems
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
        yield (
            "CITATION_MISSING",
            f"{plural(count, 'citation')}, need {wanted} or more",
            "citations",
            far,
        )
    if count and not reading.parsed:
        example = reading.draft.citations[0].text
        yield "CITATION_UNPARSED", f'"{example[:80]}" is no citation form known', "citations", True
    elif not all(reading.cited):
        unread = zip(reading.draft.citations, reading.cited, strict=True)
        for text in [given.text for given, group in unread if not group]:
            if is_statement(text):
                what = f'"{text[:80]}" says something and cites nothing'
                yield "CITATION_UNPARSED", what, "citations", True
                return


def citation_impossible(reading: Reading, today: date) -> Iterator[Finding]:
    """Citations that cannot exist: a year to come, a court before its time."""
    prose = find_numbered(reasoned(reading.draft))  # at which the policy has looked before
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
    """Citations of which neither the answer nor the steps say anything.

    Where another is left such a citation has been taken out already (``named_places``).
    """
    absent = [
        given.text
        for given, group in zip(reading.draft.citations, reading.cited, strict=True)
        if not is_named(given.text, group, reading)
    ]
    if absent:
        quoted = ", ".join(f'"{text[:80]}"' for text in absent[:3])
        what = f"{quoted} not named in answer or steps: use it there or leave it out"
        yield "CITATION_UNGROUNDED", what, "citations", True
    elif stray := _stray_proposition(reading):
        what = f'"{stray[:80]}" has no word of the sample: say what is cited for this answer'
        yield "CITATION_UNGROUNDED", what, "citations", True


LEAST_SAID, LEAST_ASSERTED = 4, 5
"""Telling words of what is said of a citation, from which one has to be of the sample or its topic.
Where no topic is known it takes one more. Of 169 good ones with so many all but one have."""


def _stray_proposition(reading: Reading) -> str:
    """What is said of a citation, if none of its many telling words is of sample or topic."""
    least = LEAST_SAID if reading.topic else LEAST_ASSERTED
    for given in reading.draft.citations:
        told = words(given.proposition)
        if len(told) < least or not reading.telling.isdisjoint(told):
            continue
        said = stems(told)
        known = (reading.answer_stems, reading.question_stems, reading.step_stems, reading.topic)
        if len(said) >= least and all(map(said.isdisjoint, known)):
            named = stems(words(given.text))
            if said.isdisjoint(named):
                return given.proposition
    return ""


def named_places(reading: Reading) -> Sequence[int]:
    """The places of the citations that answer or steps name; the first one where none is."""
    cited = enumerate(zip(reading.draft.citations, reading.cited, strict=True))
    named = [at for at, (given, group) in cited if is_named(given.text, group, reading)]
    return named or range(min(1, len(reading.cited)))


def is_named(text: str, group: Iterable[Parsed], reading: Reading) -> bool:
    """Whether one of the authorities of a citation is named; what is unread, by its words."""
    found = tuple(group)
    for item in found:
        if _grounded(item, reading):
            return True
    if is_no_citation(text):
        return True  # a fault of its own, which is not to be hidden
    if not found:
        telling = {word for word in words(text) if len(word) > 3}
        return not telling or not telling.isdisjoint(reading.vocabulary)
    if any(item.is_case and not item.name for item in found):
        return _called_in_part(text, reading)
    return not any(item.is_case for item in found) and _has_part(text, reading)


_CAPITAL = re.compile(r"[^\W\d_a-z][\w'\u2019-]{3,}")
_NO_NAME = frozenset({
    "Activities", "Advisory", "Appeal", "Application", "Arbitration", "Award", "Case", "Cases",
    "Concerning", "Construction", "Convention", "Court", "International", "Judgment", "Legal",
    "Legality", "Merits", "Opinion", "Order", "Preliminary", "Project", "Provisional", "Question",
    "Reports", "Territory",
})  # fmt: skip
"""Words in the titles of many cases."""


def _called_in_part(text: str, reading: Reading) -> bool:
    """Whether a case without parties is called by a name in its title: ``Nicaragua`` for all."""
    titled = {word for word in _CAPITAL.findall(text) if word not in _NO_NAME}
    return not titled.isdisjoint(_CAPITAL.findall(f"{reading.draft.answer}\n{reading.steps_text}"))


_PART = re.compile(
    r"\b(?:art(?:icle)?s?|s(?:ection)?s?|reg(?:ulation)?s?|rules?)\.? (?P<part>\d+[a-z]{0,2})\b"
    r"|\u00a7 ?(?P<section>\d+)\b"
)
"""In small letters."""


def _has_part(text: str, reading: Reading) -> bool:
    """Whether a section or an article that a citation gives is named by its number."""
    given = set(_parts(text.casefold()))
    if given.isdisjoint(reading.vocabulary):
        return False
    return not given.isdisjoint(_parts(reading.prose))


def _parts(text: str) -> Iterator[str]:
    return (found["part"] or found["section"] for found in _PART.finditer(text))


def _grounded(item: Parsed, reading: Reading) -> bool:
    vocabulary, tokens = reading.vocabulary, name_tokens(item.name)
    if not tokens:
        return _by_number(item, reading)
    if not tokens.isdisjoint(vocabulary):
        return True
    if not item.name.isascii() and _named_with_accents(item.name, vocabulary):
        return True
    if item.is_case:
        return item.key.casefold() in reading.prose
    initials = "".join(word[0] for word in item.name.split() if word[0].isupper()).casefold()
    return initials in vocabulary or _has_pin(item, vocabulary)


def _has_pin(item: Parsed, vocabulary: frozenset[str]) -> bool:
    pins = re.findall(r"\d+[a-z]{0,2}", item.pinpoint.casefold())
    return any(pin in vocabulary for pin in pins)


_NUMBER = re.compile(r"\d+")


def _by_number(item: Parsed, reading: Reading) -> bool:
    """Whether a citation without a name of its own is there by its number or by another name."""
    if _has_pin(item, reading.vocabulary) or item.key.casefold() in reading.prose:
        return True
    if item.kind == "us_constitution":
        return not _CONSTITUTION.isdisjoint(reading.vocabulary)
    if item.kind == "eu_legislation" and any(
        name.casefold() in reading.prose for name in names_of(item.key)
    ):
        return True
    number = str(item.number) if item.number is not None else _last_number(item.key)
    return number in reading.vocabulary


def _last_number(key: str) -> str:
    found = _NUMBER.findall(key)
    return found[-1] if found else ""


_CONSTITUTION = frozenset({"constitution", "constitutional", "amendment", "amendments"})


def _named_with_accents(name: str, vocabulary: frozenset[str]) -> bool:
    """Whether a word of the name is there, with its accents or without them."""
    telling = {word for word in words(name) if len(word) > 3}
    bare = {_without_accents(word) for word in telling}
    return not vocabulary.isdisjoint(telling | bare)


def _without_accents(word: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFD", word)))


def citation_form(
    reading: Reading, lists: Callable[[Parsed], bool], turned: Callable[[Parsed], str]
) -> Iterator[Finding]:
    """Citations that are written wrongly, cannot be read, are on no list, or not under this name.

    ``turned`` gives the name of a case whose parties are the wrong way round.
    """
    for given, group in zip(reading.draft.citations, reading.cited, strict=True):
        for item in group:
            fault = form_fault(item, given.text)
            if fault is not None:
                yield "CITATION_FORMAT", f'"{item.key}": {fault}', "citations", True
            if suspect(item) and not lists(item):
                what = f'"{shown(item)}" has a number that is often invented'
                yield "CITATION_SUSPECT", what, "citations", True
            elif right := turned(item):
                yield "CITATION_SUSPECT", f'"{shown(item)}" is {right}', "citations", True
