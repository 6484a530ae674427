"""How much of each axis is wanted: the shares that a plan fills, fitted to what topics allow.

Topics that allow the same and weigh the same are one group of peers, so that fitting and choosing
cost as much as there are groups, not topics: a batch from texts has a topic for every passage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TypeAlias

import msgspec

from legalgen.law.axes import Topic
from legalgen.law.taxonomy import Taxonomy

FITTING_ROUNDS = 25

Matrix: TypeAlias = list[list[float]]
CellIndex: TypeAlias = tuple[int, int, int]
"""A cell by its places: leaf, difficulty, sample type."""
Open: TypeAlias = tuple[frozenset[int], ...]
"""The sample types that are open at each difficulty."""


class Peers(msgspec.Struct):
    """Leaves that a plan has no reason to tell apart: of one area and weight, and open alike.

    ``share`` is that of one of them, and so are those of its difficulties and sample types.
    """

    area: int
    home: int
    weight: float
    open: Open
    size: int = 0
    share: float = 0.0
    by_difficulty: Sequence[float] = ()
    by_type: Sequence[float] = ()

    @property
    def is_open(self) -> bool:
        """Whether any cell of theirs is offered."""
        return any(self.open)


class Shares:
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
        self._difficulty_at = {id_: at for at, id_ in enumerate(self.difficulty_ids)}
        self._type_at = {id_: at for at, id_ in enumerate(self.type_ids)}
        self._leaf_at = {leaf.key: at for at, leaf in enumerate(leaves)}
        self.area_of, self.areas = _numbered([leaf.key[:2] for leaf in leaves])
        self.home_of, self.homes = _numbered([leaf.key[:1] for leaf in leaves])
        self.peers: list[Peers] = []
        self._known: dict[tuple[int, float, Open], int] = {}
        self.peers_of: list[int] = []
        """Of each leaf the number of its group."""
        opened: dict[object, Open] = {}
        for at, leaf in enumerate(leaves):
            allows = leaf.pairs or (leaf.difficulties, leaf.sample_types)
            if (open_cells := opened.get(allows)) is None:
                open_cells = opened[allows] = self._open_of(leaf)
            self.peers_of.append(self._joined(at, open_cells))
        self._fit()

    def at(
        self, topic: tuple[str, str, str], difficulty: str, sample_type: str
    ) -> CellIndex | None:
        """Where a cell stands; None: the leaves have none such."""
        at = self._leaf_at.get(topic)
        if at is None or not _allows(self._leaves[at], difficulty, sample_type):
            return None
        return at, self._difficulty_at[difficulty], self._type_at[sample_type]

    def of(self, leaf: int) -> Peers:
        """The group of a leaf."""
        return self.peers[self.peers_of[leaf]]

    @property
    def open_cells(self) -> int:
        """How many cells are open."""
        return sum(each.size * sum(map(len, each.open)) for each in self.peers)

    def park(self, place: CellIndex) -> None:
        """Close a cell; shares are fitted again when a whole pair closes with it."""
        leaf, difficulty, sample_type = place
        before = self.of(leaf)
        left = list(before.open)
        left[difficulty] -= {sample_type}
        before.size -= 1
        self.peers_of[leaf] = self._joined(leaf, tuple(left))
        now = self.of(leaf)
        if not left[difficulty] or sample_type not in set().union(*left):
            self._fit()
        elif now.size == 1:  # the first of its kind: its shares are what they were
            now.share = before.share
            now.by_difficulty, now.by_type = before.by_difficulty, before.by_type

    def _joined(self, leaf: int, open_cells: Open) -> int:
        """The group that a leaf belongs to with these cells open, with the leaf counted in it."""
        key = (self.area_of[leaf], self._leaves[leaf].weight, open_cells)
        if key not in self._known:
            self._known[key] = len(self.peers)
            self.peers.append(Peers(key[0], self.home_of[leaf], key[1], open_cells))
        self.peers[self._known[key]].size += 1
        return self._known[key]

    def _open_of(self, leaf: Topic) -> Open:
        found: list[set[int]] = [set() for _ in self.difficulties]
        for difficulty, kind in leaf.pairs or product(leaf.difficulties, leaf.sample_types):
            found[self._difficulty_at[difficulty]].add(self._type_at[kind])
        return tuple(map(frozenset, found))

    def _fit(self) -> None:
        weights = self._taxonomy.weights
        peers = [each for each in self.peers if each.size]
        self._share_out(peers)
        totals = _times([each.share for each in peers], [each.size for each in peers])
        self.area = _summed(totals, [each.area for each in peers], len(self.areas))
        self.home = _summed(totals, [each.home for each in peers], len(self.homes))
        by_difficulty = _fitted(
            [[float(bool(types)) for types in each.open] for each in peers],
            totals,
            [weights.difficulty.get(id_, 1.0) for id_ in self.difficulty_ids],
        )
        by_type = _fitted(
            [
                [float(at in found) for at in self.sample_types]
                for found in (set().union(*each.open) for each in peers)
            ],
            totals,
            [weights.sample_type.get(id_, 1.0) for id_ in self.type_ids],
        )
        for each, levels, types in zip(peers, by_difficulty, by_type, strict=True):
            each.by_difficulty = [share / each.size for share in levels]
            each.by_type = [share / each.size for share in types]
        self.difficulty = _column_sums(by_difficulty)
        self.sample_type = _column_sums(by_type)
        self.difficulty_type = self._crossed(peers, by_difficulty, by_type)

    def _share_out(self, peers: Sequence[Peers]) -> None:
        """By weight; where jurisdictions are weighed, their shares are those, whatever they hold.

        ``jurisdiction = { uk = 2, us = 1 }`` means two thirds and one third.
        """
        raw = [each.weight * each.is_open for each in peers]
        homes, sizes = [each.home for each in peers], [each.size for each in peers]
        if weights := self._taxonomy.weights.jurisdiction:
            totals = _summed(_times(raw, sizes), homes, len(self.homes))
            wanted = [weights.get(id_, 1.0) for (id_,) in self.homes]
            raw = [
                share * wanted[home] / totals[home] if share else 0.0
                for share, home in zip(raw, homes, strict=True)
            ]
        whole = sum(_times(raw, sizes))
        for each, share in zip(peers, raw, strict=True):
            each.share = share / whole if whole else share

    def _crossed(self, peers: Sequence[Peers], by_difficulty: Matrix, by_type: Matrix) -> Matrix:
        """Shares of difficulty with type, over all leaves; none where no cell of both is open."""
        crossed = [[0.0 for _ in self.sample_types] for _ in self.difficulties]
        for each, levels, types in zip(peers, by_difficulty, by_type, strict=True):
            total = each.share * each.size
            for difficulty, level in enumerate(levels if total else ()):
                row = crossed[difficulty]
                for at in each.open[difficulty]:
                    row[at] += level * types[at] / total
        return _fitted(crossed, self.difficulty, self.sample_type)


def _allows(leaf: Topic, difficulty: str, sample_type: str) -> bool:
    if leaf.pairs:
        return (difficulty, sample_type) in leaf.pairs
    return difficulty in leaf.difficulties and sample_type in leaf.sample_types


def _used(known: Iterable[object], used: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The ids that some leaf allows, in the taxonomy's order."""
    ids = {id_ for each in used for id_ in each}
    return tuple(id_ for id_ in (getattr(each, "id", "") for each in known) if id_ in ids)


def _numbered(keys: Sequence[tuple[str, ...]]) -> tuple[list[int], list[tuple[str, ...]]]:
    """Each key's number, and the keys by number."""
    numbers = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    return [numbers[key] for key in keys], list(numbers)


def _times(values: Sequence[float], sizes: Sequence[int]) -> list[float]:
    return [value * size for value, size in zip(values, sizes, strict=True)]


def _summed(values: Sequence[float], groups: Sequence[int], size: int) -> list[float]:
    sums = [0.0] * size
    for value, group in zip(values, groups, strict=True):
        sums[group] += value
    return sums


def _column_sums(grid: Matrix) -> list[float]:
    return [sum(column) for column in zip(*grid, strict=True)]


def _fitted(support: Matrix, rows: Sequence[float], columns: Sequence[float]) -> Matrix:
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


def _scaled_rows(grid: Matrix, rows: Sequence[float]) -> Matrix:
    scaled = []
    for row, wanted in zip(grid, rows, strict=True):
        total = sum(row)
        by = wanted / total if total else 0.0
        scaled.append([cell * by for cell in row])
    return scaled
