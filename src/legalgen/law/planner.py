"""What to write next: the task, its identity, and the plan that covers the taxonomy evenly.

The planner fills deficits. It counts the samples that exist, and for the next one picks, axis by
axis (leaf, difficulty, sample type), the value that is furthest behind its share, alone and in
pairs with what is picked already. Counts begin with what is on disk, so that a batch goes on where
the last one ended, and a task that is given up simply leaves its deficit for another to fill.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import product
from random import Random
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from legalgen.errors import UsageError
from legalgen.law.axes import Filter, Topic
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.files import DataDir
from legalgen.store.parts import Summary

Cell: TypeAlias = tuple[str, str, str, str, str]
"""Jurisdiction, practice area, topic, difficulty, sample type."""

PARK_AFTER = 3
"""So many failures of a cell without a success between them, and it is not offered again."""

PAIR_WEIGHT = 2.0
NUDGE = 0.05
"""How much a leaf's area and jurisdiction count beside the leaf itself: enough to break ties, so
that a batch smaller than the taxonomy spreads over both; never enough to visit a leaf twice."""
NOISE = 1e-3
FITTING_ROUNDS = 25

Grid: TypeAlias = list[list[float]]


class Task(msgspec.Struct, frozen=True):
    """One slot of a batch's plan: what the sample shall be about, decided before any call.

    All ids are the taxonomy's. ``seed`` drives every variation drawn inside the cell (names,
    sector, stage, ...); ``variation`` counts how often the slot was started anew after a refusal,
    so that (``seed``, ``variation``) identifies the prompt. ``as_of`` is the month as at which the
    law is asked for, ``YYYY-MM``; it is empty until a model is chosen (``dated``), and stays so
    where nobody knows how far that model's knowledge goes.
    """

    slot: int
    jurisdiction: str
    sub_jurisdiction: str
    practice_area: str
    topic: str
    subtopic: str
    difficulty: str
    sample_type: str
    as_of: str
    seed: int
    variation: int = 0

    @property
    def cell(self) -> Cell:
        """The coverage cell: jurisdiction, practice area, topic, difficulty, sample type."""
        return (
            self.jurisdiction,
            self.practice_area,
            self.topic,
            self.difficulty,
            self.sample_type,
        )


def renew(task: Task) -> Task:
    """The same task started anew: other names, sector, stage and figures in the same cell."""
    return replace(task, variation=task.variation + 1)


def dated(task: Task, as_of: str | None) -> Task:
    """The task as it is put to a model whose knowledge goes up to this month; None: unknown."""
    return replace(task, as_of=as_of or "")


def slot_seed(batch_seed: int, slot: int, held: int = 0) -> int:
    """The seed of one slot: 63 bits of BLAKE2b, the same on every machine.

    ``held`` are the rows that there were when the batch began, so that a second batch of the same
    seed does not tell the stories of the first once more.
    """
    parts = (batch_seed, slot, held) if held else (batch_seed, slot)
    digest = blake2b(":".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class TaskPlanner:
    """Says what to write next, so that the dataset covers a filter evenly.

    ``counts`` are the samples that exist, by cell; those outside the filter are none of the
    coverage, and only add to the number of rows that the slots' seeds are made from. ``seed``
    decides every tie: the same arguments and the same calls give the same tasks. Weights are the
    taxonomy's. ``as_of`` (``YYYY-MM``) dates every task; a batch leaves it to the model's choice.

    Raises:
        UsageError: the filter is unknown or leaves nothing, or ``as_of`` is not a month.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        filter: Filter,  # noqa: A002 - it is a filter
        counts: Mapping[Cell, int],
        seed: int,
        as_of: str = "",
    ) -> None:
        if as_of and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", as_of):
            raise UsageError(f"as-of {as_of!r} is not a month, YYYY-MM")
        self._seed = seed
        self._held = sum(counts.values())
        self._as_of = as_of
        self._leaves = taxonomy.leaves(filter)
        self._grid = _Grid(taxonomy, self._leaves)
        self._tally = _Tally(self._grid)
        self._fails: dict[_At, int] = {}
        self._parked: list[_At] = []
        self._retaken: dict[int, int] = {}
        for at, count in self._known(counts):
            self._tally.add(at, count)
        self._noise = _Noise(seed, self._grid)
        self._turns = [
            _Turn(seed, leaf, self._tally.leaf[at]) for at, leaf in enumerate(self._leaves)
        ]

    # ------------------------------------------------------------------ the plan

    def take(self, slot: int) -> Task | None:
        """The next task, counted as if it were written; None when every cell is parked."""
        at = self._furthest_behind()
        if at is None:
            return None
        self._tally.add(at, 1)
        return self._task(slot, at)

    def plan(self, n: int, first_slot: int = 0) -> list[Task]:
        """The next ``n`` tasks in consecutive slots; fewer only when every cell is parked."""
        return list(self.planned(n, first_slot))

    def planned(self, n: int, first_slot: int = 0) -> Iterator[Task]:
        """As ``plan``, each task taken when it is asked for."""
        taken = map(self.take, range(first_slot, first_slot + n))
        return (task for task in taken if task is not None)

    def give_up(self, task: Task) -> None:
        """Return a task that could not be written; the third failure of its cell parks it.

        Raises:
            ValueError: the task's cell is none of this plan.
        """
        at = self._at(task.cell)
        if at is None:
            raise ValueError(f"{task.cell} is not a cell of this plan")
        self._tally.add(at, -1)
        self._retaken[task.slot] = task.variation + 1
        self._fails[at] = self._fails.get(at, 0) + 1
        if self._fails[at] >= PARK_AFTER and at not in self._parked:
            self._parked.append(at)
            self._grid.park(at)

    def accept(self, task: Task) -> None:
        """Note that a task was written: its cell works, and earlier failures are forgiven.

        Without these calls a cell's failures add up over the whole batch.
        """
        at = self._at(task.cell)
        if at is not None:
            self._fails.pop(at, None)

    @property
    def parked(self) -> tuple[Cell, ...]:
        """The cells that are not offered again, in the order in which they failed."""
        return tuple(self._cell(at) for at in self._parked)

    @property
    def exhausted(self) -> bool:
        """Whether every cell is parked, so that ``take`` has nothing to give."""
        return not any(self._grid.open_leaves)

    # ------------------------------------------------------------------ the choice

    def _furthest_behind(self) -> _At | None:
        """The open cell that is furthest behind, axis by axis."""
        grid, tally = self._grid, self._tally
        if self.exhausted:
            return None
        i = tally.total + 1
        noise = self._noise.at(i)
        leaf = _argmax(self._leaf_scores(i, noise.leaf))
        difficulty = _argmax(
            grid.difficulty[d] * i
            - tally.difficulty[d]
            + noise.difficulty[d]
            + PAIR_WEIGHT * (grid.leaf_difficulty[leaf][d] * i - tally.leaf_difficulty[leaf][d])
            if grid.open[leaf][d]
            else None
            for d in grid.difficulties
        )
        return leaf, difficulty, self._sample_type(i, leaf, difficulty, noise.sample_type)

    def _leaf_scores(self, i: int, noise: Sequence[float]) -> Iterator[float | None]:
        grid, tally = self._grid, self._tally
        areas = _nudges(grid.area, tally.area, i)
        jurisdictions = _nudges(grid.jurisdiction, tally.jurisdiction, i)
        columns = zip(
            grid.open_leaves,
            grid.leaf,
            tally.leaf,
            noise,
            grid.area_of,
            grid.jurisdiction_of,
            strict=True,
        )
        for is_open, share, count, tie, area, home in columns:
            nudge = areas[area] + jurisdictions[home]
            yield share * i - count + tie + nudge if is_open else None

    def _sample_type(self, i: int, leaf: int, difficulty: int, noise: Sequence[float]) -> int:
        grid, tally = self._grid, self._tally
        allowed = grid.open[leaf][difficulty]
        by_leaf, of_leaf = grid.leaf_type[leaf], tally.leaf_type[leaf]
        by_level, of_level = grid.difficulty_type[difficulty], tally.difficulty_type[difficulty]
        return _argmax(
            grid.sample_type[t] * i
            - tally.sample_type[t]
            + noise[t]
            + PAIR_WEIGHT * ((by_leaf[t] + by_level[t]) * i - of_leaf[t] - of_level[t])
            - tally.cell.get((leaf, difficulty, t), 0)
            if t in allowed
            else None
            for t in grid.sample_types
        )

    # ------------------------------------------------------------------ cells and tasks

    def _task(self, slot: int, at: _At) -> Task:
        leaf = self._leaves[at[0]]
        jurisdiction, practice_area, topic, difficulty, sample_type = self._cell(at)
        return Task(
            slot=slot,
            jurisdiction=jurisdiction,
            sub_jurisdiction=leaf.sub_jurisdiction,
            practice_area=practice_area,
            topic=topic,
            subtopic=self._turns[at[0]].next(),
            difficulty=difficulty,
            sample_type=sample_type,
            as_of=self._as_of,
            seed=slot_seed(self._seed, slot, self._held),
            variation=self._retaken.get(slot, 0),
        )

    def _cell(self, at: _At) -> Cell:
        leaf, difficulty, sample_type = at
        return (
            *self._leaves[leaf].key,
            self._grid.difficulty_ids[difficulty],
            self._grid.type_ids[sample_type],
        )

    def _at(self, cell: Cell) -> _At | None:
        return self._grid.places.get(cell)

    def _known(self, counts: Mapping[Cell, int]) -> Iterator[tuple[_At, int]]:
        for cell, count in counts.items():
            at = self._at(cell)
            if at is not None and count > 0:
                yield at, count


_At: TypeAlias = tuple[int, int, int]
"""A cell by its places: leaf, difficulty, sample type."""


# ---------------------------------------------------------------------------- shares


class TaskSpace(msgspec.Struct, frozen=True):
    """The tasks that a batch may plan: a taxonomy under a filter."""

    taxonomy: Taxonomy
    chosen: Filter

    def counts(self, summary: Summary, data_dir: DataDir, *, rehearsal: bool) -> Mapping[Cell, int]:  # noqa: ARG002 - others look for themselves
        """How many rows each cell has; ``summary`` is of the dataset."""
        return summary.cells

    def planner(self, counts: Mapping[Cell, int], seed: int) -> TaskPlanner:
        """A plan over what is on the disk."""
        return TaskPlanner(self.taxonomy, self.chosen, counts, seed=seed)

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.taxonomy.cells(self.chosen)

    @property
    def unsuited(self) -> str | None:
        """As of :meth:`legalgen.law.taxonomy.Taxonomy.unsuited`."""
        return self.taxonomy.unsuited(self.chosen)


class _Grid:
    """The open cells, and the share of every axis and pair that evenness over them asks for.

    Shares of leaves are exact. Those of difficulties and types are fitted to them, because a leaf
    need not allow every difficulty or type (iterative proportional fitting).
    """

    def __init__(self, taxonomy: Taxonomy, leaves: Sequence[Topic]) -> None:
        self._leaves = leaves
        self._taxonomy = taxonomy
        self.difficulty_ids = _used(taxonomy.difficulties, (leaf.difficulties for leaf in leaves))
        self.type_ids = _used(taxonomy.sample_types, (leaf.sample_types for leaf in leaves))
        self.difficulties = range(len(self.difficulty_ids))
        self.sample_types = range(len(self.type_ids))
        self.area_of, self.areas = _numbered([leaf.key[:2] for leaf in leaves])
        self.jurisdiction_of, self.jurisdictions = _numbered([leaf.key[:1] for leaf in leaves])
        self.places = dict(self._cells())
        self.open: list[list[set[int]]] = [[set() for _ in self.difficulties] for _ in leaves]
        for leaf, difficulty, sample_type in self.places.values():
            self.open[leaf][difficulty].add(sample_type)
        self._fit()

    def park(self, at: _At) -> None:
        """Close a cell; shares are fitted again when a whole pair closes with it."""
        leaf, difficulty, sample_type = at
        self.open[leaf][difficulty].discard(sample_type)
        if not self.open[leaf][difficulty] or sample_type not in set().union(*self.open[leaf]):
            self._fit()

    def _cells(self) -> Iterator[tuple[Cell, _At]]:
        difficulties = {id_: at for at, id_ in enumerate(self.difficulty_ids)}
        types = {id_: at for at, id_ in enumerate(self.type_ids)}
        for at, leaf in enumerate(self._leaves):
            pairs = leaf.pairs or product(leaf.difficulties, leaf.sample_types)
            for difficulty, sample_type in pairs:
                cell = (*leaf.key, difficulty, sample_type)
                yield cell, (at, difficulties[difficulty], types[sample_type])

    def _fit(self) -> None:
        weights = self._taxonomy.weights
        self.open_leaves = [any(levels) for levels in self.open]
        self.leaf = self._leaf_shares()
        self.area = _summed(self.leaf, self.area_of, len(self.areas))
        self.jurisdiction = _summed(self.leaf, self.jurisdiction_of, len(self.jurisdictions))
        self.leaf_difficulty = _fitted(
            [[float(bool(types)) for types in levels] for levels in self.open],
            self.leaf,
            [weights.difficulty.get(id_, 1.0) for id_ in self.difficulty_ids],
        )
        self.leaf_type = _fitted(
            [[float(t in types) for t in self.sample_types] for types in self._open_types()],
            self.leaf,
            [weights.sample_type.get(id_, 1.0) for id_ in self.type_ids],
        )
        self.difficulty = _column_sums(self.leaf_difficulty)
        self.sample_type = _column_sums(self.leaf_type)
        self.difficulty_type = self._crossed()

    def _open_types(self) -> Iterator[set[int]]:
        return (set().union(*levels) for levels in self.open)

    def _leaf_shares(self) -> list[float]:
        """By weight; where jurisdictions are weighed, their shares are those, whatever they hold.

        ``jurisdiction = { uk = 2, us = 1 }`` means two thirds and one third.
        """
        raw = [
            leaf.weight * is_open
            for leaf, is_open in zip(self._leaves, self.open_leaves, strict=True)
        ]
        weights = self._taxonomy.weights.jurisdiction
        if weights:
            totals = _summed(raw, self.jurisdiction_of, len(self.jurisdictions))
            wanted = [weights.get(id_, 1.0) for (id_,) in self.jurisdictions]
            raw = [
                share * wanted[home] / totals[home] if share else 0.0
                for share, home in zip(raw, self.jurisdiction_of, strict=True)
            ]
        whole = sum(raw)
        return [share / whole for share in raw] if whole else raw

    def _crossed(self) -> Grid:
        """Shares of difficulty with type, over all leaves; none where no cell of both is open."""
        crossed = [[0.0 for _ in self.sample_types] for _ in self.difficulties]
        for share, levels, types, is_open in zip(
            self.leaf, self.leaf_difficulty, self.leaf_type, self.open, strict=True
        ):
            for difficulty, level in enumerate(levels if share else ()):
                row = crossed[difficulty]
                for at in is_open[difficulty]:
                    row[at] += level * types[at] / share
        return _fitted(crossed, self.difficulty, self.sample_type)


def _used(known: Iterable[object], used: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The ids that some leaf allows, in the taxonomy's order."""
    ids = {id_ for each in used for id_ in each}
    return tuple(id_ for id_ in (getattr(each, "id", "") for each in known) if id_ in ids)


def _numbered(keys: Sequence[tuple[str, ...]]) -> tuple[list[int], list[tuple[str, ...]]]:
    """Each key's number, and the keys by number."""
    numbers = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    return [numbers[key] for key in keys], list(numbers)


def _summed(values: Sequence[float], groups: Sequence[int], size: int) -> list[float]:
    sums = [0.0] * size
    for value, group in zip(values, groups, strict=True):
        sums[group] += value
    return sums


def _column_sums(grid: Grid) -> list[float]:
    return [sum(column) for column in zip(*grid, strict=True)]


def _fitted(support: Grid, rows: Sequence[float], columns: Sequence[float]) -> Grid:
    """Shares that are 0 where ``support`` is, sum to ``rows`` exactly and to ``columns`` nearly.

    ``columns`` need not be normalised. Where both cannot be had, the rows win.
    """
    usable = [
        weight if any(column) else 0.0
        for weight, column in zip(columns, zip(*support, strict=True), strict=True)
    ]
    whole = sum(usable) or 1.0
    grid = [[cell * weight for cell, weight in zip(row, usable, strict=True)] for row in support]
    for _ in range(FITTING_ROUNDS):
        grid = _scaled_rows(grid, rows)
        factors = [
            weight / whole / total if total else 0.0
            for weight, total in zip(usable, _column_sums(grid), strict=True)
        ]
        if all(abs(factor - 1.0) < 1e-9 for factor in factors if factor):
            break
        grid = [[cell * by for cell, by in zip(row, factors, strict=True)] for row in grid]
    return _scaled_rows(grid, rows)


def _scaled_rows(grid: Grid, rows: Sequence[float]) -> Grid:
    scaled = []
    for row, wanted in zip(grid, rows, strict=True):
        total = sum(row)
        by = wanted / total if total else 0.0
        scaled.append([cell * by for cell in row])
    return scaled


# ---------------------------------------------------------------------------- counts and ties


class _Tally:
    """How many samples there are of every axis, pair and cell; kept up to date, never counted."""

    def __init__(self, grid: _Grid) -> None:
        leaves, levels, types = len(grid.area_of), len(grid.difficulties), len(grid.sample_types)
        self._grid = grid
        self.total = 0
        self.leaf = [0] * leaves
        self.difficulty = [0] * levels
        self.sample_type = [0] * types
        self.area = [0] * len(grid.areas)
        self.jurisdiction = [0] * len(grid.jurisdictions)
        self.leaf_difficulty = [[0] * levels for _ in range(leaves)]
        self.leaf_type = [[0] * types for _ in range(leaves)]
        self.difficulty_type = [[0] * types for _ in range(levels)]
        self.cell: dict[_At, int] = {}

    def add(self, at: _At, count: int) -> None:
        """Count a cell's samples in, or out when ``count`` is negative."""
        leaf, difficulty, sample_type = at
        self.total += count
        self.leaf[leaf] += count
        self.difficulty[difficulty] += count
        self.sample_type[sample_type] += count
        self.area[self._grid.area_of[leaf]] += count
        self.jurisdiction[self._grid.jurisdiction_of[leaf]] += count
        self.leaf_difficulty[leaf][difficulty] += count
        self.leaf_type[leaf][sample_type] += count
        self.difficulty_type[difficulty][sample_type] += count
        self.cell[at] = self.cell.get(at, 0) + count


class _Ties(msgspec.Struct, frozen=True):
    """Small numbers that decide between equals, one for each value of each axis."""

    leaf: Sequence[float]
    difficulty: Sequence[float]
    sample_type: Sequence[float]


class _Noise:
    """Ties that are drawn anew for each pass over the leaves, from the seed and the pass alone."""

    def __init__(self, seed: int, grid: _Grid) -> None:
        self._seed = seed
        self._sizes = (len(grid.area_of), len(grid.difficulties), len(grid.sample_types))
        self._drawn = -1
        self._ties = _Ties((), (), ())

    def at(self, i: int) -> _Ties:
        """The ties for the ``i``-th sample."""
        now = (i - 1) // self._sizes[0]
        if now != self._drawn:
            rng = Random(f"ties:{self._seed}:{now}")
            self._ties = _Ties(*([rng.random() * NOISE for _ in range(n)] for n in self._sizes))
            self._drawn = now
        return self._ties


class _Turn:
    """Whose turn it is among a leaf's subtopics: each once, in an order of the seed, and again."""

    def __init__(self, seed: int, leaf: Topic, start: int) -> None:
        order = list(leaf.subtopics)
        Random(f"subtopics:{seed}:{'/'.join(leaf.key)}").shuffle(order)
        self._order = order
        self._next = start

    def next(self) -> str:
        """The next subtopic."""
        subtopic = self._order[self._next % len(self._order)]
        self._next += 1
        return subtopic


def _nudges(shares: Sequence[float], counts: Sequence[int], i: int) -> list[float]:
    """Deficits of a wider axis, too small to outweigh a leaf's own."""
    return [
        NUDGE * max(-1.0, min(1.0, share * i - count))
        for share, count in zip(shares, counts, strict=True)
    ]


def _argmax(scores: Iterable[float | None]) -> int:
    """Where the largest score is, the first of equals; None is no candidate."""
    best, found = float("-inf"), -1
    for at, score in enumerate(scores):
        if score is not None and score > best:
            best, found = score, at
    return found
