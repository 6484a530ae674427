"""What time it is for a server, by the ``Date`` of its reply; asked without a key."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

from legalgen.errors import ConfigurationError
from legalgen.providers._http import DeadlineClient, deadline

PATIENCE_S = 5.0
"""Of the whole reply, however a server sends it."""


def seconds_ahead(url: str, now: float) -> float | None:
    """How far ``now`` (Unix time) is ahead of the server's clock, to a second or two.

    None where it cannot be reached in time or does not say. Whatever it answers costs nothing.
    """
    try:
        with DeadlineClient() as http, deadline(PATIENCE_S):
            reply = http.head(url, timeout=http.timeouts(PATIENCE_S))
        return now - parsedate_to_datetime(reply.headers["date"]).timestamp()
    except (httpx.HTTPError, httpx.InvalidURL, ConfigurationError):  # the latter: of proxies
        return None
    except (KeyError, ValueError, OverflowError, OSError):  # of a date
        return None
