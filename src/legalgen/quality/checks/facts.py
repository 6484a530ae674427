"""Are the answer's facts those of its question: who is who, what they are called, how much, when.

Only what stands in the question can be told from what an answer makes of it, so a fact is held
against one of the same kind that the answer leaves out: another period where the question's is
never named, a date that no period leads to, a name of which one half is the question's. Who is
landlord and who tenant follows from what the question says that they did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from fractions import Fraction
from itertools import islice, pairwise
from typing import NamedTuple

from legalgen.quality.checks.amounts.figures import amounts, figures
from legalgen.quality.checks.amounts.remainders import strange_operand
from legalgen.quality.checks.amounts.sums import COUNT_WORD, number_of
from legalgen.quality.checks.elements import NOT_A_PARTY, parties
from legalgen.quality.currencies import CURRENCY_WORDS
from legalgen.quality.reading import TOKEN, Finding, Reading, places, stems
from legalgen.quality.wordlists import MONEY_SIGNS, MONTH, NAMES_DAY, word_list
from legalgen.store.sample import words


def facts(reading: Reading) -> Iterator[Finding]:
    """Roles exchanged, a party renamed, and figures that are not the question's."""
    if reading.is_dialogue:
        return
    what = _exchanged(reading) or _renamed(reading) or _other_period(reading)
    what = what or _other_length(reading) or _other_date(reading) or _other_sum(reading)
    what = what or _turned_digits(reading) or _other_currency(reading) or _other_count(reading)
    what = what or _other_operand(reading)
    if what:
        yield "FACTS_CHANGED", what, "answer", True


# --- who is who ----------------------------------------------------------------------------------

_ROLES = {
    "landlord": "landlord", "lessor": "landlord", "tenant": "tenant", "lessee": "tenant",
    "seller": "seller", "vendor": "seller", "buyer": "buyer", "purchaser": "buyer",
    "lender": "lender", "creditor": "lender", "borrower": "borrower", "debtor": "borrower",
    "employer": "employer", "employee": "employee", "claimant": "claimant",
    "plaintiff": "claimant", "defendant": "defendant", "insurer": "insurer", "insured": "insured",
    "donor": "donor", "donee": "donee", "licensor": "licensor", "licensee": "licensee",
    "assignor": "assignor", "assignee": "assignee", "mortgagor": "borrower",
    "mortgagee": "lender",
}  # fmt: skip
_OTHER_SIDE = {
    "landlord": "tenant", "seller": "buyer", "lender": "borrower", "employer": "employee",
    "claimant": "defendant", "insurer": "insured", "donor": "donee", "licensor": "licensee",
    "assignor": "assignee",
}  # fmt: skip
_OTHER_SIDE |= {other: one for one, other in _OTHER_SIDE.items()}
_NAME = r"[A-Z][\w\u00c0-\u017f'\u2019-]+(?: [A-Z][\w\u00c0-\u017f'\u2019-]+){0,3}"
_WITHIN = r"(?:(?!\b(?:to|from|by|who|which|and|but)\b)[^.;?])"
_DEALS = (
    (rf"(?P<a>{_NAME}) (?:lets?|leased|rented out|ha[sd] let) {_WITHIN}{{1,60}}? to (?P<b>{_NAME})",
     "landlord"),
    (rf"(?P<a>{_NAME}) (?:rents?|rented|leases) {_WITHIN}{{1,60}}? from (?P<b>{_NAME})", "tenant"),
    (rf"(?P<a>{_NAME}) (?:sold|sells|has sold|had sold) {_WITHIN}{{1,60}}? to (?P<b>{_NAME})",
     "seller"),
    (rf"(?P<a>{_NAME}) (?:sold|sells) (?P<b>{_NAME}) (?:an?|the|his|her|its) ", "seller"),
    (rf"(?P<a>{_NAME}) (?:bought|buys|purchased) {_WITHIN}{{1,60}}? from (?P<b>{_NAME})", "buyer"),
    (rf"(?P<a>{_NAME}) (?:lent|lends) (?:{_WITHIN}{{1,40}}? to )?(?P<b>{_NAME})", "lender"),
    (rf"(?P<a>{_NAME}) (?:borrowed|borrows) {_WITHIN}{{1,60}}? from (?P<b>{_NAME})", "borrower"),
    (rf"(?P<a>{_NAME}) owes? (?P<b>{_NAME})", "borrower"),
    (rf"(?P<a>{_NAME}) (?:employs|employed|dismissed|sacked|hired) (?P<b>{_NAME})", "employer"),
    (rf"(?P<a>{_NAME}) (?:works|worked) for (?P<b>{_NAME})", "employee"),
    (rf"(?P<a>{_NAME}) (?:sues|sued|is suing) (?P<b>{_NAME})", "claimant"),
    (rf"(?P<a>{_NAME}) insured {_WITHIN}{{1,60}}? with (?P<b>{_NAME})", "insured"),
)  # fmt: skip
"""What a question says that one did with another, and what the first is by that."""
_DEAL_WORDS = frozenset({
    "let", "lets", "leased", "rented", "rents", "leases", "sold", "sells", "bought", "buys",
    "purchased", "lent", "lends", "borrowed", "borrows", "owe", "owes", "employs", "employed",
    "dismissed", "sacked", "hired", "works", "worked", "sues", "sued", "suing", "insured",
})  # fmt: skip
_ROLE_WORDS = frozenset(_ROLES)
_NAMED_BEFORE = re.compile(
    rf"\b(?P<name>{_NAME})(?:,? (?:as|being|who is|who was|is|was) (?:the |an? |his |her |its )?"
    r"|, (?:the|an?|his|her|its|their) )\Z"
)
_THEIR = ("the ", "The ", "his ", "her ", "His ", "Her ", "its ", "Its ", "their ", "Their ")
_APPOSED = re.compile(r", (?:the|an?|his|her|its|their) \Z")
_NAMED_AFTER = re.compile(rf", (?P<name>{_NAME}),")
_LONGEST_NAME = 60


def _said_to_be(text: str, vocabulary: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Words, name and role, where a text says what somebody is: ``Cole, as the landlord``."""
    for role in sorted(_ROLE_WORDS.intersection(vocabulary)):
        for at in places(f" {role}", text):
            begin, end = at + 1, at + 1 + len(role)
            before = _NAMED_BEFORE.search(text, max(0, begin - _LONGEST_NAME), begin)
            if before is not None and not text[end : end + 1].isalpha():
                apposed = _APPOSED.search(before[0]) is not None
                if text[end : end + 1] not in "'\u2019" and (
                    not apposed or text[end : end + 1] == ","
                ):
                    yield before[0] + role, before["name"], _ROLES[role]
            elif text.endswith(_THEIR, 0, begin):
                after = _NAMED_AFTER.match(text, end)
                if after is not None:
                    yield role + after[0], after["name"], _ROLES[role]


_AS_ONE = re.compile(
    rf"As (?:the |an? )?(?P<role>{'|'.join(sorted(_ROLES))}),? (?:he|she|it|they)\b"
)
_BEGINS = re.compile(rf"(?P<name>{_NAME})\b")


def _said_of_before(told: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Who is meant by ``As the landlord he``: with whom the sentence before begins."""
    for before, sentence in pairwise(told):
        if sentence.startswith("As ") and (said := _AS_ONE.match(sentence)):
            name = _BEGINS.match(before)
            if name is not None and name["name"] not in _NO_NAME:
                yield f"{name['name']}. {said[0]}", name["name"], _ROLES[said["role"]]


def _exchanged(reading: Reading) -> str | None:
    """A party who is called the other side of what the question makes of it."""
    if _ROLE_WORDS.isdisjoint(reading.answer_vocabulary):
        return None
    if (_DEAL_WORDS | _ROLE_WORDS).isdisjoint(reading.question):
        return None
    said = [
        *_said_to_be(reading.draft.answer, reading.answer_vocabulary),
        *_said_of_before(reading.sentences),
    ]
    roles = _roles(reading.draft.question, reading.question) if said else {}
    for what, name, role in said if roles else ():
        for word in name.split():
            known = roles.get(word, frozenset())
            if known and role not in known and _OTHER_SIDE[role] in known:
                return f'"{what}", whom the question makes {" and ".join(sorted(known))}'
    return None


def _roles(question: str, vocabulary: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """What each name of a question is: as it says, and by what two parties did, without a third.

    A tenant who has sublet is a landlord as well, and who bought may have sold.
    """
    found: dict[str, set[str]] = {}
    named: dict[str, set[str]] = {}
    for _, name, role in _said_to_be(question, vocabulary):
        for word in name.split():
            named.setdefault(word, set()).add(role)
    for pattern, role in _DEALS:
        for match in re.finditer(pattern, question):
            one, other = match["a"].split(), match["b"].split()
            for word in set(one) ^ set(other):
                found.setdefault(word, set()).add(role if word in one else _OTHER_SIDE[role])
    thirds = (word for word in parties(question) if word not in found and word not in _NO_NAME)
    if any(
        not re.search(rf"\b(?:in|of|at|near|from) {re.escape(word)}", question) for word in thirds
    ):
        found = {}
    words_named = found.keys() | named.keys()
    return {
        word: frozenset(found.get(word, set()) | named.get(word, set())) for word in words_named
    }


# --- what they are called ------------------------------------------------------------------------

_TITLES = frozenset({"Mr", "Mrs", "Ms", "Miss", "Dr", "Sir", "Lady", "Lord", "Judge", "Justice"})
_NO_NAME = NOT_A_PARTY | word_list("law_words", "places", "people_and_firms") | _TITLES
_TWO_WORDS = re.compile(
    r"[A-Z][a-z]{2,} [A-Z][a-z]{2,}\b"
    r"(?! (?:[A-Z]\w+ )?(?:Act|Order|Rules|Code|Regulations?|Convention|Directive)\b)"
)


_NEXT_WORD = re.compile(r" ([A-Z][a-z]{2,})\b")


def _renamed(reading: Reading) -> str | None:
    """A name of two words of which the first is the question's and the second is nowhere."""
    question, answer = reading.draft.question, reading.draft.answer
    ours = dict(match[0].split() for match in _TWO_WORDS.finditer(question))
    for first, known in ours.items():
        if first in _NO_NAME or known in _NO_NAME or f"{first} {known}" in answer:
            continue
        for last in _words_after(first, answer):
            given = f"{question} {reading.steps_text} {reading.fields[-1][1]}"
            if last not in _NO_NAME and last.rstrip("s") not in given:
                return f'"{first} {last}", whom the question calls {first} {known}'
    return None


def _words_after(first: str, text: str) -> Iterator[str]:
    """The capitalised words right after a name, but for a case that is cited."""
    for at in places(first, text):
        found = _NEXT_WORD.match(text, at + len(first))
        if found and not text.startswith((" v ", " v. "), found.end()):
            yield found[1]


# --- how much and when ---------------------------------------------------------------------------

_PERIODS = frozenset({"day", "week", "month", "year", "hour"})
_ONLY_WORDS = frozenset(["only", "just", "merely", "barely", "mere", "scarcely"])
_ONLY = re.compile(
    r"(?:only|just|merely|barely|mere|scarcely) (?P<period>(?:\d{1,4}|[a-z]+(?:-[a-z]+)?)"
    r" (?:day|week|month|year|hour)s?)\b"
)
_OF_LAW = re.compile(
    r"\b(?:requires?|limit\w*|within|allows?|gives?|provides?|asks?|needs?|minimum|maximum"
    r"|qualifying|entitle\w*|rules?|statute|if|unless|had|would|allowed|needed|required|is|are"
    r"|suffic\w+|enough)\b"
)
_CLAUSE = re.compile(r"[,;:.]| and | but ")


def _other_period(reading: Reading) -> str | None:
    """``only eight months``, where the question has another period and the answer not that."""
    answer = reading.folded_answer
    matches = [
        found
        for word in _ONLY_WORDS & reading.answer_vocabulary
        for at in places(f"{word} ", answer)
        if (found := _ONLY.match(answer, at))
    ]
    if not matches:
        return None
    asked = {each for each in figures(reading.draft.question) if each[0] in _PERIODS}
    stepped, told = figures(reading.steps_text), figures(reading.draft.answer)
    unsaid = dict(asked - stepped - told)
    for match in matches:
        clause = _CLAUSE.split(answer[: match.start()])[-1]
        clause += _CLAUSE.split(answer[match.end() :])[0]
        for unit, _ in figures(match["period"]) - asked - stepped:
            if unit in unsaid and not _OF_LAW.search(clause):
                return f'"{match[0]}", where the question has {unsaid[unit]} {unit}'
    return None


_STATES = "late|old|overdue|early|behind|ahead|pregnant"
_LASTING = (
    "delay|lease|tenancy|contract|sentence|marriage|loan|licence|service|employment|absence|visa"
    "|stay|detention|imprisonment|cohabitation|warranty|guarantee|apprenticeship|subscription"
    "|notice|wait|silence|arrears|ban|suspension|internship|secondment|training|possession|use"
    "|experience|custody|residence"
)
"""What lasts so long in one case."""
_LASTS = frozenset(f"{_STATES}|{_LASTING}".split("|"))
_NUMBER = r"(?P<n>\d{1,3}|[a-z]+(?:-[a-z]+)?)"
_UNIT = r"(?P<unit>hour|day|week|month|year)"
_LENGTHS = (
    re.compile(rf"\b{_NUMBER}[ -]{_UNIT}s?['\u2019]? (?:of )?(?P<of>{_STATES}|{_LASTING})\b"),
    re.compile(rf"\b(?P<of>{_LASTING}) of {_NUMBER} {_UNIT}s?\b"),
)
_LENGTH_HINTS = ("hour", "day", "week", "month", "year")
_OWNED = re.compile(
    r"\b(?:he|she|it|they|you|his|her|its|their|your|this|\w+['\u2019]s)\b"
    r"(?: [\w'\u2019-]+){0,4} ?\Z"
)
_MEASURED = re.compile(
    r"\b(?:requir\w+|limit\w*|within|allow\w*|provid\w+|need\w*|minimum|maximum|qualifying"
    r"|entitle\w*|rules?|statut\w+|suffic\w+|enough|must|should"
    r"|at (?:least|most)|or (?:more|less|longer)|than|per|each|every)\b"
)
_SUPPOSED = re.compile(r"\b(?:if|unless|had|would)\b")
"""What makes a length one that a law asks for, or that never was."""


def _other_length(reading: Reading) -> str | None:
    """``he came five hours late``, where the question has nine hours, which the answer has not."""
    if _LASTS.isdisjoint(reading.answer_vocabulary) or _LASTS.isdisjoint(reading.question):
        return None
    question, answer = reading.draft.question.casefold(), reading.folded_answer
    if not all(any(unit in text for unit in _LENGTH_HINTS) for text in (question, answer)):
        return None
    asked: dict[str, set[tuple[str, str]]] = {}
    for match in (match for each in _LENGTHS for match in each.finditer(question)):
        asked.setdefault(match["of"], set()).update(figures(match[0]))
    if not asked:
        return None
    told = figures(answer)
    known = figures(question) | figures(reading.steps_text)
    for match in (match for each in _LENGTHS for match in each.finditer(answer)):
        ours, said = asked.get(match["of"], set()), figures(match[0])
        if len(ours) != 1 or not said or not said.isdisjoint(known) or not ours.isdisjoint(told):
            continue
        before = _CLAUSE.split(answer[: match.start()])[-1]
        clause = f"{before} {_CLAUSE.split(answer[match.end() :])[0]}"
        if _SUPPOSED.search(before) or _MEASURED.search(clause):
            continue
        if _OWNED.search(before):
            ((unit, number),) = ours
            return f'"{match[0]}", where the question has {number} {unit}'
    return None


SHARED = 2
"""So many telling words around two figures make them figures of one thing."""
_DAY = re.compile(rf"\d{{1,2}} (?:{MONTH})\b|(?:{MONTH}) \d{{1,2}}\b")
_MONTH_WORDS = frozenset(MONTH.casefold().split("|"))
_MOVES_DAYS = re.compile(
    r"\b(?:days?|weeks?|months?|years?|later|earlier|after|since|due|every"
    r"|deadline|expire\w*|period|last day)\b"
)


def _other_date(reading: Reading) -> str | None:
    """A date of the same thing as the question's, where the question's own is nowhere told."""
    if _MONTH_WORDS.isdisjoint(reading.answer_vocabulary):
        return None
    question, answer = reading.draft.question, reading.draft.answer
    if not (NAMES_DAY.search(question) and _DAY.search(question)) or not _DAY.search(answer):
        return None
    asked = {value for kind, value in figures(question) if kind == "date"}
    told = {value for kind, value in figures(answer) if kind == "date"}
    stepped = {value for kind, value in figures(reading.steps_text) if kind == "date"}
    strange = told - asked - stepped
    if not asked or not strange or asked & (told | stepped):
        return None
    names = set(parties(question)) - _NO_NAME
    around = [_around(question, value) for value in asked]
    for sentence in reading.sentences:
        for value in sorted(strange):
            if value not in sentence or _MOVES_DAYS.search(sentence[: sentence.find(value)]):
                continue
            if names.isdisjoint(TOKEN.findall(sentence)):
                continue
            said = _around(sentence, value)
            if any(len(said & one) >= SHARED for one in around):
                return f"{value}, where the question has {' and '.join(sorted(asked))}"
    return None


def _around(text: str, value: str) -> frozenset[str]:
    """The stems of the sentence in which a figure stands."""
    at = text.find(value)
    begin = max(text.rfind(". ", 0, at), text.rfind("; ", 0, at)) + 1
    end = text.find(". ", at)
    return stems(words(text[begin : end if end > 0 else len(text)]))


_SUMS = frozenset({
    "deposit", "price", "fee", "salary", "loan", "premium", "debt", "fine", "invoice", "bill",
    "commission", "bonus", "legacy", "ransom", "advance", "budget", "rent", "wage", "penalty",
    "dividend", "grant", "guarantee", "reward", "mortgage", "overdraft", "bid", "quote",
})  # fmt: skip
"""What is agreed once, and is then so much."""
_SUM = "|".join(sorted(_SUMS))
_MONEY = re.compile(rf"[{MONEY_SIGNS}] ?\d[\d,]*(?:\.\d+)?")
_OWNERS = ("the", "his", "her", "its", "their", "your", "this", "that")
_BEFORE_SUM = re.compile(
    rf"(?P<own>\b(?i:{'|'.join(_OWNERS)}) )?\b(?P<noun>{_SUM})"
    r" (?:(?:was|is|of|at) )+\Z"
)
_LONGEST_BEFORE = 40
_AFTER_SUM = re.compile(rf" (?P<noun>{_SUM})\b")
_OWN = tuple(f"{word} " for each in _OWNERS for word in (each, each.capitalize()))
_NOT_AGREED = re.compile(
    r"\b(?:would|had|if|new|second|another|maximum|cap|limit|reduced|instead|unless|statutory"
    r"|further)\b"
)


class _Sum(NamedTuple):
    amount: Decimal
    start: int
    end: int
    is_own: bool
    """Whether it is that of somebody or something, and not any."""


def _other_sum(reading: Reading) -> str | None:
    """``the £2,700 deposit``, where the question's only deposit is another and is told nowhere."""
    if _SUMS.isdisjoint(reading.answer_vocabulary) or _SUMS.isdisjoint(reading.question):
        return None
    question, answer = reading.draft.question, reading.draft.answer
    asked = _sums(question)
    told = _sums(answer) if asked else {}
    for noun, sums in told.items():
        ours = {each.amount for each in asked.get(noun, ())}
        if len(ours) != 1 or not ours.isdisjoint(each.amount for each in sums):
            continue
        (own,) = ours
        known = {_amount(each) for each in _MONEY.findall(f"{question}\n{reading.steps_text}")}
        for each in sums:
            # As fractions: a Decimal's remainder is an error where the quotient has 29 digits.
            small, big = sorted((Fraction(each.amount), Fraction(own)))
            if each.amount in known or not each.is_own or big % small == 0:
                continue
            end = answer.find(". ", each.end)
            sentence = answer[answer.rfind(". ", 0, each.start) + 1 : end if end > 0 else None]
            if not _NOT_AGREED.search(sentence):
                what = answer[each.start : each.end]
                return f'"{what}", where the question has {own:,} for the {noun}'
    return None


def _sums(text: str) -> Mapping[str, Sequence[_Sum]]:
    """The amounts of each thing that is agreed once."""
    sums: dict[str, list[_Sum]] = {}
    for money in _MONEY.finditer(text):
        start, end = money.span()
        before = _BEFORE_SUM.search(text, max(0, start - _LONGEST_BEFORE), start)
        after = _AFTER_SUM.match(text, end) if before is None else None
        noun = before or after
        amount = _amount(money[0])
        if noun is None or not amount:
            continue
        if before is not None:
            found = _Sum(amount, before.start(), end, before["own"] is not None)
        else:
            found = _Sum(amount, start, noun.end(), text.endswith(_OWN, 0, start))
        sums.setdefault(noun["noun"], []).append(found)
    return sums


def _amount(money: str) -> Decimal:
    return Decimal(money[1:].replace(",", "").strip())


def _other_operand(reading: Reading) -> str | None:
    """``worth £60,000 ..., which leaves``, where the question has £40,000, which is untold."""
    question = reading.draft.question
    if not any(sign in question and sign in reading.draft.answer for sign in MONEY_SIGNS):
        return None
    found = strange_operand(reading)
    if found is None:
        return None
    shown, untold = found
    return f"{shown}, where the question has {' and '.join(f'{int(each):,}' for each in untold)}"


_LEAST_DIGITS = 3
"""Figures of an amount that are hardly the same by chance."""


def _other_currency(reading: Reading) -> str | None:
    """An amount of the question's, in a currency that is not the question's."""
    question, answer = reading.draft.question, reading.draft.answer
    strange = any(sign in answer and sign not in question for sign in MONEY_SIGNS)
    if not strange and CURRENCY_WORDS.isdisjoint(reading.answer_vocabulary):
        return None
    asked = {each.value: each.kind for each in amounts(question)}
    if not asked:
        return None
    for sign, value in sorted({(each.kind, each.value) for each in amounts(answer)}):
        if sign not in asked.values() and value in asked and len(value) >= _LEAST_DIGITS:
            return f"{sign}{value}, where the question has {asked[value]}{value}"
    return None


def _turned_digits(reading: Reading) -> str | None:
    """``£14,800``, where the question has £18,400, which is told nowhere."""
    question = reading.draft.question
    if not any(sign in question and sign in reading.draft.answer for sign in MONEY_SIGNS):
        return None
    asked = figures(question)
    told = figures(reading.draft.answer) | figures(reading.steps_text)
    lost = [
        (sign, value)
        for sign, value in asked - told
        if sign in MONEY_SIGNS and len(set(value) - {"0"}) >= _LEAST_DIGITS
    ]
    for sign, own in sorted(lost):
        for kind, value in sorted(told - asked):
            if kind == sign and len(value) == len(own) and sorted(value) == sorted(own):
                return f"{sign}{value}, where the question has {sign}{own}"
    return None


_COUNTED = re.compile(
    r"(?<![\w.,-])(?<!hundred )(?<!hundred and )(?<!thousand )(?<!thousand and )"
    rf"(?:(?P<all>all|his|her|its|their) )?(?P<n>\d{{1,4}}|{COUNT_WORD}) "
    r"(?P<noun>[a-z]{4,}s)\b"
)
_NOT_COUNTED = frozenset({
    "hours", "days", "weeks", "months", "years", "minutes", "pounds", "dollars", "euros", "rupees",
    "times", "miles", "metres", "acres", "percent", "points", "others", "thirds", "quarters",
    "halves", "fifths", "tenths", "stages", "steps", "grounds", "reasons", "ways", "questions",
    "elements", "conditions", "limbs", "heads", "things", "kinds", "sorts", "parts",
})  # fmt: skip
"""Measures, and what an answer itself counts."""


def _other_count(reading: Reading) -> str | None:
    """``all five directors``, where the question has three, which is told nowhere else."""
    answer = reading.folded_answer
    told = [match for match in _counted_all(answer, reading.answer_vocabulary) if match["all"]]
    told = [match for match in told if match["noun"] not in _NOT_COUNTED]
    if not told:
        return None
    given = f"{reading.draft.question} {reading.steps_text}".casefold()
    asked: dict[str, set[Fraction]] = {}
    for match in _COUNTED.finditer(given):
        asked.setdefault(match["noun"], set()).add(number_of(match["n"]))
    for match in told:
        ours, number = asked.get(match["noun"], set()), number_of(match["n"])
        said = {number_of(one["n"]) for one in _COUNTED.finditer(answer)}
        if len(ours) == 1 and number > max(ours) and ours.isdisjoint(said):
            (own,) = ours
            return f'"{match[0]}", where the question has {own} {match["noun"]}'
    return None


def _counted_all(text: str, vocabulary: Set[str]) -> Iterator[re.Match[str]]:
    """The matches of ``_COUNTED`` before which all of a kind are named."""
    for hint, numbered in _WHOLES.items():
        if hint in vocabulary:
            for found in numbered.finditer(text):
                yield from islice(_COUNTED.finditer(text, found.start(), found.start() + 40), 1)


_WHOLES = {
    hint: re.compile(rf"{hint} (?:\d|{COUNT_WORD} )")
    for hint in ("all", "his", "her", "its", "their")
}
"""What stands before the number of all of a kind; of some there may be fewer."""
