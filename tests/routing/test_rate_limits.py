"""Budgets: what is taken, given back, learnt and waited for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.completion import LimitKind, LimitReading, LimitWindow, ModelRef
from legalgen.routing.limiter import RateLimiter
from legalgen.routing.rate_limits import MARGIN, WINDOW_S, Bucket, Budgets, Cost, Demand, Experience
from legalgen.routing.targets import Target

REQUEST = Cost(1000, 2000)
DEMAND = Demand(prompt_characters=4300, usual_output=1000, least_output=300)


def tokens_per_minute(limit: int = 8000) -> Budgets:
    budgets = Budgets()
    budgets.state_limit("tokens", "minute", limit, 0.0)
    return budgets


def level(budgets: Budgets, now: float, kind: LimitKind = "tokens") -> float:
    return budgets.buckets[kind, "minute"].level_at(now)


def reading(remaining: int, limit: int | None = None) -> tuple[LimitReading, ...]:
    return (LimitReading("tokens", "minute", limit, remaining),)


@pytest.mark.parametrize("told", [60_000, 9 * 10**8])
def test_a_prompt_of_more_tokens_than_any_tokenizer_makes_teaches_nothing(told: int) -> None:
    """It would size all requests to come, and leave the model out."""
    experience = Experience()
    experience.note(DEMAND, told, 1000, cut=False)
    assert experience.input_tokens(DEMAND) == 1000
    experience.note(DEMAND, 1200, 1000, cut=False)
    experience.note(DEMAND, told, 1000, cut=False)
    assert experience.tokens_per_character == 1200 / 4300
    assert list(experience.shares) == [1.0, 1.0, 1.0]


def test_no_limit_binds_until_one_is_stated() -> None:
    """Without a stated limit anything fits at once, however large."""
    budgets = Budgets()
    huge = Cost(10**9, 10**9)
    assert (budgets.seconds_until(huge, 0.0), budgets.fits_ever(huge)) == (0.0, True)
    assert budgets.room_for_output(1000) == math.inf


def test_what_is_reserved_is_waited_for() -> None:
    """Two requests of 3,000 fit 8,000 tokens; the third waits for what is missing to come back."""
    budgets = tokens_per_minute()
    budgets.reserve(REQUEST, 0.0)
    budgets.reserve(REQUEST, 0.0)
    missing = 3000 + 8000 * MARGIN - 2000
    assert budgets.seconds_until(REQUEST, 0.0) == pytest.approx(missing / (8000 / 60))
    _, binding = budgets.longest_wait(REQUEST, 0.0)
    assert binding is not None
    assert (binding.kind, binding.window) == ("tokens", "minute")


@pytest.mark.parametrize(
    ("kind", "window", "limit", "refused"),
    [
        ("tokens", "minute", 2999, True),
        ("tokens", "day", 3000, False),
        ("output_tokens", "minute", 1999, True),
        ("input_tokens", "minute", 999, True),
        ("requests", "minute", 1, False),
    ],
)
def test_what_can_never_fit_is_refused(
    kind: LimitKind, window: LimitWindow, limit: int, refused: bool
) -> None:
    """A request larger than a bucket is never waited for, whatever the bucket counts."""
    budgets = Budgets()
    budgets.state_limit(kind, window, limit, 0.0)
    assert budgets.fits_ever(REQUEST) is not refused
    assert (budgets.seconds_until(REQUEST, 0.0) == math.inf) is refused


def test_the_longest_window_binds() -> None:
    """A request that fits the minute waits for the day."""
    budgets = tokens_per_minute()
    budgets.state_limit("tokens", "day", 200_000, 0.0)
    budgets.buckets["tokens", "day"] = Bucket("tokens", "day", 200_000, 0.0, 0.0)
    _, binding = budgets.longest_wait(REQUEST, 0.0)
    assert binding is not None
    assert binding.window == "day"
    expected = (3000 + 1000) / (200_000 / 86_400)
    assert budgets.seconds_until(REQUEST, 0.0) == pytest.approx(expected)


def test_the_queue_is_in_order_of_coming() -> None:
    """Who waits counts for those who came later, not for those who came before."""
    budgets = tokens_per_minute(6000)
    budgets.buckets["tokens", "minute"] = Bucket("tokens", "minute", 6000, 0.0, 0.0)
    first = budgets.queue(REQUEST, 0.0)
    second = budgets.queue(REQUEST, 0.0)
    waits = [budgets.seconds_until(REQUEST, 0.0, place) for place in (first, second, None)]
    assert waits == pytest.approx([30.3, 60.3, 90.3])
    assert budgets.queue(Cost(100, 100), 1.0, first).number == first.number
    budgets.leave(first)
    assert budgets.seconds_until(REQUEST, 0.0, second) == pytest.approx(30.3)


def test_what_was_not_used_is_given_back_where_no_reply_shows_the_level() -> None:
    """Tokens per day are in no header of Groq's: what a call really took is all that counts."""
    budgets = tokens_per_minute()
    call = budgets.reserve(REQUEST, 0.0)
    budgets.settle(call, Cost(1000, 500), 0.0)
    assert level(budgets, 0.0) == 6500


def test_where_replies_show_the_level_only_they_raise_it() -> None:
    """A vendor that gives back says so in its next reply; one that does not is not overdrawn."""
    budgets = tokens_per_minute()
    call = budgets.reserve(REQUEST, 0.0)
    budgets.learn(reading(5000), 1.0, call)
    budgets.settle(call, Cost(1000, 500), 1.0)
    assert level(budgets, 1.0) == pytest.approx(5000 + 8000 / 60)
    following = budgets.reserve(REQUEST, 10.0)
    budgets.learn(reading(4700), 10.0, following)
    assert level(budgets, 10.0) == 4700


def test_a_reading_does_not_know_of_what_left_later() -> None:
    """What a reply of an older call shows is lessened by the calls that left after it."""
    budgets = tokens_per_minute(100_000)
    old = budgets.reserve(REQUEST, 0.0)
    young = budgets.reserve(REQUEST, 10.0)
    budgets.settle(young, REQUEST, 12.0)
    budgets.learn(reading(50_000), 12.0, old)
    assert level(budgets, 12.0) <= 50_000 + 12 * 100_000 / 60
    budgets.buckets["tokens", "minute"] = Bucket("tokens", "minute", 100_000, 0.0, 12.0)
    budgets.learn(reading(50_000), 12.0, old)
    assert level(budgets, 12.0) == 47_000


def test_a_request_that_never_ran_costs_nothing() -> None:
    """A released reservation is given back whole, once."""
    budgets = tokens_per_minute()
    call = budgets.reserve(REQUEST, 0.0)
    budgets.release(call, 0.0)
    budgets.release(call, 0.0)
    budgets.settle(call, REQUEST, 0.0)
    assert level(budgets, 0.0) == 8000


def test_a_limit_stated_late_counts_what_is_out() -> None:
    """The first reply tells the limit while another call is still out."""
    budgets = Budgets()
    call = budgets.reserve(REQUEST, 0.0)
    budgets.reserve(REQUEST, 0.0)
    budgets.settle(call, REQUEST, 1.0)
    budgets.learn(reading(5000, limit=8000), 1.0, call)
    assert 2000 <= level(budgets, 1.0) <= 5000


def test_a_limit_that_changes_keeps_what_was_used() -> None:
    """A plan that is raised in the middle of a batch gives the difference at once."""
    budgets = tokens_per_minute()
    budgets.reserve(REQUEST, 0.0)
    budgets.state_limit("tokens", "minute", 250_000, 0.0)
    assert level(budgets, 0.0) == 247_000


def test_refusals_of_what_should_have_fitted_stop_the_giving_back() -> None:
    """One may be another program's doing; after two, what is not used counts as gone."""
    budgets = tokens_per_minute()
    for _ in range(2):
        budgets.drain("tokens", "minute", 0.0, 0.0, known=True)
        budgets.buckets["tokens", "minute"] = budgets.buckets["tokens", "minute"].take(-8000, 0.0)
    call = budgets.reserve(REQUEST, 0.0)
    budgets.settle(call, Cost(1000, 500), 0.0)
    assert level(budgets, 0.0) == 5000


def test_a_sleep_refills() -> None:
    """The monotonic clock stands still while a laptop sleeps; the vendor's does not."""
    budgets = tokens_per_minute()
    budgets.reserve(Cost(4000, 4000), 0.0)
    budgets.shift(30.0)
    assert level(budgets, 0.0) == pytest.approx(4000)


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 5000), st.floats(0, 30)), max_size=40),
    st.integers(1000, 20_000),
)
def test_never_more_than_the_bucket_allows(calls: list[tuple[int, int, float]], limit: int) -> None:
    """Calls that leave when their wait is over never take more than limit plus refill."""
    budgets = tokens_per_minute(limit)
    now, taken = 0.0, 0
    for input_tokens, output_tokens, pause in calls:
        cost = Cost(input_tokens, output_tokens)
        wait = budgets.seconds_until(cost, now)
        assert (wait < math.inf) == (cost.of("tokens") <= limit)
        if wait == math.inf:
            continue
        now += wait
        budgets.reserve(cost, now)
        taken += cost.of("tokens")
        assert taken <= limit + now * limit / WINDOW_S["minute"] + 1e-3
        now += pause


@given(st.floats(0, 8000), st.integers(0, 8000), st.floats(0, 60), st.floats(0, 60))
def test_a_reading_is_believed(
    known: float, remaining: int, left_at: float, latency: float
) -> None:
    """After a reply the level lies between what it shows and what may have come back since."""
    budgets = tokens_per_minute()
    budgets.buckets["tokens", "minute"] = Bucket("tokens", "minute", 8000, known, 0.0)
    call = budgets.reserve(Cost(0, 0), left_at)
    budgets.learn(reading(remaining), left_at + latency, call)
    after = level(budgets, left_at + latency)
    assert min(remaining, 8000) <= after <= min(8000, remaining + latency * 8000 / 60) + 1e-6


# --------------------------------------------------------------------------- how large a request


def test_before_experience_the_estimate_counts() -> None:
    """The demand's own bound and room to think, until five answers are known."""
    experience = Experience(reasoning_allowance=500)
    assert experience.cost(DEMAND, 32_000, Budgets()) == Cost(1000, 1500)


def test_after_five_answers_experience_counts() -> None:
    """Nearly all answers of 400 to 600 tokens: the largest of them and 15 % more; 1.3 times that
    where nothing reserves it."""
    experience, limited = Experience(reasoning_allowance=500), Budgets()
    limited.state_limit("tokens", "minute", 100_000, 0.0)
    for output in (400, 450, 500, 550, 600):
        experience.note(DEMAND, 870, output, cut=False)
    assert experience.cost(DEMAND, 32_000, limited) == Cost(900, 690)
    assert experience.cost(DEMAND, 32_000, Budgets()) == Cost(900, 897)
    assert experience.cost(DEMAND, 800, Budgets()) == Cost(900, 800)


def test_the_prompt_is_counted_by_the_most_of_its_like() -> None:
    """Too much is put right by the next reply, too little is refused; few tell less than many."""
    experience, counted = Experience(), []
    for tokens in (900, 1000, 950, *[950] * 16):
        experience.note(DEMAND, tokens, 400, cut=False)
        counted.append(experience.input_tokens(DEMAND))
    assert (counted[:3], counted[-1]) == ([991, 1067, 1050], 1010)


def test_answers_that_are_cut_off_widen_the_budget() -> None:
    """A model whose answers hit the cap is given more, for all tasks to come."""
    experience = Experience()
    for _ in range(5):
        experience.note(DEMAND, 860, 690, cut=True)
    assert experience.cost(DEMAND, 32_000, Budgets()).output_tokens > 900


def test_a_larger_budget_for_the_answer_that_was_cut_off() -> None:
    """The scale multiplies what is usual, and less than is usual is no use then."""
    experience = Experience()
    larger = Demand(4300, 1000, 300, scale=1.6)
    assert experience.output_budget(larger, 32_000, math.inf) == 1600
    assert (experience.needed(DEMAND), experience.needed(larger)) == (650, 1100)


def test_a_request_shrinks_into_an_output_window() -> None:
    """Under 1,000 output tokens per minute no request asks for more; the margin stays free."""
    budgets = Budgets()
    budgets.state_limit("output_tokens", "minute", 1000, 0.0)
    cost = Experience(reasoning_allowance=500).cost(DEMAND, 32_000, budgets)
    assert cost.output_tokens == 995
    assert budgets.fits_ever(cost)


@given(
    st.integers(1, 200_000),
    st.integers(1, 40_000),
    st.integers(1, 100_000),
    st.floats(1, 4),
    st.lists(st.integers(1, 50_000), max_size=20),
    st.none() | st.integers(1, 100_000),
)
def test_no_request_asks_for_more_than_can_be_granted(  # noqa: PLR0917 - drawn by hypothesis
    characters: int,
    usual: int,
    limit: int,
    scale: float,
    outputs: list[int],
    largest: int | None,
) -> None:
    """Whatever was learnt: at least one token, at most cap and room."""
    budgets, experience = tokens_per_minute(limit), Experience()
    budgets.largest_output = largest
    for output in outputs:
        experience.note(DEMAND, 0, output, cut=False)
    cost = experience.cost(Demand(characters, usual, 1, scale), 16_384, budgets)
    assert 1 <= cost.output_tokens <= min(16_384, largest or 16_384)
    assert cost.of("tokens") <= limit or cost.output_tokens == 1


def test_a_share_of_every_limit_is_used() -> None:
    """A third of what the account has, learnt or stated; what a reply shows is shared alike."""
    budgets = Budgets(share=1 / 3)
    budgets.state([LimitReading("requests", "minute", 30)], 0.0)
    call = budgets.reserve(REQUEST, 0.0)
    budgets.learn(reading(6000, 9000), 0.0, call)
    assert {key: bucket.limit for key, bucket in budgets.buckets.items()} == {
        ("requests", "minute"): 10,
        ("tokens", "minute"): 3000,
    }
    assert level(budgets, 0.0) == 2000
    assert level(budgets, 0.0, "requests") == 9


@pytest.mark.parametrize(
    ("stated", "told", "binds"), [(4000, 8000, 4000), (8000, 4000, 4000), (8000, 8000, 8000)]
)
def test_the_lower_of_what_is_stated_and_told_binds(stated: int, told: int, binds: int) -> None:
    """A user keeps below what the vendor allows; who states more than there is learns better."""
    budgets = Budgets()
    budgets.state([LimitReading("tokens", "minute", stated)], 0.0)
    budgets.learn(reading(told, told), 0.0)
    budgets.reserve(REQUEST, 0.0)
    budgets.learn(reading(told - 3000, told), 0.0)
    bucket = budgets.buckets["tokens", "minute"]
    assert (bucket.limit, bucket.whole) == (binds, told)
    assert bucket.level_at(0.0) <= (told - 3000) * binds / told


def test_what_the_user_no_longer_states_binds_no_more() -> None:
    """A limit that only the config file of an earlier run stated is not remembered."""
    budgets = Budgets()
    budgets.restore([Bucket("tokens", "minute", 500, 500, 0.0)])
    budgets.restore([Bucket("requests", "minute", 30, 30, 0.0, learnt=True)])
    budgets.state([], 0.0)
    assert list(budgets.buckets) == [("requests", "minute")]


def test_what_another_process_wrote_a_moment_later_refills_once() -> None:
    """Whoever read the clock before it waited for the row finds the bucket ahead of that moment."""
    ahead = Bucket("requests", "minute", 60, 10, 5.0)
    assert ahead.take(1, 4.0).level_at(6.0) == 10
    assert ahead.corrected(-math.inf, 9, 4.0).level_at(6.0) == 10
    budgets = Budgets({("requests", "minute"): ahead})
    budgets.state_limit("requests", "minute", 30, 4.0)
    assert budgets.buckets["requests", "minute"].level_at(5.0) == -20


def test_budgets_of_the_provider_bind_each_model() -> None:
    """A limit of the whole account: calls of all models take from it, and wait for it."""
    common = Budgets()
    one, other = Budgets(common=common), Budgets(common=common)
    told = LimitReading("tokens", "minute", 6000, 6000, scope="provider")
    one.learn([told], 0.0)
    call = one.reserve(REQUEST, 0.0)
    other.reserve(REQUEST, 0.0)
    assert one.seconds_until(REQUEST, 0.0) == pytest.approx(30.0, abs=1.0)
    assert not other.fits_ever(Cost(1000, 5001))
    one.settle(call, Cost(1000, 500), 0.0)
    one.learn([LimitReading("tokens", "minute", 6000, 4500, scope="provider")], 0.0, call)
    assert common.buckets["tokens", "minute"].level_at(0.0) == pytest.approx(1500)


@given(
    st.integers(100, 20_000),
    st.integers(10, 3_000),
    st.integers(0, 3_000),
    st.tuples(
        st.sampled_from(["tokens", "input_tokens", "output_tokens", "requests"]),
        st.integers(1, 10_000),
    ),
    st.one_of(st.none(), st.integers(1, 5_000)),
)
def test_what_does_not_fit_has_a_limit_to_name(
    characters: int, least: int, more: int, known: tuple[LimitKind, int], largest: int | None
) -> None:
    """Whatever a request is too large for is named, with less there than is needed."""
    limiter = RateLimiter(Target(ModelRef("groq", "a"), max_completion_tokens=2_000))
    limiter.budgets.state_limit(known[0], "minute", known[1], 0.0)
    limiter.budgets.largest_output = largest
    demand = Demand(characters, least + more, least)
    fits = limiter.fits(demand, limiter.cost(demand))
    shortfall = limiter.shortfall(demand)
    assert (shortfall is None) == fits
    assert shortfall is None or shortfall.needed >= shortfall.most


@pytest.mark.parametrize("limit", [1, 999, 1000])
def test_a_limit_is_told_as_it_was_stated(limit: int) -> None:
    """Not as what may be planned of it; what is needed counts that instead."""
    limiter = RateLimiter(Target(ModelRef("groq", "a")))
    limiter.budgets.state_limit("tokens", "minute", limit, 0.0)
    shortfall = limiter.shortfall(Demand(2150, 600, 496))
    assert shortfall is not None
    assert (shortfall.most, shortfall.what, shortfall.bound) == (limit, "tokens a minute", "rate")
    assert shortfall.needed > limit


@pytest.mark.parametrize("kind", ["tokens", "output_tokens"])
def test_a_server_that_counts_far_more_than_was_asked_leaves_some_room(kind: LimitKind) -> None:
    """By what was too much less than nothing would be left: the part that the limit is of it."""
    budgets = Budgets()
    budgets.learn_largest(REQUEST, kind, 1000, 10_000)
    learnt = {"tokens": budgets.largest_request, "output_tokens": budgets.largest_output}[kind]
    assert learnt == REQUEST.of(kind) // 10
