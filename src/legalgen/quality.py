"""The gate: reasons to refuse a sample, reasons to flag it, and what can be mended at once.

``Gate.inspect`` looks at one answer alone and is pure. ``Corpus`` looks at what the dataset
already holds (contradicting citations, worn openings and names) and belongs to one thread; so
does the index of near-duplicates, which is a room of its own (``duplicates``).

Checks run from cheap to dear in three stages: can it be read, may it be used, is it good. The
first stage with a hard failure ends the check; all reasons of that stage are collected, so that
one repair can mend them together.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Literal, Protocol

import msgspec

from legalgen.citations import (
    LEGISLATION_KINDS,
    Authorities,
    Case,
    CitationLedger,
    Parsed,
    apex,
    find_numbered,
    fix_brackets,
    form_fault,
    impossible,
    name_tokens,
    parse,
    same_name,
    suspect,
)
from legalgen.completion import Completion
from legalgen.errors import ErrorCategory, Reason, UsageError
from legalgen.samples import Citation, Draft, DraftCitation, normalise, words
from legalgen.tasks import Task

Severity = Literal["reject", "flag", "graded", "off"]
"""``graded`` is what the measured value makes of it: flag when near, reject when far."""
Mode = Literal["full", "structure"]
Policy = Literal["menu", "statute_first", "apex_only", "free"]


class Bounds(Protocol):
    """What a sample type demands. Ranges include both ends; words are split at white space."""

    @property
    def answer_words(self) -> tuple[int, int]:
        """Fewest and most words of the answer."""

    @property
    def reasoning_steps(self) -> tuple[int, int]:
        """Fewest and most reasoning steps."""

    @property
    def min_citations(self) -> int:
        """Citations expected."""

    @property
    def requires(self) -> tuple[str, ...]:
        """Elements expected, of ``ELEMENTS``."""


@dataclass(frozen=True, slots=True)
class TypeBounds:
    """``Bounds`` as a plain value."""

    answer_words: tuple[int, int]
    reasoning_steps: tuple[int, int] = (0, 99)
    min_citations: int = 0
    requires: tuple[str, ...] = ()


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- the table -------------------------------------------------------------------------------

ALWAYS_REJECT = frozenset({"TRUNCATED", "BAD_JSON", "SCHEMA", "EMPTY_FIELD"})
"""Without these a row cannot be read; no setting turns them off."""

CODES: Mapping[str, Severity] = {
    **dict.fromkeys(sorted(ALWAYS_REJECT), "reject"),
    "JSON_REPAIRED": "flag",
    "REFUSAL": "reject",
    "META_TALK": "reject",
    "PLACEHOLDER": "reject",
    "LANGUAGE": "reject",
    "QUESTION_LENGTH": "reject",
    "ANSWER_LENGTH": "graded",
    "STEPS_COUNT": "reject",
    "STEP_TEXT": "reject",
    "STEPS_COPY": "flag",
    "QUESTION_LEAK": "reject",
    "TELEGRAPHIC": "flag",
    "MARKUP": "flag",
    "DUP_EXACT": "reject",
    "DUP_NEAR": "reject",
    "DUP_SOFT": "flag",
    "CITATION_MISSING": "graded",
    "CITATION_IMPOSSIBLE": "reject",
    "CITATION_JURISDICTION": "reject",
    "CITATION_UNPARSED": "flag",
    "CITATION_UNGROUNDED": "graded",
    "CITATION_CONFLICT": "flag",
    "CITATION_UNLISTED": "graded",
    "CITATION_FORMAT": "flag",
    "CITATION_SUSPECT": "flag",
    "DIALOGUE_TURNS": "reject",
    "MISSING_PARTIES": "flag",
    "MISSING_IRAC": "flag",
    "MISSING_NEXT_STEPS": "flag",
    "MISSING_STATUTE": "flag",
    "MISSING_SECTION": "flag",
    "MISSING_TIME_LIMIT": "flag",
    "MISSING_JURISDICTIONS": "flag",
    "MISSING_CONDUCT_RULE": "flag",
    "MISSING_APEX_CASE": "flag",
    "OPENING_OVERUSED": "flag",
    "PARTY_OVERUSED": "flag",
    "LOW_SCORE": "graded",
    "UNJUDGED": "flag",
}
"""Every code and what it does unless a setting says otherwise."""


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of the gate; words and counts as integers, shares from 0 to 1."""

    question_min_words: int = 6
    question_max_words: int = 220
    answer_tolerance: float = 0.25
    step_min_words: int = 4
    steps_copy: float = 0.5
    leak_share: float = 0.5
    leak_min_words: int = 10
    non_latin: float = 0.15
    telegraphic_items: int = 3
    telegraphic_words: int = 60
    min_citations: int = 0
    dialogue_turns: int = 4
    opening_share: float = 0.02
    party_share: float = 0.01
    overuse_min_samples: int = 200
    flag_score: float = 3.5
    min_score: float = 0.0
    near_answer: float = 0.6
    near_question: float = 0.8
    near_both_question: float = 0.6
    near_both_answer: float = 0.25
    soft_question: float = 0.6
    soft_answer: float = 0.3


@dataclass(frozen=True, slots=True)
class Rules:
    """The gate's table after the user's settings."""

    severities: Mapping[str, Severity] = field(default_factory=lambda: dict(CODES))
    thresholds: Thresholds = field(default_factory=Thresholds)

    @classmethod
    def of(cls, overrides: Mapping[str, object]) -> Rules:
        """The default table with the ``[gate]`` table of a configuration laid over it.

        Codes take ``reject``, ``flag``, ``graded`` or ``off``; thresholds take their number.

        Raises:
            UsageError: a name is unknown (close matches are given) or a value cannot be meant.
        """
        severities = dict(CODES)
        numbers: dict[str, object] = {}
        for name, value in overrides.items():
            if name in CODES:
                severities[name] = _severity(name, value)
            elif name in Thresholds.__struct_fields__:
                numbers[name] = value
            else:
                raise UsageError(_unknown(name))
        return cls(severities, _thresholds(numbers))

    def duplicate_thresholds(self) -> dict[str, float]:
        """The keywords of ``duplicates.Thresholds``."""
        numbers: dict[str, float] = msgspec.structs.asdict(self.thresholds)
        return {name: numbers[name] for name in numbers if name.startswith(("near_", "soft_"))}

    def reason(
        self, code: str, what: str, where: str | None = None, *, far: bool = True
    ) -> Reason | None:
        """The reason for a finding; ``far`` decides where the severity is graded."""
        severity = self.severities[code]
        if severity == "off":
            return None
        reject = severity == "reject" or (severity == "graded" and far)
        return Reason(code, f"{code}: {what}", where, reject)

    def apply(self, reason: Reason) -> Reason | None:
        """A reason made elsewhere (duplicates, citations), with the severity of this table."""
        severity = self.severities.get(reason.code, "graded")
        if severity == "off":
            return None
        if severity == "graded":
            return reason
        return replace(reason, reject=severity == "reject")


def _severity(code: str, value: object) -> Severity:
    if value not in ("reject", "flag", "graded", "off"):
        raise UsageError(f"[gate] {code} takes reject, flag, graded or off, not {value!r}")
    if code in ALWAYS_REJECT and value != "reject":
        raise UsageError(f"[gate] {code} always rejects: such a row could not be read")
    if value == "graded" and CODES[code] != "graded":
        raise UsageError(f"[gate] {code} has no grades: take reject, flag or off")
    return value


def _thresholds(numbers: Mapping[str, object]) -> Thresholds:
    for name, value in numbers.items():
        if isinstance(value, bool):
            raise UsageError(f"[gate] {name} takes a number, not {value!r}")
    try:
        thresholds = msgspec.convert(numbers, Thresholds, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"[gate] a threshold is no number: {error}") from error
    for name in numbers:
        if not getattr(thresholds, name) >= 0:  # also false for NaN
            raise UsageError(f"[gate] {name} cannot be negative")
    return thresholds


def _unknown(name: str) -> str:
    known = [*CODES, *Thresholds.__struct_fields__]
    by_case = {item.casefold(): item for item in known}
    close = [
        by_case[item]
        for item in difflib.get_close_matches(name.casefold(), by_case, n=3, cutoff=0.6)
    ]
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"[gate] {name} is neither a code nor a threshold{hint}"


# --- the verdict -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one answer.

    ``draft`` is the answer after safe mending, ``fixes`` say what was mended. ``citations`` are
    as they will be stored. ``parsed`` are the authorities behind them. ``score`` and ``judge`` are
    another model's mark (1 to 5) and its name, where one was asked.
    """

    draft: Draft
    reasons: tuple[Reason, ...] = ()
    citations: tuple[Citation, ...] = ()
    parsed: tuple[Parsed, ...] = ()
    fixes: tuple[str, ...] = ()
    score: float | None = None
    judge: str | None = None

    @property
    def rejected(self) -> bool:
        """Whether the answer is not a sample."""
        return any(reason.reject for reason in self.reasons)

    @property
    def flags(self) -> tuple[str, ...]:
        """The soft codes, each once, in the order in which they were found."""
        return tuple(dict.fromkeys(item.code for item in self.reasons if not item.reject))

    @property
    def truncated(self) -> bool:
        """Whether the answer was cut off by its token cap."""
        return any(reason.code == "TRUNCATED" for reason in self.reasons)

    @property
    def category(self) -> ErrorCategory:
        """The failure it is when rejected: a refusal is a ``content_filter``."""
        refused = any(reason.code == "REFUSAL" and reason.reject for reason in self.reasons)
        return ErrorCategory.CONTENT_FILTER if refused else ErrorCategory.OUTPUT_INVALID

    def with_reasons(self, more: Iterable[Reason | None]) -> Verdict:
        """The verdict with what other rooms found (duplicates, the corpus, a judge)."""
        return replace(self, reasons=self.reasons + tuple(item for item in more if item))


# --- one answer, read once -------------------------------------------------------------------

_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True)
class _Reading:
    """A draft with what several checks need of it, each computed at most once."""

    draft: Draft
    task: Task | None
    bounds: Bounds
    cited: tuple[tuple[Parsed, ...], ...]

    @property
    def question(self) -> tuple[str, ...]:
        return words(self.draft.question)

    @property
    def answer(self) -> tuple[str, ...]:
        return words(self.draft.answer)

    @cached_property
    def steps_text(self) -> str:
        return "\n".join(self.draft.reasoning_steps)

    @property
    def steps(self) -> tuple[str, ...]:
        return words(self.steps_text)

    @cached_property
    def answer_vocabulary(self) -> frozenset[str]:
        return frozenset(self.answer)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words in which an authority may be named: answer and steps."""
        return self.answer_vocabulary.union(self.steps)

    @cached_property
    def answer_line(self) -> str:
        """The answer's words with a space around each."""
        return f" {' '.join(self.answer)} "

    @cached_property
    def answer_words(self) -> int:
        return len(self.draft.answer.split())

    @property
    def parsed(self) -> tuple[Parsed, ...]:
        return tuple(item for group in self.cited for item in group)

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Name and text of each field."""
        return (
            ("question", self.draft.question),
            ("reasoning_steps", self.steps_text),
            ("answer", self.draft.answer),
        )

    def copied(self, tokens: Sequence[str]) -> float:
        """The share of the runs of six words that stand in the answer too."""
        known = set(self._known_runs(tokens))
        if len(known) * len(self.answer_line) < MOST_SEARCHED:
            found = {run for run in known if f" {' '.join(run)} " in self.answer_line}
        else:
            found = known.intersection(_runs(self.answer))
        return len(found) / len(set(_runs(tokens))) if found else 0.0

    def _known_runs(self, tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Those of which the answer has every word; few need to be looked for."""
        known = 0
        for end, token in enumerate(tokens, 1):
            known = known + 1 if token in self.answer_vocabulary else 0
            if known >= RUN_WORDS:
                yield tuple(tokens[end - RUN_WORDS : end])


RUN_WORDS = 6
"""So many words in a row that stand elsewhere too were copied."""


MOST_SEARCHED = 1_000_000
"""Runs times characters; beyond it all runs of the answer are made, which is faster then."""


def _runs(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[first:] for first in range(RUN_WORDS)), strict=False)


_Finding = tuple[str, str, str | None, bool]
"""Code, what was measured against what is required, field, and whether it is far off."""


# --- the gate --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gate:
    """The checks of one sample. ``authorities`` is the list of those somebody has checked.

    ``today`` bounds what can have been decided. Safe to share between threads.
    """

    mode: Mode
    today: date
    rules: Rules = field(default_factory=Rules)
    authorities: Authorities | None = None
    policy: Policy = "free"

    def inspect(
        self, draft: Draft, task: Task | None, completion: Completion | None, bounds: Bounds
    ) -> Verdict:
        """Judge one answer. Pure; knows nothing of other samples.

        ``task`` and ``completion`` are None for rows of a dataset that is being checked; what
        they would show is then not checked.
        """
        mended, fixes = mend(draft, task.sample_type if task else "")
        cited = tuple(parse(item.text) for item in mended.citations)
        reading = _Reading(mended, task, bounds, cited)
        reasons = tuple(self._reasons(reading, completion))
        citations = tuple(map(self._citation, mended.citations, cited))
        return Verdict(mended, reasons, citations, reading.parsed, fixes)

    def score(self, score: float | None) -> Reason | None:
        """The reason that a judge's mark (1 to 5) gives, if any; None: no judge could be had."""
        if score is None:
            return self.rules.reason("UNJUDGED", "no judge could be had for this sample")
        wanted = max(self.rules.thresholds.flag_score, self.rules.thresholds.min_score)
        if score >= wanted:
            return None
        far = score < self.rules.thresholds.min_score
        return self.rules.reason("LOW_SCORE", f"{score:.1f} of 5, need {wanted:.1f}", far=far)

    def _reasons(self, reading: _Reading, completion: Completion | None) -> Iterator[Reason]:
        stages = [_form(reading, completion)]
        if self.mode == "full":
            stages += [self._voice(reading, completion), self._substance(reading)]
        for stage in stages:
            failed = False
            for code, what, where, far in stage:
                reason = self.rules.reason(code, what, where, far=far)
                if reason is not None:
                    failed |= reason.reject
                    yield reason
            if failed:
                return

    def _voice(self, reading: _Reading, completion: Completion | None) -> Iterator[_Finding]:
        yield from _refusal(reading.draft, completion)
        yield from _meta_talk(reading)
        yield from _placeholder(reading)
        yield from _language(reading.draft, self.rules.thresholds)

    def _substance(self, reading: _Reading) -> Iterator[_Finding]:
        limits = self.rules.thresholds
        for check in (_lengths, _steps, _overlap, _shape):
            yield from check(reading, limits)
        yield from self._citations(reading)
        yield from _required(reading, limits, self._lists)

    def _citations(self, reading: _Reading) -> Iterator[_Finding]:
        yield from _citation_count(reading, self.rules.thresholds)
        yield from _citation_impossible(reading, self.today)
        yield from _citation_jurisdiction(reading)
        yield from _citation_grounding(reading)
        yield from _citation_form(reading, self._lists)
        yield from self._unlisted(reading)

    def _unlisted(self, reading: _Reading) -> Iterator[_Finding]:
        if self.authorities is None:
            return
        for item in reading.parsed:
            if item.is_case and not self._lists_one(item, reading.cited):
                what = f'"{_shown(item)}" is not in the list: take one from it, or an Act'
                yield "CITATION_UNLISTED", what, "citations", self.policy == "menu"

    def _lists(self, parsed: Parsed) -> bool:
        return self.authorities is not None and self.authorities.lists(parsed)

    def _lists_one(self, item: Parsed, cited: Iterable[tuple[Parsed, ...]]) -> bool:
        """Whether the list has it, or the same case by a parallel citation of the same text."""
        if self._lists(item):
            return True
        group = next((group for group in cited if item in group), ())
        twins = (other for other in group if other.is_case and item.is_case and other != item)
        return any(
            self._lists(twin) and (not item.name or same_name(item.name, twin.name))
            for twin in twins
        )

    def _citation(self, given: DraftCitation, parsed: tuple[Parsed, ...]) -> Citation:
        if not parsed:
            return Citation(given.text)
        best = next((item for item in parsed if item.strong), parsed[0])
        listed = all(self._lists_one(item, [parsed]) for item in parsed)
        status = "listed" if listed else "parsed"
        return Citation(given.text, best.kind, best.key, status)


def _shown(item: Parsed) -> str:
    return f"{item.name} {item.key}" if item.is_case and item.name else item.key


# --- mending ---------------------------------------------------------------------------------

SHORT_TYPES = frozenset({"short_qa", "hypothetical", "conversational", "dialogue"})
"""Sample types that are plain text: markup is stripped from them."""

_STEP_NUMBER = re.compile(
    r"^\s*(?:\*\*)?(?:step\s*\d+\s*[:.)\-\u2013]+|\d{1,2}\s*[.):]\s)\s*(?:\*\*)?\s*", re.I
)
_BOX = re.compile(r"[\u2500-\u257f\u2580-\u259f]+")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+", re.M)
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.S)
_FENCE = re.compile(r"^```\w*\s*$\n?", re.M)


def mend(draft: Draft, sample_type: str = "") -> tuple[Draft, tuple[str, ...]]:
    """The draft after what is safe to mend, and what that was.

    White space at the ends, ``Step n:`` before a step, markup in plain-text types, and the
    brackets of years in citations where the series decides them.
    """
    steps = tuple(_STEP_NUMBER.sub("", step, count=1).strip() for step in draft.reasoning_steps)
    plain = _strip_markup if sample_type in SHORT_TYPES else str
    answer = plain(draft.answer).strip()
    citations = []
    for given in draft.citations:
        text = fix_brackets(given.text.strip())
        answer = answer if text == given.text else answer.replace(given.text.strip(), text)
        citations.append(DraftCitation(text, given.proposition))
    mended = Draft(plain(draft.question).strip(), steps, answer, tuple(citations), draft.repaired)
    return mended, tuple(_fixes(draft, mended))


def _strip_markup(text: str) -> str:
    for mark in ("*", "#", "_", "`"):
        if mark in text:
            break
    else:
        if text.isascii():
            return text
    bare = _HEADING.sub("", _FENCE.sub("", text))
    return _BOX.sub("", _EMPHASIS.sub(r"\2", bare))


def _fixes(before: Draft, after: Draft) -> Iterator[str]:
    if tuple(step.strip() for step in before.reasoning_steps) != after.reasoning_steps:
        yield "step numbers"
    if [item.text.strip() for item in before.citations] != [item.text for item in after.citations]:
        yield "citation brackets"
    elif before.answer.strip() != after.answer or before.question.strip() != after.question:
        yield "markup"


# --- can it be read --------------------------------------------------------------------------


def _form(reading: _Reading, completion: Completion | None) -> Iterator[_Finding]:
    draft = reading.draft
    if completion is not None and completion.finish_reason == "length":
        tokens = completion.usage.output_tokens
        yield "TRUNCATED", f"the answer ended at its cap of {tokens} tokens", None, True
    for name, text in (("question", draft.question), ("answer", draft.answer)):
        if not any(character.isalnum() for character in text):
            yield "EMPTY_FIELD", f"{name} is empty, need text", name, True
    if draft.repaired:
        yield "JSON_REPAIRED", "the JSON had to be mended", None, True


# --- may it be used --------------------------------------------------------------------------

_REFUSAL = re.compile(
    r"\s*(?:as an? (?:ai|artificial intelligence|large language|language) |"
    r"(?:i'?m|i am) (?:sorry|afraid)\b[^.]{0,20}\b(?:i |that i )"
    r"|(?:i'?m|i am) (?:unable|not able) to (?:help|assist|provide|comply|fulfil|create|generate"
    r"|write|answer|give|discuss|continue|produce|offer|share|engage)"
    r"|(?:unfortunately,? )?(?:i (?:cannot|can't|can not|won't|will not|must decline|decline)|"
    r"we cannot) (?:to )?(?:help|assist|provide|comply|fulfil|create|generate|write|answer|give"
    r"|discuss|continue|produce|offer|share|engage|do that|in good)"
    r"|sorry, (?:but )?i )",
    re.I,
)
_QUOTED = re.compile('"[^"]{0,400}"|\u201c[^\u201d]{0,400}\u201d')
_META_HINTS = (
    *(
        " ai",
        "artificial intelligence",
        "language model",
        "pactoria",
        "gpt",
        "synthetic",
        "training",
        "trained",
    ),
    *("tuned", "tuning", "programm", "i was created", "assistant", "my knowledge", "dataset"),
    *("data set", "prompt", "json", "output ", "claude", "<think", "<|im_", "<|assistant"),
    *("question and answer pair", "question-and-answer pair"),
)
"""Folded words without which no meta talk is found; far cheaper to look for than the pattern."""
_META_WORDS = _word_set(
    "ai artificial assistant language trained tuned finetuned programmed created training knowledge"
    " programming chatgpt gpt pactoria synthetic finetuning tuning dataset data prompt json output"
    " claude think thinking im_start im_end pair"
)
"""Words of which each form of meta talk has one; cheaper still."""
_META = re.compile(
    r"\bas (?:an?|your) (?:legal |virtual )?"
    r"(?:AI|artificial intelligence|(?:large )?language model)\b"
    r"(?! (?:developer|company|provider|deployer|engineer|start-?up|researcher|lab|business"
    r"|firm)s?\b| (?:system|model) (?:provider|deployer|developer))"
    r"|\b(?:I am|I'm) (?:an? |your )?(?:[\w-]+ ){0,3}?(?:AI|language model) (?:legal |virtual )?"
    r"(?:assistant|model|consultant|lawyer|expert|system|tool)?(?=[\s,.:;]*(?:and|that|designed|trained"
    r"|created|developed|built|I\b|[,.:;]))"
    r"|\bI am your (?:\w+ )?assistant\b"
    r"|\bI (?:was|am|have been) (?:\w+ )?(?:(?:trained|fine-?tuned) (?:on|using"
    r"|to (?:assist|provide|help|answer))|programmed\b|created by)"
    r"|\bmy (?:training data|knowledge cut-?off|knowledge base|programming)\b"
    r"|\bI(?: am|'m) (?:ChatGPT|GPT)\b|\bPactoria\b"
    r"|\bthis (?:synthetic|training|fine-?tuning) (?:sample|example|question|data ?set)\b"
    r"|\b(?:for this dataset|in this prompt)\b"
    r"|\b(?:the|this|required|requested) (?:JSON|output) (?:object|schema|format)\b"
    r"|\bas (?:requested|required|instructed) (?:in|by) the prompt\b"
    r"|\bhere(?:'s| is) (?:the|your|a) (?:\w+ )?(?:JSON|question[ -]and[ -]answer pair)\b"
    r"|\bmy last (?:training|knowledge) (?:update|cut-?off)\b"
    r"|\bgenerated by (?:ChatGPT|Claude)\b(?! and )|\bI(?: am|'m) Claude\b"
    r"|</?think(?:ing)?>|<\|(?:im_start|im_end|assistant)\|>",
    re.I,
)
_PLACEHOLDER = re.compile(
    r"\[(?:insert|your|enter|add|name|date|party|parties|citation|case|address|amount|client|company"
    r"|number|placeholder|fill|specify|relevant|todo|tbc|tbd|xx+|\.\.\.)\b[^\]\d]{0,60}\]|\[\.{3,}\]$"
    r"|\bTBD\b|\bTODO\b|\bXXX+\b|lorem ipsum|\{\{[^}]*\}\}"
    r"|\bno (?:case citation|citation|reasoning|answer) provided\b"
    r"|<(?:name|date|party|client|company|insert|citation|case|answer|question|text|placeholder)"
    r"[\w -]{0,30}>",
    re.I,
)
_PLACEHOLDER_HINTS = ("[", "<", "{{", "tbd", "todo", "xxx", "lorem", " provided")


def _refusal(draft: Draft, completion: Completion | None) -> Iterator[_Finding]:
    if completion is not None and completion.finish_reason == "content_filter":
        yield "REFUSAL", "the vendor's filter stopped the answer", None, True
        return
    for name, text in (("answer", draft.answer), ("question", draft.question)):
        if is_refusal(text):
            yield "REFUSAL", f'the {name} begins "{_excerpt(text, 0)}"', name, True
            return


def is_refusal(text: str) -> bool:
    """Whether a text begins as a model's refusal to answer does."""
    return _REFUSAL.match(text.replace("\u2019", "'")) is not None


def _meta_talk(reading: _Reading) -> Iterator[_Finding]:
    if _META_WORDS.isdisjoint(reading.vocabulary) and _META_WORDS.isdisjoint(reading.question):
        return
    for name, text in reading.texts:
        folded = normalise(text)
        if not any(hint in folded for hint in _META_HINTS):
            continue
        match = _META.search(_QUOTED.sub(" ", text))
        if match:
            what = f'"{match[0]}" in {name}: write only about the law'
            yield "META_TALK", what, name, True


def _placeholder(reading: _Reading) -> Iterator[_Finding]:
    cited = "; ".join(item.text for item in reading.draft.citations)
    for name, text in (*reading.texts, ("citations", cited)):
        folded = normalise(text)
        hinted = any(hint in folded for hint in _PLACEHOLDER_HINTS)
        match = _PLACEHOLDER.search(text) if hinted else None
        if match:
            yield "PLACEHOLDER", f'"{match[0]}" in {name}: fill it in or leave it out', name, True


_BEYOND_LATIN = re.compile("[^\0-\u024f\u1e00-\u1eff\u2000-\u20cf]")


def _language(draft: Draft, limits: Thresholds) -> Iterator[_Finding]:
    text = f"{draft.question} {draft.answer}"
    if text.isascii() or not _BEYOND_LATIN.search(text):
        return
    letters = [character for character in text if character.isalpha()]
    share = len(_BEYOND_LATIN.findall("".join(letters))) / max(1, len(letters))
    if share > limits.non_latin:
        allowed = f"at most {limits.non_latin:.0%}"
        yield "LANGUAGE", f"{share:.0%} of the letters are not Latin, {allowed}", "answer", True


def _excerpt(text: str, at: int) -> str:
    return " ".join(text[at : at + 60].split())


# --- is it good: form and overlap ------------------------------------------------------------


def _lengths(reading: _Reading, limits: Thresholds) -> Iterator[_Finding]:
    count = len(reading.draft.question.split())
    low, high = limits.question_min_words, limits.question_max_words
    if not low <= count <= high:
        yield "QUESTION_LENGTH", f"{count} words, need {low}-{high}", "question", True
    low, high = reading.bounds.answer_words
    count, slack = reading.answer_words, limits.answer_tolerance
    if not low <= count <= high:
        far = count < low * (1 - slack) or count > high * (1 + slack)
        yield "ANSWER_LENGTH", f"{count} words, need {low}-{high}", "answer", far


def _steps(reading: _Reading, limits: Thresholds) -> Iterator[_Finding]:
    steps = reading.draft.reasoning_steps
    low, high = reading.bounds.reasoning_steps
    if not low <= len(steps) <= high:
        yield "STEPS_COUNT", f"{len(steps)} steps, need {low}-{high}", "reasoning_steps", True
    for number, step in enumerate(steps, 1):
        count = len(step.split())
        if count < limits.step_min_words:
            need = f"need {limits.step_min_words} or more"
            yield "STEP_TEXT", f"step {number} has {count} words, {need}", "reasoning_steps", True


def _overlap(reading: _Reading, limits: Thresholds) -> Iterator[_Finding]:
    leak = _leak(reading, limits)
    if leak is not None:
        yield "QUESTION_LEAK", f"{leak}: do not repeat the question", "answer", True
    share = reading.copied(reading.steps)
    if share > limits.steps_copy:
        what = f"{share:.0%} of the steps stand in the answer, at most {limits.steps_copy:.0%}"
        yield "STEPS_COPY", what, "reasoning_steps", True


def _leak(reading: _Reading, limits: Thresholds) -> str | None:
    question = reading.question
    whole = f" {' '.join(question)} "
    if len(question) >= limits.question_min_words and whole in reading.answer_line:
        return "the question stands in the answer word for word"
    if len(question) < limits.leak_min_words:
        return None
    share = reading.copied(question)
    if share < limits.leak_share:
        return None
    return f"{share:.0%} of the question stands in the answer, need under {limits.leak_share:.0%}"


_NUMBERED_ITEM = re.compile(r"(?<!\w)\(?\d{1,2}\)\s")


def _shape(reading: _Reading, limits: Thresholds) -> Iterator[_Finding]:
    answer = reading.draft.answer
    if reading.answer_words < limits.telegraphic_words:
        items = len(_NUMBERED_ITEM.findall(answer))
        if items >= limits.telegraphic_items:
            what = f"{items} numbered items in {reading.answer_words} words: write sentences"
            yield "TELEGRAPHIC", what, "answer", True
    sample_type = reading.task.sample_type if reading.task else ""
    if _BOX.search(answer):
        yield "MARKUP", "box-drawing characters in the answer", "answer", True
    elif sample_type in SHORT_TYPES and _HEADING.search(answer):
        yield "MARKUP", f"headings in a {sample_type}", "answer", True


# --- is it good: citations -------------------------------------------------------------------


def _citation_count(reading: _Reading, limits: Thresholds) -> Iterator[_Finding]:
    count = len(reading.draft.citations)
    wanted = max(reading.bounds.min_citations, limits.min_citations)
    if count < wanted:
        far = count < limits.min_citations
        yield "CITATION_MISSING", f"{count} citations, need {wanted} or more", "citations", far
    if count and not reading.parsed:
        example = reading.draft.citations[0].text
        yield "CITATION_UNPARSED", f'"{example[:80]}" is no citation form known', "citations", True


def _citation_impossible(reading: _Reading, today: date) -> Iterator[_Finding]:
    prose = find_numbered(f"{reading.draft.answer}\n{reading.steps_text}")
    seen: set[str] = set()
    for item in (*reading.parsed, *prose):
        reason = None if item.key in seen else impossible(item, today)
        seen.add(item.key)
        if reason is not None:
            what = reason.message.removeprefix("CITATION_IMPOSSIBLE: ")
            yield "CITATION_IMPOSSIBLE", what, reason.field, True


def _citation_jurisdiction(reading: _Reading) -> Iterator[_Finding]:
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


def _is_comparative(reading: _Reading) -> bool:
    comparative = reading.task is not None and reading.task.sample_type == "comparative"
    return comparative or "two_jurisdictions" in reading.bounds.requires


def _citation_grounding(reading: _Reading) -> Iterator[_Finding]:
    named = [item for item in reading.parsed if item.name]
    absent = [item for item in named if not _grounded(item, reading.vocabulary)]
    if absent:
        shown = ", ".join(f'"{_shown(item)}"' for item in absent[:3])
        what = f"{shown} not named in answer or steps: use it there or leave it out"
        yield "CITATION_UNGROUNDED", what, "citations", len(absent) == len(named)


def _grounded(item: Parsed, vocabulary: frozenset[str]) -> bool:
    if name_tokens(item.name) & vocabulary:
        return True
    if item.is_case:
        return False
    initials = "".join(word[0] for word in item.name.split() if word[0].isupper()).casefold()
    pins = re.findall(r"\d+[a-z]{0,2}", item.pinpoint.casefold())
    return initials in vocabulary or any(pin in vocabulary for pin in pins)


def _citation_form(reading: _Reading, lists: Callable[[Parsed], bool]) -> Iterator[_Finding]:
    for given, group in zip(reading.draft.citations, reading.cited, strict=True):
        for item in group:
            fault = form_fault(item, given.text)
            if fault is not None:
                yield "CITATION_FORMAT", f'"{item.key}": {fault}', "citations", True
            if suspect(item) and not lists(item):
                what = f'"{_shown(item)}" has a number that is often invented'
                yield "CITATION_SUSPECT", what, "citations", True


# --- is it good: what the type requires ------------------------------------------------------

_NUMBER_WORD = r"(?:\d+|one|two|three|four|five|six|seven|ten|twelve|fourteen|twenty|thirty|ninety)"
_TIME_LIMIT = re.compile(
    rf"\b{_NUMBER_WORD}[ -](?:\w+ )?(?:days?|weeks?|months?|years?|hours?)\b|\bdeadline\b"
    r"|\btime limit|\bby \d{1,2} (?:January|February|March|April|May|June|July|August"
    r"|September|October|November|December)\b",
    re.I,
)
_NEXT_STEPS = re.compile(
    r"\bnext steps?\b|\brecommend|\badvis(?:e|able|ed)\b|\byou (?:should|must|need to"
    r"|could|may wish)|\bshould (?:now|first|next|also|then|immediately|be)\b|\bimmediately\b"
    r"|\bas soon as\b|\bfirst(?:ly)?,",
    re.I,
)
_CONCLUSION = re.compile(
    r"\b(?:therefore|accordingly|conclu\w+|likely|on balance|thus|hence|consequently|it follows"
    r"|in sum|overall|would succeed|would fail|will succeed|will fail|is liable|not liable)\b",
    re.I,
)
_SECTION_NUMBER = re.compile(
    r"(?:\bss?\.?\s?|\bsections?\s|§+\s?|\barts?\.?\s|\barticles?\s|\breg(?:ulation)?s?\.?\s|\brules?\s"
    r"|\bparagraphs?\s|\bschedules?\s)\d",
    re.I,
)
_CONDUCT = re.compile(
    r"\bSRA\b|\bBSB\b|\bModel Rules?\b|\bRules? of (?:Professional )?Conduct\b|\bCode of Conduct\b"
    r"|\bPrinciple \d|\bprofessional (?:conduct|rules?)\b|\bHandbook\b|\bCCBE\b|\bconduct rule",
    re.I,
)
_PLACES: Mapping[str, re.Pattern[str]] = {
    "uk": re.compile(r"\b(?:UK|United Kingdom|English|England|Scots|Scottish|Scotland|British)\b"),
    "us": re.compile(
        r"\b(?:US|U\.S\.|United States|American|Delaware|New York|California|federal)\b"
    ),
    "eu": re.compile(r"\b(?:EU|European Union|CJEU|TFEU)\b"),
    "other": re.compile(
        r"\b(?:France|French|German\w*|Canad\w+|Austral\w+|Singapore\w*|India\w*|Ireland|Irish"
        r"|Hong Kong|Japan\w*|Italian|Italy|Dutch|Netherlands|Spain|Spanish|New Zealand)\b"
    ),
}
_TURN = re.compile(r"(?:^|(?<=[.!?\"'] )|\n)\s*\**([A-Z][\w .'()-]{0,40}?)\**\s*:\**\s", re.M)
_CAPITALISED = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]{2,}\b")
_NOT_A_PARTY = _word_set(
    "Act Regulations Rules Court High Supreme Appeal Lords House Section Article Part English "
    "Law England Wales Scotland London Companies Contract Limited Ltd The This That They What "
    "When Where Which While Can Could Does Should Would Will Under European Union Kingdom "
    "United States British Parliament Crown Convention Council Commission Code Directive "
    "Regulation January February March April May June July August September October November "
    "December Monday Tuesday Wednesday Thursday Friday Saturday Sunday Secretary State Home "
    "Office Tribunal Employment Northern Ireland Delaware California Human Rights Data "
    "Protection Advise His Her Its Their However Explain Discuss Consider How Why Civil "
    "Procedure International America"
)


def _missing(code: str, what: str, where: str = "answer") -> Callable[[bool], Iterator[_Finding]]:
    def finding(present: bool) -> Iterator[_Finding]:
        if not present:
            yield code, what, where, True

    return finding


_MISSING: Mapping[str, Callable[[bool], Iterator[_Finding]]] = {
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


def _required(
    reading: _Reading, limits: Thresholds, lists: Callable[[Parsed], bool]
) -> Iterator[_Finding]:
    for word in reading.bounds.requires:
        element = _SYNONYMS.get(word, word)
        if element == "turns":
            yield from _turns(reading.draft.answer, limits)
        elif element in _MISSING:
            yield from _MISSING[element](_has(element, reading, lists))


def _has(element: str, reading: _Reading, lists: Callable[[Parsed], bool]) -> bool:
    answer = reading.draft.answer
    patterns = {
        "irac": _CONCLUSION, "next_steps": _NEXT_STEPS, "time_limit": _TIME_LIMIT,
        "section": _SECTION_NUMBER,
    }  # fmt: skip
    if element in patterns:
        return bool(patterns[element].search(answer))
    if element == "conduct_rule":
        texts = [answer, *(item.text for item in reading.draft.citations)]
        return any(_CONDUCT.search(text) for text in texts)
    if element == "statute_citation":
        return any(item.kind in LEGISLATION_KINDS for item in reading.parsed)
    if element == "apex_case":
        return any(apex(item) or (item.is_case and lists(item)) for item in reading.parsed)
    if element == "two_jurisdictions":
        return len(_places(reading)) >= 2
    return bool(frozenset(parties(reading.draft.question)) & frozenset(_TOKEN.findall(answer)))


def _places(reading: _Reading) -> set[str]:
    places = {name for name, pattern in _PLACES.items() if pattern.search(reading.draft.answer)}
    return places.union(*(item.jurisdictions[:1] for item in reading.parsed))


def _turns(answer: str, limits: Thresholds) -> Iterator[_Finding]:
    speakers = [match[1].strip() for match in _TURN.finditer(answer)]
    turns = bool(speakers) + sum(left != right for left, right in pairwise(speakers))
    if turns < limits.dialogue_turns:
        need = f"need {limits.dialogue_turns} or more, each as `Name: text`"
        yield "DIALOGUE_TURNS", f"{turns} alternating turns, {need}", "answer", True


def parties(question: str) -> tuple[str, ...]:
    """Names of people and firms in a question, as far as their capitals show them."""
    found = dict.fromkeys(_CAPITALISED.findall(question))
    return tuple(name for name in found if name not in _NOT_A_PARTY)


# --- what the dataset holds ------------------------------------------------------------------


KEPT_WORDS = 5_000
"""Openings and party names remembered between runs: those that could ever be too many."""


class CorpusState(msgspec.Struct, frozen=True):
    """A ``Corpus`` as it is kept between runs."""

    samples: int = 0
    cases: list[Case] = []
    openings: dict[str, int] = {}
    parties: dict[str, int] = {}


@dataclass(slots=True)
class Corpus:
    """What is known of the accepted samples, for the rules that look across them.

    One thread only. ``add`` each accepted sample; ``review`` a verdict before accepting it.
    """

    rules: Rules = field(default_factory=Rules)
    ledger: CitationLedger = field(default_factory=CitationLedger)
    samples: int = 0
    _openings: Counter[str] = field(default_factory=Counter)
    _parties: Counter[str] = field(default_factory=Counter)

    def add(self, sample_id: str, question: str, parsed: Iterable[Parsed]) -> None:
        """Note an accepted sample."""
        self.samples += 1
        self._openings[_opening(question)] += 1
        self._parties.update(parties(question))
        for item in parsed:
            self.ledger.add(item, sample_id)

    def kept(self) -> CorpusState:
        """What is to be remembered between runs; rare openings and names are left out."""
        return CorpusState(
            self.samples,
            list(self.ledger.cases()),
            dict(self._openings.most_common(KEPT_WORDS)),
            dict(self._parties.most_common(KEPT_WORDS)),
        )

    def restore(self, state: CorpusState) -> None:
        """Take in what an earlier run remembered."""
        self.samples += state.samples
        self.ledger.restore(state.cases)
        self._openings.update(state.openings)
        self._parties.update(state.parties)

    def review(self, verdict: Verdict) -> Verdict:
        """The verdict with what the other samples say of it; conflicts mark the citation."""
        conflicts = {item.key: self.ledger.conflict(item) for item in verdict.parsed}
        known = {key: self.rules.apply(why) for key, why in conflicts.items() if why is not None}
        citations = tuple(
            Citation(item.text, item.kind, item.key, "conflict")
            if item.status == "parsed" and known.get(item.key)
            else item
            for item in verdict.citations
        )
        reviewed = replace(verdict, citations=citations)
        return reviewed.with_reasons([*known.values(), *self._overused(verdict.draft.question)])

    def _overused(self, question: str) -> Iterator[Reason | None]:
        limits = self.rules.thresholds
        if self.samples < limits.overuse_min_samples:
            return
        opening = _opening(question)
        share = self._openings[opening] / self.samples
        if share > limits.opening_share:
            most = f"at most {limits.opening_share:.1%}"
            what = f'"{opening}" opens {share:.1%} of the questions, {most}'
            yield self.rules.reason("OPENING_OVERUSED", what, "question")
        for name in parties(question):
            share = self._parties[name] / self.samples
            if share > limits.party_share:
                most = f"at most {limits.party_share:.1%}"
                what = f'"{name}" is in {share:.1%} of the questions, {most}'
                yield self.rules.reason("PARTY_OVERUSED", what, "question")


def _opening(question: str) -> str:
    return " ".join(_TOKEN.findall(question[:120].casefold())[:4])
