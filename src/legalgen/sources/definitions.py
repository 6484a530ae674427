"""Terms that a text defines, and where: ``"associate" means ...``, ``Widget means any article``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_TERM: Final = r"[^\W\d_][\w'\u2019-]*(?:[ \u00a0][\w'\u2019-]+){0,5}"
_SAYS: Final = (
    r"(?:means?|includes?|does not include|has the (?:same )?meaning|have the (?:same )?meaning"
    r"|shall mean|refers? to|is to be (?:read|construed) as)\b"
)
_DEFINED: Final = re.compile(
    rf"[\"\u201c\u2018'](?P<quoted>{_TERM}),?[\"\u201d\u2019']"
    rf"(?:[,\s]+(?:in relation to|for the purposes? of|as used in|when used in)\b"
    rf"[^.;\"\u201c]{{0,120}}?,)?"
    rf"(?:\s*\([^()]{{0,80}}\))?\s*,?\s+{_SAYS}"
    rf"|(?:^|(?<=\)\s)|(?<=\.\s))(?P<bare>(?=[A-Z]){_TERM})\s+means\b"
    rf"|\((?:each(?:,)?\s+|collectively,?\s+|together,?\s+)?(?:an?\s+|the\s+)?[\"\u201c]"
    rf"(?P<called>{_TERM}),?[\"\u201d](?:\s+or\s+[\"\u201c]{_TERM}[\"\u201d])?\)",
    re.MULTILINE,
)
_WORD: Final = re.compile(r"[^\W_][\w'\u2019-]*")
_MOST_WORDS: Final = 6


def defined_in(text: str) -> Iterator[str]:
    """The terms that a text defines, as it writes them."""
    for found in _DEFINED.finditer(text):
        yield " ".join((found["quoted"] or found["bare"] or found["called"]).split())


class DefinedTerms:
    """Of one source the chunks that define each term; ``chunks`` are numbers with texts."""

    def __init__(self, chunks: Iterable[tuple[int, str]]) -> None:
        self._found: dict[str, list[tuple[str, int]]] = {}
        for number, text in chunks:
            for term in defined_in(text):
                places = self._found.setdefault(term.casefold(), [])
                if (term, number) not in places:
                    places.append((term, number))

    def __len__(self) -> int:
        return len(self._found)

    def used_in(self, text: str, number: int) -> Iterator[int]:
        """The chunks that define what a text uses, in the order of its words.

        Of several the nearest to ``number``. A term with a capital is one only where it is
        written so: ``Services`` are defined, services are not.
        """
        words = list(_WORD.finditer(text))
        for at, first in enumerate(words):
            for last in words[at : at + _MOST_WORDS]:
                shown = " ".join(text[first.start() : last.end()].split())
                places = self._found.get(shown.casefold(), ())
                fitting = [where for term, where in places if term[:1].islower() or term == shown]
                if fitting:
                    yield min(fitting, key=lambda where: abs(where - number))
