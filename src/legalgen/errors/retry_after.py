"""When to come back, and what is left: the hints that vendors put into headers and messages.

Sources: console.groq.com/docs/rate-limits (requests per day, tokens per minute, Go durations);
inference-docs.cerebras.ai (the window is in the header's name, resets are float seconds);
platform.openai.com/docs/guides/rate-limits (both per minute, Go durations); RFC 9110, 10.2.3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import product
from typing import get_args

import msgspec
from msgspec.structs import replace

from legalgen.completion import DAY_S, LimitKind, LimitReading, LimitWindow, Scope
from legalgen.errors.durations import DURATION, NUMBER, UNIT, duration_s
from legalgen.errors.exceptions import LONGEST_HINT_S
from legalgen.errors.patterns import bounded

_EPOCH = 1e9
"""Seconds; from here on a number is a point in time."""
_LONGEST_NUMBER = 40
"""Characters; a longer one is no number of anything."""


def retry_after_s(
    headers: Mapping[str, str] | None,
    text: str = "",
    *,
    now: datetime | None = None,
    provider: str = "",
) -> float | None:
    """Seconds to wait before this target is asked again, or None if nothing says so.

    Headers are asked (``retry-after-ms``, ``retry-after`` as seconds, duration, HTTP or ISO
    date), then ``text`` ("try again in 9m38.016s", ``"retryDelay": "34s"``). Where the two
    disagree the longer wait counts: coming back early costs a refused call and, at some vendors,
    a longer ban. Only if neither says anything, the reset of the budgets that the headers show
    as used up. Never negative, never over ``LONGEST_HINT_S``. Dates count from the reply's own
    ``Date``: the clock here may be wrong by days. ``now`` (UTC) is taken where it has none.
    """
    plain = _lowered(headers)
    now = _said_at(plain) or now or datetime.now(UTC)
    said = [_from_headers(plain, now), _from_text(text, now)]
    waits = [wait for wait in said if wait is not None]
    if not waits:
        waits = [*_spent(readings(plain, provider=provider)), *_bare_reset(plain, now)]
    return min(max(*waits, 0.0), LONGEST_HINT_S) if waits else None


def _lowered(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {str(name).lower(): str(value).strip() for name, value in (headers or {}).items()}


def _said_at(headers: Mapping[str, str]) -> datetime | None:
    """What time it was for the server when it replied."""
    return _read_date(headers.get("date", ""), parsedate_to_datetime)


def _from_headers(headers: Mapping[str, str], now: datetime) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    return _moment(headers.get("retry-after", ""), now)


def _number(text: str) -> float | None:
    """A finite number that is not negative."""
    text = text.strip()
    if len(text) > _LONGEST_NUMBER or not re.fullmatch(rf"\+?{NUMBER}", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _moment(text: str, now: datetime) -> float | None:
    """Seconds from ``now`` to what ``text`` says: seconds, a duration, an epoch, a date."""
    number = _number(text)
    if number is not None:
        return _from_epoch(number, now)
    duration = duration_s(text)
    return _date(text, now) if duration is None else duration


def _from_epoch(number: float, now: datetime) -> float:
    """Numbers beyond any wait are points in time: seconds, or milliseconds, since 1970."""
    if number >= 1e11:
        return max(number / 1000 - now.timestamp(), 0.0)
    return max(number - now.timestamp(), 0.0) if number >= _EPOCH else number


def _date(text: str, now: datetime) -> float | None:
    then = _read_date(text, datetime.fromisoformat, parsedate_to_datetime)
    return None if then is None else max((then - now).total_seconds(), 0.0)


def _read_date(text: str, *parsers: Callable[[str], datetime]) -> datetime | None:
    """A date as the first that can read it reads it; one without a zone is UTC."""
    for parse in parsers:
        try:
            then = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return then.replace(tzinfo=UTC) if then.tzinfo is None else then
    return None


_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_WAIT_PHRASES = (
    # people: try again in 5 minutes; retry after 20 seconds; wait 3s; resets in 2h; available in 1m
    rf"""(?:(?:re)?try(?:ing)?(?:\s+(?:again|your\s+request|this\s+request|the\s+request|it))?
         |wait(?:ing)?(?:\s+(?:for|at\s+least|about))?|back\s+off|resets?|available|reset_in
         |come\s+back|cooldown)
         (?:\s+(?:again|in|after|for|at\s+least|about|another|until)){{0,3}}[\s:=~]*
         (?P<span>{DURATION})(?![a-z])""",
    # machines: "retry_after": 120, retryDelay: "34s", retryAfterMs=1200, "resets_in_seconds": 90
    rf"""(?:(?:retry|(?<!limit[-_])resets?|available)[-_\s]?(?:after|delay|in|(?=sec|ms|milli|min))|estimated_time|cool[-_]?down(?:[-_]?(?:time|for))?
         |(?<!max)(?<!max[-_\s])wait[-_]?(?=time|for|s|m)(?:time|for)?)[-_]?(?:in[-_]?)?(?P<unit>ms|millis|{UNIT})?
         \\*["']?\s*[:=]\s*\\*["']?(?P<value>{DURATION}(?![a-z])|{NUMBER})""",
    # points in time, in seconds or milliseconds since 1970: "resets_at": 1790000000
    r"""(?:retry|(?<!p)reset|available)[a-z]*?[-_]?(?:at|on|time|timestamp)(?:[-_]?(?:ms|s|seconds|epoch|unix))*
        \\*["']?\s*[:=]\s*\\*["']?(?P<epoch>\d{10}(?:\d{3})?(?:\.\d+)?)(?!\d)""",
    # dates: try again at 2026-11-23T10:00:00Z; resets on ...
    rf"(?:try|retry|reset|until|available|after)\w*\W[^.{{}}]{{0,40}}?(?P<date>{_ISO})",
)


@cache
def _wait_phrases() -> tuple[re.Pattern[str], ...]:
    """Compiled with the first message: most batches read nothing but headers."""
    return tuple(
        re.compile(bounded(phrase), re.IGNORECASE | re.VERBOSE) for phrase in _WAIT_PHRASES
    )


def _from_text(text: str, now: datetime) -> float | None:
    """The longest wait that ``text`` asks for, in seconds."""
    found = (match for phrase in _wait_phrases() for match in phrase.finditer(text[:20_000]))
    waits = [
        wait for wait in (_wait(match.groupdict(), now) for match in found) if wait is not None
    ]
    return max(waits, default=None)


def _wait(found: Mapping[str, str | None], now: datetime) -> float | None:
    if found.get("date"):
        return _date(str(found["date"]).replace(" ", "T"), now)
    if found.get("span"):
        return duration_s(str(found["span"]))
    if found.get("epoch"):
        return _from_epoch(float(str(found["epoch"])), now)
    value = str(found.get("value", ""))
    number = _number(value)
    if number is None:
        return duration_s(value)
    unit = str(found.get("unit") or "s").lower().replace("millis", "ms")
    return _from_epoch(number, now) if number >= _EPOCH else duration_s(f"{value}{unit}")


def _spent(found: Iterable[LimitReading]) -> list[float]:
    """Resets of the budgets with nothing left."""
    return [r.reset_s for r in found if r.remaining == 0 and r.reset_s is not None]


def _bare_reset(headers: Mapping[str, str], now: datetime) -> list[float]:
    """``x-ratelimit-reset`` without a kind, as gateways send it, when nothing remains."""
    for prefix in ("x-ratelimit", "ratelimit"):
        if headers.get(f"{prefix}-remaining") == "0":
            wait = _moment(headers.get(f"{prefix}-reset", ""), now)
            return [] if wait is None else [wait]
    return []


_HEADER_KINDS: dict[str, LimitKind] = {
    "requests": "requests",
    "tokens": "tokens",
    "input-tokens": "input_tokens",
    "output-tokens": "output_tokens",
}
_HEADER_WINDOWS: tuple[LimitWindow, ...] = get_args(LimitWindow)
_HEADER_BUDGETS: dict[str, tuple[LimitKind, LimitWindow | None]] = {
    f"{name}-{window}" if window else name: (kind, window)
    for (name, kind), window in product(_HEADER_KINDS.items(), (None, *_HEADER_WINDOWS))
}
"""What the end of a header's name says: ``tokens-day`` the tokens of a day."""


def readings(headers: Mapping[str, str] | None, *, provider: str = "") -> tuple[LimitReading, ...]:
    """Every budget that a reply's rate limit headers show, in the vendor's own meaning.

    A window in the header's name (Cerebras) is that window. Without one, requests are per day
    at Groq and per minute elsewhere; tokens are per minute. Values that cannot be read are left
    out one by one; a budget of which nothing could be read is left out whole. A name that says
    whose budget it is (``x-ratelimit-limit-project-tokens``, OpenAI's, or
    ``x-ratelimit-api_key-limit-requests``, LiteLLM's) is of one that all models share.
    """
    plain = {name: value for name, value in _lowered(headers).items() if "ratelimit" in name}
    own = tuple(_shown(plain, provider, "model"))
    wide = [reading for each in _wide(plain) for reading in _shown(each, provider, "provider")]
    return (*own, *wide)


_OWNER = re.compile(
    r"^x-ratelimit-(?:(?P<before>[a-z_]+)-)?(?P<part>limit|remaining|reset)-"
    r"(?:(?P<after>[a-z_]+)-)?(?P<budget>(?:input-|output-)?(?:requests|tokens)(?:-[a-z]+)?)$"
)
_OWNERS = frozenset(
    {"account", "api_key", "global", "key", "org", "organization", "project", "team", "user"}
)
"""Whose budget a header's name says it is; each is more than one model's."""


def _wide(headers: Mapping[str, str]) -> Iterable[Mapping[str, str]]:
    """Headers on budgets of more than one model, by their owner, under the names of one's own."""
    found: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        match = _OWNER.match(name)
        owner = match and (match["before"] or match["after"])
        if match and owner in _OWNERS:
            plain = f"x-ratelimit-{match['part']}-{match['budget']}"
            found.setdefault(owner, {})[plain] = value
    return found.values()


def _shown(headers: Mapping[str, str], provider: str, scope: Scope) -> Iterable[LimitReading]:
    shown = {name.split("-", 3)[-1] for name in headers}  # of x-ratelimit-limit-tokens-day the end
    found = [
        replace(_reading(headers, name, kind, window, provider), scope=scope)
        for name, (kind, window) in _HEADER_BUDGETS.items()
        if name in shown
    ]
    return (r for r in found if (r.limit, r.remaining, r.reset_s) != (None, None, None))


def _reading(
    headers: Mapping[str, str],
    name: str,
    kind: LimitKind,
    window: LimitWindow | None,
    provider: str,
) -> LimitReading:
    unnamed: LimitWindow = "day" if provider == "groq" and kind == "requests" else "minute"
    return LimitReading(
        kind,
        window or unnamed,
        limit=_count(headers.get(f"x-ratelimit-limit-{name}", "")),
        remaining=_count(headers.get(f"x-ratelimit-remaining-{name}", "")),
        reset_s=_reset(headers.get(f"x-ratelimit-reset-{name}", "")),
    )


def _count(text: str) -> int | None:
    number = _number(text.replace(",", ""))
    return int(number) if number is not None and number < 1e15 else None


def _reset(text: str) -> float | None:
    """Seconds, bare or as a duration; more than a month is no reset of any window we know."""
    number = _number(text)
    seconds = duration_s(text) if number is None else number
    return seconds if seconds is not None and seconds <= 31 * DAY_S else None


class LimitHit(msgspec.Struct, frozen=True):
    """The limit that a message says was hit; None where it does not say."""

    kind: LimitKind | None = None
    window: LimitWindow | None = None
    limit: int | None = None
    requested: int | None = None


_WINDOWS: dict[str, LimitWindow] = {"m": "minute", "h": "hour", "d": "day"}
_KINDS: dict[str, LimitKind] = {
    "r": "requests",
    "t": "tokens",
    "it": "input_tokens",
    "ot": "output_tokens",
}
_ACRONYM = re.compile(r"\b(r|t|(?a:it)|ot)p([mhd])\b", re.IGNORECASE)
_WORDED = re.compile(
    r"""\b(?P<side>input|output|prompt|completion)?[\s_-]*(?P<kind>requests?|tokens?)
        [\s_-]*(?:limit\s*)?(?:\(?\s*[\d,]+\s*)?(?:/|per)[\s_-]*(?P<window>min|hour|day|m\b|h\b|d\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_DAILY = re.compile(
    r"\b(?:daily|per[\s_-]day|/\s*day|for\s+today)\b|perday|\bper[\s_-]?day", re.IGNORECASE
)
_HOURLY = re.compile(r"\b(?:hourly|per[\s_-]hour|/\s*hour)\b|perhour", re.IGNORECASE)
_MINUTELY = re.compile(
    r"\bper[\s_-]min(?:ute)?\b|perminute|/\s*min\b|\bthis\sminute\b", re.IGNORECASE
)
_AMOUNT = r"[\s:=~]*(?:of\s+)?~?(\d[\d,]*)(?![\d.]*\d)"
_LIMIT = re.compile(rf"\blimit\b\s*\(?{_AMOUNT}", re.IGNORECASE)
_REQUESTED = re.compile(rf"\brequested\b{_AMOUNT}", re.IGNORECASE)


def limit_in(text: str) -> LimitHit | None:
    """The limit named in a message of Groq's, Cerebras' or their likes; None if there is none.

    ``... on tokens per minute (TPM): Limit 8000, Used 5289, Requested 5229`` and
    ``Requests per day limit exceeded`` are such messages.
    """
    text = text[:20_000]
    kind, window = _named_limit(text)
    if kind is None and window is None:
        return None
    return LimitHit(kind, window, _amount(_LIMIT, text), _amount(_REQUESTED, text))


def _named_limit(text: str) -> tuple[LimitKind | None, LimitWindow | None]:
    acronym = _ACRONYM.search(text)
    if acronym:
        return _KINDS[acronym[1].lower()], _WINDOWS[acronym[2].lower()]
    worded = _WORDED.search(text)
    if worded:
        return _kind(worded["side"], worded["kind"]), _WINDOWS[worded["window"][0].lower()]
    return _loose_kind(text), _loose_window(text)


def _kind(side: str | None, noun: str) -> LimitKind:
    if noun.lower().startswith("request"):
        return "requests"
    sides: dict[str, LimitKind] = {
        "input": "input_tokens",
        "prompt": "input_tokens",
        "output": "output_tokens",
        "completion": "output_tokens",
    }
    return sides.get((side or "").lower(), "tokens")


def _loose_kind(text: str) -> LimitKind | None:
    """A kind beside the word limit or quota, where no window belongs to it."""
    if not re.search(r"\b(?:limit|quota)", text, re.IGNORECASE):
        return None
    for noun, kind in (("token", _KINDS["t"]), ("request", _KINDS["r"])):
        if re.search(rf"\b{noun}s?[\s_-]*(?:rate\s)?(?:limit|quota)", text, re.IGNORECASE):
            return kind
    return None


def _loose_window(text: str) -> LimitWindow | None:
    for pattern, key in ((_DAILY, "d"), (_HOURLY, "h"), (_MINUTELY, "m")):
        if pattern.search(text):
            return _WINDOWS[key]
    return None


def _amount(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found[1].replace(",", "")[:15]) if found else None
