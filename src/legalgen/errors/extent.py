"""How much of an error is looked at: of a text both ends, of a body what fits into a page or two.

An error says what it is within some hundred characters, at its beginning or, as logs and stack
traces do, at its end. What is longer holds a prompt, an answer or nothing at all, and a server may
send any amount of it: whoever reads an error cuts it here first, and then may search it with
hundreds of expressions, whose own repeats are bounded (:func:`legalgen.errors.patterns.bounded`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

SENTENCES = 1_200
"""Characters of an error's words that are searched for what they mean."""
KEPT = 4_000
"""Characters of an error as it came that are searched for what it asks: a wait, a header."""
BODY = 10_000
"""Characters of a body in which objects, and the beginning of its message, are looked for."""
DEEPEST = 12
"""Objects within one another that are read."""
_FIELDS = 200
_ITEMS = 20
_VALUES = 400
"""Fields of one object, items of one list, and values in all that are read."""
_SHORT = 500
"""Characters; longer texts, and what has parts, come behind the other fields of an object."""
_JOINT = "; "  # ends a sentence, so that none is read across what was left out


def ends(text: str, most: int = SENTENCES) -> str:
    """``text``, or the first two thirds of ``most`` characters of it and its last third."""
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail]}{_JOINT}{text[len(text) - tail :]}"


def shortened(body: object) -> object:
    """A copy of a parsed ``body`` that has at most ``BODY`` characters, ``DEEPEST`` levels, and of
    each object and list its first fields and items."""
    return _Shortening().copy(body, 0)


def _is_long(value: object) -> bool:
    return len(value) > _SHORT if isinstance(value, str) else isinstance(value, Mapping | Sequence)


class _Shortening:
    """What is left of the extent of one body."""

    def __init__(self) -> None:
        self._characters = BODY
        self._values = _VALUES

    def copy(self, value: object, depth: int) -> object:
        self._values -= 1
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return self._object(value, depth)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
            items = value[: _ITEMS if depth < DEEPEST else 0]
            return [self.copy(item, depth + 1) for item in items if self._is_room()]
        return value

    def _object(self, value: Mapping[object, object], depth: int) -> dict[str, object]:
        fields = list(islice(value.items(), _FIELDS if depth < DEEPEST else 0))
        copies = dict[object, tuple[str, object]]()
        # what an error says is short, the prompt that it shows beside it is not
        for key, item in sorted(fields, key=lambda field: _is_long(field[1])):
            if self._is_room():
                copies[key] = self._text(str(key)), self.copy(item, depth + 1)
        return dict(copies[key] for key, _ in fields if key in copies)

    def _text(self, text: str) -> str:
        # one long text leaves room for what stands behind it
        room = max(self._characters, 0)
        short = ends(text, room * 9 // 10) if len(text) > room else text
        self._characters -= len(short)
        return short

    def _is_room(self) -> bool:
        return self._values > 0 and self._characters > 0
