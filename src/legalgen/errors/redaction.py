"""Secrets taken out of text before anybody reads it: messages, logs, tracebacks, ledgers.

Redact first and cut afterwards: a key that a cut has halved is found only by its shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote_plus

REDACTED = "[redacted]"
MINIMUM_SECRET = 8
"""Characters. A shorter key protects nothing: it is a placeholder (``ollama``, ``EMPTY``), and
hiding it would blot ordinary words out of every log."""

_IN_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
"""What ``html.escape`` writes; that module has every name of HTML, 0.6 MB, in each process."""

_NOISE = r"""["'\\\s+|]{0,8}?"""
# What a terminal, a traceback or a concatenation puts between two characters of a key that it
# quotes or wraps; bounded and lazy, so that matching stays linear.
_NOISY_RUN = re.compile(r"""["'\\\s+|]{4,}""")

_KEY = re.compile(
    r"""
      \b(?:gsk_|csk-|sk-|pk-|hf_|xai-|nvapi-|fw_|ghp_|github_pat_|r8_)[\w*.…-]{8,}  # vendors' keys
    | \bAIza[\w-]{20,} | \bAKIA[A-Z0-9]{12,}                          # Google's, Amazon's
    | \beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?                          # a JSON web token
    | \b(?!(?:req|org|msg|run|file|batch|chatcmpl|gen|resp|proj|user|task|call|job|trace)[-_])
      [a-z]{2,8}[-_][A-Za-z0-9]{28,}                                  # key-shaped, vendor unknown
    """,
    re.VERBOSE,
)
# Law knows bearer bonds and authorizations: without the header's name only what looks random.
_RANDOM = r"(?=[^\s\"',;]*\d)[A-Za-z0-9._~+/=\-]{16,}"
_VALUE = r"[^\s\"'&,;<>(){}\[\]\\]+"
_AUTHORIZATION = re.compile(
    rf"(authorization[\"']?\s*[:=,]\s*b?[\"']?)(?:(?:bearer|basic|token)\s+{_VALUE}|{_RANDOM})",
    re.IGNORECASE,
)
_BEARER = re.compile(rf"\b(bearer|basic)(\s+|%20|\+){_RANDOM}", re.IGNORECASE)
_NAMED = re.compile(
    r"((?:api[-_]?key|access[-_]token|auth[-_]token|client[-_]secret)"
    rf"[\"']?\s*(?:[:=,]|%3d)\s*b?[\"']?)(?!\[redacted\]){_VALUE}",
    re.IGNORECASE,
)
# A password that is not percent-encoded may hold any sign, so it ends at the last @ of the word.
_USERINFO = re.compile(r"([a-z0-9+.\-]://)[^\s\"'<>]+(?=@)", re.IGNORECASE)
_UNQUOTED = re.compile(r"[^\s\"'<>]+")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace ``secrets``, and whatever is shaped like a key, by ``[redacted]``.

    Each secret (of at least ``MINIMUM_SECRET`` characters, its padding not counted) goes as it is,
    percent-encoded, escaped as JSON, Python or HTML do it, and broken up by quotes, backslashes,
    plus signs or line ends.
    """
    text = _without(text, _ordered(tuple(secrets)))
    for pattern in (_AUTHORIZATION, _NAMED):
        text = pattern.sub(rf"\1{REDACTED}", text)
    if "://" in text and "@" in text:
        text = _UNQUOTED.sub(_without_userinfo, text)
    return _KEY.sub(REDACTED, _BEARER.sub(rf"\1\2{REDACTED}", text))


def _without_userinfo(word: re.Match[str]) -> str:
    """A word without what stands before the last @ of its address; only one with an @ is searched,
    for each ``://`` looks as far as the word goes."""
    return _USERINFO.sub(rf"\1{REDACTED}", word[0]) if "@" in word[0] else word[0]


def conceal(text: str, secrets: Iterable[str]) -> str:
    """Replace ``secrets`` alone: for what a model wrote, where all else is the subject's own.

    A key that is only a word ("anything", "not-needed") stands for none, and is left alone.
    """
    return _without(text, [s for s in _ordered(tuple(secrets)) if not _PLACEHOLDER.fullmatch(s)])


def excerpt(text: str, length: int, secrets: Iterable[str] = ()) -> str:
    """The first ``length`` characters of ``text`` on one line, secrets taken out before the cut."""
    words, size, cut = list[str](), 0, False
    for word in _WORD.finditer(text):
        words.append(word[0])
        size += len(word[0]) + 1
        if cut := size > length + LONGEST_SPELLING:
            break
    line = redact(" ".join(words), secrets)
    if cut and len(line) <= length:  # so many keys that half of one may have come this far
        line = line[: line.rfind(REDACTED) + len(REDACTED)]
    return line if len(line) <= length else f"{line[: length - 1]}…"


_WORD = re.compile(r"\S{1,4096}")
LONGEST_SPELLING = 4096
"""Characters. A key that begins before a cut ends within this, however it is spelled: it must be
seen whole to be found."""
_PLACEHOLDER = re.compile(r"(?=.{8,24}$)(?!c?sk-|pk-)[A-Za-z]+(?:[-. ][A-Za-z]+)*")


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if _may_hold(text, secret):
            text = _pattern(secret).sub(REDACTED, text)
    return text


@lru_cache(maxsize=64)
def _ordered(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are long enough, the longest first, for one may begin with another."""
    stripped = {secret.strip() for secret in secrets}
    long_enough = [secret for secret in stripped if len(secret) >= MINIMUM_SECRET]
    return tuple(sorted(long_enough, key=lambda secret: (-len(secret), secret)))


def _may_hold(text: str, secret: str) -> bool:
    """Whether ``text`` holds the secret's beginning, or some kind of escape.

    The whole pattern takes 50 ms to compile and 4 ms a page to search with; most texts need no
    more than this.
    """
    if _beginning(secret).search(text) is not None:
        return True
    if not _HEADER.fullmatch(secret):
        return _ANY_ESCAPE.search(text) is not None
    return any(mark in text for mark in _MARKS) and _ESCAPE.search(text) is not None


@lru_cache(maxsize=64)
def _beginning(secret: str) -> re.Pattern[str]:
    # A form writes a blank as a plus sign, the one spelling that carries no escape.
    signs = ("[ +]" if character == " " else re.escape(character) for character in secret[:4])
    return re.compile(_NOISE.join(signs))


_HEADER = re.compile(r"[!-~]+")  # no blank, no control character: their own escapes are letters
_MARKS = ("\\u", "\\U", "\\x", "%", "&")
_ESCAPE = re.compile(r"\\[uUx][0-9A-Fa-f]|%[0-9A-Fa-f]{2}|&(?:#|[a-z]+;)")
_ANY_ESCAPE = re.compile(r"[%\\&]")


@lru_cache(maxsize=64)
def _pattern(secret: str) -> re.Pattern[str]:
    return re.compile(_any_form(secret))


def _any_form(secret: str) -> str:
    """A pattern for a secret; a run of quotes or blanks inside it could match in too many ways."""
    if not _NOISY_RUN.search(secret):
        return _NOISE.join(_any_spelling(character) for character in secret)
    percent = "".join(f"(?:{_plain_or_form(c)}|{_percent(c)})" for c in secret)
    quoted = json.dumps(secret)[1:-1]
    twice = json.dumps(json.dumps(secret))[3:-3]
    unicode = json.dumps(secret, ensure_ascii=False)[1:-1]
    literal = (secret, repr(secret)[1:-1], ascii(secret)[1:-1], quoted, unicode, twice)
    named = (secret.translate(_IN_HTML), quote_plus(secret.encode("utf-8", "replace")))
    return "|".join([*(re.escape(form) for form in dict.fromkeys(literal + named)), percent])


@lru_cache(maxsize=512)
def _any_spelling(character: str) -> str:
    """A pattern for one character in every way it is commonly written."""
    spellings = [_plain_or_form(character), _percent(character), *_escapes(character)]
    spellings.append(re.escape(character.translate(_IN_HTML)))
    spellings += [rf"&#0*{ord(character)};", rf"(?i:&#x0*{ord(character):x};)"]
    return f"(?:{'|'.join(dict.fromkeys(spellings))})"


def _plain_or_form(character: str) -> str:
    """As it is; a blank also as a form writes it, a plus sign, percent-encoded itself or not."""
    return rf"[ +]|{_percent('+')}" if character == " " else re.escape(character)


def _percent(character: str) -> str:
    """Percent-encoded, once or several times over, in either case."""
    encoded = character.encode("utf-8", "surrogatepass")
    return "".join(rf"(?i:%(?:25){{0,3}}{byte:02x})" for byte in encoded)


def _escapes(character: str) -> list[str]:
    """Escaped as JSON and Python literals do it; with more backslashes where they are nested."""
    code = ord(character)
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    found = ["".join(rf"\\{{1,16}}u(?i:{pair})" for pair in pairs), rf"\\{{1,16}}U(?i:{code:08x})"]
    if code < 256:
        found.append(rf"\\{{1,16}}x(?i:{code:02x})")
    found.append(
        "".join(rf"\\{{1,16}}x(?i:{byte:02x})" for byte in character.encode("utf-8", "replace"))
    )
    short = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}.get(character)
    return [*found, rf"\\{{1,16}}{short}"] if short else found
