"""How far apart questions are in meaning, by the vectors that a batch with ``--semantic`` kept.

Imports numpy only where vectors are kept: without them there is nothing to say.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from legalgen.quality.meaning.packages import has_numpy
from legalgen.store.files import DataDir, is_folder

MOST_ROWS: Final = 5_000
"""Rows that are compared, drawn by lot: each with each, 0.3 s."""


class AreaSpread(msgspec.Struct, frozen=True):
    """A practice area, its rows, and the mean distance of a question to the nearest other one."""

    area: str
    rows: int
    distance: float


class Spread(msgspec.Struct, frozen=True):
    """Mean of 1 - cosine to the nearest other question: 0 where all ask the same.

    ``areas`` are compared within themselves, the narrowest first.
    """

    measured_on: int
    distance: float
    areas: tuple[AreaSpread, ...]


def spread(
    data_dir: DataDir, areas: Iterable[tuple[str, str]], *, rehearsal: bool = False, seed: int = 0
) -> Spread | None:
    """Measure the rows of which vectors are kept; ``areas`` are ids and their practice areas.

    Raises:
        DiskError: the state folder cannot be read.
    """
    folder = data_dir.state / "meaning" / data_dir.dataset(rehearsal=rehearsal).name
    if not is_folder(folder) or not has_numpy():
        return None
    from legalgen.quality.meaning.vectors import kept_questions  # loads numpy

    kept = kept_questions(data_dir, rehearsal=rehearsal)
    rows = [(one, area) for one, area in areas if one in kept]
    if len(rows) > MOST_ROWS:
        rows = random.Random(seed).sample(rows, MOST_ROWS)
    by_area: dict[str, list[str]] = {}
    for one, area in rows:
        by_area.setdefault(area, []).append(one)
    whole = _distance(kept, [one for one, _ in rows])
    if whole is None:
        return None
    found = [
        AreaSpread(area, len(ids), distance)
        for area, ids in by_area.items()
        if (distance := _distance(kept, ids)) is not None
    ]
    return Spread(len(rows), whole, tuple(sorted(found, key=lambda one: (one.distance, one.area))))


def _distance(kept: Mapping[str, Any], ids: list[str]) -> float | None:
    """Mean distance to the nearest other one; None of fewer than two."""
    import numpy as np  # an extra

    if len(ids) < 2:
        return None
    vectors = np.stack([kept[one] for one in ids]).astype(np.float32)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2.0)
    return round(max(0.0, 1.0 - float(cosines.max(axis=1).mean())), 3)
