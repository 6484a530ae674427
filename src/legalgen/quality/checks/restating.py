"""Steps that tell the facts of the question in other words and announce what is to be asked.

And steps that say what is to be written: what is asked for, what the note should give first, with
what it should end. They are told by their subject, a piece of writing, and by its verb of telling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from legalgen.quality.checks.again import meanings
from legalgen.quality.reading import Reading, stem, stems
from legalgen.quality.wordlists import word_list
from legalgen.store.sample import words

_ASKING = word_list("asking_steps")
_HELPERS = word_list("asking_helpers")
_METHOD = word_list(
    "method", "examining", "announcing", "examined", "asking_steps", "asking_helpers"
)
_IF = re.compile(r"\b(?:whether|if)\b")
_DECIDES = frozenset({"depends", "depend", "turns", "not", "no", "because", "since"})
"""Before ``whether`` these make a rule of it."""
_POINTS = re.compile(
    r"(?:the|that|this|an?) (?:answer|question|issue|matter|point)\b"
    r"|(?:that|this|it) (?:has|will|must|needs|is)\b"
)
LONGEST_HEAD = 10
"""Words before ``whether``."""
LEAST_STEPS = 3
NEW_FACTS = 0.5
"""Share of the meanings of a step that the question has not, up to which it tells its facts."""
NEW_OF_ALL = 0.55
"""The same of all steps: with one that asks among them it is at least 0.67 in good answers."""


def tell_the_question(reading: Reading) -> bool:
    """Whether the steps tell facts of the question and ask, all of them or all but one."""
    steps = reading.draft.reasoning_steps
    if len(steps) < LEAST_STEPS:
        return False
    given = frozenset(reading.question)
    for word in reading.steps:
        if word[0].isdigit() and word not in given:
            return False  # a section, or a sum that was done
    if not any(map(_asks, steps)):
        return False
    asked, known = meanings(reading.draft.question), reading.question_stems
    new = told = idle = 0
    for step in steps:
        mine = meanings(step, but=_METHOD)
        others = len(mine - asked - known)
        idle += _asks(step) or others <= NEW_FACTS * len(mine)
        new, told = new + others, told + len(mine)
    return idle >= len(steps) - 1 and new <= NEW_OF_ALL * told


_PIECE = (
    "(?:(?:case |short |legal )?(?:note|answer|advice|reply|response|guide|comparison|explanation"
    "|analysis|summary|overview|account|essay|memo|memorandum|treatment|discussion|dialogue|write-up"
    "|text)|(?:(?:first|second|third|fourth|next|last|final|opening|closing) )?(?:paragraph|part"
    "|sentence|section of the \\w+)|(?:first|second|third|last|final) (?:step|point))"
)
_TELLING = (
    "(?:give|state|say|explain|describe|set|mention|cover|deal|discuss|list|tell|begin|start|open|end"
    "|close|conclude|finish|summari[sz]e|point|address|name|identify|define|compare|contrast|note"
    "|outline|present|introduce|go|talk|warn|turn|move|lay|report|contain|include|illustrate|show"
    "|apply|quote|cite|look|be)"
)
_TELLS = (
    "(?:turns to|closes|opens|begins|starts|ends|concludes|gives|sets out|deals|covers|lists"
    "|describes|explains|discusses|moves|states|says|mentions|defines|summari[sz]es|comes?|follows?)"
)
_TOLD = (
    "(?:described|set out|named|summari[sz]ed|pointed out|written|explained|discussed|given|stated"
    "|mentioned|covered|outlined|listed|compared|identified|defined|addressed|reported|told|applied"
    "|quoted|presented|drawn|laid out)"
)
_TO = r"(?:should|must|needs? to|has to|have to|ought to|will|shall|is to|are to|would have to)"
_BY_TURNS = r"(?:(?:then|next|also|further|finally|lastly|last|first|second|third|after that),? )*"
_PART_OF_TASK = (
    r"(?:facts|issues?|law|rules?|conclusions?|holding|reasons?|reasoning|differences?|similarities"
    r"|definition|background|questions?|outcome|result|examples?|limits|parties|arguments?|view)"
)
_OF_TASK = re.compile(
    rf"{_BY_TURNS}(?:(?:the|this|an?|our|my) {_PIECE} (?:that is wanted )?{_BY_TURNS}"
    rf"(?:{_TO} (?:[\w-]+ ){{0,3}}?{_TELLING}|{_TELLS}\b(?! (?:on|from)\b))"
    r"|(?:the|this) (?:question|task|exercise|assignment|scenario|user|client|asker|reader|request"
    r"|prompt|problem) (?:\w+ )?(?:asks?|calls for|wants?|requires|is (?:about|to|one of|for)"
    r"|would like|needs|wishes|seeks)"
    rf"|(?:we|one|i) {_TO} (?:\w+ )?(?:explain|describe"
    r"|discuss|outline|summari[sz]e|set out|mention|present)\b"
    r"|(?:we are|i am|what is|what must be|what has to be) (?:asked|wanted|sought|covered|told)"
    rf"|(?:an?|the) {_PIECE}\b.{{0,80}}\b(?:is|are) (?:asked for|wanted|called for|requested"
    r"|sought|what is (?:asked for|wanted|needed|sought))"
    rf"|in (?:the|this) {_PIECE},? .{{0,80}}\b(?:first|next|last|then|comes?)\b"
    rf"|(?:next|then|last|first|finally) (?:in (?:the|this) {_PIECE} )?(?:comes?|follows?)\b"
    rf"|(?:the|an?|both|each|all)\b(?: [\w-]+){{0,2}}? {_PART_OF_TASK}\b.{{0,80}}"
    rf"\b(?:{_TO} be|to be) {_TOLD})"
)
"""Who writes for somebody, and what is to be written; in small letters."""
_OF_TASK_TOO = re.compile(
    rf"{_BY_TURNS}(?:(?:it|they|we|one|i) {_BY_TURNS}{_TO} (?:[\w-]+ ){{0,3}}?{_TELLING}\b"
    rf"|(?:each of|the|an?) .{{0,60}}\b{_TO} be {_TOLD})"
)
"""The same after a step that is of the task."""
_ASKED = r"(?:question|problem|matter|issue|query|point)"
_REPLY = r"(?:answer|reply|response|solution)"
_SAID = r"(?:said|stated|given|explained|set out|described|shown|written|told|seen)"
_TEXT = rf"(?:the|this|my|our) {_REPLY}"
_HAS_SAID = rf"(?:is |are |was |will be |has been )?{_SAID}"


def _where(hints: str, *pieces: str) -> tuple[Sequence[str], re.Pattern[str]]:
    """A pattern in pieces, and what stands in every text in which it may be found."""
    return hints.split("|"), re.compile("".join(pieces))


_REPLIES = "answer|repl|response|solution"
_OF_ANSWER = (
    # that points to the answer as a text
    _where(
        _REPLIES,
        rf"\b(?:(?:as|which|what|for the reasons?) {_HAS_SAID} in {_TEXT}",
        rf"|(?:as|which|what) {_TEXT} (?:says|states|explains|shows|tells|gives)",
        rf"|in the {_REPLY}(?: (?:below|above|in)\b|:|\W*\Z)|see (?:the )?{_REPLY}",
        rf"|(?:answered|decided|solved) in the {_REPLY}|{_REPLY} is {_SAID}\W*\Z)",
    ),
    _where(
        "above|below",
        rf"\b(?:(?:as|which|what|for the reasons?) {_HAS_SAID} (?:above|below)",
        r"|in the answer (?:above|below)\b|(?:given|set out|as|see) (?:above|below)\b)",
    ),
    _where(
        "as described|d by saying", r"\b(?:as described|(?:answered|decided|solved) by saying)\b"
    ),
    _where(
        "is then|are then|is next|are next|is finally|are finally|is first|are first|is also"
        "|are also|is now|are now",
        rf"\b{_PART_OF_TASK} .{{0,40}}(?:is|are) (?:then|next|finally|first|also|now) {_TOLD}",
    ),
    # that an answer has to be given
    _where(
        "be answered|be solved|be resolved",
        r"\b(?:has|have|needs?|ought|is|must|will|should) (?:to )?be",
        r" (?:answered|solved|resolved)\b(?! (?:by|with|in favour|against))",
    ),
    _where(
        _REPLIES,
        rf"\b(?:an?|the) {_REPLY}(?: to (?:this|that|the) {_ASKED})? (?:is required",
        r"|(?:has to|must|should|will|needs to) be (?:given|found|had|sought))",
        r"|\bcalls for an answer|\b(?:we|one|he|she|it) (?:has|have) to (?:reply|answer)\b",
    ),
    _where(
        "it has to be |it must be |it needs to be ",
        r"\bit (?:has to|must|needs to) be (?:considered|examined|decided|determined|seen",
        r"|found out|said|established) (?:what|whether|how)",
    ),
    # that something is asked, and to what law it belongs
    _where(
        "",
        r"\A\W*(?:(?:we are told|(?:what|it) is (?:being )?asked)\b|(?:this|it) is about [^,;]*\Z",
        r"|(?:[\w'\u2019]+ ){1,3}(?:asks|wants to know|would like to know)",
        r" (?:what|whether|how|if|who|which|when|where)\b",
        rf"|(?:the|this) {_ASKED}(?: (?:raised|asked|here))? (?:concerns|relates to|arises",
        r"|is (?:what|how|who|which|whether|about))\b(?!.*\b(?:turns on|because|since|depends)\b)",
        rf"|(?:it|this|that|such an? {_ASKED}) (?:is (?:an? )?(?:\w+ )?{_ASKED}",
        r" (?:of|about|on|concerning) [^,;]*|(?:belongs to|relates to|falls within|concerns)",
        r" [^,;]* law)\W*\Z)",
    ),
)
"""What a step says of the answer or of what is asked, whatever the law is; in small letters."""
_TASK_WORDS = word_list("of_a_task")
_ORDERING = _METHOD | word_list("of_a_task", "of_orders")


_ORDERS = re.compile(
    rf"{_BY_TURNS}(?:give|state|say|explain|describe|set out|mention|cover|deal with|discuss|list"
    r"|tell|begin|start|open|end|close|conclude|finish|summari[sz]e|point out|address|name|identify"
    r"|define|compare|contrast|note|outline|present|introduce|apply|illustrate|analy[sz]e|examine"
    r"|consider|assess|evaluate|determine|clarify|quote|cite|recall|report|decide|ask)\b"
)
LEAST_ORDERED = 4
"""Meanings of the steps, below which nothing can be said of them."""
NEW_ORDERED = 0.34
"""Share of the meanings that steps have and the question has not, up to which steps that all order
something only order an answer to it; of 332 older rows with such steps none has less than 0.38."""


def _is_of_answer(step: str) -> bool:
    return any(
        pattern.search(step) for hints, pattern in _OF_ANSWER if any(map(step.__contains__, hints))
    )


def tell_the_task(reading: Reading) -> bool:
    """Whether the steps say what is to be written, all of them or all but one."""
    steps = reading.folded_steps.split("\n")
    if len(steps) < 2:
        return False
    if all(map(_ORDERS.match, steps)):
        return _order_the_question(reading, steps)
    if _TASK_WORDS.isdisjoint(reading.steps_vocabulary):
        return False
    missed = told = 0
    for step in steps:
        known = bool(_OF_TASK.match(step) or (told and _OF_TASK_TOO.match(step)))
        known = known or _is_of_answer(step)
        told += known
        missed += not known
        if missed > (len(steps) > 2):
            return False
    return True


def _order_the_question(reading: Reading, steps: Iterable[str]) -> bool:
    """Whether steps that order something have hardly a meaning beyond the question's."""
    told = frozenset[int | str]().union(*(meanings(step, but=_ORDERING) for step in steps))
    new = told - meanings(reading.draft.question) - reading.question_stems
    return len(told) >= LEAST_ORDERED and len(new) <= NEW_ORDERED * len(told)


_IN_ORDER = word_list("in_order")
_WORK = _METHOD | word_list("of_a_task", "of_orders", "by_turns")
_WORK_STEMS = frozenset(map(stem, _WORK))
MOST_LED_TO = 1
MOST_OWN = 1
MOST_OWN_A_STEP = 2
"""Words of the answer beyond the question's and those of any work that steps in order may have, how
many more words of their own than there are steps, if they have one, and how many a step, if none.
Of 549 good answers none has so few."""


def only_order(reading: Reading) -> bool:
    """Whether steps have words of order, all or all but one, and hardly a word of the answer."""
    steps = reading.draft.reasoning_steps
    if len(steps) < LEAST_STEPS or _IN_ORDER.isdisjoint(reading.steps_vocabulary):
        return False
    missed = sum([_IN_ORDER.isdisjoint(words(step)) for step in steps])
    if missed > 1 or any(word[0].isdigit() for word in reading.steps_vocabulary):
        return False
    own = stems(reading.steps_vocabulary - _WORK) - reading.question_stems - _WORK_STEMS
    led_to = len(own & reading.answer_stems)
    if not led_to:
        return len(own) <= MOST_OWN_A_STEP * len(steps)
    return led_to <= MOST_LED_TO and not missed and len(own) <= len(steps) + MOST_OWN


def _asks(step: str) -> bool:
    """Whether a step only says what is to be asked or answered."""
    low = step.lower()
    found = _IF.search(low)
    if found:
        head = words(low[: found.start()])
        if not head:
            return not _ASKING.isdisjoint(words(low))
        if len(head) <= LONGEST_HEAD and _DECIDES.isdisjoint(head):
            return not _ASKING.isdisjoint(head)
    if _POINTS.match(low) is None:
        return False
    said = words(low)
    return not _ASKING.isdisjoint(said) and not _HELPERS.isdisjoint(said)
