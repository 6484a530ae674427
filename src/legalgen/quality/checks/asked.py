"""Is there an answer where a sum or a court is asked for, or only questions, or only figures."""

from __future__ import annotations

import re

from legalgen.law.citations.parsed import word_set
from legalgen.quality.reading import Reading

_SUM_HINTS = ("ow much", "hat sum", "hat amount")
"""Without one of these no question asks for a sum."""
_ASKS_SUM = re.compile(
    r"\b(?:how much\b(?! (?:time|notice|longer|of|more|less|does it matter|weight|evidence|detail"
    r"|control|care|force|risk|say|knowledge|information|proof|warning|freedom|influence|discretion"
    r"|scope|room|protection|deference|certainty|effort|work|cover|harm|support"
    r"|(?:is|are|remains?)(?: there)? (?:left )?of)\b)"
    r"|what (?:sum|amount)\b)",
    re.I,
)
_GIVES_SUM = re.compile(
    r"[\u00a3$\u20ac\u20b9]|\d(?:[\d,.]*\d)? ?(?:%|per ?cent|times|pounds|euros|dollars|pence)"
    r"|\b(?:per ?cent|hundred|thousand|million|pounds|euros|dollars|nothing|none|nil|zero|half"
    r"|halves|(?:a|one|two|three|four) (?:third|quarter|fifth|sixth|eighth|tenth)s?|twice|double"
    r"|treble|nominal|unlimited|whatever"
    r"|(?:the|its|her|his|their) (?:whole|full|entire|rest|difference|remainder|excess|surplus)"
    r"|all (?:but|of (?:it|the|her|his|their|its))|as much|no more|very little|hardly anything"
    r"|(?:no|without) (?:\w+ )?(?:limit|maximum|minimum|tax|money|compensation|damages|sum|amount"
    r"|figure|share|duty)|a (?:just|fair|reasonable) (?:sum|price|amount|fee|charge|rent|royalty"
    r"|share)|what is (?:just|fair|reasonable)|market (?:price|value|rent)"
    r"|(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|\w+teen|twenty)"
    r"(?: and a half)? (?:times|(?:week|month|year)s?(?:['\u2019]s?)? (?:gross |net )?"
    r"(?:pay|wages|salary|earnings|income|rent))|(?:wages|salary|earnings) (?:for|of|during)"
    r"|(?:deposit|price|fee|loan|payment|money) (?:back|in full))\b",
    re.I,
)


def no_sum(reading: Reading) -> str:
    """What of a question for an amount is not answered: the answer gives none, in whatever words.

    The steps may have the amounts that it is worked out from.
    """
    question = reading.draft.question
    if not any(hint in question for hint in _SUM_HINTS):
        return ""
    asked = _ASKS_SUM.search(question)
    if asked and not _GIVES_SUM.search(reading.draft.answer):
        return f'"{asked[0]}" is asked, and no amount is given'
    return ""


_FORUM_HINTS = ("court", "forum", "tribunal", "here ")
"""Without one of these no question asks for a court."""
_ASKS_FORUM = re.compile(
    r"\b(?:which|what) (?:[\w'\u2019-]+ ){0,3}?(?:courts?|tribunals?|forums?)\b"
    r"|\bwhere (?:can|may|must|should|does|do|could) (?:[\w'\u2019-]+ ){1,4}?(?:sue|be sued|bring|"
    r"issue|litigate|start (?:a claim|proceedings))\b",
    re.I,
)
_FORUM = word_set(
    "court courts tribunal tribunals forum forums jurisdiction jurisdictions sue sued suing bring"
    " brought brings proceedings litigate litigated litigation judge judges seised arbitration"
    " arbitrator arbitrators commission ombudsman registry chamber bench panel action suit"
)
_IN_A_PLACE = re.compile(r"\b(?:[Ii]n|[Aa]t|[Bb]efore|[Tt]o) (?:the )?[A-Z]")
_LEAST_FOR_FORUM = 40
"""Words of an answer that would tell where."""


def no_forum(reading: Reading) -> str:
    """What of a question for a court is not answered: none is named, nor where to sue.

    The steps have one, or say where somebody may be sued.
    """
    question = reading.draft.question
    if not any(hint in question for hint in _FORUM_HINTS):
        return ""
    asked = _ASKS_FORUM.search(question)
    if asked is None or len(reading.answer) < _LEAST_FOR_FORUM:
        return ""
    if not _FORUM.isdisjoint(reading.answer_vocabulary) or _FORUM.isdisjoint(reading.steps):
        return ""
    if _IN_A_PLACE.search(reading.first_sentence):
        return ""
    return f'"{asked[0]}" is asked, and no court is named'


LEAST_ASKED = 3
ASKED_SHARE = 0.6
"""Share of sentences that ask, from which an answer that begins with one is none."""


def only_asks(reading: Reading) -> str:
    """How many sentences of an answer ask, where most do, and the first among them."""
    if reading.draft.answer.count("?") < LEAST_ASKED or not reading.first_sentence.endswith("?"):
        return ""
    asked = sum(each.rstrip("\"'\u201d\u2019)").endswith("?") for each in reading.sentences)
    if asked < max(LEAST_ASKED, ASKED_SHARE * len(reading.sentences)):
        return ""
    return f"{asked} of {len(reading.sentences)} sentences ask"


LEAST_WORDS = 20
FIGURES_SHARE = 0.25
SIGNS_SHARE = 0.2
"""Signs, capitals and figures of all that was written, below which so many words are no figures."""
_FIGURE = re.compile(r"[\d.,;()]*\d[\d.,;()]*")


def bare_figures(reading: Reading) -> str:
    """How many words of an answer are figures with nothing to them, where many are."""
    if len(reading.signs) < SIGNS_SHARE * len(reading.whole):
        return ""
    told = reading.draft.answer.split()
    bare = sum(_FIGURE.fullmatch(word) is not None for word in told)
    if len(told) < LEAST_WORDS or bare < FIGURES_SHARE * len(told):
        return ""
    return f"{bare} of {len(told)} words are bare figures"
