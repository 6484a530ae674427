"""One answer, read once: its texts, words and citations as the checks ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property, lru_cache
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from legalgen.completion import Completion
from legalgen.law.citations import PARTING, Parsed, bare, folded
from legalgen.law.citations import normalise as plain
from legalgen.law.planner import Task
from legalgen.quality.currencies import CURRENCY_WORDS, with_signs
from legalgen.quality.rules import AnswerBounds, Thresholds
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import Draft, beyond_ascii, count_words, words

TOKEN = re.compile(r"\w+")

SHORT_TYPES = frozenset({"short_qa", "hypothetical", "conversational", "dialogue"})
"""Sample types that are plain text: markup is stripped from them."""


RUN_WORDS = 6
"""So many words in a row that stand elsewhere too were copied."""

SHORT_ANSWER = 160
REPEATED = 0.62
REPEATED_LONG = 0.54
"""Share of different words under which a short answer, or a longer one, is looked at for what it
says again. In 90 good answers it was at least 0.63 up to 160 words, and 0.51 beyond."""

MOST_CHARACTERS = 20_000
"""Of one field. A model in a loop writes more; checks that compare one part of a text with all
others would take minutes over it."""
MOST_OF_A_WORD = 20
"""Characters for each word of the longest answer that is asked for, where these are more."""

MOST_FIGURES = 4_000
"""In a row, with points and commas. Python reads no number of more than 4,300, and raises."""
_ENDLESS_NUMBER = re.compile(rf"[\d.,](?<![\d.,].)[\d.,]{{{MOST_FIGURES}}}")

MOST_SEARCHED = 1_000_000
"""Runs times characters; beyond it all runs of the answer are made, which is faster then."""


Runs: TypeAlias = frozenset[tuple[str, ...]]
"""Runs of ``RUN_WORDS`` words."""


def runs(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every run of ``RUN_WORDS`` words in a text."""
    return zip(*(tokens[first:] for first in range(RUN_WORDS)), strict=False)


_ALL_KNOWN = b"\1" * RUN_WORDS


def known_runs(known: frozenset[str], tokens: Sequence[str]) -> Iterator[int]:
    """Where runs begin of which every word is known; few of a text are such."""
    told = bytes(map(known.__contains__, tokens))
    at = told.find(_ALL_KNOWN)
    while at >= 0:
        yield at
        at = told.find(_ALL_KNOWN, at + 1)


class KnownRuns(msgspec.Struct, frozen=True):
    """Runs of words that are looked for in others, and the words that they are made of."""

    runs: Runs = frozenset()
    words: frozenset[str] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> KnownRuns:
        """The runs of all texts, each text by itself."""
        found = frozenset(run for text in texts for run in runs(words(text)))
        return cls(found, frozenset(word for run in found for word in run))

    def first_in(self, tokens: Sequence[str]) -> tuple[str, ...] | None:
        """The first of the runs in a text, if any is there; few words have to be looked at."""
        found = (tuple(tokens[at : at + RUN_WORDS]) for at in known_runs(self.words, tokens))
        return next((run for run in found if run in self.runs), None)


def reasoned(draft: Draft) -> str:
    """Answer and steps as one text in which citations are looked for, none across two of them."""
    return plain(PARTING.join((draft.answer, *draft.reasoning_steps)))


Finding: TypeAlias = tuple[str, str, str | None, bool]
"""Code, what was measured against what is required, field, and whether it is far off."""


class Reading(msgspec.Struct, frozen=True, dict=True):
    """A draft with what several checks need of it, each computed at most once.

    ``instructions`` are the runs of six words of the prompt's own prose; ``topic`` are the stems of
    the words of the topic that was asked for, ``subtopics`` its parts by name. All are empty where
    they are not known, and nothing is then said of them. ``barred`` is what the citation policy
    holds against it, and ``grounding`` what was found when its quotations were looked up; None: it
    is not grounded.
    """

    draft: Draft
    task: Task | None
    bounds: AnswerBounds
    cited: tuple[tuple[Parsed, ...], ...]
    limits: Thresholds = Thresholds()
    completion: Completion | None = None
    instructions: KnownRuns = KnownRuns()
    topic: frozenset[str] = frozenset()
    subtopics: tuple[str, ...] = ()
    barred: tuple[Finding, ...] = ()
    grounding: tuple[Finding, ...] | None = None

    @property
    def question(self) -> tuple[str, ...]:
        """The words of the question."""
        return words(self.draft.question)

    @property
    def answer(self) -> tuple[str, ...]:
        """The words of the answer."""
        return words(self.draft.answer)

    @cached_property
    def steps_text(self) -> str:
        """The steps as one text, a line each."""
        return "\n".join(self.draft.reasoning_steps)

    @property
    def steps(self) -> tuple[str, ...]:
        """The words of the steps."""
        return words(self.steps_text)

    @cached_property
    def answer_vocabulary(self) -> frozenset[str]:
        """The different words of the answer."""
        return frozenset(self.answer)

    @cached_property
    def steps_vocabulary(self) -> frozenset[str]:
        """The different words of the steps."""
        return frozenset(self.steps)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words in which an authority may be named: answer and steps."""
        return self.answer_vocabulary | self.steps_vocabulary

    @property
    def signed(self) -> Reading:
        """The same text with signs for the currencies that are written as words or codes."""
        return self._with_signs or self

    @cached_property
    def _with_signs(self) -> Reading | None:
        if CURRENCY_WORDS.isdisjoint(self.vocabulary):
            return None
        draft = with_signs(self.draft)
        return None if draft == self.draft else replace(self, draft=draft)

    @property
    def is_plain_text(self) -> bool:
        """Whether the sample type is plain text, without tables and headings."""
        return self.task is not None and self.task.sample_type in SHORT_TYPES

    @property
    def is_dialogue(self) -> bool:
        """Whether the answer is a talk, in which people speak as they do."""
        return "turns" in self.bounds.requires or (
            self.task is not None and self.task.sample_type == "dialogue"
        )

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the answer; a line ends one too."""
        return sentences(self.draft.answer)

    @cached_property
    def first_sentence(self) -> str:
        """The first sentence of the answer, or what there is of it."""
        end = _SENTENCE_END.search(self.draft.answer)
        return self.draft.answer[: end.end()].strip() if end else self.draft.answer

    @cached_property
    def is_repetitive(self) -> bool:
        """Whether so many of the answer's words come again as in few good answers of its length."""
        count = len(self.answer)
        most = REPEATED if count <= SHORT_ANSWER else REPEATED_LONG
        return len(self.answer_vocabulary) < most * count

    @cached_property
    def telling(self) -> frozenset[str]:
        """The answer's words of four letters or more that are not common, as they stand."""
        return frozenset([word for word in self.answer_vocabulary if len(word) > 3]) - COMMON

    @property
    def shares_words(self) -> int:
        """How many telling words the answer shares with question and steps as they stand."""
        return len(self.telling.intersection(self.question + self.steps))

    def steps_lead(self, least: int) -> bool:
        """Whether the steps have so many telling words of the answer, as they stand."""
        known, shared = self.telling, set[str]()
        for word in self.steps:
            if word in known:
                shared.add(word)
                if len(shared) >= least:
                    return True
        return False

    @cached_property
    def question_stems(self) -> frozenset[str]:
        """The stems of the question's telling words."""
        return stems(self.question)

    @cached_property
    def answer_stems(self) -> frozenset[str]:
        """The stems of the answer's telling words."""
        return stems(self.telling)

    @cached_property
    def step_stems(self) -> frozenset[str]:
        """The stems of the steps' telling words."""
        return stems(self.steps)

    @cached_property
    def folded_answer(self) -> str:
        """The answer in small letters, each in its place, for patterns of small letters."""
        return folded(self.draft.answer)

    @cached_property
    def folded_steps(self) -> str:
        """The steps as one text in small letters, each in its place."""
        return folded(self.steps_text)

    @cached_property
    def prose(self) -> str:
        """Answer and steps in small letters, with one kind of hyphen, space and quote."""
        return plain(f"{self.draft.answer}\n{self.steps_text}").casefold()

    @cached_property
    def answer_line(self) -> str:
        """The answer's words with a space around each."""
        return f" {' '.join(self.answer)} "

    @cached_property
    def answer_words(self) -> int:
        """The answer's length in words, split at white space."""
        return count_words(self.draft.answer)

    @cached_property
    def parsed(self) -> tuple[Parsed, ...]:
        """What was read of all citations."""
        return tuple(item for group in self.cited for item in group)

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Name and text of the fields that are prose."""
        return (
            ("question", self.draft.question),
            ("reasoning_steps", self.steps_text),
            ("answer", self.draft.answer),
        )

    @cached_property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Name and text of every field."""
        cited = "; ".join([item.text for item in self.draft.citations])
        return (*self.texts, ("citations", cited))

    @property
    def endless(self) -> Sequence[str]:
        """The fields that no sample has so long, or that have a number that none has."""
        if len(self.whole) <= MOST_FIGURES:
            return ()
        most = max(MOST_CHARACTERS, MOST_OF_A_WORD * self.bounds.answer_words[1])
        return [
            name
            for name, text in self.fields
            if len(text) > most or (len(text) > MOST_FIGURES and _ENDLESS_NUMBER.search(text))
        ]

    @cached_property
    def foreign_letters(self) -> bool:
        """Whether question or answer hold what is neither Latin nor punctuation."""
        question = self.draft.question
        return BEYOND_LATIN.search(self._odd_signs) is not None or (
            not question.isascii() and BEYOND_LATIN.search(question) is not None
        )

    @property
    def has_accents(self) -> bool:
        """Whether letters stand in the answer that English has not."""
        return ACCENTED.search(self._odd_signs) is not None

    @cached_property
    def _odd_signs(self) -> str:
        """What stands in the answer beyond ASCII, each sign once."""
        return "".join(beyond_ascii(self.draft.answer))

    @cached_property
    def whole(self) -> str:
        """All that was written, in which to look before looking closer."""
        return "\n".join([text for _, text in self.fields])

    @cached_property
    def signs(self) -> str:
        """All that was written, without white space and small letters: a tenth of it.

        Where a sign is not in it, it is nowhere.
        """
        return bare(self.whole)

    def has_signs(self, signs: Iterable[str]) -> bool:
        """Whether one of these stands anywhere, be there white space within or small letters."""
        return any(map(self.signs.__contains__, signs))

    def copied(self, tokens: Sequence[str], least: float = 0.0) -> float:
        """The share of the runs of six words that stand in the answer too.

        0 where so few of them have known words alone that it cannot be ``least``.
        """
        begins = list(known_runs(self.answer_vocabulary, tokens))
        if not begins or len(begins) < least * (len(set(tokens)) - RUN_WORDS):
            return 0.0  # where a word first comes, another run begins
        count = len(set(runs(tokens)))
        if len(begins) < least * count:
            return 0.0
        if len(begins) * len(self.answer_line) < MOST_SEARCHED:
            found = set(self._in_answer(tokens, begins))
        else:
            known = {tuple(tokens[at : at + RUN_WORDS]) for at in begins}
            found = known.intersection(runs(self.answer))
        return len(found) / count if found else 0.0

    def _in_answer(self, tokens: Sequence[str], begins: Iterable[int]) -> Iterator[tuple[str, ...]]:
        """Of the runs that begin at these places, in order, those that the answer has.

        What is copied goes on mostly: after a run its next word is looked for first.
        """
        line, following, end = self.answer_line, -1, 0
        for at in begins:
            run = tuple(tokens[at : at + RUN_WORDS])
            if at == following and line.startswith(f"{run[-1]} ", end):
                end += len(run[-1]) + 1
            else:
                joined = f" {' '.join(run)} "
                place = line.find(joined)
                if place < 0:
                    continue
                end = place + len(joined)
            following = at + 1
            yield run


_SENTENCE_END = re.compile(
    r"[.!?\n](?:(?<=\n)\n*"
    r"|(?<!\b[vs]\.)(?<!\b(?:No|Mr|Ms|Dr)\.)(?<!\bInc\.)"
    r"[\"')\u201d\u2019]*\s+(?=[\"'(\u201c\u2018*\[]*[A-Z\d*]))"
)


@lru_cache(maxsize=4)  # an answer that lost something is asked for by two
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text; a line ends one too."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    parts = [text[start:end].strip() for start, end in zip([0, *ends], [*ends, None], strict=True)]
    return tuple(filter(None, parts))


COMMON = word_list("common")

ACCENTED = re.compile("[\u00c0-\u024f]")

_ENDINGS = (
    "ications", "ication", "ibility", "ability", "ations", "ation", "ments", "ment", "ances",
    "ance", "ences", "ence", "ibly", "ably", "ible", "able", "ions", "ion", "ings", "ing", "ies",
    "ied", "ers", "ors", "er", "or", "ed", "es", "ly", "al", "s", "e", "y",
)  # fmt: skip
"""Endings that make no other word of it; the longest first."""

SHORTEST_STEM = 4


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without its ending, so that ``contracts`` and ``contracted`` are one."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def telling_words(text: str) -> frozenset[str]:
    """The words of five letters or more that are not common, as they stand between spaces."""
    return frozenset([word for word in text.casefold().split() if len(word) > 4]) - COMMON


def stems(tokens: Iterable[str]) -> frozenset[str]:
    """The stems of the telling words: those of four letters or more that are not common."""
    return frozenset(
        {stem(word) for word in tokens if len(word) > 3 and word not in COMMON and word.isalpha()}
    )


def places(piece: str, text: str) -> Iterator[int]:
    """Where a piece stands in a text, each time."""
    at = text.find(piece)
    while at >= 0:
        yield at
        at = text.find(piece, at + 1)


def likeness(left: Set[object], right: Set[object]) -> float:
    """How much of two sets is in both (Jaccard), from 0 to 1; of two that are empty 0."""
    shared = len(left & right)
    return shared / max(1, len(left) + len(right) - shared)


def excerpt(text: str, at: int) -> str:
    """Some words around a place in a text, for a reason."""
    return " ".join(text[at : at + 60].split())


BEYOND_LATIN = re.compile("[^\0-\u024f\u1e00-\u1eff\u2000-\u20cf]")
