"""Is it the law of the part of a state that was asked for: nations of a kingdom, states of a union.

The United Kingdom has three legal systems and the United States more than fifty. A court, an Act
or a doctrine that only one of them has is a sign of its law; a sentence that denies it, or
compares, is none. Two signs cannot be a slip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import pairwise
from typing import TypeAlias

from legalgen.law.citations import normalise
from legalgen.law.planner import Task
from legalgen.quality.checks.voice.phrases import Terms, in_turn
from legalgen.quality.reading import Finding, Reading, sentences
from legalgen.quality.wordlists import alternatives, guarded, phrases, word_list
from legalgen.store.sample import words

_Patterns: TypeAlias = Sequence[re.Pattern[str]]

_SURE, _MOST_UNSURE = 2, 3
"""What a sign weighs that no other law has, where one that others use seldom weighs one, and how
much all of those weigh at most."""
_FLAGGED, _REFUSED = 2, 4


class _Signs:
    """Signs of one law, for somebody who asked for another, behind a look for their words."""

    def __init__(self, name: str, acts: str = "") -> None:
        self._name, self._acts = name, acts
        self.words = word_list(f"{name}_words")

    def there(self, text: str, vocabulary: frozenset[str]) -> tuple[_Patterns, _Patterns]:
        """Of the sure and of the unsure ones those that may be there."""
        return self.sure.there(text, vocabulary), self.unsure.there(text, vocabulary)

    @cached_property  # made for the few cells that need them
    def sure(self) -> Terms:
        """Courts, Acts and doctrines that the other law has not."""
        acts = phrases(self._acts) if self._acts else ()
        named = [re.sub(r"([().])", r"\\\1", act) + r" \d{4}" for act in acts]
        return Terms((*phrases(f"{self._name}_only"), *named), r"(?!\w)")

    @cached_property
    def unsure(self) -> Terms:
        """Words for which the other law has its own, but which slip in."""
        return Terms(phrases(f"{self._name}_seldom"), r"\b")


def _stand_in(patterns: _Patterns, text: str) -> bool:
    """Whether one of these is there."""
    return any(pattern.search(text) for pattern in patterns)


_FOREIGN = {
    "scotland": (("english", "not_in_scotland"), ("northern", "")),
    "england-wales": (("scots", ""), ("northern", "")),
    "northern-ireland": (("british", "not_in_northern_ireland"), ("scots", "")),
}
"""Whose signs are none of the law of a nation, each with its Acts."""
_OWN = {"scotland": "scots", "england-wales": "english", "northern-ireland": "northern"}


@cache  # compiled for the few cells that need it
def _denying() -> re.Pattern[str]:
    """What a clause has that says that something is no law there, or compares two laws."""
    return re.compile(alternatives("denying_a_sign"))


@cache
def _signs(name: str, acts: str) -> _Signs:
    return _Signs(name, acts)


_ACT = re.compile(r"\((?:Scotland|Northern Ireland|Wales)\)")
_ABROAD = {
    "scotland": re.compile(r"English|England|Wales|south of the border|Anglo"),
    "england-wales": re.compile(r"Scot(?:s|tish|land)\b|Northern Ir|Ulster|Stormont|Edinburgh"),
    "northern-ireland": re.compile(r"England|English|Great Britain|Scot|mainland|across the"),
}
"""Another nation by its name, with which a sentence compares."""


def nation_asked(reading: Reading) -> str:
    """The nation whose law was asked for, or nothing where the question may mean two.

    What the question names comes before what the cell says, which mostly says nothing.
    """
    task = reading.task
    if task is None or task.jurisdiction != "uk":
        return ""
    asked = frozenset(reading.question)
    named = {nation for nation, words in _NAMED.items() if not words.isdisjoint(asked)}
    if not _NORTHERN.isdisjoint(pairwise(reading.question)):
        named.add("northern-ireland")
    cell = _nation_of(task)
    if cell:
        return cell if named <= {cell} else ""
    if named in ({"scotland"}, {"northern-ireland"}):
        return named.pop()
    return "" if named - {"england-wales"} or not _TOWNS.isdisjoint(asked) else "england-wales"


def _nation_of(task: Task) -> str:
    """The nation that a cell is of by its law or, in a taxonomy of somebody's own, by its names."""
    if task.sub_jurisdiction in _ABROAD:
        return task.sub_jurisdiction if task.sub_jurisdiction != "england-wales" else ""
    ids = frozenset(f"{task.practice_area}-{task.topic}".split("-"))
    return next((nation for nation, signs in _IDS.items() if not signs.isdisjoint(ids)), "")


_IDS = {
    "scotland": frozenset({"scots", "scottish", "scotland"}),
    "northern-ireland": frozenset({"ni", "northern"}),
}
_NAMED = {
    "scotland": frozenset({"scots", "scottish", "scotland", "sheriff", "pursuer", "procurator"}),
    "england-wales": frozenset({"english", "england", "wales", "welsh"}),
    "northern-ireland": word_list("northern_towns"),
}
_NORTHERN = frozenset({("county", "down"), ("northern", "ireland"), ("northern", "irish")})
"""Words that name it one after the other: a county court hears of a ceiling that came down, too."""
_ELSEWHERE = _NAMED["scotland"] | _NAMED["northern-ireland"] | {"northern", "county"}
_NOT_ENGLISH = word_list("scots_words", "northern_words")
_TOWNS = word_list("scottish_towns")
"""The facts may be of a town for an agreement under another law."""


def another_nation(reading: Reading) -> Iterator[Finding]:
    """Courts, Acts and doctrines that the nation asked for has not."""
    if _is_plainly_english(reading):
        return
    asked = nation_asked(reading)
    vocabulary: frozenset[str] | None = None
    for name, acts in _FOREIGN.get(asked, ()):
        signs = _signs(name, acts)
        if signs.words.isdisjoint(reading.vocabulary):
            continue
        vocabulary = vocabulary or reading.vocabulary.union(
            reading.question, words(_cited(reading))
        )
        surely, maybe = signs.there(reading.whole, vocabulary)
        if not _stand_in((*surely, *maybe), reading.whole):
            continue
        told = _sentences(reading, (*surely, *maybe))
        text = "\n".join(told)
        signs_there = {found[0] for each in (*surely, *maybe) for found in each.finditer(text)}
        told = [each for each in told if any(map(each.__contains__, signs_there))]
        sure, unsure = set[str](), set[str]()
        for clause in _asserted(reading, asked, told, (*surely, *maybe)):
            sure.update(_folded(found[0]) for found in in_turn(surely, clause))
            unsure.update(_folded(found[0]) for found in in_turn(maybe, clause))
        weight = _SURE * len(sure)
        if unsure and not _has_own(text, vocabulary, asked):
            weight += min(len(unsure), _MOST_UNSURE)
        if weight >= _FLAGGED and not (weight < _REFUSED and _compares(reading, asked)):
            shown = ", ".join(f'"{sign}"' for sign in sorted(sure or unsure)[:3])
            place = _PLACES[asked]
            what = f"{shown}: not of the law of {place}"
            far = weight >= _REFUSED and bool(sure) and not _is_elsewhere(reading, asked)
            yield "LAW_JURISDICTION", what, "answer", far
            return


def _compares(reading: Reading, asked: str) -> bool:
    """Whether a talk has an Act of the nation asked for, and speaks of another by its name."""
    own = _OWN_ACT.get(asked)
    if own is None or not reading.is_dialogue or own not in reading.draft.answer:
        return False
    return _ABROAD[asked].search(_ACT.sub("", reading.draft.answer)) is not None


_OWN_ACT = {"scotland": "(Scotland)", "northern-ireland": "(Northern Ireland)"}


def _is_elsewhere(reading: Reading, asked: str) -> bool:
    """Whether an answer for no nation in particular says that its facts are in another one."""
    text = _ACT.sub("", f"{reading.draft.answer} {reading.steps_text}")
    return asked == "england-wales" and _ABROAD[asked].search(text) is not None


def _is_plainly_english(reading: Reading) -> bool:
    """Whether neither cell nor question nor answer is of another nation; most are not."""
    task = reading.task
    if task is None or task.jurisdiction != "uk":
        return True
    return (
        not _nation_of(task)
        and _NOT_ENGLISH.isdisjoint(reading.vocabulary)
        and _ELSEWHERE.isdisjoint(reading.question)
    )


_PLACES = {
    "scotland": "Scotland",
    "england-wales": "England and Wales",
    "northern-ireland": "Northern Ireland",
}


def _sentences(reading: Reading, patterns: _Patterns) -> Sequence[str]:
    """Those of answer and steps, and the citations with a sign that none of them has.

    Of one that is named in a sentence, the sentence says whether it compares.
    """
    prose = normalise(f"{reading.draft.answer}\n{reading.steps_text}")
    said = {_folded(found[0]) for pattern in patterns for found in pattern.finditer(prose)}
    cited = (normalise(each.text) for each in reading.draft.citations)
    own = (
        text
        for text in cited
        if not any(_folded(m[0]) in said for each in patterns for m in each.finditer(text))
    )
    return [*sentences(prose), *own]


def _cited(reading: Reading) -> str:
    return "\n".join([each.text for each in reading.draft.citations])


_ENGLISH_BUT_LAW = re.compile(r"English(?! law)|England|Wales|south of the border|Anglo")


def _has_scots(reading: Reading) -> bool:
    text = _ACT.sub("", f"{reading.draft.answer} {reading.steps_text}")
    return "Scot" in text


_CLAUSE = re.compile(r"(?<=[,;:]) (?=(?:and|but|so|or|while) )|(?<=[;:]) ")


def _asserted(reading: Reading, asked: str, told: Iterable[str], signs: _Patterns) -> Iterator[str]:
    """The clauses of sentences with a sign that deny nothing and are not told of another nation.

    What a sentence says of England goes on to its end, and not back to its beginning. An answer
    that names no other law than the English compares nothing: it applies that law.
    """
    abroad = _ABROAD[asked]
    if asked == "scotland" and not _has_scots(reading):
        abroad = _ENGLISH_BUT_LAW
    for sentence in told:
        if not _stand_in(signs, sentence):
            continue
        for clause in _CLAUSE.split(sentence):
            rest = _ACT.sub("", clause)
            if abroad.search(rest):
                break
            if not _denying().search(rest):
                yield clause


def _has_own(text: str, vocabulary: frozenset[str], asked: str) -> bool:
    """Whether the answer has a sign of the nation's own law, and a word of another's slipped in."""
    own = _signs(_OWN[asked], "")
    return _stand_in(own.sure.there(text, vocabulary), text)


def _folded(sign: str) -> str:
    """A sign however it is written, so that it counts once."""
    return sign.casefold().removesuffix("s")


# --- states of a union -------------------------------------------------------------------------


@cache
def _federal() -> re.Pattern[str]:
    return re.compile(alternatives("federal_signs"))


@cache
def _states() -> Sequence[tuple[str, re.Pattern[str]]]:
    """Each state's name with the pattern of its codes, courts and reports."""
    return tuple((name, re.compile(pattern)) for name, pattern in guarded("state_signs"))


def another_state(reading: Reading) -> Iterator[Finding]:
    """Codes and courts of a state whose law was not asked for, and none of the law that was."""
    task = reading.task
    if task is None or task.jurisdiction != "us" or not task.sub_jurisdiction:
        return
    cited = _cited(reading)
    if _STATE_WORDS.isdisjoint(reading.vocabulary) and _STATE_WORDS.isdisjoint(words(cited)):
        return
    own, question = task.sub_jurisdiction, reading.draft.question
    text = normalise(f"{reading.draft.answer}\n{reading.steps_text}\n{cited}")
    found = {name: set(pattern.findall(text)) for name, pattern in _states()}
    if _federal().search(text) or found.get(own) or own.replace("-", " ").title() in text:
        return
    for name, signs in found.items():
        if signs and name != own and name.replace("-", " ").title() not in question:
            shown = ", ".join(f'"{sign}"' for sign in sorted(signs)[:3])
            yield (
                "LAW_JURISDICTION", f"{shown}: not of the law asked for ({own})", "answer",
                len(signs) >= 2,
            )  # fmt: skip
            return


_STATE_WORDS = word_list("state_words")
