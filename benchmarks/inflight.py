"""Samples a second with hundreds of calls in flight at 4 s each, at one server without limits.

Counted from start to end of the process: the two calls that a fresh model gets first, and the
last calls, which nothing follows, are in it. On a machine that others use, the CPU time of a
sample tells more: a core that is free makes one divided by it.
"""

from __future__ import annotations

from benchmarks._harness import (
    Figure,
    Options,
    Took,
    Vendors,
    alternate,
    main,
    median,
    room,
    vendors,
)

CANNOT_SHOW = "how a real server slows down as calls pile up: each takes 4 s whatever is in flight."
COUNT = 2_000
LATENCY_S = 4.0
AT_LEAST = {256: 55.0, 512: 70.0}
"""Samples a second that are wanted by calls in flight; 64 and 128 would be without any loss."""
MOST_MB = 300.0


def measure(options: Options) -> list[Figure]:
    """A number that is asked for, and what ``auto`` finds by itself."""
    sides = {
        f"-c {many}": (lambda flags=("-c", str(many)): _batch(server, *flags)) for many in AT_LEAST
    }
    with vendors(f"--latency={LATENCY_S}") as server:
        rounds = 1 if options.quick else min(options.rounds, 3)
        took = alternate({**sides, "auto": lambda: _batch(server)}, rounds, warm=False)
    figures = []
    for name, runs in took.items():
        least = AT_LEAST.get(int(name.removeprefix("-c "))) if name != "auto" else None
        rate, cpu_ms = COUNT / median([one.wall_s for one in runs]), median([_cpu(x) for x in runs])
        peak = max(one.peak_mb for one in runs)
        figures += [
            Figure(name, rate, "a second", digits=1, at_least=least),
            Figure(f"{name}: CPU of a sample", cpu_ms, "ms", digits=1),
            Figure(f"{name}: peak memory", peak, "MB", digits=0, at_most=MOST_MB),
        ]
    return figures


def _cpu(took: Took) -> float:
    return 1000 * took.cpu_s / COUNT


def _batch(server: Vendors, *flags: str) -> Took:
    server.reset()
    with room(server.only("OPENAI_")) as here:
        # a model that nobody knows, as one's own server has
        asked = ("-p", "openai", "-m", "some-model", "-n", str(COUNT), "--seed", "1", "-q")
        return here.legalgen("batch", *asked, *flags)


if __name__ == "__main__":
    main("inflight", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
