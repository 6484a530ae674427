"""Which cases a citation policy admits, and an answer without the others.

A case that is not admitted goes out of the citations and out of the prose: the sentence or the
parenthesis that carries it (``pruning``). Where too little would be left, nothing is taken out and
the answer goes back with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from legalgen.law.citations import (
    PARTING,
    Authorities,
    Parsed,
    apex,
    case_names,
    find_all,
    find_numbered,
    highest,
    normalise,
    same_case,
)
from legalgen.law.citations.parsed import word_set
from legalgen.quality.checks.elements import NOT_A_PARTY
from legalgen.quality.checks.law.citing import is_named, named_places, shown
from legalgen.quality.pruning import Span, Stays, sentences, without
from legalgen.quality.reading import Finding, Reading, reasoned
from legalgen.quality.rules import AnswerBounds, TypeBounds
from legalgen.settings.types import CitationPolicy
from legalgen.store.sample import Draft, count_words

Group = tuple[Parsed, ...]


class Policing(msgspec.Struct, frozen=True):
    """A citation policy over the authorities that are known."""

    policy: CitationPolicy
    known: Authorities

    @property
    def strict(self) -> bool:
        """Whether what is not admitted is taken out."""
        return self.policy in {"statute-first", "apex-only"}

    def admits(self, item: Parsed, group: Iterable[Parsed] = ()) -> bool:
        """Whether a case may be cited, by itself or by another reference of the same text."""
        twins = (
            twin
            for twin in group
            if twin.is_case
            and twin is not item
            and (not item.name or not twin.name or same_case(item.name, twin.name))
        )
        return self._admits(item) or any(map(self._admits, twins))

    def _admits(self, item: Parsed) -> bool:
        if item.kind == "case_name":
            return self.known.names(item.name)
        if self.known.contradicts(item):
            return False
        if self.policy == "menu":
            return self.known.lists(item)
        listed = self.known.lists(item) and (self.policy != "apex-only" or apex(item))
        return listed or highest(item)

    def barred(self, group: Group) -> tuple[Parsed, ...]:
        """The cases of one citation that are not admitted."""
        kinds = {"case_name"} if self.strict else frozenset[str]()
        return tuple(
            item
            for item in group
            if (item.is_case or item.kind in kinds) and not self.admits(item, group)
        )


def citation_unlisted(
    reading: Reading, policing: Policing | None, *, taken_out: bool
) -> Iterator[Finding]:
    """Cases that the policy does not admit, or that are on no list; None: there is no list."""
    yield from reading.barred
    if policing is None or (policing.strict and taken_out):
        return
    for group in reading.cited:
        for item in policing.barred(group):
            what = f'"{shown(item)}" is not in the list: take one from it, or an Act'
            yield "CITATION_UNLISTED", what, "citations", policing.policy == "menu"


# --- the answer without them -----------------------------------------------------------------


def trimmed(
    reading: Reading, policing: Policing | None, *, unnamed: bool
) -> tuple[Reading, tuple[str, ...], tuple[Finding, ...]]:
    """An answer without what may not be cited, what was taken out, and what is said of the rest.

    Cases that ``policing`` bars (None: it bars none) and, with ``unnamed``, citations that neither
    answer nor steps name, as long as another is left.
    """
    draft, cited = reading.draft, reading.cited
    fixes: tuple[str, ...] = ()
    told: tuple[Finding, ...] = ()
    if policing is not None and policing.strict:
        turns = reading.task is not None and reading.task.sample_type == "dialogue"
        found = admitted(draft, cited, policing, reading.bounds, turns=turns)
        fixes, told = found.fixes, found.findings
        if told and found.draft is draft:
            return reading, (), told
        if fixes:
            reading = replace(reading, draft=found.draft, cited=found.cited)
    named = named_places(reading) if unnamed else range(len(reading.cited))
    if len(named) == len(reading.cited):
        return reading, fixes, told
    draft = replace(reading.draft, citations=tuple(reading.draft.citations[at] for at in named))
    cited = tuple(reading.cited[at] for at in named)
    return replace(reading, draft=draft, cited=cited), (*fixes, "unnamed citations"), told


class Admitted(msgspec.Struct, frozen=True):
    """An answer that cites only what is admitted, and findings that flag it or send it back."""

    draft: Draft
    cited: tuple[Group, ...]
    fixes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def admitted(
    draft: Draft, cited: tuple[Group, ...], policing: Policing, bounds: AnswerBounds, *, turns: bool
) -> Admitted:
    """The answer without the cases that the policy bars; ``turns`` says that it is a dialogue."""
    groups = [
        group or _by_name(given.text) for given, group in zip(draft.citations, cited, strict=True)
    ]
    barred_of = [policing.barred(group) for group in groups]
    barred = tuple(item for found in barred_of for item in found)
    prose = _Prose.of(draft, groups, barred, policing)
    if not barred and not prose.doomed:
        return Admitted(draft, cited)  # as most answers are
    kept = [at for at, found in enumerate(barred_of) if not found]
    left = [(draft.citations[at].text, cited[at]) for at in kept]
    holding = _Holding(draft, left)
    pruned = _pruned(draft, kept, prose, holding, turns=turns)
    why = _missing(draft, pruned, prose, bounds)
    if why and not barred and not prose.certain:
        return Admitted(draft, cited)  # names that nobody cited: not worth another call
    if pruned is not None and holding.has_lost(pruned):
        pruned = _pruned(draft, kept, prose, holding, turns=turns)
        why = _missing(draft, pruned, prose, bounds)
    if pruned is None or why:
        names = ", ".join(dict.fromkeys(f'"{name}"' for name in (*map(shown, barred), *prose.said)))
        what = (
            f"{names} may not be cited (it is neither listed nor a highest court's case with the "
            f"court's own number), and without it {why}: give the reason by an Act or in your own "
            "words"
        )
        return Admitted(draft, cited, (), (("CITATION_UNLISTED", what, "citations", True),))
    fixes = ("unlisted cases",) if pruned != draft else ()
    return Admitted(pruned, tuple(cited[at] for at in kept), fixes, tuple(holding.told(prose)))


_COUNTED_OFF = re.compile(
    r"(?:The (?:first|second|third|fourth|fifth|other|last)\b|One is\b|Another is\b"
    r"|(?:First|Second|Third|Fourth|Fifth|Last|Final)(?:ly)?,)"
)
"""How a sentence begins that is one of several things."""


class _Holding(msgspec.Struct):
    """Which sentences stay although they speak of a case that goes, and are flagged for it.

    ``left`` are the citations that are kept. A sentence stays that counts off one of several
    things, and, once ``has_lost`` has found it out, one without which such a citation would be
    named nowhere in the answer: what the answer says of it would be gone.
    """

    draft: Draft
    left: Sequence[tuple[str, Group]]
    lost: list[str] = []
    stayed: list[str] = []
    orphans: list[tuple[str, Group]] = []

    def __call__(self, sentence: str) -> bool:
        held = (_COUNTED_OFF.match(sentence) is not None and self._counts_off()) or (
            bool(self.orphans) and _tells(sentence) and self._names_one(_read(sentence))
        )
        (self.stayed if held else self.lost).append(sentence)
        return held

    def _names_one(self, said: Reading) -> bool:
        return any(is_named(*one, said) for one in self.orphans)

    def _counts_off(self) -> bool:
        text = self.draft.answer
        starts = (text[each.start + each.label : each.end] for each in sentences(text))
        return sum(_COUNTED_OFF.match(each) is not None for each in starts) > 1

    def has_lost(self, pruned: Draft) -> bool:
        """Whether a kept citation is named in what was lost of the answer, and not in the rest."""
        told = [each for each in self.lost if each in self.draft.answer and _tells(each)]
        if not told:
            return False
        gone, rest = _read(" ".join(told)), _read(pruned.answer)
        self.orphans = [
            one for one in self.left if is_named(*one, gone) and not is_named(*one, rest)
        ]
        if self.orphans:
            self.stayed.clear()  # all are asked about again
        return bool(self.orphans)

    def told(self, prose: _Prose) -> Iterator[Finding]:
        """The flag for what stayed."""
        doomed = (text[slice(*span)] for text, spans in prose.doomed.items() for span in spans)
        name = next((name for name in doomed if any(name in each for each in self.stayed)), None)
        if name is not None:
            what = f'"{name}" is neither listed nor a highest court\'s by its own number'
            yield "CITATION_UNLISTED", what, "answer", False


def _tells(sentence: str) -> bool:
    """Whether a sentence says more than where to look."""
    telling = _read(sentence).telling
    said = [word for word in telling if f" {word}" in sentence]  # in small letters: no name
    return len(said) >= _LEAST_TOLD


_LEAST_TOLD = 4


def _read(text: str) -> Reading:
    """A piece of an answer, in which a citation may be named."""
    return Reading(Draft("", (), text, ()), None, _NO_BOUNDS, ())


_NO_BOUNDS = TypeBounds((0, 0))


def _by_name(text: str) -> Group:
    """The case that a citation names which nobody can read: ``X v Y (ET/1600174/2021)``."""
    return tuple(
        Parsed("case_name", name, start, end, name=name)
        for start, end, name in case_names(normalise(text))
    )


class _Prose(msgspec.Struct, frozen=True):
    """Where the texts of an answer speak of cases that are not admitted.

    ``doomed`` and ``others`` hold, by text, the places of those and of all other references.
    ``certain`` tells whether one of them is more than a name that nobody knows. ``asked`` are
    those of which the question speaks, ``said`` the references that stand in prose alone.
    """

    doomed: dict[str, list[Span]]
    others: dict[str, list[Span]]
    certain: bool
    asked: bool
    said: tuple[str, ...]

    @classmethod
    def of(
        cls, draft: Draft, cited: Iterable[Group], barred: Sequence[Parsed], policing: Policing
    ) -> _Prose:
        finder = _Finder.of(draft, cited, barred, policing)
        plain = reasoned(draft)
        goes, stays = finder.cases(plain)
        doomed, others, at = {}, {}, 0
        for text in (draft.answer, *draft.reasoning_steps) if goes or barred else ():
            found = [_from(at, spans, len(text)) for spans in (goes, stays)]
            doomed[text], others[text] = finder.places(text, *found)
            at += len(text) + len(PARTING)
        doomed = {text: spans for text, spans in doomed.items() if spans}
        asked = bool(goes or barred) and finder.asked()
        return cls(doomed, others, finder.certain, asked, tuple(finder.said))


def _from(start: int, spans: Iterable[Span], length: int) -> list[Span]:
    """The spans that begin in a text of such a length, counted from where it starts."""
    counted = ((first - start, last - start) for first, last in spans)
    return [span for span in counted if 0 <= span[0] < length]


class _Finder(msgspec.Struct):
    """Looks for references in texts; ``called`` are the names of what is kept, as they stand.

    ``told`` is all that is said of other things than cases, once somebody asked for it.
    """

    policing: Policing
    barred: list[str]
    kept: list[Parsed]
    draft: Draft
    called: frozenset[str] = frozenset()
    told: str = ""
    certain: bool = False
    said: list[str] = []

    @classmethod
    def of(
        cls, draft: Draft, cited: Iterable[Group], barred: Sequence[Parsed], policing: Policing
    ) -> _Finder:
        kept = [item for group in cited for item in group if item not in barred]
        named = [item.name for item in barred if item.name]
        called = frozenset([item.name for item in kept if item.name])
        return cls(policing, named, kept, draft, called)

    def places(
        self, text: str, doomed: Sequence[Span], others: Sequence[Span]
    ) -> tuple[list[Span], list[Span]]:
        """The places of references that go, and of those that stay.

        Those of cases are given. Laws are looked for only near what goes, where they keep together
        what stands beside it.
        """
        taken = [*doomed, *others]
        if self.barred:
            doomed = [*doomed, *self._short_forms(normalise(text), taken)]
        laws = (
            (start + item.start, start + item.end)
            for start, end in _around(text, doomed)
            for item in find_all(text[start:end])
            if not item.is_case
        )
        others = [*others, *(law for law in laws if not _overlaps(law, taken))]
        return sorted(doomed), sorted(others)

    def asked(self) -> bool:
        """Whether the question speaks of what goes."""
        question = normalise(self.draft.question)
        doomed, others = self.cases(question)
        return bool(doomed) or any(self._short_forms(question, others))

    def cases(self, plain: str) -> tuple[list[Span], list[Span]]:
        """The places of cases that go, and of those that stay, by number and by whole name."""
        doomed: list[Span] = []
        others: list[Span] = []
        for span, admitted in self._numbered(plain):
            (others if admitted else doomed).append(span)
        goes: dict[str, bool] = {}  # the answer names mostly what the steps have named
        for start, end, name in case_names(plain):
            if _overlaps((start, end), (*doomed, *others)):
                continue
            if name not in goes:
                goes[name] = self._goes(name)
            (doomed if goes[name] else others).append((start, end))
        return doomed, others

    def _numbered(self, text: str) -> Iterator[tuple[Span, bool]]:
        """Numbered references with their names and what follows them; parallel ones as one."""
        clusters: list[list[Parsed]] = []
        for item in find_numbered(text):
            if not item.is_case:
                continue
            if clusters and _JOINS.fullmatch(text, clusters[-1][-1].end, item.start):
                clusters[-1].append(item)
            else:
                clusters.append([item])
        for cluster in clusters:
            first, last = cluster[0], cluster[-1]
            begin = text.rfind(PARTING, 0, first.start) + 1
            start = text.rfind(first.name, begin, first.start) if first.name else first.start
            after = _PINPOINT.match(text, last.end)
            span = (start if start >= 0 else first.start, after.end() if after else last.end)
            admitted = any(self._admitted(item) for item in cluster)
            if not admitted:
                self.certain = True
                self.said.append(shown(first))
            yield span, admitted

    def _admitted(self, item: Parsed) -> bool:
        same = any(other.key == item.key for other in self.kept)
        return (same and not item.name) or self.policing.admits(item, self.kept if same else ())

    def _goes(self, name: str) -> bool:
        """Whether a bare name is of a case that goes: one that was barred, or one unknown."""
        if any(same_case(name, other) for other in self.barred):
            self.certain = True
            return True
        if name in self.called or any(same_case(name, other) for other in self.called):
            return False
        if self.policing.known.names(name):
            return False
        parties = set(re.findall(r"[A-Z]\w{2,}", name)) - NOT_A_PARTY
        question = self.draft.question
        return not any(any(_places(party, question)) for party in parties)

    def _short_forms(self, text: str, taken: Sequence[Span]) -> Iterator[Span]:
        """``In Felthouse the offeror ...``: a case by the name of its first party alone."""
        known = {word for item in self.kept for word in re.findall(r"\w+", item.name)}
        for name in self.barred:
            party = re.split(r"\sv(?:s?\.?)\s", name)[0].removeprefix("Re ").removeprefix("In re ")
            word = next(
                (w for w in re.findall(r"[A-Z][\w'-]{3,}", party) if w not in _NO_SHORT_FORM), ""
            )
            if not word or word in known:
                continue
            places = [
                (start, end)
                for start, end in _places(word, text)
                if not _VERSUS.match(text, end)
                and not any(first <= start < last for first, last in taken)
            ]
            if (
                places
                and not any(_places(word, self.draft.question))
                and not self._is_somebody(word)
            ):
                yield from places

    def _is_somebody(self, name: str) -> bool:
        """Whether a person or firm of the facts has this name too, which then is no short form.

        Somewhere it stands with a title, a first name or the rest of the name of a firm.
        """
        self.told = told = self.told or _but_cases(self.draft)
        return any(
            _CALLED.search(told, max(0, start - _BEFORE), start) or _GOES_ON.match(told, end)
            for start, end in _places(name, told)
        )


def _overlaps(span: Span, taken: Iterable[Span]) -> bool:
    return any(span[0] < last and first < span[1] for first, last in taken)


_NEAR = 400
"""Characters before and after what goes, of the same line: the sentences around it."""


def _around(text: str, spans: Iterable[Span]) -> Sequence[Span]:
    """The pieces of a text in which these spans and the sentences around them stand."""
    pieces: list[Span] = []
    for first, last in sorted(spans):
        line, rest = text.rfind("\n", 0, first) + 1, text.find("\n", last)
        begin = max(line, first - _NEAR)
        end = min(rest if rest >= 0 else len(text), last + _NEAR)
        if pieces and begin <= pieces[-1][1]:
            begin = pieces.pop()[0]
        pieces.append((begin, end))
    return pieces


_VERSUS = re.compile(r"\s(?:v|vs)\b")
_BEFORE = 30
"""Characters of a first name or a title, and of what stands before it."""
_CALLED = re.compile(
    r"(?:(?<=[\w,] )(?!(?:In|See|Per|Following|Applying)\b)[A-Z]\w+|\b(?:Mr|Mrs|Ms|Miss|Dr))"
    r"\.? \Z"
)
_GOES_ON = re.compile(r" (?!(?:Lord|Lady|Sir|Mr|Mrs|Justice)\b)(?:(?:&|and) )?[A-Z]")


def _places(word: str, text: str) -> Iterator[Span]:
    """Where a text has a word, whole: each answer has other words, none worth a pattern."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        around = text[max(0, start - 1) : start] + text[end : end + 1]
        if not any(letter.isalnum() or letter == "_" for letter in around):
            yield start, end
        start = text.find(word, end)


def _but_cases(draft: Draft) -> str:
    """Answer and steps without the names of cases in them."""
    text = normalise("\n".join((draft.answer, *draft.reasoning_steps)))
    pieces, at = [], 0
    for start, end, _ in case_names(text):
        pieces.append(text[at:start])
        at = max(at, end)
    return " ".join([*pieces, text[at:]])


_JOINS = re.compile(r"[\s,;]*(?:\(|\[\d+\],?\s)?")
_PINPOINT = re.compile(
    r"(?:,?\s(?:at\s)?(?:\[\d+\](?:\s?[-\u2013]\s?\[\d+\])?|paras?\.?\s\d+(?:-\d+)?|pp?\.?\s\d+"
    r"|\d{2,4}(?=[\s,.;)]))"
    r"|\s\((?:HL|CA|PC|SC|CJEU|ECJ|QB|KB|Ch|Admin|TCC|Comm"
    r"|[A-Z][\w. ]{0,24}\d{4}|Lord [A-Z]\w+)\))+"
)
_NO_SHORT_FORM = word_set(
    "The Attorney General Secretary State Minister Commissioner Commissioners Commission Council "
    "Chief Constable Director Public Regina Crown Bank National Royal British United States First "
    "City London Borough County District Home Office Department Board Trustees Various Claimants "
    "Group Holdings Company Northern Southern Western Eastern European International Young Price "
    "Industrial Investors Revenue Customs Financial Associated Central Society Association People "
    "Matter Estate Application Child Children Minors Persons Unknown Parliament Ministry World "
    "Mutual Insurance Assurance General Motors Partners Trust Services Housing Health Authority"
)
"""Words that begin the names of many cases and stand for none of them."""


def _pruned(
    draft: Draft, kept: Sequence[int], prose: _Prose, stays: Stays, *, turns: bool
) -> Draft | None:
    answer = _text_without(draft.answer, prose, stays, turns=turns)
    steps = [_text_without(step, prose, stays, turns=False) or "" for step in draft.reasoning_steps]
    if answer is None:
        return None
    steps = [step for step in steps if len(step.split()) >= _SHORTEST_STEP]
    citations = tuple(draft.citations[at] for at in kept)
    return replace(draft, answer=answer, reasoning_steps=tuple(steps), citations=citations)


_SHORTEST_STEP = 4


def _text_without(text: str, prose: _Prose, stays: Stays, *, turns: bool) -> str | None:
    if text not in prose.doomed:
        return text
    return without(text, prose.doomed[text], prose.others[text], turns=turns, stays=stays)


def _missing(before: Draft, after: Draft | None, prose: _Prose, bounds: AnswerBounds) -> str:
    """What an answer lacks without the cases that went; empty where it is still whole."""
    if prose.asked:
        return "the question, which is about it, has no answer"
    if after is None:
        return "a speaker has nothing to say"
    counts = (
        (len(before.citations), len(after.citations), bounds.min_citations, "citations"),
        (
            len(before.reasoning_steps),
            len(after.reasoning_steps),
            bounds.reasoning_steps[0],
            "steps",
        ),
        (count_words(before.answer), count_words(after.answer), bounds.answer_words[0], "words"),
    )
    for had, left, least, noun in counts:
        if left < had and left < least:
            return f"{left} {noun} are left, need {least} or more"
    if after.answer != before.answer and not _gives_a_reason(after.answer):
        return "the answer gives no reason"
    return ""


_REASON = re.compile(
    r"\b(?:because|since|therefore|thus|hence|accordingly|consequently|follows|means|requires?|must"
    r"|unless|if|where|when|until|under|sections?|articles?|s|art|reg(?:ulation)?s?|rules?|Acts?"
    r"|Directives?|Code|Order|principles?|tests?|doctrine|dut(?:y|ies)|provides?|depends?|necessary"
    r"|so(?: that)?|as|for|but|only|without|cannot|need(?:s|ed)?)\b"
)


def _gives_a_reason(answer: str) -> bool:
    """Whether more than a bare conclusion is left: a second sentence, one of them with a reason."""
    return _REASON.search(answer) is not None and len(sentences(answer)) > 1
