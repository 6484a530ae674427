"""The choice of a plan as its definition says it: every leaf is fitted and looked at, each time.

``TaskPlanner`` gives the same cells with queues and groups; a test compares the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from random import Random

from legalgen.law.axes import Filter
from legalgen.law.planner import NOISE, NUDGE, PAIR_WEIGHT, PARK_AFTER
from legalgen.law.taxonomy import Taxonomy
from legalgen.store.parts import Cell

ROUNDS = 25


class PlainPlan:
    """Takes and gives up cells; ``counts`` are those there are."""

    def __init__(
        self, taxonomy: Taxonomy, asked: Filter, counts: dict[Cell, int], seed: int
    ) -> None:
        self.leaves = taxonomy.leaves(asked)
        self.weights = taxonomy.weights
        self.levels = [d.id for d in taxonomy.difficulties
                       if any(d.id in leaf.difficulties for leaf in self.leaves)]  # fmt: skip
        self.kinds = [t.id for t in taxonomy.sample_types
                      if any(t.id in leaf.sample_types for leaf in self.leaves)]  # fmt: skip
        self.open = [
            {*(leaf.pairs or product(leaf.difficulties, leaf.sample_types))} for leaf in self.leaves
        ]
        known = {(*leaf.key, *pair)
                 for leaf, pairs in zip(self.leaves, self.open, strict=True)
                 for pair in pairs}  # fmt: skip
        self.counts = Counter({cell: n for cell, n in counts.items() if cell in known})
        self.fails: Counter[Cell] = Counter()
        self.seed = seed
        self.fit()

    def fit(self) -> None:
        raw = [leaf.weight * bool(pairs)
               for leaf, pairs in zip(self.leaves, self.open, strict=True)]  # fmt: skip
        if self.weights.jurisdiction:
            of: Counter[str] = Counter()
            for leaf, share in zip(self.leaves, raw, strict=True):
                of[leaf.jurisdiction] += share  # type: ignore[assignment]  # a sum of weights
            wanted = self.weights.jurisdiction
            raw = [
                share * wanted.get(leaf.jurisdiction, 1.0) / of[leaf.jurisdiction] if share else 0.0
                for leaf, share in zip(self.leaves, raw, strict=True)
            ]
        whole = sum(raw) or 1.0
        self.leaf = [share / whole for share in raw]
        self.by_level = fitted(
            [[float(any(d == level for d, _ in pairs)) for level in self.levels]
             for pairs in self.open],
            self.leaf,
            [self.weights.difficulty.get(each, 1.0) for each in self.levels],
        )  # fmt: skip
        self.by_kind = fitted(
            [[float(any(t == kind for _, t in pairs)) for kind in self.kinds]
             for pairs in self.open],
            self.leaf,
            [self.weights.sample_type.get(each, 1.0) for each in self.kinds],
        )  # fmt: skip
        self.level, self.kind = columns(self.by_level), columns(self.by_kind)
        crossed = [[0.0] * len(self.kinds) for _ in self.levels]
        for at, share in enumerate(self.leaf):
            for d, t in self.open[at] if share else ():
                y, x = self.levels.index(d), self.kinds.index(t)
                crossed[y][x] += self.by_level[at][y] * self.by_kind[at][x] / share
        self.level_kind = fitted(crossed, self.level, self.kind)

    def take(self) -> Cell | None:
        """The cell that is furthest behind, counted as written."""
        if not any(self.open):
            return None
        i = self.counts.total() + 1
        rng = Random(f"ties:{self.seed}:{(i - 1) // len(self.leaves)}")
        ties = [[rng.random() * NOISE for _ in range(n)]
                for n in (len(self.leaves), len(self.levels), len(self.kinds))]  # fmt: skip
        at = self.furthest_leaf(i, ties[0])
        key = self.leaves[at].key
        levels = {
            level: self.level[y] * i - self.count(level=level) + ties[1][y]
            + PAIR_WEIGHT * (self.by_level[at][y] * i - self.count(key, level=level))
            for y, level in enumerate(self.levels) if any(d == level for d, _ in self.open[at])
        }  # fmt: skip
        level = max(levels, key=lambda each: levels[each])
        y = self.levels.index(level)
        kinds = {
            kind: self.kind[x] * i - self.count(kind=kind) + ties[2][x]
            + PAIR_WEIGHT * ((self.by_kind[at][x] + self.level_kind[y][x]) * i
                             - self.count(key, kind=kind) - self.count(level=level, kind=kind))
            - self.counts[(*key, level, kind)]
            for x, kind in enumerate(self.kinds) if (level, kind) in self.open[at]
        }  # fmt: skip
        cell = (*key, level, max(kinds, key=lambda each: kinds[each]))
        self.counts[cell] += 1
        return cell

    def furthest_leaf(self, i: int, ties: Sequence[float]) -> int:
        scores = []
        for at, leaf in enumerate(self.leaves):
            score = self.leaf[at] * i - self.count(leaf.key) + ties[at]
            for length in (2, 1):
                inside = [x for x, each in enumerate(self.leaves)
                          if each.key[:length] == leaf.key[:length]]  # fmt: skip
                wanted = sum(self.leaf[x] for x in inside) * i
                behind = wanted - self.count(leaf.key[:length])
                score += NUDGE * max(-1.0, min(1.0, behind))
            scores.append(score if self.open[at] else float("-inf"))
        return scores.index(max(scores))

    def count(self, prefix: tuple[str, ...] = (), level: str = "", kind: str = "") -> int:
        return sum(
            n for cell, n in self.counts.items()
            if cell[: len(prefix)] == prefix and level in ("", cell[3]) and kind in ("", cell[4])
        )  # fmt: skip

    def give_up(self, cell: Cell) -> None:
        self.counts[cell] -= 1
        self.fails[cell] += 1
        at = next(x for x, leaf in enumerate(self.leaves) if leaf.key == cell[:3])
        pair = cell[3], cell[4]
        if self.fails[cell] >= PARK_AFTER and pair in self.open[at]:
            self.open[at] -= {pair}
            whole = {d for d, _ in self.open[at]}, {t for _, t in self.open[at]}
            if pair[0] not in whole[0] or pair[1] not in whole[1]:
                self.fit()


Grid = list[list[float]]


def fitted(support: Grid, rows: Sequence[float], wanted: Sequence[float]) -> Grid:
    usable = [share if any(column) else 0.0
              for share, column in zip(wanted, columns_of(support), strict=True)]  # fmt: skip
    whole = sum(usable) or 1.0
    grid = [[cell * share for cell, share in zip(row, usable, strict=True)] for row in support]
    for _ in range(ROUNDS):
        grid = scaled(grid, rows)
        by = [share / whole / total if total else 0.0
              for share, total in zip(usable, columns(grid), strict=True)]  # fmt: skip
        if all(abs(factor - 1.0) < 1e-9 for factor in by if factor):
            break
        grid = [[cell * factor for cell, factor in zip(row, by, strict=True)] for row in grid]
    return scaled(grid, rows)


def columns_of(grid: Grid) -> Iterable[Sequence[float]]:
    return zip(*grid, strict=True)


def scaled(grid: Grid, rows: Sequence[float]) -> Grid:
    return [[cell * (wanted / sum(row) if sum(row) else 0.0) for cell in row]
            for row, wanted in zip(grid, rows, strict=True)]  # fmt: skip


def columns(grid: Grid) -> list[float]:
    return [sum(column) for column in zip(*grid, strict=True)]
