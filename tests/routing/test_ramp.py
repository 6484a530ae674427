"""How many calls may be in flight: few at first, all that were asked for, and what auto finds."""

from __future__ import annotations

import heapq
from random import Random

import pytest

from legalgen.completion import LimitReading
from legalgen.errors import ErrorCategory
from legalgen.failover import Health
from legalgen.routing.ramp import WIDENING_S
from legalgen.routing.targets import (
    MOST_IN_FLIGHT,
    MOST_UNDER_LIMITS,
    Lease,
    RoutingPolicy,
    Target,
)
from tests.routing.bench import A, B, Bench, D
from tests.simulation import Quota, Server, World

C = ErrorCategory
MANY = RoutingPolicy(max_in_flight=256, obeyed=True)
RPM = LimitReading("requests", "minute", 100_000)


def test_after_one_reply_all_calls_that_were_asked_for_leave() -> None:
    """Two until then, whatever the number: a dead model costs no more."""
    bench = Bench(Target(A), Target(B), policy=MANY)
    first, _ = bench.leases()
    bench.reply(first)
    assert len(bench.leases()) == 255


def test_a_number_is_obeyed_where_limits_bind() -> None:
    """Who gives one knows why."""
    bench = Bench(Target(A), policy=MANY)
    bench.router.registry.state_limits(A, (RPM,))
    first, _ = bench.leases()
    bench.reply(first)
    assert len(bench.leases()) == 255


@pytest.mark.parametrize("others", [(), (D,)])
def test_before_the_first_reply_time_makes_room_where_there_is_no_other_target(
    others: tuple[object, ...],
) -> None:
    """Two, four, eight: calls that hang are missing nowhere else. With another target, two."""
    bench = Bench(Target(A), *(Target(ref) for ref in others), policy=MANY)  # type: ignore[arg-type]
    left = []
    for _ in range(9):
        left.append(sum(lease.ref == A for lease in bench.leases()))
        bench.time.now += WIDENING_S + 0.001
    assert left == ([2, 0, 0, 0, 0, 0, 0, 0, 0] if others else [2, 2, 4, 8, 16, 32, 64, 128, 0])


def test_time_makes_room_faster_at_a_model_that_an_earlier_run_had_replies_of() -> None:
    """Two for the first step, in which a key or a parameter is refused; then 32, then all."""
    bench = Bench(Target(A), policy=MANY)
    bench.router.registry.restore(A, health=Health(latency_s=4.0))
    left = []
    for _ in range(3):
        left.append(len(bench.leases()))
        bench.time.now += WIDENING_S + 0.001
    assert left == [2, 30, 224]


@pytest.mark.parametrize("category", [C.SERVER_ERROR, C.CONNECTION_ERROR, C.AUTHENTICATION])
def test_time_makes_no_room_after_a_failure(category: ErrorCategory) -> None:
    """A dead server costs three calls, a refused key two."""
    bench = Bench(Target(A), policy=MANY)
    first, _ = bench.leases()
    bench.fail(first, category)
    bench.time.now += 2.0
    assert len(bench.leases()) <= 1


@pytest.mark.parametrize("asked", [4, 64])
def test_a_number_that_is_usual_is_reached_with_the_first_reply(asked: int) -> None:
    """Until then two calls, however long it takes."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_in_flight=asked, obeyed=True))
    first, _ = bench.leases()
    bench.time.now += 2.0
    assert bench.leases() == []
    bench.reply(first)
    assert len(bench.leases()) == asked - 1


def test_one_models_reply_opens_no_other_model() -> None:
    """A provider's second model may be dead though its first is not: it has its own few calls."""
    bench = Bench(Target(A), Target(B), policy=RoutingPolicy(max_in_flight=32, obeyed=True))
    first, second = bench.leases()[:2]
    assert first.ref == A
    bench.reply(first)
    bench.fail(second, C.SERVER_ERROR)
    assert sum(lease.ref == B for lease in bench.leases()) <= 3


def after_rounds(bench: Bench, rounds: int, latency_s: float) -> int:
    """Calls that left at once the last time, after all had been answered again and again."""
    many = 0
    for _ in range(rounds):
        leases = bench.leases()
        many = len(leases)
        bench.time.now += latency_s
        for lease in leases:
            bench.reply(lease, latency_s=latency_s)
    return many


def test_auto_climbs_where_no_limit_binds_and_replies_stay_fast() -> None:
    """From 64 on twice as many with each round of replies, up to 1,024."""
    bench = Bench(Target(A), Target(D))
    assert after_rounds(bench, 8, 1.0) == MOST_IN_FLIGHT


def queueing(
    slots: int, seconds: float, *, spread: float, latency_s: float = 4.0
) -> list[tuple[float, int]]:
    """A server that serves so many calls at once and queues the others: when each reply came, and
    how many calls were out. ``spread`` is that of the answers' lengths (log-normal)."""
    bench, random = Bench(Target(A)), Random(1)
    began = bench.time.now
    free = [began] * slots
    out = list[tuple[float, int, Lease]]()
    replies = list[tuple[float, int]]()
    while bench.time.now < began + seconds:
        for lease in bench.leases():
            starts = max(bench.time.now, heapq.heappop(free))
            ends = starts + latency_s * random.lognormvariate(0, spread)
            heapq.heappush(free, ends)
            heapq.heappush(out, (ends, id(lease), lease))
        ends, _, lease = heapq.heappop(out)
        bench.time.now = ends
        bench.reply(lease, latency_s=ends - lease.at)
        replies.append((ends - began, len(out)))
    return replies


SPREADS = [0.1, 0.5]
"""Those of answers that are nearly alike, and of those of reasoning models."""


@pytest.mark.parametrize("spread", SPREADS)
def test_auto_climbs_however_much_answers_differ_in_length(spread: float) -> None:
    """2, 8 and 64 calls take 12 s; then each doubling takes about the time of a reply."""
    replies = queueing(2 * MOST_IN_FLIGHT, 40.0, spread=spread)
    assert max(many for at, many in replies if at < 32) >= MOST_IN_FLIGHT - 1


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("slots", [100, 200])
def test_auto_fills_a_server_that_queues_and_overfills_it_little(slots: int, spread: float) -> None:
    """All it can serve is asked of it, and few more wait there than it serves."""
    replies = queueing(slots, 100.0, spread=spread)
    settled = [many for at, many in replies if at > 60]
    assert slots - 1 <= min(settled) <= max(settled) <= 2.6 * slots


def test_auto_comes_back_where_replies_become_slow() -> None:
    """A server that only queues what comes is sent fewer and fewer, down to 64."""
    bench = Bench(Target(A))
    assert after_rounds(bench, 6, 1.0) > 200
    assert after_rounds(bench, 12, 5.0) == MOST_UNDER_LIMITS


def test_a_limit_that_begins_to_bind_brings_auto_back_to_64() -> None:
    """What is out is waited for; nothing leaves until fewer than 64 are."""
    bench = Bench(Target(A))
    held = []
    for _ in range(9):
        held = bench.leases()
        for lease in held:
            bench.reply(lease)
    held = bench.leases()
    assert len(held) > MOST_UNDER_LIMITS
    bench.reply(held.pop(), RPM)
    while len(held) >= MOST_UNDER_LIMITS:
        assert bench.leases() == []
        bench.reply(held.pop())
    assert len(bench.leases()) == 1


def test_a_refusal_that_names_no_limit_shows_that_one_binds() -> None:
    """After a 429 auto keeps at most 64 in flight there."""
    bench = Bench(Target(A))
    bench.reply(bench.lease())
    bench.fail(bench.lease(), C.RATE_LIMIT, status=429)
    bench.time.now += 60
    assert after_rounds(bench, 12, 1.0) == MOST_UNDER_LIMITS


@pytest.mark.parametrize("workers", [128, pytest.param(400, marks=pytest.mark.extended)])
@pytest.mark.parametrize("limited", [False, True])
def test_auto_in_a_simulated_batch(limited: bool, workers: int) -> None:
    """Against a server with and without a limit, from the first call on."""
    quotas = [Quota("requests", "minute", 60_000, told=True)] if limited else []
    world = World([Server(Target(A), quotas, latency_s=4.0)], workers=workers).run(30)
    assert world.router.in_flight == (MOST_UNDER_LIMITS if limited else workers)


@pytest.mark.parametrize("category", [C.SERVER_ERROR, C.CONNECTION_ERROR, C.TIMEOUT])
def test_a_replica_that_dies_with_eight_calls_closes_nothing(category: ErrorCategory) -> None:
    """Calls that left before the first failure was known tell of the same event; the rest go on."""
    bench = Bench(Target(A), policy=MANY)
    for lease in bench.leases():
        bench.reply(lease)
    out = bench.leases()
    for lease in out[:8]:
        bench.time.now += 0.5
        bench.fail(lease, category)
    assert (bench.state(), len(out)) == ("ready", 256)
    for lease in out[8:]:
        bench.reply(lease)
    assert (bench.state(), len(bench.leases())) == ("ready", 256)


@pytest.mark.parametrize(("category", "calls"), [(C.SERVER_ERROR, 3), (C.TIMEOUT, 1)])
def test_a_model_that_dies_costs_few_calls_beyond_those_that_were_out(
    category: ErrorCategory, calls: int
) -> None:
    """After the first failure only two may try it, or one, until the breaker opens."""
    bench = Bench(Target(A), policy=MANY)
    for _ in range(2):
        for lease in bench.leases():
            bench.reply(lease)
    for lease in bench.leases():
        bench.fail(lease, category)
    more = 0
    while bench.state() != "open":
        bench.time.now += 2.0
        leases = bench.leases()
        more += len(leases)
        for lease in leases:
            bench.time.now += 0.01
            bench.fail(lease, category)
    assert more == calls
