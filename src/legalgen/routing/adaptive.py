"""How many calls ``auto`` may keep in flight at a target whose limits nobody knows.

Beyond what a server serves at once it only queues calls, which shows in how long they take. Answers
differ in length, so that few replies tell little: they are looked at in rounds.
"""

from __future__ import annotations

import math

import msgspec

from legalgen.routing.targets import MOST_IN_FLIGHT, MOST_UNDER_LIMITS

WIDENING, NARROWING = 2.0, 0.75
"""What a round of replies makes of the limit."""
FAST, SLOW = 1.5, 2.0
"""How many times its fastest a round may take on average before no more calls are tried at once,
and before fewer are."""


class AdaptiveLimit(msgspec.Struct):
    """A limit of calls in flight that replies move. Times are monotonic seconds.

    A round is half as many replies as the limit, to calls that left since the round before: of
    those that were out already the fast ones had come back.
    """

    calls: float = MOST_UNDER_LIMITS
    fastest_s: float = math.inf
    """The least that the replies of a round took on average."""
    began: float = -math.inf
    replies: int = 0
    seconds: float = 0.0
    """What all replies of this round took together."""

    def reply(self, left: float, latency_s: float, in_flight: int, now: float) -> None:
        """Count a reply to a call that ``left`` then. A limit that is not used does not grow."""
        if left < self.began:
            return
        self.replies += 1
        self.seconds += latency_s
        if self.replies < self.calls / 2:
            return
        usual_s = self.seconds / self.replies
        self.fastest_s = min(self.fastest_s, usual_s)
        if usual_s > SLOW * self.fastest_s:
            self.calls = max(MOST_UNDER_LIMITS, self.calls * NARROWING)
        elif usual_s <= FAST * self.fastest_s and in_flight >= self.calls / 2:
            self.calls = min(MOST_IN_FLIGHT, self.calls * WIDENING)
        self._begin(now)

    def fall(self, now: float) -> None:
        """The target went out of use: begin at the least again."""
        self.calls = MOST_UNDER_LIMITS
        self._begin(now)

    def _begin(self, now: float) -> None:
        self.began, self.replies, self.seconds = now, 0, 0.0
