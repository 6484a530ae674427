"""An answer that stops before it has told what it announced.

Its last sentence only leads to what should follow ("The first of them was this.", "Three should be
mentioned."), or tells the first of several things. Or it names two, three or four questions one
after another, and no word of one of them comes again. Or it ends with what the writer has not come
to yet or has to look at now, or with a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from legalgen.law.citations.parsed import word_set
from legalgen.quality.reading import Reading, places, stems
from legalgen.store.sample import words

_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_NUMBER = "|".join(_NUMBERS)
_TOLD = (
    r"(?:considered|discussed|examined|dealt with|set out|explained|addressed|described|listed"
    r"|treated|looked at|mentioned|noted|named|distinguished|outlined|analy[sz]ed|taken)"
)
_NOW = r"(?:now|next|then|first|below|here|in turn|one by one|separately|in order|further|later)"
_KINDS = (
    r"(?:reasons|exceptions|grounds|stages|steps|ways|requirements|conditions|elements|limits|points"
    r"|arguments|questions|issues|factors|answers|options|brackets|categories|tests|limbs|heads"
    r"|qualifications|differences|remedies|consequences|routes|defences|problems|kinds|parts)"
)
_TIMES = "(?:day|morning|evening|night|week|month|year|term|season|page)"
_LEADS_ON = re.compile(
    r"(?:\b(?:is|are|was|were|be|runs?|ran|reads?|says?|said|held|added|states?|stated|namely)"
    r" (?:this|these|the following|as follows)"
    rf"|\bas follows|\bthe following(?: (?!{_TIMES}\b)[a-z]+){{0,3}}"
    rf"|\b(?:will|shall) (?:(?:now|next|then|here|first|also) be {_TOLD}"
    rf"|be {_TOLD}(?: {_NOW})+)(?: {_NOW})*"
    rf"|(?:\A|; )\W*(?:{_NUMBER}|several)(?: [a-z]+){{0,3}} (?:must|should|may|can|have to|need to"
    rf"|are to|remain to) (?:\w+ )?be {_TOLD}"
    r"|(?:\A|; |, and |, but )\W*(?:several|many|various|further|other|more)(?: [a-z]+){0,2}"
    rf" (?:{_KINDS}|cases|decisions|authorities|matters) (?:must|should|have to|need to|are to"
    rf"|remain to) (?:\w+ )?be {_TOLD} before [^;,.]{{1,60}}"
    rf"|(?:\A|; )\W*(?:{_NUMBER}|several)(?: [a-z]+){{0,3}} (?:deserve|call for|merit|need|require)"
    r" (?:mention|attention|discussion|explanation|comment|notice)"
    rf"|\A\W*(?:(?:finally|lastly|but|and|yet|now|then),? )?there (?:are|were|remain) (?:{_NUMBER})"
    rf"(?: [a-z]+){{0,2}} {_KINDS}(?: (?:of|to|for|in) [a-z ]{{1,40}})?"
    r"|\A\W*(?:(?:so|now|then|first),? )?let us (?:now |then |first )?(?:look|turn|see|consider"
    r"|take|examine|begin|start|go|deal|move|ask)\b[^;]*"
    r"|(?:\A|; )\W*(?:(?:so|now|then|and|but),? )?here (?:is|are) (?:how|what|why|the) [^;:]*"
    r"|(?:\A|; )\W*(?:(?:so|now|then|first|next),? )?we (?:shall|will) (?:now |next |then )?"
    r"(?:see|turn|come|look|consider|examine|deal with"
    r"|explain|discuss|show|set out)\b[^;]*"
    r")[.:]?\Z"
)
"""A last sentence, in small letters, of which the rest is missing."""
_LEADING_ENDS = word_set(
    "this these following follows mentioned noted considered discussed examined with out explained"
    " addressed described listed treated at named distinguished outlined analysed analyzed taken"
    " now next then first below here turn one separately order further later mention attention"
    " discussion explanation comment notice"
)
_LEADING_WORDS = (
    "the following", "let us ", "here is ", "here are ", "we shall ", "we will ", " be looked at ",
    " be considered before ", " be examined before ", " be discussed before ",
)  # fmt: skip
"""Where none of these is, nothing leads on."""
_LONGEST_LINK = 16
"""Characters before ``there are``."""
_BEGINS = ("first", "the first", "in the first", "one ", "second", "the second", "in the second")
_BEGINS_FIRST = re.compile(
    r"\W*(?:(?:the )?first(?:ly)?\b|in the first place"
    r"|one (?:is|was|of them|(?:of the )?[a-z]+ is)\b)"
)
_BEGINS_SECOND = re.compile(r"\W*(?:(?:the )?second(?:ly)?\b|in the second place)")
_GOES_ON = re.compile(
    r"\b(?:second(?:ly)?|other|others|another|latter|both|also|alternatively|or|third|last)\b"
)
_SEVERAL = re.compile(rf"\b(?P<n>{_NUMBER}) (?:[a-z-]+ ){{0,3}}?[a-z]+s\b")
_NEAR_END = 4
"""Sentences at the end, in which what is told first is announced."""


def breaks_off(reading: Reading) -> str:
    """The last sentence, if it announces what does not come."""
    answer = reading.folded_answer
    last = answer[answer.rfind("\n") + 1 :]
    last = last[last.rfind(". ", 0, -2) + 1 :].strip()
    if _ends_leading(last) and _LEADS_ON.search(last):
        return last
    if last.startswith(_BEGINS):
        return last if _is_one_of_more(last, reading) else ""
    return ""


def _ends_leading(sentence: str) -> bool:
    word = sentence.rstrip(".:").rpartition(" ")[2]
    if word in _LEADING_ENDS or " there " in f" {sentence[:_LONGEST_LINK]}":
        return True
    return any(map(sentence.__contains__, _LEADING_WORDS))


def _is_one_of_more(last: str, reading: Reading) -> bool:
    """Whether the last sentence tells the first of two, or the second of three, just announced."""
    if _GOES_ON.search(last, _first_words(last)):
        return False
    if not _BEGINS_FIRST.match(last) and not _BEGINS_SECOND.match(last):
        return False
    told = 1 if _BEGINS_FIRST.match(last) else 2
    paragraph = reading.folded_answer.rpartition("\n")[2]
    sentences = paragraph.split(". ")[:-1][-_NEAR_END:]
    for sentence in reversed(sentences):
        announced = _SEVERAL.search(sentence)
        if announced:
            return _NUMBERS[announced["n"]] > told
    return False


def _first_words(sentence: str) -> int:
    found = _BEGINS_FIRST.match(sentence) or _BEGINS_SECOND.match(sentence)
    return found.end() if found else 0


# --- what is left to the end and then left -------------------------------------------------------

_LEFT_WORDS = word_set("yet far still leaves remain remains remaining next now")
_NOT_YET = re.compile(
    r"\b(?:(?:we|one|i) (?:has|have)|(?:question|issue|point|matter|problem|topic|aspect|limb|stage"
    r"|part|side|half|second|third|rest|other)\b[^.;:]{0,60}? (?:has|have|is|are)) (?:not|never)"
    r"(?: (?:yet|so far|been|even)){0,3} (?:touched|dealt with|come|got to|turned to|looked at"
    r"|taken up|gone into|mentioned|discussed|spoken of|reached|covered)\b(?! by)"
)
_TO_BE = (
    r"(?:ha(?:s|ve) (?:yet )?to|must|needs? to|remains? to|still to|yet to|would (?:need|have) to)"
)
_LATER = r"(?: (?:now|next|in turn|too|as well|both|separately|before [^.,;]+))*\W*\Z"
_TO_DO = re.compile(
    rf"\b(?:{_TO_BE}(?: now| next)? be {_TOLD}"
    rf"|(?:one|we) {_TO_BE}(?: now| next)? (?:look at|turn to|come to|deal with|consider|examine))"
    rf"{_LATER}"
)
_LEADS_THERE = re.compile(r"\A\W*(?:(?:that|this|there|it|what) )?(?:still )?(?:leaves|remains?)\b")
_AT_THIS_POINT = re.compile(r"\b(?:now|next|still|yet)\b")
_OF_LAW = re.compile(
    r"\b(?:courts?|judges?|parliament|congress|legislat\w+|tribunals?|commission|law|house|council"
    r"|supreme|appeal|luxembourg|strasbourg|authorit\w+|decisions?|arbitrators?|jury|scholars?"
    r"|commentators|cases)\b"
)
"""Who may not have come to a point without the answer being at fault."""
_TO_SOMEBODY = re.compile(r"\b(?:you|your|i|me|we|us|(?:does|do|is) (?:this|that))\b")
LEAST_ASKED = 6
"""Words of a question with which an answer may not end."""


def left_open(reading: Reading) -> str:
    """The last sentence, if it only says what was not come to yet or asks a question."""
    if not reading.sentences:
        return ""
    last = reading.sentences[-1]
    low = last.casefold()
    if last.endswith("?"):
        told = ":" in low or _TO_SOMEBODY.search(low) or len(low.split()) < LEAST_ASKED
        return "" if told else last
    if _LEFT_WORDS.isdisjoint(words(low)) or _OF_LAW.search(low):
        return ""
    to_do = _TO_DO.search(low)
    left = to_do and (_AT_THIS_POINT.search(to_do[0]) or _LEADS_THERE.match(low))
    return last if left or _NOT_YET.search(low) else ""


# --- what is announced and not dealt with --------------------------------------------------------

_MATTER_WORDS = word_set(
    "issues questions points matters problems topics aspects hurdles disputes stages limbs"
)
_MATTERS = f"(?:{'|'.join(sorted(_MATTER_WORDS))})"
_LISTED = re.compile(
    rf"\b(?P<n>{_NUMBER}) (?:[a-z-]+ ){{0,3}}?{_MATTERS}\b[^.:\n]*: (?P<items>[^.\n]+)\."
)
_IN_SENTENCES = re.compile(
    rf"\b(?P<n>{_NUMBER}) (?:[a-z-]+ ){{0,3}}?{_MATTERS}\b[^.:\n]*\. (?P<items>the first [^.\n]+\."
    r" the second [^.\n]+\.(?: the third [^.\n]+\.)?)"
)
_HEAD = 900
"""Characters at the beginning in which questions are announced."""
_ASKING = r"(?:whether|which|what|who|how|when|where|why)\b"
_BETWEEN_QUESTIONS = re.compile(rf"(?:;|,)? ?(?:and,? )?(?:if [^,;]+, )?(?=\b{_ASKING})")
_BETWEEN = re.compile(r"; (?:and )?|, (?:and )?| and ")
_PROMISES = re.compile(r"\b(?:have to|need to|must|should|deserve|call for|will|arise|are to)\b")
_QUESTION = re.compile(rf"(?:the (?:first|second|third) (?:\w+ )?is )?{_ASKING}")
_CONCLUDES = re.compile(
    r"\W*(?:in (?:conclusion|short|sum|summary|the result)|to (?:conclude|sum up|summari[sz]e)"
    r"|it follows|overall|on balance|accordingly|therefore|the (?:conclusion|result|upshot)|so,? )"
)
_FRAME = stems(
    words(
        "whether which first second third question issue point should could would that this there"
    )
)
_ORDER = (
    "first firstly",
    "second secondly other",
    "third thirdly",
    "fourth fourthly",
    "fifth fifthly",
)
_OF_ORDER = tuple(map(word_set, _ORDER))
_LAST = word_set("last lastly final finally remaining remains")
LEAST_OF_AN_ITEM = 2
"""Telling words of a question, of which none coming again says that it was left out."""


def untreated(reading: Reading) -> tuple[str, bool] | None:
    """One of the questions that an answer names at its beginning and never comes to.

    And whether that is certain: fewer paragraphs follow than questions were named, or it was asked.
    """
    vocabulary = reading.answer_vocabulary
    if vocabulary.isdisjoint(_MATTER_WORDS) or "\n" not in reading.draft.answer:
        return None
    answer = reading.folded_answer
    begins = sorted(
        at for word in _NUMBERS.keys() & vocabulary for at in places(f"{word} ", answer[:_HEAD])
    )
    pairs = ((form, at) for at in begins for form in (_LISTED, _IN_SENTENCES))
    found = next(filter(None, (form.match(answer, at) for form, at in pairs)), None)
    items = _items(found) if found else ()
    if found is None or len(items) != _NUMBERS[found["n"]]:
        return None
    rest = answer[found.end() :]
    body = [each for each in rest.split("\n") if each.strip() and not _CONCLUDES.match(each)]
    left = list(_left_out(items, rest, _names(reading)))
    few = len(body) < len(items)
    if not all(map(_QUESTION.match, items)):
        promised = _PROMISES.search(found[0][: -len(found["items"])])
        return (left[0][0], False) if promised and few and len(left) > 1 else None
    for item, own in left:
        if few or len(own) >= LEAST_OF_AN_ITEM:
            asked = own if few else own & reading.question_stems
            return item, len(asked) >= LEAST_OF_AN_ITEM
    return None


def _left_out(
    items: Sequence[str], rest: str, names: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """The items, but for the first, of which neither words nor order come again, with the words."""
    vocabulary = frozenset(words(rest))
    told = stems(vocabulary)
    mine = [stems(words(item)) - _FRAME - names for item in items]
    for at in range(1, len(items)):
        own = mine[at].difference(*mine[:at], *mine[at + 1 :])
        order = _OF_ORDER[at] | _LAST if at == len(items) - 1 else _OF_ORDER[at]
        if own and own.isdisjoint(told) and order.isdisjoint(vocabulary):
            yield items[at], own


def _items(found: re.Match[str]) -> Sequence[str]:
    """What is announced, one by one."""
    text = found["items"]
    if found.re is _IN_SENTENCES:
        return [each for each in text.split(". ") if each.strip(". ")]
    parting = _BETWEEN_QUESTIONS if _BETWEEN_QUESTIONS.match(text) else _BETWEEN
    return [each.strip() for each in parting.split(text) if each and each.strip()]


def _names(reading: Reading) -> frozenset[str]:
    """The stems of what is written with a capital letter within the first sentences."""
    named = re.findall(r"(?<=[a-z,] )[A-Z][a-z]+", reading.draft.answer[:_HEAD])
    return stems(words(" ".join(named)))
