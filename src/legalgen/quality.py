"""The gate: reasons to refuse a sample, reasons to flag it, and what can be mended at once.

``Gate.inspect`` looks at one answer alone and is pure. ``Corpus`` looks at what the dataset
already holds (contradicting citations, worn openings and names) and belongs to one thread; so
does the index of near-duplicates, which is a room of its own (``duplicates``).

Checks run from cheap to dear in three stages: can it be read, may it be used, is it good. The
first stage with a hard failure ends the check; all reasons of that stage are collected, so that
one repair can mend them together.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from legalgen.completion import Completion
from legalgen.errors import Reason
from legalgen.law.citations import (
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
from legalgen.law.planner import Task
from legalgen.law.prompts import seeds
from legalgen.rules import Bounds, Mode, Policy, Rules, Thresholds, Verdict
from legalgen.store.sample import Citation, Draft, DraftCitation, normalise, words


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- one answer, read once -------------------------------------------------------------------

_TOKEN = re.compile(r"\w+")


class _Reading(msgspec.Struct, frozen=True, dict=True):
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

    @cached_property
    def foreign_letters(self) -> bool:
        """Whether question or answer hold what is neither Latin nor punctuation."""
        texts = (self.draft.question, self.draft.answer)
        return any(not text.isascii() and _BEYOND_LATIN.search(text) for text in texts)

    @cached_property
    def whole(self) -> str:
        """All that was written, in which to look before looking closer."""
        return "\n".join([text for _, text in self.fields])

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


class Gate(msgspec.Struct, frozen=True):
    """The checks of one sample. ``authorities`` is the list of those somebody has checked.

    ``today`` bounds what can have been decided. Safe to share between threads.
    """

    mode: Mode
    today: date
    rules: Rules = msgspec.field(default_factory=Rules)
    authorities: Authorities | None = None
    policy: Policy = "free"

    def inspect(
        self, draft: Draft, task: Task | None, completion: Completion | None, bounds: Bounds
    ) -> Verdict:
        """Judge one answer. Pure; knows nothing of other samples.

        ``task`` and ``completion`` are None for rows of a dataset that is being checked; what
        they would show is then not checked.
        """
        mended, fixes = mend(_composed(draft), task.sample_type if task else "")
        cited = tuple(parse(item.text) for item in mended.citations)
        kept = _distinct(mended.citations, cited)
        if len(kept) < len(cited):
            mended = msgspec.structs.replace(
                mended, citations=tuple(mended.citations[at] for at in kept)
            )
            cited = tuple(cited[at] for at in kept)
            fixes = (*fixes, "repeated citations")
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
        yield from _language(reading, self.rules.thresholds)
        yield from _cut(reading.draft.answer)

    def _substance(self, reading: _Reading) -> Iterator[_Finding]:
        limits = self.rules.thresholds
        for check in (_lengths, _steps, _overlap):
            yield from check(reading, limits)
        yield from _repetition(reading)
        yield from _shape(reading, limits)
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
_QUESTION_LABEL = re.compile(r"[*_# ]*(?:question|q)[*_]* ?(?::[*_]*|\n)\s*", re.I)
_ANSWER_LABEL = re.compile(
    r"[*_# ]*(?:(?:final |model )?answer|response)[*_]* ?(?::[*_]*|\n)\s*", re.I
)
_OFFER = re.compile(r"(?<=[.!])\s+(?:Would you like|Do you want) me to [^.?]*\?\Z")
_LONGEST_OFFER = 300
_BOX = re.compile(r"[\u2500-\u257f\u2580-\u259f]+")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+", re.M)
_EMPHASIS = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=[^\s_])(.+?)(?<=[^\s_])__", re.S)
_FENCE = re.compile(r"^```\w*\s*$\n?", re.M)


def mend(draft: Draft, sample_type: str = "") -> tuple[Draft, tuple[str, ...]]:
    """The draft after what is safe to mend, and what that was.

    White space at the ends, ``Step n:`` before a step, ``Question:`` and ``Answer:`` before
    theirs, a chat's last offer of more, markup in plain-text types and in citations, and the
    brackets of years in citations where the series decides them.
    """
    steps = tuple(_STEP_NUMBER.sub("", step, count=1).strip() for step in draft.reasoning_steps)
    plain = _strip_markup if sample_type in SHORT_TYPES else str
    question = plain(_unlabelled(draft.question, _QUESTION_LABEL)).strip()
    answer = plain(_unlabelled(draft.answer, _ANSWER_LABEL)).strip()
    if answer.endswith("?") and sample_type != "dialogue":
        answer = answer[:-_LONGEST_OFFER] + _OFFER.sub("", answer[-_LONGEST_OFFER:])
    citations = []
    for given in draft.citations:
        bare = _bare_citation(given.text)
        text = fix_brackets(bare)
        answer = answer if text == bare else answer.replace(bare, text)
        citations.append(DraftCitation(text, given.proposition))
    mended = Draft(question, steps, answer, tuple(citations), draft.repaired)
    return mended, tuple(_fixes(draft, mended))


def _composed(draft: Draft) -> Draft:
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
        tuple(DraftCitation(nfc(item.text), nfc(item.proposition)) for item in draft.citations),
        draft.repaired,
    )


_NUMBERS = re.compile(r"\d+")


def _distinct(
    citations: Sequence[DraftCitation], cited: Sequence[tuple[Parsed, ...]]
) -> Sequence[int]:
    """The places of the citations that are not an earlier one again, in whatever dress."""
    if len(cited) < 2:
        return range(len(cited))
    known: dict[object, int] = {}
    for at, (given, group) in enumerate(zip(citations, cited, strict=True)):
        read = tuple([(item.key, item.pinpoint) for item in group])
        numbers = tuple(sorted(_NUMBERS.findall(given.text)))  # those of paragraphs are in no key
        known.setdefault((read, numbers) if read else given.text.casefold(), at)
    return list(known.values())


_CITATION_MARKS = re.compile(r"[*`]|^\s*(?:[-\u2022]\s+|\d{1,2}[.)]\s+)|_+$|^_+")


def _bare_citation(text: str) -> str:
    """The text without emphasis, and without a bullet or number before it."""
    return _CITATION_MARKS.sub("", text).strip()


def _unlabelled(text: str, label: re.Pattern[str]) -> str:
    text = text.strip()
    found = label.match(text)
    return text[found.end() :] if found else text


def _strip_markup(text: str) -> str:
    for mark in ("*", "#", "_", "`"):
        if mark in text:
            break
    else:
        if text.isascii():
            return text
    bare = _HEADING.sub("", _FENCE.sub("", text))
    return _BOX.sub("", _EMPHASIS.sub(r"\1\2", bare))


def _fixes(before: Draft, after: Draft) -> Iterator[str]:
    if tuple(step.strip() for step in before.reasoning_steps) != after.reasoning_steps:
        yield "step numbers"
    if [item.text.strip() for item in before.citations] != [item.text for item in after.citations]:
        yield "citation form"
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


class _Talk(msgspec.Struct, frozen=True):
    """One form of meta talk in folded text, and what it cannot be without.

    A word is looked for in a set and is the cheapest, a hint anywhere in a text; the pattern costs
    a hundred times as much.
    """

    words: frozenset[str]
    hints: tuple[str, ...]
    pattern: re.Pattern[str]


def _talk(words: str, hints: Sequence[str], *alternatives: str) -> _Talk:
    return _Talk(_word_set(words), tuple(hints), re.compile("|".join(alternatives)))


_META = (
    _talk(
        "ai artificial language assistant",
        (" ai", "artificial intelligence", "language model", "your "),
        r"\bas (?:an?|your) (?:legal |virtual )?"
        r"(?:ai|artificial intelligence|(?:large )?language model)\b"
        r"(?! (?:developer|company|provider|deployer|engineer|start-?up|researcher|lab|business"
        r"|firm)s?\b| (?:system|model) (?:provider|deployer|developer))",
        r"\bi(?: am|'m) (?:an? |your )?(?:[\w-]+ ){0,3}?(?:ai|language model) (?:legal |virtual )?"
        r"(?:assistant|model|consultant|lawyer|expert|system|tool)?(?=[\s,.:;]*(?:and|that"
        r"|designed|trained|created|developed|built|i\b|[,.:;]))",
        r"\bi am your (?:\w+ )?assistant\b",
    ),
    _talk(
        "trained tuned finetuned programmed created",
        ("trained", "tuned", "programmed", "created by"),
        r"\bi (?:was|am|have been) (?:\w+ )?(?:(?:trained|fine-?tuned) (?:on|using"
        r"|to (?:assist|provide|help|answer))|programmed\b|created by)",
    ),
    _talk(
        "training knowledge programming guidelines update cutoff cut",
        ("my training", "my knowledge", "my programming", "my guidelines", "my last "),
        r"\bmy (?:training data|knowledge cut-?off|knowledge base|programming|guidelines)\b",
        r"\b(?:as of my last|my last (?:training|knowledge)) (?:update|cut-?off)\b",
    ),
    _talk(
        "chatgpt gpt claude pactoria",
        ("gpt", "claude", "pactoria"),
        r"\bi(?: am|'m) (?:chatgpt|gpt|claude)\b",
        r"\bgenerated by (?:chatgpt|claude)\b(?! and )",
        r"\bpactoria\b",
    ),
    _talk(
        "synthetic training finetuning tuning sample difficulty",
        ("this synthetic", "this training", "this fine", "this sample ", "difficulty"),
        r"\bthis (?:synthetic|training|fine-?tuning) (?:sample|example|question|data ?set)\b",
        r"\bthis sample (?:question|answer|has been (?:written|generated))\b",
        r"\b(?:basic|intermediate|advanced|expert)[ -]difficulty\b",
        r"\bdifficulty(?: level)?: ?(?:basic|intermediate|advanced|expert)\b",
    ),
    _talk(
        "dataset prompt json output pair",
        ("for this dataset", "the prompt", "this prompt", "json", "output ", "answer pair"),
        r"\b(?:for this dataset|in this prompt)\b",
        r"\b(?:the|this|required|requested) (?:json|output) (?:object|schema|format)\b",
        r"\bas (?:requested|required|instructed) (?:in|by) the prompt\b",
        r"\bhere(?:'s| is) (?:the|your|a) (?:\w+ )?(?:json|question[ -]and[ -]answer pair)\b",
    ),
    _talk(
        "think thinking im_start im_end assistant",
        ("<think", "</think", "<|"),
        r"</?think(?:ing)?>|<\|(?:im_start|im_end|assistant)\|>",
    ),
    _talk(
        "user hope lawyer",
        ("the user ", "i hope th", "not a lawyer"),
        r"\bthe user (?:wants|asks|asked|is asking|requested|requests) (?:me\b|us\b"
        r"|(?:for )?an? (?:[\w-]+ ){0,3}?(?:question|sample|scenario|concept explanation)\b)",
        r"\bi hope (?:this|that) helps\b",
        r"\bi(?: am|'m) not a lawyer\b",
    ),
)
_META_WORDS = frozenset[str]().union(*(talk.words for talk in _META))
_GREETING = re.compile(
    r"(?:certainly|sure|of course|absolutely|(?:great|good|excellent) question)!"
    r"|(?:(?:certainly|sure|of course|absolutely)[,.!] )?(?:here(?:['\u2019]s| is)|below is)"
    r" (?:an?|the|my|your) (?:[\w-]+ ){0,3}?"
    r"(?:explanation|answer|overview|response|breakdown|sample|example)\b",
    re.I,
)
"""How a chat begins, and no answer of a lawyer."""
_WORD_COUNT = re.compile(
    r"(?:word count\W{0,3}\d{2,4}|\((?:approx\w*\.?|about|~)? ?\d{2,4} words)\W*\Z", re.I
)
_MUSING = re.compile(
    r"\b(?-i:Let) me\b|(?:^|\n)(?:wait|hmm+|okay|ok|actually)[,.]|\bword count\b"
    r"|\b(?:we|i) will now (?:write|produce|generate|create|draft|output)\b"
    r"|\b(?:we|i) (?:need|have) to (?:produce|output|generate|craft|write) (?:an?|the|one|valid) "
    r"(?:[\w-]+ ){0,3}?(?:json|sample|question|output)\b",
    re.I,
)
"""A model that thinks aloud; among steps only, for in an answer people may speak so."""
_MUSING_HINTS = (
    "let me",
    "wait",
    "hmm",
    "ok",
    "actually",
    "word count",
    "we need",
    "i need",
    "will now",
)
_GAPS: Mapping[str, re.Pattern[str]] = {
    "[": re.compile(
        r"\[(?:(?:insert|your|enter|add|name|date|party|parties|citation|case|address"
        r"|amount|client|company|number|placeholder|fill|specify|relevant|todo|tbc|tbd|year|xx+"
        r"|\.\.\.)\b(?! (?:omitted|withheld|redacted))[^\]\d]{0,60}\]"
        r"|/?INST\]|\.{3,}\]$|(?:19|20)?[xy]{2,4}\]|[\u25cf\u2022*_]+\]"
        r"|(?!the |that |an? |its |his |her |their |this |which |trade )[^\]\d]{0,40}\b"
        r"(?:names?|number|address|here)\])",
        re.I,
    ),
    "<": re.compile(
        r"<(?:name|date|party|client|company|insert|citation|case|answer|question|text"
        r"|placeholder)[\w -]{0,30}>",
        re.I,
    ),
    "{": re.compile(
        r"\{(?:\{[^}]*\}|[a-z]+(?:_[a-z\d]+)+|name|date|amount|party|client|company|court)\}", re.I
    ),
    "___": re.compile(r"_{4,}|(?<=[^\n_])_{3}"),
    "......": re.compile(r"\.{6,}"),
    ". . . .": re.compile(r"(?:\. ){5,}"),
    "\u2026\u2026": re.compile(r"\u2026{3,}"),
    "XX": re.compile(r"\b(?:19|20)XX\b"),
    "TODO": re.compile(r"\bTODO\b"),
}
"""Gaps left for somebody else, each behind what it cannot be without."""
_GAP_WORDS: Mapping[str, re.Pattern[str]] = {
    "tbd": re.compile(r"\bTBD\b", re.I),
    "lorem": re.compile(r"lorem ipsum", re.I),
    " provided": re.compile(r"\bno (?:case citation|citation|reasoning|answer) provided\b", re.I),
    "xxx": re.compile(
        r"(?<! v )(?<!\()(?<!\bArticle )(?<!\bChapter )(?<!\bTitle )(?<!\bPart )\bXXX+\b(?! v )",
        re.I,
    ),
}
"""The same in large letters or small; XXX is also a number, and a party that is not named."""
_NO_CITATION = re.compile(
    r"\W*(?:(?:n/?a|none|nil|null|unknown|tb[acd]|(?:see )?(?:above|below)|not (?:applicable"
    r"|available|provided|specified|known|required|needed|cited)"
    r"|no (?:specific |particular |direct |relevant |formal |case )*"
    r"(?:citations?|authorit(?:y|ies)|cases?|statutes?|sources?|references?|legislation)"
    r"(?: (?:is |are )?(?:needed|required|cited|available|applicable|given|provided|necessary))?)"
    r"\W*|(?:none|n/a)\s*[-:;,.(\u2013\u2014].*)?",
    re.I | re.S,
)
"""A whole citation that says that there is none."""


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
    found = _talk_of_itself(reading) or _talk_of_the_work(reading)
    if found:
        said, name = found
        yield "META_TALK", f'"{said}" in {name}: write only about the law', name, True


_TRADE_MARKS = re.compile("[\u2122\u2120]")
"""Two signs that become letters when a text is folded, glued to the word before them."""


def _talk_of_itself(reading: _Reading) -> tuple[str, str] | None:
    talks: Iterable[_Talk] = _META
    if reading.whole.isascii() or not _TRADE_MARKS.search(reading.whole):
        told = (_META_WORDS & reading.vocabulary) | _META_WORDS.intersection(reading.question)
        talks = [talk for talk in _META if talk.words & told] if told else ()
    for talk in talks:
        for name, text in reading.texts:
            folded = normalise(text if text.isascii() else _TRADE_MARKS.sub(" ", text))
            if any(hint in folded for hint in talk.hints):
                match = talk.pattern.search(_QUOTED.sub(" ", folded))
                if match:
                    return match[0], name
    return None


def _talk_of_the_work(reading: _Reading) -> tuple[str, str] | None:
    answer = reading.draft.answer
    match = _GREETING.match(answer) or _WORD_COUNT.search(answer[-40:])
    if match:
        return match[0], "answer"
    steps = normalise(reading.steps_text)
    if any(hint in steps for hint in _MUSING_HINTS):
        match = _MUSING.search(reading.steps_text)
    return (match[0].strip(), "reasoning_steps") if match else None


def _placeholder(reading: _Reading) -> Iterator[_Finding]:
    whole = reading.whole
    folded = whole.casefold()
    for sign, gap in _GAPS.items():
        if sign in whole:
            yield from _gap(gap, reading.fields)
    for sign, gap in _GAP_WORDS.items():
        if sign in folded:
            yield from _gap(gap, reading.fields)
    for item in reading.draft.citations:
        if _NO_CITATION.fullmatch(item.text):
            what = f'"{item.text}" in citations: leave out what is none'
            yield "PLACEHOLDER", what, "citations", True


def _gap(pattern: re.Pattern[str], fields: Iterable[tuple[str, str]]) -> Iterator[_Finding]:
    for name, text in fields:
        match = pattern.search(text)
        if match:
            what = f'"{match[0]}" in {name}: fill it in or leave it out'
            yield "PLACEHOLDER", what, name, True


_BEYOND_LATIN = re.compile("[^\0-\u024f\u1e00-\u1eff\u2000-\u20cf]")
_ENGLISH = _word_set("the and that with not are be must may which under from this by is of")
_FOREIGN = _word_set(
    "und der nicht ist das dem ein eine auch wird werden oder bei "  # German
    "les des est dans que une pour qui sur avec "  # French; the next share words with it
    "los las para del por como della che sono nel "
    "het een niet van voor nie jest och som att"
)
_FOREIGN_WORDS = 5
"""So many of them, and more than there are English ones, make a text foreign; quotations do not."""


def _language(reading: _Reading, limits: Thresholds) -> Iterator[_Finding]:
    foreign = len(_FOREIGN & reading.answer_vocabulary)
    if foreign >= _FOREIGN_WORDS and foreign > len(_ENGLISH & reading.answer_vocabulary):
        yield "LANGUAGE", "the answer is not in English, need English", "answer", True
    if not reading.foreign_letters:
        return
    text = f"{reading.draft.question} {reading.draft.answer}"
    letters = [character for character in text if character.isalpha()]
    share = len(_BEYOND_LATIN.findall("".join(letters))) / max(1, len(letters))
    if share > limits.non_latin:
        allowed = f"at most {limits.non_latin:.0%}"
        yield "LANGUAGE", f"{share:.0%} of the letters are not Latin, {allowed}", "answer", True


_CUT_OFF = re.compile(
    r"(?:[,;:(\u2013\u2014\u2026]|\.\.\.|\b(?:sections?|articles?|the|an?|of|and|or|to|in|for|with|by|that|which|under|from|as|is"
    r"|are|was|if|than|their|its))\s*\Z"
)


_LIST_ITEM = re.compile(r"\s*(?:[-*\u2022|]|\(?\w{1,2}[.)])\s*\w")


def _cut(answer: str) -> Iterator[_Finding]:
    """An answer that nobody cut and that ends in the middle of a sentence all the same.

    The last item of a list needs no full stop.
    """
    open_end = answer[-1].isalpha() and not _LIST_ITEM.match(answer, answer.rfind("\n") + 1)
    if open_end or _CUT_OFF.search(answer[-12:]):
        what = f'the answer ends in the middle of a sentence: "...{_excerpt(answer[-40:], 0)}"'
        yield "TRUNCATED", what, "answer", True


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


LOOP_WORDS = 100
LOOP_SHARE = 0.25
"""Of so many words at least this share are different ones; in good answers it is over 0.4."""
LOOP_SENTENCES = 6
"""So often nobody says the same sentence."""
LONG_LINE = 200
"""Characters; a longer line is a paragraph, and nobody writes it twice."""
LIKE_STEPS = 0.8
"""Likeness (Jaccard) of the telling words from which three steps are one."""


def _repetition(reading: _Reading) -> Iterator[_Finding]:
    again = _steps_again(reading)
    if again:
        yield "REPETITION", f"{again}: each step says something new", "reasoning_steps", True
    count, different = len(reading.answer), len(reading.answer_vocabulary)
    if count >= LOOP_WORDS and different < LOOP_SHARE * count:
        what = f"only {different} of {count} words differ: say each thing once"
        yield "REPETITION", what, "answer", True
        return
    paragraphs = [line for line in reading.draft.answer.split("\n") if len(line) > LONG_LINE]
    if len(set(paragraphs)) < len(paragraphs):
        yield "REPETITION", "a paragraph stands there twice: say each thing once", "answer", True
        return
    sentences = reading.draft.answer.rstrip(".").replace(".\n", ". ").split(". ")
    if len(sentences) - len(set(sentences)) < LOOP_SENTENCES - 1:
        return
    sentence, times = Counter(filter(str.split, sentences)).most_common(1)[0]
    if times >= LOOP_SENTENCES and len(sentence.split()) >= 4:
        what = f'"{_excerpt(sentence, 0)}" stands there {times} times: say each thing once'
        yield "REPETITION", what, "answer", True


def _steps_again(reading: _Reading) -> str:
    """Which steps say the same, if any do: two alike to the word, or three nearly so.

    Two that differ in a word may apply one rule to two facts, and are left alone.
    """
    lines = reading.steps_text.casefold().split("\n")
    count = len(lines)
    if len({line[:16] for line in lines}) == len({line[-16:] for line in lines}) == count:
        return ""  # whatever is said again begins or ends alike
    steps = [tuple(filter(_tells, words(line))) for line in lines]
    said: dict[tuple[str, ...], int] = {}
    for number, step in enumerate(steps, 1):
        if step and said.setdefault(step, number) != number:
            return f"steps {said[step]} and {number} say the same"
    for number, step in enumerate(steps, 1):
        like = [at for at, other in enumerate(steps, 1) if _alike(step, other) >= LIKE_STEPS]
        if len(like) >= 3 and like[0] == number:
            return f"steps {', '.join(map(str, like))} say nearly the same"
    return ""


def _tells(word: str) -> bool:
    return len(word) > 3 or word in ("no", "not") or word.isdigit()


def _alike(left: Sequence[str], right: Sequence[str]) -> float:
    a, b = set(left), set(right)
    return len(a & b) / len(a | b) if a and b else 0.0


_NUMBERED_ITEM = re.compile(r"(?<!\w)\(?\d{1,2}\)\s")
_MARKED_UP = re.compile(
    r"</?(?:p|br|div|span|[biua]|em|strong|[uo]l|li|h[1-6r]|table|t[rdh]|thead|tbody|su[bp]|code"
    r"|pre|blockquote|font|html|body|section)(?:\s[^<>]*)?/?>"
    r"|&(?:nbsp|amp|lt|gt|quot|apos|sect|pound|euro|[lr][sd]quo|[mn]dash|#\d{2,5}|#x[\da-f]{2,4});"
    r"|\\(?:[nrt](?![a-z])|\"|u[\da-f]{4})"
    r"|[\"'](?:question|answer|reasoning_steps|citations)[\"']\s*:"
    r"|<\|[a-z_]+\|>|\u3010[^\u3011]{0,40}\u3011",
    re.I,
)
"""Tags, entities, what JSON escapes, its keys, and the marks of a model's own dialogue."""
_MARKED_UP_HINTS = ("<", "&", "\\", '":', "':", '" :', "\u3010")
_GARBLED = re.compile(
    "\ufffd|\u00e2\u20ac|\u00c2[\u00a0-\u00bf]|\u00c3[\u0080-\u00bf\u0192\u201a\u201e\u2026]"
)
"""UTF-8 that was read as something else."""
_GARBLED_HINTS = ("\ufffd", "\u00e2", "\u00c2", "\u00c3")
_SYMBOLS = re.compile("[\u2500-\u259f\u2705\u274c\u2b50\U0001f300-\U0001faff]")
"""Boxes and pictures; ticks and crosses of plain type may stand."""
_SCRIPTS = "[\u0400-\u06ff\u0900-\u0dff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
"""A pattern that takes 2 ms to compile, for the few answers with such letters."""
_ASIDE = re.compile(r"\([^)]*\)|\"[^\"]*\"|\u201c[^\u201d]*\u201d")
"""Where a term of a foreign law may stand in its own script."""
_PARTS = re.compile(r"^[\W_]*(?:citations?|reasoning steps|final answer)[\W_]*$", re.I | re.M)


def _shape(reading: _Reading, limits: Thresholds) -> Iterator[_Finding]:
    if reading.answer_words < limits.telegraphic_words:
        items = len(_NUMBERED_ITEM.findall(reading.draft.answer))
        if items >= limits.telegraphic_items:
            what = f"{items} numbered items in {reading.answer_words} words: write sentences"
            yield "TELEGRAPHIC", what, "answer", True
    if any(hint in reading.whole for hint in _MARKED_UP_HINTS):
        yield from _found(_MARKED_UP, reading.fields)
    if any(hint in reading.whole for hint in _GARBLED_HINTS):
        yield from _found(_GARBLED, reading.fields)
    what, where = _dress(reading)
    if what:
        yield "MARKUP", f"{what} in the {where}", where, False


def _found(pattern: re.Pattern[str], fields: Iterable[tuple[str, str]]) -> Iterator[_Finding]:
    for name, text in fields:
        match = pattern.search(text)
        if match:
            yield "MARKUP", f'"{match[0]}" in {name}: write plain text', name, True


def _dress(reading: _Reading) -> tuple[str, str]:
    """What of a page's dress there is that a text does without, and where."""
    question, answer = reading.draft.question, reading.draft.answer
    plain = reading.task is not None and reading.task.sample_type in SHORT_TYPES
    if "#" in question and _HEADING.search(question):
        return "headings", "question"
    if plain and "#" in answer and _HEADING.search(answer):
        return "headings", "answer"
    if reading.foreign_letters and _SYMBOLS.search(answer):
        return "boxes or pictures", "answer"
    if reading.foreign_letters and re.search(_SCRIPTS, _ASIDE.sub("", answer)):
        return "words of another script", "answer"
    if "```" in answer:
        return "a code fence", "answer"
    return ("fields of the sample", "answer") if _has_parts(answer) else ("", "")


def _has_parts(answer: str) -> bool:
    folded = normalise(answer)
    hinted = "citation" in folded or "reasoning steps" in folded or "final answer" in folded
    return hinted and _PARTS.search(answer) is not None


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
    named = [item for item in reading.parsed if name_tokens(item.name)]
    absent = [item for item in named if not _grounded(item, reading.vocabulary)]
    if absent:
        shown = ", ".join(f'"{_shown(item)}"' for item in absent[:3])
        what = f"{shown} not named in answer or steps: use it there or leave it out"
        yield "CITATION_UNGROUNDED", what, "citations", len(absent) == len(named)


def _grounded(item: Parsed, vocabulary: frozenset[str]) -> bool:
    if name_tokens(item.name) & vocabulary:
        return True
    if not item.name.isascii() and _named_with_accents(item.name, vocabulary):
        return True
    if item.is_case:
        return False
    initials = "".join(word[0] for word in item.name.split() if word[0].isupper()).casefold()
    pins = re.findall(r"\d+[a-z]{0,2}", item.pinpoint.casefold())
    return initials in vocabulary or any(pin in vocabulary for pin in pins)


def _named_with_accents(name: str, vocabulary: frozenset[str]) -> bool:
    """Whether a word of the name is there, with its accents or without them."""
    telling = {word for word in words(name) if len(word) > 3}
    bare = {_without_accents(word) for word in telling}
    return not vocabulary.isdisjoint(telling | bare)


def _without_accents(word: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFD", word)))


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


_NOT_INVENTED = _NOT_A_PARTY | _word_set(
    # what firms end in, and what people are to each other
    "Inc Corp Corporation Company Group Holdings Holding Partners Partnership Bank Trust Trustee "
    "Trustees Foundation Association Society Pte Pty Plc Llc Llp Bros Sons "
    "Claimant Claimants Defendant Defendants Plaintiff Respondent Applicant Appellant Petitioner "
    "Landlord Tenant Buyer Seller Employer Employee Client Solicitor Barrister Attorney Counsel "
    "Judge Justice Lord Lady Lords Sir Mrs Miss Professor Director Directors Minister President "
    "Facts Scenario Question Under Both Does Did Has Have Was Were Are And But For From Then "
    "Since Suppose Assume Assuming Given Yes Please Compare Describe Analyse Analyze Outline "
    "Summarise Summarize Identify Discuss Evaluate Draft Write After Before During Without "
    # the law's own words
    "Acts Articles Sections Constitution Constitutional Amendment Charter Treaty Protocol Statute "
    "Schedule Chapter Title Clause Rule Bill Order Orders Practice Direction Model Restatement "
    "Uniform Commercial Federal Circuit District Chancery Division Bench Sessions Sheriff Session "
    "Advocate General Attorney Registrar Registry Land Planning Inspectorate Revenue Customs "
    "Treasury Ministry Department Agency Authority Bureau Board Committee Congress Senate "
    "Assembly Council Member Members Nations Organization Organisation World Security Trade "
    "Privacy Consumer Competition Insolvency Insurance Immigration Asylum Family Children Equality "
    "Health Safety Financial Services Conduct Markets Securities Exchange Tax Income Corporate "
    "Freedom Information Equal Opportunity Labor Labour Relations Standards Environmental Digital "
    "Internet Online Bankruptcy Copyright Patent Trademark Miranda Fourth Fifth Sixth First "
    "Second Third Sunday Christmas Easter Internal Foreign Public National Criminal Evidence "
    "Police Force Government Governor Mayor City County Borough State States "
    # places, and what comes from them
    "Great Britain Kingdom Irish Scottish Welsh Scots British London Leeds Manchester Birmingham "
    "Bristol Liverpool Sheffield Newcastle Nottingham Cardiff Swansea Edinburgh Glasgow Aberdeen "
    "Dundee Belfast Cambridge Oxford York Yorkshire Kent Essex Surrey Sussex Cornwall Devon "
    "American New York Texas Florida Illinois Chicago Ohio Georgia Pennsylvania Massachusetts "
    "Boston Washington Virginia Carolina Michigan Jersey Nevada Oregon Arizona Colorado Minnesota "
    "Wisconsin Missouri Indiana Tennessee Maryland Louisiana Kentucky Seattle Houston Dallas Miami "
    "Los Angeles San Francisco Diego France French Paris Lyon Marseille Germany German Berlin "
    "Munich Hamburg Frankfurt Italy Italian Rome Milan Spain Spanish Madrid Barcelona Portugal "
    "Portuguese Lisbon Netherlands Dutch Amsterdam Rotterdam Hague Belgium Belgian Brussels "
    "Luxembourg Austria Austrian Vienna Switzerland Swiss Geneva Zurich Poland Polish Warsaw "
    "Czech Prague Hungary Hungarian Budapest Romania Romanian Bulgaria Bulgarian Greece Greek "
    "Athens Cyprus Malta Maltese Sweden Swedish Stockholm Denmark Danish Copenhagen Finland "
    "Finnish Helsinki Norway Norwegian Oslo Estonia Latvia Lithuania Slovakia Slovenia Croatia "
    "Dublin Cork Iceland Turkey Turkish Russia Russian Ukraine Ukrainian Europe Africa African "
    "Asia Asian Canada Canadian Mexico Mexican Brazil Brazilian Argentina Chile China Chinese "
    "Hong Kong Japan Japanese Tokyo Korea Korean India Indian Pakistan Bangladesh Singapore "
    "Malaysia Indonesia Australia Australian Zealand Nigeria Nigerian Kenya Kenyan Ghana South "
    "North East West Northern Southern Eastern Western Saudi Arabia Israel Iran Iraq Syria Egypt "
    "Atlantic Pacific Mediterranean Strasbourg Schengen "
)
_OFFICIAL = re.compile(
    r"\b(?:[A-Z][\w'-]+ (?:(?:of|for|on|and) (?:the )?)?){0,8}(?:Acts?|Regulations?|Rules|Courts?"
    r"|Code|Directive|Convention|Treaty|Tribunal|Authority|Commission|Agency|Council|Office|Ministry"
    r"|Department|Registry)\b(?: (?:of|for|on) (?:the )?[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,4}){0,3}"
    r"|\b(?:in|near) (?:the )?[A-Z][\w'-]+"
)
"""Laws and bodies by their names, and places."""


@functools.lru_cache(maxsize=4)  # a question is asked about when it is reviewed and when it is kept
def _invented(question: str) -> tuple[str, ...]:
    """The parties that a model may have made up; names of laws, bodies and places are none."""
    names = parties(_OFFICIAL.sub(" ", question))
    return tuple(name for name in names if name not in _not_invented())


@functools.cache
def _not_invented() -> frozenset[str]:
    """With the states that prompts hand out: there are too few of them for any to be rare."""
    return _NOT_INVENTED.union(*map(str.split, seeds.states()))


# --- what the dataset holds ------------------------------------------------------------------


KEPT_WORDS = 5_000
"""Openings and party names remembered between runs: those that could ever be too many."""


class CorpusState(msgspec.Struct, frozen=True):
    """A ``Corpus`` as it is kept between runs."""

    samples: int = 0
    cases: list[Case] = []
    openings: dict[str, int] = {}
    parties: dict[str, int] = {}


class Corpus(msgspec.Struct):
    """What is known of the accepted samples, for the rules that look across them.

    One thread only. ``add`` each accepted sample; ``review`` a verdict before accepting it.
    """

    rules: Rules = msgspec.field(default_factory=Rules)
    ledger: CitationLedger = msgspec.field(default_factory=CitationLedger)
    samples: int = 0
    _openings: Counter[str] = msgspec.field(default_factory=Counter)
    _parties: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, sample_id: str, question: str, parsed: Iterable[Parsed]) -> None:
        """Note an accepted sample."""
        self.samples += 1
        self._openings[_opening(question)] += 1
        self._parties.update(_invented(question))
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
        for name in _invented(question):
            share = self._parties[name] / self.samples
            if share > limits.party_share:
                most = f"at most {limits.party_share:.1%}"
                what = f'"{name}" is in {share:.1%} of the questions, {most}'
                yield self.rules.reason("PARTY_OVERUSED", what, "question")


def _opening(question: str) -> str:
    return " ".join(_TOKEN.findall(question[:120].casefold())[:4])
