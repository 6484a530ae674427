"""What servers were found to refuse of a request: parameters, and forms of ``response_format``."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from legalgen.completion import DAY_S, ModelRef, ResponseFormat

KEPT_S = 7 * DAY_S
"""How long a refusal is believed: servers are updated, and then take more."""


class Unsupported:
    """Names of what each target refuses, with when that was learnt; thread-safe.

    ``at`` is seconds since the epoch. A form of ``response_format`` is named by ``form``.
    """

    def __init__(self) -> None:
        self._names: dict[ModelRef, dict[str, float]] = {}
        self._told = set[tuple[ModelRef, str]]()
        self._lock = threading.Lock()

    def of(self, ref: ModelRef) -> frozenset[str]:
        """All that is known to be refused."""
        return frozenset(self._names.get(ref, ()))

    def add(self, ref: ModelRef, names: Iterable[str], at: float) -> None:
        """Remember names; what is known already keeps its time."""
        self.restore(ref, dict.fromkeys(names, at))

    def untold(self, ref: ModelRef, names: Iterable[str]) -> list[str]:
        """Those of the names that are refused, each the first time that it is asked for."""
        with self._lock:
            found = [name for name in names if name in self._names.get(ref, ())]
            new = [name for name in found if (ref, name) not in self._told]
            self._told.update((ref, name) for name in new)
            return new

    def restore(self, ref: ModelRef, learnt: Mapping[str, float]) -> None:
        """Take in what was known before."""
        with self._lock:  # a new table: readers need no lock
            self._names[ref] = {**learnt, **self._names.get(ref, {})}

    def learnt(self, ref: ModelRef) -> dict[str, float]:
        """Each name, and when it was learnt."""
        return dict(self._names.get(ref, {}))


def form(response_format: ResponseFormat) -> str:
    """The name of one form of ``response_format``."""
    return f"response_format={response_format}"
