"""Durations as Go and people write them: ``1h2m3.5s``, ``269.99ms``, ``2 hours and 5 minutes``."""

from __future__ import annotations

import math
import re

from legalgen.completion import DAY_S

_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # U+00B5, as Go writes it
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": DAY_S,
    "millisecond": 1e-3,
    "msec": 1e-3,
    "second": 1.0,
    "sec": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "hr": 3600.0,
    "day": DAY_S,
}
# Of ASCII: where case does not count, a long s is an s as well, and Turkish has two more i's.
UNIT = (
    r"(?a:milliseconds?|msecs?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|ns|[uµμ]s|ms|[smhd])"
)
NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
"""Not negative, and without an exponent."""
_PART = re.compile(rf"({NUMBER})\s*({UNIT})", re.IGNORECASE)
DURATION = rf"{NUMBER}\s*{UNIT}(?:\s*,?\s*(?:and\s+)?{NUMBER}\s*{UNIT})*"
_DURATION = re.compile(DURATION, re.IGNORECASE)


def parts(text: str) -> list[tuple[float, float]]:
    """The numbers of a duration, each with the seconds of its unit.

    Nothing if ``text`` is anything else, is negative, or has a number without a unit.
    """
    text = text.strip()
    if len(text) > 100 or not _DURATION.fullmatch(text):
        return []
    return [(float(number), _unit(unit)) for number, unit in _PART.findall(text)]


def duration_s(text: str) -> float | None:
    """The seconds of a duration; None where there are no ``parts``."""
    found = parts(text)
    seconds = math.fsum(number * size for number, size in found)
    return seconds if found and math.isfinite(seconds) else None


def _unit(word: str) -> float:
    word = word.lower()
    return _UNITS[word] if word in _UNITS else _UNITS[word.removesuffix("s")]
