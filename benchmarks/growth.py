"""What a batch takes on an empty dataset and on a million rows, and at its start and its end."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from benchmarks._harness import (
    LEGALGEN,
    ROOT,
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
    "rows of other lengths and languages; a disk that does not hold the whole index in its cache; "
    "how much of a difference within the long batch is that of a machine that others load more or "
    "less meanwhile."
)
ROWS = 1_000_000
QUICK_ROWS = 20_000
SHORT, LONG = 20, 520
LONG_BATCH = 100_000
QUICK_BATCH = 4_000
_LOOK_S = 0.05


def measure(options: Options) -> list[Figure]:
    """Between an empty dataset and a full one, then within one batch."""
    rows = QUICK_ROWS if options.quick else ROWS
    count = QUICK_BATCH if options.quick else LONG_BATCH
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        answers = Path(folder) / "answers.jsonl"
        # A few are refused, and the next ones asked for.
        write_answers(answers, max(count + count // 20, 2 * 10 * (SHORT + LONG)))
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
    return here.legalgen(*_arguments(count), *more, timeout_s=7200)


def _arguments(count: int) -> list[str]:
    flags = ("-p", "groq", "--jurisdiction", "uk", "--sample-type", "short_qa", "-q")
    return ["batch", *flags, "-n", str(count)]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _long_batch(server: Vendors, count: int) -> list[Figure]:
    """What each thousand of one long batch takes, by the CPU of its process.

    Another one that begins when it has ended tells whether the machine is as fast as before.
    """
    server.reset()
    with room(server) as here:
        say(f"growth: one batch of {count:,}")
        taken, peak_mb = _by_thousands(here, count)
        accepted = here.record()["accepted"]
    server.reset()
    with room(server) as here:
        then, _ = _by_thousands(here, 2_000)
    edge = max(1, len(taken) // 10)
    last, first = (median(some) for some in (taken[-edge:], taken[:edge]))
    say("growth: ms of CPU a sample, by thousands: " + " ".join(f"{one:.2f}" for one in taken))
    return [
        Figure("one batch: accepted", accepted, digits=0),
        Figure("one batch: its last thousand ÷ its first, CPU", taken[-1] / taken[0], at_most=1.15),
        Figure("one batch: its last tenth ÷ its first, medians", last / first),
        Figure("one batch: its last tenth ÷ the first thousand of one begun then", last / then[0]),
        Figure("one batch: peak memory", peak_mb, "MB", digits=0),
    ]


def _by_thousands(here: Room, count: int) -> tuple[list[float], float]:
    """CPU of each thousand of a batch, ms a sample, and the peak memory."""
    began, sealed, peak_mb = _watched(here, count)
    return [b - a for a, b in pairwise([began, *sealed])], peak_mb


def _watched(here: Room, count: int) -> tuple[float, list[float], float]:
    """CPU seconds of a batch when its first row was there and at each sealed part; its peak memory.

    A part has a thousand rows: seconds for it are milliseconds for each of them.

    Raises:
        RuntimeError: the batch failed.
    """
    data, argv = DataDir(here.data), [LEGALGEN, *_arguments(count)]
    began, sealed, peak_mb = 0.0, list[float](), 0.0
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(argv, env=here.env, cwd=ROOT, stdout=said, stderr=said) as child,
    ):
        try:
            while child.poll() is None:
                cpu_s, peak_mb = _so_far(child.pid, peak_mb)
                if not began and any(path.stat().st_size for path in data.journal.glob("*.jsonl")):
                    began = cpu_s
                parts = sum(1 for _ in data.parts().glob("*.parquet"))
                sealed += [cpu_s] * (parts - len(sealed))
                time.sleep(_LOOK_S)
        finally:
            child.kill()
        if child.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(argv)} ended with {child.returncode}:\n{said.read()}")
    return began, sealed, peak_mb


def _so_far(pid: int, peak_mb: float) -> tuple[float, float]:
    """CPU seconds and peak megabytes of a process, of which one that has ended has the first."""
    process = Path("/proc") / str(pid)
    used = process.joinpath("stat").read_text("ascii", "replace").rpartition(")")[2].split()[11:13]
    for line in process.joinpath("status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmHWM:"):
            peak_mb = int(line.split()[1]) / 1024
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK"), peak_mb


if __name__ == "__main__":
    main("growth", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
