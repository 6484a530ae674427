"""What the address of a server can be, wherever it was written: a flag, a variable, the file."""

from __future__ import annotations

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
    return ""


def has_query(url: str) -> bool:
    """Whether something stands after ``?``, which most SDKs would lose."""
    parts = _split(url)
    return parts is not None and bool(parts.query)


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
