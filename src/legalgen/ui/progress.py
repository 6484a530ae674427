"""How far a run is: counts that follow its events, its rate, and an estimate of its end.

Nothing here prints. Times are seconds of a monotonic clock that the caller passes in as ``now``.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from legalgen.completion import DAY_S, LimitKind, LimitWindow
from legalgen.routing.targets import View
from legalgen.telemetry import events

RATE_WINDOW_S = 120.0
LEAST_FOR_A_RATE = 5
FORESEEABLE_S = 30 * DAY_S
USUAL_TOKENS = (1_200.0, 1_300.0)
"""Input and output of one sample, until a few are written; both vary twofold between models."""


class Tally(msgspec.Struct):
    """What one target has done in this run."""

    answers: int = 0
    samples: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, event: events.SampleAccepted | events.AnswerRejected) -> None:
        """Count one answer."""
        self.answers += 1
        self.samples += isinstance(event, events.SampleAccepted)
        self.input_tokens += event.input_tokens or 0
        self.output_tokens += event.output_tokens or 0


class Progress(msgspec.Struct):
    """The counts of one run; ``hear`` keeps them."""

    begun: float
    batch: str = ""
    target: int = 0
    accepted: int = 0
    accepted_before: int = 0
    flagged: int = 0
    refused: int = 0
    switches: int = 0
    cost_usd: float | None = None
    codes: Counter[str] = msgspec.field(default_factory=Counter)
    failures: Counter[str] = msgspec.field(default_factory=Counter)
    tallies: dict[str, Tally] = msgspec.field(default_factory=dict)
    waiting: events.Waiting | None = None
    accepted_at: float | None = None
    _recent: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=2_000))

    @property
    def started(self) -> bool:
        """Whether the run has said what it is going to do."""
        return self.target > 0

    @property
    def remaining(self) -> int:
        """Samples still to be accepted."""
        return max(0, self.target - self.accepted)

    def hear(self, event: events.Event, now: float) -> None:
        """Follow one event."""
        match event:
            case events.BatchStarted():
                self.begun, self.batch, self.target = now, event.batch, event.target
                self.accepted = self.accepted_before = event.accepted
            case events.SampleAccepted():
                self._accept(event, now)
            case events.AnswerRejected():
                self.refused += 1
                self.codes.update(event.codes)
                self._tally(event)
            case events.CallFailed():
                self.failures[event.category] += 1
            case events.Switched():
                self.switches += 1
            case events.Waiting():
                self.waiting = event
            case _:
                pass

    def _accept(self, event: events.SampleAccepted, now: float) -> None:
        self.accepted = event.accepted
        self.flagged += bool(event.flags)
        self.accepted_at = now
        self._recent.append(now)
        self._tally(event)

    def _tally(self, event: events.SampleAccepted | events.AnswerRejected) -> None:
        self.tallies.setdefault(f"{event.provider}/{event.model}", Tally()).add(event)
        if event.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + event.cost_usd

    def rate(self, now: float) -> float:
        """Accepted samples per second: of the last two minutes, or of all when they are few."""
        recent = sum(now - moment <= RATE_WINDOW_S for moment in self._recent)
        elapsed = max(now - self.begun, 1e-3)
        if recent >= LEAST_FOR_A_RATE:
            return recent / min(elapsed, RATE_WINDOW_S)
        return (self.accepted - self.accepted_before) / elapsed

    def per_sample(self, target: str) -> tuple[float, float, float]:
        """Answers, input tokens and output tokens that one accepted sample of a target takes."""
        own = self.tallies.get(target)
        if own is None or not own.samples or not own.output_tokens:
            return (1.0, *USUAL_TOKENS)
        n = own.samples
        return own.answers / n, own.input_tokens / n, own.output_tokens / n

    def waits_for(self, wall: datetime) -> events.Waiting | None:
        """What is being waited for at this moment."""
        return self.waiting if self.waiting and self.waiting.until > wall else None


class Quota(msgspec.Struct, frozen=True):
    """One budget of a target: ``level`` units are left, ``rate`` come back per second.

    ``need`` are the units that one accepted sample takes.
    """

    kind: LimitKind
    window: LimitWindow
    level: float
    rate: float
    need: float

    def samples(self, seconds: float) -> float:
        """How many samples it allows within the next ``seconds``."""
        return max(0.0, self.level + self.rate * seconds) / self.need

    @property
    def wait_s(self) -> float:
        """Seconds until one more sample fits."""
        missing = self.need - self.level
        return max(0.0, missing / self.rate) if self.rate else math.inf if missing > 0 else 0.0


class Lane(msgspec.Struct, frozen=True):
    """What one target can still deliver: from ``opens_in_s`` on, within its quotas."""

    target: str
    opens_in_s: float
    quotas: tuple[Quota, ...]

    @property
    def wait_s(self) -> float:
        """Seconds until one more sample fits all its quotas."""
        return max([self.opens_in_s, *(quota.wait_s for quota in self.quotas)])

    @property
    def binding(self) -> Quota | None:
        """The quota that is waited for longest; None when none is."""
        longest = max(self.quotas, key=lambda quota: quota.wait_s, default=None)
        return longest if longest is not None and longest.wait_s > self.opens_in_s else None

    def samples(self, seconds: float) -> float:
        """How many samples it can deliver within the next ``seconds``."""
        if seconds < self.opens_in_s:
            return 0.0
        return min((quota.samples(seconds) for quota in self.quotas), default=math.inf)

    def today(self) -> float:
        """How many samples fit what is left of its daily quotas."""
        daily = (quota.samples(0.0) for quota in self.quotas if quota.window == "day")
        return min(daily, default=math.inf)


def lane_of(view: View, progress: Progress, now: float) -> Lane | None:
    """A target of the route as a lane; None when it is out for the batch."""
    if view.state == "dropped":
        return None
    answers, input_tokens, output_tokens = progress.per_sample(str(view.ref))
    needs: dict[LimitKind, float] = {
        "requests": answers,
        "tokens": input_tokens + output_tokens,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
    }
    quotas = tuple(
        Quota(b.kind, b.window, b.level_at(now), b.rate, max(needs[b.kind], 1e-9))
        for b in view.budgets.buckets.values()
    )
    return Lane(str(view.ref), max(0.0, (view.until or now) - now), quotas)


class Outlook(msgspec.Struct, frozen=True):
    """When a run may end: in ``seconds`` (None: not known), and what holds it back.

    ``today`` is how many more samples fit the daily quotas, where those do not suffice.
    """

    seconds: float | None
    today: int | None = None


def outlook(remaining: int, lanes: Iterable[Lane], rate: float) -> Outlook:
    """The end of a run that still lacks ``remaining`` samples.

    The later of two guesses: what the quotas of all lanes allow, and the rate of late. Quotas
    see the end of a burst coming, the rate sees how slow or wasteful the models are.
    """
    if remaining <= 0:
        return Outlook(0.0)
    open_lanes = list(lanes)
    by_quota = _soonest(remaining, open_lanes)
    today = sum(lane.today() for lane in open_lanes)
    short = math.floor(today) if today < remaining else None
    if by_quota is None or rate <= 0:
        return Outlook(by_quota or None, short)
    return Outlook(max(by_quota, remaining / rate), short)


def _soonest(remaining: int, lanes: Sequence[Lane]) -> float | None:
    """The first moment by which the lanes can have delivered everything; by halving."""

    def enough(seconds: float) -> bool:
        return sum(lane.samples(seconds) for lane in lanes) >= remaining

    if not enough(FORESEEABLE_S):
        return None
    low, high = 0.0, FORESEEABLE_S
    while high - low > 0.5:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return 0.0 if enough(0.0) else high
