"""How the counts of a batch stand, told with each line that is kept of it.

The record of a batch is replaced once a second, and what is paid for comes in between. So each line
of the journal and of ``rejected/`` bears a balance: how the counts stand with that line, as far
as they differ from the record that was saved last. A process that is killed leaves its last line,
and with it all that the record lacks. A balance says what is, not what was added, and has a number
that only grows: however often it is taken over, and whatever the record knew already, it counts
once.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from legalgen.errors import DiskError
from legalgen.settings.reading import check_regular
from legalgen.store.files import (
    NOT_OURS,
    SEGMENT_NAME,
    DataDir,
    balance_in,
    check_batch_id,
    disk,
    listed,
)
from legalgen.store.sample import Sample, to_json

_V = TypeVar("_V")
_N = TypeVar("_N", int, float)
_TAIL: Final = 1 << 17
"""Bytes of a file's end that are read first; a line is seldom longer than a tenth of it."""


class ModelStats(msgspec.Struct):
    """What one ``provider/model`` did in a batch.

    ``seconds`` is the time of all its calls; ``sample_seconds`` and ``reasoning_steps`` are sums
    over its accepted samples, so that models can be compared. ``cost_usd`` is None as long as no
    price is known; ``assumed_usd`` of it are for calls that broke off and may have been charged,
    and for those whose replies tell no tokens (their tokens are assumed, too). ``failures`` counts
    by category.
    """

    calls: int = 0
    samples: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    sample_seconds: float = 0.0
    reasoning_steps: int = 0
    cost_usd: float | None = None
    assumed_usd: float = 0.0
    failures: dict[str, int] = {}

    def count(self, sample: Sample) -> None:
        """Count a sample of its own that was accepted; what it cost is counted with the call."""
        self.samples += 1
        self.sample_seconds += sample.latency_s or 0.0
        self.reasoning_steps += len(sample.reasoning_steps)

    def furthest(self, other: ModelStats) -> ModelStats:
        """The larger of each count of two states of the same: a count only grows."""
        merged = copy(self)
        for name in self.__struct_fields__:
            ours, theirs = getattr(self, name), getattr(other, name)
            if isinstance(ours, dict):
                setattr(merged, name, larger(ours, theirs))
            else:
                setattr(
                    merged, name, max((n for n in (ours, theirs) if n is not None), default=None)
                )
        return merged


def larger(ours: Mapping[str, _N], theirs: Mapping[str, _N]) -> dict[str, _N]:
    """The larger of each count."""
    return {**ours, **{name: max(count, ours.get(name, count)) for name, count in theirs.items()}}


class Balance(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the counts of a batch stand with its line of this ``number``, from 1.

    ``models``, ``days`` and ``rejected`` are those entries of the record that changed since it was
    saved, as they are now.
    """

    number: int
    models: dict[str, ModelStats] = {}
    days: dict[str, float] = {}
    rejected: dict[str, int] = {}
    flagged: int = 0
    unjudged: int = 0


class Counted(Protocol):
    """What a balance tells of: a record. ``lines`` is the number of the last line."""

    lines: int
    models: dict[str, ModelStats]
    days: dict[str, float]
    rejected: dict[str, int]
    flagged: int
    unjudged: int


class Teller:
    """Tells how the counts of a record stand, for the lines that are written beside it."""

    def __init__(self, record: Counted) -> None:
        self._record = record
        self._models: dict[str, ModelStats] = {}
        self._days: dict[str, float] = {}
        self._rejected: dict[str, int] = {}

    def saved(self) -> None:
        """The record was replaced: what it holds now need not be told any more."""
        record = self._record
        self._models = {name: copy(stats) for name, stats in record.models.items()}
        for name, stats in self._models.items():
            stats.failures = dict(record.models[name].failures)
        self._days, self._rejected = dict(record.days), dict(record.rejected)

    def next(self) -> Balance:
        """The balance of the next line; to be written before anything else is counted."""
        record = self._record
        return Balance(
            record.lines + 1,
            _changed(record.models, self._models),
            _changed(record.days, self._days),
            _changed(record.rejected, self._rejected),
            record.flagged,
            record.unjudged,
        )

    def each(self, samples: Iterable[tuple[str, Sample]]) -> list[bytes]:
        """The balances of the next lines, which bear samples, as JSON: each with its own sample
        counted, and those before it. A sample is given with the name of its model."""
        balance, record = self.next(), self._record
        models = {name: copy(stats) for name, stats in balance.models.items()}
        told = []
        for number, (name, sample) in enumerate(samples, balance.number):
            if name not in models:
                models[name] = copy(record.models.get(name) or ModelStats())
            models[name].count(sample)
            balance = replace(
                balance,
                number=number,
                models=models,
                flagged=balance.flagged + bool(sample.flags),
                unjudged=balance.unjudged + ("UNJUDGED" in sample.flags),
            )
            told.append(to_json(balance))
        return told


def _changed(now: dict[str, _V], saved: dict[str, _V]) -> dict[str, _V]:
    return {name: value for name, value in now.items() if saved.get(name) != value}


# --- reading -----------------------------------------------------------------------------------


class _Refused(msgspec.Struct, frozen=True):
    """The part of a line of ``rejected/`` that is read here."""

    balance: Balance | None = None


_REFUSED: Final = msgspec.json.Decoder(_Refused)
_BALANCE: Final = msgspec.json.Decoder(Balance)


def last_balance(data_dir: DataDir, batch_id: str) -> Balance | None:
    """The balance of the last line that there is of a batch, in its journal and in ``rejected/``.

    What stands in the place of the latter and cannot be read keeps no row from being recovered.

    Raises:
        DiskError: a segment of the journal cannot be read.
    """
    name = check_batch_id(batch_id)
    segments = [
        path
        for path in listed(data_dir.journal, f"{name}-*.jsonl")
        if (match := SEGMENT_NAME.fullmatch(path.name)) and match["batch"] == name
    ]
    found = [_last(path, _of_row) for path in segments]
    with contextlib.suppress(DiskError):
        found.append(_last(data_dir.rejected / f"{name}.jsonl", _of_refused))
    return max(filter(None, found), key=lambda each: each.number, default=None)


def _of_row(line: bytes) -> Balance | None:
    told = balance_in(line)
    return _BALANCE.decode(told) if told is not None else None


def _of_refused(line: bytes) -> Balance | None:
    return _REFUSED.decode(line).balance


def _last(path: Path, read: Callable[[bytes], Balance | None]) -> Balance | None:
    """The balance of the last line of a file that can be read: the very last may be torn."""
    with disk(path, "read"):
        try:
            check_regular(path)
            with path.open("rb") as file:
                for line in _backwards(file):
                    with contextlib.suppress(*NOT_OURS):
                        return read(line)
        except FileNotFoundError:
            pass  # nothing was refused, or another recovery sealed the segment meanwhile
    return None


def _backwards(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file from its end."""
    size = file.seek(0, os.SEEK_END)
    taken, span = 0, _TAIL
    while taken < size:
        begin = max(0, size - span)
        file.seek(begin)
        lines = file.read(size - taken - begin).splitlines(keepends=True)
        # Where it begins inside a line, that is left to the next turn, which reads further back.
        whole = lines[1:] if begin else lines
        yield from reversed(whole)
        taken += sum(map(len, whole))
        span *= 8
