"""What the address of a server can be, wherever it was written: a flag, a variable, the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit


def address_problem(url: str) -> str:
    """What is wrong with an address, to be put behind it and a colon; empty where nothing is.

    A name or a password in it would be sent by httpx in place of the key, and stand in files.
    """
    parts = _split(url)
    if parts is None:
        return "not a URL; write http://host:port or https://host"
    if "@" in parts.netloc:
        return "a name or password in the address is not used; leave out what is before @"
    if "#" in url:
        return "what is after # is sent to no server; leave it out"
    return ""


def has_query(url: str) -> bool:
    """Whether something stands after ``?``, which most SDKs would lose."""
    parts = _split(url)
    return parts is not None and bool(parts.query)


_USERINFO = re.compile(r"(?<=://)[^/@]*@")
_VALUE = re.compile(r"(?<=[?&])([^=&]+)=([^&]*)")


def shown_address(url: str) -> str:
    """The address as it may be shown: of a query, where gateways take keys, only a version."""
    return _VALUE.sub(_masked, _USERINFO.sub("***@", url))


def _masked(pair: re.Match[str]) -> str:
    return pair[0] if _is_version(pair[1]) else f"{pair[1]}=***"


def query_secrets(url: str) -> Iterator[str]:
    """What may be a key in a query (``?code=``, ``?subscription-key=``): its longer values."""
    for name, value in _VALUE.findall(url):
        if len(value) >= 8 and not _is_version(name):  # a short one would be masked in every word
            yield value


def _is_version(name: str) -> bool:
    return name.lower().endswith("version")


def _split(url: str) -> SplitResult | None:
    """The parts of an http or https URL with a host; None where it is none."""
    if any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, an open bracket
        return None
    return parts if usable else None
