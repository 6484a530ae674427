"""Do the sections exist that are named: the last one of the most cited Acts.

``law/citations/last_sections.toml`` holds the last section or article of each Act. A number beyond
it is no section of that Act, wherever it stands: in citations, answer or steps. Sections that were
inserted (6A) lie before the last one; of some Acts all of these are listed, and any other with a
letter is none. Schedules are counted apart and are not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import accumulate, islice, pairwise
from typing import TypeAlias

from legalgen.law.citations import PARTING
from legalgen.law.citations.last_sections import Act, acts
from legalgen.quality.checks.law.divided import beyond_their_part
from legalgen.quality.reading import Finding, Reading, places
from legalgen.quality.wordlists import TENS, UP_TO_TWENTY, numbered
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
    """The other names by their rarest word in small letters, with all words but the last.

    To the last one something may be glued that belongs to a word: an underscore, a trade mark.
    """
    dated = {name for names in _by_year().values() for name in names}
    names = {name: words(name) for name in sorted(set(_by_name()) - dated)}
    count = Counter(word for told in names.values() for word in set(told))
    by_word: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for name, (*others, last) in names.items():
        rarest = min(others or [last], key=lambda word: (count[word], -len(word)))
        by_word.setdefault(rarest, []).append((name, frozenset(others)))
    return by_word


_YEAR = re.compile(r" (?:1[89]|20)\d\d(?![\d/])")


def _undated(*vocabularies: frozenset[str]) -> Sequence[str]:
    """The names without a year whose words are in one of these, the longest first."""
    rarest, by_word = _rarest_words(), _by_word()
    there = {
        name
        for vocabulary in vocabularies
        for word in rarest & vocabulary
        for name, others in by_word[word]
        if others <= vocabulary
    }
    return sorted(there, key=lambda name: (-len(name), name))


@cache
def _rarest_words() -> frozenset[str]:
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
            if whole and not [1 for first, last in taken if first <= start < last]:
                yield name, start, end
                taken.append((start, end))
            start = text.find(name, end)


_LOOSE = re.compile(r" Act(?: of (?:the year )?|, | \()(?P<year>(?:1[89]|20)\d\d)\b\)?")
_YEAR_FIRST = re.compile(
    r"(?P<year>(?:1[89]|20)\d\d) (?P<name>[A-Z][\w'\u2019]*"
    r"(?: (?:[A-Z][\w'\u2019]*|of|and|\([A-Z][\w ]{2,40}\))){0,6}) Act\b(?! \d)"
)


def _is_loose(text: str, at: int) -> bool:
    """Whether an Act has no year right after it, nor an article before."""
    return not text[at + 5 : at + 6].isdigit() and not text.endswith(_ARTICLES, 0, at)


_ARTICLES = ("the", "an", "that", "this")


def _titled(text: str) -> str:
    """The text with Acts by their short titles: ``Act of 2006``, ``the 2006 Companies Act``."""
    if not any(_is_loose(text, at) for at in places(" Act", text)):
        return text
    text = _LOOSE.sub(r" Act \g<year>", text)
    return _YEAR_FIRST.sub(r"\g<name> Act \g<year>", text)


_NUMERAL = r"\d{1,2},\d{3}(?!\d)|\d{1,5}"
_ONE = rf"(?:{_NUMERAL})(?:[A-Z]{{1,2}}\b|[a-z]\b)?(?:\(\w{{1,5}}\))*"
_BETWEEN = r"(?:-|\u2013|\u2014|,|;|&|\bto\b|\band\b|\bor\b|, and|, or)"
_MANY = (
    rf"(?>{_ONE}(?:\s*{_BETWEEN}\s*(?:ss?\.?\s*|§+\s*)?{_ONE}(?![/\d]| ?(?:U\.?S\.?C|C\.?F\.?R))"
    rf"(?! [A-Z][\w.]* (?:Act|\d)))*)"
)
"""Not the number of a title or of a volume, which begins the next citation."""
_UNIT = (
    r"(?:[Ss]ections?|[Ss]ecs?\.|[Ss]s?\.?|§+|[Aa]rticles?|[Aa]rts?\.?|[Rr]egulations?|[Rr]egs?\.?"
    r"|[Rr]ules?|[Rr]r?\.?)"
)
_LEADING_ON = (
    r"(?:\s*[,(]?\s*\b(?:which|that|is|are|was|both|each|all|found|contained|set|laid|out|down|part"
    r"|of|in|under|to|from|by|its|own|the|said|same|stands?|appears?|within|thereof|as)\b){0,6}"
)
"""Words by which a section is led to its Act, as ``, both of them found in the``."""

_BEFORE = re.compile(
    r"(?P<unit>[SsAaRr\u00a7](?<![\w.].)"  # found by its first letter, which is faster
    r"(?:(?<=[Ss])(?:ections?|ecs?\.|s?\.?)|(?<=\u00a7)\u00a7*|(?<=[Aa])(?:rticles?|rts?\.?)"
    rf"|(?<=[Rr])(?:ules?|egulations?|egs?\.?|r?\.?)))\s*(?P<n>{_MANY})"
    rf"(?P<way>{_LEADING_ON})\s*,?\s*(?:\w+'s\s+)?\Z"
)
"""``section 172 of the`` before the name of an Act."""
_LED_TO = (
    r"(?:\s*[,(:]?\s*\b(?:in|under|by|virtue|of|at|with|through|via|its|whose|which|that|provides?|says?|has"
    r"|contains?|lays|sets|down|out|states?|see|especially|notably|namely)\b){0,4}"
)
_AFTER = re.compile(
    r"\s*(?:\((?:the )?[\"']?[A-Z][\w ]{1,24}[\"']?\))?\s*,?"
    rf"{_LED_TO}\s*[,:(]?\s*(?:[Ii]n\s+|[Uu]nder\s+)?(?P<unit>{_UNIT})\s*(?P<n>{_MANY})"
    r"(?!,? (?:of|in) (?:the |that )?[A-Z]| [A-Z]\w+ (?:\w+ ){0,4}Act| [A-Z]{3}| U\.S\.C| C\.F\.R)"
)
"""``, s 172`` after it, where no other Act follows."""
_BARE_AFTER = re.compile(rf"\s+(?P<unit>)(?!(?:19|20)\d\d\b)(?P<n>{_ONE})(?![\w/])")
"""``TFEU 263``, ``Fed. R. Civ. P. 12``: a number without its word, which is no year either."""
_BARE = re.compile(
    rf"(?<![\w.])(?P<unit>[Ss]ections?|ss?\.?|§+)\s*(?P<n>{_MANY})"
    r"(?! (?:notice|offence|agreement|order|claim|report|appeal|statement|power|direction)s?\b)"
    r"(?! of (?:the )?[A-Z])"
)
"""A section without its Act, which is not the name of a thing: a section 21 notice."""

_LONGEST_BEFORE = 80
_SPELT_OUT = ("ection ", "rticle ")
"""Words of a unit but for the first letter, with a space that no possessive has."""

_ANY_ACT = re.compile(
    r"\bAct,? (?:of )?1[2-9]\d\d\b|\bAct,? (?:of )?20\d\d\b|\bU\.S\.C\.|\bCode\b|\bLaw \u00a7"
    r"|\bRegulations? \d{4}\b|\bOrder \d{4}\b"
    r"|\bRules \d{4}|\bC\.F\.R\.|\bMeasure \d{4}|\b(?:19|20)\d\d Act\b|\bStat(?:ute|\.)"
)

_NUMERALS = re.compile(_ONE.replace("(?:", "(", 1))


_FAR = ((1.25, 10), (1.7, 6))
"""How many times the last section, and by how many beyond it, a number is that no error of the
table explains; the second pair is met by Acts of a few sections."""


def section_nonexistent(reading: Reading) -> Iterator[Finding]:
    """Sections beyond the last one of the Act they are said to be of, or with letters it lacks."""
    texts = [(name, _titled(_in_figures(text, reading))) for name, text in reading.texts[1:]]
    cited = _titled(PARTING.join([item.text for item in reading.draft.citations]))
    cited_words = frozenset(words(cited))
    fields = (*texts, ("citations", cited))
    named = list(_found_in([text for _, text in fields], reading.vocabulary, cited_words))
    numbers = [[word for word in each if word < ":"] for each in (reading.vocabulary, cited_words)]
    most_said = _highest_number(numbers[0], reading.vocabulary)
    most_cited = _highest_number(numbers[1], cited_words)
    yield from _beyond_last(named, fields, most_said, most_cited, reading)
    yield from beyond_their_part(fields)
    lettered = [number for each in numbers for number in each if _has_letter(number)]
    if lettered and _any_lacks(lettered, named):
        yield from _never_inserted(named, fields)


def _beyond_last(
    named: Iterable[_Named],
    fields: Sequence[tuple[str, str]],
    most_said: int,
    most_cited: int,
    reading: Reading,
) -> Iterator[Finding]:
    """Sections beyond the last one; the highest numbers of the prose and of the citations help."""
    told: set[Act] = set()
    known: dict[Act, set[str]] = {}
    texts = fields[:-1]
    for at, act, called, start, end in named:
        known.setdefault(act, set()).add(called)
        name, text = fields[at]
        most = most_said if at < len(texts) else most_cited
        if act in told or most <= act.last < _WITHOUT_COMMA:
            continue
        highest = _highest(act, called, text, start, end)
        if highest <= act.last or _is_anothers(act, called, reading.whole):
            continue
        told.add(act)
        yield _beyond(act, called, highest, name, sure=_is_in_full(called, known[act]))
    if not known or told:
        return
    found = _by_other_names(known, texts, reading)
    if not found and len(known) > 1:
        return
    least = min([act.last for act in known])
    if most_said <= least < _WITHOUT_COMMA:
        return
    if any(_highest_of_a_section(text, least) > least for _, text in texts):
        yield from found or _bare(reading, *list(known)[:2])


_Named: TypeAlias = tuple[int, Act, str, int, int]
"""In which text an Act is named, how it is called there, and from where to where."""


def _found_in(texts: Sequence[str], *vocabularies: frozenset[str]) -> Iterator[_Named]:
    """The Acts that texts name: in which text, how they are called there, and their places."""
    by_name = _by_name()
    begins = list(accumulate([len(text) + 1 for text in texts], initial=0))
    found = list(_found("\n".join(texts), _undated(*vocabularies)))
    for at, (begin, end) in enumerate(pairwise(begins)):
        for called, first, last in found:
            if begin <= first < end:
                yield at, by_name[called], called, first - begin, last - begin


def _beyond(act: Act, called: str, highest: int, where: str, *, sure: bool) -> Finding:
    """The finding; it refuses where the last section is certain, or the number is far from it."""
    what = f"{called} has no {act.unit} {highest}, the last one is {act.last}"
    far = any(highest > times * act.last and highest >= act.last + by for times, by in _FAR)
    return "SECTION_NONEXISTENT", what, where, act.is_certain or (sure and far)


def _is_anothers(act: Act, called: str, whole: str) -> bool:
    """Whether letters with a year stand for an Act of that year which is named, as this is not."""
    year = called[-4:]
    if not re.fullmatch(r"[A-Z()]+ \d{4}", called) or f"Act {year}" not in whole:
        return False
    return not any(name in whole for name in act.names if " Act " in name)


def _is_in_full(called: str, names: Iterable[str]) -> bool:
    """Whether an Act is named by more than a few letters, which may be another's too."""
    return any(re.search("[a-z]{3}|[A-Z]\\.|[A-Z]{4}", name) for name in (called, *names))


def _highest_number(numbers: Sequence[str], vocabulary: frozenset[str]) -> int:
    """The highest number among words that is no year, so that few texts have to be looked at.

    ``numbers`` are those of the words that begin with a digit.
    """
    counted = [int(word.rstrip(_LETTERS)) for word in numbers if word.rstrip(_LETTERS).isdecimal()]
    spelt = 0 if _TENS_WORDS.isdisjoint(vocabulary) else 99
    spelt = spelt if _BIG_WORDS.isdisjoint(vocabulary) else _HIGHEST_SPELT
    return max((number for number in counted if not 1800 <= number < 2100), default=spelt)


def _has_letter(number: str) -> bool:
    """Whether a word that begins with a digit is a number with letters, as 3c, and no 21st."""
    return number[-1] > "9" and number[-2:] not in _ORDINAL_ENDS


_ORDINAL_ENDS = ("st", "nd", "rd", "th")
_DIGITS = frozenset("0123456789")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WITHOUT_COMMA = 999
"""A number beyond it may be written with one, and is then two words."""

_NUMBER = re.compile(r"\d+")
_LEADS_TO_NUMBER = ("rticle", "rticles", "ection", "ections", "ule", "ules", "egulation",
                    "egulations", "s", "S", ".", "\u00a7")  # fmt: skip


def _highest_of_a_section(text: str, least: int) -> int:
    """The first number beyond ``least`` that may be of a section, or 0."""
    for found in _NUMBER.finditer(text):
        start = found.start()
        if len(found[0]) <= _LONGEST_NUMBER and int(found[0]) > least:
            before = start - text.startswith((" ", "\n"), start - 1)
            if text.endswith(_LEADS_TO_NUMBER, max(0, before - 10), before):
                return int(found[0])
    return 0


_LONGEST_NUMBER = 5
"""Digits."""


_GENERIC = ("Act", "Convention", "Charter", "Treaty", "Regulation", "Directive", "Statute", "Order",
            "Code", "Rules", "Rule", "Covenant", "Regulations")  # fmt: skip
_DEFINED = re.compile(
    r" \((?:(?:hereafter|the|or|called) )*[\"']?(?:the )?([A-Z][\w ]{1,30}?)[\"']?\)"
)
_OF_THE_SORT = re.compile(
    r"\b(Act|Convention|Charter|Treaty|Regulation|Directive|Statute|Order|Code|Rules|Covenant"
    r"|Regulations|TFEU|TEU|ECHR|GDPR|Constitution|Protocol|Agreement)\b"
)


def _by_other_names(
    known: Mapping[Act, set[str]], texts: Sequence[tuple[str, str]], reading: Reading
) -> Sequence[Finding]:
    """Sections of what an Act is called after its name: ``the 1964 Act``, ``the Charter``, ``SSA``.

    By its year or its sort only where the sample names no other law of that year or sort.
    """
    whole = reading.whole
    alone = len(known) == 1
    by_year: Mapping[str, set[str]] | None = None
    defined = list(_DEFINED.finditer(whole))
    for act, names in known.items():
        ends = tuple(names)
        aliases = {found[1] for found in defined if whole.endswith(ends, 0, found.start())}
        year, sort = act.names[0][-4:], _sort(*names)
        if year.isdigit():
            of_year = {f"{year} {sort}", f"{_initials(act)} {year}"} - names
            if any(alias in text for alias in of_year for _, text in texts):
                by_year = by_year or _acts_by_year(whole)
                if len(by_year.get(year, ())) == 1:
                    aliases |= of_year
        if alone and sort in _GENERIC and _is_only(act, names, whole):
            aliases |= {f"{which} {sort}" for which in ("the", "that", "same", "said", "this")}
            aliases.add("thereof")
        for where, text in texts:
            for alias in aliases - names:
                for start in places(alias, text):
                    highest = _highest(act, alias, text, start, start + len(alias))
                    if highest > act.last:
                        return [_beyond(act, act.names[0], highest, where, sure=True)]
    return []


@cache
def _initials(act: Act) -> str:
    return "".join(re.findall(r"\b[A-Z]", act.names[0]))


def _sort(*names: str) -> str:
    """The last word of a name that says what sort of law it is, or nothing."""
    found = [word for name in names for word in name.split() if word in _GENERIC]
    return found[-1] if found else ""


def _acts_by_year(whole: str) -> Mapping[str, set[str]]:
    """The last words before ``Act 1964``, by the year."""
    by_year: dict[str, set[str]] = {}
    for found in _ACT_OF_A_YEAR.finditer(whole):
        last = whole[max(0, found.start() - 40) : found.start()].rpartition(" ")[2]
        if last[:1].isupper():
            by_year.setdefault(found[1], set()).add(last)
    return by_year


_ACT_OF_A_YEAR = re.compile(r" Act (\d{4})")


def _is_only(act: Act, names: Iterable[str], whole: str) -> bool:
    """Whether no law of the kind that is divided so stands in a text, but this one."""
    if act.unit == "section":
        return {found[0][-4:] for found in _ANY_ACT.finditer(whole)} <= {act.names[0][-4:]}
    rest = whole
    for name in sorted({*act.names, *names}, key=len, reverse=True):
        rest = rest.replace(name, "")
    sorts = {word for name in act.names for word in name.split() if word in _GENERIC}
    return {found[1] for found in _OF_THE_SORT.finditer(rest)} <= sorts


_TENS_WORDS = frozenset(TENS)
_UNITS = {word: at for at, word in enumerate(
    ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"), 1
)} | {word: at for word, at in UP_TO_TWENTY.items() if 0 < at < 10}  # fmt: skip
_SPELT = re.compile(
    rf"(?i:(?P<unit>section|article|rule) )?(?P<tens>{'|'.join(TENS)})[- ](?P<ones>"
    rf"{'|'.join(_UNITS)})\b(?: (?P<after>section|article|rule)\b)?"
)

_BIG_WORDS = frozenset({"hundred", "thousand"})
_HIGHEST_SPELT = 99_999
_OF_NUMBERS = "|".join((*sorted(UP_TO_TWENTY, key=len, reverse=True), *TENS, *sorted(_BIG_WORDS)))
_SPELT_BIG = re.compile(
    r"(?P<unit>[SAR](?i:ection|rticle|ule)|section|article|rule) "
    rf"(?P<n>(?i:{_OF_NUMBERS})(?:[ -](?:and )?(?i:{_OF_NUMBERS}))+)\b"
)
"""``article one hundred and twelve``."""


def _spells_section(text: str) -> bool:
    """Whether a small number in words stands after the word of a unit."""
    after = (
        text[at + len(unit) : at + len(unit) + 9]
        for unit in _UNIT_ENDS
        for at in places(unit, text)
    )
    return any(word.split(" ", 1)[0].casefold() in UP_TO_TWENTY for word in after)


_UNIT_ENDS = ("ection ", "rticle ", "ule ")


def _in_figures(text: str, reading: Reading) -> str:
    """The text with ``section 64`` for ``section sixty-four`` and ``the sixty-fourth section``."""
    if not _BIG_WORDS.isdisjoint(reading.vocabulary) and _spells_section(text):
        text = _SPELT_BIG.sub(lambda found: f"{found['unit']} {numbered(found['n'])}", text)
    if _TENS_WORDS.isdisjoint(reading.vocabulary):
        return text

    def figure(found: re.Match[str]) -> str:
        unit = found["unit"] or found["after"]
        number = TENS[found["tens"]] + _UNITS[found["ones"]]
        return f"{unit} {number}" if unit else found[0]

    return _SPELT.sub(figure, text)


def _highest(act: Act, called: str, text: str, start: int, end: int) -> int:
    """The highest number that is said to be of an Act, before its name or after it; or 0.

    Before it none is looked at closely that is not beyond the last one.
    """
    begin = max(0, start - _LONGEST_BEFORE)
    ends = text[begin:start].rstrip()[-1:]
    highest = 0
    if ends not in _ENDS_NO_SECTION:
        for unit in _SPELT_OUT:  # most are; nothing before the last of them reaches the Act
            begin = max(begin, text.rfind(unit, begin, start) - 1)
        before = _BEFORE.search(text, begin, start)
        if before is not None and (number := _number(before, act)) > act.last:
            led = _LEADS.search(before["way"])
            if led or not _OWNED.search(text, max(0, before.start() - 40), before.start()):
                highest = number
    after = None
    if text[end : end + 4].lstrip()[:1] not in _BEGINS_NO_SECTION:
        after = _AFTER.match(text, end)
    reported = ends in _ENDS_YEAR  # [2011] ECHR 1093
    if after is None and not reported and (act.unit != "section" or called.endswith("C.")):
        after = _BARE_AFTER.match(text, end)
    return highest if after is None else max(highest, _number(after, act))


_ENDS_NO_SECTION = frozenset(".;:]!?")
_BEGINS_NO_SECTION = frozenset(".;])!?")
_ENDS_YEAR = _DIGITS | {"]", ")"}
_LEADS = re.compile(r"\b(?:of|in|under|to|from|by|within)\b")
_OWNED = re.compile(
    r"(?:(?:Act|Rules|Regulations|Order|Code),? \d{4}|[A-Z]{2,}(?: \d{4})?|Convention|Charter)"
    r"[,:]? \(?\Z"
)
"""Another law before a section, to which it belongs where no word leads it on to the next."""

_FIRST_LETTERS = {"section": "s\u00a7", "article": "a", "rule": "r\u00a7", "regulation": "r"}


def _number(found: re.Match[str], act: Act) -> int:
    """The highest number behind ``s`` or ``Section``, or behind nothing; 0: of another unit."""
    unit, numbers = found.group("unit", "n")
    if unit and unit[0].casefold() not in _FIRST_LETTERS[act.unit]:
        return 0
    one = _NUMERALS.fullmatch(numbers)  # most are one number
    return int(one[1].replace(",", "")) if one else max(_numbers(numbers), default=0)


def _numbers(text: str) -> Sequence[int]:
    """The numbers of a run of sections; ``1,412`` is one."""
    if text.isdecimal():  # most are one number
        return [int(text)]
    return [int(each.replace(",", "")) for each in _NUMERALS.findall(text)]


def _bare(reading: Reading, act: Act, *others: Act) -> Iterator[Finding]:
    """Sections without an Act, where the whole sample names a single one."""
    year = act.names[0][-4:]
    if others or act.unit != "section" or not year.isdigit():
        return
    if {found[0][-4:] for found in _ANY_ACT.finditer(_titled(reading.whole))} != {year}:
        return
    for name, text in (("answer", reading.draft.answer), ("reasoning_steps", reading.steps_text)):
        for found in _BARE.finditer(text):
            highest = max(_numbers(found["n"]), default=0)
            if highest > act.last and not re.search(r"\d[A-Z]", found["n"]):
                yield *_beyond(act, act.names[0], highest, name, sure=False)[:3], False
                return


# --- sections that nobody inserted -------------------------------------------------------------

_LETTERED = re.compile(r"(?<![\d(.,/])(\d{1,4})([A-Z]{1,2}|[a-z])\b")
_SPLIT = re.compile(r"(\d{1,4})([a-z]{1,2})").fullmatch
_NOT_IN_FORCE = re.compile(
    r"\b(?:[Bb]ills?|propos\w+|drafts?|never|(?:no|not an?) (?:such )?(?:section|s|article|art)\b"
    r"|would (?:have )?(?:insert|add)\w*|(?:was|is) (?:dropped|mistaken|wrong))"
)
"""What stands in a sentence that tells of a section which an Act has not."""
_ACTS_AS_NAMED = re.compile(
    r"\b((?!(?:The|That|This|An|Each|Another|Both|Such) )[A-Z][\w')]+ Act(?: (?:of )?\d{4})?\b"
    r"|U\.S\.C\.|C\.F\.R\.|Code\b|(?:Regulations?|Order|Rules|Measure) \d{4})"
)
"""The end of the name of any Act, or the sort of another law."""
_OF_ANOTHER = re.compile(r"(?:\(\w+\))* (?:of|in|to) (?:the |that )?(?!Act\b|\d{4} Act\b)[A-Z\d]")


def _never_inserted(
    named: Sequence[_Named], fields: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    """A section with letters beside the name of an Act that has none such, or of the only Acts."""
    found = next(_lettered_beside(named, fields), None)
    yield from (found,) if found else islice(_lettered_alone(named, fields), 1)


def _any_lacks(lettered: Iterable[str], named: Iterable[_Named]) -> bool:
    """Whether one of the Acts has not one of the sections that have letters, such as 3c."""
    among = {act for _, act, _, _, _ in named if act.inserted is not None}
    sections = [(int(match[1]), match[2].upper()) for match in map(_SPLIT, lettered) if match]
    return any(act.never_had(*section) for act in among for section in sections)


def _lettered_beside(
    named: Iterable[_Named], fields: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    for at, act, _, start, end in named:
        if act.inserted is None:
            continue
        name, text = fields[at]
        for run in _beside(act, text, start, end):
            section = _lacking(run["n"], [act])
            if section and not _NOT_IN_FORCE.search(_sentence_of(text, run.start())):
                yield _not_inserted([act], section, name, sure=True)


def _lettered_alone(
    named: Iterable[_Named], fields: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    """Sections without their Act, where all Acts of the sample are such that are listed."""
    among = list({act: None for _, act, _, _, _ in named})
    if any(act.inserted is None or act.unit != "section" for act in among):
        return
    names = " ".join(name for act in among for name in act.names)
    others = (found[1] for _, text in fields for found in _ACTS_AS_NAMED.finditer(text))
    if not all(map(names.__contains__, others)):
        return
    for name, text in fields[:-1]:
        for found in _BARE.finditer(text):
            section = _lacking(found["n"], among)
            if not section or _OF_ANOTHER.match(text, found.end()):
                continue
            if not _NOT_IN_FORCE.search(_sentence_of(text, found.start())):
                yield _not_inserted(among, section, name, sure=len(among) == 1)


def _beside(act: Act, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The sections that are said to be of an Act, before its name and after it."""
    before = _BEFORE.search(text, max(0, start - _LONGEST_BEFORE), start)
    after = _AFTER.match(text, end)
    if after is None and act.unit != "section":
        after = _BARE_AFTER.match(text, end)
    if before is not None and not _LEADS.search(before["way"]):
        owned = _OWNED.search(text, max(0, before.start() - 40), before.start())
        before = None if owned else before
    for found in (before, after):
        if found and (not found["unit"] or found["unit"][0].casefold() in _FIRST_LETTERS[act.unit]):
            yield found


def _lacking(numbers: str, among: Sequence[Act]) -> str:
    """The first section of a run that has letters and is of none of these Acts."""
    for found in _LETTERED.finditer(numbers):
        number, letters = int(found[1]), found[2]
        small = letters.islower()
        if small and any(act.unit == "section" for act in among):
            continue  # a paragraph, written loosely
        if all(act.never_had(number, letters.upper()) for act in among):
            return found[0]
    return ""


def _not_inserted(among: Sequence[Act], section: str, where: str, *, sure: bool) -> Finding:
    called = " and ".join(act.names[0] for act in among)
    what = f"{called} {'have' if len(among) > 1 else 'has'} no {among[0].unit} {section}"
    return "SECTION_NONEXISTENT", what, where, sure


def _sentence_of(text: str, at: int) -> str:
    """The sentence in which something stands."""
    begin = max(text.rfind(". ", 0, at) + 1, text.rfind("\n", 0, at) + 1)
    end = text.find(". ", at)
    return text[begin : end if end > 0 else None]


# --- Acts that nobody enacted ------------------------------------------------------------------

_ACT = re.compile(
    r"(?P<name>[A-Z](?<!\w[A-Z])[\w'\u2019-]*"
    r"(?:,? (?:\([A-Z][\w'\u2019 -]{2,60}\)|[A-Z][\w'\u2019-]*|of|and|the|for|to|in|from|on|with|by"
    r"|as|etc\.?)){0,14}?)"
    r" Act,? (?P<year>1[2-9]\d\d|20\d\d)\b"
)


@cache
def _known_titles() -> Mapping[str, Sequence[str]]:
    """The short titles that are known, by year."""
    text = resources.files(__package__).joinpath("uk_acts.txt").read_text(encoding="utf-8")
    known: dict[str, list[str]] = {}
    for line in text.splitlines():
        title, _, years = line.partition(":")
        for year in [] if line.startswith("#") else years.split():
            known.setdefault(year, []).append(title)
    return known


@cache  # the words of all take half a megabyte, and few years are asked for
def _known_acts(year: str) -> Sequence[frozenset[str]]:
    """The words of each short title of a year that is known."""
    return [frozenset(_title_words(title)) for title in _known_titles().get(year, ())]


@lru_cache(maxsize=4096)  # there are few Acts
def _title_words(title: str) -> tuple[str, ...]:
    folded = title.casefold().replace("\u2019", "'").replace("'", "")
    return tuple([word for word in re.findall(r"\w+", folded) if word not in _LINKS])


_LINKS = frozenset(["of", "and", "the", "for", "to", "in", "from", "on", "with", "by", "as", "etc"])


def act_unknown(reading: Reading) -> Iterator[Finding]:
    """An Act in the British form (name and year) that is not among the known ones.

    Only in the United Kingdom's cells: elsewhere Acts are written so too, and are not known here.
    So they are in a comparison, and where the abbreviation of a state stands behind the year.
    """
    task = reading.task
    if task is None or task.jurisdiction != "uk" or task.sample_type == "comparative":
        return
    if " Act" not in reading.whole:
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
            if _OF_A_STATE.match(text, found.end()):
                continue
            if not _is_known(title[:-1], found["year"]):
                shown = f"{found['name']} Act {found['year']}"
                yield "ACT_UNKNOWN", f'"{shown}"', name, True
                return


_OF_A_STATE = re.compile(
    r" \((?:Cth|NSW|Vic|Qld|WA|SA|Tas|ACT|NT|NZ|Ont|BC|Alta|Can|Ir|Irl|Ireland|NI)\)"
)
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
        for known in _known_acts(year)
    )
