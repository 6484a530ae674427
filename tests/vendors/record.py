"""What was asked and answered: one record per call, kept in memory and optionally in a file."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TextIO

from .gates import LONGEST_S


@dataclass(frozen=True, slots=True)
class Call:
    """One request and what became of it.

    ``time`` is the Unix time of the answer; ``arrived_s`` and ``answered_s`` are seconds of the
    server's life. ``status`` is None when nothing was answered (a hang, a reset). Token counts
    are what was charged, also for an answer that was then lost on the wire. ``question`` is the
    answer's, where it could be read. ``marker`` echoes the request's ``x-marker`` header.
    ``task`` numbers what it asked for (see ``gates.Incoming``).
    ``in_flight`` counts the calls to this model that ran when this one arrived, with it.
    ``request`` is the parsed body (not in the log).
    """

    number: int
    time: float
    arrived_s: float
    answered_s: float
    vendor: str
    model: str | None
    endpoint: str
    status: int | None
    fault: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    max_completion_tokens: int | None = None
    finish_reason: str | None = None
    question: str | None = None
    marker: str | None = None
    in_flight: int = 1
    retry_count: int = 0
    task: int | None = None
    request: Mapping[str, object] | None = field(default=None, compare=False)

    @property
    def paid(self) -> bool:
        """Whether a model ran for it."""
        return self.completion_tokens > 0

    def line(self) -> str:
        """The record as one line of JSON."""
        names = (one.name for one in fields(self) if one.name != "request")
        return json.dumps({name: getattr(self, name) for name in names}, ensure_ascii=False)


class Record:
    """All calls, in the order of their answers. Thread-safe."""

    def __init__(self, log: Path | None = None) -> None:
        self._lock = threading.Condition()
        self._calls: list[Call] = []
        self._file: TextIO | None = log.open("a", encoding="utf-8") if log else None

    def add(self, call: Call) -> None:
        """Append one."""
        with self._lock:
            self._calls.append(call)
            if self._file:
                self._file.write(call.line() + "\n")
                self._file.flush()
            self._lock.notify_all()

    def calls(self) -> list[Call]:
        """A copy of all."""
        with self._lock:
            return self._calls.copy()

    def wait_for(self, count: int, counts: Callable[[Call], bool]) -> bool:
        """Until ``count`` recorded calls are such; False: they did not come within a minute."""
        with self._lock:
            return self._lock.wait_for(lambda: sum(map(counts, self._calls)) >= count, LONGEST_S)

    def clear(self) -> None:
        """Forget all; the file keeps what it has."""
        with self._lock:
            self._calls.clear()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None


def summary(calls: Iterable[Call]) -> dict[str, object]:
    """Counts over ``calls``."""
    calls = list(calls)
    return {
        "calls": len(calls),
        "paid": sum(call.paid for call in calls),
        "by_status": dict(sorted(Counter(str(call.status) for call in calls).items())),
        "faults": dict(sorted(Counter(call.fault for call in calls if call.fault).items())),
        "prompt_tokens": sum(call.prompt_tokens for call in calls),
        "completion_tokens": sum(call.completion_tokens for call in calls),
        "reasoning_tokens": sum(call.reasoning_tokens for call in calls),
        "cached_tokens": sum(call.cached_tokens for call in calls),
        "most_in_flight": max((call.in_flight for call in calls), default=0),
    }
