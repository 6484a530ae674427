"""Does an answer have what its type requires: a time limit, next steps, turns, parties."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from legalgen.errors.plurals import plural
from legalgen.law.citations import (
    LEGISLATION_KINDS,
    Parsed,
    apex,
)
from legalgen.law.citations.pieces import by_beginning
from legalgen.quality.reading import TOKEN, Finding, Reading
from legalgen.quality.rules import Thresholds
from legalgen.quality.wordlists import MONTH, word_list

_NUMBER_WORD = r"(?:\d+|one|two|three|four|five|six|seven|ten|twelve|fourteen|twenty|thirty|ninety)"

_TIME_LIMIT = re.compile(
    rf"\b{_NUMBER_WORD}[ -](?:\w+ )?(?:days?|weeks?|months?|years?|hours?)\b|\bdeadline\b"
    rf"|\btime limit|\bby \d{{1,2}} (?:{MONTH.lower()})\b"
)
"""This and the next two in folded text."""

_NEXT_STEPS = re.compile(
    r"\bnext steps?\b|\brecommend|\badvis(?:e|able|ed)\b|\byou (?:should|must|need to"
    r"|could|may wish)|\bshould (?:now|first|next|also|then|immediately|be)\b|\bimmediately\b"
    r"|\bas soon as\b|\bfirst(?:ly)?,"
)

_CONCLUSION = re.compile(
    r"\b(?:therefore|accordingly|conclu\w+|likely|on balance|thus|hence|consequently|it follows"
    r"|in sum|overall|would succeed|would fail|will succeed|will fail|is liable|not liable)\b"
)

_SECTION_NUMBER = re.compile(
    r"(?:\bss?\.?\s?|\bsections?\s|§+\s?|\barts?\.?\s|\barticles?\s|\breg(?:ulation)?s?\.?\s|\brules?\s"
    r"|\bparagraphs?\s|\bschedules?\s|\bchapters?\s|\btitles?\s)(?:\d|(?-i:[IVXLC]+)\b)",
    re.I,
)

_SAID = {
    "irac": _CONCLUSION, "next_steps": _NEXT_STEPS, "time_limit": _TIME_LIMIT,
    "section": _SECTION_NUMBER,
}  # fmt: skip

_CONDUCT = re.compile(
    r"\bSRA\b|\bBSB\b|\bModel Rules?\b|\bRules? of (?:Professional )?Conduct\b|\bCode of Conduct\b"
    r"|\bPrinciple \d|\bprofessional (?:conduct|rules?)\b|\bHandbook\b|\bCCBE\b|\bconduct rule",
    re.I,
)

_PLACES: Mapping[str, re.Pattern[str]] = {
    place: re.compile(rf"{by_beginning(names)}\b")
    for place, names in {
        "uk": ("UK", "United Kingdom", "British"),
        "england-wales": ("English", "England"),
        "scotland": ("Scots", "Scottish", "Scotland"),
        "us": ("US", r"U\.S\.", "United States", "American"),
        "delaware": ("Delaware",),
        "new-york": ("New York",),
        "california": ("California",),
        "federal": ("federal",),
        "eu": ("EU", "European Union", "CJEU", "TFEU"),
        "other": (
            "France", "French", r"German\w*", r"Canad\w+", r"Austral\w+", r"Singapore\w*",
            r"India\w*", "Ireland", "Irish", "Hong Kong", r"Japan\w*", "Italian", "Italy", "Dutch",
            "Netherlands", "Spain", "Spanish", "New Zealand",
        ),
    }.items()
}  # fmt: skip
_PARTS: Mapping[str, frozenset[str]] = {
    "uk": frozenset({"england-wales", "scotland"}),
    "us": frozenset({"delaware", "new-york", "california", "federal"}),
}
"""Of a state with several legal systems; where one is named, the whole is no other."""

_TURN = re.compile(r"(?:^|(?<=[.!?\"'] )|\n)\s*\**([A-Z][\w .'()-]{0,40}?)\**\s*:\**\s", re.M)

_CAPITALISED = re.compile(
    r"[A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u017f](?<!\w.)(?<![.!?] .)(?<!^.)[^\W\d_A-Z]{2,}\b"
)
"""Also with letters that English has not; those beyond Latin 1 are of either case."""

NOT_A_PARTY = word_list("not_a_party")


def _missing(code: str, what: str, where: str = "answer") -> Callable[[bool], Iterator[Finding]]:
    def finding(present: bool) -> Iterator[Finding]:
        if not present:
            yield code, what, where, True

    return finding


_MISSING: Mapping[str, Callable[[bool], Iterator[Finding]]] = {
    "parties": _missing(
        "MISSING_PARTIES", "0 names shared by question and answer, name the parties"
    ),
    "irac": _missing("MISSING_IRAC", "no conclusion is drawn, need issue to conclusion"),
    "next_steps": _missing("MISSING_NEXT_STEPS", "0 next steps, need practical next steps"),
    "statute_citation": _missing("MISSING_STATUTE", "0 Acts cited, need 1 or more", "citations"),
    "section": _missing("MISSING_SECTION", "0 section numbers, need 1 or more"),
    "time_limit": _missing("MISSING_TIME_LIMIT", "0 time limits, need 1 or more"),
    "two_jurisdictions": _missing("MISSING_JURISDICTIONS", "fewer than 2 jurisdictions compared"),
    "conduct_rule": _missing("MISSING_CONDUCT_RULE", "0 rules of conduct, need 1 or more"),
    "apex_case": _missing(
        "MISSING_APEX_CASE", "0 cases of an apex court or the list, need 1 or more", "citations"
    ),
}

_SYNONYMS = {"section_number": "section", "apex_or_listed": "apex_case", "dialogue_turns": "turns"}

ELEMENTS = frozenset({*_MISSING, *_SYNONYMS, "turns"})
"""What ``Bounds.requires`` may name; other words are the prompt's business and not checked."""


def required(
    reading: Reading, limits: Thresholds, lists: Callable[[Parsed], bool]
) -> Iterator[Finding]:
    """What the sample type asks for and the answer does not have."""
    for word in reading.bounds.requires:
        element = _SYNONYMS.get(word, word)
        if element == "turns":
            yield from _turns(reading.draft.answer, limits)
        elif element in _MISSING:
            yield from _MISSING[element](_has(element, reading, lists))


def _has(element: str, reading: Reading, lists: Callable[[Parsed], bool]) -> bool:
    answer = reading.draft.answer
    if element in _SAID:
        text = answer if element == "section" else reading.folded_answer
        return _SAID[element].search(text) is not None
    if element == "conduct_rule":
        texts = [answer, *(item.text for item in reading.draft.citations)]
        return any(_CONDUCT.search(text) for text in texts)
    if element == "statute_citation":
        return any(item.kind in LEGISLATION_KINDS for item in reading.parsed)
    if element == "apex_case":
        return any(apex(item) or (item.is_case and lists(item)) for item in reading.parsed)
    if element == "two_jurisdictions":
        return len(_places(reading)) >= 2
    return bool(frozenset(parties(reading.draft.question)) & frozenset(TOKEN.findall(answer)))


def _places(reading: Reading) -> set[str]:
    places = {name for name, pattern in _PLACES.items() if pattern.search(reading.draft.answer)}
    places.update(*(item.jurisdictions[:1] for item in reading.parsed))
    return places - {whole for whole, parts in _PARTS.items() if not parts.isdisjoint(places)}


def _turns(answer: str, limits: Thresholds) -> Iterator[Finding]:
    speakers = [match[1].strip() for match in _TURN.finditer(answer)]
    turns = bool(speakers) + sum(left != right for left, right in pairwise(speakers))
    if turns < limits.dialogue_turns:
        need = f"need {limits.dialogue_turns} or more, each as `Name: text`"
        yield "DIALOGUE_TURNS", f"{plural(turns, 'alternating turn')}, {need}", "answer", True


def parties(question: str) -> tuple[str, ...]:
    """Names of people and firms in a question, as far as their capitals show them."""
    found = dict.fromkeys(_CAPITALISED.findall(question))
    return tuple(name for name in found if name not in NOT_A_PARTY)
