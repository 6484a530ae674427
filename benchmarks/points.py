"""What ``--points`` changes in near-duplicates and distinct n-grams, on the double's bank.

``python -m benchmarks.points`` writes batches of one topic and one sample type, with points and
without, and prints a line for each. The double has no idea of law, so its habits are put in by
hand: asked without a point, it writes on one of ``LAWS`` laws of the subtopic, of which the n-th
is n times as rare as the first (Zipf); asked with one, on that. ``habit`` is the share of its
sentences that the law decides; the rest, like names and figures, is free.

It shows that the mechanism does what it should where a model has such habits, and what it costs.
It cannot show that a model has them, nor that its rows become better: that takes rows of real
models and somebody who reads them (docs/explanation/quality.md).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterable

import msgspec

from benchmarks._harness import Room, room
from legalgen.store import parts
from legalgen.store.files import DataDir
from legalgen.store.sample import words
from tests.vendors import AnswerRequest, Config, VendorServer, points
from tests.vendors.answers import good, read_brief

LAWS = 20
HABITS = (0.0, 0.5, 0.8)
COUNTS = (20, 60)
TOPIC = ("--jurisdiction", "uk", "--topic", "formation", "--sample-type", "concept")
HEAD = (
    "| habit | rows | points | answers | refused as `DUP_*` | laws | distinct 3-grams | calls "
    "| tokens |\n|---|---|---|---|---|---|---|---|---|"
)
_SUBTOPIC = re.compile(r"^Field: .*\. Point: (.+)$", re.MULTILINE)
_SENTENCES = re.compile(r"(?<=[.?!])\s+")
_OPENING = 4
"""So many sentences of an answer name its authorities: they go with the citations."""


class Tried(msgspec.Struct, frozen=True):
    """One batch: what was asked, what it took, and how its rows differ.

    ``laws`` are how many different ones its rows are on, ``distinct`` the share of the runs of
    three words of all answers that stand there once.
    """

    habit: float
    points: bool
    rows: int
    answers: int
    refused: int
    laws: int
    distinct: float
    calls: int
    tokens: int

    @property
    def line(self) -> str:
        """A row of the table."""
        said = "yes" if self.points else "no"
        return (
            f"| {self.habit} | {self.rows} | {said} | {self.answers} | {self.refused} | "
            f"{self.laws} | {self.distinct:.3f} | {self.calls} | {self.tokens:,} |"
        )


class Habitual:
    """A source of answers with habits; ``law_of`` tells which law a question was on."""

    def __init__(self, habit: float) -> None:
        self._habit = habit
        self.law_of: dict[str, str] = {}

    def __call__(self, request: AnswerRequest) -> str:
        """The answer to one request: the same arguments, the same answer."""
        if points.wanted(request.prompt):
            return points.listed(request.prompt)
        rng = random.Random(f"habit {request.seed} {request.number}")
        law = points.point_in(request.prompt) or self._usual(request.prompt, rng)
        brief = read_brief(request.prompt)
        ruled = good(0, random.Random(law).randrange(2**31), brief)
        free = good(request.number, request.seed, brief)
        value = dict(ruled if self._habit else free)
        value["question"] = (ruled if rng.random() < self._habit else free)["question"]
        value["reasoning_steps"] = free["reasoning_steps"]
        value["answer"] = self._mixed(str(ruled["answer"]), str(free["answer"]), rng)
        self.law_of[str(value["question"])] = law
        return json.dumps(value, ensure_ascii=False)

    def _usual(self, prompt: str, rng: random.Random) -> str:
        """The law that comes to mind: the first of a subtopic most often."""
        found = _SUBTOPIC.search(prompt)
        assert found is not None
        [rank] = rng.choices(range(LAWS), [1 / n for n in range(1, LAWS + 1)])
        return f"{found[1]} {rank}"

    def _mixed(self, ruled: str, free: str, rng: random.Random) -> str:
        """The sentences that the law decides, and in the place of the others free ones."""
        if not self._habit:
            return free
        spare = iter(_SENTENCES.split(free)[_OPENING:])
        return " ".join(
            one if at < _OPENING or rng.random() < self._habit else next(spare, one)
            for at, one in enumerate(_SENTENCES.split(ruled))
        )


def tried(habit: float, count: int, *, with_points: bool, seed: int) -> Tried:
    """Write one batch; its cells are parked where nothing new comes of them."""
    source = Habitual(habit)
    with (
        VendorServer(Config.of("unlimited", answers=source, seed=seed)) as server,
        room() as bare,
    ):
        here = Room(bare.folder, server.environment())
        here.legalgen(
            "batch", "--provider", "groq", "--model", "openai/gpt-oss-120b", "--no-failover",
            "--count", str(count), "--seed", str(seed), "--concurrency", "1", *TOPIC,
            "--max-calls", str(20 * count), *(["--points"] if with_points else []),
            codes=(0, 4, 6),
        )  # fmt: skip
        return _read(here, habit, source, with_points=with_points)


def _read(here: Room, habit: float, source: Habitual, *, with_points: bool) -> Tried:
    record = here.record()
    rows = [
        row
        for batch in parts.iter_batches(DataDir(here.data), columns=("question", "answer"))
        for row in batch.to_pylist()
    ]
    refused = sum(many for code, many in record["rejected"].items() if code.startswith("DUP_"))
    models = record["models"].values()
    return Tried(
        habit=habit,
        points=with_points,
        rows=len(rows),
        answers=sum(one["calls"] for name, one in record["models"].items() if "(" not in name),
        refused=refused,
        laws=len({source.law_of[row["question"]] for row in rows}),
        distinct=distinct(row["answer"] for row in rows),
        calls=sum(one["calls"] for one in models),
        tokens=sum(one["input_tokens"] + one["output_tokens"] for one in models),
    )


def distinct(texts: Iterable[str], length: int = 3) -> float:
    """Different runs of words for each run that there is; 1: no run comes twice."""
    runs = [
        run
        for tokens in map(words, texts)
        for run in zip(*(tokens[n:] for n in range(length)), strict=False)
    ]
    return len(set(runs)) / max(1, len(runs))


def main() -> None:
    """Print the table; ``--quick`` takes one habit and the smaller batch."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.points", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one habit, twenty rows")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.stdout.write(f"{HEAD}\n")
    for habit in HABITS[-1:] if given.quick else HABITS:
        for count in COUNTS[:1] if given.quick else COUNTS:
            for with_points in (False, True):
                found = tried(habit, count, with_points=with_points, seed=given.seed)
                sys.stdout.write(f"{found.line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
