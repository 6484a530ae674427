"""Sources that stand where only prose should be: in the answer or among the steps."""

from __future__ import annotations

import re
from collections.abc import Iterator

from legalgen.quality.reading import Finding, Reading, excerpt, places
from legalgen.quality.wordlists import word_list

_SOURCES_END = (
    "sources", "references", "authorities", "citations", "bibliography", "cases", "cited",
    "reading", "relied on", "consulted",
)  # fmt: skip
_SOURCES = re.compile(rf"\b(?:{'|'.join(_SOURCES_END)})[*_]*\s*(?::|\n)")
"""The last word of a heading over sources, in folded text."""

_BEGINS = re.compile(r"[\n(.\]][^\n(.\]]*\Z|\A[^\n(.\]]*\Z")
"""Where a heading begins: at a line, after a full stop, in a bracket."""

LONGEST_HEADING = 6
MOST_LISTED = 120
"""Words."""

_SOURCE_WORDS = word_list("source_headings")

_CITED = re.compile(
    r"\bv\.? [A-Z]|\[\d{4}\]|\(\d{4}\)|\bAct \d{4}|\bU\.S\.(?:C\.)? |\bCase [CT]?-?\d|§"
    r"|\bRegulation \(|\bDirective "
    r"|\b(?:arts?|ss?|rr?|regs?|paras?|cl)\.? \d|\bArticle \d|\bsection \d|\bC\.?F\.?R\b"
    r"|\bP\. \d",
)


def citations_in_answer(reading: Reading) -> Iterator[Finding]:
    """A heading and sources after it, notes, or a sentence or step that is nothing but sources."""
    if not _SOURCE_WORDS.isdisjoint(reading.vocabulary):
        for name, text, low in (
            ("answer", reading.draft.answer, reading.folded_answer),
            ("reasoning_steps", reading.steps_text, reading.folded_steps),
        ):
            if at := _headed(text, low):
                what = f'"{excerpt(text, at)}" in {name}'
                yield "CITATIONS_IN_ANSWER", what, name, True
                return
    if notes := _notes(reading.draft.answer) or _string(reading):
        yield "CITATIONS_IN_ANSWER", f'"{excerpt(notes, 0)}" in answer', "answer", True
        return
    for step in reading.draft.reasoning_steps:
        if not _OF_PROSE.search(step) and _are_sources(step):
            what = f'"{excerpt(step, 0)}" in reasoning_steps'
            yield "CITATIONS_IN_ANSWER", what, "reasoning_steps", True
            return


def _headed(text: str, low: str) -> int | None:
    """Where a heading begins after which sources stand."""
    if ":" not in text and "\n" not in text:
        return None
    found = next(filter(_is_heading, _headings(low)), None)
    rest = text[found.end() :] if found else ""
    if found and _CITED.search(rest) and len(rest.split()) < MOST_LISTED:
        return found.start()
    return None


_OF_PROSE = re.compile(r" (?:is|a|are|must|has|may|not|that|was|be|can|it|he|she|they|so|only) ")
"""With one of these a step is no source; most have one."""

_NOTE = re.compile(
    r"^[ \t]*(?:\[(\d{1,2})\]|\(\d{1,2}\)|\d{1,2}[.)]|[\u00b9\u00b2\u00b3\u2070-\u2079]+|\*{1,3})"
    r"[ \t]*(\S[^\n]*)$",
    re.M,
)
"""A line that begins as a note does."""


def _notes(answer: str) -> str:
    """The first of the notes or lines with which an answer ends, if each is a source."""
    if "\n" not in answer.rstrip():
        return ""
    *_, before, end = answer.rstrip().split("\n")
    if _are_sources(before) and _are_sources(end):
        return before
    notes = list(_NOTE.finditer(answer))
    last = answer.rstrip().rfind("\n") + 1
    if not notes or notes[-1].start() < last:
        return ""
    sources = [note for note in notes if _are_sources(note[2])]
    marked = notes[0][1] is not None and f"[{notes[0][1]}]" in answer[: notes[0].start()]
    return notes[0][0] if len(sources) >= (1 if marked else len(notes)) else ""


LEAST_STRING = 3
"""So many sources in a row that end an answer belong elsewhere; two, if they have a heading."""


def _string(reading: Reading) -> str:
    """The last sentence of an answer, or what follows its last colon, if it is all sources."""
    answer = reading.draft.answer
    if ";" not in answer:
        return ""
    begin = answer.rfind(": ")
    head = answer[:begin].rpartition(". ")[2] if begin > 0 else ""
    if head and len(head.split()) <= LONGEST_HEADING:
        rest = answer[begin + 2 :]
        if rest.count(";") >= LEAST_STRING - 2 and _are_sources(rest):
            return answer[begin - len(head) :]
    last = reading.sentences[-1]
    return last if last.count(";") >= LEAST_STRING - 1 and _are_sources(last) else ""


_IN_SOURCES = word_list("in_sources")
_DIRECTING = word_list("directing")


def is_exchanged(text: str, proposition: str) -> bool:
    """Whether a citation's text says what its proposition is cited for."""
    return _OF_PROSE.search(text) is not None and _are_sources(proposition)


_SAYS = word_list("saying")
_NO_NUMBER = re.compile(r"[^\d]*").fullmatch
_THAT = re.compile(r"\b(?:[a-z]{2,}ed|found) that\b")
LEAST_STATED = 8
"""Words of a statement; a title may be as long, but has hardly a verb."""
MOST_CAPITALS = 0.25
"""Share of words with a capital letter, up to which a verb makes a statement."""
HARDLY_CAPITALS = 0.08
"""The same, up to which no title is, if it has no number either."""


def is_statement(text: str) -> bool:
    """Whether a citation's text is a sentence about the law, or about what somebody decided."""
    if len(text.split()) < LEAST_STATED:
        return False
    first, *told = text.split()
    capitals = sum(word[0].isupper() for word in told)
    if capitals > MOST_CAPITALS * len(told):
        return False
    if _THAT.search(text) or (capitals <= HARDLY_CAPITALS * len(told) and _NO_NUMBER(text)):
        return True
    return not _SAYS.isdisjoint(word.strip(".,;:()\"'") for word in (first.lower(), *told))


def _are_sources(text: str) -> bool:
    """Whether each piece is named as a source is, and one is cited."""
    return all(map(_is_bare, text.split(";"))) and _CITED.search(text) is not None


def _is_bare(piece: str) -> bool:
    """Whether a piece has no more than one word that no citation has."""
    told = piece.split()
    if not told or told[0].lower() in _DIRECTING:
        return False
    strange = 0
    for word in told:
        if word[0].islower() and word.strip(".,()'") not in _IN_SOURCES:
            strange += 1
            if strange > 1:
                return False
    return True


_LONGEST_WORD = 24
"""Characters of the longest of ``_SOURCES`` with what may follow it."""


_ENDS_NO_WORD = ".,;!?)\"'\u2019\u201d"
"""What stands before most line ends, and before none of a heading."""


def _headings(text: str) -> Iterator[re.Match[str]]:
    """The matches of ``_SOURCES``, looked for before the few colons and line ends alone."""
    floor = 0
    for end in sorted((*places(":", text), *places("\n", text))):
        if text[end - 1 : end] in _ENDS_NO_WORD:
            continue
        before = text[max(floor, end - _LONGEST_WORD) : end].rstrip().rstrip("*_")
        if not before.endswith(_SOURCES_END):
            continue
        found = _SOURCES.search(text, max(floor, end - _LONGEST_WORD), end + 1)
        if found is not None:
            floor = found.end()
            yield found


def _is_heading(found: re.Match[str]) -> bool:
    """Whether what stands before the word is the rest of a heading, not of a sentence."""
    begins = _BEGINS.search(found.string, max(0, found.start() - 80), found.start())
    return begins is not None and len(begins[0].split()) < LONGEST_HEADING
