"""Does an answer decline to answer, sentence after sentence.

Who may not say a thing says so once, and tells why or what else is known. An answer that says it of
every point is a refusal, be it ever so polite: somebody, or nobody, would, could or might say, take
a view or put a figure on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from legalgen.quality.reading import Finding, Reading, excerpt
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import words


def _any(listed: str) -> str:
    return f"(?:{'|'.join(listed.split())})"


def _within(most: int) -> str:
    """So many words between two others."""
    return rf"(?: [\w']+){{0,{most}}}?"


def _where(listed: str, *alternatives: str) -> tuple[Sequence[str], re.Pattern[str]]:
    return listed.split(), re.compile("|".join(alternatives))


_SAY = (
    "(?:say|tell|state|comment|indicate|predict|forecast|foretell|foresee|estimate|answer|assess"
    "|judge|decide|determine|express|opine|speculate|guess|commit|form|list|conclude|know"
    "|reply|respond|pronounce|go into|silent|view|opinion|position|prediction|side|figure|steer"
    r"|help|venture|do so|raise|anticipate|influence|pass on|choose|announce|hazard|substitute"
    r"|favou?r|put (?:a|any|it|my|our|mine|ours|words|numbers)|call it|pass judg(?:e)?ment|promise"
    r"|take sides|speak|recommend|add|withhold)\b"
)
_SAID = (
    "said told stated indicated predicted forecast foretold foreseen estimated answered assessed "
    "judged advised known"
)
_OFFERED = _any(
    f"{_SAID} given offered expressed made drawn taken formed ventured attempted mentioned hazarded"
    " read intended implied reached"
)
_VIEWS = (
    "view views opinion opinions answer answers reply replies statement statements prediction "
    "predictions conclusion conclusions position positions forecast forecasts estimate estimates "
    "assessment assessments indication indications comment comments tendency advice figure figures "
    "promise guess expectation expectations assurance assurances preference verdict side sides"
)
_UNWILLING = (
    r"(?:cannot|can't|\w+n't|not|never|decline|refrain|hesitate|prefer|rather|reluctant|unable"
    r"|refuse|avoid|hate|abstain|forbear|wary|in no position)\b"
)
_RASH = (
    "impossible unsafe rash unwise imprudent premature dangerous wrong inappropriate irresponsible "
    "misleading unhelpful improper unfair hazardous reckless foolish unfortunate early idle bold "
    "presumptuous pointless"
)
_FIT = "possible right fair proper wise safe appropriate prudent helpful"
_MEANT = "undertake propose purport attempt presume intend aim mean pretend"
_THING = r"(?:\w+ ){0,2}?(?:a question|something|a point|a matter|a thing|for (?:me|us))"
_FOR_ANYBODY = rf"{_within(3)} (?:i|we|one|to)\b(?:'\w+)?{_within(4)} {_SAY}"

_FOR_NOBODY = rf"(?: (?:on|of|about|to|in) which| that){_within(8)} (?:{_SAY}|(?:{_OFFERED})\b)"
_WRITER = "(?:outsider|commentator|writer|observer|bystander|stranger|reply|overview|summary)"
_DARE = rf"(?:{_SAY}|(?:undertake|propose|presume|pretend|settle|resolve|attempt|claim)\b)"
_CAN = "(?:can|could|will|would|should|may|must|ought to)"
_SOMEBODY = (
    "(?:those|whoever|others|somebody|someone|them|that person|the readers?|readers|each reader)"
)
_DECIDE = "(?:decide|form|judge|reach|take a|make up|draw|choose|conclude)"

_DECLINING = (
    _where("i", rf" i(?:'\w+)?{_within(3)} {_UNWILLING}{_within(9)} {_SAY}"),
    _where("we", rf" we(?:'\w+)?{_within(3)} {_UNWILLING}{_within(9)} {_SAY}"),
    _where(
        _RASH,
        rf" it (?:is|would|will|seems|remains|might|may){_within(3)} {_any(_RASH)}{_within(4)} to"
        rf"{_within(4)} {_SAY}",
        rf" to {_SAY}{_within(5)} (?:is|(?:would|may|might) be){_within(1)} {_any(_RASH)}\b",
    ),
    _where("place", rf" out of place to{_within(4)} {_SAY}"),
    _where(
        "advantage merit purpose", r" see no (?:advantage|merit|purpose) in \w+ing\b"
    ),
    _where(
        f"{_FIT} {_MEANT} question something point matter thing me us",
        rf" not (?:(?:\w+ ){{0,2}}{_any(_FIT)}{_within(4)} to{_within(4)} {_SAY}"
        rf"|{_any(_MEANT)} to (?:\w+ )?(?:{_SAY}|(?:resolve|settle|them|draft)\b)"
        rf"|{_THING}(?:{_FOR_ANYBODY}|{_FOR_NOBODY}))",
    ),
    _where("hardly", rf" hardly be {_any(_FIT)}{_within(4)} to{_within(4)} {_SAY}"),
    _where("nobody", rf" nobody (?:can|could|would|will) (?:\w+ )?{_SAY}"),
    _where("wish", rf" no wish to (?:\w+ )?{_SAY}"),
    _where("pass", r" (?:have to|must|will|'ll) pass on (?:that|this|it)\b"),
    _where("isn", rf" isn't {_THING}{_FOR_ANYBODY}"),
    _where(
        "nor",
        rf" nor (?:is|would) it{_within(2)} {_any(_FIT)}{_within(4)} to{_within(4)} {_SAY}",
    ),
    _where(
        _SAID,
        r" can(?:not|'t|(?<=little can)|(?<=nothing can)|(?<=what can)|(?<=something that can)"
        rf"|(?<=something which can)){_within(3)} be (?:\w+ )?{_any(_SAID)}\b",
        rf" could(?: not|n't){_within(3)} be (?:\w+ )?{_any(_SAID)}\b",
    ),
    _where(
        _VIEWS,
        rf" no (?!one\b)(?:\w+ ){{0,3}}?{_any(_VIEWS)}(?:[ ,][\w ,'-]{{0,60}}?)? {_OFFERED}\b",
        r" no (?:(?<=make no )|(?<=makes no )|(?<=take no )|(?<=takes no )|(?<=express no )"
        r"|(?<=expresses no )|(?<=offer no )|(?<=offers no )|(?<=give no )|(?<=gives no )"
        rf"|(?<=form no )|(?<=have no )|(?<=has no ))(?:\w+ )?{_any(_VIEWS)}\b",
    ),
    _where("none", rf" none{_within(3)} be {_OFFERED}\b"),
    _where(
        "nothing",
        r" nothing to offer\b",
        rf" nothing (?:further|more|definite|firm) (?:is|(?:will|can|should) be) (?:{_OFFERED})\b",
    ),
    _where("withhold", rf" withhold (?:\w+ )?{_any(_VIEWS)}\b"),
    _where("await", r" awaits? (?:another|a later|a better) (?:occasion|day|time|opportunity)\b"),
    _where(
        "leave",
        r" leave (?:(?:that|it|this|the \w+) (?:\w+ )?(?:open|aside)|(?:(?:that|it|this|the \w+) )?"
        r"to (?:others|somebody|someone|those|the people)|undecided|unanswered)\b",
    ),
    _where(
        "left",
        r" left (?:without (?:comment|(?:an? )?(?:answer|reply|view))|undecided|unanswered|unsaid"
        r"|blank|where (?:it|they)\b|to (?:others|those|whoever)\b)",
    ),
    _where("blank", r" remains? (?:a )?blank\b"),
    _where("best", rf" best not (?:\w+ )?(?:{_OFFERED})\b"),
    _where("counsel", r" keeps? (?:his|her|my|our|its|their|one's) own counsel\b"),
    _where(
        "outsider commentator writer observer bystander stranger reply overview summary",
        rf" no(?: \w+)? {_WRITER} {_CAN}{_within(3)} {_DARE}",
        rf" {_WRITER} (?:{_CAN} not|cannot){_within(3)} {_DARE}",
        rf" more than(?: \w+){{0,3}}? {_WRITER} {_CAN}\b",
    ),
    _where("let", rf" let {_SOMEBODY}{_within(2)} {_DECIDE}\b"),
    _where(
        "those whoever somebody someone reader readers",
        rf" it (?:is|will be|must be|remains)(?: \w+)? for {_SOMEBODY}\b[^.;]{{0,60}}?"
        rf" to {_DECIDE}\b",
    ),
    _where(
        "hesitates refrains shrinks declines forbears",
        r" one (?:\w+ )?(?:hesitates|refrains|shrinks|declines|forbears) (?:to|from)\b",
    ),
    _where(
        "reserve",
        r" (?:i|we) (?:must )?reserve (?:(?:my|our|any) )?(?:views?|opinion|judge?ment)\b",
    ),
)  # fmt: skip
"""Who declines, and what is not said: somebody, nobody, or it is rash to. Each is looked for where
one of its words is, and begins with letters, which are found fast."""

_BY_WORD = {
    word: tuple(at for at, (listed, _) in enumerate(_DECLINING) if word in listed)
    for word in {word for listed, _ in _DECLINING for word in listed}
}
_WORDS = frozenset(_BY_WORD)
_SENTENCE_ENDS = re.compile(r"[.!?\n] ")
_RULING = word_list("ruling")
MANY_DECLINED = 3
"""So many sentences that decline are a refusal, where fewer rule or where they are ``OF_ALL``. Of
680 good answers thirty have one, of 2,057 older rows five; none has two."""
OF_ALL, MOSTLY = 0.2, 1 / 3
"""Share of the sentences from which two are a refusal where none rules, and where one does."""


def declined(reading: Reading) -> list[str]:
    """What is said in each sentence that declines to say something."""
    there = {at for word in _WORDS & reading.answer_vocabulary for at in _BY_WORD[word]}
    if not there:
        return []
    text = f" {reading.folded_answer}".replace("\n", "\n ")
    text = text if text.isascii() else text.replace("\u2019", "'")
    spans = [found.span() for at in there for found in _DECLINING[at][1].finditer(text)]
    if not spans:
        return []
    said, last = list[str](), -1
    for begin, end in sorted(spans):
        if last < 0 or _SENTENCE_ENDS.search(text, last, begin + 1):
            said.append(text[begin:end])
        last = max(last, end)
    return said


def only_declines(reading: Reading) -> bool:
    """Whether a sentence declines to say something, and none has a word of ruling."""
    ruling = _RULING & reading.answer_vocabulary
    return ruling <= frozenset(reading.question) and bool(declined(reading))


def declines(reading: Reading) -> Iterator[Finding]:
    """An answer in which two sentences or more decline, and hardly one says what the law is."""
    found = declined(reading)
    if len(found) < MANY_DECLINED - 1:
        return
    known = frozenset(reading.question)
    ruled = sum(not _RULING.isdisjoint(set(words(each)) - known) for each in reading.sentences)
    many, share = len(found) >= MANY_DECLINED, len(found) / len(reading.sentences)
    if share < OF_ALL and ruled > (len(found) - 1 if many else 1):
        return
    what = f'{len(found)} of its sentences decline to say, as "{excerpt(found[0], 0)}"'
    sure = many or (share >= OF_ALL and not ruled) or (share >= MOSTLY and ruled <= 1)
    yield "NO_ANSWER", what, "answer", sure
