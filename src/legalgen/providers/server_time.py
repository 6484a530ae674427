"""What time it is for a server, by the ``Date`` of its reply; asked without a key."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

PATIENCE_S = 5.0


def seconds_ahead(url: str, now: float) -> float | None:
    """How far ``now`` (Unix time) is ahead of the server's clock, to a second or two.

    None where it cannot be reached or does not say. Whatever it answers costs nothing.
    """
    try:
        reply = httpx.head(url, timeout=PATIENCE_S)
        return now - parsedate_to_datetime(reply.headers["date"]).timestamp()
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError, OSError):
        return None
