"""Names of parties: where they stand in a text, and when two are one."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec.structs import replace

from legalgen.law.citations.europe import ECLI
from legalgen.law.citations.parsed import PARTING, Parsed, normalise, word_set
from legalgen.law.citations.pieces import DIGITS_AROUND_SLASH
from legalgen.law.citations.titles import initials, other_names

_CONNECTORS = word_set(
    "of the and for in de la le du von van der den t/a on behalf plc & a an ex parte o/a re "
    "No others another ors anor by d/b/a dba aka et al y e und e.V. s.r.o."
)
_SIGNALS = word_set(
    "In See Under The Following Applying Compare Cf Per Contrast As And But Also Case Cases "
    "Citing Like Unlike Both While Whereas Although Since Consider Relying Held Principle "
    "Joined"
)


_CITED_BEFORE = re.compile(r"^.*\d[A-Za-z]?\)?,\s(?=[A-Z(].*\sv\.?\s)")
"""Another citation that a comma parts from the name: ``Misrepresentation Act 1967, Hedley v``."""
_BEFORE_NAME = re.compile(
    r"[;\].!?\d]"  # a sign of each: other letters are skipped fast
    r"(?:(?<=[;\]])|(?<=[a-z)]{3}\.)\s+(?=[A-Z])"
    r"|(?<=[.!?])\s+(?=(?:In|See|Under|As|Following|Applying|Compare)\s)"
    r"|(?:(?<=\s\d)|(?<=\s\(\d))\d?[.)]\s)"
)
"""Where a name cannot have begun before: a semicolon, the end of a sentence, a list's number."""
_PARALLEL = re.compile(r",\s\d{1,4}\s[A-Z][\w.' ]{0,20}?\s\d+\b.*$")
"""The same case in another reporter, between the parties and a citation."""
_JOINED = re.compile(
    r"^(?:(?:\s*,|\s*,?\s+(?:and|to|&))\s*(?:[CTF]-)?\d+/\d+)*\)?(?:\s+P(?:PU)?\b(?!\s+(?:v|and)\b))?"
)
"""What belongs to the number of an EU case: those joined to it, and that it is an appeal."""
_NUMBERS = re.compile(
    r"(?:[\s,(]*(?:[Jj]oined\s)?(?:[Cc]ases?\s(?:[Nn]os?\.?\s)?)?(?:[CTF]-)?\d+/\d+(?:\s(?:and|to|&))?)*"
    r"[\s,(]*(?:[Jj]oined\s?)?(?:[Cc]ases?(?:\s[Nn]os?\.?)?)?$"
)
"""Numbers of EU cases between a name and the number that is looked at."""
_CASE_NUMBER = re.compile(r"\s*\((?:Joined\s)?Cases?\s[^()]{1,60}\)?$")
_SMALL = (
    r"v\.?|and|of|de|du|des|la|le|les|von|van|der|den|di|del|della|y|et|und|e|en|og|och|for|the|&"
    "|f\u00fcr"
)
_CAPITAL = r"[A-Z\u00c0-\u00de][\w'&./-]*"
_NAME = (
    rf"(?P<n>(?:(?:van|von|de)\s)?{_CAPITAL}(?:\s(?:{_CAPITAL}|(?:{_SMALL})(?!\S)|\([A-Z][^()]{{1,40}}\))"
    r"|,\sex\sp(?:arte)?(?!\S))*)"
)
_NAME_FIRST = re.compile(rf"\s*[,:(]?\s*{_NAME}")
_NAME_ONLY = re.compile(rf"(?:(?:In|See|CJEU|ECJ)\s)?{_NAME}")
_NEXT_NUMBER = re.compile(r"[,\s]\s*(?:and\s+)?(?:Case\s)?[CTF]-\d")
_SMALL_AT_END = re.compile(rf"(?:\s(?:{_SMALL}))+$")
_COURTS = word_set("CJEU ECJ CFI Court of Justice the European General Judgment Opinion Advocate")


def with_name(item: Parsed, text: str) -> Parsed:
    """The citation with the parties that stand before it (for EU cases also after it)."""
    before = text[max(0, item.start - 170) : item.start].rpartition(PARTING)[2].rstrip(" ,([")
    if before.endswith(")"):
        before = _CASE_NUMBER.sub("", before)
    name = party_name(before.removesuffix("[GC]").rstrip(" ,"))
    if item.kind == "us_reporter":
        name = _PARALLEL.sub("", name)
    if not name and not item.name and item.kind in {"eu_case", "ecli"}:
        name = _name_after(text[item.end : item.end + 120]) or _name_before(before)
    return replace(item, name=name) if name else item


def _name_after(text: str) -> str:
    alone = _NEXT_NUMBER.split(_JOINED.sub("", ECLI.pattern.split(text)[0]))[0]
    match = _NAME_FIRST.match(alone)
    return _SMALL_AT_END.sub("", match["n"]) if match else ""


def _name_before(text: str) -> str:
    """A name without a ``v`` that is all that stands before the number of an EU case."""
    match = _NAME_ONLY.fullmatch(_NUMBERS.sub("", text))
    return match["n"] if match and not word_set(match["n"]) <= _COURTS else ""


def party_name(text: str) -> str:
    """The case name that ends a text (``... as in Donoghue v Stevenson``), or ``""``."""
    tail = _BEFORE_NAME.split(f" {text}")[-1]
    words = tail.split()
    at = next((at for at in range(len(words) - 1, 0, -1) if words[at] in _VERSUS), 0)
    if at:
        left = _walk_left(words, at)
        name = " ".join(words[left:]).strip(" ,:") if left < at else ""
        if name.startswith("(") and name.count("(") > name.count(")"):
            name = name[1:]  # the parenthesis that the whole citation stands in
        return _CITED_BEFORE.sub("", name)
    match = _ONE_PARTY.search(tail)
    return match[1].strip(" ,:") if match else ""


_VERSUS = frozenset({"v", "v.", "vs", "vs."})
_ONE_PARTY = re.compile(
    r"(?:^|\s)((?:In re|Re|[Ee]x parte)\s+(?:a\s)?[A-Z][^;]{1,80}|The [A-Z][\w' ]{2,40}"
    r"|(?!(?:In|See)\s)(?:[A-Z][\w']*\s(?:of\s)?){0,3}[A-Z]\w*'s [Cc]ase)$"
)
"""The name of a case that has no ``v``."""


def _walk_left(words: list[str], at: int) -> int:
    left = at
    while left > 0:
        word = words[left - 1].strip("('\"")
        if "/" in word and DIGITS_AROUND_SLASH.search(word):
            break
        opens = _opening(words, left - 1)
        if opens is not None:
            left = opens
            continue
        if not (word[:1].isupper() or word[:1].isdigit() or word.rstrip(",)") in _CONNECTORS):
            break
        left -= 1
    while left < at - 1 and (words[left] in _CONNECTORS or words[left].rstrip(",:") in _SIGNALS):
        left += 1
    appeal = 0 < left < at - 1 and words[left] in {"P", "PPU"} and "/" in words[left - 1]
    return left + 1 if appeal else left


def _opening(words: list[str], at: int) -> int | None:
    """Where ``(on the application of`` begins, if the word ``at`` ends it."""
    if not words[at].rstrip(",").endswith(")") or "(" in words[at]:
        return None
    starts = (i for i in range(at - 1, max(0, at - 12), -1) if words[i].startswith("("))
    return next(starts, None)


GENERIC = word_set(
    "ltd limited plc llp inc corp corporation company group holdings holding the and others "
    "another ors anor secretary state department home council borough city county "
    "commissioners revenue customs attorney general minister board bank trust trustees "
    "executive authority case act regulations regulation rules order ordinance code law "
    "protection rights united kingdom states kingdom international services service with from "
    "for regina rex crown director public prosecutions ag gmbh of in re"
)
NAME_TOKEN = re.compile(r"[^\W_]{2,}")
_PARTIES = re.compile(r"\sv\.?\s")


@lru_cache(maxsize=1024)
def name_tokens(name: str) -> frozenset[str]:
    """Words, in lower case, of which one shows that a text names this case or law.

    Of a case those that tell it from others; of a law also its initials and those of the other
    names that it is known by (``Employment Rights Act``, ``ERA``).
    """
    words = telling_words(name)
    if _PARTIES.search(name):
        return words
    names = other_names(name)
    return words.union(*map(telling_words, names), *map(initials, (name, *names)))


@lru_cache(maxsize=1024)  # a name is looked up in several lists
def telling_words(name: str) -> frozenset[str]:
    """The words of a case or Act name that tell it from others; all words if none does."""
    words = frozenset(NAME_TOKEN.findall(normalise(name).casefold()))
    return frozenset(word for word in words - GENERIC if len(word) > 2) or words


def same_name(left: str, right: str) -> bool:
    """Whether two case names may be one case: they share a word that tells cases apart.

    ``R`` and other one-letter parties say nothing. Spelling variants (``Gallagher``,
    ``Gallaghers``) count as shared from five letters on.
    """
    a, b = telling_words(left), telling_words(right)
    if a & b or not a or not b:
        return True
    return any(x[:5] == y[:5] for x in a if len(x) > 4 for y in b if len(y) > 4)
