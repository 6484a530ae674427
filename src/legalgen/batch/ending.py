"""Why a batch ends, and when one that pauses is worth resuming."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from legalgen.errors import Obstacle, Trouble
from legalgen.errors.exit_codes import Exit
from legalgen.routing.remedies import sentence
from legalgen.store.ledger import Status

RETRY_MARKS_S = 900.0
"""When it is worth asking again for marks that could not be read."""


class Ending(msgspec.Struct, frozen=True):
    """Why a batch ends, and how."""

    status: Status
    exit_code: int
    reason: str
    resume_in_s: float | None = None
    obstacles: tuple[Trouble, ...] = ()
    """What keeps the targets of the route out of use."""

    def __str__(self) -> str:
        """The reason with the obstacles, as one sentence."""
        return sentence(self.reason, self.obstacles)

    def resume_after(self, now: datetime) -> datetime | None:
        """When a paused batch is worth resuming, rounded up to the second; UTC."""
        if self.resume_in_s is None:
            return None
        moment = now + timedelta(seconds=self.resume_in_s)
        return moment.replace(microsecond=0) + timedelta(seconds=1)


COMPLETED = Ending("completed", Exit.DONE, "")


def paused(why: Obstacle, resume_in_s: float, patience: str) -> Ending:
    """Nothing comes back in time: ``why`` is waited for, longer than ``patience`` allows."""
    reason = f"no model can go on within {patience}"
    if why.trouble is None:
        return Ending("paused", Exit.PAUSED, f"{reason}: {why}", resume_in_s)
    return Ending("paused", Exit.PAUSED, reason, resume_in_s, (why.trouble,))
