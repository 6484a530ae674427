"""Which parameter of a request a server refuses, read from a 400 or 422 in any of its wordings.

Servers name it in a field (``param``, ``loc``, ``keys``) or only in the sentence (``Unknown name
"seed"``). Only parameters that a request can do without are looked for; the role ``system`` is
one of them, for its words can be the user's.
"""

from __future__ import annotations

import re

from legalgen.completion import CAPS, SYSTEM
from legalgen.errors.extent import ends
from legalgen.errors.patterns import pattern
from legalgen.errors.reply import Reply

FORMAT = "response_format"
NAMES = (
    "seed", "temperature", "top_p", *CAPS, FORMAT, "reasoning_effort", "reasoning_format", "stream",
    SYSTEM,
)  # fmt: skip
TYPES = ("json_schema", "json_object", "text")
"""The types of ``response_format``, strictest first."""

_NOBODY_TAKES = (
    r"\bno\s(?:\w+\s){1,4}(?:that|which|to)\s(?:can\s)?(?:support|handle|accept|take)s?\b"
)
_UNSUPPORTED = (
    rf"{_NOBODY_TAKES}|unsupported|(?:not|n't|no)\s(?:currently\s|yet\s)?support|unknown|unrecogni[sz]ed|unexpected"
    r"|not\s(?:permitted|allowed|accepted|available|recogni[sz]ed|implemented|enabled)|deprecated"
    r"|extra[\s_](?:input|field|forbidden|param)|additional\sproperties|cannot\sfind\sfield"
    r"|no\ssuch\s(?:field|param|arg)|(?:not|n't)\s(?:take|accept|have|allow|recogni[sz]e|know)"
    r"|not\sa\s(?:valid|known|supported)\s(?:param|field|arg|option)|unavailable|incompatible"
    r"|invalid\s(?:param|field|arg|key|property)|could\snot\sbe\smapped"
    r"|no\s(?:es|está)\s(?:compatible|admit|soport)|n'est\spas\s(?:support|pris)|nicht\sunterstützt|não\s(?:é\s)?suport"
    r"|不(?:被)?支持|サポートされてい(?:ません|ない)|지원(?:하지|되지)\s?않"
)
_REFUSED_NAME = pattern(_UNSUPPORTED)
TAKEN_NOWHERE = pattern(
    rf"{_NOBODY_TAKES}[^.;]{{0,40}}?\bparam(?:eter)?s?\b"
    r"|\bparam(?:eter)?s?\b[^.;]{0,60}?(?:\bunsupported\b|(?:\bnot|n't)\s(?:\w+\s)?(?:support|handle|accept))"
)
"""What a router says under 404 where none of a model's servers takes the request's parameters."""
_REFUSED = pattern(
    rf"{_UNSUPPORTED}|invalid|mandatory|must\s(?:be|not)|only\s|should\s(?:be|match)|can(?:not|'t)\s(?:both\s)?be|may\snot"
    r"|out\sof\srange|not\svalid|must\salternate|at\sthe\ssame\stime|remove|不合法|非法|无效"
)
_REQUIRED = pattern(r"\brequired\b|\bmissing\b")
# what is recommended instead, and lists of what is known, name parameters that are not refused
_ADVICE = pattern(
    r"(?:\buse\b|did\syou\smean|\bexpected\s(?:one|any)\sof\b|(?<!un)(?<!not\s)\b(?:supported|allowed|valid|permitted|known"
    r"|accepted)\s(?:parameters|params|fields|keys|names|arguments|properties)\b)[^.;]{0,800}"
)
# what was unexpected or unknown here is no parameter
_BROKE = pattern(
    r"\b(?:unexpected|unknown)\s(?:\w+\s)?(?:errors?|exceptions?|eof|end|failure|response|null|status)\b"
)
_JOINT = r"[\s_-]?"
_SPELLINGS = {
    name: pattern(
        rf"(?<![a-z]){name.replace('_', _JOINT)}(?![a-z])"
        + (r"|maxOutputTokens" if name == "max_tokens" else "")
        + (
            r"|json[\s_]mode|structured[\s_]outputs?|(?:guided|constrained)[\s_](?:json|decoding)"
            r"|support\w*\s(?:\w+\s)?json[\s_]output|\bjson[\s_]output\s(?:is\s)?(?:not\s|un)support"
            if name == FORMAT
            else ""
        )
        + (
            r"|support\s(?:thinking|reasoning)|(?:thinking|reasoning)\sis\snot\ssupp"
            # what gateways make of it: Gemini's levels and budgets
            r"|\b(?:thinking|reasoning)[\s_](?:level|budget|mode|config)\b"
            r"|\b(?:thinking|reasoning)\s(?:is|can(?:not|'t))\s(?:mandatory|not\sconfigurable|be\sdisabled)"
            if name == "reasoning_effort"
            else ""
        )
        + (r"|\bnon[\s-]?stream(?:ing|ed)?\b" if name == "stream" else "")
    )
    for name in NAMES
    if name != SYSTEM
} | {
    # Chat templates of models (Gemma's, the first Mistrals') say it of the roles that they do have.
    SYSTEM: pattern(
        r"(?<!optional\s)(?:system|developer)[\s_'\"`]{1,2}(?:role|message|prompt|instruction|field)"
        r"|\brole'?s?\b[^.;]{0,60}\bsystem\b|(?:variant|value)\W{1,4}system\b"
        r"|(?<!message,\sconversation\s)\broles\smust\salternate\suser"
        r"|\bonly\W{1,3}user\W{1,3}(?:and\s\W?)?(?:assistant|model)\b"
    )
}
_BOTH = pattern(r"\bboth\b|at\sthe\ssame\stime|together")
_TAKES = pattern(
    r"(?:input\sshould\sbe|must\sbe(?:\sone\sof)?|expected(?:\sone\sof)?|(?<!un)(?<!not\s)"
    r"\bsupported\s(?:values|types)\s?(?:are|is)?|only\s(?:supports?|accepts?|allows?)|\bonly)"
    r"(?P<types>(?:(?!\b(?:got|received|given|found|instead\sof)\b)[^.;]){0,800})"
)
_OF_A_TYPE = pattern(
    r"(?:response[\s_]?format)\W{0,3}\s?type\b|json_schema\W{1,3}(?:is|are)?"
    r"\s?(?:not\s|un)(?:support|avail)|structured[\s_]outputs?\s(?:is|are)\snot|support\sstructured"
)
_NO_JSON = pattern(r"\bjson[\s_](?:mode|output)\b")
_OF_THE_SCHEMA = pattern(r"\bstrict\b|invalid\s(?:json\s)?schema|schema\sfields|additionalprop")


def refused(found: Reply) -> tuple[str, ...]:
    """The parameters that a reply refuses, in the order of ``NAMES``; empty where it names none.

    A cap on tokens that is only too large is none; one that is missed is its other name.
    """
    said = _BROKE.sub(" ", _ADVICE.sub(" ", _words(found)))
    named = {name for layer in found.layers for name in _of_path(layer.param)}
    if not named and _REFUSED.search(said):
        named = {name for name in NAMES if _SPELLINGS[name].search(said)}
    named = {told for name in named if (told := _meant(name, said, found))}
    for stays, goes in (("temperature", "top_p"), CAPS[::-1]):
        if _BOTH.search(said) and {stays, goes} <= named:
            named -= {stays}  # either of them may stay
    return tuple(name for name in NAMES if name in named)


_OUTPUT = (
    r"max(?:imum)?[\s_-]?(?:completion[\s_-]?|new[\s_-]?|output[\s_-]?)?tokens?\b|maxOutputTokens"
    r"|\bnum[\s_]predict\b|\b(?:completion|output)[\s_]tokens\b"
)
_NOT_A_SUM = r"(?<!\+\s)(?<!\+\s['\"`])(?<!plus\s)"
_AT_MOST = (
    r"(?:[\[(]\s?\d+\s?,\s?|\bbetween\s\W?\d+\W?\s(?:and|to)\s|\bfrom\s\d+\s(?:\(\w+\)\s)?to\s|:\s\d+\s>\s|\bfor\s(?:this|the)\smodel\sis\s|\brange\D{1,30}\d+\s?(?:-|~|to|\.\.+)\s?"
    r"|\bless\sthan\sor\sequal\sto\s|<=\s?|≤\s?|\bat\smost\s|\b(?:no|not)\s(?:more|greater|larger|higher)\sthan\s"
    r"|\b(?:exceeds?|above|over)\s(?:the\s)?(?:\w+\s){0,4}(?:limit|maximum)\s(?:of|is)\s"
    r"|\b(?:must|may|should|can)\s?not\sexceed\s|\b(?:maximum|limit|max)(?:\svalue|\sallowed|\ssupported)?\s?(?:is|of|:)\s)"
    r"['\"`]?(\d[\d,]{1,9})\b(?!\s?(?:tokens?\s)?(?:per\b|/))(\s\(exclusive)?"
)
_MOST_OUTPUT = pattern(
    rf"{_NOT_A_SUM}(?:{_OUTPUT})(?:(?!\bcontext|\bprompt|\binput)[^.;+]){{0,70}}?{_AT_MOST}"
    rf"|{_NOT_A_SUM}(?:{_OUTPUT})\W{{0,3}}is\stoo\s(?:large|high|big|long|great)\b[^.;]{{0,30}}[.;]"
    rf"(?:(?!\bcontext|\bprompt|\binput)[^.;]){{0,60}}?{_AT_MOST}"
)


def most_output(found: Reply) -> int | None:
    """How many tokens an answer may have at most, where a reply refuses a larger cap and says so.

    A cap that is too large only together with the prompt is one of the context, and none of this.
    """
    match = _MOST_OUTPUT.search(_words(found) if found.said else found.text)
    if match is None:
        return None
    number, excluded = match.groups()[:2] if match[1] else match.groups()[2:]
    return int(number.replace(",", "")) - bool(excluded)


def format_types(found: Reply, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The types of ``response_format`` that the server says it takes.

    Empty: the parameter itself is unknown to it. None: the reply does not tell.
    """
    said = _words(found)
    for listed in _TAKES.finditer(said):
        types = tuple(name for name in TYPES if re.search(rf"\b{name}\b", listed["types"]))
        if types:
            return types
    if FORMAT not in names or _OF_THE_SCHEMA.search(said):
        return None
    without_advice = _ADVICE.sub(" ", said)
    named = {name for name in TYPES[:2] if re.search(rf"\b{name}\b", without_advice)}
    if len(named) == 1:  # the one that is refused
        return tuple(name for name in TYPES if name not in named)
    if _NO_JSON.search(without_advice):
        return TYPES[2:]
    if _OF_A_TYPE.search(said):
        return TYPES[1:]
    unknown = pattern(r"extra[\s_]|unknown|unrecogni[sz]ed|unsupported\sparam|not\spermitted")
    return () if unknown.search(said) else None


def _words(found: Reply) -> str:
    codes = (code.replace("_", " ") for code in found.codes)
    return "; ".join(
        [*found.said, ends(found.around), *codes]
    )  # what is said twice is not one sentence


def _of_path(path: str) -> set[str]:
    """The parameters that a field, or a path of fields, is."""
    parts = [re.sub(r"[^a-z]", "", part.lower()) for part in re.split(r"[.\[\]/,]", path)]
    named = {name for name in NAMES if name.replace("_", "") in parts}
    return named | {SYSTEM} if "role" in parts else named  # that of the user is taken everywhere


def _meant(name: str, said: str, found: Reply) -> str | None:
    if name not in CAPS:
        return name
    if _REFUSED_NAME.search(said):
        return name
    return CAPS[1 - CAPS.index(name)] if _REQUIRED.search(said) and found.layers else None
