"""Numbers in two parts: a section of the Uniform Commercial Code, a rule of court.

They have no one last number: each article of the code, each part of the rules has its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from legalgen.quality.reading import Finding

_CODE: Final[Mapping[str, Sequence[int]]] = {
    "1": (109, 208, 310), "2": (107, 210, 328, 403, 515, 616, 725),
    "2A": (109, 221, 311, 407, 532), "3": (122, 208, 312, 420, 511, 606, 701, 805),
    "4": (111, 216, 303, 407, 504), "4A": (108, 212, 305, 406, 507), "5": (119,), "6": (111,),
    "7": (106, 210, 309, 404, 509, 603, 704), "8": (116, 210, 320, 408, 511, 603),
    "9": (116, 210, 342, 409, 528, 628, 710, 809), "10": (105,), "11": (108,), "12": (107,),
}  # fmt: skip
"""Of each article the last section of each part, in the newest edition or the one before it."""
_MOST_RULES: Final = 70
"""No part of rules of court has so many."""
_OTHER_CODE: Final = re.compile(
    r"\bLaws? §|Obligations|\bStat\.|\bCode §|Code Ann|\bG\.?O\.?L\b|Probate Code"
)
"""New York's General Obligations Law counts as the code does: § 5-701."""


class _Divided(NamedTuple):
    """A code or rules: what it is called, and how its numbers and the words before them look."""

    shown: str
    names: tuple[str, ...]
    number: str
    unit: str
    parts: int = 0
    """The number of the last part; 0 for the code."""


_RULE, _RULES = r"\d{1,3}(?:\.\d{1,3})?", r"[Rr]ules? |rr?\.? ?|[Pp]arts? "
_LISTED: Final = (
    _Divided("the Uniform Commercial Code", ("UCC", "U.C.C.", "Uniform Commercial Code"),
             r"\d{1,2}A?-\d{3,4}", r"§+ ?|[Ss]ections? |[Ss]ecs?\. "),
    _Divided("CPR", ("CPR", "Civil Procedure Rules", "Civil Procedure Rules 1998"),
             _RULE, _RULES, 89),
    _Divided("CrimPR", ("CrimPR", "Criminal Procedure Rules"), _RULE, _RULES, 50),
    _Divided("FPR", ("FPR", "FPR 2010", "Family Procedure Rules", "Family Procedure Rules 2010"),
             _RULE, _RULES, 41),
)  # fmt: skip


@cache
def _patterns(listed: _Divided) -> Sequence[re.Pattern[str]]:
    """A number, or several, behind the name, before it, and alone."""
    name = "|".join(map(re.escape, sorted(listed.names, key=len, reverse=True)))
    more = rf"(?:(?:,|,? and|,? or) (?:{listed.unit})?{listed.number})*"
    several = rf"(?P<n>{listed.number}{more})(?![\w-]|\.\d)"
    return (
        re.compile(rf"\b(?:{name}),? (?:{listed.unit})?{several}"),
        re.compile(rf"(?:{listed.unit}){several}(?:\(\w\))*,? (?:of|in|under) (?:the )?(?:{name})"),
        re.compile(rf"(?:{listed.unit}){several}"),
    )


def beyond_their_part(fields: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Numbers that no article of the code, or no part of the rules, has; the first of each."""
    for listed in _LISTED:
        named = [text for _, text in fields if any(map(text.__contains__, listed.names))]
        if not named:
            continue
        alone = not listed.parts and not any(_OTHER_CODE.search(text) for _, text in fields)
        for where, text in fields:
            found = _not_there(listed, text, alone=alone)
            if found:
                yield "SECTION_NONEXISTENT", f"{listed.shown} has no {found}", where, True
                break


def _not_there(listed: _Divided, text: str, *, alone: bool) -> str:
    """The first number of a text that is none; of those without a name only where ``alone``."""
    for pattern in _patterns(listed)[: 3 if alone else 2]:
        for match in pattern.finditer(text):
            for number in re.findall(listed.number, match["n"]):
                if not _is_there(listed, number):
                    return str(number)
    return ""


def _is_there(listed: _Divided, number: str) -> bool:
    part, _, rest = number.replace("-", ".").partition(".")
    if listed.parts:
        return int(part) <= listed.parts and int(rest or 0) <= _MOST_RULES
    return any(last // 100 * 100 < int(rest) <= last for last in _CODE.get(part, ()))
