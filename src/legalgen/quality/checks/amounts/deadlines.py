"""Is the last day right that an answer counts, and does in time or late follow from it.

Counting in months and years keeps the day of the month, give or take one. A last day with such a
day, at a distance that no period of the text has, was counted wrong; so was an end that stands in
one sentence with its period and the day from which that runs. A verdict is wrong where the last
date of the question lies beyond every period of the text from every other date, and is called in
time, or before all of them, and is called late. What may move an end is left room: days that are no
working days, the post, and words of whatever extends a period or lets it run from another day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from legalgen.quality.checks.amounts.days import (
    ANY_DAY,
    ONE_MONTH,
    any_days,
    in_no_calendar,
    month_and_day,
)
from legalgen.quality.checks.amounts.due import due_wrong
from legalgen.quality.checks.amounts.lengths import (
    FIXED,
    LENGTH,
    MOST_ROOM,
    PLAINLY,
    RECEIVED,
    STRETCHED,
    calendar_day,
    count_of,
    days_of,
    end_of,
    is_backwards,
    is_stretched,
    room_of,
)
from legalgen.quality.checks.amounts.periods import in_numbers
from legalgen.quality.reading import Finding, Reading, excerpt
from legalgen.quality.wordlists import MONTHS, NAMES_DAY

_ON = (
    rf"(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m>{ONE_MONTH}),? (?P<y>\d{{4}})"
    rf"|(?P<am>{ONE_MONTH}) (?P<ad>\d{{1,2}}), (?P<ay>\d{{4}}))\b"
)
"""A whole date, as the British and the Americans write it."""
_DATE = re.compile(_ON)
_YEAR = re.compile(r"(?:19|20)\d\d")
"""Without it there is no whole date; found in a tenth of the time."""

_LAST_DAY = (
    r"(?:(?:last|final|latest) day(?: [a-z]+){0,5}? (?:is|was)(?: [a-z]+)?"
    r"|(?:deadline|time limit|period|limit)"
    r"(?: [a-z]+){0,5}? (?:is|was|ends|ended|expires|expired|ran out|runs out)(?: [a-z]+)?(?: on)?"
    r"|expire[sd]? on|end(?:s|ed)? on|(?:ran|runs) out on|no later than|at the latest (?:on|by)"
    r"|not later than) (?:midnight on |the end of )?"
)

_BEGUN = re.compile(
    r"\b(?:sued|sues|issued?|issues|filed|files|brought|brings|lodged|presented|claimed|applied"
    r"|started|began|commenced|appealed)\b(?: [\w']+){0,8}? on\s*\Z"
)
_ENDED = re.compile(
    r"\b(?:ends?|ended|expire[sd]?|ran out|runs out|up|elapsed|lapsed)(?: [a-z]+){0,2}?"
    r"(?: on| at the end of)?\s*\Z"
)
_VERDICT = re.compile(
    r"\b(?P<not>not )?(?:(?P<late>out of time|too late|(?:time-|statute-)?barred|untimely)"
    r"|(?:in|within|in good) time|timely|within (?:the )?(?:limitation|period|time limit)"
    r"|(?:inside|within) (?:(?:it|time)\b|(?:the|that|this|its|those) (?:\w+ )?"
    r"(?:period|limit|limitation|window|years|months|weeks|days)\b))\b",
    re.I,
)
_UNDECIDED = re.compile(
    r"\b(?:not|never|neither|nor|no|cannot|if|unless|whether|or|would|may|might|only|before|until)\b"
    r"|n't",
    re.I,
)
"""What may turn a verdict, or make it one of something else."""

_BEFORE = 90
"""Characters before a date in which the words that say what it is are looked for."""

Day: TypeAlias = tuple[int, int, int]
"""Year, month and day."""


def deadline(reading: Reading) -> Iterator[Finding]:
    """A last day that is counted wrong, and late or in time against the days that are given."""
    if found := in_no_calendar(reading):
        yield found
    question = reading.draft.question
    if not NAMES_DAY.search(question):
        return
    reading = in_numbers(reading)
    if _YEAR.search(question) and _DATE.search(question):
        yield from _counted_wrong(reading)
        if found := _counted(reading):
            yield found
    elif NAMES_DAY.search(question) and not _has_year(reading):
        yield from _in_any_year(reading)


def _counted(reading: Reading) -> Finding | None:
    """What does not follow from the days and periods of a text whose days have years."""
    found = None
    if said := _verdict(reading):
        found = _judged_wrong(reading, said)
        if found is None and _asks_time(reading.draft.question):
            found = _judged_by_periods(reading, said)
    elif said := _later_verdict(reading):
        found = _judged_by_periods(reading, said)
    return found or _end_wrong(reading)


def _end_wrong(reading: Reading) -> Finding | None:
    """What is wrong of a period and its ends, whatever is decided by them."""
    return (
        _within_wrong(reading)
        or _ended_wrong(reading)
        or _other_end(reading)
        or _unreached(reading)
        or due_wrong(reading)
    )


ANY_YEARS = (2024, 2023, 2022, 2021, 2026, 2027, 2020)
"""Years of which each day falls on every day of the week; two of them are leap years."""


def _has_year(reading: Reading) -> bool:
    """Whether a day of the text has its year."""
    return _YEAR.search(reading.whole) is not None and any(
        match["y"] or match["ay"] for _, text in reading.texts for match in any_days(text)
    )


def _in_any_year(reading: Reading) -> Iterator[Finding]:
    """What is wrong of days without years, in whichever year they are."""
    months = {month_and_day(match)[0] for _, text in reading.texts for match in any_days(text)}
    if not months or max(months) - min(months) > MOST_MONTHS:
        return  # of December and January nobody knows which comes first
    if not any(LENGTH.search(text) for _, text in reading.texts):
        return
    found: Finding | None = None
    for year in ANY_YEARS:
        found = _counted(_of_year(reading, year))
        if found is None:
            return
    if found is not None:
        code, what, where, far = found
        yield code, re.sub(rf",? {ANY_YEARS[-1]}\b(?!-)|{ANY_YEARS[-1]}-", "", what), where, far


MOST_MONTHS = 8
"""Months between days without years, above which they are of two."""


def _of_year(reading: Reading, year: int) -> Reading:
    """The same text with its days in one year."""
    draft = reading.draft
    dated = replace(
        draft,
        question=_dated(draft.question, year),
        answer=_dated(draft.answer, year),
        reasoning_steps=tuple(_dated(step, year) for step in draft.reasoning_steps),
    )
    return replace(reading, draft=dated)


def _dated(text: str, year: int) -> str:
    return ANY_DAY.sub(rf"\g<0>, {year}", text) if NAMES_DAY.search(text) else text


def _day(match: re.Match[str]) -> Day:
    month, number = month_and_day(match)
    return int(match["y"] or match["ay"]), month, number


def _counted_wrong(reading: Reading) -> Iterator[Finding]:
    """A last day with the day of the month of another date, so many months away as none says."""
    given = {_day(match) for match in _DATE.finditer(reading.draft.question)}
    lengths = (match for _, text in reading.texts for match in LENGTH.finditer(text))
    periods = {_months(match) for match in lengths if match["unit"].casefold() in _OF_MONTHS}
    if not periods:
        return
    sums = periods | {left + right for left, right in product(periods, periods)}
    for name, text in (("reasoning_steps", reading.steps_text), ("answer", reading.draft.answer)):
        for match in re.finditer(_LAST_DAY + _ON, text, re.I):
            last = _day(match)
            apart = {months for one in given if (months := _apart(one, last)) is not None}
            if _OF_TERM.search(text, max(0, match.start() - 30), match.start()):
                continue
            if (
                last not in given
                and apart
                and apart.isdisjoint(sums)
                and not _in_days(reading, match)
            ):
                shown = " or ".join(map(str, sorted(periods)))
                what = f'"{match[0]}" in {name} is {min(apart)} months away, not {shown}'
                yield "DEADLINE", what, name, False
                return


def _in_days(reading: Reading, last: re.Match[str]) -> bool:
    """Whether a period in days or weeks ends on a day, from one of the question's."""
    day = calendar_day(int(last["y"] or last["ay"]), last)
    starts, told = days_of(reading.draft.question), reading.whole
    lengths = [one for one in LENGTH.finditer(told) if one["unit"].casefold() in ("day", "week")]
    return day is not None and any(
        _is_end([day], start, one, told) for start, one in product(starts, lengths)
    )


_OF_TERM = re.compile(r"\b(?:new|next|old|fixed) (?:term|lease|tenancy|contract|licence) \Z")


_OF_MONTHS = {"month": 1, "year": 12}


def _months(length: re.Match[str]) -> int:
    return count_of(length) * _OF_MONTHS[length["unit"].casefold()]


def _apart(first: Day, last: Day) -> int | None:
    """Months between two days with the same day of the month, give or take one."""
    months = (last[0] - first[0]) * 12 + last[1] - first[1]
    return months if abs(last[2] - first[2]) <= 1 and months > 0 else None


def _judged_wrong(reading: Reading, said: _Verdict) -> Finding | None:
    """Late or in time, as the first sentence has it, against when time ended and what was done."""
    ended, begun = _told(_ENDED, reading.steps_text), _told(_BEGUN, reading.draft.question)
    if len(ended) != 1 or len(begun) != 1:
        return None
    (end,), (start,) = ended, begun
    if (start > end) == said.late or (not said.late and _is_stopped(reading.steps_text)):
        return None
    what = f'"{said.words}" of {_shown(start)}, though time ended on {_shown(end)}'
    return "DEADLINE", what, "answer", True


class _Verdict(NamedTuple):
    words: str
    late: bool


_PLAIN = re.compile(r"(?P<yes>yes)\b|no\b", re.I)
_ANY_VERDICT = ("time", "late", "barred", "within", "inside", "Yes", "No")


def _verdict(reading: Reading) -> _Verdict | None:
    """What the first sentence decides; a bare yes or no, by what was asked."""
    first = reading.first_sentence
    if not [hint for hint in _ANY_VERDICT if hint in first]:
        return None
    said = _VERDICT.search(first)
    if said is not None:
        if _UNDECIDED.search(_VERDICT.sub("", first)) and not _is_decided(first, said):
            return None
        return _Verdict(said[0], bool(said["late"]) != bool(said["not"]))
    plain, asked = _PLAIN.match(first), _VERDICT.search(reading.draft.question)
    if plain is None or asked is None or len(_VERDICT.findall(reading.draft.question)) > 1:
        return None
    asks_late = bool(asked["late"]) != bool(asked["not"])
    return _Verdict(plain[0], asks_late == bool(plain["yes"]))


_TIMES = frozenset({"time", "timely", "late", "barred", "untimely", "within", "inside"})
_SUES = re.compile(
    r"\b(?:court|sued|sues|suit|claim(?:ed)?|action|proceedings|petition|complaint|application|appeal"
    r"|issued?|filed|lodged|brought|presented|applied|appealed|came)\b"
)
_CLAUSE_BEGINS = re.compile(r"[;:]|, (?:and|but|for|since|as|so|because|which means)\b")


def _later_verdict(reading: Reading) -> _Verdict | None:
    """What the later sentences decide of the day on which the question has a court asked.

    None unless all that decide it agree.
    """
    question = reading.draft.question
    if _TIMES.isdisjoint(reading.answer_vocabulary):
        return None
    begun = _told(_BEGUN, question)
    if not begun or max(begun) != max(map(_day, _DATE.finditer(question))):
        return None
    found: list[_Verdict] = []
    for sentence in reading.sentences[1:]:
        if not any(hint in sentence for hint in _TIMES):
            continue
        for said in _VERDICT.finditer(sentence):
            before = _CLAUSE_BEGINS.split(sentence[: said.start()])[-1]
            after = _NEXT_CLAUSE.split(sentence[said.end() :], maxsplit=1)[0]
            if _SUES.search(before) and not _UNDECIDED.search(f"{before} {after}"):
                found.append(_Verdict(said[0], bool(said["late"])))
    return found[0] if len({each.late for each in found}) == 1 else None


_NEXT_CLAUSE = re.compile(r"[;:]|,? (?:and|because|since|so that)\b|, (?:as|so)\b")
_CONDITIONS = re.compile(
    r"\b(?:if|unless|whether|or|would|may|might|only|before|until|provided|but|except)\b"
)


def _is_decided(first: str, said: re.Match[str]) -> bool:
    """Whether what may turn a verdict stands in another clause, which has no condition."""
    after = _NEXT_CLAUSE.split(first[said.end() :], maxsplit=1)
    if len(after) < 2 or _UNDECIDED.search(first[: said.start()] + after[0]):
        return False
    return _CONDITIONS.search(after[1]) is None


# --- by the periods themselves -------------------------------------------------------------------

_MOVED = re.compile(
    r"\b(?:exten[ds]\w*|suspen\w+|toll(?:s|ed|ing)|clock|conciliation|knowledge|knew|discover\w*"
    r"|awar\w+|acknowledg\w*|part[- ]payment|disab\w+|minor(?:ity)?|infan\w+|fraud\w*|conceal\w*"
    r"|waive[rd]?|afresh|renewed|continuing|grace|later"
    r"|(?:from|after|upon|runs? (?:on|with)|day of|date of) (?:\w+ ){0,6}?(?:receiv\w+|receipt)"
    r"|(?P<days>receiv\w+|receipt))\b",
    re.I,
)
"""What lets a period end later than by its length; what was received did so by days, unless the
period runs from then."""
_DENIED = re.compile(r"\b(?:no|not|nor|never|without|neither|nothing|none|cannot)\b|n't", re.I)
_PROMPT = re.compile(r"\b(?:prompt\w*|forthwith|laches|immediate\w*|as soon as|at once)\b", re.I)
"""What may make late what came within its period."""
MOST_UNDERWAY = 31
"""Days that anything is underway before it is received."""


def _judged_by_periods(reading: Reading, said: _Verdict) -> Finding | None:
    """Late or in time against the question's last date and every period from the other ones."""
    question = reading.draft.question
    days = sorted(days_of(question))
    told = f"{reading.steps_text}\n{reading.draft.answer}"
    lengths = list(LENGTH.finditer(told))
    if len(days) < 2 or not lengths or is_backwards(told):
        return None
    lengths += LENGTH.finditer(question)
    *starts, done = days
    known = {day + timedelta(more) for day in days for more in (-1, 0, 1)}
    starts += [day for day in days_of(told) - known if day < done]  # when it was known, perhaps
    ends = [end for start in starts for one in lengths if (end := end_of(start, one)) is not None]
    first, last = min(ends, default=done), max(ends, default=done)
    if said.late and done < first - timedelta(1) and not _PROMPT.search(told):
        what = f'"{said.words}", though {done} lies before {first}, the first end of a period'
        return "DEADLINE", what, "answer", False
    after = (done - last).days
    if (
        not said.late
        and after > room_of(last, told, starts[0]).days
        and not _is_moved(told, after, question)
    ):
        what = f'"{said.words}", though {done} lies after {last}, the last end of a period'
        return "DEADLINE", what, "answer", after > PLAINLY
    return None


_TIME_WORDS = ("time", "late", "barred", "limitation", "deadline", "within")


def _asks_time(question: str) -> bool:
    asked = question[question.rfind(". ") + 1 :]
    return any(word in asked for word in _TIME_WORDS)


def _is_moved(told: str, days: int = 0, question: str = "") -> bool:
    """Whether something is said to move an end by so many days; what is denied moves nothing.

    Nor does what was received, where the question says when.
    """
    dated = RECEIVED.search(question) is not None
    for match in _MOVED.finditer(told):
        if match["days"] and days > MOST_UNDERWAY:
            continue
        if dated and RECEIVED.search(match[0]):
            continue
        if not _is_denied(told, match.start()):
            return True
    return False


_STOPPED = re.compile(
    r"\b(?:clock|conciliation|suspen\w+|toll(?:s|ed|ing)|exten(?:d|sion)\w*|afresh|acknowledg\w*"
    r"|part[- ]payment)\b"
)


def _is_stopped(told: str) -> bool:
    """Whether a period is said to have stood still, or to have begun again."""
    found = _STOPPED.finditer(told)
    return not all(_is_denied(told, match.start()) for match in found)


def _is_denied(told: str, at: int) -> bool:
    before = told[max(0, at - 45) : at]
    return _DENIED.search(before[before.rfind(".") + 1 :]) is not None


_PLACED = re.compile(
    rf"{ANY_DAY.pattern},? (?:and |so )?(?:(?:which|that|this|it) )?(?:is|was|lies|lay|falls|fell"
    r"|comes|came)(?: (?:still|well|therefore|thus|safely|comfortably|easily|plainly|clearly|just"
    r"|far|already|long))* (?P<place>within|inside|outside|beyond|after)"
    r"(?: (?:the|that|this|those|these|its|his|her|their))? "
)
_PLACE_HINTS = (" within", " inside", " outside", " beyond", " after")


def _within_wrong(reading: Reading) -> Finding | None:
    """A day that is said to lie within a period, or outside, and from no day of the text does."""
    for name, text in reading.texts[1:]:
        if not any(hint in text for hint in _PLACE_HINTS) or not NAMES_DAY.search(text):
            continue
        for match in _PLACED.finditer(text):
            length = LENGTH.match(text, match.end())
            year = match["y"] or match["ay"]
            done = calendar_day(int(year), match) if year else None
            if length is None or done is None:
                continue
            told = f"{reading.steps_text}\n{reading.draft.answer}"
            days = days_of(f"{reading.draft.question}\n{told}")
            ends = [end for day in days if day < done and (end := end_of(day, length)) is not None]
            if not ends or is_backwards(told) or _is_moved(told, 0, reading.draft.question):
                continue
            within = match["place"] in ("within", "inside")
            last = max(ends)
            after = (done - last).days
            wrong = after > room_of(last, told, min(days)).days if within else done < min(ends)
            if wrong:
                what = f'"{match[0]}{length[0]}" in {name}: the end is {last}'
                return "DEADLINE", what, name, abs(after) >= PLAINLY
    return None


_MONTH_OF = rf"(?:{ANY_DAY.pattern}|(?P<om>{ONE_MONTH}) (?P<oy>\d{{4}})\b)"
_ENDS = re.compile(
    r"\b(?:end(?:s|ed)?|expire[sd]?|lapse[sd]?|elapse[sd]?|r[au]ns? out|falls?|fell"
    r"|(?:takes?|brings?|carr(?:y|ies)|leads?) (?:\w+ )?to"
    r"|(?:runs?|ran|lasts?|lasted|continues?|continued|goes on|is open)"
    r" (?:until|till|to|up to|through)(?: and including)?)"
    r"(?: on| in| with| at)?(?: the end of| the close of| midnight on)?"
    rf" (?:\w+day,? )?{_MONTH_OF}",
    re.I,
)


def _ended_wrong(reading: Reading) -> Finding | None:
    """An end that stands in a sentence with one period and the one day from which it runs."""
    for name, text in reading.texts[1:]:
        if not _YEAR.search(text):
            continue
        told = _parted(f"{reading.draft.question} {text}")
        for piece in _parted(text).split(". "):
            ends = list(_ENDS.finditer(piece)) if _YEAR.search(piece) else ()
            if len(ends) != 1 or _is_moved(piece) or _SUPPOSED.search(piece):
                continue
            (end,) = ends
            aside = _ASIDE.search(piece, end.end())  # ", almost two years before he sued"
            clause = piece[: aside.start() if aside else None]
            lengths = list(LENGTH.finditer(clause))
            rest = f"{clause[: end.start()]} {clause[end.end() :]}"
            if len(lengths) != 1 or _UNTOLD.search(rest):
                continue
            (length,) = lengths
            starts = days_of(rest)
            if not starts and _FROM_THAT.search(rest):
                starts = _days_before(told, piece)
            if len(starts) != 1 or not _RUNS_FROM.search(rest):
                continue
            (start,) = starts
            back = _COUNTS_BACK.search(clause) is not None
            due = end_of(start, length, -1 if back else 1)
            off = _off(due, end, start) if due is not None else 0
            room = room_of(due, piece, start).days if due is not None else 0
            if due is not None and not (-room if back else -1) <= off <= room:
                what = f'"{excerpt(piece, 0)}" in {name}: it is {due}'
                # a term may end by another rule as well, at the end of a month or a year
                far = abs(off) > MOST_UNDERWAY and not end["om"] and not _is_fixed(end)
                far = far or (name == "answer" and _is_stepped(reading, due, days_of(end[0])))
                return "DEADLINE", what, name, far
    return None


_ASIDE = re.compile("[,;] ")
_RUNS_FROM = re.compile(
    r"\b(?:from|after|since|beg[aiu]n(?:s|ning)?|start(?:s|ed|ing)?|commenc(?:es|ed|ing))\b"
)


def _is_stepped(reading: Reading, due: date, told: set[date]) -> bool:
    """Whether the steps end the period on its right day, and question and steps on no other."""
    known = days_of(f"{reading.draft.question}\n{reading.steps_text}")
    return due in known and known.isdisjoint(told)


def _other_end(reading: Reading) -> Finding | None:
    """The end that the steps count rightly, and another in the answer, to which nothing leads."""
    question, answer, steps = reading.draft.question, reading.draft.answer, reading.steps_text
    ours = _ends(steps)
    if len(ours) != 1 or not NAMES_DAY.search(answer):
        return None
    (end,) = ours
    asked, lengths = days_of(question), list(LENGTH.finditer(f"{steps}\n{answer}\n{question}"))
    near = {end + timedelta(more) for more in (-1, 0, 1, 2)}
    if end in asked or not near.isdisjoint(days_of(answer)) or is_backwards(f"{steps}\n{answer}"):
        return None
    told = _ends(answer)
    if len(told) != 1 or _is_moved(answer):
        return None
    (other,) = told
    apart = abs((other - end).days)
    if apart <= PLAINLY or other in asked or (other.month, other.day) in FIXED:
        return None
    reached = {due for start in asked for one in lengths if (due := end_of(start, one))}
    again = {due for day in reached | {end} for one in lengths if (due := end_of(day, one))}
    if end not in reached or any(
        LEAST_ROOM <= (other - due).days <= MOST_ROOM for due in reached | again
    ):
        return None
    what = f"time ends on {end} in the steps and on {other} in the answer"
    return "DEADLINE", what, "answer", True


def _parted(text: str) -> str:
    """The text with lines and what a semicolon parts as sentences."""
    return text.replace("\n", ". ").replace("; ", ". ")


def _ends(text: str) -> set[date]:
    """The days on which a text says that something ends, which is neither supposed nor denied."""
    days: set[date] = set()
    for piece in _parted(text).split(". ") if NAMES_DAY.search(text) else ():
        if not _YEAR.search(piece):
            continue
        for found in (*_ENDS.finditer(piece), *_LAST.finditer(piece)):
            if not _UNTOLD.search(piece[: found.start()] + piece[found.end() :]):
                days |= days_of(found[0])
    return days


_COUNTS_BACK = re.compile(r"\b(?:back(?:wards?)?|earlier|preceding|prior)\b", re.I)
_SUPPOSED = re.compile(r"\b(?:if|unless|would|had)\b", re.I)
_FROM_THAT = re.compile(r"\b(?:from|after|since) (?:that|this|the same) (?:date|day)\b", re.I)


def _days_before(text: str, piece: str) -> set[date]:
    """The last day that a text tells before a piece of it, which is ``that date``."""
    earlier = text[: text.find(piece)]
    found = list(any_days(earlier))[-1:]
    return days_of(found[0][0]) if found else set()


def _is_fixed(day: re.Match[str]) -> bool:
    return month_and_day(day) in FIXED


_LAST = re.compile(
    r"\b(?:(?:last|final|latest) (?:day|date)|deadline|time limit)\b(?: [a-z]+){0,5}?"
    rf" (?:is|was|ends|expires|falls)(?: [a-z]+)?(?: on)? (?:midnight on )?(?:\w+day,? )?"
    rf"{ANY_DAY.pattern}"
)
LEAST_ROOM = -2
"""Days before the end of a period at which its last day may already lie."""


_ASKS_DAY = re.compile(
    r"\b(?:(?:by|on|until) (?:which|what) (?:day|date)|by when|until when|(?:last|latest|final)"
    r" (?:day|date)|when (?:does|do|did|will|must|is) (?:\w+ ){1,8}?(?:expire|end|due|run out|lapse"
    r"|answer|appeal|file|serve|lodge|present|issue|apply|respond)\b)",
    re.I,
)


def _asked_for(reading: Reading) -> re.Match[str] | None:
    """The only date of the first sentence, where the question asks until when."""
    question = reading.draft.question
    if not _ASKS_DAY.search(question):
        return None
    dates = list(any_days(reading.first_sentence))
    return dates[0] if len(dates) == 1 and dates[0][0] not in question else None


_OF_A_YEAR = re.compile(r" (?:of|in) (?:the (?:next|following|same)|each|every) year\b")


def _unreached(reading: Reading) -> Finding | None:
    """A last day that no period, and no two, reach from any day of the question."""
    told = f"{reading.steps_text}\n{reading.draft.answer}"
    found = _LAST.search(told) or _asked_for(reading)
    if found is None or _OF_A_YEAR.match(found.string, found.end()):
        return None
    starts = days_of(reading.draft.question)
    lengths = [*LENGTH.finditer(told), *LENGTH.finditer(reading.draft.question)]
    year = int(found["y"] or found["ay"] or 0)
    years = [year] if year else sorted({one.year + more for one in starts for more in (0, 1)})
    days = [day for one in years if (day := calendar_day(one, found)) is not None]
    if not starts or not lengths or not days or not starts.isdisjoint(days):
        return None
    working = len(STRETCHED.findall(told))
    if is_backwards(told) or working > sum(map(is_stretched, lengths)):
        return None
    fixed = any((day.month, day.day) in FIXED for day in days)
    if fixed or any(_is_end(days, start, one, told) for start in starts for one in lengths):
        return None
    units = {(one["n"].casefold(), one["unit"].casefold()): one for one in lengths}.values()
    once = ((one, end) for start in starts for one in units if (end := end_of(start, one)))
    twice = {
        end for one, half in once for more in units if more != one and (end := end_of(half, more))
    }
    if any(LEAST_ROOM <= (day - end).days <= MOST_ROOM for day in days for end in twice):
        return None
    what = f'"{excerpt(found[0], 0)}" is no end of a period that the text has'
    ends = [end_of(start, one) for start in starts for one in units]
    far = found.string == reading.first_sentence and len(ends) == 1 and _is_far(days, ends[0])
    return "DEADLINE", what, "answer", far and _is_relied_on(reading)


def _is_relied_on(reading: Reading) -> bool:
    """Whether the only period stands in the first sentence, or in steps and answer."""
    if LENGTH.search(reading.first_sentence):
        return True
    return all(LENGTH.search(text) for _, text in reading.texts[1:])


def _is_far(days: Sequence[date], end: date | None) -> bool:
    """Whether all of the days lie further from the only end than anything explains."""
    return end is not None and all(abs((day - end).days) > MOST_UNDERWAY for day in days)


def _is_end(days: Sequence[date], start: date, length: re.Match[str], told: str) -> bool:
    """Whether one of the days is the end of a period, with the room that an end has."""
    end = end_of(start, length)
    if end is None:
        return False
    if is_stretched(length):
        return any(-MOST_ROOM <= (day - end).days <= 2 * MOST_ROOM for day in days)
    room = min(MOST_ROOM, room_of(end, told, start).days + 1)
    return any(LEAST_ROOM <= (day - end).days <= room for day in days)


_UNTOLD = re.compile(r"\b(?:if|unless|would|had|not|working|business|clear|before|until)\b", re.I)


def _off(due: date, end: re.Match[str], start: date) -> int:
    """By how many days an end is told too late; of a month, only whole months count."""
    if end["oy"]:
        month = MONTHS.index(end["om"].capitalize()) + 1
        months = (int(end["oy"]) - due.year) * 12 + month - due.month
        return (
            0 if months == -1 and due.day == 1 else months * 30
        )  # the day before is of that month
    year = int(end["y"] or end["ay"] or 0)
    years = [year] if year else [start.year, start.year + 1]
    told = [day for one in years if (day := calendar_day(one, end)) is not None]
    return min(((day - due).days for day in told), key=abs, default=0)


def _told(what: re.Pattern[str], text: str) -> set[Day]:
    """The dates of a text before which such words stand."""
    return {
        _day(match)
        for match in _DATE.finditer(text)
        if what.search(text, max(0, match.start() - _BEFORE), match.start())
    }


def _shown(day: Day) -> str:
    return f"{day[2]} {MONTHS[day[1] - 1]} {day[0]}"
