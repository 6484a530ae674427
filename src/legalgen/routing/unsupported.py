"""What servers were found to refuse of a request: parameters, and forms of ``response_format``."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from legalgen.completion import DAY_S, ModelRef, ResponseFormat

KEPT_S = 7 * DAY_S
"""How long a refusal is believed: servers are updated, and then take more."""


class Unsupported:
    """Names of what each target refuses, with when that was learnt; thread-safe.

    ``at`` is seconds since the epoch. A form of ``response_format`` is named by ``form``. What is
    only supposed to be refused is left out as well, and remembered once an answer came without it.
    """

    def __init__(self) -> None:
        self._names: dict[ModelRef, dict[str, float]] = {}
        self._supposed: dict[ModelRef, frozenset[str]] = {}
        self._in_vain = set[ModelRef]()
        self._told = set[tuple[ModelRef, str]]()
        self._lock = threading.Lock()

    def of(self, ref: ModelRef) -> frozenset[str]:
        """All that is known, or supposed, to be refused."""
        return self._supposed.get(ref, frozenset()).union(self._names.get(ref, ()))

    def add(self, ref: ModelRef, names: Iterable[str], at: float) -> None:
        """Remember names; what is known already keeps its time."""
        self.restore(ref, dict.fromkeys(names, at))

    def suppose(self, ref: ModelRef, names: frozenset[str]) -> bool:
        """Leave names out until an answer tells whether they were the reason of a refusal.

        False, and nothing is supposed any more, where there are no names left to try so: the
        reason is another one.
        """
        with self._lock:
            if not names:
                self._in_vain.add(ref)
                self._supposed.pop(ref, None)
            elif ref not in self._in_vain:
                self._supposed[ref] = self._supposed.get(ref, frozenset()) | names
            return ref in self._supposed

    def answered(self, ref: ModelRef, without: frozenset[str], at: float) -> None:
        """An answer came to a request ``without`` these: what was supposed of them is true."""
        if ref not in self._supposed:
            return
        with self._lock:
            supposed = self._supposed.pop(ref, frozenset())
        self.add(ref, supposed & without, at)

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
