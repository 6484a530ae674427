"""Opposite verdicts in other words: ``suppressed`` and ``may be put before the jury``.

``verdicts`` looks for one verb with and without its negation. Here the words of a verdict are of a
family (evidence goes in or stays out, a term is valid or void, somebody owes or goes free), each
with its polarity, which a negation turns. The last step and the first sentence have to agree, and
so have the first sentence and a later one that draws a conclusion or closes the answer. A verdict
that is conditional, of a part, of another thing or of what somebody argues is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from legalgen.law.citations.parsed import word_set
from legalgen.quality.reading import COMMON, Reading, sentences, stems
from legalgen.store.sample import words


class _Family(NamedTuple):
    """Words of one verdict and of its opposite, behind words of which either has one."""

    name: str
    hints: frozenset[str]
    verb: re.Pattern[str]


_BE = r"(?:is|are|was|were|be|been|being|stands?|remains?)(?: \w+ly| therefore| thus| still| not)* "


def _family(name: str, hints: str, yes: str, no: str) -> _Family:
    verb = re.compile(rf"\b(?:(?P<no>{no})|(?P<yes>{yes}))\b")
    return _Family(name, word_set(hints), verb)


_FAMILIES = (
    _family(
        "evidence",
        "admissible admitted hear see consider introduced put go let used relied received heard"
        " read use rely lawfully overrule overrules inadmissible suppress suppressed excluded out"
        " sustain",
        r"admissible|admitted|(?:can|may|be) (?:properly )?(?:put|be put|go) (?:\w+ )?(?:before|in"
        r"|to)|let in|(?:be|is|are) (?:\w+ ){0,2}?(?:used|relied (?:up)?on|received|heard|read)"
        r"|(?:can|may|cannot|to|not) (?:use|rely (?:up)?on)|lawfully obtained|be introduced"
        r"|(?:jury|court|judge) (?:may|can|will) (?:hear|see|consider)"
        r"|overrules? \w+ objection",
        r"inadmissible|suppress(?:ed)?|excluded|kept out|keeps? \w+(?: \w+){0,3} out|shut out"
        r"|sustain (?:the|an) (?:\w+ )?objection",
    ),
    _family(
        "time",
        "time timely late barred prescribed untimely inside within period limit years",
        r"in (?:good )?time|timely|(?:inside|within) (?:it|time|(?:the|that|this|its) (?:\w+ )?"
        r"(?:period|limit|limitation|window))",
        r"out of time|too late|(?:time-|statute-)?barred|prescribed|untimely|(?:time|period|limit"
        r"|years) (?:has |had |have )?(?:already |long )*(?:ran out|run out|expired|lapsed|elapsed"
        r"|is over|was over) before",
    ),
    _family(
        "valid",
        "valid binding enforceable effective good upheld bind binds enforced effect void properly"
        " validly duly"
        " invalid unenforceable ineffective null nullity aside",
        rf"{_BE}(?:valid|binding|enforceable|effective|good|upheld)|binds?|can be enforced"
        r"|takes? effect|(?:properly|validly|duly) (?:made|executed|signed|formed|served)",
        rf"{_BE}(?:void|invalid|unenforceable|ineffective|null|a nullity|of no effect|set aside)",
    ),
    _family(
        "liable",
        "liable responsible answerable breach pay compensate owe owes liability broken breached",
        rf"{_BE}(?:\w+ly )?(?:liable|responsible|answerable|in breach)|(?:must|has to|will) (?:pay"
        r"|compensate)|owes?|ha(?:s|ve) (?:\w+ )?(?:broken|breached) (?:the|his|her|its|their|a)"
        r" (?:\w+ )?(?:dut(?:y|ies)|obligations?|contract|promise|undertaking)",
        r"escapes? (?:\w+ )?liability|need not (?:pay|compensate)|owes? (?:\w+ )?nothing",
    ),
    _family(
        "entitled",
        "entitled claim recover sue right remedy cause nothing cost loss",
        rf"{_BE}entitled|(?:may|can|will) (?:claim|recover|sue)|ha(?:s|ve) an? (?:good )?(?:claim"
        r"|right)|ha(?:s|ve) a remedy",
        r"ha(?:s|ve) no (?:claim|right|remedy|cause of action)|cannot (?:claim|recover|sue)"
        rf"|{_BE}entitled to nothing|goes away with nothing|bears? the (?:cost|loss)",
    ),
    _family(
        "succeed",
        "succeed succeeds win wins prevail prevails made fail fails lose loses dismissed",
        r"succeeds?|will succeed|wins?|prevails?|is made out",
        rf"fails?(?! to)|loses?|{_BE}dismissed|must be dismissed",
    ),
    _family(
        "guilty",
        "guilty convicted committed commits acquitted innocent",
        rf"{_BE}(?:guilty|convicted)|ha(?:s|ve) committed|commits",
        rf"{_BE}(?:acquitted|innocent)",
    ),
    _family(
        "lawful",
        "lawful legal permitted allowed permissible compatible constitutional justified"
        " unlawful illegal prohibited forbidden banned impermissible incompatible"
        " unconstitutional unjustified",
        rf"{_BE}(?:lawful|legal|permitted|allowed|permissible|compatible|constitutional|justified)",
        rf"{_BE}(?:unlawful|illegal|prohibited|forbidden|banned|impermissible|incompatible"
        r"|unconstitutional|unjustified)",
    ),
    _family(
        "within",
        "within inside applies apply covers covered catch catches caught outside escape escapes",
        r"(?:falls?|comes?|lies?|is|are) (?:squarely |plainly )?(?:within|inside)|applies|apply"
        rf"|covers|catch(?:es)?|{_BE}(?:covered|caught)",
        r"(?:falls?|comes?|lies?|is|are) (?:squarely |plainly |well )?outside|escapes?",
    ),
    _family(
        "granted",
        "granted allowed upheld refused denied rejected",
        rf"{_BE}(?:granted|allowed|upheld)",
        rf"{_BE}(?:refused|denied|rejected)",
    ),
    _family(
        "quashed",
        "upheld confirmed affirmed stands stand quashed annulled reversed overturned aside",
        rf"(?:{_BE}|should be |will be )(?:upheld|confirmed|affirmed)|(?:will|must|should) stand",
        rf"(?:{_BE}|should be |will be )(?:quashed|annulled|reversed|overturned|set aside)",
    ),
    _family(
        "kept",
        "keeps keep retains retain still lost loses lose forfeits forfeited gone",
        r"(?:keeps?|retains?|still ha(?:s|ve)) (?:\w+ ){1,3}?(?:claims?|rights?|remed(?:y|ies))",
        r"(?:lost|loses?|forfeit(?:s|ed)?) (?:\w+ ){1,3}?(?:claims?|rights?|remed(?:y|ies))"
        r"|(?:claims?|rights?|remed(?:y|ies)) (?:is|are) (?:lost|gone|forfeited|cut off)",
    ),
    _family(
        "bound",
        "bound hold holds held free",
        r"(?:is|are|be) (?:bound by|held to)|holds? (?:\w+ ){1,4}to (?:the|it|that|his|her|its)",
        r"(?:is|are) free (?:of|from)",
    ),
    _family(
        "needed",
        "needed required necessary unnecessary needless superfluous",
        rf"{_BE}(?:needed|required|necessary)",
        rf"{_BE}(?:unnecessary|needless|superfluous)",
    ),
)
DENIAL = re.compile(r"\b(?:not|no|never|cannot|neither|nobody|nothing|none)\b|n't\b")
_OF_SUBJECT = re.compile(r"\W*(?:(?:so|therefore|thus|hence|accordingly),? )?(?:no|none|neither)\b")
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|had|does|do|did|must|will)\b")
LED_IN = re.compile(
    r"\A\W*(?:(?:since|because|as|given that)\b[^,]*"
    r"|(?:for want of|with|in view of)\b(?:(?! (?:is|are|was|were|has|have|must|may|can) )[^,])*), "
)
MAIN_ENDS = re.compile(
    r",? (?:because|since|so that|which|who|although|while|whereas|even though|whatever"
    r"|however (?:much|long)|as (?:he|she|it|they|any|every)|as [a-z]+ v)\b|, (?:as|for)\b|[:]"
)
_CLAUSES = re.compile(
    r", (?:and so|so|and therefore|and) |; |,? so (?!far\b|long\b|much\b|that\b)(?=\w)"
)
SUPPOSED = re.compile(
    r"\b(?:if|unless|would|could|might|whether|although|though|otherwise"
    r"|argu(?!ments?\b(?! that))\w+|contend\w*|says?|submits?|claims? that|provided|but"
    r"|except|suppose\w*|impeach\w*)\b"
)
OPEN = re.compile(
    r"\b(?:where|when|until|once|only|some|any|all|each"
    r"|every(?! (?:claim|remedy|right)\b)|most|another|other|unlike|rather"
    r"|even|usually|alone|whoever|merely|further|such (?!a case)|had|both|separate|different|nor"
    r"|more than|less than|exceed\w*|above|higher|beyond|twice|again|longer|jointly"
    r"|in part|partly|simply|necessarily|always|automatically|solely|often|sometimes|rarely"
    r"|by itself|as such|any\w+"
    r"|(?:so|in so) far as|insofar|as (?:to|regards|between)|extent|may(?: not)? (?:succeed|win)"
    r"|(?<!expired )(?<!lapsed )(?<!run out )before (?!the (?:jury|court|judge))|after)\b"
)
"""What makes a sentence, or a clause, one of something else, of a part, or of what is argued."""
_CONCLUDING = (
    ("therefore", "therefore"), ("thus", "thus"), ("hence", "hence"),
    ("accordingly", "accordingly"), ("consequently", "consequently"), ("follows", "it follows"),
    ("short", "in short"), ("end", "in the end"), ("result", "in the result"),
    ("result", "the result"), ("outcome", "the outcome"), ("upshot", "the upshot"),
    ("consequence", "the consequence"), ("reason", "for that reason"),
    ("reason", "for this reason"), ("reasons", "for these reasons"),
    ("reasons", "for those reasons"), ("want", "for want"), ("overall", "overall"),
    ("finally", "finally"), ("conclusion", "in conclusion"), ("however", "however"),
    ("nevertheless", "nevertheless"), ("nonetheless", "nonetheless"), ("same", "all the same"),
    ("time", "at the same time"),
)  # fmt: skip
"""What a conclusion has, or what turns to one, after a word of it."""
_REASONED = re.compile(
    r"(?:Since|Because|As(?! (?:to|for|regards|between|against|far|long|soon)\b)|Given that) "
)
_TURNS = ("however", "nevertheless", "nonetheless", "all the same", "at the same time")
CLOSING = 2
"""Sentences at the end that say what an answer comes to."""
PRONOUN = re.compile(
    r"\W*(?:(?:yes|no|so|therefore|thus|accordingly|it follows that),? )*"
    r"(he|she|it|they|you|this|that)\b"
)
_ELLIPSIS = re.compile(r"\b(?:may|is|are|can|does|do|was|were|must|will) not\W*\Z")
"""A second subject of which the opposite is said: "the letter may be used, the diary may not"."""
_SHALL = re.compile(r"(?<!the )(?<!a )(?<!his )(?<!her )(?<!this )(?<!earlier )(?<!later )\bwill\b")
HEAD = re.compile(
    r"\W*(?:in|on|at|during|under|within|outside|for|by|after|before|against|with|without|as|if"
    r"|where|when|once|until|unless) (?!(?:the (?:end|result|outcome)|short|conclusion|sum"
    r"|(?:that|this|these|those) reasons?|want of)\b)"
)
"""What stands before a main clause that is of one case, time or place."""
_NARROWS = re.compile(
    r"\W*(?:in|under|for|from|to|as (?:to|between|regards)|against|on|by|with|without|at|during"
    r"|within)\b"
)
_OF_TRIALS = word_set(
    "chief trial jury prosecution prosecutor court case evidence proof state states government the"
    " a an his her its their of in at to for on by from him them it that this before s"
    " against under with without during within as himself herself itself themselves you"
)
"""What stands behind nearly every verdict and tells nothing of it."""
_TOLD = stems(words("confession admission statement reply answers words remarks interview"))
"""What a suspect said, by its names."""
_NO_SUBJECT = word_set(
    "the a an so therefore thus hence accordingly consequently it follows that in short result for"
    " want outcome upshot consequence of is are was were has have had can may must not no"
    " cannot does do did to be also still nevertheless nonetheless however yes and he she they you"
    " this these those end all same reason reasons"
)
_OWNERS = word_set("his her its their our your s")
_PARTING = re.compile(
    r"\b(?:\d+(?:\(\w+\))*|first|second|third|fourth|last|earlier|later|before|after|since|former"
    r"|latter|initial|original|new|other|direct|indirect|primary|secondary)\b",
    re.I,
)


def are_apart(left: str, right: str) -> bool:
    """Whether two sentences tell by words or numbers that they are of two things of a kind."""
    parted = [{each.casefold() for each in _PARTING.findall(text)} for text in (left, right)]
    return all(parted) and parted[0].isdisjoint(parted[1])


class _Said(NamedTuple):
    """One verdict: whether it is for, of what and in what respect, and the whole of its clause."""

    holds: bool
    subject: frozenset[str]
    rest: frozenset[str]
    is_narrowed: bool
    lead: str
    pronoun: str
    is_of_any: bool
    clause: str


_Verdicts = Mapping[str, _Said]
BY_NAME = {family.name: family for family in _FAMILIES}
BY_HINT = {
    hint: frozenset(family.name for family in _FAMILIES if hint in family.hints)
    for hint in frozenset[str]().union(*(family.hints for family in _FAMILIES))
}
_HINTS = frozenset(BY_HINT)
_NONE = frozenset[str]()


def _families(sentence: str) -> frozenset[str]:
    """The families of which a sentence has a word, seen in a third of the time of ``words``."""
    text = sentence.casefold()
    for mark in _MARKS:
        text = text.replace(mark, " ")
    there = _HINTS.intersection(text.split())
    return _NONE.union(*map(BY_HINT.__getitem__, there)) if there else _NONE


_MARKS = ".,;:-"


def _said(sentence: str, names: Set[str]) -> _Verdicts:
    """The verdicts of a sentence of these families, its last clause first; none where supposed."""
    found: dict[str, _Said] = {}
    for clause in _deciding(sentence):
        for name in names - found.keys():
            if said := _of_clause(clause, BY_NAME[name].verb):
                found[name] = said
    return found


def _deciding(sentence: str) -> Sequence[str]:
    """The clauses of a sentence that decide something, the last one first; none where supposed."""
    clauses = _CLAUSES.split(LED_IN.sub("", sentence.casefold(), count=1))
    clauses = [MAIN_ENDS.split(clause, maxsplit=1)[0] for clause in clauses]
    if any(map(SUPPOSED.search, clauses)):
        return ()
    return [each for each in reversed(clauses) if not (OPEN.search(each) or HEAD.match(each))]


def _of_clause(text: str, verb: re.Pattern[str]) -> _Said | None:
    matches = list(verb.finditer(text))
    if len(matches) != 1:
        return None
    (match,) = matches
    after = text[match.end() :].removeprefix(" as a contract")
    if _ELLIPSIS.search(after):
        return None
    before = words(_SHALL.sub("", text[: match.start()]))
    return _Said(
        (match["yes"] is not None) != _is_turned(text, match),
        frozenset(before) - _NO_SUBJECT,
        frozenset(words(after.partition(" and ")[0])) - _OF_TRIALS,
        _NARROWS.match(after) is not None,
        next((word for word in before if word not in _NO_SUBJECT), ""),
        pronoun[1] if (pronoun := PRONOUN.match(text)) else "",
        text.startswith(("a ", "an ")),
        text,
    )


def _is_turned(text: str, match: re.Match[str]) -> bool:
    """Whether a negation is of this verb: right before it or within, or of the subject."""
    if _OF_SUBJECT.match(text):
        return True
    begin = match.start() if _FINITE.match(text, match.start()) else 0
    denials = [
        denial
        for denial in DENIAL.finditer(text, begin, match.end())
        if not (match["no"] and denial.start() >= match.start())
        and not _FINITE.search(text, denial.end(), match.start())
    ]
    return len(denials) % 2 == 1


_CLAIM = re.compile(
    r"\b(?:in|for|under|against) (?:the |his |her |its |their )?(?!time|good)(\w{4,})"
)
"""What a claim is in, for or against."""


class Opposed(NamedTuple):
    """Two sentences that decide the opposite, and whether it is surely of one thing."""

    first: str
    second: str
    of_step: bool
    is_sure: bool


def opposites(reading: Reading) -> Opposed | None:
    """Two sentences that decide the opposite, in other words or in the same ones."""
    conclusions = _conclusions(reading)
    return (
        _opposite_verdicts(reading, conclusions)
        or _denied_predicate(reading, conclusions)
        or _denied_offence(reading)
        or _leave_denied(reading, conclusions)
        or _missing_thing(reading)
    )


def _opposite_verdicts(reading: Reading, conclusions: Sequence[str]) -> Opposed | None:
    """The last step, or a conclusion of the answer, against what the answer begins with."""
    begins = reading.first_sentence
    begun = _families(begins)
    step = reading.draft.reasoning_steps[-1] if reading.draft.reasoning_steps else ""
    stepped = _families(step)
    if not begun and not stepped:
        return None
    closing = reading.sentences[1:][-CLOSING:]
    ends = [(each, _families(each)) for each in dict.fromkeys((*conclusions, *closing))]
    if stepped and any(stepped & names for names in (begun, *(names for _, names in ends))):
        last = _said(sentences(step)[-1], stepped)
        for sentence in (begins, *closing) if last else ():
            sure = _opposed(reading, last, said_too(sentence, last), of_step=True)
            if sure is not None:
                return Opposed(step, sentence, of_step=True, is_sure=sure)
    if not any(begun & names for _, names in ends):
        return None
    first = _said(_without_asked(begins, reading), begun)
    for sentence, _ in ends if first else ():
        sure = _opposed(reading, first, said_too(sentence, first), of_step=False)
        if sure is not None:
            return Opposed(
                begins,
                sentence,
                of_step=False,
                is_sure=sure and sentence in conclusions and not _turns(sentence),
            )
    return None


_ASKED_OF = re.compile(r"\b(?:commit(?:s|ted)?|guilty of) (?:an? |the offence of )?([a-z]{5,})\b")
"""What a question asks whether somebody did, in small letters."""


def _denied_offence(reading: Reading) -> Opposed | None:
    """The last step says of what somebody did the opposite of what the answer begins with."""
    asked = _ASKED_OF.search(reading.draft.question.casefold())
    if asked is None or not reading.draft.reasoning_steps:
        return None
    step = reading.draft.reasoning_steps[-1]
    verb = re.compile(
        rf"\b(?:(?P<yes>(?:{_BE}|(?:commit(?:s|ted)?|guilty of|amounts? to) )"
        rf"(?:an? |the offence of )?{asked[1]})|(?P<no>(?!)))\b"
    )
    last, first = (_holds(each, verb) for each in (sentences(step)[-1], reading.first_sentence))
    if last is None or first is None or last == first:
        return None
    return Opposed(step, reading.first_sentence, of_step=True, is_sure=True)


def _holds(sentence: str, verb: re.Pattern[str]) -> bool | None:
    """Whether the last clause of a sentence that decides it says so; None: none decides it."""
    said = next(filter(None, (_of_clause(each, verb) for each in _deciding(sentence))), None)
    return None if said is None else said.holds


_IF_ASKED = re.compile(r",? (?:where|when|if) (?P<case>[^,.;:]+)[.]?\Z")


def _without_asked(sentence: str, reading: Reading) -> str:
    """A sentence without its last condition, where the question has its words: it is this case."""
    found = _IF_ASKED.search(sentence)
    if found and stems(words(found["case"])) <= reading.question_stems:
        return sentence[: found.start()]
    return sentence


def _turns(sentence: str) -> bool:
    """Whether a sentence turns to something that stands against what was said, perhaps of it."""
    text = sentence.casefold()
    return any(map(text.__contains__, _TURNS))


def said_too(sentence: str, verdicts: Mapping[str, object]) -> _Verdicts:
    """The verdicts of a sentence that are of families of another's."""
    names = verdicts.keys() & _families(sentence)
    return _said(sentence, names) if names else {}


def _conclusions(reading: Reading) -> Sequence[str]:
    """The sentences after the first one that draw a conclusion, or turn to one."""
    vocabulary = reading.answer_vocabulary
    there = [phrase for word, phrase in _CONCLUDING if word in vocabulary]
    there = [phrase for phrase in there if phrase in reading.folded_answer]
    if not there:
        return ()
    folds = ((each, each.casefold()) for each in reading.sentences[1:])
    return [each for each, text in folds if any(map(text.__contains__, there))]


def _reasoned(reading: Reading) -> Sequence[str]:
    """Those of the last sentences that begin with a reason."""
    return [each for each in reading.sentences[1:][-CLOSING:] if _REASONED.match(each)]


def _opposed(reading: Reading, left: _Verdicts, right: _Verdicts, *, of_step: bool) -> bool | None:
    """Whether two sentences surely decide the opposite; None: they do not."""
    for name in left.keys() & right.keys():
        one, other = left[name], right[name]
        if one.holds == other.holds or are_apart(one.clause, other.clause):
            continue
        if name in _LEAST_THINGS and _is_one_whole(one, other, _LEAST_THINGS[name]):
            return True
        alike = not one.rest or not other.rest or one.rest <= other.rest or other.rest <= one.rest
        alike |= name == "lawful" and one.subject == other.subject != _NONE and not of_step
        if not alike and name != "evidence":
            continue
        if name == "evidence":
            if _is_one_proof(one, other, frozenset(words(reading.draft.question)), of_step):
                return True
            continue
        found = _are_of_one(one, other, reading, always=name == "time" and of_step)
        if found is not None:
            return found
    return None


_SMALL = word_set(
    "the a an is are was it this that of to in on for and not cannot does do falls by"
)
_LEAST_THINGS = {"within": 3, "bound": 2}
"""Words of two clauses of these families that make them of the same things."""


def _is_one_whole(one: _Said, other: _Said, least: int) -> bool:
    """Whether two verdicts name the same things: the ban and Article 34, in whichever order."""
    left, right = (frozenset(words(each.clause)) - _SMALL for each in (one, other))
    return len(left & right) >= least


def _are_of_one(one: _Said, other: _Said, reading: Reading, *, always: bool) -> bool | None:
    """Whether two verdicts are surely of one subject and respect; None: they are not."""
    claims = [frozenset(_CLAIM.findall(each.clause)) for each in (one, other)]
    if (all(claims) and claims[0] != claims[1]) or one.is_of_any != other.is_of_any:
        return None
    asked = frozenset(words(reading.draft.question))
    if not always and (not one.rest or not other.rest) and not one.rest | other.rest <= asked:
        return None
    narrowed = one.is_narrowed != other.is_narrowed
    named = one.subject & other.subject and _is_one(one.subject, other.subject, asked)
    by_pronoun = one.pronoun == other.pronoun != "" and not one.subject | other.subject
    if always or named or by_pronoun:
        return not narrowed
    if (one.pronoun == "") != (other.pronoun == "") and not narrowed:
        if (one.lead or other.lead) not in asked:
            return None
        return one.rest == other.rest and len(one.rest) > 1
    return None


def _is_one(left: Set[str], right: Set[str], asked: Set[str]) -> bool:
    """Whether two subjects are one, of which one may be told by more words of the question."""
    return (left <= right or right <= left) and (left ^ right) <= asked | _OWNERS


def _is_one_proof(one: _Said, other: _Said, asked: Set[str], of_step: bool) -> bool:
    """Whether two verdicts are of one piece of evidence: it, or what both clauses name.

    ``It`` is in the first sentence what the question has, and later what was named before.
    """
    if "objection" in one.clause or "objection" in other.clause:
        return True
    left, right = (
        frozenset(words(each.clause)) - _SMALL - _OF_TRIALS - _OF_PROOFS for each in (one, other)
    )
    if left & right or all(_TOLD & stems(each) for each in (left, right)):
        return True
    if _IT.search(other.clause):
        return True
    return _IT.search(one.clause) is not None and (of_step or bool(right & asked))


_IT = re.compile(r"\b(?:it|them|they)\b(?! follows)")
_OF_PROOFS = word_set(
    "may can must be used use put admitted admissible inadmissible suppressed excluded kept out"
    " heard received officers officer police jury trial therefore however accordingly"
)


# --- the predicate of the first sentence, denied -------------------------------------------------

_PREDICATE = re.compile(
    r"\W*(?:(?:yes|no),? )?(?P<subject>[\w'\u2019 -]{2,60}?) (?:can|may|must|will|is|are|was|were"
    r"|has|have|does|do|did|cannot)(?P<denied>(?<=cannot)| not\b)?(?P<rest>\b.*)"
)
_DENIES = re.compile(
    r"\b(?:cannot|(?:can|may|must|is|are|was|were|has|have|does|do|did|will|shall)"
    r"(?: therefore| thus| accordingly| hence| consequently)? not)\b"
    r"(?! (?:only|merely|have to|need))"
)
_LEAST_ALIKE = 4
"""Letters with which two forms of one word begin: ``fined`` and ``a fine``."""


class _Begun(NamedTuple):
    """What the first sentence says of its subject, and the words that a reader then knows."""

    predicate: frozenset[str]
    subject: frozenset[str]
    known: frozenset[str]
    is_denied: bool
    is_passive: bool


def _begun(reading: Reading) -> _Begun | None:
    begins = reading.first_sentence.casefold()
    clause = MAIN_ENDS.split(begins, maxsplit=1)[0]
    said = _PREDICATE.match(clause)
    if said is None or SUPPOSED.search(begins) or OPEN.search(clause):
        return None
    predicate = _telling(said["rest"].partition(",")[0])
    if not predicate and (verb := _VERB.match(said["rest"])):
        predicate = frozenset({verb[1]})
    subject = _telling(said["subject"]) or (reading.question_stems - predicate)
    known = frozenset(words(f"{reading.draft.question} {begins}")) | _OF_CONCLUSIONS
    passive = said["rest"].startswith(" be ")
    return _Begun(predicate, subject, known, said["denied"] is not None, passive)


def _denied_predicate(reading: Reading, conclusions: Sequence[str]) -> Opposed | None:
    """A conclusion, or a reason and a result at the end, that denies what the first sentence says.

    Of one subject: that of the first sentence, or what the question asks of.
    """
    ends = dict.fromkeys((*conclusions, *_reasoned(reading)))
    begun = _begun(reading) if ends else None
    if begun is None or not begun.predicate:
        return None
    for sentence in ends:
        text = sentence.casefold()
        if SUPPOSED.search(text):
            continue
        text = MAIN_ENDS.split(LED_IN.sub("", text, count=1), maxsplit=1)[0]
        if (_asserts if begun.is_denied else _denies)(text, begun):
            sure = not begun.is_denied and not are_apart(reading.first_sentence, sentence)
            sure = sure and not _turns(sentence) and sentence in conclusions
            return Opposed(reading.first_sentence, sentence, of_step=False, is_sure=sure)
    return None


def _denies(text: str, begun: _Begun) -> bool:
    """Whether a clause denies the predicate of its subject, wholly and in this case."""
    denial = _DENIES.search(text)
    if denial is None or HEAD.match(text) or OPEN.search(text) or " without " in text:
        return False
    before = text[: denial.start()]
    active = begun.is_passive and not text.startswith(" be ", denial.end())
    if _OF_ANY.search(before) or (_telling(before) - begun.known and not active):
        return False
    told = words(text[denial.end() :])
    return _has_all(told, begun.predicate) and _has_any(_telling(text), begun.subject)


def _asserts(text: str, begun: _Begun) -> bool:
    """Whether a clause says in so many words that what was denied may be done."""
    head = text.partition(" until ")[0]
    if any(pattern.search(head) for pattern in (OPEN, DENIAL)) or HEAD.match(text):
        return False
    able = [_can(verb, head) for verb in begun.predicate]
    verb = next((match for match in able if match is not None), None)
    if verb is None or " without " in head or _telling(head[: verb.start()]) - begun.known:
        return False
    return _has_all(words(head), begun.predicate) and _has_any(_telling(head), begun.subject)


_OF_ANY = re.compile(r"\ban? (?:\w+ ){1,3}\Z")
_VERB = re.compile(r" (?!have|been|does)([a-z]{4,}) (?:it|them|him|her|this|that)\b")


_OF_CONCLUSIONS = word_set(
    "therefore accordingly consequently hence thus follows result outcome short nevertheless"
    " however finally overall conclusion same"
)


def _can(verb: str, text: str) -> re.Match[str] | None:
    """Where a sentence says that somebody may do something."""
    so = r"(?:therefore |thus |accordingly |\w+ly )?"
    return re.search(rf"\b(?:can|may|is free to|must|will) {so}{verb}\b", text)


def _telling(text: str) -> frozenset[str]:
    return frozenset([word for word in words(text) if len(word) > 3 and word.isalpha()]) - COMMON


def _has_all(told: Iterable[str], wanted: Iterable[str]) -> bool:
    return all(any(_are_forms(one, other) for other in told) for one in wanted)


def _has_any(told: Iterable[str], wanted: Iterable[str]) -> bool:
    return any(_are_forms(one, other) for one in told for other in wanted)


def _are_forms(one: str, other: str) -> bool:
    """Whether two words may be forms of one."""
    short, long = sorted((one, other), key=len)
    shared = next((at for at, sign in enumerate(short) if sign != long[at]), len(short))
    return shared >= _LEAST_ALIKE and shared >= len(long) - 3


# --- what there is not, and what somebody has ----------------------------------------------------

_MISSING = re.compile(
    r"\bno ([a-z]{4,}) (?:(?:has|have|was|were|is|are|can|could|ever) |(?:arose|arises|exists?)\b)"
)
_HAD = (
    r"\b(?:owns?|ha(?:s|ve)|holds?|acquired|acquires|gain(?:s|ed)|gets|enjoys?|owes?|made|formed"
    r"|there (?:is|was)) (?:now )?(?:an?|the|his|her|its|their) (?:good |valid |full |legal )?"
)


def _missing_thing(reading: Reading) -> Opposed | None:
    """The last step finds that there is no easement, and the answer begins with who has one.

    Where the step says of which kind, by which way or on which day there is none, there may be
    another.
    """
    steps = reading.draft.reasoning_steps
    step = sentences(steps[-1])[-1] if steps and " no " in steps[-1] else ""
    missing = _MISSING.search(step.casefold()) if " no " in step else None
    if missing is None or SUPPOSED.search(step.casefold()):
        return None
    begins = MAIN_ENDS.split(reading.first_sentence.casefold(), maxsplit=1)[0]
    had = re.search(rf"{_HAD}{missing[1]}\b", begins)
    if had is None or SUPPOSED.search(begins) or DENIAL.search(begins):
        return None
    if are_apart(step, begins) or _BY_ANOTHER_WAY.search(begins, had.end()):
        return None
    return Opposed(step, reading.first_sentence, of_step=True, is_sure=True)


_BY_ANOTHER_WAY = re.compile(r"\b(?:by|under|through|in equity|from|against|at)\b")


# --- with leave and without ----------------------------------------------------------------------

_LEAVES = "leave|permission|consent|approval|authori[sz]ation|licence"
_LEAVE_WORDS = frozenset(
    words("leave permission consent approval authorisation authorization licence")
)
_WITH_LEAVE = re.compile(
    rf"\bonly (?:once|if|with|after|when|where)\b[^.;]{{0,50}}\b(?:{_LEAVES})\b"
    rf"|\b(?:needs?|must (?:have|get|obtain|ask for|seek)|requires?)\b[^.;,]{{0,30}}"
    rf"\b(?:{_LEAVES})\b"
    rf"|\b(?<!no )(?:{_LEAVES})\b[^.;,]{{0,30}} (?:is|are) (?:needed|required|necessary)\b"
)
_WITHOUT_LEAVE = re.compile(
    rf"\bwithout (?:asking\b|(?:any|the court's|anybody's|anyone's)? ?(?:{_LEAVES})\b)"
    rf"|\bno (?:{_LEAVES})\b[^.;,]{{0,20}} (?:is|are) (?:needed|required|necessary|called for)\b"
    rf"|\bneeds? no (?:{_LEAVES})\b"
)
_PERSON = re.compile(r"\b(?:he|she|it|they|you)\b(?! follows)")
_NOT_NEEDED = re.compile(r"\b(?:no|not|without|never)\b|n't\b")


def _leave_denied(reading: Reading, conclusions: Sequence[str]) -> Opposed | None:
    """A conclusion that no leave is needed for what the first sentence allows with leave alone."""
    if not conclusions or _LEAVE_WORDS.isdisjoint(reading.answer_vocabulary):
        return None
    begins = reading.first_sentence.casefold()
    if _WITH_LEAVE.search(begins) is None or _NOT_NEEDED.search(begins):
        return None
    for sentence in conclusions:
        text = sentence.casefold()
        found = _WITHOUT_LEAVE.search(text)
        if found is None or SUPPOSED.search(text):
            continue
        if _PERSON.search(text, 0, found.start()):
            sure = not _turns(sentence)
            return Opposed(reading.first_sentence, sentence, of_step=False, is_sure=sure)
    return None


# --- yes and no in one sentence ------------------------------------------------------------------

_HINTS_OF_BOTH = (
    ("well", "as well as"), ("time", "same time"), ("yes", "yes and no"), ("also", "which it also"),
)  # fmt: skip
"""What such an answer has, after a word of it."""
_BOTH = re.compile(
    r"\b(?P<one>\w{3,}) (?:and|as well as) (?:not |un|in|im|il|ir|dis)(?P=one)\b"
    r"|\b(?:is|are) (?P<said>\w{4,}),? (?:and|yet) [^.;]{0,30}\bnot (?P=said)\b"
    r"|\bboth (?:succeeds? and fails?|valid and void|lawful and unlawful|liable and not liable)\b"
)


def yes_and_no(reading: Reading) -> str | None:
    """What an answer says of one thing and denies in the same breath, twice."""
    text, vocabulary = reading.folded_answer, reading.answer_vocabulary
    if not [1 for word, hint in _HINTS_OF_BOTH if word in vocabulary and hint in text]:
        return None
    found = [match for match in _BOTH.finditer(text) if not _PARTED.search(match[0])]
    least = 1 if text.startswith("yes and no") else 2
    return found[0][0] if len(found) >= least else None


_PARTED = re.compile(r"\b(?:he|she|they|whether|or|if|but|one|other|in|under|for|as to)\b(?! at)")
