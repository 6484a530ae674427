"""What is decided, and of whom: one answer with two verdicts, a winner who loses.

A verdict is a verb of one family (bind, be guilty, be in time) with its subject right before it,
and nothing that narrows it: "in France the clause is void" and "as to the rent the claim fails"
decide of a part. An answer contradicts itself where it ends with the opposite of the verdict that
it began with, of the same subject and family, and neither is conditional; what stands between may
be what a party says. A party who wins by the last step and loses in the first sentence, or the
other way round, is the same fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from legalgen.quality.checks.elements import NOT_A_PARTY
from legalgen.quality.reading import Reading, sentences, stems, telling_words
from legalgen.store.sample import words

_SO = r"(?:therefore |thus |accordingly |hence |also |clearly |still )?"
_BE = rf"(?:is|are|was) {_SO}"


class _Family(NamedTuple):
    """A verb and its opposite, behind what neither can be without."""

    hints: tuple[str, ...]
    verb: re.Pattern[str]


def _family(hints: str, yes: str, no: str) -> _Family:
    return _Family(tuple(hints.split()), re.compile(rf"\b(?:(?P<no>{no})|(?P<yes>{yes}))\b"))


_FAMILIES = (
    _family(
        "guilt committed convicted acquit",
        rf"{_BE}guilty|ha(?:s|ve) committed(?! no)|(?:must|can|may) be convicted",
        rf"{_BE}not guilty|(?:{_BE}|must (?:\w+ )?be )acquitted|ha(?:s|ve) not committed"
        r"|ha(?:s|ve) committed no",
    ),
    _family(
        "bind bound enforce",
        rf"binds?|{_BE}(?:legally )?(?:binding|bound|enforceable)|(?:can|may) be enforced",
        rf"(?:does|do) not bind|cannot be enforced|{_BE}(?:not (?:legally )?(?:binding|bound"
        r"|enforceable)|unenforceable)",
    ),
    _family(
        "valid void effect",
        rf"{_BE}(?:valid|effective)|takes? effect",
        rf"{_BE}(?:void|invalid|ineffective|not valid)|ha(?:s|ve) no effect",
    ),
    _family("liab", rf"{_BE}liable", rf"{_BE}(?:not|under no) liab\w+|escapes? liability"),
    _family(
        "succe wins fail dismissed",
        r"succeeds?|will succeed|wins",
        r"fails?(?! to)|(?:cannot|does not|will not) succeed|must be dismissed",
    ),
    _family("lawful", rf"{_BE}lawful", rf"{_BE}(?:unlawful|not lawful)"),
    _family(
        "time late barred",
        rf"{_BE}(?:brought |made |issued )?in time",
        rf"{_BE}(?:out of time|too late|(?:time|statute)-barred)",
    ),
    _family("compatible", rf"{_BE}compatible", rf"{_BE}(?:incompatible|not compatible)"),
    _family("admissible", rf"{_BE}admissible", rf"{_BE}(?:inadmissible|not admissible)"),
    _family("entitled", rf"{_BE}entitled", rf"{_BE}not entitled"),
    _family("justified", rf"{_BE}justified", rf"{_BE}(?:unjustified|not justified)"),
    _family(
        "permitted allowed forbidden prohibited",
        rf"{_BE}(?:permitted|allowed)",
        rf"{_BE}(?:forbidden|prohibited|not (?:permitted|allowed))",
    ),
)
_BY_HINT = tuple((hint, family) for family in _FAMILIES for hint in family.hints)
_SUBJECT = re.compile(rf"(?:(?P<before>[\w'\u2019-]+) )?(?P<head>[\w'-]+) {_SO}\Z")
_LONGEST_SUBJECT = 60
"""Characters."""
_OPEN = re.compile(
    r"\b(?:if|unless|would|could|might|may (?!be (?:enforced|convicted))|whether|where|when"
    r"|although|though|until|once|otherwise|argu\w+|contend\w*|says?|submits?|claims? that|had"
    r"|only|some|every|any|all|each|most|a|an|without|such|another|other|unlike|rather"
    r"|not for|nor|even|as a rule|usually|by itself|alone)\b",
    re.I,
)
"""What makes a verdict one of something else, of a kind of thing, or none yet."""
_BARE = re.compile(
    r"\s*(?:$|[,.;:]|(?:as(?! (?:to|against|regards|between|far|of|long))|because|since|so(?! far)"
    r"|and|which|even|in law)\b)"
)
_UNNARROWED = re.compile(
    r"\W*(?:(?:so|thus|therefore|accordingly|hence|consequently|overall|finally|yes|no|on balance"
    r"|in (?:short|sum|conclusion|law|the end|the result)|as a result|it follows(?: that)?"
    r"|for (?:that|this|these|those|which) reasons?|for want of \w+"
    r"|the (?:short )?answer is that)\W+)*(?:(?:the|this|that|his|her|its|their) )?\Z",
    re.I,
)
"""What may stand before the subject of a verdict that is of the whole."""
_CLOSING = 2
"""Sentences at the end of an answer that say what it comes to."""
_AGAINST = re.compile(r" (?:against|by) [A-Z]")
_OBJECT = re.compile(
    r"(?:\W*\b(?:of|for|to|in|as|on|by|with|under|from|against|the|his|her|its|their|this)\b)*"
    r"\W*(?P<object>[\w'-]+(?: [\w'()-]+)*?)"
    r"(?=\s*(?:$|[,.;:\n])| (?:because|since|so|and|which|even|in law)\b)",
    re.I,
)
"""All that a verdict is of: damages for distress are not those for repair."""
_LONGEST_OBJECT = 80
_OWN = frozenset({"the", "this", "that", "his", "her", "its", "their", ""})
_OWNERS = frozenset({"his", "her", "its", "their"})


def against_itself(reading: Reading) -> tuple[str, str] | None:
    """The first sentence and one of the last that decide the opposite of the same subject."""
    first = reading.first_sentence
    for verb in [family.verb for hint, family in _BY_HINT if hint in first]:
        said = verb.search(first)
        if said is None or (subject := _subject(said)) is None:
            continue
        later = reading.draft.answer.lstrip()[len(first) :]
        for other in verb.finditer(later):
            opposite = bool(other["yes"]) != bool(said["yes"])
            if opposite and _is_of(subject, _subject(other)) and _of_the_same(said, other):
                end = later[_begin(other) :].lstrip(" .")
                if len(sentences(end)) <= _CLOSING:
                    return first, end
    return None


def against_last_step(reading: Reading) -> tuple[str, str] | None:
    """The last step and the first sentence, where they decide the opposite of one subject.

    The answer may call it ``such``; or one says that it is needed, the other that it is not.
    """
    if not reading.draft.reasoning_steps:
        return None
    step, first = reading.draft.reasoning_steps[-1], reading.first_sentence
    if _needs_otherwise(step, first) or _needs_otherwise(first, step):
        return step, first
    verbs = [family.verb for hint, family in _BY_HINT if hint in step]
    asserted = _SUCH.sub("The ", first) if verbs else ""
    for verb in verbs:
        said, other = verb.search(step), verb.search(asserted)
        if said is None or other is None or bool(said["yes"]) == bool(other["yes"]):
            continue
        subject = _subject(said)
        if subject and _is_of(subject, _subject(other)) and _of_the_same(said, other):
            return step, first
    return None


_SUCH = re.compile(r"\ASuch (?:an? )?")
_NEEDLESS = re.compile(
    r"\A(?:(?:so|therefore|thus|hence),? )?(?:no (?:(?P<kind>\w+) )?(?P<what>[a-z]{3,}) (?:is|are)"
    r" (?:needed|required|necessary)|(?:(?:nobody|no one) need"
    r"|(?:(?:the|an?) )?(?P<who>\w+) need not) (?:be|have been) (?P<done>[a-z]{3,}))\b",
    re.I,
)
_NEEDS = ("need", "required", "necessary")


def _needs_otherwise(denying: str, asserting: str) -> bool:
    """Whether one sentence says that none is needed of what the other one needs."""
    if not [hint for hint in _NEEDS if hint in denying]:
        return False
    denied = _NEEDLESS.match(denying)
    if denied is None or _OPEN.search(denying, denied.end()):
        return False
    if _BARE.match(denying, denied.end()) is None:
        return False
    of_what = denied["kind"] or denied["who"]  # none of a kind is needed, or none at all
    needed = (rf"{of_what} " if of_what else r"(?:\w+ )?") + (
        rf"{denied['what']} (?:is|are) (?:needed|required|necessary)\b"
        if denied["what"]
        else rf"must (?:be|have been) {denied['done']}\b"
    )
    found = re.match(rf"(?:(?:an?|the) )?(?!no ){needed}", asserting, re.I)
    return found is not None and _BARE.match(asserting, found.end()) is not None


class _Subject(NamedTuple):
    """What a verdict is of, of what kind that is, and whose; the last two may be empty."""

    head: str
    kind: str
    owner: str


def _is_of(subject: _Subject, other: _Subject | None) -> bool:
    """Whether two verdicts are of one thing; "her claim" may be "Amara's claim", not "his"."""
    if other is None or subject[:2] != other[:2]:
        return False
    owners = {subject.owner, other.owner} - {""}
    return len(owners) < 2 or len(owners & _OWNERS) == 1


def _subject(verdict: re.Match[str]) -> _Subject | None:
    """What a verdict is of; None: it is of no one thing, or open.

    What kind of it makes a difference: the first notice is not the second.
    """
    begin = _begin(verdict)
    text = verdict.string
    found = _SUBJECT.search(text, max(begin, verdict.start() - _LONGEST_SUBJECT), verdict.start())
    if found is None or _OPEN.search(text, begin, verdict.start()):
        return None
    if not _UNNARROWED.match(text[begin : found.start()]):
        return None
    before = (found["before"] or "").casefold()
    named = before.endswith(("'s", "\u2019s", "s'"))
    owner = before if named or before in _OWNERS else ""
    return _Subject(found["head"].casefold(), "" if named or before in _OWN else before, owner)


def _begin(verdict: re.Match[str]) -> int:
    """Where the sentence of a verdict begins."""
    text, end = verdict.string, verdict.start()
    return max(text.rfind(". ", 0, end), text.rfind("; ", 0, end), text.rfind("\n", 0, end)) + 1


def _of_the_same(said: re.Match[str], other: re.Match[str]) -> bool:
    """Whether two verdicts are of battery both times, or of nothing named."""
    rests = [match.string[match.end() : match.end() + _LONGEST_OBJECT] for match in (said, other)]
    if all(map(_BARE.match, rests)):
        return True
    denied, asserted = rests if said["no"] else reversed(rests)
    if _BARE.match(denied) and _AGAINST.match(asserted):
        return True  # what does not bind at all binds nobody
    left, right = (_OBJECT.match(rest) for rest in rests)
    if left is None or right is None or _OPEN.search(left["object"]):
        return False
    return left["object"].casefold() == right["object"].casefold()


_WINS = (
    r"succeeds(?! in part)|wins|prevails|need not pay|is not liable|owes nothing"
    r"|is entitled to (?:damages|compensation|the price|judgment)"
)
_LOSES = (
    r"loses(?= the (?:case|claim|action)|[,.;]|$)|fails(?! to)|is liable|is in breach"
    r"|(?:must|has to) pay|owes (?:\w+ )?(?:damages|compensation|the price)|does not succeed"
    r"|cannot succeed|bears the (?:loss|risk|cost)"
)
_BURDENED = r"(?:loss|risk|liability) (?:falls|lies|rests) (?:on|upon|with)"
"""Verbs that decide a case as a whole: what a party may claim is often only a part of it."""
_DECIDING = (
    "succe", "wins", "prevails", "pay", "liable", "owes", "entitled", "loses", "fails", "breach",
    "bears", "falls", "lies", "rests",
)  # fmt: skip
"""Without one of these no such verb is there."""
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")


def wrong_party(reading: Reading) -> tuple[str, str] | None:
    """The last step and the first sentence, where a party wins by one and loses by the other."""
    if not reading.draft.reasoning_steps:
        return None
    step, first = reading.draft.reasoning_steps[-1], reading.first_sentence
    if not all([hint for hint in _DECIDING if hint in text] for text in (step, first)):
        return None
    names = sorted(set(_NAME.findall(reading.draft.question)) - NOT_A_PARTY)
    if not names:
        return None
    told, said = dict(_roles(step, names)), dict(_roles(first, names))
    turned = any(told[name] != said[name] for name in told.keys() & said.keys())
    winners = [{name for name, wins in roles.items() if wins} for roles in (told, said)]
    if all(winners) and all(_OUTRIGHT.search(text) for text in (step, first)):
        pairs = [(one, other) for one in winners[0] for other in winners[1]]
        turned |= not any(_are_one(one, other, reading.draft.question) for one, other in pairs)
    return (step, first) if turned else None


_OUTRIGHT = re.compile(r"\b(?:succeeds(?! in part)|wins|prevails)\b")
"""What one party alone can do."""


def _are_one(one: str, other: str, question: str) -> bool:
    """Whether two words are one name, or parts of one."""
    return one == other or f"{one} {other}" in question or f"{other} {one}" in question


def _roles(text: str, names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each party of whom a sentence says plainly that it wins or loses."""
    called = "|".join(map(re.escape, names))
    role = (
        rf"\b(?P<name>{called})\b(?P<between>(?:(?!\b(?:{called})\b)[^.;:]){{0,70}}?) {_SO}"
        rf"(?:(?P<wins>{_WINS})|(?P<loses>{_LOSES}))\b|{_BURDENED} (?P<on>{called})\b"
    )
    found: dict[str, set[bool]] = {}
    for match in re.finditer(role, text):
        between = match["between"] or ""
        if _OPEN.search(text, 0, match.start()) or re.search(r"\b(?:not|if)\b", between):
            continue
        if match["name"] and not _is_of_the_whole(match):
            continue
        found.setdefault(match["name"] or match["on"], set()).add(bool(match["wins"]))
    for name, roles in found.items():
        if len(roles) == 1:
            yield name, roles.pop()


def _is_of_the_whole(role: re.Match[str]) -> bool:
    """Whether nothing narrows what is said of a party, before its name or behind the verb."""
    text = role.string
    before = text[_begin(role) : role.start()]
    narrowed = _NARROWED.match(before) and not _UNNARROWED.match(before)
    return not narrowed and not _PART.match(text, role.end())


_NARROWED = re.compile(
    r"[^:]*:|\W*(?:in|on|at|under|against|as (?:to|between|regards)|for|by|before|after|with"
    r"|within|until|up to|during|between)\b",
    re.I,
)
"""What stands before a verdict of one claim, place or time."""
_PART = re.compile(r",? (?:in|under|on|as to|only|until|up to|at most|against|by|for|but)\b")
"""What limits a verdict to one claim, one ground, one sum or one time."""


# --- the same words, denied and not --------------------------------------------------------------

_LED_IN = re.compile(
    r"(?:(?:so|therefore|thus|hence|accordingly|consequently|it follows that|yes|no)\b,? ?)?"
    r"(?:(?:without|absent|in the absence of|for want of|under|by|in)\b[^,]*?(?:, | (?=[A-Z])))?",
    re.I,
)
"""What may stand before a main clause; before a name no comma is needed."""
_MAIN_ENDS = re.compile(
    r",? (?:because|since|so that|and|which|(?:as|for) (?:the|it|he|she|they|no|an?))\b|[,;:]"
)
_TURNS_NONE = re.compile(
    r"\b(?:if|unless|only|merely|just|except|until|alone|automatically|necessarily|yet|both|all"
    r"|every|always|whether|but|although|though|where|when|(?<!at )once|than|too|further|beyond"
    r"|that|who|some|any|more|other|another)\b",
    re.I,
)
"""What makes a denial one of a part, a degree or something else."""
_DENIAL = re.compile(r"\b(?:not|no|never|cannot|nor|neither|nobody|none|without)\b|n't\b", re.I)
_OF_ITS_VERB = re.compile(
    r"\b(?:ha(?:s|ve|d)|is|are|was|were|under) no\b|\bcannot\b|n't\b"
    r"|\b(?:is|are|was|were|may(?! not (?:succeed|win|be able|be enough|suffice))|can|does|do|did"
    r"|must|has|have|will|would|shall|should)"
    r"(?: \w+ly| therefore| thus)? not\b",
    re.I,
)
_RIGHTS = stems(
    words("right entitled allowed permitted claim power duty obliged liberty bound able")
)
"""Words of what somebody has by law, which two sentences may put in different ones."""
LEAST_SHARED = 2
"""Words of five letters or more that both have as they stand, below which nobody looks closer."""
LEAST_SAME = 3
SAME_SHARE = 0.75
"""Telling words of the shorter of two sentences that the other has, from which one denies the
other. In 279 good answers and 2,029 older rows no last step and first sentence are such."""


def opposed(step: str, first: str) -> bool:
    """Whether two plain sentences have nearly the same words, and one denies them.

    "She has no right to it" denies "she is entitled to it".
    """
    if len(telling_words(step) & telling_words(first)) < LEAST_SHARED:
        return False
    left, right = (_MAIN_ENDS.split(_LED_IN.sub("", text, count=1))[0] for text in (step, first))
    denials = [len(_DENIAL.findall(text)) for text in (left, right)]
    if sorted(denials) != [0, 1] or _TURNS_NONE.search(left) or _TURNS_NONE.search(right):
        return False
    if not _OF_ITS_VERB.search(left if denials[0] else right):
        return False
    said, other = (stems(words(text)) - _RIGHTS for text in (left, right))
    return len(said & other) >= max(LEAST_SAME, SAME_SHARE * min(len(said), len(other)))
