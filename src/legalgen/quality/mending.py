"""What is mended without asking again: labels, marks, numbered steps, citations given twice."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from legalgen.law.citations import (
    Parsed,
    fix_brackets,
)
from legalgen.quality.reading import SHORT_TYPES
from legalgen.store.sample import Draft, DraftCitation, beyond_ascii

_STEP_NUMBER = re.compile(
    r"\s*(?:\*\*)?(?:step\s*\d+\s*[:.)\-\u2013]+|\d{1,2}\s*[.):]\s)\s*(?:\*\*)?\s*", re.I
)

_QUESTION_LABEL = re.compile(r"[*_# ]*(?:question|q)[*_]* ?(?::[*_]*|\n)\s*", re.I)

_ANSWER_LABEL = re.compile(
    r"[*_# ]*(?:(?:final |model )?answer|response)[*_]* ?(?::[*_]*|\n)\s*", re.I
)

_OFFER = re.compile(r"(?<=[.!])\s+(?:Would you like|Do you want) me to [^.?]*\?\Z")

_LONGEST_OFFER = 300

_BOX = re.compile(r"[\u2500-\u257f\u2580-\u259f]+")

HEADING = re.compile(r"^ {0,3}#{1,6}\s+", re.M)

_EMPHASIS = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=[^\s_])(.+?)(?<=[^\s_])__", re.S)

_FENCE = re.compile(r"^```\w*\s*$\n?", re.M)


def mend(draft: Draft, sample_type: str = "") -> tuple[Draft, tuple[str, ...]]:
    """The draft after what is safe to mend, and what that was.

    White space at the ends, ``Step n:`` before a step, ``Question:`` and ``Answer:`` before
    theirs, a chat's last offer of more, markup in plain-text types and in citations, the
    brackets of years in citations where the series decides them, and a citation's text and
    proposition where each stands in the place of the other.
    """
    steps = tuple([_unnumbered(step).strip() for step in draft.reasoning_steps])
    plain = _strip_markup if sample_type in SHORT_TYPES else str
    question = plain(_unlabelled(draft.question, _QUESTION_LABEL)).strip()
    answer = plain(_unlabelled(draft.answer, _ANSWER_LABEL)).strip()
    if answer.endswith("?") and sample_type != "dialogue":
        answer = answer[:-_LONGEST_OFFER] + _OFFER.sub("", answer[-_LONGEST_OFFER:])
    citations = []
    for given in map(_righted, draft.citations):
        bare = _bare_citation(given.text)
        text = fix_brackets(bare)
        answer = answer if text == bare else answer.replace(bare, text)
        citations.append(given if text == given.text else replace(given, text=text))
    mended = Draft(question, steps, answer, tuple(citations), draft.repaired)
    return mended, tuple(_fixes(draft, mended))


def composed(draft: Draft) -> Draft:
    """The draft with each accent in its letter (NFC): no pattern sees letter and mark as one."""
    texts = (draft.question, draft.answer, *draft.reasoning_steps)
    cited = [text for item in draft.citations for text in (item.text, item.proposition)]
    if all(map(str.isascii, texts)) and all(map(str.isascii, cited)):
        return draft
    nfc = functools.partial(unicodedata.normalize, "NFC")
    return Draft(
        nfc(draft.question),
        tuple(map(nfc, draft.reasoning_steps)),
        nfc(draft.answer),
        tuple(
            DraftCitation(
                nfc(item.text), nfc(item.proposition), item.source.strip(), nfc(item.quote)
            )
            for item in draft.citations
        ),
        draft.repaired,
    )


_NUMBERS = re.compile(r"\d+")


def distinct(
    citations: Sequence[DraftCitation], cited: Sequence[tuple[Parsed, ...]]
) -> Sequence[int]:
    """The indexes of the citations that do not repeat an earlier one, however each is written."""
    every = [tuple([(item.key, item.pinpoint) for item in group]) for group in cited]
    if len(set(every)) == len(every):
        return range(len(every))
    known: dict[object, int] = {}
    for at, (given, read) in enumerate(zip(citations, every, strict=True)):
        numbers = tuple(sorted(_NUMBERS.findall(given.text)))  # those of paragraphs are in no key
        known.setdefault((read, numbers) if read else given.text.casefold(), at)
    return list(known.values())


_CITATION_MARKS = re.compile(r"[*`]|^\s*(?:[-\u2022]\s+|\d{1,2}[.)]\s+)|_+$|^_+")


def _bare_citation(text: str) -> str:
    """The text without emphasis, and without a bullet or number before it."""
    begins = text.lstrip()[:1]
    if not (begins in "-\u2022" or begins.isdecimal() or any(mark in text for mark in "*`_")):
        return text.strip()
    return _CITATION_MARKS.sub("", text).strip()


def _righted(given: DraftCitation) -> DraftCitation:
    if _NUMBERS.search(given.text) or not _NUMBERS.search(given.proposition):
        return given  # nearly every source has a number
    from legalgen.quality.checks.sources import is_exchanged  # what few answers need

    if not is_exchanged(given.text, given.proposition):
        return given
    return replace(given, text=given.proposition, proposition=given.text)


def _unnumbered(step: str) -> str:
    found = _STEP_NUMBER.match(step)
    return step[found.end() :] if found else step


def _unlabelled(text: str, label: re.Pattern[str]) -> str:
    text = text.strip()
    found = label.match(text)
    return text[found.end() :] if found else text


def _strip_markup(text: str) -> str:
    if any(mark in text for mark in "*#_`"):
        text = _EMPHASIS.sub(r"\1\2", HEADING.sub("", _FENCE.sub("", text)))
    return _BOX.sub("", text) if any(map(_BOX.match, beyond_ascii(text))) else text


def _fixes(before: Draft, after: Draft) -> Iterator[str]:
    if tuple(step.strip() for step in before.reasoning_steps) != after.reasoning_steps:
        yield "step numbers"
    if [item.text.strip() for item in before.citations] != [item.text for item in after.citations]:
        yield "citation form"
    elif before.answer.strip() != after.answer or before.question.strip() != after.question:
        yield "markup"
