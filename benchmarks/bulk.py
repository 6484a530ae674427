"""A bulk batch at two sizes: CPU per row and memory per row stay what they are.

Planned, written into files, sent, fetched, read, judged, journalled and sealed, against the
vendors' double on loopback; the double's own work is not counted. The search for duplicates is
counted apart: the double has few topics, so that the more answers there are, the more of them are
alike and must be compared.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks._harness import HERE, Figure, Options, Took, main, median, room, run, say, vendors

CANNOT_SHOW = "how long a vendor takes over a file: the double has it done at once."
ROWS = 20_000
QUICK_ROWS = 4_000


def measure(options: Options) -> list[Figure]:
    """A quarter of the rows, then all of them; several times when asked to."""
    rows = QUICK_ROWS if options.quick else ROWS
    rounds = 1 if options.quick else min(options.rounds, 2)
    small = [_batch(rows // 4) for _ in range(rounds)]
    large = [_batch(rows) for _ in range(rounds)]
    grown = max(took.peak_mb for took, _ in large) - min(took.peak_mb for took, _ in small)
    return [
        Figure(f"{rows:,} rows planned, written, sent", _ms(large, _sent), "ms a row"),
        Figure("read, judged, journalled, sealed", _ms(large, _read), "ms a row"),
        Figure("compared with all others", _ms(large, _compared), "ms a row"),
        Figure("sent, a row ÷ at a quarter of them", _growth(small, large, _sent), at_most=1.3),
        Figure("read, a row ÷ at a quarter of them", _growth(small, large, _read), at_most=1.3),
        Figure("peak memory", max(took.peak_mb for took, _ in large), "MB", digits=0),
        Figure("memory for each further row", grown * 1024 / (rows * 0.75), "KB", at_most=10),
        Figure("rows accepted", min(found["accepted"] for _, found in large), digits=0),
    ]


Measured = tuple[Took, dict[str, Any]]
Phase = Callable[[Mapping[str, float]], float]


def _batch(count: int) -> Measured:
    with vendors() as server, room(server) as here:
        took = run(
            [sys.executable, str(HERE / "_bulk_run.py"), str(count)], here.env, timeout_s=1800.0
        )
    found: dict[str, Any] = json.loads(took.stdout)
    say(f"{count:,}: {took.cpu_s:.1f} s CPU, {took.wall_s:.1f} s, {took.peak_mb:.0f} MB, {found}")
    return took, found


def _sent(found: Mapping[str, float]) -> float:
    return found["sent"] - found["opened"]


def _read(found: Mapping[str, float]) -> float:
    return found["done"] - found["sent"] - found["searching"]


def _compared(found: Mapping[str, float]) -> float:
    return found["searching"]


def _ms(runs: list[Measured], phase: Phase) -> float:
    """Milliseconds of CPU a row that a phase took."""
    return median([phase(found) / found["accepted"] for _, found in runs]) * 1000


def _growth(small: list[Measured], large: list[Measured], phase: Phase) -> float:
    return _ms(large, phase) / _ms(small, phase)


if __name__ == "__main__":
    main("bulk", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
