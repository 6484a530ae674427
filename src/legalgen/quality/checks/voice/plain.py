"""Is it a lawyer's plain voice: no words of the prompt, no theatre, no advertising, no lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from legalgen.law.citations import folded
from legalgen.law.citations.pieces import by_beginning
from legalgen.quality.checks.voice.phrases import Phrases
from legalgen.quality.reading import Finding, Reading, excerpt
from legalgen.quality.wordlists import alternatives, word_list
from legalgen.store.sample import count_words, words

_QUOTED = re.compile('"[^"\n]{0,400}"|\u201c[^\u201d\n]{0,400}\u201d')


def unquoted(text: str) -> str:
    """The text without what stands in quotation marks, and with plain apostrophes."""
    text = text.replace("\u2019", "'")
    return _QUOTED.sub(" ", text) if '"' in text or "\u201c" in text else text


# --- the prompt --------------------------------------------------------------------------------


def prompt_leak(reading: Reading) -> Iterator[Finding]:
    """Six words in a row from the instructions; facts, names and authorities are none of them."""
    for name, tokens in (("answer", reading.answer), ("reasoning_steps", reading.steps)):
        run = reading.instructions.first_in(tokens)
        if run:
            yield "PROMPT_LEAK", f'"{" ".join(run)}" in {name}', name, True
            return
    vocabulary = reading.vocabulary
    ordered = None if _ORDERS_FOR.isdisjoint(vocabulary) else _ORDERS.search(reading.folded_answer)
    if ordered:
        what = reading.draft.answer[slice(*ordered.span())].lstrip(" .:;!?\n")
        yield "PROMPT_LEAK", f'"{what}" in answer', "answer", True
        return
    limited = "word" in vocabulary and not vocabulary.isdisjoint(("limit", "count"))
    if not (limited or "words" in vocabulary or "reasoning" in vocabulary):
        return
    told = (
        ("reasoning_steps", reading.steps_text, reading.folded_steps),
        ("answer", reading.draft.answer, reading.folded_answer),
    )
    for name, text, low in told:
        counted = any(each.search(low) for each in _NUMBER_OF)
        if not (counted or any(hint in low for hint in _BOUNDS_HINTS)):
            continue
        found = next((each for each in _BOUNDS_TOLD.finditer(low) if not _of_papers(each)), None)
        if found and not _asks_length(reading):
            yield "PROMPT_LEAK", f'"{text[slice(*found.span())]}" in {name}', name, True
            return


def _of_papers(told: re.Match[str]) -> bool:
    """Whether the sentence of a length is about papers of a court, which rules limit."""
    text = told.string
    begin, end = text.rfind(". ", 0, told.start()) + 1, text.find(". ", told.end())
    return _PAPERS.search(text, begin, end if end >= 0 else len(text)) is not None


def _asks_length(reading: Reading) -> bool:
    """Whether it is asked how long such papers may be."""
    if _LENGTHS.isdisjoint(reading.question):
        return False
    return _PAPERS.search(folded(reading.draft.question)) is not None


_ORDERS_FOR = frozenset({"object", "json", "sample", "entry"})
_ORDERS = re.compile(
    r"(?:\A|[.:;!?]\s)(?:return|output|reply with|respond with|produce|emit|write|give)"
    r" (?:exactly |only |just )?(?:one|an?|a single|the|nothing but(?: an?)?) (?:\w+ )?"
    r"(?:object|json|sample|entry) (?:with|as|in|of|and) (?:the |its |no |a )?"
    r"(?:\w+ )?(?:fields?|keys?|json|nothing|four|schema|format|text|order)\b"
)
"""What is to be handed in, as it is ordered; in folded text."""
_LENGTHS = frozenset({"long", "length", "pages", "words", "limit"})
_PAPERS = re.compile(
    r"\b(?:briefs|(?:principal|reply|opening|answering|appell\w+|amicus) brief"
    r"|brief (?:may|must|of)|skeleton|petitions?|pleadings?|motions?|certificates?"
    r"|(?:witness|case) statements?|(?:written|final) submissions|memorand(?:um|a) of law)\b"
)
"""Papers whose length rules of court limit, in folded text."""
_BOUNDS_TOLD = re.compile(
    r"\b\d{2,3} (?:to|and|-) \d{2,4} words\b|\b\d reasoning steps?\b"
    r"|\b(?:answer|response|text) (?:of|in|within|under|below|has|is) (?:about |at most "
    r"|around )?\d{2,3} words\b"
    r"|\b(?:maximum|ceiling|target|limit|cap) of (?:\w+ ){1,2}words\b"
    r"|\bword (?:limit|count)\b|\bin other words than (?:theirs|those of)\b"
)
"""The lengths that a prompt asks for, however they are said; in folded text."""

_NUMBER_OF = tuple(re.compile(rf"{each}(?<=\d {each})") for each in ("words", "reasoning step"))
_BOUNDS_HINTS = (
    "word limit", "word count", "in other words than", "maximum of", "ceiling of", "target of",
    "limit of", "cap of",
)  # fmt: skip
"""Without one of these, or a number of words or steps, no length is told."""

# --- theatre -----------------------------------------------------------------------------------

_THEATRE = alternatives("theatre_verbs")

_STARRED = re.compile(
    rf"\*(?:(?:{_THEATRE})\b[^*\n]{{0,90}}|(?!(?:{alternatives('latin_openings')})\b)"
    r"[a-z]{3,}(?:s|ing)\b[^*\n]{0,60}\b(?:his|her|the|an?|at|over|on|to|up|with|into|back|down|out"
    r"|from)\b[^*\n]{0,60})\*"
)
"""What an actor is told, between asterisks: it begins with what he does."""

_BRACKETED = tuple(
    re.compile(rf"\{bracket}(?=[a-z]{{3}})(?:{_THEATRE})\b[^)\]\n]{{0,60}}[)\]]")
    for bracket in "(["
)
"""The same in brackets, where only verbs of the stage are safe; one bracket is found faster."""

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
    r"|professor|magistrate) of\b|\bonce upon a time\b|\belementary, my\b"
)
"""In folded text."""

_EXCLAIMS = re.compile(r"[a-z\"')]!(?=\s|$|\*)")

MOST_EXCLAMATIONS = 2
"""So many a lawyer may write in one answer; in 2,057 rows nobody wrote more."""

_CHARACTER_WORDS = word_list("character_words")


def role_play(reading: Reading) -> Iterator[Finding]:
    """Stage directions, and a character who speaks."""
    answer = reading.draft.answer
    starred = _STARRED.search(answer) if "*" in answer else None
    found = starred or _bracketed(answer)
    if found:
        lone = not starred and reading.is_dialogue and not _bracketed(answer, found.end())
        yield "ROLE_PLAY", f'"{excerpt(found[0], 0)}" in answer', "answer", not lone
        return
    spoken = not _CHARACTER_WORDS.isdisjoint(reading.answer_vocabulary)
    if reading.is_dialogue or not (spoken or "!" in answer):
        return
    bare = unquoted(answer)
    if spoken and (found := _CHARACTER.search(folded(bare))):
        yield "ROLE_PLAY", f'"{bare[slice(*found.span())]}" in answer', "answer", True
        return
    if (count := len(_EXCLAIMS.findall(bare))) > MOST_EXCLAMATIONS:
        what = f"{count} exclamations in answer, at most {MOST_EXCLAMATIONS}"
        yield "ROLE_PLAY", what, "answer", True


def _bracketed(text: str, at: int = 0) -> re.Match[str] | None:
    """The first direction in brackets from a place on."""
    found = [match for each in _BRACKETED if (match := each.search(text, at))]
    return min(found, key=re.Match.start, default=None)


# --- advertising -------------------------------------------------------------------------------

_CONTACT = re.compile(
    r"[\w.+-]{1,40}@[\w-]{2,40}\.[a-z]{2,}"
    r"|\bwww\.(?!(?:[\w-]+\.)*(?:gov|legislation|europa|parliament|judiciary|justice)\b)[\w-]+\.\w+"
    r"|\bhttps?://(?!(?:[\w-]+\.)*(?:gov|legislation|europa|un|parliament|judiciary|justice)\b)\S+"
    r"|\b(?:call|ring|phone|telephone|tel|freephone|hotline|helpline|text|whatsapp)\b[^.\n]{0,30}?"
    r"\+?\(?\d[\d ()-]{7,}\d",
    re.I,
)

_LONG_NUMBER = re.compile(r"\d[\d ()-]{7,}\d")

_ADVERT = Phrases.named("advertising")
_ADVERTISED = Phrases.named("advertised")
_SELLER = re.compile(alternatives("sellers"), re.I)

_PRAISED = re.compile(
    r"(?P<brand>[A-Z](?<!\w.)\w+(?: (?:AI|Pro|Plus|Labs|[A-Z]\w+)){0,2})(?:, (?:your|the|our|an?)"
    r" (?:[\w-]+ ){0,5}(?:assistant|companion|platform|engine|app|chatbot|copilot|co-pilot|suite"
    r"|toolkit|software)\b[^,.;]{0,40}[,.]| is (?:your|our|the (?:leading|best|smartest|most"
    r"|first|only|no))"
    r" (?:[\w-]+ ){0,4}(?:assistant|companion|platform|engine|app|chatbot|copilot|co-pilot|suite"
    r"|toolkit|software|service|partner)\b)"
)
"""A name and what it is sold as; a party of the question is no brand."""

_SPEAKING = by_beginning((
    "As", "[Ii] am", "[Ii]'m", "[Tt]his is", "[Ww]elcome to", "[Hh]ere at", "At", "With", "[Tt]ry",
    "[Cc]hoose", "[Tt]rust", "by", "[Aa]sk",
))  # fmt: skip
_SPEAKER = re.compile(
    rf"{_SPEAKING} (?P<brand>[A-Z][a-z]+(?:[A-Z][a-z]+)+|[A-Z]\w+ ?(?:AI|GPT|Bot))\b"
)
"""A product that speaks or is recommended; in firms' names of facts it is in the question too."""

_ADVERT_WORDS = word_list("advertising_words")


_PRODUCTS = word_list("products")
_CALLING = word_list("calling")
_DIALLING = word_list("dialling")


def advertising(reading: Reading) -> Iterator[Finding]:
    """Contact data, praise of a product, a product that speaks."""
    answer, vocabulary = reading.draft.answer, reading.answer_vocabulary
    number = not _DIALLING.isdisjoint(vocabulary) and _LONG_NUMBER.search(answer)
    address = number or "@" in answer or not _CALLING.isdisjoint(vocabulary)
    found = _CONTACT.search(answer) if address else None
    if found and found[0].rstrip(".,;)") not in reading.draft.question:
        yield "ADVERTISING", f'"{excerpt(found[0], 0)}" in answer', "answer", True
        return
    product = not _PRODUCTS.isdisjoint(vocabulary)
    if not product and _ADVERT_WORDS.isdisjoint(vocabulary):
        return
    bare = unquoted(answer)
    found = None
    if not reading.is_dialogue:
        found = _ADVERT.search(bare, vocabulary) or _sold(bare, vocabulary)
    for pattern in (_PRAISED, _SPEAKER) if product and not found else ():
        brands = (match for match in pattern.finditer(bare))
        found = next((m for m in brands if _is_brand(m["brand"], reading)), None)
        if found:
            break
    if found:
        yield "ADVERTISING", f'"{excerpt(found[0], 0)}" in answer', "answer", True


def _sold(text: str, vocabulary: frozenset[str]) -> re.Match[str] | None:
    """Words of an advertisement in a sentence in which a seller speaks."""
    for found in _ADVERTISED.finditer(text, vocabulary):
        begin, end = text.rfind(". ", 0, found.start()) + 1, text.find(". ", found.end())
        if _SELLER.search(text[begin : end if end >= 0 else len(text)].lstrip()):
            return found
    return None


def _is_brand(name: str, reading: Reading) -> bool:
    first = name.split(maxsplit=1)[0]
    return first not in reading.draft.question and name.casefold() not in _NO_BRAND


_NO_BRAND = word_list("no_brand")


# --- lists -------------------------------------------------------------------------------------

_PIECE = re.compile(
    r"[\n;(\d\u2022\u25aa\u25cf\u2013]"  # the first sign of each: other letters are skipped fast
    r"(?:(?<=\n)\n*|(?<=;)|(?<=[\u2022\u25aa\u25cf\u2013]) "
    r"|(?<!\w.)(?:(?<=\()\d{1,2}|(?<=\d)\d?)[.)]\s)"
)
"""Line ends, semicolons, numbers of items (``1.``, ``(2)``) and bullets."""

_BULLET = re.compile(r"^\s*(?:[-*\u2022\u2013\u25aa\u25cf>]\s*|\(?[\da-zA-Z]{1,3}[.)]\s+)?")

LEAST_ITEMS = 5
CATCHWORDS = 8
"""Words up to which a line without a full stop is a catchword."""
LISTED_SHARE = 0.85
"""Share of an answer's words in catchwords from which it is no answer."""


def list_only(reading: Reading) -> Iterator[Finding]:
    """Catchwords where sentences should be; sentences in a list are none."""
    answer = reading.draft.answer
    if reading.is_dialogue:
        return
    if fragments := _fragments(reading):
        yield "LIST_ONLY", f"{fragments} fragments are most of the answer", "answer", True
        return
    if found := _verbless(reading):
        count, sure = found
        code = "LIST_ONLY" if sure else "TELEGRAPHIC"
        yield code, f"{count} pieces have hardly a verb", "answer", True
        return
    if not _may_be_list(answer) or _has_prose(reading):
        return
    pieces = [_BULLET.sub("", piece).strip() for piece in _PIECE.split(answer)]
    pieces = [piece for piece in pieces if piece]
    catch = [piece for piece in pieces if _is_catchword(piece)]
    total = sum(len(piece.split()) for piece in pieces)
    listed = sum(len(piece.split()) for piece in catch)
    if len(catch) >= LEAST_ITEMS and listed >= LISTED_SHARE * total:
        what = f"{len(catch)} catchwords are {listed / total:.0%} of the answer"
        yield "LIST_ONLY", what, "answer", True


_HELPING = word_list("helping")
_SUBJECTS = frozenset({"he", "she", "it", "they", "you", "we", "i"})
MOST_HELPING = 2
"""So many different helping verbs an answer may have that has hardly a verb; of 520 good ones
seventeen have no more."""
LEAST_VERBLESS = 50
"""Words, below which a share says little."""
FEW_VERBS, HARDLY_A_VERB = 0.02, 0.012
"""Share of verbs of all words below which it has few, or hardly one; the former is enough where its
pieces are lines. In good answers it is 0.03 or more, in 18 lists of noun phrases at most 0.017."""
BRIEF_PIECE, SHORT_PIECE, LONGER_PIECE = 6, 8, 12
"""Words a piece, from one sign that parts to the next, up to which an answer with few verbs, or
with hardly one, is a list, or may be one: older rows have participles and imperatives in sentences
of 13 or more."""
SPLIT_PIECE, BETWEEN_COMMAS = 11, 4.5
"""Words a piece, and from comma to comma, up to which one with hardly a verb is a list too."""
_FULL_STOP = re.compile(r"\.(?=\s)(?<!\b[svp]\.)(?<!\b(?:ss|pp|no|vs)\.)")
_COMMA = re.compile(r",(?!\d)|\d\)\s")
_PARTED = re.compile(rf"[\n;:\u2022\u2013\u2014]|{_FULL_STOP.pattern}")
_ACTS_ON = re.compile(
    r"\b(?!(?:to|of|in|for|from|with|without|by|on|at|as|into|onto|over|under|upon|within|before"
    r"|after|during|through|against|between|among|about|above|below|behind|beside|beyond|across"
    r"|along|around|until|till|since|despite|per|via|than|like|unlike|near|off|out|up|down|and|or"
    r"|nor|but|not|only|both|all|half|such|plus|minus|even|also|so|then|if|whether|when|where|while"
    r"|because|that|which|whose|either|neither|except|save|besides|towards?|throughout|outside"
    r"|inside|versus|whatever|whichever|\w+ing) )[a-z'-]{3,} (?:the|an?|his|her|its|their|your|our"
    r"|my|this|these|any|no|each|every|it|them|him|you|us)\b"
)
"""A word right before an article or the like is a verb, if it is no preposition or conjunction."""


def _verbless(reading: Reading) -> tuple[int, bool] | None:
    """How many pieces an answer has in which there is hardly a verb, and whether that is sure."""
    count = len(reading.answer)
    if len(_HELPING & reading.answer_vocabulary) > MOST_HELPING or count < LEAST_VERBLESS:
        return None
    verbs = sum(map((_HELPING | _SUBJECTS).__contains__, reading.answer))
    if verbs >= FEW_VERBS * count:
        return None
    low = reading.folded_answer
    pieces = sum(any(map(str.isalpha, piece)) for piece in _PARTED.split(low))
    verbs += len(_ACTS_ON.findall(low))
    if count > LONGER_PIECE * pieces or verbs >= FEW_VERBS * count:
        return None
    lines = 2 * low.count("\n") >= pieces
    most = SHORT_PIECE if lines or verbs < HARDLY_A_VERB * count else BRIEF_PIECE
    split = count <= SPLIT_PIECE * pieces and verbs < HARDLY_A_VERB * count
    split = split and count <= BETWEEN_COMMAS * (pieces + len(_COMMA.findall(low)))
    if split or count <= most * pieces:
        return pieces, True
    return (pieces, False) if 2 * len(_FULL_STOP.findall(low)) < pieces else None


LEAST_FRAGMENTS = 6
FRAGMENT = 5
"""Words up to which a sentence may be a fragment; no verb of ``_VERBS`` is in it."""
MOSTLY_FRAGMENTS = 0.7
"""Share of such sentences from which an answer is one of catchwords."""
TERSE = 9
"""Words for each full stop, from which nobody looks for fragments."""
_VERBS = word_list("finite")


def _fragments(reading: Reading) -> int:
    """How many sentences are fragments, if most of them are; lists have lines of their own."""
    stops = reading.draft.answer.count(". ") + 1
    if (
        "\n" in reading.draft.answer
        or stops < LEAST_FRAGMENTS
        or len(reading.answer) > TERSE * stops
    ):
        return 0
    said = list(map(words, reading.sentences))
    short = sum(len(each) <= FRAGMENT and _VERBS.isdisjoint(each) for each in said)
    verbless = sum(map(_VERBS.isdisjoint, said))
    if short < LEAST_FRAGMENTS or short + verbless < 2 * MOSTLY_FRAGMENTS * len(said):
        return 0
    return short


_NUMBER_OF_ITEM = tuple(re.compile(rf"\{sign}(?<=\d.)(?<!\w\w\d.)\s") for sign in ".)")
"""The sign after it, each found by itself: there are fewer than figures."""


def _most_pieces(answer: str) -> int:
    """As many pieces as ``_PIECE`` can part at the most; seven times as fast."""
    marks = sum(map(answer.count, "\n;" if answer.isascii() else "\n;\u2022\u25aa\u25cf\u2013"))
    return marks + sum(len(each.findall(answer)) for each in _NUMBER_OF_ITEM)


def _may_be_list(answer: str) -> bool:
    """Whether there are enough lines, semicolons or numbers to divide a list."""
    if answer.count("\n") + answer.count(";") >= LEAST_ITEMS - 1:
        return True
    return _most_pieces(answer) >= LEAST_ITEMS - 1 <= len(_PIECE.findall(answer))


def _has_prose(reading: Reading) -> bool:
    """Whether so many words are in lines of one long piece each that no list can be the rest.

    It decides in a tenth of the time in which the answer is taken to pieces.
    """
    prose, most = 0, (1 - LISTED_SHARE) * reading.answer_words
    for line in sorted(reading.draft.answer.split("\n"), key=len, reverse=True):
        count = count_words(line) - 2  # what a bullet or number takes at the most
        if count > CATCHWORDS and not _most_pieces(line[4:]):
            prose += count
            if prose > most:
                return True
    return False


def _is_catchword(piece: str) -> bool:
    count = len(piece.split())
    return count <= CATCHWORDS and (piece[-1] not in ".!?" or count <= 4)
