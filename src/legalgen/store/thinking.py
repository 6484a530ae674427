"""The reasoning that models write into their answers, and where the answer begins."""

from __future__ import annotations

import functools
import re
from typing import Final

_THINKING: Final = re.compile(r"\s*<(think|thinking)\b[^>]*>.*?</\1\s*>", re.S | re.I)
_THINKING_OPEN: Final = re.compile(r"\s*<(?:think|thinking)\b[^>]*>", re.I)
_THINKING_CLOSE: Final = re.compile(r"</(?:think|thinking)\s*>", re.I)
_CHANNEL: Final = "<|channel|>"
_FINAL: Final = re.compile(r"<\|channel\|>\s*final\b.*?<\|message\|>", re.S)


@functools.cache
def object_start(key: str) -> re.Pattern[str]:
    """Where an object begins whose first key this is."""
    return re.compile(rf'\{{\s*"{key}"')


def without_thinking(text: str, key: str) -> str:
    """Cut the reasoning that a model wrote into its answer, closed, unclosed or unopened."""
    if _CHANNEL in text:  # harmony's: what is not in the final one is no answer
        final = list(_FINAL.finditer(text))
        return text[final[-1].end() :] if final else ""
    while block := _THINKING.match(text):
        text = text[block.end() :]
    start = object_start(key).search(text)
    if _THINKING_OPEN.match(text):
        return text[start.start() :] if start else ""
    close = _THINKING_CLOSE.search(text)
    # Some chat templates write the opening tag themselves, so that only the closing one comes
    # back. A tag behind the start of the object belongs to the object, unless nothing is closed
    # after it: then the object was a draft, and no answer came.
    if close and (start is None or close.start() < start.start() or _is_draft(text, close.end())):
        return text[close.end() :]
    return text


def _is_draft(text: str, end: int) -> bool:
    return not text.lstrip().startswith(("{", "```")) and "}" not in text[end:]
