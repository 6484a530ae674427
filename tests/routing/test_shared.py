"""Budgets that processes share: nobody is refused what another has taken, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest
from msgspec.structs import replace

from legalgen.completion import LimitReading, ModelRef
from legalgen.errors import ErrorCategory
from legalgen.routing.rate_limits import Budgets, Cost, OtherCall
from legalgen.routing.shared import BEAT_S, BUSY_S, LOOK_S, SILENT_S, SharedBudgets
from legalgen.routing.targets import Target
from legalgen.store.ledger import Process, this_process
from tests.simulation import Quota, Server, Time, World

A = ModelRef("groq", "a")
KEYS = {A: "groq|https://api.test|0011223344|a"}
REQUEST = Cost(1000, 2000)


def gone() -> Process:
    """A process that nobody finds: it lives as long as it is heard."""
    return replace(this_process(), pid=2**22 + 1, started_ticks="1")


class Share(Protocol):
    """Opens the budgets that processes share in a folder."""

    def __call__(
        self, folder: Path, time: Time, keys: Mapping[ModelRef, str] = KEYS, **more: Any
    ) -> SharedBudgets: ...


@pytest.fixture
def share() -> Iterator[Share]:
    """Closes at the end what it opened."""
    with contextlib.ExitStack() as closing:

        def opened(
            folder: Path, time: Time, keys: Mapping[ModelRef, str] = KEYS, **more: Any
        ) -> SharedBudgets:
            shared = SharedBudgets(folder, keys, clock=time.clock, **more)
            closing.callback(shared.close)
            return shared

        yield opened


class Company:
    """Batches of one key, each as a process of its own, at one server and on one clock."""

    def __init__(self, share: Share, folder: Path, *quotas: Quota, **server: object) -> None:
        self.share = share
        self.folder = folder
        self.time = Time()
        target = server.pop("target", Target(A))
        self.server = Server(target, list(quotas), **server)  # type: ignore[arg-type]
        self.notices: list[str] = []
        self.worlds: list[World] = []

    def join(self, workers: int = 16, process: Process | None = None) -> World:
        """One more batch."""
        exchange = self.share(self.folder, self.time, notice=self.notices.append, process=process)
        return self._join(workers, exchange)

    def join_apart(self, workers: int) -> World:
        """One more batch, on a machine of its own."""
        return self._join(workers, None)

    def _join(self, workers: int, exchange: SharedBudgets | None) -> World:
        world = World(
            [self.server],
            workers=workers,
            seed=len(self.worlds),
            time=self.time,
            exchange=exchange,
        )
        self.worlds.append(world)
        world.begin()
        return world

    def run(self, seconds: float) -> None:
        """Let time pass for all of them."""
        self.time.run(self.time.now + seconds)

    @property
    def kept(self) -> int:
        """Samples of all."""
        return sum(world.kept for world in self.worlds)

    def refused(self) -> float:
        """429s as a share of all calls."""
        return self.server.failures[ErrorCategory.RATE_LIMIT] / self.server.calls


def paid() -> tuple[Quota, ...]:
    return (
        Quota("requests", "minute", 1_000, told=True),
        Quota("tokens", "minute", 250_000, told=True),
    )


@cache
def kept_alone(refunds: bool, late: bool) -> int:
    """Samples that a batch of 24 workers writes within 90 s where it has the key for itself."""
    server = Server(Target(A), [*paid()], refunds=refunds, reads_late=late)
    return World([server], workers=24).run(90).kept


@pytest.mark.parametrize(("refunds", "late"), [(True, True), (True, False), (False, False)])
def test_three_processes_are_hardly_refused(
    share: Share, tmp_path: Path, refunds: bool, late: bool
) -> None:
    """Three batches of one key write what one would, and no more than 1 % of calls are 429s."""
    three = Company(share, tmp_path, *paid(), refunds=refunds, reads_late=late)
    for _ in range(3):
        three.join(workers=8)
    three.run(90)
    assert three.refused() <= 0.01
    assert three.kept >= 0.95 * kept_alone(refunds, late)
    assert min(world.kept for world in three.worlds) > 0.2 * three.kept


def test_clocks_that_are_set_hurt_nothing(share: Share, tmp_path: Path) -> None:
    """An hour forward, an hour back: nothing is refused for it, and nothing waits for it."""
    company = Company(share, tmp_path, *paid())
    for _ in range(3):
        company.join(workers=8)
    company.run(60)
    kept = []
    for set_by in (0.0, 3600.0, -7200.0):
        company.time.wall_offset += set_by
        before = company.kept
        company.run(60)
        kept.append(company.kept - before)
    assert company.refused() <= 0.01
    assert kept == pytest.approx([kept[0]] * 3, rel=0.1)


def test_one_that_is_killed_gives_back_within_a_minute(share: Share, tmp_path: Path) -> None:
    """Of three batches one is killed with sixteen calls in flight: the others go on as before."""
    company = Company(share, tmp_path, *paid(), latency_s=16.0)
    killed = company.join(workers=16, process=gone())
    for _ in range(2):
        company.join()
    company.run(60)
    for _ in range(100):
        company.run(0.1 if killed.router.in_flight < 16 else 0.0)
    assert killed.router.in_flight == 16
    before, killed.dead = company.kept, True
    company.run(60)
    first = company.kept - before
    company.run(60)
    assert company.refused() <= 0.01
    assert first >= 0.9 * (company.kept - before - first)
    assert not any(call.out for call in held(share, company.folder, of=killed))


def test_what_the_dead_reserved_of_a_day_comes_back(share: Share, tmp_path: Path) -> None:
    """No reply shows the tokens of a day: what a killed process held of them is given back."""
    time = Time()
    mine, theirs = Budgets(), Budgets()
    killed = share(tmp_path, time, process=gone())
    alive = share(tmp_path, time)
    theirs.state_limit("tokens", "day", 200_000, time.now)
    killed.freshen({A: theirs}, time.now)
    for _ in range(16):
        with killed.exclusive(A, theirs):
            theirs.reserve(REQUEST, time.now)
    alive.freshen({A: mine}, time.now)
    assert level(mine, time.now) == 200_000 - 16 * 3000
    time.advance(SILENT_S + BEAT_S)
    alive.freshen({A: mine}, time.now)
    assert level(mine, time.now) == 200_000
    assert mine.others == ()


def test_a_limit_that_another_process_learns_is_seen_in_a_moment(
    share: Share, tmp_path: Path
) -> None:
    """As long as none is known the file is looked at twenty times a second; then each time."""
    time = Time()
    mine, theirs = Budgets(), Budgets()
    here, there = share(tmp_path, time), share(tmp_path, time)
    here.freshen({A: mine}, time.now)
    theirs.state_limit("tokens", "day", 100_000, time.now)
    with there.exclusive(A, theirs):
        theirs.reserve(REQUEST, time.now)
    here.freshen({A: mine}, time.now)
    assert not mine.binds
    time.advance(2 * LOOK_S)
    here.freshen({A: mine}, time.now)
    assert level(mine, time.now) == 100_000 - 3000
    with there.exclusive(A, theirs):
        theirs.reserve(REQUEST, time.now)
    here.freshen({A: mine}, time.now)
    assert level(mine, time.now) == 100_000 - 2 * 3000


def test_a_process_that_leaves_is_no_longer_waited_for(share: Share, tmp_path: Path) -> None:
    """Who closes takes its place in the queue along; what it took stays taken."""
    time = Time()
    first, second = Budgets(), Budgets()
    leaving = share(tmp_path, time)
    staying = share(tmp_path, time)
    first.state_limit("tokens", "minute", 5_000, time.now)
    with leaving.exclusive(A, first):
        first.reserve(REQUEST, time.now)
        first.queue(REQUEST, time.now)
    staying.freshen({A: second}, time.now)
    time.advance(0.5)
    alone = second.buckets["tokens", "minute"].seconds_until(3000, time.now)
    assert second.seconds_until(REQUEST, time.now) > alone
    leaving.close()
    staying.freshen({A: second}, time.now)
    assert second.seconds_until(REQUEST, time.now) == pytest.approx(alone)


def test_calls_of_those_who_left_are_forgotten_by_who_comes_alone(
    share: Share, tmp_path: Path
) -> None:
    """What left while theirs were out is told to nobody any more once none of them is."""
    time = Time()
    one, two = (share(tmp_path, time) for _ in range(2))
    mine, theirs = tokens(time), tokens(time)
    two.freshen({A: theirs}, time.now)
    one.freshen({A: mine}, time.now)
    with two.exclusive(A, theirs):
        theirs.reserve(REQUEST, time.now)
    with one.exclusive(A, mine):
        call = mine.reserve(REQUEST, time.now)
    with one.exclusive(A, mine):
        mine.settle(call, REQUEST, time.now)
    for each in (one, two):
        each.close()
    time.advance(600)
    last, seen = tokens(time), Budgets()
    with share(tmp_path, time).exclusive(A, last):
        last.reserve(REQUEST, time.now)
    share(tmp_path, time).freshen({A: seen}, time.now)
    assert [call.made_at for call in seen.others] == [time.now]


def test_one_that_waited_and_gave_up_is_forgotten(share: Share, tmp_path: Path) -> None:
    """What it left is what stood there before it came: that is taken in all the same."""
    time = Time()
    first, second = tokens(time), tokens(time)
    one, other = (share(tmp_path, time) for _ in range(2))
    with other.exclusive(A, second):
        pass
    with one.exclusive(A, first):
        first.reserve(REQUEST, time.now)
    with other.exclusive(A, second):
        place = second.queue(REQUEST, time.now)
    one.freshen({A: first}, time.now)
    assert [wait.cost for wait in first.waiting] == [REQUEST]
    with other.exclusive(A, second):
        second.leave(place)
    with one.exclusive(A, first):
        assert first.waiting == ()


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 500, "c1c1c1", "93909196a1ff"])
def test_a_damaged_file_is_begun_anew_and_said(
    share: Share, tmp_path: Path, damage: bytes | str
) -> None:
    """A torn file, one of another program, a row that cannot be read: set aside, and said once."""
    time, notices = Time(), list[str]()
    budgets = tokens(time)
    before = share(tmp_path, time)
    with before.exclusive(A, budgets):
        budgets.reserve(REQUEST, time.now)
    before.close()
    path = next(tmp_path.glob("budgets-*.sqlite3"))
    if isinstance(damage, str):  # a row: no msgpack, or a text that is no UTF-8
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE model SET row = ?", (bytes.fromhex(damage),))
        connection.close()
    else:
        for each in tmp_path.glob("budgets-*.sqlite3-*"):
            each.unlink()
        path.write_bytes(damage)
    shared = share(tmp_path, time, notice=notices.append)
    for _ in range(3):
        with shared.exclusive(A, budgets):
            budgets.reserve(REQUEST, time.now)
    other = Budgets()
    share(tmp_path, time).freshen({A: other}, time.now)
    assert level(other, time.now) == level(budgets, time.now) == 100_000 - 4 * 3000
    told = [] if damage == b"" else [f"{path} is damaged or not ours: it is begun anew"]
    assert notices == told


def test_a_file_that_stays_locked_is_left_alone(
    share: Share, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process was stopped in the middle of a change: the others do not wait for it each time."""
    monkeypatch.setattr("legalgen.routing.shared.LOCK_S", 0.0)  # SQLite waits by a clock of its own
    time, notices = Time(), list[str]()
    budgets = tokens(time)
    shared = share(tmp_path, time, notice=notices.append)
    with shared.exclusive(A, budgets):
        budgets.reserve(REQUEST, time.now)
    stopped = sqlite3.connect(next(tmp_path.glob("budgets-*.sqlite3")), isolation_level=None)
    stopped.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with shared.exclusive(A, budgets):
            budgets.reserve(REQUEST, time.now)
    assert level(budgets, time.now) == 100_000 - 4 * 3000
    stopped.close()
    time.advance(BUSY_S)
    with shared.exclusive(A, budgets):
        pass
    assert level(budgets, time.now) == pytest.approx(100_000 - 3000, abs=20)
    assert notices == []


def test_a_file_that_is_removed_is_made_again(share: Share, tmp_path: Path) -> None:
    """Somebody empties the state dir while batches run: they find each other again."""
    time = Time()
    first, second = tokens(time), tokens(time)
    one, other = (share(tmp_path, time) for _ in range(2))
    with one.exclusive(A, first):
        first.reserve(REQUEST, time.now)
    shutil.rmtree(tmp_path)
    time.advance(BEAT_S)
    one.freshen({A: first}, time.now)
    with one.exclusive(A, first):
        first.reserve(REQUEST, time.now)
    with other.exclusive(A, second):
        pass
    assert level(second, time.now) == level(first, time.now)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_once(share: Share, tmp_path: Path) -> None:
    """A read-only state dir: the process goes on alone."""
    tmp_path.chmod(0o500)
    goes_on_alone(share, tmp_path)


def test_a_folder_that_is_a_file_is_said_once(share: Share, tmp_path: Path) -> None:
    """A state dir that cannot be made: the process goes on alone."""
    (tmp_path / "state").write_text("no folder")
    goes_on_alone(share, tmp_path / "state")


def goes_on_alone(share: Share, folder: Path) -> None:
    time, notices = Time(), list[str]()
    budgets = tokens(time)
    shared = share(folder, time, notice=notices.append)
    for _ in range(3):
        shared.freshen({A: budgets}, time.now)
        with shared.exclusive(A, budgets):
            budgets.reserve(REQUEST, time.now)
    assert level(budgets, time.now) == 100_000 - 3 * 3000
    assert len(notices) == 1
    assert "cannot be used" in notices[0]


def tokens(time: Time) -> Budgets:
    budgets = Budgets()
    budgets.state_limit("tokens", "day", 100_000, time.now)
    return budgets


def level(budgets: Budgets, now: float) -> float:
    return round(budgets.buckets[next(iter(budgets.buckets))].level_at(now), 0)


def held(share: Share, folder: Path, of: World) -> list[OtherCall]:
    """What others see of the calls of a process; all they see is in the file."""
    seen = Budgets()
    time = of.time
    share(folder, time).freshen({A: seen}, time.now)
    return [call for call in seen.others if call.made_at < time.now - 60]


def test_what_all_models_share_is_shared_by_all_processes(share: Share, tmp_path: Path) -> None:
    """A budget of the whole account: what one process takes for one model, another sees."""
    time, other = Time(), ModelRef("groq", "b")
    keys = KEYS | {other: KEYS[A].removesuffix("a") + "b"}
    one, two = (share(tmp_path, time, keys) for _ in range(2))
    mine, theirs = Budgets(common=Budgets()), Budgets(common=Budgets())
    told = LimitReading("tokens", "minute", 10_000, 10_000, scope="provider")
    with one.exclusive(A, mine):
        mine.learn([told], time.now)
    with one.exclusive(A, mine):
        mine.reserve(REQUEST, time.now)
    two.freshen({A: Budgets(common=theirs.common), other: theirs}, time.now)
    assert theirs.common is not None
    assert level(theirs.common, time.now) == 7000
    assert not theirs.buckets


def test_machines_that_share_a_key_by_thirds(share: Share, tmp_path: Path) -> None:
    """Three machines that know nothing of each other: no 429, and what one alone writes."""
    thirds = Company(share, tmp_path, *paid(), target=Target(A, quota_share=1 / 3))
    for _ in range(3):
        thirds.join_apart(workers=8)
    thirds.run(90)
    assert thirds.server.failures[ErrorCategory.RATE_LIMIT] == 0
    assert thirds.kept >= 0.95 * kept_alone(refunds=True, late=False)
