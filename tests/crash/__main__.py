"""The long form: every point of the write path, a full disk at each, and many random instants.

    python -m tests.crash --instants 200 --seed 1

Prints one line for each kind of file and one for the random instants, then what went wrong, if
anything did; exit code 1 then. It takes some ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import itertools
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.crash.trial import (
    BAD_ANSWERS,
    BATCH,
    CONCURRENCY,
    TARGET,
    Bill,
    ColdStart,
    ForkServer,
    Trial,
    Vendors,
)

NEW = (*BATCH, "-n", str(TARGET))
LONGEST_RUN_S = 0.8
"""About as long as a batch of ``TARGET`` samples runs, from its start to its end."""
FORMS = ("points", "full-disk", "random")
DISK_FAILED = 74
COLD_EVERY = 8
"""So many random instants come to one run in an interpreter of its own; the others are forks."""


class Tally:
    """What happened, by kind of file."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.kills = 0
        self.ends = 0
        self.bill = Bill()
        self.problems: list[str] = []

    def note(self, what: str, name: str, trial: Trial) -> None:
        """One trial that is over."""
        self.tried[what] += 1
        self.killed[what] += trial.kills > 0
        self.kills += trial.kills
        self.ends += trial.kills + trial.failures
        self.bill += trial.bill()
        self.problems += [f"{name}: {problem}" for problem in trial.problems]
        for problem in trial.problems:
            sys.stderr.write(f"{name}: {problem} ({trial.home})\n")

    def table(self) -> str:
        """The table, for people."""
        rows = [f"{what:<20}{n:>7}{self.killed[what]:>8}" for what, n in self.tried.items()]
        bill = self.bill
        gone = bill.good - bill.rows - bill.late
        return "\n".join(
            [
                f"{'ended around':<20}{'trials':>7}{'killed':>8}",
                *rows,
                f"{'in all':<20}{self.tried.total():>7}{self.killed.total():>8}",
                "",
                f"kills                          {self.kills}",
                f"good answers (the server)      {bill.good}",
                f"  rows                         {bill.rows}",
                f"  kept as rejected             {bill.late}",
                f"  in flight at the end         {gone} (at most {self.ends * CONCURRENCY})",
                f"bad answers (the server)       {bill.bad}",
                f"  kept as rejected             {bill.refused}",
                f"accepted and told, then lost   {bill.lost}",
                f"rows doubled                   {bill.doubled}",
                f"other problems                 {len(self.problems)}",
            ]
        )


def passages(home: Path, vendors: Vendors, server: ForkServer) -> dict[str, int]:
    """How often a run that nothing disturbs passes each point."""
    trial = Trial(home, vendors, server)
    code, passed = trial.profiled(trial.order(*NEW))
    assert code == 0, trial.error()
    return passed


def deaths(passed: dict[str, int]) -> list[tuple[str, int, str]]:
    """Every passage of every point, and the ways to die at it."""
    found = []
    for point, times in passed.items():
        for nth in range(1, times + 1):
            found.append((point, nth, "before"))
            if point.startswith("write "):
                found.append((point, nth, "half"))
        found.append((point, times, "after"))
    return found


def at_points(folder: Path, vendors: Vendors, server: ForkServer, tally: Tally) -> None:
    """Die at each of them, once."""
    passed = passages(folder / "whole", vendors, server)
    for number, (point, nth, how) in enumerate(deaths(passed)):
        with trial_in(folder / f"point-{number}", vendors, server) as trial:
            trial.run(*NEW, point=point, nth=nth, how=how)
            trial.look(readers=True)
            trial.recover()
            trial.judge()
            tally.note(point.partition(" ")[2], f"{how} {point} {nth}", trial)


def at_full_disk(folder: Path, vendors: Vendors, server: ForkServer, tally: Tally) -> None:
    """Let the disk be full from each passage of each point on that needs room."""
    passed = passages(folder / "room", vendors, server)
    for point, nth, how in deaths(passed):
        if how != "before" or point.startswith("unlink "):
            continue
        with trial_in(folder / f"full {point} {nth}".replace("/", "-"), vendors, server) as trial:
            full = trial.order(*NEW, point=point, nth=nth, errno=errno.ENOSPC, lasting=True)
            code, reached = trial.profiled(full)
            wanted = DISK_FAILED if reached[point] >= nth else 0  # appends are grouped by chance
            if code != wanted and not (code == 0 and point.endswith("health")):
                trial.problems.append(f"exits {code}: {trial.error()}")
            trial.failures += code != 0
            trial.look(readers=True)
            trial.recover()
            trial.judge()
            tally.note("a full disk", f"full from {point} {nth} on", trial)


def at_random(
    folder: Path, vendors: Vendors, server: ForkServer, rng: random.Random
) -> Iterator[tuple[str, Trial]]:
    """Die at random instants, sometimes again while going on; without end."""
    cold = ColdStart()
    for number in itertools.count(1):
        starter = cold if number % COLD_EVERY == 0 else server
        with trial_in(folder / f"random-{number}", vendors, starter) as trial:
            moments = []
            for _ in range(rng.choice((1, 1, 2, 3))):
                moments.append(rng.uniform(0.0, LONGEST_RUN_S))
                begun = rng.random() < 0.8
                trial.run_killed_after(moments[-1], *trial.next_command(), begun=begun)
                trial.look(readers=True)
            trial.recover()
            trial.judge()
            yield f"{number}: {moments}", trial


@contextlib.contextmanager
def trial_in(home: Path, vendors: Vendors, starter: ForkServer | ColdStart) -> Iterator[Trial]:
    """A trial whose home goes when nothing was wrong."""
    trial = Trial(home, vendors, starter)
    yield trial
    if not trial.problems:
        shutil.rmtree(home)


def main() -> int:
    """The command line above."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--instants", type=int, default=200, help="kills at random instants")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    parser.add_argument("--only", choices=FORMS, help="one form alone")
    parser.add_argument("--folder", type=Path, help="where trials live, and stay if they fail")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="legalgen-crash-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"}
    os.environ |= {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    tally = Tally()
    log = folder / "calls.jsonl"
    with Vendors.started(log, BAD_ANSWERS) as vendors, ForkServer.started() as server:
        if options.only in (None, "points"):
            at_points(folder, vendors, server, tally)
        if options.only in (None, "full-disk"):
            at_full_disk(folder, vendors, server, tally)
        wanted = tally.kills + options.instants
        trials = at_random(folder, vendors, server, random.Random(options.seed))
        for name, trial in trials if options.only in (None, "random") else ():
            tally.note("a random instant", name, trial)
            if tally.kills >= wanted:
                break
    sys.stdout.write(tally.table() + "\n")
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
