"""What a batch takes on an empty dataset and on a million rows, and at its start and its end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

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
    "what of a machine's pace a small piece of work does not feel, as caches that are "
    "larger than it."
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

    A batch of minutes meets a machine that is now faster, now slower by a half, for what others do
    on it. So the CPU of a fixed piece of work is taken all the time, and each thousand compared
    with that as well.
    """
    server.reset()
    with room(server) as here:
        say(f"growth: one batch of {count:,}")
        began, sealed, peak_mb = _watched(here, count)
        accepted = here.record()["accepted"]
    taken = [b.cpu_s - a.cpu_s for a, b in pairwise([began, *sealed])]
    paced = [cpu_s / seal.pace_s for cpu_s, seal in zip(taken, sealed, strict=True)]
    paces = sorted(seal.pace_s for seal in sealed)
    for what, found in (("ms of CPU a sample", taken), ("pieces of work", paced)):
        say(f"growth: {what}, by thousands: " + " ".join(f"{one:.2f}" for one in found))
    return [
        Figure("one batch: accepted", accepted, digits=0),
        Figure("one batch: its last thousand ÷ its first, CPU", taken[-1] / taken[0], at_most=1.15),
        Figure("one batch: its last tenth ÷ its first, medians", _growth(taken)),
        Figure("the same beside work that never grows", _growth(paced), at_most=1.15),
        Figure("that work: its slowest tenth ÷ its fastest", _growth(paces)),
        Figure("one batch: peak memory", peak_mb, "MB", digits=0),
    ]


def _growth(taken: Sequence[float]) -> float:
    """The last tenth beside the first, by their medians."""
    edge = max(1, len(taken) // 10)
    return median(taken[-edge:]) / median(taken[:edge])


class _Seal(NamedTuple):
    """CPU seconds of a batch when a part was there, and of the fixed work since the part before."""

    cpu_s: float
    pace_s: float


_WORK = json.dumps([{"words": ["a word of some length"] * 20, "number": at} for at in range(40)])


def _pace() -> float:
    """CPU seconds that a fixed piece of work takes now, some two milliseconds."""
    began = time.thread_time()
    for _ in range(3):
        re.findall(r"\w+", json.dumps(json.loads(_WORK)))
    return time.thread_time() - began


def _watched(here: Room, count: int) -> tuple[_Seal, list[_Seal], float]:
    """A batch when its first row was there and at each sealed part; its peak memory.

    A part has a thousand rows: seconds for it are milliseconds for each of them.

    Raises:
        RuntimeError: the batch failed.
    """
    data, argv = DataDir(here.data), [LEGALGEN, *_arguments(count)]
    began, sealed, peak_mb = _Seal(0.0, 0.0), list[_Seal](), 0.0
    paces: list[float] = []
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(argv, env=here.env, cwd=ROOT, stdout=said, stderr=said) as child,
    ):
        try:
            while child.poll() is None:
                cpu_s, peak_mb = _so_far(child.pid, peak_mb)
                if not began.cpu_s and any(p.stat().st_size for p in data.journal.glob("*.jsonl")):
                    began = _Seal(cpu_s, 0.0)
                parts = sum(1 for _ in data.parts().glob("*.parquet"))
                if parts > len(sealed) and paces:
                    sealed += [_Seal(cpu_s, median(paces))] * (parts - len(sealed))
                    paces.clear()
                paces.append(_pace())
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
