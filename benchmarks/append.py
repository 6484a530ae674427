"""Journalling, sealing and looking at what is there, with a thousand to a million rows on disk."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks._harness import Figure, Options, main, median, say
from benchmarks._rows import fill, sample
from legalgen.store import journal, parts
from legalgen.store.files import DataDir

CANNOT_SHOW = "a disk that is slow or nearly full."
ROWS = (1_000, 100_000, 1_000_000)
APPENDS = 300
SEALED = 1_000


def measure(options: Options) -> list[Figure]:
    """The same work on a growing dataset."""
    sizes = ROWS[:2] if options.quick else ROWS
    figures, taken = [], {}
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            data = DataDir(Path(folder) / "data")
            say(f"append: writing {rows:,} rows")
            fill(data, rows)
            taken[rows] = _work(data)
        figures += [
            Figure(f"{rows:,} rows: {name}", value, "ms") for name, value in taken[rows].items()
        ]
    least, most = sizes[0], sizes[-1]
    return [
        *figures,
        *(
            Figure(f"{what}, {most:,} ÷ {least:,} rows", taken[most][what] / taken[least][what],
                   at_most=1.5)
            for what in ("journal one", "seal a thousand")
        ),
    ]  # fmt: skip


def _work(data: DataDir) -> dict[str, float]:
    """Milliseconds of each kind of work: what a batch does to the disk, in its order."""
    first = _ms(lambda: parts.summarise(data, save=True))
    began = median([_start(data) for _ in range(5)])
    with journal.BatchWriter(data, "20260102-000000-more", note_part=lambda *_: None) as writer:
        one = [_ms(partial(writer.append, [sample(n)])) for n in range(APPENDS)]
        writer.append([sample(n) for n in range(APPENDS, SEALED - 1)])
        sealed = _ms(lambda: writer.append([sample(SEALED)]))
    return {
        "journal one": median(one),
        "seal a thousand": sealed,
        "count for the first time": first,
        "start: recover and count": began,
    }


def _start(data: DataDir) -> float:

    def work() -> None:
        journal.recover(data, note_part=lambda *_: None)
        parts.summarise(data, save=True)

    return _ms(work)


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main("append", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
