"""The router against simulated vendors: quotas used up, dead models left alone, pauses right."""

from __future__ import annotations

import math

import msgspec
import pytest

from legalgen.completion import Completion, LimitKind, LimitReading, LimitWindow, ModelRef, Usage
from legalgen.errors import ErrorCategory, Failure, WaitReason
from legalgen.failover import Health, NoneLeft, Pause, State, Then, Trail
from legalgen.routing.rate_limits import Cost
from legalgen.routing.targets import RECHECK_S, Lease, QueuedWait, RoutingPolicy, Spent, Target
from tests.routing.bench import DEMAND, TRAIL, A, B, Bench, D
from tests.simulation import Fault, Quota, Server, World

C = ErrorCategory


def limits(*stated: tuple[LimitKind, LimitWindow, int]) -> tuple[LimitReading, ...]:
    return tuple(LimitReading(kind, window, limit) for kind, window, limit in stated)


FREE = limits(
    ("requests", "minute", 30),
    ("requests", "day", 1000),
    ("tokens", "minute", 8000),
    ("tokens", "day", 200_000),
)
DEVELOPER = limits(
    ("requests", "minute", 1000), ("requests", "day", 500_000), ("tokens", "minute", 250_000)
)


def groq(model: str = "a", *, daily: int = 200_000, **known: object) -> Server:
    """The free tier: minute's tokens and day's requests in headers, the rest in none."""
    target = Target(
        ModelRef("groq", model), latency_s=4.0, reasoning_allowance=500, tiers=(FREE, DEVELOPER)
    )
    quotas = [
        Quota("requests", "minute", 30),
        Quota("requests", "day", 1000, told=True),
        Quota("tokens", "minute", 8000, told=True),
        Quota("tokens", "day", daily),
    ]
    return Server(target, quotas, **{"latency_s": 2.0, **known})  # type: ignore[arg-type]


def cerebras(model: str = "d", **known: object) -> Server:
    """The trial: everything in headers."""
    target = Target(ModelRef("cerebras", model), latency_s=1.5, reasoning_allowance=500)
    quotas = [
        Quota("requests", "minute", 5, told=True),
        Quota("tokens", "minute", 30_000, told=True),
        Quota("tokens", "hour", 1_000_000, told=True),
        Quota("tokens", "day", 1_000_000, told=True),
    ]
    return Server(target, quotas, **{"latency_s": 1.0, **known})  # type: ignore[arg-type]


def unlimited(ref: ModelRef, **known: object) -> Server:
    """A server without quotas."""
    return Server(Target(ref), [], **{"latency_s": 1.0, **known})  # type: ignore[arg-type]


def always(category: ErrorCategory, **known: object) -> Fault:
    """A server that answers nothing else."""
    failure = Failure(category, "words", **known)  # type: ignore[arg-type]
    return lambda _: failure


# --------------------------------------------------------------------------- quotas are used up


@pytest.mark.parametrize(
    ("workers", "refunds", "reads_late", "seconds"),
    [
        (1, True, False, 720),
        (1, False, True, 720),
        (8, True, False, 360),
        (8, True, True, 360),
        (8, False, False, 360),
        (16, False, False, 240),
        pytest.param(32, True, True, 720, marks=pytest.mark.extended),
        pytest.param(32, False, False, 720, marks=pytest.mark.extended),
    ],
)
def test_quotas_of_the_whole_route_are_used_up(
    workers: int, refunds: bool, reads_late: bool, seconds: int
) -> None:
    """At least 95 % of what four free models allow in sum, at most 1 % of calls refused: however
    many workers, whether the vendor gives back what was not used, whenever it reads its level."""
    servers = [
        make(model, refunds=refunds, reads_late=reads_late)
        for make, model in ((groq, "a"), (groq, "b"), (cerebras, "d"), (cerebras, "e"))
    ]
    world = World(servers, workers=workers).run(seconds)
    refused = world.share_of(C.RATE_LIMIT) + world.share_of(C.QUOTA_EXHAUSTED)
    assert (world.share_of_quotas(seconds) >= 0.95, refused <= 0.01) == (True, True)


def test_a_paid_tier_is_used_up() -> None:
    """The ramp and the queue cost little at 250,000 tokens a minute, too."""
    quotas = [Quota("requests", "minute", 1000), Quota("tokens", "minute", 250_000, told=True)]
    world = World([Server(Target(A), quotas)], workers=32).run(90)
    assert world.share_of_quotas(90) >= 0.95
    assert world.share_of(C.RATE_LIMIT) <= 0.01


@pytest.mark.parametrize("refunds", [True, False])
def test_limits_that_no_header_shows_are_learnt(refunds: bool) -> None:
    """A few refusals teach the limit, and whether what is not used comes back."""
    quotas = [Quota("requests", "minute", 30), Quota("tokens", "minute", 8000)]
    world = World([Server(Target(A), quotas, refunds=refunds)], workers=8).run(900)
    assert world.share_of_quotas(900) >= 0.95
    assert world.servers[A].failures[C.RATE_LIMIT] <= 4


def test_a_window_of_output_tokens_shrinks_the_request() -> None:
    """One refusal for 1,000 output tokens per minute, and no request asks for more again."""
    quotas = [Quota("tokens", "minute", 8000, told=True), Quota("output_tokens", "minute", 1000)]
    world = World([Server(Target(A), quotas)], workers=4).run(1800)
    assert world.servers[A].failures[C.CONTEXT_LENGTH] <= 2  # both calls of the first moment
    assert world.share_of_quotas(1800) >= 0.95


def test_a_model_that_cannot_hold_a_usual_answer_is_not_offered_one() -> None:
    """Where a usual answer needs more than the window ever grants, it costs no further call."""
    quotas = [Quota("tokens", "minute", 8000, told=True), Quota("output_tokens", "minute", 250)]
    world = World([Server(Target(A), quotas), unlimited(D)], workers=4).run(300)
    assert world.servers[A].calls <= 2
    assert world.kept > 500


# --------------------------------------------------------------------------- what is dead


@pytest.mark.parametrize("workers", [1, 8, 64])
@pytest.mark.parametrize(
    ("category", "known", "hang_s", "most"),
    [
        (C.OVERLOADED, {"status": 503}, 0.0, 2),
        (C.RATE_LIMIT, {"status": 429, "retry_after_s": 600.0}, 0.0, 2),
        (C.SERVER_ERROR, {"status": 500}, 0.0, 3),
        (C.CONNECTION_ERROR, {}, 0.0, 3),
        (C.CONNECTION_ERROR, {"connected": False, "reached": False}, 0.0, 3),
        (C.TIMEOUT, {}, 5.0, 2),
        (C.MODEL_UNAVAILABLE, {"status": 404}, 0.0, 2),
        (C.AUTHENTICATION, {"status": 401}, 0.0, 2),
    ],
)
def test_a_dead_model_costs_few_calls(
    workers: int, category: ErrorCategory, known: dict[str, object], hang_s: float, most: int
) -> None:
    """At most three calls before it is left alone, two where it hangs, at any concurrency; the
    first sample is there half a second, or one deadline, later than without it."""
    dead = groq(fault=always(category, **known), hang_s=hang_s)
    world = World([dead, unlimited(D)], workers=workers, samples=40).run(120)
    first = world.order[0][0] - world.started
    assert sum(moment < world.started + 4.9 for moment in dead.times) <= most
    assert first <= 1.3 + 0.5 + 0.2 + (hang_s + 0.2 if workers == 1 else 0)
    assert (world.kept >= 40, world.given_up) == (True, 0)


@pytest.mark.parametrize("workers", [1, 2, 4, 32])
@pytest.mark.parametrize(
    ("category", "known", "hang_s"),
    [
        (C.CONNECTION_ERROR, {}, 0.0),
        (C.CONNECTION_ERROR, {}, 1.5),
        (C.RATE_LIMIT, {"status": 429, "retry_after_s": 600.0}, 0.0),
        (C.TIMEOUT, {}, 5.0),
    ],
)
def test_a_model_that_dies_alone_leaves_its_provider_in_use(
    workers: int, category: ErrorCategory, known: dict[str, object], hang_s: float
) -> None:
    """At most three calls to it, and the same provider's other model writes what it would have."""
    dying = unlimited(A, fault=always(category, **known), hang_s=hang_s)
    sound, other = unlimited(B, latency_s=0.4), unlimited(D, latency_s=0.4)
    world = World([dying, sound, other], workers=workers, samples=60).run(120)
    until = max(moment for moment, _ in world.order)
    assert world.kept >= 60
    assert sum(moment <= until for moment in dying.times) <= 3
    assert world.router.registry.provider_health()["groq"].opened == 0
    if not hang_s:  # where it hangs, its provider is not heard of for as long
        assert sound.samples >= 0.5 * world.kept


def test_calls_to_a_dying_model_become_seldom() -> None:
    """An hour at one worker: it is asked again by one sample at a time, every other minute."""
    world = World([unlimited(A, fault=always(C.CONNECTION_ERROR)), unlimited(B)], workers=1)
    world.run(3600)
    assert 25 <= world.servers[A].calls <= 40
    assert world.servers[B].samples > 3000


@pytest.mark.parametrize("workers", [2, 4, 32])
def test_a_blip_of_the_network_takes_nothing_out_of_use(workers: int) -> None:
    """All calls that are out break in one instant, once: the batch goes on where it was."""
    lost = Failure(C.CONNECTION_ERROR, "reset")
    preferred = unlimited(A, fault=lambda now: lost if 1020.0 <= now < 1020.05 else None)
    world = World([preferred, unlimited(D)], workers=workers).run(40)
    assert preferred.failures[C.CONNECTION_ERROR] <= workers
    assert world.router.registry.view()[0].state == "ready"
    assert world.router.registry.provider_health()["groq"].opened == 0
    assert {ref for at, ref in world.order if at > 1030} == {A}


@pytest.mark.parametrize("workers", [1, 8, 64])
def test_a_refused_key_costs_two_calls(workers: int) -> None:
    """Whatever its models and however many workers; the other provider writes everything."""
    refused = always(C.AUTHENTICATION, status=401)
    dead = [groq(model, fault=refused, hang_s=1.0) for model in "abc"]
    world = World([*dead, unlimited(D)], workers=workers, samples=60).run(120)
    assert sum(server.calls for server in dead) == min(2, workers)
    assert world.kept >= 60


def test_dies_and_returns() -> None:
    """The preferred model dies for a minute in the middle: nothing is lost, and it is used again
    within one probe of its recovery."""
    dead = Failure(C.OVERLOADED, "over capacity", status=503)
    preferred = unlimited(A, fault=lambda now: dead if 1020 <= now < 1080 else None)
    world = World([preferred, unlimited(D)], workers=4).run(300)
    again = next(at for at, ref in world.order if at > 1082 and ref == A)
    assert again <= 1080 + 80 + 2  # the open time had doubled to 80 s at most
    assert {ref for at, ref in world.order if at > again + 5} == {A}
    assert world.given_up == 0
    assert sum(1020 <= moment < 1080 for moment in preferred.times) <= 4 + 4


def test_every_key_is_refused() -> None:
    """Two calls a model at most, then there is nothing left, and all are named."""
    refused = always(C.AUTHENTICATION, status=401)
    world = World(
        [groq(fault=refused), groq("b", fault=refused), cerebras(fault=refused)], workers=8
    )
    world.run(60)
    assert all(server.calls <= 2 for server in world.servers.values())
    assert {worker.ended for worker in world.workers} == {NoneLeft()}
    assert len(world.router.registry.troubles()) == 3


def test_a_key_that_is_refused_after_it_worked_is_asked_once_more() -> None:
    """Until then it is only named to who asks for what is out for a time, too, as at the end."""
    bench = Bench(Target(A), Target(D))
    bench.reply(bench.lease())
    bench.fail(bench.lease(), C.AUTHENTICATION, status=401)
    registry = bench.router.registry
    assert registry.troubles() == ()
    assert [(one.target, one.status) for one in registry.troubles(refused=True)] == [(A, 401)]
    assert registry.usable() == {A, D}


def test_a_daily_quota_ends() -> None:
    """With no other provider the batch is paused until twenty samples fit the day again."""
    world = World([groq(daily=100_000)], workers=4).run(4 * 3600)
    pauses = [worker.ended for worker in world.workers]
    assert all(isinstance(pause, Pause) for pause in pauses)
    cost = world.servers[A].quotas[3]
    ended = max(world.servers[A].times)
    pause = pauses[0]
    assert isinstance(pause, Pause)
    reserved = 1000 + 1100  # prompt and the completion budget that experience settled on
    assert 20 * reserved * 0.8 <= (pause.resume_in_s + 60) * cost.rate <= 20 * reserved * 1.25
    assert world.time.now - ended < 4 * 3600
    assert world.kept >= 100_000 / 2400


def test_answers_go_on_after_a_pause() -> None:
    """What the pause promised holds: twenty samples are written without a refusal."""
    world = World([groq(daily=60_000)], workers=2).run(2 * 3600)
    ended = world.workers[0].ended
    assert isinstance(ended, Pause)
    kept, refused = world.kept, world.servers[A].failures[C.QUOTA_EXHAUSTED]
    for worker in world.workers:
        worker.ended = None
    resume = max(0.0, ended.resume_in_s - (world.time.now - world.order[-1][0]))
    world.time.now += resume
    world.run(1200)
    assert world.kept >= kept + 19
    assert world.servers[A].failures[C.QUOTA_EXHAUSTED] <= refused + 1


# --------------------------------------------------------------------------- one turn at a time


def test_two_calls_until_the_first_answer() -> None:
    """A provider that was never heard of gets two calls: its key may be refused."""
    bench = Bench(Target(A), Target(B))
    first, second = bench.lease(), bench.lease()
    assert (first.ref, second.ref) == (A, A)
    turn = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(turn, QueuedWait)
    assert turn.why.reason is WaitReason.IN_FLIGHT
    bench.reply(first)
    assert [bench.lease().ref for _ in range(3)] == [A, A, A]
    assert isinstance(bench.router.turn(TRAIL, lambda _: DEMAND), QueuedWait)


@pytest.mark.parametrize(("many", "calls"), [(8, 2), (64, 4)])
def test_a_key_that_was_not_refused_may_hold_two_models(many: int, calls: int) -> None:
    """Any reply shows that the key is taken; where many calls may be out, four leave at once."""
    bench = Bench(
        Target(A),
        Target(B),
        Target(ModelRef("groq", "c")),
        policy=RoutingPolicy(max_in_flight=many),
    )
    bench.fail(bench.lease(), C.OVERLOADED, status=503)
    held = [bench.router.turn(TRAIL, lambda _: DEMAND) for _ in range(calls + 1)]
    assert [isinstance(turn, Lease) for turn in held] == [True] * calls + [False]


def test_replies_of_one_model_make_room_for_another_of_its_provider() -> None:
    """Once it has replied itself."""
    bench = Bench(Target(A), Target(B))
    for lease in [bench.lease(), bench.lease()]:
        bench.reply(lease)
    of_b, _ = [bench.lease(Trail(used_up=frozenset({A}))) for _ in range(2)]
    bench.reply(of_b)
    held = [bench.lease().ref for _ in range(31)]
    assert (held.count(A), held.count(B)) == (16, 15)  # one of B still runs, too: 2 << 3 each
    assert isinstance(bench.router.turn(TRAIL, lambda _: DEMAND), QueuedWait)


def test_a_model_that_failed_begins_anew_by_its_own_replies() -> None:
    """What others can bear says nothing of one that was down."""
    bench = Bench(Target(A), Target(B))
    for _ in range(3):
        bench.reply(bench.lease())
    while bench.state(B) != "open":
        lease = bench.lease(Trail(used_up=frozenset({A})))
        bench.fail(lease, C.OVERLOADED)
    bench.time.now += 60
    bench.reply(bench.lease(Trail(used_up=frozenset({A}))))  # the probe
    for _ in range(4):
        bench.lease(Trail(used_up=frozenset({A})))
    turn = bench.router.turn(Trail(used_up=frozenset({A})), lambda _: DEMAND)
    assert isinstance(turn, QueuedWait)


def test_of_few_calls_a_provider_gets_two_at_first() -> None:
    """Where it hangs, eight calls at once must not all hang there."""
    bench = Bench(Target(A), Target(B), policy=RoutingPolicy(max_in_flight=8))
    assert [bench.lease().ref for _ in range(2)] == [A, A]
    assert isinstance(bench.router.turn(TRAIL, lambda _: DEMAND), QueuedWait)


def test_calls_that_just_left_are_not_waited_for() -> None:
    """Nobody knows when one of many calls ends, but not before its latency: until then the next
    place of the route is nearer than a busy first one."""
    bench = Bench(Target(A), Target(D), policy=RoutingPolicy(stickiness_s=0.8))
    for early in [bench.lease(), bench.lease(), bench.lease()]:
        bench.reply(early, latency_s=1.0)
    refs = [bench.lease().ref for _ in range(9)]
    assert refs == [A] * 8 + [D]  # a reply of A is 1.0 + 1.0 away, one of D 0.8 + 1.0
    bench.time.now += 0.5
    turn = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(turn, QueuedWait)
    assert (turn.ref, turn.seconds) == (A, 0.5)


def test_calls_that_left_before_do_not_double_the_open_time() -> None:
    """Eight calls in flight to a model that dies open it once, for five seconds."""
    bench = Bench(Target(A), Target(D))
    for _ in range(3):
        bench.reply(bench.lease())
    leases = [bench.lease() for _ in range(8)]
    decisions = [bench.fail(lease, C.OVERLOADED) for lease in leases]
    assert {decided.until for decided in decisions} == {bench.time.now + 5}
    assert {decided.health.opened for decided in decisions} == {1}


def test_a_reply_that_left_before_does_not_revive() -> None:
    """What a model sent before it went down does not make it ready."""
    bench = Bench(Target(A), Target(D))
    early, late = bench.lease(), bench.lease()
    bench.fail(late, C.OVERLOADED)
    bench.reply(early)
    assert bench.state() == "open"


def test_one_probe_at_a_time() -> None:
    """After its rest one worker asks, the others go elsewhere; its answer opens the door."""
    bench = Bench(Target(A), Target(D))
    hung = bench.lease()
    bench.fail(bench.lease(), C.OVERLOADED)
    bench.time.now += 5
    assert [bench.lease().ref for _ in range(3)] == [A, D, D]
    bench.fail(hung, C.TIMEOUT)
    assert bench.state() == "probing"


def test_the_panic_rule() -> None:
    """When the second of two goes out of use, the first is not left alone for longer than 60 s."""
    bench = Bench(Target(A), Target(D))
    bench.router.registry.restore(A, health=Health(state=State.OPEN, until=1100, opened=4))
    assert bench.fail(bench.lease(), C.OVERLOADED).until == 1005
    assert bench.router.registry.view()[0].until == 1060


def test_waiting_is_counted_only_while_someone_waits() -> None:
    """The time before the first call, and between a reply and the next call, is no waiting."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_wait_s=100.0))
    bench.time.now += 500
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=60.0)
    bench.time.now += 10
    waited = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(waited, QueuedWait)
    bench.time.now += 50
    assert bench.router.waited_s == 50
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=51.0)
    pause = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(pause, Pause)
    assert (pause.resume_in_s, pause.why.reason) == (51.0, WaitReason.STATE)
    assert str(pause.why) == "rate_limit: words"
    bench.router.accepted()
    assert isinstance(bench.router.turn(TRAIL, lambda _: DEMAND), QueuedWait)


def test_a_wait_that_fits_exactly_is_not_lost_by_rounding() -> None:
    """A worker that looks again each second does not give up a wait that it was granted."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_wait_s=60.0))
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=60.0)
    waited = None
    for _ in range(600):
        turn = bench.router.turn(TRAIL, lambda _: DEMAND, waited)
        if isinstance(turn, Lease):
            break
        assert isinstance(turn, QueuedWait)
        waited = turn
        bench.time.now += 0.1
    assert bench.time.now == pytest.approx(1060.0, abs=0.2)


def test_a_rest_passes_on_the_clock_that_was_given() -> None:
    """As long as it is asked for, and never longer than a worker may go without a look."""
    bench = Bench(Target(A))
    for asked, rested in ((0.4, 0.4), (600.0, RECHECK_S)):
        before = bench.time.now
        bench.router.rest(asked)
        assert bench.time.now - before == pytest.approx(rested)


def test_no_pause_while_calls_are_out() -> None:
    """A worker with nothing to call stays while another's call is in flight."""
    bench = Bench(Target(A), Target(D), policy=RoutingPolicy(max_wait_s=60.0))
    out = bench.lease()
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=3600.0)
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=3600.0)
    turn = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(turn, QueuedWait)
    assert (turn.why.reason, turn.place) == (WaitReason.IN_FLIGHT, None)
    bench.reply(out)
    assert isinstance(bench.router.turn(TRAIL, lambda _: DEMAND, turn), Pause)


def test_a_sleep_of_the_machine_is_forgotten() -> None:
    """A call that spans a sleep blames nobody, and waits end as if the clock had run."""
    bench = Bench(Target(A), Target(D))
    lease = bench.lease()
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=600.0)
    bench.time.wall_offset += 3600.0
    bench.time.asleep += 3600.0
    decided = bench.fail(lease, C.CONNECTION_ERROR)
    assert (decided.then, decided.trail) == (Then.NEXT, TRAIL)
    assert bench.router.registry.provider_health()["groq"].lost == ()
    assert bench.state() == "ready"


def test_a_clock_set_back_changes_no_wait() -> None:
    """The time of day may jump back by hours; what is waited for stays."""
    bench = Bench(Target(A))
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=60.0)
    bench.time.wall_offset -= 7200.0
    assert bench.router.registry.view()[0].until == 1060.0


def test_a_clock_set_forward_is_no_sleep() -> None:
    """Somebody sets the time of day an hour on: no budget has refilled, and no wait is over."""
    bench = Bench(Target(A))
    bench.router.registry.state_limits(A, limits(("tokens", "minute", 8000)))
    bench.lease()
    bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=60.0)
    before = bench.router.registry.view()[0]
    bench.time.wall_offset += 3600.0
    after = bench.router.registry.view()[0]
    assert (after.until, after.budgets.buckets) == (before.until, before.budgets.buckets)


def test_one_header_tells_the_plan() -> None:
    """A thousand requests a day is the free tier, whose other limits no header shows."""
    bench = Bench(Target(A, tiers=(FREE, DEVELOPER)))
    bench.reply(bench.lease(), LimitReading("requests", "day", 1000, 999))
    buckets = bench.router.registry.view()[0].budgets.buckets
    assert {key: bucket.limit for key, bucket in buckets.items()} == {
        (r.kind, r.window): r.limit for r in FREE
    }


def test_what_the_server_counts_more_is_learnt() -> None:
    """Groq counts the reasoning it expects: 1,500 asked, 1,740 counted of 1,000 allowed."""
    bench = Bench(Target(A, reasoning_allowance=500))
    lease = bench.lease()
    decided = bench.fail(
        lease,
        C.CONTEXT_LENGTH,
        kind="output_tokens",
        window="minute",
        limit=1000,
        requested=1740,
    )
    assert (lease.max_completion_tokens, decided.then) == (1500, Then.SHRINK)
    assert bench.lease(decided.trail).max_completion_tokens == 760


def test_a_shrunk_request_is_never_a_stump() -> None:
    """Less than the shortest answer is not asked for: the task goes where it fits."""
    bench = Bench(Target(A, reasoning_allowance=500), Target(D))
    decided = bench.fail(
        bench.lease(),
        C.CONTEXT_LENGTH,
        kind="output_tokens",
        window="minute",
        limit=250,
        requested=1500,
    )
    assert decided.then is Then.NEXT
    assert bench.lease().ref == D


def test_a_model_that_is_out_for_the_day_is_no_other_model() -> None:
    """An answer refused three times is asked anew where the only other model is back tomorrow."""
    bench = Bench(Target(A), Target(D), policy=RoutingPolicy(max_wait_s=60.0))
    leases = [bench.lease() for _ in range(3)]
    bench.fail(leases[2], C.QUOTA_EXHAUSTED, retry_after_s=40_000.0)
    bench.reply(leases[0])
    refused = Failure(C.OUTPUT_INVALID, "too short")
    decided = bench.router.refused(leases[0], refused, Trail(blamed=2, here=2, models=(A,)))
    assert (decided.then, decided.trail.used_up) == (Then.ANEW, frozenset())


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (RoutingPolicy(max_calls=2), "2 calls are the most that this batch may make (--max-calls)"),
        (
            RoutingPolicy(max_tokens=4999),
            "4000 of 4999 tokens are used, the next call may take 2000 (--max-tokens)",
        ),
        (
            RoutingPolicy(max_cost_usd=0.005),
            "$0.0040 of $0.005 are spent, the next call may cost $0.0020 (--max-cost)",
        ),
    ],
)
def test_bounds_count_what_is_in_flight(policy: RoutingPolicy, why: str) -> None:
    """Calls that are out may still take what they reserved: no bound is overshot."""
    targets = [Target(ref, input_usd=1e-6, output_usd=1e-6) for ref in (A, D)]
    bench = Bench(*targets, policy=policy)
    bench.lease(), bench.lease()
    assert bench.router.turn(TRAIL, lambda _: DEMAND) == Spent(why)


def test_the_usual_bound_on_calls_is_not_the_users() -> None:
    """Nobody set it, so it is told apart: reaching it is a failure, not what was asked for."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_calls=1, usual_calls=True))
    bench.reply(bench.lease())
    why = "1 call is the most that this batch usually makes; --max-calls allows more"
    assert bench.router.turn(TRAIL, lambda _: DEMAND) == Spent(why, of_user=False)


@pytest.mark.parametrize("category", [C.RATE_LIMIT, C.OVERLOADED])
@pytest.mark.parametrize("hint_s", [0.0, 1.0, 8.0])
def test_refusals_for_now_end_by_patience_and_not_by_the_usual_bound(
    category: ErrorCategory, hint_s: float
) -> None:
    """Whatever short waits a server asks for, it is asked ever more seldom, one call at a time;
    then the batch pauses for the limit. A call that may have been paid for counts."""
    policy = RoutingPolicy(max_wait_s=3600.0, max_calls=10, usual_calls=True)
    bench, waited, calls = Bench(Target(A), policy=policy), None, 0
    while not isinstance(turn := bench.router.turn(TRAIL, lambda _: DEMAND, waited), Pause):
        if isinstance(turn, QueuedWait):
            bench.time.now += turn.seconds
            waited = turn
            continue
        assert isinstance(turn, Lease)
        waited, calls = None, calls + 1
        assert calls == 1 or bench.leases() == []
        bench.fail(turn, category, status=429, retry_after_s=hint_s)
    assert 10 < calls < 80
    assert turn.why.trouble is not None
    assert turn.why.trouble.category is category


def test_a_call_that_was_paid_counts_though_it_was_refused_for_now() -> None:
    """An answer that broke off for load was charged for."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_calls=1, usual_calls=True))
    bench.fail(bench.lease(), C.OVERLOADED, usage=Usage(1000, 700))
    bench.time.now += 10.0
    assert isinstance(bench.router.turn(TRAIL, lambda _: DEMAND), Spent)


def test_a_daily_window_that_refills_fast_is_waited_for() -> None:
    """500,000 requests a day free one each fifth of a second: that is a wait, no pause."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_wait_s=60.0))
    bench.reply(bench.lease(), LimitReading("requests", "day", 500_000, 0))
    turn = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(turn, QueuedWait)
    assert turn.seconds <= 1.0


def test_restored_budgets_are_used() -> None:
    """What a former process left of a budget is what this one begins with."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_wait_s=60.0))
    bench.router.registry.state_limits(A, limits(("tokens", "minute", 8000)))
    seen = bench.router.registry.view()[0]
    bucket = seen.budgets.buckets["tokens", "minute"]
    bench.router.registry.restore(
        A, health=seen.health, buckets=[bucket.take(8000, bench.time.now)]
    )
    turn = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(turn, QueuedWait)
    needed = Cost(1000, 1000).of("tokens") + 40
    assert turn.seconds == pytest.approx(needed / (8000 / 60))
    assert str(turn.why) == "tokens per minute"
    assert math.isfinite(turn.seconds)


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        (Usage(1000, 700, 300, 100), Usage(1000, 700, 300, 100)),
        (Usage(60_000, 700, 300, 100), Usage(1000, 700, 300, estimated=True)),
        (Usage(1000, 70_000, 300, 100), Usage(1000, 2, None, 100, estimated=True)),
        (Usage(5000, 5000), Usage(5000, 5000)),
        (Usage(0, 700), Usage(1000, 700, estimated=True)),
    ],
)
def test_tokens_that_a_call_cannot_have_taken_are_estimated(told: Usage, counted: Usage) -> None:
    """More than its prompt can be, or than the model's context: as where a reply tells none; of a
    call that failed, too."""
    bench = Bench(Target(A, context_window=65_536))
    lease, registry = bench.lease(), bench.router.registry
    answer = Completion("a text", "stop", told, "m", 1.0)
    assert registry.counted(lease, answer).usage == counted
    failure = Failure(C.SERVER_ERROR, "broken off", answer="a text", usage=told)
    assert registry.usage_of(lease, failure) == counted
    bench.router.failed(lease, failure, TRAIL)
    assert bench.router.tracker.tokens == counted.input_tokens + counted.output_tokens


def test_a_view_is_a_snapshot() -> None:
    """What people and the health file read is what was true when they asked."""
    bench = Bench(Target(A))
    bench.reply(bench.lease(), LimitReading("tokens", "minute", 8000, 7000))
    [view] = bench.router.registry.view()
    before = (dict(view.budgets.buckets), list(view.experience.shares))
    buckets, shares = iter(view.budgets.buckets), iter(view.experience.shares)
    assert (next(buckets), next(shares)) == (("tokens", "minute"), 0.7)
    bench.reply(bench.lease(), LimitReading("requests", "day", 1000, 900))
    assert [*buckets, *shares] == []
    assert (view.budgets.buckets, list(view.experience.shares)) == before
    [later] = bench.router.registry.view()
    assert (len(later.budgets.buckets), len(later.experience.shares)) == (2, 2)


# --------------------------------------------------------------------------- money follows the word

NAMED = RoutingPolicy(named="groq", spill_after_s=5.0)


def share_of_groq(world: World, since: float = 0.0) -> float:
    """The calls at Groq as a share of all that reached a server since a moment."""
    times = {
        ref: [moment for moment in server.times if moment >= since]
        for ref, server in world.servers.items()
    }
    groq_ = sum(len(each) for ref, each in times.items() if ref.provider == "groq")
    return groq_ / max(1, sum(map(len, times.values())))


@pytest.mark.parametrize("samples", [20, 60])
@pytest.mark.parametrize("workers", [1, 4, 32, 64])
def test_the_named_provider_is_paid_while_it_can_deliver(samples: int, workers: int) -> None:
    """Without limits its pace and its first replies are waited for."""
    policy = msgspec.structs.replace(NAMED, max_in_flight=workers)
    servers = [unlimited(ref, latency_s=0.4) for ref in (A, B, D, ModelRef("cerebras", "e"))]
    world = World(servers, workers=workers, policy=policy, samples=samples).run(60)
    assert world.kept >= samples
    assert share_of_groq(world) >= 0.95


def test_without_patience_the_others_are_paid_from_the_first() -> None:
    """``--spill-after 0`` is what a route of equals does."""
    policy = msgspec.structs.replace(NAMED, spill_after_s=0.0)
    servers = [unlimited(ref, latency_s=0.4) for ref in (A, B, D)]
    world = World(servers, workers=32, policy=policy, samples=60).run(60)
    assert min(world.servers[D].times) <= world.started + 0.2


def test_under_limits_the_quotas_of_the_whole_route_are_used() -> None:
    """The others are paid before fifteen seconds are over, and 95 % of all quotas are used."""
    servers = [groq("a"), groq("b"), cerebras("d"), cerebras("e")]
    world = World(servers, workers=8, policy=NAMED).run(300)
    assert min(world.servers[D].times) <= world.started + 15
    assert world.share_of_quotas(300) >= 0.95


def test_a_limited_named_provider_is_left_at_once() -> None:
    """A refusal is no pace: nothing is added, and the next call leaves elsewhere."""
    bench = Bench(Target(A), Target(D), policy=NAMED)
    assert bench.lease().spilled == ""
    decided = bench.fail(bench.lease(), C.RATE_LIMIT, retry_after_s=2.0)
    spilled = bench.lease()
    assert (spilled.ref, spilled.spilled) == (D, "its limits are used up for now")
    moved = bench.lease(decided.trail)
    assert (moved.ref, moved.spilled) == (D, "")


def test_a_timeout_sends_its_task_elsewhere_at_once() -> None:
    """The task that timed out does not wait for the named provider; others do."""
    bench = Bench(Target(A), Target(B), Target(D), policy=NAMED)
    decided = bench.fail(bench.lease(), C.TIMEOUT)
    assert bench.lease(decided.trail).ref == D
    assert bench.lease().ref == A


def test_a_named_provider_that_hangs_is_not_waited_for_long() -> None:
    """What is overdue is taken to be as late again: after some seconds the others are paid."""
    bench = Bench(Target(A), Target(D), policy=NAMED)
    bench.lease(), bench.lease()
    assert isinstance(bench.router.turn(TRAIL, lambda _: DEMAND), QueuedWait)
    bench.time.now += 8
    spilled = bench.lease()
    assert (spilled.ref, spilled.spilled) == (D, "its next call is over 5 s away")


def test_a_queue_at_the_named_provider_is_work() -> None:
    """A worker more is worth it while another provider has room, not while all are busy."""
    bench = Bench(Target(A), Target(D), policy=NAMED)
    bench.router.registry.state_limits(A, limits(("requests", "minute", 30)))
    bench.reply(bench.lease(), LimitReading("requests", "minute", 30, 0))
    assert bench.router.ready(lambda _: DEMAND)
    turn = bench.router.turn(TRAIL, lambda _: DEMAND)
    assert isinstance(turn, QueuedWait)
    assert turn.ref == A
    held = [bench.router.turn(TRAIL, lambda _: DEMAND) for _ in range(3)]
    refs = [turn.ref for turn in held if isinstance(turn, QueuedWait | Lease)]
    assert refs == [A, A, D]  # two seconds a call: the fourth would wait eight


def test_a_pause_says_what_the_last_call_met() -> None:
    """A model that is left alone for a moment by one task, longer than may be waited: its error."""
    bench = Bench(Target(A), policy=RoutingPolicy(max_wait_s=0.1))
    decided = bench.fail(bench.lease(), C.SERVER_ERROR, status=500)
    turn = bench.router.turn(decided.trail, lambda _: DEMAND)
    assert isinstance(turn, Pause)
    assert str(turn.why) == "server_error 500: words"
