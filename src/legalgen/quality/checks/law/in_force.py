"""Is the law in force that is cited: Acts that were repealed, cases overruled, law of a later time.

Old law may be told as old, and facts of its time are judged by it; only a sample that says neither
is flagged. An Act that is younger than every date of the facts does not govern them, unless it
says so itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from legalgen.law.citations import Parsed, names_of
from legalgen.law.citations.repealed import Repealed, repealed
from legalgen.quality.reading import Finding, Reading, sentences
from legalgen.quality.wordlists import MONTH

_AS_OLD = re.compile(
    r"\b(?:revok\w*|replac(?:es?|ed|ing)|formerly|previous\w*|predecessor\w*|renamed|consolidat\w*|succeed\w*"
    r"|no longer|used to|then in force|at the time|earlier|prior|older?|histor\w*"
    r"|transition\w*|savings?|now (?:in|found|governed)|first appeared|origin\w*|carried over"
    r"|derive\w*|since (?:19|20)\d\d|(?:pre|post)-\w+|was the law|lapsed|expired?"
    r"|(?<!into )(?<!came )(?<!still )in force (?:at|when|until|then|on|during|in (?:19|20)|before)"
    r"|(?:was|were|not|longer|ceased to be|remain(?:ed|s)) in force"
    r"|until (?:then|recently|\d+|(?-i:(?:the )?[A-Z])\w*)|abandon\w*|departed|reject\w*"
    r"|disapprov\w+|not follow\w*"
    r"|former (?:\w+ )?(?:law|rule|act|statute|section|article|test|regime|position|doctrine"
    r"|regulation|directive|provision|offence|approach|code|precedent|standard|system|limb)s?)\b",
    re.I,
)
"""Words of a sample that knows how old its law is; of other things elsewhere in it."""
_PLAINLY_OLD = re.compile(
    r"\b(?:repeal\w*|overrul\w+|supersed\w*|re-?enact\w*|abrogat\w+|good law|no longer law"
    r"|Northern Ireland)\b",
    re.I,
)
"""The same wherever it stands, and a place where some of it lives on."""
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")


def law_repealed(reading: Reading) -> Iterator[Finding]:
    """A citation of what is no longer in force, as if it were."""
    known = repealed()
    as_of = (reading.task.as_of if reading.task is not None else None) or "9"
    for item in (*reading.parsed, *_told_in_prose(reading)):
        old = _gone(item, known)
        if old is not None and old.ended <= as_of and not _is_told_as_old(reading, item, old):
            name = old.name or old.key or item.key
            what = f'"{name}" is no longer law since {old.ended} (now: {old.by})'
            yield "LAW_REPEALED", what, "citations", True
            return


def _gone(item: Parsed, known: Mapping[str, Repealed]) -> Repealed | None:
    """What is known of a citation that is no longer law: of the whole, or of its section."""
    old = known.get(item.key) or known.get(f"{item.name} {item.year}")
    if old is None and item.key.endswith(")"):
        old = known.get(item.key.partition("(")[0])  # a subsection of what is gone
    if old is None and item.kind.endswith("treaty"):
        old = known.get(item.work) or known.get(item.work.partition(" on ")[0])
    return old


@cache
def _by_year() -> Mapping[str, Sequence[str]]:
    """The names of what is gone by their year, with which they end."""
    years: dict[str, list[str]] = {}
    for key, old in repealed().items():
        if key[-4:].isdigit() and not old.name and " Act " in key:
            years.setdefault(key[-4:], []).append(key)
    return years


@cache
def _years() -> frozenset[str]:
    return frozenset(_by_year())


def _told_in_prose(reading: Reading) -> Iterator[Parsed]:
    """Acts that are gone and stand in answer or steps alone, where a section of theirs is applied.

    What is named in passing is not applied, nor is what stands beside other law.
    """
    if _years().isdisjoint(reading.vocabulary):
        return
    cited = {item.name for item in reading.parsed}
    for year in _years() & reading.vocabulary:
        for key in _by_year()[year]:
            name = key[:-5]
            text = f"{reading.draft.answer}\n{reading.steps_text}"
            if key not in text or name in cited:
                continue
            told = [each.replace(key, "@") for each in sentences(text) if key in each]
            if any(_APPLIED.search(each) and not _PAST.search(each) for each in told):
                yield Parsed("statute", key, 0, 0, int(year), name=name, work=key)


_PAST = re.compile(r"\b(?:was|were|had|did)\b")
_APPLIED = re.compile(
    r"[Ss]ections? \d[\w()]* of the @|@,? s(?:ection)?\.? ?\d|@ (?:applies|governs)"
)


def _is_told_as_old(reading: Reading, item: Parsed, old: Repealed) -> bool:
    """Whether the sample says that it is old law, or asks about facts of its time.

    What came after it is named, or a word tells it as old in a sentence that names it, or beside
    such a one; where none names it, anywhere.
    """
    told = old.key or old.act
    facts = map(int, _YEAR.findall(reading.draft.question.replace(told, "")))
    if any(year <= int(old.ended[:4]) for year in facts):
        return True
    texts = [text for _, text in reading.texts]
    if any(_PLAINLY_OLD.search(text) for text in texts) or _names(old.by, texts):
        return True
    near = [piece for text in texts for piece in _around(text, item, old)]
    return any(_AS_OLD.search(text) for text in near or texts)


_NUMBER = re.compile(r"\b\d+/\d+|\b(?:1[89]|20)\d\d\b")
_NAME = re.compile(r"[A-Z][a-z]{3,}")


def _names(law: str, texts: Iterable[str]) -> bool:
    """Whether a law is named by its number or year, or a case by its first party."""
    found = _NUMBER.search(law) or _NAME.search(law)
    return found is not None and any(found[0] in text for text in texts)


def _around(text: str, item: Parsed, old: Repealed) -> Iterator[str]:
    """The sentences of a text that name an old law, each with those beside it."""
    year = str(item.year or "")
    if item.is_case:
        names, year = set(_NAME.findall(old.name)), ""
    elif item.number is not None:  # of the Union, cited by its number
        numbers = (f"{item.number}/{year}", f"{year}/{item.number}", f"{year[2:]}/{item.number}/")
        names, year = {*numbers, *names_of(item.key)}, ""
    else:
        names = set(_NAME.findall(item.name or old.act))
    pieces = sentences(text)
    for at, piece in enumerate(pieces):
        if year in piece and any(map(piece.__contains__, names)):
            yield " ".join(pieces[max(0, at - 1) : at + 2])


_FACTS = re.compile(
    rf"\b(?:{MONTH})(?: \d{{1,2}},)? (?P<month>(?:1[89]|20)\d\d)\b"
    r"|\b[Ii]n (?:(?:early|late|the (?:spring|summer|autumn|fall|winter) of) )?"
    r"(?P<year>(?:1[89]|20)\d\d)\b"
)
"""A date at which something happened; "a deed of 1921" may have effect today."""
_NAMED_YEAR = re.compile(
    r"(?:Act|Order|Regulations?|Rules|Directive|Convention|Code|Treaty)(?: \([A-Z]+\))?,?"
    r" (?:No\.? )?\d{4}(?:/\d+)?"
)
_REACHES_BACK = re.compile(
    r"\b(?:retro\w*|transition\w*|now|today|current\w*|since|later|continu\w*|still|re-?enact\w*"
    r"|replac(?:ed|es|ing)|repeal\w*|consolidat\w*|codif\w*|before it|whenever|savings?)\b",
    re.I,
)


_TODAY = re.compile(
    r"\b(?:now|today|nowadays|currently|recently|still|at present|yesterday|tomorrow|about to"
    r"|these days|(?:this|last|next) (?:year|month|week|spring|summer|autumn|fall|winter))\b",
    re.I,
)
_PRESENT = re.compile(
    r"\b(?:(?:is|are) (?:\w+ing|to)|wants?|wish(?:es)?|would like|plans?|intends?|hopes?|proposes?"
    r"|threatens?|lives?|runs?|owns?)\b"
)
"""What somebody does long after; disputes over old facts are told in the present, too."""


_COMES_OUT = re.compile(
    r"\b(?:c[ao]mes? to light|emerg\w+|discover\w*|learn\w*|found out|finds? out)\b"
)
"""What was done long ago may be known only now."""


def _is_of_today(question: str, facts: int) -> bool:
    """Whether a question goes on from its last date, up to ``facts``, to what is so now."""
    if any(_TODAY.search(each) and not _COMES_OUT.search(each) for each in sentences(question)):
        return True
    told = sentences(question[facts:])[1:]  # without the rest of the sentence of that date
    return any(_PRESENT.search(each) for each in told if not each.endswith("?"))


def law_later(reading: Reading) -> Iterator[Finding]:
    """An Act younger than every date of the facts, which nothing says to reach back or to go on."""
    if not _YEAR.search(reading.draft.question):
        return
    acts = [
        item
        for item in reading.parsed
        if item.kind == "statute" and item.year and "Act" in item.name
    ]
    if not acts or not (facts := list(_FACTS.finditer(reading.draft.question))):
        return
    bare = _NAMED_YEAR.sub("", reading.draft.question)
    last = max(map(int, _YEAR.findall(bare)), default=0)
    if not any(int(found["month"] or found["year"]) == last for found in facts):
        return
    later = next((item for item in acts if item.year is not None and item.year > last), None)
    told = f"{reading.steps_text}\n{reading.draft.answer}"
    of_today = _is_of_today(reading.draft.question, facts[-1].end())
    if later is not None and not of_today and not _REACHES_BACK.search(told):
        what = f'"{later.name} {later.year}" is younger than the facts of {last}'
        yield "LAW_LATER", what, "citations", True
