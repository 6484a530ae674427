"""A router, its workers and the vendors' servers in one thread, on a clock that jumps from event
to event: hours of a batch in seconds, and the same every time.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time as machine
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from legalgen.completion import Completion, LimitKind, LimitReading, LimitWindow, ModelRef, Usage
from legalgen.errors import ErrorCategory, Failure
from legalgen.failover import NoneLeft, Pause, Then, Trail
from legalgen.routing.rate_limits import WINDOW_S, Cost, Demand
from legalgen.routing.router import Router
from legalgen.routing.targets import (
    RECHECK_S,
    Exchange,
    Lease,
    QueuedWait,
    RoutingPolicy,
    Spent,
    Target,
    usd,
)
from legalgen.telemetry.clock import Clock

EPOCH_S = 1_780_000_000.0
CHARACTERS = 4_000
LONGEST_S = 60.0
"""Nothing in a test takes this long by the machine's clock: what does, hangs."""


class Time:
    """The simulated clocks: ``now`` is monotonic, ``wall`` the time of day.

    For tests in one thread: a wait on this clock takes no time, and what was to happen meanwhile
    (``at``) happens in it.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall_offset = EPOCH_S
        self.asleep = 0.0
        self.clock = Clock(
            lambda: self.now,
            lambda: self.now + self.wall_offset,
            self.wait,
            lambda: self.asleep,
        )
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, moment: float, do: Callable[[], None]) -> None:
        """Have something done at a moment."""
        heapq.heappush(self._events, (moment, next(self._numbers), do))

    def run(self, until: float) -> None:
        """Let everything happen that happens until then."""
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass, with everything that happens in them."""
        until = self.now + seconds
        self.run(until)
        self.now = until

    def wait(self, condition: threading.Condition, seconds: float) -> bool:
        """``Clock.wait``: nobody else is there to notify, so the seconds pass."""
        self.advance(seconds)
        return False


class HeldTime(Time):
    """The same for runs with threads of their own: time stands still until a test advances it.

    So what a run does within a wait, however slowly, happens before the wait is over, and times
    can be compared exactly. Whoever waits is woken a hundred times a second to look again, as by
    any condition. A server whose replies take time needs the machine's clock.
    """

    LOOK_S = 0.01

    def __init__(self) -> None:
        super().__init__()
        self._moved = machine.monotonic()

    def advance(self, seconds: float) -> None:
        """As of ``Time``; whoever waits sees it within a moment."""
        self._moved = machine.monotonic()
        super().advance(seconds)

    def wait(self, condition: threading.Condition, seconds: float) -> bool:
        """``Clock.wait``, for a moment.

        Raises:
            AssertionError: time was not advanced for a minute: the test hangs.
        """
        stood = machine.monotonic() - self._moved
        assert stood < LONGEST_S, "time stands still, and nobody advances it"
        return condition.wait(min(seconds, self.LOOK_S))


@dataclass
class Quota:
    """One bucket of a server."""

    kind: LimitKind
    window: LimitWindow
    limit: float
    told: bool = False
    """Whether reply headers show it."""
    level: float = 0.0
    at: float = 0.0
    consumed: float = 0.0

    @property
    def rate(self) -> float:
        return self.limit / WINDOW_S[self.window]

    def refill(self, now: float) -> None:
        self.level = min(self.limit, self.level + (now - self.at) * self.rate)
        self.at = now

    def take(self, amount: float) -> None:
        self.level = min(self.limit, self.level - amount)
        self.consumed += amount

    def reading(self) -> LimitReading:
        left = max(0, int(self.level))
        missing = (self.limit - self.level) / self.rate
        return LimitReading(self.kind, self.window, int(self.limit), left, missing)


Fault = Callable[[float], Failure | None]
"""What a server answers at a moment instead of a completion."""


@dataclass
class Server:
    """One model at one vendor: quotas that refill, latency, faults.

    ``refunds``: what was reserved and not used is given back; ``reads_late``: headers show the
    level when the reply leaves, not when the request came; ``hang_s`` delays faults.
    """

    target: Target
    quotas: list[Quota] = field(default_factory=list)
    latency_s: float = 1.5
    refunds: bool = True
    reads_late: bool = False
    fault: Fault = lambda _: None
    hang_s: float = 0.0
    calls: int = 0
    samples: int = 0
    failures: Counter[ErrorCategory] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    def readings(self, now: float) -> tuple[LimitReading, ...]:
        for quota in self.quotas:
            quota.refill(now)
        return tuple(quota.reading() for quota in self.quotas if quota.told)

    def refusal(self, charge: dict[LimitKind, float], now: float) -> Failure | None:
        """Why a request does not fit, as a vendor would say it."""
        readings = self.readings(now)
        for quota in self.quotas:
            amount = charge[quota.kind]
            if amount > quota.limit:
                return _limit_failure(ErrorCategory.CONTEXT_LENGTH, quota, amount, None, readings)
            if amount > quota.level + 1e-6:
                day = quota.window == "day"
                category = ErrorCategory.QUOTA_EXHAUSTED if day else ErrorCategory.RATE_LIMIT
                wait = (amount - quota.level) / quota.rate
                return _limit_failure(category, quota, amount, wait, readings)
        return None

    def allowed(self, seconds: float) -> float:
        """Samples that the quotas allow in so much time, at what samples really took."""
        if not (self.samples and self.quotas):
            return float(self.samples)
        return min((q.limit + q.rate * seconds) / (q.consumed / self.samples) for q in self.quotas)


def _limit_failure(
    category: ErrorCategory,
    quota: Quota,
    amount: float,
    wait: float | None,
    readings: tuple[LimitReading, ...],
) -> Failure:
    return Failure(
        category,
        f"{quota.kind} per {quota.window}: limit {quota.limit:g}, requested {amount:g}",
        status=413 if wait is None else 429,
        retry_after_s=wait,
        kind=quota.kind,
        window=quota.window,
        limit=int(quota.limit),
        requested=int(amount),
        readings=readings,
    )


@dataclass
class Worker:
    """One thread of a batch, as a chain of events."""

    number: int
    trail: Trail = field(default_factory=Trail)
    wait: QueuedWait | None = None
    turns: int = 0
    """Counts its events, so that one that was overtaken is known."""
    ended: Pause | NoneLeft | Spent | None = None


class World:
    """A batch of workers against servers."""

    def __init__(
        self,
        servers: Iterable[Server],
        *,
        workers: int,
        policy: RoutingPolicy | None = None,
        seed: int = 1,
        samples: int = 10**9,
        usual_output: int = 1300,
        output: tuple[float, float] = (700.0, 150.0),
        time: Time | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        self.time = time or Time()
        self.random = Random(seed)
        self.servers = {server.target.ref: server for server in servers}
        for server in self.servers.values():
            for quota in server.quotas:
                quota.level, quota.at = quota.limit, self.time.now
        self.router = Router(
            [server.target for server in self.servers.values()],
            policy,
            clock=self.time.clock,
            random=Random(seed),
            exchange=exchange,
        )
        self.dead = False
        """Whether its process was killed: what it had out runs on at the servers."""
        self.started = self.time.now
        self.samples = samples
        self.kept = 0
        self.given_up = 0
        self.usd = 0.0
        """What its calls cost, by the prices of their targets."""
        self.order: list[tuple[float, ModelRef]] = []
        self._output = output
        self.demand = Demand(CHARACTERS, usual_output, 300)
        self.workers = [Worker(number) for number in range(workers)]
        self._resting: set[int] = set()

    def begin(self) -> None:
        """Let every worker ask for its turn, once time runs."""
        for worker in self.workers:
            self._soon(worker, self.time.now)

    def run(self, seconds: float) -> World:
        """Begin, or go on, for so long."""
        self.begin()
        self.time.run(self.time.now + seconds)
        return self

    @property
    def calls(self) -> int:
        """Calls that reached a server."""
        return sum(server.calls for server in self.servers.values())

    def share_of(self, category: ErrorCategory) -> float:
        """Failures of a category as a share of all calls."""
        return sum(s.failures[category] for s in self.servers.values()) / max(1, self.calls)

    def share_of_quotas(self, seconds: float) -> float:
        """Samples as a share of what the quotas of the whole route allow."""
        allowed = sum(server.allowed(seconds) for server in self.servers.values())
        return sum(server.samples for server in self.servers.values()) / allowed

    # ------------------------------------------------------------------ a worker's events

    def _soon(self, worker: Worker, moment: float) -> None:
        worker.turns += 1
        turn = worker.turns
        self.time.at(moment, lambda: self._step(worker) if turn == worker.turns else None)

    def _changed(self) -> None:
        """The router's notification: who rests looks again."""
        for number in sorted(self._resting):
            self._soon(self.workers[number], self.time.now)
        self._resting.clear()

    def _step(self, worker: Worker) -> None:
        self._resting.discard(worker.number)
        if self.kept >= self.samples or self.dead:
            return
        turn = self.router.turn(worker.trail, lambda _: self.demand, worker.wait)
        worker.wait = None
        match turn:
            case Lease():
                arrival = self.time.now + self.random.uniform(0.02, 0.12)
                self.time.at(arrival, lambda: self._arrive(worker, turn))
            case QueuedWait():
                worker.wait = turn
                self._resting.add(worker.number)
                self._soon(worker, self.time.now + min(turn.seconds, RECHECK_S))
            case NoneLeft() if self.router.registry.usable():
                self.given_up += 1
                worker.trail = Trail()
                self._soon(worker, self.time.now)
            case _:
                worker.ended = turn

    def _arrive(self, worker: Worker, lease: Lease) -> None:
        server, now = self.servers[lease.ref], self.time.now
        server.calls += 1
        server.times.append(now)
        fault = server.fault(now)
        if fault is not None:
            self._later(server.hang_s + 0.05, lambda: self._fail(worker, lease, fault))
            return
        tokens = round(CHARACTERS / 4.5 * self.random.uniform(0.9, 1.1))
        charge = _charge(tokens, lease.max_completion_tokens)
        refusal = server.refusal(charge, now)
        if refusal is not None:
            self._later(0.05, lambda: self._fail(worker, lease, refusal))
            return
        for quota in server.quotas:
            quota.take(charge[quota.kind])
        early = server.readings(now)
        latency = server.latency_s * self.random.uniform(0.7, 1.3)
        self._later(latency, lambda: self._finish(worker, lease, tokens, early))

    def _finish(
        self, worker: Worker, lease: Lease, tokens: int, early: tuple[LimitReading, ...]
    ) -> None:
        server = self.servers[lease.ref]
        wanted = max(100, round(self.random.gauss(*self._output)))
        output = min(wanted, lease.max_completion_tokens)
        late = server.readings(self.time.now)
        if server.refunds:
            charge, used = _charge(tokens, lease.max_completion_tokens), _charge(tokens, output)
            for quota in server.quotas:
                quota.take(used[quota.kind] - charge[quota.kind])
            late = server.readings(self.time.now)
        cut = wanted > output
        completion = Completion(
            "{}",
            "length" if cut else "stop",
            Usage(tokens, output),
            lease.ref.model,
            self.time.now - lease.at,
            readings=late if server.reads_late else early,
        )
        self._later(0.05, lambda: self._reply(worker, lease, completion))

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self.time.at(self.time.now + seconds, do)

    def _reply(self, worker: Worker, lease: Lease, completion: Completion) -> None:
        server = self.servers[lease.ref]
        server.samples += 1  # for the quotas' sake: it was paid for
        if self.dead:
            return
        usage = completion.usage
        self.usd += usd(server.target, Cost(usage.input_tokens, usage.output_tokens))
        self.router.replied(lease, completion)
        if completion.finish_reason == "length":
            failure = Failure(ErrorCategory.OUTPUT_INVALID, "cut off", truncated=True)
            decision = self.router.refused(lease, failure, worker.trail)
            server.failures[failure.category] += 1
            worker.trail = Trail() if decision.then is Then.GIVE_UP else decision.trail
        else:
            self.router.kept(lease.ref)
            self.router.accepted()
            self.kept += 1
            self.order.append((self.time.now, lease.ref))
            worker.trail = Trail()
        self._changed()
        self._soon(worker, self.time.now)

    def _fail(self, worker: Worker, lease: Lease, failure: Failure) -> None:
        self.servers[lease.ref].failures[failure.category] += 1
        if self.dead:
            return
        decision = self.router.failed(lease, failure, worker.trail)
        worker.trail = decision.trail
        if decision.then is Then.GIVE_UP:
            self.given_up += 1
            worker.trail = Trail()
        self._changed()
        self._soon(worker, self.time.now)


def _charge(input_tokens: int, output_tokens: int) -> dict[LimitKind, float]:
    return {
        "requests": 1,
        "tokens": input_tokens + output_tokens,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
    }
