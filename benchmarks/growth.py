"""What a batch takes on an empty dataset and on a million rows, and at its start and its end."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks._harness import (
    Figure,
    Options,
    Room,
    Took,
    Vendors,
    main,
    median,
    room,
    say,
    vendors,
)
from benchmarks._rows import fill, write_answers
from legalgen.store.files import DataDir

CANNOT_SHOW = (
    "rows of other lengths and languages; a disk that does not hold the whole index in its cache."
)
ROWS = 1_000_000
QUICK_ROWS = 20_000
SHORT, LONG = 20, 520
LONG_BATCH = 100_000
QUICK_BATCH = 4_000
EDGE = 1_000
"""Samples at either end of the long batch that are compared."""


def measure(options: Options) -> list[Figure]:
    """Between an empty dataset and a full one, then within one batch."""
    rows = QUICK_ROWS if options.quick else ROWS
    count = QUICK_BATCH if options.quick else LONG_BATCH
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        answers = Path(folder) / "answers.jsonl"
        write_answers(answers, max(count, 2 * 10 * (SHORT + LONG)))
        with vendors(f"--answers={answers}") as server:
            return [*_over_rows(server, rows, options.rounds), *_long_batch(server, count)]


def _over_rows(server: Vendors, rows: int, rounds: int) -> list[Figure]:
    with room(server) as empty:
        small = _Cost.of(empty, rounds)
    with room(server) as full:
        say(f"growth: writing {rows:,} rows")
        fill(DataDir(full.data), rows)
        first = _batch(full, 1)
        say(f"growth: the first batch on them took {first.wall_s:.0f} s (it indexes them)")
        large = _Cost.of(full, rounds)
        index = _size(full.data / "state" / "duplicates") / rows
    return [
        Figure("start, empty", small.start_s, "s CPU"),
        Figure(f"start, {rows:,} rows", large.start_s, "s CPU"),
        Figure(
            "first start on them, indexing", 1e3 * first.cpu_s / rows, "ms CPU a row", at_most=0.09
        ),
        Figure("first start on them, peak memory", first.peak_mb, "MB", at_most=700, digits=0),
        Figure("a sample, empty", 1e3 * small.sample_s, "ms CPU"),
        Figure(f"a sample, {rows:,} rows", 1e3 * large.sample_s, "ms CPU"),
        Figure("a sample, full ÷ empty", large.sample_s / small.sample_s, at_most=1.2),
        Figure("peak memory, empty", small.peak_mb, "MB", digits=0),
        Figure(f"peak memory, {rows:,} rows", large.peak_mb, "MB", digits=0),
        Figure("near-duplicate index", index, "bytes a row", at_most=600, digits=0),
    ]


class _Cost:
    """What a short and a longer batch take on one dataset, and so what each sample does."""

    def __init__(self, short: list[Took], long: list[Took]) -> None:
        self.start_s = median([one.cpu_s for one in short])
        pairs = zip(short, long, strict=True)
        self.sample_s = median([(b.cpu_s - a.cpu_s) / (LONG - SHORT) for a, b in pairs])
        self.peak_mb = max(one.peak_mb for one in long)

    @classmethod
    def of(cls, here: Room, rounds: int) -> _Cost:
        short, long = [], []
        for _ in range(min(10, max(3, rounds))):
            short.append(_batch(here, SHORT, "-c", "1"))
            long.append(_batch(here, LONG, "-c", "1"))
        return cls(short, long)


def _batch(here: Room, count: int, *more: str) -> Took:
    """One batch in the full gate; the server never repeats itself, so all of it is kept."""
    flags = ("-p", "groq", "--jurisdiction", "uk", "--sample-type", "short_qa", "-q")
    return here.legalgen("batch", *flags, "-n", str(count), *more, timeout_s=7200)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _long_batch(server: Vendors, count: int) -> list[Figure]:
    """The pace near the start and at the end of one long batch, by the server's clock."""
    server.reset()
    with room(server) as here:
        say(f"growth: one batch of {count:,}")
        took = _batch(here, count)
        accepted = here.record()["accepted"]
    answered = sorted(call["answered_s"] for call in server.calls() if call["status"] == 200)
    first = (answered[EDGE + 10] - answered[10]) / EDGE
    last = (answered[-1] - answered[-EDGE - 1]) / EDGE
    return [
        Figure("one batch: accepted", accepted, digits=0),
        Figure("one batch: its last samples ÷ its first", last / first, at_most=1.15),
        Figure("one batch: peak memory", took.peak_mb, "MB", digits=0),
    ]


if __name__ == "__main__":
    main("growth", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
