"""Why a target is waited for, as a value; words are made of it where it is shown."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from legalgen.completion import LimitKind, LimitWindow
from legalgen.errors.exceptions import Trouble


class WaitReason(StrEnum):
    """What kind of thing a target is waited for."""

    IN_FLIGHT = "in_flight"
    """It is healthy and takes no more calls at once."""
    BUDGET = "budget"
    """A limit has to refill."""
    STATE = "state"
    """It, or its provider, is left alone for a time."""


class Obstacle(msgspec.Struct, frozen=True):
    """Why a target is waited for: the ``limit`` or the ``trouble`` behind the reason."""

    reason: WaitReason = WaitReason.IN_FLIGHT
    limit: tuple[LimitKind, LimitWindow] | None = None
    trouble: Trouble | None = None

    def __str__(self) -> str:
        """``calls in flight``, ``tokens per minute``, ``rate_limit 429: Too many requests``."""
        if self.limit is not None:
            return " per ".join(self.limit)
        return str(self.trouble) if self.trouble is not None else "calls in flight"


BUSY = Obstacle()
