"""Do the sections exist that are named: the last one of the most cited Acts.

``law/citations/last_sections.toml`` holds the last section or article of each Act. A number beyond
it is no section of that Act, wherever it stands: in citations, answer or steps. Sections that were
inserted (6A) lie before the last one; schedules are counted apart and are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

from legalgen.law.citations.last_sections import Act, acts
from legalgen.quality.reading import Finding, Reading
from legalgen.store.sample import words


@cache
def _by_name() -> Mapping[str, Act]:
    return {name: act for act in acts() for name in act.names}


@cache
def _by_year() -> Mapping[str, tuple[str, ...]]:
    """Names that end in a year, by that year, the longest first."""
    years: dict[str, list[str]] = {}
    for name in sorted(_by_name(), key=len, reverse=True):
        if name[-4:].isdigit() and name[-5] == " ":
            years.setdefault(name[-4:], []).append(name)
    return {year: tuple(names) for year, names in years.items()}


@cache
def _by_word() -> Mapping[str, Sequence[tuple[str, frozenset[str]]]]:
    """The other names by their first word in small letters, with all words but the last.

    To the last one something may be glued that belongs to a word: an underscore, a trade mark.
    """
    dated = {name for names in _by_year().values() for name in names}
    firsts: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for name in set(_by_name()) - dated:
        *others, _ = told = words(name)
        firsts.setdefault(told[0], []).append((name, frozenset(others)))
    return firsts


_YEAR = re.compile(r" (?:1[89]|20)\d\d(?![\d/])")


def _undated(vocabulary: frozenset[str]) -> Sequence[str]:
    """The names without a year whose words are there, the longest first."""
    there = [
        name
        for first in _first_words() & vocabulary
        for name, others in _by_word()[first]
        if others <= vocabulary
    ]
    return sorted(there, key=lambda name: (-len(name), name))


@cache
def _first_words() -> frozenset[str]:
    return frozenset(_by_word())


def _found(text: str, undated: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Names of Acts in a text, with their places. A regular expression of all took four times as
    long; a name is no part of a longer word or name (``UK GDPR``, ``(Housing) Act``)."""
    taken: list[tuple[int, int]] = []
    by_year = _by_year()
    for match in _YEAR.finditer(text):
        end, names = match.end(), by_year.get(match[0][1:], ())
        if not text.endswith(names, 0, end):
            continue
        for name in names:
            start = end - len(name)
            if text.startswith(name, max(start, 0)) and not text[start - 1 : start].isalnum():
                yield name, start, end
                taken.append((start, end))
                break
    for name in undated:
        start = text.find(name)
        while start >= 0:
            end = start + len(name)
            whole = not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()
            if whole and not any(first <= start < last for first, last in taken):
                yield name, start, end
                taken.append((start, end))
            start = text.find(name, end)


_NUMERAL = r"\d{1,2},\d{3}(?!\d)|\d{1,5}"
_ONE = rf"(?:{_NUMERAL})(?:[A-Z]{{1,2}}\b|[a-z]\b)?(?:\(\w{{1,5}}\))*"
_BETWEEN = r"(?:-|\u2013|\u2014|,|;|&|\bto\b|\band\b|\bor\b|, and|, or)"
_MANY = rf"{_ONE}(?:\s*{_BETWEEN}\s*(?:ss?\.?\s*|§+\s*)?{_ONE})*"
_UNIT = r"(?:[Ss]ections?|[Ss]ecs?\.|[Ss]s?\.?|§+|[Aa]rticles?|[Aa]rts?\.?|[Rr]ules?|[Rr]r?\.?)"

_BEFORE = re.compile(
    r"(?P<unit>[SsAaRr\u00a7](?<![\w.].)"  # found by its first letter, which is faster
    r"(?:(?<=[Ss])(?:ections?|ecs?\.|s?\.?)|(?<=\u00a7)\u00a7*|(?<=[Aa])(?:rticles?|rts?\.?)"
    rf"|(?<=[Rr])(?:ules?|r?\.?)))\s*(?P<n>{_MANY})\s*,?\s*(?:(?:of|in|under|to)\s+)?"
    r"(?:the\s+)?(?:\w+'s\s+)?\Z"
)
"""``section 172 of the`` before the name of an Act."""
_AFTER = re.compile(
    rf"\s*(?:\([A-Z][\w ]{{1,12}}\))?\s*,?\s*(?:[Ii]n\s+"
    rf"|[Uu]nder\s+)?(?P<unit>{_UNIT})\s*(?P<n>{_MANY})"
)
"""``, s 172`` after it."""
_BARE_AFTER = re.compile(rf"\s+(?P<unit>)(?!(?:19|20)\d\d\b)(?P<n>{_ONE})(?![\w/])")
"""``TFEU 263``, ``Fed. R. Civ. P. 12``: a number without its word, which is no year either."""
_BARE = re.compile(rf"(?<![\w.])(?P<unit>[Ss]ections?|ss?\.?|§+)\s*(?P<n>{_MANY})")
"""A section without its Act."""

_LONGEST_BEFORE = 80
_SPELT_OUT = ("ection ", "rticle ")
"""Words of a unit but for the first letter, with a space that no possessive has."""

_ANY_ACT = re.compile(
    r"\bAct,? (?:of )?1[2-9]\d\d\b|\bAct,? (?:of )?20\d\d\b|\bU\.S\.C\.|\bCode\b"
    r"|\bRegulations? \d{4}\b|\bOrder \d{4}\b"
    r"|\bRules \d{4}|\bC\.F\.R\.|\bMeasure \d{4}|\b(?:19|20)\d\d Act\b|\bStat(?:ute|\.)"
)

_NUMERALS = re.compile(_ONE.replace("(?:", "(", 1))


def section_nonexistent(reading: Reading) -> Iterator[Finding]:
    """Sections beyond the last one of the Act they are said to be of."""
    told: set[str] = set()
    known: set[Act] = set()
    undated = _undated(reading.vocabulary)
    for name, text in reading.fields[1:]:
        if name == "citations":
            undated = _undated(frozenset(words(text)))
        for called, start, end in _found(text, undated):
            act = _by_name()[called]
            known.add(act)
            highest = _highest(act, called, text, start, end)
            if highest > act.last and called not in told:
                told.add(called)
                what = f"{called} has no {act.unit} {highest}, the last one is {act.last}"
                yield "SECTION_NONEXISTENT", what, name, bool(act.source)
    if len(known) == 1 and not told:
        yield from _bare(reading, *known)


def _highest(act: Act, called: str, text: str, start: int, end: int) -> int:
    """The highest number that is said to be of an Act, before its name or after it; or 0."""
    begin = max(0, start - _LONGEST_BEFORE)
    for unit in _SPELT_OUT:  # most are; nothing that begins before the last of them reaches the Act
        begin = max(begin, text.rfind(unit, begin, start) - 1)
    before = _BEFORE.search(text, begin, start)
    after = _AFTER.match(text, end)
    if after is None and (act.unit != "section" or called.endswith("C.")):
        after = _BARE_AFTER.match(text, end)
    highest = 0
    for match in (before, after):
        if match is not None and _is_unit(match["unit"], act.unit):
            highest = max([highest, *_numbers(match["n"])])
    return highest


_FIRST_LETTERS = {"section": "s\u00a7", "article": "a", "rule": "r"}


def _is_unit(written: str, unit: str) -> bool:
    """Whether ``s`` or ``Section`` is what the Act is divided into; nothing is what it is."""
    return not written or written[0].casefold() in _FIRST_LETTERS[unit]


def _numbers(text: str) -> Sequence[int]:
    """The numbers of a run of sections; ``1,412`` is one."""
    if text.isdecimal():  # most are one number
        return [int(text)]
    return [int(each.replace(",", "")) for each in _NUMERALS.findall(text)]


def _bare(reading: Reading, act: Act) -> Iterator[Finding]:
    """Sections without an Act, where the whole sample names a single one."""
    year = act.names[0][-4:]
    if act.unit != "section" or not year.isdigit():
        return
    if {found[0][-4:] for found in _ANY_ACT.finditer(reading.whole)} != {year}:
        return
    for name, text in (("answer", reading.draft.answer), ("reasoning_steps", reading.steps_text)):
        for found in _BARE.finditer(text):
            highest = max(_numbers(found["n"]), default=0)
            if highest > act.last and not re.search(r"\d[A-Z]", found["n"]):
                what = f"{act.names[0]} has no section {highest}, the last one is {act.last}"
                yield "SECTION_NONEXISTENT", what, name, False
                return


# --- Acts that nobody enacted ------------------------------------------------------------------

_ACT = re.compile(
    r"(?P<name>[A-Z](?<!\w[A-Z])[\w'\u2019-]*"
    r"(?:,? (?:\([A-Z][\w'\u2019 -]{2,60}\)|[A-Z][\w'\u2019-]*|of|and|the|for|to|in|from|on|with|by"
    r"|as|etc\.?)){0,14}?)"
    r" Act,? (?P<year>1[2-9]\d\d|20\d\d)\b"
)


@cache
def _known_acts() -> Mapping[str, tuple[frozenset[str], ...]]:
    """The words of the short titles that are known, by year."""
    text = resources.files(__package__).joinpath("uk_acts.txt").read_text(encoding="utf-8")
    known: dict[str, list[frozenset[str]]] = {}
    for line in text.splitlines():
        title, _, years = line.partition(":")
        for year in [] if line.startswith("#") else years.split():
            known.setdefault(year, []).append(frozenset(_title_words(title)))
    return {year: tuple(titles) for year, titles in known.items()}


@lru_cache(maxsize=4096)  # there are few Acts
def _title_words(title: str) -> tuple[str, ...]:
    folded = title.casefold().replace("\u2019", "'").replace("'", "")
    return tuple([word for word in re.findall(r"\w+", folded) if word not in _LINKS])


_LINKS = frozenset(["of", "and", "the", "for", "to", "in", "from", "on", "with", "by", "as", "etc"])


def act_unknown(reading: Reading) -> Iterator[Finding]:
    """An Act in the British form (name and year) that is not among the known ones.

    Only in the United Kingdom's cells: elsewhere Acts are written so too, and are not known here.
    """
    if reading.task is None or reading.task.jurisdiction != "uk" or " Act" not in reading.whole:
        return
    seen: set[tuple[str, ...]] = set()
    for name, text in reading.fields[1:]:
        if " Act" not in text:
            continue
        for found in _acts(text):
            title = (*_title_words(found["name"]), found["year"])
            if title in seen:
                continue
            seen.add(title)
            if not _is_known(title[:-1], found["year"]):
                shown = f"{found['name']} Act {found['year']}"
                yield "ACT_UNKNOWN", f'"{shown}"', name, True
                return


_ENDS_IN_ACT = re.compile(r"Act,? (?:1[2-9]\d\d|20\d\d)\b")
_NO_NAME = re.compile(r"(?s:.*)(?:[^\w'\u2019 ,().-]|(?<!etc)\.)")
"""Up to the last sign that stands in no name of an Act."""


def _acts(text: str) -> Iterator[re.Match[str]]:
    """The matches of ``_ACT``, looked for only between what stands in no name and an Act's end."""
    at = 0
    for end in _ENDS_IN_ACT.finditer(text):
        before = _NO_NAME.match(text, at, end.start())
        match = _ACT.search(text, before.end() if before else at, end.end())
        if match is not None:
            at = match.end()
            yield match


@lru_cache(maxsize=4096)  # there are few Acts
def _is_known(title: tuple[str, ...], year: str) -> bool:
    """Whether a known title of that year ends what was written, or has all its words.

    Words of the sentence may stand before a title, and long ones are cited shortened.
    """
    if "finance" in title[-3:]:  # there is one every year, and often a second
        return True
    written, last = frozenset(title), title[-1:]
    return any(
        known <= written
        or written <= known
        or (last and last[0] in known and len(written & known) >= len(known) - 1 >= 2)
        for known in _known_acts().get(year, ())
    )
