"""Is the law in force that is cited: Acts, regulations and directives that were repealed.

Old law may be told as old, and facts of its time are judged by it; only a sample that says neither
is flagged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from legalgen.law.citations.repealed import Repealed, repealed
from legalgen.quality.reading import Finding, Reading

_AS_OLD = re.compile(
    r"\b(?:repeal\w*|revok\w*|replac\w*|supersed\w*|former\w*|previous\w*|predecessor\w*|renamed"
    r"|re-?enact\w*|consolidat\w*|succeed\w*|no longer|used to|then in force|at the time|earlier"
    r"|until|before|prior|older?|histor\w*|transition\w*|savings?|still|now (?:in|found|governed)"
    r"|first appeared|origin\w*|carried over|derive\w*|since (?:19|20)\d\d|Northern Ireland"
    r"|(?:pre|post)-\w+|was the law|lapsed|expired?|in force)\b",
    re.I,
)
"""Words of a sample that knows how old its law is, or tells of a place where it lives on."""
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")


def law_repealed(reading: Reading) -> Iterator[Finding]:
    """A citation of what is no longer in force, as if it were."""
    known = repealed()
    as_of = (reading.task.as_of if reading.task is not None else None) or "9"
    for item in reading.parsed:
        old = known.get(item.key) or known.get(f"{item.name} {item.year}")
        if old is not None and old.ended <= as_of and not _is_told_as_old(reading, old):
            what = f'"{old.key}" is not in force since {old.ended} (now: {old.by})'
            yield "LAW_REPEALED", what, "citations", True
            return


def _is_told_as_old(reading: Reading, old: Repealed) -> bool:
    """Whether the sample says that it is old law, or asks about facts of its time."""
    facts = map(int, _YEAR.findall(reading.draft.question.replace(old.key, "")))
    if any(year <= int(old.ended[:4]) for year in facts):
        return True
    return any(_AS_OLD.search(text) for _, text in reading.texts)
