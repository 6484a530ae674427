"""The planner: what it covers, what it never does, and that it always comes to an end."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from legalgen.batch.schedule import Schedule
from legalgen.errors import UsageError
from legalgen.law.axes import Area, Filter, Weights
from legalgen.law.planner import PARK_AFTER, Task, TaskPlanner, renew, slot_seed
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.parts import Cell
from tests.law.plain_plan import PlainPlan

BUILTIN = Taxonomy.builtin()
EVERYTHING = Filter()


def planner(
    taxonomy: Taxonomy = BUILTIN,
    asked: Filter = EVERYTHING,
    counts: dict[Cell, int] | None = None,
    seed: int = 1,
) -> TaskPlanner:
    return TaskPlanner(taxonomy, asked, counts or {}, seed, "2026-11")


def spread(tasks: Iterable[Task], by: Callable[[Task], object]) -> tuple[int, int, int]:
    """How many values there are, and how often the rarest and the commonest come."""
    counts = Counter(map(by, tasks))
    return len(counts), min(counts.values()), max(counts.values())


def leaf(task: Task) -> object:
    return task.cell[:3]


filters = st.builds(
    Filter,
    jurisdictions=st.lists(st.sampled_from(["uk", "us", "eu"]), max_size=2).map(tuple),
    difficulties=st.lists(
        st.sampled_from(["basic", "intermediate", "advanced", "expert"]), max_size=3
    ).map(tuple),
    sample_types=st.lists(
        st.sampled_from([each.id for each in BUILTIN.sample_types]), max_size=4
    ).map(tuple),
)


# ---------------------------------------------------------------------------- identity


def test_a_slots_seed_is_the_same_everywhere() -> None:
    """The seed is a hash of batch seed and slot, not of the process."""
    assert [slot_seed(7, slot) for slot in (0, 1)] == [7985665222500292864, 2776804601523485429]
    assert len({slot_seed(seed, slot) for seed in range(30) for slot in range(30)}) == 900


def test_the_rows_there_are_change_a_slots_seed() -> None:
    """None is as if it were not said; each other number gives every slot another seed."""
    assert slot_seed(7, 0, 0) == slot_seed(7, 0) == 7985665222500292864
    assert slot_seed(7, 0, 200) == 3473816400776818117
    assert len({slot_seed(7, slot, held) for slot in range(30) for held in range(30)}) == 900


def test_renewing_changes_the_variation_alone() -> None:
    """A task begun anew stays in its cell and slot, with its seed."""
    task = planner().plan(1)[0]
    renewed = renew(renew(task))
    assert (renewed.variation, renewed.cell, renewed.seed, renewed.slot) == (
        2,
        task.cell,
        task.seed,
        task.slot,
    )


def test_the_law_of_a_task_is_its_topics() -> None:
    """The sub-jurisdiction and the subtopics come from the topic, not from the jurisdiction."""
    tasks = planner(asked=Filter(topics=("scots-crime-procedure",))).plan(7)
    home = BUILTIN.leaf("uk", "scots-criminal", "scots-crime-procedure")
    assert {task.sub_jurisdiction for task in tasks} == {"scotland"}
    assert sorted(task.subtopic for task in tasks) == sorted(home.subtopics)


@pytest.mark.parametrize("as_of", ["2026", "2026-13", "2026-1", "nov"])
def test_as_of_must_be_a_month(as_of: str) -> None:
    """The date of the law is year and month."""
    with pytest.raises(UsageError, match="is not a month, YYYY-MM"):
        TaskPlanner(BUILTIN, EVERYTHING, {}, 1, as_of)


# ---------------------------------------------------------------------------- coverage


def test_two_hundred_samples_cover_the_taxonomy_evenly() -> None:
    """200 samples: 200 different topic and difficulty pairs, 2 or 3 of each topic."""
    tasks = planner().plan(200)
    assert spread(tasks, lambda task: task.cell[:4]) == (200, 1, 1)
    assert spread(tasks, leaf) == (100, 2, 2)
    assert spread(tasks, lambda task: task.difficulty) == (4, 50, 50)
    assert spread(tasks, lambda task: task.sample_type) == (12, 16, 17)


def test_five_thousand_samples_stay_even() -> None:
    """At 5,000 every topic has 50, and every difficulty and type its share within three."""
    tasks = planner().plan(5000)
    assert spread(tasks, leaf) == (100, 50, 50)
    assert spread(tasks, lambda task: task.difficulty) == (4, 1250, 1250)
    kinds, fewest, most = spread(tasks, lambda task: task.sample_type)
    assert (kinds, most - fewest <= 6) == (12, True)
    assert spread(tasks, lambda task: task.cell)[0] > 3600  # of 4,133


def test_a_batch_smaller_than_the_taxonomy_spreads_over_jurisdictions() -> None:
    """Ten samples are ten topics, in the proportions of the jurisdictions."""
    tasks = planner().plan(10)
    assert spread(tasks, leaf) == (10, 1, 1)
    counts = Counter(task.jurisdiction for task in tasks)
    assert {"uk", "us", "eu", "international"} == set(counts)
    assert counts["uk"] in {6, 7}


def test_going_on_gives_the_spread_of_doing_it_at_once() -> None:
    """100 samples and later 100 more are as even as 200 at once."""
    first = planner().plan(100)
    rest = planner(counts=dict(Counter(task.cell for task in first)), seed=2).plan(100)
    assert spread(first + rest, lambda task: task.cell[:4]) == (200, 1, 1)
    assert spread(first + rest, leaf) == (100, 2, 2)
    assert spread(first + rest, lambda task: task.difficulty) == (4, 50, 50)


def test_what_is_on_disk_outside_the_filter_does_not_count() -> None:
    """A thousand samples elsewhere change what is drawn in the cells of a filter, not the cells."""
    asked = Filter(jurisdictions=("eu",))
    elsewhere = {("uk", "contract", "formation", "basic", "advice"): 1000, ("x",) * 5: 3}
    beside = planner(asked=asked, counts=elsewhere).plan(30)
    alone = planner(asked=asked).plan(30)
    assert [replace(task, seed=0) for task in beside] == [replace(task, seed=0) for task in alone]
    assert not {task.seed for task in beside} & {task.seed for task in alone}


def test_a_lopsided_dataset_is_brought_back_to_even() -> None:
    """After 16 samples of one topic in six, the next 80 are of the other five, 16 each."""
    asked = Filter(practice_areas=("tort",))
    counts = {("uk", "tort", "nuisance", "basic", "short_qa"): 16}
    tasks = planner(asked=asked, counts=counts).plan(80)
    assert Counter(task.topic for task in tasks)["nuisance"] == 0
    assert spread(tasks, leaf) == (5, 16, 16)
    more = Counter(task.difficulty for task in tasks)
    assert more["basic"] < min(more[each] for each in ("intermediate", "advanced", "expert"))


def weighted(tmp_path: Path, weights: str) -> Taxonomy:
    path = tmp_path / "weights.toml"
    path.write_text(f'name = "w"\n[weights]\n{weights}\n', encoding="utf-8")
    return Taxonomy.load(path)


def test_weights_are_shares_of_each_axis(tmp_path: Path) -> None:
    """Jurisdictions, difficulties and types come in the proportions that were asked for."""
    taxonomy = weighted(
        tmp_path,
        "jurisdiction = { uk = 2, us = 1, eu = 1, international = 0 }\n"
        "difficulty = { basic = 1, intermediate = 2, advanced = 2, expert = 1 }\n"
        "sample_type = { case_analysis = 3 }",
    )
    tasks = planner(taxonomy).plan(1400)
    homes = Counter(task.jurisdiction for task in tasks)
    assert set(homes) == {"uk", "us", "eu"}
    assert all(abs(homes[id_] - n) <= 3 for id_, n in {"uk": 700, "us": 350, "eu": 350}.items())
    levels = Counter(task.difficulty for task in tasks)
    for level, share in {"basic": 1, "intermediate": 2, "advanced": 2, "expert": 1}.items():
        assert abs(levels[level] - 1400 * share / 6) <= 3
    types = Counter(task.sample_type for task in tasks)
    assert abs(types["case_analysis"] - 300) <= 3
    assert abs(types["short_qa"] - 100) <= 3


def test_a_weight_on_a_topic_is_its_share(tmp_path: Path) -> None:
    """An area that weighs three comes three times as often, topic by topic."""
    path = tmp_path / "w.toml"
    path.write_text('[[area]]\nid = "tort"\njurisdictions = ["uk"]\nweight = 3\n', encoding="utf-8")
    asked = Filter(practice_areas=("tort", "trusts"))
    tasks = planner(Taxonomy.load(path), asked).plan(200)
    counts = Counter(task.practice_area for task in tasks)
    assert counts == {"tort": 180, "trusts": 20}


# ---------------------------------------------------------------------------- laws


@given(asked=filters, seed=st.integers(0, 2**63), n=st.integers(1, 150))
def test_a_plan_keeps_to_its_filter(asked: Filter, seed: int, n: int) -> None:
    """Every task is a cell that the filter and the topic allow; topics differ by at most one."""
    allowed = {leaf.key: leaf for leaf in BUILTIN.leaves(asked)}
    tasks = planner(asked=asked, seed=seed).plan(n)
    assert [task.slot for task in tasks] == list(range(n))
    for task in tasks:
        home = allowed[task.jurisdiction, task.practice_area, task.topic]
        assert task.difficulty in home.difficulties
        assert task.sample_type in home.sample_types
        assert task.subtopic in home.subtopics
    counts = Counter(map(leaf, tasks))
    most = max(counts.values())
    fewest = min(counts.get(key, 0) for key in allowed)
    assert most - fewest <= 1


@given(seed=st.integers(0, 2**32), n=st.integers(1, 120))
def test_a_plan_is_a_function_of_its_arguments(seed: int, n: int) -> None:
    """The same arguments give the same tasks, and a shorter plan is the beginning of a longer."""
    tasks = planner(seed=seed).plan(n)
    assert planner(seed=seed).plan(n) == tasks
    assert planner(seed=seed).plan(n // 2) == tasks[: n // 2]


@given(seed=st.integers(0, 2**32), fails=st.sets(st.integers(0, 199)))
def test_axes_stay_even_when_tasks_are_given_up(seed: int, fails: set[int]) -> None:
    """A task that is given up leaves its deficit to another: what is kept stays even."""
    plan = planner(seed=seed)
    kept = []
    for slot in range(200):
        task = plan.take(slot)
        assert task is not None
        if slot in fails:
            plan.give_up(task)
        else:
            kept.append(task)
    if not kept:
        return
    counts = Counter(map(leaf, kept))
    assert max(counts.values()) - min(counts.get(each.key, 0) for each in BUILTIN.leaves()) <= 1
    levels = Counter(task.difficulty for task in kept)
    assert max(levels.values()) - min(levels.get(d.id, 0) for d in BUILTIN.difficulties) <= 4


@given(seed=st.integers(0, 2**32), broken=st.sampled_from(["short_qa", "advice"]))
def test_a_parked_cell_never_comes_again(seed: int, broken: str) -> None:
    """A cell that fails three times is offered three times; the others go on."""
    asked = Filter(topics=("homicide", "cisg"), sample_types=("short_qa", "advice"))
    plan = planner(asked=asked, seed=seed)
    offered: Counter[Cell] = Counter()
    for slot in range(200):
        task = plan.take(slot)
        assert task is not None
        assert task.cell not in plan.parked
        offered[task.cell] += 1
        if task.sample_type == broken:
            plan.give_up(task)
    assert {cell: n for cell, n in offered.items() if cell[4] == broken} == dict.fromkeys(
        plan.parked, PARK_AFTER
    )
    assert len(plan.parked) == 8
    assert plan.take(200) is not None


weights_asked = st.builds(
    Weights,
    jurisdiction=st.dictionaries(st.sampled_from(["uk", "us", "eu"]), st.sampled_from([0.5, 3.0])),
    difficulty=st.dictionaries(st.sampled_from(["basic", "expert"]), st.sampled_from([0.0, 2.0])),
    sample_type=st.dictionaries(st.sampled_from(["advice", "ethics"]), st.sampled_from([0.0, 5.0])),
)
FEW = Filter(
    practice_areas=("tort", "trusts", "family", "contract"),
    sample_types=("advice", "ethics", "short_qa", "concept"),
)


@given(
    asked=st.one_of(st.just(FEW), st.just(Filter(topics=("homicide", "cisg", "formation")))),
    weights=weights_asked,
    seed=st.integers(0, 2**32),
    there=st.lists(st.integers(0, 60), max_size=30),
    fates=st.tuples(
        st.lists(st.sampled_from("kkkg"), min_size=60, max_size=90),
        st.sampled_from(["", "advice", "basic", "formation"]),
    ),
)
def test_queues_give_what_looking_at_every_topic_gives(
    asked: Filter, weights: Weights, seed: int, there: list[int], fates: tuple[list[str], str]
) -> None:
    """The same cells in the same order, whatever is there, is given up or parked."""
    taxonomy = replace(BUILTIN, weights=weights)
    first = planner(taxonomy, asked, seed=5).plan(61)
    counts = dict(Counter(first[at].cell for at in there))
    plan, plain = planner(taxonomy, asked, counts, seed), PlainPlan(taxonomy, asked, counts, seed)
    given_up, broken = fates
    for slot, fate in enumerate(given_up):
        task, cell = plan.take(slot), plain.take()
        assert (task and task.cell) == cell
        if task is not None and (fate == "g" or broken in task.cell):
            plan.give_up(task)
            plain.give_up(task.cell)


def test_a_task_costs_no_more_where_there_are_many_topics() -> None:
    """Counted, not timed: a hundred tasks of 20,000 topics look at each topic once, to queue it."""
    [leaf, *_] = BUILTIN.leaves()
    topics = tuple(replace(leaf, id=f"s{at}", pairs=()) for at in range(20_000))
    area = Area(leaf.jurisdiction, leaf.practice_area, "texts", "commercial", topics)
    plan = planner(replace(BUILTIN, areas=(area,)))
    calls: Counter[str] = Counter()
    plan.take(0)
    sys.setprofile(lambda frame, event, _: calls.update([event]))
    try:
        tasks = plan.plan(100, first_slot=1)
    finally:
        sys.setprofile(None)
    assert len({task.topic for task in tasks}) == 100
    assert calls.total() < 100 * 500


# ---------------------------------------------------------------------------- giving up


def test_a_plan_whose_every_cell_fails_is_exhausted() -> None:
    """Three failures of each cell, then there is nothing to take, and the plan says so."""
    asked = Filter(topics=("homicide",), sample_types=("short_qa", "advice"))
    plan = planner(asked=asked)
    taken = 0
    while (task := plan.take(taken)) is not None:
        plan.give_up(task)
        taken += 1
        assert taken <= 8 * PARK_AFTER
    assert (taken, len(set(plan.parked))) == (8 * PARK_AFTER, 8)
    assert plan.plan(5) == []


def test_a_success_forgives_earlier_failures() -> None:
    """In a plan of one cell, failures between successes never park it."""
    asked = Filter(topics=("homicide",), difficulties=("basic",), sample_types=("advice",))
    plan = planner(asked=asked)
    for slot in range(30):
        task = plan.take(slot)
        assert task is not None
        (plan.accept if slot % PARK_AFTER == 2 else plan.give_up)(task)
    assert plan.parked == ()


def test_a_slot_that_is_taken_again_gets_another_variation() -> None:
    """The same slot has the same seed, so the variation must tell its two tasks apart."""
    plan = planner(
        asked=Filter(topics=("homicide",), difficulties=("basic",), sample_types=("advice",))
    )
    first = plan.take(4)
    assert first is not None
    plan.give_up(renew(first))
    second = plan.take(4)
    assert second is not None
    assert (second.seed, second.cell, second.variation) == (first.seed, first.cell, 2)


def test_only_a_task_of_the_plan_can_be_given_up() -> None:
    """A foreign task is the caller's mistake, and is not counted."""
    task = planner(asked=Filter(jurisdictions=("us",))).plan(1)[0]
    with pytest.raises(ValueError, match="not a cell of this plan"):
        planner(asked=Filter(jurisdictions=("eu",))).give_up(task)


def test_parking_whole_topics_leaves_the_rest_even() -> None:
    """When every cell of a topic is parked, its share goes to the others in equal parts."""
    plan = planner(asked=Filter(practice_areas=("tort",), sample_types=("advice",)))
    kept = []
    for slot in range(300):
        task = plan.take(slot)
        assert task is not None
        if task.topic == "nuisance":
            plan.give_up(task)
        else:
            kept.append(task)
    values, fewest, most = spread(kept, leaf)
    assert (values, most - fewest <= 1) == (5, True)


@given(st.integers(0, 5), st.lists(st.booleans(), min_size=40, max_size=40))
def test_tasks_are_the_planned_ones_whenever_they_are_drawn(seed: int, fates: list[bool]) -> None:
    """A schedule draws each task when its turn comes; what was given up before changes none."""
    size = len(fates)
    eager, plan = planner(seed=seed).plan(size), planner(seed=seed)
    schedule = Schedule(plan, plan.planned(size), target=size, accepted=0, next_slot=size)
    drawn = []
    for good in fates:
        job = schedule.next(0)
        assert job is not None
        drawn.append(job.task)
        if good:
            schedule.accept(job.task)
        else:
            schedule.give_up(job)
    assert drawn == eager
    missing = fates.count(False)
    substitutes = [schedule.next(at) for at in range(missing)]
    assert [job and job.task.slot for job in substitutes] == list(range(size, size + missing))


@given(
    seed=st.integers(0, 2**32),
    topics=st.sampled_from([("homicide",), ("homicide", "cisg")]),
    fates=st.lists(st.sampled_from("kag"), min_size=40, max_size=120),
)
def test_what_follows_a_plan_is_the_same_whenever_it_was_drawn(
    seed: int, topics: tuple[str, ...], fates: list[str]
) -> None:
    """Substitutes and parked cells: as if all had been drawn before the first was given up."""
    asked = Filter(topics=topics, sample_types=("short_qa", "advice"))

    def run(plan: TaskPlanner, planned: Iterator[Task]) -> tuple[list[Task], tuple[Cell, ...]]:
        met = []
        for slot, fate in enumerate(fates):
            task = next(planned, None) or plan.take(slot)
            if task is None:
                break
            met.append(task)
            if fate == "g" or task.cell in plan.parked:
                plan.give_up(task)
            elif fate == "a":
                plan.accept(task)
        return met, plan.parked

    late, early = planner(asked=asked, seed=seed), planner(asked=asked, seed=seed)
    assert run(late, late.planned(30)) == run(early, iter(early.plan(30)))


def test_giving_up_one_task_draws_no_other() -> None:
    """A batch of a hundred thousand does not stand still when its first task is given up."""
    plan = planner()
    drawn = []

    def noted() -> Iterator[Task]:
        for task in plan.planned(100_000):
            drawn.append(task.slot)
            yield task

    schedule = Schedule(plan, noted(), target=100_000, accepted=0, next_slot=100_000)
    job = schedule.next(0)
    assert job is not None
    schedule.give_up(job)
    assert (schedule.next(0) is not None, drawn) == (True, [0, 1])


# --- what contradicts itself -------------------------------------------------------------------

CONTRADICTIONS = {
    *product(["basic"], ["case_analysis", "ethics", "comparative"]),
    *product(["expert"], ["concept", "case_note"]),
}


def pairs_of(asked: Filter, n: int = 3000) -> set[tuple[str, str]]:
    found = TaskPlanner(BUILTIN, asked, {}, 1).plan(n)
    return {(task.difficulty, task.sample_type) for task in found}


def test_a_plan_draws_no_pair_that_contradicts_itself() -> None:
    """Each other pair of the built-in taxonomy is drawn, and both axes stay even."""
    every = set(product(["basic", "intermediate", "advanced", "expert"], TYPES))
    assert pairs_of(EVERYTHING) == every - CONTRADICTIONS
    tasks = TaskPlanner(BUILTIN, EVERYTHING, {}, 1).plan(1200)
    by_level = Counter(task.difficulty for task in tasks)
    by_type = Counter(task.sample_type for task in tasks)
    assert max(by_level.values()) - min(by_level.values()) <= 12
    assert max(by_type.values()) - min(by_type.values()) <= 12


TYPES = [each.id for each in BUILTIN.sample_types]


def test_one_axis_alone_asks_for_no_contradiction() -> None:
    """``--difficulty basic`` leaves out what is never basic; ``--sample-type ethics`` the basic."""
    for difficulty in ("basic", "expert"):
        assert not pairs_of(Filter(difficulties=(difficulty,)), 500) & CONTRADICTIONS
    for kind in ("ethics", "concept"):
        assert not pairs_of(Filter(sample_types=(kind,)), 500) & CONTRADICTIONS
        assert BUILTIN.unsuited(Filter(sample_types=(kind,))) is None


def test_a_contradiction_that_was_asked_for_is_made_and_said() -> None:
    """Both axes are named, and one of them could not be had otherwise."""
    asked = Filter(difficulties=("basic",), sample_types=("case_analysis", "short_qa"))
    assert pairs_of(asked, 500) == {("basic", "case_analysis"), ("basic", "short_qa")}
    said = BUILTIN.unsuited(asked)
    assert said is not None
    assert said.endswith("because it was asked for: basic case_analysis")
    both = Filter(difficulties=("basic", "expert"), sample_types=("concept", "ethics"))
    assert pairs_of(both, 500) == {("basic", "concept"), ("expert", "ethics")}
    assert BUILTIN.unsuited(both) is None
