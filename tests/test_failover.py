"""choose() and decide(): the table row by row, and the laws that hold for whatever comes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from legalgen.completion import ModelRef
from legalgen.errors import BUSY, ErrorCategory, Failure, Obstacle, Trouble, WaitReason
from legalgen.failover import (
    LEAST_WAIT_S,
    MOST_BLAMED_CALLS,
    MOST_BLAMED_MODELS,
    Call,
    Candidate,
    Decision,
    Health,
    NoneLeft,
    Pause,
    ProviderHealth,
    ProviderState,
    State,
    Surroundings,
    Then,
    Trail,
    Wait,
    answered,
    choose,
    decide,
    provider_succeed,
    succeed,
)
from legalgen.routing.outdated import outdated

C = ErrorCategory
A = ModelRef("groq", "a")
B = ModelRef("groq", "b")
D = ModelRef("cerebras", "d")
E = ModelRef("openai", "e")
LIMITED = Obstacle(WaitReason.STATE, trouble=Trouble(A, ErrorCategory.RATE_LIMIT, 429))
DAILY = Obstacle(WaitReason.BUDGET, limit=("tokens", "day"))
NOW = 1000.0
OTHERS = Surroundings(others=2, prompt_key="1")


def failure(category: ErrorCategory, **known: object) -> Failure:
    return Failure(category, "words", **known)  # type: ignore[arg-type]  # fields by name


def decision(
    failed: Failure,
    *,
    health: Health | None = None,
    provider: ProviderHealth | None = None,
    trail: Trail | None = None,
    around: Surroundings = OTHERS,
) -> Decision:
    return decide(
        A,
        failed,
        health=health or Health(),
        provider=provider or ProviderHealth(),
        trail=trail or Trail(),
        around=around,
        now=NOW,
        jitter=0.5,
    )


def out(decided: Decision) -> tuple[str, float, Then]:
    """State of the target and for how many seconds, and the task's way on."""
    return decided.health.state.value, decided.health.until - NOW, decided.then


def provider_out(decided: Decision) -> tuple[str, float, Then]:
    return decided.provider.state.value, decided.provider.until - NOW, decided.then


# --------------------------------------------------------------------------- the table, by row


@pytest.mark.parametrize(
    ("hint", "limited", "seconds"),
    [
        (None, 0, 10),
        (None, 1, 20),
        (None, 2, 40),
        (None, 3, 60),
        (None, 9, 60),
        (2.5, 3, 2.5),
        (600.0, 0, 600),
        (86400.0, 0, 86400),
        (10**6, 0, 86400),
        (0.0, 0, LEAST_WAIT_S),
    ],
)
def test_rate_limit(hint: float | None, limited: int, seconds: float) -> None:
    """LIMITED for the server's hint in full, up to a day; without one 10 s doubling to 60. Each
    refusal in a row counts."""
    decided = decision(failure(C.RATE_LIMIT, retry_after_s=hint), health=Health(limited=limited))
    assert out(decided) == ("limited", NOW + seconds - NOW, Then.NEXT)
    assert decided.health.limited == limited + 1


@pytest.mark.parametrize("category", [C.RATE_LIMIT, C.QUOTA_EXHAUSTED])
@pytest.mark.parametrize("hint", [0.0, 1.0, 8.0])
def test_a_short_hint_is_not_kept_for_ever(category: ErrorCategory, hint: float) -> None:
    """ "Retry-After: 0" or 1 again and again: each rest is twice as long, up to a minute, and none
    is shorter than the hint."""
    health, rests = Health(), list[float]()
    for _ in range(13):
        decided = decision(failure(category, retry_after_s=hint), health=health)
        rests.append(decided.health.until - NOW)
        health = decided.health.at(decided.health.until)
    doubled = [0.05 * 2**times for times in range(11)] + [60, 60]
    assert rests == pytest.approx([max(hint, seconds) for seconds in doubled])
    later = decision(failure(category, retry_after_s=70.0), health=replace(health, hinted=0.0))
    assert later.health.until == NOW + 70
    assert succeed(health, 1.0).limited == health.limited - 1


@pytest.mark.parametrize(("hint", "seconds"), [(None, 3600), (385.0, 385), (50_000.0, 50_000)])
@pytest.mark.parametrize("window", [None, "hour", "day"])
def test_quota_exhausted(hint: float | None, seconds: float, window: str | None) -> None:
    """EXHAUSTED for the hint, an hour without one; only a day's window is not waited for."""
    decided = decision(failure(C.QUOTA_EXHAUSTED, retry_after_s=hint, window=window))
    assert out(decided) == ("exhausted", seconds, Then.NEXT)
    assert decided.health.trickle == (window == "day")


def test_out_of_credit() -> None:
    """No credit is the provider's: it is dropped, and the model keeps its health."""
    decided = decision(failure(C.QUOTA_EXHAUSTED, credit=True, status=402))
    assert decided.provider.state is ProviderState.DROPPED
    assert decided.health == Health()


@pytest.mark.parametrize(
    ("opened", "hint", "seconds"),
    [
        (0, None, 5),
        (1, None, 10),
        (4, None, 80),
        (5, None, 120),
        (9, None, 120),
        (0, 600.0, 600),
        (5, 1.0, 120),
    ],
)
def test_overloaded(opened: int, hint: float | None, seconds: float) -> None:
    """OPEN at the first 503 over capacity, 5 s doubling to 120, never before the hint."""
    decided = decision(failure(C.OVERLOADED, retry_after_s=hint), health=Health(opened=opened))
    assert out(decided) == ("open", seconds, Then.NEXT)


def test_a_proxy_s_bare_503_for_a_dead_replica_closes_no_pool() -> None:
    """A model that answers is opened by the second in a row; a vendor's own word by the first."""
    lively = Health(answered=5)
    first = decision(failure(C.OVERLOADED, status=503), health=lively)
    assert (first.health.state, first.then) == (State.READY, Then.NEXT)
    second = decision(failure(C.OVERLOADED, status=503), health=first.health)
    assert second.health.state is State.OPEN
    for words in ({"code": "queue_exceeded"}, {"retry_after_s": 2.0}, {"status": 529}):
        own = decision(failure(C.OVERLOADED, **{"status": 503, **words}), health=lively)
        assert own.health.state is State.OPEN
    assert decision(failure(C.OVERLOADED, status=503)).health.state is State.OPEN


def test_model_unavailable() -> None:
    """A model that is gone is dropped; an address that is no such API drops the provider."""
    gone = decision(failure(C.MODEL_UNAVAILABLE, status=404))
    assert (gone.health.state, gone.provider.state) == (State.DROPPED, ProviderState.UP)
    wrong = decision(failure(C.MODEL_UNAVAILABLE, status=404, wrong_url=True))
    assert (wrong.health.state, wrong.provider.state) == (State.READY, ProviderState.DROPPED)


def test_timeout() -> None:
    """One timeout counts twice and shuns model and provider; the second opens the breaker."""
    first = decision(failure(C.TIMEOUT))
    assert (first.health.state, first.health.failures) == (State.READY, 2)
    assert first.trail.shunned == {A}
    assert first.trail.shunned_providers == {"groq"}
    assert out(decision(failure(C.TIMEOUT), health=first.health)) == ("open", 10, Then.NEXT)


@pytest.mark.parametrize(
    ("opened", "seconds"), [(0, 15), (1, 30), (3, 120), (4, 240), (5, 300), (12, 300)]
)
def test_no_connection(opened: int, seconds: float) -> None:
    """The first attempt that fails is tried again; the second opens the provider, 15 s to 300."""
    refused = failure(C.CONNECTION_ERROR, connected=False)
    first = decision(refused, provider=ProviderHealth(opened=opened))
    assert (first.provider.state, first.pause_s) == (ProviderState.UP, 1.0)
    second = decision(refused, provider=first.provider)
    assert provider_out(second) == ("open", seconds, Then.NEXT)
    assert second.health.state is State.READY


@pytest.mark.parametrize(("opened", "seconds"), [(0, 20), (3, 120)])
def test_a_connection_that_broke(opened: int, seconds: float) -> None:
    """It is the model's fault: the second opens its breaker, and its provider goes on."""
    first = decision(failure(C.CONNECTION_ERROR), health=Health(opened=opened))
    assert (first.health.state, first.health.failures, first.pause_s) == (State.READY, 2, 1.0)
    second = decision(
        failure(C.CONNECTION_ERROR), health=first.health, provider=provider_succeed(first.provider)
    )
    assert out(second) == ("open", seconds, Then.NEXT)
    assert (second.provider.state, second.provider.lost) == (ProviderState.UP, ("a",))


def test_connections_to_two_models_that_broke() -> None:
    """With no reply of any kind between them they are the provider's fault."""
    after_b = ProviderHealth(lost=("b",))
    opened = decision(failure(C.CONNECTION_ERROR), provider=after_b)
    assert provider_out(opened) == ("open", 15, Then.NEXT)
    busy = decision(failure(C.OVERLOADED, status=503), provider=after_b).provider
    assert decision(failure(C.CONNECTION_ERROR), provider=busy).provider.state is ProviderState.UP
    mended = provider_succeed(after_b)
    assert decision(failure(C.CONNECTION_ERROR), provider=mended).provider.state is ProviderState.UP


@pytest.mark.parametrize("connected", [True, False])
def test_connections_lost_in_the_same_instant_count_once(connected: bool) -> None:
    """A blip of the network ends all calls that are out; one that left later is another."""
    lost = failure(C.CONNECTION_ERROR, connected=connected)
    first = decision(lost, around=replace(OTHERS, left=NOW - 5))
    for left in (NOW - 5, NOW):
        again = decision(
            lost,
            health=first.health,
            provider=first.provider,
            around=replace(OTHERS, left=left),
        )
        assert (again.health, again.provider) == (first.health, first.provider)
    later = decision(
        lost,
        health=replace(first.health, broke_at=NOW - 1),
        provider=first.provider,
        around=replace(OTHERS, left=NOW - 5),
    )
    assert (first.health.broke_at, later.health.broke_at) == (NOW, NOW)
    assert later.health.recent != first.health.recent


def test_a_broken_probe_of_a_provider_lets_another_model_try() -> None:
    """One dying model does not keep a whole provider closed: it takes two."""
    probing = ProviderHealth(state=ProviderState.PROBING, opened=1)
    first = decision(failure(C.CONNECTION_ERROR), provider=probing)
    assert (first.provider.state, first.provider.lost) == (ProviderState.PROBING, ("a",))
    other = replace(first.provider, lost=("b",))
    assert provider_out(decision(failure(C.CONNECTION_ERROR), provider=other))[:2] == ("open", 30)
    refused = failure(C.CONNECTION_ERROR, connected=False)
    assert provider_out(decision(refused, provider=probing))[:2] == ("open", 30)


@pytest.mark.parametrize("category", [C.SERVER_ERROR, C.GENERAL])
def test_server_error(category: ErrorCategory) -> None:
    """Two are tried again after a jittered pause, the third in a row opens the breaker."""
    health = Health()
    for failures in (1, 2):
        decided = decision(failure(category), health=health)
        health = decided.health
        assert (health.state, health.failures, decided.pause_s) == (State.READY, failures, 1.0)
    assert out(decision(failure(category), health=health)) == ("open", 5, Then.NEXT)


def test_server_error_with_a_hint() -> None:
    """A 500 that says when to come back is obeyed for every task, not for one alone."""
    decided = decision(failure(C.SERVER_ERROR, retry_after_s=90.0))
    assert out(decided) == ("open", 90, Then.NEXT)
    assert decided.health.opened == 0


def test_half_of_the_last_ten_opens() -> None:
    """Failures that successes interrupt open the breaker once they are half of four or more."""
    health = replace(Health(), recent=(True, False, True))
    assert out(decision(failure(C.SERVER_ERROR), health=health)) == ("open", 5, Then.NEXT)
    health = replace(Health(), recent=(True,) * 7 + (False,) * 3)
    assert decision(failure(C.SERVER_ERROR), health=health).health.state is State.READY


def test_probe() -> None:
    """One failed probe opens again for longer; one success closes, and the open time decays."""
    open_ = Health(state=State.OPEN, until=NOW - 1, opened=3)
    probing = open_.at(NOW)
    assert probing.state is State.PROBING
    assert out(decision(failure(C.SERVER_ERROR), health=probing)) == ("open", 40, Then.NEXT)
    closed = succeed(probing, 2.0)
    assert (closed.state, closed.opened, closed.answered) == (State.READY, 2, 1)


def test_provider_probe_without_an_answer() -> None:
    """A provider on probation that does not answer in time is left alone again."""
    probing = ProviderHealth(state=ProviderState.PROBING, opened=1)
    assert provider_out(decision(failure(C.TIMEOUT), provider=probing))[:2] == ("open", 30)
    assert decision(failure(C.RATE_LIMIT), provider=probing).provider.state is ProviderState.UP


def test_authentication() -> None:
    """A key that never worked drops its provider; one that did, only at the second refusal."""
    never = decision(failure(C.AUTHENTICATION, status=401))
    assert never.provider.state is ProviderState.DROPPED
    proven = provider_succeed(ProviderHealth())
    first = decision(failure(C.AUTHENTICATION), provider=proven)
    assert provider_out(first) == ("open", 15, Then.NEXT)
    probing = first.provider.at(NOW + 15)
    second = decision(failure(C.AUTHENTICATION), provider=probing)
    assert second.provider.state is ProviderState.DROPPED
    mended = decision(failure(C.AUTHENTICATION), provider=provider_succeed(probing))
    assert mended.provider.state is ProviderState.OPEN


def test_bad_request() -> None:
    """Three different prompts that are refused drop the model."""
    again = decision(failure(C.BAD_REQUEST), health=Health(refusals=("2", "1")))
    assert again.health.state is State.READY
    third = decision(failure(C.BAD_REQUEST), health=Health(refusals=("2", "3")))
    assert third.health.state is State.DROPPED


def test_response_format_refused() -> None:
    """A weaker format at the same model while there is one; it is nobody's blame."""
    refused = failure(C.BAD_REQUEST, structured_output=True)
    weaker = decision(refused, around=replace(OTHERS, can_downgrade=True))
    assert (weaker.then, weaker.trail.pinned, weaker.trail.blamed) == (Then.PLAIN, A, 0)
    assert decision(refused).then is Then.NEXT


def test_context_length() -> None:
    """A smaller budget here where that helps, else a model that it fits."""
    smaller = decision(failure(C.CONTEXT_LENGTH), around=replace(OTHERS, can_shrink=True))
    assert (smaller.then, smaller.trail.pinned) == (Then.SHRINK, A)
    other = decision(failure(C.CONTEXT_LENGTH))
    assert (other.then, other.trail.used_up, other.health) == (Then.NEXT, frozenset({A}), Health())


def test_output_invalid() -> None:
    """Twice more here, with the reasons or more room, then elsewhere; no breaker is fed."""
    health, trail, thens = Health(), Trail(), []
    for truncated in (False, True, False):
        decided = decision(
            failure(C.OUTPUT_INVALID, truncated=truncated), health=health, trail=trail
        )
        health, trail = decided.health, decided.trail
        thens.append(decided.then)
    assert thens == [Then.REPAIR, Then.ENLARGE, Then.ANEW]
    assert trail.used_up == {A}
    assert (health.state, health.failures, health.usable) == (State.READY, 0, (False,) * 3)


def test_answers_are_counted_by_model() -> None:
    """An answer refused elsewhere, because the model that should mend it was busy, is its first."""
    decided = decision(failure(C.OUTPUT_INVALID), trail=Trail(here=2, pinned=D, blamed=2))
    assert (decided.then, decided.trail.here) == (Then.REPAIR, 1)


@pytest.mark.parametrize("category", [C.BAD_REQUEST, C.CONTENT_FILTER])
def test_a_prompt_is_refused_by_two_models_and_not_all_of_one_provider(
    category: ErrorCategory,
) -> None:
    """One other model; two that refuse end the task, once no other provider is left to ask."""
    first = decision(failure(category))
    assert (first.then, first.trail.used_up) == (Then.NEXT, frozenset({A}))
    elsewhere = Trail(refused=1, models=(D,), used_up=frozenset({D}))
    assert decision(failure(category), trail=elsewhere).then is Then.GIVE_UP
    before = Trail(refused=1, models=(B,), used_up=frozenset({B}))
    sibling = ModelRef("groq", "c")
    alone = Surroundings(others=1, siblings=frozenset({sibling}))
    assert decision(failure(category), trail=before, around=alone).then is Then.GIVE_UP
    second = decision(failure(category), trail=before, around=replace(alone, others=2))
    assert (second.then, second.trail.used_up) == (Then.NEXT, frozenset({A, B, sibling}))


def test_a_model_that_refuses_prompt_after_prompt_is_left_alone() -> None:
    """10 s doubling to 300 after the third without an answer that was kept, where others answer."""
    refused, health = failure(C.CONTENT_FILTER), Health()
    assert decision(refused, health=Health(filtered=1)).health.state is State.READY
    seconds = []
    for _ in range(9):
        decided = decision(refused, health=health)
        seconds.append(decided.health.until - NOW if decided.health.state is State.OPEN else 0.0)
        # a reply that is no answer has come before each, when it was probed
        health = replace(succeed(decided.health, 1.0), filtered=decided.health.filtered)
    assert seconds == [0, 0, 10, 20, 40, 80, 160, 300, 300]
    assert health.answered == 1
    assert answered(health, usable=True).filtered == 0
    last = decision(refused, health=Health(filtered=2), around=Surroundings())
    assert last.health.state is State.READY


def test_every_category_has_a_rule() -> None:
    """Each of the thirteen words is decided, and the decision can be said."""
    assert all(decision(failure(category)).rule for category in ErrorCategory)


def test_panic() -> None:
    """The last that is left is rested for a minute at most, except for what the server asked."""
    busy = Health(state=State.OPEN, until=NOW + 120)
    assert busy.relented(NOW).until == NOW + 60
    assert replace(busy, hinted=NOW + 120).relented(NOW).until == NOW + 120
    limited = Health(state=State.LIMITED, until=NOW + 600)
    assert limited.relented(NOW) == limited
    down = ProviderHealth(state=ProviderState.OPEN, until=NOW + 300)
    assert down.relented(NOW).until == NOW + 60


def test_a_shorter_hint_does_not_shorten() -> None:
    """A daily quota stays used up though a call in flight is told to come back in two seconds."""
    used_up = decision(failure(C.QUOTA_EXHAUSTED, retry_after_s=7200.0, window="day")).health
    later = decision(failure(C.RATE_LIMIT, retry_after_s=2.0), health=used_up)
    assert (later.health.state, later.health.until) == (State.EXHAUSTED, NOW + 7200)
    assert outdated(later, used_up, NOW) == used_up


def test_what_an_outdated_call_tells() -> None:
    """It cannot double an open time, but a longer hint counts, and so does a model's end."""
    opened = Health(state=State.OPEN, until=NOW + 5, opened=1)
    again = decision(failure(C.OVERLOADED), health=opened)
    assert again.health.opened == 2
    assert outdated(again, opened, NOW) == opened
    hinted = outdated(
        decision(failure(C.RATE_LIMIT, retry_after_s=30.0), health=opened), opened, NOW
    )
    assert (hinted.state, hinted.until, hinted.opened) == (State.OPEN, NOW + 30, 1)
    gone = outdated(decision(failure(C.MODEL_UNAVAILABLE), health=opened), opened, NOW)
    assert gone.state is State.DROPPED


def test_poor_models_rank_last() -> None:
    """Under half of the last twenty answers usable: another that is as quick goes first."""
    health = Health()
    for usable in (True, True, False, False, False):
        health = answered(health, usable=usable)
    assert health.poor
    choice = choose([Candidate(A, 0, 0.0, 2.0, poor=True), Candidate(D, 1, 0.0, 2.0)], Trail())
    assert choice == Call(D)


# --------------------------------------------------------------------------- choose, by example


def test_rank_breaks_ties() -> None:
    """Among equally quick ones the first of the route is called."""
    assert choose([Candidate(D, 1, 0.0, 2.0), Candidate(A, 0, 0.0, 2.4)], Trail()) == Call(A)


def test_waits_rather_than_crawls() -> None:
    """Three seconds are waited for rather than a model that takes sixty, even after a failure."""
    route = [Candidate(A, 0, 3.0, 2.0, why=LIMITED), Candidate(E, 1, 0.0, 60.0)]
    assert choose(route, Trail()) == Wait(A, 3.0, LIMITED)
    assert choose(route, Trail(failed_last=A)) == Wait(A, 3.0, LIMITED)


def test_a_failure_switches_at_once() -> None:
    """After a failure another target that is ready is called, though the old one is sooner."""
    route = [Candidate(A, 0, 0.5, 1.0), Candidate(D, 1, 0.0, 9.0)]
    assert choose(route, Trail()) == Wait(A, 0.5, BUSY)
    assert choose(route, Trail(failed_last=A)) == Call(D)


def test_after_a_timeout() -> None:
    """Another provider, else another model, else a wait; the same model only when alone."""
    trail = Trail(shunned=frozenset({A}), shunned_providers=frozenset({"groq"}), failed_last=A)
    a, b, d = Candidate(A, 0, 0.0, 1.0), Candidate(B, 1, 0.0, 1.0), Candidate(D, 2, 0.0, 1.0)
    assert choose([a, b, d], trail) == Call(D)
    assert choose([a, b, replace(d, ready_in_s=5.0)], trail) == Call(B)
    assert choose([a, replace(b, ready_in_s=30.0)], trail) == Wait(B, 30.0, BUSY)
    assert choose([a, replace(b, ready_in_s=30.0)], trail, patience_s=10.0) == Call(A)


def test_mends_its_own_answer() -> None:
    """The model that wrote a refused answer mends it, unless another is far sooner."""
    trail = Trail(pinned=D)
    route = [Candidate(A, 0, 0.0, 2.0), Candidate(D, 1, 1.0, 2.0)]
    assert choose(route, trail) == Wait(D, 1.0, BUSY)
    assert choose([route[0], replace(route[1], ready_in_s=20.0)], trail) == Call(A)


def test_pause() -> None:
    """Beyond patience, and for a window that trickles, the batch is paused until it is worth it."""
    late = Candidate(A, 0, 600.0, 2.0, why=LIMITED)
    assert choose([late], Trail(), patience_s=120.0) == Pause(600.0, LIMITED)
    trickle = Candidate(A, 0, 60.0, 2.0, trickle=True, resume_in_s=900.0, why=DAILY)
    assert choose([trickle], Trail(), patience_s=120.0) == Pause(900.0, DAILY)
    waited = choose([trickle], Trail(), patience_s=120.0, trickle_waits=True)
    assert waited == Wait(A, 60.0, DAILY)


def test_one_task_does_not_pause_all() -> None:
    """A task that used up the only model at hand ends; the batch goes on with the next."""
    trail = Trail(used_up=frozenset({A}))
    route = [Candidate(A, 0, 0.0, 2.0), Candidate(D, 1, 80_000.0, 2.0)]
    assert choose(route, trail, patience_s=900.0) == NoneLeft()
    assert choose([replace(route[0], ready_in_s=9000.0), route[1]], trail, patience_s=900.0) == (
        Pause(80_000.0, BUSY)
    )


# --------------------------------------------------------------------------- laws


REFS = (A, B, D, E)
SECONDS = st.one_of(st.just(0.0), st.floats(0, 1e5), st.just(math.inf))
CANDIDATES = st.lists(st.sampled_from(REFS), unique=True, max_size=4).flatmap(
    lambda refs: st.tuples(
        *(
            st.builds(
                Candidate,
                ref=st.just(ref),
                rank=st.just(rank),
                ready_in_s=SECONDS,
                latency_s=st.floats(0.01, 300),
                poor=st.booleans(),
                trickle=st.booleans(),
                resume_in_s=st.none() | st.floats(0, 1e5),
            )
            for rank, ref in enumerate(refs)
        )
    )
)
REF_SETS = st.frozensets(st.sampled_from(REFS))
TRAILS = st.builds(
    Trail,
    blamed=st.integers(0, 6),
    here=st.integers(0, 3),
    models=REF_SETS.map(tuple),
    used_up=REF_SETS,
    shunned=REF_SETS,
    shunned_providers=st.frozensets(st.sampled_from(["groq", "cerebras"])),
    failed_last=st.none() | st.sampled_from(REFS),
    pinned=st.none() | st.sampled_from(REFS),
)
PATIENCE = st.one_of(st.floats(0, 1e5), st.just(math.inf))


@given(CANDIDATES, TRAILS, PATIENCE, st.booleans())
def test_choices_are_lawful(
    candidates: tuple[Candidate, ...], trail: Trail, patience: float, trickle_waits: bool
) -> None:
    """No call to what is not ready or used up, no wait under 50 ms or beyond patience."""
    choice = choose(candidates, trail, patience_s=patience, trickle_waits=trickle_waits)
    known = {c.ref: c for c in candidates}
    match choice:
        case Call(ref):
            assert known[ref].ready
            assert ref not in trail.used_up
        case Wait(ref, seconds, _):
            assert ref not in trail.used_up
            assert LEAST_WAIT_S <= seconds <= max(patience, 0) + LEAST_WAIT_S
            assert trickle_waits or not known[ref].trickle
        case Pause(resume_in_s, _):
            assert resume_in_s >= LEAST_WAIT_S
            assert not any(c.ready for c in candidates)
        case NoneLeft():
            fits = [c for c in candidates if c.ready_in_s < math.inf]
            at_hand = [c for c in fits if c.ready and c.ref not in trail.used_up]
            assert not at_hand


@given(CANDIDATES, PATIENCE)
def test_no_quota_lies_idle(candidates: tuple[Candidate, ...], patience: float) -> None:
    """A target with room is waited past only for one that delivers before it would."""
    choice = choose(candidates, Trail(), patience_s=patience)
    ready = [c for c in candidates if c.ready]
    if ready and isinstance(choice, Wait):
        waited = next(c for c in candidates if c.ref == choice.ref)
        places = 2 * len(candidates) * 0.05  # what places in the route are worth
        assert all(
            waited.ready_in_s + waited.latency_s * 0.5 <= c.latency_s * 1.5 + places for c in ready
        )


FAILURES = st.builds(
    Failure,
    category=st.sampled_from(ErrorCategory),
    message=st.just("x"),
    retry_after_s=st.none() | st.floats(0, 1e6),
    window=st.none() | st.sampled_from(["minute", "hour", "day"]),
    truncated=st.booleans(),
    credit=st.booleans(),
    wrong_url=st.booleans(),
    structured_output=st.booleans(),
)
HEALTHS = st.builds(
    Health,
    state=st.sampled_from([State.READY, State.PROBING, State.LIMITED, State.OPEN]),
    until=st.floats(0, 2000),
    failures=st.integers(0, 3),
    recent=st.lists(st.booleans(), max_size=10).map(tuple),
    opened=st.integers(0, 50),
    limited=st.integers(0, 50),
    hinted=st.floats(0, 9000),
)
PROVIDERS = st.builds(
    ProviderHealth,
    state=st.sampled_from([ProviderState.UP, ProviderState.PROBING]),
    opened=st.integers(0, 50),
    lost=st.sampled_from([(), ("a",), ("b",), ("",)]),
    refusals=st.integers(0, 1),
    proven=st.booleans(),
)
AROUNDS = st.builds(
    Surroundings,
    others=st.integers(0, 3),
    can_shrink=st.booleans(),
    can_downgrade=st.booleans(),
    prompt_key=st.sampled_from(["1", "2", "3"]),
)


@given(FAILURES, HEALTHS, PROVIDERS, TRAILS, AROUNDS)
def test_decisions_are_lawful(
    failed: Failure, health: Health, provider: ProviderHealth, trail: Trail, around: Surroundings
) -> None:
    """Whatever comes: who is not to blame is left in use, hints hold, and waits are waits."""
    decided = decision(failed, health=health, provider=provider, trail=trail, around=around)
    blame = failed.category.blame
    assert decided.rule
    assert decided.until is None or decided.until >= NOW + LEAST_WAIT_S
    if blame in ("request", "answer"):
        assert decided.trail.blamed - trail.blamed in (0, 1)
        assert decided.health.state in (health.state, State.READY, State.DROPPED)
    else:
        assert decided.trail.blamed == trail.blamed
        assert decided.trail.used_up == trail.used_up
        assert trail.blamed >= MOST_BLAMED_CALLS or decided.then is Then.NEXT or trail.used_up
    hint = failed.retry_after_s
    hinted = (C.RATE_LIMIT, C.OVERLOADED, C.SERVER_ERROR, C.TIMEOUT, C.GENERAL)
    misplaced = failed.wrong_url and not provider.proven  # its provider goes, and no hint is waited
    if hint is not None and failed.category in hinted and not misplaced:
        assert decided.health.until >= NOW + min(hint, 86_400)
    assert decided.health.hinted >= health.hinted or decided.health.hinted == 0


@dataclass
class Batch:
    """A batch of one worker whose every call fails as an adversary likes: the loop of
    generation.py without a server. Targets come back by time, which is what waits take."""

    healths: dict[ModelRef, Health] = field(default_factory=lambda: {r: Health() for r in REFS})
    providers: dict[str, ProviderHealth] = field(
        default_factory=lambda: {r.provider: ProviderHealth() for r in REFS}
    )
    formats: dict[ModelRef, int] = field(default_factory=lambda: dict.fromkeys(REFS, 3))
    now: float = NOW
    calls: int = 0
    called: list[ModelRef] = field(default_factory=list)

    def candidates(self) -> list[Candidate]:
        found = []
        for rank, ref in enumerate(REFS):
            health = self.healths[ref] = self.healths[ref].at(self.now)
            provider = self.providers[ref.provider] = self.providers[ref.provider].at(self.now)
            if State.DROPPED is health.state or ProviderState.DROPPED is provider.state:
                continue
            waits = [0.0]
            if health.state in (State.LIMITED, State.OPEN, State.EXHAUSTED):
                waits.append(health.until - self.now)
            if provider.state is ProviderState.OPEN:
                waits.append(provider.until - self.now)
            found.append(Candidate(ref, rank, max(waits), 2.0, trickle=health.trickle))
        return found

    def task(self, failures: list[Failure], key: str) -> str:
        """Run one task; returns how it ended."""
        trail, blamed = Trail(), 0
        while failures:
            choice = choose(self.candidates(), trail, patience_s=900.0)
            if isinstance(choice, Wait):
                self.now += choice.seconds
                continue
            if not isinstance(choice, Call):
                assert not isinstance(choice, NoneLeft) or trail.used_up or not self.candidates()
                return type(choice).__name__
            failed = failures.pop()
            usable = [c for c in self.candidates() if c.ref not in trail.used_up]
            others = sum(c.ref != choice.ref for c in usable)
            decided = self.fail(choice.ref, failed, trail, others, key)
            blamed += decided.trail.blamed - trail.blamed
            trail = decided.trail
            assert blamed <= MOST_BLAMED_CALLS
            assert len(trail.models) <= MOST_BLAMED_MODELS
            if decided.then is Then.GIVE_UP:
                assert failed.category.blame in ("request", "answer")
                return "given up"
        return "no more failures"

    def fail(self, ref: ModelRef, failed: Failure, trail: Trail, others: int, key: str) -> Decision:
        health, provider = self.healths[ref], self.providers[ref.provider]
        assert health.state is not State.DROPPED
        assert ref not in trail.used_up
        self.calls += 1
        self.called.append(ref)
        decided = decide(
            ref,
            failed,
            health=health,
            provider=provider,
            trail=trail,
            around=Surroundings(others, can_downgrade=self.formats[ref] > 0, prompt_key=key),
            now=self.now,
        )
        if decided.then is Then.PLAIN:
            self.formats[ref] -= 1
        self.healths[ref], self.providers[ref.provider] = decided.health, decided.provider
        return decided


@given(st.lists(st.lists(FAILURES, max_size=40), max_size=6))
def test_it_always_ends(tasks: list[list[Failure]]) -> None:
    """Under any failures a task has at most six blamed calls at three models, a failure of the
    model's or the provider's never gives it up, and nothing dropped is ever called."""
    batch = Batch()
    for key, failures in enumerate(tasks):
        ending = batch.task(list(failures), str(key))
        assert ending in ("given up", "NoneLeft", "Pause", "no more failures")
    assert batch.calls <= sum(map(len, tasks))


@given(FAILURES)
def test_the_preferred_model_is_used_again(failed: Failure) -> None:
    """Whatever keeps the preferred model away for a time, time alone brings it back."""
    batch = Batch()
    batch.task([failed], "1")
    batch.now += 86_401.0
    refs = [c.ref for c in batch.candidates()]
    if REFS[0] in refs:
        assert choose(batch.candidates(), Trail()) == Call(REFS[0])
