"""Lists and objects that stand as texts in the cells of a table.

JSON writes them so, and pandas and ``datasets`` as Python and numpy print them: ``['a' 'b']`` is an
array of two texts, which Python's own reader would take for one.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

_BEGUN: Final = re.compile(r"\s*(?:\[\s*[\"'{\[]|\{\s*[\"']|\[\s*\]|array\(\s*\[)")
"""How a list or an object begins, and no citation: that has a year in its brackets."""
_LONGEST_LITERAL: Final = 1_000_000
"""Characters; Python's reader takes a hundred times as many bytes."""
_SHOWN: Final = 40


class JsonReader:
    """Reads JSON and remembers a key that stands twice in an object, of which Python's own reader
    keeps the last value without a word."""

    def __init__(self) -> None:
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)
        self.fault = ""
        """What is wrong with the value that was read last; empty: nothing."""

    def read(self, text: str, at: int = 0) -> tuple[Any, int]:
        """The value that begins there, and where it ends.

        Raises:
            ValueError, RecursionError: it is no JSON.
        """
        self.fault = ""
        return self._decoder.raw_decode(text, at)

    def whole(self, text: str) -> Any:
        """The value that the text is; raises as ``read``."""
        self.fault = ""
        return self._decoder.decode(text)

    def _object(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
            self.fault = f"the key {name[:_SHOWN]!r} stands twice in one object"
        return found


class UnreadableCellError(ValueError):
    """A text that begins as a list or an object and is none, or holds a key twice; says so."""


def unpacked(text: str) -> list[Any] | dict[str, Any] | None:
    """The list or the object that a text holds, in JSON, Python's or numpy's writing.

    None where it is a text as any other.

    Raises:
        UnreadableCellError: it begins as one and cannot be read, or has a key twice.
    """
    if text.lstrip()[:1] not in ("[", "{") and not _BEGUN.match(text):
        return None
    reader = JsonReader()
    try:
        found = reader.whole(text)
    except (ValueError, RecursionError):
        found = _literal(text) if _BEGUN.match(text) else None
    if reader.fault and isinstance(found, list | dict):
        raise UnreadableCellError(f"cannot be read: {reader.fault}")
    if isinstance(found, list) and found and all(isinstance(item, int) for item in found):
        return None  # [2019] begins a citation
    return found if isinstance(found, list | dict) else None


def _literal(text: str) -> Any:
    shown = repr(text.strip()[:_SHOWN])
    if len(text) > _LONGEST_LITERAL:
        raise UnreadableCellError(f"begins {shown}, and is too long to be anything but JSON")
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that repr never writes
            found = ast.literal_eval(tokenize.untokenize(_separated(text.strip())))
            return json.loads(json.dumps(found))  # nothing but what JSON can say: no bytes, no ...
    except (ValueError, TypeError, SyntaxError, tokenize.TokenError, RecursionError) as error:
        raise UnreadableCellError(f"begins {shown}, and is neither JSON nor a list") from error
    except MemoryError as error:  # how the parser says that it is nested too deeply
        raise UnreadableCellError(f"begins {shown}, and is nested too deeply") from error


_ENDS: Final = frozenset("]})")
_BEGINS: Final = frozenset("[{(")
_IDLE: Final = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})
_VALUES: Final = frozenset({tokenize.STRING, tokenize.NUMBER, tokenize.NAME})


def _separated(text: str) -> Iterator[tuple[int, str]]:
    """The tokens of a literal with the commas that numpy leaves out."""
    depth, ended = 0, False
    for kind, said, *_ in tokenize.generate_tokens(io.StringIO(text).readline):
        if kind in _IDLE:
            continue
        is_value = kind in _VALUES
        if depth and ended and (is_value or said in _BEGINS):
            yield tokenize.OP, ","
        depth += (said in _BEGINS) - (said in _ENDS)
        ended = is_value or said in _ENDS
        yield (kind, "None") if said == "nan" else (kind, said)
