"""The order in which several workers run the tests: what may take long first.

Each worker begins with a share of the list, in a piece, and one that is done takes the end of
another's. So each share begins with the files that start processes, and ends with what takes
milliseconds; else at the end of a run one worker would be busy with a long test alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

LONG = ("browser", "process", "server")
"""Markers of tests that may take seconds."""


class LongFirst:
    """A plugin for a worker of pytest-xdist."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    @pytest.hookimpl(trylast=True)  # what is not selected is gone by then
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Deal the tests; the same in each worker, as they must agree on the order."""
        items[:] = dealt(items, self._workers)


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """A share for each worker one after another: long files by turns, then the rest."""
    by_file = [list(group) for _, group in itertools.groupby(items, lambda item: item.path)]
    long = sorted((file for file in by_file if _weight(file)), key=_weight, reverse=True)
    short = list(itertools.chain.from_iterable(file for file in by_file if not _weight(file)))
    found: list[pytest.Item] = []
    for number in range(workers):
        found += itertools.chain.from_iterable(long[number::workers])
        found += short[len(short) * number // workers : len(short) * (number + 1) // workers]
    return found


def _weight(file: Sequence[pytest.Item]) -> int:
    """How many tests of a file may take long."""
    return sum(any(map(item.get_closest_marker, LONG)) for item in file)
