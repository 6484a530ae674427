"""Answers that no cache has seen: every sample cites authorities that no other sample cites.

The prose is the vendors' double's own. Into it go as many citations as :data:`CITED` says, each a
string that occurs once (of 300 answers at least 2,000, which :func:`distinct` counts), the
sentences that name them, and formulae that lawyers repeat word for word. The lengths of the
citation strings follow a dataset of 2,057 samples that models wrote: 14, 24, 33, 45 and 65
characters at the 5th, 25th, 50th, 75th and 95th percentile. Answers are as long as their prompt
asks, or the gate would refuse them.

A tenth of the samples cites a lower court, which the default policy does not admit, and of the
invented cases of highest courts some bear a name or a number that contradicts a known one: in about
a third of the samples the gate has a sentence to take out. With real answers it is seldom less.
"""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.resources import files

from legalgen.quality.wordlists import phrases
from tests.vendors import AnswerRequest, grounded, law
from tests.vendors.answers import Brief, good, read_brief, source

CITED = 7
"""Citations of each answer; the old dataset has 2.2, so this is the harder case."""
FORMULAE_EACH = 3
UNADMITTED = 10
"""One answer in so many cites a lower court."""
_WORDS_EACH = 9
"""About as many words as the naming of one authority takes."""

FORMULAE = (
    "The burden of proof rests on the party who asserts the fact.",
    "The standard of proof is the balance of probabilities.",
    "Each case turns on its own facts and on the evidence that is led.",
    "The words of the provision are given their ordinary meaning in their context.",
    "A party cannot be allowed to approbate and reprobate at the same time.",
    "The court will not rewrite the bargain that the parties have made.",
    "Time begins to run from the date on which the cause of action accrued.",
    "Costs follow the event unless there is good reason to order otherwise.",
    "No person may take advantage of a wrong of their own making.",
    "The test is objective and asks what a reasonable person would have understood.",
    "What matters is substance rather than form.",
    "Delay defeats equity, and whoever seeks equity must do equity.",
    "Parliament is presumed not to legislate contrary to fundamental rights.",
    "The claimant must take reasonable steps to mitigate the loss.",
    "Proceedings should be issued before the limitation period expires.",
    "The decision maker must have regard to all relevant considerations.",
    "An interference must be prescribed by law and proportionate to its aim.",
    "Specific provisions prevail over general ones where the two conflict.",
    "The right to be heard is part of the duty to act fairly.",
    "Damages put the injured party where it would have been but for the breach.",
    "A term is implied only where it is necessary to give business efficacy.",
    "The question is one of fact and degree for the tribunal of first instance.",
    "The remedy is discretionary and may be refused where damages are adequate.",
    "Advice should be taken before any admission is made in correspondence.",
)

Cite = Callable[[random.Random], tuple[str, str]]
"""One authority as it stands in the list, and as prose names it."""


def varied(request: AnswerRequest) -> str:
    """The answer to one request; the same arguments, the same answer.

    To a judge, and where passages are to be quoted, the double answers itself.
    """
    if "\nQuestion: " in request.prompt or grounded.passages_in(request.prompt):
        return _OWN(request)
    brief = read_brief(request.prompt)
    rng = random.Random(f"bank {request.seed} {request.number}")
    value = good(request.number, request.seed, _room_for_citations(brief))
    cited = _citations(rng, brief)
    value["answer"] = _woven(rng, str(value["answer"]), cited, brief)
    steps = [str(step) for step in value["reasoning_steps"]]  # type: ignore[attr-defined]
    value["reasoning_steps"] = _grounded(steps, cited)
    given: list[dict[str, str]] = value["citations"]  # type: ignore[assignment]
    rules = [one["proposition"] for one in given]
    value["citations"] = [
        {"text": text, "proposition": rules[at % len(rules)]} for at, (text, _) in enumerate(cited)
    ]
    return json.dumps(value, ensure_ascii=False)


def distinct(answers: Iterable[str]) -> tuple[int, list[int]]:
    """How many citation strings differ, and the lengths of all of them in order."""
    texts = [one["text"] for answer in answers for one in json.loads(answer)["citations"]]
    return len(set(texts)), sorted(map(len, texts))


def _room_for_citations(brief: Brief) -> Brief:
    low, high = brief.words
    extra = min(_in_answer(brief) * _WORDS_EACH + FORMULAE_EACH * 12, (low + high) // 3)
    return replace(brief, words=(max(20, low - extra), max(40, high - extra)))


def _in_answer(brief: Brief) -> int:
    """Citations that the answer itself names; short ones leave most to the steps."""
    return max(1, min(CITED, sum(brief.words) // 2 // 45))


def _woven(rng: random.Random, answer: str, cited: Sequence[tuple[str, str]], brief: Brief) -> str:
    """The answer with sentences that name its authorities and formulae between its own."""
    lines = answer.split("\n")
    at = next((n for n, line in enumerate(lines) if line.startswith("Adviser:")), 0)
    sentences = re.split(r"(?<=[.?]) ", lines[at])
    named = [name for _, name in cited[: _in_answer(brief)]]
    pairs = [named[n : n + 2] for n in range(0, len(named), 2)]
    more = [f"{_opened(rng)} {' and '.join(pair)}." for pair in pairs]
    room = max(0, (brief.words[1] - len(answer.split())) // 20)
    more += rng.sample(FORMULAE, min(FORMULAE_EACH, room))
    for sentence in more:
        sentences.insert(rng.randint(1, len(sentences)), sentence)
    lines[at] = " ".join(sentences)
    return "\n".join(lines)


def _opened(rng: random.Random) -> str:
    return rng.choice(
        ("See also", "The same is said in", "Compare", "Regard is had to", "This follows from")
    )


def _grounded(steps: list[str], cited: Sequence[tuple[str, str]]) -> list[str]:
    """The steps, of which each names some authorities, so that none is named nowhere."""
    if not steps:
        return steps
    for at, (_, name) in enumerate(cited):
        steps[at % len(steps)] = f"{steps[at % len(steps)].rstrip('.')}; {name}."
    return steps


# --- authorities ---------------------------------------------------------------------------------


def _citations(rng: random.Random, brief: Brief) -> list[tuple[str, str]]:
    place = (brief.jurisdictions or ("uk",))[0]
    found = [_STATUTES[place](rng) for _ in range(CITED - 2)] + [
        _CASES[place](rng) for _ in range(2)
    ]
    if rng.random() < 0.5:  # one in fourteen names two at once
        (text, name), (more, _) = found[0], _STATUTES[place](rng)
        found[0] = f"{text}; {more}", name
    rng.shuffle(found)
    if rng.random() * UNADMITTED < 1:
        found[-1] = _lower_court(rng)
    for at, other in enumerate(brief.jurisdictions[1:2]):
        found[at] = _STATUTES[other](rng)
    return found


def _parties(rng: random.Random, joined: str) -> str:
    one, other = rng.sample(law.LAST_NAMES, 2)
    first = f"{one} {rng.choice(law.TRADES)} Ltd" if rng.random() < 0.3 else one
    return f"{first} {joined} {other}"


def _pinpoint(rng: random.Random, last: int) -> str:
    """A section or article with paragraphs, as ``172(1)(b)``: of one Act there are thousands."""
    number = str(rng.randint(1, last))
    depth = rng.random()
    if depth > 0.12:
        number += f"({rng.randint(1, 9)})"
    if depth > 0.5:
        number += f"({rng.choice('abcdefgh')})"
    if depth > 0.85:
        number += f"({rng.choice(('i', 'ii', 'iii', 'iv'))})"
    return number


def _uk_statute(rng: random.Random) -> tuple[str, str]:
    (act, *short), last = rng.choice(_ACTS)
    pin = _pinpoint(rng, last)
    if short and rng.random() < 0.4:
        return f"{short[0]}, s {pin}", f"section {pin} of the {act}"
    written = f"{act}, s {pin}" if rng.random() < 0.7 else f"section {pin} of the {act}"
    return written, f"section {pin} of the {act}"


def _uk_case(rng: random.Random) -> tuple[str, str]:
    name = _parties(rng, "v")
    year = rng.randint(2010, 2024)
    pin = f", [{rng.randint(4, 180)}]" if rng.random() < 0.5 else ""
    return f"{name} [{year}] UKSC {rng.randint(2, 58)}{pin}", name


def _lower_court(rng: random.Random) -> tuple[str, str]:
    name = _parties(rng, "v")
    court = rng.choice(("EWCA Civ {}", "EWHC {} (Ch)", "EWHC {} (Comm)", "UKEAT {}"))
    number = court.format(rng.randint(20, 900))
    return f"{name} [{rng.randint(2004, 2023)}] {number}", f"{name} [{rng.randint(2004, 2023)}]"


def _us_statute(rng: random.Random) -> tuple[str, str]:
    title, last = rng.choice(_TITLES)
    pin = _pinpoint(rng, last)
    return f"{title} U.S.C. § {pin}", f"{title} U.S.C. § {pin}"


def _us_case(rng: random.Random) -> tuple[str, str]:
    name = _parties(rng, "v.")
    at = rng.randint(50, 560)
    year = 1912 + (at - 222) * (2010 - 1912) // (560 - 222) if at >= 222 else 1800 + at // 2
    page = rng.randint(1, 980)
    return f"{name}, {at} U.S. {page} ({year})", name


def _eu_statute(rng: random.Random) -> tuple[str, str]:
    act, last = rng.choice(_UNION_ACTS)
    pin = _pinpoint(rng, last)
    written = f"{act}, art {pin}" if rng.random() < 0.6 else f"Article {pin} of {act}"
    return written, f"Article {pin} of {act}"


def _eu_case(rng: random.Random) -> tuple[str, str]:
    name = _parties(rng, "v")
    year = rng.randint(1990, 2023)
    number = f"C-{rng.randint(3, 780)}/{year % 100:02}"
    return f"Case {number} {name} EU:C:{year + 1}:{rng.randint(20, 999)}", f"Case {number} {name}"


def _treaty(rng: random.Random) -> tuple[str, str]:
    act, last = rng.choice(_TREATIES)
    pin = _pinpoint(rng, last)
    written = f"{act}, art {pin}" if rng.random() < 0.6 else f"Article {pin} of the {act}"
    return written, f"Article {pin} of the {act}"


def _world_case(rng: random.Random) -> tuple[str, str]:
    one, other = rng.sample(_STATES, 2)
    kind = rng.choice(("Territorial Dispute", "Maritime Delimitation", "Frontier", "Fisheries"))
    name = f"{kind} ({one} v {other})"
    return f"{name} [{rng.randint(1950, 2022)}] ICJ Rep {rng.randint(3, 680)}", name


_TITLES = (
    (11, 1532), (15, 8000), (17, 1511), (18, 6005), (28, 5001), (29, 3000), (35, 390), (42, 18000),
)  # fmt: skip
"""Titles of the United States Code, and about their last sections."""
_STATES = (
    "Albania", "Belgium", "Chile", "Denmark", "Ecuador", "Finland", "Ghana", "Honduras", "Iceland",
    "Jordan", "Kenya", "Libya", "Malta", "Nicaragua", "Oman", "Peru", "Qatar", "Romania", "Senegal",
    "Tunisia", "Uganda", "Vietnam", "Yemen", "Zambia",
)  # fmt: skip


def _known(names: Sequence[str]) -> list[tuple[str, int]]:
    """Acts and the number of their last section, as the program itself knows them."""
    text = files("legalgen.law.citations").joinpath("last_sections.toml").read_text("utf-8")
    rows = tomllib.loads(text)["act"]
    return [(name, row["last"]) for row in rows for name in row["names"] if name in names]


def _acts() -> list[tuple[list[str], int]]:
    """Acts of all of the kingdom by all their names, the full one first, and their last sections.

    One that is law in a part of it alone would be refused in the cells of another part.
    """
    text = files("legalgen.law.citations").joinpath("last_sections.toml").read_text("utf-8")
    rows = tomllib.loads(text)["act"]
    found = ((row["names"], row["last"]) for row in rows)
    acts = ((names, last) for names, last in found if re.search(r" Act \d{4}$", names[0]))
    parts = (*phrases("not_in_scotland"), "(Scotland)", "(Northern Ireland)")
    return [
        (names, last)
        for names, last in acts
        if last > 9 and not any(part in names[0] for part in parts)
    ]


_OWN = source("good")
_ACTS = _acts()
_UNION_ACTS = _known((
    "TFEU", "TEU", "GDPR", "Regulation (EU) 2016/679", "Regulation (EU) No 1215/2012",
    "Regulation (EC) No 593/2008", "Regulation (EC) No 864/2007", "Regulation (EU) 2022/2065",
    "Regulation (EU) 2022/1925", "Regulation (EC) No 1/2003", "Directive 2004/38/EC",
    "Directive 2003/88/EC", "Directive 2011/83/EU", "Directive 2006/123/EC", "Directive 2005/29/EC",
))  # fmt: skip
_TREATIES = _known((
    "UN Charter", "ECHR", "Vienna Convention on the Law of Treaties", "New York Convention", "CISG",
    "United Nations Convention on the Law of the Sea", "Rome Statute", "Refugee Convention",
    "ICCPR", "ICSID Convention", "Vienna Convention on Diplomatic Relations",
))  # fmt: skip
_STATUTES: dict[str, Cite] = {
    "uk": _uk_statute, "us": _us_statute, "eu": _eu_statute, "international": _treaty,
}  # fmt: skip
_CASES: dict[str, Cite] = {
    "uk": _uk_case, "us": _us_case, "eu": _eu_case, "international": _world_case,
}  # fmt: skip
