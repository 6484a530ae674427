"""What to write next: the task, its identity, and the plan that covers the taxonomy evenly.

The planner fills deficits. It counts the samples that exist, and for the next one picks, axis by
axis (leaf, difficulty, sample type), the value that is furthest behind its share, alone and in
pairs with what is picked already. Counts begin with what is on disk, so that a batch goes on where
the last one ended, and a task that is given up simply leaves its deficit for another to fill.

Leaves that nothing tells apart wait in one queue, so that a task costs as much with 100,000 leaves
as with a hundred (measured: 0.05 ms, 60 MB).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from heapq import heapify, heappop, heappush
from random import Random
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from legalgen.errors import UsageError
from legalgen.law.axes import Filter, Topic
from legalgen.law.shares import CellIndex, Shares
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.files import DataDir
from legalgen.store.parts import Cell, Summary, cell_of

PARK_AFTER = 3
"""So many failures of a cell without a success between them, and it is not offered again."""

PAIR_WEIGHT = 2.0
NUDGE = 0.05
"""How much a leaf's area and jurisdiction count beside the leaf itself: enough to break ties, so
that a batch smaller than the taxonomy spreads over both; never enough to visit a leaf twice."""
NOISE = 1e-3


class Task(msgspec.Struct, frozen=True):
    """One slot of a batch's plan: what the sample shall be about, decided before any call.

    All ids are the taxonomy's. ``seed`` drives every variation drawn inside the cell (names,
    sector, stage, ...); ``variation`` counts how often the slot was started anew after a refusal,
    so that (``seed``, ``variation``) identifies the prompt. ``as_of`` is the month as at which the
    law is asked for, ``YYYY-MM``; it is empty until a model is chosen (``dated``), and stays so
    where nobody knows how far that model's knowledge goes. ``turn`` counts the samples of its leaf
    that were planned before it or stood there already. ``point`` is what decides it, where points
    are asked for (:mod:`legalgen.law.points`); each variation has its own.
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
    turn: int = 0
    point: str = ""

    @property
    def cell(self) -> Cell:
        """The coverage cell: jurisdiction, practice area, topic, difficulty, sample type."""
        return cell_of(self)


def renew(task: Task) -> Task:
    """The same task started anew: other names, sector, stage and figures in the same cell."""
    return replace(task, variation=task.variation + 1, point="")


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
        self._shares = Shares(taxonomy, self._leaves)
        self._tally = _Tally(self._shares)
        self._fails: dict[CellIndex, int] = {}
        self._parked: dict[CellIndex, Cell] = {}
        self._retaken: dict[int, int] = {}
        self._is_planning = False
        self._returned: list[tuple[Task, CellIndex, bool]] = []
        for at, count in self._known(counts):
            self._tally.add(at, count)
        self._queue = _Queue(self._shares, self._tally, _Noise(seed, self._shares))
        self._held_by = array("l", self._tally.leaf)
        self._turns: dict[int, _Turn] = {}

    # ------------------------------------------------------------------ the plan

    def take(self, slot: int) -> Task | None:
        """The next task, counted as if it were written; None when every cell is parked."""
        at = self._furthest_behind()
        if at is None:
            return None
        self._count(at, 1)
        return self._task(slot, at)

    def plan(self, n: int, first_slot: int = 0) -> list[Task]:
        """The next ``n`` tasks in consecutive slots; fewer only when every cell is parked."""
        return list(self.planned(n, first_slot))

    def planned(self, n: int, first_slot: int = 0) -> Iterator[Task]:
        """As ``plan``, each task taken when it is asked for, whatever is given up meanwhile.

        What is given up before the last task was asked for changes the plan after that, so that
        a batch that is resumed has the tasks that it had.
        """
        self._is_planning = True
        return self._taken(range(first_slot, first_slot + n))

    def _taken(self, slots: Iterable[int]) -> Iterator[Task]:
        for slot in slots:
            if (task := self.take(slot)) is not None:
                yield task
        self._is_planning = False
        for returned in self._returned:
            self._take_back(*returned)
        self._returned = []

    def give_up(self, task: Task) -> None:
        """Return a task that could not be written; the third failure of its cell parks it.

        Raises:
            ValueError: the task's cell is none of this plan.
        """
        at = self._at(task.cell)
        if at is None:
            raise ValueError(f"{task.cell} is not a cell of this plan")
        self._fails[at] = self._fails.get(at, 0) + 1
        parks = self._fails[at] >= PARK_AFTER and at not in self._parked
        if parks:
            self._parked[at] = self._cell(at)
        if self._is_planning:
            self._returned.append((task, at, parks))
        else:
            self._take_back(task, at, parks)

    def _take_back(self, task: Task, at: CellIndex, parks: bool) -> None:
        """Count a task that was given up out again; its last failure closes its cell."""
        self._count(at, -1)
        self._retaken[task.slot] = task.variation + 1
        if parks:
            self._shares.park(at)
            self._queue.moved(at[0])

    def avoid(self, cells: Iterable[Cell]) -> None:
        """Park cells before anything is planned; all are open where nothing else would be left."""
        known = ((at, cell) for cell in cells if (at := self._at(cell)) is not None)
        places = {at: cell for at, cell in known if at not in self._parked}
        if len(places) >= self._shares.open_cells:
            return
        for at, cell in places.items():
            self._parked[at] = cell
            self._shares.park(at)
            self._queue.moved(at[0])

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
        return tuple(self._parked.values())

    # ------------------------------------------------------------------ the choice

    def _furthest_behind(self) -> CellIndex | None:
        """The open cell that is furthest behind, axis by axis."""
        shares, tally = self._shares, self._tally
        i = tally.total + 1
        leaf = self._queue.first(i)
        if leaf is None:
            return None
        noise, peers = self._queue.ties, shares.of(leaf)
        counted = tally.leaf_difficulty[leaf * len(shares.difficulties) :]
        difficulty = _argmax(
            shares.difficulty[d] * i
            - tally.difficulty[d]
            + noise.difficulty[d]
            + PAIR_WEIGHT * (peers.by_difficulty[d] * i - counted[d])
            if peers.open[d]
            else None
            for d in shares.difficulties
        )
        return leaf, difficulty, self._sample_type(i, leaf, difficulty, noise.sample_type)

    def _sample_type(self, i: int, leaf: int, difficulty: int, noise: Sequence[float]) -> int:
        shares, tally, peers = self._shares, self._tally, self._shares.of(leaf)
        allowed = peers.open[difficulty]
        by_leaf, of_leaf = peers.by_type, tally.leaf_type[leaf * len(shares.sample_types) :]
        by_level, of_level = shares.difficulty_type[difficulty], tally.difficulty_type[difficulty]
        return _argmax(
            shares.sample_type[t] * i
            - tally.sample_type[t]
            + noise[t]
            + PAIR_WEIGHT * ((by_leaf[t] + by_level[t]) * i - of_leaf[t] - of_level[t])
            - tally.cell.get((leaf, difficulty, t), 0)
            if t in allowed
            else None
            for t in shares.sample_types
        )

    def _count(self, at: CellIndex, count: int) -> None:
        self._tally.add(at, count)
        self._queue.moved(at[0])

    # ------------------------------------------------------------------ cells and tasks

    def _task(self, slot: int, at: CellIndex) -> Task:
        leaf = self._leaves[at[0]]
        jurisdiction, practice_area, topic, difficulty, sample_type = self._cell(at)
        if (turn := self._turns.get(at[0])) is None:
            turn = self._turns[at[0]] = _Turn(self._seed, leaf, self._held_by[at[0]])
        number, subtopic = turn.next()
        return Task(
            slot=slot,
            jurisdiction=jurisdiction,
            sub_jurisdiction=leaf.sub_jurisdiction,
            practice_area=practice_area,
            topic=topic,
            subtopic=subtopic,
            difficulty=difficulty,
            sample_type=sample_type,
            as_of=self._as_of,
            seed=slot_seed(self._seed, slot, self._held),
            variation=self._retaken.get(slot, 0),
            turn=number,
        )

    def _cell(self, at: CellIndex) -> Cell:
        leaf, difficulty, sample_type = at
        return (
            *self._leaves[leaf].key,
            self._shares.difficulty_ids[difficulty],
            self._shares.type_ids[sample_type],
        )

    def _at(self, cell: Cell) -> CellIndex | None:
        return self._shares.at(cell[:3], *cell[3:])

    def _known(self, counts: Mapping[Cell, int]) -> Iterator[tuple[CellIndex, int]]:
        for cell, count in counts.items():
            at = self._at(cell)
            if at is not None and count > 0:
                yield at, count


# ---------------------------------------------------------------------------- what may be planned


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
    def topics(self) -> int:
        """How many topics there are."""
        return len(self.taxonomy.leaves(self.chosen))

    @property
    def unsuited(self) -> str | None:
        """As of :meth:`legalgen.law.taxonomy.Taxonomy.unsuited`."""
        return self.taxonomy.unsuited(self.chosen)


# ---------------------------------------------------------------------------- counts and ties


class _Tally:
    """How many samples there are of every axis, pair and cell; kept up to date, never counted.

    ``leaf_difficulty`` and ``leaf_type`` have the counts of one leaf after those of another.
    """

    def __init__(self, shares: Shares) -> None:
        leaves = len(shares.area_of)
        levels, types = len(shares.difficulties), len(shares.sample_types)
        self._shares = shares
        self.total = 0
        self.leaf = array("l", [0]) * leaves
        self.difficulty = [0] * levels
        self.sample_type = [0] * types
        self.area = [0] * len(shares.areas)
        self.home = [0] * len(shares.homes)
        self._leaf_difficulty = array("l", [0]) * (leaves * levels)
        self._leaf_type = array("l", [0]) * (leaves * types)
        self.leaf_difficulty = memoryview(self._leaf_difficulty)
        self.leaf_type = memoryview(self._leaf_type)
        self.difficulty_type = [[0] * types for _ in range(levels)]
        self.cell: dict[CellIndex, int] = {}

    def add(self, at: CellIndex, count: int) -> None:
        """Count a cell's samples in, or out when ``count`` is negative."""
        leaf, difficulty, sample_type = at
        self.total += count
        self.leaf[leaf] += count
        self.difficulty[difficulty] += count
        self.sample_type[sample_type] += count
        self.area[self._shares.area_of[leaf]] += count
        self.home[self._shares.home_of[leaf]] += count
        self._leaf_difficulty[leaf * len(self.difficulty) + difficulty] += count
        self._leaf_type[leaf * len(self.sample_type) + sample_type] += count
        self.difficulty_type[difficulty][sample_type] += count
        self.cell[at] = self.cell.get(at, 0) + count


class _Ties(msgspec.Struct, frozen=True):
    """Small numbers that decide between equals, one for each value of each axis."""

    leaf: Sequence[float]
    difficulty: Sequence[float]
    sample_type: Sequence[float]


class _Noise:
    """Ties that are drawn anew for each pass over the leaves, from the seed and the pass alone."""

    def __init__(self, seed: int, shares: Shares) -> None:
        self._seed = seed
        self._sizes = (len(shares.area_of), len(shares.difficulties), len(shares.sample_types))
        self._drawn = -1
        self._ties = _Ties((), (), ())

    def at(self, i: int) -> _Ties:
        """The ties for the ``i``-th sample."""
        now = (i - 1) // self._sizes[0]
        if now != self._drawn:
            rng = Random(f"ties:{self._seed}:{now}")
            drawn = (array("d", (rng.random() * NOISE for _ in range(n))) for n in self._sizes)
            self._ties = _Ties(*drawn)
            self._drawn = now
        return self._ties


_Waiting: TypeAlias = tuple[int, float, int]
"""A leaf in its queue: its samples, its tie with the sign turned, its number; least comes first."""


class _Queue:
    """The leaf that is furthest behind its share: of each group of peers the first in its queue.

    Peers have one share, so whoever has fewest samples is first, and the tie decides between
    equals. A leaf whose count has changed is queued once more, and its old place passed over when
    it comes up: a heap, in which a change costs the logarithm of the group's size.
    """

    def __init__(self, shares: Shares, tally: _Tally, noise: _Noise) -> None:
        self._shares = shares
        self._tally = tally
        self._noise = noise
        self.ties = _Ties((), (), ())
        """Those of the last choice."""
        self._heaps: dict[int, list[_Waiting]] = {}
        """By the number of a group; those of which no cell is open have none."""

    def moved(self, leaf: int) -> None:
        """Note that a leaf has other counts, or other cells open."""
        if not self.ties.leaf:
            return  # nothing was chosen yet
        group = self._shares.peers_of[leaf]
        peers = self._shares.peers[group]
        if not peers.is_open:
            return
        heap = self._heaps.setdefault(group, [])
        heappush(heap, self._waiting(leaf))
        if len(heap) > 2 * peers.size + 64:
            self._heaps[group] = list({each for each in heap if self._stands(each, group)})
            heapify(self._heaps[group])

    def first(self, i: int) -> int | None:
        """The leaf that is furthest behind when the ``i``-th sample is chosen; None: all closed."""
        if (ties := self._noise.at(i)) is not self.ties:
            self.ties = ties
            self._fill()
        shares, tally = self._shares, self._tally
        areas = _nudges(shares.area, tally.area, i)
        homes = _nudges(shares.home, tally.home, i)
        counts, peers_of = tally.leaf, shares.peers_of
        best, found = float("-inf"), None
        for group, heap in self._heaps.items():
            while heap:
                count, turned, leaf = heap[0]
                if count == counts[leaf] and group == peers_of[leaf]:  # as _stands, for each task
                    break
                heappop(heap)
            else:
                continue
            peers = shares.peers[group]
            nudge = areas[peers.area] + homes[peers.home]
            score = peers.share * i - count - turned + nudge
            if score > best or (score == best and found is not None and leaf < found):
                best, found = score, leaf
        return found

    def _fill(self) -> None:
        self._heaps = {}
        is_open = [peers.is_open for peers in self._shares.peers]
        for leaf, group in enumerate(self._shares.peers_of):
            if is_open[group]:
                self._heaps.setdefault(group, []).append(self._waiting(leaf))
        for heap in self._heaps.values():
            heapify(heap)

    def _waiting(self, leaf: int) -> _Waiting:
        return self._tally.leaf[leaf], -self.ties.leaf[leaf], leaf

    def _stands(self, waiting: _Waiting, group: int) -> bool:
        count, _, leaf = waiting
        return count == self._tally.leaf[leaf] and group == self._shares.peers_of[leaf]


class _Turn:
    """Whose turn it is among a leaf's subtopics: each once, in an order of the seed, and again."""

    def __init__(self, seed: int, leaf: Topic, start: int) -> None:
        order = list(leaf.subtopics)
        Random(f"subtopics:{seed}:{'/'.join(leaf.key)}").shuffle(order)
        self._order = order
        self._next = start

    def next(self) -> tuple[int, str]:
        """The number of the turn, and its subtopic."""
        number = self._next
        self._next += 1
        return number, self._order[number % len(self._order)]


def _nudges(shares: Sequence[float], counts: Sequence[int], i: int) -> list[float]:
    """Deficits of a wider axis, too small to outweigh a leaf's own."""
    behind = [share * i - count for share, count in zip(shares, counts, strict=True)]
    # Compared, not max(min()): for each task there is one of each area.
    return [NUDGE * (-1.0 if by < -1.0 else 1.0 if by > 1.0 else by) for by in behind]


def _argmax(scores: Iterable[float | None]) -> int:
    """Where the largest score is, the first of equals; None is no candidate."""
    best, found = float("-inf"), -1
    for at, score in enumerate(scores):
        if score is not None and score > best:
            best, found = score, at
    return found
