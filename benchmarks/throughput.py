"""Samples a second with 200 ms of latency, counted from start to end of the process."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._harness import (
    Figure,
    Options,
    Took,
    Vendors,
    alternate,
    bare,
    main,
    median,
    peers,
    ratio,
    recorded_request,
    room,
    run,
    vendors,
)

CANNOT_SHOW = "a vendor's queue: every answer takes 0.2 s, however many calls are out."
COUNT = 600
LONG = 3_000
"""A batch in which the start, and the first calls that go out two at a time, weigh little."""
THREADS = 32
LATENCY_S = 0.2
BURST = 300
"""Requests a minute of the model whose quota binds: so many at once, then five a second."""
SLOW_COUNT = 400


def measure(options: Options) -> list[Figure]:
    """The bare SDK in threads; legalgen with as many calls in flight, and by itself."""
    count = COUNT // 3 if options.quick else COUNT
    flags = (f"--latency={LATENCY_S}", *options.server_flags)
    with vendors(*flags) as server, tempfile.TemporaryDirectory() as folder:
        request = recorded_request(Path(folder))
        took = alternate(_sides(server, request, count), options.rounds)
        beside = _peers(server, request, count)
        long = _long(server, request, 1 if options.quick else options.rounds)
        _batch(server, count)
        reached_s = _seconds_until_in_flight(server.calls(), THREADS)
    wall = {name: [one.wall_s for one in runs] for name, runs in took.items()}
    figures = [
        Figure(f"bare SDK, {THREADS} threads", count / median(wall["bare"]), "a second", digits=0),
        Figure(f"legalgen -c {THREADS}", count / median(wall["fixed"]), "a second", digits=0),
        Figure(f"legalgen -c {THREADS} ÷ bare", ratio(wall["bare"], wall["fixed"])),
        Figure(
            f"--gate structure -c {THREADS} ÷ bare",
            ratio(wall["bare"], wall["structure"]),
            at_least=0.9,
        ),
        Figure(f"the same of {LONG:,} samples", long, at_least=0.97),
        Figure("legalgen auto", count / median(wall["auto"]), "a second", digits=0),
        Figure("legalgen auto ÷ bare", ratio(wall["bare"], wall["auto"])),
        Figure(f"auto: first call to {THREADS} in flight", reached_s, "s", at_most=10),
    ]
    figures += [Figure(f"{name} ÷ bare", share) for name, share in beside.items()]
    return [*figures, *_under_a_quota()]


def _peers(server: Vendors, request: Path, count: int) -> dict[str, float]:
    """Others' pace beside the bare SDK's, each from its first call to its last answer: what they do
    before and after is left out, for some of them ask the internet then."""

    def paced(argv: list[str]) -> float:
        server.reset()
        with room(server) as here:
            run(argv, here.env)
        calls = server.calls()
        began, ended = (min(call["arrived_s"] for call in calls),
                        max(call["answered_s"] for call in calls))  # fmt: skip
        return len(calls) / float(ended - began)

    found = peers(request, count, threads=THREADS)
    own = paced(bare(request, count, threads=THREADS)) if found else 1.0
    return {name: paced(argv) / own for name, argv in found.items()}


def _sides(server: Vendors, request: Path, count: int) -> dict[str, Callable[[], Took]]:
    def other(argv: list[str]) -> Took:
        server.reset()
        with room(server) as here:
            took = run(argv, here.env)
        assert json.loads(took.stdout.splitlines()[-1])["answers"] == count, took.stdout
        return took

    sides: dict[str, Callable[[], Took]] = {
        "bare": lambda: other(bare(request, count, threads=THREADS)),
        "fixed": lambda: _batch(server, count, "-c", str(THREADS)),
        "structure": lambda: _batch(server, count, "-c", str(THREADS), "--gate", "structure"),
        "auto": lambda: _batch(server, count),
    }
    return sides


def _long(server: Vendors, request: Path, rounds: int) -> float:
    took = alternate(
        {
            "bare": lambda: _bare(server, request, LONG),
            "structure": lambda: _batch(server, LONG, "-c", str(THREADS), "--gate", "structure"),
        },
        min(rounds, 2),
        warm=False,
    )
    return ratio(*([one.wall_s for one in took[name]] for name in ("bare", "structure")))


def _bare(server: Vendors, request: Path, count: int) -> Took:
    server.reset()
    with room(server) as here:
        return run(bare(request, count, threads=THREADS), here.env)


def _batch(server: Vendors, count: int, *flags: str) -> Took:
    server.reset()
    with room(server) as here:
        return here.legalgen("batch", "-p", "groq", "-n", str(count), "--seed", "1", "-q", *flags)


def _seconds_until_in_flight(calls: Sequence[Mapping[str, Any]], wanted: int) -> float:
    """From the first call's arrival until ``wanted`` ran at once, over all models."""
    changes = [(call["arrived_s"], 1) for call in calls]
    changes += [(call["answered_s"], -1) for call in calls]
    began, running = min(changes)[0], 0
    for at_s, change in sorted(changes):
        running += change
        if running >= wanted:
            return float(at_s - began)
    return float("inf")


def _under_a_quota() -> list[Figure]:
    """With room for a burst and then five a second, auto needs one call in flight, not many."""
    limits = f'cerebras/gpt-oss-120b:{{"rpm":{BURST}}}'
    with vendors(f"--latency={LATENCY_S}", f"--limits={limits}") as server:
        flags = ("-m", "gpt-oss-120b", "--no-failover", "-n", str(SLOW_COUNT), "-q")
        with room(server) as here:
            here.legalgen("batch", "-p", "cerebras", *flags)
        calls = server.calls()
    limited = sum(call["status"] == 429 for call in calls)
    slow = [call["in_flight"] for call in calls if call["number"] >= BURST * 1.1]
    return [
        Figure("auto under 5 a second: median in flight", statistics.median(slow), at_most=2),
        Figure("auto under 5 a second: share of 429", 100 * limited / len(calls), "%", at_most=1),
    ]


if __name__ == "__main__":
    main("throughput", __doc__ or "", measure, cannot_show=CANNOT_SHOW)
