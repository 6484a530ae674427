"""Grounded answers: each quotation is looked up, word for word, in the passage that it names.

The program writes how a passage is cited and where in it a quotation stands; what a model writes
of that is not used. What is found here makes an answer grounded or refuses it, whatever ``--gate``
says; nothing is decided by similarity, which only words the advice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from legalgen.errors.plurals import plural
from legalgen.law.citations import parse
from legalgen.law.planner import Task
from legalgen.quality.named import named_in
from legalgen.quality.reading import Finding, runs
from legalgen.sources.chunk import Chunk, cited
from legalgen.sources.passages import Passage
from legalgen.sources.quotations import (
    LEAST_WORDS,
    Found,
    find,
    folded,
    nearest,
    parts_of,
    words_in,
)
from legalgen.store.sample import Citation, Draft, DraftCitation, words

LIKE: Final = 0.5
"""From this share of words in common on the nearest passage is quoted back to the model."""
LONG_WORDS: Final = 120
ECHO_SHARE: Final = 0.5
_LABEL: Final = re.compile(r"\s*\[?\s*(?:source\s*)?S?\s*0*(\d{1,2})\s*\]?\s*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")

PassagesOf = Callable[[Task], Sequence[Passage]]
"""The passages that a task was given with; none where it is not grounded."""


class Grounded(msgspec.Struct, frozen=True):
    """An answer after its quotations were looked up.

    ``draft`` has the citations as the program writes them; ``citations`` are those of the row;
    ``findings`` is what is wrong.
    """

    draft: Draft
    citations: tuple[Citation, ...]
    findings: tuple[Finding, ...]


def grounded(draft: Draft, passages: Sequence[Passage]) -> Grounded:
    """Look up every quotation of an answer in the passages that it was written from."""
    findings: list[Finding] = []
    found: list[Citation] = []
    for one in draft.citations:
        citation, wrong = _looked_up(one, passages)
        findings.extend(wrong)
        if citation is not None and citation not in found:
            found.append(citation)
    if not draft.citations:
        what = f"no quotation: quote what decides the question from {_labels(passages)}"
        findings.append(("GROUND_MISSING", what, "citations", True))
    findings.extend(_outside(draft, passages))
    findings.extend(_numbers(draft, passages))
    findings.extend(_echo(draft, passages))
    named = tuple(
        DraftCitation(one.text, one.proposition or "", one.source or "", one.quote or "")
        for one in found
    )
    return Grounded(msgspec.structs.replace(draft, citations=named), tuple(found), tuple(findings))


def _labels(passages: Sequence[Passage]) -> str:
    return " or ".join(f"S{number}" for number in range(1, len(passages) + 1))


def _looked_up(
    one: DraftCitation, passages: Sequence[Passage]
) -> tuple[Citation | None, list[Finding]]:
    """The citation of a row that a quotation becomes; or what is wrong with it."""
    named = _LABEL.fullmatch(one.source)
    number = int(named[1]) if named else 0
    shown = one.quote[:160]
    if not 1 <= number <= len(passages):
        what = f"{one.source[:20]!r} is no passage: name {_labels(passages)}"
        return None, [("GROUND_UNKNOWN", what, "citations", True)]
    if min(map(words_in, parts_of(one.quote)), default=2) < 2:
        what = f'"{shown}": quote two words or more on each side of an ellipsis'
        return None, [("QUOTE_SHORT", what, "citations", True)]
    if (count := words_in(one.quote)) < LEAST_WORDS:
        what = f'"{shown}" has {plural(count, "word")}, need {LEAST_WORDS} or more in a row'
        return None, [("QUOTE_SHORT", what, "citations", True)]
    chunk = passages[number - 1].chunk
    place = find(one.quote, folded(chunk.text))
    if place is None:
        return None, [_not_there(one.quote, number, passages)]
    if place.fault:
        what = f'"{shown}" {place.fault}: quote what stands between, or two quotations'
        return None, [("QUOTE_ALTERED", what, "citations", True)]
    return _citation(one, chunk, place), list(_doubts(one.quote, count, place))


def _not_there(quote: str, number: int, passages: Sequence[Passage]) -> Finding:
    """Where a quotation stands instead, or what it is most like."""
    for other, passage in enumerate(passages, 1):
        if other != number and find(quote, folded(passage.chunk.text)) is not None:
            what = f'"{quote[:160]}" stands in S{other}, not in S{number}'
            return "QUOTE_MISATTRIBUTED", what, "citations", True
    like, passage_text = nearest(quote, passages[number - 1].chunk.text)
    if like >= LIKE:
        what = f'"{quote[:160]}" is not what S{number} says, which is "{passage_text[:240]}"'
        return "QUOTE_ALTERED", what, "citations", True
    return "QUOTE_NOT_FOUND", f'"{quote[:160]}" does not stand in S{number}', "citations", True


def _doubts(quote: str, count: int, place: Found) -> Iterator[Finding]:
    if count > LONG_WORDS:
        yield "QUOTE_LONG", f"a quotation of {count} words", "citations", False
    if place.turns:
        what = f'"{quote[:160]}" leaves out what may turn the sense'
        yield "QUOTE_ELIDED", what, "citations", False


def _citation(one: DraftCitation, chunk: Chunk, place: Found) -> Citation:
    pinpoint = chunk.pinpoint_of(place.start, place.end)
    text = cited(chunk.citation, pinpoint)
    read = next(iter(parse(text)), None)
    return Citation(
        text,
        read.kind if read else "",
        read.key if read else "",
        "grounded",
        one.proposition or None,
        chunk.id,
        pinpoint or None,
        one.quote,
        place.start,
        place.end,
    )


# --- what the prose says beside the quotations -------------------------------------------------


def _outside(draft: Draft, passages: Sequence[Passage]) -> Iterator[Finding]:
    """Authorities in the prose that stand in no passage, and name none of the sources."""
    known = named_in(tuple(passages))
    for field, text in _prose(draft):
        for shown in dict.fromkeys(known.outside(text)):
            yield "OUTSIDE_SOURCE", f'"{shown}" is in no passage: leave it out', field, True


def _prose(draft: Draft) -> Iterator[tuple[str, str]]:
    yield "question", draft.question
    yield "reasoning_steps", "\n".join(draft.reasoning_steps)
    yield "answer", draft.answer


def _numbers(draft: Draft, passages: Sequence[Passage]) -> Iterator[Finding]:
    """Numbers of the answer that come from nowhere; small ones are counted, not cited."""
    given = _numbers_in(draft.question)
    for passage in passages:
        given |= _numbers_in(passage.chunk.text) | _numbers_in(passage.chunk.pinpoint)
        given |= _numbers_in(passage.chunk.citation) | _numbers_in(passage.title)
    loose = sorted(n for n in _numbers_in(draft.answer) - given if len(n) > 1)
    if loose:
        what = f"{', '.join(loose[:5])} in neither the passages nor the question"
        yield "NUMBER_UNGROUNDED", what, "answer", False


def _numbers_in(text: str) -> set[str]:
    return {each.replace(",", "").rstrip(".") for each in _NUMBER.findall(text)}


def _echo(draft: Draft, passages: Sequence[Passage]) -> Iterator[Finding]:
    """How much of the answer is the words of the passages, in runs of six."""
    answer = words(draft.answer)
    if len(answer) < 30:
        return
    known = {run for passage in passages for run in runs(words(passage.chunk.text))}
    copied = {
        at + offset for at, run in enumerate(runs(answer)) if run in known for offset in range(6)
    }
    share = len(copied) / len(answer)
    if share > ECHO_SHARE:
        yield "SOURCE_ECHO", f"{share:.0%} of the answer is copied", "answer", False
