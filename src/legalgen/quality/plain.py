"""Is it a lawyer's plain voice: no words of the prompt, no theatre, no advertising, no lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from legalgen.quality.reading import Finding, Reading, excerpt, runs
from legalgen.quality.wordlists import alternatives, word_list
from legalgen.store.sample import words

_QUOTED = re.compile('"[^"\n]{0,400}"|\u201c[^\u201d\n]{0,400}\u201d')


def unquoted(text: str) -> str:
    """The text without what stands in quotation marks, and with plain apostrophes."""
    text = text.replace("\u2019", "'")
    return _QUOTED.sub(" ", text) if '"' in text or "\u201c" in text else text


# --- the prompt --------------------------------------------------------------------------------


def prompt_leak(reading: Reading) -> Iterator[Finding]:
    """Six words in a row from the instructions; facts, names and authorities are none of them."""
    if not reading.instructions:
        return
    for name, tokens in (("answer", reading.answer), ("reasoning_steps", reading.steps)):
        if reading.instructions.isdisjoint(runs(tokens)):
            continue
        run = next(run for run in runs(tokens) if run in reading.instructions)
        yield "PROMPT_LEAK", f'"{" ".join(run)}" in {name}', name, True
        return


# --- theatre -----------------------------------------------------------------------------------

_THEATRE = alternatives("theatre_verbs")

_DIRECTION = re.compile(
    rf"(?P<star>\*)(?:(?:{_THEATRE})\b[^*\n]{{0,90}}|(?!(?:{alternatives('latin_openings')})\b)"
    r"[a-z]{3,}(?:s|ing)\b[^*\n]{0,60}\b(?:his|her|the|an?|at|over|on|to|up|with|into|back|down"
    r"|out|from)"
    r"\b[^*\n]{0,60})\*"
    rf"|[(\[](?:{_THEATRE})\b[^)\]\n]{{0,60}}[)\]]"
)
"""What an actor is told: between asterisks or in brackets, beginning with what he does."""

_CHARACTER = re.compile(
    r"\b(?:thou|thee|thy|hast|prithee|forsooth|methinks|ahoy|hearken)\b"
    r"|\bgood morrow\b|\bhear ye\b|\bgather (?:round|around)\b|\bcourt is (?:now )?adjourned\b"
    r"|\bnext case!|\bmay it please (?:the court|your)\b|\b(?:ladies and gentlemen|members) of the"
    r" jury[,!]|\byour hono(?:u)?rs?[,!]|\bm'?lud\b|\bmy (?:learned|dear|young|brave"
    r"|good) (?:friends?|pupils?"
    r"|students?|apprentices?|colleagues?|fellows?|sir|madam|watson|reader)[,!]"
    r"|\bdear (?:apprentices?|students?|pupils?|readers?|friends?|colleagues?|travell?ers?)[,!]"
    r"|\bi am (?:the|an?) (?:[\w'-]+ ){0,3}(?:judge|wizard|sage|oracle|knight|sheriff|pirate|wig"
    r"|barrister"
    r"|professor|magistrate) of\b|\bonce upon a time\b|\belementary, my\b",
    re.I,
)

_EXCLAIMS = re.compile(r"[a-z\"')]!(?=\s|$|\*)")

MOST_EXCLAMATIONS = 2
"""So many a lawyer may write in one answer; in 2,057 rows nobody wrote more."""

_CHARACTER_HINTS = (
    "thou", "thee", "thy", "hast", "morrow", "hear ye", "gather", "adjourned", "next case",
    "may it please", "jury", "your hono", "lud", "my ", "dear ", "i am ", "forsooth", "methinks",
    "prithee", "ahoy", "hearken", "once upon", "elementary",
)  # fmt: skip


def role_play(reading: Reading) -> Iterator[Finding]:
    """Stage directions, and a character who speaks."""
    answer = reading.draft.answer
    if any(mark in answer for mark in "*([") and (found := _DIRECTION.search(answer)):
        lone = (
            reading.is_dialogue and not found["star"] and not _DIRECTION.search(answer, found.end())
        )
        yield "ROLE_PLAY", f'"{excerpt(found[0], 0)}" in answer', "answer", not lone
        return
    if reading.is_dialogue:
        return
    bare = unquoted(answer)
    folded = bare.casefold()
    if any(hint in folded for hint in _CHARACTER_HINTS) and (found := _CHARACTER.search(bare)):
        yield "ROLE_PLAY", f'"{found[0]}" in answer', "answer", True
        return
    if "!" in bare and (count := len(_EXCLAIMS.findall(bare))) > MOST_EXCLAMATIONS:
        what = f"{count} exclamations in answer, at most {MOST_EXCLAMATIONS}"
        yield "ROLE_PLAY", what, "answer", True


# --- advertising -------------------------------------------------------------------------------

_CONTACT = re.compile(
    r"[\w.+-]{1,40}@[\w-]{2,40}\.[a-z]{2,}"
    r"|\bwww\.(?!(?:[\w-]+\.)*(?:gov|legislation|europa|parliament|judiciary|justice)\b)[\w-]+\.\w+"
    r"|\bhttps?://(?!(?:[\w-]+\.)*(?:gov|legislation|europa|un|parliament|judiciary|justice)\b)\S+"
    r"|\b(?:call|ring|phone|telephone|tel|freephone|hotline|helpline|text|whatsapp)\b[^.\n]{0,30}?"
    r"\+?\(?\d[\d ()-]{7,}\d",
    re.I,
)

_ADVERT = re.compile(alternatives("advertising"), re.I)

_PRAISED = re.compile(
    r"\b(?P<brand>[A-Z]\w+(?: (?:AI|Pro|Plus|Labs|[A-Z]\w+)){0,2})(?:, (?:your|the|our|an?)"
    r" (?:[\w-]+ ){0,5}(?:assistant|companion|platform|engine|app|chatbot|copilot|co-pilot|suite"
    r"|toolkit|software)\b[^,.;]{0,40}[,.]| is (?:your|our|the (?:leading|best|smartest|most"
    r"|first|only|no))"
    r" (?:[\w-]+ ){0,4}(?:assistant|companion|platform|engine|app|chatbot|copilot|co-pilot|suite"
    r"|toolkit|software|service|partner)\b)"
)
"""A name and what it is sold as; a party of the question is no brand."""

_SPEAKER = re.compile(
    r"\b(?:As|[Ii] am|[Ii]'m|[Tt]his is|[Ww]elcome to|[Hh]ere at|At|With|[Tt]ry|[Cc]hoose"
    r"|[Tt]rust|by|[Aa]sk) "
    r"(?P<brand>[A-Z][a-z]+(?:[A-Z][a-z]+)+|[A-Z]\w+ ?(?:AI|GPT|Bot))\b"
)
"""A product that speaks or is recommended; in firms' names of facts it is in the question too."""

_ADVERT_WORDS = word_list("advertising_words")


def advertising(reading: Reading) -> Iterator[Finding]:
    """Contact data, praise of a product, a product that speaks."""
    answer = reading.draft.answer
    if ("@" in answer or "://" in answer or "ww." in answer or _digits(answer)) and (
        found := _CONTACT.search(answer)
    ):
        yield "ADVERTISING", f'"{excerpt(found[0], 0)}" in answer', "answer", True
        return
    if _ADVERT_WORDS.isdisjoint(reading.answer_vocabulary):
        return
    bare = unquoted(answer)
    found = None if reading.is_dialogue else _ADVERT.search(bare)
    for pattern in () if found else (_PRAISED, _SPEAKER):
        brands = (match for match in pattern.finditer(bare))
        found = next((m for m in brands if _is_brand(m["brand"], reading)), None)
        if found:
            break
    if found:
        yield "ADVERTISING", f'"{excerpt(found[0], 0)}" in answer', "answer", True


def _digits(answer: str) -> bool:
    """Whether a telephone number may stand there: few answers speak of calling."""
    folded = answer.casefold()
    return any(word in folded for word in ("call", "phone", "line", "ring ", "tel", "text "))


def _is_brand(name: str, reading: Reading) -> bool:
    first = name.split(maxsplit=1)[0]
    return first not in reading.draft.question and name.casefold() not in _NO_BRAND


_NO_BRAND = word_list("no_brand")


# --- lists -------------------------------------------------------------------------------------

_PIECE = re.compile(r"\n+|;|(?<!\w)\(?\d{1,2}[.)]\s|[\u2022\u25aa\u25cf\u2013] ")

_BULLET = re.compile(r"^\s*(?:[-*\u2022\u2013\u25aa\u25cf>]\s*|\(?[\da-zA-Z]{1,3}[.)]\s+)?")

LEAST_ITEMS = 5
CATCHWORDS = 8
"""Words up to which a line without a full stop is a catchword."""
LISTED_SHARE = 0.85
"""Share of an answer's words in catchwords from which it is no answer."""


def list_only(reading: Reading) -> Iterator[Finding]:
    """Catchwords where sentences should be; sentences in a list are none."""
    answer = reading.draft.answer
    if reading.is_dialogue or (
        answer.count("\n") + answer.count(";") < LEAST_ITEMS - 1
        and (len(_PIECE.findall(answer)) < LEAST_ITEMS - 1)
    ):
        return
    pieces = [_BULLET.sub("", piece).strip() for piece in _PIECE.split(answer)]
    pieces = [piece for piece in pieces if piece]
    catch = [piece for piece in pieces if _is_catchword(piece)]
    total = sum(len(piece.split()) for piece in pieces)
    listed = sum(len(piece.split()) for piece in catch)
    if len(catch) >= LEAST_ITEMS and listed >= LISTED_SHARE * total:
        what = f"{len(catch)} catchwords are {listed / total:.0%} of the answer"
        yield "LIST_ONLY", what, "answer", True


def _is_catchword(piece: str) -> bool:
    count = len(piece.split())
    return count <= CATCHWORDS and (piece[-1] not in ".!?" or count <= 4)


# --- a list of sources in the wrong field ------------------------------------------------------

_SOURCES = re.compile(
    r"(?:^|[\n(.\]]\s*)[*_#]*(?:list of )?(?:key |main |relevant |primary |legal )?(?:sources?"
    r"|references?"
    r"|authorit(?:y|ies)|citations?|bibliography|cases? cited|cases|works cited|further reading"
    r"|table of (?:cases|authorities)|sources? and authorities)(?: (?:cited|relied on|used"
    r"|consulted))?"
    r"[*_]*\s*(?::|\n)[*_]*(?P<list>[\s\S]{12,})",
    re.I,
)

_SOURCE_HINTS = (
    "sources", "source:", "references", "reference:", "authorities", "authority:", "citations",
    "citation:", "bibliography", "cited", "further reading", "cases:", "table of",
)  # fmt: skip

_CITED = re.compile(
    r"\bv\.? [A-Z]|\[\d{4}\]|\(\d{4}\)|\bAct \d{4}|\bU\.S\.(?:C\.)? |\bCase [CT]?-?\d|§"
    r"|\bRegulation \(|\bDirective "
    r"|\b(?:art|s|ss)\.? \d|\bArticle \d|\bsection \d",
)


def citations_in_answer(reading: Reading) -> Iterator[Finding]:
    """A heading and sources after it, in the answer or among the steps."""
    for name, text in (("answer", reading.draft.answer), ("reasoning_steps", reading.steps_text)):
        folded = text.casefold()
        if not any(hint in folded for hint in _SOURCE_HINTS):
            continue
        found = _SOURCES.search(text)
        if found and _CITED.search(found["list"]) and len(words(found["list"])) < 120:
            what = f'"{excerpt(found[0].strip(), 0)}" in {name}'
            yield "CITATIONS_IN_ANSWER", what, name, True
            return
